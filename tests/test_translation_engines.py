"""Engines for Marian and NLLB, for endpoints, and the choice among candidates: with tiny models and a local server."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config import TranslateSettings, config_dir, load_config
from pipeline.errors import ConfigError, ModelError
from pipeline.translation import marian
from pipeline.translation.consensus import ConsensusEngine
from pipeline.translation.endpoint import EndpointEngine
from pipeline.translation.engine import Output, candidates, load_engine, protection
from pipeline.translation.marian import CTranslate2Engine, Seq2SeqEngine, TransformersEngine

COMMIT = "0123456789abcdef0123456789abcdef01234567"
UNSEEN = ["港の店は来週開く。", "父は雪が降り始めた海を見に行く。", "彼は橋の計画を知らない。", "船が来なかった。"]


def settings(engine: str, **changes: object) -> TranslateSettings:
    values = {"engine": engine, "model": None, "cache": False, "cache_dir": None, "threads": 1, "batch_size": 4}
    return TranslateSettings.model_validate(values | changes)


# Encoder-decoder models ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small trained models, ``marian`` and ``nllb``, and the cache of their conversions."""
    pytest.importorskip("ctranslate2")
    pytest.importorskip("sentencepiece")
    pytest.importorskip("torch")
    from seq2seq_models import make_trained_marian, make_trained_nllb

    root = tmp_path_factory.mktemp("models")
    make_trained_marian(root / "marian")
    make_trained_nllb(root / "nllb")
    return root


def engine(models: Path, kind: type[Seq2SeqEngine], model: str, **changes: object) -> Seq2SeqEngine:
    return kind(settings(kind.name, model=str(models / model), cache_dir=str(models / "cache"), **changes))  # type: ignore[call-arg]


@pytest.mark.parametrize("model", ["marian", "nllb"])
@pytest.mark.parametrize("beam", [1, 4])
def test_both_engines_say_the_same_and_it_is_what_the_model_learnt(models: Path, model: str, beam: int) -> None:
    from seq2seq_models import PAIRS

    sources, expected = [ja for ja, _ in PAIRS], [Output(en, finished=True) for _, en in PAIRS]
    for kind in (CTranslate2Engine, TransformersEngine):
        assert engine(models, kind, model, beam=beam).translate(sources) == expected


@pytest.mark.parametrize("kind", [CTranslate2Engine, TransformersEngine])
@pytest.mark.parametrize("model", ["marian", "nllb"])
def test_output_does_not_depend_on_batch_order_or_threads(models: Path, kind: type[Seq2SeqEngine], model: str) -> None:
    from seq2seq_models import PAIRS

    sources = [ja for ja, _ in PAIRS] + UNSEEN
    alone = [engine(models, kind, model).translate([source])[0] for source in sources]
    for batch_size, threads in ((1, 2), (3, 1), (64, 2)):
        working = engine(models, kind, model, batch_size=batch_size, threads=threads)
        assert working.translate(sources[::-1]) == alone[::-1]


@pytest.mark.parametrize("kind", [CTranslate2Engine, TransformersEngine])
@pytest.mark.parametrize("count", [2, 4, 7])
def test_candidates_differ_and_begin_with_the_translation(models: Path, kind: type[Seq2SeqEngine], count: int) -> None:
    working = engine(models, kind, "marian")
    for source, outputs in zip(UNSEEN, candidates(working, UNSEEN, count), strict=True):
        assert outputs[0] == working.translate([source])[0]
        assert 1 < len({output.text for output in outputs}) == len(outputs) <= count


@pytest.mark.parametrize("kind", [CTranslate2Engine, TransformersEngine])
def test_what_is_cut_is_not_finished(models: Path, kind: type[Seq2SeqEngine], monkeypatch: pytest.MonkeyPatch) -> None:
    source = "橋の工事が遅れている。"
    assert engine(models, kind, "marian").translate([source])[0].finished
    monkeypatch.setattr(marian, "FACTOR", 0)
    monkeypatch.setattr(marian, "SLACK", 3)
    assert not engine(models, kind, "marian").translate([source])[0].finished
    monkeypatch.undo()
    monkeypatch.setattr(marian, "LONGEST", 5)
    assert not engine(models, kind, "marian").translate([source])[0].finished


def test_end_mark_in_a_source_is_only_text(models: Path) -> None:
    tokenizer = engine(models, CTranslate2Engine, "marian").tokenizer
    tokens = tokenizer.tokens(tokenizer.encode("雪</s>。"))
    assert tokens.count("</s>") == 1
    assert tokens[-1] == "</s>"


def test_languages_are_set_where_the_model_knows_several(models: Path) -> None:
    tokenizer = engine(models, CTranslate2Engine, "nllb").tokenizer
    assert tokenizer.start == "eng_Latn"
    assert tokenizer.tokens(tokenizer.encode("雪"))[0] == "jpn_Jpan"
    assert engine(models, CTranslate2Engine, "marian").tokenizer.start is None


@pytest.mark.parametrize("kind", [CTranslate2Engine, TransformersEngine])
def test_blank_source_has_a_blank_translation(models: Path, kind: type[Seq2SeqEngine]) -> None:
    assert engine(models, kind, "marian").translate(["", " \n"]) == [Output("", finished=True)] * 2


def test_model_is_converted_once(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = engine(models, CTranslate2Engine, "marian")
    monkeypatch.setattr(marian, "_convert", lambda source, folder: pytest.fail("converted again"))
    assert engine(models, CTranslate2Engine, "marian").fingerprint == first.fingerprint
    assert "tokenizer" not in vars(first)  # known without loading anything


def test_changed_model_is_converted_anew(models: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(models / "marian", copy)
    first = marian.converted(str(copy), tmp_path / "cache")
    (copy / "note.txt").write_text("anything")
    assert marian.converted(str(copy), tmp_path / "cache").folder != first.folder


def test_folder_that_is_converted_already_is_used_as_it_is(models: Path) -> None:
    found = marian.converted(str(models / "marian"), models / "cache")
    direct = engine(found.folder, CTranslate2Engine, ".")
    assert direct.translate(["雪が降り始めた。"]) == [Output("It began to snow.", finished=True)]


def test_fingerprint_tells_models_and_beams_apart(models: Path) -> None:
    made = [
        engine(models, kind, model, beam=beam).fingerprint
        for kind in (CTranslate2Engine, TransformersEngine)
        for model in ("marian", "nllb")
        for beam in (1, 4)
    ]
    assert len(set(made)) == len(made)
    assert engine(models, CTranslate2Engine, "marian", batch_size=9, threads=2, beam=4).fingerprint in made


@pytest.mark.parametrize("name", ["ctranslate2", "transformers"])
@pytest.mark.parametrize("model", [None, "no/such/folder", "Mitsua/elan-mt-bt-ja-en", "one/two@main"])
def test_model_without_folder_or_commit_is_refused(name: str, model: str | None, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"neither a folder nor ID@COMMIT"):
        load_engine(name, settings(name, model=model, cache_dir=str(tmp_path)))


@pytest.mark.parametrize("name", ["ctranslate2", "transformers"])
def test_model_that_is_not_here_says_what_to_run(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=rf"Run: kyojitsu models pull nobody/nothing@{COMMIT}"):
        load_engine(name, settings(name, model=f"nobody/nothing@{COMMIT}", cache_dir=str(tmp_path)))


@pytest.mark.parametrize("name", ["ctranslate2", "transformers"])
def test_weights_that_can_hold_code_are_refused(models: Path, name: str, tmp_path: Path) -> None:
    for present in (True, False):
        folder = tmp_path / str(present)
        shutil.copytree(models / "marian", folder)
        if not present:
            (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        chosen = settings(name, model=str(folder), cache_dir=str(tmp_path / "cache"))
        if present:
            assert load_engine(name, chosen).name == name
        else:
            with pytest.raises(ModelError, match=r"no model\.safetensors.*are not read"):
                load_engine(name, chosen)


def test_model_of_another_kind_is_refused(models: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(models / "marian", folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "vit"}))
    with pytest.raises(ModelError, match=r"CTranslate2 cannot convert this model.*Use the engine transformers"):
        marian.converted(str(folder), tmp_path / "cache")
    assert not list((tmp_path / "cache" / "models").glob("*.partial"))


def test_pulled_model_is_found_by_the_engines(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub is stood in for: its download gives a folder, and without the network only what is there."""
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    there: list[str] = []

    def snapshot(repository: str, *, revision: str, allow_patterns: Sequence[str], local_files_only: bool) -> str:
        assert not any(pattern.endswith((".bin", ".py", ".pt")) for pattern in allow_patterns)
        if local_files_only and revision not in there:
            raise LocalEntryNotFoundError("not here")
        there.append(revision)
        return str(models / "marian")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    model = f"some/marian@{COMMIT}"
    with pytest.raises(ModelError, match="kyojitsu models pull"):
        load_engine("ctranslate2", settings("ctranslate2", model=model, cache_dir=str(tmp_path)))
    pulled = CliRunner().invoke(app, ["models", "pull", model, "--cache-dir", str(tmp_path)])
    assert (pulled.exit_code, Path(pulled.stdout.strip()).name.startswith("some--marian-")) == (0, True)
    assert marian.pull(model, str(tmp_path)) == Path(pulled.stdout.strip())
    refused = CliRunner().invoke(app, ["models", "pull", model, "--from", "hub"])
    assert (refused.exit_code, "--from hub" in refused.stderr) == (2, True)
    for name in ("ctranslate2", "transformers"):
        working = load_engine(name, settings(name, model=model, cache_dir=str(tmp_path)))
        assert working.translate(["電車が止まった。"]) == [Output("The train stopped.", finished=True)]
    there.clear()  # the conversion alone is enough for ctranslate2
    load_engine("ctranslate2", settings("ctranslate2", model=model, cache_dir=str(tmp_path)))


@pytest.mark.parametrize(("file", "name"), [("fast.yaml", "ctranslate2"), ("quality.yaml", "ctranslate2")])
def test_presets_name_an_engine_and_a_commit_and_work_with_a_model(models: Path, file: str, name: str) -> None:
    preset = load_config(config_dir() / file).translate
    assert preset.engine == name
    assert preset.model is not None
    assert marian._located(preset.model) == tuple(preset.model.split("@"))
    model = "nllb" if "nllb" in preset.model else "marian"
    changes = {"model": str(models / model), "cache_dir": str(models / "cache"), "threads": 1}
    working = load_engine(preset.engine, preset.model_copy(update=changes))
    assert working.translate(["祭りは来週だ。"]) == [Output("The festival is next week.", finished=True)]


# Endpoints -----------------------------------------------------------------------------------------------------------


class Server:
    """A chat endpoint on this machine that answers what it is told to, and remembers what it got."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.failures: list[tuple[int, str]] = []
        self.reply: Any = None
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.requests.append(body)
                server.headers.append(dict(self.headers))
                status, text = server.failures.pop(0) if server.failures else (200, server.answer(body))
                content = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, body: dict[str, Any]) -> str:
        if self.reply is not None:
            return self.reply if isinstance(self.reply, str) else json.dumps(self.reply)
        source = body["messages"][-1]["content"].rpartition("Japanese: ")[2]
        drawn = f" {body['seed'] % 2}" if "seed" in body else ""
        message = {"content": f" English of\n{source}{drawn}"}
        return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]})


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.http.shutdown()
    started.http.server_close()


def endpoint(server: Server, **changes: object) -> EndpointEngine:
    chosen = {"base_url": server.url, "wait": 0, **changes}
    return EndpointEngine(settings("openai", model="some-model", endpoint=chosen))


def test_endpoint_translates_in_order(server: Server) -> None:
    outputs = endpoint(server).translate(["雪。", "", "海。"])
    assert outputs == [Output("English of 雪。", True), Output("", True), Output("English of 海。", True)]
    assert {request["model"] for request in server.requests} == {"some-model"}
    assert all("Authorization" not in headers for headers in server.headers)
    assert server.requests[0]["temperature"] == 0


def test_endpoint_draws_further_candidates_with_seeds(server: Server) -> None:
    (outputs,) = endpoint(server).candidates(["雪。"], 4)
    assert [output.text for output in outputs] == ["English of 雪。", "English of 雪。 1", "English of 雪。 0"]
    assert sorted(request.get("seed", 0) for request in server.requests) == [0, 1, 2, 3]


def test_key_comes_from_the_environment_and_is_shown_nowhere(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigError, match=r"environment variable MT_KEY, .* is not set"):
        endpoint(server, key_variable="MT_KEY")
    monkeypatch.setenv("MT_KEY", "secret-1234")
    caplog.set_level(logging.DEBUG)
    working = endpoint(server, key_variable="MT_KEY")
    working.translate(["雪。"])
    assert server.headers[0]["Authorization"] == "Bearer secret-1234"
    server.failures = [(401, "the key secret-1234 is wrong")]
    with pytest.raises(ModelError, match=r"refuses \(401\): 'the key … is wrong'.*Check the key") as caught:
        working.translate(["海。"])
    assert "secret-1234" not in caplog.text + str(caught.value) + working.fingerprint


@pytest.mark.parametrize(("failures", "works"), [([503, 429], True), ([503] * 4, False), ([400], False)])
def test_what_may_pass_is_tried_again(server: Server, failures: list[int], works: bool) -> None:
    server.failures = [(status, "busy") for status in failures]
    if works:
        assert endpoint(server).translate(["雪。"])[0].text == "English of 雪。"
    else:
        with pytest.raises(ModelError, match=rf"refuses \({failures[0]}\): 'busy'"):
            endpoint(server).translate(["雪。"])
    assert len(server.requests) == len(failures) + works


@pytest.mark.parametrize(
    ("reply", "output"),
    [
        ({"choices": [{"message": {"content": "It snow"}, "finish_reason": "length"}]}, Output("It snow", False)),
        ({"choices": [{"message": {"content": None}, "finish_reason": "content_filter"}]}, Output("", True)),
        ({"choices": [{"message": {"content": "It snows."}}]}, Output("It snows.", True)),
        ({"error": "no such thing"}, None),
        (["not", "an", "answer"], None),
        (f'{{"choices": {"[" * 100_000}{"]" * 100_000}}}', None),
    ],
)
def test_answers_are_read_with_care(server: Server, reply: object, output: Output | None) -> None:
    server.reply = reply
    if output is None:
        with pytest.raises(ModelError, match="does not answer as an OpenAI-compatible endpoint"):
            endpoint(server).translate(["雪。"])
    else:
        assert endpoint(server).translate(["雪。"]) == [output]


def test_server_that_is_not_there_is_named(server: Server) -> None:
    working = endpoint(server, attempts=1)
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:\d+/v1/chat/completions does not answer"):
        working.translate(["雪。"])


@pytest.mark.parametrize("changes", [{}, {"model": "m"}, {"endpoint": {"base_url": "http://localhost:1/v1"}}])
def test_nothing_is_sent_without_an_address_and_a_model(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"needs translate\.endpoint\.base_url and translate\.model"):
        load_engine("openai", settings("openai", **changes))


def test_endpoint_comes_from_a_configuration(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"translate: {{engine: openai, model: m, endpoint: {{base_url: {server.url}, wait: 0}}}}\n")
    config = load_config(file).translate
    assert load_engine(config.engine, config).translate(["雪。"])[0].text == "English of 雪。"


# Choice among candidates ---------------------------------------------------------------------------------------------


class Several:
    """An engine with a fixed list of candidates."""

    name, fingerprint, protection = "several", "several-1", "placeholder"

    def __init__(self, outputs: list[Output]) -> None:
        self.outputs = outputs

    def translate(self, sources: Sequence[str]) -> list[Output]:
        return [self.outputs[0] for _ in sources]

    def candidates(self, sources: Sequence[str], count: int) -> list[list[Output]]:
        return [self.outputs[:count] for _ in sources]


class One:
    """An engine that has but one translation."""

    name, fingerprint = "one", "one-1"

    def translate(self, sources: Sequence[str]) -> list[Output]:
        return [Output(source.upper(), True) for source in sources]


def test_the_translation_most_like_the_others_is_chosen() -> None:
    texts = ["A dog barks.", "The train was late today.", "The train is late today.", "The train was late."]
    several = Several([Output(text, True) for text in texts])
    chosen = ConsensusEngine(several, 4)
    assert chosen.translate(["電車は今日遅れた。"]) == [Output("The train was late today.", True)]
    assert [output.text for output in chosen.candidates(["電車は今日遅れた。"], 4)[0]][-1] == "A dog barks."
    assert ConsensusEngine(several, 2).translate(["電車"]) == [
        Output("A dog barks.", True)
    ]  # a tie: the engine's first
    assert protection(chosen) == "placeholder"
    assert chosen.fingerprint != several.fingerprint


def test_an_unfinished_translation_is_not_chosen_before_a_finished_one() -> None:
    texts = [("The train was la", False), ("The train was lat", False), ("It came late.", True)]
    chosen = ConsensusEngine(Several([Output(*text) for text in texts]), 3)
    assert chosen.translate(["遅れた。"]) == [Output("It came late.", True)]


def test_first_candidate_is_the_translation_however_many_are_asked_for() -> None:
    texts = ["A dog barks.", "The train was late today.", "The train is late today.", "The train was late."]
    chosen = ConsensusEngine(Several([Output(text, True) for text in texts]), 3)
    (first,) = chosen.translate(["電車"])
    assert [chosen.candidates(["電車"], count)[0][0] for count in (1, 3, 4)] == [first] * 3


def test_engine_without_candidates_gives_its_one() -> None:
    assert candidates(One(), ["a", "b"], 5) == [[Output("A", True)], [Output("B", True)]]
    assert protection(One()) == "inject"
    assert ConsensusEngine(One(), 3).translate(["a"]) == [Output("A", True)]
