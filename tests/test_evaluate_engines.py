"""Models that a user brings: tiny random transformers made here, and a stub of an OpenAI-compatible endpoint."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from conftest import OFFLINE

from pipeline.annotator import Annotator, StageError
from pipeline.config import EndpointSettings, load_config
from pipeline.dataset.gold import GoldDocument, Sentence
from pipeline.errors import ConfigError, ModelError
from pipeline.evaluate import prompted
from pipeline.evaluate.engines import Checkpoint, InferenceStance, SequenceStance, fill, model_input, sentence_model
from pipeline.evaluate.metrics import STANCES
from pipeline.evaluate.prompted import PromptedStance
from pipeline.evaluate.stance_data import StanceItem
from pipeline.evaluate.stance_models import ModelOptions, resolve

TEXTS = [
    "水野温泉の新しい湯は肌にやさしい。",
    "水野温泉は値上げばかりで腹が立つ。",
    "水野温泉は山の中腹にある。",
    "客は水野温泉の料理を褒めた。",
]
ITEMS = [
    StanceItem(
        id=f"i{i}", doc=f"d{i}", target="mizuno", name="水野温泉", text=text, surface=(at, at + 4), holder=holder
    )
    for i, (text, at, holder) in enumerate(zip(TEXTS, (0, 0, 0, 2), (None, None, None, "客"), strict=True))
]
THREE = {0: "against", 1: "favor", 2: "neutral"}


@pytest.fixture(scope="module")
def config():
    return load_config(stages=OFFLINE)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Makes a random BERT of a few thousand weights with given labels; the vocabulary is the characters above."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    made = {}

    def make(labels, head="SequenceClassification", **more):
        key = (tuple(labels.items()), head, tuple(more.items()))
        if key not in made:
            folder = tmp_path_factory.mktemp("model")
            characters = sorted(set("".join(TEXTS)) | set("«»（）客筆者はをにのている。"))
            vocabulary = folder / "vocab.txt"
            vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]))
            transformers.BertTokenizerFast(str(vocabulary)).save_pretrained(folder)
            torch.manual_seed(1)
            settings = transformers.BertConfig(
                vocab_size=len(characters) + 5,
                hidden_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=16,
                max_position_embeddings=40,
                initializer_range=0.8,
                id2label=labels,
                label2id={label: i for i, label in labels.items()},
                **more,
            )
            kind = transformers.BertModel if head == "none" else getattr(transformers, f"BertFor{head}")
            kind(settings).save_pretrained(folder)
            made[key] = str(folder)
        return made[key]

    return make


# Transformers


def test_classifier_answers_by_its_own_labels(tiny, config):
    model = resolve(tiny(THREE), ITEMS, config, ModelOptions())
    assert isinstance(model, SequenceStance)
    answers = model.predict(ITEMS)
    pairs = [model_input(item, "pair") for item in ITEMS]
    logits = Checkpoint(tiny(THREE), "sequence").logits(pairs)
    assert [a.label for a in answers] == [THREE[int(row.argmax())] for row in logits]
    for answer in answers:
        assert answer.scores.keys() == set(STANCES)
        assert sum(answer.scores.values()) == pytest.approx(1)
    assert len({answer.scores["favor"] for answer in answers}) == len(ITEMS)
    assert answers == resolve(tiny(THREE), ITEMS, config, ModelOptions()).predict(ITEMS)


def test_several_labels_may_mean_one(tiny, config):
    five = {0: "1 star", 1: "2 stars", 2: "3 stars", 3: "4 stars", 4: "5 stars"}
    meant = dict(zip(five.values(), ("against", "against", "neutral", "favor", "favor"), strict=True))
    answers = resolve(tiny(five), ITEMS, config, ModelOptions(labels=meant)).predict(ITEMS)
    logits = Checkpoint(tiny(five), "sequence").logits([model_input(item, "pair") for item in ITEMS])
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert [a.scores["favor"] for a in answers] == pytest.approx(shares[:, 3:].sum(axis=1))


@pytest.mark.parametrize(
    ("labels", "own", "message"),
    [
        ({0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}, {}, r"'LABEL_0' \(1\), 'LABEL_1' \(1\).*--label LABEL_0=favor"),
        ({0: "positive", 1: "negative"}, {}, r"has 2 labels \(positive, negative\); none means neutral"),
        (THREE, {"neutral": "against"}, r"has 3 labels .*none means neutral"),
        (THREE, {"neutral": "meh"}, r"leads to meh, but stance has favor, against, neutral"),
    ],
)
def test_labels_that_do_not_fit(tiny, config, labels, own, message):
    with pytest.raises(ConfigError, match=message):
        resolve(tiny(labels), ITEMS, config, ModelOptions(labels=own))


def test_unnamed_labels_with_a_mapping(tiny, config):
    unnamed = {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}
    own = {f"LABEL_{i}": label for i, label in THREE.items()}
    found = resolve(tiny(unnamed), ITEMS, config, ModelOptions(labels=own)).predict(ITEMS)
    named = resolve(tiny(THREE), ITEMS, config, ModelOptions()).predict(ITEMS)
    assert [a.scores for a in found] == [pytest.approx(a.scores) for a in named]


def test_what_a_classifier_reads():
    assert model_input(ITEMS[0], "pair") == ("水野温泉", TEXTS[0])
    assert model_input(ITEMS[3], "pair") == ("水野温泉（客）", TEXTS[3])
    assert model_input(ITEMS[3], "marked") == ("客は«水野温泉»の料理を褒めた。", None)
    meant = StanceItem(id="i", doc="d", target="t", name="水野温泉", text="湯がぬるい。")
    assert model_input(meant, "marked") == ("«水野温泉»湯がぬるい。", None)


def test_a_model_says_itself_what_it_reads(tiny, config):
    marked = resolve(tiny(THREE, stance_input="marked"), ITEMS, config, ModelOptions())
    chosen = resolve(tiny(THREE), ITEMS, config, ModelOptions(input="marked"))
    pair = resolve(tiny(THREE), ITEMS, config, ModelOptions())
    scores = [[a.scores for a in model.predict(ITEMS)] for model in (marked, chosen, pair)]
    assert scores[0] == scores[1] != scores[2]
    assert "|marked|" in marked.signature


def test_inference_without_training(tiny, config):
    folder = tiny({0: "contradiction", 1: "neutral", 2: "entailment"})
    model = resolve(folder, ITEMS, config, ModelOptions())
    assert isinstance(model, InferenceStance)
    answers = model.predict(ITEMS)
    assert all(sum(a.scores.values()) == pytest.approx(1) for a in answers)
    assert model.notes == ["zero-shot: by hypotheses, without training on stance."]
    # The first item by hand: the mean logit of entailment over the hypotheses of each stance.
    hypotheses = {
        "favor": ["筆者は水野温泉を支持している。", "筆者は水野温泉を高く評価している。"],
        "against": ["筆者は水野温泉に反対している。", "筆者は水野温泉を批判している。"],
        "neutral": ["筆者は水野温泉に賛成も反対もしていない。", "筆者は水野温泉について事実だけを述べている。"],
    }
    checkpoint = Checkpoint(folder, "sequence")
    logits = [checkpoint.logits([(TEXTS[0], h) for h in hypotheses[label]])[:, 2].mean() for label in STANCES]
    shares = np.exp(logits) / np.exp(logits).sum()
    assert answers[0].scores == pytest.approx(dict(zip(STANCES, shares, strict=True)))


def test_only_safetensors_and_only_trained_heads(tiny, config, tmp_path):
    import shutil

    import torch

    with pytest.raises(ModelError, match=r"has no trained head that classifies texts: classifier.bias"):
        resolve(tiny(THREE, head="none"), ITEMS, config, ModelOptions())
    pickled = tmp_path / "pickled"
    shutil.copytree(tiny(THREE), pickled)
    (pickled / "model.safetensors").unlink()
    torch.save({}, pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"could not be loaded.*that has safetensors"):
        resolve(str(pickled), ITEMS, config, ModelOptions())


def test_a_long_text_is_cut(tiny, config):
    long = StanceItem(id="i", doc="d", target="t", name="水野温泉", text=TEXTS[0] * 20, surface=(0, 4))
    assert len(resolve(tiny(THREE), [long], config, ModelOptions()).predict([long])) == 1


@pytest.mark.parametrize("name", ["line-corp/tiny", "line-corp/tiny@main"])
def test_an_id_needs_its_revision(config, name):
    with pytest.raises(ConfigError, match=r"does not name its revision.*line-corp/tiny@ and the 40 digits"):
        resolve(name, ITEMS, config, ModelOptions())


def test_an_id_that_cannot_be_had(config, monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=r"nobody/nothing@a{40} could not be loaded.*needs the network"):
        resolve(f"nobody/nothing@{'a' * 40}", ITEMS, config, ModelOptions())


# Transformers for the other tasks


def documents():
    starts = np.cumsum([0, *map(len, TEXTS)])
    sentences = [
        Sentence(doc="d", start=int(start), end=int(start) + len(text), text=text)
        for start, text in zip(starts, TEXTS, strict=False)
    ]
    return [GoldDocument(doc="d", genre="", text="".join(TEXTS), sentences=sentences)]


def test_hype_and_checkable_by_classifiers_of_texts(tiny):
    hype = sentence_model("hype", tiny({0: "none", 1: "mild", 2: "strong", 3: "extreme"}), {}).predict(documents())
    logits = Checkpoint(tiny({0: "none", 1: "mild", 2: "strong", 3: "extreme"}), "sequence").logits(
        [(text, None) for text in TEXTS]
    )
    assert [p.hype for p in hype] == logits.argmax(axis=1).tolist()
    assert all((p.hype == 0) == (p.direction == "none") for p in hype)
    checkable = sentence_model("checkable", tiny({0: "no", 1: "yes"}), {}).predict(documents())
    assert all(p.checkable == (p.probabilities.checkable >= 0.5) for p in checkable)
    with pytest.raises(ConfigError, match="none means false"):
        sentence_model("checkable", tiny({0: "yes", 1: "claim"}), {})


def test_rhetoric_by_a_classifier_of_tokens(tiny):
    tags = {0: "O", 1: "B-Loaded_Language", 2: "I-Loaded_Language", 3: "B-Slogans", 4: "I-Slogans"}
    found = sentence_model("rhetoric", tiny(tags, head="TokenClassification"), {}).predict(documents())
    spans = [(p, r) for p in found for r in p.rhetoric]
    assert spans
    for prediction, span in spans:
        assert prediction.start <= span.start < span.end <= prediction.end
        assert span.technique in ("loaded", "slogan")
    for prediction in found:
        ends = [0] + [r.end for r in prediction.rhetoric]
        assert all(r.start >= end for r, end in zip(prediction.rhetoric, ends, strict=False))
    with pytest.raises(ConfigError, match=r"'Smears' \(2\)"):
        sentence_model("rhetoric", tiny({0: "O", 1: "B-Smears", 2: "I-Smears"}, head="TokenClassification"), {})


# Endpoints


class Stub(BaseHTTPRequestHandler):
    """Says what its server's ``reply`` makes of the prompt: an answer, or a status and a body."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers), body))
        status, content = self.server.reply(body["messages"][0]["content"])
        if status == 200 and not isinstance(content, bytes):
            content = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
        self.send_response(status)
        self.end_headers()
        self.wfile.write(content if isinstance(content, bytes) else content.encode())

    def log_message(self, *args):
        pass


@contextmanager
def serving(reply):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    server.reply, server.asked = reply, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def good(prompt):
    sentence = prompt.partition("Sentence: ")[2]
    return 200, "favor" if "やさしい" in sentence else "against" if "腹が立つ" in sentence else "neutral"


@pytest.fixture
def ask(config, tmp_path):
    """The model behind an address, with a cache of its own and no long waits."""

    def asked(url, **more):
        settings = EndpointSettings(base_url=url, **{"wait": 0.01, "timeout": 5.0, "attempts": 3} | more)
        options = ModelOptions(endpoint=settings, cache_dir=str(tmp_path))
        return resolve("endpoint:tiny-chat", ITEMS, config, options)

    return asked


def test_endpoint_answers_and_is_asked_once(ask, monkeypatch):
    monkeypatch.setenv("STUB_KEY", "sk-secret")
    with serving(good) as (server, url):
        model = ask(url, key_variable="STUB_KEY")
        assert [a.label for a in model.predict(ITEMS)] == ["favor", "against", "neutral", "neutral"]
        path, headers, body = server.asked[0]
        assert path == "/v1/chat/completions"
        assert headers["Authorization"] == "Bearer sk-secret"
        assert (body["model"], body["temperature"]) == ("tiny-chat", 0)
        prompts = [b["messages"][0]["content"] for _, _, b in server.asked]  # in the order they came in: any
        assert all("Target: 水野温泉" in p.splitlines() for p in prompts)
        assert sum("Whose stance: 筆者" in p.splitlines() for p in prompts) == len(ITEMS) - 1
        assert sum("Whose stance: 客" in p.splitlines() for p in prompts) == 1
        assert "sk-secret" not in model.signature + "".join(model.notes)
        assert len(server.asked) == len(ITEMS)
        assert ask(url, key_variable="STUB_KEY").predict(ITEMS) == model.predict(ITEMS)
        assert len(server.asked) == len(ITEMS)  # from the cache
        ask(url, parameters={"temperature": 1}).predict(ITEMS)
        assert len(server.asked) == 2 * len(ITEMS)  # another setting, another answer


def test_answers_that_name_no_stance_are_counted(ask):
    def reply(prompt):
        _, label = good(prompt)
        return 200, "どちらとも言えません。" if label == "neutral" else label

    with serving(reply) as (_, url):
        model = ask(url)
        assert [a.label for a in model.predict(ITEMS)] == ["favor", "against", None, None]
        assert "2 of 4 answers name no stance and count as wrong" in model.notes[-1]


def test_failures_that_pass_are_tried_again(ask):
    failures = iter([(503, "busy"), (429, "slow down")])
    with serving(lambda prompt: next(failures, good(prompt))) as (server, url):
        assert [a.label for a in ask(url, workers=1).predict(ITEMS)] == ["favor", "against", "neutral", "neutral"]
        assert len(server.asked) == len(ITEMS) + 2


def slow(prompt):
    time.sleep(0.5)
    return good(prompt)


@pytest.mark.parametrize(
    ("reply", "more", "message"),
    [
        (lambda _: (500, "broken"), {}, r"refuses \(500\): 'broken'"),
        (lambda _: (401, "bad key sk-secret"), {"key_variable": "STUB_KEY"}, r"\(401\): 'bad key …'.*key_variable"),
        (lambda _: (404, "no such model"), {}, r"\(404\).*model 'tiny-chat' is there"),
        (lambda _: (200, b"<html>welcome</html>"), {}, r"does not answer as an OpenAI-compatible.*base_url"),
        (lambda _: (200, b'{"choices": []}'), {}, r"does not answer as an OpenAI-compatible"),
        (slow, {"timeout": 0.1, "attempts": 2}, r"does not answer \(ReadTimeout.*2 times for 0.1 s"),
    ],
)
def test_endpoints_that_fail(ask, monkeypatch, reply, more, message):
    monkeypatch.setenv("STUB_KEY", "sk-secret")
    with serving(reply) as (_, url), pytest.raises(ModelError, match=message):
        ask(url, **more).predict(ITEMS)


def test_a_failure_keeps_the_answers_before_it(ask, monkeypatch):
    monkeypatch.setattr(prompted, "CHUNK", 1)
    calls = iter(range(100))
    with serving(lambda prompt: (500, "down") if next(calls) == 2 else good(prompt)) as (server, url):
        with pytest.raises(ModelError, match=r"refuses \(500\)"):
            ask(url, attempts=1).predict(ITEMS)
        ask(url, attempts=1).predict(ITEMS)
        assert len(server.asked) == len(ITEMS) + 1


def test_nobody_there(ask):
    with serving(good) as (_, url):
        pass
    with pytest.raises(ModelError, match=r"does not answer \(ConnectError.*Check that it runs"):
        ask(url, attempts=1).predict(ITEMS)


def test_a_key_that_is_not_set(ask, monkeypatch):
    monkeypatch.delenv("STUB_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"STUB_KEY.*is not set.*export STUB_KEY"):
        ask("http://127.0.0.1:9/v1", key_variable="STUB_KEY")


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("favor", "favor"),
        ("Against.", "against"),
        ("**neutral**", "neutral"),
        ("Stance: favor", "favor"),
        ("The author praises the bath.\n\nAnswer: favor", "favor"),
        ('{"stance": "against", "reason": "怒り"}', "against"),
        ('```json\n{"stance": "neutral"}\n```', "neutral"),
        ("<think>favor? against?</think>\nagainst", "against"),
        ("立場：賛成", "favor"),
        ("not in favor", None),
        ("favor or against", None),
        ('{"opinion": "favor"}', None),
        (f'{{"stance": {"[" * 100_000}{"]" * 100_000}}}', None),
        ("1", None),
        ("", None),
    ],
)
def test_reading_answers(answer, label):
    assert PromptedStance(Fixed("")).read(answer) == label


class Fixed:
    """A generator that always says the same."""

    fingerprint = "fixed"

    def __init__(self, answer):
        self.answer = answer

    def complete(self, prompts):
        return [self.answer for _ in prompts]


def test_braces_in_a_text_stay():
    assert fill("{target}: {text} {json}", target="{text}", text="あ") == "{text}: あ {json}"


def test_the_local_model_that_is_not_there(config, tmp_path):
    missing = load_config(stages=OFFLINE, overrides=[f"translate.cache_dir={tmp_path}"])
    with pytest.raises(ModelError, match=r"kyojitsu models pull"):
        resolve("local", ITEMS, missing, ModelOptions())


# In a run


TARGETS = "- {id: mizuno, kind: company, name_en: Mizuno Onsen, names: [水野温泉], aliases: [], entities: []}"


@pytest.fixture
def annotate(tmp_path):
    """The stances of the texts, as a run with the settings gives them: one mapping a text, target and holder to stance."""
    (tmp_path / "targets.yaml").write_text(TARGETS)

    def annotated(*settings):
        own = [f"stance.targets={tmp_path / 'targets.yaml'}", f"translate.cache_dir={tmp_path}"]
        annotator = Annotator(load_config(stages=OFFLINE, overrides=[*own, *settings]))
        sentences = [annotator.annotate(text).sentences[0] for text in TEXTS]
        return annotator.signature, [{(s.target, s.holder): s for s in sentence.stances} for sentence in sentences]

    return annotated


def test_a_run_takes_a_transformer(tiny, config, annotate):
    signature, found = annotate(f"stance.model={tiny(THREE)}")
    answers = resolve(tiny(THREE), ITEMS, config, ModelOptions()).predict(ITEMS)
    for stances, item, answer in list(zip(found, ITEMS, answers, strict=True))[:3]:
        stance = stances["mizuno", item.holder]
        assert (stance.label, stance.scores) == (answer.label, pytest.approx(answer.scores))
    assert signature != annotate(f"stance.model={tiny(THREE)}", "stance.input=marked")[0]
    assert signature != annotate(f"stance.model={tiny({0: 'favor', 1: 'against', 2: 'neutral'})}")[0]


def test_a_run_maps_the_labels_of_a_transformer(tiny, annotate):
    labels = {0: "L0", 1: "L1", 2: "L2"}
    meant = "{L0: favor, L1: against, L2: neutral}"
    _, found = annotate(f"stance.model={tiny(labels)}", f"stance.labels={meant}")
    assert all(stances["mizuno", None].label in STANCES for stances in found)
    with pytest.raises(ConfigError, match=r"L0.*stance.labels"):
        annotate(f"stance.model={tiny(labels)}")


def test_a_run_asks_an_endpoint(annotate, monkeypatch, tmp_path):
    monkeypatch.setenv("KYOJITSU_CACHE", str(tmp_path))
    with serving(good) as (server, url):
        settings = ("stance.model=endpoint:tiny-chat", f"translate.endpoint={{base_url: {url}, wait: 0.01}}")
        _, found = annotate(*settings)
        assert [stances["mizuno", None].label for stances in found] == ["favor", "against", "neutral", "neutral"]
        count = len(server.asked)
        assert annotate(*settings)[1] == found
        assert len(server.asked) == count  # from the cache
    with (
        serving(lambda _: (200, "さあ。")) as (_, url),
        pytest.raises(StageError, match=r"names no stance.*Evaluate it"),
    ):
        annotate("stance.model=endpoint:tiny-chat", f"translate.endpoint={{base_url: {url}}}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("majority", "for evaluation alone"),
        ("answers.jsonl", "for evaluation alone"),
        ("bundeld", "no stance model 'bundeld'.*bundled"),
        ("someone/model", "does not name its revision"),
        ("endpoint:tiny", "translate.endpoint.base_url=http"),
    ],
)
def test_a_run_refuses(annotate, name, message):
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        annotate(f"stance.model={name}")
