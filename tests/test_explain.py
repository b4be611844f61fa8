"""``explain``: what it says is what the model says, and is printed at its place."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from rich.cells import cell_len
from rich.console import Console
from tiny_models import documents, install_tiny_base, write

from pipeline.config import Config, load_config
from pipeline.errors import ModelError
from pipeline.explain import SHADES, Explained, explain, show
from pipeline.models.hype_model import HypeModel
from pipeline.record import layer
from pipeline.training.train import Options, train

TEXT = "循環バスは町の救世主だ。庁舎は四階建てで、昨年の秋に建った。"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    with pytest.MonkeyPatch.context() as patch:
        install_tiny_base(patch)
        gold = write(folder / "gold.jsonl", documents())
        train("hype", str(gold), None, folder / "model", Options(epochs=4, batch=4, rate=3e-3))
    return folder / "model"


@pytest.fixture(scope="module")
def explained(model: Path) -> list[Explained]:
    return explain(TEXT, config(model))


def config(model: object, *settings: str) -> Config:
    return load_config(overrides=[f"hype.model={model}", *settings])


def printed(explained: list[Explained], width: int) -> list[str]:
    out = io.StringIO()
    show(explained, Console(file=out, width=width, force_terminal=False))
    return out.getvalue().split("\n")


def test_probabilities_are_those_of_the_model(model: Path, explained: list[Explained]) -> None:
    judged = HypeModel(model).judge([each.sentence.text for each in explained])
    assert len(explained) == 2
    for each, verdict in zip(explained, judged, strict=True):
        assert each.model
        assert each.model.rhetoric == pytest.approx(verdict.rhetoric, abs=1e-4)
        assert each.model.at_least == pytest.approx(verdict.at_least, abs=1e-4)
        assert each.model.checkable == pytest.approx(verdict.checkable, abs=1e-4)
        assert len(each.model.characters) == len(each.sentence.text)
        for span in verdict.spans:
            inside = each.model.characters[span.start : span.end]
            assert max(inside) >= span.score - 1e-3 >= min(inside) - 2e-3


def test_weights_are_what_the_model_loses_without_the_word(model: Path, explained: list[Explained]) -> None:
    judge = HypeModel(model).judge
    for each in explained:
        text, level = each.sentence.text, max(1, layer(each.sentence.hype).level)
        [whole] = judge([text])
        assert "。" not in [word.text for word in each.words]
        for word in each.words:
            assert text[word.start : word.end] == word.text
            [without] = judge([text[: word.start] + text[word.end :]])
            lost = whole.at_least[level - 1] - without.at_least[level - 1]
            assert word.weight == pytest.approx(lost, abs=1e-4)


def test_the_dial_moves_rhetoric(model: Path, explained: list[Explained]) -> None:
    for before, after in zip(explained, explain(TEXT, config(model, "hype.dial=2")), strict=True):
        assert before.model
        assert after.model
        assert after.model.rhetoric > before.model.rhetoric
        assert all(a >= b for a, b in zip(after.model.characters, before.model.characters, strict=True))
        assert after.model.at_least == before.model.at_least


@pytest.mark.parametrize("width", [7, 20, 80])
def test_shades_lie_under_their_characters(explained: list[Explained], width: int) -> None:
    [first, *_] = explained
    assert first.model
    first.model.characters = [0.0, 1.0] * (len(first.sentence.text) // 2)
    lines = printed([first], width)
    rows = lines[: next(i for i, line in enumerate(lines) if line.startswith("  hype"))]
    assert max(map(cell_len, rows)) <= width
    text = "".join(row for row in rows if not set(row) <= set(SHADES))
    shades = "".join(
        below.ljust(cell_len(row))
        for row, below in pairwise([*rows, ""])
        if set(below) <= set(SHADES) and not set(row) <= set(SHADES)
    )
    assert text == first.sentence.text
    assert shades == "  ██" * (len(text) // 2)


def test_cues_alone_explain_too() -> None:
    [each] = explain("世界が驚く奇跡の洗剤だ。", config("cues"))
    assert each.model is None
    assert each.words == []
    assert each.sentence.rhetoric
    lines = printed([each], 80)
    assert any("by cues alone" in line for line in lines)
    assert any(line.startswith("    cue 奇跡") for line in lines)


@pytest.mark.parametrize(("text", "analysed"), [("The bus runs hourly.", False), ("庁舎は町の誇りだ。", True)])
def test_what_is_not_analysed_is_shown_as_such(model: Path, text: str, analysed: bool) -> None:
    [each] = explain(text, config(model))
    assert bool(each.model) == analysed
    assert any("not analysed" in line for line in printed([each], 80)) != analysed


def test_control_characters_are_not_printed(model: Path) -> None:
    output = "\n".join(printed(explain("庁舎は\x1b[31m町の誇りだ。", config(model)), 80))
    assert "\x1b" not in output
    assert "町の誇りだ。" in output


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not a folder"):
        explain(TEXT, config(tmp_path / "none"))
