"""`user bind`: accounts that the platforms find by mobile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

import app
from conftest import SECRET
from models.crm import people
from models.crm.people import Hire
from models.tables import Audit, Identity, Role, User
from models.work import Works
from standins.dingtalk_api import CLIENT_ID, CLIENT_SECRET, DingTalkApi
from standins.feishu_api import APP_ID, APP_SECRET, FeishuApi
from test_command_line import logging_is_put_back

__all__ = ["logging_is_put_back"]
MOBILES = {"S1": "13800138001", "S2": "13800138002", "S3": "13800138003"}
FIND = {"feishu": "batch_get_id", "dingtalk": "getbymobile"}
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def fly() -> Iterator[FeishuApi]:
    with FeishuApi() as api:
        yield api


@pytest.fixture
def ding() -> Iterator[DingTalkApi]:
    with DingTalkApi() as api:
        yield api
        assert not api.problems


@pytest.fixture
def say(
    engine: Engine,
    database_url: str,
    tmp_path: Path,
    fly: FeishuApi,
    ding: DingTalkApi,
    capsys: pytest.CaptureFixture[str],
) -> Say:
    """`user bind` at a company of three; gives the exit code and what is printed."""
    file = tmp_path / "settings.toml"
    file.write_text(
        f"""[database]\nurl = "{database_url}"\n[security]\nsecret_key = "{SECRET}"
[feishu]\napp_id = "{APP_ID}"\napp_secret = "{APP_SECRET}"\nencrypt_key = "k"\napi_base = "{fly.base_url}"
[dingtalk]\nclient_id = "{CLIENT_ID}"\nclient_secret = "{CLIENT_SECRET}"
api_base = "{ding.base_url}"\noapi_base = "{ding.base_url}"\n""",
        encoding="utf-8",
    )

    def said(line: str) -> tuple[int, str]:
        code = app.main([*f"user bind {line}".split(), "--config", str(file)])
        out, err = capsys.readouterr()
        return code, out + err

    return said


@pytest.fixture(autouse=True)
def three(works: Works) -> None:
    for name, staff_no, account in (("王敏", "S1", ()), ("陈晨", "S2", ()), ("赵强", "S3", (("feishu", "ou_3"),))):
        hire = Hire(staff_no, name, "销售一部", (Role.SALES_REP,), MOBILES[staff_no], account)
        works.perform(lambda work, hire=hire: people.add_user(work, hire))


def bound(works: Works) -> set[tuple[str, str, str]]:
    """(staff number, platform, account)."""
    with works.read() as work:
        rows = work.run(
            select(User.staff_no, Identity.platform, Identity.account).join(User, User.id == Identity.user_id)
        )
        return {tuple(row) for row in rows}


def test_all_are_found_by_mobile_and_the_rest_are_named(
    say: Say, works: Works, fly: FeishuApi, ding: DingTalkApi
) -> None:
    fly.people = {MOBILES["S1"]: "ou_1", MOBILES["S3"]: "ou_else"}
    ding.add_person("wangmin", "王敏", MOBILES["S1"])
    ding.add_person("zhaoqiang", "赵强", MOBILES["S3"])
    code, said = say("--all")
    assert code == 0
    assert "S1\t王敏\t飞书\t已绑定" in said and "S2\t陈晨\t飞书\t没有找到这个手机号" in said
    assert "没有找到的，是 user add 写的手机号和他飞书账号上的不一样，或者他不在应用的可用范围" in said
    assert "飞书：已绑定 1 人，1 人没有绑定。" in said and "钉钉：已绑定 2 人，1 人没有绑定。" in said
    ding_accounts = {("S1", "dingtalk", "wangmin"), ("S3", "dingtalk", "zhaoqiang")}
    assert bound(works) == {("S1", "feishu", "ou_1"), ("S3", "feishu", "ou_3"), *ding_accounts}
    with works.read() as work:
        audited = work.run(select(Audit.detail).where(Audit.operation == "user.bind")).scalars()
    assert [each["by"] for each in audited] == ["mobile"] * 3
    assert not any(mobile in said for mobile in MOBILES.values()), "a number is nobody's business on a screen"
    again = say("--all")
    assert again[0] == 0 and "已绑定 0 人，1 人没有绑定" in again[1] and len(bound(works)) == 4


def test_some_are_found_at_one_platform_and_an_account_of_somebody_else_stays_his(
    say: Say, works: Works, fly: FeishuApi, ding: DingTalkApi
) -> None:
    fly.people = {MOBILES["S1"]: "ou_1", MOBILES["S2"]: "ou_3"}
    ding.add_person("wangmin", "王敏", MOBILES["S1"])
    assert "S2\t陈晨\t飞书\t这个账号已经是别人的" in say("--staff-no S2 --platform feishu")[1]
    assert bound(works) == {("S3", "feishu", "ou_3")}
    assert say("--staff-no S1 --staff-no S2 --platform feishu")[0] == 0
    assert bound(works) == {("S3", "feishu", "ou_3"), ("S1", "feishu", "ou_1")}
    code, said = say("--staff-no S1 --staff-no S3 --platform feishu")
    assert (code, said) == (0, "S1\t王敏\t飞书\t已经绑过\nS3\t赵强\t飞书\t已经绑过\n飞书：已绑定 0 人。\n")
    code, said = say("--staff-no S1 --staff-no S9")
    assert code == 2 and "没有找到工号 S9" in said


@pytest.mark.parametrize(
    ("platform", "code", "scope"),
    [
        ("feishu", 99991672, "contact:user.id:readonly"),
        ("dingtalk", 60011, "qyapi_get_member_by_mobile"),
        ("dingtalk", 88, "qyapi_get_member_by_mobile"),
    ],
)
def test_a_missing_permission_is_a_sentence(
    say: Say, works: Works, fly: FeishuApi, ding: DingTalkApi, platform: str, code: int, scope: str
) -> None:
    {"feishu": fly, "dingtalk": ding}[platform].fail_next(code=code, path=FIND[platform])
    status, said = say(f"--all --platform {platform}")
    assert status == 1 and f"在「权限管理」里开通 {scope}，再发布一次" in said and len(bound(works)) == 1


def test_a_mobile_that_is_none_is_not_found_and_what_was_found_before_a_failure_is_bound(
    say: Say, works: Works, ding: DingTalkApi
) -> None:
    ding.add_person("wangmin", "王敏", MOBILES["S1"])
    ding.add_person("zhaoqiang", "赵强", MOBILES["S3"])
    ding.fail_next(code=40104, path="getbymobile")
    status, said = say("--staff-no S1 --platform dingtalk")
    assert status == 0 and "没有找到这个手机号" in said
    ding.fail_next(delay=0.01, path="getbymobile")
    ding.fail_next(status=502, path="getbymobile")
    status, said = say("--all --platform dingtalk")
    assert status == 1 and "钉钉没有回答完" in said and "已绑定 1 人。" in said
    assert ("S1", "dingtalk", "wangmin") in bound(works) and len(bound(works)) == 2
    assert say("--all --platform dingtalk")[0] == 0 and len(bound(works)) == 3


def test_a_company_larger_than_a_call_is_asked_in_parts(say: Say, works: Works, fly: FeishuApi) -> None:
    for number in range(60):
        hire = Hire(f"T{number:02}", "新人", "销售一部", (Role.SALES_REP,), f"139000000{number:02}")
        works.perform(lambda work, hire=hire: people.add_user(work, hire))
        fly.people[hire.mobile] = f"ou_t{number}"
    assert "飞书：已绑定 60 人，2 人没有绑定。" in say("--all --platform feishu")[1]


def test_without_a_platform_there_is_nobody_to_ask(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEBAN__FEISHU__APP_ID", "")
    code, said = say("--all --platform feishu")
    assert code == 2 and said == "飞书还没有接，步骤见 docs/feishu.md。\n"
    monkeypatch.setenv("KEBAN__DINGTALK__CLIENT_ID", "")
    assert say("--all") == (2, "飞书和钉钉都还没有接，步骤见 docs/feishu.md 和 docs/dingtalk.md。\n")


@pytest.mark.parametrize("platform", ["feishu", "dingtalk"])
def test_wrong_credentials_are_named_and_not_waited_for(
    say: Say, works: Works, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    secret = {"feishu": "APP_SECRET", "dingtalk": "CLIENT_SECRET"}[platform]
    monkeypatch.setenv(f"KEBAN__{platform.upper()}__{secret}", "another")
    code, said = say(f"--all --platform {platform}")
    assert code == 1 and "不对或不是一对，重新抄一次" in said and "python app.py doctor" in said
    assert "过一会儿" not in said and len(bound(works)) == 1
