"""Cards about how satisfied customers are."""

from __future__ import annotations

from cards.kit import Card, Element, Fields, Image, Link, Note, Text, Toast, Warn
from models.crm.access import CustomerRef
from models.crm.surveys import Asked

STARS = 5
BAD = 2


def standing(survey: Asked) -> Card:
    """The living card of a survey: its link while it can be answered, then the answer."""
    if survey.answered:
        return _answered(survey)
    return _open(survey) if survey.link else _expired(survey)


def skipped(customer: CustomerRef, why: str) -> Card:
    """Why no survey was sent after a deal."""
    return Card(f"没有发问卷 · {customer.name}", (Text(f"成交后的满意度问卷这次没有发：{why}"),), "grey")


def stars(score: int) -> str:
    """★★★★☆ 4 分."""
    return f"{'★' * score}{'☆' * (STARS - score)} {score} 分"


def _open(survey: Asked) -> Card:
    link = survey.link or ""
    silent = [Warn("客户还没有回答，可以再转发一次。")] if survey.silent else []
    local = [Warn("还没有设置 [server] base_url，这个链接只能在运行客伴的机器上打开。")] if survey.local else []
    body: tuple[Element, ...] = (
        *silent,
        Text(f"请把链接转发给客户，或让客户扫二维码：\n{link}"),
        Image(link, "满意度问卷的二维码"),
        Link("打开问卷", link),
        Link("打开二维码", f"{link}/qr"),
        *local,
        Note(f"{survey.until} 前有效，只能回答一次。答完会马上告诉负责人 {survey.customer.owner_name}。"),
    )
    title = f"满意度问卷 · {survey.customer.name}"
    return Card(title, body, "blue", f"survey:{survey.id}", personal=True, toast=Toast("问卷已生成"))


def _answered(survey: Asked) -> Card:
    facts = Fields.of(("总体", stars(survey.score)), *((say, stars(score)) for say, score in survey.answers))
    words: tuple[Element, ...] = (Text(survey.comment),) if survey.comment else (Note("客户没有留言。"),)
    body = (facts, *words, Note(f"{survey.answered} 回答"))
    title, subject = f"客户评价 · {survey.customer.name}", f"survey:{survey.id}"
    return Card(title, body, "red" if survey.score <= BAD else "green", subject, personal=True)


def _expired(survey: Asked) -> Card:
    body = (Text("客户没有回答，链接已过期。"), Note(f"{survey.asked} 发出，{survey.until} 到期。"))
    return Card(f"问卷已过期 · {survey.customer.name}", body, "grey", f"survey:{survey.id}", personal=True)
