"""Where a message of DingTalk goes, and what may be fetched from there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.dingtalk.events import OWN
from bot.platform import Address, Json

#: who keeps what people send (the address comes from the platform's answer, and is looked at all the same).
KEEPERS = (".dingtalk.com", ".aliyuncs.com")
#: addresses inside the keeper's own network
INTERNAL = "-internal."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes: to a person, or into a group."""

    user: str = ""
    group: str = ""

    @property
    def chat(self) -> str:
        """The chat as events name it."""
        return f"{OWN}{self.user}" if self.user else self.group

    def space(self, title: str, robot: str) -> Json:
        """The same for a card (protocol §3.2)."""
        if self.user:
            about = {"supportForward": False, "lastMessageI18n": {"ZH_CN": title}}
            model = {
                "imRobotOpenSpaceModel": about,
                "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": robot},
            }
            return {"openSpaceId": f"dtv1.card//IM_ROBOT.{self.user}", **model}
        group = {"imGroupOpenSpaceModel": {"supportForward": False}, "imGroupOpenDeliverModel": {"robotCode": robot}}
        return {"openSpaceId": f"dtv1.card//IM_GROUP.{self.group}", **group}


def place(to: Address) -> Place:
    """The place of an address; a person's own chat is the person."""
    if to.kind == "account":
        return Place(user=to.id)
    return Place(user=to.id.removeprefix(OWN)) if to.id.startswith(OWN) else Place(group=to.id)


def is_kept_by_them(url: str, api_base: str) -> bool:
    """Whether a file stands where DingTalk keeps files, or at the configured address of its API: no name of a machine
    of ours, no number, no other port, no user."""
    try:
        parts, base = urlsplit(url), urlsplit(api_base)
        if (parts.scheme, parts.netloc) == (base.scheme, base.netloc):
            return True
        host, plain = parts.hostname or "", parts.port is None and "@" not in parts.netloc
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and plain and host.endswith(KEEPERS) and INTERNAL not in host
