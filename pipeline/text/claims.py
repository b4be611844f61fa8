"""What a sentence asserts that can be looked up, and what it foretells.

Each clause is scored by what speaks for and against a checkable assertion: figures, dates, names, a finished or
reported act; judgement, advice, question, supposition. ``claims.yaml`` holds the words and the weights (log odds).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, ConfigDict

from pipeline.errors import ConfigError
from pipeline.record import Entity, Quantity, Sentence, Time, layer
from pipeline.text.clauses import Range, has_subject, split, trim
from pipeline.text.cues import Strict, read_yaml, validated

Span = tuple[int, int]  # code points of the document, end exclusive

CLAIM: Final = 0.5  # even odds
PERSUASIVE: Final = 0.25  # share of a clause that rhetoric must cover to speak against an assertion
CONTRARY: Final = -1  # weight below which something speaks against an assertion rather than being mute
EVENT: Final = 0.7  # score of an event that stands as a noun phrase with its actor
TAIL: Final = 18  # code points at the end of a sentence within which a prediction shows
NO_FORECAST: Final = 0.05

_SUBJECT: Final = r"(?:は|が|も|では|によると|によれば)"
_SUBJECT_AFTER: Final = re.compile(
    rf"(?:氏|さん|社|側|大統領|首相|社長|CEO|知事|市長|自身|の[^、。は]{{1,14}})?{_SUBJECT}"
)
_QUESTION: Final = re.compile(r"(?:か|かい|だい|[?？])[」』”)）]*[?？!！…。]*$|(?:だろう|でしょう)か")
_TALLY: Final = re.compile(r"[一二三四五1-5]つ")  # 二つのずれ counts headings, not facts
_SPEECH: Final = re.compile(r"「[^「」]{9,}」")  # whose words do not tell how the clause is meant
_FORETOLD: Final = re.compile(r"(?:予測|予想|見込)(?:さ|ま)れる$")
_OPEN_END: Final = re.compile(r"(?:[しちりきいみびぎえけげせてねべめれ]|おり)$")  # of a clause that goes on
_NEWS: Final = re.compile(
    r"(?P<claim>.+?が.*?)(?:との|という)(?:報道|発表|ニュース|報告|調査結果|一報|方針|計画)[はがをもに]"
)
_LAST_CLAUSE: Final = re.compile(r"^.*(?:が|けれども?|ものの)、")


def _either(expressions: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(expressions))


_Expression = Annotated[re.Pattern[str], BeforeValidator(_either)]


class _Words(Strict):
    """Words with their weight; ``figured``: only beside a figure, ``whole``: searched in the whole sentence."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True)

    weight: float
    any: _Expression
    figured: bool = False
    whole: bool = False


class _Given(Strict):
    figure: float
    time: float
    name: float
    subject: float
    actor: float
    general: float
    persuasion: float
    aside: float
    question: float
    told: float
    unfounded: float


class _Outlook(Strict):
    future: float
    undated: float
    certain: float
    doomed: float


class _Checkable(Strict):
    bias: float
    given: _Given
    words: dict[str, _Words]
    excused: list[str]


class _Forecast(Strict):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    bias: float
    given: _Outlook
    words: dict[str, _Words]
    future: _Expression
    certain: _Expression
    doomed: _Expression
    present: _Expression
    none: list[str]


class _File(Strict):
    actors: list[str]
    checkable: _Checkable
    forecast: _Forecast


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause with the score of its assertion; ``plain``: no rhetoric and nothing else in it speaks against one."""

    start: int
    end: int
    score: float
    plain: bool


class Assertions:
    """The words and weights of ``claims.yaml``."""

    def __init__(self, file: _File, fingerprint: str) -> None:
        """Keep the lists. ``fingerprint`` identifies the file (for the signature)."""
        self.fingerprint = fingerprint
        self._actor = re.compile(rf"(?:{'|'.join(file.actors)})(?:数|側|ら|たち)?{_SUBJECT}")
        self._checkable = file.checkable
        self._forecast = file.forecast

    @classmethod
    def load(cls, path: Path) -> Assertions:
        """Read the file. Raises ConfigError if it cannot be read or does not fit."""
        try:
            file = validated(_File, read_yaml(path), path)
        except re.error as error:
            raise ConfigError(f"{path}: {error}.", remedy="Correct the expression.") from error
        return cls(file, sha256(path.read_bytes()).hexdigest()[:8])

    def clauses(self, sentence: Sentence, persuasion: Sequence[Span]) -> list[Clause]:
        """The clauses of a sentence with their scores, in order, without overlap.

        Args:
            sentence: with tokens, entities, quantities and times.
            persuasion: spans of the author's own rhetoric, which count against an assertion.
        """
        ranges = _grouped(sentence, persuasion)
        scored = [self._scored(sentence, part, persuasion, final=part is ranges[-1]) for part in ranges]
        clauses = _rejoined([clause for clause in scored if clause is not None])
        event = _event(sentence)
        if event is None:
            return clauses
        return [event, *(c for c in clauses if c.start >= event.end)]

    def forecast(self, sentence: Sentence, anchor: date | None, *, doom: bool) -> float:
        """How likely the sentence is the author's own prediction.

        Args:
            sentence: with tokens, entities, quantities and times.
            anchor: the day that the future is later than.
            doom: whether the author's rhetoric in it speaks of doom.
        """
        rules, whole = self._forecast, sentence.text.rstrip("。.!！ ")
        text = _LAST_CLAUSE.sub("", whole)
        figured = bool(layer(sentence.quantities))
        if _QUESTION.search(text) or any(self._says(name, text, figured=figured) for name in rules.none):
            return NO_FORECAST
        present = rules.present.search(text) is not None
        future = bool(rules.future.search(text)) or any(_is_later(time, anchor) for time in layer(sentence.times))
        actor = self._actor.search(text) or any(
            _is_subject(e, sentence) for e in layer(sentence.entities) if e.label != "TECH"
        )
        points = rules.bias
        points += rules.given.future * future
        points += rules.given.undated * bool(future and present and not actor)
        points += rules.given.certain * bool(present and rules.certain.search(text))
        points += rules.given.doomed * bool(doom and present and rules.doomed.search(whole))
        for name, words in rules.words.items():
            where = whole if words.whole else text[-TAIL:]
            if words.any.search(where) and not (name == "inference" and future):
                points += words.weight
        return _logistic(points)

    def _says(self, name: str, text: str, *, figured: bool) -> bool:
        words = self._checkable.words[name]
        return words.any.search(text) is not None and (figured or not words.figured)

    def _scored(self, sentence: Sentence, part: Range, persuasion: Sequence[Span], *, final: bool) -> Clause | None:
        tokens = layer(sentence.tokens)
        core = trim(tokens, part)
        if core is None:
            return None
        start, end = tokens[core[0]].start, tokens[core[1] - 1].end
        weights = self._weights(sentence, (start, tokens[part[1] - 1].end), final=final)
        covered = _covered((start, end), persuasion)
        if covered >= PERSUASIVE * (end - start):
            weights.append(self._checkable.given.persuasion)
        plain = not covered and min(weights) > CONTRARY
        return Clause(start, end, _logistic(self._checkable.bias + sum(weights)), plain)

    def _weights(self, sentence: Sentence, span: Span, *, final: bool) -> list[float]:
        """What speaks for and against the clause."""
        given = self._checkable.given
        text = sentence.text[span[0] - sentence.start : span[1] - sentence.start].rstrip("。.!！ ")
        figured = any(_is_within(q, span) for q in layer(sentence.quantities))
        weights = self._anchors(sentence, span, text)
        anchored = bool(weights)
        weights += [] if anchored else [given.general]
        plain = re.sub(r"まし(?=た)|ます$", "", _SPEECH.sub("「」", text))
        said = {name for name in self._checkable.words if self._says(name, plain, figured=figured)}
        said -= set(self._checkable.excused) if said & {"reported", "said"} else set()
        weights += [self._checkable.words[name].weight for name in sorted(said)]
        if _QUESTION.search(sentence.text):
            weights.append(given.question if final else given.aside)
        if _FORETOLD.search(plain) and not figured:
            weights.append(given.unfounded)
        if not final and anchored and "past" not in said and _OPEN_END.search(text):
            weights.append(given.told)
        return weights

    def _anchors(self, sentence: Sentence, span: Span, text: str) -> list[float]:
        """The weights of what can be looked up: figures, times, names, an actor as the subject."""
        given = self._checkable.given
        entities = [e for e in layer(sentence.entities) if _is_within(e, span)]
        found = []
        if any(_is_figure(q) for q in layer(sentence.quantities) if _is_within(q, span)):
            found.append(given.figure)
        if any(t.kind in ("date", "duration") for t in layer(sentence.times) if _is_within(t, span)):
            found.append(given.time)
        if any(e.label not in ("TECH", "NORP", "LOC") for e in entities):
            found.append(given.name)
        if any(_is_subject(e, sentence) for e in entities):
            found.append(given.subject)
        elif self._actor.search(text):
            found.append(given.actor)
        return found


def _grouped(sentence: Sentence, persuasion: Sequence[Span]) -> list[Range]:
    """Token ranges of the clauses: the parts of the sentence, joined where subject and tone go on."""
    tokens = layer(sentence.tokens)
    first, *others = split(tokens)
    groups = [first]
    for part in others:
        if has_subject(tokens, part) or _changes_tone(sentence, groups[-1], part, persuasion):
            groups.append(part)
        else:
            groups[-1] = (groups[-1][0], part[1])
    return groups


def _changes_tone(sentence: Sentence, one: Range, other: Range, persuasion: Sequence[Span]) -> bool:
    """Whether one part gives a figure or a time in plain words and the other persuades without any."""
    figures = [(s.start, s.end) for s in (*layer(sentence.quantities), *layer(sentence.times))]

    def kind(part: Range) -> tuple[bool, bool]:
        tokens = layer(sentence.tokens)[part[0] : part[1]]
        span = (tokens[0].start, tokens[-1].end) if tokens else (0, 0)
        return _covered(span, figures) > 0, _covered(span, persuasion) > 0

    return {kind(one), kind(other)} == {(True, False), (False, True)}


def _rejoined(clauses: Sequence[Clause]) -> list[Clause]:
    """A clause that asserts nothing by itself goes with its neighbour, where nothing in either speaks against it."""
    joined: list[Clause] = []
    for clause in clauses:
        last = joined[-1] if joined else None
        if last and last.plain and clause.plain and (last.score >= CLAIM) != (clause.score >= CLAIM):
            joined[-1] = Clause(last.start, clause.end, max(last.score, clause.score), plain=True)
        else:
            joined.append(clause)
    return joined


def _event(sentence: Sentence) -> Clause | None:
    """An event that stands as a noun phrase with its actor: AがBを買収したとの報道は…."""
    match = _NEWS.match(sentence.text)
    if match is None:
        return None
    span = (sentence.start + match.start("claim"), sentence.start + match.end("claim"))
    named = any(_is_within(e, span) for e in layer(sentence.entities))
    return Clause(*span, EVENT, plain=True) if named else None


def _covered(span: Span, others: Sequence[Span]) -> int:
    return sum(max(0, min(end, span[1]) - max(start, span[0])) for start, end in others)


def _is_within(item: Entity | Quantity | Time, span: Span) -> bool:
    return span[0] <= item.start < span[1]


def _is_figure(quantity: Quantity) -> bool:
    known = quantity.value is not None or quantity.low is not None or quantity.high is not None
    return known and not _TALLY.fullmatch(quantity.text)


def _is_subject(entity: Entity, sentence: Sentence) -> bool:
    return _SUBJECT_AFTER.match(sentence.text[entity.end - sentence.start :]) is not None


def _is_later(time: Time, anchor: date | None) -> bool:
    if time.value is None or time.kind != "date" or anchor is None:
        return False
    year = re.match(r"(\d{4})", time.value)
    return year is not None and int(year[1]) > anchor.year


def _logistic(points: float) -> float:
    return round(1 / (1 + math.exp(-points)), 4)
