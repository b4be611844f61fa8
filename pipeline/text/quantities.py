"""Figures in Japanese text: what they are worth, in which unit, and their exact English.

Conventions:

* ``value`` is the stated figure, scale words multiplied out. ``low`` and ``high`` are set by ranges, by vague
  magnitudes (数十兆円: 20 to 90 trillion, the widest reading) and by bounds: 以上, 超, 少なくとも set ``low``, 以下, 未満,
  最大 set ``high``, whether or not the bound itself is included. A range and a vague magnitude have no ``value``.
* The bounds of an accounting minus are about its size: 最大▲45兆円 lies above -45 trillion.
* A span holds what its English says: sign, 約, 以上 and the like. Words that only colour the figure stay outside
  (わずか, しか: flag ``loaded``), and so does a verb that ends its clause: in 1兆円を超えた the verb sets ``low``, but
  neither span nor ``en`` holds it.
* 増 and 減 stay outside: 3割減 is 30%, not minus 30%.
* What is an ordinal (第23回, 3位, 2人目), a name (H100, レベル4), a date or an address is no figure.

Units, counters and the words that are none are in ``configs/units.tsv``. Positions are code points, end exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, get_args

from pipeline.config import config_dir
from pipeline.errors import ConfigError
from pipeline.record import QuantityKind
from pipeline.text.numerals import (
    ADDRESS,
    APPROXIMATE,
    EXACT,
    LOWER,
    UPPER,
    bounded,
    fold,
    magnitude,
    magnitude_english,
    match_numeral,
    plain,
    prefixes,
    spell,
    spell_range,
    suffixes,
    vague_english,
)

# vague: a magnitude, not a figure · loaded: わずか, たった, しか colour it · no_base: a multiple of something not named ·
# no_unit: a metric prefix alone (10P, 1E) · elided: a range whose first end left out unit or scale.
Flag = Literal["vague", "loaded", "no_base", "no_unit", "elided"]

COLUMNS: Final = ("surfaces", "kind", "unit", "english", "noun", "kanji", "not_before")


@dataclass(frozen=True, slots=True)
class FoundQuantity:
    """A figure at ``text[start:end]``; the fields are those of :class:`pipeline.record.Quantity`."""

    start: int
    end: int
    kind: QuantityKind
    value: int | float | None
    low: int | float | None
    high: int | float | None
    unit: str
    approximate: bool
    en: str
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversion:
    """One figure restated in another unit: 165億ドル(約2.4兆円).

    ``source`` and ``target`` index the quantities; ``low`` and ``high`` are target per source (yen per dollar),
    equal unless the figures are ranges.
    """

    source: int
    target: int
    low: float
    high: float


def find_quantities(text: str, taken: Sequence[tuple[int, int]] = ()) -> list[FoundQuantity]:
    """The figures of a text, in order and without overlap.

    Args:
        text: a sentence or a block; full-width digits and signs are understood.
        taken: ranges that belong to something else (times, names); no figure touches them.
    """
    folded = fold(text)
    if not _CANDIDATE.search(folded):
        return []
    barred = sorted([*taken, *(m.span() for m in _BARRED.finditer(folded))])
    found: list[FoundQuantity] = []
    at = 0
    while match := _CANDIDATE.search(folded, at):
        start = match.start()
        if (end := _covering(barred, start)) > start:
            at = end
            continue
        quantity = _read(folded, start, floor=found[-1].end if found else 0)
        if quantity is None or any(s < quantity.end and quantity.start < e for s, e in barred):
            numeral = match_numeral(folded, start)
            at = numeral.end if numeral else start + 1
        else:
            found.append(quantity)
            at = quantity.end
    return _bound_from_outside(folded, found)


def find_conversions(text: str, quantities: Sequence[FoundQuantity]) -> list[Conversion]:
    """The neighbours among the quantities of which the second, in parentheses, restates the first."""
    folded = fold(text)
    pairs = []
    for i, (first, second) in enumerate(zip(quantities, quantities[1:], strict=False)):
        if (
            first.kind == second.kind
            and first.unit != second.unit
            and _OPENING.fullmatch(folded, first.end, second.start)
            and _CLOSING.match(folded, second.end)
        ):
            (a, b), (c, d) = _ends(first), _ends(second)
            if a and b and c is not None and d is not None:
                pairs.append(Conversion(i, i + 1, *sorted((c / a, d / b))))
    return pairs


def _ends(quantity: FoundQuantity) -> tuple[int | float | None, int | float | None]:
    """The stated figure twice, or both ends of a range."""
    return (quantity.low, quantity.high) if quantity.value is None else (quantity.value, quantity.value)


# The table of units ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Unit:
    kind: QuantityKind
    symbol: str
    singular: str
    plural: str
    noun: str
    kanji: str

    @property
    def one(self) -> str:
        """What follows "per": person, km."""
        return self.singular.strip("# ¥$€£") or self.symbol

    @property
    def measure(self) -> bool:
        """Whether its English is its symbol, as for km."""
        return self.plural == f"# {self.symbol}"


def read_units(path: Path) -> tuple[dict[str, _Unit], dict[str, str]]:
    """The table of units: the unit of each surface, and the pattern that must not follow it.

    Raises:
        ConfigError: the file is missing, or a row is not as the file's own header describes.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the table of units ({error.strerror}).", remedy="Reinstall kyojitsu.") from None
    rows = [(n, line.split("\t")) for n, line in enumerate(lines, 1) if line and not line.startswith("#")]
    if not rows or tuple(rows[0][1]) != COLUMNS:
        raise ConfigError(f"{path}: the header is not {' '.join(COLUMNS)}.", remedy="Part the cells by tabs.")
    units: dict[str, _Unit] = {}
    guards: dict[str, str] = {}
    for number, cells in rows[1:]:
        if len(cells) != len(COLUMNS) or cells[1] not in get_args(QuantityKind) or "#" not in cells[3] or cells[5] not in "123-":
            raise ConfigError(f"{path}, line {number}: not a unit.", remedy=f"Give {', '.join(COLUMNS)}, parted by tabs.")
        singular, _, plural = cells[3].partition("|")
        plural = plural or singular
        noun = cells[4] or plural.replace("#", "").strip()
        kind: QuantityKind = cells[1]  # type: ignore[assignment]
        for surface in cells[0].split("|"):
            if surface in units:
                raise ConfigError(f"{path}, line {number}: {surface} stands twice.", remedy="Keep one of the two.")
            units[surface] = _Unit(kind, cells[2], singular, plural, noun, cells[5])
            guards[surface] = cells[6]
    return units, guards


_UNITS, _GUARDS = read_units(config_dir() / "units.tsv")
# Rates of time, as unit and in English.
_TIMES: Final = {
    "年間": "year", "年": "year", "カ月": "month", "か月": "month", "ヶ月": "month", "月": "month", "週間": "week",
    "週": "week", "日": "day", "時間": "hour", "時": "hour", "h": "hour", "分": "minute", "min": "minute",
    "秒": "second", "s": "second",
}  # fmt: skip
_TIME_SYMBOLS: Final = {"hour": "h", "minute": "min", "second": "s"}
_RATE_WORDS: Final = {
    "時速": "hour", "毎時": "hour", "分速": "minute", "毎分": "minute", "秒速": "second", "毎秒": "second",
    "日量": "day", "日額": "day", "月額": "month", "月産": "month", "年額": "year", "年産": "year",
}  # fmt: skip
_SYMBOLS: Final = {
    "$": "ドル", "US$": "ドル", "米$": "ドル", "A$": "豪ドル", "C$": "カナダドル", "S$": "シンガポールドル", "HK$": "香港ドル",
    "NT$": "台湾ドル", "NZ$": "NZドル", "¥": "円", "€": "ユーロ", "£": "英ポンド",
}  # fmt: skip
# Where the words of the text decide what a unit is: (surface, pattern to find, surface it then stands for).
_BY_CONTEXT: Final = tuple(
    (surface, re.compile(pattern), instead)
    for surface, pattern, instead in (
        ("キロ", "体重|重さ|重量|減量|増量|積載|荷物|質量|収穫", "kg"),
        ("ポンド", "体重|重さ|重量|推力|積載|荷物|質量", "lb"),
        ("度", "気温|温度|水温|体温|室温|気候|温暖|猛暑|酷暑|寒|熱|摂氏|氷点下|冷や", "℃"),
        ("度", "華氏", "°F"),
        ("度", "角度|緯度|経度|傾|回転|視野|方位|東経|西経|北緯|南緯|転換", "°"),
        ("ポイント", "株価|平均|指数|TOPIX|ダウ|ナスダック|還元|付与|貯ま|獲得", "ポイント"),
        ("ポイント", "%|パーセント|率|割合|シェア|比", "%ポイント"),
    )
)


def _spelled(surface: str) -> str:
    """The pattern of one surface, with what must not follow it."""
    guard = "(?![A-Za-z0-9])" if surface[-1].isascii() and surface[-1].isalnum() else ""
    return re.escape(surface) + guard + (f"(?!{_GUARDS[surface]})" if _GUARDS[surface] else "")


def _longest_first(words: Sequence[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


_PER: Final = "当たり|当り|あたり|につき"
_UNIT: Final = re.compile(
    rf" ?({'|'.join(map(_spelled, _longest_first(list(_UNITS))))})(?!目(?![標的安玉指線])|{_PER})"
)
_DENOMINATOR: Final = "|".join(
    re.escape(word) + ("(?![A-Za-z0-9])" if word.isascii() else "") for word in _longest_first([*_UNITS, *_TIMES])
)
_PER_BEFORE: Final = re.compile(rf"([\d,.一二三四五六七八九十百千万億]*) ?({_DENOMINATOR})(?:{_PER}) ?\Z")
_PER_AHEAD: Final = re.compile(rf" ?(?:{_DENOMINATOR})(?:{_PER})")
_PER_AFTER: Final = re.compile(rf"/ ?({_DENOMINATOR})")
_PER_REACH: Final = 24
_RATE_WORD: Final = re.compile(rf"({'|'.join(_RATE_WORDS)})\Z")

_NUMERAL_START: Final = "0-9〇零一二三四五六七八九十百千数何幾"
_CANDIDATE: Final = re.compile(rf"[{_NUMERAL_START}$¥€£半倍過万億兆京]|ゼロ[円%件人回カか]")
# What holds digits or kanji numerals and is no figure: addresses, numbers of telephones and versions, idioms.
_BARRED: Final = re.compile(
    rf"{ADDRESS.pattern}|〒?\d{{3}}-\d{{4}}(?!\d)|\d{{2,5}}-\d{{1,4}}-\d{{3,4}}|\+\d{{1,3}}-[\d-]{{6,}}"
    r"|\d+\.\d+\.[\d.]+|(?<!\d)(?:1\.17|3\.11|9\.11)(?=[の後以震テ])"
    r"|[一二三四五六七八九十百千万]人(?:三脚|十色|一首|羽織|計画|力|並み|(?:[一二]人)+)|一人[一ひ前称暮旅息娘っ芝]|(?<=の)一[人社台件冊枚個票]"
    r"|一(?:票の格差|件落着|枚岩|円に広|円で|社会)|二枚[目舌貝]|三[枚社](?:目|祭|肉)|一回り|(?<=東)一円|[1一]億総|八百万の神|単位 ?[:は] ?[百千]*万?[円ドル人台]+|十分|(?<![\d一二三四五六七八九十百千数何])万[一人]|数[字学値式列量]|百[均科]|八百[屋長]|千[手秋差]",
    re.ASCII,
)
_RANGE: Final = re.compile(r" ?(~|-|ー|から|ないし|乃至) ?(?:約|およそ)?(マイナス|プラス|▲|[-+])?(?:US)?[$¥€£]?(?=[0-9〇零一二三四五六七八九十百千数何])")
_UNTIL: Final = re.compile("まで|の(?=間|範囲|幅)|程度|くらい|ぐらい")
_FRACTION: Final = re.compile(r"分の")
_SLASH_FRACTION: Final = re.compile(r"(\d{1,4})/(\d{1,4})(?![\d/.A-Za-z年月]|[(（][月火水木金土日])", re.ASCII)
_POWER: Final = re.compile(r"の(\d{1,2})乗", re.ASCII)
_PARTS_OF_WARI: Final = re.compile(r"([1-9一二三四五六七八九])分(?!の[\d一二三四五六七八九])(?:([1-9一二三四五六七八九])厘)?")
_SEN: Final = re.compile(r"(\d{1,2})銭", re.ASCII)
_FACTORS: Final = {"割": Decimal(10), "セント": Decimal("0.01"), "銭": Decimal("0.01")}
_OVER: Final = re.compile(r"(?:余|あまり|強)(?=[人名社台件個回年点校])")
_ENGLISH_SCALES: Final = {
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "mn": 10**6, "bn": 10**9, "tn": 10**12,
    "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12,
}  # fmt: skip
_ENGLISH_SCALE: Final = re.compile(r" ?(thousand|million|billion|trillion|mn|bn|tn|[KMBT])(?![A-Za-z0-9])")
_MODEL_SCALE: Final = re.compile(r"([KMBT])(?= ?(?:トークン|パラメータ|ユーザー))")

_SIGN: Final = re.compile(r"(▲|△|マイナス|プラス|氷点下|[-+±]) ?\Z")
_NEGATIVE: Final = frozenset({"▲", "△", "マイナス", "氷点下", "-"})
_ACCOUNTING: Final = frozenset({"▲", "△"})
_LOADED_BEFORE: Final = re.compile(r"(?:わずか|僅か|たった|ほんの)(?:に|の|な)? ?\Z")
_LOADED_AFTER: Final = re.compile("[ぁ-ん]{0,2}しか")
_BASE: Final = re.compile("の(?:約|およそ|ほぼ)?\\Z|より|比|対し|べ")
_CLAUSE_REACH: Final = 20
_BAND: Final = re.compile("台(?![数湾風頭])")
_VERB_BOUND: Final = re.compile(
    "を(?:大きく|大幅に|わずかに|初めて|はるかに)?(?:(超え|越え|上回|突破)|(?:下回|割り込|切っ|切る))[らりるっま]?(な[いかけく]|ず|せん)?"
    "|に(?:満た|届か)(?:ず|な)"
)
_OUTER: Final = re.compile(r"[(（][^()（）]{1,24}[)）](以上|超|以下|未満)")
_OPENING: Final = re.compile(r" ?[(（] ?(?:日本円で|円換算で|日本円換算で|現在のレートで|当時のレートで)?(?:約|およそ)? ?")
_CLOSING: Final = re.compile(r" ?(?:相当|換算)?[^()（）]{0,6}[)）]")

# Words that are a figure by themselves: kind, value, unit, English.
_WORDS: Final[dict[str, tuple[QuantityKind, str, str, str]]] = {
    "半額": ("fraction", "0.5", "", "half the price"), "半分": ("fraction", "0.5", "", "half"),
    "半数": ("fraction", "0.5", "", "half"), "半減": ("fraction", "0.5", "", "halving"),
    "過半": ("fraction", "0.5", "", "more than half"), "過半数": ("fraction", "0.5", "", "more than half"),
    "倍増": ("ratio", "2", "x", "doubling"), "倍": ("ratio", "2", "x", "double"),
}  # fmt: skip
_WORD: Final = re.compile("半額|半分(?!こ)|半数(?!体)|半減(?!期)|過半数?|倍増|(?<![一-龥々])倍(?=[にのとへ以超近])|(?<=約)倍(?=[にのとへ以])")
_AGES: Final = re.compile(r"([1-9]0)(?:[~・、]([1-9]0))?代(?![目わ金替表理々])", re.ASCII)
_SCALE_ALONE: Final = re.compile("([万億兆京])(円|ドル|ユーロ|元|人|台|件|個)?(単位|規模|レベル)")
_METRIC_NAMES: Final = {"P": (15, "peta"), "E": (18, "exa"), "Z": (21, "zetta")}
_METRIC: Final = re.compile(
    r"(\d+(?:\.\d+)?)(?:([PEZ])(?:\((?:ペタ|エクサ|ゼタ)\))?)?"
    r"(?: ?~ ?(\d+(?:\.\d+)?)([PEZ])(?:\((?:ペタ|エクサ|ゼタ)\))?)?(?![A-Za-z0-9])",
    re.ASCII,
)
_METRIC_CONTEXT: Final = re.compile("ペタ|エクサ|ゼタ|FLOPS|フロップス|計算|演算")

# A number without a unit counts only where the words around it show that it stands for itself.
_BARE_BEFORE: Final = re.compile("[はがをもでにと、「(:=約計値数率比]\\Z")
_BARE_AFTER: Final = re.compile("(?:だ|で|に|と|を|が|は|も|へ|から|、|。|」|$)")
_YEAR_LIKE: Final = re.compile(r"(?:19|20)\d\d\Z", re.ASCII)
_GLUED: Final = re.compile("[A-Z]{2,}\\Z")
_GLUED_SCALE: Final = 10**4
_GLUED_UNITS: Final = frozenset({"person", "company", "country"})
_NOT_ALONE: Final = frozenset({"級", "クラス", "強", "弱", "規模", "超"})  # 1級, 4強
_KATAKANA: Final = re.compile("[ァ-ヺー]")
_AFTER_VAGUE: Final = re.compile("[のをがにはも]")
_SIGN_REACH: Final = 5
_RATE_WORD_REACH: Final = 2
_PER_WORDS: Final = ("当たり", "当り", "あたり", "につき", "たり ", "つき ")


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Amount:
    """One number with its unit. ``written`` is the English of a fraction or a power; ``over`` is the 余 of 百余人."""

    end: int
    value: Decimal | None
    low: Decimal
    high: Decimal
    scale: int = 1
    unit: _Unit | None = None
    vague: str = ""
    written: str = ""
    over: bool = False
    kanji: int = 0
    factor: Decimal = Decimal(1)  # what the unit multiplies the written number by: 10 for 割

    def times(self, factor: int | Decimal) -> _Amount:
        """The amount in a larger scale."""
        low, high = EXACT.multiply(self.low, factor), EXACT.multiply(self.high, factor)
        return replace(self, value=None if self.value is None else low, low=low, high=high)


def _read(text: str, start: int, floor: int) -> FoundQuantity | None:
    """The figure whose number, symbol or word begins at ``start``; what qualifies it may begin earlier."""
    return (
        _read_word(text, start, floor)
        or _read_scale_alone(text, start)
        or _read_ages(text, start)
        or _read_metric(text, start, floor)
        or _read_figure(text, start, floor)
    )


def _read_word(text: str, start: int, floor: int) -> FoundQuantity | None:
    match = _WORD.match(text, start)
    if match is None:
        return None
    kind, stated, symbol, english = _WORDS[match.group()]
    begin, before = prefixes(text, start, floor)
    end, after = suffixes(text, match.end())
    bounds = before + after
    value = Decimal(stated)
    low, high = _limits(value, bounds, by_size=False)
    if match.group().startswith("過半"):
        low = value
    blurred = not APPROXIMATE.isdisjoint(bounds)
    return FoundQuantity(
        begin, end, kind, _number(value), _number(low), _number(high), symbol, blurred, bounded(english, bounds),
        _flags(text, begin, end, kind, vague=False),
    )  # fmt: skip


def _read_scale_alone(text: str, start: int) -> FoundQuantity | None:
    """兆円単位: trillions of yen, from one trillion up."""
    match = _SCALE_ALONE.match(text, start)
    if match is None:
        return None
    unit = _UNITS[match[2]] if match[2] else None
    english = f"{magnitude_english(match[1])} {unit.noun}" if unit else magnitude_english(match[1]).removesuffix(" of")
    kind, symbol = (unit.kind, unit.symbol) if unit else ("number", "")
    english = bounded(english, ["on the order of"])
    return FoundQuantity(start, match.end(), kind, None, magnitude(match[1]), None, symbol, True, english, ("vague",))


def _read_ages(text: str, start: int) -> FoundQuantity | None:
    """20代 or 20~30代: people of that age."""
    match = _AGES.match(text, start)
    if match is None or (start and (text[start - 1] == "第" or text[start - 1].isdigit())):
        return None
    low, last = int(match[1]), int(match[2] or match[1])
    english = " to ".join("teens" if age == 10 else f"{age}s" for age in sorted({low, last}))
    return FoundQuantity(start, match.end(), "count", None, low, last + 9, "year of age", False, english)


def _read_metric(text: str, start: int, floor: int) -> FoundQuantity | None:
    """10P or 1~100E: a metric prefix without the unit it belongs to, in a text about computing power."""
    match = _METRIC.match(text, start)
    if match is None or not (match[2] or match[4]) or not _METRIC_CONTEXT.search(text):
        return None
    if start and text[start - 1].isascii() and text[start - 1].isalnum():
        return None
    last = match[4] or match[2]
    ends = [(match[1], match[2] or last), *([(match[3], last)] if match[3] else [])]
    values = [EXACT.scaleb(Decimal(digits), _METRIC_NAMES[prefix][0]) for digits, prefix in ends]
    if match[3] and match[2] in (None, last):
        english = f"{match[1]}–{match[3]} {_METRIC_NAMES[last][1]}"
    else:
        english = " to ".join(f"{digits} {_METRIC_NAMES[prefix][1]}" for digits, prefix in ends)
    begin, before = prefixes(text, start, floor)
    end, after = suffixes(text, match.end())
    bounds = before + after
    low, high = (values[0], values[1]) if match[3] else _limits(values[0], bounds, by_size=False)
    elided: tuple[Flag, ...] = ("elided",) if match[3] and not match[2] else ()
    return FoundQuantity(
        begin, end, "compute", None if match[3] else _number(values[0]), _number(low), _number(high), "",
        not APPROXIMATE.isdisjoint(bounds), bounded(english, bounds), ("no_unit", *elided),
    )  # fmt: skip


def _read_figure(text: str, start: int, floor: int) -> FoundQuantity | None:
    begin, number, unit = start, start, None
    if text[start] in "$¥€£":
        begin = next(i for i in range(max(floor, start - 2), start + 1) if text[i : start + 1] in _SYMBOLS)
        number, unit = start + 1 + (text[start + 1 : start + 2] == " "), _UNITS[_SYMBOLS[text[begin : start + 1]]]
    first = _amount(text, number, unit)
    if first is None:
        return None
    bare = first.unit is None
    first, second, second_sign, end = _range(text, first, unit)
    elided = bare and second is not None and second.unit is not None
    unit = second.unit if second else first.unit
    if not _may_begin(text, begin, first, unit):
        return None

    end, after = suffixes(text, end)
    begin, sign = _sign(text, begin, floor)
    begin, before = prefixes(text, begin, floor)
    if not sign:
        begin, sign = _sign(text, begin, floor)
    bounds = before + (["just over"] if first.over else []) + after
    if unit is None and not first.written and not _stands_alone(text, begin, end, first, bool(bounds)):
        return None
    begin, end, per = _rate(text, begin, end, floor)
    if per:
        end, after = suffixes(text, end)
        bounds += after
    figure = _Figure(first, second, unit, sign, second_sign, bounds, per)
    if unit and unit.symbol != "digit" and second is None and first.value is not None and (band := _BAND.match(text, end)):
        return figure.band(begin, band.end(), _flags(text, begin, band.end(), figure.kind, vague=False))
    vague = bool(first.vague or (second and second.vague))
    flags: tuple[Flag, ...] = _flags(text, begin, end, figure.kind, vague=vague)
    if elided:
        flags = (*flags, "elided")
    return figure.quantity(begin, end, flags)


def _amount(text: str, start: int, unit: _Unit | None) -> _Amount | None:
    """A number and its unit at ``start``; ``unit`` where a currency symbol stands before the number."""
    if text.startswith("ゼロ", start):
        amount = _Amount(start + 2, Decimal(0), Decimal(0), Decimal(0))
    else:
        numeral = match_numeral(text, start)
        if numeral is None:
            return None
        amount = _Amount(
            numeral.end, numeral.value, numeral.low, numeral.high, numeral.scale, vague=numeral.vague, kanji=numeral.kanji
        )
    if unit is not None:
        if match := _ENGLISH_SCALE.match(text, amount.end):
            factor = _ENGLISH_SCALES[match[1]]
            amount = replace(amount.times(factor), end=match.end(), scale=factor)
        return replace(amount, unit=unit)
    if fraction := _fraction(text, start, amount):
        return fraction
    if match := _MODEL_SCALE.match(text, amount.end):
        amount = replace(amount.times(_ENGLISH_SCALES[match[1]]), end=match.end())
    if match := _OVER.match(text, amount.end):
        amount = replace(amount, end=match.end(), over=True)
    return _with_unit(text, amount)


def _with_unit(text: str, amount: _Amount) -> _Amount | None:
    match = _UNIT.match(text, amount.end)
    if match is None:
        return amount
    surface = _in_context(match[1], text, amount)
    unit = _UNITS[surface]
    if amount.kanji and not _fits_kanji(unit, amount):
        return None
    amount = replace(amount, end=match.end(), unit=unit)
    if factor := _FACTORS.get(surface):
        amount = replace(amount.times(factor), factor=factor)
    if surface == "割":
        if amount.value is not None and (parts := _PARTS_OF_WARI.match(text, amount.end)):
            extra = _digit(parts[1]) + (_digit(parts[2]) / 10 if parts[2] else 0)
            total = EXACT.add(amount.low, extra)
            amount = replace(amount, end=parts.end(), value=total, low=total, high=total)
    elif unit.symbol == "JPY" and amount.value is not None and (sen := _SEN.match(text, amount.end)):
        total = EXACT.add(amount.value, Decimal(sen[1]) * _FACTORS["銭"])
        amount = replace(amount, end=sen.end(), value=total, low=total, high=total)
    return amount


def _digit(character: str) -> Decimal:
    numeral = match_numeral(character, 0)
    return numeral.low if numeral else Decimal(0)


def _in_context(surface: str, text: str, amount: _Amount) -> str:
    """The surface that an ambiguous one stands for in this text."""
    cues = [
        (match.start() <= amount.end, match.start(), instead)
        for ambiguous, pattern, instead in _BY_CONTEXT
        if ambiguous == surface
        for match in pattern.finditer(text)
    ]
    before = [cue for cue in cues if cue[0]]
    if cues:
        return (max(before) if before else min(cues))[2]
    if surface == "度" and amount.low >= 10:
        return "°"
    if surface == "ポイント" and amount.value is not None and amount.value != amount.value.to_integral_value():
        return "%ポイント"
    return surface


def _fits_kanji(unit: _Unit, amount: _Amount) -> bool:
    if unit.kanji == "2":
        return amount.kanji > 1 or amount.value != 1
    return unit.kanji == "1" or (unit.kanji == "3" and amount.kanji > 1)


def _fraction(text: str, start: int, amount: _Amount) -> _Amount | None:
    """3分の2, 1/20 or 10の15乗; 5/12 may be a day of the year and is left alone."""
    if amount.value is None or amount.value != amount.value.to_integral_value():
        return None
    if match := _POWER.match(text, amount.end):
        value = EXACT.power(amount.value, Decimal(match[1]))
        return replace(amount, end=match.end(), value=value, low=value, high=value, written=f"{amount.value}^{match[1]}")
    if text.startswith("分の", amount.end) and (top := match_numeral(text, amount.end + 2)):
        numerator, denominator, end = top.value, amount.value, top.end
    elif match := _SLASH_FRACTION.match(text, start):
        numerator, denominator, end = Decimal(match[1]), Decimal(match[2]), match.end()
        if 1 < numerator <= 12 and 10 < denominator <= 31:
            return None
    else:
        return None
    if numerator is None or not 0 < numerator < denominator:
        return None
    value = EXACT.divide(numerator, denominator)
    return replace(
        amount, end=end, value=value, low=value, high=value, scale=1, written=f"{plain(numerator)}/{plain(denominator)}"
    )


def _range(text: str, first: _Amount, symbol: _Unit | None) -> tuple[_Amount, _Amount | None, str, int]:
    """The second end of a range, the sign before it, and where the figure ends.

    Of 5から8%に only the unit is handed on to the first end, for the words tell of a change.
    """
    nothing = first, None, "", first.end
    match = _RANGE.match(text, first.end)
    if match is None:
        return _adjacent(text, first) or nothing
    second = _amount(text, match.end(), symbol)
    if second is None or second.written and not first.written or first.written and not second.written:
        return nothing
    if first.unit is not None and (second.unit is None or first.unit.symbol != second.unit.symbol):
        return nothing
    if first.unit is None and second.unit is None and (match[1] in "-ー" or not first.written and not first.vague):
        if match[1] != "~":
            return nothing
    if match[1] == "ー" and not (text[match.start() - 1].isdigit() and text[match.end()].isdigit()):
        return nothing
    if first.unit is None or symbol is not None:
        first = _inherit(first, second)
    if first.unit and first.unit.symbol == "JPY" and second.factor != first.factor:  # 148円50銭~60銭
        second = replace(second, low=first.low // 1 + second.low, high=first.low // 1 + second.high)
    end = second.end
    if match[1] == "から":
        until = _UNTIL.match(text, end)
        if until is None:
            return (replace(first, unit=second.unit) if second.unit else first), None, "", first.end
        end = until.end() if until.group() == "まで" else end
    return first, second, match[2] or "", end


def _adjacent(text: str, first: _Amount) -> tuple[_Amount, _Amount, str, int] | None:
    """2、3人: two or three people."""
    if first.unit is not None or first.value is None or text[first.end : first.end + 1] not in ("、", ","):
        return None
    second = _amount(text, first.end + 1, None)
    if second is None or second.unit is None or second.value is None or first.low >= 10:
        return None
    if second.scale > 1 and second.low != first.low + 1:
        first = _inherit(first, second)
        step = second.scale
    else:
        step = 1
    return (first, second, "", second.end) if second.low == first.low + step else None


def _inherit(first: _Amount, second: _Amount) -> _Amount:
    """320~390億: the first end is in 億 too, unless that would make it the larger one (5000~1万)."""
    if first.unit is None:
        first = first.times(second.factor)
    if first.scale == 1 and second.scale > 1:
        scaled = first.times(second.scale)
        if scaled.high < second.high:
            return scaled
    return first


# What stands around a number --------------------------------------------------------------------------------------------


def _may_begin(text: str, begin: int, amount: _Amount, unit: _Unit | None) -> bool:
    """Whether a figure can begin here, or the number is the tail of a name, an ordinal or an address."""
    if begin == 0:
        return True
    previous, earlier = text[begin - 1], text[begin - 2 : begin - 1]
    if previous in "第#@_№" or previous.isdigit():
        return False
    if previous in "./:,-":
        return not (earlier.isascii() and earlier.isalnum())
    if not (previous.isascii() and previous.isalpha()):
        return True
    # H100 and B200 are names, EV100万台 and ROE8% hold figures.
    if unit is None:
        return False
    if amount.scale >= _GLUED_SCALE or unit.kind in ("money", "percent"):
        return True
    return bool(_GLUED.search(text, 0, begin)) and (unit.kind == "ratio" or unit.symbol in _GLUED_UNITS)


def _sign(text: str, begin: int, floor: int) -> tuple[int, str]:
    """The sign before ``begin``, "" where there is none. ▲ at the start of a line is a bullet."""
    match = _SIGN.search(text, max(floor, begin - _SIGN_REACH), begin)
    if match is None:
        return begin, ""
    sign, at = match[1], match.start()
    if sign in _ACCOUNTING and not text[text.rfind("\n", 0, at) + 1 : at].strip():
        return begin, ""
    if sign in "-+" and at and (text[at - 1].isascii() and text[at - 1].isalnum() or text[at - 1] in ")]-~"):
        return begin, ""
    return at, sign


def _rate(text: str, begin: int, end: int, floor: int) -> tuple[int, int, _Per | None]:
    """What the figure is per, with the span widened to it: 1時間当たり…, 時速…, …/km."""
    if match := _RATE_WORD.search(text, max(floor, begin - _RATE_WORD_REACH), begin):
        return match.start(), end, _per(_RATE_WORDS[match[1]], Decimal(1), slash=False)
    if text.endswith(_PER_WORDS, 0, begin) and (
        match := _PER_BEFORE.search(text, max(floor, begin - _PER_REACH), begin)
    ):
        numeral = match_numeral(match[1], 0) if match[1] else None
        if not match[1] or (numeral and numeral.value is not None and numeral.end == len(match[1])):
            return match.start(), end, _per(match[2], numeral.low if numeral else Decimal(1), slash=False)
    if text.startswith("/", end) and (match := _PER_AFTER.match(text, end)):
        return begin, match.end(), _per(match[1], Decimal(1), slash=True)
    return begin, end, None


@dataclass(frozen=True, slots=True)
class _Per:
    """The lower half of a rate: its symbol (person, km, h) and its English ("per 10,000 people", "/km")."""

    symbol: str
    english: str
    time: bool


def _per(word: str, number: Decimal, *, slash: bool) -> _Per:
    time = _TIMES.get(word, word)
    if time in _TIMES.values():
        return _Per(_TIME_SYMBOLS.get(time, time), f" per {time}", time=True)
    unit = _UNITS[word]
    if number != 1:
        return _Per(f"{plain(number)} {unit.symbol}", f" per {_write(unit, number)}", time=False)
    if slash and (unit.measure or unit.kind == "money"):
        return _Per(unit.symbol, f"/{unit.symbol}", time=False)
    return _Per(unit.symbol, f" per {unit.one}", time=False)


def _stands_alone(text: str, begin: int, end: int, amount: _Amount, bounds: bool) -> bool:
    """Whether a number without a unit is a figure, not part of a name, a list or a formula."""
    if amount.over:
        return False
    if amount.kanji and (amount.kanji == 1 or amount.scale == 1):
        return False
    before, after = text[:begin], _BARE_AFTER.match(text, end)
    if _PER_AHEAD.match(text, amount.end) or before.endswith(" ") or (before and _KATAKANA.match(before, len(before) - 1)):
        return False
    if amount.scale >= _GLUED_SCALE or (bounds and text[amount.end : end] not in _NOT_ALONE):
        return True
    if amount.value is None:
        return amount.low >= 20 and bool(_AFTER_VAGUE.match(text, end))
    digits = text[begin:end]
    if not after or not _BARE_BEFORE.search(before):
        return False
    return amount.low >= 10 and not _YEAR_LIKE.match(digits)


def _flags(text: str, begin: int, end: int, kind: QuantityKind, *, vague: bool) -> tuple[Flag, ...]:
    flags: list[Flag] = ["vague"] if vague else []
    if _LOADED_BEFORE.search(text, max(0, begin - 6), begin) or _LOADED_AFTER.match(text, end):
        flags.append("loaded")
    if kind in ("ratio", "fraction"):
        clause = max(text.rfind(mark, 0, begin) for mark in "、。") + 1
        if not _BASE.search(text, max(clause, begin - _CLAUSE_REACH), begin):
            flags.append("no_base")
    return tuple(flags)


def _covering(barred: Sequence[tuple[int, int]], position: int) -> int:
    """The end of the barred range that covers the position, or the position itself."""
    return max((end for start, end in barred if start <= position < end), default=position)


def _bound_from_outside(text: str, found: list[FoundQuantity]) -> list[FoundQuantity]:
    """Set ``low`` and ``high`` by words that stay outside the span: 200億ドル(約3兆円)以上, 1兆円を超えた."""
    return [_bounded_by_verb(text, quantity) for quantity in found]


def _bounded_by_verb(text: str, quantity: FoundQuantity) -> FoundQuantity:
    value = quantity.value
    if value is None:
        return quantity
    if match := _OUTER.match(text, quantity.end):
        above = match[1] in ("以上", "超")
        return replace(quantity, low=value if above else None, high=None if above else value)
    match = _VERB_BOUND.match(text, quantity.end)
    if match is None:
        return quantity
    above = bool(match[1]) != bool(match[2])
    return replace(quantity, low=value if above else None, high=None if above else value)


# Value and English -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure that has been read: one amount or the two ends of a range, and what stands around them."""

    first: _Amount
    second: _Amount | None
    unit: _Unit | None
    sign: str
    second_sign: str
    bounds: list[str]
    per: _Per | None

    @property
    def kind(self) -> QuantityKind:
        if self.per:
            return "speed" if self.unit and self.unit.kind == "length" and self.per.time else "rate"
        if self.unit:
            return self.unit.kind
        return "fraction" if "/" in self.first.written else "number"

    @property
    def symbol(self) -> str:
        symbol = self.unit.symbol if self.unit else ""
        return f"{symbol}/{self.per.symbol}" if self.per else symbol

    def ends(self) -> tuple[Decimal, Decimal]:
        """Both ends as they stand in the text, with their signs."""
        first, second = self.first.low, (self.second or self.first).high
        if self.sign == "±":
            return -first, second
        negative = self.sign in _NEGATIVE
        shared = self.second is None or (self.sign != "-" and not self.second_sign and second > first)
        if self.second_sign in _NEGATIVE or (negative and shared):
            second = -second
        return -first if negative else first, second

    def quantity(self, start: int, end: int, flags: tuple[Flag, ...]) -> FoundQuantity:
        """The figure as found at ``start`` to ``end``."""
        first, last = self.ends()
        value = first if self.second is None and self.first.value is not None and self.sign != "±" else None
        if self.sign == "±" and self.first.value is not None:
            value = last
        low: Decimal | None
        high: Decimal | None
        if value is not None and self.sign != "±":
            by_size = self.sign in _ACCOUNTING or "up to" in self.bounds
            low, high = _limits(value, self.bounds, by_size=by_size)
        else:
            low, high = sorted((first, last))
            if self.second is None and not LOWER.isdisjoint(self.bounds):
                high = None
            elif self.second is None and not UPPER.isdisjoint(self.bounds):
                low = None
        inexact = value is None and self.second is None and not self.first.vague
        bounds = [*self.bounds, "about"] if inexact else self.bounds
        approximate = not APPROXIMATE.isdisjoint(bounds) or bool(self.first.vague)
        return FoundQuantity(
            start, end, self.kind, _number(value), _number(low), _number(high), self.symbol, approximate,
            bounded(self.english(first, last), bounds), flags,
        )  # fmt: skip

    def band(self, start: int, end: int, flags: tuple[Flag, ...]) -> FoundQuantity:
        """150円台, 3万円台, 30%台: from the stated figure up to (without) the next round one, read as wide as may be."""
        value, _ = self.ends()
        step = Decimal(1).scaleb(_lowest_place(self.first))
        low, high = sorted((value, value + step.copy_sign(value)))
        english = f"in the {bounded(self.english(value, value), self.bounds)} range"
        return FoundQuantity(
            start, end, self.kind, _number(value), _number(low), _number(high), self.symbol, True, english, flags
        )

    def english(self, first: Decimal, last: Decimal) -> str:
        """The figure with sign and unit, without its bounds."""
        per = self.per.english if self.per else ""
        if self.per and self.per.time and self.unit and self.unit.measure and self.per.symbol in _TIME_SYMBOLS.values():
            per = f"/{self.per.symbol}"
        return self._english(first, last) + per

    def _english(self, first: Decimal, last: Decimal) -> str:
        unit = self.unit
        if self.first.written:
            return " to ".join(amount.written for amount in (self.first, self.second) if amount)
        if self.first.vague or (self.second and self.second.vague):
            return _signed("minus " if self.sign in _NEGATIVE else "", self._vague())
        if self.sign == "±":
            return _signed("±", _write(unit, last))
        if self.second is None and first == last:
            return _signed("+" if self.sign in ("+", "プラス") else "", _write(unit, first))
        if first >= 0 and last >= 0 and (both := spell_range(first, last)):
            return (unit.plural if unit else "#").replace("#", both)
        return f"{_write(unit, first)} to {_write(unit, last)}"

    def _vague(self) -> str:
        noun = self.unit.noun if self.unit else ""
        last = self.second or self.first
        ends = [_phrase(amount) for amount in (self.first, last)]
        if self.second is None:
            return f"{ends[0]} {noun}" if noun else ends[0].removesuffix(" of")
        return f"{ends[0].removesuffix(' of')} to {ends[1]} {noun}".strip()


def _phrase(amount: _Amount) -> str:
    return vague_english(amount.vague, amount.low) if amount.vague else spell(amount.low)


def _write(unit: _Unit | None, value: Decimal) -> str:
    """One number with its unit; below zero as "minus …"."""
    template = "#" if unit is None else unit.singular if abs(value) == 1 else unit.plural
    return _signed("minus " if value < 0 else "", template.replace("#", spell(abs(value))))


def _signed(sign: str, english: str) -> str:
    return sign + english


def _limits(value: Decimal, bounds: Sequence[str], *, by_size: bool) -> tuple[Decimal | None, Decimal | None]:
    """``low`` and ``high`` of a stated figure; ``by_size``: the bounds of a negative one are about its size."""
    lower, upper = not LOWER.isdisjoint(bounds), not UPPER.isdisjoint(bounds)
    if by_size and value < 0:
        lower, upper = upper, lower
    return value if lower else None, value if upper else None


def _lowest_place(amount: _Amount) -> int:
    """The power of ten of the last figure that is not a zero: 150 is 1, 39,000 is 3, 1.2 is -1."""
    exponent = EXACT.normalize(amount.low).as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
