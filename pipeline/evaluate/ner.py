"""How well names are found: entity F1, exact and partial, of the ner stage and of ja_ginza alone.

Gold data is a folder of a public test set, whose labels ``configs/ner_mapping.yaml`` relates to those of the record, or
a JSONL file in the project's own gold format with an ``entities`` field. Scores:

* exact: span and label agree, the CoNLL-2003 measure (Tjong Kim Sang & De Meulder 2003, section 3);
* partial: the same label and an overlap count half, an exact match one: the partial score of MUC-5 (Chinchor & Sundheim
  1993) with the label required; each span is matched once, exact matches first.

All offsets are code points, end exclusive.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, NamedTuple, TypeVar, get_args

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.annotator import Annotator
from pipeline.config import Config, find_file, load_config
from pipeline.dataset.load import is_inside
from pipeline.errors import ConfigError, InputError
from pipeline.evaluate.bootstrap import Indices, Interval, Statistic, interval, paired
from pipeline.evaluate.report import Comparison, ModelResult, Report
from pipeline.parser import load_parser, parser_version
from pipeline.record import Document, EntityLabel, Offset, Record, Source, layer

MAPPING_FILE: Final = "ner_mapping.yaml"
STAGES: Final = ["normalize", "tokenize", "ner"]
# GiNZA's own mapping to OntoNotes (ginza.ene_ontonotes_mapper) names two labels differently from the record.
_ONTONOTES: Final = {"FAC": "FACILITY", "WORK_OF_ART": "WORK"}
_PARTIAL: Final = 0.5
OWN, GINZA, FITTED = "kyojitsu", "ja_ginza", "ja_ginza, labels fitted"


class Mention(NamedTuple):
    """A labelled range of a text."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class GoldSentence:
    """One sentence of a passage: its range, the names in it, and ranges whose names do not count either way."""

    start: int
    end: int
    mentions: Sequence[Mention]
    optional: Sequence[Mention] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that a model reads at once, with the sentences of it that are marked; ``document`` names its source."""

    document: str
    text: str
    sentences: Sequence[GoldSentence]


class SetMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One public set in ``configs/ner_mapping.yaml``; the file explains the fields."""

    parts: dict[str, str]
    gold: dict[str, list[str]]
    record: dict[str, list[EntityLabel]]
    optional: list[str]
    share: Annotated[int, Meta(ge=1, le=99)] | None = None
    document: str = "id"


class _Mappings(Struct, frozen=True, forbid_unknown_fields=True):
    sets: dict[str, SetMapping]


class _Entity(Struct, frozen=True, forbid_unknown_fields=True):
    start: Offset
    end: Offset
    label: EntityLabel


class _GoldLine(Struct, frozen=True):
    """A line of the project's gold format; only what names need is read."""

    doc: str
    start: Offset
    end: Offset
    text: str
    entities: list[_Entity]


class _BenchLine(Struct, frozen=True):
    id: str | int
    text: str
    entities: list[tuple[Offset, Offset, str]]
    curid: str = ""


T = TypeVar("T")
Labels = Mapping[str, str]
Recognizer = Callable[[Sequence[str]], list[list[Mention]]]


# Reading --------------------------------------------------------------------------------------------------------------


def load_mapping(name: str, file: Path | None = None) -> SetMapping:
    """The mapping of a public set.

    Args:
        name: the set, as its folder is called.
        file: the mapping file; the package's own if None.

    Raises:
        ConfigError: the file cannot be read or does not fit, or does not know the set.
    """
    file = file or find_file(MAPPING_FILE)
    try:
        sets = msgspec.convert(YAML(typ="safe").load(file.read_text(encoding="utf-8")), _Mappings).sets
    except (OSError, UnicodeDecodeError, YAMLError, msgspec.ValidationError) as error:
        raise ConfigError(f"{file}: the mapping of test sets cannot be read: {error}") from error
    if name not in sets:
        raise ConfigError(f"{file}: no test set {name!r}.", remedy=f"There are: {', '.join(sets)}.")
    return sets[name]


def read_bench(folder: Path, part: str = "test", mapping: SetMapping | None = None) -> list[Passage]:
    """One part of a public set, a passage a sentence, with scored labels.

    Raises:
        ConfigError: the mapping file does not know the set or the part.
        InputError: a file is missing, or a line of it is malformed; the message names it.
    """
    mapping = mapping or load_mapping(folder.resolve().name)
    if part not in mapping.parts:
        raise ConfigError(f"{folder}: no part {part!r}.", remedy=f"There are: {', '.join(mapping.parts)}.")
    labels = _inverted(mapping.gold)
    passages = []
    for line in _lines(folder / mapping.parts[part], _BenchLine):
        document = _document(line, mapping.document)
        if mapping.share is not None and part != _part(document, mapping.share):
            continue
        spans = [Mention(*entity) for entity in line.entities]
        scored = [m._replace(label=labels[m.label]) for m in spans if m.label in labels]
        optional = [m for m in spans if m.label in mapping.optional]
        passages.append(Passage(document, line.text, [GoldSentence(0, len(line.text), scored, optional)]))
    return passages


def read_gold(file: Path, docs: Path | None = None) -> list[Passage]:
    """A gold file of the project's own format; entities carry the record's labels.

    Args:
        file: JSONL, one sentence a line, offsets into the raw document.
        docs: the folder with the documents, ``DOC`` or ``DOC.txt``; without it each sentence is read alone.

    Raises:
        InputError: a line is malformed or disagrees with its document, or the document is missing.
    """
    lines = list(_lines(file, _GoldLine))
    for line in lines:
        if any(not line.start <= e.start < e.end <= line.end for e in line.entities):
            raise InputError(
                f"{file}: {line.doc} {line.start}-{line.end}: an entity lies outside of its sentence.",
                remedy="Offsets of entities count in the document, as those of the sentence do.",
            )
    if docs is None:
        return [Passage(x.doc, x.text, [_gold_sentence(x, -x.start)]) for x in lines]
    by_document: dict[str, list[_GoldLine]] = defaultdict(list)
    for line in lines:
        by_document[line.doc].append(line)
    passages = []
    for name, members in by_document.items():
        text = _document_text(docs, name)
        for line in members:
            if text[line.start : line.end] != line.text:
                raise InputError(
                    f"{file}: {name} {line.start}-{line.end} is not the text of that document.",
                    remedy="Offsets count code points of the raw document.",
                )
        passages.append(Passage(name, text, [_gold_sentence(line, 0) for line in members]))
    return passages


def _gold_sentence(line: _GoldLine, shift: int) -> GoldSentence:
    mentions = [Mention(e.start + shift, e.end + shift, e.label) for e in line.entities]
    return GoldSentence(line.start + shift, line.end + shift, mentions)


def _document_text(docs: Path, name: str) -> str:
    for file in (docs / name, docs / f"{name}.txt"):
        if is_inside(file, docs) and file.is_file():
            return file.read_bytes().decode("utf-8")
    raise InputError(f"{docs}: there is no document {name!r}.", remedy="Give the folder of the documents with --docs.")


def _lines(file: Path, kind: type[T]) -> Iterator[T]:
    decoder = msgspec.json.Decoder(kind)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}.") from error
    for number, line in enumerate(content.splitlines(), 1):
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError as error:
            raise InputError(f"{file}:{number} is not as expected: {error}.", remedy="See docs/ner.md.") from error


def _document(line: _BenchLine, rule: str) -> str:
    if rule in ("id", "curid"):
        return str(getattr(line, rule))
    match = re.match(rule, str(line.id))
    return match[0] if match else str(line.id)


def _part(document: str, share: int) -> str:
    """Which part of a set without official parts a page belongs to: the same for all of its sentences."""
    remainder = int(hashlib.sha256(document.encode()).hexdigest(), 16) % 100
    return "test" if remainder < share else "dev"


def _inverted(groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {member: label for label, members in groups.items() for member in members}


# Recognizers ----------------------------------------------------------------------------------------------------------


def stage_recognizer(annotator: Annotator) -> Recognizer:
    """The names of the record, in offsets of the raw text."""

    def recognize(texts: Sequence[str]) -> list[list[Mention]]:
        return [_names(annotator, text) for text in texts]

    return recognize


def _names(annotator: Annotator, text: str) -> list[Mention]:
    source = Source(path="", format="text", encoding="str", sha256="")
    document = Document(Record(id="gold", source=source, raw=text))
    annotator.process(document)
    entities = (e for sentence in document.content() for e in layer(sentence.entities))
    return [Mention(e.raw_start, e.raw_end, e.label) for e in entities]


def ginza_recognizer(config: Config) -> Recognizer:
    """ja_ginza alone, under its own fine labels: what its recognizer finds in the text as it stands."""
    nlp = load_parser(config.tokenize.model, config.tokenize.split_mode, entities=True)

    def recognize(texts: Sequence[str]) -> list[list[Mention]]:
        parses = nlp.pipe([text.replace("\n", " ") for text in texts])
        return [[Mention(e.start_char, e.end_char, e.label_) for e in parse.ents] for parse in parses]

    return recognize


def ginza_labels() -> Labels:
    """The record's labels of ja_ginza's, by GiNZA's own mapping to OntoNotes."""
    from ginza.ene_ontonotes_mapper import ENE_ONTONOTES_MAPPING

    own = get_args(EntityLabel)
    renamed = {fine: _ONTONOTES.get(label, label) for fine, label in ENE_ONTONOTES_MAPPING.items()}
    return {fine: label for fine, label in renamed.items() if label in own}


def relabel(found: Sequence[Sequence[Mention]], *steps: Labels) -> list[list[Mention]]:
    """The mentions under the labels that each step gives in turn; one that a step does not know is left out."""
    for labels in steps:
        found = [[m._replace(label=labels[m.label]) for m in mentions if m.label in labels] for mentions in found]
    return [list(mentions) for mentions in found]


def fitted_labels(passages: Sequence[Passage], found: Sequence[Sequence[Mention]]) -> Labels:
    """For each label of a recognizer the scored one that most of its mentions touch; none where most touch nothing.

    The most that relabelling can do for a model; to be fitted on other passages than those that are scored.
    """
    touched: dict[str, Counter[str]] = defaultdict(Counter)
    for passage, mentions in zip(passages, found, strict=True):
        gold = [m for sentence in passage.sentences for m in sentence.mentions]
        for mention in mentions:
            touched[mention.label][next((g.label for g in gold if _overlap(g, mention)), "")] += 1
    best = {label: counts.most_common(1)[0][0] for label, counts in touched.items()}
    return {label: scored for label, scored in best.items() if scored}


# Scores ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """Of each unit (row): exact matches, partial score, mentions found, mentions in gold; and each unit's document."""

    table: NDArray[np.float64]
    documents: Sequence[str]

    def f1(self, kind: str = "exact") -> Statistic:
        """F1 of the units that are drawn, ``exact`` or ``partial``; 0 where nothing is found and nothing is there."""
        column = ("exact", "partial").index(kind)

        def statistic(indices: Indices) -> float:
            total = self.table[indices].sum(axis=0)
            both = total[2] + total[3]
            return float(2 * total[column] / both) if both else 0.0

        return statistic

    def share(self, side: str) -> Statistic:
        """Exact ``precision`` or ``recall`` of the units that are drawn."""
        column = {"precision": 2, "recall": 3}[side]

        def statistic(indices: Indices) -> float:
            total = self.table[indices].sum(axis=0)
            return float(total[0] / total[column]) if total[column] else 0.0

        return statistic


def count(passages: Sequence[Passage], found: Sequence[Sequence[Mention]], label: str | None = None) -> Counts:
    """Compare what a recognizer found with gold, sentence by sentence.

    Args:
        passages: the gold.
        found: the mentions of each passage, under scored labels.
        label: count only this one.
    """
    rows: list[tuple[float, float, int, int]] = []
    documents: list[str] = []
    for passage, mentions in zip(passages, found, strict=True):
        for sentence in passage.sentences:
            gold = [m for m in sentence.mentions if label in (None, m.label)]
            inside = [m for m in mentions if sentence.start <= m.start < sentence.end and label in (None, m.label)]
            kept = [m for m in inside if m in gold or not any(_overlap(m, o) for o in sentence.optional)]
            rows.append((*_matches(gold, kept), len(kept), len(gold)))
            documents.append(passage.document)
    return Counts(np.array(rows, dtype=np.float64).reshape(-1, 4), documents)


def _matches(gold: Sequence[Mention], found: Sequence[Mention]) -> tuple[int, float]:
    """The number of exact matches, and the partial score."""
    exact = set(gold) & set(found)
    open_gold = [g for g in gold if g not in exact]
    partial = 0
    for mention in found:
        match = next((g for g in open_gold if g.label == mention.label and _overlap(g, mention)), None)
        if mention not in exact and match is not None:
            open_gold.remove(match)
            partial += 1
    return len(exact), len(exact) + _PARTIAL * partial


def _overlap(a: Mention, b: Mention) -> bool:
    return a.start < b.end and b.start < a.end


# The evaluation -------------------------------------------------------------------------------------------------------


def evaluate(gold: Path, docs: Path | None = None, part: str = "test", config: Config | None = None) -> Report:
    """The ner stage beside ja_ginza alone: exact and partial F1 with intervals, the same by label, the differences.

    ja_ginza is scored under GiNZA's own mapping of its labels and, on a public set, also under the mapping that suits
    the set's part ``dev`` best.

    Args:
        gold: the folder of a public set that the mapping file knows, or a gold file of the project's own format.
        docs: for a gold file, the folder of its documents.
        part: of a public set.
        config: the settings of the stages up to ner, the default ones if None. No sentence counts as boilerplate.

    Raises:
        ConfigError: the set or its part is unknown.
        InputError: the gold data cannot be read; the message names file and line.
    """
    config = _for_gold(config or load_config())
    mapping = load_mapping(gold.resolve().name) if gold.is_dir() else None
    passages = read_bench(gold, part, mapping) if mapping else read_gold(gold, docs)
    scored = _inverted(mapping.record) if mapping else {label: label for label in get_args(EntityLabel)}
    texts = [passage.text for passage in passages]
    annotator = Annotator(config)
    ginza = ginza_recognizer(config)
    parsed = ginza(texts)
    found = {OWN: relabel(stage_recognizer(annotator)(texts), scored), GINZA: relabel(parsed, ginza_labels(), scored)}
    if mapping and part != "dev":
        other = read_bench(gold, "dev", mapping)
        found[FITTED] = relabel(parsed, fitted_labels(other, ginza([passage.text for passage in other])))
    labels = (
        list(mapping.gold) if mapping else sorted({m.label for p in passages for s in p.sentences for m in s.mentions})
    )
    counts = {name: count(passages, mentions) for name, mentions in found.items()}
    return Report(
        task="ner",
        gold=f"{gold.resolve().name} ({part})" if mapping else gold.name,
        units=sum(len(passage.sentences) for passage in passages),
        documents=len({passage.document for passage in passages}),
        signature=_signature(gold, mapping, part),
        models=[
            ModelResult(
                model=name,
                signature=annotator.signature if name == OWN else parser_version(config.tokenize.model),
                figures=_figures(counts[name]),
                slices={label: _figures(count(passages, mentions, label)) for label in labels},
                details=_totals(counts[name]),
            )
            for name, mentions in found.items()
        ],
        comparisons=[compare(OWN, counts[OWN], name, counts[name]) for name in found if name != OWN],
    )


def _for_gold(config: Config) -> Config:
    """The configuration without other stages and with every sentence as content, also one that looks like a menu."""
    normalize = config.normalize.model_copy(update={"boilerplate": False})
    return config.model_copy(update={"stages": STAGES, "normalize": normalize})


def compare(a: str, first: Counts, b: str, second: Counts) -> Comparison:
    """The paired difference of two recognizers on the same passages."""
    kinds = ("exact", "partial")
    differences = {f"{kind} F1": paired(first.f1(kind), second.f1(kind), first.documents) for kind in kinds}
    return Comparison(a=a, b=b, differences=differences)


def _figures(counts: Counts) -> dict[str, Interval]:
    figures = {
        "exact F1": counts.f1(), "partial F1": counts.f1("partial"),
        "precision": counts.share("precision"), "recall": counts.share("recall"),
    }  # fmt: skip
    return {name: interval(statistic, counts.documents) for name, statistic in figures.items()}


def _totals(counts: Counts) -> dict[str, int]:
    exact, _, found, gold = counts.table.sum(axis=0)
    return {"exact": int(exact), "found": int(found), "gold": int(gold)}


def _signature(gold: Path, mapping: SetMapping | None, part: str) -> str:
    file = gold / mapping.parts[part] if mapping else gold
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    labels = hashlib.sha256(msgspec.json.encode(mapping)).hexdigest()[:8] if mapping else "record"
    return f"ner|gold:{digest}|part:{part if mapping else '-'}|labels:{labels}|bootstrap:1000,95%,documents,seed 0"
