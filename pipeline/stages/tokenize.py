"""tokenize: blocks into sentences, and sentences into GiNZA's tokens with their dependencies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from sys import intern
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import BaseModel

from pipeline.config import TokenizeSettings
from pipeline.parser import load_parser, parser_version
from pipeline.record import Document, FoundName, Sentence, Token, layer
from pipeline.stages import Stage
from pipeline.text.language import language
from pipeline.text.sentences import split, split_long

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.tokens import Token as SpacyToken

# Code points parsed at once: enough for full speed, few enough that a document of any size fits into memory.
BATCH_CHARACTERS: Final = 10_000
# GiNZA marks heads of phrases in the dependency label; without its phrase recognizer the mark stays.
_BUNSETU: Final = "_bunsetu"


class Tokenize(Stage):
    """Adds ``sentences`` and, to those that are analysed, ``tokens``.

    Boilerplate and foreign sentences are kept without tokens. Batches hold sentences of one document only, so
    that its parse never depends on the documents beside it.
    """

    name: ClassVar[str] = "tokenize"
    requires: ClassVar[frozenset[str]] = frozenset({"text", "blocks"})
    provides: ClassVar[frozenset[str]] = frozenset({"sentences", "tokens"})
    Settings: ClassVar[type[BaseModel]] = TokenizeSettings
    settings: TokenizeSettings

    def load(self) -> None:
        """Load GiNZA."""
        entities = "ner" in self.config.stages and self.config.ner.model_entities
        self._nlp = load_parser(self.settings.model, self.settings.split_mode, entities=entities)

    def versions(self) -> dict[str, str]:
        """See :class:`pipeline.stages.Stage`."""
        return {"parser": parser_version(self.settings.model)}

    def process(self, documents: Sequence[Document]) -> None:
        """See :class:`pipeline.stages.Stage`."""
        for document in documents:
            document.record.sentences = self._sentences(document)
            document.found_names = [[] for _ in document.sentences]
            self._parse(document)

    def _sentences(self, document: Document) -> list[Sentence]:
        sentences: list[Sentence] = []
        for block in layer(document.record.blocks):
            text = document.text[block.start : block.end]
            for start, end in split(text):
                pieces = split_long(text, start, end, self.settings.max_sentence_bytes)
                if len(pieces) > 1:
                    document.warn(
                        "tokenize",
                        "long_sentence",
                        f"no sentence end in {end - start} characters from {block.start + start}: "
                        f"cut into {len(pieces)} pieces of at most {self.settings.max_sentence_bytes} bytes",
                    )
                sentences += [
                    Sentence(
                        id=f"s{len(sentences) + i}",
                        block=block.id,
                        lang=language(text[a:b]),
                        **document.span(block.start + a, block.start + b),
                    )
                    for i, (a, b) in enumerate(pieces)
                ]
        return sentences

    def _parse(self, document: Document) -> None:
        analysed = {id(s) for s in document.content()}
        indices = [i for i, s in enumerate(document.sentences) if id(s) in analysed]
        for batch in _batches(document.sentences, indices):
            # A line break inside a sentence reads as a space; offsets stay.
            texts = [document.sentences[i].text.replace("\n", " ") for i in batch]
            for i, parse in zip(batch, self._nlp.pipe(texts, batch_size=len(texts)), strict=True):
                document.found_names[i] = [FoundName(e.start_char, e.end_char, e.label_) for e in parse.ents]
                document.sentences[i].tokens = _tokens(parse, document.sentences[i])


def _batches(sentences: Sequence[Sentence], indices: Sequence[int]) -> Iterator[list[int]]:
    """The indices in batches of at most BATCH_CHARACTERS, and of one sentence at least."""
    batch: list[int] = []
    length = 0
    for i in indices:
        size = sentences[i].end - sentences[i].start
        if batch and length + size > BATCH_CHARACTERS:
            yield batch
            batch, length = [], 0
        batch.append(i)
        length += size
    if batch:
        yield batch


def _tokens(parse: Doc, sentence: Sentence) -> list[Token]:
    """The parse's tokens with offsets into the document; white space is no token."""
    kept = [t for t in parse if not t.is_space]
    index = {t.i: n for n, t in enumerate(kept)}
    return [_token(t, sentence, index) for t in kept]


def _token(token: SpacyToken, sentence: Sentence, index: dict[int, int]) -> Token:
    start = token.idx
    end = start + len(token.text)
    return Token(
        start=sentence.start + start,
        end=sentence.start + end,
        text=sentence.text[start:end],
        # spaCy makes a new string at every access; a long document has each of them thousands of times.
        lemma=intern(token.lemma_),
        norm=intern(token.norm_),
        reading=intern("".join(token.morph.get("Reading"))),
        pos=intern(token.pos_),
        tag=intern(token.tag_),
        dep=intern(token.dep_.removesuffix(_BUNSETU)),
        head=index.get(token.head.i, index[token.i]),
    )
