"""Records for tests, made by the program's own operations, with sane words where a test does not care."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from models.crm import departments, entries, people, reviews
from models.crm.access import CustomerRef, customer_by_id
from models.crm.people import Hire, Me
from models.tables import Customer, Review, Role
from models.work import Works

WORDS = {
    "客户性质": "企业",
    "所属行业": "制造业-电子设备",
    "客户来源": "展会推广",
    "联系人姓名": "李雷",
    "手机": "13912345678",
}


def at_feishu(number: int, name: str) -> str:
    return f"ou_{number:032x}"


class Make:
    """One maker a test; numbers never repeat. People have an account at one platform, Feishu if none is named."""

    def __init__(self, works: Works, platform: str = "feishu", account: Callable[[int, str], str] = at_feishu) -> None:
        self._works, self._platform, self._account = works, platform, account
        self._numbers = itertools.count(1)
        self.people: dict[str, str] = {}

    def department(self, name: str, parent: str | None = None) -> None:
        self._works.perform(lambda work: departments.set_department(work, name, parent))

    def user(self, name: str, department: str, *roles: str) -> str:
        """A bound person; returns the account."""
        number = next(self._numbers)
        account = self._account(number, name)
        bound = ((self._platform, account),)
        hire = Hire(f"S{number:04}", name, department, tuple(map(Role, roles)), f"1380013{number:04}", bound)
        self._works.perform(lambda work: people.add_user(work, hire))
        self.people[name] = account
        return account

    def me(self, name: str) -> Me:
        with self._works.read() as work:
            found = people.by_account(work, self._platform, self.people[name])
        assert found
        return found

    def entry(self, owner: str, name: str, **words: str) -> int:
        """An entry that waits for review."""
        me = self.me(owner)
        said = WORDS | {"客户全称": name} | words
        return self._works.perform(lambda work: entries.submit(work, me, said).id)

    def customer(self, owner: str, name: str, decider: str = "林总", **words: str) -> CustomerRef:
        """An archived customer."""
        entry = self.entry(owner, name, **words)
        boss = self.me(decider)
        me = self.me(owner)

        def approve(work: object) -> CustomerRef:
            review = work.db.query(Review).filter_by(customer_id=entry).one()  # type: ignore[attr-defined]
            reviews.approve(work, boss, review)  # type: ignore[arg-type]
            work.db.flush()  # type: ignore[attr-defined]
            return customer_by_id(work, me, entry)  # type: ignore[arg-type]

        return self._works.perform(approve)


__all__ = ["Customer", "Make"]
