"""What a model says of gold sentences: the gold format with scores beside the labels."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from pipeline.dataset.gold import Sentence
from pipeline.errors import InputError
from pipeline.record import Model, Probability


class Scores(Model, kw_only=True):
    """Probabilities of hype of level 1 and more, of checkable and of forecast."""

    hype: Probability = 0.0
    checkable: Probability = 0.0
    forecast: Probability = 0.0


class Prediction(Sentence, kw_only=True):
    """A sentence as a model labels it."""

    scores: Scores | UnsetType = UNSET

    @property
    def probabilities(self) -> Scores:
        """The scores; where none are given, the labels as 0 and 1."""
        if not isinstance(self.scores, UnsetType):
            return self.scores
        return Scores(hype=float(self.hype > 0), checkable=float(self.checkable), forecast=float(self.forecast))


def read_predictions(path: Path, gold: list[Sentence]) -> list[Prediction]:
    """The predictions of a JSONL file, in the order of ``gold``; a line is a gold line with a model's labels.

    Raises:
        InputError: a line is malformed, or a gold sentence has none; the message names it.
    """
    decoder = msgspec.json.Decoder(Prediction)
    found: dict[tuple[str, int, int], Prediction] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                prediction = decoder.decode(line)
            except msgspec.DecodeError as error:
                raise InputError(
                    f"{path}:{number} is not a prediction: {error}.",
                    remedy="One JSON object a line with the fields of the gold format; see docs/evaluate.md.",
                ) from error
            found[prediction.doc, prediction.start, prediction.end] = prediction
    missing = [s for s in gold if (s.doc, s.start, s.end) not in found]
    if missing:
        first = missing[0]
        raise InputError(
            f"{path}: {len(missing)} of {len(gold)} gold sentences have no prediction, first {first.doc} "
            f"{first.start}-{first.end}.",
            remedy="Give one line for each gold sentence, with its doc, start and end.",
        )
    return [found[s.doc, s.start, s.end] for s in gold]
