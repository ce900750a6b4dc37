"""What people type, by the place of the usage line it belongs to: nothing is lost, nothing is guessed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.grammar import Mark, Shape, first_word, marks, split_keys, unquoted
from bot.routing import Command
from handlers import router

LOG = router.commands["/跟进"]
SHOW = router.commands["/客户"]
HELP = router.commands["/帮助"]
FIND = router.commands["/查"]
NEW = router.commands["/新客户"]
BIND = router.commands["/绑定"]


@pytest.mark.parametrize(
    ("usage", "places"),
    [
        ("/待审", []),
        ("/客户 <客户>", [Mark("客户", Shape.WORD, True)]),
        ("/查 <词…>", [Mark("词", Shape.REST, True)]),
        ("/帮助 [词]", [Mark("词", Shape.WORD, False)]),
        ("/回访 [活动或客户…]", [Mark("活动或客户", Shape.REST, False)]),
        ("/新客户 [字段:值…]", [Mark("字段:值…", Shape.PAIRS, False)]),
        (
            "/成交 <产品…> 金额: [数量:]",
            [Mark("产品", Shape.REST, True), Mark("金额", Shape.KEYED, True), Mark("数量", Shape.KEYED, False)],
        ),
        (
            "/跟进 <客户> <内容…> [下次:]",
            [Mark("客户", Shape.WORD, True), Mark("内容", Shape.REST, True), Mark("下次", Shape.KEYED, False)],
        ),
    ],
)
def test_a_usage_line_is_read_as_places(usage: str, places: list[Mark]) -> None:
    assert marks(usage) == places


TALK = {"customer": "华星", "content": "已报价，等回复"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("华星 已报价，等回复", TALK),
        ("  华星 \t 已报价，等回复  ", TALK),
        ("华星 已报价，等回复 方式:电话", TALK | {"method": "电话"}),
        ("华星 已报价，等回复 方式：电话", TALK | {"method": "电话"}),
        ("华星 已报价，等回复 方式: 电话", TALK | {"method": "电话"}),
        ("方式:电话 华星 已报价，等回复", TALK | {"method": "电话"}),
        ("华星 方式:电话 已报价，等回复", TALK | {"method": "电话"}),
        ("下次:周五 华星 已报价，等回复", TALK | {"next_at": "周五"}),
        ('下次:"周五 下午3点" 华星 已报价，等回复', TALK | {"next_at": "周五 下午3点"}),
        ("华星 已报价，等回复 下次:周五 下午3点", TALK | {"next_at": "周五 下午3点"}),
        (
            "华星 已报价，等回复 反馈:嫌贵 想再谈 下一步:发 报价单",
            TALK | {"feedback": "嫌贵 想再谈", "next_step": "发 报价单"},
        ),
        ("华星 已报价，等回复\n方式:电话\n下次:周五", TALK | {"method": "电话", "next_at": "周五"}),
        ("华星\n已报价\n等回复", {"customer": "华星", "content": "已报价\n等回复"}),
        ('"华星 科技" 已报价', {"customer": "华星 科技", "content": "已报价"}),
        ("“华星 科技” 已报价", {"customer": "华星 科技", "content": "已报价"}),
        ("'Hua Xing' 已报价", {"customer": "Hua Xing", "content": "已报价"}),
        ("‘华星 科技’ 已报价", {"customer": "华星 科技", "content": "已报价"}),
        ("【华星 科技】 已报价", {"customer": "华星 科技", "content": "已报价"}),
        ("华星 【重要】客户 说好", {"customer": "华星", "content": "【重要】客户 说好"}),
        ("华星 他说\"可以\" 我说'好'", {"customer": "华星", "content": "他说\"可以\" 我说'好'"}),
        ('华星 "没有结束的引号 一路写下去', {"customer": "华星", "content": '"没有结束的引号 一路写下去'}),
        ("华星 约在15:30见 网址 https://a.cn", {"customer": "华星", "content": "约在15:30见 网址 https://a.cn"}),
        ("华星 付款方式:月结", {"customer": "华星", "content": "付款方式:月结"}),
        ("华星 已报价 方式:", {"customer": "华星", "content": "已报价"}),
        ("方式:电话", {"method": "电话"}),
        ('华星 "他问 下一步:怎么办 好"', {"customer": "华星", "content": "他问 下一步:怎么办 好"}),
        (
            '华星 聊了 反馈:"嫌贵 方式:月结" 方式:电话',
            TALK | {"content": "聊了", "feedback": "嫌贵 方式:月结", "method": "电话"},
        ),
        ('华星 他说"好 方式:电话', {"customer": "华星", "content": '他说"好', "method": "电话"}),
        ("华星", {"customer": "华星"}),
        ("", {}),
        ("  \n ", {}),
    ],
)
def test_words_find_their_places(typed: str, words: dict[str, str]) -> None:
    assert {key: value for key, value in LOG.words(typed).items() if value} == words


@pytest.mark.parametrize(
    ("command", "typed", "words"),
    [
        (SHOW, "华星科技", {"customer": "华星科技"}),
        (SHOW, "Hua Xing Trading", {"customer": "Hua Xing Trading"}),
        (SHOW, '"Hua Xing" Trading', {"customer": "Hua Xing Trading"}),
        (SHOW, '"Hua Xing Trading"', {"customer": "Hua Xing Trading"}),
        (HELP, "跟进 怎么用", {"word": "跟进 怎么用"}),
        (FIND, "李雷 8001", {"words": "李雷 8001"}),
        (BIND, "3F9A12BC 8001", {"code": "3F9A12BC", "last_four": "8001"}),
        (LOG, "华星 聊了 反馈:嫌贵 反馈:要再谈", {"customer": "华星", "content": "聊了", "feedback": "嫌贵 要再谈"}),
        (LOG, "华星 聊了 方式:电话 方式:拜访", {"customer": "华星", "content": "聊了", "method": "电话 拜访"}),
        (NEW, "华星 手机:1 联系人姓名：李 雷", {"given": '["华星", ["手机", "1"], ["联系人姓名", "李 雷"]]'}),
        (NEW, "", {}),
    ],
)
def test_what_is_typed_beyond_the_usage_line_is_kept(command: Command, typed: str, words: dict[str, str]) -> None:
    assert command.words(typed) == words


SIGNS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z"))
WORD = st.text(SIGNS, min_size=1, max_size=12)
SPACE = st.sampled_from([" ", "  ", "\n", "\t", "\u3000"])
QUOTES = ('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("【", "】")
KEYS = {place.mark.label: place.param for place in LOG.places if place.mark.shape is Shape.KEYED}


def plain(word: str) -> bool:
    """Whether a word means itself: no quote opens it and no key begins it."""
    return word[0] not in "\"“'‘【" and not any(word.startswith((f"{key}:", f"{key}：")) for key in KEYS)


@given(
    st.lists(WORD.filter(plain), min_size=2, max_size=8),
    st.dictionaries(st.sampled_from([*KEYS]), WORD.filter(plain)),
    st.sampled_from([":", "：", ": "]),
    SPACE,
)
def test_a_usage_line_filled_with_any_words_gives_them_back(
    words: list[str], keyed: dict[str, str], colon: str, space: str
) -> None:
    customer, *content = words
    typed = space.join([customer, " ".join(content), *(f"{key}{colon}{value}" for key, value in keyed.items())])
    expected = {"customer": customer, "content": " ".join(content)}
    assert LOG.words(typed) == expected | {KEYS[key]: value for key, value in keyed.items()}


@given(st.lists(WORD.filter(plain), min_size=1, max_size=4), st.sampled_from(QUOTES), WORD.filter(plain), SPACE)
def test_quotes_keep_words_together(parts: list[str], quotes: tuple[str, str], content: str, space: str) -> None:
    opening, closing = quotes
    inside = " ".join(parts)
    assume(not set(inside) & {opening, closing})
    words = LOG.words(f"{opening}{inside}{closing}{space}{content}")
    assert words == {"customer": inside, "content": content}


SAID = ["华星", "a1", "方式", "电话", "，", "方式:", " 反馈：", "下一步:"]
TOKENS = st.sampled_from([*SAID, '"', "“", "”", "【", "】", " ", "\n"])


def bare(text: str) -> str:
    """A text without keys, blanks and what may group words."""
    for key in KEYS:
        text = text.replace(key, "")
    return "".join(sign for sign in text if not sign.isspace() and sign not in '"“”【】:：[],')


@given(st.lists(TOKENS, max_size=14).map("".join))
@pytest.mark.parametrize("command", [LOG, SHOW, FIND, HELP, NEW], ids=lambda each: each.names[1][1:])
def test_nothing_typed_is_lost(command: Command, typed: str) -> None:
    kept = "".join(command.words(typed).values())
    assert Counter(bare(typed)) <= Counter(bare(kept))


@given(st.text(max_size=80))
def test_a_first_word_and_the_rest_are_the_whole(text: str) -> None:
    word, left = first_word(text)
    assert word in text and text.endswith(left)
    assert bool(text.split()) == bool(word or left or text.strip())
    assert unquoted(text) in text


@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        ("甲:1 乙:2", "", [("甲", "1"), ("乙", "2")]),
        ("前 甲：1 2\n乙:", "前", [("甲", "1 2"), ("乙", "")]),
        ("丙甲:1", "丙甲:1", []),
        ("甲乙:1 甲:2", "", [("甲乙", "1"), ("甲", "2")]),
        ("甲.:1", "甲.:1", []),
    ],
)
def test_keys_split_a_text(text: str, before: str, said: list[tuple[str, str]]) -> None:
    assert split_keys(text, ["甲", "乙", "甲乙"]) == (before, said)
    assert split_keys(text, []) == (text.strip(), [])


def many(part: str) -> Callable[[], str]:
    return lambda: (part * (100_000 // len(part) + 1))[:100_000]


@pytest.mark.parametrize(
    "hostile",
    [
        many(" "),
        many('"'),
        many('" '),
        many("【"),
        many("【 "),
        many("方式:"),
        many("方式:a "),
        many("下次:a "),
        many("下次:a b "),
        many("下次：\n"),
        many("华"),
        lambda: "华星 " + many("内容 ")() + many("下次:a ")(),
        lambda: many("华")() + many(" 下次:a")(),
        lambda: many("华")() + many(" 下次:a b")(),
        lambda: "“" + many("字 ")(),
        many("“ "),
        many("“【 "),
        many('下次:a "" '),
    ],
)
def test_a_hostile_text_takes_time_in_proportion_to_its_length(hostile: Callable[[], str]) -> None:
    text = hostile()
    assert read_time(text) < 0.5 + 40 * read_time(text[: len(text) // 8])


def read_time(text: str) -> float:
    """Seconds of CPU for every shape of command, the best of three: a busy machine is not the text's fault."""

    def once() -> float:
        began = time.process_time()
        for command in (LOG, SHOW, NEW):
            command.words(text)
        return time.process_time() - began

    return min(once() for _ in range(3))
