"""Entering a customer: the words of the form, their checks, and submitting for review (A1–A4, A6, B1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, select

from models.crm import changes, indexes, private, reviews
from models.crm.people import Me
from models.errors import Invalid, Refused
from models.settings import Entry as Rules
from models.tables import Contact, Customer, Kind, NameGram, Requirement, Status
from models.text import identifiers, names
from models.text.private import find as found
from models.work import Work

KINDS = {"企业": Kind.COMPANY, "个人": Kind.PERSON}
REQUIRED = ("客户全称", "客户性质", "所属行业", "客户来源", "联系人姓名", "手机")
LENGTHS = {
    "客户全称": 120,
    "联系人姓名": 64,
    "职位": 64,
    "地址": 200,
    "客户简称": 60,
    "注册地址": 160,
    "方便时间": 64,
    "预算": 40,
    "采购时间": 40,
}
#: kept as it was written, because it is searched or short: contact data has fields of its own.
CLEAR = ("客户全称", "客户简称", "联系人姓名", "职位", "地址", "方便时间", "预算")
URGENCIES = ("高", "中", "低")
PENDING_WORDS = {"", "待确认", "不详", "未知", "无", "暂无"}
PLACE = re.compile(
    r"(?P<province>[^省市区]{2,8}(?:省|自治区)|北京市?|上海市?|天津市?|重庆市?)?"
    r"(?P<city>[^市盟区县]{1,10}?(?:市|自治州|盟|地区))?"
    r"(?P<district>[^区县旗市]{1,10}(?:区|县|旗|市))?"
)

#: the entry form, and the words of `字段:值` (their order is the form's).
FIELDS = (
    "客户全称",
    "客户性质",
    "统一社会信用代码",
    "身份证号",
    "所属行业",
    "客户来源",
    "联系人姓名",
    "职位",
    "手机",
    "邮箱",
    "地址",
)
#: 补充资料: what may be known later.
CUSTOMER_DETAILS = (
    "客户简称",
    "人员规模",
    "年营收",
    "主营业务",
    "注册地址",
    "合作意向",
    "特殊要求",
    "备注",
)
CONTACT_DETAILS = ("固定电话", "微信", "决策角色", "沟通渠道", "方便时间")
NEEDS = ("产品需求", "预算", "采购时间", "紧急程度", "痛点", "现有方案", "决策流程")
DETAILS = CUSTOMER_DETAILS + CONTACT_DETAILS + NEEDS

GRAM = insert(NameGram)
FORGET_GRAMS = delete(NameGram).where(NameGram.customer_id == bindparam("customer"))
PRIMARY = select(Contact).where(Contact.customer_id == bindparam("customer"), Contact.primary)
LATEST_NEED = (
    select(Requirement).where(Requirement.customer_id == bindparam("customer")).order_by(Requirement.id.desc()).limit(1)
)


@dataclass(frozen=True, slots=True)
class Checked:
    """The words of an entry once every one of them makes sense; what is not known yet is None (待确认)."""

    words: Mapping[str, str | None]

    def __getitem__(self, label: str) -> str | None:
        return self.words.get(label)


def check(words: Mapping[str, str], rules: Rules, today: dt.date) -> Checked:
    """Check an entry field by field (A3, A4). Raises Invalid with every field that has to be mended."""
    wrong: dict[str, str] = {}
    right: dict[str, str | None] = {}
    for label in FIELDS:
        try:
            right[label] = _check_one(label, words.get(label, "").strip(), rules, today)
        except ValueError as no:
            wrong[label] = str(no)
    kind = right.get("客户性质")
    if kind == "个人" and right.get("统一社会信用代码"):
        wrong["统一社会信用代码"] = "个人客户不填统一社会信用代码，请改填身份证号。"
    if kind == "企业" and right.get("身份证号"):
        wrong["身份证号"] = "企业客户不填身份证号，请改填统一社会信用代码。"
    if unknown := sorted(words.keys() - set(FIELDS)):
        wrong["、".join(unknown)] = f"没有这个字段，可以写：{' '.join(FIELDS)}"
    if wrong:
        raise Invalid(wrong)
    return Checked(right)


def _check_one(label: str, text: str, rules: Rules, today: dt.date) -> str | None:
    if text in PENDING_WORDS:
        if label in REQUIRED:
            raise ValueError("必填。")
        if label not in rules.may_be_pending:
            raise ValueError("必填，录入时就要知道。")
        return None
    if len(text) > LENGTHS.get(label, 500):
        raise ValueError(f"最多 {LENGTHS.get(label, 500)} 字，现在是 {len(text)} 字。")
    if label in CLEAR and found(text):
        raise ValueError("这里不要写手机号、座机、邮箱、微信号或身份证号，请写到各自的栏里。")
    if label == "身份证号":
        return identifiers.resident_id(text, today)
    return CHECKS[label](text, rules) if label in CHECKS else text


def industries(rules: Rules) -> list[str]:
    """The two-level list as one flat list 一级-二级."""
    return [f"{first}-{second}" for first, seconds in rules.industries.items() for second in seconds]


def _industry(text: str, rules: Rules) -> str:
    every = industries(rules)
    wanted = text.replace("－", "-").replace("—", "-").replace("/", "-")
    hits = [each for each in every if wanted in (each, *each.split("-"))]
    if wanted in every:
        return wanted
    if len(hits) == 1:
        return hits[0]
    near = hits or [each for each in every if any(part in each for part in wanted.split("-"))] or every[:3]
    raise ValueError(f"请选一个二级行业，例如 {'、'.join(near[:3])}。")


def full_industry(text: str, rules: Rules) -> str:
    """An industry as the list has it, where it was written in short; else as it was written."""
    try:
        return _industry(text, rules) if text else ""
    except ValueError:
        return text


def _named(text: str, _: Rules) -> str:
    if not names.normalise(text):
        raise ValueError("里面要有文字或数字。")
    return text


def _budget(text: str) -> str:
    identifiers.money_range(text)
    return text


def one_of(options: list[str]) -> Callable[[str], str]:
    """A check that a word is in the list."""

    def check_option(text: str) -> str:
        if text not in options:
            raise ValueError(f"没有「{text}」，可以选：{'、'.join(options)}。")
        return text

    return check_option


CHECKS: dict[str, Callable[[str, Rules], str]] = {
    "客户全称": _named,
    "客户简称": _named,
    "联系人姓名": _named,
    "客户性质": lambda text, rules: one_of(list(KINDS))(text),
    "统一社会信用代码": lambda text, rules: identifiers.uscc(text),
    "所属行业": _industry,
    "客户来源": lambda text, rules: one_of(rules.sources)(text),
    "手机": lambda text, rules: identifiers.mobile(text),
    "邮箱": lambda text, rules: identifiers.email(text),
    "固定电话": lambda text, rules: identifiers.phone(text),
    "人员规模": lambda text, rules: one_of(rules.headcounts)(text),
    "年营收": lambda text, rules: one_of(rules.revenues)(text),
    "决策角色": lambda text, rules: one_of(rules.decision_roles)(text),
    "沟通渠道": lambda text, rules: one_of(rules.channels)(text),
    "紧急程度": lambda text, rules: one_of(list(URGENCIES))(text),
    "预算": lambda text, rules: _budget(text),
}


def submit(work: Work, me: Me, words: Mapping[str, str]) -> Customer:
    """Enter a new customer and send it to the supervisor for review (B1). Raises Invalid."""
    checked = check(words, work.settings.entry, _today(work))
    customer = Customer(
        status=Status.PENDING,
        owner_id=me.id,
        department_id=me.department_id,
        acquired_at=work.now,
        entered_at=work.now,
    )
    contact = Contact(primary=True)
    customer.contacts = [contact]
    _fill(work, customer, contact, checked)
    work.db.add(customer)
    work.db.flush()  # the grams need its id
    index(work, customer)
    reviews.open_round(work, me, customer)
    work.audit("entry.submit", f"customer:{customer.id}")
    return customer


def resubmit(work: Work, me: Me, customer: Customer, words: Mapping[str, str]) -> None:
    """Correct an entry that was returned or withdrawn and send it again (B1). Raises Invalid, Refused."""
    if customer.status not in (Status.RETURNED, Status.WITHDRAWN):
        raise Refused(f"「{customer.name}」现在不能修改：{STATES[customer.status]}。")
    checked = check(words, work.settings.entry, _today(work))
    before = words_of(work, customer)
    _fill(work, customer, primary_contact(work, customer.id), checked)
    customer.status = Status.PENDING
    index(work, customer)
    reviews.open_round(work, me, customer)
    work.audit("entry.resubmit", f"customer:{customer.id}", **changes.of_words(before, words_of(work, customer)))


STATES = {
    Status.PENDING: "正在待审核",
    Status.RETURNED: "已退回",
    Status.WITHDRAWN: "已撤回",
    Status.ARCHIVED: "已建档",
}


def withdraw(work: Work, me: Me, customer: Customer) -> None:
    """Take an entry back while nobody has decided on it. Raises AlreadyDone."""
    reviews.withdraw_round(work, me, customer)
    customer.status = Status.WITHDRAWN
    became = changes.of(status=(Status.PENDING, customer.status))
    work.audit("entry.withdraw", f"customer:{customer.id}", **became)


def primary_contact(work: Work, customer_id: int) -> Contact:
    """The first contact of a customer."""
    return work.db.scalars(PRIMARY, {"customer": customer_id}).one()


def words_of(work: Work, customer: Customer) -> dict[str, str]:
    """What an entry says, as words of the form. For the owner's eyes: it holds contact data."""
    contact = primary_contact(work, customer.id)
    kind = next(word for word, kind in KINDS.items() if kind is customer.kind)
    said = {
        "客户全称": customer.name,
        "客户性质": kind,
        "统一社会信用代码": customer.uscc,
        "身份证号": customer.id_number,
        "所属行业": customer.industry,
        "客户来源": customer.source,
        "联系人姓名": contact.name,
        "职位": contact.position,
        "手机": contact.mobile,
        "邮箱": contact.email,
        "地址": customer.address,
    }
    return {label: value or "" for label, value in said.items()}


def _fill(work: Work, customer: Customer, contact: Contact, said: Checked) -> None:
    keys = work.keys
    if customer.name and customer.short_name == _proposed(customer):
        customer.short_name = None  # it follows the full name until somebody gives another one
    customer.name = said["客户全称"] or ""
    named(customer)
    customer.kind = KINDS[said["客户性质"] or ""]
    customer.uscc, customer.id_number = said["统一社会信用代码"], said["身份证号"]
    customer.id_number_key = indexes.of_id_number(keys, customer.id_number)
    customer.industry, customer.source = said["所属行业"] or "", said["客户来源"] or ""
    _locate(customer, said["地址"])
    contact.name, contact.position = said["联系人姓名"] or "", said["职位"]
    contact.name_key = names.normalise(contact.name)[:64]
    contact.pinyin = names.person_pinyin(contact.name)[:200]
    contact.initials = names.person_initials(contact.name)[:64]
    contact.mobile, contact.email = said["手机"], said["邮箱"]
    contact.mobile_key = indexes.of_mobile(keys, contact.mobile)
    contact.mobile_last4_key = indexes.of_ending(keys, contact.mobile)
    contact.email_key = indexes.of_email(keys, contact.email)


def _locate(customer: Customer, address: str | None) -> None:
    place = PLACE.match(address or "")
    parts = place.groupdict() if place else {}
    customer.address = address
    customer.province, customer.city, customer.district = (parts.get(k) for k in ("province", "city", "district"))


def named(customer: Customer) -> None:
    """Keep what a name is found by; computed on writing, because pinyin is slow."""
    customer.name_key = names.normalise(customer.name)[:120]
    customer.short_name = customer.short_name or _proposed(customer)
    customer.short_key = names.normalise(customer.short_name)
    customer.pinyin, customer.initials = names.pinyin(customer.short_name), names.initials(customer.short_name)


def _proposed(customer: Customer) -> str:
    return names.short_name_of(customer.name)[:60]


def index(work: Work, customer: Customer) -> None:
    """Keep the grams of both names, for finding a part of them."""
    found = names.grams(customer.name_key) | names.grams(customer.short_key or "")
    work.run(FORGET_GRAMS, customer=customer.id)
    work.connection.execute(GRAM, [{"gram": gram, "customer_id": customer.id} for gram in sorted(found)])


def supplement(work: Work, me: Me, customer: Customer, words: Mapping[str, str]) -> None:
    """Add what was not known at entry, and what the customer needs as a new requirement record (A6).

    Raises Invalid.
    """
    wrong: dict[str, str] = {}
    right: dict[str, str] = {}
    for label in DETAILS:
        if text := words.get(label, "").strip():
            try:
                right[label] = _check_one(label, text, work.settings.entry, _today(work)) or ""
            except ValueError as no:
                wrong[label] = str(no)
    if wrong:
        raise Invalid(wrong)
    if not right:
        raise Refused("还没有填任何内容，请至少填一项。")
    _supplement(work, customer, right)
    if any(label in right for label in NEEDS):
        _require(work, me, customer, right)
    work.audit("entry.supplement", f"customer:{customer.id}", fields=sorted(right))


def _supplement(work: Work, customer: Customer, said: Mapping[str, str]) -> None:
    contact = primary_contact(work, customer.id)
    columns = dict(zip(CUSTOMER_DETAILS, CUSTOMER_COLUMNS, strict=True))
    for label, column in columns.items():
        if label in said:
            text = said[label] if label in CHECKS else private.hide(work, customer.id, said[label])
            setattr(customer, column, text)
    for label, column in zip(CONTACT_DETAILS, CONTACT_COLUMNS, strict=True):
        if label in said:
            setattr(contact, column, said[label])
    if "客户简称" in said:
        named(customer)
        index(work, customer)


CUSTOMER_COLUMNS = (
    "short_name",
    "headcount",
    "revenue",
    "main_business",
    "registered_address",
    "cooperation_intent",
    "special_needs",
    "remarks",
)
CONTACT_COLUMNS = ("phone", "wechat", "decision_role", "preferred_channel", "preferred_time")
NEED_COLUMNS = ("product", "budget", "needed_by", "urgency", "pain_points", "current_solution", "decision_process")


def _require(work: Work, me: Me, customer: Customer, said: Mapping[str, str]) -> None:
    """A new record a change; what is not said anew is carried over from the last one."""
    last = work.db.scalar(LATEST_NEED, {"customer": customer.id})
    need = Requirement(customer_id=customer.id, author_id=me.id, at=work.now)
    for label, column in zip(NEEDS, NEED_COLUMNS, strict=True):
        kept = getattr(last, column) if last else None
        setattr(need, column, private.hide(work, customer.id, said[label]) if label in said else kept)
    if need.budget:
        need.budget_min, need.budget_max = identifiers.money_range(need.budget)
    work.db.add(need)


def pending_fields(customer: Customer, contact: Contact) -> list[str]:
    """What is still 待确认 (A4)."""
    facts = {
        "统一社会信用代码": customer.uscc or customer.kind is Kind.PERSON,
        "身份证号": customer.id_number or customer.kind is Kind.COMPANY,
        "职位": contact.position,
        "邮箱": contact.email,
        "地址": customer.address,
        "人员规模": customer.headcount,
        "主营业务": customer.main_business,
    }
    return [label for label, known in facts.items() if not known]


def _today(work: Work) -> dt.date:
    return work.now.astimezone(work.office.zone).date()
