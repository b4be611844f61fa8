"""What a run leaves behind: the five files, made in ``DIR/.run`` and moved into place together.

Where the output is a URL, they are made in a folder of the cache, which a journal needs to be appended to, and sent.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import msgspec
from filelock import FileLock, Timeout
from msgspec import UNSET

from pipeline.errors import OutputError
from pipeline.models.store import cache_root
from pipeline.record import Record, decode
from pipeline.sources.remote import RemoteFolder, is_url, local_or_url

MANIFEST: Final = "manifest.json"
OUTPUTS: Final = ("records.jsonl", "rhetoric.jsonl", "claims.jsonl", "errors.jsonl", MANIFEST)
FINISHED: Final = "finished"  # present once every file is complete and only has to be moved
SCHEMA: Final = "kyojitsu-run/1"
_PACKAGES: Final = (
    "kyojitsu", "spacy", "ginza", "ja_ginza", "SudachiPy", "SudachiDict-core", "ctranslate2", "tokenizers",
)  # fmt: skip


class Failure(msgspec.Struct, frozen=True):
    """A line of ``errors.jsonl``: a document that could not be processed."""

    id: str
    stage: str
    error: str
    message: str


class _Totals(msgspec.Struct):
    """The part of a manifest that tells what was done; the rest, which grows with the batch, is passed over."""

    signature: str
    counts: dict[str, int]


@dataclass(slots=True)
class RunResult:
    """What a run did. ``read == written + rejected`` always holds once it is complete; ``output`` is a URL if str."""

    output: Path | str
    signature: str = ""
    read: int = 0
    written: int = 0
    rejected: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    wall_seconds: float = 0.0
    resumed: int = 0
    retried: int = 0  # documents that cost more than one worker
    failures: list[str] = field(default_factory=list)  # the first few, to be shown at once

    @property
    def exit_status(self) -> int:
        """0 if every document was processed, 1 if some are in ``errors.jsonl``."""
        return 1 if self.rejected else 0

    def count(self, record: Record) -> None:
        """Count a record that is written."""
        self.written += 1
        for sentence in record.sentences or []:
            self.counts["sentences"] += 1
            self.counts["analysed"] += sentence.tokens is not UNSET
            if sentence.content is not UNSET:
                self.counts[str(sentence.content)] += 1
            self.counts["rhetoric"] += len(sentence.rhetoric or [])
            self.counts["claims"] += len(sentence.claims or [])
            if sentence.translation:
                self.counts[f"translation_{sentence.translation.status}"] += 1


def destination(output: Path | str) -> Path | str:
    """Where to write: a local folder as a path, another as its URL."""
    name = local_or_url(str(output))
    return name if is_url(name) else Path(name)


@contextmanager
def work_folder(output: Path | str) -> Iterator[Path]:
    """The folder to work in, made, found writable, and ours alone for the while.

    Raises:
        OutputError: it or the output cannot be written, another run is writing it, or writing failed later.
    """
    if isinstance(output, str):
        work = cache_root() / "runs" / hashlib.sha256(RemoteFolder(output).url.encode()).hexdigest()[:16]
    else:
        work = output / ".run"
    try:
        work.mkdir(parents=True, exist_ok=True)
        probe = work / "probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"{output}: the output folder cannot be written: {error.strerror}.",
            remedy="Give another with -o, or make it writable.",
        ) from error
    try:
        with FileLock(work / "lock", timeout=0):
            yield work
    except Timeout as error:
        raise OutputError(
            f"{output}: another run is writing this folder.", remedy="Wait for it or take another."
        ) from error
    except OSError as error:
        raise OutputError(
            f"{output}: writing failed: {error}.",
            remedy="Make room or mend the folder, then repeat the command (a run with --resume).",
        ) from error


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file that was being appended to; a torn last one is cut off."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        end = 0
        for line in file:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            yield line
        file.truncate(end)


def complete(work: Path, result: RunResult, details: Mapping[str, Any]) -> None:
    """Derive what follows from ``records.jsonl`` and write the manifest, with ``details`` of how it was made.

    Raises:
        OutputError: documents got lost.
    """
    if result.read != result.written + result.rejected:
        raise OutputError(
            f"{result.output}: {result.read} documents were read but {result.written} written and {result.rejected} "
            "rejected.", remedy="Please report this; the unfinished run is kept."
        )  # fmt: skip
    inputs = []  # encoded at once: a hundred thousand dictionaries would take some sixty megabytes
    with (work / "rhetoric.jsonl").open("wb") as rhetoric, (work / "claims.jsonl").open("wb") as claims:
        for line in whole_lines(work / "records.jsonl"):
            record = decode(line)
            inputs.append(
                msgspec.json.encode({"id": record.id, "path": record.source.path, "sha256": record.source.sha256})
            )
            rhetoric.writelines(msgspec.json.encode(row) + b"\n" for row in rhetoric_rows(record))
            claims.writelines(msgspec.json.encode(row) + b"\n" for row in claim_rows(record))
    manifest = {
        "schema": SCHEMA,
        "signature": result.signature,
        **details,
        "inputs": msgspec.Raw(b"[" + b",".join(inputs) + b"]"),
        "outputs": {name: sha256(work / name) for name in OUTPUTS if name != MANIFEST},
        "counts": {"read": result.read, "written": result.written, "rejected": result.rejected}
        | dict(sorted(result.counts.items())),
        "seconds": {"wall": round(result.wall_seconds, 3)} | {k: round(v, 3) for k, v in result.seconds.items()},
        "resumed_documents": result.resumed,
        "retried_documents": result.retried,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (work / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    for name in OUTPUTS:  # so that no name is ever seen without its content, even if the system goes down
        with (work / name).open("r+b") as file:
            os.fsync(file)
    (work / FINISHED).touch()


def move(work: Path, result: RunResult) -> RunResult:
    """Move the finished files into place, the manifest last, and read the result back from it."""
    if isinstance(result.output, str):
        RemoteFolder(result.output).send([work / name for name in OUTPUTS])
        manifest = (work / MANIFEST).read_bytes()
        (work / FINISHED).unlink()  # what is left of the folder after this is not taken for files to send
    else:
        if (work / MANIFEST).exists():
            (result.output / MANIFEST).unlink(missing_ok=True)
        for name in OUTPUTS:
            if (work / name).exists():
                (work / name).replace(result.output / name)
        manifest = (result.output / MANIFEST).read_bytes()
    totals = msgspec.json.decode(manifest, type=_Totals)
    counts = Counter(totals.counts)
    result.read, result.written, result.rejected = counts["read"], counts["written"], counts["rejected"]
    result.counts, result.signature = counts, totals.signature
    shutil.rmtree(work, ignore_errors=True)
    return result


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rhetoric_rows(record: Record) -> Iterator[dict[str, Any]]:
    """The lines of ``rhetoric.jsonl`` for a record: one a rhetoric span."""
    for sentence in record.sentences or []:
        for span in sentence.rhetoric or []:
            yield {
                "doc": record.id, "sentence": sentence.id, "start": span.start, "end": span.end,
                "raw_start": span.raw_start, "raw_end": span.raw_end, "technique": span.technique,
                "level": sentence.hype.level if sentence.hype else None, "quoted": span.quoted, "score": span.score,
                "text": span.text, "en": span.en, "sentence_text": sentence.text, "sentence_en": _english(sentence),
            }  # fmt: skip


def claim_rows(record: Record) -> Iterator[dict[str, Any]]:
    """The lines of ``claims.jsonl`` for a record: one a claim, with the facts that lie inside it."""
    repeated = {b.id for b in record.blocks or [] if b.duplicate_of}
    for sentence in record.sentences or []:
        for claim in sentence.claims or []:

            def inside(spans: Any, claim: Any = claim) -> list[Any]:
                return [s for s in spans or [] if claim.start <= s.start and s.end <= claim.end]

            yield {
                "doc": record.id, "sentence": sentence.id, "start": claim.start, "end": claim.end,
                "raw_start": claim.raw_start, "raw_end": claim.raw_end, "text": claim.text, "score": claim.score,
                "quantities": inside(sentence.quantities), "times": inside(sentence.times),
                "entities": inside(sentence.entities),
                "attribution": next((q.speaker for q in sentence.quotes or [] if q.speaker), None),
                "duplicate": sentence.block in repeated, "en": claim.en, "sentence_text": sentence.text, "sentence_en": _english(sentence),
            }  # fmt: skip


def _english(sentence: Any) -> str | None:
    return sentence.translation.text or None if sentence.translation else None


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that do the work, where they are installed."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions
