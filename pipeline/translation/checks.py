"""What can be seen of a translation without understanding it: wrong figures and names, lost negation, loops and the like.

Each check gives what is wrong, in words. The bounds were measured on the 1,005 news sentences of WMT21 (newstest2021,
Japanese to English) and their reference translations; "the references" below are these.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from pipeline.record import Sentence, TranslationStatus
from pipeline.translation.align import INCOMPLETE, SHORTEST, Aligner, incompleteness
from pipeline.translation.figures import Figure, Numeral, bare_numerals, date_faults, number_faults
from pipeline.translation.glossary import Term, missing_terms
from pipeline.translation.names import invented_names, missing_names
from pipeline.translation.negation import added_negation, lost_negations, reversals
from pipeline.translation.order import swapped_figures, swapped_names

# Hiragana, katakana but for the middle dot, kanji with extension A, half-width katakana, the iteration mark.
_JAPANESE: Final = re.compile(r"[\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9d々]+")
_WORD: Final = re.compile(r"\w+(?:['’]\w+)*")
# The end of a sentence, in English and in the source. Five references of 875 with such a source lack it.
_CLOSED: Final = re.compile(r"[.!?…:;][\"'”’)\]»]*\Z|[\"”’)\]»]\Z")
_CLOSED_SOURCE: Final = re.compile(r"[。．.！!？?][」』）)”\"]*\Z")
# Words of the prompt that come back, and the source's words that make them right: talk about translating, as chat
# models write it, and Japan in place of another country. In none of the references where the source has none.
_PROMPT: Final = (
    (
        re.compile(
            r"\btranslat(?:e[sd]?|ions?|ing|ors?)\b|\bEnglish (?:sentence|text|version)\b|\blanguage model\b",
            re.IGNORECASE,
        ),
        re.compile("訳|通詞|英語|英文|言語モデル|トランスレ"),
    ),
    (
        re.compile(r"\bJapan(?:ese)?\b", re.IGNORECASE),
        re.compile(
            "[日邦和円省]|(?:我が|わが)国|国[内産会民]|全国|政府|首相|自民|永田町|霞が関|ジャパン|japan", re.IGNORECASE
        ),
    ),
)

# English characters to one of Japanese. 98% of the references to 10 characters or more lie within 1.3 and 5.5, all
# within 1.09 and 7.9; short ones vary more, hence the characters allowed on top.
LENGTH_LEAST: Final = 0.8
LENGTH_MOST: Final = 6.0
LENGTH_EXTRA: Final = 40
LENGTH_SHORT: Final = 10
# A phrase of PHRASE words PHRASE_TIMES times, one of LONG_PHRASE words twice, a word RUN times running, or REPEATS of a
# few characters end to end: in none of the references.
PHRASE: Final = 3
PHRASE_TIMES: Final = 3
LONG_PHRASE: Final = 7
RUN: Final = 3
_REPEATS: Final = re.compile(r"(\S.{0,11}?)\1{7,}")
# Least share of different words in DISTINCT_WORDS words or more: the lowest reference has 0.59.
DISTINCT_LEAST: Final = 0.5
DISTINCT_WORDS: Final = 20


def check_sentence(
    sentence: Sentence,
    english: str,
    *,
    finished: bool = True,
    terms: Sequence[Term] = (),
    aligner: Aligner | None = None,
) -> tuple[dict[str, bool], list[str]]:
    """Whether each check passed, and what failed.

    Args:
        sentence: the Japanese with its names, quantities and times; without tokens, negation and roles are passed over.
        english: its translation.
        finished: whether the engine came to an end.
        terms: the terms of the glossary that stand in the sentence.
        aligner: tells what the English leaves out; without one the length alone does.

    Returns:
        Name to passed, for all checks; one ``name: what is wrong`` for each that failed.
    """
    source = sentence.text
    times = [Figure(time.text, time.en) for time in sentence.times or []]
    figures = [*(Figure(quantity.text, quantity.en) for quantity in sentence.quantities or []), *times]
    faults: dict[str, list[str]] = {
        "numbers": number_faults(source, english, figures, _numerals(sentence, terms))
        + swapped_figures(sentence, english),
        "dates": date_faults(source, english, times),
        "names": missing_names(sentence, english) + invented_names(sentence, english),
        "roles": swapped_names(sentence, english),
        "negation": lost_negations(sentence, english) + added_negation(sentence, english),
        "reversed": reversals(source, english),
        "terms": missing_terms(terms, english),
        "japanese_left": _japanese_left(english),
        "empty": _empty(english),
        "cut": _cut(source, english, finished=finished),
        "looping": _looping(english),
        "length": _length(source, english),
        "complete": _complete(source, english, aligner),
        "prompt": _prompt(source, english),
    }
    if faults["empty"]:  # all that is missing is missing for one reason
        faults = {name: found if name in ("empty", "cut") else [] for name, found in faults.items()}
    return {name: not found for name, found in faults.items()}, [
        f"{name}: {', '.join(found)}" for name, found in faults.items() if found
    ]


def _numerals(sentence: Sentence, terms: Sequence[Term]) -> list[Numeral]:
    """The numbers in digits that neither a quantity or a time, nor a name or a term with an English of its own holds."""
    covered = [(span.start, span.end) for span in (*(sentence.quantities or []), *(sentence.times or []))]
    covered += [(entity.start, entity.end) for entity in sentence.entities or [] if entity.name_en]
    covered += [(term.start, term.end) for term in terms]
    return bare_numerals(sentence.text, [(start - sentence.start, end - sentence.start) for start, end in covered])


def status(checks: dict[str, bool]) -> TranslationStatus:
    """Verified if all checks passed, failed if there is no translation, flagged otherwise."""
    if all(checks.values()):
        return "verified"
    return "flagged" if checks["empty"] else "failed"


def _japanese_left(english: str) -> list[str]:
    return [f"{left} is left" for left in _JAPANESE.findall(english)]


def _empty(english: str) -> list[str]:
    return [] if _WORD.search(english) else ["there are no words"]


def _cut(source: str, english: str, *, finished: bool) -> list[str]:
    if not finished:
        return ["the engine stopped before the end"]
    if _CLOSED_SOURCE.search(source.strip()) and not _CLOSED.search(english.strip()):
        return ["the sentence is not closed"]
    return []


def _looping(english: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(english)]
    for size, times in ((PHRASE, PHRASE_TIMES), (LONG_PHRASE, 2)):
        phrases = Counter(zip(*(words[i:] for i in range(size)), strict=False))
        phrase, most = max(phrases.items(), key=lambda item: item[1], default=((), 0))
        if most >= times:
            return [f"{' '.join(phrase)!r} stands {most} times"]
    for i in range(len(words) - RUN + 1):
        if len(set(words[i : i + RUN])) == 1:
            return [f"{words[i]!r} stands {RUN} times running"]
    if match := _REPEATS.search(english):
        return [f"{match[1]!r} repeats without end"]
    if len(words) >= DISTINCT_WORDS and len(set(words)) < DISTINCT_LEAST * len(words):
        return [f"only {len(set(words))} of {len(words)} words differ"]
    return []


def _length(source: str, english: str) -> list[str]:
    japanese, length = len(source.strip()), len(english.strip())
    if length > LENGTH_MOST * japanese + LENGTH_EXTRA:
        return [f"{length} characters for {japanese}"]
    if japanese >= LENGTH_SHORT and length < LENGTH_LEAST * japanese:
        return [f"only {length} characters for {japanese}"]
    return []


def _complete(source: str, english: str, aligner: Aligner | None) -> list[str]:
    if len(source.strip()) < SHORTEST or incompleteness(source, english, aligner) < INCOMPLETE:
        return []
    return ["a part of the sentence is missing"]


def _prompt(source: str, english: str) -> list[str]:
    for leaked, meant in _PROMPT:
        if (match := leaked.search(english)) and not meant.search(source):
            return [f"{match[0]!r} has nothing to stand for in the source"]
    return []
