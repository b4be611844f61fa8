"""Find the encoding of Japanese text and decode it strictly.

Certain signs come first: a byte order mark, ISO-2022-JP's escape sequences, valid UTF-8 beyond ASCII. Where none
is there, every other candidate that can decode the bytes is read and the likeliest text wins: each character is
charged its surprise (negative log probability, in nats) under a small model of Japanese, one frequency for each
class of characters. As all candidates read the same bytes, the sums compare directly. A winner that costs more
than Japanese does for each byte is refused, so that Chinese, Korean, Russian or broken text becomes an error and
not nonsense.

Own code, because the libraries do measurably worse. Percent of 200 slices of so many characters, cut from the
sentences of ``tests/test_encoding.py``, whose bytes decode to the slice again (chardet 7.7.0 over all its encodings,
charset-normalizer 3.5.2 over the candidates below):

=================================== ===================== ====================== ======================
characters                              this module              chardet           charset-normalizer
                                      5   10   20  200       5   10   20  200       5   10   20  200
=================================== ===================== ====================== ======================
UTF-8, UTF-16 with BOM, ISO-2022-JP 100  100  100  100     100  100  100  100     100  100  100  100
UTF-16 without BOM                   98   99  100  100      16   18   40   62      86   98  100  100
CP932                               100  100  100  100     100   93  100  100      94   97  100  100
EUC-JP                              100  100  100  100      97   90  100  100      96   96  100  100
CP932 with ① ㈱ ㎡ (NEC row 13)      100  100  100  100     100   98  100  100      77   70   58    2
CP932, words in half-width kana     100  100  100  100      82   86   91  100      59   52   83   96
refused: Chinese, Korean                       65  100                100  100                52   69
refused: European, Cyrillic, Thai              78  100                100  100                48  100
=================================== ===================== ====================== ======================

A text in half-width kana alone is refused (it cannot be told from Russian or Thai), and so is a foreign text of
a few words only sometimes; naming the encoding in the settings helps both. A call takes 30 µs for short texts
(chardet 420, charset-normalizer 105) and about 1 ms for a page in CP932.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator
from typing import Final

from pipeline.errors import InputError

WINDOW: Final = 8192  # bytes that are weighed, from the first non-ASCII byte on; more does not change the outcome
CANDIDATES: Final = "utf-8, utf-16, cp932, euc_jp, iso2022_jp"

_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Later members of a family add characters to the first; the 2004 codecs read ① and ㈱ where vendors put them.
_ISO_2022: Final = ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004")
_FAMILIES: Final = (("utf-8",), ("utf-16-le",), ("utf-16-be",), ("cp932",), ("euc_jp", "euc_jis_2004"))

# Share of a class in text, and the chance that a character of it follows another of it where runs are the rule.
# Shares of the first six: round figures of a count over Japanese columns and news; of the rest: by hand, small.
_CLASSES: Final = {
    "hiragana": (0.37, None),
    "kanji 1": (0.30, None),  # JIS X 0208 level 1
    "ascii": (0.12, 0.75),
    "katakana": (0.11, 0.66),
    "punctuation": (0.07, None),
    "full width": (0.01, 0.60),
    "half kana": (0.01, 0.75),
    "symbol": (0.005, None),  # the rest of JIS X 0208 rows 1 to 8, and NEC row 13
    "kanji 2": (0.004, None),  # JIS X 0208 level 2
    "other": (0.001, None),
}
_CONTROL_COST: Final = 25.0  # nats; control and private-use characters, which no text should hold
_ASCII_BONUS: Final = 7.0  # nats; two ASCII letters alone must not become one kanji of UTF-16
_DECLARED_BONUS: Final = 30.0  # nats, about ten bytes of evidence, for the encoding that a page declares
# Nats that Japanese may cost: so many for each byte that tells encodings apart, and a reserve for short texts.
# Measured beyond 4.3 nats a byte, on texts of 20 to 200 characters: Japanese at most 8 (17 with many half-width
# kana); at 50 characters Chinese at least 70, Korean 20, Russian 40, Thai 53.
_COST_LIMIT: Final = (4.3, 18.0)
_BINARY_SHARE: Final = 0.05  # of control characters; a stray one in a document is not a reason to refuse it

_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_CONTROL_BYTES: Final = bytes({*range(0x20), 0x7F} - set(b"\t\n\v\f\r\x1b"))


def _jis_rows(first: int, last: int) -> str:
    """The characters of JIS X 0208 rows ``first`` to ``last``, from Python's own table of EUC-JP."""
    pairs = (bytes((0xA0 + row, cell)) for row in range(first, last + 1) for cell in range(0xA1, 0xFF))
    return "".join(pair.decode("euc_jp", "ignore") for pair in pairs)


def _classify() -> dict[str, str]:
    """Map each character to its class; where two classes hold it, the first below counts."""
    row_13 = bytes(byte for cell in range(0x40, 0x9D) for byte in (0x87, cell)).decode("cp932", "ignore")
    members = {
        "ascii": "".join(map(chr, range(0x20, 0x7F))) + "\t\n\r",
        "hiragana": "".join(map(chr, range(0x3041, 0x3097))),
        "katakana": "".join(map(chr, range(0x30A1, 0x30F7))),
        "punctuation": "、。「」『』（）・…〜ー々！？：〈〉【】\u3000",
        "full width": "".join(map(chr, range(0xFF01, 0xFF5F))),
        "half kana": "".join(map(chr, range(0xFF61, 0xFFA0))),
        "symbol": _jis_rows(1, 8) + row_13,
        "kanji 1": _jis_rows(16, 47),
        "kanji 2": _jis_rows(48, 84),
    }
    return {character: name for name, text in reversed(members.items()) for character in text}


_CLASS_OF: Final = _classify()


def _costs() -> tuple[dict[str, float], dict[str, float]]:
    """Nats of a character by its class: after another class, and after its own."""
    sizes = dict.fromkeys(_CLASSES, 0) | {"other": 65536 - len(_CLASS_OF)}
    for name in _CLASS_OF.values():
        sizes[name] += 1
    first = {name: -math.log(share / sizes[name]) for name, (share, _) in _CLASSES.items()}
    again = {name: -math.log((run or share) / sizes[name]) for name, (share, run) in _CLASSES.items()}
    return first | {"control": _CONTROL_COST}, again | {"control": _CONTROL_COST}


_FIRST, _AGAIN = _costs()


def decode(data: bytes, encoding: str = "auto", declared: str | None = None) -> tuple[str, str]:
    """Decode a whole document and say which codec did it: ``data.decode(name) == text``, the BOM left out.

    Args:
        data: the bytes of the document.
        encoding: ``auto``, or the codec to use.
        declared: what the document itself says its encoding is; taken as strong evidence, not as truth.

    Raises:
        InputError: ``encoding`` if no candidate fits, ``binary`` if this is not text.
    """
    name = detect(data, declared=declared) if encoding == "auto" else with_bom(data, encoding)
    try:
        text = data.decode(name)
    except UnicodeDecodeError as error:
        position = len(data) - len(error.object) + error.start  # utf-8-sig does not count its BOM
        raise not_decodable(f"from byte {position} on it is not {name}") from error
    except UnicodeError as error:  # some codecs that the user may name
        raise not_decodable(f"it is not {name} ({error})") from error
    check_text(text)
    return text, name


def detect(data: bytes, *, complete: bool = True, declared: str | None = None) -> str:
    """The Python codec that decodes ``data``; ``utf-8-sig`` and ``utf-16`` stand for a file with a BOM.

    Args:
        data: the bytes of a document, or the first bytes of a long one.
        complete: False if ``data`` may end inside a character.
        declared: a codec to prefer.

    Raises:
        InputError: ``encoding`` if no candidate fits, ``binary`` if this is not text.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    if data.isascii() and (b"\x1b$" in data or b"\x1b(" in data):
        for name in _ISO_2022:
            if _decodes(data, name, complete=complete):
                return name
        raise _unknown(data)
    if not data.isascii() and _decodes(data, "utf-8", complete=complete):
        return "utf-8"
    return _likeliest(data, declared, complete=complete)


def with_bom(data: bytes, name: str) -> str:
    """The codec to use where the user named one: the same, but reading past a BOM that is there."""
    if name == "utf-8" and data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if name in ("utf-16-le", "utf-16-be") and data[:2] == {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[name]:
        return "utf-16"
    return name


def check_text(text: str) -> None:
    """Raise InputError ``binary`` if decoded text holds NUL or many other control characters."""
    if "\0" in text or len(_CONTROLS.findall(text)) > _BINARY_SHARE * len(text):
        raise _binary()


def not_decodable(cause: str) -> InputError:
    """The error for bytes that are not text in the expected encoding."""
    remedy = "Convert it to UTF-8, or name its encoding with --set read.encoding=NAME."
    return InputError(f"{cause}.", remedy=remedy, code="encoding")


def _likeliest(data: bytes, declared: str | None, *, complete: bool) -> str:
    """The candidate under which the bytes are the likeliest Japanese. Raises InputError if none is likely."""
    first = re.search(rb"[\x80-\xff]", data)
    start = first.start() if first else 0
    window = data[start - start % 2 :][:WINDOW]  # an even start keeps UTF-16 in step
    costs = {name: _cost(text, name, declared) for name, text in _readings(data, window, complete=complete)}
    if not costs:
        raise _unknown(data)
    best = min(costs, key=lambda name: costs[name][0])
    _, telling_cost, telling_bytes = costs[best]
    a_byte, reserve = _COST_LIMIT
    if best not in ("utf-8", declared) and telling_cost > a_byte * telling_bytes + reserve:
        raise _unknown(data)
    return best


def _readings(data: bytes, window: bytes, *, complete: bool) -> Iterator[tuple[str, str]]:
    """Each codec that decodes all of ``data``, with what it makes of the window."""
    for family in _FAMILIES:
        for name in family:
            if _decodes(data, name, complete=complete):
                yield name, window.decode(name, "ignore")
                break


def _decodes(data: bytes, name: str, *, complete: bool) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(data, final=complete)
    except UnicodeError:  # not always a UnicodeDecodeError: ISO-2022-JP's decoder overflows on some sequences
        return False
    return True


def _cost(text: str, name: str, declared: str | None) -> tuple[float, float, int]:
    """Nats of the whole text less its bonus, nats of the characters that tell encodings apart, and their bytes.

    All encodings but UTF-16 read ASCII alike, so only the others tell them apart.
    """
    total = telling_cost = 0.0
    telling = []
    previous = ""
    for character in text:
        kind = _CLASS_OF.get(character) or ("control" if _is_odd(character) else "other")
        cost = (_AGAIN if kind == previous else _FIRST)[kind]
        total += cost
        if kind != "ascii" or name.startswith("utf-16"):
            telling_cost += cost
            telling.append(character)
        previous = kind
    bonus = (_ASCII_BONUS if name == "utf-8" else 0.0) + (_DECLARED_BONUS if name == declared else 0.0)
    return total - bonus, telling_cost, len("".join(telling).encode(name))


def _is_odd(character: str) -> bool:
    """Whether this is a control or private-use character, such as CP932 has for bytes that no text holds."""
    return bool(_CONTROLS.match(character)) or "\ue000" <= character < "\uf900"


def _unknown(data: bytes) -> InputError:
    window = data[:WINDOW]
    controls = len(window) - len(window.translate(None, _CONTROL_BYTES))
    if b"\0" in window or controls > _BINARY_SHARE * len(window):
        return _binary()
    return not_decodable(f"it is not Japanese text in any of {CANDIDATES}")


def _binary() -> InputError:
    return InputError(
        "it holds NUL or many control characters, so it is not text.",
        remedy="Export the document as text and give that file.",
        code="binary",
    )
