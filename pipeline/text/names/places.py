"""Places, peoples and countries, by the dictionary and by the words beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.record import EntityLabel
from pipeline.text.names.candidates import Line, Name, Rank
from pipeline.text.names.lexicon import Knowledge
from pipeline.text.names.shapes import ADMINISTRATIVE, COUNTRY, glues, is_administrative

# Particles after places rather than after persons.
_LOCATING: Final = frozenset("で へ から まで".split())
_PEOPLE: Final = re.compile(r"人(?![々間類材員口工気物生文権])|国民")
_COUNTRIES: Final = re.compile(rf"[{COUNTRY}]{{2,4}}")
# Such strings that are other words: Chunichi, Asahi, Taichung, Central America, daytime, the West and the like.
_NO_COUNTRIES: Final = frozenset({"中日", "朝日", "台中", "中米", "日中", "印加", "加中", "欧米"})
_NOT_DAYTIME: Final = re.compile(r"日中(?=韓|両|関係|首脳|外交|共同|貿易|友好|間|国交|経済|対立|米|戦争)")
_AFTER_COUNTRY: Final = re.compile(
    r"政府|政権|大統領|副大統領|首相|軍|議会|上院|下院|連邦|当局|企業|大手|新興|メディア|紙|テック|半導体|国債|最高裁|"
    r"商務|国務|国防|財務|司法|エネルギー省|外相|高官|国民|本土|西海岸|東海岸|市場|経済|消費者|通信|自動車|物価|株|"
    r"[ァ-ヺー]{2,}|[A-Z][A-Za-z]+"
)
# Before the name of a country in one character.
_BOUNDARY: Final = frozenset(" 　\n、。「『（(［[・はがのをにとでもやへ,/:;—─―•◆■")


def places(line: Line, known: Knowledge) -> Iterator[Name]:
    """Countries by the dictionary, and places with the word for what they are (テキサス州)."""
    for i, token in enumerate(line.tokens):
        if "地名" not in token.tag:
            continue
        after = line.tokens[i + 1] if i + 1 < len(line.tokens) else None
        if after and after.text in ADMINISTRATIVE and after.start == token.end:
            yield Name(token.start, after.end, "GPE", "rule:place", Rank.RULE)
        elif token.tag.endswith("地名-国") or is_administrative(token):
            yield Name(token.start, token.end, "GPE", "rule:place", Rank.RULE)
        elif _stands_free(line, i, known):
            yield Name(token.start, token.end, "GPE", "rule:dictionary", Rank.RULE)


def _stands_free(line: Line, i: int, known: Knowledge) -> bool:
    """Whether the dictionary's place stands by itself, as surnames that are places too do not: 山口で."""
    token = line.tokens[i]
    before, after = (line.tokens[j] if 0 <= j < len(line.tokens) else None for j in (i - 1, i + 1))
    glued = any(t is not None and glues(t) and (t.end == token.start or t.start == token.end) for t in (before, after))
    located = after is not None and after.text in _LOCATING
    return len(token.text) > 1 and not glued and (located or not known.lexicon.may_be(token.text, "人名"))


def peoples(line: Line, known: Knowledge) -> Iterator[Name]:
    """日本人, アメリカ人, ウクライナ国民."""
    for match in _PEOPLE.finditer(line.text):
        index = line.ending_at(match.end())
        if index is None:
            continue
        token = line.tokens[index]
        start = line.tokens[index - 1].start if token.start == match.start() and index else token.start
        stem = line.text[start : match.start()]
        if stem and ("GPE" in known.labels(stem) or known.lexicon.may_be(stem, "地名-国")):
            yield Name(start, match.end(), "NORP", "rule:people", Rank.RULE)


def joined_countries(line: Line, known: Knowledge) -> Iterator[Name]:
    """日米, 米中 and 日中韓, one country each."""
    starts, ends = {t.start for t in line.tokens}, {t.end for t in line.tokens}
    for match in _COUNTRIES.finditer(line.text):
        other = match[0] in _NO_COUNTRIES and not _NOT_DAYTIME.match(line.text, match.start())
        whole = match.start() in starts and match.end() in ends and len(set(match[0])) == len(match[0])
        if whole and not other:
            yield from (_country(line, i, known) for i in range(*match.span()))


def prefixed_countries(line: Line, known: Knowledge) -> Iterator[Name]:
    """米 before an authority or a firm: 米商務省."""
    ends = {t.start: t.end for t in line.tokens}
    for i, character in enumerate(line.text):
        if character not in COUNTRY or i not in ends or (i and line.text[i - 1] not in _BOUNDARY):
            continue
        after = _AFTER_COUNTRY.match(line.text, i + 1)
        merged = after is not None and ends[i] == after.end() and not re.match(r"[ァ-ヺーA-Z]", after[0])
        if after and (ends[i] == i + 1 or merged) and not _is_size(line.text, i, known):
            yield _country(line, i, known)


def _is_size(text: str, at: int, known: Knowledge) -> bool:
    """中サイズ, 日テレ: before a common word these are hardly ever countries."""
    word = re.match(r"[日中加台]([ァ-ヺー]+)", text[at:])
    return word is not None and not known.lexicon.is_name(word[1])


def _country(line: Line, at: int, known: Knowledge) -> Name:
    """The country of one character, with the gazetteer's entry if there is one."""
    label: EntityLabel = "LOC" if line.text[at] == "欧" else "GPE"
    for form in known.gazetteer.forms(line.text[at]):
        if form.entry.label == label:
            return Name(at, at + 1, label, "rule:country", Rank.RULE, form.entry.id, form.entry.name_en)
    return Name(at, at + 1, label, "rule:country", Rank.RULE)
