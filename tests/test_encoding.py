from __future__ import annotations

import codecs
import hashlib
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.sources.encoding import decode, detect

SENTENCES = (
    "市役所の窓口は月曜から金曜まで開いており、土曜は午前中だけ受け付けている。",
    "この半年で電気代が二割ほど上がったので、冷蔵庫を新しいものに買い替えました。",
    "駅前の古い映画館が閉館すると聞いて、最後の上映に足を運んだ人は三百人を超えたという。",
    "クラウドの料金は使った分だけ請求されるため、止め忘れたサーバーが思わぬ出費になる。",
    "弟はギターを弾くのが好きで、毎晩こっそり練習しているらしい。",
    "国土交通省は2025年度の住宅着工数を発表し、前年より4.2%減ったと説明した。",
    "新型スマートフォンの発売日は9月19日、価格は税込みで12万4800円からとなる。",
    "ねえ、あの店のカレーうどん、もう食べた? びっくりするくらい辛いよ。",
    "半導体工場の建設には水と電力の確保が欠かせず、地元の自治体は道路の拡幅も急いでいる。",
    "祖母が漬けた梅干しは塩辛いけれど、夏の畑仕事のあとにはたまらなくうまい。",
    "Pythonで書いたスクリプトをGitHubに置いたところ、見知らぬ人からPull Requestが届いた。",
    "論文の結論には賛成できないが、実験の手順がきちんと公開されている点は評価したい。",
    "台風は今夜遅くに紀伊半島へ上陸する見込みで、鉄道各社は計画運休を決めた。",
    "図書館で借りた小説を返し忘れ、延滞の葉書が届いてしまった。",
    "「来年こそ黒字にする」と社長は言い切ったが、根拠となる数字は示されなかった。",
    "AIが書いた文章かどうかを見分ける道具は、まだ十分に信頼できるとは言いがたい。",
    "サッカー日本代表は後半ロスタイムに追いつかれ、2対2で引き分けた。",
    "ワクチンの副反応について、医師は「多くは数日でおさまる」と話している。",
    "雪下ろしの最中に屋根から落ちる事故が相次ぎ、県が注意を呼びかけた。",
    "量子コンピューターの実用化はまだ先だと、研究者たちは口をそろえる。",
    "円安が進めば輸出企業の利益は増えるが、家計の負担は重くなる一方だ。",
    "猫を三匹飼っている友人は、旅行に行くたびにペットシッターを頼むそうだ。",
    "空港の免税店では、抹茶味のチョコレートが飛ぶように売れていた。",
    "消費者庁は、根拠のない効能をうたった広告に措置命令を出した。",
    "彼女はフランス語と中国語を話し、通訳として国際会議で働いている。",
    "データセンターの冷却に海水を使う計画が、北海道の港町で動き始めた。",
    "父の口癖は「急がば回れ」で、私はそれを聞くたびに笑ってしまう。",
    "株主総会では、取締役の報酬をめぐって厳しい質問が飛び交った。",
    "ラーメン一杯が千円を超える店も珍しくなくなり、客の財布のひもは固い。",
    "自動運転バスの実証実験が始まったが、雨の日はセンサーの誤検知が課題だという。",
    "電車の中で眠り込んで、終点の車庫まで運ばれたことがある。",
    "選挙の投票率は五割を下回り、若い世代の関心の薄さが改めて浮き彫りになった。",
    "蕎麦の実を石臼でひくと、香りが立って粉がしっとりする。",
    "宇宙飛行士の候補者は二年間の訓練を受け、ロボットアームの操作も学ぶ。",
    "昨夜の地震で棚から食器が落ちたものの、幸いけがはなかった。",
    "中古車の輸出先として、アフリカの国々の割合が年々高まっている。",
    "パスワードを使い回すと、一つのサイトの流出がすべてのアカウントに響く。",
    "工業高校の生徒が作った義手は、材料費が一万円もかかっていない。",
    "梅雨が明けると、川べりの遊歩道には朝から走る人の姿が増える。",
    "編集部に届いた手紙には、方言の残る温かい言葉が並んでいた。",
)
ROW_13 = (
    "㈱みなと商会は①値下げ②送料無料③会員向けの割引を、この秋から順に始める。",
    "№７の倉庫は約３５０㎡で、棚の奥行きは９０㎝、通路の幅は１㍍しかない。",
    "昭和から平成（㍼～㍻）にかけて、第Ⅲ期の工事は三度も延期された。",
    "内線は℡の横に書き、領収書は㈲丸山製作所の名前でお願いします。",
    "〝安全神話〟という言葉が、報告書の④と⑫の節に出てくる。",
    "髙橋さんと﨑山さんは、同じ部署で十年働いている。",
)
HALF_WIDTH = (
    "ｺｰﾋｰ豆の卸値が上がり、ﾚｼﾞの横の値札が三度も書き換えられた。",
    "ﾃﾚﾋﾞの字幕は半角ｶﾅで、ﾌﾞﾗｳﾝ管の時代を思い出させる。",
    "お支払いはｶｰﾄﾞか口座振替ですが、ﾎﾟｲﾝﾄはどちらでもたまります。",
    "ｱﾙﾊﾞｲﾄ募集ﾁﾗｼにはｼﾌﾄ制､交通費支給と書いてある｡",
)
FOREIGN = {
    "gb18030": "去年夏天我们常去的咖啡馆在营业三十年之后关门了，街坊们都觉得很可惜。有人说，店主打算回老家种茶。",
    "big5": "這家公司計劃明年在歐洲建設新的電池工廠，投資額超過二十億元。當地居民擔心用水，已經要求公開說明。",
    "euc_kr": "지난여름 우리가 자주 가던 카페가 문을 닫았다. 주인은 고향으로 돌아가 차를 기를 생각이라고 했다.",
    "cp1252": "Le café où nous déjeunions l'été dernier a fermé après trente années, à la tristesse générale.",
    "koi8-r": "Прошлым летом кафе, куда мы ходили, закрылось после тридцати лет работы, и соседи об этом жалеют.",
    "cp874": "ร้านกาแฟที่เราไปเมื่อฤดูร้อนปีที่แล้วปิดตัวลงหลังจากเปิดมาสามสิบปี เพื่อนบ้านต่างเสียดาย",
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp", "iso2022_jp")


def slices(sentences: tuple[str, ...], length: int, count: int = 100) -> Iterator[str]:
    """Pieces of so many characters, cut anywhere, of the sentences in any order; seeded."""
    rng = random.Random(length)  # noqa: S311
    for _ in range(count):
        text = "".join(rng.sample(sentences, len(sentences)))
        start = rng.randrange(len(text) - length)
        yield text[start : start + length]


def outcome(data: bytes) -> str:
    """The encoding found, or the code of the refusal."""
    try:
        return decode(data)[1]
    except InputError as error:
        return error.code


def refused(data: bytes) -> bool:
    return outcome(data) == "encoding"


@pytest.mark.parametrize("length", [20, 50, 100])
@pytest.mark.parametrize(
    ("sentences", "encoding"),
    [(SENTENCES, encoding) for encoding in ENCODINGS]
    + [(ROW_13, encoding) for encoding in ("cp932", "utf-16-le", "utf-8")]
    + [(HALF_WIDTH, encoding) for encoding in ("cp932", "euc_jp", "utf-16-be", "utf-8")],
)
def test_decodes_every_slice(sentences: tuple[str, ...], encoding: str, length: int) -> None:
    for text in slices(sentences, length):
        assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_decodes_nearly_every_short_slice(encoding: str) -> None:
    right = sum(text.encode(encoding).decode(detect(text.encode(encoding))) == text for text in slices(SENTENCES, 10))
    assert right >= 97


@pytest.mark.parametrize("encoding", FOREIGN)
def test_refuses_other_languages_in_their_own_encodings(encoding: str) -> None:
    assert all(refused((FOREIGN[encoding] * 2)[start : start + 50].encode(encoding)) for start in range(40))


@pytest.mark.parametrize("text", FOREIGN.values())
def test_takes_any_language_in_utf_8(text: str) -> None:
    assert decode(text.encode()) == (text, "utf-8")


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("春の嵐".encode(), "春の嵐", "utf-8"),
        (codecs.BOM_UTF8 + "春の嵐".encode(), "春の嵐", "utf-8-sig"),
        (codecs.BOM_UTF16_LE + "春の嵐".encode("utf-16-le"), "春の嵐", "utf-16"),
        (codecs.BOM_UTF16_BE + "春の嵐".encode("utf-16-be"), "春の嵐", "utf-16"),
        ("春の嵐が来た".encode("utf-16-le"), "春の嵐が来た", "utf-16-le"),
        ("Bread, 2 loaves\n".encode("utf-16-be"), "Bread, 2 loaves\n", "utf-16-be"),
        (b"Bush hid the facts", "Bush hid the facts", "utf-8"),
        (b"ok", "ok", "utf-8"),
        (b"", "", "utf-8"),
        ("川の水が①と②".encode("cp932"), "川の水が①と②", "cp932"),
        ("川の水が濁る".encode("euc_jp"), "川の水が濁る", "euc_jp"),
        ("①川の水が㈱のせいで濁る".encode("euc_jis_2004"), "①川の水が㈱のせいで濁る", "euc_jis_2004"),
        ("川の水が濁る".encode("iso2022_jp"), "川の水が濁る", "iso2022_jp"),
        ("ﾃﾚﾋﾞの字幕".encode("iso2022_jp_ext"), "ﾃﾚﾋﾞの字幕", "iso2022_jp_ext"),
        ("𠮷野家で🍜を食べた。\r\n#昼食".encode(), "𠮷野家で🍜を食べた。\r\n#昼食", "utf-8"),
    ],
)
def test_names_the_encoding(data: bytes, text: str, encoding: str) -> None:
    assert decode(data) == (text, encoding)
    assert data.decode(encoding) == text


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x00",
        b"\x00",
        codecs.BOM_UTF8 + "値\0段".encode(),
        codecs.BOM_UTF16_LE + "値\0段".encode("utf-16-le"),
        codecs.BOM_UTF32_LE + "値段".encode("utf-32-le"),
        b"\x01\x02\x03abc",
        hashlib.shake_256(b"noise").digest(400),
    ],
)
def test_refuses_binary(data: bytes) -> None:
    with pytest.raises(InputError, match="not text") as caught:
        decode(data)
    assert caught.value.code == "binary"


def test_takes_a_stray_control_character() -> None:
    text = "貼り付けた文に、見えない後退文字\bがひとつ紛れ込んでいた。"
    assert decode(text.encode()) == (text, "utf-8")
    assert decode(text.encode("cp932")) == (text, "cp932")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (SENTENCES[0].encode()[:-1], "utf-8, utf-16, cp932, euc_jp, iso2022_jp"),
        (SENTENCES[1].encode()[:40] + SENTENCES[1].encode()[41:], "utf-8, utf-16, cp932, euc_jp, iso2022_jp"),
        (codecs.BOM_UTF8 + "雨".encode() + b"\xff", "from byte 6 on it is not utf-8-sig"),
        (codecs.BOM_UTF16_BE + b"\x30\x42\x30", "from byte 4 on it is not utf-16"),
        ("雨".encode("iso2022_jp") + b"\x1b$B\x2d\x21\x1b(B", "utf-8, utf-16, cp932, euc_jp, iso2022_jp"),
    ],
)
def test_refuses_damaged_text(data: bytes, place: str) -> None:
    with pytest.raises(InputError, match=place) as caught:
        decode(data)
    assert caught.value.code == "encoding"
    assert "--set read.encoding=NAME" in str(caught.value)


def test_a_declared_encoding_is_evidence() -> None:
    names = "京都府 大阪府 兵庫県 奈良県 和歌山県 滋賀県 三重県 岐阜県 愛知県 静岡県".encode("euc_jp")
    assert refused(names)
    assert detect(names, declared="euc_jp") == "euc_jp"
    assert detect(SENTENCES[2].encode("euc_jp"), declared="cp932") == "euc_jp"
    assert detect(SENTENCES[2].encode(), declared="cp932") == "utf-8"


def test_a_named_encoding_is_used_strictly() -> None:
    kana = "ﾌﾘｺﾐ ﾔﾏﾀﾞﾀﾛｳ ｻﾏ ｺﾞｾﾝｴﾝ ﾎﾝｼﾞﾂﾁｭｳﾆ ｶｸﾆﾝ ﾃﾞｷﾏｽ"
    assert refused(kana.encode("cp932"))
    assert decode(kana.encode("cp932"), "cp932") == (kana, "cp932")
    assert decode(codecs.BOM_UTF8 + b"abc", "utf-8") == ("abc", "utf-8-sig")
    assert decode("\ufeffabc".encode("utf-16-le"), "utf-16-le") == ("abc", "utf-16")
    with pytest.raises(InputError, match="from byte 0 on it is not utf-8"):
        decode(kana.encode("cp932"), "utf-8")


KANJI = "日本国会議員選挙予算経済産業技術研究開発企業市場株価電池自動車工場生産販売利益損失計画発表"
PHRASES = st.one_of(
    st.builds(
        str.__add__,
        st.text(KANJI, min_size=1, max_size=3),
        st.sampled_from(["が", "を", "には", "した", "する", "ている", "だった", "から", "まで、", "です。"]),
    ),
    st.text(
        "アイウエオカキクコサシスタテトナニノハヒフマミムメモラリルレロワンガギドブパャッー", min_size=2, max_size=6
    ),
    st.text(
        "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふまみむもやゆよらりるれろわをん", min_size=2, max_size=6
    ),
    st.sampled_from(["。\n", "2026年", "\r\n", "「", "」", "AI", "3.5%", "・", "（", "）"]),
)
JAPANESE = st.lists(PHRASES, min_size=8).map("".join).filter(lambda text: len(text) >= 20)


@given(text=JAPANESE, encoding=st.sampled_from(ENCODINGS))
def test_encoding_and_decoding_is_the_identity(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding))[0] == text


@given(
    text=JAPANESE,
    encoding=st.sampled_from(["utf-8", "utf-16-be", "cp932", "euc_jp", "iso2022_jp"]),
    cut=st.integers(40),
)
def test_the_beginning_is_enough(text: str, encoding: str, cut: int) -> None:
    data = (text * 2).encode(encoding)
    assert detect(data[:cut], complete=False) in (encoding, "utf-8" if data[:cut].isascii() else encoding)


@given(st.binary(max_size=300))
def test_any_bytes_give_text_or_a_refusal(data: bytes) -> None:
    found = outcome(data)
    assert found in ("binary", "encoding") or data.decode(found) == decode(data)[0]
