"""A worker that stops in the middle and wakes up late, rungs measured on the real program, locks of the silent."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, func, insert, select, text, update

from bot.sending import AT_ONCE
from conftest import APP
from makers import Make
from models import delivery, health
from models.crm.complaints import BREACH, HANDLER, MANAGER, SUPERVISOR, UNANSWERED
from models.errors import Refused, Repeat
from models.tables import Counter as Number
from models.tables import DutyShift, Outbox, OutboxState, Timer, User
from models.work import Work, Works
from process import Outside
from standins.feishu_api import Message
from test_faults import ONLY
from test_process_story import PARTS, blank_url, end, program, started, surface, ways
from world import Seen, Somebody

pytestmark = pytest.mark.slow
__all__ = ["blank_url", "end", "program", "surface"]
IN_TIME = 5.0
EACH_SENDER = AT_ONCE
LEASE = delivery.LEASE.total_seconds()
HELD = select(Outbox.chat, Outbox.claim, Outbox.state, Outbox.lease_until.is_not(None)).order_by(Outbox.id)
ENDS = select(func.min(Outbox.lease_until)).where(Outbox.state == OutboxState.QUEUED)
ROWS = select(Outbox.chat, Outbox.token, Outbox.state, Outbox.lease_until)
#: sessions that wait for the heartbeat; those that hold a row of it and say nothing.
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'heartbeats'::regclass"
SILENT = (
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE relation = 'heartbeats'::regclass AND mode = 'RowExclusiveLock' AND state = 'idle in transaction'"
)


class Office:
    """A running program's people: who takes complaints in, who leads them, and who is above."""

    def __init__(self, program: Outside) -> None:
        make = Make(program.works)
        make.department("总公司")
        make.department("客服部", parent="总公司")
        self.manager = program.somebody(make.user("林总", "总公司", "manager"))
        self.agent = program.somebody(make.user("吴芳", "客服部", "service_agent"))
        self.lead = program.somebody(make.user("钱进", "客服部", "service_lead", "supervisor"))
        make.department("销售一部", parent="总公司")
        self.rep = program.somebody(make.user("王敏", "销售一部", "sales_rep"))
        make.customer("王敏", "华星科技有限公司")
        program.works.perform(self._always_on_duty)
        program.drained()

    def _always_on_duty(self, work: Work) -> None:
        """The agent is, so that the ladder is the same whenever this runs (P10)."""
        people = select(User.id, User.department_id).where(User.name == "吴芳")
        agent, department = work.connection.execute(people).one()
        shift = {"department_id": department, "opens": 0, "closes": 1440, "user_id": agent}
        work.connection.execute(insert(DutyShift), [shift | {"weekday": day} for day in range(7)])

    def alerts(self, person: Somebody) -> list[Message]:
        """Every message this person got about a complaint."""
        return [message for message in person.inbox() if Seen(message).title.startswith("投诉")]


def lateness(program: Outside, office: Office, kind: str, person: Somebody) -> float:
    """Let a rung lie three seconds ahead; by how many seconds its card reaches the platform after its moment."""
    with program.works.read() as work:
        moment = work.run(select(Timer.due_at).where(Timer.kind == kind)).scalar()
    before = len(office.alerts(person))
    ahead = program.forward(moment - dt.timedelta(seconds=3))
    program.wait(lambda: len(office.alerts(person)) > before, f"{kind} has come")
    late = office.alerts(person)[-1].at + ahead - moment.timestamp()
    assert 0 <= late <= IN_TIME, (kind, late)
    return float(late)


@ways(("sqlite", PARTS), ("postgresql", PARTS))
def test_every_rung_comes_once_and_within_five_seconds_of_its_moment(
    program: Outside, parts: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    started(program, *parts).join("worker")
    office = Office(program)
    office.agent.says("/投诉 华星科技 外壳有裂纹")
    first = {HANDLER: office.agent, SUPERVISOR: office.lead, UNANSWERED: office.manager}
    first |= dict.fromkeys([MANAGER, BREACH], office.manager)
    late = {kind: lateness(program, office, kind, person) for kind, person in first.items()}
    program.drained()
    with capsys.disabled():
        print(f"\n{program.engine.dialect.name}: " + ", ".join(f"{kind} +{by:.2f} s" for kind, by in late.items()))
    program.stop()
    assert [len(office.alerts(each)) for each in (office.agent, office.lead, office.manager)] == [5, 3, 3]


# --- frozen ---


def held(program: Outside, chats: list[str]) -> list[tuple[int, bool]]:
    """The claim number of what goes to these chats, and whether it is under lease; all of it still waits."""
    with program.works.read() as work:
        rows = [row for row in work.connection.execute(HELD) if row[0] in chats]
    assert all(state is OutboxState.QUEUED for _, _, state, _ in rows), rows
    return [(claim, bool(leased)) for _, claim, _, leased in rows]


def said_in(program: Outside, office: Office, chats: list[str]) -> None:
    """Somebody logs a follow-up in each of these chats; nobody waits for the receipts."""
    for chat in chats:
        request = APP.message(office.rep.account, f"/跟进 华星科技 谈了{chat}", chat, group=True)
        assert program.post("/feishu/events", request)[0] == 200


@contextmanager
def heartbeats_wait(program: Outside) -> Iterator[Callable[[], bool]]:
    """On PostgreSQL no scheduler gets at its heartbeat; tells whether one waits for it right now."""
    if program.works.sqlite:
        yield lambda: True
        return
    with program.works.write() as work:
        work.connection.execute(text("LOCK TABLE heartbeats IN EXCLUSIVE MODE"))
        yield lambda: work.connection.execute(text(WAITS)).scalar() == 1


def stopped(worker: subprocess.Popen[bytes]) -> None:
    """Freeze it; returns when none of its threads runs any more."""
    worker.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, worker.pid, os.WSTOPPED | os.WNOWAIT)


def freeze(program: Outside, worker: subprocess.Popen[bytes], waiting: Callable[[], bool]) -> None:
    """On SQLite while it holds no lock, which would stop everybody; on PostgreSQL while it is about to get one."""
    program.wait(waiting, "its scheduler waits for a lock")
    if program.works.sqlite:
        with program.works.write():
            stopped(worker)
    else:
        stopped(worker)


def silent(program: Outside) -> int:
    """How many sessions hold the heartbeat and say nothing."""
    if program.works.sqlite:
        return 0
    with program.works.read() as work:
        return int(work.connection.execute(text(SILENT)).scalar_one())


def frozen_in_the_middle(program: Outside, office: Office, chats: list[str]) -> subprocess.Popen[bytes]:
    """The only worker stops while each of its senders waits for an answer; half of those never come."""
    worker, api = program.running[1], program.api
    calls = api.calls
    api.fail_next(EACH_SENDER // 2, drop=True, done=True)
    with api.holding():
        with heartbeats_wait(program) as waiting:
            said_in(program, office, chats)
            program.wait(lambda: api.calls == calls + EACH_SENDER, "each sender waits for an answer")
            freeze(program, worker, waiting)
        assert held(program, chats) == [(1, True)] * EACH_SENDER
    program.wait(lambda: silent(program) == (not program.works.sqlite), "PostgreSQL gave it the lock it waited for")
    return worker


def shortly_before(program: Outside) -> dt.datetime:
    """Wait until the leases are about to end; returns when the first one does."""
    with program.works.read() as work:
        ends: dt.datetime = work.run(ENDS).scalar()
    time.sleep((ends - program.works.clock()).total_seconds() - 1)
    return ends


@ways(("sqlite", PARTS), ("postgresql", PARTS))
def test_a_frozen_worker_is_succeeded_and_what_it_says_late_changes_nothing(
    program: Outside, parts: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    office, api = Office(started(program, *parts)), program.api
    office.agent.says("/投诉 华星科技 外壳有裂纹")
    program.drained()
    taken, later = ([f"oc_{name}_{number}" for number in range(EACH_SENDER)] for name in ("taken", "later"))
    frozen = frozen_in_the_middle(program, office, taken)
    program.join("worker")
    late = lateness(program, office, HANDLER, office.agent)
    program.wait(lambda: program.queued() == EACH_SENDER, "all that was not taken is sent")
    ends, calls = shortly_before(program), api.calls
    assert held(program, taken) == [(1, True)] * EACH_SENDER, "nobody took over before the lease ended"
    with api.holding():
        program.wait(lambda: api.calls == calls + EACH_SENDER, "the other worker took over")
        took = (program.works.clock() - ends).total_seconds()
        said_in(program, office, later)
        program.wait(lambda: not silent(program), "the server ended the silent session")
        assert held(program, later) == [(0, False)] * EACH_SENDER
        frozen.send_signal(signal.SIGCONT)
        # a sender marks its last message in the transaction that claims the next
        program.wait(lambda: api.calls == calls + 2 * EACH_SENDER, "each sender of the woken worker has the next")
        assert held(program, taken) == [(2, True)] * EACH_SENDER, "its late marks changed nothing"
        assert held(program, later) == [(1, True)] * EACH_SENDER
    program.drained()
    with capsys.disabled():
        print(f"\n{program.engine.dialect.name}: taken over {took:.2f} s after the lease, {HANDLER} +{late:.2f} s")
    settled(program, office, taken, later)


def settled(program: Outside, office: Office, taken: list[str], later: list[str]) -> None:
    """Everybody got everything once, and both workers are well."""
    got = Counter(message.chat_id for message in program.api.messages)
    assert {chat: got[chat] for chat in (*taken, *later)} == dict.fromkeys((*taken, *later), 1)
    assert len(office.alerts(office.agent)) == 2
    with program.works.read() as work:
        rows = work.connection.execute(ROWS).all()
    asked = {chat: program.api.asked[token] for chat, token, _, _ in rows}
    assert [asked[chat] for chat in (*taken, *later)] == [2] * EACH_SENDER + [1] * EACH_SENDER
    assert {state for _, _, state, _ in rows} <= {OutboxState.SENT, OutboxState.SUPERSEDED}
    assert all(lease is None for _, _, _, lease in rows)
    program.wait(lambda: fresh(program), "the heart beats")
    program.stop()


def fresh(program: Outside) -> bool:
    """Whether a scheduler has just left its sign of life."""
    with program.works.read() as work:
        age = health.look(work).scheduler
    return age is not None and age <= 6


# --- silent with a lock, on PostgreSQL ---

VALUE, RAISE = select(Number.value), update(Number).values(value=Number.value + 1)
QUICK = 0.5


#: what somebody does who was silent for too long.
GOES_ON: dict[str, Callable[[Work], object]] = {
    "looks": lambda work: work.run(VALUE),
    "looks with the ORM": lambda work: work.db.execute(VALUE),
    "looks with SQLAlchemy": lambda work: work.connection.execute(VALUE),
    "has done": lambda work: None,
}


@pytest.fixture
def quick(engine: Engine) -> None:
    """Who is silent is cut off after half a second."""

    def shorten(connection: object, _: object) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = '{QUICK}s'")  # type: ignore[attr-defined]
        connection.commit()  # type: ignore[attr-defined]

    event.listen(engine, "connect", shorten)


@ONLY["postgresql"]
def test_a_session_may_be_silent_for_as_long_as_a_lease(works: Works) -> None:
    with works.read() as reading, works.write() as writing:
        for work in (reading, writing):
            shown = work.connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar()
            assert shown == f"{LEASE:.0f}s"


@ONLY["postgresql"]
@pytest.mark.parametrize("go_on", GOES_ON.values(), ids=GOES_ON)
def test_who_is_silent_over_a_row_lets_others_go_on_and_does_his_work_again(
    quick: None, works: Works, go_on: Callable[[Work], object], caplog: pytest.LogCaptureFixture
) -> None:
    works.perform(lambda work: work.run(insert(Number), prefix="A", value=0))
    tries = Counter[str]()

    def work_slowly(work: Work) -> None:
        tries["slow"] += 1
        work.run(RAISE)
        if tries["slow"] == 1:
            works.perform(lambda other: other.run(RAISE))
        go_on(work)

    works.perform(work_slowly)
    with works.read() as work:
        assert work.run(VALUE).scalar() == 2
    assert tries["slow"] == 2
    assert [line.getMessage()[:26] for line in caplog.records] == ["unit of work repeated (1):"]


@ONLY["postgresql"]
def test_who_refuses_after_a_silence_changed_nothing(quick: None, works: Works) -> None:
    works.perform(lambda work: work.run(insert(Number), prefix="A", value=0))
    tries = Counter[str]()

    def refuse_slowly(work: Work) -> None:
        tries["slow"] += 1
        work.run(RAISE)
        if tries["slow"] == 1:
            time.sleep(2 * QUICK)
        raise Refused

    with pytest.raises(Refused):
        works.perform(refuse_slowly)
    works.perform(lambda work: work.run(RAISE))
    with works.read() as work:
        assert work.run(VALUE).scalar() == 1


@ONLY["postgresql"]
@pytest.mark.parametrize("go_on", GOES_ON.values(), ids=GOES_ON)
def test_who_is_silent_while_he_looks_finds_the_database_away_and_then_there_again(
    quick: None, works: Works, go_on: Callable[[Work], object]
) -> None:
    for _ in range(2):
        with pytest.raises(Repeat), works.read() as work:
            work.run(VALUE)
            time.sleep(1.5 * QUICK)
            go_on(work)
        with works.read() as work:
            assert work.run(VALUE).scalar() is None
