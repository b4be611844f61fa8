from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from pydantic import ValidationError

from pipeline.errors import ConfigError
from pipeline.record import Document
from pipeline.sources import ReadSettings, Rejected, read_inputs
from pipeline.sources.discover import dataset_name

NOTE = "朝の港では、氷を積んだ船が次々に出ていく。\n"


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, content: str | bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(*inputs: str, exclude: Path | None = None, **settings: Any) -> list[Document | Rejected]:
    return list(read_inputs(inputs, ReadSettings(**settings), exclude))


def document(*inputs: str, **settings: Any) -> Document:
    (item,) = read(*inputs, **settings)
    assert isinstance(item, Document), item
    return item


def rejected(*inputs: str, **settings: Any) -> Rejected:
    (item,) = read(*inputs, **settings)
    assert isinstance(item, Rejected), item.record
    return item


def outline(items: list[Document | Rejected]) -> list[str]:
    """Each document's id, each rejection's id and code."""
    return [item.record.id if isinstance(item, Document) else f"{item.id} {item.code}" for item in items]


def jsonl(*rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def parquet(name: str, columns: dict[str, Any]) -> None:
    pq.write_table(pa.table(columns), name)


# --- plain files -----------------------------------------------------------------------------------------------------


def test_a_text_file_becomes_a_document() -> None:
    data = write("港の朝.txt", NOTE).read_bytes()
    record = document("港の朝.txt").record
    assert (record.id, record.raw) == ("港の朝", NOTE)
    source = record.source
    assert (source.path, source.format, source.encoding) == ("港の朝.txt", "txt", "utf-8")
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert (source.title, source.url, source.published, source.publisher) == (None, None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "一行目\r\n二行目\r三行目\n\n",
        "𠮷田さんが🎣を始めた👨‍👩‍👧。",
        "#釣り 今日は坊主だった。\n# 見出しのような行\n",
        "　字下げした段落。\u00a0末尾の空白 \t",
        "制御\b文字がひとつだけ混じったメモは、そのまま読めるはずだ。",
        "か\u3099とが、Åとー",
    ],
)
@pytest.mark.parametrize("name", ["memo.txt", "memo.md", "MEMO.TXT"])
def test_raw_is_untouched(name: str, text: str) -> None:
    write(name, text)
    assert document(name).record.raw == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp932", "euc_jp", "iso2022_jp"])
def test_the_encoding_is_found_and_recorded(encoding: str) -> None:
    text = "商店街の福引きで、母が二等の自転車を当てて帰ってきた。\r\n"
    write("a.txt", text.encode(encoding))
    record = document("a.txt").record
    assert (record.raw, record.source.encoding) == (text, encoding)


def test_the_encoding_can_be_named() -> None:
    write("a.txt", "ｵｼﾗｾ ｹﾞﾂﾖｳﾋﾞﾊ ﾃｲｷｭｳﾋﾞﾃﾞｽ ｻﾝﾎﾟﾊ ｶﾖｳﾋﾞﾆ".encode("cp932"))
    assert rejected("a.txt").code == "encoding"
    assert document("a.txt", encoding="Shift-JIS").record.source.encoding == "shift_jis"


@pytest.mark.parametrize("name", ["auto", "cp932", "UTF8", "euc-jp"])
def test_settings_take_text_codecs(name: str) -> None:
    assert ReadSettings(encoding=name).encoding in ("auto", "cp932", "utf-8", "euc_jp")


@pytest.mark.parametrize("name", ["", "sjis-nonsense", "base64"])
def test_settings_refuse_other_codecs(name: str) -> None:
    with pytest.raises(ValidationError, match="no text encoding"):
        ReadSettings(encoding=name)


def test_settings_refuse_unknown_keys() -> None:
    with pytest.raises(ValidationError, match="text_feild"):
        ReadSettings.model_validate({"text_feild": "body"})


# --- what is found ---------------------------------------------------------------------------------------------------


def test_folders_are_walked_in_order() -> None:
    for name in (
        "b/二.txt",
        "b/一.md",
        "a.txt",
        "b/c/d.html.txt",
        ".hidden.txt",
        ".git/x.txt",
        "z.docx",
        "b/data.csv.bak",
    ):
        write(f"docs/{name}", NOTE)
    assert outline(read("docs")) == ["a", "b/c/d.html", "b/一", "b/二"]
    assert outline(read("docs/b", "docs/a.txt")) == ["c/d.html", "一", "二", "a"]


def test_globs_match_files_in_sorted_order() -> None:
    for name in ("docs/10.txt", "docs/9.txt", "docs/sub/1.txt", "docs/.9.txt", "docs/9.bin"):
        write(name, NOTE)
    assert outline(read("docs/*")) == ["10", "9"]
    assert outline(read("docs/**/*.txt")) == ["10", "9", "sub/1"]
    assert outline(read("*/?.txt")) == ["docs/9"]


def test_a_name_with_glob_characters_is_a_name_first() -> None:
    write("第[1]回.txt", NOTE)
    assert outline(read("第[1]回.txt")) == ["第[1]回"]


def test_the_output_folder_is_passed_over() -> None:
    for name in ("docs/a.txt", "docs/out/records.jsonl", "docs/out/sub/b.txt"):
        write(name, NOTE)
    assert outline(read("docs", exclude=Path("docs/out"))) == ["a"]
    assert outline(read("docs/**/*.txt", exclude=Path("docs/out"))) == ["a"]
    assert outline(read("docs/out/sub/b.txt", exclude=Path("docs/out"))) == ["b"]


def test_linked_folders_are_entered_once() -> None:
    write("docs/a/x.txt", NOTE)
    Path("docs/a/loop").symlink_to(Path("docs").resolve())
    Path("docs/b").symlink_to(Path("docs/a").resolve())
    assert outline(read("docs")) == ["a/x"]


def test_a_file_name_that_is_not_utf_8() -> None:
    write(os.fsdecode("docs/議事録".encode("cp932") + b".txt"), NOTE)
    record = document("docs").record
    assert record.id == "\\x8bc\\x8e\\x96\\x98^"
    assert json.dumps(record.source.path).isascii()


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("標準入力から\r\n届いた文。".encode("euc_jp"))))
    record = document("-").record
    assert (record.id, record.source.path, record.source.format) == ("stdin", "-", "txt")
    assert (record.raw, record.source.encoding) == ("標準入力から\r\n届いた文。", "euc_jp")


def test_reading_is_lazy() -> None:
    write("a.txt", NOTE)
    items = read_inputs(["a.txt", "b.txt"], ReadSettings())
    assert outline([next(items)]) == ["a"]
    write("b.txt", NOTE)
    assert outline(list(items)) == ["b"]


def test_no_input_at_all() -> None:
    with pytest.raises(ConfigError, match="no input"):
        read_inputs([], ReadSettings())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.txt", "no such file"),
        ("../nowhere/missing.txt", "no such file"),
        ("*.txt", "no file that can be read matches"),
        ("empty", "this folder holds no file that can be read"),
        ("", "an empty name"),
    ],
)
def test_what_is_not_there_is_rejected_and_the_rest_goes_on(name: str, message: str) -> None:
    Path("empty").mkdir()
    write("there.md", NOTE)
    items = read(name, "there.md")
    assert outline(items) == [f"{name} not_found", "there"]
    assert message in items[0].message  # type: ignore[union-attr]


def test_a_named_file_of_unknown_kind_is_rejected() -> None:
    write("report.docx", NOTE)
    rejection = rejected("report.docx")
    assert (rejection.id, rejection.stage, rejection.code) == ("report.docx", "read", "format")
    assert ".jsonl.zst" in rejection.message


# --- each fault of a file, with its accepting twin -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "code", "good"),
    [
        (b"", "empty", "雨".encode()),
        (" \n\t\u3000\n".encode(), "empty", " \n\t\u3000雨\n".encode()),
        (b"\xef\xbb\xbf\n", "empty", b"\xef\xbb\xbfx\n"),
        ("雨\0雪".encode(), "binary", "雨の雪".encode()),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00", "binary", b"ELF"),
        ("昨日の雨で川が増えた".encode()[:-1], "encoding", "昨日の雨で川が増えた".encode()),
        ("雨上がりの".encode() + b"\xff", "encoding", "夕方には雨がやむ".encode("euc_jp")),
        ("ア".encode() * 34, "too_large", "ア".encode() * 33),
    ],
)
def test_faults_of_a_file(bad: bytes, code: str, good: bytes) -> None:
    write("bad.txt", bad)
    write("good.txt", good)
    rejection, accepted = read("bad.txt", "good.txt", max_bytes=100)
    assert isinstance(rejection, Rejected)
    assert isinstance(accepted, Document)
    assert (rejection.id, rejection.code, rejection.stage) == ("bad", code, "read")
    assert rejection.message.startswith("bad.txt: ")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_rejected() -> None:
    write("docs/a.txt", NOTE).chmod(0)
    write("docs/sub/b.txt", NOTE)
    Path("docs/sub").chmod(0)
    items = read("docs")
    Path("docs/sub").chmod(0o755)
    assert outline(items) == ["a unreadable", "docs/sub unreadable"]


def test_what_cannot_be_opened_is_rejected() -> None:
    Path("docs").mkdir()
    Path("docs/link.txt").symlink_to("nowhere.txt")
    write("docs/note.txt", NOTE)
    items = read("docs")
    assert outline(items) == ["link unreadable", "note"]
    assert "docs/link.txt: it cannot be read (No such file or directory)" in items[0].message  # type: ignore[union-attr]


def test_a_second_document_with_an_id_is_rejected() -> None:
    write("docs/memo.md", NOTE)
    write("docs/memo.txt", NOTE)
    write("rows.jsonl", jsonl({"id": "memo", "text": NOTE}, {"id": "other", "text": NOTE}))
    items = read("docs", "rows.jsonl")
    assert outline(items) == ["memo", "memo duplicate_id", "memo duplicate_id", "other"]
    assert items[1].message.startswith("docs/memo.txt: the id 'memo' is taken by docs/memo.md.")  # type: ignore[union-attr]
    assert items[2].message.startswith("rows.jsonl, line 1: the id 'memo' is taken by docs/memo.md.")  # type: ignore[union-attr]


def test_a_rejected_document_leaves_its_id_free() -> None:
    write("rows.jsonl", jsonl({"id": "a", "text": " "}, {"id": "a", "text": NOTE}))
    assert outline(read("rows.jsonl")) == ["a empty", "a"]


# --- web pages -------------------------------------------------------------------------------------------------------

PAGE = """<!DOCTYPE html><html lang="ja"><head><meta charset="{charset}">
<title>冷凍倉庫が満杯に 荷の滞留続く | 浜辺日報</title>
<meta property="og:title" content="冷凍倉庫が満杯に 荷の滞留続く"><meta property="og:site_name" content="浜辺日報">
<link rel="canonical" href="https://hamabe.example.jp/articles/77">
<meta property="article:published_time" content="2025-11-04T08:30:00+09:00">
<meta property="article:modified_time" content="2025-12-01T08:30:00+09:00"></head><body>
<nav><ul><li><a href="/">ホーム</a></li><li><a href="/eco">経済</a></li></ul></nav>
<main><article><h1>冷凍倉庫が満杯に 荷の滞留続く</h1>
<p>港の冷凍倉庫が、ほぼ<b>満杯</b>の
状態にある。<a href="/a">在庫率</a>は<strong>97%</strong>に*達した*。</p>
<h2>なぜ滞るのか</h2><p>運転手の不足と、<ruby>艀<rt>はしけ</rt></ruby>の遅れがある。<br>荷主は<del>先週</del>次の手を打った。</p>
<ul><li>地方港への振り替え<ul><li>日本海側</li></ul></li><li>小口輸送の<em>共同化</em></li></ul>
<ol><li>順番に荷を出す</li><li>棚を空ける</li></ol>
<table><tr><th>月</th><th>在庫率</th></tr><tr><td>8月</td><td>88%</td></tr></table>
<blockquote><p>「年内に空きが出るとは思えない」と荷主は話す。</p></blockquote>
<p># 記号で始まる段落もある。</p></article>
<aside><h2>関連記事</h2><ul><li><a href="/1">港のクレーン、更新へ</a></li></ul></aside></main>
<footer>© 2025 浜辺日報 All rights reserved.</footer></body></html>"""
ARTICLE = """# 冷凍倉庫が満杯に 荷の滞留続く

港の冷凍倉庫が、ほぼ満杯の状態にある。在庫率は97%に*達した*。

## なぜ滞るのか

運転手の不足と、艀の遅れがある。
荷主は次の手を打った。

- 地方港への振り替え
  - 日本海側
- 小口輸送の共同化

1. 順番に荷を出す
2. 棚を空ける

| 月 | 在庫率 |
| 8月 | 88% |

「年内に空きが出るとは思えない」と荷主は話す。

# 記号で始まる段落もある。"""


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("Shift_JIS", "cp932"),
        ("x-sjis", "cp932"),
        ("euc-jp", "euc_jp"),
        ("iso-2022-jp", "iso2022_jp"),
    ],
)
@pytest.mark.parametrize("name", ["page.html", "page.htm"])
def test_a_web_page_becomes_lines_that_show_their_kind(name: str, charset: str, encoding: str) -> None:
    html = PAGE.format(charset=charset).replace("© 2025", "2025")
    write(name, html.encode(encoding))
    record = document(name).record
    assert record.raw == ARTICLE
    source = record.source
    assert (source.format, source.encoding) == ("html", encoding)
    assert (source.title, source.publisher) == ("冷凍倉庫が満杯に 荷の滞留続く", "浜辺日報")
    assert (source.published, source.url) == ("2025-11-04", "https://hamabe.example.jp/articles/77")


def test_a_wrong_declaration_is_seen_through() -> None:
    write("page.html", PAGE.format(charset="Shift_JIS").encode())
    record = document("page.html").record
    assert (record.raw, record.source.encoding) == (ARTICLE, "utf-8")


def test_a_headline_outside_the_article_is_kept() -> None:
    page = """<html><head><title>三代目の喫茶店</title></head><body><header><h1>三代目の喫茶店</h1></header>
    <div><p>古い喫茶店に新しい店主が立った。豆は毎朝、店の奥の窯で焼いている。常連は相変わらず新聞を広げ、
    学生たちは窓際の席を取り合う。</p><p>1998年4月1日に開いた店の壁には、当時の献立がいまも残る。</p></div></body></html>"""
    write("page.html", page)
    record = document("page.html").record
    assert record.raw.startswith("# 三代目の喫茶店\n\n古い喫茶店に新しい店主が立った。")
    assert record.source.published is None


def test_layout_tables_are_paragraphs() -> None:
    cell = "今日は雨だった。<br>傘を忘れて駅まで走った。<br><br>帰りに本屋へ寄り、探していた画集を見つけて買った。"
    write("page.html", f"<html><body><table><tr><td>{cell}</td></tr></table></body></html>")
    assert "|" not in document("page.html").record.raw


@pytest.mark.parametrize("page", ["<html><body><script>1</script></body></html>", "<p></p>", "ただの文", " "])
def test_a_page_without_an_article_is_rejected(page: str) -> None:
    write("page.html", page)
    rejection = rejected("page.html")
    assert (rejection.id, rejection.code) == ("page", "empty")
    assert ".txt" in rejection.message


# --- rows ------------------------------------------------------------------------------------------------------------

ROWS: list[dict[str, Any]] = [
    {
        "id": "n-1", "text": "市場は\r\n静かだ。", "title": "市況", "url": "https://example.jp/1",
        "published": "2026-02-03T09:00:00+09:00", "publisher": "週刊ひのき",
    },
    {"id": "", "text": '#朝 "引用"、🍵', "title": "", "url": "", "published": "2026年2月3日", "publisher": ""},
]  # fmt: skip


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    return jsonl(*rows).encode()


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("news.jsonl", as_jsonl(ROWS)),
        ("news.jsonl", as_jsonl(ROWS).decode().encode("utf-16")),
        ("news.jsonl.gz", gzip.compress(as_jsonl(ROWS))),
        ("news.jsonl.zst", zstd.compress(as_jsonl(ROWS))),
        ("news.csv", as_csv(ROWS)),
        ("news.csv", b"\xef\xbb\xbf" + as_csv(ROWS)),
        ("news.tsv", as_csv(ROWS, "\t")),
        ("news.parquet", as_parquet(ROWS)),
    ],
)
def test_rows_become_documents(name: str, data: bytes) -> None:
    write(name, data)
    first, second = (item.record for item in read(name) if isinstance(item, Document))
    assert (first.id, second.id) == ("n-1", "news:2")
    assert [first.raw, second.raw] == [row["text"] for row in ROWS]
    assert first.source.path == name
    assert first.source.sha256 == hashlib.sha256(ROWS[0]["text"].encode()).hexdigest()
    assert (first.source.title, first.source.url, first.source.publisher) == (
        "市況",
        "https://example.jp/1",
        "週刊ひのき",
    )
    assert first.source.published == "2026-02-03T09:00:00+09:00"
    assert (second.source.title, second.source.published, second.source.publisher) == (None, None, None)


def test_rows_in_the_encodings_of_old() -> None:
    write("a.csv", "id,text\r\nx,役所の表計算から書き出した行です。㈱\r\n".encode("cp932"))
    write("b.jsonl", jsonl({"text": "古いサーバーの記録を移した行です。"}).encode("euc_jp"))
    items = read("a.csv", "b.jsonl")
    assert [item.record.source.encoding for item in items if isinstance(item, Document)] == ["cp932", "euc_jp"]


def test_a_broken_line_does_not_hide_the_encoding() -> None:
    lines = [jsonl({"text": text}).encode("iso2022_jp") for text in ("川の上流", "湖の底", "海の沖")]
    write("a.jsonl", lines[0] + b'{"text": "\x1b$B\x2d\x21\x1b(B"}\n' + lines[1] + lines[2])
    assert outline(read("a.jsonl")) == ["a:1", "a:2 encoding", "a:3", "a:4"]


def test_a_codec_that_fails_as_a_whole() -> None:
    write("a.jsonl", jsonl({"text": NOTE}))
    write("a.txt", "--é")
    assert outline(read("a.jsonl", encoding="utf-16")) == ["a encoding"]
    assert outline(read("a.txt", encoding="punycode")) == ["a encoding"]


def test_fields_can_be_renamed() -> None:
    write("a.jsonl", jsonl({"key": 12, "本文": NOTE, "day": "2026-01-30", "text": 1}))
    record = document("a.jsonl", text_field="本文", id_field="key", published_field="day").record
    assert (record.id, record.raw, record.source.published) == ("12", NOTE, "2026-01-30")


@pytest.mark.parametrize(
    ("value", "published"),
    [
        ("2026-01-30", "2026-01-30"),
        ("2026-01-30 12:00", "2026-01-30 12:00"),
        ("2026-02-30", None),
        ("20260130", None),
        ("2026-W05-5", None),
        ("昨日", None),
        (20260130, None),
        (None, None),
    ],
)
def test_publication_dates(value: Any, published: str | None) -> None:
    write("a.jsonl", jsonl({"text": NOTE, "published": value}))
    assert document("a.jsonl").record.source.published == published


def test_typed_columns() -> None:
    parquet("a.parquet", {"id": [7], "text": pa.array([NOTE]).dictionary_encode(), "published": [date(2026, 1, 30)]})
    record = document("a.parquet").record
    assert (record.id, record.raw, record.source.published) == ("7", NOTE, "2026-01-30")


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ('{"text": "切れた行', "rows:2 json"),
        ('["配列"]', "rows:2 json"),
        ('{"text": "\\ud800"}', "rows:2 json"),
        ("[" * 100_000, "rows:2 json"),
        ('{"body": "本文", "id": "k"}', "k missing_field"),
        ('{"text": 5}', "rows:2 not_text"),
        ('{"text": null}', "rows:2 not_text"),
        ('{"text": ["文"]}', "rows:2 not_text"),
        ('{"text": "文", "id": ["x"]}', "rows:2 not_text"),
        ('{"text": "\\n\\t \\u3000"}', "rows:2 empty"),
        ('{"text": "\\u0000文"}', "rows:2 binary"),
        ('{"text": "' + "あ" * 70_000 + '"}', "rows:2 too_large"),
        ('{"text": "文", "other": "' + "x" * 200_000 + '"}', "rows:2 too_large"),
        (b'{"text": "\xe3\x81"}', "rows:2 encoding"),
        ('{"text": "文"}', "rows:2"),
        ('{"text": "文", "id": "k"}', "k"),
        ('{"text": "' + "あ" * 60_000 + '"}', "rows:2"),
    ],
)
def test_a_broken_line_costs_itself_alone(line: str | bytes, outcome: str) -> None:
    middle = line if isinstance(line, bytes) else line.encode()
    write("rows.jsonl", jsonl({"text": "前の行"}).encode() + middle + b"\n" + jsonl({"text": "後の行"}).encode())
    items = read("rows.jsonl", max_bytes=200_000)
    assert outline(items) == ["rows:1", outcome, "rows:3"]
    if isinstance(items[1], Rejected):
        assert items[1].message.startswith("rows.jsonl, line 2: ")


def test_annotated_data_is_no_table_of_documents() -> None:
    write("a.tsv", '# {"genre": "blog"}\n湯屋は⟦天国|metaphor⟧だ。\t{"hype": 1}\n風呂は三つある。\t{}\n')
    rejection = rejected("a.tsv")
    assert (rejection.id, rejection.code) == ("a", "gold")
    assert "kyojitsu dataset" in rejection.message


def test_missing_fields_are_told_which_there_are() -> None:
    write("rows.csv", "見出し,本文\nあ,い\n")
    rejection = rejected("rows.csv")
    assert (rejection.id, rejection.code) == ("rows", "missing_field")
    assert "'text'; the fields are: 見出し, 本文. Name the field" in rejection.message
    parquet("rows.parquet", {"body": ["あ", "い"], "n": [1, 2]})
    rejection = rejected("rows.parquet")
    assert (rejection.id, rejection.code) == ("rows", "missing_field")
    assert "the fields are: body, n." in rejection.message
    assert outline(read("rows.csv", "rows.parquet", text_field="本文"))[0] == "rows:1"


def test_blank_lines_are_no_rows_but_count() -> None:
    write("rows.jsonl", "\n" + jsonl({"text": "一"}) + "  \n" + jsonl({"text": "二"}) + "\n")
    assert outline(read("rows.jsonl")) == ["rows:2", "rows:4"]
    write("rows.csv", "text,id\n\n一,\n\n二,\n\n")
    assert outline(read("rows.csv")) == ["rows:1", "rows:2"]


@pytest.mark.parametrize(
    ("name", "data"), [("a.jsonl", b"\n"), ("a.csv", b"id,text\n"), ("a.tsv", b""), ("a.jsonl.gz", b"")]
)
def test_a_file_without_rows_is_rejected(name: str, data: bytes) -> None:
    write(name, data)
    assert outline(read(name)) == ["a empty"]


def test_quoted_cells_keep_their_line_breaks() -> None:
    write("a.csv", 'id,text\r\n1,"一行目\r\n二行目, ""引用""\n"\r\n2,次\r\n')
    assert [item.record.raw for item in read("a.csv") if isinstance(item, Document)] == [
        '一行目\r\n二行目, "引用"\n',
        "次",
    ]


def test_long_cells_are_read() -> None:
    write("a.csv", "id,text\n1," + "字" * 200_000 + "\n")
    assert len(document("a.csv").record.raw) == 200_000


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ("1,一\n2,二,三\n3,四\n", ["1", "a:2 csv", "3"]),
        ("1,一\n2\n3,四\n", ["1", "a:2 csv", "3"]),
        (b"1,\xe4\xb8\x80\n2,\xff\n3,\xe5\x9b\x9b\n", ["1", "a:2 encoding", "3"]),
        ('1,一\n2,"二"三\n3,四\n', ["1", "a:2 csv"]),
        ('1,一\n2,"二\n3,四\n', ["1", "a:2 csv"]),
        ("1,一\n2," + "二" * 300 + "\n3,四\n", ["1", "a:2 too_large"]),
        ("1,一\n2," + "二" * 60 + "\n3,四\n", ["1", "2 too_large", "3"]),
        ('1,一\n2,"二"\n3,四\n', ["1", "2", "3"]),
    ],
)
def test_faults_of_csv(rows: str | bytes, outcome: list[str]) -> None:
    write("a.csv", b"id,text\n" + (rows if isinstance(rows, bytes) else rows.encode()))
    assert outline(read("a.csv", max_bytes=150)) == outcome


def test_a_header_that_names_the_text_twice_is_refused() -> None:
    write("a.csv", "text,text\n一,二\n")
    assert outline(read("a.csv")) == ["a csv"]


def random_rows(count: int) -> bytes:
    digests = (hashlib.sha512(str(number).encode()).hexdigest() for number in range(count))
    return jsonl(*({"text": f"番号札{digest}"} for digest in digests)).encode()


@pytest.mark.parametrize(("name", "compress"), [("a.jsonl.gz", gzip.compress), ("a.jsonl.zst", zstd.compress)])
def test_an_archive_that_ends_early_keeps_what_came_before(name: str, compress: Any) -> None:
    whole = compress(random_rows(4000))
    write(name, whole)
    assert outline(read(name)) == [f"a:{number}" for number in range(1, 4001)]
    write(name, whole[: len(whole) // 2])
    items = outline(read(name))
    assert 1000 < len(items) < 3000
    assert items == [f"a:{number}" for number in range(1, len(items))] + [f"a:{len(items)} archive"]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_what_is_no_archive_is_rejected(name: str) -> None:
    write(name, jsonl({"text": NOTE}))
    assert outline(read(name)) == ["a archive"]


def test_an_archive_that_unfolds_into_one_endless_line_is_refused() -> None:
    write("a.jsonl.gz", gzip.compress(b'{"text": "' + b"x" * 3_000_000 + b'"}\n' + as_jsonl(ROWS)))
    assert outline(read("a.jsonl.gz", max_bytes=1000)) == ["a:1 too_large", "n-1", "a:3"]


def test_parquet_faults() -> None:
    write("a.parquet", b"PAR1 not really")
    assert outline(read("a.parquet")) == ["a parquet"]
    parquet("a.parquet", {"text": [NOTE, None, "　", NOTE], "id": ["x", None, None, "x"]})
    assert outline(read("a.parquet")) == ["x", "a:2 not_text", "a:3 empty", "x duplicate_id"]
    parquet("a.parquet", {"text": [b"\xe3\x81", NOTE.encode()]})
    assert outline(read("a.parquet")) == ["a:1 not_text", "a:2 not_text"]
    invalid = pa.array([b"\xe3\x81", NOTE.encode()]).view(pa.string())
    parquet("a.parquet", {"text": invalid})
    assert outline(read("a.parquet")) == ["a:1 encoding", "a:2"]


# --- datasets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("owner/name", "owner/name"),
        ("owner/name.v2:ja-config", "owner/name.v2:ja-config"),
        ("hf://datasets/owner/name", "owner/name"),
        ("owner/name.jsonl", None),
        ("./owner/name", None),
        ("name", None),
        ("a/b/c", None),
        ("所有者/名前", None),
    ],
)
def test_names_of_datasets(name: str, dataset: str | None) -> None:
    assert dataset_name(name) == dataset


def fake_datasets(monkeypatch: pytest.MonkeyPatch, rows: Any, calls: list[Any]) -> None:
    def load_dataset(*args: Any, **options: Any) -> Any:
        calls.append((args, options))
        if isinstance(rows, Exception):
            raise rows
        return rows

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))


def test_a_dataset_is_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    fake_datasets(monkeypatch, [{"text": NOTE, "label": 1}, {"text": None, "label": 2}], calls)
    items = read("owner/name:ja", dataset_split="test", dataset_revision="abc123")
    assert outline(items) == ["owner/name:ja:1", "owner/name:ja:2 not_text"]
    assert isinstance(items[0], Document)
    assert (items[0].record.source.path, items[0].record.source.format) == ("hf://datasets/owner/name:ja", "dataset")
    assert calls == [(("owner/name", "ja"), {"split": "test", "revision": "abc123", "streaming": True})]


def test_a_dataset_that_cannot_be_loaded_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_datasets(monkeypatch, ConnectionError("no route to the hub"), [])
    write("a.txt", NOTE)
    items = read("owner/name", "a.txt")
    assert outline(items) == ["owner/name dataset", "a"]
    assert all(part in items[0].message for part in ("no route to the hub", "split train", "network"))  # type: ignore[union-attr]


def test_a_dataset_that_breaks_off_keeps_what_came_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield {"text": NOTE}
        raise TimeoutError("gone")

    fake_datasets(monkeypatch, rows(), [])
    assert outline(read("owner/name")) == ["owner/name:1", "owner/name:2 dataset"]


def test_a_folder_comes_before_a_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_datasets(monkeypatch, AssertionError("not to be called"), [])
    write("owner/name/a.txt", NOTE)
    assert outline(read("owner/name")) == ["a"]
    rejection = rejected("owner/nmae")
    assert rejection.code == "not_found"
    assert "hf://datasets/owner/nmae" in rejection.message


# --- all together ----------------------------------------------------------------------------------------------------


def test_nothing_vanishes_from_a_messy_folder() -> None:
    write("mess/01.txt", NOTE)
    write("mess/02.txt", b"")
    write("mess/03.txt", b"\x00\x01\x02")
    write("mess/04.txt", "途中で切れた文字".encode()[:-1])
    write("mess/05.html", PAGE.format(charset="utf-8"))
    write("mess/06.html", "<html></html>")
    write(
        "mess/07.jsonl", jsonl({"text": "一"}) + "{]\n" + jsonl({"id": "01", "text": "二"}, {"t": "三"}, {"text": "四"})
    )
    write("mess/08.csv", "text,id\n一,p\n二,p\n,q\n")
    write("mess/09.jsonl.gz", b"not gzip")
    write("mess/10/01.md", "# 見出し\r\n")
    write("mess/11.parquet", b"")
    write("mess/ignored.png", b"\x89PNG")
    items = read("mess", "mess/gone.txt", "mess/ignored.png")
    assert outline(items) == [
        "01", "02 empty", "03 binary", "04 encoding", "05", "06 empty",
        "07:1", "07:2 json", "01 duplicate_id", "07:4 missing_field", "07:5",
        "p", "p duplicate_id", "q empty", "09 archive", "10/01", "11 parquet",
        "mess/gone.txt not_found", "ignored.png format",
    ]  # fmt: skip
    ids = [item.record.id for item in items if isinstance(item, Document)]
    assert len(ids) == len(set(ids))
    assert all(item.stage == "read" and item.message for item in items if isinstance(item, Rejected))
    assert outline(read("mess", "mess/gone.txt", "mess/ignored.png")) == outline(items)


def test_the_original_sources(seed_files: list[Path]) -> None:
    for path in seed_files:
        record = document(str(path)).record
        assert record.raw.encode() == path.read_bytes()
        assert record.source.encoding == "utf-8"
