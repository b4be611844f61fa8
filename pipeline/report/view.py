"""A run in the terminal: the list of its documents, or the sentences that a filter asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import UnsetType
from msgspec.structs import replace
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipeline.record import Record, Sentence
from pipeline.report.filters import Filter
from pipeline.report.text import printable
from pipeline.report.totals import CONTENTS, Totals
from pipeline.show import show


def list_documents(records: Iterable[Record], console: Console) -> int:
    """Print a row a document: what it is, its sentences by content, its rhetoric. Gives the number of documents."""
    table = Table(Column("id", overflow="fold"), Column("title", ratio=1), "date", *CONTENTS, "rhetoric", "hype index")
    for record in records:
        counted = Totals()
        counted.add(record)
        whole = counted.whole
        cells = [record.id, record.source.title or "", record.source.published or ""]
        cells += [str(whole.content[content]) if counted.sentences else "–" for content in CONTENTS]
        cells += [str(whole.techniques.total()) if counted.sentences else "–", _hype_index(record)]
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console.print(table)
    return table.row_count


def selected(records: Iterable[Record], wanted: Filter, document: str | None = None) -> Iterator[Record]:
    """The records with the sentences that meet the filter, those without any left out.

    Args:
        records: of a run.
        wanted: an empty filter keeps every sentence, boilerplate too.
        document: the id of the one document to look at; None for all.
    """
    for record in records:
        if document is not None and record.id != document:
            continue
        kept = [s for s in record.sentences or [] if wanted.matches(s)]
        if kept or not wanted:
            yield record if isinstance(record.sentences, UnsetType) else replace(record, sentences=kept)


def show_document(record: Record, console: Console) -> None:
    """Print a document's heading and sentences, as ``kyojitsu try`` prints them."""
    source = record.source
    heading = Text(printable(source.title or record.id), style="bold reverse")
    about = [record.id, source.publisher, source.published]
    console.print(heading, Text("  " + " · ".join(printable(part) for part in about if part), style="dim"))
    console.print()
    sentences = [_safe(sentence) for sentence in record.sentences or []]
    show(replace(record, sentences=sentences), console)
    console.print()


def _safe(sentence: Sentence) -> Sentence:
    """The sentence with nothing in it that could steer the terminal; no text changes its length."""
    translation = sentence.translation
    if not isinstance(translation, UnsetType):
        warnings = [printable(warning) for warning in translation.warnings]
        translation = replace(translation, text=printable(translation.text), warnings=warnings)
    spans = [
        replace(span, text=printable(span.text), en=span.en and printable(span.en)) for span in sentence.rhetoric or []
    ]
    quantities = [replace(q, text=printable(q.text), en=printable(q.en)) for q in sentence.quantities or []]
    return replace(
        sentence,
        text=printable(sentence.text),
        translation=translation,
        rhetoric=sentence.rhetoric and spans,
        quantities=sentence.quantities and quantities,
    )


def _hype_index(record: Record) -> str:
    summary = record.summary
    if isinstance(summary, UnsetType) or isinstance(summary.hype_index, UnsetType):
        return "–"
    return f"{summary.hype_index:.2f}"
