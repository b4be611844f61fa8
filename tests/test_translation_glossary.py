"""Tables of terms: TSV and TBX, where terms stand, and whether a translation holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import find_file
from pipeline.errors import ConfigError
from pipeline.record import Sentence
from pipeline.translation.glossary import Entered, Glossary, Term, missing_terms, read_catchphrases, read_glossary

TBX_2 = """<?xml version="1.0"?><martif type="TBX" xml:lang="en"><text><body>
<termEntry id="c1"><langSet xml:lang="ja"><tig><term>内部留保</term></tig></langSet>
<langSet xml:lang="en-US"><tig><term>retained earnings</term></tig><tig><term>reserves</term></tig></langSet></termEntry>
<termEntry id="c2"><langSet xml:lang="ja"><tig><term>稟議</term></tig></langSet></termEntry>
</body></text></martif>"""
TBX_3 = """<tbx xmlns="urn:iso:std:iso:30042:ed-2" type="TBX-Core" xml:lang="en"><text><body><conceptEntry id="1">
<langSec xml:lang="en"><termSec><term>rolling
stock</term></termSec></langSec><langSec xml:lang="ja"><termSec><term>車両</term></termSec><termSec><term>鉄道車両</term></termSec></langSec>
</conceptEntry></body></text></tbx>"""


def plain(text: str, start: int = 0) -> Sentence:
    """A sentence without layers, somewhere in a document."""
    end = start + len(text)
    return Sentence(id="s", block="b", lang="ja", text=text, start=start, end=end, raw_start=start, raw_end=end)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.tsv", "# mine\nja\ten\n内部留保\tretained earnings\n", [("内部留保", "retained earnings")]),
        ("a.tbx", TBX_2, [("内部留保", "retained earnings")]),
        ("a.tbx", TBX_3, [("車両", "rolling stock"), ("鉄道車両", "rolling stock")]),
    ],
)
def test_glossaries_are_read(tmp_path: Path, name: str, content: str, expected: list[tuple[str, str]]) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read_glossary(tmp_path / name) == [Entered(ja, en) for ja, en in expected]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "内部留保\tretained earnings\n", "header is not ja en"),
        ("a.tsv", "ja\ten\n内部留保\n", "a.tsv:2: expected ja en"),
        ("a.tsv", "ja\ten\n内部留保\tx\ty\n", "a.tsv:2: expected ja en"),
        ("a.tbx", "<tbx>", "not a TBX file"),
        ("a.tbx", "<tbx/>", "no termEntry"),
    ],
)
def test_malformed_glossaries_are_refused(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_glossary(tmp_path / name)


def test_bundled_tables_can_be_read() -> None:
    assert Entered("純利益", "net profit") in read_glossary(find_file("glossary.tsv"))
    phrases = {row.japanese: row for row in read_catchphrases(find_file("catchphrases.tsv"))}
    assert phrases["焼け石に水"] == Entered("焼け石に水", "a drop in the bucket", "water on a hot stone")
    assert phrases["黒船"].note


def test_longest_term_counts_and_offsets_are_the_document_s() -> None:
    glossary = Glossary([Entered("電池", "battery"), Entered("全固体電池", "all-solid-state battery")])
    (found,) = glossary.find(plain("全固体電池だ", start=100))
    assert found == Term(100, 105, Entered("全固体電池", "all-solid-state battery"))


def test_later_rows_win() -> None:
    glossary = Glossary([Entered("春闘", "spring offensive"), Entered("春闘", "wage talks")])
    assert [term.entered.english for term in glossary.find(plain("春闘"))] == ["wage talks"]


@pytest.mark.parametrize(
    ("term", "english", "kept"),
    [
        ("subcontractor", "Two subcontractors went under.", True),
        ("trade deficit", "Trade deficits widened.", True),
        ("yield", "The yields improved.", True),
        ("net profit", "Profit on the net rose.", False),
        ("driving range", "The range is short.", False),
    ],
)
def test_terms_are_looked_for_in_any_number(term: str, english: str, kept: bool) -> None:
    missing = missing_terms([Term(0, 2, Entered("語", term))], english)
    assert missing == ([] if kept else [f"語 → {term} is missing"])
