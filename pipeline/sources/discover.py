"""Turn what the user names (files, folders, globs, ``-``, datasets) into inputs to open, lazily and in order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pipeline.errors import InputError
from pipeline.sources.remote import find_remote, is_url, local_or_url
from pipeline.sources.types import Format, Found, Rejected

FORMATS: Final[dict[str, Format]] = {
    ".txt": "txt",
    ".md": "md",
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".jsonl.zst": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
STDIN: Final = "-"
# The names that the Hugging Face hub accepts, with an optional configuration.
_DATASET: Final = re.compile(r"(?:hf://datasets/)?([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(?::[\w.-]+)?)", re.ASCII)


def find_inputs(inputs: Iterable[str], exclude: Path | str | None = None) -> Iterator[Found | Rejected]:
    """All inputs, in the order given; folders depth first in the order of their entries' names, globs sorted.

    In folders, hidden entries and files of other formats are passed over, and so is ``exclude`` (a local folder, or
    the URL of one); links
    to folders are followed once. A glob matches files only (``**`` any depth). An id is the path below the folder
    (of a glob: below its fixed part; of a file: its name), without the extension, with ``/`` between parts.
    ``owner/name`` is a dataset if there is neither such a path nor a folder ``owner``. URLs are fetched, each file
    when its turn comes.
    """
    hidden = frozenset({exclude.resolve()}) if isinstance(exclude, Path) else frozenset()
    hidden_url = exclude if isinstance(exclude, str) else None
    for name in map(local_or_url, inputs):
        if is_url(name) and not dataset_name(name):
            yield from find_remote(name, _format_of, _stem, hidden_url)
        else:
            yield from _find(name, hidden)


def dataset_name(name: str) -> str | None:
    """``owner/name[:config]`` if this could be a dataset's name, else None."""
    match = _DATASET.fullmatch(name)
    return match[1] if match and _format_of(name) is None else None


def _find(name: str, exclude: frozenset[Path]) -> Iterator[Found | Rejected]:
    if name == STDIN:
        yield Found("stdin", STDIN, "txt")
        return
    path = Path(name)
    try:
        if not name:
            yield _missing(name, "an empty name")
        elif path.is_dir():
            yield from _some(_walk(path, path, set(exclude)), name, "this folder holds no file that can be read")
        elif path.exists():
            yield _file(path)
        elif glob.has_magic(name):
            yield from _some(_glob(name, exclude), name, "no file that can be read matches")
        elif (dataset := dataset_name(name)) and not path.parent.is_dir():
            yield Found(dataset, f"hf://datasets/{dataset}", "dataset")
        else:
            hint = f" (the dataset of this name is hf://datasets/{dataset})" if dataset else ""
            yield _missing(name, f"there is no such file or folder{hint}")
    except OSError as error:
        yield Rejected.because(printable(name), printable(name), unreadable(error))


def _file(path: Path) -> Found | Rejected:
    """A file that was named itself."""
    name = printable(path.as_posix())
    format_ = _format_of(path.name)
    if format_ is None:
        error = InputError(
            f"no reader for this kind of file; there are readers for {' '.join(FORMATS)}.",
            remedy="Convert it, or rename it if it is one of these.",
            code="format",
        )
        return Rejected.because(printable(path.name), name, error)
    return Found(_stem(path.name), name, format_, path)


def _glob(pattern: str, exclude: frozenset[Path]) -> Iterator[Found | Rejected]:
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    root = Path(*parts[:fixed])
    for path in map(Path, sorted(glob.glob(pattern, recursive=True))):  # noqa: PTH207 (Path.glob finds hidden files)
        if not path.is_dir() and exclude.isdisjoint(path.resolve().parents):
            yield from _below(path, root)


def _walk(folder: Path, root: Path, seen: set[Path]) -> Iterator[Found | Rejected]:
    """Files below ``folder``; real folders in ``seen`` are not entered (again)."""
    real = folder.resolve()
    if real in seen:
        return
    seen.add(real)
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        place = printable(folder.as_posix())
        yield Rejected.because(place, place, unreadable(error))
        return
    for path in entries:
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _walk(path, root, seen)
        else:
            yield from _below(path, root)


def _below(path: Path, root: Path) -> Iterator[Found]:
    """A file met in a folder: passed over if its format is not known."""
    format_ = _format_of(path.name)
    if format_ is not None:
        yield Found(_stem(path.relative_to(root).as_posix()), printable(path.as_posix()), format_, path)


def _some(found: Iterator[Found | Rejected], name: str, cause: str) -> Iterator[Found | Rejected]:
    """Pass everything on; if there is nothing, reject the input ``name`` itself."""
    nothing = True
    for item in found:
        nothing = False
        yield item
    if nothing:
        yield _missing(name, f"{cause} ({' '.join(FORMATS)})")


def _missing(name: str, cause: str) -> Rejected:
    error = InputError(f"{cause}.", remedy="Check the name and the working directory.", code="not_found")
    return Rejected.because(printable(name), printable(name) or "''", error)


def unreadable(error: OSError) -> InputError:
    """The error for a file or folder that the system does not let us read."""
    return InputError(
        f"it cannot be read ({error.strerror or error}).",
        remedy="Check that it is a regular file or folder and that you may read it.",
        code="unreadable",
    )


def printable(name: str) -> str:
    """A file name as text that UTF-8 can hold; its bytes that are not UTF-8 are written in hexadecimal."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _suffix(name: str) -> str | None:
    """The longest known extension that the file name ends in, after at least one other character."""
    lower = name.lower()
    fitting = [suffix for suffix in FORMATS if lower.endswith(suffix) and len(lower) > len(suffix)]
    return max(fitting, key=len, default=None)


def _format_of(name: str) -> Format | None:
    suffix = _suffix(name)
    return FORMATS[suffix] if suffix else None


def _stem(name: str) -> str:
    """The name without its known extension."""
    return printable(name[: -len(_suffix(name) or "")])
