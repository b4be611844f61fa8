"""The n-grams of a stance question: what they see, and that they are the same everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.encoder import Passage
from pipeline.models.ngrams import BUCKETS, LONGEST, NEAR, Ngrams, buckets, values

# Of 甲はよい。 with 甲 as the target, as they came out on x86-64.
FIRST = [87464, 126360, 176539, 177867]


def seen(text: str, mark: tuple[int, int] | None = None, *, quoted: bool = False) -> set[int]:
    return set(buckets(Passage(text, "", (mark,) if mark else ()), quoted=quoted).tolist())


@given(st.text(max_size=60))
def test_any_text_has_buckets(text: str) -> None:
    found = buckets(Passage(text), quoted=False)
    assert (np.diff(found) > 0).all()
    assert ((found >= 0) & (found < BUCKETS)).all()
    assert len(found) <= LONGEST * len(text)


def test_the_name_of_the_target_is_not_seen() -> None:
    assert seen("水野温泉はよい。", (0, 4)) == seen("北浜鉄道はよい。", (0, 4))
    assert seen("水野温泉はよい。") != seen("北浜鉄道はよい。")


def test_what_is_near_the_target_and_who_speaks_is_seen() -> None:
    far = "山は高く、" + "川は長く、" * NEAR
    text = f"甲はよい。{far}乙はだめだ。"
    at = text.index("乙")
    assert seen(text, (0, 1)) != seen(text, (at, at + 1))
    assert not seen("よい。", quoted=True) & seen("よい。")


def test_hashes_are_those_of_every_machine() -> None:
    assert sorted(seen("甲はよい。", (0, 1)))[:4] == FIRST


@pytest.fixture
def fitted() -> Ngrams:
    weights = np.zeros((BUCKETS, 3), np.float32)
    weights[buckets(Passage("よい"), quoted=False), 0] = 1.0
    return Ngrams(np.ones(BUCKETS, np.float32), weights, np.array([0.0, 0.0, 0.5], np.float32))


def test_logits(fitted: Ngrams, tmp_path: Path) -> None:
    favor, against, neutral = fitted.logits(Passage("よい"), quoted=False)
    assert favor == pytest.approx(np.sqrt(len(seen("よい"))))
    assert (against, neutral) == (0.0, 0.5)
    fitted.save(tmp_path / "n.npz")
    again = Ngrams.load(tmp_path / "n.npz").logits(Passage("よい"), quoted=False)
    assert again == pytest.approx(np.array([favor, against, neutral]), rel=1e-3)
    assert fitted.logits(Passage(""), quoted=False).tolist() == [0.0, 0.0, 0.5]


def test_squares_of_values_sum_to_one() -> None:
    rarity = np.linspace(1, 9, BUCKETS, dtype=np.float32)
    found = values(buckets(Passage("水野温泉はよい。"), quoted=False), rarity)
    assert found @ found == pytest.approx(1.0)
