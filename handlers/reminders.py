"""A reminder's buttons: done, later, another day, just contacted."""

from __future__ import annotations

from bot.routing import Router
from cards import follow_ups as follow_up_cards
from cards import reminders as cards
from cards.kit import Card
from handlers import words
from models.crm import access, follow_ups, reminders
from models.crm.follow_ups import Talk
from models.crm.people import Me
from models.crm.reminders import LATER
from models.errors import Refused
from models.policy import Permission
from models.work import Work

router = Router()


@router.action(cards.Finish, may=Permission.FOLLOW_UP)
def finish(action: cards.Finish, *, work: Work, me: Me) -> Card:
    """完成: asks for the result."""
    reminder = reminders.view(work, me, action.timer)
    return cards.finish(reminder, {}, {}) if reminder.open else cards.card(reminder)


@router.action(cards.SubmitResult, may=Permission.FOLLOW_UP)
def submit_result(action: cards.SubmitResult, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """The result becomes the follow-up."""
    errors: dict[str, str] = {}
    talk = _talk(work, me, form, errors)
    if talk is None:
        return cards.finish(reminders.view(work, me, action.timer), form, errors)
    timer, entry = access.reminder(work, me, action.timer)
    customer = access.customer_by_id(work, me, entry.customer_id)
    recorded = reminders.finish(work, me, timer, action.plan, customer, talk)
    return follow_up_cards.finished(recorded, work.shown, timer.id)


def _talk(work: Work, me: Me, form: dict[str, str], errors: dict[str, str]) -> Talk | None:
    if not (result := form.get("result", "").strip()):
        errors["result"] = "请写一下结果。"
    next_at = None
    if said := form.get("next_at", "").strip():
        try:
            next_at = words.moment(said, work, me)
        except Refused as no:
            errors["next_at"] = no.say
    method = words.method(form["method"], work, me) if form.get("method") else None
    return None if errors else Talk(result, method, None, form.get("next_step") or None, next_at)


@router.action(cards.Contacted, may=Permission.FOLLOW_UP)
def contacted(action: cards.Contacted, *, work: Work, me: Me) -> Card:
    """已联系: the minimum, in one tap."""
    timer, entry = access.reminder(work, me, action.timer)
    customer = access.customer_by_id(work, me, entry.customer_id)
    recorded = reminders.finish(work, me, timer, action.plan, customer, Talk(follow_ups.CONTACTED))
    return follow_up_cards.finished(recorded, work.shown, timer.id)


@router.action(cards.Later, may=Permission.FOLLOW_UP)
def later(action: cards.Later, *, work: Work, me: Me) -> Card:
    """稍后: how much."""
    reminder = reminders.view(work, me, action.timer)
    return cards.later(reminder) if reminder.open else cards.card(reminder)


@router.action(cards.Snooze, may=Permission.FOLLOW_UP)
def snooze(action: cards.Snooze, *, work: Work, me: Me) -> Card:
    """10 分钟后, 1 小时后, 明天."""
    if action.choice not in LATER:
        raise Refused("没有这个选择，请在卡片上重选。")
    timer, _ = access.reminder(work, me, action.timer)
    reminders.move(work, timer, action.plan, reminders.later(work, me, action.choice))
    return cards.card(reminders.view(work, me, timer.id))


@router.action(cards.Reschedule, may=Permission.FOLLOW_UP)
def reschedule(action: cards.Reschedule, *, work: Work, me: Me) -> Card:
    """改期: asks when."""
    reminder = reminders.view(work, me, action.timer)
    return cards.reschedule(reminder) if reminder.open else cards.card(reminder)


@router.action(cards.SubmitTime, may=Permission.FOLLOW_UP)
def submit_time(action: cards.SubmitTime, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """The new time."""
    typed = form.get("time", "").strip()
    try:
        moment = words.moment(typed, work, me)
    except Refused as no:
        return cards.reschedule(reminders.view(work, me, action.timer), typed, no.say)
    timer, _ = access.reminder(work, me, action.timer)
    reminders.move(work, timer, action.plan, moment)
    return cards.card(reminders.view(work, me, timer.id), moment.note)


@router.action(cards.Back, may=Permission.FOLLOW_UP)
def back(action: cards.Back, *, work: Work, me: Me) -> Card:
    """返回."""
    return cards.card(reminders.view(work, me, action.timer))
