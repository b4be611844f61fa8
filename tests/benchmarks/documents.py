"""The stance of whole documents as a run finds it, which is given the names of the targets and nothing else.

    python tests/benchmarks/documents.py FOLDER [NAME=VALUE ...]

FOLDER holds gold documents in the inline format. Each is run through the pipeline as plain text with a targets file made
of its own surfaces, those left out that name no one target wherever they stand (pronouns, both of two, one character).
Prints accuracy, macro-F1 and F_avg with their 95% intervals over documents, beside how many sentences about a target were
found; a target that the run does not find counts as neutral. Overrides of the configuration follow.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ruamel.yaml import YAML

from pipeline.config import Config, load_config
from pipeline.console import out
from pipeline.dataset.gold import GoldDocument, Sentence
from pipeline.dataset.inline import read_folder
from pipeline.evaluate import metrics
from pipeline.evaluate.bootstrap import interval
from pipeline.record import Document, Record, Source, StanceLabel, layer
from pipeline.stages import build_stages
from pipeline.stages.stance import StanceStage

STAGES: Final = ["normalize", "tokenize", "ner", "hype"]
# Surfaces that are no name: those that point, and those of several.
POINTING: Final = re.compile(r"同.|両.|[二三各]社|[こそあど][のれちこ]|当[社店該]|自社|会社|わが|我|うち|彼|本体")


def forms(document: GoldDocument) -> dict[str, list[str]]:
    """The names of each target: the surfaces of its stances; one that two targets have is of the one that has it oftener."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for sentence in document.sentences:
        for stance in sentence.stances:
            if len(stance.surface) > 1 and not POINTING.match(stance.surface):
                counts[stance.surface][stance.target] += 1
    names: defaultdict[str, list[str]] = defaultdict(list)
    for surface, owners in counts.items():
        names[owners.most_common(1)[0][0]].append(surface)
    return names


def write_targets(document: GoldDocument, path: Path) -> None:
    """A targets file of the document's own."""
    rows = [
        {"id": target, "kind": "company", "name_en": target, "names": names, "aliases": [], "entities": []}
        for target, names in forms(document).items()
    ]
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(rows, file)


def annotated(documents: list[GoldDocument], config: Config) -> Iterator[Document]:
    """Each document with the stances of a run."""
    stages = build_stages(config.model_copy(update={"stages": STAGES}))
    for stage in stages:
        stage.load()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "targets.yaml"
        for gold in documents:
            source = Source(path=gold.doc, format="text", encoding="utf-8", sha256="")
            document = Document(Record(id=gold.doc, source=source, raw=gold.text))
            write_targets(gold, path)
            last = StanceStage(config.stance.model_copy(update={"targets": str(path)}), config)
            last.load()
            for stage in (*stages, last):
                stage.process([document])
            yield document


def spoken_of(gold: GoldDocument) -> Iterator[tuple[Sentence, str]]:
    """The sentences of the author about each target."""
    for sentence in gold.sentences:
        for stance in sentence.stances:
            if stance.holder == "author" and not sentence.boilerplate:
                yield sentence, stance.target


def found(document: Document, sentence: Sentence, target: str) -> bool:
    """Whether the run has a stance of the author toward a target where a gold sentence stands."""
    return any(
        stance.target == target and stance.holder is None
        for one in document.sentences
        if one.start < sentence.end and sentence.start < one.end
        for stance in one.stances or []
    )


def main() -> None:
    """Run, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("overrides", nargs="*")
    options = parser.parse_args()
    documents = read_folder(options.folder)
    config = load_config(overrides=options.overrides)

    gold: list[StanceLabel] = []
    said: list[StanceLabel] = []
    units: list[str] = []
    reached = Counter[bool]()
    for wanted, document in zip(documents, annotated(documents, config), strict=True):
        labels = {s.target: s.label for s in layer(layer(document.record.summary).stances)}
        reached.update(found(document, *place) for place in spoken_of(wanted))
        for stance in wanted.stances:
            gold.append(stance.label)
            said.append(labels.get(stance.target, "neutral"))
            units.append(wanted.doc)
    out.print(
        f"{len(documents)} documents, {len(gold)} stances, {reached[True] / reached.total():.3f} of sentences reached"
    )
    for name, figure in metrics.stance(gold, said).items():
        value = interval(figure, units)
        out.print(f"{name} {value.value:.3f} [{value.low:.3f}, {value.high:.3f}]")


if __name__ == "__main__":
    main()
