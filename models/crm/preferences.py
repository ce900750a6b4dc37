"""What a person gets, when not, and where: what he set, else what the company did (X7)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, delete, insert, select

from models.crm import duty, people
from models.crm.people import Me
from models.errors import Refused
from models.tables import Preference
from models.text.identifiers import narrow
from models.work import Work

CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
DAY = 24 * 60
NONE = {"", "无", "没有", "不要", "off", "none"}


@dataclass(frozen=True, slots=True)
class Preferences:
    """`platform` is where he wants his messages, empty for wherever he was last.

    `hourly`: what is not urgent is merged into one message an hour.
    """

    quiet_from: str
    quiet_until: str
    digest: bool = True
    morning: bool = True
    platform: str = ""
    hourly: bool = True


OF = select(*(getattr(Preference, name) for name in Preferences.__slots__)).where(
    Preference.user_id == bindparam("person")
)
FORGET = delete(Preference).where(Preference.user_id == bindparam("person"))
KEEP = insert(Preference)


def of(work: Work, user_id: int) -> Preferences:
    """A person's."""
    row = work.run(OF, person=user_id).first()
    quiet = work.settings.quiet_hours
    return Preferences(*row) if row else Preferences(quiet.begins, quiet.ends)


def set_quiet(work: Work, me: Me, begins: str, ends: str) -> Preferences:
    """From when until when only what is urgent comes; with two empty words, never. Raises Refused."""
    first, last = _clock(begins), _clock(ends)
    if bool(first) is not bool(last):
        raise Refused("免打扰要写从几点到几点，例如 22:00 到 8:00；都不写就是不要免打扰。")
    if first and first == last:
        raise Refused("从几点到几点不能一样，不然整天都收不到。")
    return _save(work, me, replace(of(work, me.id), quiet_from=first, quiet_until=last))


def switch(work: Work, me: Me, kind: str, *, on: bool) -> Preferences:
    """Get the digest or the morning card, or not; what is not urgent once an hour, or at once. Raises Refused."""
    wants = of(work, me.id)
    match kind:
        case "digest":
            return _save(work, me, replace(wants, digest=on))
        case "morning":
            return _save(work, me, replace(wants, morning=on))
        case "hourly":
            return _save(work, me, replace(wants, hourly=on))
    raise Refused("这个不能关。")


def settle(work: Work, me: Me, platform: str) -> Preferences:
    """Get messages at one platform, wherever one speaks; anywhere again with an empty word. Raises Refused."""
    if platform and platform not in dict(people.accounts(work, me.id)):
        raise Refused("你在这个平台还没有绑定，收不到消息。")
    return _save(work, me, replace(of(work, me.id), platform=platform))


def quiet(work: Work, user_id: int) -> dt.timedelta:
    """How long it is still quiet for this person; nothing while it is not, nor while he is on duty (P10)."""
    here = work.now.astimezone(work.office.zone)
    minutes = left(of(work, user_id), here.hour * 60 + here.minute)
    if not minutes or duty.is_on_duty(work, user_id):
        return dt.timedelta()
    return dt.timedelta(minutes=minutes) - dt.timedelta(seconds=here.second)


def left(wants: Preferences, now: int) -> int:
    """For how many minutes it is quiet, `now` minutes after midnight; the hours may lie over midnight."""
    if not wants.quiet_from:
        return 0
    first, last = (_minutes(each) for each in (wants.quiet_from, wants.quiet_until))
    return (last - now) % DAY if (now - first) % DAY < (last - first) % DAY else 0


def _minutes(clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    return hour * 60 + minute


def _clock(words: str) -> str:
    plain = narrow(words).strip().lower().removesuffix("点")
    if plain in NONE:
        return ""
    found = CLOCK.fullmatch(plain if ":" in plain else f"{plain}:00")
    if found is None:
        raise Refused(f"「{words.strip()}」看不懂，请写成 22:00 这样的钟点。")
    return f"{int(found[1]):02}:{found[2]}"


def _save(work: Work, me: Me, wants: Preferences) -> Preferences:
    work.run(FORGET, person=me.id)
    work.run(KEEP, user_id=me.id, **{name: getattr(wants, name) for name in Preferences.__slots__})
    work.audit("preferences.set", f"user:{me.id}")
    return wants
