"""The inline format: what is read, what is refused, and that writing it back gives the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.gold import Claim, GoldDocument, Rhetoric, Sentence, Stance, read_gold, write_gold
from pipeline.dataset.inline import parse, read_folder, render
from pipeline.dataset.load import load_gold
from pipeline.errors import InputError
from pipeline.record import TECHNIQUES

GOOD = (
    '# {"genre":"blog","voice":"shopkeeper","stances":[{"target":"new_till","label":"against"}]}\n'
    "新しいレジが来た\t{}\n"
    "\n"
    '値段は18万円、⟦目玉が飛び出る|exaggeration⟧額だ。\t{"claims":["値段は18万円"],"hype":1,"direction":"doom",'
    '"stances":[{"target":"new_till","surface":"","label":"against"}]}\n'
    '営業は「⟦神機|labeling|quoted⟧です」と言う。\t{"claims":["営業は「神機です」と言う"],"contrast":"reported"}\n'
)


def test_reads_text_spans_and_labels():
    document, faults = parse(GOOD, "a")
    assert faults == []
    assert document.text == "新しいレジが来た\n値段は18万円、目玉が飛び出る額だ。営業は「神機です」と言う。"
    first, second, third = document.sentences
    assert (first.checkable, second.checkable, second.hype, second.direction) == (False, True, 1, "doom")
    assert [document.text[s.start : s.end] for s in second.rhetoric + third.rhetoric] == ["目玉が飛び出る", "神機"]
    assert [s.quoted for s in second.rhetoric + third.rhetoric] == [False, True]
    assert document.text[second.claims[0].start : second.claims[0].end] == "値段は18万円"
    assert second.stances == [Stance(target="new_till", label="against")]
    assert document.stances[0].label == "against"


def test_writing_back_gives_the_same():
    document, _ = parse(GOOD, "a")
    assert parse(render(document), "a") == (document, [])


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("札がない。", "no tab"),
        ("怪しい。\t{", "labels"),
        ('怪しい。\t{"hpye":1}', "hpye"),
        ("⟦怪しい|loaded⟧。\t{}", "hype 0"),
        ('怪しい。\t{"hype":1,"direction":"doom"}', "without a rhetoric span"),
        ('⟦怪しい|loaded⟧。\t{"hype":1}', "direction"),
        ('⟦怪しい|lodaed⟧。\t{"hype":1,"direction":"doom"}', "not a technique"),
        ('⟦怪しい|loaded。\t{"hype":1,"direction":"doom"}', "not closed"),
        ('駅と駅。\t{"claims":["駅"]}', "2 times"),
        ('駅。\t{"claims":["港"]}', "0 times"),
        ('駅。\t{"stances":[{"target":"x","surface":"港","label":"favor"}]}', "not in the sentence"),
    ],
)
def test_refuses_what_does_not_fit(line, word):
    _, faults = parse(f'# {{"genre":"blog"}}\n{line}\n', "a")
    assert [number for number, _ in faults] == [2]
    assert word in faults[0][1]


def test_a_folder_lists_every_fault_with_file_and_line(tmp_path):
    (tmp_path / "a.tsv").write_text(GOOD, encoding="utf-8")
    assert [d.doc for d in read_folder(tmp_path)] == ["a"]
    (tmp_path / "b.tsv").write_text('# {"genre":"blog"}\n一。\n二。\t{"hype":1}\n', encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_folder(tmp_path)
    assert "b.tsv:2" in str(error.value)
    assert "b.tsv:3" in str(error.value)


words = st.text(
    st.characters(exclude_characters="⟦⟧|\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", exclude_categories=["Cs"]),
    min_size=1,
).filter(str.strip)


@given(st.lists(st.tuples(words, words, words, st.sampled_from(TECHNIQUES), st.booleans()), min_size=1, max_size=5))
def test_any_marked_text_survives(parts):
    text, sentences = "", []
    for before, marked, after, technique, new_paragraph in parts:
        start = len(text) + (1 if new_paragraph and text else 0)
        text += ("\n" if start > len(text) else "") + before + marked + after
        span = Rhetoric(start=start + len(before), end=start + len(before) + len(marked), technique=technique)
        sentences.append(
            Sentence(
                doc="d", start=start, end=len(text), text=text[start:], rhetoric=[span], hype=2, direction="boost",
                genre="g", checkable=True, claims=[Claim(start=start, end=len(text))],
            )
        )  # fmt: skip
    document = GoldDocument(doc="d", genre="g", text=text, sentences=sentences)
    assert parse(render(document), "d")[0] == document


def test_gold_jsonl_and_documents(tmp_path):
    document, _ = parse(GOOD, "a")
    write_gold(tmp_path / "gold.jsonl", document.sentences)
    assert read_gold(tmp_path / "gold.jsonl") == document.sentences
    assert load_gold(tmp_path / "gold.jsonl")[0].text == document.text
    (tmp_path / "docs").mkdir()
    with pytest.raises(InputError, match="no text"):
        load_gold(tmp_path / "gold.jsonl", tmp_path / "docs")
    (tmp_path / "docs" / "a.txt").write_text(document.text, encoding="utf-8")
    assert load_gold(tmp_path / "gold.jsonl", tmp_path / "docs")[0].sentences == document.sentences
    (tmp_path / "docs" / "a.txt").write_text("別の文章" * 20, encoding="utf-8")
    with pytest.raises(InputError, match="offsets"):
        load_gold(tmp_path / "gold.jsonl", tmp_path / "docs")


def test_a_bad_gold_line_is_named(tmp_path):
    (tmp_path / "gold.jsonl").write_text('{"doc":"a"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"gold.jsonl:1"):
        load_gold(tmp_path / "gold.jsonl")
    with pytest.raises(InputError, match="no such"):
        load_gold(tmp_path / "missing")
