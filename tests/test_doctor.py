"""`app.py doctor`: a line for each thing that may be wrong, how to mend it, and never a secret."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

import app
from bot import config
from bot.doctor import Doctor, _clock
from front import FOLDER, Front, program
from models.engine import connect
from models.settings import Settings
from models.tables.sealed import Keyring
from standins.dingtalk_api import CLIENT_ID, DingTalkApi
from standins.dingtalk_says import AES_KEY, TOKEN
from standins.dingtalk_schema import BUTTON_TEMPLATE
from standins.feishu_api import APP_ID, FeishuApi
from test_command_line import empty_url, logging_is_put_back

__all__ = ["empty_url", "logging_is_put_back"]  # fixtures

ROUTE = "keban-cards"
NOWHERE = "http://127.0.0.1:9"
#: every secret of these tests has this in it, and nothing that is printed does.
HIDDEN = "hidden0"
FEISHU, DINGTALK, CARD = f"{HIDDEN}-feishu", f"{HIDDEN}-dingtalk", f"{HIDDEN}-card"
KEY = f"{HIDDEN}-of-the-program"
DATA_KEY = "1:" + "A" * 43 + "="
Changes = dict[str, Any]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file as `db upgrade` leaves it."""
    file = tmp_path_factory.mktemp("ready") / "keban.db"
    app.upgrade(Settings.model_validate({"database": {"url": f"sqlite:///{file}"}, "security": {"secret_key": KEY}}))
    return file


@pytest.fixture
def ding() -> Iterator[DingTalkApi]:
    with DingTalkApi(client_secret=DINGTALK) as started:
        yield started
        assert not started.problems, started.problems


@pytest.fixture
def fly() -> Iterator[FeishuApi]:
    with FeishuApi(app_secret=FEISHU) as started:
        yield started


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with Front(tmp_path_factory.mktemp("front")).standing() as front:
        yield front


@pytest.fixture
def front(standing: Front, monkeypatch: pytest.MonkeyPatch) -> Front:
    """The public address of the program, whose certificate is trusted."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", standing.certificate)
    standing.instead = None
    standing.asked.clear()
    return standing


class Practice:
    """One installation in which everything is right, but for what a visit changes; the program runs by its file."""

    def __init__(
        self, folder: Path, ding: DingTalkApi, fly: FeishuApi, front: Front, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.front = front
        self.file, self.url, self._capsys = folder / "keban.toml", f"sqlite:///{folder}/keban.db", capsys
        self.right: dict[str, Changes] = {
            "server": {"base_url": front.safe},
            "database": {"url": self.url},
            "security": {"secret_key": KEY, "data_keys": [DATA_KEY]},
            "feishu": {"app_id": APP_ID, "app_secret": FEISHU, "encrypt_key": f"{HIDDEN}-encrypt"}
            | {"api_base": fly.base_url},
            "dingtalk": {"client_id": CLIENT_ID, "client_secret": DINGTALK, "robot_code": CLIENT_ID}
            | {"aes_key": AES_KEY, "token": TOKEN, "card_secret": CARD, "card_route_key": ROUTE}
            | {"card_template": BUTTON_TEMPLATE, "api_base": ding.base_url},
        }

    def write(self, changes: dict[str, Changes]) -> None:
        sections = {name: values | changes.get(name, {}) for name, values in self.right.items()}
        lines = [
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
            for name, values in sections.items()
        ]
        self.file.write_text("".join(lines), encoding="utf-8")
        self.front.program = program(config.load(str(self.file)))

    def visit(self, *words: str, **changes: Changes) -> tuple[int, str]:
        """The exit status and what was printed; no secret is in it, nor in the log."""
        self.write(changes)
        status = app.main(["--config", str(self.file), "doctor", *words])
        out, err = self._capsys.readouterr()
        assert not re.search(f"{HIDDEN}|{AES_KEY}|{TOKEN}|{'A' * 43}", out + err), out + err
        assert all(re.match(r"[✓!✗] \S+.*：\S", line) for line in out.splitlines()) and "Traceback" not in err
        return status, out


@pytest.fixture
def practice(
    tmp_path: Path,
    ready: Path,
    ding: DingTalkApi,
    fly: FeishuApi,
    front: Front,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Practice:
    for name in [name for name in os.environ if name.startswith("KEBAN")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    shutil.copy(ready, tmp_path / "keban.db")
    return Practice(tmp_path, ding, fly, front, capsys)


RIGHT = (
    r"✓ 设置：读自 \S+keban\.toml",
    r"✓ 数据库：连得上，结构是最新的 \d{4}",
    r"✓ 密钥：data_keys 有 1 个，第一个用来写",
    r"✓ 网址：外面看到的是 https://localhost:\d+",
    r"✓ 飞书凭证：app_id 和 app_secret 可用",
    r"✓ 时钟：和飞书相差不到 60 秒",
    r"✓ 飞书加密：.*",
    r"✓ 飞书回调：https://localhost:\d+/feishu/events 到得了，答得对",
    r"✓ 飞书回调：https://localhost:\d+/feishu/cards 到得了，答得对",
    r"✓ 钉钉凭证：client_id 和 client_secret 可用",
    r"✓ 时钟：和钉钉相差不到 60 秒",
    *(f"✓ 钉钉 {key}：已设" for key in ("robot_code", "aes_key", "token")),
    r"✓ 钉钉回调：https://localhost:\d+/dingtalk/events 到得了，答得对",
    *(f"✓ 钉钉 {key}：已设" for key in ("card_route_key", "card_secret")),
    r"✓ 钉钉卡片：设了 card_template：.*",
)


def test_where_everything_is_right_every_line_says_so_and_nothing_is_changed(
    practice: Practice, ding: DingTalkApi, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    status, said = practice.visit()
    lines = said.splitlines()
    assert status == 0 and len(lines) == len(RIGHT), said
    assert [line for line, form in zip(lines, RIGHT, strict=True) if not re.fullmatch(form, line)] == []
    assert {path.name for path in tmp_path.iterdir()} - {path.name for path in before} <= {"keban.toml"}
    assert (ding.cards.routes, ding.messages) == ({}, [])


WRONG: dict[str, tuple[dict[str, Changes], int, str]] = {
    "derived": ({"security": {"data_keys": []}}, 0, "! 密钥：数据密钥由 secret_key 推出"),
    "made": ({"security": {"data_keys": [], "secret_key": ""}}, 0, "! 密钥：secret_key 没有设，自动生成"),
    "bad key": ({"security": {"data_keys": [f"1:{HIDDEN}"]}}, 1, "✗ 密钥："),
    "no address": ({"server": {"base_url": ""}}, 1, "✗ 网址：钉钉的表单和客户的问卷在别的机器上打不开；把 [server]"),
    "feishu secret": ({"feishu": {"app_secret": f"{HIDDEN}-wrong"}}, 1, "app_id 和 app_secret 不对或不是一对"),
    "feishu away": (
        {"feishu": {"api_base": NOWHERE}},
        1,
        "✗ 飞书凭证：没有拿到令牌（feishu token: ConnectionError）；看",
    ),
    "feishu unsigned": (
        {"feishu": {"encrypt_key": "", "verification_token": f"{HIDDEN}-token"}},
        0,
        "! 飞书加密：encrypt_key 没有设",
    ),
    "feishu open": (
        {"feishu": {"encrypt_key": ""}},
        0,
        "! 飞书加密：encrypt_key 和 verification_token 都是空的，只能用长连接收；",
    ),
    "feishu half": ({"feishu": {"app_id": ""}}, 1, "✗ 飞书凭证：[feishu] app_id 是空的，别的填了也不会接"),
    "ding secret": (
        {"dingtalk": {"client_secret": f"{HIDDEN}-wrong"}},
        1,
        "✗ 钉钉凭证：没有拿到令牌（dingtalk token: invalidClientIdOrSecret）；client_id 和 client_secret 不对",
    ),
    "ding away": ({"dingtalk": {"api_base": NOWHERE}}, 1, "✗ 钉钉凭证：没有拿到令牌（dingtalk token: Conn"),
    "ding half": ({"dingtalk": {"client_id": ""}}, 1, "✗ 钉钉凭证：[dingtalk] client_id 是空的"),
    "no robot": ({"dingtalk": {"robot_code": ""}}, 1, "✗ 钉钉 robot_code：是空的；抄「机器人」页的 RobotCode"),
    "no aes": ({"dingtalk": {"aes_key": ""}}, 0, "! 钉钉 aes_key：是空的，只能用长连接收；要用网址收就抄"),
    "short aes": ({"dingtalk": {"aes_key": AES_KEY[:42]}}, 1, "✗ 钉钉 aes_key：写法不对"),
    "no token": ({"dingtalk": {"token": ""}}, 0, "! 钉钉 token：是空的，只能用长连接收；要用网址收就抄"),
    "odd token": ({"dingtalk": {"token": f"{HIDDEN} 0"}}, 1, "✗ 钉钉 token：写法不对"),
    "no secret": ({"dingtalk": {"card_secret": ""}}, 1, "✗ 钉钉 card_secret：是空的；自己定一个"),
    "no route": (
        {"dingtalk": {"card_route_key": "", "card_secret": ""}},
        0,
        "! 钉钉 card_route_key：是空的，点击从长连接来，要开着 python app.py stream --platform dingtalk；",
    ),
    "odd template": ({"dingtalk": {"card_template": "buttons"}}, 0, "! 钉钉卡片：card_template 不像模板的编号"),
    "words": (
        {"dingtalk": {"card_template": "", "card_route_key": "", "card_secret": ""}},
        0,
        "✓ 钉钉卡片：没有设 card_template：发消息，按钮是会替人说话的链接",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_with_what_to_do_and_nothing_else_is(practice: Practice, case: str) -> None:
    changes, wanted, says = WRONG[case]
    status, said = practice.visit(**changes)
    assert (status, says in said) == (wanted, True), said
    amiss = [line for line in said.splitlines() if line[0] != "✓"]
    assert len(amiss) == (not says.startswith("✓")), said


def test_without_any_file_or_platform_it_says_where_to_begin(
    practice: Practice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEBAN__DATABASE__URL", practice.url)
    assert app.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "! 设置：没有 config.toml，都用默认值，另有 1 项来自环境变量" in said
    assert "! 平台：飞书和钉钉都还没有接；步骤见 docs/feishu.md 和 docs/dingtalk.md" in said
    assert not Path("keban.key").exists() and len(said.splitlines()) == 4


def test_settings_that_cannot_be_read_are_a_sentence(practice: Practice, capsys: pytest.CaptureFixture[str]) -> None:
    practice.file.write_text(f'[dingtalk]\naes = "{HIDDEN}"', encoding="utf-8")
    assert app.main(["--config", str(practice.file), "doctor"]) == 2
    assert "dingtalk.aes 没有这个设置" in (told := capsys.readouterr().err) and HIDDEN not in told


# --- the database ---


def test_the_database_is_at_the_newest_migration_or_the_line_says_what_to_do(
    empty_url: str, practice: Practice, ring: Keyring
) -> None:
    practice.right["database"]["url"] = empty_url
    status, said = practice.visit()
    assert status == 1 and "✗ 数据库：还没有建立；先执行 python app.py db upgrade" in said
    assert app.main(["--config", str(practice.file), "db", "upgrade"]) == 0
    head = ScriptDirectory(str(app.ROOT / "migrations")).get_current_head()
    status, said = practice.visit()
    assert status == 0 and f"✓ 数据库：连得上，结构是最新的 {head}" in said
    for number, how in (("0001", "先停下，再执行 python app.py db upgrade"), ("9999", "换成新版本的程序")):
        engine = connect(empty_url, ring)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": number})
        engine.dispose()
        status, said = practice.visit()
        assert status == 1 and f"✗ 数据库：结构是 {number}，这个程序要 {head}；{how}" in said


def test_a_database_that_is_away_or_none_is_named_without_its_password(practice: Practice, tmp_path: Path) -> None:
    away = f"postgresql+psycopg://keban:{HIDDEN}@127.0.0.1:9/keban"
    status, said = practice.visit(database={"url": away})
    assert status == 1 and "✗ 数据库：连不上（OperationalError）；看 [database] url" in said
    status, said = practice.visit(database={"url": away}, security={"secret_key": "", "data_keys": []})
    assert "✗ 密钥：请设置 security.secret_key" in said
    status, said = practice.visit(database={"url": f"sqlite:///{tmp_path}/later/keban.db"})
    assert status == 1 and "✗ 数据库：还没有建立" in said and not (tmp_path / "later").exists()
    (tmp_path / "keban.db").write_text("something else, long enough to be taken for a database" * 20)
    status, said = practice.visit()
    assert status == 1 and "✗ 数据库：连不上（DatabaseError）" in said


# --- the clock ---


@pytest.mark.parametrize(("seconds", "sign"), [(-65, "✗"), (-50, "✓"), (50, "✓"), (65, "✗")])
def test_a_clock_more_than_a_minute_off_is_found(
    practice: Practice, capsys: pytest.CaptureFixture[str], seconds: int, sign: str
) -> None:
    practice.write({})
    settings = config.load(str(practice.file))
    status = Doctor(settings, practice.file, lambda: app.now() + dt.timedelta(seconds=seconds)).report()
    clocks = [line for line in capsys.readouterr().out.splitlines() if "时钟" in line]
    assert [line[0] for line in clocks] == [sign, sign] and status == (sign == "✗")
    if sign == "✗":
        assert all(re.search(rf"比(飞书|钉钉){'快' if seconds > 0 else '慢'} 6\d 秒", line) for line in clocks)


def test_a_platform_that_says_no_time_is_not_compared() -> None:
    assert str(_clock("钉钉", "", app.now())) == "! 时钟：钉钉没有说现在几点，没有比"


# --- --register ---


def routes(ding: DingTalkApi) -> dict[str, tuple[str, str]]:
    return {key: (route.url, route.secret) for key, route in ding.cards.routes.items()}


def test_the_callback_is_registered_once_and_replaced_when_address_or_secret_change(
    practice: Practice, ding: DingTalkApi
) -> None:
    base = practice.front.safe
    first, second = f"{base}/dingtalk/cards", f"{base}{FOLDER}/dingtalk/cards"
    for _ in range(2):
        status, said = practice.visit("--register")
        assert status == 0 and f"✓ 卡片回调：登记的是 {ROUTE} → {first}" in said
        assert routes(ding) == {ROUTE: (first, CARD)}
    status, said = practice.visit("--register", server={"base_url": f"{base}{FOLDER}/"})
    assert status == 0 and f"✓ 卡片回调：改为 {ROUTE} → {second}" in said
    assert routes(ding) == {ROUTE: (second, CARD)}
    anew = f"{HIDDEN}-another"
    practice.right["server"]["base_url"] = f"{base}{FOLDER}"
    status, said = practice.visit("--register", dingtalk={"card_secret": anew})
    assert status == 0 and "改为" in said and routes(ding) == {ROUTE: (second, anew)}


def test_nothing_is_registered_while_something_is_missing(practice: Practice, ding: DingTalkApi) -> None:
    status, said = practice.visit("--register", server={"base_url": ""}, dingtalk={"card_secret": ""})
    assert status == 1 and "✗ 卡片回调：没有登记，先填 [server] base_url、card_secret" in said
    empty = {"client_id": "", "client_secret": "", "card_route_key": ""}
    status, said = practice.visit("--register", dingtalk=empty)
    assert status == 1 and "先填 client_id、client_secret、card_route_key" in said
    assert routes(ding) == {}


REFUSED = {
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": "在「权限管理」里开通 Card.Instance.Write，再发布一次",
    "Forbidden.AccessDenied.IpNotInWhiteList": "IP 白名单",
    "system.busy": "过一会儿再试",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_the_platform_does_not_register_is_a_line_with_what_to_do(
    practice: Practice, ding: DingTalkApi, code: str
) -> None:
    ding.fail_next(code=code, path="/card/callbacks")
    status, said = practice.visit("--register")
    assert status == 1 and f"✗ 卡片回调：没有登记（dingtalk register: {code}）" in said and REFUSED[code] in said
    assert routes(ding) == {}


def test_without_a_token_nothing_is_registered(practice: Practice, ding: DingTalkApi) -> None:
    status, said = practice.visit("--register", dingtalk={"client_secret": f"{HIDDEN}-wrong"})
    assert status == 1 and said.count("invalidClientIdOrSecret") == 2 and routes(ding) == {}


def test_keys_that_lie_beside_the_database_are_worth_a_word(ready: Path, tmp_path: Path) -> None:
    for folder, mode, says in (
        (ready.parent, 0o600, "! 密钥：密钥文件 "),
        (tmp_path, 0o600, "✓ 密钥：data_keys 有 1 个"),
        (tmp_path, 0o644, "✗ 密钥：密钥文件 "),
    ):
        file = folder / "data.keys"
        file.write_text(DATA_KEY)
        file.chmod(mode)
        security = {"secret_key": KEY, "data_keys_file": str(file)}
        settings = Settings.model_validate({"database": {"url": f"sqlite:///{ready}"}, "security": security})
        assert str(Doctor(settings, None, app.now).keys()).startswith(says)
        file.unlink()
