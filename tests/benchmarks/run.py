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
from typing import Any, NamedTuple

from short_texts import short_sentences, short_texts

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


class Usage(NamedTuple):
    """What a process used until now: seconds of processor time, and the most memory (MB) it held."""

    cpu: float
    peak: float


def usage(pid: int | None) -> Usage:
    """Linux tells it."""
    process = Path(f"/proc/{pid}")
    user, system = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    peak = (process / "status").read_text().partition("VmHWM:")[2].split()[0]
    return Usage((int(user) + int(system)) / os.sysconf("SC_CLK_TCK"), float(peak) / 1024)


class Mark(NamedTuple):
    """How many documents were done when, and what this process and the workers, if any, had used until then."""

    done: int
    seconds: float
    run: Usage
    workers: list[Usage]

    def cpu(self) -> float:
        """Seconds of processor time of all."""
        return sum(used.cpu for used in (self.run, *self.workers))


class Clock(Progress):
    """Notes time and usage at these numbers of documents."""

    def __init__(self, marks: Sequence[int]) -> None:
        """Nothing is noted yet."""
        self.marks, self.noted = marks, list[Mark]()

    def advance(self, result: RunResult) -> None:
        """See Progress."""
        done = result.written + result.rejected
        if done in self.marks:
            workers = [usage(worker.pid) for worker in multiprocessing.active_children()]
            self.noted.append(Mark(done, time.perf_counter(), usage(os.getpid()), workers))


def timed_run(overrides: Sequence[str], names: Sequence[str], texts: Sequence[str], marks: Sequence[int]) -> list[Mark]:
    """Run over the texts and look at the clock at these numbers of documents."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        rows.write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
        clock = Clock(marks)
        run([str(rows)], Path(folder) / "out", settings(overrides, names), progress=clock)
        return clock.noted


def pace(overrides: Sequence[str], texts: Sequence[str]) -> tuple[float, float, float]:
    """Of the second half of the documents, when all workers are at work: documents a second, seconds of processor time
    a document, and the part of it that the run itself takes.
    """
    half, end = alone(timed_run, overrides, STAGES, texts, (len(texts) // 2, len(texts)))
    done, cpu = end.done - half.done, end.cpu() - half.cpu()
    return done / (end.seconds - half.seconds), cpu / done, (end.run.cpu - half.run.cpu) / cpu


def workers(overrides: Sequence[str]) -> None:
    """One against two processes, on the sources over and over."""
    texts = source_texts() * 8
    one, two = ([*overrides, f"run.workers={n}", "run.timeout=3600"] for n in (1, 2))  # the timeout: always a process
    pairs = [(pace(one, texts), pace(two, texts)) for _ in range(REPEATS)]
    for (rate_1, cpu_1, _), (rate_2, cpu_2, share) in pairs:
        print(f"2 workers / 1 worker: {rate_2:.2f} / {rate_1:.2f} documents a second = {rate_2 / rate_1:.2f}; "
              f"processor time a document {cpu_2:.2f} / {cpu_1:.2f} s, {share:.1%} of it in the run itself")  # fmt: skip


def engines(overrides: Sequence[str]) -> None:
    """Ray against local, two workers each; left out where Ray is not installed."""
    if find_spec("ray") is None:
        print("ray is not installed")
        return
    texts, two = short_texts(400), [*overrides, "run.workers=2"]
    pairs = [(pace([*two, "run.engine=ray"], texts)[0], pace(two, texts)[0]) for _ in range(REPEATS)]
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
    """Cost and peak memory against the number of documents of one sentence each, all in one run."""
    marks = (1, *(mark for mark in MARKS if mark <= count))
    first, *noted = alone(timed_run, overrides, names, short_sentences(count), marks)
    print(f"documents of one sentence, {'+'.join(names)}:")
    points = [(mark.done - 1, mark.cpu() - first.cpu()) for mark in noted]
    for mark, (_, cpu) in zip(noted, points, strict=True):
        peaks = ", ".join(f"{used.peak:.0f} MB" for used in (mark.run, *mark.workers))
        print(
            f"{mark.done:>8} documents: {cpu:8.1f} CPU s, {mark.seconds - first.seconds:8.1f} s by the clock, peak {peaks}"
        )
    print(f"log-log slope of CPU time: {slope(points):.3f}")


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
    parser.add_argument("--stages", default=",".join(STAGES), help="stages of that run")
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
