"""A file of people, as a spreadsheet saves it: 工号,姓名,部门,角色,手机 (P1)."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from cards.labels import ROLES
from models.crm.people import Hire
from models.errors import Refused
from models.tables import Role
from models.text.identifiers import several

COLUMNS = ("工号", "姓名", "部门", "角色", "手机")
#: how spreadsheets write text in China; the first one that fits is meant.
CODINGS = ("utf-8-sig", "gb18030")
KNOWN = {word: role for role, word in ROLES.items()} | {role.value: role for role in Role}


def roles(text: str) -> list[Role]:
    """Roles by what people call them or by their words in English, apart by any usual sign. Raises Refused."""
    words = [word.lower() for word in several(text)]
    if unknown := [word for word in words if word not in KNOWN]:
        raise Refused(f"没有「{'、'.join(unknown)}」这个角色，有：{'、'.join(ROLES.values())}。")
    return [KNOWN[word] for word in words]


def read(file: Path) -> list[Hire]:
    """Everybody in the file. Raises Refused with every line that is wrong, by its number."""
    rows = list(csv.reader(io.StringIO(_text(file))))
    if not rows or [name.strip() for name in rows[0]] != list(COLUMNS):
        raise Refused(f"第一行要是：{','.join(COLUMNS)}")
    hires, wrong, seen = list[Hire](), list[str](), set[str]()
    for number, row in enumerate(rows[1:], 2):
        if not any(each.strip() for each in row):
            continue
        try:
            hires.append(_hire(row, seen))
        except Refused as no:
            wrong.append(f"第 {number} 行：{no.say}")
    if wrong:
        raise Refused("\n".join(["一个人都没有动，请先改好这些行：", *wrong]))
    return hires


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Refused(f"打不开 {file}：{error.strerror}。") from None
    for coding in CODINGS:
        try:
            return content.decode(coding)
        except UnicodeDecodeError:
            continue
    raise Refused(f"{file} 的文字编码看不懂，请另存为 UTF-8 的 CSV。")


def _hire(row: list[str], seen: set[str]) -> Hire:
    if len(row) != len(COLUMNS):
        raise Refused(f"要有 {len(COLUMNS)} 列，现在是 {len(row)} 列")
    given = dict(zip(COLUMNS, (each.strip() for each in row), strict=True))
    staff_no, name, department, held, mobile = given.values()
    if empty := [label for label, value in given.items() if not value and label != "角色"]:
        raise Refused(f"{'、'.join(empty)}是空的")
    if staff_no in seen:
        raise Refused(f"工号 {staff_no} 前面已经有了")
    seen.add(staff_no)
    return Hire(staff_no, name, department, tuple(roles(held)), mobile)
