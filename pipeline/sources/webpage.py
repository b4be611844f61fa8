"""Take the article out of a web page as plain text whose lines still show their kind.

trafilatura finds the article and its metadata. Its text output loses the headings and its Markdown output escapes
and decorates the words, so its element tree is written out here: ``## `` before a heading, ``- `` or ``1. `` before
a list item, ``| a | b |`` for a table row, one blank line between blocks, nothing else added. Reading aids over
kanji (ruby), link targets and struck-out words are dropped.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from trafilatura import bare_extraction
from trafilatura.settings import use_config

from pipeline.errors import InputError

# Where HTML allows the declaration: in the first kilobyte; real pages are late with it now and then.
_PRESCAN_BYTES: Final = 4096
_DECLARATION: Final = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9._:-]+)""", re.IGNORECASE)
# Text shorter than this makes trafilatura take the whole page without its structure. Its default, 250, is meant
# for alphabets; Japanese says as much in fewer characters.
_MIN_ARTICLE: Final = 60
# A line break of the source between two Japanese characters is no space (CSS Text 3, segment breaks).
_JAPANESE: Final = "[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
_SOURCE_BREAK: Final = re.compile(rf"(?<={_JAPANESE})[ \t]*\r?\n\s*(?={_JAPANESE})")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_BLOCKS: Final = frozenset({"head", "p", "list", "table", "quote", "code"})


@dataclass(frozen=True, slots=True)
class Page:
    """The article of a web page; ``published`` is an ISO 8601 date."""

    text: str
    title: str | None
    url: str | None
    published: str | None
    publisher: str | None


def declared_encoding(data: bytes) -> str | None:
    """The Python codec for what the page declares in its head, None if that is nothing known.

    Pages that say Shift_JIS mean CP932 (WHATWG Encoding Standard).
    """
    match = _DECLARATION.search(data, 0, _PRESCAN_BYTES)
    if not match:
        return None
    label = match[1].decode("ascii").lower().removeprefix("x-")
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    return "cp932" if name == "shift_jis" else name


def extract(html: str) -> Page:
    """The article in ``html``. Raises InputError ``empty`` if there is none."""
    document: Any = bare_extraction(
        _SOURCE_BREAK.sub("", html),
        with_metadata=True,
        include_comments=False,
        config=_config(),
        # Only dates that the page states as its own, never one guessed from its text.
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    text = "" if document is None else _with_title(_render(document.body), document.title)
    if not text.strip():
        raise InputError(
            "no article was found in this web page.",
            remedy="Save the article's text as .txt or .md and give that file.",
            code="empty",
        )
    return Page(text, document.title, document.url, document.date, document.sitename)


def _config() -> Any:
    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(_MIN_ARTICLE))
    return config


def _with_title(text: str, title: str | None) -> str:
    """Put the title first where the article's text lacks it: a headline is content."""
    if not text or not title or title in text or any(heading in title for heading in _HEADING.findall(text)):
        return text
    return f"# {title}\n\n{text}"


def _render(body: Any) -> str:
    return "\n\n".join(block for block in _blocks(body) if block)


def _blocks(element: Any, skip: str = "") -> Iterator[str]:
    """The blocks of an element but ``skip``; loose text between them is a block of its own."""
    inline = element.text or ""
    for child in element:
        if child.tag in _BLOCKS:
            yield _tidy(inline)
            inline = ""
            if child.tag != skip:
                yield from _block(child)
        else:
            inline += _inline(child)
        inline += child.tail or ""
    yield _tidy(inline)


def _block(element: Any) -> Iterator[str]:
    match element.tag:
        case "head":
            level = int((element.get("rend") or "h3").removeprefix("h"))
            yield f"{'#' * level} {_line(element)}"
        case "list":
            yield "\n".join(_items(element, ""))
        case "table":
            yield from _rows(element)
        case _:
            yield from _blocks(element)


def _items(element: Any, indent: str) -> Iterator[str]:
    ordered = element.get("rend") == "ol"
    for number, item in enumerate(element.iterchildren("item"), 1):
        if line := _line(item, skip="list"):
            yield f"{indent}{f'{number}.' if ordered else '-'} {line}"
        for nested in item.iterchildren("list"):
            yield from _items(nested, indent + "  ")


def _rows(table: Any) -> Iterator[str]:
    """A table's rows as one block; a table of one column is layout, and its cells are blocks."""
    rows = [list(row.iterchildren("cell")) for row in table.iterchildren("row")]
    if all(len(cells) <= 1 for cells in rows):
        for cells in rows:
            for cell in cells:
                yield from _blocks(cell)
        return
    yield "\n".join(f"| {' | '.join(map(_line, cells))} |" for cells in rows)


def _line(element: Any, skip: str = "") -> str:
    """All text of an element on one line, less its children of the kind ``skip``."""
    return " ".join(" ".join(block.split()) for block in _blocks(element, skip) if block)


def _inline(element: Any) -> str:
    if element.tag == "del":
        return ""
    if element.tag == "lb":
        return "\n"
    return (element.text or "") + "".join(_inline(child) + (child.tail or "") for child in element)


def _tidy(text: str) -> str:
    """Lines without white space around them, and no empty ones."""
    return "\n".join(line for line in map(str.strip, text.splitlines()) if line)
