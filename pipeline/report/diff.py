"""What changed between two runs: documents, sentences, and the layers of the sentences that both have.

Documents are paired by id, a document's sentences by their text, in order (difflib's longest matching runs). Offsets
are compared from the start of the sentence, so that text that moved is not text that changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import UnsetType
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.record import Sentence, Span
from pipeline.report.runs import read_records
from pipeline.report.text import printable

LAYERS: Final = (
    "content", "level", "direction", "checkable", "forecast", "claims", "rhetoric", "stances", "entities", "quantities",
    "times", "translation",
)  # fmt: skip


class Change(msgspec.Struct, frozen=True):
    """One layer of one sentence that differs; ``a`` and ``b`` are what stands in one run and not in the other.

    ``layer`` is one of :data:`LAYERS`, or ``sentence`` where the sentence itself is in one run only.
    """

    document: str
    text: str
    layer: str
    a: list[str]
    b: list[str]


class Difference(msgspec.Struct, frozen=True):
    """What two runs differ in.

    Attributes:
        a: the first run's signature; empty where it has no record.
        b: the second run's.
        documents: how many both runs have.
        sentences: how many of these documents' sentences both runs have.
        only_a: ids of documents of the first run alone.
        only_b: ids of documents of the second run alone.
        layers: sentences that differ, by layer.
        changes: every one of them, in the first run's order.
    """

    a: str
    b: str
    documents: int
    sentences: int
    only_a: list[str]
    only_b: list[str]
    layers: dict[str, int]
    changes: list[Change]


def diff_runs(run_a: Path, run_b: Path) -> Difference:
    """Compare two runs. The second is held in memory. Raises InputError where one cannot be read."""
    others = {record.id: record for record in read_records(run_b)}
    signatures = ["", next((record.signature for record in others.values()), "")]
    ids: set[str] = set()
    only_a: list[str] = []
    changes: list[Change] = []
    shared = 0
    for record in read_records(run_a):
        signatures[0] = signatures[0] or record.signature
        ids.add(record.id)
        other = others.get(record.id)
        if other is None:
            only_a.append(record.id)
            continue
        pairs = list(_pairs(record.sentences or [], other.sentences or []))
        shared += sum(1 for a, b in pairs if a and b)
        changes += [change for a, b in pairs for change in _changes(record.id, a, b)]
    counts = Counter(change.layer for change in changes)
    return Difference(
        a=signatures[0],
        b=signatures[1],
        documents=len(ids) - len(only_a),
        sentences=shared,
        only_a=only_a,
        only_b=[name for name in others if name not in ids],
        layers={layer: counts[layer] for layer in ("sentence", *LAYERS)},
        changes=changes,
    )


def show(difference: Difference, console: Console, limit: int | None = None) -> None:
    """Print the counts, then at most ``limit`` changes (None: all)."""
    counts = Table("layer", "changed", title=Text(f"{difference.a}\n{difference.b}"), title_justify="left")
    counts.add_row("documents in both", str(difference.documents))
    counts.add_row("documents only in A", Text(f"{len(difference.only_a)} {_few(difference.only_a)}".rstrip()))
    counts.add_row("documents only in B", Text(f"{len(difference.only_b)} {_few(difference.only_b)}".rstrip()))
    counts.add_row("sentences in both", str(difference.sentences), end_section=True)
    for layer, number in difference.layers.items():
        counts.add_row(layer, str(number))
    console.print(counts)
    shown = difference.changes[:limit]
    if not shown:
        return
    table = Table("document", "sentence", "layer", "A", "B", show_lines=True)
    for change in shown:
        cells = (change.document, change.text, change.layer, "\n".join(change.a), "\n".join(change.b))
        table.add_row(*(Text("\n".join(map(printable, cell.split("\n")))) for cell in cells))
    console.print(table)
    if len(shown) < len(difference.changes):
        console.print(Text(f"{len(difference.changes) - len(shown)} more; --limit shows them, --json gives all."))


def _pairs(a: Sequence[Sentence], b: Sequence[Sentence]) -> Iterator[tuple[Sentence | None, Sentence | None]]:
    """The sentences of two versions of a document, paired by equal text; one without a partner stands with None."""
    matcher = SequenceMatcher(None, [s.text for s in a], [s.text for s in b], autojunk=False)
    for kind, a1, a2, b1, b2 in matcher.get_opcodes():
        if kind == "equal":
            yield from zip(a[a1:a2], b[b1:b2], strict=True)
        else:
            yield from ((s, None) for s in a[a1:a2])
            yield from ((None, s) for s in b[b1:b2])


def _changes(document: str, a: Sentence | None, b: Sentence | None) -> Iterator[Change]:
    if a is None or b is None:
        if a:
            yield Change(document, a.text, "sentence", [a.text], [])
        if b:
            yield Change(document, b.text, "sentence", [], [b.text])
        return
    values_a, values_b = _values(a), _values(b)
    for layer in LAYERS:
        one, other = Counter(values_a.get(layer, ())), Counter(values_b.get(layer, ()))
        if one != other:
            yield Change(document, a.text, layer, list((one - other).elements()), list((other - one).elements()))


def _values(sentence: Sentence) -> Mapping[str, list[str]]:
    """What each layer says, as readable strings that are equal if and only if the layer says the same.

    Scores are left out: they move with every change of a model and mean nothing until a label moves.
    """
    values: dict[str, list[str]] = {}

    def spans(layer: Sequence[Any] | UnsetType, name: str, say: Any) -> None:
        values[name] = [f"{_place(span, sentence)} {say(span)}".rstrip() for span in layer or []]

    if sentence.content:
        values["content"] = [sentence.content]
    if sentence.hype:
        values |= {"level": [str(sentence.hype.level)], "direction": [sentence.hype.direction]}
    for name in ("checkable", "forecast"):
        judgement = getattr(sentence, name)
        if judgement:
            values[name] = ["yes" if judgement.label else "no"]
    spans(sentence.claims, "claims", lambda _: "")
    spans(sentence.rhetoric, "rhetoric", lambda r: r.technique + (" (quoted)" if r.quoted else ""))
    spans(sentence.entities, "entities", lambda e: f"{e.label} {e.id or ''}")
    spans(sentence.quantities, "quantities", lambda q: q.en)
    spans(sentence.times, "times", lambda t: t.value or "")
    values["stances"] = [
        f"{s.label} {s.target}" + (f" (holder: {s.holder})" if s.holder else "") for s in sentence.stances or []
    ]
    if sentence.translation:
        values["translation"] = [f"{sentence.translation.status}: {sentence.translation.text}"]
    return values


def _place(span: Span, sentence: Sentence) -> str:
    return f"[{span.start - sentence.start}:{span.end - sentence.start}] {span.text}"


def _few(ids: Sequence[str]) -> str:
    return ", ".join(printable(name) for name in ids[:5]) + (" …" if len(ids) > 5 else "")
