"""``kyojitsu train``: a thin layer over :mod:`pipeline.training.train`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipeline.console import err, out, reported
from pipeline.errors import ConfigError
from pipeline.extras import require

if TYPE_CHECKING:
    from pipeline.models.card import Card
    from pipeline.training.fit import Report


@reported
def train(
    task: Annotated[str, typer.Argument(help="hype, rhetoric, checkable or stance.")],
    gold: Annotated[
        str, typer.Option("--gold", help="Gold JSONL, a folder of inline files, or for stance a data set.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.", metavar="FOLDER")],
    docs: Annotated[Path | None, typer.Option("--docs", help="Folder of the gold's documents.", metavar="DIR")] = None,
    architecture: Annotated[
        str,
        typer.Option("--architecture", help="bundled, the folder of a transformer, or ID@COMMIT.", metavar="NAME"),
    ] = "bundled",
    start: Annotated[
        str | None, typer.Option("--start", help="Trained model to go on from: bundled or a folder.", metavar="NAME")
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Times to read the data.", metavar="N")] = None,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Units at once.", metavar="N")] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Learning rate, e.g. 2e-5.", metavar="X")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="What chance starts from.", metavar="N")] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", help="Several, one model each; the best is kept.", metavar="A,B,C")
    ] = None,
    form: Annotated[str, typer.Option("--input", help="What a transformer of stance reads: pair or marked.")] = "pair",
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="A column of a data set: text=…, target=…, label=….", metavar="NAME=COLUMN"),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="What a label of the data means, e.g. pro=favor.", metavar="LABEL=MEANING"),
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Of a data set.")] = "train",
    revision: Annotated[str | None, typer.Option("--revision", help="Commit of a data set on the hub.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the model in FOLDER.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Train a model on gold data of one's own; FOLDER works at once in run and evaluate."""
    require("train", "training")
    if rate is not None and not 0 < rate < 1:
        raise ConfigError(f"--rate {rate:g} is not between 0 and 1.", remedy="Try 2e-5.")
    from pipeline.evaluate.stance_data import DataOptions
    from pipeline.training.train import Options, train

    data = DataOptions(
        labels=_pairs("--label", label),
        columns=_pairs("--column", column),
        split=split,
        revision=revision,
        part="train",
    )
    options = Options(architecture, start, epochs, batch, rate, _seeds(seed, seeds), form, data)
    # Asked to end, the command ends as it does after Ctrl-C: nothing half-written stays. 128 + the signal, as shells do.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    with _progress(quiet) as progress:
        trained = train(task, gold, docs, output, options, force=force, progress=progress)
    for note in trained.notes:
        err.print(f"kyojitsu: {note}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    out.print(_figures(trained.card, output))


def _seeds(seed: int | None, seeds: str | None) -> tuple[int, ...]:
    if seeds is None:
        return (seed or 0,)
    if seed is not None:
        raise ConfigError("--seed and --seeds are both given.", remedy="Give one of them.")
    try:
        numbers = tuple(int(number) for number in seeds.split(","))
    except ValueError as error:
        raise ConfigError(f"--seeds {seeds}: not numbers.", remedy="Give them as in --seeds 0,1,2.") from error
    if min(numbers) < 0:
        raise ConfigError(f"--seeds {seeds}: a seed is 0 or more.", remedy="Give them as in --seeds 0,1,2.")
    return numbers


def _pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    pairs = {}
    for pair in given or ():
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            raise ConfigError(f"{option} {pair}: not NAME=VALUE.", remedy=f"Give it as in {option} text=Tweet.")
        pairs[name] = value
    return pairs


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str], Report] | None]:
    """A bar on standard error for each run, with the loss of its last step; nothing if quiet."""
    if quiet:
        yield None
        return
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:.0f} of {task.total:.0f} steps"),
        TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[loss]}"),
    )  # fmt: skip
    with Progress(*columns, console=err) as bar:

        def begin(name: str) -> Report:
            task = bar.add_task(name, total=0, loss="")
            return lambda step, steps, loss: bar.update(task, completed=step, total=steps, loss=f"loss {loss:.3f}")

        yield begin


def _figures(card: Card, output: Path) -> Table:
    """The figures on what was held out; of several seeds also their mean and spread."""
    from pipeline.training.train import MEAN, SPREAD

    table = Table("figure", title=Text(f"{output} · {len(card.data['held out'])} documents held out"))
    table.add_column("value", justify="right")
    several = any(name.endswith(MEAN) for name in card.figures)
    if several:
        table.add_column("mean ± spread of seeds", justify="right")
    for name, value in card.figures.items():
        if not name.endswith((MEAN, SPREAD)):
            more = [f"{card.figures[name + MEAN]:.3f} ± {card.figures[name + SPREAD]:.3f}"] if several else []
            table.add_row(Text(name), f"{value:.3f}", *more)
    return table
