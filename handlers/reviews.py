"""/待审: a supervisor decides on entries."""

from __future__ import annotations

from bot.routing import Router
from cards import reviews as cards
from cards.kit import PAGE, Card
from models.crm import access, reviews, views
from models.crm.people import Me
from models.policy import Permission
from models.tables import ReviewState
from models.work import Work

router = Router()


@router.command("/待审", "/review", "/ds", may=Permission.REVIEW)
def waiting(*, work: Work, me: Me) -> Card:
    """等你审核的新客户，最急的在前。
    例：/待审
    """
    return _page(work, me, 0)


@router.action(cards.Waitings, may=Permission.REVIEW)
def turn(action: cards.Waitings, *, work: Work, me: Me) -> Card:
    """上一页 and 下一页."""
    return _page(work, me, max(action.page, 0))


def _page(work: Work, me: Me, page: int) -> Card:
    rows = access.waiting_reviews(work, me)
    start = page * PAGE
    shown = views.waiting(work, rows[start : start + PAGE])
    return cards.waiting(shown, page, more=len(rows) > start + PAGE)


@router.action(cards.Open, may=Permission.REVIEW)
def open_review(action: cards.Open, *, work: Work, me: Me) -> Card:
    """去审核 and 返回."""
    review = access.review(work, me, action.review)
    return cards.card(views.reviewed(work, me, review.id))


@router.action(cards.Approve, may=Permission.REVIEW)
def approve(action: cards.Approve, *, work: Work, me: Me) -> Card:
    """通过."""
    review = access.review(work, me, action.review)
    reviews.approve(work, me, review)
    return cards.card(views.reviewed(work, me, review.id))


@router.action(cards.AskReason, may=Permission.REVIEW)
def ask_reason(action: cards.AskReason, *, work: Work, me: Me) -> Card:
    """退回: first the reason."""
    review = access.review(work, me, action.review)
    seen = views.reviewed(work, me, review.id)
    return cards.ask_reason(seen) if review.state is ReviewState.PENDING else cards.card(seen)


@router.action(cards.Return, may=Permission.REVIEW)
def send_back(action: cards.Return, *, work: Work, me: Me, form: dict[str, str]) -> Card:
    """确认退回."""
    review = access.review(work, me, action.review)
    reason = form.get("reason", "")
    if problem := reviews.reason_problem(reason):
        return cards.ask_reason(views.reviewed(work, me, review.id), reason, problem)
    reviews.send_back(work, me, review, reason)
    return cards.card(views.reviewed(work, me, review.id))
