"""Which names stand in which role to a predicate: subject, object, rival, possessor, modified noun.

Every function gives shares: tokens of names, each with the part of what is said that reaches it (0 to 1). The parts
are the project's own, set on the table of the tests.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from pipeline.text.syntax import Tree

Shares = dict[int, float]

_POSSESSOR: Final = 0.95  # the firm, of what is said of its product
_RELATIVE: Final = 0.6  # the maker, of what is said of the thing (テスラが作った車)
_MODIFIER: Final = 0.6  # the first part of a compound, of what is said of its last (テスラ in テスラ株)
_SCENE: Final = 0.45  # a topic with で, of what is said to be so there
_NEAREST: Final = 0.6  # the nearest name, of what the grammar ties to nobody

_TOPIC: Final = re.compile(
    r"(?:に|で|と|にとって|として|だけ|ばかり|自体)?(?:は|も|こそ|すら|さえ|って|なら|とは|など|なんて|なんか)(?:が|は|も)?|"
    r"に(?:せよ|しろ|しても)"
)
_ADDITIVE: Final = re.compile(r"(?:も|にせよ|にしろ|にしても)$")
STANDARD: Final = re.compile(r"(?:より|ほど)(?:も|は)?")
RIVAL: Final = re.compile(r"(?:を|と|に|には|にも|にさえ|にすら|に対し|に対する|に対して|を相手に|へ|への)")
OBJECT: Final = re.compile(r"(?:を|に|には|にも|をも|へ|への|に対し|に対する|に対して)")
ACCUSATIVE: Final = re.compile(r"(?:を|をも)")
_PARTNER: Final = re.compile(r"(?:と|や|・|および|及び|かつ|も|とか|か)?")
_OWNER: Final = re.compile(r"(?:の|など|などの|という|における|での|としての|ならではの)")
_DIRECTED: Final = re.compile(r"に(?:は|も)?")
_MEASURED: Final = re.compile(r"[にと](?:は|も)?")
_FACING: Final = re.compile(r"に対する|への|との")
EXISTENCE: Final = frozenset(
    "ある ない 無い いる 居る 多い 少ない 残る 欠ける 足りる 乏しい 存在 見当たる 見つかる 見られる つきまとう 伴う".split()
)
_PLACE: Final = frozenset("隣 近く そば 横 前 上 下 中 周辺 周り 向かい 裏 奥 間".split())
# Verbs that make a thing its subject's own.
_MAKES: Final = frozenset(
    "作る 造る 創る 開発 生産 製造 手掛ける 手がける 生む 生み出す 出す 売る 販売 誇る 持つ 築く 培う 率いる 運営 経営 展開 提供 発売 投入 "
    "進める 打ち出す 掲げる 唱える 語る 仕上げる 設計 抱える 描く".split()
)
# Others than the targets who may receive what is said: they keep it from reaching a target further off.
_OTHERS: Final = frozenset(
    "他社 競合 ライバル 競争相手 同業 各社 他 他国 利用者 消費者 顧客 投資家 国民 株主 社員 従業員 専門家".split()
)
_OPINION: Final = frozenset(
    "見方 声 説 主張 意見 評判 指摘 論 見解 考え 噂 極論 議論 論調 言説 俗説 批判 印象 通説 定説 見立て".split()
)
FORMAL: Final = frozenset(
    "こと 事 の わけ 訳 はず 筈 もの 物 ところ つもり 点 ほう 方 必要 とき 限り まま 理由 道理 義理".split()
)


class Roles:
    """Reads the roles of one sentence."""

    def __init__(
        self, tree: Tree, names: Collection[int], governing: Collection[int], phrases: Mapping[int, range]
    ) -> None:
        """Prepare a sentence.

        Args:
            tree: of the sentence.
            names: tokens of targets and of other names.
            governing: tokens of words such as 高い and 欠ける, whose に marks a possessor.
            phrases: the tokens of each expression by its head (後れを取る by 取る), whose complements are taken together.
        """
        self._tree = tree
        self.names = sorted(names)
        self._others = {i for i, t in enumerate(tree.tokens) if t.lemma in _OTHERS}
        self._named = set(names) | self._others
        self._governing = governing
        self._phrases = phrases

    def children(self, predicate: int) -> list[int]:
        """What depends on a predicate, or on another token of its expression."""
        phrase = self._phrases.get(predicate, range(predicate, predicate + 1))
        return sorted(c for i in phrase for c in self._tree.children[i] if c not in phrase)

    def phrase(self, i: int, skip: int = -1) -> Shares:
        """Names within a noun phrase: its head, its possessors and partners, the subject of its relative clause."""
        shares: Shares = {i: 1.0} if i in self._named else {}
        if i in self._others:
            return shares
        for child in self._tree.children[i]:
            if child == skip or child > i:
                continue
            for token, share in self._part(i, child, skip).items():
                shares[token] = max(shares.get(token, 0.0), share)
        return shares

    def _part(self, noun: int, child: int, skip: int) -> Shares:
        dep, particle = self._tree.dep(child), self._tree.particle(child)
        if dep == "acl":
            return {} if self.is_view(noun) else self._through_clause(child, skip)
        if dep == "compound" or (child == noun - 1 and not particle):
            part = _MODIFIER
        elif dep == "nsubj" and particle == self._tree.particle(noun) == "も":
            part = 1.0
        elif dep not in ("nmod", "appos", "conj", "dep"):
            return {}
        elif _OWNER.fullmatch(particle):
            part = _POSSESSOR
        elif _PARTNER.fullmatch(particle):
            part = 1.0
        else:
            return {}
        return {token: part * share for token, share in self.phrase(child, skip).items()}

    def _through_clause(self, clause: int, skip: int) -> Shares:
        """The maker in テスラが作った車, and the possessor that GiNZA hangs from the adjective in テスラの新しい車."""
        shares: Shares = {}
        for child in self._tree.children[clause]:
            if self._tree.particle(child) == "の" and self._tree.dep(child) in ("nmod", "nsubj"):
                shares |= {i: _POSSESSOR * share for i, share in self.phrase(child, skip).items()}
            elif self._tree.dep(child) in ("nsubj", "dislocated") and self._tree.tokens[clause].lemma in _MAKES:
                shares |= {i: _RELATIVE for i in range(*self._tree.phrase(child)) if i in self._named}
        return shares

    def is_view(self, i: int) -> bool:
        """Whether the token is a noun for somebody's view, with the clause that says it (…という見方)."""
        opinion = self._tree.tokens[i].lemma in _OPINION
        return opinion and any(self._tree.dep(c) == "acl" for c in self._tree.children[i])

    def possessors(self, noun: int) -> Shares:
        """Names that a noun belongs to."""
        return {i: share for i, share in self.phrase(noun).items() if i != noun}

    def subjects(self, predicate: int, anchor: int, skip: int = -1) -> Shares:
        """Names in the subjects and topics of a predicate; of several, the nearest before ``anchor``."""
        children = [c for c in self.children(predicate) if c != skip and self.is_subject(predicate, c)]
        found = [(c, shares) for c in children if (shares := self._topic(c, skip))]
        owners = [
            shares for c, shares in found if _DIRECTED.fullmatch(self._tree.particle(c)) and self._owns(predicate)
        ]
        if owners:
            return owners[-1]
        if all(_ADDITIVE.search(self._tree.tail_text(c)) for c, _ in found):
            return {token: share for _, shares in found for token, share in shares.items()}
        marked = [(c, shares) for c, shares in found if not _ADDITIVE.search(self._tree.tail_text(c))]
        before = [shares for c, shares in marked if c < anchor]
        return before[-1] if before else marked[0][1]

    def _topic(self, child: int, skip: int) -> Shares:
        scene = self._tree.particle(child).startswith("で")
        return {i: share * (_SCENE if scene else 1.0) for i, share in self.phrase(child, skip).items()}

    def inherited(self, predicate: int, anchor: int) -> Shares:
        """Names in the topics of the clauses that a main clause follows: テスラは高いが、速い."""
        formal = ("acl",) if self._tree.tokens[predicate].lemma in FORMAL else ()
        clauses = [
            c for c in self.children(predicate)
            if c < predicate and (self._tree.is_clause(c) or self._tree.dep(c) in ("advcl", "ccomp", "csubj", *formal))
        ]  # fmt: skip
        for clause in reversed(clauses):
            shares = self.subjects(clause, anchor) or self.inherited(clause, anchor)
            if shares:
                return shares
        return {}

    def has_subject(self, predicate: int) -> bool:
        """Whether a subject or a modified noun stands there, named or not."""
        formal = self._tree.tokens[self._tree.head(predicate)].lemma in FORMAL
        modifies = self._tree.dep(predicate) in ("acl", "amod") and not formal
        return modifies or any(self.is_subject(predicate, c) for c in self.children(predicate))

    def is_subject(self, predicate: int, child: int) -> bool:
        """Whether a child of a predicate is its subject or a topic."""
        dep, particle = self._tree.dep(child), self._tree.particle(child)
        if STANDARD.match(particle):
            return False
        if dep in ("nsubj", "dislocated", "csubj"):
            return True
        if dep not in ("obl", "advcl", "nmod", "obj", "dep", "advmod"):
            return False
        if particle == "に":
            if self._tree.tokens[child].lemma in _PLACE:
                return False
            return self._owns(predicate)
        tail = self._tree.tail_text(child)
        return _TOPIC.fullmatch(tail) is not None or self._is_called(child) or (tail == "しか" and child in self._named)

    def _owns(self, predicate: int) -> bool:
        """Whether に marks a possessor there: 日本には資源がない."""
        return predicate in self._governing or self._tree.tokens[predicate].lemma in EXISTENCE

    def _is_called(self, child: int) -> bool:
        """A name before a comma, with no particle: さすがサムスン、画面が美しい."""
        after = child + 1
        return child in self._named and after < len(self._tree) and self._tree.tokens[after].text == "、"

    def complements(self, predicate: int, particles: re.Pattern[str]) -> Shares:
        """Names in the complements with one of the particles."""
        shares: Shares = {}
        for child in self.children(predicate):
            fits = particles.fullmatch(self._tree.particle(child)) and self._tree.tokens[child].lemma not in _PLACE
            if fits and self._tree.dep(child) in ("obj", "obl", "iobj", "nmod", "advcl", "dep", "acl"):
                shares |= self.phrase(child)
        return shares

    def only_others(self, shares: Shares) -> bool:
        """Whether there are names, and none but 利用者, 他社 and the like."""
        return bool(shares) and shares.keys() <= self._others

    def facing(self, noun: int) -> Shares:
        """Names that a noun faces, itself or through its possessors: AIに対する…の優位."""
        shares: Shares = {}
        for child in self._tree.children[noun]:
            if self._tree.dep(child) in ("nmod", "acl", "obl"):
                fits = _FACING.fullmatch(self._tree.particle(child))
                shares |= self.phrase(child) if fits else self.facing(child)
        return shares

    def within(self, predicate: int) -> Shares:
        """Names that a noun within an expression belongs to: テスラの後塵を拝する."""
        shares: Shares = {}
        for i in self._phrases.get(predicate, range(0)):
            if i != predicate:
                shares |= self.possessors(i)
        return shares

    def agents(self, predicate: int) -> Shares:
        """Names marked by に: who does what a passive tells."""
        return self.complements(predicate, _DIRECTED)

    def standards(self, predicate: int) -> Shares:
        """Names that the predicate is measured against: より, ほど, に比べて."""
        shares = self.complements(predicate, STANDARD)
        for child in self.children(predicate):
            if self._tree.tokens[child].lemma in ("比べる", "比較"):
                shares |= self.complements(child, _MEASURED)
        return shares

    def modified(self, predicate: int) -> Shares:
        """Names in the noun that a relative clause modifies."""
        head = self._tree.head(predicate)
        if self._tree.dep(predicate) not in ("acl", "amod") or self._tree.tokens[head].lemma in FORMAL:
            return {}
        return self.phrase(head, skip=predicate)

    def nearest(self, anchor: int) -> Shares:
        """The last topic named before a token, else the nearest name before it, else the first after it."""
        before = [i for i in self.names if i < anchor]
        topics = [i for i in before if self._tree.particle(i) == "は"]
        candidates = topics or before or self.names[:1]
        return {candidates[-1]: _NEAREST} if candidates else {}
