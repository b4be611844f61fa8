"""Each rule of the table: what it must repair or flag, and what it must leave alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.edits import apply, compose, undo
from pipeline.text.repairs import RULES, repair
from pipeline.text.width import fold


def repaired(raw: str) -> str:
    return apply(raw, repair(raw))[0]


def damage(text: str) -> str:
    """What a program does that reads CP932 as Shift_JIS and drops what it does not know."""
    return text.encode("cp932").decode("shift_jis", "ignore")


REPAIRS = [
    ("item_marks", "選ぶ理由は、@軽さ・A値段・B丈夫さ・C色", "選ぶ理由は、①軽さ・②値段・③丈夫さ・④色"),
    ("item_marks", "@受付\nA検温\nB問診\nC診察", "①受付\n②検温\n③問診\n④診察"),
    ("item_marks", "点検は、@油・AAI診断・Bベルト)C灯火 D窓", "点検は、①油・②AI診断・③ベルト)④灯火 ⑤窓"),
    ("item_marks", "@朝・A昼・B夜。 @赤・A青・B黄", "①朝・②昼・③夜。 ①赤・②青・③黄"),
    ("squared_units", "この車種の保証は15万qまで延びた。", "この車種の保証は15万kmまで延びた。"),
    ("squared_units", "@屋根・A床・B壁を替え、布は20uで足りた。", "①屋根・②床・③壁を替え、布は20m²で足りた。"),
    ("squared_kilo", "@速さ・A重さ・B値段。荷は20`まで積める。", "①速さ・②重さ・③値段。荷は20キロまで積める。"),
    ("range_hyphen", "会期は3月1日\u20105日、夜間は18時-21時に開く。", "会期は3月1日〜5日、夜間は18時〜21時に開く。"),
    ("range_hyphen", "展示は6月2日(月)\u20116月8日(日)です。", "展示は6月2日(月)〜6月8日(日)です。"),
    ("energy_density", "試作品のエネルギー密度は210Wh/sだった。", "試作品のエネルギー密度は210Wh/kgだった。"),
    ("company_form", "親会社の潟gキワ堂が株を買い増した。", "親会社の(株)トキワ堂が株を買い増した。"),
    ("era_mark", "@入学・A卒業・B就職。\n~18年に上京した。", "①入学・②卒業・③就職。\n平成18年に上京した。"),
    ("roman_marks", "@序・A本・B結。部はT・U・Vに分かれる。", "①序・②本・③結。部はⅠ・Ⅱ・Ⅲに分かれる。"),
    ("html_entity", "味噌&amp;醤油&#x2460;番蔵", "味噌&醤油①番蔵"),
    ("mojibake", "署名は" + "港町便り".encode().decode("latin-1") + "とある。", "署名は港町便りとある。"),
    ("mt_vice_president", "広報は同社副dentが兼ねる。", "広報は同社副社長が兼ねる。"),
    ("mt_vice_president", "政府の副dentが式に出た。", "政府の副大統領が式に出た。"),
    ("mt_contract", "両者のtracは昨夜結ばれた。", "両者の契約は昨夜結ばれた。"),
    ("mt_strong", "市場は伸びた。tronな需要が支えた。", "市場は伸びた。強力な需要が支えた。"),
    ("homophone", "これは絶対絶命の場面だ。", "これは絶体絶命の場面だ。"),
    ("doubled_stop", "橋は開通した。.\n船は残る。.", "橋は開通した。\n船は残る。"),
]


@pytest.mark.parametrize(("rule", "raw", "text"), REPAIRS)
def test_repairs(rule: str, raw: str, text: str) -> None:
    assert repaired(raw) == text
    assert rule in {p.rule for p in repair(raw) if p.applied}


FLAGS = [
    ("squared_units", "在庫は40qある。"),
    ("squared_kilo", "残りは5`だった。"),
    ("energy_density", "計器は5Wh/sを示した。"),
    ("mt_vice_president", "式には副dentが来た。"),
    ("mt_contract", "古いtracを探した。"),
    ("mt_fragment", "値は自動的にmaticに決まる。"),
    ("suspected_slip", "方や隣町では祭りが続く。"),
    ("unpaired_quote", "彼は”静かな革命と呼んだ。"),
    ("unbalanced_bracket", "新工場(来春に完成の予定だ。"),
    ("truncated", "続きは明日の紙面で..."),
    ("lost_character", "店名は\ufffd\ufffd屋だった。"),
    ("era_mark", "~16年の台帳が残る。"),
]


@pytest.mark.parametrize(("rule", "raw"), FLAGS)
def test_flags_without_touching(rule: str, raw: str) -> None:
    assert repaired(raw) == raw
    assert rule in {p.rule for p in repair(raw)}


# Text that looks like damage and is none: no rule may change or flag it.
TRAPS = [
    "Sクラスの新車が出た。", "L4自動運転の実験が始まる。", "AI5/AI6の設計図", "N2プロセスで作る。", "官僚OB2人と会った。",
    "Xでは話題になった。", "買収先はQ.aiという。", "連絡は info@example.jp まで。", "@hanako さん、A案とB案とC案のどれにします?",
    "H100を並べた計算機", "https://example.jp/?q=10q&amp", "秒速は3m/sで、転送は5km/sではない。", "処理は90token/sに達した。",
    "新潟でトンネルが開いた。", "新潟県の米", "3~6カ月かかる。", "~続く~", "T-シャツとU字溝とV字回復", "Electronicな音楽",
    "Nemotronなどのモデル", "studentの副専攻", "contractは英語だ。", "traceを取る。", "動き出す……か?", "円周率は3.14である。",
    "「行くよ。」.net の話だ。", "AERAdot.の記事を読んだ。", "価格は5s単位で動く。", "100mの記録は9秒80sではない。", "(1)準備 (2)実施",
    "1) 開会\n2) 閉会", "顔文字(^_^)/と(´・ω・`)ノ", "片や強豪、こなた新人。", "完璧な価値観", "A・B・Cの三班に分かれた。",
    "電話は03\u20101234\u20105678です。", "2025\u201003\u201001の記録", "来年\u2010再来年の話", "第3\u20105章を読む。", "`code`と書く。",
    "Aさん、Bさん、Cさんが並ぶ。", "”出口”と”入口”を探す。", "サンドイッチのsandは砂だ。",
]  # fmt: skip


@pytest.mark.parametrize("raw", TRAPS)
def test_leaves_traps_alone(raw: str) -> None:
    assert repaired(raw) == raw
    assert [p.rule for p in repair(raw) if p.applied] == []


ITEMS = st.lists(
    st.sampled_from(["軽さ", "値段", "保証", "色と柄", "AI機能", "音", "返品のしやすさ", "電池の持ち"]),
    min_size=3,
    max_size=20,
)


@given(ITEMS, st.sampled_from(["・", "、", "\n"]), st.sampled_from(["長所は、", "一覧\n", ""]))
def test_row_13_damage_is_undone(items: list[str], separator: str, lead: str) -> None:
    original = lead + separator.join(chr(0x2460 + i) + item for i, item in enumerate(items))
    assert repaired(damage(original)) == original


@given(st.integers(1, 99), st.sampled_from(["㎞", "㎝", "㎜", "㎡"]))
def test_row_13_units_are_undone_where_marks_prove_the_damage(number: int, unit: str) -> None:
    original = f"①長さ・②幅・③重さを測る。値は{number}{unit}である。"
    folded = apply(original, fold(original))[0]
    damaged = damage(original)
    text, edits, _ = compose(damaged, fold(damaged), repair(damaged))
    assert text == folded
    assert undo(text, edits) == damaged


@given(st.text(alphabet="あ漢①@ABCDqs。.…()「」”副dentac・、\n 12万~潟gア&amp;", max_size=60))
def test_repairing_twice_is_repairing_once(raw: str) -> None:
    once = repaired(raw)
    assert repaired(once) == once


def test_rules_have_names_of_their_own_and_can_be_switched_off() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert repair("橋は開通した。.", frozenset({"doubled_stop"})) == []
    assert repair("橋は開通した。.") != []


def test_the_damage_of_the_original_sources_is_repaired(seed_files: list[Path]) -> None:
    found: dict[str, Counter[str]] = {}
    for file in seed_files:
        raw = file.read_text("utf-8")
        folded = apply(raw, fold(raw))[0]
        proposals = repair(folded)
        text, edits, _ = compose(raw, fold(raw), proposals)
        assert undo(text, edits) == raw
        assert repaired(text) == text
        found[file.name[:3]] = Counter(p.rule for p in proposals if p.applied)
    assert found["000"] == {"item_marks": 20, "squared_units": 3, "energy_density": 1, "homophone": 1}
    assert found["004"] == {"mt_vice_president": 1, "mt_contract": 1, "mt_strong": 1, "doubled_stop": 13}
    assert not found["001"] + found["002"] + found["003"]
