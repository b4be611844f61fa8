"""Shapes of words and tokens that names have."""

from __future__ import annotations

import re
from typing import Final

from pipeline.record import Token

KATAKANA_NAME: Final = r"(?<![ァ-ヺー])[ァ-ヺー]++(?:[・=＝][ァ-ヺー]++)*+"
_LATIN_NAME: Final = r"(?<![A-Za-z0-9])(?=[a-z]{0,3}[A-Z])[A-Za-z][A-Za-z0-9&'’-]*(?:[ .][A-Z0-9][A-Za-z0-9&'’-]*){0,3}"
# A run of katakana, or one to four Latin words of which the first is capitalised; for embedding in patterns.
NAME: Final = rf"(?:{KATAKANA_NAME}|{_LATIN_NAME})"
# Between the parts of a foreign name.
DOT: Final = re.compile("[・=＝]")
_KANJI: Final = r"一-龥々ヶ\U00020000-\U0003134f"
KANJI_END: Final = re.compile(f"[{_KANJI}]+$")
_KANJI_ONLY: Final = re.compile(f"[{_KANJI}]+")
_JAPANESE_ONLY: Final = re.compile(f"[{_KANJI}ぁ-ん]+")
# Capitals that do not make a name.
GENERIC: Final = frozenset(
    "AI AGI ASI IT ICT IoT EV BEV PHEV HV FCV ICE OS PC GPU CPU NPU LLM SLM API DX GX SNS CEO CFO COO CTO VR AR XR SDV "
    "ADAS ECU OTA GDP ESG CO2 PR M&A IPO LED TV DNA RNA UI UX URL PDF ID B2B B2C SaaS".split()
)
# Last words and last characters of the names of places.
ADMINISTRATIVE: Final = frozenset("州 県 市 町 村 区 都 府 省 郡 特別区 共和国 連邦 王国".split())
# One-character names of countries in headlines; 欧 is a region.
COUNTRY: Final = "日米中韓英独仏伊露ロ印豪加台朝欧"


def is_name_shaped(word: str) -> bool:
    """Whether all of it is in katakana or capitalised Latin."""
    return re.fullmatch(NAME, word) is not None


def is_kanji(word: str) -> bool:
    """Whether all of it is in kanji."""
    return _KANJI_ONLY.fullmatch(word) is not None


def script(text: str) -> str:
    """``latin`` where a Latin letter is in it, ``katakana`` where nothing else is, else ``kanji``."""
    if re.search(r"[A-Za-z]", text):
        return "latin"
    return "katakana" if re.fullmatch(r"[ァ-ヺー・=＝]+", text) else "kanji"


def is_person(token: Token) -> bool:
    """Whether the parse takes it for a Japanese name of a person."""
    return "人名" in token.tag and _JAPANESE_ONLY.fullmatch(token.text) is not None


def is_administrative(token: Token) -> bool:
    """州, 県 and the like, or a place that ends so."""
    place = "地名" in token.tag and len(token.text) > 2 and token.text[-1] in ADMINISTRATIVE
    return place or token.text in ADMINISTRATIVE


def glues(token: Token) -> bool:
    """Whether it makes one compound with a noun beside it."""
    noun = token.tag.startswith(("名詞", "接頭辞")) and not token.tag.startswith("名詞-数詞")
    return noun or token.text == "・"
