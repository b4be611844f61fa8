"""Evaluate stance: each model's figures overall, by target, genre and kind of item, by document, and its mistakes.

What is counted:

* an answer that could not be read counts as wrong, in every figure;
* F_avg and macro-F1 run over fixed labels, whether or not each occurs (see :mod:`pipeline.evaluate.metrics`);
* ECE compares the probability of the label that was decided for with how often it is right (Guo et al. 2017);
* coverage at a threshold is the share of items whose label has at least that probability, accuracy at it that of those
  items: what a model would reach that may abstain;
* items with several annotators also have the official measures of PoliInfo; where the annotators do not agree on a
  label, these alone count the item;
* items of a document are drawn together by the bootstrap.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from pipeline import record as records
from pipeline.dataset.gold import GoldDocument
from pipeline.errors import InputError
from pipeline.evaluate import metrics, poliinfo
from pipeline.evaluate.bootstrap import Difference, Interval, Statistic, interval, paired
from pipeline.evaluate.report import Comparison, ModelResult, Report, signature
from pipeline.evaluate.stance_data import AUTHOR, Answer, StanceData, StanceItem, StanceModel, stance_ids
from pipeline.record import StanceLabel
from pipeline.stages.stance import document_stances

SLICE_RESAMPLES: Final = 200
LEAST: Final = 20  # items of a slice; a smaller one says nothing
LEAST_OF_TARGET: Final = 10
LEAST_DOCUMENTS: Final = 5  # that a slice is drawn from; an interval from fewer means nothing
ERRORS: Final = 20  # mistakes listed
_OF_TARGET: Final = "target "
UNREAD: Final = "unread"
ABSTAIN: Final = 0.6  # least probability of a label that is not abstained from
THRESHOLDS: Final = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def evaluate(
    data: StanceData,
    models: Mapping[str, StanceModel],
    *,
    compare: bool = False,
    training_targets: Collection[str] = (),
    abstain: float = ABSTAIN,
) -> Report:
    """Figures of every model on the same items.

    Args:
        data: the gold.
        models: by name.
        compare: also test the difference of every two models by paired bootstrap.
        training_targets: ids of the targets that models were trained on; items of others are a slice of their own.
        abstain: probability under which a label counts as abstained from.

    Raises:
        InputError: no item has a label.
    """
    if not any(item.label for item in data.items):
        raise InputError(
            f"{data.name}: none of the {len(data.items)} items has a label.",
            remedy="Evaluate on gold data; items that were exported have their labels left out.",
        )
    answers = {name: model.predict(data.items) for name, model in models.items()}
    figures = {name: _figures(data.items, found, abstain) for name, found in answers.items()}
    units = [item.doc for item in data.items]
    return Report(
        task="stance",
        gold=data.name,
        units=len(data.items),
        documents=len(set(units)),
        signature=signature("stance", data.items),
        models=[
            ModelResult(
                model=name,
                signature=model.signature,
                figures={figure: interval(statistic, units) for figure, statistic in figures[name].items()},
                slices=dict(_slices(data, answers[name], training_targets)),
                details=_details(data, answers[name], training_targets),
            )
            for name, model in models.items()
        ],
        comparisons=[
            Comparison(a=a, b=b, differences=_differences(figures[a], figures[b], units))
            for a, b in combinations(models, 2)
            if compare
        ],
        notes=[f"{name}: {note}" for name, model in models.items() for note in model.notes],
    )


def _figures(items: Sequence[StanceItem], answers: Sequence[Answer], abstain: float) -> metrics.Figures:
    """All figures, as functions of indices of ``items``. Items without a label are passed over where one is needed."""
    labelled = np.array([item.label is not None for item in items])
    gold = [item.label or "neutral" for item in items]  # of items without a label nothing is asked
    said = [_said(answer) for answer in answers]
    right = np.array([g == s for g, s in zip(gold, said, strict=True)])
    confidence = np.array([min(1.0, answer.confidence) for answer in answers])
    figures = metrics.stance(gold, cast(list[StanceLabel], said))
    figures["ECE"] = lambda i: metrics.calibration_error(right[i], confidence[i])
    sure = confidence >= abstain
    figures[f"coverage at {abstain:g}"] = lambda i: float(sure[i].mean())
    if (sure & labelled).any():
        figures[f"accuracy at {abstain:g}"] = _on(sure, lambda i: float(right[i].mean()))
    if any(answer.label is None for answer in answers):
        read = np.array([answer.label is not None for answer in answers])
        figures["answers read"] = lambda i: float(read[i].mean())
    found = {name: _on(labelled, statistic) for name, statistic in figures.items()}
    if all(item.votes for item in items):
        found |= poliinfo.figures([item.votes for item in items], [answer.label for answer in answers])
    return found


def _differences(a: metrics.Figures, b: metrics.Figures, units: Sequence[str]) -> dict[str, Difference]:
    """Of the figures that both have."""
    return {name: paired(statistic, b[name], units) for name, statistic in a.items() if name in b}


def _on(kept: NDArray[np.bool_], statistic: Statistic) -> Statistic:
    """A statistic of those indices that count; not a number, which intervals pass over, where a sample has none."""
    return lambda i: statistic(i[kept[i]]) if kept[i].any() else float("nan")


def _slices(
    data: StanceData, answers: Sequence[Answer], training_targets: Collection[str]
) -> Iterator[tuple[str, dict[str, Interval]]]:
    for name, indices in _groups(data.items, training_targets).items():
        items = [data.items[i] for i in indices]
        yield name, _intervals([cast(StanceLabel, i.label) for i in items], [answers[i] for i in indices], items)
    judged = list(_documents(data, answers))
    if judged:
        gold, found = [row["gold"] for row in judged], [Answer(row["predicted"], {}) for row in judged]
        yield "whole documents", _intervals(gold, found, [row["doc"] for row in judged])


def _intervals(
    gold: Sequence[StanceLabel], answers: Sequence[Answer], units: Sequence[StanceItem] | Sequence[str]
) -> dict[str, Interval]:
    figures = metrics.stance(gold, cast(list[StanceLabel], [_said(answer) for answer in answers]))
    clusters = [unit.doc if isinstance(unit, StanceItem) else unit for unit in units]
    return {name: interval(statistic, clusters, resamples=SLICE_RESAMPLES) for name, statistic in figures.items()}


def _groups(items: Sequence[StanceItem], training_targets: Collection[str]) -> dict[str, list[int]]:
    """Indices of labelled items by slice; slices that are too small, or everything, are left out."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        if item.label is not None:
            groups["named" if _is_named(item) else "not named"].append(index)
            groups["author" if item.holder is None else "other holder"].append(index)
            groups[f"{_OF_TARGET}{item.target}"].append(index)
            if item.genre:
                groups[f"genre {item.genre}"].append(index)
            if training_targets:
                groups["seen target" if item.target in training_targets else "unseen target"].append(index)
    labelled = sum(item.label is not None for item in items)

    def says_something(name: str, size: int) -> bool:
        if name.endswith("seen target"):
            return True
        spread = len({items[i].doc for i in groups[name]}) >= LEAST_DOCUMENTS
        return spread and (LEAST_OF_TARGET if name.startswith(_OF_TARGET) else LEAST) <= size < labelled

    order = sorted(groups, key=lambda name: (name.startswith(_OF_TARGET), -len(groups[name]), name))
    return {name: groups[name] for name in order if says_something(name, len(groups[name]))}


def _is_named(item: StanceItem) -> bool:
    """Whether the target stands in the sentence by its name or a part of it, not by a pronoun (同社)."""
    surface = item.text[slice(*item.surface)] if item.surface else item.name
    return surface in item.text and (surface in item.name or item.name in surface)


def _details(data: StanceData, answers: Sequence[Answer], training_targets: Collection[str]) -> dict[str, Any]:
    pairs = [(item, answer) for item, answer in zip(data.items, answers, strict=True) if item.label is not None]
    right = np.array([item.label == answer.label for item, answer in pairs])
    confidence = np.array([min(1.0, answer.confidence) for _, answer in pairs])
    confusion = Counter((cast(str, item.label), _said(answer)) for item, answer in pairs)
    columns = [*metrics.STANCES, *([UNREAD] if any(said == UNREAD for _, said in confusion) else [])]
    found: dict[str, Any] = {
        "sizes": {name: len(indices) for name, indices in _groups(data.items, training_targets).items()},
        "confusion": {gold: {said: confusion[gold, said] for said in columns} for gold in metrics.STANCES},
        "reliability": metrics.reliability(right, confidence),
        "abstention": [
            {
                "threshold": threshold,
                "coverage": float((confidence >= threshold).mean()),
                "accuracy": float(right[confidence >= threshold].mean()) if (confidence >= threshold).any() else None,
            }
            for threshold in THRESHOLDS
        ],
        "targets": list(_targets(pairs)),
        "mistakes": _mistakes(pairs),
    }
    if all(item.votes for item in data.items):
        found["official"] = _official(data.items, answers)
    judged = list(_documents(data, answers))
    if judged:
        found["sizes"]["whole documents"] = len(judged)
        found["documents"] = judged
    return found


def _targets(pairs: Sequence[tuple[StanceItem, Answer]]) -> Iterator[dict[str, Any]]:
    """Each target with enough items, the most frequent first: plain values, since many stand in one document only."""
    of_target: dict[str, list[tuple[StanceItem, Answer]]] = defaultdict(list)
    for item, answer in pairs:
        of_target[item.target].append((item, answer))
    for target, several in sorted(of_target.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        if len(several) >= LEAST_OF_TARGET:
            gold = [cast(StanceLabel, item.label) for item, _ in several]
            figures = metrics.stance(gold, cast(list[StanceLabel], [_said(answer) for _, answer in several]))
            yield {
                "target": target,
                "items": len(several),
                "documents": len({item.doc for item, _ in several}),
                **{name: round(statistic(np.arange(len(several))), 4) for name, statistic in figures.items()},
            }


def _mistakes(pairs: Sequence[tuple[StanceItem, Answer]]) -> list[dict[str, Any]]:
    """The surest first."""
    wrong = [(item, answer) for item, answer in pairs if item.label != answer.label]
    wrong.sort(key=lambda pair: (-pair[1].confidence, pair[0].id))
    return [
        {
            "id": item.id,
            "target": item.name,
            "holder": item.holder or AUTHOR,
            "text": item.text,
            "gold": item.label,
            "predicted": _said(answer),
            "probability": round(answer.confidence, 3),
        }
        for item, answer in wrong[:ERRORS]
    ]


def _official(items: Sequence[StanceItem], answers: Sequence[Answer]) -> dict[str, Any]:
    """Precision and recall of each class, by the measures of PoliInfo."""
    numbers = {label: number for number, label in enumerate(poliinfo.STANCES)}
    measures = poliinfo.measures(
        [[numbers[vote] for vote in item.votes] for item in items],
        [None if answer.label is None else numbers[answer.label] for answer in answers],
        len(numbers),
    )
    everything = np.arange(len(items))
    return {
        name: {
            "precision": dict(zip(poliinfo.STANCES, measure.precision(everything).tolist(), strict=True)),
            "recall": dict(zip(poliinfo.STANCES, measure.recall(everything).tolist(), strict=True)),
        }
        for name, measure in measures.items()
    }


def _documents(data: StanceData, answers: Sequence[Answer]) -> Iterator[dict[str, Any]]:
    """The stance of each gold document: what a person says, and what the stage's rule makes of the sentences' answers.

    Gold data has neither titles nor a model's hype levels, so the rule goes without them.
    """
    by_id = {item.id: answer for item, answer in zip(data.items, answers, strict=True)}
    for document in data.documents:
        if document.stances:
            found = {stance.target: stance for stance in document_stances(_annotated(document, by_id))}
            for stance in document.stances:
                predicted = found.get(stance.target)
                yield {
                    "doc": document.doc,
                    "target": stance.target,
                    "gold": stance.label,
                    "predicted": predicted.label if predicted else "neutral",
                    "sentences": predicted.sentences if predicted else 0,
                }


def _annotated(document: GoldDocument, answers: Mapping[str, Answer]) -> records.Document:
    """A gold document as the stage sees it, with the answers as the stances of its sentences."""
    sentences = []
    for number, gold in enumerate(s for s in document.sentences if not s.boilerplate):
        stances = [
            records.Stance(
                target=stance.target,
                text=stance.surface,
                label=answer.label,
                score=min(1.0, answer.confidence),
                scores={label: answer.scores.get(label, 0.0) for label in metrics.STANCES},
                holder=None if stance.holder == AUTHOR else stance.holder,
            )
            for key, stance in zip(stance_ids(gold), gold.stances, strict=True)
            if (answer := answers[key]).label is not None
        ]
        sentences.append(
            records.Sentence(
                id=f"s{number}",
                block="b0",
                start=gold.start,
                end=gold.end,
                raw_start=gold.start,
                raw_end=gold.end,
                text=gold.text,
                lang="ja",
                stances=stances,
            )
        )
    whole = len(document.text)
    source = records.Source(path=document.doc, format="gold", encoding="utf-8", sha256="")
    return records.Document(
        records.Record(
            id=document.doc,
            source=source,
            raw=document.text,
            text=document.text,
            blocks=[records.Block(id="b0", kind="paragraph", start=0, end=whole, raw_start=0, raw_end=whole)],
            sentences=sentences,
        )
    )


def _said(answer: Answer) -> str:
    return answer.label or UNREAD
