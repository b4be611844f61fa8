"""Who speaks: the passages of a sentence whose words are not the author's own.

Direct speech comes from the quotes layer; indirect speech from what the grammar shows: 〜によると, 〜と述べた, and a
named subject who praises or blames (佐藤氏はテスラを批判した).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.record import Sentence, layer
from pipeline.text.syntax import Tree

# Verbs of saying; with no subject the words are somebody's, not the author's.
_SAY: Final = frozenset(
    "述べる 語る 話す 指摘 主張 強調 説明 明かす 明らか 発表 警告 訴える 反論 断言 コメント 評する 報じる 報道 伝える 答える "
    "漏らす 批判 非難 酷評 嘆く 証言 宣言 公表 表明 反発 称賛 絶賛 豪語 批評 皮肉る 釘を刺す こぼす つぶやく 書く "
    "叫ぶ 呼ぶ 評す みなす 見なす 位置づける 断じる 切り捨てる 言い放つ 手厳しい 力説 強弁 弁明 釈明 "
    "発言 言及 示唆 説く 唱える 論じる 誓う 約束 回答 投稿 表現 称する".split()
)
# Verbs of thinking; with no subject the words are the author's.
_THINK: Final = frozenset(
    "思う 考える 見る みる 感じる 予想 予測 分析 期待 信じる 判断 見積もる 言う いう 評価 懸念 疑う 見込む 確信 認識 自負 痛感".split()
)
# Verbs whose object is as their subject sees it: サムスンの凋落を叫ぶ.
_ALLEGE: Final = frozenset(
    "指摘 主張 強調 警告 訴える 断言 叫ぶ 嘆く 予想 予測 力説 呼ぶ 評する 評す 見なす みなす 位置づける 疑う 懸念 言い立てる".split()
)
# Nouns of what is reported: …との調査結果.
_REPORT: Final = frozenset("調査 結果 報告 報道 予測 試算 統計 観測 見通し 分析 データ 記事".split())
_THAT: Final = re.compile(r"と(?:も|は|まで)?$")
_ACCORDING: Final = re.compile(r"に(?:よると|よれば|よりますと|よりゃ|言わせ|いわせ)|いわく|曰く")
_FIRST_PERSON: Final = frozenset("私 わたし 僕 ぼく 俺 筆者 小生 我々 われわれ 私たち 私達 当方 自分".split())
_SOURCE: Final = re.compile(
    r"(?:氏|さん|教授|博士|社長|会長|CEO|CTO|アナリスト|記者|投資家|大統領|首相|大臣|議員|創業者|店主|店長|幹部|関係者|担当者|代表|"
    r"研究者|専門家|評論家|省|庁|社|協会|研究所|政府|当局|大学|銀行|証券|新聞|同社|同氏)$"
)
# Sources that are nobody in particular.
_CROWD: Final = re.compile(
    r"(?:専門家|関係者|投資家|研究者|評論家|消費者|市場|業界|声|人|者|人々|論者|国民|世論|一部|多く|たち|ら|メディア|報道|見方|意見|論調|向き|議論)$"
)

_ANAPHORS: Final = frozenset("それ これ 指摘 発言 主張 批判 言葉 意見 見方 見解 分析 言い分 見立て 論法".split())


@dataclass(frozen=True, slots=True)
class Voice:
    """Tokens ``start`` to ``end`` (exclusive) are the words of ``holder``; None: of nobody named.

    ``about`` are further tokens that the words are about, outside the passage.
    """

    start: int
    end: int
    holder: str | None
    about: frozenset[int] = frozenset()

    def concerns(self, i: int) -> bool:
        """Whether the words are in or about the token."""
        return self.covers(i) or i in self.about

    def covers(self, i: int) -> bool:
        """Whether the token belongs to the passage."""
        return self.start <= i < self.end


def voices(sentence: Sentence, tree: Tree, attitudes: Collection[int]) -> list[Voice]:
    """The passages of a sentence that are not the author's; an earlier one wins where they overlap.

    Args:
        sentence: with tokens, entities and quotes.
        tree: of its tokens.
        attitudes: tokens of verbs of praise and blame.
    """
    named = _named(sentence)
    found: list[Voice] = []
    for candidates in (
        _quoted(sentence),
        _according(tree, named),
        _indirect(tree, named),
        _attitudes(tree, named, attitudes),
    ):
        for voice in candidates:
            if not any(voice.start < other.end and other.start < voice.end for other in found):
                found.append(voice)
    return found


def endorsements(
    tree: Tree, voices: Sequence[Voice], judgements: Mapping[int, int]
) -> Iterator[tuple[Voice, int, int]]:
    """Passages that the author accepts or rejects in the same sentence: the voice, the judging token, 1 or -1.

    The judgement's subject is a clause with the passage (…と述べたのは正しい) or takes it up (それは的外れだ).

    Args:
        tree: of the sentence.
        voices: its passages.
        judgements: polarity of each evaluative word by its token.
    """
    for voice in voices:
        for i, polarity in judgements.items():
            if i >= voice.end and any(_takes_up(tree, child, voice) for child in tree.children[i]):
                negated = len(re.findall("な[いかく]|ません", tree.tail_text(i))) % 2
                yield voice, i, -polarity if negated else polarity


def _takes_up(tree: Tree, child: int, voice: Voice) -> bool:
    if tree.tokens[child].lemma in _ANAPHORS and child >= voice.end:
        return tree.particle(child) in ("は", "も", "が")
    return re.search(r"(?:の|こと)[はもが]$", tree.tail_text(child)) is not None and voice.start in tree.subtree(child)


def _quoted(sentence: Sentence) -> Iterator[Voice]:
    tokens = layer(sentence.tokens)
    for quote in layer(sentence.quotes):
        inside = [i for i, t in enumerate(tokens) if quote.start <= t.start and t.end <= quote.end]
        said = quote.speaker is not None or quote.cue is not None
        if inside and said and quote.speaker not in _FIRST_PERSON:
            before = frozenset(range(inside[0])) if quote.speaker else frozenset()
            yield Voice(inside[0], inside[-1] + 1, quote.speaker, before)


def _according(tree: Tree, named: Collection[int]) -> Iterator[Voice]:
    for i in range(len(tree)):
        if not tree.is_function(i) and _ACCORDING.match(tree.particle(i)):
            start = tree.tail(i).stop
            if start < len(tree) and tree.tokens[i].text not in _FIRST_PERSON:
                yield Voice(start, len(tree), _holder(tree, i, named))


def _indirect(tree: Tree, named: Collection[int]) -> Iterator[Voice]:
    """The complement of と before a verb of saying or thinking."""
    for i in range(len(tree)):
        if re.search(r"と(?:の|いう)$", tree.tail_text(i)) and tree.tokens[tree.head(i)].lemma in _REPORT:
            yield Voice(0, tree.tail(i).stop, None)
        if tree.is_function(i) or tree.dep(i) in ("nmod", "compound") or not _THAT.search(tree.tail_text(i)):
            continue
        verb = _verb_of_saying(tree, i)
        if verb is None:
            continue
        end = tree.tail(i).stop
        speaker = _speaker(tree, verb, i, named)
        passive = re.match(r"(?:さ)?(?:れ|られ)", tree.tail_text(verb)) is not None
        if speaker is None and tree.tokens[verb].lemma in _THINK and not passive:
            continue
        if speaker is not None and tree.tokens[speaker].text in _FIRST_PERSON:
            continue
        start = tree.tail(speaker).stop if speaker is not None and speaker < i else 0
        if start < end:
            yield Voice(start, end, _holder(tree, speaker, named) if speaker is not None else None)


def _verb_of_saying(tree: Tree, said: int) -> int | None:
    """The verb that governs a clause with と, or stands right after it where the parse has lost that."""
    for verb in (tree.head(said), tree.tail(said).stop):
        if said < verb < len(tree) and (tree.tokens[verb].lemma in _SAY or tree.tokens[verb].lemma in _THINK):
            return verb
    return None


def _attitudes(tree: Tree, named: Collection[int], attitudes: Collection[int]) -> Iterator[Voice]:
    """What somebody praises, blames or speaks of; where a quotation has taken that, the verb alone."""
    alleged = {i for i, t in enumerate(tree.tokens) if t.pos == "VERB" and t.lemma in _ALLEGE}
    for verb in sorted(alleged | set(attitudes)):
        objects = [c for c in tree.children[verb] if c < verb and re.match(r"[をに]", tree.particle(c))]
        speaker = _subject(tree, verb)
        if speaker is None and tree.dep(verb) in ("acl", "nmod"):
            speaker = tree.head(verb)
        if speaker is None or not objects or not _is_somebody(tree, speaker, named):
            continue
        if tree.tokens[speaker].text not in _FIRST_PERSON:
            holder = _holder(tree, speaker, named)
            yield Voice(min(tree.subtree(objects[0])), verb + 1, holder)
            yield Voice(verb, verb + 1, holder)


def _subject(tree: Tree, verb: int) -> int | None:
    for child in tree.children[verb]:
        if tree.dep(child) in ("nsubj", "dislocated") and re.match(r"(?:は|が|も|では|こそ)", tree.particle(child)):
            return child
    return None


def _speaker(tree: Tree, verb: int, said: int, named: Collection[int]) -> int | None:
    """The subject of a verb of saying: its own, else the first in the sentence that can hold a view."""
    own = _subject(tree, verb)
    topics = [
        c for c in range(said) if tree.particle(c) in ("は", "が") and tree.tokens[c].pos in ("NOUN", "PROPN", "PRON")
    ]
    for i in [*([] if own is None else [own]), *topics]:
        if i != said and _is_somebody(tree, i, named):
            return i
    return None


def _is_somebody(tree: Tree, i: int, named: Collection[int]) -> bool:
    """Whether a noun can hold a view: a named person or body, a crowd, the author."""
    text = _text(tree, i)
    somebody = text in _FIRST_PERSON or _SOURCE.search(text) or _CROWD.search(text)
    return bool(somebody) or any(j in named for j in range(*tree.phrase(i)))


def _holder(tree: Tree, i: int, named: Collection[int]) -> str | None:
    """The words for whoever speaks, if it is a named person or body."""
    text = _text(tree, i)
    start, end = tree.phrase(i)
    if any(j in named for j in range(start, end)) or (_SOURCE.search(text) and not _CROWD.search(text)):
        return text
    return None


def _text(tree: Tree, i: int) -> str:
    start, end = tree.phrase(i)
    return "".join(t.text for t in tree.tokens[start:end])


def _named(sentence: Sentence) -> set[int]:
    people = [e for e in layer(sentence.entities) if e.label in ("PERSON", "ORG")]
    return {i for i, t in enumerate(layer(sentence.tokens)) if any(t.start < e.end and e.start < t.end for e in people)}
