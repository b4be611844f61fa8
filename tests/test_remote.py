"""Inputs and outputs named by URL, on fsspec's file systems in memory and of this machine."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from pipeline.config import Config, load_config
from pipeline.errors import ConfigError, OutputError
from pipeline.merge import Shard, merge
from pipeline.outputs import OUTPUTS
from pipeline.record import Document
from pipeline.runner import run
from pipeline.sources import Rejected, read_inputs
from pipeline.sources.settings import ReadSettings


@pytest.fixture
def bucket() -> Iterator[str]:
    files = fsspec.filesystem("memory")
    for name, data in {
        "news/a.txt": "渡し船が増便された。".encode(),
        "news/b/c.jsonl.gz": gzip.compress('{"text": "灯台に灯がともった。"}\n'.encode()),
        "news/b/d.md": "湯屋は改装中だ。".encode("cp932"),
        "news/.hidden/e.txt": "見えない。".encode(),
        "news/f.pdf": b"%PDF",
    }.items():
        files.pipe(f"/bucket/{name}", data)
    yield "memory://bucket"
    files.rm("/bucket", recursive=True)


def read(*urls: str) -> list[Document | Rejected]:
    return list(read_inputs(urls, ReadSettings()))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("news", [("a", "渡し船が増便された。"), ("b/c:1", "灯台に灯がともった。"), ("b/d", "湯屋は改装中だ。")]),
        ("news/a.txt", [("a", "渡し船が増便された。")]),
        ("news/b/*.md", [("d", "湯屋は改装中だ。")]),
        ("news/*/c.jsonl.gz", [("b/c:1", "灯台に灯がともった。")]),
    ],
)
def test_urls_are_read_like_paths(bucket: str, name: str, found: list[tuple[str, str]]) -> None:
    documents = [d for d in read(f"{bucket}/{name}") if isinstance(d, Document)]
    assert [(d.record.id, d.record.raw) for d in documents] == found
    assert all(d.record.source.path.startswith("memory://") for d in documents)


@pytest.mark.parametrize("name", ["news/none.txt", "nothing", "news/f.pdf", "news/*.csv"])
def test_what_is_not_there_is_rejected(bucket: str, name: str) -> None:
    (rejected,) = read(f"{bucket}/{name}")
    assert isinstance(rejected, Rejected)
    assert rejected.message.startswith(("memory://bucket", "memory:///bucket"))


def test_an_unknown_protocol_is_rejected() -> None:
    (rejected,) = read("nosuch://bucket/a.txt")
    assert isinstance(rejected, Rejected)
    assert rejected.code == "unreachable"


def test_no_copy_is_left(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []
    for _ in read_inputs([f"{bucket}/news"], ReadSettings()):
        seen.append(len(list(tmp_path.glob("*/*"))))
    assert seen == [1, 1, 1]
    assert list(tmp_path.iterdir()) == []


# Outputs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The first stage, with a cache of its own."""
    monkeypatch.setenv("KYOJITSU_CACHE", str(tmp_path / "cache"))
    return load_config(stages=["normalize"])


def content(url: str) -> dict[str, bytes]:
    files, path = fsspec.core.url_to_fs(url)
    return {Path(name).name: files.cat_file(name) for name in files.find(path)}


def test_a_run_into_a_url_writes_what_a_local_run_writes(bucket: str, tmp_path: Path, config: Config) -> None:
    run([f"{bucket}/news"], tmp_path / "local", config)
    result = run([f"{bucket}/news"], f"{bucket}/out/first/", config)
    assert (result.read, result.written, result.exit_status) == (3, 3, 0)
    sent = content(f"{bucket}/out/first")
    assert set(sent) == set(OUTPUTS)
    for name in set(OUTPUTS) - {"manifest.json"}:
        assert sent[name] == (tmp_path / "local" / name).read_bytes(), name
    assert list((tmp_path / "cache/runs").iterdir()) == []


def test_a_second_run_passes_over_what_the_first_wrote_below_its_input(bucket: str, config: Config) -> None:
    for _ in range(2):
        assert run([bucket], f"{bucket}/out", config).read == 3
    assert run([bucket], f"{bucket}/other", config).read > 3
    with pytest.raises(ConfigError, match="lies in the output folder"):
        run([f"{bucket}/news/a.txt"], f"{bucket}/news", config)


def test_an_address_of_a_local_file_is_a_path(tmp_path: Path, config: Config) -> None:
    (tmp_path / "in.txt").write_text("霧が出た。", encoding="utf-8")
    run([f"file://{tmp_path}/in.txt"], f"file://{tmp_path}/out", config)
    run([str(tmp_path / "in.txt")], tmp_path / "path", config)
    assert (tmp_path / "out/records.jsonl").read_bytes() == (tmp_path / "path/records.jsonl").read_bytes()
    with pytest.raises(ConfigError, match="lies in the output folder"):
        run([f"file://{tmp_path}/in.txt"], str(tmp_path), config)


def test_shards_are_merged_into_a_url(bucket: str, tmp_path: Path, config: Config) -> None:
    run([f"{bucket}/news"], tmp_path / "whole", config)
    for share in ("1/2", "2/2"):
        run([f"{bucket}/news"], tmp_path / share[0], config, shard=Shard.parse(share))
    merge([tmp_path / "1", tmp_path / "2"], f"{bucket}/merged")
    assert content(f"{bucket}/merged")["records.jsonl"] == (tmp_path / "whole/records.jsonl").read_bytes()


@pytest.mark.parametrize("url", ["nosuch://bucket/out", "https://localhost:9/out"])
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_done(
    url: str, bucket: str, config: Config
) -> None:
    with pytest.raises(OutputError, match="the output cannot be written"):
        run([bucket], url, config)


@pytest.mark.parametrize("url", ["sftp://me:hush@host/a", "memory://:hush@bucket/out"])
def test_a_url_with_a_password_is_refused(url: str, bucket: str, config: Config) -> None:
    for inputs, output in ([bucket, url], f"{bucket}/out"), ([bucket], url):
        with pytest.raises(ConfigError, match="holds a password") as caught:
            run(inputs, output, config)
        assert "hush" not in str(caught.value)
    assert run([f"{bucket}/news"], "memory://some@bucket/out:1", config).read == 3


@pytest.mark.parametrize("sent", [0, 2, 4])
def test_files_that_could_not_be_sent_are_sent_by_resuming(
    bucket: str, config: Config, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    files = type(fsspec.filesystem("memory"))
    put, left = files.put_file, [sent]

    def failing(self: object, *names: str) -> None:
        if left[0] == 0:
            raise ConnectionError("no line")
        left[0] -= 1
        put(self, *names)

    run([f"{bucket}/news/a.txt"], f"{bucket}/out", config)
    monkeypatch.setattr(files, "put_file", failing)
    with pytest.raises(OutputError, match="no line"):
        run([f"{bucket}/news"], f"{bucket}/out", config)
    assert "manifest.json" not in content(f"{bucket}/out")
    monkeypatch.setattr(files, "put_file", put)
    with pytest.raises(ConfigError, match="other inputs"):
        run([f"{bucket}/news/a.txt"], f"{bucket}/out", config, resume=True)
    result = run([f"{bucket}/news"], f"{bucket}/out", config, resume=True)
    assert (result.read, result.written) == (3, 3)
    assert content(f"{bucket}/out")["records.jsonl"].count(b"\n") == 3
    assert set(content(f"{bucket}/out")) == set(OUTPUTS)
