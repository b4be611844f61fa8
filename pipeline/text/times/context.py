"""What an incomplete date counts from: the day the text was written, and the dates that stand before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from pipeline.text.times.arithmetic import add_months, is_day
from pipeline.text.times.fragments import WEEKDAY_NOTE, weekday
from pipeline.text.times.plans import is_plan

# What a word such as 来年 or 翌年 counts from: the day of writing, or the last date in the text.
Origin = Literal["anchor", "context"]

_LATEST: Final = 30  # years after the anchor's: the last year that a two-digit one can mean
_LEAP_REACH: Final = 9  # years: as long as 29 February may be away


@dataclass(slots=True)
class Context:
    """The text, its anchor, and the last date in it that was resolved.

    Attributes:
        text: folded.
        anchor: the day the text was written, if it is known.
        year: that of the last date.
        month: that of the last date.
        stated: whether the text itself gives that year.
        floor: where the last time expression ends.
    """

    text: str
    anchor: date | None
    year: int | None = None
    month: int | None = None
    stated: bool = False
    floor: int = 0

    def remember(self, year: int | None, month: int | None, *, stated: bool) -> None:
        """Let later dates in the text follow on this one."""
        if year is not None:
            self.year, self.month, self.stated = year, month, stated or (self.stated and year == self.year)

    def full_year(self, last_two: int) -> int | None:
        """The year that a two-digit one means at the anchor."""
        if self.anchor is None:
            return None
        latest = self.anchor.year + _LATEST
        return latest - (latest - last_two) % 100

    def relative_year(self, offset: int, origin: Origin) -> int | None:
        """The year of 来年 by the anchor, of 翌年 by the last date that states its year."""
        if origin == "anchor":
            return self.anchor.year + offset if self.anchor else None
        return self.year + offset if self.stated and self.year is not None else None

    def relative_month(self, offset: int, origin: Origin) -> tuple[int | None, int]:
        """Year and month of 来月 by the anchor, of 翌月 by the last date with a month."""
        if origin == "anchor" and self.anchor:
            return add_months(self.anchor, offset)
        if origin == "context" and self.year is not None and self.month:
            return add_months(date(self.year, self.month, 1), offset)
        return None, 1

    def year_of(self, month: int, day: int | None, end: int, last: int | None = None) -> int | None:
        """The year of a month (and day, or up to the ``last`` month) that stands without one and ends at ``end``."""
        if self.stated and self.year is not None:
            return self.year + self._is_next_year(self.year, month, end)
        if self.anchor is None:
            return None
        past, coming = _years_around(self.anchor, month, day, max(month, last or month))
        if day is not None and (note := WEEKDAY_NOTE.match(self.text, end)):
            years = [y for y in (past, coming) if y and date(y, month, day).weekday() == weekday(note[1])]
            if len(years) == 1:
                return years[0]
        return coming if is_plan(self.text, end) else past

    def _is_next_year(self, year: int, month: int, end: int) -> bool:
        """Whether a month that is earlier in the year than the last date's is one of the year after."""
        if self.month is None or month >= self.month:
            return False
        late = self.anchor is not None and (year + 1, month) > (self.anchor.year, self.anchor.month)
        return not late or is_plan(self.text, end)

    def month_of(self, day: int, end: int) -> tuple[int | None, int]:
        """Year and month of a day that stands without them and ends at ``end``."""
        now = (self.anchor.year, self.anchor.month) if self.anchor else None
        if self.year is not None and self.month is not None and (now is None or (self.year, self.month) <= now):
            return self.year, self.month
        if self.anchor is None:
            return None, 1
        step = 1 if is_plan(self.text, end) else -1
        for months in range(0, 3 * step, step):
            year, month = add_months(self.anchor, months)
            if is_day(year, month, day) and (date(year, month, day) - self.anchor).days * step >= 0:
                return year, month
        return None, 1


def _years_around(anchor: date, month: int, day: int | None, last: int) -> tuple[int | None, int | None]:
    """The last year in which the time had begun by the anchor, and the next in which it has yet to end."""
    past = anchor.year - ((month, day or 1) > (anchor.month, anchor.day))
    coming = anchor.year + ((last, day or 31) < (anchor.month, anchor.day))
    if day is None:
        return past, coming
    return (
        next((year for year in range(past, past - _LEAP_REACH, -1) if is_day(year, month, day)), None),
        next((year for year in range(coming, coming + _LEAP_REACH) if is_day(year, month, day)), None),
    )
