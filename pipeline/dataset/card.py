"""The card of a dataset: what it holds, where it comes from, under which licence, in numbers a reader can check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from datasets import DatasetInfo, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCardData

from pipeline.dataset.build import Source
from pipeline.dataset.features import CONFIGS
from pipeline.dataset.stats import Statistics

UNKNOWN_LICENCE: Final = "unknown"
_LISTED: Final = 30  # sources and targets; the rest are counted
_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def render(
    source: Source,
    figures: Statistics,
    *,
    name: str,
    licence: str = UNKNOWN_LICENCE,
    files: Mapping[str, Mapping[str, list[str]]] | None = None,
    sizes: Mapping[str, Mapping[str, tuple[int, int]]] | None = None,
) -> str:
    """The card, Markdown under a YAML head as the Hugging Face hub reads it.

    Args:
        source: the data.
        figures: its statistics.
        name: of the dataset.
        licence: of the texts, as the hub writes it (cc-by-4.0).
        files: for a Hugging Face export, the paths of each table's parts.
        sizes: for a Hugging Face export, rows and bytes (in memory) of each table's parts.
    """
    head = DatasetCardData(
        language=["ja", "en"] if figures.translation else ["ja"],
        license=licence,
        pretty_name=name,
        size_categories=[next((size for limit, size in _SIZES if figures.sentences < limit), "1M<n<10M")],
        task_categories=["token-classification", "text-classification"],
        annotations_creators=["machine-generated"] if source.is_run else ["expert-generated"],
        tags=["rhetoric", "propaganda", "stance", "hype", "claims"],
    )
    if files and sizes:
        _describe(head, files, sizes)
    return f"---\n{head.to_yaml()}\n---\n\n" + "\n".join(_body(source, figures, name, licence)) + "\n"


def _describe(
    head: DatasetCardData,
    files: Mapping[str, Mapping[str, list[str]]],
    sizes: Mapping[str, Mapping[str, tuple[int, int]]],
) -> None:
    configs = {
        table: {"data_files": [{"split": part, "path": paths} for part, paths in parts.items()]}
        for table, parts in files.items()
    }
    configs["documents"]["default"] = True  # type: ignore[assignment]
    MetadataConfigs(configs).to_dataset_card_data(head)
    infos = {
        table: DatasetInfo(
            features=CONFIGS[table],
            splits=SplitDict(
                {part: SplitInfo(part, num_bytes=size, num_examples=n) for part, (n, size) in parts.items()}
            ),
        )
        for table, parts in sizes.items()
    }
    DatasetInfosDict(infos).to_dataset_card_data(head)


def _body(source: Source, f: Statistics, name: str, licence: str) -> Iterator[str]:
    yield f"# {name}\n"
    yield "Japanese texts in which rhetoric is flagged apart from checkable fact, sentence by sentence.\n"
    yield from _tables(f)
    yield "## Labels\n"
    yield (
        "`content`: factual (a claim), mixed (claim and rhetoric), rhetorical (rhetoric alone), plain (neither). "
        "`hype`: 0 none, 1 mild, 2 strong, 3 extreme. `quoted` rhetoric is reported, not the author's. "
        "Stance: favor, against or neutral toward a target."
    )
    yield (
        "\nOffsets are Unicode code points, end exclusive: `start`/`end` into `text`, `raw_start`/`raw_end` into "
        "`raw`.\n"
    )
    yield "## Where it comes from\n"
    yield from _provenance(source)
    yield from _top("source", f.sources)
    yield "## Licence\n"
    yield _licence(licence)
    yield "## Figures\n"
    yield from _figures(f)


def _tables(f: Statistics) -> Iterator[str]:
    yield "| table | one row a | holds |\n|---|---|---|"
    for table, (unit, holds) in {
        "documents": ("document", "text, source, counts, stance toward each target"),
        "sentences": ("sentence", "checkable, forecast, hype, direction, content"),
        "rhetoric": ("sentence", "the list of its rhetoric spans"),
        "stance": ("sentence", "the list of its stances"),
        "claims": ("sentence", "the list of its claims"),
        "translation": ("sentence", "its English with the checks it passed"),
    }.items():
        yield f"| `{table}` | {unit} | {holds} |"
    yield f"\n{f.documents} documents, {f.sentences} sentences, {f.characters} characters.\n"


def _provenance(source: Source) -> Iterator[str]:
    if not source.is_run:
        yield f"Labelled by people; read from `{source.path.name}`.\n"
        return
    versions = source.manifest.get("versions", {})
    counts = source.manifest.get("counts", {})
    yield "Labelled by a program, not checked by people.\n"
    yield f"- signature: `{source.signature}`"
    yield f"- finished: {source.manifest.get('finished', 'not recorded')}"
    yield f"- documents read {counts.get('read', '?')}, rejected {counts.get('rejected', '?')}"
    yield f"- versions: {', '.join(f'{k} {v}' for k, v in versions.items()) or 'not recorded'}\n"


def _licence(licence: str) -> str:
    if licence == UNKNOWN_LICENCE:
        return "The licence of the texts is not recorded. Whoever passes them on must find out.\n"
    return f"The texts: {licence}, as stated by whoever made this export.\n"


def _figures(f: Statistics) -> Iterator[str]:
    content = f.sentences - f.boilerplate
    yield f"{f.sentences} sentences, of which {f.boilerplate} boilerplate; {f.claims} claims, {f.forecasts} forecasts,"
    yield f"{f.rhetoric} rhetoric spans ({f.quoted} quoted).\n"
    for title, tally in {
        "content": f.content, "hype": f.hype, "direction": f.direction, "technique": f.techniques,
        "stance": f.stances, "translation": f.translation, "genre": f.genres,
    }.items():  # fmt: skip
        whole = content if title in ("content", "hype", "direction") else sum(tally.values())
        if tally:
            yield f"| {title} | number | share |\n|---|---|---|"
            yield from (f"| {cell(key)} | {n} | {n / whole:.1%} |" for key, n in tally.items())
            yield ""
    yield from _top("target", f.targets)
    yield (
        f"Of the distinct {f.sharing.n}-grams of characters of each document, {f.sharing.repeated:.1%} are in another "
        "document too."
    )
    if f.sharing.most:
        yield "\n| shared most | documents |\n|---|---|"
        yield from (f"| {cell(ngram)} | {n} |" for ngram, n in f.sharing.most)


def _top(title: str, tally: Mapping[str, int]) -> Iterator[str]:
    if not tally:
        return
    yield f"| {title} | number |\n|---|---|"
    yield from (f"| {cell(key)} | {n} |" for key, n in list(tally.items())[:_LISTED])
    if len(tally) > _LISTED:
        yield f"| and {len(tally) - _LISTED} more | {sum(list(tally.values())[_LISTED:])} |"
    yield ""


def cell(value: Any) -> str:
    """A value as plain text of a Markdown table: no markup of it counts."""
    text = " ".join(str(value).split())
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return text


def write(path: Path, card: str) -> None:
    """Write a card as UTF-8."""
    path.write_text(card, encoding="utf-8", newline="\n")
