"""The report: one self-contained page, or an index with a page a document, that works from a folder with no server.

Pages hold no time and no path: the same run gives the same bytes. Files appear together when all are written.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.errors import InputError, OutputError
from pipeline.record import Record
from pipeline.report.articles import Article, Row, articles
from pipeline.report.charts import charts
from pipeline.report.runs import read_records
from pipeline.report.templates import GENERATOR, render
from pipeline.report.totals import SourceTotals, Totals

PAGE_BYTES: Final = 4_000_000  # of documents on one page, in UTF-8; the list, style and script stay under 1 MB
INDEX_BYTES: Final = 3_000_000  # of rows and searchable text on one page of the index


@dataclass(frozen=True, slots=True)
class Written:
    """What a report consists of: the file to open, and how many documents and files there are."""

    entry: Path
    documents: int
    files: int


def write_report(run: Path, output: Path) -> Written:
    """Write the report of a run.

    Args:
        run: folder of the run, or its file of records.
        output: a name that ends in ``.html``: one page if the run fits on it, else the index, its pages in the folder
            ``NAME_pages`` beside it. Any other name: a folder with ``index.html`` and ``pages``. An earlier report
            there is replaced.

    Raises:
        InputError: the run cannot be read, or has no document.
        OutputError: the place cannot be written, or holds something else than a report.
    """
    single = output.suffix.lower() == ".html"
    folder = output.parent if single else output
    entry = output.name if single else "index.html"
    pages = f"{output.stem}_pages" if single else "pages"
    _refuse_foreign(output, folder / entry, folder / pages, single=single)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".report-", dir=folder) as temporary:
            work = Path(temporary)
            documents = _write_single(run, work / entry) if single else None
            if documents is None:
                documents = _write_folder(run, work, entry, pages)
            made = sum(1 for file in work.rglob("*") if file.is_file())
            shutil.rmtree(folder / pages, ignore_errors=True)
            for path in sorted(work.iterdir(), key=Path.is_file):  # the pages before the index that names them
                path.replace(folder / path.name)
    except OSError as error:
        raise OutputError(f"{output}: writing failed: {error}.", remedy="Make room or take another place.") from error
    return Written(folder / entry, documents, made)


def record_page(record: Record) -> str:
    """The page of one record."""
    totals = Totals()
    return _page(list(articles([record], totals, apart=False)), record.id, totals)


def _refuse_foreign(output: Path, entry: Path, pages: Path, *, single: bool) -> None:
    """Never overwrite what is not a report."""
    if output.is_dir() if single else output.is_file():
        raise OutputError(f"{output}: is a {'folder' if single else 'file'}.", remedy="Name another output.")
    if entry.is_file():
        with entry.open(encoding="utf-8", errors="replace") as file:
            ours = GENERATOR in file.read(3000)
    else:
        ours = not pages.exists() and (single or not output.is_dir() or not any(output.iterdir()))
    if not ours:
        raise OutputError(f"{output}: holds something else than a report.", remedy="Name another output.")


def _write_single(run: Path, file: Path) -> int | None:
    """Write the run as one page; gives the number of documents, or None where they do not fit."""
    totals = Totals()
    made: list[Article] = []
    size = 0
    for article in articles(read_records(run), totals, apart=False):
        size += sum(len(part.encode()) for part in article.parts)
        if size > PAGE_BYTES:
            return None
        made.append(article)
    _save(file, _page(_some(made, run), _name(run), totals))
    return len(made)


def _page(made: Sequence[Article], name: str, totals: Totals) -> str:
    rows = [article.row for article in made]
    parts = [part for article in made for part in article.parts]
    return render(
        "single.html.j2",
        **_shared(name, rows),
        articles=parts,
        overall=totals.whole,
        totals=totals,
        charts=charts(totals),
    )


def _write_folder(run: Path, work: Path, entry: str, pages: str) -> int:
    """Write an index and a page a document, as the records are read; gives the number of documents."""
    (work / pages).mkdir()
    totals = Totals()
    rows: list[Row] = []
    waiting: Article | None = None
    previous: str | None = None
    for article in articles(read_records(run), totals, apart=True):
        rows.append(article.row)
        article.row.href = f"{pages}/{_file(len(rows))}"
        if waiting:
            previous = _write_document(work / pages, waiting, len(rows) - 1, f"../{entry}", previous, _file(len(rows)))
        waiting = article
    if waiting:
        _write_document(work / pages, waiting, len(rows), f"../{entry}", previous, None)
    _write_index(_some(rows, run), totals, work, entry, pages, _name(run))
    return len(rows)


def _write_document(
    folder: Path, article: Article, number: int, index: str, previous: str | None, following: str | None
) -> str:
    """Write a document's pages, one a part; gives the name of the last."""
    names = [_file(number, part) for part in range(1, len(article.parts) + 1)]
    for i, (name, part) in enumerate(zip(names, article.parts, strict=True)):
        steps = {
            "index": index,
            "previous": names[i - 1] if i else previous,
            "following": names[i + 1] if i + 1 < len(names) else following,
        }
        _save(
            folder / name, render("page.html.j2", **_shared(article.row.title, [article.row]), **steps, articles=[part])
        )
    return names[-1]


def _write_index(rows: Sequence[Row], totals: Totals, work: Path, entry: str, pages: str, name: str) -> None:
    shares = list(_shares(rows))
    names = [entry, *(f"{pages}/index-{i}.html" for i in range(2, len(shares) + 1))]
    for i, share in enumerate(shares):
        base = "../" if i else ""
        links = [(n, None if n == i else base + other) for n, other in enumerate(names)]
        html = render(
            "index.html.j2",
            **_shared(name, share),
            articles=[],
            overall=totals.whole,
            totals=totals,
            charts=[] if i else charts(totals),
            base=base,
            links=links,
            data=[[row.href, row.data] for row in share],
        )
        _save(work / names[i], html)


def _shares(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows in shares that each fit on a page of the index."""
    share: list[Row] = []
    size = 0
    for row in rows:
        if share and size + row.bytes > INDEX_BYTES:
            yield share
            share, size = [], 0
        share.append(row)
        size += row.bytes
    yield share


def _shared(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    """What every page needs: its name, its documents, and what they can be filtered by."""
    whole = SourceTotals()
    names: dict[str, tuple[str, str]] = {}
    for row in rows:
        whole.merge(row.totals)
        names |= row.names
    return {"name": name, "rows": rows, "whole": whole, "targets": dict(sorted(names.items()))}


def _some(found: Sequence[Any], run: Path) -> Sequence[Any]:
    if not found:
        raise InputError(f"{run}: the run has no document.", remedy="Look into its errors.jsonl.")
    return found


def _name(run: Path) -> str:
    """What a reader would call the run: its folder."""
    return run.resolve().parent.name if run.is_file() else run.resolve().name


def _file(number: int, part: int = 1) -> str:
    return f"{number:05d}{f'-{part}' if part > 1 else ''}.html"


def _save(file: Path, html: str) -> None:
    file.write_text(html, encoding="utf-8", newline="\n")
