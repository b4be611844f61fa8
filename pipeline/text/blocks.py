"""Lines of plain text into blocks: title, heading, paragraph, list item, table row, caption, boilerplate.

Each line is described by a few features (length, enders, bullets, separators, words of web furniture) and then
judged with its neighbourhood: a run of short labels is a menu, what follows a 関連記事 heading near the end is a tail,
a line that stands twice near the top is the title. The words of web furniture are in ``configs/boilerplate.yaml``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from ruamel.yaml import YAML

from pipeline.config import config_dir
from pipeline.record import BlockKind
from pipeline.text.language import language
from pipeline.text.tables import find_tables

FURNITURE = "boilerplate.yaml"

_BULLET = re.compile(r"\s*(?:[•・◦●○■□▪▶►*+\-–]\s+|[・•●◦](?=\S)|\(?\d{1,2}[.)](?=\s)|[①-⑳]|[0-9]{1,2}\))")
_SEPARATOR = re.compile(r"(?:以上|記|[-‐―─ ]*+\d{1,3}[-‐―─ ]++)|[*=_\-─―ー~～〜◇◆☆★・。…＊# ]{3,}|[◇◆☆★○●□■*]")
_ONLY_URL = re.compile(r"\s*(?:https?://|www\.)\S+\s*$")
_ENDER = re.compile(r"(?:[。!?！？…]|(?<=[ぁ-んァ-ヶ一-鿿」)])\.)[」』)）\]\s.]*$")
_FULL_STOP = re.compile(r"。|(?<=[ぁ-んァ-ヶ一-鿿」)])\.(?![.\w])")
_JAPANESE_PREDICATE = re.compile(r"(?:です|ます|した|ない|いる|ある|する|れる|だろう|でしょう|である)[。」』)）\s]*$")
_DATE = r"(?:\d{4}[年./-]\s?\d{1,2}[月./-]\s?\d{1,2}日?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}, \d{4})"
_DATE_LINE = re.compile(rf"\s*.{{0,30}}?{_DATE}.{{0,20}}$")
_HEADING_MARK = re.compile(r"\s*(?:#{1,6}\s|[◆■●▼◎★☆【]|第[0-9一二三四五六七八九十]+[章節部])")


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


# A longer line is no menu, credit or notice, and its words are not looked at as such.
_FURNITURE_MOST = 300
_TAIL_LOOKED_AT = 40  # code points at the end of a line that tell whether a sentence ends there
_JOINED_MOST = 5_000  # code points of a paragraph put together from broken lines


@cache
def _furniture() -> dict[str, re.Pattern[str]]:
    """The words of web furniture, one pattern a class."""
    data = YAML(typ="safe").load((config_dir() / FURNITURE).read_text(encoding="utf-8"))
    return {
        name: re.compile("|".join(f"(?:{p})" for p in lines.split("\n") if p), re.IGNORECASE)
        for name, lines in data.items()
    }


def find_blocks(text: str, *, boilerplate: bool = True) -> list[tuple[int, int, BlockKind]]:
    """The blocks of a text as ``(start, end, kind)`` in code points, in order.

    Args:
        text: normalized text.
        boilerplate: tell navigation and other furniture apart; otherwise it becomes paragraphs and headings.
    """
    lines = _lines(text)
    for line in lines:
        line.features = _features(line)
    _mark_table_rows(lines)
    if boilerplate:
        _mark_furniture(lines)
        _mark_label_rows(lines)
        _mark_menus(lines)
        _mark_contents(lines)
        _mark_related(lines)
        _mark_tail(lines)
    _mark_head(lines, boilerplate=boilerplate)
    for i, line in enumerate(lines):
        line.kind = line.kind or _content_kind(line, lines[i + 1] if i + 1 < len(lines) else None)
    return [(line.start, line.end, line.kind) for line in lines if line.kind]


def _lines(text: str) -> list[Line]:
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
    if _BULLET.match(following) or _SEPARATOR.fullmatch(following.strip()) or _SEPARATOR.fullmatch(line.strip()):
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


def _features(line: Line) -> set[str]:
    text = line.text.strip()
    found: set[str] = set()
    if line.length <= _FURNITURE_MOST:
        found = {name for name, pattern in _furniture().items() if pattern.search(text)}
    if _SEPARATOR.fullmatch(text):
        found.add("separator")
    if _BULLET.match(line.text):
        found.add("bullet")
    if _ONLY_URL.fullmatch(line.text):
        found.add("url")
    end = text[-_TAIL_LOOKED_AT:]
    if _ENDER.search(end) or _JAPANESE_PREDICATE.search(end):
        found.add("sentence")
    if re.search(r"(?:…|\.{3})\s*$", text):
        found.add("cut")
    if _HEADING_MARK.match(line.text):
        found.add("heading_mark")
    if line.length <= 50 and _DATE_LINE.fullmatch(text) and "sentence" not in found:
        found.add("date_line")
    if language(text) != "ja":
        found.add("foreign")
    return found


def _is_prose(line: Line) -> bool:
    """A line of running text: long, or ended like a sentence, and not cut off."""
    if "cut" in line.features:
        return False
    if "foreign" in line.features:
        return line.length >= 40 and "sentence" in line.features
    ended = "sentence" in line.features or _FULL_STOP.search(line.text) is not None
    return line.length >= 80 or (line.length >= 25 and ended)


def _is_label(line: Line) -> bool:
    """A short line without a predicate, as menus, tags and archives have them."""
    return line.length <= 40 and "sentence" not in line.features and "heading_mark" not in line.features


def _mark_table_rows(lines: Sequence[Line]) -> None:
    """Rows of flattened tables; the head of a table is marked for the furniture."""
    can_be = [
        not (_is_prose(line) or line.features & {"bullet", "foreign", "share", "navigation", "byline", "copyright"})
        for line in lines
    ]
    start = 0
    for end in range(1, len(lines) + 1):
        # A blank line ends a table.
        if end < len(lines) and lines[end].start - lines[end - 1].end <= 1:
            continue
        stretch = lines[start:end]
        for first, last, has_head in find_tables([line.text for line in stretch], can_be[start:end]):
            for line in stretch[first:last]:
                line.kind = "table_row"
            if has_head:
                stretch[first].features.add("table_header")
        start = end


def _mark_furniture(lines: Sequence[Line]) -> None:
    """Lines that are furniture by themselves; dates, contacts and salutations only outside the running text."""
    first, last = _prose_zone(lines)
    for i, line in enumerate(lines):
        f = line.features
        plain = not _is_prose(line) and "bullet" not in f
        outside = i < first or i > last
        always = (
            f & {"separator", "url", "copyright", "attachment", "rating"}
            or "disclaimer" in f
            or "table_header" in f
            or ("navigation" in f and not _FULL_STOP.search(line.text))
            or ("related" in f and line.length <= 60)
            or ("caption" in f and line.length <= 20 and "sentence" not in f and re.match(r"[(（]", line.text.strip()))
        )
        short = (
            plain
            and line.length <= 60
            and f & {"share", "byline", "section_tail", "read_more", "reading_time", "logo", "salutation"}
        )
        dateline = "date_line" in f and plain and line.kind != "table_row" and "heading_mark" not in f
        margin = outside and (f & {"contact", "promotion"} or (dateline and line.length <= 40))
        dated = dateline and line.length <= 30 and not re.search(r"[はがをに]", line.text)
        if always or short or margin or dated or (_is_credit(line) and "date_line" not in f):
            line.kind = "boilerplate"


def _prose_zone(lines: Sequence[Line]) -> tuple[int, int]:
    """First and last index of running text; (len, -1) if there is none."""
    prose = [
        i for i, line in enumerate(lines) if _is_prose(line) and line.kind is None and _FULL_STOP.search(line.text)
    ]
    return (prose[0], prose[-1]) if prose else (len(lines), -1)


def _mark_label_rows(lines: Sequence[Line]) -> None:
    """Several labels on one line, set apart by spaces: a menu, buttons, the head of a table. Rows of figures stay."""
    for line in lines:
        cells = line.text.split()
        if (
            len(cells) >= 3
            and not re.search(r"[\d。、!?「」()]", line.text)
            and max(map(len, cells)) <= 14
            and "foreign" not in line.features
        ):
            line.kind = "boilerplate"


def _mark_menus(lines: Sequence[Line]) -> None:
    """Three bulleted labels or more in a row before or after the running text: a menu, an archive, a list of tags.

    Between paragraphs such a run is a list of the article's own.
    """
    first, last = _prose_zone(lines)
    i = 0
    while i < len(lines):
        j = i
        while (
            j < len(lines) and "bullet" in lines[j].features and (_is_label(lines[j]) or "foreign" in lines[j].features)
        ):
            j += 1
        run = lines[i:j]
        listed = any(re.search(r"…|:|：|\d", line.text) for line in run[1:2])
        if (
            len(run) >= 3
            and (j <= first or i > last)
            and not listed
            and sum(line.length for line in run) / len(run) <= 22
        ):
            for line in run:
                line.kind = "boilerplate"
        i = max(j, i + 1)
    for i, line in enumerate(lines):
        bare_figures = [
            j for j in (i - 1, i, i + 1) if 0 <= j < len(lines) and re.fullmatch(r"[\d\s/]+", lines[j].text)
        ]
        if i in bare_figures and len(bare_figures) >= 2:  # a calendar
            line.kind = "boilerplate"


def _mark_contents(lines: Sequence[Line]) -> None:
    """A table of contents: labels after 目次 that stand again further down as headings."""
    last = {_bare(line.text): i for i, line in enumerate(lines)}
    j = 0
    for i, line in enumerate(lines):
        if i < j or not re.fullmatch(r"\s*(?:目次|もくじ|contents)\s*", line.text, re.IGNORECASE):
            continue
        j = i + 1
        while j < len(lines) and last[_bare(lines[j].text)] > j:
            lines[j].kind = "boilerplate"
            j += 1


def _mark_related(lines: Sequence[Line]) -> None:
    """Links under a related-articles label inside the article; a paragraph between label and links stays."""
    links = 0
    for i, line in enumerate(lines):
        if i < links or "section_tail" not in line.features or line.length > 20:
            continue
        links = (
            i + 2 if i + 1 < len(lines) and _is_prose(lines[i + 1]) and "bullet" not in lines[i + 1].features else i + 1
        )
        while links < len(lines) and "bullet" in lines[links].features and "。" not in lines[links].text:
            lines[links].kind = "boilerplate"
            links += 1


def _mark_tail(lines: Sequence[Line]) -> None:
    """Furniture to the end, from a tail heading, a separator or a byline in the last half on.

    A tail begins only where no prose follows but biographies, promotion and cards. What is left at the end of
    biographies, promotion, disclaimers and bylines goes too.
    """
    goes_on_until = _prose_end(lines)
    for i, line in enumerate(lines):
        f = line.features
        starts = "section_tail" in f or (i >= len(lines) // 2 and f & {"separator", "byline", "promotion"})
        if starts and line.length <= 60 and i >= goes_on_until:
            for later in lines[i:]:
                later.kind = "boilerplate"
            break
    for line in reversed(lines):
        if line.kind != "boilerplate":
            if not (line.features & {"promotion", "biography", "disclaimer"} or _is_credit(line)):
                break
            line.kind = "boilerplate"


# Furniture after the article's end may hold a sentence or two of its own: this share of a page's running text. By
# judgement, kept after trying it on the pages of tests/data/layout.
_TAIL_SHARE = 0.12


def _prose_end(lines: Sequence[Line]) -> int:
    """The line from which on no more prose follows than a tail has, prose being what nothing marks as furniture."""
    furniture = {"promotion", "biography", "disclaimer", "copyright", "share", "site"}
    prose = [line.length if _is_prose(line) and not line.features & furniture else 0 for line in lines]
    most, after = _TAIL_SHARE * sum(prose), 0
    for i in range(len(lines) - 1, -1, -1):
        if after > most:
            return i + 1
        after += prose[i]
    return 0


def _is_credit(line: Line) -> bool:
    """A short line in brackets without a predicate: who wrote, took or edited."""
    inside = re.fullmatch(r"\s*[(（]([^()（）]{2,30})[)）]\s*", line.text)
    return (
        bool(inside) and "sentence" not in line.features and not re.search(r"[はがをも]", inside[1] if inside else "")
    )


def _mark_head(lines: Sequence[Line], *, boilerplate: bool) -> None:
    """Find the title above the first prose; site names over it and bylines under it are furniture.

    The title is the line that stands there twice, else a line marked as one, else the longest. Without a line that
    could be one there is no title.
    """
    # A headline may be a sentence, but it has no full stop.
    first = next((i for i, line in enumerate(lines) if _is_prose(line) and _FULL_STOP.search(line.text)), 0)
    head = [line for line in lines[:first] if line.kind is None and "bullet" not in line.features]
    if not head:
        return
    names = Counter(_bare(line.text) for line in head)
    twice = [line for line in head if names[_bare(line.text)] > 1]
    marked = [line for line in head if re.match(r"\s*#\s", line.text)]
    likely = [line for line in head if not (_names_somebody(line.text) or "caption" in line.features)] or head
    longest = max(line.length for line in likely)
    title = next(iter(twice or marked or [line for line in likely if line.length >= 0.7 * longest]))
    position = head.index(title)
    for line in head:
        if _bare(line.text) == _bare(title.text):
            line.kind = "title"
    if not boilerplate:
        return
    for line in head[:position]:
        line.kind = line.kind or "boilerplate"
    for line in head[position + 1 :]:
        if line.kind is None and _is_label(line) and _names_somebody(line.text):
            line.kind = "boilerplate"


def _names_somebody(text: str) -> bool:
    """Several words, figures or brackets and no particle: a person with age and town, a member number, a site."""
    return bool(re.search(r"[\d:：/／]|\S\s\S", text.strip())) and not re.search(r"[はがをにでとのも、]", text)


def _bare(text: str) -> str:
    """A line without its mark and spaces, for comparison."""
    return re.sub(r"[\s#◆■●▼◎★☆・•]", "", text)


def _content_kind(line: Line, following: Line | None) -> BlockKind:
    if "caption" in line.features and line.length <= 80:
        return "caption"
    if "bullet" in line.features and not _heads_section(line, following):
        return "list_item"
    if re.match(r"\s*#{1,6}\s", line.text):
        return "heading"
    heads_something = following is not None and following.kind != "boilerplate"
    short = line.length <= (25 if "sentence" in line.features else 60)
    ended = re.search(r"。[」』)）\s.]*$|^\s*[(（].*[)）]\s*$", line.text) or "cut" in line.features
    return "heading" if heads_something and short and not ended else "paragraph"


def _heads_section(line: Line, following: Line | None) -> bool:
    """A square or round mark on a label with no such mark on the next line: a heading, not an item."""
    mark = re.compile(r"\s*[■□◆◇●▼◎]")
    alone = following is None or not mark.match(following.text)
    return bool(mark.match(line.text)) and alone and line.length <= 40 and "sentence" not in line.features
