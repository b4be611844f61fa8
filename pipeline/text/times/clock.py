"""Times of day: 15時20分, 午後3時, 13:20."""

from __future__ import annotations

import re
from typing import Final

from pipeline.text.numerals import alternatives
from pipeline.text.times.context import Context
from pipeline.text.times.reader import FoundTime, Reader, whole

_HALF_DAY: Final = {
    "午前": "AM", "朝": "AM", "早朝": "AM", "未明": "AM", "午後": "PM", "夕方": "PM", "夜": "PM", "昼": "PM", "深夜": "night",
}  # fmt: skip
CLOCK: Final = re.compile(
    rf"(?<![\d.:])(?:(?P<half>{alternatives(_HALF_DAY)})の? ?)?"
    r"(?:(?P<h>\d{1,2})(?:時?~(?P<h2>\d{1,2}))?時(?!間|代|点|給|速|価|期|々|刻|限|差|短)(?:(?P<min>\d{1,2})分|(?P<half_past>半))?"
    r"|(?P<H>\d{1,2}):(?P<M>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?: ?(?P<ampm>[AaPp])\.?[Mm]\.?(?![A-Za-z]))?)"
    r"|(?P<noon>正午)",
    re.ASCII,
)


def clock(match: re.Match[str]) -> tuple[str, str] | None:
    """ISO value (T15:20) and English of a match of :data:`CLOCK`; None if the day has no such time."""
    if match["noon"]:
        return "T12:00", "noon"
    written = match["h"] or match["H"]
    hour, minute = int(written), int(match["min"] or match["M"] or (30 if match["half_past"] else 0))
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return None
    half = _half_day(match, hour)
    if match["h2"]:
        last = int(match["h2"])
        return None if half or not hour < last <= 24 else (f"T{hour:02}:00/T{last:02}:00", f"{hour}:00–{last}:00")
    if not half or hour > 12:
        return f"T{hour:02}:{minute:02}", f"{written}:{minute:02}"
    shown = f"{hour % 12 or 12}" + (f":{minute:02}" if minute or match["H"] else "")
    return f"T{hour % 12 + (12 if half == 'PM' else 0):02}:{minute:02}", f"{shown} {half}"


def _half_day(match: re.Match[str], hour: int) -> str:
    """AM, PM, or nothing where the text does not say."""
    if match["ampm"]:
        return f"{match['ampm'].upper()}M"
    half = _HALF_DAY.get(match["half"] or "", "")
    if half == "night":
        return "PM" if 6 <= hour < 12 else "AM"
    return half


def _read_clock(match: re.Match[str], _: Context) -> FoundTime | None:
    time = clock(match)
    return time and whole(match, "time", *time)


READERS: Final = (Reader(("時", ":", "正午"), CLOCK, _read_clock),)
