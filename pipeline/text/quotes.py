"""Passages in quotation marks, and who says them.

A quotation is speech where a verb or noun of saying governs it (「…」と述べた, 「…」との見方), a source is named
(Xによると「…」), or a sentence before or after points to it (こう語る。「…」). Titles, terms and scare quotes are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from pipeline.record import Token
from pipeline.text.names.candidates import Line, Name

_PAIRS: Final = {"」": "「", "』": "『", "”": "“", "〟": "〝"}
_OPENING: Final = frozenset(_PAIRS.values())
# Glyphs that some writers put on both sides; they pair by alternation.
_TWO_SIDED: Final = frozenset('”"')

# Verbs of saying, writing, judging and asking, by lemma.
_SAYING: Final = frozenset(
    "述べる 語る 話す 言う 仰る おっしゃる 申す 強調 警告 指摘 主張 説明 コメント 投稿 ポスト 呟く つぶやく ツイート "
    "書く 書き込む 明かす 訴える 批判 非難 反論 反発 答える 回答 応える 応じる 返す 問う 問いかける 問い掛ける "
    "尋ねる 質問 叫ぶ 嘆く 漏らす もらす 零す こぼす 打ち明ける 振り返る 分析 評価 予測 予想 見る 考える 呼びかける "
    "呼び掛ける 促す 求める 断言 断じる 断ずる 宣言 約束 誓う 認める 否定 称賛 絶賛 賞賛 評する 酷評 皮肉る 揶揄 "
    "表明 発表 報じる 伝える 記す 綴る つづる 結論 結論付ける 結ぶ 締めくくる 締め括る 豪語 嘯く 力説 懸念 期待 歓迎 "
    "疑問 口にする 吐露 告白 証言 釈明 弁明 謝罪 感謝 報告 提言 提案 発言 言い放つ 言い切る 言い張る 切り出す "
    "付け加える 付け足す 続ける 補足 解説 論じる 論ずる 説く 諭す 戒める 忠告 助言 勧める 切り捨てる 突き放す 息巻く "
    "胸を張る 喝破 示唆 繰り返す 脅す 煽る あおる 頼む 願う 誘う 迫る 詰め寄る 懇願 確認 反省 命じる 指示 要求 要請 "
    "抗議 苦言 一蹴 明言 名言 公言 推測 推計 試算 見込む 見積もる 危惧 憂慮 冗談 笑う 怒る 喜ぶ 驚く 褒める 讃える "
    "称える たたえる".split()
)
# Verbs that name rather than say; what they govern is a term or a title.
_NAMING: Final = frozenset(
    "呼ぶ 名付ける 名づける 題する 称する 略す 訳す 銘打つ 言い換える 言いかえる 名乗る 謳う うたう 位置付ける "
    "位置づける 定義 なる 成る 分類 改称 改名".split()
)
# In the passive these report what people in general say, or an inscription.
_NO_PASSIVE: Final = frozenset("言う 見る 考える 書く 記す 評する".split())
# What belongs to the verb before it: 話している, 結論づけた.
_LIGHT_VERBS: Final = frozenset(("いる", "居る", "する", "くる", "付ける", "づける"))
# Longest words of manner that are given whole (肩を落とす); of longer ones only the verb.
_MANNER_LENGTH: Final = 12

# Nouns of saying after との or という.
_UTTERANCE: Final = (
    r"(?:"
    r"見方|認識|考え|見解|声明|声|意見|指摘|批判|非難|コメント|懸念|期待|談話|立場|主張|予測|予想|分析|方針|評価|"
    r"結論|観測|見通し|信念|思い|危機感|自負|決意|要望|要求|注文|苦情|感想|反応|噂|うわさ|報道|発言|言葉|警告|問い|"
    r"疑問|不満|反論|投稿|説明|回答|質問|ビジョン|持論|悲鳴|訴え|提言"
    r")"
)
_QUOTED_NOUN: Final = re.compile(rf"(?:など)?(?P<cue>(?:との|という|といった|とする)[^、。「」]{{0,6}}?{_UTTERANCE})")
# With these the speaker is anybody, not somebody named before.
_ANYBODY: Final = re.compile(r"(?:声|意見|見方|批判|期待|懸念|要望|苦情|感想|反応|噂|うわさ|報道)$")
_TO: Final = re.compile(r"(?:など)?(?:と|って)(?!の|いう(?!。|$|、)|いった(?!。|$|、)|は(?!言|い)|も(?:に|な)|ころ)")
_HEARSAY: Final = re.compile(r"(?:と|って)(?P<cue>いう|のこと(?:だ|です)|か)(?=[。、]|$)")
_CLAIMED: Final = re.compile(
    r"と(?P<cue>して(?:いる|いた|きた|います|いました|おり|(?=、))|した|し(?=[、て「])|する(?=。|$)|しました|します)"
)
_BARE_TO: Final = re.compile(r"(?:と|って)、?(?P<who>[^「」。]{0,30}?)[。.]?$")
_WORDS_OF: Final = re.compile(
    r"(?:は|とは|が)?、?(?P<who>[^「」、。]{1,20})の(?P<cue>言葉|発言|口癖|弁|持論|名言|せりふ|セリフ|モットー)"
)
_MOTTO: Final = re.compile(r"が(?P<cue>口癖|持論|信条|モットー|座右の銘)")
_ATTRIBUTIVE: Final = re.compile(
    r"(?:が|の)(?:かつて|以前|先日|よく|いつも|しばしば)?(?P<cue>言う|いう|言った|語る|語った|語っていた|述べた|説く|説いた|"
    r"主張する|主張した|指摘する|指摘した|唱える|訴える|掲げる|発した|残した|口にした|投稿した|繰り返す|繰り返した)、?$"
)
_SOURCE: Final = re.compile(
    r"(?P<who>[^、。「」『』]{1,30}?)(?P<cue>によると|によれば|の話では|いわく|曰く|"
    r"は(?:こう|次のように|以下のように)(?:述べ|語|話|書)[^、。「]{0,6})[、,:]?\s*$"
)
_POINTING_BACK: Final = re.compile(r"(?:と、?)?(?:そう|こう|このように)、?|と、?(?=[^いこは])")
_POINTING_AHEAD: Final = re.compile(r"(?:こう|次のように|以下のように|このように)[^。「]*[。:]?$")
_RESUMED: Final = re.compile(rf"(?P<who>[^「」、。]{{1,15}})の(?P<cue>(?:その|この)?(?:{_UTTERANCE}|一言|叫び|嘆き))")
_PAREN: Final = re.compile(r"\s?[(（](?P<who>[^()（）]{2,30})[)）]")
_LABEL: Final = re.compile(r"\s*+(?P<who>[^\s、。「」:][^、。「」:]{0,19}?)\s*+[:─—―]{1,2}\s*$")

# Last part of a noun that can speak: people, their functions, bodies, and texts that stand for them.
_SPEAKERS: Final = re.compile(
    r"(?:"
    r"氏|さん|者|家|員|長|官|相|師|士|手|人|民|客|主|婦|族|将|役|監督|コーチ|首脳|団体|側|筋|社|紙|誌|局|部|省|庁|党|"
    r"会|団|院|軍|教授|博士|アナリスト|エンジニア|コンサルタント|エコノミスト|ストラテジスト|ジャーナリスト|ライター|"
    r"ドライバー|ユーザー|リーダー|トップ|メンバー|オーナー|ディレクター|マネージャー|マネジャー|大統領|首相|大臣|"
    r"総理|幹部|関係者|代表|政府|当局|彼|彼女|彼ら|私|僕|俺|筆者|同氏|本人|自身|CEO|CFO|CTO|COO|広報|チーム|グループ|"
    r"企業|メディア|新聞|テレビ|放送|通信|報告書|リポート|レポート|記事|論文|声明|社説|調査|母|父|妻|夫|兄|姉|弟|妹|"
    r"親|祖母|祖父|娘|息子|友人|知人|同僚|部下|上司|学生|生徒|女性|男性|若者|大学|研究所|誰か|協会|機構|銀行|証券|"
    r"自治体|県|市|国"
    r")$"
)
# Nouns that end like a speaker and are none.
_NO_SPEAKERS: Final = re.compile(r"(?:全部|一部|内部|下部|社会|機会|成長|今回|両方|一手|都市|不足|以上|以下)$")
# Labels of names that speak: newspapers are often works.
_BODIES: Final = frozenset({"ORG", "GPE", "NORP", "WORK"})
_SUBJECT_PARTICLES: Final = frozenset(("は", "が", "も"))
_PREDICATE: Final = re.compile(r"動詞|形容詞|助動詞|助詞-終助詞|助詞-接続助詞|形状詞")


class Attribution(NamedTuple):
    """Who says a quotation (as the text names them) and the words that say so; both None where nobody does."""

    speaker: str | None
    cue: str | None


NOBODY: Final = Attribution(None, None)


@dataclass(frozen=True)
class Scene:
    """A sentence with its names and quotations, all offsets counting from its start."""

    line: Line
    names: Sequence[Name]
    quotes: list[tuple[int, int]]

    @cached_property
    def enclosing(self) -> list[tuple[int, int] | None]:
        """Of each token the innermost quotation that it stands in; its own marks stand in it too."""
        found: list[tuple[int, int] | None] = []
        ahead = sorted(self.quotes, reverse=True)
        within: list[tuple[int, int]] = []
        for token in self.line.tokens:
            while ahead and ahead[-1][0] <= token.start:
                within.append(ahead.pop())
            while within and within[-1][1] <= token.start:
                within.pop()
            found.append(within[-1] if within else None)
        return found

    @cached_property
    def by_start(self) -> dict[int, tuple[int, int]]:
        """The quotations by where they begin."""
        return {quote[0]: quote for quote in self.quotes}


def find_quotes(text: str) -> tuple[list[tuple[int, int]], list[int]]:
    """Quotations of one paragraph, marks included, and the positions of marks without a partner.

    The quotations nest or lie apart, never cross. Apostrophes and inch marks are no quotation marks.

    Returns:
        ``(start, end)`` pairs in order of start, and unpaired positions in order.
    """
    found: list[tuple[int, int]] = []
    unpaired: list[int] = []
    stack: list[int] = []
    waiting: Counter[str] = Counter()
    for i, character in enumerate(text):
        if character in _OPENING:
            opening = None
        elif character in _PAIRS or character in _TWO_SIDED:
            opening = next((c for c in (_PAIRS.get(character), character) if c and waiting[c]), None)
            if opening is None and character not in _TWO_SIDED:
                unpaired.append(i)
                continue
            if opening is None and character == '"' and text[max(i - 1, 0)].isdigit():
                continue
        else:
            continue
        if opening is None:
            stack.append(i)
            waiting[character] += 1
            continue
        while text[stack[-1]] != opening:
            waiting[text[stack[-1]]] -= 1
            unpaired.append(stack.pop())
        waiting[opening] -= 1
        found.append((stack.pop(), i + 1))
    return sorted(found), sorted([*unpaired, *stack])


def attribute(
    scene: Scene,
    quote: tuple[int, int],
    before: Scene | None = None,
    after: Scene | None = None,
    last_speaker: str | None = None,
) -> Attribution:
    """The speaker of one of the scene's quotations.

    Args:
        scene: the sentence in which the quotation ends.
        quote: one of ``scene.quotes``.
        before: the sentence before it in its paragraph, for elided subjects and こう語る。「…」.
        after: the sentence after it, for 「…」。そう語る….
        last_speaker: of the quotation before it in its paragraph, who goes on where nobody else is named.
    """
    while following := _followed_by(scene, quote):
        quote = following
    reader = _Reader(scene, quote)
    found = reader.governed() or reader.attributive() or reader.sourced()
    if found is None and reader.is_utterance():
        found = reader.bare() or _pointed_back(reader, after) or _pointed_ahead(reader, before)
    if found is None:
        return NOBODY
    if found.speaker is None and found.cue and reader.may_be_elided(found.cue) and before is not None:
        return Attribution(_topic(before) or last_speaker, found.cue)
    return found


def _followed_by(scene: Scene, quote: tuple[int, int]) -> tuple[int, int] | None:
    """The quotation right after this one, with which it shares its speaker: 「…」「…」と述べた."""
    comma = scene.line.text.startswith("、", quote[1])
    return scene.by_start.get(quote[1] + comma)


class _Reader:
    """One quotation in its sentence. Only what lies in the same outer quotation is read."""

    def __init__(self, scene: Scene, quote: tuple[int, int]) -> None:
        self._line = scene.line
        self._names = scene.names
        self._start, self._end = quote
        self._scene = scene
        self._outer = max((q for q in scene.quotes if q[0] < quote[0] and quote[1] < q[1]), default=None)
        self._low, self._high = (self._outer[0] + 1, self._outer[1] - 1) if self._outer else (0, len(scene.line.text))
        self._tail = scene.line.text[self._end : self._high]
        self._lead = scene.line.text[self._low : self._start]

    def governed(self) -> Attribution | None:
        """By what follows: と述べた, との見方, という."""
        noun = _QUOTED_NOUN.match(self._tail)
        if noun and (noun["cue"].startswith("との") or self.is_utterance()):
            relative = self.attributive()
            if relative:
                return relative
            speaker = self._possessor()
            if not self._tail.startswith("を", noun.end()):
                return Attribution(speaker, noun["cue"])
            verb = next((i for i, t in enumerate(self._line.tokens) if t.start > self._end + noun.end()), None)
            phrase = _verb_phrase(self._line, verb) if verb is not None else ""
            return Attribution(speaker or self._subject(verb), f"{noun['cue']}を{phrase}")
        hearsay = _HEARSAY.match(self._tail)
        if hearsay and self.is_utterance():
            source = self.sourced()
            return source or Attribution(self._subject(None), hearsay["cue"])
        if _TO.match(self._tail):
            return self._by_verb() or self._claimed() or self._by_manner()
        motto = _MOTTO.match(self._tail)
        if motto:
            speaker = self._subject(None)
            return Attribution(speaker, motto["cue"]) if speaker else None
        words = _WORDS_OF.match(self._tail)
        if words:
            start = self._end + words.start("who")
            return Attribution(self._name_in(start, self._end + words.end("who")) or words["who"], words["cue"])
        return None

    def attributive(self) -> Attribution | None:
        """By a clause right before it, as in X氏が語った「…」."""
        match = _ATTRIBUTIVE.search(self._lead)
        if not match or not self.is_utterance():
            return None
        speaker = self._phrase(self._low + match.start())
        return Attribution(speaker, match["cue"]) if speaker else None

    def sourced(self) -> Attribution | None:
        """By a named source: Xによると「…」."""
        if not self.is_utterance():
            return None
        cut = max((end for _, end in self._scene.quotes if self._low <= end <= self._start), default=self._low)
        for piece in re.finditer(r"[^、。]+[、。]?", self._line.text[cut : self._start]):
            match = _SOURCE.match(piece[0])
            if match:
                end = cut + piece.start() + match.end("who")
                return Attribution(self._phrase(end) or match["who"].strip(), match["cue"])
        return None

    def bare(self) -> Attribution | None:
        """Without a word of saying: X氏は「…」。, X:「…」, 「…」(X氏)."""
        paren = _PAREN.match(self._tail)
        if paren:
            speaker = self._speaking(self._end + paren.start("who"), self._end + paren.end("who"))
            return Attribution(speaker, None) if speaker else None
        pointed = self._pointed()
        if pointed or not re.fullmatch(r"[\s。.!?]*", self._tail):
            return pointed
        label = _LABEL.match(self._lead)
        if label:
            speaker = self._speaking(self._low + label.start("who"), self._low + label.end("who"))
            return Attribution(speaker, None) if speaker else None
        lead = self._lead.rstrip("、, ")
        if lead.endswith(("は", "も", "が")):
            speaker = self._phrase(self._low + len(lead) - 1)
            return Attribution(speaker, None) if speaker else None
        whole = [n for n in self._names if n.label == "PERSON" and n.start == self._low and n.end <= self._start]
        if whole and re.fullmatch(r"(?:氏|さん)?\s?", self._line.text[whole[0].end : self._start]):
            return Attribution(self._text(whole[0]), None)
        return None

    def _pointed(self) -> Attribution | None:
        """In the same sentence: 「…」──X氏はそう書いた."""
        tokens = self._line.tokens
        for i, token in enumerate(tokens[1:], start=1):
            if token.start > self._end and token.lemma in _SAYING and tokens[i - 1].text in ("そう", "こう"):
                return Attribution(self._subject(i), _verb_phrase(self._line, i))
        return None

    def is_utterance(self) -> bool:
        """Whether the quotation reads as a sentence: it ends in a predicate, or holds a full stop."""
        inner = self._line.text[self._start + 1 : self._end - 1]
        if re.search(r"[。!?！？]", inner):
            return True
        tokens = self._line.within(self._start + 1, self._end - 1)
        words = [t for t in tokens if not t.tag.startswith(("補助記号", "空白"))]
        return len(words) > 1 and _PREDICATE.match(words[-1].tag) is not None

    def is_whole(self) -> bool:
        """Whether nothing else stands in the sentence."""
        return not self._lead.strip() and not self._tail.strip("。. ")

    def may_be_elided(self, cue: str) -> bool:
        """Whether a missing subject is somebody named before: not of 声, nor of a passive."""
        return not _ANYBODY.search(cue) and not re.search(r"れ(?:る|た|て|ま)|られ", cue)

    def _by_verb(self) -> Attribution | None:
        verb = self._verb_after(self._end)
        if verb is None:
            return self._bare_to()
        cue = _verb_phrase(self._line, verb)
        if self._is_passive(verb):
            agent = self._agent()
            return Attribution(agent, cue) if agent or self._line.tokens[verb].lemma not in _NO_PASSIVE else NOBODY
        if re.match(r"(?:言え|言うべ|言っても|言わざる|いえ)", cue):
            return NOBODY
        return Attribution(self._subject(verb), cue)

    def _is_passive(self, verb: int) -> bool:
        following = self._line.tokens[verb + 1 : verb + 3]
        return any(t.lemma in ("れる", "られる") for t in following)

    def _agent(self) -> str | None:
        """Of Xから「…」と言われた, Xに「…」と叱られた."""
        lead = self._lead.rstrip("、")
        for particle in ("から", "に"):
            if lead.endswith(particle):
                return self._phrase(self._low + len(lead) - len(particle))
        return None

    def _bare_to(self) -> Attribution | None:
        """Without a verb, as in 「…」とX氏。 and X氏は「…」と。 at the end of a sentence."""
        to = _BARE_TO.match(self._tail)
        verbs = [t for t in self._line.tokens if t.start >= self._end and t.tag.startswith(("動詞", "形容詞"))]
        if to is None or verbs or not self.is_utterance():
            return None
        speaker = self._phrase(self._end + to.end("who")) if to["who"] else self._subject(None)
        return Attribution(speaker, "と") if speaker else None

    def _claimed(self) -> Attribution | None:
        """とした and としている, which also define: only of a sentence, by somebody."""
        match = _CLAIMED.match(self._tail)
        if not match or not self.is_utterance():
            return None
        speaker = self._subject(None)
        return Attribution(speaker, match["cue"]) if speaker else None

    def _by_manner(self) -> Attribution | None:
        """A sentence before と and any other predicate of somebody who can speak: 「…」と肩を落とす."""
        if not self.is_utterance():
            return None
        tokens = self._line.tokens
        verb = next((i for i, t in enumerate(tokens) if t.start > self._end and t.pos in ("VERB", "ADJ")), None)
        if verb is None or tokens[verb].end > self._high or tokens[verb].lemma in _NAMING:
            return None
        speaker = self._subject(verb)
        if speaker is None:
            return None
        phrase = _verb_phrase(self._line, verb)
        marks = [i for i in range(verb) if tokens[i].start >= self._end and self._marks_subject(i)]
        between = self._line.text[tokens[marks[-1]].end if marks else self._end : tokens[verb].start]
        whole = re.sub(r"^(?:など)?(?:と|って)?、?", "", between) + phrase
        return Attribution(speaker, whole if len(whole) <= _MANNER_LENGTH else phrase)

    def _verb_after(self, position: int) -> int | None:
        """Index of the verb of saying that governs what ends here: by the parse, else the first in the clause."""
        tokens = self._line.tokens
        following = [i for i, t in enumerate(tokens) if position <= t.start and t.end <= self._high]
        inside = next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i].end <= self._end - 1), None)
        while inside is not None and self._start <= tokens[inside].start < self._end and tokens[inside].head != inside:
            inside = tokens[inside].head
        if inside in following:
            if tokens[inside].lemma in _NAMING:
                return None
            if self._says(inside):
                return inside
        for i in following:
            if tokens[i].text in "。「『" or tokens[i].lemma in _NAMING:
                return None
            if self._says(i):
                return i
        return None

    def _says(self, index: int) -> bool:
        tokens = self._line.tokens
        token = tokens[index]
        if token.lemma not in _SAYING and token.norm not in _SAYING:
            return False
        if not token.tag.startswith("名詞"):
            return True
        last = index + 1 == len(tokens) or tokens[index + 1].text in "。、)"
        return last or tokens[index + 1].lemma in ("する", "為る", "できる", "いたす", "なさる")

    def _subject(self, verb: int | None) -> str | None:
        """The speaker: between quotation and verb, else the verb's own subject, else the nearest topic before."""
        tokens = self._line.tokens
        limit = tokens[verb].start if verb is not None else self._end
        marked = [i for i, t in enumerate(tokens) if self._marks_subject(i) and self._low <= t.start < self._high]
        between = [i for i in marked if self._end <= tokens[i].start < limit]
        own = [i for i in marked if tokens[i].start < limit and tokens[tokens[i].head].head == verb]
        relative = self._relative_head(verb)
        if relative and not between and not own:
            return relative
        before = [i for i in reversed(marked) if tokens[i].start < self._start]
        topics = [i for i in before if tokens[i].text != "が"]
        for i in [*between, *reversed(own), *topics, *before]:
            speaker = self._phrase(tokens[i].start)
            if speaker:
                return speaker
        return None

    def _relative_head(self, verb: int | None) -> str | None:
        """Of 「…」と話すX氏は."""
        tokens = self._line.tokens
        if verb is None or not tokens[verb].dep.startswith("acl") or tokens[verb].head <= verb:
            return None
        end = tokens[verb].head
        while end + 1 < len(tokens) and _is_nominal(tokens[end + 1]):
            end += 1
        return self._phrase(tokens[end].end) if tokens[end].end <= self._high else None

    def _marks_subject(self, index: int) -> bool:
        token = self._line.tokens[index]
        particle = token.text in _SUBJECT_PARTICLES and token.tag.startswith("助詞")
        return particle and self._scene.enclosing[index] == self._outer

    def _possessor(self) -> str | None:
        """Of X氏の「…」という言葉 and the like."""
        lead = self._lead.rstrip("、 ")
        if not lead.endswith(("の", "による")):
            return None
        return self._phrase(self._low + len(lead) - (1 if lead.endswith("の") else 3))

    def _phrase(self, end: int) -> str | None:
        """The speaker that the noun phrase ending here names, if it can speak."""
        start = self._noun_start(end)
        if _ONE_OF.fullmatch(self._line.text[start:end]) and self._line.text[start - 1 : start] == "の":
            start = self._noun_start(start - 1)  # 住民の一人 says who, 一人 does not
        return self._speaking(start, end)

    def _noun_start(self, end: int) -> int:
        """Where the run of nouns that ends here begins."""
        start = end
        for token in reversed(self._line.tokens):
            if token.end == start and token.start >= self._low and _is_nominal(token):
                start = token.start
        return start

    def _speaking(self, start: int, end: int) -> str | None:
        name = self._name_in(start, end)
        if name:
            return name
        noun = self._line.text[start:end].strip()
        return noun if noun and _SPEAKERS.search(noun) and not _NO_SPEAKERS.search(noun) else None

    def _name_in(self, start: int, end: int) -> str | None:
        """The last person in the phrase, or the body that makes up the phrase."""
        names = [n for n in self._names if start < n.end <= end]
        for name in reversed(names):
            if name.label == "PERSON":
                return self._text(name)
        for name in reversed(names):
            rest = self._line.text[name.end : end]
            if name.label in _BODIES and rest in ("", "社", "側", "自身", "氏", "紙", "誌", "さん"):
                return self._text(name)
        return None

    def _text(self, name: Name) -> str:
        return self._line.text[name.start : name.end]


_ONE_OF: Final = re.compile(r"(?:一|1|ひと)(?:人|り)|何人か|数人|多く|大半")


def _pointed_back(reader: _Reader, after: Scene | None) -> Attribution | None:
    """「…」。そう語るのはX氏だ: the next sentence says who."""
    if after is None or not reader.is_whole():
        return None
    resumed = _RESUMED.match(after.line.text)
    if resumed:
        speaker = _Reader(after, (0, 0))._speaking(*resumed.span("who"))
        return Attribution(speaker, resumed["cue"]) if speaker else None
    tokens = after.line.tokens
    opening = _POINTING_BACK.match(after.line.text)
    for i, token in enumerate(tokens):
        near = i > 0 and tokens[i - 1].text in ("そう", "こう")
        if token.lemma in _SAYING and not token.tag.startswith("名詞") and (opening or near):
            people = [n for n in after.names if n.label in ("PERSON", "ORG")]
            speaker = after.line.text[people[-1].start : people[-1].end] if people else _topic(after)
            return Attribution(speaker, _verb_phrase(after.line, i))
    return None


def _pointed_ahead(reader: _Reader, before: Scene | None) -> Attribution | None:
    """X氏はこう語る。「…」: the sentence before says who."""
    if before is None or not reader.is_whole() or not _POINTING_AHEAD.search(before.line.text):
        return None
    for i in range(len(before.line.tokens) - 1, -1, -1):
        if before.line.tokens[i].lemma in _SAYING:
            return Attribution(_topic(before), _verb_phrase(before.line, i))
    return None


def _topic(scene: Scene) -> str | None:
    """Whom a sentence is about: the last named person or body before は, が or も, else a noun that can speak."""
    reader = _Reader(scene, (len(scene.line.text), len(scene.line.text)))
    return reader._subject(None)


def _verb_phrase(line: Line, index: int) -> str:
    """The verb with its auxiliaries, as written."""
    end = index
    for i in range(index + 1, len(line.tokens)):
        token = line.tokens[i]
        auxiliary = token.pos == "AUX" or token.tag.startswith("助動詞")
        if not (auxiliary or token.lemma in _LIGHT_VERBS or token.text in "てで"):
            break
        end = i
    return line.text[line.tokens[index].start : line.tokens[end].end]


def _is_nominal(token: Token) -> bool:
    return token.tag.startswith(("名詞", "接尾辞", "接頭辞", "代名詞")) or token.text in "・"
