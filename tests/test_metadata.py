from __future__ import annotations

from datetime import date

import pytest

from pipeline.text.metadata import find_published


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("暮らし 2025年8月3日", (date(2025, 8, 3), None)),
        ("HarborWireMar 14, 2025 9:30 AM", (date(2025, 3, 14), "HarborWire")),
        ("港の再編が進む 川端ゆう(月刊みなと 2023/11/05/ 07:00)", (date(2023, 11, 5), "月刊みなと")),
        ("更新日: 2024.02.29", (date(2024, 2, 29), None)),
        ("令和6年4月1日 掲載", (date(2024, 4, 1), None)),
        ("平成元年12月5日", (date(1989, 12, 5), None)),
        ("2025年13月40日", (None, None)),
        ("2025年の見通し", (None, None)),
    ],
)
def test_published(line: str, expected: tuple[date | None, str | None]) -> None:
    assert find_published(["見出し", line]) == expected
