"""What a trained model is: where it came from, how it was trained, what it reached, and how its output is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.errors import ModelError

KIND_HYPE: Final = "hype"
KIND_STANCE: Final = "stance"
KIND_TRANSFORMER: Final = "transformer"
TRANSFORMER: Final = "card.json"  # the name of such a model's card
_DIGITS: Final = 12  # hexadecimal, by which a card knows a sentence


class Card(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The card of one model, ``NAME.json`` beside its weights.

    Attributes:
        kind: hype, stance or transformer.
        recipe: how it was trained.
        data: what it was trained on: documents, units and the digest of each part of the split.
        figures: what it reaches on the held-out part, name to value.
        temperatures: of each head; logits are divided by it, so that probabilities mean what they say (Guo et al.
            2017), fitted on the held-out part.
        seen: the first 12 hexadecimal digits of the SHA-256 of each sentence that it was trained on, to warn whoever
            evaluates it on them.
    """

    kind: str
    recipe: dict[str, Any]
    data: dict[str, Any]
    figures: dict[str, float]
    temperatures: dict[str, float] = {}
    seen: list[str] = []

    def notes(self, sentences: Iterable[str]) -> list[str]:
        """What a reader of figures taken on these sentences must know: that the model was trained on some of them."""
        distinct = {fingerprint(sentence) for sentence in sentences}
        known = len(distinct & set(self.seen))
        return [f"was trained on {known} of these {len(distinct)} sentences."] if known else []


def fingerprint(sentence: str) -> str:
    """What a card keeps of a sentence that was trained on."""
    return hashlib.sha256(sentence.encode()).hexdigest()[:_DIGITS]


def write_card(card: Card, path: Path) -> None:
    """Write a card as JSON that people can read."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(card)) + b"\n")


def read_card(path: Path, kind: str) -> Card:
    """Read a card. Raises ModelError if it is not one of that kind."""
    remedy = "Name a folder that `kyojitsu train` wrote, or bundled."
    try:
        card = msgspec.json.decode(path.read_bytes(), type=Card)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f"{path}: not the card of a model: {error}", remedy=remedy) from error
    if card.kind != kind:
        raise ModelError(f"{path}: a model of {card.kind}, not of {kind}.", remedy=remedy)
    return card


def transformer_card(folder: Path) -> Card | None:
    """The card of a transformer that ``kyojitsu train`` wrote; None for a model from elsewhere."""
    try:
        return read_card(folder / TRANSFORMER, KIND_TRANSFORMER)
    except ModelError:
        return None


def folder_of(name: str) -> Path:
    """The folder of a model named in the configuration: ``bundled``, or a path.

    Raises:
        ModelError: there is no such folder.
    """
    folder = Path(__file__).parent / "bundled" if name == "bundled" else Path(name)
    if not folder.is_dir():
        raise ModelError(
            f"{name!r} is named as a model, but {folder} is not a folder.",
            remedy="Name bundled, or a folder that `kyojitsu train` wrote.",
        )
    return folder
