"""Figures of a run, gathered document by document, for the charts and the list of documents."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import urlsplit

from msgspec import UnsetType

from pipeline.record import Content, Record, Sentence, StanceLabel, Technique

CONTENTS: tuple[Content, ...] = get_args(Content)


@dataclass(slots=True)
class SourceTotals:
    """Counts over one source: documents, sentences by content, spans by technique, stances of the author."""

    documents: int = 0
    content: Counter[Content] = field(default_factory=Counter)
    techniques: Counter[Technique] = field(default_factory=Counter)
    stances: Counter[tuple[str, StanceLabel]] = field(default_factory=Counter)

    def add(self, sentence: Sentence) -> None:
        """Count one sentence."""
        if not isinstance(sentence.content, UnsetType):
            self.content[sentence.content] += 1
        self.techniques.update(span.technique for span in sentence.rhetoric or [])
        self.stances.update((s.target, s.label) for s in sentence.stances or [] if s.holder is None)

    def merge(self, other: SourceTotals) -> None:
        """Count another source's figures in."""
        self.documents += other.documents
        self.content.update(other.content)
        self.techniques.update(other.techniques)
        self.stances.update(other.stances)


@dataclass(slots=True)
class Totals:
    """Counts over a run.

    Attributes:
        sources: by publisher, else host of the address, else the document's title or id.
        surfaces: for each target, how the texts name it.
    """

    sources: defaultdict[str, SourceTotals] = field(default_factory=lambda: defaultdict(SourceTotals))
    surfaces: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sentences: int = 0
    claims: int = 0

    def add(self, record: Record) -> None:
        """Count one document."""
        source = self.sources[source_name(record)]
        source.documents += 1
        for sentence in record.sentences or []:
            source.add(sentence)
            self.sentences += not isinstance(sentence.content, UnsetType)
            self.claims += len(sentence.claims or [])
            for stance in sentence.stances or []:
                if stance.text:
                    self.surfaces[stance.target][stance.text] += 1

    @property
    def whole(self) -> SourceTotals:
        """The figures over all sources."""
        whole = SourceTotals()
        for source in self.sources.values():
            whole.merge(source)
        return whole

    def target_names(self) -> dict[str, tuple[str, str]]:
        """Each target's id as English words, and the form that names it most often (first in code point order)."""
        return {
            target: (target.replace("_", " "), min(surfaces, key=lambda s: (-surfaces[s], s)))
            for target, surfaces in sorted(self.surfaces.items())
        }


def source_name(record: Record) -> str:
    """What groups documents in the charts."""
    source = record.source
    return source.publisher or (_host(source.url) if source.url else "") or source.title or record.id


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
