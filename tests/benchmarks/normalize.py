"""What normalize costs: against length, and as a share of a run without translation.

    python tests/benchmarks/normalize.py

The corpus is repeated to each length. Ratios are of one run on one machine; seconds are not to be compared elsewhere.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.record import Document, Record, Source
from pipeline.sources import read_inputs
from pipeline.stages.normalize import Normalize

CORPUS = Path(__file__).parent.parent.parent / "corpus" / "documents"
BYTES = (10_000, 100_000, 1_000_000, 10_000_000)


def document(raw: str) -> Document:
    """A document as a reader hands it over."""
    source = Source(path="", format="txt", encoding="utf-8", sha256="0" * 64)
    return Document(Record(id="bench", source=source, raw=raw))


def main() -> None:
    """Print the figures."""
    config = load_config(stages=["normalize", "tokenize", "ner", "hype", "stance"])
    texts = [d.record.raw for d in read_inputs([str(CORPUS)], config.read) if isinstance(d, Document)]
    stage = Normalize(config.normalize, config)
    stage.process([document(texts[0])])

    # Numbered, so that the paragraphs of the repetitions differ as those of a long text do.
    parts = [f"{i} {line}" for i in range(BYTES[-1] // 50_000 + 1) for text in texts for line in text.splitlines()]
    joined = "\n".join(parts)
    measured = []
    for size in BYTES:
        raw = joined.encode()[:size].decode("utf-8", "ignore")
        began = time.perf_counter()
        stage.process([document(raw)])
        measured.append((size, time.perf_counter() - began))
        print(f"{size:>10} bytes  {measured[-1][1]:8.3f} s  {measured[-1][1] / size * 1e6:6.2f} µs a byte")
    (first, fast), (last, slow) = measured[1], measured[-1]
    print(f"log-log slope from {first} to {last} bytes: {math.log(slow / fast) / math.log(last / first):.3f}")

    annotator = Annotator(config)
    annotator.process(document(texts[0]))
    annotator.seconds.clear()
    for text in texts:
        annotator.process(document(text))
    share = annotator.seconds["normalize"] / sum(annotator.seconds.values())
    print(f"share of a run without translation: {share:.1%}")


if __name__ == "__main__":
    main()
