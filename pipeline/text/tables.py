"""Tables that were flattened into lines of text: which lines are rows, and which of them is the head."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BAR = re.compile(r"[\t|]")
_FIGURE = re.compile(r"\D{0,3}\d[\d,.]*\D{0,4}")
_LIKE_CELLS = 4  # rows of one table may differ by so many cells: a cell may hold a space
_PAIR_ROWS = 3  # two cells a line are a table only if as many lines in a row have them
# A head has this much smaller a share of figures than the rows under it.
_HEAD_MARGIN = 0.3


def cells(line: str) -> list[str]:
    """The cells of a line, parted by tabs or bars where there are any, else by spaces."""
    text = line.strip().strip("|")
    parts = _BAR.split(text) if _BAR.search(text) else text.split()
    return [part.strip() for part in parts if part.strip()]


def find_tables(lines: Sequence[str], candidate: Sequence[bool]) -> list[tuple[int, int, bool]]:
    """Runs of lines that form a table.

    Args:
        lines: lines of text.
        candidate: whether each can be a row, that is, is no running text or furniture.

    Returns:
        ``(first, end, has_head)`` of each table, in order.
    """
    rows = [cells(line) if ok else [] for line, ok in zip(lines, candidate, strict=True)]
    tables: list[tuple[int, int, bool]] = []
    first = 0
    while first < len(rows):
        end = first + 1
        while end < len(rows) and _fit(rows[end - 1], rows[end]):
            end += 1
        if _is_table(lines[first:end], rows[first:end]):
            tables.append((first, end, _has_head(rows[first:end])))
        first = end
    return tables


def _fit(above: list[str], below: list[str]) -> bool:
    """Whether two lines can be rows of one table."""
    if len(above) < 2 or len(below) < 2:
        return False
    return abs(len(above) - len(below)) <= (_LIKE_CELLS if min(len(above), len(below)) > 2 else 1)


def _is_table(lines: Sequence[str], rows: Sequence[list[str]]) -> bool:
    if len(rows) < 2:
        return False
    if all(_BAR.search(line.strip().strip("|")) for line in lines):
        return True
    if all(len(row) > 2 for row in rows):
        return True
    figures = sum(bool(_FIGURE.search(cell)) for row in rows for cell in row[1:])
    return len(rows) >= _PAIR_ROWS and 2 * figures >= len(rows)


def _share(row: Sequence[str]) -> float:
    return sum(bool(_FIGURE.fullmatch(cell)) for cell in row) / len(row)


def _has_head(rows: Sequence[list[str]]) -> bool:
    """Whether the first row names the columns: fewer figures than below, or a table of words with a row of words on top.

    Two columns may also be names and their values; then only figures throughout the second column make the first row a
    head.
    """
    below = [_share(row) for row in rows[1:]]
    if len(rows[0]) == 2:
        return _share(rows[0]) == 0 and all(_FIGURE.fullmatch(row[-1]) for row in rows[1:])
    if not re.search(r"\d", "".join(rows[0])):
        with_figures = sum(bool(re.search(r"\d", "".join(row))) for row in rows[1:])
        return not any(below) or 3 * with_figures >= 2 * len(below)
    return _share(rows[0]) + _HEAD_MARGIN <= sum(below) / len(below)
