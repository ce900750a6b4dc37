"""An organisation is followed at both platforms: who joins, moves and leaves there does so here (P8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from bot.orgs import Reader
from conftest import Inside
from ding_world import DingTalk
from makers import Make
from models.crm import orgqueue, people
from models.tables import Audit, Customer, Department, Identity, OrgDirty, OrgProposal, User
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from standins.directory import Directory
from standins.feishu_api import FeishuApi
from world import APP, APP_SECRET, Feishu, HandClock

HEAD, EAST, WEST, SALES = "总部", "华东区", "华西区", "销售部"
MOBILE = "139001390"
NAME = "华星科技有限公司"


@dataclass
class Hr:
    """The company as its platform knows it, and us behind it, with nobody but an administrator."""

    keban: Inside
    directory: Directory

    def __post_init__(self) -> None:
        self.keban.works.platforms = frozenset(self.keban.platforms)
        self.make = Make(self.keban.works, self.keban.end.name, self.keban.end.account)
        self.make.department(HEAD)
        self.admin = self.keban.somebody(self.make.user("管理员", HEAD, "admin"), "管理员")
        self.reader = Reader(self.keban.works, self.keban.platforms)
        self.directory.hire(self.admin.account, "管理员", "13800130001")

    @property
    def feishu(self) -> bool:
        return self.keban.end.name == "feishu"

    def key(self, number: int) -> str:
        return f"od-{number}" if self.feishu else str(100 + number)

    def account(self, number: int) -> str:
        return f"ou_{number:032x}" if self.feishu else f"staff{number}"

    def grows(self) -> None:
        """Two regions with a sales department each, a head in the east, and who sells."""
        self.directory.department(self.key(1), EAST)
        self.directory.department(self.key(2), WEST)
        self.directory.department(self.key(3), SALES, self.key(1), self.account(11))
        self.directory.department(self.key(4), SALES, self.key(2), self.account(13))
        for number, name, where in ((11, "赵强", 3), (12, "王敏", 3), (13, "孙丽", 4)):
            self.directory.hire(self.account(number), name, f"{MOBILE}{number}", self.key(where))

    def synced(self) -> str:
        """Everything is read as by `/同步`; what was said of it afterwards."""
        self.admin.says("/同步")
        self.admin.presses("现在同步")
        return self.looked()

    def told(self, words: str) -> bool:
        """Whether the administrator was told so, by itself or among others."""
        return any(words in f"{seen.title}{seen.text}" for seen in self.admin.seen())

    def looked(self) -> str:
        self.reader.look()
        self.keban.settle()
        return str(self.admin.says("/同步").text)

    def accepts(self, name: str, number: str, roles: str = "销售专员", **more: str) -> Any:
        self.admin.says("/同步")
        listed = self.admin.presses(next(each for each in self.admin.last("组织同步").buttons if "待加入" in each))
        assert name in listed.text
        self.admin.presses(f"看 {name}")
        return self.admin.presses("加入", {"工号": number, "角色": roles, **more})

    def rows(self, statement: Any) -> list[Any]:
        with self.keban.works.read() as work:
            return [*work.run(statement).scalars()]

    def where(self, name: str) -> str:
        asked = select(Department.name).join(User, User.department_id == Department.id).where(User.name == name)
        return str(self.rows(asked)[0])

    def tree(self) -> dict[str, str]:
        """Departments by name, with the name of their parent."""
        with self.keban.works.read() as work:
            rows = work.run(select(Department.id, Department.name, Department.parent_id)).all()
        names = {row.id: row.name for row in rows}
        return {row.name: names.get(row.parent_id, "") for row in rows}

    def happens(self, feishu: str, ding: str, *ids: Any, department: bool = False) -> None:
        """An event of the platform comes in."""
        if self.feishu:
            kind = "open_department_id" if department else "open_id"
            requests = [self.keban.app.event(feishu, {"object": {kind: each}, "old_object": {}}) for each in ids]
            for request in requests:
                assert self.keban.post("/feishu/events", request)[0] == 200
        else:
            named = "deptId" if department else "userId"
            event = {
                "EventType": ding,
                "EventTime": next(self.stamps),
                named: [int(x) if department else x for x in ids],
            }
            request = self.keban.app.subscription_event(event)
            body = self.keban.post(request.path, request)[1]
            assert self.keban.app.acknowledged(json.dumps(body).encode()) == "success"
        self.keban.settle()

    stamps = iter(range(1, 1000))


@pytest.fixture(params=["feishu", "dingtalk"])
def hr(request: pytest.FixtureRequest, works: Works, clock: HandClock) -> Iterator[Hr]:
    def at() -> float:
        return clock().timestamp()

    made: Any = FeishuApi(APP.app_id, APP_SECRET, clock=at) if request.param == "feishu" else DingTalkApi(clock=at)
    with made as api:
        end = Feishu(api) if request.param == "feishu" else DingTalk(api)
        yield Hr(Inside(works, end, clock), api.contacts.directory)
        assert not api.problems, api.problems


def joined(hr: Hr) -> list[Any]:
    """赵强, who leads the east's sales, 王敏 who sells there, and 孙丽 in the west; they speak."""
    hr.grows()
    hr.synced()
    for number, name in ((11, "赵强"), (12, "王敏"), (13, "孙丽")):
        hr.accepts(name, f"S{number}")
    hr.synced()
    return [hr.keban.somebody(hr.account(number)) for number in (11, 12, 13)]


def sees(who: Any, name: str) -> bool:
    """Whether somebody reads this customer; refused or not, nothing else."""
    seen = who.says(f"/客户 {name}")
    assert seen.title.startswith(name) or "没有权限" in seen.text, seen.text
    return bool(seen.title.startswith(name))


def changes(hr: Hr) -> int:
    """How much was ever changed in the company."""
    return len(hr.rows(select(Audit.id).where(Audit.operation.not_in(["org.ask"]))))


def night(hr: Hr) -> str:
    """The next working day's reading."""
    day = hr.keban.clock().date()
    hr.keban.clock.forward(days=1 if day.weekday() < 4 else 7 - day.weekday())
    return hr.looked()


def test_a_company_is_read_and_who_is_proposed_and_accepted_speaks(hr: Hr) -> None:
    hr.grows()
    said = hr.synced()
    assert "部门 4 个" in said and "新同事 3 人" in said
    assert hr.tree() == {HEAD: "", EAST: "", WEST: "", SALES: EAST, f"{WEST}/{SALES}": WEST}
    wang = hr.keban.somebody(hr.account(12))
    assert "不认识你" in wang.says("/今天").text, "who is only proposed is nobody"
    assert "已经是管理员的" in hr.accepts("王敏", "S0001").text
    assert "没有「销售大神」" in hr.accepts("王敏", "S12", "销售大神").text
    hr.accepts("王敏", "S12")
    assert wang.says("/今天").title.startswith("今天") and hr.where("王敏") == SALES
    assert hr.rows(select(User.mobile).where(User.name == "王敏")) == [hr.directory.staff[hr.account(12)].mobile]
    hr.admin.says("/人员")
    hr.admin.presses("待加入 2")
    hr.admin.presses("看 孙丽")
    hr.admin.presses("不加入")
    before = changes(hr)
    assert "没有变化" in hr.synced() and changes(hr) == before, "a second reading changes nothing"
    assert hr.rows(select(OrgProposal.state).order_by(OrgProposal.id)) == ["open", "accepted", "dismissed"]


def test_what_changes_there_changes_here_by_event_and_who_sees_whose_customers_follows(hr: Hr) -> None:
    zhao, wang, sun = joined(hr)
    hr.make.people |= {"王敏": wang.account}
    hr.make.customer("王敏", NAME, decider="管理员")
    assert sees(zhao, NAME) and not sees(sun, NAME)
    hr.directory.change(wang.account, departments=(hr.key(4),), name="王敏敏", mobile="13900139999")
    hr.happens("contact.user.updated_v3", "user_modify_org", wang.account)
    hr.looked()
    assert hr.where("王敏敏") == f"{WEST}/{SALES}"
    assert hr.rows(select(User.mobile).where(User.name == "王敏敏")) == ["13900139999"]
    assert hr.rows(select(OrgDirty.key)) == []
    assert sees(wang, NAME) and sees(sun, NAME) and not sees(zhao, NAME), "who leads where he is now"
    hr.directory.rearrange(hr.key(4), name="西区销售", parent=hr.key(1))
    hr.happens("contact.department.updated_v3", "org_dept_modify", hr.key(4), department=True)
    hr.looked()
    assert hr.tree()["西区销售"] == EAST
    hr.directory.rearrange(hr.key(4), leaders=(hr.account(11),))
    hr.happens("contact.department.updated_v3", "org_dept_modify", hr.key(4), department=True)
    hr.looked()
    assert sees(zhao, NAME) and not sees(sun, NAME)
    hr.directory.department(hr.key(5), "新部门", hr.key(2))
    hr.directory.hire(hr.account(15), "李新", "13900139015", hr.key(5))
    hr.happens("contact.department.created_v3", "org_dept_create", hr.key(5), department=True)
    hr.happens("contact.user.created_v3", "user_add_org", hr.account(15))
    assert "新同事 1 人" in hr.looked() and hr.tree()["新部门"] == WEST
    del hr.directory.departments[hr.key(5)]
    hr.directory.change(hr.account(15), departments=(hr.key(2),))
    hr.happens("contact.department.deleted_v3", "org_dept_remove", hr.key(5), department=True)
    hr.looked()
    assert "新部门" in hr.tree(), "what customers may name is not thrown away"
    assert "没有变化" in hr.synced()


def test_who_leaves_by_event_is_disabled_at_once_and_what_he_owns_is_told(hr: Hr) -> None:
    _, wang, _ = joined(hr)
    hr.make.people |= {"王敏": wang.account}
    hr.make.customer("王敏", NAME, decider="管理员")
    hr.directory.change(wang.account, resigned=True)
    hr.happens("contact.user.deleted_v3", "user_leave_org", wang.account)
    hr.keban.forward(hours=1)
    assert hr.told("已离职 · 王敏")
    assert hr.rows(select(User.active).where(User.name == "王敏")) == [False]
    assert hr.rows(select(Identity.id).where(Identity.account == wang.account)) == []
    assert len(hr.rows(select(Customer.owner_id))) == 1, "his customers stay his until somebody takes over"
    assert "不认识你" in wang.says("/今天").text
    del hr.directory.staff[wang.account]
    hr.synced()
    assert "没有变化" in hr.synced()


def test_who_is_missing_twice_is_gone_and_who_is_out_of_sight_is_not(hr: Hr) -> None:
    _, wang, sun = joined(hr)
    hr.directory.visible = (hr.key(1), hr.key(2))
    hr.synced()
    hr.directory.visible = (hr.key(1),)
    for _ in range(3):
        hr.synced()
    assert sun.says("/今天").title.startswith("今天"), "the range became less, nobody left"
    assert f"{WEST}/{SALES}" in hr.tree()
    del hr.directory.staff[wang.account]
    assert "没有变化" in hr.synced() and wang.says("/今天").title.startswith("今天")
    assert "离职 1 人" in hr.synced()
    hr.keban.forward(hours=1)
    assert hr.told("已离职 · 王敏") and "不认识你" in wang.says("/今天").text
    hr.directory.visible = None
    hr.synced()
    hr.directory.change(sun.account, name="孙丽丽")
    hr.synced()
    assert hr.rows(select(User.name).where(User.staff_no == "S13")) == ["孙丽丽"], "seen again, she is followed again"


def test_who_was_missing_once_and_is_back_begins_anew(hr: Hr) -> None:
    _, wang, _ = joined(hr)
    him = hr.directory.staff.pop(wang.account)
    hr.synced()
    hr.directory.staff[wang.account] = him
    hr.synced()
    del hr.directory.staff[wang.account]
    hr.synced()
    assert wang.says("/今天").title.startswith("今天")


PAGE_OF_PEOPLE = {"feishu": "find_by_department", "dingtalk": "/topapi/v2/user/list"}


def test_half_an_organisation_changes_nothing_and_is_read_again_in_a_minute(hr: Hr) -> None:
    _, wang, _ = joined(hr)
    hr.directory.change(wang.account, name="王敏敏")
    before = changes(hr)
    hr.keban.api.fail_next(delay=0.001, path=PAGE_OF_PEOPLE[hr.keban.end.name])
    hr.keban.api.fail_next(status=500, path=PAGE_OF_PEOPLE[hr.keban.end.name])
    assert "没有读完，什么都没改" in hr.synced() and changes(hr) == before
    hr.reader.look()
    assert hr.rows(select(User.name).where(User.staff_no == "S12")) == ["王敏"], "not at once"
    hr.keban.clock.forward(seconds=61)
    assert "资料更新 1 处" in hr.looked()
    assert hr.rows(select(User.name).where(User.staff_no == "S12")) == ["王敏敏"]


def test_too_many_at_once_are_not_taken_away_and_the_administrators_hear_of_it(hr: Hr) -> None:
    hr.grows()
    for number in range(20, 26):
        hr.directory.hire(hr.account(number), f"同事{number}", f"139001390{number}", hr.key(3))
        hr.make.department(SALES)
    hr.synced()
    for number in range(20, 26):
        hr.accepts(f"同事{number}", f"S{number}")
    hr.synced()
    for number in range(20, 26):
        hr.directory.change(hr.account(number), resigned=True)
        if not hr.feishu:
            del hr.directory.staff[hr.account(number)]
    hr.synced()
    said = hr.synced()
    assert "会让 6 人离职，太多了，什么都没改" in said
    assert len(hr.rows(select(User.id).where(User.active))) == 7
    assert [seen.title for seen in hr.admin.seen()].count("组织同步") > 2


def test_it_is_read_every_night_once_somebody_read_it_and_by_one_worker(hr: Hr) -> None:
    hr.grows()
    night(hr)
    night(hr)
    assert hr.tree() == {HEAD: ""}, "nobody asked for it"
    hr.happens("contact.user.created_v3", "user_add_org", hr.account(11))
    assert hr.rows(select(OrgDirty.key)) == []
    hr.synced()
    hr.directory.rearrange(hr.key(1), name="东部")
    night(hr)
    assert "东部" in hr.tree()
    calls = hr.keban.api.calls
    Reader(hr.keban.works, hr.keban.platforms).look()
    assert hr.keban.api.calls == calls


def test_pages_are_read_to_their_end_and_what_comes_too_fast_is_asked_again(hr: Hr) -> None:
    hr.grows()
    hr.directory.page = 1
    for number in range(30, 35):
        hr.directory.hire(hr.account(number), f"同事{number}", f"139001390{number}", hr.key(2))
    slept: list[float] = []
    hr.keban.platforms[hr.keban.end.name].contacts._pause = slept.append  # type: ignore[union-attr]
    hr.keban.api.fail_next(2, code=99991400 if hr.feishu else 90018, path=PAGE_OF_PEOPLE[hr.keban.end.name])
    assert "新同事 8 人" in hr.synced() and slept == [1.0, 1.0]


def test_what_the_platform_does_not_say_wipes_nothing(hr: Hr) -> None:
    joined(hr)
    hr.directory.withheld = frozenset(
        {"name", "mobile", "employee_no", "job_number", "leaders", "leader_user_id", "dept_manager_userid_list"}
    )
    before = changes(hr)
    assert "没有变化" in hr.synced() and changes(hr) == before


def test_who_is_known_by_his_mobile_or_number_is_bound_and_not_proposed(hr: Hr) -> None:
    hr.grows()
    hired = [
        people.Hire("S11", "老赵", HEAD, (), hr.directory.staff[hr.account(11)].mobile),
        people.Hire("S12", "王敏", HEAD, (), "13700137012"),
        people.Hire("S13", "别人", HEAD, (), "13700137013"),
    ]
    hr.keban.works.perform(lambda work: people.add_users(work, hired))
    for number in (12, 13):
        hr.directory.change(hr.account(number), staff_no=f"S{number}", mobile="")
    said = hr.synced()
    assert "绑定 2 人" in said and "新同事 1 人" in said
    bound = select(User.staff_no).join(Identity, Identity.user_id == User.id).order_by(User.staff_no)
    assert hr.rows(bound) == ["S0001", "S11", "S12"], "a number with another name is somebody else's"
    assert hr.where("赵强") == SALES, "he is called and placed as there"
    assert "没有权限" not in hr.keban.somebody(hr.account(11)).says("/待审").text, "and leads at once"


def test_while_one_worker_reads_no_other_does_and_what_is_marked_meanwhile_is_read_again(hr: Hr) -> None:
    hr.grows()
    hr.synced()
    works, name = hr.keban.works, hr.keban.end.name
    works.perform(lambda work: orgqueue.ask(work, [name]))
    mine = works.perform(lambda work: orgqueue.take(work, name))
    assert mine and mine.whole
    works.perform(lambda work: orgqueue.ask(work, [name]))
    calls = hr.keban.api.calls
    hr.reader.look()
    assert hr.keban.api.calls == calls
    works.perform(lambda work: orgqueue.done(work, mine))
    hr.reader.look()
    assert hr.keban.api.calls > calls and hr.rows(select(OrgDirty.key)) == []
    works.perform(lambda work: orgqueue.ask(work, [name]))
    assert works.perform(lambda work: orgqueue.take(work, name))
    hr.keban.clock.forward(minutes=31)
    assert works.perform(lambda work: orgqueue.take(work, name)), "whoever died reads for ever"
