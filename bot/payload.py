"""The one JSON parser on the way in, whatever platform it comes from."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable

from bot.platform import Forged, Json

MAX_DEPTH = 32
NO_TEXT = re.compile(r"[\0\ud800-\udfff]")
#: how JSON can say such a character at all; not proof yet, since pairs of surrogates are text
NO_TEXT_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def parse(raw: bytes | str) -> Json:
    """A JSON object from strict UTF-8, free of what no database or log takes. Raises Forged (400)."""
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        value = JSON.decode(text)
        if NO_TEXT_ESCAPED.search(text) or text.count("[") + text.count("{") > MAX_DEPTH:
            _check_values(value)
    except (ValueError, RecursionError):
        raise Forged("not acceptable JSON", 400) from None
    if not isinstance(value, dict):
        raise Forged("not a JSON object", 400)
    return value


def _check_values(value: object) -> None:
    """Raise ValueError for NUL, lone surrogates and deep nesting."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [part for node in level for part in _parts(node)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _parts(node: object) -> Iterable[object]:
    match node:
        case dict():
            return [*node, *node.values()]
        case list():
            return node
        case str() if NO_TEXT.search(node):
            raise ValueError("a character that is no text")
    return ()


def _int(digits: str) -> int:
    if (number := int(digits)).bit_length() > 63:
        raise ValueError("a number beyond 64 bits")
    return number


def _float(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError("not a finite number")
    return number


JSON = json.JSONDecoder(parse_int=_int, parse_float=_float, parse_constant=_float)
