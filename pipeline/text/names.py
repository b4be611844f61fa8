"""Names that their context gives away: 氏 after a person, 社 after a firm, 州 after a place.

Every rule reads one sentence and yields :class:`Name` candidates; :func:`resolve` chooses among those of all
sources. Rules look at the shape of a word (a run of katakana, a capitalised Latin word), at Sudachi's tags, and in
Sudachi's dictionary, where a word that is missing or has proper readings alone is likely a name. The word lists
follow the usage of Japanese newspapers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import sudachipy

from pipeline.record import EntityLabel, Token
from pipeline.text.gazetteer import NO_NAME, Gazetteer, Label

# Ranks of the sources; between spans of one length the lower wins.
HONORIFIC, GAZETTEER, RULE, SPREAD, MODEL = range(5)

# Shapes of words ------------------------------------------------------------------------------------------------------

_KATA: Final = r"(?<![ァ-ヺー])[ァ-ヺー]++(?:[・=＝][ァ-ヺー]++)*+"
_LATIN: Final = r"(?<![A-Za-z0-9])(?=[a-z]{0,3}[A-Z])[A-Za-z][A-Za-z0-9&'’-]*(?:[ .][A-Z0-9][A-Za-z0-9&'’-]*){0,3}"
_WORD: Final = rf"(?:{_KATA}|{_LATIN})"
_DOT: Final = re.compile("[・=＝]")
# Capitals that do not make a name.
_GENERIC: Final = frozenset(
    "AI AGI ASI IT ICT IoT EV BEV PHEV HV FCV ICE OS PC GPU CPU NPU LLM SLM API DX GX SNS CEO CFO COO CTO VR AR XR SDV "
    "ADAS ECU OTA GDP ESG CO2 PR M&A IPO LED TV DNA RNA UI UX URL PDF ID B2B B2C SaaS".split()
)

# Persons --------------------------------------------------------------------------------------------------------------

# After any name of a person.
_HONORIFIC: Final = r"(?:氏|さん|容疑者|被告|夫妻|女史)"
# After persons, and after firms and countries too (テスラCEO, フランス大統領).
_TITLE: Final = (
    r"(?:最高経営責任者|最高財務責任者|最高技術責任者|代表取締役|副大統領|大統領|首相|総理|国家主席|主席|総書記|"
    r"官房長官|長官|外相|財務相|法相|農相|環境相|農水相|経産相|防衛相|総務相|大臣|議員|知事|市長|党首|幹事長|総裁|議長|委員長|"
    r"共同創業者|創業者|副社長|社長|副会長|会長|CEO|CTO|CFO|COO|CIO|CSO|CMO|専務|常務|取締役|教授|准教授|博士|弁護士|"
    r"監督|選手|事務局長|事務総長|理事長|所長|学長|総長|頭取)"
)
_OF_PERSONS: Final = re.compile(rf"\s?(?:{_HONORIFIC}|{_TITLE}|ら(?=[はがの、])|両氏|親子)")
# Titles that so few hold at a time that a surname suffices.
_RULERS: Final = re.compile(r"\s?(?:首相|総理|大統領|国家主席|総書記|内閣|政権|天皇)")
_PERSON_SUFFIX: Final = re.compile(rf"(?P<name>{_WORD})\s?(?P<suffix>{_HONORIFIC}|{_TITLE})")
_SUFFIX: Final = re.compile(rf"(?P<honorific>{_HONORIFIC})|{_TITLE}")
# Longest name in kanji that stands before 氏 without the dictionary knowing it, in code points.
_KANJI_NAME: Final = 4
_KANJI_END: Final = re.compile(r"[一-龥々ヶ\U00020000-\U0003134f]+$")
# Pronouns and such before 氏.
_NO_PERSON: Final = frozenset("同 両 各 某 前 諸".split())
_PERSON_HEAD: Final = re.compile(
    r"(?:創業者|経営者|CEO|社長|会長|アナリスト|記者|研究者|教授|投資家|実業家|起業家|学者|作家|評論家|ジャーナリスト|"
    rf"エンジニア|コンサルタント|幹部|責任者|担当者|議員|大統領|首相)(?:の|、|で)?(?P<name>{_KATA})"
)
# What may stand between の and a surname that is a common word too: CEOのマスク, not 不織布のマスク.
_ROLE_BEFORE: Final = re.compile(rf"{_TITLE}の?$|(?:会社|企業|大手|者|家)の$")

# Organisations --------------------------------------------------------------------------------------------------------

_COMPANY_SUFFIX: Final = re.compile(rf"(?P<name>{_WORD})社(?=[製側内]|(?![一-龥]))")
_PUBLICATION: Final = re.compile(
    rf"(?P<name>{_WORD})(?:誌|紙(?!幣)|通信(?=[はがにの、]))|(?:[米英独仏中露][紙誌]|現地紙)の?(?P<after>{_WORD})"
)
_FIRM: Final = r"(?:企業|会社|大手|メーカー|スタートアップ|ベンチャー|新興|シンクタンク|ファンド|傘下|開発元|運営元|研究機関|団体|陣営)"
_ORG_CONTEXTS: Final = (
    ("apposition", re.compile(rf"{_FIRM}[の、](?P<name>{_WORD})(?=[はがのをにもとやで、。()（」]|$)")),
    ("apposition", re.compile(rf"(?P<name>{_WORD})(?:は|とは|、)[^。「」]{{0,30}}?{_FIRM}(?:だ|です|で、|である|の)")),
    # What only firms have and do.
    (
        "corporate_context",
        re.compile(
            rf"(?P<name>{_WORD})(?:の(?:CEO|CFO|最高経営責任者|社長|会長|(?:共同)?創業者|株|時価総額|企業価値|決算|業績|売上高|"
            r"営業[損利]益|親会社|子会社|本社|従業員|経営陣|広報|買収|工場)|を(?:買収|子会社化|提訴|創業|設立|傘下)|"
            r"に(?:出資|投資|買収|転職|入社|勤め)|への(?:出資|投資|調査|転職)|と(?:提携|合併|協業)|"
            r"による[^、。]{0,12}(?:買収|出資|投資)|(?:が|は)[^、。「」]{0,15}(?:資金を?調達|人員削減|黒字|赤字|増収|減収|増益|減益)|"
            r"が[^、。「」]{0,15}(?:買収|出資|上場|増資|提訴|参入|リコール|(?:量産|増産|発売)(?!さ)))"
        ),
    ),
)
_COUNTRY_FIRM: Final = re.compile(
    rf"(?<![一-龥0-9])[日米中韓英独仏伊露印豪加台](?P<name>{_WORD})(?!氏|さん|{_TITLE}|[州市県省海])"
)
_CORPORATE: Final = (
    r"(?:(?:株式|有限|合同)会社|[(（][株有][)）]|(?:一般|公益)(?:社団|財団)法人|"
    r"(?:国立研究開発|独立行政|学校|NPO)法人)"
)
_CORPORATE_PREFIX: Final = re.compile(rf"{_CORPORATE}\s?(?=[^\s、。,はがのをにとも])")
_CORPORATE_SUFFIX: Final = re.compile(rf"{_CORPORATE}|,? (?:Inc|Corp|Ltd|LLC|GmbH|Co)\b\.?")
# Names in hiragana, which the tokenizer takes for particles: かえで工房.
_HIRAGANA_NAME: Final = re.compile(r"[ぁ-ん]{2,8}[一-龥ァ-ヺー]+")
# The name before such a form: at most 30 code points are read.
_CORPORATE_NAME: Final = re.compile(r"(?:[一-龥ァ-ヺーA-Za-z0-9&'・-]{2,30})$")
# Last word of a firm's or a body's Latin name: Qerty Technologies. After a bracket such words spell an acronym out.
_LATIN_BODY: Final = re.compile(
    r"(?<![A-Za-z0-9(（ ])(?P<first>[A-Z][A-Za-z0-9&'’-]*)(?: [A-Z][A-Za-z0-9&'’-]*){0,2} (?:Technologies|Technology|Systems|"
    r"Labs|Laboratories|Holdings|Motors|Automotive|Robotics|Semiconductors?|Electronics|Energy|Capital|Ventures|Partners|"
    r"Group|Bank|Airlines|Airways|Pharma|Pharmaceuticals|Therapeutics|Biosciences|Software|Networks|Dynamics|Aerospace|"
    r"Industries|Corporation|Company|University|Institute|Foundation|Association|Studios|Entertainment|Securities|"
    r"Insurance|Logistics|Materials|Instruments|Times|Journal)(?![A-Za-z0-9])"
)
# Ministries and agencies: what they are for, then 省 or 庁.
_AGENCY: Final = re.compile(
    r"(?:国務|国防総|国防|商務|財務|司法|エネルギー|運輸|労働|教育|農務|内務|外務|国土安全保障|保健福祉|科学技術|"
    r"工業情報化|産業通商|経済産業|経産|国土交通|国交|厚生労働|厚労|文部科学|文科|環境|防衛|総務|法務|農林水産|農水|"
    r"公安|国家安全|生態環境|経済|産業|デジタル|金融|消費者|気象|特許|国税|文化|警察|検察|警視|宮内|復興|"
    r"海上保安|観光|中小企業|資源エネルギー|こども家庭|スポーツ|水産|林野|出入国在留管理)"
    r"[省庁](?![省庁]|エネ)"
)
_GOVERNMENT_OF: Final = re.compile(r"の政府(?![一-龥])")
_LAW: Final = re.compile(
    r"[一-龥ァ-ヺーA-Z]{1,14}(?:保護|規制|抑制|推進|支援|禁止|防止|措置|基本|促進|振興|取引|改革|安全保障|責任|制限|整備|"
    r"登録|運送|交通|科学|統制|競争)法(?![律案廷務人則的])|(?<![一-龥])(?:[一-龥]{2,6}|[ァ-ヺー]{2,8})(?:条約|議定書)"
)
# Last word of a compound, and what it makes of one that begins with a proper name. Words that make descriptions as
# easily as names (産業, 工業, 市場) are left out.
_COMPOUND_HEADS: Final[dict[str, EntityLabel]] = {
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
_LONG_HEADS: Final = tuple(head for head in _COMPOUND_HEADS if len(head) > 1)
# After the name of a country the others are descriptions: 中国工場, 日本企業グループ.
_HEADS_OF_COUNTRIES: Final = frozenset(
    "議会 大使館 党 五輪 オリンピック 万博 サミット 中央銀行 陸軍 海軍 空軍 戦争 内戦 革命 総選挙 大統領選 大統領選挙 選手権 "
    "グランプリ オープン 諸島 列島 半島".split()
)
# After a country these describe as well: 日本メーカー, 中国市場.
_DESCRIPTIONS: Final = frozenset(
    "メーカー 企業 大手 会社 市場 経済 産業 業界 政府 当局 政権 製品 車 株 国内 社会 本土 国債 支社 支店 法人 拠点 勢".split()
)
# The firm with its affiliates.
_SAME_FIRM: Final = frozenset("グループ HD ホールディングス".split())

# Places ---------------------------------------------------------------------------------------------------------------

_PLACES: Final = frozenset({"GPE", "LOC"})
_BESIDE: Final = re.compile(r"(?:沿い|付近|周辺|方面|近郊|上空|沖|側)$")
# Particles after places rather than after persons.
_LOCATING: Final = frozenset("で へ から まで".split())
_ADMINISTRATIVE: Final = frozenset("州 県 市 町 村 区 都 府 省 郡 特別区 共和国 連邦 王国".split())
_PEOPLE: Final = re.compile(r"人(?![々間類材員口工気物生文権])|国民")
# One-character names of countries in headlines; 欧 is a region.
_COUNTRY: Final = "日米中韓英独仏伊露ロ印豪加台朝欧"
_COUNTRIES: Final = re.compile(rf"[{_COUNTRY}]{{2,4}}")
# Such strings that are other words: Chunichi, Asahi, Taichung, Central America, daytime, the West and the like.
_NO_COUNTRIES: Final = frozenset({"中日", "朝日", "台中", "中米", "日中", "印加", "加中", "欧米"})
_NOT_DAYTIME: Final = re.compile(r"日中(?=韓|両|関係|首脳|外交|共同|貿易|友好|間|国交|経済|対立|米|戦争)")
_AFTER_COUNTRY: Final = re.compile(
    r"政府|政権|大統領|副大統領|首相|軍|議会|上院|下院|連邦|当局|企業|大手|新興|メディア|紙|テック|半導体|国債|最高裁|"
    r"商務|国務|国防|財務|司法|エネルギー省|外相|高官|国民|本土|西海岸|東海岸|市場|経済|消費者|通信|自動車|物価|株|"
    r"[ァ-ヺー]{2,}|[A-Z][A-Za-z]+"
)
_BOUNDARY: Final = frozenset(" 　\n、。「『（(［[・はがのをにとでもやへ,/:;—─―•◆■")

# Names in quotation marks, and affixes --------------------------------------------------------------------------------

_QUOTED_NAME: Final = r"[「『“\"](?P<name>[^「」『』“”\"。、,]{1,30})[」』”\"]"
_APPOSITIONS: Final[tuple[tuple[EntityLabel, re.Pattern[str]], ...]] = (
    ("ORG", re.compile(rf"(?:{_FIRM}|政党|劇団){_QUOTED_NAME}")),
    (
        "PRODUCT",
        re.compile(
            r"(?:ロボット|チップ|半導体|GPU|プロセッサー?|サービス|アプリ|スマートフォン|スマホ|モデル|車|車種|SUV|セダン|EV|AI|"
            r"コンピューター?|ソフトウェア|ソフト|システム|プラットフォーム|チャットボット|機種|ブランド|新商品|新製品|製品|"
            rf"ロケット|衛星|宇宙船|ゲーム機|OS|SNS|ツール|自動運転|カメラ|端末){_QUOTED_NAME}"
        ),
    ),
    (
        "WORK",
        re.compile(
            r"(?:映画|小説|著書|近著|新著|新作|最新作|代表作|作品|原作|書籍|番組|ドラマ|アニメ|漫画|マンガ|楽曲|新曲|アルバム|"
            rf"論文|絵本|ゲーム){_QUOTED_NAME}"
        ),
    ),
    ("EVENT", re.compile(rf"(?:展示会|見本市|国際会議|イベント|フォーラム|博覧会|音楽祭|映画祭){_QUOTED_NAME}")),
)
# 『』 outside another quotation marks a title, unless somebody says it or it is a plain word set off.
_TITLE_MARKS: Final = re.compile(
    r"『(?P<name>[^『』「」。]{2,60})』"
    r"(?!(?:など)?(?:と|って)(?:言|い[うっわ]|述|語|話|叫|聞|書|答|問|訴|呼|思|考|称|名付|して|する|し[、た]|主張|説明|指摘)|"
    r"(?:など)?(?:との|という)(?:声|言葉|意見|発言|批判|指摘|考え|見方|思い|質問|問い|反応|感想|メッセージ))"
)
# Parts of speech of the words in a quoted name; a verb or a particle makes it a sentence or a slogan.
_NAMELIKE_POS: Final = frozenset({"NOUN", "PROPN", "NUM", "SYM", "ADJ", "PUNCT", "X", "INTJ"})
_GLOSS: Final = re.compile(rf"\s?[(（]\s?(?P<name>{_WORD})\s?[)）]")
_EDITION: Final = re.compile(r"(?: (?:Pro|Max|Plus|Ultra|Mini|Flash|Turbo|Air|Lite|Sonnet|Opus|Haiku)(?![A-Za-z0-9]))+")
# A model's version number: iPhone 16 Pro, Gemini 2.5; not where a counter follows.
_VERSION: Final = re.compile(
    r"[ -]?\d{1,4}(?:\.\d{1,2}){0,2}[a-z]{0,2}(?![0-9.,]*\d|[A-Z])"
    r"(?!\s?(?:[年月日時分秒円台個人本社倍割万億兆千百機種枚件点位回カヶか歳基頭%％〜~]|ドル|ユーロ|パーセント|ポイント|キロ|"
    rf"メートル|GB|TB))(?:{_EDITION.pattern})?"
)
_ORDINAL: Final = re.compile(r"第[0-9〇一二三四五六七八九十百]{1,4}回 ?$")
# What follows names that are other words too, by label.
_CONTEXT_AFTER: Final[dict[str, re.Pattern[str]]] = {
    "ORG": re.compile(
        r"社(?![一-龥])|本社|グループ|日本法人|幹部|広報|製の|株[がはを価]|CEO|会長|社長|によると|\s?(?:Inc|Corp)|"
        r"の(?:CEO|社長|会長|株価|広報|幹部|決算|最高経営責任者)"
    ),
    "GPE": re.compile(r"政府|政権|大統領|首相|軍|国内|国民|共和国|市民|州|県|議会|当局"),
    "PRODUCT": re.compile(
        r"(?:上で|上の|上|に|で|へ|の|への)?(?:公式)?(?:投稿|アカウント|ポスト|フォロワー|つぶや|発信|ユーザー|アプリ)|"
        r"[(（]旧|を?搭載|の新型"
    ),
}
_FIRM_BEFORE: Final = re.compile(
    r"(?:大手|企業|会社|メーカー|新興|スタートアップ|傘下)[の「]$|(?<![一-龥])[米中韓独英仏台]$"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A candidate: ``start``/``end`` are code points of the sentence, ``rank`` one of the constants above."""

    start: int
    end: int
    label: Label
    fine: str
    rank: int
    id: str | None = None
    name_en: str | None = None

    @property
    def by_model(self) -> bool:
        """Whether the model alone found it, here or elsewhere in its sentence."""
        return self.fine.startswith("model:")


@dataclass(frozen=True)
class Line:
    """A sentence and its tokens, whose offsets count from the sentence's start."""

    text: str
    tokens: Sequence[Token]

    def ending_at(self, position: int) -> int | None:
        """Index of the token that ends here."""
        return next((i for i, t in enumerate(self.tokens) if t.end == position), None)

    def within(self, start: int, end: int) -> list[Token]:
        """Tokens that lie wholly between two positions."""
        return [t for t in self.tokens if start <= t.start and t.end <= end]


class Lexicon:
    """What Sudachi's dictionary knows of a word, whatever the sentence."""

    def __init__(self) -> None:
        """Open the dictionary that GiNZA uses."""
        self._dictionary = sudachipy.Dictionary()
        self._tags: dict[str, frozenset[str]] = {}

    def tags(self, word: str) -> frozenset[str]:
        """Its parts of speech, such as 名詞-固有名詞-地名-国; empty for an unknown word."""
        if word not in self._tags:
            found = self._dictionary.lookup(word.lower())
            self._tags[word] = frozenset("-".join(m.part_of_speech()[:4]) for m in found)
        return self._tags[word]

    def may_be(self, word: str, kind: str) -> bool:
        """Whether a reading's tag holds ``kind``, such as 人名."""
        return any(kind in tag for tag in self.tags(word))

    def is_name(self, word: str) -> bool:
        """Whether it is unknown or has only proper readings: no other way to take it."""
        return all("固有名詞" in tag for tag in self.tags(word))


class ContextRules:
    """The rules, over one gazetteer and one lexicon."""

    def __init__(self, gazetteer: Gazetteer, lexicon: Lexicon) -> None:
        """Keep what the rules ask about words."""
        self._gazetteer = gazetteer
        self._lexicon = lexicon

    def find(self, line: Line) -> list[Name]:
        """All candidates of one sentence; they may overlap."""
        rules = (
            self._persons, self._kanji_persons, self._full_names, self._companies, self._corporations, self._agencies,
            self._compounds, self._places, self._peoples, self._countries, self._appositions, self._titles,
        )  # fmt: skip
        return [name for rule in rules for name in rule(line)]

    def _persons(self, line: Line) -> Iterator[Name]:
        """Katakana and Latin names before 氏 or a title, or after what somebody is."""
        for match in _PERSON_SUFFIX.finditer(line.text):
            if self._is_person(match["name"], match["suffix"], line.text[match.end() :]):
                rank = HONORIFIC if match["suffix"] == "氏" else RULE
                yield Name(*match.span("name"), "PERSON", "rule:person_suffix", rank)
        for match in _PERSON_HEAD.finditer(line.text):
            if "・" in match["name"] and not self._all_known(match["name"]):
                yield Name(*match.span("name"), "PERSON", "rule:apposition", RULE)

    def _is_person(self, name: str, suffix: str, after: str) -> bool:
        labels = self._labels(name)
        if labels:
            return suffix == "氏" and "PERSON" not in labels  # テスラ氏; for persons the gazetteer knows more
        if suffix == "氏" or "・" in name:
            return len(name) > 1
        if re.fullmatch(_HONORIFIC, suffix) or after.startswith("の"):  # the CEO of X is somebody else than X
            return self._lexicon.may_be(name, "人名")
        return self._lexicon.is_name(name) and not self._lexicon.may_be(name, "地名")

    def _kanji_persons(self, line: Line) -> Iterator[Name]:
        """Kanji names before 氏 or a title."""
        for match in _SUFFIX.finditer(line.text):
            index = line.ending_at(match.start())
            start = self._kanji_start(line, index, match) if index is not None else None
            text = line.text[start : match.start()]
            labels = self._labels(text)
            if start is None or text in _NO_PERSON:
                continue
            if labels <= {"PERSON"}:
                yield Name(start, match.start(), "PERSON", "rule:person_suffix", RULE)
            elif match["honorific"] and labels <= {"PERSON", "GPE", "LOC"} and self._lexicon.may_be(text, "人名-姓"):
                yield Name(start, match.start(), "PERSON", "rule:person_suffix", HONORIFIC)  # 渋谷さん

    def _kanji_start(self, line: Line, index: int, suffix: re.Match[str]) -> int | None:
        """Where the name begins: by the parse, before 氏 and さん by the dictionary, before 氏 by its shape alone."""
        token = line.tokens[index]
        if _is_person_token(token):
            while index > 0 and _is_person_token(line.tokens[index - 1]):
                index -= 1
            return line.tokens[index].start
        if suffix["honorific"] and self._lexicon.may_be(token.text, "人名-姓"):
            return token.start
        run = _KANJI_END.search(line.text[max(0, suffix.start() - _KANJI_NAME - 1) : suffix.start()])
        short = run is not None and len(run[0]) <= _KANJI_NAME
        return suffix.start() - len(run[0]) if run and short and suffix["honorific"] == "氏" else None

    def _full_names(self, line: Line) -> Iterator[Name]:
        """Surname and given name by the dictionary, and katakana names with a dot."""
        for a, b in pairwise(line.tokens):
            gap = line.text[a.end : b.start]
            if a.tag.endswith("人名-姓") and b.tag.endswith("人名-名") and gap in ("", " "):
                yield Name(a.start, b.end, "PERSON", "rule:full_name", RULE)
        for match in re.finditer(_KATA, line.text):
            parts = _DOT.split(match[0])
            if not 1 < len(parts) < 4 or self._all_known(match[0]):
                continue
            personal = [part for part in parts if self._lexicon.may_be(part, "人名")]
            possible = all(part in personal or not self._lexicon.tags(part) for part in parts)
            if possible and any(self._lexicon.is_name(part) for part in personal):
                yield Name(*match.span(), "PERSON", "rule:full_name", RULE)

    def _companies(self, line: Line) -> Iterator[Name]:
        """Words before 社 and 誌, and unknown words where firms stand: 大手のX, 米X, Xを買収."""
        for match in _COMPANY_SUFFIX.finditer(line.text):
            if not self._labels(match["name"]) and len(match["name"]) > 1:
                yield Name(*match.span("name"), "ORG", "rule:company_suffix", RULE)
        for match in _PUBLICATION.finditer(line.text):
            group = "name" if match["name"] else "after"
            if not self._labels(match[group]) and len(match[group]) > 1:
                yield Name(*match.span(group), "ORG", "rule:publication", RULE)
        for fine, pattern in (*_ORG_CONTEXTS, ("country_prefix", _COUNTRY_FIRM)):
            for match in pattern.finditer(line.text):
                if "・" not in match["name"] and self._is_unknown_name(match["name"]):
                    yield Name(*match.span("name"), "ORG", f"rule:{fine}", RULE)

    def _corporations(self, line: Line) -> Iterator[Name]:
        """株式会社X, X株式会社, X Inc."""
        for match in _CORPORATE_PREFIX.finditer(line.text):
            end = _name_end(line, match.end())
            if end > match.end():
                yield Name(match.start(), end, "ORG", "rule:corporate_form", RULE)
        for match in _CORPORATE_SUFFIX.finditer(line.text):
            name = _CORPORATE_NAME.search(line.text, max(0, match.start() - 30), match.start())
            if name and not re.match(r"[一-龥ァ-ヺA-Za-z]", line.text[match.end() :]):
                yield Name(name.start(), match.end(), "ORG", "rule:corporate_form", RULE)
        for match in _LATIN_BODY.finditer(line.text):
            if self._is_unknown_name(match["first"]):
                yield Name(*match.span(), "ORG", "rule:corporate_form", RULE)

    def _agencies(self, line: Line) -> Iterator[Name]:
        for match in _GOVERNMENT_OF.finditer(line.text):
            index = line.ending_at(match.start())
            country = line.tokens[index].text if index is not None else ""
            for form in self._gazetteer.forms(f"{country}政府") if country else ():
                start = match.start() - len(country)
                yield Name(start, match.end(), "ORG", "rule:agency", RULE, form.entry.id, form.entry.name_en)
        for match in _AGENCY.finditer(line.text):
            yield Name(*match.span(), "ORG", "rule:agency", RULE)
        for match in _LAW.finditer(line.text):
            yield Name(*match.span(), "LAW", "rule:law", RULE)

    def _compounds(self, line: Line) -> Iterator[Name]:
        """A proper name and the nouns glued to it, up to a word such as 大学 or 空港."""
        for i, token in enumerate(line.tokens):
            if token.text in _COMPOUND_HEADS:
                first = self._compound_start(line, i)
                if first < i:
                    yield from self._compound(line, first, i)
            elif token.tag == "名詞-固有名詞-一般" and token.text.endswith(_LONG_HEADS):
                head = next(h for h in _LONG_HEADS if token.text.endswith(h))
                yield Name(token.start, token.end, _COMPOUND_HEADS[head], "rule:compound", RULE)

    def _compound_start(self, line: Line, head: int) -> int:
        """Index of the first proper word of the compound, after any place it stands in; the head's if there is none."""
        first = head
        while first > 0 and line.tokens[first - 1].end == line.tokens[first].start and _glues(line.tokens[first - 1]):
            first -= 1
        first = max((j + 1 for j in range(first, head) if _is_administrative(line.tokens[j])), default=first)
        while first < head and not self._is_proper(line.tokens[first]):
            first += 1
        return first

    def _compound(self, line: Line, first: int, head: int) -> Iterator[Name]:
        start, end, word = line.tokens[first].start, line.tokens[head].end, line.tokens[head].text
        stem = line.text[start : line.tokens[head].start]
        owners = [f.entry for f in self._gazetteer.forms(stem) if f.entry.label in ("ORG", "PERSON", "PRODUCT")]
        country = line.tokens[first].tag.endswith("地名-国") or stem in _COUNTRY
        if owners and word in _SAME_FIRM:
            yield Name(start, end, "ORG", "rule:compound", RULE, owners[0].id, owners[0].name_en)
        elif not owners and (not country or word in _HEADS_OF_COUNTRIES or first + 1 < head):
            yield Name(start, end, _COMPOUND_HEADS[word], "rule:compound", RULE)

    def _places(self, line: Line) -> Iterator[Name]:
        """Countries by the dictionary, and places with the word for what they are (テキサス州)."""
        for i, token in enumerate(line.tokens):
            if "地名" not in token.tag:
                continue
            after = line.tokens[i + 1] if i + 1 < len(line.tokens) else None
            if after and after.text in _ADMINISTRATIVE and after.start == token.end:
                yield Name(token.start, after.end, "GPE", "rule:place", RULE)
            elif token.tag.endswith("地名-国") or _is_administrative(token):
                yield Name(token.start, token.end, "GPE", "rule:place", RULE)
            elif self._is_free_place(line, i):
                yield Name(token.start, token.end, "GPE", "rule:dictionary", RULE)

    def _is_free_place(self, line: Line, i: int) -> bool:
        """Whether the dictionary's place stands by itself, as surnames that are places too do not: 山口で."""
        token = line.tokens[i]
        before, after = (line.tokens[j] if 0 <= j < len(line.tokens) else None for j in (i - 1, i + 1))
        glued = any(
            t is not None and _glues(t) and (t.end == token.start or t.start == token.end) for t in (before, after)
        )
        located = after is not None and after.text in _LOCATING
        return len(token.text) > 1 and not glued and (located or not self._lexicon.may_be(token.text, "人名"))

    def _peoples(self, line: Line) -> Iterator[Name]:
        """日本人, アメリカ人, ウクライナ国民."""
        for match in _PEOPLE.finditer(line.text):
            index = line.ending_at(match.end())
            if index is None:
                continue
            token = line.tokens[index]
            start = line.tokens[index - 1].start if token.start == match.start() and index else token.start
            stem = line.text[start : match.start()]
            if stem and ("GPE" in self._labels(stem) or self._lexicon.may_be(stem, "地名-国")):
                yield Name(start, match.end(), "NORP", "rule:people", RULE)

    def _countries(self, line: Line) -> Iterator[Name]:
        """日米, 米中 and 日中韓, one country each; 米 before an authority or a firm."""
        starts = {t.start: t.end for t in line.tokens}
        ends = set(starts.values())
        for match in _COUNTRIES.finditer(line.text):
            other = match[0] in _NO_COUNTRIES and not _NOT_DAYTIME.match(line.text, match.start())
            whole = match.start() in starts and match.end() in ends and len(set(match[0])) == len(match[0])
            if whole and not other:
                yield from (self._country(line, i) for i in range(*match.span()))
        for i, character in enumerate(line.text):
            if character not in _COUNTRY or i not in starts or (i and line.text[i - 1] not in _BOUNDARY):
                continue
            after = _AFTER_COUNTRY.match(line.text, i + 1)
            merged = after is not None and starts[i] == after.end() and not re.match(r"[ァ-ヺーA-Z]", after[0])
            if after and (starts[i] == i + 1 or merged) and not self._is_size(line.text, i):
                yield self._country(line, i)

    def _is_size(self, text: str, at: int) -> bool:
        """中サイズ, 日テレ: before a common word these are hardly ever countries."""
        word = re.match(r"[日中加台]([ァ-ヺー]+)", text[at:])
        return word is not None and not self._lexicon.is_name(word[1])

    def _country(self, line: Line, at: int) -> Name:
        label: EntityLabel = "LOC" if line.text[at] == "欧" else "GPE"
        for form in self._gazetteer.forms(line.text[at]):
            if form.entry.label == label:
                return Name(at, at + 1, label, "rule:country", RULE, form.entry.id, form.entry.name_en)
        return Name(at, at + 1, label, "rule:country", RULE)

    def _appositions(self, line: Line) -> Iterator[Name]:
        """人型ロボット「X」: the noun says what the quoted name is."""
        for label, pattern in _APPOSITIONS:
            for match in pattern.finditer(line.text):
                start, end = match.span("name")
                if label == "WORK" or _is_namelike(line, start, end):
                    yield Name(start, end, label, "rule:apposition", RULE)

    def _titles(self, line: Line) -> Iterator[Name]:
        """『吾輩は猫である』."""
        for match in _TITLE_MARKS.finditer(line.text):
            before = line.text[: match.start()]
            words = line.within(*match.span("name"))
            plain = len(words) == 1 and words[0].tag.startswith("名詞-普通名詞")
            if before.count("「") == before.count("」") and not plain:
                yield Name(*match.span("name"), "WORK", "rule:title", RULE)

    def _labels(self, surface: str) -> set[str]:
        return {form.entry.label for form in self._gazetteer.forms(surface)}

    def _all_known(self, name: str) -> bool:
        """Whether the dots part several known names (トヨタ・ホンダ)."""
        return all(self._gazetteer.forms(part) for part in _DOT.split(name))

    def _is_unknown_name(self, word: str) -> bool:
        known = len(word) < 2 or word in _GENERIC or self._labels(word)
        return not known and self._lexicon.is_name(word) and not self._lexicon.may_be(word, "地名")

    def _is_proper(self, token: Token) -> bool:
        if "固有名詞" in token.tag:
            return not token.tag.endswith("人名-名")
        return re.fullmatch(_WORD, token.text) is not None and self._is_unknown_name(token.text)


def has_person_suffix(text: str, end: int) -> bool:
    """Whether 氏, さん or a title follows a name that ends here."""
    return _OF_PERSONS.match(text, end) is not None


def fits_context(line: Line, start: int, end: int, label: str) -> bool:
    """Whether the words around a form that has other readings too say that it is meant as a name of this label."""
    before, form, after = line.text[:start], line.text[start:end], line.text[end:]
    if label == "PERSON":
        # A surname in kanji is many people's: only a title that few hold tells whose.
        suffix = _RULERS if re.fullmatch(r"[一-龥々ヶ\U00020000-\U0003134f]+", form) else _OF_PERSONS
        return suffix.match(after) is not None and not before.endswith("・")
    if label in ("GPE", "LOC") and len(form) == 1:
        return False  # the rule for countries decides
    pattern = _CONTEXT_AFTER.get(label)
    fits = pattern is not None and pattern.match(after) is not None
    return fits or (label == "ORG" and _FIRM_BEFORE.search(before) is not None)


def stands_alone(line: Line, start: int) -> bool:
    """Whether what stands before lets a word with another reading be a person: not 不織布のマスク, 映画ファン."""
    before = line.text[:start].rstrip()
    return not re.search(r"[一-龥ァ-ヺーA-Za-zの]$", before) or _ROLE_BEFORE.search(before) is not None


def model_names(line: Line, name: Name, lexicon: Lexicon) -> Iterator[Name]:
    """What is left of a name of the model: its parts, without affixes; nothing where nothing speaks for a name.

    The model labels common nouns of technical prose freely, so a proper or unknown word, or a capital, is required.
    """
    text = line.text[name.start : name.end]
    joined = re.fullmatch(r"[!-~ ]+(?:[・/][!-~ ]+)+[^・/]*", text)
    for match in re.finditer(r"[!-.0-~]+(?: [!-.0-~]+)*" if joined else r"(?s).+", text):
        part = _trimmed(line, replace(name, start=name.start + match.start(), end=name.start + match.end()))
        if part.end - part.start > 1 and _is_credible(line, part, lexicon):
            yield part


def glosses(line: Line, names: Iterable[Name]) -> Iterator[Name]:
    """Another way to write a name, in parentheses after it: ファーウェイ(Huawei)."""
    for name in names:
        match = _GLOSS.match(line.text, name.end) if name.label not in ("GPE", "LOC") else None
        if match and _script(match["name"]) != _script(line.text[name.start : name.end]):
            yield Name(*match.span("name"), name.label, "rule:gloss", SPREAD, name.id, name.name_en)


def with_numbers(line: Line, names: Iterable[Name]) -> Iterator[Name]:
    """The names, products with the version number that follows them, events with 第3回 before them."""
    for name in names:
        ordinal = _ORDINAL.search(line.text, 0, name.start) if name.label == "EVENT" else None
        if ordinal:
            yield replace(name, start=ordinal.start())
            continue
        numbered = line.text[name.end - 1].isdigit()
        match = (_EDITION if numbered else _VERSION).match(line.text, name.end)
        yield replace(name, end=match.end()) if match and name.label == "PRODUCT" else name


def resolve(names: Iterable[Name]) -> list[Name]:
    """Those of the candidates that do not overlap, in order of start.

    What the gazetteer and the rules find goes before what the model finds, unless the model sees the whole of a name
    that holds a place (大阪 in 大阪交響楽団); then the longest wins, then the rank. A name of the model that it has no
    trusted label for hides the place, and does nothing else.
    """
    candidates = list(names)
    places = [n for n in candidates if n.rank != MODEL and n.label in _PLACES]
    chosen: list[Name] = []
    ranked = ((_is_doubtful(name, places), name) for name in candidates)
    for doubtful, name in sorted(
        ranked, key=lambda r: (r[0], r[1].start - r[1].end, r[1].rank, r[1].start, r[1].label)
    ):
        useless = doubtful and name.label == NO_NAME
        if not useless and all(name.end <= other.start or other.end <= name.start for other in chosen):
            chosen.append(name)
    return sorted(chosen, key=lambda n: n.start)


def _is_doubtful(name: Name, places: Sequence[Name]) -> bool:
    """Whether a name yields to any other source: the model's, unless it is no place and holds one."""
    if name.rank != MODEL:
        return False
    held = any(name.start <= p.start and p.end <= name.end and p.end - p.start < name.end - name.start for p in places)
    return name.label in _PLACES or not held


def _trimmed(line: Line, name: Name) -> Name:
    """Without the country or the province before it, and 社, 製, 氏 and the like after it."""
    start, end = name.start, name.end
    if name.label in ("ORG", "PERSON", "PRODUCT"):
        prefix = re.match(rf"[{_COUNTRY}](?={_WORD})", line.text[start:end])
        start += prefix.end() if prefix else 0
        start = max((b.start for a, b in pairwise(line.within(start, end)) if _stands_in(a, b)), default=start)
        suffix = re.search(rf"(?:(?<=[ァ-ヺーA-Za-z])[社車製株側]|{_HONORIFIC}|{_TITLE})$", line.text[start:end])
        end = start + suffix.start() if suffix else end
    if name.label in _PLACES:
        suffix = _BESIDE.search(line.text[start:end])
        end = start + suffix.start() if suffix else end
    return replace(name, start=start, end=start + len(line.text[start:end].rstrip(" ・、。,.:")))


def _stands_in(place: Token, other: Token) -> bool:
    """テキサス州 before a name of its own: テキサス州テイラー工場."""
    return _is_administrative(place) and ("固有名詞" in other.tag or re.fullmatch(_WORD, other.text) is not None)


def _is_credible(line: Line, name: Name, lexicon: Lexicon) -> bool:
    text = line.text[name.start : name.end]
    before = line.text[: name.start]
    tokens = line.within(name.start, name.end)
    unbalanced = any(text.count(a) != text.count(b) for a, b in ("()", "（）", "[]"))
    if text in _GENERIC or unbalanced or re.search(r"[「『」』“”\"。、:;!?…→|<>]", text):
        return False
    if text.isascii() and " " in text and re.search(r"[(（]\s?$", before):
        return False  # the expansion of an acronym, or a heading's English
    if name.label == "PERSON":
        personal = any("人名" in t.tag or lexicon.may_be(t.text, "人名") for t in tokens)
        if re.search(r"[A-Za-z0-9]", text) or not (personal or has_person_suffix(line.text, name.end)):
            return False
    if name.label == "WORK" and not re.search(r"[「『“]$", before):
        return False
    if len(tokens) == 2 and tokens[0].tag.endswith("地名-国") and tokens[1].text in _DESCRIPTIONS:
        return False
    capital = any(word not in _GENERIC for word in re.findall(r"\w*[A-Z]\w*", text, re.ASCII))
    unknown = any(not lexicon.tags(t.text) and re.fullmatch(r"[ァ-ヺー]{2,}", t.text) for t in tokens)
    return capital or unknown or any("固有名詞" in t.tag for t in tokens)


def _script(text: str) -> str:
    if re.search(r"[A-Za-z]", text):
        return "latin"
    return "katakana" if re.fullmatch(r"[ァ-ヺー・=＝]+", text) else "kanji"


def _is_person_token(token: Token) -> bool:
    return "人名" in token.tag and re.fullmatch(r"[一-龥々ヶぁ-ん\U00020000-\U0003134f]+", token.text) is not None


def _is_administrative(token: Token) -> bool:
    """州, 県 and the like, or a place that ends so."""
    place = "地名" in token.tag and len(token.text) > 2 and token.text[-1] in _ADMINISTRATIVE
    return place or token.text in _ADMINISTRATIVE


def _glues(token: Token) -> bool:
    noun = token.tag.startswith(("名詞", "接頭辞")) and not token.tag.startswith("名詞-数詞")
    return noun or token.text == "・"


def _name_end(line: Line, start: int) -> int:
    """Where a firm's name that begins here ends: before a particle, a verb or punctuation."""
    hiragana = _HIRAGANA_NAME.match(line.text, start)
    if hiragana:
        return hiragana.end()
    end = start
    for token in line.tokens:
        if token.start == end and not token.tag.startswith(("助詞", "助動詞", "動詞", "補助記号", "空白")):
            end = token.end
    return end


def _is_namelike(line: Line, start: int, end: int) -> bool:
    tokens = line.within(start, end)
    sentence = any(t.pos not in _NAMELIKE_POS and t.text not in "の・-" for t in tokens)
    return end - start > 1 and bool(tokens) and (line.text[start:end].isascii() or not sentence)
