"""Cards of named views: which there are, one opened, its form, and what is new in those one subscribed to (X9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from cards import customers, labels
from cards.kit import (
    HINT_LENGTH,
    Action,
    Button,
    Buttons,
    Card,
    Element,
    Field,
    Form,
    Input,
    Note,
    Select,
    Text,
    Toast,
    Tone,
    Warn,
)
from models.crm.conditions import ANY, TABLE, Condition
from models.crm.named_views import LONGEST, Found, Listed, Opened, View
from models.crm.view_news import News
from models.settings import Entry as Rules

#: a longer list is typed: every option counts as an element of the card.
FEW = 20
WHEN = {False: "每个工作日", True: "每周一"}
Shown = Callable[[dt.datetime], str]


class List(Action, name="view.list"):
    """The views there are."""

    page: int


class Open(Action, name="view.open"):
    view: str
    page: int


class New(Action, name="view.new"):
    """Open the form of 新建视图."""


class Edit(Action, name="view.edit"):
    view: str


class Save(Action, name="view.save"):
    """The form of a view; a new one is called nothing."""

    view: str


class AskRemove(Action, name="view.ask_remove"):
    view: str


class Remove(Action, name="view.remove"):
    view: str


class Subscribe(Action, name="view.subscribe"):
    view: str
    weekly: int


class Unsubscribe(Action, name="view.unsubscribe"):
    view: str


def listed(of: Listed, toast: str = "") -> Card:
    """The views that come with the program and one's own, with how many customers are in each."""
    rows = [part for view, number in of.views for part in _row(view, number)]
    buttons = Buttons.of(
        Button("新建视图", New(), "primary"),
        Button("上一页", List(of.page - 1)) if of.page else None,
        Button("下一页", List(of.page + 1)) if of.more else None,
    )
    hint = Note("直接发视图的名字就能打开。")
    return Card("视图", (*rows, hint, buttons), personal=True, toast=Toast(toast) if toast else None)


def _row(view: View, number: int) -> tuple[Element, ...]:
    whose = [] if view.own else ["自带"]
    when = [] if view.weekly is None else [f"{WHEN[view.weekly]}告诉你"]
    said = " · ".join([f"{number} 个", *whose, *when])
    return Text(f"{view.name}\n{said}"), Buttons.of(Button("查看", Open(view.key, 0)))


def opened(of: Opened, shown: Shown, said: str = "", toast: str = "") -> Card:
    """A page of the customers in a view."""
    view, page = of.view, of.page
    rows: list[Element] = [part for found in of.rows for part in _customer(found, shown)]
    rows = rows or [Text("现在没有符合的客户。")]
    turn = Buttons.of(
        Button("上一页", Open(view.key, page - 1)) if page else None,
        Button("下一页", Open(view.key, page + 1)) if of.more else None,
        Button("全部视图", List(0)),
    )
    about = Note(f"{of.told}\n共 {of.total} 个" + (f" · 第 {page + 1} 页" if page else ""))
    news = [Note(said)] if said else []
    body: tuple[Element, ...] = (*news, about, *rows, turn, Buttons(_about(view)))
    return Card(f"视图 · {view.name}", body, personal=True, toast=Toast(toast) if toast else None)


def _customer(found: Found, shown: Shown) -> tuple[Element, ...]:
    stage = labels.STAGES[found.stage] + (f"（{labels.DEAL_STAGES[found.deal_stage]}）" if found.deal_stage else "")
    last = f"最近跟进 {shown(found.last_at)}" if found.last_at else "还没有跟进"
    said = " · ".join((found.owner, stage, last))
    return Text(f"{found.name}　{found.number}\n{said}"), Buttons.of(Button("查看", customers.Turn(found.id, 0)))


def _about(view: View) -> tuple[Button, ...]:
    """What one can do with a view."""
    if view.weekly is None:
        told = [Button("每个工作日订阅", Subscribe(view.key, 0)), Button("每周一订阅", Subscribe(view.key, 1))]
    else:
        told = [Button("取消订阅", Unsubscribe(view.key))]
    own = [Button("修改", Edit(view.key)), Button("删除", AskRemove(view.key), "danger")] if view.own else []
    return (*told, *own)


def form(rules: Rules, words: Mapping[str, str], view: str = "", error: str = "") -> Card:
    """The form of a view, with everything that was filled in, and what is wrong with it."""
    name = Input("name", "名字", words.get("name", ""), True, "以后发这个名字就能打开", most=LONGEST)
    fields = (name, *(_field(each, words.get(each.key, ""), rules) for each in TABLE.values()))
    problem = [Warn(error)] if error else []
    rule = Note("条件都要符合；一个条件里写几个值，用顿号隔开，符合一个就行。")
    tone: Tone = "orange" if error else "blue"
    back = Buttons.of(Button("返回", Open(view, 0) if view else List(0)))
    body: tuple[Element, ...] = (*problem, Form(fields, Button("保存", Save(view), "primary")), rule, back)
    return Card("修改视图" if view else "新建视图", body, tone, personal=True)


def _field(of: Condition, value: str, rules: Rules) -> Field:
    """A list to choose from; a line where there is none, it is long, or what stands there is not in it."""
    choices = of.choices(rules)
    if 0 < len(choices) <= FEW and (not value or value in (*choices, ANY)):
        return Select(of.key, of.word, tuple((each, each) for each in (ANY, *choices)), value)
    return Input(of.key, of.word, value, hint=of.written[:HINT_LENGTH], most=100)


def ask_remove(view: View) -> Card:
    """Whether a view is really to go."""
    buttons = Buttons.of(Button("确认删除", Remove(view.key), "danger"), Button("返回", Open(view.key, 0)))
    more = "，订阅也会取消" if view.weekly is not None else ""
    return Card(f"删除视图 · {view.name}", (Text(f"要删除「{view.name}」吗？客户不受影响{more}。"), buttons), "orange")


def news(lines: Sequence[News]) -> tuple[Element, ...]:
    """What is new in views somebody subscribed to; nothing where nothing is told."""
    rows = [part for line in lines for part in _line(line)]
    return (Note("订阅的视图"), *rows) if rows else ()


def _line(line: News) -> tuple[Element, ...]:
    more = f"（{line.more:+}）" if line.more else ""
    return Text(f"{line.name} · {line.number} 个{more}"), Buttons.of(Button("查看", Open(line.key, 0)))


def told(lines: Sequence[News]) -> Card:
    """The news of his views, for whoever gets them with nothing else."""
    return Card("订阅的视图", news(lines)[1:], personal=True)


def dropping(views: Sequence[View]) -> list[Element]:
    """What one is told of, each with a button that ends it."""
    rows: list[Element] = [Note("订阅的视图")] if views else []
    for view in views:
        rows.append(Text(f"{view.name} · {WHEN[bool(view.weekly)]}"))
        rows.append(Buttons.of(Button("退订", Drop(view.key))))
    return rows


class Drop(Action, name="settings.drop_view"):
    """取消订阅, on the card of one's settings."""

    view: str
