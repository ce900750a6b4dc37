"""DingTalk's long connection, which needs no public address: what comes is what comes to the doors (protocol §5)."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.dingtalk import CARDS, EVENTS, ROBOT, events
from bot.dingtalk.client import DingTalkClient
from bot.doors import Dispatch
from bot.event import Event, Incoming
from bot.payload import parse
from bot.platform import Forged, Json, Platform, SendError
from bot.stream import Heard, Pace, Stream, alive, answered, as_safe
from models.settings import Settings
from models.work import Works

log = logging.getLogger(__name__)

#: what comes as a callback, and the door whose payload it is.
CALLBACKS = {"/v1.0/im/bot/messages/get": ROBOT, "/v1.0/card/instances/callback": CARDS}
SUBSCRIPTIONS: list[Json] = [
    {"type": "EVENT", "topic": "*"},
    *({"type": "CALLBACK", "topic": topic} for topic in CALLBACKS),
]
DISCONNECT = "disconnect"


def stream(
    settings: Settings, works: Works, platform: Platform, dispatch: Dispatch, pace: Pace | None = None
) -> Stream:
    """DingTalk's long connection to this app, not yet running."""
    client = DingTalkClient(settings.dingtalk, works)

    def say_at_once(payload: Json, said: Json) -> None:
        """Where a webhook answers a message in its own answer, a long connection has to say it in the chat."""
        door = events.reply_door(payload, settings.dingtalk.oapi_base)
        try:
            if door is not None:
                client.answer(door.url, said)
        except SendError as no:
            log.warning("an answer was not taken: %s", no)

    def opened() -> Talk:
        url = as_safe(client.open_stream(SUBSCRIPTIONS), settings.dingtalk.api_base)
        return Talk(url, platform, dispatch, say_at_once)

    return Stream(platform.name, opened, settings.server.threads, alive(works, platform.name), pace)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as it came: `topic` and `kind` of event stand in its headers, `data` is JSON in a text."""

    type: str
    topic: str
    kind: str
    message_id: str
    data: str

    @classmethod
    def read(cls, raw: bytes) -> Frame:
        """Raises Forged for what is none."""
        match parse(raw):
            case {"type": str(type), "headers": {"topic": str(topic), "messageId": str(message_id), **more}, **rest}:
                return cls(type, topic, str(more.get("eventType") or ""), message_id, str(rest.get("data") or ""))
        raise Forged("not a frame", 400)

    def answer(self, code: int, data: str) -> str:
        headers = {"messageId": self.message_id, "contentType": "application/json"}
        message = "OK" if code == 200 else "not taken"
        return json.dumps({"code": code, "headers": headers, "message": message, "data": data}, ensure_ascii=False)


class Talk:
    """One connection to DingTalk. `say_at_once` gets a message's payload and what to say in its chat."""

    def __init__(
        self,
        url: str,
        platform: Platform,
        dispatch: Dispatch,
        say_at_once: Callable[[Json, Json], None],
    ) -> None:
        self.url = url
        self._doors = {door.path: door for door in platform.doors}
        self._dispatch, self._say_at_once = dispatch, say_at_once

    def hear(self, raw: bytes) -> Heard:
        """Raises Forged for what is no frame."""
        frame = Frame.read(raw)
        match frame.type:
            case "SYSTEM":  # a ping wants its data back; everything else is content with any answer
                return Heard(say=frame.answer(200, frame.data), ends=frame.topic == DISCONNECT)
            case "EVENT":
                return Heard(work=lambda: self._event(frame))
            case "CALLBACK" if frame.topic in CALLBACKS:
                return Heard(work=lambda: self._callback(frame, CALLBACKS[frame.topic]))
        return Heard(say=frame.answer(404, "{}"))

    def due(self) -> None:
        """DingTalk pings us."""

    def _event(self, frame: Frame) -> str:
        """What the subscription delivers; its kind, which the webhook has in the payload, stands in the headers."""
        status, _ = answered(self._doors[EVENTS], lambda: parse(frame.data) | {"EventType": frame.kind}, self._dispatch)
        verdict = "LATER" if status >= 500 else "SUCCESS"  # what is damaged is so the next time as well
        return frame.answer(200, json.dumps({"status": verdict, "message": ""}))

    def _said(self, event: Incoming) -> Json:
        """The platform shows nobody what it is answered here (protocol §5): a message's answer has to be sent.

        What is given back was said where the same message came in first, by the webhook.
        """
        answer = self._dispatch(replace(event, at_once=False) if isinstance(event, Event) else event)
        return {} if isinstance(event, Event) and event.in_message is None else answer

    def _callback(self, frame: Frame, path: str) -> str:
        status, answer = answered(self._doors[path], lambda: parse(frame.data), self._said)
        if status != 200:
            return frame.answer(status, "{}")
        if path == ROBOT and answer:
            self._say_at_once(parse(frame.data), answer)
        return frame.answer(200, json.dumps({"response": answer}, ensure_ascii=False))
