"""Gold data: what a person says about each sentence of a document.

The shape is the contract's (section 4). Offsets of :class:`Sentence`, its claims and its rhetoric are Unicode
code points, end exclusive, into the document's raw text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from pipeline.errors import InputError
from pipeline.record import Direction, Model, Offset, StanceLabel, Technique

# Why a sentence is in the corpus although, or because, it resembles its opposite (see the datasheet).
Contrast = Literal["opinion", "literal", "measured", "technical", "quotation", "reported", "hedge", "figures"]
Hype = Literal[0, 1, 2, 3]


class Claim(Model, kw_only=True):
    """The smallest clause that carries a checkable assertion."""

    start: Offset
    end: Offset


class Rhetoric(Model, kw_only=True):
    """Words that persuade; ``quoted`` when the author only reports them."""

    start: Offset
    end: Offset
    technique: Technique
    quoted: bool = False


class Stance(Model, kw_only=True):
    """Where the sentence stands toward ``target``; ``surface`` is its name in the sentence, empty when only meant."""

    target: str
    label: StanceLabel
    surface: str = ""
    holder: str = "author"


class Sentence(Model, kw_only=True):
    """One labelled sentence: ``document[start:end] == text``."""

    doc: str
    start: Offset
    end: Offset
    text: str
    boilerplate: bool = False
    checkable: bool = False
    claims: list[Claim] = msgspec.field(default_factory=list)
    forecast: bool = False
    rhetoric: list[Rhetoric] = msgspec.field(default_factory=list)
    hype: Hype = 0
    direction: Direction = "none"
    stances: list[Stance] = msgspec.field(default_factory=list)
    genre: str = ""
    contrast: Contrast | None = None


class DocumentStance(Model, kw_only=True):
    """What a reader would say the author thinks of ``target`` after the whole document."""

    target: str
    label: StanceLabel


class GoldDocument(Model, kw_only=True):
    """A document with its labels; ``text`` is its raw text."""

    doc: str
    genre: str
    text: str
    sentences: list[Sentence]
    stances: list[DocumentStance] = msgspec.field(default_factory=list)


_HYPE_WITHOUT_DIRECTION: Final = (
    "hype {0.hype} with direction {0.direction}: level 0 goes with none, others with boost or doom."
)


def faults(sentence: Sentence, text: str) -> Iterator[str]:
    """What does not fit in ``sentence`` of the document ``text``, in words; nothing when all is well."""
    if text[sentence.start : sentence.end] != sentence.text:
        yield "its offsets do not give its text."
    if (sentence.hype == 0) != (sentence.direction == "none"):
        yield _HYPE_WITHOUT_DIRECTION.format(sentence)
    if sentence.checkable != bool(sentence.claims):
        yield "checkable and claims disagree: a checkable sentence has a claim, another has none."
    if sentence.hype and not sentence.rhetoric:
        yield f"hype {sentence.hype} without a rhetoric span."
    if not sentence.hype and any(not span.quoted for span in sentence.rhetoric):
        yield "a rhetoric span of the author, but hype 0."
    for name, spans in (("rhetoric", sentence.rhetoric), ("claim", sentence.claims)):
        yield from _span_faults(name, spans, sentence)
    for stance in sentence.stances:
        if stance.surface not in sentence.text:
            yield f"the surface {stance.surface!r} of target {stance.target} is not in the sentence."


def _span_faults(name: str, spans: Iterable[Rhetoric | Claim], sentence: Sentence) -> Iterator[str]:
    end = sentence.start
    for span in sorted(spans, key=lambda span: span.start):
        if span.start < end:
            yield f"a {name} span overlaps another or begins before the sentence."
        if not span.start < span.end <= sentence.end:
            yield f"a {name} span is empty or leaves the sentence."
        end = span.end


def read_gold(path: Path) -> list[Sentence]:
    """The sentences of a gold JSONL file.

    Raises:
        InputError: a line is not a gold sentence; the message names file, line and cause.
    """
    decoder = msgspec.json.Decoder(Sentence)
    sentences = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                sentences.append(decoder.decode(line))
            except msgspec.DecodeError as error:
                raise InputError(
                    f"{path}:{number} is not a gold sentence: {error}.",
                    remedy="One JSON object a line with the fields of the data format; see docs/dataset.md.",
                ) from error
    return sentences


def write_gold(path: Path, sentences: Iterable[Sentence]) -> None:
    """Write ``sentences`` as JSONL, one a line, fields in the order of the type."""
    with path.open("wb") as out:
        for sentence in sentences:
            out.write(msgspec.json.encode(sentence) + b"\n")
