"""Replacements proposed on a text, and their composition into one edit list over raw.

Repairs look at text whose width is already folded, so that one rule serves the full-width and the half-width
spelling; :func:`compose` then states both steps as edits from raw to the final text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.record import Edit
from pipeline.text.offsets import OffsetMap, Replacement


@dataclass(frozen=True, slots=True)
class Proposal:
    """Replace ``text[start:end]`` (code points) by ``after``; only a suspicion unless ``applied``."""

    start: int
    end: int
    after: str
    rule: str
    confidence: float
    applied: bool = True


def apply(text: str, proposals: Sequence[Proposal]) -> tuple[str, list[Replacement]]:
    """Carry out the applied proposals, which are in order and do not overlap."""
    pieces: list[str] = []
    replacements: list[Replacement] = []
    done = length = 0
    for p in proposals:
        if not p.applied:
            continue
        pieces += [text[done : p.start], p.after]
        length += p.start - done
        replacements.append(Replacement(p.start, p.end, length, length + len(p.after)))
        length += len(p.after)
        done = p.end
    pieces.append(text[done:])
    return "".join(pieces), replacements


def resolve(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Drop proposals that overlap a better one: applied before suspected, then surer, then longer, then first."""
    kept: list[Proposal] = []
    cluster: list[Proposal] = []
    reach = 0
    for p in sorted(proposals, key=lambda p: (p.start, p.end, p.rule)):
        if p.start >= reach:
            kept += _best(cluster)
            cluster = []
        cluster.append(p)
        reach = max(reach, p.end)
    return kept + _best(cluster)


def _best(cluster: Sequence[Proposal]) -> list[Proposal]:
    chosen: list[Proposal] = []
    for p in sorted(cluster, key=lambda p: (not p.applied, -p.confidence, p.start - p.end, p.start, p.rule)):
        if all(p.end <= other.start or p.start >= other.end for other in chosen):
            chosen.append(p)
    return sorted(chosen, key=lambda p: p.start)


def compose(raw: str, first: Sequence[Proposal], second: Sequence[Proposal]) -> tuple[str, list[Edit], OffsetMap]:
    """Apply ``first`` to raw and ``second`` to the result.

    Args:
        raw: the decoded input.
        first: applied proposals on raw, in order, without overlap.
        second: proposals on the text that ``first`` gives, in order, without overlap.

    Returns:
        The final text, every edit with offsets into raw and into the final text, and the map between them.
    """
    middle, to_middle = apply(raw, first)
    first_map = OffsetMap(to_middle)
    text, to_text = apply(middle, second)
    second_map = OffsetMap(to_text)

    changes = [(r.start, r.end, p, False) for r, p in zip(to_middle, first, strict=True)]
    changes += [(p.start, p.end, p, True) for p in second if p.applied]
    edits = [_edit(group, raw, middle, first_map, second_map) for group in _overlapping(changes)]
    for p in second:
        if not p.applied:
            raw_start, raw_end = first_map.to_raw(p.start, p.end)
            start, end = second_map.to_text(p.start, p.end)
            edits.append(
                Edit(
                    raw_start=raw_start, raw_end=raw_end, start=start, end=end, before=raw[raw_start:raw_end],
                    after=p.after, rule=p.rule, confidence=p.confidence, applied=False,
                )
            )  # fmt: skip
    edits.sort(key=lambda e: (e.raw_start, e.raw_end, e.start, e.rule))
    return text, edits, offset_map(edits)


# A change of the middle text: start, end, the proposal behind it, whether it belongs to the second step.
_Change = tuple[int, int, Proposal, bool]


def _overlapping(changes: list[_Change]) -> list[list[_Change]]:
    """Changes in order, those that overlap in the middle text together: a repair takes in a whole folded cluster."""
    groups: list[list[_Change]] = []
    reach = -1
    for change in sorted(changes, key=lambda c: (c[0], c[1], c[3])):
        if groups and change[0] < reach:
            groups[-1].append(change)
        else:
            groups.append([change])
        reach = max(reach, change[1])
    return groups


def _edit(group: list[_Change], raw: str, middle: str, first_map: OffsetMap, second_map: OffsetMap) -> Edit:
    """One applied edit for changes that overlap; named for its repairs, or else for its folding."""
    start, end = group[0][0], max(c[1] for c in group)
    named = [p for _, _, p, is_second in group if is_second] or [p for _, _, p, _ in group]
    folded = len(group) == 1 and not group[0][3]
    raw_start, raw_end = (named[0].start, named[0].end) if folded else first_map.to_raw(start, end)
    after, _ = apply(middle[start:end], [_shifted(c[2], -start) for c in group if c[3]])
    low = second_map.to_text(start, end)[0] if end > start else second_map.to_text(start, start)[1]
    return Edit(
        raw_start=raw_start, raw_end=raw_end, start=low, end=low + len(after), before=raw[raw_start:raw_end],
        after=after, rule="+".join(dict.fromkeys(p.rule for p in named)),
        confidence=min(p.confidence for p in named), applied=True,
    )  # fmt: skip


def _shifted(p: Proposal, by: int) -> Proposal:
    return replace(p, start=p.start + by, end=p.end + by)


def offset_map(edits: Iterable[Edit]) -> OffsetMap:
    """The map that the applied edits of a record describe."""
    return OffsetMap(Replacement(e.raw_start, e.raw_end, e.start, e.end) for e in edits if e.applied)


def undo(text: str, edits: Iterable[Edit]) -> str:
    """Rebuild raw from the normalized text and the record's edits."""
    pieces: list[str] = []
    done = 0
    for e in edits:
        if e.applied:
            pieces += [text[done : e.start], e.before]
            done = e.end
    return "".join([*pieces, text[done:]])
