"""The card with contact data in clear, for one person who asked for it."""

from __future__ import annotations

from cards.kit import Action, Button, Card, Element, Fields, Note, Text, Toast
from models.crm.reveals import Revealed


class Reveal(Action, name="contact.reveal"):
    """查看联系方式 of a customer."""

    customer: int


class RevealComplaint(Action, name="contact.reveal_complaint"):
    """查看联系方式 of who complains: whoever may see the complaint may ask."""

    complaint: int


def button(action: Reveal | RevealComplaint) -> Button:
    """What opens the card."""
    return Button("查看联系方式", action)


def card(seen: Revealed) -> Card:
    """A message of its own, so that no other card keeps what is in it."""
    people: list[Element] = [
        Fields.of(
            ("联系人", " · ".join(filter(None, (each.name, each.position)))),
            ("手机", each.mobile),
            ("电话", each.phone),
            ("邮箱", each.email),
            ("微信", each.wechat),
        )
        for each in seen.contacts
    ]
    facts = Fields.of(("客户", seen.customer.name), ("身份证号", seen.id_number))
    texts: list[Element] = [Text("文字里提到的："), Fields.of(*seen.mentioned)] if seen.mentioned else []
    note = Note(f"这次查看已记入审计日志，今天还可以看 {seen.left} 次。请不要转发。")
    body = (facts, *people, *texts, note)
    return Card(f"联系方式 · {seen.customer.name}", body, personal=True, anew=True, toast=Toast("已发给你"))
