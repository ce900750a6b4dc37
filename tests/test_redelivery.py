"""One event, however often and wherever it arrives: one effect, one reply, 200; and of two people one wins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from bot import web
from bot.dispatch import Dispatcher
from bot.routing import Router
from cards import common
from cards.kit import Card
from conftest import Company, Inside
from models.engine import connect
from models.settings import Settings
from models.tables import Audit, Claim, Counter, Customer, FollowUp, Outbox, Outcome, Review
from models.tables.sealed import Keyring
from models.work import Work, Works
from standins.feishu_says import Request
from world import JSON, HandClock, Seen, Somebody

EVENTS, CARDS = "/feishu/events", "/feishu/cards"
LINE = "/跟进 华星科技 已报价，等回复"
MESSAGE = "om_" + "5" * 32
ENTRY = {
    "客户性质": "企业",
    "所属行业": "制造业-电子设备",
    "客户来源": "展会推广",
    "联系人姓名": "李雷",
    "手机": "13912345678",
}


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results of calls that start in the same moment, each in its own thread."""
    start = threading.Barrier(len(calls))

    def go(call: Callable[[], Any]) -> Any:
        start.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(go, calls))


def posting(keban: Inside, path: str, request: Request) -> Callable[[], tuple[int, JSON]]:
    """A delivery from a connection of its own."""

    def post() -> tuple[int, JSON]:
        got = keban.client.application.test_client().post(path, data=request.body, headers=request.headers)
        return got.status_code, got.get_json()

    return post


def message(company: Company, text: str = LINE, message_id: str = MESSAGE) -> Request:
    """A delivery of the same message: the envelope and its signature are new each time."""
    return company.keban.app.message(company.rep.account, text, message_id=message_id)


def count(works: Works, table: type) -> int:
    with works.read() as work:
        return int(work.run(select(func.count()).select_from(table)).scalar())


@pytest.fixture
def restarted(
    database_url: str, ring: Keyring, clock: HandClock, settings: Settings, keban: Inside
) -> Iterator[Callable[[], Inside]]:
    """The program started once more on the same database."""
    engines: list[Engine] = []

    def start() -> Inside:
        engines.append(connect(database_url, ring))
        return Inside(Works(engines[-1], clock, settings), keban.end, clock)

    yield start
    for engine in engines:
        engine.dispose()


def test_a_message_delivered_five_times_at_once_acts_once(company: Company, works: Works) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    for number in range(3):
        requests = [message(company, message_id=f"om_{number}") for _ in range(5)]
        answers = at_once(*(posting(company.keban, EVENTS, request) for request in requests))
        assert answers == [(200, {})] * 5
        company.keban.settle()
        assert count(works, FollowUp) == len(company.rep.inbox()) == count(works, Outbox) == number + 1
    assert company.rep.last().title == "已记录跟进 · 华星科技有限公司"


def test_a_message_delivered_to_five_processes_at_once_acts_once(
    company: Company, works: Works, restarted: Callable[[], Inside]
) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    answers = at_once(*(posting(restarted(), EVENTS, message(company)) for _ in range(5)))
    assert answers == [(200, {})] * 5
    company.keban.settle()
    assert count(works, FollowUp) == len(company.rep.inbox()) == 1


class Slow:
    """A program whose one command takes as long as the test wants."""

    def __init__(self, keban: Inside) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()
        router = Router()

        @router.command("/慢", may=None)
        def slow(*, work: Work) -> Card:
            """慢。"""
            work.audit("slow", "test:1")
            work.send()  # its claim stands in the database from here on
            self.entered.set()
            assert self.leave.wait(10)
            return common.done("做完了", "一次")

        app = web.create(keban.platforms, Dispatcher(router, keban.works, keban.platforms), keban.works)
        self.post = lambda request: app.test_client().post(EVENTS, data=request.body, headers=request.headers)


def test_a_message_delivered_while_the_first_still_runs_waits_for_it(company: Company, works: Works) -> None:
    slow, before = Slow(company.keban), count(works, Audit)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(slow.post, message(company, "/慢"))
        assert slow.entered.wait(10)
        others = [pool.submit(slow.post, message(company, "/慢")) for _ in range(2)]
        threading.Event().wait(0.3)
        assert not any(each.done() for each in (first, *others)), "nobody answers for what is not committed"
        assert count(works, Audit) == before
        slow.leave.set()
        answers = [each.result() for each in (first, *others)]
        assert [(got.status_code, got.get_json()) for got in answers] == [(200, {})] * 3
    company.keban.settle()
    assert count(works, Audit) == before + 1
    assert company.rep.last().title == "做完了" and len(company.rep.inbox()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_delivery_does_not_wait_for_ever_for_the_first(company: Company, works: Works) -> None:
    slow, before = Slow(company.keban), count(works, Audit)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(slow.post, message(company, "/慢"))
        assert slow.entered.wait(10)
        assert slow.post(message(company, "/慢")).status_code == 503, "to be delivered again"
        slow.leave.set()
        assert first.result().status_code == 200
    assert slow.post(message(company, "/慢")).status_code == 200
    assert count(works, Audit) == before + 1


@pytest.mark.parametrize("line", [LINE, "/跟进 没有这个客户 谈过", "/没有", "/新客户", "/绑定 12345678 0000"])
def test_a_message_delivered_again_after_a_restart_is_not_answered_again(
    company: Company, works: Works, restarted: Callable[[], Inside], line: str
) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    assert company.keban.post(EVENTS, message(company, line)) == (200, {})
    kinds = (FollowUp, Outbox, Claim, Audit)
    before = [count(works, kind) for kind in kinds]
    again = restarted()
    for _ in range(2):
        assert again.post(EVENTS, message(company, line)) == (200, {})
    assert [count(works, kind) for kind in kinds] == before
    assert company.rep.inbox() == []
    again.settle()
    company.keban.settle()
    assert len(company.rep.inbox()) == 1, "what the first process promised is sent by the second, once"


def reviewed(company: Company, name: str = "华星科技有限公司") -> Seen:
    """The review card of a new entry, as the supervisor sees it."""
    company.rep.says("/新客户")
    company.rep.presses("提交", ENTRY | {"客户全称": name})
    return company.supervisor.last(f"待审核 · {name}")


@pytest.mark.parametrize("label", ["通过", "退回"])
def test_a_press_delivered_again_gets_the_same_answer_and_changes_nothing(
    company: Company, works: Works, restarted: Callable[[], Inside], label: str
) -> None:
    seen, boss, keban = reviewed(company), company.supervisor, company.keban
    request = boss.request_for(seen, seen.card, label)
    status, first = keban.post(CARDS, request)
    assert status == 200 and first["card"]["data"]["header"]
    kinds = (Outbox, Claim, Audit, Counter)
    before = [count(works, kind) for kind in kinds]
    again = restarted()
    answers = at_once(*(posting(each, CARDS, request) for each in (keban, again, keban, again)))
    assert answers == [(200, first)] * 4
    assert [count(works, kind) for kind in kinds] == before
    keban.forward(seconds=10)
    assert again.post(CARDS, request) == (200, first), "also after the card has moved on"


def test_a_refused_press_delivered_again_gets_the_same_sentence(company: Company, works: Works) -> None:
    seen, keban = reviewed(company), company.keban
    for who, says in ((company.stranger, "没有权限"), (company.rep, "没有权限")):
        request = who.request_for(seen, seen.card, "通过")
        answers = at_once(*[posting(keban, CARDS, request)] * 3)
        assert answers == [answers[0]] * 3 and answers[0][0] == 200
        assert says in answers[0][1]["toast"]["content"]
    assert count(works, Counter) == 0
    assert len(refusals(works)) == 2


def refusals(works: Works) -> list[str]:
    with works.read() as work:
        return list(work.run(select(Audit.request).where(Audit.outcome == Outcome.REFUSED)).scalars())


# --- two people ---


@pytest.fixture
def second(company: Company) -> Somebody:
    """Another supervisor of the same team."""
    return company.keban.somebody(company.make.user("孙丽", "销售一部", "supervisor"))


def test_of_two_supervisors_who_press_at_once_one_wins_and_the_other_is_told(
    company: Company, works: Works, second: Somebody
) -> None:
    keban = company.keban
    for round_ in range(1, 4):
        name = f"华星{'甲乙丙'[round_ - 1]}科技有限公司"
        people = {"赵强": company.supervisor, "孙丽": second}
        card = reviewed(company, name)
        assert card.title == f"待审核 · {name}"
        seen = {who: person.last(f"待审核 · {name}") for who, person in people.items()}
        requests = [people[who].request_for(seen[who], seen[who].card, "通过") for who in people]
        answers = at_once(*(posting(keban, CARDS, request) for request in requests))
        assert [status for status, _ in answers] == [200, 200]
        toasts = {who: body["toast"]["content"] for who, (_, body) in zip(people, answers, strict=True)}
        [winner] = [who for who, toast in toasts.items() if toast == "已通过"]
        [loser] = people.keys() - {winner}
        assert f"已由{winner}处理" in toasts[loser] and "今天 10:0" in toasts[loser]
        cards = [body["card"]["data"]["header"]["title"]["content"] for _, body in answers]
        assert cards == [f"已建档 · C20261100{round_}"] * 2, "both see how it stands"
        keban.forward(seconds=10)
        for person in (*people.values(), company.rep):
            assert f"已由{winner}处理" in person.last(f"已建档 · C20261100{round_}").text
    assert issued(works) == ["C202611001", "C202611002", "C202611003"]


def test_of_approving_and_returning_at_once_only_one_happens(company: Company, works: Works, second: Somebody) -> None:
    keban, boss = company.keban, company.supervisor
    for round_ in range(3):
        name = f"华星{'甲乙丙'[round_]}科技有限公司"
        seen = reviewed(company, name)
        approve = boss.request_for(seen, seen.card, "通过")
        second.presses("退回", on=second.last(f"待审核 · {name}"))
        asked = second.last(f"退回 · {name}")
        answer = second.request_for(asked, asked.card, "确认退回", {"退回原因": "补地址"})
        answers = at_once(posting(keban, CARDS, approve), posting(keban, CARDS, answer))
        toasts = [body["toast"]["content"] for _, body in answers]
        assert sum("处理" in toast for toast in toasts) == 1 and sum(t in ("已通过", "已退回") for t in toasts) == 1
    with works.read() as work:
        states = list(work.run(select(Review.state)).scalars())
    assert len(states) == 3 and len(issued(works)) == [str(each) for each in states].count("approved")


def issued(works: Works) -> list[str]:
    with works.read() as work:
        return sorted(work.run(select(Customer.number).where(Customer.number.is_not(None))).scalars())


def test_numbers_issued_at_once_neither_repeat_nor_skip(company: Company, works: Works, second: Somebody) -> None:
    keban, bosses = company.keban, (company.supervisor, second)
    requests = []
    for number in range(12):
        name = f"第{number}号客户有限公司"
        reviewed(company, name)
        for boss in bosses:
            seen = boss.last(f"待审核 · {name}")
            requests.append(boss.request_for(seen, seen.card, "通过"))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda request: posting(keban, CARDS, request)(), requests))
    assert [status for status, _ in answers] == [200] * 24
    toasts = [body["toast"]["content"] for _, body in answers]
    assert toasts.count("已通过") == 12 and sum("处理" in toast for toast in toasts) == 12
    assert issued(works) == [f"C2026110{number:02}" for number in range(1, 13)]
    with works.read() as work:
        assert work.run(select(Counter.value)).scalars() == [12]


def test_a_form_that_is_sent_twice_makes_one_record(company: Company) -> None:
    """A double click is two presses with two event ids on one card."""
    rep = company.rep
    company.make.customer("王敏", "华星科技有限公司")
    form = rep.says("/跟进 华星科技")
    first = rep.press_in(form, form.card, "提交", {"内容": "聊了报价"})
    form.message.card = form.message.history[0]
    second = rep.press_in(form, form.card, "提交", {"内容": "聊了报价"})
    assert first.title == "已记录跟进 · 华星科技有限公司" and "已经提交过了" in second.toast
    entry = rep.says("/新客户")
    words = {"客户全称": "远山有限公司", "客户性质": "企业", "所属行业": "制造业-电子设备", "客户来源": "展会推广"}
    words |= {"联系人姓名": "李雷", "手机": "13912345678"}
    empty = entry.card
    assert rep.press_in(entry, empty, "提交", words | {"手机": "1391"}).title == "录入新客户", "errors do not use it up"
    assert rep.press_in(entry, empty, "提交", words).title == "待审核 · 远山有限公司"
    assert "已经提交过了" in rep.press_in(entry, empty, "提交", words).toast
    with company.keban.works.read() as work:
        assert (
            work.run(select(func.count()).select_from(Customer).where(Customer.name_key.startswith("远山"))).scalar()
            == 1
        )
        assert work.run(select(func.count()).select_from(FollowUp)).scalar() == 1
