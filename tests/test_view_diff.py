from __future__ import annotations

import copy
import io
import json
from pathlib import Path

import pytest
from conftest import make_document
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from pipeline.annotator import Annotator
from pipeline.record import Hype, Record, Rhetoric, Stance, Translation, encode, layer
from pipeline.report.cli import mount
from pipeline.report.diff import Difference, diff_runs, show
from pipeline.report.filters import Filter
from pipeline.report.view import selected, show_document

TEXT = "港の倉庫は2棟ある。\n船主は今年こそ絶対に儲かると言い張る。\nなぜ誰も止めないのだろうか。\n"
app = Typer()
mount(app)


def kyojitsu(*args: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(a) for a in args], env={"COLUMNS": "160"})
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def base(annotator: Annotator) -> Record:
    record = annotator.process(make_document(TEXT))
    record.id, record.source.title = "minato", "港だより"
    return record


@pytest.fixture
def record(base: Record) -> Record:
    return copy.deepcopy(base)


def write_run(folder: Path, *records: Record) -> Path:
    folder.mkdir()
    (folder / "records.jsonl").write_bytes(b"".join(encode(record) + b"\n" for record in records))
    return folder


# --- view -----------------------------------------------------------------------------------------------------------


def test_view_lists_the_documents(record: Record, tmp_path: Path) -> None:
    status, out, _ = kyojitsu("view", write_run(tmp_path / "run", record))
    assert status == 0
    assert "minato" in out
    assert "港だより" in out


@pytest.mark.parametrize(
    ("args", "shown", "left_out"),
    [
        (["--doc", "minato"], ["港の倉庫", "なぜ誰も"], []),
        (["--technique", "rhetorical_question"], ["なぜ誰も"], ["港の倉庫"]),
        (["--content", "factual", "--doc", "minato"], ["港の倉庫"], ["なぜ誰も"]),
        (["--level", "1"], ["なぜ誰も"], ["港の倉庫"]),
        (["--text", "倉庫"], ["港の倉庫"], ["なぜ誰も"]),
    ],
)
def test_view_shows_what_is_asked_for(
    args: list[str], shown: list[str], left_out: list[str], record: Record, tmp_path: Path
) -> None:
    status, out, _ = kyojitsu("view", write_run(tmp_path / "run", record), *args)
    assert status == 0
    assert all(text in out for text in shown)
    assert not any(text in out for text in left_out)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--doc", "nowhere"], "no document 'nowhere'"),
        (["--text", "鯨"], "no sentence meets these conditions"),
        (["--technique", "fearful"], "--technique: there is no 'fearful'. There are: slogan"),
        (["--content", "fact"], "--content: there is no 'fact'"),
    ],
)
def test_view_says_what_it_does_not_find(args: list[str], message: str, record: Record, tmp_path: Path) -> None:
    status, _, err = kyojitsu("view", write_run(tmp_path / "run", record), *args)
    assert status == 2
    assert message in err


def test_selecting_leaves_the_record_as_it_is(record: Record) -> None:
    before = encode(record)
    (kept,) = selected([record], Filter(text="倉庫"))
    assert len(layer(kept.sentences)) == 1
    assert encode(record) == before


def test_nothing_in_a_text_steers_the_terminal(record: Record) -> None:
    sentence = layer(record.sentences)[2]
    record.source.title = "題\x1b]0;破\x07"
    sentence.translation = Translation(
        text="Why\x1b[2J \u202eno one", engine="none", status="flagged", checks={}, warnings=["\x1b[31mred"]
    )
    layer(sentence.rhetoric)[0].en = "why\x9b2J"
    stream = io.StringIO()
    show_document(record, Console(file=stream, width=100, force_terminal=False))
    assert not set("\x1b\x07\x9b\u202e") & set(stream.getvalue())
    assert "Why" in stream.getvalue()


# --- diff -----------------------------------------------------------------------------------------------------------


def changes(difference: Difference) -> list[tuple[str, list[str], list[str]]]:
    return [(change.layer, change.a, change.b) for change in difference.changes]


def test_a_run_does_not_differ_from_itself(record: Record, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", record)
    difference = diff_runs(run, run)
    assert (difference.documents, difference.sentences) == (1, len(layer(record.sentences)))
    assert difference.changes == []
    assert set(difference.layers.values()) == {0}


def test_a_score_alone_is_no_change(record: Record, tmp_path: Path) -> None:
    other = copy.deepcopy(record)
    for sentence in layer(other.sentences):
        layer(sentence.hype).score = 0.123
        layer(sentence.checkable).score = 0.5
    difference = diff_runs(write_run(tmp_path / "a", record), write_run(tmp_path / "b", other))
    assert difference.changes == []


def test_each_layer_is_compared(record: Record, tmp_path: Path) -> None:
    other = copy.deepcopy(record)
    first, _, last = layer(other.sentences)
    scores = {"favor": 0.1, "against": 0.8, "neutral": 0.1}
    first.hype = Hype(score=0.9, level=3, direction="doom")
    first.content = "mixed"
    first.stances = [Stance(target="port", text="港", label="against", score=0.8, scores=scores)]  # type: ignore[arg-type]
    first.rhetoric = [
        Rhetoric(
            start=2, end=4, raw_start=2, raw_end=4, text="倉庫", technique="loaded", quoted=True, score=0.5, why=[]
        )
    ]
    last.translation = Translation(text="Why?", engine="none", status="verified", checks={}, warnings=[])
    difference = diff_runs(write_run(tmp_path / "a", record), write_run(tmp_path / "b", other))
    assert changes(difference) == [
        ("content", ["factual"], ["mixed"]),
        ("level", ["0"], ["3"]),
        ("direction", ["none"], ["doom"]),
        ("rhetoric", [], ["[2:4] 倉庫 loaded (quoted)"]),
        ("stances", [], ["against port"]),
        ("translation", [], ["verified: Why?"]),
    ]
    assert difference.layers["stances"] == 1


def test_text_that_moved_is_not_text_that_changed(record: Record, annotator: Annotator, tmp_path: Path) -> None:
    moved = annotator.process(make_document("灯台は消えた。\n" + TEXT))
    moved.id = record.id
    difference = diff_runs(write_run(tmp_path / "a", record), write_run(tmp_path / "b", moved))
    assert [c for c in changes(difference) if c[0] == "sentence"] == [("sentence", [], ["灯台は消えた。"])]
    assert difference.layers["rhetoric"] == difference.layers["claims"] == 0


def test_documents_come_and_go(record: Record, tmp_path: Path) -> None:
    other = copy.deepcopy(record)
    other.id = "misaki"
    difference = diff_runs(write_run(tmp_path / "a", record), write_run(tmp_path / "b", other))
    assert (difference.only_a, difference.only_b, difference.documents) == (["minato"], ["misaki"], 0)


def test_the_command_prints_tables_or_json(record: Record, tmp_path: Path) -> None:
    other = copy.deepcopy(record)
    for sentence in layer(other.sentences):
        sentence.content = "mixed"
    a, b = write_run(tmp_path / "a", record), write_run(tmp_path / "b", other)
    status, out, _ = kyojitsu("diff", a, b, "--limit", "1")
    assert status == 0
    assert "2 more; --limit shows them" in out
    status, out, _ = kyojitsu("diff", a, b, "--json")
    assert status == 0
    assert [change["layer"] for change in json.loads(out)["changes"]] == ["content"] * 3


def test_the_table_shows_text_as_it_is(record: Record, tmp_path: Path) -> None:
    other = copy.deepcopy(record)
    layer(other.sentences)[0].text = "[bold]港[/bold]\x1b[2J"
    stream = io.StringIO()
    show(
        diff_runs(write_run(tmp_path / "a", record), write_run(tmp_path / "b", other)), Console(file=stream, width=160)
    )
    assert "[bold]港[/bold]\ufffd[2J" in stream.getvalue()
