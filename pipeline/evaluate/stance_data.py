"""What a stance model is asked and answers, and where the questions come from.

Loaders: the project's own gold, NTCIR-14 QA Lab-PoliInfo, chABSA, SemEval-2016 task 6, any data set of the library
``datasets`` by the names of its columns, and the items themselves as :func:`write_items` writes them.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol, cast

import msgspec
from pydantic import Field

from pipeline.config import Settings
from pipeline.dataset.gold import GoldDocument, Sentence
from pipeline.dataset.load import load_gold
from pipeline.errors import ConfigError, InputError
from pipeline.evaluate import poliinfo
from pipeline.evaluate.labels import Labels, load_labels
from pipeline.record import StanceLabel
from pipeline.training.examples import stance_questions

AUTHOR: Final = "author"  # the holder's name in gold data for the author
CHABSA: Final = "chabsa.jsonl"
SEMEVAL: Final = ("ID", "Target", "Tweet", "Stance")
# Columns of a data set that an item is made of; the first three must be there.
REQUIRED: Final = ("text", "target", "label")
OPTIONAL: Final = ("id", "doc", "holder", "genre")
_BUILDERS: Final = {".jsonl": "json", ".json": "json", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}

Scores = dict[StanceLabel, float]


class StanceItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question: the stance of ``holder`` toward ``target`` in ``text``.

    Attributes:
        id: unique in the data set.
        doc: the document, or whatever items depend on each other through; the bootstrap draws it whole.
        target: the target's id.
        name: what the target is called.
        text: the sentence.
        surface: where the target stands in the text (code points, end exclusive), None where it is only meant.
        holder: whose stance, None for the author.
        label: the right answer; None where the annotators do not agree on one.
        genre: of the document.
        votes: each annotator's label, where there are several annotators.
    """

    id: str
    doc: str
    target: str
    name: str
    text: str
    surface: tuple[int, int] | None = None
    holder: str | None = None
    label: StanceLabel | None = None
    genre: str = ""
    votes: tuple[StanceLabel, ...] = ()


class Answer(NamedTuple):
    """What a model says of an item: its label, and the probability of each label.

    The two are apart since the likeliest label is not always the one to decide for. A label of None is an answer that
    could not be read: it counts as wrong.
    """

    label: StanceLabel | None
    scores: Scores

    @property
    def confidence(self) -> float:
        """The probability of the label that was decided for."""
        return 0.0 if self.label is None else self.scores.get(self.label, 0.0)


def likeliest(scores: Mapping[StanceLabel, float]) -> Answer:
    """The answer that probabilities give by themselves."""
    plain = {label: float(score) for label, score in scores.items()}
    best: StanceLabel = max(plain, key=plain.__getitem__)
    return Answer(best, plain)


class StanceModel(Protocol):
    """Answers items.

    Attributes:
        signature: identifies everything that can change an answer.
        notes: what a reader of the figures must know, such as answers that could not be read; known after ``predict``.
    """

    signature: str
    notes: list[str]

    def predict(self, items: Sequence[StanceItem]) -> list[Answer]:
        """One answer an item, in order, from what the items of its document ask: never from a label or votes."""
        ...


class DataOptions(Settings):
    """How gold data of others is read.

    Attributes:
        labels: foreign labels and what they mean.
        columns: names of a data set's columns by what they hold: text, target, label, and id, doc, holder, genre.
        split: of a data set.
        revision: commit of a data set on the hub.
        part: of PoliInfo, train or test.
    """

    labels: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    split: str = "test"
    revision: str | None = None
    part: Literal["train", "test"] = "test"


class StanceData(NamedTuple):
    """Items to be answered; the documents they are of, where whole documents have a stance too."""

    name: str
    items: list[StanceItem]
    documents: Sequence[GoldDocument] = ()


def load(source: str, documents: Path | None = None, options: DataOptions | None = None) -> StanceData:
    """Gold data from wherever it lies, recognised by what is there.

    Args:
        source: gold of the project (a folder of inline files, or JSONL), a folder of PoliInfo or chABSA, a SemEval
            TSV, items as JSONL, or, if the options name columns, a file, folder or id of a data set.
        documents: where the texts of gold JSONL lie.
        options: how data of others is read.

    Raises:
        InputError: nothing there, or it does not fit.
        ConfigError: a column or label is not known.
    """
    options = options or DataOptions()
    path, labels = Path(source), load_labels("stance", options.labels)
    if options.columns:
        return StanceData(f"{source} {options.split}", _checked(dataset_items(source, labels, options), source))
    if (path / CHABSA).is_file():
        return StanceData(path.name, _checked(chabsa_items(path, labels), source))
    if any((path / f"{part}.jsonl").is_file() for part in ("train", "test")):
        return StanceData(f"{path.name} {options.part}", _checked(poliinfo_items(path, options.part), source))
    if path.suffix in (".tsv", ".txt"):
        return StanceData(path.name, _checked(semeval_items(path, labels), source))
    if path.suffix == ".jsonl" and path.is_file() and _holds_items(path):
        return StanceData(path.name, _checked(read_items(path), source))
    gold = load_gold(path, documents)
    return StanceData(path.name, _checked(gold_items(gold), source), gold)


def gold_items(documents: Sequence[GoldDocument]) -> Iterator[StanceItem]:
    """The stances of all sentences but boilerplate. A target's name is its first surface in the document."""
    ids = (key for document in documents for s in document.sentences if not s.boilerplate for key in stance_ids(s))
    for key, (question, sentence, stance) in zip(ids, stance_questions(documents), strict=True):
        yield StanceItem(
            id=key,
            doc=sentence.doc,
            target=stance.target,
            name=question.target,
            text=question.text,
            surface=question.place,
            holder=question.holder,
            label=stance.label,
            genre=sentence.genre,
        )


def stance_ids(sentence: Sentence) -> list[str]:
    """The ids of a gold sentence's items: document, offsets, target and holder, and #2 where that is there already."""
    ids: list[str] = []
    for stance in sentence.stances:
        key = f"{sentence.doc}:{sentence.start}-{sentence.end}:{stance.target}:{stance.holder}"
        earlier = sum(other.partition("#")[0] == key for other in ids)
        ids.append(f"{key}#{earlier + 1}" if earlier else key)
    return ids


def poliinfo_items(folder: Path, part: str) -> Iterator[StanceItem]:
    """PoliInfo: the stance of an utterance toward a topic. The label is the one of the majority, None if there is none."""
    for row in poliinfo.read(folder, part):
        votes = [poliinfo.STANCES[vote] for vote in row.stance.values()]
        majority = row.majority["stance"]
        yield StanceItem(
            id=row.id,
            doc=row.id,
            target=f"topic_{row.topic_no}",
            name=row.topic,
            text=row.utterance,
            label=None if majority is None else poliinfo.STANCES[majority],
            votes=tuple(votes),
        )


def chabsa_items(folder: Path, labels: Labels) -> Iterator[StanceItem]:
    """chABSA: the polarity of an opinion as a stance toward the words that it is about, positive as favor.

    That is an approximation: in an annual report a falling cost is positive and a competitor's success may be
    negative, from the reporting company's point of view. Words with opinions on two attributes are two items. Items of a company
    (the id up to the hyphen) belong together.
    """
    path = folder / CHABSA
    for number, row in _json_rows(path):
        try:
            opinions = [(*opinion["span"], opinion["target"], opinion["polarity"]) for opinion in row["opinions"]]
            text, key = row["sentence"], row["id"]
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}:{number} is not a row of chABSA: {error!r} is missing or wrong.") from error
        polarities = labels.read([polarity for *_, polarity in opinions], f"{path}:{number}")
        for index, ((start, end, target, _), label) in enumerate(zip(opinions, polarities, strict=True)):
            yield StanceItem(
                id=f"{key}:{index}",
                doc=key.partition("-")[0],
                target=target,
                name=target,
                text=text,
                surface=(start, end),
                label=cast(StanceLabel, label),
            )


def semeval_items(path: Path, labels: Labels) -> list[StanceItem]:
    """SemEval-2016 task 6: tab-separated, with the columns ID, Target, Tweet and Stance."""
    rows = list(csv.DictReader(io.StringIO(_read(path)), delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or not set(SEMEVAL) <= set(rows[0]):
        found = ", ".join(map(str, rows[0])) if rows else "nothing"
        raise InputError(
            f"{path}: the columns {', '.join(SEMEVAL)} are wanted in the first line, found: {found}.",
            remedy="For other columns name them, as in --column text=Tweet --column target=Topic --column label=Stance.",
        )
    columns = dict(zip(("id", "target", "text", "label"), SEMEVAL, strict=True))
    return _tabular(rows, columns, labels, str(path))


def dataset_items(source: str, labels: Labels, options: DataOptions) -> list[StanceItem]:
    """Any data set of the library ``datasets``: a file, a folder that it saved, or an id on the hub.

    Raises:
        ConfigError: the options name a column that is missing, or leave out one that is needed.
        InputError: it cannot be loaded.
    """
    unknown = sorted(set(options.columns) - {*REQUIRED, *OPTIONAL})
    missing = [name for name in REQUIRED if name not in options.columns]
    if unknown or missing:
        raise ConfigError(
            f"columns: {', '.join(unknown) or 'none'} unknown, {', '.join(missing) or 'none'} missing.",
            remedy=f"Name the columns that hold {', '.join(REQUIRED)}; there may be {', '.join(OPTIONAL)} too.",
        )
    data = _load_dataset(source, options)
    absent = sorted(set(options.columns.values()) - set(data.column_names))
    if absent:
        raise ConfigError(
            f"{source}: there is no column {', '.join(map(repr, absent))}.",
            remedy=f"There are: {', '.join(data.column_names)}. Name them as in --column text={data.column_names[0]}.",
        )
    names = getattr(data.features[options.columns["label"]], "names", None)
    rows = [dict(row) for row in data]
    if names:  # labels kept as numbers of names
        column = options.columns["label"]
        rows = [{**row, column: names[row[column]]} for row in rows]
    return _tabular(rows, options.columns, labels, source)


def write_items(path: Path, items: Iterable[StanceItem]) -> None:
    """Write items as JSONL, so that a model that runs elsewhere can answer them; labels and votes are left out."""
    with path.open("wb") as out:
        for item in items:
            out.write(msgspec.json.encode(msgspec.structs.replace(item, label=None, votes=())) + b"\n")


def read_items(path: Path) -> list[StanceItem]:
    """Items from JSONL. Raises InputError for a line that is none."""
    decoder = msgspec.json.Decoder(StanceItem)
    items = []
    for number, line in _lines(path):
        try:
            items.append(decoder.decode(line))
        except msgspec.DecodeError as error:
            raise InputError(f"{path}:{number} is not an item: {error}.", remedy=_FIELDS) from error
    return items


def find(surface: str, text: str) -> tuple[int, int] | None:
    """Where words first stand in a text (code points); None where they do not, or there are none."""
    start = text.find(surface) if surface else -1
    return None if start < 0 else (start, start + len(surface))


_FIELDS: Final = (
    f"One JSON object a line with the fields {', '.join(StanceItem.__struct_fields__)}; see docs/evaluate.md."
)


def _tabular(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], labels: Labels, source: str
) -> list[StanceItem]:
    """Items of rows: each is its own document unless a column says otherwise."""
    meanings = labels.read([row[columns["label"]] for row in rows], source)

    def cell(row: Mapping[str, Any], name: str, default: str) -> str:
        value = row[columns[name]] if name in columns else None
        return default if value is None else str(value)

    items = []
    for number, (row, label) in enumerate(zip(rows, meanings, strict=True), 1):
        key = cell(row, "id", str(number))
        text, target, holder = cell(row, "text", ""), cell(row, "target", ""), cell(row, "holder", AUTHOR)
        if not text or not target:
            raise InputError(f"{source}: row {number} has no text or no target.", remedy="Fill it, or take it out.")
        items.append(
            StanceItem(
                id=key,
                doc=cell(row, "doc", key),
                target=target,
                name=target,
                text=text,
                surface=find(target, text),
                holder=None if holder in (AUTHOR, "") else holder,
                label=cast(StanceLabel, label),
                genre=cell(row, "genre", ""),
            )
        )
    return items


def _load_dataset(source: str, options: DataOptions) -> Any:
    from datasets import DatasetDict, load_dataset, load_from_disk

    path = Path(source)
    try:
        if path.is_dir() and any((path / name).is_file() for name in ("state.json", "dataset_dict.json")):
            saved = load_from_disk(source)
            return saved[options.split] if isinstance(saved, DatasetDict) else saved
        if path.is_file() and path.suffix in _BUILDERS:
            more = {"sep": "\t"} if path.suffix == ".tsv" else {}
            return load_dataset(_BUILDERS[path.suffix], data_files=source, split="train", **more)
        repository, _, configuration = source.partition(":")
        return load_dataset(repository, configuration or None, split=options.split, revision=options.revision)
    except Exception as error:  # the library raises whatever its network, format and hub layers raise
        raise InputError(
            f"the data set {source} (split {options.split}) could not be loaded ({type(error).__name__}: {error}).",
            remedy="Check the path or id, --split and the network; a file ends in " + ", ".join(_BUILDERS) + ".",
        ) from error


def _checked(items: Iterable[StanceItem], source: str) -> list[StanceItem]:
    found = list(items)
    if not found:
        raise InputError(f"{source} holds no stance.", remedy="The formats are in docs/evaluate.md.")
    twice = [key for key, count in Counter(item.id for item in found).items() if count > 1]
    if twice:
        raise InputError(
            f"{source}: {len(twice)} ids stand more than once, first {twice[0]}.",
            remedy="Give every row an id of its own.",
        )
    return found


def _holds_items(path: Path) -> bool:
    """Whether the first line of a JSONL file is an item rather than a gold sentence."""
    _, first = next(_lines(path), (0, b"{}"))
    try:
        fields = msgspec.json.decode(first)
    except (msgspec.DecodeError, RecursionError):
        return False  # the reader of gold says what is wrong
    return isinstance(fields, dict) and {"id", "target", "text"} <= fields.keys()


def _json_rows(path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in _lines(path):
        try:
            yield number, msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise InputError(f"{path}:{number} is not JSON: {error}.", remedy="Write one object a line.") from error


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as lines:
        yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file.", remedy="Give a path that exists.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error}.", remedy="Convert it to UTF-8.") from error
