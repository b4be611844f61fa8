"""ner: names, quantities, time expressions and quotations.

Names come from three sources: the gazetteer, rules over the context, and GiNZA's own recognizer. What one sentence of
a document makes clear holds for the others: a name found once is found everywhere, and a surname stands for the person.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final, NamedTuple, cast

import msgspec
from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.config import NerSettings, digest_files, find_file
from pipeline.errors import ConfigError
from pipeline.record import Document, Entity, EntityLabel, FoundName, Quantity, Quote, Sentence, Time, layer
from pipeline.stages import Stage
from pipeline.text.gazetteer import LABELS, NO_NAME, Gazetteer, Label, gazetteer_files
from pipeline.text.mentions import Meanings, Recurrences
from pipeline.text.names import ContextRules
from pipeline.text.names.by_model import model_names
from pipeline.text.names.candidates import Line, Name, Rank
from pipeline.text.names.choice import resolve
from pipeline.text.names.extensions import glosses, with_numbers
from pipeline.text.names.lexicon import Lexicon
from pipeline.text.quantities import FoundQuantity, find_conversions, find_quantities, leads_minus
from pipeline.text.quotes import Scene, attribute, find_quotes
from pipeline.text.times import FoundTime, find_times

LABELS_FILE: Final = "entity_labels.yaml"
IGNORED: Final = "IGNORED"
# How far apart two conversions between the same units may lie: exchange rates move by this much in a year or so.
RATE_TOLERANCE: Final = 1.15


class _Rate(NamedTuple):
    """One figure restated in another unit: ``low`` to ``high`` of the second unit for one of the first."""

    text: str
    units: tuple[str, str]
    low: float
    high: float


class Ner(Stage):
    """Adds ``entities``, ``quantities``, ``times`` and ``quotes`` to the sentences that are analysed."""

    name: ClassVar[str] = "ner"
    requires: ClassVar[frozenset[str]] = frozenset({"sentences", "tokens"})
    provides: ClassVar[frozenset[str]] = frozenset({"entities", "quantities", "times", "quotes"})
    Settings: ClassVar[type[BaseModel]] = NerSettings
    settings: NerSettings

    def load(self) -> None:
        """Read the gazetteer and the label mapping. Raises ConfigError if either is malformed."""
        self._gazetteer = Gazetteer.load(find_file(self.settings.gazetteer))
        self._lexicon = Lexicon()
        self._rules = ContextRules(self._gazetteer, self._lexicon)
        self._labels = load_labels(find_file(LABELS_FILE)) if self.settings.model_entities else {}

    def versions(self) -> dict[str, str]:
        """See :class:`pipeline.stages.Stage`."""
        files = gazetteer_files(find_file(self.settings.gazetteer))
        return {
            "gazetteer": digest_files(files),
            "entity_labels": digest_files([find_file(LABELS_FILE)]),
            "units": digest_files([find_file("units.tsv")]),
        }

    def process(self, documents: Sequence[Document]) -> None:
        """See :class:`pipeline.stages.Stage`."""
        for document in documents:
            self._annotate(document)

    def _annotate(self, document: Document) -> None:
        analysed = {s.id for s in document.content()}
        pairs = [(s, f) for s, f in zip(document.sentences, document.found_names, strict=True) if s.id in analysed]
        lines = [_line(sentence) for sentence, _ in pairs]
        names = self._names(lines, [found for _, found in pairs])
        rates: list[_Rate] = []
        minus = leads_minus(document.text)
        for i, ((sentence, _), line) in enumerate(zip(pairs, lines, strict=True)):
            certain = [(name.start, name.end) for name in names[i] if not name.by_model]
            times = [t for t in find_times(line.text, document.anchor) if not _meets(t, certain)]
            taken = [*certain, *((t.start, t.end) for t in times)]
            quantities = find_quantities(line.text, taken, leading_minus=minus)
            figures = [(t.start, t.end) for t in times] + [(q.start, q.end) for q in quantities]
            names[i] = [name for name in names[i] if not (name.by_model and _is_figure(name, figures))]
            rates += _rates(line.text, quantities)
            sentence.entities = [_entity(document, sentence, name) for name in names[i]]
            sentence.quantities = [_quantity(document, sentence, quantity) for quantity in quantities]
            sentence.times = [_time(document, sentence, time) for time in times]
        _warn_of_rates(document, rates)
        scenes = [Scene(line, found, []) for line, found in zip(lines, names, strict=True)]
        _add_quotes(document, [sentence for sentence, _ in pairs], scenes)

    def _names(self, lines: Sequence[Line], found_names: Sequence[Sequence[FoundName]]) -> list[list[Name]]:
        """The names of a document's sentences, offsets counting from each sentence's start."""
        matches = [self._gazetteer.find(line.text, line.tokens) for line in lines]
        meaning = Meanings(matches, self._lexicon)
        candidates: list[list[Name]] = []
        for line, found, by_model in zip(lines, matches, found_names, strict=True):
            names = [*self._rules.find(line), *self._model_names(line, by_model)]
            candidates.append([*meaning.known(line, found, names), *names])
        first = [resolve(names) for names in candidates]
        for line, names, chosen in zip(lines, candidates, first, strict=True):
            names += glosses(line, chosen)
        again = Recurrences([resolve(names) for names in candidates], lines, self._lexicon)
        for i, (line, names) in enumerate(zip(lines, candidates, strict=True)):
            direct = {(n.start, n.end, n.label): n.fine for n in names}
            names += (replace(n, fine=direct.get((n.start, n.end, n.label), n.fine)) for n in again.find(i, line))
        resolved = (resolve(with_numbers(line, names)) for line, names in zip(lines, candidates, strict=True))
        return [
            [name for name in names if name.label != NO_NAME and not _is_language(line, name)]
            for line, names in zip(lines, resolved, strict=True)
        ]

    def _model_names(self, line: Line, found: Sequence[FoundName]) -> Iterator[Name]:
        for entity in found:
            label = self._labels.get(entity.label)
            if label is None:
                continue
            name = Name(entity.start, entity.end, label, f"model:{entity.label}", Rank.MODEL)
            yield from model_names(line, name, self._lexicon)


def load_labels(file: Path) -> dict[str, Label]:
    """GiNZA's labels to the record's, NONE for those that only hide a place; those that are ignored are left out.

    Raises:
        ConfigError: the file cannot be read, names a label that the record does not have, or names one twice.
    """
    try:
        groups = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ConfigError(f"{file}: the label mapping cannot be read: {error}") from error
    labels: dict[str, Label] = {}
    seen: set[str] = set()
    if not isinstance(groups, dict):
        raise ConfigError(f"{file}: expected LABEL: [GiNZA's labels] lines.", remedy=f"Labels: {', '.join(LABELS)}.")
    for label, names in groups.items():
        if label not in (*LABELS, IGNORED) or not isinstance(names, list):
            raise ConfigError(
                f"{file}: {label!r} is not a label with a list.", remedy=f"Labels: {', '.join([*LABELS, IGNORED])}."
            )
        for name in names:
            if name in seen:
                raise ConfigError(f"{file}: {name!r} is mapped twice.", remedy="Keep it under one label.")
            seen.add(name)
            if label != IGNORED:
                labels[name] = label
    return labels


def _is_language(line: Line, name: Name) -> bool:
    return name.label in ("GPE", "NORP") and line.text[name.end : name.end + 1] == "語"


def _line(sentence: Sentence) -> Line:
    shift = sentence.start
    tokens = [msgspec.structs.replace(t, start=t.start - shift, end=t.end - shift) for t in layer(sentence.tokens)]
    return Line(sentence.text, tokens)


def _entity(document: Document, sentence: Sentence, name: Name) -> Entity:
    span = document.span(sentence.start + name.start, sentence.start + name.end)
    label = cast(EntityLabel, name.label)  # what is no name was left out before
    return Entity(label=label, fine=name.fine, id=name.id, name_en=name.name_en, **span)


def _quantity(document: Document, sentence: Sentence, found: FoundQuantity) -> Quantity:
    return Quantity(
        kind=found.kind, value=found.value, low=found.low, high=found.high, unit=found.unit,
        approximate=found.approximate, en=found.en,
        **document.span(sentence.start + found.start, sentence.start + found.end),
    )  # fmt: skip


def _time(document: Document, sentence: Sentence, found: FoundTime) -> Time:
    span = document.span(sentence.start + found.start, sentence.start + found.end)
    return Time(kind=found.kind, value=found.value, en=found.en, **span)


def _meets(found: FoundTime, spans: Iterable[tuple[int, int]]) -> bool:
    return any(found.start < end and start < found.end for start, end in spans)


def _is_figure(name: Name, figures: Iterable[tuple[int, int]]) -> bool:
    """Whether a name begins with a figure or ends within one: 2ナノレベル, not アポロ11号の月面着陸."""
    return any(
        start < name.end and name.start < end and (start <= name.start or end >= name.end) for start, end in figures
    )


def _rates(text: str, quantities: Sequence[FoundQuantity]) -> Iterator[_Rate]:
    for found in find_conversions(text, quantities):
        source, target = quantities[found.source], quantities[found.target]
        written = f"{text[source.start : source.end]} as {text[target.start : target.end]}"
        yield _Rate(written, (source.unit, target.unit), found.low, found.high)


def _warn_of_rates(document: Document, rates: Sequence[_Rate]) -> None:
    """Warn of each conversion whose rate is far from all others that the document makes between the same units."""
    for i, rate in enumerate(rates):
        others = [other for j, other in enumerate(rates) if j != i and other.units == rate.units]
        near = (o.low / RATE_TOLERANCE <= rate.high and rate.low <= o.high * RATE_TOLERANCE for o in others)
        if others and not any(near):
            unit, per = rate.units[1], rate.units[0]
            span = f"{min(o.low for o in others):.4g} to {max(o.high for o in others):.4g}"
            document.warn("ner", "conversion", f"{rate.text}: {rate.low:.4g} {unit} per {per}; elsewhere {span}")


def _add_quotes(document: Document, sentences: Sequence[Sentence], scenes: Sequence[Scene]) -> None:
    """Pair the quotation marks of each block, and hand each quotation to the sentence or sentences it stands in."""
    ends = [sentence.end for sentence in sentences]
    analysed = {sentence.block for sentence in sentences}
    quotations: list[list[tuple[int, tuple[int, int]]]] = []
    for block in layer(document.record.blocks):
        found, unpaired = find_quotes(document.text[block.start : block.end]) if block.id in analysed else ([], [])
        _warn_of_unpaired(document, [block.start + position for position in unpaired])
        for start, end in found:
            parts = list(_parts(sentences, ends, block.start + start, block.start + end))
            for i, part in parts:
                scenes[i].quotes.append(part)
            quotations += [parts] if parts else []
    for sentence in sentences:
        sentence.quotes = []
    speakers: dict[str, str | None] = {}  # by block, of the last quotation with a speaker
    for parts in quotations:
        first, (last, quote) = parts[0][0], parts[-1]
        paragraph = sentences[last].block
        before = scenes[first] if first < last else _neighbour(sentences, scenes, last, -1)
        said = attribute(scenes[last], quote, before, _neighbour(sentences, scenes, last, 1), speakers.get(paragraph))
        speakers[paragraph] = said.speaker or speakers.get(paragraph)
        for i, (start, end) in parts:
            span = document.span(sentences[i].start + start, sentences[i].start + end)
            layer(sentences[i].quotes).append(Quote(speaker=said.speaker, cue=said.cue, **span))


def _parts(
    sentences: Sequence[Sentence], ends: Sequence[int], start: int, end: int
) -> Iterator[tuple[int, tuple[int, int]]]:
    """The sentences that ``start`` to ``end`` runs through, each with its share, counting from its own start."""
    for i in range(bisect_right(ends, start), len(sentences)):
        low, high = max(start, sentences[i].start), min(end, sentences[i].end)
        if low >= high:
            return
        yield i, (low - sentences[i].start, high - sentences[i].start)


def _neighbour(sentences: Sequence[Sentence], scenes: Sequence[Scene], index: int, step: int) -> Scene | None:
    """The sentence before or after in the same block."""
    other = index + step
    inside = 0 <= other < len(sentences) and sentences[other].block == sentences[index].block
    return scenes[other] if inside else None


def _warn_of_unpaired(document: Document, positions: Sequence[int]) -> None:
    if positions:
        shown = ", ".join(f"{document.text[p]} at {p}" for p in positions[:5])
        message = f"{len(positions)} quotation mark(s) without a partner in the paragraph: {shown}"
        document.warn("ner", "unpaired_quote", message)
