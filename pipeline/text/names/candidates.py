"""What the finders of names read and yield: a sentence with its tokens, and candidates for names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from pipeline.record import Token
from pipeline.text.gazetteer import Label

# The labels of places.
PLACES: Final = frozenset({"GPE", "LOC"})


class Rank(IntEnum):
    """The source of a candidate; between spans of one length the lower rank wins."""

    HONORIFIC = 0
    GAZETTEER = 1
    RULE = 2
    SPREAD = 3
    MODEL = 4


@dataclass(frozen=True, slots=True)
class Name:
    """A candidate.

    Attributes:
        start: in code points of the sentence.
        end: exclusive.
        label: what it names; NONE for what is no name and hides one.
        fine: the source in words, such as ``rule:company_suffix``.
        rank: the source.
        id: the gazetteer's entry, if it is known.
        name_en: the entry's English name.
    """

    start: int
    end: int
    label: Label
    fine: str
    rank: Rank
    id: str | None = None
    name_en: str | None = None

    @property
    def by_model(self) -> bool:
        """Whether the model alone found it, here or elsewhere in its sentence."""
        return self.fine.startswith("model:")


@dataclass(frozen=True)
class Line:
    """A sentence and its tokens, whose offsets count from the sentence's start."""

    text: str
    tokens: Sequence[Token]

    def ending_at(self, position: int) -> int | None:
        """Index of the token that ends here."""
        return next((i for i, t in enumerate(self.tokens) if t.end == position), None)

    def within(self, start: int, end: int) -> list[Token]:
        """Tokens that lie wholly between two positions."""
        return [t for t in self.tokens if start <= t.start and t.end <= end]
