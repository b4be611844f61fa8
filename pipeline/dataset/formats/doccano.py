"""doccano: JSONL of the project type "Intent Detection and Slot Filling", one sentence an example.

Spans are slots, what holds for the sentence are categories. The browser counts UTF-16 units (doccano issue 2290), unless
the project counts grapheme clusters: leave that off. Other fields come back as they went; stances are among them, so
doccano cannot correct stances.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.dataset.answers import CODES, SPAN_LABELS, Answer, Mark, Task, codes_of, read_stance, tasks, write_stance
from pipeline.dataset.build import Source
from pipeline.dataset.formats.lines import field, read_lines
from pipeline.dataset.units import Unit
from pipeline.errors import InputError

UNIT: Final[Unit] = "utf-16"
EXAMPLES: Final = "examples.jsonl"
_COLOURS: Final = ("#2a6f97", "#8c2f39", "#5a7d2a", "#7b4fa3", "#b5651d")


def write(source: Source, folder: Path, unit: Unit = UNIT) -> int:
    """Write the examples and the label files to import with them; returns the number of examples."""
    count = 0
    with (folder / EXAMPLES).open("wb") as out:
        for item in source.documents():
            for task in tasks(item.gold, unit):
                out.write(msgspec.json.encode(_example(task, unit, source.signature)) + b"\n")
                count += 1
    for name, labels in (("span_labels", SPAN_LABELS), ("category_labels", CODES)):
        kinds = [
            {
                "text": label,
                "suffix_key": None,
                "background_color": _COLOURS[i % len(_COLOURS)],
                "text_color": "#ffffff",
            }
            for i, label in enumerate(labels)
        ]
        (folder / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(kinds)) + b"\n")
    return count


def read(path: Path) -> Iterator[Answer]:
    """The examples of a doccano export; the annotator is the file's name, as doccano exports one file a person.

    Raises:
        InputError: a line that is not such an example.
    """
    for where, example in read_lines(path):
        meta = example if "doc" in example else example.get("meta") or example.get("metadata") or {}
        try:
            marks = [Mark(*msgspec.convert(e, tuple[int, int, str]), None) for e in example.get("entities") or []]
        except msgspec.ValidationError as error:
            raise InputError(
                f"{where}: an entity is not [start, end, label]: {error}.", remedy="Export from doccano as JSONL."
            ) from error
        yield Answer(
            where=where,
            annotator=path.stem,
            doc=field(meta, "doc", str, where),
            start=field(meta, "start", int, where),
            end=field(meta, "end", int, where),
            text=field(example, "text", str, where),
            marks=marks,
            codes=list(example.get("cats") or []),
            stances=[read_stance(line) for line in meta.get("stances") or []],
        )


def _example(task: Task, unit: Unit, signature: str) -> dict[str, Any]:
    return {
        "text": task.ruler.text,
        "cats": codes_of(task.sentence),
        "entities": [[mark.start, mark.end, mark.label] for mark in task.marks],
        **task.key,
        "stances": [write_stance(s) for s in task.sentence.stances],
        "before": task.before,
        "after": task.after,
        "offsets": unit,
        "signature": signature,
    }
