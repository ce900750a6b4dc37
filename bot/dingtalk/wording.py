"""A card as a message of DingTalk: its buttons say codes, its form is a page of ours, both kept before it goes out."""

from __future__ import annotations

import secrets

from bot.dingtalk.events import NAME
from bot.dingtalk.places import Place, place
from bot.platform import Address, Json
from cards import dingtalk as cards
from cards.kit import Card, Image
from models import codes, forms, links
from models.codes import Offer
from models.work import Work

#: a message that cannot be changed any more is known by its key; a card by the id we give it.
SAID = "said:"
#: what is said in a chat: the kind of message, and what it holds.
Worded = tuple[str, Json]


def offers(card: Json) -> bool:
    """Whether something of this card has to be kept, so that it can be pressed or filled in."""
    return any("buttons" in part or "form" in part for part in card["parts"])


def form_of(card: Json) -> Json | None:
    """The form of this card, as it is kept for its page."""
    return next((each["form"] for each in card["parts"] if "form" in each), None)


def page(work: Work, where: Place, card: Json, message_id: str) -> str | None:
    """The address of the page where the form of this card is filled in, for whoever it is sent to."""
    form = form_of(card)
    if form is None or not where.user:
        return None
    nonce = forms.keep(work, NAME, where.user, where.chat, message_id, form["card"])
    return links.address(work.settings.server, f"/form/{links.token(work.keys, links.FORM, nonce)}")


def worded(work: Work, where: Place, card: Json, key: str) -> Worded:
    """The card as a message that will be known by `key`; what its buttons say is remembered by the codes in it."""
    given: dict[str, Json] = {}

    def code(label: str, value: Json) -> str:
        made = codes.of(key, len(given))
        given[made] = value
        return made

    if where.group:
        kind, said = cards.in_group(card, code, "")
    else:
        address = page(work, where, card, SAID + key)
        kind, said = cards.action_card(card, lambda *of: cards.dtmd(cards.pressed_text(of[0], code(*of))), address)
    codes.keep(work, Offer(NAME, where.chat, SAID + key, card["title"]), given)
    return kind, said


def at_once(work: Work, chat: str, card: Card) -> Json | None:
    """The card as the answer to a message (protocol §1.2); None for one whose picture has to be uploaded first."""
    if any(isinstance(part, Image) for part in card.body):
        return None
    return cards.answer(*worded(work, place(Address("chat", chat)), cards.render(card), secrets.token_hex(16)))
