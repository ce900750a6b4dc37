"""Cards for whoever runs the program: how messages go out, and what could not be sent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cards.kit import Action, Button, Buttons, Card, Element, Note, Text, Toast, Tone, Warn
from cards.labels import PLATFORMS
from models.chats import CHAT_CLOSED
from models.crm.deliveries import Letter, Overview, Standing
from models.outbox import EXPIRED

KINDS = {
    "answer": "答复",
    "refresh": "卡片更新",
    "review": "审核",
    "entry": "录入进度",
    "reminder": "跟进提醒",
    "complaint": "投诉告警",
    "digest": "简报",
    "morning": "今日待办",
    "views": "订阅的视图",
    "survey": "满意度问卷",
    "quota": "额度提醒",
    "merged": "合并提醒",
    "urgent": "投诉告警",
    "urge": "加急",
    "leaver": "离职交接",
    "disabled": "停用交接",
    "org": "组织同步",
    "absence": "请假",
}
#: what an administrator can do about it, by what stands in the reason.
HINTS = (
    (EXPIRED, "一直没有送到，过了时效，没有再发。"),
    (
        "230013|no such person|staffId.notExisted",
        "这个人不在应用的可用范围，请在后台把他加进去，一天内会再试。",
    ),
    (f"{CHAT_CLOSED}|230002|232009|notExsit", "机器人不在这个群里，或者群没有了，请把它加回来，再重试。"),
    ("AccessTokenPermissionDenied|99991672|60011", "应用缺少权限，请按接入说明开通并发布，再重试。"),
    ("ApiCountLimit|90020", "平台的月度调用额度用完了，下个月再重试，或者升级版本。"),
    ("outcome unknown", "不知道对方收到没有，再发可能重复。"),
    ("not delivered", "平台收下了，但没有投递出去。"),
)


class Open(Action, name="ops.open"):
    """The overview, and a page of what could not be sent."""

    page: int


class Retry(Action, name="ops.retry"):
    letter: int


class Drop(Action, name="ops.drop"):
    letter: int


class RetryAll(Action, name="ops.retry_all"):
    pass


def overview(seen: Overview, toast: str = "") -> Card:
    """How messages stand; what was given up, with what to do about it."""
    trouble = any(each.away or each.cut for each in seen.platforms) or seen.dead
    body: list[Element] = [Text(_standing(each)) for each in seen.platforms] or [Text("还没有发过消息。")]
    if seen.homeless:
        body.append(Note(f"{seen.homeless} 条消息的收件人没有绑定，或者联系不上：绑定后马上发，否则每小时再试。"))
    if seen.held:
        body.append(Note(f"{seen.held} 条不急的提醒在等，到时候合并成一条发。"))
    body.append(Warn(f"没有送到 {seen.dead} 条") if seen.dead else Note("没有送不到的消息。"))
    for letter in seen.letters:
        body += _letter(letter)
    body += [_pages(seen), Note(f"截至 {seen.as_of}")]
    tone: Tone = "orange" if trouble else "green"
    return Card("运维", tuple(body), tone, personal=True, toast=Toast(toast) if toast else None)


def _standing(each: Standing) -> str:
    state = "连不上，正在自动重试" if each.away else "限速中" if each.slow else "正常"
    waits = f"等待 {each.waiting} 条，最早的 {each.oldest}" if each.waiting else "没有积压"
    return f"{PLATFORMS.get(each.platform, each.platform)} {state} · {waits}{_stream(each)}{_calls(each)}"


def _stream(each: Standing) -> str:
    if each.stream is None:
        return ""
    if not each.cut:
        return f"\n长连接 {each.stream} 秒前还在"
    minutes = each.stream // 60
    return f"\n长连接断了 {f'{minutes // 60} 小时' if minutes >= 60 else f'{minutes} 分钟'}：看 stream 进程"


def _calls(each: Standing) -> str:
    if not each.monthly:
        return f"\n本月调用 {each.calls:,} 次" if each.calls else ""
    return f"\n本月调用 {each.calls:,} / {each.monthly:,} 次（{each.percent}%），照这样到月底约 {each.forecast:,} 次"


def _letter(letter: Letter) -> Sequence[Element]:
    kind, where = KINDS.get(letter.kind, letter.kind), PLATFORMS.get(letter.platform, letter.platform)
    head = f"{kind} → {letter.name or '群聊'}（{where}）· {letter.at}"
    hint = next((say for found, say in HINTS if re.search(found, letter.why)), "")
    buttons = Buttons.of(
        Button("重试", Retry(letter.id), "primary") if letter.retriable else None, Button("不再显示", Drop(letter.id))
    )
    return Text(f"{head}\n{hint}" if hint else head), Note(letter.why), buttons


def _pages(seen: Overview) -> Buttons:
    return Buttons.of(
        Button("上一页", Open(seen.page - 1)) if seen.page else None,
        Button("下一页", Open(seen.page + 1)) if seen.more else None,
        Button("全部重试", RetryAll()) if any(each.retriable for each in seen.letters) else None,
        Button("刷新", Open(0)),
    )


def quota(seen: Sequence[Standing], share: int) -> Card:
    """A month's calls are nearly used up, and what follows from it."""
    used = [Text(_standing(each)) for each in seen if each.monthly and each.percent >= share]
    what = (
        "从现在起只发告警和答复，其余的消息每人四小时合并成一条。"
        if share >= 90
        else "用到九成以后只发告警和答复，其余的消息每人四小时合并成一条。"
    )
    mend = Note("额度不对就改配置里的 monthly_calls；要更多额度，请升级平台的版本。")
    tone: Tone = "red" if share >= 90 else "orange"
    return Card(f"平台调用额度已用 {share}%", (*used, Text(what), mend, Buttons.of(Button("运维", Open(0)))), tone)
