"""Fact-checkability and stance on PoliInfo-14 by logistic regressions over character n-grams and the bundled encoder.

    python tests/benchmarks/poliinfo.py FOLDER [--test]

FOLDER is the data set (docs/evaluate.md). Trains on its train part and prints accuracy and macro-F of the official
measures: with each topic of the train part left out in turn; with ``--test`` also those of the test part, after
training on the whole train part (pooled) and on the train part without the topic asked for. Nothing was chosen on the
test part.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from pipeline.evaluate import poliinfo
from pipeline.evaluate.poliinfo import Row
from pipeline.models.card import folder_of
from pipeline.models.encoder import Encoder
from pipeline.models.hype_model import STACK

Rows = NDArray[np.intp]
Features = NDArray[np.float32]


class Task(NamedTuple):
    """What is asked.

    Attributes:
        name: the labels' key in a row.
        classes: how many labels there are.
        encoder: whether the states of the hype model are read too.
        by_topic: whether n-grams count for each topic by itself, too.
        weights: how scikit-learn weighs the classes.
    """

    name: str
    classes: int
    encoder: bool
    by_topic: bool
    weights: str | None


# Chosen on the train part with topics left out. For stance the states of the stance model beside the n-grams gave a
# macro-F of .545 in place of .539, and an accuracy of .79 in place of .84.
TASKS: Final = (
    Task("fact_checkability", 2, encoder=True, by_topic=False, weights=None),
    Task("stance", 3, encoder=False, by_topic=True, weights="balanced"),
)
_KEPT: Final = 0.01  # inverse strength of regularization of the encoder's part; 4 of the n-grams'
_N_GRAMS: Final = 4.0


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--test", action="store_true")
    given = arguments.parse_args()
    parts = {part: poliinfo.read(given.folder, part) for part in ("train", "test")[: 1 + given.test]}
    rows = [row for part in parts.values() for row in part]
    trained = np.arange(len(rows)) < len(parts["train"])
    for task in TASKS:
        judge(task, rows, trained)


def judge(task: Task, rows: Sequence[Row], trained: NDArray[np.bool_]) -> None:
    """Print a task's figures; ``trained`` says which rows are of the train part."""
    states = None
    if task.encoder:
        states = np.stack([e.mean for e in Encoder(folder_of("bundled"), STACK).encode(r.utterance for r in rows)])
    known = np.array([row.majority[task.name] is not None for row in rows]) & trained
    topics = np.array([row.topic_no for row in rows])

    def without_topic(asked: Rows) -> Rows:
        found = np.zeros(len(rows), int)
        for topic in np.unique(topics[asked]):
            of_topic = asked[topics[asked] == topic]
            found[of_topic] = predict(task, rows, states, np.flatnonzero(known & (topics != topic)), of_topic)
        return found[asked]

    train, test = np.flatnonzero(trained), np.flatnonzero(~trained)
    show(f"{task.name}, train part, topic left out", task, [rows[i] for i in train], without_topic(train))
    if len(test):
        pooled = predict(task, rows, states, np.flatnonzero(known), test)
        show(f"{task.name}, test part", task, [rows[i] for i in test], pooled)
        show(f"{task.name}, test part, topic left out", task, [rows[i] for i in test], without_topic(test))


def predict(task: Task, rows: Sequence[Row], states: Features | None, train: Rows, asked: Rows) -> Rows:
    """The labels of rows: by one model over n-grams, or by the mean of its probabilities and those of one over states."""
    truth = np.array([rows[i].majority[task.name] for i in train])
    texts = [rows[i].utterance for i in train], [rows[i].utterance for i in asked]
    n_grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True).fit(texts[0])
    counted = [n_grams.transform(some) for some in texts]
    topics = np.array([row.topic_no for row in rows])
    if task.by_topic and np.isin(topics[asked], topics[train]).all():  # of a new topic they would say nothing
        counted = [_by_topic(c, topics[i], np.unique(topics)) for c, i in zip(counted, (train, asked), strict=True)]
    found = [_probabilities(task, _N_GRAMS, *counted, truth)]
    if states is not None:
        scale = StandardScaler().fit(states[train])
        found.append(_probabilities(task, _KEPT, *(scale.transform(states[i]) for i in (train, asked)), truth))
    labels: Rows = np.mean(found, axis=0).argmax(axis=1)
    return labels


def _by_topic(counts: scipy.sparse.csr_matrix, of: Rows, topics: Rows) -> scipy.sparse.csr_matrix:
    """The columns, then the same for the rows of each topic alone."""
    return scipy.sparse.hstack([counts, *(scipy.sparse.diags((of == t) * 1.0) @ counts for t in topics)]).tocsr()


def _probabilities(
    task: Task,
    strength: float,
    train: scipy.sparse.csr_matrix | Features,
    asked: scipy.sparse.csr_matrix | Features,
    truth: Rows,
) -> NDArray[np.float64]:
    model = LogisticRegression(C=strength, max_iter=500, class_weight=task.weights).fit(train, truth)
    found: NDArray[np.float64] = model.predict_proba(asked)
    return found


def show(title: str, task: Task, rows: Sequence[Row], found: Rows) -> None:
    """Print the official measures of labels."""
    votes = [list(getattr(row, task.name).values()) for row in rows]
    everything = np.arange(len(rows))
    measures = poliinfo.measures(votes, [int(label) for label in found], task.classes)
    figures = (
        f"{name} {measure.accuracy(everything):.4f} {measure.macro_f(everything):.3f}"
        for name, measure in measures.items()
    )
    print(f"{title} (accuracy, macro-F): {', '.join(figures)}", flush=True)


if __name__ == "__main__":
    main()
