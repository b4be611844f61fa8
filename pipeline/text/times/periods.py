"""Periods of the calendar and their parts: fiscal years, quarters, decades, centuries, the beginning of a month."""

from __future__ import annotations

import re
from typing import Final

from pipeline.text.times.context import Context
from pipeline.text.times.english import ORDINAL_WORDS, ordinal
from pipeline.text.times.fragments import YEAR, integer
from pipeline.text.times.reader import FoundTime, Reader, whole

_FISCAL_START: Final = 4  # Japanese fiscal years begin in April
_LAST_CENTURY: Final = 22
# Code in the value, English.
SEASONS: Final = {"春": ("SP", "spring"), "夏": ("SU", "summer"), "秋": ("FA", "autumn"), "冬": ("WI", "winter")}
_HALVES: Final = {"前半": 1, "上半期": 1, "上期": 1, "後半": 2, "下半期": 2, "下期": 2}
# {} is the period; the value stays that of the period.
_PARTS: Final = {
    "初頭": "early {}", "初め": "early {}", "始め": "early {}", "はじめ": "early {}", "初旬": "early {}", "上旬": "early {}",
    "半ば": "mid-{}", "なかば": "mid-{}", "中頃": "mid-{}", "中旬": "mid-{}", "下旬": "late {}", "終盤": "late {}",
    "末": "the end of {}", "前後": "around {}", "頃": "around {}", "ごろ": "around {}", "ころ": "around {}",
    "中": "during {}", "内": "within {}",
}  # fmt: skip
_EPOCH_PARTS: Final = {
    "前半": "the early {}", "初頭": "the early {}", "初め": "the early {}", "はじめ": "the early {}", "後半": "the late {}",
    "半ば": "the mid-{}", "なかば": "the mid-{}", "中頃": "the mid-{}", "末": "the end of the {}",
    "前後": "around the {}", "頃": "around the {}", "ごろ": "around the {}", "ころ": "around the {}",
}  # fmt: skip
_PART_QUARTER: Final = r"第?(?P<q>[1-4一二三四])(?:四半期|Q(?![A-Za-z0-9]))|Q(?P<q2>[1-4])(?![A-Za-z0-9])"
# For embedding after the pattern of a period.
PART: Final = (
    rf"(?P<part>前半(?!戦)|後半(?!戦)|上半期|下半期|上期|下期|{_PART_QUARTER}|春(?!闘|日|節|先)|夏(?!季|目|場)|秋(?!田|葉)|冬(?!季|場)"
    "|初頭|初め|始め|はじめ|初旬|上旬|半ば|なかば|中頃|中旬|下旬|終盤|末(?!尾|端|席)|前後|頃|ごろ|ころ|[中内](?=[にのは、。]))"
)

_FISCAL: Final = re.compile(rf"(?<![A-Za-z])FY ?'?(?P<y>{YEAR}|\d\d)(?!\d)(?: ?の?{PART})?", re.ASCII)
_CENTURY: Final = re.compile(
    r"(?<![\d.,第一-龥])(?P<c>\d{1,2}|[一二三四五六七八九十]{1,3})世紀(?!間|以上|ぶり|近く|余り|に(?:も)?(?:わた|渡|及))"
    "(?:の?(?P<part>前半|後半|初頭|初め|半ば|末))?",
    re.ASCII,
)
_QUARTER: Final = re.compile(
    r"(?<![A-Za-z\d.])(?:第(?P<q>[1-4一二三四])四半期|(?P<q2>[1-4])Q(?![A-Za-z0-9])|Q(?P<q3>[1-4])(?![A-Za-z0-9]))",
    re.ASCII,
)


def part_of(value: str | None, english: str, match: re.Match[str], *, year: bool) -> tuple[str | None, str]:
    """Value and English of the part of a period: its half, quarter or season, or merely its beginning, middle or end.

    Args:
        value: of the whole period.
        english: of the whole period.
        match: of a pattern with :data:`PART`; where that matched nothing, the period is meant whole.
        year: whether the period is a year, whose halves have a value of their own.
    """
    part = match["part"]
    if not part:
        return value, english
    if quarter := match["q"] or match["q2"]:
        number = integer(quarter) or 0
        return value and f"{value}-Q{number}", f"the {ORDINAL_WORDS[number - 1]} quarter of {english}"
    if part in _HALVES:
        half = _HALVES[part]
        return value and (f"{value}-H{half}" if year else value), f"the {ORDINAL_WORDS[half - 1]} half of {english}"
    if part in SEASONS:
        code, season = SEASONS[part]
        return value and f"{value}-{code}", f"{season} {english}"
    return value, _PARTS[part].format(english)


def decade(match: re.Match[str], year: int | None, label: str) -> FoundTime | None:
    """1990年代後半: ``label`` is the year in English."""
    digits = label[-2:]
    if not digits.endswith("0"):
        return None
    return whole(match, "date", None if year is None else str(year)[:3], _epoch(f"{label}s", match["part"]))


def fiscal_year(match: re.Match[str], context: Context, year: int | None, label: str) -> FoundTime:
    """令和6年度, 今年度上期: ``label`` is the year in English."""
    english = f"fiscal {label}"
    if match["rel"]:
        english = label.replace("year", "fiscal year")
        if year is not None and context.anchor and context.anchor.month < _FISCAL_START:
            year -= 1
    return whole(match, "date", *part_of(None if year is None else f"FY{year}", english, match, year=True))


def _epoch(name: str, part: str | None) -> str:
    """A decade or century, or a part of it: the early 1990s."""
    return _EPOCH_PARTS.get(part or "", "the {}").format(name)


def _read_fiscal(match: re.Match[str], context: Context) -> FoundTime | None:
    """FY2025, FY25 Q1."""
    year = integer(match["y"])
    if year is not None and year < 100:
        year = context.full_year(year)
    english = f"fiscal {year or match['y']}"
    return whole(match, "date", *part_of(f"FY{year}" if year else None, english, match, year=True))


def _read_century(match: re.Match[str], _: Context) -> FoundTime | None:
    """21世紀, 19世紀末."""
    century = integer(match["c"])
    if century is None or not 1 <= century <= _LAST_CENTURY:
        return None
    return whole(match, "date", f"{century - 1:02}", _epoch(f"{ordinal(century)} century", match["part"]))


def _read_quarter(match: re.Match[str], _: Context) -> FoundTime | None:
    """第3四半期 of a year that is not named."""
    number = integer(match["q"] or match["q2"] or match["q3"]) or 0
    return whole(match, "date", None, f"the {ORDINAL_WORDS[number - 1]} quarter")


READERS: Final = (
    Reader(("FY",), _FISCAL, _read_fiscal),
    Reader(("世紀",), _CENTURY, _read_century),
    Reader(("四半期", "Q"), _QUARTER, _read_quarter),
)
