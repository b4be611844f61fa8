"""Inputs named by URL (``s3://``, ``gs://``, ``hf://``, ``https://`` …): every file is copied here, read, and deleted.

Any file system that fsspec knows will do; some need a package of their own, such as ``s3fs`` or ``gcsfs``. Keys come
from where that package looks for them (environment, its own files), never from the configuration.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.sources.types import Format, Found, Rejected


def is_url(name: str) -> bool:
    """Whether this is a URL, not a local path."""
    return "://" in name


def find_remote(
    url: str, format_of: Callable[[str], Format | None], stem: Callable[[str], str]
) -> Iterator[Found | Rejected]:
    """The file of a URL, or the files of its folder or glob, in the order of their names.

    Each copy is gone when the next is asked for. A file that does not arrive is rejected.

    Args:
        url: the URL.
        format_of: the format of a file name, None if there is no reader for it.
        stem: a file name without its extension.
    """
    try:
        import fsspec  # type: ignore[import-untyped]

        files, path = fsspec.core.url_to_fs(url)
        names, root = _names(files, path)
    except Exception as error:  # each file system raises its own
        yield Rejected.because(url, url, _unreachable(error))
        return
    known = [(name, kind) for name in names if (kind := format_of(name))]
    if not known:
        missing = InputError("no file that can be read is there.", remedy="Check the URL.", code="not_found")
        yield Rejected.because(url, url, missing)
    with tempfile.TemporaryDirectory(prefix="kyojitsu-") as folder:
        for name, kind in known:
            place = files.unstrip_protocol(name)
            id_ = stem(name.removeprefix(root).lstrip("/"))
            copy = Path(folder, "copy" + "".join(Path(name).suffixes[-2:]))
            try:
                files.get_file(name, str(copy))
            except Exception as error:
                yield Rejected.because(id_, place, _unreachable(error))
                continue
            yield Found(id_, place, kind, copy)
            copy.unlink()


def _names(files: Any, path: str) -> tuple[list[str], str]:
    """The files meant, and what their ids leave out: the folder, a glob's fixed part, or a file's parents."""
    if any(sign in path for sign in "*?["):
        fixed = path[: min(path.find(sign) for sign in "*?[" if sign in path)].rpartition("/")[0]
        return sorted(name for name in files.glob(path) if files.isfile(name)), fixed
    if files.isdir(path):
        hidden = "/."
        names = sorted(files.find(path))
        return [name for name in names if hidden not in name.removeprefix(path.rstrip("/"))], path
    return [path], path.rpartition("/")[0]


def _unreachable(error: Exception) -> InputError:
    return InputError(
        f"it cannot be fetched ({type(error).__name__}: {error}).",
        remedy="Check the URL and the access to it; some file systems need a package (s3fs, gcsfs).",
        code="unreachable",
    )
