"""Encoder-decoder models such as Marian and NLLB, by folder or hub id, run by CTranslate2 or by transformers.

A model is a folder that ``save_pretrained`` wrote, or ``ID@COMMIT`` on the Hugging Face hub. Only safetensors are read
and no code of a model is run. Nothing is downloaded but by :func:`pull`. For CTranslate2 a model is converted once, to
int8, and kept in the cache; a folder that CTranslate2's own converter wrote, with the tokenizer's files in it, is used
as it is.

In CTranslate2 only sentences of the same number of tokens share a batch: padding changes the last bits of a result, and
with them now and then a word (1 of 64 sentences, with random weights), so that else the batch would decide.
PyTorch computes even rows of equal length differently by their number; the engine ``transformers`` therefore takes one
sentence at a time. It is there for models that CTranslate2 cannot convert, and to compare.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from filelock import FileLock

from pipeline.config import digest
from pipeline.errors import ConfigError, ModelError
from pipeline.models.fetch import sha256
from pipeline.models.store import MARKER, File, Marker, cache_root
from pipeline.translation.engine import Output, Protection, distinct

if TYPE_CHECKING:
    from pipeline.config import TranslateSettings

# Raise this when a change below changes the files of a conversion.
CONVERSION: Final = 1
QUANTIZATION: Final = "int8"
COMPUTE: Final = "int8_float32"
# Hypotheses a beam search keeps. Marian's published models are decoded with 4 to 6 (their generation_config.json).
BEAM: Final = 4
# Tokens an output may have: FACTOR times those of the source, and SLACK. English takes about as many as Japanese.
FACTOR: Final = 2
SLACK: Final = 32
LONGEST: Final = 512  # positions of models that do not say how many they have
# Files of a hub repository that are needed: weights in safetensors, configuration, tokenizer.
PATTERNS: Final = ("*.safetensors", "*.json", "*.spm", "*.model")
WEIGHTS: Final = ("model.safetensors", "model.safetensors.index.json")
# How multilingual models name Japanese as the source, and the token with which their English begins: NLLB, mBART-50,
# M2M-100.
LANGUAGES: Final = (("jpn_Jpan", "eng_Latn"), ("ja_XX", "en_XX"), ("ja", "__en__"))
_ID: Final = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40})")


class Converted(NamedTuple):
    """A model that CTranslate2 can read, and what identifies its files."""

    folder: Path
    fingerprint: str


def pull(model: str, cache_dir: str | None = None) -> Path:
    """Download a model of the hub, unless it is there, and convert it for CTranslate2; gives the converted folder.

    Args:
        model: ``ID@COMMIT``, or a folder, which is converted alone.
        cache_dir: the cache folder; None for ``$KYOJITSU_CACHE`` or the user's.

    Raises:
        ConfigError: it is neither.
        ModelError: it cannot be had or converted.
    """
    return converted(model, cache_root(cache_dir), download=True).folder


def converted(model: str | None, cache: Path, *, download: bool = False) -> Converted:
    """The converted model; a folder, or a model in the hub's cache, is converted at the first call.

    Raises:
        ConfigError: ``model`` is neither a folder nor ``ID@COMMIT``.
        ModelError: it is not there, or cannot be converted.
    """
    where = _located(model)
    if isinstance(where, Path) and (where / "model.bin").is_file():
        return Converted(where, _hash(sorted(where.glob("*.bin")) + sorted(where.glob("*.json"))))
    folder = cache / "models" / f"{_name(where)}-{digest([_identity(where), CONVERSION, QUANTIZATION])}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / MARKER).is_file():
            _convert(_snapshot(where, download=download), folder)
    marker = msgspec.json.decode((folder / MARKER).read_bytes(), type=Marker)
    return Converted(folder, marker.fingerprint)


class Tokenizer:
    """A model's own tokenizer, set to Japanese and English where the model knows several languages.

    Attributes:
        start: the token with which every output begins, None where there is none.
        longest: tokens a source may have.
    """

    def __init__(self, folder: Path) -> None:
        """Read the tokenizer's files. Raises ModelError where that fails."""
        transformers = _transformers()
        try:
            with warnings.catch_warnings():  # Marian's recommends a package that is not used for translation
                warnings.simplefilter("ignore")
                # From here on "</s>" in a text is text, not the end.
                self._tokenizer = transformers.AutoTokenizer.from_pretrained(
                    str(folder), local_files_only=True, split_special_tokens=True, trust_remote_code=False
                )
        except ImportError as error:
            raise _missing(error) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{folder}: the tokenizer cannot be read: {_first_line(error)}",
                remedy="The folder needs the files that the tokenizer's save_pretrained writes.",
            ) from error
        self.start: str | None = None
        if hasattr(self._tokenizer, "src_lang"):
            known = self._tokenizer.get_vocab()
            self._tokenizer.src_lang, self.start = next((pair for pair in LANGUAGES if pair[1] in known), (None, None))
        self._special = set(self._tokenizer.all_special_tokens) | {self.start}
        self.longest = min(LONGEST, self._tokenizer.model_max_length)

    def encode(self, text: str) -> list[int]:
        """The ids of a sentence, with all that the model wants around it."""
        ids: list[int] = self._tokenizer(text).input_ids
        return ids

    def tokens(self, ids: Sequence[int]) -> list[str]:
        """The same as tokens."""
        tokens: list[str] = self._tokenizer.convert_ids_to_tokens(list(ids))
        return tokens

    def text(self, tokens: Sequence[str]) -> str:
        """The text of an output, without the model's own marks, on one line."""
        words = [token for token in tokens if token not in self._special]
        return " ".join(str(self._tokenizer.convert_tokens_to_string(words)).split())

    def id(self, token: str) -> int:
        """The id of a token."""
        number: int = self._tokenizer.convert_tokens_to_ids(token)
        return number


class Seq2SeqEngine(ABC):
    """What the two engines share: batches, limits, candidates."""

    name: str
    protection: Protection = "inject"

    def __init__(self, settings: TranslateSettings, folder: Path, model: str, packages: Sequence[str]) -> None:
        """Keep the settings.

        Args:
            settings: of the stage.
            folder: of the model and its tokenizer.
            model: what identifies the weights.
            packages: whose versions may change an output.
        """
        self._folder = folder
        self._threads = settings.threads or os.cpu_count() or 1
        self._batch_size = settings.batch_size
        self._beam = settings.beam or BEAM
        versions = "-".join(f"{package}-{_version(package)}" for package in packages)
        self.fingerprint = f"{self.name}-{model}-{digest([self._beam, FACTOR, SLACK, LONGEST])}-{versions}"

    def translate(self, sources: Sequence[str]) -> list[Output]:
        """See :class:`pipeline.translation.engine.TranslationEngine`."""
        return [outputs[0] for outputs in self._hypotheses(sources, self._beam, 1)]

    def candidates(self, sources: Sequence[str], count: int) -> list[list[Output]]:
        """See :class:`pipeline.translation.engine.CandidateEngine`: the hypotheses of the beam, or of a wider one."""
        found = self._hypotheses(sources, max(count, self._beam), count)
        if count > self._beam:  # a wider beam may end with another best hypothesis
            found = [[first, *more] for first, more in zip(self.translate(sources), found, strict=True)]
        return [distinct(outputs)[:count] for outputs in found]

    def _hypotheses(self, sources: Sequence[str], beam: int, count: int) -> list[list[Output]]:
        texts = {i: text for i, source in enumerate(sources) if (text := " ".join(source.split()))}
        encoded = {i: self.tokenizer.encode(text) for i, text in texts.items()}
        found = [[Output("", finished=True)] for _ in sources]
        longest = self.tokenizer.longest
        for batch in self._batches({i: len(ids) for i, ids in encoded.items()}):
            cut = len(encoded[batch[0]]) > longest
            rows = [[*encoded[i][: longest - 1], encoded[i][-1]] if cut else encoded[i] for i in batch]
            limit = min(longest, FACTOR * len(rows[0]) + SLACK)
            for i, made in zip(batch, self.generate(rows, beam, count, limit), strict=True):
                found[i] = [Output(self.tokenizer.text(tokens), ended and not cut) for tokens, ended in made]
        return found

    def _batches(self, lengths: dict[int, int]) -> Iterator[list[int]]:
        """The keys in batches of equal length."""
        by_length: dict[int, list[int]] = {}
        for i in sorted(lengths, key=lambda i: (lengths[i], i)):
            by_length.setdefault(lengths[i], []).append(i)
        for some in by_length.values():
            for first in range(0, len(some), self.batch_rows):
                yield some[first : first + self.batch_rows]

    @property
    def batch_rows(self) -> int:
        """Sentences at once."""
        return self._batch_size

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer, read when first needed."""
        return Tokenizer(self._folder)

    @abstractmethod
    def generate(
        self, rows: Sequence[list[int]], beam: int, count: int, limit: int
    ) -> list[list[tuple[list[str], bool]]]:
        """The best hypotheses of each row by beam search: tokens, and whether they came to an end.

        Args:
            rows: ids of sources, all of one length.
            beam: hypotheses to keep.
            count: hypotheses to give, at most ``beam``.
            limit: tokens one may have.
        """


class CTranslate2Engine(Seq2SeqEngine):
    """By CTranslate2, in int8 on the CPU."""

    name = "ctranslate2"

    def __init__(self, settings: TranslateSettings) -> None:
        """Find the converted model, or convert it if it lies on this machine.

        Raises:
            ConfigError: the settings name no model.
            ModelError: it or a package is missing.
        """
        found = converted(settings.model, cache_root(settings.cache_dir))
        super().__init__(settings, found.folder, found.fingerprint, ["ctranslate2", "transformers"])

    def generate(
        self, rows: Sequence[list[int]], beam: int, count: int, limit: int
    ) -> list[list[tuple[list[str], bool]]]:
        """See :class:`Seq2SeqEngine`."""
        start = [] if self.tokenizer.start is None else [self.tokenizer.start]
        results = self._translator.translate_batch(
            [self.tokenizer.tokens(row) for row in rows],
            target_prefix=[start] * len(rows),
            beam_size=beam,
            num_hypotheses=count,
            max_input_length=0,
            max_decoding_length=limit,
            return_end_token=True,
        )
        return [[_ended(tokens[len(start) :], self._end) for tokens in result.hypotheses] for result in results]

    @cached_property
    def _translator(self) -> Any:
        # The same kernels (oneDNN) on every x86 processor.
        os.environ.setdefault("CT2_USE_MKL", "0")
        try:
            from ctranslate2 import Translator
        except ImportError as error:
            raise _missing(error) from error
        return Translator(
            str(self._folder), device="cpu", compute_type=COMPUTE, inter_threads=1, intra_threads=self._threads
        )

    @cached_property
    def _end(self) -> str:
        config = msgspec.json.decode((self._folder / "config.json").read_bytes())
        return str(config.get("eos_token", "</s>"))


class TransformersEngine(Seq2SeqEngine):
    """By transformers and PyTorch, in single precision on the CPU, one sentence at a time."""

    name = "transformers"

    def __init__(self, settings: TranslateSettings) -> None:
        """Find the model.

        Raises:
            ConfigError: the settings name no model.
            ModelError: it or a package is missing.
        """
        where = _located(settings.model)
        folder = _snapshot(where)
        weights = _hash(sorted(folder.glob("*.safetensors"))) if isinstance(where, Path) else "@".join(where)
        super().__init__(settings, folder, weights, ["transformers", "torch"])

    @property
    def batch_rows(self) -> int:
        """One sentence: see the module's docstring."""
        return 1

    def generate(
        self, rows: Sequence[list[int]], beam: int, count: int, limit: int
    ) -> list[list[tuple[list[str], bool]]]:
        """See :class:`Seq2SeqEngine`."""
        import torch
        from transformers import GenerationConfig

        config = self._model.config
        start = self.tokenizer.start
        decoding = GenerationConfig(  # type: ignore[no-untyped-call]
            num_beams=beam,
            num_return_sequences=count,
            max_new_tokens=limit,
            early_stopping=True,
            do_sample=False,
            decoder_start_token_id=config.decoder_start_token_id,
            eos_token_id=config.eos_token_id,
            pad_token_id=config.pad_token_id,
            bad_words_ids=[[config.pad_token_id]],
            forced_bos_token_id=None if start is None else self.tokenizer.id(start),
        )
        threads = torch.get_num_threads()
        torch.set_num_threads(self._threads)
        try:
            with torch.inference_mode():
                made = self._model.generate(torch.tensor(list(rows)), generation_config=decoding).tolist()
        finally:
            torch.set_num_threads(threads)
        end = self.tokenizer.tokens([config.eos_token_id])[0]
        # Outputs begin with the decoder's own start token, and end in padding.
        hypotheses = [_ended(self.tokenizer.tokens(ids[1:]), end) for ids in made]
        return [hypotheses[first : first + count] for first in range(0, len(hypotheses), count)]

    @cached_property
    def _model(self) -> Any:
        transformers = _transformers()
        try:
            import torch

            model, loading = transformers.AutoModelForSeq2SeqLM.from_pretrained(
                str(self._folder),
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                dtype=torch.float32,
                output_loading_info=True,
            )
        except ImportError as error:
            raise _missing(error) from error
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(f"{self._folder}: the model cannot be read: {_first_line(error)}") from error
        if loading["missing_keys"]:
            missing = ", ".join(sorted(loading["missing_keys"])[:3])
            raise ModelError(f"{self._folder}: weights are missing: {missing}.", remedy="Use a complete model.")
        # Its own settings would fill what a call leaves open; decoding is to be the same in both engines.
        model.generation_config = transformers.GenerationConfig()
        return model.eval()


def _located(model: str | None) -> Path | tuple[str, str]:
    """The folder, or the id and the commit."""
    if model is not None and Path(model).is_dir():
        return Path(model)
    if model is not None and (match := _ID.fullmatch(model)):
        return match[1], match[2]
    raise ConfigError(
        f"translate.model is {model!r}, which is neither a folder nor ID@COMMIT on the Hugging Face hub.",
        remedy="Give a folder that save_pretrained wrote, or an id with the 40 digits of its commit.",
    )


def _name(where: Path | tuple[str, str]) -> str:
    return where.resolve().name if isinstance(where, Path) else where[0].replace("/", "--")


def _identity(where: Path | tuple[str, str]) -> object:
    """What changes when the model does. Of a folder: sizes and times, since hashing gigabytes takes too long."""
    if not isinstance(where, Path):
        return where
    files = [path for path in sorted(where.iterdir()) if path.is_file()]
    return [str(where.resolve()), [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]]


def _snapshot(where: Path | tuple[str, str], *, download: bool = False) -> Path:
    """The folder of a model as published. Raises ModelError if it is not there or has no safetensors."""
    folder = where if isinstance(where, Path) else _from_hub(*where, download=download)
    if not any((folder / name).is_file() for name in WEIGHTS):
        raise ModelError(
            f"{folder}: there is no {WEIGHTS[0]}. Weights in other formats can hold code and are not read.",
            remedy="Use a commit with safetensors (the hub offers them as a pull request), or write the model anew "
            "with save_pretrained.",
        )
    return folder


def _from_hub(repository: str, commit: str, *, download: bool) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise _missing(error) from error
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            repository, revision=commit, allow_patterns=list(PATTERNS), local_files_only=not download
        )
        return Path(found)
    except LocalEntryNotFoundError as error:
        if not download:
            raise ModelError(
                f"the model {repository} at {commit} is not on this machine.",
                remedy=f"Run: kyojitsu models pull {repository}@{commit}",
            ) from error
        raise _unreachable(repository, error) from error
    except (HfHubHTTPError, OSError) as error:
        raise _unreachable(repository, error) from error


def _unreachable(repository: str, error: Exception) -> ModelError:
    return ModelError(
        f"the model {repository} could not be downloaded from the hub: {_first_line(error)}",
        remedy="Check the id, the commit and the network; or copy the model and give its folder.",
    )


def _convert(source: Path, folder: Path) -> None:
    """Write the converted model and its tokenizer; the folder appears whole or not at all."""
    transformers = _transformers()
    try:
        from ctranslate2.converters import TransformersConverter
    except ImportError as error:
        raise _missing(error) from error
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            converter = TransformersConverter(str(source), load_as_float16=True, low_cpu_mem_usage=True)
            converter.convert(str(partial), quantization=QUANTIZATION)
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(source), trust_remote_code=False)
            tokenizer.save_pretrained(str(partial))
    except ImportError as error:
        raise _missing(error) from error
    except (OSError, ValueError, KeyError, AttributeError, RuntimeError, NameError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise ModelError(
            f"{source}: CTranslate2 cannot convert this model: {_first_line(error)}",
            remedy="Use the engine transformers, or a Marian, M2M-100, NLLB or mBART model.",
        ) from error
    files = {path.name: File(sha256(path), path.stat().st_size) for path in sorted(partial.iterdir())}
    marker = Marker(source_sha256="", conversion=CONVERSION, files=files)
    (partial / MARKER).write_bytes(msgspec.json.format(msgspec.json.encode(marker)))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _ended(tokens: Sequence[str], end: str) -> tuple[list[str], bool]:
    """The tokens up to the end token, and whether it is there."""
    listed = list(tokens)
    return (listed[: listed.index(end)], True) if end in listed else (listed, False)


def _hash(files: Sequence[Path]) -> str:
    """Sixteen hexadecimal digits that identify files by name and content."""
    listing = "".join(f"{path.name} {sha256(path)}\n" for path in files)
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise _missing(error) from error
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    return transformers


def _missing(error: ImportError) -> ModelError:
    return ModelError(
        f"this engine needs a package that cannot be imported: {error.name or _first_line(error)}.",
        remedy="Install it with: pip install 'kyojitsu[seq2seq]'",
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise _missing(ImportError(name=package)) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
