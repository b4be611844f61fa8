"""English for figures, names and terms: written into the source, or held by placeholders that are filled afterwards."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

Spans = Iterable[tuple[int, int, str]]

# A placeholder is one of these with a number: letters that models copy and that hardly stand before a figure.
_LETTERS: Final = ("ZX", "QV", "XQZ")


def inject(text: str, spans: Spans) -> str:
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


def hide(text: str, spans: Spans) -> tuple[str, dict[str, str]]:
    """Replace each span by a placeholder; gives the text and the English of each placeholder.

    Raises:
        ValueError: two spans overlap, or one lies outside the text.
    """
    letters = next((some for some in _LETTERS if some not in text), _LETTERS[0])
    ordered = sorted(spans)
    names = [f"{letters}{i}" for i in range(1, len(ordered) + 1)]
    hidden = inject(text, [(start, end, name) for (start, end, _), name in zip(ordered, names, strict=True)])
    return hidden, {name: english for (_, _, english), name in zip(ordered, names, strict=True)}


def restore(english: str, placeholders: dict[str, str]) -> str:
    """Fill the placeholders of a translation. One that the engine lost stays lost, for the checks to see."""
    names: Sequence[str] = sorted(placeholders, key=len, reverse=True)
    if not names:
        return english
    pattern = re.compile("|".join(re.escape(name) for name in names) + r"(?!\d)", re.IGNORECASE)
    return pattern.sub(lambda match: placeholders[match[0].upper()], english)


def _is_word(character: str) -> bool:
    """Whether a character would run together with English beside it: there is one, and no space or punctuation."""
    return bool(character) and unicodedata.category(character)[0] not in "ZPC"
