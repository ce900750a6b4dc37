"""People who leave a platform and chats that are gone: nothing is sent there any more, and somebody hears of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from cards import kit
from cards.kit import Card, Text
from conftest import Company
from ding_company import Company as DingCompany
from ding_company import InsideDingTalk
from models import chats, outbox
from models.crm import bindings, people
from models.crm.people import Hire
from models.outbox import Lane, Parcel
from models.tables import Audit, ClosedChat, Identity, Outbox, OutboxState, Role
from models.work import Works
from scheduler.jobs import JOBS
from scheduler.run import tick
from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_says import Request as DingRequest
from standins.feishu_says import Request
from test_entry import line, stored
from world import GROUP, HandClock, Somebody

LEFT, REMOVED, ADDED = "contact.user.deleted_v3", "im.chat.member.bot.deleted_v1", "im.chat.member.bot.added_v1"
DISBANDED = "im.chat.disbanded_v1"


@pytest.fixture
def ding(works: Works, clock: HandClock) -> Iterator[DingCompany]:
    with DingTalkApi(clock=lambda: clock().timestamp()) as api:
        yield DingCompany(InsideDingTalk(works, api, clock, ""))
        assert not api.problems, api.problems


def left(company: Company, account: str, event_id: str = "e1") -> Request:
    who = {"object": {"open_id": account, "status": {"is_resigned": False}}, "old_object": {"open_id": account}}
    return company.keban.app.event(LEFT, who, event_id)


def happens(company: Company, request: Request) -> None:
    assert company.keban.post("/feishu/events", request) == (200, {})
    company.keban.tick()


def about_chat(company: Company, kind: str, chat: str = GROUP) -> Request:
    return company.keban.app.event(kind, {"chat_id": chat, "external": False, "name": "销售群"})


@pytest.fixture
def admin(company: Company) -> Somebody:
    return company.keban.somebody(company.make.user("管理员", "总公司", "admin"))


def owning(company: Company) -> None:
    """王敏 has a customer, a reminder and a complaint."""
    company.make.customer("王敏", "华星科技有限公司")
    company.rep.says("/跟进 华星科技 已报价 下次:明天上午10点")
    company.supervisor.says("/投诉 华星科技 外壳有裂纹")


def test_who_leaves_is_nobody_from_then_on_and_an_admin_hears_what_he_owns(company: Company, admin: Somebody) -> None:
    owning(company)
    company.keban.forward(seconds=4)
    before = len(company.rep.inbox())
    for _ in range(2):
        happens(company, left(company, company.rep.account))
    [card] = [seen for seen in map(admin.last, ["已离职 · 王敏"])]
    assert "名下客户　1 个" in card.text and "投诉　1 个" in card.text and "提醒　1 个" in card.text
    assert len(admin.inbox()) == 1 and "没有别的账号" in card.text
    assert not company.supervisor.inbox() or company.supervisor.last().title != card.title
    assert stored(company, select(Audit.operation).where(Audit.operation == "user.left")) == ["user.left"]
    company.keban.until("2026-11-26 10:00")  # the ladder of the complaint, the reminder
    assert len(company.rep.inbox()) == before, "nothing is sent there any more, nor changed"
    assert "请先绑定" in company.rep.says("/客户 华星科技").text, "whoever has that account now is nobody"


def test_an_answer_that_still_waited_in_his_own_chat_is_not_sent(company: Company) -> None:
    company.rep.says("/帮助")  # from then on his own chat is known
    before = len(company.rep.inbox())
    asked = company.keban.app.message(company.rep.account, "/今天")
    assert company.keban.post("/feishu/events", asked)[0] == 200
    happens(company, left(company, company.rep.account))
    assert len(company.rep.inbox()) == before


def test_without_an_admin_whoever_leads_his_department_hears_of_it(company: Company) -> None:
    happens(company, left(company, company.colleague.account))
    card = company.supervisor.last("已离职 · 陈晨")
    assert "没有要交接的事" in card.text and not company.manager.inbox()


def test_a_living_card_is_not_changed_in_the_chat_of_who_left(company: Company, admin: Somebody) -> None:
    company.rep.says(line())
    happens(company, left(company, company.rep.account))
    shown = [each.card for each in company.rep.inbox()]
    company.supervisor.presses("通过")
    company.keban.forward(seconds=4)
    assert [each.card for each in company.rep.inbox()] == shown
    assert "已由赵强处理" in company.supervisor.last("已建档").text


def test_who_is_at_another_platform_too_is_reached_there(company: Company, ding: DingCompany, admin: Somebody) -> None:
    owning(company)
    happens(company, left(company, company.rep.account))
    assert "他在钉钉的账号还在" in admin.last("已离职 · 王敏").text
    company.keban.until("2026-11-26 10:00")
    ding.keban.settle()
    assert "已报价" in ding.rep.last("该跟进了").text


def test_whoever_cannot_be_reached_here_any_more_gets_it_at_his_other_platform(
    company: Company, ding: DingCompany
) -> None:
    owning(company)
    company.keban.works.perform(lambda work: bindings.seen(work, company.make.me("王敏"), "feishu", "", private=False))
    company.keban.until("2026-11-26 09:59")
    company.keban.api.fail_next(1, code=230013)
    company.keban.until("2026-11-26 10:00")
    ding.keban.settle()
    assert not [each for each in company.rep.inbox() if "该跟进了" in str(each.card)]
    assert "已报价" in ding.rep.last("该跟进了").text
    assert stored(company, select(ClosedChat.chat)) == [company.rep.account]


def test_a_broken_promise_is_told_at_every_platform_and_each_copy_hears_how_it_ended(
    company: Company, ding: DingCompany
) -> None:
    """At the rung before it, only where he was last (F2, design §2.7)."""
    works = company.keban.works
    works.perform(lambda work: bindings.seen(work, company.make.me("王敏"), "feishu", "", private=False))
    company.make.customer("王敏", "华星科技有限公司")
    company.supervisor.says("/投诉 华星科技 外壳有裂纹")
    company.keban.forward(hours=1, minutes=59)
    ding.keban.settle()
    assert "投诉" in company.rep.last().title and not ding.rep.inbox()
    company.keban.clock.forward(seconds=60)
    for job in JOBS:
        tick(works, job)
    company.keban.settle()
    ding.keban.settle()
    assert "已超时" in company.rep.last("投诉 · ").text and "已超时" in ding.rep.last("投诉 · ").text
    ding.rep.says("/首响 TS202611001 已致电道歉，安排换货 超时原因:路上堵车")
    company.keban.settle()
    assert "已由王敏处理" in company.rep.last("投诉 · ").text


@pytest.mark.parametrize("kind", [LEFT, REMOVED])
def test_what_concerns_nobody_changes_nothing_and_what_is_damaged_is_refused(company: Company, kind: str) -> None:
    app, nobody = company.keban.app, {"object": {"open_id": "ou_foreign"}, "chat_id": "oc_foreign"}
    happens(company, app.event(kind, nobody))
    assert not company.keban.api.messages and len(stored(company, select(Identity.id))) == 5
    assert company.keban.post("/feishu/events", app.event(kind, {"object": {}}))[0] == 400


def test_people_who_leave_dingtalk_are_unbound_together_and_once(ding: DingCompany) -> None:
    keban = ding.keban
    event = {"EventType": "user_leave_org", "TimeStamp": 1, "UserId": ["wangmin", "chenchen", "stranger"]}

    def happened(request: DingRequest) -> str:
        return str(keban.app.acknowledged(json.dumps(keban.post(request.path, request)[1]).encode()))

    requests: list[DingRequest] = [keban.app.subscription_event(event) for _ in range(2)]
    assert [happened(each) for each in requests] == ["success"] * 2
    keban.tick()
    both = ding.supervisor.last("2 条提醒")
    assert "已离职 · 王敏" in both.text and "已离职 · 陈晨" in both.text and len(ding.supervisor.seen()) == 1
    assert "请先绑定" in ding.rep.says("/客户 华星").text
    back = Hire("S0001", "王敏", "销售一部", (Role.SALES_REP,), "13800138000", (("dingtalk", "wangmin"),))
    keban.works.perform(lambda work: people.add_user(work, back))
    happened(requests[0])
    assert "没有找到" in ding.rep.says("/客户 华星").text, "an old event does not unbind who came back"
    happened(keban.app.subscription_event(event | {"TimeStamp": 2}))
    assert "请先绑定" in ding.rep.says("/客户 华星").text


# --- chats ---


def waiting(company: Company) -> None:
    """Something said in the group whose answer is not sent yet."""
    request = company.keban.app.message(company.rep.account, "/帮助", chat_id=GROUP, group=True)
    assert company.keban.post("/feishu/events", request)[0] == 200


@pytest.mark.parametrize("kind", [REMOVED, DISBANDED])
def test_a_chat_that_is_gone_gets_nothing_until_something_comes_of_it(company: Company, kind: str) -> None:
    waiting(company)
    happens(company, about_chat(company, kind))
    assert not company.rep.inbox(GROUP)
    dead = select(Outbox.error).where(Outbox.state == OutboxState.DEAD)
    assert stored(company, dead) == ["chat closed"] and stored(company, select(ClosedChat.chat)) == [GROUP]
    assert company.rep.says("/帮助", group=True).title == "我会这些"
    assert stored(company, select(ClosedChat.chat)) == []


def test_asked_in_again_a_chat_is_open(company: Company) -> None:
    happens(company, about_chat(company, REMOVED))
    happens(company, about_chat(company, REMOVED, "oc_other"))
    happens(company, about_chat(company, ADDED))
    assert stored(company, select(ClosedChat.chat)) == ["oc_other"]


def test_an_account_that_takes_nothing_is_left_out_until_it_speaks(company: Company) -> None:
    works, account = company.keban.works, company.rep.account
    me = company.make.me("王敏")

    def reached() -> list[tuple[str, str]]:
        with works.read() as work:
            return people.accounts(work, me.id)

    works.perform(lambda work: chats.closed(work, "feishu", account))
    works.perform(lambda work: chats.closed(work, "feishu", account))
    with works.read() as work:
        assert work.run(select(ClosedChat.platform).where(ClosedChat.chat == account)).scalars() == ["feishu"]
    assert reached() == []
    company.keban.clock.forward(days=1, seconds=1)
    assert reached() == [("feishu", account)], "a day later it is tried once more"
    works.perform(lambda work: chats.closed(work, "feishu", account))
    assert reached() == [], "and rests another day where it is refused again"
    company.make.customer("王敏", "华星科技有限公司")
    company.supervisor.says("/投诉 华星科技 外壳有裂纹")
    assert not company.rep.inbox(), "what is for him waits"
    company.rep.says("/帮助")
    assert reached() == [("feishu", account)]
    assert company.rep.last("投诉") and company.rep.last("我会这些"), "and comes as soon as he speaks"
    works.perform(lambda work: chats.closed(work, "feishu", "ou_new"))
    new = Hire("S9", "新人", "销售一部", (Role.SALES_REP,), "13700137001", (("feishu", "ou_new"),))
    works.perform(lambda work: people.add_user(work, new))
    assert stored(company, select(ClosedChat.chat)) == []


def test_what_waits_for_an_account_that_was_refused_is_tried_a_day_later(company: Company) -> None:
    works, account = company.keban.works, company.rep.account
    works.perform(lambda work: chats.closed(work, "feishu", account))
    company.make.customer("王敏", "华星科技有限公司")
    company.supervisor.says("/投诉 华星科技 外壳有裂纹")
    company.keban.forward(hours=23)
    assert not company.rep.inbox()
    company.keban.forward(hours=1, minutes=1)
    assert company.rep.last("投诉")


def test_a_chat_that_refuses_a_message_is_closed(company: Company) -> None:
    waiting(company)
    waiting(company)
    company.keban.api.fail_next(1, code=230002)
    company.keban.settle()
    assert not company.rep.inbox(GROUP), "what is behind it is not even tried"
    assert stored(company, select(Outbox.error).order_by(Outbox.id))[1] == "chat closed"
    assert stored(company, select(ClosedChat.chat)) == [GROUP]


def test_an_admin_who_leaves_is_not_told_himself(company: Company, ding: DingCompany, admin: Somebody) -> None:
    """He still has an account at the other platform."""
    deputy = company.keban.somebody(company.make.user("副管理员", "总公司", "admin"))
    happens(company, left(company, admin.account))
    assert deputy.last("已离职 · 管理员")
    told = select(Outbox.user_id).where(Outbox.kind == "leaver").distinct()
    assert stored(company, told) == [company.make.me("副管理员").id]


def test_a_living_card_follows_who_is_refused_here_to_his_other_platform(company: Company, ding: DingCompany) -> None:
    company.rep.says(line())
    shown = [each.card for each in company.rep.inbox()]
    me, card = company.make.me("王敏").id, kit.dumps(Card("看一下", (Text("看"),)))
    refused = Parcel("complaint", card, "q", Lane.ALERT, "feishu", user_id=me)
    company.keban.works.perform(lambda work: outbox.enqueue(work, refused))
    company.keban.api.fail_next(1, code=230013)
    company.keban.settle()
    ding.keban.settle()
    ding.supervisor.presses("通过")
    company.keban.forward(seconds=4)
    ding.keban.settle()
    assert [each.card for each in company.rep.inbox()] == shown
    assert ding.rep.last("看一下") and ding.rep.last("已建档")
