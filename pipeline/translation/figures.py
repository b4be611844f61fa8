"""Are the figures and dates of the Japanese in the English, and no others?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from pipeline.text.numerals import fold, match_numeral
from pipeline.translation.numbers import Number, read_english, read_japanese

_MINUS: Final = re.compile(r"(?:-|−|\bminus |\bnegative )(?=[$¥€£]? ?\d)", re.IGNORECASE)
_LOSS: Final = re.compile(
    r"\b(?:deficits?|loss(?:es)?|los[et]|shortfalls?|red|f[ae]ll(?:en|s|ing)?|drop\w*|declin\w+|decreas\w+|shr[aiu]nk\w*"
    r"|contract\w+|down|cuts?|cutting|reduc\w+|outflows?|negative|minus)\b",
    re.IGNORECASE,
)
_DIGITS: Final = re.compile(r"\d+")
_WHOLE_NUMBER: Final = re.compile(r"(?<![\d.,])\d{1,40}(?![\d]|[.,]\d)", re.ASCII)
_DOTTED: Final = re.compile(r"(?<=\d)・(\d{1,40}+)(?![\d・])", re.ASCII)  # the second half of 2・5
# A Roman number of two letters and more: Chapter IV, World War II.
_ROMAN: Final = re.compile(r"\b(?=[IVX]{2,5}\b)(X{0,2})(IX|IV|V?I{0,3})\b")
_ROMAN_ONES: Final = {"": 0, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9}
_SHORT_YEAR: Final = re.compile(r"[’'](\d\d)(?!\d)")

MONTHS: Final = ("January February March April May June July August September October November December").split()
_MONTH: Final = re.compile(
    r"\b(?:(Jan)(?:uary)?|(Feb)(?:ruary)?|(Mar)(?:ch)?|(Apr)(?:il)?|(May)|(June?)|(July?)|(Aug)(?:ust)?|(Sep)t?(?:ember)?"
    r"|(Oct)(?:ober)?|(Nov)(?:ember)?|(Dec)(?:ember)?)\b"
)
# May and March are words and names too: they are months beside a figure or after a word that places in time.
_WORDLIKE: Final = re.compile(
    r"(?:\b(?:in|of|since|by|until|till|from|to|during|last|next|this|late|early|mid|through|between|and|every|for|\d+(?:st|nd|rd|th)?)[ -]"
    r"|-)\Z",
    re.IGNORECASE,
)
_JAPANESE_MONTH: Final = re.compile(r"(\d{1,2})(?:月|[、,・~〜～―–-](?=\d{1,2}月))|([一二三四五六七八九十]{1,2})月")
# Words of the source behind which a month may stand in the English.
_MONTH_MEANT: Final = re.compile(r"月|年[末始初度]|正月|元[日旦]|[春夏秋冬]|(?:上|下|前|後)期|四半期|大みそか|GW|師走")
_NUMERIC_DATE: Final = re.compile(r"\d[./-]\d")
_WEEKDAYS: Final = {
    "月曜": "Monday", "火曜": "Tuesday", "水曜": "Wednesday", "木曜": "Thursday", "金曜": "Friday", "土曜": "Saturday", "日曜": "Sunday",
}  # fmt: skip
_WEEKDAY: Final = re.compile(r"(?<!Black )(?<!Cyber )(?<!Good )\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b")
_WEEKDAY_MEANT: Final = re.compile(
    r"曜|[(（][月火水木金土日][)）]|[月火水木金土日][~〜～・][月火水木金土日]|週[明末]|土日"
)
# Times that count from now, and the English that would place them elsewhere.
_RELATIVE: Final = (
    ("昨年|去年|前年", r"\b(?:this|next) year\b|\bthe following year\b",
     r"\b(?:last|previous|past|prior|preceding) year|\byear (?:ago|earlier|before)\b|\byear-(?:on|over)-year\b"
     r"|\ba year\b|\byear-earlier"),
    ("今年|本年|ことし", r"\b(?:last|next|previous) year\b", r"\b(?:this|current) year\b"),
    ("来年|翌年", r"\b(?:last|this|previous) year\b", r"\b(?:next|following|coming) year\b|\byear (?:after|later)\b"),
    ("先月|前月", r"\b(?:this|next) month\b", r"\b(?:last|previous|past) month\b|\bmonth (?:ago|earlier|before)\b|month-on-month"),
    ("今月", r"\b(?:last|next|previous) month\b", r"\bthis month\b"),
    ("来月|翌月", r"\b(?:last|this|previous) month\b", r"\b(?:next|following|coming) month\b"),
    ("先週|前週", r"\b(?:this|next) week\b", r"\b(?:last|previous|past) week\b|\bweek (?:ago|earlier|before)\b"),
    ("今週", r"\b(?:last|next|previous) week\b", r"\bthis week\b"),
    ("来週|翌週", r"\b(?:last|this|previous) week\b", r"\b(?:next|following|coming) week\b"),
    ("昨日|きのう", r"\b(?:today|tomorrow)\b", r"\byesterday\b"),
    ("明日|あした|あす", r"\b(?:today|yesterday)\b", r"\btomorrow\b"),
)  # fmt: skip


class Figure(NamedTuple):
    """A quantity or time of the source, and its exact English."""

    japanese: str
    english: str


class Numeral(NamedTuple):
    """A number in digits that no quantity and no time holds, and what it may be: 2・5 is 2.5, or 2 and 5."""

    japanese: str
    readings: tuple[tuple[Fraction, ...], ...]


def bare_numerals(text: str, covered: Iterable[tuple[int, int]]) -> list[Numeral]:
    """The numbers in digits outside the covered spans: ages in brackets, scores, grades, list and model numbers.

    Args:
        text: Japanese.
        covered: spans (code points, end exclusive) whose English is seen to elsewhere.
    """
    folded, taken, position = fold(text), list(covered), 0
    found = []
    while match := _DIGITS.search(folded, position):
        start = match.start()
        numeral = match_numeral(folded, start)
        end = numeral.end if numeral else match.end()
        fraction = _DOTTED.match(folded, end)
        position = fraction.end() if fraction else end
        if numeral is None or numeral.value is None or any(a < position and start < b for a, b in taken):
            continue
        whole = Fraction(numeral.value)
        readings: tuple[tuple[Fraction, ...], ...] = ((whole,),)
        if fraction:
            readings = ((whole + Fraction(f"0.{fraction[1]}"),), (whole, Fraction(fraction[1])))
        found.append(Numeral(text[start:position], readings))
    return found


def number_faults(source: str, english: str, figures: Sequence[Figure], numerals: Sequence[Numeral] = ()) -> list[str]:
    """Figures that are missing, have another unit of measure, lost their minus, or are in the English alone.

    Args:
        source: the Japanese.
        english: its translation.
        figures: the quantities and times of the source.
        numerals: further numbers that the English must have, with any unit.
    """
    written = read_english(english, names=source)
    required = {figure: [read_english(form, names=source) for form in _forms(figure.english)] for figure in figures}
    faults = []
    for figure, forms in required.items():
        missing = min(([n for n in form if _is_required(n) and not _is_in(n, written)] for form in forms), key=len)
        faults += [f"{figure.japanese} → {n.text} is missing" for n in missing]
        faults += [f"{figure.japanese} → {n.text} stands with another unit" for n in _mismeasured(forms[0], written)]
        if _MINUS.search(figure.english) and not (_MINUS.search(english) or _LOSS.search(english)):
            faults.append(f"{figure.japanese} → a minus is missing")
    faults += _ordinal_years(figures, english)
    faults += [f"{numeral.japanese} is missing" for numeral in _unwritten(numerals, written, english)]
    values, magnitudes = read_japanese(source)
    for number in (number for forms in required.values() for form in forms for number in form):
        (magnitudes if number.vague else values).update(number.values)
    added = [n.text for n in written if n.firm and n.values.isdisjoint(magnitudes if n.vague else values)]
    return list(dict.fromkeys(faults)) + [f"{text} is not in the source" for text in added]


def _ordinal_years(figures: Iterable[Figure], english: str) -> Iterator[str]:
    """Years of two digits that the English has as ordinals alone: 22年度, "the 22nd fiscal year"."""
    for figure in figures:
        for year in _SHORT_YEAR.findall(figure.english):
            ordinal = re.search(rf"\b{int(year)}(?:st|nd|rd|th)\b", english)
            if ordinal and not re.search(rf"{year}(?!\d|st|nd|rd|th)", english):
                yield f"{figure.japanese} → {ordinal[0]} is no year"


def _unwritten(numerals: Iterable[Numeral], written: Iterable[Number], english: str) -> Iterator[Numeral]:
    """The numerals that the English has neither by value nor by their digits. A 1 may be "a" or "first", or nothing."""
    there = {value for number in written for value in number.values} | {Fraction(1)}
    there |= {Fraction(month) for month in _months(english)}
    there |= {Fraction(int(digits)) for digits in _WHOLE_NUMBER.findall(english)}
    there |= {Fraction(10 * len(m[1]) + _ROMAN_ONES[m[2]]) for m in _ROMAN.finditer(english)}
    yield from (n for n in numerals if not any(there.issuperset(reading) for reading in n.readings))


def date_faults(source: str, english: str, figures: Sequence[Figure]) -> list[str]:
    """Months, days of the week and relative times that are missing, in the English alone, or moved."""
    source = unicodedata.normalize("NFKC", source)
    there = set(_months(english))
    wanted = {month: figure.japanese for figure in figures for month in _months(figure.english)}
    faults = []
    if not _NUMERIC_DATE.search(english):
        faults += [f"{ja} → {MONTHS[m - 1]} is missing" for m, ja in wanted.items() if m not in there]
    known = wanted.keys() | set(_japanese_months(source))
    if known or not _MONTH_MEANT.search(source):
        faults += [f"{MONTHS[month - 1]} is not in the source" for month in sorted(there - known)]
    days = {match[0].removesuffix("s") for match in _WEEKDAY.finditer(english)}
    named = {day: ja for ja, day in _WEEKDAYS.items() if ja in source}
    faults += [f"{ja} → {day} is missing" for day, ja in named.items() if day not in days]
    if named or not _WEEKDAY_MEANT.search(source):
        faults += [f"{day} is not in the source" for day in sorted(days - named.keys())]
    return faults + list(_moved(source, english))


def _moved(source: str, english: str) -> Iterator[str]:
    meant = [(re.search(ja, source), moved, kept) for ja, moved, kept in _RELATIVE]
    present = [(match, moved, kept) for match, moved, kept in meant if match]
    for match, moved, kept in present:
        elsewhere = re.search(moved, english, re.IGNORECASE)
        if not elsewhere or re.search(kept, english, re.IGNORECASE):
            continue
        if not any(re.search(k, elsewhere[0], re.IGNORECASE) for m, _, k in present if m is not match):
            yield f"{match[0]} → {elsewhere[0]!r} is another time"


def _months(english: str) -> Iterator[int]:
    for match in _MONTH.finditer(english):
        month = next(i for i, group in enumerate(match.groups(), start=1) if group)
        after = re.match(r",? ?\d", english[match.end() :])
        if match[0] not in ("May", "March", "Mar", "Jan") or after or _WORDLIKE.search(english[: match.start()]):
            yield month


def _japanese_months(source: str) -> Iterator[int]:
    for match in _JAPANESE_MONTH.finditer(source):
        if match[1]:
            yield int(match[1])
        elif (numeral := match_numeral(match[2], 0)) and numeral.value is not None:
            yield int(numeral.value)


def _is_in(number: Number, written: Iterable[Number]) -> bool:
    return any(number.matches(other) for other in written)


def _mismeasured(required: Iterable[Number], written: Sequence[Number]) -> list[Number]:
    """Numbers whose equals in the English all stand with another unit of measure."""
    wrong = []
    for number in required:
        same = [other for other in written if number.measure and number.matches(other)]
        if same and all(other.measure not in ("", number.measure) for other in same):
            wrong.append(number)
    return wrong


def _forms(figure: str) -> list[str]:
    """A figure as given; where it holds a year of two digits whose century is not known, also with either century."""
    return [figure, *(_SHORT_YEAR.sub(rf"{century}\1", figure) for century in (20, 19) if _SHORT_YEAR.search(figure))]


def _is_required(number: Number) -> bool:
    """One of something may be "a", "the only" or nothing in English; ordinals and halves have many forms too.

    The minutes of a full hour (5:00) are often left out.
    """
    return number.firm and number.text != "00" and any(value != 1 or unit for value, unit in number.readings)
