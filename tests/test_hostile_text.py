"""Whatever people type is shown as text, found again as it was written, and breaks no card, no query and no log."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from bot.logs import JsonLine
from conftest import ON_SQLITE, Company
from models.settings import Quiet
from models.tables import Customer, FollowUp, Review
from models.work import Works
from standins import feishu_says
from world import JSON, Answer, Seen

NASTY = {
    "markdown": "**粗** _斜_ ~~删~~ `码` # 题 > 引 [链](https://evil.example) ![图](x) | 表 |",
    "feishu tags": "<at id=all></at><font color='red'>红</font><a href='https://evil.example'>点我</a>&#60;b&#62;&amp;",
    "LIKE wildcards": r"花%_科\技 100% _",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)><!-- 注 -->",
    "Jinja": "{{ 7*7 }}{% for x in y %}{# 注 #}${7*7}%(name)s {0} {me}",
    "a formula": "=cmd|'/C calc'!A1",
    "another formula": '+1+1 -2 @SUM(A1:A9) =HYPERLINK("https://evil.example")',
    "SQL": "'; DROP TABLE customers; --\" OR 1=1",
    "log line breaks": '第一行\r\n{"at": "2026", "level": "error"}\x0b\x0c\x1c\x85\u2028\u2029最后',
    "terminal": "\x1b[2J\x1b]0;标题\x07\x9b31m\x7f红",
    "zero-width": "花\u200b星\u200c科\u200d店\ufeff\u2060",
    "right to left": "\u202e技科星华\u202c \u2066甲\u2069 עברית",
    "astral": "𠮷野家𪚥𠀀食品",
    "emoji": "👨‍👩‍👧‍👦🇨🇳❤️😀甲",
    "combining": "e\u0301" + "\u0336" * 60 + "乙",
    "ligatures": "ﷺ㍿ﬃ①Ⅳ㈱",
    "a lone quote": '他说"好',
    "lone quotes": "'“‘【甲",
    "markers": "⟦mobile:1⟧〖email:2〗〔手机〕",
    "mentions": "@_user_1甲 @_all @所有人",
}
LONG = ["测" * 5000, "𠮷" * 5001, '"' * 5000, "<" * 20_000, "a" * 100_000]
SPACES = "   \t\u3000\n "
EDGES = {"nothing to see": "\u200b\u200d\ufeff", "only signs": "%%%", "another sign": "***"}
OURS = re.compile(r"</?font(?: color='\w+')?>|<br>|&#\d+;")
ENTRY = {
    "客户性质": "企业",
    "所属行业": "制造业-电子设备",
    "客户来源": "展会推广",
    "联系人姓名": "李雷",
    "手机": "13912345678",
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the program logs, as it is written."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLine())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def typed(text: str) -> str:
    """The text as the platform means it: everybody is named without an address, and the ends are trimmed."""
    return text.replace("@_all", "").strip()


def marked(text: str) -> str:
    """A text that was kept: brackets in which our own markers stand are not given to others."""
    return text.translate({ord("⟦"): "〖", ord("⟧"): "〗"})


def shown(text: str) -> str:
    return marked(typed(text))


def flat(text: str) -> str:
    """One kind of line break may be shown as another."""
    return text.replace("\r\n", "\n")


def kept(works: Works, column: Any) -> list[Any]:
    with works.read() as work:
        return list(work.run(select(column).order_by(column.class_.id)).scalars())


def nothing_broke(company: Company, log: io.StringIO) -> None:
    """No card was refused, means more than it shows, or apologises; every line of the log is one line."""
    assert not company.keban.api.problems
    for message in company.keban.api.messages:
        seen = Seen(message)
        assert "出错了" not in seen.title and "系统出了问题" not in seen.text, seen.text
        for part in parts(message.card):
            if part.get("tag") == "markdown":
                left = OURS.sub("", part["content"])
                assert not re.search(r"[&<>*_\[\](){}#:~`|\\!$=+^@\n]", left), left
            assert part.get("tag") != "lark_md"
    lines = log.getvalue().splitlines()
    assert not [line for line in lines if json.loads(line)["level"] == "error"]


def parts(value: Any) -> Iterator[JSON]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(each)


def test_a_follow_up_is_shown_and_kept_as_it_was_written(company: Company, works: Works, log: io.StringIO) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    for text in NASTY.values():
        seen = company.rep.says(f"/跟进 华星科技 开头{text}结尾 反馈:听说{text}而已 下一步:{text}的事")
        assert seen.title == "已记录跟进 · 华星科技有限公司", text
        for words in (f"开头{typed(text)}结尾", f"听说{typed(text)}而已", f"{typed(text)}的事"):
            assert flat(words) in flat(seen.text)
        assert f"开头{shown(text)}结尾" in company.rep.says("/客户 华星科技").text
    assert kept(works, FollowUp.content) == [f"开头{shown(text)}结尾" for text in NASTY.values()]
    assert kept(works, FollowUp.feedback) == [f"听说{shown(text)}而已" for text in NASTY.values()]
    nothing_broke(company, log)


@pytest.mark.slow
def test_a_name_is_shown_and_found_again_as_it_was_written(company: Company, works: Works, log: io.StringIO) -> None:
    for number, text in enumerate(NASTY.values(), 1):
        company.rep.says("/新客户")
        name = typed(f"{text}之{number}号店")
        answer = company.rep.presses("提交", ENTRY | {"客户全称": name, "联系人姓名": text[:50], "地址": text})
        assert answer.title == f"待审核 · {name}"
        review = company.supervisor.last("待审核")
        assert name in review.text and text[:50].strip() in review.text
        answer = company.supervisor.presses("通过", on=review)
        assert answer.title.startswith("已建档") and name in answer.text
        found = company.rep.says(f"/查 {name}")
        assert found.title == "找到 1 个" and name in found.text
        assert company.rep.presses("查看", on=found).title == name
        assert company.rep.says(f"/跟进 {answer.title.split()[-1]} 谈过").title == f"已记录跟进 · {name}"
    assert kept(works, Customer.name) == [typed(f"{text}之{n}号店") for n, text in enumerate(NASTY.values(), 1)]
    nothing_broke(company, log)


@pytest.mark.parametrize("name", [SPACES, *EDGES.values()], ids=["spaces", *EDGES])
def test_a_name_of_nothing_is_refused_and_finds_nobody(company: Company, works: Works, name: str) -> None:
    company.rep.says("/新客户")
    answer = company.rep.presses("提交", ENTRY | {"客户全称": name})
    assert "客户全称" in answer.fields and not kept(works, Customer.name)
    assert answer.fields["客户全称"] in (name, ""), "what was typed is kept"
    company.make.customer("王敏", "华星科技有限公司")
    for line in (f"/查 {name}", f"/客户 {name}", f"/跟进 {name} 谈过"):
        seen = company.rep.says(line)
        assert "华星科技有限公司" not in seen.text and "已记录" not in seen.title
    seen = company.rep.says(f"/跟进 华星科技 {name}")
    assert seen.title == ("记一次跟进" if name.isspace() else "已记录跟进 · 华星科技有限公司")


@pytest.mark.slow
@ON_SQLITE
def test_reasons_and_results_are_shown_as_they_were_written(company: Company, works: Works, log: io.StringIO) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    rep, boss, keban = company.rep, company.supervisor, company.keban
    works.settings = works.settings.model_copy(update={"quiet": Quiet(begins="", ends="")})
    rep.says("/新客户")
    rep.presses("提交", ENTRY | {"客户全称": "退来退去有限公司"})
    for text in NASTY.values():
        boss.presses("退回")
        answer = boss.presses("确认退回", {"退回原因": f"因{text}故"})
        assert answer.title == "已退回 · 退来退去有限公司" and flat(f"因{marked(text)}故") in flat(answer.text)
        keban.forward(seconds=4)
        assert flat(f"因{marked(text)}故") in flat(rep.last("已退回").text)
        rep.presses("修改")
        rep.presses("重新提交")

        rep.says("/跟进 华星科技 先问问 下次:1小时后")
        keban.forward(hours=1)
        rep.presses("完成", on=rep.last("该跟进了"))
        answer = rep.presses("完成", {"结果": f"果{text}然", "下一步": text})
        assert answer.title == "已记录跟进 · 华星科技有限公司" and flat(f"果{text}然") in flat(answer.text)
    assert f"果{marked(text)}然" in kept(works, FollowUp.content)
    assert [each for each in kept(works, Review.reason) if each] == [f"因{marked(each)}故" for each in NASTY.values()]
    nothing_broke(company, log)


LINES = [
    "{}",
    "/{}",
    "/帮助 {}",
    "/查 {}",
    "/客户 {}",
    "/绑定 {} {}",
    "/跟进 {} 谈过",
    "/跟进 {}",
    "/跟进 华星科技 谈过 方式:{}",
    "/跟进 华星科技 谈过 下次:{}",
    "/跟进 华星科技 谈过 阶段:{}",
    "/新客户 {}",
    "/新客户 客户全称:甲 客户性质:{} 统一社会信用代码:{} 手机:{} 邮箱:{} 所属行业:{}",
    "/待审 {}",
]


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
@ON_SQLITE
def test_no_line_breaks_anything(company: Company, works: Works, log: io.StringIO, line: str) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    for text in [*NASTY.values(), *EDGES.values(), *LONG]:
        seen = company.rep.says(line.format(*[text] * 6))
        assert "已记录" not in seen.title and seen.text
    company.rep.says(line.format(*NASTY.values()), group=True)
    assert not kept(works, FollowUp.content) and kept(works, Customer.name) == ["华星科技有限公司"]
    nothing_broke(company, log)


@pytest.mark.parametrize("sign", ["测", "𠮷", '"', "\\", "*", "<", "\n"])
def test_five_thousand_characters_are_kept_and_not_one_more(company: Company, works: Works, sign: str) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    most, more = f"头{sign * 4998}尾", f"头{sign * 4999}尾"
    seen = company.rep.says(f"/跟进 华星科技 {most}")
    assert seen.title == "已记录跟进 · 华星科技有限公司" and f"头{sign * 400}" in seen.text
    seen = company.rep.says(f"/跟进 华星科技 {most} 反馈:{most} 下一步:{sign * 400}了")
    assert seen.title == "已记录跟进 · 华星科技有限公司" and f"头{sign * 90}" in seen.text
    for line in (f"/跟进 华星科技 {more}", f"/跟进 华星科技 好 反馈:{more}"):
        seen = company.rep.says(line)
        assert "已记录" not in seen.title and "5000" in seen.text and "5001" in seen.text
    assert kept(works, FollowUp.content) == [most, most] and kept(works, FollowUp.feedback) == [None, most]
    assert f"头{sign * 90}" in company.rep.says("/客户 华星科技").text


LONGER = {
    "客户简称": "甲" * 61,
    "注册地址": "a@b.cn，" * 22,
    "备注": "a@b.cn，" * 50,
    "预算": "10-20万元" + "0" * 100,
    "采购时间": "a@b.cn，" * 5,
    "方便时间": "早" * 65,
    "微信": "w" * 500,
    "固定电话": "0" * 500,
}


def test_every_detail_is_kept_or_refused_whatever_its_length(company: Company, log: io.StringIO) -> None:
    company.rep.says("/新客户")
    company.rep.presses("提交", ENTRY | {"客户全称": "庄" * 120, "联系人姓名": "庄" * 64})
    standing, app = company.rep.last("待审核"), company.keban.app
    company.rep.presses("补充资料", on=standing)
    for label, value in LONGER.items():
        [name] = [each.name for each in feishu_says.fields(standing.card) if each.label == label]
        submit = feishu_says.button(standing.card, "提交")
        about = (submit.value, standing.message.message_id, company.rep.chat)
        status, body = company.keban.post("/feishu/cards", app.press(company.rep.account, *about, form={name: value}))
        answer = Answer(status, body)
        assert answer.title.startswith("待审核") or answer.fields[label] == value[:1000], label
    nothing_broke(company, log)


HANDMADE: list[Any] = [
    {},
    {"do": "no.such.action"},
    {"do": None},
    {"do": ["review.approve"]},
    {"do": "review.approve"},
    {"do": "review.approve", "review": "1; DROP TABLE reviews"},
    {"do": "review.approve", "review": None},
    {"do": "review.approve", "review": [1]},
    {"do": "review.approve", "review": 2**63 - 1},
    {"do": "review.approve", "review": "9" * 30},
    {"do": "review.approve", "review": -1},
    {"do": "customer.page", "customer": 1, "page": 2**62},
    {"do": "customer.page", "customer": 1, "page": -(2**62)},
    {"do": "customer.find", "words": "华星" * 5000, "page": 2**62},
    {"do": "review.page", "page": 2**62},
    {"do": "command.say", "text": "/跟进 " * 9000},
    {"do": "command.say", "text": ""},
    {"do": "command.submit", "command": "/没有", "draft": 2**62},
    {"do": "command.submit", "command": "/跟进", "draft": 2**62},
    {"do": "command.choose", "draft": 7, "place": "work", "value": "x"},
    {"do": "reminder.snooze", "timer": 1, "plan": 2**62, "choice": "../.."},
    {"do": "entry.submit", "customer": 2**62},
    "no JSON",
    '{"do": "review.approve", "review": 1',
]


def test_a_payload_nobody_made_is_refused_in_a_sentence(company: Company, works: Works, log: io.StringIO) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    company.make.entry("王敏", "待审有限公司")
    chat, app = company.supervisor.chat, company.keban.app
    for value in HANDMADE:
        for form in (None, {"full_name": "甲" * 9000, "reason": ["a", None, 1.5, True], "": "x", "__class__": "y"}):
            request = app.press(company.supervisor.account, value, "om_" + "0" * 32, chat, form=form)
            status, body = company.keban.post("/feishu/cards", request)
            assert status == 200 and body, value
            assert "系统出了问题" not in json.dumps(body, ensure_ascii=False), value
    assert [str(each) for each in kept(works, Review.state)] == ["approved", "pending"]
    assert kept(works, FollowUp.content) == [] and len(kept(works, Customer.name)) == 2
    nothing_broke(company, log)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_a_line_of_the_log_is_one_line_whatever_it_says(log: io.StringIO, text: str) -> None:
    logger = logging.getLogger(f"bot.{text}")
    logger.warning("somebody said %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        logger.exception("and it failed")
    first, second = (json.loads(line) for line in log.getvalue().splitlines())
    assert first["says"] == f"somebody said {text}" and first["level"] == "warning"
    assert second["traceback"].endswith(f"ValueError: {text}") and second["from"] == logger.name
    assert dt.datetime.fromisoformat(first["at"]).tzinfo and log.getvalue().endswith("\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", log.getvalue())
