"""kyojitsu in a spaCy pipeline of one's own: ``nlp.add_pipe("kyojitsu_rhetoric")``.

The component reads the text of the ``Doc`` alone and parses it itself, so it gives the same labels whatever tokenizer and
whatever other components the pipeline has. spaCy finds it through the entry-point group ``spacy_factories``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import UnsetType
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.record import Record, Rhetoric, Sentence
from pipeline.record import Span as RecordSpan

STAGES: Final = ["normalize", "tokenize", "ner", "hype", "stance"]
# What a sentence says as a whole, and goes into Span._.kyojitsu.
_SENTENCE_LAYERS: Final = ("checkable", "forecast", "hype", "content", "stances", "translation")


@Language.factory(  # type: ignore[untyped-decorator]
    "kyojitsu_rhetoric",
    default_config={"stages": STAGES, "settings": []},
    assigns=["doc._.kyojitsu", "doc.spans", "span._.kyojitsu", "span._.rhetoric"],
)
def make_rhetoric(nlp: Language, name: str, stages: list[str], settings: list[str]) -> RhetoricComponent:  # noqa: ARG001
    """Make the component.

    Args:
        nlp: the pipeline; its own components are not used.
        name: the name the component has in it.
        stages: stages to run, as in the configuration; ``translate`` needs its model.
        settings: settings to change, ``KEY=VALUE`` each, such as ``hype.model=cues``.

    Raises:
        ConfigError: a stage or a setting does not exist.
        ModelError: a model is missing.
    """
    return RhetoricComponent(Annotator(load_config(overrides=settings, stages=stages)))


class RhetoricComponent:
    """Adds what kyojitsu finds to a ``Doc``, as plain data that ``to_bytes`` and ``DocBin`` can store.

    * ``doc.spans["rhetoric"]``, ``doc.spans["claims"]``: spans labelled with the technique, or ``claim``.
    * ``doc.spans["kyojitsu_sentences"]``: kyojitsu's sentences, labelled with their content.
    * ``span._.rhetoric``: of a rhetoric span, its technique, quoted, score, why, and ``start``/``end``, the exact range
      in ``doc.text`` (code points). The span itself is widened to whole tokens.
    * ``span._.kyojitsu``: of a sentence, its checkable, forecast, hype, content, stances, translation.
    * ``doc._.kyojitsu``: the document's summary, signature and warnings.
    """

    def __init__(self, annotator: Annotator) -> None:
        """Take a loaded pipeline, and make the extensions where they are not there yet."""
        self._annotator = annotator
        for owner, name in ((Doc, "kyojitsu"), (Span, "kyojitsu"), (Span, "rhetoric")):
            if not owner.has_extension(name):
                owner.set_extension(name, default=None)

    def __call__(self, doc: Doc) -> Doc:
        """Annotate. Raises StageError if a stage fails."""
        record = self._annotator.annotate(doc.text)
        doc._.kyojitsu = {
            key: value
            for key, value in msgspec.to_builtins(record).items()
            if key in {"summary", "signature", "warnings"}
        }
        sentences = record.sentences or []
        _add(doc, "rhetoric", ((r, r.technique, "rhetoric", _rhetoric(r)) for s in sentences for r in s.rhetoric or []))
        _add(doc, "claims", ((c, "claim", "", None) for s in sentences for c in s.claims or []))
        _add(doc, "kyojitsu_sentences", ((s, s.content or "", "kyojitsu", _sentence(s)) for s in _analysed(record)))
        return doc


def _analysed(record: Record) -> Iterable[Sentence]:
    return (s for s in record.sentences or [] if not isinstance(s.tokens, UnsetType))


def _add(doc: Doc, key: str, found: Iterable[tuple[RecordSpan, str, str, Any]]) -> None:
    """Set a group of spans from (place, label, extension, its value); raw offsets are offsets into ``doc.text``."""
    spans = []
    for place, label, extension, value in found:
        span = doc.char_span(place.raw_start, place.raw_end, label=label, alignment_mode="expand")
        if span is None:  # a place without characters, which no token covers
            continue
        if extension:
            span._.set(extension, value)
        spans.append(span)
    doc.spans[key] = SpanGroup(doc, name=key, spans=spans)


def _rhetoric(span: Rhetoric) -> dict[str, Any]:
    return {
        "technique": span.technique,
        "quoted": span.quoted,
        "score": span.score,
        "why": span.why,
        "en": span.en,
        "start": span.raw_start,
        "end": span.raw_end,
    }


def _sentence(sentence: Sentence) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(sentence)
    return {layer: data[layer] for layer in _SENTENCE_LAYERS if layer in data}
