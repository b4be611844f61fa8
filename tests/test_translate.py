from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import OFFLINE, make_document

from pipeline.annotator import Annotator, StageError
from pipeline.config import load_config
from pipeline.record import Record
from pipeline.translation.engine import Output


class Phrasebook:
    """An engine for tests: it looks sources up and remembers what it was asked."""

    name = "phrasebook"
    fingerprint = "phrasebook-1"

    def __init__(self, pages: dict[str, Output]) -> None:
        self.pages, self.asked = pages, list[str]()

    def translate(self, sources: Sequence[str]) -> list[Output]:
        self.asked += sources
        return [self.pages.get(s, Output("Something else entirely.", True)) for s in sources]


def annotate(
    raw: str, engine: Phrasebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, overrides: Sequence[str] = ()
) -> Record:
    monkeypatch.setattr("pipeline.stages.translate.load_engine", lambda name, settings: engine)
    config = load_config(stages=[*OFFLINE, "translate"], overrides=[f"translate.cache_dir={tmp_path}", *overrides])
    return Annotator(config).process(make_document(raw))


def test_figures_and_names_go_to_the_engine_in_english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = Phrasebook({})
    annotate("トヨタ自動車は工場に90億円を投じた。", engine, monkeypatch, tmp_path)
    assert any("¥9 billion" in source and "Toyota" in source for source in engine.asked)


@pytest.mark.parametrize(
    ("english", "finished", "status", "warning"),
    [
        ("The factory cost ¥9 billion.", True, "verified", ""),
        ("The factory cost ¥90 billion.", True, "flagged", "numbers"),
        ("The factory cost ¥9 billion 円.", True, "flagged", "japanese_left"),
        ("The factory cost ¥9 billion", False, "flagged", "cut"),
        ("", True, "failed", "empty"),
    ],
)
def test_status_says_whether_the_english_can_be_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, english: str, finished: bool, status: str, warning: str
) -> None:
    engine = Phrasebook({"工場には ¥9 billion かかった。": Output(english, finished)})
    record = annotate("工場には90億円かかった。", engine, monkeypatch, tmp_path)
    (sentence,) = record.sentences or []
    assert sentence.translation
    assert sentence.translation.status == status
    assert warning in " ".join(sentence.translation.warnings)
    assert bool(sentence.translation.warnings) is (status != "verified")


def test_rhetoric_and_short_claims_get_english_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = Phrasebook({"圧倒的": Output("overwhelming", True)})
    record = annotate("圧倒的な安さで、店は昨年500人を集めた。", engine, monkeypatch, tmp_path)
    (sentence,) = record.sentences or []
    assert [(r.text, r.en) for r in sentence.rhetoric or []] == [("圧倒的", "overwhelming")]
    assert all(claim.en for claim in sentence.claims or [])


def test_foreign_sentences_are_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = Phrasebook({})
    record = annotate(
        "店は朝に開く。昼は休む。夜にまた開く。\nWe open at nine.\n客は多い。", engine, monkeypatch, tmp_path
    )
    (foreign,) = [s for s in record.sentences or [] if s.lang == "en"]
    assert foreign.translation
    assert (foreign.translation.text, foreign.translation.engine) == ("We open at nine.", "copied")
    assert "We open at nine." not in engine.asked


def test_a_second_run_asks_the_engine_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first, second = Phrasebook({}), Phrasebook({})
    one = annotate("雨が降った。風も吹いた。", first, monkeypatch, tmp_path)
    two = annotate("雨が降った。風も吹いた。", second, monkeypatch, tmp_path)
    assert first.asked
    assert not second.asked
    assert one.sentences == two.sentences


def test_without_a_cache_it_asks_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for _ in range(2):
        engine = Phrasebook({})
        annotate("雨が降った。", engine, monkeypatch, tmp_path, ["translate.cache=false"])
        assert engine.asked


def test_an_engine_that_breaks_is_the_document_s_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Broken(Phrasebook):
        def translate(self, sources: Sequence[str]) -> list[Output]:
            raise RuntimeError("out of paper")

    with pytest.raises(StageError, match="test: translate: out of paper"):
        annotate("雨が降った。", Broken({}), monkeypatch, tmp_path)
