"""Where sentences end.

A sentence ends after 。！？ (also half-width ! and ?), with the closing brackets and stray stops that follow, and at
the end of its block. It does not end inside brackets or quotation marks that close in the same block, nor where a
particle takes the mark up again (「本当か?と思う」, 「勝った!」と叫ぶ). Headings and list items have no ender and are whole.
All offsets are code points.
"""

from __future__ import annotations

import re
from collections import Counter

from pipeline.text.language import language

_OPEN = "「『（(［[｛{〈《【〔“‘〝"
_CLOSE = "」』）)］]｝}〉》】〕”’〟"
_PAIRS = dict(zip(_CLOSE, _OPEN, strict=True))
_FIGURE = re.compile(r"[\d.,千万億兆〇一二三四五六七八九十百]")
_QUOTES = "「『“〝"
_ENDERS = "。．｡！？!?‼⁇⁈⁉"
_STRAY = ".．。｡"
# What takes an exclamation or question up again: particles of quotation.
_QUOTED_ON = re.compile(
    r"\s?(?:[―─—–~〜]|と(?!ころ|にかく|ても|はいえ|りあえず|くに|き|もに|うとう)|って|なんて|など[とのを]|とか)"
)
# What carries a sentence on after a quotation that holds whole sentences.
_CARRIED_ON = re.compile(r"\s?(?:[とをがはにもでのだや]|って|へ|、|,|・|から|より|まで|など|なんて|なら)")
# After full-width text the ASCII stop is an ender too (である.次に), but not in figures, ellipses or addresses.
_ASCII_STOP = re.compile(r"(?<=[ぁ-んァ-ヶー一-鿿」』)])\.(?![.A-Za-z0-9])")
_NAME_WITH_MARK = re.compile(r"[A-Za-z0-9ァ-ヺー][!?](?=[ァ-ヺA-Za-z])")  # Yahoo!ニュース
# Dots or an ellipsis before a space end a sentence; elsewhere they only trail off.
_TRAILING_OFF = re.compile(r"(?<=[ぁ-んァ-ヶー一-鿿])(?:\.{3}|…{1,2})(?=\s)")
_EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]*")
# An emoji before a space closes a sentence that has no mark of its own.
_CLOSED_BY_EMOJI = re.compile(rf"(?<=[ぁ-んァ-ヶー一-鿿])(?:{_EMOJI.pattern})+(?=\s)")
_ENGLISH_END = re.compile(r"(?<=[.!?])(?<!\b[A-Z]\.)[\"')\]]*\s+(?=[A-Z0-9\"'(])")
# Not inside a figure: 1,234.
_COMMA = re.compile(r"[、;；\s]|(?<!\d)[,，]|[,，](?!\d)")


def split(text: str) -> list[tuple[int, int]]:
    """The sentences of one block as ``(start, end)``, trimmed of white space at both ends."""
    cuts = _english_cuts(text) if language(text) == "en" else _japanese_cuts(text)
    bounds = zip([0, *cuts], [*cuts, len(text)], strict=True)
    return [trimmed for start, end in bounds if (trimmed := trim(text, start, end))]


def trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The range without white space at its ends; None if nothing is left."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    return (start + left, start + right) if right > left else None


def split_long(text: str, start: int, end: int, max_bytes: int) -> list[tuple[int, int]]:
    """Cut ``text[start:end]`` into pieces of at most ``max_bytes`` UTF-8 bytes, at commas where there are any."""
    pieces: list[tuple[int, int]] = []
    while len(text[start:end].encode("utf-8", "surrogatepass")) > max_bytes:
        room = len(text[start:end].encode("utf-8", "surrogatepass")[:max_bytes].decode("utf-8", "ignore"))
        commas = [m.end() for m in _COMMA.finditer(text, start, start + room)]
        cut = commas[-1] if commas and commas[-1] > start else _outside_figure(text, start, start + max(room, 1))
        pieces.append((start, cut))
        start = cut
    return [trimmed for a, b in [*pieces, (start, end)] if (trimmed := trim(text, a, b))]


def _outside_figure(text: str, start: int, cut: int) -> int:
    """The cut, moved back before a figure that it would part, if that leaves half of the piece."""
    earlier = cut
    while earlier > start and _FIGURE.match(text, earlier - 1) and _FIGURE.match(text, earlier):
        earlier -= 1
    return earlier if earlier - start > (cut - start) // 2 else cut


def _english_cuts(text: str) -> list[int]:
    inside = _outermost_brackets(text)
    cuts = [match.end() for match in _ENGLISH_END.finditer(text)]
    return [cut for cut in cuts if not any(start < cut <= end for start, end in inside.items())]


def _japanese_cuts(text: str) -> list[int]:
    cuts: list[int] = []
    closing = _outermost_brackets(text)
    i = 0
    while i < len(text):
        if i in closing:
            close = closing[i]
            ended = text[i] in _QUOTES and text[close - 1] in _ENDERS
            i = close + 1
            if ended and not _CARRIED_ON.match(text, i):
                i = _skip_stray(text, i)
                cuts.append(i)
        elif _is_ender(text, i):
            full_stop = text[i] in "。｡."
            i = _skip_stray(text, i + 1)
            if full_stop or not _QUOTED_ON.match(text, i):
                cuts.append(i)
        elif match := (_TRAILING_OFF.match(text, i) or _CLOSED_BY_EMOJI.match(text, i)):
            i = match.end()
            cuts.append(i)
        else:
            i += 1
    return cuts


def _is_ender(text: str, i: int) -> bool:
    if text[i] == ".":
        return _ASCII_STOP.match(text, i) is not None
    return text[i] in _ENDERS and not (text[i] in "!?" and i > 0 and _NAME_WITH_MARK.match(text, i - 1))


def _skip_stray(text: str, i: int) -> int:
    """Past further enders, stray stops, closing brackets and emoji, which belong to the sentence."""
    while i < len(text):
        if text[i] in _ENDERS or text[i] in _STRAY or text[i] in _CLOSE:
            i += 1
        elif match := _EMOJI.match(text, i):
            i = match.end()
        else:
            break
    return i


def _outermost_brackets(text: str) -> dict[int, int]:
    """Position of each outermost opening bracket to that of its closing one; unbalanced ones are left out."""
    pairs: dict[int, int] = {}
    stack: list[int] = []
    opened: Counter[str] = Counter()
    for i, character in enumerate(text):
        if character in _OPEN:
            stack.append(i)
            opened[character] += 1
        elif character in _PAIRS and opened[_PAIRS[character]]:
            while text[stack[-1]] != _PAIRS[character]:
                opened[text[stack.pop()]] -= 1
            opened[_PAIRS[character]] -= 1
            pairs[stack.pop()] = i
    outer: dict[int, int] = {}
    reach = -1
    for start in sorted(pairs):
        if pairs[start] > reach:
            outer[start] = reach = pairs[start]
    return outer
