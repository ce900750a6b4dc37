"""`org sync`: the organisation read from the shell, or only looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

import app
from conftest import ON_SQLITE
from models.tables import Department, OrgProposal
from models.work import Works
from standins.dingtalk_api import DingTalkApi
from standins.feishu_api import FeishuApi
from test_bind_by_mobile import ding, fly, logging_is_put_back, say

__all__ = ["ding", "fly", "logging_is_put_back", "say"]
pytestmark = ON_SQLITE
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def sync(say: Say, capsys: pytest.CaptureFixture[str], tmp_path: object) -> Say:
    """`org sync` with the settings of `say`; gives the exit code and what is printed."""

    def said(line: str = "") -> tuple[int, str]:
        code = app.main([*f"org sync {line}".split(), "--config", f"{tmp_path}/settings.toml"])
        out, err = capsys.readouterr()
        return code, out + err

    return said


def departments(works: Works) -> list[str]:
    with works.read() as work:
        return sorted(work.run(select(Department.name)).scalars())


def test_what_would_change_is_printed_and_then_done(sync: Say, works: Works, fly: FeishuApi, ding: DingTalkApi) -> None:
    fly.contacts.directory.department("od-1", "华东区")
    fly.contacts.directory.department("od-2", "销售部", "od-1")
    fly.contacts.directory.hire("ou_1", "王敏", "13900139001", "od-2")
    ding.contacts.directory.department("102", "华东区")
    status, said = sync("--dry-run")
    assert status == 0 and "部门\t销售部\t新建" in said and "新同事\t王敏\t销售部" in said
    assert "飞书（只是看看，没有改）：部门 2 个，新同事 1 人。" in said and "13900139001" not in said
    assert departments(works) == []
    status, said = sync()
    assert status == 0 and "飞书：部门 2 个，新同事 1 人。" in said
    assert "部门\t华东区\t对上已有的" in said and departments(works) == ["华东区", "销售部"]
    with works.read() as work:
        assert work.run(select(OrgProposal.name)).scalars() == ["王敏"]
    assert "飞书：没有变化。" in sync("--platform feishu")[1]


def test_a_large_tree_is_read_level_by_level(sync: Say, works: Works, fly: FeishuApi) -> None:
    fly.contacts.largest_tree = 1
    for number, over in ((1, ""), (2, "od-1"), (3, "od-1"), (4, "od-3")):
        fly.contacts.directory.department(f"od-{number}", f"部门{number}", over)
    assert "部门 4 个" in sync("--platform feishu")[1]


@pytest.mark.parametrize(
    ("platform", "code", "path", "why"),
    [
        ("feishu", 99991672, "/scopes", "应用没有读通讯录的权限，请开通 contact:contact.base:readonly"),
        ("dingtalk", 60011, "/auth/scopes", "应用没有读通讯录的权限，请开通 qyapi_get_department_list"),
        ("feishu", 40004, "find_by_department", "平台没有回答完"),
        ("dingtalk", 60019, "user/list", "平台没有回答完"),
    ],
)
def test_what_is_missing_is_a_sentence_and_nothing_is_changed(
    sync: Say, works: Works, fly: FeishuApi, ding: DingTalkApi, platform: str, code: int, path: str, why: str
) -> None:
    api: FeishuApi | DingTalkApi = {"feishu": fly, "dingtalk": ding}[platform]
    api.contacts.directory.department("od-1" if platform == "feishu" else "101", "华东区")
    api.fail_next(code=code, path=path)
    status, said = sync(f"--platform {platform}")
    assert status == 1 and why in said and "什么都没改" in said and departments(works) == []


def test_without_a_platform_there_is_nothing_to_read(sync: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEBAN__FEISHU__APP_ID", "")
    status, said = sync("--platform feishu")
    assert status == 2 and "还没有接" in said
