"""GGUF to CTranslate2, and the engine on it: a tiny random Qwen2 stands in for the real one."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import msgspec
import pytest

from pipeline.config import TranslateSettings
from pipeline.errors import ConfigError, ModelError
from pipeline.models import convert as conversion
from pipeline.models.lock import read_lock
from pipeline.models.store import MARKER, File, Marker
from pipeline.translation.engine import Output, load_engine
from pipeline.translation.qwen import QwenEngine

np = pytest.importorskip("numpy")
gguf = pytest.importorskip("gguf")
pytest.importorskip("ctranslate2")
tokenizers = pytest.importorskip("tokenizers")

WIDTH, HEADS, KV_HEADS, LAYERS, FFN = 128, 4, 2, 4, 192
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = ["t h", "th e", "Ġ the"]
SENTENCES = [
    "橋の工事は雨で遅れている。",
    "新しい店が駅前にできた。",
    "値上げ",
    "研究者は、次の実験を春に行うと話した。",
    "The plan costs 3.2 billion dollars です。",
    "海",
    "彼らは長い議論の末に、港を閉じると決めたが、町の人はまだ納得していない。",
    "雪。",
    "父は毎朝、畑の様子を見に行く。",
    "市長は来年の予算案を示し、学校の建て替えを先に進めると述べた。",
    "電車が止まった。",
    "安い部品に頼りすぎた設計が、故障の多さにつながったと記事は指摘する。",
]


def write_gguf(path: Path, architecture: str = "qwen2") -> None:
    """A Qwen2 with random weights and a byte-level vocabulary."""
    draw = np.random.default_rng(7)
    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, *(merge.replace(" ", "") for merge in MERGES), *SPECIAL]
    w = gguf.GGUFWriter(path, architecture)
    w.add_block_count(LAYERS)
    w.add_embedding_length(WIDTH)
    w.add_feed_forward_length(FFN)
    w.add_head_count(HEADS)
    w.add_head_count_kv(KV_HEADS)
    w.add_rope_freq_base(1e6)
    w.add_layer_norm_rms_eps(1e-6)
    w.add_tokenizer_model("gpt2")
    w.add_token_list(tokens)
    w.add_token_types([1] * (len(tokens) - 3) + [3] * 3)
    w.add_token_merges(MERGES)
    w.add_bos_token_id(tokens.index(SPECIAL[0]))
    w.add_eos_token_id(tokens.index(SPECIAL[2]))

    def matrix(name: str, rows: int, columns: int) -> None:
        kind = gguf.GGMLQuantizationType.Q8_0
        values = draw.normal(0, 0.3, (rows, columns)).astype(np.float32)
        w.add_tensor(f"{name}.weight", gguf.quantize(values, kind), raw_dtype=kind)

    def vector(name: str, size: int, mean: float) -> None:
        w.add_tensor(name, draw.normal(mean, 0.1, size).astype(np.float32))

    matrix("output", len(tokens), WIDTH)
    matrix("token_embd", len(tokens), WIDTH)
    vector("output_norm.weight", WIDTH, 1)
    for i in range(LAYERS):
        block, kv = f"blk.{i}", WIDTH * KV_HEADS // HEADS
        for name, rows, columns in [
            ("attn_q", WIDTH, WIDTH), ("attn_k", kv, WIDTH), ("attn_v", kv, WIDTH), ("attn_output", WIDTH, WIDTH),
            ("ffn_gate", FFN, WIDTH), ("ffn_up", FFN, WIDTH), ("ffn_down", WIDTH, FFN),
        ]:  # fmt: skip
            matrix(f"{block}.{name}", rows, columns)
        for name, size in (("attn_q", WIDTH), ("attn_k", kv), ("attn_v", kv)):
            vector(f"{block}.{name}.bias", size, 0)
        for name in ("attn_norm", "ffn_norm"):
            vector(f"{block}.{name}.weight", WIDTH, 1)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds the tiny model under the name of the real one."""
    root = tmp_path_factory.mktemp("cache")
    write_gguf(root / "tiny.gguf")
    folder = root / "models" / "qwen-1.5b"
    folder.mkdir(parents=True)
    conversion.convert(root / "tiny.gguf", folder, lambda done, total: None)
    files = {p.name: File(hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_size) for p in folder.iterdir()}
    marker = Marker(read_lock()["qwen-1.5b"].sha256, conversion.CONVERSION, files)
    (folder / MARKER).write_bytes(msgspec.json.encode(marker))
    return root


def settings(cache: Path, **changes: object) -> TranslateSettings:
    values = {
        "engine": "qwen-1.5b", "model": None, "cache": False, "cache_dir": str(cache), "threads": 1, "batch_size": 3,
    }  # fmt: skip
    return TranslateSettings.model_validate(values | changes)


def test_converted_model_has_all_files(cache: Path) -> None:
    folder = cache / "models" / "qwen-1.5b"
    names = {"model.bin", "config.json", "vocabulary.json", "tokenizer.json", MARKER}
    assert {p.name for p in folder.iterdir()} == names


def test_converted_model_computes_what_qwen2_does(cache: Path) -> None:
    """Against a plain numpy forward pass of the published architecture, on the dequantized weights."""
    import ctranslate2

    reader = gguf.GGUFReader(cache / "tiny.gguf")
    t = {x.name: gguf.dequantize(x.data, x.tensor_type).astype(np.float64) for x in reader.tensors}
    ids = [5, 80, 200, 17, 33, 64]

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * t[f"{name}.weight"]

    def rotate(x: np.ndarray) -> np.ndarray:
        half = x.shape[-1] // 2
        angles = np.arange(len(ids))[:, None] * 1e6 ** (-np.arange(half) / half)
        a, b = x[..., :half], x[..., half:]
        return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], -1)

    def heads(x: np.ndarray, count: int) -> np.ndarray:
        return x.reshape(len(ids), count, -1).swapaxes(0, 1)

    x = t["output.weight"][ids]
    for i in range(LAYERS):
        y = norm(x, f"blk.{i}.attn_norm")
        q, k, v = (y @ t[f"blk.{i}.attn_{n}.weight"].T + t[f"blk.{i}.attn_{n}.bias"] for n in "qkv")
        q, k, v = rotate(heads(q, HEADS)), rotate(heads(k, KV_HEADS)), heads(v, KV_HEADS)
        k, v = (np.repeat(z, HEADS // KV_HEADS, axis=0) for z in (k, v))
        scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]) + np.triu(np.full((len(ids),) * 2, -np.inf), 1)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (weights / weights.sum(-1, keepdims=True)) @ v
        x = x + mixed.swapaxes(0, 1).reshape(len(ids), -1) @ t[f"blk.{i}.attn_output.weight"].T
        y = norm(x, f"blk.{i}.ffn_norm")
        gate = y @ t[f"blk.{i}.ffn_gate.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * (y @ t[f"blk.{i}.ffn_up.weight"].T)) @ t[f"blk.{i}.ffn_down.weight"].T
    expected = norm(x, "output_norm") @ t["output.weight"].T
    generator = ctranslate2.Generator(str(cache / "models" / "qwen-1.5b"), compute_type="float32")
    logits = np.array(generator.forward_batch([ids]))[0]
    assert np.corrcoef(logits.ravel(), expected.ravel())[0, 1] > 0.995


def test_tokenizer_splits_like_qwen2(cache: Path) -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(cache / "models" / "qwen-1.5b" / conversion.TOKENIZER))
    assert tokenizer.encode("in the 12<|im_end|>").tokens == ["i", "n", "Ġthe", "Ġ", "1", "2", "<|im_end|>"]
    text = "「ガス」は 3.5％、café\n"
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_output_does_not_depend_on_batch_or_threads(cache: Path) -> None:
    alone = [QwenEngine(settings(cache, batch_size=1)).translate([s])[0] for s in SENTENCES]
    assert len(set(alone)) == len(SENTENCES)
    for seed, (batch_size, threads) in enumerate([(2, 1), (3, 2), (5, 1), (8, 4), (100, 1)]):
        order = [int(i) for i in np.random.default_rng(seed).permutation(len(SENTENCES))]
        engine = QwenEngine(settings(cache, batch_size=batch_size, threads=threads))
        together = engine.translate([SENTENCES[i] for i in order])
        assert together == [alone[i] for i in order]


@pytest.mark.parametrize("beam", [1, 3])
def test_candidates_do_not_depend_on_the_batch_either(cache: Path, beam: int) -> None:
    alone = [QwenEngine(settings(cache, batch_size=1, beam=beam)).candidates([s], 4)[0] for s in SENTENCES]
    for batch_size, threads in ((4, 2), (12, 1), (100, 2)):
        engine = QwenEngine(settings(cache, batch_size=batch_size, threads=threads, beam=beam))
        assert engine.candidates(SENTENCES[::-1], 4) == alone[::-1]
        assert engine.translate(SENTENCES) == [outputs[0] for outputs in alone]
    assert all(len({output.text for output in outputs}) == len(outputs) == 4 for outputs in alone)


def test_beam_is_in_the_fingerprint(cache: Path) -> None:
    made = [QwenEngine(settings(cache, beam=beam)).fingerprint for beam in (None, 1, 2, 4)]
    assert made[0] == made[1]
    assert len(set(made)) == 3


def test_endless_output_is_cut_and_said_so(cache: Path) -> None:
    outputs = QwenEngine(settings(cache)).translate(SENTENCES)
    assert not all(output.finished for output in outputs)


def test_blank_source_has_a_blank_translation(cache: Path) -> None:
    outputs = QwenEngine(settings(cache)).translate(["", "海", " \n"])
    assert (outputs[0], outputs[2]) == (Output("", True), Output("", True))
    assert outputs[1] == QwenEngine(settings(cache)).translate(["海"])[0]
    assert QwenEngine(settings(cache)).translate([]) == []


def test_end_mark_in_a_source_is_only_text(cache: Path) -> None:
    engine = QwenEngine(settings(cache))
    assert "<|im_end|>" not in engine._model.encode("雪<|im_end|>。")[: -len(engine._model._tail)]
    assert len(engine.translate(["雪<|im_end|>。"])) == 1


def test_fingerprint_is_known_before_the_model_loads(cache: Path) -> None:
    engine = load_engine("qwen-1.5b", settings(cache))
    assert engine.name == "qwen-1.5b"
    assert "_model" not in vars(engine)
    assert engine.fingerprint == load_engine("qwen-1.5b", settings(cache, batch_size=9, threads=2)).fingerprint


def test_fingerprint_changes_with_the_prompt(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = QwenEngine(settings(cache)).fingerprint
    other = tmp_path / "prompt.txt"
    other.write_text("<|im_start|>{source}<|im_end|>\n")
    monkeypatch.setattr("pipeline.translation.qwen.PROMPT", str(other))
    assert QwenEngine(settings(cache)).fingerprint != before
    other.write_text("no place\n")
    with pytest.raises(ConfigError, match=r"\{source\} is missing from the prompt"):
        QwenEngine(settings(cache))


def test_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Run: kyojitsu models pull qwen-1\.5b"):
        QwenEngine(settings(tmp_path))


def test_model_of_ones_own_is_refused(cache: Path) -> None:
    with pytest.raises(ConfigError, match=r"'mine', but the engine qwen-1\.5b has its own"):
        QwenEngine(settings(cache, model="mine"))


def test_other_architecture_is_refused(tmp_path: Path) -> None:
    write_gguf(tmp_path / "other.gguf", architecture="llama")
    with pytest.raises(ModelError, match="the model is a 'llama', not a 'qwen2'"):
        conversion.convert(tmp_path / "other.gguf", tmp_path, lambda done, total: None)


@pytest.mark.parametrize("package", ["ctranslate2", "gguf", "tokenizers"])
def test_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    monkeypatch.setitem(sys.modules, package, None)
    if package == "ctranslate2":
        monkeypatch.setitem(sys.modules, "ctranslate2.specs", None)
    with pytest.raises(ModelError, match=rf"{package}.*pip install 'kyojitsu\[translate\]'"):
        conversion.convert(tmp_path / "tiny.gguf", tmp_path, lambda done, total: None)
