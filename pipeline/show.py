"""A record in the terminal: rhetoric coloured by technique, claims underlined, Japanese over English."""

from __future__ import annotations

import re

from msgspec import UNSET
from rich.console import Console
from rich.text import Text

from pipeline.record import Record, Sentence, Technique

COLOURS: dict[Technique, str] = {
    "slogan": "bold magenta",
    "labeling": "bold red",
    "fear": "red",
    "rhetorical_question": "bright_cyan",
    "appeal": "cyan",
    "absolutism": "bright_yellow",
    "exaggeration": "yellow",
    "metaphor": "bright_magenta",
    "loaded": "bright_red",
}


def show(record: Record, console: Console) -> None:
    """Print a record's sentences with their layers, then the techniques that occur."""
    seen: set[Technique] = set()
    for sentence in record.sentences or []:
        console.print(_japanese(sentence))
        if sentence.tokens is UNSET:
            why = "part of the layout" if sentence.lang == "ja" else "not Japanese"
            console.print(Text(f"  {why}: not analysed", style="dim"))
        if sentence.translation:
            console.print(Text(f"  {sentence.translation.text}", style="italic"))
        if facts := _facts(sentence):
            console.print(Text(f"  {facts}", style="dim"))
        for span in sentence.rhetoric or []:
            seen.add(span.technique)
            line = Text("  ")
            line.append(span.text, style=COLOURS[span.technique])
            line.append(f"  {span.technique}{' (quoted)' if span.quoted else ''} {span.score:.2f}", style="dim")
            if span.en:
                line.append(f"  “{span.en}”", style="italic dim")
            console.print(line)
        for warning in sentence.translation.warnings if sentence.translation else []:
            console.print(Text(f"  ! {warning}", style="yellow"))
        console.print()
    if not any(s.rhetoric or s.claims for s in record.sentences or []):
        return
    legend = Text("claim", style="underline")
    for technique in COLOURS:
        if technique in seen:
            legend.append("  ").append(technique, style=COLOURS[technique])
    console.print(legend)


# Text is data: it must not move the cursor or title the window.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def _japanese(sentence: Sentence) -> Text:
    text = Text(_CONTROL.sub("\ufffd", sentence.text))
    for claim in sentence.claims or []:
        text.stylize("underline", claim.start - sentence.start, claim.end - sentence.start)
    for span in sentence.rhetoric or []:
        text.stylize(COLOURS[span.technique], span.start - sentence.start, span.end - sentence.start)
    return text


def _facts(sentence: Sentence) -> str:
    """One line: content, level and the stances that are not neutral."""
    parts: list[str] = []
    if sentence.content:
        parts.append(str(sentence.content))
    if sentence.hype and sentence.hype.level:
        parts.append(f"hype {sentence.hype.level} ({sentence.hype.direction})")
    parts += [f"{s.label} {s.target}" for s in sentence.stances or [] if s.label != "neutral"]
    parts += [f"{q.text} = {q.en}" for q in sentence.quantities or []]
    return " · ".join(parts)
