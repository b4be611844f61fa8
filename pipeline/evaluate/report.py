"""The result of an evaluation: figures with intervals by model and slice, comparisons, and the signature."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.config import digest
from pipeline.evaluate.bootstrap import RESAMPLES, Difference, Interval


class ModelResult(msgspec.Struct, kw_only=True):
    """What one model reached: ``figures`` overall, the same by ``slices``, ``details`` as plain data."""

    model: str
    signature: str
    figures: dict[str, Interval]
    slices: dict[str, dict[str, Interval]] = {}
    details: dict[str, Any] = {}


class Comparison(msgspec.Struct, kw_only=True):
    """The paired difference of two models in each figure."""

    a: str
    b: str
    differences: dict[str, Difference]


class Report(msgspec.Struct, kw_only=True):
    """An evaluation. ``signature`` says what was measured on what; it stands beside every figure that is printed."""

    task: str
    gold: str
    units: int
    documents: int
    signature: str
    models: list[ModelResult]
    comparisons: list[Comparison] = []
    notes: list[str] = []


def signature(task: str, units: Sequence[Any]) -> str:
    """What was measured on what: task, version, number and digest of the gold units, and how intervals are made."""
    return "|".join(
        (
            f"task:{task}",
            f"gold:{len(units)}:{digest(msgspec.to_builtins(units))}",
            f"bootstrap:{RESAMPLES}:clustered:95%",
            f"kyojitsu:{version('kyojitsu')}",
        )
    )


def write_json(report: Report, path: Path | None = None) -> bytes:
    """The report as indented JSON; also written to ``path`` if given."""
    content = msgspec.json.format(msgspec.json.encode(report)) + b"\n"
    if path is not None:
        path.write_bytes(content)
    return content


def show(report: Report, console: Console) -> None:
    """Print one table of figures, a column a model, then slices and comparisons."""
    table = Table(title=f"{report.task} · {report.units} units of {report.documents} documents · {report.gold}")
    table.add_column("figure")
    for result in report.models:
        table.add_column(result.model, justify="right")
    for name in dict.fromkeys(name for result in report.models for name in result.figures):
        table.add_row(name, *(_cell(result.figures.get(name)) for result in report.models))
    console.print(table)
    for result in report.models:
        if result.slices:
            console.print(_slices(result))
    for comparison in report.comparisons:
        console.print(_compared(comparison))
    for note in report.notes:
        console.print(Text(note, style="yellow"))
    console.print(Text(report.signature, style="dim"), soft_wrap=True)


def _cell(figure: Interval | None) -> str:
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]" if figure else "–"


def _slices(result: ModelResult) -> Table:
    """Values alone; their intervals are in the JSON."""
    table = Table(title=Text(f"{result.model} by slice"))
    names = list(dict.fromkeys(name for figures in result.slices.values() for name in figures))
    table.add_column("slice")
    for name in names:
        table.add_column(name, justify="right")
    for name, figures in result.slices.items():
        table.add_row(Text(name), *(f"{figures[figure].value:.3f}" for figure in names))
    return table


def _compared(comparison: Comparison) -> Table:
    table = Table("figure", "difference", "p", title=Text(f"{comparison.a} less {comparison.b}"))
    for name, d in comparison.differences.items():
        table.add_row(name, f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]", f"{d.p:.3f}")
    return table
