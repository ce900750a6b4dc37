"""Names as people search for them: a key, its core, pinyin, initials and grams."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Final

_PROVINCES: Final = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|"
    "内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_CITIES: Final = (
    "深圳|广州|杭州|南京|苏州|无锡|常州|南通|徐州|宁波|温州|嘉兴|绍兴|合肥|福州|厦门|泉州|南昌|济南|青岛|烟台|潍坊|郑州|洛阳|武汉|长沙|株洲|"
    "东莞|佛山|珠海|中山|惠州|汕头|南宁|桂林|柳州|海口|三亚|成都|绵阳|贵阳|昆明|西安|兰州|西宁|银川|乌鲁木齐|呼和浩特|太原|石家庄|唐山|保定|"
    "沈阳|大连|长春|哈尔滨|拉萨"
)
_REGION: Final = (
    rf"(?:(?:{_PROVINCES})(?:壮族|回族|维吾尔)?(?:自治区|特别行政区|省|市)?|(?:{_CITIES})市?"
    r"|[一-鿿]{2,3}省|[一-鿿]{2,3}(?<![超城都夜股])市)(?:[一-鿿]{2,3}(?<![社园小校])[区县](?!域))?"
)
_FORM: Final = (
    "有限责任公司|股份有限公司|有限公司|股份公司|责任公司|分公司|子公司|总公司|公司|集团|控股|"
    "合伙企业|个体工商户|个人独资企业"
)
_PARTNERSHIP: Final = "有限合伙|普通合伙|特殊普通合伙|个人独资|中国|china"

_LEADING_REGION: Final = re.compile(rf"^(?:{_REGION})+")
_BRACKETED: Final = re.compile(rf"\s*[\[(【〔]\s*(?:{_REGION}|{_FORM}|{_PARTNERSHIP})\s*[\])】〕]", re.IGNORECASE)
_TRAILING_FORM: Final = re.compile(rf"(?:{_FORM})\W*$")
_TRAILING_ENGLISH: Final = re.compile(
    r"[\s,.]+(?:co(?:mpany)?[\s,.]{0,3}(?:ltd|limited)|company|ltd|limited|inc|llc|corp|corporation|gmbh)\.?\s*$",
    re.IGNORECASE,
)
_STEPS: Final = (_BRACKETED, _TRAILING_ENGLISH, _TRAILING_FORM, _TRAILING_FORM, _TRAILING_FORM, _LEADING_REGION)
# What says nothing once its region is gone: 上海银行 and 北京银行 are not the same company.
_GENERIC: Final = frozenset(
    "银行 大学 学院 中学 医院 地铁 机场 港口 航空 铁路 电力 电网 燃气 水务 自来水 公交 移动 联通 电信 烟草 石油 "
    "石化 钢铁 科技 贸易 商贸 投资 建设 建工 城建 地产 证券 保险 信托 日报 晚报 电视台 饭店 宾馆 酒店".split()
)
_MEANINGFUL: Final = 2

_SURNAMES: Final = {
    "单于": "chanyu", "尉迟": "yuchi", "万俟": "moqi", "曾": "zeng", "仇": "qiu", "区": "ou", "查": "zha",
    "单": "shan", "解": "xie", "翟": "zhai", "盖": "ge", "朴": "piao", "种": "chong", "秘": "bi", "繁": "po",
    "员": "yun", "乐": "yue", "黑": "he", "折": "she", "缪": "miao", "洗": "xian", "召": "shao", "覃": "qin",
    "祭": "zhai", "郇": "xun", "佴": "nai", "卜": "bu", "句": "gou", "都": "du", "能": "nai", "乜": "nie",
    "阚": "kan", "么": "yao", "藏": "zang",
}  # fmt: skip


@lru_cache(maxsize=1)
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


@lru_cache(maxsize=1024)
def _simplified(name: str) -> str:
    return _converter()(unicodedata.normalize("NFKC", name)).strip()


def normalise(name: str) -> str:
    """The search key of a name: half-width, simplified, lower case, letters and digits only (requirement A8).

    Empty when the name holds no letter and no digit at all.
    """
    return "".join(filter(str.isalnum, _simplified(name).lower()))


def short_name_of(full: str) -> str:
    """A short name to propose: the full one, simplified, without leading region and company form.

    Never empty unless `full` is blank: what would vanish or say nothing is left on.
    """
    text = _simplified(full)
    for pattern in _STEPS:
        rest = pattern.sub("", text).strip()
        if len(normalise(rest)) >= _MEANINGFUL and rest not in _GENERIC:
            text = rest
    return text


def core(name: str) -> str:
    """The key that two spellings of one company share: 深圳市华信科技有限公司 and 华信科技 both give 华信科技.

    Equal cores only propose a duplicate (requirement A8). Never empty unless `name` is blank.
    """
    short = short_name_of(name)
    return normalise(short) or short.lower()


def _syllables(key: str, *, first_letters: bool) -> str:
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(key, style=Style.FIRST_LETTER if first_letters else Style.NORMAL)).lower()


def pinyin(name: str) -> str:
    """Full pinyin without tones, joined, lower case; letters and digits pass through, ü is v (requirement A11).

    Slow (0.2 ms a name): computed when a name is written, never when it is searched.
    """
    return _syllables(normalise(name), first_letters=False)


def initials(name: str) -> str:
    """First letter of each syllable; letters and digits pass through (requirement A11)."""
    return _syllables(normalise(name), first_letters=True)


def _surname(key: str) -> str:
    double = key[:2]
    return double if len(key) > len(double) and double in _SURNAMES else key[:1]


def person_pinyin(name: str) -> str:
    """`pinyin` of a person's name, where some surnames are read in their own way: 曾 is zeng, 单 is shan."""
    key = normalise(name)
    surname = _surname(key)
    if surname not in _SURNAMES:
        return _syllables(key, first_letters=False)
    return _SURNAMES[surname] + _syllables(key[len(surname) :], first_letters=False)


def person_initials(name: str) -> str:
    """`initials` of a person's name, the surname read as in `person_pinyin`: 曾国藩 is zgf."""
    key = normalise(name)
    if key[:1] not in _SURNAMES or len(_surname(key)) > 1:
        return _syllables(key, first_letters=True)
    return _SURNAMES[key[0]][0] + _syllables(key[1:], first_letters=True)


def grams(text: str) -> frozenset[str]:
    """Every character and every pair of neighbours of the normalised text, for the table `name_grams`.

    A name contains a term only if it has all grams of the term; the candidates are then compared in full.
    """
    key = normalise(text)
    return frozenset(key) | frozenset(map("".join, pairwise(key)))
