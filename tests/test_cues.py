"""The cue language, its errors, and the package's own cue files."""

from __future__ import annotations

from pathlib import Path

import pytest
from sudachipy import Dictionary, SplitMode

from pipeline.config import config_dir
from pipeline.errors import ConfigError
from pipeline.record import TECHNIQUES, Quantity, Sentence, Token
from pipeline.text.cues import Cue, CueSet, load_cues
from pipeline.text.word_patterns import Words, parse

FOLDER = config_dir() / "cues"
_TOKENIZER = Dictionary(dict="core").create(mode=SplitMode.C)


def words(text: str, *figures: str, base: int = 100) -> Words:
    """A sentence that begins at ``base`` in its document, tokenized; ``figures`` are its quantities."""
    tokens = [
        Token(
            start=base + m.begin(), end=base + m.end(), text=m.surface(), lemma=m.dictionary_form(),
            norm=m.normalized_form(), reading="", pos="", dep="", head=0,
            tag="-".join(part for part in m.part_of_speech()[:4] if part != "*"),
        )
        for m in _TOKENIZER.tokenize(text)
    ]  # fmt: skip
    span = {"raw_start": 0, "raw_end": 0}
    quantities = [
        Quantity(start=(at := base + text.index(f)), end=at + len(f), text=f, kind="count", value=1, low=None, high=None,
                 unit="", approximate=False, en="", **span)
        for f in figures
    ]  # fmt: skip
    return Words(
        Sentence(id="s", block="b", lang="ja", start=base, end=base + len(text), text=text, tokens=tokens, entities=[],
                 quantities=quantities, times=[], quotes=[], **span)
    )  # fmt: skip


@pytest.fixture
def cues(tmp_path: Path):
    """Compile the entries of a cue file."""

    def compiled(entries: str, literal: str = "") -> CueSet:
        (tmp_path / "some.yaml").write_text(f"technique: loaded\ncues:\n{entries}\n", encoding="utf-8")
        if literal:
            (tmp_path / "literal.yaml").write_text(f"literal:\n{literal}\n", encoding="utf-8")
        return load_cues(tmp_path)

    return compiled


def found(cue_set: CueSet, sentence: Words) -> list[str]:
    text, base = sentence.sentence.text, sentence.sentence.start
    return [text[hit.start - base : hit.end - base] for hit in cue_set.find(sentence)]


@pytest.fixture(scope="session")
def package() -> CueSet:
    return load_cues(FOLDER)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("生き残れない", "旧来の店は生き残れなかった。", ["生き残れなかっ"]),  # inflection
        ("生き残れない", "このままでは生き残れません。", ["生き残れません"]),  # politeness
        ("生き残れない", "彼らは戦場で生き残らない道を選んだ。", []),  # the potential is another word
        ("ぶっちぎり", "ブッチギリの首位である。", ["ブッチギリ"]),  # script
        ("ことごとく", "提案は悉く退けられた。", ["悉く"]),  # kanji
        ("沈んでいく", "街は静かに沈んで行った。", ["沈んで行っ"]),
        ("手遅れだ", "もう手遅れでしょう。", ["手遅れでしょう"]),
        ("明白だ", "違いが明白になった。", []),  # に of an adjective is no だ
        ("全く … ない", "資金は全く足りない。", ["全く足りない"]),
        ("全く … ない", "全く、困った話で仕方がない。", []),  # a gap ends at a comma
        ("全く … ない", "全く先の見通しを立てることができない。", ["全く"]),  # a long gap: the adverb alone
        ("[たった] <number>", "たった3人で運営する。", ["たった"]),
        ("[たった] <number>", "たった今出かけた。", []),
        ("<noun> の 手先", "あの記者は財界の手先だ。", ["財界の手先"]),
        ("真っ暗 な? 未来", "真っ暗な未来が待つ。", ["真っ暗な未来"]),
        ("賛成|反対 する", "住民は反対している。", ["反対し"]),
        ("^ さあ", "さあ、始めよう。", ["さあ"]),
        ("^ さあ", "彼はさあと言った。", []),
        ("終わり だ $", "この国は終わりだ。", ["終わりだ"]),
        ("終わり だ $", "夏は終わりだと思う。", []),
        ("<imperative>", "現実を直視しろ。", ["しろ"]),
        ("<imperative>", "今すぐ急げ!", ["急げ"]),
        ("<imperative>", "急げば間に合う。", []),
        ("<imperative>", "地域における課題を探る。", []),
        ("<adjective>", "庭が広い。", ["広い"]),
        ("な/助詞-終助詞", "騙されるな。", ["な"]),
        ("な/助詞-終助詞", "静かな夜だ。", []),
    ],
)
def test_word_pattern(cues, pattern: str, text: str, expected: list[str]) -> None:
    cue_set = cues(f"  - {{find: '{pattern}', weight: .5}}")
    assert found(cue_set, words(text, *(["3人"] if "3人" in text else []))) == expected


@pytest.mark.parametrize(
    ("entry", "text", "expected"),
    [
        ("{find: 革命, weight: .5, unless: ['産業革命']}", "産業革命が始まった。", []),
        ("{find: 革命, weight: .5, unless: ['産業革命']}", "産業革命に続く革命だ。", ["革命"]),
        ("{find: 必ず, weight: .5, without: ['ください']}", "外出時は必ず鍵を閉めてください。", []),
        ("{find: 必ず, weight: .5, without: ['ください']}", "彼らは必ず失敗する。", ["必ず"]),
        ("{find: 破綻, weight: .5, with: ['国|財政']}", "財政はいずれ破綻する。", ["破綻"]),
        ("{find: 破綻, weight: .5, with: ['国|財政']}", "二人の仲は破綻した。", []),
        ("{pattern: '何[十百千]倍', weight: .5}", "効果は何百倍にもなる。", ["何百倍"]),
        ("{pattern: 'もう(?P<span>終わり)だ', weight: .5}", "この店はもう終わりだ。", ["終わり"]),
        ("{pattern: 'ガス…爆発', weight: .5}", "ガスが漏れて爆発した。", ["ガスが漏れて爆発"]),
        ("{find: [圧巻, 絶景], weight: .5}", "圧巻の絶景だった。", ["圧巻", "絶景"]),
    ],
)
def test_conditions(cues, entry: str, text: str, expected: list[str]) -> None:
    assert found(cues(f"  - {entry}"), words(text)) == expected


def test_measured_superlative_is_dropped(cues) -> None:
    cue_set = cues("  - {find: 世界一, weight: .5, measured: false}")
    assert found(cue_set, words("世界一の出荷台数は38万台だった。", "38万台")) == []
    assert found(cue_set, words("世界一の職人が、38万台を磨いた。", "38万台")) == ["世界一"]


def test_literal_uses_hold_for_every_cue_with_the_stem(cues) -> None:
    cue_set = cues("  - {find: [爆発, 大爆発する], weight: .5}", literal="  爆発: [ガス…爆発]")
    assert found(cue_set, words("ガスタンクが爆発した。")) == []
    assert found(cue_set, words("人気が爆発した。")) == ["爆発"]


def test_hits_carry_the_cue_and_document_offsets(cues) -> None:
    (hit,) = cues("  - {find: 醜態, weight: .6, direction: doom}").find(words("醜態をさらす。", base=40))
    assert (hit.start, hit.end) == (40, 42)
    assert (hit.cue.technique, hit.cue.weight, hit.cue.direction, hit.cue.name) == ("loaded", 0.6, "doom", "醜態")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{find: 圧巻}", r"cues\.0\.weight"),
        ("{find: 圧巻, weight: 1.5}", r"cues\.0\.weight"),
        ("{find: 圧巻, weight: .5, wieght: .5}", r"cues\.0\.wieght"),
        ("{weight: .5}", "neither find nor pattern"),
        ("{find: '<nuon>', weight: .5}", "no class <nuon>"),
        ("{find: '[たった', weight: .5}", "brackets"),
        ("{find: '… $', weight: .5}", "names no word"),
        ("{pattern: '(', weight: .5}", r"cues\.0"),
    ],
)
def test_bad_entry_is_named(cues, entry: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        cues(f"  - {entry}")


def test_good_entry_with_every_key_is_taken(cues) -> None:
    entry = "{find: '[たった] <number>', pattern: 'x', weight: .5, direction: boost, unless: a, without: b, with: c, measured: false}"
    assert len(cues(f"  - {entry}")) == 2


def test_a_folder_without_cues_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no cues"):
        load_cues(tmp_path)


def test_broken_yaml_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("cues: [", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken\.yaml"):
        load_cues(tmp_path)


def test_bad_literal_expression_is_named(cues) -> None:
    with pytest.raises(ConfigError, match="literal"):
        cues("  - {find: 爆発, weight: .5}", literal="  爆発: ['(']")


def test_fingerprint_follows_the_content(tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    prints = []
    for weight in (".5", ".5", ".6"):
        file.write_text(f"technique: fear\ncues:\n  - {{find: 手遅れ, weight: {weight}}}\n", encoding="utf-8")
        prints.append(load_cues(file).fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_package_cues_cover_every_technique(package: CueSet) -> None:
    counts = {technique: sum(cue.technique == technique for cue in package.cues) for technique in TECHNIQUES}
    assert len(package) >= 500
    assert min(counts.values()) >= 30


def test_package_cues_are_distinct(package: CueSet) -> None:
    seen = [(cue.technique, cue.elements or cue.name) for cue in package.cues]
    assert len(seen) == len(set(seen))


def test_every_package_pattern_finds_its_own_words(package: CueSet) -> None:
    """A pattern of plain words that does not match itself can never match."""
    plain = [
        Cue(cue.name, cue.technique, cue.weight, cue.direction, cue.elements)
        for cue in package.cues
        if cue.elements and all(e.kind in ("words", "gap", "start", "end") for e in cue.elements)
    ]
    unconditional = CueSet(plain, {}, "")

    def finds(cue: Cue, text: str) -> bool:
        return any(hit.cue is cue for hit in unconditional.find(words(text)))

    texts = [(cue, "".join(e.words[0] for e in cue.elements if e.words)) for cue in plain]
    missed = [cue.name for cue, text in texts if not any(finds(cue, t) for t in (text, f"これ、{text}。", f"{text}と"))]
    assert missed == []


def test_parse_reads_every_part() -> None:
    first, gap, last = parse("[全く/副詞] … ない|ず?")
    assert (first.words, first.tag, first.opens, first.closes) == (("全く",), "副詞", True, True)
    assert gap.kind == "gap"
    assert (last.words, last.optional) == (("ない", "ず"), True)
