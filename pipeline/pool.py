"""Workers under supervision: documents handed out, outcomes put in order, lost workers replaced.

A worker that dies, or takes longer over a document than ``run.timeout`` allows, is replaced, and the document it was
at is tried once more on another; documents it had been handed in advance do not count as tried. After the second
time the document becomes an error of its own and the run goes on. After ``run.recycle`` documents a worker is
replaced by a new one, which gives back the memory that its libraries hold on to.

What a worker is (a process here, an actor on a cluster) is left to the subclasses.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

import msgspec

from pipeline.annotator import Annotator
from pipeline.config import Config
from pipeline.engines import Outcome
from pipeline.errors import ConfigError, ModelError
from pipeline.record import Document, decode, encode

ATTEMPTS: Final = 2  # workers that a document may cost
LOAD_ATTEMPTS: Final = 3  # workers in succession that may die before their models are loaded
# A busy worker is handed one more document, so that it never waits for the parent; only one this small, in bytes,
# so that it fits into a pipe's buffer (64 KiB on Linux) and handing it over never waits for the worker.
SMALL: Final = 16_384

Load = Callable[[Config], Annotator]


class Loaded(msgspec.Struct, frozen=True):
    """A worker's models are loaded."""

    signature: str
    versions: dict[str, str]


# What is heard from a worker: models loaded or not, a document done, or (None) that the worker is gone.
Message = Loaded | Exception | Outcome | None


@dataclass(slots=True, eq=False)
class Job:
    """A document on its way, as a line of JSON; ``attempts`` counts the workers lost over it."""

    line: bytes
    outcome: Outcome | None = None
    attempts: int = 0


@dataclass(eq=False)
class Worker(ABC):
    """One worker.

    Attributes:
        jobs: what it was handed and has not answered; it is at the first.
        loaded: whether its models are loaded.
        given: documents it was handed in all.
        deadline: when the first job is over its time, on the monotonic clock.
    """

    jobs: deque[Job] = field(default_factory=deque)
    loaded: bool = False
    given: int = 0
    deadline: float = math.inf

    @abstractmethod
    def send(self, line: bytes) -> bool:
        """Hand a document over without waiting; False if the worker is gone."""

    @abstractmethod
    def stop(self) -> None:
        """End it, whatever it is doing."""


W = TypeVar("W", bound=Worker)


class Pool(ABC, Generic[W]):
    """``run.workers`` workers; see the module. Use as a context manager."""

    def __init__(self, config: Config, load: Load) -> None:
        """Prepare; ``load`` makes a worker's annotator and must be importable from where the worker runs."""
        self._config, self._load = config, load
        self._workers: list[W] = []
        self._waiting: deque[Job] = deque()
        self._failed_loads = 0
        self.signature, self.versions = "", dict[str, str]()

    @abstractmethod
    def _start(self) -> W:
        """A new worker, loading its models."""

    @abstractmethod
    def _listen(self, workers: Sequence[W], seconds: float | None) -> list[tuple[W, Message]]:
        """At least one message, or none after so many seconds (None: no limit)."""

    def __enter__(self) -> Self:
        """Start the workers and wait for the first; raises what loading raises."""
        try:
            self._workers = [self._start() for _ in range(self._config.run.workers)]
            while not self.signature:
                self._supervise()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the workers without waiting for documents that nobody will read."""
        self._stop()

    def _stop(self) -> None:
        for worker in self._workers:
            worker.stop()

    def process(self, documents: Iterable[Document | Outcome]) -> Generator[Outcome, None, None]:
        """See :class:`pipeline.engines.Engine`."""
        jobs: deque[Job] = deque()
        most = self._config.run.workers * self._config.run.max_pending
        for document in documents:
            jobs.append(self._accept(document))
            if len(jobs) >= most:
                yield self._first(jobs)
        while jobs:
            yield self._first(jobs)

    def _accept(self, document: Document | Outcome) -> Job:
        if isinstance(document, Outcome):
            return Job(b"", document)
        job = Job(encode(document.record))
        self._waiting.append(job)
        self._hand_out()
        return job

    def _first(self, jobs: deque[Job]) -> Outcome:
        job = jobs.popleft()
        while job.outcome is None:
            self._supervise()
        return job.outcome

    def _hand_out(self) -> None:
        """Give waiting documents to workers with nothing to do, then small ones to workers that are at their last."""
        for busy in (0, 1):
            for worker in self._workers:
                if not self._waiting:
                    return
                job = self._waiting[0]
                free = worker.loaded and len(worker.jobs) == busy and not self._spent(worker)
                if free and (not busy or _in_advance(job, worker.jobs[0])) and worker.send(job.line):
                    self._waiting.popleft()
                    worker.jobs.append(job)
                    worker.given += 1
                    if not busy:
                        self._set_clock(worker)

    def _spent(self, worker: W) -> bool:
        return self._config.run.recycle is not None and worker.given >= self._config.run.recycle

    def _set_clock(self, worker: W) -> None:
        limit = self._config.run.timeout
        worker.deadline = time.monotonic() + limit if limit is not None and worker.jobs else math.inf

    def _supervise(self) -> None:
        """Wait for something to happen, and see to it."""
        nearest = min(worker.deadline for worker in self._workers)
        seconds = None if nearest == math.inf else max(0.0, nearest - time.monotonic())
        for worker, message in self._listen(self._workers, seconds):
            self._hear(worker, message)
        now = time.monotonic()
        for worker in [w for w in self._workers if w.deadline <= now]:
            self._lost(worker, "timeout", f"it took longer than run.timeout ({self._config.run.timeout:g} s)")
        self._hand_out()

    def _hear(self, worker: W, message: Message) -> None:
        match message:
            case None:
                self._lost(worker, "worker_died", "its worker died; it may need more memory than there is")
            case Loaded():
                self._compare(message)
                worker.loaded, self._failed_loads = True, 0
            case Outcome():
                job = worker.jobs.popleft()
                message.attempts = job.attempts + 1
                job.outcome = message
                self._set_clock(worker)
                if self._spent(worker) and not worker.jobs:
                    self._replace(worker)
            case Exception():
                raise message

    def _compare(self, loaded: Loaded) -> None:
        """Every worker must write what the first would have written."""
        if not self.signature:
            self.signature, self.versions = loaded.signature, loaded.versions
        elif loaded.signature != self.signature:
            raise ConfigError(
                f"a worker loaded other models or data than the first ({loaded.signature}, not {self.signature}).",
                remedy="Install the same versions wherever workers run, leave the data files alone, and start afresh.",
            )

    def _lost(self, worker: W, code: str, reason: str) -> None:
        """Replace a worker; the document it was at has been tried once more, the others go back."""
        if not worker.loaded:
            self._failed_loads += 1
            if self._failed_loads == LOAD_ATTEMPTS:
                raise ModelError(
                    "the workers died while loading.",
                    remedy='In a script of your own, call run under if __name__ == "__main__"; else there may be too little memory.',
                )
        self._replace(worker)
        if worker.jobs:
            job = worker.jobs.popleft()
            job.attempts += 1
            if job.attempts < ATTEMPTS:
                worker.jobs.appendleft(job)
            else:
                name = decode(job.line).id
                message = f"{name}: given up after {ATTEMPTS} attempts: {reason}"
                job.outcome = Outcome(id=name, stage="run", error=code, message=message, attempts=job.attempts)
        self._waiting.extendleft(reversed(worker.jobs))

    def _replace(self, worker: W) -> None:
        worker.stop()
        self._workers[self._workers.index(worker)] = self._start()


def _in_advance(job: Job, current: Job) -> bool:
    """Whether a document may wait at a worker behind another: small, and neither of them cost a worker before.

    A document that did is alone with its worker, so that it cannot be blamed, or take with it the outcome of another
    that a cluster has not delivered yet.
    """
    return len(job.line) <= SMALL and not job.attempts and not current.attempts
