"""Dates in international notations: 2026-01-30, 2024/06/18/ 06:00, Feb 6, 2026 1:20 PM."""

from __future__ import annotations

import re
from typing import Final

from pipeline.text.times.arithmetic import is_day, iso_day, iso_month
from pipeline.text.times.context import Context
from pipeline.text.times.days import dated
from pipeline.text.times.english import MONTHS
from pipeline.text.times.fragments import YEAR_DIGITS
from pipeline.text.times.reader import FoundTime, Reader, whole

_NUMERIC: Final = re.compile(
    rf"(?<![\d./-])(?P<y>{YEAR_DIGITS})(?:(?P<sep>[./-])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}})(?!\d|\.\d)|/(?P<m_alone>0[1-9]|1[0-2])(?![\d/]))",
    re.ASCII,
)
_ABBREVIATIONS: Final = {name[:3]: number for number, name in enumerate(MONTHS, 1)}
# A lower-case letter may stand before: sites print their own name and the date without a space between.
_ENGLISH: Final = re.compile(
    rf"(?<![A-Z])(?:(?<![\d.,])(?P<d1>\d{{1,2}}) )?(?P<name>{'|'.join(_ABBREVIATIONS)})[a-z]{{0,6}}\.?"
    rf"(?: (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?)? (?P<y>{YEAR_DIGITS})(?!\d)",
    re.ASCII,
)


def _read_numeric(match: re.Match[str], context: Context) -> FoundTime | None:
    """2026.03.20, 2024/06/18/ 06:00, 2026-01-30, 2026/03."""
    month, day = int(match["m_alone"] or match["m"]), match["d"]
    if day and not is_day(int(match["y"]), month, int(day)):
        return None  # some other number in three parts
    return _date(match, context, month, day)


def _read_english(match: re.Match[str], context: Context) -> FoundTime | None:
    """Feb 6, 2026 1:20 PM; 6 February 2026; Feb 2026."""
    return _date(match, context, _ABBREVIATIONS[match["name"]], match["d1"] or match["d2"])


def _date(match: re.Match[str], context: Context, month: int, day: str | None) -> FoundTime | None:
    """The month, or its day if one is written; None if it has no such day."""
    year = int(match["y"])
    context.remember(year, month, stated=True)
    if day is None:
        return whole(match, "date", iso_month(year, month), f"{MONTHS[month - 1]} {year}")
    value = iso_day(year, month, int(day))
    if value is None:
        return None
    return dated(context, match.start(), match.end(), value, f"{MONTHS[month - 1]} {int(day)}, {year}")


READERS: Final = (
    Reader(("-", "/", "."), _NUMERIC, _read_numeric),
    Reader((" 1", " 2"), _ENGLISH, _read_english),
)
