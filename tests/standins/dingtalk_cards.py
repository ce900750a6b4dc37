"""The card platform of the DingTalk stand-in: instances, their updates, and where their presses are sent."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from standins import dingtalk_schema as schema
from standins.dingtalk_company import Card, Company, Refusal

JSON = dict[str, Any]

SPACES = {"IM_ROBOT": "imRobot", "IM_GROUP": "imGroup"}
REQUIRED = {
    "cardTemplateId": "param.cardTemplateIdEmpty",
    "outTrackId": "param.outTrackIdEmpty",
    "cardData": "param.cardPublicDataEmpty",
    "openSpaceId": "param.openSpaceIdEmpty",
}


@dataclass(frozen=True, slots=True)
class Route:
    """A registered address for presses (section 3.4)."""

    url: str
    secret: str


class Cards:
    """Cards of one app (protocol sections 3.2 to 3.5).

    `templates` names those that exist; a mapping says which variables each has. `max_value_bytes` caps a value, for
    the documented 1 KB are not what is seen in the field; `largest_value` is the size of the largest one so far.
    """

    def __init__(
        self, company: Company, robot_code: str, templates: Collection[str], max_value_bytes: int | None
    ) -> None:
        self.company, self.robot_code = company, robot_code
        known = schema.TEMPLATES | (dict(templates) if isinstance(templates, Mapping) else {})
        self.templates = {each: known.get(each, schema.EVERY_VARIABLE) for each in templates}
        self.max_value_bytes = max_value_bytes
        self.largest_value = 0
        self.instances: dict[str, Card] = {}
        self.routes: dict[str, Route] = {}
        self._undelivered: list[str] = []  # errors of the next deliveries

    # --- section 3.2 ---

    def create(self, body: JSON) -> JSON:
        for name, code in REQUIRED.items():
            if not body.get(name):
                raise Refusal(code)
        self.company.checked(list(schema.CREATE(body, "card")), "param.invalid")
        template = body["cardTemplateId"]
        if template not in self.templates:
            raise Refusal("param.templateNotExist")
        spaces = self._spaces(body)
        self._callback(body)
        card = self._card(body)
        with self.company.changed:
            if card.out_track_id in self.instances:
                raise Refusal("param.cardAlreadyExist")
            if self.company.keep:
                self.instances[card.out_track_id] = card
        only = frozenset(body.get("imGroupOpenDeliverModel", {}).get("recipients", ()))
        results = [self._delivered(card, *each, only) for each in spaces]
        return {"success": True, "result": {"outTrackId": card.out_track_id, "deliverResults": results}}

    def _card(self, body: JSON) -> Card:
        template, kind = body["cardTemplateId"], body.get("userIdType", 1)
        data = body["cardData"]["cardParamMap"]
        private = self._private(body, kind)
        self._fits(template, data, *private.values())
        route = body.get("callbackRouteKey", "")
        return Card(body["outTrackId"], template, data, private, body.get("callbackType", ""), route, kind, [data])

    def _spaces(self, body: JSON) -> list[tuple[str, str]]:
        """(type, id) of each place; a place needs the two models of its type (pitfall 10)."""
        scheme, _, rest = body["openSpaceId"].partition("//")
        spaces = [each.partition(".")[::2] for each in rest.split(";")]
        if scheme != "dtv1.card" or any(kind not in SPACES or not space for kind, space in spaces):
            raise Refusal("param.openSpaceIdInvalid", f"openSpaceId {body['openSpaceId']!r}")
        for kind, space in spaces:
            if f"{SPACES[kind]}OpenSpaceModel" not in body:
                raise Refusal("param.empty", f"{SPACES[kind]}OpenSpaceModel is missing")
            model = body.get(f"{SPACES[kind]}OpenDeliverModel")
            if not model:
                raise Refusal("param.openDeliverModelEmpty")
            if model["robotCode"] != self.robot_code:
                raise Refusal("param.openDeliverModelError", "the robot is not the app's")
            if kind == "IM_ROBOT" and not self.company.person_by(space, body.get("userIdType", 1)):
                raise Refusal("param.userIdNotExist")
            if kind == "IM_GROUP" and not self.company.group(space):
                raise Refusal("param.openSpaceIdInvalid", "no such group")
        return spaces

    def _callback(self, body: JSON) -> None:
        kind, key = body.get("callbackType"), body.get("callbackRouteKey")
        if kind == "HTTP" and not key:
            raise Refusal("param.callbackRouteKeyEmpty")
        if (kind == "HTTP" and key not in self.routes) or (kind != "HTTP" and key):
            self.company.checked(
                [f"card: no callbackType HTTP with a registered callbackRouteKey {key!r}"], "param.invalid"
            )

    def _fits(self, template: str, *several: dict[str, str]) -> None:
        known = self.templates[template]
        for data in several:
            self.company.checked(list(schema.values(data, known, "cardParamMap")), "param.invalid")
            for name, value in data.items():
                taken = len(value.encode())
                self.largest_value = max(self.largest_value, taken)
                if self.max_value_bytes is not None and taken > self.max_value_bytes:
                    self.company.checked([f"cardParamMap.{name}: {taken} bytes"], "param.invalid")

    def _private(self, body: JSON, kind: int) -> dict[str, dict[str, str]]:
        private = {}
        for given, data in body.get("privateData", {}).items():
            person = self.company.person_by(given, kind)
            if person is None:
                raise Refusal("param.userIdNotExist")
            private[person.user_id] = data["cardParamMap"]
        return private

    def _delivered(self, card: Card, kind: str, space: str, only: frozenset[str]) -> JSON:
        """One entry of deliverResults; HTTP 200 says nothing about it (section 3.2)."""
        result: JSON = {"spaceType": kind, "spaceId": space}
        with self.company.changed:
            error = self._undelivered.pop(0) if self._undelivered else ""
        group = self.company.group(space) if kind == "IM_GROUP" else None
        if group and not group.bot:
            error = error or "the robot is not in the group"
        if error:
            return result | {"success": False, "errorMsg": error}
        person = self.company.person_by(space, card.user_id_type) if group is None else None
        where, key = person.user_id if person else space, card.out_track_id
        self.company.show(where, "card", {}, "card", key, card, frozenset() if person else only)
        return result | {"success": True, "carrierId": secrets.token_hex(12)}

    def fail_delivery(self, n: int = 1, error: str = "deliver failed") -> None:
        """Let the next `n` deliveries fail inside an answer that looks fine."""
        with self.company.changed:
            self._undelivered += [error] * n

    # --- section 3.3 ---

    def update(self, body: JSON) -> JSON:
        if not body.get("outTrackId"):
            raise Refusal("param.outTrackIdEmpty")
        self.company.checked(list(schema.UPDATE(body, "card")), "param.invalid")
        if not {"cardData", "privateData"} & set(body):
            raise Refusal("param.empty")
        card = self.instances.get(body["outTrackId"])
        if card is None:
            if self.company.keep:
                raise Refusal("param.cardNotExist")
            return {"success": True, "result": True}
        private = self._private(body, body.get("userIdType", 1))
        self._change(card, body.get("cardData"), private, body.get("cardUpdateOptions", {}))
        return {"success": True, "result": True}

    def _change(self, card: Card, data: JSON | None, private: dict[str, dict[str, str]], options: JSON) -> None:
        """Without `…ByKey` what was there is gone (section 3.3)."""
        public = data["cardParamMap"] if data else {}
        self._fits(card.template, public, *private.values())
        with self.company.changed:
            if data is not None:
                card.data = (card.data if options.get("updateCardDataByKey") else {}) | public
                card.history.append(card.data)
            for user_id, own in private.items():
                before = card.private.get(user_id, {}) if options.get("updatePrivateDataByKey") else {}
                card.private[user_id] = before | own
            shown = [each for each in self.company.messages if each.card is card]
            self.company.changed.notify_all()
        for each in shown:
            self.company.tell(each)

    def answered(self, out_track_id: str, user_id: str, answer: JSON) -> None:
        """Draw what the bot answered to a press (section 3.5). Raises ValueError for what DingTalk cannot read."""
        if problems := list(schema.CARD_ANSWER(answer, "answer")):
            raise ValueError("; ".join(problems))
        own = answer.get("userPrivateData")
        private = {user_id: own["cardParamMap"]} if own else {}
        try:
            self._change(
                self.instances[out_track_id], answer.get("cardData"), private, answer.get("cardUpdateOptions", {})
            )
        except Refusal as refusal:
            raise ValueError(refusal.msg) from refusal

    # --- section 3.4 ---

    def register(self, body: JSON) -> JSON:
        for name, code in (("callbackRouteKey", "RouteKey"), ("callbackUrl", "Url")):
            if not body.get(name):
                raise Refusal(f"param.callback{code}Empty")
        self.company.checked(list(schema.REGISTER(body, "route")), "param.invalid")
        key, new = body["callbackRouteKey"], Route(body["callbackUrl"], body.get("apiSecret", ""))
        with self.company.changed:
            before = self.routes.get(key)
            if before and before.url != new.url and not body.get("forceUpdate"):
                raise Refusal("param.callbackRouteKeyExist", status=500)
            route = self.routes[key] = before if before and not body.get("forceUpdate") else new
        return {"success": True, "result": {"callbackUrl": route.url, "apiSecret": route.secret}}
