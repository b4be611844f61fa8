"""Time expressions in Japanese text: ISO 8601 / TIMEX3 values and exact English.

Values:

* dates ``2026-01-30``, ``2026-01``, ``2026``, decades ``202``, centuries ``20``, weeks ``2024-W24``, weekends
  ``2024-W24-WE``, halves ``2026-H1``, quarters ``2026-Q3``, seasons ``2026-SP``, fiscal years ``FY2023`` (April 2023 to
  March 2024) and their quarters ``FY2023-Q1``; the first or last days of a period have the value of the period;
* times of day ``T15:20``, with their date ``2026-01-30T15:20``;
* durations ``P3M``, vague ones ``PXM``; a range of any of these has both ends parted by a slash: ``P1Y/P2Y``;
* sets: the period after which they recur (``P1W``), ``XXXX-WXX-5`` for every Friday.

What cannot be resolved has None. Conventions, with ``anchor`` the day the text was written:

* A two-digit year (22年7月) is at most 30 years after the anchor's, at most 69 before it.
* A month, day or weekday without a year is the last one up to the anchor; the next one where the rest of its
  sentence speaks of a plan (予定, 見通し, 計画 …). After a date with its year in the same text, months follow on it.
* 同年, 翌年 and 前年 count from such a date; without one they are not resolved.

Positions are code points, end exclusive.

Each module with ``READERS`` knows one family of expressions: its patterns, word lists, values and English. They read
in the light of ``context``, the anchor and the dates before; ``arithmetic``, ``fragments``, ``lengths`` and ``english``
are what they share.
"""

from __future__ import annotations

import re
from datetime import date
from heapq import heappop, heappush
from typing import Final

from pipeline.text.numerals import ADDRESS, fold
from pipeline.text.times import ago, clock, days, durations, formatted, months, periods, relative, sets, years
from pipeline.text.times.context import Context
from pipeline.text.times.reader import FoundTime, Reader

__all__ = ["FoundTime", "find_times"]

# Of two matches that begin at one place, the longer wins, then that of the earlier reader.
_READERS: Final[tuple[Reader, ...]] = (
    *years.READERS, *formatted.READERS, *months.READERS, *days.READERS, *periods.READERS, *relative.READERS,
    *clock.READERS, *ago.READERS, *durations.READERS, *sets.READERS,
)  # fmt: skip
# A text without any of these holds no time expression.
_CANDIDATE: Final = re.compile(
    r"[\d年月日週時分秒半曜世昨今明前後先翌来再近現将当昔最毎隔正期間まきあおこJFMASOND]", re.ASCII
)


def find_times(text: str, anchor: date | None = None) -> list[FoundTime]:
    """The time expressions of a text, in order and without overlap.

    Args:
        text: a sentence or a block; full-width digits are understood.
        anchor: the day the text was written; without it, what counts from that day has no value. In the calendar's
            first and last year (1, 9999) it does not count: there is no year before or after.
    """
    if anchor is not None and not date.min.year < anchor.year < date.max.year:
        anchor = None
    folded = fold(text)
    if not _CANDIDATE.search(folded):
        return []
    context = Context(folded, anchor)
    addresses = [match.span() for match in ADDRESS.finditer(folded)]
    ahead = _Matches(folded)
    found: list[FoundTime] = []
    while (first := ahead.pop()) is not None:
        order, match = first
        start = match.start()
        address = next((b for a, b in addresses if a < match.end() and start < b), 0)
        time = None if address or start < context.floor else _READERS[order].read(match, context)
        if time is not None:
            found.append(time)
            context.floor = time.end
        ahead.look(order, max(context.floor, address, start + (time is None)))
    return found


class _Matches:
    """The next match of each reader in a text."""

    def __init__(self, text: str) -> None:
        """Look for the first ones."""
        self._text = text
        self._heap: list[tuple[int, int, int, re.Match[str]]] = []
        for order, reader in enumerate(_READERS):
            if any(hint in text for hint in reader.hints):
                self.look(order, 0)

    def look(self, order: int, position: int) -> None:
        """Look for the next match of a reader from a position on."""
        if match := _READERS[order].pattern.search(self._text, position):
            heappush(self._heap, (match.start(), -match.end(), order, match))

    def pop(self) -> tuple[int, re.Match[str]] | None:
        """Take the first match of all, with the number of its reader; None where there is none left."""
        if not self._heap:
            return None
        *_, order, match = heappop(self._heap)
        return order, match
