"""What has to change so that we know an organisation as its platform does: a comparison, nothing else (P8). Pure.

Nobody is taken for gone because he is not seen once: the platform says that he left, or two whole readings in a row are
without him while what we may see did not become less. Where a run would take away many at once, it does nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from models.organisation import Member, Organisation, Unit

#: so many people at once are taken away without asking, and so large a part of all.
FEW, SHARE = 5, 0.1
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A department of ours that the platform has as well. `led`: whom the platform made us name to lead it."""

    id: int
    name: str
    parent: int | None = None
    led: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody active of ours. `missed` is None until the platform has shown him once, then counts without him."""

    id: int
    name: str
    mobile: str
    staff_no: str
    department: int
    missed: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """How we know the organisation: departments and people by the platform's keys, and who has no account there.

    `names` are all departments by name, `disabled` the accounts of people who may do nothing here, `proposed` those of
    joiners whom nobody decided about yet. `scope` is what we could see the last time, None before the first.
    """

    units: Mapping[str, KnownUnit] = field(default_factory=dict)
    names: Mapping[str, int] = field(default_factory=dict)
    members: Mapping[str, Person] = field(default_factory=dict)
    unbound: tuple[Person, ...] = ()
    disabled: frozenset[str] = frozenset()
    proposed: frozenset[str] = frozenset()
    dismissed: frozenset[str] = frozenset()
    scope: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A department to be made, or `adopted`: one of ours that bears its name already."""

    key: str
    name: str
    adopted: int | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be done, in this order; a unit's key `""` is the top. Departments come top down.

    `led` says for a department who leads it now, as far as the platform decides. `joiners` have their department.
    `missing` were not seen for the first time, `back` were seen, `hidden` are out of our sight: nothing is concluded.
    `too_many`: so many would have been taken away, so all else is left out.
    """

    new: tuple[NewUnit, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    deleted: tuple[str, ...] = ()
    bound: tuple[tuple[int, str], ...] = ()
    led: tuple[tuple[str, frozenset[int]], ...] = ()
    movers: tuple[tuple[int, str], ...] = ()
    named: tuple[tuple[int, str], ...] = ()
    numbered: tuple[tuple[int, str], ...] = ()
    joiners: tuple[tuple[Member, str], ...] = ()
    withdrawn: tuple[str, ...] = ()
    leavers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    too_many: int = 0


def plan(known: Known, seen: Organisation) -> Changes:
    """What the organisation, as it was seen, changes in what we know."""
    missing, hidden, gone = _absent(known, seen)
    said = {account for account, each in seen.members.items() if each.left}
    gone = sorted({*gone, *(said & known.members.keys())})
    if len(gone) > FEW and len(gone) > SHARE * len(known.members):
        return Changes(too_many=len(gone))
    here = {account: each for account, each in seen.members.items() if not each.left}
    bound = dict(_matches(known, here))
    people = {**known.members, **bound}
    units = _Units(known, seen)
    placed = {account: units.of(each, people.get(account)) for account, each in here.items()}
    return Changes(
        new=tuple(units.new),
        renamed=tuple(units.renamed),
        moved=tuple(units.moved()),
        deleted=tuple(units.deleted()),
        bound=tuple((person.id, account) for account, person in bound.items()),
        led=tuple(units.led(people, gone)),
        movers=tuple(_movers(people, placed, units)),
        named=tuple(_named(people, here)),
        numbered=tuple(_numbered(people, here)),
        joiners=tuple((each, placed[each.account]) for each in here.values() if _joins(each, known, people)),
        withdrawn=tuple(sorted(known.proposed & said)),
        leavers=tuple(gone),
        missing=tuple(missing),
        back=tuple(account for account in here if account in people and people[account].missed != 0),
        hidden=tuple(hidden),
    )


# --- people ---


def _absent(known: Known, seen: Organisation) -> tuple[list[str], list[str], list[str]]:
    """Who was there before and is not now: missing for the first time, out of sight, gone."""
    if not seen.whole:
        return [], [], []
    followed = {account: each for account, each in known.members.items() if each.missed is not None}
    absent = sorted(followed.keys() - seen.members.keys())
    if known.scope is not None and not known.scope <= seen.scope:
        return [], absent, []
    once = [account for account in absent if not followed[account].missed]
    return once, [], sorted({*absent} - {*once})


def _matches(known: Known, here: Mapping[str, Member]) -> Iterator[tuple[str, Person]]:
    """Accounts of people whom we know by their mobile, or by staff number and name, where that is nobody else's."""
    by_mobile = _unique({each: each.mobile for each in known.unbound})
    by_number = _unique({each: f"{each.staff_no}\0{each.name}" for each in known.unbound})
    strangers = [each for each in here.values() if each.account not in known.members.keys() | known.disabled]
    given = Counter(each.mobile for each in strangers)
    taken = set[int]()
    for each in strangers:
        mobile = each.mobile if given[each.mobile] == 1 else None
        found = by_mobile.get(mobile or "") or by_number.get(f"{each.staff_no}\0{each.name}")
        if found is not None and found.id not in taken:
            taken.add(found.id)
            yield each.account, found


def _unique(named: Mapping[Person, str]) -> dict[str, Person]:
    times = Counter(named.values())
    return {name: each for each, name in named.items() if times[name] == 1}


def _joins(each: Member, known: Known, people: Mapping[str, Person]) -> bool:
    decided = known.disabled | known.dismissed
    return each.ready and bool(each.name) and each.account not in people and each.account not in decided


def _movers(people: Mapping[str, Person], placed: Mapping[str, str], units: _Units) -> Iterator[tuple[int, str]]:
    for account, key in placed.items():
        if (person := people.get(account)) is not None and key and units.id_of(key) != person.department:
            yield person.id, key


def _named(people: Mapping[str, Person], here: Mapping[str, Member]) -> Iterator[tuple[int, str]]:
    for account, each in here.items():
        if (person := people.get(account)) is not None and each.name and each.name[:LONGEST_NAME] != person.name:
            yield person.id, each.name[:LONGEST_NAME]


def _numbered(people: Mapping[str, Person], here: Mapping[str, Member]) -> Iterator[tuple[int, str]]:
    for account, each in here.items():
        if (person := people.get(account)) is not None and each.mobile and each.mobile != person.mobile:
            yield person.id, each.mobile


# --- departments ---


class _Units:
    """The departments as they will be."""

    def __init__(self, known: Known, seen: Organisation) -> None:
        self._known, self._seen = known, seen
        self._keys = {unit.id: key for key, unit in known.units.items()}
        self._gone = frozenset(self.deleted())
        self._parents = {key: self._parent(unit) for key, unit in seen.units.items() if self._can_be(unit)}
        self._order = [*self._top_down()]
        self.new: list[NewUnit] = []
        self.renamed: list[tuple[str, str]] = []
        self._name()

    def _stands(self, key: str) -> bool:
        """Whether it is a department of ours that is not gone."""
        return key in self._known.units and key not in self._gone

    def _can_be(self, unit: Unit) -> bool:
        return bool(unit.name) or unit.key in self._known.units

    def _parent(self, unit: Unit) -> str:
        """Its parent's key where we know or may make it; the top where it is cut off."""
        there = self._seen.units.get(unit.parent)
        return unit.parent if self._stands(unit.parent) or (there is not None and self._can_be(there)) else ""

    def _top_down(self) -> Iterator[str]:
        """Every department after its parent; those that go round in a circle are hung to the top."""
        for key in self._parents:
            if self._circles(key):
                self._parents[key] = ""
        depth = {key: sum(1 for _ in self._upwards(key)) for key in self._parents}
        yield from sorted(self._parents, key=lambda key: depth[key])

    def _circles(self, key: str) -> bool:
        return key in [*self._upwards(key)][1:]

    def _upwards(self, key: str) -> Iterator[str]:
        """The department and those over it, as they will be; those not read stand where they are."""
        steps = 0
        while key and steps <= len(self._parents) + len(self._known.units):
            yield key
            steps += 1
            unit = self._known.units.get(key)
            above = self._keys.get(unit.parent or 0, "") if unit is not None else ""
            key = self._parents.get(key, above)

    def _name(self) -> None:
        """Names are unique here and need not be there: the second of a name is told by its path."""
        names = dict(self._known.names)
        linked = {unit.id for unit in self._known.units.values()}
        for key in self._order:
            unit = self._known.units.get(key)
            wanted = self._wanted(key)
            if unit is None:
                self._make(key, wanted, names, linked)
            elif wanted and unit.name not in wanted:
                name = next((each for each in wanted if each not in names), unit.name)
                names[name] = names.pop(unit.name)
                self.renamed += [(key, name)] if name != unit.name else []

    def _make(self, key: str, wanted: list[str], names: dict[str, int], linked: set[int]) -> None:
        """The first name that is free, or borne by a department of ours that is not theirs yet: then it is that one."""
        name = next(each for each in wanted if each not in names or (names[each] not in linked and names[each] > 0))
        adopted = names.get(name)
        names.setdefault(name, -1 - len(self.new))
        linked |= {adopted} if adopted else set()
        self.new.append(NewUnit(key, name, adopted))

    def _wanted(self, key: str) -> list[str]:
        """What it may be called, the best name first; the last one is nobody else's."""
        name = self._seen.units[key].name
        if not name:
            return []
        parent = self._parents[key]
        over = self._seen.units.get(parent)
        above = (over.name if over else None) or (self._known.units[parent].name if parent in self._known.units else "")
        path = f"{above}/{name}" if above else name
        return [name[:LONGEST_NAME], path[-LONGEST_NAME:], f"{name[: LONGEST_NAME - 26]}（{key[-24:]}）"]

    def id_of(self, key: str) -> int | None:
        """Which department of ours it is; None for one that is to be made."""
        if (unit := self._known.units.get(key)) is not None:
            return unit.id
        return next((each.adopted for each in self.new if each.key == key), None)

    def of(self, member: Member, person: Person | None) -> str:
        """The department he belongs to: his primary one, else where he is already, else the first."""
        there = [key for key in member.units if key in self._parents or self._stands(key)]
        if member.primary in there:
            return member.primary
        stays = next((key for key in there if person is not None and self.id_of(key) == person.department), "")
        return stays or next(iter(there), "")

    def moved(self) -> Iterator[tuple[str, str]]:
        """What hangs elsewhere now. What lies over the top of the platform's tree is ours, and stays."""
        for key in self._order:
            unit, parent = self._known.units.get(key), self._parents[key]
            if unit is None:
                if parent:
                    yield key, parent
            elif parent and (self.id_of(parent) is None or self.id_of(parent) != unit.parent):
                yield key, parent
            elif not parent and unit.parent in self._keys:
                yield key, ""

    def deleted(self) -> Iterator[str]:
        """What does not exist any more: that is said, or what it hung under was read and it is not there.

        What hung at the top may as well be out of our sight.
        """
        said = self._seen.deleted & self._known.units.keys()
        absent = self._known.units.keys() - self._seen.units.keys() if self._seen.whole else frozenset[str]()
        yield from sorted(said | {key for key in absent if self._was_below_seen(key)})

    def _was_below_seen(self, key: str) -> bool:
        """Whether the first of those over it that is there was read."""
        above = [*self._upwards_before(key)][1:]
        return any(each in self._seen.units for each in above)

    def _upwards_before(self, key: str) -> Iterator[str]:
        while key:
            yield key
            key = self._keys.get(self._known.units[key].parent or 0, "")

    def led(self, people: Mapping[str, Person], gone: list[str]) -> Iterator[tuple[str, frozenset[int]]]:
        """Who leads each, where that changes; a leader whom we do not know yet is named when he is bound."""
        for key in self._order:
            leaders = self._seen.units[key].leaders
            if leaders is None:
                continue
            now = frozenset(people[each].id for each in leaders if each in people and each not in gone)
            unit = self._known.units.get(key)
            if now != (unit.led if unit else frozenset()):
                yield key, now
