"""Generative models as stance models, by a prompt: an OpenAI-compatible endpoint, or the translation stage's model.

The prompt is ``configs/prompts/stance.txt``. Answers are kept on disk by prompt, model and input. An answer that says
none of the labels is counted and counts as wrong.

An endpoint is given the sentences; none is used unless it is configured.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import msgspec

from pipeline.config import EndpointSettings, TranslateSettings, digest, find_file
from pipeline.errors import ConfigError
from pipeline.evaluate.engines import fill
from pipeline.evaluate.labels import load_hypotheses, load_labels
from pipeline.evaluate.stance_data import Answer, StanceItem
from pipeline.models.store import ModelStore, cache_root
from pipeline.record import StanceLabel
from pipeline.translation import qwen
from pipeline.translation.cache import TranslationCache
from pipeline.translation.endpoint import ChatClient
from pipeline.translation.engine import Output

PROMPT: Final = "prompts/stance.txt"
CACHE: Final = "answers.sqlite3"
PLACEHOLDERS: Final = ("{target}", "{text}")
# The turns of a conversation as Qwen2.5 was trained on them (ChatML).
USER: Final = "<|im_start|>user\n"
ANSWER: Final = "<|im_end|>\n<|im_start|>assistant\n"
CHUNK: Final = 64  # answers after which they are kept
# Sent to an endpoint unless its settings say otherwise; a model that thinks before it answers needs the tokens.
PARAMETERS: Final[Mapping[str, Any]] = {"temperature": 0, "max_tokens": 1024}
_SHOWN: Final = 200  # characters of an answer in a note
_THOUGHT: Final = re.compile(r"<think>.*?</think>", re.DOTALL)
_LEAD: Final = re.compile(r"^(?:stance|answer|label|立場|回答|答え)\s*[:：]\s*", re.IGNORECASE)
_AROUND: Final = "`*_\"'「」『』。.,、!！ \t"


class Generator(Protocol):
    """Continues prompts.

    Attributes:
        fingerprint: identifies everything but the prompt that can change an answer.
    """

    fingerprint: str

    def complete(self, prompts: Sequence[str]) -> list[str]:
        """The answer to each prompt. Raises ModelError if the model cannot be used."""
        ...


class PromptedStance:
    """Asks a generator for the stance in words."""

    def __init__(self, generator: Generator, cache_dir: str | None = None) -> None:
        """Read the prompt.

        Args:
            generator: the model.
            cache_dir: where answers are kept; None for the user's cache folder.

        Raises:
            ConfigError: the prompt has no place for the target or the text.
        """
        self._template = read_prompt()
        self._generator = generator
        self._cache = cache_root(cache_dir) / CACHE
        self._labels = load_labels("stance")
        self._author: str = load_hypotheses()["author"]
        self.signature = f"{generator.fingerprint}|prompt:{digest([self._template, self._author])}"
        self.notes: list[str] = []

    def predict(self, items: Sequence[StanceItem]) -> list[Answer]:
        """See :class:`pipeline.evaluate.stance_data.StanceModel`. The label has the probability 1: none is said."""
        prompts = [
            fill(self._template, target=item.name, holder=item.holder or self._author, text=item.text) for item in items
        ]
        said = self._complete(list(dict.fromkeys(prompts)))
        labels = [self.read(said[prompt]) for prompt in prompts]
        unread = [said[prompt] for prompt, label in zip(prompts, labels, strict=True) if label is None]
        self.notes = ["says no probabilities: each label counts as certain, so calibration means little."]
        if unread:
            self.notes.append(
                f"{len(unread)} of {len(items)} answers name no stance and count as wrong, first: {unread[0][:_SHOWN]!r}"
            )
        return [Answer(None, {}) if label is None else Answer(label, {label: 1.0}) for label in labels]

    def read(self, answer: str) -> StanceLabel | None:
        """The label that an answer says: alone on its last line, or as ``stance`` of a JSON object."""
        text = _THOUGHT.sub("", answer).strip()
        opened = text[text.find("{") : text.rfind("}") + 1]
        try:
            text = str(msgspec.json.decode(opened, type=dict[str, Any])["stance"])
        except (msgspec.DecodeError, KeyError, RecursionError):  # the last: an object nested beyond measure
            lines = [line for line in text.splitlines() if line.strip(_AROUND)]
            text = lines[-1] if lines else ""
        label = self._labels.find(_LEAD.sub("", text.strip(_AROUND)).strip(_AROUND))
        return cast(StanceLabel | None, label)

    def _complete(self, prompts: Sequence[str]) -> dict[str, str]:
        """Answers by prompt, from the cache where they are there."""
        with TranslationCache(self._cache, self._generator.fingerprint) as cache:
            said = {prompt: output.text for prompt, output in cache.get_many(prompts).items()}
            missing = [prompt for prompt in prompts if prompt not in said]
            for first in range(0, len(missing), CHUNK):
                some = missing[first : first + CHUNK]
                fresh = dict(zip(some, self._generator.complete(some), strict=True))
                cache.put_many({prompt: Output(text, finished=True) for prompt, text in fresh.items()})
                said |= fresh
        return said


class Endpoint:
    """A model behind an OpenAI-compatible endpoint. Raises ConfigError if the variable of its key is not set."""

    def __init__(self, model: str, settings: EndpointSettings) -> None:
        """Keep the settings; nothing is sent yet."""
        self._client = ChatClient(model, settings)
        self._parameters = {**PARAMETERS, **settings.parameters}
        host = urlsplit(settings.base_url).netloc
        self.fingerprint = f"endpoint:{host}:{model}:{digest([settings.base_url, self._parameters])}"

    def complete(self, prompts: Sequence[str]) -> list[str]:
        """See :class:`Generator`."""
        conversations = [[{"role": "user", "content": prompt}] for prompt in prompts]
        return [answer.text for answer in self._client.ask(conversations, [self._parameters] * len(prompts))]


class LocalModel:
    """The model of the translation stage."""

    def __init__(self, settings: TranslateSettings) -> None:
        """Find the converted model; it loads when first needed. Raises ModelError if it is not there."""
        self._folder, marker = ModelStore(cache_root(settings.cache_dir)).find(qwen.NAME)
        self._settings = settings
        self._head = read_prompt().partition("{")[0]
        self.fingerprint = f"{qwen.NAME}-{marker.fingerprint}-{digest([USER, ANSWER, qwen.COMPUTE])}"

    def complete(self, prompts: Sequence[str]) -> list[str]:
        """See :class:`Generator`. What all prompts begin with is read once."""
        model = self._model
        rest = {i: model.encode(prompt.removeprefix(self._head)) for i, prompt in enumerate(prompts)}
        answers = [""] * len(prompts)
        for batch in qwen._batches({i: len(tokens) for i, tokens in rest.items()}, self._settings.batch_size):
            for i, output in zip(batch, model.generate([rest[i] for i in batch]), strict=True):
                answers[i] = output.text
        return answers

    @cached_property
    def _model(self) -> qwen._Model:
        threads = self._settings.threads or os.cpu_count() or 1
        return qwen._Model(self._folder, USER + self._head, ANSWER, threads)


def read_prompt() -> str:
    """The prompt. Raises ConfigError if it has no place for the target or the text."""
    path: Path = find_file(PROMPT)
    template = path.read_text(encoding="utf-8").strip()
    missing = [name for name in PLACEHOLDERS if name not in template]
    if missing:
        raise ConfigError(f"{path}: {' and '.join(missing)} missing from the prompt.")
    return template
