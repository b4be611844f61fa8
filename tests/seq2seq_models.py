"""Marian and NLLB models made on the spot: random weights, or trained until they know a handful of sentences."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sentencepiece
import torch
import transformers

# (source, target) pairs that a small model can learn by heart in seconds.
PAIRS = [
    ("港に船が並ぶ。", "Ships line the port."),
    ("店は十時に開く。", "The shop opens at ten."),
    ("彼は来なかった。", "He did not come."),
    ("橋の工事が遅れている。", "Work on the bridge is late."),
    ("電車が止まった。", "The train stopped."),
    ("父は毎朝、畑を見に行く。", "Father looks at the field every morning."),
    ("市長は案を示した。", "The mayor showed a plan."),
    ("雪が降り始めた。", "It began to snow."),
    ("計画は誰も知らない。", "Nobody knows the plan."),
    ("海が見える部屋を借りた。", "We took a room with a view of the sea."),
    ("値段は三倍になった。", "The price tripled."),
    ("祭りは来週だ。", "The festival is next week."),
]
STEPS = 200


def make_marian(
    folder: Path, texts: Sequence[str], *, pieces: int, vocabulary: int | None = None, **shape: Any
) -> transformers.MarianMTModel:
    """A Marian model with random weights, saved with its tokenizer.

    Args:
        folder: where it goes.
        texts: what the tokenizer learns its pieces from.
        pieces: at most so many of them.
        vocabulary: tokens in all; those beyond the pieces stand for nothing.
        shape: of the network, for ``MarianConfig``.
    """
    folder.mkdir(parents=True)
    for side in ("source", "target"):
        with (folder / f"{side}.spm").open("wb") as file:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(texts), model_writer=file, vocab_size=pieces, hard_vocab_limit=False,
                character_coverage=1.0, minloglevel=2,
            )  # fmt: skip
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    known = [model.id_to_piece(i) for i in range(model.get_piece_size())]
    tokens = ["</s>", "<unk>", *(piece for piece in known if piece not in ("<unk>", "<s>", "</s>"))]
    tokens += [f"▁unused{i}" for i in range((vocabulary or 0) - len(tokens) - 1)]
    tokens.append("<pad>")
    numbers = json.dumps({token: i for i, token in enumerate(tokens)}, ensure_ascii=False)
    (folder / "vocab.json").write_text(numbers, encoding="utf-8")
    settings = {"tokenizer_class": "MarianTokenizer", "source_lang": "ja", "target_lang": "en", "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    torch.manual_seed(7)
    end, pad = 0, len(tokens) - 1
    config = transformers.MarianConfig(
        vocab_size=len(tokens), decoder_vocab_size=len(tokens), eos_token_id=end, forced_eos_token_id=end,
        pad_token_id=pad, decoder_start_token_id=pad, max_position_embeddings=512, activation_function="swish",
        scale_embedding=True, dropout=0.0, **shape,
    )  # fmt: skip
    marian = transformers.MarianMTModel(config).eval()
    marian.save_pretrained(folder)
    return marian


def shape(layers: int, width: int, feed_forward: int, heads: int) -> dict[str, int]:
    """The settings of a network with as many layers on either side."""
    sides = {"layers": layers, "attention_heads": heads, "ffn_dim": feed_forward}
    return {"d_model": width} | {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in sides.items()}


SMALL = shape(layers=2, width=64, feed_forward=128, heads=4)


def make_trained_marian(folder: Path, steps: int = STEPS) -> None:
    """A small Marian that knows :data:`PAIRS`."""
    model = make_marian(folder, [text for pair in PAIRS for text in pair], pieces=220, init_std=0.05, **SMALL)
    with warnings.catch_warnings():  # it recommends a package that is not used for translation
        warnings.simplefilter("ignore")
        tokenizer = transformers.MarianTokenizer.from_pretrained(folder)
    sources = [tokenizer(ja).input_ids for ja, _ in PAIRS]
    targets = [tokenizer(text_target=en).input_ids for _, en in PAIRS]
    learn(model, tokenizer, sources, targets, steps)
    model.save_pretrained(folder)


def make_trained_nllb(folder: Path, steps: int = STEPS) -> None:
    """A small model of NLLB's kind that knows :data:`PAIRS`, and the code of a language it was never shown."""
    letters = sorted({letter for pair in PAIRS for text in pair for letter in text if letter != " "})
    vocabulary = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "▁", *letters])}
    tokenizer = transformers.NllbTokenizer(
        vocab=vocabulary, merges=[], extra_special_tokens=["deu_Latn", "eng_Latn", "jpn_Jpan"], src_lang="jpn_Jpan"
    )
    sources = [tokenizer(ja).input_ids for ja, _ in PAIRS]
    tokenizer.src_lang = "eng_Latn"
    targets = [tokenizer(en).input_ids for _, en in PAIRS]
    tokenizer.src_lang = "deu_Latn"  # so that the engine has to set the language itself
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    config = transformers.M2M100Config(
        vocab_size=len(tokenizer), pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2,
        dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, encoder_layerdrop=0.0, decoder_layerdrop=0.0,
        scale_embedding=True, init_std=0.05, max_position_embeddings=256, **SMALL,
    )  # fmt: skip
    model = transformers.M2M100ForConditionalGeneration(config)
    learn(model, tokenizer, sources, targets, steps)
    model.save_pretrained(folder)


def learn(model: Any, tokenizer: Any, sources: list[list[int]], targets: list[list[int]], steps: int) -> None:
    """Fit the pairs, on one thread: more get in each other's way with matrices so small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    ids = tokenizer.pad({"input_ids": sources}, return_tensors="pt")
    labels = tokenizer.pad({"input_ids": targets}, return_tensors="pt").input_ids
    labels[labels == tokenizer.pad_token_id] = -100
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=steps)
    model.train()
    for _ in range(steps):
        loss = model(input_ids=ids.input_ids, attention_mask=ids.attention_mask, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay.step()
    torch.set_num_threads(threads)
    model.eval()
