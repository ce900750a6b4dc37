"""Cards sent to DingTalk in each way there is, and what people then see of them."""

from __future__ import annotations

import json
import re
from typing import Any

from cards import dingtalk
from cards.dingtalk import MORE, dtmd, pressed_text
from cards.kit import Action, Bars, Card, Fields, Form, Note, Text, Warn
from models.codes import CODE
from standins import dingtalk_schema as schema
from standins import dingtalk_seen as seen
from standins.dingtalk_cards import Cards
from standins.dingtalk_company import Company, Message
from standins.dingtalk_robot import Robot

JSON = dict[str, Any]
PAGE = "https://crm.example.com/form/k7qzw3"
HOME = "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fcrm.example.com%2Fchat&pc_slide=true"
MARKS = "ab2cdefgh3jkmnpqrstuvwxyz456789"
#: signs that mean something in Markdown wherever they stand, or at the start of a line, beside our own.
MEANING = re.compile(
    r"[<>*_\[\]`~|\\@]|&(?!#\d+;|amp;|lt;|gt;)|(?:dtmd|dingtalk):|^\s*[#+=-]|^(?:\t| {3})|^\s*\d+[.)]",
    re.IGNORECASE | re.MULTILINE,
)
OURS = re.compile(r"<font color='#\w{6}'>|</font>|\*\*(?=\S)|(?<=\S)\*\*|^#### ", re.MULTILINE)


class Codes:
    """Codes as the bot hands them out: each stands for what one button says."""

    def __init__(self) -> None:
        self.values: dict[str, JSON] = {}

    def code(self, label: str, value: JSON) -> str:
        number = len(self.values)
        made = "k7qab" + MARKS[number // len(MARKS)] + MARKS[number % len(MARKS)]
        self.values[made] = value
        return made

    def press(self, label: str, value: JSON) -> str:
        return dtmd(pressed_text(label, self.code(label, value)))

    def meant(self, said: str) -> Action:
        found = CODE.search(said)
        assert found, said
        return Action.unpack(self.values[found[1]])


def compact(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)


def sent(key: str, content: JSON, group: str = "") -> Message:
    """What the platform shows of a message; it refuses what it cannot take. Raises Refusal."""
    company = Company(anybody=True)
    robot = Robot(company, "crm", "https://dingtalk.example.com", False)
    body = {"robotCode": "crm", "msgKey": key, "msgParam": compact(content)}
    if group:
        robot.to_group(body | {"openConversationId": group})
    else:
        robot.to_people(body | {"userIds": ["u1"]})
    return company.messages[-1]


def delivered(variables: dict[str, str]) -> Message:
    """What the built-in template shows. Raises Refusal."""
    company = Company(anybody=True)
    Cards(company, "crm", [schema.BUTTON_TEMPLATE], None).create(
        {
            "cardTemplateId": schema.BUTTON_TEMPLATE,
            "outTrackId": "one",
            "cardData": {"cardParamMap": variables},
            "openSpaceId": "dtv1.card//IM_ROBOT.u1",
            "imRobotOpenSpaceModel": {"supportForward": False},
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": "crm"},
        }
    )
    return company.messages[-1]


def every_way(face: JSON, codes: Codes) -> dict[str, Message]:
    return {
        "alone": sent(*dingtalk.action_card(face, codes.press, PAGE)),
        "group": sent(*dingtalk.in_group(face, codes.code, HOME), group="cidGroup"),
        "quiet group": sent(*dingtalk.in_group(face, codes.code, ""), group="cidGroup"),
        "template": delivered(dingtalk.params(face, PAGE)),
    }


def read(message: Message) -> str:
    """The words people see; clients show entities as the signs they stand for, and a title as it is."""
    return seen.texts(message) + (message.card.data["title"] if message.card else "")


def packed(text: str) -> str:
    """A text without its blanks and ends of lines, which Markdown has its own mind about."""
    return "".join(text.split())


def raw_signs(face: JSON) -> list[str]:
    """What could be read as Markdown beside our own."""
    lines = [line for part in face["parts"] if "text" in part for line in part["text"].split(dingtalk.BREAK)]
    return [sign for line in lines for sign in MEANING.findall(OURS.sub("", line))]


def dropped(face: JSON) -> bool:
    return {"text": MORE} in face["parts"]


def texts_of(card: Card) -> list[str]:
    """Every text that people have to see in the chat."""
    found = [card.title]
    for part in card.body:
        match part:
            case Text(text) | Note(text) | Warn(text):
                found.append(text)
            case Fields(pairs):
                found += [text for pair in pairs for text in pair]
            case Bars(title, each) if each:
                found += [title, *(label for label, _ in each)]
            case Form(asked, _):
                found += [field.error for field in asked]
    return found
