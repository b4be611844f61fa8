"""Average models trained from the same base: the mean of their weights answers like their ensemble, at the cost of one.

After Wortsman et al. 2022, *Model soups*. What it gains here is in ``docs/models.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.models.encoder import write_manifest
from pipeline.models.hype_model import load_heads
from pipeline.training.base_encoder import quantize_columns

if TYPE_CHECKING:
    import onnx


def average(folders: Sequence[Path], folder: Path, name: str) -> None:
    """Write the mean of ``NAME.onnx`` and ``NAME.npz`` of several folders into one that holds their vocabulary.

    The stacks have the same graph. Their weights, in integers with a scale a column, are averaged as the numbers
    that they stand for, and quantized anew.
    """
    import onnx

    stacks = [onnx.load(one / f"{name}.onnx") for one in folders]
    held = [_constants(stack) for stack in stacks]
    made = {key: _mean([one[key] for one in held]) for key, value in held[0].items() if value.dtype == np.float32}
    products = [node for node in stacks[0].graph.node if node.op_type == "MatMulIntegerToFloat"]
    for integers, scales in [(node.input[1], node.input[3]) for node in products]:
        made[integers], made[scales] = quantize_columns(_mean([one[integers] * one[scales] for one in held]))
    for constant in stacks[0].graph.initializer:
        if constant.name in made:
            values = np.ascontiguousarray(made[constant.name])
            constant.CopyFrom(onnx.numpy_helper.from_array(values, constant.name))
    onnx.save(stacks[0], folder / f"{name}.onnx")
    np.savez(folder / f"{name}.npz", **_heads([one / f"{name}.npz" for one in folders]))
    write_manifest(folder)


def _constants(stack: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    from onnx import numpy_helper

    return {constant.name: numpy_helper.to_array(constant) for constant in stack.graph.initializer}


def _heads(files: Sequence[Path]) -> dict[str, Any]:
    """The mean of each head's weight and bias, by their names in the files."""
    several = [load_heads(file) for file in files]
    return {
        f"{head}.{part}": _mean([heads[head][number] for heads in several])
        for head in several[0]
        for number, part in enumerate(("weight", "bias"))
    }


def _mean(values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.asarray(np.mean(values, axis=0, dtype=np.float64), np.float32)
