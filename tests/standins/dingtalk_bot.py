"""The least of a DingTalk client, for the tests of the stand-in: one session, one token, bodies that keep the rules."""

from __future__ import annotations

import json
from typing import Any

import requests

from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_schema import BUTTON_TEMPLATE, FORM_TEMPLATE

JSON = dict[str, Any]

GROUP_ID = "cidGROUP=="
ROUTE = "crm-card-route"
SECRET = "card-callback-api-secret-0001"
BUTTONS: list[JSON] = [
    {"text": "同意", "color": "blue", "id": "approve", "request": True, "params": {"id": "approve", "deal": "D-1"}},
    {"text": "打开", "url": "https://crm.example.com/d/1", "color": "gray"},
]
FORM: JSON = {
    "fields": [
        {"name": "deal", "type": "TEXT", "hidden": True, "defaultValue": "D-1"},
        {"name": "name", "label": "客户名", "type": "TEXT", "required": True},
        {"name": "amount", "label": "金额", "type": "NUMBER"},
        {
            "name": "stage",
            "label": "阶段",
            "type": "SELECT",
            "options": [{"value": "1", "text": "初步"}, {"value": "2", "text": "报价"}],
            "defaultValue": {"index": 0, "value": "1"},
        },
        {
            "name": "tags",
            "label": "标签",
            "type": "MULTI_SELECT",
            "options": [{"value": "a", "text": "甲"}, {"value": "b", "text": "乙"}, {"value": "c", "text": "丙"}],
        },
        {"name": "due", "label": "日期", "type": "DATE", "format": "yyyy-MM-dd"},
        {"name": "vip", "label": "VIP", "type": "SWITCH"},
    ]
}


class Bot:
    """Calls the stand-in as the product would; an answer is its JSON, `status` the HTTP status of the last one."""

    def __init__(self, api: DingTalkApi) -> None:
        self.api = api
        self.http = requests.Session()
        self.status = 0
        self.token: str = self.login()["accessToken"]

    def login(self, secret: str | None = None) -> JSON:
        body = {"appKey": self.api.client_id, "appSecret": secret or self.api.client_secret}
        return self.call("POST", "/v1.0/oauth2/accessToken", body)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> JSON:
        answer = self.http.request(method, self.api.base_url + path, json=body, timeout=5, **more)
        self.status = answer.status_code
        parsed: JSON = answer.json()
        return parsed

    def act(self, path: str, body: JSON, method: str = "POST") -> JSON:
        return self.call(method, f"/v1.0{path}", body, headers={"x-acs-dingtalk-access-token": self.token})

    def old(self, path: str, body: Any = None, **more: Any) -> JSON:
        return self.call("POST", f"{path}?access_token={self.token}", body, **more)

    # --- the robot ---

    def send(self, key: str, params: JSON, *users: str, **more: Any) -> JSON:
        body = {"robotCode": self.api.robot_code, "userIds": list(users), "msgKey": key, "msgParam": json.dumps(params)}
        return self.act("/robot/oToMessages/batchSend", body | more)

    def send_group(self, key: str, params: JSON, group: str = GROUP_ID, **more: Any) -> JSON:
        body = {"robotCode": self.api.robot_code, "msgKey": key, "msgParam": json.dumps(params)}
        return self.act("/robot/groupMessages/send", body | {"openConversationId": group} | more)

    def ding(self, *users: str, kind: int = 1) -> JSON:
        body = {"robotCode": self.api.robot_code, "remindType": kind, "receiverUserIdList": list(users)}
        return self.act("/robot/ding/send", body | {"content": "投诉超时"})

    # --- cards ---

    def register(self, url: str = "https://bot.example.com/dingtalk/cards", **more: Any) -> JSON:
        body = {"callbackRouteKey": ROUTE, "callbackUrl": url, "apiSecret": SECRET}
        return self.act("/card/callbacks/register", body | more)

    def create(self, out_track_id: str = "c-1", **changed: Any) -> JSON:
        """A card with buttons for u1; None in `changed` leaves a member out."""
        return self.act("/card/instances/createAndDeliver", card(self.api.robot_code, out_track_id, **changed))

    def create_form(self, out_track_id: str = "f-1", **changed: Any) -> JSON:
        data = {"title": "新建客户", "form": json.dumps(FORM), "form_status": "normal", "form_btn_text": "保存"}
        return self.create(out_track_id, cardTemplateId=FORM_TEMPLATE, cardData={"cardParamMap": data}, **changed)

    def update(self, out_track_id: str = "c-1", **body: Any) -> JSON:
        return self.act("/card/instances", {"outTrackId": out_track_id, **body}, "PUT")


def card(robot_code: str, out_track_id: str, **changed: Any) -> JSON:
    data = {"title": "审核", "markdown": "**华星** 建档", "sys_full_json_obj": json.dumps({"msgButtons": BUTTONS})}
    body = {
        "cardTemplateId": BUTTON_TEMPLATE,
        "outTrackId": out_track_id,
        "callbackType": "HTTP",
        "callbackRouteKey": ROUTE,
        "cardData": {"cardParamMap": data},
        "openSpaceId": "dtv1.card//IM_ROBOT.u1",
        "imRobotOpenSpaceModel": {"supportForward": False, "notification": {"alertContent": "审核"}},
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": robot_code},
        "imGroupOpenSpaceModel": {"supportForward": True},
        "imGroupOpenDeliverModel": {"robotCode": robot_code},
    }
    return {name: part for name, part in (body | changed).items() if part is not None}


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1700000000.0

    def __call__(self) -> float:
        return self.now
