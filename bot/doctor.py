"""What `python app.py doctor` looks at: each finding is a line, and says how to mend what is wrong."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

from bot import config, dingtalk, reach, schema
from bot.dingtalk.client import DingTalkClient
from bot.dingtalk.verify import AES_KEY
from bot.feishu.client import FeishuClient
from bot.platform import SendError
from bot.reach import Check
from bot.remedies import KEYS, KNOWN, remedy
from models import links
from models.engine import connect
from models.errors import Refused, Unavailable
from models.settings import DingTalk, Feishu, Settings
from models.tables.sealed import Keyring
from models.work import Works

#: seconds that our clock may differ from a platform's.
APART = 60
TOKEN = re.compile(r"[A-Za-z0-9]{3,32}")
#: how a published template is called (protocol §3.2)
TEMPLATE = re.compile(r"\S+\.schema")
MISSING_SCOPE, MISSING_ADDRESS = "PermissionDenied", "IpNotInWhiteList"


@dataclass(frozen=True, slots=True)
class Finding:
    """✓ fine, ! worth knowing, ✗ does not work."""

    sign: Literal["✓", "!", "✗"]
    about: str
    says: str

    def __str__(self) -> str:
        return f"{self.sign} {self.about}：{self.says}"


@dataclass
class Doctor:
    """Looks at `settings`, which were read from `file`. Writes nothing; `now` gives real time.

    `patience` is how many seconds an answer of the running program is waited for.
    """

    settings: Settings
    file: Path | None
    now: Callable[[], dt.datetime]
    patience: float = reach.PATIENCE
    signs: set[str] = field(default_factory=set)

    def report(self, *, register: bool = False) -> int:
        """Print what is found, register the callback of cards if wanted; 0, or 1 where something does not work."""
        for finding in self.findings(register=register):
            print(finding, flush=True)
            self.signs.add(finding.sign)
        return int("✗" in self.signs)

    def findings(self, *, register: bool = False) -> Iterator[Finding]:
        """One after the other, because some of them take a while."""
        yield self.source()
        yield self.database()
        yield self.keys()
        yield from self.address()
        yield from self.feishu()
        yield from self.dingtalk()
        if register:
            yield self.registration()

    # --- this machine ---

    def source(self) -> Finding:
        beside = config.from_environment()
        more = f"，另有 {len(beside)} 项来自环境变量" if beside else ""
        if self.file is None:
            return Finding("!", "设置", f"没有 config.toml，都用默认值{more}；要改就从 config.example.toml 复制一份")
        return Finding("✓", "设置", f"读自 {self.file}{more}")

    def database(self) -> Finding:
        try:
            wrong = schema.wrong(self.settings.database.url)
        except Unavailable as away:
            return Finding("✗", "数据库", f"连不上（{away}）；看 [database] url 对不对、数据库开着没有")
        if wrong:
            return Finding("✗", "数据库", wrong)
        return Finding("✓", "数据库", f"连得上，结构是最新的 {schema.newest()}")

    def keys(self) -> Finding:
        security, here = self.settings.security, self.settings.database.url.startswith("sqlite:///")
        if security.data_keys_file or security.data_keys or (not security.secret_key.get_secret_value() and not here):
            try:
                config.keyring(self.settings)
            except Refused as no:
                return Finding("✗", "密钥", no.say)
            return self._data_keys(len(config.data_keys(security)))
        apart = "想分开就设 data_keys，步骤见 docs/security.md"
        if security.secret_key.get_secret_value():
            return Finding("!", "密钥", f"数据密钥由 secret_key 推出，改了它加密的内容就打不开；{apart}")
        return Finding("!", "密钥", f"secret_key 没有设，自动生成在数据库旁的 .key 文件里，要和数据库一起备份；{apart}")

    def _data_keys(self, count: int) -> Finding:
        """Whoever takes a copy of one folder must not have both."""
        file, url = self.settings.security.data_keys_file, self.settings.database.url
        folder = Path(url.removeprefix("sqlite:///")).resolve().parent if url.startswith("sqlite:///") else None
        if file and Path(file).resolve().parent == folder:
            return Finding("!", "密钥", f"密钥文件 {file} 和数据库放在一起，拿到一份就都拿到了；把它移到别处")
        return Finding("✓", "密钥", f"data_keys 有 {count} 个，第一个用来写")

    def address(self) -> Iterator[Finding]:
        base, ding = self.settings.server.base_url, bool(self.settings.dingtalk.client_id)
        if not (ding or self.settings.feishu.app_id):
            yield Finding("!", "平台", "飞书和钉钉都还没有接；步骤见 docs/feishu.md 和 docs/dingtalk.md")
        elif not base:
            who = "钉钉的表单和客户的问卷" if ding else "客户的问卷"
            yield Finding("✗", "网址", f"{who}在别的机器上打不开；把 [server] base_url 设成外面看到的网址")
        elif base.startswith("http://"):
            yield Finding("!", "网址", "base_url 是 http://，只适合在本机试；正式使用要 https://")
        else:
            yield Finding("✓", "网址", f"外面看到的是 {base}")

    # --- platforms ---

    def feishu(self) -> Iterator[Finding]:
        given = self.settings.feishu
        if not given.app_id:
            yield from _half("飞书", "[feishu] app_id", given == Feishu())
            return
        yield from self._asked("飞书", "feishu", FeishuClient(given).check)
        key, token = given.encrypt_key.get_secret_value(), given.verification_token.get_secret_value()
        if key:
            yield Finding("✓", "飞书加密", "encrypt_key 已设，请求都要有签名")
        elif token:
            yield Finding("!", "飞书加密", "encrypt_key 没有设，请求没有签名；在「加密策略」里生成，两边都填")
        else:
            mend = "要用网址收就抄「加密策略」里的，不然用 python app.py stream --platform feishu"
            yield Finding("!", "飞书加密", f"encrypt_key 和 verification_token 都是空的，只能用长连接收；{mend}")
        yield from self._reached("飞书", reach.of_feishu(given, self.now()))

    def dingtalk(self) -> Iterator[Finding]:
        given = self.settings.dingtalk
        if not given.client_id:
            yield from _half("钉钉", "[dingtalk] client_id", given == DingTalk())
            return
        yield from self._asked("钉钉", "dingtalk", self._client().check)
        yield _needed("robot_code", given.robot_code, "抄「机器人」页的 RobotCode")
        yield _subscribed("aes_key", given.aes_key.get_secret_value(), "抄「事件订阅」的加密 aes_key，43 位", AES_KEY)
        yield _subscribed("token", given.token.get_secret_value(), "抄「事件订阅」的签名 token，3 到 32 位", TOKEN)
        yield from self._reached("钉钉", reach.of_dingtalk(given, self.now()))
        yield from _template(given)

    def registration(self) -> Finding:
        """Register where presses of cards go. What is needed and missing is named."""
        given, about = self.settings.dingtalk, "卡片回调"
        needed = {
            "[server] base_url": self.settings.server.base_url,
            "client_id": given.client_id,
            "client_secret": given.client_secret.get_secret_value(),
            "card_route_key": given.card_route_key,
            "card_secret": given.card_secret.get_secret_value(),
        }
        if missing := [name for name, value in needed.items() if not value]:
            return Finding("✗", about, f"没有登记，先填 {'、'.join(missing)}")
        url = links.address(self.settings.server, dingtalk.CARDS)
        try:
            changed = self._client().register(url)
        except SendError as no:
            return Finding("✗", about, f"没有登记（{no}）；{_mend(no, 'Card.Instance.Write')}")
        return Finding("✓", about, f"{'改为' if changed else '登记的是'} {given.card_route_key} → {url}")

    def _client(self) -> DingTalkClient:
        """It keeps nothing while it is only asked: this database is never opened."""
        engine = connect("sqlite:///never.db", Keyring.derived("nothing is sealed"))
        return DingTalkClient(self.settings.dingtalk, Works(engine, self.now, self.settings))

    def _asked(self, name: str, platform: str, check: Callable[[], str]) -> Iterator[Finding]:
        """Whether a platform gives a token, and how far its clock is from ours."""
        try:
            date = check()
        except SendError as no:
            yield Finding("✗", f"{name}凭证", f"没有拿到令牌（{no}）；{remedy(platform, no)}")
            return
        yield Finding("✓", f"{name}凭证", f"{KEYS[platform]} 可用")
        yield _clock(name, date, self.now())

    def _reached(self, name: str, checks: Iterable[Check]) -> Iterator[Finding]:
        """Whether the platform's requests would reach the running program by the public address."""
        for check in checks if self.settings.server.base_url else ():
            url = links.address(self.settings.server, check.path)
            trouble = check.trouble(url, self.patience)
            fine = "到得了，答得对"
            yield Finding("✗" if trouble else "✓", f"{name}回调", f"{url} {trouble or fine}")


def _clock(name: str, date: str, now: dt.datetime) -> Finding:
    """`date` as HTTP has it, in whole seconds."""
    try:
        apart = round((now - parsedate_to_datetime(date).replace(tzinfo=dt.UTC)).total_seconds())
    except ValueError:
        return Finding("!", "时钟", f"{name}没有说现在几点，没有比")
    if abs(apart) > APART:
        which = "快" if apart > 0 else "慢"
        return Finding("✗", "时钟", f"比{name}{which} {abs(apart)} 秒，签名会被当成过期；让这台机器对时（NTP）")
    return Finding("✓", "时钟", f"和{name}相差不到 {APART} 秒")


def _half(name: str, key: str, untouched: bool) -> Iterator[Finding]:
    """A section that was filled in without what switches it on."""
    if not untouched:
        yield Finding("✗", f"{name}凭证", f"{key} 是空的，别的填了也不会接")


def _needed(key: str, value: str, mend: str) -> Finding:
    return Finding("✓", f"钉钉 {key}", "已设") if value else Finding("✗", f"钉钉 {key}", f"是空的；{mend}")


def _subscribed(key: str, value: str, mend: str, form: re.Pattern[str]) -> Finding:
    """A key of the subscription to events, which nothing rests on yet."""
    if not value:
        how = f"要用网址收就{mend}，不然用 python app.py stream --platform dingtalk"
        return Finding("!", f"钉钉 {key}", f"是空的，只能用长连接收；{how}")
    if not form.fullmatch(value):
        return Finding("✗", f"钉钉 {key}", f"写法不对；{mend}")
    return Finding("✓", f"钉钉 {key}", "已设")


def _template(given: DingTalk) -> Iterator[Finding]:
    """Which of the two ways cards go out, and what the one with a template needs."""
    about = "钉钉卡片"
    if not given.card_template:
        yield Finding("✓", about, "没有设 card_template：发消息，按钮是会替人说话的链接，发出后不能改")
        return
    mend = "自己定一个，再执行 python app.py doctor --register"
    if given.card_route_key:
        yield _needed("card_route_key", given.card_route_key, mend)
        yield _needed("card_secret", given.card_secret.get_secret_value(), mend)
    else:
        stream = "python app.py stream --platform dingtalk"
        yield Finding("!", "钉钉 card_route_key", f"是空的，点击从长连接来，要开着 {stream}；要送到网址就{mend}")
    if TEMPLATE.fullmatch(given.card_template):
        yield Finding("✓", about, "设了 card_template：发互动卡片，点了当场变；模板不可用时自动改发消息")
    else:
        yield Finding("!", about, "card_template 不像模板的编号，它以 .schema 结尾；不可用时会自动改发消息")


def _mend(no: SendError, scope: str) -> str:
    """What to do about an error that every call may get."""
    if MISSING_SCOPE in str(no):
        return f"在「权限管理」里开通 {scope}，再发布一次"
    if MISSING_ADDRESS in str(no):
        return KNOWN[MISSING_ADDRESS]
    return "过一会儿再试，一直这样就看 docs/dingtalk.md 的「出了问题」"
