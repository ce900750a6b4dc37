"""Cards about entering a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from cards.kit import (
    CHOICES,
    HINT_LENGTH,
    Action,
    Button,
    Buttons,
    Card,
    Element,
    Field,
    Fields,
    Form,
    Input,
    Note,
    Select,
    Text,
    TextArea,
    Toast,
    Tone,
    Warn,
)
from models.crm import entries
from models.crm.views import Standing
from models.settings import Entry as Rules
from models.tables import Status

#: what the platforms call the fields; people see the labels.
NAMES = dict(
    zip(
        entries.FIELDS + entries.DETAILS,
        (
            "full_name",
            "kind",
            "uscc",
            "id_number",
            "industry",
            "source",
            "contact_name",
            "position",
            "mobile",
            "email",
            "address",
            "short_name",
            "headcount",
            "revenue",
            "main_business",
            "registered_address",
            "cooperation_intent",
            "special_needs",
            "remarks",
            "phone",
            "wechat",
            "decision_role",
            "preferred_channel",
            "preferred_time",
            "product",
            "budget",
            "needed_by",
            "urgency",
            "pain_points",
            "current_solution",
            "decision_process",
        ),
        strict=True,
    )
)
#: every option counts as an element of the card: so many a list may have in the long form of 补充资料.
FEW = 25
LONG = {"主营业务", "合作意向", "特殊要求", "备注", "产品需求", "痛点", "现有方案", "决策流程"}
HINTS = {
    "客户全称": "营业执照上的全称",
    "统一社会信用代码": "18 位；还不知道就空着，先记为待确认",
    "身份证号": "个人客户填；不知道就空着",
    "手机": "11 位大陆手机号",
    "地址": "省、市、区和街道",
    "预算": "例如：10-20万元、50万元以上",
    "采购时间": "例如：2027年Q1、12月底前",
    "固定电话": "例如：021-62785001转8001",
}


class SubmitNew(Action, name="entry.new"):
    """Send the form of a new customer."""

    once: ClassVar[bool] = True


class SubmitEntry(Action, name="entry.submit"):
    """Send a corrected entry again."""

    customer: int


class Correct(Action, name="entry.correct"):
    customer: int


class Withdraw(Action, name="entry.withdraw"):
    customer: int


class Back(Action, name="entry.back"):
    """Leave a form as it was."""

    customer: int


class Supplement(Action, name="entry.supplement"):
    """Open the form of what may be known later."""

    customer: int


class SubmitDetails(Action, name="entry.details"):
    customer: int


def form(
    rules: Rules, words: Mapping[str, str], errors: Mapping[str, str], customer: int = 0, reason: str = ""
) -> Card:
    """The entry form with everything that was typed; `reason` is why it was returned."""
    fields = tuple(_field(label, rules, words, errors) for label in entries.FIELDS)
    submit = Button("重新提交", SubmitEntry(customer)) if customer else Button("提交", SubmitNew())
    submit = replace(submit, tone="primary")
    top: list[Element] = [Warn(f"退回原因：{reason}")] if reason else []
    top += [Warn(f"{label}：{say}") for label, say in errors.items() if label not in NAMES]
    top += _summary(errors)
    title = f"修改录入 · {words.get('客户全称', '')[:40]}" if customer else "录入新客户"
    back = Buttons.of(Button("返回", Back(customer)) if customer else None)
    tone: Tone = "orange" if errors or reason else "blue"
    subject = f"entry:{customer}" if customer else ""
    return Card(title, (*top, Form(fields, submit), back), tone, subject, personal=True)


def details(rules: Rules, customer: int, name: str, words: Mapping[str, str], errors: Mapping[str, str]) -> Card:
    """The form of 补充资料, with the question guide."""
    fields = tuple(_field(label, rules, words, errors, optional=True) for label in entries.DETAILS)
    guide = Note("可以这样问：\n" + "\n".join(rules.guide))
    submit = Button("提交", SubmitDetails(customer), "primary")
    back = Buttons.of(Button("返回", Back(customer)))
    body = (guide, *_summary(errors), Form(fields, submit), back)
    tone: Tone = "orange" if errors else "blue"
    return Card(f"补充资料 · {name[:40]}", body, tone, f"entry:{customer}", personal=True)


def _summary(errors: Mapping[str, str]) -> list[Element]:
    """Where to look in a form that is longer than a phone."""
    return [Warn(f"有 {len(errors)} 处要改一下：{'、'.join(errors)}。改好再提交。")] if errors else []


def labelled(form_words: Mapping[str, str]) -> dict[str, str]:
    """The words of a sent form by what people see."""
    labels = {name: label for label, name in NAMES.items()}
    return {labels[name]: value for name, value in form_words.items() if name in labels}


def _field(
    label: str, rules: Rules, words: Mapping[str, str], errors: Mapping[str, str], *, optional: bool = False
) -> Field:
    required = label in entries.REQUIRED and not optional
    value, error = words.get(label, ""), errors.get(label, "")
    if label == "所属行业":
        value = entries.full_industry(value, rules)
    if label in (lists := _lists(rules)):
        options = tuple((each, each) for each in dict.fromkeys(lists[label]))
        if len(options) <= (FEW if optional else CHOICES):
            return Select(NAMES[label], label, options, value, required, error)
        hint = f"请写其中一个，例如：{'、'.join(lists[label][:2])}"[:HINT_LENGTH]
        return Input(NAMES[label], label, value, required, hint, error, 100)
    kind, most = (TextArea, 500) if label in LONG else (Input, 100)
    most = entries.LENGTHS.get(label, most)
    return kind(NAMES[label], label, value, required, HINTS.get(label, ""), error, most)


def _lists(rules: Rules) -> dict[str, list[str]]:
    return {
        "客户性质": list(entries.KINDS),
        "所属行业": entries.industries(rules),
        "客户来源": rules.sources,
        "人员规模": rules.headcounts,
        "年营收": rules.revenues,
        "决策角色": rules.decision_roles,
        "沟通渠道": rules.channels,
        "紧急程度": list(entries.URGENCIES),
    }


def standing(entry: Standing) -> Card:
    """The rep's living card: how the entry stands, and what can be done about it."""
    subject = f"entry:{entry.id}"
    facts = Fields.of(
        ("所属行业", entry.industry),
        ("客户来源", entry.source),
        ("联系人", entry.contact),
        ("待确认", "、".join(entry.pending)),
    )
    more = Button("补充资料", Supplement(entry.id))
    match entry.status:
        case Status.PENDING:
            says = Text(f"已提交，等待 {'、'.join(entry.reviewers)} 审核，{entry.due} 前给出结果。")
            if not entry.reviewers:
                says = Text("已提交，但现在没有人能审核，请管理员给部门指定主管。")
            buttons = Buttons.of(Button("撤回", Withdraw(entry.id)), more)
            return Card(f"待审核 · {entry.name}", (says, facts, buttons), "blue", subject, toast=Toast("已提交审核"))
        case Status.RETURNED:
            buttons = Buttons.of(Button("修改", Correct(entry.id), "primary"))
            body = (Warn(f"退回原因：{entry.reason}"), Note(entry.decided), facts, buttons)
            return Card(f"已退回 · {entry.name}", body, "orange", subject)
        case Status.WITHDRAWN:
            buttons = Buttons.of(Button("修改", Correct(entry.id), "primary"))
            return Card(f"已撤回 · {entry.name}", (facts, buttons), "grey", subject, toast=Toast("已撤回"))
        case Status.ARCHIVED:
            hint = Note(f"现在可以记跟进：/跟进 {entry.number} 内容")
            done = (Text(entry.name), Note(entry.decided), facts, hint, Buttons.of(more))
            return Card(f"已建档 · {entry.number}", done, "green", subject)
