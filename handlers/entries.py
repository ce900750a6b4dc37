"""/新客户: a rep enters a customer, corrects it, adds what was not known."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from bot.grammar import unquoted
from bot.routing import Router, reads
from cards import entries as cards
from cards.kit import Card, Toast
from models.crm import access, entries, views
from models.crm.people import Me
from models.errors import Invalid, Refused
from models.policy import Permission
from models.tables import Status
from models.work import Work

router = Router()


@dataclass(frozen=True, slots=True)
class Pairs:
    """`字段:值` words; what stands before the first one is the name."""

    words: dict[str, str]


@reads(Pairs)
def pairs(text: str, work: Work, me: Me) -> Pairs:
    """The words that the router split."""
    before, *said = json.loads(text)
    return Pairs({label: unquoted(value) for label, value in [("客户全称", before), *said] if value})


@router.command("/新客户 [字段:值…]", "/new", "/xkh", may=Permission.CUSTOMER_ENTER, pairs=entries.FIELDS)
def enter(given: Pairs | None = None, *, work: Work, me: Me) -> Card:
    """录入一个新客户，交主管审核。只发 /新客户 会打开表单。
    例：/新客户 客户全称:华星科技有限公司 客户性质:企业 所属行业:电子设备 客户来源:展会推广
    联系人姓名:李雷 手机:13800138001
    """
    return cards.form(work.settings.entry, {}, {}) if given is None else _submit(work, me, given.words)


@router.action(cards.SubmitNew, may=Permission.CUSTOMER_ENTER)
def submit_new(action: cards.SubmitNew, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """提交."""
    return _submit(work, me, cards.labelled(form))


@router.action(cards.SubmitEntry, may=Permission.CUSTOMER_ENTER)
def submit_again(action: cards.SubmitEntry, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """重新提交."""
    words = cards.labelled(form)
    customer = access.own_entry(work, me, action.customer)
    try:
        entries.resubmit(work, me, customer, words)
    except Invalid as no:
        return cards.form(work.settings.entry, words, no.fields, customer.id)
    return cards.standing(views.standing(work, customer.id))


def _submit(work: Work, me: Me, words: dict[str, str]) -> Card:
    try:
        customer = entries.submit(work, me, words)
    except Invalid as no:
        return cards.form(work.settings.entry, words, no.fields)
    return cards.standing(views.standing(work, customer.id))


@router.action(cards.Correct, may=Permission.CUSTOMER_ENTER)
def correct(action: cards.Correct, *, work: Work, me: Me) -> Card:
    """修改: the form with what was entered, and why it came back."""
    customer = access.own_entry(work, me, action.customer)
    if customer.status not in (Status.RETURNED, Status.WITHDRAWN):
        raise Refused(f"「{customer.name}」现在不能修改：{entries.STATES[customer.status]}。")
    reason = views.standing(work, customer.id).reason
    return cards.form(work.settings.entry, entries.words_of(work, customer), {}, customer.id, reason)


@router.action(cards.Withdraw, may=Permission.CUSTOMER_ENTER)
def withdraw(action: cards.Withdraw, *, work: Work, me: Me) -> Card:
    """撤回."""
    customer = access.own_entry(work, me, action.customer)
    entries.withdraw(work, me, customer)
    return cards.standing(views.standing(work, customer.id))


@router.action(cards.Back, may=Permission.CUSTOMER_ENTER)
def back(action: cards.Back, *, work: Work, me: Me) -> Card:
    """返回."""
    customer = access.own_entry(work, me, action.customer)
    return cards.standing(views.standing(work, customer.id))


@router.action(cards.Supplement, may=Permission.CUSTOMER_ENTER)
def supplement(action: cards.Supplement, *, work: Work, me: Me) -> Card:
    """补充资料."""
    customer = access.own_entry(work, me, action.customer)
    return cards.details(work.settings.entry, customer.id, customer.name, {}, {})


@router.action(cards.SubmitDetails, may=Permission.CUSTOMER_ENTER)
def submit_details(action: cards.SubmitDetails, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """What was added."""
    customer = access.own_entry(work, me, action.customer)
    words = cards.labelled(form)
    try:
        entries.supplement(work, me, customer, words)
    except Invalid as no:
        return cards.details(work.settings.entry, customer.id, customer.name, words, no.fields)
    return replace(cards.standing(views.standing(work, customer.id)), toast=Toast("已补充"))
