"""What a sentence asserts that can be looked up, and what it foretells.

A sentence is cut into clauses where a new subject begins after …し、…が、 or the like. Each clause is scored by what
speaks for and against a checkable assertion: figures, dates, names, a finished or reported act; judgement, advice,
question, supposition. The weights are log odds, set by hand on a development set of 150 sentences; a clause at
even odds or better is a claim.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from pipeline.record import Entity, Quantity, Sentence, Time, Token, layer

TAIL: Final = 18  # code points at the end of a sentence within which its modality stands
CLAIM: Final = 0.5  # even odds
PERSUASIVE: Final = 0.25  # share of a clause that rhetoric must cover to speak against an assertion
# Log odds.
_BIAS: Final = -1.5
_WEIGHTS: Final = {
    "figure": 1.5, "time": 0.8, "name": 0.6, "subject": 0.7, "body": 0.8, "past": 1.1, "ongoing": 0.5, "reported": 2.2,
    "said": 1.2, "plan": 1.2, "published": 1.4, "held": 1.2, "act": 0.6,
    "question": -4.0, "request": -4.0, "advice": -3.0, "opinion": -3.0, "guess": -2.2, "judgement": -1.6, "reading": -1.8, "aside": -1.5,
    "supposition": -2.0, "definition": -2.5, "first_person": -1.5, "general": -0.8, "persuasion": -1.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause at ``start:end`` (code points of the document) with the score of its assertion.

    ``plain``: nothing in it speaks against an assertion.
    """

    start: int
    end: int
    score: float
    plain: bool = True


class Outlook(NamedTuple):
    """How likely the sentence is the author's own prediction."""

    score: float
    label: bool


_SUBJECT: Final = r"(?:は|が|も|では|によると|によれば)"
# Nouns that end like an actor somebody could look up.
_TALLY: Final = re.compile(r"[一二三四五1-5]つ")  # 二つのずれ counts headings, not facts
_BODY: Final = re.compile(
    r"(?:^(?:市|県|町|村|国|都|区|社|店|会|党)|同社|同氏|同大|同省|同庁|同町|同市|同県|同店|同園|同校|両社|両国|両者|[各二三四五六七八九2-9]社|政府|与党|野党|国会|内閣|日銀|裁判所|最高裁|検察|警察|警視庁|消防|"
    r"[一-龠]{1,8}(?:省|庁|局|府|県|市|町|村|区|党|社|会|院|署|団|校|園|館|店|隊|軍|省庁|委員会|審議会|協会|組合|連合|機関|機構|研究所|大学|病院|銀行|証券|新聞|テレビ)|"
    r"チーム|グループ|研究(?:チーム|グループ|者)|調査|統計|報告書|監督|選手|大統領|首相|大臣|社長|会長|知事|市長|町長|議員|教授|社員|容疑者|被告|男性|女性|"
    r"工場|会場|試合|大会|映画|アルバム|作品|製品|新型車|列車|新幹線|路線|船|店|旅館|ホテル|施設|法律|改正案|予算案?|条約|制度|憲法|株価|価格|売上高|利益|シェア|人口|"
    r"出荷|販売|生産|輸出|輸入|来場者|参加者|応募|利用者|患者|件数|割合|平均|総額|残高|金利|気温|指数)(?:数|側|ら|たち)?$"
)
_PAST: Final = re.compile(r"(?:た|だった|であった)$")
_ONGOING: Final = re.compile(r"(?:て(?:い|お|あ)|で(?:い|お))(?:る|り|た)?$")
_REPORTED: Final = re.compile(
    r"(?:によると|によれば|の(?:調べ|発表|推計|試算|調査)では|と(?:[^、。「」と]{1,16}[はがも]、?)?(?:述べ|語|話|発表|公表|報じ|報告|伝え|説明|明らかにし|指摘|批判|主張|発言|投稿|強調|警告|訴え|反論|コメント|推計|試算|予測|見込(?!ま)|見通|結論|答え|回答|証言|表明|公言|宣言|約束)(?!さ)"
    r"|を(?:発表|公表|明らかに|表明)し|(?:と|も)し(?:てい|た)|という。?$|とのこと(?:だ|です)|(?:考え|方針|見通し|意向|見解)を(?:示|明らかに|表明))"
)
_SAID: Final = re.compile(r"[」』”]と(?:[^。]{0,12})(?:述べ|語|話|答え|訴え|批判|警告|コメント|投稿|評価|主張|発言|強調|反論|説明|指摘|評し|明か|言っ|あいさつし|挨拶し|答弁し|宣言し|叫)")
_PLAN: Final = re.compile(r"(?:予定|計画|方針|見通し|見込み|構え|運び|こと(?:を|が)(?:決め|決ま)|する考え)(?:だ|です|である|で|を|が|$)|(?:開か|公開さ|発売さ|再開さ|行わ)れる$")
_PUBLISHED: Final = re.compile(r"(?:と|に|が)?(?:予測|推計|試算|見積も|想定|見込|算出|報じ|評価|確認)(?:さ|ら|ま)?(?:れ)(?:る|て|た)")
_SPEECH: Final = re.compile(r"「[^「」]{9,}」")  # whose words do not tell how the clause is meant
_FORETOLD: Final = re.compile(r"(?:予測|予想|見込)(?:さ|ま)れる$")
_HELD: Final = re.compile(r"と(?:みられ|され|いわれ|言われ|伝えられ)(?:る|て|た)")
_ACT: Final = re.compile(
    r"(?:発表|公表|決定|可決|否決|施行|導入|開始|終了|発売|販売|生産|製造|開発|設置|設立|創業|建設|投資|買収|統合|提携|契約|合意|締結|調達|採用|搭載|量産|出荷|納車|優勝|当選|就任|辞任|逮捕|起訴|"
    r"受賞|獲得|更新|記録|増加|減少|上昇|下落|拡大|縮小|展示|公開|開催|実施|提供|運営|所有|保有|依存|供給|支給|支援|命令|勧告|提出|署名|訪問|再開|中止|延期|移転|閉鎖|出願|登録|報告|調査|特定|募集|運転|内製|延長|衝突|停止|避難|救助|新設|併設|整備|増設|改修|拡充|廃止|削減|増額|減額|派遣|招待|出席|参列|参加|認定)"
    r"(?:し|する|さ|中)|(?:引き(?:下|上)げ|設け|始め|決め|まとめ|広げ|投じ|開(?:い|く|か)|目指)"
)
_QUESTION: Final = re.compile(r"(?:か|かい|だい|[?？])[」』”)）]*[?？!！…。]*$|(?:だろう|でしょう)か")
_REQUEST: Final = re.compile(
    r"(?:て(?:ください|下さい|ほしい|もらいたい|いただきたい|みよう|みて)|ましょう|ようではないか|(?:お|ご)[^。、]{1,8}(?:ください|下さい)|な[!！]|"
    r"[^だでし]ろ[!！]?|せよ|こと。?)[!！。]*$|(?:ください|下さい)"
)
_ADVICE: Final = re.compile(
    r"(?:べき(?:だ|で|と|は|$)|必要(?:が|は)(?:ある|あり|ない)|必要だ|ほうが(?:よ|い)い|とよい|といい|のがよい|なければ(?:なら|いけ)|なくては|てはなら|てはいけ|しかない|すすめたい|勧めたい|"
    r"求められ(?:る|てい)|大切(?:だ|で|に)|重要(?:だ|で(?:す|ある))|選択肢)"
)
_OPINION: Final = re.compile(
    r"(?:と(?:思|考え|感じ|信じ|見る|みる)(?:う|い|え|っ|る|て|ま|。|$)|気が(?:する|し)|[りいしちみきびにげ]たい(?:。|と|$|もの)|期待したい|期待できる|反対(?:だ|で)|賛成(?:だ|で)|やむを得ない|"
    r"ではない(?:だろう)?か|とは(?:言|い)え(?:な|ま)|はずが?(?:な|も)|だと言(?:え|って)|といえ(?:る|よう)|と言え(?:る|よう)|らしい(?:。|$)|ようだ(?:。|$)|そうだ$)"
)
_GUESS: Final = re.compile(r"(?:だろう|でしょう|であろう|かもしれ(?:ない|ません)|はず(?:だ|です|である)|に違い(?:ない|ありません)|可能性(?:が|は|も|を)|かね(?:ない|ません)|おそれがある|恐れがある|う[るえ](?:$|。|だろう)|まい$)")
_JUDGEMENT: Final = re.compile(
    r"(?:深刻|重要|大切|心配|不安|残念|問題|当然|妥当|適切|不適切|遅い|早い|高い|低い|多い|少ない|良い|よい|悪い|長い|狭い|広い|軽い|重い|便利|不便|十分|不十分|難しい|易しい|面白い|楽しい|美しい|"
    r"おかしい|正しい|間違い|素晴らしい|ひどい|酷い|必然|明らか|確実|理がある|足りない|言うまでもない|[一-龠]的)(?:だ|です|である|だった|でした|なのだ|と言える)?$|"
    r"(?:大事|重要|大切|深刻|貴重|必要|残念|厄介|大きな|小さな)な?[^、。]{1,8}(?:だ|である|です)?$"
)
# What the author reads into something: not to be looked up.
_READING: Final = re.compile(
    r"(?:示唆|意味|裏付け|体現|象徴|物語|浮き彫りに|再確認|定義(?:さ|づ)|決定(?:づけ|付け)|(?:こと|もの|段階|時代)を示)[^。、]{0,8}$|"
    r"(?:鍵|カギ|ポイント|マイルストーン|試金石|布石|本命|証拠|証し|課題|条件|武器|強み|弱み|見どころ|注目|要因|存在|一手|時代|状況|状態|構造|対照的|動き)(?:だ|である|となる|になる)?$"
)
_SUPPOSITION: Final = re.compile(r"^(?:仮に|もし|例えば|たとえば|もしも)|計算になる|(?:れば|けば|せば|めば|えば|たら|なら)、")
_DEFINITION: Final = re.compile(r"(?:とは、?[^。]*(?:を(?:指|いう|言う)|のこと|である|意味)|のこと(?:だ|である|を(?:指|い))|を意味する|と(?:呼|よ)(?:ぶ|ばれる)$|て求める$|を指す)")
_FIRST_PERSON: Final = re.compile(r"(?:^|[、。])(?:私|僕|筆者|我々|われわれ|私たち|個人的に)")
_DISCLAIMER: Final = re.compile(r"個人差があり|保証するものでは|責任を負い|目的としたもの")
_VERBAL_EVENT: Final = re.compile(r"(?P<claim>.*?)(?:との|という)(?:報道|発表|ニュース|報告|調査結果|一報|方針|計画)(?:は|が|を|も|に)")

_FUTURE: Final = re.compile(
    r"(?:今後|将来|やがて|いずれ|遠くない|近い将来|近いうち|まもなく|間もなく|ほどなく|来(?:年|月|春|夏|秋|冬|世紀|季)|再来年|翌年以降|数(?:年|か月|カ月|十年)(?:後|以内|で|のうち)|"
    r"[0-9一二三四五六七八九十]+(?:年|か月|カ月|ヶ月)(?:後|以内|もすれば|先)|次の(?:世代|十年|10年)|これから|最後には|そのうち)"
)
_PREDICT: Final = re.compile(
    r"(?:(?<!の)(?<!た)(?<!だった)(?:だろう|でしょう|であろう)(?!か)|はず(?:だ|です|である)|に違い(?:ない|ありません)|(?<!という)(?:こと|よう)に(?:なる|なります|なろう)$|時代(?:が|と|に)(?:来|到来|なる|なり|成)|(?:終わり|終焉|過去のもの)(?:に|と)(?:なる|なります)$|て(?:いく|ゆく|いきます)$|"
    r"可能性(?:が|は|も)(?:ある|あり|高|大|強|十分)|可能性を秘め|かね(?:ない|ません)|うる$|かもしれ(?:ない|ません)|(?:する|なる)のは(?:時間の問題|確実|必至|不可避)|(?:崩壊|消滅|破綻|滅亡|淘汰|没落|終焉)する|まい$)"
)
_CERTAIN: Final = re.compile(r"必ず|確実に|間違いなく|いずれ|やがて|遅かれ早かれ|必至|不可避|明日はない|未来はない|将来はない|終焉")
_INFERENCE: Final = re.compile(r"(?:の|た|ん)(?:だろう|でしょう|であろう)|(?:てい|た)(?:る)?(?:に違い|はず)")
_NONPAST: Final = re.compile(r"(?:(?<!てい)(?<!でい)(?<!であ)る|[うくぐすつぬぶむ]|(?<!てい)ます|ない|ません|[一-龠])$")
_CONDITION: Final = re.compile(r"(?:ば|たら|なら|ままでは|ままだと|このまま|と)、")
_DOOMED: Final = re.compile(r"このまま|ば、|沈む|滅び|消え|失う|れる$")
_CONJUNCTIVE: Final = ("助詞-接続助詞", "助動詞", "動詞", "形容詞")
_COORDINATING: Final = frozenset("が けれど けれども けど し て で ものの つつ".split())
# Verbs of compound particles (に伴い, を受け): no clause of their own.
_COMPOUND: Final = frozenset("伴う よる つく 対する おく 於く 関する めぐる 基づく 受ける 続く 加える 応じる 沿う わたる 際する 通じる 比べる する 従う 向ける 限る 代わる".split())
_LEAD: Final = re.compile(
    r"(?:しかし|だが|ところが|でも|また|さらに|一方(?:で)?|なお|ただ(?:し)?|ちなみに|例えば|たとえば|実際(?:に)?|もちろん|つまり|すなわち|しかも|その結果|このため|そのため|"
    r"そこで|では|それでは|このほか|方や|片や|そして|だから|したがって|特に|とくに|加えて|もっとも|むしろ)、|"
    r"(?:しかし|だが|ところが|さらに|ちなみに|方や|片や|そして|しかも)"
)
_FINAL: Final = frozenset("。 . ! ? ！ ？ … ・ ね よ な さ わ ぞ".split())


def clauses(sentence: Sentence, persuasion: Sequence[tuple[int, int]]) -> list[Clause]:
    """The clauses of a sentence with their scores.

    Args:
        sentence: with tokens, entities, quantities, times and quotes.
        persuasion: spans of the author's own rhetoric (code points of the document), which count against.
    """
    tokens = layer(sentence.tokens)
    ranges = _split(sentence, persuasion)
    last = len(ranges) - 1
    scored = [_scored(sentence, first, after, persuasion, final=i == last) for i, (first, after) in enumerate(ranges)]
    return _rejoined([clause for clause in scored if clause is not None]) + _events(sentence)


def outlook(sentence: Sentence, anchor: date | None, doom: bool) -> Outlook:
    """Whether the author foretells something; what a named source or a stated plan says is no forecast.

    Args:
        sentence: with tokens, entities, quantities and times.
        anchor: the day that "future" is later than.
        doom: whether the author's rhetoric in it speaks of doom.
    """
    whole = sentence.text.rstrip("。.!！ ")
    text = re.sub(r"^.*(?:が|けれども?|ものの)、", "", whole)
    published = _PUBLISHED.search(text) and layer(sentence.quantities)
    if published or any(r.search(text) for r in (_QUESTION, _REQUEST, _REPORTED, _PLAN, _PAST, _ADVICE, _DEFINITION)):
        return Outlook(0.05, False)
    nonpast = _NONPAST.search(text) is not None
    future = bool(_FUTURE.search(text)) or any(_is_later(time, anchor) for time in layer(sentence.times))
    actor = _has_body(text) or any(_is_subject(e, sentence) for e in layer(sentence.entities) if e.label != "TECH")
    points = -2.2
    points += 2.6 if _PREDICT.search(text[-TAIL:]) else 0
    points += 1.8 if future else 0
    points += 1.0 if future and nonpast and not actor else 0
    points += 2.4 if nonpast and _CERTAIN.search(text) else 0
    points += 0.8 if _CONDITION.search(whole) else 0
    points += 1.6 if doom and nonpast and _DOOMED.search(whole) else 0
    points -= 2.5 if _INFERENCE.search(text) and not future else 0
    score = _logistic(points)
    return Outlook(score, score >= CLAIM)


def _covered(start: int, end: int, spans: Sequence[tuple[int, int]]) -> int:
    return sum(max(0, min(b, end) - max(a, start)) for a, b in spans)


def _is_later(time: Time, anchor: date | None) -> bool:
    if time.value is None or time.kind != "date" or anchor is None:
        return False
    year = re.match(r"(\d{4})", time.value)
    return year is not None and int(year[1]) > anchor.year


def _split(sentence: Sentence, persuasion: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Token ranges of the clauses: cut at a comma after a coordinating form, unless the subject and the tone go on."""
    tokens = layer(sentence.tokens)
    commas = [
        i for i in range(1, len(tokens) - 1)
        if tokens[i].text in ("、", ",") and not _quoted(tokens, i) and _coordinates(tokens, i - 1)
    ]  # fmt: skip
    ranges = list(zip([0, *(i + 1 for i in commas)], [*commas, len(tokens)], strict=True))
    kept = ranges[:1]
    for first, after in ranges[1:]:
        if _has_subject(tokens, first, after) or _changes_tone(sentence, kept[-1], (first, after), persuasion):
            kept.append((first, after))
        else:
            kept[-1] = (kept[-1][0], after)
    return kept


def _changes_tone(
    sentence: Sentence, one: tuple[int, int], other: tuple[int, int], persuasion: Sequence[tuple[int, int]]
) -> bool:
    """Whether one part gives a figure or a time in plain words and the other persuades without any."""
    (a_start, a_end), (b_start, b_end) = (_extent(sentence, part) for part in (one, other))
    figures = [(s.start, s.end) for s in (*layer(sentence.quantities), *layer(sentence.times))]
    a_figures, b_figures = _covered(a_start, a_end, figures), _covered(b_start, b_end, figures)
    a_tone, b_tone = _covered(a_start, a_end, persuasion), _covered(b_start, b_end, persuasion)
    return (a_figures > 0 == b_figures and a_tone == 0 < b_tone) or (b_figures > 0 == a_figures and b_tone == 0 < a_tone)


def _extent(sentence: Sentence, part: tuple[int, int]) -> tuple[int, int]:
    tokens = layer(sentence.tokens)
    return (tokens[part[0]].start, tokens[part[1] - 1].end) if part[0] < part[1] else (0, 0)


def _rejoined(found: Sequence[Clause]) -> list[Clause]:
    """A clause that asserts nothing by itself goes with its neighbour, where nothing in either speaks against it."""
    joined: list[Clause] = []
    for clause in found:
        last = joined[-1] if joined else None
        if last and last.plain and clause.plain and (last.score >= CLAIM) != (clause.score >= CLAIM):
            joined[-1] = Clause(last.start, clause.end, max(last.score, clause.score))
        else:
            joined.append(clause)
    return joined


def _quoted(tokens: Sequence[Token], i: int) -> bool:
    depth = sum((t.text in "「『(（") - (t.text in "」』)）") for t in tokens[:i] if len(t.text) == 1)
    return depth > 0


def _coordinates(tokens: Sequence[Token], i: int) -> bool:
    token = tokens[i]
    verb = i - 1 if token.text in ("て", "で") else i
    if verb > 0 and tokens[verb - 1].text in ("に", "を", "と") and tokens[verb].lemma in _COMPOUND:
        return False
    if token.tag == "助詞-接続助詞":
        return token.text in _COORDINATING
    if token.text == "一方" or (token.text == "で" and i and tokens[i - 1].text == "一方"):
        return True
    return token.tag.startswith(_CONJUNCTIVE) and token.text != token.lemma


def _has_subject(tokens: Sequence[Token], first: int, after: int) -> bool:
    return any(
        tokens[i].text in ("は", "が", "も") and tokens[i].tag.startswith(("助詞-係助詞", "助詞-格助詞"))
        and tokens[i - 1].tag.startswith(("名詞", "代名詞", "接尾辞", "補助記号-括弧閉"))
        for i in range(first + 1, after)
    )  # fmt: skip


def _scored(
    sentence: Sentence, first: int, after: int, persuasion: Sequence[tuple[int, int]], *, final: bool
) -> Clause | None:
    bounds = _trimmed(layer(sentence.tokens), first, after)
    if bounds is None:
        return None
    tokens = layer(sentence.tokens)
    start, end = tokens[bounds[0]].start, tokens[bounds[1] - 1].end
    whole_end = tokens[after - 1].end
    text = sentence.text[start - sentence.start : whole_end - sentence.start].rstrip("。.!！ ")
    features = _features(sentence, start, whole_end, text, final)
    if _covered(start, end, persuasion) >= PERSUASIVE * (end - start):
        features.add("persuasion")
    weights = [_WEIGHTS[name] for name in sorted(features)]
    return Clause(start, end, _logistic(_BIAS + sum(weights)), plain=min([w for w in weights if w < -1], default=0) == 0)


def _features(sentence: Sentence, start: int, end: int, text: str, final: bool) -> set[str]:
    """What speaks for and against the clause, by name of its weight."""
    found: set[str] = set()
    quantities = [q for q in layer(sentence.quantities) if start <= q.start < end]
    times = [t for t in layer(sentence.times) if start <= t.start < end]
    entities = [e for e in layer(sentence.entities) if start <= e.start < end]
    named = [e for e in entities if e.label not in ("TECH", "NORP", "LOC")]
    context = sentence.text
    if any(_is_figure(q) for q in quantities):
        found.add("figure")
    if any(t.kind in ("date", "duration") for t in times):
        found.add("time")
    if named:
        found.add("name")
    if any(_is_subject(e, sentence) for e in entities):
        found.add("subject")
    elif _has_body(text):
        found.add("body")
    anchored = bool(found)
    tests = {
        "past": _PAST, "ongoing": _ONGOING, "reported": _REPORTED, "said": _SAID, "plan": _PLAN, "published": _PUBLISHED, "held": _HELD,
        "act": _ACT, "request": _REQUEST, "advice": _ADVICE, "opinion": _OPINION, "guess": _GUESS,
        "judgement": _JUDGEMENT, "reading": _READING, "supposition": _SUPPOSITION, "definition": _DEFINITION, "first_person": _FIRST_PERSON,
    }  # fmt: skip
    plain = re.sub(r"まし(?=た)|ます$", "", _SPEECH.sub("「」", text))
    found |= {name for name, regex in tests.items() if regex.search(plain)}
    if _QUESTION.search(context):
        found.add("question" if final else "aside")
    if _FORETOLD.search(plain) and not quantities:
        found.add("guess")
    if not final and re.search(r"[しちりきいみびぎ]$|[えけせてねべめれげ]$|れ$|おり$", text) and anchored:
        found.add("past")
    if not anchored:
        found.add("general")
    if _DISCLAIMER.search(text):
        found.add("opinion")
    if found & {"reported", "said"}:
        found -= {"guess", "judgement", "reading", "advice", "opinion"}
    if "published" in found and not quantities:
        found.discard("published")
    return found


def _has_body(text: str) -> bool:
    return any(_BODY.search(text[: m.start()]) for m in re.finditer(_SUBJECT, text))


def _is_figure(quantity: Quantity) -> bool:
    known = quantity.value is not None or quantity.low is not None or quantity.high is not None
    return known and not _TALLY.fullmatch(quantity.text)


def _is_subject(entity: Entity, sentence: Sentence) -> bool:
    after = sentence.text[entity.end - sentence.start :]
    return re.match(rf"(?:氏|さん|社|側|大統領|首相|社長|CEO|知事|市長|自身|の[^、。は]{{1,14}})?{_SUBJECT}", after) is not None


def _events(sentence: Sentence) -> list[Clause]:
    """An event that stands as a noun phrase with its actor: AがBを買収したとの報道は…."""
    match = _VERBAL_EVENT.match(sentence.text)
    if not match or not match["claim"]:
        return []
    start, end = sentence.start + match.start("claim"), sentence.start + match.end("claim")
    named = any(start <= e.start and e.end <= end for e in layer(sentence.entities))
    return [Clause(start, end, 0.7)] if named and "が" in match["claim"] else []


def _trimmed(tokens: Sequence[Token], first: int, after: int) -> tuple[int, int] | None:
    """The range without leading conjunctions and bullets, final marks, particles and politeness."""
    lead = _LEAD.match("".join(t.text for t in tokens[first:after]))
    start = tokens[first].start + lead.end() if lead and first < after else 0
    while first < after and (tokens[first].start < start or tokens[first].tag.startswith(("接続詞", "感動詞", "空白")) or _is_bullet(tokens[first])):
        first += 1
    while after > first and (tokens[after - 1].text in _FINAL or tokens[after - 1].tag.startswith("空白")):
        after -= 1
    after = _without_politeness(tokens, first, after)
    return (first, after) if after > first else None


def _is_bullet(token: Token) -> bool:
    return token.tag.startswith("補助記号") and not token.tag.startswith("補助記号-括弧開")


def _without_politeness(tokens: Sequence[Token], first: int, after: int) -> int:
    """Cut です, ます, ました, のです and the いる of ています; negatives stay whole (guidelines, section 6)."""
    words = [t.text for t in tokens[first:after]]
    for tail in (("の", "です"), ("ん", "です"), ("の", "でした"), ("です",), ("でし", "た"), ("まし", "た"), ("ます",)):
        if tuple(words[-len(tail) :]) == tail and len(words) > len(tail):
            after -= len(tail)
            polite_verb = tail[0] in ("まし", "ます")
            if polite_verb and words[-len(tail) - 1] in ("い", "おり") and words[-len(tail) - 2] in ("て", "で"):
                after -= 1
            break
    return after


def _logistic(points: float) -> float:
    return 1 / (1 + math.exp(-points))
