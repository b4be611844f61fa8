"""Transformers that a user brings, by path or by id on the Hugging Face hub: classifiers of texts and of tokens.

They are loaded from safetensors alone, run no code of their own, and an id names its revision (``ID@COMMIT``), so that
a figure can be had again. A classifier of texts answers stance, hype and checkable; a model of natural language
inference answers stance without training, by hypotheses (Yin et al. 2019); a classifier of tokens answers rhetoric.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.config import digest, digest_files
from pipeline.dataset.gold import GoldDocument, Hype, Rhetoric, Sentence
from pipeline.errors import ConfigError, ModelError
from pipeline.evaluate.labels import Labels, load_hypotheses, load_labels
from pipeline.evaluate.metrics import STANCES
from pipeline.evaluate.models import Model, sentences_of
from pipeline.evaluate.predictions import Prediction, Scores
from pipeline.evaluate.stance_data import Answer, StanceItem, likeliest
from pipeline.models.card import transformer_card
from pipeline.record import StanceLabel, Technique

Matrix = NDArray[np.float64]
Input = Literal["pair", "marked"]
Pair = tuple[str, str | None]

OUTSIDE: Final = "O"
# Around a target in a text that is classified alone: marks that Japanese text hardly uses.
MARKS: Final = ("«", "»")
BATCH: Final = 16
MAX_TOKENS: Final = 512
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_TAG: Final = re.compile(r"[BIEOSLU][-_](.+)")


class Span(NamedTuple):
    """A labelled range of a text (code points, end exclusive); ``score`` is the mean probability of its tokens."""

    start: int
    end: int
    label: str
    score: float


class Checkpoint:
    """A transformer with a classification head.

    Attributes:
        labels: the model's own labels, by number.
        signature: name and revision, or name and digest of the weights.
        card: of a folder that ``kyojitsu train`` wrote; None for a model from elsewhere.
    """

    def __init__(self, name: str, head: Literal["sequence", "token"]) -> None:
        """Load a model.

        Args:
            name: a folder, or ``ID@COMMIT`` on the hub (40 hexadecimal digits).
            head: what it classifies: texts (or pairs of texts), or their tokens.

        Raises:
            ConfigError: the id has no revision.
            ModelError: nothing there, not safetensors, or a model without such a head; or a package is missing.
        """
        try:
            import torch
            import transformers
        except ImportError as error:
            raise ModelError(
                f"{name} needs the package {error.name!r}, which cannot be imported.",
                remedy="Install it with: pip install torch transformers",
            ) from error
        self._torch = torch
        where, revision = _locate(name)
        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        auto = {
            "sequence": transformers.AutoModelForSequenceClassification,
            "token": transformers.AutoModelForTokenClassification,
        }[head]
        options: dict[str, Any] = {"revision": revision, "trust_remote_code": False}
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(where, **options)
            self._model, loading = auto.from_pretrained(
                where, use_safetensors=True, output_loading_info=True, dtype=torch.float32, **options
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise ModelError(
                f"{name} could not be loaded: {_first_line(error)}",
                remedy="Give a folder that save_pretrained wrote with its tokenizer, or ID@COMMIT of a model on the hub "
                "that has safetensors; an id needs the network, or a copy in the hub's cache.",
            ) from error
        if loading["missing_keys"]:
            raise ModelError(
                f"{name} has no trained head that classifies {'texts' if head == 'sequence' else 'tokens'}: "
                f"{', '.join(sorted(loading['missing_keys'])[:3])} are not among its weights.",
                remedy="Name a model that was fine-tuned for it.",
            )
        self._model.eval()
        config = self._model.config
        self.labels: list[str] = [config.id2label[i] for i in range(config.num_labels)]
        self.settings: dict[str, Any] = config.to_dict()
        longest = getattr(config, "max_position_embeddings", MAX_TOKENS)
        # RoBERTa counts positions from its padding id, so that two fewer fit.
        self._longest = min(MAX_TOKENS, self._tokenizer.model_max_length, longest - 2)
        weights = sorted(Path(where).glob("*.safetensors")) if revision is None else []
        self.signature = name if revision else f"{Path(where).name}:{digest_files(weights)}"
        self.card = transformer_card(Path(where)) if revision is None else None

    def logits(self, pairs: Sequence[Pair]) -> Matrix:
        """One row a text or pair of texts, a column a label. Of what is too long the end of the longer is left out."""
        rows = np.zeros((len(pairs), len(self.labels)))
        for batch, encoded in self._batches(pairs):
            with self._torch.inference_mode():
                rows[batch] = self._model(**encoded).logits.double().numpy()
        return rows

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """The labelled ranges of each text; neighbouring tokens of one label are one range unless a B- parts them.

        Raises:
            ModelError: the tokenizer does not say where its tokens stand.
        """
        if not self._tokenizer.is_fast:
            raise ModelError(
                "the tokenizer of this model does not say where its tokens stand in the text.",
                remedy="Use a model with a tokenizer.json (a fast tokenizer).",
            )
        found: list[list[Span]] = [[] for _ in texts]
        for batch, encoded in self._batches([(text, None) for text in texts], offsets=True):
            offsets = encoded.pop("offset_mapping").numpy()
            with self._torch.inference_mode():
                rows = softmax(self._model(**encoded).logits.double().numpy())
            for i, row, places in zip(batch, rows, offsets, strict=True):
                found[i] = list(_merged(row, places, self.labels, texts[i]))
        return found

    def _batches(self, pairs: Sequence[Pair], *, offsets: bool = False) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Texts of like length together."""
        order = sorted(range(len(pairs)), key=lambda i: (sum(len(text or "") for text in pairs[i]), i))
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            seconds = [pairs[i][1] for i in batch]
            encoded = self._tokenizer(
                [pairs[i][0] for i in batch],
                seconds if seconds[0] is not None else None,
                padding=True,
                truncation=True,
                max_length=self._longest,
                return_tensors="pt",
                return_offsets_mapping=offsets,
            )
            yield batch, dict(encoded)


class SequenceStance:
    """A classifier of texts whose labels mean the three stances."""

    def __init__(self, checkpoint: Checkpoint, labels: Labels, form: Input) -> None:
        """Find out what the model's labels mean.

        Args:
            checkpoint: the model. A model that says in its config what it reads (``stance_input``) is believed.
            labels: what its labels mean.
            form: see :func:`model_input`.

        Raises:
            ConfigError: a label is not known, or one of the three stances has none.
        """
        self._checkpoint = checkpoint
        self._form: Input = checkpoint.settings.get("stance_input", form)
        self._columns = _columns(checkpoint, labels, STANCES)
        self.signature = f"{checkpoint.signature}|{self._form}|labels:{digest(self._columns)}"
        self.notes: list[str] = []

    def predict(self, items: Sequence[StanceItem]) -> list[Answer]:
        """See :class:`pipeline.evaluate.stance_data.StanceModel`."""
        card = self._checkpoint.card
        self.notes = card.notes([item.text for item in items]) if card else []
        rows = softmax(self._checkpoint.logits([model_input(item, self._form) for item in items]))
        return [likeliest({label: row[self._columns[label]].sum() for label in STANCES}) for row in rows]


class InferenceStance:
    """A model of natural language inference: which hypothesis about the stance follows from the sentence?"""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Read the hypotheses, and find the model's label for entailment."""
        hypotheses = load_hypotheses()
        self._author: str = hypotheses.pop("author")
        self._templates: dict[StanceLabel, list[str]] = {label: hypotheses[label] for label in STANCES}
        self._checkpoint = checkpoint
        self._entails = load_labels("nli").read(checkpoint.labels, checkpoint.signature).index("entailment")
        self.signature = f"{checkpoint.signature}|zero-shot:{digest([self._author, self._templates])}"
        self.notes = ["zero-shot: by hypotheses, without training on stance."]

    def predict(self, items: Sequence[StanceItem]) -> list[Answer]:
        """See :class:`pipeline.evaluate.stance_data.StanceModel`. The logits of entailment compete."""
        templates = [(label, template) for label in STANCES for template in self._templates[label]]
        pairs: list[Pair] = [
            (item.text, fill(template, target=item.name, holder=item.holder or self._author))
            for item in items
            for _, template in templates
        ]
        logits = self._checkpoint.logits(pairs)[:, self._entails].reshape(len(items), len(templates))
        of_label = [[i for i, (of, _) in enumerate(templates) if of == label] for label in STANCES]
        rows = softmax(np.stack([logits[:, columns].mean(axis=1) for columns in of_label], axis=1))
        return [likeliest(dict(zip(STANCES, row, strict=True))) for row in rows]


def stance_model(name: str, labels: Mapping[str, str], form: Input) -> SequenceStance | InferenceStance:
    """A transformer as a stance model; one whose labels are those of inference is used without training.

    Raises:
        ConfigError: the id has no revision, or the labels do not fit.
        ModelError: it cannot be loaded.
    """
    checkpoint = Checkpoint(name, "sequence")
    inference = load_labels("nli")
    if "entailment" in map(inference.find, checkpoint.labels):
        return InferenceStance(checkpoint)
    return SequenceStance(checkpoint, load_labels("stance", labels), form)


def sentence_model(task: str, name: str, labels: Mapping[str, str]) -> Model:
    """A transformer as a model of hype, checkable (classifiers of texts) or rhetoric (a classifier of tokens).

    Raises:
        ConfigError: the id has no revision, or the labels do not fit.
        ModelError: it cannot be loaded.
    """
    meanings = load_labels(task, labels)
    checkpoint = Checkpoint(name, "token" if task == "rhetoric" else "sequence")
    if task == "rhetoric":
        plain = [label for label in map(_type, checkpoint.labels) if label != OUTSIDE]
        techniques = dict(zip(plain, meanings.read(plain, checkpoint.signature), strict=True))
        mark = partial(_rhetoric, checkpoint, techniques)
        return Model(mark, f"{checkpoint.signature}|labels:{digest(techniques)}", checkpoint.card)
    columns = _columns(checkpoint, meanings, meanings.known[:2])
    judge = _hype if task == "hype" else _checkable
    return Model(
        partial(judge, checkpoint, columns), f"{checkpoint.signature}|labels:{digest(columns)}", checkpoint.card
    )


def model_input(item: StanceItem, form: Input) -> Pair:
    """What a classifier of texts reads of an item.

    Args:
        item: the question.
        form: ``pair``: the target's name (and the holder's in brackets), then the sentence; ``marked``: the sentence
            alone with :data:`MARKS` around the target, which is put before it where it is only meant.
    """
    name = item.name if item.holder is None else f"{item.name}（{item.holder}）"
    if form == "pair":
        return name, item.text
    before, after = MARKS
    if item.surface is None:
        return f"{before}{name}{after}{item.text}", None
    start, end = item.surface
    return f"{item.text[:start]}{before}{item.text[start:end]}{after}{item.text[end:]}", None


def fill(template: str, **values: str) -> str:
    """A template with ``{name}`` replaced by values, in one pass: braces in a value stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), template)


def softmax(logits: Matrix) -> Matrix:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return cast(Matrix, powers / powers.sum(axis=-1, keepdims=True))


def _locate(name: str) -> tuple[str, str | None]:
    """The folder and no revision, or the id and its revision."""
    if Path(name).is_dir():
        return name, None
    repository, _, revision = name.partition("@")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", repository):
        raise ConfigError(
            f"{name}: there is no such folder, and it is no model id.", remedy="Give a path or ID@COMMIT."
        )
    if not _COMMIT.fullmatch(revision):
        raise ConfigError(
            f"{name}: there is no such folder, and as a model id it does not name its revision.",
            remedy=f"Give a path, or {repository}@ and the 40 digits of the commit, as its page on the hub shows it.",
        )
    return repository, revision


def _columns(checkpoint: Checkpoint, labels: Labels, needed: Sequence[str]) -> dict[str, list[int]]:
    """The model's outputs that mean each label. Raises ConfigError unless all needed labels have one."""
    columns: dict[str, list[int]] = {label: [] for label in labels.known}
    for number, label in enumerate(labels.read(checkpoint.labels, checkpoint.signature)):
        columns[label].append(number)
    without = [label for label in needed if not columns[label]]
    if without:
        raise ConfigError(
            f"{checkpoint.signature} has {len(checkpoint.labels)} labels ({', '.join(checkpoint.labels)}); none means "
            f"{' or '.join(without)}.",
            remedy=f"Use a model that tells {', '.join(needed)} apart, or map its labels, "
            f"{labels.example(checkpoint.labels[0], without[0])}.",
        )
    return columns


def _rhetoric(
    checkpoint: Checkpoint, techniques: Mapping[str, str], documents: Sequence[GoldDocument]
) -> list[Prediction]:
    sentences = sentences_of(documents)
    found = []
    for sentence, spans in zip(sentences, checkpoint.spans([s.text for s in sentences]), strict=True):
        rhetoric = [
            Rhetoric(
                start=sentence.start + span.start,
                end=sentence.start + span.end,
                technique=cast(Technique, techniques[span.label]),
            )
            for span in spans
        ]
        score = max((span.score for span in spans), default=0.0)
        found.append(_prediction(sentence, rhetoric=rhetoric, scores=Scores(hype=score)))
    return found


def _hype(
    checkpoint: Checkpoint, columns: Mapping[str, list[int]], documents: Sequence[GoldDocument]
) -> list[Prediction]:
    """The likeliest level. The direction is not what such a model tells, and no figure asks for it."""
    sentences = sentences_of(documents)
    rows = softmax(checkpoint.logits([(s.text, None) for s in sentences]))
    found = []
    for sentence, row in zip(sentences, rows, strict=True):
        levels = {level: float(row[numbers].sum()) for level, numbers in columns.items()}
        level = cast(Hype, int(max(levels, key=lambda name: levels[name])))
        scores = Scores(hype=_probability(1 - levels["0"]))
        found.append(_prediction(sentence, hype=level, direction="boost" if level else "none", scores=scores))
    return found


def _checkable(
    checkpoint: Checkpoint, columns: Mapping[str, list[int]], documents: Sequence[GoldDocument]
) -> list[Prediction]:
    sentences = sentences_of(documents)
    rows = softmax(checkpoint.logits([(s.text, None) for s in sentences]))
    yes = [_probability(float(row[columns["true"]].sum())) for row in rows]
    return [
        _prediction(sentence, checkable=score >= 0.5, scores=Scores(checkable=score))
        for sentence, score in zip(sentences, yes, strict=True)
    ]


def _prediction(sentence: Sentence, **labels: Any) -> Prediction:
    return Prediction(
        doc=sentence.doc, start=sentence.start, end=sentence.end, text=sentence.text, genre=sentence.genre, **labels
    )


def _merged(row: Matrix, offsets: NDArray[np.int64], labels: Sequence[str], text: str) -> Iterator[Span]:
    """Ranges out of the probabilities of tokens, without white space at their ends."""
    open_: list[tuple[int, int, float]] = []
    label = OUTSIDE
    for probabilities, (start, end) in zip([*row, None], [*offsets, (0, 0)], strict=True):
        if probabilities is not None and start == end:
            continue  # a mark of the tokenizer's own
        best = OUTSIDE if probabilities is None else labels[int(probabilities.argmax())]
        if open_ and (_type(best) != label or best.startswith("B")):
            first, last = open_[0][0], open_[-1][1]
            first += len(text[first:last]) - len(text[first:last].lstrip())
            last = first + len(text[first:last].rstrip())
            if first < last:
                yield Span(first, last, label, float(np.mean([score for *_, score in open_])))
            open_ = []
        label = _type(best)
        if label != OUTSIDE and probabilities is not None:
            open_.append((int(start), int(end), float(probabilities.max())))


def _type(tag: str) -> str:
    """The label of a tag, without its B- or I-."""
    match = _TAG.fullmatch(tag)
    return match[1] if match else tag


def _probability(value: float) -> float:
    """Sums of rounded numbers may leave 0 to 1 by the last bit."""
    return min(1.0, max(0.0, value))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
