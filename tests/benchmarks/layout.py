"""How well boilerplate and sentence ends are found, against pages marked by hand.

    python tests/benchmarks/layout.py [--errors] [--splitters] [PAGE.txt ...]

Boilerplate: F1 over the characters that are not white space, boilerplate being the positive class. Sentences: F1 of
sentence ends, as positions among the visible characters of content lines; a line's end that joins the next is none.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.text.blocks import find_blocks
from pipeline.text.edits import apply
from pipeline.text.repairs import repair
from pipeline.text.sentences import split
from pipeline.text.width import fold

PAGES = Path(__file__).parent.parent / "data" / "layout"
Splitter = Callable[[str], list[tuple[int, int]]]


def gold(page: Path) -> tuple[list[bool], set[int]]:
    """Of each visible character whether it is boilerplate; and the sentence ends among the visible characters."""
    furniture: list[bool] = []
    ends: set[int] = set()
    for row in map(json.loads, page.with_suffix(".gold.jsonl").read_text("utf-8").splitlines()):
        if row.get("joins_previous"):
            ends.discard(len(furniture))
        for sentence in row["sentences"]:
            furniture += [row["kind"] == "boilerplate"] * len(visible(sentence))
            if row["kind"] != "boilerplate":
                ends.add(len(furniture))
    return furniture, ends


def found(text: str, splitter: Splitter) -> tuple[list[bool], set[int]]:
    """The same, as the pipeline sees the text."""
    furniture: list[bool] = []
    ends: set[int] = set()
    for start, end, kind in find_blocks(text):
        block = text[start:end]
        base = len(furniture)
        furniture += [kind == "boilerplate"] * len(visible(block))
        if kind != "boilerplate":
            ends |= {base + len(visible(block[:b])) for _, b in splitter(block)}
    return furniture, ends


def visible(text: str) -> str:
    """The characters that are not white space."""
    return "".join(text.split())


def f1(true: int, predicted: int, actual: int) -> float:
    """Harmonic mean of precision and recall from counts."""
    return 2 * true / (predicted + actual) if predicted + actual else 1.0


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
    parser.add_argument("--errors", action="store_true", help="show what was missed")
    parser.add_argument("--splitters", action="store_true", help="compare sentence splitters")
    options = parser.parse_args()
    candidates = splitters() if options.splitters else {"rules": split}
    counts = {name: [0, 0, 0] for name in candidates}
    totals = [0, 0, 0]
    for page in options.pages or sorted(PAGES.glob("*.txt")):
        raw = page.read_text("utf-8")
        # Repairs change the number of characters; the marks are on the page as it is.
        keep = frozenset({"doubled_stop", "html_entity", "homophone", "squared_units", "company_form"})
        text = apply(raw, [p for p in fold(raw) if len(visible(p.after)) == len(visible(raw[p.start : p.end]))])[0]
        text = apply(text, repair(text, keep))[0]
        true_furniture, true_ends = gold(page)
        for name, splitter in candidates.items():
            furniture, ends = found(text, splitter)
            # Ends are compared where both see content, so that one error is not counted twice.
            shared = {e for e in true_ends if not furniture[e - 1]}
            ends = {e for e in ends if not true_furniture[e - 1]}
            counts[name] = [
                a + b for a, b in zip(counts[name], (len(ends & shared), len(ends), len(shared)), strict=True)
            ]
        both = sum(a and b for a, b in zip(true_furniture, furniture, strict=True))
        totals = [a + b for a, b in zip(totals, (both, sum(furniture), sum(true_furniture)), strict=True)]
        here = f1(len(ends & shared), len(ends), len(shared))
        print(f"{page.stem:15} boilerplate {f1(both, sum(furniture), sum(true_furniture)):.3f}  sentences {here:.3f}")
        if options.errors:
            show_errors(visible(text), true_furniture, furniture, shared ^ ends, ends)
    print(f"{'all':15} boilerplate {f1(*totals):.4f}")
    for name, count in counts.items():
        print(f"{'':15} sentence ends, {name}: {f1(*count):.4f}")


def show_errors(text: str, true: list[bool], predicted: list[bool], wrong: set[int], ends: set[int]) -> None:
    """Print stretches of wrong kind and wrong sentence ends in context."""
    start = 0
    while start < len(text):
        end = start
        while end < len(text) and true[end] != predicted[end] and true[end] == true[start]:
            end += 1
        if end > start:
            print(
                f"    {'missed furniture' if true[start] else 'lost content'}: {text[start:end][:70]}", file=sys.stderr
            )
        start = max(end, start + 1)
    for position in sorted(wrong):
        kind = "extra" if position in ends else "missed"
        print(
            f"    {kind} end: {text[max(0, position - 15) : position]} | {text[position : position + 10]}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
