"""Questions that assert, and questions that ask.

A question counts as rhetorical where a cue marks it and nothing shows that an answer is wanted: an interviewer's
line, a question that opens an explanation, one that the next sentence answers. Where it insinuates, the answer
does not save it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.text.cues import Hit
from pipeline.text.word_patterns import Words

INSINUATES: Final = 0.55  # weight from which a question cue alone says that the answer is known
CHARGED: Final = 0.45  # weight from which another cue inside the question does

_END: Final = re.compile(r"(?:か|の|かい|だい|かね|[?？])[」』”)）]*[?？!！…・。]*$")
_INTERVIEWER: Final = re.compile(r"^\s*(?:[―—─-]{1,3}|Q\d*[.:．：]|問\d*[.:．：、]|質問[:：]|記者[:：]|聞き手[:：])")
_OPENING: Final = re.compile(r"^(?:では|それでは|さて|ところで|まず|次に|続いて)[、,]?")
# Interrogatives that ask for a fact rather than reproach.
_FACT: Final = re.compile(
    r"(?:どれ(?:くらい|ぐらい|ほど|だけの)|どの(?:くらい|程度|よう)|いくら|いくつ|どこ(?:で|から|に|へ)|何(?:種類|人|回|円|年|割|台)|いつ(?!まで|になったら))"
)
_ANSWER: Final = re.compile(
    r"^(?:それは|その(?:答え|理由|原因|背景|要因|鍵|カギ|ポイント|秘密)|答えは|答えを|理由は|原因は|要因は|背景に|結論から|実は|ずばり|ズバリ|"
    r"(?:主な|一番の|最大の|大きな)(?:理由|要因|原因)は|(?:ひと|一)つ(?:は|目|に)|第[一1]に|はい|いいえ)"
    r"|^[^。]{0,14}(?:現状|実態|詳しく|順に|以下|ここ|まず|さっそく|早速)[^。]{0,12}(?:見て|確認|整理|解説|考えて|紹介|検証)"
)
_BECAUSE: Final = re.compile(r"(?:から|ため)(?:だ|である|です|でした|だった)。?$")
_WHY: Final = re.compile(r"なぜ|何故|どうして|なんで|何")
# Words of an opening that do not belong to the question.
_LEAD: Final = re.compile(
    r"(?:しかし|だが|ところが|でも|では|それでは|さて|だから|そして|また|ただ|もっとも|一方(?:で)?|そこで|となると|とすれば)[、,]?"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a sentence stands: the sentence after it in its document, and the kind of its block."""

    following: str = ""
    block: str = "paragraph"


def question(words: Words, asking: Sequence[Hit], others: Sequence[Hit], setting: Setting) -> tuple[int, int] | None:
    """The whole rhetorical question (code points of the document, full stop excluded), or None.

    Args:
        words: the sentence.
        asking: what question cues were found in it.
        others: what other cues were found.
        setting: for the answer that may follow.
    """
    text = words.sentence.text
    if not _END.search(text):
        return None
    start, end = _extent(words)
    found = [hit for hit in asking if hit.start < end and hit.end > start]
    if not found:
        return None
    charged = [h for h in others if start <= h.start and h.cue.weight >= CHARGED and h.cue.technique != "appeal"]
    insinuates = bool(charged) or any(hit.cue.weight >= INSINUATES for hit in found)
    if _INTERVIEWER.search(text) or (_wants_answer(text, setting) and not insinuates):
        return None
    return start, end


def _wants_answer(text: str, setting: Setting) -> bool:
    if _OPENING.search(text) or _FACT.search(text):
        return True
    if setting.block in ("title", "heading") and not re.search("だろう|でしょう", text):
        return True
    return bool(_ANSWER.search(setting.following) or (_WHY.search(text) and _BECAUSE.search(setting.following)))


def _extent(words: Words) -> tuple[int, int]:
    """From the last full clause before it (…が、…し、) to the question mark, code points of the document."""
    text, base = words.sentence.text, words.sentence.start
    start = 0
    for token, comma in zip(words.tokens, words.tokens[1:], strict=False):
        if (
            comma.text in "、,"
            and token.tag == "助詞-接続助詞"
            and token.text in ("が", "けれど", "けれども", "けど", "し")
        ):
            start = comma.end - base
    lead = _LEAD.match(text, start)
    if lead and lead.end() < len(text):
        start = lead.end()
    end = len(text.rstrip("。… \u3000"))
    return base + start, base + end
