"""What is installed, which models and data are there, what works offline and what would need a download."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from rich.console import Console
from rich.table import Table

from pipeline.config import Config
from pipeline.errors import KyojitsuError
from pipeline.models.lock import read_lock
from pipeline.models.store import ModelStore, cache_root
from pipeline.runner import package_versions
from pipeline.stages import stage_class

# What each optional part imports, and the extra that brings it.
_EXTRAS = {"translate": ("ctranslate2", "tokenizers"), "translate (conversion)": ("torch", "transformers", "gguf")}


def report(config: Config, console: Console) -> None:
    """Print versions, the lock file's entries with their state, and whether each configured stage can run."""
    versions = Table("package", "version", title="Packages", title_justify="left")
    for name, number in package_versions().items():
        versions.add_row(name, number)
    for extra, modules in _EXTRAS.items():
        missing = [m for m in modules if find_spec(m) is None]
        versions.add_row(f"[dim]{extra}[/]", f"needs {', '.join(missing)}" if missing else "complete")
    console.print(versions)

    models = Table(
        "name", "kind", "version", "licence", "sha256", "state", title="Models and data", title_justify="left"
    )
    states = {s.entry.name: s.state for s in ModelStore(cache_root(config.translate.cache_dir)).status()}
    for entry in read_lock().values():
        state = states.get(entry.name) or _installed(entry.name, entry.version)
        models.add_row(entry.name, entry.kind, entry.version, entry.licence, entry.sha256[:12], state)
    console.print(models)

    stages = Table("stage", "works offline now", title="Stages", title_justify="left")
    for name in config.stages:
        stages.add_row(name, _state(name, config))
    console.print(stages)
    console.print(f"cache: {cache_root(config.translate.cache_dir)}", markup=False, soft_wrap=True)


def _installed(name: str, pinned: str) -> str:
    """State of a package or data file: its installed version against the lock's."""
    try:
        found = version(name)
    except PackageNotFoundError:
        return "in this package"
    return "installed" if found == pinned else f"installed: {found}"


def _state(name: str, config: Config) -> str:
    """Whether a stage loads, or what it says it needs."""
    try:
        stage_class(name)(getattr(config, name, None), config).load()
    except KyojitsuError as error:
        return f"no: {error}"
    return "yes"
