"""normalize: raw text into canonical form, its edits, its blocks, and the two-way offset map."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from pydantic import BaseModel

from pipeline.config import NormalizeSettings, config_dir, digest_files
from pipeline.record import Block, Document, Record, layer
from pipeline.stages import Stage
from pipeline.text.blocks import find_blocks
from pipeline.text.duplicates import find_duplicates
from pipeline.text.edits import apply, compose
from pipeline.text.lines import FURNITURE
from pipeline.text.metadata import find_published
from pipeline.text.repairs import repair
from pipeline.text.sentences import split, trim
from pipeline.text.style import find_signs
from pipeline.text.width import LINE_BREAK, fold


class Normalize(Stage):
    """Adds ``text``, ``edits`` and ``blocks``; sets the document's offset map and anchor date."""

    name: ClassVar[str] = "normalize"
    provides: ClassVar[frozenset[str]] = frozenset({"text", "edits", "blocks"})
    Settings: ClassVar[type[BaseModel]] = NormalizeSettings
    settings: NormalizeSettings

    def versions(self) -> dict[str, str]:
        """See :class:`pipeline.stages.Stage`."""
        return {"boilerplate": digest_files([config_dir() / FURNITURE])}

    def process(self, documents: Sequence[Document]) -> None:
        """See :class:`pipeline.stages.Stage`."""
        for document in documents:
            self._normalize(document)

    def _normalize(self, document: Document) -> None:
        record = document.record
        folds = fold(record.raw)
        if not self.settings.fold_width:
            folds = [f for f in folds if f.rule == LINE_BREAK]
        repairs = repair(apply(record.raw, folds)[0], frozenset(self.settings.rules_off))
        record.text, record.edits, document.offsets = compose(record.raw, folds, repairs)
        record.blocks = []
        for start, end, kind in find_blocks(record.text, boilerplate=self.settings.boilerplate):
            bounds = trim(record.text, start, end)
            if bounds:
                raw_start, raw_end = document.offsets.to_raw(*bounds)
                record.blocks.append(
                    Block(id=f"b{len(record.blocks)}", kind=kind, start=bounds[0], end=bounds[1],
                          raw_start=raw_start, raw_end=raw_end)
                )  # fmt: skip
        _mark_duplicates(record.text, record.blocks)
        _warn_of_style(document)
        _complete_source(record)
        document.anchor = _iso_date(record.source.published)


def _complete_source(record: Record) -> None:
    """Title, date and publisher from the head of the text, where the reader had none."""
    text, source = layer(record.text), record.source
    blocks = layer(record.blocks)
    first = next((i for i, b in enumerate(blocks) if b.kind not in ("title", "boilerplate")), len(blocks))
    head = blocks[: max(first, 1)]
    if source.title is None:
        source.title = next((text[b.start : b.end] for b in head if b.kind == "title"), None)
    if source.published is None:
        day, publisher = find_published(text[b.start : b.end] for b in head)
        source.published = day.isoformat() if day else None
        source.publisher = source.publisher or publisher


def _mark_duplicates(text: str, blocks: Sequence[Block]) -> None:
    content = [b for b in blocks if b.kind != "boilerplate"]
    for later, first in find_duplicates([text[b.start : b.end] for b in content]).items():
        content[later].duplicate_of = content[first].id


def _warn_of_style(document: Document) -> None:
    """Style signs of the running text as warnings; headings and rows have no predicates to judge by."""
    prose = [
        document.text[b.start : b.end] for b in layer(document.record.blocks) if b.kind in ("paragraph", "list_item")
    ]
    sentences = [text[start:end] for text in prose for start, end in split(text)]
    for sign in find_signs(sentences, [edit.rule for edit in layer(document.record.edits)]):
        document.warn("normalize", sign.code, sign.message)


def _iso_date(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if value else None
    except ValueError:
        return None
