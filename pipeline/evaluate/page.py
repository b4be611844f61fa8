"""Reports as one HTML page that needs nothing else, and several reports put together as a leaderboard."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from jinja2 import Environment, StrictUndefined

from pipeline.errors import InputError
from pipeline.evaluate.report import ModelResult, Report

_GOLD: Final = re.compile(r"gold:\d+:([0-9a-f]+)")
# Reliability diagram: a square of this many units in a frame, y downwards.
_SIDE: Final = 200
_LARGEST: Final = 9  # radius of the bin with most items
_CELL: Final = 64


class Dot(NamedTuple):
    """A bin of a reliability diagram, in the units of the drawing; ``title`` is shown on pointing at it."""

    x: float
    y: float
    radius: float
    title: str


class Cell(NamedTuple):
    """A cell of a confusion matrix; ``share`` is that of its row, from 0 to 1."""

    x: int
    y: int
    size: int
    share: float


def read_report(path: Path) -> Report:
    """A report that :func:`pipeline.evaluate.report.write_json` wrote. Raises InputError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", remedy="Give a report as JSON.") from error
    except msgspec.DecodeError as error:
        raise InputError(
            f"{path} is not a report: {error}.", remedy="Give what `kyojitsu evaluate --json` wrote."
        ) from error


def leaderboard(paths: Sequence[Path]) -> Report:
    """The models of several reports in one, the best first by the first figure.

    Args:
        paths: reports as JSON, of one task on the same gold data.

    Raises:
        InputError: a file is no report, or reports are of other data or of another task: their figures do not compare.
    """
    reports = {path: read_report(path) for path in paths}
    if not reports:
        raise InputError("a leaderboard needs reports.", remedy="Give what `kyojitsu evaluate --json` wrote.")
    _comparable(reports)
    first = next(iter(reports.values()))
    names = Counter(model.model for report in reports.values() for model in report.models)
    models = [
        msgspec.structs.replace(model, model=f"{model.model} ({path.stem})" if names[model.model] > 1 else model.model)
        for path, report in reports.items()
        for model in report.models
    ]
    notes = [
        f"{path.stem}: {note}" if len(reports) > 1 else note
        for path, report in reports.items()
        for note in report.notes
    ]
    return msgspec.structs.replace(
        first,
        models=sorted(models, key=lambda model: -next(iter(model.figures.values())).value),
        comparisons=[comparison for report in reports.values() for comparison in report.comparisons],
        notes=notes,
    )


def render(report: Report, title: str = "") -> str:
    """The page of a report: figures, and for each model its matrix, its reliability, its slices and its mistakes.

    Args:
        report: what to show; everything in it is escaped.
        title: the heading; the task if left out.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals |= {"side": _SIDE, "cell": _CELL}
    return environment.from_string(_PAGE).render(
        report=report,
        title=title or f"kyojitsu evaluate {report.task}",
        figures=list(dict.fromkeys(name for model in report.models for name in model.figures)),
        models=[(model, list(_dots(model)), _columns(model), list(_cells(model))) for model in report.models],
    )


def _comparable(reports: dict[Path, Report]) -> None:
    """Raise InputError unless all reports are of one task on the same gold."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for path, report in reports.items():
        match = _GOLD.search(report.signature)
        kinds.setdefault((report.task, match[1] if match else "unknown"), []).append(path.name)
    if len(kinds) > 1:
        listed = "; ".join(f"{task} on gold {digest}: {', '.join(names)}" for (task, digest), names in kinds.items())
        raise InputError(
            f"these reports do not compare, since their tasks or gold data differ: {listed}.",
            remedy="Evaluate all models on the same gold data.",
        )


def _dots(model: ModelResult) -> Iterator[Dot]:
    bins = model.details.get("reliability", [])
    most = max((size for *_, size in bins), default=1)
    for said, was, size in bins:
        radius = max(2.0, _LARGEST * (size / most) ** 0.5)
        title = f"{size} items, mean probability {said:.2f}, right {was:.2f}"
        yield Dot(round(said * _SIDE, 1), round((1 - was) * _SIDE, 1), round(radius, 1), title)


def _columns(model: ModelResult) -> list[str]:
    rows = list(model.details.get("confusion", {}).values())
    return list(rows[0]) if rows else []


def _cells(model: ModelResult) -> Iterator[Cell]:
    for y, row in enumerate(model.details.get("confusion", {}).values()):
        for x, count in enumerate(row.values()):
            yield Cell(x * _CELL, y * _CELL // 2, count, count / max(1, sum(row.values())))


_PAGE: Final = """\
{% macro interval(figure) -%}
{% if figure %}{{ "%.3f"|format(figure.value) }} <small>[{{ "%.3f"|format(figure.low) }}, {{ "%.3f"|format(figure.high) }}]</small>
{%- else %}–{% endif %}
{%- endmacro %}
{% macro confusion(model, columns, cells) %}
{% set rows = model.details.confusion %}
<svg role="img" width="{{ 70 + columns|length * cell }}" height="{{ 40 + rows|length * cell // 2 }}">
<title>Confusion matrix: rows gold, columns predicted</title>
{% for name in columns %}
<text x="{{ 70 + loop.index0 * cell + cell // 2 }}" y="14" text-anchor="middle">{{ name }}</text>
{% endfor %}
{% for name in rows %}
<text x="64" y="{{ 40 + loop.index0 * cell // 2 }}" text-anchor="end">{{ name }}</text>
{% endfor %}
{% for c in cells %}
<rect x="{{ 70 + c.x }}" y="{{ 20 + c.y }}" width="{{ cell }}" height="{{ cell // 2 }}" fill="#2a6" fill-opacity="{{ "%.2f"|format(c.share) }}" stroke="#999"/>
<text x="{{ 70 + c.x + cell // 2 }}" y="{{ 40 + c.y }}" text-anchor="middle">{{ c.size }}</text>
{% endfor %}
</svg>
{% endmacro %}
{% macro reliability(dots) %}
<svg role="img" width="{{ side + 60 }}" height="{{ side + 50 }}">
<title>Reliability: how often a label is right against its probability; on the line both are equal</title>
<g transform="translate(40 10)">
<rect width="{{ side }}" height="{{ side }}" fill="none" stroke="#999"/>
<line x1="0" y1="{{ side }}" x2="{{ side }}" y2="0" stroke="#999" stroke-dasharray="4"/>
{% for dot in dots %}
<circle cx="{{ dot.x }}" cy="{{ dot.y }}" r="{{ dot.radius }}" fill="#2a6" fill-opacity="0.7"><title>{{ dot.title }}</title></circle>
{% endfor %}
{% for tick in [0, 0.5, 1] %}
<text x="{{ tick * side }}" y="{{ side + 16 }}" text-anchor="middle">{{ tick }}</text>
<text x="-8" y="{{ side - tick * side + 4 }}" text-anchor="end">{{ tick }}</text>
{% endfor %}
<text x="{{ side // 2 }}" y="{{ side + 32 }}" text-anchor="middle">probability</text>
</g>
</svg>
{% endmacro %}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: 1em 0; }
th, td { padding: .25em .7em; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
small, .signature { color: #666; }
.signature { font-family: monospace; font-size: 12px; overflow-wrap: anywhere; }
.charts { display: flex; flex-wrap: wrap; gap: 2em; }
svg text { font-size: 12px; fill: #222; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p>{{ report.gold }}: {{ report.units }} units of {{ report.documents }} documents. Figures with 95% intervals.</p>
<p class="signature">{{ report.signature }}</p>
<table>
<thead><tr><th>model</th>{% for name in figures %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for model in report.models %}
<tr><td>{{ model.model }}<br><span class="signature">{{ model.signature }}</span></td>
{% for name in figures %}<td class="n">{{ interval(model.figures.get(name)) }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% if report.notes %}
<ul>{% for note in report.notes %}<li>{{ note }}</li>{% endfor %}</ul>
{% endif %}
{% for comparison in report.comparisons %}
<h2>{{ comparison.a }} less {{ comparison.b }}</h2>
<table>
<thead><tr><th>figure</th><th>difference</th><th>p</th></tr></thead>
<tbody>
{% for name, d in comparison.differences.items() %}
<tr><td>{{ name }}</td><td class="n">{{ interval(d) }}</td><td class="n">{{ "%.3f"|format(d.p) }}</td></tr>
{% endfor %}
</tbody>
</table>
{% endfor %}
{% for model, dots, columns, cells in models %}
<h2>{{ model.model }}</h2>
<div class="charts">
{% if columns %}
<figure>{{ confusion(model, columns, cells) }}<figcaption>rows gold, columns predicted</figcaption></figure>
{% endif %}
{% if dots %}
<figure>{{ reliability(dots) }}<figcaption>share that is right by probability</figcaption></figure>
{% endif %}
</div>
{% if model.slices %}
{% set names = (model.slices.values()|first).keys() %}
<table>
<thead><tr><th>slice</th><th>size</th>{% for name in names %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for slice, of_slice in model.slices.items() %}
<tr><td>{{ slice }}</td><td class="n">{{ model.details.get("sizes", {}).get(slice, "") }}</td>
{% for name in names %}<td class="n">{{ interval(of_slice.get(name)) }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% endif %}
{% for key, heading in [("targets", "Targets"), ("mistakes", "The surest mistakes")] %}
{% if model.details.get(key) %}
<details><summary>{{ heading }}</summary>
<table>
<thead><tr>{% for name in model.details[key][0] %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in model.details[key] %}
<tr>{% for value in row.values() %}<td>{{ value }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
</details>
{% endif %}
{% endfor %}
{% endfor %}
</body>
</html>
"""
