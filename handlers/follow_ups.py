"""/跟进: a salesperson writes down a talk with a customer."""

from __future__ import annotations

from bot.routing import Router
from cards import follow_ups as cards
from cards.kit import Card
from models.crm import follow_ups
from models.crm.access import CustomerRef
from models.crm.follow_ups import Talk
from models.crm.people import Me
from models.policy import Permission
from models.tables import DealStage, Method
from models.text.times import Settled
from models.work import Work

router = Router()


@router.command(
    "/跟进 <客户> <内容…> [方式:] [反馈:] [下一步:] [下次:] [阶段:]",
    "/log",
    "/gj",
    may=Permission.FOLLOW_UP,
    form=cards.form,
)
def log(
    customer: CustomerRef,
    content: str,
    method: Method | None = None,
    feedback: str | None = None,
    next_step: str | None = None,
    next_at: Settled | None = None,
    stage: DealStage | None = None,
    *,
    work: Work,
    me: Me,
) -> Card:
    """记一次跟进。
    例：/跟进 华星科技 已报价，等回复 方式:电话 下次:周五
    """
    talk = Talk(content, method, feedback, next_step, next_at, stage)
    return cards.recorded(follow_ups.record(work, me, customer, talk), work.shown)
