"""Hugging Face, CSV, DocBin and CoNLL-U: they load, hold the labels, and have the same columns whatever the data."""

import json
import resource

import conllu as conllu_package
import datasets
import msgspec
import pytest
import spacy
from conftest import make_document
from dataset_samples import as_record, documents, gold_source, labels, run_source
from huggingface_hub import DatasetCard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.build import Item, open_source, to_gold
from pipeline.dataset.export import export
from pipeline.dataset.features import CONFIGS, TABLES, rows, sentence_rows
from pipeline.dataset.formats import conllu, csv, huggingface, spacy_docbin
from pipeline.dataset.gold import Claim, GoldDocument, Rhetoric, Sentence, Stance
from pipeline.dataset.splits import Split
from pipeline.dataset.stats import statistics
from pipeline.errors import ConfigError, InputError
from pipeline.record import encode

PLAIN = GoldDocument(
    doc="plain", genre="wire_news", text="港は朝から霧だった。",
    sentences=[Sentence(doc="plain", start=0, end=10, text="港は朝から霧だった。", genre="wire_news")],
)  # fmt: skip
RICH = GoldDocument(
    doc="rich", genre="blog", text="売上は3億円だ。奇跡の逆転劇である。",
    sentences=[
        Sentence(doc="rich", start=0, end=8, text="売上は3億円だ。", checkable=True, claims=[Claim(start=0, end=6)]),
        Sentence(
            doc="rich", start=8, end=18, text="奇跡の逆転劇である。", hype=2, direction="boost",
            rhetoric=[Rhetoric(start=8, end=14, technique="exaggeration")],
            stances=[Stance(target="shop", label="favor", surface="")],
        ),
    ],
)  # fmt: skip


def load(folder, table, cache):
    return datasets.load_dataset(str(folder), table, cache_dir=str(cache))


@pytest.mark.parametrize("found", [[PLAIN], [RICH], [PLAIN, RICH]], ids=["no span", "one document", "two"])
@pytest.mark.parametrize("kind", ["gold", "run"])
def test_load_dataset(found, kind, tmp_path):
    source = (
        gold_source(tmp_path / "in", *found)
        if kind == "gold"
        else run_source(tmp_path / "in", *(as_record(d) for d in found))
    )
    export(source, "hf", tmp_path / "hf")
    expected = {table: [] for table in CONFIGS}
    for item in source.documents():
        for table, row in sentence_rows(item):
            expected[table].append(row)
    for table, features in CONFIGS.items():
        part = load(tmp_path / "hf", table, tmp_path / "cache")["train"]
        assert part.features == features
        assert part.to_list() == expected[table]
    default = datasets.load_dataset(str(tmp_path / "hf"), cache_dir=str(tmp_path / "cache"))
    assert len(default["train"]) == len(found)


def test_save_to_disk_and_card(tmp_path):
    export(gold_source(tmp_path / "in", PLAIN, RICH), "hf", tmp_path / "hf", name="霧と売上", licence="cc-by-4.0")
    whole = datasets.DatasetDict({table: load(tmp_path / "hf", table, tmp_path / "cache")["train"] for table in TABLES})
    for table, part in whole.items():
        part.save_to_disk(tmp_path / "disk" / table)
        again = datasets.load_from_disk(tmp_path / "disk" / table)
        assert again.features == part.features
        assert again.to_list() == part.to_list()
    card = DatasetCard.load(tmp_path / "hf" / "README.md")
    assert card.data.license == "cc-by-4.0"
    assert card.data.pretty_name == "霧と売上"
    assert {c["config_name"] for c in card.data.to_dict()["configs"]} == set(TABLES)
    card.save(tmp_path / "disk" / "README.md")
    assert DatasetCard.load(tmp_path / "disk" / "README.md").data.to_dict() == card.data.to_dict()
    assert "2 documents, 3 sentences" in card.text


def test_parts_and_shards(tmp_path):
    source = gold_source(tmp_path / "in", PLAIN, RICH)
    parts = Split(seed=0, by="document", groups=2, near_duplicates=[], parts={"train": ["rich"], "test": ["plain"]})
    export(source, "hf", tmp_path / "hf", parts=parts)
    loaded = load(tmp_path / "hf", "sentences", tmp_path / "cache")
    assert [loaded[p]["doc"] for p in ("train", "test")] == [["rich", "rich"], ["plain"]]
    assert load(tmp_path / "hf", "rhetoric", tmp_path / "cache")["test"]["spans"] == [[]]
    missing = msgspec.structs.replace(parts, parts={"train": ["rich"]})
    with pytest.raises(InputError, match="'plain' is in no part"):
        export(source, "hf", tmp_path / "no", parts=missing)
    with pytest.raises(ConfigError, match="csv has no parts"):
        export(source, "csv", tmp_path / "no", parts=parts)


def test_many_rows_make_several_files(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface, "_BATCH", 2)
    shards = huggingface.Shards(tmp_path, TABLES["claims"], "train", shard=4)
    row = dict.fromkeys(TABLES["claims"])
    for number in range(9):
        shards.add({**row, "start": number})
    shards.close()
    assert [p.name for p in shards.paths] == [f"train-0000{i}.parquet" for i in range(3)]
    found = datasets.Dataset.from_parquet([str(p) for p in shards.paths], cache_dir=str(tmp_path / "c"))
    assert found["start"] == list(range(9))


def test_plain_parquet(tmp_path):
    export(gold_source(tmp_path / "in", RICH), "parquet", tmp_path / "p")
    assert sorted(p.name for p in (tmp_path / "p").iterdir()) == sorted(f"{t}.parquet" for t in TABLES)
    [row] = datasets.Dataset.from_parquet(str(tmp_path / "p" / "rhetoric.parquet"), cache_dir=str(tmp_path / "c"))
    assert row["text"] == "奇跡の逆転劇"


def long_document(number):
    """Six sentences of some 150 characters, each with a span."""
    text, found = "", []
    for place in range(6):
        start = len(text)
        text += (
            f"第{number}号の{place}番目の記事は、"
            + "町の予算と新しい橋の費用について静かに述べ、" * 6
            + "奇跡の逆転劇だと結ぶ。"
        )
        at = text.index("奇跡", start)
        span = Rhetoric(start=at, end=at + 6, technique="exaggeration")
        found.append(
            Sentence(doc=f"d{number}", start=start, end=len(text), text=text[start:], rhetoric=[span], hype=1,
                     direction="boost")
        )  # fmt: skip
    return GoldDocument(doc=f"d{number}", genre="", text=text, sentences=found)


@pytest.mark.slow
def test_ten_thousand_documents(tmp_path):
    """They load, and exporting them takes far less memory than they would."""

    def export_all(count):
        folder = tmp_path / f"run{count}"
        folder.mkdir()
        with (folder / "records.jsonl").open("wb") as out:
            for number in range(count):
                out.write(encode(as_record(long_document(number))) + b"\n")
        (folder / "manifest.json").write_bytes(b'{"signature":"s"}')
        for to in ("hf", "parquet", "csv", "docbin", "conllu", "brat", "prodigy", "doccano", "labelstudio"):
            export(open_source(folder), to, tmp_path / f"{to}{count}")
        return (folder / "records.jsonl").stat().st_size

    export_all(1_000)  # what the libraries take for themselves
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = export_all(10_000)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < size / 3, f"{grown / 1e6:.0f} MB more for {size / 1e6:.0f} MB of records"
    loaded = load(tmp_path / "hf10000", "rhetoric", tmp_path / "cache")["train"]
    assert len(loaded) == 60_000
    assert loaded[-1]["doc"] == "d9999"
    assert loaded[-1]["spans"][0]["text"] == "奇跡の逆転劇"
    assert sum(1 for _ in spacy_docbin.read(tmp_path / "docbin10000")) == 10_000


CELLS = [
    "=1+1",
    "+1",
    "-1",
    "@a",
    "\tx",
    "\rx",
    "\nx",
    "'x",
    "''",
    "",
    "'",
    "＝A1",
    "＋",
    "－5%減",
    "＠",
    "普通",
    "a,b",
    'q"q',
    "\r\n",
]


@pytest.mark.parametrize("text", CELLS)
def test_cells_that_a_spreadsheet_would_run(text):
    cell = csv.escape(text)
    assert csv.unescape(cell) == text
    assert not cell.startswith(tuple("=+-@＝＋－＠\t\r\n"))


@given(st.text())
def test_any_cell_survives(text):
    assert csv.unescape(csv.escape(text)) == text


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_tables_hold_every_value(kind, tmp_path_factory):
    @settings(max_examples=40)
    @given(documents())
    def check(document):
        folder = tmp_path_factory.mktemp("t")
        source = run_source(folder / "in", as_record(document))
        export(source, kind, folder / kind)
        expected = list(rows(next(source.documents())))
        for table in TABLES:
            found = [row for _, row in csv.read_table(folder / kind / f"{table}.{kind}", table)]
            assert found == [row for name, row in expected if name == table]

    check()


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("raw_start", "rawstart", "columns raw_start are missing"),
        (",8,", ",acht,", ":2, column end"),
        ("False", "no", "column "),
    ],
)
def test_a_damaged_table_is_named(tmp_path, before, after, word):
    export(gold_source(tmp_path / "in", RICH), "csv", tmp_path / "csv")
    path = tmp_path / "csv" / "sentences.csv"
    assert len(list(csv.read(tmp_path / "csv"))) == 2
    path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    with pytest.raises(InputError, match=r"sentences\.csv") as error:
        list(csv.read(tmp_path / "csv"))
    assert word in str(error.value)


def test_docbin_and_conllu_hold_the_labels(tmp_path_factory):
    @settings(max_examples=40)
    @given(documents(), st.booleans())
    def check(document, is_run):
        folder = tmp_path_factory.mktemp("t")
        source = run_source(folder / "in", as_record(document)) if is_run else gold_source(folder / "in", document)
        export(source, "docbin", folder / "docbin")
        [found] = spacy_docbin.read(folder / "docbin")
        assert found.text == document.text
        assert labels(found) == labels(document)
        [path] = (folder / "docbin").glob("*.spacy")
        [doc] = spacy.tokens.DocBin().from_disk(path).get_docs(spacy.blank("ja").vocab)
        assert doc.text == document.text
        for name, spans in (("rhetoric", [r for s in document.sentences for r in s.rhetoric]),
                            ("claims", [c for s in document.sentences for c in s.claims])):  # fmt: skip
            for group, span in zip(doc.spans[name], spans, strict=True):
                assert group.start_char <= span.start
                assert group.end_char >= span.end
        export(source, "conllu", folder / "conllu")
        read = list(conllu.read(folder / "conllu" / "data.conllu"))
        assert labels(GoldDocument(doc="d", genre="", text="", sentences=read)) == labels(document)
        parsed = conllu_package.parse((folder / "conllu" / "data.conllu").read_text(encoding="utf-8"))
        assert len(parsed) == len(document.sentences)
        for tokens in parsed:
            for token in tokens:
                start, end = map(int, token["misc"]["TokenRange"].split(":"))
                assert conllu._line(document.text[start:end]) == token["form"]

    check()


def test_tokens_of_a_real_run(annotator, tmp_path):
    document = make_document(
        "𠮷野家は3月に120万食を売った。もはや「牛丼の革命」としか言いようがない！\n次の店は京都だ。"
    )
    annotator.process(document)
    record = document.record
    doc = spacy_docbin.to_doc(Item(to_gold(record), record), None, spacy.vocab.Vocab())
    assert doc.text == record.text
    tokens = [t for s in record.sentences for t in s.tokens or []]
    found = {t.idx: t for t in doc}
    for token in tokens:
        assert (found[token.start].text, found[token.start].tag_) == (token.text, token.tag)
    assert {e.text for e in doc.ents} == {e.text for s in record.sentences for e in s.entities or []}
    export(run_source(tmp_path / "in", record), "conllu", tmp_path / "c")
    parsed = conllu_package.parse((tmp_path / "c" / "data.conllu").read_text(encoding="utf-8"))
    for tokens in parsed:
        assert tokens.to_tree() is not None  # one root, no cycle
        assert [t["id"] for t in tokens] == list(range(1, len(tokens) + 1))
    tags = [t["misc"].get("Rhetoric", "O") for tokens in parsed for t in tokens]
    assert any(tag.startswith("B-") for tag in tags)


def test_a_reader_names_the_bad_line(tmp_path):
    path = tmp_path / "x.conllu"
    path.write_text("# kyojitsu = {}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"x.conllu:1"):
        list(conllu.read(path))


def test_card_is_plain_text(tmp_path):
    name = "<script>|`x`"
    record = msgspec.structs.replace(
        as_record(RICH), source=msgspec.structs.replace(as_record(RICH).source, publisher=name)
    )
    source = run_source(tmp_path / "in", record)
    export(source, "hf", tmp_path / "hf")
    text = (tmp_path / "hf" / "README.md").read_text(encoding="utf-8")
    assert "<script>" not in text.split("---", 2)[2]
    assert json.dumps("kyojitsu/1|test")[1:-1] in text
    assert statistics(source).sources == {name: 1}
