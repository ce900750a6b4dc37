"""What we hold about a person: a contact of a company, or a customer who is one (P7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from models.crm.access import CustomerRef
from models.errors import NotFound
from models.tables import Complaint, Contact, Customer, FollowUp, PrivateValue, Requirement, Review, Survey
from models.tables import Kind as CustomerKind
from models.text import erased, private
from models.text.erased import Traces, forms
from models.text.private import LABELS
from models.work import Work

#: what people wrote in their own words, by column; all else of these tables is a date, an amount, or short.
TEXTS: Mapping[Any, Mapping[str, str]] = {
    Requirement: {
        "product": "产品需求",
        "needed_by": "采购时间",
        "pain_points": "痛点",
        "current_solution": "现有方案",
        "decision_process": "决策流程",
    },
    FollowUp: {"content": "内容", "feedback": "客户反馈", "next_step": "下一步"},
    Review: {"reason": "退回原因"},
    Complaint: {"content": "内容", "problem": "问题核心", "late_reason": "超时原因"},
    Survey: {"comment": "留言"},
}
OWN_TEXTS: Mapping[str, str] = {
    "main_business": "主营业务",
    "registered_address": "注册地址",
    "cooperation_intent": "合作意向",
    "special_needs": "特殊要求",
    "remarks": "备注",
}
RECORDS: Mapping[Any, str] = {
    Requirement: "需求",
    FollowUp: "跟进",
    Review: "审核",
    Complaint: "投诉",
    Survey: "满意度问卷",
}
#: the columns that tell who a contact is, and how he is reached; the indexes beside them go with them.
REACHED = {"mobile": "手机", "phone": "座机", "email": "邮箱", "wechat": "微信号"}
ABOUT = {"position": "职位", "decision_role": "决策角色", "preferred_channel": "沟通渠道", "preferred_time": "方便时间"}
#: where a customer who is a person lives; province and city stay, they are counted.
PLACES = {"district": "区县", "address": "地址"}

ONE = select(Customer).where(Customer.id == bindparam("customer"))
LOCKED = ONE.with_for_update()
CONTACTS = select(Contact).where(Contact.customer_id == bindparam("customer")).order_by(Contact.id)
VALUES = (
    select(PrivateValue)
    .where(PrivateValue.customer_id == bindparam("customer"), PrivateValue.value_key != "")
    .order_by(PrivateValue.id)
)
OF = {table: select(table).where(table.customer_id == bindparam("customer")).order_by(table.id) for table in TEXTS}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data it is: one contact's, or that of all people of the customer; `person`: the customer is one himself."""

    customer: Customer
    person: bool
    contacts: tuple[Contact, ...]
    values: tuple[PrivateValue, ...]
    traces: Traces

    def rewritten(self, text: str) -> str:
        """What becomes of a text: of one about a company only what tells of him goes."""
        return erased.TEXT if self.person else erased.scrub(text, self.traces)

    def changes(self, record: Any, columns: Mapping[str, str]) -> dict[str, str]:
        """The texts of a record that hold something of him, and what becomes of them."""
        texts = {name: getattr(record, name) for name in columns}
        new = {name: self.rewritten(text) for name, text in texts.items() if text}
        return {name: text for name, text in new.items() if text != texts[name]}


@dataclass(frozen=True, slots=True)
class Held:
    """How much there is of each kind; nothing of it in clear."""

    data: tuple[tuple[str, int], ...]
    mentioned: tuple[tuple[str, int], ...]
    texts: tuple[tuple[str, int], ...]
    known: bool

    @property
    def nothing(self) -> bool:
        """Whether it was all erased."""
        return not (self.known or self.data or self.mentioned or self.texts)


def scope(work: Work, customer_id: int, contact_id: int | None = None, *, lock: bool = False) -> Scope:
    """Whose data a request is about; with `lock` whoever changes this customer at the same time waits. Raises NotFound.

    A customer who is a person is always meant whole: his contact is he.
    """
    customer = work.db.scalars(LOCKED if lock else ONE, {"customer": customer_id}).one()
    person = customer.kind is CustomerKind.PERSON
    contacts = tuple(work.db.scalars(CONTACTS, {"customer": customer_id}))
    values = tuple(work.db.scalars(VALUES, {"customer": customer_id}))
    if contact_id is not None and not person:
        contacts = tuple(each for each in contacts if each.id == contact_id)
        if not contacts:
            raise NotFound("没有找到这个联系人。")
        his = {form for each in reached(contacts) for form in forms(each)}
        values = tuple(each for each in values if forms(each.value) & his)
    texts = _written(work, customer) if person else ()
    data, names = _data(customer, contacts, values), _names(customer, contacts)
    return Scope(customer, person, contacts, values, Traces.of(data, names, texts, _signs(work, customer)))


def reached(contacts: tuple[Contact, ...]) -> Iterator[str]:
    """Everything by which contacts are reached."""
    for contact in contacts:
        yield from (value for name in REACHED if (value := getattr(contact, name)))


def _data(customer: Customer, contacts: tuple[Contact, ...], values: tuple[PrivateValue, ...]) -> Iterator[str]:
    yield from reached(contacts)
    yield from (each.value for each in values)
    if customer.kind is CustomerKind.PERSON:
        own = (customer.id_number, customer.address)
        yield from (value for value in own if value)


def _written(work: Work, customer: Customer) -> Iterator[str]:
    """Everything that was written about a customer."""
    of = [(customer, OWN_TEXTS)]
    of += [(each, columns) for table, columns in TEXTS.items() for each in records(work, table, customer.id)]
    yield from (text for record, columns in of for name in columns if (text := getattr(record, name)))


def _signs(work: Work, customer: Customer) -> Iterator[str]:
    """The numbers that cards about him quote."""
    yield from (each.number for each in records(work, Complaint, customer.id))
    yield from [customer.number] if customer.number else []


def _names(customer: Customer, contacts: tuple[Contact, ...]) -> Iterator[str]:
    yield from (each.name for each in contacts if each.name != erased.NAME)
    if customer.kind is CustomerKind.PERSON and not customer.name.startswith(erased.CUSTOMER):
        yield from (name for name in (customer.name, customer.short_name) if name)


def anonymous(customer: Customer) -> str:
    """What a customer who was a person is called afterwards."""
    return f"{erased.CUSTOMER}{customer.number or f'#{customer.id}'}"


def held(work: Work, of: Scope) -> Held:
    """What there is, counted."""
    data = Counter(label for each in of.contacts for name, label in REACHED.items() if getattr(each, name))
    data.update(label for each in of.contacts for name, label in ABOUT.items() if getattr(each, name))
    if of.person:
        own = {"id_number": "身份证号", **PLACES}
        data.update(label for name, label in own.items() if getattr(of.customer, name))
    return Held(
        data=tuple(data.items()),
        mentioned=tuple(Counter(LABELS[kind(each)] for each in of.values).items()),
        texts=_texts(work, of),
        known=any(_names(of.customer, of.contacts)),
    )


def kind(value: PrivateValue) -> private.Kind:
    """What a value out of a text is."""
    return value.kind  # type: ignore[return-value]


def _texts(work: Work, of: Scope) -> tuple[tuple[str, int], ...]:
    found = {"客户资料": int(bool(of.changes(of.customer, OWN_TEXTS)))}
    for table, columns in TEXTS.items():
        found[RECORDS[table]] = sum(bool(of.changes(each, columns)) for each in records(work, table, of.customer.id))
    return tuple((label, number) for label, number in found.items() if number)


def records(work: Work, table: Any, customer_id: int) -> list[Any]:
    """All rows of a table of `TEXTS` about a customer."""
    return list(work.db.scalars(OF[table], {"customer": customer_id}))


def people(work: Work, ref: CustomerRef) -> tuple[tuple[int, str], ...]:
    """The contacts of a company one by one; none where the customer is a person."""
    customer = work.db.get_one(Customer, ref.id)
    found = () if customer.kind is CustomerKind.PERSON else work.db.scalars(CONTACTS, {"customer": ref.id})
    return tuple((each.id, each.name) for each in found)
