"""The interface of translation engines, and how one is found by name.

To add an engine, register a callable under the entry-point group ``kyojitsu.engines``: it is given the
``translate`` settings and returns a :class:`TranslationEngine`. One that can give several translations of a sentence
is a :class:`CandidateEngine`; ask through :func:`candidates`, which takes any engine.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, runtime_checkable

from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.config import TranslateSettings

GROUP: Final = "kyojitsu.engines"
BUILTIN: Final = {
    "qwen-1.5b": "pipeline.translation.qwen:QwenEngine",
    "ctranslate2": "pipeline.translation.marian:CTranslate2Engine",
    "transformers": "pipeline.translation.marian:TransformersEngine",
    "openai": "pipeline.translation.endpoint:EndpointEngine",
}

Protection = Literal["inject", "placeholder"]


class Output(NamedTuple):
    """One translation; ``finished`` is false where the engine stopped before it was done."""

    text: str
    finished: bool


class TranslationEngine(Protocol):
    """Translates Japanese sentences into English.

    Attributes:
        name: what the config calls it.
        fingerprint: identifies everything that can change an output: model, settings, prompt, library. Known
            without loading the model; part of the cache key and of the signature.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def fingerprint(self) -> str: ...  # noqa: D102

    def translate(self, sources: Sequence[str]) -> list[Output]:
        """Translate sentences, in order.

        The output for a sentence must not depend on the other sentences, on their number or on threads.

        Args:
            sources: Japanese sentences in which figures and known names are already written in English.

        Raises:
            ModelError: the engine cannot work at all. A sentence it cannot translate gives an empty text.
        """
        ...


@runtime_checkable
class CandidateEngine(TranslationEngine, Protocol):
    """An engine that can give several translations of a sentence."""

    def candidates(self, sources: Sequence[str], count: int) -> list[list[Output]]:
        """Up to ``count`` different translations of each sentence, best first.

        The first is what ``translate`` gives. What it gives does not depend on the other sentences either.

        Raises:
            ModelError: as for ``translate``.
        """
        ...


EngineFactory = Callable[["TranslateSettings"], TranslationEngine]


def candidates(engine: TranslationEngine, sources: Sequence[str], count: int) -> list[list[Output]]:
    """Up to ``count`` translations of each sentence, best first; one alone of an engine that knows but one."""
    if count > 1 and isinstance(engine, CandidateEngine):
        return engine.candidates(sources, count)
    return [[output] for output in engine.translate(sources)]


def distinct(outputs: Sequence[Output]) -> list[Output]:
    """The outputs without those whose text came before."""
    first: dict[str, Output] = {}
    for output in outputs:
        first.setdefault(output.text, output)
    return list(first.values())


def protection(engine: TranslationEngine) -> Protection:
    """How figures and names are kept with this engine, where the config leaves it to the engine."""
    chosen: Protection = getattr(engine, "protection", "inject")
    return chosen


def load_engine(name: str, settings: TranslateSettings) -> TranslationEngine:
    """The engine of a name; with ``settings.candidates`` above 1, one that chooses among so many translations.

    Raises:
        ConfigError: no built-in engine and no entry point has the name.
        ModelError: its model or a package is missing.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    factory: EngineFactory
    if name in BUILTIN:
        module, _, attribute = BUILTIN[name].partition(":")
        factory = getattr(import_module(module), attribute)
    elif name in points:
        factory = points[name].load()
    else:
        names = [*BUILTIN, *points]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names)}."
        raise ConfigError(f"there is no translation engine {name!r}.", remedy=hint)
    engine = factory(settings)
    if settings.candidates > 1:
        from pipeline.translation.consensus import ConsensusEngine

        return ConsensusEngine(engine, settings.candidates)
    return engine
