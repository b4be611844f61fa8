"""spaCy ``DocBin``: documents with GiNZA's analysis, names as entities, sentences, rhetoric and claims as span groups.

A span group holds whole tokens: a span that cuts a token is widened to it. The exact labels, in code points of the
text, are in ``doc.user_data["kyojitsu"]`` as JSON. A run gives its normalized text and its own tokens, gold data the
raw text and the tokens of spaCy's Japanese tokenizer (SudachiPy).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab

from pipeline.dataset.answers import CLAIM
from pipeline.dataset.build import Item, Source, to_gold
from pipeline.dataset.gold import GoldDocument
from pipeline.errors import InputError
from pipeline.record import Record, Token

DATA: Final = "kyojitsu"
_SHARD: Final = 1_000  # documents of a file
_CHUNKS: Final = re.compile(r"\s+|\S+")


class Word(NamedTuple):
    """A token with its place; the head is an index into the document's words."""

    start: int
    text: str
    lemma: str = ""
    pos: str = ""
    tag: str = ""
    dep: str = "dep"
    head: int = -1


def write(source: Source, folder: Path) -> int:
    """Write ``part-00000.spacy`` and so on; returns the number of documents. Memory holds one file's documents."""
    nlp = spacy.blank("ja")
    items = source.documents()
    documents = files = 0
    while True:
        vocab = Vocab()  # anew for each file: it keeps every word it has seen
        bin_ = DocBin(store_user_data=True)
        for item in islice(items, _SHARD):
            bin_.add(to_doc(item, nlp, vocab))
        if not len(bin_):
            return documents
        bin_.to_disk(folder / f"part-{files:05}.spacy")
        documents, files = documents + len(bin_), files + 1


def read(folder: Path) -> Iterator[GoldDocument]:
    """The documents of an export with their exact labels, in offsets of the text that the export holds.

    Raises:
        InputError: a document has no such labels.
    """
    nlp = spacy.blank("ja")
    for path in sorted(folder.glob("*.spacy")):
        for doc in DocBin().from_disk(path).get_docs(nlp.vocab):
            if DATA not in doc.user_data:
                raise InputError(f"{path}: a document has no labels of kyojitsu.", remedy="Give an export of kyojitsu.")
            yield msgspec.json.decode(doc.user_data[DATA], type=GoldDocument)


def to_doc(item: Item, nlp: Any, vocab: Vocab) -> Doc:
    """One document as spaCy holds it; ``nlp`` is a blank Japanese pipeline, which finds the words of gold data."""
    labels = to_gold(item.record, raw=False) if item.record else item.gold
    found = words(item.record, labels) if item.record else list(tokenized(labels, nlp))
    doc = Doc(
        vocab,
        words=[w.text for w in found],
        spaces=[False] * len(found),
        lemmas=[w.lemma for w in found],
        pos=[w.pos for w in found],
        tags=[w.tag for w in found],
        heads=[i if w.head < 0 else w.head for i, w in enumerate(found)],
        deps=["ROOT" if w.head in (i, -1) else w.dep for i, w in enumerate(found)],
    )
    if item.record:
        doc.ents = _apart(
            _span(doc, e.start, e.end, e.label) for s in item.record.sentences or [] for e in s.entities or []
        )
    doc.spans["sentences"] = [_span(doc, s.start, s.end, f"hype_{s.hype}") for s in labels.sentences]
    doc.spans["rhetoric"] = [_span(doc, r.start, r.end, r.technique) for s in labels.sentences for r in s.rhetoric]
    doc.spans["claims"] = [_span(doc, c.start, c.end, CLAIM) for s in labels.sentences for c in s.claims]
    doc.user_data[DATA] = msgspec.json.encode(labels).decode()
    return doc


def words(record: Record, labels: GoldDocument) -> list[Word]:
    """A record's tokens, and what stands between them as words of its own, so that they join to the text."""
    found: list[Word] = []
    end = 0
    for sentence in record.sentences or []:
        tokens: list[Token] = sentence.tokens or []
        places: list[int] = []
        for token in tokens:
            found += _between(labels.text, end, token.start)
            places.append(len(found))
            found.append(Word(token.start, token.text, token.lemma, token.pos, token.tag, token.dep))
            end = token.end
        for place, token in zip(places, tokens, strict=True):
            found[place] = found[place]._replace(head=places[token.head])
    return [*found, *_between(labels.text, end, len(labels.text))]


def tokenized(labels: GoldDocument, nlp: Any) -> Iterator[Word]:
    """The words of gold data, sentence by sentence, with what stands between sentences."""
    end = 0
    for sentence in labels.sentences:
        yield from _between(labels.text, end, sentence.start)
        for token in nlp.make_doc(sentence.text):
            start = sentence.start + token.idx
            yield Word(start, token.text, token.lemma_, token.pos_, token.tag_)
            if token.whitespace_:
                yield Word(start + len(token), " ", " ", "SPACE")
        end = sentence.end
    yield from _between(labels.text, end, len(labels.text))


def _between(text: str, start: int, end: int) -> Iterator[Word]:
    for chunk in _CHUNKS.finditer(text, start, end):
        yield Word(chunk.start(), chunk[0], chunk[0], "SPACE" if chunk[0].isspace() else "X")


def _span(doc: Doc, start: int, end: int, label: str) -> Span:
    return doc.char_span(start, end, label=label, alignment_mode="expand")


def _apart(spans: Iterator[Span]) -> list[Span]:
    """Entities must not share a token: of two that do after widening, the first stays."""
    kept: list[Span] = []
    for span in spans:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
