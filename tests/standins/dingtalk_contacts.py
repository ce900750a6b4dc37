"""The contacts of DingTalk's old API: departments level by level, their people, and what the app may see.

As in the platform's own samples, some numbers and booleans come as words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from standins.dingtalk_company import Refusal
from standins.directory import Directory, Staff
from standins.shapes import Check, filled, flag, record, whole, words

JSON = dict[str, Any]
SCOPES = "/auth/scopes"
ROOT = 1
DEPARTMENT = whole(1, 2**40)
ONE = record({"dept_id": DEPARTMENT}, language=words("zh_CN en_US"))
PEOPLE = record({"dept_id": DEPARTMENT, "cursor": whole(0, 10**6), "size": whole(1, 100)}, contain_access_limit=flag)
PERSON = record({"userid": filled}, language=words("zh_CN en_US"))


class DingTalkContacts:
    """`routes` are the calls by path; each takes the body and gives what stands beside `errcode`. Raises Refusal."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.routes: dict[str, Callable[[JSON], JSON]] = {
            SCOPES: self._scopes,
            "/topapi/v2/department/listsub": self._below,
            "/topapi/v2/department/get": self._department,
            "/topapi/v2/user/list": self._people,
        }

    def _scopes(self, body: JSON) -> JSON:
        everybody = self.directory.visible is None
        allowed = [ROOT] if everybody else [int(each) for each in self.directory.tops]
        return {"auth_org_scopes": {"authed_user": [], "authed_dept": allowed}, "auth_user_field": ["name", "mobile"]}

    def _below(self, body: JSON) -> JSON:
        found = self.directory.below(self._key(body, ONE))
        return {
            "result": [
                {"dept_id": int(each), "name": self._name(each), "parent_id": self._parent(each)} for each in found
            ]
        }

    def _department(self, body: JSON) -> JSON:
        key = self._key(body, ONE)
        if not key:
            return {"result": {"dept_id": ROOT, "name": "总公司", "dept_manager_userid_list": []}}
        said = {
            "dept_id": int(key),
            "name": self._name(key),
            "parent_id": str(self._parent(key)),
            "dept_manager_userid_list": [*self.directory.departments[key].leaders],
            "hide_dept": "false",
            "member_count": len(self.directory.of(key)),
        }
        return {"result": self.directory.permitted(said)}

    def _people(self, body: JSON) -> JSON:
        key = self._key(body, PEOPLE)
        found, first = self.directory.of(key), body["cursor"]
        last = first + min(body["size"], self.directory.page)
        page: JSON = {"list": [self._described(each) for each in found[first:last]]}
        more = {"has_more": "true", "next_cursor": str(last)} if last < len(found) else {"has_more": "false"}
        return {"result": page | more}

    def person(self, account: str) -> JSON:
        """What `user/get` says of somebody."""
        who = self.directory.staff.get(account)
        if who is None or who.resigned:
            raise Refusal(60121, "找不到该用户")
        if not self.directory.sees(who):
            raise Refusal(50004, "无权限")
        return {"result": self._described(who)}

    def _key(self, body: JSON, form: Check) -> str:
        """The department asked for, empty for the company itself."""
        problems: Iterator[str] = form(body, "body")
        if wrong := list(problems):
            raise Refusal(40035, "; ".join(wrong))
        key = "" if body["dept_id"] == ROOT else str(body["dept_id"])
        if key and key not in self.directory.departments:
            raise Refusal(60003, "部门不存在")
        if self.directory.visible is not None and not self.directory.in_range(key):
            raise Refusal(50004, "部门不在授权范围内")
        return key

    def _name(self, key: str) -> str:
        return self.directory.departments[key].name

    def _parent(self, key: str) -> int:
        return int(self.directory.departments[key].parent or ROOT)

    def _described(self, who: Staff) -> JSON:
        said = {
            "userid": who.account,
            "unionid": f"un{who.account}",
            "name": who.name,
            "mobile": who.mobile,
            "state_code": "86",
            "job_number": who.staff_no,
            "dept_id_list": [int(each) for each in who.departments] or [ROOT],
            "active": True,
            "admin": "false",
        }
        return self.directory.permitted(said)
