"""The minimal pairs: those trained on are sound, and the checklist, none of which is trained on, is passed as stated."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from conftest import CORPUS, OFFLINE

from pipeline.config import load_config
from pipeline.dataset.pairs import Asked, read_pairs
from pipeline.errors import InputError
from pipeline.evaluate.stance_data import StanceItem
from pipeline.evaluate.stance_models import ModelOptions, resolve

CHECKLIST = Path(__file__).parent / "data" / "stance_pairs.tsv"
TRAINED_ON = sorted((CORPUS / "stance_pairs").glob("*.tsv"))
PHENOMENA = {
    "negation", "comparison", "concession", "quotation", "sarcasm", "mild", "hedge_question", "measured",
    "strong_no_stance", "two_targets",
}  # fmt: skip
# The least share of right answers (docs/models.md has what is reached; nine of ten are wanted).
REACHED = 0.87
FLOORS = {
    "measured": 0.96, "strong_no_stance": 0.95, "two_targets": 0.91, "concession": 0.88, "quotation": 0.88,
    "comparison": 0.86, "mild": 0.86, "hedge_question": 0.85, "negation": 0.85, "sarcasm": 0.68,
}  # fmt: skip


@pytest.mark.parametrize("path", [*TRAINED_ON, CHECKLIST], ids=lambda path: path.stem)
def test_a_file_is_sound(path: Path) -> None:
    asked = read_pairs(path)
    assert {a.phenomenon for a in asked} <= PHENOMENA
    shares = Counter(a.label for a in asked)
    assert min(shares.values()) >= 0.1 * len(asked)
    contradicted = defaultdict(set)
    for question, label in ((a.question, a.label) for a in asked):
        assert question.holder is None or question.holder in question.text
        contradicted[question].add(label)
    assert [question for question, labels in contradicted.items() if len(labels) > 1] == []


def test_the_checklist_is_large_and_not_trained_on() -> None:
    trained_on = {a.question.text for path in TRAINED_ON for a in read_pairs(path)}
    checked = read_pairs(CHECKLIST)
    assert len(checked) >= 2 * 300
    assert {a.phenomenon for a in checked} == PHENOMENA
    assert not trained_on & {a.question.text for a in checked}


def test_the_checklist_is_passed_as_stated() -> None:
    checked = read_pairs(CHECKLIST)
    items = [_item(number, asked) for number, asked in enumerate(checked)]
    answers = resolve("bundled", items, load_config(stages=OFFLINE), ModelOptions()).predict(items)
    right = defaultdict(list)
    for asked, answer in zip(checked, answers, strict=True):
        right[asked.phenomenon].append(answer.label == asked.label)
    assert sum(map(sum, right.values())) >= REACHED * len(checked)
    for phenomenon, floor in FLOORS.items():
        assert sum(right[phenomenon]) >= floor * len(right[phenomenon]), phenomenon


def _item(number: int, asked: Asked) -> StanceItem:
    question = asked.question
    return StanceItem(
        id=str(number), doc=str(number), target=question.target, name=question.target, text=question.text,
        surface=question.place, holder=question.holder, label=asked.label,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("negation\tX店\tX店はよい。\tfavour\t\tX店はだめだ。\tagainst\t", "sentence a has the label 'favour'"),
        ("negation\tX店\tX店はよい。\tfavor\t\tY店はだめだ。\tagainst\t", "sentence b .* the target 'X店'"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    header = CHECKLIST.read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "pairs.tsv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"pairs.tsv:2: {message}"):
        read_pairs(tmp_path / "pairs.tsv")
