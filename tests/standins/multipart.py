"""The parts of a multipart request, for the stand-ins."""

from __future__ import annotations

import email
from email.message import Message as Mail

from standins.served import Call


def parts(call: Call) -> dict[str, Mail]:
    """The parts by name."""
    head = f"Content-Type: {call.headers.get('content-type', '')}\r\n\r\n".encode()
    parsed = email.message_from_bytes(head + call.raw)
    found = parsed.get_payload() if parsed.is_multipart() else []
    named = {}
    for part in found if isinstance(found, list) else ():
        if isinstance(part, Mail):
            named[str(part.get_param("name", "", "content-disposition"))] = part
    return named


def payload(part: Mail | None) -> bytes:
    """What a part holds; nothing for one that is not there."""
    content = part.get_payload(decode=True) if part else b""
    return content if isinstance(content, bytes) else b""
