"""/个人信息: what is held about the people of a customer, handed out or erased on request."""

from __future__ import annotations

from bot.routing import Router
from cards import dossier as documents
from cards import privacy as cards
from cards.kit import Card
from models import files, links
from models.crm import access, dossier, erasure, personal
from models.crm.access import CustomerRef
from models.crm.people import Me
from models.errors import Invalid
from models.policy import Permission
from models.text.identifiers import narrow
from models.work import Work

router = Router()


@router.command("/个人信息 <客户>", "/privacy", "/grxx", may=Permission.PRIVACY)
def held(customer: CustomerRef, *, work: Work, me: Me) -> Card:
    """应本人要求，导出或擦除客户的个人信息。
    例：/个人信息 C202611001
    """
    there = personal.held(work, personal.scope(work, customer.id))
    gone = erasure.before(work, f"customer:{customer.id}") if there.nothing else ""
    return cards.held(customer, there, gone)


@router.action(cards.Show, may=Permission.PRIVACY)
def show(action: cards.Show, *, work: Work, me: Me) -> Card:
    """返回."""
    return held(access.customer_by_id(work, me, action.customer), work=work, me=me)


@router.action(cards.AskExport, may=Permission.PRIVACY)
def ask_export(action: cards.AskExport, *, work: Work, me: Me) -> Card:
    """导出."""
    customer = access.customer_by_id(work, me, action.customer)
    return cards.ask_export(customer, personal.people(work, customer))


@router.action(cards.Export, may=Permission.PRIVACY)
def export(action: cards.Export, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """生成文件: it waits on a page of its own."""
    customer = access.customer_by_id(work, me, action.customer)
    written = documents.written(dossier.of_customer(work, customer, _whom(form)), work.office.zone)
    name = f"keban-{customer.number or customer.id}.json"
    path = files.keep(work, me, Permission.PRIVACY, f"customer:{customer.id}", name, written)
    server = work.settings.server
    until = f"{(work.real + files.VALID).astimezone(work.office.zone):%H:%M}"
    return cards.exported(customer, links.address(server, path), until, local=not server.base_url)


@router.action(cards.AskErase, may=Permission.PRIVACY)
def ask_erase(action: cards.AskErase, *, work: Work, me: Me) -> Card:
    """擦除."""
    customer = access.customer_by_id(work, me, action.customer)
    return cards.ask_erase(customer, personal.people(work, customer), {}, {})


@router.action(cards.Erase, may=Permission.PRIVACY)
def erase(action: cards.Erase, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """确认擦除; what cannot be is said in the form, with what was typed."""
    customer = access.customer_by_id(work, me, action.customer)
    try:
        if narrow(form.get("number", "")).strip().upper() != customer.called.upper():
            raise Invalid({"客户编号": f"请输入 {customer.called}。"})
        erasure.erase(work, customer, _whom(form), form.get("reason", ""))
    except Invalid as no:
        return cards.ask_erase(customer, personal.people(work, customer), form, no.fields)
    return cards.erased(access.customer_by_id(work, me, customer.id))


def _whom(form: dict[str, str]) -> int | None:
    """The contact that was chosen; None for everybody. Raises Invalid."""
    chosen = form.get("whom", "")
    if not chosen.isdecimal() or len(chosen) > 18:
        raise Invalid({"谁的": "请从列表里选。"})
    return int(chosen) or None
