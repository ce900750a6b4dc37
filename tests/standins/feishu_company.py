"""What the Feishu stand-in knows of a company, how it says no, and the bodies of its calls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from standins.feishu_says import p2p_chat
from standins.served import Call
from standins.shapes import filled, flag, many, record

JSON = dict[str, Any]

MOST_ASKED = 50
BATCH = record({}, mobiles=many(filled, most=MOST_ASKED), emails=many(filled, most=MOST_ASKED), include_resigned=flag)
URGED = record({"user_id_list": many(filled, 1, 200)})
MOST_URGED = 200


class Refusal(Exception):
    """What the platform says no to: its code and sentence (protocol section 4.2)."""

    def __init__(self, code: int, msg: str, status: int = 400, reset: float = 1.0) -> None:
        super().__init__(f"{code} {msg}")
        self.code, self.msg, self.status, self.reset = code, msg, status, reset


def body(call: Call) -> JSON:
    """The object that a call brings. Raises Refusal."""
    try:
        parsed = json.loads(call.raw)
    except ValueError:
        raise Refusal(9499, "Bad Request: the body is no JSON") from None
    if not isinstance(parsed, dict):
        raise Refusal(9499, "Bad Request: the body is no object")
    return parsed


def found(call: Call, people: Mapping[str, str]) -> JSON:
    """Ids by mobile; whom nobody knows stands there without one (section 4.6). `people` is mobile → open_id."""
    asked = body(call)
    problems = [*BATCH(asked, "body")]
    if call.query.get("user_id_type") != "open_id" or not (asked.get("mobiles") or asked.get("emails")):
        problems.append("ask for open_ids, by mobiles or emails")
    if problems:
        raise Refusal(99992402, "field validation failed: " + "; ".join(problems))
    known = ({"mobile": mobile} | _named(people.get(mobile)) for mobile in asked.get("mobiles", ()))
    return {"data": {"user_list": list(known)}}


def urged(call: Call, chat_id: str, before: Sequence[str]) -> tuple[list[str], list[str]]:
    """Who rings, and who is not in the chat (section 4.4); `before` are those who were urged, as often as they were."""
    problems = [*URGED(body(call), "body")]
    if call.query.get("user_id_type") != "open_id" or problems:
        raise Refusal(99992402, "field validation failed: " + "; ".join(problems or ["user_id_type"]))
    asked: list[str] = body(call)["user_id_list"]
    here = [each for each in asked if chat_id == p2p_chat(each)]
    if not here:
        raise Refusal(230001, "no valid user in user_id_list")
    if any(before.count(each) >= MOST_URGED for each in here):
        raise Refusal(230023, "too many unread urgent messages")
    return here, [each for each in asked if each not in here]


def _named(account: str | None) -> JSON:
    return {"user_id": account, "status": {"is_activated": True, "is_resigned": False}} if account else {}
