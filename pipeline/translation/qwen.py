"""The default engine: Qwen2.5-Coder-1.5B-Instruct, run by CTranslate2 in int8 on the CPU.

The output for a sentence is the same, bit for bit, in whatever batch and with however many threads it is made.
CTranslate2 reads the prompts of a batch in one pass up to the length of the shortest and the rest token by token;
the two ways round differently, and so the batch would decide (16 of 40 sentences changed in shuffled batches of 8).
Here everything after the common head of the prompt is read token by token, as a prefix of the output: nothing is
padded, and every row is computed alone. For batches this is also the fastest way found, at the same quality. Larger
batches are faster and take more memory: 18 tokens a second and 2.0 GB in batches of 8, 36 and 2.7 GB in batches of
32, 45 and 4.3 GB in batches of 64 (two threads).

Between kinds of processor the last bits may differ, and with them a translation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.config import digest, find_file
from pipeline.errors import ConfigError
from pipeline.models.convert import TOKENIZER, missing_extra
from pipeline.models.store import ModelStore, cache_root
from pipeline.translation.engine import Output, Protection, distinct

if TYPE_CHECKING:
    from pipeline.config import TranslateSettings

NAME: Final = "qwen-1.5b"
PROMPT: Final = "prompts/translate.txt"
PLACEHOLDER: Final = "{source}"
END: Final = "<|im_end|>"
COMPUTE: Final = "int8_float32"
# Tokens an output may have: FACTOR times those of the source (and of the end of the prompt) and SLACK, at most
# MAX_TOKENS. None of the 1,005 reference translations of WMT21 news has more.
FACTOR: Final = 1.5
SLACK: Final = 24
MAX_TOKENS: Final = 1024
# With several hypotheses, prompt and output together are limited to a multiple of this: what ends up in a beam depends
# on where it must stop, and so prompts of one batch must stop at one place.
STEP: Final = 32
# Most tokens, output included, that a batch may come to: keys and values take 57 kB each, so half a gigabyte.
BATCH_TOKENS: Final = 8192


class QwenEngine:
    """Translation with a fixed prompt, greedy or by beam search. The model loads when first needed.

    Further candidates are by turns what follows the next likeliest first words, which differ most, and the hypotheses
    of a beam search. CTranslate2 could also draw samples, but cannot repeat them within a process.
    """

    name = NAME
    protection: Protection = "inject"

    def __init__(self, settings: TranslateSettings) -> None:
        """Find the converted model and read the prompt.

        Raises:
            ConfigError: the settings name a model, or the prompt has no place for the source.
            ModelError: the model or a package is missing.
        """
        if settings.model is not None:
            raise ConfigError(
                f"translate.model is {settings.model!r}, but the engine {NAME} has its own.", remedy="Set it to null."
            )
        self._folder, marker = ModelStore(cache_root(settings.cache_dir)).find(NAME)
        self._threads = settings.threads or os.cpu_count() or 1
        self._batch_size = settings.batch_size
        self._beam = settings.beam or 1
        prompt = find_file(PROMPT).read_text(encoding="utf-8").removesuffix("\n")
        self._head, placeholder, self._tail = prompt.partition(PLACEHOLDER)
        if not placeholder:
            raise ConfigError(f"{find_file(PROMPT)}: {PLACEHOLDER} is missing from the prompt.")
        settled = digest([prompt, COMPUTE, FACTOR, SLACK, MAX_TOKENS, *([self._beam] if self._beam > 1 else [])])
        self.fingerprint = f"{NAME}-{marker.fingerprint}-{settled}-ctranslate2-{_version('ctranslate2')}"

    def translate(self, sources: Sequence[str]) -> list[Output]:
        """See :class:`pipeline.translation.engine.TranslationEngine`."""
        return [outputs[0] for outputs in self._continued(sources, 1, self._beam)]

    def candidates(self, sources: Sequence[str], count: int) -> list[list[Output]]:
        """See :class:`pipeline.translation.engine.CandidateEngine`."""
        first = self.translate(sources)
        alternatives, hypotheses = self._continued(sources, count, 1), self._continued(sources, count, count)
        return [
            distinct([output, *chain.from_iterable(zip(others[1:], more, strict=False))])[:count]
            for output, others, more in zip(first, alternatives, hypotheses, strict=True)
        ]

    def _continued(self, sources: Sequence[str], count: int, beam: int) -> list[list[Output]]:
        """Up to ``count`` translations of each source, by beam search or, with a beam of 1, by alternatives."""
        texts = {i: text for i, source in enumerate(sources) if (text := " ".join(source.split()))}
        prompts = {i: self._model.encode(text) for i, text in texts.items()}
        found = [[Output("", finished=True)] for _ in sources]
        rows = max(count, beam)
        for batch in _batches({i: len(prompt) for i, prompt in prompts.items()}, self._batch_size, rows):
            made = self._model.hypotheses([prompts[i] for i in batch], count, beam)
            for i, outputs in zip(batch, made, strict=True):
                found[i] = outputs
        return found

    @cached_property
    def _model(self) -> _Model:
        return _Model(self._folder, self._head, self._tail, self._threads)


class _Model:
    """The loaded model between the two halves of the prompt."""

    def __init__(self, folder: Path, head: str, tail: str, threads: int) -> None:
        # The same kernels (oneDNN) on every x86 processor; Intel's would otherwise run MKL, which is not measured.
        os.environ.setdefault("CT2_USE_MKL", "0")
        try:
            from ctranslate2 import Generator
            from tokenizers import Tokenizer
        except ImportError as error:
            raise missing_extra(error) from error
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._head: list[str] = self._tokenizer.encode(head).tokens
        self._tail: list[str] = self._tokenizer.encode(tail).tokens
        (self._end,) = self._tokenizer.encode(END).ids
        # From here on "<|im_end|>" in a text is text, not the end of the turn.
        self._tokenizer.encode_special_tokens = True
        self._generator = Generator(
            str(folder), device="cpu", compute_type=COMPUTE, inter_threads=1, intra_threads=threads
        )

    def encode(self, text: str) -> list[str]:
        """What follows the head of the prompt: the source and the tail, in tokens."""
        return [*self._tokenizer.encode(text).tokens, *self._tail]

    def generate(self, prompts: Sequence[Sequence[str]]) -> list[Output]:
        """Continue each prompt."""
        return [outputs[0] for outputs in self.hypotheses(prompts, 1, 1)]

    def hypotheses(self, prompts: Sequence[Sequence[str]], count: int, beam: int) -> list[list[Output]]:
        """Continue each prompt in ``count`` ways, the likeliest first.

        With a beam, they are what it ends with. Without (1), each of the likeliest first tokens is continued greedily.
        """
        results = self._generator.generate_batch(
            [list(prompt) for prompt in prompts],
            static_prompt=self._head,
            include_prompt_in_result=True,  # reads the prompts token by token: see the module's docstring
            max_length=max(_longest(len(prompt), max(count, beam)) for prompt in prompts),
            beam_size=beam,
            sampling_topk=1,
            num_hypotheses=count,
            return_alternatives=count > 1 and beam == 1,
            end_token=[self._end],
            return_end_token=True,
        )
        return [
            [self._decode(ids[:longest][len(prompt) :]) for ids in result.sequences_ids]
            for prompt, result in zip(prompts, results, strict=True)
            for longest in [_longest(len(prompt), max(count, beam))]
        ]

    def _decode(self, tokens: Sequence[int]) -> Output:
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=True)
        return Output(" ".join(text.split()), finished=self._end in tokens)


def _limit(prompt: int) -> int:
    """Tokens that the output of a prompt of so many may have, the end token included."""
    return min(MAX_TOKENS, int(FACTOR * prompt) + SLACK)


def _longest(prompt: int, rows: int) -> int:
    """Tokens that a prompt of so many and its output may have, with so many hypotheses kept."""
    together = prompt + _limit(prompt)
    return together if rows == 1 else -(-together // STEP) * STEP


def _batches(lengths: Mapping[int, int], most: int, count: int = 1) -> Iterator[list[int]]:
    """The keys in batches of like length, shortest first.

    With ``count`` rows a key, at most ``most`` rows and at most BATCH_TOKENS in all, or else one key. With several, all
    have the same limit.
    """
    batch: list[int] = []
    for i in sorted(lengths, key=lambda i: (lengths[i], i)):
        longest = _longest(lengths[i], count)
        rows = (len(batch) + 1) * count
        parted = bool(batch) and count > 1 and longest != _longest(lengths[batch[0]], count)
        if batch and (parted or rows > most or rows * longest > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise missing_extra(ImportError(name=package)) from None
