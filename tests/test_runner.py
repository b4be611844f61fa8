from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pipeline import engines
from pipeline.annotator import Annotator
from pipeline.config import Config, load_config
from pipeline.engines import Outcome
from pipeline.errors import ConfigError, ModelError, OutputError
from pipeline.record import Document, Record, decode
from pipeline.runner import Progress, run
from pipeline.stages import Stage


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(stages=["normalize", "tokenize"])


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number, text in enumerate(
        ["朝市に人が集まった。", "値段は480円だ。高くない。", "夜は雨になる見込みだ。", "船は定刻に出た。"]
    ):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    return folder


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


class Stopping(Progress):
    """Interrupts the run after some documents, as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, result: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_a_run_writes_its_five_files_in_input_order(config: Config, texts: Path, tmp_path: Path) -> None:
    result = run([str(texts)], tmp_path / "out", config)
    assert result.exit_status == 0
    assert (result.read, result.written, result.rejected) == (4, 4, 0)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "claims.jsonl", "errors.jsonl", "manifest.json", "records.jsonl", "rhetoric.jsonl",
    ]  # fmt: skip
    assert [r["id"] for r in lines(tmp_path / "out/records.jsonl")] == ["0", "1", "2", "3"]
    manifest = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    assert manifest["counts"] == {
        "read": 4, "written": 4, "rejected": 0, "sentences": 5, "analysed": 5, "rhetoric": 0, "claims": 0,
    }  # fmt: skip
    assert manifest["config"]["stages"] == ["normalize", "tokenize"]
    assert manifest["signature"] == result.signature == lines(tmp_path / "out/records.jsonl")[0]["signature"]
    assert {row["id"] for row in manifest["inputs"]} == {"0", "1", "2", "3"}
    assert manifest["partial"] is False


def test_a_failing_document_is_reported_and_the_rest_goes_on(config: Config, texts: Path, tmp_path: Path) -> None:
    (texts / "1b.txt").write_bytes(b"\x00\x01\x02\x00\xff")
    result = run([str(texts)], tmp_path / "out", config)
    assert result.exit_status == 1
    assert (result.read, result.written, result.rejected) == (5, 4, 1)
    (error,) = lines(tmp_path / "out/errors.jsonl")
    assert error["id"] == "1b"
    assert (error["stage"], set(error)) == ("read", {"id", "stage", "error", "message"})
    assert [r["id"] for r in lines(tmp_path / "out/records.jsonl")] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("after", [1, 3])
def test_an_interrupted_run_goes_on_to_the_same_bytes(config: Config, texts: Path, tmp_path: Path, after: int) -> None:
    run([str(texts)], tmp_path / "whole", config)
    with pytest.raises(KeyboardInterrupt):
        run([str(texts)], tmp_path / "cut", config, progress=Stopping(after))
    assert not (tmp_path / "cut/records.jsonl").exists()
    with (tmp_path / "cut/.run/records.jsonl").open("ab") as file:
        file.write(b'{"torn": ')
    result = run([str(texts)], tmp_path / "cut", config, resume=True)
    assert result.resumed == after
    assert (tmp_path / "cut/records.jsonl").read_bytes() == (tmp_path / "whole/records.jsonl").read_bytes()
    assert not (tmp_path / "cut/.run").exists()


def test_resuming_counts_rejections_that_share_an_id(config: Config, tmp_path: Path) -> None:
    rows = ['{"id": "a", "text": "雪が降った。"}', '{"id": "a", "text": "また降った。"}', '{"id": "a", "text": "やんだ。"}',
            '{"id": "b", "text": "晴れた。"}']  # fmt: skip
    (tmp_path / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        run([str(tmp_path / "rows.jsonl")], tmp_path / "out", config, progress=Stopping(2))
    result = run([str(tmp_path / "rows.jsonl")], tmp_path / "out", config, resume=True)
    assert (result.read, result.written, result.rejected, result.resumed) == (4, 2, 2, 2)


def test_resuming_something_else_is_refused(config: Config, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run([str(texts)], tmp_path / "out", config, progress=Stopping(2))
    with pytest.raises(ConfigError, match="other inputs"):
        run([str(texts / "0.txt")], tmp_path / "out", config, resume=True)
    other = load_config(stages=["normalize", "tokenize"], overrides=["tokenize.split_mode=A"])
    with pytest.raises(ConfigError, match="other configuration"):
        run([str(texts)], tmp_path / "out", other, resume=True)
    (texts / "0.txt").write_text("朝市は中止だった。", encoding="utf-8")
    with pytest.raises(ConfigError, match="the input changed"):
        run([str(texts)], tmp_path / "out", config, resume=True)


def test_one_and_two_workers_write_the_same_bytes(config: Config, texts: Path, tmp_path: Path) -> None:
    run([str(texts)], tmp_path / "one", config)
    two = load_config(stages=["normalize", "tokenize"], overrides=["run.workers=2"])
    run([str(texts)], tmp_path / "two", two)
    for name in ("records.jsonl", "rhetoric.jsonl", "claims.jsonl", "errors.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_limit_marks_the_run_as_partial(config: Config, texts: Path, tmp_path: Path) -> None:
    assert run([str(texts)], tmp_path / "out", config, limit=2).written == 2
    assert json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))["partial"] is True


def test_an_output_that_is_a_file_is_refused(config: Config, texts: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        run([str(texts)], tmp_path / "out", config)


def test_lone_surrogates_are_an_error_of_their_document() -> None:
    from conftest import make_document

    annotator = Annotator(load_config(stages=["normalize"]))
    outcomes = list(engines.InProcess(annotator).process([make_document("前\ud800後"), make_document("前後")]))
    assert (outcomes[0].record, outcomes[0].stage, outcomes[0].error) == (None, "write", "not_text")
    assert outcomes[1].record is not None


def test_a_stage_that_fails_names_itself(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    from conftest import make_document

    from pipeline.stages.normalize import Normalize

    def broken(self: Normalize, documents: list[Document]) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr(Normalize, "process", broken)
    (outcome,) = engines.InProcess(Annotator(load_config(stages=["normalize"]))).process([make_document("文。")])
    assert isinstance(outcome, Outcome)
    assert (outcome.stage, outcome.error, outcome.message) == ("normalize", "RuntimeError", "test: normalize: no ink")


def test_records_decode_to_what_was_written(config: Config, texts: Path, tmp_path: Path) -> None:
    run([str(texts)], tmp_path / "out", config)
    for line in (tmp_path / "out/records.jsonl").read_bytes().splitlines():
        record = decode(line)
        for sentence in record.sentences or []:
            assert record.text[sentence.start : sentence.end] == sentence.text  # type: ignore[index]
            assert record.raw[sentence.raw_start : sentence.raw_end] == sentence.text


@pytest.mark.parametrize("moved", [0, 1, 4])
def test_a_run_killed_while_moving_its_files_is_resumed(
    config: Config, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    run([str(texts)], tmp_path / "whole", config)
    left = [moved]
    replace = Path.replace

    def dying(self: Path, target: Path) -> Path:
        if self.name in ("records.jsonl", "rhetoric.jsonl", "claims.jsonl", "errors.jsonl", "manifest.json"):
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", dying)
    with pytest.raises(KeyboardInterrupt):
        run([str(texts)], tmp_path / "cut", config)
    monkeypatch.setattr(Path, "replace", replace)
    assert not (tmp_path / "cut/manifest.json").exists()
    result = run([str(texts)], tmp_path / "cut", config, resume=True)
    assert (result.read, result.written) == (4, 4)
    for name in ("records.jsonl", "errors.jsonl"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_an_input_that_could_not_be_read_and_now_can_is_a_change(config: Config, texts: Path, tmp_path: Path) -> None:
    (texts / "0.txt").write_text("", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        run([str(texts)], tmp_path / "out", config, progress=Stopping(2))
    (texts / "0.txt").write_text("雪が降った。", encoding="utf-8")
    with pytest.raises(ConfigError, match="the input changed"):
        run([str(texts)], tmp_path / "out", config, resume=True)


def test_an_input_that_shrank_is_a_change(config: Config, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run([str(texts)], tmp_path / "out", config, progress=Stopping(3))
    for name in ("1.txt", "2.txt", "3.txt"):
        (texts / name).unlink()
    with pytest.raises(ConfigError, match="the input ends before"):
        run([str(texts)], tmp_path / "out", config, resume=True)


@pytest.mark.parametrize("output", [".", "texts"])
def test_an_output_that_holds_the_input_is_refused(
    config: Config, texts: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    monkeypatch.chdir(texts.parent)
    with pytest.raises(ConfigError, match="lies in the output folder"):
        run(["texts"], output, config)


def test_a_damaged_line_is_named(config: Config, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run([str(texts)], tmp_path / "out", config, progress=Stopping(3))
    written = tmp_path / "out/.run/records.jsonl"
    first, second, third = written.read_bytes().splitlines(keepends=True)
    written.write_bytes(first + bytes(len(second) - 1) + b"\n" + third)
    with pytest.raises(OutputError, match="a line is damaged"):
        run([str(texts)], tmp_path / "out", config, resume=True)
    written.write_bytes(first + second + third)
    assert run([str(texts)], tmp_path / "out", config, resume=True).resumed == 3


def test_a_damaged_journal_is_named(config: Config, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run([str(texts)], tmp_path / "out", config, progress=Stopping(1))
    (tmp_path / "out/.run/journal.json").write_bytes(b"")
    with pytest.raises(OutputError, match="the journal is damaged"):
        run([str(texts)], tmp_path / "out", config, resume=True)


class Lethal(Stage):
    """A stage that kills its worker on one document and never ends on another."""

    name: ClassVar[str] = "lethal"

    def process(self, documents: Sequence[Document]) -> None:
        if any("危険" in d.record.raw for d in documents):
            os._exit(1)
        if any("果てしない" in d.record.raw for d in documents):
            time.sleep(3600)


def load_lethal(config: Config) -> Annotator:
    """A pipeline that ends with the lethal stage."""
    annotator = Annotator(config)
    annotator._stages = [*annotator._stages, Lethal(None, config)]
    return annotator


@pytest.mark.parametrize("workers", [1, 2])
def test_a_document_whose_worker_dies_or_hangs_is_given_up(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    (texts / "1b.txt").write_text("危険な文だ。", encoding="utf-8")
    (texts / "2b.txt").write_text("果てしない話だ。", encoding="utf-8")
    monkeypatch.setattr("pipeline.engines.load_annotator", load_lethal)
    config = load_config(stages=["normalize"], overrides=[f"run.workers={workers}", "run.timeout=1.0"])
    result = run([str(texts)], tmp_path / "out", config)
    assert (result.read, result.written, result.rejected, result.retried) == (6, 4, 2, 2)
    assert [r["id"] for r in lines(tmp_path / "out/records.jsonl")] == ["0", "1", "2", "3"]
    errors = lines(tmp_path / "out/errors.jsonl")
    assert [(e["id"], e["stage"], e["error"]) for e in errors] == [
        ("1b", "run", "worker_died"), ("2b", "run", "timeout"),
    ]  # fmt: skip


def load_dying(config: Config) -> Annotator:
    """A worker that never gets its models loaded."""
    os._exit(1)


def load_nothing(config: Config) -> Annotator:
    """A worker whose model is missing."""
    raise ModelError("there is no such model.")


@pytest.mark.parametrize(("load", "message"), [(load_dying, "died while loading"), (load_nothing, "no such model")])
def test_workers_that_cannot_load_end_the_run(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: object, message: str
) -> None:
    monkeypatch.setattr("pipeline.engines.load_annotator", load)
    config = load_config(stages=["normalize"], overrides=["run.workers=2"])
    with pytest.raises(ModelError, match=message):
        run([str(texts)], tmp_path / "out", config)


def load_numbered(config: Config) -> Annotator:
    """A pipeline whose records say which process made them."""
    annotator = Annotator(config)
    annotator.signature = "one"
    process = annotator.process

    def processed(document: Document) -> Record:
        record = process(document)
        record.source.publisher = str(os.getpid())
        return record

    annotator.process = processed  # type: ignore[method-assign]
    return annotator


def test_workers_are_recycled(texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engines.load_annotator", load_numbered)
    config = load_config(stages=["normalize"], overrides=["run.recycle=2"])
    run([str(texts)], tmp_path / "out", config)
    makers = [r["source"]["publisher"] for r in lines(tmp_path / "out/records.jsonl")]
    assert makers[0] == makers[1] != makers[2] == makers[3]


def load_another(config: Config) -> Annotator:
    """Models that differ from one process to the next."""
    annotator = Annotator(config)
    annotator.signature = str(os.getpid())
    return annotator


def test_workers_with_other_models_are_refused(texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engines.load_annotator", load_another)
    config = load_config(stages=["normalize"], overrides=["run.recycle=2"])
    with pytest.raises(ConfigError, match="other models or data"):
        run([str(texts)], tmp_path / "out", config)


def test_a_document_larger_than_a_pipe_passes_through_workers(tmp_path: Path) -> None:
    rows = [
        json.dumps({"id": str(i), "text": "港の朝は早い。\n" * n}) for i, n in enumerate([1, 12_000, 1, 12_000, 1, 1])
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    for workers in (1, 2):
        config = load_config(stages=["normalize"], overrides=[f"run.workers={workers}"])
        run([str(tmp_path / "rows.jsonl")], tmp_path / f"out{workers}", config)
    assert (tmp_path / "out1/records.jsonl").read_bytes() == (tmp_path / "out2/records.jsonl").read_bytes()


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write anywhere")
def test_a_read_only_output_is_refused(texts: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o500)
    bound = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    command = [sys.executable, "-m", "pipeline.cli", "run", str(texts), "-o", str(folder), "--stages", "normalize"]
    done = subprocess.run([*bound, *command], capture_output=True, text=True, check=False)
    assert (done.returncode, "the output folder cannot be written" in done.stderr) == (3, True), done.stderr
    folder.chmod(0o700)
    assert subprocess.run([*bound, *command], capture_output=True, check=False).returncode == 0


def test_a_full_disk_loses_nothing(config: Config, texts: Path, tmp_path: Path) -> None:
    run([str(texts)], tmp_path / "whole", config)
    size = (tmp_path / "whole/records.jsonl").stat().st_size
    command = [sys.executable, "-m", "pipeline.cli", "run", str(texts), "-o", str(tmp_path / "cut"), "--stages", "normalize,tokenize"]  # fmt: skip

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, resource.RLIM_INFINITY))

    full = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=little_room)
    assert (full.returncode, "writing failed" in full.stderr) == (3, True), full.stderr
    assert not (tmp_path / "cut/records.jsonl").exists()
    result = run([str(texts)], tmp_path / "cut", config, resume=True)
    assert 0 < result.resumed < 4
    assert (tmp_path / "cut/records.jsonl").read_bytes() == (tmp_path / "whole/records.jsonl").read_bytes()


def test_ray_that_is_not_installed_is_named(texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    config = load_config(stages=["normalize"], overrides=["run.engine=ray"])
    with pytest.raises(ConfigError, match=r"pip install 'kyojitsu\[ray\]'"):
        run([str(texts)], tmp_path / "out", config)
