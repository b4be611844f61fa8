"""Gold documents and tiny random models, made when a test asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

from pipeline.dataset.gold import Claim, GoldDocument, Rhetoric, Sentence, Stance, write_gold
from pipeline.models.encoder import dequantize_q4
from pipeline.training import build
from pipeline.training.base_encoder import SPECIALS, build_tokenizer, quantize_q4

# Of each document: a sentence with rhetoric, its span, technique, level, direction, and the stance toward a target in
# it; then a plain one about the same target.
DOCUMENTS = [
    ("循環バスは町の救世主だ。", "町の救世主", "exaggeration", 2, "boost", "循環バス", "favor", "循環バスは二十分おきに走る。"),
    ("あの庁舎は税金の墓場だ。", "税金の墓場", "metaphor", 2, "doom", "庁舎", "against", "庁舎は四階建てで、昨年の秋に建った。"),
    ("誰もが認める名作、それが『灯台』だ。", "誰もが認める名作", "absolutism", 1, "boost", "灯台", "favor", "『灯台』の上映時間は九十八分。"),
    ("給食費の値上げを許してよいのか。", "許してよいのか", "rhetorical_question", 1, "doom", "値上げ", "against", "給食費は月に三百円上がる。"),
    ("今すぐ検診を受けよう。", "今すぐ検診を受けよう", "appeal", 1, "boost", "検診", "favor", "検診は保健所で受けられる。"),
    ("このままでは里山が滅びる。", "里山が滅びる", "fear", 3, "doom", "里山", "neutral", "里山の面積は十年前とほぼ同じだ。"),
    ("電動自転車は革命だ。", "革命", "exaggeration", 2, "boost", "電動自転車", "favor", "電動自転車の重さは約二十キロ。"),
    ("無能な監督のせいで負けた。", "無能な監督", "labeling", 2, "doom", "監督", "against", "監督は就任して二年になる。"),
    ("合言葉は「水を守れ、命を守れ」。", "水を守れ、命を守れ", "slogan", 1, "boost", "水", "favor", "水質の検査は毎月行われる。"),
    ("悪夢のような改札機だ。", "悪夢のような", "loaded", 2, "doom", "改札機", "against", "改札機は南口に五台ある。"),
    ("図書館の新しい棚は神がかっている。", "神がかっている", "loaded", 2, "boost", "棚", "favor", "棚には郷土史の本が並ぶ。"),
    ("絶対に失敗しない投資など詐欺だ。", "詐欺", "loaded", 2, "doom", "投資", "against", "投資の講座には三十人が来た。"),
    ("究極の一杯がここにある。", "究極の一杯", "exaggeration", 2, "boost", "一杯", "favor", "一杯の値段は六百五十円だ。"),
    ("堤防工事は底なし沼だ。", "底なし沼", "metaphor", 2, "doom", "堤防工事", "against", "堤防工事は来年三月に終わる。"),
]  # fmt: skip


def document(number: int) -> GoldDocument:
    loud, span, technique, level, direction, target, label, plain = DOCUMENTS[number]
    start, end, doc = loud.index(span), len(loud), f"doc{number:02}"
    about = {"target": f"t{number}", "surface": target}
    return GoldDocument(
        doc=doc,
        genre="",
        text=f"{loud}\n{plain}",
        sentences=[
            Sentence(
                doc=doc, start=0, end=end, text=loud, hype=level, direction=direction,
                rhetoric=[Rhetoric(start=start, end=start + len(span), technique=technique)],
                stances=[Stance(label=label, **about)],
            ),
            Sentence(
                doc=doc, start=end + 1, end=end + 1 + len(plain), text=plain, checkable=True,
                claims=[Claim(start=end + 1, end=end + len(plain))],
                stances=[Stance(label="neutral", **about | {"surface": target if target in plain else ""})],
            ),
        ],
    )  # fmt: skip


def documents() -> list[GoldDocument]:
    return [document(number) for number in range(len(DOCUMENTS))]


def without_rhetoric() -> list[GoldDocument]:
    facts = documents()
    for each in facts:
        for sentence in each.sentences:
            sentence.rhetoric, sentence.hype, sentence.direction = [], 0, "none"
    return facts


def write(path: Path, found: list[GoldDocument]) -> Path:
    write_gold(path, [sentence for each in found for sentence in each.sentences])
    return path


def characters() -> list[str]:
    return sorted({character for loud, *_, plain in DOCUMENTS for character in loud + plain})


def sizes(words: int) -> transformers.BertConfig:
    return transformers.BertConfig(
        vocab_size=words, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=300, pad_token_id=1, layer_norm_eps=1e-12,
    )  # fmt: skip


def install_tiny_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a tiny random encoder in place of the one that the bundled architecture starts from."""
    vocabulary = [*((name, 0.0) for name in SPECIALS), *((c, -float(i)) for i, c in enumerate(["▁", *characters()], 2))]

    def base() -> tuple[transformers.BertModel, Tokenizer]:
        tokenizer = build_tokenizer(vocabulary)
        torch.manual_seed(5)
        model = transformers.BertModel(sizes(tokenizer.get_vocab_size()), add_pooling_layer=False)
        words = model.embeddings.word_embeddings.weight.data
        words.copy_(torch.tensor(dequantize_q4(quantize_q4(words.numpy()))))
        return model, tokenizer

    monkeypatch.setattr(build, "base", base)


def save_tiny_transformer(folder: Path) -> None:
    """Write a tiny random BERT that reads single characters."""
    names = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", *characters()]
    tokenizer = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    marks = dict(zip(("unk_token", "pad_token", "cls_token", "sep_token"), names, strict=False))
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks)
    torch.manual_seed(11)
    transformers.BertModel(sizes(len(names))).save_pretrained(folder)
    fast.save_pretrained(folder)
