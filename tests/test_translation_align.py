"""Spans and their English, and how much of a sentence is in its translation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ModelError
from pipeline.models.encoder import Encoded, Encoder
from pipeline.translation.align import (
    INCOMPLETE,
    LAYER,
    SHORTEST,
    STACK,
    Aligner,
    MiddleEncoder,
    expected_length,
    incompleteness,
)

BUNDLED = Path(__file__).parent.parent / "pipeline" / "models" / "bundled"
DATA = Path(__file__).parent / "data"


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
    monkeypatch.setattr("pipeline.translation.align.MiddleEncoder", lambda *args, **kwargs: known)
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


def rows(name: str) -> list[list[str]]:
    """The rows of a table, without its comments and its header."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")][1:]


def test_alignments_marked_by_hand() -> None:
    aligner = Aligner(BUNDLED)
    pairs = rows("alignments.tsv")
    right = 0
    for japanese, span, english, phrase in pairs:
        start = japanese.index(span)
        first, last = aligner.align(japanese, start, start + len(span), english) or (0, 0)
        at = english.index(phrase)
        common = max(0, min(last, at + len(phrase)) - max(first, at))
        right += 2 * common >= 0.8 * (last - first + len(phrase))
    assert len(pairs) == 60
    assert right >= 51


def test_halves_are_told_from_whole_translations() -> None:
    aligner = Aligner(BUNDLED)
    pairs = [(ja, en.split()) for ja, en in rows("translation_good.tsv") if len(ja) >= SHORTEST]
    assert len(pairs) >= 40

    def are_incomplete(texts: Iterable[Sequence[str]]) -> int:
        texts = [" ".join(words) for words in texts]
        return sum(incompleteness(ja, en, aligner) >= INCOMPLETE for (ja, _), en in zip(pairs, texts, strict=True))

    assert are_incomplete(words for _, words in pairs) <= 0.05 * len(pairs)
    assert are_incomplete(words[: len(words) // 2] for _, words in pairs) >= 0.8 * len(pairs)


def test_a_middle_layer_is_what_the_graph_gives_out_at_its_end() -> None:
    text = "港に船が三隻並んでいる。"
    (last,), (same,) = Encoder(BUNDLED, STACK).encode([text]), MiddleEncoder(BUNDLED, STACK, 8).encode([text])
    assert np.array_equal(last.states, same.states)
    (middle,) = MiddleEncoder(BUNDLED, STACK, LAYER).encode([text])
    assert not np.allclose(last.states, middle.states)
    with pytest.raises(ModelError, match="there is no layer 9"):
        MiddleEncoder(BUNDLED, STACK, 9)


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
