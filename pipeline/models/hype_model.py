"""The trained model of the hype stage: rhetoric with technique, level, claims and forecast of single sentences.

Heads are linear: over each token's state for the spans (B, I, O), over the mean of a span's states beside the mean of
its sentence for technique and quoted, over the mean of the sentence for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from pipeline.models.card import KIND_HYPE, read_card
from pipeline.models.encoder import Encoded, Encoder, Matrix, check_files
from pipeline.record import TECHNIQUES, Technique
from pipeline.text.decoding import best_spans, log_softmax, softmax

STACK: Final = "hype"
GATE: Final = 0.55  # the least probability of rhetoric: fewer false alarms than .5 at the same F1, over six folds
SHORTEST: Final = 2  # characters of a span
_EDGES: Final = "。、．，,　 \t"  # never the first or last character of a span
_STEPS: Final = 12  # of half a logit, by which a sentence that has rhetoric is searched for its span


class Span(NamedTuple):
    """Rhetoric in a text (code points, end exclusive); ``score`` is the mean probability of its tokens."""

    start: int
    end: int
    technique: Technique
    quoted: float
    score: float


class Claim(NamedTuple):
    """The clause of a text that carries its assertion."""

    start: int
    end: int
    score: float


class Judged(NamedTuple):
    """What the model says of a text. All numbers are probabilities.

    Attributes:
        rhetoric: that it has a rhetoric span.
        spans: the likeliest ones.
        at_least: of hype level 1, 2 and 3 or more.
        doom: that what it inflates is bad.
        checkable: that it asserts something that can be looked up.
        claims: the likeliest ones, whether or not it is checkable.
        forecast: that it is the author's own prediction.
    """

    rhetoric: float
    spans: list[Span]
    at_least: tuple[float, float, float]
    doom: float
    checkable: float
    claims: list[Claim]
    forecast: float


Heads = Mapping[str, tuple[Matrix, Matrix]]


class HypeModel:
    """A stack of the encoder with its heads."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Load ``hype.onnx``, ``hype.npz`` and ``hype.json`` of a folder. Raises ModelError."""
        self.card = read_card(folder / f"{STACK}.json", KIND_HYPE)
        check_files(folder, [f"{STACK}.npz", f"{STACK}.json"])
        self._encoder = Encoder(folder, STACK, threads=threads)
        self._heads = load_heads(folder / f"{STACK}.npz")

    def judge(self, texts: Sequence[str], dial: float = 0.0) -> list[Judged]:
        """Judge each text by itself. ``dial`` is added to the logit of rhetoric and of its tokens."""
        encoded = self._encoder.encode(texts)
        return [
            decide(text, e, self._heads, self.card.temperatures, dial) for text, e in zip(texts, encoded, strict=True)
        ]


def load_heads(path: Path) -> dict[str, tuple[Matrix, Matrix]]:
    """The heads of a file by name, each its weights [labels, dimension] and biases [labels]."""
    with np.load(path, allow_pickle=False) as arrays:
        names = sorted({key.rpartition(".")[0] for key in arrays.files})
        return {name: (arrays[f"{name}.weight"], arrays[f"{name}.bias"]) for name in names}


def decide(text: str, encoded: Encoded, heads: Heads, temperatures: Mapping[str, float], dial: float = 0.0) -> Judged:
    """Read the heads over a text's states."""

    def logits(name: str, states: Matrix) -> Matrix:
        weight, bias = heads[name]
        result: Matrix = (states @ weight.T + bias) / temperatures.get(name, 1.0)
        return result

    def yes(name: str, shift: float = 0.0) -> float:
        return float(softmax(logits(name, encoded.mean) + np.array([0.0, shift]))[1])

    level = softmax(logits("level", encoded.mean))
    at_least = tuple(float(level[k:].sum()) for k in (1, 2, 3))
    rhetoric = yes("has_rhetoric", dial)
    tokens = logits("rhetoric", encoded.states)
    found = _search(tokens, encoded, text, dial, steps=_STEPS if rhetoric >= GATE else 0)
    spans = [_span(place, tokens, encoded, logits) for place in found]
    claims = [
        Claim(p.start, p.end, _inside(logits("claim", encoded.states), p))
        for p in _joined(_places(logits("claim", encoded.states), encoded, text, 0.0), text)
    ]
    return Judged(rhetoric, spans, at_least, yes("doom"), yes("checkable"), claims, yes("forecast"))  # type: ignore[arg-type]


class _Place(NamedTuple):
    """A span in characters and in tokens."""

    start: int
    end: int
    first: int
    last: int  # exclusive


def _search(tokens: Matrix, encoded: Encoded, text: str, dial: float, steps: int) -> list[_Place]:
    """The spans; where there is none, those of a lower threshold, so that a sentence with rhetoric has one."""
    for step in range(steps + 1):
        if places := _places(tokens, encoded, text, dial + step / 2):
            return places
    return []


def _places(tokens: Matrix, encoded: Encoded, text: str, bias: float) -> list[_Place]:
    real = np.flatnonzero(encoded.offsets[:, 1] > encoded.offsets[:, 0])
    places = []
    for first, last in best_spans(tokens[real], bias):
        start, end = int(encoded.offsets[real[first], 0]), int(encoded.offsets[real[last - 1], 1])
        while start < end and text[end - 1] in _EDGES:
            end -= 1
        while start < end and text[start] in _EDGES:
            start += 1
        if end - start >= SHORTEST:
            places.append(_Place(start, end, int(real[first]), int(real[last - 1]) + 1))
    return places


def _joined(places: Sequence[_Place], text: str) -> list[_Place]:
    """Places between which only a comma stands become one: over the folds claim F1 .822 in place of .811."""
    joined: list[_Place] = []
    for place in places:
        if joined and not text[joined[-1].end : place.start].strip(_EDGES):
            before = joined.pop()
            place = _Place(before.start, place.end, before.first, place.last)
        joined.append(place)
    return joined


def _span(place: _Place, tokens: Matrix, encoded: Encoded, logits: Callable[[str, Matrix], Matrix]) -> Span:
    states = np.concatenate([encoded.states[place.first : place.last].mean(0), encoded.mean])
    technique = TECHNIQUES[int(logits("technique", states).argmax())]
    quoted = float(softmax(logits("quoted", states))[1])
    return Span(place.start, place.end, technique, quoted, _inside(tokens, place))


def _inside(tokens: Matrix, place: _Place) -> float:
    outside = np.exp(log_softmax(tokens[place.first : place.last])[:, 0])
    return float(np.clip(1 - outside.mean(), 0.0, 1.0))
