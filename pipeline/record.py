"""The record: the one data model every stage reads and writes.

No other module knows the record's shape. Types are :mod:`msgspec` structs, so the JSON encoder, the strict
decoder and the JSON Schema (``kyojitsu schema``) all come from the definitions below.

Units: every ``start``/``end`` counts Unicode code points, end exclusive, into ``Record.text`` (normalized);
every ``raw_start``/``raw_end`` into ``Record.raw`` (the decoded input, untouched). A layer whose stage did not
run is ``UNSET`` and absent from the JSON. Label meanings are those of the annotation guidelines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from pipeline.text.offsets import OffsetMap

T = TypeVar("T")

SCHEMA: Final = "kyojitsu/1"

BlockKind = Literal["title", "heading", "paragraph", "list_item", "table_row", "caption", "boilerplate"]
EntityLabel = Literal["PERSON", "ORG", "GPE", "LOC", "PRODUCT", "TECH", "LAW", "EVENT", "WORK", "NORP", "FACILITY"]
# In order of precedence: where two techniques fit, the earlier one is taken (guidelines, section 2).
Technique = Literal[
    "slogan", "labeling", "fear", "rhetorical_question", "appeal", "absolutism", "exaggeration", "metaphor", "loaded"
]
TECHNIQUES: Final[tuple[Technique, ...]] = Technique.__args__  # type: ignore[attr-defined]
Direction = Literal["boost", "doom", "none"]
Content = Literal["factual", "mixed", "rhetorical", "plain"]
StanceLabel = Literal["favor", "against", "neutral"]
TimeKind = Literal["date", "time", "duration", "set"]
QuantityKind = Literal[
    "money", "percent", "ratio", "fraction", "rate", "count", "length", "area", "volume", "mass", "speed",
    "power", "energy", "density", "data", "temperature", "frequency", "voltage", "current", "compute", "number",
]  # fmt: skip
TranslationStatus = Literal["verified", "flagged", "failed"]
Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Offset = Annotated[int, Meta(ge=0)]


class Model(Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of every type: keyword arguments only, and no field that is not declared."""


class Span(Model, kw_only=True):
    """A range of the document: ``record.text[start:end] == text``."""

    start: Offset
    end: Offset
    raw_start: Offset
    raw_end: Offset
    text: str


class Source(Model, kw_only=True):
    """Where a document came from. ``sha256`` is of the input bytes (of the row's text for row formats)."""

    path: str
    format: str
    encoding: str
    sha256: str
    title: str | None = None
    url: str | None = None
    published: str | None = None  # ISO 8601 date
    publisher: str | None = None


class Edit(Model, kw_only=True):
    """One repair (``applied``) or suspicion (not applied): ``raw[raw_start:raw_end] == before``.

    For an applied edit ``text[start:end] == after``; the applied edits alone rebuild raw from text.
    """

    raw_start: Offset
    raw_end: Offset
    start: Offset
    end: Offset
    before: str
    after: str
    rule: str
    confidence: Probability
    applied: bool


class Block(Model, kw_only=True):
    """A layout unit. Blocks are in order, do not overlap, and hold every character that is not white space.

    ``duplicate_of`` is the id of an earlier block that says the same, present only where there is one.
    """

    id: str
    kind: BlockKind
    start: Offset
    end: Offset
    raw_start: Offset
    raw_end: Offset
    duplicate_of: str | UnsetType = UNSET


class Token(Model, kw_only=True):
    """One token; ``head`` is an index into the sentence's tokens (its own index at the root)."""

    start: Offset
    end: Offset
    text: str
    lemma: str
    norm: str
    reading: str
    pos: str
    tag: str
    dep: str
    head: int


class Entity(Span, kw_only=True):
    """A name. ``id`` and ``name_en`` come from the gazetteer.

    ``fine`` says where the name came from: ``gazetteer``, ``mocking`` (a nickname of the gazetteer), ``rule:NAME``, or
    ``model:LABEL`` with the recognizer's own label.
    """

    label: EntityLabel
    fine: str
    id: str | None = None
    name_en: str | None = None


class Quantity(Span, kw_only=True):
    """A figure with its unit.

    ``value`` is in ``unit`` (scale words multiplied out: 6.7兆円 is 6.7e12 JPY), None for an open interval;
    ``low``/``high`` bound a range or a vague magnitude; ``en`` is exact English.
    """

    kind: QuantityKind
    value: int | float | None
    low: int | float | None
    high: int | float | None
    unit: str
    approximate: bool
    en: str


class Time(Span, kw_only=True):
    """A time expression; ``value`` is ISO 8601 / TIMEX3, None where it cannot be resolved."""

    kind: TimeKind
    value: str | None
    en: str


class Quote(Span, kw_only=True):
    """A passage in quotation marks (marks included), with its speaker and the words that say so."""

    speaker: str | None = None
    cue: str | None = None


class Judgement(Model, kw_only=True):
    """A yes/no decision with its score."""

    score: Probability
    label: bool


class Claim(Span, kw_only=True):
    """The smallest clause that carries a checkable assertion; ``en`` its English, once translated.

    Where ``en_start``/``en_end`` are given, ``en`` is that part of the sentence's translation (code points).
    """

    score: Probability
    en: str | None = None
    en_start: Offset | None = None
    en_end: Offset | None = None


class Rhetoric(Span, kw_only=True):
    """Words that persuade rather than inform.

    ``quoted``: the author only reports them. ``why``: the evidence, one readable string each.
    ``en``: their English, once translated; with ``en_start``/``en_end`` it is that part of the sentence's translation.
    """

    technique: Technique
    quoted: bool
    score: Probability
    why: list[str]
    en: str | None = None
    en_start: Offset | None = None
    en_end: Offset | None = None


class Hype(Model, kw_only=True):
    """How strong the sentence is as a whole: ``level`` 0 none, 1 mild, 2 strong, 3 extreme."""

    score: Probability
    level: Annotated[int, Meta(ge=0, le=3)]
    direction: Direction


class Stance(Model, kw_only=True):
    """The stance of ``holder`` (None: the author) toward ``target``, named by ``text`` in the sentence.

    ``text`` is empty where the sentence leaves the target out and goes on about the one named before it.
    """

    target: str
    text: str
    label: StanceLabel
    score: Probability
    scores: dict[StanceLabel, Probability]
    holder: str | None = None


class Translation(Model, kw_only=True):
    """The sentence's English. ``checks`` maps each check to whether it passed; ``warnings`` say what failed."""

    text: str
    engine: str
    status: TranslationStatus
    checks: dict[str, bool]
    warnings: list[str]


class Sentence(Span, kw_only=True):
    """One sentence of one block, with the layers of the stages that ran."""

    id: str
    block: str
    lang: str
    tokens: list[Token] | UnsetType = UNSET
    entities: list[Entity] | UnsetType = UNSET
    quantities: list[Quantity] | UnsetType = UNSET
    times: list[Time] | UnsetType = UNSET
    quotes: list[Quote] | UnsetType = UNSET
    checkable: Judgement | UnsetType = UNSET
    forecast: Judgement | UnsetType = UNSET
    claims: list[Claim] | UnsetType = UNSET
    rhetoric: list[Rhetoric] | UnsetType = UNSET
    hype: Hype | UnsetType = UNSET
    content: Content | UnsetType = UNSET
    stances: list[Stance] | UnsetType = UNSET
    translation: Translation | UnsetType = UNSET


class DocumentStance(Model, kw_only=True):
    """The document's stance toward a target, and how many of its sentences speak of it."""

    target: str
    label: StanceLabel
    score: Probability
    sentences: int


class Summary(Model, kw_only=True):
    """Figures over the document's content sentences.

    ``content`` counts sentences by content label, ``techniques`` counts spans, ``hype_index`` is the mean
    hype score (0..1).
    """

    content: dict[Content, int] | UnsetType = UNSET
    hype_index: Probability | UnsetType = UNSET
    techniques: dict[Technique, int] | UnsetType = UNSET
    stances: list[DocumentStance] | UnsetType = UNSET


class Notice(Model, kw_only=True):
    """Something a reader of the record should know; never a reason to drop the document."""

    stage: str
    code: str
    message: str


class Record(Model, kw_only=True):
    """One document, as ``records.jsonl`` holds it."""

    schema: Literal["kyojitsu/1"] = SCHEMA
    id: str
    source: Source
    raw: str
    text: str | UnsetType = UNSET
    edits: list[Edit] | UnsetType = UNSET
    blocks: list[Block] | UnsetType = UNSET
    sentences: list[Sentence] | UnsetType = UNSET
    summary: Summary | UnsetType = UNSET
    signature: str = ""
    warnings: list[Notice] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Keep a struct decoded from elsewhere honest about its version."""
        if self.schema != SCHEMA:
            raise ValueError(f"record schema {self.schema!r} is not {SCHEMA!r}")

    def _repr_html_(self) -> str:
        """The record as a notebook shows it."""
        from pipeline.report.notebook import to_html

        return to_html(self)


class FoundName(NamedTuple):
    """A name as GiNZA's recognizer found it: offsets from the start of its sentence, GiNZA's own label."""

    start: int
    end: int
    label: str


@dataclass(slots=True)
class Document:
    """A record in work, with what the stages hand to each other and nobody writes.

    ``offsets`` maps text to raw, ``found_names`` holds what GiNZA's recognizer found in each sentence (same order
    as ``record.sentences``), ``anchor`` is the day that relative time expressions count from.
    """

    record: Record
    offsets: OffsetMap = field(default_factory=OffsetMap)
    found_names: list[list[FoundName]] = field(default_factory=list)
    anchor: date | None = None

    @property
    def text(self) -> str:
        """The normalized text. Raises ValueError before the normalize stage."""
        if isinstance(self.record.text, UnsetType):
            raise ValueError(f"document {self.record.id}: the text layer is missing; run the normalize stage first")
        return self.record.text

    @property
    def sentences(self) -> list[Sentence]:
        """All sentences. Raises ValueError before the tokenize stage."""
        if isinstance(self.record.sentences, UnsetType):
            raise ValueError(f"document {self.record.id}: the sentences are missing; run the tokenize stage first")
        return self.record.sentences

    def content(self) -> Iterator[Sentence]:
        """Sentences that are analysed: Japanese, and not in a boilerplate block."""
        boilerplate = {b.id for b in layer(self.record.blocks) if b.kind == "boilerplate"}
        return (s for s in self.sentences if s.block not in boilerplate and s.lang == "ja")

    def span(self, start: int, end: int) -> dict[str, Any]:
        """The five fields of a :class:`Span` over ``text[start:end]`` (code points)."""
        raw_start, raw_end = self.offsets.to_raw(start, end)
        return {
            "start": start, "end": end, "raw_start": raw_start, "raw_end": raw_end, "text": self.text[start:end],
        }  # fmt: skip

    def whole(self, start: int, end: int) -> tuple[int, int]:
        """The span of the text, widened to the whole of every replacement that it cuts: half of (株) is ㈱ all the same."""
        return self.offsets.to_text(*self.offsets.to_raw(start, end))

    def warn(self, stage: str, code: str, message: str) -> None:
        """Add a warning to the record."""
        self.record.warnings.append(Notice(stage=stage, code=code, message=message))


def layer(value: T | UnsetType) -> T:
    """The value of a layer that the stage order guarantees. Raises ValueError if its stage did not run."""
    if isinstance(value, UnsetType):
        raise ValueError("a layer this stage requires is missing from the record")
    return value


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """The record as one line of JSON (UTF-8, no line break)."""
    return _encoder.encode(record)


def decode(line: bytes | str) -> Record:
    """Read a record back. Raises msgspec.ValidationError naming the path of the first field that does not fit."""
    return _decoder.decode(line)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of :class:`Record`, generated from the types."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Record)}
