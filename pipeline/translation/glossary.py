"""Words with a fixed English: the user's glossary, and catchphrases with a literal and a natural rendering."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

import msgspec

from pipeline.errors import ConfigError
from pipeline.record import Sentence
from pipeline.text.gazetteer import Entry, Form, Gazetteer

TERM_COLUMNS: Final = ("ja", "en")
CATCHPHRASE_COLUMNS: Final = ("ja", "literal", "natural", "note")
_WORD: Final = re.compile(r"\w+")
# Endings that do not make an English word another one.
_ENDING: Final = re.compile(r"(?:ies|es|s|ed|ing|y|e)\Z")


class Entered(NamedTuple):
    """A row of a table: the Japanese, the English to use, its literal rendering and a note (both may be empty)."""

    japanese: str
    english: str
    literal: str = ""
    note: str = ""


class Term(NamedTuple):
    """A place where a term stands in the document, in code points."""

    start: int
    end: int
    entered: Entered


class Glossary:
    """Terms by their Japanese form. Where two fit, the longer one counts."""

    def __init__(self, rows: Sequence[Entered]) -> None:
        """Index the rows; of two with the same Japanese the last counts, so that a user's file wins."""
        self._rows = {row.japanese: row for row in rows}
        entries = [(ja, Entry(f"term_{i}", "NONE", ja, row.english)) for i, (ja, row) in enumerate(self._rows.items())]
        self._forms = Gazetteer(Form(ja, entry, weak=False, mocking=False) for ja, entry in entries)

    def find(self, sentence: Sentence) -> list[Term]:
        """The terms of a sentence, in order and apart."""
        shift = sentence.start
        tokens = [msgspec.structs.replace(t, start=t.start - shift, end=t.end - shift) for t in sentence.tokens or []]
        found: list[Term] = []
        for match in sorted(self._forms.find(sentence.text, tokens), key=lambda m: (m.start - m.end, m.start)):
            term = Term(shift + match.start, shift + match.end, self._rows[match.forms[0].text])
            if all(term.end <= other.start or other.end <= term.start for other in found):
                found.append(term)
        return sorted(found)


def missing_terms(terms: Sequence[Term], english: str) -> list[str]:
    """Terms whose English is not in the translation, whatever its endings."""
    there = _stems(english)
    faults = [
        f"{term.entered.japanese} → {term.entered.english} is missing"
        for term in terms
        if not _holds(there, _stems(term.entered.english))
    ]
    return list(dict.fromkeys(faults))


def read_glossary(path: Path) -> list[Entered]:
    """The terms of a TSV table (``ja en``) or of a TBX file (version 2 or 3).

    Raises:
        ConfigError: the file cannot be read or is malformed.
    """
    if path.suffix.lower() in (".tbx", ".xml"):
        return list(_read_tbx(path))
    return [Entered(ja, en) for ja, en in _read_table(path, TERM_COLUMNS)]


def read_catchphrases(path: Path) -> list[Entered]:
    """The rows of a table ``ja literal natural note``; a note explains the wordplay.

    Raises:
        ConfigError: the file cannot be read or is malformed.
    """
    return [
        Entered(ja, natural, literal, note) for ja, literal, natural, note in _read_table(path, CATCHPHRASE_COLUMNS)
    ]


def _read_table(path: Path, columns: Sequence[str]) -> Iterator[list[str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the table cannot be read: {error}.", remedy="Save it as UTF-8.") from error
    header = "\t".join(columns)
    rows = [(i, line) for i, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
    if not rows or rows[0][1] != header:
        raise ConfigError(f"{path}: the header is not {' '.join(columns)}, parted by tabs.", remedy="Put it on top.")
    for number, line in rows[1:]:
        cells = [unicodedata.normalize("NFKC", cell.strip()) for cell in line.split("\t")]
        cells += [""] * (len(columns) - len(cells))
        if len(cells) > len(columns) or not all(cells[: min(3, len(columns))]):
            raise ConfigError(
                f"{path}:{number}: expected {' '.join(columns)}, parted by single tabs.",
                remedy="Only the last column of four may be empty.",
            )
        yield cells


def _read_tbx(path: Path) -> Iterator[Entered]:
    """The first English term of every entry with a Japanese one: termEntry/langSet/tig or conceptEntry/langSec/termSec."""
    try:
        root = ElementTree.parse(path).getroot()  # noqa: S314  (a file of the user's own)
    except (OSError, ElementTree.ParseError) as error:
        raise ConfigError(f"{path}: not a TBX file that can be read: {error}.") from error
    entries = [node for node in root.iter() if _tag(node) in ("termEntry", "conceptEntry")]
    if not entries:
        raise ConfigError(f"{path}: there is no termEntry and no conceptEntry.", remedy="Export the glossary as TBX.")
    for entry in entries:
        terms: dict[str, list[str]] = {}
        for language in (node for node in entry.iter() if _tag(node) in ("langSet", "langSec")):
            code = language.get("{http://www.w3.org/XML/1998/namespace}lang", "").lower().partition("-")[0]
            found = [" ".join("".join(node.itertext()).split()) for node in language.iter() if _tag(node) == "term"]
            terms.setdefault(code, []).extend(term for term in found if term)
        for japanese in terms.get("ja", []):
            if terms.get("en"):
                yield Entered(unicodedata.normalize("NFKC", japanese), terms["en"][0])


def _tag(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _stems(text: str) -> list[str]:
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return [_ENDING.sub("", word) if len(word) > 3 else word for word in words]


def _holds(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(list(words[i : i + len(wanted)]) == list(wanted) for i in range(len(words) - len(wanted) + 1))
