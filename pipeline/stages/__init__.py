"""The stages, one file each, and the order they can run in.

A stage reads layers of a document and adds others. To add one, subclass :class:`Stage` in a package of your
own, register it under the entry-point group ``kyojitsu.stages`` and name it in ``stages``; its settings go
under ``plugins.NAME`` and are checked by its ``Settings``. A stage that provides the layers of a built-in one
can take its place.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ValidationError

from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.record import Document

GROUP = "kyojitsu.stages"
BUILTIN = {
    "normalize": "pipeline.stages.normalize:Normalize",
    "tokenize": "pipeline.stages.tokenize:Tokenize",
    "ner": "pipeline.stages.ner:Ner",
    "hype": "pipeline.stages.hype:HypeStage",
    "stance": "pipeline.stages.stance:StanceStage",
    "translate": "pipeline.stages.translate:Translate",
}


class Stage(ABC):
    """One step of the pipeline.

    Attributes:
        name: the name in ``stages`` and, for built-in stages, of its settings.
        requires: layers that must be there before it runs.
        provides: layers it adds.
        Settings: the pydantic model of its settings.
    """

    name: ClassVar[str]
    requires: ClassVar[frozenset[str]] = frozenset()
    provides: ClassVar[frozenset[str]] = frozenset()
    Settings: ClassVar[type[BaseModel]]

    def __init__(self, settings: Any, config: Config) -> None:
        """Keep the settings. Must be cheap: models are loaded in :meth:`load`."""
        self.settings = settings
        self.config = config

    def load(self) -> None:  # noqa: B027  (a stage without models has nothing to load)
        """Load models and data, once a process, before the first batch."""

    def versions(self) -> dict[str, str]:
        """What identifies the models and data behind the output, name to version or hash (for the signature)."""
        return {}

    @abstractmethod
    def process(self, documents: Sequence[Document]) -> None:
        """Add this stage's layers to each document, in place.

        A document may come twice, so layers are assigned and never appended to. What is written for a document must
        not depend on the rest of the batch.
        """


def stage_class(name: str) -> type[Stage]:
    """The class of a stage by name.

    Raises:
        ConfigError: no built-in stage and no entry point has the name.
    """
    if name in BUILTIN:
        module, _, attribute = BUILTIN[name].partition(":")
        return getattr(import_module(module), attribute)  # type: ignore[no-any-return]
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name in points:
        try:
            return points[name].load()  # type: ignore[no-any-return]
        except Exception as error:
            raise ConfigError(
                f"the stage {name!r} cannot be imported: {error}", remedy="Mend or remove its package."
            ) from error
    names = [*BUILTIN, *points]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names)}."
    raise ConfigError(f"there is no stage {name!r}.", remedy=hint)


def order_faults(config: Config) -> list[str]:
    """Everything wrong with the configured stages: unknown, twice, missing layers, bad plug-in settings."""
    faults: list[str] = [
        f"plugins.{name} holds settings of a stage that does not run"
        for name in config.plugins
        if name not in config.stages
    ]
    available: set[str] = set()
    for position, name in enumerate(config.stages):
        if name in config.stages[:position]:
            faults.append(f"{name!r} stands twice; remove one")
            continue
        try:
            stage = stage_class(name)
            _settings(stage, config)
        except ConfigError as error:
            faults.append(str(error))
            continue
        for missing in sorted(stage.requires - available):
            givers = [other for other in BUILTIN if missing in stage_class(other).provides]
            hint = f"; put {givers[0]!r} before it" if givers else ""
            faults.append(f"{name!r} needs the layer {missing!r}, which nothing before it provides{hint}")
        available |= stage.provides
    return faults


def build_stages(config: Config) -> list[Stage]:
    """The configured stages, in order, nothing loaded yet. Raises ConfigError as :func:`order_faults` finds."""
    faults = order_faults(config)
    if faults:
        raise ConfigError("; ".join(faults))
    return [(cls := stage_class(name))(_settings(cls, config), config) for name in config.stages]


def _settings(stage: type[Stage], config: Config) -> BaseModel:
    if stage.name in type(config).model_fields:
        return getattr(config, stage.name)  # type: ignore[no-any-return]
    try:
        return stage.Settings.model_validate(config.plugins.get(stage.name, {}))
    except ValidationError as error:
        raise ConfigError(f"plugins.{stage.name}: {error}") from error
