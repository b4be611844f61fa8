"""Kinds of the blocks of a plain text: title, heading, paragraph, list item, table row, caption, boilerplate.

Each line has its features (``pipeline/text/lines.py``) and is judged with its neighbourhood: a run of short labels is a
menu, what follows a 関連記事 heading near the end is a tail, a line that stands twice near the top is the title, and
between the names and dates of a comment zone stands what people said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from pipeline.record import BlockKind
from pipeline.text.lines import BYLINE_AFTER_TITLE, PARTICLE, Line, read_lines
from pipeline.text.tables import find_tables

_URL_AFTER_SENTENCE = re.compile(r"(?<=[。.!?」)])\s?https?://[\x21-\x7e]+\s*$")


def find_blocks(text: str, *, boilerplate: bool = True) -> list[tuple[int, int, BlockKind]]:
    """The blocks of a text as ``(start, end, kind)`` in code points, in order.

    Args:
        text: normalized text.
        boilerplate: tell navigation and other furniture apart; otherwise it becomes paragraphs and headings.
    """
    lines = read_lines(text)
    _mark_table_rows(lines)
    _mark_pairs(lines)
    if boilerplate:
        _mark_posts(lines)
        _mark_furniture(lines)
        _mark_label_rows(lines)
        _mark_menus(lines)
        _mark_contents(lines)
        _mark_related(lines)
        _mark_tail(lines)
        _mark_gaps(lines)
    _mark_head(lines, boilerplate=boilerplate)
    for i, line in enumerate(lines):
        line.kind = line.kind or _content_kind(line, lines[i + 1] if i + 1 < len(lines) else None)
    return [piece for line in lines for piece in _pieces(line, boilerplate=boilerplate)]


def _pieces(line: Line, *, boilerplate: bool) -> Iterable[tuple[int, int, BlockKind]]:
    """A line is one block, but for a title with its byline and a sentence with a bare address after it."""
    kind = line.kind or "paragraph"
    pattern = {"title": BYLINE_AFTER_TITLE, "paragraph": _URL_AFTER_SENTENCE}.get(kind) if boilerplate else None
    match = pattern.search(line.text) if pattern else None
    if match is None or not line.text[: match.start()].strip():
        return [(line.start, line.end, kind)]
    cut = line.start + match.start()
    return [(line.start, cut, kind), (cut, line.end, "boilerplate")]


def _mark_table_rows(lines: Sequence[Line]) -> None:
    """Rows of flattened tables; the head of a table is marked for the furniture."""
    never = ("bullet", "foreign", "navigation", "copyright", "heading_mark", "caption")
    unless_barred = ("byline", "date_line", "post", "share", "button", "tags")
    can_be = [
        not (line.is_prose or line.has(*never) or (line.has(*unless_barred) and not re.search(r"[\t|]", line.text)))
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


_PROMOTION_MOST = 100  # a longer paragraph may end an article on words of promotion and is still its own


_PAIR = re.compile(r"\s*[^\s:：。、]{1,8}\s?[:：]\s?\S.{0,60}")
_PAIRS_LEAST = 3


def _mark_pairs(lines: Sequence[Line]) -> None:
    """Names and values with a colon between, three lines or more of a box of data; not the head of a mail, not credits."""
    start = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and _is_pair(lines[end]) and _is_pair(lines[end - 1]):
            continue
        run = lines[start:end]
        credited = sum(line.has("byline", "contact") for line in run)
        if len(run) >= _PAIRS_LEAST and _is_pair(run[0]) and 2 * credited < len(run):
            for line in run:
                line.kind = "table_row"
        start = end


def _is_pair(line: Line) -> bool:
    return bool(_PAIR.fullmatch(line.text)) and not line.has(
        "bullet", "stop", "post", "mail", "heading_mark", "tags", "share"
    )


def _mark_furniture(lines: Sequence[Line]) -> None:
    """Lines that are furniture by themselves; dates, contacts and salutations only outside the running text."""
    first, last = _prose_zone(lines)
    for i, line in enumerate(lines):
        following = lines[i + 1] if i + 1 < len(lines) else None
        if (
            _is_always_furniture(line)
            or _is_short_furniture(line, following)
            or _is_dateline(line, outside=not first <= i <= last)
            or (i < first and _is_margin(line) and (line.has("contact", "sentence")))
            or (i > last and _is_margin(line))
            or (i > last and line.has("promotion") and line.length <= _PROMOTION_MOST)
            or (line.has("disclaimer") and (not first <= i <= last or not line.is_prose or _addresses_reader(line)))
        ):
            line.kind = "boilerplate"


def _addresses_reader(line: Line) -> bool:
    """Words of courtesy to a reader, or of a site about itself."""
    return (
        re.search(r"ください|下さい|いただ|ご[一-鿿]|ません|(?:当|本)(?:サイト|ブログ|社|誌|資料|メール)", line.text)
        is not None
    )


def _is_margin(line: Line) -> bool:
    """Addresses and promotion, which are furniture before and after the text; a title may hold words of promotion."""
    return line.kind is None and not line.is_prose and line.has("contact", "promotion") and not line.has("bullet")


def _is_always_furniture(line: Line) -> bool:
    return (
        line.has("separator", "url", "copyright", "attachment", "rating", "table_header", "advert", "tags")
        or (line.has("count") and line.kind is None)
        or (line.has("navigation") and not line.has("stop"))
        or (line.has("related") and line.length <= 60)
        or (line.has("caption") and line.length <= 20 and not line.has("sentence") and line.text.strip()[0] in "(（")
        or (line.has("promotion") and re.fullmatch(r"\s*[(（].*[)）]\s*", line.text) is not None)  # an aside
    )


def _is_short_furniture(line: Line, following: Line | None) -> bool:
    """Buttons, credits and the like: one short line; a button has no text of its own under it, as a heading has."""
    if line.is_prose or line.has("bullet", "subject") or line.length > 60 or line.kind == "table_row":
        return False
    button = line.has("button") and line.length <= 25 and not (following and following.is_prose)
    signs = ("share", "byline", "section_tail", "read_more", "reading_time", "logo", "salutation", "comments")
    return button or line.has(*signs) or (line.has("credit") and not line.has("date_line"))


def _is_dateline(line: Line, *, outside: bool) -> bool:
    if not line.has("date_line") or line.is_prose or line.kind == "table_row" or line.has("heading_mark", "bullet"):
        return False
    return (outside and line.length <= 40) or (line.length <= 30 and not re.search(r"[はがをに]", line.text))


def _prose_zone(lines: Sequence[Line]) -> tuple[int, int]:
    """First and last index of the article's running text, without comments on it; (len, -1) if there is none."""
    prose = [
        i
        for i, line in enumerate(lines)
        if line.is_prose and line.kind is None and line.has("stop") and not line.has("said") and not _is_sign(line)
    ]
    return (prose[0], prose[-1]) if prose else (len(lines), -1)


_NAME_LINE_MOST = 60  # code points of a name with its date, town and stars
_THREAD = 4  # so many name lines make a thread wherever they stand; fewer do so only under running text
_SPOKEN_MOST = 25  # lines that one post may have, of comments, answers and reviews


def _mark_posts(lines: Sequence[Line]) -> None:
    """Comments, answers and reviews under an article: names and dates are furniture, what people say is content.

    A zone has a heading and a name line, or two name lines. A heading alone begins a tail.
    """
    first, _ = _prose_zone(lines)
    posts = [i for i, line in enumerate(lines) if _is_name_line(line)]
    posts = posts if len(posts) >= _THREAD else [i for i in posts if i > first]
    later = range(min([first, *posts]), len(lines))
    heads = [i for i in later if lines[i].has("comments") and not lines[i].is_prose]
    if len(posts) + bool(heads) < 2 or not posts:
        for i in heads:
            lines[i].features.add("section_tail")
        return
    start = min([*heads, posts[0]])
    end = posts[-1] + 1
    while end < min(len(lines), posts[-1] + _SPOKEN_MOST) and not lines[end].has("section_tail", "separator", "advert"):
        end += 1
    for i in range(start, end):
        if _is_name_line(lines[i]):
            lines[i].kind = "boilerplate"
            if i > start and lines[i].has("bare_date") and lines[i - 1].is_label and not lines[i - 1].has("bullet"):
                lines[i - 1].kind = "boilerplate"  # the name stands over its date
        elif lines[i].kind is None and not _is_sign(lines[i]):
            under_name = i > start and lines[i - 1].has("post") and not lines[i].has("comments", "read_more", "button")
            if under_name or lines[i].has("sentence", "stop"):
                lines[i].features.add("said")


def _is_name_line(line: Line) -> bool:
    return line.has("post") and not line.is_prose and line.length <= _NAME_LINE_MOST and line.kind is None


def _is_sign(line: Line) -> bool:
    """Words of furniture on a line that may be prose."""
    return line.has("promotion", "biography", "disclaimer", "copyright", "share", "site", "note")


def _mark_label_rows(lines: Sequence[Line]) -> None:
    """Several labels on one line, set apart by spaces: a menu, buttons, the head of a table. Rows of figures stay."""
    text = [i for i, line in enumerate(lines) if line.kind is None and line.has("stop") and not _is_sign(line)]
    for i, line in enumerate(lines):
        if line.kind == "table_row" and text and text[0] < i < text[-1]:
            continue
        cells = line.text.split()
        under_row = i > 0 and lines[i - 1].kind == "table_row" and len(cells) == 3  # 監督 and a name in two words
        if (
            len(cells) >= 3
            and not re.search(r"[\d。、!?「」()…]", line.text)
            and max(map(len, cells)) <= 14
            and not line.has("foreign")
            and not under_row
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
        while j < len(lines) and lines[j].has("bullet") and (lines[j].is_label or lines[j].has("foreign")):
            j += 1
        run = lines[i:j]
        listed = any(re.search(r"…|:|：|\d", line.text) for line in run[:2])
        if (
            len(run) >= 3
            and (j <= first or i > last)
            and not listed
            and sum(line.length for line in run) / len(run) <= 22
        ):
            for line in run:
                line.kind = "boilerplate"
        i = max(j, i + 1)
    bare = [bool(re.fullmatch(r"[\d\s/]+", line.text)) for line in lines]
    for i, line in enumerate(lines):
        if bare[i] and (bare[i - 1 : i] == [True] or bare[i + 1 : i + 2] == [True]):  # a calendar
            line.kind = "boilerplate"


def _mark_contents(lines: Sequence[Line]) -> None:
    """A table of contents: the labels after 目次, to the next blank line or prose, or that stand further down again."""
    last = {_bare(line.text): i for i, line in enumerate(lines)}
    j = 0
    for i, line in enumerate(lines):
        if i < j or not line.has("contents"):
            continue
        line.kind = "boilerplate"
        j = i + 1
        while j < len(lines) and (last[_bare(lines[j].text)] > j or _is_entry(lines, j)):
            lines[j].kind = "boilerplate"
            j += 1


def _is_entry(lines: Sequence[Line], j: int) -> bool:
    """A numbered or marked label right under the line before it."""
    marked = lines[j].has("bullet") or re.match(r"\s*\d{1,2}(?:\.\d{1,2})*\s", lines[j].text)
    return (
        bool(marked) and lines[j].start == lines[j - 1].end + 1 and not lines[j].is_prose and not lines[j].has("stop")
    )


_LINK_MOST = 60  # a longer line is no headline


def _mark_related(lines: Sequence[Line]) -> None:
    """Links under a related-articles label inside the article; a paragraph between label and links stays."""
    links = 0
    for i, line in enumerate(lines):
        if i < links or not line.has("section_tail") or line.length > 20:
            continue
        links = i + 1
        if links < len(lines) and lines[links].is_prose and not lines[links].has("bullet"):
            links += 1
        while links < len(lines) and _is_link(lines, links):
            lines[links].kind = "boilerplate"
            links += 1


def _is_link(lines: Sequence[Line], i: int) -> bool:
    """A headline: an item, or a line of its own that heads nothing."""
    line = lines[i]
    if line.has("said", "post", "comments"):
        return False
    if line.has("bullet"):
        return not line.has("stop")
    adjacent = line.start == lines[i - 1].end + 1
    heads = i + 1 < len(lines) and lines[i + 1].has("stop") and not lines[i].kind
    return adjacent and not heads and not line.has("stop") and line.length <= _LINK_MOST


def _mark_tail(lines: Sequence[Line]) -> None:
    """Furniture to the end, from a tail heading, a separator or a byline in the last half on.

    A tail begins only where no prose follows but biographies, promotion and cards, and nobody is heard any more. What
    is left at the end of biographies, promotion, notes, contacts and signatures goes too.
    """
    goes_on_until, follows = _prose_end(lines), _text_follows(lines)
    _, last = _prose_zone(lines)
    for i in range(goes_on_until, len(lines)):
        if lines[i].length <= 60 and _starts_tail(lines, i, after_all=-1 < last < i, text_follows=follows[i]):
            for later in lines[i:]:
                later.kind = "boilerplate"
            break
    for i in range(len(lines) - 1, -1, -1):
        if lines[i].kind != "boilerplate" and (
            lines[i].has("said") or not _is_last_words(lines[i], after_all=i > last)
        ):
            break
        lines[i].kind = "boilerplate"


_TAIL_HEADS = ("section_tail", "advert", "copyright")


def _starts_tail(lines: Sequence[Line], i: int, *, after_all: bool, text_follows: bool) -> bool:
    """Whether the page's furniture begins here.

    ``after_all`` prose a button, or a label that heads nothing, is enough, unless a short sentence still follows.
    """
    line = lines[i]
    if line.has(*_TAIL_HEADS):
        return True
    if i >= len(lines) // 2 and line.has("separator", "byline", "promotion"):
        return True
    if not after_all or line.kind == "table_row":
        return False
    if line.has("share", "tags", "post"):
        return True
    if text_follows:
        return False
    if line.has("button", "read_more"):
        return True
    label = line.is_label and line.kind is None and not line.has("bullet", "caption")
    return label and not any(_is_entry_like(later) for later in lines[max(i - 1, 0) : i + 2])


def _text_follows(lines: Sequence[Line]) -> list[bool]:
    """Of each line, whether a sentence stands between it and the next certain beginning of a tail."""
    follows = [False] * (len(lines) + 1)
    for i in range(len(lines) - 1, -1, -1):
        line = lines[i]
        is_text = line.kind is None and line.has("stop") and not _is_sign(line)
        follows[i] = not line.has(*_TAIL_HEADS) and (is_text or follows[i + 1])
    return follows


def _is_entry_like(line: Line) -> bool:
    """An item, a row, a line of speech or with a figure: what an article may end on after a heading."""
    return (
        line.kind == "table_row" or line.has("bullet", "heading_mark", "sentence") or bool(re.search(r"\d", line.text))
    )


def _is_last_words(line: Line, *, after_all: bool) -> bool:
    """What may stand under an article as its last line: who wrote it, where to ask, notes; ``after_all`` prose, a name."""
    signature = after_all and line.length <= 20 and line.is_label and not PARTICLE.search(line.text)
    return (
        line.has("promotion", "biography", "disclaimer", "credit", "note", "contact", "button", "logo")
        or line.has("date_line")
        or (signature and line.kind is None and not line.has("bullet"))
    )


# Furniture after the article's end may hold a sentence or two of its own: this share of a page's running text. By
# judgement, kept after trying it on the pages of tests/data/layout.
_TAIL_SHARE = 0.12


def _prose_end(lines: Sequence[Line]) -> int:
    """The line from which on no more prose follows than a tail has, prose being what nothing marks as furniture."""
    prose = [line.length if line.is_prose and not _is_sign(line) else 0 for line in lines]
    most, after = _TAIL_SHARE * sum(prose), 0
    for i in range(len(lines) - 1, -1, -1):
        if after > most or lines[i].has("said"):
            return i + 1
        after += prose[i]
    return 0


_GAP_MOST = 3  # lines of a gap


def _mark_gaps(lines: Sequence[Line]) -> None:
    """A few labels between furniture and furniture are furniture: a publisher's name between its date and its buttons."""
    walls = [
        i == len(lines)
        or (
            lines[i].kind == "boilerplate"
            and not lines[i].has("separator", "table_header", "url", "attachment", "advert")
        )
        for i in range(len(lines) + 1)
    ]
    first, _ = _prose_zone(lines)
    for i in range(first + 1, len(lines)):
        if not walls[i - 1] or walls[i]:
            continue
        end = next(j for j in range(i, len(lines) + 1) if walls[j])
        gap = lines[i:end]
        if len(gap) <= _GAP_MOST and all(
            line.kind is None and line.is_label and line.length <= 30 and not line.has("bullet", "caption", "said")
            for line in gap
        ):
            for line in gap:
                line.kind = "boilerplate"


def _mark_head(lines: Sequence[Line], *, boilerplate: bool) -> None:
    """Find the title above the first prose; site names over it and bylines under it are furniture.

    The title is the line that stands there twice, else a line marked as one, else the longest. Without a line that
    could be one there is no title.
    """
    # A headline may be a sentence, but it has no full stop.
    first = next(
        (i for i, line in enumerate(lines) if line.has("said") or (line.kind is None and _opens_text(line))), 0
    )
    head = [line for line in lines[:first] if line.kind is None and not line.has("bullet")]
    if not head:
        return
    names = Counter(_bare(line.text) for line in head)
    twice = [line for line in head if names[_bare(line.text)] > 1]
    marked = [line for line in head if re.match(r"\s*#\s", line.text) or line.has("subject")]
    marked = marked or _last_crumb(lines[:first], head)
    likely = [line for line in head if not (_names_somebody(line.text) or line.has("caption", "question"))]
    if max((line.length for line in likely), default=0) < _TITLE_LEAST:
        likely = [
            line for line in head if any(_bare(line.text) in later.text for later in lines[first : first + _LEAD])
        ] or head
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
    for i, line in enumerate(lines[:first]):
        if line.start > title.start and line.kind is None and line.is_label and not line.has("bullet"):
            line.kind = "boilerplate" if _names_somebody(line.text) or _is_loose(lines, i) else None


def _opens_text(line: Line) -> bool:
    return line.has("stop") and not line.has("cut") and (line.is_prose or line.text.rstrip().endswith("。"))


def _is_loose(lines: Sequence[Line], i: int) -> bool:
    """A short label under the title that heads nothing: what follows is furniture, or it stands by its date."""
    line, before, following = lines[i], lines[i - 1], lines[i + 1]
    dated = before.has("date_line") or following.has("date_line")
    short = line.length <= (_DATED_NAME_MOST if dated else _NAME_MOST) and not PARTICLE.search(line.text)
    before_furniture = following.kind == "boilerplate" and not following.has("table_header")
    signs = dated and line.length > _NAME_MOST and not following.has("stop")
    return short and not line.has("caption") and (before_furniture or signs)


_TITLE_LEAST = 8  # a shorter line is a title only if nothing else is
_LEAD = 10  # lines of text in which a title that is only a name comes again
_NAME_MOST = 12  # code points of a name or label under a title
_DATED_NAME_MOST = 24  # of one beside its date, such as a whole committee
_CRUMB_WITHIN = 40  # lines from the top
_CRUMB_LEAST = 4  # code points that a breadcrumb's last step must have to name the page


def _last_crumb(above: Sequence[Line], head: Sequence[Line]) -> list[Line]:
    """The lines that say what the last step of a breadcrumb says."""
    crumbs = {_bare(re.split(r"[>＞»›]", line.text)[-1]) for line in above[:_CRUMB_WITHIN] if line.has("navigation")}
    steps = [crumb[:40] for crumb in crumbs if len(crumb) >= _CRUMB_LEAST]
    return [line for line in head if any(step in _bare(line.text) for step in steps)]


def _names_somebody(text: str) -> bool:
    """Several words, figures or brackets and no particle: a person with age and town, a member number, a site."""
    if re.search(r"[★☆]|\d\.\d", text):  # a box of scores
        return False
    return bool(re.search(r"[\d:：/／]|\S\s\S", text.strip())) and not PARTICLE.search(text)


def _bare(text: str) -> str:
    """A line without its mark, number and spaces, for comparison."""
    return re.sub(r"^\d{1,2}[.)]|[\s#◆■●▼◎★☆・•*]", "", text.strip())


def _content_kind(line: Line, following: Line | None) -> BlockKind:
    if line.has("caption") and line.length <= 80:
        return "caption"
    if line.has("bullet") and not _heads_section(line, following):
        return "list_item"
    if re.match(r"\s*#{1,6}\s", line.text):
        return "heading"
    heads_something = following is not None and following.kind != "boilerplate"
    short = line.length <= (25 if line.has("sentence") else 60)
    ended = re.search(r"。[」』)）\s.]*$|^\s*[(（].*[)）]\s*$", line.text) or line.has("cut")
    return "heading" if heads_something and short and not ended else "paragraph"


def _heads_section(line: Line, following: Line | None) -> bool:
    """A square or round mark on a label with no such mark on the next line: a heading, not an item."""
    mark = re.compile(r"\s*[■□◆◇●▼◎]")
    alone = following is None or not mark.match(following.text)
    return bool(mark.match(line.text)) and alone and line.length <= 40 and not line.has("sentence")
