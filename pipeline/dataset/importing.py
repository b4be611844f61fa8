"""Corrections back from an annotation tool, verified against the original's text.

Every offset is checked against the original's text; faults are collected and reported together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from pipeline.dataset.answers import CLAIM, QUOTED, SPAN_LABELS, Answer, flags_of
from pipeline.dataset.build import Source
from pipeline.dataset.formats import brat, csv, doccano, labelstudio, prodigy
from pipeline.dataset.gold import Claim, GoldDocument, Rhetoric, Sentence, faults
from pipeline.dataset.units import Ruler, Unit
from pipeline.errors import InputError

Key = tuple[str, int, int]  # document, start and end of a sentence
READERS: Final[dict[str, tuple[Callable[[Path], Iterator[Answer]], Unit, bool]]] = {
    "labelstudio": (labelstudio.read, labelstudio.UNIT, True),
    "doccano": (doccano.read, doccano.UNIT, True),
    "prodigy": (prodigy.read, prodigy.UNIT, True),
    "brat": (brat.read, brat.UNIT, False),
    "csv": (csv.read, "code-points", False),
}
"""What each tool's files are read with, the unit it counts in, and whether it holds line breaks as line feeds."""
_SHOWN: Final = 50  # faults of a message
_LONGEST: Final = 60  # code points of a text in a message


def read_answers(tool: str, paths: Iterable[Path], unit: Unit | None = None) -> tuple[list[Answer], Unit, bool]:
    """The answers in a tool's files, with the unit of their offsets and whether line breaks are line feeds.

    Raises:
        InputError: no such tool or file, or a file that is not the tool's.
    """
    if tool not in READERS:
        raise InputError(f"{tool!r} is not a tool to import from.", remedy=f"Use one of: {', '.join(READERS)}.")
    read, default, line_feeds = READERS[tool]
    answers: list[Answer] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder.", remedy="Give what the tool exported.")
        answers += read(path)
    if not answers:
        raise InputError("the files hold no annotated sentence.", remedy="Export the finished annotations.")
    return answers, unit or default, line_feeds


def corrected(
    answers: Sequence[Answer], original: Source, unit: Unit, *, line_feeds: bool, consistent: bool = True
) -> tuple[dict[str, dict[Key, Sentence]], dict[str, GoldDocument]]:
    """Each annotator's sentences, and the original documents they are about.

    Args:
        answers: as the tool's files say.
        original: what was exported.
        unit: that the tool counts in.
        line_feeds: whether the tool holds every line break as one line feed.
        consistent: also refuse labels that contradict one another (hype without a span, and so on).

    Raises:
        InputError: a sentence that is not the original's, an offset that does not fit its text, an unknown label; all
            faults are listed with their places.
    """
    wanted = {answer.doc for answer in answers}
    documents = {i.gold.doc: i.gold for i in original.documents() if i.gold.doc in wanted}
    sentences = {(d.doc, s.start, s.end): s for d in documents.values() for s in d.sentences}
    found: dict[str, dict[Key, Sentence]] = defaultdict(dict)
    wrong: list[str] = []
    for answer in answers:
        key = answer.doc, answer.start, answer.end
        if key not in sentences:
            wrong.append(f"{answer.where}: {answer.doc} has no sentence at {answer.start}-{answer.end}.")
            continue
        if key in found[answer.annotator]:
            wrong.append(f"{answer.where}: {answer.annotator} has labelled this sentence before.")
        sentence, here = _applied(answer, sentences[key], unit, line_feeds)
        if not here and consistent:
            here = list(faults(sentence, documents[answer.doc].text))
        wrong += [f"{answer.where}: {fault}" for fault in here]
        found[answer.annotator][key] = sentence
    if wrong:
        more = f"\n… and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise InputError(
            "\n".join(wrong[:_SHOWN]) + more,
            remedy="Mend these in the tool and export again. If texts do not fit, give --units as the tool counts.",
        )
    return dict(sorted(found.items())), documents


def _applied(answer: Answer, original: Sentence, unit: Unit, line_feeds: bool) -> tuple[Sentence, list[str]]:
    """The original sentence with the answer's labels, and what does not fit."""
    ruler = Ruler(original.text, unit, line_feeds=line_feeds)
    wrong = []
    text = answer.text if answer.text is None or not line_feeds else Ruler(answer.text, line_feeds=True).text
    if text is not None and text != ruler.text:
        return original, [f"the text {_short(text)!r} is not the original's {_short(ruler.text)!r}."]
    claims: list[Claim] = []
    rhetoric: list[Rhetoric] = []
    for mark in sorted(answer.marks, key=lambda m: m[:2]):
        try:
            start, end = original.start + ruler.back(mark.start), original.start + ruler.back(mark.end)
        except ValueError as error:
            wrong.append(f"the {mark.label} at {mark.start}-{mark.end}: {error}")
            continue
        words = original.text[start - original.start : end - original.start]
        if not words:
            wrong.append(f"the {mark.label} at {mark.start}-{mark.end} is empty.")
        elif mark.text is not None and _folded(mark.text) != _folded(words):
            wrong.append(f"the {mark.label} at {mark.start}-{mark.end} is {words!r} in the text, not {mark.text!r}.")
        elif mark.label not in SPAN_LABELS:
            wrong.append(f"{mark.label!r} is not a label of a span; there are {', '.join(SPAN_LABELS)}.")
        elif mark.label == CLAIM:
            claims.append(Claim(start=start, end=end))
        else:
            technique = mark.label.removesuffix(f"_{QUOTED}")
            rhetoric.append(
                Rhetoric(start=start, end=end, technique=technique, quoted=technique != mark.label)  # type: ignore[arg-type]
            )
    try:
        flags = flags_of(answer.codes)
    except ValueError as error:
        return original, [*wrong, str(error)]
    labels = {**flags, "claims": claims, "checkable": bool(claims), "rhetoric": rhetoric, "stances": answer.stances}
    return msgspec.structs.replace(original, **labels), wrong


def _folded(text: str) -> str:
    r"""White space of any kind as one blank: a browser may give a line break back as one, or as ``\n``."""
    return " ".join(text.replace("\\n", " ").split())


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
