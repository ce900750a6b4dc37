"""The command line: people and departments as upserts, sentences for what is wrong, and the migrations."""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

import app
import postgres
from conftest import SECRET, Company
from models.engine import connect
from models.tables import (
    Absence,
    Department,
    DutyShift,
    Identity,
    Product,
    Supervision,
    User,
    UserRole,
)
from models.tables.sealed import Keyring
from test_entry import stored
from world import Somebody

ADD = "user add --staff-no S1001 --name 王敏 --department 销售一部 --role sales_rep --mobile 13800138001"


@pytest.fixture(autouse=True)
def logging_is_put_back() -> Iterator[None]:
    """The program configures logging for its whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/keban.db"
        return
    server: postgres.Server = request.getfixturevalue("server")
    url = server.clone("template0")
    yield url
    server.drop(url)


Say = Callable[..., int]


def sayer(url: str, folder: Path) -> Say:
    file = folder / "settings.toml"
    file.write_text(f'[database]\nurl = "{url}"\n[security]\nsecret_key = "{SECRET}"\n', encoding="utf-8")

    def say(line: str, *more: str) -> int:
        try:
            return app.main([*line.split(), *more, "--config", str(file)])
        except SystemExit as ended:
            return int(ended.code or 0)

    return say


@pytest.fixture
def say(database_url: str, engine: Engine, tmp_path: Path) -> Say:
    """The command line at a database that has its tables; gives the exit code."""
    return sayer(database_url, tmp_path)


def test_a_person_and_his_department_are_made_by_one_line(
    say: Say, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "user add --staff-no S1001 --name 新人 --department 新部门 --role sales_rep --role legal --mobile"
    assert say(line, "+86 138-0013-8001") == 0
    said = capsys.readouterr().out
    code = re.search(r"绑定码 ([0-9A-F]{8})，72 小时内有效", said)
    assert code and "新人（S1001）已保存" in said and "13800138001" not in said
    newcomer = company.keban.somebody("ou_newcomer")
    assert newcomer.says(f"/绑定 {code[1]} 8001").title == "绑定成功"
    user = stored(company, select(User).where(User.staff_no == "S1001"))[0]
    assert (user.name, user.mobile) == ("新人", "13800138001")
    roles = stored(company, select(UserRole.role).where(UserRole.user_id == user.id).order_by(UserRole.role))
    assert roles == ["legal", "sales_rep"]
    assert stored(company, select(Department.name).where(Department.id == user.department_id)) == ["新部门"]


def test_adding_a_person_again_changes_him_and_binds_at_once(
    say: Say, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    number = stored(company, select(User.staff_no).where(User.name == "王敏"))[0]
    again = f"user add --staff-no {number} --name 王敏敏 --department 销售二部 --role manager --mobile 13800138009"
    assert say(f"{again} --feishu ou_second --dingtalk 0123") == 0
    assert "绑定码" in capsys.readouterr().out
    assert len(stored(company, select(User))) == 5
    second = company.keban.somebody("ou_second")
    assert "没有等你审核" in second.says("/待审").text
    assert "请先绑定" in company.rep.says("/待审").text
    user = stored(company, select(User).where(User.staff_no == number))[0]
    accounts = select(Identity.platform, Identity.account).where(Identity.user_id == user.id)
    assert user.name == "王敏敏" and len(stored(company, accounts)) == 2


def test_an_account_of_somebody_else_stays_his_until_who_writes_from_it_proves_himself(
    say: Say, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(company, select(User.name).order_by(User.id))
    taken = company.rep.account
    assert say(ADD.replace("王敏", "新人"), "--dingtalk", "new", "--feishu", taken) == 2
    told = capsys.readouterr().err
    number = stored(company, select(User.staff_no).where(User.name == "王敏"))[0]
    assert f"--feishu {taken} 已经是王敏（{number}）的账号，没有改动" in told and "去掉 --feishu" in told
    assert (
        stored(company, select(User.name).order_by(User.id)) == before
        and "请先绑定" not in company.rep.says("/今天").text
    )
    assert say(ADD.replace("S1001", number).replace("销售一部", "销售二部"), "--feishu", taken) == 0
    capsys.readouterr()
    assert say(ADD.replace("王敏", "新人").replace("sales_rep", "manager")) == 0
    code = re.search(r"绑定码 ([0-9A-F]{8})", capsys.readouterr().out)
    assert code and "新人，你好" in company.rep.says(f"/绑定 {code[1]} 8001").text


def test_departments_form_a_tree_whose_leaders_can_be_named_and_moved(say: Say, company: Company) -> None:
    def leads(name: str) -> list[str]:
        led = select(Department.name).join(Supervision, Supervision.department_id == Department.id)
        who = led.join(User, User.id == Supervision.user_id).where(User.name == name)
        return stored(company, who.order_by(Department.id))

    numbers = {user.name: user.staff_no for user in stored(company, select(User))}
    assert leads("赵强") == ["销售一部"]
    assert say(f"department set --name 总公司 --supervisor {numbers['陈晨']} --supervisor {numbers['周舟']}") == 0
    assert leads("陈晨") == leads("周舟") == ["总公司", "销售一部", "销售二部"]
    assert say("department set --name 华东区 --parent 总公司") == 0
    assert say("department set --name 销售一部 --parent 华东区") == 0
    assert leads("周舟") == ["总公司", "销售一部", "销售二部", "华东区"]
    assert say(f"department set --name 总公司 --supervisor {numbers['周舟']}") == 0
    assert leads("陈晨") == []
    assert say("department set --name 销售一部") == 0
    assert leads("赵强") == ["销售一部"]


def test_a_product_is_made_and_put_off_by_one_line(
    say: Say, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("product set --name 年度维保") == say("product set --name 年度维保") == 0
    assert capsys.readouterr().out == "产品「年度维保」已保存。\n" * 2
    assert say("product set --off --name 年度维保") == 0
    assert "已停用" in capsys.readouterr().out
    (product,) = stored(company, select(Product))
    assert (product.name, product.active) == ("年度维保", False)


def test_a_leave_is_entered_by_one_line_and_the_deputy_hears_of_it(
    say: Say, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = {user.name: user.staff_no for user in stored(company, select(User))}
    line = f"user absent --staff-no {numbers['赵强']} --deputy {numbers['陈晨']} --from 2099-12-01 --to 2099-12-03"
    assert say(line) == 0
    assert "赵强从2099年12月1日 周二 0:00到2099年12月3日 周四 23:59请假，由陈晨代理。" in capsys.readouterr().out
    assert say(line) == 2 and "已经请过假了" in capsys.readouterr().err
    company.keban.tick()  # the shell has no credentials here, so that a place for it is found by the scheduler
    assert "都转给你" in company.colleague.last("将请假 · 赵强").text and company.supervisor.last("将请假").title
    (absence,) = stored(company, select(Absence))
    assert absence.entered_by is None


def test_a_roster_is_set_and_cleared_by_lines(say: Say, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    number = stored(company, select(User.staff_no).where(User.name == "王敏"))[0]
    at = "duty set --department 销售一部 --from 18:00 --to 22:00"
    assert say(f"{at} --weekday 1-5 --staff-no {number}") == say(f"{at} --date 2099-12-25") == 0
    assert "销售一部的值班已保存：18:00-22:00 王敏。" in capsys.readouterr().out
    rows = stored(company, select(DutyShift).order_by(DutyShift.id))
    assert [row.weekday for row in rows] == [0, 1, 2, 3, 4, None]
    assert (str(rows[-1].date), rows[-1].user_id, rows[-1].opens, rows[-1].closes) == ("2099-12-25", None, 1080, 1320)
    off = "duty clear --department 销售一部"
    assert say(f"{off} --weekday 1") == say(f"{off} --date 2099-12-25") == 0
    assert stored(company, select(DutyShift.weekday).order_by(DutyShift.id)) == [1, 2, 3, 4]
    assert say(off) == 0 and stored(company, select(DutyShift)) == []


WRONG: dict[str, tuple[int, str]] = {
    "user absent --staff-no S404 --from 现在 --to 明天": (2, "没有找到工号 S404"),
    "duty set --department 火星 --weekday 1 --from 18:00 --to 22:00 --staff-no S1": (2, "没有找到部门「火星」"),
    "duty set --department 总公司 --weekday 1 --from 18:00 --to 22:00": (2, "每周的值班要写人"),
    "duty set --department 总公司 --weekday 2099-12-25 --from 18:00 --to 22:00": (2, "--weekday 写 1-5"),
    "duty set --department 总公司 --date 1-5 --from 18:00 --to 22:00": (2, "--weekday 写 1-5"),
    "duty set --department 总公司 --date 2099-12-25 --from 晚上 --to 22:00": (2, "看不懂时间"),
    "duty set --department 总公司 --from 18:00 --to 22:00": (2, "--weekday"),
    "product set": (2, "--name"),
    "product set --name ——": (2, "里面要有文字或数字"),
    f"product set --name {'长' * 65}": (2, "1 到 64 个字"),
    "user add --staff-no S1 --name 王敏 --department 销售一部 --role sales_rep --mobile 123": (2, "手机号要 11 位"),
    ADD.replace("sales_rep", "boss"): (2, "boss"),
    ADD.replace(" --mobile 13800138001", ""): (2, "--mobile"),
    "department set --parent 总公司": (2, "--name"),
    "department set --name 甲 --supervisor S404": (2, "没有找到工号 S404"),
    "department set --name 甲 --parent 甲": (2, "不能放在自己"),
    "department set --name 总公司 --parent 销售一部": (2, "不能放在自己或下级部门的下面"),
    "user": (2, "usage"),
    "frobnicate": (2, "frobnicate"),
    "": (2, "usage"),
}  # fmt: skip


def test_wrong_input_is_a_sentence_and_changes_nothing(
    say: Say, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(company, select(User.name).order_by(User.id)), stored(company, select(Department.name))
    for line, (code, says) in WRONG.items():
        assert say(line) == code, line
        told = capsys.readouterr()
        assert says in told.err and "Traceback" not in told.err and told.out == "", line
    assert (stored(company, select(User.name).order_by(User.id)), stored(company, select(Department.name))) == before
    assert say("department set --name 乙") == 0


def test_too_long_words_are_a_sentence_on_both_databases(
    say: Say, company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "长" * 65
    for line in (ADD.replace("王敏", long), ADD.replace("销售一部", long), ADD.replace("S1001", "S" * 33),
                 f"department set --name {long}", f"{ADD} --feishu {'o' * 129}"):  # fmt: skip
        assert say(line) == 2, line
        assert "字" in capsys.readouterr().err
    assert len(stored(company, select(User))) == 5


def test_a_bad_file_and_a_database_that_is_away_are_sentences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["--config", str(tmp_path / "lost.toml"), "db", "upgrade"]) == 2
    assert "没有找到配置文件" in capsys.readouterr().err
    away = sayer("postgresql+psycopg://keban:hunter2@127.0.0.1:9/keban", tmp_path)
    for line in ("department set --name 甲", "db upgrade"):
        assert away(line) == 1, line
        told = capsys.readouterr().err
        assert "数据库现在连不上" in told and "hunter2" not in told and "Traceback" not in told, line


NEED_TABLES = ("web", "worker", "stream --platform feishu", ADD, "department set --name 甲", "user bind --all",
               "product set --name 甲", "clock --forward 1h")  # fmt: skip


def test_what_needs_the_tables_ends_at_once_where_they_are_not_there_or_of_another_version(
    empty_url: str, tmp_path: Path, ring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    say = sayer(empty_url, tmp_path)
    for line in NEED_TABLES:
        assert say(line) == 2, line
        assert capsys.readouterr().err == "数据库还没有建立；先执行 python app.py db upgrade。\n", line
    assert say("db upgrade") == 0
    engine = connect(empty_url, ring)
    for number, how in (("0001", "先停下，再执行 python app.py db upgrade"), ("9999", "换成新版本的程序")):
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})
        for line in NEED_TABLES:
            assert say(line) == 2, line
            told = capsys.readouterr().err
            assert told.startswith(f"数据库结构是 {number}，这个程序要 ") and told.endswith(f"；{how}。\n"), line
    engine.dispose()


COMMANDS = (
    "",
    "run",
    "web",
    "worker",
    "stream",
    "doctor",
    "db",
    "db upgrade",
    "department",
    "audit",
    "audit verify",
    "audit export",
    "department set",
    "product set",
    "user",
    "user add",
)


def test_every_command_explains_itself(say: Say, capsys: pytest.CaptureFixture[str]) -> None:
    for line in COMMANDS:
        assert say(f"{line} --help") == 0, line
        told = capsys.readouterr().out
        assert "usage: app.py" in told and re.search("[\u4e00-\u9fff]", told), line
    assert all(flag in told for flag in ("--staff-no", "--role", "--feishu", "--dingtalk", "sales_rep"))


def test_config_may_stand_before_or_after_the_command(tmp_path: Path, database_url: str, engine: Engine) -> None:
    file = tmp_path / "settings.toml"
    sayer(database_url, tmp_path)
    assert tomllib.loads(file.read_text())["database"]["url"] == database_url
    assert app.main(["--config", str(file), "department", "set", "--name", "甲"]) == 0
    assert app.main(["department", "set", "--config", str(file), "--name", "乙"]) == 0
    with engine.connect() as connection:
        assert list(connection.execute(select(Department.name).order_by(Department.id)).scalars()) == ["甲", "乙"]


# --- migrations ---


def test_who_was_added_from_the_shell_works_at_once_while_the_server_runs(say: Say, company: Company) -> None:
    assert say(ADD.replace("sales_rep", "supervisor"), "--feishu", "ou_shell") == 0
    boss: Somebody = company.keban.somebody("ou_shell")
    company.rep.says("/新客户 华星 客户性质:企业 所属行业:零售 客户来源:其他 联系人姓名:李雷 手机:13912345678")
    assert boss.presses("通过").title == "已建档 · C202611001"


def test_keys_are_changed_from_the_shell(say: Say, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("keys rotate") == 0
    told = capsys.readouterr().out
    assert "已换 0 行" in told and "14 天后可以去掉旧的" in told
    assert say("keys") == 2
