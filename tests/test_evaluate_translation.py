"""Figures of translations on a small gold of the tests' own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipeline.config import Config, load_config
from pipeline.errors import ConfigError, InputError
from pipeline.evaluate import translation
from pipeline.evaluate.report import Report, show, write_json
from pipeline.evaluate.translation import draw, evaluate, load
from pipeline.translation.engine import Output

pytest.importorskip("sacrebleu")

# (ja, reference, what a careful system says, what a careless one says)
ROWS = [
    ("町は橋の修理に3億円を使う。", "The town will spend 300 million yen on repairing the bridge.",
     "The town will spend ¥300 million to repair the bridge.", "The town will spend 3 million yen on repairing the bridge."),
    ("参加者は240人だった。", "There were 240 participants.", "There were 240 participants.", "There were 24 participants."),
    ("トヨタ自動車は新しい電池を見せた。", "Toyota showed a new battery.", "Toyota Motor showed a new battery.", "Honda showed a new battery."),
    ("猫が窓辺で眠っている。", "A cat is sleeping by the window.", "A cat sleeps by the window.", "A cat sleeps by the window."),
    ("祭りは5月3日に始まる。", "The festival begins on May 3.", "The festival starts on May 3.", "The festival starts on May 8."),
]  # fmt: skip


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    folder = tmp_path / "mt-small"
    folder.mkdir()
    rows: list[dict[str, Any]] = [
        {"id": i, "doc": f"d{i // 2}", "domain": "news" if i < 3 else "social", "ja": ja, "en": en,
         "sys": {"careful": good, "careless": bad}}
        for i, (ja, en, good, bad) in enumerate(ROWS)
    ]  # fmt: skip
    rows.append({"id": "x", "ja": "参照訳がない。", "en": None})
    (folder / "small.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n")
    return folder


class Scripted:
    """An engine that knows the sentences of the tests, and writes down what it is given."""

    name, fingerprint = "scripted", "scripted-1"
    asked: list[str]

    def __init__(self) -> None:
        self.asked = []

    def translate(self, sources: Sequence[str]) -> list[Output]:
        self.asked += sources
        return [Output(next((good for ja, _, good, _ in ROWS if ja[-4:] == s[-4:]), "Nothing."), True) for s in sources]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    scripted = Scripted()
    monkeypatch.setattr("pipeline.stages.translate.load_engine", lambda name, settings: scripted)
    return scripted


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load_config(overrides=[f"translate.cache_dir={tmp_path}", "translate.cache=false", "translate.retries=0"])


def values(report: Report) -> dict[str, dict[str, float]]:
    return {model.model: {name: figure.value for name, figure in model.figures.items()} for model in report.models}


def test_a_careful_and_a_careless_system_are_told_apart(gold: Path, config: Config, engine: Scripted) -> None:
    report = evaluate(gold, ["careful", "careless", "reference"], config)
    figures = values(report)
    careful, careless = figures["careful"], figures["careless"]
    assert (report.units, report.documents) == (5, 3)
    assert careful["figures right"] == careful["figures as in the reference"] == careful["names"] == 1
    assert careless["figures right"] <= 1 / 3
    assert careless["figures as in the reference"] == 0
    assert careless["names"] == 0
    assert careless["verified"] < careful["verified"]
    assert figures["reference"]["BLEU"] == pytest.approx(100)
    assert figures["reference"]["chrF2"] == pytest.approx(100)


def test_scores_are_those_of_sacrebleu(gold: Path, config: Config, engine: Scripted) -> None:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    report = evaluate(gold, ["careless"], config)
    hypotheses, references = [bad for *_, bad in ROWS], [[en for _, en, _, _ in ROWS]]
    bleu, chrf = BLEU(), CHRF()
    assert values(report)["careless"]["BLEU"] == pytest.approx(bleu.corpus_score(hypotheses, references).score)
    assert values(report)["careless"]["chrF2"] == pytest.approx(chrf.corpus_score(hypotheses, references).score)
    assert f"chrF2={chrf.get_signature()}" in report.signature
    assert f"BLEU={bleu.get_signature()}" in report.signature


def test_the_pipeline_is_measured_with_and_without_protection(gold: Path, config: Config, engine: Scripted) -> None:
    report = evaluate(gold, ["pipeline", "unprotected"], config)
    assert set(values(report)) == {"pipeline", "unprotected"}
    injected, bare = engine.asked[: len(ROWS)], engine.asked[-len(ROWS) :]
    assert any("¥300 million" in source for source in injected)
    assert sorted(bare) == sorted(ja for ja, *_ in ROWS)
    assert all("scripted-1" in model.signature for model in report.models)
    assert values(report)["pipeline"]["figures right"] == 1


def test_everything_stored_is_taken_by_default(gold: Path, config: Config, engine: Scripted) -> None:
    assert list(values(evaluate(gold, [], config))) == ["pipeline", "reference", "careful", "careless"]


def test_outputs_of_another_system_are_read_from_a_file(
    gold: Path, config: Config, engine: Scripted, tmp_path: Path
) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(json.dumps({"id": i, "en": row[2]}) for i, row in enumerate(ROWS)))
    figures = values(evaluate(gold, [str(file), "careful"], config))
    assert figures[str(file)] == figures["careful"]
    file.write_text(json.dumps({"id": 0, "en": "Only one."}))
    with pytest.raises(InputError, match=r"4 of 5 segments are missing, first '1'"):
        evaluate(gold, [str(file)], config)
    file.write_text('{"id": 0, "en": ' + "[" * 10_000)
    with pytest.raises(InputError, match="line 1: not a JSON object"):
        evaluate(gold, [str(file)], config)


def test_what_is_verified_but_unlike_the_reference_is_listed(
    gold: Path, config: Config, engine: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "check_sentence", lambda sentence, english: ({"numbers": True, "empty": True}, []))
    report = evaluate(gold, ["careless", "careful"], config)
    listed = {m.model: [row["id"] for row in m.details["verified, unlike the reference"]] for m in report.models}
    assert listed == {"careless": ["0", "1", "4"], "careful": []}
    assert values(report)["careless"]["the same, of verified"] == 0
    assert values(report)["careful"]["the same, of verified"] == 1


def test_comparison_and_output(gold: Path, config: Config, engine: Scripted, tmp_path: Path) -> None:
    report = evaluate(gold, ["careful", "careless"], config, compare=True)
    (comparison,) = report.comparisons
    assert comparison.differences["figures right"].value > 0
    console = Console(record=True, width=200)
    show(report, console)
    assert "figures right" in console.export_text()
    assert write_json(report, tmp_path / "report.json") == write_json(evaluate(
        gold, ["careful", "careless"], config, compare=True))  # fmt: skip


def test_a_segment_of_several_sentences_is_one(gold: Path, config: Config, engine: Scripted) -> None:
    row = {"id": 1, "ja": "参加者は240人だった。猫が窓辺で眠っている。", "en": "There were 240. A cat is sleeping."}
    file = gold / "small.jsonl"
    file.write_text(json.dumps(row, ensure_ascii=False) + "\n")
    (model,) = evaluate(file, ["pipeline"], config).models
    assert model.details["status"] == {"verified": 1}
    (model,) = evaluate(file, ["reference"], config).models
    assert model.figures["figures right"].value == 1


def test_gold_is_loaded_with_defaults_and_without_segments_that_have_no_reference(gold: Path) -> None:
    segments = load(gold)
    assert [segment.id for segment in segments] == ["0", "1", "2", "3", "4"]
    assert {segment.domain for segment in load(gold, "social")} == {"social"}
    with pytest.raises(ConfigError, match=r"no domain 'sports'. There are: news, social"):
        load(gold, "sports")


def test_drawing_is_the_same_for_the_same_seed_and_keeps_the_order(gold: Path) -> None:
    segments = load(gold)
    drawn = draw(segments, 3, seed=1)
    assert drawn == draw(segments, 3, seed=1)
    assert [segments.index(segment) for segment in drawn] == sorted(segments.index(segment) for segment in drawn)
    assert {tuple(s.id for s in draw(segments, 3, seed)) for seed in range(9)} != {tuple(s.id for s in drawn)}
    assert draw(segments, None) == draw(segments, 99) == segments


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no segment has a reference"),
        ('{"id": 1, "ja": "雪。", "en": null}', "no segment has a reference"),
        ("not json", r"line 1: not a JSON object"),
        ('{"id": ' + "[" * 10_000, r"line 1: not a JSON object"),
        ('{"id": 1, "ja": "雪。"}', "line 1: en missing"),
        ('{"id": 1, "ja": 5, "en": "Snow."}', "line 1: ja missing or of the wrong type"),
    ],
)
def test_damaged_gold_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "gold.jsonl").write_text(content)
    with pytest.raises(InputError, match=message):
        load(tmp_path / "gold.jsonl")


def test_gold_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match=r"expected one \.jsonl file, found 0"):
        load(tmp_path)


def test_unknown_model_names_those_there_are(gold: Path, config: Config, engine: Scripted) -> None:
    with pytest.raises(ConfigError, match=r"no translation model 'google'. There are: pipeline, .*careless, or"):
        evaluate(gold, ["google"], config)
    with pytest.raises(ConfigError, match="no such file of outputs"):
        evaluate(gold, ["nothing.jsonl"], config)
