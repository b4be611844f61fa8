"""Width and compatibility forms: full-width ASCII to half width, half-width kana to full width, ㎞ to km.

Only foldings that cannot change what a figure says are made. NFKC as a whole would: it turns ① into 1,
10² into 102 and ½ into 1⁄2. So a character is folded only if its Unicode decomposition is tagged ``<wide>``,
``<narrow>`` or ``<square>``, or is one of the parenthesized and letter-like forms named below, and the result is
composed canonically (NFC). Character data: Unicode, as in :mod:`unicodedata`.
"""

from __future__ import annotations

import re
import unicodedata

from pipeline.text.edits import Proposal

RULE = "width"
INVISIBLE = "invisible"
LINE_BREAK = "line_break"

_FOLDED_TAGS = ("<wide>", "<narrow>", "<square>")
# ㈱ ㈲ and the like, № ℡ and the Kangxi radicals: <compat> characters that only abbreviate.
_FOLDED_COMPAT = re.compile(r"[㈠-㉃№℡⼀-⿕ﬀ-ﬆ]")
# Characters that show nothing: zero-width space, joiners outside emoji, marks of direction, BOM, soft hyphen.
_INVISIBLE = "\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_SPACES = "\u00a0\u2000-\u200a\u202f\u205f"
_LINE_BREAK = "\r\n?|[\u0085\u2028\u2029\x0b\x0c]"
# One JIS code, two Unicode characters: which one a file holds depends on the codec that wrote it, not on the author.
# CP932 reads the wave dash as a full-width tilde, EUC-JP reads the full-width hyphen as a minus sign.
_SAME_CODE = {"\uff5e": "\u301c", "\u2212": "-", "\u2225": "\u2016"}
_COMBINING = {"\uff9e": "\u3099", "\uff9f": "\u309a"}
_VOICED = "\u3099\u309a\uff9e\uff9f"  # combining and half-width (semi-)voiced marks


def fold_character(character: str) -> str:
    """One character in canonical width (itself if nothing is to be folded)."""
    if character in _SAME_CODE:
        return _SAME_CODE[character]
    decomposition = unicodedata.decomposition(character)
    if not decomposition or not (decomposition.startswith(_FOLDED_TAGS) or _FOLDED_COMPAT.match(character)):
        return character
    _, _, codes = decomposition.partition("> ")
    return "".join(chr(int(code, 16)) for code in codes.split())


def _foldable() -> str:
    """A character class of everything :func:`fold_character` changes."""
    # A half-width voiced mark alone stays: folding it would let a second pass join it to its neighbour.
    found = [c for c in map(chr, range(0x80, 0x30000)) if c not in _VOICED and fold_character(c) != c]
    runs: list[list[int]] = []
    for code in map(ord, found):
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(re.escape(chr(a)) + ("-" + re.escape(chr(b)) if b > a else "") for a, b in runs)


_FOLDABLE = _foldable()
_CLUSTER = re.compile(
    f"(?P<line>{_LINE_BREAK})|(?P<invisible>[{_INVISIBLE}]+)|(?P<space>[{_SPACES}])|(?P<lone>[\ud800-\udfff])"
    f"|(?P<base>[ぁ-ゖァ-ヺ{_FOLDABLE}])[{_INVISIBLE}]*(?P<mark>[{_VOICED}])|(?P<fold>[{_FOLDABLE}])"
)


def fold(raw: str) -> list[Proposal]:
    """Proposals that fold width, line breaks, spaces and invisible characters; in order, without overlap."""
    proposals: list[Proposal] = []
    for match in _CLUSTER.finditer(raw):
        before = match.group()
        rule, after = RULE, before
        if match["line"]:
            rule, after = LINE_BREAK, "\n"
        elif match["invisible"]:
            rule, after = INVISIBLE, ""
        elif match["space"]:
            after = " "
        elif match["lone"]:
            rule, after = "lone_surrogate", "\ufffd"
        elif match["mark"]:
            base = fold_character(match["base"])
            after = unicodedata.normalize("NFC", base + _COMBINING.get(match["mark"], match["mark"]))
            if len(after) > len(base):  # no such voiced kana: keep the mark as it was
                after = base + match["mark"]
        else:
            after = fold_character(before)
        if after != before:
            proposals.append(Proposal(match.start(), match.end(), after, rule, 1.0))
    return proposals
