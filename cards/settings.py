"""The card of one's own settings (X7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import views
from cards.kit import Action, Button, Buttons, Card, Element, Fields, Form, Input, Note, Toast, Warn
from cards.labels import PLATFORMS
from models.crm.named_views import View
from models.crm.preferences import Preferences

KINDS = {"digest": "工作日简报", "morning": "早间卡片"}
HOURLY = {True: "合并，每小时最多一条", False: "立即"}
ANYWHERE = "最近用的"


class Quiet(Action, name="settings.quiet"):
    """Keep the quiet hours of the form."""


class Switch(Action, name="settings.switch"):
    kind: str
    on: int


class Settle(Action, name="settings.settle"):
    platform: str


def settings(
    wants: Preferences,
    platforms: Sequence[str],
    error: str = "",
    toast: str = "",
    subscribed: Sequence[View] = (),
    typed: Mapping[str, str] | None = None,
) -> Card:
    """What one gets, when not, and where; what is wrong with what was typed."""
    hours = f"{wants.quiet_from} 到 {wants.quiet_until}" if wants.quiet_from else "不要"
    where = PLATFORMS.get(wants.platform, ANYWHERE)
    kinds = tuple((label, "收" if getattr(wants, kind) else "不收") for kind, label in KINDS.items())
    body: list[Element] = [Warn(error)] if error else []
    body.append(Fields((("免打扰", hours), *kinds, ("不急的消息", HOURLY[wants.hourly]), ("消息发到", where))))
    body.append(Buttons.of(*(_switch(wants, kind) for kind in KINDS), _hourly(wants), *_places(wants, platforms)))
    hours_typed = {"begins": wants.quiet_from, "ends": wants.quiet_until} if typed is None else typed
    fields = (
        Input("begins", "免打扰从", hours_typed.get("begins", ""), hint="例如 22:00，不要就空着"),
        Input("ends", "到", hours_typed.get("ends", ""), hint="例如 8:00"),
    )
    body.append(Form(fields, Button("保存", Quiet(), "primary")))
    body.append(Note("免打扰的时候，投诉告警、你要的提醒和给你的答复照常来，其余的到点合并成一条来。"))
    body += views.dropping(subscribed)
    return Card(
        "我的设置", tuple(body), "orange" if error else "blue", personal=True, toast=Toast(toast) if toast else None
    )


def _switch(wants: Preferences, kind: str) -> Button:
    on = bool(getattr(wants, kind))
    return Button(f"{'不收' if on else '收'}{KINDS[kind]}", Switch(kind, int(not on)))


def _hourly(wants: Preferences) -> Button:
    label = "不急的也立即发" if wants.hourly else "不急的合并发"
    return Button(label, Switch("hourly", int(not wants.hourly)))


def _places(wants: Preferences, platforms: Sequence[str]) -> list[Button]:
    """Where else messages can go, for whoever is at several platforms."""
    places = {"": ANYWHERE, **{each: PLATFORMS.get(each, each) for each in platforms}}
    if len(platforms) < 2:
        return []
    return [Button(f"发到{label}", Settle(name)) for name, label in places.items() if name != wants.platform]
