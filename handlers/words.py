"""How people's words become values."""

from __future__ import annotations

from bot.routing import reads
from cards.labels import DEAL_STAGES, METHODS
from models.crm import access
from models.crm.access import CustomerRef
from models.crm.people import Me
from models.errors import Refused
from models.tables import DealStage, Method, Role
from models.text import times
from models.text.times import Settled
from models.work import Work

#: who sells: logs follow-ups, enters customers, decides on them.
SELLERS = frozenset({Role.SALES_REP, Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})
LEADERS = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})
SYNONYMS = {"面谈": Method.VISIT, "上门": Method.VISIT, "邮箱": Method.EMAIL, "打电话": Method.PHONE}


@reads(CustomerRef)
def customer(text: str, work: Work, me: Me) -> CustomerRef:
    """A customer one may work with: the look-up is the permission."""
    return access.customer(work, me, text)


@reads(Method, greedy=False)
def method(text: str, work: Work, me: Me) -> Method:
    """The way a customer was contacted."""
    known = {word: each for each, word in METHODS.items()} | {each.value: each for each in Method} | SYNONYMS
    if text.lower() not in known:
        raise Refused(f"没有「{text}」这种方式，可以写：{'、'.join(METHODS.values())}。")
    return known[text.lower()]


@reads(DealStage, greedy=False)
def stage(text: str, work: Work, me: Me) -> DealStage:
    """How far a deal has come."""
    known = {word: each for each, word in DEAL_STAGES.items()} | {each.value: each for each in DealStage}
    if text.lower() not in known:
        raise Refused(f"没有「{text}」这个阶段，可以写：{'、'.join(DEAL_STAGES.values())}。")
    return known[text.lower()]


@reads(Settled)
def moment(text: str, work: Work, me: Me) -> Settled:
    """A time to come; a day off moves it to the last working day before, and says so."""
    said = times.read(text, work.now, work.office.zone)
    return times.settle(said, work.office, work.now)
