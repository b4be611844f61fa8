"""How well boilerplate and sentence ends are found, against pages and original sources marked by hand.

    python tests/benchmarks/layout.py [--errors] [--splitters] [--originals FOLDER | --rough | PAGE.txt ...]

Boilerplate: F1 over the characters that are not white space, boilerplate being the positive class. Sentences: F1 of
sentence ends, as positions among the visible characters of content; a line's end that joins the next is none. Both are
counted in the raw text, after the whole of ``normalize``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from pipeline.config import load_config
from pipeline.record import Document, Record, Source, layer
from pipeline.stages.normalize import Normalize
from pipeline.text.sentences import split

DATA = Path(__file__).parent.parent / "data"
PAGES = DATA / "layout"
ORIGINALS = DATA / "originals.json"
ROUGH = DATA / "layout_rough.txt"
Splitter = Callable[[str], list[tuple[int, int]]]


class Marks(NamedTuple):
    """Of each visible character whether it is boilerplate; and the sentence ends among the visible characters."""

    furniture: list[bool]
    ends: set[int]


class Counts(NamedTuple):
    """What F1 is made of: found rightly, found, there to be found."""

    right: int = 0
    found: int = 0
    there: int = 0

    def __add__(self, other: tuple[int, ...]) -> Counts:  # type: ignore[override]
        """Sum of both, to score several pages as one."""
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / (self.found + self.there) if self.found + self.there else 1.0


def page_gold(page: Path) -> Marks:
    """The marks of a page, which stand line by line beside it."""
    furniture: list[bool] = []
    ends: set[int] = set()
    for row in map(json.loads, page.with_suffix(".gold.jsonl").read_text("utf-8").splitlines()):
        if row.get("joins_previous"):
            ends.discard(len(furniture))
        for sentence in row["sentences"]:
            furniture += [row["kind"] == "boilerplate"] * len(visible(sentence))
            if row["kind"] != "boilerplate":
                ends.add(len(furniture))
    return Marks(furniture, ends)


def original_gold(file: Path) -> Marks:
    """The marks of an original source: offsets into its text, which is not in this repository."""
    marks, raw = json.loads(ORIGINALS.read_text("utf-8"))[file.name], file.read_text("utf-8")
    return _marks(raw, marks["boilerplate"], marks["sentence_ends"])


def rough_pages() -> Iterator[tuple[str, str, Marks]]:
    """Pages without blank lines, each element on a line of its own, marked B (boilerplate) or C (content); no sentences."""
    for page in ROUGH.read_text("utf-8").split("=== ")[1:]:
        name, *rows = page.rstrip("\n").split("\n")
        furniture = [row[0] == "B" for row in rows for _ in visible(row[2:])]
        yield name, "\n".join(row[2:] for row in rows), Marks(furniture, set())


def found(raw: str, splitter: Splitter = split) -> Marks:
    """The marks as the pipeline sets them."""
    config = load_config(stages=["normalize"])
    source = Source(path="page.txt", format="txt", encoding="utf-8", sha256="0" * 64)
    document = Document(Record(id="page", source=source, raw=raw))
    Normalize(config.normalize, config).process([document])
    boilerplate, ends = [], []
    for block in layer(document.record.blocks):
        if block.kind == "boilerplate":
            boilerplate.append((block.raw_start, block.raw_end))
        else:
            pieces = splitter(document.text[block.start : block.end])
            raw_ends = [document.offsets.to_raw(block.start + a, block.start + b)[1] for a, b in pieces]
            ends += [_past_stray_stop(raw, end) for end in raw_ends]
    return _marks(raw, boilerplate, ends)


def _past_stray_stop(raw: str, end: int) -> int:
    """``normalize`` takes an ASCII stop after a Japanese one away; the marks count it to the sentence."""
    return end + 1 if raw[end - 1 : end + 1] == "。." else end


def _marks(raw: str, boilerplate: Iterable[tuple[int, int]], ends: Iterable[int]) -> Marks:
    inside = [False] * len(raw)
    for start, end in boilerplate:
        inside[start:end] = [True] * (end - start)
    seen = [0, *accumulate(not c.isspace() for c in raw)]
    return Marks([is_in for is_in, c in zip(inside, raw, strict=True) if not c.isspace()], {seen[e] for e in ends})


def compare(true: Marks, marks: Marks) -> tuple[Counts, Counts]:
    """Counts of boilerplate characters and of sentence ends."""
    both = sum(a and b for a, b in zip(true.furniture, marks.furniture, strict=True))
    # Ends are compared where both see content, so that one error is not counted twice.
    there = {e for e in true.ends if not marks.furniture[e - 1]}
    ends = {e for e in marks.ends if not true.furniture[e - 1]}
    return Counts(both, sum(marks.furniture), sum(true.furniture)), Counts(len(ends & there), len(ends), len(there))


def visible(text: str) -> str:
    """The characters that are not white space."""
    return "".join(text.split())


def splitters() -> dict[str, Splitter]:
    """The candidates: the project's rules, GiNZA's parser, bunkai (its rules, no model)."""
    import spacy

    # bunkai's optional line-break model does not import with current transformers; its rules do without.
    sys.modules["transformers"] = None  # type: ignore[assignment]
    from bunkai import Bunkai

    nlp, bunkai = spacy.load("ja_ginza"), Bunkai()

    def pieces(parts: Iterable[str]) -> list[tuple[int, int]]:
        spans, position = [], 0
        for part in parts:
            spans.append((position, position + len(part)))
            position += len(part)
        return spans

    return {
        "rules": split,
        "ja_ginza": lambda text: [(s.start_char, s.end_char) for s in nlp(text.replace("\n", " ")).sents],
        "bunkai": lambda text: pieces(bunkai(text.replace("\n", " "))),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--originals", type=Path, help="folder with the original sources, instead of pages")
    parser.add_argument("--rough", action="store_true", help="the rough pages, boilerplate alone")
    parser.add_argument("--errors", action="store_true", help="show what was missed")
    parser.add_argument("--splitters", action="store_true", help="compare sentence splitters")
    options = parser.parse_args()
    candidates = splitters() if options.splitters else {"rules": split}
    boilerplate, sentences = Counts(), dict.fromkeys(candidates, Counts())
    folder, gold = (options.originals, original_gold) if options.originals else (PAGES, page_gold)
    files = options.pages or sorted(folder.glob("*.txt"))
    pages = rough_pages() if options.rough else ((page.stem, page.read_text("utf-8"), gold(page)) for page in files)
    for page, raw, true in pages:
        for name, splitter in candidates.items():
            marks = found(raw, splitter)
            here, ends = compare(true, marks)
            sentences[name] += ends
            if name == "rules":
                boilerplate += here
                print(f"{page:20} boilerplate {here.f1:.3f}" + ("" if options.rough else f"  sentences {ends.f1:.3f}"))
                if options.errors:
                    marks = Marks(marks.furniture, set()) if options.rough else marks
                    show_errors(visible(raw), true, marks)
    print(f"{'all':20} boilerplate {boilerplate.f1:.4f}")
    for name, count in sentences.items() if not options.rough else []:
        print(f"{'':20} sentence ends, {name}: {count.f1:.4f}")


def show_errors(text: str, true: Marks, marks: Marks) -> None:
    """Print stretches of wrong kind and wrong sentence ends in context."""
    start = 0
    while start < len(text):
        end = start
        is_furniture = true.furniture[start]
        while end < len(text) and marks.furniture[end] != true.furniture[end] == is_furniture:
            end += 1
        if end > start:
            print(f"    {'missed furniture' if is_furniture else 'lost content'}: {text[start:end][:70]}")
        start = max(end, start + 1)
    for position in sorted(true.ends ^ marks.ends):
        if not (true.furniture[position - 1] or marks.furniture[position - 1]):
            kind = "extra" if position in marks.ends else "missed"
            print(f"    {kind} end: {text[max(0, position - 15) : position]} | {text[position : position + 10]}")


if __name__ == "__main__":
    main()
