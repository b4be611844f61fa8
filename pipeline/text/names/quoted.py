"""Names in quotation marks: 人型ロボット「X」, 『吾輩は猫である』."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.record import EntityLabel
from pipeline.text.names.candidates import Line, Name, Rank
from pipeline.text.names.lexicon import Knowledge
from pipeline.text.names.organisations import FIRM

_QUOTED: Final = r"[「『“\"](?P<name>[^「」『』“”\"。、,]{1,30})[」』”\"]"
_NOUNS: Final[tuple[tuple[EntityLabel, re.Pattern[str]], ...]] = (
    ("ORG", re.compile(rf"(?:{FIRM}|政党|劇団){_QUOTED}")),
    (
        "PRODUCT",
        re.compile(
            r"(?:ロボット|チップ|半導体|GPU|プロセッサー?|サービス|アプリ|スマートフォン|スマホ|モデル|車|車種|SUV|セダン|EV|AI|"
            r"コンピューター?|ソフトウェア|ソフト|システム|プラットフォーム|チャットボット|機種|ブランド|新商品|新製品|製品|"
            rf"ロケット|衛星|宇宙船|ゲーム機|OS|SNS|ツール|自動運転|カメラ|端末){_QUOTED}"
        ),
    ),
    (
        "WORK",
        re.compile(
            r"(?:映画|小説|著書|近著|新著|新作|最新作|代表作|作品|原作|書籍|番組|ドラマ|アニメ|漫画|マンガ|楽曲|新曲|アルバム|"
            rf"論文|絵本|ゲーム){_QUOTED}"
        ),
    ),
    ("EVENT", re.compile(rf"(?:展示会|見本市|国際会議|イベント|フォーラム|博覧会|音楽祭|映画祭){_QUOTED}")),
)
# Parts of speech of the words in a quoted name; a verb or a particle makes it a sentence or a slogan.
_NAMELIKE_POS: Final = frozenset({"NOUN", "PROPN", "NUM", "SYM", "ADJ", "PUNCT", "X", "INTJ"})
# 『』 outside another quotation marks a title, unless somebody says it or it is a plain word set off.
_TITLE: Final = re.compile(
    r"『(?P<name>[^『』「」。]{2,60})』"
    r"(?!(?:など)?(?:と|って)(?:言|い[うっわ]|述|語|話|叫|聞|書|答|問|訴|呼|思|考|称|名付|して|する|し[、た]|主張|説明|指摘)|"
    r"(?:など)?(?:との|という)(?:声|言葉|意見|発言|批判|指摘|考え|見方|思い|質問|問い|反応|感想|メッセージ))"
)


def appositions(line: Line, _: Knowledge) -> Iterator[Name]:
    """人型ロボット「X」: the noun says what the quoted name is."""
    for label, pattern in _NOUNS:
        for match in pattern.finditer(line.text):
            start, end = match.span("name")
            if label == "WORK" or _is_namelike(line, start, end):
                yield Name(start, end, label, "rule:apposition", Rank.RULE)


def _is_namelike(line: Line, start: int, end: int) -> bool:
    tokens = line.within(start, end)
    sentence = any(t.pos not in _NAMELIKE_POS and t.text not in "の・-" for t in tokens)
    return end - start > 1 and bool(tokens) and (line.text[start:end].isascii() or not sentence)


def titles(line: Line, _: Knowledge) -> Iterator[Name]:
    """『吾輩は猫である』."""
    for match in _TITLE.finditer(line.text):
        before = line.text[: match.start()]
        words = line.within(*match.span("name"))
        plain = len(words) == 1 and words[0].tag.startswith("名詞-普通名詞")
        if before.count("「") == before.count("」") and not plain:
            yield Name(*match.span("name"), "WORK", "rule:title", Rank.RULE)
