"""What the dictionary and the gazetteer know of a word, whatever the sentence."""

from __future__ import annotations

import sudachipy

from pipeline.record import Token
from pipeline.text.gazetteer import Gazetteer
from pipeline.text.names.shapes import DOT, GENERIC, is_name_shaped


class Lexicon:
    """What Sudachi's dictionary knows of a word."""

    def __init__(self) -> None:
        """Open the dictionary that GiNZA uses."""
        self._dictionary = sudachipy.Dictionary()
        self._tags: dict[str, frozenset[str]] = {}

    def tags(self, word: str) -> frozenset[str]:
        """Its parts of speech, such as 名詞-固有名詞-地名-国; empty for an unknown word."""
        if word not in self._tags:
            found = self._dictionary.lookup(word.lower())
            self._tags[word] = frozenset("-".join(m.part_of_speech()[:4]) for m in found)
        return self._tags[word]

    def may_be(self, word: str, kind: str) -> bool:
        """Whether a reading's tag holds ``kind``, such as 人名."""
        return any(kind in tag for tag in self.tags(word))

    def is_name(self, word: str) -> bool:
        """Whether it is unknown or has only proper readings: no other way to take it."""
        return all("固有名詞" in tag for tag in self.tags(word))


class Knowledge:
    """What the rules ask about words: of the gazetteer, of the dictionary, and of both together."""

    def __init__(self, gazetteer: Gazetteer, lexicon: Lexicon) -> None:
        """Ask these two."""
        self.gazetteer = gazetteer
        self.lexicon = lexicon

    def labels(self, surface: str) -> set[str]:
        """The labels of the gazetteer's entries with this form."""
        return {form.entry.label for form in self.gazetteer.forms(surface)}

    def all_known(self, name: str) -> bool:
        """Whether the dots part several known names (トヨタ・ホンダ)."""
        return all(self.gazetteer.forms(part) for part in DOT.split(name))

    def is_unknown_name(self, word: str) -> bool:
        """Whether the gazetteer does not know it, and the dictionary takes it for nothing but a name, and for no place."""
        known = len(word) < 2 or word in GENERIC or self.labels(word)
        return not known and self.lexicon.is_name(word) and not self.lexicon.may_be(word, "地名")

    def is_proper(self, token: Token) -> bool:
        """Whether it can begin the name of a body or a place; a given name cannot."""
        if "固有名詞" in token.tag:
            return not token.tag.endswith("人名-名")
        return is_name_shaped(token.text) and self.is_unknown_name(token.text)
