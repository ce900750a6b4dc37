"""What DingTalk's open API answers, and what each of its errors means to us."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from bot.platform import Json, Kind, SendError
from models.pace import Outcome

log = logging.getLogger(__name__)

OK, UNAUTHORIZED, TOO_MANY = 200, 401, 429
#: seconds to wait where the platform names none (protocol §4.7)
TOO_FAST, FLOODED, BLOCKED = 1.0, 60.0, 300.0
#: an answer without an error has one of these (§3.2, §4.1, §4.2, §4.4, §4.6); what a gateway says has none.
WORKED = ("accessToken", "processQueryKey", "success", "openDingId", "downloadUrl", "endpoint")
TOKEN_REFUSED = {"InvalidAuthentication", "40014", "42001", "40001"}
FAST, CROWDED = {"90018", "90002"}, {"send.too.fast", "send.byToken.tooFast"}
BUSY = {"-1", "system.busy", "system.error"}
#: nobody has this mobile, or it is none (§4.5)
NOBODY = {"60121", "40104"}
GONE = {"param.cardNotExist"}
NO_TEMPLATE = {
    "param.templateNotExist",
    "param.templateUnpublished",
    "Forbidden.AccessDenied.AccessTokenPermissionDenied",
}
KNOWN_ALREADY = "param.cardAlreadyExist"
#: call → what it is answered for a place that is not there: the robot is not in the group, no such person.
ABSENT = {
    "group message": {"invalidParameter.robotCode.notExsit"},
    "message": {"staffId.notExisted"},
    "deliver": {"param.userIdNotExist"},
}


class Refused(SendError):
    """The platform answered with an error of its own."""

    def __init__(self, call: str, code: str, status: int) -> None:
        absent = code in ABSENT.get(call, ())
        denied = code in ("88", "60011") or "PermissionDenied" in code
        super().__init__(
            f"dingtalk {call}: {code}", *_means(call, code, status), closed=absent, denied=denied, code=code
        )
        self.of_token = code in TOKEN_REFUSED or status == UNAUTHORIZED


def _means(call: str, code: str, status: int) -> tuple[Kind, float | None, Outcome | None]:
    """A monthly quota is never worth another try, a busy platform is (protocol §4.7)."""
    if code in GONE and call == "update":
        return "gone", None, None
    if code in CROWDED:
        return "later", TOO_FAST, "crowded"
    if code in FAST or "QpsLimit" in code or "QpmLimit" in code:
        return "later", TOO_FAST, "limited"
    if status == TOO_MANY:
        return "later", None, "limited"
    return ("later" if status >= 500 or code in BUSY else "never"), None, None


def answered(call: str, status: int, raw: bytes) -> Json:
    """What the platform said. Raises Refused for its own errors, SendError for a gateway's page (protocol §4.7)."""
    body = _envelope(raw)
    code = str(body.get("errcode") or body.get("code") or "")[:64]
    worked = body.get("errcode") in (0, "0") or any(body.get(name) for name in WORKED)
    if code in ("", "0") and status == OK and worked:
        return body
    if code in ("", "0"):
        log.warning("dingtalk %s: no envelope, status %d", call, status)
        flood: tuple[float | None, Outcome] = (BLOCKED, "limited") if "punish" in body else (None, "away")
        raise SendError(f"dingtalk {call}: no envelope, status {status}", "later", *flood)
    log.warning("dingtalk %s: %s, status %d, request %.64s", call, code, status, body.get("requestid"))
    raise Refused(call, code, status)


def _envelope(raw: bytes) -> Json:
    """The object that was answered, empty where it is none."""
    try:
        body: Any = json.loads(raw)
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def delivered(told: Mapping[str, Any]) -> None:
    """A card is there only where each place says so, whatever the status says (protocol §3.2). Raises SendError."""
    results = (told.get("result") or {}).get("deliverResults") or ()
    if not all(each.get("success") for each in results):
        raise SendError("dingtalk deliver: the card was made and not delivered", "never")


def arrived(told: Mapping[str, Any]) -> None:
    """A person who is only listed did not get the message, whatever the status says (protocol §4.2)."""
    if told.get("flowControlledStaffIdList"):
        raise SendError("dingtalk message: too many to this person", "later", FLOODED, "crowded")
    if (absent := told.get("invalidStaffIdList")) or told.get("filteredStaffIdList"):
        raise SendError("dingtalk message: no such person", "never", closed=bool(absent))
