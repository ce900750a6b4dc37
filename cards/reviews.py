"""Cards about reviewing an entry."""

from __future__ import annotations

from collections.abc import Sequence

from cards import reveals
from cards.kit import Action, Button, Buttons, Card, Element, Fields, Form, Note, Text, TextArea, Toast, Warn
from models.crm.views import Reviewed, Waiting
from models.tables import ReviewState


class Approve(Action, name="review.approve"):
    review: int


class AskReason(Action, name="review.ask_reason"):
    """Open the form that returning needs."""

    review: int


class Return(Action, name="review.return"):
    review: int


class Open(Action, name="review.open"):
    review: int


class Waitings(Action, name="review.page"):
    """A page of what waits."""

    page: int


def card(review: Reviewed) -> Card:
    """The living card of a review, for whoever may decide it."""
    subject = f"review:{review.id}"
    name = review.customer
    body = (*_facts(review), *_pending(review))
    match review.state:
        case ReviewState.PENDING:
            late = [Warn(f"已超过审核时限（{review.due}），请尽快处理。")] if review.late else []
            buttons = Buttons.of(
                Button("通过", Approve(review.id), "primary"),
                Button("退回", AskReason(review.id), "danger"),
                reveals.button(reveals.Reveal(review.customer_id)),
            )
            ends = [] if review.late else [Note(f"请在 {review.due} 前处理。")]
            return Card(
                f"待审核 · {name}",
                (*late, *body, *ends, buttons),
                "orange" if review.late else "blue",
                subject,
                personal=True,
            )
        case ReviewState.APPROVED:
            done = (Note(review.decided), *body)
            passed = (Text(name), *done)
            return Card(f"已建档 · {review.number}", passed, "green", subject, True, toast=Toast("已通过"))
        case ReviewState.RETURNED:
            done = (Warn(f"退回原因：{review.reason}"), Note(review.decided), *body)
            return Card(f"已退回 · {name}", done, "grey", subject, True, toast=Toast("已退回"))
        case ReviewState.WITHDRAWN:
            return Card(f"已撤回 · {name}", (Note(review.decided), *body), "grey", subject, True)


def ask_reason(review: Reviewed, typed: str = "", error: str = "") -> Card:
    """The form of a return; the facts stay in sight."""
    reason = TextArea("reason", "退回原因", typed, True, "写明哪里要改、怎么改", error)
    form = Form((reason,), Button("确认退回", Return(review.id), "danger"))
    back = Buttons.of(Button("返回", Open(review.id)))
    return Card(f"退回 · {review.customer}", (*_facts(review), form, back), "orange", f"review:{review.id}", True)


def waiting(rows: Sequence[Waiting], page: int, *, more: bool) -> Card:
    """What waits for this person, the most urgent first."""
    if not rows:
        return Card("待审核", (Text("没有等你审核的录入。"),), tone="green")
    body: list[Element] = []
    for row in rows:
        body.append(Text(f"{row.customer}\n{row.submitter} 提交 · {row.due} 前{'（已超时）' if row.late else ''}"))
        body.append(Buttons.of(Button("去审核", Open(row.review), "primary")))
    pages = Buttons.of(
        Button("上一页", Waitings(page - 1)) if page else None, Button("下一页", Waitings(page + 1)) if more else None
    )
    return Card("待审核", (*body, pages), tone="blue")


def _facts(review: Reviewed) -> tuple[Element, ...]:
    note = [Note(f"第 {review.round} 次提交")] if review.round > 1 else []
    acting = [Note(f"代 {review.acting}")] if review.acting else []
    return (*acting, Fields.of(("录入人", f"{review.submitter} · {review.department}"), *review.facts), *note)


def _pending(review: Reviewed) -> tuple[Element, ...]:
    return (Note(f"待确认：{'、'.join(review.pending)}"),) if review.pending else ()
