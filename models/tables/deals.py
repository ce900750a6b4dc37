"""What customers bought, and the catalogue it comes from (A19)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Word
from models.tables.customers import Customer
from models.tables.people import User


class Product(Base):
    """A product or service that can be sold; one that is off keeps its name in old deals."""

    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    name_key: Mapped[str] = mapped_column(String(64), index=True)
    active: Mapped[bool] = mapped_column(default=True)


class DealState(StrEnum):
    ONGOING = "ongoing"
    DONE = "done"
    RETURNED = "returned"


class Origin(StrEnum):
    """Where a deal was taken from."""

    HAND = "hand"
    EXCEL = "excel"
    CONTRACT = "contract"


class Deal(Base):
    """One transaction; the product as it was called then, the amount in fen."""

    __tablename__ = "deals"
    __table_args__ = (Index("ix_deals_customer_id_at", "customer_id", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    author_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    at: Mapped[dt.datetime]
    product: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int]
    amount_fen: Mapped[int]
    state: Mapped[DealState] = mapped_column(Word(DealState), default=DealState.DONE)
    origin: Mapped[Origin] = mapped_column(Word(Origin), default=Origin.HAND)
