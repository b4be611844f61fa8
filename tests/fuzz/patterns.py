"""The target for regular expressions. It must be imported before the package, whose patterns it collects."""

from __future__ import annotations

from typing import Final

from fuzz.regexes import Compiled, collect, names, seconds, uses
from fuzz.texts import text_of

LIMIT: Final = 2.0  # seconds of processor time for one pattern on one text
_LENGTH: Final = 2_000  # code points
_WINDOW: Final = 400  # code points that a pattern is given which is only used on a window of a text


def _collect() -> list[tuple[Compiled, frozenset[str]]]:
    found = collect()
    named, called = names(found), uses()
    return [(c, frozenset(called[named.get((c.pattern.pattern, c.pattern.flags), "")])) for c in found]


_PATTERNS: Final = _collect()


def check(data: bytes) -> None:
    """One of the package's regular expressions on a hostile text, in the way it is used."""
    compiled, methods = _PATTERNS[int.from_bytes(data[:2], "big") % len(_PATTERNS)]
    text = text_of(b"\x01" + data[2:])[: _WINDOW if "window" in methods else _LENGTH]

    def look(text: str) -> None:
        if methods and methods <= {"match", "fullmatch", "window"}:
            compiled.pattern.match(text)
        else:
            sum(1 for _ in compiled.pattern.finditer(text))

    taken = seconds(look, text, LIMIT)
    assert taken < LIMIT, f"{compiled.module}: {compiled.pattern.pattern!r} is slow on {text!r}"
