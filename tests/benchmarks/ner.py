"""What the ner stage costs beside GiNZA's own work on the same sentences.

    python tests/benchmarks/ner.py [FILE.txt ...]

Without files, the project's own corpus. Both are timed on each document, several times over; the ratio is of the sums
of the fastest times. Seconds are not to be compared with other machines, the ratio is.
"""

from __future__ import annotations

import sys
import timeit
from collections.abc import Callable
from functools import partial
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from pipeline.config import load_config
from pipeline.parser import load_parser
from pipeline.record import Document, Record, Source
from pipeline.sources import read_inputs
from pipeline.stages import build_stages

CORPUS = Path(__file__).parent.parent.parent / "corpus" / "documents"
REPEATS = 5


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of several times."""
    return min(timeit.repeat(work, number=1, repeat=REPEATS))


def _parse(nlp: Language, sentences: list[str]) -> list[Doc]:
    return list(nlp.pipe(sentences))


def main() -> None:
    """Print the figures."""
    config = load_config(stages=["normalize", "tokenize", "ner"])
    inputs = sys.argv[1:] or [str(CORPUS)]
    texts = [d.record.raw for d in read_inputs(inputs, config.read) if isinstance(d, Document)]
    nlp = load_parser(config.tokenize.model, config.tokenize.split_mode, entities=True)
    normalize, tokenize, ner = build_stages(config)
    for stage in (normalize, tokenize, ner):
        stage.load()
    total = {"GiNZA": 0.0, "ner": 0.0}
    for text in texts:
        document = Document(Record(id="bench", source=Source(path="", format="", encoding="", sha256=""), raw=text))
        normalize.process([document])
        tokenize.process([document])
        sentences = [sentence.text for sentence in document.content()]
        total["GiNZA"] += fastest(partial(_parse, nlp, sentences))
        total["ner"] += fastest(partial(ner.process, [document]))
    for name, spent in total.items():
        print(f"{name:6} {spent:7.3f} s")
    print(f"ner / GiNZA: {total['ner'] / total['GiNZA']:.1%} on {len(texts)} documents")


if __name__ == "__main__":
    main()
