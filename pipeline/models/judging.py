"""From the model's probabilities to labels: one rule for runs, training and evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.dataset import gold
from pipeline.evaluate.predictions import Prediction, Scores
from pipeline.models.hype_model import GATE, Judged
from pipeline.record import Direction

YES: Final = 0.5  # the least probability of a yes
# The least expected level of each: best quadratic kappa over six folds of genres (.70; rounding .69).
LEVELS: Final = (0.6, 1.4, 2.0)


def level(judged: Judged, thresholds: Sequence[float] = LEVELS) -> int:
    """How many of the thresholds the expected level (0 to 3) reaches."""
    expected = sum(judged.at_least)
    return sum(expected >= threshold for threshold in thresholds)


def direction(judged: Judged, of_level: int) -> Direction:
    """Doom or boost, none at level 0."""
    if not of_level:
        return "none"
    return "doom" if judged.doom >= YES else "boost"


def prediction(sentence: gold.Sentence, judged: Judged) -> Prediction:
    """What the model alone says of a gold sentence, in the gold format."""
    spans = judged.spans if judged.rhetoric >= GATE else []
    own = [span for span in spans if span.quoted < YES]
    of_level = level(judged) if spans else 0
    if own:
        of_level = max(1, of_level)
    at = sentence.start
    return Prediction(
        doc=sentence.doc,
        start=at,
        end=sentence.end,
        text=sentence.text,
        genre=sentence.genre,
        contrast=sentence.contrast,
        hype=of_level,  # type: ignore[arg-type]
        direction=direction(judged, of_level),
        rhetoric=[
            gold.Rhetoric(start=at + s.start, end=at + s.end, technique=s.technique, quoted=s.quoted >= YES)
            for s in spans
        ],
        checkable=judged.checkable >= YES,
        claims=[gold.Claim(start=at + c.start, end=at + c.end) for c in judged.claims if judged.checkable >= YES],
        forecast=judged.forecast >= YES,
        scores=Scores(hype=judged.at_least[0], checkable=judged.checkable, forecast=judged.forecast),
    )
