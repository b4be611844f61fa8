"""A short text as counts of its character n-grams in hashed buckets: what linear models of wording read."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

BUCKETS: Final = 2**15
LONGEST: Final = 4  # characters
_START, _END = "\x02", "\x03"  # so that an n-gram knows the edge of its text


def features(text: str) -> dict[int, float]:
    """Bucket to weight: 1 + log of the count, scaled to length 1. Buckets are by CRC-32, which is the same everywhere."""
    framed = f"{_START}{text}{_END}"
    grams = (framed[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(framed) - n + 1))
    counts = Counter(zlib.crc32(gram.encode("utf-8", "surrogatepass")) % BUCKETS for gram in grams)
    weights = {bucket: 1 + math.log(count) for bucket, count in counts.items()}
    norm = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {bucket: weight / norm for bucket, weight in weights.items()}


def project(
    found: Mapping[int, float], weight: NDArray[np.floating], bias: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Logits of a linear model: ``weight`` is [labels, buckets], ``bias`` [labels]."""
    buckets = np.fromiter(found, int, len(found))
    values = np.fromiter(found.values(), float, len(found))
    result: NDArray[np.float64] = weight[:, buckets].astype(float) @ values + bias
    return result
