"""Every amount and date of the original sources in the default engine's translation, against a list made by hand.

The list is ``data/seeds/figures.tsv``; what is compared here is the text itself, without the reader of numbers that the
checks use. Skipped where the sources or the model are absent.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.errors import ModelError
from pipeline.record import Record, Sentence

LIST = Path(__file__).parent / "data" / "seeds" / "figures.tsv"
STAGES = ["normalize", "tokenize", "ner", "translate"]
WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
CORE = re.compile(r"\d[\d,.]*(?:/\d+)?(?: (?:hundred|thousand|million|billion|trillion))?")


def core_forms(figure: str) -> list[set[str]]:
    """The ways in which each number of a figure may be written, with its scale."""
    forms = []
    for match in CORE.finditer(figure):
        core = match[0].rstrip(".,")
        written = {core, core.replace(",", "")}
        if core.isdecimal() and int(core) < len(WORDS):
            written |= {WORDS[int(core)], ORDINALS[int(core)]}
        if figure[match.start() :].startswith("2 times"):
            written.add("twice")
        if figure[match.start() :].startswith("10 years"):
            written.add("decade")
        forms.append(written)
    return forms


def is_written(forms: set[str], english: str) -> bool:
    return any(re.search(rf"(?<![\d.,]){re.escape(form)}(?!\d|,\d|\.\d)", english, re.IGNORECASE) for form in forms)


@pytest.fixture(scope="module")
def records(seed_files: list[Path]) -> dict[str, Record]:
    try:
        annotator = Annotator(load_config(stages=STAGES))
    except ModelError:
        pytest.skip("the default model is not here")
    return {file.name[:3]: annotator.annotate(file.read_bytes().decode("utf-8")) for file in seed_files}


def figures(document: str, sentence: Sentence) -> list[str]:
    """The English of the listed figures of a sentence."""
    rows = [line.split("\t") for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")][1:]
    return [
        row[-1] for row in rows
        if row[0] == document and sentence.raw_start <= int(row[1]) and int(row[2]) <= sentence.raw_end
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_verified_sentences_hold_every_figure(records: dict[str, Record]) -> None:
    lost, seen, verified, with_figures = [], 0, 0, 0
    for document, record in records.items():
        for sentence in record.sentences or []:
            listed = figures(document, sentence)
            if not sentence.translation or not listed:
                continue
            with_figures += 1
            if sentence.translation.status != "verified":
                continue
            verified += 1
            for figure in listed:
                seen += 1
                english = sentence.translation.text
                if not all(is_written(forms, english) for forms in core_forms(figure)):
                    lost.append((document, sentence.raw_start, figure, english))
    assert seen > 0
    assert lost == []
