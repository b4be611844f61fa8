"""What a dataset holds: counts, labels, and how much its documents repeat one another."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from pipeline.dataset.build import Item, Source
from pipeline.dataset.features import content
from pipeline.dataset.shingles import Hashes, shingles, squeeze
from pipeline.dataset.splits import source_of

NGRAM: Final = 5  # code points
SHOWN: Final = 20


class Sharing(msgspec.Struct, kw_only=True):
    """How much documents repeat one another, in n-grams of characters, white space and boilerplate left out.

    Attributes:
        n: code points of an n-gram.
        repeated: of all (document, distinct n-gram of it), the share whose n-gram another document has too.
        most: the n-grams that most documents have, with how many have them; only those of two and more.
    """

    n: int = NGRAM
    repeated: float = 0.0
    most: list[tuple[str, int]] = []


class Statistics(msgspec.Struct, kw_only=True):
    """Counts of a dataset. Sentences of boilerplate count in ``sentences`` and ``boilerplate`` alone."""

    documents: int = 0
    characters: int = 0
    sentences: int = 0
    boilerplate: int = 0
    claims: int = 0
    forecasts: int = 0
    rhetoric: int = 0
    quoted: int = 0
    content: dict[str, int] = {}
    hype: dict[str, int] = {}
    direction: dict[str, int] = {}
    techniques: dict[str, int] = {}
    stances: dict[str, int] = {}
    targets: dict[str, int] = {}
    genres: dict[str, int] = {}
    sources: dict[str, int] = {}
    translation: dict[str, int] = {}
    sharing: Sharing = msgspec.field(default_factory=Sharing)


def statistics(source: Source, n: int = NGRAM) -> Statistics:
    """Count a dataset in two readings; memory is 8 bytes a distinct n-gram of each document.

    Raises:
        InputError: the data do not fit.
    """
    figures = Statistics()
    hashes = [np.empty(0, np.uint64)]
    for item in source.documents():
        _count(item, figures)
        hashes.append(np.unique(shingles(_text(item), n)))
    for name in Statistics.__struct_fields__:
        tally = getattr(figures, name)
        if isinstance(tally, dict):
            setattr(figures, name, dict(sorted(tally.items(), key=lambda entry: (-entry[1], entry[0]))))
    figures.sharing = _sharing(source, n, hashes)
    return figures


def _count(item: Item, figures: Statistics) -> None:
    document = item.gold
    figures.documents += 1
    figures.characters += len(document.text)
    figures.sentences += len(document.sentences)
    _add(figures.genres, document.genre or "not given")
    _add(figures.sources, source_of(item) if item.record else "gold")
    for sentence in document.sentences:
        if sentence.boilerplate:
            figures.boilerplate += 1
            continue
        _add(figures.content, content(sentence.claims, sentence.rhetoric))
        _add(figures.hype, str(sentence.hype))
        _add(figures.direction, sentence.direction)
        figures.claims += len(sentence.claims)
        figures.forecasts += sentence.forecast
        figures.rhetoric += len(sentence.rhetoric)
        for span in sentence.rhetoric:
            _add(figures.techniques, span.technique)
            figures.quoted += span.quoted
        for stance in sentence.stances:
            _add(figures.stances, stance.label)
            _add(figures.targets, stance.target)
    for found in (item.record.sentences if item.record else None) or []:
        if found.translation:
            _add(figures.translation, found.translation.status)


def _add(tally: dict[str, int], value: str) -> None:
    tally[value] = tally.get(value, 0) + 1


def _text(item: Item) -> str:
    return squeeze("".join(s.text for s in item.gold.sentences if not s.boilerplate))


def _sharing(source: Source, n: int, hashes: list[Hashes]) -> Sharing:
    distinct, counts = np.unique(np.concatenate(hashes), return_counts=True)
    shared = counts > 1
    order = np.lexsort((distinct, -counts))[:SHOWN]
    wanted = {int(distinct[i]): int(counts[i]) for i in order if counts[i] > 1}
    names: dict[int, str] = {}
    for item in source.documents():
        if len(names) == len(wanted):
            break
        text = _text(item)
        found = shingles(text, n)
        for at in np.flatnonzero(np.isin(found, np.array(list(wanted), np.uint64))).tolist():
            names[int(found[at])] = text[at : at + n]
    repeated = float(counts[shared].sum() / counts.sum()) if counts.size else 0.0
    return Sharing(n=n, repeated=round(repeated, 4), most=[(names[h], count) for h, count in wanted.items()])
