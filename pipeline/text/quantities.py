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
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, cast, get_args

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
    by_length,
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


def find_quantities(
    text: str, taken: Sequence[tuple[int, int]] = (), *, leading_minus: bool = False
) -> list[FoundQuantity]:
    """The figures of a text, in order and without overlap.

    Args:
        text: a sentence or a block; full-width digits and signs are understood.
        taken: ranges that belong to something else (times, names); no figure touches them.
        leading_minus: whether ▲ at the start of a line is a minus; if not, it is a bullet. See :func:`leads_minus`.
    """
    folded = fold(text) if leading_minus else _BULLET.sub(r"\1■", fold(text))
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
    return [_bounded_from_outside(folded, quantity) for quantity in found]


def leads_minus(document: str) -> bool:
    """Whether ▲ before a figure at the start of a line is a minus in this document, and no bullet.

    It is where ▲ stands before a figure within a line too, or where a line is nothing but such a figure, as in a
    table's column; and nowhere at the start of a line before a word.
    """
    return _ACCOUNT.search(document) is not None and _LISTED.search(document) is None


def find_conversions(text: str, quantities: Sequence[FoundQuantity]) -> list[Conversion]:
    """The neighbours among the quantities of which the second, in parentheses, restates the first."""
    folded = fold(text)
    pairs = []
    for i, (first, second) in enumerate(pairwise(quantities)):
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


# The table of units -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unit:
    """A row of the table: what its header describes, ``english`` parted into singular and plural."""

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
    def is_symbol(self) -> bool:
        """Whether its English is its symbol, as for km."""
        return self.plural == f"# {self.symbol}"

    def write(self, value: Decimal) -> str:
        """One number with the unit; below zero as "minus …"."""
        template = self.singular if value.copy_abs() == 1 else self.plural
        return ("minus " if value < 0 else "") + template.replace("#", spell(value.copy_abs()))


_NO_UNIT: Final = Unit("number", "", "#", "#", "", "3")


def read_units(path: Path) -> tuple[dict[str, Unit], dict[str, str]]:
    """The table of units: the unit of each surface, and the pattern that must not follow the surface.

    Raises:
        ConfigError: the file is missing, or a row is not as the file's own header describes.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        message = f"{path}: cannot read the table of units ({error.strerror})."
        raise ConfigError(message, remedy="Reinstall kyojitsu.") from None
    rows = [(n, line.split("\t")) for n, line in enumerate(lines, 1) if line and not line.startswith("#")]
    if not rows or tuple(rows[0][1]) != COLUMNS:
        raise ConfigError(f"{path}: the header is not {' '.join(COLUMNS)}.", remedy="Part the cells by tabs.")
    units: dict[str, Unit] = {}
    guards: dict[str, str] = {}
    for number, cells in rows[1:]:
        try:
            surfaces, unit, guard = _read_row(cells)
        except ValueError as error:
            raise ConfigError(
                f"{path}, line {number}: not a unit: {error}.", remedy="Give what the file's header says."
            ) from None
        for surface in surfaces:
            if surface in units:
                raise ConfigError(f"{path}, line {number}: {surface} stands twice.", remedy="Keep one of the two.")
            units[surface], guards[surface] = unit, guard
    return units, guards


def _read_row(cells: list[str]) -> tuple[list[str], Unit, str]:
    """Surfaces, unit and guard of a row. Raises ValueError naming what is wrong."""
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} cells, not {len(COLUMNS)}")
    surfaces, kind, symbol, english, noun, kanji, guard = cells
    if kind not in get_args(QuantityKind):
        raise ValueError(f"{kind!r} is no kind of quantity")
    if "#" not in english:
        raise ValueError(f"{english!r} has no # for the number")
    if kanji not in ("1", "2", "3", "-"):
        raise ValueError(f"kanji is {kanji!r}, not 1, 2, 3 or -")
    singular, _, plural = english.partition("|")
    plural = plural or singular
    noun = noun or plural.replace("#", "").strip()
    return surfaces.split("|"), Unit(cast("QuantityKind", kind), symbol, singular, plural, noun, kanji), guard


_UNITS, _GUARDS = read_units(config_dir() / "units.tsv")
_SYMBOLS: Final = {
    "$": "ドル", "US$": "ドル", "米$": "ドル", "A$": "豪ドル", "C$": "カナダドル", "S$": "シンガポールドル", "HK$": "香港ドル",
    "NT$": "台湾ドル", "NZ$": "NZドル", "¥": "円", "€": "ユーロ", "£": "英ポンド",
}  # fmt: skip
# What a unit multiplies the written number by. Cents and sen have no ISO 4217 code of their own.
_FACTORS: Final = {"割": Decimal(10), "セント": Decimal("0.01"), "銭": Decimal("0.01")}
# Where the words of the text decide what a unit is: surface, pattern to find, surface it then stands for.
_BY_CONTEXT: Final = tuple(
    (surface, re.compile(pattern), instead)
    for surface, pattern, instead in (
        (
            "キロ",
            "体重|重さ|重量|減量|増量|積載|荷物|質量|収穫|肉|魚|サケ|野菜|果物|小麦|砂糖|コメ|豆|粉|原料|肥料|飼料|古紙|買",
            "kg",
        ),
        (
            "キロ",
            "距離|走|道|沿い|離れ|[東西南北]へ|北|時速|移動|航続|先|地点|延長|管|路線|上空|沖|片道|往復|航海",
            "km",
        ),
        ("ポンド", "体重|重さ|重量|推力|積載|荷物|質量", "lb"),
        ("度", "気温|温度|水温|体温|室温|気候|温暖|猛暑|酷暑|寒|熱|摂氏|氷点|冷や|凍|沸|融点", "℃"),
        ("度", "華氏", "°F"),
        ("度", "角度|緯度|経度|傾|回転|視野|方位|東経|西経|北緯|南緯|転換", "°"),
        ("ポイント", "株価|平均|指数|TOPIX|ダウ|ナスダック|還元|付与|貯ま|獲得", "ポイント"),
        ("ポイント", "%|パーセント|率|割合|シェア|比", "%ポイント"),
    )
)
_LEAST_ANGLE: Final = 10  # degrees; below, a bare 3度 is "three times"
_CONTEXT_REACH: Final = 100  # code points either way


def _surface_pattern(surface: str) -> str:
    """The pattern of one surface, with what must not follow it."""
    end = "(?![A-Za-z0-9])" if surface[-1].isascii() and surface[-1].isalnum() else ""
    return re.escape(surface) + end + (f"(?!{_GUARDS[surface]})" if _GUARDS[surface] else "")


_PER: Final = "当たり|当り|あたり|につき"
# Not before 目 (2人目 is an ordinal) and not before 当たり (1人当たり is the lower half of a rate).
_UNIT: Final = re.compile(rf" ?({'|'.join(map(_surface_pattern, by_length(_UNITS)))})(?!目(?![標的安玉指線])|{_PER})")


def _in_context(surface: str, text: str, amount: _Amount) -> str:
    """The surface that an ambiguous one stands for: the nearest cue before it decides, else the first one after."""
    cues = [
        (match.start(), instead)
        for ambiguous, pattern, instead in _BY_CONTEXT
        if ambiguous == surface
        for match in pattern.finditer(text, max(0, amount.end - _CONTEXT_REACH), amount.end + _CONTEXT_REACH)
    ]
    if cues:
        before = [cue for cue in cues if cue[0] <= amount.end]
        return (max(before) if before else min(cues))[1]
    if surface == "度" and amount.low >= _LEAST_ANGLE:
        return "°"
    if surface == "ポイント" and amount.value is not None and not _is_whole(amount.value):
        return "%ポイント"
    return surface


# One number with its unit -----------------------------------------------------------------------------------------------

_ENGLISH_SCALES: Final = {
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "mn": 10**6, "bn": 10**9, "tn": 10**12,
    "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12,
}  # fmt: skip
_AFTER_SYMBOL: Final = re.compile(r" ?(thousand|million|billion|trillion|mn|bn|tn|[KMBT])(?![A-Za-z0-9])")
_OF_MODELS: Final = re.compile(r"([KMBT])(?= ?(?:トークン|パラメータ|ユーザー))")
_OVER: Final = re.compile("(?:余|あまり)(?=[人名社台件個回年点校])")
_SLASH_FRACTION: Final = re.compile(
    r"(\d{1,4})/(\d{1,3}(?:,\d{3}){1,12}+(?!,\d)|\d{1,6})(?![\d/.A-Za-z年月]|\([月火水木金土日])", re.ASCII
)
_POWER: Final = re.compile(r"の(\d{1,2})乗", re.ASCII)
# 3割5分2厘; but 3割3分の1 holds a fraction.
_PARTS_OF_WARI: Final = re.compile(
    r"([1-9一二三四五六七八九])分(?!の[\d一二三四五六七八九])(?:([1-9一二三四五六七八九])厘)?", re.ASCII
)
_SEN: Final = re.compile(r"(\d{1,2})銭", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Amount:
    """One number with its unit.

    ``written`` is the English of a fraction or a power, ``over`` the 余 of 百余人, ``kanji`` the length of a number in
    kanji; ``factor`` is what the unit multiplied the number by.
    """

    end: int
    value: Decimal | None
    low: Decimal
    high: Decimal
    scale: int = 1
    unit: Unit | None = None
    vague: str = ""
    written: str = ""
    over: bool = False
    kanji: int = 0
    factor: Decimal = Decimal(1)

    def times(self, factor: int | Decimal) -> _Amount:
        """The amount multiplied."""
        low, high = EXACT.multiply(self.low, factor), EXACT.multiply(self.high, factor)
        return replace(self, value=None if self.value is None else low, low=low, high=high)

    def becomes(self, value: Decimal, end: int) -> _Amount:
        """The amount with another exact value, read up to ``end``."""
        return replace(self, value=value, low=value, high=value, end=end)


def _amount(text: str, start: int, unit: Unit | None) -> _Amount | None:
    """A number and its unit at ``start``; ``unit`` where a currency symbol stands before the number."""
    if text.startswith("ゼロ", start):
        amount = _Amount(start + len("ゼロ"), Decimal(0), Decimal(0), Decimal(0))
    else:
        n = match_numeral(text, start)
        if n is None:
            return None
        amount = _Amount(n.end, n.value, n.low, n.high, n.scale, vague=n.vague, kanji=n.kanji)
    if unit is not None:
        if match := _AFTER_SYMBOL.match(text, amount.end):
            factor = _ENGLISH_SCALES[match[1]]
            amount = replace(amount.times(factor), end=match.end(), scale=factor)
        return replace(amount, unit=unit)
    if fraction := _fraction(text, start, amount):
        return fraction
    if match := _OF_MODELS.match(text, amount.end):
        amount = replace(amount.times(_ENGLISH_SCALES[match[1]]), end=match.end())
    if match := _OVER.match(text, amount.end):
        amount = replace(amount, end=match.end(), over=True)
    return _with_unit(text, amount)


def _with_unit(text: str, amount: _Amount) -> _Amount | None:
    """The amount with the unit behind it, as it is where there is none; None if both together are a word."""
    match = _UNIT.match(text, amount.end)
    if match is None:
        return amount
    if amount.kanji and not _takes_kanji(_UNITS[match[1]], amount):
        return None
    surface = _in_context(match[1], text, amount)
    factor = _FACTORS.get(surface, Decimal(1))
    amount = replace(amount.times(factor), end=match.end(), unit=_UNITS[surface], factor=factor)
    if amount.value is None:
        return amount
    if surface == "割" and (parts := _PARTS_OF_WARI.match(text, amount.end)):
        tenths = _digit(parts[1]) + _digit(parts[2] or "〇") / 10
        return amount.becomes(EXACT.add(amount.value, tenths), parts.end())
    if surface == "円" and (sen := _SEN.match(text, amount.end)):
        return amount.becomes(EXACT.add(amount.value, Decimal(sen[1]) * _FACTORS["銭"]), sen.end())
    return amount


def _digit(character: str) -> Decimal:
    numeral = match_numeral(character, 0)
    return numeral.low if numeral else Decimal(0)


def _takes_kanji(unit: Unit, amount: _Amount) -> bool:
    """Whether the kanji numeral may stand before the unit (column ``kanji`` of the table)."""
    if unit.kanji == "2":
        return amount.kanji > 1 or amount.value != 1
    return unit.kanji == "1" or (unit.kanji == "3" and amount.kanji > 1)


def _fraction(text: str, start: int, amount: _Amount) -> _Amount | None:
    """3分の2, 1/20 or 10の15乗; 5/12 may be a day of the year and is left alone."""
    if amount.value is None or not _is_whole(amount.value):
        return None
    if match := _POWER.match(text, amount.end):
        power = EXACT.power(amount.value, Decimal(match[1]))
        if power.adjusted() >= EXACT.prec:
            return None
        return replace(amount.becomes(power, match.end()), written=f"{amount.value}^{match[1]}")
    if text.startswith("分の", amount.end) and (top := match_numeral(text, amount.end + len("分の"))):
        numerator, denominator, end = top.value, amount.value, top.end
    elif match := _SLASH_FRACTION.match(text, start):
        numerator, denominator, end = Decimal(match[1]), Decimal(match[2].replace(",", "")), match.end()
        if 1 < numerator <= 12 and 10 < denominator <= 31:
            return None
    else:
        return None
    if numerator is None or not 0 < numerator < denominator:
        return None
    written = f"{plain(numerator):,}/{plain(denominator):,}"
    return replace(amount.becomes(EXACT.divide(numerator, denominator), end), scale=1, written=written)


# Ranges -----------------------------------------------------------------------------------------------------------------

_BETWEEN: Final = re.compile(
    r" ?(~|-|(?<=[0-9])ー(?=[0-9])|から|ないし|乃至) ?(?:約|およそ)?(マイナス|プラス|▲|[-+])?(?:US)?[$¥€£]?"
    r"(?=[0-9〇零一二三四五六七八九十百千数何])"
)
_UNTIL: Final = re.compile("(まで)|の(?:間|範囲|幅)|程度|くらい|ぐらい")


def _range(text: str, first: _Amount, symbol: Unit | None) -> tuple[_Amount, _Amount | None, str, int]:
    """Both ends of a range, the sign before the second, and where the figure ends.

    The second end is None where there is no range. Of 5から8%に only the unit is handed on to the first end, for these
    words tell of a change.
    """
    alone = first, None, "", first.end
    match = _BETWEEN.match(text, first.end)
    if match is None:
        return _two_or_three(text, first) or alone
    second = _amount(text, match.end(), symbol)
    if second is None or not _belong_together(first, second, match[1]):
        return alone
    if first.unit is None or symbol is not None:
        first = _inherit(first, second)
    elif first.factor != second.factor:  # 148円50銭~60銭
        whole = first.low.to_integral_value(ROUND_FLOOR)
        second = second.becomes(EXACT.add(whole, second.low), second.end)
    end = second.end
    if match[1] == "から":
        until = _UNTIL.match(text, end)
        if until is None:
            return replace(first, unit=second.unit), None, "", first.end
        end = until.end(1) if until[1] else end
    return first, second, match[2] or "", end


def _belong_together(first: _Amount, second: _Amount, between: str) -> bool:
    """Whether two numbers can be the ends of one range."""
    if bool(first.written) != bool(second.written):
        return False
    if first.unit is None:
        return second.unit is not None or between == "~"
    return second.unit is not None and first.unit.symbol == second.unit.symbol


def _two_or_three(text: str, first: _Amount) -> tuple[_Amount, _Amount, str, int] | None:
    """2、3人, 四、五百人: neighbours, and so a range."""
    if first.unit is not None or first.value is None or first.low >= 10 or not text.startswith(("、", ","), first.end):
        return None
    second = _amount(text, first.end + 1, None)
    if second is None or second.unit is None:
        return None
    step = 1 if second.low == first.low + 1 else second.scale
    first = _inherit(first, second)
    return (first, second, "", second.end) if second.value == first.low + step else None


def _inherit(first: _Amount, second: _Amount) -> _Amount:
    """320~390億: the first end is in 億 too, unless that would make it the larger one (5000~1万)."""
    if first.unit is None:
        first = first.times(second.factor)
    scaled = first.times(second.scale) if first.scale == 1 else first
    return scaled if scaled.high < second.high else first


# What stands around a number --------------------------------------------------------------------------------------------

# What holds digits or kanji numerals and is no figure: addresses, numbers of telephones and versions, idioms.
_BARRED: Final = re.compile(
    "|".join(
        (
            ADDRESS.pattern,
            r"〒?\d{3}-\d{4}(?!\d)|\d{2,5}-\d{1,4}-\d{3,4}|\+\d{1,3}-[\d-]{6,}|\d+\.\d+\.[\d.]+",
            r"(?<!\d)(?:1\.17|3\.11|9\.11)(?=[の後以震テ])|単位 ?[:は] ?[百千]*万?[円ドル人台]+",
            "[一二三四五六七八九十百千万]人(?:三脚|十色|一首|羽織|計画|力|並み|(?:[一二]人)+)|(?<![十百千])一人[一ひ前称暮旅息娘っ芝]",
            "(?<=の)一[人社台件冊枚個票]|一(?:票の格差|件落着|枚岩|円に広|円で|社会|回り)|(?<=東)一円|[1一]億総|二枚[目舌貝]",
            "三[枚社](?:目|祭|肉)|(?<![一二三四五六七八九百千])(?:十[分字勝]|十文字|百[均科])|八百(?:屋|長|万の神)|千[手秋差]|数[字学値式列量]",
            r"(?<![\d一二三四五六七八九十百千数何])万[一人]",
        )
    ),
    re.ASCII,
)
_GLUED_TO_NAME: Final = re.compile(r"[A-Z]{2}\Z")
_GLUED_SCALE: Final = 10**4
_GLUED_UNITS: Final = frozenset({"person", "company", "country", "x"})
_SIGN: Final = re.compile(r"(▲|△|マイナス|プラス|氷点下|[-+±])( ?)\Z")
_SIGN_REACH: Final = 5  # code points
_BEFORE_HYPHEN: Final = re.compile(r"[A-Za-z0-9)\]~-]")
_NEGATIVE: Final = frozenset({"▲", "△", "マイナス", "氷点下", "-"})
_ACCOUNTING: Final = frozenset({"▲", "△"})
_BULLET: Final = re.compile(r"(?m)^([ \t\u3000]*)[▲△]")
_MINUS: Final = r"[▲△][¥$€£]?[0-9０-９]"
_ACCOUNT: Final = re.compile(
    rf"(?m)[^\s]{_MINUS}|^[ \t\u3000]*{_MINUS}[0-9０-９,.，．万億兆千百円ドル%％]*[ \t\u3000]*$"
)
_LISTED: Final = re.compile(rf"(?m)^[ \t\u3000]*(?!{_MINUS})[▲△]")
_LOADED_BEFORE: Final = re.compile(r"(?:わずか|僅か|たった|ほんの)(?:に|の|な)? ?\Z")
_LOADED_AFTER: Final = re.compile("[ぁ-ん]{0,2}しか")
_LOADED_REACH: Final = 6
_BASE: Final = re.compile(r"の(?:約|およそ|ほぼ)?\Z|より|比|対し")
_BASE_REACH: Final = 20
_BAND: Final = re.compile("台(?![数湾風頭])")
_PARENTHESIS_BOUND: Final = re.compile(r"\([^()]{1,24}\)(?:(以上|超)|以下|未満)")
_VERB_BOUND: Final = re.compile(
    "を(?:大きく|大幅に|わずかに|初めて|はるかに)?(?:(超え|越え|上回|突破)|下回|割り込|切っ|切る)[らりるっま]?(な[いかけく]|ず|せん)?"
    "|に(?:満た|届か)(?:ず|な)"
)
_OPENING: Final = re.compile(r" ?\( ?(?:日本円で|円換算で|日本円換算で|現在のレートで|当時のレートで)?(?:約|およそ)? ?")
_CLOSING: Final = re.compile(r" ?(?:相当|換算)?[^()]{0,6}\)")


def _may_begin(text: str, begin: int, amount: _Amount, unit: Unit | None) -> bool:
    """Whether a figure can begin here, or the number is the tail of a name, an ordinal or an address."""
    previous, earlier = text[begin - 1 : begin], text[max(0, begin - 2) : begin - 1]
    if not previous:
        return True
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
    return unit.symbol in _GLUED_UNITS and bool(_GLUED_TO_NAME.search(text, max(0, begin - 2), begin))


def _sign(text: str, begin: int, floor: int) -> tuple[int, str]:
    """Where the sign before ``begin`` begins, and the sign; "" where there is none.

    ▲ apart from the number is a bullet; - inside a name or a code is a hyphen.
    """
    match = _SIGN.search(text, max(floor, begin - _SIGN_REACH), begin)
    if match is None:
        return begin, ""
    sign, at = match[1], match.start()
    previous = text[max(0, at - 1) : at]
    is_bullet = sign in _ACCOUNTING and match[2]
    is_hyphen = sign in "-+" and bool(_BEFORE_HYPHEN.match(previous))
    return (begin, "") if is_bullet or is_hyphen else (at, sign)


def _flags(text: str, begin: int, end: int, kind: QuantityKind) -> tuple[Flag, ...]:
    """What the words around the figure add to it."""
    flags: list[Flag] = []
    if _LOADED_BEFORE.search(text, max(0, begin - _LOADED_REACH), begin) or _LOADED_AFTER.match(text, end):
        flags.append("loaded")
    if kind in ("ratio", "fraction"):
        clause = max(text.rfind(mark, 0, begin) for mark in "、。") + 1
        if not _BASE.search(text, max(clause, begin - _BASE_REACH), begin):
            flags.append("no_base")
    return tuple(flags)


def _covering(barred: Sequence[tuple[int, int]], position: int) -> int:
    """The end of the barred range that covers the position, or the position itself."""
    return max((end for start, end in barred if start <= position < end), default=position)


def _bounded_from_outside(text: str, quantity: FoundQuantity) -> FoundQuantity:
    """Set ``low`` or ``high`` by words that stay outside the span: 200億ドル(約3兆円)以上, 1兆円を超えた."""
    value = quantity.value
    match = None if value is None else _PARENTHESIS_BOUND.match(text, quantity.end)
    if match is not None:
        above = bool(match[1])
    elif value is not None and (match := _VERB_BOUND.match(text, quantity.end)):
        above = bool(match[1]) != bool(match[2])
    else:
        return quantity
    return replace(quantity, low=value if above else None, high=None if above else value)


# Rates ------------------------------------------------------------------------------------------------------------------

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
_DENOMINATOR: Final = "|".join(
    re.escape(word) + ("(?![A-Za-z0-9])" if word.isascii() else "") for word in by_length([*_UNITS, *_TIMES])
)
_PER_BEFORE: Final = re.compile(rf"([\d,.一二三四五六七八九十百千万億]*) ?({_DENOMINATOR})(?:{_PER}) ?\Z", re.ASCII)
_PER_ENDINGS: Final = tuple(word + space for word in _PER.split("|") for space in ("", " "))
_PER_REACH: Final = 24
_PER_AHEAD: Final = re.compile(rf" ?(?:{_DENOMINATOR})(?:{_PER})")
_PER_AFTER: Final = re.compile(rf"/ ?({_DENOMINATOR})")
_RATE_WORD: Final = re.compile(rf"({'|'.join(_RATE_WORDS)})\Z")
_RATE_WORD_REACH: Final = 2
_DISTANCE: Final = re.compile("距離|走|移動|運賃|道|燃費|電費|路線|航")  # without these, キロ当たり is of weight


@dataclass(frozen=True, slots=True)
class _Per:
    """The lower half of a rate: its symbol (person, km, h) and its English ("per 10,000 people", "/km")."""

    symbol: str
    english: str
    is_time: bool = False


def _rate(text: str, begin: int, end: int, floor: int) -> tuple[int, int, _Per | None]:
    """What the figure is per, with the span widened to it: 1時間当たり…, 時速…, …/km."""
    if match := _RATE_WORD.search(text, max(floor, begin - _RATE_WORD_REACH), begin):
        return match.start(), end, _per_time(_RATE_WORDS[match[1]])
    if text.endswith(_PER_ENDINGS, 0, begin) and (
        match := _PER_BEFORE.search(text, max(floor, begin - _PER_REACH), begin)
    ):
        numeral = match_numeral(match[1] or "1", 0)
        if numeral and numeral.value is not None and numeral.end == len(match[1] or "1"):
            is_weight = match[2] == "キロ" and not _DISTANCE.search(
                text, max(0, begin - _CONTEXT_REACH), begin + _CONTEXT_REACH
            )
            word = "kg" if is_weight else match[2]
            return match.start(), end, _per(word, numeral.value, slash=False)
    if text.startswith("/", end) and (match := _PER_AFTER.match(text, end)):
        return begin, match.end(), _per(match[1], Decimal(1), slash=True)
    return begin, end, None


def _per_time(time: str) -> _Per:
    return _Per(_TIME_SYMBOLS.get(time, time), f" per {time}", is_time=True)


def _per(word: str, number: Decimal, *, slash: bool) -> _Per:
    if word in _TIMES:
        return _per_time(_TIMES[word])
    unit = _UNITS[word]
    if number != 1:
        return _Per(f"{plain(number)} {unit.symbol}", f" per {unit.write(number)}")
    if slash and (unit.is_symbol or unit.kind == "money"):
        return _Per(unit.symbol, f"/{unit.symbol}")
    return _Per(unit.symbol, f" per {unit.one}")


# Numbers without a unit -------------------------------------------------------------------------------------------------

# Such a number counts only where the words around it show that it stands for itself.
_ALONE_BEFORE: Final = re.compile(r"[はがをもでにと、「(:=約計値数率比]\Z")
_ALONE_AFTER: Final = re.compile("だ|で|に|と|を|が|は|も|へ|から|、|。|」|$")
_VAGUE_AFTER: Final = re.compile("[のをがにはも]")
_NOT_ALONE: Final = frozenset({"級", "クラス", "強", "弱", "規模", "超"})  # 1級, 4強
_YEAR_LIKE: Final = re.compile(r"(?:19|20)\d\d\Z", re.ASCII)
_KATAKANA_OR_SPACE: Final = re.compile(r"[ァ-ヺー ]\Z")
_TWO_DIGITS: Final = 10


def _stands_alone(text: str, begin: int, end: int, amount: _Amount, *, bounds: bool) -> bool:
    """Whether a number without a unit is a figure, not part of a name, a list or a formula."""
    if amount.over or (amount.kanji and (amount.kanji == 1 or amount.scale == 1)):
        return False
    if _PER_AHEAD.match(text, amount.end) or _KATAKANA_OR_SPACE.match(text, begin - 1, begin):
        return False
    if amount.scale >= _GLUED_SCALE or (bounds and text[amount.end : end] not in _NOT_ALONE):
        return True
    if amount.value is None:
        return amount.low > _TWO_DIGITS and bool(_VAGUE_AFTER.match(text, end))
    if amount.low < _TWO_DIGITS or _YEAR_LIKE.match(text[begin:end]):
        return False
    return bool(_ALONE_BEFORE.match(text, begin - 1, begin) and _ALONE_AFTER.match(text, end))


# Figures ----------------------------------------------------------------------------------------------------------------

_CANDIDATE: Final = re.compile("[0-9〇零一二三四五六七八九十百千数何幾$¥€£半倍過万億兆京]|ゼロ[円%件人回カか]")
_AGES: Final = re.compile(r"(?<![第\d])([1-9]0)(?:[~・、]([1-9]0))?代(?![目わ金替表理々])", re.ASCII)
_SCALE_ALONE: Final = re.compile("([万億兆京])(円|ドル|ユーロ|元|人|台|件|個)?(?:単位|規模|レベル)")
# Words that are a figure by themselves: kind, value, unit, English.
_WORDS: Final[dict[str, tuple[QuantityKind, str, str, str]]] = {
    "半額": ("fraction", "0.5", "", "half the amount"), "半分": ("fraction", "0.5", "", "half"),
    "半数": ("fraction", "0.5", "", "half"), "半減": ("fraction", "0.5", "", "halving"),
    "過半": ("fraction", "0.5", "", "more than half"), "過半数": ("fraction", "0.5", "", "more than half"),
    "倍増": ("ratio", "2", "x", "doubling"), "倍": ("ratio", "2", "x", "double"),
}  # fmt: skip
_WORD: Final = re.compile(
    "半額|半分(?!こ)|半数(?!体)|半減(?!期)|過半数?|倍増|(?:(?<![一-龥々])|(?<=約))倍(?=[にのとへ以超近])"
)
_METRIC_PREFIXES: Final = {"P": (15, "peta"), "E": (18, "exa"), "Z": (21, "zetta")}
_METRIC: Final = re.compile(
    r"(?<![A-Za-z\d.])(?P<first>\d+(?:\.\d+)?)(?:(?P<prefix>[PEZ])(?:\((?:ペタ|エクサ|ゼタ)\))?)?"
    r"(?: ?~ ?(?P<second>\d+(?:\.\d+)?)(?P<last>[PEZ])(?:\((?:ペタ|エクサ|ゼタ)\))?)?(?![A-Za-z0-9])",
    re.ASCII,
)
_METRIC_CONTEXT: Final = re.compile("ペタ|エクサ|ゼタ|FLOPS|フロップス|計算|演算")


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
    """半分, 過半数, 倍以上."""
    match = _WORD.match(text, start)
    if match is None:
        return None
    kind, stated, symbol, english = _WORDS[match.group()]
    begin, before = prefixes(text, start, floor)
    end, after = suffixes(text, match.end())
    bounds, value = before + after, Decimal(stated)
    low, high = _limits(value, ["more than"] if match.group().startswith("過半") else bounds)
    return _found(begin, end, kind, value, low, high, symbol, english, bounds, _flags(text, begin, end, kind))


def _read_scale_alone(text: str, start: int) -> FoundQuantity | None:
    """兆円単位: trillions of yen, from one trillion up."""
    match = _SCALE_ALONE.match(text, start)
    if match is None:
        return None
    unit = _UNITS[match[2]] if match[2] else _NO_UNIT
    english = f"{magnitude_english(match[1])} {unit.noun}" if unit.noun else magnitude_english(match[1])[: -len(" of")]
    low, bounds = Decimal(magnitude(match[1])), ["on the order of"]
    return _found(start, match.end(), unit.kind, None, low, None, unit.symbol, english, bounds, ("vague",))


def _read_ages(text: str, start: int) -> FoundQuantity | None:
    """20代 or 20~30代: people of that age."""
    match = _AGES.match(text, start)
    if match is None:
        return None
    low, last = int(match[1]), int(match[2] or match[1])
    english = " to ".join("teens" if age == 10 else f"{age}s" for age in sorted({low, last}))
    high = Decimal(last + 9)
    return _found(start, match.end(), "count", None, Decimal(low), high, "year of age", english, [], ())


def _read_metric(text: str, start: int, floor: int) -> FoundQuantity | None:
    """10P or 1~100E: a metric prefix without the unit it belongs to, in a text about computing power."""
    match = _METRIC.match(text, start)
    last = match and (match["last"] or match["prefix"])
    if (
        not match
        or not last
        or not _METRIC_CONTEXT.search(text, max(0, start - _CONTEXT_REACH), start + _CONTEXT_REACH)
    ):
        return None
    ends = [(match["first"], match["prefix"] or last)] + ([(match["second"], last)] if match["second"] else [])
    values = [EXACT.scaleb(Decimal(digits), _METRIC_PREFIXES[prefix][0]) for digits, prefix in ends]
    names = [_METRIC_PREFIXES[prefix][1] for _, prefix in ends]
    if len(ends) == 2 and names[0] == names[1]:
        english = f"{ends[0][0]}–{ends[1][0]} {names[1]}"
    else:
        english = " to ".join(f"{digits} {name}" for (digits, _), name in zip(ends, names, strict=True))
    begin, before = prefixes(text, start, floor)
    end, after = suffixes(text, match.end())
    bounds = before + after
    flags: tuple[Flag, ...] = ("no_unit", "elided") if len(ends) == 2 and not match["prefix"] else ("no_unit",)
    if len(ends) == 2:
        return _found(begin, end, "compute", None, values[0], values[1], "", english, bounds, flags)
    return _found(begin, end, "compute", values[0], *_limits(values[0], bounds), "", english, bounds, flags)


def _read_figure(text: str, start: int, floor: int) -> FoundQuantity | None:
    """A number with its unit or currency symbol, or a range, and what qualifies it."""
    begin, number, symbol = start, start, None
    if text[start] in "$¥€£":
        begin = next(i for i in range(max(floor, start - 2), start + 1) if text[i : start + 1] in _SYMBOLS)
        symbol = _UNITS[_SYMBOLS[text[begin : start + 1]]]
        number = start + (2 if text.startswith(" ", start + 1) else 1)
    stated = _amount(text, number, symbol)
    if stated is None:
        return None
    first, second, second_sign, end = _range(text, stated, symbol)
    unit = first.unit or (second.unit if second else None)
    if not _may_begin(text, begin, first, unit):
        return None
    end, after = suffixes(text, end)
    begin, sign = _sign(text, begin, floor)
    begin, before = prefixes(text, begin, floor)
    if not sign:
        begin, sign = _sign(text, begin, floor)
    bounds = [*before, *(["just over"] if first.over else []), *after]
    per = None
    if unit:
        begin, end, per = _rate(text, begin, end, floor)
        if per:
            end, after = suffixes(text, end)
            bounds += after
    elif not first.written and not _stands_alone(text, begin, end, first, bounds=bool(bounds)):
        return None
    figure = _Figure(first, second, unit or _NO_UNIT, sign, second_sign, bounds, per)
    flags = _flags(text, begin, end, figure.kind)
    if second is None and first.value is not None and unit and unit.symbol != "digit" and _BAND.match(text, end):
        return figure.band(begin, end + len("台"), flags)
    if first.vague or (second and second.vague):
        flags = ("vague", *flags)
    if second and second.unit and stated.unit is None:
        flags = (*flags, "elided")
    return figure.quantity(begin, end, flags)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure that has been read: one amount or the two ends of a range, and what stands around them."""

    first: _Amount
    second: _Amount | None
    unit: Unit
    sign: str
    second_sign: str
    bounds: list[str]
    per: _Per | None

    @property
    def kind(self) -> QuantityKind:
        """The kind of the unit, or of what is made of it."""
        if self.per:
            return "speed" if self.unit.kind == "length" and self.per.is_time else "rate"
        return "fraction" if "/" in self.first.written else self.unit.kind

    @property
    def symbol(self) -> str:
        """The unit as it is written out."""
        return f"{self.unit.symbol}/{self.per.symbol}" if self.per else self.unit.symbol

    def quantity(self, start: int, end: int, flags: tuple[Flag, ...]) -> FoundQuantity:
        """The figure as found at ``start`` to ``end``."""
        first, last = self._ends()
        is_exact = self.second is None and self.first.value is not None
        value = last if is_exact else None
        low: Decimal | None
        high: Decimal | None
        if value is not None and self.sign != "±":
            by_size = self.sign in _ACCOUNTING or "up to" in self.bounds
            low, high = _limits(value, self.bounds, by_size=by_size)
        else:
            low, high = sorted((first, last))
            if self.second is None and not LOWER.isdisjoint(self.bounds):
                high = None
            elif not is_exact and self.second is None and not UPPER.isdisjoint(self.bounds):
                low = None
        bounds = self.bounds
        if self.first.vague or (self.second is None and not is_exact):
            bounds = [*bounds, _VAGUELY if self.first.vague else "about"]
        english = self._english(first, last)
        return _found(start, end, self.kind, value, low, high, self.symbol, english, bounds, flags)

    def band(self, start: int, end: int, flags: tuple[Flag, ...]) -> FoundQuantity:
        """150円台, 30%台: from the stated figure up to (without) the next one as round, the widest reading."""
        _, value = self._ends()
        place = EXACT.normalize(self.first.low).as_tuple().exponent  # 150: 1, 39,000: 3, 1.2: -1
        step = EXACT.scaleb(Decimal(1), int(place)).copy_sign(value)
        low, high = sorted((value, EXACT.add(value, step)))
        english = f"in the {bounded(self._english(value, value), self.bounds)} range"
        return _found(start, end, self.kind, value, low, high, self.symbol, english, [_VAGUELY], flags)

    def _ends(self) -> tuple[Decimal, Decimal]:
        """Both ends as they stand in the text, with their signs; the same twice for one exact number."""
        first, last = self.first.low, (self.second or self.first).high
        if self.sign == "±":
            return first.copy_negate(), last
        is_negative = self.sign in _NEGATIVE
        is_shared = self.second is None or (self.sign != "-" and not self.second_sign and last > first)
        if self.second_sign in _NEGATIVE or (is_negative and is_shared):
            last = last.copy_negate()
        return first.copy_negate() if is_negative else first, last

    def _english(self, first: Decimal, last: Decimal) -> str:
        """The figure with its sign, its unit and what it is per, without its bounds."""
        per = self.per.english if self.per else ""
        if self.per and self.unit.is_symbol and self.per.symbol in _TIME_SYMBOLS.values():
            per = f"/{self.per.symbol}"
        return self._number(first, last) + per

    def _number(self, first: Decimal, last: Decimal) -> str:
        if self.first.written:
            return " to ".join(amount.written for amount in (self.first, self.second) if amount)
        if self.first.vague or (self.second and self.second.vague):
            return ("minus " if self.sign in _NEGATIVE else "") + self._magnitude()
        if self.sign == "±":
            return "±" + self.unit.write(last)
        if first == last:
            return ("+" if self.sign in ("+", "プラス") else "") + self.unit.write(first)
        both = spell_range(first, last) if first >= 0 and last >= 0 else None
        if both is None:
            return f"{self.unit.write(first)} to {self.unit.write(last)}"
        return self.unit.plural.replace("#", both)

    def _magnitude(self) -> str:
        """Several tens of trillions of yen; several tens to several hundred people."""
        ends = [vague_english(a.vague, a.low) if a.vague else spell(a.low) for a in (self.first, self.second) if a]
        phrase = " to ".join([*(end.removesuffix(" of") for end in ends[:-1]), ends[-1]])
        return f"{phrase} {self.unit.noun}" if self.unit.noun else phrase.removesuffix(" of")


_VAGUELY: Final = ""  # a bound without a word of its own: the figure is approximate by what it is


def _found(
    start: int, end: int, kind: QuantityKind, value: Decimal | None, low: Decimal | None, high: Decimal | None,
    unit: str, english: str, bounds: Sequence[str], flags: tuple[Flag, ...],
) -> FoundQuantity:  # fmt: skip
    """The quantity with plain numbers, and its English with its bounds."""
    is_approximate = not APPROXIMATE.isdisjoint(bounds) or _VAGUELY in bounds
    numbers = (_number(value), _number(low), _number(high))
    return FoundQuantity(start, end, kind, *numbers, unit, is_approximate, bounded(english, bounds), flags)


def _limits(value: Decimal, bounds: Sequence[str], *, by_size: bool = False) -> tuple[Decimal | None, Decimal | None]:
    """``low`` and ``high`` of a stated figure; ``by_size``: the bounds of a negative one are about its size."""
    lower, upper = not LOWER.isdisjoint(bounds), not UPPER.isdisjoint(bounds)
    if by_size and value < 0:
        lower, upper = upper, lower
    return value if lower else None, value if upper else None


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _number(value: Decimal | None) -> int | float | None:
    """A whole number as int, another as the nearest float."""
    if value is None:
        return None
    return int(value) if _is_whole(value) else float(value)
