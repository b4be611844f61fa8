"""Figures of the evaluation against values worked out by hand, and the bootstrap's properties."""

import numpy as np
import pytest

from pipeline.dataset.gold import Claim, Rhetoric, Sentence
from pipeline.errors import InputError
from pipeline.evaluate import metrics
from pipeline.evaluate.bootstrap import interval, paired
from pipeline.evaluate.predictions import Prediction, Scores, read_predictions


def gold(text="あいうえおかきくけこ", **labels):
    return Sentence(doc="d", start=0, end=len(text), text=text, **labels)


def said(**labels):
    return Prediction(doc="d", start=0, end=10, text="あいうえおかきくけこ", **labels)


def span(start, end, technique="loaded"):
    return Rhetoric(start=start, end=end, technique=technique)


def value(figures, name, units):
    return figures[name](np.arange(units))


def test_overlap_counts_shares_of_spans():
    truth = [gold(rhetoric=[span(0, 4)], hype=1), gold()]
    found = [said(rhetoric=[span(2, 6, "fear")], hype=1), said(rhetoric=[span(0, 1)], hype=1)]
    figures = metrics.rhetoric(truth, found)
    assert value(figures, "overlap precision", 2) == pytest.approx(0.25)  # (2/4 + 0/1) / 2
    assert value(figures, "overlap recall", 2) == pytest.approx(0.5)
    assert value(figures, "overlap F1", 2) == pytest.approx(1 / 3)
    assert value(figures, "overlap F1 with technique", 2) == 0.0
    assert value(figures, "technique accuracy on hits", 2) == 0.0
    assert value(figures, "sentence F1", 2) == pytest.approx(2 / 3)
    assert value(figures, "sentence false alarms", 2) == 1.0


def test_exact_needs_span_and_technique():
    truth = [gold(rhetoric=[span(0, 4), span(5, 7)], hype=1)]
    assert value(metrics.rhetoric(truth, [said(rhetoric=[span(0, 4)], hype=1)]), "exact F1", 1) == pytest.approx(2 / 3)
    assert value(metrics.rhetoric(truth, [said(rhetoric=[span(0, 4, "fear")], hype=1)]), "exact F1", 1) == 0.0


def test_hype_levels():
    truth = [gold(hype=level) for level in (0, 1, 2, 3)]
    right = [said(hype=level, scores=Scores(hype=level / 3)) for level in (0, 1, 2, 3)]
    figures = metrics.hype(truth, right)
    assert value(figures, "quadratic kappa", 4) == value(figures, "F1", 4) == pytest.approx(1.0)
    assert value(figures, "Spearman", 4) == pytest.approx(1.0)
    off_by_one = [said(hype=level) for level in (1, 2, 3, 3)]
    assert 0.5 < value(metrics.hype(truth, off_by_one), "quadratic kappa", 4) < 1.0


def test_checkable_brier_and_claims():
    truth = [gold(checkable=True, claims=[Claim(start=0, end=4)]), gold()]
    found = [said(checkable=True, claims=[Claim(start=0, end=8)], scores=Scores(checkable=0.8)), said()]
    figures = metrics.checkable(truth, found)
    assert value(figures, "Brier", 2) == pytest.approx(0.02)
    assert value(figures, "claim overlap F1", 2) == pytest.approx(2 * 0.5 / 1.5)


def test_stance_averages_over_fixed_labels():
    figures = metrics.stance(["favor", "favor", "neutral"], ["favor", "neutral", "neutral"])
    assert value(figures, "F_avg", 3) == pytest.approx((2 / 3 + 0) / 2)  # against never occurs and counts as 0
    assert value(figures, "macro F1", 3) == pytest.approx((2 / 3 + 0 + 2 / 3) / 3)


def test_calibration_error_of_a_sure_and_wrong_model():
    assert metrics.calibration_error(np.array([False, False]), np.array([1.0, 1.0])) == pytest.approx(1.0)
    assert metrics.calibration_error(np.array([True, False]), np.array([0.5, 0.5])) == pytest.approx(0.0)
    assert metrics.reliability(np.array([True, False]), np.array([0.5, 0.5])) == [(0.5, 0.5, 2)]


def test_the_interval_holds_the_value_and_repeats():
    hits = np.array([1.0] * 30 + [0.0] * 10)
    first = interval(lambda i: float(hits[i].mean()), 40)
    assert first.low < first.value == 0.75 < first.high
    assert first == interval(lambda i: float(hits[i].mean()), 40)


def test_clusters_are_drawn_whole():
    sizes = []
    interval(lambda i: float(sizes.append(len(i)) or 0), ["a"] * 3 + ["b"] * 5, resamples=50)
    assert {s for s in sizes if s not in (6, 8, 10)} == set()


def test_a_model_against_itself_does_not_differ():
    hits = np.array([1.0, 0.0] * 20)
    same = paired(lambda i: float(hits[i].mean()), lambda i: float(hits[i].mean()), 40)
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    better = paired(lambda i: 1.0, lambda i: float(hits[i].mean()), 40)
    assert better.low > 0
    assert better.p == 0.0


def test_predictions_are_matched_by_place(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text('{"doc":"d","start":0,"end":10,"text":"","hype":2,"direction":"doom"}\n', encoding="utf-8")
    [prediction] = read_predictions(path, [gold()])
    assert prediction.probabilities.hype == 1.0
    with pytest.raises(InputError, match="no prediction"):
        read_predictions(path, [gold(), Sentence(doc="e", start=0, end=1, text="あ")])
    path.write_text("[]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"p.jsonl:1"):
        read_predictions(path, [gold()])
