"""The gazetteer tables and the stance targets: every row and every target keeps the rules their headers state."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.text.gazetteer import COLUMNS, LABELS, Gazetteer
from pipeline.text.targets import Targets

CONFIGS = Path(__file__).parent.parent / "configs"
FILES = [
    "companies",
    "events_laws",
    "media",
    "not_names",
    "people",
    "places",
    "products",
    "public_bodies",
    "technology",
]
KINDS = {"company", "person", "group", "country", "government", "product", "technology", "policy"}
CONTRACT_TARGETS = {
    "tesla", "musk", "spacex_xai", "toyota", "japanese_automakers", "chinese_automakers", "huawei", "japan",
    "japan_government", "openai", "amazon", "google", "apple", "waymo", "mercedes", "nvidia", "samsung", "tsmc",
    "rapidus", "us_tech", "us_ai", "china_ai", "chinese_solar", "trump", "humanoid_robots", "robotaxi",
    "sodium_ion_batteries", "lithium_ion_batteries",
}  # fmt: skip

ID = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
ONE_KANA = re.compile(r"[ぁ-ゖァ-ヺー]")
LATIN = re.compile(r"[A-Za-zÀ-ɏ0-9 !&'()+,./:#-]+")

Row = dict[str, str]


def form_faults(form: str) -> list[str]:
    """What is wrong with one surface form."""
    faults = []
    if not form or form != form.strip():
        faults.append("empty, or with space at an end")
    if ONE_KANA.fullmatch(form):
        faults.append("one kana")
    if any("！" <= c <= "～" or c == "\u3000" for c in form):
        faults.append("full-width ASCII")
    if unicodedata.normalize("NFC", form) != form or not form.isprintable():
        faults.append("not NFC, or not printable")
    return faults


def row_faults(line: str) -> list[str]:
    """What is wrong with one line of a table, on its own."""
    cells = line.split("\t")
    if len(cells) != len(COLUMNS):
        return [f"{len(cells)} cells"]
    row = dict(zip(COLUMNS, cells, strict=True))
    faults = [f"{column} is empty" for column in ("id", "label", "name", "name_en") if not row[column]]
    if not ID.fullmatch(row["id"]):
        faults.append("id is not lower_snake")
    if row["label"] not in LABELS:
        faults.append(f"label {row['label']!r}")
    if not LATIN.fullmatch(row["name_en"]) or row["name_en"] != row["name_en"].strip():
        faults.append("name_en is not printable Latin")
    forms = [form for _, form in surface_forms(row)]
    faults += [f"{form!r}: {fault}" for form in forms for fault in form_faults(form)]
    faults += [f"{form!r} twice" for form in set(forms) if forms.count(form) > 1]
    faults += [f"{form!r}: one character, but strong" for column, form in surface_forms(row)
               if len(form) == 1 and column != "weak"]  # fmt: skip
    return faults


def surface_forms(row: Row) -> Iterator[tuple[str, str]]:
    """Every form of a row with its column."""
    yield "name", row["name"]
    for column in ("aliases", "weak", "mocking"):
        if row[column]:
            yield from ((column, form) for form in row[column].split("|"))


def shared_forms(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Forms that more than one entry has, unless all of them hold it as weak."""
    owners: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        for column, form in surface_forms(row):
            owners[form].append((row["id"], column))
    return {
        form: [owner for owner, _ in found]
        for form, found in owners.items()
        if len(found) > 1 and any(column != "weak" for _, column in found)
    }


def target_faults(target: dict[str, Any], rows: dict[str, Row]) -> list[str]:
    """What is wrong with one target, given the gazetteer."""
    faults = []
    if list(target) != ["id", "kind", "name_en", "names", "aliases", "entities"]:
        return [f"fields {list(target)}"]
    if not ID.fullmatch(target["id"]):
        faults.append("id is not lower_snake")
    if target["kind"] not in KINDS:
        faults.append(f"kind {target['kind']!r}")
    if not LATIN.fullmatch(target["name_en"]):
        faults.append("name_en is not printable Latin")
    if not target["names"]:
        faults.append("no names")
    for form in target["names"] + target["aliases"]:
        faults += [f"{form!r}: {fault}" for fault in form_faults(form)]
    faults += [f"no entity {entity!r}" for entity in target["entities"] if entity not in rows]
    return faults


def table(name: str) -> list[str]:
    """The lines of one table, header first."""
    return (CONFIGS / "gazetteer" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """All rows of all tables."""
    return [dict(zip(COLUMNS, line.split("\t"), strict=True)) for name in FILES for line in table(name)[1:]]


@pytest.fixture(scope="module")
def by_id(rows: list[Row]) -> dict[str, Row]:
    """All rows by id."""
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def targets() -> list[dict[str, Any]]:
    """The stance targets."""
    loaded: list[dict[str, Any]] = YAML(typ="safe").load(CONFIGS / "targets.yaml")
    return loaded


GOOD = "nadeshiko\tORG\tなでしこ電機\tナデシコ|なでしこ\t撫子\tなでくさ\tNadeshiko Electric"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (GOOD, None),
        (GOOD.replace("撫子", ""), None),
        (GOOD.replace("\t撫子", ""), "6 cells"),
        (GOOD.replace("ORG", "FIRM"), "label 'FIRM'"),
        (GOOD.replace("nadeshiko", "Nadeshiko-D"), "id is not lower_snake"),
        (GOOD.replace("Nadeshiko Electric", "撫子電機"), "name_en is not printable Latin"),
        (GOOD.replace("なでしこ電機", ""), "name is empty"),
        (GOOD.replace("ナデシコ", "ナ"), "'ナ': one kana"),
        (GOOD.replace("ナデシコ", "梅"), "'梅': one character, but strong"),
        (GOOD.replace("撫子", "梅"), None),
        (GOOD.replace("ナデシコ", "ナデシコ "), "'ナデシコ ': empty, or with space at an end"),
        (GOOD.replace("ナデシコ|", "ナデシコ||"), "'': empty, or with space at an end"),
        (GOOD.replace("ナデシコ", "ＮＤＫ"), "'ＮＤＫ': full-width ASCII"),
        (GOOD.replace("撫子", "なでしこ"), "'なでしこ' twice"),
    ],
)
def test_row_checks_find_the_fault(line: str, fault: str | None) -> None:
    assert fault in row_faults(line) if fault else row_faults(line) == []


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [("weak", "weak", False), ("weak", "aliases", True), ("aliases", "aliases", True), ("mocking", "weak", True)],
)
def test_shared_form_is_found_unless_weak_in_both(first: str, second: str, shared: bool) -> None:
    empty = dict.fromkeys(COLUMNS, "")
    rows = [{**empty, "id": "a", "name": "甲社", first: "梅林"}, {**empty, "id": "b", "name": "乙社", second: "梅林"}]
    assert shared_forms(rows) == ({"梅林": ["a", "b"]} if shared else {})


def test_every_table_is_known() -> None:
    assert sorted(path.stem for path in (CONFIGS / "gazetteer").glob("*.tsv")) == FILES


def test_readme_counts_the_rows() -> None:
    readme = (CONFIGS / "gazetteer" / "README.md").read_text(encoding="utf-8")
    counts = {name: int(rows) for name, rows in re.findall(r"\| `(\w+)\.tsv` \| (\d+) \|", readme)}
    assert counts == {name: len(table(name)) - 1 for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_table_keeps_the_rules(name: str) -> None:
    header, *lines = table(name)
    assert tuple(header.split("\t")) == COLUMNS
    assert {line: faults for line in lines if (faults := row_faults(line))} == {}
    ids = [line.split("\t")[0] for line in lines]
    assert ids == sorted(ids)


def test_the_matcher_takes_all_tables(rows: list[Row]) -> None:
    """It folds variants of characters too, so two forms that differ here may be one there."""
    gazetteer = Gazetteer.load(CONFIGS / "gazetteer")
    assert [row["id"] for row in rows if row["id"] not in {f.entry.id for f in gazetteer.forms(row["name"])}] == []


def test_the_targets_load() -> None:
    assert Targets.load(CONFIGS / "targets.yaml").version


def test_there_are_enough_entries_and_ids_are_unique(rows: list[Row]) -> None:
    assert len(rows) >= 1500
    ids = [row["id"] for row in rows]
    assert {i for i in ids if ids.count(i) > 1} == set()


def test_a_form_has_one_owner_unless_weak_everywhere(rows: list[Row]) -> None:
    assert shared_forms(rows) == {}


@pytest.mark.parametrize(
    ("form", "column", "owner"),
    [
        ("経産省", "aliases", "meti"),
        ("斎藤元章", "aliases", "motoaki_saito"),
        ("黄仁勲", "aliases", "jensen_huang"),
        ("トヨトミ", "mocking", "toyota"),
        ("マスク", "weak", "elon_musk"),
        ("X", "weak", "x_corp"),
        ("米", "weak", "united_states"),
        ("山口", "weak", "yamaguchi"),
        ("東京", "aliases", "tokyo"),
        ("大阪・関西万博", "name", "expo_2025"),
    ],
)
def test_form_stands_where_it_should(by_id: dict[str, Row], form: str, column: str, owner: str) -> None:
    assert (column, form) in surface_forms(by_id[owner])


def test_all_prefectures_are_places(rows: list[Row]) -> None:
    names = {row["name"] for row in rows if row["label"] == "GPE"}
    prefectures = {name for name in names if re.fullmatch(r".{2,3}県|東京都|北海道|大阪府|京都府", name)}
    assert len(prefectures) == 47


GOOD_TARGET = {
    "id": "nadeshiko",
    "kind": "company",
    "name_en": "Nadeshiko",
    "names": ["なでしこ電機"],
    "aliases": [],
    "entities": [],
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"kind": "firm"}, "kind 'firm'"),
        ({"id": "Na"}, "id is not lower_snake"),
        ({"names": []}, "no names"),
        ({"names": ["な"]}, "'な': one kana"),
        ({"entities": ["nobody"]}, "no entity 'nobody'"),
        ({"note": "x"}, "fields ['id', 'kind', 'name_en', 'names', 'aliases', 'entities', 'note']"),
    ],
)
def test_target_checks_find_the_fault(change: dict[str, Any], fault: str | None) -> None:
    faults = target_faults({**GOOD_TARGET, **change}, {})
    assert fault in faults if fault else faults == []


def test_targets_keep_the_rules(targets: list[dict[str, Any]], by_id: dict[str, Row]) -> None:
    assert {t["id"]: faults for t in targets if (faults := target_faults(t, by_id))} == {}


def test_targets_hold_the_contract_and_more(targets: list[dict[str, Any]]) -> None:
    ids = [target["id"] for target in targets]
    assert len(ids) == len(set(ids))
    assert set(ids) >= CONTRACT_TARGETS
    assert len(ids) >= len(CONTRACT_TARGETS) + 30


def test_a_target_form_or_entity_belongs_to_one_target(targets: list[dict[str, Any]]) -> None:
    owners: dict[str, list[str]] = defaultdict(list)
    for target in targets:
        for key in target["names"] + target["aliases"] + [f"entity {entity}" for entity in target["entities"]]:
            owners[key].append(target["id"])
    assert {key: found for key, found in owners.items() if len(found) > 1} == {}


def test_a_target_form_of_the_gazetteer_is_among_the_entities(targets: list[dict[str, Any]], rows: list[Row]) -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for _, form in surface_forms(row):
            owners[form].add(row["id"])
    strays = {
        (target["id"], form): sorted(owners[form])
        for target in targets
        for form in target["names"] + target["aliases"]
        if form in owners and not owners[form] & set(target["entities"])
    }
    assert strays == {}


def test_a_target_named_after_an_entry_counts_its_mentions(
    targets: list[dict[str, Any]], by_id: dict[str, Row]
) -> None:
    """A discovered target takes its entity's id, so a listed one with that id must be the same thing."""
    assert [t["id"] for t in targets if t["id"] in by_id and t["id"] not in t["entities"]] == []
