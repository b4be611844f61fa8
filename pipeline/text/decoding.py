"""From probabilities of tokens to spans: the likeliest sequence of begin, inside and outside."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

OUTSIDE, BEGIN, INSIDE = range(3)
_NEVER: Final = -1e9
# From row to column: a span begins with BEGIN, so that nothing but BEGIN and INSIDE leads to INSIDE.
_TRANSITIONS: Final = np.array([[0.0, 0.0, _NEVER], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


def best_spans(logits: NDArray[np.floating], bias: float = 0.0) -> list[tuple[int, int]]:
    """Spans of the likeliest tag sequence (Viterbi), as (first token, end token).

    Args:
        logits: [tokens, 3] for outside, begin, inside.
        bias: added to begin and inside; above 0 finds more.
    """
    if not len(logits):
        return []
    scores = log_softmax(logits) + np.array([0.0, bias, bias])
    best = scores[0] + _TRANSITIONS[OUTSIDE]
    back = np.zeros((len(scores), 3), dtype=int)
    for i in range(1, len(scores)):
        paths = best[:, None] + _TRANSITIONS
        back[i] = paths.argmax(0)
        best = paths.max(0) + scores[i]
    tags = [int(best.argmax())]
    for i in range(len(scores) - 1, 0, -1):
        tags.append(int(back[i, tags[-1]]))
    return _spans(tags[::-1])


def _spans(tags: list[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for i, tag in enumerate(tags):
        if tag == BEGIN:
            spans.append((i, i + 1))
        elif tag == INSIDE:
            spans[-1] = (spans[-1][0], i + 1)
    return spans


def log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logarithms of the probabilities, over the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return result


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probabilities, over the last axis."""
    result: NDArray[np.float64] = np.exp(log_softmax(logits))
    return result
