"""Times that recur: 毎週, 毎年4月, 隔週, 週3回. The value is the period after which they do."""

from __future__ import annotations

import re
from typing import Final

from pipeline.text.numerals import NUMERAL, alternatives, spell
from pipeline.text.times.arithmetic import LEAP_YEAR, is_day
from pipeline.text.times.context import Context
from pipeline.text.times.english import MONTHS, ordinal, plural
from pipeline.text.times.fragments import numeral
from pipeline.text.times.lengths import UNIT, bare_unit, length, vague_length
from pipeline.text.times.reader import FoundTime, Reader, whole

_EVERY: Final = {
    "毎日": ("P1D", "every day"), "毎週": ("P1W", "every week"), "毎月": ("P1M", "every month"), "毎年": ("P1Y", "every year"),
    "毎朝": ("P1D", "every morning"), "毎晩": ("P1D", "every evening"), "毎夜": ("P1D", "every night"),
    "毎時": ("PT1H", "every hour"), "毎分": ("PT1M", "every minute"), "毎秒": ("PT1S", "every second"),
    "隔日": ("P2D", "every other day"), "隔週": ("P2W", "every other week"), "隔月": ("P2M", "every other month"),
    "隔年": ("P2Y", "every other year"), "四半期ごと": ("P3M", "every quarter"), "四半期毎": ("P3M", "every quarter"),
}  # fmt: skip
_SET: Final = re.compile(
    rf"({alternatives(_EVERY)})(?!(?<=毎[時分秒]) ?[約\d数一二三四五六七八九十百千]|新聞|放送)"
    rf"(?:(?<=毎年)(?P<m>\d{{1,2}})月(?:(?P<d>\d{{1,2}})日)?|(?<=毎月)(?P<day>\d{{1,2}})日"
    rf"| ?~ ?(?P<n>{NUMERAL})(?P<unit>{UNIT})(?:単位|ごと|毎|おき)?)?",
    re.ASCII,
)
_PERIODS: Final = {
    "週": ("P1W", "week"),
    "月": ("P1M", "month"),
    "年": ("P1Y", "year"),
    "1日": ("P1D", "day"),
    "一日": ("P1D", "day"),
}
_FREQUENCY: Final = re.compile(
    rf"(?<![\d一-龥カヶケか])(?P<period>週|月|年|1日|一日)に?(?P<n>{NUMERAL})(?P<what>[回度]|(?<=[\d一-龥])日)(?!目|り|線|転|収|間)",
    re.ASCII,
)


def _read_set(match: re.Match[str], _: Context) -> FoundTime | None:
    """毎週, 毎年4月, 毎週~数カ月単位."""
    if match["m"]:
        return _read_yearly(match)
    if match["day"]:
        day = int(match["day"])
        return whole(match, "set", f"XXXX-XX-{day:02}", f"the {ordinal(day)} of every month")
    value, english = _EVERY[match[1]]
    if match["n"] is None:
        return whole(match, "set", value, english)
    number = numeral(match["n"])
    if number is None:
        return None
    until, longest = length(number, bare_unit(match["unit"]))
    return whole(match, "set", f"{value}/{until}", f"{english} to every {longest}")


def _read_yearly(match: re.Match[str]) -> FoundTime | None:
    """毎年4月, 毎年4月1日."""
    month, day = int(match["m"]), int(match["d"]) if match["d"] else None
    if not 1 <= month <= 12 or (day and not is_day(LEAP_YEAR, month, day)):
        return None
    if day:
        return whole(match, "set", f"XXXX-{month:02}-{day:02}", f"{MONTHS[month - 1]} {day} every year")
    return whole(match, "set", f"XXXX-{month:02}", f"every {MONTHS[month - 1]}")


def _read_frequency(match: re.Match[str], _: Context) -> FoundTime | None:
    """週3回, 年2回, 1日3回."""
    number = numeral(match["n"])
    if number is None:
        return None
    value, period = _PERIODS[match["period"]]
    what = "day" if match["what"] == "日" else "time"
    if number.value is None:
        return whole(match, "set", value, f"{vague_length(number, what, what)} a {period}")
    often = {1: "once", 2: "twice"}.get(int(number.value)) if what == "time" else None
    often = often or f"{spell(number.value)} {what if number.value == 1 else plural(what)}"
    return whole(match, "set", value, f"{often} a {period}")


READERS: Final = (
    Reader(("毎", "隔", "四半期"), _SET, _read_set),
    Reader(("回", "度", "日"), _FREQUENCY, _read_frequency),
)
