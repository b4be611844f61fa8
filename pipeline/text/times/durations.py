"""Lengths of time with what bounds, frames or counts them: 10年間, 約3カ月, 1~2年, 今後10年以内, 3カ月ごと, 2泊3日."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from pipeline.record import TimeKind
from pipeline.text.numerals import NUMERAL, Numeral, alternatives, bounded, prefixes, spell_range, suffixes
from pipeline.text.times.context import Context
from pipeline.text.times.english import ordinal, plural
from pipeline.text.times.fragments import YEAR, numeral
from pipeline.text.times.lengths import HALF, HALF_UNITS, NOT_PER, UNIT, UNITS, bare_unit, length
from pipeline.text.times.reader import FoundTime, Reader, whole

# {} is the duration.
_FRAMES: Final = {
    "過去": "the past {}", "今後": "the next {}", "向こう": "the next {}", "この": "the last {}", "ここ": "the last {}",
    "直近": "the most recent {}",
}  # fmt: skip
_FRAME_BEFORE: Final = re.compile(rf"({'|'.join(_FRAMES)})の? ?\Z")
_FRAME_REACH: Final = 5  # code points: the longest frame with の and a space
_ROUGHLY: Final = "on the order of"  # 3年単位で is every three years
_AFTER: Final = re.compile(
    "(?P<every>ごと|毎|おき)|(?P<once>に(?:一度|1度|1回|一回))|(?P<row>連続)|(?P<first>ぶり)|(?P<nth>目(?!標|的|安|指))|(?P<bond>債|物(?!語)|国債)"
)
_DURATION: Final = re.compile(
    rf"(?<![\dA-Za-z.,第])(?<!分の)(?:(?P<first>{NUMERAL}) ?(?P<first_unit>{UNIT})? ?(?P<sep>[~-]|から|(?<=\d)ー(?=\d)) ?|(?P<adjacent>[1-9一二三四五六七八九])[、,])?"
    rf"(?P<n>{NUMERAL})(?P<over>余り?)? ?(?P<unit>{UNIT})(?P<half>半(?!ば|期|分|径|端|額|年))?(?:(?P<n2>\d{{1,2}}) ?(?P<unit2>{UNIT}))?",
    re.ASCII,
)
# 1年6カ月, 1時間20分.
_COMPOUNDS: Final = {("年", "月"), ("月", "日"), ("日", "時間"), ("時間", "分"), ("分", "秒")}
_YEAR_ALONE: Final = re.compile(YEAR, re.ASCII)
_HALF_UNIT: Final = re.compile(
    rf"(?<![\d前後上下数])(?P<unit>{alternatives(HALF_UNITS)})間?(?!減|額|端|径|分|数){NOT_PER}"
)
_OVERNIGHT: Final = re.compile(r"(?<![\d.])(\d{1,2})泊(\d{1,2})日", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Length:
    """A length of time at ``start`` to ``end``; ``number`` counts its units where it is one exact number of them."""

    start: int
    end: int
    unit: str
    value: str | None
    english: str
    number: Decimal | None = None

    @property
    def unit_english(self) -> str:
        """One of its units in English."""
        return UNITS[self.unit][2]

    @property
    def is_one(self) -> bool:
        """Whether it is one unit long."""
        return self.number == 1

    @property
    def count(self) -> int:
        """How many units it has; 0 where that is not known."""
        return int(self.number) if self.number is not None else 0

    @property
    def each(self) -> str:
        """Its English after "every"."""
        return self.unit_english if self.is_one else self.english


def _read_duration(match: re.Match[str], context: Context) -> FoundTime | None:
    """10年間, 約3カ月, 1~2年, 今後10年以内, 3カ月ごと, 3年連続, 1時間20分."""
    number, unit = numeral(match["n"]), bare_unit(match["unit"])
    if number is None:
        return None
    if (both := _range(match, context, number, unit)) and (found := _in_context(both, context)):
        return found
    if not _is_duration(match, number, unit):
        return None
    single = _compound(match, number, unit) or _single(match, number, unit)
    if match["over"]:
        single = replace(single, english=f"just over {single.english}")
    if match["unit"] == "周年":
        anniversary = f"the {ordinal(single.count)} anniversary"
        return FoundTime(single.start, single.end, "duration", single.value, anniversary) if single.count else None
    return _in_context(single, context)


def _single_end(match: re.Match[str]) -> int:
    """Where one number of units ends."""
    return match.end("half") if match["half"] else match.end("unit")


def _is_duration(match: re.Match[str], number: Numeral, unit: str) -> bool:
    """Whether it is a length of time without doubt, or the words around it make it one.

    十分 may be "enough", 三日 a day of the month, 2026年 a year.
    """
    text, start, end = match.string, match.start("n"), _single_end(match)
    if unit == "日" and start and text[start - 1] == "月":
        return False
    if not (number.kanji and unit in ("分", "日", "秒")) and not (unit == "年" and _YEAR_ALONE.fullmatch(match["n"])):
        return True
    after = _AFTER.match(text, end)
    return match["unit"].endswith("間") or bool(suffixes(text, end)[1]) or (after is not None and not after["nth"])


def _single(match: re.Match[str], number: Numeral, unit: str) -> _Length:
    """10年, 1年半."""
    value, english = length(number, unit, HALF if match["half"] else Decimal(0))
    exact = None if match["half"] else number.value
    return _Length(match.start("n"), _single_end(match), unit, value, english, exact)


def _compound(match: re.Match[str], number: Numeral, unit: str) -> _Length | None:
    """1時間20分; None where the match has no second number, or one of a unit that does not follow the first."""
    smaller = bare_unit(match["unit2"]) if match["n2"] else ""
    rest = numeral(match["n2"]) if (unit, smaller) in _COMPOUNDS and not match["half"] else None
    if rest is None:
        return None
    value, english = length(number, unit)
    below, below_english = length(rest, smaller)
    if not value or not below:
        return None
    joined = value + below.removeprefix("PT" if "T" in value else "P")
    return _Length(match.start("n"), match.end("unit2"), unit, joined, f"{english} {below_english}")


def _range(match: re.Match[str], context: Context, last: Numeral, unit: str) -> _Length | None:
    """Both ends of 1~2年 and 2、3年; of 1年から3年に, which tells of a change, the first alone; None of one number."""
    first = numeral(match["first"] or match["adjacent"] or "")
    if first is None or (match["adjacent"] and first.low + 1 != last.low):
        return None
    first_unit = bare_unit(match["first_unit"]) if match["first_unit"] else unit
    start, end = match.start(), match.end("unit")
    if match["sep"] == "から":
        if not context.text.startswith("まで", end):
            if not match["first_unit"]:
                return None
            return _Length(start, match.end("first_unit"), first_unit, *length(first, first_unit))
        end += len("まで")
    (low, low_english), (high, high_english) = length(first, first_unit), length(last, unit)
    value = f"{low}/{high}" if low and high else None
    english = f"{low_english} to {high_english}"
    if first_unit == unit and first.value is not None and last.value is not None:
        english = f"{spell_range(first.value, last.value) or english} {plural(UNITS[unit][2])}"
    return _Length(start, end, unit, value, english)


def _in_context(found: _Length, context: Context) -> FoundTime | None:
    """A length of time with what stands around it: its frame, its bounds, and what makes it a set or an ordinal."""
    text, end, bounds = context.text, found.end, list[str]()
    after = _AFTER.match(text, end)
    if after is None:
        end, bounds = suffixes(text, end)
        after = _AFTER.match(text, end)
    begin, before = prefixes(text, found.start, context.floor)
    if after and after["nth"]:
        english = f"the {ordinal(found.count)} {found.unit_english}"
        return FoundTime(found.start, after.end(), "date", None, english) if found.count else None
    if after and after["bond"]:
        english = f"{found.count}-{found.unit_english}"
        return FoundTime(found.start, end, "duration", found.value, english) if found.count else None
    kind, value, english = _followed(found, after)
    if after:
        end = after.end()
    elif _ROUGHLY in bounds and text.startswith(("で", "に"), end):
        kind, english, bounds = "set", f"every {found.each}", [b for b in bounds if b != _ROUGHLY]
    if frame := _FRAME_BEFORE.search(text, max(context.floor, begin - _FRAME_REACH), begin):
        begin, english = frame.start(), _FRAMES[frame[1]].format(english)
    return FoundTime(begin, end, kind, value, bounded(english, before + bounds))


def _followed(found: _Length, after: re.Match[str] | None) -> tuple[TimeKind, str | None, str]:
    """Kind, value and English with what follows: 3カ月ごと, 1年おき, 4年に一度, 3年連続, 10年ぶり."""
    value, english = found.value, found.english
    if after is None:
        return "duration", value, english
    if after["every"] == "おき" and found.is_one:
        other = "P6M" if value == "P3M" else value and value.replace("1", "2")  # a quarter is three months
        return "set", other, f"every other {found.each}"
    if after["every"] == "おき":
        return "set", value if value and value.startswith("PT") else None, f"at intervals of {english}"
    if after["every"]:
        return "set", value, f"every {found.each}"
    if after["once"]:
        return "set", value, f"once every {found.each}"
    if after["row"]:
        return "duration", value, english.replace(" ", " consecutive ", 1)
    return "duration", value, f"the first time in {english}"


def _read_half(match: re.Match[str], context: Context) -> FoundTime | None:
    """半年, 半世紀ぶり, 半年ごと."""
    return _in_context(_Length(match.start(), match.end(), "年", *HALF_UNITS[match["unit"]]), context)


def _read_overnight(match: re.Match[str], _: Context) -> FoundTime:
    """2泊3日."""
    nights, days = int(match[1]), int(match[2])
    english = f"{nights} night{'s' * (nights != 1)} and {days} day{'s' * (days != 1)}"
    return whole(match, "duration", f"P{days}D", english)


READERS: Final = (
    Reader(("泊",), _OVERNIGHT, _read_overnight),
    Reader(("年", "月", "週", "日", "時間", "分", "秒", "世紀", "四半期"), _DURATION, _read_duration),
    Reader(("半",), _HALF_UNIT, _read_half),
)
