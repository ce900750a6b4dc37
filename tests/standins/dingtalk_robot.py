"""The robot of the DingTalk stand-in: its messages, the answers by session, DING, and files both ways."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from standins import dingtalk_schema as schema
from standins import multipart
from standins.dingtalk_company import Company, Refusal
from standins.served import Answer, Call
from standins.shapes import Check

JSON = dict[str, Any]

MAX_RECEIVERS = 20
MAX_PARAM_BYTES = 15_000
SESSION_SECONDS = 5400
FILE_SECONDS = 3600
MEGABYTES = {"image": 20, "voice": 2, "video": 20, "file": 20}
DING_RECEIVERS = {1: 200, 2: 20, 3: 20}
KINDS = {"Text": "text", "Markdown": "markdown", "ImageMsg": "image", "Link": "link"}


@dataclass(frozen=True, slots=True)
class Session:
    """A sessionWebhook; `expires` is in milliseconds."""

    url: str
    expires: int


@dataclass
class Ding:
    """An urgent notice; `kind` 1 in the app, 2 by SMS, 3 by phone."""

    ding_id: str
    kind: int
    receivers: list[str]
    content: str
    recalled: bool = False


class Robot:
    """The robot of one app (protocol sections 1.3 and 4.2 to 4.6).

    `professional` is the edition that may DING. `per_minute` caps messages to one person, `minute` is how long that
    minute lasts. `type_in_query` makes an upload need its type in the query too.
    """

    def __init__(self, company: Company, robot_code: str, base_url: str, professional: bool) -> None:
        self.company, self.robot_code, self.base_url = company, robot_code, base_url
        self.professional = professional
        self.per_minute: int | None = None
        self.minute = 60.0
        self.type_in_query = False
        self.dings: list[Ding] = []
        self.media: dict[str, bytes] = {}  # media_id → content
        self._sessions: dict[str, tuple[str, int]] = {}  # session → conversation, end in milliseconds
        self._files: dict[str, tuple[bytes, float]] = {}  # downloadCode or path → content, end
        self._lately: defaultdict[str, deque[float]] = defaultdict(deque)
        self._sent: dict[str, str] = {}  # processQueryKey → group, "" for people

    # --- sections 4.2 to 4.3 ---

    def to_people(self, body: JSON) -> JSON:
        self._own(schema.OTO, body)
        if not 0 < len(body["userIds"]) <= MAX_RECEIVERS:
            raise Refusal(f"invalidParameter.userIds.{'overMax' if body['userIds'] else 'empty'}")
        kind, content = self._content(body)
        key = self._key("")
        invalid, held = [], []
        for user_id in dict.fromkeys(body["userIds"]):
            if self.company.person(user_id) is None:
                invalid.append(user_id)
            elif self._too_fast(user_id):
                held.append(user_id)
            else:
                self.company.show(user_id, kind, content, "robot", key)
        return {"processQueryKey": key, "invalidStaffIdList": invalid, "flowControlledStaffIdList": held}

    def to_group(self, body: JSON) -> JSON:
        self._own(schema.GROUP, body)
        group = self.company.group(body["openConversationId"])
        if group is None:
            raise Refusal("invalidParameter.openConversationId.invalid")
        if not group.bot:
            raise Refusal("invalidParameter.robotCode.notExsit", "the robot is not in the group")
        kind, content = self._content(body)
        key = self._key(group.conversation_id)
        self.company.show(group.conversation_id, kind, content, "robot", key)
        return {"processQueryKey": key}

    def recall_people(self, body: JSON) -> JSON:
        self._own(schema.OTO_RECALL, body)
        return self._recall(body["processQueryKeys"], "")

    def recall_group(self, body: JSON) -> JSON:
        self._own(schema.GROUP_RECALL, body)
        return self._recall(body["processQueryKeys"], body["openConversationId"])

    def _key(self, group: str) -> str:
        key = secrets.token_urlsafe(24)
        with self.company.changed:
            self._sent |= {key: group} if self.company.keep else {}
        return key

    def _recall(self, keys: list[str], group: str) -> JSON:
        done = [each for each in keys if self._sent.get(each) == group]
        self.company.recall(done)
        failed = {each: "processQueryKey does not exist" for each in keys if each not in done}
        return {"successResult": done, "failedResult": failed}

    def _own(self, shape: Check, body: JSON, code: str = "invalidParameter.param.invalid") -> None:
        self.company.checked(list(shape(body, "body")), code)
        if body["robotCode"] != self.robot_code:
            raise Refusal("invalidParameter.robotCode.auth", "the robot is not the token's app's")

    def _content(self, body: JSON) -> tuple[str, JSON]:
        """Kind and content as section 1.3 has them."""
        shape = schema.PARAMS.get(body["msgKey"])
        if shape is None:
            raise Refusal("invalidParameter.msgKey.invalid")
        if len(body["msgParam"].encode()) > MAX_PARAM_BYTES:
            self.company.checked([f"msgParam: over {MAX_PARAM_BYTES} bytes"], "invalidParameter.msgParam.tooLong")
        try:
            params = json.loads(body["msgParam"])
        except ValueError:
            raise Refusal("invalidParameter.msgParam.invalid", "msgParam is no JSON") from None
        problems = list(shape(params, "msgParam"))
        self.company.checked(problems or self._strangers(params), "invalidParameter.msgParam.invalid")
        name = body["msgKey"].removeprefix("sample")
        return (KINDS.get(name) or ("actionCard" if "ActionCard" in name else name.lower())), _action_card(params)

    def _strangers(self, params: JSON) -> list[str]:
        """Media that were never uploaded (section 4.4)."""
        given = [params.get(key, "") for key in ("photoURL", "mediaId", "videoMediaId", "picMediaId")]
        given += [url for image, _, url in schema.LINK.findall(params.get("text", "")) if image]
        return [f"msgParam: no media {each!r}" for each in given if each.startswith("@") and each not in self.media]

    def _too_fast(self, user_id: str) -> bool:
        """Does the flow control of section 4.2 hold this message back?"""
        if self.per_minute is None:
            return False
        with self.company.changed:
            now, lately = self.company.clock(), self._lately[user_id]
            while lately and lately[0] <= now - self.minute:
                lately.popleft()
            if len(lately) >= self.per_minute:
                self.company.rejected["flowControlledStaffIdList"] += 1
                return True
            lately.append(now)
            return False

    # --- sections 1.2 and 1.3 ---

    def open_session(self, conversation: str, seconds: float = SESSION_SECONDS) -> Session:
        """What an inbound message brings along to be answered."""
        name, end = secrets.token_hex(16), int((self.company.clock() + seconds) * 1000)
        with self.company.changed:
            self._sessions[name] = (conversation, end)
        return Session(f"{self.base_url}/robot/sendBySession?session={name}", end)

    def by_session(self, call: Call) -> JSON:
        with self.company.changed:
            conversation, end = self._sessions.get(call.query.get("session", ""), ("", 0))
        if self.company.clock() * 1000 >= end:
            raise Refusal(300001, "session 不存在")
        if "application/json" not in call.headers.get("content-type", ""):
            raise Refusal(43004, "无效的HTTP HEADER Content-Type")
        try:
            body = json.loads(call.raw)
        except ValueError:
            raise Refusal(40035, "缺少参数 json") from None
        self.company.checked(schema.message(body), 400402)
        self.company.checked(self._strangers(body[body["msgtype"]]), 400402)
        self.company.show(conversation, body["msgtype"], _action_card(body[body["msgtype"]]), "session")
        return {}

    def answered(self, conversation: str, answer: JSON) -> None:
        """Draw what the bot answered to a message (section 1.2). Raises ValueError for what DingTalk cannot read."""
        if not answer:
            return
        if problems := schema.message(answer, schema.ANSWER):
            raise ValueError("; ".join(problems))
        if (kind := answer["msgtype"]) != "empty":
            self.company.show(conversation, kind, _action_card(answer[kind]), "answer")

    # --- section 4.4 ---

    def upload(self, call: Call) -> JSON:
        parts = multipart.parts(call)
        media, kind = parts.get("media"), parts.get("type")
        named = call.query.get("type", "")
        stated = named if self.type_in_query or kind is None else multipart.payload(kind).decode()
        if stated not in MEGABYTES or (named and named != stated):
            raise Refusal(40004, "无效的媒体文件类型")
        if media is None or not media.get_filename():
            raise Refusal(40035, "缺少参数 media")
        content = multipart.payload(media)
        if not 0 < len(content) <= MEGABYTES[stated] * 1024 * 1024:
            raise Refusal(40006, "无效的文件大小")
        media_id = "@" + secrets.token_hex(14)
        with self.company.changed:
            self.media[media_id] = content
        return {"type": stated, "media_id": media_id, "created_at": int(self.company.clock() * 1000)}

    def add_file(self, content: bytes, seconds: float = FILE_SECONDS) -> str:
        """Something a person sent: its downloadCode, good for so many seconds."""
        code = secrets.token_urlsafe(24) + "=="
        with self.company.changed:
            self._files[code] = (content, self.company.clock() + seconds)
        return code

    def download(self, body: JSON) -> JSON:
        self._own(schema.DOWNLOAD, body)
        content, end = self._files.get(body["downloadCode"], (b"", 0.0))
        if end <= self.company.clock():
            raise Refusal("resource.not.found", "the downloadCode is unknown or too old")
        path = f"/files/{secrets.token_hex(16)}.file"
        with self.company.changed:
            self._files[path] = (content, end)
        return {"downloadUrl": self.base_url + path}

    def fetched(self, path: str) -> Answer:
        """The plain GET a downloadUrl points to."""
        content, end = self._files.get(path, (b"", 0.0))
        if end <= self.company.clock():
            return Answer(b"<Error><Code>AccessDenied</Code></Error>", 403, {"Content-Type": "application/xml"})
        return Answer(content, 200, {"Content-Type": "application/octet-stream"})

    # --- section 4.6 ---

    def ding(self, body: JSON) -> JSON:
        if not self.professional:
            raise Refusal("Forbidden.AccessDenied.AccessTokenPermissionDenied", "requires Premium.Ding.Write")
        self._own(schema.DING, body)
        receivers = body["receiverUserIdList"]
        if len(receivers) > DING_RECEIVERS[body["remindType"]]:
            raise Refusal("ding.receivercount.limit")
        if body["remindType"] != 1:
            raise Refusal("ding.serverquota.insufficient", "no packs of SMS or calls were bought")
        known = [each for each in receivers if self.company.person(each)]
        if not known:
            raise Refusal("miss.staffId")
        made = Ding(secrets.token_hex(12), body["remindType"], known, body["content"])
        with self.company.changed:
            self.dings.append(made)
            self.company.changed.notify_all()
        strangers = [each for each in receivers if each not in known]
        return {"openDingId": made.ding_id, "failedList": {"miss.staffId": strangers} if strangers else {}}

    def recall_ding(self, body: JSON) -> JSON:
        self._own(schema.DING_RECALL, body)
        found = next((each for each in self.dings if each.ding_id == body["openDingId"]), None)
        if found is None:
            raise Refusal("invalidParameter.param.invalid", "no such DING")
        found.recalled = True
        return {"openDingId": found.ding_id}


def _action_card(content: JSON) -> JSON:
    """An actionCard with its buttons as `btns`, whatever names they came by; anything else as it is."""
    for title, url in (
        ("singleTitle", "singleURL"),
        ("actionTitle{}", "actionURL{}"),
        ("buttonTitle{}", "buttonUrl{}"),
    ):
        numbered = [(title.format(n), url.format(n)) for n in range(1, 6)]
        btns = {t: {"title": content[t], "actionURL": content[u]} for t, u in numbered if t in content and u in content}
        if btns:
            return {"title": content["title"], "text": content["text"], "btns": list(btns.values())}
    return content
