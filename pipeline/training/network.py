"""The network: the shared encoder, heads over its tokens and its mean for rhetoric and claims, one for stance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from pipeline.models.stance_model import LABELS
from pipeline.record import TECHNIQUES

if TYPE_CHECKING:
    from transformers import BertModel

LEVELS = 4
Span = tuple[int, int, int]  # (row of the batch, first token, end token)
TOKEN_HEADS = {"rhetoric": 3, "claim": 3}
SPAN_HEADS = {"technique": len(TECHNIQUES), "quoted": 2}
SENTENCE_HEADS = {"level": LEVELS, "has_rhetoric": 2, "checkable": 2, "forecast": 2, "doom": 2}


class Network(nn.Module):
    """``sentence`` and ``stance`` give logits; both take token ids and an attention mask, [batch, tokens]."""

    def __init__(self, encoder: BertModel) -> None:
        """Put fresh heads on an encoder."""
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden_size
        self.dropout = nn.Dropout(0.1)
        self.token_heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in TOKEN_HEADS.items()})
        self.sentence_heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in SENTENCE_HEADS.items()})
        # A span is judged by the mean of its states beside that of its sentence.
        self.span_heads = nn.ModuleDict({name: nn.Linear(2 * width, size) for name, size in SPAN_HEADS.items()})
        self.stance_head = nn.Linear(2 * width, len(LABELS))

    def sentence(self, ids: Tensor, mask: Tensor, spans: Sequence[Span]) -> dict[str, Tensor]:
        """Logits of every head: [batch, tokens, labels] for tokens, [batch, labels] for sentences, [spans, labels]."""
        states = self.dropout(self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state)
        mean = pooled(states, mask)
        return (
            {name: head(states) for name, head in self.token_heads.items()}
            | {name: head(mean) for name, head in self.sentence_heads.items()}
            | self._spans(states, mean, spans)
        )

    def _spans(self, states: Tensor, mean: Tensor, spans: Sequence[Span]) -> dict[str, Tensor]:
        if not spans:
            return {}
        of_spans = torch.stack([torch.cat((states[row, a:b].mean(0), mean[row])) for row, a, b in spans])
        return {name: head(of_spans) for name, head in self.span_heads.items()}

    def stance(self, ids: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        """Logits of favor, against and neutral, [batch, 3]; ``target`` masks the target's tokens, [batch, tokens].

        The head reads the mean state of all tokens beside that of the target's. In use the first is taken over every
        so many-th token (``pipeline.models.encoder.STRIDE``).
        """
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        means = torch.cat((pooled(states, mask), pooled(states, target)), dim=-1)
        logits: Tensor = self.stance_head(self.dropout(means))
        return logits


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    """The mean of the states that the mask keeps, [batch, width]."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1.0)
