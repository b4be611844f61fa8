"""``kyojitsu dataset``: a thin layer over the package's functions."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from pipeline.console import err, out, reported
from pipeline.errors import ConfigError, OutputError
from pipeline.extras import require

dataset_app = typer.Typer(help="Annotated data: build, export, correct, compare.", no_args_is_help=True)

SourceArgument = Annotated[
    Path,
    typer.Argument(help="A run's folder, gold JSONL, or a folder of inline files or of `build`.", metavar="SOURCE"),
]
OutputOption = Annotated[Path, typer.Option("--output", "-o", help="Folder to write; new or empty.", metavar="DIR")]
DocsOption = Annotated[
    Path | None, typer.Option("--docs", help="Folder of a gold file's documents.", metavar="DIR")
]  # fmt: skip
UnitsOption = Annotated[
    str | None,
    typer.Option("--units", help="What the tool counts: code-points or utf-16; its own by default.", metavar="UNIT"),
]
LicenceOption = Annotated[str, typer.Option("--licence", help="Of the texts, as cc-by-4.0.", metavar="ID")]
NameOption = Annotated[str | None, typer.Option("--name", help="Of the dataset, for its card.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataset_app.command()
@reported
def build(
    source: Annotated[Path, typer.Argument(help="A folder of inline files, or of a run.", metavar="SOURCE")],
    output: OutputOption,
) -> None:
    """Turn inline files, or a run, into gold.jsonl and docs/*.txt; refuses what does not fit."""
    from pipeline.dataset.build import build as build_dataset

    if output.exists() and any(output.iterdir()):
        raise OutputError(f"{output} is not empty.", remedy="Name another folder, or remove it.")
    documents, sentences = build_dataset(source, output)
    _say(f"{output}: {documents} documents, {sentences} sentences")


@dataset_app.command()
@reported
def export(
    source: SourceArgument,
    to: Annotated[
        str,
        typer.Option("--to", help="hf, parquet, csv, tsv, docbin, conllu, brat, prodigy, doccano or labelstudio."),
    ],
    output: OutputOption,
    docs: DocsOption = None,
    split: Annotated[
        Path | None, typer.Option("--split", help="Parts that `split` wrote, for hf.", metavar="FILE")
    ] = None,
    licence: LicenceOption = "unknown",
    name: NameOption = None,
    units: UnitsOption = None,
) -> None:
    """Write a run or gold data in another program's format; labels become suggestions to correct."""
    from pipeline.dataset.build import open_source
    from pipeline.dataset.export import export as export_dataset
    from pipeline.dataset.splits import read_split

    done = export_dataset(
        open_source(source, docs),
        to,
        output,
        name=name,
        licence=licence,
        parts=read_split(split) if split else None,
        unit=_unit(units),
        tell=lambda message: err.print(f"kyojitsu: {message}", style="yellow", markup=False, soft_wrap=True),
    )
    _say(done)


@dataset_app.command(name="import")
@reported
def import_(
    files: Annotated[list[Path], typer.Argument(help="What the tool exported.", metavar="FILE...")],
    tool: Annotated[str, typer.Option("--from", help="labelstudio, doccano, brat, prodigy or csv.")],
    original: Annotated[
        Path, typer.Option("--original", help="The run or gold data that was exported.", metavar="SOURCE")
    ],
    output: OutputOption,
    docs: DocsOption = None,
    units: UnitsOption = None,
    inconsistent: Annotated[
        bool, typer.Option("--inconsistent", help="Take labels that contradict one another; offsets must fit still.")
    ] = False,
) -> None:
    """Take corrections back: verify every offset, compare with the original, merge annotators, write gold."""
    from pipeline.dataset.build import open_source
    from pipeline.dataset.importing import corrected, read_answers
    from pipeline.dataset.merging import write

    answers, unit, line_feeds = read_answers(tool, files, _unit(units))
    annotators, documents = corrected(
        answers, open_source(original, docs), unit, line_feeds=line_feeds, consistent=not inconsistent
    )
    written = write(output, annotators, documents)
    _say(
        f"{output}: {written.documents} documents, {written.sentences} sentences of {len(annotators)} annotators; "
        f"{written.changes} labels changed, {written.disagreements} disagreements"
    )


@dataset_app.command()
@reported
def stats(
    source: SourceArgument,
    docs: DocsOption = None,
    ngram: Annotated[int, typer.Option("--ngram", min=1, help="Characters of the n-grams compared.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Count documents, sentences and labels, and how much the documents repeat one another."""
    from pipeline.dataset.build import open_source
    from pipeline.dataset.stats import statistics

    figures = statistics(open_source(source, docs), ngram)
    if as_json:
        _print_json(figures)
        return
    table = Table("what", "number", title=Text(str(source)), title_justify="left")
    for name, value in msgspec.structs.asdict(figures).items():
        if isinstance(value, int):
            table.add_row(name, str(value))
        elif isinstance(value, dict) and value:
            table.add_row(name, Text("\n".join(f"{key} {n}" for key, n in value.items())))
    sharing = figures.sharing
    table.add_row(f"{sharing.n}-grams that other documents have too", f"{sharing.repeated:.1%}")
    table.add_row("in most documents", Text("\n".join(f"{gram} {n}" for gram, n in sharing.most)))
    out.print(table)


@dataset_app.command()
@reported
def split(
    source: SourceArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="JSON file to write.", metavar="FILE")],
    docs: DocsOption = None,
    by: Annotated[str, typer.Option("--by", help="document, or source: a publisher's documents stay together.")] = (
        "document"
    ),
    shares: Annotated[
        str, typer.Option("--shares", help="Of train, validation and test.", metavar="A,B,C")
    ] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option("--seed", help="Of the shuffle.")] = 0,
) -> None:
    """Divide documents into parts; near-duplicates stay together."""
    from pipeline.dataset.build import open_source
    from pipeline.dataset.splits import split as split_documents

    found = split_documents(open_source(source, docs).documents(), _shares(shares), by=by, seed=seed)  # type: ignore[arg-type]
    output.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    sizes = ", ".join(f"{part} {len(ids)}" for part, ids in found.parts.items())
    _say(f"{output}: {sizes}; {len(found.near_duplicates)} near-duplicate pairs kept together")


@dataset_app.command()
@reported
def agreement(
    gold: Annotated[list[Path], typer.Argument(help="Gold of each annotator: JSONL or folders.", metavar="GOLD...")],
    docs: DocsOption = None,
    disagreements: Annotated[
        Path | None, typer.Option("--disagreements", help="JSONL file for each label in dispute.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare annotators of the same documents: Cohen's kappa, Krippendorff's alpha, F1 of spans."""
    require("evaluate", "agreement")
    from pipeline.dataset.agreement import agreement as agreement_of
    from pipeline.dataset.build import open_source

    names = [path.stem for path in gold]
    names = names if len(set(names)) == len(names) else [str(path) for path in gold]
    if len(set(names)) < len(names):
        raise ConfigError("the same gold is given twice.", remedy="Give each annotator's once.")
    found = agreement_of(
        {
            name: [item.gold for item in open_source(path, docs).documents()]
            for name, path in zip(names, gold, strict=True)
        }
    )
    if disagreements:
        disagreements.write_bytes(b"".join(msgspec.json.encode(d) + b"\n" for d in found.disagreements))
    if as_json:
        _print_json(found)
        return
    table = Table("label", "units", "agreed", "kappa", "alpha", "given")
    for label, figure in found.labels.items():
        table.add_row(
            label,
            str(figure.units),
            f"{figure.agreed:.3f}",
            _figure(figure.kappa),
            _figure(figure.alpha),
            _counts(figure.counts),
        )
    out.print(table)
    spans = Table("spans", "F1")
    for name, value in found.spans.items():
        spans.add_row(name, f"{value:.3f}")
    out.print(spans)
    differ = f", {len(found.differing_texts)} with texts that differ" if found.differing_texts else ""
    out.print(
        f"{found.documents} documents{differ}, {found.sentences} sentences, {len(found.disagreements)} disagreements; "
        f"cut otherwise: {_counts(found.unmatched)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


@dataset_app.command()
@reported
def card(
    source: SourceArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; standard output by default.", metavar="FILE")
    ] = None,
    docs: DocsOption = None,
    licence: LicenceOption = "unknown",
    name: NameOption = None,
) -> None:
    """Write the dataset's card: what it holds, where it comes from, its licence and figures."""
    from pipeline.dataset.build import open_source
    from pipeline.dataset.card import render
    from pipeline.dataset.stats import statistics

    data = open_source(source, docs)
    text = render(data, statistics(data), name=name or source.stem, licence=licence)
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _say(message: str) -> None:
    err.print(message, markup=False, highlight=False, soft_wrap=True)


def _print_json(value: Any) -> None:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{key} {n}" for key, n in counts.items())


def _unit(units: str | None) -> Any:
    from pipeline.dataset.units import UNITS

    if units is not None and units not in UNITS:
        raise ConfigError(f"--units {units} is not a unit.", remedy=f"Use one of: {', '.join(UNITS)}.")
    return units


def _shares(shares: str) -> dict[str, float]:
    names = ("train", "validation", "test")
    try:
        values = [float(share) for share in shares.split(",")]
    except ValueError as error:
        raise ConfigError(f"--shares {shares} are not numbers.", remedy="Give shares such as 0.8,0.1,0.1.") from error
    if not 2 <= len(values) <= len(names):
        raise ConfigError(f"--shares {shares}: there must be two or three.", remedy="Give shares such as 0.8,0.1,0.1.")
    return dict(zip(names if len(values) == len(names) else ("train", "test"), values, strict=True))
