"""Several annotators' labels: what each changed, what they say together, and where they differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from pipeline.dataset.answers import CLAIM
from pipeline.dataset.build import write_dataset
from pipeline.dataset.gold import Claim, GoldDocument, Rhetoric, Sentence, faults, write_gold
from pipeline.dataset.importing import Key
from pipeline.errors import OutputError

LABELS: Final = ("boilerplate", "forecast", "hype", "direction", "claims", "rhetoric", "stances")
_NAME: Final = 50  # code points of an annotator's name in that of a file: at most 200 of the 255 bytes there are
_CONTEXT: Final = 60  # code points on each side of a sentence


class Change(msgspec.Struct, kw_only=True):
    """One label of one sentence that an annotator changed; spans with their words."""

    annotator: str
    doc: str
    start: int
    end: int
    text: str
    label: str
    before: Any
    after: Any


class Disagreement(msgspec.Struct, kw_only=True):
    """One label of one sentence on which annotators differ.

    Attributes:
        answers: what each annotator says, spans with their words.
        merged: what was taken, where labels were merged.
        decided: how: by majority, by the original (where the majority is no help), or by one annotator's name: the merged
            labels of the sentence did not fit together, and that person's are nearest to them.
    """

    doc: str
    start: int
    end: int
    context: str
    label: str
    answers: dict[str, Any]
    merged: Any = None
    decided: str = ""


class Written(NamedTuple):
    """What an import wrote: documents, sentences, labels that annotators changed, labels on which they differ."""

    documents: int
    sentences: int
    changes: int
    disagreements: int


def write(
    output: Path, annotators: Mapping[str, Mapping[Key, Sentence]], documents: Mapping[str, GoldDocument]
) -> Written:
    """Write the merged gold, each annotator's own, what each changed and where they differ.

    ``gold.jsonl`` with ``docs/``, ``annotators/NAME.jsonl``, ``changes.jsonl`` and ``disagreements.jsonl``.

    Raises:
        OutputError: the folder is not empty.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise OutputError(f"{output} is there and not an empty folder.", remedy="Name another, or remove it.")
    kept, differing = merged(annotators, documents)
    counts = write_dataset(iter(kept), output)
    (output / "annotators").mkdir()
    files = _file_names(annotators)
    for name, labelled in annotators.items():
        write_gold(output / "annotators" / files[name], [labelled[key] for key in sorted(labelled)])
    changed = [change for name, labelled in annotators.items() for change in changes(name, labelled, documents)]
    for file, rows in (("changes", changed), ("disagreements", differing)):
        (output / f"{file}.jsonl").write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return Written(*counts, len(changed), len(differing))


def _file_names(annotators: Iterable[str]) -> dict[str, str]:
    """A file for each annotator, named like them: short, and not that of another, on any file system."""
    names: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for annotator in annotators:
        stem = "".join(c if c.isalnum() or c in "@.-_" else "_" for c in annotator[:_NAME])
        taken[stem.casefold()] += 1
        number = taken[stem.casefold()]
        names[annotator] = f"{stem}.jsonl" if number == 1 else f"{stem}~{number}.jsonl"
    return names


def changes(
    annotator: str, labelled: Mapping[Key, Sentence], documents: Mapping[str, GoldDocument]
) -> Iterator[Change]:
    """What an annotator changed, sentence by sentence."""
    for document in documents.values():
        for before in document.sentences:
            after = labelled.get((document.doc, before.start, before.end))
            for label in LABELS if after else ():
                if _value(before, label) != _value(after, label):
                    yield Change(
                        annotator=annotator,
                        doc=document.doc,
                        start=before.start,
                        end=before.end,
                        text=before.text,
                        label=label,
                        before=_readable(before, label, document.text),
                        after=_readable(after, label, document.text),
                    )


def merged(
    annotators: Mapping[str, Mapping[Key, Sentence]], documents: Mapping[str, GoldDocument]
) -> tuple[list[GoldDocument], list[Disagreement]]:
    """The annotators' labels as one, by majority, and where they differ.

    A label of the sentence, or a stance, is what more than half of those who labelled it say, else the original's. A
    character belongs to the span label that more than half give it. Sentences nobody labelled are left out.
    """
    kept: list[GoldDocument] = []
    differing: list[Disagreement] = []
    for document in documents.values():
        sentences = []
        for original in document.sentences:
            key = document.doc, original.start, original.end
            votes = {name: labelled[key] for name, labelled in annotators.items() if key in labelled}
            if votes:
                sentence, by = _majority(votes, original, document.text)
                sentences.append(sentence)
                differing += [
                    msgspec.structs.replace(d, merged=_readable(sentence, d.label, document.text), decided=by[d.label])
                    for d in disagreements(votes, document.text)
                ]
        if sentences:
            kept.append(msgspec.structs.replace(document, sentences=sentences))
    return kept, differing


def disagreements(votes: Mapping[str, Sentence], text: str) -> Iterator[Disagreement]:
    """The labels of one sentence of ``text`` on which annotators differ, with what each says."""
    sentence = next(iter(votes.values()))
    for label in LABELS:
        values = [_value(s, label) for s in votes.values()]
        if any(value != values[0] for value in values):
            yield Disagreement(
                doc=sentence.doc,
                start=sentence.start,
                end=sentence.end,
                context=text[max(0, sentence.start - _CONTEXT) : sentence.end + _CONTEXT],
                label=label,
                answers={name: _readable(s, label, text) for name, s in votes.items()},
            )


def _majority(votes: Mapping[str, Sentence], original: Sentence, text: str) -> tuple[Sentence, dict[str, str]]:
    """The merged sentence, and what decided each of its labels."""
    voters = list(votes.values())
    labels: dict[str, Any] = {}
    by = dict.fromkeys(LABELS, "majority")
    for label in ("boilerplate", "forecast", "hype", "direction"):
        value, count = Counter(getattr(s, label) for s in voters).most_common(1)[0]
        if 2 * count <= len(voters):
            value, by[label] = getattr(original, label), "original"
        labels[label] = value
    labels["claims"] = [Claim(start=s, end=e) for s, e, _ in _spans([s.claims for s in voters])]
    labels["rhetoric"] = [
        Rhetoric(start=s, end=e, technique=technique, quoted=quoted)
        for s, e, (technique, quoted) in _spans([s.rhetoric for s in voters])
    ]
    stances = Counter(encoded for s in voters for encoded in {msgspec.json.encode(stance) for stance in s.stances})
    kept = {encoded for encoded, count in stances.items() if 2 * count > len(voters)}
    unique = {msgspec.json.encode(stance): stance for s in voters for stance in s.stances}
    labels["stances"] = [stance for encoded, stance in unique.items() if encoded in kept]
    labels["checkable"] = bool(labels["claims"])
    sentence = msgspec.structs.replace(original, **labels)
    if not any(faults(sentence, text)):
        return sentence, by
    name = min(votes, key=lambda name: (sum(_value(votes[name], x) != _value(sentence, x) for x in LABELS), name))
    return votes[name], dict.fromkeys(LABELS, name)


def _spans(layers: list[Any]) -> Iterator[tuple[int, int, Any]]:
    """The spans whose every character has the same label from more than half of ``layers``."""
    votes: dict[int, Counter[Any]] = defaultdict(Counter)
    starts: Counter[int] = Counter()
    for spans in layers:
        for span in spans:
            starts[span.start] += 1
            for at in range(span.start, span.end):
                votes[at][_kind(span)] += 1
    begun: tuple[int, Any] | None = None
    end = -1
    for at in sorted(votes):
        kind, count = votes[at].most_common(1)[0]
        won = 2 * count > len(layers)
        goes_on = begun is not None and won and at == end and kind == begun[1] and 2 * starts[at] <= len(layers)
        if begun is not None and not goes_on:
            yield begun[0], end, begun[1]
            begun = None
        if won and not goes_on:
            begun = at, kind
        end = at + 1
    if begun is not None:
        yield begun[0], end, begun[1]


def _kind(span: Claim | Rhetoric) -> tuple[str, bool]:
    return (span.technique, span.quoted) if isinstance(span, Rhetoric) else (CLAIM, False)


def _value(sentence: Sentence | None, label: str) -> Any:
    """A label's value, with no order where none counts."""
    value = msgspec.to_builtins(getattr(sentence, label))
    return sorted(value, key=str) if isinstance(value, list) else value


def _readable(sentence: Sentence | None, label: str, text: str) -> Any:
    value = _value(sentence, label)
    if label in ("claims", "rhetoric"):
        return [{**span, "text": text[span["start"] : span["end"]]} for span in value]
    return value
