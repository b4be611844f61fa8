"""Offsets in other programs' units, and hashes of n-grams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dataset.shingles import shingles
from pipeline.dataset.units import Ruler, astral

CASES = [
    # text, unit, line feeds, code point offset, the program's offset
    ("吉野家", "utf-16", False, 2, 2),
    ("𠮷野家", "utf-16", False, 1, 2),
    ("𠮷野家", "code-points", False, 1, 1),
    ("🍣と𠮷", "utf-16", False, 3, 5),
    ("か\u0301な", "utf-16", False, 2, 2),
    ("一\r\n二", "code-points", True, 3, 2),
    ("一\r\n二", "code-points", False, 3, 3),
    ("𠮷\r\n🍣二", "utf-16", True, 4, 5),
    ("一\r二", "utf-16", True, 2, 2),
]


@pytest.mark.parametrize(("text", "unit", "line_feeds", "here", "there"), CASES)
def test_both_ways(text, unit, line_feeds, here, there):
    ruler = Ruler(text, unit, line_feeds=line_feeds)
    assert ruler.there(here) == there
    assert ruler.back(there) == here


@given(st.text(st.sampled_from("𠮷野🍣a\r\nか\u0301")), st.booleans())
def test_utf16_is_what_python_encodes(text, line_feeds):
    ruler = Ruler(text, "utf-16", line_feeds=line_feeds)
    assert len(ruler.text.encode("utf-16-le")) == 2 * ruler.there(len(text))
    for i in range(len(text) + 1):
        if line_feeds and text[i - 1 : i + 1] == "\r\n":
            continue
        prefix = Ruler(text[:i], line_feeds=line_feeds).text
        assert ruler.there(i) == len(prefix.encode("utf-16-le")) // 2
        assert ruler.back(ruler.there(i)) == i


@pytest.mark.parametrize(("offset", "word"), [(1, "cuts the character '𠮷'"), (5, "outside"), (-1, "outside")])
def test_refuses_offsets_that_are_none(offset, word):
    with pytest.raises(ValueError, match=word):
        Ruler("𠮷野", "utf-16").back(offset)
    assert Ruler("𠮷野", "utf-16").back(2) == 1


def test_astral():
    assert astral("牛丼🍚")
    assert not astral("牛丼が")


@given(st.text(max_size=30), st.integers(1, 6))
def test_equal_ngrams_have_equal_hashes(text, n):
    hashes = shingles(text, n).tolist()
    grams = [text[i : i + n] for i in range(len(text) - n + 1)]
    assert len(hashes) == len(grams)
    assert len(set(hashes)) == len(set(grams))
    assert shingles(text, n).tolist() == hashes
