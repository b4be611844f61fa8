"""``kyojitsu evaluate`` and ``kyojitsu leaderboard``: thin layers over the package's functions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.console import out, reported
from pipeline.errors import ConfigError
from pipeline.extras import require

TASKS = ("hype", "rhetoric", "checkable", "stance", "ner", "translation")
JsonOption = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
HtmlOption = Annotated[Path | None, typer.Option("--html", help="Also write the report as a page.", metavar="FILE")]


@reported
def evaluate(
    task: Annotated[str, typer.Argument(help=", ".join(TASKS), metavar="TASK")],
    gold: Annotated[
        str, typer.Option("--gold", help="Gold JSONL, a folder of inline files, a benchmark's folder, or a data set.")
    ],
    docs: Annotated[Path | None, typer.Option("--docs", help="Folder of the gold's documents.", metavar="DIR")] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="A model by name; several times for several.", metavar="NAME")
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Test the difference of every two models.")] = False,
    as_json: JsonOption = False,
    html: HtmlOption = None,
    config: Annotated[Path | None, typer.Option("--config", help="YAML file with settings.", metavar="FILE")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Change a setting.", metavar="KEY=VALUE")] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="What a foreign label means.", metavar="LABEL=MEANING")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Column of a data set, e.g. text=body.", metavar="WHAT=NAME")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Split of a data set.")] = "test",
    revision: Annotated[str | None, typer.Option("--revision", help="Commit of a data set on the hub.")] = None,
    part: Annotated[str, typer.Option("--part", help="Of PoliInfo: train or test.")] = "test",
    input_: Annotated[str, typer.Option("--input", help="What a classifier of stance reads: pair or marked.")] = "pair",
    abstain: Annotated[float, typer.Option("--abstain", help="Least probability that is not abstained from.")] = 0.6,
    training_targets: Annotated[
        Path | None, typer.Option("--training-targets", help="Ids of targets seen in training, one a line.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Draw so many segments to translate.")] = None,
    domain: Annotated[str | None, typer.Option("--domain", help="Domain of segments to translate.")] = None,
) -> None:
    """Measure models against gold data: figures with 95% bootstrap intervals and the signature."""
    require("evaluate", "evaluation")
    from pipeline.config import load_config
    from pipeline.evaluate.report import show, write_json

    settings = load_config(config, set_ or ())
    names = model or ()
    if task == "stance":
        data = {"columns": _pairs(column), "split": split, "revision": revision, "part": part}
        report = _stance(gold, docs, names, settings, _pairs(label), data, input_, compare, abstain, training_targets)
    elif task == "translation":
        from pipeline.evaluate import translation

        report = translation.evaluate(Path(gold), names, settings, limit=limit, domain=domain, compare=compare)
    elif task == "ner":
        from pipeline.evaluate import ner

        report = ner.evaluate(Path(gold), docs, part)
    elif task in TASKS:
        from pipeline.dataset.load import load_gold
        from pipeline.evaluate import sentences
        from pipeline.evaluate.models import resolve

        chosen = {n: resolve(task, n, settings, _pairs(label)) for n in names or ("majority", "cues", "bundled")}
        report = sentences.evaluate(task, load_gold(Path(gold), docs), chosen, gold, compare=compare)
    else:
        raise ConfigError(f"there is no task {task!r}.", remedy=f"There are: {', '.join(TASKS)}.")
    if html is not None:
        from pipeline.evaluate.page import render

        html.write_text(render(report), encoding="utf-8")
    if as_json:
        sys.stdout.write(write_json(report).decode())
    else:
        show(report, out)


@reported
def leaderboard(
    reports: Annotated[list[Path], typer.Argument(help="Reports that evaluate --json printed.", metavar="FILE...")],
    as_json: JsonOption = False,
    html: HtmlOption = None,
) -> None:
    """Put the models of several reports on the same gold side by side."""
    from pipeline.evaluate.page import leaderboard as join
    from pipeline.evaluate.page import render
    from pipeline.evaluate.report import show, write_json

    report = join(reports)
    if html is not None:
        html.write_text(render(report), encoding="utf-8")
    if as_json:
        sys.stdout.write(write_json(report).decode())
    else:
        show(report, out)


def _stance(
    gold: str,
    docs: Path | None,
    names: Sequence[str],
    settings: Any,
    labels: dict[str, str],
    data: dict[str, Any],
    form: str,
    compare: bool,
    abstain: float,
    training_targets: Path | None,
) -> Any:
    from pydantic import ValidationError

    from pipeline.evaluate import stance, stance_data, stance_models

    try:
        found = stance_data.load(gold, docs, stance_data.DataOptions(labels=labels, **data))
        options = stance_models.ModelOptions(labels=labels, input=form)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigError(f"an option does not fit: {error}") from error
    seen = training_targets.read_text(encoding="utf-8").split() if training_targets else ()
    models = {
        name: stance_models.resolve(name, found.items, settings, options)
        for name in names or ("majority", "lexicon", "bundled")
    }
    return stance.evaluate(found, models, compare=compare, training_targets=seen, abstain=abstain)


def _pairs(options: Sequence[str] | None) -> dict[str, str]:
    pairs = [option.partition("=") for option in options or ()]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise ConfigError(f"expected NAME=VALUE, found {wrong[0]!r}.", remedy="As in --label POSITIVE=favor.")
    return {name: value for name, _, value in pairs}
