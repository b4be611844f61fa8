"""Quotation marks that pair, and who says what stands between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.record import Document, Quote, Record, Source, layer
from pipeline.stages import build_stages
from pipeline.text.quotes import find_quotes

# Text, the quotations in it, and the marks without a partner.
MARKS = [
    ("彼は「はい」と言った。", ["「はい」"], ""),
    ("「一」と『二』と“三”と〝四〟", ["「一」", "『二』", "“三”", "〝四〟"], ""),
    ("”初め”と”終わり”がある。", ["”初め”", "”終わり”"], ""),
    ("”一”、”二”、”三", ["”一”", "”二”"], "”"),
    ('全角でない"印"も使う。', ['"印"'], ""),
    ("「外に『内』がある」", ["「外に『内』がある」", "『内』"], ""),
    ("「日本の”誇り”とは」", ["「日本の”誇り”とは」", "”誇り”"], ""),
    ("「閉じない", [], "「"),
    ("開かない」", [], "」"),
    ("「交わる『順が」違う』", ["「交わる『順が」"], "『』"),
    ("Tesla’s や Australia’s は所有格だ。", [], ""),
    ("don't と言う。", [], ""),
    ('27"の画面と32"の画面', [], ""),
    ("", [], ""),
]


@pytest.mark.parametrize(("text", "quotes", "unpaired"), MARKS)
def test_marks(text: str, quotes: list[str], unpaired: str) -> None:
    found, lone = find_quotes(text)
    assert [text[a:b] for a, b in found] == quotes
    assert "".join(text[i] for i in lone) == unpaired


@given(st.text(alphabet="「」『』“”〝〟\"'’あaA1。", max_size=40))
def test_marks_nest_or_lie_apart(text: str) -> None:
    found, lone = find_quotes(text)
    edges = [i for a, b in found for i in (a, b - 1)]
    assert len(edges) == len(set(edges))
    assert not set(edges) & set(lone)
    for a, b in found:
        for c, d in found:
            assert b <= c or d <= a or (a <= c and d <= b) or (c <= a and b <= d)


def test_long_rows_of_marks_take_no_time() -> None:
    assert find_quotes("「" * 50_000 + "』" * 50_000)[0] == []


# Sentence, and for each quotation its speaker and cue.
SPEECH = [
    ("広報の中村さんは「納期は守る」と述べた。", [("中村", "述べた")]),
    ("「雨が降れば中止だ」と主催者は話す。", [("主催者", "話す")]),
    ("社長の大野氏は、記者団に「値上げは避けたい」と語った。", [("大野", "語った")]),
    ("気象庁によると、「台風は週末に上陸する」という。", [("気象庁", "によると")]),
    ("来館者の一人は「椅子が低くて助かる」と話した。", [("来館者の一人", "話した")]),
    ("木村:「次の大会では勝ちます」", [("木村", None)]),
    ("代替わりしても「味は落ちていない」(店主)。", [("店主", None)]),
    ("日銀の植田和男総裁は会見で「物価の上昇は一時的ではない」との見方を示した。", [("植田和男", "との見方を示した")]),
    ("専門家は「早めの受診が大切だ」と呼びかけている。", [("専門家", "呼びかけている")]),
    ("彼女は「怖かった」と振り返り、「二度と乗らない」と言い切った。", [("彼女", "振り返り"), ("彼女", "言い切った")]),
    ("ザッカーバーグ氏が「友人が足りない」と語ったことは記憶に新しい。", [("ザッカーバーグ", "語った")]),
    ("市民団体は「説明が足りない」として、再開に反対している。", [("市民団体", "して")]),
    ("ナデラ氏の「AIは電気のようになる」という発言が広まった。", [("ナデラ", "という発言")]),
    ("同社は「事実関係を確認中」とコメントした。", [("同社", "コメントした")]),
    ("「もう限界だ」と母は泣いた。", [("母", "泣いた")]),
    ("野党は政府の対応を「後手に回った」と批判した。", [("野党", "批判した")]),
    ("「電池は安くなる」とアナリストのダン・アイブス氏。", [("ダン・アイブス", "と")]),
    ("監督は試合後、”最後まで走り切った”と選手をたたえた。", [("監督", "たたえた")]),
    ("吉岡教授は、この法律について「穴だらけだ」と厳しい。", [("吉岡", "厳しい")]),
    ("「売れない理由はない」と開発責任者は胸を張った。", [("開発責任者", "胸を張った")]),
    ("CEOは「失敗を恐れるな」が口癖だ。", [("CEO", "口癖")]),
    ("「欲張るな」は、創業者の言葉だ。", [("創業者", "言葉")]),
    ("妻から「早く帰ってきて」と言われた。", [("妻", "言われた")]),
    (
        "首相は記者団から「辞任するのか」と問われ、「考えていない」と答えた。",
        [("記者団", "問われ"), ("首相", "答えた")],
    ),
    ("「安全は確認済みだ」と電力会社は言うが、住民は納得していない。", [("電力会社", "言う")]),
    ("報告書は「検査体制に不備があった」と結論づけた。", [("報告書", "結論づけた")]),
    ("ゲイツ氏いわく、「成功は最悪の教師だ」。", [("ゲイツ", "いわく")]),
    ("会長は「来年は飛躍の年だ」。", [("会長", None)]),
    (
        "石井社長は「売上高は2倍になる」「人は増やさない」と二つの方針を示した。",
        [("石井", "二つの方針を示した"), ("石井", "二つの方針を示した")],
    ),
    ("「これは戦争だ」──あるエンジニアは社内チャットにそう書いた。", [("エンジニア", "書いた")]),
    ("安藤氏の「速さこそ品質だ」との信念は揺るがない。", [("安藤", "との信念")]),
    ("父は「祖父が『山には入るな』と言っていた」と話した。", [("父", "話した"), ("祖父", "言っていた")]),
    ("「納豆は嫌いだ」と話す辻さんは、水戸の生まれだ。", [("辻", "話す")]),
    ("かつて森川氏が語った「町を丸ごと研究所にする」という構想は消えた。", [("森川", "語った")]),
    # Speech of nobody in particular.
    ("農家の間では「肥料が高すぎる」との声が上がる。", [(None, "との声")]),
    ("「もっと寄り添ってほしい」という要望が寄せられた。", [(None, "という要望")]),
    ("「円安は国益だ」とする意見もある。", [(None, "とする意見")]),
    # The speaker stands in the sentence before or after.
    ("「この橋はもう危ない」。そう話すのは、近所に住む西田さんだ。", [("西田", "話す")]),
    ("「日本語は美しい」。こう話すキーン氏は、半世紀を京都で過ごした。", [("キーン", "話す")]),
    ("「なぜ誰も止めなかったのか」。遺族の問いに、会社側は答えなかった。", [("遺族", "問い")]),
    ("市長はこう述べた。「財政は限界に来ている。」", [("市長", "述べた")]),
    ("三田さんは工場を訪れた。「音が静かで驚いた」と話す。", [("三田", "話す")]),
]
# Nobody is named again: the last speaker of the paragraph goes on.
SPEECH += [
    (
        "三田さんは「屋根が飛んだ」と話した。壁は残っている。続けて「片付けはこれからだ」と語った。",
        [("三田", "話した"), ("三田", "語った")],
    ),
    ("「橋が落ちた」との声が上がる。雨は続く。「怖い」と話した。", [(None, "との声"), (None, "話した")]),
]
# Titles, terms, scare quotes, names, inscriptions.
NO_SPEECH = [
    "いわゆる「2024年問題」が迫る。",
    "この手法は「転移学習」と呼ばれる。",
    "「人新世」という言葉が流行した。",
    "雑誌『世界の車』を読んだ。",
    "”安い”だけの製品は売れない。",
    "「空飛ぶクルマ」が大阪の空を舞った。",
    "新型車には「ゼロ」という名が付いた。",
    "映画「君の名は。」は大ヒットした。",
    "政府は「骨太の方針」を閣議決定した。",
    "彼は”天才”と呼ばれてきた。",
    "「鉄は熱いうちに打て」ということわざがある。",
    "「改革」の名の下に切り捨てられた。",
    "商品名は「ふわりん」とした。",
    "「持続可能な開発目標(SDGs)」への関心が高い。",
    "3つの「密」を避ける。",
    "「はやぶさ2」が帰還した。",
    "日本の「失われた30年」は終わるのか。",
    "店の看板には「本日休業」と書かれていた。",
    "消費税は「逆進性が強い」と言われる。",
    "この国は「一人負け」となった。",
    "〝一強〟時代が終わった。",
    "「絶対に儲かる」などとうたう広告が後を絶たない。",
    "彼が”正解”だと思ったものは違った。",
    "「地方創生」をめぐる議論が続く。",
    "これが「ゆでガエル」の寓話だ。",
    "フアン氏は「AI工場」という言葉を好んで使う。",
    "彼らの言う「自由」とは何か。",
]

Quotes = Callable[[str], list[Quote]]


@pytest.fixture(scope="module")
def quotes(tmp_path_factory: pytest.TempPathFactory) -> Quotes:
    """The quotations of a text, with a gazetteer of one name."""
    folder = tmp_path_factory.mktemp("gazetteer")
    header = "id label name aliases weak mocking name_en".split()
    row = ["japan", "GPE", "日本", "", "", "", "Japan"]
    Path(folder / "a.tsv").write_text("\t".join(header) + "\n" + "\t".join(row) + "\n", encoding="utf-8")
    config = load_config(stages=["normalize", "tokenize", "ner"], overrides=[f"ner.gazetteer={folder}"])
    stages = build_stages(config)
    for stage in stages:
        stage.load()

    def found(raw: str) -> list[Quote]:
        source = Source(path="t", format="txt", encoding="utf-8", sha256="0" * 64)
        document = Document(Record(id="t", source=source, raw=raw))
        for stage in stages:
            stage.process([document])
        return [quote for sentence in document.content() for quote in layer(sentence.quotes)]

    return found


@pytest.mark.parametrize(("text", "expected"), SPEECH)
def test_speech(quotes: Quotes, text: str, expected: list[tuple[str | None, str | None]]) -> None:
    assert [(quote.speaker, quote.cue) for quote in quotes(text)] == expected


@pytest.mark.parametrize("text", NO_SPEECH)
def test_no_speech(quotes: Quotes, text: str) -> None:
    found = quotes(text)
    assert [(quote.speaker, quote.cue) for quote in found] == [(None, None)]
    assert found[0].text in text


def test_a_quotation_over_several_sentences_is_shared_out(quotes: Quotes) -> None:
    found = quotes("青木氏は”まず試す。次に直す。最後に広める”と説いた。")
    assert "".join(quote.text for quote in found) == "”まず試す。次に直す。最後に広める”"
    assert {(quote.speaker, quote.cue) for quote in found} == {("青木", "説いた")}


def test_paragraphs_are_apart(quotes: Quotes) -> None:
    assert quotes("この段落は「開いたまま終わる。\n\n次の段落で」閉じる。") == []
