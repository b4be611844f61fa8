"""Minimum Bayes risk: of several translations, the one most like the others (Kumar & Byrne 2004; Eikema & Aziz 2022).

What a model says in several ways at once is likelier right than its single likeliest wording. Likeness is sentence
chrF (Popović 2015) as sacrebleu computes it, which needs neither a reference nor another model.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from pipeline.models.convert import missing_extra
from pipeline.translation.engine import Output, Protection, TranslationEngine, candidates, protection


class ConsensusEngine:
    """Another engine, whose translation is chosen among its candidates."""

    def __init__(self, engine: TranslationEngine, count: int) -> None:
        """Wrap an engine.

        Args:
            engine: what translates.
            count: candidates to choose among.

        Raises:
            ModelError: sacrebleu is missing.
        """
        try:
            from sacrebleu.metrics.chrf import CHRF
        except ImportError as error:
            raise missing_extra(error) from error
        self._chrf = CHRF()
        self._engine = engine
        self._count = count
        self.name = engine.name
        self.protection: Protection = protection(engine)
        self.fingerprint = f"{engine.fingerprint}-chrf-of-{count}-sacrebleu-{version('sacrebleu')}"

    def translate(self, sources: Sequence[str]) -> list[Output]:
        """See :class:`pipeline.translation.engine.TranslationEngine`."""
        return [ranked[0] for ranked in self.candidates(sources, self._count)]

    def candidates(self, sources: Sequence[str], count: int) -> list[list[Output]]:
        """See :class:`pipeline.translation.engine.CandidateEngine`."""
        made = candidates(self._engine, sources, max(count, self._count))
        return [[*self.ranked(outputs[: self._count]), *outputs[self._count :]][:count] for outputs in made]

    def ranked(self, outputs: Sequence[Output]) -> list[Output]:
        """Translations of one sentence by their mean chrF to the others, best first; unfinished ones come last."""
        return sorted(outputs, key=lambda output: (not output.finished, -self._likeness(output, outputs)))

    def _likeness(self, output: Output, outputs: Sequence[Output]) -> float:
        others = [other.text for other in outputs if other != output]
        # Either way round, since chrF weighs recall above precision; two alone are equally alike.
        pairs = [pair for other in others for pair in ((output.text, other), (other, output.text))]
        return sum(float(self._chrf.sentence_score(text, [reference]).score) for text, reference in sorted(pairs))
