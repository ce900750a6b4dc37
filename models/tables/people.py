"""People, departments and the accounts they speak from (P1–P3)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import ForeignKey, SmallInteger, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Word
from models.tables.sealed import Sealed


class Role(StrEnum):
    SALES_REP = "sales_rep"
    SUPERVISOR = "supervisor"
    SERVICE_AGENT = "service_agent"
    SERVICE_LEAD = "service_lead"
    MARKETER = "marketer"
    MARKETING_MANAGER = "marketing_manager"
    LEGAL = "legal"
    MANAGER = "manager"
    ADMIN = "admin"
    TECH_SUPPORT = "tech_support"
    SOLUTION_EXPERT = "solution_expert"
    CONSULTANT = "consultant"
    SUCCESS_MANAGER = "success_manager"


class Department(Base):
    __tablename__ = "departments"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"), index=True)


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    staff_no: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id), index=True)
    mobile: Mapped[str] = mapped_column(Sealed("users.mobile"))
    active: Mapped[bool] = mapped_column(default=True)
    platform: Mapped[str] = mapped_column(String(16), default="")
    #: derived (`models.crm.standing`): the roles he has, and what he may
    roles_held: Mapped[str] = mapped_column(Text, default="", server_default="")
    rights: Mapped[str] = mapped_column(Text, default="", server_default="")
    binding_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    binding_expires_at: Mapped[dt.datetime | None]
    binding_failures: Mapped[int] = mapped_column(default=0)


class UserRole(Base):
    __tablename__ = "user_roles"
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    role: Mapped[Role] = mapped_column(Word(Role), primary_key=True)


class RoleGrant(Base):
    """A change to what a role may: `reach` is how far, 0 where the permission was taken away (P1)."""

    __tablename__ = "role_grants"
    role: Mapped[Role] = mapped_column(Word(Role), primary_key=True)
    permission: Mapped[str] = mapped_column(String(48), primary_key=True)
    reach: Mapped[int] = mapped_column(SmallInteger)


class DepartmentSupervisor(Base):
    """A supervisor named on purpose; a department without one is led by its members of that role."""

    __tablename__ = "department_supervisors"
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True, index=True)


class Supervision(Base):
    """Who leads which department, directly or from above: derived, made anew with every change of people."""

    __tablename__ = "supervision"
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey(Department.id), primary_key=True, index=True)
    direct: Mapped[bool] = mapped_column(default=False, server_default=false())


class Identity(Base):
    """An account on a platform that speaks for a user; `private_chat` is where it talks to us alone."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("platform", "account"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    account: Mapped[str] = mapped_column(String(128))
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    private_chat: Mapped[str] = mapped_column(String(128), default="")
