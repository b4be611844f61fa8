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
                 ``<number>`` (a quantity), ``<imperative>`` (一段 and 五段 imperatives)
``…``            up to eight tokens within a clause
``^`` ``$``      the beginning and the end of the sentence, marks aside
``[わずか]``     brackets choose the span; without them it is the whole match, but only what stands before
                 a gap of more than five tokens
===============  ======================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from sudachipy import Dictionary, SplitMode

from pipeline.errors import ConfigError
from pipeline.record import Quantity, Sentence, Technique, Token, layer

Direction = Literal["boost", "doom", "size"]
Texts = str | list[str]

MAX_GAP = 8  # tokens that `…` may pass over
SPAN_GAP = 5  # tokens of a gap that a span may contain
NEAR = "[^。]{0,12}"  # what `…` stands for in an expression
# Polite endings and the plain ones they count as; ます itself counts as nothing.
_PLAIN = {"です": "だ", "でし": "だっ", "でしょう": "だろう", "ます": "", "まし": "", "ませ": ""}
_POLITE_NEGATION = "ん"  # of ません
_CLOSERS = "。.!?！？」』”)）"
_E_ROW = dict(zip("うくぐすつぬぶむる", "えけげせてねべめれ", strict=True))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Entry(_Strict):
    find: Texts = []
    pattern: Texts = []
    weight: Annotated[float, Field(gt=0, lt=1)]
    direction: Direction | None = None
    unless: Texts = []
    without: Texts = []
    with_: Annotated[Texts, Field(alias="with")] = []
    measured: bool = True


_Model = TypeVar("_Model", bound=_Strict)


class _Literal(_Strict):
    literal: dict[str, list[str]]


class _File(_Strict):
    technique: Technique
    direction: Direction = "size"
    cues: list[_Entry]


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a word pattern: alternatives, or the name of a class of tokens."""

    words: tuple[str, ...] = ()
    kind: str = "words"
    tag: str = ""
    optional: bool = False
    opens: bool = False
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """One word pattern or regular expression with what it means."""

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

    @property
    def bracketed(self) -> bool:
        """Whether brackets choose the span."""
        return any(element.opens for element in self.elements)


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue found at ``start:end`` (code points of the document)."""

    cue: Cue
    start: int
    end: int


@dataclass
class Words:
    """A sentence as the matcher sees it. ``forms[i]`` are the ways to read token ``i``."""

    sentence: Sentence
    tokens: Sequence[Token] = field(init=False)
    forms: list[tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Work out the forms once."""
        self.tokens = layer(self.sentence.tokens)
        self.forms = [_forms(self.tokens, i) for i in range(len(self.tokens))]

    @cached_property
    def names(self) -> dict[int, int]:
        """First token to the token after the last, of each entity."""
        return self._spans(layer(self.sentence.entities))

    @cached_property
    def numbers(self) -> dict[int, int]:
        """First token to the token after the last, of each quantity."""
        return self._spans(layer(self.sentence.quantities))

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """The stretch between commas around ``start:end`` (code points of the document)."""
        base, text = self.sentence.start, self.sentence.text
        left = max(text.rfind(mark, 0, start - base) for mark in "、，,")
        rights = [at for mark in "、，," if (at := text.find(mark, end - base)) >= 0]
        return base + left + 1, base + min(rights, default=len(text))

    def _spans(self, spans: Sequence[Any]) -> dict[int, int]:
        found = {}
        for span in spans:
            inside = [i for i, t in enumerate(self.tokens) if t.start < span.end and t.end > span.start]
            if inside:
                found[inside[0]] = inside[-1] + 1
        return found


class CueSet:
    """Cues, compiled: words in one trie, patterns indexed by the words they begin with."""

    def __init__(self, cues: Sequence[Cue], literal: Mapping[str, Sequence[str]], fingerprint: str = "") -> None:
        """Compile. ``literal`` maps stems to plain uses, ``fingerprint`` identifies the files (for the signature)."""
        self.cues = list(cues)
        self._literal = {stem: _regexes(list(uses)) for stem, uses in literal.items()}
        self.fingerprint = fingerprint
        self._trie: dict[str, Any] = {}
        self._by_word: dict[str, list[Cue]] = {}
        self._by_class: list[Cue] = []
        self._regexes = [cue for cue in self.cues if cue.regex]
        normalize = _Normalizer()
        for cue in self.cues:
            for element in cue.elements:
                for word in element.words:
                    for form in normalize(word):
                        _insert(self._trie, form, word)
            if cue.elements:
                self._index(cue)

    def __len__(self) -> int:
        """How many patterns there are."""
        return len(self.cues)

    def find(self, words: Words) -> list[Hit]:
        """Every cue in the sentence whose conditions hold, in order of position."""
        ends = _scan(self._trie, words.forms)
        hits: dict[tuple[int, int, int], Hit] = {}
        for start in range(len(words.tokens)):
            for cue in self._candidates(ends.get(start, {})):
                found = _match(cue, 0, start, words, ends, None, None)
                if found and self._fits(hit := _hit(cue, words, *found), words):
                    hits[id(cue), hit.start, hit.end] = hit
        for cue in self._regexes:
            for hit in _search(cue, words.sentence):
                if self._fits(hit, words):
                    hits[id(cue), hit.start, hit.end] = hit
        return sorted(hits.values(), key=lambda h: (h.start, h.end))

    def _fits(self, hit: Hit, words: Words) -> bool:
        if not _conditions_hold(hit, words):
            return False
        text, base = words.sentence.text, words.sentence.start
        start, end = hit.start - base, hit.end - base
        found = text[start:end]
        return not any(
            _overlaps(regex, text, start, end) for stem, uses in self._literal.items() if stem in found for regex in uses
        )

    def _index(self, cue: Cue) -> None:
        for element in cue.elements:
            if element.kind == "start":
                continue
            if element.kind != "words":
                self._by_class.append(cue)
                return
            for word in element.words:
                self._by_word.setdefault(word, []).append(cue)
            if not element.optional:
                return

    def _candidates(self, starting: Mapping[str, set[int]]) -> Iterator[Cue]:
        for word in starting:
            yield from self._by_word[word] if word in self._by_word else ()
        yield from self._by_class


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
            cues += _compile(values, file)
        elif isinstance(values, dict) and "literal" in values:
            literal |= _validated(_Literal, values, file).literal
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
        raise ConfigError(f"{path}: cannot be read: {error}", remedy="Correct the file.") from error


def measures(words: Words, start: int, end: int) -> list[Quantity]:
    """The figures in the clause around ``start:end`` (code points of the document)."""
    left, right = words.clause(start, end)
    return [q for q in layer(words.sentence.quantities) if q.start >= left and q.end <= right]


def is_imperative(token: Token, following: Token | None) -> bool:
    """Whether a verb stands in the imperative (急げ, やめろ, せよ, 来い) at the end of its clause."""
    ends = following is None or following.tag.startswith(("補助記号", "助詞-終助詞", "空白")) or following.text == "よ"
    if not token.tag.startswith("動詞") or not ends:
        return False
    stem, last = token.lemma[:-1], token.lemma[-1]
    if token.lemma in ("する", "為る"):
        return token.text in ("しろ", "せよ")
    if token.text in ("来い", "こい"):
        return token.lemma in ("来る", "くる")
    return token.text in (stem + _E_ROW.get(last, ""), stem + "ろ", stem + "よ") and token.text != stem


def _validated(model: type[_Model], values: Mapping[str, Any], file: Path) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{file}: {faults}.", remedy="Correct these entries (counted from 0).") from error


def _compile(values: Mapping[str, Any], file: Path) -> Iterator[Cue]:
    source = _validated(_File, values, file)
    for number, entry in enumerate(source.cues):
        try:
            yield from _cues(entry, source)
        except (re.error, ValueError) as error:
            raise ConfigError(f"{file}: cues.{number}: {error}.", remedy="Correct the pattern.") from error


def _cues(entry: _Entry, source: _File) -> Iterator[Cue]:
    common = {
        "technique": source.technique, "weight": entry.weight, "direction": entry.direction or source.direction,
        "unless": _regexes(entry.unless), "without": _regexes(entry.without), "needs": _regexes(entry.with_),
        "measured": entry.measured,
    }  # fmt: skip
    if not entry.find and not entry.pattern:
        raise ValueError("neither find nor pattern")
    for text in _list(entry.find):
        name = re.sub(r"[\[\]^$?]|/\S+", "", text).strip()
        yield Cue(name=name, elements=parse(text), **common)  # type: ignore[arg-type]
    for text in _list(entry.pattern):
        yield Cue(name=f"/{text}/", regex=_regexes(text)[0], **common)  # type: ignore[arg-type]


def parse(text: str) -> tuple[Element, ...]:
    """The elements of a word pattern. Raises ValueError if brackets or classes are wrong, or nothing is left."""
    elements = tuple(_element(part) for part in text.split())
    if sum(e.opens for e in elements) != sum(e.closes for e in elements) or sum(e.opens for e in elements) > 1:
        raise ValueError(f"brackets do not pair in {text!r}")
    if all(e.optional or e.kind in ("start", "end", "gap") for e in elements):
        raise ValueError(f"{text!r} names no word")
    return elements


_MARKS = {"…": "gap", "^": "start", "$": "end"}
_CLASSES = {"noun", "verb", "adjective", "name", "number", "imperative"}


def _element(part: str) -> Element:
    opens, closes = part.startswith("["), part.endswith("]")
    part = part.removeprefix("[").removesuffix("]")
    optional = part.endswith("?")
    part = part.removesuffix("?")
    if part in _MARKS:
        return Element(kind=_MARKS[part], opens=opens, closes=closes)
    if part.startswith("<"):
        if part[1:-1] not in _CLASSES:
            raise ValueError(f"there is no class {part}; there are {', '.join(sorted(_CLASSES))}")
        return Element(kind=part[1:-1], optional=optional, opens=opens, closes=closes)
    word, _, tag = part.partition("/")
    return Element(words=tuple(word.split("|")), tag=tag, optional=optional, opens=opens, closes=closes)


def _list(texts: Texts) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _regexes(texts: Texts) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(text.replace("…", NEAR)) for text in _list(texts))


class _Normalizer:
    """The forms under which a cue's words are looked up: as written, and with each word normalized."""

    def __init__(self) -> None:
        self._tokenizer = Dictionary(dict="core").create(mode=SplitMode.C)

    def __call__(self, text: str) -> set[str]:
        parts = [
            m.surface() if m.part_of_speech()[0] in ("助詞", "助動詞") else
            _norm(m.surface(), m.dictionary_form(), m.normalized_form()) if m.surface() == m.dictionary_form() else
            m.surface()
            for m in self._tokenizer.tokenize(text)
        ]  # fmt: skip
        return {text, "".join(parts)}


def _norm(text: str, lemma: str, norm: str) -> str:
    """The normalized form, but not where it drops the potential (勝てる to 勝つ)."""
    potential = len(lemma) > 1 and lemma[-1] == "る" and lemma[-2] in _E_ROW.values() and lemma[-2:] != norm[-2:]
    return lemma if potential else norm or text


def _forms(tokens: Sequence[Token], i: int) -> tuple[str, ...]:
    token = tokens[i]
    if token.tag == "助動詞" or token.pos == "AUX":
        if token.text in ("な", "に"):  # of な-adjectives; else 明白だ would find 明白に
            return (token.text,)
        if token.text in _PLAIN:
            return (token.text, _PLAIN[token.text])
        if token.text == _POLITE_NEGATION or token.lemma in ("ぬ", "ず", "無い"):
            return (token.text, token.lemma, "ない")
    return tuple(dict.fromkeys((token.text, token.lemma, _norm(token.text, token.lemma, token.norm))))


def _insert(trie: dict[str, Any], form: str, word: str) -> None:
    for character in form:
        trie = trie.setdefault(character, {})
    trie.setdefault("", set()).add(word)


def _scan(trie: Mapping[str, Any], forms: Sequence[tuple[str, ...]]) -> dict[int, dict[str, set[int]]]:
    """First token to word to the tokens after it, for every word of the trie in the sentence."""
    found: dict[int, dict[str, set[int]]] = {}
    for start in range(len(forms)):
        stack: list[tuple[Mapping[str, Any], int]] = [(trie, start)]
        while stack:
            node, i = stack.pop()
            for form in forms[i]:
                if i == start and not form:
                    continue
                after = _walk(node, form)
                if after is None:
                    continue
                for word in after.get("", ()):
                    found.setdefault(start, {}).setdefault(word, set()).add(i + 1)
                if i + 1 < len(forms):
                    stack.append((after, i + 1))
    return found


def _walk(node: Mapping[str, Any], form: str) -> Mapping[str, Any] | None:
    for character in form:
        if character not in node:
            return None
        node = node[character]
    return node


_Ends = Mapping[int, Mapping[str, set[int]]]
# Tokens of the span and of the first gap over SPAN_GAP: (first, after last).
_Found = tuple[int, int]


def _match(
    cue: Cue, k: int, i: int, words: Words, ends: _Ends, opened: int | None, closed: int | None, first: int | None = None
) -> _Found | None:
    """Match the elements from ``k`` on at token ``i``; the span in tokens, or None."""
    first = i if first is None else first
    if k == len(cue.elements):
        return (first if opened is None else opened, i if closed is None else closed)
    element = cue.elements[k]
    if element.opens:
        opened = i
    for end in _element_ends(element, i, words, ends):
        shut = end if element.closes else closed
        if element.kind == "gap" and end - i > SPAN_GAP and not cue.bracketed and shut is None:
            shut = i
        found = _match(cue, k + 1, end, words, ends, opened, shut, first)
        if found:
            return found
    return None


def _element_ends(element: Element, i: int, words: Words, ends: _Ends) -> Iterator[int]:
    if element.kind == "gap":
        yield from _gap(i, words.tokens)
    elif element.kind == "start":
        if all(t.tag.startswith(("補助記号", "空白")) for t in words.tokens[:i]):
            yield i
    elif element.kind == "end":
        if all(t.text in _CLOSERS or t.tag.startswith(("補助記号", "空白")) for t in words.tokens[i:]):
            yield i
    elif i < len(words.tokens):
        if element.kind != "words":
            yield from _class_ends(element.kind, i, words)
        elif words.tokens[i].tag.startswith(element.tag):
            for word in element.words:
                yield from sorted(ends.get(i, {}).get(word, ()), reverse=True)
    if element.optional:
        yield i


def _gap(i: int, tokens: Sequence[Token]) -> Iterator[int]:
    for end in range(i, min(i + MAX_GAP, len(tokens)) + 1):
        yield end
        if end < len(tokens) and tokens[end].tag.startswith("補助記号"):
            return


def _class_ends(kind: str, i: int, words: Words) -> Iterator[int]:
    token = words.tokens[i]
    if kind == "name" and i in words.names:
        yield words.names[i]
    elif kind == "number" and i in words.numbers:
        yield words.numbers[i]
    elif kind == "noun":
        end = i
        while end < len(words.tokens) and _is_noun(words.tokens[end]):
            end += 1
        if end > i:
            yield end
    elif kind == "verb" and token.tag.startswith("動詞"):
        yield i + 1
    elif kind == "adjective" and token.tag.startswith(("形容詞", "形状詞")):
        yield i + 1
    elif kind == "imperative":
        following = words.tokens[i + 1] if i + 1 < len(words.tokens) else None
        if is_imperative(token, following):
            yield i + 1


def _is_noun(token: Token) -> bool:
    return token.tag.startswith(("名詞", "接尾辞-名詞的", "接頭辞", "形状詞"))


def _hit(cue: Cue, words: Words, first: int, after: int) -> Hit:
    return Hit(cue, words.tokens[first].start, words.tokens[max(after, first + 1) - 1].end)


def _search(cue: Cue, sentence: Sentence) -> Iterator[Hit]:
    assert cue.regex is not None
    group = "span" if "span" in cue.regex.groupindex else 0
    for match in cue.regex.finditer(sentence.text):
        start, end = match.span(group)
        if end > start:
            yield Hit(cue, sentence.start + start, sentence.start + end)


def _overlaps(regex: re.Pattern[str], text: str, start: int, end: int) -> bool:
    return any(m.start() < end and m.end() > start for m in regex.finditer(text))


def _conditions_hold(hit: Hit, words: Words) -> bool:
    cue, text, base = hit.cue, words.sentence.text, words.sentence.start
    start, end = hit.start - base, hit.end - base
    if any(_overlaps(regex, text, start, end) for regex in cue.unless):
        return False
    if any(regex.search(text) for regex in cue.without):
        return False
    if cue.needs and not any(regex.search(text) for regex in cue.needs):
        return False
    return cue.measured or not measures(words, hit.start, hit.end)
