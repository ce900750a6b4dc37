"""Feishu's organisation: departments from what we may see downwards, and the people directly in each (P8).

What a permission is missing for is absent from an answer, which says nothing of the person or department.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import quote, urlencode

from bot import contacts
from bot.contacts import Pause, key, keys, objects, patient, true, word
from bot.platform import Json, SendError
from models.organisation import Member, Organisation, Unit

CONTACT = "/open-apis/contact/v3"
IDS = {"user_id_type": "open_id", "department_id_type": "open_department_id"}
#: the company itself, which is no department of it.
ROOT = "0"
MOST, MOST_IN_SCOPE = 50, 100
TOO_LARGE, NO_SUCH, OUT_OF_RANGE = "43010", "40015", ("40004", "41050")
MAIN, DEPUTY = 1, 2


class FeishuContacts:
    """`get` asks for a call and its path, and gives the `data` of the answer; `pause` waits so many seconds."""

    def __init__(self, get: Callable[[str, str], Json], pause: Pause = time.sleep) -> None:
        self._ask, self._pause = get, pause

    def whole(self) -> Organisation:
        """Raises SendError. A range of everybody names the first departments and who is in none, like any other."""
        units, people = self._scope()
        tree = {unit.key: unit for unit in self._tree(units)}
        found = [_member(each, unit) for unit in tree for each in self._people_of(unit)]
        found += [_member(each) for each in self._batch("users", "user_ids", people)]
        scope = frozenset((*(f"unit:{each}" for each in units), *(f"member:{each}" for each in people)))
        return Organisation(tree, contacts.together(each for each in found if each), scope)

    def some(self, units: Iterable[str], members: Iterable[str]) -> Organisation:
        """Raises SendError."""
        tree, deleted = dict[str, Unit](), set[str]()
        for asked in units:
            try:
                got = self._get(f"/departments/{quote(asked, safe='')}").get("department")
                tree |= {unit.key: unit for each in objects(got) if (unit := _unit(each))}
            except SendError as no:
                if no.code not in (NO_SUCH, *OUT_OF_RANGE):
                    raise
                deleted |= {asked} if no.code == NO_SUCH else set()
        found = (_member(each) for each in self._visible([*members]))
        people = contacts.together(each for each in found if each)
        return Organisation(tree, people, whole=False, deleted=frozenset(deleted))

    def _visible(self, accounts: Sequence[str]) -> Iterator[Json]:
        """One who is out of our range refuses the whole batch, so they are asked for one by one."""
        for account in accounts:
            try:
                yield from self._batch("users", "user_ids", [account])
            except SendError as no:
                if no.code not in ("41012", *OUT_OF_RANGE):
                    raise

    def _scope(self) -> tuple[list[str], list[str]]:
        units, people = list[str](), list[str]()
        for page in self._pages("/scopes", MOST_IN_SCOPE):
            units += keys(page.get("department_ids"))
            people += keys(page.get("user_ids"))
        return [*dict.fromkeys(units)], [*dict.fromkeys(people)]

    # --- departments ---

    def _tree(self, tops: Sequence[str]) -> Iterator[Unit]:
        """These and all that is below them."""
        first = [*self._batch("departments", "department_ids", tops)]
        below = (each for top in tops for each in self._below(top))
        for each in (*first, *below):
            if unit := _unit(each):
                yield unit

    def _below(self, top: str) -> Iterator[Json]:
        try:
            yield from [*self._children(top, whole=True)]
        except SendError as no:
            if no.code != TOO_LARGE:
                raise
            for child in self._children(top, whole=False):
                yield child
                if below := key(child.get("open_department_id")):
                    yield from self._below(below)

    def _children(self, of: str, *, whole: bool) -> Iterator[Json]:
        for page in self._pages(f"/departments/{quote(of, safe='')}/children", MOST, fetch_child=str(whole).lower()):
            yield from objects(page.get("items"))

    # --- people ---

    def _people_of(self, unit: str) -> Iterator[Json]:
        for page in self._pages("/users/find_by_department", MOST, department_id=unit):
            yield from objects(page.get("items"))

    # --- calls ---

    def _batch(self, what: str, name: str, asked: Sequence[str]) -> Iterator[Json]:
        for first in range(0, len(asked), MOST):
            some = ((name, each) for each in asked[first : first + MOST])
            yield from objects(self._get(f"/{what}/batch", *some).get("items"))

    def _pages(self, path: str, size: int, **asked: str) -> Iterator[Json]:
        token = ""
        while True:
            more = (("page_token", token),) if token else ()
            page = self._get(path, ("page_size", str(size)), *asked.items(), *more)
            yield page
            token = page.get("page_token") or ""
            if not page.get("has_more"):
                return
            if not token:
                raise SendError("feishu contacts: more without a page token", "never")

    def _get(self, path: str, *asked: tuple[str, str]) -> Json:
        query = urlencode([*IDS.items(), *asked])
        return patient(lambda: self._ask("contacts", f"{CONTACT}{path}?{query}"), self._pause)


def _unit(said: Json) -> Unit | None:
    """A department; one that is deleted is none."""
    found, status = key(said.get("open_department_id")), next(iter(objects(said.get("status"))), {})
    if found is None or true(status.get("is_deleted")):
        return None
    parent = key(said.get("parent_department_id")) or ROOT
    return Unit(found, word(said.get("name")), "" if parent == ROOT else parent, _leaders(said))


def _leaders(said: Json) -> tuple[str, ...] | None:
    """The head; where there is none, the deputies. Documents and code differ in how the members are written."""
    if "leaders" not in said and "leader_user_id" not in said:
        return None
    by_type = dict[int, list[str]]()
    for each in objects(said.get("leaders")):
        kind, who = each.get("leaderType", each.get("leader_type")), key(each.get("leaderID", each.get("leader_id")))
        by_type.setdefault(int(word(kind) or MAIN), []).extend([who] if who else [])
    head = keys(said.get("leader_user_id")) or tuple(by_type.get(MAIN, ()))
    return head or tuple(by_type.get(DEPUTY, ()))


def _member(said: Json, there: str = "") -> Member | None:
    """A person, found in a department `there`."""
    account = key(said.get("open_id"))
    if account is None:
        return None
    status: Json = next(iter(objects(said.get("status"))), {})
    orders = objects(said.get("orders"))
    units = (*keys(said.get("department_ids")), *((there,) if there else ()))
    return Member(
        account,
        word(said.get("name")),
        contacts.mobile(said.get("mobile")),
        word(said.get("employee_no")),
        tuple(dict.fromkeys(each for each in units if each != ROOT)),
        next(
            (unit for each in orders if true(each.get("is_primary_dept")) for unit in keys(each.get("department_id"))),
            "",
        ),
        left=any(true(status.get(name)) for name in ("is_resigned", "is_exited")),
        ready=not any(true(status.get(name)) for name in ("is_unjoin", "is_frozen")),
    )
