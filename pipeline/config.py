"""Typed configuration: ``configs/default.yaml``, overlaid by a file, overlaid by ``--set KEY=VALUE``.

Every fault is reported at once, each with its file, key, value, what was expected and the nearest valid name.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import ConfigError
from pipeline.record import Technique
from pipeline.sources.settings import ReadSettings

# Settings that change how a run works but not what it writes: left out of the signature.
OperationalOnly = Field(json_schema_extra={"operational": True})
# A data file: what it holds is in the signature by its hash, where it lies is not.
FileSetting = Annotated[str, Field(min_length=1, json_schema_extra={"operational": True})]
_SECRET: Final = re.compile(r"(?i)api.?key|authorization|password|secret|access.?token")
_DEEPEST: Final = 20  # dots of a key; the settings have one or two
_MOST_VALUES: Final = 10_000  # the default configuration has about a hundred
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class Settings(BaseModel):
    """Base of all settings: unknown keys and wrong types are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class NormalizeSettings(Settings):
    """Width folding, repairs (``rules_off``: names of rules that are switched off) and layout."""

    fold_width: bool
    rules_off: list[str]
    boilerplate: bool

    @field_validator("rules_off")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        from pipeline.text.repairs import RULES

        valid = [rule.name for rule in RULES]
        unknown = [name for name in names if name not in valid]
        if unknown:
            raise ValueError(f"no such rule: {', '.join(unknown)}; there are {', '.join(valid)}")
        return names


class TokenizeSettings(Settings):
    """GiNZA; ``max_sentence_bytes`` is in UTF-8 bytes and must stay under Sudachi's limit of 49,149."""

    model: str
    split_mode: Literal["A", "B", "C"]
    max_sentence_bytes: Annotated[int, Field(ge=100, le=49_000)]


class NerSettings(Settings):
    """Names and figures."""

    gazetteer: FileSetting
    model_entities: bool


class HypeSettings(Settings):
    """The model that judges, the cues that are its evidence, and how readily something is reported."""

    model: Annotated[str, Field(min_length=1)]
    cues: FileSetting
    levels: Annotated[list[Annotated[float, Field(ge=0.0, le=3.0)]], Field(min_length=3, max_length=3)]
    dial: float
    techniques: Annotated[list[Technique], Field(min_length=1)]
    min_span_score: Fraction

    @field_validator("levels")
    @classmethod
    def _ascending(cls, levels: list[float]) -> list[float]:
        if levels != sorted(levels):
            raise ValueError("the thresholds must not descend")
        return levels


class StanceSettings(Settings):
    """The model that judges, the targets, and the margin under which a stance is neutral.

    Attributes:
        model: ``bundled``, ``lexicon``, or any other that ``kyojitsu evaluate stance`` can ask about a new sentence.
        labels: of a model of others: its labels and what they mean.
        input: what a classifier of others reads, ``pair`` or ``marked``, where its config does not say so.
        targets: the file of targets.
        discover: whether every organisation, person and product is a target too.
        margin: favor and against nearer than this are neutral.
    """

    model: Annotated[str, Field(min_length=1)]
    labels: dict[str, str] = Field(default_factory=dict)
    input: Literal["pair", "marked"] = "pair"
    targets: FileSetting
    discover: bool
    margin: Fraction


class EndpointSettings(Settings):
    """An OpenAI-compatible endpoint that translates.

    Attributes:
        base_url: its address up to and with the version, such as ``http://localhost:8000/v1``.
        key_variable: the environment variable that holds the key; None to send none.
        timeout: seconds for one attempt.
        attempts: how often a request is tried that fails for now.
        wait: seconds before the second attempt; doubled for each further one.
        workers: requests at a time.
        parameters: sent with every request, such as ``max_tokens``.
    """

    base_url: Annotated[str, Field(pattern=r"^https?://[^\s@?#]+$")]
    key_variable: Annotated[str | None, OperationalOnly] = None
    timeout: Annotated[float, Field(gt=0, json_schema_extra={"operational": True})] = 60.0
    attempts: Annotated[int, Field(ge=1, json_schema_extra={"operational": True})] = 4
    wait: Annotated[float, Field(ge=0, json_schema_extra={"operational": True})] = 1.0
    workers: Annotated[int, Field(ge=1, json_schema_extra={"operational": True})] = 4
    parameters: dict[str, Any] = Field(default_factory=dict)

    @field_validator("parameters")
    @classmethod
    def _no_key(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        """A key would be written to the manifest. Raises ValueError for a name that says it is one."""
        keys = [name for name in parameters if _SECRET.search(name)]
        if keys:
            raise ValueError(f"{', '.join(keys)}: a key belongs in the environment variable that key_variable names")
        return parameters


class TranslateSettings(Settings):
    """The engine, its decoding, its cache and its resources.

    Attributes:
        beam: hypotheses a beam search keeps, for engines that have one; None for the engine's own number.
        candidates: translations among which the one most like the others is taken; 1 takes the engine's first.
        protect: how figures and names are kept: their English ``inject``-ed into the Japanese, held by a
            ``placeholder``, ``none``, or ``auto`` for what the engine says.
        endpoint: for the engine ``openai``; nothing is sent anywhere without it.
        retries: further candidates asked for where a check failed.
        glossary: terms with a fixed English, TSV or TBX.
        catchphrases: set phrases with a literal and a natural rendering.
        aligner: folder of the encoder that finds the English of a span, or ``bundled``; None does without.
    """

    engine: str
    model: str | None
    cache: Annotated[bool, OperationalOnly]
    cache_dir: Annotated[str | None, OperationalOnly]
    threads: Annotated[int, Field(ge=0, json_schema_extra={"operational": True})]
    batch_size: Annotated[int, Field(ge=1, json_schema_extra={"operational": True})]
    beam: Annotated[int, Field(ge=1)] | None = None
    candidates: Annotated[int, Field(ge=1)] = 1
    protect: Literal["auto", "inject", "placeholder", "none"] = "auto"
    endpoint: EndpointSettings | None = None
    retries: Annotated[int, Field(ge=0)] = 4
    glossary: FileSetting = "glossary.tsv"
    catchphrases: FileSetting = "catchphrases.tsv"
    aligner: Annotated[str, Field(min_length=1)] | None = "bundled"


class RunSettings(Settings):
    """How a run uses the machine.

    Attributes:
        workers: processes, or actors on Ray.
        max_pending: documents handed to each worker in advance.
        timeout: seconds a document may take before its worker is stopped; None for no limit.
        recycle: documents after which a worker makes room for a fresh one; None for never.
    """

    workers: Annotated[int, Field(ge=1)]
    engine: Literal["local", "ray"]
    max_pending: Annotated[int, Field(ge=1)]
    timeout: Annotated[float, Field(gt=0)] | None = None
    recycle: Annotated[int, Field(ge=1)] | None = None

    def threads_a_worker(self) -> int:
        """An equal share of the processors this process may use, which may be fewer than the machine has; at least 1."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return max(1, cores // self.workers)


class Config(Settings):
    """The whole configuration. ``plugins`` holds the settings of third-party stages by stage name."""

    stages: Annotated[list[str], Field(min_length=1)]
    read: ReadSettings
    normalize: NormalizeSettings
    tokenize: TokenizeSettings
    ner: NerSettings
    hype: HypeSettings
    stance: StanceSettings
    translate: TranslateSettings
    run: Annotated[RunSettings, OperationalOnly]
    plugins: dict[str, dict[str, Any]] = Field(default_factory=dict)


def config_dir() -> Path:
    """The folder of the configs that come with the package, installed or in a checkout."""
    here = Path(__file__).parent
    return here / "configs" if (here / "configs").is_dir() else here.parent / "configs"


def load_config(
    file: Path | str | None = None, overrides: Sequence[str] = (), stages: Sequence[str] | None = None
) -> Config:
    """Resolve the configuration.

    Args:
        file: a YAML file with the settings to change.
        overrides: ``KEY=VALUE`` strings, dotted key and YAML value.
        stages: the stages to run, in order, in place of the configured ones.

    Raises:
        ConfigError: listing every fault found.
    """
    default = config_dir() / "default.yaml"
    values = _read_yaml(default)
    origin = {key: str(default) for key in _leaves(values)}
    faults: list[str] = []
    if file is not None:
        _overlay(values, _read_yaml(Path(file)), origin, str(file))
        _resolve_files(values, origin, str(file))
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key or key.count(".") > _DEEPEST:
            faults.append(f"--set {override}: expected KEY=VALUE, for example --set run.workers=2")
            continue
        _overlay(values, _nest(key.split("."), _parse_value(override, value)), origin, "--set")
    if stages is not None:
        _overlay(values, {"stages": list(stages)}, origin, "--stages")
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        faults += [_fault(e, origin) for e in error.errors()]
    else:
        from pipeline.stages import order_faults

        faults += [f"{_origin('stages', origin)}: stages: {fault}" for fault in order_faults(config)]
    if faults:
        raise ConfigError(f"{len(faults)} fault(s) in the configuration:\n  " + "\n  ".join(faults))
    return config


def find_file(name: str) -> Path:
    """The data file or folder that a setting names: a path, or a name in the package's configs.

    Raises:
        ConfigError: it is in neither place.
    """
    # A bare name is one of the package's; a stray file of that name in the current folder does not take its place.
    bare = bool(name) and Path(name).name == name
    for candidate in (config_dir() / name, Path(name)) if bare else (Path(name),):
        if name and candidate.exists():
            return candidate
    if name and (config_dir() / name).exists():
        return config_dir() / name
    raise ConfigError(
        f"{name!r} is named in the configuration but there is no such file or folder.",
        remedy=f"Looked in {Path.cwd()} and in {config_dir()}; give a path that exists.",
    )


def relevant(settings: BaseModel) -> dict[str, Any]:
    """The settings that can change what is written, as plain data."""
    kept: dict[str, Any] = {}
    for name, info in type(settings).model_fields.items():
        extra = info.json_schema_extra
        if isinstance(extra, dict) and extra.get("operational"):
            continue
        value = getattr(settings, name)
        kept[name] = relevant(value) if isinstance(value, BaseModel) else value
    return kept


def digest(value: object) -> str:
    """Eight hexadecimal digits that identify plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:8]


def digest_files(files: Iterable[Path]) -> str:
    """Eight hexadecimal digits that identify files by name and content."""
    content = hashlib.sha256()
    for file in files:
        content.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return content.hexdigest()[:8]


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: the configuration cannot be read: {error.strerror}.") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    _refuse_endless(values, str(path))
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected settings as KEY: VALUE lines, found {type(values).__name__}.")
    return values


def _parse_value(override: str, value: str) -> Any:
    try:
        parsed = YAML(typ="safe").load(value)
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"--set {override}: the value is not valid YAML.") from error
    _refuse_endless(parsed, f"--set {override}")
    return parsed


def _refuse_endless(values: Any, place: str) -> None:
    """Raise ConfigError if aliases (``*name``) make the values endless, or more than anybody writes."""
    pending, count = [values], 0
    while pending:
        value = pending.pop()
        count += 1
        if count > _MOST_VALUES:
            raise ConfigError(
                f"{place}: more than {_MOST_VALUES} values.", remedy="Look for an alias that repeats itself."
            )
        pending += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _nest(keys: Sequence[str], value: Any) -> dict[str, Any]:
    return {keys[0]: _nest(keys[1:], value) if len(keys) > 1 else value}


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _overlay(
    base: dict[str, Any], top: Mapping[str, Any], origin: dict[str, str], source: str, prefix: str = ""
) -> None:
    for key, value in top.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _overlay(base[key], value, origin, source, f"{prefix}{key}.")
        else:
            base[key] = value
            origin[f"{prefix}{key}"] = source


# Settings that name a file or folder; a relative name is looked up beside the file that gives it.
_FILE_SETTINGS = (("ner", "gazetteer"), ("hype", "cues"), ("stance", "targets"))


def _resolve_files(values: dict[str, Any], origin: Mapping[str, str], file: str) -> None:
    for section, key in _FILE_SETTINGS:
        name = values.get(section, {}).get(key) if isinstance(values.get(section), dict) else None
        if isinstance(name, str) and origin.get(f"{section}.{key}") == file:
            beside = Path(file).parent / name
            if beside.exists():
                values[section][key] = str(beside)


def _origin(key: str, origin: Mapping[str, str]) -> str:
    """Where a key was set: itself, a parent or a child of it."""
    for known, source in origin.items():
        if known == key or known.startswith(f"{key}.") or key.startswith(f"{known}."):
            return source
    return "configuration"


def _fault(error: Any, origin: Mapping[str, str]) -> str:
    """One line for one of pydantic's errors: file, key, value, expectation, nearest name."""
    location = [str(part) for part in error["loc"]]
    key = ".".join(location)
    if error["type"] == "extra_forbidden":
        names = _names_at(location[:-1])
        near = difflib.get_close_matches(location[-1], names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"valid here: {', '.join(sorted(names))}"
        return f"{_origin(key, origin)}: {key}: unknown key (value {error['input']!r}); {hint}"
    return f"{_origin(key, origin)}: {key}: {error['msg']} (value {error['input']!r})"


def _names_at(location: Sequence[str]) -> list[str]:
    model: type[BaseModel] = Config
    for part in location:
        annotation = model.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
