"""The gallery's samples of contact data that was asked for."""

from __future__ import annotations

from dataclasses import replace

from cards import customers, privacy, reveals
from cards.samples import HUAXING, ODD, SPARSE, STRANGE, Samples, shown
from models.crm.customers import Person
from models.crm.personal import Held
from models.crm.reveals import Revealed

REVEALED = Revealed(
    HUAXING,
    None,
    (Person("李雷", "采购经理", "决策人", "13800138001", None, "li.lei@example.com", None),),
    (("手机", "13900139002"), ("座机", "021-62785001")),
    29,
)
HELD = Held(
    data=(("手机", 1), ("邮箱", 1)),
    mentioned=(("手机", 2), ("座机", 1)),
    texts=(("客户资料", 1), ("跟进", 12), ("投诉", 1)),
    known=True,
)
NOTHING = Held((), (), (), known=False)
PEOPLE = ((3, "李雷"), (4, "韩梅梅"))


def samples() -> Samples:
    """Every card of this conversation."""
    yield "customers.page.masked", customers.page(replace(SPARSE, hidden=True), shown)
    yield "reveals.card.full", reveals.card(REVEALED)
    yield "reveals.card.nothing", reveals.card(Revealed(HUAXING, None, (), (), 0))
    odd = Person(ODD, ODD, None, ODD, ODD, ODD, ODD)
    yield "reveals.card.nasty", reveals.card(Revealed(STRANGE, ODD, (odd,), (("手机", ODD),), 0))
    yield from _privacy()


def _privacy() -> Samples:
    gone = "已由林总在11-25 10:00擦除，没有留下可擦除的个人信息。"
    yield "privacy.held.much", privacy.held(HUAXING, HELD)
    yield "privacy.held.nothing", privacy.held(HUAXING, NOTHING, gone)
    yield "privacy.ask_export", privacy.ask_export(HUAXING, PEOPLE)
    link = "https://crm.example.com/file/k7qzw3"
    yield "privacy.exported.local", privacy.exported(HUAXING, link, "10:10", local=True)
    yield "privacy.exported.plain", privacy.exported(HUAXING, link, "10:10", local=False)
    yield "privacy.ask_erase.blank", privacy.ask_erase(HUAXING, PEOPLE, {}, {})
    typed = {"whom": "3", "reason": ODD[:100], "number": ODD[:100]}
    wrong = {"客户编号": "请输入 C202611007。"}
    nobody = replace(STRANGE, number=None)
    yield "privacy.ask_erase.nasty", privacy.ask_erase(nobody, ((3, ODD), (4, ODD)), typed, wrong)
    yield "privacy.erased", privacy.erased(HUAXING)
