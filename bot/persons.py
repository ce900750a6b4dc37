"""`person export` and `person erase`: what is held about a person, handed out or destroyed from the shell (P7)."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bot import posting
from bot.platform import Platform
from cards import dossier as documents
from models.crm import access_shell, dossier, dossier_staff, erasure, erasure_staff
from models.crm.access import CustomerRef
from models.errors import Refused
from models.work import Work, Works

Platforms = Mapping[str, Platform]


def person_export(works: Works, _: Platforms, said: Namespace) -> None:
    """Write a new file that only its owner may read. Raises Refused."""

    def task(work: Work) -> str:
        if said.staff_no:
            document = dossier_staff.of_staff(work, said.staff_no)
        else:
            ref = access_shell.customer(work, said.customer)
            document = dossier.of_customer(work, ref, _contact(work, ref, said))
        return documents.written(document, work.office.zone)

    _named(said)
    with _new(said.file) as out:
        out.write(works.perform(task, channel="shell"))
    print(f"已导出：{said.file}。里面是明文，用完请删除。")


def person_erase(works: Works, _: Platforms, said: Namespace) -> None:
    """Destroy it, once it was said that it is meant. Raises Refused."""

    def task(work: Work) -> str:
        if said.staff_no:
            user = erasure_staff.erase(work, said.staff_no, said.reason)
            return f"{user.name}（{user.staff_no}）"
        ref = access_shell.customer(work, said.customer)
        erasure.erase(work, ref, _contact(work, ref, said), said.reason)
        posting.post_notices(work)
        return ref.called

    _named(said)
    if not said.yes:
        raise Refused("擦除后不能恢复。确定要擦除，请加上 --yes 再执行。")
    print(f"{works.perform(task, channel='shell')} 的个人信息已擦除，统计不变。")


def _named(said: Namespace) -> None:
    if said.contact and not said.customer:
        raise Refused("--contact 要和 --customer 一起写。")


def _contact(work: Work, ref: CustomerRef, said: Namespace) -> int | None:
    return access_shell.contact(work, ref, said.contact) if said.contact else None


@contextmanager
def _new(file: Path) -> Iterator[TextIO]:
    """A file for the eyes of whoever runs this, gone where it stays empty. Raises Refused where it cannot be made."""
    try:
        out = open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    except OSError as no:
        raise Refused(f"文件 {file} 写不了：{no.strerror}") from None
    try:
        with out:
            yield out
    except Refused:
        file.unlink()
        raise
