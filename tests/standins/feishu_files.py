"""Files both ways at the Feishu stand-in: what the bot uploads, and what people sent (protocol section 4.5)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from standins.feishu_company import Refusal
from standins.multipart import parts, payload
from standins.served import Answer, Call

JSON = dict[str, Any]

IMAGE_BYTES, FILE_BYTES = 10 * 1024 * 1024, 30 * 1024 * 1024
FILE_TYPES = "opus mp4 pdf doc xls ppt stream".split()
#: how pictures begin
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")
MOST_GIF, MOST_PIXELS = 2000, 12000  # each way
WIDTH, HEIGHT, TALL = 1500, 3000, 16 / 9  # of a picture in a card


@dataclass
class Files:
    """What was uploaded by its key, and what people sent by message and key: (type, content, mime)."""

    images: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # key → name, content
    sent: dict[tuple[str, str], tuple[str, bytes, str]] = field(default_factory=dict)

    def person_sent(self, kind: str, content: bytes, mime: str = "application/octet-stream") -> tuple[str, str]:
        """A person sends a picture (`image`) or a `file`: its message and key."""
        message, key = "om_" + secrets.token_hex(16), f"{'img' if kind == 'image' else 'file'}_{secrets.token_hex(8)}"
        self.sent[message, key] = (kind, content, mime)
        return message, key

    def upload_image(self, call: Call) -> JSON:
        given = parts(call)
        content = payload(given.get("image"))
        if payload(given.get("image_type")) != b"message":
            raise Refusal(234001, "invalid request param: image_type")
        _sized(content, IMAGE_BYTES)
        if not content.startswith(PICTURES):
            raise Refusal(234011, "can't recognize the image format")
        if max(_dimensions(content)) > (MOST_GIF if content.startswith(PICTURES[2]) else MOST_PIXELS):
            raise Refusal(234006, "the image has too many pixels")
        key = "img_v3_" + secrets.token_hex(12)
        self.images[key] = content
        return {"data": {"image_key": key}}

    def upload_file(self, call: Call) -> JSON:
        given = parts(call)
        name, content = payload(given.get("file_name")).decode(), payload(given.get("file"))
        if payload(given.get("file_type")).decode() not in FILE_TYPES or not name:
            raise Refusal(234001, "invalid request param: file_type, file_name")
        _sized(content, FILE_BYTES)
        key = "file_v3_" + secrets.token_hex(12)
        self.files[key] = (name, content)
        return {"data": {"file_key": key}}

    def fetched(self, call: Call, message: str, key: str) -> Answer:
        """The content of what a person sent. Raises Refusal."""
        kind, content, mime = self.sent.get((message, key), ("", b"", ""))
        if not kind:
            raise Refusal(234003, "the file is not in the message")
        if call.query.get("type") != kind:
            raise Refusal(234001, "invalid request param: type")
        return Answer(content, 200, {"Content-Type": mime})

    def strangers(self, card: Any) -> Iterator[str]:
        """What is wrong with the pictures of a card (section 4.2: 200570)."""
        if isinstance(card, dict):
            if card.get("tag") == "img":
                yield from self._problems(card["img_key"])
            card = list(card.values())
        for part in card if isinstance(card, list) else ():
            yield from self.strangers(part)

    def _problems(self, key: str) -> Iterator[str]:
        content = self.images.get(key)
        if content is None:
            yield f"ErrCode: 200570 no image {key!r}"
            return
        width, height = _dimensions(content)
        if width > WIDTH or height > HEIGHT or height > width * TALL:
            yield f"a picture of {width}x{height} is too large for a card"


def _dimensions(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG or GIF; of others nobody asks."""
    if content.startswith(PICTURES[0]):
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if content.startswith(PICTURES[2]):
        return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    return 1, 1


def _sized(content: bytes, most: int) -> None:
    if not content:
        raise Refusal(234010, "the file's size can't be 0")
    if len(content) > most:
        raise Refusal(234006, "the file size exceeds the limit")
