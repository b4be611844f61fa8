"""The ner stage: names from gazetteer, context and model, and the figures between them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import config_dir, load_config
from pipeline.errors import ConfigError
from pipeline.parser import load_parser
from pipeline.record import Document, Record, Source, layer
from pipeline.stages import Stage, build_stages
from pipeline.stages.ner import Ner, load_labels
from pipeline.text.gazetteer import Gazetteer

SEEDS = Path(__file__).parent.parent.parent / "shared" / "seeds"
STAGES = ["normalize", "tokenize", "ner"]
# id | label | name | aliases | weak | mocking | name_en; aliases and the like are parted by commas here.
NAMES = """
tesla | ORG | テスラ | Tesla | | ヘスラ | Tesla
tesla_coil | NONE | テスラコイル | | | | Tesla coil
elon_musk | PERSON | イーロン・マスク | Elon Musk | マスク, イーロン | | Elon Musk
jensen_huang | PERSON | ジェンスン・フアン | | フアン | | Jensen Huang
yuriko_koike | PERSON | 小池百合子 | | 小池 | | Yuriko Koike
donald_trump | PERSON | ドナルド・トランプ | トランプ | | | Donald Trump
toyota | ORG | トヨタ自動車 | トヨタ | | ヨタヨタ自動車 | Toyota
honda | ORG | 本田技研工業 | ホンダ | 本田 | | Honda
x_platform | PRODUCT | ツイッター | Twitter | X | | X
united_states | GPE | 米国 | アメリカ | 米 | | United States
japan | GPE | 日本 | | 日 | | Japan
china | GPE | 中国 | | 中 | | China
georgia_us | GPE | ジョージア州 | | ジョージア | | Georgia
georgia | GPE | ジョージア国 | グルジア | ジョージア | | Georgia (country)
chiba | GPE | 千葉県 | 千葉 | | | Chiba
government_of_us | ORG | 米国政府 | | | | US government
meti | ORG | 経済産業省 | 経産省 | | | METI
iphone | PRODUCT | iPhone | アイフォーン | | | iPhone
h100 | PRODUCT | H100 | | | | H100
gpt4 | PRODUCT | GPT-4 | | | | GPT-4
fire_stick | PRODUCT | ファイアスティック | | ファイア | | Fire Stick
amazon | ORG | アマゾン・ドット・コム | Amazon | アマゾン | | Amazon
amazon_river | LOC | アマゾン川 | | アマゾン | | Amazon River
"""

# Text, and its names: SURFACE LABEL SOURCE [ID], where the source is what stands in ``fine``.
GAZETTEER = [
    ("テスラは工場を建てた。", "テスラ ORG gazetteer tesla"),
    ("Teslaの株価が下がる。", "Tesla ORG gazetteer tesla"),
    ("teslaという単位がある。", ""),
    ("テスラコイルの放電を見た。", ""),
    ("テスラ製の電池と中国製の部品を比べる。", "テスラ ORG gazetteer tesla; 中国 GPE gazetteer china"),
    ("テスラ車に乗る友人が増えた。", "テスラ ORG gazetteer tesla"),
    ("新型のヘスラがまた止まった。", "ヘスラ ORG mocking tesla"),
    ("トヨタ自動車とトヨタは同じ会社だ。", "トヨタ自動車 ORG gazetteer toyota; トヨタ ORG gazetteer toyota"),
    ("トランプ大統領は会見を開いた。", "トランプ PERSON gazetteer donald_trump"),
    ("この春、H100を十台買い足した。", "H100 PRODUCT gazetteer h100"),
    ("GPT-4は便利だが、GPT-40という名の製品はない。", "GPT-4 PRODUCT gazetteer gpt4"),
    ("iPhone 16 Proを予約した。", "iPhone 16 Pro PRODUCT gazetteer iphone"),
    ("iPhone 3台を寄付した。", "iPhone PRODUCT gazetteer iphone"),
    ("アイフォーンが値上がりする。", "アイフォーン PRODUCT gazetteer iphone"),
    ("詳しくは https://tesla.example/Tesla を見てほしい。", ""),
    # Weak forms need a strong one or a suffix.
    ("花粉の季節はマスクを着ける。", ""),
    ("マスク氏は朝が早い。", "マスク PERSON gazetteer elon_musk"),
    (
        "イーロン・マスクが来日した。マスクは京都で茶を飲んだ。",
        "イーロン・マスク PERSON gazetteer elon_musk; マスク PERSON gazetteer elon_musk; 京都 GPE rule:dictionary",
    ),
    (
        "イーロン・マスクは不織布のマスクを嫌う。",
        "イーロン・マスク PERSON gazetteer elon_musk",
    ),
    ("本田は自転車で通う。", "本田 PERSON model:Person"),
    (
        "ホンダの創業者は浜松の人だ。本田は町工場から始めた。",
        "ホンダ ORG gazetteer honda; 浜松 GPE rule:dictionary; 本田 ORG gazetteer honda",
    ),
    ("スタジアムはファンで埋まった。", ""),
    (
        "ジェンスン・フアン氏が壇上に立つと、ファンが手を振った。",
        "ジェンスン・フアン PERSON gazetteer jensen_huang; ファン PERSON gazetteer jensen_huang",
    ),
    ("農家の小池さんは稲を刈る。", "小池 PERSON rule:person_suffix"),
    (
        "小池百合子知事は登庁した。小池さんは無言だった。",
        "小池百合子 PERSON gazetteer yuriko_koike; 小池 PERSON gazetteer yuriko_koike",
    ),
    ("先輩はXに投稿した。", "X PRODUCT gazetteer x_platform"),
    ("未知数をXとする。", ""),
    (
        "ジョージア州は桃の産地だ。ジョージアの夏は暑い。",
        "ジョージア州 GPE gazetteer georgia_us; ジョージア GPE gazetteer georgia_us",
    ),
    (
        "グルジアは国名を改めた。ジョージアの葡萄酒は古い。",
        "グルジア GPE gazetteer georgia; ジョージア GPE gazetteer georgia",
    ),
    ("ファイアを起こす道具を買った。", ""),
    ("Amazonの荷物が届いた。", "Amazon ORG gazetteer amazon"),
    (
        "アマゾン川を船で下る。アマゾンの朝は霧が深い。",
        "アマゾン川 LOC gazetteer amazon_river; アマゾン LOC gazetteer amazon_river",
    ),
]
RULES = [
    ("ハンス・クラウザー氏が来社した。", "ハンス・クラウザー PERSON rule:person_suffix"),
    ("テスラ氏は交流の父と呼ばれる。", "テスラ PERSON rule:person_suffix"),
    ("Karen Whitfield氏に話を聞いた。", "Karen Whitfield PERSON rule:person_suffix"),
    ("来栖悠斗さんは庭師である。", "来栖悠斗 PERSON rule:person_suffix"),
    ("同氏は両氏と会った。", ""),
    ("お客さんと皆さんに礼を言う。", ""),
    ("投資家のモートン・ブレイクは沈黙した。", "モートン・ブレイク PERSON rule:apposition"),
    (
        "トヨタ・ホンダ・テスラの三つどもえだ。",
        "トヨタ ORG gazetteer toyota; ホンダ ORG gazetteer honda; テスラ ORG gazetteer tesla",
    ),
    ("米ゾルティア社が名乗りを上げた。", "米 GPE gazetteer united_states; ゾルティア ORG rule:company_suffix"),
    ("独ヴェルナートは撤退する。", "独 GPE rule:country; ヴェルナート ORG rule:country_prefix"),
    ("新興のミラネックスが参入した。", "ミラネックス ORG rule:apposition"),
    ("Quorvixの創業者は元教師だ。", "Quorvix ORG rule:corporate_context"),
    ("株式会社かえで工房は、陶器を焼く。", "株式会社かえで工房 ORG rule:corporate_form"),
    ("あすなろ商事株式会社に勤める。", "商事株式会社 ORG rule:corporate_form"),
    ("米商務省は規制を強めた。", "米 GPE gazetteer united_states; 商務省 ORG rule:agency"),
    ("夏休みに帰省して反省した。", ""),
    ("特定電子メール送信適正化推進法が成立した。", "特定電子メール送信適正化推進法 LAW rule:law"),
    ("よい勉強法を教わった。", ""),
    ("秋田空港から飛んだ。", "秋田空港 FACILITY rule:compound"),
    ("浜松交響楽団が来る。", "浜松交響楽団 ORG rule:compound"),
    ("松本国際音楽祭を聴きに行く。", "松本国際音楽祭 EVENT rule:compound"),
    ("第12回松本国際音楽祭を聴いた。", "第12回松本国際音楽祭 EVENT rule:compound"),
    ("日本メーカーは出遅れた。", "日本 GPE gazetteer japan"),
    ("新潟で雪が積もる。", "新潟 GPE rule:dictionary"),
    ("Qerty Technologiesは移転する。", "Qerty Technologies ORG rule:corporate_form"),
    ("Foobar Inc.が名乗り出た。", "Foobar Inc. ORG rule:corporate_form"),
    ("Xyzon社の椅子に座る。", "Xyzon ORG rule:company_suffix"),
    ("運転支援(Advanced Driver Assistance Systems)を試す。", ""),
    ("Oravextは3年ぶりの黒字だった。", "Oravext ORG rule:corporate_context"),
    ("米国の政府は答えない。", "米国の政府 ORG rule:agency government_of_us"),
    ("隣国の政府は答えない。", ""),
    ("利根川沿いを走る。", "利根川 LOC model:River"),
    ("オレゴン州で山火事が広がる。", "オレゴン州 GPE rule:place"),
    ("ペルー人の料理人を雇った。", "ペルー人 NORP rule:people"),
    ("職人の腕がものを言う。", ""),
    (
        "日米の溝は深い。",
        "日 GPE rule:country japan; 米 GPE rule:country united_states",
    ),
    ("日中は暑く、夜は冷える。", ""),
    ("朝日を浴びて走る。", ""),
    ("千葉さんは千葉の海で育った。", "千葉 PERSON rule:person_suffix; 千葉 GPE gazetteer chiba"),
    ("日中関係が冷え込む。", "日 GPE rule:country japan; 中 GPE rule:country china"),
    ("米が足りず、粥をすする。", ""),
    ("米政府は沈黙を守る。", "米 GPE gazetteer united_states"),
    ("人型ロボット「ムサシ丸」が歩いた。", "ムサシ丸 PRODUCT rule:apposition"),
    ("映画『雨上がりの坂道』を見た。", "雨上がりの坂道 WORK rule:apposition"),
    ("寝る前に『灯台守の午後』を少し読む。", "灯台守の午後 WORK rule:title"),
    ("店主は『もう閉めます』と話した。", ""),
    ("これは『改革』だという。", ""),
    ("姉は「『灯台守の午後』は退屈」と言う。", ""),
    ("見本市「メカフェスタ」に出展した。", "メカフェスタ EVENT rule:apposition"),
    ("改革「痛みなくして」は不評だ。", ""),
    (
        "ゾンネンフェルト氏が辞める。後任をゾンネンフェルトは語らない。",
        "ゾンネンフェルト PERSON rule:person_suffix; ゾンネンフェルト PERSON rule:consistency",
    ),
    (
        "作家のコリン・ハザウェイ氏が死去した。ハザウェイの遺作は未完だ。",
        "コリン・ハザウェイ PERSON rule:person_suffix; ハザウェイ PERSON rule:surname",
    ),
    (
        "野球の大谷翔平選手が帰国した。大谷は無言で車に乗った。",
        "大谷翔平 PERSON rule:person_suffix; 大谷 PERSON model:Person",
    ),
    ("新興のミラネックス(Miranex)が動いた。", "ミラネックス ORG rule:apposition; Miranex ORG rule:gloss"),
]
MODEL = [
    ("兵庫の酒蔵を訪ねた。", ""),
    ("フランス語の本を読む。", ""),
    ("任天堂は京都の会社だ。", "任天堂 ORG model:Company; 京都 GPE rule:dictionary"),
    ("朝食に納豆とご飯を食べた。", ""),
    ("2026.03.20に更新した。", ""),
]

Names = Callable[..., Document]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gazetteer of the tests' own."""
    rows = [[cell.strip().replace(", ", "|") for cell in line.split("|")] for line in NAMES.strip().splitlines()]
    header = "id label name aliases weak mocking name_en".split()
    folder = tmp_path_factory.mktemp("gazetteer")
    (folder / "names.tsv").write_text("\n".join("\t".join(row) for row in [header, *rows]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def annotated(folder: Path) -> Names:
    """Take a text through the first three stages."""
    stages = loaded(folder)

    def document(raw: str, published: str | None = None) -> Document:
        return through(stages, raw, published)

    return document


def loaded(folder: Path, *overrides: str) -> list[Stage]:
    stages = build_stages(load_config(stages=STAGES, overrides=[f"ner.gazetteer={folder}", *overrides]))
    for stage in stages:
        stage.load()
    return stages


def through(stages: list[Stage], raw: str, published: str | None = None) -> Document:
    source = Source(path="t", format="txt", encoding="utf-8", sha256="0" * 64, published=published)
    document = Document(Record(id="t", source=source, raw=raw))
    for stage in stages:
        stage.process([document])
    return document


def names(document: Document) -> str:
    found = [e for sentence in document.content() for e in layer(sentence.entities)]
    return "; ".join(" ".join(filter(None, (e.text, e.label, e.fine, e.id))) for e in found)


@pytest.mark.parametrize(("text", "expected"), [*GAZETTEER, *RULES, *MODEL])
def test_names(annotated: Names, text: str, expected: str) -> None:
    assert names(annotated(text)) == expected


def test_english_comes_from_the_gazetteer(annotated: Names) -> None:
    [entity] = layer(annotated("経産省が動いた。").sentences[0].entities)
    assert (entity.text, entity.name_en) == ("経産省", "METI")


def test_without_the_model(folder: Path) -> None:
    assert names(through(loaded(folder, "ner.model_entities=false"), "兵庫のテスラ。")) == "テスラ ORG gazetteer tesla"


def test_names_are_no_figures(annotated: Names) -> None:
    [sentence] = annotated("2025年3月、H100とGPT-4に3億円を払った。").sentences
    assert [q.text for q in layer(sentence.quantities)] == ["3億円"]
    assert [t.text for t in layer(sentence.times)] == ["2025年3月"]


def test_a_figure_goes_before_a_name_of_the_model(annotated: Names) -> None:
    [sentence] = annotated("新工場では2ナノレベルの回路を刻む。").sentences
    assert ([e.text for e in layer(sentence.entities)], [q.text for q in layer(sentence.quantities)]) == ([], ["2ナノ"])


def test_a_triangle_is_a_minus_where_its_neighbours_are(annotated: Names) -> None:
    def values(text: str) -> list[float | None]:
        return [q.value for sentence in annotated(text).content() for q in layer(sentence.quantities)]

    assert values("▲12億円となったのは鉄鋼で、前年の▲3億円から悪化した。") == [-12e8, -3e8]
    assert values("▲12億円となったのは鉄鋼で、前年の3億円から改善した。") == [12e8, 3e8]


def test_relative_times_count_from_the_anchor(annotated: Names) -> None:
    document = annotated("先月、社屋を移した。", published="2024-06-18")
    assert document.anchor == date(2024, 6, 18)
    assert [t.value for t in layer(document.sentences[0].times)] == ["2024-05"]


def test_conversions_that_disagree(annotated: Names) -> None:
    same = annotated("売上高は100億ドル(約1.5兆円)、利益は10億ドル(約1500億円)だ。")
    assert same.record.warnings == []
    other = annotated("売上高は100億ドル(約1.5兆円)、利益は10億ドル(約1500億円)、負債は20億ドル(約300億円)だ。")
    assert [w.message for w in other.record.warnings] == ["20億ドル as 約300億円: 15 JPY per USD; elsewhere 150 to 150"]


def test_unpaired_marks_are_reported(annotated: Names) -> None:
    warnings = annotated("これは”未完の引用だ。").record.warnings
    assert [(w.stage, w.code) for w in warnings] == [("ner", "unpaired_quote")]
    assert "” at 3" in warnings[0].message


def test_sentences_that_are_not_analysed_have_no_layers(annotated: Names) -> None:
    document = annotated("テスラは工場を建てた。\n\nAll rights reserved by Tesla in the United States of America.")
    kinds = [(s.lang, isinstance(s.entities, list)) for s in document.sentences]
    assert kinds == [("ja", True), ("en", False)]


def test_a_second_run_changes_nothing(folder: Path) -> None:
    stages = loaded(folder)
    document = through(stages, "マスク氏は「テスラは自由だ」と述べた。")
    before = names(document), [q.speaker for q in layer(document.sentences[0].quotes)]
    stages[-1].process([document])
    assert (names(document), [q.speaker for q in layer(document.sentences[0].quotes)]) == before


PIECES = [text for text, _ in [*GAZETTEER, *RULES, *MODEL]] + [
    "「",
    "」",
    "”",
    "\n\n",
    "、",
    "(",
    ")",
    "・",
    "社",
    "氏",
    "米",
    "🎯",
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8))
def test_spans_slice_back_and_do_not_overlap(annotated: Names, pieces: list[str]) -> None:
    document = annotated("".join(pieces))
    for sentence in document.content():
        layers = layer(sentence.entities), layer(sentence.quantities), layer(sentence.times)
        for spans in layers:
            for a, b in pairwise(spans):
                assert a.end <= b.start
        for span in [s for spans in (*layers, layer(sentence.quotes)) for s in spans]:
            assert sentence.start <= span.start < span.end <= sentence.end
            assert document.text[span.start : span.end] == span.text
            assert document.record.raw[span.raw_start : span.raw_end]


def test_every_label_of_the_model_is_mapped() -> None:
    text = (config_dir() / "entity_labels.yaml").read_text(encoding="utf-8")
    known = set(load_parser("ja_ginza", "C", entities=True).get_pipe("ner").labels)
    listed = set(re.findall(r"\w+", re.sub(r"(?m)^#.*$|^\w+:", "", text)))
    assert listed == known


LABEL_FILES = [
    ("PERSON: [Person]\nNONE: [Game]\nIGNORED: [Dish]\n", None),
    ("FOOD: [Dish]\n", "'FOOD' is not a label"),
    ("PERSON: Person\n", "'PERSON' is not a label with a list"),
    ("PERSON: [Person]\nORG: [Person]\n", "'Person' is mapped twice"),
    ("- PERSON\n", "expected LABEL"),
    ("PERSON: [\n", "cannot be read"),
]


@pytest.mark.parametrize(("text", "fault"), LABEL_FILES)
def test_label_files(tmp_path: Path, text: str, fault: str | None) -> None:
    file = tmp_path / "labels.yaml"
    file.write_text(text, encoding="utf-8")
    if fault is None:
        assert load_labels(file) == {"Person": "PERSON", "Game": "NONE"}
        return
    with pytest.raises(ConfigError, match=fault):
        load_labels(file)


def test_versions_follow_the_gazetteer(folder: Path, tmp_path: Path) -> None:
    def version(folder: Path) -> str:
        config = load_config(stages=STAGES, overrides=[f"ner.gazetteer={folder}"])
        return Ner(config.ner, config).versions()["gazetteer"]

    copy = tmp_path / "names.tsv"
    copy.write_bytes((folder / "names.tsv").read_bytes())
    assert version(tmp_path) == version(folder)
    assert re.fullmatch(r"[0-9a-f]{8}", version(folder))
    copy.write_bytes(copy.read_bytes() + b"osaka\tGPE\t\xe5\xa4\xa7\xe9\x98\xaa\t\t\t\tOsaka\n")
    assert version(tmp_path) != version(folder)


def test_the_project_gazetteer_loads() -> None:
    assert len(Gazetteer.load(config_dir() / "gazetteer")) > 1000


def test_the_sources(annotated: Names) -> None:
    files = sorted(SEEDS.glob("*.txt"))
    if not files:
        pytest.skip("the original sources are not here")
    for file in files:
        document = annotated(file.read_text(encoding="utf-8"))
        for sentence in document.content():
            for span in [*layer(sentence.entities), *layer(sentence.quotes)]:
                assert document.text[span.start : span.end] == span.text
