"""The senders: claim, render, send, mark. A crash leaves a lease behind that runs out, and another takes over."""

from __future__ import annotations

import datetime as dt
import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from bot.platform import Address, Json, Platform, SendError, Sent
from cards import kit
from models import chats, delivery, outbox
from models.crm import people
from models.delivery import PAUSES, UNKNOWN, Batch, Leased
from models.errors import Unavailable
from models.outbox import TWIN, UPDATABLE, URGE, URGENT, Copy, Lane, Parcel
from models.pace import Outcome, Pace
from models.work import Work, Works

POLL = 1.0
#: what comes back within this many seconds is marked together: a transaction costs as much as a call.
GATHER = 0.02
#: how often marking is tried while the program stops and the database is away.
MARKING_ENDS = 3
#: calls to one platform that are under way at once in a process.
AT_ONCE = 8
#: what is sent again when nobody knows whether it arrived, and how such a repetition begins. What is not an alert or an
#: answer is given up then: once at most (design §2, delivery classes).
REPEATED = {Lane.ALERT, Lane.ANSWER}
AGAIN = "（重发）"
log = logging.getLogger(__name__)


class Moved(Exception):
    """The message belongs to the senders of another platform, or to nobody yet."""

    def __init__(self, platform: str) -> None:
        super().__init__(platform)
        self.platform = platform


class NotCalled(SendError):
    """It did not come to the call: this says nothing of the platform."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a message: how to mark it, and what it tells of the platform; nothing where it was not called."""

    row: Leased
    mark: Callable[[Work], None]
    outcome: Outcome | None = None
    after: float | None = None


class Sender:
    """Delivers what the outbox promises on one platform, through its client, within its limits."""

    def __init__(self, works: Works, platform: Platform) -> None:
        self._works, self._platform = works, platform
        self._done: SimpleQueue[Done] = SimpleQueue()
        self._news = works.wake.waiter()
        self._under_way = 0

    def run(self, stop: threading.Event) -> None:
        """Send until `stop`, several messages at once; a database that is away is waited for."""
        name = f"sender-{self._platform.name}"
        failed = 0
        with ThreadPoolExecutor(AT_ONCE, name) as pool:
            while not stop.is_set() or self._under_way:
                self._news.clear()
                try:
                    batch = self._turn(0 if stop.is_set() else AT_ONCE)
                except Exception as fault:
                    _complain(fault)
                    failed += 1
                    if stop.is_set() and failed > MARKING_ENDS:
                        break  # what came back is not marked: its lease runs out
                    time.sleep(POLL)
                    continue
                for row in batch.rows:
                    pool.submit(self._call, row)
                if self._under_way:
                    time.sleep(GATHER)
                if not batch.rows and self._done.empty():
                    self._news.wait(POLL if batch.wait is None else min(POLL, batch.wait))

    def drain(self) -> int:
        """Send what is due until nothing is left, one after the other; returns how many messages that were."""
        count = 0
        while (batch := self._turn(1)).rows or batch.wait == 0:
            for row in batch.rows:
                self._call(row)
                count += 1
        return count

    def _turn(self, at_once: int) -> Batch:
        """One transaction: mark what came back and claim what is next, so that so many are under way."""
        done = self._finished()
        most = max(0, at_once - self._under_way + len(done))
        if not done and not (most and self._anything()):
            return Batch([])
        calls = self._platform.client.billed.take()
        try:
            batch = self._works.perform(lambda work: self._marked(work, done, most, calls), channel="sender")
        except Exception as fault:
            self._platform.client.billed.add(calls)
            if len(done) > 1 and not isinstance(fault, Unavailable):
                return self._one_by_one(done)
            self._not_marked(done, fault)
            raise
        self._under_way += len(batch.rows) - len(done)
        return batch

    def _one_by_one(self, done: list[Done]) -> Batch:
        """One of several cannot be marked: the others are, and it alone is given up."""
        for each in done:
            try:
                self._mark_alone(each)
            except Exception as fault:
                self._not_marked([each], fault)
        return Batch([])

    def _mark_alone(self, done: Done) -> None:
        self._works.perform(lambda work: self._marked(work, [done], 0, 0), channel="sender")
        self._under_way -= 1

    def _not_marked(self, done: list[Done], fault: Exception) -> None:
        """While the database is away, marks are kept; one that fails by itself is given up, and the queue moves on."""
        for each in done:
            self._done.put(each if isinstance(fault, Unavailable) else _unmarkable(each.row, fault))

    def _finished(self) -> list[Done]:
        done = list[Done]()
        try:
            while True:
                done.append(self._done.get_nowait())
        except Empty:
            return done

    def _anything(self) -> bool:
        """A look without the write lock, so that idle senders stand in nobody's way."""
        with self._works.read() as work:
            return delivery.anything_due(work, self._platform.name)

    def _marked(self, work: Work, done: list[Done], most: int, calls: int) -> Batch:
        platform, month = self._platform, delivery.month(work)
        pace = delivery.pace_of(work, platform.name)
        for each in done:
            each.mark(work)
            self._learn(work, pace, each)
        pace.spend(month, calls)
        lowest = Lane.ANSWER if pace.tight(month, platform.monthly) else Lane.DIGEST
        batch = delivery.lease(work, platform.name, most, pace=pace, limits=platform.limits, lowest=lowest)
        delivery.keep_pace(work, platform.name, pace)
        return batch

    def _learn(self, work: Work, pace: Pace, done: Done) -> None:
        if done.outcome is None:
            pace.untried()
        elif pace.learn(done.outcome, work.real.timestamp(), to=done.row.to, after=done.after):
            log.warning("%s answers again", self._platform.name)
            delivery.resume(work, self._platform.name)
        if pace.broken:  # from now on that decides when somebody tries, not the pauses of single messages
            delivery.sooner(work, done.row, dt.datetime.fromtimestamp(pace.rests_until, dt.UTC))

    # --- one message ---

    def _call(self, row: Leased) -> None:
        self._done.put(self._deliver(row))
        self._news.set()

    def _deliver(self, row: Leased) -> Done:
        """Send one message; returns what became of it."""
        if row.expires_at <= self._works.clock():
            return Done(row, lambda work: delivery.expired(work, row))
        try:
            sent = self._send(row)
        except Moved as to:
            where = to.platform
            return Done(row, lambda work: delivery.moved(work, row, where))
        except SendError as no:
            return self._put_off(row, no)
        except Unavailable as away:
            return self._put_off(row, NotCalled(str(away)))
        except Exception as fault:
            log.exception("message %d cannot be sent", row.id)
            return self._put_off(row, NotCalled(type(fault).__name__, "never"))
        return Done(row, lambda work: _arrived(work, row, sent), "sent")

    def _send(self, row: Leased) -> Sent:
        """Render and send; an update that came too late goes out anew. Raises Moved, SendError."""
        with self._works.read() as work:
            copy = outbox.copy_by_id(work, row.card_message_id) if row.card_message_id else None
            accounts = people.accounts(work, row.user_id) if row.user_id else []
        account, message = dict(accounts).get(row.platform, ""), self._standing(row, copy)
        card = kit.loads(row.card)
        if row.kind == URGE:
            return self._ring(row, Address("account", account), card.title)
        if message is not None:
            self._stays(copy)
            try:
                self._platform.client.update(message, self._face(row, card), Address("account", account))
                return Sent(message, "")
            except SendError as no:
                if no.kind not in ("gone", "fixed"):
                    raise
                if copy and self._outlived(copy):
                    return Sent(message, "")  # of what cannot change only the newest is followed by a message
                card = kit.outcome(card) if no.kind == "fixed" else card
        to = Address("chat", row.chat) if row.chat else Address("account", account)
        if not to.id and row.kind == TWIN:
            raise NotCalled("he is not there any more", "never")
        if not to.id:
            raise Moved(next((name for name, _ in accounts if self._works.serves(name)), ""))
        face = self._face(row, replace(card, title=AGAIN + card.title) if row.doubtful else card)
        return self._platform.client.send(to, face, row.token)

    def _outlived(self, copy: Copy) -> bool:
        with self._works.read() as work:
            return outbox.outlived(work, copy, self._platform.name)

    def _ring(self, row: Leased, to: Address, words: str) -> Sent:
        """Let a message that has arrived ring. The claim stands before the call: it rings once at most (F2)."""
        if row.attempts > 1 and not row.error:
            raise NotCalled("nobody knows whether it rang", "never")
        if row.message_id and to.id:
            self._platform.client.urge(row.message_id, to, words)
        return Sent(row.message_id or "", "")

    def _face(self, row: Leased, card: kit.Card) -> Json:
        """What the platform is given, just before the call.

        A sender that froze until then, in delivery time, leaves the message to whoever took over. Raises SendError.
        """
        face = self._platform.render(card)
        if row.lease_until <= self._works.clock():
            raise NotCalled("its lease ran out", "later", 0)
        return face

    def _stays(self, copy: Copy | None) -> None:
        """A change of a card goes where the card is. Raises Moved."""
        if copy and copy.platform != self._platform.name:
            raise Moved(copy.platform)

    def _standing(self, row: Leased, copy: Copy | None) -> str | None:
        """The message an update goes to; None where the card has to be sent."""
        if not row.update:
            return None
        if copy is None:
            return row.message_id
        fresh = copy.sent_at is not None and copy.sent_at > self._works.clock() - UPDATABLE
        return copy.message_id if fresh else None

    def _put_off(self, row: Leased, no: SendError) -> Done:
        log.warning("message %d (%s): %s, %s", row.id, row.kind, no, no.kind)
        unknown = no.kind == "unknown"
        why = f"{UNKNOWN if unknown or row.doubtful else ''}{no}"
        told = (None if isinstance(no, NotCalled) else no.outcome, no.after)
        if no.closed and not row.update:
            return Done(row, lambda work: _shut(work, row, why), *told)
        if no.kind == "never" or (unknown and (row.lane not in REPEATED or row.kind == URGE)):
            return Done(row, lambda work: delivery.dead(work, row, why), *told)
        pause = no.after if no.after is not None else PAUSES[min(row.attempts, len(PAUSES)) - 1]
        later = self._works.clock() + dt.timedelta(seconds=pause * random.uniform(1, 1.3))  # noqa: S311 (jitter)
        return Done(row, lambda work: delivery.postpone(work, row, later, why), *told)


def _unmarkable(row: Leased, fault: Exception) -> Done:
    log.error("message %d cannot be marked", row.id, exc_info=fault)
    return Done(row, lambda work: delivery.dead(work, row, "cannot be marked"))


def _arrived(work: Work, row: Leased, sent: Sent) -> None:
    if delivery.sent(work, row, sent.message_id, sent.chat) and row.kind == URGENT:
        ring = Parcel(URGE, row.card, f"urge:{row.id}", Lane.ALERT, row.platform, user_id=row.user_id)
        outbox.enqueue(work, replace(ring, message_id=sent.message_id))


def _shut(work: Work, row: Leased, why: str) -> None:
    """Nothing is taken there any more: a chat's message is given up, a person's goes to another account of his."""
    if row.chat or row.user_id is None:
        chats.closed(work, row.platform, row.chat)
        return delivery.dead(work, row, why)
    for platform, account in people.accounts(work, row.user_id):
        if platform == row.platform:
            chats.closed(work, platform, account)
            outbox.forget_copies(work, row.user_id, platform)
    if row.kind == TWIN:
        return delivery.dead(work, row, why)
    delivery.moved(work, row, people.reach(work, row.user_id))


def _complain(fault: Exception) -> None:
    if isinstance(fault, Unavailable):
        log.warning("sending waits for the database: %s", fault)
    else:
        log.error("sending failed", exc_info=fault)
