"""DingTalk's side of the long connection: tickets, frames and their answers, as strict as the protocol (section 5)."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_company import Refusal
from standins.dingtalk_says import Request
from standins.gateway import Connection, Gateway

JSON = dict[str, Any]
TICKET_SECONDS = 90.0
ROBOT, CARDS = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"
TOPICS = {"robot": ROBOT, "cards": CARDS}
WANTED = {("EVENT", "*"), ("CALLBACK", ROBOT), ("CALLBACK", CARDS)}


@dataclass(frozen=True, slots=True)
class Ack:
    """How a frame was answered."""

    code: int
    data: JSON


class DingTalkGateway(Gateway):
    """Long connections to one app of `api`. `losing`: answers get lost, and the connection with them.

    `on_ack` is called with the id of a frame in the moment its answer arrives.
    """

    def __init__(self, api: DingTalkApi) -> None:
        super().__init__()
        self._api = api
        api.gateway = self.open
        self.losing = False
        self.on_ack: Callable[[str], None] = lambda message_id: None
        self.opened = self.refused = 0
        self._tickets: dict[str, float] = {}
        self._expired = 0
        self._acks: dict[str, Ack] = {}

    def expire(self, tickets: int) -> None:
        """The next tickets are given out too late to be used."""
        self._expired = tickets

    # --- getting in ---

    def open(self, body: JSON) -> JSON:
        """POST /v1.0/gateway/connections/open. Raises Refusal."""
        if (body.get("clientId"), body.get("clientSecret")) != (self._api.client_id, self._api.client_secret):
            raise Refusal("authFailed", "鉴权失败", 401)
        asked = {(each.get("type"), each.get("topic")) for each in body.get("subscriptions", ())}
        if asked != WANTED or body.keys() - {"clientId", "clientSecret", "subscriptions", "ua", "localIp"}:
            self.problems.append(f"open: {body}")
        ticket = secrets.token_urlsafe(16) + "+/="  # has to be quoted
        with self.changed:
            self.opened += 1
            self._tickets[ticket] = time.monotonic() + (TICKET_SECONDS if not self._expired else -1)
            self._expired = max(0, self._expired - 1)
        return {"endpoint": f"{self.url}/connect", "ticket": ticket}

    def admits(self, path: str) -> bool:
        """A ticket is good once, and for a while."""
        asked = urlsplit(path)
        (ticket,) = parse_qs(asked.query).get("ticket", [""])
        with self.changed:
            good = asked.path == "/connect" and self._tickets.pop(ticket, 0.0) > time.monotonic()
            self.refused += not good
            self.changed.notify_all()
        return good

    # --- frames ---

    def deliver(self, request: Request) -> Ack:
        """What a webhook would get, over the newest connection; how it was answered.

        A card that calls back by HTTP has its presses signed, and they never come this way.
        """
        assert "x-ddpaas-signature" not in request.headers
        return self.answer(self.send("CALLBACK", TOPICS[request.door], json.loads(request.body)))

    def event(self, kind: str, data: JSON) -> Ack:
        """An event of the subscription, whose kind stands in the headers."""
        return self.answer(self.send("EVENT", "*", data, eventType=kind, eventId=secrets.token_hex(8)))

    def system(self, topic: str, data: JSON) -> Ack:
        return self.answer(self.send("SYSTEM", topic, data))

    def send(self, kind: str, topic: str, data: JSON, **headers: str) -> str:
        """Send a frame without waiting for its answer; its id."""
        message_id, frame = self.frame(kind, topic, data, **headers)
        self.living[-1].send(frame)
        return message_id

    def frame(self, kind: str, topic: str, data: JSON, **headers: str) -> tuple[str, str]:
        """A frame's id, and the frame as it travels."""
        message_id = secrets.token_hex(8)
        about = {"topic": topic, "messageId": message_id, "contentType": "application/json", "time": "1718000000000"}
        frame = {
            "specVersion": "1.0",
            "type": kind,
            "time": 1718000000000,
            "headers": about | headers,
            "data": json.dumps(data, ensure_ascii=False),
        }
        return message_id, json.dumps(frame, ensure_ascii=False)

    def answer(self, message_id: str, seconds: float = 10.0) -> Ack:
        """The answer to a frame."""
        self.wait(lambda: message_id in self._acks, f"the answer to {message_id}", seconds)
        return self._acks[message_id]

    def answered(self, message_id: str) -> bool:
        return message_id in self._acks

    def heard(self, connection: Connection, message: bytes) -> None:
        match json.loads(message):
            case {"code": int(code), "message": str(), "data": str(data), "headers": {"messageId": str(of), **more}}:
                if more != {"contentType": "application/json"}:
                    self.problems.append(f"headers of an answer: {more}")
                self._taken(connection, of, Ack(code, json.loads(data)))
            case other:
                self.problems.append(f"not an answer: {other}")

    def _taken(self, connection: Connection, of: str, ack: Ack) -> None:
        self.on_ack(of)
        if self.losing:
            connection.cut()
            return
        with self.changed:
            self._acks[of] = ack
            self.changed.notify_all()
