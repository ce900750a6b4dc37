"""The contacts of Feishu's open API: departments, their people, and what the app may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from standins.directory import Department, Directory, Staff
from standins.feishu_company import Refusal
from standins.served import Call

JSON = dict[str, Any]
MOST, MOST_IN_SCOPE = 50, 100
#: what a call may ask besides the kinds of ids.
IDS = {"user_id_type": "open_id", "department_id_type": "open_department_id"}
PAGED = {"page_size", "page_token"}


class FeishuContacts:
    """Strict: unknown words in a query, a page that is too large and a page token of nobody's are refused."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.largest_tree = 1000  # departments that are listed with all that is below

    def answered(self, call: Call, rest: Sequence[str]) -> JSON:
        """The answer to `GET /contact/v3/…`. Raises Refusal."""
        match rest:
            case ["scopes"]:
                return self._scopes(self._asked(call, PAGED))
            case ["departments", "batch"]:
                return self._items([self._department(each) for each in self._batch(call, "department_ids")])
            case ["departments", key, "children"]:
                return self._children(key, self._asked(call, PAGED | {"fetch_child"}))
            case ["departments", key]:
                self._asked(call, set())
                return {"data": {"department": self._department(key)}}
            case ["users", "find_by_department"]:
                return self._people(self._asked(call, PAGED | {"department_id"}))
            case ["users", "batch"]:
                return self._items([self._person(each) for each in self._batch(call, "user_ids")])
        raise Refusal(404, f"page not found: {call.path}", 404)

    def _asked(self, call: Call, known: set[str]) -> dict[str, str]:
        ids = {name: value for name, value in call.query.items() if name in IDS}
        if ids != IDS or call.raw or set(call.query) - known - set(IDS):
            raise Refusal(99992402, f"field validation failed: {call.query}")
        return call.query

    def _batch(self, call: Call, name: str) -> list[str]:
        self._asked(call, {name})
        asked = [value for each, value in call.asked if each == name]
        if not 0 < len(asked) <= MOST:
            raise Refusal(99992402, f"field validation failed: {len(asked)} {name}")
        return asked

    # --- pages ---

    def _items(self, items: list[JSON]) -> JSON:
        return {"data": {"items": items}}

    def _page(self, found: list[Any], asked: dict[str, str], most: int) -> tuple[list[Any], JSON]:
        """A page, and how to get the next one: with a token that has to be escaped."""
        size = asked.get("page_size", "10")
        if not size.isdigit() or not 0 < int(size) <= most:
            raise Refusal(40011, "page_size is invalid")
        first, step = _first(asked.get("page_token")), min(int(size), self.directory.page)
        if first > len(found):
            raise Refusal(40012, "page_token is invalid")
        more = first + step < len(found)
        after: JSON = {"has_more": more} | ({"page_token": f"p+/{first + step}="} if more else {})
        return found[first : first + step], after

    # --- calls ---

    def _scopes(self, asked: dict[str, str]) -> JSON:
        alone = self.directory.of("") if self.directory.visible is None else []
        both = [("user_ids", each.account) for each in alone]
        both += [("department_ids", each) for each in self.directory.tops]
        here, after = self._page(both, asked, MOST_IN_SCOPE)
        kinds = {kind: [value for each, value in here if each == kind] for kind in ("department_ids", "user_ids")}
        return {"data": kinds | {"group_ids": []} | after}

    def _children(self, key: str, asked: dict[str, str]) -> JSON:
        self._known(key)
        whole = asked.get("fetch_child") == "true"
        found = [*(self.directory.subtree(key) if whole else self.directory.below(key))]
        if whole and len(found) > self.largest_tree:
            raise Refusal(43010, "the department is too large")
        here, after = self._page(found, asked, MOST)
        return {"data": {"items": [self._department(each) for each in here]} | after}

    def _people(self, asked: dict[str, str]) -> JSON:
        self._known(asked["department_id"])
        here, after = self._page(self.directory.of(asked["department_id"]), asked, MOST)
        return {"data": {"items": [self._described(each) for each in here]} | after}

    def _known(self, key: str) -> Department:
        if key not in self.directory.departments:
            raise Refusal(40015, "department does not exist")
        if not self.directory.in_range(key):
            raise Refusal(40004, "no dept authority", 403)
        return self.directory.departments[key]

    def _department(self, key: str) -> JSON:
        known = self._known(key)
        said: JSON = {
            "name": known.name,
            "parent_department_id": known.parent or "0",
            "department_id": f"D{key}",
            "open_department_id": key,
            "leaders": [{"leaderType": 1, "leaderID": each} for each in known.leaders],
            "order": "100",
            "member_count": len(self.directory.of(key)),
            "status": {"is_deleted": False},
        }
        if known.leaders:
            said["leader_user_id"] = known.leaders[0]
        return self.directory.permitted(said)

    def _person(self, account: str) -> JSON:
        who = self.directory.staff.get(account)
        if who is None:
            raise Refusal(41012, "user id is invalid")
        if not self.directory.sees(who):
            raise Refusal(41050, "no user authority", 403)
        return self._described(who)

    def _described(self, who: Staff) -> JSON:
        states = dict.fromkeys(("is_frozen", "is_exited", "is_unjoin"), False)
        places = [
            {"department_id": each, "user_order": 0, "department_order": 9 - place, "is_primary_dept": not place}
            for place, each in enumerate(who.departments)
        ]
        said = {
            "open_id": who.account,
            "union_id": f"on_{who.account}",
            "name": who.name,
            "mobile": f"+86{who.mobile}" if who.mobile else "",
            "mobile_visible": True,
            "employee_no": who.staff_no,
            "status": {**states, "is_resigned": who.resigned, "is_activated": True},
            "department_ids": [*who.departments] or ["0"],
            "orders": places,
        }
        return self.directory.permitted(said)


def _first(token: str | None) -> int:
    if token is None:
        return 0
    if not (token.startswith("p+/") and token[3:-1].isdigit()):
        raise Refusal(40012, "page_token is invalid")
    return int(token[3:-1])
