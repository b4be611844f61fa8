"""What is fuzzed. A target takes bytes and returns None; any exception that it lets out is a defect.

Errors that the package means to raise (:class:`pipeline.errors.KyojitsuError`) are caught where they belong; that they
are text and name a remedy is not looked at here.
"""

from __future__ import annotations

import contextlib
import gzip
import tempfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from backports import zstd
from fuzz.texts import text_of

from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.dataset.gold import faults, read_gold
from pipeline.dataset.importing import READERS, read_answers
from pipeline.dataset.inline import parse, render
from pipeline.errors import ConfigError, InputError
from pipeline.record import Document, Record, Source, decode, encode, layer
from pipeline.sources import ReadSettings, Rejected, read_inputs
from pipeline.sources.discover import FORMATS
from pipeline.text.edits import undo
from pipeline.text.quantities import find_conversions, find_quantities
from pipeline.text.times import find_times
from pipeline.translation.numbers import read_english, read_japanese

_ANCHOR: Final = date(2026, 2, 6)
_STAGE: Final = "normalize"
_MAX_BYTES: Final = 100_000


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="kyojitsu-fuzz-"))


@cache
def _normalizer() -> Annotator:
    return Annotator(load_config(stages=[_STAGE]))


@cache
def _settings() -> list[str]:
    sections = load_config().model_dump()
    return [f"{section}.{key}" for section, values in sections.items() if isinstance(values, dict) for key in values]


def readers(data: bytes) -> None:
    """Every reader: one document or rejection after the other, each fit to be written."""
    kind, body = sorted(FORMATS)[(data[0] if data else 0) % len(FORMATS)], data[1:]
    if data and data[0] >= 128:  # half of all inputs are let in: text of this project's kind, archives that open
        body = text_of(body).encode()
        body = gzip.compress(body, 1) if kind.endswith(".gz") else body
        body = zstd.compress(body, 1) if kind.endswith(".zst") else body
    path = _folder() / f"input{kind}"
    path.write_bytes(body)
    for item in read_inputs([str(path)], ReadSettings(max_bytes=_MAX_BYTES)):
        if isinstance(item, Rejected):
            assert item.id
            assert item.code
            msgspec.json.encode(item)
        else:
            assert item.record.raw.strip()
            assert decode(encode(item.record)) == item.record


def normalizer(data: bytes) -> None:
    """The normalize stage: raw text can be had back from its record, and blocks hold all that is not white space."""
    raw = text_of(data)
    source = Source(path="fuzz", format="txt", encoding="utf-8", sha256="0" * 64)
    document = Document(Record(id="fuzz", source=source, raw=raw))
    record = _normalizer().process(document)
    text = layer(record.text)
    assert undo(text, layer(record.edits)) == raw
    end = 0
    for block in layer(record.blocks):
        assert not text[end : block.start].strip()
        assert end <= block.start < block.end <= len(text)
        end = block.end
    assert not text[end:].strip()
    decode(encode(record))


def numbers(data: bytes) -> None:
    """Figures and times in Japanese, and the figures that the check of translations reads."""
    text = text_of(data)
    quantities = find_quantities(text)
    find_conversions(text, quantities)
    for anchor in (_ANCHOR, None):
        end = 0
        for time in find_times(text, anchor):
            assert end <= time.start < time.end <= len(text)
            end = time.end
    end = 0
    for quantity in quantities:
        assert end <= quantity.start < quantity.end <= len(text)
        end = quantity.end
    read_english(text)
    read_japanese(text)


def configuration(data: bytes) -> None:
    """The configuration: a file, an override, and a value for one of the settings that there are."""
    text = text_of(data)
    key = _settings()[(data[-1] if data else 0) % len(_settings())]
    path = _folder() / "fuzz.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    for file, overrides in ((path, []), (None, [text]), (None, [f"{key}={text}"])):
        try:
            load_config(file, overrides)
        except ConfigError as error:
            str(error).encode("utf-8", "backslashreplace")


def gold(data: bytes) -> None:
    """Gold data: the inline format, JSONL, and what annotation tools export."""
    text = text_of(data)
    document, wrong = parse(text, "fuzz")
    for sentence in document.sentences:
        assert document.text[sentence.start : sentence.end] == sentence.text
        list(faults(sentence, document.text))
    if not wrong and document.sentences:
        assert parse(render(document), "fuzz")[0] == document
    path = _folder() / "gold.jsonl"
    path.write_bytes(data if data and data[0] % 2 else text.encode())
    with contextlib.suppress(InputError):
        read_gold(path)
    for tool in sorted(READERS):
        with contextlib.suppress(InputError):
            read_answers(tool, [path])


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "readers": readers, "normalizer": normalizer, "numbers": numbers, "configuration": configuration, "gold": gold,
}  # fmt: skip
