"""``make models``: train what ships, from the project's corpus, into a folder.

Run on one thread, so that sums are made in one order: the same machine gives the same weights. The figures of the two
cards are compared with those in the folder given as reference, if there is one.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

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
_ONCE_MORE: Final = Recipe(epochs=1, rate=5e-5, head_rate=5e-4)
_IN_HALVES: Final = Recipe(epochs=1, precision="bfloat16")
# Rounds of runs: three from the base encoder, one from their mean, and then each from the one before; the last two
# are of two runs each, averaged.
STANCE: Final = (
    (
        StanceRun(Recipe(epochs=3, rate=7e-5)),
        StanceRun(Recipe(epochs=2, seed=1)),
        StanceRun(Recipe(epochs=2, seed=2)),
    ),
    (StanceRun(replace(_ONCE_MORE, seed=3)),),
    (StanceRun(replace(_ONCE_MORE, seed=4)),),
    (StanceRun(replace(_ONCE_MORE, seed=5)),),
    (StanceRun(replace(_ONCE_MORE, seed=6)),),
    (StanceRun(replace(_ONCE_MORE, seed=7)),),
    (StanceRun(replace(_ONCE_MORE, seed=8)),),
    (StanceRun(replace(_ONCE_MORE, seed=9)),),
    (StanceRun(replace(_ONCE_MORE, seed=10)),),
    (StanceRun(replace(_ONCE_MORE, seed=11), halfway=True),),
    (StanceRun(replace(_IN_HALVES, seed=12)), StanceRun(replace(_IN_HALVES, seed=13))),
    (StanceRun(replace(_IN_HALVES, seed=14)), StanceRun(replace(_IN_HALVES, seed=15))),
)


class Part(NamedTuple):
    """A part of what was written: files of pairs, and documents by the letters of their writer in their names."""

    pairs: frozenset[str]
    writers: frozenset[str]


# Pairs that were written, like all of stance_documents, after the first run was made.
LATER: Final = frozenset(
    ["comparisons", "consequences", "figures_of_speech", "negation_and_concession", "newsroom", "understatement",
     "voices_and_bystanders"]
)  # fmt: skip
# Writers that the second run did not learn from.
WAITING: Final = frozenset(["h"])
# What was written after the third run, and after each further one.
WAVES: Final = (
    Part(
        frozenset(["denial_and_mismatch", "ironic_and_mild", "judged_comparisons", "long_sentences"]),
        frozenset(["ia", "ib", "ic", "id", "ie", "if"]),
    ),
    Part(frozenset(["figures_of_irony"]), frozenset(["ig", "ih"])),
    Part(frozenset(["doubly_denied_and_mocked", "polite_insults"]), frozenset(["ii", "ij", "ik", "il", "im", "in"])),
    Part(frozenset(), frozenset(["io", "ip"])),
    Part(frozenset(["short_contrasts"]), frozenset(["iq", "ir", "is"])),
    Part(frozenset(["denials_and_barbs"]), frozenset(["it", "iu", "iv"])),
    Part(frozenset(), frozenset(["iw", "ix", "iy", "iz", "ja"])),
    Part(frozenset(["concessions_and_quotations"]), frozenset(["jb", "jc", "jd", "je", "jf"])),
    Part(frozenset(["near_misses"]), frozenset(["jg", "jh", "ji", "jj"])),
    Part(frozenset(["assorted", "business_negation", "short_turns", "turned_by_a_particle"]), frozenset()),
    Part(frozenset(["columnists", "daily_irony", "sincere_twins"]), frozenset()),
)
# Of what is older than the waves that it reads whole, a run that goes on reads a half again. The fourth takes every
# second question: of a pair, whose questions follow each other, one side. Later ones take pairs whole, and the halves
# in turn; from wave ``TOGETHER`` on a round has a run for each half.
AGAIN: Final = 2
TOGETHER: Final = 9
SIDES: Final = 2  # questions of a pair
DIGITS: Final = 3  # decimals in which figures must agree


def stance_rounds(corpus: Path, without_genres: Collection[str] = ()) -> list[list[StanceRun]]:
    """The rounds of :data:`STANCE`, with what their runs learn from besides the annotations.

    Args:
        corpus: the folder that holds ``stance_documents`` and ``stance_pairs``.
        without_genres: of the documents.

    Raises:
        InputError: a file is malformed, or there is none.
    """
    files = sorted((corpus / "stance_pairs").glob("*.tsv"))
    written = read_folder(corpus / "stance_documents")
    if not files or not written:
        raise InputError(
            f"{corpus}: no stance_pairs or no stance_documents.", remedy="Name the corpus folder of the project."
        )
    pairs = {file.stem: [(asked.question, asked.label) for asked in read_pairs(file)] for file in files}
    kept = [document for document in written if document.genre not in without_genres]

    later = Part(*(frozenset().union(*names) for names in zip(*WAVES, strict=True)))
    older = Part(frozenset(pairs) - later.pairs, frozenset(map(_writer, written)) - later.writers)

    def paired(parts: Iterable[Part]) -> list[Answered]:
        return [answer for part in parts for name in pairs if name in part.pairs for answer in pairs[name]]

    def documents(parts: Iterable[Part]) -> list[Answered]:
        return [answer for part in parts for answer in answered([d for d in kept if _writer(d) in part.writers])]

    def again(wave: int, half: int) -> list[Answered]:
        """A wave and the one before it, and a half of all that is older: every second question, every second pair."""
        newest, known = [WAVES[wave], WAVES[wave - 1]], [older, *WAVES[: wave - 1]]
        return [
            *documents(newest), *paired(newest), *_half(documents(known), half), *_half(paired(known), half, SIDES)
        ]  # fmt: skip

    first = Part(older.pairs - LATER, frozenset())
    second = Part(older.pairs, older.writers - WAITING)
    third = [*documents([older]), *paired([older])]
    learnt = (
        (paired([first]), [*documents([second]), *paired([second])], third),
        ([*documents(WAVES[:1]), *paired(WAVES[:1]), *_half(third, 0)],),
        *((again(wave, wave % AGAIN),) for wave in range(1, TOGETHER)),
        *(tuple(again(wave, half) for half in range(AGAIN)) for wave in range(TOGETHER, len(WAVES))),
    )
    return [
        [run._replace(further=further) for run, further in zip(runs, of_round, strict=True)]
        for runs, of_round in zip(STANCE, learnt, strict=True)
    ]


def _half(answers: Sequence[Answered], which: int, together: int = 1) -> list[Answered]:
    """Half of some answers, those that stand together together."""
    return [answer for place, answer in enumerate(answers) if place // together % AGAIN == which]


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
    train_stance(documents, folder, stance_rounds(corpus), report)


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
