"""What an operator can do about a platform that did not let us in."""

from __future__ import annotations

from bot.platform import SendError

KEYS = {"feishu": "app_id 和 app_secret", "dingtalk": "client_id 和 client_secret"}
#: by what stands in the reason: the machine is not on the list, too many connections (protocol §5), no TLS.
KNOWN = {
    "IpNotInWhiteList": "把这台机器的出口 IP 加进应用的 IP 白名单",
    "1000040350": "这个应用的长连接太多了，停掉多余的 stream",
    "without TLS": "平台给的地址没有加密，看 api_base 指到哪里去了",
}


def remedy(platform: str, no: SendError) -> str:
    """What to do where a platform gave no token, or no address for a long connection."""
    for found, say in KNOWN.items():
        if found in str(no):
            return say
    if no.kind == "never":
        return f"{KEYS[platform]} 不对或不是一对，重新抄一次"
    return "太频繁了，等一会儿" if no.outcome == "limited" else "看网络和 api_base"
