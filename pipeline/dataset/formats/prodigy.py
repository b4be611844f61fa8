"""Prodigy: JSONL for ``spans_manual`` with ``choice``, one sentence a task (prodi.gy/docs/api-interfaces).

Offsets are code points of the task's text. One token a character, so that any span can be marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.dataset.answers import CODES, Answer, Mark, Task, codes_of, read_stance, tasks, write_stance
from pipeline.dataset.build import Source
from pipeline.dataset.formats.lines import field, read_lines
from pipeline.dataset.units import Unit

UNIT: Final[Unit] = "code-points"
_ANNOTATOR: Final = "_annotator_id"  # set by Prodigy; "_session_id" in older versions


def write(source: Source, path: Path, unit: Unit = UNIT) -> int:
    """Write one line a sentence and return how many; the labels are suggestions to correct."""
    count = 0
    with path.open("wb") as out:
        for item in source.documents():
            for task in tasks(item.gold, unit):
                out.write(msgspec.json.encode(_task(task, source.signature)) + b"\n")
                count += 1
    return count


def read(path: Path) -> Iterator[Answer]:
    """The accepted answers of ``prodigy db-out``; rejected and ignored ones are left out.

    Raises:
        InputError: a line that is not such a task.
    """
    for where, task in read_lines(path):
        if task.get("answer", "accept") != "accept":
            continue
        meta = field(task, "meta", dict, where)
        yield Answer(
            where=where,
            annotator=str(task.get(_ANNOTATOR) or task.get("_session_id") or path.stem),
            doc=field(meta, "doc", str, where),
            start=field(meta, "start", int, where),
            end=field(meta, "end", int, where),
            text=field(task, "text", str, where),
            marks=[
                Mark(field(s, "start", int, where), field(s, "end", int, where), field(s, "label", str, where), None)
                for s in task.get("spans") or []
            ],
            codes=list(task.get("accept") or []),
            stances=[read_stance(line) for line in meta.get("stances") or []],
        )


def _task(task: Task, signature: str) -> dict[str, Any]:
    text = task.ruler.text
    width = _widths(task)
    return {
        "text": text,
        "tokens": [
            {"text": c, "start": width[i], "end": width[i + 1], "id": i, "ws": False} for i, c in enumerate(text)
        ],
        "spans": [
            {
                "start": mark.start,
                "end": mark.end,
                "label": mark.label,
                "token_start": width.index(mark.start),
                "token_end": width.index(mark.end) - 1,
            }
            for mark in task.marks
        ],
        "options": [{"id": code, "text": code} for code in CODES],
        "accept": codes_of(task.sentence),
        "meta": {
            **task.key,
            "before": task.before,
            "after": task.after,
            "stances": [write_stance(s) for s in task.sentence.stances],
            "signature": signature,
        },
    }


def _widths(task: Task) -> list[int]:
    """The offset at which each character of the task's text begins, and its end."""
    return sorted({task.ruler.there(i) for i in range(len(task.sentence.text) + 1)})
