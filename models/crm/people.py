"""Departments, people, and binding their accounts (P1, P2)."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, delete, insert, or_, select, update

from models import chats, outbox, policy
from models.crm import changes, deputies, standing
from models.crm.deputies import NOTHING_LENT, Lent
from models.errors import Claimed, NotAllowed, Refused
from models.policy import Permission, Reach, Rights
from models.tables import (
    Claim,
    ClosedChat,
    Department,
    Identity,
    Preference,
    Role,
    Supervision,
    User,
    UserRole,
)
from models.tables.sealed import among
from models.text import private
from models.text.identifiers import last4, narrow
from models.text.identifiers import mobile as read_mobile
from models.work import AnyRow, Work

CODE = "users.binding_code"


@dataclass(frozen=True, slots=True)
class Me:
    """The person an operation acts for, as the database knows him at this moment."""

    id: int
    name: str
    department_id: int
    roles: frozenset[Role]
    rights: Rights
    account: str = ""
    platform: str = ""
    private_chat: str = ""
    lent: Lent = NOTHING_LENT
    leave_ahead: bool = False

    def acts_for(self, person: int | None) -> bool:
        """Whether what is for this person is for him as well."""
        return person == self.id or person in self.lent.people

    @property
    def himself(self) -> Me:
        """Without what he has of others."""
        rights = self.rights if self.lent.own is None else self.lent.own
        return replace(self, rights=rights, lent=NOTHING_LENT)

    def may(self, permission: Permission) -> Reach | None:
        """How far a permission of his reaches; None where he does not have it."""
        return self.rights.get(permission)

    @property
    def serves(self) -> bool:
        """Whether customers turn to this person with what is wrong."""
        return Permission.SERVICE in self.rights


PERSON = select(
    User.id,
    User.name,
    User.department_id,
    User.platform,
    User.roles_held,
    User.rights,
    deputies.DEPUTISES.label("deputises"),
    deputies.LEAVE_AHEAD.label("leave_ahead"),
).where(User.active)
BY_ACCOUNT = (
    PERSON.add_columns(Identity.account, Identity.private_chat)
    .join(Identity, Identity.user_id == User.id)
    .where(Identity.platform == bindparam("platform"), Identity.account == bindparam("account"))
)
SHUT = select(ClosedChat.chat).where(
    ClosedChat.platform == bindparam("platform"),
    or_(ClosedChat.chat == bindparam("chat"), ClosedChat.chat == bindparam("account")),
)
SPEAKER = BY_ACCOUNT.add_columns(
    select(Claim.key).where(Claim.key == bindparam("event")).exists().label("claimed"), SHUT.exists().label("shut")
)
BY_ID = PERSON.where(User.id == bindparam("person"))
ACCOUNTS = (
    select(Identity.platform, Identity.account, User.platform.label("last"), Preference.platform.label("wanted"))
    .join(User, User.id == Identity.user_id)
    .outerjoin(Preference, Preference.user_id == User.id)
    .where(
        User.id == bindparam("person"),
        User.active,
        ~select(ClosedChat.chat)
        .where(
            ClosedChat.platform == Identity.platform,
            ClosedChat.chat == Identity.account,
            ClosedChat.at > bindparam("lately"),
        )
        .exists(),
    )
)
LEADERS = (
    select(Supervision.user_id)
    .join(User, User.id == Supervision.user_id)
    .where(Supervision.department_id == bindparam("department"), Supervision.direct, User.active)
    .order_by(Supervision.user_id)
)
NAME_OF = select(Department.name).where(Department.id == bindparam("department"))
PARENT = select(Department.parent_id).where(Department.id == bindparam("department"))
IN_ROLE = (
    select(UserRole.user_id)
    .join(User, User.id == UserRole.user_id)
    .where(UserRole.role == bindparam("role"), User.active)
    .order_by(UserRole.user_id)
)
BY_CODE = select(User).where(among(User.binding_key, "code"))
NO_ROLES = delete(UserRole).where(UserRole.user_id == bindparam("person")).returning(UserRole.role)
FAILED = update(User).where(User.id == bindparam("person")).values(binding_failures=User.binding_failures + 1)
WRONG_CODE = "绑定码或手机后四位不对，请核对后再发：/绑定 <码> <手机后四位>"
UNBIND = (
    delete(Identity)
    .where(
        Identity.user_id == bindparam("person"),
        Identity.platform == bindparam("on"),
        Identity.account != bindparam("whose"),
    )
    .returning(Identity.id)
)
IDENTITY = select(Identity).where(Identity.platform == bindparam("on"), Identity.account == bindparam("whose"))


def by_account(work: Work, platform: str, account: str) -> Me | None:
    """Who speaks from this account; None when nobody is bound to it or the person is disabled."""
    row = work.run(BY_ACCOUNT, platform=platform, account=account, moment=work.now).first()
    if row is None:
        return None
    return _me(work, row, row.account, row.private_chat)


def speaker(work: Work, platform: str, account: str, chat: str, event: str) -> Me | None:
    """`by_account` for an event that came in; where it came from takes messages again, and gets what waited.

    Raises Claimed where it was carried out before.
    """
    row = work.run(SPEAKER, platform=platform, account=account, chat=chat, event=event, moment=work.now).first()
    if row is not None and row.claimed:
        raise Claimed
    if row is None or row.shut:
        chats.opened(work, platform, chat)
        chats.opened(work, platform, account)
    if row is None:
        return None
    if row.shut:
        outbox.redirect(work, row.id, platform)
    return _me(work, row, row.account, row.private_chat)


def by_id(work: Work, user_id: int) -> Me | None:
    """An active person by id."""
    row = work.run(BY_ID, person=user_id, moment=work.now).first()
    return None if row is None else _me(work, row)


def _me(work: Work, row: AnyRow, account: str = "", private_chat: str = "") -> Me:
    roles, own = frozenset(map(Role, row.roles_held.split(",") if row.roles_held else ())), policy.read(row.rights)
    rights, lent = deputies.lent(work, row.id, own) if row.deputises else (own, NOTHING_LENT)
    known = row.id, row.name, row.department_id, roles, rights, account, row.platform, private_chat
    return Me(*known, lent, row.leave_ahead)


def accounts(work: Work, user_id: int) -> list[tuple[str, str]]:
    """(platform, account) of a person that take messages, the one he wants first, else the one used last.

    One that was refused is tried again a day later: what was amiss may have been mended where we do not see it.
    """
    rows = work.run(ACCOUNTS, person=user_id, lately=work.real - chats.TRIED_AGAIN).all()
    rows.sort(key=lambda row: row.platform != (row.wanted or row.last))
    return [(row.platform, row.account) for row in rows]


def reach(work: Work, user_id: int) -> str:
    """The platform where a person gets messages: of those he is bound on, the one used last; empty without one."""
    return everywhere(work, user_id)[0]


def everywhere(work: Work, user_id: int) -> list[str]:
    """All platforms where a person gets messages, the one used last first; one empty name without any."""
    return [platform for platform, _ in accounts(work, user_id) if work.serves(platform)] or [""]


def department_name(work: Work, department_id: int) -> str:
    """What a department is called."""
    return str(work.run(NAME_OF, department=department_id).scalar())


def levels(work: Work, department_id: int | None, but: int) -> Iterator[list[int]]:
    """Who leads this department other than `but`, then who leads the next one up …, at last the managers; nobody twice.

    In place of who is away stands his deputy. Levels without anybody are left out.
    """
    seen_ids, absent = {but}, deputies.away(work)
    for found in _leading(work, department_id):
        if new := [each for each in deputies.acting(found, absent) if each not in seen_ids]:
            seen_ids |= {*new}
            yield new


def _leading(work: Work, department_id: int | None) -> Iterator[list[int]]:
    while department_id is not None:
        yield work.run(LEADERS, department=department_id).scalars()
        department_id = work.run(PARENT, department=department_id).scalar()
    for role in (Role.MANAGER, Role.ADMIN):
        yield work.run(IN_ROLE, role=role).scalars()


def leaders_above(work: Work, department_id: int | None, but: int) -> list[int]:
    """Who leads this department other than `but`; with nobody, the next one up, then the managers (B1)."""
    return next(levels(work, department_id, but), [])


def in_role(work: Work, role: Role) -> list[int]:
    """Every active person with a role."""
    return work.run(IN_ROLE, role=role).scalars()


def fits(label: str, text: str, most: int) -> None:
    """Raises Refused for a name that is too long, empty, or holds contact data."""
    if not 0 < len(text.strip()) <= most:
        raise Refused(f"{label}要写 1 到 {most} 个字，现在是 {len(text.strip())} 个字。")
    if "账号" not in label and private.find(text):
        raise Refused(f"{label}里不要写电话、邮箱、微信号或身份证号。")


def department(work: Work, name: str) -> Department:
    """The department of this name, made where there is none yet. Raises Refused."""
    fits("部门名称", name, 64)
    found = work.db.scalar(select(Department).where(Department.name == name))
    if found is None:
        found = Department(name=name)
        work.db.add(found)
        work.db.flush()  # its id is used at once
    return found


def by_staff_no(work: Work, staff_no: str) -> User:
    """A person, disabled or not. Raises Refused."""
    found = work.db.scalar(select(User).where(User.staff_no == staff_no))
    if found is None:
        raise Refused(f"没有找到工号 {staff_no}，请先用 user add 添加这个人。")
    return found


@dataclass(frozen=True, slots=True)
class Hire:
    """A person as given from the shell."""

    staff_no: str
    name: str
    department: str
    roles: tuple[Role, ...]
    mobile: str
    accounts: tuple[tuple[str, str], ...] = ()


def add_user(work: Work, hire: Hire) -> tuple[User, str]:
    """Make or change a person, found by staff number; returns him and a fresh binding code. Raises Refused."""
    added = _put(work, hire)
    standing.derive(work)
    return added


def add_users(work: Work, hires: Iterable[Hire]) -> list[tuple[User, str]]:
    """As `add_user`, all or none of them. Raises Refused, with the staff number of whom it is about."""
    added = []
    for hire in hires:
        try:
            added.append(_put(work, hire))
        except Refused as no:
            raise Refused(f"工号 {hire.staff_no}：{no.say}") from None
    standing.derive(work)
    return added


def _put(work: Work, hire: Hire) -> tuple[User, str]:
    try:
        number = read_mobile(hire.mobile)
    except ValueError as wrong:
        raise Refused(str(wrong)) from None
    fits("工号", hire.staff_no, 32)
    fits("姓名", hire.name, 64)
    for platform, account in hire.accounts:
        fits(f"{platform} 账号", account, 128)
    team = department(work, hire.department)
    user = work.db.scalar(select(User).where(User.staff_no == hire.staff_no)) or User(staff_no=hire.staff_no)
    user.name, user.department_id, user.active = hire.name, team.id, True
    user.mobile = number
    code = new_code(work, user)
    work.db.add(user)
    work.db.flush()  # its id is used at once
    held = work.run(NO_ROLES, person=user.id).scalars()
    if hire.roles:
        work.connection.execute(insert(UserRole), [{"user_id": user.id, "role": role} for role in hire.roles])
    for platform, account in hire.accounts:
        take(work, user, platform, account)
    roles = changes.of(roles=(sorted(held), sorted(hire.roles)))
    work.audit("user.add", f"user:{user.id}", staff_no=hire.staff_no, department=hire.department, **roles)
    return user, code


def new_code(work: Work, user: User) -> str:
    """A fresh binding code, good for a while and once; the one before is good for nothing (P1)."""
    code = secrets.token_hex(4).upper()
    user.binding_key, user.binding_failures = work.keys.index(code, CODE), 0
    user.binding_expires_at = work.real + dt.timedelta(hours=work.settings.people.code_hours)
    return code


def bind(work: Work, platform: str, account: str, code: str, last_four: str) -> User:
    """Bind the account a person writes from, by one-time code and the last four digits of his mobile (P1).

    One sentence for every failure, so that codes are not probed; so many failures burn a code.
    Raises Refused.
    """
    user = work.db.scalar(BY_CODE, work.keys.lookup("code", narrow(code).strip().upper(), CODE))
    if user is None or not user.active:
        raise NotAllowed(WRONG_CODE)
    tried = user.binding_failures >= work.settings.people.code_tries
    if user.binding_expires_at is None or user.binding_expires_at < work.real or tried:
        raise Refused("绑定码已过期，请向管理员要一个新的。")
    if last4(user.mobile) != narrow(last_four).strip():
        raise WrongDigits(user.id)
    take(work, user, platform, account)
    user.binding_key = None
    work.audit("user.bind", f"user:{user.id}", platform=platform)
    return user


class WrongDigits(NotAllowed):
    """A wrong try, counted against the code."""

    def __init__(self, user_id: int) -> None:
        super().__init__(WRONG_CODE)
        self.user_id = user_id

    def settle(self, work: Work) -> None:
        work.run(FAILED, person=self.user_id)


def take(work: Work, user: User, platform: str, account: str) -> None:
    """One account a platform: a new one takes the place of the old, which may be somebody else's by now."""
    if work.run(UNBIND, person=user.id, on=platform, whose=account).first():
        outbox.forget_copies(work, user.id, platform)
    identity = work.db.scalar(IDENTITY, {"on": platform, "whose": account})
    if identity is None:
        identity = Identity(platform=platform, account=account, private_chat="")
        work.db.add(identity)
    elif identity.user_id != user.id:
        outbox.forget_copies(work, identity.user_id, platform)
    identity.user_id = user.id
    user.platform = platform
    chats.opened(work, platform, account)
    work.db.flush()  # where he is reached is looked up at once
    outbox.redirect(work, user.id, reach(work, user.id))
