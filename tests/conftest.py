"""Fixtures shared by the tests: paths, and documents taken through the first stages."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.record import Document, Record, Source

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpus"
SEEDS = ROOT.parent / "shared" / "seeds"
# `make test-slow` takes the thorough profile; examples are the same at every run.
settings.register_profile("quick", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
OFFLINE = ["normalize", "tokenize", "ner", "hype", "stance"]


def make_document(raw: str, published: str | None = None) -> Document:
    """A document as a reader hands it over."""
    source = Source(path="test.txt", format="txt", encoding="utf-8", sha256="0" * 64, published=published)
    return Document(Record(id="test", source=source, raw=raw))


@pytest.fixture(scope="session")
def annotator() -> Annotator:
    """All stages but translation."""
    return Annotator(load_config(stages=OFFLINE))


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Document]:
    """Take a text through normalize and tokenize; gives the document in work."""
    first = Annotator(load_config(stages=OFFLINE[:2]))

    def parsed(raw: str) -> Document:
        document = make_document(raw)
        first.process(document)
        return document

    return parsed


@pytest.fixture(scope="session")
def seed_files() -> list[Path]:
    """The original sources, for those who hold them."""
    files = sorted(SEEDS.glob("*.txt"))
    if not files:
        pytest.skip("the original sources are not here")
    return files
