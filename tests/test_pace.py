"""A platform's pace: never over a limit, first what is urgent, and one call at a time while it is away."""

from __future__ import annotations

import json
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.pace import (
    FAILURES,
    LONGEST_PAUSE,
    LONGEST_REST,
    RECOVERS,
    REST,
    SLOTS,
    TOGETHER,
    TRIAL,
    Call,
    Limit,
    Pace,
)

FEISHU = (Limit(1000, 60), Limit(50, 1), Limit(5, 1, "recipient"))
START = 1_800_000_000.0
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.001, 0.004, 0.02, 0.3, 1.0, 7.0]),
        st.sampled_from("甲乙丙"),
        st.booleans(),
        st.booleans(),
        st.integers(1, 30),
    ),
    max_size=60,
)


def called(pace: Pace, call: Call, limits: tuple[Limit, ...], now: float) -> bool:
    """Whether a call may be made now; if so it is counted, as a sender does."""
    if pace.shared(call, limits, now) or pace.own(call, limits, now):
        return False
    pace.count(call, limits, now)
    return True


def through_the_row(pace: Pace, now: float) -> Pace:
    """The state as the next sender reads it."""
    return Pace(**json.loads(json.dumps(pace.kept(now))))


def most_in(seconds: float, moments: list[float]) -> int:
    """The most moments within any stretch of so many seconds, its end left out."""
    most, held = 0, deque[float]()
    for moment in moments:
        held.append(moment)
        while held[0] <= moment - seconds:
            held.popleft()
        most = max(most, len(held))
    return most


@given(STEPS)
def test_no_stretch_of_time_ever_holds_more_than_its_limit(steps: list[tuple[float, str, bool, bool, int]]) -> None:
    limits = (Limit(40, 6), Limit(12, 1), Limit(3, 1, "recipient"), Limit(5, 6, "group"))
    pace, now, made = Pace(), START, dict[str, list[float]]()
    for pause, to, urgent, group, times in steps:
        now += pause
        pace = through_the_row(pace, now)
        for _ in range(times):
            if called(pace, Call("send", to, urgent, group), limits, now):
                for key in ("all", to, *([f"group {to}"] if group else [])):
                    made.setdefault(key, []).append(now)
    for key, moments in made.items():
        if key == "all":
            assert most_in(6, moments) <= 40 and most_in(1, moments) <= 12
        elif key.startswith("group"):
            assert most_in(6, moments) <= 5
        else:
            assert most_in(1, moments) <= 3


def test_without_hurry_the_limit_is_used_evenly_and_nearly_whole() -> None:
    pace, made = Pace(), list[float]()
    for tick in range(20 * 180):
        now = START + tick / 20
        while called(pace, Call("send", f"{len(made)}", urgent=False), FEISHU, now):
            made.append(now)
    assert 0.97 * 3000 <= len(made) <= 3000
    assert most_in(1, made) <= 22, "a thousand in a minute are about seventeen a second"


def test_who_waits_for_an_answer_gets_it_while_digests_go_out() -> None:
    pace, digests, answers = Pace(), 0, 0
    for tick in range(20 * 240):
        now = START + tick / 20
        digests += called(pace, Call("send", f"d{digests}", urgent=False), FEISHU, now)
        if tick % 4 == 0:  # five a second, from the second minute on
            answers += tick > 20 * 60 and called(pace, Call("send", f"a{answers}", urgent=True), FEISHU, now)
    asked = 20 * 180 / 4 - 1
    assert answers == pytest.approx(asked, rel=0.01), "no answer waited longer than its next try"
    assert digests > 1000, "and digests go on"


def test_one_recipient_waits_alone_and_is_told_how_long() -> None:
    pace, limits = Pace(), FEISHU
    assert [called(pace, Call("send", "甲", urgent=True), limits, START) for _ in range(6)] == [True] * 5 + [False]
    wait = pace.own(Call("send", "甲", urgent=True), limits, START)
    assert 1 <= wait <= 1 + 2 / SLOTS and called(pace, Call("send", "乙", urgent=True), limits, START)
    assert called(pace, Call("send", "甲", urgent=True), limits, START + wait)
    pace.learn("crowded", START, to="丙", after=7)
    assert pace.own(Call("send", "丙", urgent=True), limits, START + 6) == 1
    assert pace.room(START, 8) == (8, 0.0), "nobody else is concerned"


def test_a_group_has_a_limit_of_its_own_and_people_do_not_share_it() -> None:
    limits = (Limit(2, 60, "group"),)
    for to, group, taken in (("群", True, 2), ("另一个群", True, 2), ("甲", False, 5)):
        pace = Pace()
        made = [called(pace, Call("send", to, urgent=True, group=group), limits, START) for _ in range(5)]
        assert made == [True] * taken + [False] * (5 - taken), to


def test_what_is_urgent_does_not_wait_for_its_turn() -> None:
    pace = Pace()
    while called(pace, Call("send", "甲", urgent=False), FEISHU[:2], START):
        pass
    assert pace.shared(Call("send", "甲", urgent=False), FEISHU[:2], START) > 0
    assert pace.shared(Call("send", "甲", urgent=True), FEISHU[:2], START) == 0


def test_kinds_of_calls_are_counted_apart() -> None:
    pace, limits = Pace(), (Limit(2, 1),)
    for kind in ("send", "update"):
        assert [called(pace, Call(kind, "甲", urgent=True), limits, START) for _ in range(3)] == [True, True, False]


def test_too_many_calls_stop_everything_for_as_long_as_was_asked_and_halve_the_pace_for_a_while() -> None:
    pace = Pace()
    pace.learn("limited", START, after=9)
    assert pace.room(START + 8, 8) == (0, 1.0) and pace.room(START + 9, 8) == (8, 0.0)
    for seconds, share in ((0, 0.5), (RECOVERS / 2, 0.5**0.5), (RECOVERS, 1.0), (10 * RECOVERS, 1.0)):
        assert pace.speed(START + seconds) == pytest.approx(share)
    pace.learn("limited", START + TOGETHER / 2)
    assert pace.speed(START + TOGETHER / 2) == pytest.approx(0.5, rel=0.02), (
        "what was under way together is one refusal"
    )
    assert pace.room(START + TOGETHER, 8) == (0, 9.0 - TOGETHER), "a shorter pause ends no longer one"
    patient = Pace()
    patient.learn("limited", START, after=86400)
    assert patient.room(START, 8) == (0, LONGEST_PAUSE), "no platform means a whole day"
    now = START
    for _ in range(20):
        now += TOGETHER
        pace.learn("limited", now)
    assert 1 / 16 <= pace.speed(now) < 1 / 15
    now += 1
    made = sum(called(pace, Call("send", f"{n}", urgent=True), (Limit(160, 1),), now) for n in range(50))
    assert made == int(160 * pace.speed(now))


def test_a_platform_that_is_away_is_tried_by_one_call_at_a_time_until_it_answers() -> None:
    pace, now, call = Pace(), START, Call("send", "甲", urgent=True)
    for _ in range(FAILURES - 1):
        assert not pace.learn("away", now)
        assert pace.room(now, 8) == (8, 0.0)
    for rest in (REST, 2 * REST, 4 * REST, 8 * REST, LONGEST_REST, LONGEST_REST):
        pace.learn("away", now)
        assert pace.broken and pace.room(now, 8) == (0, rest)
        pace.learn("away", now)
        assert pace.room(now, 8) == (0, rest), "stragglers make it no longer"
        now += rest
        assert pace.room(now, 8) == (1, 0.0)
        pace.count(call, (), now)
        pace = through_the_row(pace, now)
        assert pace.room(now, 8) == (0, TRIAL), "while one tries it"
    assert pace.room(now + TRIAL, 8) == (1, 0.0), "whoever tried it died"
    assert pace.learn("sent", now) and pace.room(now, 8) == (8, 0.0)
    assert not pace.learn("sent", now), "it is news only once"


@pytest.mark.parametrize("outcome", ["refused", "limited", "crowded"])
def test_a_platform_that_says_no_is_there(outcome: str) -> None:
    pace = Pace(failures=FAILURES)
    assert pace.learn(outcome, START) and not pace.broken  # type: ignore[arg-type]


def test_the_last_tenth_of_a_month_is_kept_for_what_is_urgent() -> None:
    pace = Pace()
    pace.spend("2026-11", 4499)
    assert not pace.tight("2026-11", 5000)
    pace.spend("2026-11", 1)
    assert pace.tight("2026-11", 5000) and not pace.tight("2026-11", 0), "nobody counts where there is no quota"
    assert not pace.tight("2026-12", 5000) and pace.spent("2026-12") == 0
    pace.spend("2026-12", 3)
    assert pace.spent("2026-12") == 3 and pace.spent("2026-11") == 0


def test_the_state_of_a_busy_minute_is_small_and_of_a_quiet_one_empty() -> None:
    pace = Pace()
    for tick in range(60 * 20):
        called(pace, Call("send", f"{tick}", urgent=tick % 3 == 0), FEISHU, START + tick / 20)
    assert len(json.dumps(pace.kept(START + 60))) < 6000
    assert pace.kept(START + 200)["windows"] == {}
