"""The gallery's samples of what comes in the morning: the digest, the records behind its numbers, the day's list."""

from __future__ import annotations

from dataclasses import replace

from cards import digests, today, views
from cards.kit import BARS
from cards.samples import ODD, Samples
from models.crm.digests import Digest, Line, Listing, Period, Record
from models.crm.figures import FIGURES
from models.crm.today import Thing, Today, What
from models.crm.view_news import News
from models.seals import Seal

PERIOD = Period(1_795_568_400, 1_795_655_101)
TEAMS = (("销售一部", 9), ("销售二部", 3))
LINES = (
    Line("customers", "新客户", 2, (("销售一部", 1), ("销售二部", 1))),
    Line("reviews", "录入待审核", 1, (("销售一部", 1),)),
    Line("follow_ups", "跟进", 12, TEAMS),
    Line("stages", "阶段推进", 0, ()),
    Line("overdue", "逾期提醒", 0, ()),
)
FIGURED = Digest(
    PERIOD,
    "11月26日 周四",
    "11月25日 周三 9:00",
    "11月26日 周四 9:05",
    LINES,
    (*TEAMS, ("销售三部", 0)),
    by_team=True,
)
TALK = Record(31, 7, "华星科技有限公司", "王敏", "销售一部", "11月25日 周三 16:20", "phone")
LISTED = Listing(
    FIGURES["follow_ups"],
    PERIOD,
    12,
    tuple(replace(TALK, record=number, name=f"华{number}科技有限公司") for number in range(31, 41)),
    0,
    more=True,
    since="11月25日 周三 9:00",
    as_of="11月26日 周四 9:05",
)
LATE = Thing(What.OVERDUE, 7, "华星科技有限公司", "发报价单", "11月25日 周三 15:00", timer=12)
DAY = Today(
    "11月26日 周四",
    "9:05",
    ((What.OVERDUE, 1), (What.DUE, 1), (What.RETURNED, 1)),
    (LATE, replace(LATE, what=What.DUE, at="今天 16:00", timer=0), Thing(What.RETURNED, 9, "云帆贸易有限公司")),
    0,
    more=False,
)


def samples() -> Samples:
    """Every state."""
    people = tuple((f"同事{number}", 11 - number) for number in range(1, BARS))
    nothing = tuple(replace(line, total=0, teams=()) for line in LINES)
    strange = replace(LINES[0], teams=((ODD, 1), ("销售二部", 1)))
    yield "digests.digest.teams", digests.digest(FIGURED)
    yield "digests.digest.sealed", digests.digest(replace(FIGURED, seal=Seal(1234, "3f9a" * 16, "")))
    news = views.news((News("new", "本月新客户", 12, 3),))
    yield "digests.digest.views", digests.digest(FIGURED, news)
    yield "today.today.views", today.today(DAY, news)
    yield "digests.digest.people", digests.digest(replace(FIGURED, bars=(*people, ("其余 3 个", 0)), by_team=False))
    yield "digests.digest.nothing", digests.digest(replace(FIGURED, lines=nothing, bars=(("王敏", 0),), by_team=False))
    yield "digests.digest.nasty", digests.digest(replace(FIGURED, lines=(strange,), bars=((ODD, 1),)))
    waits = replace(TALK, word="")
    one = replace(LISTED, figure=FIGURES["reviews"], total=1, rows=(waits,), more=False)
    yield "digests.listing.first_page", digests.listing(LISTED)
    yield "digests.listing.last_page", digests.listing(replace(LISTED, rows=LISTED.rows[:2], page=1, more=False))
    yield "digests.listing.now", digests.listing(one)
    yield "digests.listing.none", digests.listing(replace(one, total=0, rows=()))
    yield "digests.listing.nasty", digests.listing(replace(LISTED, rows=(Record(1, 2, ODD, ODD, ODD, ODD, ""),)))
    yield "today.today.full", today.today(DAY)
    yield "today.today.second_page", today.today(replace(DAY, page=1, things=DAY.things[:1]))
    yield "today.today.more", today.today(replace(DAY, more=True))
    yield "today.today.nothing", today.today(replace(DAY, counts=((What.OVERDUE, 0),), things=()))
    yield "today.today.nasty", today.today(replace(DAY, things=(replace(LATE, name=ODD, about=ODD),)))
