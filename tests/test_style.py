"""Signs of style: what each must see and what it must not."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import make_document

from pipeline.config import load_config
from pipeline.stages.normalize import Normalize
from pipeline.text.style import find_signs

POLITE = ["橋は来月開きます。", "工事は3年かかりました。", "歩道も広くなりますよ。", "夜は灯りがともるでしょう。"]
PLAIN = ["町は変わった。", "古い橋は残す方針だ。", "反対の声は小さくない。", "費用は市が負担する。"]
TRANSLATED = [
    "それは驚くべきものは。",
    "市長が一方で、議会は黙っている。",
    "彼は橋を愛している。",
    "彼らは歩くことを望んでいた。",
]
OLD = ["其の橋は貴方に見せたい。", "人が殆ど通らない様になった。", "川辺に居る鳥が沢山飛んだ。", "何故か静かだ。"]


def codes(sentences: list[str], rules: list[str] | None = None) -> set[str]:
    return {sign.code for sign in find_signs(sentences, rules or [])}


@pytest.mark.parametrize(
    ("sentences", "rules", "expected"),
    [
        (POLITE + PLAIN, [], {"style_mix"}),
        (POLITE, [], set()),
        (PLAIN, [], set()),
        (POLITE + PLAIN[:2], [], set()),
        (POLITE + [f"「{s}」" for s in PLAIN], [], set()),
        (POLITE * 10 + PLAIN, [], set()),
        ([*POLITE, "開通式の日程", "橋の長さ、240メートル。", "見物客の列。"], [], set()),
        (TRANSLATED, [], {"mt_fluency"}),
        (PLAIN, ["mt_contract", "doubled_stop", "doubled_stop"], {"mt_fluency"}),
        (POLITE + PLAIN, ["mt_fragment"], {"style_mix", "mt_fluency"}),
        (PLAIN, ["mt_fragment"], set()),
        (PLAIN, ["doubled_stop"], set()),
        (["彼は来た。", "彼女は笑った。", "長い夏だった。"], [], set()),
        (["雨が降る一方で、川は静かだ。", "本当に大事なことは何か。"], [], set()),
        (OLD, [], {"archaic_orthography"}),
        (["模様に見入る。", "有力な案が成立した。", "住居を探す。", "食品に迄は及ばない。"], [], set()),
        ([], [], set()),
    ],
)  # fmt: skip
def test_signs(sentences: list[str], rules: list[str], expected: set[str]) -> None:
    assert codes(sentences, rules) == expected


def warnings(raw: str) -> dict[str, str]:
    config = load_config(stages=["normalize"])
    document = make_document(raw)
    Normalize(config.normalize, config).process([document])
    return {w.code: w.message for w in document.record.warnings}


def test_signs_are_warnings_of_the_document() -> None:
    text = "橋の話\n\n" + "\n\n".join(a + b for a, b in zip(POLITE, PLAIN, strict=True)) + "\n"
    assert warnings(text)["style_mix"] == "4 sentences end in です or ます, 4 in だ or である"
    assert warnings("橋の話\n\n" + "".join(PLAIN)) == {}


def test_signs_of_the_original_sources(seed_files: list[Path]) -> None:
    found = {file.name[:3]: set(warnings(file.read_text("utf-8"))) for file in seed_files}
    assert found == {
        "000": {"style_mix", "archaic_orthography"},
        "001": set(),
        "002": set(),
        "003": set(),
        "004": {"style_mix", "mt_fluency"},
    }
