"""The stance models of an evaluation by name.

Names: ``majority`` (the most frequent label), ``lexicon`` (the pipeline with evaluative words alone), ``bundled`` or a
folder that ``kyojitsu train stance`` wrote, a ``.jsonl`` file of predictions, a transformer by folder or by
``ID@COMMIT`` (a classifier, or a model of inference used zero-shot), ``endpoint:MODEL`` (an OpenAI-compatible endpoint)
and ``local`` (the translation stage's model).
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast

import msgspec
from msgspec import UnsetType
from pydantic import Field
from ruamel.yaml import YAML

from pipeline.annotator import Annotator
from pipeline.config import Config, EndpointSettings, Settings, digest_files, find_file
from pipeline.errors import ConfigError, InputError
from pipeline.evaluate.labels import Labels, load_labels
from pipeline.evaluate.metrics import STANCES
from pipeline.evaluate.stance_data import Answer, Scores, StanceItem, StanceModel, likeliest
from pipeline.models.card import folder_of
from pipeline.models.encoder import MANIFEST
from pipeline.models.stance_model import NGRAMS, STACK, StanceQuestion, is_own
from pipeline.models.stance_model import StanceModel as Trained
from pipeline.record import Model, Record, Sentence, StanceLabel, layer
from pipeline.stages.hype import CUES
from pipeline.stages.stance import LEXICON, Place, decide, moved, settled
from pipeline.text.targets import Targets
from pipeline.text.width import fold_character

ENDPOINT: Final = "endpoint:"
NAMES: Final = ("majority", "lexicon", "bundled", "FILE.jsonl", "FOLDER", "ID@COMMIT", f"{ENDPOINT}MODEL", "local")
_ALONE: Final = " majority and predictions are for evaluation alone."
STAGES: Final = ("normalize", "tokenize", "ner", "hype", "stance")


class ModelOptions(Settings):
    """How models of others are used.

    Attributes:
        labels: a model's labels and what they mean.
        input: what a classifier reads, ``pair`` or ``marked``; see :func:`pipeline.evaluate.engines.model_input`.
        endpoint: where ``endpoint:MODEL`` is asked; None for the one of the translation stage.
        cache_dir: where answers of generative models are kept; None for the user's cache folder.
    """

    labels: dict[str, str] = Field(default_factory=dict)
    input: Literal["pair", "marked"] = "pair"
    endpoint: EndpointSettings | None = None
    cache_dir: str | None = None


class PredictedStance(Model, kw_only=True):
    """A line of a file of predictions; ``scores`` may be left out, or the label where there are scores."""

    id: str
    label: str | None = None
    scores: dict[str, float] = msgspec.field(default_factory=dict)


class Majority:
    """Always the most frequent label, with the share of each label as its probability."""

    signature = "majority"

    def __init__(self, labels: Sequence[StanceLabel | None]) -> None:
        """Count labels: those of the gold itself, or those of a training set."""
        counts = Counter(label for label in labels if label is not None)
        total = max(1, counts.total())
        self.notes: list[str] = []
        self._scores: Scores = {label: counts[label] / total for label in STANCES}
        self._label = max(STANCES, key=lambda label: counts[label])

    def predict(self, items: Sequence[StanceItem]) -> list[Answer]:
        """See :class:`pipeline.evaluate.stance_data.StanceModel`."""
        return [Answer(self._label, self._scores) for _ in items]


class Findings(NamedTuple):
    """What the pipeline says of an item without a model of stance.

    Attributes:
        scores: probabilities by the evaluative words; None where it finds no such target or holder.
        hype: the hype score of the sentence, None where there is none or several sentences are in question.
    """

    scores: Scores | None
    hype: float | None


class Lexicon:
    """The pipeline's own scorer by evaluative words, each sentence alone, with the items' names as its targets.

    Where the pipeline finds no such target, or none of that holder's words, it would say nothing: neutral.
    """

    def __init__(self, config: Config) -> None:
        """Take the configuration; the pipeline is made when its targets are known."""
        self._config = config
        self.notes: list[str] = []
        self.signature = f"lexicon:{digest_files([find_file('polarity.yaml')])}"

    def predict(self, items: Sequence[StanceItem]) -> list[Answer]:
        """See :class:`pipeline.evaluate.stance_data.StanceModel`."""
        found = [findings.scores for findings in self.read(items)]
        missed = sum(scores is None for scores in found)
        if missed:
            self.notes = [f"{missed} of {len(items)} targets or holders are not found; they count as neutral."]
        margin = self._config.stance.margin
        return [Answer(decide(s, margin), s) if s else Answer("neutral", {"neutral": 1.0}) for s in found]

    def read(self, items: Sequence[StanceItem]) -> list[Findings]:
        """What the pipeline says of each item."""
        names = {_key(item.name): _folded(item.name) for item in reversed(items)}
        ids = {key: f"t{number}" for number, key in enumerate(names)}
        annotator = self._annotator(self._targets(items, names, ids))
        records = {text: annotator.annotate(text) for text in dict.fromkeys(item.text for item in items)}
        return [_findings(records[item.text], ids[_key(item.name)], item.holder) for item in items]

    def _targets(
        self, items: Sequence[StanceItem], names: Mapping[str, str], ids: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """Entries of a targets file: each name with the surfaces that stand for it and for no other."""
        known = Targets.load(find_file(self._config.stance.targets))
        kinds = {_key(item.name): known.kind(item.target) for item in items}
        claimed = {key: key for key in names}  # by form
        forms = {key: [name] for key, name in names.items()}
        for item in items:
            if item.surface:
                surface = _folded(item.text[slice(*item.surface)])
                if _key(surface) not in claimed:
                    claimed[_key(surface)] = _key(item.name)
                    forms[_key(item.name)].append(surface)
        return [
            {"id": ids[k], "kind": kinds[k], "name_en": names[k], "names": forms[k], "aliases": [], "entities": []}
            for k in names
        ]

    def _annotator(self, targets: list[dict[str, Any]]) -> Annotator:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            YAML(typ="safe").dump(targets, file)
            file.flush()
            return Annotator(self._only_stance(file.name))

    def _only_stance(self, targets: str) -> Config:
        values = self._config.model_dump()
        values["stages"] = list(STAGES)
        values["stance"] |= {"model": LEXICON, "targets": targets, "discover": False}
        values["normalize"]["boilerplate"] = False
        return type(self._config).model_validate(values)


class Bundled:
    """A model of the project's own kind, moved by evaluative words, rhetoric and the rest of the document as in a run."""

    def __init__(self, name: str, config: Config) -> None:
        """Load ``bundled`` or a folder.

        Args:
            name: the model.
            config: where favor and against are near enough to be neutral, and how sentences are parsed.

        Raises:
            ModelError: it is not there or not whole.
        """
        folder = folder_of(name)
        self._model = Trained(folder)
        self._margin = config.stance.margin
        self._words = Lexicon(config)
        self._hype = config.hype.model != CUES
        files = [*(folder / f"{STACK}{suffix}" for suffix in (".onnx", ".npz", ".json")), folder / NGRAMS]
        hype = digest_files([folder_of(config.hype.model) / MANIFEST]) if self._hype else CUES
        self.signature = (
            f"{folder.name}:{digest_files(files)}|margin:{self._margin:g}|hype:{hype}|{self._words.signature}"
        )
        self.notes: list[str] = []

    def predict(self, items: Sequence[StanceItem]) -> list[Answer]:
        """See :class:`pipeline.evaluate.stance_data.StanceModel`."""
        self.notes = self._model.card.notes([item.text for item in items])
        questions = [StanceQuestion(i.name, i.text, i.surface, i.holder) for i in items]
        said = zip(items, self._model.scores(questions), self._words.read(items), strict=True)
        found = [
            moved(by_model, read.scores, read.hype if self._hype and item.holder is None else None)
            for item, by_model, read in said
        ]
        found = settled(found, [Place((item.doc, item.holder), item.text, item.target) for item in items])
        return [Answer(decide(scores, self._margin), scores) for scores in found]


class Predictions:
    """What another program says, one JSON object an item: its id, the label, and scores if there are any."""

    def __init__(self, path: Path, labels: Labels) -> None:
        """Read the file.

        Raises:
            ConfigError: there is no such file, or a label is not known.
            InputError: a line is malformed or an id stands twice.
        """
        if not path.is_file():
            raise ConfigError(f"{path}: there is no such file of predictions.", remedy="Give a path that exists.")
        self._path = path
        self._answers: dict[str, Answer] = {}
        decoder = msgspec.json.Decoder(PredictedStance)
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            try:
                prediction = decoder.decode(line)
            except msgspec.DecodeError as error:
                raise InputError(f"{path}:{number} is not a prediction: {error}.", remedy=_LINE) from error
            if prediction.id in self._answers:
                raise InputError(f"{path}:{number}: the id {prediction.id!r} stands twice.", remedy="Keep one line.")
            self._answers[prediction.id] = _answer(prediction, labels, f"{path}:{number}")
        self.signature = f"{path.name}:{digest_files([path])}"
        self.notes: list[str] = []

    def predict(self, items: Sequence[StanceItem]) -> list[Answer]:
        """See :class:`pipeline.evaluate.stance_data.StanceModel`. Raises InputError if an item has no line."""
        missing = [item.id for item in items if item.id not in self._answers]
        if missing:
            raise InputError(
                f"{self._path}: {len(missing)} of {len(items)} items have no prediction, first {missing[0]}.",
                remedy="Give one line for each item; --export writes the items with their ids.",
            )
        return [self._answers[item.id] for item in items]


_LINE: Final = 'One JSON object a line: {"id": …, "label": …, "scores": {"favor": …, "against": …, "neutral": …}}.'


def resolve(name: str, items: Sequence[StanceItem], config: Config, options: ModelOptions) -> StanceModel:
    """The model of a name.

    Args:
        name: see the module's docstring.
        items: the gold, of which ``majority`` takes its label.
        config: of the pipeline.
        options: how models of others are used.

    Raises:
        ConfigError: nothing has that name, or the options do not fit it.
        ModelError: it cannot be loaded.
        InputError: a file of predictions is malformed.
    """
    if name == "majority":
        return Majority([item.label for item in items])
    if name == "lexicon":
        return Lexicon(config)
    if name.endswith(".jsonl"):
        return Predictions(Path(name), load_labels("stance", options.labels))
    if is_own(name):
        return Bundled(name, config)
    return _foreign(name, config, options)


def answering(config: Config) -> StanceModel:
    """The model of others that a run's configuration names: one that answers any question.

    Raises:
        ConfigError: nothing has that name, it knows no new sentences, or the settings do not fit it.
        ModelError: it cannot be loaded.
    """
    name = config.stance.model
    if name == "majority" or name.endswith(".jsonl"):
        raise ConfigError(
            f"stance.model: {name} is there for evaluation alone.", remedy="Name a model that reads sentences."
        )
    threads = config.translate.threads or config.run.threads_a_worker()
    config = config.model_copy(update={"translate": config.translate.model_copy(update={"threads": threads})})
    return _foreign(name, config, ModelOptions(labels=config.stance.labels, input=config.stance.input))


def _foreign(name: str, config: Config, options: ModelOptions) -> StanceModel:
    """A generative model or a transformer."""
    if name == "local" or name.startswith(ENDPOINT):
        return _prompted(name, config, options)
    if not Path(name).is_dir() and "/" not in name and "@" not in name:
        raise ConfigError(f"there is no stance model {name!r}.", remedy=f"There are: {', '.join(NAMES)}.{_ALONE}")
    from pipeline.evaluate.engines import stance_model

    return stance_model(name, options.labels, options.input)


def _prompted(name: str, config: Config, options: ModelOptions) -> StanceModel:
    from pipeline.evaluate.prompted import Endpoint, LocalModel, PromptedStance

    if name == "local":
        return PromptedStance(LocalModel(config.translate), options.cache_dir)
    model = name.removeprefix(ENDPOINT)
    endpoint = options.endpoint or config.translate.endpoint
    if endpoint is None or not model:
        raise ConfigError(
            f"{name}: an endpoint needs its address and the name of a model.",
            remedy=f"As in --set translate.endpoint.base_url=http://localhost:8000/v1, and a name as in {ENDPOINT}NAME.",
        )
    return PromptedStance(Endpoint(model, endpoint), options.cache_dir)


def _findings(record: Record, target: str, holder: str | None) -> Findings:
    """What a record says of a target; of several sentences the one that leans most counts."""
    sentences = layer(record.sentences)
    found = [
        (sentence, stance)
        for sentence in sentences
        for stance in ([] if isinstance(sentence.stances, UnsetType) else sentence.stances)
        if stance.target == target and _same_holder(stance.holder, holder)
    ]
    if found:
        sentence, stance = max(found, key=lambda one: abs(one[1].scores["favor"] - one[1].scores["against"]))
        return Findings(stance.scores, _hype(sentence))
    return Findings(None, _hype(sentences[0]) if len(sentences) == 1 else None)


def _hype(sentence: Sentence) -> float | None:
    return None if isinstance(sentence.hype, UnsetType) else sentence.hype.score


def _same_holder(found: str | None, wanted: str | None) -> bool:
    """Whether two names can be of one holder: one may be longer (吉田社長, 吉田)."""
    if found is None or wanted is None:
        return found is wanted
    return found in wanted or wanted in found


def _key(name: str) -> str:
    """Names that differ in width or case alone are one target."""
    return _folded(name).casefold()


def _folded(name: str) -> str:
    """A name as the normalize stage writes it."""
    return "".join(map(fold_character, name))


def _answer(prediction: PredictedStance, labels: Labels, where: str) -> Answer:
    meanings = cast(list[StanceLabel], labels.read(prediction.scores, where))
    scores: Scores = {}
    for label, score in zip(meanings, prediction.scores.values(), strict=True):
        scores[label] = scores.get(label, 0.0) + score
    if not all(0 <= score <= 1.000001 for score in scores.values()):
        raise InputError(f"{where}: scores are probabilities, from 0 to 1.", remedy="Put them through a softmax.")
    if prediction.label is not None:
        decided = cast(StanceLabel, labels.read([prediction.label], where)[0])
        return Answer(decided, scores or {decided: 1.0})
    if not scores:
        return Answer(None, {})  # the program has no answer, which counts as wrong
    return likeliest(scores)
