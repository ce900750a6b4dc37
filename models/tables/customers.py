"""Customers, their contacts and what they need (A1–A7, A11)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.tables.base import Base, Word
from models.tables.people import Department, User
from models.tables.sealed import Sealed


class Kind(StrEnum):
    COMPANY = "company"
    PERSON = "person"


class Status(StrEnum):
    """Where the entry stands: only an archived customer is a formal one (B3)."""

    PENDING = "pending"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"


class FunnelStage(StrEnum):
    LEAD = "lead"
    PROSPECT = "prospect"
    INTERESTED = "interested"
    NEGOTIATION = "negotiation"
    WON = "won"
    REPURCHASE = "repurchase"
    LOST = "lost"


class DealStage(StrEnum):
    INTENT = "intent"
    QUOTE = "quote"
    CONTRACT = "contract"
    WON = "won"


class Level(StrEnum):
    VIP = "vip"
    A = "a"
    B = "b"
    C = "c"


class Customer(Base):
    """One record from entry to archive. A key field that is null is 待确认 (A4)."""

    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(String(32), unique=True)
    status: Mapped[Status] = mapped_column(Word(Status))
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(120), index=True)
    short_name: Mapped[str | None] = mapped_column(String(60))
    short_key: Mapped[str | None] = mapped_column(String(60), index=True)
    pinyin: Mapped[str] = mapped_column(String(400), index=True)
    initials: Mapped[str] = mapped_column(String(120), index=True)
    kind: Mapped[Kind] = mapped_column(Word(Kind))
    uscc: Mapped[str | None] = mapped_column(String(18), index=True)
    id_number: Mapped[str | None] = mapped_column(Sealed("customers.id_number"))
    id_number_key: Mapped[str | None] = mapped_column(String(32), index=True)
    industry: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(32))
    headcount: Mapped[str | None] = mapped_column(String(32))
    revenue: Mapped[str | None] = mapped_column(String(32))
    main_business: Mapped[str | None] = mapped_column(Text)
    province: Mapped[str | None] = mapped_column(String(32))
    city: Mapped[str | None] = mapped_column(String(32))
    district: Mapped[str | None] = mapped_column(String(32))
    address: Mapped[str | None] = mapped_column(String(200))
    registered_address: Mapped[str | None] = mapped_column(Text)
    level: Mapped[Level] = mapped_column(Word(Level), default=Level.B)
    owner_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id), index=True)
    funnel_stage: Mapped[FunnelStage] = mapped_column(Word(FunnelStage), default=FunnelStage.LEAD)
    deal_stage: Mapped[DealStage | None] = mapped_column(Word(DealStage))
    first_contact_on: Mapped[dt.date | None]
    acquired_at: Mapped[dt.datetime]
    entered_at: Mapped[dt.datetime]
    cooperation_intent: Mapped[str | None] = mapped_column(Text)
    special_needs: Mapped[str | None] = mapped_column(Text)
    remarks: Mapped[str | None] = mapped_column(Text)
    last_follow_up_at: Mapped[dt.datetime | None]

    contacts: Mapped[list[Contact]] = relationship(back_populates="customer", lazy="raise", order_by="Contact.id")
    owner: Mapped[User] = relationship(lazy="raise")


class Contact(Base):
    __tablename__ = "contacts"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), index=True)
    primary: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(String(64), index=True)
    pinyin: Mapped[str] = mapped_column(String(200), index=True)
    initials: Mapped[str] = mapped_column(String(64), index=True)
    position: Mapped[str | None] = mapped_column(String(64))
    mobile: Mapped[str | None] = mapped_column(Sealed("contacts.mobile"))
    mobile_key: Mapped[str | None] = mapped_column(String(32), index=True)
    mobile_last4_key: Mapped[str | None] = mapped_column(String(32), index=True)
    phone: Mapped[str | None] = mapped_column(Sealed("contacts.phone"))
    email: Mapped[str | None] = mapped_column(Sealed("contacts.email"))
    email_key: Mapped[str | None] = mapped_column(String(32), index=True)
    wechat: Mapped[str | None] = mapped_column(Sealed("contacts.wechat"))
    decision_role: Mapped[str | None] = mapped_column(String(16))
    preferred_channel: Mapped[str | None] = mapped_column(String(16))
    preferred_time: Mapped[str | None] = mapped_column(String(64))

    customer: Mapped[Customer] = relationship(back_populates="contacts", lazy="raise")


class Requirement(Base):
    """What a customer needs, as understood at one moment: a new row a change, never overwritten (A6)."""

    __tablename__ = "requirements"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    at: Mapped[dt.datetime]
    product: Mapped[str | None] = mapped_column(Text)
    budget: Mapped[str | None] = mapped_column(String(64))
    budget_min: Mapped[int | None]
    budget_max: Mapped[int | None]
    needed_by: Mapped[str | None] = mapped_column(Text)
    urgency: Mapped[str | None] = mapped_column(String(8))
    pain_points: Mapped[str | None] = mapped_column(Text)
    current_solution: Mapped[str | None] = mapped_column(Text)
    decision_process: Mapped[str | None] = mapped_column(Text)


class StageEntry(Base):
    """When a customer came to a stage of the funnel (A5, D1)."""

    __tablename__ = "stage_entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), index=True)
    stage: Mapped[FunnelStage] = mapped_column(Word(FunnelStage))
    at: Mapped[dt.datetime]


class NameGram(Base):
    """Single characters and pairs of a customer's names: the same substring search on both databases."""

    __tablename__ = "name_grams"
    gram: Mapped[str] = mapped_column(String(4), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), primary_key=True, index=True)


class PrivateValue(Base):
    """Contact data taken out of free text; the text holds a marker with this id (P5). Empty once erased (P7)."""

    __tablename__ = "private_values"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(Sealed("private_values.value"))
    value_key: Mapped[str] = mapped_column(String(32), index=True)


class Counter(Base):
    """The last number issued under a prefix (A7)."""

    __tablename__ = "counters"
    prefix: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int]


class ReviewState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class Review(Base):
    """One round of reviewing an entry (B1); an entry returned and submitted again has two."""

    __tablename__ = "reviews"
    __table_args__ = (Index("ix_reviews_state_department_id", "state", "department_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), index=True)
    submitter_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id))
    submitted_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    state: Mapped[ReviewState] = mapped_column(Word(ReviewState), default=ReviewState.PENDING)
    decider_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    decided_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
