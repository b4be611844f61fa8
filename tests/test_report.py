from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest
from conftest import make_document
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from typer import Typer
from typer.testing import CliRunner

from pipeline.annotator import Annotator
from pipeline.errors import InputError, OutputError
from pipeline.record import (
    Content,
    Document,
    Edit,
    EntityLabel,
    Hype,
    Quantity,
    QuantityKind,
    Record,
    Rhetoric,
    Sentence,
    StanceLabel,
    Technique,
    Time,
    TimeKind,
    Translation,
    TranslationStatus,
    encode,
)
from pipeline.report import page
from pipeline.report.charts import charts, hype_strip
from pipeline.report.cli import mount
from pipeline.report.filters import Filter
from pipeline.report.notebook import to_html
from pipeline.report.notes import info_note, rhetoric_note
from pipeline.report.page import record_page, write_report
from pipeline.report.text import UNSAFE, english, japanese, printable
from pipeline.report.totals import Totals, source_name
from pipeline.report.words import WORDS

HOSTILE = "".join(
    [
        "市場は<script>document.title='破れ'</script>と書いた。",
        '"><img src=x onerror=alert(1)>という札が立つ。',
        "</script></style>{{ 7*7 }}{% raw %}もある。",
        "値段は\u202e円百\u202cになった。",
    ]
)
app = Typer()
mount(app)


def kyojitsu(*args: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(a) for a in args])
    return result.exit_code, result.stdout, result.stderr


def at(start: int, end: int, text: str) -> dict[str, Any]:
    return {"start": start, "end": end, "raw_start": start, "raw_end": end, "text": text[start:end]}


def rhetoric(start: int, end: int, text: str, technique: Technique = "fear", **more: Any) -> Rhetoric:
    return Rhetoric(technique=technique, quoted=False, score=0.5, why=["cue"], **at(start, end, text), **more)


def sentence(text: str, **layers: Any) -> Sentence:
    return Sentence(id="s0", block="b0", lang="ja", **at(0, len(text), text), **layers)


def translation(text: str) -> Translation:
    return Translation(text=text, engine="none", status="verified", checks={}, warnings=[])


def write_run(folder: Path, records: list[Record]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "records.jsonl").write_bytes(b"".join(encode(record) + b"\n" for record in records))
    return folder


@pytest.fixture(scope="module")
def record(annotator: Annotator) -> Record:
    """Facts, rhetoric, figures and names, with English."""
    text = (
        "橋の塗り替え\n\n県は5月、つり橋に約3億円を使うと発表した。\nもう橋は絶対に落ちる。誰が責任を取るのだろうか。\n"
    )
    made = annotator.process(make_document(text, published="2025-06-02"))
    for made_sentence in made.sentences or []:
        made_sentence.translation = translation("English of " + made_sentence.id)
    return made


@pytest.fixture(scope="module")
def hostile(annotator: Annotator) -> Record:
    made = annotator.process(make_document(HOSTILE))
    made.id = "<b>id</b>"
    made.source.title = "<img src=x onerror=alert(2)>"
    made.source.url = "javascript:alert(3)"
    return made


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of its marks."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.marks: list[str] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "mark":
            self._inside = True
            self.marks.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "mark"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.marks[-1] += data


# --- a sentence in pieces -------------------------------------------------------------------------------------------

LETTERS = st.text(st.sampled_from("橋は落ちる🎯が3億円\u202e\n"), min_size=1, max_size=24)


@st.composite
def spans(draw: st.DrawFn, length: int) -> list[tuple[int, int]]:
    """Ranges that may nest, touch and cross."""
    pairs = st.tuples(st.integers(0, length), st.integers(0, length)).filter(lambda p: p[0] < p[1])
    return draw(st.lists(pairs, max_size=4))


@given(st.data())
def test_pieces_hold_the_whole_text_and_every_span_in_one_group(data: st.DataObject) -> None:
    text = data.draw(LETTERS)
    ends = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    apart = [rhetoric(a, b, text) for a, b in zip(ends[::2], ends[1::2], strict=False)]
    times = [Time(kind="date", value=None, en="then", **at(a, b, text)) for a, b in data.draw(spans(len(text)))]
    groups = japanese(sentence(text, rhetoric=apart, times=times))
    assert "".join(p.text for g in groups for p in g.pieces) == UNSAFE.sub("", text)
    assert [g.span for g in groups if g.span] == apart
    for group in groups:
        if group.span:
            assert "".join(p.text for p in group.pieces) == UNSAFE.sub("", group.span.text)


def test_spans_that_overlap_all_show() -> None:
    text = "誰も助からない夜"
    groups = japanese(sentence(text, rhetoric=[rhetoric(0, 4, text), rhetoric(2, 7, text, "loaded")]))
    assert [("".join(p.text for p in g.pieces), g.span and g.span.technique) for g in groups] == [
        ("誰も助か", "fear"), ("らない", "loaded"), ("夜", None),
    ]  # fmt: skip


def test_a_control_is_named_and_not_sent() -> None:
    (group,) = japanese(sentence("円\u202e百"))
    assert [(p.text, p.control) for p in group.pieces] == [("円", ""), ("", "U+202E"), ("百", "")]
    assert printable("a\x1b[2J\tb\u2066") == "a\ufffd[2J b\ufffd"


def test_a_removal_stands_where_it_was() -> None:
    edit = Edit(
        raw_start=2, raw_end=3, start=2, end=2, before=".", after="", rule="doubled_stop", confidence=1.0, applied=True
    )
    (group,) = japanese(sentence("朝。夜"), [edit])
    assert [(p.text, p.before) for p in group.pieces] == [("朝。", ""), ("", "."), ("夜", "")]


@pytest.mark.parametrize(
    ("english_span", "found"),
    [
        ("the bridge falls", [("Soon ", None), ("the bridge falls", "fear"), (".", None)]),
        ("The bridge falls!", [("Soon ", None), ("the bridge falls", "fear"), (".", None)]),
        ("a bridge", [("Soon the bridge falls.", None)]),
        ("o", [("Soon the bridge falls.", None)]),
        (None, [("Soon the bridge falls.", None)]),
    ],
)
def test_english_is_marked_only_where_it_stands(english_span: str | None, found: list[Any]) -> None:
    text = "橋は落ちる"
    made = sentence(
        text, rhetoric=[rhetoric(0, 5, text, en=english_span)], translation=translation("Soon the bridge falls.")
    )
    assert english(made) == found


# --- notes and words ------------------------------------------------------------------------------------------------


def test_a_note_gives_the_normalized_value() -> None:
    quantity = Quantity(
        kind="money", value=300000000, low=2.5e8, high=None, unit="JPY", approximate=True, en="about ¥300 million",
        **at(0, 4, "約3億円"),
    )  # fmt: skip
    assert info_note([quantity]).split("\n") == [
        "money\t", "value\t300,000,000 JPY", "range\t250,000,000 –  JPY", "approximate\t\tyes",
        "english\tabout ¥300 million",
    ]  # fmt: skip


def test_data_cannot_forge_a_row_of_a_note() -> None:
    note = rhetoric_note(rhetoric(0, 1, "橋", en="x\nscore\t1.00"))
    assert note.split("\n")[2] == "english\tx score 1.00"


@pytest.mark.parametrize(
    "labels",
    [Technique, Content, StanceLabel, EntityLabel, QuantityKind, TimeKind, TranslationStatus],
    ids=lambda labels: get_args(labels)[0],
)
def test_every_label_has_a_word_in_both_languages(labels: Any) -> None:
    for label in get_args(labels):
        assert all(WORDS[label])


# --- filters, figures, charts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), True),
        (Filter(techniques=frozenset({"fear", "slogan"})), True),
        (Filter(techniques=frozenset({"slogan"})), False),
        (Filter(contents=frozenset({"rhetorical"})), True),
        (Filter(contents=frozenset({"factual"})), False),
        (Filter(level=2), True),
        (Filter(level=3), False),
        (Filter(text="bridge"), True),
        (Filter(text="落ちる"), True),
        (Filter(text="tunnel"), False),
        (Filter(text="bridge", level=3), False),
        (Filter(targets=frozenset({"japan"})), False),
    ],
)
def test_a_filter_asks_for_every_condition(wanted: Filter, expected: bool) -> None:
    text = "橋は落ちる"
    made = sentence(
        text,
        rhetoric=[rhetoric(0, 5, text)],
        content="rhetorical",
        hype=Hype(score=0.7, level=2, direction="doom"),
        translation=translation("The Bridge falls."),
    )
    assert wanted.matches(made) is expected


@pytest.mark.parametrize(
    ("publisher", "url", "expected"),
    [
        ("河口新聞", "https://example.com/1", "河口新聞"),
        (None, "https://example.com/1", "example.com"),
        (None, "http://[broken", "題"),
        (None, None, "題"),
    ],
)
def test_sources_go_by_publisher_host_or_title(publisher: str | None, url: str | None, expected: str) -> None:
    record = make_document("本文。").record
    record.source = replace(record.source, publisher=publisher, url=url, title="題")
    assert source_name(record) == expected


def test_charts_give_the_counted_figures_as_a_table(record: Record) -> None:
    totals = Totals()
    totals.add(record)
    content = next(chart for chart in charts(totals) if chart.key == "chart_content")
    assert record.summary
    counted = record.summary.content or {}
    assert content.rows[0][1:] == [*map(str, counted.values()), str(sum(counted.values()))]


def test_hype_goes_up_for_boost_and_down_for_doom() -> None:
    svg = hype_strip(
        [("a", Hype(score=0.5, level=1, direction="boost")), ("b", Hype(score=1.0, level=3, direction="doom"))]
    )
    assert re.findall(r'class="(boost|doom)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', svg) == [
        ("boost", "21", "19"), ("doom", "40", "38"),
    ]  # fmt: skip


# --- pages ----------------------------------------------------------------------------------------------------------


def test_the_page_marks_every_rhetoric_span(record: Record) -> None:
    marks = Elements(record_page(record)).marks
    assert marks == [span.text for s in record.sentences or [] for span in s.rhetoric or []]
    assert len(marks) >= 2


def test_the_page_needs_nothing_from_elsewhere(record: Record) -> None:
    html = record_page(record)
    elements = Elements(html).elements
    assert not [tag for tag, attrs in elements if tag in {"link", "img", "iframe", "object"} or attrs.get("src")]
    (policy,) = [a["content"] for t, a in elements if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
    assert policy
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "style=" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_hostile_text_stays_text(hostile: Record) -> None:
    html = record_page(hostile)
    elements = Elements(html).elements
    assert [tag for tag, attrs in elements if tag == "script" and not attrs] == ["script"]
    assert not [attrs for _, attrs in elements for name in attrs if name.startswith("on")]
    assert not [attrs for tag, attrs in elements if tag == "a" and (attrs["href"] or "").startswith("javascript")]
    assert not UNSAFE.search(html)
    unread = record_page(make_document(HOSTILE).record)
    assert "{{ 7*7 }}{% raw %}" in unread
    assert not UNSAFE.search(unread)
    assert 'data-code="U+202E"' in unread


def test_an_address_on_the_web_is_linked(record: Record) -> None:
    linked = replace(record, source=replace(record.source, url="https://example.com/hashi"))
    assert 'href="https://example.com/hashi"' in record_page(linked)


@pytest.mark.parametrize("stages", [0, 1, 2])
def test_a_record_without_later_layers_shows_its_text(stages: int) -> None:
    document = Document(make_document("朝の橋を渡る。").record)
    if stages:
        from pipeline.config import load_config

        Annotator(load_config(stages=["normalize", "tokenize"][:stages])).process(document)
    html = record_page(document.record)
    assert "朝の橋を渡る。" in html


def test_the_same_run_gives_the_same_bytes(record: Record, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [record])
    first = write_report(run, tmp_path / "a" / "report.html").entry.read_bytes()
    assert write_report(run, tmp_path / "b" / "report.html").entry.read_bytes() == first


def test_a_folder_gets_an_index_and_a_page_a_document(record: Record, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [replace(record, id=f"doc{i}") for i in range(3)])
    written = write_report(run, tmp_path / "site")
    assert (written.documents, written.files) == (3, 4)
    index = Elements(written.entry.read_text("utf-8")).elements
    pages = [a["href"] for t, a in index if t == "a" and (a["href"] or "").startswith("pages/")]
    assert pages == [f"pages/0000{i}.html" for i in (1, 2, 3)]
    for href in pages:
        html = (tmp_path / "site" / str(href)).read_text("utf-8")
        links = [a["href"] for t, a in Elements(html).elements if t == "a" and not (a["href"] or "").startswith("#")]
        assert all((tmp_path / "site/pages" / str(link)).is_file() for link in links)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run", "site"]


def test_what_does_not_fit_on_a_page_is_parted(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE_BYTES", 1)
    monkeypatch.setattr(page, "INDEX_BYTES", 1)
    monkeypatch.setattr("pipeline.report.articles.PART_BYTES", 1)
    run = write_run(tmp_path / "run", [replace(record, id=f"doc{i}") for i in range(2)])
    written = write_report(run, tmp_path / "out" / "all.html")
    names = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.html"))
    assert names[0] == "all.html"
    assert "all_pages/index-2.html" in names
    assert "all_pages/00001-2.html" in names
    assert written.files == len(names)
    marks = [m for name in names if "index" not in name for m in Elements((tmp_path / "out" / name).read_text()).marks]
    assert marks == 2 * [span.text for s in record.sentences or [] for span in s.rhetoric or []]


def test_a_report_is_replaced_and_nothing_else_is(record: Record, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [record])
    for output in (tmp_path / "report.html", tmp_path / "site"):
        write_report(run, output)
        write_report(run, output)
    (tmp_path / "mine.html").write_text("<p>mine</p>", encoding="utf-8")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/one.txt").write_text("mine", encoding="utf-8")
    for output in (tmp_path / "mine.html", tmp_path / "photos", tmp_path / "run"):
        with pytest.raises(OutputError, match="something else than a report"):
            write_report(run, output)
    assert (tmp_path / "mine.html").read_text() == "<p>mine</p>"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "records.jsonl: not found"),
        (b"", "the run has no document"),
        (b'{"schema": "kyojitsu/1"}\n', "line 1: not a record"),
        (b"\xff\n", "line 1: not a record"),
    ],
)
def test_a_run_that_cannot_be_read_is_named(content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "records.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=message):
        write_report(tmp_path, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_an_unfinished_run_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / ".run").mkdir()
    with pytest.raises(InputError, match=r"not finished\. Repeat its command with --resume"):
        write_report(tmp_path, tmp_path / "report.html")


def test_the_command_prints_the_file_to_open(record: Record, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [record])
    status, out, err = kyojitsu("report", run, "-o", tmp_path / "r.html")
    assert (status, out.strip(), err.strip()) == (0, str(tmp_path / "r.html"), "1 documents")
    assert kyojitsu("report", tmp_path / "nowhere", "-o", tmp_path / "s.html")[0] == 2


# --- notebook -------------------------------------------------------------------------------------------------------


def test_the_notebook_shows_rhetoric_without_script(record: Record) -> None:
    html = to_html(record)
    assert type(html) is str  # not Markup, which would escape what a notebook puts beside it
    parsed = Elements(html)
    assert parsed.marks == [span.text for s in record.sentences or [] for span in s.rhetoric or []]
    assert {tag for tag, _ in parsed.elements}.isdisjoint({"script", "iframe", "link", "img"})
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style
    assert all(rule.strip().startswith(".kyojitsu") for rule in style[1].strip().split("\n"))


def test_the_notebook_keeps_hostile_text_text(hostile: Record) -> None:
    tags: Callable[[str], set[str]] = lambda html: {tag for tag, _ in Elements(html).elements}  # noqa: E731
    assert tags(to_html(hostile)) <= {
        "style",
        "div",
        "p",
        "bdi",
        "table",
        "tr",
        "td",
        "br",
        "mark",
        "span",
        "b",
        "i",
        "sup",
    }
