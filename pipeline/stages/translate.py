"""translate: every content sentence, its rhetoric and its claims into English, checked against the Japanese.

Figures, time expressions, known names and terms are written in English by rule before the engine sees the sentence, so
that it copies them instead of converting them. A translation that fails a check is tried again: with the engine's other
candidates, with the other kind of protection, then clause by clause. ``status`` is ``verified`` only if every check passed, ``flagged`` with the reasons
otherwise, ``failed`` without a usable text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import BaseModel

from pipeline.config import TranslateSettings, digest_files, find_file
from pipeline.models.card import folder_of
from pipeline.models.store import cache_root
from pipeline.record import Claim, Document, Rhetoric, Sentence, Translation, layer
from pipeline.stages import Stage
from pipeline.text import clauses
from pipeline.translation.align import Aligner
from pipeline.translation.cache import FILE, TranslationCache
from pipeline.translation.checks import check_sentence, status
from pipeline.translation.engine import CandidateEngine, Output, Protection, load_engine, protection
from pipeline.translation.figures import Figure, number_faults
from pipeline.translation.glossary import Glossary, Term, read_catchphrases, read_glossary
from pipeline.translation.inject import hide, inject, restore

COPIED: Final = "copied"  # the engine of sentences that are not Japanese
# A claim that covers this share of its sentence has the sentence's English; a shorter one gets its own.
WHOLE: Final = 0.8
# Sentences translated between two writes to the cache: what a killed run can lose.
CHUNK: Final = 128
# In the cache, candidate i of n of a source is kept under the source followed by these two numbers.
_CANDIDATE: Final = "{source}\x1f{count}\x1f{i}"

# "the 4th" before a noun reads as its fourth: 4日、船を… must not become a fourth ship.
_DAY_ALONE: Final = re.compile(r"^the \d{1,2}(?:st|nd|rd|th)$")
# "Note: The translation maintains the structure of the original." after the translation.
_NOTE: Final = re.compile(r"\s*\(?Note: (?:The|This|In this|I)\b[^\n]*\btranslat\w+[^\n]*\Z")
_CLOSED: Final = re.compile(r"[.!?:;…][\"'”’)\]]*\Z")


class _Prepared(NamedTuple):
    """What the engine gets, and the English of the placeholders in it."""

    source: str
    placeholders: dict[str, str]

    def read(self, output: Output) -> Output:
        """The output without a chat model's note on its translation, with the placeholders filled."""
        return Output(restore(_NOTE.sub("", output.text), self.placeholders), output.finished)


class _Work(NamedTuple):
    """A sentence to translate, with the words of it whose English is fixed."""

    document: Document
    sentence: Sentence
    terms: list[Term]
    phrases: list[Term]


class Translate(Stage):
    """Adds ``translation`` to content sentences, and ``en`` to their rhetoric and claims."""

    name: ClassVar[str] = "translate"
    requires: ClassVar[frozenset[str]] = frozenset({"sentences", "entities", "quantities", "times"})
    provides: ClassVar[frozenset[str]] = frozenset({"translation"})
    Settings: ClassVar[type[BaseModel]] = TranslateSettings
    settings: TranslateSettings

    def load(self) -> None:
        """Find the engine, read the tables and open the cache. Raises ConfigError or ModelError."""
        threads = self.settings.threads or self.config.run.threads_a_worker()
        self._engine = load_engine(self.settings.engine, self.settings.model_copy(update={"threads": threads}))
        self._protect = protection(self._engine) if self.settings.protect == "auto" else self.settings.protect
        self._glossary = Glossary(read_glossary(find_file(self.settings.glossary)))
        self._catchphrases = Glossary(read_catchphrases(find_file(self.settings.catchphrases)))
        self._aligner = Aligner(folder_of(self.settings.aligner), threads) if self.settings.aligner else None
        self._cache = None
        if self.settings.cache:
            self._cache = TranslationCache(cache_root(self.settings.cache_dir) / FILE, self._engine.fingerprint)

    def versions(self) -> dict[str, str]:
        """See :class:`pipeline.stages.Stage`."""
        tables = (self.settings.glossary, self.settings.catchphrases)
        return {"translation": self._engine.fingerprint, "terms": digest_files(find_file(table) for table in tables)}

    def process(self, documents: Sequence[Document]) -> None:
        """See :class:`pipeline.stages.Stage`."""
        works = [work for document in documents for work in self._works(document)]
        self._translate(works)
        for work in works:
            _explain(work)
        self._carry(works)

    def _works(self, document: Document) -> Iterator[_Work]:
        """The Japanese sentences of a document; others are copied."""
        boilerplate = {b.id for b in layer(document.record.blocks) if b.kind == "boilerplate"}
        for sentence in (s for s in document.sentences if s.block not in boilerplate):
            if sentence.lang == "ja":
                yield _Work(document, sentence, self._glossary.find(sentence), self._catchphrases.find(sentence))
            else:
                sentence.translation = Translation(
                    text=sentence.text, engine=COPIED, status="verified", checks={}, warnings=[]
                )

    # Sentences ------------------------------------------------------------------------------------------------------

    def _translate(self, works: Sequence[_Work]) -> None:
        """Translate all sentences, those that fail a check again."""
        prepared = [self._prepare(work, work.sentence.start, work.sentence.end) for work in works]
        outputs = self._outputs([p.source for p in prepared])
        for work, source in zip(works, prepared, strict=True):
            work.sentence.translation = self._checked(work, source.read(outputs[source.source]))
        doubtful = [(work, source) for work, source in zip(works, prepared, strict=True) if _is_doubtful(work)]
        others = self._candidates([source.source for _, source in doubtful]) if self.settings.retries else {}
        for work, source in doubtful:
            tried = [self._checked(work, source.read(output)) for output in others.get(source.source, [])]
            work.sentence.translation = min([layer(work.sentence.translation), *tried], key=_faultiness)
        if self.settings.retries and self._protect != "none":
            self._otherwise_protected([work for work, _ in doubtful if _is_doubtful(work)])
        self._by_clauses([work for work, _ in doubtful if _is_doubtful(work)])

    def _otherwise_protected(self, works: Sequence[_Work]) -> None:
        """Translate with placeholders what failed with English in the Japanese, or the other way round.

        What comes of it is taken where it passes every check.
        """
        other: Protection = "inject" if self._protect == "placeholder" else "placeholder"
        prepared = [self._prepare(work, work.sentence.start, work.sentence.end, other) for work in works]
        outputs = self._outputs([source.source for source in prepared])
        for work, source in zip(works, prepared, strict=True):
            tried = self._checked(work, source.read(outputs[source.source]))
            if tried.status == "verified":
                work.sentence.translation = tried

    def _by_clauses(self, works: Sequence[_Work]) -> None:
        """Translate clause by clause, and take what comes of it where it passes every check."""
        parts = [[self._prepare(work, *part) for part in _clauses(work.sentence)] for work in works]
        outputs = self._outputs([p.source for some in parts for p in some])
        for work, some in zip(works, parts, strict=True):
            made = [p.read(outputs[p.source]) for p in some]
            text = " ".join(_close(output.text) for output in made)
            joined = self._checked(work, Output(text, bool(made) and all(output.finished for output in made)))
            if joined.status == "verified":
                work.sentence.translation = joined

    def _checked(self, work: _Work, output: Output) -> Translation:
        checks, warnings = check_sentence(
            work.sentence, output.text, finished=output.finished, terms=work.terms, aligner=self._aligner
        )
        return Translation(
            text=output.text, engine=self._engine.name, status=status(checks), checks=checks, warnings=warnings
        )

    # Spans ----------------------------------------------------------------------------------------------------------

    def _carry(self, works: Sequence[_Work]) -> None:
        """Give rhetoric and claims their part of the translation, or a translation of their own."""
        alone: list[tuple[_Work, Rhetoric | Claim, _Prepared]] = []
        for work in works:
            spans: list[Rhetoric | Claim] = [*(work.sentence.rhetoric or []), *(work.sentence.claims or [])]
            for span in spans:
                if not self._align(work, span):
                    alone.append((work, span, self._prepare(work, span.start, span.end)))
        outputs = self._outputs([source.source for _, _, source in alone])
        for work, span, source in alone:
            english = source.read(outputs[source.source]).text
            whole = layer(work.sentence.translation).text
            if isinstance(span, Claim) and _loses_figures(work.sentence, span, english) and whole:
                _place(span, whole, 0, len(whole))
            else:
                span.en = english or None

    def _align(self, work: _Work, span: Rhetoric | Claim) -> bool:
        """Find the span's words in the translation; false where they cannot be told."""
        sentence, english = work.sentence, layer(work.sentence.translation).text
        if not english:
            return False
        phrase = next((t.entered.english for t in work.phrases if (t.start, t.end) == (span.start, span.end)), None)
        if phrase and (at := english.lower().find(phrase.lower())) >= 0:
            _place(span, english, at, at + len(phrase))
            return True
        if isinstance(span, Claim) and span.end - span.start >= WHOLE * (sentence.end - sentence.start):
            _place(span, english, 0, len(english))
            return True
        if self._aligner is None:
            return False
        shift = sentence.start
        found = self._aligner.align(sentence.text, span.start - shift, span.end - shift, english)
        if found is None or _loses_figures(sentence, span, english[slice(*found)]):
            return False
        _place(span, english, *found)
        return True

    # The engine -----------------------------------------------------------------------------------------------------

    def _prepare(self, work: _Work, start: int, end: int, protect: str | None = None) -> _Prepared:
        """The text from ``start`` to ``end`` as the engine gets it, protected as configured unless said otherwise."""
        text, protect = work.document.text[start:end].replace("\n", " "), protect or self._protect
        if protect == "none":
            return _Prepared(text, {})
        spans = [(a - start, b - start, english) for a, b, english in _fixed(work) if start <= a and b <= end]
        if protect == "placeholder":
            return _Prepared(*hide(text, spans))
        return _Prepared(inject(text, spans), {})

    def _outputs(self, sources: Sequence[str]) -> dict[str, Output]:
        """The engine's output for each source, from the cache where it is there."""
        sources = list(dict.fromkeys(sources))
        found = self._cache.get_many(sources) if self._cache else {}
        missing = sorted((s for s in sources if s not in found), key=len)
        for first in range(0, len(missing), CHUNK):
            chunk = missing[first : first + CHUNK]
            made = dict(zip(chunk, self._engine.translate(chunk), strict=True))
            if self._cache:
                self._cache.put_many(made)
            found |= made
        return found

    def _candidates(self, sources: Sequence[str]) -> dict[str, list[Output]]:
        """The engine's further candidates for each source. Those it does not have are kept in the cache as empty."""
        engine, count = self._engine, 1 + self.settings.retries
        if not isinstance(engine, CandidateEngine):
            return {}
        sources = list(dict.fromkeys(sources))
        keys = {s: [_CANDIDATE.format(source=s, count=count, i=i) for i in range(1, count)] for s in sources}
        found = self._cache.get_many([key for some in keys.values() for key in some]) if self._cache else {}
        missing = sorted((s for s in sources if any(key not in found for key in keys[s])), key=len)
        for first in range(0, len(missing), CHUNK):
            chunk = missing[first : first + CHUNK]
            made: dict[str, Output] = {}
            for source, outputs in zip(chunk, engine.candidates(chunk, count), strict=True):
                padded = [*outputs[1:], *[Output("", finished=True)] * count]
                made |= dict(zip(keys[source], padded, strict=False))
            if self._cache:
                self._cache.put_many(made)
            found |= made
        return {source: [found[key] for key in keys[source] if found[key].text] for source in sources}


def _is_doubtful(work: _Work) -> bool:
    return layer(work.sentence.translation).status != "verified"


def _faultiness(translation: Translation) -> tuple[bool, int, int]:
    """How bad a translation is: one without a text is worst, then failed checks count, then single faults."""
    faults = sum(1 + warning.count(", ") for warning in translation.warnings)
    return translation.status == "failed", list(translation.checks.values()).count(False), faults


def _clauses(sentence: Sentence) -> list[tuple[int, int]]:
    """The clauses of a sentence that has several, in code points of the document."""
    tokens = layer(sentence.tokens)
    parts = clauses.split(tokens) if tokens else []
    return [(tokens[a].start, tokens[b - 1].end) for a, b in parts if a < b] if len(parts) > 1 else []


def _close(text: str) -> str:
    return text if not text or _CLOSED.search(text) else f"{text}."


def _explain(work: _Work) -> None:
    """Tell the document's reader of each set phrase once."""
    for phrase in work.phrases:
        entered = phrase.entered
        message = f"{entered.japanese}: {entered.english!r}, literally {entered.literal!r}"
        message += f" ({entered.note})" if entered.note else ""
        if all(notice.message != message for notice in work.document.record.warnings):
            work.document.warn("translate", "catchphrase", message)


def _place(span: Rhetoric | Claim, english: str, start: int, end: int) -> None:
    span.en, span.en_start, span.en_end = english[start:end], start, end


def _loses_figures(sentence: Sentence, span: Rhetoric | Claim, english: str) -> bool:
    """Whether a figure of the span is missing from its English, or another is there."""
    figures = [(q.start, q.end, Figure(q.text, q.en)) for q in sentence.quantities or []]
    figures += [(t.start, t.end, Figure(t.text, t.en)) for t in sentence.times or []]
    inside = [figure for start, end, figure in figures if span.start <= start and end <= span.end]
    return bool(number_faults(span.text, english, inside))


def _fixed(work: _Work) -> list[tuple[int, int, str]]:
    """Everything of a sentence whose English is fixed: (start, end, English), apart."""
    sentence = work.sentence
    spans = [(q.start, q.end, q.en) for q in sentence.quantities or []]
    spans += [(t.start, t.end, _DAY_ALONE.sub(r"\g<0> of the month", t.en)) for t in sentence.times or []]
    spans += [(e.start, e.end, e.name_en) for e in sentence.entities or [] if e.name_en and e.fine != "mocking"]
    spans += [(t.start, t.end, t.entered.english) for t in (*work.terms, *work.phrases)]
    return _apart(spans)


def _apart(spans: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Spans without overlaps, the longest kept."""
    kept: list[tuple[int, int, str]] = []
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s[0])):
        if all(span[1] <= other[0] or span[0] >= other[1] for other in kept):
            kept.append(span)
    return kept
