"""Workers that are actors of a Ray cluster (the extra ``kyojitsu[ray]``).

The run itself (reading, journal, writing) stays where the command was started; only documents and records travel.
So order, bytes and restart are those of a local run. The cluster is the one that ``RAY_ADDRESS`` names, or that is
already connected; without either Ray starts one on this machine.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from typing import Any, Self

from threadpoolctl import threadpool_limits

from pipeline.annotator import Annotator
from pipeline.config import Config
from pipeline.engines import Outcome, annotated
from pipeline.errors import ConfigError, ModelError
from pipeline.pool import Load, Loaded, Message, Pool, Worker
from pipeline.record import Document, decode


class Annotating:
    """The actor: one annotator with its models."""

    _annotator: Annotator

    def load(self, load: Load, config: dict[str, object]) -> Loaded | Exception:
        """Load models on one thread; a fault is returned, so that it arrives as it was raised."""
        threadpool_limits(1)
        try:
            self._annotator = load(Config.model_validate(config))
        except Exception as error:
            return error
        return Loaded(self._annotator.signature, self._annotator.versions)

    def work(self, line: bytes) -> Outcome:
        """Annotate one document."""
        return annotated(self._annotator, Document(decode(line)))


class Actor(Worker):
    """A handle of an actor, and what it has promised, in order."""

    def __init__(self, ray: Any, config: Config, load: Load) -> None:
        """Start it."""
        super().__init__()
        self._ray = ray
        # Ray would restart it by itself and repeat documents that were waiting; the pool counts attempts.
        self.handle = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Annotating).remote()
        self.promises = deque([self.handle.load.remote(load, config.model_dump())])

    def send(self, line: bytes) -> bool:
        """See :class:`pipeline.pool.Worker`; that an actor is gone is learnt from its promise."""
        self.promises.append(self.handle.work.remote(line))
        return True

    def receive(self) -> Message:
        """The first promise, kept; None if the actor is gone."""
        try:
            message: Message = self._ray.get(self.promises.popleft())
        except self._ray.exceptions.RayActorError:
            return None
        except self._ray.exceptions.RayError as error:
            cause = str(error).strip().splitlines()[-1]
            return ModelError(
                f"a Ray actor cannot work: {cause}.", remedy="Install kyojitsu, in this version, on every node."
            )
        return message

    def stop(self) -> None:
        """See :class:`pipeline.pool.Worker`."""
        self._ray.kill(self.handle)


class RayPool(Pool[Actor]):
    """Workers as actors, each with one processor to itself."""

    def __init__(self, config: Config, load: Load) -> None:
        """See :class:`pipeline.pool.Pool`. Raises ConfigError if Ray is not installed."""
        super().__init__(config, load)
        try:
            import ray
        except ImportError as error:
            raise ConfigError("run.engine is ray, but Ray is not installed.", remedy="Run: pip install 'kyojitsu[ray]'") from error  # fmt: skip
        self._ray, self._mine = ray, False

    def __enter__(self) -> Self:
        """Connect, unless that was done, and load."""
        if not self._ray.is_initialized():
            self._ray.init(logging_level=logging.ERROR, log_to_driver=False)
            self._mine = True
        return super().__enter__()

    def _stop(self) -> None:
        super()._stop()
        if self._mine:
            self._ray.shutdown()

    def _start(self) -> Actor:
        return Actor(self._ray, self._config, self._load)

    def _listen(self, workers: Sequence[Actor], seconds: float | None) -> list[tuple[Actor, Message]]:
        owners = {worker.promises[0]: worker for worker in workers if worker.promises}
        kept, _ = self._ray.wait(list(owners), num_returns=1, timeout=seconds)
        return [(owners[promise], owners[promise].receive()) for promise in kept]
