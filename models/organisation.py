"""An organisation as a platform shows it: its departments, its people, and how far we may look (P8). Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Unit:
    """A department by the platform's own key; `parent` is empty at the top.

    `name` and `leaders` are None where the platform does not say, which is not the same as empty.
    """

    key: str
    name: str | None
    parent: str = ""
    leaders: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the organisation; what the platform does not say is None, and never wipes what we know.

    `units` are the departments he is in, `primary` the first of them where there is such a thing. `left`: the platform
    says that he is no longer in it. `ready`: he has accepted to be in it.
    """

    account: str
    name: str | None = None
    mobile: str | None = None
    staff_no: str | None = None
    units: tuple[str, ...] = ()
    primary: str = ""
    left: bool = False
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Organisation:
    """What was read. `whole`: every page of everything in `scope`, which names what we may see.

    `deleted` are departments that are said not to exist any more, where only some were asked for.
    """

    units: Mapping[str, Unit]
    members: Mapping[str, Member]
    scope: frozenset[str] = frozenset()
    whole: bool = True
    deleted: frozenset[str] = field(default_factory=frozenset)
