"""Units of time, and the ISO duration and the English of a number of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from pipeline.text.numerals import Numeral, plain, spell, spell_range, vague_english
from pipeline.text.times.english import plural

# Unit: the letters of its ISO duration, how many of them one is, and its English.
UNITS: Final = {
    "年": ("Y", "1", "year"), "月": ("M", "1", "month"), "週": ("W", "1", "week"), "日": ("D", "1", "day"),
    "時間": ("TH", "1", "hour"), "分": ("TM", "1", "minute"), "秒": ("TS", "1", "second"),
    "ミリ秒": ("TS", "0.001", "millisecond"), "マイクロ秒": ("TS", "0.000001", "microsecond"),
    "ナノ秒": ("TS", "0.000000001", "nanosecond"), "世紀": ("Y", "100", "century"), "四半期": ("M", "3", "quarter"),
    "営業日": ("", "1", "business day"),
}  # fmt: skip
# ISO duration, English.
HALF_UNITS: Final = {
    "四半世紀": ("P25Y", "a quarter of a century"), "半世紀": ("P50Y", "half a century"), "半年": ("P6M", "half a year"),
    "半月": ("P0.5M", "half a month"), "半日": ("PT12H", "half a day"),
}  # fmt: skip
HALF: Final = Decimal("0.5")
# The half of a unit where a smaller one divides it; after the letters of the unit.
_HALF_CODES: Final = {"Y": "6M", "TH": "30M", "D": "T12H"}
NOT_PER: Final = "(?!当たり|あたり|当り|につき)"
# A unit as it is written, without the words that begin like one; bare_unit() tells which it is.
UNIT: Final = (
    "(?:周年|年間?(?!金|賀|齢|収|俸|頭|度|代|生(?!産|存|き|ま)|末|号|報|式|製|版)|[カヶケかヵ箇個]月間?|週間?(?!刊|末|目|報|明)"
    "|営業日|日間?(?!本|常|時|程|光|曜|系|銀|米|韓|露|付|刊|報|夜|没|産|坊主|酔|月|市|当)|時間(?!外|割|給|帯|差|軸)"
    r"|分間?(?!の[\d一二三四五六七八九]|野|析|類|割|散|配|岐|子|母|量|別|担|離|裂|解|け|か(?:る|り|っ|ち|れ)|社|冊|譲|厘|身|掛|泌|業|布|隔|科|の一)"
    f"|(?:ミリ|マイクロ|ナノ)?秒間?(?!速|針|読)|世紀|四半期){NOT_PER}"
)


def bare_unit(written: str) -> str:
    """The unit without 間 and with its 月 bare: 年間 is 年, カ月 is 月."""
    for bare in ("月", "周年"):
        if bare in written:
            return bare[-1]
    return written if written == "時間" else written.removesuffix("間")


def length(number: Numeral, unit: str, half: Decimal = Decimal(0)) -> tuple[str | None, str]:
    """ISO duration and English of one number of units; ``half`` is what 半 adds."""
    code, each, name = UNITS[unit]
    if number.value is None:
        return code and _iso_duration(code, "X"), vague_length(number, unit, name)
    total = number.value + half
    english = f"{spell(total)} {name if total == 1 else plural(name)}"
    if not code:
        return None, english
    if half and (smaller := _HALF_CODES.get(code)):
        return _iso_duration(code, f"{plain(number.value):f}") + smaller, english
    return _iso_duration(code, f"{plain(total * Decimal(each)):f}"), english


def vague_length(number: Numeral, unit: str, name: str) -> str:
    """The English of a vague number of units: several months, decades; ``name`` is that of one unit."""
    if not number.vague:
        return f"about {spell_range(number.low, number.high)} {plural(name)}"
    longer = {20: "decades", 200: "centuries"}.get(int(number.low)) if unit == "年" else None
    if longer:
        return f"several {longer}" if number.vague == "数" else longer
    return f"{vague_english(number.vague, number.low)} {plural(name)}"


def _iso_duration(code: str, digits: str) -> str:
    return f"PT{digits}{code[1]}" if code.startswith("T") else f"P{digits}{code}"
