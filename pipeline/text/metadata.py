"""Publication date and publisher, where the lines around the title state them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMERIC = re.compile(r"(?<![\d.])((?:19|20)\d\d)\s?[年./-]\s?(\d{1,2})\s?[月./-]\s?(\d{1,2})(?!\d)日?")
_ENGLISH = re.compile(r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? (\d{1,2}), ((?:19|20)\d\d)")
# Era years, as papers date themselves: first year of the era less one.
_ERA = re.compile(r"(令和|平成|昭和)\s?(元|\d{1,2})年\s?(\d{1,2})月\s?(\d{1,2})日")
_ERA_OFFSET = {"令和": 2018, "平成": 1988, "昭和": 1925}


def find_published(lines: Iterable[str]) -> tuple[date | None, str | None]:
    """The first full date in the given lines, and the publisher if it stands glued or bracketed to the date.

    Args:
        lines: title and furniture lines from the head of a document.
    """
    for line in lines:
        for pattern in (_NUMERIC, _ENGLISH, _ERA):
            if (match := pattern.search(line)) and (day := _day(match, pattern)):
                return day, _publisher(line[: match.start()])
    return None, None


def _day(match: re.Match[str], pattern: re.Pattern[str]) -> date | None:
    first, second, third = match.groups()[:3]
    try:
        if pattern is _NUMERIC:
            return date(int(first), int(second), int(third))
        if pattern is _ENGLISH:
            return date(int(third), _MONTHS.index(first.lower()) + 1, int(second))
        year = 1 if second == "元" else int(second)
        return date(_ERA_OFFSET[first] + year, int(third), int(match[4]))
    except ValueError:
        return None


def _publisher(before: str) -> str | None:
    """A name glued to an English date (NewswireFeb 6), or in one bracket with the date (Newswire 2024/06/18)."""
    if match := re.search(r"(?:^|\s)([A-Z][\w.&-]*[a-z])$", before):
        return match[1]
    match = re.search(r"[(（]([^()（）、。]{2,20}?)[\s、]*$", before)
    return match[1] if match else None
