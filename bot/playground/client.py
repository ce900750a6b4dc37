"""Sending to the playground: a message is a row that the page reads."""

from __future__ import annotations

import json

from bot.platform import Address, Json, SendError, Sent
from models import playground
from models.errors import NotFound
from models.work import Works


class PlaygroundClient:
    """The playground's side of `bot.platform.Client`."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def send(self, to: Address, card: Json, key: str) -> Sent:
        """Show a card once for each key."""
        chat = playground.chat_of(to.id) if to.kind == "account" else to.id
        face = json.dumps(card, ensure_ascii=False)
        return Sent(self._works.perform(lambda work: playground.show(work, chat, face, key)), chat)

    def update(self, message_id: str, card: Json) -> None:
        """Give a card a newer face. Raises SendError when the message is gone."""
        face = json.dumps(card, ensure_ascii=False)
        try:
            self._works.perform(lambda work: playground.change(work, message_id, face))
        except NotFound:
            raise SendError("no such message", "gone") from None
