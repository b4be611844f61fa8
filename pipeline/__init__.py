"""kyojitsu (虚実): rhetoric apart from fact in Japanese text.

Everything the command does is a function here::

    from pipeline import annotate, load_config, run

    record = annotate("もう「全員主役内閣」だと言うしかない。")
    run(["articles/"], "outputs/articles", load_config())
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.annotator import Annotator, annotate
    from pipeline.config import Config, load_config
    from pipeline.record import Record
    from pipeline.runner import RunResult, run

__all__ = ["Annotator", "Config", "Record", "RunResult", "annotate", "load_config", "run"]

_HOME = {
    "Annotator": "annotator", "annotate": "annotator", "Config": "config", "load_config": "config",
    "Record": "record", "RunResult": "runner", "run": "runner",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import on first use, so that ``import pipeline`` costs nothing."""
    if name in _HOME:
        return getattr(import_module(f"pipeline.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
