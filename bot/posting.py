"""Turning what was decided into outbox rows, in the transaction that decided it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from bot.event import Event
from bot.platform import Json, Say
from cards import common, kit, notices
from cards.kit import Card
from models import outbox
from models.crm import held, people
from models.crm.people import Me
from models.crm.view_news import VIEWS
from models.errors import Refused
from models.outbox import REFRESH_AFTER, TWIN, URGENT, Lane, Parcel
from models.work import Notice, Work

LANES = {"reminder": Lane.REMINDER, "complaint": Lane.ALERT} | dict.fromkeys(("digest", "morning", VIEWS), Lane.DIGEST)


def reply(work: Work, event: Event, me: Me | None, card: Card, say: Say | None = None) -> Json:
    """Answer what a person typed: in the same chat, or privately where a group must not see it.

    `say` makes a card the answer to the request itself. Nobody tells us whether that one arrived, so it is only used
    where saying it again changes nothing, and where no earlier answer in this chat is still under way; nor for what is
    one person's, because whoever could forge a request would read it. Returns it, else {}.

    The notices of the unit of work are posted with it: the answer's own copy shows what they tell.
    """
    said, copy = _replied(work, event, me, card, say)
    post_notices(work, event.press.message_id if event.press else "", copy)
    return said


def _replied(work: Work, event: Event, me: Me | None, card: Card, say: Say | None) -> tuple[Json, int | None]:
    """What stands in the answer to the request, and the living copy of what is sent."""
    private = None
    if not event.private:
        if card.personal and me is not None:
            private = to_person(work, me.id, card, "answer", Lane.ANSWER)
            card = common.told_privately()
        card = kit.redacted(card)  # also what was wrong with the words, which it repeats
    queue = f"{event.platform}:{event.chat}"
    harmless = not (work.changed or card.subject or card.personal)
    if say and event.at_once and harmless and not outbox.waiting(work, queue):
        if (said := say(work, event.chat, card)) is not None:
            return said, private
    copy = _copy(work, event, me, card, queue) if card.subject and me is not None else None
    answer = Parcel("answer", kit.dumps(card), queue, platform=event.platform, chat=event.chat, card_message_id=copy)
    outbox.enqueue(work, replace(answer, user_id=me.id) if me is not None and event.private else answer)
    return {}, private or copy


def _copy(work: Work, event: Event, me: Me, card: Card, queue: str) -> int:
    """The living copy of an answer; it takes the place of the copy in a message whose button was said."""
    seat = outbox.copy_at(work, event.platform, event.press.message_id) if event.press else None
    if seat is not None and seat.user_id == me.id:
        outbox.retitle(work, seat.id, "")
    return outbox.new_copy(work, card.subject, me.id, event.platform, queue)


def to_person(work: Work, user_id: int, card: Card, kind: str, lane: Lane) -> int | None:
    """Send a card to a person, wherever he is; returns its living copy, if it has one."""
    queue = f"user:{user_id}:{card.subject or kind}"
    copy = outbox.new_copy(work, card.subject, user_id, "", queue) if card.subject else None
    where = people.reach(work, user_id)
    outbox.enqueue(work, Parcel(kind, kit.dumps(card), queue, lane, where, user_id=user_id, card_message_id=copy))
    return copy


def _elsewhere(work: Work, user_id: int, card: Card, lane: Lane) -> None:
    """The same card on every other platform where he is: each with a copy of its own, which stays there."""
    for platform in people.everywhere(work, user_id)[1:]:
        queue = f"user:{user_id}:{card.subject}:{platform}"
        copy = outbox.new_copy(work, card.subject, user_id, platform, queue)
        twin = Parcel(TWIN, kit.dumps(card), queue, lane, platform, user_id=user_id, card_message_id=copy)
        outbox.enqueue(work, twin)


def settle(work: Work, event: Event, message: str, me: Me, card: Card, *, inline: bool) -> None:
    """The message that was pressed shows this card from now on.

    Where the card could not be in the answer it follows at once. Where the press changed something a refresh
    follows a little later, because the answer is only a faster copy. Nothing follows a form that was merely opened:
    it would take away what is being typed.
    """
    copy = outbox.copy_at(work, event.platform, message)
    copy_id, queue = (copy.id, copy.queue) if copy else (None, f"{event.platform}:{event.chat}")
    if copy is None and card.subject:
        copy_id = outbox.new_copy(work, card.subject, me.id, event.platform, queue, message)
    elif copy is not None and card.subject and copy.subject != card.subject:
        outbox.retitle(work, copy.id, card.subject)
    outbox.drop_refresh(work, event.platform, message)
    if work.changed or not inline:
        refresh = Parcel(
            outbox.REFRESH,
            kit.dumps(card),
            queue,
            platform=event.platform,
            user_id=me.id,
            update=True,
            message_id=message,
            card_message_id=copy_id,
            delay=REFRESH_AFTER if inline else dt.timedelta(),
        )
        outbox.enqueue(work, refresh)


def post_notices(work: Work, pressed: str = "", answer: int | None = None) -> None:
    """Turn the notices of a unit of work into messages, just before it commits.

    The copy in the message `pressed` is left to `settle`; the copy `answer` was made just now.
    """
    for notice in work.notices:
        _post(work, notice, pressed, answer)
    work.notices.clear()


def _post(work: Work, notice: Notice, pressed: str, answer: int | None) -> None:
    copies = [] if notice.anew else outbox.copies(work, notice.key)
    for copy in copies:
        shown = copy.id == answer or (copy.message_id is not None and copy.message_id == pressed)
        if not shown and not (notice.in_place and outbox.stale(work, copy)):
            _update(work, notice, copy)
    holders = {copy.user_id for copy in copies}
    for user_id in notice.people:
        if user_id not in holders and (reader := people.by_id(work, user_id)):
            # made in any case: what cannot be shown undoes what it follows from
            card = notices.card(work, notice.kind, notice.subject, reader)
            if held.waits(work, user_id, notice.kind):
                held.hold(work, user_id, notice.kind, notice.subject)
            else:
                _send(work, notice, user_id, card)


def _send(work: Work, notice: Notice, user_id: int, card: Card) -> None:
    lane = LANES.get(notice.kind, Lane.ANSWER)
    to_person(work, user_id, card, URGENT if notice.urgent else notice.kind, lane)
    if notice.everywhere:
        _elsewhere(work, user_id, card, lane)


def _update(work: Work, notice: Notice, copy: outbox.Copy) -> None:
    if reader := people.by_id(work, copy.user_id):
        try:
            card = notices.card(work, notice.kind, notice.subject, reader)
        except Refused:  # his place is another one now: nobody waits for him, and his copy keeps nothing
            card = common.gone()
        change = Parcel(notice.kind, kit.dumps(card), copy.queue, update=True, card_message_id=copy.id)
        where = copy.platform or people.reach(work, copy.user_id)
        outbox.enqueue(work, replace(change, platform=where, user_id=copy.user_id))
