"""Read documents that are rows: JSON Lines, CSV, TSV, Parquet and Hugging Face datasets, one row at a time.

A fault inside a row costs that row alone and moves no other row's number. A fault after which the rows cannot be
told apart any more (an archive that ends early, a quotation mark out of place in CSV) is raised and ends the input.
Lines of JSONL and CSV that are empty are not rows; JSONL rows are numbered by their line, others by their order.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, NamedTuple, TextIO, cast

import msgspec
from backports import zstd

from pipeline.errors import InputError
from pipeline.sources.discover import unreadable
from pipeline.sources.encoding import detect, not_decodable, with_bom
from pipeline.sources.settings import ReadSettings
from pipeline.sources.types import Found

SAMPLE: Final = 1 << 20  # bytes from which a row file's encoding is found
# An archive may unfold to so many bytes and so many times its size. gzip makes at most 1,032 bytes of one; the
# project's corpus as JSON Lines shrinks to a half (gzip -9, zstd -19).
UNFOLDED: Final = 64_000_000
RATIO: Final = 200
_VOTERS: Final = 1000  # lines that are asked where a broken one spoils the sample
_SHOWN_FIELDS: Final = 20  # names that a message lists
_INLINE: Final = "# {"  # how a file begins in the inline format of gold data
_BATCH: Final = 64  # Parquet rows in memory at a time
# Stands in decoded text for bytes that could not be decoded: no strict codec ever yields this lone surrogate.
_UNDECODABLE: Final = "\udfff"
codecs.register_error("kyojitsu.mark", lambda error: (_UNDECODABLE, cast(UnicodeDecodeError, error).end))


class Row(NamedTuple):
    """One row: its number from 1, its fields, and the names of all fields there are."""

    number: int
    fields: dict[str, Any]
    names: Sequence[str]


class BadRow(NamedTuple):
    """A row that could not be read."""

    number: int
    error: InputError


@dataclass(frozen=True, slots=True)
class Table:
    """An opened row input; iterating ``rows`` raises InputError where the rest of it cannot be read."""

    encoding: str
    rows: Iterator[Row | BadRow]


def open_rows(found: Found, settings: ReadSettings) -> Table:
    """Open a row input. Raises InputError if nothing of it can be read."""
    if found.path is None:
        return Table("utf-8", _dataset_rows(found.id, settings))
    if found.format == "parquet":
        return Table("utf-8", _parquet_rows(found.path, settings))
    encoding = _encoding_of(found.path, settings.encoding)
    if found.format == "jsonl":
        return Table(encoding, _json_rows(found.path, encoding, settings.max_bytes))
    delimiter = "\t" if found.format == "tsv" else ","
    return Table(encoding, _csv_rows(found.path, encoding, delimiter, settings))


def _open(path: Path) -> BinaryIO:
    """The file's bytes, decompressed by its extension."""
    match path.suffix.lower():
        case ".gz":
            return io.BufferedReader(_Unfolded(cast(IO[bytes], gzip.open(path)), path))
        case ".zst":
            return io.BufferedReader(_Unfolded(cast(IO[bytes], zstd.open(path)), path))
        case _:
            return path.open("rb")


class _Unfolded(io.RawIOBase):
    """A decompressed file; reading it raises InputError ``archive`` once it is too large to be anything but a bomb."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._left = UNFOLDED + RATIO * path.stat().st_size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._left -= len(data)
        if self._left < 0:
            raise InputError(
                f"the archive unfolds to more than {RATIO} times its size.",
                remedy="If that is right, unpack it and give the file that comes out.",
                code="archive",
            )
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


@contextmanager
def _faults() -> Iterator[None]:
    """Turn the faults of reading a file into InputError ``archive``, ``encoding`` or ``unreadable``."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError) as error:
        raise InputError(
            f"the archive is damaged or ends early ({error}).",
            remedy="Get the file again; what came before is kept.",
            code="archive",
        ) from error
    except UnicodeError as error:  # a codec that the user named, such as utf-16 where there is no BOM
        raise not_decodable(str(error)) from error
    except OSError as error:
        raise unreadable(error) from error


def _encoding_of(path: Path, encoding: str) -> str:
    """The codec for a row file, from its first bytes. Raises InputError if it is none that is known."""
    sample = b""
    with _faults(), _open(path) as stream:
        try:
            while len(sample) < SAMPLE and (chunk := stream.read(1 << 16)):
                sample += chunk
        except (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError):
            pass  # met again, and reported, when the rows are read
    if encoding != "auto":
        return with_bom(sample, encoding)
    try:
        return detect(sample, complete=False)
    except InputError as error:
        if error.code == "encoding" and (name := _majority(sample)):
            return name
        raise


def _majority(sample: bytes) -> str | None:
    """The encoding of most lines that are not plain ASCII: a sample may be spoilt by one broken line."""
    votes: Counter[str | None] = Counter()
    for line in sample.split(b"\n")[:_VOTERS]:
        if not line.isascii() or b"\x1b" in line:
            try:
                votes[detect(line)] += 1
            except InputError:
                votes[None] += 1
    return next((name for name, count in votes.items() if 2 * count > votes.total()), None)


@contextmanager
def _text(path: Path, encoding: str, newline: str) -> Iterator[TextIO]:
    with _faults(), _open(path) as stream:
        yield io.TextIOWrapper(stream, encoding, errors="kyojitsu.mark", newline=newline)


def _undecodable(encoding: str) -> InputError:
    return not_decodable(f"it holds bytes that are not {encoding}")


def too_large(what: str, max_bytes: int) -> InputError:
    """The error for a document beyond ``max_bytes``."""
    return InputError(
        f"{what} is larger than {max_bytes} bytes.",
        remedy="Split it, or raise the limit with --set read.max_bytes=BYTES.",
        code="too_large",
    )


def _json_rows(path: Path, encoding: str, max_bytes: int) -> Iterator[Row | BadRow]:
    number = 0
    with _text(path, encoding, "\n") as stream:
        while line := stream.readline(max_bytes + 1):
            number += 1
            if len(line) > max_bytes and not line.endswith("\n"):
                while line and not line.endswith("\n"):
                    line = stream.readline(max_bytes)
                yield BadRow(number, too_large("the line", max_bytes))
            elif line.strip():
                yield _json_row(number, line, encoding)


def _json_row(number: int, line: str, encoding: str) -> Row | BadRow:
    if _UNDECODABLE in line:
        return BadRow(number, _undecodable(encoding))
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return BadRow(number, _not_json(f"this line is not JSON ({error})."))
    if not isinstance(fields, dict):
        return BadRow(number, _not_json(f"this line is a JSON {type(fields).__name__}, not an object."))
    return Row(number, fields, list(fields))


def _not_json(cause: str) -> InputError:
    return InputError(cause, remedy='Write one object a line, as {"text": "…"}.', code="json")


def _csv_rows(path: Path, encoding: str, delimiter: str, settings: ReadSettings) -> Iterator[Row | BadRow]:
    # The limit is one for the whole process, so it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), settings.max_bytes))
    with _text(path, encoding, "") as stream:
        reader = csv.reader(_bounded_lines(stream, settings.max_bytes), delimiter=delimiter, strict=True)
        filled = (cells for cells in reader if cells)
        try:
            names = [name.replace(_UNDECODABLE, "\ufffd") for name in next(filled, [])]
            if names.count(settings.text_field) > 1:
                raise _not_csv(f"the header names {settings.text_field!r} more than once.")
            if names and settings.text_field not in names:  # no row can be a document
                raise _inline_gold() if names[0].startswith(_INLINE) else missing_field(settings.text_field, names)
            for number, cells in enumerate(filled, 1):
                yield _csv_row(number, names, cells, encoding)
        except csv.Error as error:
            raise _not_csv(f"the rows cannot be told apart from here on ({error}).") from error


def _bounded_lines(stream: TextIO, limit: int) -> Iterator[str]:
    while line := stream.readline(limit + 1):
        if len(line) > limit and not line.endswith(("\n", "\r")):
            raise too_large("a line", limit)
        yield line


def _csv_row(number: int, names: list[str], cells: list[str], encoding: str) -> Row | BadRow:
    if any(_UNDECODABLE in cell for cell in cells):
        return BadRow(number, _undecodable(encoding))
    if len(cells) != len(names):
        return BadRow(number, _not_csv(f"{len(cells)} cells under a header of {len(names)}."))
    return Row(number, dict(zip(names, cells, strict=True)), names)


def missing_field(field: str, names: Sequence[str]) -> InputError:
    """The error for rows that have fields of these names, but not the one that holds the text."""
    shown = ", ".join(names[:_SHOWN_FIELDS]) + (", …" if len(names) > _SHOWN_FIELDS else "")
    return InputError(
        f"there is no field {field!r}; the fields are: {shown or 'none'}.",
        remedy="Name the field that holds the text with --set read.text_field=NAME.",
        code="missing_field",
    )


def _inline_gold() -> InputError:
    return InputError(
        "this is annotated data in the inline format, not a table of documents.",
        remedy="Leave it out; `kyojitsu dataset` and `kyojitsu evaluate` read it.",
        code="gold",
    )


def _not_csv(cause: str) -> InputError:
    remedy = "Quote cells that hold a delimiter, line break or quotation mark, and double the quotation marks inside."
    return InputError(cause, remedy=remedy, code="csv")


def _parquet_rows(path: Path, settings: ReadSettings) -> Iterator[Row | BadRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = {
        settings.text_field, settings.id_field, settings.title_field,
        settings.url_field, settings.published_field, settings.publisher_field,
    }  # fmt: skip
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if settings.text_field not in names:
                raise missing_field(settings.text_field, names)
            for batch in file.iter_batches(_BATCH, columns=[name for name in names if name in wanted]):
                for index in range(batch.num_rows):
                    number += 1
                    yield _parquet_row(number, batch, index, names)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(error) from error
        cause = f"it is damaged or not Parquet ({error})."
        raise InputError(cause, remedy="Write the file again.", code="parquet") from error


def _parquet_row(number: int, batch: Any, index: int, names: list[str]) -> Row | BadRow:
    try:
        fields = {name: column[index].as_py() for name, column in zip(batch.schema.names, batch.columns, strict=True)}
    except UnicodeDecodeError:
        return BadRow(number, _undecodable("utf-8"))
    return Row(number, fields, names)


def _dataset_rows(name: str, settings: ReadSettings) -> Iterator[Row | BadRow]:
    repository, _, configuration = name.partition(":")
    try:
        from datasets import load_dataset

        data = load_dataset(
            repository,
            configuration or None,
            split=settings.dataset_split,
            revision=settings.dataset_revision,
            streaming=True,
        )
        for number, fields in enumerate(data, 1):
            yield Row(number, dict(fields), list(fields))
    except Exception as error:  # the library raises whatever its network, format and hub layers raise
        raise InputError(
            f"no such file or folder, and the Hugging Face dataset {name} (split {settings.dataset_split}, revision "
            f"{settings.dataset_revision or 'latest'}) could not be loaded ({type(error).__name__}: {error}).",
            remedy="Check the path; for a dataset check its name, read.dataset_split and the network connection.",
            code="dataset",
        ) from error
