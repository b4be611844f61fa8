from __future__ import annotations

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

import pipeline.spacy_components  # noqa: F401  (registers the factory where the package is not installed)
from pipeline.annotator import Annotator
from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.record import layer

SETTINGS = ["hype.model=cues"]
TEXT = "展示は（５月）で終わる。🎯この絵は絶対に偽物だと、誰が言えるのだろうか。"


@pytest.fixture(scope="module")
def nlp() -> Language:
    nlp = spacy.blank("ja")
    nlp.add_pipe("kyojitsu_rhetoric", config={"settings": SETTINGS})
    return nlp


@pytest.fixture(scope="module")
def doc(nlp: Language) -> Doc:
    return nlp(TEXT)


def test_the_doc_holds_what_the_record_holds(doc: Doc) -> None:
    record = Annotator(
        load_config(overrides=SETTINGS, stages=["normalize", "tokenize", "ner", "hype", "stance"])
    ).annotate(TEXT)
    spans = [span for sentence in layer(record.sentences) for span in sentence.rhetoric or []]
    assert [span.label_ for span in doc.spans["rhetoric"]] == [span.technique for span in spans]
    assert spans
    for mine, theirs in zip(doc.spans["rhetoric"], spans, strict=True):
        exact = mine._.rhetoric
        assert doc.text[exact["start"] : exact["end"]] == record.raw[theirs.raw_start : theirs.raw_end]
        assert mine.start_char <= exact["start"] < exact["end"] <= mine.end_char
    assert doc._.kyojitsu["signature"] == record.signature


def test_sentences_carry_their_labels(doc: Doc) -> None:
    sentences = doc.spans["kyojitsu_sentences"]
    assert "".join(s.text for s in sentences) == TEXT
    assert sentences[0]._.kyojitsu["hype"]["level"] == 0
    assert sentences[1]._.kyojitsu["content"] == sentences[1].label_ == "rhetorical"


def test_the_doc_can_be_stored(nlp: Language, doc: Doc) -> None:
    stored = DocBin(docs=[doc], store_user_data=True).to_bytes()
    (read,) = DocBin().from_bytes(stored).get_docs(nlp.vocab)
    assert [s.label_ for s in read.spans["rhetoric"]] == [s.label_ for s in doc.spans["rhetoric"]]
    assert read.spans["rhetoric"][0]._.rhetoric["technique"] == doc.spans["rhetoric"][0].label_


@pytest.mark.parametrize("text", ["", " \n", "Only English here."])
def test_a_text_with_nothing_to_analyse_gives_empty_groups(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert [len(doc.spans[key]) for key in ("rhetoric", "claims", "kyojitsu_sentences")] == [0, 0, 0]


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="min_span_score"):
        spacy.blank("ja").add_pipe("kyojitsu_rhetoric", config={"settings": ["hype.min_span_scroe=1"]})
