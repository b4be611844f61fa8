"""Limits on what inputs, settings and names may do to a run: see docs/security.md."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd

from pipeline.config import load_config
from pipeline.console import SafeConsole, err
from pipeline.dataset.build import path_of
from pipeline.dataset.importing import read_answers
from pipeline.dataset.load import is_inside
from pipeline.errors import ConfigError, InputError, OutputError
from pipeline.evaluate.ner import _document_text
from pipeline.record import Document
from pipeline.sources import ReadSettings, Rejected, read_inputs, rows
from pipeline.translation.endpoint import EndpointEngine


def read(path: Path) -> list[str]:
    """Ids of documents and codes of rejections."""
    items = read_inputs([str(path)], ReadSettings())
    return [item.code if isinstance(item, Rejected) else item.record.id for item in items]


# Archives -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".zst", zstd.compress)])
@pytest.mark.parametrize("filling", [b"\n", b" "])
def test_an_archive_that_unfolds_beyond_measure_is_refused(
    suffix: str, compress: Callable[[bytes], bytes], filling: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "UNFOLDED", 3_000_000)
    path = tmp_path / f"rows.jsonl{suffix}"
    path.write_bytes(compress(b'{"text":"\xe9\x9b\xaa\xe3\x80\x82"}\n' + filling * 5_000_000))
    assert read(path) == ["rows:1", "archive"]
    path.write_bytes(compress(b'{"text":"\xe9\x9b\xaa\xe3\x80\x82"}\n' * 1_000))
    assert read(path) == [f"rows:{i}" for i in range(1, 1_001)]


# Text that broke a reader -------------------------------------------------------------------------------------------


def test_a_header_with_a_broken_byte_names_its_fields_in_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("id,本文".encode() + b"\xe0\n1," + "雪。\n".encode())
    (rejected,) = read_inputs([str(path)], ReadSettings(encoding="utf-8"))
    assert isinstance(rejected, Rejected)
    assert "本文\ufffd" in rejected.message
    path.write_bytes(b"id,text,\xe0\n1," + "雪。,x\n".encode())
    (document,) = read_inputs([str(path)], ReadSettings(encoding="utf-8"))
    assert isinstance(document, Document)
    assert document.record.raw == "雪。"


def test_escape_sequences_that_overflow_a_decoder(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xdc\x0b~\x1b(\x0b\x0b~\x1b(2\xff\xff\x0b\xc7\n")
    assert len(read(path)) == 1


@pytest.mark.parametrize("tool", ["prodigy", "doccano", "labelstudio"])
def test_a_file_nested_beyond_measure_is_refused(tool: str, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text('[{"a":' * 100_000 if tool == "labelstudio" else '{"a":' * 100_000, encoding="utf-8")
    with pytest.raises(InputError, match="is not a"):
        read_answers(tool, [path])


# Settings -----------------------------------------------------------------------------------------------------------

LAUGHS = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{x: *a{i - 1}, y: *a{i - 1}}}\n" for i in range(1, 60))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "more than 10000 values"),
        ("plugins: &a\n  x: *a\n", "more than 10000 values"),
        ("hype: " + "[" * 5_000, "not valid YAML"),
        ("hype: {dial: .nan}", "finite number"),
        ("hype: {dial: !!python/object/apply:os.getpid []}", "not valid YAML"),
    ],
)
def test_settings_beyond_measure_are_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_config(file)
    file.write_text("hype: {dial: &same 0.5}\nstance: {margin: *same}\n", encoding="utf-8")
    assert load_config(file).stance.margin == 0.5


def test_a_key_of_many_parts_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected KEY=VALUE"):
        load_config(overrides=["a." * 3_000 + "a=1"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("base_url=https://some.example/v1?api_key=1", "pattern"),
        ("base_url=https://me:secret@some.example/v1", "pattern"),
        ("parameters={api_key: x}", "belongs in the environment"),
        ("parameters={Authorization: x}", "belongs in the environment"),
    ],
)
def test_keys_have_no_place_in_settings(override: str, message: str) -> None:
    good = ["translate.endpoint.base_url=https://some.example/v1", "translate.endpoint.parameters={max_tokens: 9}"]
    assert load_config(overrides=good).translate.endpoint
    with pytest.raises(ConfigError, match=message):
        load_config(overrides=[*good, f"translate.endpoint.{override}"])


@pytest.mark.parametrize(("key", "fits"), [("sk-12ab", True), ("sk-12\nab", False), ("鍵", False)])
def test_a_key_is_one_line_of_ascii(key: str, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", key)
    settings = [
        "engine=openai",
        "model=some",
        "endpoint.base_url=http://some.example/v1",
        "endpoint.key_variable=SOME_KEY",
    ]
    chosen = load_config(overrides=[f"translate.{setting}" for setting in settings]).translate
    if fits:
        assert EndpointEngine(chosen).name == "openai"
    else:
        with pytest.raises(ConfigError, match="is no key") as caught:
            EndpointEngine(chosen)
        assert key not in str(caught.value)


# Names --------------------------------------------------------------------------------------------------------------


def test_an_id_with_two_dots_takes_no_other_ones_place(tmp_path: Path) -> None:
    path_of(tmp_path, "b", ".txt")
    with pytest.raises(OutputError, match="is no file name"):
        path_of(tmp_path, "a/../b", ".txt")


@pytest.mark.parametrize("name", ["../secret", "{folder}/secret.txt", "link", "nul\0", "長" * 5_000])
def test_names_out_of_a_gold_file_stay_in_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("雪。", encoding="utf-8")
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "own.txt").write_text("海。", encoding="utf-8")
    (docs / "link").symlink_to(tmp_path / "secret.txt")
    name = name.format(folder=tmp_path)
    assert not is_inside(docs / name, docs)
    with pytest.raises(InputError, match="there is no document"):
        _document_text(docs, name)
    assert _document_text(docs, "own") == "海。"


# The terminal -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["\x1b[2J雪", "\x1b]0;題\x07雪", "\x9b31m雪", "雪\r上書き", "\u202e雪", "\x08雪"])
def test_no_text_steers_the_terminal(text: str) -> None:
    shown = io.StringIO()
    console = SafeConsole(file=shown, force_terminal=True, color_system="truecolor", width=60)
    console.print(text, style="red", markup=False, highlight=False)
    styles = shown.getvalue().count("\x1b")
    assert not set(shown.getvalue().replace("\x1b", "")) & set("\x07\x08\r\x9b\u202e")
    assert "雪" in shown.getvalue()
    console.print("雪", style="red", markup=False, highlight=False)
    assert shown.getvalue().count("\x1b") == 2 * styles > 0


def test_a_name_is_never_shown_as_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    err.print("endpoint:x: has no address", markup=False)
    assert capsys.readouterr().err == "endpoint:x: has no address\n"
