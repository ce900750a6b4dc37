"""Entering a customer (A1–A4, A6, B1): by form and by words, mended, withdrawn, sent again, and added to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select

from cards.feishu import escape
from conftest import ON_SQLITE, Company
from models.crm import entries
from models.errors import Invalid
from models.settings import Entry
from models.tables import Contact, Customer, Requirement, Review, Status
from standins import feishu_says
from world import JSON, Answer, Seen, Somebody

ENTRY = {
    "客户全称": "华星科技有限公司",
    "客户性质": "企业",
    "所属行业": "制造业-电子设备",
    "客户来源": "展会推广",
    "联系人姓名": "李雷",
    "手机": "13912345678",
}
USCC, ID_NUMBER = "91110000600037341L", "110101199003071233"
LINE = " ".join(f"{label}:{value}" for label, value in ENTRY.items())
TODAY = dt.date(2026, 11, 25)
NOTE = "有 {} 处要改一下"


def stored(company: Company, what: Any) -> list[Any]:
    """Rows of the database, as they are now."""
    with company.keban.works.read() as work:
        return list(work.db.scalars(what))


def count(company: Company, table: type) -> int:
    return int(stored(company, select(func.count()).select_from(table))[0])


def errors(card: JSON) -> dict[str, str]:
    """What stands in red right under each field of the form, by the field's label."""
    form = next(each for each in card["body"]["elements"] if each["tag"] == "form")
    labels = {field.name: field.label for field in feishu_says.fields(card)}
    found: dict[str, str] = {}
    name = ""
    for each in form["elements"]:
        if each["tag"] in ("input", "select_static"):
            name = each["name"]
        elif each["tag"] == "markdown":
            found[labels[name]] = each["content"].removeprefix("<font color='red'>").removesuffix("</font>")
    return found


def line(**changed: str) -> str:
    return "/新客户 " + " ".join(f"{label}:{value}" for label, value in (ENTRY | changed).items())


def submit(rep: Somebody, **changed: str) -> Answer:
    rep.says("/新客户")
    return rep.presses("提交", ENTRY | changed)


@ON_SQLITE
def test_the_form_asks_for_the_fields_people_know_and_nothing_is_stored_before_it_is_sent(company: Company) -> None:
    form = company.rep.says("/新客户")
    assert tuple(form.fields) == entries.FIELDS
    assert not any(form.fields.values()) and errors(form.card) == {}
    assert count(company, Customer) == 0


def test_what_is_not_known_yet_is_kept_as_to_be_confirmed_and_the_reviewer_sees_it(company: Company) -> None:
    answer = submit(company.rep, 职位="待确认", 邮箱="Li.Lei@Example.com")
    assert answer.title == "待审核 · 华星科技有限公司" and "赵强" in answer.text
    unknown = "统一社会信用代码、职位、地址、人员规模、主营业务"
    assert unknown in answer.text
    review = company.supervisor.last("待审核 · 华星科技有限公司").text
    for shown in ("王敏 · 销售一部", "企业", "制造业-电子设备", "展会推广", "李雷", "139****5678", unknown):
        assert shown in review
    assert "13912345678" not in review and "Li.Lei" not in review
    customer, contact = stored(company, select(Customer))[0], stored(company, select(Contact))[0]
    assert (customer.status, customer.number, customer.uscc, customer.address) == (Status.PENDING, None, None, None)
    assert (contact.primary, contact.mobile, contact.position, contact.email) == (
        True, "13912345678", None, "Li.Lei@example.com"
    )  # fmt: skip
    assert customer.entered_at == customer.acquired_at == company.keban.clock()


LINES = (
    f"/新客户 {LINE}",
    f"/new {LINE}",
    f"/XKH {LINE}",
    f"／新客户 {LINE}".replace(":", "："),
    f"/新客户\n{LINE}".replace(" ", "\n"),
    line(客户全称='"华星科技有限公司"', 联系人姓名="【李雷】", 客户来源="“展会推广”"),
    line(职位='"负责 手机:业务的人"'),
    line(手机="+86 139-1234-5678"),
    line(手机="１３９１２３４５６７８"),
    line(所属行业="电子设备"),
    line(所属行业="制造业/电子设备"),
    f"/新客户 {LINE}".replace("客户全称:", ""),
    f"/新客户 {LINE}".replace("客户全称:华星科技有限公司", "【华星科技有限公司】"),
    "/新客户 " + " ".join(reversed(LINE.split())),
)


def test_one_line_of_words_enters_a_customer(company: Company) -> None:
    for said in LINES:
        answer = company.rep.says(said)
        assert answer.title == "待审核 · 华星科技有限公司", said
    industry_and_source = ("制造业-电子设备", "展会推广")
    for customer in stored(company, select(Customer)):
        assert (customer.industry, customer.source) == industry_and_source
    assert {(each.name, each.mobile) for each in stored(company, select(Contact))} == {("李雷", "13912345678")}
    assert count(company, Customer) == count(company, Review) == len(LINES)
    assert "负责 手机:业务的人" in stored(company, select(Contact.position))


WRONG = {
    "客户全称": ("！！", "文字"),
    "客户性质": ("机构", "企业、个人"),
    "统一社会信用代码": ("91110000600037342L", "校验位"),
    "所属行业": ("制造业", "制造业-电子设备"),
    "客户来源": ("路上遇到", "展会推广"),
    "联系人姓名": ("", "必填"),
    "手机": ("1391234567", "11 位"),
    "邮箱": ("li.lei#example.com", "@"),
}
RIGHT = {"职位": "采购经理", "地址": "上海市浦东新区世纪大道 1 号"}


@ON_SQLITE
def test_a_line_with_several_errors_opens_the_form_with_each_error_at_its_field(company: Company) -> None:
    typed = {label: value for label, (value, _) in WRONG.items()} | RIGHT
    form = company.rep.says("/新客户 " + " ".join(f"{label}:{value}" for label, value in typed.items()))
    assert form.title == "录入新客户" and NOTE.format(len(WRONG)) in form.text
    check_form(form, form.card, typed)
    assert count(company, Customer) == count(company, Review) == 0

    answer = company.rep.presses("提交", ENTRY | {"统一社会信用代码": USCC, "邮箱": ""})
    assert answer.title == "待审核 · 华星科技有限公司"
    assert stored(company, select(Customer.address)) == [RIGHT["地址"]]


@ON_SQLITE
def test_a_form_with_several_errors_comes_back_in_place_with_everything_typed(company: Company) -> None:
    form = company.rep.says("/新客户")
    lists = {"客户性质", "所属行业", "客户来源"}
    typed = RIGHT | {label: value for label, (value, _) in WRONG.items() if label not in lists}
    answer = company.rep.presses("提交", typed | {"客户性质": "企业"}, on=form)
    assert answer.title == "录入新客户" and answer.fields["客户性质"] == "企业"
    check_form(answer, answer.card or {}, typed)
    assert count(company, Customer) == 0
    assert company.rep.presses("提交", ENTRY | {"统一社会信用代码": USCC, "邮箱": ""}).title.startswith("待审核")


def check_form(shown: Seen | Answer, card: JSON, typed: Mapping[str, str]) -> None:
    says = errors(card)
    for label, value in typed.items():
        if label in WRONG:
            assert escape(WRONG[label][1]) in says[label], (label, says)
        else:
            assert label not in says
        assert shown.fields[label] == value or (value and escape(value) in says[label]), label


@ON_SQLITE
def test_an_industry_given_in_short_stays_chosen_when_another_field_is_wrong(company: Company) -> None:
    form = company.rep.says(line(所属行业="电子设备", 手机="139"))
    assert set(errors(form.card)) == {"手机"}
    assert form.fields["所属行业"] == "制造业-电子设备"
    assert company.rep.presses("提交", {"手机": "13912345678"}).title.startswith("待审核")


@pytest.mark.parametrize(
    ("changed", "label", "says"),
    [
        ({"客户全称": "长" * 121}, "客户全称", "最多 120 字"),
        ({"客户全称": "待确认"}, "客户全称", "必填"),
        ({"联系人姓名": "？"}, "联系人姓名", "文字"),
        ({"联系人姓名": "长" * 65}, "联系人姓名", "最多 64 字"),
        ({"手机": "021-62785001"}, "手机", "座机请填到备用电话"),
        ({"手机": "待确认"}, "手机", "必填"),
        ({"邮箱": "a@b"}, "邮箱", "格式不对"),
        ({"客户性质": "个人", "统一社会信用代码": USCC}, "统一社会信用代码", "个人客户不填"),
        ({"身份证号": ID_NUMBER}, "身份证号", "企业客户不填"),
        ({"客户性质": "个人", "身份证号": "110101199003071234"}, "身份证号", "校验位"),
        ({"客户性质": "个人", "身份证号": "110101209903071235"}, "身份证号", "之后"),
        ({"地址": "路" * 201}, "地址", "最多 200 字"),
        ({"客户性质": "", "身份证号": ID_NUMBER}, "客户性质", "必填"),
        ({"客户性质": "机构", "统一社会信用代码": USCC}, "客户性质", "企业、个人"),
        ({"客户级别": "VIP"}, "客户级别", "没有这个字段"),
    ],
)
def test_one_wrong_field_is_named_with_how_to_mend_it(changed: dict[str, str], label: str, says: str) -> None:
    with pytest.raises(Invalid) as no:
        entries.check(ENTRY | changed, Entry(), TODAY)
    assert set(no.value.fields) == {label}
    assert says in no.value.fields[label]
    assert entries.check(ENTRY, Entry(), TODAY)["客户全称"] == ENTRY["客户全称"]


def test_a_person_is_entered_with_an_identity_number_and_a_company_with_its_credit_code(company: Company) -> None:
    person = submit(company.rep, 客户全称="李雷", 客户性质="个人", 身份证号=ID_NUMBER.lower())
    firm = submit(company.rep, 统一社会信用代码=USCC.lower())
    assert "统一社会信用代码" not in person.text and "身份证号" not in firm.text
    assert stored(company, select(Customer.id_number).order_by(Customer.id)) == [ID_NUMBER, None]
    assert stored(company, select(Customer.uscc).order_by(Customer.id)) == [None, USCC]
    assert "1101**********1233" in company.supervisor.last("待审核 · 李雷").text


NAMES = ("㍿" * 40, "ﷺ" * 20, "庄" * 120, "长" * 120, "'; DROP TABLE customers; --客", "**客**<at id=all>")


def test_any_name_people_may_type_is_stored_and_shown_as_it_is(company: Company) -> None:
    for name in NAMES:
        assert submit(company.rep, 客户全称=name, 联系人姓名="庄" * 64).title.startswith("待审核"), name
        assert name in company.supervisor.last("待审核").text
    assert stored(company, select(Customer.name).order_by(Customer.id)) == list(NAMES)


def test_a_withdrawn_entry_is_corrected_and_sent_again(company: Company) -> None:
    rep, boss = company.rep, company.supervisor
    submit(rep)
    old = boss.last("待审核")
    pending = dict(old.card)
    assert rep.presses("撤回").title == "已撤回 · 华星科技有限公司"
    assert boss.last("已撤回").message is old.message and old.buttons == []
    assert "已由王敏处理" in boss.press_in(old, pending, "通过").toast
    assert stored(company, select(Customer.status)) == [Status.WITHDRAWN]

    form = rep.presses("修改")
    assert {label: form.fields[label] for label in ENTRY} == ENTRY
    assert rep.presses("重新提交", {"客户全称": "华星电子有限公司"}).title == "待审核 · 华星电子有限公司"
    again = boss.last("待审核 · 华星电子有限公司")
    assert again.message is not old.message and "第 2 次提交" in again.text
    assert boss.presses("通过", on=again).title.startswith("已建档")
    company.keban.forward(seconds=4)
    assert "没有找到" in rep.says("/查 华星科技").title
    assert "华星电子有限公司" in rep.says("/查 华星电子").text


def test_a_returned_entry_shows_the_reason_and_comes_back_as_a_new_card(company: Company) -> None:
    rep, boss = company.rep, company.supervisor
    submit(rep)
    first = boss.last("待审核")
    boss.presses("退回")
    boss.presses("确认退回", {"退回原因": "地址要写全"})
    company.keban.forward(seconds=4)
    form = rep.presses("修改")
    assert "退回原因：地址要写全" in form.text
    assert errors((answer := rep.presses("重新提交", {"手机": "139"})).card or {})["手机"].startswith("手机号要 11 位")
    assert answer.fields["手机"] == "139" and stored(company, select(Customer.status)) == [Status.RETURNED]
    rep.presses("重新提交", {"手机": "13912345679", "地址": "上海市浦东新区世纪大道 1 号"})
    second = boss.last("待审核")
    assert second.message is not first.message and "139****5679" in second.text
    customer = stored(company, select(Customer))[0]
    assert (customer.province, customer.district) == ("上海市", "浦东新区")
    assert count(company, Customer) == 1 and count(company, Review) == 2


@pytest.mark.parametrize("label", ["撤回", "补充资料"])
def test_nobody_else_touches_an_entry_by_a_forwarded_card(company: Company, label: str) -> None:
    submit(company.rep)
    card = company.rep.last("待审核")
    for other in (company.colleague, company.supervisor, company.stranger):
        answer = other.press_in(card, card.card, label)
        assert "没有找到" in answer.toast and answer.card is None
    assert stored(company, select(Customer.status)) == [Status.PENDING]


def test_an_entry_that_is_not_archived_takes_no_follow_up(company: Company) -> None:
    rep, boss = company.rep, company.supervisor
    submit(rep)
    assert "还在待审核" in rep.says("/跟进 华星科技 已报价").text
    rep.presses("撤回")
    assert "已撤回" in rep.says("/跟进 华星科技 已报价").text
    rep.presses("修改")
    rep.presses("重新提交")
    boss.presses("退回")
    boss.presses("确认退回", {"退回原因": "补地址"})
    assert "被退回" in rep.says("/跟进 华星科技 已报价").text
    company.keban.forward(seconds=4)
    rep.presses("修改")
    rep.presses("重新提交")
    boss.presses("通过")
    assert rep.says("/跟进 华星科技 已报价").title == "已记录跟进 · 华星科技有限公司"


NEED = {"产品需求": "MES 系统 V3", "预算": "10-20万元", "采购时间": "2027年Q1", "紧急程度": "中", "痛点": "排产靠手工"}


def test_what_becomes_known_later_is_added_and_needs_are_kept_as_a_history(company: Company) -> None:
    rep = company.rep
    submit(rep)
    company.supervisor.presses("通过")
    company.keban.forward(seconds=4)
    form = rep.presses("补充资料", on=rep.last("已建档 · C202611001"))
    assert tuple(form.fields) == entries.DETAILS and "最不满意的是什么" in form.text
    answer = rep.presses("提交", NEED | {"客户简称": "华星", "固定电话": "021-62785001", "人员规模": "100-499人"})
    assert answer.title == "已建档 · C202611001" and "人员规模" not in answer.text
    rep.presses("补充资料")
    rep.presses("提交", {"预算": "50万元以上"})

    first, second = stored(company, select(Requirement).order_by(Requirement.id))
    assert (first.budget_min, first.budget_max) == (10_000_000, 20_000_000)
    assert (second.budget_min, second.budget_max, second.product) == (50_000_000, None, "MES 系统 V3")
    page = rep.says("/客户 华星").text
    for shown in ("50万元以上", "2027年Q1", "排产靠手工", "021-62785001", "100-499人"):
        assert shown in page


@ON_SQLITE
def test_details_with_errors_come_back_with_everything_typed(company: Company) -> None:
    rep = company.rep
    submit(rep)
    rep.presses("补充资料")
    wrong = {"预算": "很多", "固定电话": "123", "采购时间": "年底", "痛点": "排产靠手工"}
    answer = rep.presses("提交", wrong)
    assert set(errors(answer.card or {})) == {"预算", "固定电话"}
    assert {label: answer.fields[label] for label in wrong} == wrong
    assert count(company, Requirement) == 0
    right = rep.presses("提交", {"预算": "30万", "固定电话": ""})
    assert right.title.startswith("待审核") and count(company, Requirement) == 1
    rep.presses("补充资料")
    assert "至少填一项" in rep.presses("提交").toast
