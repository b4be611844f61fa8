"""Words that count from the day of writing, or point somewhere without saying where: 昨日, 先週, 金曜日, 昨秋, 最近."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from pipeline.text.numerals import alternatives
from pipeline.text.times.arithmetic import iso_week
from pipeline.text.times.context import Context
from pipeline.text.times.days import dated
from pipeline.text.times.english import WEEKDAYS
from pipeline.text.times.fragments import WEEKDAY, weekday
from pipeline.text.times.periods import SEASONS
from pipeline.text.times.plans import is_plan
from pipeline.text.times.reader import FoundTime, Reader, whole

# How many weeks on, English.
_WEEKS: Final = {
    "先々週": (-2, "the week before last"), "先週": (-1, "last week"), "今週": (0, "this week"),
    "来週": (1, "next week"), "再来週": (2, "the week after next"),
}  # fmt: skip
# How many days on, English.
_DAYS: Final[dict[str, tuple[int, str]]] = {
    "本日": (0, "today"), "今日": (0, "today"), "きょう": (0, "today"), "昨日": (-1, "yesterday"),
    "きのう": (-1, "yesterday"), "明日": (1, "tomorrow"), "あす": (1, "tomorrow"), "あした": (1, "tomorrow"),
    "一昨日": (-2, "the day before yesterday"), "おととい": (-2, "the day before yesterday"),
    "明後日": (2, "the day after tomorrow"), "あさって": (2, "the day after tomorrow"), "今朝": (0, "this morning"),
    "今夜": (0, "tonight"), "今晩": (0, "tonight"), "昨夜": (-1, "last night"), "昨晩": (-1, "last night"),
    "明朝": (1, "tomorrow morning"),
}  # fmt: skip
# Of seasons: how many years on, English.
_SEASON_YEARS: Final = {
    "一昨": (-2, "of the year before last"),
    "昨": (-1, "last"),
    "今": (0, "this"),
    "来": (1, "next"),
}
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

_WEEK: Final = re.compile(rf"({alternatives(_WEEKS)})(末)?(?!の?{WEEKDAY}曜)")
_WEEKDAY: Final = re.compile(
    rf"(?:(?P<which>毎週|次の|今度の|{alternatives(_WEEKS)})の?)?(?P<day>{WEEKDAY})曜日?(?!大工|版|劇場|ロード)"
)
_DAY: Final = re.compile(
    # Words in kana count only where neither side runs into another word: きょうは, not ききょう or きょうへい.
    rf"(?<![ァ-ヺぁ-んー])(?P<kana>{alternatives(w for w in _DAYS if w[0] in 'あきお')})(?=[はのもにで、。]|から|まで|[^ぁ-ん])"
    rf"|(?P<kanji>{alternatives(w for w in _DAYS if w[0] not in 'あきお')})(?!香|子)(?P<vague>的|では|に至|まで続)?"
)
_SEASON: Final = re.compile("(一昨|昨|今|来|翌)(春|夏|秋|冬)(?!闘|季|日)")
_VAGUE_WORD: Final = re.compile(
    rf"(?<![\d年月毎])({alternatives(_VAGUE)})(?!地|完了|進行|価値|性|的|像|調整|高齢|事故|(?<=今後)(?:の|約|およそ)? ?[\d数何一二三四五六七八九十百千半]|(?<=最近)の?[\d数])"
)


def _read_week(match: re.Match[str], context: Context) -> FoundTime:
    """先週, 今週末."""
    offset, english = _WEEKS[match[1]]
    value = iso_week(context.anchor + timedelta(weeks=offset)) if context.anchor else None
    if match[2]:
        value, english = value and f"{value}-WE", english.replace("week", "weekend", 1)
    return whole(match, "date", value, english)


def _read_weekday(match: re.Match[str], context: Context) -> FoundTime:
    """金曜日: the last one up to the anchor; 来週の金曜日, 毎週金曜日."""
    index, which = weekday(match["day"]), match["which"]
    name = WEEKDAYS[index]
    if which == "毎週":
        return whole(match, "set", f"XXXX-WXX-{index + 1}", f"every {name}")
    english = f"{name} of {_WEEKS[which][1]}" if which in _WEEKS else f"next {name}" if which else name
    if context.anchor is None:
        return whole(match, "date", None, english)
    ahead = is_plan(context.text, match.end())
    return whole(match, "date", _day_of_week(context.anchor, index, which, ahead=ahead).isoformat(), english)


def _day_of_week(anchor: date, index: int, which: str | None, *, ahead: bool) -> date:
    """The day of a weekday: in the week that is named, else the next or the last one seen from the anchor."""
    back = (anchor.weekday() - index) % 7
    if which in _WEEKS:
        return anchor - timedelta(days=anchor.weekday() - index) + timedelta(weeks=_WEEKS[which][0])
    if which or ahead:
        return anchor + timedelta(days=(-back) % 7 or (7 if which else 0))
    return anchor - timedelta(days=back)


def _read_day(match: re.Match[str], context: Context) -> FoundTime:
    """本日, 昨日; 今日では is "nowadays" and has no value."""
    word = match["kana"] or match["kanji"]
    offset, english = _DAYS[word]
    end = match.start() + len(word)
    if match["vague"] or context.anchor is None:
        return FoundTime(match.start(), end, "date", None, english)
    day = context.anchor + timedelta(days=offset)
    return dated(context, match.start(), end, day.isoformat(), english)


def _read_season(match: re.Match[str], context: Context) -> FoundTime:
    """今春, 昨秋."""
    offset, english = _SEASON_YEARS.get(match[1], (None, "the following"))
    code, season = SEASONS[match[2]]
    value = f"{context.anchor.year + offset}-{code}" if context.anchor and offset is not None else None
    return whole(match, "date", value, f"{season} {english}" if english.startswith("of") else f"{english} {season}")


def _read_vague(match: re.Match[str], context: Context) -> FoundTime:
    """最近, 当時, 年末: named, not resolved; 年内 is the anchor's year."""
    value = str(context.anchor.year) if match[1] == "年内" and context.anchor else None
    return whole(match, "date", value, _VAGUE[match[1]])


READERS: Final = (
    Reader(("週",), _WEEK, _read_week),
    Reader(("曜",), _WEEKDAY, _read_weekday),
    Reader(tuple("日きあ今昨明お"), _DAY, _read_day),
    Reader(tuple("春夏秋冬"), _SEASON, _read_season),
    Reader(tuple({word[0] for word in _VAGUE}), _VAGUE_WORD, _read_vague),
)
