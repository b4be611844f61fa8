"""Which of the configured targets a sentence speaks of, and with which words.

The targets file is a YAML list; it says itself what its fields mean. A form matches whole words; where forms and
entities overlap the longest wins, and a name inside another name (日本 in 日本製鉄) is no mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.errors import ConfigError
from pipeline.record import Entity, Sentence, layer

_KANA: Final = "ァ-ヺー"
_LATIN: Final = "A-Za-z"
_KANJI: Final = re.compile(r"[一-龥々]")  # a name of kanji begins and ends where tokens do
# A name inside one of these is a part of another name (日本 in 日本製鉄), not a mention.
_CLOSED: Final = frozenset({"ORG", "PERSON", "FACILITY", "WORK", "LAW", "EVENT", "PRODUCT"})
# What may stand around a name within an entity without making it another name: 米テスラ社, トヨタの.
_AROUND: Final = re.compile(r"[米日中韓独英仏台]?|(?:株式会社)?|(?:社|氏|さん|CEO|会長|社長|大統領|側|製)?")
# What refers back: to the last company or person of the document, or, the last two, to that of the same block.
_REFERENCE: Final = re.compile(
    r"(?P<company>同社|同行(?![しすさ者])|同メーカー)|(?P<person>同氏|同大統領|同首相|同CEO|同会長)"
    r"|(?P<near_company>[こあ]の会社)|(?P<near_person>彼女?(?!ら|たち|達|等))"
)
_KINDS: Final = {"company": "ORG", "person": "PERSON"}  # with the label of their entities
# Whoever these speak of is not the one named before: 他社は軒並み時代遅れだ.
_OTHERS: Final = re.compile(r"他社|他国|他者|他の|同業|競合|ライバル|勢[はがもの]")
_DISCOVERED: Final = frozenset({"ORG", "PERSON", "PRODUCT"})


class Target(BaseModel):
    """One entry of the targets file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: str
    name_en: str
    names: list[str] = Field(min_length=1)
    aliases: list[str]
    entities: list[str]


@dataclass(frozen=True, slots=True)
class Mention:
    """A target named in a sentence; ``start``/``end`` are code points of the document's text, end exclusive.

    ``name`` is the words that name the target: ``text`` itself, or what an earlier one says that ``text`` refers back
    to. Where the sentence leaves its topic out, as Japanese does, ``text`` is empty and stands at its start.
    """

    target: str
    start: int
    end: int
    text: str
    name: str

    @property
    def elided(self) -> bool:
        """Whether the sentence leaves the target out."""
        return not self.text


class Targets:
    """The configured targets, found in sentences."""

    def __init__(self, targets: Sequence[Target], version: str, *, discover: bool = False) -> None:
        """Index the targets.

        Args:
            targets: the entries of the file.
            version: what identifies the file.
            discover: also take organisations, persons and products that no target names.

        Raises:
            ConfigError: two targets claim an id, a surface form or an entity.
        """
        self.version = version
        self._discover = discover
        self._names = {target.id: target.names[0] for target in targets}
        self._kinds = {t.id: t.kind for t in targets}
        self._aliases = {_key(alias) for t in targets for alias in t.aliases}
        _unique("id", ((t.id, t.id) for t in targets))
        self._surfaces = _unique("name", ((_key(s), t.id) for t in targets for s in [*t.names, *t.aliases]))
        self._entities = _unique("entity", ((e, t.id) for t in targets for e in t.entities))
        longest_first = sorted({s for t in targets for s in [*t.names, *t.aliases]}, key=lambda s: (-len(s), s))
        self._pattern = re.compile("|".join(map(_bounded, longest_first)) or r"(?!)", re.IGNORECASE)

    @classmethod
    def load(cls, path: Path, *, discover: bool = False) -> Targets:
        """Read a targets file.

        Raises:
            ConfigError: it cannot be read or an entry does not fit.
        """
        try:
            data = path.read_bytes()
            entries = TypeAdapter(list[Target]).validate_python(YAML(typ="safe").load(data.decode()))
        except OSError as error:
            raise ConfigError(f"{path}: the targets cannot be read: {error.strerror}.") from error
        except (YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not valid YAML: {error}") from error
        except ValidationError as error:
            raise ConfigError(f"{path}: {error}", remedy="Each target needs id, kind, name_en and names.") from error
        return cls(entries, sha256(data).hexdigest()[:8], discover=discover)

    def kind(self, target: str) -> str:
        """The kind of a configured target; empty for a discovered one."""
        return self._kinds.get(target, "")

    def name(self, mention: Mention) -> str:
        """The Japanese name of a mention's target: the first of the targets file, that of the mention if discovered."""
        return self._names.get(mention.target, mention.name)

    def find(self, sentences: Sequence[Sentence]) -> Iterator[list[Mention]]:
        """The mentions in each sentence of a document, in order, those that refer back (同社, 彼) among them.

        A sentence without any name is taken to go on about the target of the last one in its block with a name, if that
        has this target only and names nobody else; it then has the target as an elided mention.
        """
        named = [self._named(sentence) for sentence in sentences]
        by_name = {m.target for mentions in named for m in mentions if _key(m.text) not in self._aliases}
        last: dict[str, Mention] = {}
        topic: Mention | None = None
        block = ""
        for sentence, candidates in zip(sentences, named, strict=True):
            if sentence.block != block:
                topic, block = None, sentence.block
                last = {kind: mention for kind, mention in last.items() if kind in _KINDS}
            kept = [m for m in candidates if m.target in by_name or not self._is_nickname(m)]
            mentions = list(self._resolved(sentence, kept, last))
            last |= self._last(mentions, sentence)
            if mentions:
                topic = _topic(mentions)
            elif topic and not layer(sentence.entities) and not _OTHERS.search(sentence.text):
                mentions = [Mention(topic.target, sentence.start, sentence.start, "", topic.name)]
            yield [m for m in mentions if m.target]

    def _is_nickname(self, mention: Mention) -> bool:
        """Whether only a document that names the person in full may mean that person (マスク)."""
        return self._kinds.get(mention.target) == "person" and _key(mention.text) in self._aliases

    def _named(self, sentence: Sentence) -> list[Mention]:
        """Names in the sentence, the longest first where they overlap; other names have an empty target."""
        entities = layer(sentence.entities)
        candidates = [self._entity(e) for e in entities if e.label in _CLOSED or e.id in self._entities]
        starts = {t.start for t in layer(sentence.tokens)}
        ends = {t.end for t in layer(sentence.tokens)}
        for match in self._pattern.finditer(sentence.text):
            start, end = match.start() + sentence.start, match.end() + sentence.start
            whole = (start in starts or not _KANJI.match(match[0][0])) and (
                end in ends or not _KANJI.match(match[0][-1])
            )
            alias = _key(match[0]) in self._aliases
            if whole and not (alias and _owned(sentence, match.start(), entities)):
                candidates.append(Mention(self._surfaces[_key(match[0])], start, end, match[0], match[0]))
        return _longest(candidates)

    def _entity(self, entity: Entity) -> Mention:
        target = self._entities.get(entity.id or "") or self._surfaces.get(_key(entity.text))
        core = self._pattern.search(entity.text) if target is None else None
        if core and _AROUND.fullmatch(entity.text[: core.start()]) and _AROUND.fullmatch(entity.text[core.end() :]):
            target = self._surfaces[_key(core[0])]
        if target is None and self._discover and entity.label in _DISCOVERED:
            target = entity.id or entity.text
        return Mention(target or "", entity.start, entity.end, entity.text, entity.text)

    def _resolved(self, sentence: Sentence, named: list[Mention], last: Mapping[str, Mention]) -> Iterator[Mention]:
        """The names, and what refers back with its target: one named earlier here, or before."""
        references = [*_references(sentence)]
        taken = [n for n in named if not any(_overlap(n, r) for r in references)]
        for mention in sorted([*taken, *references], key=lambda m: m.start):
            if mention not in references:
                yield mention
                continue
            kind = _kind_of_reference(mention)
            beside = [n for n in taken if n.end <= mention.start or kind not in _KINDS]
            here = self._last(beside, sentence).get(kind)
            if here and kind not in _KINDS:  # a pronoun beside a name is rather somebody else's
                yield mention
                continue
            before = here or last.get(kind, mention)
            yield Mention(before.target, mention.start, mention.end, mention.text, before.name)

    def _last(self, mentions: Sequence[Mention], sentence: Sentence) -> dict[str, Mention]:
        """The last company and the last person, for both ways to refer back; another hides an earlier one."""
        labels = {(e.start, e.end): e.label for e in layer(sentence.entities)}
        found: dict[str, Mention] = {}
        for mention in mentions:
            kind, label = self._kinds.get(mention.target), labels.get((mention.start, mention.end))
            reference = _kind_of_reference(mention)
            for one, of_kind in _KINDS.items():
                if kind == one or label == of_kind or reference.endswith(one):
                    found |= {one: mention, f"near_{one}": mention}
        return found


def _references(sentence: Sentence) -> Iterator[Mention]:
    """Whole words that refer back, but for those within a longer name; their target is open."""
    starts = {t.start - sentence.start for t in layer(sentence.tokens)}
    ends = {t.end - sentence.start for t in layer(sentence.tokens)}
    for match in _REFERENCE.finditer(sentence.text):
        start, end = match.start() + sentence.start, match.end() + sentence.start
        within = any(e.start <= start and end <= e.end and e.text != match[0] for e in layer(sentence.entities))
        if match.start() in starts and match.end() in ends and not within:
            yield Mention("", start, end, match[0], match[0])


def _kind_of_reference(mention: Mention) -> str:
    """The kind that words refer back to; empty if they are a name."""
    match = _REFERENCE.match(mention.text)
    return match.lastgroup or "" if match and match[0] == mention.text else ""


def _topic(mentions: Sequence[Mention]) -> Mention | None:
    """The target that a sentence speaks of, if it names no other and nobody else."""
    return mentions[0] if len({m.target for m in mentions}) == 1 and mentions[0].target else None


def _owned(sentence: Sentence, at: int, entities: Iterable[Entity]) -> bool:
    """Whether a place stands right before, so that a general word is somebody else's: 中国の政府."""
    before = at - 1 if sentence.text[:at].endswith("の") else at
    return any(e.label in ("GPE", "LOC") and e.end - sentence.start == before for e in entities)


def _longest(candidates: Iterable[Mention]) -> list[Mention]:
    """Those that do not overlap, longest first, a target before another name; in order."""
    chosen: list[Mention] = []
    for mention in sorted(candidates, key=lambda m: (m.start - m.end, not m.target, m.start)):
        if not any(_overlap(mention, other) for other in chosen):
            chosen.append(mention)
    return sorted(chosen, key=lambda m: m.start)


def _overlap(a: Mention, b: Mention) -> bool:
    return a.start < b.end and b.start < a.end


def _key(surface: str) -> str:
    return surface.casefold()


def _bounded(surface: str) -> str:
    """A pattern for a surface form that does not begin or end within a longer katakana or Latin word."""
    before = after = ""
    for script in (_KANA, _LATIN):
        if re.match(f"[{script}]", surface):
            before = f"(?<![{script}])"
        if re.search(f"[{script}]$", surface):
            after = f"(?![{script}])"
    return before + re.escape(surface) + after


def _unique(what: str, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A mapping whose keys each belong to one target. Raises ConfigError where two claim one."""
    mapping: dict[str, str] = {}
    seen: dict[str, Any] = {}
    for key, target in pairs:
        if mapping.get(key, target) != target or (what == "id" and key in seen):
            raise ConfigError(
                f"targets: the {what} {key!r} belongs to both {mapping[key]!r} and {target!r}.",
                remedy="Keep it with one of them.",
            )
        mapping[key] = target
        seen[key] = True
    return mapping
