"""The report in headless Chromium; skipped where there is no browser or no playwright."""

from __future__ import annotations

import copy
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import CORPUS, make_document
from test_report import HOSTILE

from pipeline.annotator import Annotator
from pipeline.record import Record, Translation, encode, layer
from pipeline.report.page import write_report
from pipeline.sources import Rejected, read_inputs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
# Contrast of every visible text with what lies behind it (WCAG 2.2, 1.4.3); gives the texts below 4.5.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (color, under) => {
    canvas.fillStyle = `rgb(${under})`; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const light = (c) => c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    const under = e.parentElement ? behind(e.parentElement) : [255, 255, 255];
    return rgb(getComputedStyle(e).backgroundColor, under);
  };
  const low = [];
  const check = (e, style, text) => {
    const back = behind(e);
    const [a, b] = [light(rgb(style.color, back)), light(back)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(`${text} ${style.color} on ${back}`);
  };
  for (const e of document.querySelectorAll('body *:not(svg *, script, style)')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (own && e.checkVisibility()) check(e, getComputedStyle(e), e.textContent.trim().slice(0, 20));
    if (e.matches('mark')) check(e, getComputedStyle(e, '::after'), 'label of ' + e.className);
  }
  return [...new Set(low)];
}"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Any]:
    """Open a file; whatever the page says on its console, and any request but for files, fails the test."""
    said: list[str] = []
    contexts = []

    def opened(file: Path, width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **{"locale": "en-US", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: None if request.url.startswith("file:") else said.append(request.url))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def write_run(folder: Path, records: list[Record]) -> Path:
    folder.mkdir()
    (folder / "records.jsonl").write_bytes(b"".join(encode(record) + b"\n" for record in records))
    return folder


@pytest.fixture(scope="module")
def records(annotator: Annotator) -> list[Record]:
    """Six documents of the corpus, each sentence with an English that names it."""
    made = []
    files = [str(file) for file in sorted((CORPUS / "documents").glob("0[1-6]_*.txt"))]
    for document in read_inputs(files, annotator.config.read):
        assert not isinstance(document, Rejected)
        record = annotator.process(document)
        for sentence in record.sentences or []:
            if sentence.content:
                text = f"English of sentence {sentence.id}"
                sentence.translation = Translation(
                    text=text, engine="none", status="flagged", checks={}, warnings=["numbers: 3 is missing"]
                )
        made.append(record)
    return made


@pytest.fixture(scope="module")
def single(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("single")
    return write_report(write_run(folder / "run", records), folder / "report.html").entry


@pytest.fixture(scope="module")
def many(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 documents: the six, fifty times."""
    folder = tmp_path_factory.mktemp("many")
    copies = []
    for i in range(300):
        record = copy.copy(records[i % len(records)])
        record.id = f"doc{i:03d}"
        copies.append(record)
    return write_report(write_run(folder / "run", copies), folder / "site").entry


def visible(page: Page, selector: str) -> list[str]:
    return page.locator(selector).evaluate_all(
        "all => all.filter((e) => e.checkVisibility()).map((e) => e.textContent)"
    )  # type: ignore[no-any-return]


def test_every_rhetoric_span_is_visible(visit: Any, single: Path, records: list[Record]) -> None:
    page = visit(single)
    spans = [span for record in records for s in record.sentences or [] for span in s.rhetoric or []]
    assert visible(page, "article mark.r") == [span.text for span in spans]
    assert page.locator("article mark.r").evaluate_all("all => all.map((e) => e.classList[1])") == [
        span.technique for span in spans
    ]
    assert len(spans) > 20


@pytest.mark.parametrize("technique", ["fear", "metaphor"])
def test_the_technique_filter_keeps_its_sentences(
    visit: Any, single: Path, records: list[Record], technique: str
) -> None:
    page = visit(single)
    page.check(f"input[value={technique}]")
    expected = [
        s.text for r in records for s in r.sentences or [] if any(x.technique == technique for x in s.rhetoric or [])
    ]
    assert visible(page, "article .jp") == expected
    assert page.locator(".count").inner_text().startswith(f"{len(expected)} / ")
    page.click("button[type=reset]")
    assert len(visible(page, "article mark.r")) == page.locator("article mark.r").count()


def test_filters_of_content_level_target_and_text(visit: Any, single: Path, records: list[Record]) -> None:
    sentences = [s for r in records for s in r.sentences or [] if s.content]
    page = visit(single)

    def shown() -> list[str]:
        page.wait_for_timeout(250)
        found = visible(page, "article .jp")
        page.click("button[type=reset]")
        return found

    page.check("input[name=content][value=mixed]")
    assert shown() == [s.text for s in sentences if s.content == "mixed"]
    page.check("input[name=level][value='2']")
    assert shown() == [s.text for s in sentences if layer(s.hype).level >= 2]
    target = next(stance.target for s in sentences for stance in s.stances or [])
    page.select_option("#f-target", target)
    assert shown() == [s.text for s in sentences if any(x.target == target for x in s.stances or [])]
    page.fill("#f-text", "sentence S12")
    assert shown() == [s.text for s in sentences if f"sentence {s.id}".startswith("sentence s12")]
    page.fill("#f-text", "どこにもない語")
    page.wait_for_timeout(250)
    assert page.locator(".none").is_visible()


def test_notes_come_on_hover_and_on_focus_and_go_with_escape(visit: Any, single: Path, records: list[Record]) -> None:
    page = visit(single)
    span = next(span for r in records for s in r.sentences or [] for span in s.rhetoric or [])
    mark, tip = page.locator("article mark.r").first, page.locator("#tip")
    mark.hover()
    assert f"{span.score:.2f}" in tip.inner_text()
    assert span.why[0] in tip.inner_text()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    figure = page.locator("article .figure[tabindex]").first
    figure.focus()
    assert tip.is_visible()
    assert figure.get_attribute("aria-describedby") == "tip"
    quantity = next(q for r in records for s in r.sentences or [] for q in (s.times or []) + (s.quantities or []))
    assert quantity.en in page.evaluate("document.querySelector('article .figure').dataset.note")


def test_repairs_and_boilerplate_show_on_demand(visit: Any, single: Path) -> None:
    page = visit(single)
    before = "getComputedStyle(document.querySelector('.ed[data-before]'), '::before').content"
    assert page.evaluate(before) == "none"
    assert visible(page, ".boilerplate .jp") == []
    page.check("[data-layer=repairs]")
    page.check("[data-layer=boilerplate]")
    assert page.evaluate(before) not in {"none", '""'}
    assert visible(page, ".boilerplate .jp")


def test_language_and_theme_switch(visit: Any, single: Path) -> None:
    page = visit(single, locale="ja-JP", color_scheme="dark")
    assert page.get_by_role("heading", name="概要").is_visible()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Light").click()
    assert page.get_by_role("heading", name="Overview").is_visible()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(visit: Any, single: Path, scheme: str, locale: str) -> None:
    assert visit(single, color_scheme=scheme, locale=locale).evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [380, 768, 1280])
def test_no_page_is_wider_than_the_screen(visit: Any, single: Path, many: Path, width: int) -> None:
    for file in (single, many, many.parent / "pages/00001.html"):
        page = visit(file, width=width)
        page.evaluate("document.querySelectorAll('article').forEach((a) => (a.style.contentVisibility = 'visible'))")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_the_text(visit: Any, single: Path) -> None:
    page = visit(single)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    unnamed = page.evaluate(
        """[...document.querySelectorAll('button, input, select, a, summary')]
           .filter((e) => !(e.innerText || e.textContent).trim() && !e.labels?.length && e.tabIndex >= 0)
           .map((e) => e.outerHTML)"""
    )
    assert unnamed == []


def test_hostile_text_does_nothing(visit: Any, annotator: Annotator, tmp_path: Path) -> None:
    record = annotator.process(make_document(HOSTILE))
    record.source.title = "<img src=x onerror=\"document.title='broken'\">"
    record.source.url = "javascript:document.title='broken'"
    raw = make_document(HOSTILE).record
    raw.id = "raw"
    page = visit(write_report(write_run(tmp_path / "run", [record, raw]), tmp_path / "report.html").entry)
    for link in page.locator("main a").all():
        assert link.get_attribute("href").startswith("#")
    page.locator("main").click()
    assert "broken" not in page.title()
    assert "破れ" not in page.title()
    assert page.locator("article script, article img").count() == 0
    assert "<script>document.title='破れ'</script>" in visible(page, "article .jp")[-1]


def test_300_documents_open_within_3_seconds(visit: Any, many: Path) -> None:
    sizes = [file.stat().st_size for file in many.parent.rglob("*.html")]
    assert len(sizes) == 301
    assert max(sizes) < 5_000_000
    began = time.perf_counter()
    page = visit(many)
    assert page.locator(".list tbody tr").count() == 300
    assert "300" in page.locator(".figures").first.inner_text()
    assert time.perf_counter() - began < 3
    page.check("input[value=fear]")
    page.locator(".list tbody tr:visible a").first.click()
    page.wait_for_url("**#technique=fear")
    assert all("fear" in t for t in page.locator(".s:visible").evaluate_all("all => all.map((e) => e.dataset.t)"))
