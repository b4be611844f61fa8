"""The errors kyojitsu raises. Each message names what failed, why, and what to do about it."""

from __future__ import annotations


class KyojitsuError(Exception):
    """Base of all errors; ``code`` is stable and machine-readable, ``remedy`` tells the user what to do."""

    code = "error"

    def __init__(self, message: str, *, remedy: str = "", code: str | None = None) -> None:
        """Join cause and remedy into one readable message."""
        super().__init__(f"{message} {remedy}".strip())
        if code:
            self.code = code


class ConfigError(KyojitsuError):
    """The configuration or the command line does not make sense (exit status 2)."""

    code = "config"


class InputError(KyojitsuError):
    """One input cannot be read; the batch goes on without it."""

    code = "input"


class ModelError(KyojitsuError):
    """A model named in the config is missing or not the expected file (exit status 3)."""

    code = "model"


class OutputError(KyojitsuError):
    """The output folder cannot be used (exit status 3)."""

    code = "output"
