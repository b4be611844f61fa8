"""The page of a report, and the leaderboard."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import msgspec
import pytest

from pipeline.errors import InputError
from pipeline.evaluate.bootstrap import Difference, Interval
from pipeline.evaluate.page import leaderboard, read_report, render
from pipeline.evaluate.report import Comparison, ModelResult, Report, write_json

NASTY = '<script>alert("虚")</script>'


def result(name, value, **details):
    interval = Interval(value, value - 0.1, value + 0.1)
    return ModelResult(
        model=name,
        signature=f"{name}:1",
        figures={"F_avg": interval, "accuracy": interval},
        slices={"genre blog": {"accuracy": interval}},
        details={
            "sizes": {"genre blog": 42},
            "confusion": {"favor": {"favor": 3, "against": 1}, "against": {"favor": 0, "against": 4}},
            "reliability": [(0.55, 0.5, 4), (0.95, 0.9, 10)],
            "mistakes": [{"id": "i1", "text": NASTY}],
        }
        | details,
    )


def report(*models, gold="ab12cd34", task="stance"):
    signature = f"task:{task}|gold:8:{gold}|bootstrap:1000:clustered:95%|kyojitsu:0.1.0"
    return Report(task=task, gold=NASTY, units=8, documents=2, signature=signature, models=list(models))


class Tags(HTMLParser):
    """Collects tags and what they point at, and checks that they close."""

    void = frozenset({"meta"})

    def __init__(self, page):
        super().__init__()
        self.tags, self.links, self.open = [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        if tag not in self.void | {"br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_whole_and_alone():
    shown = report(result("good", 0.8), result("bad", 0.3))
    shown.comparisons = [Comparison(a="good", b="bad", differences={"F_avg": Difference(0.5, -0.1, 0.6, 0.04)})]
    shown.notes = [NASTY]
    page = render(shown)
    tags = Tags(page)
    assert tags.links == []
    assert not re.search(r"https?://|url\(|@import", page)
    assert "script" not in tags.tags
    assert page.count("&lt;script&gt;") == 4  # gold, note, and a mistake of each model
    assert "0.800 <small>[0.700, 0.900]</small>" in page
    assert "[-0.100, 0.600]" in page
    assert shown.signature in page
    assert '<td>genre blog</td><td class="n">42</td>' in page


def test_drawings_show_the_numbers():
    page = render(report(result("good", 0.8)))
    matrix, diagram = (ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL))  # noqa: S314
    assert [e.text for e in matrix.iter("text")] == ["favor", "against", "favor", "against", "3", "1", "0", "4"]
    assert [e.get("fill-opacity") for e in matrix.iter("rect")] == ["0.75", "0.25", "0.00", "1.00"]
    dots = [(float(e.get("cx")), float(e.get("cy"))) for e in diagram.iter("circle")]
    assert dots == [(110.0, 100.0), (190.0, 20.0)]  # of 200, y downwards


def test_a_report_without_details():
    plain = msgspec.structs.replace(result("plain", 0.5), details={}, slices={})
    page = render(report(plain, task="ner"))
    assert "<svg" not in page
    assert "kyojitsu evaluate ner" in page


def saved(tmp_path, name, shown):
    write_json(shown, tmp_path / f"{name}.json")
    return tmp_path / f"{name}.json"


def test_leaderboard_sorts_and_tells_runs_apart(tmp_path):
    first = saved(tmp_path, "first", report(result("bundled", 0.7), result("majority", 0.2)))
    second = saved(tmp_path, "second", report(result("bundled", 0.9)))
    board = leaderboard([first, second])
    assert [m.model for m in board.models] == ["bundled (second)", "bundled (first)", "majority"]
    assert board.signature == read_report(first).signature
    assert render(board).count("bundled (second)") == 2


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"gold": "ffffffff"}, r"stance on gold ab12cd34: first.json; stance on gold ffffffff: second.json"),
        ({"task": "hype"}, r"hype on gold ab12cd34: second.json"),
    ],
)
def test_figures_that_do_not_compare_are_not_mixed(tmp_path, other, message):
    paths = [
        saved(tmp_path, "first", report(result("a", 0.5))),
        saved(tmp_path, "second", report(result("b", 0.6), **other)),
    ]
    with pytest.raises(InputError, match=message):
        leaderboard(paths)
    assert len(leaderboard(paths[:1]).models) == 1


def test_files_that_are_no_reports(tmp_path):
    (tmp_path / "x.json").write_text('{"task": "stance"}')
    with pytest.raises(InputError, match=r"x.json is not a report"):
        leaderboard([tmp_path / "x.json"])
    with pytest.raises(InputError, match="cannot be read"):
        leaderboard([tmp_path / "missing.json"])
    with pytest.raises(InputError, match="needs reports"):
        leaderboard([])
