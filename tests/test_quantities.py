"""Figures: a table of sentences with their values, round trips of random numbers, and what must hold for any text."""

from __future__ import annotations

import re
import timeit
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.text.quantities import COLUMNS, FoundQuantity, find_conversions, find_quantities, leads_minus, read_units

DATA = Path(__file__).parent / "data" / "quantities.tsv"
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}

ENGLISH_SCALES = {
    "million": 6, "billion": 9, "trillion": 12, "quadrillion": 15, "quintillion": 18, "peta": 15, "exa": 18,
}  # fmt: skip

Row = tuple[str, str, Decimal | None, Decimal | None, Decimal | None, str, bool, str]


def _cases() -> list[tuple[str, list[Row]]]:
    """Each sentence of the table with the figures it holds."""
    cases: list[tuple[str, list[Row]]] = []
    rows = [line.split("\t") for line in DATA.read_text(encoding="utf-8").splitlines() if not line.startswith("# ")]
    for text, span, kind, *numbers, unit, approximate, en in rows[1:]:
        if text:
            cases.append((text.replace("\\n", "\n"), []))
        if span:
            value, low, high = (Decimal(number) if number else None for number in numbers)
            cases[-1][1].append((span, kind, value, low, high, unit, approximate == "~", en))
    return cases


CASES = _cases()


def _exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(repr(number))


def _row(text: str, q: FoundQuantity) -> Row:
    return (
        text[q.start : q.end], q.kind, _exact(q.value), _exact(q.low), _exact(q.high), q.unit, q.approximate, q.en,
    )  # fmt: skip


def _read_english(en: str) -> Decimal:
    """The number that an English figure states."""
    match = re.search(rf"(minus )?[^\d\s]*([\d,]+(?:\.\d+)?)(?: ({'|'.join(ENGLISH_SCALES)})\b)?", en)
    assert match is not None, en
    power = ENGLISH_SCALES.get(match[3], 0)
    return Decimal(match[2].replace(",", "")).scaleb(power) * (-1 if match[1] else 1)


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_table(text: str, expected: list[Row]) -> None:
    assert [_row(text, q) for q in find_quantities(text)] == expected


def test_the_table_is_large() -> None:
    assert sum(len(rows) for _, rows in CASES) >= 400
    assert sum(not rows for _, rows in CASES) >= 90


@pytest.mark.parametrize("text", [text for text, rows in CASES if rows])
def test_full_width_reads_the_same(text: str) -> None:
    wide = text.translate(WIDE)
    assert [(q.start, q.end, q.value, q.low, q.high, q.en) for q in find_quantities(wide)] == [
        (q.start, q.end, q.value, q.low, q.high, q.en) for q in find_quantities(text)
    ]


@pytest.mark.parametrize("text", [text for text, rows in CASES if any(row[2] is not None for row in rows)])
def test_english_states_the_value(text: str) -> None:
    for q in find_quantities(text):
        if q.value is not None and q.kind != "fraction" and "^" not in q.en and re.search(r"\d", q.en):
            assert _read_english(q.en) == _exact(q.value)


# Round trips ----------------------------------------------------------------------------------------------------------

KANJI = "〇一二三四五六七八九"
SCALES = ("", "万", "億", "兆", "京")


def _kanji(number: int) -> str:
    """1 to 9999 in kanji: 三千五百二."""
    written = ""
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // scale % 10
        if digit:
            written += ("" if digit == 1 and name else KANJI[digit]) + name
    return written


def _mixed(value: int, write: type[str] | object = str) -> str:
    """45兆3000億: digits (or kanji) before each scale word."""
    written = ""
    for power in range(len(SCALES) - 1, -1, -1):
        chunk = value // 10 ** (4 * power) % 10000
        if chunk:
            written += (_kanji(chunk) if write is _kanji else f"{chunk:,}" if write is format else str(chunk)) + SCALES[
                power
            ]
    return written


STYLES = {
    "digits": str,
    "separators": lambda value: f"{value:,}",
    "full width": lambda value: str(value).translate(WIDE),
    "mixed": _mixed,
    "mixed with separators": lambda value: _mixed(value, format),
    "kanji": lambda value: _mixed(value, _kanji),
    "positional kanji": lambda value: "".join(KANJI[int(digit)] for digit in str(value)),
}


@given(value=st.integers(1, 10**20 - 1) | st.integers(1, 10**5), style=st.sampled_from(sorted(STYLES)))
def test_whole_numbers_come_back(value: int, style: str) -> None:
    if style == "positional kanji":
        value %= 10**15
        value += 10 * (value < 10)  # 一円 alone is a word
    written = STYLES[style](value)
    text = f"合計は{written}円とされた"
    (found,) = find_quantities(text)
    assert text[found.start : found.end] == f"{written}円"
    assert found.value == value
    assert isinstance(found.value, int)
    assert _read_english(found.en) == value


@given(
    number=st.decimals(min_value=Decimal("0.001"), max_value=9999, places=3),
    scale=st.sampled_from(["", "万", "億", "兆"]),
    sign=st.sampled_from(["", "▲", "マイナス", "-", "−"]),
    unit=st.sampled_from(["円", "ドル", "%", "倍", "km", "トン"]),
)
def test_decimals_come_back(number: Decimal, scale: str, sign: str, unit: str) -> None:
    text = f"差は{sign}{number}{scale}{unit}である"
    expected = number * 10000 ** SCALES.index(scale) * (-1 if sign else 1)
    (found,) = find_quantities(text)
    assert found.value == (int(expected) if expected == expected.to_integral_value() else float(expected))
    assert _read_english(found.en) == expected


@given(low=st.integers(1, 9998), step=st.integers(1, 9000), scale=st.sampled_from(["万", "億", "兆"]))
def test_ranges_come_back(low: int, step: int, scale: str) -> None:
    high = min(low + step, 9999)
    (found,) = find_quantities(f"費用は{low}〜{high}{scale}円と読む")
    factor = 10000 ** SCALES.index(scale)
    assert (found.value, found.low, found.high) == (None, low * factor, high * factor)


APPROXIMATE = ["", "約", "およそ", "ほぼ"]
BOUNDS = {"": (False, False), "以上": (True, False), "超": (True, False), "以下": (False, True), "未満": (False, True)}
UNITS = {
    "円": "JPY", "ドル": "USD", "ユーロ": "EUR", "%": "%", "パーセント": "%", "倍": "x", "km": "km", "トン": "t",
    "人": "person", "社": "company", "台": "unit", "kWh": "kWh", "GW": "GW", "GB": "GB", "円/kg": "JPY/kg",
}  # fmt: skip


@given(
    value=st.integers(2, 10**13),
    style=st.sampled_from(["digits", "separators", "full width", "mixed", "mixed with separators"]),
    unit=st.sampled_from(sorted(UNITS)),
    about=st.sampled_from(APPROXIMATE),
    bound=st.sampled_from(sorted(BOUNDS)),
)
def test_bounds_and_units_come_back(value: int, style: str, unit: str, about: str, bound: str) -> None:
    written = f"{about}{STYLES[style](value)}{unit}{bound}"
    text = f"試算では{written}になる"
    (found,) = find_quantities(text)
    low, high = BOUNDS[bound]
    assert text[found.start : found.end] == written
    assert (found.value, found.low, found.high) == (value, value if low else None, value if high else None)
    assert (found.unit, found.approximate) == (UNITS[unit], bool(about))
    assert _read_english(found.en) == value


@given(denominator=st.integers(2, 999), numerator=st.integers(1, 998), slash=st.booleans())
def test_fractions_come_back(denominator: int, numerator: int, slash: bool) -> None:
    numerator = min(numerator, denominator - 1)
    assume(not (slash and 1 < numerator <= 12 and 10 < denominator <= 31))  # 5/12 may be a day
    written = f"{numerator}/{denominator}" if slash else f"{denominator}分の{numerator}"
    (found,) = find_quantities(f"費用は昨年の{written}に減った")
    assert found.value == pytest.approx(numerator / denominator)
    assert found.en == f"{numerator}/{denominator}"


@given(tenths=st.integers(1, 9), hundredths=st.integers(0, 9))
def test_wari_comes_back(tenths: int, hundredths: int) -> None:
    written = f"{tenths}割" + (f"{hundredths}分" if hundredths else "")
    (found,) = find_quantities(f"生徒の{written}が通う")
    assert found.value == tenths * 10 + hundredths


# A text, and whether ▲ at the start of a line is a minus in it.
LEADING = [
    ("▲4億円は鉄鋼、前年は▲2億円だった", True),
    ("鉄鋼\n▲４億円\n化学\n５億円", True),
    ("▲4億円は多い", False),
    ("▲会場はこちら\n前年は▲2億円だった", False),
    ("▲ 4億円の寄付\n前年は▲2億円だった", False),
    ("", False),
]


@pytest.mark.parametrize(("document", "minus"), LEADING)
def test_a_triangle_at_the_start_is_a_minus_where_the_document_uses_it_so(document: str, minus: bool) -> None:
    assert leads_minus(document) is minus


def test_a_leading_minus_is_read_on_demand() -> None:
    text = "▲4億円は鉄鋼の分だ"
    assert [q.value for q in find_quantities(text)] == [4e8]
    assert [q.value for q in find_quantities(text, leading_minus=True)] == [-4e8]
    assert [q.value for q in find_quantities("▲ 5社が来た", leading_minus=True)] == [5]


def test_long_numbers_are_not_rounded() -> None:
    (found,) = find_quantities("損失は▲9999京9999兆9999億9999万9999.123456789円だ")
    assert found.en == "minus ¥99,999,999,999,999,999,999.123456789"
    (found,) = find_quantities("残高は1234567890123456789012345678901234567890円だ")
    assert found.value == 1234567890123456789012345678901234567890


# Any text -------------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "約",
        "▲",
        "-",
        "〜",
        "、",
        "。",
        "(",
        ")",
        "/",
        ".",
        ",",
        ":",
        "0",
        "1",
        "3",
        "12",
        "300",
        "2026",
        "一",
        "二",
        "十",
        "百",
        "千",
        "万",
        "億",
        "兆",
        "数",
        "何",
        "円",
        "ドル",
        "%",
        "人",
        "社",
        "台",
        "倍",
        "割",
        "分の",
        "時間",
        "年",
        "月",
        "日",
        "半額",
        "以上",
        "から",
        "まで",
        "超",
        "当たり",
        "台",
        "km",
        "H",
        "$",
        "1.5",
        "兆円単位",
        "20代",
        "を超えた",
        "第",
    ]
)


@given(
    st.lists(PIECES, max_size=14).map("".join), st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), max_size=2)
)
def test_spans_are_in_order_and_leave_taken_ranges_alone(text: str, ranges: list[tuple[int, int]]) -> None:
    taken = [(start, start + length) for start, length in ranges]
    found = find_quantities(text, taken)
    ends = [0, *(q.end for q in found)]
    assert all(end <= q.start < q.end <= len(text) for end, q in zip(ends, found, strict=False))
    assert not any(start < q.end and q.start < end for q in found for start, end in taken)
    assert all(q.low <= q.high for q in found if q.low is not None and q.high is not None)
    assert found == find_quantities(text, taken)


@pytest.mark.parametrize("piece", ["1-", "百", "1〜", "3社", "0.1.", "$1", "1日あたり", "5キロ"])
def test_time_grows_with_length_only(piece: str) -> None:
    def seconds(repeats: int) -> float:
        text = piece * repeats
        return min(timeit.repeat(lambda: find_quantities(text), number=1, repeat=3))

    assert seconds(4000) < 24 * seconds(500)  # 8 times if linear, 64 times if quadratic


def test_a_taken_range_is_left_to_its_owner() -> None:
    text = "1/15に5社が集まる"
    assert [q.en for q in find_quantities(text)] == ["1/15", "5 companies"]
    assert [q.en for q in find_quantities(text, [(0, 4)])] == ["5 companies"]


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("わずか81万円しかない", {"loaded"}),
        ("予算は3億円しかない", {"loaded"}),
        ("予算は3億円ある", set()),
        ("数十万台が並ぶ", {"vague"}),
        ("速さは従来の4倍だ", set()),
        ("性能が4倍に伸びた", {"no_base"}),
        ("他社より4倍速い", set()),
        ("320〜390億ドルになる", {"elided"}),
        ("320億〜390億ドルになる", {"elided"}),
        ("320億ドル〜390億ドルになる", set()),
        ("計算には1E(エクサ)が要る", {"no_unit"}),
    ],
)
def test_flags(text: str, flags: set[str]) -> None:
    (found,) = find_quantities(text)
    assert set(found.flags) == flags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("落札額は142億ドル(約2.1兆円)となる", [(0, 1, 147.8873, 147.8873)]),
        ("約410〜470億ドル(約6.1〜7.2兆円)を使った", [(0, 1, 148.7805, 153.1915)]),
        ("１兆ドル（１５０兆円）の価値", [(0, 1, 150.0, 150.0)]),
        ("5社が40億ドル(日本円で約6千億円)以上を出す", [(1, 2, 150.0, 150.0)]),
        ("100マイル(約160キロ)を走る", [(0, 1, 1.6, 1.6)]),
        ("3億円(前年は4億円)だった", []),
        ("3億円と4万ドルを払う", []),
        ("売上高は30億円(5.2%増)", []),
    ],
)
def test_conversions(text: str, expected: list[tuple[int, int, float, float]]) -> None:
    found = find_conversions(text, find_quantities(text))
    assert [(c.source, c.target, round(c.low, 4), round(c.high, 4)) for c in found] == expected


# The table of units ---------------------------------------------------------------------------------------------------

HEADER = "\t".join(COLUMNS)
GOOD = "両|テール\tmoney\tTAEL\t# tael|# taels\t\t2\t"


def test_a_table_of_units_is_read(tmp_path: Path) -> None:
    path = tmp_path / "units.tsv"
    path.write_text(f"# words\n{HEADER}\n{GOOD}\n", encoding="utf-8")
    units, _ = read_units(path)
    assert units["テール"].plural == "# taels"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "header"),
        ("surfaces\tkind\n", "header"),
        (f"{HEADER}\n両\tmoney\n", "line 2: not a unit"),
        (f"{HEADER}\n{GOOD.replace('money', 'riches')}\n", "line 2: not a unit"),
        (f"{HEADER}\n{GOOD.replace('#', '')}\n", "line 2: not a unit"),
        (f"{HEADER}\n{GOOD}\n{GOOD}\n", "line 3: 両 stands twice"),
    ],
)
def test_a_faulty_table_of_units_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "units.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_units(path)


def test_a_missing_table_of_units_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        read_units(tmp_path / "none.tsv")
