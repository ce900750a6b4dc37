"""The stories of the demo company's customers: planned first, by dice that fall the same each time."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from stdnum.cn import ric, uscc

from models import demo_data as data
from models.calendar import Calendar, Interval
from models.crm import entries, follow_ups, reviews
from models.crm.access import customer_by_id
from models.crm.follow_ups import Talk
from models.crm.people import Me
from models.settings import Entry
from models.tables import Customer, DealStage, FunnelStage, Review, Role
from models.text import names
from models.text.times import Settled
from models.work import Work

SEED = 60
HISTORY = dt.timedelta(days=90)
#: office minutes until the reminders of today are due, and how many were missed.
DUE_TODAY, MISSED = (12, 45, 90, 150, 220, 300), 6
FIVE = dt.timedelta(minutes=5)
#: talks are planned on this many minutes, so that no two of one customer fall together.
GRID = 40
#: office minutes that an entry and its talks need at least.
RECENT = 1600

Words = dict[str, str]
Next = Callable[[int], dt.datetime]


@dataclass(frozen=True, slots=True)
class Past:
    """Moments by the office minutes that passed since: nobody works at night."""

    now: dt.datetime
    start: dt.datetime
    office: Calendar
    blocks: tuple[Interval, ...]

    @classmethod
    def of(cls, work: Work) -> Past:
        """The history that ends now."""
        start = work.now - HISTORY
        return cls(work.now, start, work.office, work.office.intervals(start, work.now)[::-1])

    @property
    def minutes(self) -> int:
        """Its length."""
        return int(sum((block.length for block in self.blocks), dt.timedelta()).total_seconds() / 60)

    def at(self, ago: int) -> dt.datetime:
        """The moment so many office minutes ago."""
        left = dt.timedelta(minutes=ago)
        for block in self.blocks:
            if left <= block.length:
                return block.end - left
            left -= block.length
        return self.start

    def after(self, minutes: int) -> dt.datetime:
        """The moment in so many office minutes, on five minutes."""
        return _up(self.office.add(self.now, minutes).due)

    def about(self, ago: int) -> dt.datetime:
        """The same as people would set it, on five minutes."""
        return _up(self.at(ago)) - FIVE


def _up(moment: dt.datetime) -> dt.datetime:
    """The next full five minutes."""
    return moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0) + FIVE


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody did so many office minutes ago."""

    ago: int
    who: str
    act: Callable[[Work, Me], object]


@dataclass
class Story:
    """One customer's way, planned before it is told."""

    dice: random.Random
    owner: str
    boss: str
    words: dict[str, str]
    fill: dict[str, str]
    steps: list[Step] = field(default_factory=list)
    customer: Customer | None = None
    won: int = 0

    @property
    def known(self) -> Customer:
        """The entry, once it was made."""
        if self.customer is None:
            raise LookupError(self.words["客户全称"])
        return self.customer

    def entered(self, ago: int, missing: str = "") -> None:
        """It was entered, perhaps with a field left open."""
        words = self.words | ({missing: ""} if missing else {})

        def enter(work: Work, me: Me) -> None:
            self.customer = entries.submit(work, me, words)

        self.steps.append(Step(ago, self.owner, enter))

    def returned(self, ago: int, missing: str) -> None:
        """The supervisor wanted to know more."""
        self._decided(ago, lambda work, me, review: reviews.send_back(work, me, review, data.RETURNS[missing]))

    def corrected(self, ago: int) -> None:
        """It was mended and sent again."""
        self.steps.append(
            Step(ago, self.owner, lambda work, me: entries.resubmit(work, me, self.known, self.words)),
        )

    def withdrawn(self, ago: int) -> None:
        """It was taken back."""
        self.steps.append(Step(ago, self.owner, lambda work, me: entries.withdraw(work, me, self.known)))

    def approved(self, ago: int) -> None:
        """It got its number."""
        self._decided(ago, reviews.approve)

    def _decided(self, ago: int, decide: Callable[[Work, Me, Review], object]) -> None:
        def act(work: Work, me: Me) -> None:
            decide(work, me, reviews.last_round(work, self.known.id))

        self.steps.append(Step(ago, self.boss, act))

    def supplemented(self, ago: int, words: dict[str, str]) -> None:
        """More became known."""
        self.steps.append(
            Step(ago, self.owner, lambda work, me: entries.supplement(work, me, self.known, words)),
        )

    def talked(self, ago: int, talk: Talk, who: str = "") -> None:
        """Somebody spoke to the customer; `won` is how long ago the sale was made."""
        if talk.stage is DealStage.WON:
            self.won = ago

        def act(work: Work, me: Me) -> None:
            follow_ups.record(work, me, customer_by_id(work, me, self.known.id), talk)

        self.steps.append(Step(ago, who or self.owner, act))


def stories(past: Past) -> Iterator[Story]:
    """Every customer's story."""
    dice = random.Random(SEED)  # noqa: S311 (invents a company, hides nothing)
    reps = [number for number, _, _, role in data.PEOPLE if role is Role.SALES_REP]
    reps = reps[::3] + reps[1::3] + reps[2::3]  # one of each department in turn
    leaders = dict(data.DEPARTMENTS)
    bosses = {number: leaders[department] for number, _, department, _ in data.PEOPLE}
    clients = [*_companies(dice)]
    dice.shuffle(clients)
    for place, person in zip(data.PERSONS_AT, _persons(dice), strict=True):
        clients.insert(place, person)
    plots = _plots(past, dice)
    for number, ((words, fill), plot) in enumerate(zip(clients, plots, strict=True)):
        owner = reps[number % len(reps)]
        story = Story(dice, owner, bosses[owner], words, fill)
        plot(story)
        yield story


def _companies(dice: random.Random) -> Iterator[tuple[Words, Words]]:
    for number, line in enumerate(data.COMPANIES.strip().splitlines()):
        name, industry, business = line.split(" ")
        city = name[:2]
        region = data.PLACES[city][0]
        words = {"客户全称": name, "客户性质": "企业", "所属行业": industry} | _contact(dice, number, city)
        words["统一社会信用代码"] = "" if number % 8 == 3 else licence(region, number + 1)
        words["职位"] = "" if number % 9 == 4 else dice.choice(data.POSITIONS)
        yield words, _fill(dice, words, city) | {"主营业务": business}


def _persons(dice: random.Random) -> Iterator[tuple[Words, Words]]:
    for number, line in enumerate(data.PERSONS.strip().splitlines(), data.COMPANIES.strip().count("\n") + 1):
        name, business = line.split(" ")
        city = dice.choice(list(data.PLACES))
        words = {"客户全称": name, "客户性质": "个人", "所属行业": "其他-其他"} | _contact(dice, number, city)
        words |= {"联系人姓名": name, "职位": "负责人"}
        words["身份证号"] = "" if number % 3 == 1 else resident(data.PLACES[city][0], number, dice)
        yield words, _fill(dice, words, city) | {"人": name, "品": dice.choice(data.SMALL), "主营业务": business}


def _contact(dice: random.Random, number: int, city: str) -> Words:
    people = data.CONTACTS.split()
    name = people[number % len(people)]
    address = f"{data.PLACES[city][2]}{dice.choice(data.STREETS)}{dice.randint(8, 699)}号"
    return {
        "客户来源": dice.choice(Entry().sources),
        "联系人姓名": name,
        "手机": f"1390000{1024 + 137 * number:04}",
        "邮箱": "" if number % 5 == 1 else f"{names.person_initials(name)}{number:02}@kehu.example",
        "地址": "" if number % 7 == 2 else address,
    }


def _fill(dice: random.Random, words: Words, city: str) -> Words:
    """What the phrases are filled with."""
    person = f"{words['联系人姓名'][0]}{dice.choice(('总', '经理', '工'))}"
    return {"人": person, "品": dice.choice(data.PRODUCTS), "城": city, "痛": dice.choice(data.NEEDS["痛点"])}


def licence(region: str, number: int) -> str:
    """A unified social credit code that nobody has: its organisation code says DEM0, both its check digits hold."""
    organisation = f"DEM0{number:04}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(sign, 36) * weight for sign, weight in zip(organisation, weights, strict=True)) % 11
    code = f"91{region}{organisation}{'0' if rest == 11 else 'X' if rest == 10 else rest}"
    return code + uscc.calc_check_digit(code)


def resident(region: str, number: int, dice: random.Random) -> str:
    """A resident identity number that nobody has: its county, 99, does not exist."""
    born = dt.date(1970, 1, 1) + dt.timedelta(days=dice.randint(0, 365 * 30))
    code = f"{region[:2]}0199{born:%Y%m%d}{number:03}"
    return code + ric.calc_check_digit(f"{code}?")  # it leaves out the last sign


def _plots(past: Past, dice: random.Random) -> Iterator[Callable[[Story], None]]:
    """What becomes of each customer, as many as there are customers."""
    stages = [stage for stage, (count, _, _) in data.ARCHIVED.items() for _ in range(count)]
    ends: list[Next] = [lambda last, m=minutes: past.after(m) for minutes in DUE_TODAY]  # type: ignore[misc]
    ends += [lambda last: past.about(dice.randint(15, min(last - 10, 1350)))] * MISSED
    ends += [lambda last: past.after(dice.randint(450, 4500))] * (len(stages) - len(ends))
    dice.shuffle(ends)
    for stage, end in zip(stages, ends, strict=True):
        yield lambda story, stage=stage, end=end: _archived(story, past, stage, end)  # type: ignore[misc]
    for ago in data.PENDING:
        yield lambda story, ago=ago: story.entered(ago)  # type: ignore[misc]
    for number in range(data.RETURNED):
        yield lambda story, ago=700 + 900 * number: _sent_back(story, ago)  # type: ignore[misc]
    for number in range(data.WITHDRAWN):
        yield lambda story, ago=1500 + 4000 * number: _withdrawn(story, ago)  # type: ignore[misc]


def _sent_back(story: Story, ago: int) -> int:
    """Entered and returned; returns how long ago that was."""
    missing = story.dice.choice(list(data.RETURNS))
    mended = {"职位": "经理", "地址": f"{data.PLACES[story.fill['城']][2]}青禾大道18号", "邮箱": "hello@kehu.example"}
    story.words[missing] = story.words[missing] or mended[missing]
    story.entered(ago, missing)
    ago -= story.dice.randint(40, 300)
    story.returned(ago, missing)
    return ago


def _withdrawn(story: Story, ago: int) -> None:
    story.entered(ago)
    story.withdrawn(ago - story.dice.randint(15, 90))


def _archived(story: Story, past: Past, stage: FunnelStage, end: Next) -> None:
    dice = story.dice
    _, phases, (newest, oldest) = data.ARCHIVED[stage]
    ago = RECENT + int(max(0, past.minutes - RECENT) * dice.uniform(newest, oldest))
    if dice.random() < 0.2:
        ago = _sent_back(story, ago) - dice.randint(60, 400)
        story.corrected(ago)
    else:
        story.entered(ago)
    ago -= dice.randint(30, 380)
    story.approved(ago)
    if dice.random() < 0.7:
        story.supplemented(ago - dice.randint(2, 20), _details(story))
    _talks(story, past, phases, ago - 20, end)


def _details(story: Story) -> Words:
    """补充资料: some of what may be known, and what is needed."""
    dice = story.dice
    known = {label: dice.choice(options) for label, options in data.DETAILS.items() if dice.random() < 0.7}
    needs = {label: dice.choice(options) for label, options in data.NEEDS.items()}
    if story.words["客户性质"] == "个人":
        known = {label: words for label, words in known.items() if label not in ("人员规模", "年营收")}
    words = known | needs | {"主营业务": story.fill["主营业务"], "产品需求": story.fill["品"]}
    if dice.random() < 0.4:
        words["固定电话"] = f"{data.PLACES[story.fill['城']][1]}-5555{dice.randint(1000, 9999)}"
    return words


def _talks(story: Story, past: Past, phases: tuple[tuple[str, int, int], ...], since: int, end: Next) -> None:
    """One talk after the other; each ends with the promise of the next."""
    dice = story.dice
    told = [line for phase, least, most in phases for line in _lines(story, phase, dice.randint(least, most))]
    quiet = dice.randint(60, min(2200, max(61, since // 2)))
    agos = sorted(dice.sample(range(quiet, since, GRID), len(told)), reverse=True)
    for (talk, step), (ago, following) in zip(told, pairwise([*agos, 0]), strict=True):
        if following and talk.stage is None and dice.random() < 0.1:
            story.talked(ago, talk, story.boss)  # the supervisor came along
            continue
        at = past.about(following + dice.randint(5, 30)) if following else end(ago)
        story.talked(ago, Talk(talk.content, talk.method, talk.feedback, step, Settled(at), talk.stage))


def _lines(story: Story, phase: str, count: int) -> Iterator[tuple[Talk, str]]:
    """So many talks of one phase and their next steps; the first of them moves the deal."""
    dice = story.dice
    openings = dice.sample(data.OPENINGS[phase], count)
    drawn = zip(openings, *(dice.sample(options, count) for options in data.PHRASES[phase]), strict=True)
    for number, ((method, opening), middle, feedback, step) in enumerate(drawn):
        content = f"{opening}{middle}。".format_map(story.fill)
        if dice.random() < 0.05:
            content += f"财务联系人电话 1390001{dice.randint(0, 9999):04}。"
        said = feedback if dice.random() < 0.6 else None
        stage = None if number else data.DEALS.get(phase)
        yield Talk(content, method, said, stage=stage), step.format_map(story.fill)
