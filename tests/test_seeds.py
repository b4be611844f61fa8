"""Names, figures and speakers in the original sources against lists made by hand (skipped where the sources are absent)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.record import Record, layer

LISTS = Path(__file__).parent / "data" / "seeds"
BUILT_ON, READ_ONCE = ("000", "001", "002"), ("003", "004")


def rows(name: str) -> list[list[str]]:
    """The rows of a list, without its comments and its header."""
    lines = (LISTS / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")][1:]


def annotated(files: list[Path], *overrides: str) -> dict[str, Record]:
    annotator = Annotator(load_config(stages=["normalize", "tokenize", "ner"], overrides=overrides))
    return {file.name[:3]: annotator.annotate(file.read_bytes().decode("utf-8")) for file in files}


@pytest.fixture(scope="module")
def records(seed_files: list[Path]) -> dict[str, Record]:
    return annotated(seed_files)


def names_found(record: Record, label: str) -> dict[tuple[int, int], str]:
    entities = (e for s in layer(record.sentences) for e in s.entities or [] if e.label == label)
    return {(e.raw_start, e.raw_end): e.id or "" for e in entities}


def names_listed(document: str, record: Record, label: str) -> dict[tuple[int, int], str]:
    """Those in sentences that are analysed."""
    analysed = [(s.raw_start, s.raw_end) for s in layer(record.sentences) if s.tokens]
    listed = [(int(a), int(b), key) for doc, a, b, kind, key in rows("names.tsv") if (doc, kind) == (document, label)]
    return {(a, b): key for a, b, key in listed if any(start <= a and b <= end for start, end in analysed)}


@pytest.mark.parametrize("documents", [BUILT_ON, READ_ONCE], ids=["built on", "read once"])
@pytest.mark.parametrize("label", ["PERSON", "ORG"])
def test_names(records: dict[str, Record], documents: tuple[str, ...], label: str) -> None:
    right = found = listed = 0
    for document in documents:
        there = names_found(records[document], label)
        wanted = names_listed(document, records[document], label)
        right += len(there.items() & wanted.items())
        found += len(there)
        listed += len(wanted)
    assert right / listed >= 0.95
    assert right / found >= 0.95


def figures_found(record: Record) -> Iterator[tuple[str, ...]]:
    for sentence in layer(record.sentences):
        for q in sentence.quantities or []:
            numbers = ("" if x is None else str(x) for x in (q.value, q.low, q.high))
            yield (str(q.raw_start), str(q.raw_end), "quantity", *numbers, q.en)
        for t in sentence.times or []:
            yield (str(t.raw_start), str(t.raw_end), "time", t.value or "", "", "", t.en)


def test_figures(seed_files: list[Path]) -> None:
    """Also those of menus and cards."""
    records = annotated(seed_files, "normalize.boilerplate=false")
    listed = {tuple(row) for row in rows("figures.tsv")}
    found = {(document, *figure) for document, record in records.items() for figure in figures_found(record)}
    assert len(listed) >= 180
    assert found == listed


def test_speakers(records: dict[str, Record]) -> None:
    right = []
    for document, start, end, speaker_start, speaker_end in rows("speech.tsv"):
        record = records[document]
        quotes = [q for s in layer(record.sentences) for q in s.quotes or []]
        parts = [q.speaker for q in quotes if int(start) <= q.raw_start and q.raw_end <= int(end)]
        right.append(set(parts) == {record.raw[int(speaker_start) : int(speaker_end)]})
    assert sum(right) >= 0.9 * len(right)
    assert len(right) == len(rows("speech.tsv")) > 0


def test_document_stances(seed_files: list[Path]) -> None:
    """What is reached (docs/models.md); nine of ten are wanted."""
    annotator = Annotator(load_config(stages=["normalize", "tokenize", "ner", "hype", "stance"]))
    found = {}
    for file in seed_files:
        summary = annotator.annotate(file.read_bytes().decode("utf-8")).summary
        found |= {(file.name[:3], s.target): s.label for s in layer(layer(summary).stances)}
    listed = {(document, target): label for document, target, label in rows("stances.tsv")}
    assert len(listed) == 47
    assert sum(found.get(key) == label for key, label in listed.items()) >= 32
