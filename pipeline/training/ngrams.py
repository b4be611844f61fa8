"""Fit the n-gram part of a stance model: a logistic regression on the same questions as the encoder."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from pipeline.models.encoder import Matrix
from pipeline.models.ngrams import BUCKETS, Buckets, Ngrams, buckets, values
from pipeline.models.stance_model import LABELS, StanceQuestion, passage
from pipeline.record import StanceLabel

LEAST: Final = 3  # questions that a bucket must be in to count
SLIGHT: Final = 0.05  # weights smaller than this are left out
_SETTINGS: Final = {"C": 8.0, "max_iter": 40, "tol": 1e-5, "class_weight": "balanced"}


def fit_ngrams(questions: Sequence[tuple[StanceQuestion, StanceLabel]]) -> Ngrams:
    """Fit on questions with their answers, at least two different ones; the same questions give the same weights on one thread."""
    found = [buckets(passage(question), quoted=question.holder is not None) for question, _ in questions]
    rarity = _rarity(found)
    counted = np.flatnonzero(rarity)
    column = np.zeros(BUCKETS, np.int64)
    column[counted] = np.arange(len(counted))
    kept = [row[rarity[row] > 0] for row in found]
    matrix = csr_matrix(
        (
            np.concatenate([values(row, rarity) for row in kept]).astype(np.float64),
            column[np.concatenate(kept)],
            np.cumsum([0, *map(len, kept)]),
        ),
        shape=(len(kept), len(counted)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early on purpose
        model = LogisticRegression(**_SETTINGS).fit(matrix, [LABELS.index(label) for _, label in questions])
    weights, bias = np.zeros((BUCKETS, len(LABELS)), np.float32), np.zeros(len(LABELS), np.float32)
    both = np.hstack([model.coef_, model.intercept_[:, None]])
    if len(model.classes_) == 2:  # one row, for the second
        both = np.vstack([-both, both]) / 2
    for number, row in zip(model.classes_, both, strict=True):
        weights[counted, number], bias[number] = row[:-1], row[-1]
    weights[np.abs(weights) < SLIGHT] = 0.0
    return Ngrams(rarity, weights, bias)


def _rarity(questions: Sequence[Buckets]) -> Matrix:
    """The inverse document frequency of each bucket, smoothed as scikit-learn does."""
    counts = np.bincount(np.concatenate(questions), minlength=BUCKETS)
    rarity = np.log((1 + len(questions)) / (1 + counts)) + 1
    return np.where(counts < LEAST, 0.0, rarity).astype(np.float32)
