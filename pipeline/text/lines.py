"""Lines of a plain text as blocks are made of them: hard-wrapped ones joined, each with what is seen on it.

The words of web furniture are in ``configs/boilerplate.yaml``; every class there is a feature of the line.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from ruamel.yaml import YAML

from pipeline.config import config_dir
from pipeline.record import BlockKind
from pipeline.text.language import language

FURNITURE = "boilerplate.yaml"

BULLET = re.compile(r"\s*(?:[•・◦●○■□▪▶►*+\-–]\s+|[・•●◦*](?=[^\s*])|\(?\d{1,2}[.)](?=\s)|[①-⑳]|[(（]?[0-9]{1,2}[)）])")
FULL_STOP = re.compile(r"。|(?<=[ぁ-んァ-ヶ一-鿿」)])\.(?![.\w])")
DATE = (
    r"(?:\d{4}[年./-]\s?\d{1,2}[月./-]\s?\d{1,2}日?|(?:令和|平成)(?:元|\d{1,2})年\d{1,2}月\d{1,2}日|"
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}, \d{4})"
)
# A line without any of these has no verb's arguments: it is a name, a place or a label.
PARTICLE = re.compile(r"[はがをにでとのも、]")
# Who wrote and when, in one bracket after the title on its line, with the name before it where one stands there.
BYLINE_AFTER_TITLE = re.compile(
    rf"\s+(?:[^\s、。「」]{{2,12}})?\s?[(（][^()（）]{{0,30}}{DATE}[^()（）]{{0,12}}[)）]\s*$"
)
_SEPARATOR = re.compile(
    r"(?:以上|記|[-‐―─ ]*+\d{1,3}[-‐―─ ]++)|[*=_\-─―ー~～〜━◇◆☆★・。…＊#+ ]{3,}|[|:\- ]{5,}|[◇◆☆★○●□■*]"
)
_ONLY_URL = re.compile(r"\s*(?:[^\s。、]{1,12}[:：→]\s?)?(?:https?://|www\.)\S+\s*$")
_ENDER = re.compile(r"(?:[。!?！？…]|(?<=[ぁ-んァ-ヶ一-鿿」)])\.)[」』)）\]\s.]*$")
_JAPANESE_PREDICATE = re.compile(r"(?:です|ます|した|ない|いる|ある|する|れる|だろう|でしょう|である)[。」』)）\s]*$")
_DATE_LINE = re.compile(rf"\s*.{{0,30}}?{DATE}.{{0,20}}$")
_BARE_DATE = re.compile(rf"{DATE}\s?(?:[(（].[)）])?\s?\d{{1,2}}:\d\d(?::\d\d)?")
_HEADING_MARK = re.compile(r"\s*(?:#{1,6}\s|[◆■●▼◎★☆【]|第[0-9一二三四五六七八九十]+[章節部])")
_DECORATION = re.compile(r"^[\s■□●○◆◇▼▽▶★☆◎◯【\[<〈《≪「＊*♪-]+|[\s】\]>〉》≫」:：▼♪-]+$")
_COUNT = re.compile(r"\s*(?:[(（\[][^()（）]{1,8}[)）\]]|\d[\d,]*\s?件?)$")
_WIDE_GAP = re.compile(r"(\s{8})\s++")  # no pattern asks for more, and several are slow on long gaps
_LETTER_SPACED = re.compile(r"\S(?:\s+\S){1,3}")
# A longer line is no menu, credit or notice, and its words are not looked at as such.
_FURNITURE_MOST = 300
_PROSE_LEAST = 25  # code points of a sentence that is running text and no label
# A predicate in plain form and a full stop.
_PLAIN_END = re.compile(
    r"(?:(?<!まし)(?<!でし)た|(?<!ま)(?<!で)す|[るうくむぶぬつぐ]|ない|(?<!くださ)(?<!下さ)い|だ|(?:だろう|る|た|ない|の)か)。[」』)）]*$"
)
_TAIL_LOOKED_AT = 40  # code points at the end of a line that tell whether a sentence ends there
_JOINED_MOST = 5_000  # code points of a paragraph put together from broken lines
# Classes of phrases that head a zone: looked up without the marks around them and the count after them.
_HEADS = frozenset({"section_tail", "comments", "contents"})


@dataclass(slots=True)
class Line:
    """One line of the text: ``text[start:end]`` without its line break, and what is known of it.

    ``length`` counts the characters that are not white space.
    """

    start: int
    end: int
    text: str
    features: set[str] = field(default_factory=set)
    kind: BlockKind | None = None
    length: int = field(init=False)

    def __post_init__(self) -> None:
        """Count once; the rules ask often."""
        self.length = sum(map(len, self.text.split()))

    def has(self, *features: str) -> bool:
        """Whether any of the features was seen on the line."""
        return not self.features.isdisjoint(features)

    @property
    def is_prose(self) -> bool:
        """Running text: long, or ended like a sentence, and not cut off."""
        if self.has("cut"):
            return False
        if self.has("foreign"):
            return self.length >= 40 and self.has("sentence")
        return self.length >= 80 or (self.length >= _PROSE_LEAST and self.has("sentence", "stop"))

    @property
    def is_label(self) -> bool:
        """Short and without a predicate, as menus, tags and archives have them."""
        return self.length <= 40 and not self.has("sentence", "heading_mark")


@cache
def _furniture() -> dict[str, re.Pattern[str]]:
    """The words of web furniture, one pattern a class."""
    data = YAML(typ="safe").load((config_dir() / FURNITURE).read_text(encoding="utf-8"))
    return {
        name: re.compile("|".join(f"(?:{p})" for p in lines.split("\n") if p), re.IGNORECASE)
        for name, lines in data.items()
    }


def read_lines(text: str) -> list[Line]:
    """Lines that are not blank; a line that breaks inside a bracket, a clause or a hard-wrapped paragraph is joined."""
    pieces: list[Line] = []
    position = 0
    for part in text.split("\n"):
        if part.strip():
            pieces.append(Line(position, position + len(part), part))
        position += len(part) + 1
    margin = _wrap_margin(pieces)
    lines: list[Line] = []
    closes_at = -1  # index of the piece up to which a bracket stays open
    for i, piece in enumerate(pieces):
        adjacent = bool(lines) and piece.start == lines[-1].end + 1 and piece.end - lines[-1].start <= _JOINED_MOST
        if adjacent and (i <= closes_at or _goes_on(pieces[i - 1].text, piece.text, margin)):
            lines[-1] = Line(lines[-1].start, piece.end, text[lines[-1].start : piece.end])
        else:
            lines.append(piece)
        closes_at = max(closes_at, _closing_piece(pieces, i))
    for line in lines:
        line.features = set(_features(line.text, line.length))
    return lines


_WRAPPED_LINES = 6  # a page with fewer lines of the same full width is not hard-wrapped


def _width(text: str) -> int:
    """Columns: two for a full-width character, one for others."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text.rstrip())


def _wrap_margin(pieces: Sequence[Line]) -> int | None:
    """The column at which a hard-wrapped text breaks its lines, None if it is not wrapped.

    Wrapped text has many lines of nearly one width, the greatest, that end in the middle of a sentence.
    """
    broken = [_width(p.text) for p in pieces if not _ENDER.search(p.text) and _width(p.text) >= 40]
    if len(broken) < _WRAPPED_LINES:
        return None
    margin = max(Counter(broken).most_common(3), key=lambda item: (item[1], item[0]))[0]
    full = sum(margin - 4 <= width <= margin + 4 for width in broken)
    longer = sum(_width(p.text) > margin + 4 for p in pieces)
    return margin if full >= _WRAPPED_LINES and longer <= full // 3 else None


def _goes_on(line: str, following: str, margin: int | None) -> bool:
    """Whether a line stops at a comma, or at the margin of a hard-wrapped text."""
    if BULLET.match(following) or _SEPARATOR.fullmatch(following.strip()) or _SEPARATOR.fullmatch(line.strip()):
        return False
    if line.rstrip().endswith("、"):
        return True
    return margin is not None and _width(line) >= margin - 4 and not _ENDER.search(line)


_BRACKETS = {")": "(", "」": "「", "』": "『"}


def _closing_piece(pieces: Sequence[Line], i: int) -> int:
    """The piece on which a bracket that this one leaves open is closed, at most four lines on; -1 if none is."""
    opened = _left_open(pieces[i].text)
    for j in range(i + 1, min(i + 5, len(pieces))):
        if not opened or pieces[j].start != pieces[j - 1].end + 1:
            break
        opened = _left_open(pieces[j].text, opened)
        if not opened:
            return j
    return -1


def _left_open(text: str, opened: str = "") -> str:
    """The brackets still open after a text, given those open before it."""
    stack = list(opened)
    for character in text:
        if character in _BRACKETS.values():
            stack.append(character)
        elif character in _BRACKETS and stack and stack[-1] == _BRACKETS[character]:
            stack.pop()
    return "".join(stack)


@lru_cache(maxsize=4096)  # furniture repeats itself
def _features(line: str, length: int) -> frozenset[str]:
    text = _WIDE_GAP.sub(r"\1", line.strip())
    if _LETTER_SPACED.fullmatch(text):
        text = "".join(text.split())
    found: set[str] = set()
    if length <= _FURNITURE_MOST:
        core = _core(text)
        found = {name for name, pattern in _furniture().items() if pattern.search(core if name in _HEADS else text)}
    end = text[-_TAIL_LOOKED_AT:]
    seen = {
        "separator": _SEPARATOR.fullmatch(text),
        "bullet": BULLET.match(line),
        "url": _ONLY_URL.fullmatch(line),
        "sentence": _ENDER.search(end) or _JAPANESE_PREDICATE.search(end),
        "stop": FULL_STOP.search(line),
        "cut": re.search(r"(?:…|\.{3})$", text),
        "heading_mark": _HEADING_MARK.match(line),
        "date_line": length <= 50 and _DATE_LINE.fullmatch(text) and not _ENDER.search(end),
        "bare_date": _BARE_DATE.fullmatch(text),
        "credit": _is_credit(text),
        "foreign": language(text) == "en",
    }
    found |= {name for name, is_seen in seen.items() if is_seen}
    if length >= _PROSE_LEAST and _PLAIN_END.search(end):  # who asks a reader for something or warns him is polite
        found -= {"promotion", "disclaimer", "site"}
    byline = BYLINE_AFTER_TITLE.search(text)
    # A title that carries its date is no date line.
    return frozenset(found - {"date_line", "post"} if byline and PARTICLE.search(text[: byline.start()]) else found)


def _core(text: str) -> str:
    """A heading's phrase: without the marks around it and a count or bracket after it."""
    return _DECORATION.sub("", _COUNT.sub("", _DECORATION.sub("", text[:80])))


def _is_credit(text: str) -> bool:
    """A short line in brackets without a predicate: who wrote, took or edited."""
    inside = re.fullmatch(r"[(（]([^()（）]{2,30})[)）]", text)
    return bool(inside and not _ENDER.search(inside[1]) and not re.search(r"[はがをも]", inside[1]))
