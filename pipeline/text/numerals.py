"""Japanese numerals: their value, their English, and the words that bound or blur them.

Values are :class:`decimal.Decimal` and never rounded. Positions are Unicode code points of a text folded by
:func:`fold`, which keeps every position.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

# One character for one: full-width ASCII, the ideographic space, wave dashes, minus signs, hyphens and dashes.
_FOLD: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | str.maketrans("\u3000〜￥−–—‐‑", " ~¥-----")

_KANJI_DIGITS: Final = "〇一二三四五六七八九"
_SMALL: Final = {"": 1, "十": 10, "百": 100, "千": 1000}
_LARGE: Final = {"": 1, "万": 10**4, "億": 10**8, "兆": 10**12, "京": 10**16}

# Nothing inside a web or mail address is a figure or a date.
ADDRESS: Final = re.compile(
    r"https?://[!-~]+|www\.[!-~]+|(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}+\.[\w.-]{1,190}", re.ASCII
)

# Arithmetic that never rounds: longer numbers than this are not read (see _D).
EXACT: Final = Context(prec=120)

_D: Final = r"(?:\d{1,3}(?:,\d{3}){1,12}+(?!\d)|\d{1,40}+(?!\d))(?:\.\d{1,20}+(?!\d))?"
_K: Final = r"[〇零一二三四五六七八九十百千]{1,24}+"
# 三・五%: the decimal point of vertical writing; elsewhere ・ parts the items of a list.
_K_DECIMAL: Final = r"[〇零一二三四五六七八九十百]{1,9}+・[〇零一二三四五六七八九]{1,9}+(?=[%割倍万億兆度℃㎜-㎦A-Za-z]|パーセント|ポイント|キロ|メートル|トン)"
# 182・44ドル, 1・5メートル: the same with digits, as newspapers write it; 10・11日 and 2・3年生 stay lists.
_D_DECIMAL: Final = (
    r"(?<!\d・)(?=\d)\d{1,4}+・\d{1,3}+(?= ?(?:[%℃㎜-㎦]|[万億兆倍]|ドル|ユーロ|ポンド|パーセント|ポイント|キロ|メートル"
    r"|センチ|ミリ|トン|グラム|リットル|ヘクタール|インチ|アール|ワット|ボルト|ヘルツ|[kKMGTcm]?(?:Wh?|m|g|Hz|V|t|ha|L)(?![A-Za-z]))"
    r"|(?<=\d\d・\d\d)円(?!硬貨|玉|札|切手|区間|台))"
)
# What stands before one large scale: [45]兆[3000]億, [1]万[2千], [五千三百]億. No possessive quantifier goes round a part that
# itself tries alternatives: before Python 3.11.5 such a part is not tried again (python/cpython#106052).
_CHUNK: Final = re.compile(
    rf"({_D_DECIMAL}|(?=\d)(?:{_D}[千百十]){{0,3}}(?:{_D})?|{_K_DECIMAL}|{_K})(?: ?([京兆億万]))?", re.ASCII
)
_SMALL_CHUNK: Final = re.compile(rf"({_D})([千百十])?", re.ASCII)
_KANJI_CHUNK: Final = re.compile(
    "(?:([一二三四五六七八九]?)(千))?(?:([一二三四五六七八九]?)(百))?(?:([一二三四五六七八九]?)(十))?([一二三四五六七八九]?)"
)
_VAGUE: Final = re.compile(
    rf"(?P<base>{_D}|{_K})?(?P<word>[数何幾])(?P<small>[十百千]?)(?P<large>[万億兆京]?)", re.ASCII
)
# 関数, 人数, 複数: 数 as the second half of a word.
_NOT_SEVERAL: Final = frozenset(
    "複関人件指台回多少半整個単奇偶変係点枚頭戸票常因桁分倍部社店校字株画隻軒戦席度打種品員者総算"
)
# The widest reading of 数: two to nine of the magnitude that follows it; after a round number (十数) one to nine.
_SEVERAL: Final = (2, 9)
_ODD: Final = (1, 9)

# A string that may be a numeral, for embedding in patterns; match_numeral decides.
NUMERAL: Final = r"[\d〇零一二三四五六七八九十百千数何幾](?:[\d〇零一二三四五六七八九十百千万億兆数]|[.,](?=\d)){0,15}"


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as it stands in text.

    ``value`` is None for a vague magnitude (数十), which lies between ``low`` and ``high``. ``scale`` is the factor of
    the largest scale word that a range hands on (万 and 3千 do, 3000 does not: 1). ``kanji`` counts the characters of
    a numeral in kanji alone, else 0. ``vague`` is the 数 or 何 of a magnitude that is all the text gives, else "".
    """

    end: int
    value: Decimal | None
    low: Decimal
    high: Decimal
    scale: int
    kanji: int = 0
    vague: str = ""


def by_length(words: Iterable[str]) -> list[str]:
    """The words, the longest first: the order in which a pattern must try them."""
    return sorted(words, key=lambda word: (-len(word), word))


def alternatives(words: Iterable[str]) -> str:
    """A pattern of the words, the longest first, each taken literally."""
    return "|".join(map(re.escape, by_length(words)))


def fold(text: str) -> str:
    """The text with full-width ASCII, dashes and wave dashes as ASCII, position by position."""
    return text.translate(_FOLD)


def match_numeral(text: str, start: int) -> Numeral | None:
    """The longest numeral that begins at ``start`` of a folded text, None where there is none."""
    return _match_vague(text, start) or _match_exact(text, start)


def _match_exact(text: str, start: int) -> Numeral | None:
    total, scale, limit, end = Decimal(0), 1, Decimal("Infinity"), start
    while (match := _CHUNK.match(text, end)) and match[1]:
        small = _read_chunk(match[1])
        factor = _LARGE[match[2] or ""]
        if small is None or EXACT.multiply(small[0], factor) >= limit:
            break
        scale = scale if end > start else factor * small[1]
        total, limit, end = EXACT.add(total, EXACT.multiply(small[0], factor)), Decimal(factor), match.end()
        if factor == 1 or small[0] != small[0].to_integral_value():
            break
    if end == start:
        return None
    if scale > 1:
        total = plain(total)
    written = text[start:end]
    kanji = 0 if any(c.isdigit() and c.isascii() for c in written) else len(written)
    return Numeral(end, total, total, total, scale, kanji)


def _read_chunk(chunk: str) -> tuple[Decimal, int] | None:
    """Value and leading scale (3千: 3000, 1000) of what stands before a large scale; None if it is no number."""
    if not (chunk[0].isascii() and chunk[0].isdigit()):
        value = _read_kanji(chunk)
        return None if value is None else (value, _SMALL.get(chunk[1:], 1))
    total, previous, leading = Decimal(0), 10**15, 0
    for digits, scale in _SMALL_CHUNK.findall(chunk.replace("・", ".")):
        factor = _SMALL[scale]
        if factor >= previous:
            return None
        total = EXACT.add(total, EXACT.multiply(Decimal(digits.replace(",", "")), factor))
        previous = factor
        leading = leading or factor
    return total, leading


def _read_kanji(chunk: str) -> Decimal | None:
    chunk = chunk.replace("零", "〇")
    if "・" in chunk:
        whole, _, fraction = chunk.partition("・")
        value = _read_kanji(whole)
        return None if value is None else Decimal(f"{value}.{_positional(fraction)}")
    if not any(c in _SMALL for c in chunk):
        return Decimal(_positional(chunk))
    match = _KANJI_CHUNK.fullmatch(chunk)
    if match is None:
        return None
    total = _KANJI_DIGITS.index(match[7]) if match[7] else 0
    for digit, scale in ((match[1], match[2]), (match[3], match[4]), (match[5], match[6])):
        if scale:
            total += (_KANJI_DIGITS.index(digit) if digit else 1) * _SMALL[scale]
    return Decimal(total)


def _positional(digits: str) -> str:
    return "".join(str(_KANJI_DIGITS.index(c)) for c in digits)


def _match_vague(text: str, start: int) -> Numeral | None:
    match = _VAGUE.match(text, start)
    if match is None:
        return None
    small, large = _SMALL[match["small"]], _LARGE[match["large"]]
    if match["base"]:
        base = _read_chunk(match["base"])
        if match["word"] != "数" or base is None or base[0] == 0 or EXACT.remainder(base[0], 10 * small):
            return None
        low, high = (EXACT.multiply(base[0] + n * small, large) for n in _ODD)
        return Numeral(match.end(), None, low, high, large)
    if match["word"] == "数":
        if start and text[start - 1] in _NOT_SEVERAL:
            return None
    elif small * large == 1:
        return None  # 何人, 幾人: a question
    low, high = (Decimal(n * small * large) for n in _SEVERAL)
    return Numeral(match.end(), None, low, high, large, vague=match["word"])


def vague_english(word: str, low: Decimal) -> str:
    """The English of a vague magnitude from its word and lower end.

    数 and 2*10^13 is "several tens of trillions of"; 何 and 幾 leave out the "several".
    """
    magnitude = int(low) // _SEVERAL[0]
    groups, rest = divmod(len(str(magnitude)) - 1, 3)
    name = ("", "thousand", "million", "billion", "trillion", "quadrillion")[groups]
    if word == "数":
        phrase = ("several", "several tens of", "several hundred")[rest]
        return f"{phrase} {name}s of" if name and rest == 1 else f"{phrase} {name}".strip()
    phrase = ("", "tens of", "hundreds of")[rest]
    return f"{phrase} {name}s of".strip() if name else phrase


def magnitude_english(scale: str) -> str:
    """The English of a scale word that stands alone: 億 is "hundreds of millions of"."""
    return vague_english("何", Decimal(_SEVERAL[0] * _LARGE[scale]))


def magnitude(scale: str) -> int:
    """The factor of a large scale word."""
    return _LARGE[scale]


# English ------------------------------------------------------------------------------------------------------------

_WORDS: Final = (
    (10**18, "quintillion"), (10**15, "quadrillion"), (10**12, "trillion"), (10**9, "billion"), (10**6, "million"),
)  # fmt: skip
_MAX_DECIMALS: Final = 3  # 1.234 trillion reads well, 1.2345 trillion does not
_MAX_COEFFICIENT: Final = 10**4


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros and without an exponent."""
    return value.quantize(Decimal(1), context=EXACT) if value == value.to_integral_value() else EXACT.normalize(value)


def _coefficient(value: Decimal) -> tuple[str, str]:
    """The digits and the scale word (or "") of a number that is not negative."""
    for factor, word in _WORDS:
        if value >= factor:
            coefficient = plain(EXACT.divide(value, factor))
            exponent = coefficient.as_tuple().exponent
            if isinstance(exponent, int) and -exponent <= _MAX_DECIMALS and coefficient < _MAX_COEFFICIENT:
                return f"{coefficient:,f}", word
    return f"{plain(value) if value >= _WORDS[-1][0] else value:,f}", ""


def spell(value: Decimal) -> str:
    """A number that is not negative in English, exactly: 16,500 · 6.7 trillion · 1,234,567."""
    return " ".join(filter(None, _coefficient(value)))


def spell_range(low: Decimal, high: Decimal) -> str | None:
    """Both ends over one scale word (32–39 billion); None where they do not share one."""
    (first, word), (second, other) = _coefficient(low), _coefficient(high)
    return " ".join(filter(None, (f"{first}–{second}", word))) if word == other else None


# Words that bound or blur -------------------------------------------------------------------------------------------

LOWER: Final = frozenset({"at least", "more than", "just over"})
UPPER: Final = frozenset({"at most", "less than", "just under", "nearly", "up to", "within"})
BLUR: Final = frozenset({"about", "an estimated", "on the order of"})
APPROXIMATE: Final = BLUR | {"nearly", "just over", "just under"}

_PREFIXES: Final = {
    "約": "about", "およそ": "about", "おおよそ": "about", "凡そ": "about", "ほぼ": "about", "おおむね": "about",
    "概ね": "about", "ざっと": "about", "推定": "an estimated", "推計": "an estimated",
    "最大": "up to", "最大で": "up to", "最高": "up to", "最高で": "up to", "最長": "up to", "最長で": "up to",
    "最低": "at least", "最低で": "at least", "最低でも": "at least", "最小": "at least", "最小で": "at least",
    "最少": "at least", "最短": "at least", "最短で": "at least", "少なくとも": "at least", "少なくても": "at least",
    "少なくみても": "at least", "少なく見ても": "at least", "少なく見積もっても": "at least",
}  # fmt: skip
# What follows the word may make it another one: 強い, 超音波, 以下の通り.
_SUFFIXES: Final = {
    "前後": ("about", "左右|関係|半|し|す"), "程度": ("about", "の差"), "ほど": ("about", "こ|よ"), "くらい": ("about", ""),
    "ぐらい": ("about", ""), "規模": ("about", "の経済|感"), "クラス": ("about", "メ|タ|ル"), "級": ("about", "数|友|別|品"),
    "見当": ("about", ""), "内外": ("about", ""), "単位": ("on the order of", "面積|取得|認定|制|系"),
    "以上": ("at least", "の(?:よう|通り|とおり|こと)"), "以下": ("at most", "の(?:よう|通り|とおり)|に(?:示|挙げ|記)"),
    "未満": ("less than", ""), "に満たない": ("less than", ""), "を下回る": ("less than", "{verb}"),
    "超": ("more than", "え|過|音|高|伝|党|越|人|能|大|一|長|短|小|低|巨|満|多|微"), "超え": ("more than", "る|て|た|な|ま|ず|ら|よ"),
    "を超える": ("more than", "{verb}"), "を越える": ("more than", "{verb}"), "を上回る": ("more than", "{verb}"),
    "近い": ("nearly", "うち|将来|距離|存在"), "近く": ("nearly", "の(?:駅|店|町)"), "に近い": ("nearly", "{verb}"),
    "弱": ("just under", "い|く|さ|め|ま|点|者|体|小|火|震|冷|電"), "強": ("just over", "い|く|さ|め|ま|化|力|制|調|靭|固|硬|行|豪|要|震"),
    "余り": ("just over", "返|切|物"), "あまり": ("just over", ""), "余": ("just over", "裕|波|剰|地|談|計|る|す|命|暇|熱|念|り"),
    "以内": ("within", ""),
}  # fmt: skip
# A verb is taken into the figure only where it qualifies a noun; where it ends the clause it is the predicate.
_NOT_A_NOUN: Final = "[ぁ-ん、。,.!?)」』〉]|見(?:込|通)|可能|予|計画|方針|勢|恐れ|公算|模様|場合|$"


def _suffix_pattern() -> str:
    words = by_length(_SUFFIXES)
    guards = {word: _SUFFIXES[word][1].replace("{verb}", _NOT_A_NOUN) for word in words}
    return "|".join(f"{word}(?!{guards[word]})" if guards[word] else word for word in words)


_PREFIX_RUN: Final = re.compile(rf"(?:(?:{alternatives(_PREFIXES)}) ?){{1,2}}\Z")
_PREFIX: Final = re.compile(alternatives(_PREFIXES))
_SUFFIX: Final = re.compile(_suffix_pattern())
_PREFIX_REACH: Final = 14  # code points; two prefixes fit
_MAX_SUFFIXES: Final = 2


def prefixes(text: str, end: int, floor: int = 0) -> tuple[int, list[str]]:
    """The bounds that stand right before ``end``, not before ``floor``: where they begin, and their English."""
    match = _PREFIX_RUN.search(text, max(floor, end - _PREFIX_REACH), end)
    if match is None:
        return end, []
    return match.start(), [_PREFIXES[word] for word in _PREFIX.findall(match.group())]


def suffixes(text: str, start: int) -> tuple[int, list[str]]:
    """The bounds that stand right after ``start``: where they end, and their English."""
    found: list[str] = []
    while len(found) < _MAX_SUFFIXES and (match := _SUFFIX.match(text, start)):
        found.append(_SUFFIXES[match.group()][0])
        start = match.end()
    return start, found


def bounded(core: str, bounds: Iterable[str]) -> str:
    """The English of a figure with its bounds: one limit, one blur, the figure ("up to about $5")."""
    words = list(bounds)
    limit = next((w for w in words if w not in BLUR), "")
    blur = next((w for w in words if w in BLUR), "") if limit not in APPROXIMATE else ""
    return " ".join(filter(None, (limit, blur, core)))
