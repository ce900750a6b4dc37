"""Sending to the playground: a message is a row that the page reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from bot.platform import Address, Json, SendError, Sent, Tally
from models import playground, playground_faults
from models.errors import NotFound
from models.playground_faults import TOKEN, Failing
from models.work import Work, Works

#: how long a platform that is down asks its callers to wait, in seconds.
DOWN_FOR = 2.0
R = TypeVar("R")


def _later(no: Failing) -> SendError:
    return SendError(f"playground: {no.name}", "later", DOWN_FOR)


class PlaygroundClient:
    """The playground's side of `bot.platform.Client`."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self.billed = Tally()

    def send(self, to: Address, card: Json, key: str) -> Sent:
        """Show a card once for each key."""
        chat = playground.chat_of(to.id) if to.kind == "account" else to.id
        face = json.dumps(card, ensure_ascii=False)
        return Sent(self._call(lambda work: playground.show(work, chat, face, key)), chat)

    def update(self, message_id: str, card: Json, to: Address | None = None) -> None:
        """Give a card a newer face. Raises SendError when the message is gone."""
        face = json.dumps(card, ensure_ascii=False)
        try:
            self._call(lambda work: playground.change(work, message_id, face))
        except NotFound:
            raise SendError("no such message", "gone") from None

    def urge(self, message_id: str, to: Address, words: str) -> None:
        """Nobody's phone rings here."""

    def _call(self, act: Callable[[Work], R]) -> R:
        """As a real platform would be called: a refused token is renewed once. Raises SendError for an outage."""
        try:
            return self._ask(act)
        except Failing as no:
            if no.name != TOKEN:
                raise _later(no) from None
        self._works.perform(playground_faults.renew)
        try:
            return self._ask(act)
        except Failing as no:
            raise _later(no) from None

    def _ask(self, act: Callable[[Work], R]) -> R:
        def asked(work: Work) -> R:
            playground_faults.check(work)
            return act(work)

        return self._works.perform(asked)
