"""What a run costs: beside GiNZA, by stage, by workers, by engine, by length and number of documents, and in memory.

    PYTHONPATH=tests python tests/benchmarks/run.py [--documents 10000] [--set KEY=VALUE ...] [PART ...]

Without parts (peers workers engines length documents) all are measured. The text is the original sources
where they are at hand, else the project's own corpus; short documents are cut out of the corpus. Everything is without
translation. Each measurement has a process to itself and one thread, and is taken in turn with what it is compared
to. Ratios are of one run on one machine; seconds are not to be compared elsewhere.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from short_texts import short_texts

from pipeline.annotator import Annotator
from pipeline.config import Config, load_config
from pipeline.record import Document, Record, Source
from pipeline.runner import Progress, RunResult, run
from pipeline.sources import read_inputs

ROOT = Path(__file__).parent.parent.parent
SEEDS = ROOT.parent / "shared" / "seeds"
SOURCES = SEEDS if SEEDS.is_dir() else ROOT / "corpus" / "documents"
STAGES = ["normalize", "tokenize", "ner", "hype", "stance"]
REPEATS = 2
ROUNDS = 5
LENGTHS = (3_000, 10_000, 30_000, 100_000)  # code points
MARKS = (100, 1_000, 10_000, 100_000)  # documents


def settings(overrides: Sequence[str], stages: Sequence[str] = STAGES) -> Config:
    """The configuration under test."""
    return load_config(stages=stages, overrides=overrides)


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """The work's result from a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def source_texts() -> list[str]:
    """The documents' texts."""
    return [d.record.raw for d in read_inputs([str(SOURCES)], load_config().read) if isinstance(d, Document)]


def document(raw: str) -> Document:
    """A document as a reader hands it over."""
    return Document(
        Record(id="bench", source=Source(path="", format="txt", encoding="utf-8", sha256="0" * 64), raw=raw)
    )


class Resident:
    """A process that has loaded something and repeats one piece of work on demand."""

    def __init__(self, prepare: Callable[..., Callable[[], Any]], *arguments: Any) -> None:
        """Start it; ``prepare`` loads, warms up and gives the work."""
        self._process = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        self._process.submit(_prepare, prepare, arguments).result()

    def __enter__(self) -> Resident:
        """Nothing more to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._process.shutdown()

    def seconds(self) -> tuple[float, Any]:
        """CPU seconds of the work, which another load on the machine disturbs less than the clock's; its result."""
        return self._process.submit(_repeat).result()


_work: Callable[[], Any]


def _prepare(prepare: Callable[..., Callable[[], Any]], arguments: Sequence[Any]) -> None:
    global _work
    _work = prepare(*arguments)


def _repeat() -> tuple[float, Any]:
    began = time.process_time()
    result = _work()
    return time.process_time() - began, result


def annotating(overrides: Sequence[str], texts: Sequence[str]) -> Callable[[], dict[str, float]]:
    """All stages but translation over the texts; gives the seconds of each."""
    annotator = Annotator(settings(overrides))
    annotator.process(document(texts[0]))

    def work() -> dict[str, float]:
        annotator.seconds.clear()
        for text in texts:
            annotator.process(document(text))
        return dict(annotator.seconds)

    return work


def parsing(texts: Sequence[str]) -> Callable[[], None]:
    """ja_ginza as installed, with its default pipeline, over the texts' lines."""
    import spacy

    nlp = spacy.load("ja_ginza")
    lines = [line for text in texts for line in text.splitlines() if line.strip()]

    def work() -> None:
        for _ in nlp.pipe(lines):
            pass

    work()
    return work


def command(arguments: Sequence[str]) -> float:
    """CPU seconds of a command, from start to end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peers(overrides: Sequence[str]) -> None:
    """The whole run beside nlp.pipe, with each stage's share, and the command beside the ginza command."""
    texts = source_texts()
    with Resident(annotating, overrides, texts) as ours, Resident(parsing, texts) as theirs:
        rounds = [(ours.seconds(), theirs.seconds()) for _ in range(ROUNDS)]
    ratios = sorted(a / b for (a, _), (b, _) in rounds)
    print(f"all stages but translation / ja_ginza's nlp.pipe, CPU time: {statistics.median(ratios):.2f} "
          f"(median of {ROUNDS} rounds, {ratios[0]:.2f} to {ratios[-1]:.2f}; "
          f"fastest {min(a for (a, _), _ in rounds):.2f} s / {min(b for _, (b, _) in rounds):.2f} s)")  # fmt: skip
    _, shares = min((one for one, _ in rounds), key=lambda one: one[0])
    print("of that: " + ", ".join(f"{name} {part / sum(shares.values()):.1%}" for name, part in shares.items()))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "all.txt"
        file.write_text("\n".join(texts), encoding="utf-8")
        ginza = shutil.which("ginza", path=Path(sys.executable).parent)
        options = [option for text in overrides for option in ("--set", text)]
        run_all = [sys.executable, "-m", "pipeline.cli", "run", str(SOURCES), "-o", f"{folder}/out", "--quiet",
                   "--stages", ",".join(STAGES), *options]  # fmt: skip
        pairs = [(command(run_all), command([str(ginza), str(file)])) for _ in range(REPEATS)]
    ratios = sorted(a / b for a, b in pairs)
    print(f"kyojitsu run / ginza, start to end, CPU time: {statistics.median(ratios):.2f} "
          f"({ratios[0]:.2f} to {ratios[-1]:.2f})")  # fmt: skip


class Clock(Progress):
    """When how many documents were done, and the most memory (MB) held until then."""

    def __init__(self, marks: Sequence[int]) -> None:
        """Note these numbers of documents."""
        self.marks, self.noted = marks, list[tuple[int, float, float]]()

    def advance(self, result: RunResult) -> None:
        """See Progress."""
        done = result.written + result.rejected
        if done in self.marks:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            self.noted.append((done, time.perf_counter(), peak))


def timed_run(
    overrides: Sequence[str], names: Sequence[str], count: int, marks: Sequence[int]
) -> list[tuple[int, float, float]]:
    """Run over so many short documents; gives documents, seconds and peak MB at each mark."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        rows.write_text("\n".join(json.dumps({"text": text}) for text in short_texts(count)), encoding="utf-8")
        clock = Clock(marks)
        run([str(rows)], Path(folder) / "out", settings(overrides, names), progress=clock)
        return clock.noted


def rate(overrides: Sequence[str], count: int = 400) -> float:
    """Documents a second, once all workers are at work."""
    (before, began, _), (after, ended, _) = alone(timed_run, overrides, STAGES, count, (count // 2, count))
    return (after - before) / (ended - began)


def workers(overrides: Sequence[str]) -> None:
    """One against two processes."""
    pairs = [(rate([*overrides, "run.workers=1"]), rate([*overrides, "run.workers=2"])) for _ in range(REPEATS)]
    one, two = max(a for a, _ in pairs), max(b for _, b in pairs)
    print(f"2 workers / 1 worker: {two:.1f} / {one:.1f} documents a second = {two / one:.2f}")


def engines(overrides: Sequence[str]) -> None:
    """Ray against local, two workers each; left out where Ray is not installed."""
    if find_spec("ray") is None:
        print("ray is not installed")
        return
    two = [*overrides, "run.workers=2"]
    pairs = [(rate([*two, "run.engine=ray"]), rate(two)) for _ in range(REPEATS)]
    ray, local = max(a for a, _ in pairs), max(b for _, b in pairs)
    print(f"ray / local, 2 workers: {ray:.1f} / {local:.1f} documents a second = {ray / local:.2f}")


def length(overrides: Sequence[str]) -> None:
    """Cost against the length of a document; paragraphs are numbered, so that repeated ones differ."""
    lines = [line for text in source_texts() for line in text.splitlines()]
    joined = "\n".join(f"{i} {line}" for i in range(LENGTHS[-1] // 5_000) for line in lines)
    measured = []
    for size in LENGTHS:
        with Resident(annotating, overrides, [joined[:size]]) as resident:
            seconds = min(resident.seconds()[0] for _ in range(REPEATS))
        measured.append((size, seconds))
        print(f"{size:>8} code points: {seconds:7.2f} CPU s, {seconds / size * 1e6:.0f} µs each")
    print(f"log-log slope: {slope(measured):.3f}")


def documents(overrides: Sequence[str], count: int, names: Sequence[str]) -> None:
    """Cost and peak memory against the number of short documents, all in one run."""
    marks = (1, *(mark for mark in MARKS if mark <= count))
    (_, began, _), *noted = alone(timed_run, overrides, names, count, marks)
    print(f"short documents, {'+'.join(names)}:")
    for done, ended, peak in noted:
        print(f"{done:>8} documents: {ended - began:8.1f} s, peak {peak:.0f} MB")
    print(f"log-log slope: {slope([(done - 1, ended - began) for done, ended, _ in noted]):.3f}")


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the least-squares line through the logarithms: 1 is linear."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = (sum(column) / len(logs) for column in zip(*logs, strict=True))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def main() -> None:
    """Print the figures."""
    parts = {"peers": peers, "workers": workers, "engines": engines, "length": length}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[*parts, "documents"], default=[*parts, "documents"])
    parser.add_argument("--documents", type=int, default=10_000, help="short documents in the longest run")
    parser.add_argument("--stages", default="normalize,tokenize", help="stages of that run")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = "1"
    load = os.getloadavg()[0]
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {processor()}, {os.cpu_count()} cores, load {load:.1f}; "
          f"Python {platform.python_version()}; text: {SOURCES.name}; {' '.join(options.overrides) or 'default settings'}")  # fmt: skip
    for part in options.part:
        if part == "documents":
            documents(options.overrides, options.documents, options.stages.split(","))
        else:
            parts[part](options.overrides)


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.machine()


if __name__ == "__main__":
    main()
