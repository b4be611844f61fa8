"""Engines run documents through an :class:`Annotator`: in this process, or in several.

Outcomes come in the order of the documents, whatever the number of workers.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Protocol

import msgspec
from threadpoolctl import threadpool_limits

from pipeline.annotator import Annotator, StageError
from pipeline.config import Config
from pipeline.errors import ConfigError, ModelError
from pipeline.record import Document, Record, decode, encode


class Outcome(msgspec.Struct, kw_only=True):
    """One document's encoded record, or why there is none; and the seconds each stage took."""

    id: str
    record: bytes | None = None
    stage: str = ""
    error: str = ""
    message: str = ""
    seconds: dict[str, float] = {}


class Engine(Protocol):
    """What a run needs of an engine."""

    signature: str
    versions: dict[str, str]

    def process(self, documents: Iterable[Document | Outcome]) -> Iterator[Outcome]:
        """One outcome a document, in order; an outcome among the documents is passed through in its place."""
        ...


@contextmanager
def start(config: Config) -> Iterator[Engine]:
    """The engine that the configuration names, with its models loaded.

    Raises:
        ConfigError: the engine is not there.
        ModelError: a model is missing.
    """
    if config.run.engine != "local":
        raise ConfigError(
            f"run.engine {config.run.engine!r} is not built yet.",
            remedy="Use --engine local, with --workers for more processes.",
        )
    if config.run.workers == 1:
        with threadpool_limits(1):
            yield InProcess(Annotator(config))
        return
    with Pool(config) as pool:
        yield pool


class InProcess:
    """One document after the other, here."""

    def __init__(self, annotator: Annotator) -> None:
        """Take a loaded annotator."""
        self._annotator = annotator
        self.signature, self.versions = annotator.signature, annotator.versions

    def process(self, documents: Iterable[Document | Outcome]) -> Iterator[Outcome]:
        """See :class:`Engine`."""
        for document in documents:
            yield document if isinstance(document, Outcome) else _outcome(self._annotator, document)


class Pool:
    """Several processes, each with its own models.

    A document whose worker dies is tried once more, alone in a new pool; if that dies too, it is an error of its own.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the workers."""
        self._config = config
        # Each worker multiplies its small matrices on one thread: more only get in each other's way.
        for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(variable, "1")
        self._executor = self._start()

    def __enter__(self) -> Pool:
        """Load models; raises what loading raises."""
        try:
            self.signature, self.versions = self._executor.submit(_describe).result()
        except BrokenProcessPool as error:
            raise ModelError(
                "the worker processes died while loading.",
                remedy='In a script of your own, call run under if __name__ == "__main__"; else there may be too little memory.',
            ) from error
        except BaseException:
            self._executor.shutdown(cancel_futures=True)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the workers without waiting for documents that nobody will read."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._config.run.workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_initialize,
            initargs=(self._config.model_dump(),),
        )

    def process(self, documents: Iterable[Document | Outcome]) -> Iterator[Outcome]:
        """See :class:`Engine`."""
        pending: deque[tuple[bytes, Future[Outcome] | Outcome]] = deque()
        most = self._config.run.workers * self._config.run.max_pending
        for document in documents:
            if isinstance(document, Outcome):
                pending.append((b"", document))
            else:
                line = encode(document.record)
                pending.append((line, self._submit(line)))
            if len(pending) >= most:
                yield self._result(pending)
        while pending:
            yield self._result(pending)

    def _submit(self, line: bytes) -> Future[Outcome]:
        try:
            return self._executor.submit(_work, line)
        except BrokenProcessPool as error:
            broken: Future[Outcome] = Future()
            broken.set_exception(error)
            return broken

    def _result(self, pending: deque[tuple[bytes, Future[Outcome] | Outcome]]) -> Outcome:
        line, waiting = pending.popleft()
        if isinstance(waiting, Outcome):
            return waiting
        try:
            return waiting.result()
        except BrokenProcessPool:
            self._executor.shutdown(wait=False, cancel_futures=True)
        try:
            self._executor = self._start()
            outcome = self._submit(line).result()
        except BrokenProcessPool:
            self._executor = self._start()
            outcome = Outcome(
                id=decode(line).id, stage="run", error="worker_died",
                message="the worker process died on this document, twice; it may need more memory than there is",
            )  # fmt: skip
        for i, (other, future) in enumerate(pending):
            if isinstance(future, Future) and (future.cancelled() or (future.done() and future.exception())):
                pending[i] = (other, self._submit(other))
        return outcome


def _outcome(annotator: Annotator, document: Document) -> Outcome:
    annotator.seconds.clear()
    name = document.record.id
    try:
        record: Record = annotator.process(document)
        return Outcome(id=name, record=encode(record), seconds=dict(annotator.seconds))
    except StageError as error:
        return Outcome(
            id=name, stage=error.stage, error=error.code, message=str(error), seconds=dict(annotator.seconds)
        )
    except UnicodeEncodeError as error:
        return Outcome(
            id=name, stage="write", error="not_text", seconds=dict(annotator.seconds),
            message=f"{name}: the text cannot be written as UTF-8: {error.reason}. Remove lone surrogates from the input.",
        )  # fmt: skip


_annotator: Callable[[], Annotator]


def _initialize(config: dict[str, object]) -> None:
    """In a worker: leave Ctrl-C to the parent, and load the models when first asked."""
    global _annotator
    from functools import cache

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _annotator = cache(lambda: Annotator(Config.model_validate(config)))


def _die_with_parent() -> None:
    """End this worker when the parent is gone, however it went: its models hold memory."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _describe() -> tuple[str, dict[str, str]]:
    annotator = _annotator()
    return annotator.signature, annotator.versions


def _work(line: bytes) -> Outcome:
    return _outcome(_annotator(), Document(decode(line)))
