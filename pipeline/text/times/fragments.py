"""Pieces of patterns that several readers share, and the numbers and weekdays they stand for.

All patterns are for folded text (:func:`pipeline.text.numerals.fold`).
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.text.numerals import Numeral, match_numeral

# A day, a month or the year of an era.
SMALL: Final = r"(?:\d{1,2}|[〇一二三四五六七八九十]{1,3})"
YEAR_DIGITS: Final = r"(?:1[5-9]|2[01])\d\d"
YEAR: Final = rf"(?:{YEAR_DIGITS}|[一二][〇一二三四五六七八九]{{3}})"
# What comes next is not the tail of a longer number or of an ordinal.
NOT_INSIDE: Final = r"(?<![\d.,第])"
REACH: Final = 8  # code points: as far back as the words go that decide between readings

_WEEKDAY_SIGNS: Final = "月火水木金土日"
WEEKDAY: Final = f"[{_WEEKDAY_SIGNS}]"
# The weekday in parentheses after a date: 30日(金), 11日(火・祝).
WEEKDAY_NOTE: Final = re.compile(rf" ?\(({WEEKDAY})(?:曜日?)?(?:・祝)?\)")


def weekday(sign: str) -> int:
    """0 for 月 (Monday) to 6 for 日 (Sunday), as :meth:`datetime.date.weekday` counts."""
    return _WEEKDAY_SIGNS.index(sign)


def numeral(written: str) -> Numeral | None:
    """The numeral that is all of the string."""
    found = match_numeral(written, 0)
    return found if found and found.end == len(written) else None


def integer(written: str) -> int | None:
    """A whole number in digits or kanji; 元 is the first year of an era."""
    if written == "元":
        return 1
    found = numeral(written)
    return int(found.value) if found and found.value is not None else None
