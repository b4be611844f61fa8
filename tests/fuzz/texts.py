"""Hostile text out of a fuzzer's bytes: plain characters, or the fragments that the rules of the package look for."""

from __future__ import annotations

from typing import Final

# What readers of figures, dates, layout and quotations look for, and what breaks text in practice.
FRAGMENTS: Final = (
    *"0123456789〇一二三四五六七八九十百千万億兆京数何半倍割年月日時分秒週円元人台%％度約余超弱強前後第",
    *".,、。・:;-~〜－／/()（）「」『』【】[]{}<>|#*_=+▲△■◆●①②㈱㍿ⅣABCDEFGabcdefg$¥€£@!?！？…—―'\"\\`^",
    *" \t\n\r\x0b\x0c\x1b\x7f\x85\xa0\u00ad\u200b\u200d\u200f\u202e\u2028\u2029\u2066\u3000\u3099\ufe0f\ufeff\ufffd\U00020bb7\U0001f600",
    *"あかがさはをにとのもでへァカガーンッｱｶﾞ漢字々ヶ縺繧",
    "トヨタ", "テスラ", "によると", "と述べた", "世界一", "もう終わり", "ではないか", "だろう", "ください", "です。", "ます。", "だった。",
    "2026年", "令和", "元年", "午前", "四半期", "ごろ", "以上", "未満", "キロ", "メートル", "ドル", "分の", "乗", "日前", "か月",
    "Jan ", "Feb 6, 2026", "T15:20", "http://", "www.", "\r\n", "\n\n", "- ", "1. ", "# ", "| ", "---", "関連記事", "写真:", "©",
    "<p>", "<ul><li>", "</div>", "<table>", "&amp;", "⟦", "|slogan⟧", "\t{", '{"text":', '"', "null", "true", "1e999", "&a ", "*a", "!!",
)  # fmt: skip


def text_of(data: bytes) -> str:
    """The first byte says how: fragments and how often each is repeated, or the bytes as UTF-8."""
    if not data or data[0] % 4 == 0:
        return data[1:].decode("utf-8", "ignore")
    pairs = zip(data[1::2], data[2::2], strict=False)
    # Most fragments once, some in runs of up to 400: repetition is what slow rules are slow on.
    return "".join(FRAGMENTS[kind % len(FRAGMENTS)] * _times(count) for kind, count in pairs)


def _times(count: int) -> int:
    return 1 if count < 200 else (count - 199) * 7
