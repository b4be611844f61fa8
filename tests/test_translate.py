from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import OFFLINE, make_document

from pipeline.annotator import Annotator, StageError
from pipeline.config import load_config
from pipeline.record import Claim, Record, Rhetoric, Translation
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


class Rewriter(Phrasebook):
    """A phrasebook with further candidates for each source."""

    def __init__(self, pages: dict[str, Output], others: dict[str, list[str]]) -> None:
        super().__init__(pages)
        self.others, self.asked_again = others, list[str]()

    def candidates(self, sources: Sequence[str], count: int) -> list[list[Output]]:
        self.asked_again += sources
        made = [[self.pages[s], *(Output(text, True) for text in self.others.get(s, []))] for s in sources]
        return [some[:count] for some in made]


def annotate(
    raw: str, engine: Phrasebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, overrides: Sequence[str] = ()
) -> Record:
    monkeypatch.setattr("pipeline.stages.translate.load_engine", lambda name, settings: engine)
    config = load_config(
        stages=[*OFFLINE, "translate"], overrides=["hype.model=cues", f"translate.cache_dir={tmp_path}", *overrides]
    )
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
    alone = ["translate.aligner=null"]
    record = annotate("圧倒的な安さで、店は昨年500人を集めた。", engine, monkeypatch, tmp_path, alone)
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


RAW, SOURCE = "工場には90億円かかった。", "工場には ¥9 billion かかった。"
WRONG, RIGHT = "The factory cost ¥90 billion.", "The factory cost ¥9 billion."


def the_translation(record: Record) -> Translation:
    (sentence,) = record.sentences or []
    assert sentence.translation
    return sentence.translation


@pytest.mark.parametrize(
    ("others", "overrides", "text", "status"),
    [
        (["The factory cost a lot.", RIGHT], (), RIGHT, "verified"),
        (["The factory cost a lot.", RIGHT], ("translate.retries=1",), "The factory cost a lot.", "flagged"),
        (["The factory cost a lot.", RIGHT], ("translate.retries=0",), WRONG, "flagged"),
        (["$90 billion 円"], (), WRONG, "flagged"),
    ],
)
def test_what_fails_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, others: list[str], overrides: Sequence[str], text: str, status: str
) -> None:
    engine = Rewriter({SOURCE: Output(WRONG, True)}, {SOURCE: others})
    found = the_translation(annotate(RAW, engine, monkeypatch, tmp_path, overrides))
    assert (found.text, found.status) == (text, status)


def test_what_passes_is_not_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = Rewriter({SOURCE: Output(RIGHT, True)}, {})
    annotate(RAW, engine, monkeypatch, tmp_path)
    assert engine.asked_again == []


def test_candidates_are_cached_even_where_there_are_few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runs = []
    for _ in range(2):
        engine = Rewriter({SOURCE: Output(WRONG, True)}, {SOURCE: [RIGHT]})
        runs.append((the_translation(annotate(RAW, engine, monkeypatch, tmp_path)), len(engine.asked_again)))
    assert [asked for _, asked in runs] == [1, 0]
    assert runs[0][0] == runs[1][0]


def test_a_sentence_that_fails_is_translated_clause_by_clause(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pages = {
        "雨が降り、風も吹いたが、船は港を出た。": Output("It rained 90 times.", True),
        "雨が降り": Output("It rained", True),
        "風も吹いたが": Output("The wind blew too.", True),
        "船は港を出た。": Output("The ship left the port.", True),
    }
    found = the_translation(
        annotate("雨が降り、風も吹いたが、船は港を出た。", Phrasebook(pages), monkeypatch, tmp_path)
    )
    assert (found.text, found.status) == ("It rained. The wind blew too. The ship left the port.", "verified")


def test_a_sentence_that_fails_is_tried_with_the_other_protection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = Phrasebook({SOURCE: Output(WRONG, True), "工場には ZX1 かかった。": Output("The factory cost ZX1.", True)})
    found = the_translation(annotate(RAW, engine, monkeypatch, tmp_path))
    assert (found.text, found.status) == (RIGHT, "verified")
    again = the_translation(annotate(RAW, engine, monkeypatch, tmp_path / "other", ["translate.retries=0"]))
    assert (again.text, again.status) == (WRONG, "flagged")


def test_a_note_on_the_translation_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    noted = f"{RIGHT} Note: The translation keeps the structure of the original sentence."
    found = the_translation(annotate(RAW, Phrasebook({SOURCE: Output(noted, True)}), monkeypatch, tmp_path))
    assert (found.text, found.status) == (RIGHT, "verified")


@pytest.mark.parametrize(
    ("protect", "source", "english"),
    [
        ("inject", SOURCE, RIGHT),
        ("placeholder", "工場には ZX1 かかった。", "The factory cost ZX1."),
        ("none", RAW, RIGHT),
    ],
)
def test_figures_are_protected_as_configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, protect: str, source: str, english: str
) -> None:
    engine = Phrasebook({source: Output(english, True)})
    found = the_translation(annotate(RAW, engine, monkeypatch, tmp_path, [f"translate.protect={protect}"]))
    assert source in engine.asked
    assert (found.text, found.status) == (RIGHT, "verified")


def test_terms_of_the_user_s_glossary_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine.tsv").write_text("ja\ten\n工場\tfab\n", encoding="utf-8")
    engine = Phrasebook({"fab には ¥9 billion かかった。": Output(RIGHT, True)})
    found = the_translation(annotate(RAW, engine, monkeypatch, tmp_path, [f"translate.glossary={tmp_path}/mine.tsv"]))
    assert found.warnings == ["terms: 工場 → fab is missing"]


def test_a_set_phrase_is_explained_once_a_document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = Phrasebook({"対策は a drop in the bucket だ。": Output("The measures are a drop in the bucket.", True)})
    record = annotate("対策は焼け石に水だ。これも焼け石に水だ。", engine, monkeypatch, tmp_path)
    notices = [notice.message for notice in record.warnings if notice.code == "catchphrase"]
    assert notices == ["焼け石に水: 'a drop in the bucket', literally 'water on a hot stone'"]
    placed = [(r.en, r.en_start) for s in record.sentences or [] for r in s.rhetoric or [] if r.text == "焼け石に水"]
    assert placed[:1] in ([], [("a drop in the bucket", 17)])


def test_offsets_give_the_english_of_a_span(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "店は昨年500人を集めた。"
    record = annotate(text, Phrasebook({}), monkeypatch, tmp_path)
    (sentence,) = record.sentences or []
    english = the_translation(record).text
    spans: list[Rhetoric | Claim] = [*(sentence.rhetoric or []), *(sentence.claims or [])]
    assert spans
    assert all(s.en == english[s.en_start : s.en_end] for s in spans if s.en_start is not None)
    assert any(s.en_start is not None for s in spans)


def test_a_claim_never_has_a_wrong_figure_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    raw = "圧倒的な安さで評判を呼んだその小さな店は、驚くべきことに昨年だけで500人を集めた。"

    class Wrong(Phrasebook):
        def translate(self, sources: Sequence[str]) -> list[Output]:
            return [Output("The little shop drew 5,000 people.", True) for _ in sources]

    record = annotate(raw, Wrong({}), monkeypatch, tmp_path)
    (sentence,) = record.sentences or []
    assert the_translation(record).status == "flagged"
    assert [(c.en_start, c.en_end) for c in sentence.claims or []] == [(0, 34)] * len(sentence.claims or [])


# A run whose engine writes down what it was asked, and is killed when it is called for the nth time.
KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.config import load_config
from pipeline.runner import run
from pipeline.stages import translate
from pipeline.translation.cache import TranslationCache
from pipeline.translation.engine import Output

folder, calls, rows = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
caches = []

class Counted(TranslationCache):
    def __init__(self, *args):
        super().__init__(*args)
        caches.append(self)

class Mortal:
    name, fingerprint, called = "mortal", "mortal-1", 0

    def translate(self, sources):
        self.called += 1
        if self.called == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        with (folder / "asked").open("a", encoding="utf-8") as asked:
            asked.writelines(source + chr(10) for source in sources)
        return [Output("Someone went out for a walk in the long evening of a day.", True) for _ in sources]

translate.load_engine = lambda name, settings: Mortal()
translate.TranslationCache = Counted
translate.CHUNK = 3
config = load_config(
    stages=["normalize", "tokenize", "ner", "translate"],
    overrides=[f"translate.cache_dir={folder}", "normalize.boilerplate=false"],
)
run([rows], folder / "out", config, resume=calls == 0)
print(sum(cache.hits for cache in caches))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_run_killed_in_the_middle_translates_nothing_twice(tmp_path: Path) -> None:
    walkers = ["姉", "弟", "祖父", "先生", "医者", "画家", "隣人", "店主", "記者", "大工", "庭師", "駅長"]
    rows = tmp_path / "walks.txt"
    rows.write_text("".join(f"{who}は夕方の長い散歩に出かけた。\n" for who in walkers), encoding="utf-8")

    def start(folder: str, calls: int) -> subprocess.CompletedProcess[str]:
        (tmp_path / folder).mkdir(exist_ok=True)
        command = [sys.executable, "-c", KILLED, str(tmp_path / folder), str(calls), str(rows)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent)

    assert start("whole", -1).returncode == 0
    assert start("killed", 3).returncode == -signal.SIGKILL
    before = (tmp_path / "killed" / "asked").read_text(encoding="utf-8").splitlines()
    assert len(before) == 6
    resumed = start("killed", 0)
    assert resumed.returncode == 0, resumed.stderr
    asked = (tmp_path / "killed" / "asked").read_text(encoding="utf-8").splitlines()
    assert len(asked) == len(set(asked))
    assert sorted(asked) == sorted((tmp_path / "whole" / "asked").read_text(encoding="utf-8").splitlines())
    assert int(resumed.stdout) >= len(before)
    for name in ("records.jsonl", "rhetoric.jsonl", "claims.jsonl"):
        assert (tmp_path / "killed" / "out" / name).read_bytes() == (tmp_path / "whole" / "out" / name).read_bytes()
