"""A sentence's dependency tree as GiNZA writes it (Universal Dependencies for Japanese).

Indices are token indices within the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from pipeline.record import Token

# Parts of speech and relations of tokens that carry grammar alone (Universal Dependencies v2).
_FUNCTION_POS: Final = frozenset({"ADP", "AUX", "SCONJ", "PART"})
_FUNCTION_DEP: Final = frozenset({"case", "aux", "cop", "mark", "fixed"})
_NOMINALIZERS: Final = ("さ", "み")  # 強さ, 強み: what follows is the noun's particle
_CLOSERS: Final = '」』”"’)）】》'
_NEGATIONS: Final = frozenset({"ない", "ぬ", "ず", "まい", "無い", "ん"})


class Tree:
    """Reads heads, particles and phrases off the tokens of one sentence."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        """Keep the tokens of one sentence."""
        self.tokens = tokens
        self._deps = [token.dep.partition(":")[0] for token in tokens]
        self.children: list[list[int]] = [[] for _ in tokens]
        for i, token in enumerate(tokens):
            if token.head != i:
                self.children[token.head].append(i)

    def __len__(self) -> int:
        """How many tokens there are."""
        return len(self.tokens)

    def dep(self, i: int) -> str:
        """The relation to the head, without its subtype."""
        return self._deps[i]

    def head(self, i: int) -> int:
        """The head; the token itself at the root."""
        return self.tokens[i].head

    def is_function(self, i: int) -> bool:
        """Whether the token carries grammar alone."""
        token = self.tokens[i]
        return self._deps[i] in _FUNCTION_DEP or token.pos in _FUNCTION_POS

    def is_grammar(self, i: int) -> bool:
        """Whether the token's relation to its head is purely grammatical."""
        return self._deps[i] in _FUNCTION_DEP

    def is_negation(self, i: int) -> bool:
        """Whether the token is ない, ず, ぬ or まい."""
        token = self.tokens[i]
        return token.lemma in _NEGATIONS and (token.pos in ("AUX", "ADJ") or self._deps[i] in _FUNCTION_DEP)

    @cached_property
    def _tails(self) -> list[range]:
        tails: list[range] = [range(0)] * len(self)
        end = len(self)
        for i in range(len(self) - 1, -1, -1):
            if i + 1 < len(self) and not (self.is_function(i + 1) or self.tokens[i + 1].text in _CLOSERS):
                end = i + 1
            tails[i] = range(i + 1, end)
        return tails

    def negates(self, i: int, child: int) -> bool:
        """Whether the token is the ない of 悪くない, which GiNZA may make the head of 悪く."""
        near = all(self.is_function(j) for j in range(child + 1, i))
        predicate = self.tokens[child].pos in ("ADJ", "VERB") and self.tail_text(child) in ("", "は", "も")
        return child < i and near and predicate and self.is_negation(i)

    def tail(self, i: int) -> range:
        """The function tokens that follow directly, closing marks among them: でき, ない, と, は after 信頼."""
        return self._tails[i]

    def tail_text(self, i: int) -> str:
        """The tail as it is written."""
        return "".join(self.tokens[j].text for j in self.tail(i))

    def particle(self, i: int) -> str:
        """The particles that follow directly, such as には, に対する or によると; empty where there are none."""
        text = ""
        for j in self.tail(i):
            token = self.tokens[j]
            if token.text in _CLOSERS or token.text in _NOMINALIZERS:
                continue
            if token.pos != "ADP" and self._deps[j] != "fixed":
                break
            text += token.text
        return text

    def is_predicate(self, i: int) -> bool:
        """Whether something is said with the token: a verb, an adjective, a noun with a copula or a subject."""
        token = self.tokens[i]
        if token.pos in ("VERB", "ADJ") or self.dep(i) in ("advcl", "acl", "ccomp", "csubj"):
            return True
        return self.head(i) == i or any(self.dep(c) in ("cop", "aux", "nsubj") for c in self.children[i])

    def is_clause(self, i: int) -> bool:
        """Whether a conjunction follows the token, so that it heads a clause whatever its relation says."""
        return any(self.tokens[j].pos == "SCONJ" for j in self.tail(i)) and self.dep(i) not in ("acl", "nmod")

    def phrase(self, i: int) -> tuple[int, int]:
        """The compound that ends in a noun, as a range of tokens: 佐藤 and 氏."""
        start = i
        while start > 0 and self.tokens[start - 1].head in range(start, i + 1) and self.dep(start - 1) == "compound":
            start -= 1
        return start, i + 1

    def subtree(self, i: int) -> Iterator[int]:
        """The token and all below it."""
        stack = [i]
        while stack:
            node = stack.pop()
            yield node
            stack += self.children[node]

    def outermost(self, start: int, end: int) -> int:
        """The last content token of a range whose head lies outside it."""
        outside = [i for i in range(start, end) if not start <= self.head(i) < end or self.head(i) == i]
        content = [i for i in outside if not self.is_function(i)]
        return (content or outside)[-1]
