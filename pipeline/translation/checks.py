"""What can be seen of a translation without understanding it: wrong figures, Japanese left over, loops and the like.

Each check gives what is wrong, in words, or "". The bounds were measured on the 1,005 news sentences of WMT21
(newstest2021, Japanese to English) and their reference translations; "the references" below are these.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from pipeline.record import TranslationStatus
from pipeline.translation.numbers import Number, read_english, read_japanese

# Hiragana, katakana but for the middle dot, kanji with extension A, half-width katakana, the iteration mark.
_JAPANESE: Final = re.compile(r"[\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9d々]+")
_WORD: Final = re.compile(r"\w+(?:['’]\w+)*")
# The end of a sentence, in English and in the source. Five references of 875 with such a source lack it.
_CLOSED: Final = re.compile(r"[.!?…:;][\"'”’)\]»]*\Z|[\"”’)\]»]\Z")
_CLOSED_SOURCE: Final = re.compile(r"[。．.！!？?][」』）)”\"]*\Z")
_MINUS: Final = re.compile(r"(?:-|−|\bminus |\bnegative )(?=[$¥€£]? ?\d)", re.IGNORECASE)
_SHORT_YEAR: Final = re.compile(r"[’'](\d\d)(?!\d)")
_LOSS: Final = re.compile(
    r"\b(?:deficits?|loss(?:es)?|los[et]|shortfalls?|red|f[ae]ll(?:en|s|ing)?|drop\w*|declin\w+|decreas\w+|shr[aiu]nk\w*"
    r"|contract\w+|down|cuts?|cutting|reduc\w+|outflows?|negative|minus)\b",
    re.IGNORECASE,
)
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
# A phrase of PHRASE words PHRASE_TIMES times, a word RUN times running, or REPEATS of a few characters end to end: in
# none of the references.
PHRASE: Final = 3
PHRASE_TIMES: Final = 3
RUN: Final = 3
_REPEATS: Final = re.compile(r"(\S.{0,11}?)\1{7,}")
# Least share of different words in DISTINCT_WORDS words or more: the lowest reference has 0.59.
DISTINCT_LEAST: Final = 0.5
DISTINCT_WORDS: Final = 20


def check(source: str, english: str, figures: Sequence[str], *, finished: bool) -> tuple[dict[str, bool], list[str]]:
    """Whether each check passed, and what failed.

    Args:
        source: the Japanese sentence as it stands in the document.
        english: its translation.
        figures: the exact English of each quantity and time of the source.
        finished: whether the engine came to an end.

    Returns:
        Name to passed, for all checks; one ``name: what is wrong`` for each that failed.
    """
    faults = {
        "numbers": _numbers(source, english, figures),
        "japanese_left": _japanese_left(english),
        "empty": _empty(english),
        "cut": _cut(source, english, finished=finished),
        "looping": _looping(english),
        "length": _length(source, english),
        "prompt": _prompt(source, english),
    }
    return {name: not fault for name, fault in faults.items()}, [
        f"{n}: {fault}" for n, fault in faults.items() if fault
    ]


def status(checks: dict[str, bool]) -> TranslationStatus:
    """Verified if all checks passed, failed if there is no translation, flagged otherwise."""
    if all(checks.values()):
        return "verified"
    return "flagged" if checks["empty"] else "failed"


def _numbers(source: str, english: str, figures: Sequence[str]) -> str:
    written = read_english(english, names=source)
    required = [[read_english(form, names=source) for form in _forms(figure)] for figure in figures]
    missing = [n.text for forms in required for n in min((_missing(form, written) for form in forms), key=len)]
    values, magnitudes = read_japanese(source)
    for number in (number for forms in required for form in forms for number in form):
        (magnitudes if number.vague else values).update(number.values)
    added = [n.text for n in written if n.firm and n.values.isdisjoint(magnitudes if n.vague else values)]
    faults = [f"{text} is missing" for text in missing] + [f"{text} is not in the source" for text in added]
    if any(_MINUS.search(figure) for figure in figures) and not (_MINUS.search(english) or _LOSS.search(english)):
        faults.append("a minus is missing")
    return ", ".join(faults)


def _missing(required: Sequence[Number], written: Sequence[Number]) -> list[Number]:
    return [n for n in required if _is_required(n) and not any(n.matches(other) for other in written)]


def _forms(figure: str) -> list[str]:
    """A figure as given; where it holds a year of two digits whose century is not known, also with either century."""
    return [figure, *(_SHORT_YEAR.sub(rf"{century}\1", figure) for century in (20, 19) if _SHORT_YEAR.search(figure))]


def _is_required(number: Number) -> bool:
    """One of something may be "a", "the only" or nothing in English; ordinals and halves have many forms too."""
    return number.firm and any(value != 1 or unit for value, unit in number.readings)


def _japanese_left(english: str) -> str:
    left = _JAPANESE.findall(english)
    return f"{' '.join(left)} is left" if left else ""


def _empty(english: str) -> str:
    return "" if _WORD.search(english) else "there are no words"


def _cut(source: str, english: str, *, finished: bool) -> str:
    if not finished:
        return "the engine stopped before the end"
    if _CLOSED_SOURCE.search(source.strip()) and not _CLOSED.search(english.strip()):
        return "the sentence is not closed"
    return ""


def _looping(english: str) -> str:
    words = [word.lower() for word in _WORD.findall(english)]
    phrases = Counter(zip(*(words[i:] for i in range(PHRASE)), strict=False))
    phrase, times = max(phrases.items(), key=lambda item: item[1], default=((), 0))
    if times >= PHRASE_TIMES:
        return f"{' '.join(phrase)!r} stands {times} times"
    for i in range(len(words) - RUN + 1):
        if len(set(words[i : i + RUN])) == 1:
            return f"{words[i]!r} stands {RUN} times running"
    if match := _REPEATS.search(english):
        return f"{match[1]!r} repeats without end"
    if len(words) >= DISTINCT_WORDS and len(set(words)) < DISTINCT_LEAST * len(words):
        return f"only {len(set(words))} of {len(words)} words differ"
    return ""


def _length(source: str, english: str) -> str:
    japanese, length = len(source.strip()), len(english.strip())
    if length > LENGTH_MOST * japanese + LENGTH_EXTRA:
        return f"{length} characters for {japanese}"
    if japanese >= LENGTH_SHORT and length < LENGTH_LEAST * japanese:
        return f"only {length} characters for {japanese}"
    return ""


def _prompt(source: str, english: str) -> str:
    for leaked, meant in _PROMPT:
        if (match := leaked.search(english)) and not meant.search(source):
            return f"{match[0]!r} has nothing to stand for in the source"
    return ""
