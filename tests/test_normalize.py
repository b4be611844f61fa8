"""Properties of the normalize stage over any input, and the same text in other spellings and encodings."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import CORPUS, make_document
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.record import Document, layer
from pipeline.sources import read_inputs
from pipeline.stages.normalize import Normalize
from pipeline.text.edits import undo
from pipeline.text.sentences import split

CONFIG = load_config(stages=["normalize"])
STAGE = Normalize(CONFIG.normalize, CONFIG)
# Every character of CP932's row 13, which the codec knows by lead byte 0x87.
ROW_13 = "".join(bytes([0x87, b]).decode("cp932", "ignore") for b in range(0x40, 0xFD) if b != 0x7F)
PIECES = st.sampled_from(
    ["(´・ω・`)", "m(_ _)m", "〜〜〜", "。.", "、", "\r\n", "\n\n", "「『(", ")』」", "@A・B・C", "@軽さ・A色・B値段", "30万q", "300Wh/s",
     "副dent", "tronな", "&amp;", "\u202e", "\u2066", "\ufeff", "\ud83d", "\udc4d", "👨‍👩‍👧", "𠮷", "が\u3099", "ｶﾞ", "ﾞ", "①", "①②③", "㈱", "㎏",
     "　", "…", "...", "潟gヨタ", "”", "\u2028", "�", "* a", "1. b", "| a | b |", "https://example.jp/?q=1", "関連記事", "©2025",
     "値上げは3回目だ。", "Read more", "\x00", "\t"]
)  # fmt: skip
TEXT = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=ROW_13 + "ABC@、・\n", max_size=60),
    st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=25).map("".join),
)


def normalized(raw: str) -> Document:
    document = make_document(raw)
    STAGE.process([document])
    return document


@given(TEXT)
def test_any_text_keeps_its_properties(raw: str) -> None:
    document = normalized(raw)
    text, edits, blocks = document.text, layer(document.record.edits), layer(document.record.blocks)
    assert undo(text, edits) == raw
    for edit in edits:
        assert raw[edit.raw_start : edit.raw_end] == edit.before
        if edit.applied:
            assert text[edit.start : edit.end] == edit.after
    position = 0
    for block in blocks:
        assert position <= block.start < block.end
        assert not text[position : block.start].strip()
        assert document.offsets.to_raw(block.start, block.end) == (block.raw_start, block.raw_end)
        sentences = split(text[block.start : block.end])
        assert "".join("".join(text[block.start + a : block.start + b].split()) for a, b in sentences) == "".join(
            text[block.start : block.end].split()
        )
        position = block.end
    assert not text[position:].strip()
    assert normalized(text).text == text


@given(TEXT)
def test_the_map_is_monotone_and_total(raw: str) -> None:
    document = normalized(raw)
    ends = [document.offsets.to_raw(i, i) for i in range(len(document.text) + 1)]
    assert all(0 <= a <= b <= len(raw) for a, b in ends)
    assert ends == sorted(ends)
    assert document.offsets.to_raw(0, len(document.text))[0] == ends[0][0]
    assert all(
        0 <= a <= b <= len(document.text) for a, b in (document.offsets.to_text(i, i) for i in range(len(raw) + 1))
    )


def full_width(text: str) -> str:
    """ASCII as a full-width page has it."""
    return text.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)} | {0x20: 0x3000})


def read(path: Path) -> Document:
    (document,) = read_inputs([str(path)], CONFIG.read)
    assert isinstance(document, Document)
    return document


TEXT_FILES = sorted(CORPUS.glob("*/*.txt"))


def outline(document: Document) -> list[tuple[str, str]]:
    return [(b.kind, document.text[b.start : b.end]) for b in layer(document.record.blocks)]


@pytest.mark.parametrize("file", TEXT_FILES, ids=lambda f: f.stem)
def test_the_full_width_spelling_gives_the_same_text_and_blocks(file: Path) -> None:
    raw = read(file).record.raw
    half, full = normalized(raw), normalized(full_width(raw))
    # A full-width tilde is a wave dash, an ASCII one stays a tilde.
    assert [(k, t.replace("~", "〜")) for k, t in outline(full)] == [
        (k, t.replace("~", "〜")) for k, t in outline(half)
    ]


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "iso2022_jp", "utf-16", "utf-16-le", "utf-8-sig"])
@pytest.mark.parametrize("file", TEXT_FILES, ids=lambda f: f.stem)
def test_other_encodings_give_the_same_text_and_blocks(file: Path, encoding: str, tmp_path: Path) -> None:
    raw = read(file).record.raw
    try:
        # The characters that the encoding itself spells otherwise.
        data = raw.translate({0x301C: 0xFF5E, 0x2212: 0xFF0D} if encoding == "cp932" else {}).encode(encoding)
    except UnicodeEncodeError:
        pytest.skip(f"{file.name} holds characters that {encoding} lacks")
    (tmp_path / "copy.txt").write_bytes(data)
    copy = read(tmp_path / "copy.txt")
    STAGE.process([copy])
    assert outline(copy) == outline(normalized(raw))


def test_a_megabyte_on_one_line() -> None:
    raw = ("市場は開いた、" * 50 + "。.") * 3000
    document = normalized(raw)
    assert undo(document.text, layer(document.record.edits)) == raw
    assert len(layer(document.record.blocks)) == 1


def test_metadata_comes_from_the_head_of_the_text() -> None:
    document = normalized(
        "港の再編が進む\n\n2025年8月3日\n\n朝の市場は静かだった。昼になると人が増え、値段も上がった。\n"
    )
    assert document.record.source.title == "港の再編が進む"
    assert document.record.source.published == "2025-08-03"
    assert document.anchor is not None
    assert document.anchor.isoformat() == "2025-08-03"


def test_a_paragraph_said_twice_is_marked() -> None:
    said = "駅前の古い市場は来年の春に取り壊され、跡地には図書館が建つ予定だという。"
    document = normalized(f"{said}\n\n別の話もある。\n\n{said[:-1]}らしい。\n")
    first, _, last = layer(document.record.blocks)
    assert last.duplicate_of == first.id
    assert not first.duplicate_of
