"""A card for DingTalk, which takes no card as data: its face in Markdown and buttons, and the ways to send a face.

A message cannot change and its buttons are links that say something; the built-in template can, and calls back.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import starmap
from typing import Any, assert_never
from urllib.parse import quote

from cards.kit import (
    Bars,
    Button,
    Buttons,
    Card,
    Element,
    Fields,
    Form,
    Image,
    Link,
    Note,
    Text,
    Warn,
    dumps,
    shortened,
)

Json = dict[str, Any]
#: label and value of a button → what stands for it: the address it opens, or the code to say.
Press = Callable[[str, Json], str]

NAME = "客伴"
FILL = "填写并"
MORE = "（内容太多，没有全部显示）"
DTMD = "dtmd://dingtalkclient/sendMessage?content="
BREAK = "  \n  "
NEWLINE = re.compile(r"\r\n?|\n")
#: signs that mean something anywhere, those that make an address a button, and those that do at the start of a line.
SIGNS = re.compile(r"[&<>*_\[\]`~|\\@]|(?:(?<=dtmd)|(?<=dingtalk)):|^[ \t#+=-]|^\d+[.)]", re.IGNORECASE | re.MULTILINE)
#: those seen to be shown right by every client.
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
#: what an address may hold where Markdown looks for its end.
IN_ADDRESS = "%/:=&?#+!$,;*@~[]"
TONES = {"blue": "#3380fc", "green": "#2db045", "orange": "#f89125", "red": "#f74e2b", "grey": "#888f95"}
RED, GREY = TONES["red"], TONES["grey"]
#: the same colours by the names they have in a card, where they follow the dark theme.
NAMED = {colour: f"common_{'gray' if tone == 'grey' else tone}1_color" for tone, colour in TONES.items()}
COLOURED = re.compile(r"<font color='(#\w{6})'>")
MARKDOWN = "sampleMarkdown"
NATIVE = 5
SUMMARY = 64
#: msgParam takes 15,000 bytes: so much for all texts, so much for all buttons, the rest for what is around them.
#: A variable of a template takes 1 KB by the documents and more in the field, nobody says how much: the help of
#: somebody who may do everything is the longest card that has to be whole.
TEXT_BYTES = 8 * 1024
PRESS_BYTES = 5 * 1024 + 512
#: bytes of a link to a form's page, which is known only when it is sent, of what is around each link, and of a picture.
PAGE_BYTES, LINK_BYTES, IMAGE_BYTES = 600, 24, 100
SHORTER = (2000, 500, 100, 30)


def render(card: Card) -> Json:
    """The face: `title` and `tone` as they are, `parts` each with one of

    `text` (Markdown), `buttons` (label, tone, value: the packed action), `link` (label, url), `image` (data, alt: a
    message shows it once it is uploaded, a template never) and `form` (submit: the label, card: the whole card as
    `kit.dumps` has it). Labels are one line. Texts that are too long are cut, then left out; the whole fits each way of
    sending, as JSON that is written with `ensure_ascii=False`.
    """
    face = _face(card, card)
    for most in SHORTER:
        if _bytes(escape(face["title"])) + sum(_cost(part) for part in face["parts"] if "text" in part) <= TEXT_BYTES:
            break
        face = _face(shortened(card, most), card)
    return face | {"parts": _kept(face)}


def image(part: Json) -> Image:
    """The picture of an `image` part."""
    return Image(**part["image"])


def shown(part: Json, media_id: str) -> Json:
    """An `image` part as the text that shows it, once it is uploaded."""
    return {"text": f"![{escape(part['image']['alt'])}]({media_id})"}


def escape(text: str) -> str:
    """User text inside Markdown: every sign that could mean something where it stands becomes an entity."""
    return SIGNS.sub(lambda found: found[0][:-1] + _entity(found[0][-1]), NEWLINE.sub("\n", text))


def _entity(sign: str) -> str:
    return ENTITIES.get(sign) or f"&#{ord(sign)};"


def pressed_text(label: str, code: str) -> str:
    """What somebody says who presses a button; `models.codes.CODE` finds the code again."""
    return f"{label} #{code}"


def dtmd(text: str) -> str:
    """A link that makes whoever presses it say `text` where it stands."""
    return DTMD + quote(text, safe="")


# --- the face ---


def _face(shown: Card, whole: Card) -> Json:
    parts = [part for each in shown.body for part in _element(each, whole)]
    return {"title": _line(shown.title) or NAME, "tone": shown.tone, "parts": parts}


def _element(part: Element, whole: Card) -> list[Json]:
    match part:
        case Text(text) | Note(text) | Warn(text) if not text.strip():
            return []
        case Text(text):
            return [{"text": _lines(text)}]
        case Note(text):
            return [{"text": _coloured(text, GREY)}]
        case Warn(text):
            return [{"text": _coloured(text, RED)}]
        case Fields(pairs):
            lines = [line for pair in pairs if (line := _pair(*pair))]
            return [{"text": BREAK.join(lines)}] if lines else []
        case Bars():
            return [{"text": _bars(part)}] if part.each else []
        case Buttons(each):
            return [{"buttons": list(map(_button, each))}] if each else []
        case Link(label, url):
            return [{"link": {"label": _label(label), "url": quote(url, safe=IN_ADDRESS)}}]
        case Image(data, alt):
            return [{"image": {"data": data, "alt": _label(alt)}}]
        case Form(fields, submit):
            wrong = "\n".join(f"{field.label}：{field.error}" for field in fields if field.error)
            form = {"form": {"submit": _label(submit.label), "card": dumps(whole)}}
            return [{"text": _coloured(wrong, RED)}, form] if wrong else [form]
        case _:
            assert_never(part)


def _button(button: Button) -> Json:
    return {"label": _label(button.label), "tone": button.tone, "value": button.action.pack()}


def _line(text: str) -> str:
    return " ".join(text.split())


def _label(text: str) -> str:
    return _line(text) or "…"


def _lines(text: str) -> str:
    return escape(text).replace("\n", BREAK)


def _pair(label: str, value: str) -> str:
    return "　".join(filter(None, (_bold(label), _lines(value) if value.strip() else "")))


def _bold(text: str) -> str:
    return f"**{escape(line)}**" if (line := _line(text)) else ""


def _font(escaped: str, colour: str) -> str:
    return f"<font color='{colour}'>{escaped}</font>" if escaped.strip() else ""


def _coloured(text: str, colour: str) -> str:
    """A colour ends with its paragraph, so each line has it for itself."""
    return BREAK.join(_font(line, colour) for line in escape(text).split("\n"))


def _bars(bars: Bars) -> str:
    most = max(1, *(number for _, number in bars.each))
    lines = (f"{escape(_line(label))}　{_bar(number, most)}{number}" for label, number in bars.each)
    return BREAK.join(filter(None, (_bold(bars.title), *lines)))


def _bar(number: int, most: int) -> str:
    return "▇" * -(-10 * number // most) + " " if number > 0 else ""


def _bytes(text: str) -> int:
    """Bytes of a text inside JSON that is written without `\\u` for what is not ASCII."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def _cost(part: Json) -> int:
    """Bytes that a part takes at most in a message."""
    match part:
        case {"text": text}:
            return _bytes(text) + 4
        case {"buttons": each}:
            said = ((escape(button["label"]), dtmd(pressed_text(button["label"], "x" * 8))) for button in each)
            return sum(_bytes(label) + len(address) + LINK_BYTES for label, address in said)
        case {"link": link}:
            return _bytes(escape(link["label"])) + _bytes(link["url"]) + LINK_BYTES
        case {"image": image}:
            return _bytes(escape(image["alt"])) + IMAGE_BYTES
    return PAGE_BYTES


def _kept(face: Json) -> list[Json]:
    """The parts there is room for; what comes after them is left out, and that is said once."""
    room = {True: TEXT_BYTES - _bytes(escape(face["title"])), False: PRESS_BYTES}
    kept: list[Json] = []
    for part in face["parts"]:
        room["text" in part] -= _cost(part)
        if room["text" in part] >= 0:
            kept.append(part)
        elif {"text": MORE} not in kept:
            kept.append({"text": MORE})
    return kept


# --- messages: msgKey and msgParam of the robot's API ---


def action_card(face: Json, press: Press, page: str | None) -> tuple[str, Json]:
    """The message for a chat with one person: five buttons with different labels are buttons, else links in the text.

    `press` gives the address a button opens, `page` is that of the form's page. Raises ValueError for a form without.
    """
    rows = [(part.get("text", ""), list(_opened(part, press, page))) for part in face["parts"]]
    opened = [each for _, row in rows for each in row]
    if 0 < len(opened) == len({label for label, _ in opened}) <= NATIVE:
        return _native(_content(face, [text for text, _ in rows if text]), opened)
    return MARKDOWN, _content(face, [text or "　".join(starmap(_link, row)) for text, row in rows])


def answer(kind: str, said: Json) -> Json:
    """The same message as an answer to what was said in a chat (protocol §1.3)."""
    about = {"title": said["title"], "text": said["text"]}
    if kind == MARKDOWN:
        return {"msgtype": "markdown", "markdown": about}
    if "singleURL" in said:
        return {"msgtype": "actionCard", "actionCard": said}
    places = range(1, 1 + sum(name.startswith("actionURL") for name in said))
    buttons = [{"title": said[f"actionTitle{place}"], "actionURL": said[f"actionURL{place}"]} for place in places]
    return {"msgtype": "actionCard", "actionCard": about | {"btnOrientation": "0", "btns": buttons}}


def in_group(face: Json, code: Press, home: str) -> tuple[str, Json]:
    """The message for a group, where a press would not be heard: what to say instead, with the code of each button.

    `home` is the address of the chat with one person, "" for none.
    """
    return MARKDOWN, _content(face, [_in_words(part, code, home) for part in face["parts"]])


def _content(face: Json, texts: list[str]) -> Json:
    """`title` is what the list of chats shows, so the text says it again."""
    headline = f"#### {_font(escape(face['title']), TONES[face['tone']])}"
    return {"title": _summary(face["title"]), "text": "\n\n".join([headline, *texts])}


def _summary(title: str) -> str:
    return title if len(title) <= SUMMARY else f"{title[: SUMMARY - 1]}…"


def _opened(part: Json, press: Press, page: str | None) -> Iterator[tuple[str, str]]:
    """(label, address) of everything that can be pressed in a part."""
    match part:
        case {"buttons": each}:
            yield from ((button["label"], press(button["label"], button["value"])) for button in each)
        case {"link": link}:
            yield link["label"], link["url"]
        case {"form": form}:
            yield FILL + form["submit"], _page(page)


def _page(page: str | None) -> str:
    if page is None:
        raise ValueError("a form is filled in on a page, and there is none")
    return page


def _native(content: Json, opened: list[tuple[str, str]]) -> tuple[str, Json]:
    if len(opened) == 1:
        [(label, address)] = opened
        return "sampleActionCard", content | {"singleTitle": label, "singleURL": address}
    titles = {f"actionTitle{number}": label for number, (label, _) in enumerate(opened, 1)}
    addresses = {f"actionURL{number}": address for number, (_, address) in enumerate(opened, 1)}
    return f"sampleActionCard{len(opened)}", content | titles | addresses


def _link(label: str, address: str) -> str:
    return f"[【{escape(label)}】]({address})"


def _in_words(part: Json, code: Press, home: str) -> str:
    match part:
        case {"text": text}:
            return str(text)
        case {"buttons": each}:
            said = (pressed_text(button["label"], code(button["label"], button["value"])) for button in each)
            return BREAK.join(f"回复 @{NAME} {escape(words)}" for words in said)
        case {"link": link}:
            return _link(link["label"], link["url"])
        case {"image": _}:
            return ""
    return f"这张表要在私聊里填写　{_link('打开私聊', home)}" if home else "这张表要在私聊里填写"


# --- the built-in template: cardParamMap ---


def params(face: Json, page: str | None) -> dict[str, str]:
    """The variables of the built-in template, which shows all buttons under the text.

    So a label that stands more than once is numbered, and so is the text above it. `page` is the address of the
    form's page. Raises ValueError for a form without.
    """
    title, texts, buttons = face["title"], [], []
    rows = [(part.get("text", ""), list(_template_buttons(part, page))) for part in face["parts"]]
    count = Counter(button["text"] for _, row in rows for button in row)
    marks = map(_mark, range(1, len(rows) + 1))
    for text, row in rows:
        texts += [text] if text else []
        if any(count[button["text"]] > 1 for button in row):
            mark = next(marks)
            texts[-1:] = [f"{above} {mark}" for above in texts[-1:]]
            row = [each | {"text": f"{mark} {each['text']}"} if count[each["text"]] > 1 else each for each in row]
        buttons += row
    texts = [_bold(title), *texts] if len(title) > SUMMARY else texts
    markdown = COLOURED.sub(lambda font: f"<font color={NAMED[font[1]]}>", "\n\n".join(texts))
    shown = {"msgButtons": list(_told_apart(buttons))}
    return {"title": _summary(title), "markdown": markdown, "tips": "", "sys_full_json_obj": _compact(shown)}


def _template_buttons(part: Json, page: str | None) -> Iterator[Json]:
    match part:
        case {"buttons": each}:
            for button in each:
                colour = "blue" if button["tone"] == "primary" else "gray"
                value = {"value": _compact(button["value"])}
                yield {"text": button["label"], "color": colour, "id": "", "request": True, "params": value}
        case {"link": link}:
            yield {"text": link["label"], "color": "gray", "url": link["url"], "iosUrl": link["url"]}
        case {"form": form}:
            address = _page(page)
            yield {"text": FILL + form["submit"], "color": "blue", "url": address, "iosUrl": address}


def _mark(number: int) -> str:
    return chr(ord("①") + number - 1) if number <= 20 else f"({number})"


def _told_apart(buttons: list[Json]) -> Iterator[Json]:
    """The buttons with their ids, which clients report one way or the other, and no label twice."""
    taken: set[str] = set()
    for number, button in enumerate(buttons, 1):
        again, label = 1, button["text"]
        while label in taken:
            again, label = again + 1, f"{button['text']} {again + 1}"
        taken.add(label)
        own = {"id": f"b{number}", "params": {"id": f"b{number}", **button["params"]}} if "id" in button else {}
        yield button | {"text": label} | own


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
