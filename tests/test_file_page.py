"""What is handed to a person waits on a page of ours: for whoever asked for it, ten minutes, and is fetched once."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

import test_erasure
import test_faults
from conftest import ON_SQLITE, Company
from models import files, links
from models.crm import staff
from models.errors import AlreadyDone
from models.policy import Permission
from models.tables import Audit, FileLink, Role
from models.tables.sealed import Keyring
from scheduler.jobs import forget_files
from test_entry import stored
from test_erasure import NUMBER, WHO, erases, worked_with
from test_faults import Away
from test_private_data import EMAIL, ID, LANDLINE, NAME, THIRD, WECHAT
from world import GROUP

company, away = test_erasure.company, test_faults.away
MOBILE = "13912345678"
LINK = re.compile(r"http://\S+?/file/[\w-]+(?=\")")


def kept(company: Company) -> str:
    """Where the page of a file is that was made for the rep, who may follow up."""
    me = company.make.me("王敏")
    about = (Permission.FOLLOW_UP, "customer:1", "keban.json", "{}")
    return company.keban.works.perform(lambda work: files.keep(work, me, *about))


def exported(company: Company, whom: str = "全部个人信息") -> str:
    """Where the page of the file is, without the host."""
    admin = company.admin  # type: ignore[attr-defined]
    seen = admin.says(f"/个人信息 {NUMBER}")
    admin.presses("导出", on=seen)
    answer = admin.presses("生成文件", {"谁的": whom}, on=seen)
    assert answer.toast == "已发给你" and answer.card is None, "a message of its own"
    (link,) = set(LINK.findall(json.dumps(admin.last("导出个人信息").card)))
    return urlsplit(link).path


def get(company: Company, where: str) -> Any:
    return company.keban.client.get(where)


def fetch(company: Company, where: str) -> Any:
    return company.keban.client.post(where)


def operations(company: Company) -> list[str]:
    kinds = ("person.export", "file.download")
    return stored(company, select(Audit.operation).where(Audit.operation.in_(kinds)).order_by(Audit.id))


def test_who_asks_for_it_fetches_it_once_and_nothing_of_it_is_kept(company: Company) -> None:
    worked_with(company, WHO, 客户性质="个人", 身份证号=ID, 地址="杭州市西湖区文三路 8 号")
    where = exported(company)
    for _ in range(2):
        page = get(company, where)
        assert page.status_code == 200 and f"keban-{NUMBER}.json" in page.text and "下载" in page.text
        assert MOBILE not in page.text and WHO not in page.text
    got = fetch(company, where)
    assert got.status_code == 200 and got.content_type == "application/json"
    assert got.headers["Content-Disposition"] == f'attachment; filename="keban-{NUMBER}.json"'
    assert got.headers["Cache-Control"] == "no-store" and got.headers["X-Content-Type-Options"] == "nosniff"
    whole(json.loads(got.text), got.text)
    assert stored(company, select(FileLink.content)) == [None]
    assert operations(company) == ["person.export", "file.download"]
    for again in (get(company, where), fetch(company, where)):
        assert again.status_code == 410 and "已下载过" in again.text
    assert operations(company) == ["person.export", "file.download"]


def whole(told: dict[str, Any], text: str) -> None:
    """All that was entered, said and answered, by names that people know."""
    for clear in (MOBILE, EMAIL, LANDLINE, WECHAT, ID, THIRD, "139 1234 5678", "文三路 8 号"):
        assert clear in text, clear
    words = set(re.findall(r"[a-z_.]+[._][a-z_]+", text.replace(WECHAT, "").replace(EMAIL, "")))
    assert words == set() and "⟦" not in text, "in people's words"
    assert told["客户"]["客户性质"] == "个人" and told["联系人"][0]["手机"] == MOBILE
    assert told["跟进"][0]["内容"].startswith(f"{WHO}的手机是 139 1234 5678") and told["跟进"][0]["记录人"] == "王敏"
    assert told["跟进"][0]["时间"].startswith("2026-11-25 10:")
    assert told["投诉"][0]["投诉号"] == "TS202611001" and told["投诉"][1]["级别"] == "一般"
    assert told["成交"][0]["金额"] == "120,000 元" and told["满意度问卷"][0]["总体"] == 2
    assert told["审核"][0]["结果"] == "通过" and told["提醒"][0]["状态"] == "未到时间"
    assert {("记跟进", "王敏"), ("导出个人信息", "管理员")} <= {(e["操作"], e["操作人"]) for e in told["操作记录"]}


def test_of_a_company_only_what_is_about_him(company: Company) -> None:
    worked_with(company, NAME)
    company.rep.says(f"/跟进 {NUMBER} 价格谈好了")
    text = fetch(company, exported(company, test_erasure.the_contact(company))).text
    told = json.loads(text)
    assert told["客户"] == {"客户编号": NUMBER, "客户全称": NAME} and "价格谈好了" not in text
    assert told["联系人"][0]["姓名"] == WHO and [each["种类"] for each in told["文字里的联系方式"]].count("手机") >= 1
    assert "同事的是 〔已隐藏〕" in text and THIRD not in text, "another's is not his"


def test_it_is_told_privately_where_it_was_asked_for_in_a_group(company: Company) -> None:
    worked_with(company, NAME)
    exported(company)
    assert not [each for each in company.admin.inbox(GROUP) if LINK.search(json.dumps(each.history))]


@ON_SQLITE
def test_a_link_of_another_kind_or_changed_in_any_place_opens_nothing(company: Company, ring: Keyring) -> None:
    worked_with(company, NAME)
    where = exported(company)
    token = where.rpartition("/")[2]
    wrong = [token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(43)]
    wrong += [
        token[:-1],
        f"{token}A",
        links.token(ring, links.FORM, token[:22]),
        links.token(ring, links.FILE, "A" * 22),
    ]
    for each in wrong:
        for got in (get(company, f"/file/{each}"), fetch(company, f"/file/{each}")):
            assert got.status_code == 404 and "链接打不开" in got.text
    assert fetch(company, where).status_code == 200


def test_after_ten_minutes_it_is_gone(company: Company) -> None:
    worked_with(company, NAME)
    where = exported(company)
    company.keban.clock.forward(minutes=9, seconds=59)
    assert get(company, where).status_code == 200
    company.keban.clock.forward(seconds=1)
    for got in (get(company, where), fetch(company, where)):
        assert got.status_code == 410 and "10 分钟有效期已过" in got.text
    company.keban.works.perform(forget_files)
    assert stored(company, select(FileLink.content)) == [None]
    company.keban.clock.forward(days=1, seconds=1)
    company.keban.works.perform(forget_files)
    assert get(company, where).status_code == 404 and operations(company) == ["person.export"]


def test_who_may_not_any_more_has_no_link(company: Company) -> None:
    worked_with(company, NAME)
    where, works = exported(company), company.keban.works
    works.perform(lambda work: staff.set_grant(work, Role.ADMIN, Permission.PRIVACY, None))
    assert get(company, where).status_code == fetch(company, where).status_code == 404
    works.perform(lambda work: staff.set_grant(work, Role.ADMIN, Permission.PRIVACY, staff.Reach.ALL))
    works.perform(lambda work: staff.disable(work, "S0006"))
    assert get(company, where).status_code == fetch(company, where).status_code == 404


def test_what_was_erased_meanwhile_is_not_handed_out(company: Company) -> None:
    worked_with(company, NAME)
    where = exported(company)
    erases(company)
    for got in (get(company, where), fetch(company, where)):
        assert got.status_code == 410 and "已被擦除" in got.text


def test_of_two_who_fetch_at_once_one_gets_it(company: Company) -> None:
    """Between the look and the mark another one may have been there."""
    worked_with(company, NAME)
    nonce = exported(company).rpartition("/")[2][:22]
    assert company.keban.works.perform(lambda work: files.fetch(work, nonce))[0] == f"keban-{NUMBER}.json"
    with pytest.raises(AlreadyDone):
        company.keban.works.perform(lambda work: files.fetch(work, nonce))


def test_while_the_database_is_away_it_waits(company: Company, away: Away) -> None:
    worked_with(company, NAME)
    where = exported(company)
    with away():
        for got in (get(company, where), fetch(company, where)):
            assert got.status_code == 503 and "请稍后再试" in got.text
    assert fetch(company, where).status_code == 200
