"""Train, validation and test parts: whole documents or whole sources, and no near-duplicates across parts.

Likeness is Broder's containment (1997, "On the resemblance and containment of documents"): the share of the smaller
document's character n-grams that the other has too. A large collection is compared on a sample of its n-grams, the same
for all documents (his "mod m sketch").
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.build import Item
from pipeline.dataset.shingles import Hashes, shingles, squeeze
from pipeline.errors import ConfigError, InputError

By = Literal["document", "source"]
ALIKE: Final = 0.3  # containment from which two documents are near-duplicates
_NGRAM: Final = 10  # code points; long enough that unrelated Japanese documents hardly share one
_KEPT: Final = 10_000_000  # n-grams of all documents; more are sampled down to it (about 0.5 GB while comparing)
_CROWD: Final = 20  # of an n-gram that more documents hold, only neighbours are compared: a chain joins copies too
DEFAULT_SHARES: Final = {"train": 0.8, "validation": 0.1, "test": 0.1}


class Pair(msgspec.Struct, frozen=True):
    """Two documents that are near-duplicates, and the share of the smaller that is in the other."""

    a: str
    b: str
    containment: float


class Split(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A division of documents into parts.

    Attributes:
        seed: of the shuffle.
        by: whole documents, or whole sources.
        groups: how many sets of documents had to stay together.
        near_duplicates: the pairs found; both of a pair are in the same part.
        parts: document ids by part, sorted.
    """

    seed: int
    by: By
    groups: int
    near_duplicates: list[Pair]
    parts: dict[str, list[str]]

    def part_of(self) -> dict[str, str]:
        """The part of each document."""
        return {doc: part for part, docs in self.parts.items() for doc in docs}


def split(items: Iterable[Item], shares: Mapping[str, float], *, by: By = "document", seed: int = 0) -> Split:
    """Divide documents into parts.

    Args:
        items: the documents; only their hashes are kept.
        shares: of each part, in documents; they sum to 1.
        by: ``source`` keeps the documents of one source together: of one publisher, else host, else folder.
        seed: the same seed and documents give the same parts, whatever the order.

    Raises:
        ConfigError: the shares do not sum to 1.
        InputError: too few groups for the parts.
    """
    if by not in get_args(By):
        raise ConfigError(f"documents cannot be split by {by!r}.", remedy=f"Use one of: {', '.join(get_args(By))}.")
    if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
        raise ConfigError(
            f"the shares {dict(shares)} are not positive with sum 1.", remedy="Give shares such as 0.8,0.1,0.1."
        )
    sketches, sources = _read(items)
    docs = sorted(sketches)
    alike = list(_alike(docs, [sketches[d] for d in docs]))
    same = _by_source(docs, sources) if by == "source" else []
    groups = _groups(docs, [(p.a, p.b) for p in alike] + same)
    if len(groups) < len(shares):
        raise InputError(
            f"{len(docs)} documents are {len(groups)} groups that must stay together: too few for {len(shares)} parts.",
            remedy="Ask for fewer parts, or split by document.",
        )
    parts = _assigned(groups, shares, seed)
    return Split(seed=seed, by=by, groups=len(groups), near_duplicates=alike, parts=parts)


def read_split(path: Path) -> Split:
    """A split that ``dataset split`` wrote. Raises InputError if it is not one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Split)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            f"{path} is not a split: {error}.", remedy="Take a file of `kyojitsu dataset split`."
        ) from error


def source_of(item: Item) -> str:
    """Who published a document: publisher, else host of its address, else folder, else the document itself."""
    if item.record:
        source = item.record.source
        host = urlsplit(source.url).hostname if source.url else None
        return source.publisher or host or str(PurePosixPath(source.path).parent)
    folder = str(PurePosixPath(item.gold.doc).parent)
    return item.gold.doc if folder == "." else folder


def _read(items: Iterable[Item]) -> tuple[dict[str, Hashes], dict[str, str]]:
    """A sketch and the source of each document."""
    sketches: dict[str, Hashes] = {}
    sources: dict[str, str] = {}
    kept, sample = 0, 1
    for item in items:
        doc = item.gold.doc
        if doc in sketches:
            raise InputError(f"two documents have the id {doc!r}.", remedy="Give each document its own id.")
        text = squeeze("".join(s.text for s in item.gold.sentences if not s.boilerplate))
        sketches[doc], sources[doc] = _sampled(np.unique(shingles(text, _NGRAM)), sample), source_of(item)
        kept += len(sketches[doc])
        while kept > _KEPT:
            sample *= 2
            sketches = {name: _sampled(hashes, sample) for name, hashes in sketches.items()}
            kept = sum(map(len, sketches.values()))
    return sketches, sources


def _sampled(hashes: Hashes, sample: int) -> Hashes:
    found: Hashes = hashes[hashes % np.uint64(sample) == 0]
    return found


def _alike(docs: list[str], sketches: list[Hashes]) -> Iterator[Pair]:
    """Pairs of near-duplicates, by the n-grams of the sample that they share."""
    sizes = [len(s) for s in sketches]
    hashes = np.concatenate([*sketches, np.empty(0, np.uint64)])
    owners = np.repeat(np.arange(len(docs)), sizes)
    order = np.lexsort((owners, hashes))
    pairs, counts = np.unique(_shared(hashes[order], owners[order], len(docs)), return_counts=True)
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        a, b = divmod(pair, len(docs))
        containment = count / min(sizes[a], sizes[b])
        if containment >= ALIKE:
            yield Pair(docs[a], docs[b], round(containment, 3))


def _shared(hashes: Hashes, owners: NDArray[np.intp], documents: int) -> NDArray[np.int64]:
    """A number for the pair of documents at each hash that both have (sorted by hash, then owner)."""
    _, counts = np.unique(hashes, return_counts=True)
    crowd = np.repeat(counts, counts)
    found = [np.empty(0, np.int64)]
    for distance in range(1, min(_CROWD, int(counts.max(initial=1)))):
        same = hashes[:-distance] == hashes[distance:]
        if distance > 1:
            same &= crowd[:-distance] <= _CROWD
        found.append((owners[:-distance] * documents + owners[distance:])[same])
    return np.concatenate(found)


def _by_source(docs: list[str], sources: dict[str, str]) -> list[tuple[str, str]]:
    members: dict[str, list[str]] = defaultdict(list)
    for doc in docs:
        members[sources[doc]].append(doc)
    return [(group[0], doc) for group in members.values() for doc in group[1:]]


def _groups(docs: list[str], links: list[tuple[str, str]]) -> list[list[str]]:
    """The sets that the links join, each sorted, in order of their first document."""
    parent = {doc: doc for doc in docs}

    def root(doc: str) -> str:
        while parent[doc] != doc:
            parent[doc] = doc = parent[parent[doc]]
        return doc

    for a, b in links:
        first, second = sorted((root(a), root(b)))
        parent[second] = first
    members: dict[str, list[str]] = defaultdict(list)
    for doc in docs:
        members[root(doc)].append(doc)
    return list(members.values())


def _assigned(groups: list[list[str]], shares: Mapping[str, float], seed: int) -> dict[str, list[str]]:
    """Shuffled groups, the large ones first, each to the part that is furthest from its share."""
    shuffled = groups[:]
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - reproducible on purpose
    shuffled.sort(key=len, reverse=True)
    total = sum(map(len, groups))
    parts: dict[str, list[str]] = {name: [] for name in shares}
    for left, group in zip(range(len(shuffled), 0, -1), shuffled, strict=True):
        empty = [name for name in parts if not parts[name]]
        open_parts = empty if len(empty) >= left else list(parts)
        part = max(open_parts, key=lambda name: shares[name] - len(parts[name]) / total)
        parts[part] += group
    return {name: sorted(docs) for name, docs in parts.items()}
