"""Where a dataset comes from: a run's records or gold labels, both read as documents with gold labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import UNSET

from pipeline import record as r
from pipeline.dataset import gold
from pipeline.dataset.gold import GoldDocument, write_gold
from pipeline.dataset.inline import read_folder
from pipeline.dataset.load import load_gold
from pipeline.errors import InputError, OutputError
from pipeline.record import Record, decode
from pipeline.text.offsets import OffsetMap, Replacement

RECORDS: Final = "records.jsonl"
MANIFEST: Final = "manifest.json"
GOLD: Final = "gold.jsonl"
DOCUMENTS: Final = "docs"
AUTHOR: Final = "author"  # the holder of a stance that is nobody else's


@dataclass(frozen=True, slots=True)
class Item:
    """One document: its labels in offsets of the raw text, and the record they come from, if a run made them."""

    gold: GoldDocument
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A run's folder or gold data. ``documents()`` can be read again and again; a run is read line by line.

    Attributes:
        path: the run's folder, the gold file or the folder of inline files.
        texts: the folder of a gold file's documents.
        signature: what made the labels, for a run; empty for gold.
        manifest: the run's ``manifest.json``.
    """

    path: Path
    texts: Path | None
    signature: str
    manifest: dict[str, Any]

    @property
    def is_run(self) -> bool:
        """Whether the labels are a model's, not a person's."""
        return (self.path / RECORDS).is_file()

    def documents(self) -> Iterator[Item]:
        """Every document, in order.

        Raises:
            InputError: a line that is no record, or gold that does not fit.
        """
        if self.is_run:
            return (Item(to_gold(record), record) for record in read_records(self.path / RECORDS))
        return (Item(document) for document in load_gold(self.path, self.texts))


def open_source(path: Path, texts: Path | None = None) -> Source:
    """The data at ``path``: a run's folder, a folder that ``dataset build`` wrote, inline files, or a gold file.

    Raises:
        InputError: nothing of that kind is there.
    """
    if (path / RECORDS).is_file():
        manifest = _manifest(path / MANIFEST)
        return Source(path, None, str(manifest.get("signature", "")), manifest)
    if (path / GOLD).is_file():
        path, texts = path / GOLD, texts or path / DOCUMENTS
    if not path.exists():
        raise InputError(
            f"{path}: there is no such file or folder.",
            remedy=f"Give a run's folder (with {RECORDS}), a gold JSONL file or a folder of inline files.",
        )
    return Source(path, texts, "", {})


def read_records(path: Path) -> Iterator[Record]:
    """The records of a ``records.jsonl``, one at a time.

    Raises:
        InputError: a line that is not a record; the message names file, line and cause.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = decode(line)
            except (msgspec.DecodeError, ValueError) as error:
                raise InputError(
                    f"{path}:{number} is not a record: {error}.",
                    remedy="Take the file as `kyojitsu run` wrote it, with the same version of kyojitsu.",
                ) from error
            if record.sentences is UNSET:
                raise InputError(
                    f"{path}:{number}: the record {record.id} has no sentences.",
                    remedy="Run at least the stages normalize, tokenize.",
                )
            yield record


def to_gold(record: Record, *, raw: bool = True) -> GoldDocument:
    """A record's labels in the shape of gold.

    Args:
        record: with sentences; a layer whose stage did not run leaves its labels at false, 0 or none.
        raw: offsets and texts of the raw input; otherwise of the normalized text.
    """
    text = record.raw if raw else r.layer(record.text)
    blocks = {b.id: b.kind for b in record.blocks or []}
    view = _View(record, text, raw=raw)
    return GoldDocument(
        doc=record.id,
        genre="",
        text=text,
        sentences=[view.sentence(s, blocks.get(s.block) == "boilerplate") for s in record.sentences or []],
        stances=[
            gold.DocumentStance(target=s.target, label=s.label)
            for s in (record.summary.stances if record.summary else None) or []
        ],
    )


class _View:
    """A record's sentences in the offsets of the raw or of the normalized text."""

    def __init__(self, record: Record, text: str, *, raw: bool) -> None:
        applied = [e for e in record.edits or [] if e.applied]
        self._offsets = OffsetMap(Replacement(e.raw_start, e.raw_end, e.start, e.end) for e in applied)
        self._doc, self._text, self._raw = record.id, text, raw

    def sentence(self, found: r.Sentence, boilerplate: bool) -> gold.Sentence:
        start, end = _range(found, raw=self._raw)
        claims = [gold.Claim(start=s, end=e) for s, e, _ in placed(found, found.claims, raw=self._raw)]
        return gold.Sentence(
            doc=self._doc,
            start=start,
            end=end,
            text=self._text[start:end],
            boilerplate=boilerplate,
            checkable=bool(claims),
            claims=claims,
            forecast=found.forecast.label if found.forecast else False,
            rhetoric=[
                gold.Rhetoric(start=s, end=e, technique=span.technique, quoted=span.quoted)
                for s, e, span in placed(found, found.rhetoric, raw=self._raw)
            ],
            hype=found.hype.level if found.hype else 0,  # type: ignore[arg-type]
            direction=found.hype.direction if found.hype else "none",
            stances=[
                gold.Stance(
                    target=s.target, label=s.label, surface=self._surface(found, s.text), holder=s.holder or AUTHOR
                )
                for s in found.stances or []
            ],
        )

    def _surface(self, sentence: r.Sentence, name: str) -> str:
        """The target's name as the text has it; empty where it is only meant."""
        at = sentence.text.find(name) if name else -1
        if at < 0:
            return ""
        at += sentence.start
        start, end = self._offsets.to_raw(at, at + len(name)) if self._raw else (at, at + len(name))
        return self._text[start:end]


def placed(sentence: r.Sentence, spans: Any, *, raw: bool) -> Iterator[tuple[int, int, Any]]:
    """Spans of a sentence with the places that gold gives them, in order and apart.

    A repair can widen two neighbours to the same raw characters: the later begins where the earlier ends. One inside
    another, which older versions wrote, is left out.
    """
    begin, end = _range(sentence, raw=raw)
    for span in sorted(spans or [], key=lambda span: (span.start, -span.end)):
        first, last = _range(span, raw=raw)
        if max(first, begin) < min(last, end):
            yield max(first, begin), min(last, end), span
            begin = min(last, end)


def _range(span: r.Span, *, raw: bool) -> tuple[int, int]:
    return (span.raw_start, span.raw_end) if raw else (span.start, span.end)


def build(source: Path, output: Path) -> tuple[int, int]:
    """Write ``gold.jsonl`` and ``docs/*.txt`` from a folder of inline files or from a run.

    Returns:
        The number of documents and of sentences.

    Raises:
        InputError: a line that does not fit; all faults are listed. Nothing is written then.
        OutputError: the output cannot be written.
    """
    if (source / RECORDS).is_file():
        documents: Iterator[GoldDocument] = (item.gold for item in open_source(source).documents())
    else:
        found = read_folder(source) if source.is_dir() else []
        if not found:
            raise InputError(
                f"{source} holds neither inline files (*.tsv) nor {RECORDS}.",
                remedy="Give a folder of inline files, or the folder of a run.",
            )
        documents = iter(found)
    return write_dataset(documents, output)


def write_dataset(documents: Iterator[GoldDocument], output: Path) -> tuple[int, int]:
    """Write documents as ``gold.jsonl`` and ``docs/DOC.txt`` (UTF-8, line breaks untouched).

    Raises:
        OutputError: a document's id cannot be a file name.
    """
    counts = [0, 0]
    output.mkdir(parents=True, exist_ok=True)

    def sentences() -> Iterator[gold.Sentence]:
        for document in documents:
            path_of(output / DOCUMENTS, document.doc, ".txt").write_bytes(document.text.encode())
            counts[0] += 1
            counts[1] += len(document.sentences)
            yield from document.sentences

    partial = output / f"{GOLD}.part"
    write_gold(partial, sentences())
    partial.replace(output / GOLD)
    return counts[0], counts[1]


def path_of(folder: Path, doc: str, suffix: str) -> Path:
    """Where the file of a document goes, its folder made.

    Raises:
        OutputError: the id cannot be a file name, or leads out of ``folder``.
    """
    path = folder / f"{doc}{suffix}"
    if (
        "\x00" in doc
        or ".." in doc.split("/")
        or not doc.strip("./")
        or not path.resolve().is_relative_to(folder.resolve())
    ):
        raise OutputError(f"the id {doc!r} is no file name.", remedy="Give the document an id that can be one.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}.", remedy="Give the document a shorter id.") from error
    return path


def _manifest(path: Path) -> dict[str, Any]:
    try:
        return dict(msgspec.json.decode(path.read_bytes()))
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}.", remedy="Take the folder as `kyojitsu run` wrote it."
        ) from error
