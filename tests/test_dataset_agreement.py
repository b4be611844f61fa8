"""Agreement equals the packages it is named after; several annotators become one by majority."""

import warnings

import krippendorff
import msgspec
import numpy as np
import pytest
from dataset_samples import documents, gold_source
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from pipeline.dataset.agreement import agreement, alpha, kappa
from pipeline.dataset.build import open_source
from pipeline.dataset.gold import Claim, GoldDocument, Rhetoric, Sentence, Stance, faults
from pipeline.dataset.importing import corrected
from pipeline.dataset.inline import parse
from pipeline.dataset.merging import merged, write
from pipeline.errors import InputError, OutputError

LEVELS = (0, 1, 2, 3)


@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(LEVELS)), min_size=2))
def test_kappa_is_scikit_learns(pairs):
    a, b = map(list, zip(*pairs, strict=True))
    for weights in (None, "quadratic"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = cohen_kappa_score(a, b, labels=LEVELS, weights=weights)
        found = kappa(a, b, LEVELS, ordinal=weights is not None)
        assert found == (None if np.isnan(expected) else pytest.approx(expected))


@given(st.lists(st.lists(st.sampled_from([*LEVELS, None]), min_size=6, max_size=6), min_size=2, max_size=4))
def test_alpha_is_krippendorffs(columns):
    data = [[np.nan if x is None else x for x in column] for column in columns]
    units = [[x for x in unit if x is not None] for unit in zip(*columns, strict=True)]
    counted = {x for unit in units if len(unit) > 1 for x in unit}
    for level in ("nominal", "ordinal"):
        found = alpha(columns, LEVELS, ordinal=level == "ordinal")
        if len(counted) < 2:  # 0/0
            assert found is None
        else:
            expected = krippendorff.alpha(data, level_of_measurement=level, value_domain=[0, 1, 2, 3])
            assert found == pytest.approx(expected)


def test_krippendorffs_own_example():
    """Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", data C: nominal .743, ordinal .815."""
    _ = None
    columns = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
    assert alpha(columns, (1, 2, 3, 4, 5)) == pytest.approx(0.743, abs=5e-4)
    assert alpha(columns, (1, 2, 3, 4, 5), ordinal=True) == pytest.approx(0.815, abs=5e-4)


def inline(*lines, genre="blog"):
    document, wrong = parse(f'# {{"genre":"{genre}"}}\n' + "\n".join(lines) + "\n", "d")
    assert wrong == []
    return document


A = inline(
    '村は⟦夢の新駅|slogan⟧に沸く。\t{"hype":2,"direction":"boost","stances":[{"target":"station","surface":"新駅","label":"favor"}]}',
    '工費は40億円になる。\t{"claims":["工費は40億円にな"]}',
    "私は反対だ。\t{}",
    '次は⟦誰の番だろうか|rhetorical_question⟧。\t{"hype":1,"direction":"doom"}',
)
B = inline(
    '村は⟦夢の|exaggeration⟧新駅に沸く。\t{"hype":1,"direction":"boost","stances":[{"target":"station","surface":"新駅","label":"neutral"}]}',
    '工費は40億円になる。\t{"claims":["工費は40億円になる"]}',
    "私は反対だ。\t{}",
    "次は誰の番だろうか。\t{}",
)


def test_labels_of_two():
    found = agreement({"a": [A], "b": [B]})
    assert (found.documents, found.sentences, found.unmatched) == (1, 4, {"a": 0, "b": 0})
    hype = found.labels["hype"]
    assert hype.agreed == 0.5
    assert hype.kappa == pytest.approx(
        cohen_kappa_score([2, 0, 0, 1], [1, 0, 0, 0], labels=[0, 1, 2, 3], weights="quadratic")
    )
    assert hype.alpha == pytest.approx(
        krippendorff.alpha([[2, 0, 0, 1], [1, 0, 0, 0]], level_of_measurement="ordinal", value_domain=[0, 1, 2, 3])
    )
    assert found.labels["checkable"].kappa == 1
    assert found.labels["rhetoric"].kappa == pytest.approx(cohen_kappa_score([1, 0, 0, 1], [1, 0, 0, 0]))
    assert found.labels["boilerplate"].kappa is None
    assert found.labels["stance"].units == 1
    assert found.labels["stance"].counts == {"favor": 1, "neutral": 1}
    # a has 4 and 7 characters marked, b 2 of the 4: precision 1, recall (2/4 + 0) / 2
    assert found.spans["rhetoric overlap F1"] == pytest.approx(2 * 1 * 0.25 / 1.25)
    assert found.spans["rhetoric overlap F1 with technique"] == 0
    assert {(d.start, d.label) for d in found.disagreements} >= {(0, "hype"), (0, "rhetoric"), (10, "claims")}


@given(documents())
@settings(max_examples=30)
def test_one_agrees_with_oneself(document):
    found = agreement({"a": [document], "b": [document]})
    assert found.disagreements == []
    assert all(figure.kappa in (1, None) and figure.alpha in (1, None) for figure in found.labels.values())
    assert all(figure.agreed == 1 or figure.units == 0 for figure in found.labels.values())


def test_three_annotators_and_a_missing_one():
    part = msgspec.structs.replace(B, sentences=B.sentences[:2])
    found = agreement({"a": [A], "b": [B], "c": [part]})
    columns = [[2, 0, 0, 1], [1, 0, 0, 0], [1, 0, np.nan, np.nan]]
    expected = krippendorff.alpha(columns, level_of_measurement="ordinal", value_domain=[0, 1, 2, 3])
    assert found.labels["hype"].alpha == pytest.approx(expected)


def test_texts_that_differ_by_a_space_are_aligned():
    moved = inline(
        '村は 夢の新駅に沸く。\t{"stances":[{"target":"station","surface":"新駅","label":"favor"}]}',
        '工費は40億円になる。\t{"claims":["工費は40億円にな"]}',
        "私は反対だ。次は誰の番だろうか。\t{}",
    )
    found = agreement({"a": [A], "x/d": [msgspec.structs.replace(moved, doc="x/d")]})
    assert found.differing_texts == ["d"]
    assert found.sentences == 2
    assert found.unmatched == {"a": 2, "x/d": 1}
    assert found.spans["claim overlap F1"] == 1
    assert found.labels["stance"].agreed == 1


def test_nothing_to_compare():
    with pytest.raises(InputError, match="fewer than two"):
        agreement({"a": [A]})
    with pytest.raises(InputError, match="no document in common"):
        agreement({"a": [A], "b": [msgspec.structs.replace(B, doc="e")]})


TEXT = "この案は見かけ倒しの張りぼてだ。"


def vote(rhetoric=(), claims=(), **labels):
    spans = [Rhetoric(start=s, end=e, technique=t) for s, e, t in rhetoric]
    found = [Claim(start=s, end=e) for s, e in claims]
    level = {"hype": 1, "direction": "doom"} if spans else {}
    return Sentence(
        doc="d", start=0, end=16, text=TEXT, rhetoric=spans, claims=found, checkable=bool(found), **{**level, **labels}
    )


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["花子", "Hanako", "hanako"], ["花子.jsonl", "Hanako.jsonl", "hanako~2.jsonl"]),
        (["a b", "a/b", "a_b"], ["a_b.jsonl", "a_b~2.jsonl", "a_b~3.jsonl"]),
        (["長" * 300, "長" * 301], ["長" * 50 + ".jsonl", "長" * 50 + "~2.jsonl"]),
    ],
)
def test_every_annotator_has_a_file(names, files, tmp_path):
    votes = {name: {("d", s.start, s.end): s for s in A.sentences} for name in names}
    write(tmp_path / "out", votes, {"d": A})
    assert sorted(p.name for p in (tmp_path / "out" / "annotators").iterdir()) == sorted(files)


def merge(*votes, original=None):
    document = GoldDocument(doc="d", genre="", text=TEXT, sentences=[original or vote()])
    annotators = {f"n{i}": {("d", 0, 16): v} for i, v in enumerate(votes)}
    [kept], differing = merged(annotators, {"d": document})
    [sentence] = kept.sentences
    assert not list(faults(sentence, TEXT))
    return sentence, {d.label: d.decided for d in differing}


def test_a_character_goes_to_the_label_most_give_it():
    sentence, by = merge(
        vote([(4, 15, "metaphor")]), vote([(4, 9, "loaded"), (10, 15, "metaphor")]), vote([(10, 14, "metaphor")])
    )
    assert [(r.start, r.end, r.technique) for r in sentence.rhetoric] == [(10, 15, "metaphor")]
    assert (sentence.hype, by) == (1, {"rhetoric": "majority"})


def test_touching_spans_stay_apart():
    two = vote([(4, 9, "loaded"), (9, 15, "loaded")])
    assert merge(two, two, vote([(4, 15, "loaded")]))[0].rhetoric == two.rhetoric


def test_without_a_majority_the_original_stands():
    sentence, by = merge(vote(forecast=True), vote(), original=vote(forecast=True))
    assert (sentence.forecast, by) == (True, {"forecast": "original"})


def test_labels_that_do_not_fit_together_are_taken_from_the_nearest():
    spans = [vote([(4, 9, "loaded")]), vote([(10, 15, "metaphor")]), vote()]
    sentence, by = merge(*spans)  # most say hype 1, but no characters have a majority
    assert sentence in spans
    assert set(by.values()) <= {"n0", "n1", "n2"}


def test_stances_by_majority():
    one, other = Stance(target="plan", label="against"), Stance(target="plan", label="neutral")
    assert merge(vote(stances=[one]), vote(stances=[one]), vote(stances=[other]))[0].stances == [one]


def test_what_an_import_writes(tmp_path):
    source = gold_source(tmp_path / "in", A)
    found = {
        "花 子/../x": {("d", s.start, s.end): s for s in A.sentences},
        "taro": {("d", s.start, s.end): s for s in B.sentences},
    }
    written = write(tmp_path / "out", found, {"d": A})
    assert (written.documents, written.sentences) == (1, 4)
    assert written.changes == len((tmp_path / "out" / "changes.jsonl").read_text(encoding="utf-8").splitlines())
    assert sorted(p.name for p in (tmp_path / "out" / "annotators").iterdir()) == ["taro.jsonl", "花_子_.._x.jsonl"]
    [item] = open_source(tmp_path / "out").documents()
    assert item.gold.text == A.text
    with pytest.raises(OutputError, match="not an empty folder"):
        write(tmp_path / "out", found, {"d": A})
    assert corrected([], source, "code-points", line_feeds=False) == ({}, {})
