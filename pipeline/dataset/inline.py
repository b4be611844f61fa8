"""The inline format: gold labels as a person writes them, one sentence a line.

A file is a document. Its first line is ``#`` and a JSON object with ``genre`` and the document's ``stances``. Each
further line is a sentence with ``⟦span|technique⟧`` (or ``⟦span|technique|quoted⟧``) around its rhetoric, a tab, and a
JSON object with the other labels; what is left out is false, 0 or none. Claims stand there as the words
themselves. An empty line begins a new paragraph. The raw document is the sentences with the brackets taken out,
joined without a separator inside a paragraph and by a line feed between paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from pipeline.dataset.gold import (
    Claim,
    Contrast,
    DocumentStance,
    GoldDocument,
    Hype,
    Rhetoric,
    Sentence,
    Stance,
    faults,
)
from pipeline.errors import InputError
from pipeline.record import TECHNIQUES, Direction, Model

SUFFIX: Final = ".tsv"
_SPAN: Final = re.compile(r"⟦([^⟦⟧|]+)\|([a-z_]+)(\|quoted)?⟧")


class Header(Model, kw_only=True):
    """The first line of a file. ``voice`` says in a few words who writes, for the datasheet."""

    genre: str
    voice: str = ""
    stances: list[DocumentStance] = msgspec.field(default_factory=list)


class Labels(Model, kw_only=True):
    """The JSON object beside a sentence. ``claims`` are quoted words of the sentence."""

    boilerplate: bool = False
    claims: list[str] = msgspec.field(default_factory=list)
    forecast: bool = False
    hype: Hype = 0
    direction: Direction = "none"
    stances: list[Stance] = msgspec.field(default_factory=list)
    contrast: Contrast | None = None


def read_folder(folder: Path) -> list[GoldDocument]:
    """Every document below ``folder``, by name; its id is the path below the folder without the suffix.

    Raises:
        InputError: a line that does not fit; all faults of all files are listed, each with file and line.
    """
    documents, wrong = [], []
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        doc = path.relative_to(folder).with_suffix("").as_posix()
        document, found = parse(path.read_text(encoding="utf-8"), doc)
        documents.append(document)
        wrong += [f"{path}:{line}: {fault}" for line, fault in found]
    if wrong:
        raise InputError("\n".join(wrong), remedy="Mend these lines; the format is in docs/dataset.md.")
    return documents


def parse(content: str, doc: str) -> tuple[GoldDocument, list[tuple[int, str]]]:
    """The document written in ``content``, and its faults as (line number, words)."""
    first, _, body = content.partition("\n")
    wrong: list[tuple[int, str]] = []
    header = Header(genre="")
    try:
        header = msgspec.json.decode(first.removeprefix("#"), type=Header)
    except msgspec.DecodeError as error:
        wrong.append((1, f"the header is not '# {{JSON}}': {error}."))
    text, sentences, gap = "", [], ""
    for number, line in enumerate(body.split("\n"), 2):
        if not line.strip():
            gap = "\n" if text else ""
            continue
        text, gap = text + gap, ""
        try:
            sentence = _sentence(line, doc, header.genre, len(text))
        except ValueError as error:
            wrong.append((number, str(error)))
            continue
        text += sentence.text
        sentences.append(sentence)
        wrong += [(number, fault) for fault in faults(sentence, text)]
    return GoldDocument(doc=doc, genre=header.genre, text=text, sentences=sentences, stances=header.stances), wrong


def _sentence(line: str, doc: str, genre: str, start: int) -> Sentence:
    marked, tab, labels_json = line.partition("\t")
    if not tab:
        raise ValueError("no tab between the sentence and its labels.")
    try:
        labels = msgspec.json.decode(labels_json, type=Labels)
    except msgspec.DecodeError as error:
        raise ValueError(f"the labels are not valid: {error}.") from error
    text, rhetoric = _unmark(marked, start)
    return Sentence(
        doc=doc,
        start=start,
        end=start + len(text),
        text=text,
        boilerplate=labels.boilerplate,
        checkable=bool(labels.claims),
        claims=[_claim(words, text, start) for words in labels.claims],
        forecast=labels.forecast,
        rhetoric=rhetoric,
        hype=labels.hype,
        direction=labels.direction,
        stances=labels.stances,
        genre=genre,
        contrast=labels.contrast,
    )


def _claim(words: str, text: str, start: int) -> Claim:
    if text.count(words) != 1 or not words:
        raise ValueError(f"the claim {words!r} stands {text.count(words)} times in the sentence, not once.")
    at = start + text.index(words)
    return Claim(start=at, end=at + len(words))


def _unmark(marked: str, start: int) -> tuple[str, list[Rhetoric]]:
    """Take the brackets out of a line; offsets count from ``start``."""
    text, spans, end = "", [], 0
    for match in _SPAN.finditer(marked):
        text += marked[end : match.start()]
        words, technique, quoted = match.groups()
        if technique not in TECHNIQUES:
            raise ValueError(f"{technique!r} is not a technique; there are: {', '.join(TECHNIQUES)}.")
        at = start + len(text)
        spans.append(Rhetoric(start=at, end=at + len(words), technique=technique, quoted=bool(quoted)))
        text += words
        end = match.end()
    text += marked[end:]
    if "⟦" in text or "⟧" in text:
        raise ValueError("a bracket ⟦…|technique⟧ is not closed or not complete.")
    return text, spans


def render(document: GoldDocument, voice: str = "") -> str:
    """``document`` in the inline format: the inverse of :func:`parse`."""
    header = msgspec.json.encode(Header(genre=document.genre, voice=voice, stances=document.stances)).decode()
    return "\n".join([f"# {header}", *_lines(document)]) + "\n"


def _lines(document: GoldDocument) -> Iterator[str]:
    end = 0
    for sentence in document.sentences:
        if "\n" in document.text[end : sentence.start]:
            yield ""
        end = sentence.end
        labels = {
            name: value
            for name, value in msgspec.to_builtins(sentence).items()
            if name in Labels.__struct_fields__ and name != "claims" and value
        }
        if sentence.claims:
            labels["claims"] = [document.text[claim.start : claim.end] for claim in sentence.claims]
        if labels.get("direction") == "none":
            del labels["direction"]
        yield f"{_mark(sentence)}\t{msgspec.json.encode(labels).decode()}"


def _mark(sentence: Sentence) -> str:
    marked, end = "", sentence.start
    for span in sentence.rhetoric:
        before = sentence.text[end - sentence.start : span.start - sentence.start]
        words = sentence.text[span.start - sentence.start : span.end - sentence.start]
        marked += f"{before}⟦{words}|{span.technique}{'|quoted' if span.quoted else ''}⟧"
        end = span.end
    return marked + sentence.text[end - sentence.start :]
