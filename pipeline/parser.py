"""GiNZA, loaded once a process and only with the parts that later stages read."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import ModelError

if TYPE_CHECKING:
    from spacy.language import Language

# Of ja_ginza's pipeline these write nothing that any stage reads.
_UNREAD = ("bunsetu_recognizer",)


def _use_openblas() -> None:
    """Let thinc multiply matrices with numpy's OpenBLAS in place of BLIS's generic kernels (1.6 times the speed)."""
    from thinc.api import NumpyOps, set_current_ops

    class OpenBlasOps(NumpyOps):  # type: ignore[misc]
        """thinc's CPU operations, with numpy's own matrix product."""

        def gemm(self, x: Any, y: Any, out: Any = None, trans1: bool = False, trans2: bool = False) -> Any:
            """X @ y, either transposed, written to ``out`` if given."""
            return np.matmul(x.T if trans1 else x, y.T if trans2 else y, out=out)

    set_current_ops(OpenBlasOps())


@cache
def load_parser(model: str, split_mode: str, *, entities: bool) -> Language:
    """GiNZA's pipeline.

    Args:
        model: an installed package, such as ``ja_ginza``.
        split_mode: Sudachi's unit, A, B or C.
        entities: whether the entity recognizer is needed.

    Raises:
        ModelError: the package is not installed.
    """
    import spacy

    _use_openblas()
    exclude = [*_UNREAD] if entities else [*_UNREAD, "ner"]
    try:
        nlp = spacy.load(
            model, exclude=exclude, config={"components": {"compound_splitter": {"split_mode": split_mode}}}
        )
    except OSError as error:
        raise ModelError(
            f"the GiNZA model {model!r} (tokenize.model) is not installed.", remedy=f"Run: pip install {model}"
        ) from error
    return nlp


def parser_version(model: str) -> str:
    """Versions of everything that decides tokens: the model, Sudachi and its dictionary."""
    return ", ".join(f"{name} {_version(name)}" for name in (model, "ginza", "SudachiPy", "SudachiDict-core"))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
