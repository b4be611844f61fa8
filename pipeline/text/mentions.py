"""Names across a document: what one sentence makes clear holds for the others.

A form with several readings means the entry that the document names otherwise too; a name found once is found
everywhere; a surname stands for the person whose full name was given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from pipeline.text.gazetteer import NO_NAME, Entry, Form, Gazetteer, Label, Match
from pipeline.text.names.candidates import Line, Name, Rank
from pipeline.text.names.lexicon import Lexicon
from pipeline.text.names.readings import fits_context, has_person_suffix, stands_alone
from pipeline.text.names.shapes import DOT

# What a rule's label counts against the model's where they disagree about one name.
_RULE_VOTES: Final = 10


class Meanings:
    """Which entry of the gazetteer a form means in one document."""

    def __init__(self, matches: Iterable[Iterable[Match]], lexicon: Lexicon) -> None:
        """Note the entries that the document's sentences name by strong forms."""
        self._lexicon = lexicon
        self._strong: dict[str, set[str]] = {}
        for found in matches:
            for match in found:
                for form in match.forms:
                    if not form.weak:
                        self._strong.setdefault(form.entry.id, set()).add(form.text)

    def known(self, line: Line, matches: Iterable[Match], others: Iterable[Name]) -> Iterator[Name]:
        """The names of one sentence; ``others`` are what rules and model find there."""
        agreed = {(name.start, name.end, name.label) for name in others if name.label != "PERSON"}
        for match in matches:
            form = self._meant(line, match, agreed)
            if form:
                fine = "mocking" if form.mocking else "gazetteer"
                entry = form.entry
                yield Name(match.start, match.end, entry.label, fine, Rank.GAZETTEER, entry.id, entry.name_en)

    def _meant(self, line: Line, match: Match, agreed: Collection[tuple[int, int, str]]) -> Form | None:
        """An entry that the document names by another form, else a strong form, else the one that the context fits."""
        otherwise = [f for f in match.forms if self._strong.get(f.entry.id, set()) - {f.text}]
        named = [f for f in otherwise if self._possible(line, match, f)]
        strong = [f for f in match.forms if not f.weak]
        fitting = [
            f for f in match.forms
            if fits_context(line, match.start, match.end, f.entry.label)
            or (match.start, match.end, f.entry.label) in agreed
        ]  # fmt: skip
        if named or strong:
            return [*named, *strong][0]
        return fitting[0] if len(fitting) == 1 else None

    def _possible(self, line: Line, match: Match, form: Form) -> bool:
        """Whether a weak form may be meant even where the document names the entry."""
        label = form.entry.label
        if not form.weak or fits_context(line, match.start, match.end, label):
            return True
        if label == "PERSON" and has_person_suffix(line.text, match.end):
            return True
        ambiguous = label == "PERSON" and not self._lexicon.is_name(form.text)
        return len(form.text) > 1 and (not ambiguous or stands_alone(line, match.start))


class Recurrences:
    """The names that rules and model found in a document, and the surnames of its persons, for finding them again."""

    def __init__(self, names: Sequence[Sequence[Name]], lines: Sequence[Line], lexicon: Lexicon) -> None:
        """Collect from the names found in each sentence so far."""
        votes: dict[str, Counter[Label]] = {}
        entries: dict[str, Name] = {}
        parts: dict[str, Name] = {}
        self._first: dict[str, int] = {}
        for i, (line, found) in enumerate(zip(lines, names, strict=True)):
            for name in found:
                surface = line.text[name.start : name.end]
                if name.rank != Rank.GAZETTEER and name.label != NO_NAME:
                    votes.setdefault(surface, Counter())[name.label] += 1 if name.rank == Rank.MODEL else _RULE_VOTES
                    entries.setdefault(surface, name)
                for part in _name_parts(line, name) if name.label == "PERSON" else ():
                    self._first.setdefault(part, i)
                    namesake = parts.get(part, name).id != name.id
                    parts[part] = replace(name, id=None, name_en=None) if namesake else name
        self._lexicon = lexicon
        for part in parts.keys() & entries.keys():
            if votes[part].total() < _RULE_VOTES:  # the model alone labels it, and does not know the full name
                del entries[part]
        whole = (_form(s, name, votes[s].most_common(1)[0][0], weak=False) for s, name in entries.items() if len(s) > 1)
        partial = (_form(s, name, "PERSON", weak=True) for s, name in parts.items() if s not in entries)
        self._gazetteer = Gazetteer([*whole, *partial])

    def find(self, index: int, line: Line) -> Iterator[Name]:
        """Their mentions in one sentence, ``index`` its place in the document."""
        for match in self._gazetteer.find(line.text, line.tokens):
            form = match.forms[0]
            if form.weak and not self._is_surname(index, line, match, form):
                continue
            fine = "rule:surname" if form.weak else "rule:consistency"
            entry = form.entry
            yield Name(match.start, match.end, entry.label, fine, Rank.SPREAD, entry.id or None, entry.name_en)

    def _is_surname(self, index: int, line: Line, match: Match, form: Form) -> bool:
        """With 氏 or a title anywhere; alone only after the full name and where it is no other word."""
        if has_person_suffix(line.text, match.end):
            return True
        tags = [t.tag for t in line.tokens if t.start == match.start and t.end == match.end]
        unambiguous = self._lexicon.is_name(form.text) and not self._lexicon.may_be(form.text, "地名")
        likely = any("人名" in tag for tag in tags) and stands_alone(line, match.start)
        return index >= self._first[form.text] and (unambiguous or likely)


def _name_parts(line: Line, name: Name) -> Iterator[str]:
    """The parts of a full name that can stand for the person."""
    surface = line.text[name.start : name.end]
    if DOT.search(surface):
        yield from (part for part in DOT.split(surface) if len(part) > 2)
        return
    tokens = line.within(name.start, name.end)
    if len(tokens) > 1 and tokens[0].tag.endswith("人名-姓"):
        yield tokens[0].text


def _form(surface: str, name: Name, label: Label, *, weak: bool) -> Form:
    return Form(surface, Entry(name.id or "", label, surface, name.name_en), weak=weak, mocking=False)
