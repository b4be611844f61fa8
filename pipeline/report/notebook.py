"""A record as a notebook shows it: the same marks as the report's, without script, notes as tool tips.

A notebook puts this among its own elements, so every rule of the style sheet begins with one class name.
"""

from __future__ import annotations

from pipeline.record import Record
from pipeline.report.articles import lines
from pipeline.report.templates import render


def to_html(record: Record) -> str:
    """The record's sentences, Japanese beside English, as a fragment of HTML for ``_repr_html_``."""
    return str(render("notebook.html.j2", record=record, blocks=lines(record)))
