"""Whom an evaluative word is about, and what negation, concession and mood make of it.

An evaluative word hands its polarity to the names in its grammatical roles. Where these name nobody, the search
climbs the dependency tree and takes the nearest topic. On the way negation turns the polarity, and concession,
condition, question and hearsay weaken it. The weights are the project's own, set on the table of the tests.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.text.polarity import Hit, Lexicon
from pipeline.text.roles import ACCUSATIVE, EXISTENCE, FORMAL, OBJECT, RIVAL, Roles, Shares
from pipeline.text.syntax import Tree

_CLIMB: Final = 0.9  # what is left of a share after a step up the tree
_RIVAL_SHARE: Final = 0.8  # of the rival in a comparison, against 1 of the subject
_NEWS: Final = 0.7  # of news, against 1 of a judgement
_COMPOSED: Final = 0.8  # of news under a word of direction (故障が少ない)
_REPORTED: Final = 0.4  # of praise and blame by nobody named (批判されている)
_MENTIONED: Final = 0.4  # of a noun of news that nothing is said with (テスラの事故)
_UNLIKELY: Final = 0.25  # of what stands under a condition
_TOLD: Final = 0.6  # of what a clause of time takes for known
_DEGREES: Final = {1: 1.4, 0: 1.0, -1: 0.7}

_POSSIBLE: Final = frozenset("可能性 恐れ おそれ 余地 見込み 様子 気配 傾向 疑い".split())
_NOUNS: Final = frozenset(["NOUN", "PROPN", "NUM"])
# Nouns whose もない deplores nothing: 間もなく, 関係もなく.
_IDLE: Final = frozenset("間 程 ほど 変わり 差 関係 異論 文句 違い 例外 必要 予定 記憶 何 誰 疑い".split())
_RARE: Final = frozenset(["珍しい", "稀", "まれ", "少ない"])
_FOUND: Final = frozenset(["いる", "ある", "知る", "見当たる", "見る"])
# What judges the event of a clause out of reach: 追いつくのは至難の業だ.
_HARD: Final = frozenset("難しい 困難 至難 不可能 無理 夢物語 絵空事 ありえない あり得ない 厳しい 無謀".split())
_EASY: Final = frozenset(["容易", "簡単", "たやすい", "易しい"])
_CONTRAST: Final = frozenset("一方 半面 反面 他方".split())
_TIME: Final = frozenset("中 なか 時 際 間 ため 為 うえ 上 以上 結果 後 前 たび 度 場合".split())
# Verbs whose complement the author distances himself from.
_DISTANCING: Final = frozenset("決めつける 言い張る 思い込む 誤解 錯覚 勘違い 言い立てる 騒ぎ立てる".split())
_TITLE: Final = frozenset("題 名 名前 題名 言葉 語 表題 映画 小説 本 歌 番組".split())

# Clauses, by the function words they end in.
_CONCESSION: Final = re.compile(
    r"(?:が|けれども?|けど|ものの|とはいえ|とは言え|からと|のに|ながらも?|つつも|[てで]も|くせに|にもかかわらず)$"
)
_CONDITION: Final = re.compile(r"(?:ば|たら|だら|なら|ならば|として|とすると|限り)$")
_WHETHER: Final = re.compile(r"か(?:どうか|否か)?(?:は|が|を|も|に)?$")
_COMPLEMENT: Final = re.compile(r"(?:を|に|と|が|へ|まで)?(?:は|も|さえ|すら|こそ)?")
_PURPOSE: Final = re.compile(r"(?:の|ため)?に(?:は|も)")
_THAT: Final = re.compile(r"(?:と|とは|とも|とまで|って|などと|とか)$")
_CLEFT: Final = re.compile(r"のは$")

_WITHOUT: Final = re.compile(
    r"(?:の[^、。]{1,8}?)?(?:なくして|なしに|なしで|抜きに|抜きで|が(?:なけれ|いなけれ|なかったら|いなかったら|なかったなら))"
)

# Moods, by the function words that follow a predicate.
_PASSIVE: Final = re.compile(r"さ?(?:れ|られ)")
_ABLE: Final = re.compile(r"でき|出来|られ")
_MUST: Final = re.compile(r"べき|なけれ?ば(?:なら|いけ)|なくては(?:なら|いけ)|ねばなら")
_WISH: Final = re.compile(r"[てで](?:ほしい|欲しい|もらいたい|いただきたい)|たい")
_MAYBE: Final = re.compile(r"かも(?:しれ|知れ)|だろう|でしょう|であろう|らしい|よう[だで]|みたい|はず")
_ASSERTING: Final = re.compile(r"(?:では|じゃ)?(?:ない|なかろう|ありません)(?:の?だろう|の?でしょう|の)?か(?![っら])")
_DOUBTING: Final = re.compile(r"(?:だろう|でしょう|であろう|もの|もん)か")
_ASKING: Final = re.compile(r"か[?。]?$")
_NEGATION: Final = re.compile(
    r"な(?:い|かっ|く|けれ|さ)|ませ(?=ん)|(?<!は)ず|ぬ|まい|ねえ|難[いくか]|がた[いくか]|かね[るて]|にく[いくか]|づら[いくか]"
)
# Negations that assert or limit: かもしれない, ざるを得ない, だけでなく.
_NO_NEGATION: Final = re.compile(
    r"かかわらず|必ず|かね(?:ない|ません|なく|ず)|[てで](?:なら|たまら|しかた|仕方|しょうが)(?:ない|なく|ません|ず)|"
    r"かも(?:しれ|知れ)(?:ない|ません)|に違い(?:ない|ありません)|ざるを[得え](?:ない|ません|ず)|に[過す]ぎ(?:ない|ません|ず)|"
    r"(?:だけ|ばかり)で(?:は|も)?なく|のみならず|しか(?:ない|なかった|ありません)|"
    r"なけれ?ば(?:なら|いけ)(?:ない|ません|ず)|なくては(?:なら|いけ)(?:ない|ません)|ねばなら(?:ない|ぬ|ず|ん)"
)


@dataclass(slots=True)
class Appraisal:
    """Polarity given by the word at ``token``.

    ``shares`` maps tokens of names to the part they receive, -1 to 1; ``conceded``: its clause is one that the main
    clause outweighs (…だが).
    """

    token: int
    strength: float
    shares: Shares
    conceded: bool


class Appraiser:
    """Reads the appraisals of one sentence."""

    def __init__(self, lexicon: Lexicon, tree: Tree, names: Collection[int]) -> None:
        """Prepare a sentence.

        Args:
            lexicon: the evaluative words.
            tree: of the sentence.
            names: tokens of targets and of other names, which attract what is said of them.
        """
        self.tree = tree
        self._lexicon = lexicon
        self.hits = {hit.head: hit for hit in lexicon.find(tree)}
        phrases = {head: range(hit.start, hit.end) for head, hit in self.hits.items()}
        self._inside = {i: head for head, phrase in phrases.items() for i in phrase}
        free = [i for i in range(len(tree)) if i not in self._inside or len(phrases[self._inside[i]]) == 1]
        self.latent = {
            i: Hit(i, i + 1, i, "state", polarity)
            for i in free
            if i not in self.hits and (polarity := lexicon.latent_at(tree, i))
        }
        self.direction = {
            i: sign
            for i in free
            if (sign := lexicon.lookup(lexicon.direction, tree, i))
            and not any(tree.negates(i, c) for c in tree.children[i])
        }
        self.carrying = {i for i in free if lexicon.lookup(lexicon.carry, tree, i)}
        self.roles = Roles(tree, names, self.direction, phrases)

    def above(self, i: int) -> int:
        """The head of a token, where it lies within an expression the head of that."""
        head = self.tree.head(i)
        return self._inside.get(head, head)

    def attitudes(self) -> list[int]:
        """Tokens of the verbs of praise and blame."""
        return [i for i, hit in self.hits.items() if hit.kind == "attitude" and self.tree.tokens[i].pos == "VERB"]

    def appraisals(self, extra: Iterable[Hit] = (), without: Collection[int] = ()) -> list[Appraisal]:
        """What each evaluative word, and each of ``extra``, says and of whom; not the words ``without``."""
        endings = self._lexicon.find_endings(self.tree, self._inside)
        hits = [*self.hits.values(), *self.latent.values(), *endings, *self._lacks(), *extra]
        found = (self._appraise(hit) for hit in hits if hit.head not in without and not self._only_governs(hit))
        said = [a for a in found if a is not None and a.shares and a.strength]
        return said + [Appraisal(i, 1.0, {i: 1.0}, conceded=False) for i in self._indispensable(bool(said))]

    def _lacks(self) -> Iterator[Hit]:
        """Predicates that deplore a want: 工場も人材もない; 三台しか売れない."""
        for i in range(len(self.tree)):
            tokens = self.tree.tokens
            nouns = [c for c in self.tree.children[i] if c < i and tokens[c].pos in _NOUNS and not self.is_valued(c)]
            particles = {self.tree.tail_text(c) for c in nouns if tokens[c].lemma not in _IDLE}
            missing = self.tree.is_negation(i) and not self.tree.is_grammar(i) and "も" in particles
            negated = any(self.tree.is_negation(j) for j in self.tree.tail(i))
            if (missing or ("しか" in particles and negated)) and i not in self._inside:
                yield Hit(i, self.tree.tail(i).stop, i, "news", -1)

    def is_hard(self, i: int) -> bool:
        """Whether the predicate says that something will hardly happen: 難しい, 至難の業, 容易ではない."""
        said = {self.tree.tokens[j].lemma for j in (i, *self.tree.children[i])}
        negated = any(self.tree.is_negation(j) for j in self.tree.tail(i))
        return bool(said & _HARD) or (negated and self.tree.tokens[i].lemma in _EASY)

    def is_valued(self, i: int) -> bool:
        """Whether the token has a polarity of its own."""
        return i in self._inside or i in self.latent

    def _indispensable(self, said: bool) -> Iterator[int]:
        """Names without which nothing goes (Aなくして…ない), or which nothing equals (Aほど…ない) if no word judges."""
        text = [token.text for token in self.tree.tokens]
        for i in self.roles.names:
            after = "".join(text[i + 1 : i + 8])
            if _WITHOUT.match(after) or (not said and after.startswith("ほど") and self._finds_none()):
                yield i

    def _finds_none(self) -> bool:
        """Whether the sentence ends in …はない, …はいない, …を知らない or …は珍しい."""
        root = next(i for i in range(len(self.tree)) if self.tree.head(i) == i)
        absent = self.tree.is_negation(root) and not any(self.tree.negates(root, c) for c in self.tree.children[root])
        denied = any(self.tree.is_negation(i) for i in self.tree.tail(root))
        lemma = self.tree.tokens[root].lemma
        return absent or lemma in _RARE or (denied and lemma in _FOUND)

    def _appraise(self, hit: Hit) -> Appraisal | None:
        climb = _Climb(self, hit)
        if not climb.run():
            return None
        strength = hit.polarity * climb.weight() * climb.factor * self._degree(hit)
        return Appraisal(hit.head, strength, climb.shares(), climb.conceded)

    def _only_governs(self, hit: Hit) -> bool:
        """Whether the word only turns the noun it governs (欠点を克服), or accepts or rejects a view (という説は嘘だ)."""
        for child in self.tree.children[hit.head]:
            valued = child in self.hits or child in self.latent
            if valued and hit.head in self.direction and child < hit.head:
                return True
            if self.tree.tokens[child].lemma in _DISTANCING:
                return True
            if _CLEFT.search(self.tree.tail_text(child)) and child in self.hits and self.is_hard(hit.head):
                return True
            if self.roles.is_view(child) and self.hits.keys() & set(self.tree.subtree(child)):
                return True
        return False

    def _degree(self, hit: Hit) -> float:
        near = {c for c in self.tree.children[hit.head] if c < hit.start} | {hit.start - 1} - {-1}
        degrees = [self._adverb(i) for i in sorted(near)]
        return _DEGREES[max(degrees, key=abs, default=0)]

    def _adverb(self, i: int) -> int:
        written = self.tree.tokens[i].text
        table = self._lexicon.degree
        return table.get(written) or table.get(written + self.tree.tail_text(i)) or 0


class _Climb:
    """One evaluative word's way up the tree: who receives it, and how it is meant."""

    def __init__(self, appraiser: Appraiser, hit: Hit) -> None:
        self._all = appraiser
        self._tree = appraiser.tree
        self._roles = appraiser.roles
        self._hit = hit
        self._tail = self._tree.tail_text(hit.end - 1)  # an entry may hold a negation of its own
        self._receivers: Shares = {}
        self._rivals: Shares = {}
        self._left = 1.0  # of a share, after the steps so far
        self._sign = 1.0  # -1 where a passive swaps the roles
        self._counts = hit.head not in appraiser.latent  # a latent noun counts once a word of direction governs it
        self._open = True  # whether the mood of higher predicates still reaches the word
        self._reported = False  # praise or blame by nobody named
        self._noun = not self._tree.is_predicate(hit.head)  # whether the word is still a noun in a larger phrase
        self.factor = 1.0
        self.composed = False
        self.conceded = False

    def shares(self) -> Shares:
        """Who receives the word, with the sign of the part."""
        return self._rivals | self._receivers

    def weight(self) -> float:
        """What the word counts by its kind."""
        if self.composed:
            return _COMPOSED if self._hit.kind == "news" else 1.0
        if self._reported:
            return _REPORTED
        if self._hit.kind == "news":
            return _MENTIONED if self._noun else _NEWS
        return 1.0

    def run(self) -> bool:
        """Climb to the root. False: the word says nothing of its own here."""
        node = self._hit.head
        roles = {"contest": self._contest, "versus": self._contest, "attitude": self._attitude, "act": self._act}
        roles.get(self._hit.kind, self._state)(node)
        self._mood(node, self._tail)
        passed = {node}
        while (head := self._all.above(node)) not in passed and (self._open or not self._receivers):
            if not self._step(node, head):
                return self._counts and bool(self._receivers)
            node = head
            passed.add(node)  # an expression of several tokens may hang from its own dependents
        self._receive(self._roles.inherited(node, self._hit.head))
        if self._hit.kind in ("state", "news") and not self._roles.has_subject(self._hit.head):
            self._receive(self._roles.nearest(self._hit.head))
        return self._counts

    def _receive(self, shares: Shares) -> None:
        """Give the word to the names of a level, unless a nearer level has taken it."""
        if not self._receivers:
            self._receivers = {i: self._sign * self._left * s for i, s in shares.items() if i not in self._rivals}

    # The word's own roles

    def _state(self, n: int) -> None:
        self._rivals = {i: -_RIVAL_SHARE * share for i, share in self._roles.standards(n).items()}
        if self._noun:
            self._receive(self._roles.possessors(n))
        self._receive(self._roles.subjects(n, n))
        self._receive(self._roles.modified(n))
        self._receive(self._roles.possessors(n))

    def _act(self, n: int) -> None:
        if self._passive:
            self._receive(self._roles.agents(n))
            self._counts = bool(self._receivers)
            return
        self._receive(self._roles.subjects(n, n))
        self._receive(self._roles.modified(n))

    def _contest(self, n: int) -> None:
        self._sign = -1.0 if self._passive else 1.0
        losers = self._roles.complements(n, RIVAL) | self._roles.standards(n) | self._roles.facing(n)
        losers |= self._roles.within(n)
        modified = self._roles.modified(n)
        winners = {i: share for i, share in self._roles.subjects(n, n).items() if i not in losers}
        if self._noun:
            winners = {i: share for i, share in self._roles.possessors(n).items() if i not in losers} or winners
        if winners and not losers:
            losers = modified
        if self._hit.kind == "versus" and not losers:
            self._counts = False
        self._rivals = {i: -self._sign * _RIVAL_SHARE * share for i, share in losers.items()}
        self._receive(winners or modified)

    def _attitude(self, n: int) -> None:
        if self._noun:
            self._reported = True
            self._receive(self._roles.complements(n, OBJECT) or self._roles.possessors(n))
            return
        if self._passive:
            self._reported = True
            self._receive(self._roles.subjects(n, n))
            self._receive(self._roles.modified(n))
            return
        objects = self._roles.complements(n, OBJECT)
        if self._roles.only_others(objects):  # 利用者を馬鹿にする says something of who does it
            objects = self._roles.subjects(n, n)
        self._receive(objects)
        if not any(OBJECT.fullmatch(self._tree.particle(c)) for c in self._roles.children(n)):
            self._receive(self._roles.modified(n))
            if not self._roles.has_subject(n):
                self._receive(self._roles.inherited(n, n))
            if any(mood.search(self._tail) for mood in (_ABLE, _WISH, _MUST, _NEGATION)):
                self._receive(self._roles.subjects(n, n))
        self._counts = bool(self._receivers)

    @property
    def _passive(self) -> bool:
        return self._tree.tokens[self._hit.head].pos == "VERB" and _PASSIVE.match(self._tail) is not None

    # Steps

    def _step(self, node: int, head: int) -> bool:
        """Go from a token to its head. False: here the word's way ends."""
        self._left *= _CLIMB
        dep = self._tree.dep(node)
        if self._tree.tokens[node].pos == "VERB" and _PURPOSE.fullmatch(self._tree.tail_text(node)):
            self._counts = False
            return False
        if self._tree.is_clause(node):
            return self._to_main_clause(node, head)
        if dep in ("nmod", "compound"):
            return self._to_noun(node, head)
        if dep in ("nsubj", "obj", "obl", "iobj", "dislocated"):
            return self._to_predicate(node, head)
        if dep in ("acl", "amod"):
            return self._to_modified(node, head)
        return self._to_main_clause(node, head)

    def _to_noun(self, node: int, head: int) -> bool:
        """品質 in 品質の低下; 最強 in 最強のメーカー."""
        called = self._tree.particle(node) == "という" and self._tree.tokens[head].lemma in _TITLE
        if called or not self._govern(head):
            return False
        self._describe(node, head)
        return True

    def _describe(self, node: int, noun: int) -> None:
        """Pass on to a noun that the word describes, and to what this noun is said of."""
        shares = self._roles.phrase(noun, skip=node)
        self._mood(noun)
        if noun in shares:
            self._open = False  # 優れたテスラ: what follows is said of the name, no longer of the word
        self._receive(shares)
        if self._tree.is_predicate(noun):
            self._receive(self._roles.subjects(noun, self._hit.head, skip=node))

    def _to_predicate(self, node: int, head: int) -> bool:
        """品質 in 品質が低い; 成果 in 成果を出す."""
        subject = self._roles.is_subject(head, node) and not self._tree.particle(node).startswith("で")
        if not self._govern(head):
            return False
        if self._tree.particle(node) == "と":
            self._receive(self._roles.complements(head, ACCUSATIVE))
        tied = _COMPLEMENT.fullmatch(self._tree.particle(node)) is not None
        if not subject and not (tied and (head in self._all.direction or head in self._all.carrying)):
            return bool(self._receivers)
        if not self._receivers:
            self._receive(self._roles.subjects(head, self._hit.head, skip=node))
            self._receive(self._roles.modified(head))
        exists = self._tree.tokens[head].lemma in EXISTENCE
        if not subject or exists or head in self._all.carrying:
            self._mood(head, keeps_blame=not exists)
        self._noun = False
        return True

    def _govern(self, head: int) -> bool:
        """Let a governing word keep or turn the polarity. False where it judges in place of the word."""
        direction = self._all.direction.get(head, 0)
        if direction and self._open:
            self.factor *= direction
            self._counts = self.composed = True
            standards = self._roles.standards(head)
            self._rivals = self._rivals or {i: -_RIVAL_SHARE * share for i, share in standards.items()}
        return bool(direction) or not self._noun or head not in self._all.hits

    def _to_modified(self, node: int, head: int) -> bool:
        """優れた in 優れた技術; through こと, わけ and the like the clause above speaks on."""
        lemma = self._tree.tokens[head].lemma
        if lemma in _POSSIBLE:
            self.factor *= _CLIMB
            self._mood(head)
        elif self._roles.is_view(head):
            self._view(head)
        elif lemma in _CONTRAST:
            self._open = False
        elif lemma in _TIME:
            self.factor *= _UNLIKELY if lemma == "場合" else _TOLD
            self._open = False
        elif lemma in FORMAL:
            self._mood(head)
        elif self._all.is_valued(head) and node in self._all.direction:
            self._counts = False  # 強い疑問: no more than the degree of the doubt
            return False
        else:
            self._describe(node, head)
        self._noun = False
        return True

    def _view(self, noun: int) -> None:
        """A view by nobody named: weak, unless the author accepts or rejects it."""
        judge = self._all.above(noun)
        hit = self._all.hits.get(judge)
        self.factor *= _REPORTED if hit is None else 1.0 if hit.polarity > 0 else -1.0
        if hit is not None:
            self._mood(judge, self._tree.tail_text(hit.end - 1))
        self._open = False

    def _to_main_clause(self, node: int, head: int) -> bool:
        tail = self._tree.tail_text(node)
        if self._open and _WHETHER.search(tail):
            self._counts = False
            return False
        if self._open and _CONDITION.search(tail):
            self.factor *= _UNLIKELY
            self._open = False
        elif self._open and _CONCESSION.search(tail):
            self.conceded = True
            self._open = False
        elif self._tree.negates(head, node):
            self._turn()
            self._mood(head)
        elif self._is_adverb(node):
            self._mood(head)
        elif _THAT.search(tail):
            if self._tree.tokens[head].lemma in _DISTANCING:
                self._turn()
            self._mood(head)
        else:
            self._open = False
        if _CLEFT.search(tail):
            if self._all.is_hard(head):
                self.factor *= -1
            self._receive(self._roles.phrase(head, skip=node))
        self._receive(self._roles.subjects(head, self._hit.head, skip=node))
        self._noun = False
        return True

    def _is_adverb(self, node: int) -> bool:
        """着実に, 上手く, 悪くは: what they modify may be negated."""
        token = self._tree.tokens[node]
        return (token.pos == "ADJ" and self._tree.tail_text(node) in ("", "に", "は", "も")) or token.pos == "ADV"

    # Mood

    def _turn(self) -> None:
        if self._open:
            self.factor *= -1

    def _mood(self, n: int, tail: str | None = None, *, keeps_blame: bool = False) -> None:
        """Apply negation, obligation, guess and question to the word, by the function words after a predicate."""
        if not self._open:
            return
        if tail is None:
            formal = self._tree.tokens[n].lemma in FORMAL
            tail = (self._tree.tokens[n].text if formal else "") + self._tree.tail_text(n)
        asserting = _ASSERTING.search(tail)
        negations = len(_NEGATION.findall(_NO_NEGATION.sub("", _ASSERTING.sub("", tail))))
        negations += self._limits(n) if negations else 0
        blames = self.factor * self._hit.polarity < 0
        if negations % 2 and not (keeps_blame and blames):
            self.factor *= -1
        elif not negations and not blames and _MUST.search(tail) and self._hit.kind != "attitude":
            self.factor *= -0.8  # 責任を果たすべきだ: it does not
        if _MAYBE.search(tail):
            self.factor *= 0.8
        if asserting:
            self.factor *= 0.9
        elif _DOUBTING.search(tail):
            self.factor *= -0.8 if self.factor * self._hit.polarity > 0 else 0.4
        elif _ASKING.search(tail):
            self.factor *= 0.2

    def _limits(self, n: int) -> int:
        """1 where しか turns a negation into a limitation: テスラしか頼れない."""
        said = (c for c in self._roles.children(n) if not self._tree.is_function(c))
        return sum(self._tree.tail_text(c).startswith("しか") for c in said)
