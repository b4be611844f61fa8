"""hype: which words persuade rather than inform, how strongly, and what can be checked.

``model: bundled``, or a folder of one's own, lets a trained model judge each sentence (``pipeline.models.hype_model``);
cues (``configs/cues``), coined catchphrases, rhetorical questions and nicknames stay as evidence: ``why`` of every span
lists those that touch it beside the model's probability. ``model: cues`` judges by them alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, get_args

from msgspec import UNSET
from pydantic import BaseModel

from pipeline.config import HypeSettings, digest_files, find_file
from pipeline.models.card import folder_of
from pipeline.models.hype_model import GATE, HypeModel, Judged
from pipeline.models.judging import YES, direction, level
from pipeline.record import (
    TECHNIQUES,
    Claim,
    Content,
    Document,
    Hype,
    Judgement,
    Rhetoric,
    Sentence,
    Summary,
    layer,
)
from pipeline.stages import Stage
from pipeline.text.claims import CLAIM, Assertions
from pipeline.text.coinages import Coinages
from pipeline.text.cue_level import MARKS, cue_hype
from pipeline.text.cues import load_cues
from pipeline.text.evidence import at_words, supported
from pipeline.text.polarity import Lexicon
from pipeline.text.questions import Setting
from pipeline.text.rhetoric import Finding, find_rhetoric, reported
from pipeline.text.word_patterns import Words

CUES = "cues"  # the name that asks for no model


class HypeStage(Stage):
    """Adds ``rhetoric``, ``hype``, ``checkable``, ``forecast``, ``claims``, ``content`` and their summary."""

    name: ClassVar[str] = "hype"
    requires: ClassVar[frozenset[str]] = frozenset({"tokens", "entities", "quantities", "times", "quotes"})
    provides: ClassVar[frozenset[str]] = frozenset({"rhetoric", "hype", "checkable", "forecast", "claims", "content"})
    Settings: ClassVar[type[BaseModel]] = HypeSettings
    settings: HypeSettings

    def load(self) -> None:
        """Read the cues and load the model. Raises ConfigError or ModelError if a file is missing or malformed."""
        folder = find_file(self.settings.cues)
        self._cues = load_cues(folder)
        self._coinages = Coinages.load(_beside(folder, "coinages.yaml"))
        self._assertions = Assertions.load(_beside(folder, "claims.yaml"))
        self._polarity = Lexicon.load(find_file("polarity.yaml"))
        self._folder = None if self.settings.model == CUES else folder_of(self.settings.model)
        self._model = HypeModel(self._folder) if self._folder else None

    def versions(self) -> dict[str, str]:
        """See :class:`pipeline.stages.Stage`."""
        versions = {
            "cues": self._cues.fingerprint,
            "coinages": self._coinages.fingerprint,
            "claims": self._assertions.fingerprint,
            "polarity": self._polarity.version,
        }
        return versions | ({"hype_model": digest_files([self._folder / "manifest.json"])} if self._folder else {})

    def process(self, documents: Sequence[Document]) -> None:
        """See :class:`pipeline.stages.Stage`."""
        for document in documents:
            kinds = {block.id: block.kind for block in layer(document.record.blocks)}
            sentences = list(document.content())
            following = [s.text for s in sentences[1:]] + [""]
            settings = [Setting(after, kinds[s.block]) for s, after in zip(sentences, following, strict=False)]
            if self._model is None:
                for sentence, setting in zip(sentences, settings, strict=True):
                    self._by_cues(document, sentence, self._findings(Words(sentence), setting))
            else:
                judged = self._model.judge([s.text for s in sentences], self.settings.dial)
                for sentence, setting, verdict in zip(sentences, settings, judged, strict=True):
                    self._by_model(document, sentence, self._findings(Words(sentence), setting), verdict)
            _summarize(document, sentences)

    def _findings(self, words: Words, setting: Setting) -> list[Finding]:
        return find_rhetoric(words, self._cues, self._coinages, setting)

    def _by_model(self, document: Document, sentence: Sentence, findings: Sequence[Finding], judged: Judged) -> None:
        spans = supported(sentence, judged.spans if judged.rhetoric >= GATE else [], findings)
        sentence.rhetoric = [
            Rhetoric(
                technique=s.technique,
                quoted=s.quoted,
                score=s.score,
                why=list(s.why),
                **document.span(*document.whole(s.start, s.end)),
            )
            for s in spans
            if s.technique in self.settings.techniques and s.score >= self.settings.min_span_score
        ]
        of_level = level(judged, self.settings.levels) if sentence.rhetoric else 0
        if any(not span.quoted for span in sentence.rhetoric):
            of_level = max(1, of_level)
        sentence.hype = Hype(score=round(judged.at_least[0], 4), level=of_level, direction=direction(judged, of_level))
        sentence.checkable = Judgement(score=round(judged.checkable, 4), label=judged.checkable >= YES)
        sentence.claims = list(_claims(document, sentence, judged)) if sentence.checkable.label else []
        sentence.forecast = Judgement(score=round(judged.forecast, 4), label=judged.forecast >= YES)
        sentence.content = _content(bool(sentence.claims), bool(sentence.rhetoric))

    def _by_cues(self, document: Document, sentence: Sentence, findings: Sequence[Finding]) -> None:
        words = Words(sentence)
        passages = reported(words) if findings else []
        kept = [
            (f, _lies_in(f, passages))
            for f in findings
            if f.score >= self.settings.min_span_score and f.technique in self.settings.techniques
        ]
        sentence.rhetoric = [_rhetoric(document, finding, quoted) for finding, quoted in kept]
        whole = bool(kept) and any(_is_whole(passage, sentence) for passage in passages)
        own = [finding for finding, quoted in kept if not quoted or whole]
        sentence.hype = cue_hype(words, own, self._polarity)
        found = self._assertions.clauses(sentence, [(f.start, f.end) for f in own])
        sentence.claims = [Claim(score=c.score, **document.span(c.start, c.end)) for c in found if c.score >= CLAIM]
        best = max((c.score for c in found), default=0.0)
        sentence.checkable = Judgement(score=best, label=best >= CLAIM)
        foretold = self._assertions.forecast(sentence, document.anchor, doom=sentence.hype.direction == "doom")
        sentence.forecast = Judgement(score=foretold, label=foretold >= CLAIM)
        sentence.content = _content(bool(sentence.claims), bool(sentence.rhetoric))


def _claims(document: Document, sentence: Sentence, judged: Judged) -> Iterator[Claim]:
    """The model's claims, of whole words, in order and apart."""
    done = sentence.start
    for claim in judged.claims:
        start, end = at_words(sentence, sentence.start + claim.start, sentence.start + claim.end)
        start, end = document.whole(max(start, done), max(end, done))
        if start < end:
            yield Claim(score=round(claim.score, 4), **document.span(start, end))
            done = end


def _beside(cues: Path, name: str) -> Path:
    """A data file in the folder of the cues, else the package's own."""
    return cues / name if (cues / name).is_file() else find_file(f"cues/{name}")


def _lies_in(finding: Finding, passages: Sequence[tuple[int, int]]) -> bool:
    return any(start <= finding.start and finding.end <= end for start, end in passages)


def _is_whole(passage: tuple[int, int], sentence: Sentence) -> bool:
    start, end = passage[0] - sentence.start, passage[1] - sentence.start
    return not MARKS.sub("", sentence.text[:start] + sentence.text[end:])


def _rhetoric(document: Document, finding: Finding, quoted: bool) -> Rhetoric:
    span = document.span(finding.start, finding.end)
    return Rhetoric(
        technique=finding.technique, quoted=quoted, score=round(finding.score, 4), why=list(finding.why), **span
    )


def _content(claim: bool, rhetoric: bool) -> Content:
    """From the two facts (guidelines, section 3)."""
    if claim:
        return "mixed" if rhetoric else "factual"
    return "rhetorical" if rhetoric else "plain"


def _summarize(document: Document, sentences: Sequence[Sentence]) -> None:
    contents = Counter(layer(s.content) for s in sentences)
    techniques = Counter(r.technique for s in sentences for r in layer(s.rhetoric))
    scores = [layer(s.hype).score for s in sentences]
    if document.record.summary is UNSET:
        document.record.summary = Summary()
    summary = layer(document.record.summary)
    summary.content = {label: contents[label] for label in get_args(Content)}
    summary.techniques = {technique: techniques[technique] for technique in TECHNIQUES}
    summary.hype_index = round(sum(scores) / len(scores), 4) if scores else 0.0
