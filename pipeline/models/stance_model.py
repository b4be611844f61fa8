"""The trained stance model: where a sentence stands toward a target that it names or plainly means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ModelError
from pipeline.models.card import KIND_STANCE, read_card
from pipeline.models.encoder import Encoder, Matrix, Passage, check_files
from pipeline.models.hype_model import load_heads
from pipeline.models.ngrams import Ngrams
from pipeline.record import StanceLabel
from pipeline.text.decoding import softmax

STACK: Final = "stance"
NGRAMS: Final = "ngrams.npz"
LABELS: Final[tuple[StanceLabel, ...]] = get_args(StanceLabel)
SHARE: Final = 0.4  # weight of the n-grams' logits beside the encoder's; on genres left out .4 to 1 do alike
# Where the n-grams alone find neutral this likely, the encoder is not asked (a cascade, Viola and Jones 2001). That
# saves it every ninth question of genres left out at a cost of .002 in macro-F1 (docs/models.md). A score beside it
# may jump where two kinds of processor differ in its last bits.
SURE: Final = 0.93
NEUTRAL: Final = LABELS.index("neutral")


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
    """A stack of the encoder with its head, and n-grams beside it."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Load ``stance.onnx``, ``stance.npz``, ``ngrams.npz`` and ``stance.json`` of a folder. Raises ModelError."""
        self.card = read_card(folder / f"{STACK}.json", KIND_STANCE)
        if not (folder / NGRAMS).is_file():
            raise _earlier(folder, f"without {NGRAMS}")
        check_files(folder, [f"{STACK}.npz", f"{STACK}.json", NGRAMS])
        self._ngrams = Ngrams.load(folder / NGRAMS)
        self._encoder = Encoder(folder, STACK, threads=threads)
        if not self._encoder.chooses:
            raise _earlier(folder, "whose last layer is of all tokens")
        self._weight, self._bias = load_heads(folder / f"{STACK}.npz")["stance"]

    def scores(self, questions: Sequence[StanceQuestion]) -> list[dict[StanceLabel, float]]:
        """The probability of each label, one mapping a question."""
        rows, read = self.logits(questions)
        rows[read] /= self.card.temperatures.get("stance", 1.0)
        return [dict(zip(LABELS, map(float, row), strict=True)) for row in softmax(rows)]

    def logits(self, questions: Sequence[StanceQuestion]) -> tuple[Matrix, NDArray[np.bool_]]:
        """What the encoder's head and the n-grams say together; where the n-grams are :data:`SURE`, they alone.

        Returns:
            One row a question, one column a label; and which questions the encoder has read.
        """
        passages = [passage(question) for question in questions]
        by_ngrams = [
            self._ngrams.logits(read, quoted=question.holder is not None)
            for question, read in zip(questions, passages, strict=True)
        ]
        rows = np.array(by_ngrams, np.float32).reshape(-1, len(LABELS))
        unsure = softmax(rows)[:, NEUTRAL] < SURE
        numbers = np.flatnonzero(unsure).tolist()
        for number, pointed in zip(numbers, self._encoder.point([passages[n] for n in numbers]), strict=True):
            rows[number] *= SHARE
            rows[number] += np.concatenate([pointed.mean, pointed.marked]) @ self._weight.T + self._bias
        return rows, unsure


def _earlier(folder: Path, what: str) -> ModelError:
    return ModelError(
        f"{folder}: a stance model of an earlier version, {what}.",
        remedy="Train it anew with `kyojitsu train stance`.",
    )
