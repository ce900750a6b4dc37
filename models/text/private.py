"""Contact data in free text: found, replaced by markers, put back for who may see it (requirement P5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple, cast

from stdnum.cn import ric

from models.text import identifiers

Kind = Literal["mobile", "landline", "email", "id_number", "wechat"]


class Span(NamedTuple):
    """One piece of contact data: `text[start:end]` is `spelling`, `value` is its normal form for exact search."""

    start: int
    end: int
    kind: Kind
    value: str
    spelling: str


LABELS: Final[Mapping[Kind, str]] = {
    "mobile": "手机",
    "landline": "座机",
    "email": "邮箱",
    "id_number": "身份证号",
    "wechat": "微信号",
}
HIDDEN: Final = "〔已隐藏〕"
ERASED: Final = "〔已擦除〕"
_OPEN, _CLOSE = "⟦", "⟧"
_FORGED: Final = str.maketrans(_OPEN + _CLOSE, "〖〗")
_MARKER: Final = re.compile(rf"{_OPEN}({'|'.join(LABELS)}):([0-9]{{1,19}}){_CLOSE}")

_SEPARATOR: Final = re.escape(identifiers.SPACES + identifiers.DASHES + "－()（）")
_HINT: Final = re.compile(rf"[@＠]|微信|[0-9０-９](?:[{_SEPARATOR}]{{0,4}}[0-9０-９]){{6}}")

# All patterns read narrowed text. An order number such as SO13800138001 is none of ours, tel13800138001 is.
_LEFT: Final = r"(?:(?<![0-9A-Za-z¥￥])|(?=[+(])|(?<=tel)|(?<=phone)|(?<=mobile)|(?<=fax))"
_RIGHT: Final = r"(?!\d|(?:\.\d\d)?[ ]?[万亿]?元)"
_GAP: Final = r"[ -]{1,3}"
_MAYBE: Final = r"[ -]{0,3}"
_EXTENSION: Final = r"(?:(?:[ ]?(?:[转轉]|分机号?|ext\.?|x|\#)[ :]?|-)(?P<extension>\d{1,6})(?!\d|-\d))?"
_AREA_BRACKET: Final = r"(?:\((?=0?\d{2,3}\)))?"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.IGNORECASE)


_EMAIL: Final = _compiled(r"(?P<spelling>[A-Z0-9][A-Z0-9._%+-]{0,63}+@(?:[A-Z0-9-]{1,63}\.){1,6}[A-Z]{2,24})")
_WECHAT: Final = _compiled(r"微信\s{0,3}号?\s{0,3}[:：]\s{0,3}(?P<spelling>[A-Z][A-Z0-9_-]{5,}+)")
_ID_NUMBER: Final = _compiled(
    rf"(?<!\d)(?P<spelling>[1-8]\d{{5}}{_MAYBE}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]){_MAYBE}\d{{3}}[\dX])(?!\d)"
)
# 5-6 digits take no dash: 15000-200000 is a budget.
_MOBILE: Final = _compiled(
    rf"{_LEFT}(?P<spelling>(?:\((?:\+|00)?86\){_MAYBE}|(?:\+|00)?86{_MAYBE}|0)?1(?:[3-9](?:"
    rf"\d{{9}}|\d{_GAP}\d{{8}}|\d{_GAP}\d{{4}}{_GAP}\d{{4}}|\d{_GAP}\d{{3}}{_GAP}\d{{5}}|\d\d{_GAP}\d{{3}}{_GAP}\d{{4}}"
    rf"|\d\d\d[ ]{{1,3}}\d{{6}}|\d{{5}}{_GAP}\d{{4}})|{_GAP}[3-9](?:{_GAP}\d){{9}})){_RIGHT}"
)
_LANDLINE: Final = _compiled(
    rf"{_LEFT}(?P<spelling>(?:(?:\+|00)86{_MAYBE}(?:\(0\){_MAYBE}|{_AREA_BRACKET}0?)|{_AREA_BRACKET}0)(?P<area>(?P<big>10|2\d)|[3-9]\d\d)\)?{_MAYBE}"
    rf"(?P<local>[2-9]\d\d(?(big)\d|\d?){_MAYBE}\d{{4}}){_RIGHT}{_EXTENSION})"
)
_SERVICE: Final = _compiled(
    rf"{_LEFT}(?P<spelling>(?P<area>400)(?P<local>{_MAYBE}\d{{3}}{_MAYBE}\d{{4}}|{_GAP}\d{{4}}{_GAP}\d{{3}}){_RIGHT}{_EXTENSION})"
)


def _digits(text: str) -> str:
    return re.sub(r"[^0-9X]", "", text.upper())


def _email(match: re.Match[str]) -> str:
    local, _, domain = match["spelling"].rpartition("@")
    return f"{local}@{domain.lower()}"


def _wechat(match: re.Match[str]) -> str:
    return match["spelling"]


def _id_number(match: re.Match[str]) -> str | None:
    number = _digits(match["spelling"])
    return number if ric.calc_check_digit(number) == number[-1] else None


def _mobile(match: re.Match[str]) -> str:
    return _digits(match["spelling"])[-11:]


def _landline(match: re.Match[str]) -> str:
    return identifiers.landline_form(match["area"], _digits(match["local"]), match["extension"])


_FINDERS: Final[tuple[tuple[Kind, re.Pattern[str], Callable[[re.Match[str]], str | None]], ...]] = (
    ("email", _EMAIL, _email),
    ("wechat", _WECHAT, _wechat),
    ("id_number", _ID_NUMBER, _id_number),
    ("mobile", _MOBILE, _mobile),
    ("landline", _LANDLINE, _landline),
    ("landline", _SERVICE, _landline),
)


def find(text: str) -> list[Span]:
    """All contact data in the text, in order, not overlapping.

    Mobiles, landlines with area code, 400 numbers, mail addresses, identity numbers whose check digit is right, and
    WeChat ids after 微信: or 微信号:. Other numbers (orders, credit codes, amounts, dates, addresses of machines) are
    left alone; where a number may be either, it counts as contact data. Time grows with the length only.
    """
    if not _HINT.search(text):
        return []
    rest = identifiers.narrow(text)
    spans: list[Span] = []
    for kind, pattern, read in _FINDERS:
        rest = _taken(text, rest, kind, pattern, read, spans)
    return sorted(spans)


def _taken(
    text: str,
    rest: str,
    kind: Kind,
    pattern: re.Pattern[str],
    read: Callable[[re.Match[str]], str | None],
    spans: list[Span],
) -> str:
    """Add the spans of one kind and blank them out, so that the next kind meets the text as it will be stored."""

    def blank(match: re.Match[str]) -> str:
        value = read(match)
        if value is None:
            return match[0]
        start, end = match.span("spelling")
        spans.append(Span(start, end, kind, value, text[start:end]))
        return rest[match.start() : start] + _CLOSE * (end - start)

    return pattern.sub(blank, rest)


def neutralise(text: str) -> str:
    """The text with typed marker brackets turned into 〖 〗, so that nobody can forge a marker; the length stays."""
    return text.translate(_FORGED)


def replace(text: str, ids: Callable[[Span], int]) -> str:
    """The text as it is stored: each value replaced by ⟦kind:id⟧, where `ids` keeps the value and names its id."""
    clean = neutralise(text)
    parts: list[str] = []
    done = 0
    for span in find(clean):
        parts += clean[done : span.start], f"{_OPEN}{span.kind}:{ids(span)}{_CLOSE}"
        done = span.end
    return "".join(parts) + clean[done:]


def redact(text: str) -> str:
    """Typed text for a place where nobody may see contact data: each value is named instead, as 〔手机〕."""
    parts: list[str] = []
    done = 0
    for span in find(text):
        parts += text[done : span.start], _named(span.kind)
        done = span.end
    return "".join(parts) + text[done:]


def markers(text: str) -> list[tuple[Kind, int]]:
    """Kind and id of every marker in a stored text, in order."""
    return [(cast(Kind, kind), int(number)) for kind, number in _MARKER.findall(text)]


def restore(text: str, values: Mapping[int, str], masked: Callable[[Kind, str], str] | None = None) -> str:
    """A stored text for a reader: values in clear, or as `masked` shows them.

    An id without a value is 〔已隐藏〕, and one whose value is empty 〔已擦除〕.
    """

    def shown(match: re.Match[str]) -> str:
        value = values.get(int(match[2]))
        if value is None:
            return HIDDEN
        if not value:
            return ERASED
        return masked(cast(Kind, match[1]), value) if masked else value

    return _MARKER.sub(shown, text)


def conceal(text: str) -> str:
    """A stored text without any value, each marker shown as its kind: 〔手机〕."""
    return _MARKER.sub(lambda match: _named(cast(Kind, match[1])), text)


def _named(kind: Kind) -> str:
    return f"〔{LABELS[kind]}〕"


def mask(kind: Kind, value: str) -> str:
    """A value as others see it (138****8001), in whatever spelling it was kept; to be passed to `restore`."""
    value = normal(kind, value)
    match kind:
        case "mobile":
            return identifiers.mask_mobile(value)
        case "landline":
            return identifiers.mask_phone(value)
        case "email":
            return identifiers.mask_email(value)
        case "id_number":
            return identifiers.mask_id(value)
        case "wechat":
            return f"{value[:1]}***"


def normal(kind: Kind, spelling: str) -> str:
    """The normal form of a value in whatever spelling it was kept."""
    return next((span.value for span in find(spelling) if span.kind == kind), spelling)
