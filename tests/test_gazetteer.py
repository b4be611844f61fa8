"""Reading gazetteer files, and finding their forms as words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.record import Token
from pipeline.text.gazetteer import COLUMNS, Entry, Form, Gazetteer

HEADER = "\t".join(COLUMNS)
GOOD = "tesla\tORG\tテスラ\tTesla|テスラ・モーターズ\t\t\tTesla"
PROPER = "名詞-固有名詞-一般"
NOUN = "名詞-普通名詞-一般"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    (folder / "names.tsv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder


def tokens(words: Iterable[str]) -> list[Token]:
    """Tokens of words that follow one another; one that is marked with a star is proper."""
    found: list[Token] = []
    end = 0
    for word in words:
        text = word.rstrip("*")
        tag = PROPER if word.endswith("*") else NOUN
        start, end = end, end + len(text)
        found.append(
            Token(
                start=start, end=end, text=text, lemma=text, norm=text, reading="", pos="NOUN", tag=tag, dep="", head=0
            )
        )
    return found


def gazetteer(*forms: tuple[str, bool]) -> Gazetteer:
    """One entry a form; the flag says whether it is weak."""
    return Gazetteer(
        Form(text, Entry(f"e{i}", "ORG", text, None), weak=weak, mocking=False) for i, (text, weak) in enumerate(forms)
    )


def found(book: Gazetteer, words: str) -> list[str]:
    """The forms found in words parted by spaces (a star marks a proper one)."""
    parts = words.split()
    text = "".join(part.rstrip("*") for part in parts)
    return [match.forms[0].text for match in book.find(text, tokens(parts))]


# Rejecting and accepting twins: cells of one row, and what the message must name (None: it is read).
ROWS = [
    (GOOD, None),
    (GOOD.removesuffix("\tTesla"), "6 cells, expected 7"),
    (GOOD + "\t", "8 cells"),
    (GOOD.replace("ORG", "COMPANY"), "no label 'COMPANY'"),
    (GOOD.replace("tesla", "Tesla Inc", 1), "lower_snake"),
    (GOOD.replace("\tテスラ\t", "\t\t"), "the name is empty"),
    (GOOD.replace("Tesla|", "Tesla||"), "an empty value in aliases"),
    (GOOD.replace("|テスラ・モーターズ\t", "|テスラ・モーターズ\tTesla"), "as strong and as weak"),
    (GOOD.replace("\t\tTesla", "\tテスカス\tTesla"), None),
]


@pytest.mark.parametrize(("row", "fault"), ROWS)
def test_rows(tmp_path: Path, row: str, fault: str | None) -> None:
    write(tmp_path, row)
    if fault is None:
        assert Gazetteer.load(tmp_path).forms("テスラ")[0].entry.id == "tesla"
        return
    with pytest.raises(ConfigError, match=fault) as error:
        Gazetteer.load(tmp_path)
    assert "names.tsv:2" in str(error.value)


def test_header(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"names\.tsv:1: the header is 'id\\tname'.*must be id label name"):
        Gazetteer.load(write(tmp_path, header="id\tname"))
    assert len(Gazetteer.load(write(tmp_path, GOOD))) == 3


def test_no_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no \.tsv file"):
        Gazetteer.load(tmp_path)


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(b"\x83e\x83X\x83\x89")
    with pytest.raises(ConfigError, match="UTF-8"):
        Gazetteer.load(tmp_path)


def test_same_id_twice(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "tesla\tORG\tテスラ・エナジー\t\t\t\tTesla Energy")
    with pytest.raises(ConfigError, match=r"names\.tsv:3: the id 'tesla' is taken by .*names\.tsv:2"):
        Gazetteer.load(tmp_path)


def test_strong_form_twice(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "nikola\tPERSON\tニコラ・テスラ\tテスラ\t\t\tNikola Tesla")
    with pytest.raises(ConfigError, match=r"'テスラ' is a strong form of 'nikola' and, in .*:2, of 'tesla'"):
        Gazetteer.load(tmp_path)
    write(tmp_path, GOOD, "nikola\tPERSON\tニコラ・テスラ\t\tテスラ\t\tNikola Tesla")
    assert [form.entry.id for form in Gazetteer.load(tmp_path).forms("テスラ")] == ["tesla", "nikola"]


def test_kinds_of_forms(tmp_path: Path) -> None:
    write(tmp_path, "x\tPRODUCT\tX\tツイッター\tエックス\tバカッター|エックス\tX")
    book = Gazetteer.load(tmp_path)
    kinds = {
        text: (form.weak, form.mocking)
        for text in ("X", "ツイッター", "エックス", "バカッター")
        for form in book.forms(text)
    }
    assert kinds == {
        "X": (True, False),
        "ツイッター": (False, False),
        "エックス": (True, True),
        "バカッター": (False, True),
    }


BOOK = gazetteer(
    ("テスラ", False), ("Tesla", False), ("AI", False), ("スペースX", False), ("日本", False), ("マスク", True), ("米", True),
    ("経済産業省", False), ("フアン", False), ("イーロン・マスク", False), ("斎藤商店", False), ("GPT-4", False), ("トヨタ", False),
)  # fmt: skip
# Words as the tokenizer parts them (a star marks a proper name), and the forms found.
PLACES = [
    ("テスラ は 速い", ["テスラ"]),
    ("Teslaの 車", ["Tesla"]),
    ("Teslas は", []),
    ("MyTesla は", []),
    ("tesla は", []),
    ("TESLA は", []),
    ("AI 車", ["AI"]),
    ("xAI が", []),
    ("AI6 が", []),
    ("OpenAI と AI", ["AI"]),
    ("スペースX が", ["スペースX"]),
    ("スペースXAI が", []),
    ("テスラ グループ が", ["テスラ"]),
    ("テスラコイル が", []),
    ("ニューテスラ が", []),
    ("マスク を 着ける", ["マスク"]),
    ("マスク メロン を", []),
    ("ガス マスク を", []),
    ("日本 車 が", ["日本"]),
    ("日本製 の", ["日本"]),
    ("日本橋* で", []),
    ("西日本 で", []),
    ("在 米 の", ["米"]),
    ("米価 が", []),
    ("新米 を", []),
    ("経済 産業省 が", ["経済産業省"]),
    ("旧経済 産業省 が", ["経済産業省"]),
    ("ジェンスン ・ ファン 氏", ["フアン"]),
    ("イーロン = マスク 氏", ["イーロン・マスク", "マスク"]),
    ("齋藤 商店 で", ["斎藤商店"]),
    ("GPT‐4 を", ["GPT-4"]),
    ("GPT-40 を", []),
    ("トヨタ自動車* が", []),
    ("トヨタ大統領* が", ["トヨタ"]),
    ("https://example.com/Tesla を", []),
    ("Tesla@example.com へ", []),
]


@pytest.mark.parametrize(("words", "expected"), PLACES)
def test_places(words: str, expected: list[str]) -> None:
    assert found(BOOK, words) == expected


def test_longest_first_and_overlapping() -> None:
    book = gazetteer(("東京", False), ("東京電力", False), ("電力", True))
    assert found(book, "東京 電力 の") == ["東京電力", "東京", "電力"]


def test_strong_before_weak() -> None:
    strong, weak = Entry("a", "ORG", "アップル", None), Entry("b", "PERSON", "アップル", None)
    book = Gazetteer([Form("アップル", weak, True, False), Form("アップル", strong, False, False)])
    [match] = book.find("アップル", tokens(["アップル"]))
    assert [form.entry.id for form in match.forms] == ["a", "b"]


@given(
    st.lists(
        st.sampled_from(["テスラ", "Tesla", "日本", "米", "は", "AI", "・", "コイル", "x", "1", " ", "。"]), max_size=20
    )
)
def test_matches_are_forms(words: list[str]) -> None:
    text = "".join(words)
    for match in BOOK.find(text, tokens(words)):
        assert 0 <= match.start < match.end <= len(text)
        assert {form.text for form in match.forms} == {text[match.start : match.end]}
