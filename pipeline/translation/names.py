"""Are the names of the Japanese in the English, and no invented ones?

A name is there in any form that English gives it: whole, its distinctive word, its initials, a people or an adjective,
or something that sounds like it. Sounds are compared by their consonants, since a name has many spellings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Final

import msgspec

from pipeline.config import find_file
from pipeline.record import Entity, Sentence, Token
from pipeline.text.gazetteer import Gazetteer, Match

# Labels whose members have one name. A technology (TECH) or a group of people (NORP) may be called many things.
NAMED: Final = frozenset({"PERSON", "ORG", "GPE", "LOC", "PRODUCT", "LAW", "EVENT", "WORK", "FACILITY"})
MOCKING: Final = "mocking"
# Labels whose names have one spelling and are worth finding in an English that has no business with them.
_KNOWN: Final = frozenset({"PERSON", "ORG", "GPE", "PRODUCT"})
# Share of common consonants from which two words are the same name.
ALIKE: Final = 0.6
# The same where the Japanese is not known to be a name: common words sound like much.
ALIKE_WORD: Final = 0.75
# Under this share two words cannot be the same name, even if one was misread.
DISTANT: Final = 0.4

_WORD: Final = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_SMALL: Final = frozenset("of the and for in on at de la le du von van der al el an a to &".split())
# What many names hold and none has for itself.
_GENERIC: Final = frozenset("""
    agency alliance academy administration army assembly association authority automobile bank board bureau cabinet camp center centre chamber city
    club college commission committee company conference congress corp corporation council countries country county court
    department district east eastern electric electronics energy exchange family federal federation financial first forum foundation fund general global
    government group heavy high holdings hospital house inc industries industry institute international island islands
    ltd media meeting ministry motor motors national new news north northern office organization parliament party
    peninsula police power prefecture press province republic research river room school sea securities service
    services society south southern state states station stock summit supreme systems technologies technology television times top
    town trade tv union united university village ward west western white world act law award awards prize games cup system series
    prime minister president mr big central chemical steel insurance life river lake mount mountain
""".split())  # fmt: skip
# Words that English writes with a capital whatever they name.
_TITLES: Final = _GENERIC | frozenset("""
    i i'm i'd i've i'll mr mrs ms dr prof professor sir lord king queen prince princess emperor empress pope minister premier chancellor governor mayor
    senator congressman representative representatives ambassador secretary director chairman chairwoman chair chief executive officer ceo coach
    captain judge justice attorney general sergeant colonel admiral lieutenant father mother brother sister uncle aunt grandma grandpa mom dad
    january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
    monday tuesday wednesday thursday friday saturday sunday spring summer autumn fall winter new year golden week year's day eve christmas easter
    god internet web net covid coronavirus english bible olympic olympics paralympics paralympic games grand prix league cup series final finals
    street avenue road park bay gulf ocean hall tower bridge airport hotel museum shrine temple castle stadium
    act bill constitution treaty agreement protocol plan project program article section chapter volume part phase stage group team no number
    am pm bc ad gmt jst etc ok vs phd
    asian european african western eastern latin arab islamic muslim christian catholic buddhist shinto jewish
    japan japanese earth sun moon
    lower upper house diet senate cabinet office police ministry foreign finance health labor education defense economy environment interior
    communications transport infrastructure agriculture science culture sports affairs security self-defense forces force corps
    deputy vice first second third fourth fifth man woman boy girl people child children republican democrat democratic republicans democrats
    commerce commercial newspaper newspapers weather seniors junior senior duchess duke homeland neighborhood young old
    photo video map rules rule team teams class period era war restoration wars states test be how what why who where when
    yes oh hey well but and so if then it its he she they we you your our my his her their this that these those there here
    not all more most some any only just even still also very too now today tomorrow yesterday
""".split())  # fmt: skip
# Endings of common words, which a capital in a title does not make names.
_ORDINARY: Final = re.compile(
    r".{3}(?:tions?|sions?|ments?|ness|ity|ings?|isms?|ships?|ances?|ences?|ers|ors|ies|ics|ous|ary|ory|ful|able|ible|less|ally)\Z"
)
# English that belongs to a name without sounding like it: peoples, adjectives, seats of government.
_OTHERWISE: Final = {
    "united states": "us u.s usa u.s.a america american americans washington states",
    "united kingdom": "uk u.k britain british britons london england english", "france": "french paris",
    "germany": "german germans berlin", "netherlands": "dutch holland", "spain": "spanish", "switzerland": "swiss",
    "china": "chinese beijing prc sino chugoku", "japan": "japanese tokyo jst", "russia": "russian russians moscow kremlin",
    "south korea": "korean koreans seoul korea", "north korea": "korean pyongyang korea dprk", "taiwan": "taiwanese taipei",
    "thailand": "thai", "turkey": "turkish türkiye ankara", "denmark": "danish", "sweden": "swedish swedes",
    "finland": "finnish finns", "norway": "norwegian", "poland": "polish poles", "greece": "greek greeks",
    "ireland": "irish", "wales": "welsh", "philippines": "filipino philippine filipinos manila",
    "europe": "european europeans eu", "european union": "eu europe european brussels",
    "united nations": "un u.n", "united arab emirates": "uae emirati", "saudi arabia": "saudi saudis riyadh",
    "hong kong": "hongkong hk", "myanmar": "burma burmese", "peru": "peruvian", "vietnam": "vietnamese hanoi",
    "portugal": "portuguese", "ukraine": "ukrainian kyiv kiev", "israel": "israeli israelis", "czech republic": "czech",
    "covid-19": "coronavirus corona covid virus pandemic", "covid-19 pandemic": "coronavirus corona covid pandemic",
    "world war ii": "wwii second", "twitter": "x tweet tweets tweeted", "x": "twitter",
}  # fmt: skip
# A country in one kanji, as headlines and compounds (訪米, 日中) write it.
_ABBREVIATED: Final = {
    "米": "united states", "英": "united kingdom", "仏": "france", "独": "germany", "中": "china", "韓": "south korea",
    "露": "russia", "ロ": "russia", "印": "india", "豪": "australia", "欧": "europe", "台": "taiwan", "伊": "italy", "朝": "north korea",
    "加": "canada", "西": "spain", "蘭": "netherlands", "北": "north korea", "越": "vietnam", "比": "philippines",
}  # fmt: skip
# What names of the country's own bodies leave out at home: the Supreme Court.
_AT_HOME: Final = re.compile(r" of Japan\Z|\AJapan(?:ese)? ")
_TITLE_CASE: Final = 0.6  # a line with this share of capitals is a headline, whose capitals name nothing
_SENTENCE_START: Final = re.compile(r"(?:\A|[.!?:;…•*|/–—][\"'”’)\]]*\s+|[\"“”‘'(\[《【]\s*|\A[-–—•*◆■●]\s*)\Z")
_QUOTED: Final = re.compile(r"[「『《“\"]([^「」『』《》“”\"]+)[」』》”\"]")
_KATAKANA: Final = re.compile(r"[ァ-ヺー]{2,}")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ][A-Za-zÀ-ÖØ-öø-ÿ0-9]*")


def missing_names(sentence: Sentence, english: str) -> list[str]:
    """Names of the sentence that have an English form, or a reading, of which the English has no trace."""
    words = _words(english)
    faults: dict[str, str] = {}
    found: set[str] = set()
    for entity in _named(sentence):
        key = entity.id or entity.text
        name = entity.name_en
        if name and (is_named(name, english) or _is_latin_copied(entity, words)):
            found.add(key)
        elif name:
            faults.setdefault(key, f"{entity.text} → {name} is missing")
    return [fault for key, fault in faults.items() if key not in found]


def is_named(name: str, english: str) -> bool:
    """Whether an English text holds a name in one of its forms."""
    words = _words(english)
    if any(_squeezed(form) in _squeezed(english) for form in (name, _AT_HOME.sub("", name))):
        return True
    parts = [part for part in _words(name) if part not in _SMALL]
    if _initials(name) & {word.replace(".", "") for word in words}:
        return True
    if any(word in words for word in _OTHERWISE.get(name.casefold(), "").split()):
        return True
    distinctive = [part for part in parts if part not in _GENERIC and len(part) > 1] or parts
    return any(_same_word(part, word) for part in distinctive for word in words)


def locate(entity: Entity, english: str) -> tuple[int, int] | None:
    """Where the English has a name, if it has it once."""
    name = (entity.name_en or "").casefold()
    found = [m.span() for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", english, re.IGNORECASE)] if name else []
    if not found:
        parts = {part for part in _words(name) if part not in _GENERIC and part not in _SMALL}
        parts |= set(_OTHERWISE.get(name, "").split())
        found = [m.span() for m in _WORD.finditer(english) if not parts.isdisjoint(_words(m[0]))]
    return found[0] if len(found) == 1 else None


def invented_names(sentence: Sentence, english: str) -> list[str]:
    """Names of the English that nothing in the sentence can stand for."""
    if not sentence.tokens:
        return []
    source = _Source(sentence)
    known = [match for match in _known_names(english) if not source.explains_known(match)]
    faults = [f"{english[m.start : m.end]} is not in the source" for m in known]
    runs = [run for run in _runs(english) if not any(m.start < run[1] and run[0] < m.end for m in known)]
    unexplained = [english[start:end] for start, end in runs if not source.explains(english[start:end])]
    if len(unexplained) > source.room(unexplained, english):
        faults.append(f"{unexplained[-1]} is not in the source")
    return faults


class _Source:
    """What in a Japanese sentence may stand behind a name in English."""

    def __init__(self, sentence: Sentence) -> None:
        text = unicodedata.normalize("NFKC", sentence.text)
        self.text = text
        self._entities = list(sentence.entities or [])
        tokens = sentence.tokens or []
        self._latin = {word.casefold() for word in _LATIN.findall(text)}
        written = [e.name_en for e in self._entities if e.name_en]
        written += [q.en for q in sentence.quantities or []] + [t.en for t in sentence.times or []]
        self._english = {part for name in written for part in _words(name) if part not in _SMALL}
        self._otherwise = {
            w for e in self._entities if e.name_en for w in _OTHERWISE.get(e.name_en.casefold(), "").split()
        }
        self._initials = {i for e in self._entities if e.name_en for i in _initials(e.name_en)}
        self._proper = [t for t in tokens if t.tag.startswith("名詞-固有名詞")]
        self._names = {sound for sound in _name_sounds(text, tokens, self._spots()) if sound}
        self._sounds = {sound for sound in _word_sounds(tokens) if sound}
        shifted = [
            msgspec.structs.replace(t, start=t.start - sentence.start, end=t.end - sentence.start) for t in tokens
        ]
        found = (form.entry.id for m in _gazetteer().find(sentence.text, shifted) for form in m.forms)
        self._ids = {e.id for e in self._entities if e.id} | set(found)
        self._free = self._spots()
        self._tokens = tokens

    def _spots(self) -> list[tuple[int, int]]:
        """Where names stand: those of the ner stage, and proper nouns beside them."""
        spots: list[tuple[int, int]] = []
        places = [(e.start, e.end) for e in self._entities] + [(t.start, t.end) for t in self._proper]
        for start, end in sorted(places, key=lambda place: (place[0], -place[1])):
            if not spots or start >= spots[-1][1]:
                spots.append((start, end))
        return spots

    def explains(self, run: str) -> bool:
        """Whether a run of capitalised words has a word that the source accounts for, or that names nothing."""
        words = [word for word in _words(run) if word not in _SMALL]
        bearing = [word for word in words if word not in _TITLES and not _ORDINARY.search(word)]
        abbreviated = re.fullmatch(r"[A-Z.]{2,5}s?(?:['’]s)?", run) is not None
        return not bearing or abbreviated or any(self._accounts(word) for word in words if word not in _TITLES)

    def explains_known(self, match: Match) -> bool:
        """Whether a name of the gazetteer, found in the English, is one of the source."""
        for form in match.forms:
            entry = form.entry
            if entry.id in self._ids or entry.label not in _KNOWN or self.explains(form.text):
                return True
            name = (entry.name_en or "").casefold()
            if any(kanji in self.text for kanji, country in _ABBREVIATED.items() if country == name):
                return True
            if entry.name in self.text or name == "japan":
                return True
            if entry.name_en and any(self._accounts(part) for part in _words(entry.name_en) if part not in _TITLES):
                return True
        return False

    def room(self, runs: Sequence[str], english: str) -> int:
        """How many of the runs may be names of the source that the English accounts for in no way that can be seen."""
        seen = [(e.start, e.end) for e in self._entities if e.name_en and is_named(e.name_en, english)]
        free = [spot for spot in self._free if not any(a < spot[1] and spot[0] < b for a, b in seen)]
        sounds = [_kana_sound("".join(t.reading for t in self._tokens if a <= t.start and t.end <= b)) for a, b in free]
        sounds += [""] * len(_QUOTED.findall(self.text))
        possible = [run for run in runs if any(_may_be(run, sound) for sound in sounds)]
        return min(len(possible), len(sounds))

    def _accounts(self, word: str) -> bool:
        plain = word.replace(".", "")
        if plain in self._latin or any(_same_word(word, other) for other in (*self._english, *self._latin)):
            return True
        if plain in self._initials or word in self._otherwise:
            return True
        sound = _english_sound(word)
        return any(_alike(sound, other, ALIKE) for other in self._names) or any(
            _alike(sound, other, ALIKE_WORD) for other in self._sounds
        )


def _named(sentence: Sentence) -> Iterator[Entity]:
    for entity in sentence.entities or []:
        if entity.label in NAMED and entity.fine != MOCKING and (len(entity.text) > 1 or entity.text in _ABBREVIATED):
            yield entity


def _is_latin_copied(entity: Entity, words: Sequence[str]) -> bool:
    latin = {word.casefold() for word in _LATIN.findall(entity.text) if len(word) > 1}
    return bool(latin) and not latin.isdisjoint(words)


def _runs(english: str) -> Iterator[tuple[int, int]]:
    """Runs of capitalised words that do not open a sentence; none in a headline."""
    words = list(_WORD.finditer(english))
    content = [word for word in words if len(word[0]) > 3]
    capitals = [word for word in content if word[0][0].isupper()]
    if content and len(capitals) >= _TITLE_CASE * len(content):
        return
    run: list[re.Match[str]] = []
    for word in words:
        linked = run and re.fullmatch(r"[ \-&]+|, ?(?=Inc|Ltd|Co)|\. ?", english[run[-1].end() : word.start()])
        if word[0][0].isupper() and not _opens(english, word.start()):
            if run and not linked:
                yield run[0].start(), run[-1].end()
                run = []
            run.append(word)
        elif run and not (linked and word[0] in _SMALL):
            yield run[0].start(), run[-1].end()
            run = []
    if run:
        yield run[0].start(), run[-1].end()


def _opens(english: str, start: int) -> bool:
    return _SENTENCE_START.search(english[max(0, start - 8) : start]) is not None and (
        start < 8 or _SENTENCE_START.search(english[:start]) is not None
    )


@cache
def _gazetteer() -> Gazetteer:
    return Gazetteer.load(find_file("gazetteer"))


def _known_names(english: str) -> Iterator[Match]:
    """Names of the gazetteer in the English, written with a capital and longer than an abbreviation."""
    end = -1
    for match in _gazetteer().find(english, []):
        text = english[match.start : match.end]
        if match.start < end or len(text) < 4 or not text[0].isupper() or text.casefold() in _TITLES:
            continue
        if all(form.weak or form.entry.label not in _KNOWN for form in match.forms):
            continue
        end = match.end
        yield match


def _words(text: str) -> list[str]:
    """The words in small letters, without a possessive or full stop at the end."""
    words = []
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text)):
        word = match[0].casefold().replace("’", "'").removesuffix("'s").rstrip(".")
        words.append(word)
        words += [part for part in word.split("-") if part != word]
    return words


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _initials(name: str) -> set[str]:
    words = re.split(r"[\s-]+", name)
    if len(words) < 2:
        return set()
    capitals = "".join(word[0] for word in words if word[:1].isupper()).casefold()
    everything = "".join(word[0] for word in words if word[:1].isalnum()).casefold()
    return {initials for initials in (capitals, everything) if len(initials) > 1}


def _same_word(one: str, other: str) -> bool:
    """Japan and Japanese, Tokyo and Tokyo-based, Zelensky and Zelenskyy."""
    if one == other:
        return True
    if min(len(one), len(other)) < 4:
        return False
    stem = min(len(one), max(4, len(one) - 2))
    if other.startswith(one[:stem]):
        return True
    return one[0] == other[0] and SequenceMatcher(None, one, other).ratio() >= 0.8


# Sounds -------------------------------------------------------------------------------------------------------------

_CLASSES: Final = {
    "K": "カキクケコガギグゲゴヵヶ", "S": "サシスセソザジズゼゾチヂッ", "T": "タツテトダヅデドッ", "N": "ナニヌネノン",
    "P": "ハヒフヘホバビブベボパピプペポヴ", "M": "マミムメモ", "R": "ラリルレロ",
}  # fmt: skip
_MORA: Final = {kana: sound for sound, kanas in _CLASSES.items() for kana in kanas if kana != "ッ"}
_LETTERS: Final = (
    ("sch", "S"), ("tch", "S"), ("ph", "P"), ("sh", "S"), ("ch", "S"), ("th", "S"), ("ck", "K"), ("qu", "K"), ("x", "KS"),
    ("ts", "T"), ("gh", ""), ("kn", "N"), ("wr", "R"), ("ce", "S"), ("ci", "S"), ("cy", "S"), ("ge", "S"), ("gi", "S"),
    *((c, "K") for c in "kgcq"), *((c, "S") for c in "szj"), *((c, "T") for c in "td"), *((c, "N") for c in "n"),
    *((c, "P") for c in "bpfvh"), ("m", "M"), *((c, "R") for c in "rl"),
)  # fmt: skip


def _kana_sound(kana: str) -> str:
    return _collapsed("".join(_MORA.get(c, "") for c in kana))


@cache
def _english_sound(word: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if c.isalpha() and c.isascii())
    sound, i = "", 0
    while i < len(plain):
        for letters, consonants in _LETTERS:
            if plain.startswith(letters, i):
                sound += consonants
                i += len(letters)
                break
        else:
            i += 1
    return _collapsed(sound)


def _collapsed(sound: str) -> str:
    return re.sub(r"(.)\1+", r"\1", sound)


def _name_sounds(text: str, tokens: Sequence[Token], names: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The consonants of every katakana word and of every name, whole and by its words."""
    yield from (_kana_sound(word) for word in _KATAKANA.findall(text))
    for start, end in names:
        inside = [t.reading for t in tokens if start <= t.start and t.end <= end]
        yield _kana_sound("".join(inside))
        yield from map(_kana_sound, inside)


def _word_sounds(tokens: Sequence[Token]) -> Iterator[str]:
    """The consonants of every word, alone and joined to the next ones: a name may not have been seen as one."""
    readings = [_kana_sound(t.reading) if not t.pos.startswith(("PUNCT", "SYM")) else "" for t in tokens]
    for size in (1, 2, 3):
        yield from ("".join(readings[i : i + size]) for i in range(len(readings) - size + 1))


def _may_be(run: str, sound: str) -> bool:
    """Whether a name of this sound may be meant by the English, however it is spelt; "" may be anything."""
    words = [_english_sound(word) for word in (*_words(run), run)]
    return not sound or any(SequenceMatcher(None, sound, word).ratio() >= DISTANT for word in words)


@cache
def _alike(one: str, other: str, least: float) -> bool:
    if not one or not other:
        return False
    if min(len(one), len(other)) <= 2:
        return one == other
    return SequenceMatcher(None, one, other).ratio() >= least
