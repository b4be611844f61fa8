"""The names that the model finds, cut to what is a name, and left out where nothing speaks for one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from pipeline.record import Token
from pipeline.text.names.candidates import PLACES, Line, Name
from pipeline.text.names.lexicon import Lexicon
from pipeline.text.names.persons import HONORIFIC, TITLE
from pipeline.text.names.readings import has_person_suffix
from pipeline.text.names.shapes import COUNTRY, GENERIC, NAME, is_administrative, is_name_shaped

_COUNTRY_BEFORE: Final = re.compile(rf"[{COUNTRY}](?={NAME})")
_AFFIX: Final = re.compile(rf"(?:(?<=[ァ-ヺーA-Za-z])[社車製株側]|{HONORIFIC}|{TITLE})$")
_BESIDE: Final = re.compile(r"(?:沿い|付近|周辺|方面|近郊|上空|沖|側)$")
# Latin names that the model takes for one: OpenAI・Google.
_JOINED: Final = re.compile(r"[!-~ ]+(?:[・/][!-~ ]+)+[^・/]*")
_OF_JOINED: Final = re.compile(r"[!-.0-~]+(?: [!-.0-~]+)*")
_NEVER_IN_NAME: Final = re.compile(r"[「『」』“”\"。、:;!?…→|<>]")
_BRACKETS: Final = ("()", "（）", "[]")
# After a country these describe: 日本メーカー, 中国市場.
_DESCRIPTIONS: Final = frozenset(
    "メーカー 企業 大手 会社 市場 経済 産業 業界 政府 当局 政権 製品 車 株 国内 社会 本土 国債 支社 支店 法人 拠点 勢".split()
)


def model_names(line: Line, name: Name, lexicon: Lexicon) -> Iterator[Name]:
    """What is left of a name of the model: its parts, without affixes; nothing where nothing speaks for a name.

    The model labels common nouns of technical prose freely, so a proper or unknown word, or a capital, is required.
    """
    text = line.text[name.start : name.end]
    spans = [m.span() for m in _OF_JOINED.finditer(text)] if _JOINED.fullmatch(text) else [(0, len(text))]
    for start, end in spans:
        part = _trimmed(line, replace(name, start=name.start + start, end=name.start + end))
        if part.end - part.start > 1 and _is_credible(line, part, lexicon):
            yield part


def _trimmed(line: Line, name: Name) -> Name:
    """Without the country or the province before it, and 社, 製, 氏 and the like after it."""
    start, end = name.start, name.end
    if name.label in ("ORG", "PERSON", "PRODUCT"):
        prefix = _COUNTRY_BEFORE.match(line.text[start:end])
        start += prefix.end() if prefix else 0
        start = max((b.start for a, b in pairwise(line.within(start, end)) if _stands_in(a, b)), default=start)
    affix = _BESIDE if name.label in PLACES else _AFFIX if name.label in ("ORG", "PERSON", "PRODUCT") else None
    suffix = affix.search(line.text[start:end]) if affix else None
    end = start + suffix.start() if suffix else end
    return replace(name, start=start, end=start + len(line.text[start:end].rstrip(" ・、。,.:")))


def _stands_in(place: Token, other: Token) -> bool:
    """テキサス州 before a name of its own: テキサス州テイラー工場."""
    return is_administrative(place) and ("固有名詞" in other.tag or is_name_shaped(other.text))


def _is_credible(line: Line, name: Name, lexicon: Lexicon) -> bool:
    """Whether the words of the name, and those around it, allow a name of its label."""
    text, before = line.text[name.start : name.end], line.text[: name.start]
    tokens = line.within(name.start, name.end)
    if text in GENERIC or _NEVER_IN_NAME.search(text) or any(text.count(a) != text.count(b) for a, b in _BRACKETS):
        return False
    if text.isascii() and " " in text and re.search(r"[(（]\s?$", before):
        return False  # the expansion of an acronym, or a heading's English
    if name.label == "PERSON" and not _is_personal(line, name, tokens, lexicon):
        return False
    if name.label == "WORK" and not re.search(r"[「『“]$", before):
        return False
    if len(tokens) == 2 and tokens[0].tag.endswith("地名-国") and tokens[1].text in _DESCRIPTIONS:
        return False
    return _has_proper_word(text, tokens, lexicon)


def _is_personal(line: Line, name: Name, tokens: list[Token], lexicon: Lexicon) -> bool:
    if re.search(r"[A-Za-z0-9]", line.text[name.start : name.end]):
        return False
    personal = any("人名" in t.tag or lexicon.may_be(t.text, "人名") for t in tokens)
    return personal or has_person_suffix(line.text, name.end)


def _has_proper_word(text: str, tokens: list[Token], lexicon: Lexicon) -> bool:
    """Whether a word of it has a capital, is unknown katakana, or is a proper noun."""
    capital = any(word not in GENERIC for word in re.findall(r"\w*[A-Z]\w*", text, re.ASCII))
    unknown = any(not lexicon.tags(t.text) and re.fullmatch(r"[ァ-ヺー]{2,}", t.text) for t in tokens)
    return capital or unknown or any("固有名詞" in t.tag for t in tokens)
