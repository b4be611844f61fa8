r"""CoNLL-U (universaldependencies.org/format.html): one block a sentence, its labels as comments and in MISC.

Comments: ``newdoc id``, ``sent_id``, ``text``, ``text_en``, and ``kyojitsu`` with the exact labels of the sentence as
JSON, in code points of the text that ``newdoc`` begins (a run's normalized text, gold data's raw text). MISC: the
token's place in it (TokenRange), SpaceAfter, white space as UDPipe writes it (SpacesAfter, with ``\s \t \n \r``), and
Rhetoric, Claim and Entity as B-/I- tags of every token the span touches.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import spacy

from pipeline.dataset.build import Item, Source, to_gold
from pipeline.dataset.formats.spacy_docbin import Word, tokenized, words
from pipeline.dataset.gold import Sentence
from pipeline.errors import InputError

Layers = dict[str, list[tuple[int, int, str]]]

LABELS: Final = "# kyojitsu = "
_DOCUMENT: Final = "# newdoc id = "
_ESCAPES: Final = {" ": "\\s", "\t": "\\t", "\n": "\\n", "\r": "\\r", "|": "\\p", "\\": "\\\\"}
"""UDPipe's escapes (ufal.mff.cuni.cz/udpipe/1/users-manual, "CoNLL-U Format", SpacesAfter)."""


def write(source: Source, path: Path) -> int:
    """Write one file and return the number of sentences; memory holds one document."""
    nlp = spacy.blank("ja")
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for item in source.documents():
            for block in _document(item, nlp):
                out.write(f"{block}\n\n")
                count += 1
    return count


def read(path: Path) -> Iterator[Sentence]:
    """The exact labels of every sentence of an export.

    Raises:
        InputError: a sentence has none; file and line are named.
    """
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith(LABELS):
                try:
                    yield msgspec.json.decode(line.removeprefix(LABELS), type=Sentence)
                except msgspec.DecodeError as error:
                    raise InputError(
                        f"{path}:{number}: the labels are not valid: {error}.", remedy="Export the data again."
                    ) from error


def _document(item: Item, nlp: Any) -> Iterator[str]:
    labels = to_gold(item.record, raw=False) if item.record else item.gold
    found = list(enumerate(words(item.record, labels) if item.record else tokenized(labels, nlp)))
    for number, sentence in enumerate(labels.sentences):
        inside = [(i, w) for i, w in found if sentence.start <= w.start < sentence.end and not w.text.isspace()]
        layers: Layers = {
            "Claim": [(c.start, c.end, "claim") for c in sentence.claims],
            "Rhetoric": [(r.start, r.end, r.technique) for r in sentence.rhetoric],
        }
        head = [f"{_DOCUMENT}{_line(labels.doc)}"] if not number else []
        head += [f"# sent_id = {_line(labels.doc)}-s{number}", f"# text = {_line(sentence.text)}"]
        if item.record and item.record.sentences:
            of_record = item.record.sentences[number]
            head += [f"# text_en = {_line(of_record.translation.text)}"] if of_record.translation else []
            layers["Entity"] = [(e.start, e.end, e.label) for e in of_record.entities or []]
        head.append(f"{LABELS}{msgspec.json.encode(sentence).decode()}")
        yield "\n".join([*head, *_rows(inside, layers, labels.text, sentence.end)])


def _rows(words: list[tuple[int, Word]], layers: Layers, text: str, end: int) -> Iterator[str]:
    """A line a token: ``words`` are those of a sentence that ends at ``end``, each with its index in the document."""
    ids = {index: number for number, (index, _) in enumerate(words, 1)}
    before = -1
    for number, (index, word) in enumerate(words, 1):
        last = word.start + len(word.text)
        following = words[number][1].start if number < len(words) else end
        misc = [f"{name}={tag}" for name, spans in layers.items() if (tag := _tag(spans, before, word.start, last))]
        misc += [*_spaces(text[last:following], final=number == len(words)), f"TokenRange={word.start}:{last}"]
        head = ids.get(word.head, 0) if word.head != index else 0
        relation = (str(head), word.dep if head else "root") if word.head >= 0 else ("_", "_")
        fields = (str(number), word.text, word.lemma or "_", word.pos or "_", word.tag or "_", "_", *relation, "_")
        yield "\t".join([*map(_line, fields), "|".join(sorted(misc, key=str.lower))])
        before = last


def _tag(spans: list[tuple[int, int, str]], before: int, start: int, end: int) -> str:
    """B- at the first token that a span touches, I- at the others; ``before`` is the end of the token before."""
    for first, last, label in spans:
        if start < last and first < end:
            return f"{'I' if first < before else 'B'}-{label}"
    return ""


def _spaces(gap: str, *, final: bool) -> list[str]:
    if not gap:
        return [] if final else ["SpaceAfter=No"]
    return [] if gap == " " else [f"SpacesAfter={''.join(_ESCAPES.get(c, c) for c in gap)}"]


def _line(text: str) -> str:
    """The text in one line: CoNLL-U has no way to write a line break or a tab in a field."""
    return "".join(" " if c in "\n\r\t\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029" else c for c in text)
