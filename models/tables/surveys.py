"""How satisfied customers say they are (G1, G2)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Word
from models.tables.customers import Customer
from models.tables.people import User
from models.tables.sealed import Sealed


class SurveyReason(StrEnum):
    """What a survey was sent for."""

    HAND = "hand"
    DEAL = "deal"


class Survey(Base):
    """One survey of one customer, answered at most once.

    Its link is made of the nonce, which is sealed and found by its key. `answers` has every question with its
    score, null as long as nobody gave one; `comment` has markers in place of contact data.
    """

    __tablename__ = "surveys"
    __table_args__ = (Index("ix_surveys_customer_id_at", "customer_id", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
    asker_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    reason: Mapped[SurveyReason] = mapped_column(Word(SurveyReason))
    nonce: Mapped[str] = mapped_column(Sealed("surveys.nonce"))
    nonce_key: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    score: Mapped[int | None]
    answers: Mapped[dict[str, Any]]
    comment: Mapped[str | None] = mapped_column(Text)
