"""Training: what comes out of tiny random models, that it works in evaluation, and what is refused."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.json import encode
from typer import Typer
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("accelerate")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import torch
from tiny_models import DOCUMENTS, documents, install_tiny_base, save_tiny_transformer, without_rhetoric, write

from pipeline.config import load_config
from pipeline.errors import ConfigError, InputError, KyojitsuError, ModelError, OutputError
from pipeline.evaluate.engines import sentence_model, stance_model
from pipeline.evaluate.models import resolve
from pipeline.evaluate.sentences import evaluate
from pipeline.evaluate.stance_data import DataOptions, StanceItem, gold_items
from pipeline.models.card import KIND_HYPE, KIND_STANCE, TRANSFORMER, fingerprint, read_card
from pipeline.models.encoder import STRIDE, WINDOW, Encoder, Matrix, Passage
from pipeline.models.hype_model import HypeModel, load_heads
from pipeline.models.ngrams import Ngrams
from pipeline.models.stance_model import LABELS, SHARE, SURE, StanceModel, StanceQuestion, passage
from pipeline.record import StanceLabel
from pipeline.training import cli
from pipeline.training import train as training
from pipeline.training.base_encoder import read_layers, write_layers
from pipeline.training.build import StanceRun, fresh, restore, train_stance
from pipeline.training.examples import stance_example, stance_questions
from pipeline.training.fit import Recipe, inputs
from pipeline.training.ngrams import fit_ngrams
from pipeline.training.train import BUNDLED, Options, as_documents, train


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def mkdir(folder: Path) -> Path:
    folder.mkdir()
    return folder


def apart(one: Mapping[str, Matrix], other: Mapping[str, Matrix]) -> float:
    """The distance of all weights of two models."""
    return float(np.sqrt(sum(np.sum((one[name] - value) ** 2) for name, value in other.items())))


def recipe_of(folder: Path) -> dict[str, Any]:
    return read_card(folder / "stance.json", KIND_STANCE).recipe


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    return write(tmp_path / "gold.jsonl", documents())


@pytest.fixture(autouse=True)
def quick_torch() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def tiny_base(monkeypatch: pytest.MonkeyPatch) -> None:
    install_tiny_base(monkeypatch)


@pytest.fixture(scope="module")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-bert")
    save_tiny_transformer(folder)
    return folder


QUICK = Options(epochs=2, batch=8)


@pytest.mark.usefixtures("tiny_base")
@pytest.mark.parametrize("task", ["hype", "rhetoric", "checkable"])
def test_bundled_sentence_model(gold: Path, tmp_path: Path, task: str) -> None:
    card, notes = train(task, str(gold), None, tmp_path / "model", QUICK)
    assert encode(card) == encode(read_card(tmp_path / "model" / "hype.json", KIND_HYPE))
    assert card.data["task"] == task
    assert card.data["gold"] == "gold.jsonl"
    assert len(card.data["held out"]) == 1
    assert card.recipe["epochs"] == 2
    assert notes == ["no sentence to learn from has the label forecast: the model will never give it."]
    [judged] = HypeModel(tmp_path / "model").judge(["循環バスは革命だ。"])
    assert 0 <= judged.rhetoric <= 1
    assert judged.forecast < 1e-6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gold.jsonl", "model"]


@pytest.mark.usefixtures("tiny_base")
def test_heads_without_labels_say_no(tmp_path: Path) -> None:
    facts = without_rhetoric()
    gold = write(tmp_path / "facts.jsonl", facts)
    _, notes = train("checkable", str(gold), None, tmp_path / "model", QUICK)
    assert ["rhetoric" in note for note in notes] == [True, False]
    for judged in HypeModel(tmp_path / "model").judge([s.text for each in facts for s in each.sentences]):
        assert judged.rhetoric < 1e-3
        assert judged.at_least[0] < 1e-3
        assert judged.spans == []
    with pytest.raises(InputError, match="rhetoric is false in all 26 units"):
        train("rhetoric", str(gold), None, tmp_path / "other", QUICK)


@pytest.mark.usefixtures("tiny_base")
def test_bundled_stance_model(gold: Path, tmp_path: Path) -> None:
    card, notes = train("stance", str(gold), None, tmp_path / "model", QUICK)
    assert encode(card) == encode(read_card(tmp_path / "model" / "stance.json", KIND_STANCE))
    assert notes == []
    [scores] = StanceModel(tmp_path / "model").scores([stance_questions(documents())[0][0]])
    assert sum(scores.values()) == pytest.approx(1)
    (tmp_path / "model" / "ngrams.npz").unlink()
    with pytest.raises(ModelError, match=r"earlier version.*Train it anew"):
        StanceModel(tmp_path / "model")


@pytest.mark.usefixtures("tiny_base")
def test_training_and_use_give_the_same_logits(gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.models.stance_model.SURE", 2.0)  # the encoder reads every question
    monkeypatch.setattr("pipeline.models.encoder.STRIDE", 1)
    train("stance", str(gold), None, tmp_path / "model", QUICK)
    network, vocabulary = fresh(Recipe())
    restore(network, tmp_path / "model", "stance")
    model = StanceModel(tmp_path / "model")
    asked = [question for question, _, _ in stance_questions(documents())]
    for question in [*asked, asked[0]._replace(place=None), asked[0]._replace(target="", place=None)]:
        example = stance_example(question, "favor", vocabulary)
        ids, mask = inputs([example.ids])
        target = torch.zeros_like(mask).index_fill(1, torch.tensor(example.target), 1)
        with torch.inference_mode():
            there = network.eval().stance(ids, mask, target)[0].numpy()
        logits, _ = model.logits([question])
        here = logits[0] - SHARE * model._ngrams.logits(passage(question), quoted=question.holder is not None)
        assert here == pytest.approx(there, abs=0.05)  # products in 8 bits


@pytest.mark.usefixtures("tiny_base")
def test_what_stands_for_a_target() -> None:
    _, vocabulary = fresh(Recipe())
    # <s>, the name after a space, </s>, mark, name, mark, ...
    for text in ("原発は反対。", "原発"):
        assert stance_example(StanceQuestion("原発", text, (0, 2)), "favor", vocabulary).target == [5]
    beyond = StanceQuestion("原発", "は" * WINDOW + "原発は反対。", (WINDOW, WINDOW + 2))
    assert stance_example(beyond, "favor", vocabulary).target == [1, 2]
    nothing = stance_example(StanceQuestion("", "原発は反対。"), "favor", vocabulary)
    assert nothing.target == list(range(0, len(nothing.ids), STRIDE))


@pytest.mark.usefixtures("tiny_base")
def test_a_stance_model_of_an_earlier_version(gold: Path, tmp_path: Path) -> None:
    train("stance", str(gold), None, tmp_path / "model", QUICK)
    parameters = read_layers(tmp_path / "model", "stance")
    write_layers(parameters, 2, tmp_path / "model", "stance", (2,))
    with pytest.raises(ModelError, match=r"earlier version, whose last layer.*Train it anew"):
        StanceModel(tmp_path / "model")


def test_ngrams_of_two_labels() -> None:
    asked: list[tuple[StanceQuestion, StanceLabel]] = [
        (StanceQuestion("店", f"この店は{word}{end}", (2, 3)), label)
        for word, label in (("よい", "favor"), ("ひどい", "against"))
        for end in ("。", "！", "よ。", "ね。", "、と思う。")
    ]
    fitted = fit_ngrams(asked)
    for question, label in asked:
        logits = dict(zip(LABELS, fitted.logits(passage(question), quoted=False), strict=True))
        assert max(("favor", "against"), key=logits.__getitem__) == label
        assert logits["favor"] == pytest.approx(-logits["against"], abs=1e-5)


@pytest.mark.usefixtures("tiny_base")
def test_several_seeds_give_mean_and_spread(gold: Path, tmp_path: Path) -> None:
    singles = [
        train("stance", str(gold), None, tmp_path / f"one{seed}", replace(QUICK, seeds=(seed,))).card for seed in (3, 4)
    ]
    card, _ = train("stance", str(gold), None, tmp_path / "model", replace(QUICK, seeds=(3, 4)))
    values = [single.figures["macro F1"] for single in singles]
    assert card.figures["macro F1"] == max(values)
    assert card.figures["macro F1, mean of seeds"] == pytest.approx(np.mean(values), abs=1e-4)
    assert card.figures["macro F1, spread of seeds"] == pytest.approx(np.std(values, ddof=1), abs=1e-4)
    assert card.recipe["seed"] == (3, 4)[int(np.argmax(values))]
    assert encode(StanceModel(tmp_path / "model").card) == encode(card)


@pytest.mark.usefixtures("tiny_base")
@pytest.mark.parametrize("task", ["hype", "stance"])
def test_bundled_training_is_deterministic(gold: Path, tmp_path: Path, task: str) -> None:
    for name in "ab":
        train(task, str(gold), None, tmp_path / name, QUICK)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")


@pytest.mark.usefixtures("tiny_base")
def test_another_seed_gives_another_model(gold: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        train("stance", str(gold), None, tmp_path / str(seed), replace(QUICK, seeds=(seed,)))
    assert hashes(tmp_path / "0")["stance.onnx"] != hashes(tmp_path / "1")["stance.onnx"]


@pytest.mark.usefixtures("tiny_base")
def test_the_stance_model_is_the_mean_of_its_runs(tmp_path: Path) -> None:
    once, again = StanceRun(Recipe(epochs=1, batch=4)), StanceRun(Recipe(epochs=1, batch=4, seed=1))
    for name, runs in (("a", [once]), ("b", [again]), ("both", [once, again]), ("twice", [once, once])):
        train_stance(documents(), mkdir(tmp_path / name), [runs])
    a, b, both = (load_heads(tmp_path / name / "stance.npz")["stance"][0] for name in ("a", "b", "both"))
    np.testing.assert_allclose(both, (a + b) / 2, rtol=1e-6)
    [question, *_] = [question for question, _, _ in stance_questions(documents())]
    [of_a, of_b, of_both, of_twice] = [
        StanceModel(tmp_path / name).logits([question])[0][0] for name in ("a", "b", "both", "twice")
    ]
    np.testing.assert_allclose(of_twice, of_a, atol=1e-4)
    assert np.abs(of_both - (of_a + of_b) / 2).max() < np.abs(of_a - of_b).max()
    card = read_card(tmp_path / "both" / "stance.json", KIND_STANCE)
    assert (card.recipe["seed"], [other["seed"] for other in card.recipe["averaged with"]]) == (1, [0])


@pytest.mark.usefixtures("tiny_base")
def test_a_round_starts_from_the_mean_of_the_one_before(tmp_path: Path) -> None:
    once, again = StanceRun(Recipe(epochs=1, batch=4)), StanceRun(Recipe(epochs=1, batch=4, seed=1))
    still = StanceRun(Recipe(epochs=1, batch=4, rate=1e-9, head_rate=1e-9))
    moved = StanceRun(Recipe(epochs=1, batch=4, rate=1e-3))
    made = {"mean": [[once, again]], "still": [[once, again], [still]], "moved": [[still], [moved]],
            "alone": [[moved]], "beside": [[still], [moved, moved]],
            "start": [[still]], "halfway": [[still], [moved._replace(halfway=True)]]}  # fmt: skip
    for name, rounds in made.items():
        train_stance(documents(), mkdir(tmp_path / name), rounds)
    layers = {name: read_layers(tmp_path / name, "stance") for name in made}
    for name, value in layers["mean"].items():
        np.testing.assert_allclose(layers["still"][name], value, atol=1e-6)
    # A first run that does not move leaves the base encoder, and each run of the next round its whole step from there.
    assert apart(layers["moved"], layers["alone"]) < 0.5 * apart(layers["alone"], layers["start"])
    for name in layers["alone"]:
        np.testing.assert_allclose(layers["beside"][name], layers["moved"][name], atol=1e-6)
        middle = (layers["start"][name] + layers["moved"][name]) / 2
        np.testing.assert_allclose(layers["halfway"][name], middle, atol=np.abs(middle).max() / 50)
    assert any(
        np.abs(layers["halfway"][name] - layers["moved"][name]).max() > np.abs(value).max() / 50
        for name, value in layers["start"].items()
    )
    recipe = recipe_of(tmp_path / "still")
    assert [[run["seed"] for run in runs] for runs in recipe["start"]] == [[0, 1]]
    assert "averaged with" not in recipe
    assert [recipe_of(tmp_path / name).get("halfway") for name in ("halfway", "moved")] == [True, None]


@pytest.mark.usefixtures("tiny_base")
def test_a_first_run_is_not_averaged_with_what_it_starts_from(tmp_path: Path) -> None:
    run = StanceRun(Recipe(epochs=1, batch=4))
    train_stance(documents(), mkdir(tmp_path / "start"), [[run]])
    for name, one in (("whole", run), ("halfway", run._replace(halfway=True))):
        train_stance(documents(), mkdir(tmp_path / name), [[one]], start=tmp_path / "start")
    assert hashes(tmp_path / "whole") == hashes(tmp_path / "halfway") != hashes(tmp_path / "start")


@pytest.mark.usefixtures("tiny_base")
def test_heads_that_were_never_trained_are_not_gone_on_from(tmp_path: Path) -> None:
    train("checkable", str(write(tmp_path / "gold.jsonl", without_rhetoric())), None, tmp_path / "facts", QUICK)
    assert load_heads(tmp_path / "facts" / "hype.npz")["has_rhetoric"][1][0] > 10
    network, _ = fresh(Recipe())
    restore(network, tmp_path / "facts", "hype")
    head = network.sentence_heads["has_rhetoric"]
    assert isinstance(head, torch.nn.Linear)
    assert head.bias.abs().max() < 1


@pytest.mark.usefixtures("tiny_base")
@pytest.mark.parametrize("task", ["checkable", "stance"])
def test_training_goes_on_from_a_model(tmp_path: Path, task: str) -> None:
    old, new = (str(write(tmp_path / f"{i}.jsonl", documents()[7 * i : 7 * i + 7])) for i in (0, 1))
    first = train(task, old, None, tmp_path / "first", QUICK)
    still = replace(QUICK, epochs=1, rate=1e-9)
    going_on = replace(still, start=str(tmp_path / "first"))
    second = train(task, new, None, tmp_path / "second", going_on)
    apart = train(task, new, None, tmp_path / "apart", still)
    train(task, str(write(tmp_path / "whole.jsonl", documents())), None, tmp_path / "whole", QUICK)
    layers, gone_on, from_base = (
        read_layers(tmp_path / name, first.card.kind) for name in ("first", "second", "apart")
    )
    for name, value in layers.items():
        np.testing.assert_allclose(gone_on[name], value, atol=1e-6)
    assert max(np.abs(from_base[name] - value).max() for name, value in layers.items()) > 1e-3
    assert second.card.recipe["start"] == str(tmp_path / "first")
    assert "start" not in apart.card.recipe
    assert set(second.card.seen) == {*first.card.seen, *apart.card.seen}
    assert second.notes == apart.notes
    again = train(task, old, None, tmp_path / "again", going_on)
    assert again.notes == second.notes  # what is held out is what was held out before
    flattered = train(task, new, None, tmp_path / "more", replace(still, start=str(tmp_path / "whole")))
    assert "was trained on 2 of these 2 sentences. The figures flatter." in flattered.notes[-1]


@pytest.mark.usefixtures("tiny_base")
def test_heads_are_restored_and_other_vocabularies_refused(gold: Path, tmp_path: Path) -> None:
    train("stance", str(gold), None, tmp_path / "model", QUICK)
    network, _ = fresh(Recipe(seed=5))
    restore(network, tmp_path / "model", "stance")
    weight, bias = load_heads(tmp_path / "model" / "stance.npz")["stance"]
    np.testing.assert_array_equal(network.stance_head.weight.detach(), weight)
    np.testing.assert_array_equal(network.stance_head.bias.detach(), bias)
    network.encoder.embeddings.word_embeddings.weight.data[5] += 1
    with pytest.raises(ModelError, match="another vocabulary"):
        restore(network, tmp_path / "model", "stance")
    network, _ = fresh(Recipe())
    network.stance_head = torch.nn.Linear(network.stance_head.in_features, 4)
    with pytest.raises(ModelError, match="other layers, labels"):
        restore(network, tmp_path / "model", "stance")


@pytest.mark.usefixtures("tiny_base")
def test_a_start_for_another_task_is_refused(gold: Path, tmp_path: Path) -> None:
    train("hype", str(gold), None, tmp_path / "hype", QUICK)
    with pytest.raises(ModelError, match="no model of stance to start from"):
        train("stance", str(gold), None, tmp_path / "model", replace(QUICK, start=str(tmp_path / "hype")))
    assert not (tmp_path / "model").exists()


@pytest.mark.usefixtures("tiny_base")
def test_the_encoder_reads_only_what_the_ngrams_leave_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train_stance(documents(), tmp_path, [[StanceRun(Recipe(epochs=1, batch=4))]])
    model = StanceModel(tmp_path)
    questions = [question for question, _, _ in stance_questions(documents())][:3]
    one, sure, other = map(passage, questions)
    read: list[Passage] = []
    point = Encoder.point
    said = {sure: np.array([0.0, 0.0, 9.0], np.float32)}
    monkeypatch.setattr(Encoder, "point", lambda self, texts: read.extend(texts) or point(self, texts))
    monkeypatch.setattr(Ngrams, "logits", lambda self, text, quoted: said.get(text, np.zeros(3, np.float32)))
    rows, asked = model.logits(questions)
    assert (read, asked.tolist()) == ([one, other], [True, False, True])
    np.testing.assert_array_equal(rows[1], said[sure])
    np.testing.assert_array_equal(rows[2], model.logits(questions[2:])[0][0])
    neutral = float(np.exp(9) / (np.exp(9) + 2))
    assert neutral > SURE
    assert model.scores(questions)[1]["neutral"] == pytest.approx(neutral)  # without temperature


@pytest.mark.usefixtures("tiny_base")
def test_ngrams_count_by_their_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train_stance(documents(), tmp_path, [[StanceRun(Recipe(epochs=1, batch=4))]])
    model = StanceModel(tmp_path)
    [question, *_] = [question for question, _, _ in stance_questions(documents())]
    ([with_them], _), of_ngrams = model.logits([question]), model._ngrams.logits(passage(question), quoted=False)
    monkeypatch.setattr(Ngrams, "logits", lambda *_, **__: np.zeros(3, np.float32))
    ([without], _) = model.logits([question])
    np.testing.assert_allclose(with_them - without, SHARE * of_ngrams, atol=1e-5)
    assert np.abs(of_ngrams).max() > 0.1


@pytest.mark.usefixtures("tiny_base")
def test_the_card_knows_the_sentences_of_every_run(tmp_path: Path) -> None:
    further = [(StanceQuestion("北浜鉄道", f"北浜鉄道は{word}。", (0, 4)), label) for word, label in
               (("遅い", "against"), ("頼もしい", "favor"))]  # fmt: skip
    runs = [StanceRun(Recipe(epochs=1, batch=4, seed=seed), [one]) for seed, one in enumerate(further)]
    card = train_stance(documents(), tmp_path, [runs[:1], runs[1:]])
    assert {fingerprint(question.text) for question, _ in further} <= set(card.seen)
    assert card.data["units"] == len(card.seen)


@pytest.mark.parametrize("task", ["hype", "rhetoric", "checkable", "stance"])
def test_transformer_works_in_evaluation(transformer: Path, gold: Path, tmp_path: Path, task: str) -> None:
    options = replace(QUICK, architecture=str(transformer), rate=1e-3)
    card, _ = train(task, str(gold), None, tmp_path / "model", options)
    assert card == read_card(tmp_path / "model" / TRANSFORMER, "transformer")
    assert card.recipe["model"] == card.data["architecture"] == transformer.name
    assert 1 <= card.recipe["best epoch"] <= 2
    assert training.MAIN[task] in card.figures
    assert not list((tmp_path / "model").glob("*.bin"))
    assert str(tmp_path.parent) not in "".join(p.read_text() for p in (tmp_path / "model").glob("*.json"))
    if task == "stance":
        model = stance_model(str(tmp_path / "model"), {}, "marked")
        assert len(model.predict(list(gold_items(documents())))) == 28
        assert model.notes == [f"was trained on {len(card.seen)} of these 28 sentences."]
    else:
        judging = sentence_model(task, str(tmp_path / "model"), {})
        assert len(judging.predict(documents())) == 28
        assert judging.card == card


@pytest.mark.usefixtures("tiny_base")
def test_an_evaluation_says_what_the_model_was_trained_on(gold: Path, tmp_path: Path) -> None:
    card, _ = train("hype", str(gold), None, tmp_path / "model", QUICK)
    model = resolve("hype", str(tmp_path / "model"), load_config())
    report = evaluate("hype", documents(), {"own": model}, "gold", compare=False)
    assert report.notes == [f"own: was trained on {len(card.seen)} of these 28 sentences."]


@pytest.mark.parametrize("task", ["rhetoric", "stance"])
def test_transformer_training_is_deterministic(transformer: Path, gold: Path, tmp_path: Path, task: str) -> None:
    options = replace(QUICK, architecture=str(transformer), rate=1e-3)
    for name in "ab":
        train(task, str(gold), None, tmp_path / name, options)
    train(task, str(gold), None, tmp_path / "c", replace(options, seeds=(1,)))
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    assert hashes(tmp_path / "a")["model.safetensors"] != hashes(tmp_path / "c")["model.safetensors"]


def test_transformer_learns_and_stops_early(transformer: Path, gold: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int, float]] = []
    options = Options(str(transformer), epochs=40, batch=4, rate=1e-3)
    card, _ = train(
        "checkable", str(gold), None, tmp_path / "model", options, progress=lambda _: lambda *step: steps.append(step)
    )
    assert card.recipe["best epoch"] < 40
    assert steps[-1][0] < steps[-1][1]
    assert np.mean([loss for _, _, loss in steps[-6:]]) < np.mean([loss for _, _, loss in steps[:6]])


@pytest.mark.parametrize(("form", "stored"), [("pair", "pair"), ("marked", "marked")])
def test_transformer_says_what_it_reads(transformer: Path, gold: Path, tmp_path: Path, form: str, stored: str) -> None:
    options = Options(str(transformer), epochs=1, form=form)
    train("stance", str(gold), None, tmp_path / "model", options)
    assert json.loads((tmp_path / "model" / "config.json").read_text())["stance_input"] == stored
    assert "marked" in stance_model(str(tmp_path / "model"), {}, "marked").signature or stored == "pair"


def table(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["sentence", "about", "view"])
        for loud, *_, target, label, plain in DOCUMENTS:
            rows.writerows([[loud, target, label.upper()], [plain, target, "none"]])
    return path


COLUMNS = {"text": "sentence", "target": "about", "label": "view"}


@pytest.mark.usefixtures("tiny_base")
@pytest.mark.parametrize("bundled", [True, False])
def test_stance_from_a_table(transformer: Path, tmp_path: Path, bundled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    data = DataOptions(columns=COLUMNS, split="train")
    options = replace(QUICK, architecture=BUNDLED if bundled else str(transformer), data=data)
    card, _ = train("stance", str(table(tmp_path / "views.csv")), None, tmp_path / "model", options)
    assert len(card.data["held out"]) == 3
    wrong = replace(options, data=DataOptions(columns=COLUMNS | {"text": "tweet"}))
    with pytest.raises(ConfigError, match=r"no column 'tweet'. There are: sentence, about, view"):
        train("stance", str(tmp_path / "views.csv"), None, tmp_path / "other", wrong)
    assert not (tmp_path / "other").exists()


def test_items_as_documents() -> None:
    items = list(gold_items(documents()))
    again = list(gold_items(as_documents(items)))
    assert [(i.doc, i.name, i.text, i.surface, i.holder, i.label) for i in again] == [
        (i.doc, i.name, i.text, i.surface, i.holder, i.label) for i in items
    ]
    unlabelled = StanceItem(id="1", doc="1", target="t", name="t", text="tだ。")
    assert as_documents([unlabelled]) == []


@pytest.mark.usefixtures("tiny_base")
@pytest.mark.parametrize(
    ("task", "keep", "options", "error", "message"),
    [
        ("humor", 14, Options(), ConfigError, "no task 'humor'.*hype, rhetoric, checkable, stance"),
        ("hype", 14, Options(seeds=(1, 1)), ConfigError, "same seed"),
        ("stance", 14, Options(form="triple"), ConfigError, "pair or marked"),
        ("hype", 6, Options(), InputError, "6 documents.*Label more"),
        ("hype", 0, Options(), InputError, "no gold sentence"),
        ("hype", 14, Options("someone/model"), ConfigError, "40 digits of the commit"),
        ("hype", 14, Options("no such folder"), ConfigError, "no such folder"),
        ("hype", 14, Options("someone/model", start="bundled"), ConfigError, "for the bundled architecture"),
        ("hype", 14, Options(start="no such folder"), ModelError, "not a folder"),
    ],
)
def test_refused(
    tmp_path: Path, task: str, keep: int, options: Options, error: type[KyojitsuError], message: str
) -> None:
    gold = write(tmp_path / "gold.jsonl", documents()[:keep])
    with pytest.raises(error, match=message):
        train(task, str(gold), None, tmp_path / "model", options)
    assert [path.name for path in tmp_path.iterdir()] == ["gold.jsonl"]


@pytest.mark.usefixtures("tiny_base")
def test_one_stance_only_is_refused(tmp_path: Path) -> None:
    praised = documents()
    for each in praised:
        each.sentences = each.sentences[1:]
    with pytest.raises(InputError, match="stance is neutral in all 13 units"):
        train("stance", str(write(tmp_path / "gold.jsonl", praised)), None, tmp_path / "model", QUICK)


def test_a_model_without_weights_is_refused(transformer: Path, gold: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (empty / name).write_bytes((transformer / name).read_bytes())
    with pytest.raises(ModelError, match="has safetensors"):
        train("hype", str(gold), None, tmp_path / "model", Options(str(empty)))


@pytest.mark.usefixtures("tiny_base")
def test_a_model_is_replaced_only_by_force(gold: Path, tmp_path: Path) -> None:
    model, papers = tmp_path / "model", tmp_path / "papers"
    train("stance", str(gold), None, model, QUICK)
    before = hashes(model)
    with pytest.raises(OutputError, match="--force"):
        train("stance", str(gold), None, model, QUICK)
    train("stance", str(gold), None, model, replace(QUICK, seeds=(1,)), force=True)
    assert hashes(model) != before
    papers.mkdir()
    (papers / "thesis.txt").write_text("結論")
    with pytest.raises(OutputError, match="holds no model"):
        train("stance", str(gold), None, papers, QUICK, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gold.jsonl", "model", "papers"]


@pytest.mark.usefixtures("tiny_base")
@pytest.mark.parametrize("force", [True, False])
def test_an_interrupt_leaves_what_was_there(gold: Path, tmp_path: Path, force: bool) -> None:
    model = tmp_path / "model"
    if force:
        train("stance", str(gold), None, model, QUICK)
    before = hashes(model)

    def interrupting(_: str) -> Callable[[int, int, float], None]:
        def report(*_: float) -> None:
            raise KeyboardInterrupt

        return report

    with pytest.raises(KeyboardInterrupt):
        train("stance", str(gold), None, model, QUICK, force=force, progress=interrupting)
    assert hashes(model) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gold.jsonl", "model"][: 1 + force]


def kyojitsu_train(*args: str) -> tuple[int, str, str]:
    app = Typer()
    app.command()(cli.train)
    result = CliRunner().invoke(app, list(args), env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.usefixtures("tiny_base")
def test_command(gold: Path, tmp_path: Path) -> None:
    common = ["stance", "--gold", str(gold), "-o", str(tmp_path / "model"), "--epochs", "1"]
    status, out, err = kyojitsu_train(*common, "--seeds", "0,1")
    assert status == 0
    assert "macro F1" in out
    assert "±" in out
    assert "seed 1" in err
    assert read_card(tmp_path / "model" / "stance.json", KIND_STANCE).recipe["epochs"] == 1
    status, out, err = kyojitsu_train(*common)
    assert (status, out) == (3, "")
    assert "--force" in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--seed", "1", "--seeds", "1,2"], "both given"),
        (["--seeds", "a,b"], "not numbers"),
        (["--seeds", "-1,2"], "0 or more"),
        (["--column", "text"], "NAME=VALUE"),
        (["--rate", "5"], "between 0 and 1"),
        (["--label", "pro=love"], "love"),
    ],
)
def test_command_refuses(gold: Path, tmp_path: Path, args: list[str], message: str) -> None:
    status, _, err = kyojitsu_train("stance", "--gold", str(gold), "-o", str(tmp_path / "model"), *args)
    assert status == 2
    assert message in err


def test_missing_packages_are_named(gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "accelerate", None)
    status, _, err = kyojitsu_train("hype", "--gold", str(gold), "-o", str(tmp_path / "model"))
    assert status == 3
    assert "not installed: accelerate" in err
    assert "kyojitsu[train]" in err
