"""Fit the network on sentences and on (target, sentence) pairs together.

The recipe is that of ``docs/models.md``: warm-up over a tenth of the steps and linear decay, square-root inverse class
weights, embeddings frozen; the rest is in :class:`Recipe`.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.models.stance_model import LABELS
from pipeline.training.examples import IGNORED, SentenceExample, StanceExample
from pipeline.training.network import SENTENCE_HEADS, SPAN_HEADS, TOKEN_HEADS, Network

T = TypeVar("T")
Examples = Sequence[SentenceExample] | Sequence[StanceExample]
Report = Callable[[int, int, float], None]
SURE: Final = 20.0  # logits; at the highest temperature, 8, still a probability of .92


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. ``layers`` of the base encoder's are kept, ``frozen`` of these, the lowest, stay as they are.

    The embeddings are never trained. ``precision`` is that of the products: bfloat16 is for processors with
    AMX or AVX-512 BF16 (twice as fast as float32 on an EPYC); on one without, float32 was 1.6 times as fast.
    """

    epochs: int = 5
    batch: int = 16
    rate: float = 1e-4
    head_rate: float = 1e-3
    warm_up: float = 0.1
    layers: int = 8
    frozen: int = 0
    seed: int = 0
    precision: Literal["float32", "bfloat16"] = "float32"
    weights: tuple[tuple[str, float], ...] = (
        ("rhetoric", 1.0), ("technique", 1.0), ("quoted", 0.25), ("claim", 0.5),
        ("level", 0.5), ("has_rhetoric", 1.0), ("checkable", 1.0), ("forecast", 0.5), ("doom", 0.25),
    )  # fmt: skip


def fit(
    network: Network,
    sentences: Sequence[SentenceExample],
    pairs: Sequence[StanceExample],
    recipe: Recipe,
    report: Report | None = None,
) -> None:
    """Train in place; the same examples, recipe and number of threads give the same weights."""
    torch.manual_seed(recipe.seed)
    _freeze(network, recipe.frozen)
    loss_of = _Losses(sentences, pairs, recipe)
    batches = _batches(sentences, pairs, recipe)
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    heads = [p for name, p in network.named_parameters() if not name.startswith("encoder.")]
    optimizer = torch.optim.AdamW([{"params": encoder, "lr": recipe.rate}, {"params": heads, "lr": recipe.head_rate}])
    warm = max(1, int(recipe.warm_up * len(batches)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (len(batches) - step) / max(1, len(batches) - warm))
    )
    network.train()
    for step, batch in enumerate(batches):
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            loss = loss_of(network, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(encoder + heads, 1.0)
        optimizer.step()
        schedule.step()
        if report is not None:
            report(step + 1, len(batches), loss.item())
    _silence(network, recipe)
    network.eval()


def padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
    """Rows of different length as one tensor [rows, longest]."""
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *([fill] * (longest - len(row)))] for row in rows])


def inputs(ids: Sequence[Sequence[int]], pad: int = 1) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask of a batch; 1 is XLM-R's padding token."""
    return padded(ids, pad), padded([[1] * len(row) for row in ids], 0)


def _freeze(network: Network, layers: int) -> None:
    frozen = [network.encoder.embeddings, *network.encoder.encoder.layer[:layers]]
    for module in frozen:
        for parameter in module.parameters():
            parameter.requires_grad = False


def _silence(network: Network, recipe: Recipe) -> None:
    """Heads that were not trained say no, whatever they read; as they were made they would answer at random."""
    trained = {name for name, weight in recipe.weights if weight}
    with torch.no_grad():
        for heads in (network.token_heads, network.sentence_heads, network.span_heads):
            for name, head in heads.items():
                if name not in trained and isinstance(head, nn.Linear):
                    nn.init.zeros_(head.weight)
                    nn.init.zeros_(head.bias)[0] = SURE


def _batches(sentences: Sequence[SentenceExample], pairs: Sequence[StanceExample], recipe: Recipe) -> list[Examples]:
    """Every epoch's batches, sentences and pairs mixed. Similar lengths share a batch, which saves padding."""
    shuffler = random.Random(recipe.seed)  # noqa: S311
    batches: list[Examples] = []
    for _ in range(recipe.epochs):
        epoch: list[Examples] = [*_similar(sentences, recipe.batch, shuffler)]
        epoch += _similar(pairs, recipe.batch, shuffler)
        shuffler.shuffle(epoch)
        batches += epoch
    return batches


def _similar(examples: Sequence[T], size: int, shuffler: random.Random) -> Iterator[list[T]]:
    drawn = list(examples)
    shuffler.shuffle(drawn)
    pool = 16 * size
    for begin in range(0, len(drawn), pool):
        chunk = sorted(drawn[begin : begin + pool], key=lambda e: len(e.ids))  # type: ignore[attr-defined]
        yield from (chunk[i : i + size] for i in range(0, len(chunk), size))


class _Losses:
    """Weighted cross-entropy of every head; rare classes count by the square root of how rare they are."""

    def __init__(self, sentences: Sequence[SentenceExample], pairs: Sequence[StanceExample], recipe: Recipe) -> None:
        self._of_head = dict(recipe.weights)
        self._classes: dict[str, Tensor] = {}
        for name, size in TOKEN_HEADS.items():
            self._classes[name] = class_weights((x for s in sentences for x in getattr(s, name)), size)
        for name, size in SENTENCE_HEADS.items():
            self._classes[name] = class_weights((getattr(s, name) for s in sentences), size)
        for name, size in SPAN_HEADS.items():
            self._classes[name] = torch.ones(size)
        self._stance = class_weights((pair.label for pair in pairs), len(LABELS))

    def __call__(self, network: Network, batch: Examples) -> Tensor:
        ids, mask = inputs([example.ids for example in batch])
        pairs = [example for example in batch if isinstance(example, StanceExample)]
        if pairs:
            wanted = torch.tensor([pair.label for pair in pairs])
            target = padded([[int(i in pair.target) for i in range(len(pair.ids))] for pair in pairs], 0)
            return functional.cross_entropy(network.stance(ids, mask, target).float(), wanted, self._stance)
        sentences = [example for example in batch if isinstance(example, SentenceExample)]
        spans = [(row, *span) for row, sentence in enumerate(sentences) for span in sentence.spans]
        labels = {name: padded([getattr(e, name) for e in sentences], IGNORED) for name in TOKEN_HEADS}
        labels |= {name: torch.tensor([getattr(e, name) for e in sentences]) for name in SENTENCE_HEADS}
        labels |= {name: torch.tensor([span[3 + i] for span in spans]) for i, name in enumerate(SPAN_HEADS)}
        logits = network.sentence(ids, mask, [span[:3] for span in spans])
        losses = [
            weight * self._loss(name, logits[name], labels[name])
            for name, weight in self._of_head.items()
            if name in logits
        ]
        return torch.stack(losses).sum()

    def _loss(self, name: str, logits: Tensor, labels: Tensor) -> Tensor:
        if (labels == IGNORED).all():
            return logits.sum() * 0.0
        return functional.cross_entropy(
            logits.float().flatten(0, -2), labels.flatten(), self._classes[name], ignore_index=IGNORED
        )


def class_weights(labels: Iterator[int], size: int) -> Tensor:
    """Square-root inverse of how often each class occurs (never counts as once), 1 on average."""
    counts = Counter(label for label in labels if label != IGNORED)
    weights = [1 / math.sqrt(max(1, counts[label])) for label in range(size)]
    total = sum(weights)
    return torch.tensor([weight * size / total for weight in weights])
