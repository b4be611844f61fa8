"""Shards: one command a machine for a share of the documents each, and their folders put together afterwards.

Shard ``i`` of ``n`` takes the documents ``i-1, i-1+n, i-1+2n, ...`` of the input, counted from 0 in input order with
those that cannot be read. Every shard reads the whole input, so all see the same documents and the same ids taken
twice; its manifest keeps a hash of what it read, and the places of its documents that failed.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pipeline.errors import ConfigError, InputError, OutputError
from pipeline.outputs import FINISHED, MANIFEST, OUTPUTS, SCHEMA, RunResult, complete, destination, move, work_folder
from pipeline.record import decode


@dataclass(frozen=True, order=True)
class Shard:
    """A share: number ``index`` (from 1) of ``count``."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``i/n``. Raises ConfigError if it is not a share."""
        match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise ConfigError(f"--shard {text}: expected i/n with i from 1 to n.", remedy="For example: --shard 1/4")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        """As it is given on the command line."""
        return f"{self.index}/{self.count}"

    def holds(self, place: int) -> bool:
        """Whether the document at this place of the input is in the share."""
        return place % self.count == self.index - 1


class Part(msgspec.Struct, frozen=True):
    """What a manifest keeps of the input: how it was named, and where and what this run's share of it was.

    Attributes:
        shard: ``i/n``.
        arguments: the inputs as they were named.
        limit: documents of the input that were looked at, None for all.
        sha256: of the ids and contents of all documents of the input, those of other shards too.
        failed: the places, from 0, of this shard's documents that could not be processed.
    """

    shard: str
    arguments: list[str]
    limit: int | None
    sha256: str
    failed: list[int]


class _Manifest(msgspec.Struct):
    """The part of a shard's manifest that merging reads."""

    schema: str
    signature: str
    counts: dict[str, int]
    seconds: dict[str, float]
    outputs: dict[str, str]
    config: dict[str, Any]
    models: dict[str, str]
    versions: dict[str, str]
    part: Part
    resumed_documents: int
    retried_documents: int


class _Folder(NamedTuple):
    path: Path
    manifest: _Manifest
    shard: Shard


def merge(folders: Sequence[Path | str], output: Path | str) -> RunResult:
    """Put the folders of all shards of a run together, in input order: the files that one run would have written.

    Args:
        folders: one finished folder a shard, in any order.
        output: the folder to write, or its URL.

    Raises:
        InputError: the folders are not the shards of one run, or a file differs from what its manifest says.
        OutputError: the output folder cannot be written.
    """
    began = time.perf_counter()
    shards = _checked([_open(Path(folder)) for folder in folders])
    result = RunResult(destination(output), signature=shards[0].manifest.signature)
    if isinstance(result.output, Path) and result.output.resolve() in [shard.path.resolve() for shard in shards]:
        raise ConfigError(f"{output} is one of the shards.", remedy="Take another folder with -o.")
    with work_folder(result.output) as work:
        for name in (FINISHED, *OUTPUTS):
            (work / name).unlink(missing_ok=True)
        _interleave(shards, work, result)
        _add_up(shards, result)
        result.wall_seconds = time.perf_counter() - began
        first = shards[0].manifest
        complete(
            work, result,
            {"config": first.config, "models": first.models, "versions": first.versions,
             "partial": first.part.limit is not None,
             "part": msgspec.structs.replace(first.part, shard="1/1", failed=_failed(shards))},
        )  # fmt: skip
        return move(work, result)


def _open(folder: Path) -> _Folder:
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=_Manifest)
        shard = Shard.parse(manifest.part.shard)
    except OSError as error:
        raise _unfit(folder, f"its manifest cannot be read ({error.strerror}); the run may not be finished") from error
    except (msgspec.DecodeError, ConfigError) as error:
        raise _unfit(folder, f"its manifest is not one of this version ({error})") from error
    if manifest.schema != SCHEMA:
        raise _unfit(folder, f"its manifest is of {manifest.schema}, not of {SCHEMA}")
    return _Folder(folder, manifest, shard)


def _unfit(folder: Path, cause: str) -> InputError:
    return InputError(f"{folder}: {cause}.", remedy="Run this shard again.", code="shard")


def _checked(folders: Sequence[_Folder]) -> list[_Folder]:
    """The shards in order. Raises InputError if they are not all the shards of one run."""
    if not folders:
        raise ConfigError("no folder given.", remedy="Name the folders of all shards.")
    shards = sorted(folders, key=lambda folder: folder.shard)
    first = shards[0]
    for other in shards[1:]:
        for what, one, two in (
            ("signature", first.manifest.signature, other.manifest.signature),
            ("inputs", first.manifest.part.arguments, other.manifest.part.arguments),
            ("limit", first.manifest.part.limit, other.manifest.part.limit),
            ("number of shards", first.shard.count, other.shard.count),
            ("content of the input (sha256)", first.manifest.part.sha256, other.manifest.part.sha256),
        ):
            if one != two:
                raise _unfit(other.path, f"its {what} is {two!r}, but that of {first.path} is {one!r}")
    found = [folder.shard.index for folder in shards]
    wanted = list(range(1, first.shard.count + 1))
    if found != wanted:
        raise InputError(
            f"of {first.shard.count} shards these were given: {', '.join(map(str, found))}.",
            remedy="Name each shard's folder once.",
            code="shard",
        )
    total = sum(folder.manifest.counts["read"] for folder in shards)
    for folder in shards:
        share = len(range(folder.shard.index - 1, total, folder.shard.count))
        if folder.manifest.counts["read"] != share:
            raise _unfit(folder.path, f"it read {folder.manifest.counts['read']} of {total} documents, not {share}")
    return shards


def _failed(shards: Sequence[_Folder]) -> list[int]:
    return sorted(place for folder in shards for place in folder.manifest.part.failed)


def _interleave(shards: Sequence[_Folder], work: Path, result: RunResult) -> None:
    """Write records and errors in input order."""
    total = sum(folder.manifest.counts["read"] for folder in shards)
    failed = frozenset(_failed(shards))
    records = [_lines(folder, "records.jsonl") for folder in shards]
    errors = [_lines(folder, "errors.jsonl") for folder in shards]
    with (work / "records.jsonl").open("wb") as to_records, (work / "errors.jsonl").open("wb") as to_errors:
        for place in range(total):
            number = place % len(shards)
            line = next((errors if place in failed else records)[number], b"")
            if not line:
                raise _unfit(shards[number].path, "it holds fewer documents than its manifest says")
            result.read += 1
            if place in failed:
                to_errors.write(line)
                result.rejected += 1
            else:
                to_records.write(line)
                result.count(decode(line))
    for folder, *left in zip(shards, records, errors, strict=True):
        if any(list(islice(lines, 1)) for lines in left):
            raise _unfit(folder.path, "it holds more documents than its manifest says")


def _lines(folder: _Folder, name: str) -> Iterator[bytes]:
    """The lines of a shard's file. Raises InputError at the end if its hash is not the manifest's."""
    content = hashlib.sha256()
    try:
        with (folder.path / name).open("rb") as file:
            for line in file:
                content.update(line)
                yield line
    except OSError as error:
        raise _unfit(folder.path, f"{name} cannot be read ({error.strerror})") from error
    if content.hexdigest() != folder.manifest.outputs.get(name):
        raise _unfit(folder.path, f"{name} is not the file that its manifest was written for (sha256)")


def _add_up(shards: Sequence[_Folder], result: RunResult) -> None:
    """Time and trouble of all shards; the counts must be theirs too."""
    for folder in shards:
        for stage, seconds in folder.manifest.seconds.items():
            if stage != "wall":
                result.seconds[stage] += seconds
        result.resumed += folder.manifest.resumed_documents
        result.retried += folder.manifest.retried_documents
    for name, number in {"written": result.written, "rejected": result.rejected, **result.counts}.items():
        counted = sum(folder.manifest.counts.get(name, 0) for folder in shards)
        if counted != number:
            raise OutputError(
                f"the shards count {counted} {name}, their files hold {number}.", remedy="Run them again."
            )
