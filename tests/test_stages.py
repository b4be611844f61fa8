from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import ClassVar

import pytest
from conftest import make_document
from pydantic import BaseModel, ConfigDict

import pipeline.stages
from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.record import Document
from pipeline.stages import BUILTIN, Stage, build_stages, stage_class


class ShoutSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    times: int = 1


class Shout(Stage):
    """A stage from elsewhere: it warns about every exclamation mark."""

    name: ClassVar[str] = "shout"
    requires: ClassVar[frozenset[str]] = frozenset({"sentences"})
    Settings: ClassVar[type[BaseModel]] = ShoutSettings

    def process(self, documents: Sequence[Document]) -> None:
        for document in documents:
            for sentence in document.sentences:
                if "!" in sentence.text:
                    document.warn("shout", "loud", sentence.text * self.settings.times)


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint(name="shout", value=f"{__name__}:Shout", group="kyojitsu.stages")
    monkeypatch.setattr(pipeline.stages, "entry_points", lambda group: [point])


def test_every_builtin_stage_says_what_it_needs_and_gives() -> None:
    available: set[str] = set()
    for name in BUILTIN:
        stage = stage_class(name)
        assert stage.name == name
        assert stage.requires <= available
        assert stage.provides
        available |= stage.provides


@pytest.mark.usefixtures("plugged")
def test_a_stage_from_an_entry_point_runs_with_its_settings() -> None:
    config = load_config(stages=["normalize", "tokenize", "shout"], overrides=["plugins.shout={times: 2}"])
    record = Annotator(config).process(make_document("静かだ。急げ！"))
    assert [(w.stage, w.code, w.message) for w in record.warnings] == [("shout", "loud", "急げ!急げ!")]


@pytest.mark.usefixtures("plugged")
def test_wrong_settings_of_a_plugged_stage_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"plugins\.shout"):
        load_config(stages=["normalize", "tokenize", "shout"], overrides=["plugins.shout={volume: 2}"])


def test_a_missing_layer_is_named_before_any_model_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.stages.tokenize.Tokenize.load", lambda self: pytest.fail("a model was loaded"))
    config = load_config().model_copy(update={"stages": ["tokenize", "normalize"]})
    with pytest.raises(ConfigError, match="'tokenize' needs the layer 'blocks'"):
        Annotator(config)


def test_stages_come_in_the_configured_order() -> None:
    assert [s.name for s in build_stages(load_config(stages=["normalize", "tokenize"]))] == ["normalize", "tokenize"]
