"""How far annotators agree on the same documents.

Cohen's kappa (Cohen 1960; weighted with squares for the levels of hype, Cohen 1968) of two, as scikit-learn computes it;
Krippendorff's alpha (Krippendorff 2011, nominal, ordinal for the levels of hype) of two and more; F1 of spans by overlap and exactly, as ``kyojitsu evaluate rhetoric`` does. Where nothing varies, kappa and
alpha are 0/0 and are given as null.
"""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any, Final, get_args

import msgspec
import numpy as np
from sklearn.metrics import cohen_kappa_score

from pipeline.dataset.answers import DIRECTIONS
from pipeline.dataset.features import content
from pipeline.dataset.gold import GoldDocument, Hype, Sentence
from pipeline.dataset.merging import Disagreement, disagreements
from pipeline.errors import InputError
from pipeline.evaluate import metrics
from pipeline.evaluate.predictions import Prediction
from pipeline.record import TECHNIQUES, StanceLabel
from pipeline.text.offsets import OffsetMap, Replacement

Labels = Sequence[Any]  # one annotator's label of each unit; None where there is none
ABSENT: Final = "not named"
SAME: Final = 0.8  # share of the longer of two sentences that both cover, from which they are the same sentence
_YES_NO: Final = (False, True)


def _has(technique: str) -> Callable[[Sentence], bool]:
    return lambda sentence: any(span.technique == technique for span in sentence.rhetoric)


_LABELS: Final[dict[str, tuple[Callable[[Sentence], Any], tuple[Any, ...]]]] = {
    "checkable": (lambda s: s.checkable, _YES_NO),
    "forecast": (lambda s: s.forecast, _YES_NO),
    "content": (lambda s: content(s.claims, s.rhetoric), ("factual", "mixed", "rhetorical", "plain")),
    "hype": (lambda s: s.hype, get_args(Hype)),
    "hype or none": (lambda s: s.hype > 0, _YES_NO),
    "direction": (lambda s: s.direction, (*DIRECTIONS, "none")),
    "rhetoric": (lambda s: bool(s.rhetoric), _YES_NO),
    **{f"rhetoric: {technique}": (_has(technique), _YES_NO) for technique in TECHNIQUES},
}
_ORDINAL: Final = ("hype",)
_SPANS: Final = ("overlap F1", "overlap F1 with technique", "exact F1", "technique accuracy on hits")


class LabelAgreement(msgspec.Struct, kw_only=True):
    """Agreement on one label.

    Attributes:
        units: sentences (for stance: sentence and target) that two or more annotators labelled.
        agreed: mean share of units on which two annotators say the same.
        kappa: mean Cohen's kappa of every two; None where it is 0/0 for all.
        alpha: Krippendorff's alpha of all; None where it is 0/0.
        counts: how often each value was given, all annotators together.
    """

    units: int
    agreed: float
    kappa: float | None
    alpha: float | None
    counts: dict[str, int]


class Agreement(msgspec.Struct, kw_only=True):
    """How far annotators agree.

    Attributes:
        annotators: their names.
        documents: that two or more labelled.
        sentences: that two or more labelled.
        unmatched: for each annotator, sentences of those documents that no other cut alike.
        differing_texts: documents whose text is not the same for all; compared after alignment.
        labels: by label; of all but boilerplate over the sentences that nobody calls boilerplate.
        spans: F1 of spans, mean of every two annotators.
        disagreements: each label of each sentence on which they differ.
    """

    annotators: list[str]
    documents: int
    sentences: int
    unmatched: dict[str, int]
    differing_texts: list[str]
    labels: dict[str, LabelAgreement]
    spans: dict[str, float]
    disagreements: list[Disagreement]


def agreement(annotators: Mapping[str, Sequence[GoldDocument]]) -> Agreement:
    """Compare annotators on the documents that two or more of them labelled.

    Documents are the same if their ids are, or else the last parts of their ids. Texts that differ (a space, a line
    break) are aligned, and sentences cut alike are compared.

    Raises:
        InputError: fewer than two annotators, or no document in common.
    """
    if len(annotators) < 2:
        raise InputError("there are fewer than two annotators.", remedy="Give two or more gold files or folders.")
    shared = _shared(annotators)
    units: dict[tuple[str, int, int], dict[str, Sentence]] = {}
    texts: dict[str, str] = {}
    unmatched: Counter[str] = Counter(dict.fromkeys(annotators, 0))
    for doc, versions in shared.items():
        first = next(iter(versions.values()))
        texts[doc] = first.text
        rows = [(name, moved) for name, d in versions.items() for moved in _moved(d, first.text, doc)]
        for group in _same_sentences(rows):
            if len(group) > 1:
                one = next(iter(group.values()))
                units[doc, one.start, one.end] = group
            else:
                unmatched[next(iter(group))] += 1
    names = list(annotators)
    judged = {key: votes for key, votes in units.items() if not any(s.boilerplate for s in votes.values())}
    return Agreement(
        annotators=names,
        documents=len(shared),
        sentences=len(units),
        unmatched=dict(unmatched),
        differing_texts=[doc for doc, v in shared.items() if len({d.text for d in v.values()}) > 1],
        labels={
            "boilerplate": _agreed(_column(units, names, lambda s: s.boilerplate), _YES_NO, "boilerplate"),
            **{label: _agreed(_column(judged, names, of), values, label) for label, (of, values) in _LABELS.items()},
            "stance": _agreed(_stances(judged, names), (*get_args(StanceLabel), ABSENT), "stance"),
        },
        spans=_spans(judged, names),
        disagreements=[d for (doc, _, _), votes in units.items() for d in disagreements(votes, texts[doc])],
    )


def kappa(a: Labels, b: Labels, values: Sequence[Any], *, ordinal: bool = False) -> float | None:
    """Cohen's kappa of two annotators on the same units, with squared weights for ordinal values; None for 0/0."""
    codes = {value: i for i, value in enumerate(values)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of 0/0, which is None here
        found = cohen_kappa_score(
            [codes[x] for x in a], [codes[x] for x in b], labels=list(range(len(values))),
            weights="quadratic" if ordinal else None,
        )  # fmt: skip
    return None if np.isnan(found) else float(found)


def alpha(columns: Sequence[Labels], values: Sequence[Any], *, ordinal: bool = False) -> float | None:
    """Krippendorff's alpha of any number of annotators; None in a column is a missing label, as result 0/0.

    One less observed over expected disagreement, both from the matrix of coincidences: K. Krippendorff, "Computing
    Krippendorff's Alpha-Reliability" (2011, https://repository.upenn.edu/asc_papers/43). The difference of two
    ordinal values is the square of how many labels lie between the middles of their ranks.

    Args:
        columns: one annotator's labels each, of the same units.
        values: what a label can be; in order, if ordinal.
        ordinal: whether labels farther apart in ``values`` differ more.
    """
    codes = {value: i for i, value in enumerate(values)}
    units = [[codes[x] for x in unit if x is not None] for unit in zip(*columns, strict=True)]
    # How often each value was given to each unit; what one annotator alone says does not count.
    given = np.array([np.bincount(unit, minlength=len(values)) for unit in units if len(unit) > 1])
    if not given.size or np.count_nonzero(given.sum(axis=0)) < 2:
        return None
    weighted = given / (given.sum(axis=1, keepdims=True) - 1)
    coincidences = given.T @ weighted - np.diag(weighted.sum(axis=0))
    totals = given.sum(axis=0)
    ranks = np.cumsum(totals) - totals / 2 if ordinal else np.arange(len(values))
    steps = np.subtract.outer(ranks, ranks)
    differences = steps**2 if ordinal else steps != 0
    expected = np.outer(totals, totals) * differences
    return float(1 - (totals.sum() - 1) * (coincidences * differences).sum() / expected.sum())


def _shared(annotators: Mapping[str, Sequence[GoldDocument]]) -> dict[str, dict[str, GoldDocument]]:
    """The documents of two annotators and more, by id, or by the last part of it where ids do not meet."""
    for name_of in (lambda doc: doc, lambda doc: PurePosixPath(doc).name):
        found: dict[str, dict[str, GoldDocument]] = defaultdict(dict)
        for name, documents in annotators.items():
            for document in documents:
                found[name_of(document.doc)][name] = document
        shared = {doc: versions for doc, versions in sorted(found.items()) if len(versions) > 1}
        if shared:
            return shared
    raise InputError("the annotators have no document in common.", remedy="Give data with the same document ids.")


def _moved(document: GoldDocument, text: str, doc: str) -> Iterator[Sentence]:
    """A document's sentences in the offsets of another version of its text."""
    if document.text == text:
        yield from (msgspec.structs.replace(s, doc=doc) for s in document.sentences)
        return
    steps = SequenceMatcher(None, document.text, text, autojunk=False).get_opcodes()
    offsets = OffsetMap(Replacement(*step[1:]) for step in steps if step[0] != "equal")
    for s in document.sentences:
        start, end = offsets.to_text(s.start, s.end)
        spans = {
            layer: [
                msgspec.structs.replace(span, start=first, end=last)
                for span in getattr(s, layer)
                for first, last in [offsets.to_text(span.start, span.end)]
                if first < last
            ]
            for layer in ("claims", "rhetoric")
        }
        yield msgspec.structs.replace(s, doc=doc, start=start, end=end, text=text[start:end], **spans)


def _same_sentences(rows: Sequence[tuple[str, Sentence]]) -> Iterator[dict[str, Sentence]]:
    """Sentences of different annotators that cover nearly the same text, in order of their place."""
    groups: list[dict[str, Sentence]] = []
    for name, sentence in rows:
        for group in groups:
            if name not in group and _overlap(sentence, next(iter(group.values()))) >= SAME:
                group[name] = sentence
                break
        else:
            groups.append({name: sentence})
    yield from sorted(groups, key=lambda group: min(s.start for s in group.values()))


def _overlap(a: Sentence, b: Sentence) -> float:
    return max(0, min(a.end, b.end) - max(a.start, b.start)) / max(1, a.end - a.start, b.end - b.start)


def _column(
    units: Mapping[Any, Mapping[str, Sentence]], names: list[str], of: Callable[[Sentence], Any]
) -> list[Labels]:
    return [[of(votes[name]) if name in votes else None for votes in units.values()] for name in names]


def _stances(units: Mapping[Any, Mapping[str, Sentence]], names: list[str]) -> list[Labels]:
    """The stance toward each target and holder that any annotator of the sentence names."""
    rows = []
    for votes in units.values():
        found = {name: {(s.target, s.holder): s.label for s in sentence.stances} for name, sentence in votes.items()}
        for key in sorted({key for stances in found.values() for key in stances}):
            rows.append([found[name].get(key, ABSENT) if name in found else None for name in names])
    return [[row[i] for row in rows] for i in range(len(names))]


def _agreed(columns: list[Labels], values: Sequence[Any], label: str) -> LabelAgreement:
    ordinal = label in _ORDINAL
    kappas, shares = [], []
    for a, b in combinations(columns, 2):
        pairs = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
        if pairs:
            kappas.append(kappa([x for x, _ in pairs], [y for _, y in pairs], values, ordinal=ordinal))
            shares.append(sum(x == y for x, y in pairs) / len(pairs))
    known = [k for k in kappas if k is not None]
    counts = Counter(str(x) for column in columns for x in column if x is not None)
    return LabelAgreement(
        units=len(columns[0]),
        agreed=float(np.mean(shares)) if shares else 0.0,
        kappa=float(np.mean(known)) if known else None,
        alpha=alpha(columns, values, ordinal=ordinal),
        counts=dict(sorted(counts.items())),
    )


def _spans(units: Mapping[Any, Mapping[str, Sentence]], names: list[str]) -> dict[str, float]:
    figures: dict[str, list[float]] = defaultdict(list)
    for a, b in combinations(names, 2):
        pairs = [(v[a], _prediction(v[b])) for v in units.values() if a in v and b in v]
        if not pairs:
            continue
        gold, other = [g for g, _ in pairs], [p for _, p in pairs]
        everything = np.arange(len(pairs))
        of_rhetoric = metrics.rhetoric(gold, other)
        for name in _SPANS:
            figures[f"rhetoric {name}"].append(of_rhetoric[name](everything))
        figures["claim overlap F1"].append(metrics.checkable(gold, other)["claim overlap F1"](everything))
    return {name: float(np.mean(values)) for name, values in figures.items()}


def _prediction(sentence: Sentence) -> Prediction:
    return Prediction(**{name: getattr(sentence, name) for name in Sentence.__struct_fields__})
