"""Cards for what is held about a person: counted, handed out, erased (P7). None of it stands in a card in clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards.kit import (
    CHOICES,
    Action,
    Button,
    Buttons,
    Card,
    Element,
    Fields,
    Form,
    Input,
    Link,
    Note,
    Select,
    Text,
    Toast,
    Warn,
)
from models.crm.access import CustomerRef
from models.crm.erasure import LONGEST_REASON
from models.crm.personal import Held

EVERYBODY = "0"
ALL = "全部个人信息"
People = Sequence[tuple[int, str]]
Counts = Sequence[tuple[str, int]]


class Show(Action, name="privacy.show"):
    customer: int


class AskExport(Action, name="privacy.ask_export"):
    customer: int


class Export(Action, name="privacy.export"):
    customer: int


class AskErase(Action, name="privacy.ask_erase"):
    customer: int


class Erase(Action, name="privacy.erase"):
    customer: int


#: what goes of a contact, and of a customer who is a person.
COMPANY = "姓名和联系方式都会销毁，跟进等文字里他的姓名和联系方式也去掉，文字本身保留；"
PERSON = "姓名、联系方式和写到本人的文字都会销毁，他的提醒取消；"


def held(ref: CustomerRef, there: Held, gone: str = "") -> Card:
    """How much there is of each kind; `gone` says who erased it and when."""
    facts = Fields.of(
        ("客户", ref.name),
        ("负责人", ref.owner_name),
        ("联系方式", _counts(there.data)),
        ("文字里的联系方式", _counts(there.mentioned)),
        ("写到本人的记录", _counts(there.texts)),
    )
    there_is = facts, Note("这里只显示种类和数量；等待发送的消息、草稿和表单里有的，擦除时一起去掉。")
    body: tuple[Element, ...] = (Text(gone),) if there.nothing else there_is
    buttons = Buttons.of(
        Button("导出", AskExport(ref.id), "primary"),
        None if there.nothing else Button("擦除", AskErase(ref.id), "danger"),
    )
    return Card(_title("个人信息", ref), (*body, buttons), personal=True)


def _counts(counts: Counts) -> str:
    return "、".join(f"{label} {number}" for label, number in counts)


def _title(what: str, ref: CustomerRef) -> str:
    return f"{what} · {ref.called}"


def _whom(people: People, chosen: str, wrong: str = "") -> Select:
    each = tuple((str(contact), f"联系人 {contact} {name}") for contact, name in people[: CHOICES - 1])
    return Select("whom", "谁的", ((EVERYBODY, ALL), *each), chosen or EVERYBODY, True, wrong)


def ask_export(ref: CustomerRef, people: People) -> Card:
    """Whose data is handed out."""
    whose = Fields.of(("客户", ref.name), ("负责人", ref.owner_name))
    form = Form((_whom(people, ""),), Button("生成文件", Export(ref.id), "primary"))
    about = Note("文件里是明文，只交给本人或有权要求的人；每次导出都记入审计日志。")
    return Card(_title("导出个人信息", ref), (whose, form, about, _back(ref)), personal=True)


def exported(ref: CustomerRef, link: str, until: str, *, local: bool) -> Card:
    """Where the file is: a message of its own."""
    here: list[Element] = [Warn("还没有设置 [server] base_url，这个链接只能在运行客伴的机器上打开。")] if local else []
    about = Note(f"{until} 前有效，只能下载一次。请不要转发。")
    body = (Text("文件已生成，打开页面后点「下载」。"), *here, Link("打开下载页", link), about)
    return Card(_title("导出个人信息", ref), body, personal=True, anew=True, toast=Toast("已发给你"))


def ask_erase(ref: CustomerRef, people: People, typed: Mapping[str, str], wrong: Mapping[str, str]) -> Card:
    """The form for what cannot be undone, with what was typed and what is wrong with it."""
    fields = (
        _whom(people, typed.get("whom", ""), wrong.get("谁的", "")),
        Input(
            "reason",
            "原因",
            typed.get("reason", ""),
            True,
            "例如：本人来信要求删除",
            wrong.get("原因", ""),
            most=LONGEST_REASON,
        ),
        Input(
            "number",
            "输入客户编号确认",
            typed.get("number", ""),
            True,
            ref.called[:100],
            wrong.get("客户编号", ""),
        ),
    )
    whose = Fields.of(("客户", ref.name), ("负责人", ref.owner_name))
    warn = Warn(f"擦除后不能恢复：{COMPANY if people else PERSON}次数、金额、评分和时间保留。")
    form = Form(fields, Button("确认擦除", Erase(ref.id), "danger"))
    note = Note("原因会留在审计日志里，不要写姓名和联系方式。")
    return Card(_title("擦除个人信息", ref), (whose, warn, form, note, _back(ref)), "orange", personal=True)


def erased(ref: CustomerRef) -> Card:
    """It is done."""
    told = Text("个人信息已销毁，统计数字不变，还在更新的卡片也已改过。")
    note = Note("已经发到聊天里、不会再更新的消息，要在聊天软件里撤回或删除。")
    return Card(_title("已擦除", ref), (told, note), "green", personal=True, toast=Toast("已擦除"))


def _back(ref: CustomerRef) -> Buttons:
    return Buttons.of(Button("返回", Show(ref.id)))
