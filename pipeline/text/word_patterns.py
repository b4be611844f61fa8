"""Word patterns: rows of words, word classes and gaps, found in a sentence whatever the inflection and spelling.

The language is described in :mod:`pipeline.text.cues`, which uses it. Words are matched against whole tokens, each in
its written, dictionary or normalized form, so a pattern need not know how the tokenizer cuts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

from sudachipy import Dictionary, SplitMode

from pipeline.record import Quantity, Sentence, Token, layer

MAX_GAP: Final = 8  # tokens that `…` may pass over
SPAN_GAP: Final = 5  # tokens of a gap that a span may contain
CLASSES: Final = frozenset({"noun", "verb", "adjective", "name", "number", "imperative"})
_MARKS: Final = {"…": "gap", "^": "start", "$": "end"}
# Polite endings and the plain ones they count as; ます itself counts as nothing.
_PLAIN: Final = {
    "です": ("だ",), "でし": ("だっ",), "でしょう": ("だろう", "だ"), "ます": ("",), "まし": ("",), "ませ": ("",),
}  # fmt: skip
_NEGATIONS: Final = frozenset({"ぬ", "ず", "無い"})
_E_ROW: Final = dict(zip("うくぐすつぬぶむる", "えけげせてねべめれ", strict=True))
_SYMBOLS: Final = ("補助記号", "空白")
_CLASS_TAGS: Final = {"verb": ("動詞",), "adjective": ("形容詞", "形状詞", "名詞-普通名詞-形状詞可能")}
_NOUNS: Final = ("名詞", "接尾辞-名詞的", "接頭辞", "形状詞")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a pattern: alternative words, or a kind of token (a class, a gap, the start or the end)."""

    words: tuple[str, ...] = ()
    kind: str = "words"
    tag: str = ""
    optional: bool = False
    opens: bool = False
    closes: bool = False


class Match(NamedTuple):
    """The span of a match at ``start:end`` (code points of the document)."""

    start: int
    end: int


@dataclass
class Words:
    """A sentence as patterns see it. ``forms[i]`` are the ways to read token ``i``."""

    sentence: Sentence
    tokens: Sequence[Token] = field(init=False)
    forms: list[tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Work out the forms once."""
        self.tokens = layer(self.sentence.tokens)
        self.forms = [_forms(token) for token in self.tokens]

    @cached_property
    def names(self) -> dict[int, int]:
        """First token to the token after the last, of each entity."""
        return self._ranges(layer(self.sentence.entities))

    @cached_property
    def numbers(self) -> dict[int, int]:
        """First token to the token after the last, of each quantity."""
        return self._ranges(layer(self.sentence.quantities))

    def figures(self, start: int, end: int) -> list[Quantity]:
        """The quantities between the commas around ``start:end`` (code points of the document)."""
        base, text = self.sentence.start, self.sentence.text
        left = max(text.rfind(mark, 0, start - base) for mark in "、，,")
        right = min((at for mark in "、，," if (at := text.find(mark, end - base)) >= 0), default=len(text))
        return [q for q in layer(self.sentence.quantities) if q.start > base + left and q.end <= base + right]

    def _ranges(self, spans: Sequence[Any]) -> dict[int, int]:
        found = {}
        for span in spans:
            inside = [i for i, t in enumerate(self.tokens) if t.start < span.end and t.end > span.start]
            if inside:
                found[inside[0]] = inside[-1] + 1
        return found


def parse(text: str) -> tuple[Element, ...]:
    """The elements of a pattern. Raises ValueError if brackets or classes are wrong, or no word is named."""
    elements = tuple(_element(part) for part in text.split())
    if sum(e.opens for e in elements) != sum(e.closes for e in elements) or sum(e.opens for e in elements) > 1:
        raise ValueError(f"brackets do not pair in {text!r}")
    if all(e.optional or e.kind in _MARKS.values() for e in elements):
        raise ValueError(f"{text!r} names no word")
    return elements


def _element(part: str) -> Element:
    opens, closes = part.startswith("["), part.endswith("]")
    part = part.removeprefix("[").removesuffix("]")
    optional = part.endswith("?")
    part = part.removesuffix("?")
    if part in _MARKS:
        return Element(kind=_MARKS[part], opens=opens, closes=closes)
    if part.startswith("<"):
        if part[1:-1] not in CLASSES:
            raise ValueError(f"there is no class {part}; there are {', '.join(sorted(CLASSES))}")
        return Element(kind=part[1:-1], optional=optional, opens=opens, closes=closes)
    word, _, tag = part.partition("/")
    return Element(words=tuple(word.split("|")), tag=tag, optional=optional, opens=opens, closes=closes)


class Vocabulary:
    """The words of all patterns in one trie; :meth:`scan` finds them in a sentence."""

    def __init__(self, words: Iterator[str]) -> None:
        """Normalize and index the words."""
        self._trie: dict[str, Any] = {}
        tokenizer = Dictionary(dict="core").create(mode=SplitMode.C)
        for word in words:
            for form in {word, "".join(_normalized(m) for m in tokenizer.tokenize(word))}:
                node = self._trie
                for character in form:
                    node = node.setdefault(character, {})
                node.setdefault("", set()).add(word)

    def scan(self, words: Words) -> Found:
        """First token to word to the tokens after it, for every word of the vocabulary in the sentence."""
        found: dict[int, dict[str, set[int]]] = {}
        for start in range(len(words.forms)):
            stack: list[tuple[Mapping[str, Any], int]] = [(self._trie, start)]
            while stack:
                node, i = stack.pop()
                for form in words.forms[i]:
                    after = _walk(node, form) if form or i > start else None
                    if after is None:
                        continue
                    for word in after.get("", ()):
                        found.setdefault(start, {}).setdefault(word, set()).add(i + 1)
                    if i + 1 < len(words.forms):
                        stack.append((after, i + 1))
        return found


Found = Mapping[int, Mapping[str, set[int]]]


def find(elements: Sequence[Element], start: int, words: Words, found: Found) -> Match | None:
    """The first match of a pattern that begins at token ``start``; ``found`` is what the vocabulary's scan gave."""
    span = _follow(elements, start, words, found, _Trace(start))
    if span is None:
        return None
    first, after = span
    return Match(words.tokens[first].start, words.tokens[max(after, first + 1) - 1].end)


def is_imperative(token: Token, following: Token | None) -> bool:
    """Whether a verb stands in the imperative (急げ, やめろ, せよ, 来い) at the end of its clause."""
    ends = following is None or following.tag.startswith((*_SYMBOLS, "助詞-終助詞"))
    if not token.tag.startswith("動詞") or not ends:
        return False
    stem, last = token.lemma[:-1], token.lemma[-1]
    if token.lemma in ("する", "為る"):
        return token.text in ("しろ", "せよ")
    if token.text in ("来い", "こい"):
        return token.lemma in ("来る", "くる")
    return token.text in (stem + _E_ROW.get(last, ""), stem + "ろ", stem + "よ") and token.text != stem


class _Trace(NamedTuple):
    """Where the span of a match under way begins and ends, in tokens; None: not settled."""

    first: int
    opened: int | None = None
    closed: int | None = None


def _follow(elements: Sequence[Element], i: int, words: Words, found: Found, trace: _Trace) -> tuple[int, int] | None:
    if not elements:
        return trace.first if trace.opened is None else trace.opened, i if trace.closed is None else trace.closed
    element = elements[0]
    if element.opens:
        trace = trace._replace(opened=i)
    for end in _ends(element, i, words, found):
        after = trace._replace(closed=end) if element.closes else trace
        if element.kind == "gap" and end - i > SPAN_GAP and after.opened is None and after.closed is None:
            after = after._replace(closed=i)
        span = _follow(elements[1:], end, words, found, after)
        if span:
            return span
    return None


def _ends(element: Element, i: int, words: Words, found: Found) -> Iterator[int]:
    tokens = words.tokens
    if element.kind == "gap":
        yield from _gap(i, tokens)
    elif element.kind == "start":
        if all(t.tag.startswith(_SYMBOLS) for t in tokens[:i]):
            yield i
    elif element.kind == "end":
        if all(t.tag.startswith(_SYMBOLS) for t in tokens[i:]):
            yield i
    elif i < len(tokens):
        if element.kind != "words":
            yield from _class_ends(element.kind, i, words)
        elif tokens[i].tag.startswith(element.tag):
            for word in element.words:
                yield from sorted(found.get(i, {}).get(word, ()), reverse=True)
    if element.optional:
        yield i


def _gap(i: int, tokens: Sequence[Token]) -> Iterator[int]:
    for end in range(i, min(i + MAX_GAP, len(tokens)) + 1):
        yield end
        if end < len(tokens) and tokens[end].tag.startswith(_SYMBOLS):
            return


def _class_ends(kind: str, i: int, words: Words) -> Iterator[int]:
    token = words.tokens[i]
    if kind == "name" and i in words.names:
        yield words.names[i]
    elif kind == "number" and i in words.numbers:
        yield words.numbers[i]
    elif kind == "noun":
        end = i
        while end < len(words.tokens) and words.tokens[end].tag.startswith(_NOUNS):
            end += 1
        if end > i:
            yield end
    elif kind == "imperative":
        if is_imperative(token, words.tokens[i + 1] if i + 1 < len(words.tokens) else None):
            yield i + 1
    elif token.tag.startswith(_CLASS_TAGS.get(kind, ())):
        yield i + 1


def _walk(node: Mapping[str, Any], form: str) -> Mapping[str, Any] | None:
    for character in form:
        if character not in node:
            return None
        node = node[character]
    return node


def _forms(token: Token) -> tuple[str, ...]:
    if token.tag == "助動詞" or token.pos == "AUX":
        if token.text in ("な", "に"):  # of な-adjectives; else 明白だ would find 明白に
            return (token.text,)
        if token.text in _PLAIN:
            return (token.text, *_PLAIN[token.text])
        if token.text == "ん" or token.lemma in _NEGATIONS:  # ん of ません
            return (token.text, token.lemma, "ない")
    return tuple(dict.fromkeys((token.text, token.lemma, _norm(token.text, token.lemma, token.norm))))


def _normalized(morpheme: Any) -> str:
    """A word of a pattern in its normalized form, where it stands in its dictionary form."""
    text, lemma = morpheme.surface(), morpheme.dictionary_form()
    if morpheme.part_of_speech()[0] in ("助詞", "助動詞") or text != lemma:
        return str(text)
    return _norm(text, lemma, morpheme.normalized_form())


def _norm(text: str, lemma: str, norm: str) -> str:
    """The normalized form, but not where it drops the potential (勝てる to 勝つ)."""
    potential = len(lemma) > 1 and lemma[-1] == "る" and lemma[-2] in _E_ROW.values() and lemma[-2:] != norm[-2:]
    return lemma if potential else norm or text
