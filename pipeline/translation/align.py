"""Which words of the English stand for a span of the Japanese, and how much of the Japanese is in the English at all.

Both are read off the shared encoder: states of words that mean the same are near each other, whatever the language,
most of all in the middle of the stack, before the layers that training has turned to its own task. Alignment
multiplies the softmax of the similarities over the English with that over the Japanese (as SimAlign and AWESOME do,
Jalili Sabet et al. 2020, Dou and Neubig 2021) and takes the run of words that the span claims most of.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ModelError
from pipeline.models.encoder import INPUT, Encoded, Encoder, Window

Matrix = NDArray[np.float32]

# Of the first 40 pairs of tests/data/alignments.tsv are right, with what ships: hype after layer 4, 5, 6, 7: 20, 30, 35, 35;
# stance: 18, 29, 31, 34; the encoder before training after layer 6: 37. Of the 20 pairs written afterwards: 18 with hype
# after layer 7.
STACK: Final = "hype"
LAYER: Final = 7
# Set on the hand-made pairs of tests/data/alignments.tsv; .03 to .12 and .3 to .5 give 36 to 39 of 40.
TEMPERATURE: Final = 0.05
SHARE: Final = 0.4
# Least mean share of the words of a run: under it the translation has no counterpart that can be told.
CERTAIN: Final = 0.5
# Least mean similarity of the span's words to their best in the run, which pairs that have nothing in common miss.
ALIKE: Final = 0.4

# Logistic regression on 400 references of WMT21 of 25 characters and more against halves of them: the least similarity of
# any third of the source's content words, the logarithm of the length over the expected length. Over INCOMPLETE lie 0.2%
# of the references and 95% of the halves; 81% of the halves where the length alone is known.
_INTERCEPT: Final = 6.37
_BY_SIMILARITY: Final = -27.8
_BY_LENGTH: Final = -21.3
INCOMPLETE: Final = 2.56
SHORTEST: Final = 20  # characters: shorter sentences vary too much
_THIRD: Final = 3
_LEAST_WINDOW: Final = 4  # tokens
# Stands in for the similarity where there is no encoder: the length alone then flags 0.2% of the references too.
_USUAL_SIMILARITY: Final = 0.534
# English characters for a kanji, a hiragana, a katakana and anything else (least squares, same references).
_EXPECTED: Final = (("[\u4e00-\u9fff]", 5.02), ("[\u3041-\u3096]", 1.97), ("[\u30a1-\u30fa]", 1.78))
_EXPECTED_OTHER: Final = 0.94

# A node of an ONNX file: its output (field 2), then its kind (field 4).
_NORMALIZED: Final = re.compile(rb'\x12.(\d+)"\x12LayerNormalization', re.DOTALL)
_WORD: Final = re.compile(r"[$¥€£]?\w[\w'’%.,$¥€£-]*\w%?|[$¥€£]?\w%?")
_CONTENT: Final = re.compile(r"[\u4e00-\u9fff\u30a1-\u30faA-Za-z0-9]")


class _Pair(NamedTuple):
    """Similarities of the tokens of two texts, and where the tokens stand."""

    similarity: Matrix
    japanese: NDArray[np.int32]
    english: NDArray[np.int32]


class MiddleEncoder(Encoder):
    """A stack of layers read after one in the middle, which its graph computes but does not give out."""

    def __init__(self, folder: Path, name: str, layer: int, *, threads: int = 1) -> None:
        """Load the stack ``NAME.onnx``. Raises ModelError as :class:`Encoder` does, or if it has no such layer."""
        super().__init__(folder, name, threads=threads)
        graph = (folder / f"{name}.onnx").read_bytes()
        values = _NORMALIZED.findall(graph)  # the embeddings', then two a layer
        if not 0 < 2 * layer < len(values):
            raise ModelError(f"{folder / name}.onnx: there is no layer {layer}.", remedy="Name bundled.")
        self._outputs = [values[2 * layer].decode()]
        options = self._session.get_session_options()
        self._session = type(self._session)(
            graph + _further_output(values[2 * layer]), options, providers=["CPUExecutionProvider"]
        )

    def _run(self, windows: Sequence[Window], output: str) -> list[Matrix]:
        embeddings = (self.vocabulary.embed([window]) for window in windows)
        return [self._session.run([output], {INPUT: some})[0] for some in embeddings]


class Aligner:
    """Compares a Japanese sentence with its English."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the stack :data:`STACK` of an encoder's folder. Raises ModelError if it is not there."""
        self._encoder = MiddleEncoder(folder, STACK, LAYER, threads=threads)
        self._pair = lru_cache(maxsize=4)(self._compare)

    def align(self, japanese: str, start: int, end: int, english: str) -> tuple[int, int] | None:
        """The part of the English (code points) that stands for ``japanese[start:end]``; None if that is not certain."""
        pair = self._pair(japanese, english)
        words = [match.span() for match in _WORD.finditer(english)]
        columns = [_within(pair.english, *word) for word in words]
        inside = _within(pair.japanese, start, end)
        if not inside.any() or not words:
            return None
        empty = np.zeros(len(inside), np.float32)
        scores = np.stack([pair.similarity[:, c].max(1) if c.any() else empty for c in columns], axis=1)
        weights = np.exp(scores / TEMPERATURE)
        links = weights / weights.sum(1, keepdims=True) * (weights / weights.sum(0, keepdims=True))
        shares = links[inside].sum(0) / links.sum(0)
        first, last = _best_run(shares - SHARE)
        if shares[first : last + 1].mean() < CERTAIN:
            return None
        found = words[first][0], words[last][1]
        alike = pair.similarity[np.ix_(inside, _within(pair.english, *found))].max(1, initial=-1.0).mean()
        return found if alike >= ALIKE else None

    def similarity(self, japanese: str, english: str) -> float:
        """The least similarity to the English of any third of the content words of the Japanese (-1 to 1)."""
        pair = self._pair(japanese, english)
        if not pair.similarity.size:
            return 0.0
        best = pair.similarity.max(1)
        content = np.array([bool(_CONTENT.search(japanese[a:b])) for a, b in pair.japanese])
        kept = best[content] if content.sum() >= _LEAST_WINDOW else best
        size = min(len(kept), max(_LEAST_WINDOW, len(kept) // _THIRD))
        return float(np.convolve(kept, np.ones(size) / size, "valid").min())

    def _compare(self, japanese: str, english: str) -> _Pair:
        one, other = self._encoder.encode([japanese, english])
        return _Pair(_unit(one) @ _unit(other).T, one.offsets, other.offsets)


def incompleteness(japanese: str, english: str, aligner: Aligner | None) -> float:
    """How likely a part of the sentence is missing, in logits; :data:`INCOMPLETE` is the bound."""
    similarity = aligner.similarity(japanese, english) if aligner else _USUAL_SIMILARITY
    length = math.log(max(1, len(english.strip())) / expected_length(japanese))
    return _INTERCEPT + _BY_SIMILARITY * similarity + _BY_LENGTH * length


def expected_length(japanese: str) -> float:
    """Characters that the English of a Japanese text usually has."""
    counts = [(len(re.findall(kind, japanese)), factor) for kind, factor in _EXPECTED]
    others = len(japanese) - sum(count for count, _ in counts)
    return max(1.0, sum(count * factor for count, factor in counts) + others * _EXPECTED_OTHER)


def _further_output(value: bytes) -> bytes:
    """What, put after an ONNX file, makes a value an output too.

    Protobuf merges the parts of a message that stand apart: field 7 of a model is its graph, 12 of a graph an output,
    1 of an output its name.
    """
    message = value
    for field in (1, 12, 7):
        message = bytes([field << 3 | 2, len(message)]) + message
    return message


def _unit(encoded: Encoded) -> Matrix:
    lengths: Matrix = np.linalg.norm(encoded.states, axis=1, keepdims=True)
    return encoded.states / lengths


def _within(offsets: NDArray[np.int32], start: int, end: int) -> NDArray[np.bool_]:
    return (offsets[:, 0] < end) & (offsets[:, 1] > start) & (offsets[:, 1] > offsets[:, 0])


def _best_run(scores: Matrix) -> tuple[int, int]:
    """First and last index of the run with the largest sum."""
    best, found, total, first = -math.inf, (0, 0), 0.0, 0
    for i, score in enumerate(scores):
        if total <= 0:
            total, first = 0.0, i
        total += float(score)
        if total > best:
            best, found = total, (first, i)
    return found
