"""The figures of each task, from gold sentences and what a model says of the same sentences.

A *figure* is a function of the indices of the sentences that count, so that the bootstrap can draw them. Sources:

* rhetoric spans: character-overlap precision, recall and F1 of SemEval-2020 task 11 (Da San Martino et al. 2020,
  section 5: each span's share that the other side covers, averaged), with and without the technique;
* stance: F_avg is the mean of the F1 of favor and against (SemEval-2016 task 6, Mohammad et al. 2016);
* hype levels: kappa with quadratic weights (Cohen 1968), Spearman's rank correlation of the score with the level;
* calibration: expected calibration error over 10 bins of equal width (Guo et al. 2017), Brier score.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import accuracy_score, brier_score_loss, cohen_kappa_score, f1_score

from pipeline.dataset.gold import Claim, Rhetoric, Sentence
from pipeline.evaluate.bootstrap import Indices, Statistic
from pipeline.evaluate.predictions import Prediction
from pipeline.record import StanceLabel

STANCES: Final[tuple[StanceLabel, ...]] = get_args(StanceLabel)
BINS: Final = 10

Figures = dict[str, Statistic]
Span = Claim | Rhetoric


def hype(gold: Sequence[Sentence], predicted: Sequence[Prediction]) -> Figures:
    """Level of 1 and more as yes or no, the level as an ordinal, and how far the score can be believed."""
    levels = np.array([s.hype for s in gold]), np.array([p.hype for p in predicted])
    yes = levels[0] >= 1, levels[1] >= 1
    scores = np.array([p.probabilities.hype for p in predicted])
    return {
        "F1": _f1(*yes),
        "accuracy": _of(accuracy_score, *yes),
        "quadratic kappa": _of(_quadratic_kappa, *levels),
        "Spearman": _of(_spearman, levels[0], scores),
        "false alarms": _false_alarms(*yes),
        "ECE": _of(calibration_error, yes[0], scores),
    }


def rhetoric(gold: Sequence[Sentence], predicted: Sequence[Prediction]) -> Figures:
    """Spans by overlap and exactly, the technique of spans that were hit, and whether a sentence has any."""
    pairs = list(zip(gold, predicted, strict=True))
    loose, strict = (
        np.array([_overlaps(g.rhetoric, p.rhetoric, labelled=labelled) for g, p in pairs]) for labelled in (False, True)
    )
    exact = np.array([_exact(g.rhetoric, p.rhetoric) for g, p in pairs])
    yes = np.array([bool(g.rhetoric) for g, _ in pairs]), np.array([bool(p.rhetoric) for _, p in pairs])
    hits = np.array([_techniques(g.rhetoric, p.rhetoric) for g, p in pairs])
    return {
        "overlap precision": lambda i: _ratio(*loose[i, :2].sum(0)),
        "overlap recall": lambda i: _ratio(*loose[i, 2:].sum(0)),
        "overlap F1": lambda i: _harmonic(loose[i].sum(0)),
        "overlap F1 with technique": lambda i: _harmonic(strict[i].sum(0)),
        "exact F1": lambda i: _harmonic(exact[i].sum(0)),
        "technique accuracy on hits": lambda i: _ratio(*hits[i].sum(0)),
        "sentence F1": _f1(*yes),
        "sentence accuracy": _of(accuracy_score, *yes),
        "sentence false alarms": _false_alarms(*yes),
    }


def checkable(gold: Sequence[Sentence], predicted: Sequence[Prediction]) -> Figures:
    """Yes or no, the claims by overlap, and how far the score can be believed."""
    yes = np.array([s.checkable for s in gold]), np.array([p.checkable for p in predicted])
    scores = np.array([p.probabilities.checkable for p in predicted])
    claims = np.array([_overlaps(g.claims, p.claims) for g, p in zip(gold, predicted, strict=True)])
    return {
        "F1": _f1(*yes),
        "accuracy": _of(accuracy_score, *yes),
        "Brier": _of(brier_score_loss, yes[0], scores),
        "ECE": _of(calibration_error, yes[0], scores),
        "claim overlap F1": lambda i: _harmonic(claims[i].sum(0)),
    }


def stance(gold: Sequence[StanceLabel], predicted: Sequence[StanceLabel]) -> Figures:
    """Of labels in the same order. Averages run over the fixed labels, whether or not each occurs."""
    size = len(STANCES) + 1  # one more for an answer that is no label
    codes = {label: code for code, label in enumerate(STANCES)}
    cells = np.array([codes[g] * size + codes.get(p, size - 1) for g, p in zip(gold, predicted, strict=True)])

    def f1(i: Indices) -> NDArray[np.float64]:
        table = np.bincount(cells[i], minlength=size * size).reshape(-1, size)[: size - 1]
        sums = table.sum(1) + table[:, : size - 1].sum(0)
        result: NDArray[np.float64] = 2 * table.diagonal() / np.maximum(sums, 1)
        return result

    def accuracy(i: Indices) -> float:
        return float((cells[i] // size == cells[i] % size).mean())

    figures: Figures = {
        "F_avg": lambda i: float(f1(i)[:2].mean()),
        "macro F1": lambda i: float(f1(i).mean()),
        "accuracy": accuracy,
    }
    for code, label in enumerate(STANCES):
        figures[f"F1 {label}"] = lambda i, code=code: float(f1(i)[code])  # type: ignore[misc]
    return figures


def calibration_error(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Mean distance of a bin's score from its share of yes, weighted by the bin's size."""
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    sizes = np.bincount(bins, minlength=BINS)
    gaps = np.abs(np.bincount(bins, scores, BINS) - np.bincount(bins, truth, BINS))
    return float(gaps.sum() / max(1, sizes.sum()))


def reliability(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> list[tuple[float, float, int]]:
    """The reliability diagram: (mean score, share of yes, size) of each bin that is not empty."""
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    used = [bins == b for b in range(BINS) if (bins == b).any()]
    return [(float(scores[b].mean()), float(truth[b].mean()), int(b.sum())) for b in used]


def _of(metric: Callable[..., float], truth: NDArray[np.generic], predicted: NDArray[np.generic]) -> Statistic:
    return lambda i: float(metric(truth[i], predicted[i]))


def _f1(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Statistic:
    return lambda i: float(f1_score(truth[i], predicted[i], zero_division=0.0))


def _false_alarms(truth: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Statistic:
    """The share of the sentences without it that are said to have it."""
    return lambda i: _ratio((predicted[i] & ~truth[i]).sum(), (~truth[i]).sum())


def _quadratic_kappa(truth: NDArray[np.int_], predicted: NDArray[np.int_]) -> float:
    if (truth == truth[0]).all() and (predicted == truth[0]).all():
        return 1.0  # where everything agrees in one label kappa is 0/0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(cohen_kappa_score(truth, predicted, labels=[0, 1, 2, 3], weights="quadratic"))


def _spearman(truth: NDArray[np.int_], scores: NDArray[np.float64]) -> float:
    if (truth == truth[0]).all() or (scores == scores[0]).all():
        return 0.0  # a constant has no rank
    return float(spearmanr(truth, scores).statistic)


def _overlaps(
    gold: Sequence[Span], predicted: Sequence[Span], *, labelled: bool = False
) -> tuple[float, int, float, int]:
    """(covered share of predicted spans, their number, covered share of gold spans, their number)."""
    return (
        sum(_covered(span, gold, labelled) for span in predicted), len(predicted),
        sum(_covered(span, predicted, labelled) for span in gold), len(gold),
    )  # fmt: skip


def _covered(span: Span, others: Sequence[Span], labelled: bool) -> float:
    shared = sum(_shared(span, o) for o in others if not labelled or _technique(o) == _technique(span))
    return shared / (span.end - span.start)


def _shared(a: Span, b: Span) -> int:
    return max(0, min(a.end, b.end) - max(a.start, b.start))


def _technique(span: Span) -> str:
    return span.technique if isinstance(span, Rhetoric) else ""


def _exact(gold: Sequence[Rhetoric], predicted: Sequence[Rhetoric]) -> tuple[int, int, int, int]:
    found = {(s.start, s.end, s.technique) for s in predicted}
    wanted = {(s.start, s.end, s.technique) for s in gold}
    both = len(found & wanted)
    return both, len(found), both, len(wanted)


def _techniques(gold: Sequence[Rhetoric], predicted: Sequence[Rhetoric]) -> tuple[int, int]:
    """(right, all): predicted spans that touch a gold span, by the technique of the one they share most with."""
    right = hits = 0
    for span in predicted:
        best = max(gold, key=lambda other: _shared(span, other), default=None)
        if best is not None and _shared(span, best):
            hits += 1
            right += best.technique == span.technique
    return right, hits


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _harmonic(counts: NDArray[np.float64]) -> float:
    """F1 of (precision's numerator, denominator, recall's numerator, denominator)."""
    precision, recall = _ratio(counts[0], counts[1]), _ratio(counts[2], counts[3])
    return _ratio(2 * precision * recall, precision + recall)
