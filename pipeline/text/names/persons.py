"""Persons, whom an honorific, a title, a role or their full name gives away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from pipeline.text.names.candidates import Line, Name, Rank
from pipeline.text.names.lexicon import Knowledge
from pipeline.text.names.shapes import DOT, KANJI_END, KATAKANA_NAME, NAME, is_person

# After any name of a person.
HONORIFIC: Final = r"(?:氏|さん|容疑者|被告|夫妻|女史)"
# After persons, and after firms and countries too (テスラCEO, フランス大統領).
TITLE: Final = (
    r"(?:最高経営責任者|最高財務責任者|最高技術責任者|代表取締役|副大統領|大統領|首相|総理|国家主席|主席|総書記|"
    r"官房長官|長官|外相|財務相|法相|農相|環境相|農水相|経産相|防衛相|総務相|大臣|議員|知事|市長|党首|幹事長|総裁|議長|委員長|"
    r"共同創業者|創業者|副社長|社長|副会長|会長|CEO|CTO|CFO|COO|CIO|CSO|CMO|専務|常務|取締役|教授|准教授|博士|弁護士|"
    r"監督|選手|事務局長|事務総長|理事長|所長|学長|総長|頭取)"
)
_NAME_SUFFIX: Final = re.compile(rf"(?P<name>{NAME})\s?(?P<suffix>{HONORIFIC}|{TITLE})")
_SUFFIX: Final = re.compile(rf"(?P<honorific>{HONORIFIC})|{TITLE}")
# Longest name in kanji that stands before 氏 without the dictionary knowing it, in code points.
_KANJI_NAME: Final = 4
# Pronouns and such before 氏.
_NO_PERSON: Final = frozenset("同 両 各 某 前 諸".split())
_AFTER_ROLE: Final = re.compile(
    r"(?:創業者|経営者|CEO|社長|会長|アナリスト|記者|研究者|教授|投資家|実業家|起業家|学者|作家|評論家|ジャーナリスト|"
    rf"エンジニア|コンサルタント|幹部|責任者|担当者|議員|大統領|首相)(?:の|、|で)?(?P<name>{KATAKANA_NAME})"
)


def foreign_persons(line: Line, known: Knowledge) -> Iterator[Name]:
    """Katakana and Latin names before 氏 or a title, or after what somebody is."""
    for match in _NAME_SUFFIX.finditer(line.text):
        if _is_person(match["name"], match["suffix"], line.text[match.end() :], known):
            rank = Rank.HONORIFIC if match["suffix"] == "氏" else Rank.RULE
            yield Name(*match.span("name"), "PERSON", "rule:person_suffix", rank)
    for match in _AFTER_ROLE.finditer(line.text):
        if "・" in match["name"] and not known.all_known(match["name"]):
            yield Name(*match.span("name"), "PERSON", "rule:apposition", Rank.RULE)


def _is_person(name: str, suffix: str, after: str, known: Knowledge) -> bool:
    labels = known.labels(name)
    if labels:
        return suffix == "氏" and "PERSON" not in labels  # テスラ氏; for persons the gazetteer knows more
    if suffix == "氏" or "・" in name:
        return len(name) > 1
    if re.fullmatch(HONORIFIC, suffix) or after.startswith("の"):  # the CEO of X is somebody else than X
        return known.lexicon.may_be(name, "人名")
    return known.lexicon.is_name(name) and not known.lexicon.may_be(name, "地名")


def kanji_persons(line: Line, known: Knowledge) -> Iterator[Name]:
    """Kanji names before 氏 or a title."""
    for match in _SUFFIX.finditer(line.text):
        start = _kanji_start(line, match, known)
        if start is None or (text := line.text[start : match.start()]) in _NO_PERSON:
            continue
        labels = known.labels(text)
        if labels <= {"PERSON"}:
            yield Name(start, match.start(), "PERSON", "rule:person_suffix", Rank.RULE)
        elif match["honorific"] and labels <= {"PERSON", "GPE", "LOC"} and known.lexicon.may_be(text, "人名-姓"):
            yield Name(start, match.start(), "PERSON", "rule:person_suffix", Rank.HONORIFIC)  # 渋谷さん


def _kanji_start(line: Line, suffix: re.Match[str], known: Knowledge) -> int | None:
    """Where the name begins: by the parse, before 氏 and さん by the dictionary, before 氏 by its shape alone."""
    index = line.ending_at(suffix.start())
    if index is None:
        return None
    token = line.tokens[index]
    if is_person(token):
        while index > 0 and is_person(line.tokens[index - 1]):
            index -= 1
        return line.tokens[index].start
    if suffix["honorific"] and known.lexicon.may_be(token.text, "人名-姓"):
        return token.start
    run = KANJI_END.search(line.text[max(0, suffix.start() - _KANJI_NAME - 1) : suffix.start()])
    short = run is not None and len(run[0]) <= _KANJI_NAME
    return suffix.start() - len(run[0]) if run and short and suffix["honorific"] == "氏" else None


def full_names(line: Line, known: Knowledge) -> Iterator[Name]:
    """Surname and given name by the dictionary, and katakana names with a dot."""
    for a, b in pairwise(line.tokens):
        gap = line.text[a.end : b.start]
        if a.tag.endswith("人名-姓") and b.tag.endswith("人名-名") and gap in ("", " "):
            yield Name(a.start, b.end, "PERSON", "rule:full_name", Rank.RULE)
    for match in re.finditer(KATAKANA_NAME, line.text):
        parts = DOT.split(match[0])
        if not 1 < len(parts) < 4 or known.all_known(match[0]):
            continue
        personal = [part for part in parts if known.lexicon.may_be(part, "人名")]
        possible = all(part in personal or not known.lexicon.tags(part) for part in parts)
        if possible and any(known.lexicon.is_name(part) for part in personal):
            yield Name(*match.span(), "PERSON", "rule:full_name", Rank.RULE)
