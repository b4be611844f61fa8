"""The cue language: what persuasion looks like in words, read from data files and found in a sentence.

A cue file is YAML: ``technique`` and ``direction`` of its cues, then ``cues``, a list of entries:

==============  =======================================================================================
``find``        word patterns (below), one or a list
``pattern``     regular expressions on the sentence's text, one or a list; a group named ``span`` is the span
``weight``      how strongly it persuades, 0 to 1
``direction``   boost, doom or size (size itself; takes the tone of the sentence), if not the file's
``unless``      expressions; the cue is dropped where one of them matches over it (a term, a literal use)
``without``     expressions; the cue is dropped where one of them matches anywhere in the sentence
``with``        expressions; the cue counts only where one of them matches somewhere in the sentence
``measured``    false: the cue is dropped where the same clause gives a figure
==============  =======================================================================================

In expressions, ``…`` stands for up to twelve characters of the same sentence. The file with ``literal`` in the place of
``cues`` lists the plain uses of words: under each stem, expressions; a cue whose words contain the stem is dropped where
one of them matches over it.

A word pattern is a row of elements separated by spaces:

===============  ======================================================================================
``全く``         words: whole tokens, each in its written, dictionary or normalized form, so that every
                 inflection and spelling of the last word fits; polite endings count as plain ones
``人|者``        one of several
``な?``          may be missing
``な/助詞``      words whose first token has a UniDic tag that begins so
``<noun>``       a run of nouns; also ``<verb>``, ``<adjective>`` (one token), ``<name>`` (an entity),
                 ``<number>`` (a quantity), ``<imperative>`` (at the end of a clause)
``…``            up to eight tokens within a clause
``^`` ``$``      the beginning and the end of the sentence, marks aside
``[わずか]``     brackets choose the span; without them it is the whole match, but only what stands before
                 a gap of more than five tokens
===============  ======================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import ConfigError
from pipeline.record import Technique
from pipeline.text.word_patterns import Element, Found, Vocabulary, Words, find, parse

Direction = Literal["boost", "doom", "size"]
Texts = str | list[str]
NEAR: Final = "[^。]{0,12}"  # what `…` stands for in an expression


class Strict(BaseModel):
    """Base of what is read from data files: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Entry(Strict):
    find: Texts = []
    pattern: Texts = []
    weight: Annotated[float, Field(gt=0, lt=1)]
    direction: Direction | None = None
    unless: Texts = []
    without: Texts = []
    with_: Annotated[Texts, Field(alias="with")] = []
    measured: bool = True


class _CueFile(Strict):
    technique: Technique
    direction: Direction = "size"
    cues: list[_Entry]


class _LiteralFile(Strict):
    literal: dict[str, list[str]]


_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """One word pattern (``elements``) or regular expression with what it means."""

    name: str
    technique: Technique
    weight: float
    direction: Direction
    elements: tuple[Element, ...] = ()
    regex: re.Pattern[str] | None = None
    unless: tuple[re.Pattern[str], ...] = ()
    without: tuple[re.Pattern[str], ...] = ()
    needs: tuple[re.Pattern[str], ...] = ()
    measured: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue found at ``start:end`` (code points of the document)."""

    cue: Cue
    start: int
    end: int


class CueSet:
    """Cues, compiled: patterns are indexed by the words they begin with."""

    def __init__(self, cues: Sequence[Cue], literal: Mapping[str, Sequence[str]], fingerprint: str) -> None:
        """Compile. ``literal`` maps stems to plain uses, ``fingerprint`` identifies the files (for the signature)."""
        self.cues = list(cues)
        self.fingerprint = fingerprint
        self._literal = {stem: _regexes(list(uses)) for stem, uses in literal.items()}
        self._vocabulary = Vocabulary(word for cue in cues for element in cue.elements for word in element.words)
        self._by_word: dict[str, list[Cue]] = {}
        self._by_class: list[tuple[Cue, list[tuple[str, ...]]]] = []
        for cue in cues:
            self._index(cue)

    def __len__(self) -> int:
        """How many patterns there are."""
        return len(self.cues)

    def find(self, words: Words) -> list[Hit]:
        """Every cue in the sentence whose conditions hold, in order of position."""
        found = self._vocabulary.scan(words)
        hits = [hit for hit in self._candidates(words, found) if self._holds(hit, words)]
        return sorted(hits, key=lambda hit: (hit.start, hit.end))

    def _candidates(self, words: Words, found: Found) -> Iterator[Hit]:
        present = {word for at in found.values() for word in at}
        anywhere = [cue for cue, needed in self._by_class if all(not present.isdisjoint(some) for some in needed)]
        for start in range(len(words.tokens)):
            beginning = dict.fromkeys(cue for word in found.get(start, ()) for cue in self._by_word.get(word, ()))
            for cue in (*beginning, *anywhere):
                match = find(cue.elements, start, words, found)
                if match:
                    yield Hit(cue, *match)
        base = words.sentence.start
        for cue in self.cues:
            if cue.regex is None:
                continue
            group = "span" if "span" in cue.regex.groupindex else 0
            for m in cue.regex.finditer(words.sentence.text):
                if m.end(group) > m.start(group):
                    yield Hit(cue, base + m.start(group), base + m.end(group))

    def _holds(self, hit: Hit, words: Words) -> bool:
        """Whether the conditions of the cue hold where it was found, and the use is not a plain one."""
        cue, text, base = hit.cue, words.sentence.text, words.sentence.start
        start, end = hit.start - base, hit.end - base
        if any(_overlaps(regex, text, start, end) for regex in cue.unless):
            return False
        if any(regex.search(text) for regex in cue.without):
            return False
        if cue.needs and not any(regex.search(text) for regex in cue.needs):
            return False
        if not cue.measured and words.figures(hit.start, hit.end):
            return False
        stems = (stem for stem in self._literal if stem in text[start:end])
        return not any(_overlaps(regex, text, start, end) for stem in stems for regex in self._literal[stem])

    def _index(self, cue: Cue) -> None:
        """File a cue under every word it may begin with; if that may be a class of tokens, with the words it needs."""
        for element in cue.elements:
            if element.kind == "start":
                continue
            if element.kind != "words":
                needed = [e.words for e in cue.elements if e.kind == "words" and not e.optional]
                self._by_class.append((cue, needed))
                return
            for word in element.words:
                self._by_word.setdefault(word, []).append(cue)
            if not element.optional:
                return


def load_cues(path: Path) -> CueSet:
    """Read a cue file, or the cue files and the literal uses of a folder; its other files are left alone.

    Raises:
        ConfigError: naming the file, the entry and what is wrong with it.
    """
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    cues: list[Cue] = []
    literal: dict[str, list[str]] = {}
    content = sha256()
    for file in files:
        content.update(file.read_bytes())
        values = read_yaml(file)
        if isinstance(values, dict) and "cues" in values:
            cues += _compiled(validated(_CueFile, values, file), file)
        elif isinstance(values, dict) and "literal" in values:
            literal |= validated(_LiteralFile, values, file).literal
    if not cues:
        raise ConfigError(f"{path}: there are no cues.", remedy="A cue file has a technique and a list of cues.")
    try:
        return CueSet(cues, literal, content.hexdigest()[:8])
    except re.error as error:
        raise ConfigError(f"{path}: literal: {error}.", remedy="Correct the expression.") from error


def read_yaml(path: Path) -> Any:
    """The content of a YAML file. Raises ConfigError if it cannot be read."""
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}.", remedy="Correct the file.") from error


def validated(model: type[_Model], values: Any, path: Path) -> _Model:
    """Plain data as a model. Raises ConfigError that lists every entry that does not fit."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{path}: {faults}.", remedy="Correct these entries (counted from 0).") from error


def _compiled(file: _CueFile, path: Path) -> Iterator[Cue]:
    for number, entry in enumerate(file.cues):
        try:
            yield from _cues(entry, file)
        except (re.error, ValueError) as error:
            raise ConfigError(f"{path}: cues.{number}: {error}.", remedy="Correct the entry.") from error


def _cues(entry: _Entry, file: _CueFile) -> Iterator[Cue]:
    if not entry.find and not entry.pattern:
        raise ValueError("there is neither find nor pattern")
    common: dict[str, Any] = {
        "technique": file.technique, "weight": entry.weight, "direction": entry.direction or file.direction,
        "unless": _regexes(entry.unless), "without": _regexes(entry.without), "needs": _regexes(entry.with_),
        "measured": entry.measured,
    }  # fmt: skip
    for text in _list(entry.find):
        name = re.sub(r"[\[\]^$?]|/[^\s\]]+", "", text).strip()
        yield Cue(name=name, elements=parse(text), **common)
    for text in _list(entry.pattern):
        yield Cue(name=f"/{text}/", regex=_regexes(text)[0], **common)


def _list(texts: Texts) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _regexes(texts: Texts) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(text.replace("…", NEAR)) for text in _list(texts))


def _overlaps(regex: re.Pattern[str], text: str, start: int, end: int) -> bool:
    return any(m.start() < end and m.end() > start for m in regex.finditer(text))
