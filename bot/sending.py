"""The sender: claim, render, send, mark. A crash leaves a lease behind that runs out, and another takes over."""

from __future__ import annotations

import datetime as dt
import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.platform import Address, Json, Platform, SendError, Sent
from cards import kit
from models import outbox
from models.crm import people
from models.errors import Unavailable
from models.outbox import PAUSES, UNKNOWN, UPDATABLE, Copy, Lane, Leased
from models.work import Work, Works

POLL = 1.0
#: how soon somebody without an account is looked for again; binding sends what waits at once.
UNREACHABLE = 600.0
#: what is sent again when nobody knows whether it arrived, and how such a repetition begins. What is not an alert or an
#: answer is given up then: once at most (design §2, delivery classes).
REPEATED = {Lane.ALERT, Lane.ANSWER}
AGAIN = "（重发）"
log = logging.getLogger(__name__)
Mark = Callable[[Work], None]


class Sender:
    """Delivers what the outbox promises, through the platforms' clients."""

    def __init__(self, works: Works, platforms: Mapping[str, Platform]) -> None:
        self._works, self._platforms = works, platforms

    def run(self, stop: threading.Event) -> None:
        """Send until `stop`; a database that is away is waited for."""
        while not stop.is_set():
            try:
                self.drain(stop)
            except Unavailable as away:
                log.warning("sending waits for the database: %s", away)
            except Exception:
                log.exception("sending failed")
            self._works.wake.wait(POLL)

    def drain(self, stop: threading.Event | None = None) -> int:
        """Send what is due until nothing is left; returns how many messages that were."""
        count, mark = 0, None
        while row := self._turn(mark, more=not (stop and stop.is_set())):
            mark = self._deliver(row)
            count += 1
        return count

    def _turn(self, mark: Mark | None, *, more: bool) -> Leased | None:
        """One transaction a message: mark the last one and claim the next."""
        if mark is None and not (more and self._anything()):
            return None

        def task(work: Work) -> Leased | None:
            if mark is not None:
                mark(work)
            return next(iter(outbox.lease(work, 1)), None) if more else None

        return self._works.perform(task, channel="sender")

    def _anything(self) -> bool:
        """A look without the write lock, so that idle senders stand in nobody's way."""
        with self._works.read() as work:
            return outbox.anything_due(work)

    def _deliver(self, row: Leased) -> Mark:
        """Send one message; returns how to mark what became of it."""
        if row.expires_at <= self._works.clock():
            return lambda work: outbox.dead(work, row, "expired")
        try:
            platform, sent = self._send(row)
        except SendError as no:
            return self._put_off(row, no)
        except Unavailable:
            raise
        except Exception as fault:
            log.exception("message %d cannot be sent", row.id)
            return self._put_off(row, SendError(type(fault).__name__, "never"))
        return lambda work: outbox.sent(work, row, platform, sent.message_id, sent.chat)

    def _send(self, row: Leased) -> tuple[str, Sent]:
        """Render for the platform the person uses and send; an update that came too late goes out anew."""
        with self._works.read() as work:
            copy = outbox.copy_by_id(work, row.card_message_id) if row.card_message_id else None
            accounts = people.accounts(work, row.user_id) if row.user_id else []
        message = self._standing(row, copy)
        card = kit.loads(row.card)
        if message is not None:
            name = copy.platform if copy else row.platform
            to = Address("account", dict(accounts).get(name, ""))
            try:
                platform, face = self._face(row, name, card)
                platform.client.update(message, face, to)
                return name, Sent(message, "")
            except SendError as no:
                if no.kind not in ("gone", "fixed"):
                    raise
                card = kit.outcome(card) if no.kind == "fixed" else card
        name, to = self._address(row, accounts)
        platform, face = self._face(row, name, replace(card, title=AGAIN + card.title) if row.doubtful else card)
        return name, platform.client.send(to, face, row.token)

    def _face(self, row: Leased, name: str, card: kit.Card) -> tuple[Platform, Json]:
        """The platform and what it is given, just before the call.

        A sender that froze until then, in delivery time, leaves the message to whoever took over. Raises SendError.
        """
        platform = self._platforms[name]
        face = platform.render(card)
        if row.lease_until <= self._works.clock():
            raise SendError("its lease ran out", "later", 0)
        return platform, face

    def _standing(self, row: Leased, copy: Copy | None) -> str | None:
        """The message an update goes to; None where the card has to be sent."""
        if not row.update:
            return None
        if copy is None:
            return row.message_id
        fresh = copy.sent_at is not None and copy.sent_at > self._works.clock() - UPDATABLE
        return copy.message_id if fresh else None

    def _address(self, row: Leased, accounts: list[tuple[str, str]]) -> tuple[str, Address]:
        if row.chat and row.platform in self._platforms:
            return row.platform, Address("chat", row.chat)
        for platform, account in accounts:
            if platform in self._platforms:
                return platform, Address("account", account)
        raise SendError("no account bound", "later", UNREACHABLE)

    def _put_off(self, row: Leased, no: SendError) -> Mark:
        log.warning("message %d (%s): %s, %s", row.id, row.kind, no, no.kind)
        unknown = no.kind == "unknown"
        why = f"{UNKNOWN if unknown or row.doubtful else ''}{no}"
        if no.kind == "never" or (unknown and row.lane not in REPEATED):
            return lambda work: outbox.dead(work, row, why)
        pause = no.after if no.after is not None else PAUSES[min(row.attempts, len(PAUSES)) - 1]
        later = self._works.clock() + dt.timedelta(seconds=pause * random.uniform(1, 1.3))  # noqa: S311 (jitter)
        return lambda work: outbox.postpone(work, row, later, why)
