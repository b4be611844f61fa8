"""Hugging Face ``datasets``: Parquet shards, one configuration a task, and a card that names them.

``load_dataset(FOLDER, "rhetoric")`` works offline. The columns and types are the same whatever the data hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features

from pipeline.dataset import card
from pipeline.dataset.build import Source
from pipeline.dataset.features import CONFIGS, TABLES, Row, rows, sentence_rows
from pipeline.dataset.splits import Split
from pipeline.dataset.stats import Statistics
from pipeline.errors import InputError

SHARD: Final = 200_000  # rows of a file
_BATCH: Final = 1_000  # rows in memory
_WHOLE: Final = "train"  # the part of a dataset that is not split, as `datasets` expects it


class Shards:
    """Rows of one table and part, written as they come: ``FOLDER/PART-00000.parquet`` and so on."""

    def __init__(self, folder: Path, features: Features, part: str, shard: int = SHARD) -> None:
        """Open the first file, which is written even if no row comes."""
        self._folder, self._part, self._limit = folder, part, shard
        self._schema: pa.Schema = features.arrow_schema
        self._rows: list[Row] = []
        self._in_file = 0
        self.rows = self.bytes = 0
        self.paths: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._open()

    def add(self, row: Row) -> None:
        """Take one row."""
        self._rows.append(row)
        self.rows += 1
        if len(self._rows) == _BATCH:
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._file.close()

    def _open(self) -> None:
        self.paths.append(self._folder / f"{self._part}-{len(self.paths):05}.parquet")
        self._file = pq.ParquetWriter(self.paths[-1], self._schema, compression="zstd")
        self._in_file = 0

    def _flush(self) -> None:
        if not self._rows:
            return  # a row group of no rows is one that `datasets` cannot read
        if self._in_file >= self._limit:
            self._file.close()
            self._open()
        table = pa.Table.from_pylist(self._rows, schema=self._schema)
        self._file.write_table(table)
        self.bytes += table.nbytes
        self._in_file += len(self._rows)
        self._rows = []


class Tables:
    """Every table of a dataset, each row in the part of its document."""

    def __init__(
        self, folder: Path, tables: Mapping[str, Features], parts: Split | None = None, shard: int = SHARD
    ) -> None:
        """Open a file of each table and part."""
        names = list(parts.parts) if parts else [_WHOLE]
        self._part_of = parts.part_of() if parts else None
        self.shards = {
            table: {part: Shards(folder / table, features, part, shard) for part in names}
            for table, features in tables.items()
        }

    def add(self, table: str, row: Row) -> None:
        """Take one row. Raises InputError if its document is in no part."""
        part = self._part_of.get(row["doc"]) if self._part_of is not None else _WHOLE
        if part is None:
            raise InputError(
                f"the document {row['doc']!r} is in no part of the split.", remedy="Split these data anew."
            )
        self.shards[table][part].add(row)

    def __enter__(self) -> Tables:
        """The tables."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left and close every file."""
        for parts in self.shards.values():
            for shards in parts.values():
                shards.close()


def write(
    source: Source,
    folder: Path,
    figures: Statistics,
    *,
    name: str,
    licence: str = card.UNKNOWN_LICENCE,
    parts: Split | None = None,
    shard: int = SHARD,
) -> dict[str, int]:
    """Write a dataset; memory does not grow with the number of documents.

    Args:
        source: the data.
        folder: to write into.
        figures: for the card.
        name: of the dataset, for the card.
        licence: of the texts, for the card.
        parts: of a split; without it everything is ``train``.
        shard: rows of a Parquet file.

    Returns:
        The rows of each table.

    Raises:
        InputError: a document that is in no part, or a part without a sentence.
    """
    with Tables(folder, CONFIGS, parts, shard) as tables:
        for item in source.documents():
            for table, row in sentence_rows(item):
                tables.add(table, row)
    files: dict[str, dict[str, list[str]]] = defaultdict(dict)
    sizes: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for table, by_part in tables.shards.items():
        for part, shards in by_part.items():
            files[table][part] = [path.relative_to(folder).as_posix() for path in shards.paths]
            sizes[table][part] = shards.rows, shards.bytes
            if not shards.rows:
                raise InputError(
                    f"the part {part} has no row for {table}, and `datasets` cannot load such a part.",
                    remedy="Leave out documents without sentences, or ask for fewer parts.",
                )
    text = card.render(source, figures, name=name, licence=licence, files=files, sizes=sizes)
    card.write(folder / "README.md", text)
    return {table: sum(rows for rows, _ in parts.values()) for table, parts in sizes.items()}


def write_parquet(source: Source, folder: Path) -> dict[str, int]:
    """Write one plain Parquet file a table, ``TABLE.parquet``, and return the rows of each."""
    counts: dict[str, int] = {}
    with Tables(folder, TABLES, shard=2**62) as tables:
        for item in source.documents():
            for table, row in rows(item):
                tables.add(table, row)
    for table, by_part in tables.shards.items():
        shards = by_part[_WHOLE]
        counts[table] = shards.rows
        shards.paths[0].replace(folder / f"{table}.parquet")
        (folder / table).rmdir()
    return counts
