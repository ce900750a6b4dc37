"""A strict validator of what is sent to DingTalk: a member it does not know or Markdown it does not draw is refused."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

from standins.shapes import Check, filled, flag, many, mapping, matching, one_of, record, string, whole, words

JSON = dict[str, Any]

MAX_KEY_BYTES = 100
MAX_AT = 50
BUTTON_TEMPLATE = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
FORM_TEMPLATE = "280f6d7a-63bc-4905-bf3f-4c6d95e5166b.schema"
TEMPLATES: dict[str, frozenset[str]] = {  # template → the variables it has (protocol section 3.6)
    BUTTON_TEMPLATE: frozenset("title logo markdown tips sys_full_json_obj lastMessage".split()),
    FORM_TEMPLATE: frozenset("title form form_status form_btn_text lastMessage".split()),
}
EVERY_VARIABLE = frozenset[str]().union(*TEMPLATES.values())


# --- links and Markdown: protocol sections 1.3 and 3.8 ---

ENCODED = re.compile(r"(?:[\w.~!*'()-]|%[0-9A-Fa-f]{2})+", re.ASCII)
DTMD = "dtmd://dingtalkclient/sendMessage?content="
PAGES = {  # path of a dingtalk:// link → where its page stands, what else may stand there
    "/page/link": ("url", "pc_slide title popup_wnd width height"),
    "/action/im_open_hybrid_panel": ("pageUrl", "panelHeight hybridType"),
    "/action/open_platform_link": ("pcLink", "mobileLink"),
    "/action/openapp": ("redirect_url", "corpid container_type app_id redirect_type"),
}
LINK = re.compile(r"(!?)\[([^\]\n]*)\]\(([^)\s]*)\)")
TABLE = re.compile(r"^(?=.*\|)(?=.*-)[ \t|:-]+$", re.MULTILINE)
FENCE = re.compile(r"^\s*(```|~~~)", re.MULTILINE)
TAG = re.compile(r"<[A-Za-z/!?][^>]*>?")
FONT = re.compile(r"<font color=(['\"]?)(#[0-9a-fA-F]{6}|[a-z]\w*)\1>|</font>")


def link(value: Any, path: str) -> Iterator[str]:
    """What a button of a message opens: a page, or words said by whoever presses it."""
    if isinstance(value, str) and value.startswith(DTMD):
        content = value.removeprefix(DTMD)
        if not ENCODED.fullmatch(content) or not _utf8(content):
            yield f"{path}: {content!r} is not percent-encoded UTF-8"
    else:
        yield from page(value, path)


def page(value: Any, path: str) -> Iterator[str]:
    """An http(s) address, plain or inside one of the dingtalk:// links."""
    url = urlsplit(value) if isinstance(value, str) and not re.search(r"\s", value) else urlsplit("")
    if url.scheme in ("http", "https") and url.netloc:
        return
    if url.scheme != "dingtalk" or url.netloc != "dingtalkclient" or url.path not in PAGES:
        yield f"{path}: {value!r} is no address that DingTalk opens here"
        return
    inner, others = PAGES[url.path]
    query = parse_qs(url.query, keep_blank_values=True)
    yield from (f"{path}: unknown parameter {name!r}" for name in query if name not in (inner, *others.split()))
    yield from page(query.get(inner, [""])[0], f"{path}?{inner}")


def _utf8(encoded: str) -> bool:
    try:
        return bool(unquote_to_bytes(encoded).decode())
    except UnicodeDecodeError:
        return False


def picture(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str) or not re.fullmatch(r"@\w+", value):
        yield from page(value, path)


def _markdown(opens: Check) -> Check:
    def verdict(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str) or not value.strip():
            yield f"{path}: {value!r} is no text"
            return
        if TABLE.search(value):
            yield f"{path}: DingTalk draws no tables"
        if FENCE.search(value):
            yield f"{path}: DingTalk draws no code fences"
        yield from _tags(value, path)
        for image, label, url in LINK.findall(value):
            yield from (picture if image else opens)(url, f"{path}[{label}]")

    return verdict


def _tags(value: str, path: str) -> Iterator[str]:
    fonts = []
    for tag in TAG.findall(value):
        if not FONT.fullmatch(tag):
            yield f"{path}: {tag!r} is HTML, only <font color=…> is drawn"
        else:
            fonts.append(tag == "</font>")
    if len(fonts) % 2 or (fonts and fonts[0]) or any(one == other for one, other in pairwise(fonts)):
        yield f"{path}: <font> and </font> do not match"


markdown = _markdown(link)
card_markdown = _markdown(page)  # a dtmd link is dead inside a card's Markdown (section 0)


# --- messages by session and in an answer: section 1.3 ---

MOBILE = matching(r"\d{6,15}", "a mobile number")
AT = record({}, atUserIds=many(filled), atMobiles=many(MOBILE), isAtAll=flag)
BUTTON = record({"title": filled, "actionURL": link})
ACTION_CARD = record(
    {"title": filled, "text": markdown},
    singleTitle=filled,
    singleURL=link,
    btns=many(BUTTON, 1),
    btnOrientation=words("0 1"),
)
FEED = record({"links": many(record({"title": filled, "messageURL": link, "picURL": picture}), 1)})
MESSAGES: dict[str, Check] = {
    "text": record({"text": record({"content": filled})}, at=AT),
    "markdown": record({"markdown": record({"title": filled, "text": markdown})}, at=AT),
    "link": record({"link": record({"title": filled, "text": filled, "messageUrl": link}, picUrl=string)}),
    "actionCard": record({"actionCard": ACTION_CARD}),
    "feedCard": record({"feedCard": FEED}),
}
MESSAGE = one_of("msgtype", MESSAGES)
ANSWER = one_of("msgtype", {**MESSAGES, "empty": record({})})


def message(body: Any, shape: Check = MESSAGE) -> list[str]:
    """The problems of a message for a sessionWebhook, or with `ANSWER` of one in the HTTP answer (section 1.3)."""
    problems = list(shape(body, "message"))
    return problems or [*_exclusive(body.get("actionCard")), *_mentions(body)]


def _exclusive(card: JSON | None) -> Iterator[str]:
    single = {"singleTitle", "singleURL"} & set(card or {})
    if card is not None and (len(single), "btns" in card) not in ((2, False), (0, True)):
        yield "message.actionCard: needs either singleTitle and singleURL or btns"


def _mentions(body: JSON) -> Iterator[str]:
    at, inner = body.get("at", {}), body.get(body["msgtype"], {})
    called = [*at.get("atUserIds", ()), *at.get("atMobiles", ())]
    if len(called) > MAX_AT:
        yield f"message.at: {len(called)} people, {MAX_AT} are allowed"
    said = f"{inner.get('content', '')}{inner.get('text', '')}"
    yield from (f"message.at: the text does not contain @{who}" for who in called if f"@{who}" not in said)


# --- messages by the robot's API: section 4.3 ---


def _buttons(title: str, url: str, count: int) -> Check:
    numbered = range(1, count + 1)
    return record(
        {"title": filled, "text": markdown}
        | {f"{title}{n}": filled for n in numbered}
        | {f"{url}{n}": link for n in numbered}
    )


MEDIA = matching(r"@\w+", "a mediaId")
PARAMS: dict[str, Check] = {
    "sampleText": record({"content": filled}),
    "sampleMarkdown": record({"title": filled, "text": markdown}),
    "sampleImageMsg": record({"photoURL": picture}),
    "sampleLink": record({"title": filled, "text": filled, "messageUrl": link}, picUrl=string),
    "sampleActionCard": record({"title": filled, "text": markdown, "singleTitle": filled, "singleURL": link}),
    **{f"sampleActionCard{n}": _buttons("actionTitle", "actionURL", n) for n in (2, 3, 4, 5)},
    "sampleActionCard6": _buttons("buttonTitle", "buttonUrl", 2),
    "sampleAudio": record({"mediaId": MEDIA, "duration": matching(r"\d+", "milliseconds as text")}),
    "sampleFile": record({"mediaId": MEDIA, "fileName": filled, "fileType": words("xlsx pdf zip rar doc docx")}),
    "sampleVideo": record(
        {"duration": matching(r"\d+", "seconds as text"), "videoMediaId": MEDIA, "videoType": words("mp4")},
        picMediaId=MEDIA,
    ),
}

OTO = record({"robotCode": filled, "userIds": many(filled), "msgKey": filled, "msgParam": filled})
GROUP = record(
    {"robotCode": filled, "openConversationId": filled, "msgKey": filled, "msgParam": filled}, coolAppCode=filled
)
OTO_RECALL = record({"robotCode": filled, "processQueryKeys": many(filled, 1, 20)})
GROUP_RECALL = record({"robotCode": filled, "openConversationId": filled, "processQueryKeys": many(filled, 1, 20)})
DING = record(
    {"robotCode": filled, "remindType": whole(1, 3), "receiverUserIdList": many(filled, 1), "content": filled},
    callVoice=filled,
)
DING_RECALL = record({"robotCode": filled, "openDingId": filled})
DOWNLOAD = record({"robotCode": filled, "downloadCode": filled})
USER = record({"userid": filled}, language=words("zh_CN en_US"))
BY_MOBILE = record({"mobile": string}, support_exclusive_account_search=flag)


# --- cards: sections 3.2 to 3.5 ---


def _variables(value: Any, path: str) -> Iterator[str]:
    yield from mapping(value, path)
    for key, part in value.items() if isinstance(value, dict) else ():
        yield from string(part, f"{path}.{key}")
        if len(key.encode()) > MAX_KEY_BYTES:
            yield f"{path}: the name {key!r} has more than {MAX_KEY_BYTES} bytes"


def _by_user(value: Any, path: str) -> Iterator[str]:
    yield from mapping(value, path)
    for user, part in value.items() if isinstance(value, dict) else ():
        yield from DATA(part, f"{path}.{user}")


def _names(value: Any, path: str) -> Iterator[str]:
    yield from mapping(value, path)
    for name, part in value.items() if isinstance(value, dict) else ():
        yield from filled(part, f"{path}.{name}")


DATA = record({"cardParamMap": _variables})
OPTIONS = record({}, updateCardDataByKey=flag, updatePrivateDataByKey=flag)
SPACE_MODEL = record(
    {"supportForward": flag},
    lastMessageI18n=_names,
    notification=record({"alertContent": filled}, notificationOff=flag),
    searchSupport=record({"searchDesc": filled}, searchIcon=filled, searchTypeName=filled),
)
CREATE = record(
    {"cardTemplateId": filled, "outTrackId": filled, "cardData": DATA, "openSpaceId": filled},
    callbackType=words("STREAM HTTP"),
    callbackRouteKey=filled,
    privateData=_by_user,
    userIdType=whole(1, 2),
    imRobotOpenSpaceModel=SPACE_MODEL,
    imRobotOpenDeliverModel=record({"spaceType": words("IM_ROBOT"), "robotCode": filled}, extension=mapping),
    imGroupOpenSpaceModel=SPACE_MODEL,
    imGroupOpenDeliverModel=record(
        {"robotCode": filled}, atUserIds=_names, recipients=many(filled, 1), extension=mapping
    ),
)
UPDATE = record(
    {"outTrackId": filled}, cardData=DATA, privateData=_by_user, cardUpdateOptions=OPTIONS, userIdType=whole(1, 2)
)
REGISTER = record(
    {"callbackRouteKey": filled, "callbackUrl": matching(r"https?://[^\s/]+(/\S*)?", "an address")},
    apiSecret=filled,
    forceUpdate=flag,
)
CARD_ANSWER = record({}, cardUpdateOptions=OPTIONS, cardData=DATA, userPrivateData=DATA)


def values(data: Mapping[str, str], known: frozenset[str], path: str) -> Iterator[str]:
    """What a template cannot take: variables it lacks, and values that are not what they should be (section 3.6)."""
    for name, value in data.items():
        if name not in known:
            yield f"{path}: the template has no variable {name!r}"
        elif name in VALUES and value:
            yield from VALUES[name](value, f"{path}.{name}")


def _text_of(check: Check) -> Check:
    """JSON as text."""

    def verdict(value: Any, path: str) -> Iterator[str]:
        try:
            parsed = json.loads(value)
        except ValueError:
            yield f"{path}: is no JSON"
        else:
            yield from check(parsed, path)

    return verdict


def _twice(names: list[str], path: str) -> Iterator[str]:
    yield from (f"{path}: {name!r} stands {count} times" for name, count in Counter(names).items() if count > 1)


# --- the buttons of the built-in template: section 3.6 ---

PRESSED = record(
    {"text": filled, "id": filled, "request": flag, "params": record({"id": filled})}, color=words("blue gray")
)
OPENED = record({"text": filled, "url": page}, iosUrl=page, color=words("blue gray"))


def _msg_button(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict) and "url" in value:
        yield from OPENED(value, path)
        return
    yield from PRESSED({**value, "params": {"id": "x"}} if isinstance(value, dict) else value, path)
    if isinstance(value, dict):
        params = value.get("params")
        yield from _names(params, f"{path}.params")
        if value.get("request") is not True:
            yield f"{path}: does nothing when pressed, request is not true"
        if not isinstance(params, dict) or params.get("id") != value.get("id"):
            yield f"{path}: params.id has to be the id, clients report one or the other"


def _msg_buttons(value: Any, path: str) -> Iterator[str]:
    problems = list(record({"msgButtons": many(_msg_button)})(value, path))
    yield from problems
    if not problems:
        yield from _twice([each["id"] for each in value["msgButtons"] if "id" in each], path)


# --- the form template: section 3.6 ---

FIELD: dict[str, Check] = {
    "label": filled,
    "required": flag,
    "requiredMsg": filled,
    "placeholder": string,
    "hidden": flag,
    "readOnly": flag,
}
OPTION = record({"value": filled, "text": filled})
ONE = record({"index": whole(0, 999), "value": string})
SOME = record({"index": many(whole(0, 999)), "value": many(string)})


def _field(default: Check, need: Mapping[str, Check] | None = None, **may: Check) -> Check:
    return record({"name": filled, **(need or {})}, **FIELD, defaultValue=default, **may)


def _number(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{path}: {value!r} is not a number"


CHOICES: dict[str, Check] = {"options": many(OPTION, 1)}
ROWS = whole(1, 99)
FORMAT = matching(r"[yMdHhms /:.-]+", "a format of dates")
FIELDS: dict[str, Check] = {
    "TEXT": _field(string),
    "TEXT_ARRAY": _field(many(string)),
    "TEXT_AREA": _field(string, minRows=ROWS, maxRows=ROWS),
    "NUMBER": _field(_number),
    "SELECT": _field(ONE, CHOICES),
    "MULTI_SELECT": _field(SOME, CHOICES),
    "CHECKBOX_GROUP": _field(string, CHOICES),
    "MULTI_CHECKBOX_GROUP": _field(many(string), CHOICES),
    **{kind: _field(string, format=FORMAT) for kind in ("DATE", "TIME", "DATETIME")},
    **{kind: _field(flag) for kind in ("CHECKBOX", "SWITCH")},
}


def _form(value: Any, path: str) -> Iterator[str]:
    problems = list(record({"fields": many(one_of("type", FIELDS), 1)})(value, path))
    yield from problems
    if problems:
        return
    yield from _twice([each["name"] for each in value["fields"]], path)
    for each in value["fields"]:
        place = f"{path}.{each['name']}"
        if "label" not in each and not each.get("hidden"):
            yield f"{place}: has no label"
        yield from _twice([option["value"] for option in each.get("options", ())], place)
        if "options" in each and not _chosen(each):
            yield f"{place}: {each['defaultValue']} is none of its options"


def _chosen(field: JSON) -> bool:
    """Is the default among the options, and at the place it says?"""
    options = [option["value"] for option in field["options"]]
    match field.get("defaultValue", []):
        case {"index": [*places], "value": [*chosen]}:
            return len(places) == len(chosen) and {*zip(places, chosen, strict=True)} <= {*enumerate(options)}
        case {"index": place, "value": chosen}:
            return (place, chosen) in enumerate(options)
        case [*chosen]:
            return set(chosen) <= set(options)
        case chosen:
            return chosen in options


VALUES: dict[str, Callable[[Any, str], Iterator[str]]] = {
    "markdown": card_markdown,
    "sys_full_json_obj": _text_of(_msg_buttons),
    "form": _text_of(_form),
    "form_status": words("normal disabled"),
}
