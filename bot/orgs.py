"""Reading the organisations: on the command line, and by a worker that looks what has to be read (P8).

The platform is read outside any unit of work; what was read is then applied in one.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from argparse import Namespace
from collections.abc import Iterable, Mapping

from bot import posting
from bot.platform import Contacts, Platform, SendError
from cards import orgs as cards
from cards.labels import PLATFORMS
from models.crm import orgqueue, orgsync
from models.crm.orgplan import Changes
from models.crm.orgqueue import Taken
from models.crm.orgsync import Result
from models.errors import Refused, Unavailable
from models.organisation import Organisation
from models.tables import OrgKind
from models.work import Work, Works

log = logging.getLogger(__name__)
#: how often a worker looks, in seconds; after a failure that may pass it waits so long.
EVERY = 5.0
LATER = dt.timedelta(minutes=1)
#: what reading takes.
SCOPES = {
    "feishu": "contact:contact.base:readonly 等通讯录权限",
    "dingtalk": "qyapi_get_department_list、qyapi_get_department_member",
}


class Reader:
    """Reads whatever organisation is marked, one worker at a time for each platform."""

    def __init__(self, works: Works, platforms: Mapping[str, Platform]) -> None:
        self._works = works
        self._contacts = {name: each.contacts for name, each in platforms.items() if each.contacts}

    def run(self, stop: threading.Event) -> None:
        """Look again and again, until `stop`."""
        while not stop.wait(EVERY):
            self.look()

    def look(self) -> None:
        """Read once what is marked now; a fault waits for the next look."""
        for name, contacts in self._contacts.items():
            try:
                self._look(name, contacts)
            except Unavailable as away:
                log.warning("organisation of %s waits for the database: %s", name, away)
            except Exception:
                log.exception("organisation of %s failed", name)

    def _look(self, name: str, contacts: Contacts) -> None:
        taken = self._works.perform(lambda work: orgqueue.take(work, name), channel="worker", request="org")
        if taken is None:
            return
        try:
            seen = _read(contacts, taken)
        except SendError as no:
            fault = no
            self._works.perform(lambda work: _broke_off(work, taken, fault), channel="worker", request="org")
            return
        self._works.perform(lambda work: _apply(work, taken, seen), channel="worker", request="org")


def _read(contacts: Contacts, taken: Taken) -> Organisation:
    return contacts.whole() if taken.whole else contacts.some(taken.keys(OrgKind.UNIT), taken.keys(OrgKind.MEMBER))


def _apply(work: Work, taken: Taken, seen: Organisation) -> None:
    applied(work, taken.platform, seen)
    orgqueue.done(work, taken)


def applied(work: Work, platform: str, seen: Organisation) -> tuple[Changes, Result]:
    """What was read is brought in, and whoever has to hears of it."""
    became = orgsync.apply(work, platform, seen)
    posting.post_notices(work)
    return became


def _broke_off(work: Work, taken: Taken, no: SendError) -> None:
    """What may pass is tried again in a minute; all else is left to the next night."""
    log.warning("organisation of %s: %s", taken.platform, no)
    orgsync.failed(work, taken.platform, _sentence(taken.platform, no))
    if no.kind == "later":
        orgqueue.later(work, taken, LATER)
    else:
        orgqueue.done(work, taken)


def _sentence(platform: str, no: SendError) -> str:
    if no.denied:
        return f"应用没有读通讯录的权限，请开通 {SCOPES[platform]}，再发布一次。"
    return f"平台没有回答完（{no}）。"


# --- the command line ---


def org_sync(works: Works, platforms: Mapping[str, Platform], said: Namespace) -> int:
    """Read the organisations now and print what that changes; 1 where a platform did not answer. Raises Refused."""
    asked = [each for each in platforms.values() if each.contacts and said.platform in (None, each.name)]
    if not asked:
        raise Refused("飞书和钉钉都还没有接，步骤见 docs/feishu.md 和 docs/dingtalk.md。")
    return max([_sync(works, each, dry=said.dry_run) for each in asked])


def _sync(works: Works, platform: Platform, *, dry: bool) -> int:
    if platform.contacts is None:
        return 0
    name = PLATFORMS[platform.name]
    try:
        seen = platform.contacts.whole()
    except SendError as no:
        print(f"{name}：{_sentence(platform.name, no)}什么都没改。")
        return 1
    if dry:
        with works.read() as work:
            changes, became = orgsync.preview(work, platform.name, seen)
    else:
        changes, became = works.perform(lambda work: applied(work, platform.name, seen), channel="shell")
    for line in _lines(changes, seen):
        print(line)
    print(f"{name}{'（只是看看，没有改）' if dry else ''}：{cards.sentence(became)}。".replace("。。", "。"))
    return 0


def _lines(changes: Changes, seen: Organisation) -> Iterable[str]:
    """One a change; numbers of people are nobody's business on a screen."""
    units = {key: unit.name or key for key, unit in seen.units.items()} | {"": "最上面"}
    names = {account: each.name or account for account, each in seen.members.items()}
    for new in changes.new:
        yield f"部门\t{new.name}\t{'对上已有的' if new.adopted else '新建'}"
    yield from (f"部门\t{name}\t改名" for _, name in changes.renamed)
    made = {new.key for new in changes.new}
    yield from (f"部门\t{units[key]}\t移到 {units.get(to, to)}" for key, to in changes.moved if key not in made)
    yield from (f"部门\t{key}\t平台上没有了，改为手工管理" for key in changes.deleted)
    yield from (f"绑定\t{names[account]}" for _, account in changes.bound)
    yield from (f"新同事\t{each.name}\t{units.get(key, '还没有部门')}" for each, key in changes.joiners)
    yield from (f"离职\t{names.get(account, account)}" for account in changes.leavers)
