"""Gold data from wherever it lies: a folder in the inline format, or a JSONL file with a folder of documents."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from pipeline.dataset.gold import GoldDocument, Sentence, faults, read_gold
from pipeline.dataset.inline import read_folder
from pipeline.errors import InputError


def load_gold(gold: Path, documents: Path | None = None) -> list[GoldDocument]:
    """The documents of a gold file or folder, each with its text and sentences in order.

    Args:
        gold: a folder of inline files, or a JSONL file.
        documents: where the texts lie, as DOC or DOC.txt (UTF-8); None to rebuild each text from its sentences,
            with line feeds for what stands between them.

    Raises:
        InputError: nothing there, a line that is not gold, a text that is missing, or offsets that do not fit.
    """
    if gold.is_dir():
        found = read_folder(gold)
    elif gold.is_file():
        sentences = sorted(read_gold(gold), key=lambda s: (s.doc, s.start))
        grouped = ((doc, list(group)) for doc, group in groupby(sentences, key=lambda s: s.doc))
        found = [_document(doc, group, documents) for doc, group in grouped]
    else:
        raise InputError(f"{gold}: there is no such file or folder.", remedy="Give gold data: JSONL or inline files.")
    if not found:
        raise InputError(f"{gold} holds no gold sentence.", remedy="The formats are in docs/dataset.md.")
    return found


def _document(doc: str, sentences: list[Sentence], folder: Path | None) -> GoldDocument:
    text = _read(doc, folder) if folder else _rebuilt(sentences)
    for sentence in sentences:
        for fault in faults(sentence, text):
            raise InputError(
                f"{doc} {sentence.start}-{sentence.end}: {fault}", remedy="Mend this sentence of the gold data."
            )
    return GoldDocument(doc=doc, genre=sentences[0].genre, text=text, sentences=sentences)


def _read(doc: str, folder: Path) -> str:
    for name in (doc, f"{doc}.txt"):
        path = folder / name
        if is_inside(path, folder) and path.is_file():
            return path.read_bytes().decode()
    raise InputError(f"{folder} has no text of the document {doc!r}.", remedy=f"Put it there as {doc}.txt, in UTF-8.")


def is_inside(path: Path, folder: Path) -> bool:
    """Whether ``path``, whatever links it goes through, is a name for something in ``folder``."""
    try:
        return path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, ValueError):  # not there, too long, or a NUL in it
        return False


def _rebuilt(sentences: list[Sentence]) -> str:
    text = ""
    for sentence in sentences:
        text += "\n" * (sentence.start - len(text)) + sentence.text
    return text
