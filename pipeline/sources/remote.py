"""Files named by URL (``s3://``, ``gs://``, ``hf://``, ``https://`` …).

Inputs are copied here one by one, read, and deleted; the files of a run are sent when it is complete. Any file system
that fsspec knows will do; some need a package of their own, such as ``s3fs``, ``gcsfs`` or ``aiohttp``. Keys come from
where that package looks for them (environment, its own files), never from the configuration.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pipeline.errors import ConfigError, InputError, OutputError
from pipeline.sources.types import Format, Found, Rejected

_PASSWORD: Final = re.compile(r"[^/]+://[^/@]*:[^/@]*@")
_PACKAGES: Final = "some file systems need a package (s3fs, gcsfs, for https aiohttp)"


def is_url(name: str) -> bool:
    """Whether this is a URL, not a local path."""
    return "://" in name


def refuse_keys(name: str) -> None:
    """Raise ConfigError if a URL holds a password: manifest, records and messages repeat it as it is."""
    if _PASSWORD.match(name):
        raise ConfigError(
            f"the URL {name.partition('://')[0]}://… holds a password.",
            remedy="Leave it out; the file system's package finds keys in the environment or files of its own.",
        )


def local_or_url(name: str) -> str:
    """``file:///folder`` as the local path that it is, anything else as it came."""
    return name.removeprefix("file://")


class RemoteFolder:
    """A folder of another file system, to write to."""

    def __init__(self, url: str) -> None:
        """Reach it and write a first, empty file, which is taken away again.

        Raises:
            OutputError: it cannot be reached or written.
        """
        self.url = url.rstrip("/")
        try:
            import fsspec  # type: ignore[import-untyped]

            self._files, self._path = fsspec.core.url_to_fs(self.url)
            self._files.makedirs(self._path, exist_ok=True)
            self._files.pipe_file(f"{self._path}/.kyojitsu", b"")
            self._files.rm_file(f"{self._path}/.kyojitsu")
        except Exception as error:  # each file system raises its own
            raise OutputError(
                f"{url}: the output cannot be written ({type(error).__name__}: {error}).",
                remedy=f"Check the URL and the access to it; {_PACKAGES}.",
            ) from error

    def send(self, files: Sequence[Path]) -> None:
        """Write these files, in this order; before, the last one's old version is deleted.

        Raises:
            OutputError: one could not be written.
        """
        try:
            last = f"{self._path}/{files[-1].name}"
            if self._files.exists(last):
                self._files.rm_file(last)
            for file in files:
                self._files.put_file(str(file), f"{self._path}/{file.name}")
        except Exception as error:  # each file system raises its own
            raise OutputError(
                f"{self.url}: the files of the run could not be written ({type(error).__name__}: {error}).",
                remedy="They are kept here; repeat the command with --resume to send them.",
            ) from error


def find_remote(
    url: str, format_of: Callable[[str], Format | None], stem: Callable[[str], str], exclude: str | None = None
) -> Iterator[Found | Rejected]:
    """The file of a URL, or the files of its folder or glob, in the order of their names.

    Each copy is gone when the next is asked for. A file that does not arrive is rejected.

    Args:
        url: the URL.
        format_of: the format of a file name, None if there is no reader for it.
        stem: a file name without its extension.
        exclude: the URL of a folder to pass over.
    """
    try:
        import fsspec

        files, path = fsspec.core.url_to_fs(url)
        names, root = _names(files, path)
        hidden = f"{_address(exclude)}/" if exclude else None
    except Exception as error:  # each file system raises its own
        yield Rejected.because(url, url, _unreachable(error))
        return
    known = [
        (name, kind)
        for name in names
        if (kind := format_of(name)) and not (hidden and files.unstrip_protocol(name).startswith(hidden))
    ]
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


def _address(url: str) -> str:
    """The URL in the one form that its file system gives it."""
    import fsspec

    files, path = fsspec.core.url_to_fs(url)
    return str(files.unstrip_protocol(path))


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
        remedy=f"Check the URL and the access to it; {_PACKAGES}.",
        code="unreachable",
    )
