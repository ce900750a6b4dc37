"""Whether a platform's requests reach the running program: its own check of an address, sent by ourselves."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from bot import dingtalk, feishu
from bot.dingtalk import verify as dingtalk_verify
from bot.feishu import verify as feishu_verify
from bot.platform import Request
from bot.reach.client import Unreached, post
from models.settings import DingTalk, Feishu

PATIENCE = 5.0  # seconds
#: what no answer at all means and how to mend it, by the library's name for it.
UNREACHED = {
    "NameResolutionError": "域名解析不了；看 base_url 写对没有，域名有没有指到反向代理",
    "NewConnectionError": "那里没有程序在听；看反向代理和程序开着没有，防火墙放行没有",
    "ConnectTimeoutError": "连不上，等不到回答；看防火墙放行没有，域名指得对不对",
    "ReadTimeout": "连上了，等不到回答；看反向代理转到的端口对不对，程序是不是卡住了",
    "SSLError": "证书不被承认；看过期没有，域名对不对，中间证书齐不齐",
    "ProxyError": "这台机器上设的代理不让过；把这个域名加进 NO_PROXY",
    "InvalidURL": "网址写法不对；看 base_url",
}
CUT_OFF = "连接断了；看程序开着没有，反向代理转到的端口对不对"
MOVED = "被转到别的网址，平台不会跟着去；base_url 写成最后到的那个"
BY_STATUS = {
    400: "密钥和正在运行的程序的不一样，或请求在路上被改了；重新启动程序，看反向代理是不是原样转发",
    401: "密钥和正在运行的程序的不一样；重新启动程序",
    404: "那里没有这个地址；看反向代理转了这个路径没有，域名是不是别人的，填好凭证以后重新启动没有",
}
OTHER = "不是客伴答的，多半被挡下了；看反向代理和防火墙"
DOWN = "程序没有开着，或出了错；看程序和反向代理的日志"
NOT_OURS = "回答的不是客伴，可能是一个网页；看反向代理转到哪里，域名是不是别人的"


@dataclass(frozen=True, slots=True)
class Check:
    """A request to one of our addresses, and what tells the right answer to it."""

    path: str
    asked: Request
    right: Callable[[bytes], bool]

    def trouble(self, url: str, patience: float) -> str:
        """What is wrong with the answer from `url` and how to mend it, or nothing; `patience` in seconds."""
        try:
            status, told = post(url, self.asked, patience)
        except Unreached as no:
            return UNREACHED.get(no.kind, CUT_OFF)
        if status == 200:
            return "" if self.right(told) else NOT_OURS
        return f"答的是 {status}，{_meaning(status)}"


def _meaning(status: int) -> str:
    if 300 <= status < 400:
        return MOVED
    return DOWN if status >= 500 else BY_STATUS.get(status, OTHER)


def of_feishu(settings: Feishu, moment: dt.datetime) -> Iterator[Check]:
    """Of both addresses; of none where no key is set, so that only the long connection is taken."""
    if not (settings.encrypt_key.get_secret_value() or settings.verification_token.get_secret_value()):
        return
    for path in feishu.PATHS:
        challenge = secrets.token_hex(16)
        asked = feishu_verify.address_check(settings, challenge, moment)
        yield Check(path, asked, partial(feishu_verify.is_answer, challenge))


def of_dingtalk(settings: DingTalk, moment: dt.datetime) -> Iterator[Check]:
    """Of the address of events, the only one that the platform checks; of none without its two keys."""
    if settings.token.get_secret_value() and dingtalk_verify.AES_KEY.fullmatch(settings.aes_key.get_secret_value()):
        asked = dingtalk_verify.address_check(settings, moment)
        yield Check(dingtalk.EVENTS, asked, partial(dingtalk_verify.is_answer, settings))
