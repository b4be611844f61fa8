"""Spans and their English, and how much of a sentence is in its translation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ModelError
from pipeline.models.encoder import Encoded
from pipeline.translation.align import INCOMPLETE, Aligner, expected_length, incompleteness

BUNDLED = Path(__file__).parent.parent / "pipeline" / "models" / "bundled"
DATA = Path(__file__).parent / "data" / "alignments.tsv"


class Dictionary:
    """An encoder for tests: words that mean the same have the same state."""

    def __init__(self, meanings: Sequence[tuple[str, str]]) -> None:
        self.meanings = meanings

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> Encoded:
        places = sorted(
            (text.index(word), text.index(word) + len(word), i)
            for i, pair in enumerate(self.meanings) for word in pair if word in text
        )  # fmt: skip
        states = np.eye(len(self.meanings), dtype=np.float32)[[i for _, _, i in places]]
        return Encoded(
            states,
            np.array([place[:2] for place in places], np.int32).reshape(-1, 2),
            np.zeros(len(self.meanings), np.float32),
        )


@pytest.fixture
def aligner(monkeypatch: pytest.MonkeyPatch) -> Aligner:
    known = Dictionary([("巨大な", "huge"), ("船", "ship"), ("が", "the"), ("沈んだ", "sank"), ("港", "harbor")])
    monkeypatch.setattr("pipeline.translation.align.Encoder", lambda *args, **kwargs: known)
    return Aligner(Path("nowhere"))


@pytest.mark.parametrize(
    ("span", "english", "expected"),
    [
        ("巨大な船", "In the harbor a huge ship sank.", "huge ship"),
        ("沈んだ", "In the harbor a huge ship sank.", "sank"),
        ("巨大な", "In the harbor a ship sank.", None),
        ("巨大な", "...", None),
    ],
)
def test_span_is_found_in_the_english(aligner: Aligner, span: str, english: str, expected: str | None) -> None:
    japanese = "港で巨大な船が沈んだ。"
    start = japanese.index(span)
    found = aligner.align(japanese, start, start + len(span), english)
    assert (found and english[slice(*found)]) == expected


def test_what_is_left_out_lowers_the_similarity(aligner: Aligner) -> None:
    whole = aligner.similarity("港で巨大な船が沈んだ。", "In the harbor the huge ship sank.")
    half = aligner.similarity("港で巨大な船が沈んだ。", "In the harbor.")
    assert half < whole


def test_alignments_marked_by_hand() -> None:
    try:
        aligner = Aligner(BUNDLED)
    except ModelError:
        pytest.skip("the encoder is not bundled")
    rows = [r.split("\t") for r in DATA.read_text(encoding="utf-8").splitlines() if not r.startswith("#")][1:]
    right = 0
    for japanese, span, english, phrase in rows:
        start = japanese.index(span)
        first, last = aligner.align(japanese, start, start + len(span), english) or (0, 0)
        at = english.index(phrase)
        common = max(0, min(last, at + len(phrase)) - max(first, at))
        right += 2 * common >= 0.8 * (last - first + len(phrase))
    assert len(rows) == 40
    assert right >= 36


@pytest.mark.parametrize(
    ("japanese", "english", "whole"),
    [
        ("橋は老朽化が進み、市は来年から三年をかけて架け替える。", "The bridge is aging, and the city will rebuild it over three years from next year.", True),
        ("橋は老朽化が進み、市は来年から三年をかけて架け替える。", "The bridge is aging.", False),
    ],
)  # fmt: skip
def test_length_alone_tells_a_half(japanese: str, english: str, whole: bool) -> None:
    assert (incompleteness(japanese, english, None) < INCOMPLETE) is whole


@given(st.text(max_size=40), st.text(max_size=10))
def test_longer_japanese_has_longer_english(text: str, more: str) -> None:
    assert 1 <= expected_length(text) <= expected_length(text + more)
