"""Numbers in an English text and in its Japanese source, compared by value.

"8.2 billion", "8,200 million" and "8200000000" are one number; "doubled" is 2, "two-thirds" is 2/3, and "tens of
trillions" is the magnitude 10^13, which is not the number 10^13. Values are exact fractions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from pipeline.text.numerals import fold, match_numeral


@dataclass(frozen=True, slots=True)
class Number:
    """A number of an English text.

    Attributes:
        text: how it is written.
        readings: what it may stand for, value and unit: the first end of "4.8–6 trillion yen" is 4.8 or 4.8 trillion,
            of yen or of nothing. A unit is ``%``, a currency such as ``JPY``, or "" for anything else.
        vague: it names a magnitude only.
        firm: it can only be a number; "first", "one" and "half" may be something else.
        measure: the unit that follows where it is one of :data:`MEASURES`, else "": ``km`` in "300 kilometers".
    """

    text: str
    readings: frozenset[tuple[Fraction, str]]
    vague: bool = False
    firm: bool = True
    measure: str = ""

    def matches(self, other: Number) -> bool:
        """Whether both can be the same figure: value, unit and precision."""
        return self.vague == other.vague and not self.readings.isdisjoint(other.readings)

    @property
    def values(self) -> set[Fraction]:
        """The values alone."""
        return {value for value, _ in self.readings}


def _count(names: str, first: int) -> dict[str, Fraction]:
    return {name: Fraction(first + i) for i, name in enumerate(names.split())}


_ONES: Final = _count(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen", 0,
)  # fmt: skip
_TENS: Final = {
    name: value * 10 for name, value in _count("twenty thirty forty fifty sixty seventy eighty ninety", 2).items()
}
_SCALES: Final = {
    "hundred": Fraction(100), "thousand": Fraction(10**3), "million": Fraction(10**6), "billion": Fraction(10**9),
    "trillion": Fraction(10**12), "quadrillion": Fraction(10**15), "mn": Fraction(10**6), "bn": Fraction(10**9),
}  # fmt: skip
_MAGNITUDES: Final = {"tens": Fraction(10), "dozens": Fraction(10)} | {f"{n}s": value for n, value in _SCALES.items()}
_VAGUE: Final = frozenset({"several", "few", "many", "some"})
_ORDINALS: Final = _count(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth", 1
) | {"twentieth": Fraction(20), "hundredth": Fraction(100)}  # fmt: skip
# Denominators; "second" is none.
_PARTS: Final = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4} | {
    name + plural: int(value) for name, value in _ORDINALS.items() if value > 2 for plural in ("", "s")
}
_MULTIPLES: Final = {
    form: Fraction(value)
    for stem, value in (("doubl", 2), ("tripl", 3), ("quadrupl", 4))
    for form in (f"{stem}e", f"{stem}es", f"{stem}ed", f"{stem}ing")
} | {"twice": Fraction(2)}
# Words that may, but need not, stand for a number; decades are those of an age (50代: in his fifties).
_LOOSE: Final = (
    dict.fromkeys(("half", "halve", "halves", "halved", "halving"), Fraction(1, 2))
    | dict.fromkeys(("both", "pair", "couple", "twin", "twins", "duo"), Fraction(2))
    | dict.fromkeys(("midnight", "noon"), Fraction(12))
    | {"sevens": Fraction(7), "dozen": Fraction(12)}
    | {"decade": Fraction(10), "century": Fraction(100)}
    | {name.removesuffix("y") + "ies": value for name, value in _TENS.items()}
    | _ORDINALS
)
_UNITS: Final = {
    "¥": "JPY", "yen": "JPY", "jpy": "JPY", "$": "USD", "dollar": "USD", "dollars": "USD", "usd": "USD", "€": "EUR",
    "euro": "EUR", "euros": "EUR", "£": "GBP", "pound": "GBP", "pounds": "GBP", "yuan": "CNY", "renminbi": "CNY",
    "won": "KRW",
    "%": "%", "percent": "%", "per cent": "%", "percentage": "%",
}  # fmt: skip

# Units of measure by their written forms. What is counted (people, cars) is not here: it may be called many things.
MEASURES: Final = {
    form: unit
    for unit, forms in {
        "km": "km kilometer kilometers kilometre kilometres", "mile": "mile miles", "m": "m meter meters metre metres",
        "cm": "cm centimeter centimeters centimetre centimetres", "mm": "mm millimeter millimeters millimetre millimetres",
        "nm": "nm nanometer nanometers nanometre nanometres", "foot": "foot feet ft", "inch": "inch inches",
        "kg": "kg kilogram kilograms kilo kilos", "g": "gram grams", "mg": "mg milligram milligrams",
        "ton": "ton tons tonne tonnes", "W": "w watt watts", "kW": "kw kilowatt kilowatts",
        "MW": "mw megawatt megawatts", "GW": "gw gigawatt gigawatts", "TW": "tw terawatt terawatts", "Wh": "wh",
        "kWh": "kwh", "MWh": "mwh", "GWh": "gwh", "TWh": "twh", "KB": "kb kilobyte kilobytes",
        "MB": "mb megabyte megabytes", "GB": "gb gigabyte gigabytes", "TB": "tb terabyte terabytes",
        "second": "second seconds", "minute": "minute minutes", "hour": "hour hours", "day": "day days",
        "week": "week weeks", "month": "month months", "year": "year years", "century": "century centuries",
        "hectare": "hectare hectares", "acre": "acre acres", "liter": "liter liters litre litres",
        "barrel": "barrel barrels", "%": "percent percentage",
    }.items()
    for form in forms.split()
}  # fmt: skip

# Longer runs of digits are read in pieces: Python refuses integers of more than 4,300.
_START: Final = re.compile(
    r"(?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3}){1,99}(?![0-9])|[0-9]{1,99})(?:\.[0-9]{1,99})?)|[^\W\d_]+"
)
_FRACTION: Final = re.compile(r"([0-9]{1,99})/([1-9][0-9]{0,99})(?![0-9/])")
_SCALE: Final = re.compile(rf"[ -]?({'|'.join(_SCALES)})\b", re.IGNORECASE)
_LONG_TIME: Final = re.compile(r"[ -](?:(decades?)|centur(?:y|ies))\b", re.IGNORECASE)  # two decades are 20 years
_NEXT_WORD: Final = re.compile(r"[ -]([^\W\d_]+)")
_UNIT: Final = re.compile(
    rf" ?(%)|(?: of |[ -])({'|'.join(unit for unit in _UNITS if unit.isascii() and unit[0].isalpha())})\b",
    re.IGNORECASE,
)
_MEASURE: Final = re.compile(r"[ -]?([A-Za-z]+)(?![A-Za-z/])")
_CURRENCY_BEFORE: Final = re.compile(r"([$¥€£]) ?\Z")
_NAME_BEFORE: Final = re.compile(r"([^\W\d_]+)-?\Z")
# Between the ends of a range or the items of a list, which share scale and unit.
_LINK: Final = re.compile(r" ?(?:[–—~-]|to|and|or|,)(?: and| or)? ?[$¥€£]?")
_ONE: Final = Fraction(1)
_MOST_WORDS: Final = 12
_BEFORE: Final = 24  # code points looked at before a number: longer than any name or sign that matters


@dataclass(frozen=True, slots=True)
class _Found:
    """A number at ``text[start:end]``, and the factor of its scale words."""

    number: Number
    scale: Fraction
    start: int
    end: int


def read_english(text: str, names: str = "") -> list[Number]:
    """The numbers of an English text, in order.

    Args:
        text: the English.
        names: a text whose Latin names count: the digits of H100 are firm if a name with H stands there too; those of
            COVID-19 are part of a name if COVID does not.
    """
    text = unicodedata.normalize("NFKC", text).replace("⁄", "/")
    found = list(_scan(text, unicodedata.normalize("NFKC", names).casefold()))
    return [
        _shared(
            one, [other for other in found[max(0, i - 1) : i + 2] if other is not one and _linked(text, one, other)]
        )
        for i, one in enumerate(found)
    ]


def _scan(text: str, names: str) -> Iterator[_Found]:
    position = 0
    while match := _START.search(text, position):
        found = _read_digits(text, match, names) if match["digits"] else _read_words(text, match)
        if found:
            yield found
        position = found.end if found else match.end()


def _read_digits(text: str, digits: re.Match[str], names: str) -> _Found:
    start, end = digits.span()
    before = text[max(0, start - _BEFORE) : start]
    if (fraction := _FRACTION.match(text, start)) and not before.endswith("/"):
        return _found(text, start, fraction.end(), Fraction(int(fraction[1]), int(fraction[2])))
    value, scale = Fraction(digits.group().replace(",", "")), _ONE
    while match := _SCALE.match(text, end):
        scale, end = scale * _SCALES[match[1].lower()], match.end()
    name = _NAME_BEFORE.search(before)
    firm = name is None or name[1].islower() or name[1].casefold() in names
    return _found(text, start, end, value * scale, scale=scale, firm=firm)


def _read_words(text: str, first: re.Match[str]) -> _Found | None:
    """A number in words that begins with the matched word, None if there is none."""
    words, ends = [first.group().lower()], [first.end()]
    while match := _NEXT_WORD.match(text, ends[-1]):
        words.append(match[1].lower())
        ends.append(match.end())
        if len(words) > _MOST_WORDS:
            break
    start = first.start()
    if words[0] in _MULTIPLES:
        return _found(text, start, ends[0], _MULTIPLES[words[0]])
    if words[0] in _LOOSE:
        return _found(text, start, ends[0], _LOOSE[words[0]], firm=False)
    return _read_magnitude(text, start, words, ends) or _read_cardinal(text, start, words, ends)


def _read_magnitude(text: str, start: int, words: list[str], ends: list[int]) -> _Found | None:
    """Several hundred million, tens of trillions, thousands."""
    i = 1 if words[0] in _VAGUE else 0
    scale, last = Fraction(1), -1
    while i < len(words) and (words[i] in _MAGNITUDES or (words[0] in _VAGUE and words[i] in _SCALES)):
        scale *= _MAGNITUDES.get(words[i]) or _SCALES[words[i]]
        last = i
        i += 2 if words[i + 1 : i + 2] == ["of"] else 1
    return None if last < 0 else _found(text, start, ends[last], scale, vague=True)


def _read_cardinal(text: str, start: int, words: list[str], ends: list[int]) -> _Found | None:
    """Twenty-five, three hundred and two thousand, a million, two-thirds, tenfold."""
    total, current, scale, used = Fraction(0), Fraction(0), Fraction(1), 0
    for i, word in enumerate(words):
        stem = word.removesuffix("fold")
        if stem in _ONES or stem in _TENS:
            current += _ONES.get(stem, _TENS.get(stem, Fraction(0)))
        elif word in ("a", "an") and i == 0 and words[1:2] and words[1] in _SCALES:
            current = Fraction(1)
            continue
        elif word in _SCALES and i > 0 and current:
            scale = _SCALES[word]
            total, current = (total, current * scale) if scale == 100 else (total + current * scale, Fraction(0))
        elif word == "and" and i and words[i - 1] in _SCALES and words[i + 1 : i + 2] and _is_small(words[i + 1]):
            continue
        else:
            break
        used = i + 1
    if not used:
        return _read_part(text, start, words, ends)
    value = total + current
    if words[used - 1] in _TENS and words[used : used + 1] and words[used] in _ORDINALS:
        return _found(text, start, ends[used], value + _ORDINALS[words[used]], firm=False)
    if words[used : used + 1] and words[used] in _PARTS:
        return _found(text, start, ends[used], value / _PARTS[words[used]])
    return _found(text, start, ends[used - 1], value, scale=scale, firm=value != 1)


def _read_part(text: str, start: int, words: list[str], ends: list[int]) -> _Found | None:
    """A fifth of, a quarter of."""
    if words[0] in ("a", "an") and words[2:3] == ["of"] and words[1] in _PARTS:
        return _found(text, start, ends[1], Fraction(1, _PARTS[words[1]]), firm=False)
    return None


def _is_small(word: str) -> bool:
    return word in _ONES or word in _TENS


def _found(
    text: str, start: int, end: int, value: Fraction, *, scale: Fraction = _ONE, vague: bool = False, firm: bool = True
) -> _Found:
    """A number with the unit that stands around it. 20% is also one fifth."""
    sign = _CURRENCY_BEFORE.search(text, max(0, start - _BEFORE), start)
    if sign:
        start, unit = sign.start(), _UNITS[sign[1]]
    elif match := _UNIT.match(text, end):
        end, unit = match.end(), _UNITS[(match[1] or match[2]).lower()]
    else:
        unit = ""
    readings = {(value, unit)} | ({(value / 100, "")} if unit == "%" else set())
    if age := _LONG_TIME.match(text, end):
        readings.add((value * (10 if age[1] else 100), ""))
    after = _MEASURE.match(text, end)
    measure = "%" if unit == "%" else MEASURES.get(after[1].lower(), "") if after and not unit else ""
    return _Found(Number(text[start:end], frozenset(readings), vague, firm, measure), scale, start, end)


def _linked(text: str, one: _Found, other: _Found) -> bool:
    first, second = sorted((one, other), key=lambda found: found.start)
    return _LINK.fullmatch(text[first.end : second.start]) is not None


def _shared(found: _Found, linked: Iterable[_Found]) -> Number:
    """The number, also read with the scale and the units of those it is linked to."""
    number = found.number
    for other in linked:
        scales = {_ONE, other.scale} if found.scale == 1 and other.start > found.start else {_ONE}
        units = {unit for _, unit in other.number.readings}
        shared = {(value * scale, unit) for value, own in number.readings for scale in scales for unit in {own, *units}}
        number = replace(number, readings=number.readings | shared)
    return number


# Japanese ------------------------------------------------------------------------------------------------------------

_NUMERAL_START: Final = re.compile(r"[\d〇零一二三四五六七八九十百千数何幾]")
_JAPANESE_FRACTION: Final = re.compile(r"([0-9]{1,99})/([1-9][0-9]{0,99})")
_DECIMAL_DOT: Final = re.compile(r"(?<=[0-9])・(?=[0-9])")  # 1・5メートル; also a list: both readings count
_DIGIT_KANJI: Final = "〇一二三四五六七八九"
_SCALE_KANJI: Final = {"十": 10, "百": 10**2, "千": 10**3, "万": 10**4, "億": 10**8, "兆": 10**12}
# First years of the eras, less one: 令和6年 is 2024.
_ERAS: Final = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_JOIN: Final = re.compile(r"[~〜・、-]|から")
# Words that hold a number without a numeral.
_HIDDEN: Final = {
    "半世紀": (50,), "半年": (6,), "半": (Fraction(1, 2), 30), "倍": (2,), "両": (2,), "双": (2,), "ふたり": (2,), "ふたつ": (2,),
    "ダブル": (2,), "コンビ": (2,), "ペア": (2,), "夫婦": (2,), "夫妻": (2,), "トリプル": (3,), "みっつ": (3,),
    "初": (1,), "セブン": (7,), "ナイン": (9,), "イレブン": (11,), "四半期": (Fraction(1, 4),), "ゼロ": (0,), "無": (0,), "ダース": (12,), "世紀": (100,),
}  # fmt: skip


def read_japanese(text: str) -> tuple[set[Fraction], set[Fraction]]:
    """Every value, and every magnitude (数十, 万単位), that the English of a Japanese text may hold.

    Generous: where a numeral can be read in several ways, or stand in English for several numbers, all are given.
    """
    text = fold(unicodedata.normalize("NFKC", text))
    text += "\n" + _DECIMAL_DOT.sub(".", text)
    values = {Fraction(value) for word, some in _HIDDEN.items() if word in text for value in some}
    values |= {Fraction(_DIGIT_KANJI.index(c)) for c in text if c in _DIGIT_KANJI}
    values |= {Fraction(int(m[1]), int(m[2])) for m in _JAPANESE_FRACTION.finditer(text)}
    magnitudes = {Fraction(factor) for kanji, factor in _SCALE_KANJI.items() if kanji in text}
    position, previous = 0, None
    while match := _NUMERAL_START.search(text, position):
        numeral = match_numeral(text, match.start())
        if numeral is None:
            position = match.end()
            continue
        if numeral.value is None:
            magnitudes.add(Fraction(numeral.low) / 2)
        else:
            value = Fraction(numeral.value)
            values |= _readings(text, match.start(), numeral.end, value)
            if previous is not None and _JOIN.fullmatch(text[position : match.start()]):
                values.add(previous * numeral.scale)
            previous = value
        position = numeral.end
    return values, magnitudes


def _readings(text: str, start: int, end: int, value: Fraction) -> set[Fraction]:
    """What a Japanese number of this value may be in English."""
    readings = {value}
    after = text[end : end + 2]
    if after.startswith("割"):
        readings.add(value * 10)
        if more := re.match(r"割([\d一二三四五六七八九])分", text[end:]):
            readings.add(value * 10 + (int(more[1]) if more[1].isdecimal() else _DIGIT_KANJI.index(more[1])))
    if after == "分の" and value and (denominated := match_numeral(text, end + 2)) and denominated.value is not None:
        readings.add(Fraction(denominated.value) / value)
    if "半" in text[end : end + 3]:
        readings.add(value + Fraction(1, 2))
    if after.startswith("年"):
        readings |= {value + century for century in (1900, 2000) if value < 100}
        readings |= {value + before for era, before in _ERAS.items() if text[:start].endswith(era)}
    if after.startswith("時"):
        readings |= {value - 12, value + 12}
    return readings
