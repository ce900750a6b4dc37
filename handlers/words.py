"""How people's words become values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from bot.routing import reads
from cards.labels import CHANNELS, DEAL_STAGES, METHODS, SEVERITIES
from models.crm import absences, access, access_team, colleagues, deals, products
from models.crm.access import CustomerRef
from models.crm.colleagues import Colleague
from models.crm.deals import Quantity
from models.crm.people import Me
from models.crm.products import ProductName
from models.errors import Refused
from models.tables import Channel, DealStage, Department, Method, Severity
from models.text import money, times
from models.text.identifiers import narrow
from models.text.money import Fen
from models.text.times import Settled
from models.work import Work

E = TypeVar("E", bound=StrEnum)
SYNONYMS = {"面谈": Method.VISIT, "上门": Method.VISIT, "邮箱": Method.EMAIL, "打电话": Method.PHONE}


@reads(CustomerRef)
def customer(text: str, work: Work, me: Me) -> CustomerRef:
    """A customer one may work with: the look-up is the permission."""
    return access.customer(work, me, text)


@reads(Method, greedy=False)
def method(text: str, work: Work, me: Me) -> Method:
    """The way a customer was contacted."""
    return _one_of(text, METHODS, "种方式", SYNONYMS)


@reads(DealStage, greedy=False)
def stage(text: str, work: Work, me: Me) -> DealStage:
    """How far a deal has come."""
    return _one_of(text, DEAL_STAGES, "个阶段")


@reads(Channel, greedy=False)
def channel(text: str, work: Work, me: Me) -> Channel:
    """The way a complaint came in."""
    return _one_of(text, CHANNELS, "个渠道", {"邮箱": Channel.EMAIL, "打电话": Channel.PHONE, "客服": Channel.ONLINE})


@reads(Severity, greedy=False)
def severity(text: str, work: Work, me: Me) -> Severity:
    """How bad it is."""
    return _one_of(text, SEVERITIES, "个级别")


@reads(bool, greedy=False)
def yes_or_no(text: str, work: Work, me: Me) -> bool:
    """是 or 否."""
    known = {"是": True, "已致歉": True, "yes": True, "否": False, "未致歉": False, "no": False}
    if text.lower() not in known:
        raise Refused(f"「{text}」看不懂，请写 是 或 否。")
    return known[text.lower()]


def _one_of(text: str, words: Mapping[E, str], what: str, synonyms: Mapping[str, E] | None = None) -> E:
    """The member of an enumeration that people call so; its own word in English does as well."""
    known = {word: each for each, word in words.items()} | {each.value: each for each in words} | dict(synonyms or {})
    if text.lower() not in known:
        raise Refused(f"没有「{text}」这{what}，可以写：{'、'.join(words.values())}。")
    return known[text.lower()]


@reads(Settled)
def moment(text: str, work: Work, me: Me) -> Settled:
    """A time to come; a day off moves it to the last working day before, one's leave to the next at work."""
    said = times.read(text, work.now, work.office.zone)
    settled = times.settle(said, work.office, work.now)
    return settled if said.elapsed else absences.settled(work, me, settled)


@reads(Colleague)
def colleague(text: str, work: Work, me: Me) -> Colleague:
    """Somebody of the company, by name or staff number."""
    return colleagues.named(work, text)


@reads(ProductName)
def product(text: str, work: Work, me: Me) -> ProductName:
    """A product of the catalogue."""
    return products.named(work, text)


@reads(Fen)
def amount(text: str, work: Work, me: Me) -> Fen:
    """An amount of money."""
    return money.read(text)


@reads(Quantity)
def quantity(text: str, work: Work, me: Me) -> Quantity:
    """A whole number of something."""
    digits = narrow(text)
    if not re.fullmatch("[0-9]{1,9}", digits) or not 0 < int(digits) <= deals.MOST:
        raise Refused(f"数量要写成 1 到 {deals.MOST} 的整数，例如 数量:3。")
    return Quantity(digits)


@reads(Department)
def department(text: str, work: Work, me: Me) -> Department:
    """A department by its name."""
    return access_team.department(work, text)
