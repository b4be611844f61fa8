"""Months and their days: 6月, 1月13日, 4~6月期, 先月10日."""

from __future__ import annotations

import re
from typing import Final

from pipeline.text.numerals import alternatives
from pipeline.text.times.arithmetic import iso_day, iso_month
from pipeline.text.times.context import Context, Origin
from pipeline.text.times.days import DAY, dated, day_end, days_of
from pipeline.text.times.english import MONTHS, ordinal
from pipeline.text.times.fragments import NOT_INSIDE, SMALL, integer
from pipeline.text.times.periods import PART, part_of
from pipeline.text.times.reader import FoundTime, Reader, whole

# How many months on, what it counts from, English.
_RELATIVE_MONTHS: Final[dict[str, tuple[int, Origin, str]]] = {
    "今月": (0, "anchor", "this month"), "本月": (0, "anchor", "this month"), "先月": (-1, "anchor", "last month"),
    "先々月": (-2, "anchor", "the month before last"), "来月": (1, "anchor", "next month"),
    "再来月": (2, "anchor", "the month after next"), "同月": (0, "context", "the same month"),
    "翌月": (1, "context", "the following month"), "翌々月": (2, "context", "the second following month"),
    "前月": (-1, "context", "the previous month"),
}  # fmt: skip
# For embedding after the pattern of a year.
MONTH: Final = rf"(?P<m>{SMALL}) ?(?:月? ?[~-] ?(?P<m2>{SMALL}) ?)?月(?!間|額|面)(?: ?{DAY}|(?P<period>期))?"
# 十二月 is a month only where no kanji runs into it.
_MONTH_ALONE: Final = re.compile(
    rf"{NOT_INSIDE}(?=\d|(?<![一-龥])[一二三四五六七八九十])(?!五月(?:雨|病|人形)|[一二]月ほど){MONTH}(?:の?{PART})?",
    re.ASCII,
)
_RELATIVE_MONTH: Final = re.compile(rf"(?P<rel>{alternatives(_RELATIVE_MONTHS)})(?:の?{DAY})?(?:の?{PART})?", re.ASCII)


def months_of(
    match: re.Match[str], context: Context, year: int | None, label: str, *, stated: bool
) -> FoundTime | None:
    """A month or several, or days of one.

    Args:
        match: of a pattern with :data:`MONTH` and :data:`pipeline.text.times.periods.PART`.
        context: remembers the month.
        year: the month's, None if it is not known.
        label: the English of the year with a space before it, or empty.
        stated: whether the text gives the year.
    """
    month, last = _month(match["m"]), _month(match["m2"])
    if month is None or (match["m2"] and last is None):
        return None
    context.remember(year, month, stated=stated)
    if match["d"]:
        return None if last else days_of(match, context, year, month, label)
    name, value = MONTHS[month - 1], iso_month(year, month)
    if last:
        until = None if year is None else iso_month(year + (last < month), last)
        return whole(match, "date", value and f"{value}/{until}", f"{name}–{MONTHS[last - 1]}{label}")
    if match["period"]:
        return whole(match, "date", value, f"the fiscal period ending in {name}{label}")
    return whole(match, "date", *part_of(value, name + label, match, year=False))


def _month(written: str | None) -> int | None:
    """The number of a month; None where nothing is written or the year has no such month."""
    month = integer(written) if written else None
    return month if month is not None and 1 <= month <= len(MONTHS) else None


def _read_month(match: re.Match[str], context: Context) -> FoundTime | None:
    """A month or a day without a year."""
    month = _month(match["m"])
    if month is None:
        return None
    day = integer(match["d"]) if match["d"] else None
    year = context.year_of(month, day, match.end(), _month(match["m2"]))
    return months_of(match, context, year, "", stated=False)


def _read_relative_month(match: re.Match[str], context: Context) -> FoundTime | None:
    """今月, 先月10日, 来月中旬."""
    offset, origin, label = _RELATIVE_MONTHS[match["rel"]]
    year, month = context.relative_month(offset, origin)
    if not match["d"]:
        return whole(match, "date", *part_of(iso_month(year, month), label, match, year=False))
    day = integer(match["d"])
    if day is None or not 1 <= day <= 31 or match["d2"]:
        return None
    context.remember(year, month, stated=False)
    return dated(context, match.start(), day_end(match), iso_day(year, month, day), f"the {ordinal(day)} of {label}")


READERS: Final = (
    Reader(("月",), _MONTH_ALONE, _read_month),
    Reader(tuple("今先来再同翌前本"), _RELATIVE_MONTH, _read_relative_month),
)
