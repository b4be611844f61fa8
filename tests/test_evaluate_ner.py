"""Entity F1: what counts as found, reading of gold data, and an evaluation from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.config import config_dir
from pipeline.errors import ConfigError, InputError
from pipeline.evaluate.ner import (
    GoldSentence,
    Mention,
    Passage,
    SetMapping,
    count,
    evaluate,
    fitted_labels,
    ginza_labels,
    load_mapping,
    read_bench,
    read_gold,
    relabel,
)

A = Mention(0, 3, "ORG")
B = Mention(5, 8, "PERSON")


def passage(*mentions: Mention, optional: tuple[Mention, ...] = (), text: str = "x" * 20) -> Passage:
    return Passage("d", text, [GoldSentence(0, len(text), mentions, optional)])


def spans(text: str) -> tuple[Mention, ...]:
    """``0-3 ORG; 5-8 PERSON`` as mentions."""
    parts = [part.split() for part in text.split(";") if part.strip()]
    return tuple(Mention(*map(int, range_.split("-")), label) for range_, label in parts)


# Gold, found, optional ranges; then exact matches, partial score, how many found, how many in gold.
COUNTS = [
    ("0-3 ORG", "0-3 ORG", "", (1, 1, 1, 1)),
    ("0-3 ORG", "0-3 PERSON", "", (0, 0, 1, 1)),
    ("0-3 ORG", "0-4 ORG", "", (0, 0.5, 1, 1)),
    ("0-3 ORG", "3-4 ORG", "", (0, 0, 1, 1)),
    ("0-3 ORG", "", "", (0, 0, 0, 1)),
    ("", "0-3 ORG", "", (0, 0, 1, 0)),
    ("", "0-3 ORG", "2-9 MAYBE", (0, 0, 0, 0)),
    ("0-3 ORG", "0-3 ORG", "2-9 MAYBE", (1, 1, 1, 1)),
    ("0-6 ORG", "0-2 ORG; 3-6 ORG", "", (0, 0.5, 2, 1)),
    ("0-2 ORG; 3-6 ORG", "0-6 ORG", "", (0, 0.5, 1, 2)),
    ("0-3 ORG; 3-6 ORG", "0-3 ORG; 2-6 ORG", "", (1, 1.5, 2, 2)),
    ("", "", "", (0, 0, 0, 0)),
]


@pytest.mark.parametrize(("gold", "found", "optional", "expected"), COUNTS)
def test_counts(gold: str, found: str, optional: str, expected: tuple[float, ...]) -> None:
    table = count([passage(*spans(gold), optional=spans(optional))], [spans(found)]).table
    assert tuple(table[0]) == expected


def test_f1_by_hand() -> None:
    counts = count([passage(A, B), passage(A), passage()], [[A], [Mention(0, 4, "ORG")], [B]])
    everything = np.arange(3)
    assert counts.f1()(everything) == pytest.approx(2 * 1 / (3 + 3))
    assert counts.f1("partial")(everything) == pytest.approx(2 * 1.5 / (3 + 3))
    assert counts.share("precision")(everything) == pytest.approx(1 / 3)
    assert counts.share("recall")(everything) == pytest.approx(1 / 3)
    assert counts.f1()(np.array([0, 0])) == pytest.approx(2 / 3)
    assert counts.f1()(np.array([], dtype=int)) == 0.0


def test_one_label_alone() -> None:
    counts = count([passage(A, B)], [[A]], "PERSON")
    assert tuple(counts.table[0]) == (0, 0, 0, 1)


MENTIONS = st.lists(
    st.builds(
        lambda start, length, label: Mention(start, start + length, label),
        st.integers(0, 15),
        st.integers(1, 5),
        st.sampled_from(["ORG", "PERSON"]),
    ),
    max_size=6,
    unique=True,
)


@given(gold=MENTIONS, found=MENTIONS)
def test_partial_lies_between_exact_and_the_smaller_side(gold: list[Mention], found: list[Mention]) -> None:
    exact, partial, n_found, n_gold = count([passage(*gold)], [found]).table[0]
    assert exact <= partial <= min(n_found, n_gold)
    assert tuple(count([passage(*found)], [gold]).table[0][[0, 2, 3]]) == (exact, n_gold, n_found)
    assert tuple(count([passage(*gold)], [gold]).table[0][:2]) == (n_gold, n_gold)


def test_relabel_drops_what_it_does_not_know() -> None:
    found = [[Mention(0, 1, "Company"), Mention(2, 3, "Dish")]]
    assert relabel(found, {"Company": "ORG"}, {"ORG": "BODY"}) == [[Mention(0, 1, "BODY")]]
    assert relabel(found, {}) == [[]]


def test_fitted_labels_follow_the_majority() -> None:
    found = [[Mention(0, 3, "Car"), Mention(5, 6, "Car"), Mention(10, 12, "Dish")], [Mention(0, 2, "Car")]]
    assert fitted_labels([passage(A, B), passage(A)], found) == {"Car": "ORG"}


def test_ginza_maps_its_own_labels() -> None:
    labels = ginza_labels()
    assert (labels["Company"], labels["Airport"], labels["Book"]) == ("ORG", "FACILITY", "WORK")
    assert "Dish" not in labels


# Reading --------------------------------------------------------------------------------------------------------------

MAPPING = SetMapping(
    parts={"test": "test.jsonl"},
    gold={"ORG": ["組織"], "PLACE": ["地名"]},
    record={"ORG": ["ORG"], "PLACE": ["GPE", "LOC"]},
    optional=["不明"],
)


def bench(folder: Path, *lines: object, name: str = "test.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return folder


def test_a_bench_set(tmp_path: Path) -> None:
    line = {"id": "a-1", "text": "青葉堂は町田の店", "entities": [[0, 3, "組織"], [4, 6, "不明"], [7, 8, "物"]]}
    [read] = read_bench(bench(tmp_path, line), "test", MAPPING)
    assert (read.document, read.text) == ("a-1", "青葉堂は町田の店")
    assert read.sentences == [GoldSentence(0, 8, [Mention(0, 3, "ORG")], [Mention(4, 6, "不明")])]


def test_a_set_without_parts_is_parted_by_page(tmp_path: Path) -> None:
    lines = [{"id": i, "curid": str(i // 2), "text": f"文{i}", "entities": []} for i in range(400)]
    folder = bench(tmp_path, *lines)
    fields = {"parts": {"dev": "test.jsonl", "test": "test.jsonl"}, "share": 20, "document": "curid"}
    mapping = SetMapping(gold=MAPPING.gold, record=MAPPING.record, optional=[], **fields)  # type: ignore[arg-type]
    dev, test = (read_bench(folder, part, mapping) for part in ("dev", "test"))
    assert len(dev) + len(test) == 400
    assert 40 <= len(test) <= 120
    assert not {p.document for p in dev} & {p.document for p in test}


def test_documents_are_named_by_a_pattern(tmp_path: Path) -> None:
    folder = bench(tmp_path, {"id": "wiki7-00-1", "text": "短い", "entities": []})
    mapping = SetMapping(parts=MAPPING.parts, gold={}, record={}, optional=[], document="^wiki[0-9]+")
    assert [p.document for p in read_bench(folder, "test", mapping)] == ["wiki7"]


BAD_LINES = [
    ({"id": 1, "text": "x", "entities": [[0, 1]]}, "test.jsonl:1"),
    ({"id": 1, "text": "x", "entities": [[-1, 1, "組織"]]}, "test.jsonl:1"),
    ({"id": 1, "text": "x"}, "entities"),
]


@pytest.mark.parametrize(("line", "fault"), BAD_LINES)
def test_bad_lines_are_named(tmp_path: Path, line: object, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        read_bench(bench(tmp_path, line), "test", MAPPING)


def test_missing_parts_and_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no part 'train'"):
        read_bench(tmp_path, "train", MAPPING)
    with pytest.raises(InputError, match=r"test\.jsonl: cannot be read"):
        read_bench(tmp_path, "test", MAPPING)
    with pytest.raises(ConfigError, match="no test set 'elsewhere'"):
        load_mapping("elsewhere")


def test_the_mapping_knows_the_record(tmp_path: Path) -> None:
    sets = YAML(typ="safe").load((config_dir() / "ner_mapping.yaml").read_text(encoding="utf-8"))["sets"]
    for name in sets:
        mapping = load_mapping(name)
        assert set(mapping.gold) == set(mapping.record)
    file = tmp_path / "mapping.yaml"
    file.write_text("sets: {a: {parts: {}, gold: {}, record: {X: [FOOD]}, optional: []}}", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_mapping("a", file)


TEXT = "序文。\n青葉堂は町田で開業した。\n"
GOLD = {"doc": "d1", "start": 4, "end": 16, "text": "青葉堂は町田で開業した。"}
ENTITIES = [{"start": 4, "end": 7, "label": "ORG"}]


def gold_file(folder: Path, **changes: object) -> Path:
    file = folder / "gold.jsonl"
    file.write_text(json.dumps({**GOLD, "entities": ENTITIES, **changes}, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def test_own_gold_with_and_without_its_document(tmp_path: Path) -> None:
    file = gold_file(tmp_path)
    [alone] = read_gold(file)
    assert (alone.text, alone.sentences[0].mentions) == (GOLD["text"], [Mention(0, 3, "ORG")])
    (tmp_path / "d1.txt").write_text(TEXT, encoding="utf-8")
    [whole] = read_gold(file, tmp_path)
    assert (whole.text, whole.sentences) == (TEXT, [GoldSentence(4, 16, [Mention(4, 7, "ORG")])])


FAULTS = [
    ({"entities": [{"start": 0, "end": 3, "label": "FOOD"}]}, "gold.jsonl:1"),
    ({"text": "別の文だった。"}, "d1 4-16 is not the text"),
    ({"doc": "d2"}, "no document 'd2'"),
    ({"entities": [{"start": 40, "end": 43, "label": "ORG"}]}, "outside of its sentence"),
]


@pytest.mark.parametrize(("changes", "fault"), FAULTS)
def test_faulty_gold_is_refused(tmp_path: Path, changes: dict[str, object], fault: str) -> None:
    (tmp_path / "d1.txt").write_text(TEXT, encoding="utf-8")
    with pytest.raises(InputError, match=fault):
        read_gold(gold_file(tmp_path, **changes), tmp_path)


def test_an_evaluation(tmp_path: Path) -> None:
    lines = [
        ("トヨタ自動車は愛知県で新型車を発表した。", [(0, 6, "ORG"), (7, 10, "GPE")]),
        ("トップ > お知らせ > 会社概要", []),
        ("田中一郎氏が社長に就く。", [(0, 4, "PERSON")]),
    ]
    rows = [
        {
            "doc": f"d{i}", "start": 0, "end": len(text), "text": text,
            "entities": [{"start": a, "end": b, "label": label} for a, b, label in entities],
        }
        for i, (text, entities) in enumerate(lines)
    ]  # fmt: skip
    file = bench(tmp_path, *rows, name="gold.jsonl") / "gold.jsonl"
    report = evaluate(file)
    own, ginza = report.models
    assert (own.model, ginza.model) == ("kyojitsu", "ja_ginza")
    assert own.figures["exact F1"].value == 1.0
    assert own.details == {"exact": 3, "found": 3, "gold": 3}
    assert sorted(own.slices) == ["GPE", "ORG", "PERSON"]
    [comparison] = report.comparisons
    difference = comparison.differences["exact F1"]
    assert difference.value == pytest.approx(1.0 - ginza.figures["exact F1"].value)
    assert (report.units, report.documents) == (3, 3)
    assert evaluate(file) == report
