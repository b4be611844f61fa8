"""Character n-grams of a question of stance: those of the sentence, and those near the target.

They are hashed into a fixed number of buckets (Weinberger et al. 2009), so that no vocabulary is kept. A question's values
are the inverse document frequencies of its buckets, scaled so that their squares sum to 1; a logistic regression
reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.models.encoder import Matrix, Passage

BITS: Final = 20
BUCKETS: Final = 2**BITS
LONGEST: Final = 5  # characters
NEAR: Final = 20  # characters before and after the target
TARGET: Final = "\ufffc"  # stands for it where it is marked, so that its name is not learnt there
# Odd numbers of 64 bits: that of FNV-1a, and 2^64 divided by the golden ratio (Knuth, 6.4).
_STEP, _SPREAD = np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15)
_AUTHOR, _HOLDER, _NEAR_AUTHOR, _NEAR_HOLDER = range(1, 5)  # what an n-gram is of

Buckets = NDArray[np.int64]


class Ngrams:
    """The n-gram part of a stance model.

    Attributes:
        rarity: inverse document frequency of each bucket, 0 for those that do not count.
        weights: of each bucket for each label.
        bias: of each label.
    """

    def __init__(self, rarity: Matrix, weights: Matrix, bias: Matrix) -> None:
        """Take what was fitted."""
        self.rarity, self.weights, self.bias = rarity, weights, bias

    @classmethod
    def load(cls, path: Path) -> Ngrams:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(*(arrays[name].astype(np.float32) for name in ("rarity", "weights", "bias")))

    def save(self, path: Path) -> None:
        """Write the arrays in 16 bits."""
        half = {name: getattr(self, name).astype(np.float16) for name in ("rarity", "weights", "bias")}
        np.savez_compressed(path, **half)

    def logits(self, passage: Passage, *, quoted: bool) -> Matrix:
        """What the n-grams say for each label; ``quoted`` where the stance asked for is not the author's."""
        found = buckets(passage, quoted=quoted)
        logits: Matrix = values(found, self.rarity) @ self.weights[found] + self.bias
        return logits


def buckets(passage: Passage, *, quoted: bool) -> Buckets:
    """The buckets of a question's n-grams, each once, in ascending order."""
    text = passage.text
    parts: list[Buckets] = []
    if passage.marks:
        [(start, end)] = passage.marks
        text = f"{text[:start]}{TARGET}{text[end:]}"
        near = text[max(0, start - NEAR) : start + 1 + NEAR]
        parts += _hashes(near, _NEAR_HOLDER if quoted else _NEAR_AUTHOR)
    parts += _hashes(text, _HOLDER if quoted else _AUTHOR)
    return np.unique(np.concatenate(parts))


def values(found: Buckets, rarity: Matrix) -> Matrix:
    """The values of a question's buckets."""
    weights = rarity[found]
    return weights / np.float32(np.sqrt(weights @ weights) or 1.0)


def _hashes(text: str, part: int) -> Iterator[Buckets]:
    """The buckets of a part's n-grams, an array for each length."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    hashes = np.full(len(codes) + 1, part, np.uint64)
    for length in range(1, LONGEST + 1):
        hashes = (hashes[: max(0, len(codes) - length + 1)] ^ codes[length - 1 :]) * _STEP
        yield ((hashes * _SPREAD) >> np.uint64(64 - BITS)).astype(np.int64)
