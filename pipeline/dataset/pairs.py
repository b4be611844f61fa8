"""Minimal pairs for stance: two sentences that differ in a few words, or one sentence asked twice.

A tab-separated file with the columns ``phenomenon target sentence_a label_a holder_a sentence_b label_b holder_b``. The
target stands literally in both sentences; ``X||Y`` asks sentence a for X and sentence b for Y. An empty holder is the
author.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.errors import InputError
from pipeline.models.stance_model import LABELS, StanceQuestion
from pipeline.record import StanceLabel

COLUMNS: Final = (
    "phenomenon", "target", "sentence_a", "label_a", "holder_a", "sentence_b", "label_b", "holder_b",
)  # fmt: skip


class Asked(NamedTuple):
    """One side of a pair."""

    pair: int
    phenomenon: str
    question: StanceQuestion
    label: StanceLabel


def read_pairs(path: Path) -> list[Asked]:
    """Both sides of every pair of a file, in order.

    Raises:
        InputError: a column is missing, a label is none, or a target does not stand in its sentence.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or set(rows[0]) != set(COLUMNS):
        raise InputError(f"{path}: not a file of minimal pairs.", remedy=f"Its columns are {', '.join(COLUMNS)}.")
    return [_side(path, number, row, side) for number, row in enumerate(rows) for side in "ab"]


def _side(path: Path, number: int, row: dict[str, str], side: str) -> Asked:
    first, _, second = row["target"].partition("||")
    target = second if second and side == "b" else first
    sentence, label = row[f"sentence_{side}"], row[f"label_{side}"]
    start = sentence.find(target)
    if label not in LABELS or start < 0:
        raise InputError(
            f"{path}:{number + 2}: sentence {side} has the label {label!r} and the target {target!r}.",
            remedy=f"Labels are {', '.join(LABELS)}; the target stands in the sentence as written.",
        )
    question = StanceQuestion(target, sentence, (start, start + len(target)), row[f"holder_{side}"] or None)
    return Asked(number, row["phenomenon"], question, label)
