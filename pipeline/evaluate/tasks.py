"""The tasks of ``kyojitsu evaluate``, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.config import Config
from pipeline.dataset.load import load_gold
from pipeline.errors import ConfigError
from pipeline.evaluate.report import Report

TASKS: Final = ("hype", "rhetoric", "checkable", "stance", "ner", "translation")


def evaluate(
    task: str, gold: Path, documents: Path | None, models: Sequence[str], config: Config, *, compare: bool
) -> Report:
    """Evaluate models on gold data.

    Raises:
        ConfigError: there is no such task or model.
        InputError: the gold data is missing or malformed.
    """
    if task == "ner":
        from pipeline.evaluate import ner

        return ner.evaluate(gold, documents, config=config)
    if task in ("hype", "rhetoric", "checkable"):
        from pipeline.evaluate import sentences
        from pipeline.evaluate.models import resolve

        resolved = {name: resolve(name, config) for name in models or ("majority", "cues", "bundled")}
        return sentences.evaluate(task, load_gold(gold, documents), resolved, gold.name, compare=compare)
    raise ConfigError(f"there is no task {task!r}.", remedy=f"There are: {', '.join(TASKS)}.")
