"""Feishu's side of the long connection: who is let in, frames whole and in parts, and their answers (section 5)."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from standins.feishu_api import FeishuApi, Refusal
from standins.feishu_frame import CONTROL, DATA, packed, unpacked
from standins.feishu_says import Request
from standins.gateway import Connection, Gateway

JSON = dict[str, Any]
SERVICE = 33554678


@dataclass(frozen=True, slots=True)
class Ack:
    """How a frame was answered; the data is what a webhook would get as its body."""

    code: int
    data: JSON | None


class FeishuGateway(Gateway):
    """Long connections to the app of `api`. `losing`: answers get lost, and the connection with them.

    `ping_seconds` is how often the client is asked to ping; `parts` in how many frames a message comes. `on_ack` is
    called with the id of a message in the moment its answer arrives.
    """

    def __init__(self, api: FeishuApi, ping_seconds: int = 120) -> None:
        super().__init__()
        self._api = api
        api.gateway = self.open
        self.losing, self.ping_seconds, self.parts = False, ping_seconds, 1
        self.on_ack: Callable[[str], None] = lambda message_id: None
        self.opened = self.frame_pings = 0
        self._keys: set[str] = set()
        self._acks: dict[str, Ack] = {}
        self._asked: dict[str, dict[str, str]] = {}

    # --- getting in ---

    def open(self, body: JSON) -> JSON:
        """POST /callback/ws/endpoint. Raises Refusal."""
        if body != {"AppID": self._api.app_id, "AppSecret": self._api.app_secret}:
            raise Refusal(1000040344, "app_id or app_secret is invalid")
        key = secrets.token_urlsafe(8)
        with self.changed:
            self.opened += 1
            self._keys.add(key)
        query = f"device_id={secrets.randbelow(10**9)}&access_key={key}&service_id={SERVICE}&ticket={key}"
        return {"data": {"URL": f"{self.url}/ws/v2?{query}", "ClientConfig": self._config()}}

    def _config(self) -> JSON:
        again = {"ReconnectCount": -1, "ReconnectInterval": 120, "ReconnectNonce": 30}
        return {**again, "PingInterval": self.ping_seconds}

    def admits(self, path: str) -> bool:
        (key,) = parse_qs(urlsplit(path).query).get("access_key", [""])
        with self.changed:
            known = key in self._keys
            self._keys.discard(key)
        return known

    # --- frames ---

    def deliver(self, request: Request, kind: str = "event") -> Ack:
        """What a webhook would get, unsealed, over the newest connection; how it was answered."""
        return self.answer(self.send(request.body, kind))

    def send(self, payload: bytes, kind: str = "event") -> str:
        """Send a message without waiting for its answer; its id."""
        message_id = secrets.token_hex(8)
        size = -(-len(payload) // self.parts)
        for number in range(self.parts):
            headers = {"type": kind, "message_id": message_id, "trace_id": "t", "sum": str(self.parts)}
            headers["seq"] = str(number)
            self._asked[message_id] = headers
            part = payload[number * size :][:size]
            self.living[-1].send(packed(DATA, headers, part, SERVICE, payload_type="json", LogIDNew="0123"))
        return message_id

    def answer(self, message_id: str, seconds: float = 10.0) -> Ack:
        self.wait(lambda: message_id in self._acks, f"the answer to {message_id}", seconds)
        return self._acks[message_id]

    def answered(self, message_id: str) -> bool:
        return message_id in self._acks

    def heard(self, connection: Connection, message: bytes) -> None:
        try:
            frame = unpacked(message)
        except ValueError as no:
            self.problems.append(str(no))
            return
        headers = {pair.key: pair.value for pair in frame.headers}
        if frame.service != SERVICE:
            self.problems.append(f"service {frame.service}")
        if frame.method == CONTROL and headers == {"type": "ping"}:
            self._pong(connection)
        else:
            self._taken(connection, frame, headers)

    def _pong(self, connection: Connection) -> None:
        with self.changed:
            self.frame_pings += 1
            self.changed.notify_all()
        connection.send(packed(CONTROL, {"type": "pong"}, json.dumps(self._config()).encode(), SERVICE))

    def _taken(self, connection: Connection, frame: Any, headers: dict[str, str]) -> None:
        """An answer bears the numbers and headers of what it answers, and how long it took."""
        of, told = headers.get("message_id", ""), json.loads(frame.payload)
        took, numbers = headers.pop("biz_rt", ""), (frame.method, frame.SeqID, frame.LogID, frame.LogIDNew)
        if headers | {"seq": ""} != self._asked.get(of, {}) | {"seq": ""} or numbers != (DATA, 7, 2**63 + 1, "0123"):
            self.problems.append(f"not an answer to what was asked: {frame}")
        if not took.isdigit() or not isinstance(told.get("code"), int) or told.keys() - {"code", "headers", "data"}:
            self.problems.append(f"not an answer: {told}, {took!r} ms")
        self.on_ack(of)
        if self.losing:
            connection.cut()
            return
        data = json.loads(base64.b64decode(told["data"], validate=True)) if "data" in told else None
        with self.changed:
            self._acks[of] = Ack(told["code"], data)
            self.changed.notify_all()
