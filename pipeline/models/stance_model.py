"""The trained stance model: where a sentence stands toward a target that it names or plainly means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, get_args

from pipeline.models.card import KIND_STANCE, read_card
from pipeline.models.encoder import Encoder, Passage, check_files
from pipeline.models.hype_model import load_heads
from pipeline.record import StanceLabel
from pipeline.text.decoding import softmax

STACK: Final = "stance"
LABELS: Final[tuple[StanceLabel, ...]] = get_args(StanceLabel)


class StanceQuestion(NamedTuple):
    """What does ``holder`` (None: the author) think of ``target`` in ``text``?

    Attributes:
        target: its name.
        text: the sentence.
        place: where it stands in the text (code points, end exclusive), None where it is only meant.
        holder: whose stance, as named.
    """

    target: str
    text: str
    place: tuple[int, int] | None = None
    holder: str | None = None


def passage(question: StanceQuestion) -> Passage:
    """What the encoder reads: target and holder as context, then the sentence, the target marked."""
    context = question.target if question.holder is None else f"{question.target} / {question.holder}"
    return Passage(question.text, context, (question.place,) if question.place else ())


def is_own(name: str) -> bool:
    """Whether a name is that of a model of this kind: ``bundled``, or a folder with its card."""
    return name == "bundled" or (Path(name) / f"{STACK}.json").is_file()


class StanceModel:
    """A stack of the encoder with its head."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Load ``stance.onnx``, ``stance.npz`` and ``stance.json`` of a folder. Raises ModelError."""
        self.card = read_card(folder / f"{STACK}.json", KIND_STANCE)
        check_files(folder, [f"{STACK}.npz", f"{STACK}.json"])
        self._encoder = Encoder(folder, STACK, threads=threads)
        self._weight, self._bias = load_heads(folder / f"{STACK}.npz")["stance"]

    def scores(self, questions: Sequence[StanceQuestion]) -> list[dict[StanceLabel, float]]:
        """The probability of each label, one mapping a question."""
        temperature = self.card.temperatures.get("stance", 1.0)
        encoded = self._encoder.encode([passage(question) for question in questions])
        rows = [softmax((e.mean @ self._weight.T + self._bias) / temperature) for e in encoded]
        return [dict(zip(LABELS, map(float, row), strict=True)) for row in rows]
