"""A record's labels laid on gold sentences, which may be cut otherwise than the pipeline cuts them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UnsetType

from pipeline.dataset import gold
from pipeline.evaluate.predictions import Prediction, Scores
from pipeline.record import Claim, Direction, Record, Rhetoric, Sentence, layer


def project(record: Record, sentences: Sequence[gold.Sentence]) -> list[Prediction]:
    """What ``record`` says of each gold sentence of its document.

    Spans are cut at the ends of the gold sentence. Level and scores are the highest of the record's sentences that
    lie in it by half or more (of either); a sentence that the pipeline did not analyse has none.
    """
    analysed = [s for s in layer(record.sentences) if not isinstance(s.hype, UnsetType)]
    return [_predict(sentence, [s for s in analysed if _same(s, sentence)]) for sentence in sentences]


def _same(found: Sentence, wanted: gold.Sentence) -> bool:
    shared = min(found.raw_end, wanted.end) - max(found.raw_start, wanted.start)
    return shared > 0 and 2 * shared >= min(found.raw_end - found.raw_start, wanted.end - wanted.start)


def _predict(wanted: gold.Sentence, found: Sequence[Sentence]) -> Prediction:
    hype = max((layer(s.hype) for s in found), key=lambda h: (h.level, h.score), default=None)
    direction: Direction = hype.direction if hype else "none"
    checkable = max((layer(s.checkable).score for s in found), default=0.0)
    forecast = max((layer(s.forecast).score for s in found), default=0.0)
    return Prediction(
        doc=wanted.doc,
        start=wanted.start,
        end=wanted.end,
        text=wanted.text,
        boilerplate=not found,
        checkable=any(layer(s.checkable).label for s in found),
        claims=[gold.Claim(start=s, end=e) for c in _all(found, "claims") for s, e in _clip(c, wanted)],
        forecast=any(layer(s.forecast).label for s in found),
        rhetoric=[
            gold.Rhetoric(start=s, end=e, technique=r.technique, quoted=r.quoted)
            for r in _all(found, "rhetoric")
            if isinstance(r, Rhetoric)
            for s, e in _clip(r, wanted)
        ],
        hype=hype.level if hype else 0,  # type: ignore[arg-type]
        direction=direction,
        genre=wanted.genre,
        contrast=wanted.contrast,
        scores=Scores(hype=hype.score if hype else 0.0, checkable=checkable, forecast=forecast),
    )


def _all(found: Sequence[Sentence], name: str) -> list[Rhetoric | Claim]:
    return [span for sentence in found for span in layer(getattr(sentence, name))]


def _clip(span: Rhetoric | Claim, wanted: gold.Sentence) -> list[tuple[int, int]]:
    start, end = max(span.raw_start, wanted.start), min(span.raw_end, wanted.end)
    return [(start, end)] if start < end else []
