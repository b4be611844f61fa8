"""The stance stage on sentences of the tests' own, and its parts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from conftest import OFFLINE
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.config import Config, config_dir, load_config
from pipeline.errors import ConfigError
from pipeline.record import (
    Direction,
    Document,
    Entity,
    EntityLabel,
    Hype,
    Judgement,
    Quantity,
    Quote,
    Rhetoric,
    Stance,
    Summary,
    encode,
    layer,
)
from pipeline.stages.stance import (
    Place,
    Question,
    Scores,
    StanceStage,
    decide,
    document_stances,
    moved,
    settled,
    softmax,
)
from pipeline.text.polarity import Lexicon
from pipeline.text.syntax import Tree
from pipeline.text.targets import Targets

Parse = Callable[[str], Document]
Entities = Sequence[tuple[str, EntityLabel, str | None]]  # text, label, id

# Each table: sentence, expected stances. A stance is TARGET=LABEL, with @HOLDER where it is not the author's.
PRAISE = [
    ("テスラの加速は素晴らしい。", "tesla=favor"),
    ("トヨタの生産方式は、今なお世界の手本だ。", "toyota=favor"),
    ("エヌビディアは創業以来、的確な判断を積み重ねてきた。", "nvidia=favor"),
    ("アップルの操作画面は洗練されている。", "apple=favor"),
    ("さすがサムスン、画面の美しさは抜群だ。", "samsung=favor"),
    ("ファーウェイの粘り強さには脱帽する。", "huawei=favor"),
    ("ウェイモの運転は滑らかで、安心して身を任せられる。", "waymo=favor"),
    ("ロボタクシーは過疎の町にとって希望となる。", "robotaxi=favor"),
    ("TSMCの技術者は実に優秀だ。", "tsmc=favor"),
    ("日本には豊かな自然と誠実な職人が残っている。", "japan=favor"),
    ("マスク氏の行動力は偉大である。", "musk=favor"),
    ("私はグーグルの研究部門を心から尊敬している。", "google=favor"),
    ("人型ロボットの将来は有望だ。", "humanoid_robots=favor"),
    ("誰もが使いやすいアップルの端末は、年配の方にお勧めだ。", "apple=favor"),
    ("オープンAIは対話の世界に革命的な変化をもたらした。", "openai=favor"),
    ("ナトリウムイオン電池は寒冷地でも性能が高い。", "sodium_ion_batteries=favor"),
    ("ラピダスの挑戦を応援したい。", "rapidus=favor"),
    ("メルセデスの新型は座り心地が快適で、長旅でも疲れない。", "mercedes=favor"),
    ("スペースXの打ち上げ技術は群を抜いている。", "spacex_xai=favor"),
    ("アマゾンの品ぞろえは便利で、離島の暮らしまで変えた。", "amazon=favor"),
]
BLAME = [
    ("テスラの塗装は粗雑だ。", "tesla=against"),
    ("トヨタの電動化は遅すぎる。", "toyota=against"),
    ("グーグルの検索結果は広告ばかりで役に立たない。", "google=against"),
    ("日本政府の説明は不誠実だ。", "japan_government=against"),
    ("アマゾンは働く人の健康を軽視している。", "amazon=against"),
    ("オープンAIの秘密主義は危うい。", "openai=against"),
    ("日本の停滞は、変化を嫌う経営者の怠慢が招いた。", "japan=against"),
    ("トランプ氏の発言はいつも無責任だ。", "trump=against"),
    ("マスク氏は投資家を何度も裏切った。", "musk=against"),
    ("ラピダスの計画は絵空事だ。", "rapidus=against"),
    ("メルセデスの電気自動車は凡庸で、ときめかない。", "mercedes=against"),
    ("時代遅れの日本車にもう未来はない。", "japanese_automakers=against"),
    ("中国の太陽光パネルは補助金漬けで不公正だ。", "chinese_solar=against"),
    ("人型ロボットなど、見かけ倒しの玩具である。", "humanoid_robots=against"),
    ("ファーウェイの基地局は安全保障上の脅威だ。", "huawei=against"),
    ("サムスンの修理窓口の対応はひどかった。", "samsung=against"),
    ("リチウムイオン電池の廃棄は厄介で、地球に有害だ。", "lithium_ion_batteries=against"),
    ("アップルの手数料は横暴極まりない。", "apple=against"),
    ("米IT大手の独善的な態度にはうんざりする。", "us_tech=against"),
    ("ロボタクシーは渋滞を招くだけの無用の長物だ。", "robotaxi=against"),
]
FACTS = [  # checkable sentences, no side taken
    ("テスラは四月、従業員の10%を解雇した。", "tesla=neutral"),
    ("トヨタは1937年に創業した。", "toyota=neutral"),
    ("サムスンの営業利益は前年から3割減少した。", "samsung=neutral"),
    ("グーグルは欧州委員会から24億ユーロの罰金を科された。", "google=neutral"),
    ("エヌビディアの売上高は260億ドルに拡大した。", "nvidia=neutral"),
    ("アップルは春にも新しい端末を発売する。", "apple=neutral"),
    ("TSMCはアリゾナ州に第二工場を建てる計画だ。", "tsmc=neutral"),
    ("中国のAIは米国のAIより平均で7カ月遅れている。", "china_ai=neutral us_ai=neutral"),
    ("日本車の販売台数は中国で2割落ち込んだ。", "japanese_automakers=neutral"),
    ("ウェイモの車が信号柱に衝突する事故があった。", "waymo=neutral"),
    ("アマゾンは3年ぶりに赤字となった。", "amazon=neutral"),
    ("トランプ大統領は関税を25%に引き上げる文書に署名した。", "trump=neutral"),
    ("ファーウェイは米国の制裁対象に加えられた。", "huawei=neutral"),
    ("ラピダスは2027年の量産を目指す。", "rapidus=neutral"),
    ("メルセデスは約2万台のリコールを届け出た。", "mercedes=neutral"),
    ("マスク氏は南アフリカで生まれた。", "musk=neutral"),
    ("日本政府は10月、補正予算案を国会に提出した。", "japan_government=neutral"),
    ("オープンAIの利用者は週1億人を超えた。", "openai=neutral"),
    ("スペースXのロケットは発射から4分後に爆発した。", "spacex_xai=neutral"),
    ("リチウムイオン電池の価格は10年で9割下がった。", "lithium_ion_batteries=neutral"),
]
COMPARISONS = [
    ("テスラはトヨタを圧倒している。", "tesla=favor toyota=against"),
    ("トヨタはソフトの開発力でテスラに遠く及ばない。", "toyota=against tesla=favor"),
    ("グーグルよりオープンAIのほうが優れている。", "google=against openai=favor"),
    ("サムスンに比べてTSMCは歩留まりが良い。", "samsung=against tsmc=favor"),
    ("日本車は中国車に負けるだろう。", "japanese_automakers=against chinese_automakers=favor"),
    ("アップルの設計力はサムスンを凌駕する。", "apple=favor samsung=against"),
    (
        "ナトリウムイオン電池は、安全性でリチウムイオン電池に勝る。",
        "sodium_ion_batteries=favor lithium_ion_batteries=against",
    ),
    ("ウェイモはテスラよりはるかに信頼できる。", "waymo=favor tesla=against"),
    ("エヌビディアに勝てない米IT大手は、自社製の半導体に逃げた。", "nvidia=favor us_tech=against"),
    (
        "中国車が独走する一方、日本車は低迷から抜け出せずに苦しんでいる。",
        "chinese_automakers=favor japanese_automakers=against",
    ),
    ("テスラは勢いがある。片やメルセデスは時代遅れだ。", "tesla=favor mercedes=against"),
    ("グーグルを出し抜いたのはオープンAIだった。", "openai=favor google=against"),
    ("アマゾンの倉庫ロボットは、人型ロボットより実用的だ。", "amazon=favor humanoid_robots=against"),
    ("トヨタを追い抜いたテスラの勢いは本物だ。", "tesla=favor toyota=against"),
    ("米国のAIに対する中国のAIの優位は続く。", "us_ai=against china_ai=favor"),
    ("トヨタほど堅実ではないテスラに、老後の資金は託せない。", "tesla=against toyota=favor"),
    ("サムスンはTSMCに後れを取っている。", "samsung=against tsmc=favor"),
    ("日本はもはや中国のAIの足元にも及ばない。", "japan=against china_ai=favor"),
    ("テスラにせよウェイモにせよ、無人運転の先駆者として優れている。", "tesla=favor waymo=favor"),
    ("ファーウェイはアップルに圧倒されている。", "huawei=against apple=favor"),
]
NEGATION = [
    ("テスラの車は安全ではない。", "tesla=against"),
    ("トヨタは少しも慢心していない。", "toyota=favor"),
    ("グーグルの説明はとても信頼できない。", "google=against"),
    ("ファーウェイの製品は決して粗悪ではない。", "huawei=favor"),
    ("日本政府の判断が間違っていたとは言えない。", "japan_government=favor"),
    ("オープンAIの方針が正しいとは思わない。", "openai=against"),
    ("アップルの新製品には驚きも魅力もない。", "apple=against"),
    ("ラピダスが失敗するとは限らない。", "rapidus=favor"),
    ("サムスンの技術は他社に引けを取らない。", "samsung=favor"),
    ("メルセデスの乗り心地は悪くない。", "mercedes=favor"),
    ("アマゾンの姿勢は公正と言い難い。", "amazon=against"),
    ("ロボタクシーに欠点がないわけではない。", "robotaxi=against"),
    ("マスク氏は決して天才などではない。", "musk=against"),
    ("日本が無能なはずがない。", "japan=favor"),
    ("テスラしか頼れない。", "tesla=favor"),
    ("エヌビディアの優位は揺るがない。", "nvidia=favor"),
    ("ウェイモの慎重さを馬鹿にしてはいけない。", "waymo=favor"),
    ("TSMCは顧客を裏切らなかった。", "tsmc=favor"),
    ("人型ロボットは家庭で使い物になりません。", "humanoid_robots=against"),
    ("トランプ氏の約束は信用できず、同盟国は困っている。", "trump=against"),
]
CONCESSION = [
    ("テスラは値段こそ高いが、乗れば最高だ。", "tesla=favor"),
    ("トヨタは品質に優れるものの、革新という点では完全に失格だ。", "toyota=against"),
    ("アップルは割高だとはいえ、満足度は抜群だ。", "apple=favor"),
    ("グーグルの地図は便利だが、個人情報の扱いは最悪だ。", "google=against"),
    ("サムスンは健闘しているけれども、盟主の座を守るには力不足だ。", "samsung=against"),
    ("ファーウェイには黒い噂もあるが、技術は一流だ。", "huawei=favor"),
    ("遅れていると言われながらも、日本は着実に力を取り戻しており頼もしい。", "japan=favor"),
    ("横柄なところはあるにせよ、マスク氏の先見の明は見事だ。", "musk=favor"),
    ("見た目は地味でも、ナトリウムイオン電池は優秀だ。", "sodium_ion_batteries=favor"),
    ("ウェイモは安全かもしれないが、遅くて退屈だ。", "waymo=against"),
]
MOOD = [
    ("トヨタは本当にテスラに勝てるのだろうか。", "toyota=against tesla=favor"),
    ("日本車はもはや時代遅れではないか。", "japanese_automakers=against"),
    ("テスラが優れているかどうかは分からない。", "tesla=neutral"),
    ("オープンAIは責任を果たすべきだ。", "openai=against"),
    ("日本政府は無駄遣いをやめなければならない。", "japan_government=against"),
    ("アップルがもし失敗すれば、株式市場は揺れる。", "apple=neutral"),
    ("ラピダスには成功してほしい。", "rapidus=favor"),
    ("エヌビディアの強さを認めざるを得ない。", "nvidia=favor"),
    ("アマゾンは最悪の選択をしたに違いない。", "amazon=against"),
    ("グーグルは正しいのでしょうか。", "google=against"),
    ("人型ロボットは私たちの最高の相棒になるだろう。", "humanoid_robots=favor"),
    ("サムスンは勝てますか。", "samsung=neutral"),
]
HOLDERS = [
    ("「テスラの技術は遅れている」と佐藤氏は述べた。", "tesla=neutral tesla=against@佐藤氏"),
    ("佐藤氏によると、トヨタの電池は優秀だ。", "toyota=neutral toyota=favor@佐藤氏"),
    ("評論家の山口氏は、グーグルを厳しく批判した。", "google=neutral google=against@山口氏"),
    ("吉田氏は、オープンAIの姿勢は誠実だと評価する。", "openai=neutral openai=favor@吉田氏"),
    ("アップルの林社長は「サムスンは手ごわい」と話した。", "apple=neutral samsung=neutral samsung=favor@林社長"),
    ("「日本は素晴らしい国だ」と田中教授は語った。", "japan=neutral japan=favor@田中教授"),
    ("高橋氏が「ラピダスは失敗する」と断言したのは正しい。", "rapidus=against rapidus=against@高橋氏"),
    ("中村氏は「ウェイモは危険だ」と言うが、それは的外れだ。", "waymo=favor waymo=against@中村氏"),
    ("専門家からはアマゾンの独走を懸念する声が出ている。", "amazon=neutral"),
    ("テスラは過大評価されているという声もある。", "tesla=neutral"),
    ("エヌビディアは世界中の開発者から支持されている。", "nvidia=neutral"),
    ("日本車は終わったという主張は嘘だ。", "japanese_automakers=favor"),
    ("私はメルセデスの誠実さを高く評価している。", "mercedes=favor"),
    ("市場ではTSMCの成長に期待する見方が多い。", "tsmc=neutral"),
    ("伊藤氏はサムスンの戦略を「愚策」と切り捨てた。", "samsung=neutral samsung=against@伊藤氏"),
]
COMPOSED = [
    ("テスラは長年の欠点を見事に克服した。", "tesla=favor"),
    ("トヨタの車は故障が少ない。", "toyota=favor"),
    ("アップルの端末は価格が高い。", "apple=against"),
    ("日本政府は危機感に欠ける。", "japan_government=against"),
    ("オープンAIには透明性がない。", "openai=against"),
    ("サムスンの競争力は著しく低下した。", "samsung=against"),
    ("グーグルの地図は精度が高く、旅先で頼りになる。", "google=favor"),
    ("ウェイモは事故を減らした。", "waymo=favor"),
    ("ファーウェイの通信機は消費電力が低い。", "huawei=favor"),
    ("ラピダスは実績に乏しい。", "rapidus=against"),
    ("マスク氏は信頼を失った。", "musk=against"),
    ("メルセデスは問題を抱えたまま走り続けている。", "mercedes=against"),
    ("テスラの品質の低さには呆れる。", "tesla=against"),
    ("日本の強みが失われつつある。", "japan=against"),
    ("アマゾンは弱点のない企業だ。", "amazon=favor"),
]
NO_STANCE = [  # strong words that take no side toward the target
    ("テスラの工場の近くで大規模な火災が起きた。", "tesla=neutral"),
    ("トヨタは最悪の事態に備えて部品を多めに持つ。", "toyota=neutral"),
    ("サムスンは不良品を見つける検査装置を導入した。", "samsung=neutral"),
    ("グーグルは悪質な広告を取り除く仕組みを公開した。", "google=neutral"),
    ("日本政府は危機管理の担当者を増やす。", "japan_government=neutral"),
    ("アマゾンで絶望という題の小説を買った。", "amazon=neutral"),
    ("アップルは悪天候のため発表会を延期した。", "apple=neutral"),
    ("メルセデスの本社の隣に美しい公園がある。", "mercedes=neutral"),
    ("オープンAIの会議で失敗学の講演を聞いた。", "openai=neutral"),
    ("マスク氏は映画「最強の男」を見たという。", "musk=neutral"),
    ("エヌビディアの担当者に電話で日程を確かめた。", "nvidia=neutral"),
    ("TSMCとサムスンの違いは設立の年と本社の場所にある。", "tsmc=neutral samsung=neutral"),
]
SCOPE = [  # one target praised or blamed, another only there
    ("日本で売られているテスラの車は素晴らしい。", "tesla=favor japan=neutral"),
    ("トヨタの元社員が作った会社は、経営が杜撰だ。", "toyota=neutral"),
    ("グーグルの隣にあるアップルの店は、応対が丁寧だ。", "apple=favor google=neutral"),
    ("無能な政治家の横で、エヌビディアの技術者は優れた仕事をした。", "nvidia=favor"),
    ("テスラのライバルは無力だ。", "tesla=neutral"),
    ("競合が遅れるなか、アマゾンは黙々と倉庫を建てている。", "amazon=neutral"),
    ("サムスンの発表を受けて、粗悪な模造品を売る業者が現れた。", "samsung=neutral"),
    ("ファーウェイを締め出した米国の政策は愚かだ。", "huawei=neutral"),
    ("テスラとウェイモのうち、誠実なのはウェイモだ。", "waymo=favor tesla=neutral"),
    ("日本車は丈夫だが、日本政府の電池政策は無策に等しい。", "japanese_automakers=favor japan_government=against"),
]
REFERENCE = [
    ("テスラは新型車を公開した。同社の技術は素晴らしい。", "tesla=favor"),
    ("マスク氏が演説した。同氏の言葉は空疎だ。", "musk=against"),
    ("グーグルは検索から始まった。同社は今や傲慢だ。", "google=against"),
    ("アップルは春に新製品を出した。街には花が咲いた。同社は偉大だ。", "apple=favor"),
]
IRONY = [
    ("説明書の一行目から誤字とは、さすがテスラ、品質管理が素晴らしい。", "tesla=against"),
    ("三度目の延期とは、ラピダスはよほど時間に恵まれているらしい。", "rapidus=against"),
    ("締め切りを三度も破るとは、マスク氏は実に几帳面な人だ。", "musk=against"),
]

TABLES = {
    "praise": PRAISE,
    "blame": BLAME,
    "facts": FACTS,
    "comparisons": COMPARISONS,
    "negation": NEGATION,
    "concession": CONCESSION,
    "mood": MOOD,
    "holders": HOLDERS,
    "composed": COMPOSED,
    "no_stance": NO_STANCE,
    "scope": SCOPE,
    "reference": REFERENCE,
    "irony": IRONY,
}


BY_WORDS = ["stance.model=lexicon", "hype.model=cues"]


def annotate(parse: Parse, stage: StanceStage, text: str, *, speaker: str | None, checkable: bool) -> Document:
    """A document with stances; the layers of ner and hype are set by hand, so that the tests stand on their own."""
    document = parse(text)
    for sentence in document.sentences:
        sentence.entities, sentence.rhetoric = [], []
        spans = [
            (m.start() + sentence.start, m.end() + sentence.start) for m in re.finditer("「[^」]*」", sentence.text)
        ]
        sentence.quotes = [Quote(**document.span(*span), speaker=speaker) for span in spans]
        sentence.checkable = Judgement(score=0.9 if checkable else 0.1, label=checkable)
        figures = [(m.start() + sentence.start, m.end() + sentence.start) for m in re.finditer(r"\d+", sentence.text)]
        sentence.quantities = [_figure(document, *span) for span in figures]
    stage.process([document])
    return document


def _figure(document: Document, start: int, end: int) -> Quantity:
    value = int(document.text[start:end])
    return Quantity(
        **document.span(start, end),
        kind="number",
        value=value,
        low=value,
        high=value,
        unit="",
        approximate=False,
        en="",
    )


def stances(document: Document) -> dict[str, str]:
    """TARGET or TARGET@HOLDER to label; the last sentence that speaks of it counts."""
    found = [stance for sentence in document.sentences for stance in layer(sentence.stances)]
    return {s.target + (f"@{s.holder}" if s.holder else ""): s.label for s in found}


def expected(text: str) -> dict[str, str]:
    """TARGET=LABEL@HOLDER, several with spaces between, in the shape of :func:`stances`."""
    wanted: dict[str, str] = {}
    for part in text.split():
        target, label, _, holder = re.fullmatch(r"(\w+)=(\w+)(@(.+))?", part).groups()  # type: ignore[union-attr]
        wanted[f"{target}@{holder}" if holder else target] = label
    return wanted


@pytest.fixture(scope="module")
def stage() -> StanceStage:
    """The stage as the default config sets it."""
    return _stage(load_config(stages=OFFLINE, overrides=BY_WORDS))


def _stage(config: Config) -> StanceStage:
    built = StanceStage(config.stance, config)
    built.load()
    return built


# What words alone do not show; a trained model may.
OUT_OF_REACH = {
    "説明書の一行目から誤字とは、さすがテスラ、品質管理が素晴らしい。": "irony: the praise is taken at its word",
    "締め切りを三度も破るとは、マスク氏は実に几帳面な人だ。": "irony: the praise is taken at its word",
}


def _rows() -> Iterator[object]:
    for table, rows in TABLES.items():
        for number, (text, wanted) in enumerate(rows):
            reason = OUT_OF_REACH.get(text)
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            yield pytest.param(table, text, wanted, id=f"{table}-{number}", marks=marks)


@pytest.mark.parametrize(("table", "text", "wanted"), list(_rows()))
def test_sentences(parse: Parse, stage: StanceStage, table: str, text: str, wanted: str):
    speaker = wanted.partition("@")[2] or None
    document = annotate(parse, stage, text, speaker=speaker, checkable=table in ("facts", "no_stance"))
    found = stances(document)
    assert {key: found.get(key) for key in expected(wanted)} == expected(wanted)


def test_a_holder_is_left_out_where_he_says_nothing_of_the_target(parse: Parse, stage: StanceStage):
    text = "トヨタを担当する佐藤氏は「雨が降る」と述べた。"
    assert stances(annotate(parse, stage, text, speaker="佐藤氏", checkable=False)) == {"toyota": "neutral"}


def test_a_sentence_that_leaves_its_topic_out_has_a_stance_only_with_a_sure_side(
    parse: Parse, stage: StanceStage, monkeypatch: pytest.MonkeyPatch
):
    def scores(questions: Sequence[Question]) -> list[Scores]:
        sides = {"速い": softmax(4.0, 0.0), "広い": softmax(1.0, 0.5)}
        texts = [q.reading.sentence.text for q in questions]
        sided = [next((s for word, s in sides.items() if word in text), softmax(0.0, 0.0)) for text in texts]
        assert all(q.holder is None for q in questions)
        return sided

    monkeypatch.setattr(stage, "_scorer", scores)
    document = annotate(parse, stage, "テスラが動いた。実に速い。空は青い。空は広い。", speaker=None, checkable=False)
    found = [[(s.target, s.text, s.label) for s in layer(sentence.stances)] for sentence in document.sentences]
    assert found == [[("tesla", "テスラ", "neutral")], [("tesla", "", "favor")], [], []]
    assert layer(document.record.summary).stances[0].sentences == 2


def test_scores_sum_to_one_and_the_label_is_the_likeliest(parse: Parse, stage: StanceStage):
    for text, _ in PRAISE + BLAME + COMPARISONS + HOLDERS:
        for sentence in annotate(parse, stage, text, speaker="佐藤氏", checkable=False).sentences:
            for stance in layer(sentence.stances):
                assert sum(stance.scores.values()) == pytest.approx(1)
                assert stance.score == stance.scores[stance.label] > 0
                assert stance.text in sentence.text


@pytest.mark.parametrize(
    ("favor", "against", "margin", "label"),
    [
        (0.6, 0.1, 0.2, "favor"),
        (0.1, 0.6, 0.2, "against"),
        (0.25, 0.15, 0.0, "neutral"),
        (0.45, 0.35, 0.2, "neutral"),
        (0.45, 0.35, 0.1, "favor"),
        (0.6, 0.1, 0.6, "neutral"),
    ],
)
def test_margin(favor: float, against: float, margin: float, label: str):
    assert decide({"favor": favor, "against": against, "neutral": 1 - favor - against}, margin) == label


def _scores(favor: float, against: float) -> Scores:
    return {"favor": favor, "against": against, "neutral": 1 - favor - against}


def test_the_rest_of_a_document_settles_the_side():
    unsure, sure, other = _scores(0.3, 0.4), _scores(0.8, 0.1), _scores(0.3, 0.4)
    found = settled([unsure, sure, other], [Place("a", 0, "x"), Place("a", 1, "x"), Place("b", 0, "x")])
    assert found[0]["favor"] > found[0]["against"]
    assert found[0]["neutral"] == pytest.approx(0.3)
    assert found[2] == pytest.approx(other)  # of another document
    none = settled([_scores(0.0, 0.0), sure], [Place("a", 0, "x"), Place("a", 1, "x")])
    assert none[0] == pytest.approx(_scores(0.0, 0.0))


@pytest.mark.parametrize("sentence", [0, 1], ids=["in the sentence", "in another"])
def test_praise_of_another_speaks_against_a_target(sentence: int):
    unsure, praise = _scores(0.36, 0.34), _scores(0.8, 0.1)
    places = [Place("a", 0, "x"), Place("a", sentence, "y")]
    found = settled([unsure, praise], places)[0]
    assert found["against"] > found["favor"]
    blame = settled([unsure, _scores(0.1, 0.8)], places)[0]
    assert blame["favor"] / blame["against"] > 0.36 / 0.34
    assert settled([unsure, praise], [Place("a", 0, "x"), Place("b", sentence, "y")])[0] == pytest.approx(unsure)
    # What is said of the target itself weighs more.
    both = settled([unsure, praise, praise], [*places, Place("a", 2, "x")])[0]
    assert both["favor"] > both["against"]


def test_leads_are_means_with_one_that_takes_no_side():
    leads = [0.2, 0.6, -0.3, 0.1, 0.5]
    places = [Place("a", *at) for at in ((0, "x"), (1, "x"), (0, "y"), (1, "y"), (2, "z"))]
    found = settled([_scores(0.5 + lead / 2, 0.5 - lead / 2) for lead in leads], places)[0]
    own, beside, elsewhere = 0.6 / 2, -0.3 / 2, (0.1 + 0.5) / 3
    odds = 0.6 / 0.4 * math.exp(2 * (2.5 * own - (beside + elsewhere)))
    assert found["favor"] / found["against"] == pytest.approx(odds)


def test_words_and_rhetoric_move_the_model():
    model = _scores(0.4, 0.3)
    assert moved(model, None, None) == pytest.approx(model)
    plain, loud = moved(model, None, 0.05), moved(model, None, 0.95)
    assert plain["neutral"] > model["neutral"] > loud["neutral"]
    assert loud["favor"] / loud["against"] == pytest.approx(4 / 3)  # rhetoric takes no side itself
    praise = moved(model, softmax(1.0, 0.0), None)
    assert praise["favor"] > model["favor"]
    assert sum(praise.values()) == pytest.approx(1)
    assert moved(model, softmax(0.0, 0.0), None) == pytest.approx(model)  # nothing said


_PLACES = st.builds(Place, st.integers(0, 1), st.integers(0, 2), st.integers(0, 2))


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), _PLACES), max_size=8))
def test_settled_scores_are_probabilities_in_any_order(drawn: list[tuple[float, float, Place]]):
    scores, places = [_scores(f, a) for f, a, _ in drawn], [place for *_, place in drawn]
    found = settled(scores, places)
    for before, after in zip(scores, found, strict=True):
        assert sum(after.values()) == pytest.approx(1)
        assert after["neutral"] == before["neutral"]
    backwards = settled(scores[::-1], places[::-1])[::-1]
    for one, two in zip(found, backwards, strict=True):
        assert one == pytest.approx(two)


@given(st.floats(0, 20), st.floats(0, 20))
def test_more_praise_never_lowers_favor(favor: float, against: float):
    assert softmax(favor + 1, against)["favor"] >= softmax(favor, against)["favor"]
    assert softmax(favor, against)["favor"] == pytest.approx(softmax(against, favor)["against"])


def test_a_fact_weighs_less_than_an_opinion_in_the_same_words(parse: Parse, stage: StanceStage):
    text = "サムスンは2年遅れている。"
    assert stances(annotate(parse, stage, text, speaker=None, checkable=True)) == {"samsung": "neutral"}
    assert stances(annotate(parse, stage, text, speaker=None, checkable=False)) == {"samsung": "against"}


@pytest.mark.parametrize(("direction", "label"), [("boost", "favor"), ("doom", "against"), ("none", "neutral")])
def test_rhetoric_without_an_evaluative_word_speaks_by_its_direction(
    parse: Parse, stage: StanceStage, direction: Direction, label: str
):
    document = parse("トヨタは大鷲だ。")
    sentence = document.sentences[0]
    sentence.entities, sentence.quotes, start = [], [], sentence.text.index("大鷲")
    span = document.span(start, start + 2)
    sentence.rhetoric = [Rhetoric(**span, technique="metaphor", quoted=False, score=0.9, why=[])]
    sentence.hype = Hype(score=0.6, level=2, direction=direction)
    stage.process([document])
    assert stances(document) == {"toyota": label}


def test_processing_twice_gives_the_same(parse: Parse, stage: StanceStage):
    document = annotate(parse, stage, "テスラの加速は素晴らしい。", speaker=None, checkable=False)
    once = encode(document.record)
    stage.process([document])
    assert encode(document.record) == once


# The document


def _summary(parse: Parse, stage: StanceStage, text: str) -> dict[str, tuple[str, int]]:
    document = annotate(parse, stage, text, speaker="佐藤氏", checkable=False)
    summary = document.record.summary
    assert isinstance(summary, Summary)
    return {s.target: (s.label, s.sentences) for s in layer(summary.stances)}


def test_one_clear_sentence_outweighs_neutral_ones(parse: Parse, stage: StanceStage):
    text = "トヨタは愛知県にある。トヨタは車を造る。トヨタの本社は豊田市だ。だがトヨタは時代遅れで無能だ。"
    assert _summary(parse, stage, text)["toyota"] == ("against", 4)


def test_a_balanced_document_is_neutral(parse: Parse, stage: StanceStage):
    assert _summary(parse, stage, "トヨタは優秀だ。トヨタは愚鈍だ。")["toyota"] == ("neutral", 2)


def test_the_words_of_others_do_not_count(parse: Parse, stage: StanceStage):
    assert _summary(parse, stage, "佐藤氏は「トヨタは最悪だ」と述べた。")["toyota"] == ("neutral", 1)


def test_the_conclusion_decides(parse: Parse, stage: StanceStage):
    middle = "空は青い。" * 6
    assert _summary(parse, stage, f"トヨタは優秀だ。{middle}トヨタは愚鈍で無責任だ。")["toyota"][0] == "against"
    assert _summary(parse, stage, f"トヨタは愚鈍だ。{middle}トヨタは優秀で誠実だ。")["toyota"][0] == "favor"


def test_the_summary_of_other_stages_is_kept(parse: Parse, stage: StanceStage):
    document = parse("トヨタは優秀だ。")
    for sentence in document.sentences:
        sentence.entities, sentence.quotes, sentence.rhetoric = [], [], []
    document.record.summary = Summary(hype_index=0.25)
    stage.process([document])
    assert document.record.summary.hype_index == 0.25
    assert [s.target for s in layer(document.record.summary.stances)] == ["toyota"]


def test_a_side_is_taken_sooner_in_a_text_that_takes_sides(parse: Parse, stage: StanceStage):
    document = annotate(
        parse, stage, "トヨタは車を造る。ホンダは二輪も造る。スズキは軽を造る。", speaker=None, checkable=False
    )
    lean = {"favor": 0.25, "against": 0.1, "neutral": 0.65}

    def label(of_others: Scores) -> str:
        for sentence, scores in zip(document.sentences, (lean, of_others, of_others), strict=True):
            target = "toyota" if scores is lean else "honda"
            sentence.stances = [Stance(target=target, text="", label="neutral", score=0.5, scores=scores, holder=None)]
        return {s.target: s.label for s in document_stances(document)}["toyota"]

    assert label({"favor": 0.0, "against": 0.05, "neutral": 0.95}) == "neutral"
    assert label({"favor": 0.0, "against": 0.95, "neutral": 0.05}) == "favor"


# Targets


def _mentions(parse: Parse, targets: Targets, text: str, entities: Entities = ()) -> list[tuple[str, str]]:
    document = parse(text)
    for sentence in document.sentences:
        sentence.entities = []
        for name, label, id_ in entities:
            for match in re.finditer(re.escape(name), sentence.text):
                span = document.span(match.start() + sentence.start, match.end() + sentence.start)
                sentence.entities.append(Entity(**span, label=label, fine="", id=id_))
    found = [m for mentions in targets.find(document.sentences) for m in mentions]
    assert all(m.elided or document.text[m.start : m.end] == m.text for m in found)
    return [(m.target, "" if m.elided else m.text) for m in found]


@pytest.fixture(scope="module")
def targets() -> Targets:
    return Targets.load(config_dir() / "targets.yaml")


@pytest.mark.parametrize(
    ("text", "entities", "wanted"),
    [
        ("日本車と日本は別だ。", [], [("japanese_automakers", "日本車"), ("japan", "日本")]),
        ("日本製鉄は溶鉱炉を止めた。", [("日本製鉄", "ORG", "nippon_steel")], []),
        ("日本酒を飲んだ。", [], []),
        ("米テスラは工場を建てる。", [], [("tesla", "米テスラ")]),
        ("テスラコイルの実験をした。", [], []),
        ("アップルパイを焼いた。", [], []),
        ("Teslaの株を買う。", [], [("tesla", "Tesla")]),
        ("Teslasという詩を読む。", [], []),
        ("電気の巨人が笑う。", [("電気の巨人", "ORG", "tesla")], [("tesla", "電気の巨人")]),
        ("米トヨタ社が動く。", [("米トヨタ社", "ORG", None)], [("toyota", "米トヨタ社")]),
        ("政府は動かない。", [], [("japan_government", "政府")]),
        ("ペルーの政府は動かない。", [("ペルー", "GPE", "peru")], []),
        ("マスクを外す。", [], []),
        ("テスラが動いた。同社は強い。", [], [("tesla", "テスラ"), ("tesla", "同社")]),
        ("テスラが動いた。実に速い。同社は強い。", [], [("tesla", "テスラ"), ("tesla", ""), ("tesla", "同社")]),
        (
            "テスラが動いた。トヨタも動いた。あの会社は強い。",
            [],
            [("tesla", "テスラ"), ("toyota", "トヨタ"), ("toyota", "あの会社")],
        ),
        ("トランプ氏は笑った。彼は若い。彼らは怒った。", [], [("trump", "トランプ氏"), ("trump", "彼"), ("trump", "")]),
        ("テスラとトヨタが組む。実に速い。", [], [("tesla", "テスラ"), ("toyota", "トヨタ")]),
        ("テスラが動いた。ゼータ工業も動く。実に速い。", [("ゼータ工業", "ORG", None)], [("tesla", "テスラ")]),
        ("テスラが動いた。\n\n実に速い。", [], [("tesla", "テスラ")]),
        ("テスラが動いた。ドイツも動いた。", [("ドイツ", "GPE", "germany")], [("tesla", "テスラ")]),
        ("テスラが動いた。他社は遅い。競合は弱い。", [], [("tesla", "テスラ")]),
        (
            "テスラが動いた。\n\n同社は強い。この会社は若い。",
            [],
            [("tesla", "テスラ"), ("tesla", "同社"), ("tesla", "この会社")],
        ),
        ("テスラが動いた。\n\nこの会社は若い。", [], [("tesla", "テスラ")]),
        ("トランプ氏は笑った。\n\n少年は犬を助けた。彼は立派だ。", [], [("trump", "トランプ氏")]),
        ("トランプ氏を嘘つきだと彼は言う。", [], [("trump", "トランプ氏")]),
        ("トランプ氏は笑った。彼は安倍氏を褒めた。", [("安倍氏", "PERSON", None)], [("trump", "トランプ氏")]),
        (
            "トランプ氏は笑った。\n\n同氏は『彼女の名前』を読む。",
            [("彼女の名前", "WORK", None)],
            [("trump", "トランプ氏"), ("trump", "同氏")],
        ),
        (
            "テスラとゼータ工業が組む。同社は強い。",
            [("テスラ", "ORG", "tesla"), ("ゼータ工業", "ORG", None)],
            [("tesla", "テスラ")],
        ),
        ("テスラは若く、同社の株は高い。", [], [("tesla", "テスラ"), ("tesla", "同社")]),
    ],
)
def test_mentions(parse: Parse, targets: Targets, text: str, entities: Entities, wanted: list[tuple[str, str]]):
    assert _mentions(parse, targets, text, entities) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "どこの会社も遅い。", "あの会社員は若い。", "この会社法は古い。", "町の合同行事だった。", "記者が同行した。",
        "共同会長は若い。", "彼等は若い。", "私の彼氏は若い。", "彼我の差は大きい。", "誰彼かまわず笑う。", "お彼岸が来た。",
    ],
)  # fmt: skip
def test_words_that_look_like_references_are_none(parse: Parse, targets: Targets, text: str):
    found = _mentions(parse, targets, f"トランプ氏はテスラを買う。{text}")
    assert found == [("trump", "トランプ氏"), ("tesla", "テスラ")]


def test_what_refers_back_to_a_discovered_target_has_its_name(parse: Parse):
    targets = Targets.load(config_dir() / "targets.yaml", discover=True)
    document = parse("ゼータ工業は工場を建てた。同社は強い。実に立派だ。")
    for sentence in document.sentences:
        sentence.entities = []
    document.sentences[0].entities = [Entity(**document.span(0, 5), label="ORG", fine="", id=None)]
    found = [mention for mentions in targets.find(document.sentences) for mention in mentions]
    assert [mention.text for mention in found] == ["ゼータ工業", "同社", ""]
    assert {targets.name(mention) for mention in found} == {"ゼータ工業"}


def test_discover(parse: Parse):
    names: Entities = [("ゼータ工業", "ORG", None), ("山田花子", "PERSON", "hanako_yamada"), ("富士山", "LOC", None)]
    text = "ゼータ工業の山田花子は富士山に登った。"
    path = config_dir() / "targets.yaml"
    assert _mentions(parse, Targets.load(path), text, names) == []
    found = _mentions(parse, Targets.load(path, discover=True), text, names)
    assert found == [("ゼータ工業", "ゼータ工業"), ("hanako_yamada", "山田花子")]


ENTRY = "- {{id: {id}, kind: company, name_en: A, names: [{name}], aliases: [], entities: []}}\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ENTRY.format(id="a", name="甲") + ENTRY.format(id="b", name="甲"), "'甲' belongs to both 'a' and 'b'"),
        (ENTRY.format(id="a", name="甲") + ENTRY.format(id="a", name="乙"), "the id 'a'"),
        (ENTRY.format(id="A b", name="甲"), "id"),
        ("- {id: a}\n", "names"),
        ("- [\n", "not valid YAML"),
    ],
)
def test_a_wrong_targets_file_is_refused(tmp_path: Path, content: str, message: str):
    path = tmp_path / "targets.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        Targets.load(path)


def test_a_right_targets_file_is_read(tmp_path: Path, parse: Parse):
    path = tmp_path / "targets.yaml"
    path.write_text(ENTRY.format(id="a", name="甲社") + ENTRY.format(id="b", name="乙社"), encoding="utf-8")
    assert _mentions(parse, Targets.load(path), "甲社は乙社を買った。") == [("a", "甲社"), ("b", "乙社")]


@pytest.mark.parametrize(
    ("text", "wanted"), [("カブトを脱ぐ。", []), ("甲斐カブトが来た。カブトは笑った。", ["甲斐カブト", "カブト"])]
)
def test_a_nickname_needs_the_name(tmp_path: Path, parse: Parse, text: str, wanted: list[str]):
    path = tmp_path / "targets.yaml"
    path.write_text(
        "- {id: a, kind: person, name_en: A, names: [甲斐カブト], aliases: [カブト], entities: []}\n", encoding="utf-8"
    )
    assert [name for _, name in _mentions(parse, Targets.load(path), text)] == wanted


def test_a_missing_file_is_named(tmp_path: Path):
    for loader in (Targets, Lexicon):
        with pytest.raises(ConfigError, match=r"gone\.yaml"):
            loader.load(tmp_path / "gone.yaml")


# The lexicon


def test_no_word_stands_twice():
    data = YAML(typ="safe").load(config_dir() / "polarity.yaml")
    sections = ("state", "news", "contest", "versus", "attitude", "act")
    words = [word for section in sections for listed in data[section].values() for word in listed]
    assert len(words) > 600
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_a_wrong_lexicon_is_refused(tmp_path: Path):
    path = tmp_path / "polarity.yaml"
    path.write_text("state: {5: [良い]}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="state"):
        Lexicon.load(path)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("後れを取った。", ["後れを取っ"]),
        ("歯が立ちません。", ["歯が立ちません"]),
        ("使い物にならなかった。", ["使い物にならなかっ"]),
        ("問題ない。", ["問題ない"]),
        ("すばらしく速い。", ["すばらしく", "速い"]),
        ("机の上に本がある。", []),
    ],
)
def test_words_are_found_in_every_inflection(parse: Parse, text: str, wanted: list[str]):
    tokens = layer(parse(text).sentences[0].tokens)
    hits = Lexicon.load(config_dir() / "polarity.yaml").find(Tree(tokens))
    assert ["".join(t.text for t in tokens[h.start : h.end]) for h in hits] == wanted
