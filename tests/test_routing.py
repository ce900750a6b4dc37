"""The table of what can be said and pressed: a usage line that lies fails at import, nobody says what he may not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from bot.event import Event, Press
from bot.routing import Router
from cards.common import Submit
from cards.kit import Action, Card
from conftest import ON_SQLITE, Company
from handlers import router
from models import policy
from models.crm.access import CustomerRef
from models.crm.people import Me
from models.policy import Permission
from models.tables import Audit, Customer, Outcome, Role, Status
from models.work import Work


class Pressed(Action, name="test.pressed"):
    number: int


def two(customer: CustomerRef, note: str, *, work: Work) -> Card:
    """Two words."""
    return Card("两个")


def later(customer: CustomerRef, due: str | None = None) -> Card:
    """One may be left out."""
    return Card("可选")


def unreadable(moment: dt.datetime) -> Card:
    """Nothing reads this."""
    return Card("时间")


def curious(*, weather: str) -> Card:
    """Asks for what nobody gives."""
    return Card("天气")


def silent() -> Card:
    return Card("无")


@pytest.mark.parametrize(
    ("usage", "call", "why"),
    [
        ("/甲 <客户> <内容…>", two, ""),
        ("/甲 <客户>", two, "two takes 2 words, its usage line shows 1"),
        ("/甲 <客户> <内容…> [下次:]", two, "two takes 2 words, its usage line shows 3"),
        ("/甲 <客户> [内容…]", two, "note is optional in one place only"),
        ("/甲 <客户> [下次:]", later, ""),
        ("/甲 <客户> <下次>", later, "due is optional in one place only"),
        ("/甲 <时间>", unreadable, "moment: nothing reads a <class 'datetime.datetime'> from text"),
        ("/甲", curious, "curious asks for {'weather'}"),
        ("/甲", silent, "silent needs a docstring"),
    ],
)
def test_a_usage_line_that_lies_fails_at_import(usage: str, call: Callable[..., Card], why: str) -> None:
    table = Router()
    declare = table.command(usage, "/a", may=Permission.FOLLOW_UP)
    if not why:
        assert declare(call) is call and set(table.commands) == {"/甲", "/a"}
        return
    with pytest.raises(TypeError) as lie:
        declare(call)
    assert why in str(lie.value) and table.commands == {}


def one() -> Card:
    """One."""
    return Card("一")


def test_nothing_is_declared_twice() -> None:
    first, second = Router(), Router()
    first.command("/甲", "/a", may=None)(one)
    second.command("/乙", "/a", may=None)(one)
    with pytest.raises(TypeError, match="/甲 is declared twice"):
        first.command("/甲", may=None)(one)
    with pytest.raises(TypeError, match=r"declared twice: \{'/a'\}"):
        first.include(second)
    receive = first.action(Pressed, may=Permission.FOLLOW_UP)
    assert receive(one) is one
    with pytest.raises(TypeError, match=r"test\.pressed is declared twice"):
        first.action(Pressed, may=Permission.FOLLOW_UP)(one)


COMMANDS = list(dict.fromkeys(router.commands.values()))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.names[-1])
def test_every_command_has_an_english_name_an_example_and_its_roles(command: object) -> None:
    found = next(each for each in COMMANDS if each is command)
    assert found.names[0].startswith("/") and not found.names[0].isascii()
    assert any(name[1:].isascii() and name[1:].isalpha() and len(name) > 3 for name in found.names[1:])
    assert f"例：{found.names[0]}" in found.about, "the help shows a line to copy"
    assert found.may is None or found.may in Permission


ANYBODY = {"/帮助", "/绑定"}
BOUND = ANYBODY | {"/投诉", "/首响", "/设置", "/请假", "/销假", "/值班"}
READING = BOUND | {"/客户", "/查", "/视图"}
SELLING = READING | {"/跟进", "/新客户", "/今天", "/成交", "/问卷"}
LEADING = SELLING | {"/待审", "/简报", "/日志"}


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        (None, ANYBODY),
        (set(), ANYBODY),
        ({Role.LEGAL}, BOUND),
        ({Role.SERVICE_AGENT}, READING),
        ({Role.SALES_REP}, SELLING),
        ({Role.SUPERVISOR}, LEADING),
        ({Role.MANAGER}, LEADING),
        ({Role.ADMIN}, LEADING | {"/运维", "/人员", "/角色", "/部门", "/个人信息", "/同步"}),
        ({Role.LEGAL, Role.SUPERVISOR}, LEADING),
    ],
)
def test_roles_decide_what_one_may_say(roles: set[Role] | None, says: set[str]) -> None:
    rights = policy.together(policy.of_role(role, {}) for role in roles or ())
    me = None if roles is None else Me(1, "某人", 1, frozenset(roles), rights)
    assert {command.names[0] for command in router.known(me)} == says


def test_every_action_has_its_permission() -> None:
    named = {kind.name: act.may for kind, act in router.actions.items()}
    assert [name for name, may in named.items() if may is None] == ["command.say"], "it asks for that of what it says"
    reviews = {may for name, may in named.items() if name.startswith("review.")}
    assert reviews == {Permission.REVIEW} and named["reminder.finish"] is Permission.FOLLOW_UP


TYPED = {
    "/客户 华星科技": "华星科技有限公司",
    "／客户 华星科技": "华星科技有限公司",
    "  /客户   华星科技 ": "华星科技有限公司",
    "/客户\n华星科技": "华星科技有限公司",
    "/客户\u3000华星科技": "华星科技有限公司",
    "/SHOW 华星科技": "华星科技有限公司",
    "/Kh huaxingkeji": "华星科技有限公司",
    "/跟进 华星科技 单价5／斤 A／B": "已记录跟进 · 华星科技有限公司",
    "/客户华星科技": "没有这个命令",
    "客户 华星科技": "你好，我是客伴",
    "/": "没有这个命令",
    "/待审": "没有完成",
}


@ON_SQLITE
def test_a_command_is_known_however_it_is_typed(company: Company) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    answers = {text: company.rep.says(text) for text in TYPED}
    assert {text: answer.title for text, answer in answers.items()} == TYPED
    slashes = next(answer for text, answer in answers.items() if "5／斤" in text)
    assert "单价5／斤 A／B" in slashes.text, "only the first sign is the command's"


@ON_SQLITE
def test_who_has_not_the_role_is_refused_by_word_and_by_button(company: Company) -> None:
    about = "客户性质:企业 所属行业:制造业-电子设备 客户来源:其他 联系人姓名:李雷 手机:13912345678"
    company.rep.says(f"/新客户 华星科技 {about}")
    card = company.supervisor.last("待审核")
    lawyer = company.keban.somebody(company.make.user("法务", "总公司", "legal"))
    for line in ("/跟进 华星 你好", "/新客户", "/查 华星", "/待审", "/客户 华星"):
        assert "没有权限" in lawyer.says(line).text
    assert "没有权限" in lawyer.press_in(card, card.card, "通过").toast
    assert "没有权限" in company.colleague.press_in(card, card.card, "通过").toast
    with company.keban.works.read() as work:
        assert work.run(select(func.count()).where(Audit.outcome == Outcome.REFUSED)).scalar() == 7
        assert work.run(select(Customer.status)).scalars() == [Status.PENDING]
    assert company.supervisor.presses("通过").toast == "已通过"


FORGED: list[tuple[dict[str, object], str]] = [
    ({}, "已经失效"),
    ({"do": "no.such"}, "已经失效"),
    ({"do": "review.approve"}, "已经失效"),
    ({"do": "review.approve", "review": "seven"}, "已经失效"),
    ({"do": "review.approve", "review": -1}, "没有找到"),
    ({"do": "review.approve", "review": 2**40}, "没有找到"),
    ({"do": "review.approve", "review": "9" * 30}, "已经失效"),
    ({"do": "test.pressed", "number": 1}, "已经失效"),
    (Submit("/没有", 0).pack(), "已经失效"),
    (Submit("/跟进", 99).pack(), "已过期"),
    ({"do": "command.choose", "draft": 99, "place": "customer", "value": "C1"}, "已过期"),
]


@ON_SQLITE
def test_a_payload_from_a_strangers_hand_does_nothing(company: Company) -> None:
    boss, answers = company.supervisor, []
    for value, _ in FORGED:
        request = company.keban.app.press(boss.account, value, "om_1", boss.chat)
        status, body = company.keban.post("/feishu/cards", request)
        answers.append((status, body["toast"]["content"]))
    assert all(status == 200 for status, _ in answers)
    assert [said for (_, said), (_, wanted) in zip(answers, FORGED, strict=True) if wanted not in said] == []


def test_a_router_asks_for_a_bound_person_before_any_button() -> None:
    event = Event("feishu", "key", "ou_1", "oc_1", False, press=Press(Submit("/跟进", 0).pack(), "om_1"))
    with pytest.raises(Exception, match="请先绑定"):
        router.answer(None, None, event)  # type: ignore[arg-type]
