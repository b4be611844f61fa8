"""A dataset in the format of another program, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pipeline.dataset import card
from pipeline.dataset.build import Source
from pipeline.dataset.formats import brat, conllu, csv, doccano, huggingface, labelstudio, prodigy, spacy_docbin
from pipeline.dataset.splits import Split
from pipeline.dataset.stats import statistics
from pipeline.dataset.units import UNITS, Unit
from pipeline.errors import ConfigError, InputError, OutputError

FORMATS: Final = (
    "hf", "parquet", "csv", "tsv", "docbin", "conllu", "brat", "prodigy", "doccano", "labelstudio",
)  # fmt: skip
UNIT_OF: Final[dict[str, Unit]] = {
    "prodigy": prodigy.UNIT, "doccano": doccano.UNIT, "labelstudio": labelstudio.UNIT,
}  # fmt: skip
"""The formats whose offsets can be asked for in another unit, with the one that their program counts in."""


def export(
    source: Source,
    to: str,
    output: Path,
    *,
    name: str | None = None,
    licence: str = card.UNKNOWN_LICENCE,
    parts: Split | None = None,
    unit: Unit | None = None,
    tell: Callable[[str], None] | None = None,
) -> str:
    """Write ``source`` into the folder ``output`` and say what was written.

    Args:
        source: a run or gold.
        to: one of :data:`FORMATS`.
        output: a folder that is not there yet, or empty.
        name: of the dataset, for the card; the folder's name by default.
        licence: of the texts, for the card.
        parts: of a split; for hf.
        unit: of offsets, instead of the one the program counts in; for :data:`UNIT_OF`.
        tell: called with what the user should know.

    Raises:
        ConfigError: a format there is not, or an option it has no use for.
        InputError: data that do not fit, or none.
        OutputError: the folder is not empty, or a document cannot be written in this format.
    """
    if to not in FORMATS:
        raise ConfigError(f"there is no format {to!r}.", remedy=f"Use one of: {', '.join(FORMATS)}.")
    if to != "hf" and (parts or name or licence != card.UNKNOWN_LICENCE):
        raise ConfigError(f"{to} has no parts and no card.", remedy="Give --split, --name and --licence with --to hf.")
    if unit and (to not in UNIT_OF or unit not in UNITS):
        raise ConfigError(
            f"--units {unit} has no meaning for {to}.", remedy=f"Give {' or '.join(UNITS)} with {', '.join(UNIT_OF)}."
        )
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise OutputError(f"{output} is there and not an empty folder.", remedy="Name another, or remove it.")
    if next(iter(source.documents()), None) is None:
        raise InputError(f"{source.path} holds no document.", remedy="Give a run or gold data with documents.")
    partial = output.parent / f".{output.name}.part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        if to == "hf":
            figures = statistics(source)
            name = name or output.name
            done = _rows(huggingface.write(source, partial, figures, name=name, licence=licence, parts=parts))
        elif to in UNIT_OF:
            done = _tasks(source, to, partial, unit or UNIT_OF[to])
        else:
            done = _files(source, to, partial, tell or (lambda _: None))
        if output.exists():
            output.rmdir()
        partial.replace(output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return f"{output}: {done}"


def _tasks(source: Source, to: str, folder: Path, unit: Unit) -> str:
    match to:
        case "prodigy":
            return f"{prodigy.write(source, folder / 'tasks.jsonl', unit)} tasks"
        case "doccano":
            return f"{doccano.write(source, folder, unit)} examples"
        case _:
            return f"{labelstudio.write(source, folder, unit)} tasks"


def _files(source: Source, to: str, folder: Path, tell: Callable[[str], None]) -> str:
    match to:
        case "parquet":
            return _rows(huggingface.write_parquet(source, folder))
        case "docbin":
            return f"{spacy_docbin.write(source, folder)} documents"
        case "conllu":
            return f"{conllu.write(source, folder / 'data.conllu')} sentences"
        case "brat":
            documents, misplaced = brat.write(source, folder)
            if misplaced:
                tell(
                    f"{misplaced} of {documents} documents have characters outside the Basic Multilingual Plane "
                    "(emoji, 𠮷): what is drawn after one on brat's page lands too far right. Label Studio is right."
                )
            return f"{documents} documents"
        case _:
            return _rows(csv.write(source, folder, to))


def _rows(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {table}" for table, n in counts.items())
