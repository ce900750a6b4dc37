"""DingTalk's organisation: departments level by level, and the people directly in each (P8).

The documents' samples have numbers and booleans as words and lists as single objects, so both are read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bot import contacts
from bot.contacts import Pause, key, keys, objects, patient, true, word
from bot.platform import Json, SendError
from models.organisation import Member, Organisation, Unit

#: the company itself, which is no department of it.
ROOT = "1"
PAGE = 100
NO_SUCH_UNIT, OUT_OF_RANGE = "60003", "50004"
NO_SUCH_PERSON = {"60121", "33012"}
#: asks for a call, its path and body, and how, and gives the answer.
Ask = Callable[[str, str, Json, str], Json]


class DingTalkContacts:
    """`ask` makes a call of the old API; `pause` waits so many seconds."""

    def __init__(self, ask: Ask, pause: Pause = time.sleep) -> None:
        self._ask, self._pause = ask, pause

    def whole(self) -> Organisation:
        """Raises SendError."""
        allowed = self._call("/auth/scopes", {}, "GET").get("auth_org_scopes")
        scopes: Json = allowed if isinstance(allowed, dict) else {}
        tops, people = keys(scopes.get("authed_dept")), keys(scopes.get("authed_user"))
        walked = [*dict.fromkeys(each for top in tops for each in self._down(top))]
        tree = {each: unit for each in walked if each != ROOT and (unit := self._unit(each))}
        found = [_member(each, unit) for unit in walked for each in self._people_of(unit)]
        found += [_member(each) for account in people for each in self._person(account)]
        scope = frozenset((*(f"unit:{each}" for each in tops), *(f"member:{each}" for each in people)))
        return Organisation(tree, contacts.together(each for each in found if each), scope)

    def some(self, units: Iterable[str], members: Iterable[str]) -> Organisation:
        """Raises SendError."""
        tree, deleted = dict[str, Unit](), set[str]()
        for asked in units:
            try:
                tree |= {asked: unit} if (unit := self._unit(asked)) and asked != ROOT else {}
            except SendError as no:
                if no.code not in (NO_SUCH_UNIT, OUT_OF_RANGE):
                    raise
                deleted |= {asked} if no.code == NO_SUCH_UNIT else set()
        found = (_member(each) for account in members for each in self._person(account))
        people = contacts.together(each for each in found if each)
        return Organisation(tree, people, whole=False, deleted=frozenset(deleted))

    def _down(self, top: str) -> Iterator[str]:
        """A department and all that are below it; one call says a level."""
        waiting, known = [top], set[str]()
        while waiting:
            here = waiting.pop(0)
            if here in known:
                continue
            known.add(here)
            yield here
            below = self._call("/topapi/v2/department/listsub", {"dept_id": int(here)}).get("result")
            waiting += [found for each in objects(below) if (found := key(each.get("dept_id")))]

    def _unit(self, asked: str) -> Unit | None:
        said = self._call("/topapi/v2/department/get", {"dept_id": int(asked)}).get("result")
        if not isinstance(said, dict):
            return None
        parent = key(said.get("parent_id")) or ROOT
        leads = keys(said["dept_manager_userid_list"]) if "dept_manager_userid_list" in said else None
        return Unit(asked, word(said.get("name")), "" if parent == ROOT else parent, leads)

    def _people_of(self, unit: str) -> Iterator[Json]:
        cursor = 0
        while True:
            asked = {"dept_id": int(unit), "cursor": cursor, "size": PAGE, "contain_access_limit": False}
            page = self._call("/topapi/v2/user/list", asked).get("result")
            if not isinstance(page, dict):
                raise SendError("dingtalk contacts: a page of people is missing", "never")
            yield from objects(page.get("list"))
            if not true(page.get("has_more")):
                return
            further = int(word(page.get("next_cursor")) or 0)
            if further <= cursor:
                raise SendError("dingtalk contacts: more without a cursor", "never")
            cursor = further

    def _person(self, account: str) -> list[Json]:
        """Empty for nobody, and for one we may not see: whether he left, only an event says."""
        try:
            return objects(self._call("/topapi/v2/user/get", {"userid": account}).get("result"))
        except SendError as no:
            if no.code in (*NO_SUCH_PERSON, OUT_OF_RANGE):
                return []
            raise

    def _call(self, path: str, body: Json, method: str = "POST") -> Json:
        return patient(lambda: self._ask("contacts", path, body, method), self._pause)


def _member(said: Json, there: str = "") -> Member | None:
    """A person, found in a department `there`."""
    account = key(said.get("userid"))
    if account is None:
        return None
    units = (*_departments(said.get("dept_id_list")), there)
    return Member(
        account,
        word(said.get("name")),
        contacts.mobile(said.get("mobile")),
        word(said.get("job_number")),
        tuple(dict.fromkeys(each for each in units if each and each != ROOT)),
    )


def _departments(value: Any) -> tuple[str, ...]:
    """A list, which may come as its JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return ()
    return keys(value)
