"""What every command of the program shares: the two consoles, and how errors become messages and exit statuses."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
import typer
from rich.console import Console

from pipeline.errors import ConfigError, InputError, KyojitsuError

err = Console(stderr=True)
out = Console()
F = TypeVar("F", bound=Callable[..., Any])


def reported(command: F) -> F:
    """Turn the package's errors into a message on standard error and an exit status."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except KyojitsuError as error:
            err.print(f"kyojitsu: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
            raise typer.Exit(2 if isinstance(error, ConfigError | InputError) else 3) from error
        except KeyboardInterrupt:
            err.print("kyojitsu: interrupted.", style="yellow")
            raise typer.Exit(130) from None
        except (typer.Exit, click.exceptions.ClickException):
            raise
        except Exception as error:  # a defect: shown whole, and not taken for a finished run
            err.print_exception()
            raise typer.Exit(3) from error

    return wrapped  # type: ignore[return-value]
