"""Signs of style that hold for a whole document: mixed speech levels, machine translation, old orthography.

They are warnings, never repairs: the text stays as its author or its translator left it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_AFTER_PREDICATE = r"(?:か|ね|よ|よね|な|わ|ぞ|が|けど|けれど|から|し)?[。!?！？.…」』)）\s]*$"
_POLITE = re.compile(
    rf"(?:です|ます|でした|ました|ません|ませんでした|でしょう|ましょう|下さい|ください){_AFTER_PREDICATE}"
)
_PLAIN = re.compile(
    r"(?:である|であった|であろう|だ|だった|だろう|ない|なかった|[いきしちにみりえけせてねべめれ]た|った|んだ|"
    r"いる|ある|する|なる|れる|せる|える|ける|める|きる|しい|たい|よう|まい)(?:か|ね|よ|な|から)?[。.…」』)）\s]*$"
)
_QUOTED_WHOLE = re.compile(r"\s*[「『“\"].*[」』”\"][。.\s]*$", re.DOTALL)
# A document is mixed if each level has so many sentences and the rarer one this share of both; by judgement: an article
# that turns to its reader once, or quotes a speaker, stays below.
_LEVEL_LEAST = 3
_RARER_LEAST = 0.15

# What translators leave and writers of Japanese do not: a topic without a predicate, 一方で behind a subject, an English
# sentence order (…と述べた after the speaker's pronoun).
_NO_PREDICATE = re.compile(r"(?:こと|もの|の|これ|それ|ところ)は[。.]")
_MISPLACED_CONTRAST = re.compile(r"[^\s、。「」がはを]{1,15}が一方で、")
_PRONOUN = re.compile(r"(?:^|(?<=[\n。、]))(?:彼|彼女|彼ら|彼女ら|それら|これら)(?:[はがもの])")
_PRONOUNS_LEAST = 2
_STRAY_STOPS_LEAST = 2
# Points from which a document is suspected: two for what only a program leaves, one for what a writer may do as well.
_POINTS_LEAST = 3
_BY_PROGRAM = ("left of shielded words", "stray full stops")

# Kanji for words that are written in kana today (official usage: 公用文作成の考え方, 2022).
_ARCHAIC = re.compile(
    r"所迄|迄(?=[にはもの、。])|(?<=[と])[云謂]う|殆ど|(?<=[のた])様に|(?<=[てで])居(?:る|ます|た|ない|て)|有(?:り|ります|る)(?=[。まつ])|"
    r"成(?:ります|る|って)(?=[。、])|貴方|(?<=[てで])(?:下さい|見る|行く|来る|来ます|来た|行って)|其の|此の|何故|又は?、|但し|尚、|沢山|丁度|御座"
)
_ARCHAIC_LEAST = 5  # words; fewer are a habit of many writers


class Sign(NamedTuple):
    """A finding on a document: its code, as it stands in ``warnings``, and what was seen, in words."""

    code: str
    message: str


def find_signs(sentences: Sequence[str], rules: Iterable[str]) -> list[Sign]:
    """The signs in a document.

    Args:
        sentences: its content, normalized, one sentence each.
        rules: names of the rules of ``pipeline/text/repairs.py`` that found something in it, one for each finding.
    """
    levels = _levels(sentences)
    signs = [_style_mix(levels), _mt_fluency("\n".join(sentences), Counter(rules), levels), _archaic(sentences)]
    return [sign for sign in signs if sign]


def _levels(sentences: Sequence[str]) -> Counter[str]:
    """How many sentences end in です/ます and how many in だ/である; quotations are their speaker's."""
    own = [sentence for sentence in sentences if not _QUOTED_WHOLE.fullmatch(sentence)]
    return Counter("polite" if _POLITE.search(s[-40:]) else "plain" for s in own if _has_predicate(s[-40:]))


def _has_predicate(end: str) -> bool:
    return bool(_POLITE.search(end) or (_PLAIN.search(end) and re.search(r"[。.]", end)))


def _is_mixed(levels: Counter[str]) -> bool:
    rarer = min(levels["polite"], levels["plain"])
    return rarer >= _LEVEL_LEAST and rarer >= _RARER_LEAST * levels.total()


def _style_mix(levels: Counter[str]) -> Sign | None:
    if not _is_mixed(levels):
        return None
    return Sign("style_mix", f"{levels['polite']} sentences end in です or ます, {levels['plain']} in だ or である")


def _mt_fluency(text: str, rules: Counter[str], levels: Counter[str]) -> Sign | None:
    seen = {
        "left of shielded words": sum(count for rule, count in rules.items() if rule.startswith("mt_")),
        "stray full stops": rules["doubled_stop"] if rules["doubled_stop"] >= _STRAY_STOPS_LEAST else 0,
        "topics without a predicate": len(_NO_PREDICATE.findall(text)),
        "misplaced 一方で": len(_MISPLACED_CONTRAST.findall(text)),
        "pronouns as subjects": len(found) if len(found := _PRONOUN.findall(text)) >= _PRONOUNS_LEAST else 0,
        "speech levels mixed": int(_is_mixed(levels)),
    }
    points = sum(2 if name in _BY_PROGRAM else 1 for name, count in seen.items() if count)
    if points < _POINTS_LEAST:
        return None
    listed = ", ".join(f"{name} ({count})" for name, count in seen.items() if count)
    return Sign("mt_fluency", f"reads like a machine translation: {listed}")


def _archaic(sentences: Sequence[str]) -> Sign | None:
    found = [match for sentence in sentences for match in _ARCHAIC.findall(sentence)]
    if len(found) < _ARCHAIC_LEAST:
        return None
    return Sign(
        "archaic_orthography", f"{len(found)} words in kanji that are written in kana today, such as {found[0]}"
    )
