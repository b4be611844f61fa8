"""Tables that were flattened into lines of text: which lines are rows, and which of them is the head."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BAR = re.compile(r"[\t|]")
_FIGURE = re.compile(r"\D{0,3}\d[\d,.]*\D{0,4}")
# Words that name columns wherever they stand alone.
_COLUMN_NAME = re.compile(
    r"(?:項目|内容|品目|品名|名称|名前|氏名|区分|種別|種類|分類|備考|日程|日付|日時|時間|時刻|期間|期日|年度|年月|年|月|場所|会場|対象|定員|"
    r"料金|金額|価格|単価|費用|数量|量|数|単位|合計|順位|番号|指標|特性|特徴|評価|点数|得点|栄養素|成分|材料|分量|工程|手順|作業|担当|"
    r"変更前|変更後|導入前|導入後|従来|今回|前回|前年|前年比|増減|結果|説明|概要|用途|仕様|状態|理由|対応)"
)
_LIKE_CELLS = 4  # rows of one table may differ by so many cells: a cell may hold a space
_PAIR_ROWS = 3  # two cells a line are a table only if as many lines in a row have them
_NAME_MOST = 14  # code points of a name before its value, where only a space parts the two
_SERIAL_LEAST = 3  # so many figures that only count are a head's: 1 2 3, as innings have them
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
    if any(not _BAR.search(line) and len(row[0]) > _NAME_MOST for line, row in zip(lines, rows, strict=True)):
        return False
    figures = sum(bool(_FIGURE.search(cell)) for row in rows for cell in row[1:])
    return len(rows) >= _PAIR_ROWS and 2 * figures >= len(rows)


def _counts_columns(row: Sequence[str]) -> bool:
    """Whether some of the cells run 1, 2, 3."""
    figures = [cell for cell in row if cell.isdecimal()]
    return len(figures) >= _SERIAL_LEAST and figures == [str(i + 1) for i in range(len(figures))]


def _share(row: Sequence[str]) -> float:
    return sum(bool(_FIGURE.fullmatch(cell)) for cell in row) / len(row)


def _has_head(rows: Sequence[list[str]]) -> bool:
    """Whether the first row names the columns: fewer figures than below, or a table of words with a row of words on top.

    Two columns may also be names and their values; then only figures throughout the second column make the first row a
    head.
    """
    below = [_share(row) for row in rows[1:]]
    if all(_COLUMN_NAME.fullmatch(cell) for cell in rows[0]) or _counts_columns(rows[0]):
        return True
    if len(rows[0]) == 2:
        return _share(rows[0]) == 0 and all(_FIGURE.fullmatch(row[-1]) for row in rows[1:])
    if not all(re.search(r"\d", cell) for cell in rows[0]) and all(len(row) == len(rows[0]) + 1 for row in rows[1:]):
        return True  # the corner over the names is empty
    if not re.search(r"\d", "".join(rows[0])):
        with_figures = sum(bool(re.search(r"\d", "".join(row))) for row in rows[1:])
        return not any(below) or 3 * with_figures >= 2 * len(below)
    return _share(rows[0]) + _HEAD_MARGIN <= sum(below) / len(below)
