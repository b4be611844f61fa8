"""Workers that are processes of this machine."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from pipeline.config import Config
from pipeline.engines import annotated
from pipeline.pool import Load, Loaded, Message, Pool, Worker
from pipeline.record import Document, decode

# A fresh interpreter: forking a process that has threads (numpy's, the progress bar's) can leave locks held for ever.
_SPAWN = multiprocessing.get_context("spawn")
_GOODBYE = 2.0  # seconds an idle worker has to leave by itself


class Process(Worker):
    """A process and this end of its pipe."""

    def __init__(self, config: Config, load: Load) -> None:
        """Start it."""
        super().__init__()
        self.connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, load, config.model_dump()), daemon=True)
        self._process.start()
        theirs.close()

    def send(self, line: bytes) -> bool:
        """See :class:`pipeline.pool.Worker`."""
        try:
            self.connection.send_bytes(line)
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """See :class:`pipeline.pool.Worker`."""
        self.connection.close()
        if self.loaded and not self.jobs:
            self._process.join(_GOODBYE)
        self._process.kill()
        self._process.join()
        self._process.close()


class ProcessPool(Pool[Process]):
    """Workers as processes of this machine, spoken to over pipes."""

    def __init__(self, config: Config, load: Load) -> None:
        """See :class:`pipeline.pool.Pool`."""
        super().__init__(config, load)
        # Each worker multiplies its small matrices on one thread: more only get in each other's way.
        for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(variable, "1")

    def _start(self) -> Process:
        return Process(self._config, self._load)

    def _listen(self, workers: Sequence[Process], seconds: float | None) -> list[tuple[Process, Message]]:
        owners: dict[Any, Process] = {worker.connection: worker for worker in workers}
        return [(owners[end], _receive(owners[end])) for end in multiprocessing.connection.wait(list(owners), seconds)]


def _receive(worker: Process) -> Message:
    """The next message; None if the worker died, even in the middle of sending one."""
    try:
        message: Message = worker.connection.recv()
    except (EOFError, OSError):
        return None
    return message


def _serve(connection: Connection, load: Load, config: dict[str, object]) -> None:
    """The life of a worker: load, then annotate what comes until the pipe is closed; Ctrl-C is left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        annotator = load(Config.model_validate(config))
    except Exception as error:
        connection.send(error)
        return
    with suppress(EOFError, OSError):
        connection.send(Loaded(annotator.signature, annotator.versions))
        while True:
            connection.send(annotated(annotator, Document(decode(connection.recv_bytes()))))


def _die_with_parent() -> None:
    """End this worker when the parent is gone, however it went: its models hold memory."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
