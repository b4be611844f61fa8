"""Is what the Japanese denies denied in English, and does what rises still rise?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.record import Sentence, Token

_NEGATIONS: Final = frozenset({"ない", "無い", "ぬ", "ん", "ず", "まい", "ません"})
# Negated in form alone: must, only, may, surely, "is it not", "not only"; and words that English says without a negation.
_FORM_ALONE: Final = re.compile(
    # なければ, なきゃ are "must" before these or at an end, and a condition that is denied before anything else.
    r"(?:な(?:ければ?|きゃ|けりゃ)(?=[、 ]?(?:なら|なり|いけ|だめ|ダメ|駄目|すま|済|と|[。！!ねよなぁー」]|$))|さもなけれ"
    r"|なくちゃ|ねば|なくて(?:は|も)|ないと(?=いけ|なら|だめ|ダメ|駄目|$|。)|ずに(?:は)?(?:い|お)|ざるを|ずして)"
    r"(?:ば)?(?:[なら得え]|いけ|すま|い|お|だめ|ダメ)?[ぁ-ん]{0,6}"
    r"|かもしれ(?:ない|ません|ず|ぬ)|(?:に|と)?(?:違い|ちがい|相違)(?:ない|なく|あり?ません)|(?:に|は)?ほかなら(?:ない|ず|ぬ|ません)|に(?:過|す)ぎ(?:ない|ず|ません|なかった)"
    r"|(?:では|じゃ|とは|んじゃ|ん?では)(?:ない|なかろう|あり?ません)(?:だろう|でしょう)?(?:[かのねよ]|か[。？?]|$)"
    r"|(?:ない|ません)(?:か|だろうか|でしょうか|のか|ですか|かな|かね)|(?:ない|ません)[?？]|だけで(?:は|も)?(?:なく|ない)|のみなら(?:ず|ない)|ばかりで(?:は|も)?なく"
    r"|しか[^、。]{0,24}(?:ない|ず|ません|なかった|なく|ぬ)|な(?:い|く|かった)(?:わけ|こと|はず|もの)(?:で)?(?:は|も)(?:な|あり)"
    r"|なく(?:は|も)(?:な|あり)|ずに(?:は)?(?:い|お)(?:られ|れ)|欠か(?:せ|す)|少なから|限りでは|たまら(?:ない|なく)|に(?:耐|堪)え"
    r"|(?:間|ま)(?:も|)なく|やむ(?:を|なく)|(?:に|と)かかわらず|を(?:問|と)わず|にも(?:拘|かかわ)ら|思わず|相変わらず|必ず|まず|わずか|ひとまず|とりあえず|なるべく|絶え(?:ず|間)|(?:た|)まず"
    r"|(?:か|と)いなや|(?:れ|い)ないうち|ないうちに|ない(?:限り|よう)|(?:ない|ず)(?:まま|に)|知らず|残らず|少なくと|遠からず|例外なく|さりげな|何気な|余儀な|信じられ|図らず|何となく|なんとなく|途方もな|限りな|この上な"
    r"|言うまでもな|いうまでもな|もちろん|間違いな|疑い(?:よう)?(?:が|の|も)?な|まもな|ほどな|引けを|負けず|劣ら|変わら(?:ず|ぬ)|ともな|たわいな|数え切れ|計り知れ|申し訳な|仕方(?:が)?な|しょうが(?:が)?な|物足りな|もったいな"
    r"|わけにはいか|ならない(?:よう|ため|と)|か(?:どう|い)な|(?:どう)?しようも"
)
_NEGATIVE: Final = re.compile(
    r"\b(?:no|not|cannot|never|none|nobody|nothing|nowhere|neither|nor|without|unable|impossible|unlikely|unclear|unknown|uncertain"
    r"|un\w{4,}|in(?:ability|capable|complete|sufficient|adequate|accurate|appropriate|correct|credibl[ey]|definite\w*|dependent\w*|evitabl[ey]|different|"
    r"effective|experienced|visible|valid|flexible|consistent|convenient|competent|comprehensible|soluble|tact|conclusive|tolerable|expensive|significant|stab\w+|exact\w*|fall?ibl[ey])"
    r"|im(?:moral|mature|mobile|movable|partial|patient|perfect|polite|possib\w+|practical|precise|probable|proper)\w*"
    r"|im(?:pass|poss)\w*|il(?:legal|legible|licit|literate|logical)\w*|ir(?:rational|regular|relevant|reparabl|replaceab|resistib|responsib|reversib|revocab)\w*"
    r"|dis(?:agree\w*|allow\w*|appear\w*|approv\w*|belie[fv]\w*|continu\w*|hon\w+|like\w*|loyal\w*|miss\w*|obe\w+|qualif\w+|regard\w*|satisf\w+|trust\w*|interest\w*|contin\w*)"
    r"|non-?\w{3,}|\w+less(?:ly)?|\w+free|fail\w*|refus\w*|den(?:y|ies|ied|ying|ial)|declin\w*|reject\w*|lack\w*|absen\w+|missing|hardly|scarcely|barely|rarely|seldom|little|few|fewer|"
    r"only|yet|avoid\w*|prevent\w*|prohibit\w*|ban(?:s|ned|ning)?|forbid\w*|forbade|stop\w*|halt\w*|suspend\w*|cancel\w*|cease\w*|refrain\w*|abstain\w*|resist\w*|"
    r"ignor\w+|neglect\w*|overlook\w*|omit\w*|exclud\w*|except|unless|instead|far from|miss(?:ed|es)?|hard to|too|difficult\w*|tough|struggl\w*|barred|wrong|false|zero|nil|"
    r"gone|lost|los[et]s?|out of|remain\w*|beyond|against|(?:fall(?:s|ing)?|fell) short|(?:r[au]n(?:ning)?|be|is|was|were|are|come|came) short|short of|shortages?|forgot\w*|forget\w*|opposite|contrary|spar(?:e|ed|ing)|void|empty|less than|fewer than|below|under|"
    r"skip\w*|withh[eo]ld\w*|reluctan\w+|hesita\w+|loss|oppos\w+|free (?:of|from)|immune|indispensable|essential|"
    r"stuck|same|constant\w*|vain|dead|aside|limited|keep\w*|kept|secret\w*|abandon\w*|g[ai]ven? up|waive\w*|invalid\w*|mis\w{4,}|low on|regardless|poor\w*|bad\w*)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"\b(?:(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|must)(?:n['’]t| not)|cannot|never|no longer|won['’]t)\b",
    re.IGNORECASE,
)
_NOT_A_DENIAL: Final = re.compile(
    r"not (?:only|just|merely|simply|to mention|necessarily|until)|n['’]t (?:only|just|until)|never (?:mind|before)|\?",
    re.IGNORECASE,
)
# Anything of the source that may become a negation in English.
_MAY_DENY: Final = re.compile(
    r"な[いくかけしきさ]|無|不|非|未|否|ず|ぬ|ん[。！!?？か」だでよ]|ません|まい|禁|拒|違|難|困|失|欠|反対|避|やめ|止|だけ|しか|以外|逆|断|外|のみ|限|過ぎ|すぎ|わけ|嫌|苦手|ダメ|駄目|無理"
    r"|もはや|遠|絶|離|消|免|防|除|抜|落|逃|足り|乏|少|低|弱|残|まだ|黙|別|疑|誤|忘|見送|延期|中断|解|脱|断念|ノー|ゼロ|アンチ|[\u3041-\u3096]ん|閉|終|抑|拘|耐|堪|敗|負|異|反|却|減|控|懐|ねえ|ねー|まさか|どころ|より|嘘|ウソ|危|悪"
)
# What may be said in opposite ways: the characters of one side, its English, and the same of the other.
_OPPOSITES: Final = (
    ("増", r"\b(?:increas\w+|r[io]se\w*|rising|grow\w*|grew|gain\w*|up|expand\w*|climb\w*)\b",
     "減", r"\b(?:decreas\w+|f[ae]ll\w*|drop\w*|declin\w+|reduc\w+|shr[aiu]nk\w*|down|cuts?|cutting|lower\w*|loss\w*|lose\w*|slump\w*|lighten\w*|plung\w*|plummet\w*|dwindl\w*|diminish\w*|less|fewer|slash\w*|tumbl\w*|trim\w*|downsiz\w*|slid\w*|dip\w*|contract\w*)\b"),
    ("黒字", r"\b(?:surplus\w*|profit\w*|in the black)\b", "赤字", r"\b(?:deficit\w*|loss\w*|red|shortfall\w*|losing)\b"),
    ("輸出", r"\bexport\w*\b", "輸入", r"\bimport\w*\b"),
    ("賛成", r"\b(?:approv\w+|support\w*|favou?r\w*|agree\w*|for|yes|backed|aye)\b",
     "反対", r"\b(?:oppos\w+|against|disagree\w*|object\w*|reject\w*|no|dissent\w*|resist\w*)\b"),
    ("勝", r"\b(?:w[io]n\w*|victor\w+|beat\w*|defeat\w*|triumph\w*|prevail\w*)\b",
     "負け|敗", r"\b(?:los[etis]\w*|defeat\w*|beaten|behind|inferior|fail\w*|downfall|vanquish\w*|overwhelm\w*|outplay\w*|outperform\w*|fell)\b"),
    ("値上", r"\b(?:rais\w+|increas\w+|hik\w+|higher|up)\b", "値下", r"\b(?:cut\w*|reduc\w+|lower\w*|discount\w*|decreas\w+|slash\w*|drop\w*|fall\w*)\b"),
    ("円高", r"\b(?:strong\w*|appreciat\w*|rise\w*|rising|rose|gain\w*|high\w*|surg\w*)\b",
     "円安", r"\b(?:weak\w*|depreciat\w*|fall\w*|fell|cheap\w*|declin\w*|low\w*|slid\w*|drop\w*)\b"),
    ("積極", r"\b(?:activ\w+|positiv\w+|aggressiv\w+|eager\w*|proactiv\w+|enthusias\w+|willing\w*|keen\w*|vigorous\w*)\b",
     "消極", r"\b(?:passiv\w+|negativ\w+|reluctan\w+|unwilling\w*|hesita\w+|cautious\w*|inactiv\w*|lukewarm|n['’]t|not|half-hearted\w*|averse)\b"),
    ("上昇", r"\b(?:r[io]s\w+|increas\w+|climb\w*|up|gain\w*|soar\w*|higher|ascend\w*|upward\w*)\b",
     "下落|低下|下降", r"\b(?:f[ae]ll\w*|drop\w*|declin\w+|decreas\w+|down\w*|lower\w*|los\w+|slid\w*|slump\w*|weaken\w*|plung\w*|deteriorat\w*|descend\w*|reduc\w+|diminish\w*|tumbl\w*|worsen\w*|dip\w*|sank|sink\w*)\b"),
)  # fmt: skip


def lost_negations(sentence: Sentence, english: str) -> list[str]:
    """Denials of the sentence for which the English has no negative word at all."""
    if _NEGATIVE.search(english):
        return []
    return [f"{word} → there is no negation" for word in _denials(sentence)][:1]


def added_negation(sentence: Sentence, english: str) -> list[str]:
    """A denial in the English of a sentence that holds nothing negative."""
    denied = _DENIED.search(english)
    tokens = sentence.tokens or []
    if not denied or _NOT_A_DENIAL.search(english) or _MAY_DENY.search(sentence.text):
        return []
    if any(_forbids(tokens, i) for i in range(len(tokens))):
        return []
    return [f"{denied[0]!r} has nothing to stand for in the source"]


def reversals(source: str, english: str) -> list[str]:
    """What the source says one way and the English the other way: a fall that became a rise."""
    faults = []
    for first, first_en, second, second_en in _OPPOSITES:
        for side, own, other, reverse in ((first, first_en, second, second_en), (second, second_en, first, first_en)):
            said = re.search(side, source)
            if said and not re.search(other, source) and not re.search(own, english, re.IGNORECASE):
                turned = re.search(reverse, english, re.IGNORECASE)
                if turned and not _DENIED.search(english):
                    faults.append(f"{said[0]} → {turned[0]!r} says the opposite")
    return faults


def _denials(sentence: Sentence) -> Iterator[str]:
    """The predicates that are denied, as they are written; forms that deny nothing are left out."""
    tokens = sentence.tokens or []
    exempt = [match.span() for match in _FORM_ALONE.finditer(sentence.text)]
    for i, token in enumerate(tokens):
        start, end = token.start - sentence.start, token.end - sentence.start
        if not (token.lemma in _NEGATIONS and token.pos in ("AUX", "ADJ")) and not _forbids(tokens, i):
            continue
        if not any(a < end and start <= b for a, b in exempt):
            yield "".join(t.text for t in _predicate(tokens, i))


def _forbids(tokens: list[Token], i: int) -> bool:
    """行くな: な after a verb as the dictionary has it. 売れるな, which marvels, looks alike and is taken along."""
    verb = tokens[i - 1] if i else None
    return verb is not None and tokens[i].text == "な" and (
        tokens[i].tag == "助詞-終助詞" and verb.tag.startswith(("動詞", "助動詞")) and verb.text[-1:] in "うくぐすつぬぶむる"
    )  # fmt: skip


def _predicate(tokens: list[Token], i: int) -> list[Token]:
    first = i
    while first > 0 and i - first < 3 and tokens[first].pos in ("AUX", "SCONJ", "ADP", "PART"):
        first -= 1
    return tokens[first : i + 1]
