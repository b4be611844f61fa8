"""Evaluate translation: how near to a human's it is, and whether its figures, its names and its word can be trusted.

What is counted:

* chrF2 and BLEU by sacrebleu (Popović 2015; Papineni et al. 2002; Post 2018), whose signatures stand in the report;
* figures: of the segments in which the ner stage finds a quantity or time, the share whose English passes the check of
  numbers;
* figures as in the reference: of the segments that share a number with their reference, the share whose English has all
  those numbers. This asks neither the ner stage nor the checks, so it also tells how far ``verified`` can be believed;
  references round and convert, so that even right translations do not reach 1;
* names: of the names with a known English form, the share of which the English has a trace;
* verified: the share of segments that pass every check, of all and of those with figures;
* segments of a document are drawn together by the bootstrap; where the gold names no documents, each stands alone.

Every system is checked alike, the reference too: its figures are what a good translation can reach.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.config import Config, digest, digest_files
from pipeline.errors import ConfigError, InputError, ModelError
from pipeline.evaluate.bootstrap import Indices, Interval, Statistic, interval, paired
from pipeline.evaluate.report import Comparison, ModelResult, Report, signature
from pipeline.record import Document, Record, Sentence, Source, TranslationStatus, layer
from pipeline.stages import Stage, build_stages
from pipeline.translation.checks import check_sentence, status
from pipeline.translation.names import MOCKING, NAMED, is_named
from pipeline.translation.numbers import read_english, read_japanese

PIPELINE: Final = "pipeline"
UNPROTECTED: Final = "unprotected"
REFERENCE: Final = "reference"
STORED: Final = "stored"
STAGES: Final = ("normalize", "tokenize", "ner", "translate")
SLICE_RESAMPLES: Final = 200
LEAST: Final = 20  # segments of a slice; a smaller one says nothing
LISTED: Final = 20  # examples of each kind in the details


class Segment(msgspec.Struct, frozen=True):
    """A source with its reference and what other systems made of it."""

    id: str
    doc: str
    domain: str
    ja: str
    en: str
    systems: dict[str, str]


class Answer(NamedTuple):
    """A translation of a segment, and what the checks say of it."""

    text: str
    status: TranslationStatus
    warnings: list[str]
    numbers: bool


class System(NamedTuple):
    """What answered all segments, and the signature that identifies it."""

    answers: list[Answer]
    signature: str


def evaluate(
    gold: Path,
    models: Sequence[str],
    config: Config,
    *,
    limit: int | None = None,
    domain: str | None = None,
    seed: int = 0,
    compare: bool = False,
) -> Report:
    """Figures of every model on the same segments.

    Args:
        gold: a folder with one JSONL file, or the file: ``id``, ``ja``, ``en``, and if there are ``doc``, ``domain`` and
            ``sys`` (outputs by system).
        models: ``pipeline`` (as configured), ``unprotected`` (the same with nothing protected), ``reference``, a system
            stored in the gold, ``stored`` for all of them, or a JSONL file with ``id`` and ``en``. None stands for
            ``pipeline``, ``reference`` and ``stored``.
        config: what ``pipeline`` translates with.
        limit: how many segments are drawn; None for all.
        domain: the domain they are drawn from; None for all.
        seed: of the drawing.
        compare: also test the difference of every two models by paired bootstrap.

    Raises:
        ConfigError: nothing has the name of a model or of the domain.
        InputError: the gold cannot be read, or has no segment with a reference.
        ModelError: a model or sacrebleu is missing.
    """
    metrics = _metrics()
    segments = draw(load(gold, domain), limit, seed)
    units = [segment.doc for segment in segments]
    stages = build_stages(_config(config))
    documents = _analysed(segments, stages[:-1])
    systems = dict(_systems(models, segments, documents, config, stages[-1]))
    figures = {name: _figures(segments, documents, system.answers, metrics) for name, system in systems.items()}
    return Report(
        task="translation",
        gold=gold.name,
        units=len(segments),
        documents=len(set(units)),
        signature=_signature(segments, metrics),
        models=[
            ModelResult(
                model=name,
                signature=system.signature,
                figures={figure: interval(statistic, units) for figure, statistic in figures[name].items()},
                slices=dict(_slices(segments, documents, system.answers, metrics)),
                details=_details(segments, documents, system.answers),
            )
            for name, system in systems.items()
        ],
        comparisons=[
            Comparison(
                a=a, b=b, differences={n: paired(figures[a][n], figures[b][n], units) for n in _common(figures, a, b)}
            )
            for a, b in combinations(systems, 2)
            if compare
        ],
    )


def load(gold: Path, domain: str | None = None) -> list[Segment]:
    """The segments that have a reference, in order. Raises InputError or, for the domain, ConfigError."""
    found = sorted(gold.glob("*.jsonl")) if gold.is_dir() else [gold]
    if len(found) != 1:
        raise InputError(f"{gold}: expected one .jsonl file, found {len(found)}.", remedy="Name the file.")
    rows = list(_rows(found[0]))
    segments = [
        Segment(
            id=str(row["id"]),
            doc=str(row.get("doc", row["id"])),
            domain=str(row.get("domain", "")),
            ja=row["ja"],
            en=row["en"],
            systems={name: text or "" for name, text in row.get("sys", {}).items()},
        )
        for row in rows
        if row["en"] is not None
    ]
    if not segments:
        raise InputError(f"{found[0]}: no segment has a reference.")
    domains = sorted({segment.domain for segment in segments})
    if domain is not None and domain not in domains:
        raise ConfigError(f"{found[0]}: there is no domain {domain!r}.", remedy=f"There are: {', '.join(domains)}.")
    return [segment for segment in segments if domain in (None, segment.domain)]


def draw(segments: Sequence[Segment], limit: int | None, seed: int = 0) -> list[Segment]:
    """So many segments, in order; the same for the same seed."""
    if limit is None or limit >= len(segments):
        return list(segments)
    return [segments[i] for i in sorted(random.Random(seed).sample(range(len(segments)), limit))]  # noqa: S311


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    required = {"id": (str, int), "ja": (str,), "en": (str, type(None))}
    for number, row in enumerate(_objects(path), start=1):
        if bad := [name for name, types in required.items() if not isinstance(row.get(name, 0.0), types)]:
            raise InputError(f"{path}, line {number}: {' and '.join(bad)} missing or of the wrong type.")
        yield row


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON object of each line. Raises InputError where one is none, or is nested too deeply to read."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise InputError(f"{path}, line {number}: not a JSON object: {error}") from error


# Systems -------------------------------------------------------------------------------------------------------------


def _config(config: Config, **changes: object) -> Config:
    """The configuration for segments that stand alone: nothing of them is boilerplate."""
    values = config.model_dump()
    values["stages"] = list(STAGES)
    values["normalize"]["boilerplate"] = False
    values["translate"] |= changes
    return Config.model_validate(values)


def _analysed(segments: Sequence[Segment], stages: Sequence[Stage]) -> list[Document]:
    """Each segment as a document of its own, with sentences, names and figures."""
    documents = []
    for segment in segments:
        source = Source(path="", format="jsonl", encoding="utf-8", sha256="")
        documents.append(Document(Record(id=segment.id, source=source, raw=segment.ja)))
    for stage in stages:
        stage.load()
        stage.process(documents)
    return documents


def _systems(
    names: Sequence[str], segments: Sequence[Segment], documents: Sequence[Document], config: Config, stage: Stage
) -> Iterator[tuple[str, System]]:
    stored = {name for segment in segments for name in segment.systems}
    asked = [
        other
        for name in names or (PIPELINE, REFERENCE, STORED)
        for other in (sorted(stored) if name == STORED else [name])
    ]
    for name in dict.fromkeys(asked):
        if name == PIPELINE:
            yield name, _translated(documents, stage)
        elif name == UNPROTECTED:
            bare = _config(config, protect="none")
            yield name, _translated(documents, build_stages(bare)[-1])
        else:
            texts, made_by = _texts(name, segments, stored)
            yield name, System([_checked(d, text) for d, text in zip(documents, texts, strict=True)], made_by)


def _texts(name: str, segments: Sequence[Segment], stored: set[str]) -> tuple[list[str], str]:
    """The outputs of a system that has them ready, and its signature. Raises ConfigError where there is none."""
    if name == REFERENCE:
        texts = [segment.en for segment in segments]
    elif name in stored:
        texts = [segment.systems.get(name, "") for segment in segments]
    elif name.endswith(".jsonl"):
        path = Path(name)
        by_id = {str(row["id"]): row["en"] for row in _outputs(path)}
        if missing := [segment.id for segment in segments if segment.id not in by_id]:
            raise InputError(f"{path}: {len(missing)} of {len(segments)} segments are missing, first {missing[0]!r}.")
        return [by_id[segment.id] for segment in segments], f"{path.name}:{digest_files([path])}"
    else:
        there = ", ".join([PIPELINE, UNPROTECTED, REFERENCE, STORED, *sorted(stored)])
        raise ConfigError(f"there is no translation model {name!r}.", remedy=f"There are: {there}, or a .jsonl file.")
    return texts, f"{name}:{digest(texts)}"


def _outputs(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file of outputs.", remedy="Give a path that exists.")
    rows = list(_objects(path))
    if any("id" not in row or not isinstance(row.get("en"), str) for row in rows):
        raise InputError(f"{path}: every line needs an id and en.")
    return rows


def _translated(documents: Sequence[Document], stage: Stage) -> System:
    """The segments as the stage translates them. One of several sentences is as good as its worst."""
    stage.load()
    stage.process(documents)
    answers = []
    for document in documents:
        found = [layer(sentence.translation) for sentence in document.sentences]
        warnings = [warning for translation in found for warning in translation.warnings]
        states = {translation.status for translation in found}
        worst: TranslationStatus = "failed" if not found else max(states, key=["verified", "flagged", "failed"].index)
        numbers = all(translation.checks.get("numbers", True) for translation in found)
        answers.append(Answer(" ".join(translation.text for translation in found), worst, warnings, numbers))
    return System(answers, "|".join(f"{name}:{value}" for name, value in stage.versions().items()))


def _checked(document: Document, english: str) -> Answer:
    """An output of another system under the stage's checks."""
    checks, warnings = check_sentence(_whole(document), english)
    return Answer(english, status(checks), warnings, checks["numbers"])


def _whole(document: Document) -> Sentence:
    """A segment as one sentence."""
    sentences = document.sentences
    if len(sentences) == 1:
        return sentences[0]
    if not sentences:
        text = document.text
        return Sentence(
            id="s0",
            block="b0",
            start=0,
            end=len(text),
            raw_start=0,
            raw_end=len(document.record.raw),
            text=text,
            lang="ja",
        )
    first, last = sentences[0], sentences[-1]
    return msgspec.structs.replace(
        first,
        end=last.end,
        raw_end=last.raw_end,
        text=document.text[first.start : last.end],
        tokens=[token for s in sentences for token in s.tokens or []],
        entities=[entity for s in sentences for entity in s.entities or []],
        quantities=[quantity for s in sentences for quantity in s.quantities or []],
        times=[time for s in sentences for time in s.times or []],
    )


# Figures -------------------------------------------------------------------------------------------------------------


def _metrics() -> dict[str, Any]:
    try:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF
    except ImportError as error:
        raise ModelError(
            "this evaluation needs the package sacrebleu, which cannot be imported.",
            remedy="Install it with: pip install sacrebleu",
        ) from error
    return {"chrF2": CHRF(), "BLEU": BLEU()}


def _signature(segments: Sequence[Segment], metrics: Mapping[str, Any]) -> str:
    """What was measured on what, with the signatures of sacrebleu."""
    for metric in metrics.values():
        metric.corpus_score([""], [[""]])  # the number of references is in the signature, and known only after a score
    units = [(segment.id, segment.ja, segment.en) for segment in segments]
    return "|".join(
        [signature("translation", units)] + [f"{name}={metric.get_signature()}" for name, metric in metrics.items()]
    )


def _figures(
    segments: Sequence[Segment], documents: Sequence[Document], answers: Sequence[Answer], metrics: Mapping[str, Any]
) -> dict[str, Statistic]:
    """All figures, as functions of the indices of segments."""
    hypotheses, references = [answer.text for answer in answers], [segment.en for segment in segments]
    figures = {name: _corpus_score(metric, hypotheses, references) for name, metric in metrics.items()}
    verified = np.array([answer.status == "verified" for answer in answers])
    has_figures = np.array([_has_figures(document) for document in documents])
    numbers = np.array([answer.numbers for answer in answers])
    agreement = [_agrees(segment, answer.text) for segment, answer in zip(segments, answers, strict=True)]
    shared = np.array([agrees is not None for agrees in agreement])
    agrees = np.array([bool(agrees) for agrees in agreement])
    names = np.array([_names(d, answer.text) for d, answer in zip(documents, answers, strict=True)])
    figures |= {
        "figures right": _share(numbers, has_figures),
        "figures as in the reference": _share(agrees, shared),
        "the same, of verified": _share(agrees, shared & verified),
        "names": lambda i: _ratio(*names[i].sum(0)),
        "verified": _share(verified, np.ones_like(verified)),
        "verified, with figures": _share(verified, has_figures),
    }
    everything = np.arange(len(segments))
    return {name: statistic for name, statistic in figures.items() if not np.isnan(statistic(everything))}


def _corpus_score(metric: Any, hypotheses: Sequence[str], references: Sequence[str]) -> Statistic:
    """A score of sacrebleu's for any indices, from each segment's counts, which are taken once."""
    counts = np.array(metric._extract_corpus_statistics(hypotheses, [references]))
    return lambda i: float(metric._compute_score_from_stats(counts[i].sum(0).tolist()).score)


def _has_figures(document: Document) -> bool:
    return any(sentence.quantities or sentence.times for sentence in document.sentences)


def _agrees(segment: Segment, english: str) -> bool | None:
    """Whether the English has every number that the Japanese and the reference share; None if they share none."""
    values, magnitudes = read_japanese(segment.ja)
    shared = [
        number
        for number in read_english(segment.en, names=segment.ja)
        if number.firm and not number.values.isdisjoint(magnitudes if number.vague else values)
    ]
    if not shared:
        return None
    written = read_english(english, names=segment.ja)
    return all(any(number.matches(other) for other in written) for number in shared)


def _names(document: Document, english: str) -> tuple[int, int]:
    """How many names with an English form the English has, and how many there are."""
    entities = [entity for sentence in document.sentences for entity in sentence.entities or []]
    names = {e.name_en for e in entities if e.name_en and e.label in NAMED and e.fine != MOCKING}
    return sum(is_named(name, english) for name in names), len(names)


def _share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> Statistic:
    """The share of those in ``whole`` that are in ``part``; not a number where a resample has none."""

    def share(i: Indices) -> float:
        return _ratio((part[i] & whole[i]).sum(), whole[i].sum())

    return share


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


# The report ----------------------------------------------------------------------------------------------------------


def _slices(
    segments: Sequence[Segment], documents: Sequence[Document], answers: Sequence[Answer], metrics: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Interval]]]:
    groups: dict[str, list[int]] = {}
    for index, (segment, document, answer) in enumerate(zip(segments, documents, answers, strict=True)):
        if segment.domain:
            groups.setdefault(f"domain {segment.domain}", []).append(index)
        groups.setdefault("with figures" if _has_figures(document) else "without figures", []).append(index)
        groups.setdefault("verified" if answer.status == "verified" else "not verified", []).append(index)
    for name, indices in sorted(groups.items()):
        if LEAST <= len(indices) < len(segments):
            some = [segments[i] for i in indices]
            figures = _figures(some, [documents[i] for i in indices], [answers[i] for i in indices], metrics)
            units = [segment.doc for segment in some]
            yield name, {n: interval(f, units, resamples=SLICE_RESAMPLES) for n, f in figures.items()}


def _common(figures: Mapping[str, Mapping[str, Statistic]], a: str, b: str) -> list[str]:
    """The figures that both models have."""
    return [name for name in figures[a] if name in figures[b]]


def _details(segments: Sequence[Segment], documents: Sequence[Document], answers: Sequence[Answer]) -> dict[str, Any]:
    """Counts, and examples for a person to judge: what verified translations have other than the reference first."""
    rows = list(zip(segments, answers, strict=True))
    doubtful = [(s, a) for s, a in rows if a.status == "verified" and _agrees(s, a.text) is False]
    flagged = [(s, a) for s, a in rows if a.status != "verified"]
    return {
        "with figures": sum(map(_has_figures, documents)),
        "status": dict(Counter(answer.status for answer in answers)),
        "failed checks": dict(
            Counter(w.partition(":")[0] for answer in answers for w in answer.warnings).most_common()
        ),
        "verified, unlike the reference": [_example(s, a) for s, a in doubtful[:LISTED]],
        "not verified": [_example(s, a) | {"warnings": a.warnings} for s, a in flagged[:LISTED]],
    }


def _example(segment: Segment, answer: Answer) -> dict[str, Any]:
    return {"id": segment.id, "ja": segment.ja, "reference": segment.en, "english": answer.text}
