"""The gallery's samples of contact data that was asked for."""

from __future__ import annotations

from dataclasses import replace

from cards import customers, reveals
from cards.samples import HUAXING, ODD, SPARSE, STRANGE, Samples, shown
from models.crm.customers import Person
from models.crm.reveals import Revealed

REVEALED = Revealed(
    HUAXING,
    None,
    (Person("李雷", "采购经理", "决策人", "13800138001", None, "li.lei@example.com", None),),
    (("手机", "13900139002"), ("座机", "021-62785001")),
    29,
)


def samples() -> Samples:
    """Every card of this conversation."""
    yield "customers.page.masked", customers.page(replace(SPARSE, hidden=True), shown)
    yield "reveals.card.full", reveals.card(REVEALED)
    yield "reveals.card.nothing", reveals.card(Revealed(HUAXING, None, (), (), 0))
    odd = Person(ODD, ODD, None, ODD, ODD, ODD, ODD)
    yield "reveals.card.nasty", reveals.card(Revealed(STRANGE, ODD, (odd,), (("手机", ODD),), 0))
