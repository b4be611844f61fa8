from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.record import encode

STAGES = "normalize,tokenize"


def kyojitsu(*args: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of the command."""
    result = CliRunner().invoke(app, list(args))
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def article(tmp_path: Path) -> Path:
    file = tmp_path / "article.txt"
    file.write_text("朝市が開いた。値段は480円だ。", encoding="utf-8")
    return file


def test_run_ends_with_a_summary_on_standard_error(article: Path, tmp_path: Path) -> None:
    status, out, err = kyojitsu("run", str(article), "-o", str(tmp_path / "out"), "--stages", STAGES)
    assert status == 0
    assert out == ""
    assert "1 read = 1 written + 0 rejected" in err
    assert "2, of which 2 analysed" in err


def test_quiet_says_nothing(article: Path, tmp_path: Path) -> None:
    assert kyojitsu("run", str(article), "-o", str(tmp_path / "out"), "--stages", STAGES, "-q") == (0, "", "")


def test_some_bad_documents_give_status_1_and_name_the_file(article: Path, tmp_path: Path) -> None:
    status, _, err = kyojitsu(
        "run", str(article), str(tmp_path / "no.txt"), "-o", str(tmp_path / "out"), "--stages", STAGES
    )
    assert status == 1
    assert "1 of 2 documents could not be processed" in err
    (error,) = [json.loads(line) for line in (tmp_path / "out/errors.jsonl").read_text("utf-8").splitlines()]
    assert error["error"] == "not_found"


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["--set", "hype.min_span_scroe=1"], 2, "did you mean 'min_span_score'?"),
        (["--stages", "normalize,tokenise"], 2, "Did you mean 'tokenize'?"),
        (["--config", "nowhere.yaml"], 2, "cannot be read"),
        (["--set", "translate.engine=qwen"], 2, "Did you mean 'qwen-1.5b'?"),
        (["--set", "tokenize.model=ja_none", "--stages", STAGES], 3, "pip install ja_none"),
    ],
)
def test_usage_and_model_errors_have_their_status(
    article: Path, tmp_path: Path, args: list[str], status: int, message: str
) -> None:
    found, _, err = kyojitsu("run", str(article), "-o", str(tmp_path / "out"), *args)
    assert found == status
    assert message in err.replace("\n", " ")
    assert not (tmp_path / "out/records.jsonl").exists()


def test_a_missing_translation_model_says_what_to_run(
    article: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KYOJITSU_CACHE", str(tmp_path / "cache"))
    status, _, err = kyojitsu("run", str(article), "-o", str(tmp_path / "out"))
    assert status == 3
    assert "kyojitsu models pull qwen-1.5b" in err.replace("\n", " ")


def test_an_output_that_cannot_be_written(article: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    status, _, err = kyojitsu("run", str(article), "-o", str(tmp_path / "out"), "--stages", STAGES)
    assert status == 3
    assert "cannot be written" in err.replace("\n", " ")


def test_try_shows_rhetoric_and_prints_json() -> None:
    text = "圧倒的な安さだ。値段は480円だった。"
    status, out, _ = kyojitsu("try", text, "--stages", "normalize,tokenize,ner,hype,stance")
    assert status == 0
    assert re.search("圧倒的.*  exaggeration", out)
    assert "480円 = ¥480" in out
    status, out, _ = kyojitsu("try", text, "--stages", STAGES, "--json")
    assert json.loads(out)["raw"] == text
    assert kyojitsu("try", " ")[0] == 2


def test_schema_is_valid_and_fits_a_record() -> None:
    from conftest import make_document

    status, out, _ = kyojitsu("schema")
    assert status == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(out))
    record = json.loads(encode(make_document("文。").record))
    jsonschema.validate(record, json.loads(out))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**record, "mood": "good"}, json.loads(out))


def test_rules_and_models_are_listed(tmp_path: Path) -> None:
    assert "item_marks" in kyojitsu("rules")[1]
    assert "qwen-1.5b" in kyojitsu("models", "list", "--cache-dir", str(tmp_path))[1]


def test_doctor_shows_models_and_stages(tmp_path: Path) -> None:
    status, out, _ = kyojitsu("doctor", "--set", f"translate.cache_dir={tmp_path}")
    assert status == 0
    assert "ja_ginza" in out
    assert "missing" in out


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_leaves_a_run_that_resume_finishes(tmp_path: Path) -> None:
    rows = [json.dumps({"id": str(i), "text": f"{i}番目の朝だ。" * 40}, ensure_ascii=False) for i in range(60)]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "run",
        str(tmp_path / "rows.jsonl"),
        "--stages",
        STAGES,
        "-q",
        "-o",
    ]
    process = subprocess.Popen([*command, str(tmp_path / "cut")], stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "cut/.run/records.jsonl"
    while process.poll() is None and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in err
    subprocess.run([*command, str(tmp_path / "cut"), "--resume"], check=True)
    subprocess.run([*command, str(tmp_path / "whole")], check=True)
    assert (tmp_path / "cut/records.jsonl").read_bytes() == (tmp_path / "whole/records.jsonl").read_bytes()


@pytest.mark.parametrize("package", ["sklearn", "scipy", "sacrebleu"])
@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", "rhetoric", "--gold", "none"),
        ("evaluate", "stance", "--gold", "none"),
        ("dataset", "agreement", "a", "b"),
    ],
)
def test_a_missing_package_of_an_extra_is_named(
    command: tuple[str, ...], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kyojitsu(*command)[0] == 2  # there is no such gold
    monkeypatch.setitem(sys.modules, package, None)
    status, _, err = kyojitsu(*command)
    assert (status, f"not installed: {package}." in err, "pip install 'kyojitsu[evaluate]'" in err) == (3, True, True)
