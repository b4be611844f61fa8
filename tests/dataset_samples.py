"""Documents for the dataset tests: text that breaks offsets, and labels that fit it."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from pipeline.dataset.build import Source
from pipeline.dataset.gold import Claim, GoldDocument, Rhetoric, Sentence, Stance, write_gold
from pipeline.record import TECHNIQUES, Block, Hype, Judgement, Record, encode
from pipeline.record import Claim as RecordClaim
from pipeline.record import Rhetoric as RecordRhetoric
from pipeline.record import Sentence as RecordSentence
from pipeline.record import Source as RecordSource
from pipeline.record import Stance as RecordStance

SOLID = [
    "𠮷", "野", "家", "が", "か\u0301", "は\u3099", "🍣", "👨🏻‍🚒", "🇯🇵", "葛\U000e0100", "a", "ｶﾞ", "＝", "=", "'", '"', ",", ";",
    "|", "\\", "<b>", "&", "。", "10%", "{", "[", "\u200b",
]  # fmt: skip
BREAKS = ["\r\n", "\n", "\r", "\u2028", "\x85", " ", "\u3000", "\t"]
atoms = st.sampled_from(SOLID + BREAKS)
solid = st.sampled_from(SOLID)


@st.composite
def runs(draw):
    """A run of text that neither begins nor ends with white space."""
    inner = draw(st.lists(atoms, max_size=4))
    return draw(solid) + "".join(inner) + draw(solid)


@st.composite
def sentences(draw, start):
    text, rhetoric, claims = "", [], []
    for _ in range(draw(st.integers(1, 3))):
        text += draw(runs())
        kind = draw(st.sampled_from(["plain", "rhetoric", "claim", "both"]))
        words = draw(runs())
        at = start + len(text), start + len(text) + len(words)
        if kind in ("rhetoric", "both"):
            technique = draw(st.sampled_from(TECHNIQUES))
            rhetoric.append(Rhetoric(start=at[0], end=at[1], technique=technique, quoted=draw(st.booleans())))
        if kind in ("claim", "both"):
            claims.append(Claim(start=at[0], end=at[1]))
        text += words
    loud = any(not r.quoted for r in rhetoric)
    return Sentence(
        doc="d", start=start, end=start + len(text), text=text, rhetoric=rhetoric, claims=claims,
        checkable=bool(claims), forecast=draw(st.booleans()), boilerplate=draw(st.booleans()),
        hype=draw(st.integers(1, 3)) if loud else 0,
        direction=draw(st.sampled_from(["boost", "doom"])) if loud else "none",
        stances=draw(st.lists(stances(text), max_size=2, unique_by=str)), genre="",
    )  # fmt: skip


@st.composite
def stances(draw, text):
    names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
    begin, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    label = draw(st.sampled_from(["favor", "against", "neutral"]))
    return Stance(target=draw(names), label=label, surface=text[begin:end], holder=draw(names | st.just("author")))


@st.composite
def documents(draw, doc="d"):
    """A gold document of any text, labels that fit together, CR LF and characters of two UTF-16 units."""
    text, found = draw(st.sampled_from(["", "\r\n", "𠮷\n"])), []
    for _ in range(draw(st.integers(1, 3))):
        sentence = draw(sentences(len(text)))
        found.append(msgspec.structs.replace(sentence, doc=doc))
        text += sentence.text + draw(st.sampled_from(["", "\n", "\r\n\r\n", "　"]))
    return GoldDocument(doc=doc, genre="", text=text, sentences=found)


def as_record(document: GoldDocument) -> Record:
    """The record of a run that would have found these labels."""
    text = document.text

    def span(s):
        return {"start": s.start, "end": s.end, "raw_start": s.start, "raw_end": s.end, "text": text[s.start : s.end]}

    return Record(
        id=document.doc,
        source=RecordSource(path="x/a.txt", format="txt", encoding="utf-8", sha256="0" * 64, publisher="港の新聞"),
        raw=text,
        text=text,
        edits=[],
        blocks=[
            Block(id=f"b{i}", kind="boilerplate" if s.boilerplate else "paragraph", start=s.start, end=s.end,
                  raw_start=s.start, raw_end=s.end)
            for i, s in enumerate(document.sentences)
        ],
        sentences=[
            RecordSentence(
                id=f"s{i}", block=f"b{i}", lang="ja", **span(s),
                claims=[RecordClaim(**span(c), score=0.75) for c in s.claims],
                rhetoric=[
                    RecordRhetoric(**span(r), technique=r.technique, quoted=r.quoted, score=0.5, why=["例"])
                    for r in s.rhetoric
                ],
                checkable=Judgement(score=0.5, label=s.checkable), forecast=Judgement(score=0.5, label=s.forecast),
                hype=Hype(score=0.5, level=s.hype, direction=s.direction),
                stances=[
                    RecordStance(target=t.target, text=t.surface, label=t.label, score=0.5,
                                 scores={"favor": 0.5, "against": 0.25, "neutral": 0.25},
                                 holder=None if t.holder == "author" else t.holder)
                    for t in s.stances
                ],
            )
            for i, s in enumerate(document.sentences)
        ],
        signature="kyojitsu/1|test",
    )  # fmt: skip


def gold_source(folder, *found: GoldDocument) -> Source:
    """Gold data on disk."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    for document in found:
        (folder / "docs" / f"{document.doc}.txt").write_bytes(document.text.encode())
    write_gold(folder / "gold.jsonl", [s for d in found for s in d.sentences])
    return Source(folder / "gold.jsonl", folder / "docs", "", {})


def run_source(folder, *records: Record) -> Source:
    """A run on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "records.jsonl").write_bytes(b"".join(encode(r) + b"\n" for r in records))
    manifest = {"signature": "kyojitsu/1|test", "counts": {"read": len(records), "rejected": 0}, "versions": {"a": "1"}}
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    return Source(folder, None, "kyojitsu/1|test", manifest)


def labels(document: GoldDocument) -> list[dict]:
    """What tools are asked for, sentence by sentence; the order of spans and stances does not count."""
    names = ("start", "end", "text", "boilerplate", "checkable", "claims", "forecast", "hype", "direction")
    return [
        {
            **{name: msgspec.to_builtins(getattr(s, name)) for name in names},
            "rhetoric": sorted(msgspec.to_builtins(s.rhetoric), key=lambda r: r["start"]),
            "stances": sorted(msgspec.to_builtins(s.stances), key=str),
        }
        for s in document.sentences
    ]
