"""Read documents: the one entry point is :func:`read_inputs`.

Every file and every row becomes exactly one document or one rejection, in input order and one at a time.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ConfigError, InputError
from pipeline.record import Document, Record, Source
from pipeline.sources.discover import STDIN, find_inputs, unreadable
from pipeline.sources.encoding import check_text, decode
from pipeline.sources.rows import BadRow, Row, missing_field, open_rows, too_large
from pipeline.sources.settings import ReadSettings
from pipeline.sources.types import Found, Rejected

__all__ = ["Rejected", "read_inputs"]

_ROW_FORMATS: Final = frozenset({"jsonl", "csv", "tsv", "parquet", "dataset"})


def read_inputs(
    inputs: Sequence[str], settings: ReadSettings, exclude: Path | str | None = None
) -> Iterator[Document | Rejected]:
    """Read all documents, lazily and in input order.

    Args:
        inputs: files, folders, globs, ``-`` for text on standard input, or Hugging Face dataset names.
        settings: the ``read`` section of the configuration.
        exclude: a folder, or (as str) the URL of one, to pass over inside folders and globs, such as the one the run writes to.

    Returns:
        For each file or row a document with ``id``, ``source`` and ``raw``, or a rejection. ``raw`` is the decoded
        text with its line breaks and without a byte order mark; of a web page, the article's text (see
        :mod:`pipeline.sources.webpage`).

    Raises:
        ConfigError: there are no inputs.
    """
    if not inputs:
        raise ConfigError("no input given.", remedy="Name files, folders, globs, '-' or a Hugging Face dataset.")
    return _unique(_read(inputs, settings, exclude))


def _unique(items: Iterator[tuple[str, Document | Rejected]]) -> Iterator[Document | Rejected]:
    """Reject each document whose id an earlier one has."""
    places: dict[str, str] = {}
    for place, item in items:
        if isinstance(item, Document):
            first = places.setdefault(item.record.id, place)
            if first is not place:
                error = InputError(
                    f"the id {item.record.id!r} is taken by {first}.",
                    remedy="Give the documents different ids or file names, or read them in separate runs.",
                    code="duplicate_id",
                )
                item = Rejected.because(item.record.id, place, error)
        yield item


def _read(
    inputs: Sequence[str], settings: ReadSettings, exclude: Path | str | None
) -> Iterator[tuple[str, Document | Rejected]]:
    """All documents, each with the place it was found at."""
    for found in find_inputs(inputs, exclude):
        if isinstance(found, Rejected):
            yield found.id, found
        elif found.format in _ROW_FORMATS:
            yield from _read_rows(found, settings)
        else:
            try:
                yield found.name, _read_file(found, settings)
            except InputError as error:
                yield found.name, Rejected.because(found.id, found.name, error)


def _read_file(found: Found, settings: ReadSettings) -> Document:
    data = _bytes(found, settings.max_bytes)
    sha256 = hashlib.sha256(data).hexdigest()
    if found.format != "html":
        raw, encoding = decode(data, settings.encoding)
        source = Source(path=found.name, format=found.format, encoding=encoding, sha256=sha256)
    else:
        from pipeline.sources.webpage import declared_encoding, extract  # takes a second to import

        html, encoding = decode(data, settings.encoding, declared_encoding(data))
        page = extract(html)
        raw = page.text
        source = Source(
            path=found.name, format="html", encoding=encoding, sha256=sha256,
            title=page.title, url=page.url, published=page.published, publisher=page.publisher,
        )  # fmt: skip
    return _document(found.id, source, raw)


def _bytes(found: Found, max_bytes: int) -> bytes:
    """The whole input. Raises InputError ``unreadable`` or ``too_large``."""
    try:
        if found.path is None:
            data = sys.stdin.buffer.read(max_bytes + 1)
        else:
            with found.path.open("rb") as file:
                data = file.read(max_bytes + 1)
    except OSError as error:
        raise unreadable(error) from error
    if len(data) > max_bytes:
        raise too_large("it", max_bytes)
    return data


def _read_rows(found: Found, settings: ReadSettings) -> Iterator[tuple[str, Document | Rejected]]:
    unit = "line" if found.format == "jsonl" else "row"
    number = 0
    try:
        table = open_rows(found, settings)
        for row in table.rows:
            number = row.number
            place = f"{found.name}, {unit} {number}"
            yield place, _read_row(row, place, found, table.encoding, settings)
        if number == 0:
            raise InputError("there are no rows.", remedy="Leave the file out.", code="empty")
    except InputError as error:
        # What lies behind the last row that could be told apart is rejected as one.
        id_, place = found.id, found.name
        if number:
            id_, place = f"{id_}:{number + 1}", f"{place}, from {unit} {number + 1} on"
        yield place, Rejected.because(id_, place, error)


def _read_row(
    row: Row | BadRow, place: str, found: Found, encoding: str, settings: ReadSettings
) -> Document | Rejected:
    id_ = f"{found.id}:{row.number}"
    try:
        if isinstance(row, BadRow):
            raise row.error
        id_ = _row_id(row.fields.get(settings.id_field), settings.id_field) or id_
        raw = _row_text(row, settings)
        source = Source(
            path=found.name,
            format=found.format,
            encoding=encoding,
            sha256=hashlib.sha256(raw.encode()).hexdigest(),
            title=_metadata(row.fields.get(settings.title_field)),
            url=_metadata(row.fields.get(settings.url_field)),
            published=_published(row.fields.get(settings.published_field)),
            publisher=_metadata(row.fields.get(settings.publisher_field)),
        )
        return _document(id_, source, raw)
    except InputError as error:
        return Rejected.because(id_, place, error)


def _row_id(value: Any, field: str) -> str | None:
    """The row's own id, None if it has none. Raises InputError ``not_text`` for an id that is no name or number."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise _not_text(field, value, "id_field")


def _row_text(row: Row, settings: ReadSettings) -> str:
    """The text of a row. Raises InputError ``missing_field``, ``not_text`` or ``too_large``."""
    field = settings.text_field
    if field not in row.fields:
        raise missing_field(field, row.names)
    value = row.fields[field]
    if not isinstance(value, str):
        raise _not_text(field, value, "text_field")
    if len(value.encode()) > settings.max_bytes:
        raise too_large("the text", settings.max_bytes)
    check_text(value)
    return value


def _not_text(field: str, value: Any, setting: str) -> InputError:
    return InputError(
        f"the field {field!r} holds {type(value).__name__}, not text.",
        remedy=f"Write it as a string, or name another field with --set read.{setting}=NAME.",
        code="not_text",
    )


def _metadata(value: Any) -> str | None:
    """A row's metadata, None where it is blank or not text."""
    return value if isinstance(value, str) and value.strip() else None


def _published(value: Any) -> str | None:
    """The date of publication as given (dates of typed formats in ISO 8601), None if it begins with no ISO date."""
    text = value.isoformat() if isinstance(value, date) else value
    if not isinstance(text, str):
        return None
    try:
        return text if date.fromisoformat(text[:10]).isoformat() == text[:10] else None
    except ValueError:
        return None


def _document(id_: str, source: Source, raw: str) -> Document:
    """Raises InputError ``empty`` if there is nothing but white space."""
    if not raw.strip():
        what = "standard input" if source.path == STDIN else "it"
        raise InputError(f"{what} is empty.", remedy="Leave it out, or put the text there.", code="empty")
    return Document(Record(id=id_, source=source, raw=raw))
