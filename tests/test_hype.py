"""The hype stage by its cues alone: rhetoric, hype, checkable, forecast, claims and content."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.record import (
    TECHNIQUES,
    Document,
    Entity,
    EntityLabel,
    Quantity,
    Quote,
    Sentence,
    Summary,
    Time,
    encode,
    layer,
)  # fmt: skip
from pipeline.stages.hype import HypeStage

Run = Callable[..., Document]


@pytest.fixture(scope="session")
def stage() -> HypeStage:
    return by_cues()


def by_cues(*overrides: str) -> HypeStage:
    stages = ["normalize", "tokenize", "ner", "hype"]
    config = load_config(stages=stages, overrides=["hype.model=cues", *overrides])
    stage = HypeStage(config.hype, config)
    stage.load()
    return stage


@pytest.fixture(scope="session")
def hype(parse, stage: HypeStage) -> Run:
    """Take a text through the stage, with the layers of ner made by hand."""

    def run(
        text: str,
        *,
        figures: Sequence[str] = (),
        dates: Sequence[str] = (),
        names: dict[str, EntityLabel] | None = None,
        nicknames: Sequence[str] = (),
        speaker: str | None = None,
        by: HypeStage = stage,
    ) -> Document:
        document = parse(text)
        for s in document.sentences:
            s.quantities = [
                Quantity(kind="count", value=1, low=None, high=None, unit="", approximate=False, en="", **span)
                for span in _spans(document, s, figures)
            ]
            s.times = [Time(kind="date", value=None, en="", **span) for span in _spans(document, s, dates)]
            s.entities = [
                Entity(label=label, fine="gazetteer", **span)
                for name, label in (names or {}).items() for span in _spans(document, s, [name])
            ] + [Entity(label="ORG", fine="mocking", **span) for span in _spans(document, s, nicknames)]  # fmt: skip
            s.quotes = [
                Quote(
                    speaker=speaker,
                    cue="述べた" if speaker else None,
                    **document.span(s.start + m.start(), s.start + m.end()),
                )
                for m in re.finditer("「[^」]*」|”[^”]*”", s.text)
            ]
        by.process([document])
        return document

    return run


def _spans(document: Document, sentence: Sentence, texts: Sequence[str]) -> list[dict]:
    return [
        document.span(sentence.start + at, sentence.start + at + len(text))
        for text in texts if (at := sentence.text.find(text)) >= 0
    ]  # fmt: skip


def spans(document: Document) -> list[tuple[str, str]]:
    return [(r.technique, r.text) for s in document.content() for r in layer(s.rhetoric)]


def only(document: Document) -> Sentence:
    (sentence,) = document.content()
    return sentence


COINED = [
    ("今の国会は「居眠り選手権」だ。", "「居眠り選手権」"),
    ("こうして街は「シャッター万博」と化した。", "「シャッター万博」"),
    ("もはや「値上げのフルマラソン」である。", "「値上げのフルマラソン」"),
    ("役所の窓口はさながら「たらい回し遊園地」だった。", "「たらい回し遊園地」"),
    ("これではまるで「責任のババ抜き大会」です。", "「責任のババ抜き大会」"),
    ("名付けて「謝罪会見ブートキャンプ」。", "「謝罪会見ブートキャンプ」"),
    ("我が国は「失敗から学ばない大国」に成り下がった。", "「失敗から学ばない大国」"),
    ("野党は相変わらず「反対ごっこ」を続けている。", "「反対ごっこ」"),
    ("この予算は要するに「ばらまき福袋」だ。", "「ばらまき福袋」"),
    ("経営会議は「様子見オリンピック」になっている。", "「様子見オリンピック」"),
    ("まさに「残業天国」そのものだ。", "「残業天国」"),
    ("結局は「丸投げリレー」でしかない。", "「丸投げリレー」"),
    ("いまや永田町は「世襲貴族の社交場」だ。", "「世襲貴族の社交場」"),
    ("そんな「後出しじゃんけん行政」にはつき合えない。", "「後出しじゃんけん行政」"),
    ("私はこれを「作文コンクール型経営」と呼びたい。", "「作文コンクール型経営」"),
    ("立派な「検討中毒」である。", "「検討中毒」"),
    ("大学は「論文量産工場」になった。", "「論文量産工場」"),
    ("あの球団はもう「負け癖デパート」だ。", "「負け癖デパート」"),
    ("地方は「人口流出ドミノ」の真っ最中だ。", "「人口流出ドミノ」"),
    ("世界はいま「関税チキンレース」に突入した。", "「関税チキンレース」"),
    ("この国の教育は「正解暗記マシン製造所」だ。", "「正解暗記マシン製造所」"),
    ("電力政策はいわば「行き当たりばったり劇場」である。", "「行き当たりばったり劇場」"),
    ("メディアは「忖度合唱団」に過ぎない。", "「忖度合唱団」"),
    ("私たちは「先延ばし列島」から抜け出せない。", "「先延ばし列島」"),
    ("これぞ「全員野球ならぬ全員逃亡」だ。", "「全員野球ならぬ全員逃亡」"),
    ("日本の物流は”綱渡りサーカス”と言うほかない。", "”綱渡りサーカス”"),
    ("株式市場は”AIカジノ”と化した。", "”AIカジノ”"),
    ("少子化対策は「口だけ番長」の典型だ。", "「口だけ番長」"),
    ("街頭には「自己責任教」の信者があふれた。", "「自己責任教」"),
    ("年金は「若者負担ねずみ講」だと言いたくなる。", "「若者負担ねずみ講」"),
]
PLAIN_QUOTATIONS = [
    "作家は昨年、小説「砂の王国」を発表した。",
    "市は「子育て応援プラン」を策定した。",
    "映画「地獄の方程式」が公開される。",
    "新製品「スマートキッチンX」は来月発売される。",
    "この現象は「ドップラー効果」と呼ばれる。",
    "同社は「カーボンニュートラル」を2040年までに達成する方針だ。",
    "「量子もつれ(エンタングルメント)」は計算に利用できる。",
    "論文の題名は「深層学習による異常検知」である。",
    "「データ」の扱いには注意が要る。",
    "学会では「再現性」が議論の中心となった。",
    "警察は男を「自称会社員」と説明している。",
    "政府は「こども未来戦略」に3兆円を充てる。",
    "彼の口癖は「まず現場を見よう」だった。",
    "画面の「保存」ボタンを押してください。",
    "この地方では大根を「おでん大根」として出荷している。",
    "彼女は「第九」の独唱者に選ばれた。",
    "祭りの会場は「中央公園」だ。",
    "会社は「働きがい改革プロジェクト」を始めた。",
    "言語学では、これを「格助詞」という。",
    "大会は「はこだてマラソン」として知られる。",
    "番組「世界の動物園」は日曜に放送される。",
    "”歩留まり”とは、良品の割合のことだ。",
    "観光列車「しまかぜ」に乗った。",
    "調査では「満足している」が7割を占めた。",
    "法律には「正当な理由」という文言がある。",
    "県は「戦争遺跡」の保存に乗り出した。",
    "店の名前は「ブックカフェ迷宮」だ。",
    "ゲーム「ゾンビの城」の続編が発表された。",
    "彼は「鉄道の父」と呼ばれている。",
    "喫茶店「純喫茶カジノ」が閉店した。",
    "工場では「三交代制」をとっている。",
]
SPEECH = [
    "首相は「対話を続ける」と述べた。",
    "選手は「金メダルを目指したい」と述べた。",
    "社長は「反撃の狼煙だ」と述べた。",
]


@pytest.mark.parametrize(("text", "phrase"), COINED)
def test_coinage_is_a_slogan(hype: Run, text: str, phrase: str) -> None:
    assert ("slogan", phrase) in spans(hype(text))


@pytest.mark.parametrize("text", PLAIN_QUOTATIONS)
def test_plain_quotation_is_no_rhetoric(hype: Run, text: str) -> None:
    assert spans(hype(text)) == []


@pytest.mark.parametrize("text", SPEECH)
def test_speech_is_no_slogan(hype: Run, text: str) -> None:
    assert "slogan" not in dict(spans(hype(text, speaker="首相")))


# Each word in a rhetorical and in a plain use.
USES = [
    ("この装置は医療を変える革命だ。", "革命", "彼は名誉革命の経緯を調べた。"),
    ("不満がついに爆発した。", "爆発", "化学工場のタンクが爆発した。"),
    ("奴らは必ず裏切る。", "必ず", "作業の後は必ず元栓を閉めてください。"),
    ("絶対に負けられない戦いだ。", "絶対に", "分子は絶対零度に近づく。"),
    ("この国は静かに沈んでいく。", "沈んでいく", "夕日が海に沈んでいく。"),
    ("業界の常識を覆す破壊力に度肝を抜かれた。", "常識を覆す", "調査は業界の常識を調べた。"),
    ("あの会社はまるで泥船だ。", "泥船", "子どもたちが船を作った。"),
    ("民主主義は崩壊する。", "崩壊", "放射性崩壊の速度を測る。"),
    ("首相は財務省の犬だ。", "犬", "祖父の犬は毛が白い。"),
    ("利権まみれの五輪だった。", "利権まみれ", "靴が泥まみれになった。"),
    ("歪んだ愛国心を煽る。", "煽る", "強風が火を広げた。"),
    ("規格外の才能が現れた。", "規格外", "規格外野菜を安く売る。"),
    ("異次元の速さだ。", "異次元", "異次元の金融緩和が続いた。"),
    ("彼の頭は化石だ。", "化石", "恐竜の化石が見つかった。"),
    ("腐敗した組織に未来はない。", "腐敗", "気温が高いと食品が腐敗する。"),
    ("役所は端から住民を切り捨てた。", "切り捨て", "小数点以下は切り捨てる。"),
    ("増税の嵐が吹き荒れる。", "嵐", "春の嵐で電車が止まった。"),
    ("これは民間の地獄絵図だ。", "地獄絵図", "別府の地獄めぐりを楽しんだ。"),
]


@pytest.mark.parametrize(("loaded", "word", "plain"), USES, ids=[word for _, word, _ in USES])
def test_word_in_rhetorical_and_plain_use(hype: Run, loaded: str, word: str, plain: str) -> None:
    assert any(word in text for _, text in spans(hype(loaded)))
    assert spans(hype(plain)) == []


@pytest.mark.parametrize(
    "text",
    [
        "この改良は革命とまでは言えない。",
        "結果は圧倒的ではない。",
        "手遅れというわけではない。",
        "全員が賛成するとは限らない。",
        "必ずしも値段が品質を表すわけではない。",
        "「革命」という言葉は慎重に使いたい。",
        "両社の次の一手が試金石となる。",
        "市場が冷え込み、主戦場は海外に移った。",
    ],
)
def test_denied_mentioned_and_conventional_words_are_plain(hype: Run, text: str) -> None:
    assert spans(hype(text)) == []


def test_name_that_holds_a_cue_is_plain(hype: Run) -> None:
    assert spans(hype("劇団奇跡が旗揚げした。", names={"劇団奇跡": "ORG"})) == []
    assert spans(hype("奇跡が起きた。")) == [("exaggeration", "奇跡")]


def test_mocking_name_is_labeling(hype: Run) -> None:
    assert spans(hype("ケチタ自動車は何も答えない。", nicknames=["ケチタ自動車"])) == [("labeling", "ケチタ自動車")]
    assert spans(hype("ケチタ自動車は何も答えない。", names={"ケチタ自動車": "ORG"})) == []


def test_superlative_with_its_measure_is_plain(hype: Run) -> None:
    assert spans(hype("史上初めて3万台を超え、史上最大の3万2千台に達した。", figures=["3万台", "3万2千台"])) == []
    assert spans(hype("史上最大の茶番だ。")) != []


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("いったい誰がこんな計画を望んだのだろうか。", "いったい誰がこんな計画を望んだのだろうか"),
        ("国は補助金を配ったが、それで何が変わるというのか。", "それで何が変わるというのか"),
        ("しかし、いつまで住民を待たせるつもりか?", "いつまで住民を待たせるつもりか?"),
        ("こんな説明で納得できるはずがあろうか。", "こんな説明で納得できるはずがあろうか"),
    ],
)
def test_rhetorical_question_covers_the_question(hype: Run, text: str, span: str) -> None:
    assert spans(hype(text)) == [("rhetorical_question", span)]


@pytest.mark.parametrize(
    "text",
    [
        "では、費用はどれくらいかかるのだろうか。",
        "――引退を決めたきっかけは何だったのでしょうか。",
        "次の会議はいつ開かれますか。",
        "出席できるかどうかを知らせてください。",
        "何が原因なのかは分かっていない。",
    ],
)
def test_real_question_is_plain(hype: Run, text: str) -> None:
    assert spans(hype(text)) == []


def test_question_that_is_answered_at_once_counts_only_where_it_insinuates(hype: Run) -> None:
    assert spans(hype("なぜ値段が下がったのだろうか。それは供給が増えたためである。")) == []
    assert spans(hype("なぜ値段が下がったのだろうか。店はどこも静かだ。")) != []
    insinuating = hype("誰がこの愚策を決めたのだろうか。それは経営陣である。")
    assert spans(insinuating)[0][0] == "rhetorical_question"


def test_question_wins_over_what_is_in_it_and_keeps_the_evidence(hype: Run) -> None:
    (found,) = layer(only(hype("老害たちにいつまで国を任せるのか。")).rhetoric)
    assert found.technique == "rhetorical_question"
    assert any("老害" in why for why in found.why)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("あまりに稚拙な計画だ。", ["exaggeration"]),  # over loaded
        ("完全敗北だ!", ["absolutism"]),
        ("時代遅れの経営者が居座る。", ["labeling", "loaded"]),
    ],
)
def test_technique_that_stands_earlier_wins(hype: Run, text: str, expected: list[str]) -> None:
    assert [technique for technique, _ in spans(hype(text))] == expected


def test_exclamation_mark_joins_a_strong_word_and_a_full_stop_does_not(hype: Run) -> None:
    assert spans(hype("なんという醜態!")) == [("loaded", "醜態!")]
    assert spans(hype("なんという醜態。")) == [("loaded", "醜態")]


def test_why_is_readable(hype: Run) -> None:
    (found,) = layer(only(hype("圧倒的な人気を誇る。")).rhetoric)
    assert found.why == ["cue 圧倒的 (exaggeration 0.6)"]
    assert found.score == 0.6


QUOTED = "議員は「これは暴挙だ」と述べた。"


def test_quoted_rhetoric_is_marked_and_does_not_raise_the_level(hype: Run) -> None:
    sentence = only(hype(QUOTED, speaker="議員", names={"議員": "PERSON"}))
    assert [(r.text, r.quoted) for r in layer(sentence.rhetoric)] == [("暴挙", True)]
    assert (layer(sentence.hype).level, layer(sentence.hype).direction) == (0, "none")


def test_author_who_says_it_owns_it(hype: Run) -> None:
    sentence = only(hype("これは暴挙と言うしかない。"))
    assert [(r.text, r.quoted) for r in layer(sentence.rhetoric)] == [("暴挙", False)]
    assert layer(sentence.hype).level == 2


def test_sentence_that_is_all_quotation_counts(hype: Run) -> None:
    sentence = only(hype("「この暴挙は断じて許されない」。", speaker="議員"))
    assert all(r.quoted for r in layer(sentence.rhetoric))
    assert layer(sentence.hype).level >= 2


def test_what_a_body_holds_is_reported(hype: Run) -> None:
    sentence = only(hype("政府は、計画は無謀だとしている。", names={"政府": "ORG"}))
    assert [(r.text, r.quoted) for r in layer(sentence.rhetoric)] == [("無謀", True)]


@pytest.mark.parametrize(
    ("text", "level", "direction"),
    [
        ("会議は午後に開かれた。", 0, "none"),
        ("画期的な仕組みだ。", 1, "boost"),
        ("画期的な仕組みで、見事に動いた。", 1, "boost"),  # two light touches are still mild
        ("経営陣の対応は笑止千万だ。", 2, "doom"),
        ("もはや「値上げのフルマラソン」である。", 2, "doom"),
        ("売国奴どもの茶番に、国民は必ず鉄槌を下す!", 3, "doom"),
        ("史上最強、空前絶後の圧倒的な爆安祭り!", 3, "boost"),
    ],
)
def test_level_and_direction(hype: Run, text: str, level: int, direction: str) -> None:
    found = layer(only(hype(text)).hype)
    assert (found.level, found.direction) == (level, direction)


def test_size_takes_the_tone_of_the_sentence(hype: Run) -> None:
    assert layer(only(hype("圧倒的な差で負けた。")).hype).direction == "doom"
    assert layer(only(hype("圧倒的な差で勝った。")).hype).direction == "boost"


def test_least_score_and_techniques_come_from_the_settings(hype: Run) -> None:
    strict = only(hype("圧倒的で画期的な仕組みだ。", by=by_cues("hype.min_span_score=0.5")))
    assert [r.text for r in layer(strict.rhetoric)] == ["圧倒的"]
    only_fear = only(hype("圧倒的で画期的な仕組みだ。", by=by_cues("hype.techniques=[fear]")))
    assert layer(only_fear.rhetoric) == []
    assert layer(only_fear.hype).level == 0


CHECKABLE = [
    (
        "国土交通省は3日、橋の補修に42億円を充てると発表した。",
        {"figures": ["42億円"], "dates": ["3日"], "names": {"国土交通省": "ORG"}},
    ),
    ("参加者は前年より1200人多い8400人だった。", {"figures": ["1200人", "8400人"]}),
    ("市は来春、図書館を駅前に移す方針だ。", {"dates": ["来春"]}),
    ("世界の需要は2035年に2倍になると予測されている。", {"figures": ["2倍"], "dates": ["2035年"]}),
    ("佐伯氏は「資金は足りている」と述べた。", {"names": {"佐伯氏": "PERSON"}}),
    ("アクメ社は部品の8割を国内で生産している。", {"figures": ["8割"], "names": {"アクメ社": "ORG"}}),
    ("同社の売上高は3年ぶりに減少した。", {"dates": ["3年"]}),
]
NOT_CHECKABLE = [
    ("対策が遅れているのは心配だ。", {}),
    ("政府は早く方針を示すべきだ。", {"names": {"政府": "ORG"}}),
    ("電源を切ってから5分待ってください。", {"figures": ["5分"]}),
    ("次はどの国が動くのか。", {}),
    ("需要は2030年まで伸び続けるだろう。", {"dates": ["2030年"]}),
    ("私は2つの案のどちらにも反対だ。", {"figures": ["2つ"]}),
    ("他社に大きく後れを取っている。", {}),
    ("仮に税率が5%上がれば、負担は重くなる計算になる。", {"figures": ["5%"]}),
]


@pytest.mark.parametrize(("text", "layers"), CHECKABLE)
def test_checkable(hype: Run, text: str, layers: dict) -> None:
    sentence = only(hype(text, **layers))
    assert layer(sentence.checkable).label
    assert layer(sentence.claims)
    assert layer(sentence.content) == "factual"


@pytest.mark.parametrize(("text", "layers"), NOT_CHECKABLE)
def test_not_checkable(hype: Run, text: str, layers: dict) -> None:
    sentence = only(hype(text, **layers))
    assert not layer(sentence.checkable).label
    assert layer(sentence.claims) == []


@pytest.mark.parametrize(
    ("text", "layers", "claims"),
    [
        ("工場は5月に操業を始めました。", {"dates": ["5月"]}, ["工場は5月に操業を始め"]),
        ("社員は300人です。", {"figures": ["300人"]}, ["社員は300人"]),
        ("輸出は7年連続で増えているのです。", {"dates": ["7年"]}, ["輸出は7年連続で増えている"]),
        ("店は12県で営業しています。", {"figures": ["12県"]}, ["店は12県で営業して"]),
        ("参加者は目標の500人に届いていません。", {"figures": ["500人"]}, ["参加者は目標の500人に届いていません"]),
        ("しかし、利用者は2万人だった。", {"figures": ["2万人"]}, ["利用者は2万人だった"]),
        (
            "3億円を投じた設備は半年で停止し、経営陣の醜態がさらされた。", {"figures": ["3億円"]},
            ["3億円を投じた設備は半年で停止し"],
        ),
        (
            "売上高は20億円に増えたが、利益は3億円に減った。", {"figures": ["20億円", "3億円"]},
            ["売上高は20億円に増えたが", "利益は3億円に減った"],
        ),
        (
            "アクメ社がボルト社の買収に合意したとの報道は、業界を驚かせた。", {"names": {"アクメ社": "ORG", "ボルト社": "ORG"}},
            ["アクメ社がボルト社の買収に合意した"],
        ),
        ("台風の接近に伴い、空港は6時に閉鎖された。", {"dates": ["6時"]}, ["台風の接近に伴い、空港は6時に閉鎖された"]),
    ],
)  # fmt: skip
def test_claim_is_the_smallest_clause_without_politeness(hype: Run, text: str, layers: dict, claims: list[str]) -> None:
    assert [c.text for c in layer(only(hype(text, **layers)).claims)] == claims


@pytest.mark.parametrize(
    ("text", "layers", "expected"),
    [
        ("数年後には紙の切符はなくなるだろう。", {}, True),
        ("今後10年で町の商店街は消えていく。", {"dates": ["今後10年"]}, True),
        ("この会社は必ず破綻する。", {}, True),
        ("このまま放置すれば、農業は衰退しかねない。", {}, True),
        ("研究所は、需要が来年2倍になると予測した。", {"figures": ["2倍"], "names": {"研究所": "ORG"}}, False),
        ("市は来年、橋を架け替える計画だ。", {"dates": ["来年"]}, False),
        ("彼は駅へ向かったのだろう。", {}, False),
        ("人口は去年より減った。", {}, False),
        ("将来、町はどうなるのだろうか。", {}, False),
    ],
)
def test_forecast(hype: Run, text: str, layers: dict, expected: bool) -> None:
    assert layer(only(hype(text, **layers)).forecast).label is expected


@pytest.mark.parametrize(
    ("text", "layers", "content"),
    [
        ("社員は300人だった。", {"figures": ["300人"]}, "factual"),
        ("会員は300人に達し、まさに驚異的だ。", {"figures": ["300人"]}, "mixed"),
        ("経営陣の対応は笑止千万だ。", {}, "rhetorical"),
        ("よく考えたい。", {}, "plain"),
    ],
)
def test_content_follows_from_claims_and_rhetoric(hype: Run, text: str, layers: dict, content: str) -> None:
    assert layer(only(hype(text, **layers)).content) == content


def test_summary_counts_content_sentences_and_keeps_what_is_there(hype: Run, stage: HypeStage) -> None:
    document = hype("経営陣の対応は笑止千万だ。よく考えたい。売国奴は去れ!")
    summary = layer(document.record.summary)
    assert layer(summary.content) == {"factual": 0, "mixed": 0, "rhetorical": 2, "plain": 1}
    assert list(layer(summary.techniques)) == list(TECHNIQUES)
    assert layer(summary.techniques)["labeling"] == 1
    scores = [layer(s.hype).score for s in document.content()]
    assert layer(summary.hype_index) == pytest.approx(sum(scores) / 3, abs=1e-4)
    document.record.summary = Summary(stances=[])
    stage.process([document])
    assert layer(document.record.summary).stances == []


def test_sentences_that_are_not_content_get_no_layers(hype: Run) -> None:
    document = hype("The company sold 300 cars last year.\n\n経営陣の対応は笑止千万だ。")
    english, japanese = document.sentences
    assert english.rhetoric is english.hype is english.claims is english.content
    assert layer(japanese.rhetoric)


def test_document_without_content_has_an_empty_summary(hype: Run) -> None:
    summary = layer(hype("No Japanese here at all.").record.summary)
    assert layer(summary.hype_index) == 0
    assert sum(layer(summary.content).values()) == 0


def test_versions_name_every_data_file(stage: HypeStage) -> None:
    assert {"cues", "coinages", "claims"} <= set(stage.versions())


FRAGMENTS = ["圧倒的な", "売国奴", "必ず", "全く勝てない", "「丸投げリレー」だ", "革命", "手遅れだ", "誰が信じるのか", "会社は", "3億円を投じ、",
             "沈んでいく", "!", "。", "?", "、", "もはや", "わずか2人しか", "まるで泥船", "と述べた", "です", "〜〜", "…", "\n", "ABC", "🎯"]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=12))
def test_spans_are_exact_and_do_not_overlap(hype: Run, fragments: list[str]) -> None:
    document = hype("".join(fragments))
    for s in document.content():
        rhetoric = layer(s.rhetoric)
        for r in (*rhetoric, *layer(s.claims)):
            assert s.start <= r.start < r.end <= s.end
            assert document.text[r.start : r.end] == r.text
        assert all(a.end <= b.start for a, b in pairwise(rhetoric))
        claims = layer(s.claims)
        assert all(a.end <= b.start for a, b in pairwise(claims))
        assert (layer(s.hype).level == 0) == (layer(s.hype).direction == "none")
        assert bool(claims) == layer(s.checkable).label


def test_the_same_text_gives_the_same_bytes(hype: Run) -> None:
    text = "売国奴の茶番に、誰が付き合うのか。会社は3億円を失った。もはや「丸投げリレー」だ!"
    assert encode(hype(text).record) == encode(hype(text).record)


def test_what_is_written_does_not_depend_on_the_batch(hype: Run, stage: HypeStage) -> None:
    alone, other = hype("これは暴挙だ。"), hype("なぜ値段が下がったのだろうか。")
    expected = encode(alone.record)
    stage.process([other, alone])
    assert encode(alone.record) == expected


@pytest.fixture(scope="session")
def seeds(annotator, seed_files) -> dict[str, Document]:
    from tests.conftest import make_document

    documents = {file.name[:3]: make_document(file.read_text(encoding="utf-8")) for file in seed_files}
    for document in documents.values():
        annotator.process(document)
    return documents


def _with(document: Document, part: str) -> Sentence:
    return next(s for s in document.content() if part in s.text)


def test_seed_catchphrase_is_a_slogan(seeds: dict[str, Document]) -> None:
    slogans = [(s, r) for s in seeds["000"].content() for r in layer(s.rhetoric) if "オールスター" in r.text]
    assert slogans
    assert all(layer(s.hype).level >= 2 and r.technique == "slogan" for s, r in slogans)


def test_seed_share_is_checkable_and_plain(seeds: dict[str, Document]) -> None:
    sentence = _with(seeds["003"], "38.6%")
    assert layer(sentence.checkable).label
    assert any(q.text == "38.6%" for q in layer(sentence.quantities))
    assert layer(sentence.rhetoric) == []
