"""An event becomes one unit of work: claimed, carried out, answered; all or nothing."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot import posting
from bot.event import Change, Event, Incoming, Press
from bot.platform import Json, Platform
from bot.routing import GONE, Router
from cards import common, kit, notices
from cards.kit import Card, Form, Toast
from models import chats, codes, outbox, reply_doors
from models.crm import bindings, leavers, orgqueue, people
from models.crm.people import Me
from models.errors import Claimed, NotFound, Refused, Unavailable
from models.tables import Outcome
from models.work import Work, Works

log = logging.getLogger(__name__)
Act = Callable[[Work, Event, Me | None], Json]
#: what each kind of change does to each account or chat it names.
CHANGES: Mapping[str, Callable[[Work, str, str], None]] = {
    "left": leavers.left,
    "closed": chats.closed,
    "opened": chats.opened,
    "unit": orgqueue.unit,
    "member": orgqueue.member,
    "scope": orgqueue.scope,
}


class AskedAgain(Exception):
    """What was filled in on a page comes to the same form once more: nothing was done, and nothing is kept of it."""

    def __init__(self, card: Card) -> None:
        super().__init__(card.title)
        self.card = card


class Dispatcher:
    """Called with an event it gives the body of the HTTP answer. Raises Unavailable when the database is away.

    A page is given what it has to show where a form was not taken: `refused`, a sentence, or `again`, the card with
    the form and what is wrong in it. Its event is then not claimed, and may come again with other words.
    """

    def __init__(self, router: Router, works: Works, platforms: Mapping[str, Platform]) -> None:
        self._router, self._works, self._platforms = router, works, platforms
        self._coded = {name for name, platform in platforms.items() if platform.coded}

    def __call__(self, event: Incoming) -> Json:
        return self._changed(event) if isinstance(event, Change) else self._said(event)

    def _changed(self, change: Change) -> Json:
        """What a platform tells of itself; there is nothing to answer."""

        def task(work: Work) -> Json:
            outbox.claim_event(work, _key(change))
            for name in change.names:
                CHANGES[change.kind](work, change.platform, name)
            posting.post_notices(work)
            return {}

        return self._claiming(change, task)

    def _said(self, event: Event) -> Json:
        try:
            return self._once(event, self._carry_out)
        except Refused as no:
            refusal = no
            return self._once(_anew(event), lambda work, event, me: self._refuse(work, event, me, refusal))
        except AskedAgain as again:
            return {"again": kit.dumps(again.card)}
        except Unavailable:
            raise
        except Exception:
            number = secrets.token_hex(4)
            log.exception("event %s failed, number %s", event.key, number)
            return self._once(_anew(event), lambda work, event, me: self._apologise(work, event, me, number))

    def _once(self, event: Event, act: Act) -> Json:
        """One unit of work a delivery; a redelivery gets the answer of the first and changes nothing."""

        def task(work: Work) -> Json:
            me = people.speaker(work, event.platform, event.account, event.chat, _key(event))
            outbox.claim_event(work, _key(event))
            if me is not None:
                work.acts(me.id, me.roles)
            if event.door is not None:
                reply_doors.keep(work, event.platform, event.chat, event.door.url, event.door.until)
            return act(work, event, me)

        return self._claiming(event, task)

    def _claiming(self, event: Incoming, task: Callable[[Work], Json]) -> Json:
        """The task as a unit of work; where its event was claimed before, what that was answered."""
        try:
            return self._works.perform(task, channel=event.platform, request=event.key)
        except Claimed:
            with self._works.read() as work:
                return dict(json.loads(outbox.answer(work, _key(event)) or "{}"))

    def _carry_out(self, work: Work, event: Event, me: Me | None) -> Json:
        event = self._meant(work, _placed(event, me), me)
        if me is not None:
            bindings.seen(work, me, event.platform, event.chat, bool(event.private))
        card = self._router.answer(work, me, event)
        if event.on_page and _asks_again(event, card):
            raise AskedAgain(card)
        if event.in_message is None or me is None:
            return self._reply(work, event, me, card)
        return self._answer_press(work, event, event.in_message.message_id, me, card)

    def _meant(self, work: Work, event: Event, me: Me | None) -> Event:
        """Words that end with a code are the press of the button it stands for; other words are what they are.

        Raises Refused for a code that stands for nothing here.
        """
        said = codes.CODE.search(event.text) if event.platform in self._coded and event.press is None else None
        if said is None:
            return event
        if known := codes.found(work, event.platform, event.chat, said[1]):
            return replace(event, press=Press(known[1], known[0], apart=True))
        if me is not None and not self._router.knows(event.text):
            raise Refused(GONE)
        return event

    def _answer_press(self, work: Work, event: Event, message: str, me: Me, card: Card) -> Json:
        if card.anew or (card.personal and not event.private):
            posting.to_person(work, me.id, card, "answer", outbox.Lane.ANSWER)
            posting.post_notices(work)
            return self._keep(work, event, None, card.toast if event.private else Toast("已私信给你", "info"))
        card = card if event.private else kit.redacted(card)
        posting.settle(work, event, message, me, card, inline=self._platforms[event.platform].inline(card))
        posting.post_notices(work, message)
        return self._keep(work, event, card, card.toast)

    def _refuse(self, work: Work, event: Event, me: Me | None, no: Refused) -> Json:
        """The operation was undone; what was wrong is said, and a living card shows how things stand."""
        event = self._meant(work, _placed(event, me), None)  # nobody: what is refused is not refused once more
        no.settle(work)
        if _denied(event, no):
            log.warning("refused: %s by %s", event.key, me.id if me else "nobody")
            self._note(work, event, me, Outcome.REFUSED, no.subject, why=type(no).__name__)
        if event.on_page:
            return {"refused": no.say}
        if event.in_message is None:
            return self._reply(work, event, me, common.refused(no.say))
        stands = _as_it_stands(work, event.platform, event.in_message.message_id, me)
        return self._keep(work, event, stands, Toast(no.say, "warning"))

    def _apologise(self, work: Work, event: Event, me: Me | None, number: str) -> Json:
        self._note(work, event, me, Outcome.FAILED, "", number=number)
        say = f"系统出了问题，没有生效，请稍后再试。编号 {number}"
        if event.on_page:
            return {"refused": say}
        if event.in_message is None:
            return self._reply(work, event, None, common.failed(number))
        return self._keep(work, event, None, Toast(say, "error"))

    def _note(
        self, work: Work, event: Event, me: Me | None, came_of_it: Outcome, subject: str, **detail: object
    ) -> None:
        """What somebody tried in vain, by a name of ours: what he wrote may be anything."""
        about = subject or f"user:{me.id if me else 0}"
        work.audit(self._router.tried(event) or "event", about, outcome=came_of_it, **detail)

    def _reply(self, work: Work, event: Event, me: Me | None, card: Card) -> Json:
        """Answer words; what is said in the body is remembered with the claim."""
        said = posting.reply(work, event, me, card, self._platforms[event.platform].say)
        if said:
            outbox.keep_answer(work, _key(event), json.dumps(said, ensure_ascii=False))
        return said

    def _keep(self, work: Work, event: Event, card: Card | None, toast: Toast | None) -> Json:
        """The answer to a press, remembered with the claim."""
        platform = self._platforms[event.platform]
        shown = platform.render(card) if card and platform.inline(card) else None
        body = platform.respond(shown, toast or (None if shown else Toast("好的", "info")))
        outbox.keep_answer(work, _key(event), json.dumps(body, ensure_ascii=False))
        return body


def _denied(event: Event, no: Refused) -> bool:
    """Whether a permission was refused: what a card names and is not found belongs to others."""
    return no.denied or (event.press is not None and isinstance(no, NotFound))


def _key(event: Incoming) -> str:
    return f"{event.platform}:{event.key}"


def _anew(event: Event) -> Event:
    """What was refused on a page does not take the place of what is sent after it: only what was taken is once."""
    return replace(event, key=f"{event.key}:{secrets.token_hex(8)}") if event.on_page else event


def _asks_again(event: Event, card: Card) -> bool:
    """Whether the answer to a form is the same form."""
    forms = [part for part in card.body if isinstance(part, Form)]
    sent = event.press.value.get("do") if event.press else None
    return any(form.submit.action.pack()["do"] == sent for form in forms)


def _placed(event: Event, me: Me | None) -> Event:
    """A press does not tell what kind of chat it came from: a person's own chat with us is known."""
    if event.private is not None:
        return event
    return replace(event, private=bool(me and me.private_chat and me.private_chat == event.chat))


def _as_it_stands(work: Work, platform: str, message: str, me: Me | None) -> Card | None:
    """What the living card in this message shows its holder now."""
    copy = outbox.copy_at(work, platform, message)
    if copy is None or me is None or copy.user_id != me.id:
        return None
    kind, _, subject = copy.subject.partition(":")
    try:
        return notices.card(work, kind, int(subject), me) if kind in notices.KINDS and subject.isdigit() else None
    except Refused:  # it is not his to see any more
        return None
