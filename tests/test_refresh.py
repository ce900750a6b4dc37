"""After a press: the answer is a faster copy, and what follows it from the outbox never takes anything away."""

from __future__ import annotations

from sqlalchemy import func, select

from conftest import Company
from models import outbox
from models.tables import Outbox, OutboxState
from test_entry import submit

NAME = "华星科技有限公司"


def refreshes(company: Company) -> dict[OutboxState, int]:
    """How many refreshes there are in each state."""
    counted = select(Outbox.state, func.count()).where(Outbox.kind == outbox.REFRESH).group_by(Outbox.state)
    with company.keban.works.read() as work:
        return {row[0]: row[1] for row in work.run(counted)}


def test_a_press_that_changed_something_is_followed_by_the_same_card(company: Company) -> None:
    submit(company.rep)
    company.keban.forward(seconds=4)
    company.supervisor.presses("通过")
    assert refreshes(company).get(OutboxState.QUEUED) == 1
    company.keban.forward(seconds=4)
    assert refreshes(company).get(OutboxState.QUEUED, 0) == 0


def test_nothing_follows_a_form_that_was_merely_opened(company: Company) -> None:
    submit(company.rep)
    company.keban.forward(seconds=4)
    before = refreshes(company)
    assert company.supervisor.presses("退回").title == f"退回 · {NAME}"
    assert refreshes(company) == before


def test_a_newer_answer_drops_the_refresh_of_an_older_one(company: Company) -> None:
    submit(company.rep)
    company.keban.forward(seconds=4)
    company.rep.presses("撤回")
    assert refreshes(company).get(OutboxState.QUEUED) == 1
    company.rep.presses("修改")
    assert refreshes(company).get(OutboxState.QUEUED, 0) == 0, "it would take away the form that is being filled in"
