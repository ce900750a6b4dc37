"""Event: what was said or pressed, by whom, where; nothing platform-shaped."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button. Everything in it was sent by a stranger: only a hint, never authority."""

    value: dict[str, object]
    message_id: str
    form: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a person did on a platform.

    `key` is the same on every redelivery; `private` is None where the platform does not say.
    """

    platform: str
    key: str
    account: str
    chat: str
    private: bool | None
    text: str = ""
    press: Press | None = None
