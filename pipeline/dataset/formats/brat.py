"""brat standoff: ``DOC.txt`` and ``DOC.ann`` (brat.nlplab.org/standoff), with the project's configuration.

Sentences, claims and rhetoric are text-bound annotations, the rest attributes of them; a sentence's note is the JSON
list of its stances. Offsets are code points of the text file, as brat's server counts. Its page counts UTF-16 units, so
what is drawn by hand after a character outside the Basic Multilingual Plane lands too far right (brat issue 1115);
``write`` says how many documents have one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from pipeline.dataset.answers import (
    BOILERPLATE,
    CLAIM,
    DIRECTIONS,
    FORECAST,
    LEVELS,
    QUOTED,
    Answer,
    Mark,
    codes_of,
    read_stance,
    span_label,
    write_stance,
)
from pipeline.dataset.build import Source, path_of
from pipeline.dataset.gold import GoldDocument, Sentence, Stance
from pipeline.dataset.units import Unit, astral
from pipeline.errors import InputError, OutputError
from pipeline.record import TECHNIQUES

UNIT: Final[Unit] = "code-points"
SENTENCE: Final = "Sentence"
_NOTE: Final = "AnnotatorNotes"
_BREAKS: Final = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")  # what ends a line for Python, as for brat
_BOUND: Final = re.compile(r"(T\d+)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)\t(.*)", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"[AM]\d+\t(\S+) (T\d+)(?: (\S+))?")
_COMMENT: Final = re.compile(r"#\d+\t(\S+) (T\d+)\t(.*)", re.DOTALL)


def write(source: Source, folder: Path) -> tuple[int, int]:
    """Write a text, its annotations and, once, the configuration.

    Returns:
        The number of documents, and of those whose spans brat's page would misplace when drawn by hand.

    Raises:
        OutputError: a document's id is no file name, or a span begins or ends with a line break.
    """
    count = misplaced = 0
    for item in source.documents():
        document = item.gold
        path_of(folder, document.doc, ".txt").write_bytes(document.text.encode())
        lines = "".join(f"{line}\n" for line in _lines(document))
        path_of(folder, document.doc, ".ann").write_bytes(lines.encode())
        count += 1
        misplaced += astral(document.text)
    (folder / "annotation.conf").write_text(_configuration(), encoding="utf-8")
    return count, misplaced


def read(folder: Path) -> Iterator[Answer]:
    """The sentences of every ``.ann`` below a folder; the annotator is the folder's name.

    Raises:
        InputError: a line brat did not write, or a span that is outside every sentence; file and line are named.
    """
    for path in sorted(folder.rglob("*.ann")):
        doc = path.relative_to(folder).with_suffix("").as_posix()
        try:
            text = path.with_suffix(".txt").read_bytes().decode()
            content = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: {error}.", remedy="Keep each .ann beside its .txt, both in UTF-8.") from error
        yield from _Annotations(path, text, content).answers(doc, folder.name)


class _Annotations:
    """The parsed lines of one ``.ann``."""

    def __init__(self, path: Path, text: str, content: str) -> None:
        self._path, self._text = path, text
        self._bound: dict[str, tuple[str, int, int, int]] = {}  # id to type, start, end, line
        self._attributes: dict[str, dict[str, str]] = {}
        self._notes: dict[str, str] = {}
        for number, line in enumerate(content.split("\n"), 1):
            if line.strip():
                self._take(number, line.removesuffix("\r"))

    def answers(self, doc: str, annotator: str) -> Iterator[Answer]:
        sentences = sorted(
            (start, end, key, n) for key, (kind, start, end, n) in self._bound.items() if kind == SENTENCE
        )
        marks: dict[str, list[Mark]] = {key: [] for _, _, key, _ in sentences}
        for key, (kind, start, end, number) in sorted(self._bound.items(), key=lambda entry: entry[1][1:3]):
            if kind != SENTENCE:
                owner = next((s for s in sentences if s[0] <= start < s[1]), None)
                if owner is None:
                    raise self._fault(number, f"the {kind} at {start}-{end} is in no sentence", "Put it into one.")
                label = span_label(kind, True) if QUOTED.title() in self._attributes.get(key, {}) else kind
                marks[owner[2]].append(Mark(start - owner[0], end - owner[0], label, self._text[start:end]))
        for start, end, key, number in sentences:
            yield Answer(
                where=f"{self._path}:{number}",
                annotator=annotator,
                doc=doc,
                start=start,
                end=end,
                text=self._text[start:end],
                marks=marks[key],
                codes=_codes(self._attributes.get(key, {})),
                stances=self._stances(key, number),
            )

    def _take(self, number: int, line: str) -> None:
        if bound := _BOUND.fullmatch(line):
            self._bound[bound[1]] = (bound[2], *self._range(number, bound[3], bound[4]), number)
        elif attribute := _ATTRIBUTE.fullmatch(line):
            self._attributes.setdefault(attribute[2], {})[attribute[1]] = attribute[3] or ""
        elif comment := _COMMENT.fullmatch(line):
            self._notes[comment[2]] = comment[3]
        else:
            raise self._fault(
                number, f"{line!r} is no span, attribute or note", "Annotate with the exported configuration alone."
            )

    def _range(self, number: int, offsets: str, words: str) -> tuple[int, int]:
        """The span of fragments that only line breaks part, checked against the words beside them."""
        fragments = [(int(start), int(end)) for start, _, end in (f.partition(" ") for f in offsets.split(";"))]
        for (_, end), (start, _) in pairwise(fragments):
            if not _BREAKS.fullmatch(self._text[end:start]):
                raise self._fault(number, f"the span {offsets} has a gap", "Mark one unbroken run of text.")
        found = " ".join(self._text[start:end] for start, end in fragments)
        if found != words:
            raise self._fault(
                number, f"{offsets} is {found!r} in the text, not {words!r}", "Annotate the exported text."
            )
        return fragments[0][0], fragments[-1][1]

    def _stances(self, key: str, number: int) -> list[Stance]:
        try:
            found = msgspec.json.decode(self._notes.get(key, "[]"), type=list[list[str]])
            return [read_stance(json.dumps(fields, ensure_ascii=False)) for fields in found]
        except (msgspec.DecodeError, ValueError) as error:
            raise self._fault(number, f"the note of {key} is no list of stances ({error})", "Mend the note.") from error

    def _fault(self, number: int, cause: str, remedy: str) -> InputError:
        return InputError(f"{self._path}:{number}: {cause}.", remedy=remedy)


def _codes(attributes: dict[str, str]) -> list[str]:
    codes = [f"hype_{attributes['Hype']}"] if "Hype" in attributes else []
    codes += [attributes["Direction"]] if "Direction" in attributes else []
    return codes + [flag for flag in (FORECAST, BOILERPLATE) if flag.title() in attributes]


def _lines(document: GoldDocument) -> Iterator[str]:
    ids = iter(range(1, 10**9))
    attributes = iter(range(1, 10**9))
    for number, sentence in enumerate(document.sentences, 1):
        key = f"T{next(ids)}"
        yield _bound(key, SENTENCE, sentence.start, sentence.end, document)
        yield from (f"A{next(attributes)}\t{value.format(key)}" for value in _attributes(sentence))
        if sentence.stances:
            yield f"#{number}\t{_NOTE} {key}\t[{', '.join(write_stance(s) for s in sentence.stances)}]"
        for span in sentence.rhetoric:
            key = f"T{next(ids)}"
            yield _bound(key, span.technique, span.start, span.end, document)
            if span.quoted:
                yield f"A{next(attributes)}\t{QUOTED.title()} {key}"
        for claim in sentence.claims:
            yield _bound(f"T{next(ids)}", CLAIM, claim.start, claim.end, document)


def _attributes(sentence: Sentence) -> Iterator[str]:
    for code in codes_of(sentence):
        if code.startswith("hype_"):
            yield f"Hype {{}} {code.removeprefix('hype_')}"
        elif code in DIRECTIONS:
            yield f"Direction {{}} {code}"
        else:
            yield f"{code.title()} {{}}"


def _bound(key: str, kind: str, start: int, end: int, document: GoldDocument) -> str:
    """A text-bound annotation; brat writes a span over several lines as fragments, one a line."""
    words = document.text[start:end]
    breaks = list(_BREAKS.finditer(words))
    if not words or _BREAKS.match(words) or (breaks and breaks[-1].end() == len(words)):
        raise OutputError(
            f"{document.doc} {start}-{end}: this {kind} is empty or begins or ends with a line break.",
            remedy="brat cannot hold it; export to another tool.",
        )
    cuts = [start, *(start + at for found in breaks for at in found.span()), end]
    fragments = list(zip(cuts[::2], cuts[1::2], strict=True))
    offsets = ";".join(f"{first} {last}" for first, last in fragments)
    return f"{key}\t{kind} {offsets}\t{' '.join(document.text[first:last] for first, last in fragments)}"


def _configuration() -> str:
    """``annotation.conf``: the types and attributes that the annotations use."""
    rhetoric = "\n".join(TECHNIQUES)
    return (
        f"[entities]\n{SENTENCE}\n{CLAIM}\n{rhetoric}\n\n[relations]\n<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, "
        "<OVL-TYPE>:<ANY>\n\n[events]\n\n[attributes]\n"
        f"{QUOTED.title()}\tArg:{'|'.join(TECHNIQUES)}\n"
        f"Hype\tArg:{SENTENCE}, Value:{'|'.join(LEVELS)}\n"
        f"Direction\tArg:{SENTENCE}, Value:{'|'.join(DIRECTIONS)}\n"
        f"{FORECAST.title()}\tArg:{SENTENCE}\n{BOILERPLATE.title()}\tArg:{SENTENCE}\n"
    )
