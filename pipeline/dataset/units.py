"""Offsets as other programs count them, and back.

The project counts Unicode code points of the untouched text. A browser counts UTF-16 units, where a character
outside the Basic Multilingual Plane (𠮷, most emoji) is two, and may hold every line break as one line feed.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Final, Literal, get_args

Unit = Literal["code-points", "utf-16"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
_ASTRAL: Final = "\uffff"  # the last character that is one UTF-16 unit


class Ruler:
    """How a program holds one text and counts in it.

    ``text`` is the text as that program holds it. With ``line_feeds`` a CR LF or a lone CR is one line feed there; a
    position between CR and LF has no counterpart and is taken as the one before them.
    """

    __slots__ = ("_ticks", "text")

    def __init__(self, text: str, unit: Unit = "code-points", *, line_feeds: bool = False) -> None:
        """Measure ``text``."""
        inside = [line_feeds and text[i : i + 2] == "\r\n" for i in range(len(text))]
        widths = [
            0 if dropped else 2 if unit == "utf-16" and c > _ASTRAL else 1
            for c, dropped in zip(text, inside, strict=True)
        ]
        self._ticks = list(accumulate(widths, initial=0))
        self.text = text.replace("\r\n", "\n").replace("\r", "\n") if line_feeds else text

    def there(self, offset: int) -> int:
        """The program's offset of a code point offset."""
        return self._ticks[offset]

    def back(self, offset: int) -> int:
        """The code point offset of the program's offset.

        Raises:
            ValueError: it lies outside the text or inside a character.
        """
        index = bisect_left(self._ticks, offset)
        if not 0 <= offset <= self._ticks[-1]:
            raise ValueError(f"offset {offset} lies outside the text of {self._ticks[-1]} units.")
        if self._ticks[index] != offset:
            raise ValueError(f"offset {offset} cuts the character {self.text[bisect_left(self._ticks, offset) - 1]!r}.")
        return index


def astral(text: str) -> bool:
    """Whether a character of ``text`` is two UTF-16 units."""
    return any(c > _ASTRAL for c in text)
