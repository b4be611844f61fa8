"""Days of a month: 13日, 3~5日, with the weekday and the time of day that follow them."""

from __future__ import annotations

import re
from typing import Final

from pipeline.text.times.arithmetic import LEAP_YEAR, is_day, iso_day
from pipeline.text.times.clock import CLOCK, clock
from pipeline.text.times.context import Context
from pipeline.text.times.english import MONTHS, WEEKDAYS, ordinal
from pipeline.text.times.fragments import NOT_INSIDE, REACH, SMALL, WEEKDAY_NOTE, integer, weekday
from pipeline.text.times.reader import FoundTime, Reader, whole

# For embedding after the pattern of a month.
DAY: Final = rf"(?P<d>{SMALL})(?:日? ?[~・] ?(?P<d2>{SMALL}))? ?日(?!間|以内|連続)"
_BEFORE_CLOCK: Final = re.compile("/? ?[のT、]?")

_DAY_ALONE: Final = re.compile(
    rf"{NOT_INSIDE}(?<!月)(?P<d>\d{{1,2}})(?: ?~ ?(?P<d2>\d{{1,2}}))?日(?!間|以内|連続|本)", re.ASCII
)
# 13日 is a day or a duration: the words around it decide.
_DURATION_BEFORE: Final = re.compile(
    r"(?:約|過去|今後|わずか|たった|最大|最長|毎|第|計|丸|まる|この|ここ|合計|あと|残り|中|[~-]|週に?) ?\Z"
)
_DATE_AFTER: Final = re.compile(
    "付|夜|朝|昼|夕|午前|午後|未明|早朝|深夜|発|開|ごろ|頃|ころ|まで|から|、|も|が(?!か)|は(?!か)|には|"
    r"に(?!\d|[一二三四五](?:回|度|人|個|本|つ|件|社)|約|数[回人度件]|何|わた)"
    "|の(?!休|猶予|間|遅|旅|期限|有給|生産|売|利用|使用|摂取|終(?!値)|始(?!値)|作業|消費|平均|大半|うち|こと)",
    re.ASCII,
)


def dated(context: Context, start: int, end: int, value: str | None, english: str) -> FoundTime:
    """A day with what may follow it: the weekday in parentheses, the time of day."""
    if note := WEEKDAY_NOTE.match(context.text, end):
        english += f" ({WEEKDAYS[weekday(note[1])]})"
        end = note.end()
    gap = _BEFORE_CLOCK.match(context.text, end)
    match = CLOCK.match(context.text, gap.end()) if gap else None
    time = clock(match) if match else None
    if match and time and "/" not in time[0]:
        return FoundTime(start, match.end(), "time", value and value + time[0], f"{english}, {time[1]}")
    return FoundTime(start, end, "date", value, english)


def days_of(match: re.Match[str], context: Context, year: int | None, month: int, label: str) -> FoundTime | None:
    """The day or days of a month; ``label`` is the English of the year with a space before it, or empty."""
    day, last = integer(match["d"]), integer(match["d2"]) if match["d2"] else None
    if day is None or not is_day(year or LEAP_YEAR, month, day):
        return None
    comma = "," if label[1:].isdigit() else ""
    value = iso_day(year, month, day)
    name = f"{MONTHS[month - 1]} {day}"
    if last:
        if not day < last or not is_day(year or LEAP_YEAR, month, last):
            return None
        value = value and f"{value}/{iso_day(year, month, last)}"
        return FoundTime(match.start(), match.end("d2") + 1, "date", value, f"{name}–{last}{comma}{label}")
    return dated(context, match.start(), day_end(match), value, name + comma + label)


def day_end(match: re.Match[str]) -> int:
    """Where the single day of a match of :data:`DAY` ends: after 日, which a space may part from its number."""
    return match.end("d") + (2 if match.string.startswith(" ", match.end("d")) else 1)


def _read_day(match: re.Match[str], context: Context) -> FoundTime | None:
    """A day without its month, where the words around it show that it is no duration: 13日に."""
    day = int(match["d"])
    if not 1 <= day <= 31 or not _is_date(match, day):
        return None
    year, month = context.month_of(day, match.end())
    value = iso_day(year, month, day)
    if match["d2"]:
        last = int(match["d2"])
        if not day < last <= 31:
            return None
        until = iso_day(year, month, last)
        both = f"{value}/{until}" if value and until else None
        return whole(match, "date", both, f"the {ordinal(day)}–{ordinal(last)}")
    return dated(context, match.start(), match.end(), value, f"the {ordinal(day)}")


def _is_date(match: re.Match[str], day: int) -> bool:
    text, start, end = match.string, match.start(), match.end()
    if _DURATION_BEFORE.search(text, max(0, start - REACH), start) or not _DATE_AFTER.match(text, end):
        return False
    return not (day == 1 and text.startswith("の", end))  # 1日の: of one day


READERS: Final = (Reader(("日",), _DAY_ALONE, _read_day),)
