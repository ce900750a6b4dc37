"""People who type contact data wherever something can be typed: every command, every form, every comment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from sqlalchemy import select

from bot.grammar import Shape
from bot.routing import READERS, Command, Place
from cards import complaints, departments, duty, orgs, people, privacy, reminders, reviews, settings, views
from cards import entries as entry_cards
from cards.kit import Action
from conftest import Company
from handlers import router
from handlers.absences import Begin, Finish
from handlers.complaints import Complainant
from handlers.entries import Pairs
from models.crm import entries, joiners
from models.crm.access import CustomerRef
from models.crm.colleagues import Colleague
from models.crm.conditions import Conditions
from models.crm.deals import Quantity
from models.crm.products import ProductName
from models.organisation import Member
from models.tables import (
    Channel,
    Complaint,
    DealStage,
    Department,
    Method,
    Role,
    Severity,
)
from models.text.money import Fen
from models.text.times import Settled
from standins import feishu_says
from test_complaints import Service
from test_entry import ENTRY, stored
from test_survey import path, send
from world import Seen

MOBILES = ("13912345678", "139 1234 5678", "+86-139-1234-5678", "１３９１２３４５６７８", "(86)139 12345678")
EMAILS = ("lilei.secret@huaxing-kj.com", "LiLei.Secret＠huaxing-kj.com")
IDS = ("110101199003071233", "110101 19900307 1233", "１１０１０１１９９００３０７１２３３")
SENTENCE = f"他说打{'或'.join(MOBILES)}都行，邮箱{'、'.join(EMAILS)}，身份证号{'，'.join(IDS)}。"
TYPED = (MOBILES[0], EMAILS[0], IDS[0], f"打{MOBILES[1]}找他", SENTENCE)
#: any of these tells whom it is about, however it was spelled.
TRACES = (*MOBILES, *EMAILS, *IDS, "91234567", "1234 5678", "1234-5678", "ilei.secret", "iLei.Secret", "90030712")
NAME, NUMBER = "华星科技有限公司", "C202611001"


def pairs(words: dict[str, str]) -> str:
    return " ".join(f"{key}:{word}" for key, word in words.items())


class Story:
    """A company whose people type contact data wherever something can be typed."""

    def __init__(self, company: Company) -> None:
        self.company, self.keban, self.numbers = company, company.keban, count(1)
        self.service = Service(company)
        company.joins("管理", "总公司", "admin")
        self.people = {name: self.keban.somebody(account, name) for name, account in company.make.people.items()}
        self.rep, self.boss, self.agent = self.people["王敏"], self.people["赵强"], self.people["吴芳"]
        self.admin = self.people["管理"]

    def complaint(self) -> str:
        """One that waits for its first contact."""
        self.agent.says(f"/投诉 {NUMBER} 外壳有裂纹")
        return str(stored(self.company, select(Complaint.number).order_by(Complaint.id.desc()))[0])

    def speaker(self, command: Command) -> Any:
        return next(self.people[name] for name in self.people if command.allows(self.company.make.me(name)))

    # --- words ---

    def says_everything(self) -> None:
        for text in (*TYPED, *(f"/{typed}" for typed in TYPED)):
            self.rep.says(text)
            self.rep.says(text, group=True)
        for command in dict.fromkeys(router.commands.values()):
            who = self.speaker(command)
            for number, line in enumerate(self.lines(command)):
                who.says(line, group=number % 3 > 0)

    def lines(self, command: Command) -> Iterator[str]:
        name = command.names[0]
        for typed in TYPED:
            yield f"{name} {typed}"
            for place in command.places:
                yield from self.line(command, place, typed)

    def line(self, command: Command, place: Place, typed: str) -> Iterator[str]:
        if place.mark.shape is Shape.PAIRS:
            for label in entries.FIELDS:
                yield f"{command.names[0]} {pairs(ENTRY | {label: typed})}"
            return
        said = [self.placed(each, typed if each is place else self.word(each)) for each in command.places]
        yield " ".join([command.names[0], *said])

    def placed(self, place: Place, word: str) -> str:
        if place.mark.shape is Shape.KEYED:
            return f"{place.mark.label}:{word}"
        return f"【{word}】" if place.mark.shape is Shape.WORD and " " in word else word

    def word(self, place: Place) -> str:
        """What fits a place that is not the one in question."""
        return WORDS[next(kind for kind, reader in READERS.items() if reader is place.reader)](self)

    # --- forms ---

    def fills_everything(self) -> None:
        for command in dict.fromkeys(router.commands.values()):
            if command.form is not None:
                self.fills(f"command.submit {command.names[0]}", lambda story, command=command: asked(story, command))
        for kind, act in router.actions.items():
            if "form" in act.injected:
                self.fills(kind.name, OPENS[kind])

    def fills(self, about: str, opens: Callable[[Story], tuple[Any, Seen]]) -> None:
        """Type into each field of a form, the others filled in as they should be; opened anew where it was accepted."""
        who, seen = opens(self)
        for field in [each for each in feishu_says.fields(seen.card) if each.tag == "input"]:
            for typed in TYPED:
                button = next((each for each in feishu_says.buttons(seen.card) if each.submit), None)
                if button is None or field.label not in seen.fields:
                    who, seen = opens(self)
                    button = next(each for each in feishu_says.buttons(seen.card) if each.submit)
                if not fits(seen, field.label, typed):
                    continue
                others = {label: GOOD[label] for label in seen.fields if label in GOOD}
                answer = who.presses(button.label, others | {field.label: typed}, on=seen)
                assert answer.status == 200 and "出错" not in answer.toast, (about, field.label, typed)
                self.keban.forward(seconds=4)

    def comments(self) -> None:
        for typed in TYPED:
            name = f"回声{next(self.numbers)}号科技有限公司"
            self.company.make.customer("王敏", name)
            link = path(self.rep.says(f"/问卷 {name}"))
            assert send(self.company, link, score="1", q0="4", comment=typed).status_code == 200


def fits(seen: Seen, label: str, typed: str) -> bool:
    """Whether the client lets anybody type so much into the field."""
    try:
        feishu_says.fill(seen.card, {label: typed})
    except ValueError:
        return False
    return True


def asked(story: Story, command: Command) -> tuple[Any, Seen]:
    """The form of a command, or one that its answer offers."""
    who = story.speaker(command)
    seen = who.says(command.names[0])
    if not any(each.submit for each in feishu_says.buttons(seen.card)):
        who.presses("登记投诉", on=seen)
    return who, seen


def returned(story: Story) -> tuple[Any, Seen]:
    """The form of an entry that came back."""
    name = entered(story)
    story.boss.presses("退回", on=story.boss.last(f"待审核 · {name}"))
    story.boss.presses("确认退回", {"退回原因": "请补地址"}, on=story.boss.last(f"退回 · {name}"))
    story.keban.forward(seconds=4)
    seen = story.rep.last(f"已退回 · {name}")
    story.rep.presses("修改", on=seen)
    return story.rep, seen


def entered(story: Story) -> str:
    """An entry that waits for review."""
    name = f"来客{next(story.numbers)}号科技有限公司"
    story.rep.says("/新客户 " + pairs(ENTRY | {"客户全称": name}))
    return name


def returning(story: Story) -> tuple[Any, Seen]:
    seen = story.boss.last(f"待审核 · {entered(story)}")
    story.boss.presses("退回", on=seen)
    return story.boss, seen


def supplementing(story: Story) -> tuple[Any, Seen]:
    name = entered(story)
    story.boss.presses("通过", on=story.boss.last(f"待审核 · {name}"))
    story.keban.forward(seconds=4)
    seen = next(each for each in reversed(story.rep.seen()) if name in each.text and "补充资料" in each.buttons)
    story.rep.presses("补充资料", on=seen)
    return story.rep, seen


def reminded(story: Story, button: str) -> tuple[Any, Seen]:
    """A form of a reminder that has come."""
    story.rep.says(f"/跟进 {NUMBER} 已报价 下次:10分钟后")
    story.keban.forward(minutes=11)
    seen = story.rep.last(f"该跟进了 · {NAME}")
    story.rep.presses(button, on=seen)
    return story.rep, seen


def contacting(story: Story) -> tuple[Any, Seen]:
    number = story.complaint()
    story.keban.forward(hours=3)
    seen = story.agent.last(f"投诉 · {number}")
    story.agent.presses("首次响应", on=seen)
    return story.agent, seen


def pressed(who: Any, line: str, button: str) -> tuple[Any, Seen]:
    """The form that a button of an answer opens."""
    seen = who.says(line)
    who.presses(button, on=seen)
    return who, seen


def joining(story: Story) -> tuple[Any, Seen]:
    number = next(story.numbers)
    new = Member(f"ou_joins_{number}", "新同事", f"137{number:08}")
    story.keban.works.perform(lambda work: joiners.propose(work, "feishu", [(new, None)]))
    seen = story.admin.says("/同步")
    story.admin.presses(next(label for label in seen.buttons if label.startswith("待加入")), on=seen)
    story.admin.presses("看 新同事", on=seen)
    return story.admin, seen


#: a word that each type understands.
WORDS: dict[type, Callable[[Story], str]] = {
    str: lambda story: "已报价",
    CustomerRef: lambda story: NUMBER,
    Complainant: lambda story: NUMBER,
    Complaint: Story.complaint,
    Method: lambda story: "电话",
    DealStage: lambda story: "报价",
    Settled: lambda story: "明天",
    ProductName: lambda story: "年度维保",
    Fen: lambda story: "12万",
    Quantity: lambda story: "3",
    Channel: lambda story: "电话",
    Severity: lambda story: "一般",
    bool: lambda story: "是",
    Pairs: lambda story: "",
    Role: lambda story: "法务",
    Begin: lambda story: "明天",
    Finish: lambda story: "后天",
    Colleague: lambda story: "陈晨",
    Department: lambda story: "销售一部",
    Conditions: lambda story: "等级:A",
}
#: who gets the form of each action, and where.
OPENS: dict[type[Action], Callable[[Story], tuple[Any, Seen]]] = {
    entry_cards.SubmitNew: lambda story: (story.rep, story.rep.says("/新客户")),
    entry_cards.SubmitEntry: returned,
    entry_cards.SubmitDetails: supplementing,
    reviews.Return: returning,
    reminders.SubmitResult: lambda story: reminded(story, "完成"),
    reminders.SubmitTime: lambda story: reminded(story, "改期"),
    complaints.Contact: contacting,
    settings.Quiet: lambda story: (story.rep, story.rep.says("/设置")),
    people.Save: lambda story: pressed(story.admin, "/人员 王敏", "改部门和角色"),
    people.Add: lambda story: pressed(story.admin, "/人员", "添加人员"),
    departments.Save: lambda story: pressed(story.admin, "/部门 销售一部", "修改"),
    duty.Submit: lambda story: pressed(story.boss, "/值班", "排班"),
    orgs.Accept: joining,
    privacy.Export: lambda story: pressed(story.admin, f"/个人信息 {NUMBER}", "导出"),
    privacy.Erase: lambda story: pressed(story.admin, f"/个人信息 {NUMBER}", "擦除"),
    views.Save: lambda story: pressed(story.rep, "/视图", "新建视图"),
    people.Grant: lambda story: (story.admin, story.admin.says("/角色 法务")),
}
#: what stands in the fields that have to be filled in.
GOOD = ENTRY | {
    "客户": NUMBER,
    "内容": "已报价",
    "产品": "年度维保",
    "金额": "12万",
    "结果": "已报价",
    "退回原因": "请补地址",
    "问题核心": "外壳裂纹",
    "超时原因": "占线",
    "改到什么时间": "明天",
    "部门": "销售一部",
    "工号": "S9009",
    "姓名": "新人",
    "手机": "13900139009",
    "名称": "销售一部",
    "免打扰从": "22:00",
    "到": "8:00",
    "原因": "本人要求",
    "输入客户编号确认": "C000000000",  # what is filled in goes no further: what was erased could not leak any more
    "名字": "重点客户",
    "负责人": "我",
}
