"""CSV and TSV: one file a table, UTF-8 with a byte order mark, so that spreadsheets read it as what it is.

A spreadsheet runs a cell that begins with a formula's sign. So a text that begins with ``= + - @``, their full-width
forms, a tab, CR, LF or ``'`` is written with one ``'`` before it (OWASP, "CSV Injection"), and so is the empty text,
since an empty cell means "no value". Reading takes exactly one ``'`` away. Lists are JSON.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from datasets import List, Value

from pipeline.dataset.answers import CLAIM, Answer, Mark, codes_of, span_label
from pipeline.dataset.build import AUTHOR, Source
from pipeline.dataset.features import TABLES, Row, rows
from pipeline.dataset.gold import Sentence, Stance
from pipeline.errors import InputError

DELIMITERS: Final = {"csv": ",", "tsv": "\t"}
_TRUTH: Final = {"true": True, "false": False}
_GUARD: Final = "'"
_RISKY: Final = tuple("=+-@＝＋－＠\t\r\n'")
_LARGEST: Final = 2**31 - 1  # characters of a cell; the csv module stops at 131,072 by default


def write(source: Source, folder: Path, kind: str = "csv") -> dict[str, int]:
    """Write ``TABLE.csv`` (or ``.tsv``) for each table and return the rows of each."""
    counts = dict.fromkeys(TABLES, 0)
    with ExitStack() as stack:
        writers = {}
        for table, features in TABLES.items():
            file = (folder / f"{table}.{kind}").open("w", encoding="utf-8-sig", newline="")
            stack.enter_context(file)
            writers[table] = csv.writer(file, delimiter=DELIMITERS[kind])
            writers[table].writerow(features)
        for item in source.documents():
            for table, row in rows(item):
                writers[table].writerow([_cell(value) for value in row.values()])
                counts[table] += 1
    return counts


def read_table(path: Path, table: str) -> Iterator[tuple[int, Row]]:
    """The rows of one table with the number of the line each ends on.

    Raises:
        InputError: another header, or a cell that is not of its column's type; file, line and column are named.
    """
    csv.field_size_limit(_LARGEST)
    features = TABLES[table]
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=DELIMITERS[path.suffix.removeprefix(".")], strict=True)
        missing = set(features) - set(reader.fieldnames or [])
        if missing:
            raise InputError(
                f"{path}: the columns {', '.join(sorted(missing))} are missing.",
                remedy="Keep the header as it was exported, and the separator.",
            )
        for cells in reader:
            row = {}
            for column, kind in features.items():
                try:
                    row[column] = _value(cells[column], kind)
                except (ValueError, KeyError, RecursionError) as error:
                    raise InputError(
                        f"{path}:{reader.line_num}, column {column}: {cells[column]!r} is not of its type ({error}).",
                        remedy="Put the cell back as it was exported, or correct it.",
                    ) from error
            yield reader.line_num, row


def read(path: Path) -> Iterator[Answer]:
    """The sentences of an exported folder with their spans and stances, as they are now.

    Raises:
        InputError: a table is missing or malformed.
    """
    kind = next((k for k in DELIMITERS if (path / f"sentences.{k}").is_file()), None)
    if kind is None:
        raise InputError(f"{path} has no sentences.csv or sentences.tsv.", remedy="Give the folder of an export.")
    spans = {table: _by_sentence(path / f"{table}.{kind}", table) for table in ("rhetoric", "claims", "stance")}
    for line, row in read_table(path / f"sentences.{kind}", "sentences"):
        where = f"{path / f'sentences.{kind}'}:{line}"
        key = row["doc"], row["sentence"]
        marks = [_mark(r, span_label(r["technique"], bool(r["quoted"])), row) for r in spans["rhetoric"].get(key, [])]
        marks += [_mark(r, CLAIM, row) for r in spans["claims"].get(key, [])]
        stances = [
            Stance(target=s["target"], label=s["label"], surface=s["surface"] or "", holder=s["holder"] or AUTHOR)
            for s in spans["stance"].get(key, [])
        ]
        yield Answer(
            where=where,
            annotator=path.name,
            doc=row["doc"],
            start=row["raw_start"],
            end=row["raw_end"],
            text=None,
            marks=marks,
            codes=codes_of(_flags(row)),
            stances=stances,
        )


def escape(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return _GUARD + text if not text or text.startswith(_RISKY) else text


def unescape(cell: str) -> str | None:
    """The text of a cell; None for an empty one."""
    return cell.removeprefix(_GUARD) if cell else None


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return value


def _value(cell: str | None, kind: Any) -> Any:
    if cell is None:  # what csv.DictReader gives where a line is too short
        raise ValueError("the line ends before it")
    if isinstance(kind, List):
        return json.loads(cell) if cell else []
    text = unescape(cell)
    if text is None or kind == Value("string"):
        return text
    if kind == Value("bool"):
        return _TRUTH[text.lower()]  # Python writes True, a spreadsheet TRUE
    return int(text) if kind == Value("int32") else float(text)


def _by_sentence(path: Path, table: str) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for _, row in read_table(path, table):
        found.setdefault((row["doc"], row["sentence"]), []).append(row)
    return found


def _mark(span: Row, label: str, sentence: Row) -> Mark:
    return Mark(span["raw_start"] - sentence["raw_start"], span["raw_end"] - sentence["raw_start"], label, None)


def _flags(row: Row) -> Sentence:
    return Sentence(
        doc="",
        start=0,
        end=0,
        text="",
        boilerplate=bool(row["boilerplate"]),
        forecast=bool(row["forecast"]),
        hype=row["hype"] or 0,
        direction=row["direction"] or "none",
    )
