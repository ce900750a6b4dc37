"""A card's form is filled in on a page of ours: by its person, within ten minutes, once; the answer is in the chat."""

from __future__ import annotations

import html
import re
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

import test_faults
from bot import web
from bot.dispatch import Dispatcher
from bot.event import Event
from cards import follow_ups, kit
from cards.follow_ups import FORM
from cards.kit import Button, Card, Form, Input, Text, TextArea
from conftest import ON_SQLITE, SECRET, START, Company
from filled_page import FormOnPage
from handlers import router
from models import forms, links
from models.errors import AlreadyDone, Unavailable
from models.settings import Pages, Settings
from models.tables import Audit, Claim, FollowUp, FormLink, Outbox, User
from models.tables.sealed import Keyring
from models.work import Works
from scheduler.jobs import forget
from test_entry import count, stored
from test_faults import Away
from world import HandClock, Somebody

away = test_faults.away
HUAXING = "华星科技有限公司"
SAID = {"customer": "华星科技", "content": "已报价 😀𠮷\r\n等回复", "method": "电话", "next_step": "", "stage": ""}
NOTHING_TYPED = follow_ups.form({}, {}, 0)
STRICT = (
    r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.fixture
def huaxing(company: Company) -> Company:
    """The company with one archived customer of the rep."""
    company.make.customer("王敏", HUAXING)
    return company


def opens(company: Company, card: Card = NOTHING_TYPED, *, who: Somebody | None = None, message: str = "") -> str:
    """Where the form of a card is; it was shown to the rep, if to nobody else."""
    who = who or company.rep
    nonce = company.keban.works.perform(
        lambda work: forms.keep(work, "feishu", who.account, who.chat, message, kit.dumps(card))
    )
    return f"/form/{links.token(company.keban.works.keys, links.FORM, nonce)}"


def get(company: Company, where: str) -> Any:
    return company.keban.client.get(where)


def send(company: Company, where: str, said: dict[str, str] = SAID, client: FlaskClient | None = None) -> Any:
    got = (client or company.keban.client).post(where, data=said)
    company.keban.settle()
    return got


def everything(company: Company) -> list[Any]:
    """All that a page could change."""
    tables = (FormLink, FollowUp, Audit, Claim, Outbox)
    with company.keban.works.read() as work:
        return [row for table in tables for row in work.connection.execute(select(table.__table__)).all()]


def shown(got: Any) -> str:
    """What a person reads on the page."""
    return html.unescape(re.sub(r"<[^>]+>", "", got.text.partition("<body>")[2]))


def test_what_is_filled_in_on_the_page_is_done_and_answered_in_the_chat(huaxing: Company) -> None:
    where = opens(huaxing)
    page = get(huaxing, where)
    assert page.status_code == 200 and page.content_type == "text/html; charset=utf-8"
    for field in FORM:
        assert field.label in shown(page) and f'name="{field.name}"' in page.text
    assert "记一次跟进" in shown(page) and "请在 10:10 前提交" in shown(page)
    inbox = len(huaxing.rep.inbox())
    done = send(huaxing, where)
    assert done.status_code == 200 and "已提交，结果在和客伴的聊天里。" in shown(done)
    assert stored(huaxing, select(FollowUp.content)) == ["已报价 😀𠮷\n等回复"]
    assert len(huaxing.rep.inbox()) == inbox + 1
    assert huaxing.rep.last().title == f"已记录跟进 · {HUAXING}" and "方式　电话" in huaxing.rep.last().text
    person = huaxing.make.me("王敏")
    ways = select(Audit.actor_id, Audit.channel).where(Audit.operation == "follow_up.record")
    with huaxing.keban.works.read() as work:
        assert work.connection.execute(ways).all() == [(person.id, "feishu")]


def test_what_the_program_refuses_is_told_on_the_page_which_keeps_what_was_typed(huaxing: Company) -> None:
    where, inbox, before = opens(huaxing), len(huaxing.rep.inbox()), count(huaxing, Claim)
    wrong = SAID | {"customer": "没有这家", "next_at": "从前"}
    for _ in range(2):
        sent = send(huaxing, where, wrong)
        assert sent.status_code == 422 and "还没有提交" in shown(sent) and "没有找到" in shown(sent)
        assert FormOnPage(sent.text).filled({}) == wrong | {"content": "已报价 😀𠮷\n等回复", "feedback": ""}
    assert FormOnPage(get(huaxing, where).text).fields["customer"].value == "没有这家"
    assert (count(huaxing, FollowUp), count(huaxing, Claim), len(huaxing.rep.inbox())) == (0, before, inbox)
    assert "已提交" in shown(send(huaxing, where, wrong | {"customer": "华星科技", "next_at": ""}))
    assert count(huaxing, FollowUp) == 1 and get(huaxing, where).status_code == 410
    assert huaxing.rep.last().title == f"已记录跟进 · {HUAXING}"


def test_a_form_that_cannot_be_carried_out_says_why_and_stays_open(huaxing: Company) -> None:
    bare = kit.Card("旧", (Form((Input("a", "甲"),), Button("提交", kit_action("/没有这个命令"))),))
    where = opens(huaxing, bare)
    for _ in range(2):
        sent = send(huaxing, where, {"a": "1"})
        assert sent.status_code == 422 and "没有提交：这个按钮已经失效" in shown(sent) and 'value="1"' in sent.text
    assert huaxing.rep.inbox() == [] and get(huaxing, where).status_code == 200


def kit_action(command: str) -> kit.Action:
    return kit.Action.unpack({"do": "command.submit", "command": command, "draft": 0})


def test_a_defect_is_told_with_its_number_and_the_form_may_be_sent_again(
    huaxing: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = opens(huaxing)
    with monkeypatch.context() as patch:
        patch.setitem(router.commands, "/跟进", replace(router.commands["/跟进"], call=lambda **_: 1 / 0))
        sent = send(huaxing, where)
    assert sent.status_code == 422 and "没有提交：系统出了问题" in shown(sent) and "编号" in shown(sent)
    assert send(huaxing, where).status_code == 200 and count(huaxing, FollowUp) == 1


def test_whose_form_it_is_says_the_link_and_nobody_else(huaxing: Company) -> None:
    """A customer of the rep: the stranger who filled in the same words finds none."""
    sent = send(huaxing, opens(huaxing, who=huaxing.stranger), SAID | {"account": huaxing.rep.account})
    assert sent.status_code == 422 and "没有找到" in shown(sent) and count(huaxing, FollowUp) == 0


def test_only_the_forms_own_fields_are_taken(huaxing: Company) -> None:
    taken: list[Event] = []
    client = web.create({}, lambda event: taken.append(event) or {}, huaxing.keban.works).test_client()
    card = Card("题", (Form((Input("a", "甲"), TextArea("b", "乙")), Button("交", kit_action("/跟进"))),))
    where = opens(huaxing, card, message="om_1")
    assert send(huaxing, where, {"a": "x\r\ny", "c": "z", "do": "x", "draft": "7"}, client).status_code == 200
    (event,) = taken
    assert (event.platform, event.account, event.chat) == ("feishu", huaxing.rep.account, huaxing.rep.chat)
    assert event.private and event.key == f"form:{where.rpartition('/')[2][:22]}"
    assert event.press and event.press.apart and event.press.message_id == "om_1" and event.in_message is None
    assert event.press.form == {"a": "x y", "b": ""}
    assert event.press.value == {"do": "command.submit", "command": "/跟进", "draft": 0}


def test_a_form_sent_twice_acts_once(huaxing: Company) -> None:
    where = opens(huaxing)
    assert send(huaxing, where).status_code == 200
    before = everything(huaxing)
    for got in (send(huaxing, where, SAID | {"content": "又一次"}), get(huaxing, where)):
        assert got.status_code == 410 and "已提交过" in shown(got) and "再填一次" in shown(got)
    assert everything(huaxing) == before and count(huaxing, FollowUp) == 1


def test_of_a_form_sent_twice_at_once_one_acts(huaxing: Company) -> None:
    where, start, told = opens(huaxing), threading.Barrier(2), list[int]()

    def press() -> None:
        client = huaxing.keban.client.application.test_client()
        start.wait()
        told.append(client.post(where, data=SAID).status_code)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    huaxing.keban.settle()
    assert sorted(told) == [200, 410] and count(huaxing, FollowUp) == 1
    assert [each for each in huaxing.rep.inbox() if "已记录" in str(each.card)] == [huaxing.rep.last().message]


def test_a_link_is_used_once_where_it_is_kept(huaxing: Company) -> None:
    """Between the look and the mark another one may have been there."""
    nonce = opens(huaxing).rpartition("/")[2][:22]
    huaxing.keban.works.perform(lambda work: forms.use(work, nonce))
    for about in (nonce, "A" * 22):
        with pytest.raises(AlreadyDone):
            huaxing.keban.works.perform(lambda work, about=about: forms.use(work, about))


def test_one_card_acts_once_and_two_cards_twice(huaxing: Company) -> None:
    """A form that was opened twice from one message makes one record; forms of no message have nothing in common."""
    assert send(huaxing, opens(huaxing, message="om_1")).status_code == 200
    assert "没有提交：这张卡片已经提交过了" in shown(send(huaxing, opens(huaxing, message="om_1")))
    assert count(huaxing, FollowUp) == 1
    for _ in range(2):
        assert send(huaxing, opens(huaxing)).status_code == 200
    assert count(huaxing, FollowUp) == 3


def test_a_link_ends_after_ten_minutes_and_what_was_typed_can_be_copied(huaxing: Company) -> None:
    where = opens(huaxing)
    huaxing.keban.clock.forward(minutes=9, seconds=59)
    assert get(huaxing, where).status_code == 200
    huaxing.keban.clock.forward(seconds=1)
    before = everything(huaxing)
    looked, late = get(huaxing, where), send(huaxing, where)
    for got in (looked, late):
        assert got.status_code == 410 and "已过期" in shown(got) and "聊天里，重新打开表单" in shown(got)
    assert "已报价 😀𠮷\n等回复" in shown(late).replace("\r", "") and "<form" not in late.text
    assert everything(huaxing) == before and count(huaxing, FollowUp) == 0


def test_a_link_is_forgotten_a_day_after_its_end(huaxing: Company) -> None:
    where = opens(huaxing)
    huaxing.keban.clock.forward(days=1, minutes=10)
    huaxing.keban.works.perform(forget)
    assert get(huaxing, where).status_code == 410
    huaxing.keban.clock.forward(seconds=1)
    huaxing.keban.works.perform(forget)
    assert get(huaxing, where).status_code == 404 and count(huaxing, FormLink) == 0


@pytest.mark.parametrize("settings", [Settings(pages=Pages(address_per_minute=10_000))])
@ON_SQLITE
def test_a_link_that_is_not_ours_opens_nothing_and_tells_nothing(
    huaxing: Company, ring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    where = opens(huaxing)
    token, before = where.rpartition("/")[2], everything(huaxing)
    nonce = token[:22]
    assert where.endswith(links.token(ring, "form", nonce))
    wrong = {
        *(f"{token[:place]}{sign}{token[place + 1 :]}" for place in range(44) for sign in ("A", "-", "中")),
        *(token[:place] + token[place].swapcase() + token[place + 1 :] for place in range(44)),
        *(token[:-1], token + "A", nonce, token[22:] + nonce, "x", "a" * 5000),
        links.token(ring, "survey", nonce),
        links.token(Keyring.derived("other"), "form", nonce),
        links.token(ring, "form", "A" * 22),
    } - {token}
    told = set()
    for other in wrong:
        for got in (get(huaxing, f"/form/{other}"), send(huaxing, f"/form/{other}")):
            assert got.status_code == 404
            told.add(got.text)
    assert len(told) == 1 and "记一次跟进" not in told.pop(), "a stranger cannot tell what is wrong"
    assert get(huaxing, f"/survey/{token}").status_code == 404
    assert everything(huaxing) == before and get(huaxing, where).status_code == 200
    lines = [each.getMessage() for each in caplog.records if each.name == "keban.security"]
    assert len([line for line in lines if "form link" in line]) == 2 * len(wrong)
    assert not [line for line in caplog.messages if nonce in line or token[22:] in line]


@given(data=st.data())
def test_no_altered_token_opens(data: st.DataObject) -> None:
    """Not even the database is asked: there is none here."""
    keys = Keyring.derived(SECRET)
    nowhere = cast(Works, SimpleNamespace(settings=Settings(), keys=keys, clock=HandClock(START)))
    client = web.create({}, lambda event: {}, nowhere).test_client()
    token = links.token(keys, links.FORM, links.nonce())
    signs = st.characters(exclude_categories=("Cs",), exclude_characters="/")
    other = data.draw(
        st.one_of(
            st.text(signs, min_size=1),
            st.tuples(st.integers(0, 43), signs).map(lambda at: token[: at[0]] + at[1] + token[at[0] + 1 :]),
            st.permutations(token).map("".join),
            st.integers(1, 43).map(lambda length: token[:length]),
        ).filter(lambda each: each != token and each not in (".", ".."))
    )
    assert links.about(keys, links.FORM, other) is None
    got = client.get(f"/form/{_quoted(other)}")
    assert got.status_code == 404 and "重新打开表单" in got.text


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_who_is_gone_opens_nothing(huaxing: Company) -> None:
    where = opens(huaxing)

    def disable(work: Any) -> None:
        work.db.get_one(User, huaxing.make.me("王敏").id).active = False

    huaxing.keban.works.perform(disable)
    for got in (get(huaxing, where), send(huaxing, where)):
        assert got.status_code == 404 and "链接打不开" in shown(got)
    assert count(huaxing, FollowUp) == 0


def test_looking_changes_nothing(huaxing: Company) -> None:
    where = opens(huaxing)
    before = everything(huaxing)
    for _ in range(2):
        assert get(huaxing, where).status_code == 200 and huaxing.keban.client.head(where).status_code == 200
    assert huaxing.keban.client.put(where).status_code == 405
    assert everything(huaxing) == before


def test_while_the_database_is_away_nothing_is_used_and_what_was_typed_stays(huaxing: Company, away: Away) -> None:
    where = opens(huaxing)
    with away():
        looked, sent, empty = get(huaxing, where), huaxing.keban.client.post(where, data=SAID), None
        empty = huaxing.keban.client.post(where)
    for got in (looked, sent, empty):
        assert got.status_code == 503 and "系统现在太忙" in shown(got)
        assert re.fullmatch(STRICT, got.headers["Content-Security-Policy"])
    assert "<form" not in looked.text and "<form" not in empty.text
    again = dict(re.findall(r'<textarea id="f\d" name="(\w+)"[^>]*>\n([^<]*)</textarea>', sent.text))
    assert again == {name: value for name, value in SAID.items() if value}
    assert send(huaxing, where, again).status_code == 200 and count(huaxing, FollowUp) == 1


def test_where_the_form_cannot_be_carried_out_now_it_stays_as_it_was_filled_in(huaxing: Company) -> None:
    works, where = huaxing.keban.works, opens(huaxing)
    really, tries = Dispatcher(router, works, huaxing.keban.platforms), list[Event]()

    def dispatch(event: Event) -> dict[str, Any]:
        tries.append(event)
        if len(tries) == 1:
            raise Unavailable
        return really(event)

    client = web.create({}, dispatch, works).test_client()
    before = everything(huaxing)
    busy = send(huaxing, where, SAID, client)
    assert busy.status_code == 503 and "请稍后再提交一次" in shown(busy) and 'value="华星科技"' in busy.text
    assert everything(huaxing) == before
    assert send(huaxing, where, SAID, client).status_code == 200 and count(huaxing, FollowUp) == 1
    assert tries[0] == tries[1] and get(huaxing, where).status_code == 410


def test_a_form_that_was_carried_out_but_not_marked_is_not_carried_out_again(
    huaxing: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database may go away, or the process end, between the two."""
    where = opens(huaxing)

    def gone(work: Any, nonce: str) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(forms, "use", gone)
        assert send(huaxing, where).status_code == 200 and count(huaxing, FollowUp) == 1
    after, inbox = count(huaxing, Outbox), len(huaxing.rep.inbox())
    assert get(huaxing, where).status_code == 200
    assert send(huaxing, where, SAID | {"content": "又一次"}).status_code == 200
    assert (count(huaxing, FollowUp), count(huaxing, Outbox), len(huaxing.rep.inbox())) == (1, after, inbox)
    assert get(huaxing, where).status_code == 410


@ON_SQLITE
def test_a_defect_of_the_page_is_told_without_a_reason(huaxing: Company, caplog: pytest.LogCaptureFixture) -> None:
    def defect(event: Event) -> dict[str, Any]:
        raise RuntimeError("秘密")

    client = web.create({}, defect, huaxing.keban.works).test_client()
    got = send(huaxing, opens(huaxing), SAID, client)
    assert got.status_code == 500 and "没有提交" in shown(got) and "秘密" not in got.text
    assert "等回复" in got.text and [each.name for each in caplog.records if each.exc_info] == ["bot.pages.form"]


def test_a_card_of_another_version_or_without_a_form_is_opened_anew_in_the_chat(huaxing: Company) -> None:
    plain = opens(huaxing, Card("题", (Text("字"),)))
    for old in ("om_v", "om_a", "om_e"):
        opens(huaxing, message=old)

    def spoil(work: Any) -> None:
        for row in work.db.scalars(select(FormLink).where(FormLink.message != "")):
            swap = {"om_v": ('"v":1', '"v":0'), "om_a": ("command.submit", "gone"), "om_e": ('"TextArea"', '"Gone"')}
            row.card = row.card.replace(*swap[row.message])

    huaxing.keban.works.perform(spoil)
    nonces = stored(huaxing, select(FormLink.nonce).where(FormLink.message != ""))
    tokens = [links.token(huaxing.keban.works.keys, links.FORM, nonce) for nonce in nonces]
    for where in (plain, *(f"/form/{token}" for token in tokens)):
        assert get(huaxing, where).status_code == 410 and send(huaxing, where).status_code == 410


def test_the_card_is_sealed_where_it_is_kept(huaxing: Company) -> None:
    opens(huaxing, follow_ups.form({"content": "打 13912345678"}, {}, 0))
    with huaxing.keban.works.read() as work:
        (card,) = work.connection.execute(text("SELECT card FROM form_links")).scalars()
    assert b"13912345678" not in bytes(card)
