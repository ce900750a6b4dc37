"""Contact data (P4, P5): sealed in the database, clear for the owner alone, and in no group, log or audit row."""

from __future__ import annotations

import base64
import hashlib
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, select, text, update
from sqlalchemy.exc import StatementError

from conftest import SECRET, Company
from models.engine import connect
from models.settings import Settings
from models.tables import Audit, Base, Contact, Customer, FollowUp, PrivateValue
from models.tables.sealed import Keyring
from models.work import Works
from test_entry import count, stored, submit
from world import GROUP

NAME, NUMBER = "华星科技有限公司", "C202611001"
MOBILE, EMAIL, LANDLINE, WECHAT, ID = (
    "13912345678", "li.lei@huaxing-kj.com", "021-62785001", "lilei_hx", "110101199003071233"
)  # fmt: skip
SECOND, THIRD, FOURTH = "13700137002", "13700137003", "13700137004"
#: the halves of what is kept, so that another spelling is found as well.
TRACES = ("91234567", "li.lei@", "62785001", "lilei_hx", "90030712", "70013700", "37001370")


def talk(company: Company) -> None:
    """Everything people do with contact data, from the entry to the reminder."""
    rep, boss = company.rep, company.supervisor
    rep.says("/新客户 客户性质:个人 手机:139123 邮箱:" + EMAIL)
    rep.presses("提交", {"客户全称": "李雷", "手机": "13912345678", "身份证号": ID, "所属行业": "其他-其他",
                        "客户来源": "其他", "联系人姓名": "李雷", "邮箱": EMAIL})  # fmt: skip
    submit(rep, 邮箱=EMAIL)
    boss.presses("退回")
    boss.presses("确认退回", {"退回原因": f"应是 {SECOND}"})
    company.keban.forward(seconds=4)
    rep.presses("修改")
    rep.presses("重新提交")
    boss.presses("通过")
    company.keban.forward(seconds=4)
    rep.presses("补充资料")
    rep.presses("提交", {"固定电话": LANDLINE, "微信": WECHAT, "备注": f"家里 {LANDLINE}", "痛点": f"找 {EMAIL}"})
    rep.says(f"/跟进 {NUMBER} 新手机 {THIRD}，身份证{ID} 反馈:打{LANDLINE} 下一步:写信给{EMAIL} 下次:明天")
    rep.says(f"/跟进 华 新手机 {FOURTH}", group=True)
    rep.says(f"/跟进 没有这家 新手机 {FOURTH} 方式:飞鸽", group=True)
    rep.says(f"/查 {MOBILE}")
    company.stranger.says(f"/客户 {MOBILE}")
    company.keban.until("2026-11-26 09:00")
    rep.presses("完成")
    rep.presses("完成", {"结果": f"换号了 {FOURTH}"})


def kept(engine: Engine) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, as anybody sees it who opens the database without the keys."""
    if engine.dialect.name == "sqlite":
        path = Path(make_url(engine.url).database or "")
        yield from ((each.name, each.read_bytes()) for each in path.parent.glob(f"{path.name}*"))
        with sqlite3.connect(path) as raw:
            for table in Base.metadata.tables:
                yield table, repr(raw.execute(f"SELECT * FROM {table}").fetchall()).encode()  # noqa: S608
        raw.close()
        return
    with engine.connect() as connection:
        for table in Base.metadata.tables:
            rows = connection.execute(text(f"SELECT t::text FROM {table} t")).scalars().all()  # noqa: S608
            yield table, "\n".join(rows).encode()


def test_the_database_the_log_and_the_audit_hold_no_contact_data(
    company: Company, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        talk(company)
    assert count(company, FollowUp) == 3 and count(company, PrivateValue) > 8 and count(company, Audit) > 8
    signs = [trace.encode() for trace in TRACES] + [trace.encode().hex().encode() for trace in TRACES]
    seen = dict(kept(engine))
    assert NAME.encode() in seen["customers"] and "家里".encode() in seen["customers"]
    assert {(where, sign) for where, raw in seen.items() for sign in signs if sign in raw} == set()
    assert [trace for trace in TRACES if trace in caplog.text] == []
    contact = stored(company, select(Contact).where(Contact.phone.is_not(None)))[0]
    assert (contact.mobile, contact.email, contact.phone, contact.wechat) == (MOBILE, EMAIL, LANDLINE, WECHAT)


def test_the_owner_sees_it_clear_and_those_above_masked(company: Company) -> None:
    talk(company)
    mine = company.rep.says(f"/客户 {NUMBER}").text
    for clear in (MOBILE, EMAIL, LANDLINE, WECHAT, SECOND, THIRD, FOURTH, ID):
        assert clear in mine, clear
    for who in (company.supervisor, company.manager):
        theirs = who.says(f"/客户 {NUMBER}").text
        assert [trace for trace in TRACES if trace in theirs] == []
        for masked in ("139****5678", "l***@huaxing-kj.com", "021-****5001", "l***", "1101**********1233",
                       "137****7002", "137****7003", "137****7004"):  # fmt: skip
            assert masked in theirs, masked
        assert "身份证号\u30001101**********1233" in who.says("/客户 李雷").text
    assert f"身份证号\u3000{ID}" in company.rep.says("/客户 李雷").text


def test_a_reason_with_a_number_reads_well_for_both_sides(company: Company) -> None:
    submit(company.rep)
    company.supervisor.presses("退回")
    answer = company.supervisor.presses("确认退回", {"退回原因": f"应是 {SECOND}"})
    assert "应是 137****7002" in answer.text
    company.keban.forward(seconds=4)
    assert f"应是 {SECOND}" in company.rep.last("已退回").text
    assert f"应是 {SECOND}" in company.rep.presses("修改").text


def test_a_group_never_sees_it_and_the_asker_gets_it_privately(company: Company) -> None:
    rep = company.rep
    company.make.customer("王敏", NAME)
    for line, private in (
        (f"/客户 {NUMBER}", NAME),
        ("/新客户", "录入新客户"),
        (f"/跟进 {NUMBER}", "记一次跟进"),
        (f"/跟进 {NUMBER} 新手机 {SECOND}", f"已记录跟进 · {NAME}"),
        ("/新客户 手机:139123", "录入新客户"),
    ):
        told = rep.says(line, group=True)
        assert told.title == "已私信给你", line
        assert rep.last().title == private, line
    found = rep.says("/查 5678", group=True)
    answer = rep.presses("查看", on=found)
    assert answer.toast == "已私信给你" and answer.card is None
    assert rep.last().title == NAME and MOBILE in rep.last().text
    everything = " ".join(str(each.card) for each in rep.inbox(GROUP))
    assert [trace for trace in (*TRACES, "139****", "137****") if trace in everything] == []


def test_nobody_forges_a_marker_to_read_anothers_value(company: Company) -> None:
    company.make.customer("王敏", NAME)
    company.make.customer("周舟", "远方商贸有限公司")
    company.rep.says(f"/跟进 {NUMBER} 新手机 {SECOND}")
    value = stored(company, select(PrivateValue.id).where(PrivateValue.kind == "mobile"))[0]
    company.stranger.says(f"/跟进 远方商贸 看看 ⟦mobile:{value}⟧")
    assert f"看看 〖mobile:{value}〗" in company.stranger.says("/客户 远方商贸").text
    forged = f"偷看 ⟦mobile:{value}⟧"
    theirs = company.make.me("周舟").id
    company.keban.works.perform(
        lambda work: work.run(update(FollowUp).where(FollowUp.author_id == theirs).values(content=forged))
    )
    page = company.stranger.says("/客户 远方商贸").text
    assert "偷看 〔已隐藏〕" in page and SECOND not in page


# --- the sealed column ---

OLD, NEW = (f"{name}:{base64.b64encode(name.encode() * 16).decode()}" for name in ("k1", "k2"))


def test_whatever_is_changed_in_a_sealed_value_it_does_not_open() -> None:
    ring = Keyring([OLD])
    sealed = ring.seal("13912345678", "contacts.mobile")
    assert ring.open(sealed, "contacts.mobile") == "13912345678"
    assert ring.seal("13912345678", "contacts.mobile") != sealed
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(ValueError, match=r".+"):
            ring.open(changed, "contacts.mobile")
        with pytest.raises(ValueError, match=r".+"):
            ring.open(sealed[:place], "contacts.mobile")
    with pytest.raises(ValueError, match=r".+"):
        ring.open(sealed, "contacts.email")


def test_a_value_moved_to_another_column_is_refused(company: Company, engine: Engine) -> None:
    company.make.customer("王敏", NAME, 邮箱=EMAIL)
    with engine.begin() as connection:
        connection.execute(text("UPDATE contacts SET wechat = mobile"))
    assert "出错了" in company.rep.says(f"/客户 {NUMBER}").title
    with pytest.raises((ValueError, StatementError)):
        stored(company, select(Contact.wechat))
    assert stored(company, select(Contact.mobile)) == [MOBILE]


def test_a_new_key_writes_the_old_one_still_reads_and_the_index_still_finds(
    company: Company, database_url: str
) -> None:
    company.make.customer("王敏", NAME)
    derived = "0:" + base64.b64encode(hashlib.sha256(b"keban data" + SECRET.encode()).digest()).decode()
    rotated = connect(database_url, Keyring([NEW, derived]))
    works = Works(rotated, company.keban.clock, Settings())
    with works.read() as work:
        assert work.db.scalars(select(Contact.mobile)).all() == [MOBILE]
        assert work.keys.index("x", "y") == Keyring([NEW]).index("x", "y")
    works.perform(lambda work: work.run(update(Contact).values(email=EMAIL)))
    with rotated.connect() as connection:
        raw = connection.execute(text("SELECT mobile, email FROM contacts")).one()
    assert [bytes(each)[1 : 1 + bytes(each)[0]] for each in raw] == [b"0", b"k2"]
    rotated.dispose()
    assert company.rep.says("/查 5678").title == "找到 1 个"
    assert stored(company, select(Customer.name)) == [NAME]


@pytest.mark.parametrize(
    "keys", [[], ["k1"], ["k1:"], ["k1:AAAA"], [":" + OLD.partition(":")[2]], [OLD, OLD], ["k1:" + "=" * 44]]
)
def test_a_ring_that_makes_no_sense_is_refused_without_showing_a_key(keys: list[str]) -> None:
    with pytest.raises(ValueError, match=r"security\.data_keys") as no:
        Keyring(keys)
    assert not [key for key in keys if key.partition(":")[2] and key.partition(":")[2] in str(no.value)]
