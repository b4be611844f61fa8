"""A sentence as pieces to be shown: what stands over each stretch of its text.

Spans of different layers nest and cross. The sentence is cut at every boundary; a stretch inside a rhetoric span
belongs to that span's group, so that each span is one element on the page, whatever lies inside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import UnsetType

from pipeline.record import Edit, Entity, Quantity, Rhetoric, Sentence, Span, Technique, Time

# Characters that would move the cursor, reorder the line or are no text in HTML: controls but for tab and line
# break, and the marks of the Unicode bidirectional algorithm (UAX #9). They are named in place of being sent.
UNSAFE: Final = re.compile(r"[\x00-\x08\x0b-\x0d\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
Info = Entity | Quantity | Time


def printable(text: str) -> str:
    """The text with each unsafe character, tab and line break included, replaced, for one line of a terminal."""
    return UNSAFE.sub("\ufffd", re.sub(r"[\t\n]", " ", text))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text over which nothing changes.

    Attributes:
        text: its characters; empty where a repair removed something and left nothing.
        control: the name of the one unsafe character it stands for (``U+202E``), or empty.
        claim: whether it lies in a claim.
        infos: the names, figures and times it lies in.
        opens: whether the first of ``infos`` begins here.
        edits: the repairs and suspicions it lies in.
        before: what stood here before a repair that begins here.
    """

    text: str
    control: str = ""
    claim: bool = False
    infos: tuple[Info, ...] = ()
    opens: bool = False
    edits: tuple[Edit, ...] = ()
    before: str = ""


@dataclass(slots=True)
class Group:
    """The pieces of one rhetoric span, or (``span`` None) those between two of them."""

    span: Rhetoric | None
    pieces: list[Piece] = field(default_factory=list)


def japanese(sentence: Sentence, edits: Sequence[Edit] = ()) -> list[Group]:
    """The sentence's text in groups, in order; their texts joined are the sentence's, controls aside.

    Args:
        sentence: any sentence, whatever stages ran.
        edits: the document's edits that touch the sentence, offsets into the document.
    """
    rhetoric = list(_apart(sentence.rhetoric or []))
    infos: list[Info] = [*(sentence.entities or []), *(sentence.quantities or []), *(sentence.times or [])]
    claims = sentence.claims or []
    ranges: list[Span | Edit | Rhetoric] = [*infos, *claims, *edits]
    cuts = {sentence.start, sentence.end, *(edge for a, b, _ in rhetoric for edge in (a, b))}
    cuts |= {min(max(edge, sentence.start), sentence.end) for r in ranges for edge in (r.start, r.end)}
    empty = {e.start for e in edits if e.start == e.end}
    groups: list[Group] = []
    order = sorted(cuts)
    for start, end in zip(order, [*order[1:], order[-1]], strict=True):
        span = next((r for a, b, r in rhetoric if a <= start < b), None)
        if not groups or groups[-1].span is not span:
            groups.append(Group(span))
        if start in empty:
            gone = tuple(e for e in edits if e.start == e.end == start)
            groups[-1].pieces.append(Piece("", edits=gone, before=_before(gone, start)))
        if start == end:
            continue
        over = tuple(i for i in infos if i.start <= start and end <= i.end)
        repairs = tuple(e for e in edits if e.start <= start and end <= e.end)
        piece = Piece(
            sentence.text[start - sentence.start : end - sentence.start],
            claim=any(c.start <= start and end <= c.end for c in claims),
            infos=over,
            opens=any(i.start == start for i in over),
            edits=repairs,
            before=_before(repairs, start),
        )
        groups[-1].pieces += _safe(piece)
    return [group for group in groups if group.pieces]


def english(sentence: Sentence) -> list[tuple[str, Technique | None]]:
    """The translation in stretches, each with the technique of the span that it renders.

    A span's English is marked where it stands exactly once in the translation, whatever the case; it was translated
    apart, so it often does not.
    """
    if isinstance(sentence.translation, UnsetType):
        return []
    text = UNSAFE.sub("\ufffd", sentence.translation.text)
    folded = text.lower()
    found: list[tuple[int, int, Technique]] = []
    for span in sentence.rhetoric or []:
        wanted = (span.en or "").strip(" .?!\"“”'").lower()
        if len(wanted) < 3 or len(folded) != len(text) or folded.count(wanted) != 1:
            continue
        start = folded.index(wanted)
        end = start + len(wanted)
        if all(end <= a or b <= start for a, b, _ in found):
            found.append((start, end, span.technique))
    pieces: list[tuple[str, Technique | None]] = []
    position = 0
    for start, end, technique in sorted(found):
        pieces += [(text[position:start], None), (text[start:end], technique)]
        position = end
    return [piece for piece in [*pieces, (text[position:], None)] if piece[0]]


def _apart(spans: Iterable[Rhetoric]) -> Iterator[tuple[int, int, Rhetoric]]:
    """The spans in order, a later one cut to what an earlier one leaves (a plug-in's spans may overlap)."""
    position = 0
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        start = max(span.start, position)
        if start < span.end:
            yield start, span.end, span
            position = span.end


def _before(edits: Iterable[Edit], start: int) -> str:
    return "".join(printable(e.before) for e in edits if e.applied and e.start == start)


def _safe(piece: Piece) -> Iterator[Piece]:
    """The piece cut at unsafe characters, each of which becomes a piece that names it."""
    position = 0
    for match in UNSAFE.finditer(piece.text):
        if match.start() > position:
            yield _part(piece, position, match.start())
        yield replace(_part(piece, match.start(), match.start()), control=f"U+{ord(match.group()):04X}")
        position = match.end()
    if position < len(piece.text):
        yield _part(piece, position, len(piece.text))


def _part(piece: Piece, start: int, end: int) -> Piece:
    """A stretch of the piece; what begins with the piece begins with its first part."""
    first = start == 0
    return replace(piece, text=piece.text[start:end], opens=piece.opens and first, before=piece.before if first else "")
