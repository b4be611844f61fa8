"""The two-way map between raw text and normalized text.

A map is the list of replacements that lead from one to the other; between replacements the two are equal, so
a position is a binary search and a shift. All positions are Unicode code points.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class Replacement(NamedTuple):
    """``raw[raw_start:raw_end]`` became ``text[start:end]``."""

    raw_start: int
    raw_end: int
    start: int
    end: int


class OffsetMap:
    """A monotone, total map between the positions of raw and of text.

    A position inside a replacement has no exact counterpart: a span that begins or ends there is widened to
    the whole replacement, so that a mapped span always covers everything its characters came from. Characters
    that were deleted at the edge of a span stay outside it.
    """

    __slots__ = ("_raw_starts", "_replacements", "_starts")

    def __init__(self, replacements: Iterable[Replacement] = ()) -> None:
        """Build from replacements in order. Raises ValueError if they overlap or shift the text between them."""
        self._replacements = list(replacements)
        raw_end = end = 0
        for r in self._replacements:
            if r.raw_start < raw_end or r.raw_end < r.raw_start or r.end < r.start:
                raise ValueError(f"replacements overlap or run backwards at raw position {r.raw_start}")
            if r.raw_start - raw_end != r.start - end:
                raise ValueError(f"text between replacements differs in length before raw position {r.raw_start}")
            raw_end, end = r.raw_end, r.end
        self._raw_starts = [r.raw_start for r in self._replacements]
        self._starts = [r.start for r in self._replacements]

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """The raw span that ``text[start:end]`` came from."""
        raw_start = _start(start, self._starts, self._replacements, to_raw=True)
        return raw_start, max(raw_start, _end(end, self._starts, self._replacements, to_raw=True))

    def to_text(self, raw_start: int, raw_end: int) -> tuple[int, int]:
        """The text span that ``raw[raw_start:raw_end]`` became."""
        start = _start(raw_start, self._raw_starts, self._replacements, to_raw=False)
        return start, max(start, _end(raw_end, self._raw_starts, self._replacements, to_raw=False))


def _sides(r: Replacement, *, to_raw: bool) -> tuple[int, int, int, int]:
    """(from start, from end, to start, to end) of a replacement in the wanted direction."""
    return (r.start, r.end, r.raw_start, r.raw_end) if to_raw else (r.raw_start, r.raw_end, r.start, r.end)


def _start(position: int, starts: list[int], replacements: list[Replacement], *, to_raw: bool) -> int:
    i = bisect_right(starts, position) - 1
    if i < 0:
        return position
    _, from_end, to_start, to_end = _sides(replacements[i], to_raw=to_raw)
    return to_start if position < from_end else to_end + position - from_end


def _end(position: int, starts: list[int], replacements: list[Replacement], *, to_raw: bool) -> int:
    i = bisect_left(starts, position) - 1
    if i < 0:
        return position
    _, from_end, _, to_end = _sides(replacements[i], to_raw=to_raw)
    return to_end if position <= from_end else to_end + position - from_end
