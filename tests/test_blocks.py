from __future__ import annotations

from itertools import pairwise

import pytest
from conftest import CORPUS

from pipeline.text.blocks import find_blocks
from pipeline.text.edits import apply
from pipeline.text.width import fold

PAGE = """本文へ移動
  • 料理
  • 旅行
  • 暮らし
ホーム > 暮らし > 網戸の直し方
暮らし 2025年8月3日

網戸の直し方

網戸の直し方

破れた網戸は、網だけ替えれば直ります。費用は窓一枚で700円ほどでした。

必要な道具

  • 網押さえのローラー。百円の店にもあります。
  • 新しいゴム。太さは古いものに合わせます。

項目 網 ゴム ローラー
値段 400円 200円 100円
寿命 8年 5年 10年

古いゴムを抜き(先の細い道具を使うと
楽です)、網を外します。次に新しい網を広げます。

この記事をシェア

関連記事

● 暮らし 2025.07.20
雨どいの掃除は誰に頼むか
はしごを使わずに済ませる方法を、業者に聞きました。見積もりの前に...
続きを読む →

カテゴリー
  • 料理
  • 旅行
  • 暮らし

© 2025 くらし工房. All rights reserved.
"""


def kinds(text: str) -> dict[str, str]:
    return {text[a:b].strip(): kind for a, b, kind in find_blocks(text)}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("本文へ移動", "boilerplate"),
        ("• 料理", "boilerplate"),
        ("ホーム > 暮らし > 網戸の直し方", "boilerplate"),
        ("暮らし 2025年8月3日", "boilerplate"),
        ("網戸の直し方", "title"),
        ("破れた網戸は、網だけ替えれば直ります。費用は窓一枚で700円ほどでした。", "paragraph"),
        ("必要な道具", "heading"),
        ("• 新しいゴム。太さは古いものに合わせます。", "list_item"),
        ("項目 網 ゴム ローラー", "boilerplate"),
        ("寿命 8年 5年 10年", "table_row"),
        ("古いゴムを抜き(先の細い道具を使うと\n楽です)、網を外します。次に新しい網を広げます。", "paragraph"),
        ("この記事をシェア", "boilerplate"),
        ("はしごを使わずに済ませる方法を、業者に聞きました。見積もりの前に...", "boilerplate"),
        ("© 2025 くらし工房. All rights reserved.", "boilerplate"),
    ],
)
def test_a_page(line: str, kind: str) -> None:
    assert kinds(PAGE)[line] == kind


def test_blocks_hold_every_visible_character_once() -> None:
    for file in sorted(CORPUS.glob("*/*.txt")):
        raw = file.read_bytes().decode("cp932" if "cp932" in file.name else "utf-8")
        text, _ = apply(raw, fold(raw))
        blocks = find_blocks(text)
        assert all(a[1] <= b[0] for a, b in pairwise(blocks))
        assert "".join("".join(text[a:b].split()) for a, b, _ in blocks) == "".join(text.split())


def test_boilerplate_can_be_kept_as_content() -> None:
    assert "boilerplate" in {kind for _, _, kind in find_blocks(PAGE)}
    assert "boilerplate" not in {kind for _, _, kind in find_blocks(PAGE, boilerplate=False)}


@pytest.mark.parametrize("text", ["", "\n\n", "。", "短い一行", "🎯"])
def test_tiny_texts(text: str) -> None:
    assert len(find_blocks(text)) == bool(text.strip())


# Lines on which a careless pattern backtracks without end.
HOSTILE = [
    "| 項 " * 40 + "終わり。", "東京 / " * 40 + "2024年", "X " * 24 + "あ", "返信  " * 24 + "あ", " " * 3000 + "本文です",
    "★★★" + "1" * 20_000, "9" * 40_000, "‹" + "|" * 20_000, ").)." * 5_000, "a" + " " * 40_000 + "b", "1," * 20_000, "「" * 16_000 + ")" * 16_000,
    "目次\n" * 2_000, "●関連記事\n" * 8_000, "短い\n" * 40_000 + "ここで文が終わる、長い本文の段落である。", "続く、\n" * 20_000,
    "保存 " * 60 + "x", "http " * 60, "(" * 5_000, "12人" * 60 + "が", "あ" * 50_000,
]  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_lines_take_no_time(text: str) -> None:
    from conftest import make_document

    from pipeline.config import load_config
    from pipeline.stages.normalize import Normalize
    from pipeline.text.sentences import split

    config = load_config(stages=["normalize"])
    document = make_document(text)
    Normalize(config.normalize, config).process([document])
    for start, end, _ in find_blocks(document.text):
        assert split(document.text[start:end])
