"""Which of the candidates are taken where they overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.text.gazetteer import NO_NAME
from pipeline.text.names.candidates import PLACES, Name, Rank


def resolve(names: Iterable[Name]) -> list[Name]:
    """Those of the candidates that do not overlap, in order of start.

    What the gazetteer and the rules find goes before what the model finds, unless the model sees the whole of a name
    that holds a place (大阪 in 大阪交響楽団); then the longest wins, then the rank. A name of the model that it has no
    trusted label for hides the place, and does nothing else.
    """
    candidates = list(names)
    places = [n for n in candidates if n.rank != Rank.MODEL and n.label in PLACES]
    chosen: list[Name] = []
    ranked = ((_is_doubtful(name, places), name) for name in candidates)
    for doubtful, name in sorted(
        ranked, key=lambda r: (r[0], r[1].start - r[1].end, r[1].rank, r[1].start, r[1].label)
    ):
        useless = doubtful and name.label == NO_NAME
        if not useless and all(name.end <= other.start or other.end <= name.start for other in chosen):
            chosen.append(name)
    return sorted(chosen, key=lambda n: n.start)


def _is_doubtful(name: Name, places: Sequence[Name]) -> bool:
    """Whether a name yields to any other source: the model's, unless it is no place and holds one."""
    if name.rank != Rank.MODEL:
        return False
    held = any(name.start <= p.start and p.end <= name.end and p.end - p.start < name.end - name.start for p in places)
    return name.label in PLACES or not held
