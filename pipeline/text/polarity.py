"""The evaluative lexicon, and its words in a sentence. The file says what its sections mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import ConfigError
from pipeline.text.syntax import Tree

Kind = Literal["state", "news", "contest", "versus", "attitude", "act"]
Strength = Annotated[int, Field(ge=-2, le=2)]
_Scale = dict[Strength, list[str]]
_LONGEST: Final = 8  # tokens of the longest entry that is looked for


class Ending(BaseModel):
    """Function words that judge by themselves: ``pattern`` is searched in a predicate and what follows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: re.Pattern[str]
    kind: Kind
    polarity: Strength


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: _Scale
    news: _Scale
    contest: _Scale
    versus: _Scale
    attitude: _Scale
    act: _Scale
    latent: _Scale
    up: list[str]
    down: list[str]
    carry: list[str]
    endings: list[Ending]
    intensify: list[str]
    soften: list[str]


@dataclass(frozen=True, slots=True)
class Hit:
    """An evaluative word at tokens ``start`` to ``end``; ``head`` is the token that governs the others."""

    start: int
    end: int
    head: int
    kind: Kind
    polarity: int


class Lexicon:
    """Words by dictionary form: ``words``, and the tables that :meth:`lookup` reads."""

    def __init__(self, file: _File, version: str) -> None:
        """Index the sections."""
        self.version = version
        self.words: dict[str, tuple[Kind, int]] = {}
        sections: dict[Kind, _Scale] = {
            "news": file.news, "state": file.state, "act": file.act,
            "attitude": file.attitude, "versus": file.versus, "contest": file.contest,
        }  # fmt: skip
        for kind, scale in sections.items():
            self.words |= {word: (kind, polarity) for polarity, words in scale.items() for word in words}
        self.words |= {polite: self.words[word] for word in list(self.words) if (polite := _polite(word))}
        self.latent = {word: polarity for polarity, words in file.latent.items() for word in words}
        self.direction = dict.fromkeys(file.up, 1) | dict.fromkeys(file.down, -1)
        self.endings = file.endings
        self.carry = dict.fromkeys(file.carry, 1)
        self.degree = dict.fromkeys(file.intensify, 1) | dict.fromkeys(file.soften, -1)

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Read a lexicon.

        Raises:
            ConfigError: it cannot be read or does not have the sections.
        """
        try:
            data = path.read_bytes()
            file = _File.model_validate(YAML(typ="safe").load(data.decode()))
        except OSError as error:
            raise ConfigError(f"{path}: the lexicon cannot be read: {error.strerror}.") from error
        except (YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not valid YAML: {error}") from error
        except ValidationError as error:
            raise ConfigError(f"{path}: {error}", remedy="Each section maps a strength to words.") from error
        return cls(file, sha256(data).hexdigest()[:8])

    def find(self, tree: Tree) -> list[Hit]:
        """The evaluative words of a sentence, the longest at each place, without overlap."""
        hits: list[Hit] = []
        start = 0
        while start < len(tree):
            end, key = self._longest(tree, start) if not tree.is_grammar(start) else (start, None)
            if key is not None:
                kind, polarity = self.words[key]
                hits.append(Hit(start, end, tree.outermost(start, end), kind, polarity))
            start = max(end, start + 1)
        return hits

    def find_endings(self, tree: Tree, without: Collection[int]) -> list[Hit]:
        """Predicates, but those ``without``, whose function words judge by themselves: 助けてくれる, すべきだ."""
        hits: list[Hit] = []
        for i in range(len(tree)):
            tail = tree.tail_text(i)
            if not tail or i in without or tree.is_function(i):
                continue
            text = tree.tokens[i].text + tail
            ending = next((e for e in self.endings if e.pattern.search(text)), None)
            if ending is not None:
                hits.append(Hit(i, tree.tail(i).stop, i, ending.kind, ending.polarity))
        return hits

    def _longest(self, tree: Tree, start: int) -> tuple[int, str | None]:
        prefix = ""
        best: tuple[int, str | None] = (start, None)
        for i in range(start, min(start + _LONGEST, len(tree))):
            for form in _forms(tree, i):
                if prefix + form in self.words:
                    best = (i + 1, prefix + form)
            if tree.tokens[i].lemma != "ます":
                prefix += tree.tokens[i].text
        return best

    def latent_at(self, tree: Tree, i: int) -> int:
        """The latent polarity of a noun or of the compound it ends (消費電力), 0 where it has none."""
        start, end = tree.phrase(i)
        for first in range(max(start, end - _LONGEST), end):
            text = "".join(token.text for token in tree.tokens[first:end])
            if text in self.latent:
                return self.latent[text]
        return 0

    def lookup(self, table: Mapping[str, int], tree: Tree, i: int) -> int:
        """The value of a token's dictionary or normalized form in one of the tables, 0 where it has none."""
        return next((table[form] for form in _forms(tree, i) if form in table), 0)


_POLITE_STEM: Final = str.maketrans("わかがさたなばまら", "いきぎしちにびみり")


def _polite(word: str) -> str:
    """The form under which a negated verb is met when ます is left out: なり(ませ)ん for ならない; empty for others."""
    stem, negated = word[:-3], word[-3:]
    if not re.fullmatch("[わかがさたなばまら]ない", negated):
        return ""
    return stem + negated[0].translate(_POLITE_STEM) + "ない"


def _forms(tree: Tree, i: int) -> list[str]:
    """The forms an entry may end in; every negation reads as ない."""
    token = tree.tokens[i]
    if tree.is_negation(i):
        return ["ない", token.text]
    return [token.lemma, token.text, token.norm]
