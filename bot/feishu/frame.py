"""Frames of Feishu's long connection: as much of protobuf as their one message uses (protocol §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO

CONTROL, DATA = 0, 1
#: the numbers of the fields; what others hold is given back as it came.
SEQ_ID, LOG_ID, SERVICE, METHOD, HEADERS, PAYLOAD = 1, 2, 3, 4, 5, 8
KEY, VALUE = 1, 2
#: the kinds of fields that there are.
NUMBER, BYTES = 0, 2
LONGEST_NUMBER = 10  # bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. Its answer is the same but for the payload and a header more."""

    method: int
    headers: Mapping[str, str]
    payload: bytes = b""
    service: int = 0
    seq_id: int = 0
    log_id: int = 0
    more: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """event, card, ping or pong."""
        return self.headers.get("type", "")


@dataclass
class _Fields:
    numbers: dict[int, int] = field(default_factory=dict)
    texts: dict[int, list[bytes]] = field(default_factory=dict)

    def text(self, number: int) -> bytes:
        return self.texts.get(number, [b""])[-1]


def decode(raw: bytes) -> Frame:
    """Raises ValueError for what is no frame."""
    read = _fields(raw)
    pairs = [_fields(header) for header in read.texts.get(HEADERS, ())]
    return Frame(
        method=read.numbers.get(METHOD, -1),
        headers={pair.text(KEY).decode(): pair.text(VALUE).decode() for pair in pairs},
        payload=read.text(PAYLOAD),
        service=read.numbers.get(SERVICE, 0),
        seq_id=read.numbers.get(SEQ_ID, 0),
        log_id=read.numbers.get(LOG_ID, 0),
        more={number: read.text(number) for number in read.texts if number not in (HEADERS, PAYLOAD)},
    )


def encode(frame: Frame) -> bytes:
    """The four numbers are required, zero or not."""
    numbers = {SEQ_ID: frame.seq_id, LOG_ID: frame.log_id, SERVICE: frame.service, METHOD: frame.method}
    parts = [_varint(number << 3 | NUMBER) + _varint(value) for number, value in numbers.items()]
    pairs = [_text(KEY, key.encode()) + _text(VALUE, value.encode()) for key, value in frame.headers.items()]
    parts += [_text(HEADERS, pair) for pair in pairs]
    parts += [_text(number, content) for number, content in {**frame.more, PAYLOAD: frame.payload}.items() if content]
    return b"".join(parts)


def _fields(raw: bytes) -> _Fields:
    read, rest = _Fields(), BytesIO(raw)
    while rest.tell() < len(raw):
        tag, value = _number(rest), _number(rest)
        if tag & 7 == NUMBER:
            read.numbers[tag >> 3] = value
        elif tag & 7 == BYTES:
            read.texts.setdefault(tag >> 3, []).append(_exactly(rest, value))
        else:
            raise ValueError("a kind of field that no frame has")
    return read


def _exactly(rest: BytesIO, length: int) -> bytes:
    if length > rest.getbuffer().nbytes - rest.tell():
        raise ValueError("something that breaks off")
    return rest.read(length)


def _number(rest: BytesIO) -> int:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    value = 0
    for place in range(LONGEST_NUMBER):
        (byte,) = _exactly(rest, 1)
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value
    raise ValueError("a number that is too long")


def _varint(value: int) -> bytes:
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def _text(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | BYTES) + _varint(len(content)) + content
