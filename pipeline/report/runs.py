"""Reading what a run wrote, record by record, so that a run of any size fits into memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from pipeline.errors import InputError
from pipeline.record import Record, decode


def records_file(run: Path) -> Path:
    """The file of records of a run, named by its folder or by the file itself.

    Raises:
        InputError: there is none.
    """
    if run.is_file():
        return run
    file = run / "records.jsonl"
    if file.is_file():
        return file
    if (run / ".run").is_dir():
        raise InputError(f"{run}: the run is not finished.", remedy="Repeat its command with --resume.")
    raise InputError(f"{file}: not found.", remedy="Name a folder that `kyojitsu run` wrote, or a file of records.")


def read_records(run: Path) -> Iterator[Record]:
    """The records of a run, in its order.

    Raises:
        InputError: there is no file of records, or a line of it is not a record; the message names the line.
    """
    file = records_file(run)
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield decode(line.decode())
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise InputError(
                    f"{file}, line {number}: not a record: {error}", remedy="Repeat the run with this version."
                ) from error
