"""Label Studio: tasks with predictions to correct, one sentence a task, and the labelling configuration for them.

Label Studio counts code points of the text (its editor splits it by characters, not by UTF-16 units, since
label-studio-frontend pull request 308 of 2021; older versions count UTF-16 units).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import msgspec

from pipeline.dataset.answers import (
    BOILERPLATE,
    CLAIM,
    DIRECTIONS,
    FORECAST,
    LEVELS,
    QUOTED,
    SPAN_LABELS,
    Answer,
    Mark,
    Task,
    codes_of,
    read_stance,
    tasks,
    write_stance,
)
from pipeline.dataset.build import Source
from pipeline.dataset.formats.lines import field
from pipeline.dataset.units import Unit
from pipeline.errors import InputError
from pipeline.record import TECHNIQUES

UNIT: Final[Unit] = "code-points"
TASKS: Final = "tasks.json"
CONFIG: Final = "labels.xml"
_CHOICES: Final = {
    "hype": tuple(f"hype_{n}" for n in LEVELS),
    "direction": DIRECTIONS,
    "flags": (FORECAST, BOILERPLATE),
}


def write(source: Source, folder: Path, unit: Unit = UNIT) -> int:
    """Write ``tasks.json`` and ``labels.xml``, and return the number of tasks."""
    count = 0
    with (folder / TASKS).open("wb") as out:
        out.write(b"[")
        for item in source.documents():
            for task in tasks(item.gold, unit):
                out.write((b",\n" if count else b"\n") + msgspec.json.encode(_task(task, unit, source.signature)))
                count += 1
        out.write(b"\n]\n")
    (folder / CONFIG).write_text(config(), encoding="utf-8")
    return count


def config() -> str:
    """The labelling configuration (XML): spans, quoted by region, choices and stances by sentence."""
    view = Element("View")
    SubElement(view, "Header", value="$before", size="5")
    labels = SubElement(view, "Labels", name="spans", toName="text")
    for label in (*TECHNIQUES, CLAIM):
        SubElement(labels, "Label", value=label)
    SubElement(view, "Text", name="text", value="$text", granularity="symbol")
    quoted = SubElement(view, "Choices", name=QUOTED, toName="text", choice="multiple", perRegion="true")
    SubElement(quoted, "Choice", value=QUOTED)
    SubElement(view, "Header", value="$after", size="5")
    for name, values in _CHOICES.items():
        kind = "multiple" if name == "flags" else "single-radio"
        choices = SubElement(view, "Choices", name=name, toName="text", choice=kind, showInline="true")
        for value in values:
            SubElement(choices, "Choice", value=value)
    SubElement(
        view, "TextArea", name="stances", toName="text", editable="true", rows="1",
        placeholder='["favor", "target", "name in the sentence", "holder"]',
    )  # fmt: skip
    indent(view)
    return tostring(view, encoding="unicode") + "\n"


def read(path: Path) -> Iterator[Answer]:
    """The annotations of a Label Studio JSON export, each with its annotator; cancelled ones are left out.

    Raises:
        InputError: the file is not such an export.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(
            f"{path} is not a Label Studio export: {error}.", remedy="Export from Label Studio as JSON, not JSON-MIN."
        ) from error
    for number, task in enumerate(found, 1):
        for annotation in task.get("annotations") or []:
            if not annotation.get("was_cancelled"):
                yield _answer(f"{path}, task {task.get('id', number)}", task, annotation)


def _task(task: Task, unit: Unit, signature: str) -> dict[str, Any]:
    return {
        "data": {
            "text": task.ruler.text, "before": task.before, "after": task.after, **task.key, "offsets": unit
        },
        "predictions": [{"model_version": signature or "gold", "result": list(_results(task))}],
    }  # fmt: skip


def _results(task: Task) -> Iterator[dict[str, Any]]:
    for number, mark in enumerate(task.marks):
        region = {"id": f"r{number}", "to_name": "text"}
        place = {"start": mark.start, "end": mark.end, "text": mark.text}
        label = mark.label.removesuffix(f"_{QUOTED}")
        yield {**region, "from_name": "spans", "type": "labels", "value": {**place, "labels": [label]}}
        if label != mark.label:
            yield {**region, "from_name": QUOTED, "type": "choices", "value": {**place, "choices": [QUOTED]}}
    codes = codes_of(task.sentence)
    for name, values in _CHOICES.items():
        chosen = [value for value in values if value in codes]
        if chosen:
            yield {"id": name, "from_name": name, "to_name": "text", "type": "choices", "value": {"choices": chosen}}
    stances = [write_stance(s) for s in task.sentence.stances]
    if stances:
        yield {
            "id": "stances",
            "from_name": "stances",
            "to_name": "text",
            "type": "textarea",
            "value": {"text": stances},
        }


def _answer(where: str, task: dict[str, Any], annotation: dict[str, Any]) -> Answer:
    data = field(task, "data", dict, where)
    results = [r for r in annotation.get("result") or [] if "from_name" in r]
    quoted = {r.get("id") for r in results if r["from_name"] == QUOTED and QUOTED in r["value"].get("choices", [])}
    return Answer(
        where=where,
        annotator=_annotator(annotation),
        doc=field(data, "doc", str, where),
        start=field(data, "start", int, where),
        end=field(data, "end", int, where),
        text=field(data, "text", str, where),
        marks=[_mark(r, r.get("id") in quoted, where) for r in results if r["from_name"] == "spans"],
        codes=[c for r in results if r["from_name"] in _CHOICES for c in field(r["value"], "choices", list, where)],
        stances=[
            read_stance(line)
            for r in results
            if r["from_name"] == "stances"
            for line in field(r["value"], "text", list, where)
        ],
    )


def _mark(result: dict[str, Any], quoted: bool, where: str) -> Mark:
    value = field(result, "value", dict, where)
    labels = field(value, "labels", list[str], where)
    label = labels[0] if len(labels) == 1 else "+".join(labels)  # more than one is refused with the unknown labels
    if quoted and f"{label}_{QUOTED}" in SPAN_LABELS:
        label = f"{label}_{QUOTED}"
    return Mark(field(value, "start", int, where), field(value, "end", int, where), label, value.get("text"))


def _annotator(annotation: dict[str, Any]) -> str:
    by = annotation.get("completed_by")
    return str(by.get("email") or by.get("id")) if isinstance(by, dict) else str(by)
