"""Who may do what, cell by cell: `permissions.csv` is written by hand, and each cell is really tried (P3, P4).

A cell has a letter for one's own record, for one of the team (of a colleague; for whoever leads, of a member) and for
one of another department: `y` allowed, `m` allowed with contact data masked, `n` refused. What is about no record has
one letter. A command, action or page without a row fails, and so does a row without one.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from bot import web
from cards.kit import Action
from conftest import ON_SQLITE, Company
from handlers import router
from models.crm import absences, duty, joiners, reviews
from models.crm.absences import Leave
from models.crm.duty import Days
from models.organisation import Member
from models.tables import Absence, Complaint, Customer, DutyShift, Held, OrgProposal, Review, Timer, User, View
from models.work import Work
from world import Answer, Somebody

TABLE = Path(__file__).parent / "permissions.csv"
ROWS = {row["what"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())}
ROLES = [name for name in next(iter(ROWS.values())) if name != "what"]
#: how it is said that something is not one's to do or see.
REFUSED = ("没有权限", "没有找到", "还不认识你", "不是你的", "已经失效")
MOBILE, MASKED = "13912345678", "139****5678"
WHERE = {"manager": "总公司", "admin": "总公司", "service_agent": "客服部", "service_lead": "客服部"}
Subject = dict[str, Any]


class Tried(Company):
    """The company with one person of each role in it, and records that can be anybody's."""

    def __init__(self, company: Company) -> None:
        self.keban, self.make = company.keban, company.make
        self.make.department("客服部", parent="总公司")
        self.rep, self.numbers = company.rep, itertools.count(1)
        self.people = dict(self._joined())
        for role, who in self.people.items():
            if role != "unbound":
                who.says("/帮助")  # his chat with us is known from then on: what is one person's is shown in it

    def _joined(self) -> Iterator[tuple[str, Somebody]]:
        for role in ROLES:
            if role == "unbound":
                yield role, self.keban.somebody("ou_nobody")
            else:
                yield role, self.joins(f"某{role}", WHERE.get(role, "销售一部"), role)

    def owner(self, role: str, relation: str) -> str:
        """Whose record it is, as this role sees it."""
        if relation == "own" and role != "unbound":
            return f"某{role}"
        return "周舟" if relation == "other" else "陈晨"

    def subject(self, kind: str, owner: str) -> Subject:
        """A record of this kind, and its customer, that are `owner`'s."""
        if kind == "view":
            return self.keban.works.perform(lambda work: self._view(work, owner))
        if kind in ("colleague", "absence", "duty", "held"):
            return self.keban.works.perform(lambda work: self._presence(work, kind, owner))
        name = f"第{next(self.numbers)}家精密机械有限公司"
        if kind in ("entry", "returned", "review"):
            customer = self.make.entry("王敏", name)
        else:
            customer = self.make.customer("王敏", name).id
        if kind == "complaint":
            self.rep.says(f"/投诉 {name} 送错货")
        if kind == "timer":
            self.rep.says(f"/跟进 {name} 已报价 下次:明天上午10点")
        found: Subject = {"name": name, "customer": customer}
        self.keban.works.perform(lambda work: self._given(work, found, kind, owner))
        return found

    def _view(self, work: Work, owner: str) -> Subject:
        """A view of his, and no other."""
        person = work.db.scalars(select(User).where(User.name == owner)).one()
        work.connection.execute(delete(View))
        view = View(user_id=person.id, name="甲", name_key="甲", conditions={"level": ["A"]})
        work.db.add(view)
        work.db.flush()  # its id is asked for at once
        return {"view": str(view.id)}

    def _presence(self, work: Work, kind: str, owner: str) -> Subject:
        """Somebody with a leave or without, or his department with a row of its roster."""
        person = work.db.scalars(select(User).where(User.name == owner)).one()
        found: Subject = {"name": owner, "department": person.department_id}
        work.connection.execute(delete(Absence))
        if kind == "absence":
            found["absence"] = absences.enter(work, Leave(person.id, work.now, work.now + dt.timedelta(days=1)))
        if kind == "held":
            found["held"] = told(work, person.id)
        if kind == "duty":
            duty.put(work, person.department_id, Days((0,)), "18:00-22:00", person.id)
            found["shift"] = work.db.scalars(select(func.max(DutyShift.id))).one()
        return found

    def _given(self, work: Work, found: Subject, kind: str, owner: str) -> None:
        person = work.db.scalars(select(User).where(User.name == owner)).one()
        mine, team = {"owner_id": person.id, "department_id": person.department_id}, person.department_id
        if kind == "returned":
            boss, asked = self.make.me("林总"), select(Review).where(Review.customer_id == found["customer"])
            reviews.send_back(work, boss, work.db.scalars(asked).one(), "请补充职位")
            work.db.flush()
        work.connection.execute(update(Customer).where(Customer.id == found["customer"]).values(**mine))
        for table, changed in (
            (Review, {"submitter_id": person.id, "department_id": team}),
            (Complaint, {"opener_id": person.id, "handler_id": person.id, "department_id": team}),
        ):
            one = (
                work.connection.execute(select(table.id).where(table.customer_id == found["customer"])).scalars().all()
            )
            work.connection.execute(update(table).where(table.id.in_(one)).values(**changed))
            found[table.__name__.lower()] = one[-1] if one else 0
        numbers = select(Complaint.number).where(Complaint.customer_id == found["customer"])
        found["number"] = work.connection.execute(numbers).scalar() or ""
        timers = select(Timer.id).where(Timer.kind == "follow_up", Timer.customer_id == found["customer"])
        found["timer"] = work.connection.execute(timers).scalar() or 0
        work.connection.execute(update(Timer).where(Timer.id == found["timer"]).values(person_id=person.id))


@pytest.fixture
def tried(company: Company) -> Tried:
    return Tried(company)


def told(work: Work, person: int) -> int:
    """What somebody was told of: that a colleague left."""
    told = Held(user_id=person, kind="leaver", subject_id=person, since=work.now, look_at=work.now, told_at=work.now)
    work.db.add(told)
    work.db.flush()  # its id is asked for at once
    return told.id


def proposal(work: Work) -> int:
    """Somebody new who may join."""
    number = f"{secrets.randbelow(10**8):08}"
    joiners.propose(work, "feishu", [(Member(f"ou_{number}", "新同事", f"139{number}"), None)])
    work.db.flush()  # its id is asked for at once
    return max(work.db.scalars(select(OrgProposal.id)))


# --- how each is tried: the record it is about, and what is said or sent ---

Form = dict[str, str]
SAYS: dict[str, tuple[str, Callable[[Subject], str]]] = {
    "/帮助": ("", lambda _: "/帮助"),
    "/绑定": ("", lambda _: "/绑定"),
    "/跟进": ("customer", lambda of: f"/跟进 {of['name']} 已报价"),
    "/新客户": ("", lambda _: "/新客户"),
    "/待审": ("", lambda _: "/待审"),
    "/客户": ("customer", lambda of: f"/客户 {of['name']}"),
    "/查": ("customer", lambda of: f"/查 {of['name']}"),
    "/投诉": ("customer", lambda of: f"/投诉 {of['name']} 送错货"),
    "/首响": ("complaint", lambda of: f"/首响 {of['number']} 已道歉"),
    "/简报": ("", lambda _: "/简报"),
    "/今天": ("", lambda _: "/今天"),
    "/视图": ("", lambda _: "/视图 本月新客户"),
    "/成交": ("customer", lambda of: f"/成交 {of['name']} 年度维保 金额:3万"),
    "/问卷": ("customer", lambda of: f"/问卷 {of['name']}"),
    "/运维": ("", lambda _: "/运维"),
    "/设置": ("", lambda _: "/设置"),
    "/日志": ("customer", lambda of: f"/日志 {of['name']}"),
    "/请假": ("colleague", lambda of: f"/请假 明天 后天 人:{of['name']}"),
    "/销假": ("absence", lambda of: f"/销假 {of['name']}"),
    "/值班": ("", lambda _: "/值班"),
    "/人员": ("", lambda _: "/人员 王敏"),
    "/角色": ("", lambda _: "/角色"),
    "/部门": ("", lambda _: "/部门"),
    "/个人信息": ("customer", lambda of: f"/个人信息 {of['name']}"),
    "/同步": ("", lambda _: "/同步"),
}
#: action → the record it is about, where what is sent does not follow from its fields, and what is filled in.
ABOUT = {"entry": "entry", "review": "review", "customer": "customer", "complaint": "complaint", "reminder": "timer"}
ABOUT |= {"audit": "customer", "privacy": "customer"}
ABOUT |= {"absence": "absence", "duty": "duty", "department": "colleague", "held": "held"}
RECORD = {
    "contact.reveal": "customer",
    "contact.reveal_complaint": "complaint",
    "entry.correct": "returned",
    "entry.supplement": "customer",
    "entry.details": "customer",
    "view.edit": "view",
    "view.save": "view",
    "view.ask_remove": "view",
    "view.remove": "view",
}
NO_RECORD = {"entry.new", "review.page", "complaint.new", "complaint.page", "absence.new"}
FIELDS: dict[str, object] = {"plan": 1, "page": 0, "level": 0, "choice": "10", "figure": "customers"}
FIELDS |= {"since": 1_795_000_000, "until": 1_795_600_000, "letter": 1, "on": 1, "role": "sales_rep", "text": "/帮助"}
FIELDS |= {"kind": "digest", "platform": "", "view": "overdue", "weekly": 1}
FORMS: dict[str, Form] = {
    "entry.submit": {"full_name": "新的机械有限公司"},
    "review.return": {"reason": "请补充"},
    "complaint.contact": {"problem": "送错货", "apologised": "是"},
    "reminder.result": {"content": "已联系"},
    "reminder.time": {"when": "后天"},
    "duty.submit": {"days": "周一", "hours": "18:00-22:00", "person": "王敏"},
    "people.save": {"department": "销售一部", "roles": "销售专员"},
    "people.add": {"staff_no": "S9", "name": "新人", "department": "销售一部", "mobile": "13900139009"},
    "department.save": {"name": "华东区"},
    "settings.quiet": {"begins": "22:00", "ends": "8:00"},
    "view.save": {"name": "重点客户", "level": "A"},
    "org.accept": {"staff_no": "S9001", "department": "销售一部", "roles": "销售专员"},
    "privacy.export": {"whom": "0"},
    "privacy.erase": {"whom": "0", "reason": "本人要求", "number": "C202611001"},
    "role.grant": {"permission": "看客户", "reach": "本人"},
}


def test_the_table_names_every_command_action_and_page(tried: Tried) -> None:
    commands = {command.names[0] for command in router.commands.values()}
    pages = {
        rule.rule
        for rule in web.create(tried.keban.platforms, tried.keban.dispatch, tried.keban.works).url_map.iter_rules()
    }
    assert set(ROWS) == commands | {kind.name for kind in router.actions} | {f"GET {page}" for page in pages}
    assert set(SAYS) == commands


def refused(told: str) -> bool:
    return any(word in told for word in REFUSED)


def letter(told: str) -> str:
    if refused(told):
        return "n"
    return "m" if MASKED in told and MOBILE not in told else "y"


def said(who: Somebody, line: str) -> str:
    return who.says(line).text


def sent(who: Somebody, action: Action, form: Form | None) -> str:
    """The press of a button whose card this person need not have, as somebody with a tampered client sends it."""
    message = f"om_{secrets.token_hex(8)}"
    request = who.host.app.press(who.account, action.pack(), message, who.chat, form=form)
    answer = Answer(*who.host.post("/feishu/cards", request))
    who.host.settle()
    return f"{answer.toast}\n{answer.text}"


def one(tried: Tried, what: str, role: str, relation: str) -> str:
    """What really happens."""
    who = tried.people[role]
    if what in SAYS:
        kind, line = SAYS[what]
        return letter(said(who, line(tried.subject(kind, tried.owner(role, relation)) if kind else {})))
    action = next(each for each in router.actions if each.name == what)
    kind = "" if what in NO_RECORD else RECORD.get(what, ABOUT.get(what.split(".")[0], ""))
    about = tried.subject(kind, tried.owner(role, relation)) if kind else {}
    about["person"] = tried.keban.works.perform(lambda work: work.db.scalars(select(User.id)).first())
    about["proposal"] = tried.keban.works.perform(proposal) if what.startswith("org.") else 0
    about["words"] = about.get("name", "王敏")
    values = {field: about.get(field, FIELDS.get(field)) for field in action.types}
    return letter(sent(who, action(**values), FORMS.get(what)))


@ON_SQLITE
@pytest.mark.parametrize("what", [what for what in ROWS if not what.startswith("GET ")])
def test_each_cell_is_as_it_is_written(tried: Tried, what: str) -> None:
    wrong = {}
    for role in ROLES:
        cell = ROWS[what][role]
        relations = ("own", "team", "other") if len(cell) == 3 else ("own",)
        if (found := "".join(one(tried, what, role, relation) for relation in relations)) != cell:
            wrong[role] = (cell, found)
    assert not wrong, "written, found"


@ON_SQLITE
@pytest.mark.parametrize("what", [what for what in ROWS if what.startswith("GET ")])
def test_a_page_opens_for_nobody_without_its_link(tried: Tried, what: str) -> None:
    path = what.removeprefix("GET ").replace("<token>", secrets.token_urlsafe(33))
    tried.keban.tick()
    status, _ = tried.keban.page(path)
    assert ("y" if status < 400 else "n") == ROWS[what]["unbound"]
