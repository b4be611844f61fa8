"""Whether a form that has other readings too is meant as a name: what stands before and after it says."""

from __future__ import annotations

import re
from typing import Final

from pipeline.text.names.candidates import Line
from pipeline.text.names.persons import HONORIFIC, TITLE
from pipeline.text.names.shapes import is_kanji

_AFTER_PERSON: Final = re.compile(rf"\s?(?:{HONORIFIC}|{TITLE}|ら(?=[はがの、])|両氏|親子)")
# Titles that so few hold at a time that a surname suffices.
_AFTER_RULER: Final = re.compile(r"\s?(?:首相|総理|大統領|国家主席|総書記|内閣|政権|天皇)")
# What may stand between の and a surname that is a common word too: CEOのマスク, not 不織布のマスク.
_ROLE_BEFORE: Final = re.compile(rf"{TITLE}の?$|(?:会社|企業|大手|者|家)の$")
# What follows names that are other words too, by label.
_AFTER: Final[dict[str, re.Pattern[str]]] = {
    "ORG": re.compile(
        r"社(?![一-龥])|本社|グループ|日本法人|幹部|広報|製の|株[がはを価]|CEO|会長|社長|によると|\s?(?:Inc|Corp)|"
        r"の(?:CEO|社長|会長|株価|広報|幹部|決算|最高経営責任者)"
    ),
    "GPE": re.compile(r"政府|政権|大統領|首相|軍|国内|国民|共和国|市民|州|県|議会|当局"),
    "PRODUCT": re.compile(
        r"(?:上で|上の|上|に|で|へ|の|への)?(?:公式)?(?:投稿|アカウント|ポスト|フォロワー|つぶや|発信|ユーザー|アプリ)|"
        r"[(（]旧|を?搭載|の新型"
    ),
}
_BEFORE_FIRM: Final = re.compile(
    r"(?:大手|企業|会社|メーカー|新興|スタートアップ|傘下)[の「]$|(?<![一-龥])[米中韓独英仏台]$"
)


def has_person_suffix(text: str, end: int) -> bool:
    """Whether 氏, さん or a title follows a name that ends here."""
    return _AFTER_PERSON.match(text, end) is not None


def fits_context(line: Line, start: int, end: int, label: str) -> bool:
    """Whether the words around a form that has other readings too say that it is meant as a name of this label."""
    before, form, after = line.text[:start], line.text[start:end], line.text[end:]
    if label == "PERSON":
        # A surname in kanji is many people's: only a title that few hold tells whose.
        suffix = _AFTER_RULER if is_kanji(form) else _AFTER_PERSON
        return suffix.match(after) is not None and not before.endswith("・")
    if label in ("GPE", "LOC") and len(form) == 1:
        return False  # the rules for countries decide
    pattern = _AFTER.get(label)
    fits = pattern is not None and pattern.match(after) is not None
    return fits or (label == "ORG" and _BEFORE_FIRM.search(before) is not None)


def stands_alone(line: Line, start: int) -> bool:
    """Whether what stands before lets a word with another reading be a person: not 不織布のマスク, 映画ファン."""
    before = line.text[:start].rstrip()
    return not re.search(r"[一-龥ァ-ヺーA-Za-zの]$", before) or _ROLE_BEFORE.search(before) is not None
