"""Clauses: a sentence cut where a new assertion may begin, and the words of one without its wrapping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.record import Token

Range = tuple[int, int]  # of tokens, end exclusive

_COMMAS: Final = frozenset("、,，")
_PREDICATES: Final = ("助動詞", "動詞", "形容詞")
_COORDINATING: Final = frozenset({"が", "けれど", "けれども", "けど", "し", "て", "で", "ものの", "つつ"})
# Verbs of compound particles (に伴い, を受け): no clause of their own.
_COMPOUND: Final = frozenset({
    "伴う", "よる", "つく", "対する", "おく", "於く", "関する", "めぐる", "基づく", "受ける", "続く", "加える", "応じる",
    "沿う", "わたる", "際する", "通じる", "比べる", "する", "従う", "向ける", "限る", "代わる",
})  # fmt: skip
_LEAD: Final = re.compile(
    r"(?:しかし|だが|ところが|でも|また|さらに|一方(?:で)?|なお|ただ(?:し)?|ちなみに|例えば|たとえば|実際(?:に)?|もちろん|つまり|すなわち|しかも"
    r"|その結果|このため|そのため|そこで|では|それでは|このほか|方や|片や|そして|だから|したがって|特に|とくに|加えて|もっとも|むしろ|まず|次に)、"
    r"|(?:しかし|だが|ところが|さらに|ちなみに|方や|片や|そして|しかも)"
)
_FINAL: Final = frozenset("。.!?！？…・ねよなさわぞ")
_POLITE: Final = (
    ("の", "です"),
    ("ん", "です"),
    ("の", "でした"),
    ("です",),
    ("でし", "た"),
    ("まし", "た"),
    ("ます",),
)


def split(tokens: Sequence[Token]) -> list[Range]:
    """Cut at commas that follow a coordinating form (…し、…が、…て、), outside quotation marks and parentheses."""
    commas = [
        i for i in range(1, len(tokens) - 1)
        if tokens[i].text in _COMMAS and not _is_enclosed(tokens, i) and _coordinates(tokens, i - 1)
    ]  # fmt: skip
    return list(zip([0, *(i + 1 for i in commas)], [*commas, len(tokens)], strict=True))


def has_subject(tokens: Sequence[Token], part: Range) -> bool:
    """Whether a noun with は, が or も stands in the range."""
    return any(
        tokens[i].text in ("は", "が", "も") and tokens[i].tag.startswith(("助詞-係助詞", "助詞-格助詞"))
        and tokens[i - 1].tag.startswith(("名詞", "代名詞", "接尾辞", "補助記号-括弧閉"))
        for i in range(part[0] + 1, part[1])
    )  # fmt: skip


def trim(tokens: Sequence[Token], part: Range) -> Range | None:
    """The range without leading conjunctions and bullets, final marks, particles and politeness; None if empty."""
    first, after = part
    if first >= after:
        return None
    lead = _LEAD.match("".join(t.text for t in tokens[first:after]))
    start = tokens[first].start + lead.end() if lead else 0
    while first < after and (tokens[first].start < start or _is_wrapping(tokens[first])):
        first += 1
    while after > first and (tokens[after - 1].text in _FINAL or tokens[after - 1].tag.startswith("空白")):
        after -= 1
    after = _without_politeness(tokens, first, after)
    return (first, after) if after > first else None


def _without_politeness(tokens: Sequence[Token], first: int, after: int) -> int:
    """Cut です, ます, ました, のです and the いる of ています; negatives stay whole (guidelines, section 6)."""
    words = [t.text for t in tokens[first:after]]
    for tail in _POLITE:
        cut = len(words) - len(tail)
        if cut > 0 and tuple(words[cut:]) == tail and words[cut - 1] != "ん":  # ませんでした is a negative
            stative = (
                tail[0] in ("まし", "ます") and words[cut - 1] in ("い", "おり") and words[cut - 2] in ("て", "で")
            )
            return first + cut - stative
    return after


def _is_wrapping(token: Token) -> bool:
    if token.tag.startswith("補助記号"):
        return not token.tag.startswith("補助記号-括弧開")
    return token.tag.startswith(("接続詞", "感動詞", "空白"))


def _is_enclosed(tokens: Sequence[Token], i: int) -> bool:
    return sum((t.text in tuple("「『(（")) - (t.text in tuple("」』)）")) for t in tokens[:i]) > 0


def _coordinates(tokens: Sequence[Token], i: int) -> bool:
    token = tokens[i]
    verb = i - 1 if token.text in ("て", "で") else i
    if verb > 0 and tokens[verb - 1].text in ("に", "を", "と") and tokens[verb].lemma in _COMPOUND:
        return False
    if token.tag == "助詞-接続助詞":
        return token.text in _COORDINATING
    if token.text == "一方" or (token.text == "で" and i and tokens[i - 1].text == "一方"):
        return True
    return token.tag.startswith(_PREDICATES) and token.text != token.lemma
