"""Train a model from gold documents and write what a run loads: weights, heads, and a card with split and figures.

A tenth of the documents, of every genre alike, is held out: on it the temperatures are fitted and the figures of the
card are taken, with the exported weights. Which documents these are follows from their ids alone.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from pipeline.config import digest
from pipeline.dataset.gold import GoldDocument, Sentence
from pipeline.errors import ModelError
from pipeline.evaluate import metrics
from pipeline.evaluate.models import sentences_of
from pipeline.evaluate.predictions import Prediction
from pipeline.models.card import KIND_HYPE, KIND_STANCE, Card, fingerprint, write_card
from pipeline.models.encoder import EMBEDDINGS, Q4, Encoded, Encoder, Vocabulary, check_files, write_manifest
from pipeline.models.hype_model import HypeModel, load_heads
from pipeline.models.judging import prediction
from pipeline.models.stance_model import LABELS, NGRAMS, StanceModel
from pipeline.models.stance_model import STACK as STANCE
from pipeline.text.decoding import log_softmax
from pipeline.training.averaging import average
from pipeline.training.base_encoder import base, export_layers, export_vocabulary, read_layers, same_embeddings
from pipeline.training.examples import IGNORED, Answered, answered, sentence_example, stance_example, stance_questions
from pipeline.training.fit import Recipe, Report, fit
from pipeline.training.network import SENTENCE_HEADS, SPAN_HEADS, TOKEN_HEADS, Network
from pipeline.training.ngrams import fit_ngrams

HELD_OUT: Final = 10  # one document of so many
HYPE: Final = "hype"  # the stack of layers of the hype stage


def split(documents: Sequence[GoldDocument]) -> tuple[list[GoldDocument], list[GoldDocument]]:
    """Documents to train on and documents held out, the latter spread over the genres."""
    by_genre: dict[str, list[GoldDocument]] = defaultdict(list)
    for document in documents:
        by_genre[document.genre].append(document)
    ordered = [d for genre in sorted(by_genre) for d in sorted(by_genre[genre], key=lambda d: _order(d.doc))]
    held = {d.doc for d in ordered[HELD_OUT // 2 :: HELD_OUT]}
    return [d for d in documents if d.doc not in held], [d for d in documents if d.doc in held]


def train_hype(
    documents: Sequence[GoldDocument],
    folder: Path,
    recipe: Recipe,
    report: Report | None = None,
    start: Path | None = None,
) -> Card:
    """Train the model of the hype stage and write it to ``folder``.

    The folder's vocabulary is written if there is none, else it must be the base encoder's. ``start`` is the folder of
    a trained model to go on from, None for the base encoder.

    Raises:
        ModelError: a package of the ``train`` extra is missing, the folder holds another vocabulary, or what to start
            from has other layers.
    """
    train, held = split(documents)
    network, vocabulary = fresh(recipe)
    if start:
        restore(network, start, HYPE)
    fit(network, [sentence_example(s, vocabulary) for s in sentences_of(train)], [], recipe, report)
    _export(network, folder, HYPE, [*TOKEN_HEADS, *SENTENCE_HEADS, *SPAN_HEADS])
    return _judge_hype(folder, recipe, train, held)


def _judge_hype(folder: Path, recipe: Recipe, train: Sequence[GoldDocument], held: Sequence[GoldDocument]) -> Card:
    """Fit the temperatures of exported weights on the held-out part, take the figures, and write the card."""
    card = _card(KIND_HYPE, asdict(recipe), train, held, [sentence.text for sentence in sentences_of(train)])
    wanted = sentences_of(held)
    encoded = Encoder(folder, "hype").encode([s.text for s in wanted])
    card.temperatures = _temperatures(folder, wanted, encoded)
    _write(card, folder, "hype")
    predicted = [
        prediction(s, j) for s, j in zip(wanted, HypeModel(folder).judge([s.text for s in wanted]), strict=True)
    ]
    card.figures = sentence_figures(wanted, predicted)
    _write(card, folder, "hype")
    return card


class StanceRun(NamedTuple):
    """One training of the stance encoder.

    Attributes:
        recipe: how it learns.
        further: examples besides those of the documents.
        halfway: whether, in a round after the first, its weights are taken in the middle between where it starts and
            where it ends, which forgets less (Wortsman et al. 2022, *Robust fine-tuning of zero-shot models*).
    """

    recipe: Recipe
    further: Sequence[Answered] = ()
    halfway: bool = False


def train_stance(
    documents: Sequence[GoldDocument],
    folder: Path,
    rounds: Sequence[Sequence[StanceRun]],
    report: Report | None = None,
    start: Path | None = None,
) -> Card:
    """Train the stance model and write it to ``folder``, as :func:`train_hype` does.

    The runs of a round start alike, those of the first as ``start`` says, those of another from the mean of the round
    before; the encoder and its head are the mean of the last. The n-grams learn from what all runs do, each question
    once, and the card knows their sentences.
    """
    train, held = split(documents)
    learnt: dict[Answered, None] = {}  # each once, in order
    with TemporaryDirectory() as work:
        for number, runs in enumerate(rounds):
            made = [Path(work) / f"{number}.{run}" for run, _ in enumerate(runs)]
            for run, one in zip(runs, made, strict=True):
                questions = [*answered(train), *run.further]
                learnt |= dict.fromkeys(questions)
                network = _train_stance_run(questions, one, run.recipe, report, start)
                if run.halfway and number and start:
                    average([start, one], one, STANCE)
            start = folder if number + 1 == len(rounds) else Path(work) / str(number)
            _export_vocabulary(network, start)
            average(made, start, STANCE)
    fit_ngrams(list(learnt)).save(folder / NGRAMS)
    return _judge_stance(folder, rounds, train, held, list(learnt))


def _train_stance_run(
    questions: Sequence[Answered], folder: Path, recipe: Recipe, report: Report | None, start: Path | None
) -> Network:
    network, vocabulary = fresh(recipe)
    if start:
        restore(network, start, STANCE)
    fit(network, [], [stance_example(*question, vocabulary) for question in questions], recipe, report)
    _export(network, folder, STANCE, [STANCE])
    return network


def _judge_stance(
    folder: Path,
    rounds: Sequence[Sequence[StanceRun]],
    train: Sequence[GoldDocument],
    held: Sequence[GoldDocument],
    learnt: Sequence[Answered],
) -> Card:
    """As :func:`_judge_hype`; ``learnt`` is all that any run learned from."""
    *before, [*others, recipe] = [
        [asdict(run.recipe) | ({"halfway": True} if run.halfway and number else {}) for run in runs]
        for number, runs in enumerate(rounds)
    ]
    if before:
        recipe["start"] = before
    if others:
        recipe["averaged with"] = others
    card = _card(KIND_STANCE, recipe, train, held, list(dict.fromkeys(question.text for question, _ in learnt)))
    _write(card, folder, "stance")
    asked = stance_questions(held)
    truth = np.array([LABELS.index(stance.label) for _, _, stance in asked])
    logits, read = StanceModel(folder).logits([question for question, _, _ in asked])
    card.temperatures = {"stance": temperature(logits[read], truth[read])}
    _write(card, folder, "stance")
    scores = StanceModel(folder).scores([q for q, _, _ in asked])
    found = [max(LABELS, key=lambda label: row[label]) for row in scores]
    figures = metrics.stance([stance.label for _, _, stance in asked], found)
    card.figures = {name: round(figure(np.arange(len(found))), 4) for name, figure in figures.items()}
    _write(card, folder, "stance")
    return card


def fresh(recipe: Recipe) -> tuple[Network, Vocabulary]:
    """An untrained network on the lower layers of the base encoder, and the vocabulary that it reads."""
    model, tokenizer = base()
    model.encoder.layer = model.encoder.layer[: recipe.layers]
    model.config.num_hidden_layers = len(model.encoder.layer)
    torch.manual_seed(recipe.seed)
    return Network(model), Vocabulary(tokenizer, np.empty(0, Q4), np.empty(0, np.float32))


def restore(network: Network, folder: Path, name: str) -> None:
    """Give a network the layers and heads of the trained model ``NAME`` in a folder.

    Heads that the model does not have, or that were never trained, stay as they are.

    Raises:
        ModelError: a file is missing or not the one of the manifest, or the model has other layers, other labels or
            another vocabulary than the network.
    """
    check_files(folder, (EMBEDDINGS, f"{name}.onnx", f"{name}.npz"))
    state = {f"encoder.{key}": torch.tensor(value) for key, value in read_layers(folder, name).items()}
    heads = {head: parts for head, parts in load_heads(folder / f"{name}.npz").items() if parts[0].any()}
    there = network.state_dict()
    for key in there:
        module, _, part = key.rpartition(".")
        if not key.startswith("encoder.") and _head(module) in heads:
            state[key] = torch.tensor(heads[_head(module)][part == "bias"])
    layers = {key for key in there if key.startswith("encoder.") and not _is_embedding(key)}
    if (
        layers != {key for key in state if key.startswith("encoder.")}
        or any(value.shape != there[key].shape for key, value in state.items())
        or not same_embeddings(network.encoder, folder)
    ):
        raise ModelError(
            f"{folder}: its {name} model has other layers, labels or another vocabulary than what is trained here.",
            remedy="Start from a model that this version ships or trained.",
        )
    network.load_state_dict(state, strict=False)


def _is_embedding(key: str) -> bool:
    return key.startswith("encoder.embeddings.") and "LayerNorm" not in key


def _head(module: str) -> str:
    """The name of a head in a file of heads, from its place in the network."""
    return module.rpartition(".")[2].removesuffix("_head")


def sentence_figures(wanted: Sequence[Sentence], predicted: Sequence[Prediction]) -> dict[str, float]:
    """The figures of the three tasks, named ``task: figure``."""
    everything = np.arange(len(wanted))
    tasks = {"hype": metrics.hype, "rhetoric": metrics.rhetoric, "checkable": metrics.checkable}
    return {
        f"{task}: {name}": round(figure(everything), 4)
        for task, figures in tasks.items()
        for name, figure in figures(wanted, predicted).items()
    }


def temperature(logits: NDArray[np.floating], truth: NDArray[np.integer]) -> float:
    """By what logits are to be divided so that the truth is likeliest, between 1/4 and 8."""
    known = truth != IGNORED
    rows = np.flatnonzero(known)

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits[rows] / np.exp(log_temperature))
        return -float(scaled[np.arange(len(rows)), truth[rows]].mean())

    if not len(rows):
        return 1.0
    best = minimize_scalar(loss, bounds=(np.log(0.25), np.log(8.0)), method="bounded")
    return round(float(np.exp(best.x)), 4)


def _temperatures(folder: Path, wanted: Sequence[Sentence], encoded: Sequence[Encoded]) -> dict[str, float]:
    heads = load_heads(folder / "hype.npz")
    means = np.stack([e.mean for e in encoded])
    truths = {
        "level": [s.hype for s in wanted],
        "has_rhetoric": [bool(s.rhetoric) for s in wanted],
        "checkable": [s.checkable for s in wanted],
        "forecast": [s.forecast for s in wanted],
        "doom": [int(s.direction == "doom") if s.hype else IGNORED for s in wanted],
    }
    return {
        name: temperature(means @ heads[name][0].T + heads[name][1], np.array(truth, int))
        for name, truth in truths.items()
    }


def _export(network: Network, folder: Path, name: str, heads: Sequence[str]) -> None:
    _export_vocabulary(network, folder)
    layers = network.encoder.config.num_hidden_layers
    export_layers(network.encoder, folder, name, (layers,), chosen=name == STANCE)
    state = {key: value.detach().float().numpy() for key, value in network.state_dict().items()}
    arrays = {}
    for key, value in state.items():
        part, _, parameter = key.rpartition(".")
        if _head(part) in heads and not key.startswith("encoder."):
            arrays[f"{_head(part)}.{parameter}"] = value
    np.savez(folder / f"{name}.npz", **arrays)
    write_manifest(folder)


def _export_vocabulary(network: Network, folder: Path) -> None:
    if not (folder / EMBEDDINGS).is_file():
        export_vocabulary(network.encoder, base()[1], folder)


def _card(
    kind: str, recipe: dict[str, Any], train: Sequence[GoldDocument], held: Sequence[GoldDocument], texts: Sequence[str]
) -> Card:
    return Card(
        kind=kind,
        recipe=recipe,
        data={
            "documents": len(train),
            "units": len(texts),
            "digest": digest(list(texts)),
            "held out": [d.doc for d in held],
        },
        figures={},
        seen=sorted({fingerprint(text) for text in texts}),
    )


def _write(card: Card, folder: Path, name: str) -> None:
    write_card(card, folder / f"{name}.json")
    write_manifest(folder)


def _order(doc: str) -> str:
    return hashlib.sha256(doc.encode()).hexdigest()
