"""The sentence encoder: a state of some hundred numbers for each token of a text, on one thread, with ONNX Runtime.

A folder holds one vocabulary with its embeddings (``tokenizer.json``, ``embeddings.npz``), one or more stacks of layers
that read them (``NAME.onnx``), and ``manifest.json`` with the hash of each file. ``pipeline.training.base_encoder``
writes them.

What a text gets depends on that text alone. Activations are quantized token by token, so nothing is shared across a
batch, and only inputs of equally many tokens share one: no padding enters a sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.errors import ModelError
from pipeline.models.fetch import sha256
from pipeline.models.store import File

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER: Final = "tokenizer.json"
EMBEDDINGS: Final = "embeddings.npz"
MANIFEST: Final = "manifest.json"
INPUT: Final = "embeddings"  # of a graph; its outputs are named by layer_name
CHOSEN: Final = "chosen"  # a second input of some graphs: places of the tokens whose states the last layer is to give
# What stands around a marked span in the text that is tokenized. Unicode keeps these two (noncharacters, section 23.7)
# for use inside a program.
MARKS: Final = ("\ufdd0", "\ufdd1")
SPACE: Final = "▁"  # how the tokenizer writes a space
BEGIN, END = 0, 2  # ids of <s> and </s> in the vocabulary of XLM-RoBERTa, which e5 uses

WINDOW: Final = 256  # tokens that are read at once, of the 512 that e5 has positions for
OVERLAP: Final = 64  # text tokens that two windows share: each is read with 32 or more on either side
CONTEXT: Final = 64  # tokens of a context that are read
BATCH: Final = 16  # inputs at once; more were not faster (24 and 60 tokens)
ROOM: Final = 8  # chosen tokens are filled up to a multiple of it, so that more inputs share a batch
# Of so many tokens one stands for all in a mean. With 1 to 12 the encoder of stance is right alike (docs/models.md).
STRIDE: Final = 4

# A block of 32 numbers in 4 bits, as Q4_0 of llama.cpp: number i is scale x (nibble - 8); the low nibbles hold the
# first half.
Q4: Final = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
BLOCK: Final = 32

# Characters that text must not hold: surrogates, which have no UTF-8, and MARKS.
_FOREIGN: Final = re.compile(f"[\ud800-\udfff{''.join(MARKS)}]")

Matrix = NDArray[np.float32]


class Passage(NamedTuple):
    """A text to encode.

    Attributes:
        text: what the states and offsets are of.
        context: is read before the text, and gets no states of its own; such as the name of a target.
        marks: spans of the text (code points, end exclusive; in order, apart) that the encoder is pointed at.
    """

    text: str
    context: str = ""
    marks: tuple[tuple[int, int], ...] = ()


class Encoded(NamedTuple):
    """What the encoder says about a text.

    Attributes:
        states: one row a token of the text.
        offsets: start and end of each token in the text (code points). They never fall, cover every character but
            white space, and are empty for a mark and for a space that is not in the text. Two tokens may share a
            character that stands for several (㍿).
        mean: the mean state of all that was read, context and the tokens of beginning and end included.
    """

    states: Matrix
    offsets: NDArray[np.int32]
    mean: Matrix


class Pointed(NamedTuple):
    """What the encoder says about a passage and the parts of it that it is pointed at.

    Attributes:
        mean: the mean state of every :data:`STRIDE`-th token that was read, counted anew in each window: for that of
            all.
        marked: that of all tokens at the marks; where there are none, of the context; without a context, ``mean``.
    """

    mean: Matrix
    marked: Matrix


class Window(NamedTuple):
    """Tokens that are read at once.

    Attributes:
        ids: ``<s> text </s>`` or ``<s> context </s> text </s>``.
        kept: which of them are tokens of the text whose states count: where windows overlap, each token counts in
            the one that holds more around it.
        context: which are tokens of the context.
    """

    ids: list[int]
    kept: slice
    context: slice


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The files of a folder by name."""

    files: dict[str, File]


class Vocabulary:
    """Turns texts into tokens, and tokens into embeddings."""

    def __init__(self, tokenizer: Tokenizer, words: NDArray[np.void], positions: Matrix) -> None:
        """Take the tokenizer, the embedding of each of its tokens in blocks, and that of each position."""
        self._tokenizer = tokenizer
        self._words = words
        self._positions = positions

    def split(self, passage: Passage) -> tuple[list[Window], NDArray[np.int32]]:
        """The windows of a passage, and the offsets of all tokens of its text."""
        ids, offsets = self._tokenize(passage)
        context = self._tokenizer.encode(_clean(passage.context), add_special_tokens=False).ids[:CONTEXT]
        head = [BEGIN, *context, END] if context else [BEGIN]
        room = WINDOW - len(head) - 1
        windows = []
        for start, kept_start, kept_end in _windows(len(ids), room):
            kept = slice(len(head) + kept_start - start, len(head) + kept_end - start)
            windows.append(Window([*head, *ids[start : start + room], END], kept, slice(1, 1 + len(context))))
        return windows, offsets

    def embed(self, batch: Sequence[Window]) -> Matrix:
        """The embeddings of windows of equally many tokens: ``[window, token, dimension]``."""
        words = dequantize_q4(self._words[np.array([window.ids for window in batch])])
        return words + self._positions[: words.shape[1]]

    def _tokenize(self, passage: Passage) -> tuple[list[int], NDArray[np.int32]]:
        text, marks = _clean(passage.text), sorted(point for span in passage.marks for point in span)
        parts = [text[start:end] for start, end in zip([0, *marks], [*marks, len(text)], strict=True)]
        # MARKS take turns between the parts.
        marked = "".join(part + mark for part, mark in zip(parts, [*MARKS * len(passage.marks), ""], strict=True))
        encoding = self._tokenizer.encode(marked, add_special_tokens=False)
        before = np.cumsum([0, *(character in MARKS for character in marked)])
        spans = [(int(start - before[start]), int(end - before[end])) for start, end in encoding.offsets]
        return encoding.ids, np.array(list(_cover(encoding.tokens, spans, passage.text)), np.int32).reshape(-1, 2)


class Encoder:
    """One stack of layers over a vocabulary."""

    def __init__(self, folder: Path, name: str = "layers", *, threads: int = 1) -> None:
        """Load the stack ``NAME.onnx`` of a folder. Encoders of the same folder share the vocabulary.

        Raises:
            ModelError: a file is missing or is not the one of the manifest, or a package is missing.
        """
        graph = f"{name}.onnx"
        check_files(folder, (TOKENIZER, EMBEDDINGS, graph))
        try:
            from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

            self.vocabulary = _load_vocabulary(folder)
        except ImportError as error:
            raise ModelError(
                f"the encoder needs the package {error.name!r}, which cannot be imported.",
                remedy=f"Install it with: pip install {error.name}",
            ) from error
        options = SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors
        # The further levels fuse addition and LayerNormalization into a kernel that is several times slower.
        options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._session = InferenceSession(folder / graph, options, providers=["CPUExecutionProvider"])
        self._outputs = [output.name for output in self._session.get_outputs()]

    def encode(self, texts: Iterable[str | Passage], layer: int | None = None) -> list[Encoded]:
        """The states of texts after a layer that the stack gives out (default: the last), in the order of the texts.

        Equal texts get equal bytes, whatever else is encoded with them.

        Raises:
            ModelError: the stack is one for :meth:`point`.
        """
        self._read_by(chooses=False)
        output = self._outputs[-1] if layer is None else layer_name(layer)
        passages = [Passage(text) if isinstance(text, str) else text for text in texts]
        split = [self.vocabulary.split(passage) for passage in passages]
        states = iter(self._run([window for windows, _ in split for window in windows], output))
        return [_join(windows, [next(states) for _ in windows], offsets) for windows, offsets in split]

    @property
    def chooses(self) -> bool:
        """Whether the last layer is of chosen tokens only: :meth:`point` reads it so, :meth:`encode` the others."""
        return any(value.name == CHOSEN for value in self._session.get_inputs())

    def point(self, passages: Sequence[Passage]) -> list[Pointed]:
        """The means that :class:`Pointed` holds, in the order of the passages; equal bytes as :meth:`encode` says.

        Raises:
            ModelError: the stack is one for :meth:`encode`.
        """
        self._read_by(chooses=True)
        split = [self.vocabulary.split(passage) for passage in passages]
        pointed = [pointed_at(passage, *parts) for passage, parts in zip(passages, split, strict=True)]
        windows = [window for windows, _ in split for window in windows]
        states = iter(self._choose(windows, [[*sample, *marked] for each in pointed for sample, marked in each]))
        return [_means(each, [next(states) for _ in each]) for each in pointed]

    def _read_by(self, *, chooses: bool) -> None:
        if self.chooses != chooses:
            given = "chosen tokens only" if self.chooses else "all tokens"
            raise ModelError(
                f"a stack whose last layer is of {given} was read as the other kind.",
                remedy="Read stance models with Encoder.point, others with Encoder.encode.",
            )

    def _run(self, windows: Sequence[Window], output: str) -> list[Matrix]:
        states: dict[int, Matrix] = {}
        for batch in _batches([len(window.ids) for window in windows]):
            embeddings = self.vocabulary.embed([windows[i] for i in batch])
            states.update(zip(batch, self._session.run([output], {INPUT: embeddings})[0], strict=True))
        return [states[i] for i in range(len(windows))]

    def _choose(self, windows: Sequence[Window], places: Sequence[list[int]]) -> list[Matrix]:
        """The states of some tokens of each window."""
        filled = [[*chosen, *[0] * (-len(chosen) % ROOM)] for chosen in places]
        states: dict[int, Matrix] = {}
        for batch in _batches([(len(w.ids), len(chosen)) for w, chosen in zip(windows, filled, strict=True)]):
            fed = {
                INPUT: self.vocabulary.embed([windows[i] for i in batch]),
                CHOSEN: np.array([filled[i] for i in batch], np.int64),
            }
            states.update(zip(batch, self._session.run(self._outputs[-1:], fed)[0], strict=True))
        return [states[i][: len(chosen)] for i, chosen in enumerate(places)]


def layer_name(layer: int) -> str:
    """The name of the output of a graph that holds the states after a layer (the first is 1)."""
    return f"layer_{layer}"


def dequantize_q4(blocks: NDArray[np.void]) -> Matrix:
    """The numbers of blocks: the last axis becomes 32 times as long."""
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
    values *= blocks["scale"].astype(np.float32)[..., None]
    return values.reshape(*blocks.shape[:-1], -1)


def write_manifest(folder: Path) -> None:
    """Write the hash and size of every other file of a folder into its manifest."""
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    manifest = Manifest({path.name: File(sha256(path), path.stat().st_size) for path in paths})
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")


def check_files(folder: Path, names: Iterable[str]) -> None:
    """Raise ModelError unless the files are there and their hashes are those of the manifest."""
    remedy = "Install kyojitsu again, or name another folder in the configuration."
    try:
        pinned = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest).files
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f"{folder / MANIFEST}: not the manifest of an encoder: {error}", remedy=remedy) from error
    for name in names:
        path = folder / name
        if name not in pinned or not path.is_file():
            raise ModelError(f"{path}: missing from the encoder or its manifest.", remedy=remedy)
        if sha256(path) != pinned[name].sha256:
            raise ModelError(f"{path}: its sha256 is not the one in {MANIFEST}.", remedy=remedy)


@lru_cache(maxsize=4)
def _load_vocabulary(folder: Path) -> Vocabulary:
    from tokenizers import Tokenizer

    with np.load(folder / EMBEDDINGS, allow_pickle=False) as arrays:
        return Vocabulary(Tokenizer.from_file(str(folder / TOKENIZER)), arrays["words"], arrays["positions"])


def _clean(text: str) -> str:
    """The text, as long as before, with U+FFFD for what cannot be tokenized."""
    return _FOREIGN.sub("\ufffd", text)


def _cover(tokens: Sequence[str], spans: Sequence[tuple[int, int]], text: str) -> Iterator[tuple[int, int]]:
    """Offsets of tokens from what the tokenizer says of them.

    A token takes along what follows it and belongs to none (a combining mark, a control character), and leaves out
    the white space around it. The space that the tokenizer puts before a text has no place in it.
    """
    starts = [0, *accumulate((start for start, _ in spans[1:]), max), len(text)]
    if tokens[:1] == [SPACE] and len(spans) > 1 and spans[0][0] == spans[1][0]:  # the added space
        yield 0, 0
        spans, starts = spans[1:], [0, *starts[2:]]
    ends = accumulate(map(max, (end for _, end in spans), starts[1:]), max)
    for start, end in zip(starts, ends, strict=False):
        piece = text[start:end].lstrip()
        yield end - len(piece), end - len(piece) + len(piece.rstrip())


def _windows(count: int, room: int) -> Iterator[tuple[int, int, int]]:
    """Where each window starts among that many tokens, and the tokens that count in it, as ``(start, from, to)``."""
    kept = 0
    for start in range(0, max(count - OVERLAP, 1), room - OVERLAP):
        end = start + room
        kept_end = count if end >= count else end - OVERLAP // 2
        yield start, kept, kept_end
        kept = kept_end


def _batches(sizes: Sequence[int] | Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Indexes of inputs of equal size, at most :data:`BATCH` at once."""
    size = sizes.__getitem__
    for _, group in groupby(sorted(range(len(sizes)), key=size), key=size):
        same = list(group)
        yield from (same[i : i + BATCH] for i in range(0, len(same), BATCH))


def _join(windows: Sequence[Window], states: Sequence[Matrix], offsets: NDArray[np.int32]) -> Encoded:
    return Encoded(
        states=np.concatenate([state[window.kept] for window, state in zip(windows, states, strict=True)]),
        offsets=offsets,
        mean=np.concatenate(states).mean(axis=0),
    )


def pointed_at(
    passage: Passage, windows: Sequence[Window], offsets: NDArray[np.int32]
) -> list[tuple[list[int], list[int]]]:
    """Of each window the places of the tokens whose states make the means of :class:`Pointed`.

    Args:
        passage: what was split.
        windows: its windows; others may follow.
        offsets: of all tokens of its text.
    """
    starts, ends = offsets.T
    inside = np.zeros(len(offsets), bool)
    for start, end in passage.marks:
        inside |= (starts < end) & (start < ends) & (starts < ends)
    samples, marked, first = [list(range(0, len(window.ids), STRIDE)) for window in windows], [], 0
    for window in windows:
        kept = range(window.kept.start, window.kept.stop)
        marked.append([kept[i] for i in np.flatnonzero(inside[first : first + len(kept)])])
        first += len(kept)
    contexts = [list(range(window.context.start, window.context.stop)) for window in windows]
    found = next((places for places in (marked, contexts) if any(places)), samples)
    return list(zip(samples, found, strict=True))


def _means(pointed: Sequence[tuple[list[int], list[int]]], states: Sequence[Matrix]) -> Pointed:
    both = list(zip(pointed, states, strict=True))
    return Pointed(
        np.concatenate([state[: len(sample)] for (sample, _), state in both]).mean(axis=0),
        np.concatenate([state[len(sample) :] for (sample, _), state in both]).mean(axis=0),
    )
