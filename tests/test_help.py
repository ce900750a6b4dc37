"""What a person is told he may say: his commands only, each with a line to copy."""

from __future__ import annotations

from conftest import ON_SQLITE, Company
from handlers import router

pytestmark = ON_SQLITE
FOR_ALL = {"/帮助", "/绑定"}
BOUND = FOR_ALL | {"/投诉", "/首响", "/设置", "/请假", "/销假", "/值班"}
SELLING = BOUND | {"/跟进", "/新客户", "/客户", "/查", "/今天", "/视图", "/成交", "/问卷"}
LEADING = SELLING | {"/待审", "/简报", "/日志"}


def shown(text: str) -> set[str]:
    """The commands whose usage line stands in a text."""
    return {command.names[0] for command in router.commands.values() if command.usage in text.splitlines()}


def test_help_lists_what_one_may_do_and_nothing_else(company: Company) -> None:
    lawyer = company.keban.somebody(company.make.user("法务", "总公司", "legal"))
    nobody = company.keban.somebody("ou_" + "f" * 32)
    for person, commands in (
        (company.rep, SELLING),
        (company.supervisor, LEADING),
        (company.manager, LEADING),
        (lawyer, BOUND),
        (nobody, FOR_ALL),
    ):
        card = person.says("/帮助")
        assert card.title == "我会这些" and shown(card.text) == commands
        assert "例：" not in card.text, "one line each"


ASKED = {
    "/帮助 跟进": "/跟进",
    "/帮助 /跟进": "/跟进",
    "/帮助 LOG": "/跟进",
    "/help log": "/跟进",
    "/h gj": "/跟进",
    "/? 跟进": "/跟进",
    "/帮助 跟进 怎么用": "/跟进",
    "/帮助 时间轴": "/客户",
    "/帮助 帮助": "/帮助",
}


def test_help_on_one_command_shows_its_words_an_example_and_opens_it(company: Company) -> None:
    for line, command in ASKED.items():
        card = company.rep.says(line)
        about = router.commands[command]
        assert card.title == f"怎么用 {command}" and about.usage in card.text and "例：" in card.text, line
        assert " ".join(about.names[1:]) in card.text
    company.rep.says("/帮助 跟进")
    assert company.rep.presses("打开").title == "记一次跟进"


def test_help_on_an_unknown_word_says_so_and_shows_the_rest(company: Company) -> None:
    card = company.rep.says("/帮助 做饭")
    assert card.title == "没有「做饭」，我会这些" and shown(card.text) == SELLING
    hidden = company.rep.says("/帮助 待审")
    assert "/待审" not in shown(hidden.text), "what one may not say is not explained"
    assert company.supervisor.says("/帮助 待审").title == "怎么用 /待审"
    several = company.rep.says("/帮助 客户")
    assert several.title == "怎么用 /客户", "the command itself before those that only speak of it"
    assert shown(company.rep.says("/帮助 表单").text) == {"/新客户"}


def test_a_word_in_several_commands_lists_them(company: Company) -> None:
    card = company.rep.says("/帮助 华星科技")
    assert card.title == "我会这些" and {"/跟进", "/客户"} <= shown(card.text) < SELLING


def test_small_talk_gets_a_way_in(company: Company) -> None:
    card = company.rep.says("在吗？")
    assert card.title == "你好，我是客伴" and "/跟进" in card.text
    assert company.rep.presses("看看能做什么").title == "我会这些"
    typo = company.rep.says("/帮住")
    assert "你是不是要：/帮助" in typo.text and company.rep.presses("/帮助").title == "怎么用 /帮助"


def test_help_answers_in_a_group_as_well(company: Company) -> None:
    card = company.rep.says("/帮助", group=True)
    assert card.title == "我会这些" and shown(card.text) == SELLING


def test_who_is_not_bound_is_told_how(company: Company) -> None:
    nobody = company.keban.somebody("ou_" + "f" * 32)
    assert "请先绑定" in nobody.says("/跟进 华星 聊了").text
    for words in ("你好", "/没有这个"):
        hello = nobody.says(words)
        assert hello.title == "你好，我是客伴" and "请先绑定" in hello.text and hello.buttons == []
    hello = company.rep.says("你好")
    assert "请先绑定" in nobody.press_in(hello, hello.card, "看看能做什么").toast
    assert "还缺手机后四位" in nobody.says("/绑定 3F9A12BC").text
    assert "绑定码或手机后四位不对" in nobody.says("/绑定 3F9A12BC 8001").text
    assert shown(nobody.says("/帮助 绑定").text) == {"/绑定"}
