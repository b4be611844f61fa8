"""What belongs to names that are found already: another spelling in parentheses, a version, the number of an event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from pipeline.text.names.candidates import PLACES, Line, Name, Rank
from pipeline.text.names.shapes import NAME, script

_GLOSS: Final = re.compile(rf"\s?[(（]\s?(?P<name>{NAME})\s?[)）]")
_EDITION: Final = re.compile(r"(?: (?:Pro|Max|Plus|Ultra|Mini|Flash|Turbo|Air|Lite|Sonnet|Opus|Haiku)(?![A-Za-z0-9]))+")
# A model's version number: iPhone 16 Pro, Gemini 2.5; not where a counter follows.
_VERSION: Final = re.compile(
    r"[ -]?\d{1,4}(?:\.\d{1,2}){0,2}[a-z]{0,2}(?![0-9.,]*\d|[A-Z])"
    r"(?!\s?(?:[年月日時分秒円台個人本社倍割万億兆千百機種枚件点位回カヶか歳基頭%％〜~]|ドル|ユーロ|パーセント|ポイント|キロ|"
    rf"メートル|GB|TB))(?:{_EDITION.pattern})?"
)
_ORDINAL: Final = re.compile(r"第[0-9〇一二三四五六七八九十百]{1,4}回 ?$")


def glosses(line: Line, names: Iterable[Name]) -> Iterator[Name]:
    """Another way to write a name, in parentheses after it: ファーウェイ(Huawei)."""
    for name in names:
        match = _GLOSS.match(line.text, name.end) if name.label not in PLACES else None
        if match and script(match["name"]) != script(line.text[name.start : name.end]):
            yield Name(*match.span("name"), name.label, "rule:gloss", Rank.SPREAD, name.id, name.name_en)


def with_numbers(line: Line, names: Iterable[Name]) -> Iterator[Name]:
    """The names, products with the version number that follows them, events with 第3回 before them."""
    for name in names:
        ordinal = _ORDINAL.search(line.text, 0, name.start) if name.label == "EVENT" else None
        if ordinal:
            yield replace(name, start=ordinal.start())
            continue
        numbered = line.text[name.end - 1].isdigit()
        match = (_EDITION if numbered else _VERSION).match(line.text, name.end)
        yield replace(name, end=match.end()) if match and name.label == "PRODUCT" else name
