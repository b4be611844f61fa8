"""The official measures of NTCIR-14 QA Lab-PoliInfo, Classification task (Kimura et al. 2019).

Every sentence has three annotators or five. N1, N2 and N3: the gold is the set of labels that at least one, two or
three of them gave; sentences without such a label do not count, and a prediction is right if it is in the set. SC:
every annotator's vote counts as one right answer. All topics are pooled.

Precision and recall of a class, and the macro-F made of them, are those of the organisers' sheet of results
(eval-Classification-2018-JA-Formal-all.xlsx). There a sentence whose set holds both support and against counts as
right for no class, while its accuracy counts; with that, all figures of the complete runs of the sheet are whole
numbers of sentences of the data, and without it those of N1 stance are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.evaluate.bootstrap import Indices
from pipeline.evaluate.metrics import Figures
from pipeline.record import StanceLabel

STANCES: Final[tuple[StanceLabel, ...]] = ("neutral", "favor", "against")  # by number
LEVELS: Final = {"N1": 1, "N2": 2, "N3": 3, "SC": 0}  # least votes of a label; 0: votes are counted one by one
_OPPOSED: Final = (1, 2)  # support and against

Votes = Mapping[str, int]


class Row(msgspec.Struct, kw_only=True):
    """A sentence of the data set with each annotator's labels; ``majority`` is null where no label has one."""

    id: str
    topic_no: int
    topic: str
    utterance: str
    relevance: dict[str, int]
    fact_checkability: dict[str, int]
    stance: dict[str, int]
    majority: dict[str, int | None]


class Measure:
    """One of the four measures over sentences, of which some may be drawn more than once."""

    def __init__(
        self, votes: Sequence[Sequence[int]], predicted: Sequence[int | None], classes: int, least: int
    ) -> None:
        """Count the votes.

        Args:
            votes: each sentence's labels, 0 to ``classes - 1``.
            predicted: the model's label of each; None, an answer that could not be read, is wrong.
            classes: how many labels there are.
            least: votes that make a label right; 0 to count every vote.
        """
        counts = np.array([np.bincount(v, minlength=classes) for v in votes], float)
        gold = (counts >= least).astype(float) if least else counts
        self._size = (gold.any(axis=1)).astype(float) if least else counts.sum(axis=1)
        self._said = np.zeros_like(gold)
        for i, label in enumerate(predicted):
            if label is not None:
                self._said[i, label] = 1
        self._right = (gold * self._said).sum(axis=1)
        if least and classes > max(_OPPOSED):
            gold[gold[:, _OPPOSED].all(axis=1)] = 0
        self._gold = gold

    def accuracy(self, i: Indices) -> float:
        """The share that is right."""
        return _ratio(self._right[i].sum(), self._size[i].sum())

    def precision(self, i: Indices) -> NDArray[np.float64]:
        """Of each class; 0 where it is never predicted."""
        said = (self._said[i] * self._size[i, None]).sum(axis=0)
        return _ratios((self._gold[i] * self._said[i]).sum(axis=0), said)

    def recall(self, i: Indices) -> NDArray[np.float64]:
        """Of each class; 0 where it never occurs."""
        return _ratios((self._gold[i] * self._said[i]).sum(axis=0), self._gold[i].sum(axis=0))

    def macro_f(self, i: Indices) -> float:
        """The mean of the classes' harmonic means of precision and recall."""
        precision, recall = self.precision(i), self.recall(i)
        return float(_ratios(2 * precision * recall, precision + recall).mean())


def measures(votes: Sequence[Sequence[int]], predicted: Sequence[int | None], classes: int) -> dict[str, Measure]:
    """N1, N2, N3 and SC of a model's labels."""
    return {name: Measure(votes, predicted, classes, least) for name, least in LEVELS.items()}


def figures(votes: Sequence[Sequence[StanceLabel]], predicted: Sequence[StanceLabel | None]) -> Figures:
    """Accuracy and macro-F of the four measures for stances."""
    numbers = {label: number for number, label in enumerate(STANCES)}
    counted = measures(
        [[numbers[vote] for vote in several] for several in votes],
        [None if label is None else numbers[label] for label in predicted],
        len(STANCES),
    )
    found: Figures = {}
    for name, measure in counted.items():
        found[f"{name} accuracy"] = measure.accuracy
        found[f"{name} macro-F"] = measure.macro_f
    return found


def read(folder: Path, part: str) -> list[Row]:
    """The rows of ``PART.jsonl``. Raises InputError for a file that is missing or a row that does not fit."""
    path, decoder = folder / f"{part}.jsonl", msgspec.json.Decoder(Row)
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", remedy="The parts are train and test.") from error
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(decoder.decode(line))
        except msgspec.DecodeError as error:
            raise InputError(
                f"{path}:{number} is not a row of PoliInfo: {error}.", remedy="The fields are in docs/evaluate.md."
            ) from error
    return rows


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _ratios(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
