"""A run: inputs in, ``records.jsonl`` and its companions out, whole or not at all, resumable at any moment.

While a run goes on, everything is in ``DIR/.run``: records and errors in input order, one line appended a
document, and ``journal.json`` with what they were made from. At the end the files move to ``DIR``, the manifest
last. A killed run leaves ``.run`` behind; ``resume`` drops its torn last line, if any, and goes on after the rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import msgspec

from pipeline import engines
from pipeline.config import Config
from pipeline.engines import Outcome
from pipeline.errors import ConfigError, OutputError
from pipeline.merge import Part, Shard
from pipeline.outputs import (
    FINISHED,
    OUTPUTS,
    Failure,
    RunResult,
    complete,
    destination,
    move,
    package_versions,
    whole_lines,
    work_folder,
)
from pipeline.record import Document, decode
from pipeline.sources import Rejected, read_inputs
from pipeline.sources.remote import refuse_keys

__all__ = ["Progress", "RunResult", "run"]

SHOWN_FAILURES = 3
JOURNAL = "journal.json"
ALL = Shard(1, 1)


class Journal(msgspec.Struct):
    """What an unfinished run was made from; a resumed run must agree."""

    signature: str
    inputs: list[str]
    limit: int | None
    shard: str


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
    shard: Shard = ALL,
    progress: Progress | None = None,
) -> RunResult:
    """Annotate inputs and write the five output files.

    Args:
        inputs: files, folders, globs, ``-`` or Hugging Face dataset names.
        output: folder to write, or its URL; made if it is not there.
        config: the resolved configuration.
        resume: go on with an unfinished run in ``output``.
        limit: stop after this many documents of the input.
        shard: process this share of the documents only; :func:`pipeline.merge.merge` puts shares together.
        progress: told of each document.

    Raises:
        ConfigError: the unfinished run in ``output`` was made from something else, or a URL holds a password.
        ModelError: a model is missing.
        OutputError: the folder cannot be written, or another run is writing it.
    """
    progress = progress or Progress()
    began = time.perf_counter()
    for name in (*inputs, str(output)):
        refuse_keys(name)
    result = RunResult(destination(output))
    _refuse_own_output(inputs, result.output)
    with work_folder(result.output) as work:
        with engines.start(config) as engine:
            result.signature = engine.signature
            journal = Journal(engine.signature, list(inputs), limit, str(shard))
            if resume:
                _refuse_another(work, journal)
                if (work / FINISHED).exists():
                    progress.message("The run was finished but for moving its files.")
                    return move(work, result)
            done = _resume(work, journal, result, progress) if resume else _fresh(work, journal, progress)
            intake = _Intake(shard, done, result)
            documents = islice(read_inputs(inputs, config.read, exclude=result.output), limit)
            with contextlib.closing(engine.process(intake.take(documents))) as outcomes:
                _write(outcomes, intake, work, result, progress)
            result.wall_seconds = time.perf_counter() - began
            complete(
                work, result,
                {"config": config.model_dump(), "models": engine.versions, "versions": package_versions(),
                 "partial": limit is not None,
                 "part": Part(str(shard), list(inputs), limit, intake.content.hexdigest(), intake.failed)},
            )  # fmt: skip
        return move(work, result)


def _refuse_own_output(inputs: Sequence[str], output: Path | str) -> None:
    """Raise ConfigError if an input lies in the output folder: a run would read what it writes."""
    for name in inputs:
        base = destination(name.split("*")[0].split("?")[0] or ".")
        if isinstance(base, Path) and isinstance(output, Path):
            where, target = base.resolve(), output.resolve()
            inside = name != "-" and (where == target or target in where.parents)
        else:
            inside = f"{str(base).rstrip('/')}/".startswith(f"{str(output).rstrip('/')}/")
        if inside:
            raise ConfigError(
                f"the input {name!r} lies in the output folder {output}.", remedy="Take another folder with -o."
            )


@dataclass(slots=True)
class Done:
    """What an unfinished run has written, in input order: records as (id, sha256), and failures."""

    records: deque[tuple[str, str]] = field(default_factory=deque)
    errors: deque[Failure] = field(default_factory=deque)

    def take(self, document: Document | Rejected) -> tuple[str, str] | Failure | None:
        """What is written for the next document of the input, None if it is new.

        Raises:
            ConfigError: something is written, but not for this document.
        """
        if not self.records and not self.errors:
            return None
        if isinstance(document, Document):
            key = (document.record.id, document.record.source.sha256)
            if self.records and self.records[0] == key:
                return self.records.popleft()
        # What could not be read then and can be now has changed, and the other way round.
        failed = self.errors[0] if self.errors else None
        name = _id(document)
        if failed and failed.id == name and (failed.stage == "read") is isinstance(document, Rejected):
            return self.errors.popleft()
        raise ConfigError(
            f"{name}: the input changed since the unfinished run read it.", remedy="Start afresh without --resume."
        )


class _Intake:
    """The way of the documents from the input to the engine.

    Attributes:
        content: hash over the ids and contents of all documents of the input.
        failed: places in the input, from 0, of the share's documents that could not be processed.
    """

    def __init__(self, shard: Shard, done: Done, result: RunResult) -> None:
        """Take what is done already and where to count."""
        self._shard, self._done, self._result = shard, done, result
        self._places: deque[int] = deque()  # of documents on their way through the engine
        self.content = hashlib.sha256()
        self.failed: list[int] = []

    def take(self, documents: Iterator[Document | Rejected]) -> Iterator[Document | Outcome]:
        """The share's documents that are not written yet; a rejected one as its outcome."""
        for place, document in enumerate(documents):
            self.content.update(msgspec.json.encode((_id(document), _content(document))))
            if not self._shard.holds(place):
                continue
            self._result.read += 1
            written = self._done.take(document)
            if isinstance(written, Failure):
                self.failed.append(place)
            elif written is None:
                self._places.append(place)
                yield document if isinstance(document, Document) else _rejection(document)
        if self._done.records or self._done.errors:
            raise ConfigError(
                "the input ends before what the unfinished run has already read.",
                remedy="Start afresh without --resume.",
            )

    def note(self, outcome: Outcome) -> None:
        """Keep the place of an outcome, which come in the order of the documents, if it is a failure."""
        place = self._places.popleft()
        if outcome.record is None:
            self.failed.append(place)


def _id(document: Document | Rejected) -> str:
    return document.id if isinstance(document, Rejected) else document.record.id


def _content(document: Document | Rejected) -> str:
    return document.code if isinstance(document, Rejected) else document.record.source.sha256


def _rejection(document: Rejected) -> Outcome:
    return Outcome(id=document.id, stage=document.stage, error=document.code, message=document.message)


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


def _refuse_another(work: Path, journal: Journal) -> None:
    """Raise ConfigError if configuration, inputs or limit differ from those of the unfinished run, if there is one."""
    path = work / JOURNAL
    if not path.exists():
        return
    try:
        before = msgspec.json.decode(path.read_bytes(), type=Journal)
    except msgspec.DecodeError as error:
        raise OutputError(f"{path}: the journal is damaged.", remedy="Start afresh without --resume.") from error
    for name, old, new in (
        ("configuration or versions", before.signature, journal.signature),
        ("inputs", before.inputs, journal.inputs),
        ("limit", before.limit, journal.limit),
        ("shard", before.shard, journal.shard),
    ):
        if old != new:
            raise ConfigError(
                f"the unfinished run was made with other {name}: {old!r}, now {new!r}.",
                remedy="Repeat its command, or start afresh without --resume.",
            )


def _resume(work: Path, journal: Journal, result: RunResult, progress: Progress) -> Done:
    """What is already done. Raises OutputError if it cannot be read."""
    if not (work / JOURNAL).exists():
        progress.message("No unfinished run in this folder: starting from the first document.")
        return _fresh(work, journal, progress)
    done = Done()
    try:
        for line in whole_lines(work / "records.jsonl"):
            record = decode(line)
            done.records.append((record.id, record.source.sha256))
            result.count(record)
        for line in whole_lines(work / "errors.jsonl"):
            done.errors.append(msgspec.json.decode(line, type=Failure))
            result.rejected += 1
    except msgspec.DecodeError as error:  # a system that went down may leave such lines
        raise OutputError(f"{work}: a line is damaged ({error}).", remedy="Start afresh without --resume.") from error
    result.resumed = len(done.records) + len(done.errors)
    return done


def _write(outcomes: Iterator[Outcome], intake: _Intake, work: Path, result: RunResult, progress: Progress) -> None:
    """Write one line a document, in input order."""
    with (work / "records.jsonl").open("ab") as records, (work / "errors.jsonl").open("ab") as errors:
        for outcome in outcomes:
            if outcome.record is not None:
                records.write(outcome.record + b"\n")
                records.flush()
                result.count(decode(outcome.record))
            else:
                failure = Failure(outcome.id, outcome.stage, outcome.error, outcome.message)
                errors.write(msgspec.json.encode(failure) + b"\n")
                errors.flush()
                result.rejected += 1
                if len(result.failures) < SHOWN_FAILURES:
                    result.failures.append(failure.message)
            intake.note(outcome)
            result.retried += outcome.attempts > 1
            for stage, seconds in outcome.seconds.items():
                result.seconds[stage] += seconds
            progress.advance(result)
