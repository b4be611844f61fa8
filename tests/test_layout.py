"""Boilerplate and sentence ends against pages and original sources marked by hand; figures in docs/layout.md."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from benchmarks.layout import DATA, ORIGINALS, Counts, Marks, compare, found, original_gold, page_gold, rough_pages

LEAST_OVERALL, LEAST_EACH = 0.97, 0.90


def check(files: list[Path], golds: list[Marks]) -> None:
    boilerplate, ends = Counts(), Counts()
    for file, gold in zip(files, golds, strict=True):
        here, sentences = compare(gold, found(file.read_text("utf-8")))
        assert here.f1 >= LEAST_EACH, file.name
        boilerplate, ends = boilerplate + here, ends + sentences
    assert boilerplate.f1 >= LEAST_OVERALL
    assert ends.f1 >= LEAST_OVERALL


@pytest.mark.parametrize("folder", ["layout", "layout_second"])
def test_pages(folder: str) -> None:
    pages = sorted((DATA / folder).glob("*.txt"))
    assert len(pages) >= 10
    check(pages, [page_gold(page) for page in pages])


def test_rough_pages() -> None:
    counts = {name: compare(gold, found(raw))[0] for name, raw, gold in rough_pages()}
    assert len(counts) == 16
    assert min(count.f1 for count in counts.values()) >= LEAST_EACH
    assert sum(counts.values(), Counts()).f1 >= LEAST_OVERALL


def test_original_sources(seed_files: list[Path]) -> None:
    check(seed_files, [original_gold(file) for file in seed_files])


def test_marks_belong_to_the_original_sources(seed_files: list[Path]) -> None:
    marks = json.loads(ORIGINALS.read_text("utf-8"))
    assert {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in seed_files} == {
        name: mark["sha256"] for name, mark in marks.items()
    }


def test_scores_count_what_differs() -> None:
    true = Marks([True, True, False, False, False], {3, 5})
    assert [c.f1 for c in compare(true, true)] == [1.0, 1.0]
    boilerplate, ends = compare(true, Marks([True, False, False, False, False], {4, 5}))
    assert boilerplate == Counts(1, 1, 2)
    assert ends == Counts(1, 2, 2)
