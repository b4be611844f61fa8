"""The models of an evaluation by name: each gives a prediction for every gold sentence.

Names: ``majority`` (each label's most frequent value in the gold), ``cues`` (the pipeline without a model),
``bundled``, a folder that ``kyojitsu train`` wrote, a ``.jsonl`` file of predictions, or a Hugging Face model by id
or path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.annotator import Annotator
from pipeline.config import Config, digest_files
from pipeline.dataset.gold import GoldDocument, Sentence
from pipeline.errors import ConfigError
from pipeline.evaluate.predictions import Prediction, Scores, read_predictions
from pipeline.evaluate.project import project
from pipeline.models.card import KIND_HYPE, Card, folder_of, read_card
from pipeline.models.hype_model import STACK
from pipeline.stages.hype import CUES

Predict = Callable[[Sequence[GoldDocument]], list[Prediction]]
OWN = (CUES, "bundled")
STAGES = ("normalize", "tokenize", "ner", "hype")


@dataclass(frozen=True, slots=True)
class Model:
    """What predicts, the signature that identifies it, and its card if it was trained by this project."""

    predict: Predict
    signature: str
    card: Card | None = None


def resolve(task: str, name: str, config: Config, labels: Mapping[str, str] | None = None) -> Model:
    """The model of a name for hype, rhetoric or checkable; ``labels`` says what a transformer's labels mean.

    Raises:
        ConfigError: nothing has that name.
        ModelError: it is there but cannot be loaded.
    """
    if name == "majority":
        return Model(majority, "majority")
    if name.endswith(".jsonl"):
        path = Path(name)
        if not path.is_file():
            raise ConfigError(f"{name}: there is no such file of predictions.", remedy="Give a path that exists.")
        return Model(
            lambda documents: read_predictions(path, sentences_of(documents)), f"{path.name}:{digest_files([path])}"
        )
    if name not in OWN and not (Path(name) / f"{STACK}.json").is_file():
        from pipeline.evaluate.engines import sentence_model

        return sentence_model(task, name, labels or {})
    annotator = Annotator(with_model(config, name))
    card = None if name == CUES else read_card(folder_of(name) / f"{STACK}.json", KIND_HYPE)
    return Model(lambda documents: _annotated(annotator, documents), annotator.signature, card)


def with_model(config: Config, name: str) -> Config:
    """The configuration with the stages that judge sentences, and ``name`` as the model of the hype stage."""
    values = config.model_dump()
    values["stages"] = list(STAGES)
    values["hype"]["model"] = name
    return type(config).model_validate(values)


def majority(documents: Sequence[GoldDocument]) -> list[Prediction]:
    """Of each label the most frequent value; no spans. The score is the share of yes in the gold."""
    sentences = sentences_of(documents)
    level = Counter(s.hype for s in sentences).most_common(1)[0][0]
    checkable = sum(s.checkable for s in sentences) / len(sentences)
    scores = Scores(hype=sum(s.hype > 0 for s in sentences) / len(sentences), checkable=checkable)
    return [
        Prediction(
            doc=s.doc, start=s.start, end=s.end, text=s.text, genre=s.genre, hype=level,
            direction="boost" if level else "none", checkable=checkable >= 0.5, scores=scores,
        )
        for s in sentences
    ]  # fmt: skip


def sentences_of(documents: Sequence[GoldDocument]) -> list[Sentence]:
    """The sentences that count: all but boilerplate."""
    return [s for document in documents for s in document.sentences if not s.boilerplate]


def _annotated(annotator: Annotator, documents: Sequence[GoldDocument]) -> list[Prediction]:
    found = []
    for document in documents:
        record = annotator.annotate(document.text, document.doc)
        found += project(record, [s for s in document.sentences if not s.boilerplate])
    return found
