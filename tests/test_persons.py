"""`person export` and `person erase`: from the shell, also for one of our own who left (P7)."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import delete, func, select, update

import test_command_line
import test_erasure
from conftest import Company
from models.crm import staff
from models.tables import (
    Absence,
    Audit,
    Contact,
    FollowUp,
    Identity,
    OrgKind,
    OrgLink,
    OrgProposal,
    Preference,
    User,
    View,
    ViewSubscription,
)
from models.work import Work
from test_command_line import Say
from test_entry import stored
from test_erasure import NUMBER, REASON, TRACES, WHO, left, verified, worked_with
from test_private_data import EMAIL, NAME

company = test_erasure.company
say, logging_is_put_back = test_command_line.say, test_command_line.logging_is_put_back
ERASE = ["person", "erase", "--reason", REASON]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "person.json"


def done(company: Company, operation: str) -> list[tuple[str, dict[str, object]]]:
    rows = select(Audit.subject, Audit.detail).where(Audit.operation == operation, Audit.channel == "shell")
    with company.keban.works.read() as work:
        return [(row.subject, row.detail) for row in work.connection.execute(rows)]


def test_a_customer_is_handed_out_and_erased(
    say: Say, company: Company, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worked_with(company, NAME)
    card = company.rep.last("投诉")
    assert say(f"person export --customer {NUMBER} --contact", WHO, str(file)) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text(encoding="utf-8"))["联系人"][0]["邮箱"] == EMAIL
    assert say(f"person export --customer {NUMBER}", str(file)) == 2, "a file that is there is not written over"
    other = file.with_name("other.json")
    assert say("person export --customer C209901001", str(other)) == 2 and not other.exists()
    assert len(done(company, "person.export")) == 1, "what was not written was not handed out"
    for wrong, why in (
        (f"--customer {NUMBER} --contact 没有这人 --yes", "没有叫「没有这人」的联系人"),
        ("--customer C209901001 --yes", "没有编号是 C209901001 的客户"),
        (f"--staff-no S0001 --contact {WHO} --yes", "--contact 要和 --customer 一起写"),
        (f"--customer {NUMBER}", "请加上 --yes"),
    ):
        assert say("person erase --reason", REASON, *wrong.split()) == 2 and why in capsys.readouterr().err, wrong
    assert WHO in stored(company, select(Contact.name))
    line = ["--customer", NUMBER.lower(), "--contact", WHO, "--yes"]
    with time_machine.travel(company.keban.clock(), tick=False):
        assert say("person erase --reason", REASON, *line) == 0
    assert "已擦除" in capsys.readouterr().out and left(company, *TRACES) == []
    company.keban.settle()
    assert WHO not in card.text, "living cards follow"
    assert say("person erase --reason", REASON, "--customer", NUMBER, "--yes") == 0, "what others left in texts"
    assert say("person erase --reason", REASON, "--customer", NUMBER, "--yes") == 2
    assert "已由管理员（命令行）在" in capsys.readouterr().err
    assert done(company, "person.erase") == [
        ("customer:1", {"contact": 1, "reason": REASON}),
        ("customer:1", {"reason": REASON}),
    ]
    assert verified(company) == []


def of_the_rep(company: Company) -> str:
    """Everything that can be held about him; returns his mobile."""
    me = company.make.me("王敏")
    company.rep.says("/请假 明天 后天 代理:陈晨")
    company.rep.says("/视图 重点客户 等级:A")
    company.rep.presses("每个工作日订阅")
    account = company.rep.account

    def more(work: Work) -> str:
        work.db.add(
            Preference(
                user_id=me.id, quiet_from="", quiet_until="", digest=True, morning=True, hourly=True, platform=""
            )
        )
        work.db.add(OrgLink(platform="feishu", kind=OrgKind.MEMBER, key=account, subject_id=me.id))
        work.db.add(OrgProposal(platform="feishu", account=account, name="王敏", mobile="13800130001", staff_no=""))
        return work.db.get_one(User, me.id).mobile

    return company.keban.works.perform(more)


def test_one_of_our_own_is_handed_what_there_is_about_him(say: Say, company: Company, file: Path) -> None:
    mobile = of_the_rep(company)
    assert say("person export --staff-no S0001", str(file)) == 0
    told = json.loads(file.read_text(encoding="utf-8"))
    assert (told["姓名"], told["手机"], told["部门"], told["角色"]) == ("王敏", mobile, "销售一部", ["销售专员"])
    assert told["账号"] == [{"平台": "飞书", "账号": company.rep.account}] and told["请假"][0]["代理人"] == "陈晨"
    assert told["加入前"][0]["手机"] == "13800130001" and {"操作": "登记请假", "次数": 1} in told["做过的操作"]
    assert told["视图"] == [{"名称": "重点客户", "条件": {"level": ["A"]}}]
    assert done(company, "person.export") == [("user:1", {})]
    assert say("person export --staff-no S9999", str(file.with_suffix(".2"))) == 2


def gone_from_the_platform(work: Work, account: str, known_by: str) -> None:
    """As the synchronisation leaves a leaver: only his number or his mobile tells whom a proposal was about."""
    work.db.execute(delete(OrgLink))
    work.db.execute(delete(Identity).where(Identity.account == account))
    mobile = work.db.scalar(select(User.mobile).where(User.staff_no == "S0001"))
    same = {"staff_no": "S0001"} if known_by == "number" else {"mobile": mobile}
    work.db.execute(update(OrgProposal).values(same))


@pytest.mark.parametrize("known_by", ["account", "number", "mobile"])
def test_one_of_our_own_is_erased_once_he_is_disabled(
    say: Say, company: Company, capsys: pytest.CaptureFixture[str], known_by: str
) -> None:
    worked_with(company, NAME)
    mobile, account = of_the_rep(company), company.rep.account
    line = ("person erase --staff-no S0001 --yes --reason", REASON)
    assert say(*line) == 2 and "先执行 user disable" in capsys.readouterr().err
    company.keban.works.perform(lambda work: staff.disable(work, "S0001"))
    if known_by != "account":
        company.keban.works.perform(lambda work: gone_from_the_platform(work, account, known_by))
    assert say("person erase --staff-no S0001 --yes --reason", f"打 {mobile}") == 2
    assert stored(company, select(User.mobile).where(User.staff_no == "S0001")) == [mobile]
    assert say(*line) == 0 and "王敏（S0001） 的个人信息已擦除" in capsys.readouterr().out
    assert left(company, mobile, "13800130001") == []
    for table in (Preference, OrgLink, OrgProposal, View, ViewSubscription):
        assert stored(company, select(func.count()).select_from(table)) == [0]
    assert stored(company, select(Absence.id)) == []
    assert account not in stored(company, select(Identity.account)) and stored(company, select(Identity.id)) != []
    user = stored(company, select(User).where(User.staff_no == "S0001"))[0]
    assert (user.name, user.mobile, user.binding_key) == ("王敏", "", None)
    assert stored(company, select(FollowUp.author_id)) == [user.id], "who did what is still said"
    assert say(*line) == 2 and "已由管理员（命令行）在" in capsys.readouterr().err
    assert verified(company) == []
