"""``kill -9`` at any moment, of the run or of a worker, or a full disk, then ``--resume``: the undisturbed run's bytes."""

from __future__ import annotations

import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from short_texts import short_texts

from pipeline.config import load_config
from pipeline.runner import run

FILES = ("records.jsonl", "rhetoric.jsonl", "claims.jsonl", "errors.jsonl")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc").is_dir(), reason="workers are found in /proc")]


def write_rows(path: Path, count: int) -> str:
    """So many short documents; one in fifty cannot be read."""
    lines = ["{" if i % 50 == 9 else json.dumps({"text": text}) for i, text in enumerate(short_texts(count))]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def workers_of(parent: int) -> list[int]:
    """The processes that the run started to annotate."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            ppid = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue  # gone meanwhile
        if ppid == parent and b"spawn_main" in line:
            found.append(int(folder.name))
    return found


def survive(command: list[str], rng: random.Random, kill_worker: bool, longest: float) -> tuple[int, int]:
    """Run to the end, killed once after a random time; gives how often it was resumed and workers killed."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    killed = 0
    try:
        process.wait(rng.uniform(0.05, longest))
    except subprocess.TimeoutExpired:
        victims = workers_of(process.pid) if kill_worker else [process.pid]
        for victim in rng.sample(victims, min(1, len(victims))):
            os.kill(victim, signal.SIGKILL)
            killed = int(kill_worker)
    _, told = process.communicate()
    if process.returncode == 1:
        return 0, killed
    assert process.returncode == -signal.SIGKILL, told.decode()
    resumed = subprocess.run([*command, "--resume"], capture_output=True, check=False)
    assert resumed.returncode == 1, resumed.stderr.decode()
    return 1, killed


def check(stages: list[str], sets: list[str], count: int, rounds: int, tmp_path: Path) -> None:
    """Compare each killed run with an undisturbed one; some of either kind of kill must have hit."""
    rows = write_rows(tmp_path / "rows.jsonl", count)
    whole = run([rows], tmp_path / "whole", load_config(stages=stages, overrides=sets))
    assert (whole.read, whole.rejected) == (count, len(range(9, count, 50)))
    rng = random.Random(20)  # noqa: S311
    options = [option for text in sets for option in ("--set", text)]
    began = time.monotonic()
    command: Callable[[Path], list[str]] = lambda folder: [  # noqa: E731
        sys.executable, "-m", "pipeline.cli", "run", rows, "-o", str(folder), "--quiet", "--workers", "2",
        "--stages", ",".join(stages), *options,
    ]  # fmt: skip
    assert subprocess.run(command(tmp_path / "timed"), check=False).returncode == 1
    longest = time.monotonic() - began
    hits = [0, 0]
    for number in range(rounds):
        folder = tmp_path / f"killed{number}"
        hit = survive(command(folder), rng, number % 2 == 1, longest)
        hits = [a + b for a, b in zip(hits, hit, strict=True)]
        for name in FILES:
            assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), f"round {number}: {name}"
        assert not (folder / ".run").exists()
    assert min(hits) >= rounds // 4, f"too few kills met a run at work: {hits}"


def test_forty_kills_over_five_hundred_documents(tmp_path: Path) -> None:
    check(["normalize", "tokenize"], [], count=500, rounds=40, tmp_path=tmp_path)


def test_kills_with_all_stages_but_translation(tmp_path: Path) -> None:
    check(["normalize", "tokenize", "ner", "hype", "stance"], [], count=60, rounds=6, tmp_path=tmp_path)


def in_a_small_disk(script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount file systems; nobody else sees them."""
    command = ["unshare", "-rm", "sh", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("part", [0.0, 0.2, 0.5, 0.8, 0.97])
def test_a_disk_that_is_full_after_a_part_of_the_run(part: float, tmp_path: Path) -> None:
    if not shutil.which("unshare") or in_a_small_disk("mount -t tmpfs tmpfs /mnt").returncode != 0:
        pytest.skip("no file systems may be mounted here")
    stages, sets = "normalize,tokenize,ner,hype", ["hype.model=cues"]
    rows = write_rows(tmp_path / "rows.jsonl", 60)
    whole = run([rows], tmp_path / "whole", load_config(stages=stages.split(","), overrides=sets))
    assert whole.counts["rhetoric"] > 0
    size = int(part * sum(file.stat().st_size for file in (tmp_path / "whole").iterdir())) // 4096 * 4096
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    command = shlex.join(
        [
            sys.executable,
            "-m",
            "pipeline.cli",
            "run",
            rows,
            "-o",
            f"{disk}/out",
            "--quiet",
            "--stages",
            stages,
            "--set",
            *sets,
        ]
    )
    done = in_a_small_disk(
        f"mount -t tmpfs -o size={max(size, 4096)} tmpfs {disk}; {command}; echo $?; ls {disk}/out; "
        f"mount -o remount,size=64m {disk}; {command} --resume; echo $?; cp -r {disk}/out {kept}"
    )
    assert done.stdout.split() == ["3", "1"], done.stderr
    assert "No space left on device" in done.stderr
    for name in FILES:
        assert (kept / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
