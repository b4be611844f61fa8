from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import config_dir, digest, load_config, relevant
from pipeline.errors import ConfigError


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_default_loads() -> None:
    config = load_config()
    assert config.stages == ["normalize", "tokenize", "ner", "hype", "stance", "translate"]
    assert config.run.workers == 1


@pytest.mark.parametrize("file", sorted(p for p in config_dir().glob("*.yaml") if "stages" in p.read_text("utf-8")))
def test_every_configuration_that_comes_with_the_package_loads(file: Path) -> None:
    load_config(file)


def test_precedence_is_set_then_file_then_default(tmp_path: Path) -> None:
    file = write(tmp_path / "my.yaml", "hype: {min_span_score: 0.6}\nrun: {workers: 2}\n")
    config = load_config(file, ["run.workers=3"])
    assert (config.hype.min_span_score, config.run.workers, config.run.engine) == (0.6, 3, "local")


def test_a_data_file_is_found_beside_the_file_that_names_it(tmp_path: Path) -> None:
    write(tmp_path / "targets.yaml", "[]")
    config = load_config(write(tmp_path / "my.yaml", "stance: {targets: targets.yaml}"))
    assert config.stance.targets == str(tmp_path / "targets.yaml")


def test_all_faults_are_reported_at_once_with_file_key_value_and_nearest_name(tmp_path: Path) -> None:
    file = write(tmp_path / "bad.yaml", "hype: {min_span_scroe: 0.5}\nrun: {workers: two}\ntokenise: {}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file, ["stance.margin=7"])
    message = str(caught.value)
    assert "4 fault(s)" in message
    assert f"{file}: hype.min_span_scroe: unknown key (value 0.5); did you mean 'min_span_score'?" in message
    assert f"{file}: run.workers: Input should be a valid integer (value 'two')" in message
    assert f"{file}: tokenise: unknown key" in message
    assert "did you mean 'tokenize'?" in message
    assert "--set: stance.margin: Input should be less than or equal to 1 (value 7)" in message


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (
            ["tokenize", "normalize"],
            "'tokenize' needs the layer 'blocks', which nothing before it provides; put 'normalize'",
        ),
        (["normalize", "normalize"], "'normalize' stands twice"),
        (["normalize", "tokenise"], "there is no stage 'tokenise'. Did you mean 'tokenize'?"),
        ([], "at least 1 item"),
    ],
)
def test_impossible_stage_orders_are_refused(stages: list[str], expected: str) -> None:
    with pytest.raises(ConfigError, match=r"stages") as caught:
        load_config(stages=stages)
    assert expected in str(caught.value)


def test_a_possible_order_is_accepted() -> None:
    assert load_config(stages=["normalize", "tokenize"]).stages == ["normalize", "tokenize"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n", "expected settings as KEY: VALUE"),
        ("run: [", "not valid YAML"),
        ("run: {workers: 1}\nrun: {workers: 2}\n", "not valid YAML"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, text: str, expected: str) -> None:
    file = write(tmp_path / "x.yaml", text)
    with pytest.raises(ConfigError, match=expected):
        load_config(file)


def test_missing_file_and_malformed_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="expected KEY=VALUE"):
        load_config(overrides=["run.workers"])


def test_unknown_rule_names_the_valid_ones() -> None:
    with pytest.raises(ConfigError, match=r"no such rule: stop; there are .*doubled_stop"):
        load_config(overrides=["normalize.rules_off=[stop]"])
    assert load_config(overrides=["normalize.rules_off=[doubled_stop]"]).normalize.rules_off == ["doubled_stop"]


@pytest.mark.parametrize(
    ("override", "changes"),
    [("run.workers=4", False), ("translate.threads=2", False), ("translate.cache=false", False),
     ("hype.min_span_score=0.9", True), ("translate.engine=other", True)],
)  # fmt: skip
def test_the_signature_follows_what_can_change_a_record(override: str, changes: bool) -> None:
    before, after = load_config(), load_config(overrides=[override])
    assert (digest(relevant(before)) != digest(relevant(after))) is changes
