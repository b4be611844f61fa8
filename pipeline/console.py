"""What every command of the program shares: the two consoles, and how errors become messages and exit statuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, TypeVar

import click
import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from pipeline.errors import ConfigError, InputError, KyojitsuError

# Controls but for tab and line feed, and the characters that turn the direction of writing (UAX #9).
_STEERING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class SafeConsole(Console):
    """A console that no text can steer: an id, a file name or a sentence moves no cursor and titles no window."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """See :meth:`rich.console.Console.render`; what steers a terminal is shown as U+FFFD."""
        for segment in super().render(renderable, options):
            if segment.control or not _STEERING.search(segment.text):
                yield segment
            else:
                yield Segment(_STEERING.sub("\ufffd", segment.text), segment.style)


err = SafeConsole(stderr=True, emoji=False)  # a name such as :x: stays as it is
out = SafeConsole(emoji=False)
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
