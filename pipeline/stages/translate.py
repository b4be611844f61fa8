"""translate: every content sentence, its rhetoric and its claims into English, checked against the Japanese.

Figures, time expressions and known names are written in English by rule before the engine sees the sentence, so that
it copies them instead of converting them. What cannot be translated is said so: ``status`` is ``verified`` only if
every check passed, ``flagged`` with the reason otherwise, ``failed`` without a usable text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from pipeline.config import TranslateSettings
from pipeline.models.store import cache_root
from pipeline.record import Document, Sentence, Span, Translation, layer
from pipeline.stages import Stage
from pipeline.translation.cache import FILE, TranslationCache
from pipeline.translation.checks import check, status
from pipeline.translation.engine import Output, load_engine
from pipeline.translation.inject import inject

COPIED: Final = "copied"  # the engine of sentences that are not Japanese
# A claim that covers this share of its sentence has the sentence's English; a shorter one gets its own.
WHOLE: Final = 0.8
# Sentences translated between two writes to the cache: what a killed run can lose.
CHUNK: Final = 128

# "the 4th" before a noun reads as its fourth: 4日、船を… must not become a fourth ship.
_DAY_ALONE: Final = re.compile(r"^the \d{1,2}(?:st|nd|rd|th)$")


class Translate(Stage):
    """Adds ``translation`` to content sentences, and ``en`` to their rhetoric and claims."""

    name: ClassVar[str] = "translate"
    requires: ClassVar[frozenset[str]] = frozenset({"sentences", "entities", "quantities", "times"})
    provides: ClassVar[frozenset[str]] = frozenset({"translation"})
    Settings: ClassVar[type[BaseModel]] = TranslateSettings
    settings: TranslateSettings

    def load(self) -> None:
        """Find the engine and open the cache. Raises ConfigError or ModelError."""
        threads = self.settings.threads or max(1, _cores() // self.config.run.workers)
        self._engine = load_engine(self.settings.engine, self.settings.model_copy(update={"threads": threads}))
        self._cache = None
        if self.settings.cache:
            self._cache = TranslationCache(cache_root(self.settings.cache_dir) / FILE, self._engine.fingerprint)

    def versions(self) -> dict[str, str]:
        """See :class:`pipeline.stages.Stage`."""
        return {"translation": self._engine.fingerprint}

    def process(self, documents: Sequence[Document]) -> None:
        """See :class:`pipeline.stages.Stage`."""
        for document in documents:
            self._translate(document)

    def _translate(self, document: Document) -> None:
        boilerplate = {b.id for b in layer(document.record.blocks) if b.kind == "boilerplate"}
        content = [s for s in document.sentences if s.block not in boilerplate]
        japanese = [s for s in content if s.lang == "ja"]
        sources = [source for s in japanese for source in _sources(s)]
        outputs = self._outputs(list(dict.fromkeys(sources)))
        for sentence in content:
            if sentence.lang != "ja":
                sentence.translation = Translation(
                    text=sentence.text, engine=COPIED, status="verified", checks={}, warnings=[]
                )
                continue
            sentence.translation = self._checked(sentence, outputs[_source(sentence, sentence)])
            for span in sentence.rhetoric or []:
                span.en = outputs[_source(sentence, span)].text or None
            for claim in sentence.claims or []:
                whole = _is_whole(sentence, claim)
                claim.en = (sentence.translation.text if whole else outputs[_source(sentence, claim)].text) or None

    def _outputs(self, sources: Sequence[str]) -> dict[str, Output]:
        """The engine's output for each source, from the cache where it is there."""
        found = self._cache.get_many(sources) if self._cache else {}
        missing = sorted((s for s in sources if s not in found), key=len)
        for first in range(0, len(missing), CHUNK):
            chunk = missing[first : first + CHUNK]
            made = dict(zip(chunk, self._engine.translate(chunk), strict=True))
            if self._cache:
                self._cache.put_many(made)
            found |= made
        return found

    def _checked(self, sentence: Sentence, output: Output) -> Translation:
        figures = [q.en for q in sentence.quantities or []] + [t.en for t in sentence.times or []]
        checks, warnings = check(sentence.text, output.text, figures, finished=output.finished)
        return Translation(
            text=output.text, engine=self._engine.name, status=status(checks), checks=checks, warnings=warnings
        )


def _cores() -> int:
    """Processors this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sources(sentence: Sentence) -> list[str]:
    """Everything of a sentence that goes to the engine: itself, its rhetoric, its shorter claims."""
    claims = [c for c in sentence.claims or [] if not _is_whole(sentence, c)]
    spans: list[Span] = [sentence, *(sentence.rhetoric or []), *claims]
    return [_source(sentence, span) for span in spans]


def _source(sentence: Sentence, span: Span) -> str:
    """The text of a span of the sentence, with figures, times and known names in English."""
    spans = [(q.start, q.end, q.en) for q in sentence.quantities or []]
    spans += [(t.start, t.end, _DAY_ALONE.sub(r"\g<0> of the month", t.en)) for t in sentence.times or []]
    spans += [(e.start, e.end, e.name_en) for e in sentence.entities or [] if e.name_en and e.fine != "mocking"]
    inside = [s for s in spans if span.start <= s[0] and s[1] <= span.end]
    shifted = [(start - span.start, end - span.start, english) for start, end, english in _apart(inside)]
    return inject(span.text.replace("\n", " "), shifted)


def _apart(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Spans without overlaps, the longest kept."""
    kept: list[tuple[int, int, str]] = []
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s[0])):
        if all(span[1] <= other[0] or span[0] >= other[1] for other in kept):
            kept.append(span)
    return kept


def _is_whole(sentence: Sentence, claim: Span) -> bool:
    return claim.end - claim.start >= WHOLE * (sentence.end - sentence.start)
