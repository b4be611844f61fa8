"""From evidence to spans: what the cues, coinages, questions and nicknames of a sentence come to.

Spans do not overlap. A rhetorical question wins over everything in it; else the technique that stands earlier in the
guidelines' table wins, and what it overlaps is dropped. Overlapping or touching evidence of one technique is one span.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.record import TECHNIQUES, Quote, Technique, layer
from pipeline.text.coinages import Coinages
from pipeline.text.cues import CueSet, Direction, Hit
from pipeline.text.questions import Setting, question
from pipeline.text.syntax import Tree
from pipeline.text.voices import Voice, voices
from pipeline.text.word_patterns import Words

NICKNAME_WEIGHT: Final = 0.6  # of a name that the gazetteer marks as mocking
_MOCKING: Final = "mocking"
# What takes a judgement back (革命とまでは言えない); だけではない does not.
_DENIED: Final = re.compile(
    r"[^、。「」]{0,4}?(?:(?<!だけ)(?:では|じゃ)(?:な(?:い|く|かっ)|ありません)(?!か|だろうか|でしょうか)"
    r"|と(?:まで)?は(?:限ら|言え|いえ|言い難|言いがた|言い切れ|思わ|思え|呼べ)|とまではい|わけでは|というわけでは|には(?:至|及)っていない)"
)
# What shows that a quoted word is spoken about, not used.
_MENTION: Final = re.compile(
    r"(?:という|といった|との|なる)?(?:言葉|表現|語|用語|単語|フレーズ|文言|文字|呼び方|呼称|形容|言い方|見出し|コピー|ハッシュタグ)"
)
# After a passage that looks reported, but is in the author's words: と言うしかない, という未来, と予測されている (by nobody).
_OWN_WORDS: Final = re.compile(
    r"(?:でも)?(?:言|い)(?:う(?:しか|ほか|べき|より|に|(?!。|、|$|(?:よう|風)?な?(?:声|意見|指摘|見方|批判|評価|主張|説|話|考え|懸念|期待)))"
    r"|って(?:も)?(?:い|よ)い|いたく|わざる|え[るよ])|呼(?!ば)|呼ばれ(?:ても|るのも)|(?:予測|予想|推計|期待|想定|評価|さ|言わ|いわ|見|み|考えら|見込ま)(?:さ)?[れら]"
)
# 〜とする with a subject that speaks: 政府は…としている.
_HOLDS: Final = re.compile(r"(?<!う)と(?=し(?:ている|ています|ていた|ており|た)(?:。|、|$))")
_MARKS: Final = "!！"
_NEGATIVE_END: Final = re.compile(r"(?:な[いくし]|ず|ぬ|ません)$")


@dataclass(frozen=True, slots=True)
class Finding:
    """One span of rhetoric (code points of the document) with its evidence, strongest first."""

    technique: Technique
    start: int
    end: int
    score: float
    direction: Direction
    why: tuple[str, ...]


def find_rhetoric(words: Words, cues: CueSet, coinages: Coinages, setting: Setting) -> list[Finding]:
    """The spans of a sentence, in order."""
    names = [q for q in layer(words.sentence.quotes) if coinages.is_official(q, words)]
    hits = [hit for hit in cues.find(words) if _is_used(hit, words) and not any(_lies_in(hit, name) for name in names)]
    questions, hits = _questions(hits, words, setting)
    evidence = [*(_finding(hit) for hit in hits), *_slogans(words, coinages), *_nicknames(words)]
    chosen = list(questions)
    for technique in TECHNIQUES:
        merged = _merge(f for f in evidence if f.technique == technique)
        chosen += [f for f in merged if not _meets_any(f, chosen)]
    chosen = [_supported(f, evidence) for f in chosen]
    text, base = words.sentence.text, words.sentence.start
    return sorted((_with_mark(f, text, base, chosen) for f in chosen), key=lambda f: f.start)


def reported(words: Words) -> list[tuple[int, int]]:
    """The passages (code points) that are somebody else's words, direct or before a verb of saying.

    What follows によると is not among them: there the facts are the source's, the wording mostly the author's.
    """
    tokens = words.tokens
    passages = [v for v in voices(words.sentence, Tree(tokens), ()) if v.end < len(tokens) or _is_quote(v, words)]
    spans = [(tokens[v.start].start, tokens[v.end - 1].end) for v in passages]
    text, base = words.sentence.text, words.sentence.start
    spans = [(start, end) for start, end in spans if not _OWN_WORDS.match(text[end - base :].removeprefix("と"))]
    return [*spans, *_held(words)]


def _held(words: Words) -> Iterator[tuple[int, int]]:
    """What a named body holds (…は、…としている), from after its particle."""
    text, base = words.sentence.text, words.sentence.start
    for entity in layer(words.sentence.entities):
        subject = re.match("(?:氏|さん|側)?は、?", text[entity.end - base :])
        if subject and entity.label in ("PERSON", "ORG", "GPE"):
            start = entity.end - base + subject.end()
            yield from ((base + start, base + m.end()) for m in _HOLDS.finditer(text, start))
            return


def _is_quote(voice: Voice, words: Words) -> bool:
    return any(words.tokens[voice.start].start == q.start for q in layer(words.sentence.quotes))


def _questions(hits: Sequence[Hit], words: Words, setting: Setting) -> tuple[list[Finding], list[Hit]]:
    """The rhetorical question of the sentence, if it is one, and the hits that are not about it."""
    asking = [hit for hit in hits if hit.cue.technique == "rhetorical_question"]
    others = [hit for hit in hits if hit.cue.technique != "rhetorical_question"]
    span = question(words, asking, others, setting)
    if span is None:
        return [], others
    found = sorted((_finding(hit) for hit in asking), key=lambda f: -f.score)
    why = tuple(reason for finding in found for reason in finding.why)
    taken = [h.cue.direction for h in others if span[0] <= h.start and h.end <= span[1] and h.cue.direction != "size"]
    direction = taken[0] if taken else found[0].direction
    return [Finding("rhetorical_question", *span, found[0].score, direction, why)], others


def _finding(hit: Hit) -> Finding:
    cue = hit.cue
    why = f"cue {cue.name} ({cue.technique} {cue.weight:g})"
    return Finding(cue.technique, hit.start, hit.end, cue.weight, cue.direction, (why,))


def _slogans(words: Words, coinages: Coinages) -> Iterator[Finding]:
    for found in coinages.find(words):
        phrase = words.sentence.text[found.start - words.sentence.start : found.end - words.sentence.start]
        why = f"coinage {phrase} (slogan {found.score:.2g}): {', '.join(found.reasons)}"
        yield Finding("slogan", found.start, found.end, found.score, found.direction, (why,))


def _nicknames(words: Words) -> Iterator[Finding]:
    for entity in layer(words.sentence.entities):
        if entity.fine.startswith(_MOCKING):
            why = f"nickname {entity.text} (labeling {NICKNAME_WEIGHT:g})"
            yield Finding("labeling", entity.start, entity.end, NICKNAME_WEIGHT, "doom", (why,))


def _is_used(hit: Hit, words: Words) -> bool:
    """Whether the words are meant: not part of a longer name, not taken back, not just spoken about."""
    for entity in layer(words.sentence.entities):
        covered = entity.start <= hit.start and hit.end <= entity.end
        longer = entity.end - entity.start > hit.end - hit.start
        if covered and (longer or not entity.fine.startswith(("model", "rule"))):
            return False
    text, base = words.sentence.text, words.sentence.start
    found = text[hit.start - base : hit.end - base]
    after = text[hit.end - base :]
    if (
        hit.cue.technique not in ("appeal", "rhetorical_question")
        and not _NEGATIVE_END.search(found)
        and _DENIED.match(after)
    ):
        return False
    return not any(_is_mentioned(quote, hit, text[quote.end - base :]) for quote in layer(words.sentence.quotes))


def _is_mentioned(quote: Quote, hit: Hit, after: str) -> bool:
    return _lies_in(hit, quote) and _MENTION.match(after) is not None


def _lies_in(hit: Hit, quote: Quote) -> bool:
    return quote.start <= hit.start and hit.end <= quote.end


def _merge(findings: Iterable[Finding]) -> list[Finding]:
    merged: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        last = merged[-1] if merged else None
        if last and finding.start < last.end:
            merged[-1] = _joined(last, finding, max(last.score, finding.score))
        elif last and finding.start == last.end:
            merged[-1] = _joined(last, finding, 1 - (1 - last.score) * (1 - finding.score))
        else:
            merged.append(finding)
    return merged


def _joined(a: Finding, b: Finding, score: float) -> Finding:
    first, second = (a, b) if a.score >= b.score else (b, a)
    direction = first.direction if first.direction != "size" else second.direction
    why = tuple(dict.fromkeys((*first.why, *second.why)))
    return Finding(a.technique, a.start, max(a.end, b.end), score, direction, why)


def _supported(finding: Finding, evidence: Sequence[Finding]) -> Finding:
    """With what other techniques found inside the span: half the strongest, their reasons, and their direction."""
    inside = [
        f for f in evidence if f.technique != finding.technique and finding.start <= f.start and f.end <= finding.end
    ]
    if not inside:
        return finding
    inside.sort(key=lambda f: -f.score)
    directions = [f.direction for f in (finding, *inside) if f.direction != "size"]
    support = 0.0 if finding.technique == "slogan" else inside[0].score / 2  # a coinage's words count in it already
    return replace(
        finding,
        score=1 - (1 - finding.score) * (1 - support),
        direction=directions[0] if directions else "size",
        why=tuple(dict.fromkeys((*finding.why, *(reason for f in inside for reason in f.why)))),
    )


def _meets_any(finding: Finding, others: Iterable[Finding]) -> bool:
    return any(finding.start < other.end and other.start < finding.end for other in others)


def _with_mark(finding: Finding, text: str, base: int, others: Sequence[Finding]) -> Finding:
    """The exclamation mark after a strong word belongs to it."""
    end = finding.end
    while end - base < len(text) and text[end - base] in _MARKS:
        end += 1
    longer = replace(finding, end=end)
    return finding if any(_meets_any(longer, [o]) for o in others if o is not finding) else longer
