"""Which sentences to look at: the filter that the terminal view and the report's pages share."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UnsetType

from pipeline.record import Content, Sentence, Technique


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions that a sentence must all meet; an empty one is always met.

    Attributes:
        techniques: it has a rhetoric span of one of these.
        contents: its content label is one of these.
        level: its hype level (0..3) is at least this.
        targets: it has a stance toward one of these.
        text: its Japanese or its English contains this, whatever the case.
    """

    techniques: frozenset[Technique] = frozenset()
    contents: frozenset[Content] = frozenset()
    level: int = 0
    targets: frozenset[str] = frozenset()
    text: str = ""

    def __bool__(self) -> bool:
        """Whether there is any condition."""
        return bool(self.techniques or self.contents or self.level or self.targets or self.text)

    def matches(self, sentence: Sentence) -> bool:
        """Whether the sentence meets every condition; one whose layer is missing does not."""
        level = 0 if isinstance(sentence.hype, UnsetType) else sentence.hype.level
        return (
            (not self.techniques or any(span.technique in self.techniques for span in sentence.rhetoric or []))
            and (not self.contents or sentence.content in self.contents)
            and level >= self.level
            and (not self.targets or any(stance.target in self.targets for stance in sentence.stances or []))
            and self.text.casefold() in searchable(sentence)
        )


def searchable(sentence: Sentence) -> str:
    """The text that a search looks through: Japanese and English, case folded."""
    english = "" if isinstance(sentence.translation, UnsetType) else sentence.translation.text
    return f"{sentence.text}\n{english}".casefold()
