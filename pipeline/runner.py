"""A run: inputs in, ``records.jsonl`` and its companions out, whole or not at all, resumable at any moment.

While a run goes on, everything is in ``DIR/.run``: records and errors in input order, one line appended a
document, and ``journal.json`` with what they were made from. At the end the files move to ``DIR``, the manifest
last. A killed run leaves ``.run`` behind; ``resume`` drops its torn last line, if any, and goes on after the rest.
"""

from __future__ import annotations

import contextlib
import platform
import shutil
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout
from msgspec import UNSET

from pipeline import engines
from pipeline.config import Config
from pipeline.engines import Outcome
from pipeline.errors import ConfigError, OutputError
from pipeline.record import Document, Record, decode
from pipeline.sources import Rejected, read_inputs

SHOWN_FAILURES = 3
JOURNAL = "journal.json"
FINISHED = "finished"  # present once every file is complete and only has to be moved
OUTPUTS = ("records.jsonl", "rhetoric.jsonl", "claims.jsonl", "errors.jsonl", "manifest.json")
_PACKAGES = ("kyojitsu", "spacy", "ginza", "ja_ginza", "SudachiPy", "SudachiDict-core", "ctranslate2", "tokenizers")


class Failure(msgspec.Struct, frozen=True):
    """A line of ``errors.jsonl``: a document that could not be processed."""

    id: str
    stage: str
    error: str
    message: str


class Journal(msgspec.Struct):
    """What an unfinished run was made from; a resumed run must agree."""

    signature: str
    inputs: list[str]
    limit: int | None


@dataclass(slots=True)
class RunResult:
    """What a run did. ``read == written + rejected`` always holds once it is complete."""

    output: Path
    signature: str = ""
    read: int = 0
    written: int = 0
    rejected: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    wall_seconds: float = 0.0
    resumed: int = 0
    failures: list[str] = field(default_factory=list)  # the first few, to be shown at once

    @property
    def exit_status(self) -> int:
        """0 if every document was processed, 1 if some are in ``errors.jsonl``."""
        return 1 if self.rejected else 0


class Progress:
    """What a run tells while it goes on; the default says nothing."""

    def advance(self, result: RunResult) -> None:
        """Called after each document."""

    def message(self, text: str) -> None:
        """Called with what the user should know."""


def run(
    inputs: Sequence[str],
    output: Path | str,
    config: Config,
    *,
    resume: bool = False,
    limit: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Annotate inputs and write the five output files.

    Args:
        inputs: files, folders, globs, ``-`` or Hugging Face dataset names.
        output: folder to write; made if it is not there.
        config: the resolved configuration.
        resume: go on with an unfinished run in ``output``.
        limit: stop after this many documents.
        progress: told of each document.

    Raises:
        ConfigError: the unfinished run in ``output`` was made from something else.
        ModelError: a model is missing.
        OutputError: the folder cannot be written, or another run is writing it.
    """
    progress = progress or Progress()
    began = time.perf_counter()
    _refuse_own_output(inputs, Path(output))
    result = RunResult(Path(output))
    work = _prepare(Path(output))
    lock = FileLock(work / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise OutputError(
            f"{output}: another run is writing this folder.", remedy="Wait for it or take another."
        ) from error
    try:
        if resume and (work / FINISHED).exists():
            progress.message("The run was finished but for moving its files.")
            return _moved(work, result)
        with engines.start(config) as engine:
            result.signature = engine.signature
            journal = Journal(engine.signature, list(inputs), limit)
            done = _resume(work, journal, result, progress) if resume else _fresh(work, journal, progress)
            documents = islice(read_inputs(inputs, config.read, exclude=Path(output)), limit)
            _process(engine, _remaining(documents, done, result), work, result, progress)
            result.wall_seconds = time.perf_counter() - began
            _finish(work, result, config, engine, partial=limit is not None)
        return _moved(work, result)
    except OSError as error:
        raise OutputError(
            f"{output}: writing failed: {error}.", remedy="Make room or mend the folder, then repeat with --resume."
        ) from error
    finally:
        lock.release()


def _refuse_own_output(inputs: Sequence[str], output: Path) -> None:
    """Raise ConfigError if an input lies in the output folder: a run would read what it writes."""
    target = output.resolve()
    for name in inputs:
        base = Path(name.split("*")[0].split("?")[0] or ".")
        where = base.resolve()
        if name != "-" and (where == target or target in where.parents):
            raise ConfigError(
                f"the input {name!r} lies in the output folder {output}.", remedy="Take another folder with -o."
            )


def _prepare(output: Path) -> Path:
    """The work folder, made and found writable."""
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
    return work


@dataclass(slots=True)
class Done:
    """What an unfinished run has written, in input order: records as (id, sha256), and failures."""

    records: deque[tuple[str, str]] = field(default_factory=deque)
    errors: deque[Failure] = field(default_factory=deque)

    def holds(self, document: Document | Rejected) -> bool:
        """Whether the next document of the input is already written; takes it out if so.

        Raises:
            ConfigError: something is written, but not for this document.
        """
        if not self.records and not self.errors:
            return False
        if isinstance(document, Document):
            key = (document.record.id, document.record.source.sha256)
            if self.records and self.records[0] == key:
                self.records.popleft()
                return True
        name = document.id if isinstance(document, Rejected) else document.record.id
        # What could not be read then and can be now has changed, and the other way round.
        failed = self.errors[0] if self.errors else None
        if failed and failed.id == name and (failed.stage == "read") is isinstance(document, Rejected):
            self.errors.popleft()
            return True
        raise ConfigError(
            f"{name}: the input changed since the unfinished run read it.", remedy="Start afresh without --resume."
        )


def _fresh(work: Path, journal: Journal, progress: Progress) -> Done:
    """Start from nothing."""
    if (work / JOURNAL).exists():
        progress.message("An unfinished run in this folder is discarded (--resume would have gone on with it).")
    # The journal goes first and comes back last, whole: without it there is nothing to resume.
    for name in (JOURNAL, FINISHED, *OUTPUTS):
        (work / name).unlink(missing_ok=True)
    written = work / f"{JOURNAL}.new"
    written.write_bytes(msgspec.json.encode(journal))
    written.replace(work / JOURNAL)
    return Done()


def _resume(work: Path, journal: Journal, result: RunResult, progress: Progress) -> Done:
    """What is already done.

    Raises:
        ConfigError: configuration, inputs or limit differ from those of the unfinished run.
    """
    path = work / JOURNAL
    if not path.exists():
        progress.message("No unfinished run in this folder: starting from the first document.")
        return _fresh(work, journal, progress)
    try:
        before = msgspec.json.decode(path.read_bytes(), type=Journal)
    except msgspec.DecodeError as error:
        raise OutputError(f"{path}: the journal is damaged.", remedy="Start afresh without --resume.") from error
    for name, old, new in (
        ("configuration or versions", before.signature, journal.signature),
        ("inputs", before.inputs, journal.inputs),
        ("limit", before.limit, journal.limit),
    ):
        if old != new:
            raise ConfigError(
                f"the unfinished run was made with other {name}: {old!r}, now {new!r}.",
                remedy="Repeat its command, or start afresh without --resume.",
            )
    done = Done()
    for line in _whole_lines(work / "records.jsonl"):
        record = decode(line)
        done.records.append((record.id, record.source.sha256))
        _count(record, result)
    for line in _whole_lines(work / "errors.jsonl"):
        done.errors.append(msgspec.json.decode(line, type=Failure))
        result.rejected += 1
    result.resumed = len(done.records) + len(done.errors)
    return done


def _whole_lines(path: Path) -> Iterator[bytes]:
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


def _process(
    engine: engines.Engine,
    documents: Iterator[Document | Outcome],
    work: Path,
    result: RunResult,
    progress: Progress,
) -> None:
    """Write one line a document, in input order."""
    with (work / "records.jsonl").open("ab") as records, (work / "errors.jsonl").open("ab") as errors:
        for outcome in engine.process(documents):
            if isinstance(outcome.record, bytes):
                records.write(outcome.record + b"\n")
                records.flush()
                _count(decode(outcome.record), result)
            else:
                failure = Failure(outcome.id, outcome.stage, outcome.error, outcome.message)
                errors.write(msgspec.json.encode(failure) + b"\n")
                errors.flush()
                result.rejected += 1
                if len(result.failures) < SHOWN_FAILURES:
                    result.failures.append(failure.message)
            for stage, seconds in outcome.seconds.items():
                result.seconds[stage] += seconds
            progress.advance(result)


def _remaining(documents: Iterator[Document | Rejected], done: Done, result: RunResult) -> Iterator[Document | Outcome]:
    """The documents that are not written yet; a rejected one as its outcome."""
    for document in documents:
        result.read += 1
        if done.holds(document):
            continue
        if isinstance(document, Rejected):
            yield Outcome(id=document.id, stage=document.stage, error=document.code, message=document.message)
        else:
            yield document
    if done.records or done.errors:
        raise ConfigError(
            "the input ends before what the unfinished run has already read.", remedy="Start afresh without --resume."
        )


def _count(record: Record, result: RunResult) -> None:
    result.written += 1
    for sentence in record.sentences or []:
        result.counts["sentences"] += 1
        result.counts["analysed"] += sentence.tokens is not UNSET
        if sentence.content is not UNSET:
            result.counts[str(sentence.content)] += 1
        result.counts["rhetoric"] += len(sentence.rhetoric or [])
        result.counts["claims"] += len(sentence.claims or [])
        if sentence.translation:
            result.counts[f"translation_{sentence.translation.status}"] += 1


def _finish(work: Path, result: RunResult, config: Config, engine: engines.Engine, *, partial: bool) -> None:
    """Derive what follows from the records, then move everything into place, the manifest last."""
    if result.read != result.written + result.rejected:
        raise OutputError(
            f"{result.output}: {result.read} documents were read but {result.written} written and {result.rejected} "
            "rejected.", remedy="Please report this; the unfinished run is kept."
        )  # fmt: skip
    inputs = []
    with (work / "rhetoric.jsonl").open("wb") as rhetoric, (work / "claims.jsonl").open("wb") as claims:
        for line in _whole_lines(work / "records.jsonl"):
            record = decode(line)
            inputs.append({"id": record.id, "path": record.source.path, "sha256": record.source.sha256})
            rhetoric.writelines(msgspec.json.encode(row) + b"\n" for row in rhetoric_rows(record))
            claims.writelines(msgspec.json.encode(row) + b"\n" for row in claim_rows(record))
    manifest = {
        "schema": "kyojitsu-run/1",
        "signature": result.signature,
        "config": config.model_dump(),
        "inputs": inputs,
        "partial": partial,
        "counts": {"read": result.read, "written": result.written, "rejected": result.rejected}
        | dict(sorted(result.counts.items())),
        "seconds": {"wall": round(result.wall_seconds, 3)} | {k: round(v, 3) for k, v in result.seconds.items()},
        "resumed_documents": result.resumed,
        "models": engine.versions,
        "versions": package_versions(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (work / "manifest.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    (work / FINISHED).touch()


def _moved(work: Path, result: RunResult) -> RunResult:
    """Move the finished files into place, the manifest last, and read the result back from it."""
    if (work / "manifest.json").exists():
        (result.output / "manifest.json").unlink(missing_ok=True)
    for name in OUTPUTS:
        if (work / name).exists():
            (work / name).replace(result.output / name)
    manifest = msgspec.json.decode((result.output / "manifest.json").read_bytes())
    counts = Counter(manifest["counts"])
    result.read, result.written, result.rejected = counts["read"], counts["written"], counts["rejected"]
    result.counts, result.signature = counts, manifest["signature"]
    shutil.rmtree(work, ignore_errors=True)
    return result


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
