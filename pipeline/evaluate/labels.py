"""What the labels of other data sets and models mean here: ``configs/labels.yaml`` and a user's own mapping."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ruamel.yaml import YAML

from pipeline.config import find_file
from pipeline.errors import ConfigError

FILE: Final = "labels.yaml"
STANCE: Final = "stance"  # the task whose models a run takes too
_SEPARATORS: Final = re.compile(r"[\s_\-]+")


class Labels:
    """The labels of a task, and the names that mean each of them."""

    def __init__(self, task: str, names: Mapping[str, Sequence[str]], own: Mapping[str, str]) -> None:
        """Take the names of each label, and a user's own mapping from names to labels, which goes first.

        Raises:
            ConfigError: the user's mapping leads to something that is no label of the task.
        """
        self.task = task
        self.known = tuple(names)
        wrong = sorted({label for label in own.values() if label not in names})
        if wrong:
            raise ConfigError(
                f"the label mapping leads to {_listed(wrong)}, but {task} has {_listed(self.known)}.",
                remedy="Map each foreign label to one of these, as in --label LABEL_0=" + self.known[0] + ".",
            )
        self._meanings = {_key(name): label for label, several in names.items() for name in (label, *several)}
        self._own = {_key(name): label for name, label in own.items()}

    def find(self, name: object) -> str | None:
        """The label that a name means, None if it is not known."""
        return self._own.get(_key(name)) or self._meanings.get(_key(name))

    def read(self, names: Iterable[object], where: str) -> list[str]:
        """The label of each name.

        Args:
            names: as a data set or a model writes them.
            where: what the names come from, for the message.

        Raises:
            ConfigError: names that are not known; all are listed, with how often each occurs.
        """
        found = [(name, self.find(name)) for name in names]
        unknown = Counter(str(name) for name, label in found if label is None)
        if unknown:
            listed = ", ".join(f"{name!r} ({count})" for name, count in sorted(unknown.items()))
            raise ConfigError(
                f"{where}: labels whose meaning for {self.task} is not known: {listed}.",
                remedy=f"Map each to {_listed(self.known)}, {self.example(min(unknown))}.",
            )
        return [label for _, label in found if label is not None]

    def example(self, name: str, label: str = "") -> str:
        """How a name is mapped, for a remedy."""
        label = label or self.known[0]
        of_run = f" (of a run: --set 'stance.labels={{{name}: {label}}}')" if self.task == STANCE else ""
        return f"as in --label {name}={label}{of_run}"


def load_labels(task: str, own: Mapping[str, str] | None = None) -> Labels:
    """The labels of ``stance``, ``nli``, ``hype``, ``checkable`` or ``rhetoric``. Raises ConfigError."""
    return Labels(task, _content()[task], own or {})


def load_hypotheses() -> dict[str, Any]:
    """The hypotheses of each stance, and under ``author`` what the author is called in them."""
    hypotheses: dict[str, Any] = _content()["hypotheses"]
    return hypotheses


def _content() -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load(find_file(FILE).read_text(encoding="utf-8"))
    return content


def _key(name: object) -> str:
    return _SEPARATORS.sub(" ", str(name)).strip().casefold()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
