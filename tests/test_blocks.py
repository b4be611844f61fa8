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


THREAD = """町の掲示板

坂の上のパン屋、閉まるってよ

2025年5月2日 12:00

1: 名無しの常連 2025/05/02(金) 09:10:11 ID:abcd
角の食パンがもう買えないのか
2: 名無しの常連 2025/05/02(金) 09:15:40 ID:efgh
後継ぎがいないらしい。店主は78歳だよ。
3: 名無しの常連 2025/05/02(金) 09:21:03 ID:abcd
駅前に移ると聞いたけど、違うのかな。あの値段ではもう無理だろうね。
4: 名無しの常連 2025/05/02(金) 09:30:55 ID:ijkl
明日は並ぶ
おすすめ記事
角の銭湯、薪をやめる
"""

OP_ED = """水道料金は誰が決めるのか 川端ゆう(月刊みなと 2025/11/05/ 07:00)
市は来春、料金を18%上げる。審議会の資料は公開されている。https://example.jp/suido/shiryo.pdf
議会で質問した議員は一人だけだった。これで審議したと言えるのだろうか。
(もっと知りたい方は、こちらの動画をご覧ください)
連絡先 水道を考える会
電話 0000-12-3456
"""

NOTICE = """第2回 川辺の利用検討会 議事要旨
日時:2025年6月3日 14:00〜15:40
議題
(1)夜間の照明について
主な意見
○委員A 照明は23時に消すべきだ。虫が集まり、橋の上が滑りやすくなっている。
区分 現状 改定案
照明 24時 23時
売店 なし 3店
以 上
"""


@pytest.mark.parametrize(
    ("page", "line", "kind"),
    [
        (THREAD, "坂の上のパン屋、閉まるってよ", "title"),
        (THREAD, "1: 名無しの常連 2025/05/02(金) 09:10:11 ID:abcd", "boilerplate"),
        (THREAD, "角の食パンがもう買えないのか", "paragraph"),
        (THREAD, "明日は並ぶ", "paragraph"),
        (THREAD, "角の銭湯、薪をやめる", "boilerplate"),
        (OP_ED, "水道料金は誰が決めるのか", "title"),
        (OP_ED, "川端ゆう(月刊みなと 2025/11/05/ 07:00)", "boilerplate"),
        (OP_ED, "市は来春、料金を18%上げる。審議会の資料は公開されている。", "paragraph"),
        (OP_ED, "https://example.jp/suido/shiryo.pdf", "boilerplate"),
        (OP_ED, "(もっと知りたい方は、こちらの動画をご覧ください)", "boilerplate"),
        (OP_ED, "連絡先 水道を考える会", "boilerplate"),
        (NOTICE, "第2回 川辺の利用検討会 議事要旨", "title"),
        (NOTICE, "(1)夜間の照明について", "list_item"),
        (NOTICE, "区分 現状 改定案", "boilerplate"),
        (NOTICE, "売店 なし 3店", "table_row"),
        (NOTICE, "以 上", "boilerplate"),
    ],
)
def test_other_shapes(page: str, line: str, kind: str) -> None:
    assert kinds(page)[line] == kind


@pytest.mark.parametrize(
    "text",
    [
        "冬の鍋に学ぶ\n鍋奉行という言葉がある。誰も頼んでいないのに箸を離さない人のことだ。\n灰汁をすくう人は、鍋の中身を一番よく見ている。",
        "声明\n返本率を現場のせいにするな。配本を決めているのは取次である。\n要求\n・配本の基準を公開すること\n・運賃を書店に負わせないこと",
        "市、無料の健康相談を始める\n市は4月から無料の健康相談を開く。会員登録は要らないと、保健所の職員は話した。\n内容\n相談は一人20分。医師と保健師が交代で受ける。\n反応\n「助かる」と話す人が多く、来年は会場を三つに増やすという。",
        "転載は誰のものか\n新聞社は記事の無断転載を禁止する方針を決め、違反した三社に請求書を送った。\n特集\n予告なく変更された規約を読み直す人は少ない。責任を負うのは誰だろうか。\n文化祭\n生徒たちは自分の新聞を作り、廊下に貼り出した。",
        "暮らしの窓\n解約金はいくらか、と窓口で聞いた。答えは書類の束だった。\n(私はその場で読むのをあきらめた)\n長い一日だった。",
    ],
)
def test_an_article_alone_has_no_furniture(text: str) -> None:
    assert "boilerplate" not in kinds(text).values()


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
    "ここで文が終わる、長い本文の段落である。\n" * 3 + "・短い項\n" * 40_000, "本文はこの一行で終わり、あとは値だけが並ぶ。\n" + "項 1\n" * 20_000,
    "1: 名無し 2025/05/02 09:10\n" * 20_000, "短い題\n" * 20_000 + "短い文。", "関連記事\n短い題\n" * 10_000,
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
