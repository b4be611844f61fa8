"""Evaluate hype, rhetoric and checkable: each model's figures overall, by genre and by contrast, and its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from pipeline.dataset.gold import GoldDocument, Sentence
from pipeline.evaluate import metrics
from pipeline.evaluate.bootstrap import Interval, interval, paired
from pipeline.evaluate.models import Model, sentences_of
from pipeline.evaluate.predictions import Prediction
from pipeline.evaluate.report import Comparison, ModelResult, Report, signature

TASKS: Final[dict[str, Callable[[Sequence[Sentence], Sequence[Prediction]], metrics.Figures]]] = {
    "hype": metrics.hype,
    "rhetoric": metrics.rhetoric,
    "checkable": metrics.checkable,
}
SLICE_RESAMPLES: Final = 200
LEAST: Final = 20  # sentences; a smaller slice says nothing
ERRORS: Final = 20  # listed of each kind


def evaluate(
    task: str, documents: Sequence[GoldDocument], models: Mapping[str, Model], gold: str, *, compare: bool
) -> Report:
    """Figures of every model on the same sentences.

    Args:
        task: hype, rhetoric or checkable.
        documents: the gold; boilerplate does not count.
        models: by name.
        gold: what the gold is called in the report.
        compare: also test the difference of every two models by paired bootstrap.
    """
    sentences = sentences_of(documents)
    units = [s.doc for s in sentences]
    texts = [s.text for s in sentences]
    found = {name: model.predict(documents) for name, model in models.items()}
    figures = {name: TASKS[task](sentences, predictions) for name, predictions in found.items()}
    return Report(
        task=task,
        gold=gold,
        units=len(sentences),
        documents=len(documents),
        signature=signature(task, sentences),
        models=[
            _result(name, model.signature, task, sentences, found[name], figures[name])
            for name, model in models.items()
        ],
        comparisons=[
            Comparison(a=a, b=b, differences={n: paired(figures[a][n], figures[b][n], units) for n in figures[a]})
            for a, b in combinations(models, 2)
            if compare
        ],
        notes=[f"{name}: {note}" for name, model in models.items() if model.card for note in model.card.notes(texts)],
    )


def _result(
    name: str,
    made_by: str,
    task: str,
    sentences: Sequence[Sentence],
    found: Sequence[Prediction],
    figures: metrics.Figures,
) -> ModelResult:
    truth = np.array([_truth(task, s) for s in sentences])
    scores = np.array([_score(task, p) for p in found])
    pairs = list(zip(sentences, found, strict=True))
    missed = [s.text for s, p in pairs if _truth(task, s) and not _truth(task, p)]
    alarms = [s.text for s, p in pairs if _truth(task, p) and not _truth(task, s)]
    return ModelResult(
        model=name,
        signature=made_by,
        figures={figure: interval(statistic, [s.doc for s in sentences]) for figure, statistic in figures.items()},
        slices=dict(_slices(task, sentences, found)),
        details={
            "missed": missed[:ERRORS],
            "false alarms": alarms[:ERRORS],
            "reliability": metrics.reliability(truth, scores),
        },
    )


def _slices(
    task: str, sentences: Sequence[Sentence], found: Sequence[Prediction]
) -> Iterator[tuple[str, dict[str, Interval]]]:
    groups: dict[str, list[int]] = {}
    for index, sentence in enumerate(sentences):
        groups.setdefault(f"genre {sentence.genre}", []).append(index)
        groups.setdefault("contrastive" if sentence.contrast else "other", []).append(index)
    for name, indices in sorted(groups.items()):
        if len(indices) >= LEAST and len(indices) < len(sentences):
            figures = TASKS[task]([sentences[i] for i in indices], [found[i] for i in indices])
            units = [sentences[i].doc for i in indices]
            yield name, {n: interval(f, units, resamples=SLICE_RESAMPLES) for n, f in figures.items()}


def _truth(task: str, sentence: Sentence) -> bool:
    return bool({"hype": sentence.hype, "rhetoric": sentence.rhetoric, "checkable": sentence.checkable}[task])


def _score(task: str, prediction: Prediction) -> float:
    scores = prediction.probabilities
    return scores.checkable if task == "checkable" else scores.hype
