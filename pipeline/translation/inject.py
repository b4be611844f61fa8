"""English inside the Japanese source: figures and names are written before translation, not left to the model."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def inject(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """Replace each ``text[start:end]`` by its English, parted by a space from the words on either side.

    Args:
        text: a Japanese sentence.
        spans: (start, end, English), code points into ``text``, end exclusive, in any order.

    Raises:
        ValueError: two spans overlap, or one lies outside the text.
    """
    written, position = "", 0
    for start, end, english in sorted(spans):
        if not position <= start <= end <= len(text):
            raise ValueError(f"span {start}-{end} overlaps another or lies outside the {len(text)} code points")
        written += text[position:start]
        before = " " if _is_word(written[-1:]) else ""
        after = " " if _is_word(text[end : end + 1]) else ""
        written += before + english + after
        position = end
    return written + text[position:]


def _is_word(character: str) -> bool:
    """Whether a character would run together with English beside it: there is one, and no space or punctuation."""
    return bool(character) and unicodedata.category(character)[0] not in "ZPC"
