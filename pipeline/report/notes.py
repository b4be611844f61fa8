"""What a mark on the page says on hover or focus: the values behind a span, as rows of a name and a value.

A note travels in one attribute: rows parted by line breaks, name and value by a tab. A name is a key of
:data:`pipeline.report.words.WORDS`. A value is data, shown as it is, unless two tabs stand before it: then it is a key
as well. The first row is the heading.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UnsetType

from pipeline.record import Edit, Entity, Quantity, Rhetoric, Sentence, Time
from pipeline.report.text import Info, printable


class Word(str):
    """A value that is a key of ``WORDS``, not data."""

    __slots__ = ()


Row = tuple[str, str]


def rhetoric_note(span: Rhetoric) -> str:
    """Technique, score, English and the evidence."""
    rows = [(span.technique, ""), ("score", f"{span.score:.2f}")]
    rows += [("quoted", Word("quoted_note"))] if span.quoted else []
    rows += [("english", span.en)] if span.en else []
    return _packed([*rows, *(("why", why) for why in span.why)])


def info_note(infos: Iterable[Info], edits: Iterable[Edit] = ()) -> str:
    """The normalized values of the names, figures and times over a stretch, and what was repaired in it."""
    rows: list[Row] = []
    for info in infos:
        rows += _info(info)
    for edit in edits:
        rows += edit_rows(edit)
    return _packed(rows)


def sentence_note(sentence: Sentence) -> str:
    """Everything that holds for the whole sentence; empty where it was not analysed."""
    rows: list[Row] = []
    if not isinstance(sentence.content, UnsetType):
        rows.append(("content", Word(sentence.content)))
    if not isinstance(sentence.hype, UnsetType):
        rows.append(("level", f"{sentence.hype.level} / 3 ({sentence.hype.score:.2f})"))
        rows += [("direction", Word(sentence.hype.direction))] if sentence.hype.level else []
    for key in ("checkable", "forecast"):
        judgement = getattr(sentence, key)
        if not isinstance(judgement, UnsetType):
            rows.append((key, f"{'✓' if judgement.label else '✗'} ({judgement.score:.2f})"))
    for claim in sentence.claims or []:
        rows.append(("claim", claim.text))
        rows += [("english", claim.en)] if claim.en else []
    for stance in sentence.stances or []:
        holder = f" ({stance.holder})" if stance.holder else ""
        rows += [
            ("stance", f"{stance.target}{holder}"),
            ("value", Word(stance.label)),
            ("score", f"{stance.score:.2f}"),
        ]
    if not isinstance(sentence.translation, UnsetType):
        rows += [("status", Word(sentence.translation.status)), ("engine", sentence.translation.engine)]
    return _packed([("sentence", sentence.id), *rows]) if rows else ""


def edit_rows(edit: Edit) -> list[Row]:
    """A repair or a suspicion."""
    return [
        ("repair" if edit.applied else "suspicion", ""),
        ("before", edit.before),
        ("after", edit.after),
        ("rule", edit.rule),
        ("confidence", f"{edit.confidence:.2f}"),
    ]


def _info(info: Info) -> list[Row]:
    if isinstance(info, Entity):
        named = [("english", info.name_en)] if info.name_en else []
        return [(info.label, ""), *named, *([("id", info.id)] if info.id else [])]
    if isinstance(info, Time):
        return [(info.kind, ""), *([("iso", info.value)] if info.value else []), ("english", info.en)]
    return [(info.kind, ""), *_amount(info), ("english", info.en)]


def _amount(quantity: Quantity) -> list[Row]:
    rows: list[Row] = []
    if quantity.value is not None:
        rows.append(("value", f"{_number(quantity.value)} {quantity.unit}".rstrip()))
    if quantity.low is not None or quantity.high is not None:
        low, high = ("" if v is None else _number(v) for v in (quantity.low, quantity.high))
        rows.append(("range", f"{low} – {high} {quantity.unit}".strip()))
    return [*rows, *([("approximate", Word("yes"))] if quantity.approximate else [])]


def _number(value: int | float) -> str:
    """Thousands parted; a float as short as it stays exact."""
    return f"{value:,}" if isinstance(value, int) or not value.is_integer() else f"{value:,.0f}"


def _packed(rows: Iterable[Row]) -> str:
    """The rows as one string; ``printable`` takes tabs and line breaks out of data, so that it cannot forge a row."""
    return "\n".join(f"{key}\t\t{v}" if isinstance(v, Word) else f"{key}\t{printable(v)}" for key, v in rows)
