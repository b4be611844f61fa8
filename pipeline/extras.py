"""Packages that only some commands need, installed as an extra."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from pipeline.errors import ModelError

# What an extra's commands import, directly or not.
PACKAGES: Final[dict[str, Sequence[str]]] = {
    "evaluate": ("sklearn", "scipy", "sacrebleu"),
    "train": ("torch", "transformers", "datasets", "accelerate", "onnx", "sklearn", "scipy"),
}


def require(extra: str, purpose: str) -> None:
    """Check that the packages of an extra can be imported.

    Args:
        extra: its name.
        purpose: what needs it, as the message's first word.

    Raises:
        ModelError: some cannot; the message names them and the command that installs them.
    """
    missing = [package for package in PACKAGES[extra] if find_spec(package) is None]
    if missing:
        raise ModelError(
            f"{purpose} needs packages that are not installed: {', '.join(missing)}.",
            remedy=f"Install them with: pip install 'kyojitsu[{extra}]'",
        )
