"""The right to be forgotten (P7): what is held about a person is handed to him or destroyed, and all figures stay."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, LargeBinary, String, Text, make_url, select, type_coerce

from conftest import ON_SQLITE, SECRET, Company, Inside
from models import rotation, seal_checks, seals
from models.crm import personal, short_lived
from models.crm.customers import TIMELINE
from models.crm.figures import FIGURES
from models.engine import connect
from models.seal_checks import Checked
from models.settings import Settings
from models.tables import Audit, Base, Contact, PrivateValue, Timer
from models.tables.sealed import Keyring, Sealed
from models.text import names
from models.work import Works
from test_entry import stored, submit
from test_private_data import EMAIL, ID, LANDLINE, NAME, NEW, THIRD, WECHAT
from test_story import opened
from test_survey import path, send
from world import Answer, HandClock, Seen, Somebody

MOBILE = "13912345678"
WHO, NUMBER = "韩梅梅", "C202611001"
REASON = "本人来信要求删除"
#: any of these tells of her.
TRACES = (MOBILE, "139 1234 5678", EMAIL, LANDLINE, WECHAT, "139****5678", WHO)
COLUMNS = [each for table in Base.metadata.sorted_tables for each in table.c if isinstance(each.type, Sealed)]


@pytest.fixture
def company(company: Company) -> Company:
    names.initials("客伴")  # brings its dictionaries: the first press is not late
    company.admin = company.joins("管理员", "总公司", "admin")  # type: ignore[attr-defined]
    company.admin.says("/帮助")  # type: ignore[attr-defined]
    return company


def worked_with(company: Company, name: str, **words: str) -> None:
    """A customer with something of every kind."""
    rep = company.rep
    submit(rep, 客户全称=name, 联系人姓名=WHO, 邮箱=EMAIL, **words)
    company.supervisor.presses("通过")
    company.keban.forward(seconds=4)
    rep.presses("补充资料")
    rep.presses("提交", {"固定电话": LANDLINE, "微信": WECHAT, "备注": f"{WHO}家里 {LANDLINE}", "痛点": "交货慢"})
    rep.says(f"/跟进 {NUMBER} {WHO}的手机是 139 1234 5678，同事的是 {THIRD} 反馈:嫌价格太高了 下次:明天")
    rep.says(f"/投诉 {NUMBER} {WHO}说外壳有裂纹，打 {MOBILE}")
    rep.says(f"/成交 {NUMBER} 年度维保 金额:12万")
    send(company, path(rep.says(f"/问卷 {NUMBER}")), score="2", q0="3", comment=f"打 {MOBILE} 没人接")
    company.keban.forward(seconds=4)


def asks(company: Company) -> Any:
    """The form that erases."""
    admin = company.admin  # type: ignore[attr-defined]
    seen = admin.says(f"/个人信息 {NUMBER}")
    admin.presses("擦除", on=seen)
    return seen


def erases(company: Company, whom: str = "全部个人信息", **typed: str) -> Any:
    seen = asks(company)
    said = {"谁的": whom, "原因": REASON, "输入客户编号确认": NUMBER} | typed
    answer = company.admin.presses("确认擦除", said, on=seen)  # type: ignore[attr-defined]
    company.keban.forward(seconds=4)
    return answer


def sends(who: Somebody, seen: Seen, value: dict[str, Any], form: dict[str, str]) -> Answer:
    """A form that no card has, as somebody with a tampered client would send it."""
    there = seen.message
    return Answer(
        *who.host.post(
            "/feishu/cards", who.host.app.press(who.account, value, there.message_id, there.chat_id, form=form)
        )
    )


def the_contact(company: Company) -> str:
    (contact,) = stored(company, select(Contact.id))
    return f"联系人 {contact} {WHO}"


def opened_values(company: Company) -> Iterator[tuple[str, str]]:
    """Every sealed value there is, opened with the keys."""
    with company.keban.works.read() as work:
        for column in COLUMNS:
            for value in work.connection.execute(select(column).where(column.is_not(None))).scalars():
                yield str(column), value


def clear_values(company: Company) -> Iterator[tuple[str, str]]:
    """Every row of every table as it lies there."""
    with company.keban.works.read() as work:
        for table in Base.metadata.sorted_tables:
            plain = [each for each in table.c if not isinstance(each.type, Sealed)]
            for row in work.connection.execute(select(*plain)):
                yield table.name, repr(row)


def left(company: Company, *traces: str) -> list[tuple[str, str]]:
    """Where it still stands, but for the minute in which what others write meanwhile is looked for."""
    everything = [*opened_values(company), *clear_values(company)]
    found = [(where, trace) for where, value in everything for trace in traces if trace in value]
    return [each for each in found if each[0] != "erasures.traces"]


def seals_of(company: Company, *traces: str) -> set[bytes]:
    """How every sealed value begins that holds one of these; what is long goes on in other pages."""
    found = set()
    with company.keban.works.read() as work:
        for column in COLUMNS:
            both = select(column, type_coerce(column, LargeBinary)).where(column.is_not(None))
            for value, raw in work.connection.execute(both):
                if any(trace in value for trace in traces):
                    found.add(bytes(raw)[:32])
    return found


def figures(company: Company) -> list[str]:
    """The digest's numbers and how long the timeline is."""
    told = company.manager.says("/简报 本周").text
    return [line for line in told.splitlines() if any(each.label in line for each in FIGURES.values())]


def timeline(company: Company) -> int:
    with company.keban.works.read() as work:
        return len(work.connection.execute(select(TIMELINE.c.id), {"customer": 1}).all())


def verified(company: Company) -> Any:
    """What the check of the audit's chain finds."""
    while company.keban.works.perform(seals.seal):
        pass
    with company.keban.works.read() as work:
        found = list(seal_checks.check(work, ()))
    assert isinstance(found[-1], Checked) and found[-1].number > 5
    return found[:-1]


def finds_nothing(company: Company, *words: str) -> None:
    for each in words:
        assert company.rep.says(f"/查 {each}").title == "没有找到", each


def _files(engine: Engine) -> list[Any]:
    path = Path(make_url(engine.url).database or "")
    return [each for each in path.parent.glob(f"{path.name}*") if not each.name.endswith(".lock")]


def test_a_contact_is_erased_and_everything_else_stays(company: Company) -> None:
    worked_with(company, NAME)
    old = company.rep.last("投诉")
    before, happened = figures(company), timeline(company)
    assert MOBILE in old.text and len(before) > 5 and happened >= 5
    answer = erases(company, the_contact(company))
    assert "已擦除" in answer.title, answer.text
    assert left(company, *TRACES) == []
    assert figures(company) == before and timeline(company) == happened
    assert verified(company) == []
    finds_nothing(company, MOBILE, "5678", WHO, "hmm", "hanmeimei")
    page = company.rep.says(f"/客户 {NUMBER}").text
    assert "已擦除" in page and THIRD in page and "〔已擦除〕的手机是 〔已擦除〕，同事的是" in page
    assert MOBILE not in old.text and WHO not in old.text and "〔已擦除〕" in old.text, "a copy that stands in a chat"


def test_a_customer_who_is_a_person_is_erased_whole_and_the_figures_stay(company: Company) -> None:
    worked_with(company, WHO, 客户性质="个人", 身份证号=ID, 地址="杭州市西湖区文三路 8 号")
    traces = (*TRACES, THIRD, "137****7003", ID, "1101**********1233", "文三路", "裂纹", "价格太高", "交货慢", "没人接")
    before, happened = figures(company), timeline(company)
    cards = [company.rep.last(title) for title in ("投诉", "客户评价")]
    company.rep.says("/查 韩梅")
    seen = company.admin.says(f"/个人信息 {NUMBER}")
    for counted in ("手机 1", "身份证号 1", "地址 1", "文字里的联系方式", "跟进 1", "投诉 2", "满意度问卷 1"):
        assert counted in seen.text, counted
    shown = seen.text + seen.title
    assert [trace for trace in traces if trace in shown] == [WHO], "nothing in clear but whom it is about"
    assert "已擦除" in erases(company).title
    assert left(company, *traces) == []
    assert not stored(company, select(Timer.id).where(Timer.kind == "follow_up", Timer.closed_at.is_(None)))
    assert figures(company) == before and timeline(company) == happened and verified(company) == []
    finds_nothing(company, MOBILE, "5678", ID, WHO, "韩梅", "hmm")
    assert company.rep.says("/客户 韩梅梅").title == "没有完成"
    page = company.rep.says(f"/客户 {NUMBER}")
    assert page.title == f"已擦除客户{NUMBER}" and "（已擦除）" in page.text and "120,000 元" in page.text
    for card in cards:
        assert not [trace for trace in traces if trace in card.text], card.text

    again = company.admin.says(f"/个人信息 {NUMBER}")
    assert "已由管理员在" in again.text and "擦除" in again.text and again.buttons == ["导出"]
    submit(company.rep, 客户全称="另一位", 客户性质="个人", 联系人姓名=WHO)
    assert company.rep.says(f"/查 {MOBILE}").title == "找到 1 个", "who comes again is somebody new"
    assert MOBILE in company.rep.says("/客户 另一位").text
    audited = repr(stored(company, select(Audit.detail)))
    assert WHO not in audited and REASON in audited


@ON_SQLITE
def test_what_was_sealed_is_not_in_the_file_any_more(company: Company, engine: Engine) -> None:
    """Its keys are still there: what lay in a free page or in the log could be opened."""
    worked_with(company, WHO, 客户性质="个人", 身份证号=ID)
    seen, sealed = asks(company), seals_of(company, *TRACES, ID)
    before = b"".join(each.read_bytes() for each in _files(engine))
    assert len(sealed) > 5 and all(each in before for each in sealed)
    said = {"谁的": "全部个人信息", "原因": REASON, "输入客户编号确认": NUMBER}
    company.admin.presses("确认擦除", said, on=seen)
    raw = b"".join(each.read_bytes() for each in _files(engine))
    assert not [each for each in sealed if each in raw]


def test_what_was_erased_stays_so_under_a_new_key(company: Company, database_url: str) -> None:
    worked_with(company, NAME)
    erases(company)
    derived = "0:" + base64.b64encode(hashlib.sha256(b"keban data" + SECRET.encode()).digest()).decode()
    rotated = connect(database_url, Keyring([NEW, derived]))
    rotation.rotate(Works(rotated, company.keban.clock, Settings()))
    with rotated.connect() as connection:
        keys = {*connection.execute(select(PrivateValue.value_key)).scalars()}
        values = {*connection.execute(select(PrivateValue.value)).scalars()}
        assert (keys, values, connection.execute(select(Contact.mobile_key)).scalars().all()) == ({""}, {""}, [None])
    rotated.dispose()


def nothing_happened(company: Company) -> None:
    assert stored(company, select(Contact.mobile)) == [MOBILE]
    assert not stored(company, select(Audit.id).where(Audit.operation == "person.erase", Audit.outcome == "done"))


def test_what_is_not_meant_or_not_told_why_is_not_erased(company: Company) -> None:
    worked_with(company, NAME)
    for wrong, why in (
        ({"输入客户编号确认": "C202611002"}, f"请输入 {NUMBER}。"),
        ({"原因": "  "}, "请写 1 到 200 个字。"),
        ({"原因": f"{WHO}要求"}, "不要写姓名"),
        ({"原因": f"打 {THIRD} 说的"}, "不要写姓名"),
    ):
        answer = erases(company, **wrong)
        assert why in answer.text, wrong
        assert answer.fields["输入客户编号确认"] == wrong.get("输入客户编号确认", NUMBER), "what was typed is kept"
    seen = asks(company)
    for whom in ("7", "99", "x", ""):
        value = {"do": "privacy.erase", "customer": 1}
        answer = sends(company.admin, seen, value, {"whom": whom, "reason": REASON, "number": NUMBER})
        assert "没有找到这个联系人" in answer.toast or "请从列表里选" in answer.text + answer.toast, whom
    nothing_happened(company)


def test_only_who_has_the_permission_and_never_his_deputy(company: Company) -> None:
    worked_with(company, NAME)
    seen = asks(company)
    for who in (company.rep, company.supervisor, company.manager, company.stranger):
        assert "没有权限" in who.says(f"/个人信息 {NUMBER}").text
        for do in ("show", "ask_export", "export", "ask_erase", "erase"):
            answer = sends(who, seen, {"do": f"privacy.{do}", "customer": 1}, {"whom": "0", "number": NUMBER})
            assert "没有权限" in answer.toast, do
    company.admin.says("/请假 现在 后天 代理:林总")
    assert "没有权限" in company.manager.says(f"/个人信息 {NUMBER}").text
    nothing_happened(company)


def test_a_second_press_and_an_old_card_are_told_who_did_it(company: Company) -> None:
    worked_with(company, NAME)
    first, second = asks(company), asks(company)
    said = {"谁的": "全部个人信息", "原因": REASON, "输入客户编号确认": NUMBER}
    card = first.card
    assert "已擦除" in company.admin.presses("确认擦除", said, on=second).title
    for _ in range(2):
        answer = company.admin.press_in(first, card, "确认擦除", said)
        assert answer.toast.startswith("已由管理员在") and "擦除" in answer.toast
    assert company.admin.again()
    done = select(Audit.id).where(Audit.operation == "person.erase", Audit.outcome == "done")
    assert len(stored(company, done)) == 1


def test_in_a_group_nothing_is_shown(company: Company) -> None:
    worked_with(company, NAME)
    assert company.admin.says(f"/个人信息 {NUMBER}", group=True).title == "已私信给你"
    assert company.admin.last().title == f"个人信息 · {NUMBER}"
    assert not [each for each in company.admin.seen(group=True) if "手机" in each.text]


def test_every_column_with_words_about_a_customer_is_erased_or_known_to_stay() -> None:
    """A new column of words has to be put into one of these lists."""
    words = {
        (table.name, each.name)
        for table in Base.metadata.sorted_tables
        if table.name == "customers" or "customer_id" in table.c
        for each in table.c
        if type(each.type) in (String, Text)
    }
    erased = {(table.__tablename__, name) for table, columns in personal.TEXTS.items() for name in columns}
    erased |= {("customers", name) for name in (*personal.OWN_TEXTS, *personal.PLACES, *NAMES)}
    erased |= {("contacts", name) for name in (*personal.ABOUT, *CONTACT_NAMES)}
    erased |= {("name_grams", "gram"), ("private_values", "value_key")}
    assert words - erased == STAYS and erased <= words


NAMES = ("name", "name_key", "short_name", "short_key", "pinyin", "initials", "id_number_key")
CONTACT_NAMES = ("name", "name_key", "pinyin", "initials", "mobile_key", "mobile_last4_key", "email_key")
#: numbers of ours, words of a list, amounts: they are counted, and tell of nobody.
STAYS = {
    *(("customers", each) for each in ("number", "uscc", "industry", "source", "headcount", "revenue")),
    *(("customers", each) for each in ("province", "city")),
    *(("requirements", each) for each in ("budget", "urgency")),
    ("complaints", "number"),
    ("deals", "product"),
    ("private_values", "kind"),
    ("surveys", "nonce_key"),
    ("timers", "kind"),
}


def test_every_sealed_column_is_erased_or_known_to_hold_nothing_of_customers() -> None:
    known = {f"{each.class_.__tablename__}.{each.key}" for each in short_lived.KEPT}
    known |= {f"contacts.{each}" for each in personal.REACHED}
    known |= {"customers.id_number", "private_values.value", "file_links.content", "erasures.traces"}
    ours = {"surveys.nonce", "users.mobile", "org_proposals.mobile", "reply_doors.url"}
    assert {str(each) for each in COLUMNS} == known | ours


def test_of_a_persons_corrected_entry_the_audit_keeps_no_name(company: Company) -> None:
    for number, (kind, kept) in enumerate((("个人", False), ("企业", True))):
        old, new = f"韩梅梅{number}", f"李雷{number}"
        submit(company.rep, 客户全称=old, 客户性质=kind)
        company.supervisor.presses("退回")
        company.supervisor.presses("确认退回", {"退回原因": "名字不对"})
        company.keban.forward(seconds=4)
        company.rep.presses("修改")
        company.rep.presses("重新提交", {"客户全称": new})
        details = stored(company, select(Audit.detail).where(Audit.operation == "entry.resubmit").order_by(Audit.id))
        assert "客户全称" in details[-1]["fields"], "that it was corrected is known"
        assert (old in repr(details[-1]), new in repr(details[-1])) == (kept, kept)


@ON_SQLITE
@pytest.mark.parametrize("surface", ["card", "words"])
def test_at_dingtalk_as_well(works: Works, clock: HandClock, surface: str) -> None:
    with opened(surface, clock=lambda: clock().timestamp()) as end:
        there = Company(Inside(works, end, clock))
        admin = there.joins("管理员", "总公司", "admin")
        there.make.customer("王敏", NAME, 邮箱=EMAIL, 联系人姓名=WHO)
        there.rep.says(f"/投诉 {NUMBER} {WHO}说外壳有裂纹，打 {MOBILE}")
        seen = admin.says(f"/个人信息 {NUMBER}")
        admin.presses("擦除", on=seen)
        said = {"谁的": "全部个人信息", "原因": REASON, "输入客户编号确认": NUMBER}
        admin.presses("确认擦除", said)
        there.keban.forward(seconds=4)
        assert admin.last("已擦除")
        assert left(there, MOBILE, EMAIL, WHO, "139****5678") == []
