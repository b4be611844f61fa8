"""Stance: where items come from, what models answer, and the figures, against values worked out by hand."""

from __future__ import annotations

import csv
import json
from collections import Counter
from functools import partial
from itertools import product

import msgspec
import numpy as np
import pytest
from conftest import OFFLINE, ROOT

from pipeline.config import load_config
from pipeline.dataset.gold import DocumentStance, GoldDocument, Sentence, Stance, write_gold
from pipeline.errors import ConfigError, InputError
from pipeline.evaluate import poliinfo, stance, stance_models
from pipeline.evaluate.bootstrap import Interval, interval, paired
from pipeline.evaluate.labels import load_labels
from pipeline.evaluate.report import show
from pipeline.evaluate.stance_data import (
    Answer,
    DataOptions,
    StanceData,
    StanceItem,
    gold_items,
    load,
    read_items,
    write_items,
)
from pipeline.evaluate.stance_models import Majority, ModelOptions, resolve
from pipeline.models.card import Card

BENCH = ROOT.parent / "shared" / "bench" / "poliinfo14-classification"
STANCES = ("favor", "against", "neutral")


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """Figures do not depend on how many samples are drawn; their intervals are tested with the bootstrap."""
    monkeypatch.setattr(stance, "interval", lambda *args, **_: interval(*args, resamples=10))
    monkeypatch.setattr(stance, "paired", partial(paired, resamples=10))


@pytest.fixture(scope="module")
def config():
    return load_config(stages=OFFLINE)


def item(number, label, **fields):
    text = fields.pop("text", f"北浜鉄道の新型車両は{number}両だ。")
    given = {"doc": f"d{number % 3}", "target": "kitahama", "name": "北浜鉄道", "surface": (0, 4)} | fields
    return StanceItem(id=f"i{number}", text=text, label=label, **given)


class Said:
    """A model whose answers are given."""

    signature = "said"

    def __init__(self, answers, notes=()):
        self.answers = answers
        self.notes = list(notes)

    def predict(self, items):
        return [a if isinstance(a, Answer) else Answer(a, {a: 1.0} if a else {}) for a in self.answers]


def gold_document():
    """Two sentences about a bakery, one of them about its rival too."""
    texts = ["丸山製パンの食パンは香りがいい。", "同社は来春、二号店を出すと店主は胸を張る。", "シェアする"]
    starts = [0, len(texts[0]), len(texts[0] + texts[1])]
    stances = [
        [Stance(target="maruyama", label="favor", surface="丸山製パン")],
        [
            Stance(target="maruyama", label="neutral", surface="同社"),
            Stance(target="maruyama", label="favor", surface="同社", holder="店主"),
        ],
        [],
    ]
    sentences = [
        Sentence(doc="d", start=s, end=s + len(t), text=t, stances=x, genre="column", boilerplate=not x)
        for s, t, x in zip(starts, texts, stances, strict=True)
    ]
    return GoldDocument(
        doc="d",
        genre="column",
        text="".join(texts),
        sentences=sentences,
        stances=[DocumentStance(target="maruyama", label="favor")],
    )


# Where items come from


def test_gold_gives_an_item_for_every_stance(tmp_path):
    items = list(gold_items([gold_document()]))
    assert [i.id for i in items] == [
        "d:0-16:maruyama:author",
        "d:16-37:maruyama:author",
        "d:16-37:maruyama:店主",
    ]
    assert {i.name for i in items} == {"丸山製パン"}  # not 同社
    assert [i.holder for i in items] == [None, None, "店主"]
    assert all(i.text[slice(*i.surface)] in ("丸山製パン", "同社") for i in items)
    write_gold(tmp_path / "gold.jsonl", gold_document().sentences)
    assert load(str(tmp_path / "gold.jsonl")).items == items


def test_two_stances_of_one_holder_have_two_ids():
    document = gold_document()
    document.sentences[0].stances.append(Stance(target="maruyama", label="against"))
    assert len({i.id for i in gold_items([document])}) == 4


def test_exported_items_hold_no_answers_and_come_back(tmp_path):
    items = [item(1, "favor", votes=("favor", "neutral")), item(2, "against", holder="吉井市長")]
    write_items(tmp_path / "items.jsonl", items)
    back = read_items(tmp_path / "items.jsonl")
    assert [i.label for i in back] == [None, None]
    assert [i.votes for i in back] == [(), ()]
    assert [msgspec.structs.replace(b, label=i.label, votes=i.votes) for b, i in zip(back, items, strict=True)] == items
    with pytest.raises(InputError, match="none of the 2 items has a label"):
        stance.evaluate(load(str(tmp_path / "items.jsonl")), {})


def test_semeval(tmp_path):
    path = tmp_path / "tweets.tsv"
    path.write_text(
        "ID\tTarget\tTweet\tStance\n"
        '7\tレジ袋の有料化\tレジ袋の有料化は"海"を救う一歩だ。\tFAVOR\n'
        "8\tレジ袋の有料化\t買い物のたびに腹が立つ。\tAGAINST\n"
        "9\tレジ袋の有料化\tレジ袋の有料化は七月からだ。\tNONE\n",
        encoding="utf-8",
    )
    items = load(str(path)).items
    assert [i.label for i in items] == ["favor", "against", "neutral"]
    assert [i.surface for i in items] == [(0, 7), None, (0, 7)]
    path.write_text("ID\tTarget\tText\n1\tあ\tい\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"ID, Target, Tweet, Stance.*found: ID, Target, Text"):
        load(str(path))


def test_chabsa(tmp_path):
    opinions = [
        {"target": "販売台数", "span": [0, 4], "category": "NULL#sales", "polarity": "positive"},
        {"target": "物流費", "span": [7, 10], "category": "NULL#cost", "polarity": "negative"},
        {"target": "物流費", "span": [7, 10], "category": "NULL#general", "polarity": "neutral"},
    ]
    text = "販売台数は伸び物流費もかさんだ"
    row = {"id": "E1-0", "company": "あ社", "industry": "い", "sentence": text, "opinions": opinions}
    (tmp_path / "chabsa.jsonl").write_text(json.dumps(row), encoding="utf-8")
    items = load(str(tmp_path)).items
    assert [i.label for i in items] == ["favor", "against", "neutral"]
    assert {i.doc for i in items} == {"E1"}
    assert all(i.text[slice(*i.surface)] == i.name for i in items)
    row["opinions"][0]["polarity"] = "ambivalent"
    (tmp_path / "chabsa.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"'ambivalent' \(1\).*--label ambivalent=favor"):
        load(str(tmp_path))
    assert load(str(tmp_path), options=DataOptions(labels={"ambivalent": "neutral"})).items[0].label == "neutral"


COLUMNS = {"text": "body", "target": "about", "label": "side"}
ROWS = [
    {"body": "夜行バスの復活を歓迎したい。", "about": "夜行バス", "side": "pro", "who": "author"},
    {"body": "夜行バスは眠れず、二度と乗らないと客は言う。", "about": "夜行バス", "side": "con", "who": "客"},
]


def write_rows(path, rows=ROWS):
    if path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return str(path)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv"])
def test_data_set_by_columns(tmp_path, suffix, monkeypatch):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    source = write_rows(tmp_path / f"rows{suffix}")
    items = load(source, options=DataOptions(columns=COLUMNS | {"holder": "who"})).items
    assert [(i.label, i.holder, i.surface) for i in items] == [("favor", None, (0, 4)), ("against", "客", (0, 4))]


def test_saved_data_set_with_named_classes(tmp_path):
    from datasets import ClassLabel, Dataset

    data = Dataset.from_list([{"body": r["body"], "about": r["about"], "side": i} for i, r in enumerate(ROWS)])
    data.cast_column("side", ClassLabel(names=["positive", "negative"])).save_to_disk(str(tmp_path / "saved"))
    items = load(str(tmp_path / "saved"), options=DataOptions(columns=COLUMNS)).items
    assert [i.label for i in items] == ["favor", "against"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (COLUMNS | {"text": "tweet"}, r"no column 'tweet'. There are: body, about, side, who"),
        ({"text": "body", "label": "side"}, r"none unknown, target missing"),
        (COLUMNS | {"colour": "who"}, r"colour unknown"),
    ],
)
def test_columns_that_do_not_fit(tmp_path, columns, message):
    with pytest.raises(ConfigError, match=message):
        load(write_rows(tmp_path / "rows.jsonl"), options=DataOptions(columns=columns))


def test_unknown_labels_are_counted_and_can_be_mapped(tmp_path):
    rows = [ROWS[0] | {"side": side} for side in ("1", "2", "2")]
    source = write_rows(tmp_path / "rows.csv", rows)
    with pytest.raises(ConfigError, match=r"'1' \(1\), '2' \(2\).*--label 1=favor"):
        load(source, options=DataOptions(columns=COLUMNS))
    mapped = DataOptions(columns=COLUMNS, labels={"1": "favor", "2": "against"})
    assert [i.label for i in load(source, options=mapped).items] == ["favor", "against", "against"]
    with pytest.raises(ConfigError, match="leads to positive, but stance has favor, against, neutral"):
        load(source, options=DataOptions(columns=COLUMNS, labels={"1": "positive"}))


def test_an_id_twice_is_refused(tmp_path):
    rows = [row | {"key": "same"} for row in ROWS]
    source = write_rows(tmp_path / "rows.jsonl", rows)
    with pytest.raises(InputError, match="1 ids stand more than once, first same"):
        load(source, options=DataOptions(columns=COLUMNS | {"id": "key"}))
    assert len(load(source, options=DataOptions(columns=COLUMNS | {"doc": "key"})).items) == 2


def test_a_data_set_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"could not be loaded.*Check the path or id"):
        load(str(tmp_path / "nothing.csv"), options=DataOptions(columns=COLUMNS))


# The figures


def evaluated(items, answers, **options):
    report = stance.evaluate(StanceData("g", items), {"m": Said(answers)}, **options)
    return report.models[0]


def test_figures_by_hand():
    items = [item(i, label) for i, label in enumerate(["favor", "favor", "against", "neutral"])]
    figures = evaluated(items, ["favor", "against", "against", "favor"]).figures
    assert figures["accuracy"].value == 0.5
    assert figures["F1 favor"].value == pytest.approx(0.5)
    assert figures["F1 against"].value == pytest.approx(2 / 3)
    assert figures["F_avg"].value == pytest.approx((0.5 + 2 / 3) / 2)
    assert figures["macro F1"].value == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert figures["ECE"].value == pytest.approx(0.5)


def test_macro_f1_divides_by_three_although_a_label_never_occurs():
    items = [item(0, "favor"), item(1, "favor")]
    assert evaluated(items, ["favor", "favor"]).figures["macro F1"].value == pytest.approx(1 / 3)


def test_an_unread_answer_counts_as_wrong():
    items = [item(i, "neutral") for i in range(4)]
    result = evaluated(items, ["neutral", None, "neutral", "neutral"])
    assert result.figures["accuracy"].value == 0.75
    assert result.figures["answers read"].value == 0.75
    assert result.details["confusion"]["neutral"] == {"favor": 0, "against": 0, "neutral": 3, "unread": 1}
    assert "answers read" not in evaluated(items, ["neutral"] * 4).figures


def test_abstention():
    items = [item(i, "favor") for i in range(4)]
    answers = [Answer("favor", {"favor": p, "neutral": 1 - p}) for p in (0.9, 0.8)]
    answers += [Answer("neutral", {"neutral": p, "favor": 1 - p}) for p in (0.7, 0.5)]
    result = evaluated(items, answers, abstain=0.75)
    assert result.figures["coverage at 0.75"].value == 0.5
    assert result.figures["accuracy at 0.75"].value == 1.0
    curve = {row["threshold"]: (row["coverage"], row["accuracy"]) for row in result.details["abstention"]}
    assert curve[0.6] == (0.75, pytest.approx(2 / 3))
    assert curve[0.9] == (0.25, 1.0)


def test_items_without_a_label_count_in_the_official_measures_alone():
    split = item(2, None, votes=("favor", "against", "neutral"))
    items = [item(0, "favor", votes=("favor",) * 3), item(1, "neutral", votes=("neutral",) * 3), split]
    figures = evaluated(items, ["favor", "neutral", "against"], abstain=0.9).figures
    assert figures["accuracy"].value == 1.0
    assert figures["N1 accuracy"].value == 1.0
    assert figures["SC accuracy"].value == pytest.approx(7 / 9)


def test_a_single_label_among_many_items():
    """Most resamples hold no item with a label."""
    items = [item(i, "favor" if i == 0 else None, doc=f"d{i}") for i in range(9)]
    assert evaluated(items, ["favor"] * 9).figures["accuracy"] == Interval(1.0, 1.0, 1.0)


def test_slices_by_target_name_holder_and_training():
    named = [item(i, "favor", doc=f"n{i}", genre="blog") for i in range(24)]
    meant = [
        item(i, "against", doc=f"m{i}", text="値下げは遅すぎた。", surface=None, target="nishino", name="西野電力")
        for i in range(24, 48)
    ]
    pronoun = [
        item(i, "neutral", doc=f"p{i}", text="同社は答えなかった。", surface=(0, 2), holder="記者")
        for i in range(48, 72)
    ]
    slices = evaluated([*named, *meant, *pronoun], ["favor"] * 72, training_targets=["kitahama"]).slices
    accuracy = {name: figures["accuracy"].value for name, figures in slices.items()}
    assert accuracy == {
        "author": 0.5,
        "genre blog": 1.0,
        "named": 1.0,
        "not named": 0.0,
        "other holder": 0.0,
        "seen target": 0.5,
        "unseen target": 0.0,
        "target kitahama": 0.5,
        "target nishino": 0.0,
    }


def test_a_slice_of_few_documents_has_no_interval_but_its_target_is_listed():
    items = [item(i, "favor", doc="one", target="a" if i < 12 else "b") for i in range(21)]
    result = evaluated(items, ["favor"] * 21)
    assert result.slices == {}
    assert [(row["target"], row["items"], row["accuracy"]) for row in result.details["targets"]] == [("a", 12, 1.0)]


def test_documents_by_the_rule_of_the_stage():
    document = gold_document()
    data = StanceData("g", list(gold_items([document])), [document])
    author = Answer("favor", {"favor": 0.9, "against": 0.05, "neutral": 0.05})
    neutral = Answer("neutral", {"favor": 0.2, "against": 0.2, "neutral": 0.6})
    against = Answer("against", {"favor": 0.0, "against": 1.0, "neutral": 0.0})
    report = stance.evaluate(data, {"m": Said([author, neutral, against])})
    rows = report.models[0].details["documents"]
    assert rows == [{"doc": "d", "target": "maruyama", "gold": "favor", "predicted": "favor", "sentences": 2}]
    assert report.models[0].slices["whole documents"]["accuracy"].value == 1.0
    turned = stance.evaluate(data, {"m": Said([against, neutral, author])})  # the shop owner has no vote
    assert turned.models[0].details["documents"][0]["predicted"] == "against"


def test_comparison_notes_and_terminal(capsys):
    from rich.console import Console

    items = [item(i, "favor") for i in range(6)]
    models = {"good": Said(["favor"] * 6, ["is good."]), "bad": Said(["against"] * 5 + [None])}
    report = stance.evaluate(StanceData("g", items), models, compare=True)
    assert report.comparisons[0].differences["accuracy"].value == 1.0
    assert "answers read" not in report.comparisons[0].differences  # one of them has no such figure
    assert report.notes == ["good: is good."]
    show(report, Console(width=200))
    printed = capsys.readouterr().out
    assert "good less bad" in printed
    assert "gold:6:" in printed


# The models


def test_majority_takes_the_most_frequent_label():
    answers = Majority(["favor", "against", "against", None]).predict([item(0, None)])
    assert answers == [Answer("against", {"favor": 1 / 3, "against": 2 / 3, "neutral": 0.0})]


def test_lexicon_answers_for_any_target(config, monkeypatch):
    monkeypatch.setattr("pipeline.stages.stance.ModelScorer", None)  # whatever the configuration's own model is
    items = [
        item(0, "favor", text="海老名工房の椅子は丈夫で、実に優れた製品だ。", name="海老名工房", surface=(0, 5)),
        item(1, "against", text="海老名工房の対応は杜撰で、信頼できない。", name="海老名工房", surface=(0, 5)),
        item(2, "neutral", text="海老名工房は川沿いにある。", name="海老名工房", surface=(0, 5)),
        item(3, "neutral", text="雨の日は店を閉める。", name="海老名工房", surface=None),
    ]
    model = resolve("lexicon", items, config, ModelOptions())
    assert [a.label for a in model.predict(items)] == ["favor", "against", "neutral", "neutral"]
    assert model.notes == ["1 of 4 targets or holders are not found; they count as neutral."]


def test_bundled_asks_the_trained_model_and_says_what_it_knows(monkeypatch, tmp_path):
    asked = []

    class Trained:
        def __init__(self, folder):
            self.card = Card(kind="stance", recipe={}, data={}, figures={}, seen=["e3b0c44298fc"])

        def scores(self, questions):
            asked.extend(questions)
            return [{"favor": 0.5, "against": 0.4, "neutral": 0.1}, {"favor": 0.7, "against": 0.1, "neutral": 0.2}]

    for name in ("stance.onnx", "stance.npz", "stance.json", "ngrams.npz"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr(stance_models, "Trained", Trained)
    items = [item(0, "favor", text="", surface=None), item(1, "favor", holder="吉井市長")]
    config = load_config(overrides=["stance.margin=0.2"])
    model = resolve(str(tmp_path), items, config, ModelOptions())
    assert [a.label for a in model.predict(items)] == ["neutral", "favor"]  # the first within the margin
    assert [(q.target, q.place, q.holder) for q in asked] == [
        ("北浜鉄道", None, None),
        ("北浜鉄道", (0, 4), "吉井市長"),
    ]
    assert model.notes == ["was trained on 1 of these 2 sentences."]


def test_rhetoric_moves_what_bundled_says_of_the_author_alone(monkeypatch, tmp_path):
    class Trained:
        def __init__(self, folder):
            self.card = Card(kind="stance", recipe={}, data={}, figures={})

        def scores(self, questions):
            return [{"favor": 0.3, "against": 0.3, "neutral": 0.4} for _ in questions]

    hype = {"静か。": 0.05, "騒がしい。": 0.95}
    read = lambda self, items: [stance_models.Findings(None, hype[one.text]) for one in items]  # noqa: E731
    monkeypatch.setattr(stance_models, "Trained", Trained)
    monkeypatch.setattr(stance_models.Lexicon, "read", read)
    for name in ("stance.onnx", "stance.npz", "stance.json", "ngrams.npz"):
        (tmp_path / name).write_bytes(b"")
    items = [
        item(n, "neutral", text=t, surface=None, holder=h) for n, (t, h) in enumerate(product(hype, (None, "吉井市長")))
    ]

    def neutral(*overrides):
        model = resolve(str(tmp_path), items, load_config(overrides=overrides), ModelOptions())
        return [answer.scores["neutral"] for answer in model.predict(items)], model.signature

    (plain, of_holder, loud, of_holder_too), signature = neutral()
    assert [of_holder, of_holder_too] == pytest.approx([0.4, 0.4])
    assert plain > 0.4 > loud
    by_cues, other_signature = neutral("hype.model=cues")
    assert by_cues == pytest.approx([0.4] * 4)
    assert signature != other_signature


def test_file_of_predictions(tmp_path, config):
    path = tmp_path / "p.jsonl"
    lines = [
        {"id": "i0", "label": "FAVOR"},
        {"id": "i1", "scores": {"pro": 0.2, "con": 0.5, "none": 0.3}},
        {"id": "i2", "label": "neutral", "scores": {"favor": 0.6, "neutral": 0.4}},
        {"id": "i3"},
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    items = [item(i, "favor") for i in range(4)]
    answers = resolve(str(path), items, config, ModelOptions()).predict(items)
    assert [a.label for a in answers] == ["favor", "against", "neutral", None]
    assert [a.confidence for a in answers] == [1.0, 0.5, 0.4, 0.0]


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ('{"label": "favor"}', InputError, r"p.jsonl:1 is not a prediction.*id.*One JSON object a line"),
        ('{"id": "i0", "label": "yes!"}', ConfigError, r"'yes!' \(1\).*--label yes!=favor"),
        ('{"id": "i0", "scores": {"favor": 3.1}}', InputError, "from 0 to 1.*softmax"),
        (
            '{"id": "i0", "label": "favor"}\n{"id": "i0", "label": "favor"}',
            InputError,
            "p.jsonl:2: the id 'i0' stands twice",
        ),
        ('{"id": "i9", "label": "favor"}', InputError, "1 of 1 items have no prediction, first i0.*--export"),
    ],
)
def test_faulty_predictions(tmp_path, config, line, error, message):
    (tmp_path / "p.jsonl").write_text(line)
    with pytest.raises(error, match=message):
        resolve(str(tmp_path / "p.jsonl"), [], config, ModelOptions()).predict([item(0, "favor")])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("majorities", "there is no stance model 'majorities'.*majority, lexicon, bundled"),
        ("missing.jsonl", "there is no such file of predictions"),
        ("endpoint:tiny", r"an address|translate.endpoint.base_url=http"),
        ("someone/model", "does not name its revision.*someone/model@"),
    ],
)
def test_models_that_are_not_there(config, name, message):
    with pytest.raises(ConfigError, match=message):
        resolve(name, [], config, ModelOptions())


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("FAVOR", "favor"),
        ("Not_Entailment", None),
        ("in-favor", "favor"),
        ("反対", "against"),
        ("NONE", "neutral"),
        (0, None),
    ],
)
def test_labels_of_others(name, label):
    assert load_labels("stance").find(name) == label


# PoliInfo


def test_poliinfo_measures_by_hand():
    """Three sentences: all neutral; favor twice; favor and against once each beside neutral."""
    votes = [[0, 0, 0], [1, 1, 0], [0, 1, 2]]
    measures = poliinfo.measures(votes, [0, 1, 2], 3)
    everything = np.arange(3)
    accuracy = {name: measure.accuracy(everything) for name, measure in measures.items()}
    assert accuracy == {"N1": 1.0, "N2": 1.0, "N3": 1.0, "SC": pytest.approx(6 / 9)}
    assert measures["N2"].macro_f(everything) == pytest.approx(2 / 3)  # against never occurs
    # The third sentence is right for no class, being both for and against.
    assert measures["N1"].precision(everything).tolist() == [1.0, 1.0, 0.0]
    assert measures["N1"].recall(everything).tolist() == [0.5, 1.0, 0.0]
    assert measures["SC"].precision(everything).tolist() == pytest.approx([1.0, 2 / 3, 1 / 3])
    unread = poliinfo.measures(votes, [None, 1, 2], 3)
    assert unread["N2"].accuracy(everything) == pytest.approx(0.5)  # of two: the third has no majority


@pytest.fixture(scope="module")
def official():
    if not (BENCH / "test.jsonl").is_file():
        pytest.skip("PoliInfo is not here")
    with (BENCH / "published_results.tsv").open(encoding="utf-8") as sheet:
        rows = {f"{row['Group ID']}-{row['Priority']}": row for row in csv.DictReader(sheet, delimiter="\t")}
    return poliinfo.read(BENCH, "test"), rows


# A run of the sheet that says the same of every sentence, and what it says.
CONSTANT = [
    ("relevance", "Rl", 2, "CUTKB-4", 1),
    ("stance", "St", 3, "STARS-1", 0),
    ("stance", "St", 3, "ibrk-2", 0),
]


@pytest.mark.parametrize(("column", "code", "classes", "run", "label"), CONSTANT)
def test_poliinfo_constant_systems_are_those_of_the_sheet(official, column, code, classes, run, label):
    rows, sheet = official
    votes = [list(getattr(row, column).values()) for row in rows]
    everything = np.arange(len(rows))
    for name, measure in poliinfo.measures(votes, [label] * len(rows), classes).items():
        published = {key: float(sheet[run][f"{name}_{code}_{key}"]) for key in ("Acc", f"P{label}", f"R{label}")}
        assert measure.accuracy(everything) == pytest.approx(published["Acc"], abs=1e-12)
        assert measure.precision(everything)[label] == pytest.approx(published[f"P{label}"], abs=1e-12)
        assert measure.recall(everything)[label] == pytest.approx(published[f"R{label}"], abs=1e-12)


@pytest.mark.parametrize(
    ("column", "classes", "label", "wanted"),
    [
        ("relevance", 2, 1, {"N1": 0.9927, "N2": 0.9097, "N3": 0.9894, "SC": 0.8653}),
        ("fact_checkability", 2, 0, {"N2": 0.7128}),
        ("stance", 3, 0, {"N2": 0.8339, "N3": 0.8886}),
    ],
)
def test_poliinfo_constant_systems_that_its_readme_lists(official, column, classes, label, wanted):
    rows, _ = official
    votes = [list(getattr(row, column).values()) for row in rows]
    found = poliinfo.measures(votes, [label] * len(rows), classes)
    assert {name: round(found[name].accuracy(np.arange(len(rows))), 4) for name in wanted} == wanted


def test_poliinfo_classes_are_those_of_every_complete_run(official):
    """Recall times the size of a class is a whole number of sentences in every run of the sheet."""
    rows, sheet = official
    sizes = {"SC": Counter(vote for row in rows for vote in row.stance.values())}
    for least in (1, 2, 3):
        counts = [Counter(row.stance.values()) for row in rows]
        sets = [{label for label, votes in count.items() if votes >= least} for count in counts]
        sizes[f"N{least}"] = Counter(label for labels in sets if not {1, 2} <= labels for label in labels)
    partial_runs = {"TTECH-7", "TTECH-8", "TTECH-9", "TTECH-10", "LISLab-1"}
    for run in sheet.keys() - partial_runs:
        for name, of_class in sizes.items():
            hits = [float(sheet[run][f"{name}_St_R{label}"]) * size for label, size in of_class.items()]
            assert hits == pytest.approx([round(hit) for hit in hits], abs=1e-6), (run, name)


def test_poliinfo_items(official):
    items = load(str(BENCH)).items
    assert len(items) == 3412
    assert sum(i.label is None for i in items) == sum(r.majority["stance"] is None for r in official[0])


def test_poliinfo_row_that_does_not_fit(tmp_path):
    (tmp_path / "test.jsonl").write_text('{"id": "x"}\n')
    with pytest.raises(InputError, match=r"test.jsonl:1 is not a row of PoliInfo"):
        load(str(tmp_path))
    with pytest.raises(InputError, match=r"train.jsonl cannot be read.*The parts are train and test"):
        load(str(tmp_path), options=DataOptions(part="train"))
