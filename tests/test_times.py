"""Time expressions: a table of sentences with their values, round trips of random dates, and what holds for any text."""

from __future__ import annotations

import timeit
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.times import find_times

DATA = Path(__file__).parent / "data" / "times.tsv"
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}

Row = tuple[str, str, str | None, str]


def _cases() -> list[tuple[str, date | None, list[Row]]]:
    """Each sentence of the table with its anchor and the times it holds."""
    cases: list[tuple[str, date | None, list[Row]]] = []
    rows = [line.split("\t") for line in DATA.read_text(encoding="utf-8").splitlines() if not line.startswith("# ")]
    for anchor, text, span, kind, value, en in rows[1:]:
        if text:
            cases.append((text, date.fromisoformat(anchor) if anchor else None, []))
        if span:
            cases[-1][2].append((span, kind, value or None, en))
    return cases


CASES = _cases()


@pytest.mark.parametrize(("text", "anchor", "expected"), CASES, ids=[text for text, _, _ in CASES])
def test_table(text: str, anchor: date | None, expected: list[Row]) -> None:
    assert [(text[t.start : t.end], t.kind, t.value, t.en) for t in find_times(text, anchor)] == expected


def test_the_table_is_large() -> None:
    assert sum(len(rows) for _, _, rows in CASES) >= 250
    assert sum(not rows for _, _, rows in CASES) >= 30


@pytest.mark.parametrize(("text", "anchor"), [(text, anchor) for text, anchor, rows in CASES if rows])
def test_full_width_reads_the_same(text: str, anchor: date | None) -> None:
    assert find_times(text.translate(WIDE), anchor) == find_times(text, anchor)


# Round trips ----------------------------------------------------------------------------------------------------------

KANJI = "〇一二三四五六七八九"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _kanji(number: int) -> str:
    """1 to 99 in kanji: 二十三."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{KANJI[tens]}十") + (KANJI[ones] if ones else "")


FORMATS = {
    "Japanese": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "padded": lambda d: f"{d.year}年{d.month:02}月{d.day:02}日",
    "full width": lambda d: f"{d.year}年{d.month}月{d.day}日".translate(
        {ord(c): ord(c) + 0xFEE0 for c in "0123456789"}
    ),
    "era": lambda d: f"令和{d.year - 2018}年{d.month}月{d.day}日",
    "kanji": lambda d: "".join(KANJI[int(c)] for c in str(d.year)) + f"年{_kanji(d.month)}月{_kanji(d.day)}日",
    "dots": lambda d: f"{d:%Y.%m.%d}",
    "slashes": lambda d: f"{d.year}/{d.month}/{d.day}",
    "ISO": lambda d: d.isoformat(),
    "English": lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    "two digits": lambda d: f"{d:%y}年{d.month}月{d.day}日",
}


@given(day=st.dates(date(2020, 1, 1), date(2049, 12, 31)), style=st.sampled_from(sorted(FORMATS)))
def test_dates_come_back(day: date, style: str) -> None:
    written = FORMATS[style](day)
    text = f"記事は{written}に出た"
    (found,) = find_times(text, date(2026, 2, 6))
    assert text[found.start : found.end] == written
    assert (found.kind, found.value) == ("date", day.isoformat())
    assert found.en == f"{day:%B} {day.day}, {day.year}"


@given(anchor=st.dates(date(1990, 1, 1), date(2050, 12, 31)), month=st.integers(1, 12), number=st.integers(1, 28))
def test_a_day_without_a_year_is_the_last_one_or_the_next_planned_one(anchor: date, month: int, number: int) -> None:
    (past,) = find_times(f"{month}月{number}日に開いた", anchor)
    (planned,) = find_times(f"{month}月{number}日に開く予定だ", anchor)
    assert past.value is not None
    assert planned.value is not None
    assert timedelta(0) <= anchor - date.fromisoformat(past.value) <= timedelta(366)
    assert timedelta(0) <= date.fromisoformat(planned.value) - anchor <= timedelta(366)


@given(anchor=st.dates(date(1990, 1, 1), date(2050, 12, 31)), weekday=st.integers(0, 6))
def test_a_weekday_is_the_last_one(anchor: date, weekday: int) -> None:
    (found,) = find_times(f"{'月火水木金土日'[weekday]}曜日に報じた", anchor)
    assert found.value is not None
    day = date.fromisoformat(found.value)
    assert day.weekday() == weekday
    assert timedelta(0) <= anchor - day < timedelta(7)


@pytest.mark.parametrize(("year", "written"), [(1955, "55"), (1999, "99"), (2000, "00"), (2024, "24"), (2054, "54")])
def test_two_digit_years_lie_around_the_anchor(year: int, written: str) -> None:
    (found,) = find_times(f"{written}年4月のこと", date(2024, 6, 18))
    assert found.value == f"{year}-04"


# Any text -------------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "約",
        "今後",
        "過去",
        "-",
        "〜",
        "、",
        "。",
        "(",
        ")",
        "/",
        ".",
        ":",
        "0",
        "1",
        "3",
        "12",
        "30",
        "24",
        "2026",
        "令和",
        "元",
        "一",
        "二",
        "十",
        "百",
        "数",
        "年",
        "月",
        "日",
        "時",
        "分",
        "秒",
        "時間",
        "週間",
        "カ月",
        "年度",
        "年代",
        "世紀",
        "前",
        "後",
        "半",
        "末",
        "以内",
        "ごと",
        "毎",
        "毎週",
        "連続",
        "目",
        "金曜日",
        "昨年",
        "来月",
        "から",
        "まで",
        "の2",
        "午後",
        "PM",
        "FY",
        "Q3",
        "予定",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join), st.none() | st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_spans_are_in_order(text: str, anchor: date | None) -> None:
    found = find_times(text, anchor)
    ends = [0, *(t.end for t in found)]
    assert all(end <= t.start < t.end <= len(text) for end, t in zip(ends, found, strict=False))
    assert all(t.en.strip() == t.en != "" for t in found)
    assert found == find_times(text, anchor)


@pytest.mark.parametrize("piece", ["1-", "3年", "1〜", "3月", "0.1.", "毎週", "20年に", "10年から"])
def test_time_grows_with_length_only(piece: str) -> None:
    def seconds(repeats: int) -> float:
        text = piece * repeats
        return min(timeit.repeat(lambda: find_times(text, date(2026, 2, 6)), number=1, repeat=3))

    assert seconds(16_000) < 24 * seconds(2000)  # 8 times if linear, 64 times if quadratic


def test_without_an_anchor_only_full_dates_have_a_value() -> None:
    text = "2024年3月に始め、昨年5月に広げ、10日に終えた"
    assert [t.value for t in find_times(text)] == ["2024-03", None, "2024-03-10"]
    assert [t.value for t in find_times(text, date(2026, 2, 6))] == ["2024-03", "2025-05", "2025-05-10"]


@pytest.mark.parametrize("anchor", [date.min, date.max])
def test_the_ends_of_the_calendar_count_as_unknown(anchor: date) -> None:
    text = "先週の火曜日、来週、来年、昨春、100年前、昨日。"
    assert find_times(text, anchor) == find_times(text)


def test_every_other_quarter() -> None:
    [found] = find_times("検査は1四半期おきに行う。")
    assert (found.kind, found.value, found.en) == ("set", "P6M", "every other quarter")
