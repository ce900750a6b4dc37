"""Amounts of money as people write them: `12万`, `12.5万元`, `120,000.50元`; kept as whole fen."""

from __future__ import annotations

import re
from decimal import Decimal

from models.errors import Refused
from models.text import private
from models.text.identifiers import narrow

UNITS = {"": 1, "千": 10**3, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8}
MOST_YUAN = 10**11
SIGNS = str.maketrans("￥萬億", "¥万亿")
WRITTEN = re.compile(
    r"(?:人民币)?¥?(?P<minus>-)?¥?(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,20})(?:\.[0-9]{1,10})?)"
    r"(?P<unit>百万|千万|[千万亿]?)(?:元|块钱?|圆)?整?"
)
LONGEST = 60


class Fen(int):
    """An amount in fen."""


def read(text: str) -> Fen:
    """The amount meant. Raises Refused with how to write it."""
    if private.find(text[: LONGEST + 1]):
        raise Refused("金额看起来是一个电话号码，请检查；真有这么大就写成 139.1亿。")
    found = WRITTEN.fullmatch(narrow(text[: LONGEST + 1]).translate(SIGNS).replace(" ", ""))
    if found is None:
        raise Refused(f"看不懂金额「{text[:20]}」，请写成 12万、12.5万元 或 120000.50。")
    fen = Decimal(found["number"].replace(",", "")) * UNITS[found["unit"]] * 100
    if found["minus"] or not fen:
        raise Refused("金额要大于 0，请写成 12万 或 120000。")
    if fen > MOST_YUAN * 100:
        raise Refused("金额超过了 1000 亿元，请检查单位，例如 12万。")
    if fen != int(fen):
        raise Refused("金额最多写到分，也就是两位小数，例如 120000.50。")
    return Fen(fen)


def show(fen: int) -> str:
    """120,000 元; with two places only where there are any."""
    yuan, rest = divmod(fen, 100)
    return f"{yuan:,}.{rest:02} 元" if rest else f"{yuan:,} 元"
