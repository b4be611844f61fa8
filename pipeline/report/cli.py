"""The commands ``report``, ``view`` and ``diff``: thin layers over this package's functions."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer

from pipeline.console import err, out, reported
from pipeline.errors import InputError
from pipeline.record import TECHNIQUES, Content

Run = Annotated[Path, typer.Argument(help="Folder of a run, or its file of records.", metavar="RUN")]


@reported
def report(
    run: Run,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A file NAME.html, or a folder.", metavar="FILE|DIR")
    ] = Path("report.html"),
) -> None:
    """Write a run as pages to look at, offline, in a browser: one page, or for many documents an index and pages."""
    from pipeline.report.page import write_report

    written = write_report(run, output)
    pages = f", {written.files} files" if written.files > 1 else ""
    err.print(f"{written.documents} documents{pages}", highlight=False)
    out.print(str(written.entry), markup=False, highlight=False, soft_wrap=True)


@reported
def view(
    run: Run,
    document: Annotated[str | None, typer.Option("--doc", help="Show this document.", metavar="ID")] = None,
    technique: Annotated[
        list[str] | None, typer.Option("--technique", help="With rhetoric of this technique; several: any of them.")
    ] = None,
    content: Annotated[list[str] | None, typer.Option("--content", help="factual, mixed, rhetorical or plain.")] = None,
    level: Annotated[int, typer.Option("--level", min=0, max=3, help="Of this hype level or more.")] = 0,
    target: Annotated[list[str] | None, typer.Option("--target", help="With a stance toward this target.")] = None,
    text: Annotated[str, typer.Option("--text", help="Whose Japanese or English contains this.")] = "",
    pager: Annotated[bool, typer.Option("--pager/--no-pager", help="Page through, where / searches.")] = True,
) -> None:
    """Look at a run in the terminal: its documents, one of them, or the sentences that meet the conditions."""
    from pipeline.report.filters import Filter
    from pipeline.report.runs import read_records
    from pipeline.report.view import list_documents, selected, show_document

    wanted = Filter(
        techniques=_known(technique, TECHNIQUES, "--technique"),
        contents=_known(content, get_args(Content), "--content"),
        level=level,
        targets=frozenset(target or ()),
        text=text.casefold(),
    )
    records = read_records(run)
    with out.pager(styles=True) if pager and out.is_terminal else nullcontext():
        if document is None and not wanted:
            list_documents(records, out)
            return
        found = 0
        for record in selected(records, wanted, document):
            show_document(record, out)
            found += 1
    if not found:
        asked = (
            f"no document {document!r}" if document is not None and not wanted else "no sentence meets these conditions"
        )
        raise InputError(f"{run}: {asked}.", remedy="Without conditions, view lists the documents.")


@reported
def diff(
    run_a: Annotated[Path, typer.Argument(help="The run to start from.", metavar="RUN_A")],
    run_b: Annotated[Path, typer.Argument(help="The run to compare with it.", metavar="RUN_B")],
    limit: Annotated[int, typer.Option("--limit", min=0, help="Changes to show.", metavar="N")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print every change as JSON.")] = False,
) -> None:
    """Show what changed between two runs or two models: documents, sentences, labels, spans, stances, English."""
    from pipeline.report.diff import diff_runs, show

    difference = diff_runs(run_a, run_b)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(difference)).decode() + "\n")
    else:
        show(difference, out, limit)


def mount(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (report, view, diff):
        app.command()(command)


def _known(given: list[str] | None, values: tuple[Any, ...], option: str) -> frozenset[Any]:
    """The values asked for. Raises InputError for one that does not exist."""
    for value in given or ():
        if value not in values:
            raise InputError(f"{option}: there is no {value!r}.", remedy=f"There are: {', '.join(values)}.")
    return frozenset(given or ())
