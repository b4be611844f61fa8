"""Names that their context gives away: 氏 after a person, 社 after a firm, 州 after a place.

Every rule reads one sentence and yields candidates; :func:`pipeline.text.names.choice.resolve` chooses among those of
all sources. Rules look at the shape of a word (a run of katakana, a capitalised Latin word), at Sudachi's tags, and in
Sudachi's dictionary, where a word that is missing or has proper readings alone is likely a name. The word lists
follow the usage of Japanese newspapers.

The rules are in ``persons``, ``organisations``, ``compounds``, ``places`` and ``quoted``; they share ``candidates``,
``shapes`` and ``lexicon``. ``by_model``, ``readings`` and ``extensions`` are for names of other sources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pipeline.text.gazetteer import Gazetteer
from pipeline.text.names.candidates import Line, Name
from pipeline.text.names.compounds import compounds
from pipeline.text.names.lexicon import Knowledge, Lexicon
from pipeline.text.names.organisations import agencies, companies, corporations, governments, laws
from pipeline.text.names.persons import foreign_persons, full_names, kanji_persons
from pipeline.text.names.places import joined_countries, peoples, places, prefixed_countries
from pipeline.text.names.quoted import appositions, titles

__all__ = ["ContextRules"]

_RULES: Final[tuple[Callable[[Line, Knowledge], Iterator[Name]], ...]] = (
    foreign_persons, kanji_persons, full_names, companies, corporations, governments, agencies, laws, compounds,
    places, peoples, joined_countries, prefixed_countries, appositions, titles,
)  # fmt: skip


class ContextRules:
    """The rules, over one gazetteer and one lexicon."""

    def __init__(self, gazetteer: Gazetteer, lexicon: Lexicon) -> None:
        """Keep what the rules ask about words."""
        self._known = Knowledge(gazetteer, lexicon)

    def find(self, line: Line) -> list[Name]:
        """All candidates of one sentence; they may overlap."""
        return [name for rule in _RULES for name in rule(line, self._known)]
