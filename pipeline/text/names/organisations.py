"""Firms, publications and public bodies, whom an affix, their form or what is said of them gives away; and laws."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.text.names.candidates import Line, Name, Rank
from pipeline.text.names.lexicon import Knowledge
from pipeline.text.names.persons import TITLE
from pipeline.text.names.shapes import NAME

# What a firm is.
FIRM: Final = r"(?:企業|会社|大手|メーカー|スタートアップ|ベンチャー|新興|シンクタンク|ファンド|傘下|開発元|運営元|研究機関|団体|陣営)"
_COMPANY_SUFFIX: Final = re.compile(rf"(?P<name>{NAME})社(?=[製側内]|(?![一-龥]))")
_PUBLICATION: Final = re.compile(
    rf"(?P<name>{NAME})(?:誌|紙(?!幣)|通信(?=[はがにの、]))|(?:[米英独仏中露][紙誌]|現地紙)の?(?P<after>{NAME})"
)
_APPOSED_BEFORE: Final = re.compile(rf"{FIRM}[の、](?P<name>{NAME})(?=[はがのをにもとやで、。()（」]|$)")
_APPOSED_AFTER: Final = re.compile(rf"(?P<name>{NAME})(?:は|とは|、)[^。「」]{{0,30}}?{FIRM}(?:だ|です|で、|である|の)")
# What only firms have and do.
_CORPORATE_CONTEXT: Final = re.compile(
    rf"(?P<name>{NAME})(?:の(?:CEO|CFO|最高経営責任者|社長|会長|(?:共同)?創業者|株|時価総額|企業価値|決算|業績|売上高|"
    r"営業[損利]益|親会社|子会社|本社|従業員|経営陣|広報|買収|工場)|を(?:買収|子会社化|提訴|創業|設立|傘下)|"
    r"に(?:出資|投資|買収|転職|入社|勤め)|への(?:出資|投資|調査|転職)|と(?:提携|合併|協業)|"
    r"による[^、。]{0,12}(?:買収|出資|投資)|(?:が|は)[^、。「」]{0,15}(?:資金を?調達|人員削減|黒字|赤字|増収|減収|増益|減益)|"
    r"が[^、。「」]{0,15}(?:買収|出資|上場|増資|提訴|参入|リコール|(?:量産|増産|発売)(?!さ)))"
)
_COUNTRY_PREFIX: Final = re.compile(
    rf"(?<![一-龥0-9])[日米中韓英独仏伊露印豪加台](?P<name>{NAME})(?!氏|さん|{TITLE}|[州市県省海])"
)
_CONTEXTS: Final = (
    ("rule:apposition", _APPOSED_BEFORE),
    ("rule:apposition", _APPOSED_AFTER),
    ("rule:corporate_context", _CORPORATE_CONTEXT),
    ("rule:country_prefix", _COUNTRY_PREFIX),
)
_FORM: Final = (
    r"(?:(?:株式|有限|合同)会社|[(（][株有][)）]|(?:一般|公益)(?:社団|財団)法人|"
    r"(?:国立研究開発|独立行政|学校|NPO)法人)"
)
_FORM_PREFIX: Final = re.compile(rf"{_FORM}\s?(?=[^\s、。,はがのをにとも])")
_FORM_SUFFIX: Final = re.compile(rf"{_FORM}|,? (?:Inc|Corp|Ltd|LLC|GmbH|Co)\b\.?")
_LONGEST: Final = 30  # code points of a name before such a form
_BEFORE_FORM: Final = re.compile(rf"(?:[一-龥ァ-ヺーA-Za-z0-9&'・-]{{2,{_LONGEST}}})$")
# Names in hiragana, which the tokenizer takes for particles: かえで工房.
_HIRAGANA_NAME: Final = re.compile(r"[ぁ-ん]{2,8}[一-龥ァ-ヺー]+")
# Last word of a firm's or a body's Latin name: Qerty Technologies. After a bracket such words spell an acronym out.
_LATIN_BODY: Final = re.compile(
    r"(?<![A-Za-z0-9(（ ])(?P<first>[A-Z][A-Za-z0-9&'’-]*)(?: [A-Z][A-Za-z0-9&'’-]*){0,2} (?:Technologies|Technology|Systems|"
    r"Labs|Laboratories|Holdings|Motors|Automotive|Robotics|Semiconductors?|Electronics|Energy|Capital|Ventures|Partners|"
    r"Group|Bank|Airlines|Airways|Pharma|Pharmaceuticals|Therapeutics|Biosciences|Software|Networks|Dynamics|Aerospace|"
    r"Industries|Corporation|Company|University|Institute|Foundation|Association|Studios|Entertainment|Securities|"
    r"Insurance|Logistics|Materials|Instruments|Times|Journal)(?![A-Za-z0-9])"
)
# Ministries and agencies: what they are for, then 省 or 庁.
_AGENCY: Final = re.compile(
    r"(?:国務|国防総|国防|商務|財務|司法|エネルギー|運輸|労働|教育|農務|内務|外務|国土安全保障|保健福祉|科学技術|"
    r"工業情報化|産業通商|経済産業|経産|国土交通|国交|厚生労働|厚労|文部科学|文科|環境|防衛|総務|法務|農林水産|農水|"
    r"公安|国家安全|生態環境|経済|産業|デジタル|金融|消費者|気象|特許|国税|文化|警察|検察|警視|宮内|復興|"
    r"海上保安|観光|中小企業|資源エネルギー|こども家庭|スポーツ|水産|林野|出入国在留管理)"
    r"[省庁](?![省庁]|エネ)"
)
_GOVERNMENT_OF: Final = re.compile(r"の政府(?![一-龥])")
_LAW: Final = re.compile(
    r"[一-龥ァ-ヺーA-Z]{1,14}(?:保護|規制|抑制|推進|支援|禁止|防止|措置|基本|促進|振興|取引|改革|安全保障|責任|制限|整備|"
    r"登録|運送|交通|科学|統制|競争)法(?![律案廷務人則的])|(?<![一-龥])(?:[一-龥]{2,6}|[ァ-ヺー]{2,8})(?:条約|議定書)"
)


def companies(line: Line, known: Knowledge) -> Iterator[Name]:
    """Words before 社 and 誌, and unknown words where firms stand: 大手のX, 米X, Xを買収."""
    for match in _COMPANY_SUFFIX.finditer(line.text):
        if not known.labels(match["name"]) and len(match["name"]) > 1:
            yield Name(*match.span("name"), "ORG", "rule:company_suffix", Rank.RULE)
    for match in _PUBLICATION.finditer(line.text):
        group = "name" if match["name"] else "after"
        if not known.labels(match[group]) and len(match[group]) > 1:
            yield Name(*match.span(group), "ORG", "rule:publication", Rank.RULE)
    for fine, pattern in _CONTEXTS:
        for match in pattern.finditer(line.text):
            if "・" not in match["name"] and known.is_unknown_name(match["name"]):
                yield Name(*match.span("name"), "ORG", fine, Rank.RULE)


def corporations(line: Line, known: Knowledge) -> Iterator[Name]:
    """株式会社X, X株式会社, X Inc."""
    for match in _FORM_PREFIX.finditer(line.text):
        end = _name_end(line, match.end())
        if end > match.end():
            yield Name(match.start(), end, "ORG", "rule:corporate_form", Rank.RULE)
    for match in _FORM_SUFFIX.finditer(line.text):
        name = _BEFORE_FORM.search(line.text, max(0, match.start() - _LONGEST), match.start())
        if name and not re.match(r"[一-龥ァ-ヺA-Za-z]", line.text[match.end() :]):
            yield Name(name.start(), match.end(), "ORG", "rule:corporate_form", Rank.RULE)
    for match in _LATIN_BODY.finditer(line.text):
        if known.is_unknown_name(match["first"]):
            yield Name(*match.span(), "ORG", "rule:corporate_form", Rank.RULE)


def _name_end(line: Line, start: int) -> int:
    """Where a firm's name that begins here ends: before a particle, a verb or punctuation."""
    hiragana = _HIRAGANA_NAME.match(line.text, start)
    if hiragana:
        return hiragana.end()
    end = start
    for token in line.tokens:
        if token.start == end and not token.tag.startswith(("助詞", "助動詞", "動詞", "補助記号", "空白")):
            end = token.end
    return end


def governments(line: Line, known: Knowledge) -> Iterator[Name]:
    """米国の政府, by the gazetteer's 米国政府."""
    for match in _GOVERNMENT_OF.finditer(line.text):
        index = line.ending_at(match.start())
        if index is None:
            continue
        country = line.tokens[index].text
        for form in known.gazetteer.forms(f"{country}政府"):
            start, entry = match.start() - len(country), form.entry
            yield Name(start, match.end(), "ORG", "rule:agency", Rank.RULE, entry.id, entry.name_en)


def agencies(line: Line, _: Knowledge) -> Iterator[Name]:
    """Ministries and agencies."""
    for match in _AGENCY.finditer(line.text):
        yield Name(*match.span(), "ORG", "rule:agency", Rank.RULE)


def laws(line: Line, _: Knowledge) -> Iterator[Name]:
    """Laws and treaties."""
    for match in _LAW.finditer(line.text):
        yield Name(*match.span(), "LAW", "rule:law", Rank.RULE)
