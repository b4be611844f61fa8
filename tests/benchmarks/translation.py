"""How much faster CTranslate2 in int8 is than transformers, for a model of Marian's full size with random weights.

    python tests/benchmarks/translation.py [SENTENCES]

Six and six layers, width 512, 60,000 tokens, and sentences of the project's own corpus. Random weights never end a
sentence: every output is as long as its limit, in both. Both decode greedily on one thread, so that all they differ in
is how they compute. Seconds are not to be compared with other machines, the ratio of one run is.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from seq2seq_models import make_marian, shape

from pipeline.config import TranslateSettings
from pipeline.record import Document
from pipeline.sources import read_inputs
from pipeline.sources.settings import ReadSettings
from pipeline.text.sentences import split
from pipeline.translation.marian import CTranslate2Engine, Seq2SeqEngine, TransformersEngine

CORPUS = Path(__file__).parent.parent.parent / "corpus" / "documents"
FULL = shape(layers=6, width=512, feed_forward=2048, heads=8)
LENGTHS = (12, 60)  # code points of a sentence


def sentences() -> list[str]:
    """Different sentences of the corpus, of ordinary length."""
    texts = [d.record.raw for d in read_inputs([str(CORPUS)], ReadSettings()) if isinstance(d, Document)]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    found = [line[start:end].strip() for line in lines for start, end in split(line)]
    return sorted({sentence for sentence in found if LENGTHS[0] <= len(sentence) <= LENGTHS[1]})


def timed(kind: type[Seq2SeqEngine], model: Path, sources: list[str], batch_size: int) -> float:
    """Seconds for all sentences, without loading."""
    settings = TranslateSettings(
        engine=kind.name, model=str(model), cache=False, cache_dir=str(model.parent), threads=1, batch_size=batch_size,
        beam=1,
    )  # fmt: skip
    engine = kind(settings)  # type: ignore[call-arg]
    engine.translate(sources[:1])
    began = time.perf_counter()
    engine.translate(sources)
    return time.perf_counter() - began


def main() -> None:
    """Print the figures."""
    known = sentences()
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    sources = random.Random(0).sample(known, wanted)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "marian"
        make_marian(model, known, pieces=4000, vocabulary=60_000, **FULL)
        plain = timed(TransformersEngine, model, sources, 1)
        print(f"transformers, one at a time    {plain:7.1f} s  {len(sources) / plain:6.2f} sentences/s")
        for batch_size in (1, 32):
            fast = timed(CTranslate2Engine, model, sources, batch_size)
            print(
                f"ctranslate2 int8, batches of {batch_size:<2} {fast:6.1f} s  {len(sources) / fast:6.2f} sentences/s  "
                f"{plain / fast:4.1f} times transformers"
            )


if __name__ == "__main__":
    main()
