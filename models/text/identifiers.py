"""Phone numbers, mail addresses, identity numbers and amounts as typed: read, checked, masked."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

import email_validator
import phonenumbers
from stdnum.cn import ric
from stdnum.cn import uscc as _uscc
from stdnum.exceptions import ValidationError

SPACES: Final = " \t\u00a0\u2002\u2003\u2009\u200b\u200c\u200d\u2060\u3000\ufeff"
DASHES: Final = "-‐‑‒–—―−─"
_NARROW: Final = (
    {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | dict.fromkeys(map(ord, SPACES), " ")
) | dict.fromkeys(map(ord, DASHES), "-")

_CHINA: Final = 86
_MOBILE: Final = re.compile(r"1[3-9]\d{9}", re.ASCII)
_COUNTRY_CODE: Final = re.compile(r"^(?:(?:\+|00)86|86(?=1\d{10}$))", re.ASCII)
_EXTENSION: Final = r"(?:(?:-|[转轉]|分机号?|ext\.?|x|\#)[-:]?(?P<extension>\d{1,6}))?"
_LANDLINE: Final = re.compile(
    rf"(?:(?:\+|00)86-?0?|0)(?P<area>10|2\d|[3-9]\d\d)-?(?P<local>\d{{3,4}}-?\d{{4}}){_EXTENSION}",
    re.ASCII | re.IGNORECASE,
)
_SERVICE: Final = re.compile(rf"(?P<area>[48]00)-?(?P<local>\d(?:-?\d){{6}}){_EXTENSION}", re.ASCII | re.IGNORECASE)

_USCC: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}", re.ASCII)
_RESIDENT_ID: Final = re.compile(r"(?P<province>\d\d)\d{4}(?:18|19|20)\d{9}[\dX]", re.ASCII)
_IDENTITY_LENGTH: Final = 18
_OLD_ID_LENGTH: Final = 15
# GB/T 2260 provinces; 81 to 83 are the residence permits of people from Hong Kong, Macao and Taiwan.
_PROVINCES: Final = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)

_UNITS: Final = {
    "": 1, "元": 1, "块": 1, "千": 10**3, "k": 10**3, "万": 10**4, "w": 10**4, "十万": 10**5, "百万": 10**6,
    "千万": 10**7, "亿": 10**8,
}  # fmt: skip
_AMOUNT: Final = r"(\d{1,15}(?:\.\d{1,6})?)(十万|百万|千万|[元块千kw万亿]?)(?:元|块钱?)?"
_ABOUT: Final = r"(?:预算|大约|大概|约|人民币|¥)*"
_RANGE: Final = re.compile(rf"{_ABOUT}{_AMOUNT}(?:-|~|到|至){_ABOUT}{_AMOUNT}(?:之间|左右)?", re.ASCII)
_AT_LEAST: Final = re.compile(
    rf"{_ABOUT}(?:{_AMOUNT}(?:以上|起|\+)|(?:不低于|不少于|至少|最少|超过|高于|大于|>=?|≥){_AMOUNT})", re.ASCII
)
_AT_MOST: Final = re.compile(
    rf"{_ABOUT}(?:{_AMOUNT}(?:以内|以下|封顶)|(?:不超过|不高于|至多|最多|低于|小于|<=?|≤){_AMOUNT})", re.ASCII
)
_EXACT: Final = re.compile(rf"{_ABOUT}{_AMOUNT}(?:左右)?", re.ASCII)
_MONEY_SIGNS: Final = str.maketrans("￥萬億內", "¥万亿内")
_LARGEST_FEN: Final = 10**14


#: what people put between several words of one place.
_APART: Final = re.compile(r"[、,，;；\s]+")


def several(text: str) -> list[str]:
    """The words of a place that takes several, apart by any usual sign."""
    return [word for word in _APART.split(text) if word]


def narrow(text: str) -> str:
    """Full-width forms, odd spaces and odd dashes in their plain form, character by character: positions stay."""
    return text.translate(_NARROW)


def _compact(text: str) -> str:
    return re.sub(r"[ ().]", "", narrow(text)).strip("-")


def mobile(text: str) -> str:
    """The 11 digits of a mainland mobile number from what people type, +86 and separators included.

    Raises ValueError with a sentence for the person (requirement A3).
    """
    number = _COUNTRY_CODE.sub("", _compact(text).replace("-", ""), count=1)
    if not re.fullmatch(r"[0-9]+", number):
        raise ValueError("不是大陆手机号：只填 11 位数字，例如 13800138001")
    if number.startswith("0"):
        raise ValueError("不是大陆手机号：座机请填到备用电话")
    if len(number) != 11:
        raise ValueError(f"手机号要 11 位，现在是 {len(number)} 位")
    if not _MOBILE.fullmatch(number):
        raise ValueError("不是大陆手机号：应以 13 到 19 开头，请核对")
    return number


def phone(text: str) -> str:
    """A mobile number, or a landline or 400/800 number as 021-62785001, 021-62785001-8001, 400-810-8888.

    Raises ValueError with a sentence for the person (requirement A3).
    """
    number = _compact(text)
    if match := _LANDLINE.fullmatch(number) or _SERVICE.fullmatch(number):
        return _landline(match)
    if re.fullmatch(r"[2-9]\d{2,3}-?\d{4}", number, re.ASCII):
        raise ValueError("座机要带区号，例如 021-62785001")
    if re.match(r"0[1-9]", number):
        raise ValueError("座机号不完整：区号加 7 或 8 位号码，例如 021-62785001 转 8001")
    return mobile(text)


def _landline(match: re.Match[str]) -> str:
    digits = match["local"].replace("-", "")
    national = int(match["area"] + digits)
    if not phonenumbers.is_valid_number(phonenumbers.PhoneNumber(country_code=_CHINA, national_number=national)):
        raise ValueError("没有这样的座机号：请核对区号和位数，例如 021-62785001")
    return landline_form(match["area"], digits, match["extension"])


def landline_form(area: str, local: str, extension: str | None) -> str:
    """The one way a landline is written; `area` comes without its 0, a 400 number has the area 400."""
    main = f"{area}-{local[:3]}-{local[3:]}" if area in {"400", "800"} else f"0{area}-{local}"
    return f"{main}-{extension}" if extension else main


def last4(mobile_number: str) -> str:
    """The last four digits, by which a mobile number may also be searched (requirement A11)."""
    return mobile_number[-4:]


def email(text: str) -> str:
    """A mail address, stripped, its domain in lower case; nothing is looked up on the network.

    Raises ValueError with a sentence for the person (requirement A3).
    """
    address = narrow(text).strip()
    try:
        return email_validator.validate_email(address, check_deliverability=False, allow_smtputf8=False).normalized
    except email_validator.EmailNotValidError:
        wrong = "格式不对" if "@" in address else "缺少 @"
        raise ValueError(f"邮箱{wrong}，应像 wang@example.com") from None


def _identity(text: str) -> str:
    return re.sub(r"[ -]", "", narrow(text)).upper()


def uscc(text: str) -> str:
    """A unified social credit code, 18 characters, upper case (GB 32100, requirement A3).

    Raises ValueError with a sentence for the person.
    """
    code = _identity(text)
    if len(code) != _IDENTITY_LENGTH:
        raise ValueError(f"统一社会信用代码要 18 位，现在是 {len(code)} 位")
    if not _USCC.fullmatch(code):
        raise ValueError("统一社会信用代码只有数字和大写字母（没有 I、O、S、V、Z），第 3 到 8 位是数字")
    if _uscc.calc_check_digit(code) != code[-1]:
        raise ValueError("统一社会信用代码的校验位不对，请对照营业执照再输一遍")
    return code


def resident_id(text: str, today: date | None = None) -> str:
    """A resident identity number or residence permit, 18 characters (GB 11643, requirement A3).

    With `today`, a birth date after it is refused too. The county is not looked up: people keep the number of a
    county founded after their birth. Raises ValueError with a sentence for the person.
    """
    number = _identity(text)
    if len(number) == _OLD_ID_LENGTH:
        raise ValueError("这是 15 位旧身份证号，请填 18 位的")
    if len(number) != _IDENTITY_LENGTH:
        raise ValueError(f"身份证号要 18 位，现在是 {len(number)} 位")
    match = _RESIDENT_ID.fullmatch(number)
    if not match or match["province"] not in _PROVINCES:
        raise ValueError("身份证号不对：前 17 位是数字，以地区代码开头，请对照证件核对")
    if ric.calc_check_digit(number) != number[-1]:
        raise ValueError("身份证号的校验位不对，请对照证件再输一遍")
    _check_birth(number, today)
    return number


def _check_birth(number: str, today: date | None) -> None:
    try:
        born = ric.get_birth_date(number)
    except ValidationError:
        raise ValueError("身份证号里的出生日期不存在，请对照证件核对第 7 到 14 位") from None
    if today is not None and born > today:
        raise ValueError("身份证号里的出生日期在今天之后，请对照证件核对第 7 到 14 位")


def mask_mobile(number: str) -> str:
    """13800138001 as 138****8001; what is no such number is hidden in full."""
    return f"{number[:3]}****{number[-4:]}" if _MOBILE.fullmatch(number) else "***"


def mask_phone(number: str) -> str:
    """021-62785001-8001 as 021-****5001, a mobile as `mask_mobile` does; an extension is not shown."""
    if match := re.match(r"(0\d{2,3}|[48]00)-[\d-]{3,4}(\d{4})(?:-|$)", number, re.ASCII):
        return f"{match[1]}-****{match[2]}"
    return mask_mobile(number)


def mask_email(address: str) -> str:
    """wang@x.com as w***@x.com."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if local else "***"


def mask_id(number: str) -> str:
    """110101199003071234 as 1101**********1234; what has not 18 characters is hidden in full."""
    return f"{number[:4]}**********{number[-4:]}" if len(number) == _IDENTITY_LENGTH else "***"


def money_range(text: str) -> tuple[int | None, int | None]:
    """A budget as (least, most) in 分: 10-20万元, 50万元以上, 20万以内, 30万 (requirement A6).

    None stands for an open end. Raises ValueError with a sentence for the person; nothing is ever rounded.
    """
    typed = re.sub(r"[ ,]", "", narrow(text).translate(_MONEY_SIGNS)).lower()
    if match := _RANGE.fullmatch(typed):
        return _ordered(_fen(match[1], match[2] or match[4]), _fen(match[3], match[4]))
    if match := _AT_LEAST.fullmatch(typed):
        return _fen(match[1] or match[3], match[2] or match[4]), None
    if match := _AT_MOST.fullmatch(typed):
        return None, _fen(match[1] or match[3], match[2] or match[4])
    if match := _EXACT.fullmatch(typed):
        amount = _fen(match[1], match[2])
        return amount, amount
    raise ValueError("金额看不懂，可以写：10-20万元、50万元以上、20万以内、30万")


def _fen(number: str, unit: str | None) -> int:
    amount = Decimal(number) * _UNITS[unit or ""] * 100
    if amount != int(amount):
        raise ValueError("金额最多写到分（两位小数）")
    if amount > _LARGEST_FEN:
        raise ValueError("金额太大，请核对单位")
    return int(amount)


def _ordered(least: int, most: int) -> tuple[int, int]:
    if least > most:
        raise ValueError("前面的金额比后面的大，请按从小到大写，例如 10-20万元")
    return least, most
