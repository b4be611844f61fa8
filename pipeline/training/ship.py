"""``make models``: train what ships, from the project's corpus, into a folder.

Run on one thread, so that sums are made in one order: the same machine gives the same weights. The figures of the two
cards are compared with those in the folder given as reference, if there is one.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import torch

from pipeline.console import err
from pipeline.dataset.gold import GoldDocument
from pipeline.dataset.inline import read_folder
from pipeline.dataset.pairs import read_pairs
from pipeline.errors import InputError
from pipeline.models.card import KIND_HYPE, KIND_STANCE, read_card
from pipeline.training.build import StanceRun, train_hype, train_stance
from pipeline.training.examples import Answered, answered
from pipeline.training.fit import Recipe

HYPE: Final = Recipe(epochs=4, precision="bfloat16")
# Three runs from the base encoder, and one that goes on from their mean with what was written last: it ships.
STANCE: Final = (
    Recipe(epochs=3, rate=7e-5),
    Recipe(epochs=2, seed=1),
    Recipe(epochs=2, seed=2),
    Recipe(epochs=1, seed=3, rate=5e-5, head_rate=5e-4),
)
# Pairs that were written, like all of stance_documents, after the first run was made.
LATER: Final = frozenset(
    ["comparisons", "consequences", "figures_of_speech", "negation_and_concession", "newsroom", "understatement",
     "voices_and_bystanders"]
)  # fmt: skip
WAITING: Final = frozenset(
    ["h"]
)  # writers, by the letters in the names of the files, the second run did not learn from
# Pairs and writers of documents that came after the third run: the last alone learns from them.
LAST_PAIRS: Final = frozenset(["denial_and_mismatch", "ironic_and_mild", "judged_comparisons", "long_sentences"])
LAST_WRITERS: Final = frozenset(["ia", "ib", "ic", "id", "ie", "if"])
# Of what the runs before learned from besides the annotations, the last reads every second question again: of a pair,
# whose questions follow each other, one side.
AGAIN: Final = 2
DIGITS: Final = 3  # decimals in which figures must agree


def stance_runs(corpus: Path, without_genres: Collection[str] = ()) -> list[StanceRun]:
    """The runs that the stance model comes out of, with what they learn from besides the annotations.

    Args:
        corpus: the folder that holds ``stance_documents`` and ``stance_pairs``.
        without_genres: of the documents.

    Raises:
        InputError: a file is malformed, or there is none.
    """
    files = sorted((corpus / "stance_pairs").glob("*.tsv"))
    documents = read_folder(corpus / "stance_documents")
    if not files or not documents:
        raise InputError(
            f"{corpus}: no stance_pairs or no stance_documents.", remedy="Name the corpus folder of the project."
        )
    pairs = {file.stem: [(asked.question, asked.label) for asked in read_pairs(file)] for file in files}
    older = {name: answers for name, answers in pairs.items() if name not in LAST_PAIRS}
    newest = {name: answers for name, answers in pairs.items() if name in LAST_PAIRS}

    kept = [d for d in documents if d.genre not in without_genres]
    earlier = [d for d in kept if _writer(d) not in LAST_WRITERS]
    first = _together({name: answers for name, answers in older.items() if name not in LATER})
    second = [*answered([d for d in earlier if _writer(d) not in WAITING]), *_together(older)]
    third = [*answered(earlier), *_together(older)]
    last = [*answered([d for d in kept if _writer(d) in LAST_WRITERS]), *_together(newest), *third[::AGAIN]]
    return [
        StanceRun(STANCE[0], first),
        StanceRun(STANCE[1], second),
        StanceRun(STANCE[2], third),
        StanceRun(STANCE[3], last, goes_on=True),
    ]


def _together(pairs: Mapping[str, Sequence[Answered]]) -> list[Answered]:
    return [answer for answers in pairs.values() for answer in answers]


def _writer(document: GoldDocument) -> str:
    return document.doc.rpartition("/")[2].rstrip("0123456789")


def ship(corpus: Path, folder: Path) -> None:
    """Train both models from ``corpus`` into ``folder``, which must be new."""
    torch.set_num_threads(1)
    documents = read_folder(corpus / "annotations")

    def report(step: int, steps: int, loss: float) -> None:
        if step % 100 == 0:
            err.print(f"{step}/{steps} loss {loss:.3f}")

    train_hype(documents, folder, HYPE, report)
    train_stance(documents, folder, stance_runs(corpus), report)


def differences(made: Path, reference: Path) -> list[str]:
    """Figures of the cards in two folders that differ in the third decimal."""
    found = []
    for name, kind in (("hype", KIND_HYPE), ("stance", KIND_STANCE)):
        new, old = (read_card(folder / f"{name}.json", kind).figures for folder in (made, reference))
        found += [
            f"{name} {figure}: {value} where {old.get(figure)} shipped"
            for figure, value in new.items()
            if round(value, DIGITS) != round(old.get(figure, -1.0), DIGITS)
        ]
    return found


def main() -> None:
    """Train into a folder beside the shipped one, compare, and take its place if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("folder", type=Path, help="the folder that ships")
    parser.add_argument("--replace", action="store_true", help="put what was made in its place")
    options = parser.parse_args()
    made = options.folder.with_name(options.folder.name + ".new")
    shutil.rmtree(made, ignore_errors=True)
    ship(options.corpus, made)
    wrong = differences(made, options.folder) if options.folder.is_dir() else []
    for line in wrong:
        err.print(line, style="red", markup=False)
    if options.replace:
        shutil.rmtree(options.folder, ignore_errors=True)
        made.rename(options.folder)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
