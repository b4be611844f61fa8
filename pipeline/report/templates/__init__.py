"""The report's templates, its style sheet and its script, and the one place that renders them.

Text from sources is data: Jinja escapes it everywhere, and the page's Content-Security-Policy allows the one style sheet
and the one script by their hashes and nothing else, so that even a mistake in a template could not make it run.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.record import TECHNIQUES
from pipeline.report.charts import fact_bar
from pipeline.report.notes import info_note, rhetoric_note
from pipeline.report.text import printable
from pipeline.report.totals import CONTENTS
from pipeline.report.words import WORDS, both

GENERATOR: Final = "kyojitsu report"  # names the program in every page, by which it knows its own files


def render(template: str, **context: Any) -> Markup:
    """The template filled in; what comes out is safe to stand in a page."""
    return Markup(_environment().get_template(template).render(context))  # noqa: S704  (autoescaped)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": True}
    style, script, notebook = (
        files(__name__).joinpath(name).read_text("utf-8") for name in ("report.css", "report.js", "notebook.css")
    )
    environment.globals |= {
        "t": both,
        "words": WORDS,
        "style": Markup(style),  # noqa: S704  (the package's own files)
        "script": Markup(script),  # noqa: S704
        "notebook_style": Markup(notebook),  # noqa: S704
        "policy": _policy(style, script),
        "techniques": TECHNIQUES,
        "contents": CONTENTS,
        "generator": GENERATOR,
        "rhetoric_note": rhetoric_note,
        "info_note": info_note,
        "printable": printable,
        "fact_bar": fact_bar,
    }
    return environment


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
