"""Typed settings, pure. `bot/config.py` fills them; every default also stands in `config.example.toml`."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

#: the first-level names follow the national classification GB/T 4754 where sales teams use them.
INDUSTRIES = {
    "制造业": ["电子设备", "机械设备", "汽车及零部件", "医药", "化工", "食品饮料", "纺织服装", "其他"],
    "信息技术": ["软件", "互联网", "通信", "系统集成", "其他"],
    "批发零售": ["批发", "零售", "电子商务"],
    "金融": ["银行", "证券", "保险", "其他"],
    "建筑房地产": ["建筑工程", "房地产", "装饰装修"],
    "交通物流": ["运输", "仓储", "快递"],
    "教育": ["学校", "培训"],
    "医疗": ["医院", "医疗器械"],
    "能源": ["电力", "石油化工", "新能源"],
    "服务业": ["餐饮住宿", "咨询", "传媒广告", "其他"],
    "政府及公共": ["政府机关", "事业单位", "社会组织"],
    "农业": ["种植养殖", "农产品加工"],
    "其他": ["其他"],
}


class Section(BaseModel):
    """A section of the configuration; an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _base(url: str) -> str:
    """What links begin with."""
    if url and not re.fullmatch(r"https?://[^\s?#]+", url):
        raise ValueError("要以 https:// 或 http:// 开头，例如 https://crm.example.com")
    return url


def _network(text: str) -> IPv4Network | IPv6Network:
    """Refuses a network of everybody: whoever is trusted says whose request it is."""
    try:
        network = ip_network(str(text))
    except ValueError:
        raise ValueError("要写成地址或网段，例如 127.0.0.1 或 10.0.0.0/8") from None
    if network.prefixlen == 0:
        raise ValueError("不能是所有地址")
    return network


class Server(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    base_url: Annotated[str, AfterValidator(_base)] = ""
    workers: Annotated[int, Field(ge=1)] = 1
    threads: Annotated[int, Field(ge=1)] = 16
    metrics_key: SecretStr = SecretStr("")
    trusted_proxies: list[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]] = []


class Pages(Section):
    """How many requests a minute the pages for people outside the chat answer, in each process."""

    link_per_minute: Annotated[int, Field(ge=1)] = 30
    address_per_minute: Annotated[int, Field(ge=1)] = 120


def _url(url: str) -> str:
    if not re.match(r"(sqlite:///|postgresql\+psycopg://)[^?#]", url):
        raise ValueError("要以 sqlite:/// 或 postgresql+psycopg:// 开头")
    return url


class Database(Section):
    url: Annotated[str, AfterValidator(_url)] = "sqlite:///var/keban.db"


class Feishu(Section):
    app_id: str = ""
    app_secret: SecretStr = SecretStr("")
    encrypt_key: SecretStr = SecretStr("")
    verification_token: SecretStr = SecretStr("")
    tenant_key: str = ""
    api_base: str = "https://open.feishu.cn"
    inline_cards: bool = True
    monthly_calls: Annotated[int, Field(ge=0)] = 0


class DingTalk(Section):
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    robot_code: str = ""
    corp_id: str = ""
    aes_key: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    card_secret: SecretStr = SecretStr("")
    card_route_key: str = ""
    card_template: str = ""
    form_template: str = ""
    api_base: str = "https://api.dingtalk.com"
    oapi_base: str = "https://oapi.dingtalk.com"
    monthly_calls: Annotated[int, Field(ge=0)] = 5000


class Delivery(Section):
    """How fast messages go out, as a share of what the platforms allow."""

    speed: Annotated[float, Field(gt=0, le=1000)] = 1.0


class Security(Section):
    secret_key: SecretStr = SecretStr("")
    data_keys: list[SecretStr] = []
    data_keys_file: str = ""


class Privacy(Section):
    """How often a day one person may look at contact data that is not his to see (P4)."""

    reveals_a_day: Annotated[int, Field(ge=0, le=10_000)] = 30


class People(Section):
    """How long a binding code is good, and for how many tries (P1)."""

    code_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 72
    code_tries: Annotated[int, Field(ge=1, le=20)] = 5


class Playground(Section):
    enabled: bool = False
    key: SecretStr = SecretStr("")


class WorkCalendar(Section):
    zone: str = "Asia/Shanghai"
    hours: list[str] = ["09:00-12:00", "13:30-18:00"]
    days_off: list[str] = []
    days_on: list[str] = []


class Review(Section):
    working_days: Annotated[int, Field(ge=1, le=30)] = 1


class Complaint(Section):
    """The clock of the first contact and its ladder (F2), in minutes of the complaint's own calendar."""

    first_contact: Annotated[int, Field(ge=1)] = 120
    office_hours: bool = False
    warn_handler: Annotated[int, Field(ge=0)] = 60
    warn_supervisor: Annotated[int, Field(ge=0)] = 30
    answer_within: Annotated[int, Field(ge=1)] = 5
    warn_manager: Annotated[int, Field(ge=0)] = 10
    again_every: Annotated[int, Field(ge=1)] = 30
    again_times: Annotated[int, Field(ge=0, le=20)] = 4
    bad_score: Annotated[int, Field(ge=0, le=5)] = 2
    bad_score_contact: Annotated[int, Field(ge=1)] = 24 * 60
    bad_score_warn_handler: Annotated[int, Field(ge=0)] = 12 * 60
    bad_score_warn_supervisor: Annotated[int, Field(ge=0)] = 4 * 60
    bad_score_warn_manager: Annotated[int, Field(ge=0)] = 60


class Sla(Section):
    """How loud a promise gets that is about to be broken."""

    urgent: bool = False


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[01]):[0-5]\d", text):
        raise ValueError("要写成 09:00 这样的钟点，最晚 21:59")  # what follows is sent on the same day
    return text


class Digest(Section):
    """When the figures of a working day are planned, and within which minutes after that they are sent (H1)."""

    at: Annotated[str, AfterValidator(_clock)] = "09:00"
    after_minutes: Annotated[int, Field(ge=0, le=60)] = 3
    spread_minutes: Annotated[int, Field(ge=1, le=60)] = 9


def _pattern(text: str) -> str:
    """Refuses, before anybody waits for a number, what could give none, or the same one for ever."""
    try:
        first, second = (text.format(year=2026, month=1, industry_code="", seq=seq) for seq in (1, 2))
    except (LookupError, ValueError, AttributeError):
        raise ValueError("看不懂，里面可以用 {year} {month:02} {industry_code} {seq:03}") from None
    if first == second or first != first.upper() or len(first) > 24:
        raise ValueError("里面要有 {seq}，字母要大写，连同数字最多 24 位")
    return text


class Quiet(Section):
    """When people get only what is urgent, as long as they set nothing else (X7); wall times, empty for never."""

    begins: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = "22:00"
    ends: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = "08:00"


class Numbering(Section):
    customer: Annotated[str, AfterValidator(_pattern)] = "C{year}{month:02}{seq:03}"
    complaint: Annotated[str, AfterValidator(_pattern)] = "TS{year}{month:02}{seq:03}"


class Entry(Section):
    """Option lists and what must be known when (A1, A4)."""

    industries: dict[str, list[str]] = INDUSTRIES
    industry_codes: dict[str, str] = {}
    sources: list[str] = [
        "展会推广",
        "线上推广",
        "线上官网",
        "客户转介绍",
        "电话拜访",
        "合作伙伴推荐",
        "社交媒体",
        "其他",
    ]
    headcounts: list[str] = ["1-49人", "50-99人", "100-499人", "500-999人", "1000人以上"]
    revenues: list[str] = ["500万元以下", "500-2000万元", "2000万-1亿元", "1-10亿元", "10亿元以上"]
    decision_roles: list[str] = ["决策人", "影响者", "使用者", "把关人", "其他"]
    channels: list[str] = ["电话", "微信", "邮件", "面谈"]
    guide: list[str] = [
        "背景：现在怎么做、用什么、谁在用？",
        "难点：最不满意的是什么？",
        "影响：它造成了多少损失或延误？",
        "价值：解决以后最想看到什么结果？",
    ]
    may_be_pending: list[str] = ["统一社会信用代码", "身份证号", "职位", "邮箱", "地址", "规模", "主营业务"]


class Survey(Section):
    """When customers are asked how satisfied they are (G1)."""

    days_after_deal: Annotated[int, Field(ge=0, le=365)] = 3
    days_between: Annotated[int, Field(ge=0, le=3650)] = 30
    days_silent: Annotated[int, Field(ge=1, le=365)] = 3
    days_valid: Annotated[int, Field(ge=1, le=365)] = 14
    questions: list[str] = ["产品和服务符合您的预期吗？", "我们响应得够快吗？"]


class Files(Section):
    """What people may send: Feishu gives away 100 MB at most."""

    largest_mb: Annotated[int, Field(ge=1, le=100)] = 20


class Audit(Section):
    """Where the heads of the audit's chain are kept outside the database (P6)."""

    heads: str = ""


class Settings(Section):
    """All of it."""

    server: Server = Server()
    pages: Pages = Pages()
    database: Database = Database()
    feishu: Feishu = Feishu()
    dingtalk: DingTalk = DingTalk()
    delivery: Delivery = Delivery()
    security: Security = Security()
    privacy: Privacy = Privacy()
    people: People = People()
    playground: Playground = Playground()
    work_calendar: WorkCalendar = WorkCalendar()
    review: Review = Review()
    complaint: Complaint = Complaint()
    sla: Sla = Sla()
    digest: Digest = Digest()
    quiet: Quiet = Quiet()
    numbering: Numbering = Numbering()
    entry: Entry = Entry()
    survey: Survey = Survey()
    files: Files = Files()
    audit: Audit = Audit()

    @property
    def quiet_hours(self) -> Quiet:
        """Everybody's who set none; in the playground nobody's, unless set: who tries it at night sees what comes."""
        tried = self.playground.enabled and "quiet" not in self.model_fields_set
        return Quiet(begins="", ends="") if tried else self.quiet

    def monthly_calls(self, platform: str) -> int:
        """How many calls of a platform's API a month are paid for; 0 where nobody counts (O8)."""
        return {"feishu": self.feishu.monthly_calls, "dingtalk": self.dingtalk.monthly_calls}.get(platform, 0)
