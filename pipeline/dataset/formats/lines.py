"""Reading the JSON that annotation tools write, with messages that name file, line and field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pipeline.errors import InputError

T = TypeVar("T")


def read_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSONL file, each with where it stands (FILE:LINE).

    Raises:
        InputError: a line that is not a JSON object.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield f"{path}:{number}", msgspec.json.decode(line, type=dict[str, Any])
            except (msgspec.DecodeError, RecursionError) as error:
                raise InputError(
                    f"{path}:{number} is not a JSON object: {error}.", remedy="Export the file again as JSONL."
                ) from error


def field(values: Any, name: str, kind: type[T], where: str) -> T:
    """A field of an object that must be there and of its type; whole numbers may be written as 3.0.

    Raises:
        InputError: it is missing or of another type.
    """
    try:
        return msgspec.convert(values[name], kind)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        cause = f"is {values[name]!r}" if isinstance(values, dict) and name in values else "is missing"
        raise InputError(
            f"{where}: the field {name!r} {cause}.",
            remedy="Keep the fields as they were exported (doc, start, end), and export with them.",
        ) from error
