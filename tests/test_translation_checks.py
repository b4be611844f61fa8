"""Numbers read from both languages, the checks built on them, and English written into the source."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.translation.checks import check, status
from pipeline.translation.inject import inject
from pipeline.translation.numbers import read_english, read_japanese

GOOD = ("工場は来春、二つの新しい製造棟を建てる。", "The factory will build two new production buildings next spring.")


def read(text: str, names: str = "") -> list[tuple[Fraction, str]]:
    """The narrowest reading of each number: value and unit as written."""
    return [max(n.readings, key=lambda r: (r[1], r[0])) for n in read_english(text, names)]


# Numbers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("¥6.7 trillion", [(6_700_000_000_000, "JPY")]),
        ("8,200 million dollars", [(8_200_000_000, "USD")]),
        ("$3.2bn", [(3_200_000_000, "USD")]),
        ("1,234,567 won", [(1_234_567, "KRW")]),
        ("£75 and 75 pounds", [(75, "GBP"), (75, "GBP")]),
        ("12.5 percent, 12.5% or 12.5 per cent", [(Fraction(25, 2), "%")] * 3),
        ("0.5 percentage points", [(Fraction(1, 2), "%")]),
        ("twenty-five", [(25, "")]),
        ("three hundred and two thousand people", [(302_000, "")]),
        ("a million", [(1_000_000, "")]),
        ("two-thirds of them", [(Fraction(2, 3), "")]),
        ("one fifth", [(Fraction(1, 5), "")]),
        ("the twenty-third and the twelfth", [(23, ""), (12, "")]),
        ("1/20", [(Fraction(1, 20), "")]),
        ("½", [(Fraction(1, 2), "")]),
        ("twice as fast, then tripled, then tenfold", [(2, ""), (3, ""), (10, "")]),
        ("the 1990s", [(1990, "")]),
        ("2026/03/04", [(2026, ""), (3, ""), (4, "")]),
        ("10 m/s and 300 Wh/kg", [(10, ""), (300, "")]),
        ("someone often weighs it", []),
    ],
)
def test_english_numbers(text: str, expected: list[tuple[Fraction, str]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("8.2 billion", "8,200 million", True),
        ("8.2 billion", "8.2 million", False),
        ("30%", "30 percent", True),
        ("30%", "30", False),
        ("20%", "one-fifth", True),
        ("¥500", "500 yen", True),
        ("¥500", "$500", False),
        ("2 times", "doubled", True),
        ("$32–39 billion", "from 32 billion dollars", True),
        ("¥4.8–6 trillion", "4.8 trillion yen", True),
        ("several tens of trillions of yen", "tens of trillions of yen", True),
        ("several tens of trillions of yen", "ten trillion yen", False),
        ("several hundred thousand", "hundreds of thousands", True),
        ("50s", "fifties", True),
        ("10-fold", "tenfold", True),
    ],
)
def test_numbers_match_by_value(one: str, other: str, same: bool) -> None:
    first, second = read_english(one)[0], read_english(other)[0]
    assert first.matches(second) is same
    assert second.matches(first) is same


@pytest.mark.parametrize(
    ("text", "names", "firm"),
    [
        ("H100", "新しいH200を使う", True),
        ("H100", "新しい計算装置を使う", False),
        ("COVID-19", "新型コロナ", False),
        ("mid-2027", "", True),
        ("first", "", False),
        ("half", "", False),
        ("seven", "", True),
        ("one", "", False),
    ],
)
def test_only_firm_numbers_can_be_wrong(text: str, names: str, firm: bool) -> None:
    assert [n.firm for n in read_english(text, names)] == [firm]


@given(st.integers(0, 10**15), st.sampled_from(["", "%", " yen"]))
def test_separators_do_not_matter(value: int, unit: str) -> None:
    (plain,), (grouped,) = read_english(f"{value}{unit}"), read_english(f"{value:,}{unit}")
    assert plain.readings == grouped.readings
    assert value in plain.values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("45兆3000億円", {45_300_000_000_000}),
        ("4.8〜6兆円", {Fraction("4.8"), 4_800_000_000_000, 6_000_000_000_000}),
        ("3割5分", {30, 35}),
        ("六十分の一", {Fraction(1, 60)}),
        ("1/20", {Fraction(1, 20)}),
        ("2時間半", {2, Fraction(5, 2)}),
        ("令和6年", {6, 2024}),
        ("98年", {1998}),
        ("15時", {15, 3}),
        ("二〇二六年", {2026}),
        ("１・５メートル", {Fraction(3, 2)}),
        ("売上が倍になる", {2}),
    ],
)
def test_japanese_numbers(text: str, values: set[Fraction]) -> None:
    assert values <= read_japanese(text)[0]


@pytest.mark.parametrize(("text", "magnitude"), [("数十万人", 100_000), ("何百もの店", 100), ("兆単位の投資", 10**12)])
def test_japanese_magnitudes(text: str, magnitude: int) -> None:
    assert magnitude in read_japanese(text)[1]


# Checks -------------------------------------------------------------------------------------------------------------


def failed(source: str, english: str, figures: tuple[str, ...] = (), *, finished: bool = True) -> dict[str, str]:
    """The failed checks and what they say."""
    checks, warnings = check(source, english, figures, finished=finished)
    named = dict(warning.split(": ", 1) for warning in warnings)
    assert set(named) == {name for name, passed in checks.items() if not passed}
    return named


def test_good_translation_passes() -> None:
    checks, warnings = check(*GOOD, [], finished=True)
    assert set(checks) == {"numbers", "japanese_left", "empty", "cut", "looping", "length", "prompt"}
    assert warnings == []
    assert status(checks) == "verified"


@pytest.mark.parametrize(
    ("source", "figures", "english", "fault"),
    [
        ("赤字は8億円に達した。", ("¥800 million",), "The deficit reached 800 million yen.", None),
        ("赤字は8億円に達した。", ("¥800 million",), "The deficit reached 8 million yen.",
         "¥800 million is missing, 8 million yen is not in the source"),
        ("赤字は8億円に達した。", ("¥800 million",), "The deficit reached $800 million.", "¥800 million is missing"),
        ("客は三割減った。", ("30%",), "Customers fell by 30 percent.", None),
        ("客は三割減った。", ("30%",), "Customers fell sharply.", "30% is missing"),
        ("店は駅前にある。", (), "The shop is in front of the station.", None),
        ("店は駅前にある。", (), "The 12 shops are in front of the station.", "12 is not in the source"),
        ("夫婦で店を開いた。", (), "The two of them opened a shop.", None),
        ("一人の客が来た。", ("1 person",), "A customer came.", None),
        ("数万人が集まった。", ("several tens of thousands of people",), "Tens of thousands gathered.", None),
        ("数万人が集まった。", ("several tens of thousands of people",), "Ten thousand people gathered.",
         "several tens of thousands is missing, Ten thousand is not in the source"),
        ("利益は▲7億円だった。", ("-¥700 million",), "It made a loss of 700 million yen.", None),
        ("利益は▲7億円だった。", ("-¥700 million",), "Profit was 700 million yen.", "a minus is missing"),
        ("2027年に始まる。", ("2027",), "It starts in 2028.", "2027 is missing, 2028 is not in the source"),
    ],
)  # fmt: skip
def test_numbers(source: str, figures: tuple[str, ...], english: str, fault: str | None) -> None:
    assert failed(source, english, figures).get("numbers") == fault


@pytest.mark.parametrize(
    ("name", "source", "english", "good"),
    [
        ("japanese_left", "台風で列車が止まった。", "The台风 stopped the trains.", "The typhoon stopped the trains."),
        ("japanese_left", "彼はカタカナが苦手だ。", "He is bad at カタカナ.", "He is bad at katakana."),
        ("empty", "そう。", "...", "Yes."),
        ("cut", "彼は来なかった。", "He did not", "He did not come."),
        ("cut", "「もう遅い」と言った。", 'He said, "It is too late', 'He said, "It is too late."'),
        ("looping", "会議は夜まで続いた。", "The meeting went on and on and on and on.", "The meeting went on until night."),
        ("looping", "会議は夜まで続いた。", "The meeting was very very very long.", "The meeting was very, very long."),
        ("looping", "笑い声がした。", "There was hahahahahahahahahahaha laughter.", "There was laughter, haha."),
        ("length", "短い文。", "This goes on about many things of which nobody has ever heard, in the source or elsewhere.",
         "A short sentence."),
        ("length", "住民の多くは、計画の見直しを求めて役場の前に集まり、声を上げ続けた。", "They did.",
         "Many residents gathered before the town hall and kept calling for a review of the plan."),
        ("prompt", "港に船が並ぶ。", "The English text says that ships line the port.", "Ships line the port."),
        ("prompt", "韓国の企業が買った。", "A Japanese company bought it.", "A South Korean company bought it."),
    ],
)  # fmt: skip
def test_fault_is_named_and_its_twin_passes(name: str, source: str, english: str, good: str) -> None:
    assert name in failed(source, english)
    assert failed(source, good) == {}


@pytest.mark.parametrize(
    ("source", "english"),
    [
        ("日本の企業が買った。", "A Japanese company bought it."),
        ("彼女は小説を英語に訳した。", "She translated the novel into English."),
        ("見出しに終わりはない", "A headline has no end"),
        ("「ガ・ギ」の音・・", "The sounds ga and gi・・"),
    ],
)
def test_what_looks_like_a_fault_and_is_none(source: str, english: str) -> None:
    assert failed(source, english) == {}


def test_few_different_words_are_a_loop() -> None:
    words = ["one", "of", "the", "big", "old", "red", "cars", "is"]
    mixed = " ".join(words[(i * i + i // 3) % 8] for i in range(40))
    assert "looping" in failed(
        "赤い大きな車が、古い道を、ゆっくりと、どこまでも走り続けていくのが見えたのだった。", f"{mixed}."
    )


def test_unfinished_output_is_cut() -> None:
    assert failed(*GOOD, finished=False) == {"cut": "the engine stopped before the end"}


def test_status() -> None:
    assert status(check(*GOOD, [], finished=True)[0]) == "verified"
    assert status(check(*GOOD, [], finished=False)[0]) == "flagged"
    assert status(check(GOOD[0], "", [], finished=True)[0]) == "failed"


@given(st.text(max_size=60), st.text(max_size=120), st.booleans())
@example("9" * 9999, "9" * 9999 + "/" + "9" * 9999, True)
def test_checks_take_any_text(source: str, english: str, finished: bool) -> None:
    checks, warnings = check(source, english, (), finished=finished)
    assert len(warnings) == list(checks.values()).count(False)


# Injection ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("費用は約3億円かかる。", [("約3億円", "about ¥300 million")], "費用は about ¥300 million かかる。"),
        ("(3億円)", [("3億円", "¥300 million")], "(¥300 million)"),
        ("8割が賛成", [("8割", "80%")], "80% が賛成"),
        ("2人に1人", [("2人", "2 people"), ("1人", "1 person")], "2 people に 1 person"),
        ("5年3カ月", [("5年", "5 years"), ("3カ月", "3 months")], "5 years 3 months"),
        ("約 3億円 だ", [("3億円", "¥300 million")], "約 ¥300 million だ"),
        ("変わらない。", [], "変わらない。"),
    ],
)
def test_inject(text: str, spans: list[tuple[str, str]], expected: str) -> None:
    located = [(text.index(ja), text.index(ja) + len(ja), en) for ja, en in spans]
    assert inject(text, located) == expected
    assert inject(text, reversed(located)) == expected


@pytest.mark.parametrize("spans", [[(0, 3, "a"), (2, 4, "b")], [(3, 99, "a")], [(-1, 2, "a")], [(3, 2, "a")]])
def test_inject_refuses_impossible_spans(spans: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="overlaps another or lies outside"):
        inject("五つの文字", spans)


@given(st.text(max_size=30), st.data())
def test_inject_keeps_everything_else(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert inject(text, [(start, end, "X1")]).replace(" ", "") == (text[:start] + "X1" + text[end:]).replace(" ", "")


@pytest.mark.parametrize(("english", "kept"), [("It lost money in fiscal 2024.", True), ("It lost money in fiscal '24.", True),
                                               ("It lost money in fiscal 2014.", False), ("It lost money.", False)])  # fmt: skip
def test_a_year_of_two_digits_may_be_written_out(english: str, kept: bool) -> None:
    checks, _ = check("24年度は赤字だった。", english, ["fiscal ’24"], finished=True)
    assert checks["numbers"] is kept
