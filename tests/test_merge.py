"""Shards, and their folders put together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config import Config, load_config
from pipeline.errors import ConfigError, InputError
from pipeline.merge import Shard, merge
from pipeline.runner import run

FILES = ("records.jsonl", "rhetoric.jsonl", "claims.jsonl", "errors.jsonl")


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(stages=["normalize"])


@pytest.fixture
def rows(tmp_path: Path) -> str:
    """Nine rows, of which the second is no JSON, the fifth empty, and the eighth takes the first one's id."""
    texts = ["川沿いの桜が咲いた。", "", "鐘は六時に鳴る。", "豆腐屋は今日も休みだ。", "", "橋の塗り替えが終わった。",
             "列車は七分遅れた。", "祭りは雨で延びた。", "図書館に新しい棚が入った。"]  # fmt: skip
    lines = [json.dumps({"id": str(i), "text": text}) for i, text in enumerate(texts)]
    lines[1], lines[7] = "{", lines[7].replace('"7"', '"0"')
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def sharded(rows: str, folder: Path, config: Config, count: int, limit: int | None = None) -> list[Path]:
    """Run every shard; gives their folders, the last first."""
    folders = [folder / f"part{i}" for i in range(count, 0, -1)]
    for i, part in zip(range(count, 0, -1), folders, strict=True):
        run([rows], part, config, shard=Shard(i, count), limit=limit)
    return folders


@pytest.mark.parametrize(("count", "limit"), [(1, None), (2, None), (3, None), (12, None), (3, 7)])
def test_merged_shards_are_what_one_run_writes(
    rows: str, tmp_path: Path, config: Config, count: int, limit: int | None
) -> None:
    whole = run([rows], tmp_path / "whole", config, limit=limit)
    merged = merge(sharded(rows, tmp_path, config, count, limit), tmp_path / "merged")
    for name in FILES:
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert (merged.read, merged.written, merged.rejected) == (whole.read, whole.written, whole.rejected)
    manifests = [json.loads((tmp_path / d / "manifest.json").read_text("utf-8")) for d in ("whole", "merged")]
    for key in ("signature", "part", "inputs", "outputs", "counts", "config", "partial"):
        assert manifests[0][key] == manifests[1][key], key


def test_shards_share_the_documents(rows: str, tmp_path: Path, config: Config) -> None:
    parts = sharded(rows, tmp_path, config, 2)
    ids = {
        p.name: [json.loads(line)["id"] for line in (p / "records.jsonl").read_text("utf-8").splitlines()]
        for p in parts
    }
    assert ids == {"part1": ["0", "2", "6", "8"], "part2": ["3", "5"]}
    assert json.loads((tmp_path / "part2/manifest.json").read_text("utf-8"))["part"]["failed"] == [1, 7]


def edit(folder: Path, change: Any) -> None:
    """Change a manifest in place."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def cut_records(folder: Path) -> None:
    path = folder / "records.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def touch_records(folder: Path) -> None:
    path = folder / "records.jsonl"
    path.write_bytes(path.read_bytes().replace("七分".encode(), "八分".encode()))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: edit(f, lambda m: m.update(signature="other")), "its signature is"),
        (lambda f: edit(f, lambda m: m["part"].update(sha256="0" * 64)), "content of the input"),
        (lambda f: edit(f, lambda m: m["part"].update(arguments=["else"])), "its inputs"),
        (lambda f: edit(f, lambda m: m["part"].update(limit=3)), "its limit"),
        (lambda f: edit(f, lambda m: m["part"].update(shard="2/3")), "number of shards"),
        (lambda f: edit(f, lambda m: m["part"].update(shard="2/2")), "were given: 2, 2"),
        (lambda f: edit(f, lambda m: m["part"].update(shard="3/2")), "not one of this version"),
        (lambda f: edit(f, lambda m: m["counts"].update(read=3)), "it read 3 of 7 documents"),
        (lambda f: edit(f, lambda m: m["counts"].update(read=4)), "more documents"),
        (lambda f: edit(f, lambda m: m.pop("part")), "not one of this version"),
        (lambda f: edit(f, lambda m: m.update(schema="kyojitsu-run/0")), "kyojitsu-run/0"),
        (lambda f: (f / "manifest.json").unlink(), "may not be finished"),
        (lambda f: (f / "records.jsonl").unlink(), "cannot be read"),
        (cut_records, "sha256"),
        (touch_records, "sha256"),
    ],
)  # fmt: skip
def test_what_does_not_belong_together_is_refused(
    rows: str, tmp_path: Path, config: Config, damage: Any, message: str
) -> None:
    parts = sharded(rows, tmp_path, config, 2)
    damage(tmp_path / "part1")
    with pytest.raises(InputError, match=message):
        merge(parts, tmp_path / "merged")
    assert not (tmp_path / "merged/records.jsonl").exists()


def test_a_missing_shard_is_refused(rows: str, tmp_path: Path, config: Config) -> None:
    parts = sharded(rows, tmp_path, config, 3)
    with pytest.raises(InputError, match="of 3 shards these were given: 2, 3"):
        merge(parts[:2], tmp_path / "merged")
    with pytest.raises(ConfigError, match="is one of the shards"):
        merge(parts, parts[0])


@pytest.mark.parametrize("text", ["1/1", "3/3", "2/10"])
def test_shares_are_read(text: str) -> None:
    assert str(Shard.parse(text)) == text


@pytest.mark.parametrize("text", ["", "0/2", "3/2", "1", "1/0", "-1/2", "１/２", "1/2/3", "a/b"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="from 1 to n"):
        Shard.parse(text)


def test_another_share_does_not_go_on_with_a_run(rows: str, tmp_path: Path, config: Config) -> None:
    work = tmp_path / "out/.run"
    run([rows], tmp_path / "out", config, shard=Shard(1, 2))
    work.mkdir()
    signature = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))["signature"]
    journal = {"signature": signature, "inputs": [rows], "limit": None, "shard": "1/2"}
    (work / "journal.json").write_text(json.dumps(journal), encoding="utf-8")
    with pytest.raises(ConfigError, match="other shard"):
        run([rows], tmp_path / "out", config, shard=Shard(2, 2), resume=True)
    assert run([rows], tmp_path / "out", config, shard=Shard(1, 2), resume=True).read == 5


def test_the_command_merges(rows: str, tmp_path: Path, config: Config) -> None:
    for i in (1, 2):
        done = CliRunner().invoke(
            app, ["run", rows, "-o", str(tmp_path / f"part{i}"), "--stages", "normalize", "--shard", f"{i}/2", "-q"]
        )
        assert done.exit_code == 1, done.output
    parts = [str(tmp_path / "part1"), str(tmp_path / "part2")]
    assert CliRunner().invoke(app, ["merge", *parts, "-o", str(tmp_path / "merged")]).exit_code == 1
    run([rows], tmp_path / "whole", config)
    assert (tmp_path / "merged/records.jsonl").read_bytes() == (tmp_path / "whole/records.jsonl").read_bytes()
    assert CliRunner().invoke(app, ["merge", parts[0], "-o", str(tmp_path / "no")]).exit_code == 2
