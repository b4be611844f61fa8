"""The corpus is what its files say it is, and every record made from it holds together."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from conftest import CORPUS
from ruamel.yaml import YAML

from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.record import Document, Record, decode, encode, json_schema
from pipeline.sources import read_inputs
from pipeline.text.edits import undo

SOURCES = YAML(typ="safe").load((CORPUS / "sources.yaml").read_text("utf-8"))


@pytest.mark.parametrize("entry", SOURCES["documents"], ids=lambda e: e["file"])
def test_documents_are_those_of_the_list(entry: dict[str, Any]) -> None:
    data = (CORPUS / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    assert len(data.decode(entry["encoding"])) == entry["characters"]


def test_every_document_is_listed() -> None:
    listed = {entry["file"] for entry in SOURCES["documents"]}
    there = {str(p.relative_to(CORPUS)) for folder in ("documents", "sample") for p in (CORPUS / folder).iterdir()}
    assert listed == there


def test_the_original_sources_are_those_of_the_list(seed_files: list[Path]) -> None:
    listed = {entry["file"]: entry["sha256"] for entry in SOURCES["originals"]}
    assert {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in seed_files} == listed


def records(annotator: Annotator, folder: Path) -> list[Record]:
    documents = [d for d in read_inputs([str(folder)], load_config().read) if isinstance(d, Document)]
    return [annotator.process(d) for d in documents]


@pytest.fixture(scope="session")
def corpus_records(annotator: Annotator) -> list[Record]:
    made = records(annotator, CORPUS / "documents")
    assert len(made) == 21
    return made


@pytest.fixture(scope="session")
def seed_records(annotator: Annotator, seed_files: list[Path]) -> list[Record]:
    return records(annotator, seed_files[0].parent)


def spans(record: Record) -> list[Any]:
    """Everything with raw offsets and a text."""
    found: list[Any] = []
    for s in record.sentences or []:
        found.append(s)
        for layer in (s.entities, s.quantities, s.times, s.quotes, s.claims, s.rhetoric):
            found += layer or []
    return found


def check(record: Record) -> None:
    """Every offset slices to its text in both views, and the record is what the schema says."""
    assert isinstance(record.text, str)
    edits = record.edits or []
    assert undo(record.text, edits) == record.raw
    for edit in edits:
        assert record.raw[edit.raw_start : edit.raw_end] == edit.before
        assert record.text[edit.start : edit.end] == edit.after or not edit.applied
    for span in spans(record):
        assert record.text[span.start : span.end] == span.text
        inside = [e for e in edits if e.applied and span.raw_start <= e.raw_start and e.raw_end <= span.raw_end]
        assert unfolded(record, span, inside) == record.raw[span.raw_start : span.raw_end]
    for sentence in record.sentences or []:
        for token in sentence.tokens or []:
            assert record.text[token.start : token.end] == token.text
            assert 0 <= token.head < len(sentence.tokens or [])
        for layer in (sentence.rhetoric, sentence.claims, sentence.entities, sentence.quantities):
            assert all(a.end <= b.start for a, b in pairwise(layer or []))
    jsonschema.validate(msgspec.json.decode(encode(record)), json_schema())
    assert encode(decode(encode(record))) == encode(record)


def unfolded(record: Record, span: Any, edits: list[Any]) -> str:
    """The raw text of a span, rebuilt from the normalized text and the edits inside it."""
    pieces, done = [], span.start
    for e in edits:
        if span.start <= e.start and e.end <= span.end:
            pieces += [record.text[done : e.start], e.before]  # type: ignore[index]
            done = e.end
    return "".join([*pieces, record.text[done : span.end]])  # type: ignore[index]


def test_records_of_the_corpus_hold_together(corpus_records: list[Record]) -> None:
    for record in corpus_records:
        check(record)


def test_records_of_the_original_sources_hold_together(seed_records: list[Record]) -> None:
    assert len(seed_records) == 5
    for record in seed_records:
        check(record)


def test_a_catchphrase_is_a_slogan_in_a_strong_sentence(seed_records: list[Record]) -> None:
    found = [(s, r) for s in seed_records[0].sentences or [] for r in s.rhetoric or [] if "オールスター" in r.text]
    assert found
    for sentence, span in found:
        assert span.technique == "slogan"
        assert sentence.hype
        assert sentence.hype.level >= 2


def test_a_measured_share_is_a_fact_without_rhetoric(seed_records: list[Record]) -> None:
    (sentence,) = [s for s in seed_records[3].sentences or [] if "38.6%" in s.text]
    assert sentence.checkable
    assert sentence.checkable.label
    assert sentence.rhetoric == []
    assert {(q.text, q.value) for q in sentence.quantities or []} >= {("38.6%", 38.6), ("23.1%", 23.1), ("27.3%", 27.3)}


def test_navigation_and_related_lists_are_boilerplate(seed_records: list[Record]) -> None:
    record = seed_records[1]
    kinds = {record.text[b.start : b.end].strip(): b.kind for b in record.blocks or []}  # type: ignore[index]
    for line in ("Skip to content", "関連記事", "アーカイブ", "カテゴリー", "• 2026年3月", "Read Analysis →"):
        assert kinds[line] == "boilerplate"
    assert kinds["本日の重要ポイント"] == "heading"
