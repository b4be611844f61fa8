"""Why a sentence got its hype level and its rhetoric spans: the model's probabilities, the cues, and the words.

How much a word carries is measured by occlusion (Zeiler and Fergus 2014; for words Li et al. 2016): the sentence is
judged again without it, and what the probability loses is the word's weight. Weights say what the model leans on, not
what is rhetoric, and need not add up: two words that say the same each have little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from msgspec import UNSET
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from pipeline.annotator import Annotator
from pipeline.config import Config
from pipeline.models.card import KIND_HYPE, folder_of, read_card
from pipeline.models.encoder import Encoded, Encoder, check_files
from pipeline.models.hype_model import STACK, Judged, decide, load_heads
from pipeline.record import Model, Rhetoric, Sentence, layer
from pipeline.show import COLOURS
from pipeline.stages.hype import CUES
from pipeline.text.decoding import softmax

SHOWN: Final = 6  # words of a sentence
LEAST: Final = 0.01  # weight of a word that is shown
SHADES: Final = " ░▒▓█"  # from 0 to 1, a fifth each
_STAGES: Final = ("normalize", "tokenize", "ner", "hype")
_UNSPOKEN: Final = frozenset({"PUNCT", "SPACE"})  # tokens that are no words


class Word(Model, kw_only=True):
    """A word and its weight: what the probability of the level loses without it (-1 to 1).

    ``start`` and ``end`` are code points of the sentence, end exclusive.
    """

    start: int
    end: int
    text: str
    weight: float


class Probabilities(Model, kw_only=True):
    """What the model says of a sentence; ``at_least`` is of level 1, 2 and 3 or more.

    ``characters`` has for each code point of the sentence the probability that its token is part of rhetoric, 0 for
    white space.
    """

    rhetoric: float
    at_least: tuple[float, float, float]
    doom: float
    checkable: float
    forecast: float
    characters: list[float]


class Explained(Model, kw_only=True):
    """A sentence with the reasons of its labels.

    Attributes:
        sentence: as a run would write it.
        model: what the model says; None where cues judge alone, or the sentence is not analysed.
        words: weights for the probability of the sentence's level (of level 1 where it has none), in order.
    """

    sentence: Sentence
    model: Probabilities | None = None
    words: list[Word] = msgspec.field(default_factory=list)


def explain(text: str, config: Config) -> list[Explained]:
    """Explain each sentence of a text.

    Args:
        text: Japanese text.
        config: its stages are replaced by those that judge sentences.

    Raises:
        StageError: a stage failed.
        ModelError: the model that the configuration names is missing.
    """
    config = type(config).model_validate({**config.model_dump(), "stages": list(_STAGES)})
    record = Annotator(config).annotate(text)
    judge = None if config.hype.model == CUES else _Judge(folder_of(config.hype.model), config.hype.dial)
    return [
        judge.explain(sentence) if judge and sentence.hype is not UNSET else Explained(sentence=sentence)
        for sentence in layer(record.sentences)
    ]


class _Judge:
    """The model of the hype stage with what it thinks of each token."""

    def __init__(self, folder: Path, dial: float) -> None:
        """Load the parts of :class:`pipeline.models.hype_model.HypeModel`."""
        self._card = read_card(folder / f"{STACK}.json", KIND_HYPE)
        check_files(folder, [f"{STACK}.npz"])
        self._heads = load_heads(folder / f"{STACK}.npz")
        self._encoder = Encoder(folder, STACK)
        self._dial = dial

    def explain(self, sentence: Sentence) -> Explained:
        """Judge a sentence, and each of the sentences that lack one of its words."""
        places = [
            (token.start - sentence.start, token.end - sentence.start)
            for token in layer(sentence.tokens)
            if token.pos not in _UNSPOKEN
        ]
        without = [sentence.text[:start] + sentence.text[end:] for start, end in places]
        whole, *occluded = self._encoder.encode([sentence.text, *without])
        judged = self._decide(sentence.text, whole)
        level = max(1, layer(sentence.hype).level)
        return Explained(
            sentence=sentence,
            model=_probabilities(judged, self._characters(whole, len(sentence.text))),
            words=[
                Word(start=start, end=end, text=sentence.text[start:end], weight=round(weight, 4))
                for (start, end), text, encoded in zip(places, without, occluded, strict=True)
                for weight in [judged.at_least[level - 1] - self._decide(text, encoded).at_least[level - 1]]
            ],
        )

    def _decide(self, text: str, encoded: Encoded) -> Judged:
        return decide(text, encoded, self._heads, self._card.temperatures, self._dial)

    def _characters(self, encoded: Encoded, length: int) -> list[float]:
        weight, bias = self._heads["rhetoric"]
        logits = (encoded.states @ weight.T + bias) / self._card.temperatures.get("rhetoric", 1.0)
        tokens = 1 - softmax(logits + np.array([0.0, self._dial, self._dial]))[:, 0]
        found = [0.0] * length
        for (start, end), probability in zip(encoded.offsets, tokens, strict=True):
            found[start:end] = [round(float(probability), 4)] * int(end - start)
        return found


def show(explained: Sequence[Explained], console: Console) -> None:
    """Print each sentence over a line that is darker where the model sees rhetoric, and its reasons."""
    for each in explained:
        for line in _lines(each, console.width):
            console.print(line, soft_wrap=True)
        console.print()


# Text is data: it must not move the cursor or title the window. What is printed is as long as what is not.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _plain(text: str) -> str:
    return _CONTROL.sub("\ufffd", text.replace("\n", " "))


class _Row(NamedTuple):
    start: int
    end: int


def _lines(each: Explained, width: int) -> Iterator[Text]:
    sentence = each.sentence
    text = Text(_plain(sentence.text))
    for span in sentence.rhetoric or []:
        text.stylize(COLOURS[span.technique], span.start - sentence.start, span.end - sentence.start)
    for row in _rows(text.plain, width):
        yield text[row.start : row.end]
        if each.model and (shades := _shades(text.plain, each.model.characters, row).rstrip()):
            yield Text(shades, style="dim")
    if sentence.hype is UNSET:
        yield Text("  not analysed: part of the layout, or not Japanese", style="dim")
        return
    yield _verdict(each)
    if words := _heaviest(each.words):
        yield Text("  carried by  ").append(words)
    for span in sentence.rhetoric or []:
        yield from _of_span(span, each)


def _rows(text: str, width: int) -> Iterator[_Row]:
    """Parts of a text that fill a line of the terminal (a kanji takes two columns of it)."""
    start = used = 0
    for i, character in enumerate(text):
        size = cell_len(character)
        if used + size > width and i > start:
            yield _Row(start, i)
            start, used = i, 0
        used += size
    yield _Row(start, len(text))


def _shades(text: str, probabilities: Sequence[float], row: _Row) -> str:
    pairs = zip(text[row.start : row.end], probabilities[row.start : row.end], strict=True)
    return "".join(_shade(probability) * cell_len(character) for character, probability in pairs)


def _shade(probability: float) -> str:
    return SHADES[min(int(probability * len(SHADES)), len(SHADES) - 1)]


def _verdict(each: Explained) -> Text:
    hype = layer(each.sentence.hype)
    line = Text(f"  hype {hype.level}")
    if hype.level:
        line.append(f" ({hype.direction})")
    if not each.model:
        return line.append(f"  score {hype.score:.2f}, by cues alone", style="dim")
    numbers: Mapping[str, float] = {
        "rhetoric": each.model.rhetoric,
        **{f"level ≥ {k}": p for k, p in enumerate(each.model.at_least, 1)},
        "checkable": each.model.checkable,
        "forecast": each.model.forecast,
    }
    return line.append("  " + " · ".join(f"{name} {value:.2f}" for name, value in numbers.items()), style="dim")


def _of_span(span: Rhetoric, each: Explained) -> Iterator[Text]:
    line = Text("  ").append(_plain(span.text), style=COLOURS[span.technique])
    line.append(f"  {span.technique}{' (quoted)' if span.quoted else ''} {span.score:.2f}", style="dim")
    yield line
    for why in span.why:
        yield Text(f"    {_plain(why)}", style="dim")
    start, end = span.start - each.sentence.start, span.end - each.sentence.start
    if words := _heaviest([word for word in each.words if start < word.end and word.start < end]):
        yield Text("    carried by  ", style="dim").append(words)


def _heaviest(words: Sequence[Word]) -> str:
    kept = sorted((word for word in words if abs(word.weight) >= LEAST), key=lambda word: -abs(word.weight))[:SHOWN]
    return "  ".join(f"{_plain(word.text)} {word.weight:+.2f}" for word in kept)


def _probabilities(judged: Judged, characters: list[float]) -> Probabilities:
    one, two, three = (round(p, 4) for p in judged.at_least)
    return Probabilities(
        rhetoric=round(judged.rhetoric, 4),
        at_least=(one, two, three),
        doom=round(judged.doom, 4),
        checkable=round(judged.checkable, 4),
        forecast=round(judged.forecast, 4),
        characters=characters,
    )
