"""Everything held about a person, to be handed to him: by label, as it is, contact data in clear (P7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from models.crm import personal
from models.crm.access import CustomerRef
from models.crm.personal import ABOUT, OWN_TEXTS, PLACES, REACHED, RECORDS, TEXTS, Scope
from models.tables import (
    Audit,
    Complaint,
    Deal,
    FollowUp,
    Outcome,
    Requirement,
    Review,
    StageEntry,
    Survey,
    Timer,
    User,
)
from models.text import erased, private
from models.text.private import LABELS
from models.work import AnyRow, Work

Document = dict[str, Any]
EXPORT = "person.export"

CUSTOMER = {
    "number": "客户编号",
    "name": "客户全称",
    "short_name": "客户简称",
    "kind": "客户性质",
    "id_number": "身份证号",
    "industry": "所属行业",
    "source": "客户来源",
    "headcount": "人员规模",
    "revenue": "年营收",
    "province": "省",
    "city": "市",
    **PLACES,
    "level": "级别",
    "status": "录入状态",
    "funnel_stage": "漏斗阶段",
    "deal_stage": "成交阶段",
    "first_contact_on": "首次联系",
    "acquired_at": "获得时间",
    "entered_at": "录入时间",
    "last_follow_up_at": "最近跟进",
}
CONTACT = {"name": "姓名", "primary": "主要联系人", **ABOUT, **REACHED}
#: what else a record says, and by whom it is.
FACTS: Mapping[Any, Mapping[str, str]] = {
    Requirement: {"at": "时间", "author_id": "记录人", "budget": "预算", "urgency": "紧急程度"},
    FollowUp: {
        "at": "时间",
        "author_id": "记录人",
        "method": "方式",
        "next_at": "下次联系",
        "deal_stage": "成交阶段",
    },
    Review: {
        "submitted_at": "提交时间",
        "submitter_id": "提交人",
        "state": "结果",
        "decided_at": "审核时间",
        "decider_id": "审核人",
    },
    Complaint: {
        "number": "投诉号",
        "opened_at": "受理时间",
        "opener_id": "登记人",
        "handler_id": "处理人",
        "channel": "渠道",
        "severity": "级别",
        "state": "状态",
        "contacted_at": "首次响应时间",
        "apologised": "是否致歉",
    },
    Survey: {"at": "发出时间", "asker_id": "发出人", "answered_at": "回答时间", "score": "总体", "answers": "各题评分"},
}
#: what has no words of its own: only of a customer who is a person.
COUNTED: Mapping[Any, tuple[str, Mapping[str, str]]] = {
    Deal: (
        "成交",
        {
            "at": "时间",
            "author_id": "记录人",
            "product": "产品",
            "quantity": "数量",
            "amount_fen": "金额",
            "state": "状态",
        },
    ),
    StageEntry: ("漏斗阶段", {"at": "时间", "stage": "阶段"}),
    Timer: ("提醒", {"due_at": "时间", "person_id": "提醒谁", "state": "状态"}),
}
OF = {table: select(table).where(table.customer_id == bindparam("customer")).order_by(table.id) for table in COUNTED}
NAMES = select(User.id, User.name)
DONE = (
    select(Audit.at, Audit.operation, User.name)
    .outerjoin(User, User.id == Audit.actor_id)
    .where(Audit.subject == bindparam("about"), Audit.outcome == Outcome.DONE)
    .order_by(Audit.id)
)


def of_customer(work: Work, ref: CustomerRef, contact: int | None = None) -> Document:
    """What is held about a contact, or about all people of a customer; that it was asked for is audited.

    Of a company itself only its number and name. Raises NotFound.
    """
    of = personal.scope(work, ref.id, contact)
    names = {row.id: row.name for row in work.run(NAMES)}
    work.audit("person.export", f"customer:{ref.id}", contact=None if of.person else contact)
    return {
        "说明": "客伴里保存的个人信息，应本人要求导出。时间是公司所在时区的时间。",
        "导出时间": work.now,
        "客户": _customer(of),
        "联系人": [_row(each, CONTACT, names) for each in of.contacts],
        "文字里的联系方式": [{"种类": LABELS[personal.kind(each)], "内容": each.value} for each in of.values],
        **_records(work, of, names),
        **(_counted(work, of, names) if of.person else {}),
        "操作记录": done(work, f"customer:{ref.id}") if of.person else [],
    }


def done(work: Work, subject: str) -> list[Document]:
    """What was done about a subject, as the audit has it."""
    return [_done(row) for row in work.run(DONE, about=subject)]


def _done(row: AnyRow) -> Document:
    return {"时间": row.at, "操作": row.operation, "操作人": row.name or "系统"}


def _customer(of: Scope) -> Document:
    labels = CUSTOMER if of.person else {each: CUSTOMER[each] for each in ("number", "name")}
    return _row(of.customer, labels, {}) | (_texts(of, of.customer, OWN_TEXTS) if of.person else {})


def _records(work: Work, of: Scope, names: Mapping[int, str]) -> Document:
    found: Document = {}
    for table, columns in TEXTS.items():
        records = [each for each in personal.records(work, table, of.customer.id) if _tells(of, each, columns)]
        found[RECORDS[table]] = [_row(each, FACTS[table], names) | _texts(of, each, columns) for each in records]
    return found


def _tells(of: Scope, record: Any, columns: Mapping[str, str]) -> bool:
    """Whether a record is about him: all of a person's are, of a company's those that name or quote him."""
    ids = {each.id for each in of.values}
    marked = {number for name in columns for _, number in private.markers(getattr(record, name) or "")}
    return of.person or bool(marked & ids or of.changes(record, columns))


def _texts(of: Scope, record: Any, columns: Mapping[str, str]) -> Document:
    """In clear what is his; what is another's is not shown."""
    values = {each.id: each.value for each in of.values}
    texts = {label: getattr(record, name) for name, label in columns.items()}
    return {label: private.restore(text, values) for label, text in texts.items() if text}


def _counted(work: Work, of: Scope, names: Mapping[int, str]) -> Document:
    rows = {table: work.db.scalars(OF[table], {"customer": of.customer.id}) for table in COUNTED}
    return {label: [_row(each, columns, names) for each in rows[table]] for table, (label, columns) in COUNTED.items()}


def _row(record: Any, labels: Mapping[str, str], names: Mapping[int, str]) -> Document:
    """What a record says by label; colleagues by their names."""
    values = {label: (name, getattr(record, name)) for name, label in labels.items()}
    said = {label: names.get(value) if name.endswith("_id") else value for label, (name, value) in values.items()}
    return {label: value for label, value in said.items() if value not in (None, "", erased.NAME)}
