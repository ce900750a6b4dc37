"""Feishu's long connection, which needs no public address: what comes is what comes to the doors (protocol §5)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

from bot.doors import LARGEST_BODY, Dispatch
from bot.feishu import frame as frames
from bot.feishu.client import FeishuClient
from bot.feishu.frame import CONTROL, DATA, Frame
from bot.payload import parse
from bot.platform import Door, Forged, Json, Platform
from bot.stream import Heard, Pace, Stream, alive, answered, as_safe
from models.settings import Settings
from models.work import Works

#: seconds between pings where the platform names none, and the most and fewest that we take from it.
PING, SLOWEST_PING, FASTEST_PING = 120.0, 600.0, 5.0
#: messages in parts that may be under way at once, and the parts of one.
MOST_PARTED, MOST_PARTS = 64, 64
WORKED_ON = ("event", "card")


def stream(
    settings: Settings, works: Works, platform: Platform, dispatch: Dispatch, pace: Pace | None = None
) -> Stream:
    """Feishu's long connection to this app, not yet running."""
    client = FeishuClient(settings.feishu)

    def opened() -> Talk:
        url, config = client.open_stream()
        return Talk(as_safe(url, settings.feishu.api_base), config, platform.doors[0], dispatch)

    return Stream(platform.name, opened, settings.server.threads, alive(works, platform.name), pace)


class Talk:
    """One connection to Feishu; `clock` counts seconds."""

    def __init__(
        self,
        url: str,
        config: Json,
        door: Door,
        dispatch: Dispatch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self._door, self._dispatch, self._clock = door, dispatch, clock
        self._service = _service(url)
        self._parts = Parts()
        self._ping_at, self._every = float("-inf"), PING
        self._configure(config)

    def hear(self, raw: bytes) -> Heard:
        """Raises Forged for what is no frame."""
        try:
            frame = frames.decode(raw)
        except ValueError:
            raise Forged("not a frame", 400) from None
        if frame.method == CONTROL and frame.type == "pong" and frame.payload:
            self._configure(parse(frame.payload))
        if frame.method != DATA or frame.type not in WORKED_ON:
            return Heard()
        whole = self._parts.add(frame)
        return Heard() if whole is None else Heard(work=lambda: self._work(frame, whole))

    def due(self) -> bytes | None:
        """A ping of the platform's own kind, as often as it wants one."""
        if self._clock() < self._ping_at:
            return None
        self._ping_at = self._clock() + self._every
        return frames.encode(Frame(CONTROL, {"type": "ping"}, service=self._service))

    def _configure(self, config: Json) -> None:
        match config.get("PingInterval"):
            case int(seconds):
                self._every = min(max(float(seconds), FASTEST_PING), SLOWEST_PING)

    def _work(self, frame: Frame, payload: bytes) -> bytes:
        """What is pressed comes as `card` or as `event`, by how the app is set up: the content tells them apart."""
        began = self._clock()
        status, answer = answered(self._door, lambda: parse(payload), self._dispatch)
        told: Json = {"code": status}
        if status == 200:
            told["data"] = base64.b64encode(json.dumps(answer, ensure_ascii=False).encode()).decode()
        took = {"biz_rt": str(round((self._clock() - began) * 1000))}
        return frames.encode(replace(frame, headers={**frame.headers, **took}, payload=json.dumps(told).encode()))


@dataclass
class Parts:
    """Messages that came in several frames and are not whole yet, the oldest first."""

    _waiting: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def add(self, frame: Frame) -> bytes | None:
        """The payload once it is whole. Raises Forged for parts that do not fit or are too many."""
        try:
            parts, number = int(frame.headers.get("sum", "1")), int(frame.headers.get("seq", "0"))
        except ValueError:
            raise Forged("not a part", 400) from None
        if parts <= 1:
            return frame.payload
        if not (parts <= MOST_PARTS and 0 <= number < parts):
            raise Forged("a part that does not fit", 400)
        return self._whole(frame.headers.get("message_id", ""), parts, number, frame.payload)

    def _whole(self, message: str, parts: int, number: int, payload: bytes) -> bytes | None:
        there = self._waiting.pop(message, {}) | {number: payload}
        if len(there) == parts:
            return b"".join(there[n] for n in sorted(there))
        if sum(map(len, there.values())) > LARGEST_BODY:
            raise Forged("parts that are too large", 413)
        self._waiting[message] = there
        if len(self._waiting) > MOST_PARTED:
            self._waiting.pop(next(iter(self._waiting)))
        return None


def _service(url: str) -> int:
    """Which service answers, by the address it gave (protocol §5)."""
    named = parse_qs(urlsplit(url).query).get("service_id", [""])[0]
    return int(named) if named.isascii() and named.isdigit() else 0
