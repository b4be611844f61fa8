"""Repairs of damaged text, and flags where damage is only suspected: one table of rules.

A rule looks at text whose width is folded and proposes replacements. It repairs (``applied``) only what is certain
or has evidence in the document; without the evidence the same finding is a flag. The author's own spelling is never
changed. ``kyojitsu rules`` lists the table; ``normalize.rules_off`` in the configuration switches rules off.

Row-13 damage: CP932 has ①…⑳, Ⅰ…Ⅹ and squared units in NEC row 13 (lead byte 0x87). A program that reads CP932 as
plain Shift_JIS and drops the unknown lead byte leaves the trail byte, an ASCII character: ① becomes @, ② A, ㎞ q,
㎏ s. The tables below are computed from Python's own codecs.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.text.edits import Proposal, resolve

Kind = Literal["encoding", "translation", "spelling", "punctuation", "layout"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A replacement that a rule proposes.

    ``sure`` when the rule's evidence is there; ``row13`` if proven row-13 damage in the document is evidence too.
    """

    start: int
    end: int
    after: str
    sure: bool = True
    row13: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of damage.

    Attributes:
        name: as it stands in ``edits`` and in the configuration.
        kind: what did the damage.
        confidence: of a finding with its evidence, by judgement; a flag has half of it.
        evidence: what must be in the text for the repair to be made, in words. Empty for a pure flag.
        find: the findings in a text.
    """

    name: str
    kind: Kind
    confidence: float
    evidence: str
    find: Callable[[str], Iterator[Finding]]

    def proposals(self, text: str, row13: bool) -> Iterator[Proposal]:
        """The rule's findings on ``text``; ``row13`` tells whether row-13 damage is proven in the document."""
        for f in self.find(text):
            applied = (f.sure or (f.row13 and row13)) and bool(self.evidence)
            confidence = self.confidence if applied or not self.evidence else self.confidence / 2
            yield Proposal(f.start, f.end, f.after, self.name, confidence, applied)


def repair(text: str, off: frozenset[str] = frozenset()) -> list[Proposal]:
    """All proposals on a text, in order, none overlapping.

    Args:
        text: width-folded text.
        off: names of rules that are switched off.
    """
    row13 = any(ROW13_PROOF.find(text))
    return resolve(p for rule in RULES if rule.name not in off for p in rule.proposals(text, row13))


def _damaged(characters: str) -> dict[str, str]:
    """What row-13 damage leaves of each character, to the character."""
    return {c.encode("cp932").decode("shift_jis", "ignore"): c for c in characters}


_MARKS = _damaged("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳")
_ROMAN = _damaged("ⅠⅡⅢⅣⅤⅥⅦ")
_UNITS = {"o": "mm", "p": "cm", "q": "km", "r": "mg", "s": "kg", "u": "m²"}

# --- encoding -----------------------------------------------------------------------------------------------


def _runs(text: str, marks: dict[str, str]) -> Iterator[list[int]]:
    """Positions of damaged marks in order, each at the start of an item and used once: runs of three or more."""
    items = [re.compile(_item(letter)) for letter in marks]
    used: set[int] = set()
    for match in items[0].finditer(text):
        run = [match.start()]
        for item in items[1:]:
            following = item.finditer(text, run[-1] + 2, run[-1] + 160)
            position = next((m.start() for m in following if m.start() not in used), None)
            if position is None:
                break
            run.append(position)
        if len(run) >= 3:
            used.update(run)
            yield run


def _item(letter: str) -> str:
    """A mark where an item can begin: at a line start, or after a separator, bracket or space."""
    return rf"(?:^|(?<=[\n、。・,:;)」』\s])){re.escape(letter)}(?=[^\s、。・)=0-9a-z])"


def _item_marks(text: str) -> Iterator[Finding]:
    for run in _runs(text, _MARKS):
        for position in run:
            yield Finding(position, position + 1, _MARKS[text[position]])


def _roman_marks(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"(?<![A-Za-z])T(?=[^A-Za-z])", text):
        run = [match.start()]
        for letter in list(_ROMAN)[1:]:
            following = re.compile(rf"(?<![A-Za-z]){letter}(?![A-Za-z])").search(text, run[-1] + 1, run[-1] + 160)
            if not following:
                break
            run.append(following.start())
        if len(run) >= 3:
            for position in run:
                yield Finding(position, position + 1, _ROMAN[text[position]], sure=False, row13=True)
            return


_AMOUNT = r"(?<![A-Za-z0-9.,千万億])\d[\d,.]*+(?:[千万億][\d,.]*+)*+"
_LENGTH_TOPIC = re.compile(
    r"走行|航続|距離|寿命|耐久|保証|時速|全長|道路|路線|km|キロ|降水|積雪|高さ|幅|長さ|面積|体重|重量|重さ"
)


def _squared_units(text: str) -> Iterator[Finding]:
    for match in re.finditer(rf"({_AMOUNT})([opqrsu])(?![A-Za-z0-9])", text):
        letter = match[2]
        near = _clause(text, match.start(), 40)
        sure = bool(_LENGTH_TOPIC.search(near))
        if letter == "s" and re.search(r"秒|時間|タイム|周期", near):
            continue  # 5s is five seconds
        yield Finding(match.start(2), match.end(2), _UNITS[letter], sure, row13=True)


def _squared_kilo(text: str) -> Iterator[Finding]:
    """㌔ leaves a grave accent; its katakana siblings leave letters that are units of their own (5m, 3g) and stay."""
    for match in re.finditer(rf"{_AMOUNT}(`)(?=[ぁ-んァ-ヶ一-鿿、。)])", text):
        yield Finding(match.start(1), match.end(1), "キロ", sure=False, row13=True)


def _energy_density(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"\d\s?Wh/(s)(?![A-Za-z])", text):
        sure = "エネルギー密度" in _clause(text, match.start(), 60)
        yield Finding(match.start(1), match.end(1), "kg", sure, row13=True)


def _clause(text: str, position: int, reach: int) -> str:
    """What stands around a position, within its line, ``reach`` code points to each side."""
    low = max(text.rfind("\n", 0, position) + 1, position - reach)
    high = text.find("\n", position)
    return text[low : min(len(text) if high < 0 else high, position + reach)]


def _company_form(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"(?<![新一-鿿])潟([@-~])(?=[ァ-ヶー])", text):
        katakana = bytes([0x83, ord(match[1])]).decode("cp932")
        yield Finding(match.start(), match.end(), "(株)" + katakana)


def _era(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"(?:^|(?<=[\n、。(「\s]))~(?=\d{1,2}年)", text):
        yield Finding(match.start(), match.end(), "平成", sure=False, row13=True)


def _html_entity(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});", text):
        after = html.unescape(match.group())
        if after != match.group() and after.isprintable():
            yield Finding(match.start(), match.end(), after)


# Continuation bytes 0x80-0xBF, as Latin-1 and as Windows-1252 show them.
_TRAIL = "[\u0080-\u00bf" + "".join(bytes([b]).decode("cp1252", "ignore") for b in range(0x80, 0xA0)) + "]"
_MISREAD = re.compile(f"(?:[\u00c2-\u00df]{_TRAIL}|[\u00e0-\u00ef]{_TRAIL}{{2}}){{2,}}")


def _mojibake(text: str) -> Iterator[Finding]:
    """UTF-8 read as Latin-1 or Windows-1252: runs of Latin characters that decode to Japanese."""
    for match in _MISREAD.finditer(text):
        for codec in ("latin-1", "cp1252"):
            try:
                after = match.group().encode(codec).decode("utf-8")
            except UnicodeError:
                continue
            if re.search(r"[぀-ヿ一-鿿]", after):
                yield Finding(match.start(), match.end(), after)
                break


def _lost_character(text: str) -> Iterator[Finding]:
    for match in re.finditer("\ufffd+", text):
        yield Finding(match.start(), match.end(), match.group())


# --- machine translation ------------------------------------------------------------------------------------

_COMPANY = re.compile(r"同?社(?!会)|企業|CEO|会長|取締役|メーカー")
_COUNTRY = re.compile(r"大統領|政権|政府|ホワイトハウス|同国|議会")


def _vice_president(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"副(?:presi)?dent(?![A-Za-z])", text):
        near = _clause(text, match.start(), 30)
        company, country = bool(_COMPANY.search(near)), bool(_COUNTRY.search(near))
        after = "副大統領" if country and not company else "副社長"
        yield Finding(match.start(), match.end(), after, sure=company != country or "同社" in near)


def _contract(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"(?<![A-Za-z])(?:con)?trac(?![A-Za-z])", text):
        yield Finding(
            match.start(),
            match.end(),
            "契約",
            sure=bool(
                re.match(
                    r"[はがをも][^。]{0,10}(?:締結|結[びばんぶ]|交わ|署名|調印|更新|解除|満了)", text[match.end() :]
                )
            ),
        )


def _strong(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"(?:^|(?<=[\n。、「\s]))tron(?=な[一-鿿])", text):
        yield Finding(match.start(), match.end(), "強力")


# Names of crypto tokens that translators of crypto news shield, and so tear out of English words around them.
_SHIELDED = "dent|trac|tron|matic|link|ada|sol|dot|near|flow|ren|ark|neo|ont|gas|mask|sand|mana|bat|band|storm|core"


def _fragment(text: str) -> Iterator[Finding]:
    for match in re.finditer(rf"(?<![A-Za-z0-9.@/_-])(?:{_SHIELDED})(?![A-Za-z0-9.@/_-])", text):
        glued = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        if re.search(r"[ぁ-ん一-鿿]", glued) and not re.search(r"[「『(\"']", glued):
            yield Finding(match.start(), match.end(), match.group())


# --- spelling -----------------------------------------------------------------------------------------------

# Homophone slips that are no words of their own, with their right form; written from knowledge of common slips.
_HOMOPHONES = {
    "全個体電池": "全固体電池", "全固体電地": "全固体電池", "個体電解質": "固体電解質", "自動運転者両": "自動運転車両",
    "半導体制造": "半導体製造", "脅異的": "驚異的", "驚意的": "驚異的", "価値感": "価値観", "危機一発": "危機一髪",
    "絶対絶命": "絶体絶命", "意味慎重": "意味深長", "興味深々": "興味津々", "短刀直入": "単刀直入", "五里夢中": "五里霧中",
    "厚顔無知": "厚顔無恥", "異句同音": "異口同音", "責任転化": "責任転嫁", "自我自賛": "自画自賛", "前後策": "善後策",
    "完壁": "完璧", "専問家": "専門家", "訪門": "訪問", "経済攻策": "経済政策",
}  # fmt: skip
_HOMOPHONE = re.compile("|".join(_HOMOPHONES))
# Slips whose letters are a word elsewhere: only suspected.
_SUSPECTED = {
    r"(?<=系)記号(?=の|は|が|、)": "企業",
    r"(?:^|(?<=[\n。、]))方や": "片や",
    r"至難の技": "至難の業",
    r"的を得": "的を射",
}


def _homophone(text: str) -> Iterator[Finding]:
    for match in _HOMOPHONE.finditer(text):
        yield Finding(match.start(), match.end(), _HOMOPHONES[match.group()])


def _suspected_slip(text: str) -> Iterator[Finding]:
    for pattern, right in _SUSPECTED.items():
        for match in re.finditer(pattern, text):
            yield Finding(match.start(), match.end(), right)


# --- punctuation and layout -----------------------------------------------------------------------------------


def _doubled_stop(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"(?<=[。」』)])\.(?=\s|$|[ぁ-んァ-ヶ一-鿿「『(])", text):
        if text[match.start() - 1] == "。" or text[match.start() - 2 : match.start() - 1] in "。!?":
            yield Finding(match.start(), match.end(), "")


def _range_hyphen(text: str) -> Iterator[Finding]:
    """A hyphen between two dates or hours (3月1日‐5日), which readers of dates take for no range."""
    for match in re.finditer(r"(?<=[年月日時分)])[-\u2010-\u2012](?=\d{1,4}[年月日時])", text):
        before = re.search(
            r"\d[年月日時分](?:\([月火水木金土日祝・]{1,3}\))?$", text[max(0, match.start() - 8) : match.start()]
        )
        if before:
            yield Finding(match.start(), match.end(), "〜")


def _unpaired_quote(text: str) -> Iterator[Finding]:
    for line in re.finditer(r"[^\n]+", text):
        marks = [m.start() for m in re.finditer(r"[”\"]", line.group())]
        if "“" not in line.group() and len(marks) % 2:
            position = line.start() + marks[-1]
            yield Finding(position, position + 1, text[position])


_BRACKETS = {")": "(", "」": "「", "』": "『", "】": "【", "]": "["}


def _unbalanced_bracket(text: str) -> Iterator[Finding]:
    """Brackets without their partner within a paragraph (a bracket may close on the next line)."""
    stack: list[int] = []
    for match in re.finditer(r"[()「」『』【】\[\]]|\n\s*\n", text):
        c = match.group()
        if c.strip() == "":
            yield from (Finding(i, i + 1, text[i]) for i in stack)
            stack = []
        elif c in _BRACKETS:
            if stack and text[stack[-1]] == _BRACKETS[c]:
                stack.pop()
            elif not re.search(r"(?:^|\n)\s*[\w]{1,3}$", text[max(0, match.start() - 6) : match.start()]):  # 1) a)
                yield Finding(match.start(), match.end(), c)
        else:
            stack.append(match.start())
    yield from (Finding(i, i + 1, text[i]) for i in stack)


def _truncated(text: str) -> Iterator[Finding]:
    for match in re.finditer(r"(?<=[^\s.…・])(?:\.{3}|…)(?=[ \t]*(?:\n|$))", text):
        yield Finding(match.start(), match.end(), match.group())


ROW13_PROOF = Rule(
    "item_marks",
    "encoding",
    0.98,
    "three marks or more from @ on in codec order, each where an item begins",
    _item_marks,
)
RULES: tuple[Rule, ...] = (
    ROW13_PROOF,
    Rule("roman_marks", "encoding", 0.8, "T, U, V in order, and item_marks in the document", _roman_marks),
    Rule("squared_units", "encoding", 0.95, "a length, range, durability or weight near by, or item_marks", _squared_units),
    Rule("squared_kilo", "encoding", 0.9, "item_marks in the document", _squared_kilo),
    Rule("energy_density", "encoding", 0.97, "エネルギー密度 near by, or item_marks in the document", _energy_density),
    Rule("company_form", "encoding", 0.9, "潟, an ASCII character and katakana", _company_form),
    Rule("era_mark", "encoding", 0.7, "~ before a two-digit year, and item_marks in the document", _era),
    Rule("html_entity", "encoding", 0.99, "a complete entity", _html_entity),
    Rule("mojibake", "encoding", 0.95, "UTF-8 bytes read as Latin-1 that decode to Japanese", _mojibake),
    Rule("lost_character", "encoding", 1.0, "", _lost_character),
    Rule("mt_vice_president", "translation", 0.95, "a company or a state near by, not both", _vice_president),
    Rule("mt_contract", "translation", 0.95, "followed by 締結, 結ぶ, 署名 or the like", _contract),
    Rule("mt_strong", "translation", 0.95, "tronな before a noun at the start of a clause", _strong),
    Rule("mt_fragment", "translation", 0.4, "", _fragment),
    Rule("homophone", "spelling", 0.95, "a spelling that is no word, with a homophone that is", _homophone),
    Rule("suspected_slip", "spelling", 0.5, "", _suspected_slip),
    Rule("doubled_stop", "punctuation", 0.99, "an ASCII stop after a Japanese one", _doubled_stop),
    Rule("range_hyphen", "punctuation", 0.9, "a date or hour on both sides", _range_hyphen),
    Rule("unpaired_quote", "punctuation", 0.6, "", _unpaired_quote),
    Rule("unbalanced_bracket", "punctuation", 0.6, "", _unbalanced_bracket),
    Rule("truncated", "layout", 0.7, "", _truncated),
)  # fmt: skip
