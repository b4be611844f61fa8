"""To each annotation tool and back: the same labels and offsets, and what does not fit is refused."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from conftest import make_document
from dataset_samples import as_record, documents, gold_source, labels, run_source
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.answers import CODES, SPAN_LABELS, read_stance, write_stance
from pipeline.dataset.build import to_gold
from pipeline.dataset.export import export
from pipeline.dataset.formats import labelstudio
from pipeline.dataset.gold import Claim, GoldDocument, Rhetoric, Sentence, Stance
from pipeline.dataset.importing import corrected, read_answers
from pipeline.dataset.merging import changes, merged
from pipeline.errors import ConfigError, InputError, OutputError
from pipeline.record import Claim as RecordClaim
from pipeline.record import Edit
from pipeline.record import Sentence as RecordSentence

TOOLS = ["labelstudio", "doccano", "prodigy", "brat", "csv"]
# Prodigy is not open: this is what its documentation says of spans_manual and choice (prodi.gy/docs/api-interfaces).
PRODIGY_TASK = {
    "type": "object",
    "required": ["text", "tokens", "spans", "options", "accept"],
    "properties": {
        "text": {"type": "string"},
        "tokens": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["text", "start", "end", "id"],
                "properties": {
                    "text": {"type": "string"},
                    "start": {"type": "integer", "minimum": 0},
                    "end": {"type": "integer", "minimum": 0},
                    "id": {"type": "integer", "minimum": 0},
                    "ws": {"type": "boolean"},
                },
            },
        },
        "spans": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["start", "end", "label", "token_start", "token_end"],
                "properties": {
                    **{n: {"type": "integer", "minimum": 0} for n in ("start", "end", "token_start", "token_end")},
                    "label": {"enum": list(SPAN_LABELS)},
                },
            },
        },
        "options": {"type": "array", "items": {"type": "object", "required": ["id", "text"]}},
        "accept": {"type": "array", "items": {"enum": list(CODES)}},
        "meta": {"type": "object"},
    },
}


def exported(tool, source, folder, **options):
    export(source, tool, folder / tool, **options)
    return folder / tool


def annotated(tool, folder):
    """The files as the tool gives them back when nothing was corrected."""
    if tool == "labelstudio":
        tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
        for number, task in enumerate(tasks):
            [prediction] = task.pop("predictions")
            task |= {"id": number, "annotations": [{"completed_by": {"id": 7}, "result": prediction["result"]}]}
        (folder / "back.json").write_text(json.dumps(tasks), encoding="utf-8")
        return folder / "back.json"
    if tool == "doccano":
        lines = (folder / "examples.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        back = [json.dumps({**json.loads(line), "id": i, "Comments": []}) for i, line in enumerate(lines)]
        (folder / "back.jsonl").write_text("\n".join(back), encoding="utf-8")
        return folder / "back.jsonl"
    if tool == "prodigy":
        lines = (folder / "tasks.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        back = [json.dumps({**json.loads(line), "answer": "accept", "_annotator_id": "db-x"}) for line in lines]
        (folder / "back.jsonl").write_text("\n".join(back), encoding="utf-8")
        return folder / "back.jsonl"
    return folder


def back(tool, paths, source, unit=None, **options):
    answers, unit, line_feeds = read_answers(tool, paths, unit)
    return corrected(answers, source, unit, line_feeds=line_feeds, **options)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("kind", ["gold", "run"])
def test_there_and_back(tool, kind, tmp_path_factory):
    @settings(max_examples=60)
    @given(documents())
    def check(document):
        folder = tmp_path_factory.mktemp("x")
        source = (
            gold_source(folder / "in", document) if kind == "gold" else run_source(folder / "in", as_record(document))
        )
        files = annotated(tool, exported(tool, source, folder))
        found, originals = back(tool, [files], source)
        [(_, sentences)] = found.items()
        assert labels(GoldDocument(doc="d", genre="", text="", sentences=list(sentences.values()))) == labels(document)
        assert list(changes("x", sentences, originals)) == []
        kept, differing = merged(found, originals)
        assert differing == []
        assert labels(kept[0]) == labels(document)

    check()


@given(documents())
def test_a_record_gives_its_labels(document):
    assert labels(to_gold(as_record(document))) == labels(document)
    assert labels(to_gold(as_record(document), raw=False)) == labels(document)


def test_a_run_over_damaged_text_gives_raw_offsets(annotator, tmp_path):
    raw = "𠮷野家の新作🍣は１２０万食を売った。\r\n\r\nだが、これはもう「全員野球ごっこ」である!!  誰が責任を取るのだろうか。\r\n"
    work = make_document(raw)
    annotator.process(work)
    record = work.record
    source = run_source(tmp_path / "run", record)
    document = to_gold(record)
    assert document.text == raw
    assert any(s.rhetoric for s in document.sentences)
    for sentence, found in zip(document.sentences, record.sentences, strict=True):
        assert raw[sentence.start : sentence.end] == sentence.text
        assert [(r.start, r.end) for r in sentence.rhetoric] == [(r.raw_start, r.raw_end) for r in found.rhetoric or []]
    for tool in TOOLS:
        files = annotated(tool, exported(tool, source, tmp_path))
        found, originals = back(tool, [files], source, consistent=False)
        [sentences] = found.values()
        assert list(changes("x", sentences, originals)) == []
        assert len(sentences) == len(document.sentences)


def test_spans_that_a_repair_widened_to_the_same_characters(tmp_path):
    """キロ was ㌔ in raw: a span that ends inside it and one that begins there both cover it."""
    raw, text = "荷は5㌔軽い。", "荷は5キロ軽い。"
    record = msgspec.structs.replace(
        as_record(GoldDocument(doc="d", genre="", text=text, sentences=[])),
        raw=raw,
        edits=[
            Edit(
                raw_start=3, raw_end=4, start=3, end=5, before="㌔", after="キロ", rule="x", confidence=1, applied=True
            )
        ],
    )
    spans = {"start": 0, "end": 8, "raw_start": 0, "raw_end": 7, "text": text}
    first = {"start": 2, "end": 4, "raw_start": 2, "raw_end": 4, "text": "5キ"}
    second = {"start": 4, "end": 7, "raw_start": 3, "raw_end": 6, "text": "ロ軽い"}
    inside = {"start": 5, "end": 6, "raw_start": 4, "raw_end": 5, "text": "軽"}
    claims = [RecordClaim(**s, score=1) for s in (inside, second, first)]
    record.sentences.append(RecordSentence(id="s0", block="b0", lang="ja", **spans, claims=claims))
    source = run_source(tmp_path / "in", record)
    [sentence] = to_gold(record).sentences
    assert [(raw[c.start : c.end]) for c in sentence.claims] == ["5㌔", "軽い"]
    assert [text[c.start : c.end] for c in to_gold(record, raw=False).sentences[0].claims] == ["5キ", "ロ軽い"]
    for tool in TOOLS:
        found, originals = back(tool, [annotated(tool, exported(tool, source, tmp_path))], source)
        [sentences] = found.values()
        assert list(changes("x", sentences, originals)) == []


SENTENCE = Sentence(
    doc="d", start=3, end=16, text="𠮷田氏の案は砂上の楼閣だ。",
    rhetoric=[Rhetoric(start=9, end=14, technique="metaphor")], hype=2, direction="doom",
    stances=[Stance(target="yoshida", label="against", surface="𠮷田氏")],
)  # fmt: skip
DOCUMENT = GoldDocument(doc="d", genre="", text="題\r\n𠮷田氏の案は砂上の楼閣だ。\r\n採決は3月に決まった。", sentences=[
    SENTENCE,
    Sentence(doc="d", start=18, end=29, text="採決は3月に決まった。", checkable=True, claims=[Claim(start=18, end=28)]),
])  # fmt: skip


@pytest.fixture
def source(tmp_path):
    return gold_source(tmp_path / "in", DOCUMENT)


def test_units_of_each_tool(source, tmp_path):
    task = json.loads((exported("labelstudio", source, tmp_path) / "tasks.json").read_text(encoding="utf-8"))[0]
    value = task["predictions"][0]["result"][0]["value"]
    assert (value["start"], value["end"], value["text"]) == (6, 11, "砂上の楼閣")
    [first, _] = (exported("doccano", source, tmp_path) / "examples.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["entities"] == [[7, 12, "metaphor"]]
    assert json.loads(first)["cats"] == ["hype_2", "doom"]
    ann = (exported("brat", source, tmp_path) / "d.ann").read_text(encoding="utf-8")
    assert "T2\tmetaphor 9 14\t砂上の楼閣\n" in ann
    assert 'AnnotatorNotes T1\t[["against", "yoshida", "𠮷田氏", "author"]]' in ann


def test_label_studio_files_fit_its_own_package(tmp_path):
    interface = pytest.importorskip("label_studio_sdk.label_interface", reason="label-studio-sdk is not installed")
    labelling = interface.LabelInterface(labelstudio.config())
    labelling.validate()
    source = gold_source(tmp_path / "in", DOCUMENT)
    for task in json.loads((exported("labelstudio", source, tmp_path) / "tasks.json").read_text(encoding="utf-8")):
        predictions = task.pop("predictions")
        assert labelling.validate_task(task)
        for prediction in predictions:
            assert labelling.validate_prediction(prediction)
    wrong = {"result": [{"id": "x", "from_name": "none", "to_name": "text", "type": "labels", "value": {}}]}
    assert not labelling.validate_prediction(wrong)


def test_prodigy_tasks_fit_its_documentation(source, tmp_path):
    validator = jsonschema.Draft202012Validator(PRODIGY_TASK)
    for line in (exported("prodigy", source, tmp_path) / "tasks.jsonl").read_text(encoding="utf-8").splitlines():
        task = json.loads(line)
        validator.validate(task)
        assert "".join(t["text"] for t in task["tokens"]) == task["text"]
        for span in task["spans"]:
            assert task["tokens"][span["token_start"]]["start"] == span["start"]
            assert task["tokens"][span["token_end"]]["end"] == span["end"]
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"text": "案"})


def correct(folder, change):
    """Rewrite Label Studio's answers with ``change`` applied to each task."""
    path = annotated("labelstudio", folder)
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for task in tasks:
        change(task)
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def spans_of(task):
    return [r for r in task["annotations"][0]["result"] if r["from_name"] == "spans"]


def set_value(name, value):
    def change(task):
        for result in spans_of(task)[:1]:
            result["value"][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (set_value("start", 7), "is '上の楼閣' in the text, not '砂上の楼閣'"),
        (set_value("end", 99), "outside the text"),
        (set_value("labels", ["metafor"]), "'metafor' is not a label"),
        (lambda t: t["data"].update(text=t["data"]["text"] + "!"), "is not the original's"),
        (lambda t: t["data"].update(start=1), "no sentence at 1-"),
        (lambda t: t["data"].update(doc="e"), "e has no sentence"),
        (lambda t: t["annotations"][0].update(result=spans_of(t)), "hype 0"),
        (lambda t: t["annotations"].append(t["annotations"][0]), "labelled this sentence before"),
    ],
)
def test_refuses_what_does_not_fit(source, tmp_path, change, word):
    folder = exported("labelstudio", source, tmp_path)
    assert len(back("labelstudio", [correct(folder, lambda task: None)], source)[0]["7"]) == 2
    with pytest.raises(InputError) as error:
        back("labelstudio", [correct(folder, change)], source)
    assert word in str(error.value)
    assert "task 0" in str(error.value)


@pytest.mark.parametrize("change", [lambda t: t["data"].pop("doc"), lambda t: t["data"].update(start="3")])
def test_fields_that_must_be_there(source, tmp_path, change):
    with pytest.raises(InputError, match=r"task 0.*field '(doc|start)'"):
        back("labelstudio", [correct(exported("labelstudio", source, tmp_path), change)], source)


def test_old_label_studio_counts_utf16(source, tmp_path):
    files = annotated("labelstudio", exported("labelstudio", source, tmp_path, unit="utf-16"))
    with pytest.raises(InputError, match="--units"):
        back("labelstudio", [files], source)
    found, _ = back("labelstudio", [files], source, "utf-16")
    assert labels(GoldDocument(doc="d", genre="", text="", sentences=list(found["7"].values()))) == labels(DOCUMENT)


def test_a_correction_is_a_change(source, tmp_path):
    folder = exported("doccano", source, tmp_path)
    lines = [json.loads(line) for line in annotated("doccano", folder).read_text(encoding="utf-8").split("\n")]
    lines[0]["entities"] = [[0, 6, "labeling_quoted"], [7, 12, "loaded"]]  # 𠮷 is two units
    (folder / "hanako.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found, originals = back("doccano", [folder / "hanako.jsonl"], source)
    [change] = changes("hanako", found["hanako"], originals)
    assert (change.label, change.text) == ("rhetoric", SENTENCE.text)
    assert [(s["text"], s["technique"], s["quoted"]) for s in change.after] == [
        ("𠮷田氏の案", "labeling", True), ("砂上の楼閣", "loaded", False)
    ]  # fmt: skip


def edit(folder, before, after):
    path = folder / "d.ann"
    content = path.read_text(encoding="utf-8")
    assert before in content
    path.write_text(content.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("metaphor 9 14\t砂上の楼閣", "metaphor 8 13\t砂上の楼閣", "is 'は砂上の楼' in the text"),
        ("metaphor 9 14\t砂上の楼閣", "metaphor 9 10;12 14\t砂 楼閣", "has a gap"),
        ("metaphor 9 14\t砂上の楼閣", "metaphor 0 1\t題", "is in no sentence"),
        ("metaphor 9 14\t", "metaforr 9 14\t", "'metaforr' is not a label"),
        ("A1\t", "R1\t", "no span, attribute or note"),
        ("[[", "[", "no list of stances"),
        ("Hype T1 2", "Hype T1 9", "hype_9"),
        ("Sentence 3 16\t𠮷田氏の案は砂上の楼閣だ。", "Sentence 3 15\t𠮷田氏の案は砂上の楼閣だ", "no sentence at 3-15"),
    ],
)
def test_brat_lines_that_do_not_fit(source, tmp_path, before, after, word):
    folder = exported("brat", source, tmp_path)
    edit(folder, before, after)
    with pytest.raises(InputError) as error:
        back("brat", [folder], source)
    assert word in str(error.value)
    assert "d.ann:" in str(error.value)


def test_brat_writes_fragments_where_a_line_breaks(tmp_path):
    text = "誰も\r\n止められ\nない。"
    sentence = Sentence(
        doc="d", start=0, end=len(text), text=text, hype=1, direction="doom",
        rhetoric=[Rhetoric(start=0, end=len(text) - 1, technique="fear")],
    )  # fmt: skip
    source = gold_source(tmp_path / "in", GoldDocument(doc="d", genre="", text=text, sentences=[sentence]))
    folder = exported("brat", source, tmp_path)
    assert "fear 0 2;4 8;9 11\t誰も 止められ ない" in (folder / "d.ann").read_text(encoding="utf-8")
    assert back("brat", [folder], source)[0]["brat"]["d", 0, len(text)] == sentence
    inside = msgspec.structs.replace(sentence, rhetoric=[Rhetoric(start=0, end=4, technique="fear")])
    source = gold_source(tmp_path / "two", GoldDocument(doc="d", genre="", text=text, sentences=[inside]))
    with pytest.raises(OutputError, match="line break"):
        export(source, "brat", tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


@pytest.mark.parametrize(
    ("tool", "content", "word"),
    [
        ("labelstudio", "{}", "not a Label Studio export"),
        ("doccano", "[1]", ":1 is not a JSON object"),
        ("doccano", '{"text":"a","doc":"d","start":0,"end":1,"entities":[[0]]}', "not \\[start, end, label\\]"),
        ("prodigy", '{"text":"a"}', "field 'meta'"),
        ("labelstudio", "[]", "no annotated sentence"),
    ],
)
def test_bad_files(source, tmp_path, tool, content, word):
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=word):
        back(tool, [path], source)


def test_unknown_tools_and_options(source, tmp_path):
    with pytest.raises(InputError, match="labelstudio"):
        read_answers("bart", [tmp_path])
    with pytest.raises(InputError, match="no such file"):
        read_answers("brat", [tmp_path / "missing"])
    with pytest.raises(ConfigError, match="no format"):
        export(source, "xml", tmp_path / "o")
    with pytest.raises(ConfigError, match="no meaning for brat"):
        export(source, "brat", tmp_path / "o", unit="utf-16")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(OutputError, match="not an empty folder"):
        export(source, "csv", tmp_path / "full")


def test_brat_tells_of_characters_its_page_misplaces(source, tmp_path):
    told = []
    export(source, "brat", tmp_path / "o", tell=told.append)
    assert "1 of 1 documents" in told[0]


names = st.text(max_size=6)


@given(st.sampled_from(["favor", "against", "neutral"]), names, names, names)
def test_stances_survive_as_lines(label, target, surface, holder):
    stance = Stance(label=label, target=target, surface=surface, holder=holder)
    assert read_stance(write_stance(stance)) == stance
    assert "\n" not in write_stance(stance)


def test_stances_as_people_write_them():
    assert read_stance('["favor", "bus"]') == Stance(target="bus", label="favor")
    assert read_stance('["favor", "bus", "バス"]').surface == "バス"
    for line in ("favor bus", '["like", "bus"]', '["favor"]', "{}"):
        with pytest.raises(ValueError, match="not a stance"):
            read_stance(line)


def test_nothing_is_left_of_a_failed_export(source, tmp_path, monkeypatch):
    def fail(*_):
        raise OutputError("disk full")

    monkeypatch.setattr("pipeline.dataset.formats.conllu.write", fail)
    with pytest.raises(OutputError, match="disk full"):
        export(source, "conllu", tmp_path / "o")
    assert sorted(p.name for p in Path(tmp_path).iterdir()) == ["in"]
