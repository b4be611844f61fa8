"""How strong a sentence is by its cues alone, where no model judges.

The score of a sentence is made of the scores of the author's own spans (quoted ones count only where the quotation is
the whole sentence):

* the strongest span counts in full, a further one for .4 of it: ``1 - (1 - s1) * prod(1 - .4 * s)``, so that two light
  touches (.4 each) stay mild, and of strong words (.6 each) two stay strong and three are extreme;
* .15 is added in the same way for an exclamation mark or a drawn-out vowel beside rhetoric;
* .15 more where rhetoric other than a question or a slogan covers .6 of the sentence or more, marks aside;
* a slogan makes a sentence at least strong (level 2).

The level is the number of :data:`LEVELS` that the score reaches, 0 where there is no span. The direction is the weighted
vote of the spans; a span about size itself votes with the tone of the sentence's words, and for ``boost`` where they
have none. The constants were set by hand on a development set of 150 sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.record import Direction, Hype
from pipeline.text.polarity import Lexicon
from pipeline.text.rhetoric import Finding
from pipeline.text.syntax import Tree
from pipeline.text.word_patterns import Words

LEVELS: Final = (0.25, 0.5, 0.75)  # least score of levels 1, 2 and 3
FURTHER: Final = 0.4  # what a further span counts, the strongest counting 1
EMPHASIS: Final = 0.15
COVERAGE: Final = 0.6  # share of the sentence that rhetoric must cover to be its substance
STRONG: Final = 2
MARKS: Final = re.compile(r"[\s「」『』”“、。,.!！?？・…]")
_EMPHATIC: Final = re.compile(r"[!！]|[〜～~ー]{2,}")


def cue_hype(words: Words, own: Sequence[Finding], polarity: Lexicon) -> Hype:
    """Score, level and direction from the author's own spans of a sentence."""
    if not own:
        return Hype(score=0.0, level=0, direction="none")
    score = sentence_score(own, words.sentence.text)
    level = sum(score >= threshold for threshold in LEVELS)
    if any(finding.technique == "slogan" for finding in own):
        level = max(level, STRONG)
        score = max(score, LEVELS[STRONG - 1])
    direction = _direction(words, own, polarity) if level else "none"
    return Hype(score=round(score, 4), level=level, direction=direction)


def sentence_score(own: Sequence[Finding], text: str) -> float:
    """How strong a sentence is, from the author's own spans in it; the module says how."""
    strongest, *others = sorted((finding.score for finding in own), reverse=True)
    rest = 1 - strongest
    for score in others:
        rest *= 1 - score * FURTHER
    if _EMPHATIC.search(text):
        rest *= 1 - EMPHASIS
    covered = sum(f.end - f.start for f in own if f.technique not in ("rhetorical_question", "slogan"))
    if covered >= COVERAGE * len(MARKS.sub("", text)):
        rest *= 1 - EMPHASIS
    return 1 - rest


def _direction(words: Words, own: Sequence[Finding], polarity: Lexicon) -> Direction:
    votes = {"boost": 0.0, "doom": 0.0, "size": 0.0}
    for finding in own:
        votes[finding.direction] += finding.score
    if votes["size"]:
        votes["doom" if _tone(words, own, polarity) < 0 else "boost"] += votes["size"] / 2
    return "doom" if votes["doom"] > votes["boost"] else "boost"


def _tone(words: Words, own: Sequence[Finding], polarity: Lexicon) -> int:
    """Above 0 where the sentence's other words are more of praise than of blame."""
    tree = Tree(words.tokens)
    return sum(
        -hit.polarity if any(tree.is_negation(i) for i in tree.tail(hit.head)) else hit.polarity
        for hit in polarity.find(tree)
        if not any(f.direction == "size" and f.start <= words.tokens[hit.start].start < f.end for f in own)
    )
