"""The tables of a dataset, one a task: their columns with explicit types, and the rows of a document.

Flat tables have one row a span, for spreadsheets. Those of Hugging Face have one row a sentence with the list of its
spans: a sentence without any is a row too, for training needs it, and ``load_dataset`` cannot load a table of no rows
(huggingface/datasets pull request 8401).

``start``/``end`` are Unicode code points into the document's ``text`` (normalized; for gold data the same as raw),
``raw_start``/``raw_end`` into its ``raw``; end exclusive. ``surface`` is a target's name as the raw text has it. A column that does not apply is null, and is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from datasets import Features, List, Value
from msgspec import UNSET

from pipeline import record as r
from pipeline.dataset import gold
from pipeline.dataset.build import Item, placed
from pipeline.record import Record

Row = dict[str, Any]
_TEXT, _INT, _FLOAT, _BOOL = Value("string"), Value("int32"), Value("float64"), Value("bool")
_SPAN: Final = {"start": _INT, "end": _INT, "raw_start": _INT, "raw_end": _INT, "text": _TEXT}
_PLACE: Final = {"doc": _TEXT, "sentence": _TEXT}

# fmt: off
TABLES: Final[dict[str, Features]] = {
    "documents": Features({
        "doc": _TEXT, "text": _TEXT, "raw": _TEXT, "title": _TEXT, "url": _TEXT, "published": _TEXT,
        "publisher": _TEXT, "path": _TEXT, "format": _TEXT, "encoding": _TEXT, "sha256": _TEXT, "genre": _TEXT,
        "sentences": _INT, "factual": _INT, "mixed": _INT, "rhetorical": _INT, "plain": _INT, "hype_index": _FLOAT,
        "stances": List({"target": _TEXT, "label": _TEXT, "score": _FLOAT, "sentences": _INT}),
        "warnings": List({"stage": _TEXT, "code": _TEXT, "message": _TEXT}), "signature": _TEXT,
    }),
    "sentences": Features({
        **_PLACE, **_SPAN, "block": _TEXT, "lang": _TEXT, "boilerplate": _BOOL, "checkable": _BOOL,
        "checkable_score": _FLOAT, "forecast": _BOOL, "forecast_score": _FLOAT, "hype": _INT, "hype_score": _FLOAT,
        "direction": _TEXT, "content": _TEXT, "genre": _TEXT, "contrast": _TEXT,
    }),
    "rhetoric": Features({
        **_PLACE, **_SPAN, "technique": _TEXT, "quoted": _BOOL, "score": _FLOAT, "level": _INT, "why": List(_TEXT),
        "en": _TEXT, "sentence_text": _TEXT,
    }),
    "stance": Features({
        **_PLACE, **_SPAN, "target": _TEXT, "surface": _TEXT, "label": _TEXT, "holder": _TEXT, "score": _FLOAT,
        "favor": _FLOAT, "against": _FLOAT, "neutral": _FLOAT,
    }),
    "claims": Features({**_PLACE, **_SPAN, "score": _FLOAT, "en": _TEXT, "sentence_text": _TEXT}),
    "translation": Features({
        **_PLACE, **_SPAN, "en": _TEXT, "engine": _TEXT, "status": _TEXT,
        "checks": List({"check": _TEXT, "passed": _BOOL}), "warnings": List(_TEXT),
    }),
}
# fmt: on
_LISTS: Final = {"rhetoric": "spans", "claims": "spans", "stance": "stances"}


def _listed(table: str) -> Features:
    """A flat table's columns as a list beside the sentence's."""
    own = {c: kind for c, kind in TABLES[table].items() if c not in _PLACE and c != "sentence_text"}
    if table == "stance":  # its place is the sentence's
        own = {c: kind for c, kind in own.items() if c not in _SPAN}
    return Features({**_PLACE, **_SPAN, "boilerplate": _BOOL, _LISTS[table]: List(own)})


CONFIGS: Final[dict[str, Features]] = {
    table: _listed(table) if table in _LISTS else features for table, features in TABLES.items()
}
"""The tables of Hugging Face: one row a document in ``documents``, one row a sentence in the others."""


def sentence_rows(item: Item) -> Iterator[tuple[str, Row]]:
    """Every row of a document for :data:`CONFIGS`."""
    sentence: Row | None = None
    parts: dict[str, list[Row]] = {}
    for table, row in rows(item):
        if table == "documents":
            yield table, row
        elif table == "sentences":
            yield from _gathered(sentence, parts)
            sentence, parts = row, {}
        else:
            parts.setdefault(table, []).append(row)
    yield from _gathered(sentence, parts)


def _gathered(sentence: Row | None, parts: dict[str, list[Row]]) -> Iterator[tuple[str, Row]]:
    """The rows of one sentence, from the flat rows of its spans."""
    if sentence is None:
        return
    yield "sentences", sentence
    place = {column: sentence[column] for column in (*_PLACE, *_SPAN)}
    for table, column in _LISTS.items():
        own = CONFIGS[table][column].feature
        found = [{c: row[c] for c in own} for row in parts.get(table, [])]
        yield table, {**place, "boilerplate": sentence["boilerplate"], column: found}
    [translation] = parts.get("translation") or [{"checks": [], "warnings": []}]
    yield "translation", {**dict.fromkeys(TABLES["translation"]), **translation, **place}


def rows(item: Item) -> Iterator[tuple[str, Row]]:
    """Every row of a document for :data:`TABLES`: the document, then each sentence followed by what is in it."""
    found = _of_record(item.record, item.gold) if item.record else _of_gold(item.gold)
    return ((table, {column: row.get(column) for column in TABLES[table]}) for table, row in found)


def content(claims: object, rhetoric: object) -> str:
    """The content label that follows from having a claim and having a rhetoric span (guidelines, section 3)."""
    if claims:
        return "mixed" if rhetoric else "factual"
    return "rhetorical" if rhetoric else "plain"


def _of_record(record: Record, labels: gold.GoldDocument) -> Iterator[tuple[str, Row]]:
    summary = record.summary or r.Summary()
    source = {name: getattr(record.source, name) for name in r.Source.__struct_fields__}
    yield "documents", {
        **source, **{str(k): v for k, v in (summary.content or {}).items()}, "doc": record.id,
        "text": record.text or record.raw, "raw": record.raw, "sentences": len(record.sentences or []),
        "hype_index": _set(summary.hype_index),
        "stances": [_fields(s) for s in summary.stances or []],
        "warnings": [_fields(w) for w in record.warnings], "signature": record.signature,
    }  # fmt: skip
    for sentence, label in zip(record.sentences or [], labels.sentences, strict=True):
        yield from _of_sentence(record.id, sentence, label)


def _of_sentence(doc: str, s: r.Sentence, label: gold.Sentence) -> Iterator[tuple[str, Row]]:
    place = {"doc": doc, "sentence": s.id}
    yield "sentences", {
        **place, **_span(s), "block": s.block, "lang": s.lang, "boilerplate": label.boilerplate,
        "checkable": s.checkable.label if s.checkable else None,
        "checkable_score": s.checkable.score if s.checkable else None,
        "forecast": s.forecast.label if s.forecast else None,
        "forecast_score": s.forecast.score if s.forecast else None,
        "hype": s.hype.level if s.hype else None, "hype_score": s.hype.score if s.hype else None,
        "direction": s.hype.direction if s.hype else None, "content": _set(s.content),
    }  # fmt: skip
    for start, end, span in placed(s, s.rhetoric, raw=True):
        fields = {**_fields(span), "raw_start": start, "raw_end": end, "level": s.hype.level if s.hype else None}
        yield "rhetoric", {**fields, **place, "sentence_text": s.text}
    for start, end, claim in placed(s, s.claims, raw=True):
        yield "claims", {**_fields(claim), "raw_start": start, "raw_end": end, **place, "sentence_text": s.text}
    for stance, as_raw in zip(s.stances or [], label.stances, strict=True):
        scores: Row = {str(label): score for label, score in stance.scores.items()}
        yield "stance", {**_fields(stance), **scores, **place, **_span(s), "surface": as_raw.surface}
    if s.translation:
        t = s.translation
        checks = [{"check": check, "passed": passed} for check, passed in t.checks.items()]
        yield "translation", {**_fields(t), **place, **_span(s), "en": t.text, "checks": checks}


def _of_gold(document: gold.GoldDocument) -> Iterator[tuple[str, Row]]:
    kinds = [content(s.claims, s.rhetoric) for s in document.sentences if not s.boilerplate]
    yield "documents", {
        "doc": document.doc, "text": document.text, "raw": document.text, "genre": document.genre,
        "sentences": len(document.sentences), "stances": [{**_NO_SCORE, **_fields(s)} for s in document.stances],
        "warnings": [], **{kind: kinds.count(kind) for kind in ("factual", "mixed", "rhetorical", "plain")},
    }  # fmt: skip
    for number, s in enumerate(document.sentences):
        place, at = {"doc": document.doc, "sentence": f"s{number}"}, _places(s, document.text)
        yield "sentences", {
            **_fields(s), **place, **at, "content": None if s.boilerplate else content(s.claims, s.rhetoric)
        }  # fmt: skip
        for span in s.rhetoric:
            fields = {**_fields(span), **_places(span, document.text), "why": []}
            yield "rhetoric", {**fields, **place, "level": s.hype, "sentence_text": s.text}
        for claim in s.claims:
            yield "claims", {**_places(claim, document.text), **place, "sentence_text": s.text}
        for stance in s.stances:
            yield "stance", {**_fields(stance), **place, **at}


_NO_SCORE: Final[Row] = {"score": None, "sentences": None}


def _fields(struct: Any) -> Row:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def _span(span: r.Span) -> Row:
    return {name: getattr(span, name) for name in _SPAN}


def _places(span: Any, text: str) -> Row:
    start, end = span.start, span.end
    return {"start": start, "end": end, "raw_start": start, "raw_end": end, "text": text[start:end]}


def _set(value: Any) -> Any:
    return None if value is UNSET else value
