"""Engines by name, built in and from entry points."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint

import pytest

from pipeline.config import TranslateSettings
from pipeline.errors import ConfigError
from pipeline.translation import engine as engines
from pipeline.translation.engine import Output, load_engine

SETTINGS = TranslateSettings(engine="echo", model=None, cache=False, cache_dir=None, threads=1, batch_size=1)


class Echo:
    """Gives back what it gets."""

    name = "echo"
    fingerprint = "echo-1"

    def __init__(self, settings: TranslateSettings) -> None:
        self.settings = settings

    def translate(self, sources: Sequence[str]) -> list[Output]:
        return [Output(source, True) for source in sources]


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("echo", f"{__name__}:Echo", engines.GROUP)
    monkeypatch.setattr(engines, "entry_points", lambda group: [point] if group == "kyojitsu.engines" else [])


@pytest.mark.usefixtures("echo")
def test_entry_point_is_an_engine() -> None:
    engine = load_engine("echo", SETTINGS)
    assert engine.translate(["雪。"]) == [Output("雪。", True)]
    assert isinstance(engine, Echo)
    assert engine.settings is SETTINGS


@pytest.mark.usefixtures("echo")
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("qwen-1.5", r"Did you mean 'qwen-1\.5b'\?"),
        ("ekho", r"Did you mean 'echo'\?"),
        ("babel", r"There are: qwen-1\.5b, ctranslate2, transformers, openai, echo\."),
    ],
)
def test_unknown_engine_names_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=rf"no translation engine '{name}'\. {hint}"):
        load_engine(name, SETTINGS)
