"""The contacts of a company, as both platforms' stand-ins show them: departments, people, and what an app may see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Department:
    """`parent` is empty at the top."""

    key: str
    name: str
    parent: str = ""
    leaders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Staff:
    """Somebody; his first department is his primary one."""

    account: str
    name: str
    mobile: str
    departments: tuple[str, ...]
    staff_no: str = ""
    resigned: bool = False


@dataclass
class Directory:
    """With `visible` an app sees only these departments, what is below them, and who is in there; None: everybody.

    `page` makes pages smaller than an app asks for; `withheld` are members of answers that it has no permission for.
    """

    departments: dict[str, Department] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    visible: tuple[str, ...] | None = None
    page: int = 100
    withheld: frozenset[str] = frozenset()

    # --- what happens in the company ---

    def department(self, key: str, name: str, parent: str = "", *leaders: str) -> None:
        self.departments[key] = Department(key, name, parent, leaders)

    def hire(self, account: str, name: str, mobile: str, *departments: str, staff_no: str = "") -> None:
        self.staff[account] = Staff(account, name, mobile, departments, staff_no)

    def change(self, account: str, **what: Any) -> None:
        self.staff[account] = replace(self.staff[account], **what)

    def rearrange(self, key: str, **what: Any) -> None:
        self.departments[key] = replace(self.departments[key], **what)

    # --- what an app sees ---

    @property
    def tops(self) -> list[str]:
        """The departments an app was given, or the first ones."""
        return list(self.below("")) if self.visible is None else list(self.visible)

    def below(self, key: str) -> Iterator[str]:
        return (each.key for each in self.departments.values() if each.parent == key)

    def subtree(self, key: str) -> Iterator[str]:
        """All that is below, without itself."""
        for child in self.below(key):
            yield child
            yield from self.subtree(child)

    def in_range(self, key: str) -> bool:
        return any(key == top or key in self.subtree(top) for top in self.tops)

    def of(self, key: str) -> list[Staff]:
        """Who is directly in a department; with an empty one, who is in none."""
        return [each for each in self.staff.values() if (key in each.departments if key else not each.departments)]

    def sees(self, who: Staff) -> bool:
        return self.visible is None or any(self.in_range(each) for each in who.departments)

    def permitted(self, said: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in said.items() if name not in self.withheld}
