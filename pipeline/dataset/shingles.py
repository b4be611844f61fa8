"""Hashes of a text's n-grams of characters, to see what documents share."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: odd, no pattern in its bits


def squeeze(text: str) -> str:
    """The text without white space, which differs between copies of the same words."""
    return "".join(text.split())


def shingles(text: str, n: int) -> Hashes:
    """A 64-bit hash of every run of ``n`` code points of ``text``, in order; the same in every process."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    count = len(points) - n + 1
    if count < 1:
        return np.empty(0, dtype=np.uint64)
    hashes = np.zeros(count, dtype=np.uint64)
    for k in range(n):
        hashes = hashes * _BASE + points[k : k + count]
    return _mixed(hashes)


def _mixed(x: Hashes) -> Hashes:
    """Spread every bit over the whole (the finalizer of splitmix64, Steele et al. 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
