"""A Qwen2 model from GGUF to CTranslate2: weights in int8, and the tokenizer as ``tokenizer.json``.

The quantized blocks are read with llama.cpp's own ``gguf`` package and written with CTranslate2's model
specification, tensor by tensor, so neither PyTorch nor a full-precision copy of the model is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Raise this when a change below changes the files that come out: models converted before are then converted anew.
CONVERSION: Final = 1
TOKENIZER: Final = "tokenizer.json"

Progress = Callable[[int, int], None]  # done, total

# How Qwen2 splits text before byte-pair encoding (the regular expression of its published tokenizer.json).
_PRE_TOKENS: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Token types of the GGUF specification that stand for themselves and are never split: control, user defined.
_WHOLE_TOKENS: Final = (3, 4)


def convert(gguf: Path, folder: Path, progress: Progress) -> None:
    """Write ``model.bin``, ``config.json``, ``vocabulary.json`` and ``tokenizer.json`` into an existing folder.

    Args:
        gguf: a GGUF file whose contents are trusted (check its hash first).
        folder: where the files go.
        progress: told how many layers of how many are done.

    Raises:
        ModelError: a package is missing, or the file holds no Qwen2 model.
    """
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise missing_extra(error) from error
    reader = GGUFReader(gguf)
    fields = {name: field.contents for name, field in reader.fields.items()}
    if fields["general.architecture"]() != "qwen2":
        raise ModelError(f"{gguf}: the model is a {fields['general.architecture']()!r}, not a 'qwen2'.")
    _save_weights(fields, {t.name: t for t in reader.tensors}, folder, progress)
    _save_tokenizer(fields, folder / TOKENIZER)


def missing_extra(error: ImportError) -> ModelError:
    """The error to raise when a package of the ``translate`` extra cannot be imported."""
    return ModelError(
        f"translation needs the package {error.name!r}, which cannot be imported.",
        remedy="Install it with: pip install 'kyojitsu[translate]'",
    )


def _save_weights(fields: dict[str, Any], tensors: dict[str, Any], folder: Path, progress: Progress) -> None:
    try:
        from ctranslate2.specs import TransformerDecoderModelSpec, common_spec
        from gguf import dequantize
    except ImportError as error:
        raise missing_extra(error) from error
    import numpy as np

    def read(*names: str) -> NDArray[np.float32]:
        """Tensors in full precision, one below the other."""
        parts = [dequantize(tensors[name].data, tensors[name].tensor_type) for name in names]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def fill(spec: Any, *names: str, bias: bool = False) -> None:
        """Set a matrix and quantize it at once: only one is ever held in full precision."""
        spec.weight = read(*(f"{name}.weight" for name in names))
        if bias:
            spec.bias = read(*(f"{name}.bias" for name in names))
        spec.validate()
        spec.optimize(quantization="int8")

    layers = fields["qwen2.block_count"]()
    model = TransformerDecoderModelSpec.from_config(
        num_layers=layers,
        num_heads=fields["qwen2.attention.head_count"](),
        num_heads_kv=fields["qwen2.attention.head_count_kv"](),
        pre_norm=True,
        activation=common_spec.Activation.SWISH,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=0,  # all dimensions
        rotary_interleave=False,
        rotary_base=fields["qwen2.rope.freq_base"](),
    )
    decoder = model.decoder
    decoder.scale_embeddings = False
    # Qwen2.5-1.5B has one matrix for input and output. The file holds it twice, at 4 bits and at 6: the finer copy
    # serves as both, and is stored once (the aliases that optimize makes).
    fill(decoder.projection, "output")
    decoder.embeddings.weight = decoder.projection.weight
    decoder.embeddings.weight_scale = decoder.projection.weight_scale
    decoder.layer_norm.gamma = read("output_norm.weight")
    for i, layer in enumerate(decoder.layer):
        block = f"blk.{i}"
        layer.self_attention.layer_norm.gamma = read(f"{block}.attn_norm.weight")
        fill(layer.self_attention.linear[0], *(f"{block}.attn_{part}" for part in "qkv"), bias=True)
        fill(layer.self_attention.linear[1], f"{block}.attn_output")
        layer.ffn.layer_norm.gamma = read(f"{block}.ffn_norm.weight")
        fill(layer.ffn.linear_0, f"{block}.ffn_gate")
        fill(layer.ffn.linear_0_noact, f"{block}.ffn_up")
        fill(layer.ffn.linear_1, f"{block}.ffn_down")
        progress(i + 1, layers)
    tokens = fields["tokenizer.ggml.tokens"]()
    model.register_vocabulary(tokens)
    model.config.bos_token = tokens[fields["tokenizer.ggml.bos_token_id"]()]
    model.config.eos_token = tokens[fields["tokenizer.ggml.eos_token_id"]()]
    model.config.unk_token = ""
    model.config.layer_norm_epsilon = fields["qwen2.attention.layer_norm_rms_epsilon"]()
    model.validate()
    model.optimize()
    model.save(str(folder))


def _save_tokenizer(fields: dict[str, Any], path: Path) -> None:
    """The byte-level BPE of the GGUF file in the format of the ``tokenizers`` library."""
    try:
        from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    except ImportError as error:
        raise missing_extra(error) from error
    tokens: list[str] = fields["tokenizer.ggml.tokens"]()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]()]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PRE_TOKENS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    types = fields["tokenizer.ggml.token_type"]()
    whole = [token for token, kind in zip(tokens, types, strict=True) if kind in _WHOLE_TOKENS]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in whole])
    tokenizer.save(str(path))
