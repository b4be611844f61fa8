"""Coined catchphrases in quotation marks, told from titles, terms, names and speech by the evidence around them.

No mark alone is evidence. Points are added up: what the phrase is made of (a word of games, sport, war or sickness
turned into a name, a word of blame or praise, mixed scripts, repetition) and how the author uses it (…だ, …と化す,
もはや「…」). An official name, a title, a gloss, a speaker or a name of the gazetteer rules it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.errors import ConfigError
from pipeline.record import Quote, layer
from pipeline.text.cues import Direction, Strict, read_yaml, validated
from pipeline.text.word_patterns import Words

MAX_LENGTH: Final = 24  # code points of a catchphrase, marks aside
BASE_SCORE: Final = 0.6  # of a phrase that just reaches the threshold: a slogan alone makes a sentence strong
STEP: Final = 0.05  # more for each further point
MAX_SCORE: Final = 0.74  # below what makes a sentence extreme

_SENTENCE: Final = re.compile(r"[。!！?？]|[^・、]{3,}、[^・、]{8,}")
_CLAUSE_TAGS: Final = ("動詞", "助動詞", "形容詞", "助詞-終助詞", "助詞-接続助詞", "助詞-格助詞", "助詞-係助詞")
_NOUN_TAGS: Final = ("名詞", "接頭辞", "接尾辞")
_SCRIPTS: Final = (re.compile("[ァ-ヺ]"), re.compile("[一-龠]"), re.compile("[A-Za-z]"))
# The author's own 「…」と言うしかない, と呼びたくなる: naming, not speech.
_OWN_WORDS: Final = re.compile(
    r"と(?:でも)?(?:(?:言|い)(?:う(?:しか|ほか|べき|より|に)|って(?:い|よ)い|いたく|わざる|え)|呼(?!ば))"
)
_MENTION: Final = re.compile(r"(?:という|といった)(?:言葉|表現|語|用語)")
_FITTING: Final = re.compile(
    r"(?:という|といった)(?:言葉|表現|形容)(?:が|こそ)[^。]{0,6}(?:ぴったり|ふさわし|相応し|似合|しっくり|当てはま|ぴたり)"
)


class Coinage(NamedTuple):
    """A catchphrase at ``start:end`` (code points of the document, marks included)."""

    start: int
    end: int
    score: float
    direction: Direction
    reasons: tuple[str, ...]


class _Points(Strict):
    image: float
    suffix: float
    blame: float
    praise: float
    scripts: float
    repetition: float
    compound: float
    predicate: float
    introduced: float
    reported: float
    clause: float
    single: float
    threshold: float


class _File(Strict):
    points: _Points
    images: list[str]
    suffixes: list[str]
    blame: list[str]
    praise: list[str]
    predicate_after: list[str]
    introduced_before: list[str]
    reported: list[str]
    official_before: list[str]
    official_after: list[str]


class Coinages:
    """The lists of ``coinages.yaml``, compiled."""

    def __init__(self, file: _File, fingerprint: str) -> None:
        """Compile. ``fingerprint`` identifies the file (for the signature)."""
        self.fingerprint = fingerprint
        self._points = file.points
        self._image = _any(file.images)
        self._suffix = re.compile(f"(?<=.)(?:{'|'.join(file.suffixes)})$")
        self._blame = _any(file.blame)
        self._praise = _any(file.praise)
        self._predicate = _any(file.predicate_after)
        self._reported = _any(file.reported)
        self._official_after = _any(file.official_after)
        self._introduced = re.compile(f"(?:{'|'.join(file.introduced_before)})$")
        self._official_before = re.compile(f"(?:{'|'.join(file.official_before)})$")

    @classmethod
    def load(cls, path: Path) -> Coinages:
        """Read the lists.

        Raises:
            ConfigError: the file cannot be read, lacks a list, or has an expression that does not compile.
        """
        file = validated(_File, read_yaml(path), path)
        try:
            return cls(file, sha256(path.read_bytes()).hexdigest()[:8])
        except re.error as error:
            raise ConfigError(f"{path}: {error}.", remedy="Correct the expression.") from error

    def find(self, words: Words) -> Iterator[Coinage]:
        """The catchphrases among the quotations of a sentence."""
        for quote in layer(words.sentence.quotes):
            before, after = _around(quote, words)
            if not self._may_be_coined(quote, after) or self.is_official(quote, words):
                continue
            reasons = self._reasons(quote, before, after, words)
            total = sum(points for _, points in reasons)
            if total >= self._points.threshold:
                score = min(BASE_SCORE + STEP * (total - self._points.threshold), MAX_SCORE)
                names = tuple(name for name, points in reasons if points > 0)
                yield Coinage(quote.start, quote.end, score, self._direction(_inside(quote)), names)

    def is_official(self, quote: Quote, words: Words) -> bool:
        """Whether the quotation gives a name or a title: of a work, a product, a project, a rule, a body."""
        before, after = _around(quote, words)
        return bool(_is_name(quote, words) or self._official_before.search(before) or self._official_after.match(after))

    def _may_be_coined(self, quote: Quote, after: str) -> bool:
        """Whether it is short, no sentence, nobody's speech, and used rather than spoken about."""
        phrase = _inside(quote)
        own = quote.speaker is None and _OWN_WORDS.match(after)
        if (quote.speaker or quote.cue) and not own:
            return False
        if not 2 < len(phrase) <= MAX_LENGTH or _SENTENCE.search(phrase):
            return False
        return not _MENTION.match(after) or _FITTING.match(after) is not None

    def _reasons(self, quote: Quote, before: str, after: str, words: Words) -> list[tuple[str, float]]:
        phrase, points = _inside(quote), self._points
        tokens = [t for t in words.tokens if quote.start < t.start and t.end < quote.end]
        image, blame, praise = self._image.search(phrase), self._blame.search(phrase), self._praise.search(phrase)
        evidence = [
            (f"image {image[0]}" if image else "", points.image),
            ("ending" if self._suffix.search(phrase) and not image else "", points.suffix),
            (f"blame {blame[0]}" if blame else "", points.blame),
            (f"praise {praise[0]}" if praise else "", points.praise),
            ("mixed scripts" if sum(bool(s.search(phrase)) for s in _SCRIPTS) > 1 else "", points.scripts),
            ("repetition" if _repeats(phrase) else "", points.repetition),
            (
                "compound" if len(tokens) > 2 and all(t.tag.startswith(_NOUN_TAGS) for t in tokens) else "",
                points.compound,
            ),
            ("predicate" if self._predicate.match(after) or _FITTING.match(after) else "", points.predicate),
            ("introduced" if self._introduced.search(before) else "", points.introduced),
            ("reported" if self._reported.match(after) or before.endswith("いわゆる") else "", points.reported),
            ("clause" if tokens and tokens[-1].tag.startswith(_CLAUSE_TAGS) else "", points.clause),
            ("single" if len(tokens) < 2 else "", points.single),
        ]
        return [(name, value) for name, value in evidence if name]

    def _direction(self, phrase: str) -> Direction:
        """Praise alone inflates something good; most coined images mock."""
        return "boost" if self._praise.search(phrase) and not self._blame.search(phrase) else "doom"


def _around(quote: Quote, words: Words) -> tuple[str, str]:
    text, base = words.sentence.text, words.sentence.start
    return text[: quote.start - base].rstrip(), text[quote.end - base :].lstrip()


def _inside(quote: Quote) -> str:
    return quote.text[1:-1]


def _any(expressions: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(expressions))


def _is_name(quote: Quote, words: Words) -> bool:
    """Whether a name, other than a guess of the recognizer, fills the quotation."""
    return any(
        e.start <= quote.start + 1 and e.end >= quote.end - 1 and not e.fine.startswith("model")
        for e in layer(words.sentence.entities)
    )  # fmt: skip


def _repeats(phrase: str) -> bool:
    """Whether a part of two characters or more comes back, or parts of a list are of one length."""
    if re.search(r"(..+).{0,8}\1", phrase):
        return True
    parts = re.split("[・、]", phrase)
    return len(parts) > 2 and len({len(p) for p in parts}) == 1
