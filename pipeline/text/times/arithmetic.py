"""Arithmetic of the calendar, and its ISO 8601 values."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

LEAP_YEAR: Final = 2000  # stands for a year that is not known: it has a 29 February


def is_day(year: int, month: int, day: int) -> bool:
    """Whether the calendar has this day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def add_months(day: date, months: int) -> tuple[int, int]:
    """Year and month, so many months from the day."""
    years, month = divmod(day.month - 1 + months, 12)
    return day.year + years, month + 1


def shift(day: date, unit: str, count: int) -> str | None:
    """The day moved by whole units, as precise as the unit; None beyond the calendar or below a day.

    Args:
        day: where to count from.
        unit: 年, 月, 半年, 週 or 日.
        count: how many units; negative ones lie before the day.
    """
    try:
        match unit:
            case "年":
                return date(day.year + count, 1, 1).isoformat()[:4]
            case "月" | "半年":
                return "{}-{:02}".format(*add_months(day, count * (6 if unit == "半年" else 1)))
            case "週":
                return iso_week(day + timedelta(weeks=count))
            case "日":
                return (day + timedelta(days=count)).isoformat()
    except (ValueError, OverflowError):
        pass
    return None


def iso_day(year: int | None, month: int, day: int) -> str | None:
    """The ISO date; None where the year is unknown or has no such day."""
    return None if year is None or not is_day(year, month, day) else date(year, month, day).isoformat()


def iso_month(year: int | None, month: int) -> str | None:
    """The ISO month; None where the year is unknown."""
    return None if year is None else f"{year}-{month:02}"


def iso_week(day: date) -> str:
    """The ISO week that holds the day, such as 2024-W24."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
