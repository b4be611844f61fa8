"""Engines run documents through an :class:`Annotator`: in this process, in several, or on a Ray cluster.

Outcomes come in the order of the documents, whatever the engine and the number of workers.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec
from threadpoolctl import threadpool_limits

from pipeline.annotator import Annotator, StageError
from pipeline.config import Config
from pipeline.record import Document, Record, encode


class Outcome(msgspec.Struct, kw_only=True):
    """One document's encoded record, or why there is none; the seconds each stage took; how often it was tried."""

    id: str
    record: bytes | None = None
    stage: str = ""
    error: str = ""
    message: str = ""
    seconds: dict[str, float] = {}
    attempts: int = 1


class Engine(Protocol):
    """What a run needs of an engine."""

    signature: str
    versions: dict[str, str]

    def process(self, documents: Iterable[Document | Outcome]) -> Generator[Outcome, None, None]:
        """One outcome a document, in order; an outcome among the documents is passed through in its place."""
        ...


def load_annotator(config: Config) -> Annotator:
    """The pipeline, with its models loaded; every worker calls this once. Raises ConfigError or ModelError."""
    return Annotator(config)


@contextmanager
def start(config: Config) -> Iterator[Engine]:
    """The engine that the configuration names, with its models loaded.

    A worker can only be stopped or replaced if it is a process of its own: with ``run.timeout`` or ``run.recycle``
    even a single worker is one.

    Raises:
        ConfigError: the engine is not installed.
        ModelError: a model is missing.
    """
    if config.run.engine == "ray":
        from pipeline.ray_engine import RayPool

        with RayPool(config, load_annotator) as pool:
            yield pool
    elif config.run.workers == 1 and config.run.timeout is None and config.run.recycle is None:
        with threadpool_limits(1):
            yield InProcess(load_annotator(config))
    else:
        from pipeline.processes import ProcessPool

        with ProcessPool(config, load_annotator) as pool:
            yield pool


class InProcess:
    """One document after the other, here."""

    def __init__(self, annotator: Annotator) -> None:
        """Take a loaded annotator."""
        self._annotator = annotator
        self.signature, self.versions = annotator.signature, annotator.versions

    def process(self, documents: Iterable[Document | Outcome]) -> Generator[Outcome, None, None]:
        """See :class:`Engine`."""
        for document in documents:
            yield document if isinstance(document, Outcome) else annotated(self._annotator, document)


def annotated(annotator: Annotator, document: Document) -> Outcome:
    """What comes of one document; a fault of the document is an outcome too."""
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
