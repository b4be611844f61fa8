"""Numbers read from both languages, the checks on a translation, and English written into the source."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import make_document
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.record import Quantity, Sentence
from pipeline.translation.checks import check_sentence, status
from pipeline.translation.figures import Numeral, bare_numerals
from pipeline.translation.inject import hide, inject, restore
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
        ("10 years", "decade", True),
        ("20 years", "two decades", True),
        ("20 years", "three decades", False),
        ("12 eggs", "dozen", True),
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


DATA = Path(__file__).parent / "data"
CHECKS = {
    "numbers", "dates", "names", "roles", "negation", "reversed", "terms", "japanese_left", "empty", "cut", "looping",
    "length", "complete", "prompt",
}  # fmt: skip
Read = Callable[[str], Sentence]


def bare(source: str, figures: tuple[str, ...] = ()) -> Sentence:
    """A sentence without tokens, whose figures are known by their English alone."""
    place: dict[str, Any] = {"start": 0, "end": len(source), "raw_start": 0, "raw_end": len(source)}
    quantities = [
        Quantity(text="図", kind="number", value=None, low=None, high=None, unit="", approximate=False, en=en, **place)
        for en in figures
    ]
    return Sentence(id="s1", block="b1", lang="ja", text=source, quantities=quantities, **place)


def failed(
    source: str | Sentence, english: str, figures: tuple[str, ...] = (), *, finished: bool = True
) -> dict[str, str]:
    """The failed checks and what they say."""
    sentence = bare(source, figures) if isinstance(source, str) else source
    checks, warnings = check_sentence(sentence, english, finished=finished)
    named = dict(warning.split(": ", 1) for warning in warnings)
    assert set(named) == {name for name, passed in checks.items() if not passed}
    return named


def table(name: str) -> list[list[str]]:
    """The rows of a table, without its comments and its header."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")][1:]


@pytest.fixture(scope="module")
def read_sentence() -> Read:
    """One sentence with its tokens, names and figures."""
    annotator = Annotator(
        load_config(stages=["normalize", "tokenize", "ner"], overrides=["normalize.boilerplate=false"])
    )

    def sentence(text: str) -> Sentence:
        (found,) = annotator.process(make_document(text)).sentences or []
        return found

    return sentence


def test_good_translation_passes() -> None:
    checks, warnings = check_sentence(bare(GOOD[0]), GOOD[1])
    assert set(checks) == CHECKS
    assert warnings == []
    assert status(checks) == "verified"


def test_planted_faults_are_caught(read_sentence: Read) -> None:
    faults = table("translation_faults.tsv")
    assert len(faults) == 40
    missed = [row for row in faults if row[1] not in failed(read_sentence(row[2]), row[3])]
    assert missed == []


def test_good_translations_pass(read_sentence: Read) -> None:
    pairs = table("translation_good.tsv")
    assert len(pairs) == 100
    alarms = [(japanese, found) for japanese, english in pairs if (found := failed(read_sentence(japanese), english))]
    assert len(alarms) <= 5, alarms


@pytest.mark.parametrize(
    ("source", "figures", "english", "fault"),
    [
        ("赤字は8億円に達した。", ("¥800 million",), "The deficit reached 800 million yen.", None),
        ("赤字は8億円に達した。", ("¥800 million",), "The deficit reached 8 million yen.",
         "図 → ¥800 million is missing, 8 million yen is not in the source"),
        ("赤字は8億円に達した。", ("¥800 million",), "The deficit reached $800 million.", "図 → ¥800 million is missing"),
        ("客は三割減った。", ("30%",), "Customers fell by 30 percent.", None),
        ("客は三割減った。", ("30%",), "Customers fell sharply.", "図 → 30% is missing"),
        ("店は駅前にある。", (), "The shop is in front of the station.", None),
        ("店は駅前にある。", (), "The 12 shops are in front of the station.", "12 is not in the source"),
        ("夫婦で店を開いた。", (), "The two of them opened a shop.", None),
        ("一人の客が来た。", ("1 person",), "A customer came.", None),
        ("数万人が集まった。", ("several tens of thousands of people",), "Tens of thousands gathered.", None),
        ("数万人が集まった。", ("several tens of thousands of people",), "Ten thousand people gathered.",
         "図 → several tens of thousands is missing, Ten thousand is not in the source"),
        ("利益は▲7億円だった。", ("-¥700 million",), "It made a loss of 700 million yen.", None),
        ("利益は▲7億円だった。", ("-¥700 million",), "Profit was 700 million yen.", "図 → a minus is missing"),
        ("2027年に始まる。", ("2027",), "It starts in 2028.", "図 → 2027 is missing, 2028 is not in the source"),
    ],
)  # fmt: skip
def test_numbers(source: str, figures: tuple[str, ...], english: str, fault: str | None) -> None:
    assert failed(source, english, figures).get("numbers") == fault


@pytest.mark.parametrize(
    ("source", "english", "missing"),
    [
        ("主将の田口（21）が最後に走った。", "Captain Taguchi, 21, ran last.", ""),
        ("主将の田口（21）が最後に走った。", "Captain Taguchi ran last.", "21"),
        ("主将の田口（２１）が最後に走った。", "Captain Taguchi ran last.", "２１"),
        ("試合は4-3で終わった。", "The game ended 4-3.", ""),
        ("試合は4-3で終わった。", "The game ended with four runs to three.", ""),
        ("試合は4-3で終わった。", "The game ended with a four-run lead.", "3"),
        ("高3の夏に始めた。", "He began in the summer of his third year of high school.", ""),
        ("高3の夏に始めた。", "He began in the summer of high school.", "3"),
        ("冬に読む本5選", "5 books to read in winter", ""),
        ("冬に読む本5選", "Books to read in winter", "5"),
        ("第4楽章が好きだ。", "I like movement IV.", ""),
        ("新型のRX480を使う。", "It uses the new RX480.", ""),
        ("新型のRX480を使う。", "It uses the new device.", "480"),
        ("震度は6・5だった。", "The intensity was 6.5.", ""),
        ("震度は6・5だった。", "The intensity was 6.", "6・5"),
        ("背番号は6・5だ。", "The numbers on their backs are 6 and 5.", ""),
        ("指数は1万2300となった。", "The index stood at 12,300.", ""),
        ("指数は1万2300となった。", "The index stood at 2,300.", "1万2300"),
        ("扉は1つある。", "There is a door.", ""),
        ("番号は200だ。", "The number is 1,200.", "200"),
    ],
)
def test_numbers_that_no_figure_holds_are_kept(source: str, english: str, missing: str) -> None:
    found = failed(source, english).get("numbers", "")
    assert found.partition(" is missing")[0] == missing


def test_numbers_of_names_and_terms_are_not_asked_for_twice() -> None:
    assert bare_numerals("第2次大戦と3つの町", [(0, 5)]) == [Numeral("3", ((Fraction(3),),))]
    assert bare_numerals("第2次大戦と3つの町", []) == [Numeral("2", ((Fraction(2),),)), Numeral("3", ((Fraction(3),),))]


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=3))
@example("9" * 99 + "・" + "9" * 99, [])
def test_any_text_has_its_numerals(text: str, covered: list[tuple[int, int]]) -> None:
    assert all(numeral.japanese in text for numeral in bare_numerals(text, covered))


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
    assert status(check_sentence(bare(GOOD[0]), GOOD[1])[0]) == "verified"
    assert status(check_sentence(bare(GOOD[0]), GOOD[1], finished=False)[0]) == "flagged"
    assert status(check_sentence(bare(GOOD[0]), "")[0]) == "failed"


@given(st.text(max_size=60), st.text(max_size=120), st.booleans())
@example("9" * 9999, "9" * 9999 + "/" + "9" * 9999, True)
def test_checks_take_any_text(source: str, english: str, finished: bool) -> None:
    checks, warnings = check_sentence(bare(source), english, finished=finished)
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
                                               ("It lost money in fiscal 2014.", False), ("It lost money.", False),
                                               ("It lost money in FY24.", True), ("It lost money in the 24th year.", False),
                                               ("On the 24th, it lost money in fiscal 2024.", True)])  # fmt: skip
def test_a_year_of_two_digits_may_be_written_out(english: str, kept: bool) -> None:
    checks, _ = check_sentence(bare("24年度は赤字だった。", ("fiscal ’24",)), english)
    assert checks["numbers"] is kept


@pytest.mark.parametrize(
    ("name", "japanese", "bad", "good"),
    [
        ("numbers", "長さ12メートルの船が沈んだ。", "A 12-kilometer-long ship sank.", "A 12-meter-long ship sank."),
        ("dates", "式典は11月3日に行われる。", "The ceremony will be held on October 3.", "The ceremony will be held on Nov. 3."),
        ("dates", "来月、新駅が開業する。", "The new station opened last month.", "The new station opens next month."),
        ("dates", "工事は夏に終わる。", "The work will end on Monday.", "The work will end in the summer."),
        ("names", "カナダの首相が辞任した。", "The prime minister of Australia resigned.", "The Canadian prime minister resigned."),
        ("names", "国連は停戦を呼びかけた。", "The council called for a ceasefire.", "The UN called for a ceasefire."),
        ("names", "警察は男を逮捕した。", "The police arrested a man from Yokosuka.", "The police arrested a man."),
        ("names", "山本さんが優勝した。", "The winner was Kuroki.", "The winner was Yamamoto."),
        ("roles", "インテルがクアルコムを提訴した。", "Qualcomm sued Intel.", "Qualcomm was sued by Intel."),
        ("roles", "ホンダは日産より大きい。", "Nissan is larger than Honda.", "Honda is larger than Nissan."),
        ("numbers", "米国は3%、中国は5%成長した。", "The US grew 5% and China 3%.", "The US grew 3% and China 5%."),
        ("negation", "列車は時間どおりに着かなかった。", "The train arrived on time.", "The train failed to arrive on time."),
        ("negation", "この壁に触るな。", "Touch this wall.", "Don't touch this wall."),
        ("negation", "人に笑われるなと祖母は言った。", "Be laughed at, my grandmother said.", "Never be laughed at, my grandmother said."),
        ("negation", "店は朝から開いている。", "The shop isn't open in the morning.", "The shop has been open since morning."),
        ("reversed", "会社は黒字を確保した。", "The company posted a deficit.", "The company posted a profit."),
        ("complete", "市は水道管の更新を急いだが、資金が足りず、工事は三年遅れている。", "The city hurried to renew its pipes.",
         "The city hurried to renew its water pipes, but funds ran short and the work is three years behind schedule."),
        ("looping", "空は一日中晴れていた。", "The sky was clear all day and the sky was clear all day and night.", "The sky was clear all day."),
    ],
)  # fmt: skip
def test_fault_of_content_is_seen_and_its_twin_passes(
    read_sentence: Read, name: str, japanese: str, bad: str, good: str
) -> None:
    sentence = read_sentence(japanese)
    assert name in failed(sentence, bad)
    assert failed(sentence, good) == {}


@pytest.mark.parametrize(
    ("japanese", "english"),
    [
        ("薬を飲まなければならない。", "You have to take the medicine."),
        ("明日は雪かもしれない。", "It may snow tomorrow."),
        ("もっと早く始めるべきではないか。", "Should we have started earlier?"),
        ("彼に頼るしかない。", "He is our one hope."),
        ("水は生活に欠かせない。", "Water is part of everyday life."),
        ("知らないわけではない。", "I do know about it."),
        ("急がなければ、と母は言った。", "We have to hurry, said Mother."),
        ("早く寝なきゃ。", "I have to sleep soon."),
    ],
)
def test_negation_in_form_alone(read_sentence: Read, japanese: str, english: str) -> None:
    assert "negation" not in failed(read_sentence(japanese), english)


def test_a_condition_is_denied(read_sentence: Read) -> None:
    sentence = read_sentence("雨が降らなければ、試合は行われる。")
    assert "negation" in failed(sentence, "If it rains, the game will be played.")
    assert failed(sentence, "If it does not rain, the game will be played.") == {}


def test_warning_names_the_japanese_and_what_is_missing(read_sentence: Read) -> None:
    found = failed(read_sentence("ソニーは90億円を投じた。"), "Sony invested 90 billion yen.")
    assert found == {"numbers": "90億円 → ¥9 billion is missing, 90 billion yen is not in the source"}


@pytest.mark.parametrize(
    ("text", "spans", "hidden"),
    [
        ("費用は3億円だ。", [("3億円", "¥300 million")], "費用は ZX1 だ。"),
        ("AがBを買う", [("A", "Alpha"), ("B", "Beta")], "ZX1 が ZX2 を買う"),
        ("ZXは3億円だ", [("3億円", "¥300 million")], "ZXは QV1 だ"),
    ],
)
def test_placeholders_come_back(text: str, spans: list[tuple[str, str]], hidden: str) -> None:
    located = [(text.index(ja), text.index(ja) + len(ja), en) for ja, en in spans]
    source, placeholders = hide(text, located)
    assert source == hidden
    assert restore(" ".join(placeholders).lower(), placeholders) == " ".join(en for _, en in spans)


def test_a_lost_placeholder_stays_lost() -> None:
    assert restore("It costs a lot.", {"ZX1": "¥300 million"}) == "It costs a lot."
    assert restore("ZX11 ZX1", {"ZX1": "one", "ZX11": "eleven"}) == "eleven one"
