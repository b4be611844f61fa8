"""The commands: what they write, what they say, how they fail."""

import json

import pytest
from dataset_samples import gold_source
from test_dataset_agreement import A, B
from typer.testing import CliRunner

from pipeline.dataset.cli import dataset_app

INLINE = '# {"genre":"blog"}\n雨の日は⟦地獄の行列|metaphor⟧だ。\t{"hype":1,"direction":"doom"}\n窓口は二つ増えた。\t{"claims":["窓口は二つ増え"]}\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "b", "c"):
        text = INLINE.replace("窓口", {"a": "窓口", "b": "改札", "c": "待合室"}[name])
        (tmp_path / "in" / f"{name}.tsv").write_text(text, encoding="utf-8")
    return tmp_path


def run(*args):
    return CliRunner().invoke(dataset_app, [str(a) for a in args])


def test_build_export_correct_import(folder):
    assert run("build", folder / "in", "-o", folder / "gold").exit_code == 0
    done = run("export", folder / "gold", "--to", "doccano", "-o", folder / "doccano")
    assert done.exit_code == 0
    assert "6 examples" in done.output
    (folder / "doccano" / "taro.jsonl").write_bytes((folder / "doccano" / "examples.jsonl").read_bytes())
    done = run(
        "import",
        folder / "doccano" / "taro.jsonl",
        "--from",
        "doccano",
        "--original",
        folder / "gold",
        "-o",
        folder / "new",
    )
    assert done.exit_code == 0, done.output
    assert "3 documents, 6 sentences of 1 annotators; 0 labels changed" in done.output
    assert (folder / "new" / "gold.jsonl").read_bytes() == (folder / "gold" / "gold.jsonl").read_bytes()


def test_split_goes_into_an_export(folder):
    shared = "朝の市場では秋刀魚が去年の半分しか並ばず、仲買人は口々に海の温かさを嘆いていた"

    def fill(texts):
        for name, text in zip("abc", texts, strict=True):
            (folder / "in" / f"{name}.tsv").write_text(f'# {{"genre":"blog"}}\n{text}。\t{{}}\n', encoding="utf-8")

    fill([f"{shared}、{end}" for end in ("港で聞いた", "昨日のことだ", "と記者は書く")])
    done = run("split", folder / "in", "-o", folder / "split.json", "--shares", "0.6,0.4")
    assert done.exit_code == 2
    assert "1 groups" in done.output
    fill(
        [shared, "役場の食堂が閉まると聞いて、昼どきに長い列ができた", "来週の祭りでは古い山車が三台とも町を回るという"]
    )
    assert run("split", folder / "in", "-o", folder / "split.json", "--shares", "0.6,0.4").exit_code == 0
    done = run("export", folder / "in", "--to", "hf", "--split", folder / "split.json", "-o", folder / "hf")
    assert done.exit_code == 0, done.output
    assert (folder / "hf" / "sentences" / "test-00000.parquet").is_file()


def test_stats_card_agreement(folder):
    found = json.loads(run("stats", folder / "in", "--json").stdout)
    assert (found["documents"], found["sharing"]["n"]) == (3, 5)
    assert "metaphor 3" in run("stats", folder / "in").stdout
    assert "license: cc-by-4.0" in run("card", folder / "in", "--licence", "cc-by-4.0").stdout
    assert run("card", folder / "in", "-o", folder / "README.md").exit_code == 0
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("---\n")
    paths = [gold_source(folder / name, d).path for name, d in (("a", A), ("b", B))]
    done = run("agreement", *paths, "--json", "--disagreements", folder / "d.jsonl")
    assert json.loads(done.stdout)["labels"]["checkable"]["kappa"] == 1.0
    assert len((folder / "d.jsonl").read_text(encoding="utf-8").splitlines()) > 2
    assert "checkable" in run("agreement", *paths).stdout


@pytest.mark.parametrize(
    ("args", "status", "word"),
    [
        (["export", "in", "--to", "xls", "-o", "x"], 2, "labelstudio"),
        (["export", "none", "--to", "hf", "-o", "x"], 2, "no such file"),
        (["export", "in", "--to", "csv", "-o", "in"], 3, "not an empty folder"),
        (["build", "in", "-o", "in"], 3, "not empty"),
        (["split", "in", "-o", "x", "--shares", "a,b"], 2, "not numbers"),
        (["split", "in", "-o", "x", "--shares", "1"], 2, "two or three"),
        (["export", "in", "--to", "doccano", "-o", "x", "--units", "bytes"], 2, "utf-16"),
        (["agreement", "in", "in"], 2, "twice"),
        (["import", "in", "--from", "brat", "--original", "in", "-o", "x"], 2, "no annotated sentence"),
    ],
)
def test_failures_say_what_to_do(folder, monkeypatch, args, status, word):
    monkeypatch.chdir(folder)
    done = run(*args)
    assert done.exit_code == status, done.output
    assert word in done.output
