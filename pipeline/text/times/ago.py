"""Times by their distance: 3年前, 数日後, 10年以上前, 半年後."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pipeline.text.numerals import NUMERAL, bounded, prefixes, suffixes
from pipeline.text.times.arithmetic import shift
from pipeline.text.times.context import Context
from pipeline.text.times.fragments import REACH, numeral
from pipeline.text.times.lengths import HALF, HALF_UNITS, bare_unit, length
from pipeline.text.times.reader import FoundTime, Reader

_ABOUT: Final = "以上|ほど|余り|近く|くらい|程度"
_AGO: Final = re.compile(
    rf"(?<![\dA-Za-z.,第])(?:(?P<n>{NUMERAL}) ?(?P<unit>年|[カヶケかヵ箇個]月|週間|週|日|時間|分|秒|世紀)(?P<half>半)?|(?P<half_unit>半年|半月|半日|半世紀))"
    rf"(?P<about>{_ABOUT})?(?P<way>前|後|先)(?!半|後|年|月|週|日|期|場|線|提|進|倒|身|頭|夜|継|退|任|輩|方|立|述|者|回|例|端|行|生|ろ)",
    re.ASCII,
)
# What stands before a distance that is not counted from the day of writing: その3年前.
_FROM_ELSEWHERE: Final = re.compile(r"(?:の|から|その|より)\Z")


@dataclass(frozen=True, slots=True)
class _Distance:
    """``count`` is the number of whole units; None where it is vague or not whole."""

    unit: str
    english: str
    count: int | None


def _read_ago(match: re.Match[str], context: Context) -> FoundTime | None:
    distance = _distance(match)
    if distance is None:
        return None
    begin, bounds = prefixes(context.text, match.start(), context.floor)
    bounds += suffixes(context.text, match.start("about"))[1] if match["about"] else []
    elsewhere = _is_from_elsewhere(match, context, begin)
    way = {"前": "before" if elsewhere else "ago", "後": "later", "先": "ahead"}[match["way"]]
    value = None
    if context.anchor and distance.count is not None and not elsewhere and not match["about"]:
        value = shift(context.anchor, distance.unit, -distance.count if match["way"] == "前" else distance.count)
    return FoundTime(begin, match.end(), "date", value, bounded(f"{distance.english} {way}", bounds))


def _distance(match: re.Match[str]) -> _Distance | None:
    """How far it is; None where the match is none, such as 十分前."""
    if unit := match["half_unit"]:
        return _Distance(unit, HALF_UNITS[unit][1], 1)
    number, unit = numeral(match["n"]), bare_unit(match["unit"])
    if number is None or (unit in ("分", "秒") and 0 < number.kanji < len("二十")):
        return None
    value, half = number.value, HALF if match["half"] else Decimal(0)
    count = int(value) if value is not None and value == value.to_integral_value() and not half else None
    return _Distance(unit, length(number, unit, half)[1], count)


def _is_from_elsewhere(match: re.Match[str], context: Context, begin: int) -> bool:
    """Whether it counts from something else than the day of writing: 発売の3年前, and 後 after a date with its year."""
    before = _FROM_ELSEWHERE.search(context.text, max(0, begin - REACH), begin)
    return before is not None or (match["way"] == "後" and context.stated)


READERS: Final = (Reader(("前", "後", "先"), _AGO, _read_ago),)
