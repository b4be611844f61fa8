"""Gold sentences as the encoder sees them: token ids with a label for each token and for the whole.

Units: token labels are as long as the token ids; offsets of tokens are code points of the sentence, end exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.dataset.gold import Claim, GoldDocument, Rhetoric, Sentence, Stance
from pipeline.models.encoder import Passage, Vocabulary, pointed_at
from pipeline.models.stance_model import LABELS, StanceQuestion, passage
from pipeline.record import TECHNIQUES, StanceLabel

IGNORED: Final = -100  # torch's label for a position without one
OUTSIDE, BEGIN, INSIDE = range(3)

Answered = tuple[StanceQuestion, StanceLabel]


@dataclass(frozen=True, slots=True)
class SentenceExample:
    """A sentence with the labels of the hype stage; ``spans`` holds (first token, end token, technique, quoted)."""

    ids: list[int]
    rhetoric: list[int]
    claim: list[int]
    spans: list[tuple[int, int, int, int]]
    level: int
    has_rhetoric: int
    checkable: int
    forecast: int
    doom: int  # IGNORED at level 0


@dataclass(frozen=True, slots=True)
class StanceExample:
    """A target and a sentence, with the holder's stance; ``target`` holds the positions of the target's tokens."""

    ids: list[int]
    target: list[int]
    label: int


def sentence_example(sentence: Sentence, vocabulary: Vocabulary) -> SentenceExample:
    """Tokenize a gold sentence and lay its spans on the tokens. What does not fit into one window is left out."""
    windows, places = vocabulary.split(Passage(sentence.text))
    ids, kept, _ = windows[0]
    offsets = [(0, 0)] * len(ids)
    for position, (start, end) in zip(range(kept.start, kept.stop), places, strict=False):
        offsets[position] = (int(start) + sentence.start, int(end) + sentence.start)
    return SentenceExample(
        ids=ids,
        rhetoric=_tags(sentence.rhetoric, offsets),
        claim=_tags(sentence.claims, offsets),
        spans=[
            (inside[0], inside[-1] + 1, TECHNIQUES.index(span.technique), int(span.quoted))
            for span in sentence.rhetoric
            if (inside := tokens_of(span, offsets))
        ],
        level=sentence.hype,
        has_rhetoric=int(bool(sentence.rhetoric)),
        checkable=int(sentence.checkable),
        forecast=int(sentence.forecast),
        doom=int(sentence.direction == "doom") if sentence.hype else IGNORED,
    )


def stance_example(question: StanceQuestion, label: StanceLabel, vocabulary: Vocabulary) -> StanceExample:
    """Tokenize a question with its answer.

    What does not fit into one window is left out; a target there is only meant: the name before the sentence stands for
    it. Where there is no name either, the tokens that :class:`Pointed` takes a mean of do.
    """
    read = passage(question)
    (window, *_), offsets = vocabulary.split(read)
    [(_, target)] = pointed_at(read, [window], offsets)
    return StanceExample(window.ids, target, LABELS.index(label))


def _tags(spans: Sequence[Rhetoric] | Sequence[Claim], offsets: Sequence[tuple[int, int]]) -> list[int]:
    """B, I or O of each token."""
    tags = [OUTSIDE] * len(offsets)
    for span in spans:
        inside = tokens_of(span, offsets)
        for i in inside:
            tags[i] = BEGIN if i == inside[0] else INSIDE
    return tags


def tokens_of(span: Rhetoric | Claim, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The tokens of a span: those at least half of which it holds."""
    return [i for i, offset in enumerate(offsets) if _mostly_in(offset, span)]


def _mostly_in(offset: tuple[int, int], span: Rhetoric | Claim) -> bool:
    start, end = offset
    return end > start and 2 * (min(end, span.end) - max(start, span.start)) >= end - start


# Words that stand for a target without naming it: as the name of a pair's target they say nothing.
_PRONOMINAL: Final = re.compile(r"同[社氏庁省党市県国校店誌紙局]|[こそあ][のれちこ]|彼|当[社店該]|わが|我が|うち")


def target_names(sentences: Sequence[Sentence]) -> dict[tuple[str, str], str]:
    """The name of each (document, target): its first surface that is not a pronoun, else its id in words."""
    names: dict[tuple[str, str], str] = {}
    for sentence in sentences:
        for stance in sentence.stances:
            if stance.surface and not _PRONOMINAL.match(stance.surface):
                names.setdefault((sentence.doc, stance.target), stance.surface)
    for sentence in sentences:
        for stance in sentence.stances:
            names.setdefault((sentence.doc, stance.target), stance.target.replace("_", " "))
    return names


def stance_questions(documents: Sequence[GoldDocument]) -> list[tuple[StanceQuestion, Sentence, Stance]]:
    """Every labelled stance of the documents' sentences as a question, with its sentence and its label."""
    found = []
    for document in documents:
        content = [s for s in document.sentences if not s.boilerplate]
        names = target_names(content)
        for sentence in content:
            for stance in sentence.stances:
                question = StanceQuestion(
                    target=names[sentence.doc, stance.target],
                    text=sentence.text,
                    place=_place(stance.surface, sentence.text),
                    holder=None if stance.holder == "author" else stance.holder,
                )
                found.append((question, sentence, stance))
    return found


def answered(documents: Sequence[GoldDocument]) -> list[Answered]:
    """The questions of the documents with their answers."""
    return [(question, stance.label) for question, _, stance in stance_questions(documents)]


def _place(surface: str, text: str) -> tuple[int, int] | None:
    if not surface:
        return None
    start = text.index(surface)
    return start, start + len(surface)
