"""What is installed, which models and data are there, what works offline and what would need a download."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.config import Config
from pipeline.errors import KyojitsuError
from pipeline.models.lock import Entry, hash_data, read_lock
from pipeline.models.store import ModelStore, cache_root
from pipeline.outputs import package_versions
from pipeline.stages import Stage, build_stages

# What each extra imports.
_EXTRAS = {"translate": ("ctranslate2", "gguf", "tokenizers")}


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
        state = states.get(entry.name) or _installed(entry)
        models.add_row(entry.name, entry.kind, entry.version, entry.licence, entry.sha256[:12], state)
    console.print(models)

    stages = Table("stage", "works offline now", title="Stages", title_justify="left")
    for stage in build_stages(config):
        stages.add_row(stage.name, _state(stage))
    console.print(stages)
    console.print(f"cache: {cache_root(config.translate.cache_dir)}", markup=False, soft_wrap=True)


def _installed(entry: Entry) -> str:
    """State of a package or data file: what is there against what the lock pins."""
    if entry.kind == "data":
        return "as locked" if hash_data(entry)[0] == entry.sha256 else "changed since locked"
    try:
        found = version(entry.name)
    except PackageNotFoundError:
        return f"missing: pip install {entry.name}"
    return "installed" if found == entry.version else f"installed: {found}"


def _state(stage: Stage) -> str:
    """Whether a stage loads, or what it says it needs."""
    try:
        stage.load()
    except KyojitsuError as error:
        return escape(f"no: {error}")
    return "yes"
