"""Cards about people who have left."""

from __future__ import annotations

from cards.kit import Card, Fields, Note, Text, Tone, Warn
from cards.labels import PLATFORMS
from models.crm.leavers import Leaver


def left(who: Leaver) -> Card:
    """Somebody's account is gone, and this is what waits for another hand."""
    named = f"{who.name}（{who.staff_no}）"
    owned = (
        ("名下客户", who.customers),
        ("待首次响应的投诉", who.complaints),
        ("未完成的提醒", who.reminders),
        ("指定他为主管的部门", who.departments),
    )
    open_ = tuple((label, f"{number} 个") for label, number in owned if number)
    waits = Warn("请尽快安排同事接手。") if open_ else Text("名下没有要交接的事。")
    still = "、".join(PLATFORMS.get(each, each) for each in who.platforms)
    reached = f"他在{still}的账号还在，消息改发到那里。" if still else "他没有别的账号了，发给他的消息不再送出。"
    tone: Tone = "orange" if open_ else "grey"
    if who.disabled:
        said = Text(f"{named}已停用，从现在起什么都不能做，也收不到消息。")
        return Card(f"已停用 · {who.name}", (said, Fields(open_), waits), tone)
    body = Text(f"{named}已离职，账号已解绑。"), Fields(open_), waits, Note(reached)
    return Card(f"已离职 · {who.name}", body, tone)
