"""The documents labelled for stance alone are sound, and apart from what is judged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from conftest import CORPUS

pytest.importorskip("torch")

from pipeline.dataset.gold import GoldDocument
from pipeline.dataset.inline import read_folder
from pipeline.dataset.pairs import read_pairs
from pipeline.training.examples import answered
from pipeline.training.ship import AGAIN, LATER, TOGETHER, WAITING, WAVES, stance_rounds

CHECKLIST = Path(__file__).parent / "data" / "stance_pairs.tsv"
DOCUMENTS = read_folder(CORPUS / "stance_documents")
HELD_OUT = read_folder(CORPUS / "stance_heldout")
ANNOTATED = read_folder(CORPUS / "annotations")
PAIRS = {
    file.stem: [(asked.question, asked.label) for asked in read_pairs(file)]
    for file in sorted((CORPUS / "stance_pairs").glob("*.tsv"))
}


def writer(document: GoldDocument) -> str:
    """The letters in the name of its file."""
    return document.doc.rpartition("/")[2].rstrip("0123456789")


def test_every_document_has_stances_of_its_own() -> None:
    for document in [*DOCUMENTS, *HELD_OUT]:
        assert document.doc.startswith(f"{document.genre}/")
        asked = {stance.target for sentence in document.sentences for stance in sentence.stances}
        assert asked
        assert {stance.target for stance in document.stances} >= asked, document.doc


def test_genres_are_those_that_folds_leave_out() -> None:
    assert {document.genre for document in DOCUMENTS} <= {document.genre for document in ANNOTATED}


def test_nothing_but_stance_is_labelled() -> None:
    assert not any(s.rhetoric or s.claims or s.hype or s.forecast for d in [*DOCUMENTS, *HELD_OUT] for s in d.sentences)


@pytest.mark.parametrize("documents", [DOCUMENTS, HELD_OUT])
def test_no_class_is_rare(documents: list[GoldDocument]) -> None:
    shares = Counter(label for _, label in answered(documents))
    assert min(shares.values()) >= 0.25 * shares.total()


def test_what_is_held_out_is_not_trained_on() -> None:
    learned = {question.text for runs in stance_rounds(CORPUS) for run in runs for question, _ in run.further}
    learned |= {sentence.text for document in ANNOTATED for sentence in document.sentences}
    assert not learned & {sentence.text for document in HELD_OUT for sentence in document.sentences}
    assert not {d.doc for d in [*ANNOTATED, *DOCUMENTS]} & {d.doc for d in HELD_OUT}


def test_no_sentence_is_judged_too() -> None:
    judged = {sentence.text for document in ANNOTATED for sentence in document.sentences}
    assert not judged & {sentence.text for document in DOCUMENTS for sentence in document.sentences}
    assert not {document.doc for document in ANNOTATED} & {document.doc for document in DOCUMENTS}


def test_no_sentence_is_in_the_checklist() -> None:
    checked = {asked.question.text for asked in read_pairs(CHECKLIST)}
    assert not checked & {sentence.text for document in DOCUMENTS for sentence in document.sentences}


def test_every_document_is_trained_on() -> None:
    learned = {question for runs in stance_rounds(CORPUS) for run in runs for question, _ in run.further}
    assert learned >= {question for question, _ in answered(DOCUMENTS)}


def test_the_parts_are_of_what_there_is_and_apart() -> None:
    named = [[LATER, *(wave.pairs for wave in WAVES)], [WAITING, *(wave.writers for wave in WAVES)]]
    for parts, there in zip(named, (set(PAIRS), {writer(document) for document in DOCUMENTS}), strict=True):
        assert set().union(*parts) <= there
        assert sum(map(len, parts)) == len(set().union(*parts))


def test_a_run_that_goes_on_reads_two_waves_and_a_half_of_what_is_older() -> None:
    rounds = [[set(run.further) for run in runs] for runs in stance_rounds(CORPUS)[2:]]
    of_waves = [
        {
            *answered([document for document in DOCUMENTS if writer(document) in wave.writers]),
            *(answer for name in wave.pairs for answer in PAIRS[name]),
        }
        for wave in WAVES
    ]
    twice = Counter([*answered(DOCUMENTS), *(answer for pairs in PAIRS.values() for answer in pairs)])
    for number, runs in enumerate(rounds):
        for read in runs:
            assert read >= of_waves[number] | of_waves[number + 1]
            for pairs in PAIRS.values():  # whole or not at all
                for one, other in zip(pairs[::2], pairs[1::2], strict=True):
                    assert (one in read) == (other in read) or twice[one] > 1 or twice[other] > 1
    assert [len(runs) for runs in rounds] == [AGAIN if wave >= TOGETHER else 1 for wave in range(1, len(WAVES))]
    for number, runs in enumerate(rounds):
        read, then = runs if len(runs) == AGAIN else (*runs, rounds[number + 1][-1])
        older = set(twice).difference(*of_waves[number:])
        assert read | then >= older
        assert all(twice[answer] > 1 for answer in read & then & older)
        assert len(read & older) == pytest.approx(len(older) / 2, rel=0.02)


def test_a_genre_left_out_is_not_trained_on() -> None:
    of_genre = {question for question, _ in answered([d for d in DOCUMENTS if d.genre == "op_ed"])}
    before, left_out = stance_rounds(CORPUS), stance_rounds(CORPUS, {"op_ed"})
    assert not of_genre & {question for runs in left_out for run in runs for question, _ in run.further}
    # Later rounds read part of what the first do, another part where something is left out.
    for run, left in zip(before[0], left_out[0], strict=True):
        assert {question for question, _ in (Counter(run.further) - Counter(left.further))} <= of_genre
