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
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from heapq import heappop, heappush
from typing import Final

from pipeline.record import TimeKind
from pipeline.text.numerals import (
    ADDRESS,
    NUMERAL,
    Numeral,
    alternatives,
    bounded,
    fold,
    match_numeral,
    plain,
    prefixes,
    spell,
    spell_range,
    suffixes,
    vague_english,
)


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A time expression at ``text[start:end]``; the fields are those of :class:`pipeline.record.Time`."""

    start: int
    end: int
    kind: TimeKind
    value: str | None
    en: str


def find_times(text: str, anchor: date | None = None) -> list[FoundTime]:
    """The time expressions of a text, in order and without overlap.

    Args:
        text: a sentence or a block; full-width digits are understood.
        anchor: the day the text was written; without it, what counts from that day has no value.
    """
    folded = fold(text)
    if not _CANDIDATE.search(folded):
        return []
    context = _Context(folded, anchor)
    addresses = [match.span() for match in ADDRESS.finditer(folded)]
    ahead: list[tuple[int, int, int, re.Match[str]]] = []

    def look(order: int, position: int) -> None:
        if match := _READERS[order][1].search(folded, position):
            heappush(ahead, (match.start(), -match.end(), order, match))

    for order, (hints, _, _) in enumerate(_READERS):
        if any(hint in folded for hint in hints):
            look(order, 0)
    found: list[FoundTime] = []
    while ahead:
        start, _, order, match = heappop(ahead)
        address = next((b for a, b in addresses if a < match.end() and start < b), 0)
        time = None if address or start < context.floor else _READERS[order][2](match, context)
        if time is not None:
            found.append(time)
            context.floor = time.end
        look(order, max(context.floor, address, start + (time is None)))
    return found


@dataclass(slots=True)
class _Context:
    """The text, its anchor, and the last date in it that was resolved.

    ``year`` and ``month`` are of the last date, ``stated`` whether the text itself gives the year; ``floor`` is where
    the last time expression ends.
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

    def relative_year(self, word: str) -> int | None:
        """The year of 来年 by the anchor, of 翌年 by the last date that states its year."""
        offset, origin, _ = _RELATIVE_YEARS[word]
        if origin == "anchor":
            return self.anchor.year + offset if self.anchor else None
        return self.year + offset if self.stated and self.year is not None else None

    def year_of(self, month: int, day: int | None, end: int, last: int | None = None) -> int | None:
        """The year of a month (and day, or up to the ``last`` month) that stands without one and ends at ``end``."""
        if self.stated and self.year is not None:
            next_year = self.month is not None and month < self.month
            late = self.anchor is not None and (self.year + 1, month) > (self.anchor.year, self.anchor.month)
            return self.year + (next_year and not (late and not self.is_plan(end)))
        if self.anchor is None:
            return None
        past, coming = self._years_around(self.anchor, month, day, max(month, last or month))
        if day is not None and (note := _WEEKDAY_NOTE.match(self.text, end)):
            weekday = _WEEKDAY_SIGNS.index(note[1])
            fitting = [year for year in (past, coming) if year and date(year, month, day).weekday() == weekday]
            if len(fitting) == 1:
                return fitting[0]
        return coming if self.is_plan(end) else past

    @staticmethod
    def _years_around(anchor: date, month: int, day: int | None, last: int) -> tuple[int | None, int | None]:
        """The last year in which the time had begun by the anchor, and the next in which it has yet to end."""
        past = anchor.year - ((month, day or 1) > (anchor.month, anchor.day))
        coming = anchor.year + ((last, day or 31) < (anchor.month, anchor.day))
        if day is None:
            return past, coming
        reach = 9  # years: as long as 29 February may be away
        return (
            next((year for year in range(past, past - reach, -1) if _is_day(year, month, day)), None),
            next((year for year in range(coming, coming + reach) if _is_day(year, month, day)), None),
        )

    def month_of(self, day: int, end: int) -> tuple[int | None, int]:
        """Year and month of a day that stands without them and ends at ``end``."""
        now = (self.anchor.year, self.anchor.month) if self.anchor else None
        if self.year is not None and self.month is not None and (now is None or (self.year, self.month) <= now):
            return self.year, self.month
        if self.anchor is None:
            return None, 1
        step = 1 if self.is_plan(end) else -1
        for months in range(0, 3 * step, step):
            year, month = _add_months(self.anchor, months)
            if _is_day(year, month, day) and (date(year, month, day) - self.anchor).days * step >= 0:
                return year, month
        return None, 1

    def is_plan(self, end: int) -> bool:
        """Whether the date that ends here lies ahead: the words it belongs to speak of a plan, not of what was done.

        3日、計画を発表した is past, for 、 ties the day to the end of the sentence; 4月に着工する計画だと発表した is not.
        """
        rest = self.text[end : end + _SENTENCE_REACH].partition("。")[0]
        if rest.startswith("付"):
            return False
        if rest.startswith(("、", "までに")):
            return not _PAST.search(rest) and (rest.startswith("までに") or bool(_PLAN.search(rest)))
        plan = _PLAN.search(rest)
        return plan is not None and not _DONE.search(rest, 0, plan.start())


_Reader = Callable[[re.Match[str], _Context], FoundTime | None]

# Building blocks ------------------------------------------------------------------------------------------------------

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAY_SIGNS: Final = "月火水木金土日"
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS: Final = ("first", "second", "third", "fourth")
# The year before the first one of each era.
_ERAS: Final = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_LETTERS: Final = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_LATEST: Final = 30  # years after the anchor's: the last year that a two-digit one can mean
_FISCAL_START: Final = 4  # Japanese fiscal years begin in April

_N: Final = r"(?:\d{1,2}|[〇一二三四五六七八九十]{1,3})"
_DIGITS4: Final = r"(?:1[5-9]|2[01])\d\d"
_YEAR4: Final = rf"(?:{_DIGITS4}|[一二][〇一二三四五六七八九]{{3}})"
_REACH: Final = 8  # code points: as far back as the words go that decide between readings
_SENTENCE_REACH: Final = 200  # code points: as far ahead as a plan is looked for
_ALONE: Final = r"(?<![\d.,第])"
# Offset, what it counts from (the anchor, or the last date that states its year), English.
_RELATIVE_YEARS: Final[dict[str, tuple[int, str, str]]] = {
    "今年": (0, "anchor", "this year"), "本年": (0, "anchor", "this year"), "昨年": (-1, "anchor", "last year"),
    "去年": (-1, "anchor", "last year"), "一昨年": (-2, "anchor", "the year before last"),
    "来年": (1, "anchor", "next year"), "再来年": (2, "anchor", "the year after next"),
    "同年": (0, "context", "the same year"), "翌年": (1, "context", "the following year"),
    "翌々年": (2, "context", "two years later"), "前年": (-1, "context", "the previous year"),
}  # fmt: skip
_RELATIVE_MONTHS: Final[dict[str, tuple[int, str, str]]] = {
    "今月": (0, "anchor", "this month"), "本月": (0, "anchor", "this month"), "先月": (-1, "anchor", "last month"),
    "先々月": (-2, "anchor", "the month before last"), "来月": (1, "anchor", "next month"),
    "再来月": (2, "anchor", "the month after next"), "同月": (0, "context", "the same month"),
    "翌月": (1, "context", "the following month"), "翌々月": (2, "context", "the second following month"),
    "前月": (-1, "context", "the previous month"),
}  # fmt: skip
_WEEKS: Final = {
    "先々週": (-2, "the week before last"), "先週": (-1, "last week"), "今週": (0, "this week"),
    "来週": (1, "next week"), "再来週": (2, "the week after next"),
}  # fmt: skip
_DAYS: Final[dict[str, tuple[int, str]]] = {
    "本日": (0, "today"), "今日": (0, "today"), "きょう": (0, "today"), "昨日": (-1, "yesterday"),
    "きのう": (-1, "yesterday"), "明日": (1, "tomorrow"), "あす": (1, "tomorrow"), "あした": (1, "tomorrow"),
    "一昨日": (-2, "the day before yesterday"), "おととい": (-2, "the day before yesterday"),
    "明後日": (2, "the day after tomorrow"), "あさって": (2, "the day after tomorrow"), "今朝": (0, "this morning"),
    "今夜": (0, "tonight"), "今晩": (0, "tonight"), "昨夜": (-1, "last night"), "昨晩": (-1, "last night"),
    "明朝": (1, "tomorrow morning"),
}  # fmt: skip
# Words that point somewhere without saying where.
_VAGUE: Final = {
    "最近": "recently", "近年": "in recent years", "近々": "soon", "近いうち": "soon", "間もなく": "soon", "まもなく": "soon",
    "今般": "recently", "このほど": "recently", "このたび": "recently", "先ごろ": "recently", "先日": "the other day",
    "昨今": "these days", "現在": "at present", "現時点": "at present", "目下": "at present", "当面": "for the time being",
    "今後": "from now on", "将来": "the future", "近い将来": "the near future", "当時": "at that time",
    "当日": "that day", "同日": "the same day", "翌日": "the following day", "前日": "the previous day",
    "翌朝": "the following morning", "翌週": "the following week", "前週": "the previous week",
    "今期": "this term", "当期": "this term", "前期": "the previous term", "来期": "the next term",
    "前年同期": "the same period of the previous year", "前年同月": "the same month of the previous year",
    "年末年始": "the year-end and New Year holidays", "年末": "the end of the year", "年初": "the beginning of the year",
    "年明け": "the beginning of the year", "年度末": "the end of the fiscal year", "年度内": "within the fiscal year",
    "月末": "the end of the month", "月初": "the beginning of the month", "月内": "within the month",
    "週明け": "the beginning of the week", "週末": "the weekend", "年内": "within the year",
}  # fmt: skip
_SEASONS: Final = {"春": ("SP", "spring"), "夏": ("SU", "summer"), "秋": ("FA", "autumn"), "冬": ("WI", "winter")}
_HALVES: Final = {"前半": 1, "上半期": 1, "上期": 1, "後半": 2, "下半期": 2, "下期": 2}
# {} is the period; the value stays that of the period.
_PARTS: Final = {
    "初頭": "early {}", "初め": "early {}", "始め": "early {}", "はじめ": "early {}", "初旬": "early {}", "上旬": "early {}",
    "半ば": "mid-{}", "なかば": "mid-{}", "中頃": "mid-{}", "中旬": "mid-{}", "下旬": "late {}", "終盤": "late {}",
    "末": "the end of {}", "前後": "around {}", "頃": "around {}", "ごろ": "around {}", "ころ": "around {}",
    "中": "during {}", "内": "within {}",
}  # fmt: skip
_EPOCH_PARTS: Final = {
    "前半": "the early {}", "初頭": "the early {}", "初め": "the early {}", "はじめ": "the early {}", "後半": "the late {}",
    "半ば": "the mid-{}", "なかば": "the mid-{}", "中頃": "the mid-{}", "末": "the end of the {}",
    "前後": "around the {}", "頃": "around the {}", "ごろ": "around the {}", "ころ": "around the {}",
}  # fmt: skip
_QUARTER: Final = r"第?(?P<q>[1-4一二三四])(?:四半期|Q(?![A-Za-z0-9]))|Q(?P<q2>[1-4])(?![A-Za-z0-9])"
_PART: Final = (
    rf"(?P<part>前半(?!戦)|後半(?!戦)|上半期|下半期|上期|下期|{_QUARTER}|春(?!闘|日|節|先)|夏(?!季|目|場)|秋(?!田|葉)|冬(?!季|場)"
    "|初頭|初め|始め|はじめ|初旬|上旬|半ば|なかば|中頃|中旬|下旬|終盤|末(?!尾|端|席)|前後|頃|ごろ|ころ|[中内](?=[にのは、。]))"
)
# In the rest of a sentence: what it tells is still to come, or is done.
_PLAN: Final = re.compile(
    "予定|見通し|見込|計画|方針|目指|めど|目標|予想|控え|始まる(?!前)|迎える"
    "|(?:発売|開始|公開|開催|提供|施行|導入|開業|上場|着工|稼働|発足|実施|配信|出荷)する(?=$|[。と])"
    "|(?<![てでがにもはと]い)(?<!あり)(?<!思い)(?<!ござい)ます(?=$|[。」])"
)
_DONE: Final = re.compile(r"た(?:[。、のが」]|と(?!え)|\Z)|てい(?:る|ます)")
_PAST: Final = re.compile(r"(?:た|という)[」)]?\Z")

_CANDIDATE: Final = re.compile(
    r"[\d年月日週時分秒半曜世昨今明前後先翌来再近現将当昔最毎隔正期間まきあおこJFMASOND]", re.ASCII
)


def _int(written: str) -> int | None:
    """A whole number in digits or kanji; 元 is the first year of an era."""
    if written == "元":
        return 1
    numeral = match_numeral(written, 0)
    return int(numeral.value) if numeral and numeral.value is not None and numeral.end == len(written) else None


def _iso_day(year: int | None, month: int, day: int) -> str | None:
    """The ISO date; None where the year is unknown or has no such day."""
    return None if year is None or not _is_day(year, month, day) else date(year, month, day).isoformat()


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _add_months(day: date, months: int) -> tuple[int, int]:
    """Year and month, so many months from the day."""
    years, month = divmod(day.month - 1 + months, 12)
    return day.year + years, month + 1


def _iso_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


# Times of day -----------------------------------------------------------------------------------------------------------

_HALF_DAY: Final = {
    "午前": "AM", "朝": "AM", "早朝": "AM", "未明": "AM", "午後": "PM", "夕方": "PM", "夜": "PM", "昼": "PM", "深夜": "night",
}  # fmt: skip
_CLOCK: Final = re.compile(
    rf"(?<![\d.:])(?:(?P<half>{alternatives(_HALF_DAY)})の? ?)?"
    r"(?:(?P<h>\d{1,2})(?:時?~(?P<h2>\d{1,2}))?時(?!間|代|点|給|速|価|期|々|刻|限|差|短)(?:(?P<min>\d{1,2})分|(?P<half_past>半))?"
    r"|(?P<H>\d{1,2}):(?P<M>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?: ?(?P<ampm>[AaPp])\.?[Mm]\.?(?![A-Za-z]))?)"
    r"|(?P<noon>正午)",
    re.ASCII,
)
_BEFORE_CLOCK: Final = re.compile("/? ?[のT、]?")
_WEEKDAY_NOTE: Final = re.compile(r" ?\(([月火水木金土日])(?:曜日?)?(?:・祝)?\)")


def _clock(match: re.Match[str]) -> tuple[str, str] | None:
    """ISO value (T15:20) and English of a time of day; None if the day has no such time."""
    if match["noon"]:
        return "T12:00", "noon"
    hour, written = int(match["h"] or match["H"]), match["h"] or match["H"]
    minute = int(match["min"] or match["M"] or (30 if match["half_past"] else 0))
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return None
    half = f"{match['ampm'].upper()}M" if match["ampm"] else _HALF_DAY.get(match["half"] or "", "")
    if half == "night":
        half = "PM" if 6 <= hour < 12 else "AM"
    if match["h2"]:
        last = int(match["h2"])
        return None if half or not hour < last <= 24 else (f"T{hour:02}:00/T{last:02}:00", f"{hour}:00–{last}:00")
    if not half or hour > 12:
        return f"T{hour:02}:{minute:02}", f"{written}:{minute:02}"
    shown = f"{hour % 12 or 12}" + (f":{minute:02}" if minute or match["H"] else "")
    return f"T{hour % 12 + (12 if half == 'PM' else 0):02}:{minute:02}", f"{shown} {half}"


def _read_clock(match: re.Match[str], _: _Context) -> FoundTime | None:
    clock = _clock(match)
    return clock and FoundTime(match.start(), match.end(), "time", *clock)


def _dated(context: _Context, start: int, end: int, value: str | None, english: str) -> FoundTime:
    """A day with what may follow it: the weekday in parentheses, the time of day."""
    if note := _WEEKDAY_NOTE.match(context.text, end):
        english += f" ({_WEEKDAYS[_WEEKDAY_SIGNS.index(note[1])]})"
        end = note.end()
    gap = _BEFORE_CLOCK.match(context.text, end)
    match = _CLOCK.match(context.text, gap.end()) if gap else None
    clock = _clock(match) if match else None
    if match and clock and "/" not in clock[0]:
        return FoundTime(start, match.end(), "time", value and value + clock[0], f"{english}, {clock[1]}")
    return FoundTime(start, end, "date", value, english)


# Dates ------------------------------------------------------------------------------------------------------------------

_DAY_TAIL: Final = rf"(?P<d>{_N})(?:日? ?[~・] ?(?P<d2>{_N}))? ?日(?!間|以内|連続)"
_MONTH_TAIL: Final = rf"(?P<m>{_N}) ?(?:月? ?[~-] ?(?P<m2>{_N}) ?)?月(?!間|額|面)(?: ?{_DAY_TAIL}|(?P<period>期))?"
_DATE: Final = re.compile(
    rf"{_ALONE}(?:(?:(?P<era>{'|'.join(_ERAS)})|(?P<letter>(?<![A-Za-z])[{''.join(_ERA_LETTERS)}])) ?(?P<ey>元|{_N}) ?年"
    rf"|(?P<y>{_YEAR4}|[’']?\d\d(?!\d)) ?年|(?P<rel>{alternatives(_RELATIVE_YEARS)})の?)"
    rf"(?:(?P<fiscal>度)|(?P<decade>代))?(?: ?{_MONTH_TAIL})?(?:の?{_PART})?",
    re.ASCII,
)
# 十二月 is a month only where no kanji runs into it.
_MONTH: Final = re.compile(
    rf"{_ALONE}(?=\d|(?<![一-龥])[一二三四五六七八九十])(?!五月(?:雨|病|人形)|[一二]月ほど){_MONTH_TAIL}(?:の?{_PART})?",
    re.ASCII,
)
_RELATIVE_MONTH: Final = re.compile(
    rf"(?P<rel>{alternatives(_RELATIVE_MONTHS)})(?:の?{_DAY_TAIL})?(?:の?{_PART})?", re.ASCII
)
_DAY: Final = re.compile(rf"{_ALONE}(?<!月)(?P<d>\d{{1,2}})(?: ?~ ?(?P<d2>\d{{1,2}}))?日(?!間|以内|連続|本)", re.ASCII)
_NUMERIC: Final = re.compile(
    rf"(?<![\d./-])(?P<y>{_DIGITS4})(?:(?P<sep>[./-])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}})(?!\d|\.\d)|/(?P<m_alone>0[1-9]|1[0-2])(?![\d/]))",
    re.ASCII,
)
_ENGLISH_MONTHS: Final = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
# A lower-case letter may stand before: sites print their own name and the date without a space between.
_ENGLISH: Final = re.compile(
    rf"(?<![A-Z])(?:(?<![\d.,])(?P<d1>\d{{1,2}}) )?(?P<name>{'|'.join(_ENGLISH_MONTHS)})[a-z]{{0,6}}\.?"
    rf"(?: (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?)? (?P<y>{_DIGITS4})(?!\d)",
    re.ASCII,
)
_YEARS: Final = re.compile(
    rf"{_ALONE}(?P<y>{_YEAR4})(?:年度?)? ?[~-] ?(?P<y2>{_YEAR4}|\d\d) ?年(?P<fiscal>度)?(?!代|間|\d{{1,2}}月)", re.ASCII
)
_FISCAL: Final = re.compile(rf"(?<![A-Za-z])FY ?'?(?P<y>{_YEAR4}|\d\d)(?!\d)(?: ?の?{_PART})?", re.ASCII)
_CENTURY: Final = re.compile(
    r"(?<![\d.,第一-龥])(?P<c>\d{1,2}|[一二三四五六七八九十]{1,3})世紀(?!間|以上|ぶり|近く|余り|に(?:も)?(?:わた|渡|及))"
    "(?:の?(?P<part>前半|後半|初頭|初め|半ば|末))?",
    re.ASCII,
)
_QUARTER_ALONE: Final = re.compile(
    r"(?<![A-Za-z\d.])(?:第(?P<q>[1-4一二三四])四半期|(?P<q2>[1-4])Q(?![A-Za-z0-9])|Q(?P<q3>[1-4])(?![A-Za-z0-9]))",
    re.ASCII,
)

# 22年 is a year or a duration: the words around it decide; without any, it is a year.
_DURATION_BEFORE: Final = re.compile(
    "(?:過去|今後|この|ここ|直近|最近|約|およそ|わずか|たった|最大|最長|最短|最低|少なくとも|向こう|創業|勤続|築|懲役|禁錮|第|数|丸|まる|"
    r"実に|満|毎|任期|保証|保証期間|期間|寿命|耐用年数|生後|在職|在籍|就任|結婚|計|合計|平均|ほぼ|[~-])[はがの]? ?\Z"
)
_DURATION_AFTER: Final = re.compile(
    "の(?:歴史|経験|実績|歳月|節目|契約|期間|伝統|キャリア|寿命|保証|ローン|国債|月日|間|刑|猶予|計画|空白|差|遅れ|開き|区切り|長|短|人生|"
    "年月|投資|耐用|償却|ノウハウ|蓄積|研究|後|うち|スパン|ブランク|懲役|任期|眠り|沈黙|付き合い|重み|耐久)"
    "|に(?:一度|1度|1回|一回|わた|及|渡|迫|延長|短縮|[1一]人|延び|なる|な[りっ])|で(?!は|の)|も(?:続|前|経|使|か|過|の|待|た|掛|遅|早)"
    "|は(?:持|かか|続|使|もつ|必要|早|遅|長|短|掛)|が(?:経|過|た[つっち])|か[かけ]|を(?:経|要|費|か|超|過|迎)|と(?:長|短|いう|続)"
    "|[・)]|分|債|国債|物|もの|ローン|契約|保証|計画|満期|連続|周年|生|目|越し|来の|選手|続|ぶり|ごと|毎|おき|単位|後(?!半)|先|前"
)
_KANJI: Final = re.compile("[一-龥ァ-ヺ]")
_AFTER_YEAR: Final = re.compile(
    "発表|発売|発足|発行|公開|公表|退官|退職|入社|入学|入団|就任|生まれ|卒|版|当時|現在|時点|比(?!べ)|以|代|産|モデル|大会|予算|選挙|決算|"
    "開業|開始|開設|開店|設立|創業|創立|創刊|完成|完了|施行|改正|改訂|導入|竣工|稼働|製造|撮影|結成|参院|衆院|統一|東京|夏|冬|春|秋|末|初"
)
_SENTENCE_END: Final = re.compile(r"[。」]|\Z")
_NEARBY: Final = 5  # years: "22年。" ends a sentence as a year only this close to the anchor
_DAYS_BEFORE: Final = re.compile(
    r"(?:約|過去|今後|わずか|たった|最大|最長|毎|第|計|丸|まる|この|ここ|合計|あと|残り|中|[~-]|週に?) ?\Z"
)
_DAY_AFTER: Final = re.compile(
    "付|夜|朝|昼|夕|午前|午後|未明|早朝|深夜|発|開|ごろ|頃|ころ|まで|から|、|も|が(?!か)|は(?!か)|には|"
    r"に(?!\d|[一二三四五](?:回|度|人|個|本|つ|件|社)|約|数[回人度件]|何|わた)"
    "|の(?!休|猶予|間|遅|旅|期限|有給|生産|売|利用|使用|摂取|終(?!値)|始(?!値)|作業|消費|平均|大半|うち|こと)",
    re.ASCII,
)


def _part(value: str | None, english: str, match: re.Match[str], *, year: bool) -> tuple[str | None, str]:
    """The part of a period: its half, quarter or season, or merely its beginning, middle or end."""
    part = match["part"]
    if not part:
        return value, english
    if quarter := match["q"] or match["q2"]:
        number = _int(quarter) or 0
        return value and f"{value}-Q{number}", f"the {_ORDINALS[number - 1]} quarter of {english}"
    if part in _HALVES:
        half = _HALVES[part]
        return value and (f"{value}-H{half}" if year else value), f"the {_ORDINALS[half - 1]} half of {english}"
    if part in _SEASONS:
        code, season = _SEASONS[part]
        return value and f"{value}-{code}", f"{season} {english}"
    return value, _PARTS[part].format(english)


def _read_date(match: re.Match[str], context: _Context) -> FoundTime | None:
    """A date with a year: 2026年1月30日, 令和6年度, 22年7月, 昨年12月, 1990年代後半."""
    start, end = match.span()
    stated = True
    if match["rel"] and not (match["fiscal"] or match["m"] or match["part"]):
        end = match.end("rel")
    if match["rel"]:
        year, label, stated = context.relative_year(match["rel"]), _RELATIVE_YEARS[match["rel"]][2], False
    elif match["ey"]:
        number = _int(match["ey"])
        year = None if number is None else _ERAS[match["era"] or _ERA_LETTERS[match["letter"]]] + number
        label = str(year)
    elif len(match["y"]) >= len("2026"):
        year = _int(match["y"])
        label = str(year)
    elif _is_year(match, context):
        year = context.full_year(int(match["y"][-2:]))
        label = str(year) if year else f"’{match['y'][-2:]}"
    else:
        return None
    if match["decade"]:
        return None if match["rel"] or match["m"] else _decade(match, year, label)
    if match["fiscal"]:
        return _fiscal(match, context, year, label)
    if match["m"] is None:
        context.remember(year, None, stated=stated)
        value, english = _part(None if year is None else str(year), label, match, year=True)
        return FoundTime(start, end, "date", value, english)
    return _month(match, context, year, f" {label}", stated=stated)


def _is_year(match: re.Match[str], context: _Context) -> bool:
    """Whether two digits before 年 are a year, not a duration."""
    written, text, end = match["y"], context.text, match.end()
    if not written.isdigit() or written[0] == "0" or match["m"] or match["fiscal"] or match["decade"]:
        return True
    if match["part"]:
        return match["part"] != "前後"
    if (
        _DURATION_BEFORE.search(text, max(0, match.start() - _REACH), match.start())
        or _DURATION_AFTER.match(text, end)
        or suffixes(text, end)[1]
    ):
        return False
    if _KANJI.match(text, end) and not _AFTER_YEAR.match(text, end):
        return False
    if _SENTENCE_END.match(text, end):
        year = context.full_year(int(written))
        return year is not None and context.anchor is not None and abs(year - context.anchor.year) <= _NEARBY
    return True


def _epoch(name: str, part: str | None) -> str:
    """A decade or century, or a part of it: the early 1990s."""
    return _EPOCH_PARTS.get(part or "", "the {}").format(name)


def _decade(match: re.Match[str], year: int | None, label: str) -> FoundTime | None:
    digits = label[-2:]
    if not digits.endswith("0"):
        return None
    english = _epoch(f"{label}s", match["part"])
    return FoundTime(match.start(), match.end(), "date", None if year is None else str(year)[:3], english)


def _fiscal(match: re.Match[str], context: _Context, year: int | None, label: str) -> FoundTime:
    english = f"fiscal {label}"
    if match["rel"]:
        english = label.replace("year", "fiscal year")
        if year is not None and context.anchor and context.anchor.month < _FISCAL_START:
            year -= 1
    value, english = _part(None if year is None else f"FY{year}", english, match, year=True)
    return FoundTime(match.start(), match.end(), "date", value, english)


def _month(match: re.Match[str], context: _Context, year: int | None, label: str, *, stated: bool) -> FoundTime | None:
    """A month or a day of it; ``label`` is the English of the year with a space before it, or empty."""
    start, end = match.span()
    month, last = _int(match["m"]), _int(match["m2"]) if match["m2"] else None
    if month is None or not 1 <= month <= 12 or (match["m2"] and (last is None or not 1 <= last <= 12)):
        return None
    context.remember(year, month, stated=stated)
    name = _MONTHS[month - 1]
    if match["d"]:
        if last:
            return None
        return _days(match, context, year, month, label)
    value = None if year is None else f"{year}-{month:02}"
    if last:
        until = None if year is None else f"{year + (last < month)}-{last:02}"
        return FoundTime(start, end, "date", value and f"{value}/{until}", f"{name}–{_MONTHS[last - 1]}{label}")
    if match["period"]:
        return FoundTime(start, end, "date", value, f"the fiscal period ending in {name}{label}")
    value, english = _part(value, name + label, match, year=False)
    return FoundTime(start, end, "date", value, english)


def _days(match: re.Match[str], context: _Context, year: int | None, month: int, label: str) -> FoundTime | None:
    day, last = _int(match["d"]), _int(match["d2"]) if match["d2"] else None
    if day is None or not _is_day(year or 2000, month, day):  # 2000 has a 29 February
        return None
    comma = "," if label[1:].isdigit() else ""
    value = _iso_day(year, month, day)
    name = f"{_MONTHS[month - 1]} {day}"
    if last:
        if not day < last or not _is_day(year or 2000, month, last):
            return None
        value = value and f"{value}/{_iso_day(year, month, last)}"
        return FoundTime(match.start(), match.end("d2") + 1, "date", value, f"{name}–{last}{comma}{label}")
    return _dated(
        context, match.start(), match.start("d") + len(match["d"]) + _day_mark(match), value, name + comma + label
    )


def _day_mark(match: re.Match[str]) -> int:
    """How many characters 日 takes, with a space before it."""
    return 2 if match.string.startswith(" ", match.end("d")) else 1


def _read_month(match: re.Match[str], context: _Context) -> FoundTime | None:
    """A month or a day without a year: 6月, 1月13日, 4~6月期."""
    month = _int(match["m"])
    if month is None or not 1 <= month <= 12:
        return None
    day = _int(match["d"]) if match["d"] else None
    last = _int(match["m2"]) if match["m2"] else None
    return _month(match, context, context.year_of(month, day, match.end(), last), "", stated=False)


def _read_relative_month(match: re.Match[str], context: _Context) -> FoundTime | None:
    """今月, 先月10日, 来月中旬."""
    offset, origin, label = _RELATIVE_MONTHS[match["rel"]]
    year: int | None = None
    month = 1
    if origin == "anchor" and context.anchor:
        year, month = _add_months(context.anchor, offset)
    elif origin == "context" and context.year is not None and context.month:
        year, month = _add_months(date(context.year, context.month, 1), offset)
    if match["d"]:
        day = _int(match["d"])
        if day is None or not 1 <= day <= 31 or match["d2"]:
            return None
        if year is not None:
            context.remember(year, month, stated=False)
        end = match.start("d") + len(match["d"]) + _day_mark(match)
        return _dated(context, match.start(), end, _iso_day(year, month, day), f"the {_ordinal(day)} of {label}")
    value, english = _part(None if year is None else f"{year}-{month:02}", label, match, year=False)
    return FoundTime(match.start(), match.end(), "date", value, english)


def _read_day(match: re.Match[str], context: _Context) -> FoundTime | None:
    """A day without its month, where the words around it show that it is no duration: 13日に."""
    day, text = int(match["d"]), context.text
    if (
        not 1 <= day <= 31
        or _DAYS_BEFORE.search(text, max(0, match.start() - _REACH), match.start())
        or not _DAY_AFTER.match(text, match.end())
    ):
        return None
    if day == 1 and text.startswith("の", match.end()):
        return None  # 1日の: of one day
    year, month = context.month_of(day, match.end())
    value = _iso_day(year, month, day)
    if match["d2"]:
        last = int(match["d2"])
        if not day < last <= 31:
            return None
        until = _iso_day(year, month, last)
        english = f"the {_ordinal(day)}–{_ordinal(last)}"
        return FoundTime(match.start(), match.end(), "date", f"{value}/{until}" if value and until else None, english)
    return _dated(context, match.start(), match.end(), value, f"the {_ordinal(day)}")


def _read_numeric(match: re.Match[str], context: _Context) -> FoundTime | None:
    """2026.03.20, 2024/06/18/ 06:00, 2026-01-30, 2026/03."""
    year = int(match["y"])
    if match["m_alone"]:
        month = int(match["m_alone"])
        context.remember(year, month, stated=True)
        return FoundTime(match.start(), match.end(), "date", f"{year}-{month:02}", f"{_MONTHS[month - 1]} {year}")
    month, day = int(match["m"]), int(match["d"])
    value = _iso_day(year, month, day) if 1 <= month <= 12 else None
    if value is None:
        return None
    context.remember(year, month, stated=True)
    return _dated(context, match.start(), match.end(), value, f"{_MONTHS[month - 1]} {day}, {year}")


def _read_english(match: re.Match[str], context: _Context) -> FoundTime | None:
    """Feb 6, 2026 1:20 PM; 6 February 2026; Feb 2026."""
    month, year = _ENGLISH_MONTHS[match["name"]], int(match["y"])
    context.remember(year, month, stated=True)
    written = match["d1"] or match["d2"]
    if written is None:
        return FoundTime(match.start(), match.end(), "date", f"{year}-{month:02}", f"{_MONTHS[month - 1]} {year}")
    value = _iso_day(year, month, int(written))
    if value is None:
        return None
    return _dated(context, match.start(), match.end(), value, f"{_MONTHS[month - 1]} {int(written)}, {year}")


def _read_years(match: re.Match[str], context: _Context) -> FoundTime | None:
    """2020~25年, 2021-2023年度."""
    first, second = _int(match["y"]), _int(match["y2"])
    if first is None or second is None:
        return None
    last = second if second >= 100 else first - first % 100 + second
    if not first < last:
        return None
    context.remember(last, None, stated=True)
    mark = "FY" if match["fiscal"] else ""
    english = f"fiscal {first}–{last}" if mark else f"{first}–{last}"
    return FoundTime(match.start(), match.end(), "date", f"{mark}{first}/{mark}{last}", english)


def _read_fiscal(match: re.Match[str], context: _Context) -> FoundTime | None:
    """FY2025, FY25 Q1."""
    year = _int(match["y"])
    if year is not None and year < 100:
        year = context.full_year(year)
    value, english = _part(f"FY{year}" if year else None, f"fiscal {year or match['y']}", match, year=True)
    return FoundTime(match.start(), match.end(), "date", value, english)


def _read_century(match: re.Match[str], _: _Context) -> FoundTime | None:
    """21世紀, 19世紀末."""
    century = _int(match["c"])
    if century is None or not 1 <= century <= 22:
        return None
    english = _epoch(f"{_ordinal(century)} century", match["part"])
    return FoundTime(match.start(), match.end(), "date", f"{century - 1:02}", english)


def _read_quarter(match: re.Match[str], _: _Context) -> FoundTime | None:
    """第3四半期 of a year that is not named."""
    number = _int(match["q"] or match["q2"] or match["q3"]) or 0
    return FoundTime(match.start(), match.end(), "date", None, f"the {_ORDINALS[number - 1]} quarter")


# Words that count from the anchor ----------------------------------------------------------------------------------------

_WEEK: Final = re.compile(rf"({alternatives(_WEEKS)})(末)?(?!の?[月火水木金土日]曜)")
_WEEKDAY: Final = re.compile(
    rf"(?:(?P<which>毎週|次の|今度の|{alternatives(_WEEKS)})の?)?(?P<day>[月火水木金土日])曜日?(?!大工|版|劇場|ロード)"
)
_DAY_WORD: Final = re.compile(
    # Words in kana count only where neither side runs into another word: きょうは, not ききょう or きょうへい.
    rf"(?<![ァ-ヺぁ-んー])(?P<kana>{alternatives(w for w in _DAYS if w[0] in 'あきお')})(?=[はのもにで、。]|から|まで|[^ぁ-ん])"
    rf"|(?P<kanji>{alternatives(w for w in _DAYS if w[0] not in 'あきお')})(?!香|子)(?P<vague>的|では|に至|まで続)?"
)
_SEASON: Final = re.compile("(一昨|昨|今|来|翌)(春|夏|秋|冬)(?!闘|季|日)")
_VAGUE_WORD: Final = re.compile(
    rf"(?<![\d年月毎])({alternatives(_VAGUE)})(?!地|完了|進行|価値|性|的|像|調整|高齢|事故|(?<=今後)(?:の|約|およそ)? ?[\d数何一二三四五六七八九十百千半]|(?<=最近)の?[\d数])"
)
_SEASON_YEARS: Final = {
    "一昨": (-2, "of the year before last"),
    "昨": (-1, "last"),
    "今": (0, "this"),
    "来": (1, "next"),
}


def _read_week(match: re.Match[str], context: _Context) -> FoundTime:
    """先週, 今週末."""
    offset, english = _WEEKS[match[1]]
    value = _iso_week(context.anchor + timedelta(weeks=offset)) if context.anchor else None
    if match[2]:
        value, english = value and f"{value}-WE", english.replace("week", "weekend", 1)
    return FoundTime(match.start(), match.end(), "date", value, english)


def _read_weekday(match: re.Match[str], context: _Context) -> FoundTime:
    """金曜日: the last one up to the anchor; 来週の金曜日, 毎週金曜日."""
    index, which = _WEEKDAY_SIGNS.index(match["day"]), match["which"]
    name = _WEEKDAYS[index]
    if which == "毎週":
        return FoundTime(match.start(), match.end(), "set", f"XXXX-WXX-{index + 1}", f"every {name}")
    english = f"{name} of {_WEEKS[which][1]}" if which in _WEEKS else f"next {name}" if which else name
    value = None
    if anchor := context.anchor:
        back = (anchor.weekday() - index) % 7
        if which in _WEEKS:
            day = anchor - timedelta(days=anchor.weekday() - index) + timedelta(weeks=_WEEKS[which][0])
        elif which or context.is_plan(match.end()):
            day = anchor + timedelta(days=(-back) % 7 or (7 if which else 0))
        else:
            day = anchor - timedelta(days=back)
        value = day.isoformat()
    return FoundTime(match.start(), match.end(), "date", value, english)


def _read_day_word(match: re.Match[str], context: _Context) -> FoundTime:
    """本日, 昨日; 今日では is "nowadays" and has no value."""
    word = match["kana"] or match["kanji"]
    offset, english = _DAYS[word]
    end = match.start() + len(word)
    if match["vague"] or context.anchor is None:
        return FoundTime(match.start(), end, "date", None, english)
    day = context.anchor + timedelta(days=offset)
    return _dated(context, match.start(), end, day.isoformat(), english)


def _read_season(match: re.Match[str], context: _Context) -> FoundTime:
    """今春, 昨秋."""
    offset, english = _SEASON_YEARS.get(match[1], (None, "the following"))
    code, season = _SEASONS[match[2]]
    value = f"{context.anchor.year + offset}-{code}" if context.anchor and offset is not None else None
    english = f"{season} {english}" if english.startswith("of") else f"{english} {season}"
    return FoundTime(match.start(), match.end(), "date", value, english)


def _read_vague(match: re.Match[str], context: _Context) -> FoundTime:
    """最近, 当時, 年末: named, not resolved; 年内 is the anchor's year."""
    value = str(context.anchor.year) if match[1] == "年内" and context.anchor else None
    return FoundTime(match.start(), match.end(1), "date", value, _VAGUE[match[1]])


# Durations and sets ------------------------------------------------------------------------------------------------------

# Unit: the letters of its ISO duration, how many of them one is, and its English.
_UNITS: Final = {
    "年": ("Y", "1", "year"), "月": ("M", "1", "month"), "週": ("W", "1", "week"), "日": ("D", "1", "day"),
    "時間": ("TH", "1", "hour"), "分": ("TM", "1", "minute"), "秒": ("TS", "1", "second"),
    "ミリ秒": ("TS", "0.001", "millisecond"), "マイクロ秒": ("TS", "0.000001", "microsecond"),
    "ナノ秒": ("TS", "0.000000001", "nanosecond"), "世紀": ("Y", "100", "century"), "四半期": ("M", "3", "quarter"),
    "営業日": ("", "1", "business day"),
}  # fmt: skip
_HALF_UNITS: Final = {
    "四半世紀": ("P25Y", "a quarter of a century"), "半世紀": ("P50Y", "half a century"), "半年": ("P6M", "half a year"),
    "半月": ("P0.5M", "half a month"), "半日": ("PT12H", "half a day"),
}  # fmt: skip
_FRAMES: Final = {
    "過去": "the past {}", "今後": "the next {}", "向こう": "the next {}", "この": "the last {}", "ここ": "the last {}",
    "直近": "the most recent {}",
}  # fmt: skip
_PER: Final = "(?!当たり|あたり|当り|につき)"
_UNIT: Final = (
    "(?:周年|年間?(?!金|賀|齢|収|俸|頭|度|代|生(?!産|存|き|ま)|末|号|報|式|製|版)|[カヶケかヵ箇個]月間?|週間?(?!刊|末|目|報|明)"
    "|営業日|日間?(?!本|常|時|程|光|曜|系|銀|米|韓|露|付|刊|報|夜|没|産|坊主|酔|月|市|当)|時間(?!外|割|給|帯|差|軸)"
    r"|分間?(?!の[\d一二三四五六七八九]|野|析|類|割|散|配|岐|子|母|量|別|担|離|裂|解|け|か(?:る|り|っ|ち|れ)|社|冊|譲|厘|身|掛|泌|業|布|隔|科|の一)"
    f"|(?:ミリ|マイクロ|ナノ)?秒間?(?!速|針|読)|世紀|四半期){_PER}"
)
_DURATION: Final = re.compile(
    rf"(?<![\dA-Za-z.,第])(?<!分の)(?:(?P<first>{NUMERAL}) ?(?P<first_unit>{_UNIT})? ?(?P<sep>[~-]|から|(?<=\d)ー(?=\d)) ?|(?P<adjacent>[1-9一二三四五六七八九])[、,])?"
    rf"(?P<n>{NUMERAL})(?P<over>余り?)? ?(?P<unit>{_UNIT})(?P<half>半(?!ば|期|分|径|端|額|年))?(?:(?P<n2>\d{{1,2}}) ?(?P<unit2>{_UNIT}))?",
    re.ASCII,
)
_HALF: Final = re.compile(rf"(?<![\d前後上下数])(?P<unit>{alternatives(_HALF_UNITS)})間?(?!減|額|端|径|分|数){_PER}")
_ABOUT: Final = "以上|ほど|余り|近く|くらい|程度"
_AGO: Final = re.compile(
    rf"(?<![\dA-Za-z.,第])(?:(?P<n>{NUMERAL}) ?(?P<unit>年|[カヶケかヵ箇個]月|週間|週|日|時間|分|秒|世紀)(?P<half>半)?|(?P<half_unit>半年|半月|半日|半世紀))"
    rf"(?P<about>{_ABOUT})?(?P<way>前|後|先)(?!半|後|年|月|週|日|期|場|線|提|進|倒|身|頭|夜|継|退|任|輩|方|立|述|者|回|例|端|行|生|ろ)",
    re.ASCII,
)
_OVERNIGHT: Final = re.compile(r"(?<![\d.])(\d{1,2})泊(\d{1,2})日", re.ASCII)
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
    rf"| ?~ ?(?P<n>{NUMERAL})(?P<unit>{_UNIT})(?:単位|ごと|毎|おき)?)?",
    re.ASCII,
)
_FREQUENCY: Final = re.compile(
    rf"(?<![\d一-龥カヶケか])(?P<period>週|月|年|1日|一日)に?(?P<n>{NUMERAL})(?P<what>[回度]|(?<=[\d一-龥])日)(?!目|り|線|転|収|間)",
    re.ASCII,
)
_PERIODS: Final = {
    "週": ("P1W", "week"),
    "月": ("P1M", "month"),
    "年": ("P1Y", "year"),
    "1日": ("P1D", "day"),
    "一日": ("P1D", "day"),
}
_FRAME_BEFORE: Final = re.compile(rf"({'|'.join(_FRAMES)})の? ?\Z")
_FRAME_REACH: Final = 5
_AFTER_DURATION: Final = re.compile(
    "(?P<every>ごと|毎|おき)|(?P<once>に(?:一度|1度|1回|一回))|(?P<row>連続)|(?P<first>ぶり)|(?P<nth>目(?!標|的|安|指))|(?P<bond>債|物(?!語)|国債)"
)


def _numeral(written: str) -> Numeral | None:
    """The numeral that is all of the string."""
    numeral = match_numeral(written, 0)
    return numeral if numeral and numeral.end == len(written) else None


def _unit(written: str) -> str:
    """The unit without 間 and with its 月 bare: 年間 is 年, カ月 is 月."""
    for bare in ("月", "周年"):
        if bare in written:
            return bare[-1]
    return written if written == "時間" else written.removesuffix("間")


def _length(number: Numeral, unit: str, half: Decimal = Decimal(0)) -> tuple[str | None, str]:
    """ISO duration and English of one number of units; ``half`` is what 半 adds."""
    code, each, name = _UNITS[unit]
    if number.value is None:
        return code and _iso_duration(code, "X"), _vague_length(number, unit, name)
    english = f"{spell(number.value + half)} {name if number.value + half == 1 else _plural(name)}"
    if not code:
        return None, english
    if half and (smaller := {"Y": "6M", "TH": "30M", "D": "T12H"}.get(code)):
        return _iso_duration(code, f"{plain(number.value):f}") + smaller, english
    return _iso_duration(code, f"{plain((number.value + half) * Decimal(each)):f}"), english


def _vague_length(number: Numeral, unit: str, name: str) -> str:
    if not number.vague:
        return f"about {spell_range(number.low, number.high)} {_plural(name)}"
    longer = {20: "decades", 200: "centuries"}.get(int(number.low)) if unit == "年" else None
    if longer:
        return f"several {longer}" if number.vague == "数" else longer
    return f"{vague_english(number.vague, number.low)} {_plural(name)}"


def _iso_duration(code: str, digits: str) -> str:
    return f"PT{digits}{code[1]}" if code.startswith("T") else f"P{digits}{code}"


def _plural(name: str) -> str:
    return "centuries" if name == "century" else f"{name}s"


def _read_duration(match: re.Match[str], context: _Context) -> FoundTime | None:
    """10年間, 約3カ月, 1~2年, 今後10年以内, 3カ月ごと, 3年連続, 1時間20分."""
    last, unit = _numeral(match["n"]), _unit(match["unit"])
    if last is None:
        return None
    if match["first"] or match["adjacent"]:
        both = _read_duration_range(match, context, last, unit)
        if both is not None:
            return both
    start, end = match.start("n"), match.end("half") if match["half"] else match.end("unit")
    if not _is_duration(match, last, unit, end):
        return None
    value, english = _length(last, unit, Decimal("0.5") if match["half"] else Decimal(0))
    if match["n2"] and value and (unit, smaller := _unit(match["unit2"])) in _COMPOUNDS and not match["half"]:
        rest = _numeral(match["n2"])
        if rest and (below := _length(rest, smaller)) and below[0]:
            joined = below[0][1:] if "T" not in value else below[0][2:]
            value, english, end = value + joined, f"{english} {below[1]}", match.end("unit2")
            last = None
    if match["over"]:
        english = f"just over {english}"
    one = last is not None and last.value == 1 and not match["half"]
    count = int(last.value) if last and last.value is not None and not match["half"] else None
    if match["unit"] == "周年":
        return FoundTime(start, end, "duration", value, f"the {_ordinal(count)} anniversary") if count else None
    return _bounded_duration(context, start, end, value, english, unit, one=one, count=count)


_YEAR_ALONE: Final = re.compile(_YEAR4, re.ASCII)
_COMPOUNDS: Final = {("年", "月"), ("月", "日"), ("日", "時間"), ("時間", "分"), ("分", "秒")}


def _is_duration(match: re.Match[str], number: Numeral, unit: str, end: int) -> bool:
    """Whether it is a length of time without doubt, or the words around it make it one.

    十分 may be "enough", 三日 a day of the month, 2026年 a year.
    """
    text, start = match.string, match.start("n")
    if unit == "日" and start and text[start - 1] == "月":
        return False
    if not (number.kanji and unit in ("分", "日", "秒")) and not (unit == "年" and _YEAR_ALONE.fullmatch(match["n"])):
        return True
    after = _AFTER_DURATION.match(text, end)
    return match["unit"].endswith("間") or bool(suffixes(text, end)[1]) or (after is not None and not after["nth"])


def _read_duration_range(match: re.Match[str], context: _Context, last: Numeral, unit: str) -> FoundTime | None:
    """Both ends of 1~2年 and 2、3年; of 1年から3年に, which tells of a change, the first alone."""
    text, end = context.text, match.end("unit")
    first = _numeral(match["first"] or match["adjacent"])
    if first is None:
        return None
    first_unit = _unit(match["first_unit"]) if match["first_unit"] else unit
    if match["adjacent"] and first.low + 1 != last.low:
        return None
    if match["sep"] == "から":
        if not text.startswith("まで", end):
            if not match["first_unit"]:
                return None
            value, english = _length(first, first_unit)
            return _bounded_duration(context, match.start(), match.end("first_unit"), value, english, first_unit)
        end += len("まで")
    (low, low_english), (high, high_english) = _length(first, first_unit), _length(last, unit)
    value = f"{low}/{high}" if low and high else None
    english = f"{low_english} to {high_english}"
    if first_unit == unit and first.value is not None and last.value is not None:
        english = f"{spell_range(first.value, last.value) or english} {_plural(_UNITS[unit][2])}"
    return _bounded_duration(context, match.start(), end, value, english, unit)


def _bounded_duration(
    context: _Context, start: int, end: int, value: str | None, english: str, unit: str, *,
    one: bool = False, count: int | None = None,
) -> FoundTime | None:  # fmt: skip
    """A length of time with what stands around it: its frame, its bounds, and what makes it a set or an ordinal."""
    text, bounds = context.text, list[str]()
    after = _AFTER_DURATION.match(text, end)
    if after is None:
        end, bounds = suffixes(text, end)
        after = _AFTER_DURATION.match(text, end)
    begin, before = prefixes(text, start, context.floor)
    kind: TimeKind = "duration"
    single = _UNITS[unit][2] if one else english
    if after and after["nth"]:
        return (
            FoundTime(start, after.end(), "date", None, f"the {_ordinal(count)} {_UNITS[unit][2]}") if count else None
        )
    if after and after["bond"]:
        return FoundTime(start, end, kind, value, f"{count}-{_UNITS[unit][2]}") if count else None
    if after:
        end = after.end()
        if after["every"] == "おき":
            kind = "set"
            english = f"every other {single}" if one else f"at intervals of {english}"
            value = value and (value.replace("1", "2") if one else value if value.startswith("PT") else None)
        elif after["every"]:
            kind, english = "set", f"every {single}"
        elif after["once"]:
            kind, english = "set", f"once every {single}"
        elif after["row"]:
            english = english.replace(" ", " consecutive ", 1)
        else:
            english = f"the first time in {english}"
    elif "on the order of" in bounds and text[end : end + 1] in ("で", "に"):
        kind, english, bounds = "set", f"every {single}", [b for b in bounds if b != "on the order of"]
    if frame := _FRAME_BEFORE.search(text, max(context.floor, begin - _FRAME_REACH), begin):
        begin, english = frame.start(), _FRAMES[frame[1]].format(english)
    return FoundTime(begin, end, kind, value, bounded(english, before + bounds))


def _read_half(match: re.Match[str], context: _Context) -> FoundTime | None:
    """半年, 半世紀ぶり, 半年ごと."""
    value, english = _HALF_UNITS[match["unit"]]
    return _bounded_duration(context, match.start(), match.end(), value, english, "年")


def _read_ago(match: re.Match[str], context: _Context) -> FoundTime | None:
    """3年前, 数日後, 10年以上前, 半年後."""
    text = context.text
    begin, bounds = prefixes(text, match.start(), context.floor)
    bounds += suffixes(text, match.start("about"))[1] if match["about"] else []
    number = None
    if match["half_unit"]:
        unit, english = match["half_unit"], _HALF_UNITS[match["half_unit"]][1]
    else:
        number, unit = _numeral(match["n"]), _unit(match["unit"])
        if number is None:
            return None
        if number.kanji and unit in ("分", "秒") and number.kanji < len("二十"):
            return None  # 十分前
        english = _length(number, unit, Decimal("0.5") if match["half"] else Decimal(0))[1]
    elsewhere = bool(_FROM_ELSEWHERE.search(text, max(0, begin - _REACH), begin)) or (
        match["way"] == "後" and context.stated
    )
    way = {"前": "before" if elsewhere else "ago", "後": "later", "先": "ahead"}[match["way"]]
    english = bounded(f"{english} {way}", bounds)
    exact = number is None or (number.value is not None and number.value == number.value.to_integral_value())
    if context.anchor is None or elsewhere or match["about"] or match["half"] or not exact:
        return FoundTime(begin, match.end(), "date", None, english)
    count = int(number.value) if number and number.value is not None else 1
    value = _shifted(context.anchor, unit, -count if match["way"] == "前" else count)
    return FoundTime(begin, match.end(), "date", value, english)


_FROM_ELSEWHERE: Final = re.compile(r"(?:の|から|その|より)\Z")


def _shifted(anchor: date, unit: str, count: int) -> str | None:
    """The anchor moved by whole units, as precise as the unit; None beyond the calendar or below a day."""
    try:
        match unit:
            case "年":
                return date(anchor.year + count, 1, 1).isoformat()[:4]
            case "月" | "半年":
                return "{}-{:02}".format(*_add_months(anchor, count * (6 if unit == "半年" else 1)))
            case "週":
                return _iso_week(anchor + timedelta(weeks=count))
            case "日":
                return (anchor + timedelta(days=count)).isoformat()
    except (ValueError, OverflowError):
        pass
    return None


def _read_overnight(match: re.Match[str], _: _Context) -> FoundTime:
    """2泊3日."""
    nights, days = int(match[1]), int(match[2])
    english = f"{nights} night{'s' * (nights != 1)} and {days} day{'s' * (days != 1)}"
    return FoundTime(match.start(), match.end(), "duration", f"P{days}D", english)


def _read_set(match: re.Match[str], _: _Context) -> FoundTime | None:
    """毎週, 毎年4月, 毎週~数カ月単位."""
    value, english = _EVERY[match[1]]
    if match["m"]:
        month, day = int(match["m"]), int(match["d"]) if match["d"] else None
        if not 1 <= month <= 12 or (day and not _is_day(2000, month, day)):
            return None
        value = f"XXXX-{month:02}" + (f"-{day:02}" if day else "")
        english = f"{_MONTHS[month - 1]} {day} every year" if day else f"every {_MONTHS[month - 1]}"
    elif match["day"]:
        value, english = f"XXXX-XX-{int(match['day']):02}", f"the {_ordinal(int(match['day']))} of every month"
    elif match["n"]:
        number = _numeral(match["n"])
        if number is None:
            return None
        until, longest = _length(number, _unit(match["unit"]))
        value, english = f"{value}/{until}", f"{english} to every {longest}"
    return FoundTime(match.start(), match.end(), "set", value, english)


def _read_frequency(match: re.Match[str], _: _Context) -> FoundTime | None:
    """週3回, 年2回, 1日3回; the value is the period."""
    number = _numeral(match["n"])
    if number is None:
        return None
    value, period = _PERIODS[match["period"]]
    what = "day" if match["what"] == "日" else "time"
    if number.value is None:
        return FoundTime(match.start(), match.end(), "set", value, f"{_vague_length(number, what, what)} a {period}")
    often = {1: "once", 2: "twice"}.get(int(number.value)) if what == "time" else None
    often = often or f"{spell(number.value)} {what if number.value == 1 else _plural(what)}"
    english = f"{often} a {period}"
    return FoundTime(match.start(), match.end(), "set", value, english)


# Each reader: text without any of the hints cannot match; the pattern; what makes a time of a match, or refuses it.
# Of two that begin at one place, the longer wins, then the earlier in this list.
_READERS: Final[tuple[tuple[tuple[str, ...], re.Pattern[str], _Reader], ...]] = (
    (("年",), _DATE, _read_date),
    (("年",), _YEARS, _read_years),
    (("-", "/", "."), _NUMERIC, _read_numeric),
    ((" 1", " 2"), _ENGLISH, _read_english),
    (("月",), _MONTH, _read_month),
    (tuple("今先来再同翌前本"), _RELATIVE_MONTH, _read_relative_month),
    (("日",), _DAY, _read_day),
    (("FY",), _FISCAL, _read_fiscal),
    (("世紀",), _CENTURY, _read_century),
    (("四半期", "Q"), _QUARTER_ALONE, _read_quarter),
    (("週",), _WEEK, _read_week),
    (("曜",), _WEEKDAY, _read_weekday),
    (tuple("日きあ今昨明お"), _DAY_WORD, _read_day_word),
    (tuple("春夏秋冬"), _SEASON, _read_season),
    (("時", ":", "正午"), _CLOCK, _read_clock),
    (("前", "後", "先"), _AGO, _read_ago),
    (("泊",), _OVERNIGHT, _read_overnight),
    (("年", "月", "週", "日", "時間", "分", "秒", "世紀", "四半期"), _DURATION, _read_duration),
    (("半",), _HALF, _read_half),
    (("毎", "隔", "四半期"), _SET, _read_set),
    (("回", "度", "日"), _FREQUENCY, _read_frequency),
    (tuple({word[0] for word in _VAGUE}), _VAGUE_WORD, _read_vague),
)
