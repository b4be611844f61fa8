"""Paragraphs that a document holds twice, word for word or nearly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from difflib import SequenceMatcher
from zlib import crc32

# Likeness from which two paragraphs say the same: a changed figure or an added clause stays above it, two
# paragraphs built alike stay below (checked on the project's own documents).
LIKE = 0.9
_SHINGLE = 6  # code points of a shingle
_SAMPLE = 4  # one shingle in so many is indexed, chosen by its hash
_COMMON = 20  # a shingle that so many paragraphs hold tells nothing
_LONG = 2_000  # code points from which shared shingles alone decide: comparing in order takes quadratic time


def find_duplicates(texts: Sequence[str], *, shortest: int = 15) -> dict[int, int]:
    """Later texts that repeat an earlier one: index of the later to index of the first.

    Args:
        texts: paragraphs in order.
        shortest: texts with fewer code points (white space aside) are never duplicates.
    """
    seen: dict[int, list[int]] = defaultdict(list)
    squeezed = ["".join(text.split()) for text in texts]
    found: dict[int, int] = {}
    for i, text in enumerate(squeezed):
        if len(text) < shortest:
            continue
        shingles = _shingles(text)
        shared = Counter(j for s in shingles for j in seen[s])
        for j, count in shared.most_common(3):
            if count * 2 >= len(shingles) and _like(squeezed[j], text, count / len(shingles)) >= LIKE:
                found[i] = j
                break
        else:
            for s in shingles:
                if len(seen[s]) < _COMMON:
                    seen[s].append(i)
    return found


def _shingles(text: str) -> set[int]:
    hashes = {crc32(text[k : k + _SHINGLE].encode("utf-8", "surrogatepass")) for k in range(len(text) - _SHINGLE + 1)}
    return {h for h in hashes if h % _SAMPLE == 0} or {min(hashes)}


def _like(a: str, b: str, shared: float) -> float:
    """Share of characters that the two have in common, in order (0..1); of long texts the share of shingles."""
    if a == b or len(b) > _LONG:
        return 1.0 if a == b else shared
    return SequenceMatcher(None, a, b, autojunk=False).ratio()
