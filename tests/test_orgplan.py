"""The comparison of an organisation: done once it is done, names are unique, and nobody is taken for gone lightly."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from models.crm.orgplan import FEW, SHARE, Changes, Known, KnownUnit, Person, plan
from models.organisation import Member, Organisation, Unit

KEYS = [f"k{number}" for number in range(7)]
ACCOUNTS = [f"a{number}" for number in range(12)]
NAMES = st.sampled_from(["销售部", "总部", "华东区", "客服部"])
units = st.builds(
    Unit,
    st.sampled_from(KEYS),
    st.none() | NAMES,
    st.sampled_from(["", "unseen", *KEYS]),
    st.none() | st.lists(st.sampled_from(ACCOUNTS), unique=True, max_size=2).map(tuple),
)
members = st.builds(
    Member,
    st.sampled_from(ACCOUNTS),
    st.none() | st.sampled_from(["王敏", "陈晨"]),
    st.none() | st.sampled_from(["13800138000", "13900139000"]),
    units=st.lists(st.sampled_from(KEYS), unique=True, max_size=3).map(tuple),
    primary=st.sampled_from(["", *KEYS]),
    left=st.booleans(),
)
organisations = st.builds(
    Organisation,
    st.lists(units, max_size=9).map(lambda found: {each.key: each for each in found}),
    st.lists(members, max_size=14).map(lambda found: {each.account: each for each in found}),
    st.frozensets(st.sampled_from(["unit:1", "unit:2"])),
)
people = st.builds(
    Person,
    st.just(0),
    st.sampled_from(["王敏", "陈晨"]),
    st.sampled_from(["13800138000", "13700137000"]),
    st.just(""),
    st.sampled_from([1, 2]),
    st.none() | st.sampled_from([0, 1]),
)
knowns = st.builds(
    Known,
    st.just({}),
    st.just({"总部": 1, "别的": 2}),
    st.dictionaries(st.sampled_from(ACCOUNTS), people).map(
        lambda found: {account: replace(each, id=number) for number, (account, each) in enumerate(found.items(), 1)}
    ),
    scope=st.none() | st.frozensets(st.sampled_from(["unit:1", "unit:2"])),
)


def done(known: Known, seen: Organisation, changes: Changes) -> Known:
    """How we know the organisation after these changes: what `orgsync` does, without a database."""
    if changes.too_many:
        return known
    first = max([100, *known.names.values()]) + 1
    ids = {each.key: each.adopted or first + number for number, each in enumerate(changes.new)}
    all_units = dict(known.units) | {each.key: KnownUnit(ids[each.key], each.name) for each in changes.new}
    for key, name in changes.renamed:
        all_units[key] = replace(all_units[key], name=name)
    for key, parent in changes.moved:
        all_units[key] = replace(all_units[key], parent=all_units[parent].id if parent else None)
    for key, leaders in changes.led:
        all_units[key] = replace(all_units[key], led=leaders)
    for key in changes.deleted:
        gone = all_units.pop(key)
        all_units = {
            each: replace(unit, parent=gone.parent) if unit.parent == gone.id else unit
            for each, unit in all_units.items()
        }
    ours = {each.id for each in all_units.values()}
    kept = {each.name: each.id for key, each in known.units.items() if key in changes.deleted}
    strangers = {name: each for name, each in known.names.items() if each not in ours} | kept
    stay = {account: each for account, each in known.members.items() if account not in changes.leavers}
    return Known(
        all_units,
        strangers | {each.name: each.id for each in all_units.values()},
        {account: _person(account, each, changes, all_units) for account, each in stay.items()},
        scope=seen.scope,
        proposed=frozenset(each.account for each, _ in changes.joiners),
    )


def _person(account: str, each: Person, changes: Changes, all_units: dict[str, KnownUnit]) -> Person:
    moved, named, numbered = dict(changes.movers), dict(changes.named), dict(changes.numbered)
    missed = each.missed
    if account in changes.back:
        missed = 0
    elif account in changes.hidden:
        missed = None
    elif account in changes.missing:
        missed = (missed or 0) + 1
    where = all_units[moved[each.id]].id if each.id in moved else each.department
    name, mobile = named.get(each.id, each.name), numbered.get(each.id, each.mobile)
    return replace(each, name=name, mobile=mobile, department=where, missed=missed)


def round_(known: Known, seen: Organisation) -> tuple[Changes, Known]:
    changes = plan(known, seen)
    return changes, done(known, seen, changes)


@settings(max_examples=60)
@given(knowns, st.lists(organisations, min_size=1, max_size=3))
def test_what_was_done_is_not_done_again(known: Known, times: list[Organisation]) -> None:
    for seen in times:
        changes, known = round_(known, seen)
    if changes.too_many:
        return
    again = plan(known, seen)
    quiet = replace(again, joiners=(), leavers=(), missing=(), withdrawn=(), too_many=0, led=())
    gone = {known.members[account].id for account in again.leavers}
    assert quiet == Changes() or again.too_many, again
    assert all(known.units[key].led - leaders <= gone for key, leaders in again.led)


@settings(max_examples=60)
@given(knowns, st.lists(organisations, min_size=1, max_size=3))
def test_departments_make_a_tree_and_no_two_have_a_name(known: Known, times: list[Organisation]) -> None:
    for seen in times:
        _, known = round_(known, seen)
        by_id = {each.id: each for each in known.units.values()}
        assert len(by_id) == len({each.name for each in by_id.values()}) == len(known.units)
        assert all(0 < len(each.name) <= 64 for each in by_id.values())
        for unit in by_id.values():
            steps, here = 0, unit
            while here.parent in by_id:
                here, steps = by_id[here.parent], steps + 1
                assert steps <= len(by_id), "round in a circle"


@settings(max_examples=60)
@given(knowns, st.lists(organisations, min_size=1, max_size=4))
def test_nobody_is_gone_but_by_word_or_by_two_whole_readings(known: Known, times: list[Organisation]) -> None:
    absent = dict[str, int]()
    for account, each in known.members.items():
        absent[account] = each.missed or 0
    for seen in times:
        changes = plan(known, seen)
        less = known.scope is not None and not known.scope <= seen.scope
        for account in changes.leavers:
            said = account in seen.members and seen.members[account].left
            assert said or (absent[account] >= 1 and not less and account not in seen.members)
        assert len(changes.leavers) <= max(FEW, SHARE * len(known.members))
        if not changes.too_many:
            absent = {each: 0 if each in seen.members or less else absent[each] + 1 for each in known.members}
        known = done(known, seen, changes)


@settings(max_examples=60)
@given(knowns, organisations)
def test_what_is_not_said_changes_nothing(known: Known, seen: Organisation) -> None:
    silent = {account: Member(account) for account in seen.members}
    nameless = {key: replace(each, name=None, leaders=None) for key, each in seen.units.items()}
    changes = plan(known, replace(seen, members=silent, units=nameless))
    assert not (changes.named or changes.numbered or changes.movers or changes.joiners or changes.led or changes.new)


def test_a_part_that_is_read_says_nothing_of_the_rest() -> None:
    two = {"k1": KnownUnit(1, "总部"), "k2": KnownUnit(2, "分部", parent=1)}
    him = Person(1, "王敏", "", "", 1, missed=1)
    known = Known(two, {"总部": 1, "分部": 2}, {"a1": him}, scope=frozenset())
    top = {"k1": Unit("k1", "总部")}
    assert plan(known, Organisation({}, {}, whole=False)) == Changes()
    assert plan(known, Organisation(top, {}, whole=False)) == Changes()
    assert plan(known, Organisation({}, {})) == Changes(leavers=("a1",)), "the top may be out of our sight"
    assert plan(known, Organisation(top, {})) == Changes(deleted=("k2",), leavers=("a1",))
    assert plan(known, Organisation({}, {}, whole=False, deleted=frozenset({"k1"}))) == Changes(deleted=("k1",))
