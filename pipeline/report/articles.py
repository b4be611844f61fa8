"""A record as HTML: its row in the list of documents, and its text in parts that each fit on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from markupsafe import Markup
from msgspec import UnsetType

from pipeline.record import Block, Edit, Record, Sentence
from pipeline.report.charts import hype_strip
from pipeline.report.filters import searchable
from pipeline.report.notes import sentence_note
from pipeline.report.templates import render
from pipeline.report.text import UNSAFE, english, japanese, printable
from pipeline.report.totals import SourceTotals, Totals, source_name

PART_BYTES: Final = 2_500_000  # of one document on one page, in UTF-8: some 2,000 sentences
BLOCK_SENTENCES: Final = 200  # rendered at once; a longer block is shown in pieces
_ROW_BYTES: Final = 1_000  # what a row of the list takes, its sentences aside


@dataclass(slots=True)
class Row:
    """A document in the list of documents.

    Attributes:
        href: where the document is: an element of the page, or a page.
        names: the targets of its stances, each in English and Japanese.
        data: what its sentences are filtered by, for an index that does not hold them.
        bytes: about what row and data take on the page.
    """

    id: str
    title: str
    source: str
    date: str
    href: str
    totals: SourceTotals
    hype_index: float | None
    names: dict[str, tuple[str, str]]
    data: list[list[Any]] = field(default_factory=list)
    bytes: int = _ROW_BYTES


@dataclass(slots=True)
class Article:
    """A rendered document; ``parts`` has more than one element only where parting was asked for."""

    row: Row
    parts: list[Markup]


def articles(records: Iterable[Record], totals: Totals, *, apart: bool) -> Iterator[Article]:
    """Render records one by one, and count them in ``totals``.

    Args:
        records: in the order of the report.
        totals: receives each record.
        apart: each document gets pages of its own: it is cut into parts, and its row holds the data of the filters.
    """
    for number, record in enumerate(records, 1):
        totals.add(record)
        yield _article(record, f"d{number}", apart=apart)


def _article(record: Record, anchor: str, *, apart: bool) -> Article:
    row = _row(record, anchor, apart=apart)
    parts: list[list[Markup]] = [[]]
    size = 0
    for of_block, rows in lines(record, anchor):
        block = render("block.html.j2", block=of_block, rows=rows, translated=_translated(record))
        weight = len(block.encode())
        if apart and parts[-1] and size + weight > PART_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(block)
        size += weight
    shared = {
        "record": record,
        "row": row,
        "anchor": anchor,
        "url": _link(record.source.url),
        "strip": _strip(record, anchor),
        "parts": len(parts),
        "translated": _translated(record),
    }
    return Article(
        row,
        [
            render("document.html.j2", **shared, blocks=Markup("").join(blocks), part=i)
            for i, blocks in enumerate(parts, 1)
        ],
    )


def _row(record: Record, anchor: str, *, apart: bool) -> Row:
    counted = Totals()
    counted.add(record)
    summary = record.summary
    index = None if isinstance(summary, UnsetType) or isinstance(summary.hype_index, UnsetType) else summary.hype_index
    row = Row(
        id=record.id,
        title=printable(record.source.title or record.id),
        source=printable(source_name(record)),
        date=printable(record.source.published or ""),
        href=f"#{anchor}",
        totals=counted.whole,
        hype_index=index,
        names=counted.target_names(),
    )
    if apart:
        boilerplate = {block.id for block in record.blocks or [] if block.kind == "boilerplate"}
        row.data = [_filtered_by(s) for s in record.sentences or [] if s.block not in boilerplate]
        row.bytes += len(str(row.data).encode())
    return row


def _filtered_by(sentence: Sentence) -> list[Any]:
    """Techniques, content, level, stances, text: the order in which the page's script reads them."""
    return [
        _techniques(sentence), sentence.content or "", _level(sentence), _stances(sentence), searchable(sentence),
    ]  # fmt: skip


def lines(record: Record, anchor: str = "d1") -> Iterator[tuple[Block, list[dict[str, Any]]]]:
    """The document's blocks and their sentences as the templates read them, runs of boilerplate folded into one.

    A block of more than :data:`BLOCK_SENTENCES` sentences comes in pieces.
    """
    edits = list(record.edits or [])
    for block, sentences in _by_block(record):
        for at in range(0, len(sentences), BLOCK_SENTENCES):
            few = sentences[at : at + BLOCK_SENTENCES]
            yield block, [_line(sentence, anchor, _touching(edits, sentence)) for sentence in few]


def _by_block(record: Record) -> Iterator[tuple[Block, list[Sentence]]]:
    """Blocks with their sentences; neighbouring boilerplate as one; a document without the layers as one paragraph."""
    if isinstance(record.sentences, UnsetType):
        text = record.raw if isinstance(record.text, UnsetType) else record.text
        place = {"start": 0, "end": len(text), "raw_start": 0, "raw_end": len(record.raw)}
        whole = Sentence(id="s0", block="b0", lang="ja", text=text, **place)  # type: ignore[arg-type]
        yield Block(id="b0", kind="paragraph", **place), [whole]  # type: ignore[arg-type]
        return
    inside: dict[str, list[Sentence]] = {}
    for sentence in record.sentences:
        inside.setdefault(sentence.block, []).append(sentence)
    folded: tuple[Block, list[Sentence]] | None = None
    for block in record.blocks or []:
        sentences = inside.get(block.id, [])
        if block.kind == "boilerplate":
            folded = (folded[0], folded[1] + sentences) if folded else (block, sentences)
            continue
        if folded:
            yield folded
            folded = None
        yield block, sentences
    if folded:
        yield folded


def _touching(edits: Sequence[Edit], sentence: Sentence) -> list[Edit]:
    """The edits that overlap the sentence, and the removals in it or at its edges."""
    return [
        e for e in edits
        if (e.start < sentence.end and sentence.start < e.end) or sentence.start <= e.start == e.end <= sentence.end
    ]  # fmt: skip


def _line(sentence: Sentence, anchor: str, edits: Sequence[Edit]) -> dict[str, Any]:
    """A sentence as the template of a block reads it."""
    return {
        "sentence": sentence,
        "id": f"{anchor}-{sentence.id}",
        "groups": japanese(sentence, edits),
        "english": english(sentence),
        "note": sentence_note(sentence),
        "techniques": _techniques(sentence),
        "level": _level(sentence),
        "stances": _stances(sentence),
        "sides": [s for s in sentence.stances or [] if s.label != "neutral"],
    }


def _translated(record: Record) -> bool:
    return any(sentence.translation for sentence in record.sentences or [])


def _techniques(sentence: Sentence) -> str:
    return " ".join(dict.fromkeys(span.technique for span in sentence.rhetoric or []))


def _stances(sentence: Sentence) -> str:
    """``target label`` of each stance, parted by a tab, one a line."""
    return "\n".join(f"{printable(s.target)}\t{s.label}" for s in sentence.stances or [])


def _level(sentence: Sentence) -> int:
    return 0 if isinstance(sentence.hype, UnsetType) else sentence.hype.level


def _strip(record: Record, anchor: str) -> Markup | None:
    marks = [(f"{anchor}-{s.id}", s.hype) for s in record.sentences or [] if not isinstance(s.hype, UnsetType)]
    return hype_strip(marks) if marks else None


def _link(url: str | None) -> str | None:
    """The address if it is one to open; anything but http and https is shown as text only."""
    try:
        return url if url and urlsplit(url).scheme in {"http", "https"} and not UNSAFE.search(url) else None
    except ValueError:
        return None
