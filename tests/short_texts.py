"""Any number of short texts, each different, cut out of the project's own corpus."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

from pipeline.config import load_config
from pipeline.record import Document
from pipeline.sources import read_inputs
from pipeline.text.sentences import split

CORPUS = Path(__file__).parent.parent / "corpus" / "documents"
LENGTHS = range(12, 90)  # code points of a sentence


def short_texts(count: int) -> list[str]:
    """So many texts of one to three sentences; the same at every call."""
    sentences = list(dict.fromkeys(_sentences()))
    return list(islice(_unlike(sentences, random.Random(4)), count))  # noqa: S311


def short_sentences(count: int) -> list[str]:
    """So many single sentences: each begins like one of the corpus's and goes on like another; the same at every call.

    There are some 130,000 of them, with the words and lengths of the corpus.
    """
    halves = [sentence.partition("、") for sentence in dict.fromkeys(_sentences()) if "、" in sentence]
    pairs = list(
        product(dict.fromkeys(f"{head}、" for head, _, _ in halves), dict.fromkeys(rest for _, _, rest in halves))
    )
    return ["".join(pair) for pair in random.Random(4).sample(pairs, count)]  # noqa: S311


def _sentences() -> Iterator[str]:
    for document in read_inputs([str(CORPUS)], load_config().read):
        if isinstance(document, Document):
            for line in document.record.raw.splitlines():
                for start, end in split(line):
                    if end - start in LENGTHS and line[start:end].endswith("。"):
                        yield line[start:end]


def _unlike(sentences: list[str], rng: random.Random) -> Iterator[str]:
    seen = set()
    while True:
        text = "".join(rng.sample(sentences, rng.randint(1, 3)))
        if text not in seen:
            seen.add(text)
            yield text
