"""The gazetteer: names known by heart, read from TSV files and found in text.

A file holds one entry a line under the header ``id label name aliases weak mocking name_en``: seven cells parted
by tabs, several values in a cell parted by ``|``.

* ``name`` and ``aliases`` are strong: wherever they stand as a word, they are the entry.
* ``weak`` forms are words with another reading too (マスク, 米, X). They count only beside a strong form of the same
  entry in the document, or with a suffix that fits; a form of one character is weak wherever it is listed.
* ``mocking`` forms are derisive respellings. One that is listed under ``weak`` as well needs the same support.
* ``label`` is an entity label, or ``NONE`` for a term that is no name and hides one (テスラコイル): the longest form wins.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from pipeline.errors import ConfigError
from pipeline.record import EntityLabel, Token

COLUMNS: Final = ("id", "label", "name", "aliases", "weak", "mocking", "name_en")
Label = EntityLabel | Literal["NONE"]
NO_NAME: Final = "NONE"
LABELS: Final[tuple[Label, ...]] = (*get_args(EntityLabel), NO_NAME)

# One character for another, so that offsets stay: variants of kanji in names, small kana (フアン and ファン), dots
# between the parts of a name, hyphens and apostrophes.
_FOLD: Final = str.maketrans(
    "齋齊斉髙﨑濵濱邊邉澤廣國嶋ヶヵァィゥェォャュョ=＝゠･•‧’‐‑–−",
    "斎斎斎高崎浜浜辺辺沢広国島ケカアイウエオヤユヨ・・・・・・'----",
)
# A code point of each kind; everything else in Japanese needs the tokenizer to know where a word ends.
_LATIN: Final = re.compile(r"[0-9A-Za-zÀ-ÖØ-öø-ÿ]")
_KATAKANA: Final = re.compile(r"[ァ-ヺー]")
# Names in addresses are no mentions.
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[!-~]+|[\w.+-]+@[\w-]+\.[\w.-]+", re.ASCII)
# What the dictionary glues to a name without making it another one: 中国製, 日本側, トランプ大統領.
_LIGHT_ENDINGS: Final = frozenset(
    "製 産 側 系 発 車 版 株 流 式 勢 内 初 籍 政府 国内 軍 氏 大統領 首相 政権 会長 社長".split()
)
# From this length on, a name in kanji is trusted even where the tokenizer sees another word boundary.
_SELF_EVIDENT: Final = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing with a name."""

    id: str
    label: Label
    name: str
    name_en: str | None


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write an entry."""

    text: str
    entry: Entry
    weak: bool
    mocking: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A place where forms stand as a word: ``start``/``end`` in code points of the text searched.

    ``forms`` holds every entry written so, strong ones first, each in file order.
    """

    start: int
    end: int
    forms: tuple[Form, ...]


class Gazetteer:
    """Entries, indexed by the first two characters of their forms."""

    def __init__(self, forms: Iterable[Form]) -> None:
        """Index the forms; a form listed twice keeps its order."""
        self._forms: dict[str, list[Form]] = {}
        for form in forms:
            self._forms.setdefault(_fold(form.text), []).append(form)
        self._by_prefix: dict[str, list[str]] = {}
        for folded, same in self._forms.items():
            same.sort(key=lambda form: form.weak)
            self._by_prefix.setdefault(folded[:2], []).append(folded)
        for surfaces in self._by_prefix.values():
            surfaces.sort(key=len, reverse=True)

    @classmethod
    def load(cls, folder: Path) -> Gazetteer:
        """Read every ``*.tsv`` of a folder, in order of name.

        Raises:
            ConfigError: the folder has no such file, or a row is malformed, or two entries claim the same thing.
        """
        files = gazetteer_files(folder)
        if not files:
            raise ConfigError(
                f"{folder}: the gazetteer folder holds no .tsv file.",
                remedy=f"Add one with the header {' '.join(COLUMNS)} (parted by tabs), or set ner.gazetteer.",
            )
        forms: list[Form] = []
        seen: dict[str, str] = {}
        owners: dict[str, tuple[str, str]] = {}
        for file in files:
            for where, row in _rows(file):
                entry, row_forms = _entry(where, row)
                if entry.id in seen:
                    raise ConfigError(
                        f"{where}: the id {entry.id!r} is taken by {seen[entry.id]}.",
                        remedy="Merge the two rows or rename one.",
                    )
                seen[entry.id] = where
                for form in row_forms:
                    if not form.weak:
                        _claim(owners, _fold(form.text), entry.id, where)
                forms += row_forms
        return cls(forms)

    def __len__(self) -> int:
        """The number of different forms."""
        return len(self._forms)

    def forms(self, surface: str) -> tuple[Form, ...]:
        """The entries that a whole surface can stand for, strong ones first."""
        return tuple(self._forms.get(_fold(surface), ()))

    def find(self, text: str, tokens: Sequence[Token]) -> list[Match]:
        """Every place where a form stands as a word, overlapping ones too, by start and then longest first.

        Latin letters and digits are bounded by others of their kind, katakana by katakana, everything else by the
        tokens. A strong katakana form may stand in a longer katakana word where the tokens part them
        (トヨタグループ), a weak one not.

        Args:
            text: the text to search.
            tokens: its tokens, with offsets into it.
        """
        folded = _fold(text)
        words = _Words(folded, tokens)
        taken = [match.span() for match in _ADDRESS.finditer(folded)]
        matches: list[Match] = []
        for start in range(len(folded)):
            for surface in self._candidates(folded, start):
                end = start + len(surface)
                if any(a < end and start < b for a, b in taken):
                    continue
                forms = tuple(form for form in self._forms[surface] if words.bound(start, end, weak=form.weak))
                if forms:
                    matches.append(Match(start, end, forms))
        return matches

    def _candidates(self, text: str, start: int) -> Iterator[str]:
        for length in (2, 1):
            for surface in self._by_prefix.get(text[start : start + length], ()):
                if len(surface) >= length and text.startswith(surface, start):
                    yield surface


class _Words:
    """Where a name can begin and end in one text."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._starts = [token.start for token in tokens]
        self._token_starts = frozenset(self._starts)
        self._token_ends = frozenset(token.end for token in tokens)

    def bound(self, start: int, end: int, *, weak: bool) -> bool:
        text = self._text
        trusted = not weak and end - start >= _SELF_EVIDENT and not _KATAKANA.fullmatch(text[start])
        left = start == 0 or self._edge(start, text[start - 1], text[start], self._token_starts, weak, trusted)
        if not left:
            return False
        if end == len(text):
            return True
        return self._edge(end, text[end], text[end - 1], self._token_ends, weak, trusted) or self._light_ending(end)

    def _edge(self, at: int, outer: str, inner: str, bounds: frozenset[int], weak: bool, trusted: bool) -> bool:
        if _LATIN.match(inner):
            return not _LATIN.match(outer)
        if _KATAKANA.match(inner):
            if _KATAKANA.match(outer):
                return not weak and at in bounds
            return not self._inside_name(at)
        return at in bounds or trusted

    def _inside_name(self, at: int) -> bool:
        """Whether the dictionary has a longer proper name across this position."""
        token = self._token_across(at)
        return token is not None and token.tag.startswith("名詞-固有名詞")

    def _light_ending(self, end: int) -> bool:
        token = self._token_across(end)
        return token is not None and self._text[end : token.end] in _LIGHT_ENDINGS

    def _token_across(self, at: int) -> Token | None:
        i = bisect_right(self._starts, at) - 1
        if i >= 0 and self._starts[i] < at < self._tokens[i].end:
            return self._tokens[i]
        return None


def gazetteer_files(folder: Path) -> list[Path]:
    """The files of a gazetteer folder, in order of name."""
    return sorted(folder.glob("*.tsv"))


def _fold(text: str) -> str:
    return text.translate(_FOLD)


def _rows(file: Path) -> Iterator[tuple[str, list[str]]]:
    """The rows of a file with their place, ``FILE:LINE``, for messages."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: the gazetteer cannot be read: {error}.", remedy="Save it as UTF-8.") from error
    header = "\t".join(COLUMNS)
    if not lines or lines[0] != header:
        found = lines[0] if lines else "an empty file"
        raise ConfigError(
            f"{file}:1: the header is {found!r}.", remedy=f"It must be {' '.join(COLUMNS)}, parted by tabs."
        )
    for number, line in enumerate(lines[1:], start=2):
        where = f"{file}:{number}"
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != len(COLUMNS):
            raise ConfigError(
                f"{where}: {len(cells)} cells, expected {len(COLUMNS)}.",
                remedy=f"Part {', '.join(COLUMNS)} by single tabs; leave a cell empty where there is nothing to say.",
            )
        yield where, cells


def _entry(where: str, cells: list[str]) -> tuple[Entry, list[Form]]:
    identifier, label, name, aliases, weak, mocking, name_en = cells
    if not re.fullmatch(r"[a-z0-9]+(?:_[a-z0-9]+)*", identifier):
        raise ConfigError(f"{where}: the id {identifier!r} is not lower_snake.", remedy="Write it like tesla_energy.")
    if label not in LABELS:
        raise ConfigError(f"{where}: there is no label {label!r}.", remedy=f"Take one of {', '.join(LABELS)}.")
    if not name:
        raise ConfigError(f"{where}: the name is empty.", remedy="Give the form by which the entry is best known.")
    entry = Entry(identifier, label, name, name_en or None)
    weak_forms, mocking_forms = _values(where, "weak", weak), _values(where, "mocking", mocking)
    strong_forms = [name, *_values(where, "aliases", aliases)]
    twice = set(strong_forms) & {*weak_forms, *mocking_forms}
    if twice:
        raise ConfigError(
            f"{where}: {sorted(twice)[0]!r} is listed as strong and as weak or mocking.",
            remedy="Keep it in one of the columns.",
        )
    texts = dict.fromkeys([*strong_forms, *weak_forms, *mocking_forms])
    forms = [Form(t, entry, weak=t in weak_forms or len(t) == 1, mocking=t in mocking_forms) for t in texts]
    return entry, forms


def _values(where: str, column: str, cell: str) -> list[str]:
    if not cell:
        return []
    values = [value.strip() for value in cell.split("|")]
    if "" in values:
        raise ConfigError(f"{where}: an empty value in {column}.", remedy="Remove the extra '|'.")
    return values


def _claim(owners: dict[str, tuple[str, str]], surface: str, entry: str, where: str) -> None:
    owner, first = owners.setdefault(surface, (entry, where))
    if owner != entry:
        raise ConfigError(
            f"{where}: {surface!r} is a strong form of {entry!r} and, in {first}, of {owner!r}.",
            remedy="Make it weak in one of the two.",
        )
