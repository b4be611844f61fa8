"""stance: where each sentence, and the document, stands toward the targets it speaks of."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import ClassVar, Final, NamedTuple, Protocol

import numpy as np
from msgspec import UnsetType
from numpy.typing import NDArray
from pydantic import BaseModel

from pipeline.config import Config, StanceSettings, digest_files, find_file
from pipeline.errors import ModelError
from pipeline.models.card import folder_of
from pipeline.models.encoder import MANIFEST
from pipeline.models.stance_model import LABELS, StanceModel, StanceQuestion, is_own
from pipeline.record import (
    Block,
    Document,
    DocumentStance,
    Rhetoric,
    Sentence,
    Stance,
    StanceLabel,
    Summary,
    layer,
)
from pipeline.stages import Stage
from pipeline.stages.hype import CUES
from pipeline.text.appraisal import Appraisal, Appraiser
from pipeline.text.polarity import Hit, Lexicon
from pipeline.text.syntax import Tree
from pipeline.text.targets import Mention, Targets
from pipeline.text.voices import Voice, endorsements, voices

Scores = dict[StanceLabel, float]
LEXICON: Final = "lexicon"  # the name that asks for no model
_SHOWN: Final = 60  # characters of a sentence in a message

# Evidence to probabilities: softmax over (favor, against, NEUTRAL + what both have in common), divided by the
# temperature. One plain judgement (evidence 1) gives 0.67, none 0.58 neutral.
_TEMPERATURE: Final = 0.5
_NEUTRAL: Final = 0.5
# What evidence keeps in a sentence that can be checked and holds no rhetoric, with figures and without: plain facts
# and measured lags are neutral (guidelines, sections 4 and 6).
_MEASURED, _CHECKABLE = 0.4, 0.6
_EMPHATIC: Final = 1.25  # of an evaluative word inside rhetoric
_CONCEDED: Final = 0.4  # of what a concession grants, where the main clause says something of the same target
_TOPICS: Final = frozenset(["technology", "product", "policy"])  # kinds of targets that are also fields of work
_TELLING: Final = frozenset(["slogan", "labeling", "fear", "metaphor", "loaded"])  # the others inflate what is said
_ENDORSED: Final = 0.8  # of another's words, where the author accepts them; as much against, where he rejects them
_ANONYMOUS: Final = 0.3  # of words that the author reports of nobody named
_ELIDED: Final = 0.6  # least probability of a side where nobody is named; .7 and .8 are no better for whole documents


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence with what every scorer needs: its tree, its mentions, and who speaks where."""

    sentence: Sentence
    tree: Tree
    mentions: Sequence[Mention]
    voices: Sequence[Voice]
    appraiser: Appraiser
    endorsed: Mapping[Voice, int]  # passages that the author accepts (1) or rejects (-1)
    judging: Collection[int]  # the words that say so


@dataclass(frozen=True, slots=True)
class Question:
    """What is the stance of ``holder`` (None: the author) toward ``target`` in the sentence?

    ``within``: the holder's own words name the target; where they do not, or nobody's do, a neutral answer says nothing.
    """

    reading: Reading
    target: str
    holder: str | None
    within: bool = True


class Scorer(Protocol):
    """Answers questions: probabilities of favor, against and neutral, summing to 1, one mapping a question."""

    version: str

    def __call__(self, questions: Sequence[Question]) -> list[Scores]:
        """Score the questions of a document, those of a sentence next to each other."""


class LexiconScorer:
    """Scores by the appraisals of evaluative words."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Use a lexicon."""
        self.version = lexicon.version

    def __call__(self, questions: Sequence[Question]) -> list[Scores]:
        """See :class:`Scorer`."""
        scores: list[Scores] = []
        for _, group in groupby(questions, key=lambda q: id(q.reading)):
            of_sentence = list(group)
            reading = of_sentence[0].reading
            appraisals = reading.appraiser.appraisals(_tone(reading), without=reading.judging)
            scores += [softmax(*_evidence(q, appraisals)) for q in of_sentence]
        return scores


class ModelScorer:
    """Scores by the trained model, which reads the target's name, the holder's, and the sentence, the target marked."""

    def __init__(self, folder: Path, targets: Targets) -> None:
        """Load the model of a folder. Raises ModelError."""
        self._model = StanceModel(folder)
        self._targets = targets
        self.version = digest_files([folder / MANIFEST])

    def __call__(self, questions: Sequence[Question]) -> list[Scores]:
        """See :class:`Scorer`."""
        return self._model.scores([_asked(question, self._targets) for question in questions])


def _asked(question: Question, targets: Targets) -> StanceQuestion:
    """The question as a model reads it, with the target where the sentence first names it."""
    sentence = question.reading.sentence
    named = next(m for m in question.reading.mentions if m.target == question.target)
    place = None if named.elided else (named.start - sentence.start, named.end - sentence.start)
    return StanceQuestion(targets.name(named), sentence.text, place, question.holder)


class ForeignScorer:
    """Scores by a model of others, as ``kyojitsu evaluate stance`` asks it: a transformer, an endpoint, ``local``."""

    def __init__(self, config: Config, targets: Targets) -> None:
        """Load the model that the configuration names. Raises ConfigError or ModelError."""
        from pipeline.evaluate.stance_models import answering

        self._name = config.stance.model
        self._model = answering(config)
        self._targets = targets
        self.version = self._model.signature

    def __call__(self, questions: Sequence[Question]) -> list[Scores]:
        """See :class:`Scorer`. Raises ModelError for an answer that names no stance."""
        from pipeline.evaluate.stance_data import StanceItem

        asked = [_asked(question, self._targets) for question in questions]
        items = [
            StanceItem(
                id=str(number),
                doc="",
                target=question.target,
                name=a.target,
                text=a.text,
                surface=a.place,
                holder=a.holder,
            )
            for number, (question, a) in enumerate(zip(questions, asked, strict=True))
        ]
        with _one_thread():
            answers = self._model.predict(items)
        for item, answer in zip(items, answers, strict=True):
            if answer.label is None:
                raise ModelError(
                    f"{self._name} names no stance toward {item.name} in the sentence {item.text[:_SHOWN]!r}.",
                    remedy="Evaluate it first (kyojitsu evaluate stance counts such answers), or name another model.",
                )
        return [{label: answer.scores.get(label, 0.0) for label in LABELS} for answer in answers]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Torch, where it is there, on one thread: sums of several threads may differ in their last bits."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class TwofoldScorer:
    """Scores by the trained model, moved by the evaluative words, the rhetoric of the sentence and the rest of the document."""

    def __init__(self, model: ModelScorer, words: LexiconScorer, *, hype: bool = True) -> None:
        """Take both; ``hype``: whether the hype scores of sentences count, which they do where a model gave them."""
        self._model, self._words, self._hype = model, words, hype
        self.version = model.version

    def __call__(self, questions: Sequence[Question]) -> list[Scores]:
        """See :class:`Scorer`."""
        hype = [_own_hype(question) if self._hype else None for question in questions]
        moves = zip(self._model(questions), self._words(questions), hype, strict=True)
        places = [Place(question.holder, question.reading.sentence.start, question.target) for question in questions]
        return settled([moved(*move) for move in moves], places)


def moved(by_model: Scores, by_words: Scores | None, hype: float | None) -> Scores:
    """What the model says, moved by what else is known of the sentence.

    Args:
        by_model: its probabilities.
        by_words: those by the evaluative words, None where they say nothing. What a word makes of the probabilities of a
            sentence without any counts to the power of ``_SAY``.
        hype: the hype score by the trained model, since rhetoric seldom goes without a side: neutral is divided by
            exp(``_HYPE_WEIGHT`` * (hype - ``_HYPE_BASE``)). None where it says nothing: of another's stance, or not known.
    """
    products = dict(by_model)
    if by_words is not None:
        products = {label: p * (by_words[label] / _SILENT[label]) ** _SAY for label, p in products.items()}
    if hype is not None:
        products["neutral"] *= math.exp(_HYPE_WEIGHT * (_HYPE_BASE - hype))
    total = sum(products.values())
    return {label: product / total for label, product in products.items()}


def _own_hype(question: Question) -> float | None:
    """The hype score of the sentence, where the author's stance is asked for."""
    hype = question.reading.sentence.hype
    return None if question.holder is not None or isinstance(hype, UnsetType) else hype.score


class Place(NamedTuple):
    """Where a score stands: whose stance, in one document, in which sentence, toward which target."""

    holder: Hashable
    sentence: Hashable
    target: Hashable


def settled(scores: Sequence[Scores], places: Sequence[Place]) -> list[Scores]:
    """What is not neutral, shared anew between favor and against by the sides taken in the rest of the document.

    What speaks for a target elsewhere speaks for it here, and what speaks for others speaks against it, since a text with
    a side sets one thing against another more often than it praises both.

    Args:
        scores: of the sentences of one or several documents.
        places: of each; holders of two documents differ.

    Returns:
        The scores, in order. Those of neutral stay; the odds of favor against against are multiplied by
        exp(2 * (``_SWAY`` * own - ``_RIVALRY`` * (beside + elsewhere))). Each of the three is the mean of favor minus against
        over other scores of the holder and one that takes no side: of the target, of other targets in the sentence, and
        of other targets in other sentences.
    """
    sides = [np.array([_lead(score), 1.0]) for score in scores]  # and their number
    sums: defaultdict[Hashable, NDArray[np.float64]] = defaultdict(lambda: np.zeros(2))
    for side, (holder, sentence, target) in zip(sides, places, strict=True):
        for group in (holder, (holder, target), (holder, sentence, None), (holder, sentence, target)):
            sums[group] += side

    def sway(side: NDArray[np.float64], place: Place) -> float:
        holder, sentence, target = place
        beside = sums[holder, sentence, None] - sums[holder, sentence, target]
        elsewhere = sums[holder] - sums[holder, target] - beside
        own, *others = (total / (number + 1) for total, number in (sums[holder, target] - side, beside, elsewhere))
        return float(_SWAY * own - _RIVALRY * sum(others))

    return [_leaning(score, sway(side, place)) for score, side, place in zip(scores, sides, places, strict=True)]


def _lead(scores: Scores) -> float:
    return scores["favor"] - scores["against"]


def _leaning(scores: Scores, sway: float) -> Scores:
    favor, against = scores["favor"] * math.exp(sway), scores["against"] * math.exp(-sway)
    kept = (scores["favor"] + scores["against"]) / ((favor + against) or 1.0)
    return {"favor": favor * kept, "against": against * kept, "neutral": scores["neutral"]}


class StanceStage(Stage):
    """Adds ``stances`` to the sentences and to the summary."""

    name: ClassVar[str] = "stance"
    requires: ClassVar[frozenset[str]] = frozenset({"tokens", "entities", "quotes", "rhetoric"})
    provides: ClassVar[frozenset[str]] = frozenset({"stances"})
    Settings: ClassVar[type[BaseModel]] = StanceSettings
    settings: StanceSettings

    def load(self) -> None:
        """Read the targets and the lexicon."""
        self._targets = Targets.load(find_file(self.settings.targets), discover=self.settings.discover)
        self._lexicon = Lexicon.load(find_file("polarity.yaml"))
        self._scorer: Scorer = LexiconScorer(self._lexicon)
        if is_own(self.settings.model):
            model = ModelScorer(folder_of(self.settings.model), self._targets)
            self._scorer = TwofoldScorer(model, self._scorer, hype=self.config.hype.model != CUES)
        elif self.settings.model != LEXICON:
            self._scorer = ForeignScorer(self.config, self._targets)

    def versions(self) -> dict[str, str]:
        """See :class:`pipeline.stages.Stage`."""
        versions = {"targets": self._targets.version, "polarity": self._lexicon.version}
        return versions | ({} if self.settings.model == LEXICON else {"stance_model": self._scorer.version})

    def process(self, documents: Sequence[Document]) -> None:
        """See :class:`pipeline.stages.Stage`."""
        for document in documents:
            sentences = list(document.content())
            readings = [
                self._read(s, mentions) for s, mentions in zip(sentences, self._targets.find(sentences), strict=True)
            ]
            questions = [q for reading in readings for q in _questions(reading)]
            for sentence in sentences:
                sentence.stances = []
            for question, scores in zip(questions, self._scorer(questions), strict=True):
                stance = self._stance(question, scores)
                if _says_something(question, stance):
                    layer(question.reading.sentence.stances).append(stance)
            if isinstance(document.record.summary, UnsetType):
                document.record.summary = Summary()
            document.record.summary.stances = document_stances(document)

    def _read(self, sentence: Sentence, mentions: Sequence[Mention]) -> Reading:
        tree = Tree(layer(sentence.tokens))
        spans = [(m.start, m.end) for m in mentions] + [(e.start, e.end) for e in layer(sentence.entities)]
        topics = [(m.start, m.end) for m in mentions if self._targets.kind(m.target) in _TOPICS]
        fields = {i for i in _tokens(sentence, topics) if _modifies(tree, i, _tokens(sentence, topics))}
        appraiser = Appraiser(self._lexicon, tree, _tokens(sentence, spans) - fields)
        passages = voices(sentence, tree, appraiser.attitudes())
        judgements = {i: hit.polarity for i, hit in appraiser.hits.items()}
        taken_up = list(endorsements(tree, passages, judgements))
        endorsed = {voice: 1 if polarity > 0 else -1 for voice, _, polarity in taken_up}
        return Reading(sentence, tree, mentions, passages, appraiser, endorsed, {i for _, i, _ in taken_up})

    def _stance(self, question: Question, scores: Scores) -> Stance:
        label = decide(scores, self.settings.margin)
        named = next(m for m in question.reading.mentions if m.target == question.target)
        return Stance(
            target=question.target,
            text=named.text,
            label=label,
            score=scores[label],
            scores=dict(scores),
            holder=question.holder,
        )


def _says_something(question: Question, stance: Stance) -> bool:
    """Whether an answer is kept: one about a target that is not named takes a side, and surely if nobody names it."""
    if question.within:
        return True
    return stance.label != "neutral" and (bool(stance.text) or stance.score >= _ELIDED)


def decide(scores: Mapping[StanceLabel, float], margin: float) -> StanceLabel:
    """The likeliest label, and neutral where favor and against are nearer than ``margin``."""
    if abs(scores["favor"] - scores["against"]) < margin:
        return "neutral"
    return max(scores, key=lambda label: scores[label])


def _questions(reading: Reading) -> Iterator[Question]:
    """The author's stance toward each target of a sentence, then that of each holder whose words concern it."""
    for target in dict.fromkeys(m.target for m in reading.mentions):
        elided = reading.mentions[0].elided
        yield Question(reading, target, None, within=not elided)
        if elided:
            continue
        tokens = _mentioned(reading, target)
        names = {m.text for m in reading.mentions if m.target == target}
        for holder in dict.fromkeys(v.holder for v in reading.voices if v.holder):
            passages = [v for v in reading.voices if v.holder == holder]
            himself = any(name in holder or holder in name for name in names)
            if not himself and any(v.concerns(i) for v in passages for i in tokens):
                yield Question(reading, target, holder, any(v.covers(i) for v in passages for i in tokens))


def _modifies(tree: Tree, i: int, names: Collection[int]) -> bool:
    """Whether a token is the first part of a compound that goes beyond the name: AI in AI人材, of which nothing is said."""
    while i in names and tree.dep(i) == "compound" and tree.head(i) > i:
        i = tree.head(i)
    return i not in names


def _mentioned(reading: Reading, target: str) -> set[int]:
    return _tokens(reading.sentence, [(m.start, m.end) for m in reading.mentions if m.target == target])


def _tokens(sentence: Sentence, ranges: Iterable[tuple[int, int]]) -> set[int]:
    """The tokens that touch a range of the document's text."""
    spans = list(ranges)
    return {i for i, t in enumerate(layer(sentence.tokens)) if any(t.start < e and s < t.end for s, e in spans)}


def _evidence(question: Question, appraisals: Sequence[Appraisal]) -> tuple[float, float]:
    """The evidence for favor and for against, in units of one plain judgement."""
    reading = question.reading
    tokens = _mentioned(reading, question.target)
    main = {"favor": 0.0, "against": 0.0}
    granted = dict(main)
    for appraisal in appraisals:
        share = max((appraisal.shares[i] for i in tokens if i in appraisal.shares), key=abs, default=0.0)
        value = appraisal.strength * share * _weight(question, appraisal.token)
        spoken = any(voice.covers(appraisal.token) for voice in question.reading.voices)
        clause = granted if appraisal.conceded and not spoken else main
        clause["favor" if value > 0 else "against"] += abs(value)
    kept = _CONCEDED if any(main.values()) else 1.0
    return main["favor"] + kept * granted["favor"], main["against"] + kept * granted["against"]


def _weight(question: Question, token: int) -> float:
    """How much the holder asked for stands behind a word."""
    reading = question.reading
    voice = next((v for v in reading.voices if v.covers(token)), None)
    if voice is None:
        return _emphasis(reading, token) if question.holder is None else 0.0
    if question.holder is not None:
        return 1.0 if voice.holder == question.holder else 0.0
    if voice in reading.endorsed:
        return _ENDORSED * reading.endorsed[voice]
    return _ANONYMOUS if voice.holder is None else 0.0


def _emphasis(reading: Reading, token: int) -> float:
    """More inside rhetoric, less in the plain statement of a fact."""
    sentence = reading.sentence
    own = [r for r in layer(sentence.rhetoric) if not r.quoted]
    word = reading.tree.tokens[token]
    if any(r.start <= word.start < r.end for r in own):
        return _EMPHATIC
    if own or isinstance(sentence.checkable, UnsetType) or not sentence.checkable.label:
        return 1.0
    figures = not isinstance(sentence.quantities, UnsetType) and bool(sentence.quantities)
    return _MEASURED if figures else _CHECKABLE


def _tone(reading: Reading) -> Iterator[Hit]:
    """Rhetoric speaks by its direction where no evaluative word speaks: doom against, boost in favor."""
    sentence, tree = reading.sentence, reading.tree
    if isinstance(sentence.hype, UnsetType) or sentence.hype.direction == "none" or reading.appraiser.hits:
        return
    polarity = 1 if sentence.hype.direction == "boost" else -1
    for span in layer(sentence.rhetoric):
        inside = _span_tokens(tree, span)
        if inside and not span.quoted and span.technique in _TELLING:
            yield Hit(inside[0], inside[-1] + 1, tree.outermost(inside[0], inside[-1] + 1), "news", polarity)


def _span_tokens(tree: Tree, span: Rhetoric) -> list[int]:
    return [i for i, t in enumerate(tree.tokens) if span.start <= t.start and t.end <= span.end]


def softmax(favor: float, against: float) -> Scores:
    """Probabilities from the evidence for favor and for against, in units of one plain judgement."""
    logits: Scores = {"favor": favor, "against": against, "neutral": _NEUTRAL + min(favor, against)}
    top = max(logits.values())
    exponents = {label: math.exp((value - top) / _TEMPERATURE) for label, value in logits.items()}
    total = sum(exponents.values())
    return {label: value / total for label, value in exponents.items()}


_SILENT: Final = softmax(0.0, 0.0)  # what the words say where they say nothing
# Weights beside the model, chosen together on genres left out (docs/models.md); .3 to .4 do alike there,
_SAY: Final = 0.4  # of the evaluative words,
# of the sentence's hype score, and the score that moves nothing: .3 to .4,
_HYPE_WEIGHT: Final = 2.0
_HYPE_BASE: Final = 0.4
# of what the rest of the document says of the target, 2 to 2.5, and of others.
_SWAY: Final = 2.5
_RIVALRY: Final = 1.0


# The document. A reader is led by titles and headings, by the conclusion, the last fifth, and by strong sentences. The
# project's own weights.
_HEADS: Final = {"title": 2.0, "heading": 1.5}
_CONCLUSION: Final = (0.8, 1.5)
_PER_LEVEL: Final = 0.25
# How much likelier one side must be, with one neutral sentence added, since most that a text mentions it only passes.
# A text that takes sides all the time takes one here too: the bound falls by _SIDED times the mean probability that its
# sentence stances are not neutral. Best on documents of genres left out (docs/models.md).
_BOUND: Final = 0.35
_SIDED: Final = 0.6
_LEAST_BOUND: Final = 0.03
_PASSING: Final = 1.0


def document_stances(document: Document) -> list[DocumentStance]:
    """The author's stance toward each target over the whole document, in order of first mention.

    The scores of the author's sentence stances are averaged, weighted by the kind of block, the place in the
    document and the hype level, with one neutral sentence more; favor or against is what exceeds the other by .35 less
    .6 times the mean probability that the author's sentence stances, toward all targets asked for, are not neutral, but at
    least by .03.
    """
    sentences = list(document.content())
    kinds = {b.id: b for b in layer(document.record.blocks)}
    totals: dict[str, Scores] = {}
    counts: dict[str, int] = defaultdict(int)
    sided: list[float] = []
    for position, sentence in enumerate(sentences):
        weight = _sentence_weight(sentence, kinds[sentence.block], position / len(sentences))
        for stance in layer(sentence.stances):
            if stance.holder is None:
                total = totals.setdefault(stance.target, {"favor": 0.0, "against": 0.0, "neutral": _PASSING})
                for label, score in stance.scores.items():
                    total[label] += weight * score
                counts[stance.target] += 1
                sided.append(1.0 - stance.scores["neutral"])
    bound = max(_LEAST_BOUND, _BOUND - _SIDED * sum(sided) / len(sided)) if sided else _BOUND
    return [_document_stance(target, total, counts[target], bound) for target, total in totals.items()]


def _sentence_weight(sentence: Sentence, block: Block, position: float) -> float:
    level = 0 if isinstance(sentence.hype, UnsetType) else sentence.hype.level
    begin, conclusion = _CONCLUSION
    place = _HEADS.get(block.kind, conclusion if position >= begin else 1.0)
    return place * (1.0 + _PER_LEVEL * level)


def _document_stance(target: str, total: Scores, sentences: int, bound: float) -> DocumentStance:
    whole = sum(total.values())
    scores: Scores = {label: value / whole for label, value in total.items()}
    lead = _lead(scores)
    label: StanceLabel = "neutral" if abs(lead) < bound else "favor" if lead > 0 else "against"
    return DocumentStance(target=target, label=label, score=scores[label], sentences=sentences)
