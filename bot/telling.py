"""Telling people of what waited until it disturbs least: one message where it is several (X7, O8)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot.posting import LANES, to_person
from cards import held as cards
from cards import notices
from cards.kit import Card
from models.crm import deliveries, held, noise, people
from models.crm.noise import LISTED, Listener, Wait
from models.crm.people import Me
from models.errors import Refused
from models.outbox import Lane
from models.work import Work, passing

log = logging.getLogger(__name__)


def tell(work: Work) -> bool:
    """Tell some of those for whom something waits; whether there may be more of them.

    Where one of them cannot be told, the others are; it is tried again in a few minutes.
    """
    found = held.due(work)
    short = deliveries.short(work) if found else []
    for person in found:
        try:
            with work.savepoint():
                _tell(work, person, short)
        except Exception as fault:
            if passing(fault):
                raise
            log.exception("what waits for person %d cannot be told", person)
            held.look_again(work, person, work.now + held.AGAIN)
    return len(found) == held.BATCH


def hold_back(work: Work) -> None:
    """Where calls are short by now, what is not urgent and not yet under way waits as well (O8)."""
    for platform in deliveries.short(work):
        for person, kind, subject in deliveries.taken_back(work, platform):
            held.hold(work, person, kind, subject or held.told_of(work, person, kind))


def _tell(work: Work, person: int, short: Sequence[str]) -> None:
    waits, me = held.of(work, person), people.by_id(work, person)
    if me is None:
        return held.drop(work, waits)
    listener = held.listener(work, person, short=people.reach(work, person) in short)
    moments = noise.moments(waits, work.now, listener)
    ripe = [each for each, at in zip(waits, moments, strict=True) if at <= work.now]
    shown = [(each, card) for each in noise.together(ripe) if (card := _card(work, me, each))]
    if shown:
        held.told(work, (each for each, _ in shown))
        _send(work, me, shown, listener)
    held.look_again(work, person, min((at for at in moments if at > work.now), default=work.now + held.AGAIN))


def _card(work: Work, me: Me, wait: Wait) -> Card | None:
    """None for what he may not see any more, and for what cannot be made: that one is tried again."""
    try:
        with work.savepoint():
            return notices.card(work, wait.kind, wait.subject, me)
    except Refused as no:
        log.warning("nobody is told of %s:%d: %s", wait.kind, wait.subject, type(no).__name__)
        held.drop(work, [wait])
    except Exception as fault:
        if passing(fault):
            raise
        log.exception("the card of %s:%d cannot be made", wait.kind, wait.subject)
    return None


def _send(work: Work, me: Me, shown: Sequence[tuple[Wait, Card]], of: Listener) -> None:
    listed = [(each.id, card) for each, card in shown if not noise.whole(each, of)]
    if len(listed) > 1:
        rest = len(listed[LISTED:])
        to_person(work, me.id, cards.merged(listed[:LISTED], rest, short=of.short), "merged", Lane.ANSWER)
        shown = [(each, card) for each, card in shown if noise.whole(each, of)]
    for each, card in shown:
        to_person(work, me.id, card, each.kind, Lane.ANSWER if of.short else LANES.get(each.kind, Lane.ANSWER))
