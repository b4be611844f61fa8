"""Fine-tune a transformer of the user's own choice into a model that ``kyojitsu evaluate`` reads.

Hype, checkable and stance become a classifier of texts or pairs of texts, rhetoric a classifier of tokens with B-, I-
and O. A tenth of the documents is held out for the figures, as for the bundled architecture, and a tenth of the rest
for early stopping: the epoch with the best macro-averaged F1 over labels is kept. Losses are weighted by the square
root of how rare a label is. The weights are read and written as safetensors alone, and no code of a model's own runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
import transformers
from datasets import Dataset
from sklearn.metrics import f1_score
from torch import Tensor
from torch.nn import functional

from pipeline.config import digest
from pipeline.dataset.gold import GoldDocument, Sentence
from pipeline.errors import ModelError
from pipeline.evaluate import metrics
from pipeline.evaluate.engines import (
    MAX_TOKENS,
    OUTSIDE,
    Input,
    Pair,
    _locate,
    model_input,
    sentence_model,
    stance_model,
)
from pipeline.evaluate.labels import load_labels
from pipeline.evaluate.models import sentences_of
from pipeline.evaluate.sentences import TASKS
from pipeline.evaluate.stance_data import StanceItem
from pipeline.models.card import KIND_TRANSFORMER, Card, fingerprint
from pipeline.training.build import split
from pipeline.training.examples import IGNORED, tokens_of
from pipeline.training.fit import Report, class_weights

Head = Literal["sequence", "token"]


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How to fine-tune. The defaults are those of Mosbach et al. 2021 but for fewer epochs.

    Attributes:
        model: a folder, or ``ID@COMMIT`` on the hub.
        epochs: at most.
        patience: epochs without a better F1 after which training stops.
        batch: units at once.
        rate: the highest learning rate.
        warm_up: share of the steps over which it rises; it falls to 0 over the others.
        seed: of the new head, the order of the units and dropout.
        form: what a stance model reads; see :func:`pipeline.evaluate.engines.model_input`.
    """

    model: str
    epochs: int = 10
    patience: int = 3
    batch: int = 16
    rate: float = 2e-5
    warm_up: float = 0.1
    seed: int = 0
    form: Input = "pair"


class Parts(NamedTuple):
    """Documents to learn from, to stop by, and to measure on."""

    train: Sequence[GoldDocument]
    stop: Sequence[GoldDocument]
    held: Sequence[GoldDocument]


def divide(documents: Sequence[GoldDocument]) -> Parts:
    """Ten parts: one held out, as for the bundled architecture, and a tenth of the others to stop by."""
    rest, held = split(documents)
    return Parts(*split(rest), held)


def fine_tune_sentences(
    task: str, documents: Sequence[GoldDocument], recipe: FineTuning, folder: Path, report: Report | None = None
) -> Card:
    """Train a model of hype, rhetoric or checkable and write it to ``folder``.

    Args:
        task: hype or checkable (a classifier of texts), or rhetoric (one of tokens).
        documents: the gold.
        recipe: what to train, and how.
        folder: where the model goes; made if it is not there.
        report: told of every step.

    Returns:
        Its card, which is not written.

    Raises:
        ConfigError: the model's id has no revision.
        ModelError: the model cannot be loaded or does not fit the task.
    """
    parts = divide(documents)
    known = load_labels(task).known
    labels = [OUTSIDE, *(f"{tag}-{technique}" for technique in known for tag in "BI")] if task == "rhetoric" else known
    learner = _Learner(recipe, labels, "token" if task == "rhetoric" else "sequence")
    fitted, stopping = (learner.sentences(task, sentences_of(part)) for part in parts[:2])
    best = learner.fit(fitted, stopping, folder, report)
    learner.save(folder)
    wanted = sentences_of(parts.held)
    figures = TASKS[task](wanted, sentence_model(task, str(folder), {}).predict(parts.held))
    named = {f"{task}: {name}": figure for name, figure in figures.items()}
    return _card(recipe, best, [sentences_of(part) for part in parts], parts.held, named)


def fine_tune_stance(
    items: Sequence[StanceItem],
    documents: Sequence[GoldDocument],
    recipe: FineTuning,
    folder: Path,
    report: Report | None = None,
) -> Card:
    """Train a stance model and write it to ``folder``; see :func:`fine_tune_sentences`.

    Args:
        items: with labels.
        documents: those that the items are of; what is held out is drawn among them.
        recipe: what to train, and how.
        folder: where the model goes.
        report: told of every step.
    """
    parts = divide(documents)
    several = [[item for item in items if item.doc in {d.doc for d in part}] for part in parts]
    learner = _Learner(recipe, load_labels("stance").known, "sequence")
    fitted, stopping = (learner.stances(part) for part in several[:2])
    best = learner.fit(fitted, stopping, folder, report)
    learner.save(folder, stance_input=recipe.form)
    held = several[2]
    answers = stance_model(str(folder), {}, recipe.form).predict(held)
    figures = metrics.stance([i.label for i in held if i.label], [a.label for a in answers if a.label])
    return _card(recipe, best, several, parts.held, figures)


class _Learner:
    """A model with a fresh head for some labels, its tokenizer, and how the two are trained."""

    def __init__(self, recipe: FineTuning, labels: Sequence[str], head: Head) -> None:
        transformers.set_seed(recipe.seed)  # the new head is drawn from it
        self._recipe, self._labels, self._head = recipe, list(labels), head
        self._model, self._tokenizer = _load(recipe.model, self._labels, head)
        longest = getattr(self._model.config, "max_position_embeddings", MAX_TOKENS)
        # As pipeline.evaluate.engines reads: RoBERTa counts positions from its padding id, so that two fewer fit.
        self._longest = min(MAX_TOKENS, self._tokenizer.model_max_length, longest - 2)

    def sentences(self, task: str, sentences: Sequence[Sentence]) -> Dataset:
        """Sentences as rows of token ids with their labels."""
        encoded = self._encode([(sentence.text, None) for sentence in sentences], offsets=self._head == "token")
        if self._head == "token":
            offsets = encoded.pop("offset_mapping")
            encoded["labels"] = [self._tags(s, places) for s, places in zip(sentences, offsets, strict=True)]
        else:
            encoded["labels"] = [self._labels.index(str(getattr(s, task)).lower()) for s in sentences]
        return Dataset.from_dict(encoded)

    def stances(self, items: Sequence[StanceItem]) -> Dataset:
        """Questions as rows of token ids with their labels."""
        encoded = self._encode([model_input(item, self._recipe.form) for item in items])
        return Dataset.from_dict({**encoded, "labels": [self._labels.index(str(item.label)) for item in items]})

    def fit(self, train: Dataset, stop: Dataset, folder: Path, report: Report | None) -> int:
        """Train in place and go back to the best epoch; gives its number, from 1. Nothing stays beside ``folder``."""
        with TemporaryDirectory(dir=folder.parent) as checkpoints:
            return self._fit(train, stop, checkpoints, report)

    def save(self, folder: Path, **settings: str) -> None:
        """Write the model, with settings of one's own in its config, and the tokenizer."""
        for name, value in settings.items():
            setattr(self._model.config, name, value)
        self._model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)

    def _fit(self, train: Dataset, stop: Dataset, checkpoints: str, report: Report | None) -> int:
        loss = _Loss(train, len(self._labels))
        trainer = transformers.Trainer(
            model=self._model,
            args=self._arguments(checkpoints),
            train_dataset=train,
            eval_dataset=stop,
            data_collator=self._collator(),
            compute_loss_func=loss,
            compute_metrics=_macro_f1,
            preprocess_logits_for_metrics=_likeliest,
            callbacks=[transformers.EarlyStoppingCallback(self._recipe.patience), _Reporting(report, loss)],
        )
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()
        steps = trainer.state.max_steps // self._recipe.epochs
        return (trainer.state.best_global_step or 0) // steps

    def _encode(self, pairs: Sequence[Pair], *, offsets: bool = False) -> dict[str, Any]:
        seconds = [second for _, second in pairs]
        return dict(
            self._tokenizer(
                [first for first, _ in pairs],
                seconds if seconds[0] is not None else None,
                truncation=True,
                max_length=self._longest,
                return_offsets_mapping=offsets,
            )
        )

    def _tags(self, sentence: Sentence, places: Sequence[tuple[int, int]]) -> list[int]:
        """A label for each token; none for the tokenizer's own marks."""
        offsets = [(sentence.start + start, sentence.start + end) for start, end in places]
        tags = [self._labels.index(OUTSIDE) if end > start else IGNORED for start, end in places]
        for span in sentence.rhetoric:
            for number, i in enumerate(tokens_of(span, offsets)):
                tags[i] = self._labels.index(f"{'I' if number else 'B'}-{span.technique}")
        return tags

    def _arguments(self, folder: str) -> transformers.TrainingArguments:
        recipe = self._recipe
        return transformers.TrainingArguments(
            output_dir=folder,
            num_train_epochs=recipe.epochs,
            per_device_train_batch_size=recipe.batch,
            per_device_eval_batch_size=recipe.batch,
            learning_rate=recipe.rate,
            warmup_steps=recipe.warm_up,  # below 1: a share of all steps
            seed=recipe.seed,
            full_determinism=True,
            train_sampling_strategy="group_by_length",
            eval_strategy="epoch",
            save_strategy="epoch",
            save_total_limit=1,
            save_only_model=True,
            load_best_model_at_end=True,
            metric_for_best_model="macro_f1",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,
        )

    def _collator(self) -> Any:
        if self._head == "token":
            return transformers.DataCollatorForTokenClassification(self._tokenizer)
        return transformers.DataCollatorWithPadding(self._tokenizer)


class _Loss:
    """Cross-entropy, rare labels weighted up; ``last`` is its last value."""

    def __init__(self, train: Dataset, labels: int) -> None:
        self._weights = class_weights(iter(np.hstack(train["labels"]).tolist()), labels)
        self.last = float("nan")

    def __call__(self, outputs: Any, labels: Tensor, **_: Any) -> Tensor:
        """What the trainer calls; the rest is for batches in pieces, of which there are none."""
        logits = outputs.logits.float().flatten(0, -2)
        loss = functional.cross_entropy(logits, labels.flatten(), self._weights.to(logits.device), ignore_index=IGNORED)
        self.last = loss.item()
        return loss


class _Reporting(transformers.TrainerCallback):
    """Tells a caller of every step."""

    def __init__(self, report: Report | None, loss: _Loss) -> None:
        self._report, self._loss = report, loss

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ARG002
        """What the trainer calls."""
        if self._report is not None:
            self._report(state.global_step, state.max_steps, self._loss.last)


def _load(name: str, labels: Sequence[str], head: Head) -> tuple[Any, Any]:
    """The model with a head for these labels, and its tokenizer."""
    where, revision = _locate(name)
    of_texts, of_tokens = transformers.AutoModelForSequenceClassification, transformers.AutoModelForTokenClassification
    options: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(where, **options)
        model, loading = (of_tokens if head == "token" else of_texts).from_pretrained(
            where,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: number for number, label in enumerate(labels)},
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # a head for other labels is replaced
            output_loading_info=True,
            dtype=torch.float32,
            **options,
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise ModelError(
            f"{name} could not be loaded: {str(error).strip().splitlines()[0]}",
            remedy="Give a folder that save_pretrained wrote with its tokenizer, or ID@COMMIT of a model on the hub "
            "that has safetensors; an id needs the network, or a copy in the hub's cache.",
        ) from error
    _check(name, model, tokenizer, loading, head)
    return model, tokenizer


def _check(name: str, model: Any, tokenizer: Any, loading: Mapping[str, Any], head: Head) -> None:
    """Raises ModelError for what would train, but not as one thinks."""
    if 2 * len(loading["missing_keys"]) > len(model.state_dict()):
        raise ModelError(
            f"{name}: most weights of {type(model).__name__} are not in its files.",
            remedy="Name a model whose config.json is that of its weights.",
        )
    if tokenizer.pad_token is None:
        raise ModelError(
            f"{name}: its tokenizer has no padding token.", remedy="Name an encoder, such as a BERT or a RoBERTa."
        )
    if head == "token" and not tokenizer.is_fast:
        raise ModelError(
            f"{name}: its tokenizer does not say where its tokens stand in the text.",
            remedy="Name a model with a tokenizer.json (a fast tokenizer).",
        )


def _likeliest(logits: Any, _labels: Tensor) -> Tensor:
    """The likeliest labels, which is all that :func:`_macro_f1` needs; some models give more than logits."""
    first: Tensor = logits[0] if isinstance(logits, tuple) else logits
    return first.argmax(-1)


def _macro_f1(found: transformers.EvalPrediction) -> dict[str, float]:
    """The mean F1 of the labels that occur, as right answers or as given ones."""
    truth, given = np.ravel(found.label_ids), np.ravel(found.predictions)
    known = truth != IGNORED
    return {"macro_f1": float(f1_score(truth[known], given[known], average="macro", zero_division=0.0))}


def _card(
    recipe: FineTuning,
    best: int,
    units: Sequence[Sequence[Sentence] | Sequence[StanceItem]],
    held: Sequence[GoldDocument],
    figures: metrics.Figures,
) -> Card:
    train, stop, measured = map(list[Sentence | StanceItem], units)
    everything = np.arange(len(measured))
    shown = replace(recipe, model=recipe.model if "@" in recipe.model else Path(recipe.model).resolve().name)
    return Card(
        kind=KIND_TRANSFORMER,
        recipe={**asdict(shown), "best epoch": best},
        data={
            "units": len(train),
            "units to stop by": len(stop),
            "digest": digest([unit.text for unit in train]),
            "held out": [document.doc for document in held],
        },
        figures={name: round(figure(everything), 4) for name, figure in figures.items()},
        seen=sorted({fingerprint(unit.text) for unit in (*train, *stop)}),
    )
