from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.edits import compose, undo
from pipeline.text.width import fold


def folded(raw: str) -> str:
    return compose(raw, fold(raw), [])[0]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("ＡＢＣ１２３（株）！？", "ABC123(株)!?"),
        ("ｶﾞｿﾘﾝ価格とﾊﾟﾝ", "ガソリン価格とパン"),
        ("３０㎞走り５㎏積む", "30km走り5kg積む"),
        ("㈱山吹製作所㍻16年", "(株)山吹製作所平成16年"),
        ("が\u3099ら か\u3099く", "が\u3099ら がく"),
        ("改行\r\nもう一つ\rおわり", "改行\nもう一つ\nおわり"),
        ("全角　空白と\u00a0空白", "全角 空白と 空白"),
        ("見え\u200bない\ufeff字", "見えない字"),
        ("№7の瓶", "No7の瓶"),
    ],
)
def test_folds(raw: str, text: str) -> None:
    assert folded(raw) == text


@pytest.mark.parametrize(
    "raw",
    [
        "①から⑳まで",
        "10²は100",
        "½カップ",
        "Ⅲ期工事",
        "3〜5年",
        "…と言う",
        "𠮷野家",
        "👨‍👩‍👧の家",
        "葛\U000e0100城",
        "アﾞー",
    ],
)
def test_leaves_what_could_change_a_figure_or_a_name(raw: str) -> None:
    assert folded(raw) == raw


@given(st.text(max_size=80))
def test_any_text_is_undone_and_stable(raw: str) -> None:
    text, edits, _ = compose(raw, fold(raw), [])
    assert undo(text, edits) == raw
    assert folded(text) == text


def test_lone_surrogate_is_replaced() -> None:
    text, edits, _ = compose("前\ud800後", fold("前\ud800後"), [])
    assert text == "前\ufffd後"
    assert undo(text, edits) == "前\ud800後"
