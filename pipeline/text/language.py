"""The language of a line or sentence, as far as its script tells."""

from __future__ import annotations

import re

_JAPANESE = re.compile(r"[぀-ヿ㐀-䶿一-鿿々〆ｦ-ﾟ\U00020000-\U0003134f]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")


def language(text: str) -> str:
    """``ja`` if any kana or kanji stands in the text, ``en`` if else any Latin letter, ``und`` otherwise (BCP 47)."""
    if _JAPANESE.search(text):
        return "ja"
    return "en" if _LATIN.search(text) else "und"
