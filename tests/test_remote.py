"""Inputs named by URL, on fsspec's file system in memory."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from pipeline.record import Document
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
