"""Names that end with what they are: 東北大学, 羽田空港, 対馬海峡."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.record import EntityLabel
from pipeline.text.names.candidates import Line, Name, Rank
from pipeline.text.names.lexicon import Knowledge
from pipeline.text.names.shapes import COUNTRY, glues, is_administrative

# Last word of a compound, and what it makes of one that begins with a proper name. Words that make descriptions as
# easily as names (産業, 工業, 市場) are left out.
_HEADS: Final[dict[str, EntityLabel]] = {
    **dict.fromkeys(
        "大学 大学院 短期大学 短大 高校 高等学校 中学校 小学校 学園 学院 専門学校 高専 "
        "銀行 信用金庫 生命保険 損害保険 証券 製作所 製鉄 製鋼 製紙 製菓 製薬 自動車 電機 電力 電鉄 造船 重工 重工業 海運 汽船 "
        "商事 商会 商店 物産 興業 酒造 醸造 工務店 書房 出版社 ホールディングス HD グループ モーターズ モータース テクノロジーズ "
        "テクノロジー システムズ エレクトロニクス キャピタル パートナーズ エアラインズ 新聞 新聞社 通信社 テレビ 放送局 取引所 "
        "研究所 研究機構 研究センター 協会 学会 財団 連盟 連合会 機構 基金 協議会 評議会 審議会 組合 協同組合 労組 労働組合 "
        "委員会 裁判所 高裁 地裁 検察庁 地検 県警 府警 警察署 県庁 市役所 区役所 議会 県議会 市議会 中央銀行 大使館 領事館 党 "
        "陸軍 海軍 空軍 艦隊 師団 旅団 連隊 楽団 交響楽団 管弦楽団 合唱団 歌劇団 バレエ団 球団".split(),
        "ORG",
    ),
    **dict.fromkeys(
        "空港 国際空港 駅 工場 発電所 原発 博物館 美術館 図書館 水族館 動物園 植物園 公園 病院 神社 神宮 大社 寺 城 古墳 大橋 "
        "トンネル ダム 球場 競技場 スタジアム アリーナ 劇場 タワー 基地 刑務所 自動車道 高速道路 本線 新幹線 データセンター".split(),
        "FACILITY",
    ),
    **dict.fromkeys(
        "サミット 五輪 オリンピック パラリンピック 万博 博覧会 モーターショー 首脳会談 首脳会議 戦争 大戦 内戦 紛争 革命 事変 "
        "事件 大地震 大震災 総選挙 大統領選 大統領選挙 選手権 選手権大会 ワールドカップ カップ グランプリ オープン マラソン 駅伝 "
        "映画祭 音楽祭 芸術祭 フェスティバル".split(),
        "EVENT",
    ),
    **dict.fromkeys("海峡 半島 諸島 列島 群島 山脈 大陸 平野 盆地 高原 砂漠 湖 湾 岳 山 川 島".split(), "LOC"),
}
_LONG_HEADS: Final = tuple(head for head in _HEADS if len(head) > 1)
# After the name of a country the others are descriptions: 中国工場, 日本企業グループ.
_HEADS_OF_COUNTRIES: Final = frozenset(
    "議会 大使館 党 五輪 オリンピック 万博 サミット 中央銀行 陸軍 海軍 空軍 戦争 内戦 革命 総選挙 大統領選 大統領選挙 選手権 "
    "グランプリ オープン 諸島 列島 半島".split()
)
# The firm with its affiliates.
_SAME_FIRM: Final = frozenset("グループ HD ホールディングス".split())


def compounds(line: Line, known: Knowledge) -> Iterator[Name]:
    """A proper name and the nouns glued to it, up to a word such as 大学 or 空港."""
    for i, token in enumerate(line.tokens):
        if token.text in _HEADS:
            first = _first(line, i, known)
            if first < i:
                yield from _compound(line, first, i, known)
        elif token.tag == "名詞-固有名詞-一般" and token.text.endswith(_LONG_HEADS):
            head = next(h for h in _LONG_HEADS if token.text.endswith(h))
            yield Name(token.start, token.end, _HEADS[head], "rule:compound", Rank.RULE)


def _first(line: Line, head: int, known: Knowledge) -> int:
    """Index of the first proper word of the compound, after any place it stands in; the head's if there is none."""
    first = head
    while first > 0 and line.tokens[first - 1].end == line.tokens[first].start and glues(line.tokens[first - 1]):
        first -= 1
    first = max((j + 1 for j in range(first, head) if is_administrative(line.tokens[j])), default=first)
    while first < head and not known.is_proper(line.tokens[first]):
        first += 1
    return first


def _compound(line: Line, first: int, head: int, known: Knowledge) -> Iterator[Name]:
    """The compound of these tokens, unless it is a description, or the gazetteer's to decide."""
    start, end, word = line.tokens[first].start, line.tokens[head].end, line.tokens[head].text
    stem = line.text[start : line.tokens[head].start]
    owners = [f.entry for f in known.gazetteer.forms(stem) if f.entry.label in ("ORG", "PERSON", "PRODUCT")]
    country = line.tokens[first].tag.endswith("地名-国") or stem in COUNTRY
    if owners and word in _SAME_FIRM:
        yield Name(start, end, "ORG", "rule:compound", Rank.RULE, owners[0].id, owners[0].name_en)
    elif not owners and (not country or word in _HEADS_OF_COUNTRIES or first + 1 < head):
        yield Name(start, end, _HEADS[word], "rule:compound", Rank.RULE)
