"""Who did what to whom, and whose is which figure, where the order of the English shows it.

Only strong evidence counts: two names whose particles tell their roles, each once in the English, with nothing between
them that would turn the roles round (a passive, a relative clause, a comma).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pipeline.record import Entity, Quantity, Sentence
from pipeline.text.syntax import Tree
from pipeline.translation.names import locate
from pipeline.translation.numbers import read_english

_SUBJECT: Final = frozenset({"が", "は"})
_OBJECT: Final = frozenset({"を", "に"})
_FROM: Final = frozenset({"から"})
_TO: Final = frozenset({"へ", "に"})
_THAN: Final = frozenset({"より", "よりも"})
# Verbs whose subject receives: Aが Bに もらう is "A got it from B", and AがBに勝つ is as good as "B lost to A".
_RECEIVES: Final = frozenset(
    "もらう 受ける 学ぶ 習う 教わる 借りる 敗れる 負ける 代わる 続く なる 似る 劣る ある いる できる 聞く 勝つ 買う".split()
)
_TURNED: Final = re.compile(
    r"[,;:()\"“”]|\b(?:by|from|which|who|whom|that|whose|and|or|as|when|where|because|after|before|while|than|is|are|was|were"
    r"|be|been|being|gets?|got|has|have|had)\b",
    re.IGNORECASE,
)
_PASSIVE: Final = re.compile(
    r"\b(?:by|from|was|were|is|are|be|been|being|gets?|got|had|suffer\w*|receiv\w*|face[sd]?|under)\b"
)
_PREPOSITION: Final = re.compile(
    r"\b(?:of|to|for|from|in|with|by|at|against|on|over|into|between|and|or|as|than)(?: the)? ?\Z"
)
_MOST_BETWEEN: Final = 6  # words between the names of a plain clause


class _Place(NamedTuple):
    """A name of the sentence: its last token, its particle, and where the English has it."""

    entity: Entity
    token: int
    particle: str
    start: int
    end: int


def swapped_names(sentence: Sentence, english: str) -> list[str]:
    """Pairs of names whose roles the English turns round."""
    tree = Tree(sentence.tokens or [])
    places = list(_places(sentence, tree, english))
    faults = []
    for one in places:
        for other in places:
            if one is other or (other.token < one.token and not {one.particle, other.particle} & (_THAN | _FROM)):
                continue
            if _is_turned(tree, one, other, english):
                faults.append(
                    f"{one.entity.text}{one.particle}…{other.entity.text}{other.particle} → the two are swapped"
                )
    return faults[:1]


def swapped_figures(sentence: Sentence, english: str) -> list[str]:
    """Figures that stand with another name than theirs, in a list of names each with its figure."""
    names = [e for e in sentence.entities or [] if e.name_en]
    figures = sentence.quantities or []
    spans: list[Entity | Quantity] = sorted([*names, *figures], key=lambda span: span.start)
    if len(spans) < 4 or any(isinstance(span, Entity) is not (i % 2 == 0) for i, span in enumerate(spans)):
        return []
    pairs = list(zip(names, figures, strict=False))
    if len(names) != len(figures) or len({q.en for q in figures}) < len(figures):
        return []
    where = [(locate(name, english), _locate_figure(figure, english)) for name, figure in pairs]
    if any(n is None or f is None for n, f in where):
        return []
    known = [(n[0], f) for n, f in where if n is not None and f is not None]
    order = sorted(
        [(n, "name", i) for i, (n, _) in enumerate(known)] + [(f, "figure", i) for i, (_, f) in enumerate(known)]
    )
    if any((kind == "name") is not (i % 2 == 0) for i, (_, kind, _) in enumerate(order)):
        return []
    for (_, _, name), (_, _, figure) in zip(order[::2], order[1::2], strict=True):
        if name != figure:
            return [f"{pairs[name][0].text} → {pairs[figure][1].en} belongs to {pairs[figure][0].text}"]
    return []


def _places(sentence: Sentence, tree: Tree, english: str) -> Iterator[_Place]:
    entities = [e for e in sentence.entities or [] if e.name_en]
    for entity in entities:
        if sum(other.name_en == entity.name_en for other in entities) > 1:
            continue
        tokens = [i for i, t in enumerate(tree.tokens) if entity.start <= t.start and t.end <= entity.end]
        found = locate(entity, english)
        if tokens and found:
            last = tokens[-1]
            while last + 1 < len(tree) and tree.tokens[last + 1].tag.startswith("接尾辞"):
                last += 1
            yield _Place(entity, last, tree.particle(last), *found)


def _is_turned(tree: Tree, one: _Place, other: _Place, english: str) -> bool:
    between = english[min(one.end, other.end) : max(one.start, other.start)]
    if one.particle in _FROM and other.particle in _TO and tree.head(one.token) == tree.head(other.token):
        return _follows("from", other, english) and _follows("to", one, english)
    if tree.head(one.token) != tree.head(other.token) or one.particle not in _SUBJECT:
        return False
    if other.particle in _THAN:
        return (
            other.end <= one.start
            and bool(re.search(r"\bthan(?: the| that of)? ?\Z", between))
            and "not" not in between
        )
    if other.particle not in _OBJECT:
        return False
    predicate = tree.head(one.token)
    if predicate in (one.token, other.token) or _words(tree, predicate) & _RECEIVES:
        return False
    if _words(tree, predicate) & {"れる", "られる"}:
        return other.particle == "に" and one.end <= other.start and _is_plain(between) and not _PASSIVE.search(between)
    if _words(tree, predicate) & {"せる", "させる", "くれる", "あげる"}:
        return False
    return other.end <= one.start and _is_plain(between) and not _PREPOSITION.search(english[: other.start])


def _is_plain(between: str) -> bool:
    return not between.startswith(("'", "’")) and len(between.split()) <= _MOST_BETWEEN and not _TURNED.search(between)


def _words(tree: Tree, predicate: int) -> set[str]:
    return {tree.tokens[i].lemma for i in (predicate, *tree.tail(predicate))}


def _follows(word: str, place: _Place, english: str) -> bool:
    return re.search(rf"\b{word}(?: the)? ?\Z", english[: place.start]) is not None


def _locate_figure(figure: Quantity, english: str) -> int | None:
    wanted = read_english(figure.en)
    found = [n for n in read_english(english) if any(n.matches(w) for w in wanted)]
    if len(found) != 1 or english.count(found[0].text) != 1:
        return None
    return english.index(found[0].text)
