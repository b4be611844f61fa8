"""Intervals and paired tests by resampling (Efron & Tibshirani 1993; paired test as in Koehn 2004)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
Statistic = Callable[[Indices], float]

RESAMPLES: Final = 1000
LEVEL: Final = 0.95


class Interval(msgspec.Struct, frozen=True):
    """A figure with its 95% percentile interval."""

    value: float
    low: float
    high: float


class Difference(msgspec.Struct, frozen=True):
    """Figure of a less figure of b, its interval, and ``p``: twice the share of resamples on the other side of 0."""

    value: float
    low: float
    high: float
    p: float


def interval(statistic: Statistic, units: int | Sequence[str], seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """The statistic on all units with its interval.

    Args:
        statistic: takes the indices of the units that count (some many times) and gives the figure.
        units: how many units there are, or the cluster of each (its document): clusters are drawn whole, since
            sentences of one document resemble each other.
        seed: of the generator; the same seed gives the same interval.
        resamples: how many samples are drawn.
    """
    everything, draws = _draws(units, seed, resamples)
    low, high = _percentiles(np.array([statistic(draw) for draw in draws]))
    return Interval(statistic(everything), low, high)


def paired(
    a: Statistic, b: Statistic, units: int | Sequence[str], seed: int = 0, resamples: int = RESAMPLES
) -> Difference:
    """The difference a - b of two models on the same units, drawn together."""
    everything, draws = _draws(units, seed, resamples)
    differences = np.array([a(draw) - b(draw) for draw in draws])
    low, high = _percentiles(differences)
    value = a(everything) - b(everything)
    other_side = differences <= 0 if value > 0 else differences >= 0
    return Difference(value, low, high, min(1.0, 2 * float(other_side.mean())))


def _draws(units: int | Sequence[str], seed: int, resamples: int) -> tuple[Indices, Iterator[Indices]]:
    clusters = _clusters(units)
    rng = np.random.default_rng(seed)

    def drawn() -> Iterator[Indices]:
        for _ in range(resamples):
            yield np.concatenate([clusters[i] for i in rng.integers(len(clusters), size=len(clusters))])

    return np.concatenate(clusters), drawn()


def _clusters(units: int | Sequence[str]) -> list[Indices]:
    if isinstance(units, int):
        return list(np.arange(units).reshape(-1, 1))
    members: dict[str, list[int]] = {}
    for index, cluster in enumerate(units):
        members.setdefault(cluster, []).append(index)
    return [np.array(indices) for indices in members.values()]


def _percentiles(values: NDArray[np.float64]) -> tuple[float, float]:
    tail = 50 * (1 - LEVEL)
    low, high = np.nanpercentile(values, [tail, 100 - tail])
    return float(low), float(high)
