"""Charts as inline SVG, each with its figures as a table, so that nothing is said by the picture alone.

Colours come from the page's style sheet by class name. Geometry is in CSS pixels. Text is escaped by markupsafe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from pipeline.record import TECHNIQUES, Hype
from pipeline.report.text import printable
from pipeline.report.totals import CONTENTS, SourceTotals, Totals
from pipeline.report.words import both

ROWS: Final = 20  # sources shown apart; the rest are one row, so that a chart stays one screen high
TARGETS: Final = 14  # targets shown in the stance chart
_LABEL, _BAR, _ROW, _CELL = 190, 560, 28, 46


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and its text alternative.

    Attributes:
        key: the chart's name in :data:`pipeline.report.words.WORDS`, and with ``_note`` what it counts.
        svg: the picture.
        head: headings of the table's columns.
        rows: the table's rows, the first cell of each its heading.
        legend: class names of the colours used, each a key of ``WORDS``.
    """

    key: str
    svg: Markup
    head: Sequence[Markup | str]
    rows: Sequence[Sequence[Markup | str]]
    legend: Sequence[str] = field(default_factory=tuple)


def hype_strip(marks: Sequence[tuple[str, Hype]]) -> Markup:
    """The hype of each analysed sentence in order: up for boost, down for doom, a dot where there is none.

    Args:
        marks: the id of the sentence's element on the page, and its hype.
    """
    step = 10 if len(marks) <= 90 else max(2.0, 900 / len(marks))
    width = step * max(len(marks), 1)
    parts = [Markup('<line class="axis" x1="0" y1="40" x2="{}" y2="40"/>').format(_n(width))]
    for i, (anchor, hype) in enumerate(marks):
        height = 38 * hype.score if hype.level else 0
        x, y = i * step + step * 0.15, 40 - height if hype.direction != "doom" else 40.0
        if height:
            shape = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="1"/>').format(
                hype.direction, _n(x), _n(y), _n(step * 0.7), _n(height)
            )
            hit = Markup('<rect class="hit" x="{}" y="0" width="{}" height="80"/>').format(_n(i * step), _n(step))
            parts.append(Markup('<a href="#{}" tabindex="-1">{}{}</a>').format(anchor, hit, shape))
        else:
            parts.append(Markup('<circle cx="{}" cy="40" r="1"/>').format(_n(i * step + step / 2)))
    return Markup(
        '<svg class="strip" viewBox="0 0 {} 80" preserveAspectRatio="none" aria-hidden="true" focusable="false">{}</svg>'
    ).format(_n(width), Markup("").join(parts))


def fact_bar(source: SourceTotals) -> Markup:
    """A small bar of the contents' shares, for a row of a list that gives the figures in words."""
    whole = sum(source.content.values()) or 1
    x, parts = 0.0, []
    for content in CONTENTS:
        width = 120 * source.content[content] / whole
        parts.append(Markup('<rect class="{}" x="{}" width="{}" height="10"/>').format(content, _n(x), _n(width)))
        x += width
    return Markup(
        '<svg class="mini" viewBox="0 0 120 10" width="120" height="10" aria-hidden="true" focusable="false">{}</svg>'
    ).format(Markup("").join(parts))


def charts(totals: Totals) -> list[Chart]:
    """The charts of a run; one whose layer no document has is left out."""
    rows = _rows(totals)
    content = [(name, [source.content[c] for c in CONTENTS]) for name, source in rows]
    spans = [(name, [source.techniques[t] for t in TECHNIQUES]) for name, source in rows]
    made = []
    if totals.sentences:
        made.append(_bars("chart_content", CONTENTS, content, share=True))
    if any(any(values) for _, values in spans):
        made.append(_bars("chart_techniques", TECHNIQUES, spans, share=False))
    if totals.surfaces:
        made.append(_stances(totals, rows))
    return made


def _rows(totals: Totals) -> list[tuple[str, SourceTotals]]:
    """The sources with most sentences, in the run's order, and the others as one."""
    sources = list(totals.sources.items())
    large = sorted(sources, key=lambda item: -sum(item[1].content.values()))[:ROWS]
    kept = {name for name, _ in large}
    rows = [(printable(name), source) for name, source in sources if name in kept]
    if len(sources) > len(rows):
        rest = SourceTotals()
        for name, source in sources:
            if name not in kept:
                rest.merge(source)
        rows.append((f"+{len(sources) - len(large)} …", rest))
    return rows


def _bars(key: str, classes: Sequence[str], rows: Sequence[tuple[str, list[int]]], *, share: bool) -> Chart:
    """Stacked bars, one a row; ``share``: every bar is full length."""
    longest = max(sum(values) for _, values in rows) or 1
    parts = []
    for i, (name, values) in enumerate(rows):
        whole = (sum(values) if share else longest) or 1
        x, y = float(_LABEL), i * _ROW
        parts.append(_text(_LABEL - 10, y + 18, _cut(name, 12.5), "end"))
        for label, value in zip(classes, values, strict=True):
            width = (_BAR - 50) * value / whole
            if value:
                parts.append(
                    Markup('<rect class="{}" x="{}" y="{}" width="{}" height="18"/>').format(
                        label, _n(x), y + 5, _n(max(width - 1, 0.8))
                    )
                )
            if width > 9 * len(str(value)) + 4:
                parts.append(_text(x + width / 2, y + 18, str(value), "middle", "inside"))
            x += width
        parts.append(_text(x + 8, y + 18, str(sum(values)), "start", "sum"))
    head = [both("source"), *(both(label) for label in classes), both("total")]
    table = [[name, *map(str, values), str(sum(values))] for name, values in rows]
    return Chart(key, _svg(_LABEL + _BAR, len(rows) * _ROW + 4, parts), head, table, classes)


def _stances(totals: Totals, rows: Sequence[tuple[str, SourceTotals]]) -> Chart:
    """Sources by targets: how often the author favors and opposes each."""
    spoken = totals.whole.stances
    weight = {t: (spoken[t, "favor"] + spoken[t, "against"], spoken[t, "neutral"]) for t in totals.surfaces}
    shown = sorted(totals.surfaces, key=lambda t: (-weight[t][0], -weight[t][1], t))[:TARGETS]
    names = totals.target_names()
    about = [(name, source) for name, source in rows if any(t in shown for t, _ in source.stances)]
    parts = []
    for j, target in enumerate(shown):
        x = _LABEL + j * _CELL + _CELL / 2
        for language, word in zip(("en", "ja"), names[target], strict=True):
            turned = Markup('<text class="{0}" lang="{0}" transform="translate({1} 92) rotate(-42)">{2}</text>')
            parts.append(turned.format(language, _n(x), _cut(printable(word), 9)))
    for i, (name, source) in enumerate(about):
        y = 100 + i * _ROW
        parts.append(_text(_LABEL - 10, y + 18, _cut(name, 12.5), "end"))
        for j, target in enumerate(shown):
            mark, label = _mark(source, target)
            x = _LABEL + j * _CELL
            box = Markup('<rect class="cell {}" x="{}" y="{}" width="{}" height="{}" rx="3"/>')
            if mark:
                parts.append(box.format(label, x + 1, y + 1, _CELL - 2, _ROW - 2))
                parts.append(_text(x + _CELL / 2, y + 18, mark, "middle"))
    head = [both("source"), *(_names(*names[target]) for target in shown)]
    table = [[name, *(_mark(source, target)[0] or "–" for target in shown)] for name, source in about]
    return Chart(
        "chart_stances", _svg(_LABEL + len(shown) * _CELL + 60, 100 + len(about) * _ROW + 4, parts), head, table
    )


def _mark(source: SourceTotals, target: str) -> tuple[str, str]:
    """``+3 −1`` and which side outweighs."""
    favor, against = source.stances[target, "favor"], source.stances[target, "against"]
    if not favor and not against:
        return ("○", "neutral") if source.stances[target, "neutral"] else ("", "")
    text = " ".join(part for part in (f"+{favor}" if favor else "", f"−{against}" if against else "") if part)
    return text, "favor" if favor > against else "against" if against > favor else "neutral"


def _names(english: str, japanese: str) -> Markup:
    return Markup('<span class="en">{}</span><span class="ja" lang="ja">{}</span>').format(english, japanese)


def _svg(width: int, height: int, parts: Sequence[Markup]) -> Markup:
    """The picture; it is hidden from screen readers, which get the table."""
    return Markup(
        '<svg class="chart" width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-hidden="true" focusable="false">{2}</svg>'
    ).format(width, height, Markup("").join(parts))


def _text(x: float, y: float, text: str, anchor: str, css: str = "") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(css, _n(x), _n(y), anchor, text)


def _cut(text: str, width: float) -> str:
    """The text cut to a width in ems, a Latin letter counting half."""
    used = 0.0
    for i, character in enumerate(text):
        used += 0.55 if character < "\u1100" else 1.0
        if used > width:
            return text[:i].rstrip() + "…"
    return text


def _n(value: float) -> str:
    """A number as short as a tenth of a pixel needs."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
