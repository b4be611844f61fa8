"""The Ray engine on a cluster of this machine: two actors, the same bytes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import OFFLINE
from short_texts import short_texts

from pipeline.annotator import Annotator
from pipeline.config import Config, load_config
from pipeline.engines import Outcome, load_annotator
from pipeline.record import Document, encode
from pipeline.runner import Progress, RunResult, run
from pipeline.sources import read_inputs

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, of Python and of its future


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Three processors, so that an actor is replaced while another is still on its way out."""
    # Actors import this module and the package from where the tests do.
    paths = os.pathsep.join(path for path in sys.path if path)
    ray.init(
        num_cpus=3, include_dashboard=False, log_to_driver=False, logging_level="error",
        runtime_env={"env_vars": {"PYTHONPATH": paths}},
    )  # fmt: skip
    yield
    ray.shutdown()


@pytest.fixture
def rows(tmp_path: Path) -> str:
    path = tmp_path / "rows.jsonl"
    texts = short_texts(40)
    texts[3], texts[12], texts[21] = "", "危険な橋だ。", "果てしない道だ。"
    path.write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
    return str(path)


def settings(stages: list[str], *more: str) -> Config:
    return load_config(stages=stages, overrides=["run.engine=ray", "run.workers=2", *more])


@pytest.mark.usefixtures("cluster")
def test_ray_writes_what_a_local_run_writes(rows: str, tmp_path: Path) -> None:
    stages = ["normalize", "tokenize"]
    run([rows], tmp_path / "local", load_config(stages=stages))
    result = run([rows], tmp_path / "ray", settings(stages))
    assert (result.read, result.written, result.rejected) == (40, 39, 1)
    for name in ("records.jsonl", "rhetoric.jsonl", "claims.jsonl", "errors.jsonl"):
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "local" / name).read_bytes(), name


@pytest.mark.usefixtures("cluster")
def test_an_actor_killed_in_the_middle_changes_nothing(rows: str) -> None:
    from pipeline.ray_engine import RayPool

    config = settings(["normalize"])
    annotator = Annotator(config)
    documents = [d for d in read_inputs([rows], config.read) if isinstance(d, Document)]
    expected = [annotator.process(d) for d in documents]
    outcomes: list[Outcome] = []
    with RayPool(config, load_annotator) as pool:
        before = [worker.handle for worker in pool._workers]
        again = (d for d in read_inputs([rows], config.read) if isinstance(d, Document))
        for number, outcome in enumerate(pool.process(again)):
            outcomes.append(outcome)
            if number in (4, 20):
                ray.kill(pool._workers[0].handle)
        after = [worker.handle for worker in pool._workers]
    assert [o.record for o in outcomes] == [encode(r) for r in expected]
    assert before[0] not in after


class Killer(Progress):
    """Kills one actor after so many documents, and the other after twice as many, as a machine that is lost does."""

    def __init__(self, after: int, actors: list[Any]) -> None:
        self.after, self.actors = after, actors

    def advance(self, result: RunResult) -> None:
        done = result.written + result.rejected
        if done % self.after == 0 and done <= 2 * self.after:
            ray.kill(self.actors[done // self.after - 1])


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_five_hundred_documents_in_all_stages_but_translation_while_both_actors_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.ray_engine import Actor, RayPool

    rows, actors = tmp_path / "rows.jsonl", list[Any]()
    lines = ["{" if i % 50 == 9 else json.dumps({"text": text}) for i, text in enumerate(short_texts(500))]
    rows.write_text("\n".join(lines), encoding="utf-8")
    start = RayPool._start

    def started(pool: RayPool) -> Actor:
        actor = start(pool)
        actors.append(actor.handle)
        return actor

    monkeypatch.setattr(RayPool, "_start", started)
    run([str(rows)], tmp_path / "local", load_config(stages=OFFLINE))
    for name, progress in (("whole", Progress()), ("killed", Killer(150, actors))):
        actors.clear()
        result = run([str(rows)], tmp_path / name, settings(OFFLINE), progress=progress)
        assert (result.read, result.written, result.rejected) == (500, 490, 10)
        assert len(actors) == (4 if name == "killed" else 2)
        for file in ("records.jsonl", "rhetoric.jsonl", "claims.jsonl", "errors.jsonl"):
            assert (tmp_path / name / file).read_bytes() == (tmp_path / "local" / file).read_bytes(), f"{name}: {file}"


def load_heavy(config: Config) -> Annotator:
    """A pipeline that takes its actor down on one document and hangs on another."""
    annotator = Annotator(config)
    process = annotator.process

    def lethal(document: Document) -> object:
        if "危険な橋" in document.record.raw:
            os._exit(1)
        if "果てしない道" in document.record.raw:
            time.sleep(3600)
        return process(document)

    annotator.process = lethal  # type: ignore[assignment,method-assign]
    return annotator


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_documents_that_kill_or_hold_an_actor_are_given_up(
    rows: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.engines.load_annotator", load_heavy)
    result = run([rows], tmp_path / "out", settings(["normalize"], "run.timeout=5.0", "run.recycle=25"))
    assert (result.read, result.written, result.rejected) == (40, 37, 3)
    assert result.retried >= 2  # Ray may lose the outcome before a death, too
    errors = [json.loads(line) for line in (tmp_path / "out/errors.jsonl").read_text("utf-8").splitlines()]
    assert [e["error"] for e in errors] == ["empty", "worker_died", "timeout"]
