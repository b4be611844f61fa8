from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.edits import Proposal, apply, compose, resolve, undo
from pipeline.text.offsets import OffsetMap, Replacement

TEXT = st.text(alphabet="あいうえお漢字ABC()12 \n", max_size=40)


@st.composite
def edited(draw: st.DrawFn, text: str) -> list[Proposal]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return [Proposal(a, b, draw(st.text(alphabet="xyzん", max_size=3)), "rule", 1.0) for a, b in pairs]


@st.composite
def two_steps(draw: st.DrawFn) -> tuple[str, list[Proposal], list[Proposal]]:
    raw = draw(TEXT)
    first = draw(edited(raw))
    middle, _ = apply(raw, first)
    return raw, first, draw(edited(middle))


def test_maps_around_a_replacement() -> None:
    offsets = OffsetMap([Replacement(2, 3, 2, 4)])  # ab㎞cd -> abkmcd
    assert offsets.to_raw(0, 2) == (0, 2)
    assert offsets.to_raw(2, 4) == (2, 3)
    assert offsets.to_raw(3, 4) == (2, 3)  # half of the replacement is all of it
    assert offsets.to_raw(4, 6) == (3, 5)
    assert offsets.to_text(2, 3) == (2, 4)
    assert offsets.to_text(3, 5) == (4, 6)


def test_deleted_characters_stay_outside_spans_at_their_edge() -> None:
    offsets = OffsetMap([Replacement(2, 4, 2, 2)])  # ab..cd -> abcd
    assert offsets.to_raw(0, 2) == (0, 2)
    assert offsets.to_raw(2, 4) == (4, 6)
    assert offsets.to_raw(1, 3) == (1, 5)


@pytest.mark.parametrize(
    "replacements",
    [
        [Replacement(0, 2, 0, 2), Replacement(1, 3, 2, 4)],
        [Replacement(1, 2, 3, 4)],
        [Replacement(2, 1, 2, 2)],
    ],
)
def test_impossible_maps_are_refused(replacements: list[Replacement]) -> None:
    with pytest.raises(ValueError, match=r"replacements"):
        OffsetMap(replacements)


def test_possible_map_is_accepted() -> None:
    assert OffsetMap([Replacement(0, 2, 0, 1), Replacement(3, 4, 2, 5)]).to_raw(0, 5) == (0, 4)


@given(two_steps())
def test_composition_is_undone_and_monotone(case: tuple[str, list[Proposal], list[Proposal]]) -> None:
    raw, first, second = case
    text, edits, offsets = compose(raw, first, second)
    assert text == apply(apply(raw, first)[0], second)[0]
    assert undo(text, edits) == raw
    for edit in edits:
        assert raw[edit.raw_start : edit.raw_end] == edit.before
        assert text[edit.start : edit.end] == edit.after
    last = (0, 0)
    for position in range(len(text) + 1):
        mapped = offsets.to_raw(position, position)
        assert 0 <= mapped[0] <= mapped[1] <= len(raw)
        assert mapped >= last
        last = mapped
    assert offsets.to_raw(0, len(text))[1] <= len(raw)


@given(two_steps())
def test_mapped_spans_cover_what_they_came_from(case: tuple[str, list[Proposal], list[Proposal]]) -> None:
    raw, first, second = case
    text, _, offsets = compose(raw, first, second)
    for start in range(len(text)):
        for end in (start + 1, len(text)):
            low, high = offsets.to_text(*offsets.to_raw(start, end))
            assert low <= start
            assert high >= end


def test_the_better_of_overlapping_proposals_wins() -> None:
    weak, sure = Proposal(0, 3, "a", "weak", 0.5), Proposal(2, 4, "b", "sure", 0.9)
    suspected = Proposal(5, 6, "c", "suspected", 1.0, applied=False)
    assert resolve([weak, sure, suspected]) == [sure, suspected]
