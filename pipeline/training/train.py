"""Train a model from gold data: the bundled architecture, or a transformer of the user's own choice.

A model is written beside its folder and takes its place when it is whole. Of several seeds the folder holds the model
that does best on what is held out; the card says what all of them reach on average, and how far apart they are.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipeline.dataset.gold import GoldDocument, Sentence, Stance
from pipeline.dataset.load import load_gold
from pipeline.errors import ConfigError, InputError, ModelError, OutputError
from pipeline.evaluate.models import sentences_of
from pipeline.evaluate.stance_data import AUTHOR, DataOptions, StanceItem, load
from pipeline.models.card import KIND_HYPE, KIND_STANCE, TRANSFORMER, Card, folder_of, read_card, write_card
from pipeline.models.encoder import MANIFEST, write_manifest

if TYPE_CHECKING:
    from pipeline.training.fit import Recipe, Report

TASKS: Final = ("hype", "rhetoric", "checkable", "stance")
BUNDLED: Final = "bundled"
# The figure by which the best of several seeds is chosen.
MAIN: Final = {
    "hype": "hype: quadratic kappa", "rhetoric": "rhetoric: overlap F1", "checkable": "checkable: F1",
    "stance": "macro F1",
}  # fmt: skip
MEAN: Final = ", mean of seeds"  # of figures, after their names
SPREAD: Final = ", spread of seeds"
LEAST: Final = 7  # documents: fewer do not leave one to hold out and one to stop by
FORMS: Final = ("pair", "marked")
_RESULT: Final = "result"
# The heads that learn from a label. Where no sentence has it they are not trained, and say no.
_HEADS: Final = {
    "rhetoric": ("rhetoric", "technique", "quoted", "has_rhetoric", "level", "doom"),
    "checkable": ("checkable", "claim"),
    "forecast": ("forecast",),
}


@dataclass(frozen=True, slots=True)
class Options:
    """How to train; None stands for the architecture's own value.

    Attributes:
        architecture: ``bundled``, the folder of a transformer, or ``ID@COMMIT`` on the hub.
        start: of the bundled architecture, the trained model to go on from: ``bundled`` or a folder; None for the base
            encoder.
        epochs: times that the data is read; a transformer may stop earlier.
        batch: units at once.
        rate: the highest learning rate, of the encoder.
        seeds: one model is trained with each.
        form: what a transformer of stance reads, ``pair`` or ``marked``.
        data: how stance data of others is read.
    """

    architecture: str = BUNDLED
    start: str | None = None
    epochs: int | None = None
    batch: int | None = None
    rate: float | None = None
    seeds: tuple[int, ...] = (0,)
    form: str = "pair"
    data: DataOptions = field(default_factory=lambda: DataOptions(split="train", part="train"))


class Trained(NamedTuple):
    """What came out: the card of the model in the folder, and what its user should know."""

    card: Card
    notes: list[str]


class _Gold(NamedTuple):
    """Documents with something to learn from, and for stance their items."""

    name: str
    documents: list[GoldDocument]
    items: list[StanceItem]


Run = Callable[[int, Path, "Report | None"], Card]


def train(
    task: str,
    source: str,
    documents: Path | None,
    output: Path,
    options: Options | None = None,
    *,
    force: bool = False,
    progress: Callable[[str], Report] | None = None,
) -> Trained:
    """Train a model and write it to a folder.

    Args:
        task: hype, rhetoric, checkable or stance. The bundled architecture has one model for the first three, which
            learns whatever labels the gold has; the task says which must be there.
        source: the gold; for stance whatever ``kyojitsu evaluate stance`` reads.
        documents: where the texts of gold JSONL lie.
        output: the folder to write.
        options: how to train.
        force: replace a model that is there.
        progress: gives what is told of every step, from the name of a run.

    Raises:
        ConfigError: no such task, or options that do not fit.
        InputError: the gold is missing, malformed, too small, or has one class only.
        ModelError: the model to start from is missing or does not fit.
        OutputError: the folder is in use.
    """
    options = options or Options()
    _check_options(task, options)
    before = _card_of_start(task, options)
    _hush_transformers()
    with _beside(output, force) as work:
        gold = _read(task, source, documents, options)
        run, notes = (
            _bundled(task, gold, options) if options.architecture == BUNDLED else _transformer(task, gold, options)
        )
        cards = []
        for seed in options.seeds:
            report = progress(f"seed {seed}") if progress else None
            cards.append(run(seed, work / f"seed-{seed}", report))
        best = max(range(len(cards)), key=lambda i: cards[i].figures[MAIN[task]])
        card = cards[best]
        card.data |= {"task": task, "gold": gold.name, "architecture": card.recipe.get("model", BUNDLED)}
        card.figures |= _spread(cards)
        if before:
            card.recipe["start"] = options.start
            notes = [*notes, *_go_on(card, before, gold)]
        chosen = work / f"seed-{options.seeds[best]}"
        _write(card, chosen)
        chosen.rename(work / _RESULT)
    return Trained(card, notes)


def as_documents(items: Sequence[StanceItem]) -> list[GoldDocument]:
    """Items as gold documents: each item a sentence of its own, those of one document together."""
    found = []
    by_doc = sorted((item for item in items if item.label), key=lambda item: item.doc)
    for doc, group in groupby(by_doc, key=lambda item: item.doc):
        same, text, sentences = list(group), "", []
        for item in same:
            surface = item.text[slice(*item.surface)] if item.surface else ""
            stance = Stance(target=item.name, label=item.label, surface=surface, holder=item.holder or AUTHOR)  # type: ignore[arg-type]
            end = len(text) + len(item.text)
            sentences.append(
                Sentence(doc=doc, start=len(text), end=end, text=item.text, stances=[stance], genre=item.genre)
            )
            text += f"{item.text}\n"
        found.append(GoldDocument(doc=doc, genre=same[0].genre, text=text, sentences=sentences))
    return found


def _check_options(task: str, options: Options) -> None:
    if task not in TASKS:
        raise ConfigError(f"there is no task {task!r} to train for.", remedy=f"There are: {', '.join(TASKS)}.")
    if options.start is not None and options.architecture != BUNDLED:
        raise ConfigError(
            f"--start {options.start} is for the bundled architecture.",
            remedy=f"Leave it out: --architecture {options.architecture} starts from that model's weights.",
        )
    if options.form not in FORMS:
        raise ConfigError(f"a model reads {' or '.join(FORMS)}, not {options.form!r}.", remedy="Give one of these.")
    if not options.seeds or len(set(options.seeds)) < len(options.seeds):
        raise ConfigError("the same seed stands twice, or there is none.", remedy="Give different seeds: 0,1,2.")


def _hush_transformers() -> None:
    """No bars and no advice from the library: the command has a bar of its own."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def _read(task: str, source: str, documents: Path | None, options: Options) -> _Gold:
    """The gold without what has nothing to learn from; raises InputError if too little is left."""
    if task == "stance":
        data = load(source, documents, options.data)
        items = [item for item in data.items if item.label]
        with_stance = {item.doc for item in items}
        whole = data.documents or as_documents(items)
        gold = _Gold(data.name, [d for d in whole if d.doc in with_stance], items)
    else:
        path = Path(source)
        gold = _Gold(path.name, [d for d in load_gold(path, documents) if sentences_of([d])], [])
    if len(gold.documents) < LEAST:
        raise InputError(
            f"{source} has {len(gold.documents)} documents to learn {task} from; documents are held out whole, which "
            f"takes at least {LEAST}.",
            remedy="Label more documents, or give the parts of a long one ids of their own.",
        )
    return gold


def _check_classes(task: str, gold: _Gold, documents: Sequence[GoldDocument]) -> None:
    """Raises InputError unless there are two classes to tell apart among the documents to learn from."""
    if task == "stance":
        docs = {document.doc for document in documents}
        classes = Counter(str(item.label) for item in gold.items if item.doc in docs)
    else:
        classes = Counter(str(bool(getattr(s, task))).lower() for s in sentences_of(documents))
    if len(classes) < 2:
        label, count = classes.most_common(1)[0]
        raise InputError(
            f"{gold.name}: {task} is {label} in all {count} units to learn from.",
            remedy="Add examples of another label: a model of one class learns nothing.",
        )


def _bundled(task: str, gold: _Gold, options: Options) -> tuple[Run, list[str]]:
    from pipeline.training.build import StanceRun, split, train_hype, train_stance
    from pipeline.training.fit import Recipe

    learnt, _ = split(gold.documents)
    _check_classes(task, gold, learnt)
    recipe = replace(Recipe(), **_given(options))
    start = None if options.start is None else folder_of(options.start)
    if task == "stance":
        return lambda seed, folder, report: train_stance(
            gold.documents, folder, [[StanceRun(replace(recipe, seed=seed))]], report, start
        ), []
    recipe, notes = _without_absent(recipe, learnt)
    return lambda seed, folder, report: train_hype(
        gold.documents, folder, replace(recipe, seed=seed), report, start
    ), notes


def _transformer(task: str, gold: _Gold, options: Options) -> tuple[Run, list[str]]:
    from pipeline.training.transformer import FineTuning, divide, fine_tune_sentences, fine_tune_stance

    _check_classes(task, gold, divide(gold.documents).train)
    recipe = FineTuning(options.architecture, form=options.form, **_given(options))  # type: ignore[arg-type]
    if task == "stance":
        tune: Callable[..., Card] = partial(fine_tune_stance, gold.items, gold.documents)
    else:
        tune = partial(fine_tune_sentences, task, gold.documents)
    return lambda seed, folder, report: tune(replace(recipe, seed=seed), folder, report), []


def _given(options: Options) -> dict[str, Any]:
    """The settings that are not left to the architecture."""
    values = {"epochs": options.epochs, "batch": options.batch, "rate": options.rate}
    return {name: value for name, value in values.items() if value is not None}


def _without_absent(recipe: Recipe, documents: Sequence[GoldDocument]) -> tuple[Recipe, list[str]]:
    """The recipe with weight 0 for the heads of labels that no sentence has, and a note on each."""
    sentences = sentences_of(documents)
    absent = [label for label in _HEADS if not any(getattr(s, label) for s in sentences)]
    silent = {head for label in absent for head in _HEADS[label]}
    weights = tuple((head, 0.0 if head in silent else weight) for head, weight in recipe.weights)
    notes = [f"no sentence to learn from has the label {label}: the model will never give it." for label in absent]
    return replace(recipe, weights=weights), notes


def _card_of_start(task: str, options: Options) -> Card | None:
    """The card of the model to go on from. Raises ModelError if there is none, or none for the task."""
    if options.start is None:
        return None
    kind = KIND_STANCE if task == KIND_STANCE else KIND_HYPE
    path = folder_of(options.start) / f"{kind}.json"
    if not path.is_file():
        raise ModelError(
            f"{options.start} holds no model of {kind} to start from.",
            remedy=f"Name bundled, or a folder that `kyojitsu train {task}` wrote.",
        )
    return read_card(path, kind)


def _go_on(card: Card, before: Card, gold: _Gold) -> list[str]:
    """Let a card know the sentences that training went on from; gives what its figures then hide."""
    card.seen = sorted({*card.seen, *before.seen})
    held = [s.text for d in gold.documents if d.doc in card.data["held out"] for s in d.sentences]
    return [
        f"of the sentences held out, what training starts from {note} The figures flatter."
        for note in before.notes(held)
    ]


def _spread(cards: Sequence[Card]) -> dict[str, float]:
    """Mean and standard deviation of each figure over the seeds; nothing for one seed."""
    if len(cards) < 2:
        return {}
    figures: dict[str, float] = {}
    for name in cards[0].figures:
        values = [card.figures[name] for card in cards]
        figures[f"{name}{MEAN}"] = round(fmean(values), 4)
        figures[f"{name}{SPREAD}"] = round(stdev(values), 4)
    return figures


def _write(card: Card, folder: Path) -> None:
    write_card(card, folder / (f"{card.kind}.json" if card.kind in (KIND_HYPE, KIND_STANCE) else TRANSFORMER))
    if (folder / MANIFEST).is_file():
        write_manifest(folder)


@contextmanager
def _beside(output: Path, force: bool) -> Iterator[Path]:
    """A folder beside ``output`` whose ``result`` takes its place at the end; whatever happens, it is gone then."""
    _check_output(output, force)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as name:
        work = Path(name)
        yield work
        old = work / "old"
        if output.exists():
            output.rename(old)
        try:
            (work / _RESULT).rename(output)
        except BaseException:
            if old.exists():
                old.rename(output)
            raise


def _check_output(output: Path, force: bool) -> None:
    """Raises OutputError unless the folder is free, or is a model's and may be replaced."""
    if output.is_file():
        raise OutputError(f"{output} is a file.", remedy="Name a folder.")
    if not output.is_dir() or not any(output.iterdir()):
        return
    if not any((output / name).is_file() for name in (f"{KIND_HYPE}.json", f"{KIND_STANCE}.json", TRANSFORMER)):
        raise OutputError(f"{output} is not empty, and holds no model.", remedy="Name another folder.")
    if not force:
        raise OutputError(f"{output} holds a model already.", remedy="Name another folder, or replace it with --force.")
