"""/同步: what the organisations at the platforms changed here, and who may join (P8)."""

from __future__ import annotations

from bot import rosters
from bot.routing import Router
from cards import orgs as cards
from cards.kit import Card
from models.crm import joiners, orgqueue, orgsync
from models.crm.people import Me
from models.errors import Refused
from models.policy import Permission
from models.work import Work

router = Router()


@router.command("/同步", "/sync", "/tb", may=Permission.PEOPLE)
def sync(*, work: Work, me: Me) -> Card:
    """看飞书、钉钉的组织同步，处理待加入的新同事。
    例：/同步
    """
    return _status(work, me)


@router.action(cards.Status, may=Permission.PEOPLE)
def back(action: cards.Status, *, work: Work, me: Me) -> Card:
    """返回."""
    return _status(work, me)


def _status(work: Work, me: Me, toast: str = "") -> Card:
    return cards.status(orgsync.overview(work, me), work.shown, toast)


@router.action(cards.Start, may=Permission.PEOPLE)
def start(action: cards.Start, *, work: Work, me: Me) -> Card:
    """现在同步: a worker reads, this only asks for it."""
    there = [each for each in orgqueue.ORGANISED if work.serves(each)]
    if not there:
        raise Refused("飞书和钉钉都还没有接，步骤见 docs/feishu.md 和 docs/dingtalk.md。")
    orgqueue.ask(work, there)
    work.audit("org.ask", "platform:" + ",".join(there))
    return _status(work, me, "已开始，过一会儿再看")


@router.action(cards.List, may=Permission.PEOPLE)
def listed(action: cards.List, *, work: Work, me: Me) -> Card:
    """待加入, 上一页 and 下一页."""
    return cards.joiners(joiners.listed(work, me, max(action.page, 0)))


@router.action(cards.Open, may=Permission.PEOPLE)
def show(action: cards.Open, *, work: Work, me: Me) -> Card:
    """看."""
    return cards.joiner(joiners.joiner(work, me, action.proposal))


@router.action(cards.Accept, may=Permission.PEOPLE)
def accept(action: cards.Accept, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """加入; what cannot be is said in the form, with what was typed."""
    words = {name: form.get(name, "") for name in ("staff_no", "department", "roles", "mobile")}
    who = joiners.joiner(work, me, action.proposal)
    try:
        with work.savepoint():
            wanted = rosters.roles(words["roles"])
            name = joiners.accept(
                work, me, action.proposal, words["staff_no"], words["department"], wanted, words["mobile"]
            )
    except Refused as no:
        return cards.joiner(who, words, no.say)
    return cards.joiners(joiners.listed(work, me), f"{name}已加入")


@router.action(cards.Dismiss, may=Permission.PEOPLE)
def dismiss(action: cards.Dismiss, *, work: Work, me: Me) -> Card:
    """不加入."""
    name = joiners.dismiss(work, me, action.proposal)
    return cards.joiners(joiners.listed(work, me), f"{name}不加入，以后不再提")
