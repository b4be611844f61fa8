from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.language import language
from pipeline.text.sentences import split, split_long


@pytest.mark.parametrize(
    "marked",
    [
        "雨が降った。|川の水は増えなかった。",
        "本当に安いのか?|私は店を三軒回った。",
        "勝った!勝ったぞ!|校庭は大騒ぎだった。".replace("!勝", "!|勝"),
        "「もう間に合わない。急ごう。」と駅長は言った。|列車は定刻に出た。",
        "「本当か?」という声が上がった。|会場は静まり返った。",
        "彼は本当に来るのかと?と首をかしげた。",
        "売り上げは3.5倍になった。|利益は1.2億円だった。",
        "Yahoo!ニュースで読んだ。|続報はない。",
        "値上げする(来月から。ただし学生は除く)と発表した。|反発は小さい。",
        "「開けるな。」|「なぜだ。」|二人は黙った。",
        "合意に達した。.|内容は非公開だ。",
        "品質は高い。もちろん値段も高い。".replace("。も", "。|も"),
        "これでいいのか?もちろん違う。".replace("?", "?|"),
        "値段は安い!でも味は落ちる。".replace("!", "!|"),
        "間に合った!!|よかった。",
        "見出しに句点はない",
        "括弧が閉じない(それでも文は終わる。|次の文だ。",
        "論文は横書きである.|次に方法を述べる.",
        "The plant opened in May. |It employs 40 people.",
        "『静かな港』は名作だ。|続編も出る。",
        "朝から泣けた😢 |それでも店は開けた。",
        "答えは🎯だった。|皆が笑った。",
        "「All trains stop. Please wait.」",
        "行くのか、行かないのか……。|答えはない。",
    ],
)
def test_splits(marked: str) -> None:
    text = marked.replace("|", "")
    assert [text[a:b] for a, b in split(text)] == [part.strip() for part in marked.split("|")]


@given(st.text(alphabet="あ漢。!?「」()『』.Aa \n、と", max_size=60))
def test_nothing_but_space_is_lost(text: str) -> None:
    spans = split(text)
    covered = "".join(text[a:b] for a, b in spans)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(a < b for a, b in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))


@given(st.text(min_size=1, max_size=200), st.integers(100, 150))
def test_long_sentences_are_cut_under_the_limit(text: str, limit: int) -> None:
    pieces = split_long(text, 0, len(text), limit)
    assert all(len(text[a:b].encode("utf-8", "surrogatepass")) <= limit for a, b in pieces)
    assert "".join("".join(text[a:b] for a, b in pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "code"), [("東京", "ja"), ("カタカナ", "ja"), ("Read more", "en"), ("2026/01/02", "und"), ("A社", "ja")]
)
def test_language(text: str, code: str) -> None:
    assert language(text) == code


def test_a_forced_cut_does_not_part_a_figure() -> None:
    text = "あ" * 1330 + "1,234円だ" + "い" * 300 + "。"
    pieces = [text[a:b] for a, b in split_long(text, 0, len(text), 4000)]
    assert any("1,234円" in piece for piece in pieces)
