"""Building, splitting, counting."""

import itertools

import msgspec
import numpy as np
import pytest
from dataset_samples import as_record, documents, gold_source, labels, run_source
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.build import Item, build, open_source
from pipeline.dataset.gold import GoldDocument, Sentence
from pipeline.dataset.load import load_gold
from pipeline.dataset.splits import read_split, split
from pipeline.dataset.stats import statistics
from pipeline.errors import ConfigError, InputError, OutputError

INLINE = (
    '# {"genre":"blog"}\n'
    "雨の日は⟦地獄の行列|metaphor⟧だ。\t"
    '{"hype":1,"direction":"doom"}\n'
    "\n"
    '窓口は二つ増えた。\t{"claims":["窓口は二つ増え"]}\n'
)
NEWS = "市は{}日、{}通りの{}を新しくすると発表した。費用は{}億円で、来年の{}月に始まる。"
PLACES = ["港", "坂", "橋", "駅前", "川沿い", "寺町", "市場", "大学"]
TOPICS = ["街灯", "歩道", "図書館", "水道管", "信号機", "植え込み", "舗装", "案内板"]


def test_inline_files_become_gold(tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "a.tsv").write_text(INLINE, encoding="utf-8")
    assert build(tmp_path / "in", tmp_path / "out") == (1, 2)
    assert (tmp_path / "out" / "docs" / "sub" / "a.txt").read_text(
        encoding="utf-8"
    ) == "雨の日は地獄の行列だ。\n窓口は二つ増えた。"
    [document] = load_gold(tmp_path / "out" / "gold.jsonl", tmp_path / "out" / "docs")
    assert document.doc == "sub/a"
    assert [d.gold for d in open_source(tmp_path / "out").documents()] == [document]
    assert [d.gold.text for d in open_source(tmp_path / "in").documents()] == [document.text]


def test_every_fault_is_listed_and_nothing_written(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.tsv").write_text(INLINE.replace('"hype":1', '"hype":0'), encoding="utf-8")
    (tmp_path / "in" / "b.tsv").write_text(INLINE.replace('窓口は二つ増え"', '窓口が"'), encoding="utf-8")
    with pytest.raises(InputError) as error:
        build(tmp_path / "in", tmp_path / "out")
    assert "a.tsv:2" in str(error.value)
    assert "b.tsv:4" in str(error.value)
    assert not (tmp_path / "out").exists()


@settings(max_examples=30)
@given(documents())
def test_a_run_becomes_gold(tmp_path_factory, document):
    folder = tmp_path_factory.mktemp("b")
    source = run_source(folder / "run", as_record(document))
    assert build(source.path, folder / "out") == (1, len(document.sentences))
    [found] = load_gold(folder / "out" / "gold.jsonl", folder / "out" / "docs")
    assert found.text == document.text
    assert labels(found) == labels(document)


@pytest.mark.parametrize("id", ["../x", "a/../../x", "", ".", "..", "x\x00", "あ" * 300])
def test_ids_that_are_no_file_names(tmp_path, id):
    record = as_record(GoldDocument(doc=id, genre="", text="", sentences=[]))
    run_source(tmp_path / "run", record)
    with pytest.raises(OutputError, match="id"):
        build(tmp_path / "run", tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "run"]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"{}\n", ":2 is not a record"),
        (b"{\n", ":2 is not a record"),
        (b'{"schema":"kyojitsu/9"}\n', ":2 is not a record"),
    ],
)
def test_bad_records_are_named(tmp_path, line, word):
    source = run_source(tmp_path / "run", as_record(GoldDocument(doc="d", genre="", text="", sentences=[])))
    assert len(list(source.documents())) == 1
    with (tmp_path / "run" / "records.jsonl").open("ab") as out:
        out.write(line)
    with pytest.raises(InputError, match=word):
        list(source.documents())


def test_records_without_sentences(tmp_path):
    record = msgspec.structs.replace(
        as_record(GoldDocument(doc="d", genre="", text="", sentences=[])), sentences=msgspec.UNSET
    )
    with pytest.raises(InputError, match="has no sentences"):
        list(run_source(tmp_path / "run", record).documents())


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        open_source(tmp_path / "missing")
    with pytest.raises(InputError, match="neither"):
        build(tmp_path, tmp_path / "out")


def item(doc, text, publisher=None):
    sentence = Sentence(doc=doc, start=0, end=len(text), text=text)
    document = GoldDocument(doc=doc, genre="", text=text, sentences=[sentence])
    if publisher is None:
        return Item(document)
    record = as_record(document)
    return Item(
        document, msgspec.structs.replace(record, source=msgspec.structs.replace(record.source, publisher=publisher))
    )


def varied(n, seed=0):
    """Texts of random syllables: no two alike."""
    rng = np.random.default_rng(seed)
    syllables = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
    return ["".join(syllables[i] for i in rng.integers(len(syllables), size=300)) for _ in range(n)]


SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


def test_parts_have_their_shares_and_do_not_depend_on_order():
    items = [item(f"d{i:03}", text) for i, text in enumerate(varied(100))]
    found = split(items, SHARES, seed=3)
    assert [len(docs) for docs in found.parts.values()] == [80, 10, 10]
    assert sorted(itertools.chain(*found.parts.values())) == [i.gold.doc for i in items]
    assert split(reversed(items), SHARES, seed=3) == found
    assert split(items, SHARES, seed=4).parts != found.parts


@pytest.mark.parametrize("copies", [2, 60])
def test_near_duplicates_stay_together(copies):
    texts = varied(40)
    near = [texts[0][:200] + t[:40] for t in varied(copies, seed=9)]  # most of the first, then their own words
    items = [item(f"d{i}", text) for i, text in enumerate(texts)] + [item(f"e{i}", text) for i, text in enumerate(near)]
    found = split(items, {"train": 0.5, "test": 0.5})
    part = found.part_of()
    assert {part["d0"], *(part[f"e{i}"] for i in range(copies))} == {part["d0"]}
    assert found.groups == 40
    assert all("d0" in (p.a, p.b) or p.a[0] == p.b[0] == "e" for p in found.near_duplicates)


def test_documents_built_alike_are_not_duplicates():
    """One report a street, in the same words: a template is no copy where little else is said."""
    texts = [
        varied(1, seed=i)[0] + NEWS.format(i, p, t, i * 3, i + 1)
        for i, (p, t) in enumerate(zip(PLACES, TOPICS, strict=True))
    ]
    assert split([item(str(i), t) for i, t in enumerate(texts)], {"train": 0.5, "test": 0.5}).near_duplicates == []


def test_a_source_stays_whole():
    items = [item(f"d{i}", text, publisher=f"p{i % 7}") for i, text in enumerate(varied(42))]
    found = split(items, {"train": 0.6, "test": 0.4}, by="source")
    part = found.part_of()
    assert all(part[f"d{i}"] == part[f"d{i % 7}"] for i in range(42))
    assert split(items, {"train": 0.6, "test": 0.4}).groups == 42


def test_splits_that_cannot_be():
    items = [item(f"d{i}", text, publisher="one") for i, text in enumerate(varied(5))]
    with pytest.raises(InputError, match="too few for 2 parts"):
        split(items, {"train": 0.5, "test": 0.5}, by="source")
    with pytest.raises(InputError, match="two documents have the id"):
        split([items[0], items[0]], {"train": 0.5, "test": 0.5})
    for shares in ({}, {"train": 0.5}, {"train": 1.5, "test": -0.5}):
        with pytest.raises(ConfigError, match="sum 1"):
            split(items, shares)
    with pytest.raises(ConfigError, match="'genre'"):
        split(items, SHARES, by="genre")


@given(st.integers(3, 30), st.integers(0, 5))
@settings(max_examples=30)
def test_no_part_is_empty(n, seed):
    items = [item(f"d{i}", text) for i, text in enumerate(varied(n))]
    assert all(split(items, SHARES, seed=seed).parts.values())


def test_a_split_comes_back(tmp_path):
    found = split([item(f"d{i}", text) for i, text in enumerate(varied(5))], SHARES)
    (tmp_path / "s.json").write_bytes(msgspec.json.encode(found))
    assert read_split(tmp_path / "s.json") == found
    (tmp_path / "s.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"s\.json is not a split"):
        read_split(tmp_path / "s.json")


def test_statistics(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.tsv").write_text(INLINE, encoding="utf-8")
    found = statistics(open_source(tmp_path / "in"))
    assert (found.documents, found.sentences, found.claims, found.rhetoric) == (1, 2, 1, 1)
    assert found.content == {"factual": 1, "rhetorical": 1}
    assert found.techniques == {"metaphor": 1}
    assert found.genres == {"blog": 2 - 1}
    assert found.sharing.repeated == 0


def test_shared_ngrams_are_counted_by_hand(tmp_path):
    texts = ["春の海は静か", "夏の海は静か", "秋の山だ"]
    made = [
        GoldDocument(doc=f"d{i}", genre="", text=t, sentences=[Sentence(doc=f"d{i}", start=0, end=len(t), text=t)])
        for i, t in enumerate(texts)
    ]
    found = statistics(gold_source(tmp_path, *made), 3).sharing
    grams = [{t[i : i + 3] for i in range(len(t) - 2)} for t in texts]
    shared = {g for a, b in itertools.combinations(grams, 2) for g in a & b}
    assert dict(found.most) == dict.fromkeys(shared, 2)
    assert found.repeated == round(sum(g in shared for doc in grams for g in doc) / sum(map(len, grams)), 4)
