"""Cards about the audit: who did what with a customer, and what was refused."""

from __future__ import annotations

from collections.abc import Mapping

from cards.common import excerpt
from cards.kit import Action, Button, Buttons, Card, Text
from cards.labels import COMPLAINT_STATES, OPERATIONS, PLATFORMS, STATUSES
from models.crm.audit_log import Entry, Log
from models.tables import Outcome


class Turn(Action, name="audit.page"):
    """A page of a customer's log; of what was refused, where the customer is 0."""

    customer: int
    page: int


CHANNELS: Mapping[str, str] = {
    **PLATFORMS,
    "demo": "演示",
    "file": "下载页",
    "form": "表单页",
    "scheduler": "定时",
    "sender": "发送",
    "shell": "命令行",
    "survey": "问卷页",
}
OUTCOMES: Mapping[Outcome, str] = {Outcome.DONE: "", Outcome.REFUSED: "被拒绝", Outcome.FAILED: "出错，没有生效"}
CHANGED: Mapping[str, str] = {
    "level": "升级次数",
    "parent": "上级部门",
    "roles": "角色",
    "state": "状态",
    "status": "状态",
    "supervisors": "主管",
}
WORDS: Mapping[str, str] = {word.value: said for words in (STATUSES, COMPLAINT_STATES) for word, said in words.items()}


def log(shown: Log) -> Card:
    """A page of rows, the newest first."""
    title = f"日志 · {shown.customer.name}" if shown.customer else "被拒绝和出错的操作"
    rows = [Text(_row(each)) for each in shown.entries] or [Text("还没有记录。")]
    about = shown.customer.id if shown.customer else 0
    turn = Buttons.of(
        Button("上一页", Turn(about, shown.page - 1)) if shown.page else None,
        Button("下一页", Turn(about, shown.page + 1)) if shown.more else None,
    )
    return Card(title, (*rows, turn), "grey", personal=True)


def _row(entry: Entry) -> str:
    what = OPERATIONS.get(entry.operation, entry.operation)
    head = (entry.at, entry.who or "系统", CHANNELS.get(entry.channel, entry.channel))
    came_of_it = OUTCOMES[entry.outcome]
    changed = (f"\n{CHANGED.get(key, key)}：{_word(before)} → {_word(after)}" for key, before, after in entry.changes)
    return " · ".join(head) + f"\n{what}{f'（{came_of_it}）' if came_of_it else ''}" + "".join(changed)


def _word(value: str) -> str:
    return WORDS.get(value, excerpt(value)) or "无"
