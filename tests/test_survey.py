"""A customer says how satisfied he is: by a link that is his alone, on a page without a login, once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, text

from conftest import ON_SQLITE, Company
from models import links
from models.crm import surveys
from models.crm.surveys import Given
from models.errors import AlreadyDone
from models.settings import Pages, Server, Settings
from models.tables import Audit, Customer, PrivateValue, Survey, SurveyReason, Timer, TimerState
from models.tables.sealed import Keyring
from test_entry import stored
from world import Answer, Seen, Somebody

HUAXING = "华星科技有限公司"
ASKED = f"满意度问卷 · {HUAXING}"
ANSWERED = f"客户评价 · {HUAXING}"
FORM = {"score": "5", "q0": "4", "comment": "很好 😀𠮷"}


@pytest.fixture
def huaxing(company: Company) -> Company:
    """The company with one archived customer of the rep."""
    company.make.customer("王敏", HUAXING)
    return company


def path(card: Seen | Answer) -> str:
    """Where the link of a card leads, without the host."""
    (found,) = re.findall(r"http://\S+?/survey/[\w-]+(?=\s|$)", card.text)
    return urlsplit(found).path


def asked(company: Company) -> str:
    return path(company.rep.says("/问卷 华星科技"))


def get(company: Company, where: str) -> Any:
    return company.keban.client.get(where)


def send(company: Company, where: str, **form: str) -> Any:
    got = company.keban.client.post(where, data=form)
    company.keban.settle()
    return got


def everything(company: Company) -> list[Any]:
    """All that looking at a page could change."""
    with company.keban.works.read() as work:
        found = work.connection.execute(select(Survey.__table__)).all()
        timers = work.connection.execute(select(Timer.__table__)).all()
        return [*found, *timers, *work.connection.execute(select(Audit.id)).all()]


def test_three_days_after_a_deal_the_owner_gets_a_link_and_then_the_answer(huaxing: Company) -> None:
    rep = huaxing.rep
    huaxing.supervisor.says("/成交 华星科技 年度维保 金额:12万")
    huaxing.keban.forward(days=2, hours=23)
    assert not [each for each in rep.inbox() if Seen(each).title == ASKED]
    huaxing.keban.forward(hours=1)
    card = rep.last(ASKED)
    assert card.buttons == ["打开问卷", "打开二维码"] and "只能在运行客伴的机器上打开" in card.text
    assert not [each for each in huaxing.supervisor.inbox() if Seen(each).title == ASKED]
    where = path(card)

    page = get(huaxing, where)
    assert page.status_code == 200 and page.content_type == "text/html; charset=utf-8"
    assert "总体满意度" in page.text and "产品和服务符合您的预期吗？" in page.text
    assert HUAXING not in page.text and "王敏" not in page.text, "a stranger with the link learns no name"
    thanks = send(huaxing, where, score="5", q0="4", q1="", comment="很好 😀𠮷\r\n下次打 13912345678 <b>")
    assert thanks.status_code == 200 and "谢谢您的评价" in thanks.text

    huaxing.keban.forward(hours=1)
    told = rep.last(ANSWERED)
    assert told.message.message_id != card.message.message_id, "told by a card of its own"
    assert card.title == ANSWERED, "and the card with the link shows it as well"
    for shown in ("★★★★★ 5 分", "产品和服务符合您的预期吗？　★★★★☆ 4 分", "😀𠮷\n下次打 13912345678 <b>"):
        assert shown in told.text, shown
    assert "我们响应得够快吗" not in told.text
    (survey,) = stored(huaxing, select(Survey))
    assert (survey.score, survey.reason) == (5, SurveyReason.DEAL)
    assert [*survey.answers.values()] == [4, None] and "13912345678" not in survey.comment
    assert "客户　评价 ★★★★★ 5 分\n很好 😀𠮷" in rep.says("/客户 华星科技").text
    assert "下次打 139****5678" in huaxing.supervisor.says("/客户 华星科技").text
    assert ("survey", "survey.answer") in stored_pairs(huaxing)
    assert stored(huaxing, select(Timer.state).where(Timer.kind == surveys.REMIND)) == [TimerState.CANCELLED]


def stored_pairs(company: Company) -> list[tuple[str, str]]:
    with company.keban.works.read() as work:
        return [tuple(row) for row in work.connection.execute(select(Audit.channel, Audit.operation))]


def test_a_link_is_shown_to_who_asks_for_it_and_a_bad_score_is_red(huaxing: Company) -> None:
    card = huaxing.supervisor.says("/survey 华星科技")
    where = path(card)
    assert card.title == ASKED and card.card["config"]["enable_forward"] is False
    send(huaxing, where, score="2", comment="打 13912345678 也没人接")
    huaxing.keban.tick()
    told = huaxing.rep.last(ANSWERED)
    assert told.card["header"]["template"] == "red" and "13912345678" in told.text
    assert card.title == ANSWERED and "139****5678" in card.text
    assert len([seen for seen in huaxing.supervisor.seen() if seen.title == ANSWERED]) == 1
    complaint = huaxing.rep.last("投诉")
    assert "打了 2 分" in complaint.text and "也没人接" in complaint.text, "the complaint says what the customer said"
    assert "客户　评价 ★★☆☆☆ 2 分" in huaxing.rep.says("/客户 华星科技").text


def test_a_customer_is_asked_once_in_thirty_days(huaxing: Company) -> None:
    rep = huaxing.rep
    asked(huaxing)
    rep.says("/成交 华星科技 维保 金额:12万")
    again = rep.says("/问卷 华星科技")
    for shown in ("没有完成", "在 今天 10:00 已经发过问卷", "30 天内最多一次", "12月25日 周五 10:00 以后"):
        assert shown in f"{again.title}\n{again.text}", again.text
    huaxing.keban.forward(days=3)
    both = rep.last("2 条提醒")
    assert f"没有发问卷 · {HUAXING}" in both.text and "30 天内最多一次" in both.text and ASKED in both.text
    assert len(stored(huaxing, select(Survey))) == 1
    huaxing.keban.forward(days=27)
    assert rep.says("/问卷 华星科技").title == ASKED and len(stored(huaxing, select(Survey))) == 2


def test_a_silent_customer_is_brought_up_once(huaxing: Company) -> None:
    asked(huaxing)
    before = len(huaxing.rep.inbox())
    huaxing.keban.forward(days=3)
    assert len(huaxing.rep.inbox()) == before + 1 and "还没有回答" in huaxing.rep.last(ASKED).text
    huaxing.keban.forward(days=8)
    assert len(huaxing.rep.inbox()) == before + 1


def test_nobody_asks_somebody_elses_or_an_unreviewed_customer(huaxing: Company) -> None:
    lawyer = huaxing.keban.somebody(huaxing.make.user("法务", "总公司", "legal"))
    for person in (huaxing.stranger, huaxing.colleague, lawyer):
        assert "没有权限" in person.says(f"/问卷 {HUAXING}").text
    huaxing.make.entry("王敏", "新来的公司", 手机="13912345670")
    assert "还没有建档" in huaxing.rep.says("/问卷 新来的公司").text
    assert stored(huaxing, select(Survey)) == []
    assert huaxing.rep.says("/问卷 华星科技", group=True).title == "已私信给你"


@ON_SQLITE
@pytest.mark.parametrize("settings", [Settings(pages=Pages(address_per_minute=10_000))])
def test_a_link_altered_in_any_place_opens_nothing_and_asks_the_database_nothing(huaxing: Company) -> None:
    where = asked(huaxing)
    token = where.rpartition("/")[2]
    good, before = get(huaxing, where), everything(huaxing)
    assert good.status_code == 200
    for place, sign in enumerate(token):
        for other in {"A", "b"} - {sign}:
            altered = f"/survey/{token[:place]}{other}{token[place + 1 :]}"
            assert get(huaxing, altered).status_code == 404, altered
            assert send(huaxing, altered, **FORM).status_code == 404
    for other in (
        token[:-1],
        token + "A",
        f"中{token[1:]}",
        token[:22],
        token[22:] + token[:22],
        token.upper(),
        "x",
        "a" * 5000,
    ):
        got = get(huaxing, f"/survey/{other}")
        assert got.status_code == 404 and "链接打不开" in got.text and HUAXING not in got.text
    assert everything(huaxing) == before


def test_a_token_of_another_purpose_or_other_keys_opens_nothing(huaxing: Company, ring: Keyring) -> None:
    where = asked(huaxing)
    nonce = where.rpartition("/")[2][:22]
    assert where.endswith(links.token(ring, "survey", nonce))
    others = (links.token(ring, "form", nonce), links.token(Keyring.derived("other"), "survey", nonce))
    unknown = links.token(ring, "survey", "A" * 22)
    told = {get(huaxing, f"/survey/{token}").text for token in (*others, unknown)}
    assert len(told) == 1, "a stranger cannot tell what is wrong"
    assert get(huaxing, f"/survey/{unknown}").status_code == 404
    with huaxing.keban.works.read() as work:
        kept = work.connection.execute(text("SELECT * FROM surveys")).one()
    assert nonce not in " ".join(repr(bytes(each) if isinstance(each, memoryview) else each) for each in kept)


def test_a_link_expires_after_fourteen_days_of_business_time(huaxing: Company) -> None:
    where = asked(huaxing)
    huaxing.keban.forward(days=13, hours=23, minutes=59)
    assert get(huaxing, where).status_code == 200
    huaxing.keban.forward(minutes=1)
    for got in (get(huaxing, where), send(huaxing, where, **FORM), get(huaxing, f"{where}/qr")):
        assert got.status_code == 410 and "已过期" in got.text
    assert stored(huaxing, select(Survey.score)) == [None]


def test_looking_changes_nothing_and_answering_twice_changes_nothing_more(huaxing: Company) -> None:
    where = asked(huaxing)
    before = everything(huaxing)
    for _ in range(2):
        assert get(huaxing, where).status_code == 200
        assert huaxing.keban.client.head(where).status_code == 200
        assert get(huaxing, f"{where}/qr").status_code == 200
    assert everything(huaxing) == before
    assert send(huaxing, where, **FORM).status_code == 200
    answered, sent = everything(huaxing), len(huaxing.rep.inbox())
    for got in (get(huaxing, where), send(huaxing, where, score="1"), get(huaxing, f"{where}/qr")):
        assert got.status_code == 410 and "已经提交过" in got.text
    assert everything(huaxing) == answered and len(huaxing.rep.inbox()) == sent


def test_of_two_answers_at_once_one_wins(huaxing: Company) -> None:
    where = asked(huaxing)
    start, told = threading.Barrier(2), list[int]()

    def answer(score: int) -> None:
        client = huaxing.keban.client.application.test_client()
        start.wait()
        form = {"score": str(score), "comment": f"打 1391234567{score}"}
        told.append(client.post(where, data=form).status_code)

    threads = [threading.Thread(target=answer, args=[score]) for score in (1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [200, 410]
    huaxing.keban.settle()
    assert len(stored(huaxing, select(Audit.id).where(Audit.operation == "survey.answer"))) == 1
    kept = [each for each in stored(huaxing, select(PrivateValue.value)) if each.startswith("1391234567")]
    assert len(kept) == 1, "what the late one said is undone whole"


def test_an_answer_that_comes_too_late_is_refused_where_it_is_kept(huaxing: Company) -> None:
    """Between the look and the writing another one may have answered, or the link may have ended."""
    asked(huaxing)
    (survey,) = stored(huaxing, select(Survey.id))
    answer = Given(5, {}, "打 13912345671")
    huaxing.keban.works.perform(lambda work: surveys.answer(work, survey, answer))
    with pytest.raises(AlreadyDone):
        huaxing.keban.works.perform(lambda work: surveys.answer(work, survey, Given(1, {}, "")))
    assert stored(huaxing, select(Survey.score)) == [5]


WRONG: list[tuple[dict[str, str], str]] = [
    ({}, "请先选总体满意度"),
    ({"score": ""}, "请先选总体满意度"),
    *(({"score": score}, "请先选总体满意度") for score in ("0", "6", "-1", "5.0", "５", "5 ", "x")),
    ({"score": "5", "comment": "字" * 5001}, "最多 5000 字"),
]


def test_what_cannot_be_kept_is_told_and_what_was_typed_is_kept_on_the_page(huaxing: Company) -> None:
    where = asked(huaxing)
    before = everything(huaxing)
    for form, why in WRONG:
        got = send(huaxing, where, **{"comment": "打字<script>", "q1": "3"} | form)
        assert got.status_code == 422 and why in got.text, form
        assert form.get("comment", "打字&lt;script&gt;") in got.text and 'name="q1" value="3" checked' in got.text
    big = send(huaxing, where, score="5", comment="大" * 60_000)
    assert big.status_code == 413 and "留言最多 5000 字" in big.text
    assert everything(huaxing) == before
    assert huaxing.keban.client.put(where).status_code == 405
    assert send(huaxing, where, score="3", q0="9", q7="1", comment="𠮷" * 5000).status_code == 200
    (survey,) = stored(huaxing, select(Survey))
    assert (survey.comment, [*survey.answers.values()]) == ("𠮷" * 5000, [None, None])


def test_signs_that_no_database_takes_do_no_harm(huaxing: Company) -> None:
    where = asked(huaxing)
    got = huaxing.keban.client.post(
        where, data=b"score=4&comment=a%00b%ff%ed%a0%80", content_type="application/x-www-form-urlencoded"
    )
    assert got.status_code == 200
    (comment,) = stored(huaxing, select(Survey.comment))
    assert comment.startswith("ab") and "\0" not in comment


def test_every_answer_of_the_page_has_strict_headers_and_is_small(huaxing: Company) -> None:
    where = asked(huaxing)
    answers = [get(huaxing, where), get(huaxing, f"{where}/qr"), get(huaxing, "/survey/x")]
    answers += [send(huaxing, where, score="9"), send(huaxing, where, **FORM), get(huaxing, where)]
    assert [got.status_code for got in answers] == [200, 200, 404, 422, 200, 410]
    for got in answers:
        policy = got.headers["Content-Security-Policy"]
        assert re.fullmatch(
            r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; form-action 'self'; "
            r"frame-ancestors 'none'; base-uri 'none'",
            policy,
        )
        assert got.headers["Referrer-Policy"] == "no-referrer" and got.headers["Cache-Control"] == "no-store"
        assert got.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert len(got.data) < 60_000 and "Set-Cookie" not in got.headers
        assert "<script" not in got.text and "http://" not in got.text.replace("http://www.w3.org/2000/svg", "")
    assert "<svg" in answers[1].text


def test_who_lost_the_customer_sees_no_answer_and_does_not_hinder_it(huaxing: Company) -> None:
    where = asked(huaxing)
    card = huaxing.rep.last(ASKED)
    stranger: Somebody = huaxing.stranger
    person = huaxing.make.me("周舟")

    def move(work: Any) -> None:
        customer = work.db.scalar(select(Customer))
        customer.owner_id, customer.department_id = person.id, person.department_id

    huaxing.keban.works.perform(move)
    assert send(huaxing, where, **FORM).status_code == 200
    huaxing.keban.tick()
    assert stranger.last(ANSWERED) and "由其他同事负责" in card.text and "很好" not in card.text


@pytest.mark.parametrize("settings", [Settings(server=Server(base_url="https://crm.example.com/keban/"))])
def test_a_link_begins_with_what_the_outside_sees(huaxing: Company) -> None:
    card = huaxing.rep.says("/问卷 华星科技")
    (link,) = re.findall(r"https://crm\.example\.com/keban/survey/[\w-]{44}", card.text)
    opens = [each["default_url"] for each in _behaviours(card.card)]
    assert opens == [link, f"{link}/qr"] and "base_url" not in card.text


def _behaviours(part: Any) -> Iterator[dict[str, str]]:
    """Every opening of a page in a card."""
    if isinstance(part, dict):
        yield from [part] if part.get("type") == "open_url" else []
        part = list(part.values())
    for each in part if isinstance(part, list) else ():
        yield from _behaviours(each)
