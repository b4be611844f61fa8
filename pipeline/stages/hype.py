"""hype: which words persuade rather than inform, how strongly, and what can be checked.

Evidence comes from cues (``configs/cues``), coined catchphrases, rhetorical questions and nicknames; ``why`` of every
span lists it. The score of a sentence is made of the scores of the author's own spans (quoted ones count only where
the quotation is the whole sentence):

* the strongest span counts in full, a further one for .4 of it: ``1 - (1 - s1) * prod(1 - .4 * s)``, so that two light
  touches (.4 each) stay mild, and of strong words (.6 each) two stay strong and three are extreme;
* .15 is added in the same way for an exclamation mark or a drawn-out vowel beside rhetoric;
* .15 more where rhetoric other than a question or a slogan covers .6 of the sentence or more, marks aside;
* a slogan makes a sentence at least strong (level 2).

The constants were set by hand on a development set of 150 sentences with the default ``levels`` (.25, .5, .75).

The level is the number of ``levels`` that the score reaches, 0 where there is no span. The direction is the weighted
vote of the spans; a span about size itself votes with the tone of the sentence's words, and for ``boost`` where they
have none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final, get_args

from msgspec import UNSET
from pydantic import BaseModel

from pipeline.config import HypeSettings, find_file
from pipeline.record import (
    TECHNIQUES,
    Claim,
    Content,
    Direction,
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
from pipeline.text.cues import load_cues
from pipeline.text.polarity import Lexicon
from pipeline.text.questions import Setting
from pipeline.text.rhetoric import Finding, find_rhetoric, reported
from pipeline.text.syntax import Tree
from pipeline.text.word_patterns import Words

FURTHER: Final = 0.4  # what a further span counts, the strongest counting 1
EMPHASIS: Final = 0.15
COVERAGE: Final = 0.6  # share of the sentence that rhetoric must cover to be its substance
STRONG: Final = 2
_EMPHATIC: Final = re.compile(r"[!！]|[〜～~ー]{2,}")
_MARKS: Final = re.compile(r"[\s「」『』”“、。,.!！?？・…]")


class HypeStage(Stage):
    """Adds ``rhetoric``, ``hype``, ``checkable``, ``forecast``, ``claims``, ``content`` and their summary."""

    name: ClassVar[str] = "hype"
    requires: ClassVar[frozenset[str]] = frozenset({"tokens", "entities", "quantities", "times", "quotes"})
    provides: ClassVar[frozenset[str]] = frozenset({"rhetoric", "hype", "checkable", "forecast", "claims", "content"})
    Settings: ClassVar[type[BaseModel]] = HypeSettings
    settings: HypeSettings

    def load(self) -> None:
        """Read the cues. Raises ConfigError if a file is missing or malformed."""
        folder = find_file(self.settings.cues)
        self._cues = load_cues(folder)
        self._coinages = Coinages.load(_beside(folder, "coinages.yaml"))
        self._assertions = Assertions.load(_beside(folder, "claims.yaml"))
        self._polarity = Lexicon.load(find_file("polarity.yaml"))

    def versions(self) -> dict[str, str]:
        """See :class:`pipeline.stages.Stage`."""
        return {
            "cues": self._cues.fingerprint,
            "coinages": self._coinages.fingerprint,
            "claims": self._assertions.fingerprint,
            "polarity": self._polarity.version,
        }

    def process(self, documents: Sequence[Document]) -> None:
        """See :class:`pipeline.stages.Stage`."""
        for document in documents:
            kinds = {block.id: block.kind for block in layer(document.record.blocks)}
            sentences = list(document.content())
            following = [s.text for s in sentences[1:]] + [""]
            for sentence, after in zip(sentences, following, strict=False):
                self._annotate(document, sentence, Setting(after, kinds[sentence.block]))
            _summarize(document, sentences)

    def _annotate(self, document: Document, sentence: Sentence, setting: Setting) -> None:
        words = Words(sentence)
        findings = find_rhetoric(words, self._cues, self._coinages, setting)
        passages = reported(words) if findings else []
        kept = [(f, _lies_in(f, passages)) for f in findings if f.score >= self.settings.min_span_score]
        sentence.rhetoric = [_rhetoric(document, finding, quoted) for finding, quoted in kept]
        whole = bool(kept) and any(_is_whole(passage, sentence) for passage in passages)
        own = [finding for finding, quoted in kept if not quoted or whole]
        sentence.hype = self._hype(words, own)
        found = self._assertions.clauses(sentence, [(f.start, f.end) for f in own])
        sentence.claims = [Claim(score=c.score, **document.span(c.start, c.end)) for c in found if c.score >= CLAIM]
        best = max((c.score for c in found), default=0.0)
        sentence.checkable = Judgement(score=best, label=best >= CLAIM)
        foretold = self._assertions.forecast(sentence, document.anchor, doom=sentence.hype.direction == "doom")
        sentence.forecast = Judgement(score=foretold, label=foretold >= CLAIM)
        sentence.content = _content(bool(sentence.claims), bool(sentence.rhetoric))

    def _hype(self, words: Words, own: Sequence[Finding]) -> Hype:
        if not own:
            return Hype(score=0.0, level=0, direction="none")
        score = sentence_score(own, words.sentence.text)
        level = sum(score >= threshold for threshold in self.settings.levels)
        if any(finding.technique == "slogan" for finding in own):
            level = max(level, STRONG)
            score = max(score, self.settings.levels[STRONG - 1])
        direction = self._direction(words, own) if level else "none"
        return Hype(score=round(score, 4), level=level, direction=direction)

    def _direction(self, words: Words, own: Sequence[Finding]) -> Direction:
        votes = {"boost": 0.0, "doom": 0.0, "size": 0.0}
        for finding in own:
            votes[finding.direction] += finding.score
        if votes["size"]:
            votes["doom" if self._tone(words, own) < 0 else "boost"] += votes["size"] / 2
        return "doom" if votes["doom"] > votes["boost"] else "boost"

    def _tone(self, words: Words, own: Sequence[Finding]) -> int:
        """Above 0 where the sentence's other words are more of praise than of blame."""
        tree = Tree(words.tokens)
        return sum(
            -hit.polarity if any(tree.is_negation(i) for i in tree.tail(hit.head)) else hit.polarity
            for hit in self._polarity.find(tree)
            if not any(f.direction == "size" and f.start <= words.tokens[hit.start].start < f.end for f in own)
        )


def _beside(cues: Path, name: str) -> Path:
    """A data file in the folder of the cues, else the package's own."""
    return cues / name if (cues / name).is_file() else find_file(f"cues/{name}")


def sentence_score(own: Sequence[Finding], text: str) -> float:
    """How strong a sentence is, from the author's own spans in it; the module says how."""
    strongest, *others = sorted((finding.score for finding in own), reverse=True)
    rest = 1 - strongest
    for score in others:
        rest *= 1 - score * FURTHER
    if _EMPHATIC.search(text):
        rest *= 1 - EMPHASIS
    covered = sum(f.end - f.start for f in own if f.technique not in ("rhetorical_question", "slogan"))
    if covered >= COVERAGE * len(_MARKS.sub("", text)):
        rest *= 1 - EMPHASIS
    return 1 - rest


def _lies_in(finding: Finding, passages: Sequence[tuple[int, int]]) -> bool:
    return any(start <= finding.start and finding.end <= end for start, end in passages)


def _is_whole(passage: tuple[int, int], sentence: Sentence) -> bool:
    start, end = passage[0] - sentence.start, passage[1] - sentence.start
    return not _MARKS.sub("", sentence.text[:start] + sentence.text[end:])


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
