"""The catalogue: what can be sold, edited from the command line (A19)."""

from __future__ import annotations

from rapidfuzz import fuzz, process
from sqlalchemy import select

from models.errors import Ambiguous, NotFound, Refused
from models.tables import Product
from models.text import private
from models.text.names import normalise
from models.work import Work

LONGEST = 64
CHOICES = 5
ALIKE = 50
CATALOGUE = select(Product.name, Product.name_key).where(Product.active)


class ProductName(str):
    """A product as the catalogue writes it, or as it was said while the catalogue is empty."""


def set_product(work: Work, name: str, *, active: bool) -> Product:
    """Make or change a product, found by name. Raises Refused."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST or not normalise(name):
        raise Refused(f"产品名称要写 1 到 {LONGEST} 个字，里面要有文字或数字。")
    if private.find(name):
        raise Refused("产品名称里不要写电话、邮箱、微信号或身份证号。")
    found = work.db.scalar(select(Product).where(Product.name == name))
    if found is None:
        found = Product(name=name, name_key=normalise(name)[:LONGEST])
        work.db.add(found)
    found.active = active
    work.db.flush()  # the audit names its id
    work.audit("product.set", f"product:{found.id}", name=name, active=active)
    return found


def named(work: Work, words: str) -> ProductName:
    """The product meant, whatever case, width or punctuation it is written in.

    An empty catalogue takes the words as they are. Raises Ambiguous with the near ones, NotFound.
    """
    words = words.strip()
    if len(words) > LONGEST:
        raise Refused(f"产品最多 {LONGEST} 字，现在是 {len(words)} 字。金额和数量请写成 金额:12万 数量:3。")
    known = {name: key for name, key in sorted(map(tuple, work.run(CATALOGUE)))}
    if not known:
        return ProductName(words)
    key = normalise(words)
    hits = [words] if words in known else [name for name, each in known.items() if each == key]
    if len(hits) == 1:
        return ProductName(hits[0])
    raise _unknown(words, hits or _near(key, known), list(known))


def _near(key: str, known: dict[str, str]) -> list[str]:
    parts = [name for name, each in known.items() if key and (key in each or each in key)]
    alike = [name for _, _, name in process.extract(key, known, scorer=fuzz.ratio, limit=CHOICES, score_cutoff=ALIKE)]
    return list(dict.fromkeys([*parts, *alike]))[:CHOICES]


def _unknown(words: str, near: list[str], known: list[str]) -> Refused:
    if near:
        return Ambiguous(f"产品目录里没有「{words}」，你是不是要：", [(name, name) for name in near])
    some = "、".join(known[:CHOICES])
    return NotFound(f"产品目录里没有「{words}」。可以写：{some}{'等' if len(known) > CHOICES else ''}。")
