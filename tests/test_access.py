"""Who may reach whose customer, by which words (P3); and what is asked when words fit several (C1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from conftest import Company
from models.tables import Customer, FollowUp
from standins import feishu_says
from test_entry import count, stored
from test_review import hire, press_value, rehire
from world import Answer, Seen, Somebody

NAME, NUMBER = "上海华星科技有限公司", "C202611001"
WORDS = (NUMBER, NUMBER.lower(), NAME, "华星科技", "huaxingkeji", "hxkj", "HXKJ", "星科")
EXACT = (NUMBER, NUMBER.lower(), NAME)
SECRETS = ("13912345678", "139****5678", "5678", "李雷", "王敏", "采购经理", "li.lei")

OWNERS: dict[str, Callable[[Company], Somebody]] = {
    "owner": lambda company: company.rep,
    "supervisor": lambda company: company.supervisor,
    "manager": lambda company: company.manager,
    "admin": lambda company: hire(company, "管理", "总公司", "admin"),
}
OTHERS: dict[str, Callable[[Company], Somebody]] = {
    "colleague": lambda company: company.colleague,
    "other team": lambda company: company.stranger,
    "other team's supervisor": lambda company: hire(company, "吴敏", "销售二部", "supervisor"),
}


def archived(company: Company) -> None:
    company.make.customer("王敏", NAME, 职位="采购经理", 邮箱="li.lei@example.com")


def choose(who: Somebody, seen: Seen, place: int) -> Answer:
    """Press the n-th 选这个 of a card of choices."""
    buttons = [each for each in feishu_says.buttons(seen.card) if each.label == "选这个"]
    answer = press_value(who, seen, buttons[place].value)
    who.host.settle()
    return answer


@pytest.mark.parametrize("who", OWNERS)
def test_those_in_charge_reach_a_customer_by_every_kind_of_word(company: Company, who: str) -> None:
    archived(company)
    person = OWNERS[who](company)
    for words in WORDS:
        assert person.says(f"/客户 {words}").title == NAME, words
        assert NUMBER in person.says(f"/查 {words}").text, words
        assert person.says(f"/跟进 {words} 已报价").title == f"已记录跟进 · {NAME}", words
    assert count(company, FollowUp) == len(WORDS)


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_reaches_it_and_the_answer_tells_nothing(company: Company, who: str) -> None:
    archived(company)
    person = OTHERS[who](company)
    for words in WORDS:
        says = "没有权限" if words in EXACT else "没有找到"
        for line in (f"/客户 {words}", f"/跟进 {words} 已报价", f"/查 {words}"):
            told = person.says(line)
            assert ("没有找到" if line.startswith("/查") else says) in told.text, line
            leaked = {*SECRETS, NUMBER, NAME} - {words, words.upper()}
            assert not [each for each in leaked if each in told.text], line
    assert count(company, FollowUp) == 0


def test_who_does_not_sell_uses_no_customer_command(company: Company) -> None:
    archived(company)
    lawyer = hire(company, "法务", "销售一部", "legal")
    for line in (f"/客户 {NUMBER}", f"/跟进 {NUMBER} 已报价", f"/查 {NUMBER}", "/新客户", "/待审"):
        assert "没有权限" in lawyer.says(line).text, line
    assert "/跟进" not in lawyer.says("/帮助").text and "/跟进" in company.rep.says("/帮助").text


@pytest.mark.parametrize("who", OTHERS)
def test_a_forwarded_customer_card_opens_nothing_for_others(company: Company, who: str) -> None:
    archived(company)
    for number in range(6):
        company.rep.says(f"/跟进 {NUMBER} 第 {number} 次")
    page, found = company.rep.says(f"/客户 {NUMBER}"), company.rep.says("/查 华星")
    assert page.card["config"]["enable_forward"] is False
    person = OTHERS[who](company)
    for card, label in ((page, "下一页"), (found, "查看")):
        answer = person.press_in(card, dict(card.card), label)
        assert "没有找到" in answer.toast and answer.card is None, label
    person.press_in(page, dict(page.card), "记跟进")
    form = person.last("记一次跟进")
    assert not [each for each in SECRETS if each in form.text]
    person.presses("提交", {"内容": "已报价"}, on=form)
    assert count(company, FollowUp) == 6
    assert company.rep.presses("下一页", on=page).title == NAME


def test_a_change_of_teams_takes_effect_at_once(company: Company) -> None:
    archived(company)
    rehire(company, company.supervisor, "赵强", "销售二部", "supervisor")
    rehire(company, company.rep, "王敏", "销售二部", "sales_rep")
    rehire(company, company.colleague, "陈晨", "销售一部", "supervisor")
    for who, says in ((company.supervisor, "没有权限"), (company.rep, "李雷"), (company.colleague, "李雷")):
        assert says in who.says(f"/客户 {NUMBER}").text


def two(company: Company) -> tuple[str, str]:
    first = company.make.customer("王敏", "华星科技有限公司")
    second = company.make.customer("王敏", "华星电子有限公司")
    return str(first.number), str(second.number)


def test_words_that_fit_several_give_a_card_of_choices_that_carries_the_command_out(company: Company) -> None:
    rep, (first, second) = company.rep, two(company)
    asked = rep.says("/跟进 华星 已报价，等 回复 方式:电话 下次：明天")
    assert asked.title == "请选一个" and asked.buttons == ["选这个", "选这个"]
    assert first in asked.text and second in asked.text and "华星电子有限公司" in asked.text
    assert count(company, FollowUp) == 0
    answer = choose(rep, asked, 1)
    assert answer.title == "已记录跟进 · 华星电子有限公司"
    assert "已报价，等 回复" in answer.text and "电话" in answer.text and "明天 9:00" in answer.text
    assert stored(company, select(FollowUp.content)) == ["已报价，等 回复"]
    assert choose(rep, rep.says("/客户 星"), 0).title == "华星科技有限公司"


def test_five_thousand_characters_survive_a_choice(company: Company) -> None:
    two(company)
    content = "".join(chr(0x4E00 + number) for number in range(5000))
    asked = company.rep.says(f"/跟进 华星 {content}")
    assert asked.title == "请选一个"
    assert choose(company.rep, asked, 0).title == "已记录跟进 · 华星科技有限公司"
    assert stored(company, select(FollowUp.content)) == [content]


def test_a_choice_belongs_to_whoever_was_asked(company: Company) -> None:
    two(company)
    asked = company.rep.says("/跟进 华星 已报价")
    for other in (company.colleague, company.supervisor, company.manager):
        answer = choose(other, asked, 0)
        assert "已过期" in answer.toast and answer.card is None
    assert count(company, FollowUp) == 0


def test_at_most_ten_choices_are_shown_and_the_number_is_honest(company: Company) -> None:
    for number in range(12):
        company.make.customer("王敏", f"华星{chr(0x4E00 + number)}{chr(0x4F00 + number)}有限公司")
    asked = company.rep.says("/客户 华星")
    assert asked.buttons == ["选这个"] * 10 and "10+" in asked.text
    found = company.rep.says("/查 华星")
    assert found.title == "找到 12 个" and found.buttons == ["查看"] * 10 + ["下一页"]
    assert company.rep.presses("下一页", on=found).buttons == ["查看"] * 2 + ["上一页"]


def test_a_choice_between_two_of_one_name_comes_to_an_end(company: Company) -> None:
    company.make.entry("王敏", "华星科技有限公司")
    company.make.customer("王敏", "华星科技有限公司")
    asked = company.rep.says("/客户 华星科技")
    assert asked.title == "请选一个"
    assert [choose(company.rep, asked, place).title for place in (0, 1)] == ["华星科技有限公司"] * 2
    assert count(company, Customer) == 2
