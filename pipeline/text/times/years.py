"""Dates that begin with their year: 2026年1月30日, 令和6年度, 22年7月, 昨年12月, 2020~25年."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pipeline.text.numerals import alternatives, suffixes
from pipeline.text.times.context import Context, Origin
from pipeline.text.times.fragments import NOT_INSIDE, REACH, SMALL, YEAR, integer
from pipeline.text.times.months import MONTH, months_of
from pipeline.text.times.periods import PART, decade, fiscal_year, part_of
from pipeline.text.times.reader import FoundTime, Reader, whole

# The year before the first one of each era.
_ERAS: Final = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_LETTERS: Final = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
# How many years on, what it counts from, English.
_RELATIVE_YEARS: Final[dict[str, tuple[int, Origin, str]]] = {
    "今年": (0, "anchor", "this year"), "本年": (0, "anchor", "this year"), "昨年": (-1, "anchor", "last year"),
    "去年": (-1, "anchor", "last year"), "一昨年": (-2, "anchor", "the year before last"),
    "来年": (1, "anchor", "next year"), "再来年": (2, "anchor", "the year after next"),
    "同年": (0, "context", "the same year"), "翌年": (1, "context", "the following year"),
    "翌々年": (2, "context", "two years later"), "前年": (-1, "context", "the previous year"),
}  # fmt: skip
_DATE: Final = re.compile(
    rf"{NOT_INSIDE}(?:(?:(?P<era>{'|'.join(_ERAS)})|(?P<letter>(?<![A-Za-z])[{''.join(_ERA_LETTERS)}])) ?(?P<ey>元|{SMALL}) ?年"
    rf"|(?P<y>{YEAR}|[’']?\d\d(?!\d)) ?年|(?P<rel>{alternatives(_RELATIVE_YEARS)})の?)"
    rf"(?:(?P<fiscal>度)|(?P<decade>代))?(?: ?{MONTH})?(?:の?{PART})?",
    re.ASCII,
)
_RANGE: Final = re.compile(
    rf"{NOT_INSIDE}(?P<y>{YEAR})(?:年度?)? ?[~-] ?(?P<y2>{YEAR}|\d\d) ?年(?P<fiscal>度)?(?!代|間|\d{{1,2}}月)", re.ASCII
)

# 22年 is a year or a duration: the words around it decide; without any, it is a year.
_DURATION_BEFORE: Final = re.compile(
    "(?:過去|今後|この|ここ|直近|最近|約|およそ|わずか|たった|最大|最長|最短|最低|少なくとも|向こう|創業|勤続|築|懲役|禁錮|第|数|丸|まる|"
    r"実に|満|毎|任期|保証|保証期間|期間|寿命|耐用年数|生後|在職|在籍|就任|結婚|計|合計|平均|ほぼ|[~-])[はがの]? ?\Z"
)
_DURATION_AFTER: Final = re.compile(
    "の(?:歴史|経験|実績|歳月|節目|契約|期間|伝統|キャリア|寿命|保証|ローン|国債|月日|間|刑|猶予|計画|空白|差|遅れ|開き|区切り|長|短|人生|"
    "年月|投資|耐用|償却|ノウハウ|蓄積|研究|後|うち|スパン|ブランク|懲役|任期|眠り|沈黙|付き合い|重み|耐久)"
    "|に(?:一度|1度|1回|一回|わた|及|渡|迫|延長|短縮|[1一]人|延び|なる|な[りっ])|で(?!は|の)|も(?:続|前|経|使|か|過|の|待|た|掛|遅|早)"
    "|は(?:持|かか|続|使|もつ|必要|早|遅|長|短|掛)|が(?:経|過|た[つっち])|か[かけ]|を(?:経|要|費|か|超|過|迎)|と(?:長|短|いう|続)"
    "|[・)]|分|債|国債|物|もの|ローン|契約|保証|計画|満期|連続|周年|生|目|越し|来の|選手|続|ぶり|ごと|毎|おき|単位|後(?!半)|先|前"
)
_YEAR_AFTER: Final = re.compile(
    "発表|発売|発足|発行|公開|公表|退官|退職|入社|入学|入団|就任|生まれ|卒|版|当時|現在|時点|比(?!べ)|以|代|産|モデル|大会|予算|選挙|決算|"
    "開業|開始|開設|開店|設立|創業|創立|創刊|完成|完了|施行|改正|改訂|導入|竣工|稼働|製造|撮影|結成|参院|衆院|統一|東京|夏|冬|春|秋|末|初"
)
_WORD_AFTER: Final = re.compile("[一-龥ァ-ヺ]")
_SENTENCE_END: Final = re.compile(r"[。」]|\Z")
_NEARBY: Final = 5  # years: "22年。" ends a sentence as a year only this close to the anchor


class _Year(NamedTuple):
    """``number`` is None where it is unknown; ``stated`` says whether the text itself gives it."""

    number: int | None
    english: str
    stated: bool = True


def _read_date(match: re.Match[str], context: Context) -> FoundTime | None:
    """A date with a year: 2026年1月30日, 令和6年度, 22年7月, 昨年12月, 1990年代後半."""
    year = _year(match, context)
    if year is None:
        return None
    if match["decade"]:
        return None if match["rel"] or match["m"] else decade(match, year.number, year.english)
    if match["fiscal"]:
        return fiscal_year(match, context, year.number, year.english)
    if match["m"]:
        return months_of(match, context, year.number, f" {year.english}", stated=year.stated)
    context.remember(year.number, None, stated=year.stated)
    end = match.end("rel") if match["rel"] and not match["part"] else match.end()
    value = None if year.number is None else str(year.number)
    return FoundTime(match.start(), end, "date", *part_of(value, year.english, match, year=True))


def _year(match: re.Match[str], context: Context) -> _Year | None:
    """The year that a match begins with; None where two digits before 年 count years."""
    if match["rel"]:
        offset, origin, english = _RELATIVE_YEARS[match["rel"]]
        return _Year(context.relative_year(offset, origin), english, stated=False)
    if match["ey"]:
        number = integer(match["ey"])
        year = None if number is None else _ERAS[match["era"] or _ERA_LETTERS[match["letter"]]] + number
        return _Year(year, str(year))
    written = match["y"]
    if len(written) >= len("2026"):
        year = integer(written)
        return _Year(year, str(year))
    if not _is_year(match, context):
        return None
    year = context.full_year(int(written[-2:]))
    return _Year(year, str(year) if year else f"’{written[-2:]}")


def _is_year(match: re.Match[str], context: Context) -> bool:
    """Whether two digits before 年 are a year, not a duration."""
    written = match["y"]
    if not written.isdigit() or written[0] == "0" or match["m"] or match["fiscal"] or match["decade"]:
        return True
    if match["part"]:
        return match["part"] != "前後"
    text, start, end = context.text, match.start(), match.end()
    if _DURATION_BEFORE.search(text, max(0, start - REACH), start) or _DURATION_AFTER.match(text, end):
        return False
    if suffixes(text, end)[1] or (_WORD_AFTER.match(text, end) and not _YEAR_AFTER.match(text, end)):
        return False
    return not _SENTENCE_END.match(text, end) or _is_near(context, int(written))


def _is_near(context: Context, last_two: int) -> bool:
    """Whether the year that two digits would mean lies close to the anchor."""
    year = context.full_year(last_two)
    return year is not None and context.anchor is not None and abs(year - context.anchor.year) <= _NEARBY


def _read_range(match: re.Match[str], context: Context) -> FoundTime | None:
    """2020~25年, 2021-2023年度."""
    first, second = integer(match["y"]), integer(match["y2"])
    if first is None or second is None:
        return None
    last = second if second >= 100 else first - first % 100 + second
    if not first < last:
        return None
    context.remember(last, None, stated=True)
    if match["fiscal"]:
        return whole(match, "date", f"FY{first}/FY{last}", f"fiscal {first}–{last}")
    return whole(match, "date", f"{first}/{last}", f"{first}–{last}")


READERS: Final = (
    Reader(("年",), _DATE, _read_date),
    Reader(("年",), _RANGE, _read_range),
)
