"""Whether a date lies ahead or behind, by the rest of its sentence."""

from __future__ import annotations

import re
from typing import Final

_SENTENCE_REACH: Final = 200  # code points: as far ahead as a plan is looked for
# What is still to come, or is done.
_PLAN: Final = re.compile(
    "予定|見通し|見込|計画|方針|目指|めど|目標|予想|控え|始まる(?!前)|迎える"
    "|(?:発売|開始|公開|開催|提供|施行|導入|開業|上場|着工|稼働|発足|実施|配信|出荷)する(?=$|[。と])"
    "|(?<![てでがにもはと]い)(?<!あり)(?<!思い)(?<!ござい)ます(?=$|[。」])"
)
_DONE: Final = re.compile(r"た(?:[。、のが」]|と(?!え)|\Z)|てい(?:る|ます)")
_PAST: Final = re.compile(r"(?:た|という)[」)]?\Z")


def is_plan(text: str, end: int) -> bool:
    """Whether the date that ends here lies ahead: the words it belongs to speak of a plan, not of what was done.

    3日、計画を発表した is past, for 、 ties the day to the end of the sentence; 4月に着工する計画だと発表した is not.
    """
    rest = text[end : end + _SENTENCE_REACH].partition("。")[0]
    if rest.startswith("付"):
        return False
    if rest.startswith(("、", "までに")):
        return not _PAST.search(rest) and (rest.startswith("までに") or bool(_PLAN.search(rest)))
    plan = _PLAN.search(rest)
    return plan is not None and not _DONE.search(rest, 0, plan.start())
