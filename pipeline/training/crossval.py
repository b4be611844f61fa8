"""Cross-validation over genres: train on the documents of the others, judge those of the genres left out.

Every sentence is judged once, by a model that has seen nothing of its genre (nor, since every document has targets of
its own, of its targets; general ones may stand in pairs and documents under a longer or shorter name). Each fold is
trained and exported as what ships is: the figures are those of the exported weights. A fold leaves out several genres
at once, which is harder than leaving out one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from pipeline.dataset.gold import GoldDocument
from pipeline.evaluate.models import sentences_of
from pipeline.models.hype_model import HypeModel
from pipeline.models.judging import prediction
from pipeline.models.stance_model import StanceModel
from pipeline.training.build import train_hype, train_stance
from pipeline.training.examples import stance_questions
from pipeline.training.fit import Report
from pipeline.training.ship import HYPE, stance_rounds


def genres_of_fold(documents: Sequence[GoldDocument], folds: int, fold: int) -> set[str]:
    """The genres that a fold leaves out: every so many-th in alphabetical order."""
    return set(sorted({document.genre for document in documents})[fold::folds])


def run_fold(
    documents: Sequence[GoldDocument],
    folds: int,
    fold: int,
    folder: Path,
    corpus: Path,
    report: Report | None = None,
) -> None:
    """Train on a fold's genres and write what the models say of the others: ``hype.jsonl`` and ``stance.jsonl``.

    The recipes are those of what ships. The scores of stance are those of the model alone, without evaluative words
    and the rest of the document. What else ``corpus`` holds to train stance on is trained on too, without those
    genres and without the targets of the documents left out.
    """
    left_out = genres_of_fold(documents, folds, fold)
    train = [d for d in documents if d.genre not in left_out]
    test = [d for d in documents if d.genre in left_out]
    train_hype(train, folder, HYPE, report)
    sentences = sentences_of(test)
    judged = HypeModel(folder).judge([s.text for s in sentences])
    _write(folder / "hype.jsonl", [prediction(s, j) for s, j in zip(sentences, judged, strict=True)])
    asked = stance_questions(test)
    names = {question.target for question, _, _ in asked}
    rounds = [
        [run._replace(further=[answer for answer in run.further if answer[0].target not in names]) for run in runs]
        for runs in stance_rounds(corpus, left_out)
    ]
    train_stance(train, folder, rounds, report)
    scores = StanceModel(folder).scores([question for question, _, _ in asked])
    rows = [
        {"doc": s.doc, "start": s.start, "target": t.target, "holder": t.holder, "label": t.label, "scores": row}
        for (_, s, t), row in zip(asked, scores, strict=True)
    ]
    _write(folder / "stance.jsonl", rows)


def _write(path: Path, rows: Sequence[object]) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
