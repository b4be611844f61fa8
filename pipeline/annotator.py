"""From one document to one record: the configured stages, loaded once, applied in order."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import version

from pipeline.config import Config, digest, load_config, relevant
from pipeline.errors import KyojitsuError
from pipeline.record import SCHEMA, Document, Record, Source
from pipeline.stages import Stage, build_stages


class StageError(KyojitsuError):
    """A stage failed on a document; ``stage`` and ``document`` say which."""

    def __init__(self, stage: str, document: str, cause: Exception) -> None:
        """Keep the cause's own message, or name its type where it has none."""
        super().__init__(f"{document}: {stage}: {cause or type(cause).__name__}")
        self.stage, self.document = stage, document
        self.code = cause.code if isinstance(cause, KyojitsuError) else type(cause).__name__


class Annotator:
    """The pipeline of one configuration, ready to work.

    Attributes:
        signature: short text that changes whenever something that can change a record does.
        versions: the models, data files and packages behind the signature.
        seconds: time spent by stage since it was last cleared.
    """

    def __init__(self, config: Config) -> None:
        """Check the stages, then load their models. Raises ConfigError or ModelError."""
        self.config = config
        self._stages: Sequence[Stage] = build_stages(config)
        for stage in self._stages:
            stage.load()
        self.versions = {"kyojitsu": version("kyojitsu")}
        for stage in self._stages:
            self.versions |= stage.versions()
        self.signature = "|".join(
            (
                SCHEMA,
                f"v{self.versions['kyojitsu']}",
                f"stages:{'+'.join(config.stages)}",
                f"config:{digest(_relevant(config))}",
                f"models:{digest(self.versions)}",
            )
        )
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def process(self, document: Document) -> Record:
        """Run every stage over one document.

        Raises:
            StageError: a stage failed; the document's record is incomplete.
        """
        for stage in self._stages:
            began = time.perf_counter()
            try:
                stage.process([document])
            except Exception as error:
                raise StageError(stage.name, document.record.id, error) from error
            finally:
                self.seconds[stage.name] += time.perf_counter() - began
        document.record.signature = self.signature
        return document.record

    def annotate(self, text: str, id: str = "text") -> Record:
        """Run every stage over a text. Raises StageError."""
        source = Source(path="", format="text", encoding="str", sha256=sha256(text))
        return self.process(Document(Record(id=id, source=source, raw=text)))


def annotate(text: str, config: Config | None = None) -> Record:
    """Annotate one Japanese text.

    Args:
        text: the text, as it came; it is kept untouched in ``record.raw``.
        config: as :func:`pipeline.load_config` gives it; None for the default. For several texts make one
            :class:`Annotator` and call its ``annotate``, so that models are loaded once.

    Returns:
        The record, as a run would write it.

    Raises:
        StageError: a stage failed.
        ModelError: a model that the configuration names is missing.
    """
    return Annotator(config or load_config()).annotate(text)


def sha256(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes (a lone surrogate counts as its three bytes), in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _relevant(config: Config) -> dict[str, object]:
    """The settings that can change a record: those of the stages that run. Data files count by their hashes."""
    settings = relevant(config)
    return {name: value for name, value in settings.items() if name in (*config.stages, "plugins", "read")}
