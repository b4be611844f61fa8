"""Translations kept on disk, so that a rerun or a repeated sentence costs nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from filelock import FileLock, Timeout

from pipeline.errors import OutputError
from pipeline.translation.engine import Output

FILE: Final = "translations.sqlite3"
# Seconds to wait for another process that writes.
TIMEOUT: Final = 60.0
# Keys a query: SQLite before 3.32 takes 999 variables.
KEYS: Final = 500


class TranslationCache:
    """A SQLite file of outputs by engine fingerprint and source. Several processes may share it.

    Attributes:
        hits: sentences found so far.
        misses: sentences asked for in vain so far.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        """Open or create the file for one engine.

        Raises:
            OutputError: it cannot be opened, or is no such file.
        """
        self.hits = self.misses = 0
        self._path = path
        self._fingerprint = fingerprint
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite does not wait for the lock when a new file is switched to WAL: one process at a time sets up.
        with self._explained(), FileLock(f"{path}.lock", timeout=TIMEOUT):
            self._connection = sqlite3.connect(path, timeout=TIMEOUT, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS translations"
                " (key BLOB PRIMARY KEY, text TEXT NOT NULL, finished INTEGER NOT NULL) WITHOUT ROWID"
            )

    def get_many(self, sources: Sequence[str]) -> dict[str, Output]:
        """The outputs that are there, by source."""
        keys = {self._key(source): source for source in sources}
        found: dict[str, Output] = {}
        with self._explained():
            wanted = list(keys)
            for first in range(0, len(wanted), KEYS):
                some = wanted[first : first + KEYS]
                marks = ",".join("?" * len(some))
                rows = self._connection.execute(
                    f"SELECT key, text, finished FROM translations WHERE key IN ({marks})",  # noqa: S608
                    some,
                )
                found |= {keys[key]: Output(text, bool(finished)) for key, text, finished in rows}
        self.hits += len(found)
        self.misses += len(keys) - len(found)
        return found

    def put_many(self, outputs: Mapping[str, Output]) -> None:
        """Keep outputs by source, all or none."""
        rows = [(self._key(source), output.text, output.finished) for source, output in outputs.items()]
        with self._explained(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO translations VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        """The cache itself; it is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _key(self, source: str) -> bytes:
        return hashlib.sha256(f"{self._fingerprint}\0{source}".encode()).digest()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, Timeout) as error:
            raise OutputError(
                f"{self._path}: the translation cache cannot be used: {error}.",
                remedy="Check that the folder is writable and the disk not full, or set translate.cache=false.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise OutputError(
                f"{self._path}: the translation cache is damaged: {error}.",
                remedy="Delete the file; only time is lost.",
            ) from error
