"""What a reader of time expressions is, and what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.record import TimeKind
from pipeline.text.times.context import Context


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A time expression at ``text[start:end]``; the fields are those of :class:`pipeline.record.Time`."""

    start: int
    end: int
    kind: TimeKind
    value: str | None
    en: str


class Reader(NamedTuple):
    """One kind of expression.

    Attributes:
        hints: a text without any of them cannot match.
        pattern: where an expression may stand.
        read: makes a time of a match, or refuses it with None.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], Context], FoundTime | None]


def whole(match: re.Match[str], kind: TimeKind, value: str | None, english: str) -> FoundTime:
    """The time expression that is all of the match."""
    return FoundTime(match.start(), match.end(), kind, value, english)
