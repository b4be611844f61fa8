"""What a person says about a sentence, on its way to and from an annotation tool.

A tool shows one sentence (brat: one document). Spans are marks with one label each; what holds for the whole sentence
is a set of codes. Whether a sentence is checkable is not asked: it is, if it has a claim.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, get_args

import msgspec

from pipeline.dataset.build import AUTHOR
from pipeline.dataset.gold import GoldDocument, Sentence, Stance
from pipeline.dataset.units import Ruler, Unit
from pipeline.record import TECHNIQUES, Direction

CLAIM: Final = "claim"
QUOTED: Final = "quoted"
BOILERPLATE: Final = "boilerplate"
FORECAST: Final = "forecast"
LEVELS: Final = ("1", "2", "3")  # of hype; a sentence without a level has none
DIRECTIONS: Final[tuple[Direction, ...]] = tuple(d for d in get_args(Direction) if d != "none")
SPAN_LABELS: Final = (*TECHNIQUES, *(f"{t}_{QUOTED}" for t in TECHNIQUES), CLAIM)
CODES: Final = (*(f"hype_{n}" for n in LEVELS), *DIRECTIONS, FORECAST, BOILERPLATE)
_CONTEXT: Final = 200  # code points shown on each side of a sentence


class Mark(NamedTuple):
    """A labelled span: offsets from the start of the sentence, in the tool's units; ``text`` as the tool has it."""

    start: int
    end: int
    label: str
    text: str | None


class Answer(msgspec.Struct, kw_only=True):
    """One annotator's labels of one sentence, as a tool's file says, not verified yet.

    ``start``/``end`` are the sentence's code points in the raw document. ``text`` is the sentence as the tool has it,
    None if the file does not say. ``where`` names file and place, for messages.
    """

    where: str
    annotator: str
    doc: str
    start: int
    end: int
    text: str | None
    marks: list[Mark]
    codes: list[str]
    stances: list[Stance]


class Task(NamedTuple):
    """One sentence as a tool shows it."""

    sentence: Sentence
    ruler: Ruler
    before: str
    after: str

    @property
    def marks(self) -> list[Mark]:
        """Rhetoric and claims in the tool's units, in order."""
        return sorted(Mark(*self._range(s.start, s.end), label, self._slice(s)) for s, label in _spans(self.sentence))

    @property
    def key(self) -> dict[str, Any]:
        """What tells the sentence from others when it comes back."""
        return {"doc": self.sentence.doc, "start": self.sentence.start, "end": self.sentence.end}

    def _range(self, start: int, end: int) -> tuple[int, int]:
        return self.ruler.there(start - self.sentence.start), self.ruler.there(end - self.sentence.start)

    def _slice(self, span: Any) -> str:
        text = self.sentence.text[span.start - self.sentence.start : span.end - self.sentence.start]
        return text.replace("\r\n", "\n").replace("\r", "\n")


def tasks(document: GoldDocument, unit: Unit) -> Iterator[Task]:
    """Every sentence of a document for a tool that runs in a browser and counts in ``unit``."""
    for s in document.sentences:
        before = document.text[max(0, s.start - _CONTEXT) : s.start]
        yield Task(s, Ruler(s.text, unit, line_feeds=True), before, document.text[s.end : s.end + _CONTEXT])


def _spans(sentence: Sentence) -> Iterator[tuple[Any, str]]:
    yield from ((s, span_label(s.technique, s.quoted)) for s in sentence.rhetoric)
    yield from ((s, CLAIM) for s in sentence.claims)


def span_label(technique: str, quoted: bool) -> str:
    """The one label of a rhetoric span."""
    return f"{technique}_{QUOTED}" if quoted else technique


def codes_of(sentence: Sentence) -> list[str]:
    """The codes of what holds for the whole sentence."""
    codes = [f"hype_{sentence.hype}"] if sentence.hype else []
    codes += [sentence.direction] if sentence.direction != "none" else []
    codes += [FORECAST] if sentence.forecast else []
    return codes + ([BOILERPLATE] if sentence.boilerplate else [])


def flags_of(codes: Iterable[str]) -> dict[str, Any]:
    """The sentence's fields that codes stand for.

    Raises:
        ValueError: an unknown code, or two that exclude each other.
    """
    found = set(codes)
    unknown = found - set(CODES)
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(CODES)}.")
    levels = [code for code in found if code.startswith("hype_")]
    directions = [d for d in DIRECTIONS if d in found]
    if len(levels) > 1 or len(directions) > 1:
        raise ValueError(f"{' and '.join(sorted(levels if len(levels) > 1 else directions))} exclude each other.")
    return {
        "hype": int(levels[0].removeprefix("hype_")) if levels else 0,
        "direction": directions[0] if directions else "none",
        "forecast": FORECAST in found,
        "boilerplate": BOILERPLATE in found,
    }


def write_stance(stance: Stance) -> str:
    """A stance as one line that a person can write: ``["favor", "target", "name in the sentence", "holder"]``."""
    return json.dumps([stance.label, stance.target, stance.surface, stance.holder], ensure_ascii=False)


def read_stance(line: str) -> Stance:
    """Read :func:`write_stance` back; name and holder may be left out.

    Raises:
        ValueError: the line is not a stance.
    """
    try:
        fields = msgspec.json.decode(line, type=list[str])
        label, target, surface, holder = [*fields, "", AUTHOR][:4] if len(fields) != 3 else [*fields, AUTHOR]
        return msgspec.convert({"label": label, "target": target, "surface": surface, "holder": holder}, Stance)
    except (msgspec.DecodeError, ValueError) as error:
        raise ValueError(
            f'{line!r} is not a stance such as ["favor", "target", "name in the sentence", "holder"]: {error}.'
        ) from error
