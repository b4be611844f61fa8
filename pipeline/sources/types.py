"""What discovery and the readers hand on: inputs to open, and documents that could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import KyojitsuError

Format = Literal["txt", "md", "html", "jsonl", "csv", "tsv", "parquet", "dataset"]


@dataclass(frozen=True, slots=True)
class Found:
    """One input to open.

    ``id`` names the document, or is the prefix for rows that have no id of their own. ``name`` is what the record
    calls the source (UTF-8 even where the file name is not). ``path`` is None for standard input and datasets.
    """

    id: str
    name: str
    format: Format
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """One document that could not be read, or one input with all the documents it might have held.

    ``code`` is stable and machine-readable; ``message`` gives the place, the cause and the remedy.
    """

    id: str
    stage: str
    code: str
    message: str

    @classmethod
    def because(cls, id_: str, place: str, error: KyojitsuError) -> Rejected:
        """Reject the document ``id_`` found at ``place`` (a path, and a row)."""
        return cls(id_, "read", error.code, f"{place}: {error}")
