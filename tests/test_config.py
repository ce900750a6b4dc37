"""Settings from a file and the environment: what is wrong is one sentence with its path, and never a secret."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import config
from models.errors import Refused
from models.settings import Security, Settings
from models.tables.sealed import Keyring

KEY = base64.b64encode(b"0123456789abcdef" * 2).decode()
SECRET = "hunter2-hunter2"
EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of whoever runs the tests, and an empty working directory."""
    for name in [name for name in os.environ if name.startswith("KEBAN")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def load(text: str) -> Settings:
    Path("settings.toml").write_text(text, encoding="utf-8")
    return config.load("settings.toml")


def test_without_any_file_every_setting_has_its_default() -> None:
    assert config.load().model_dump() == Settings().model_dump() == load("").model_dump()
    assert config.load(str(EXAMPLE)).model_dump() == Settings().model_dump()


def test_the_named_file_goes_before_the_environments_and_that_before_the_usual_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for port, name in ((1, "config.toml"), (2, "other.toml"), (3, "named.toml")):
        Path(name).write_text(f"[server]\nport = {port}", encoding="utf-8")
    assert config.load().server.port == 1
    monkeypatch.setenv("KEBAN_CONFIG", "other.toml")
    assert config.load().server.port == 2
    assert config.load("named.toml").server.port == 3
    for lost in ("lost.toml", "."):
        monkeypatch.setenv("KEBAN_CONFIG", lost)
        with pytest.raises(Refused, match=lost.replace(".", r"\.")):
            config.load()


def test_the_environment_overrides_single_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEBAN__FEISHU__APP_SECRET", SECRET)
    monkeypatch.setenv("keban__server__port", "9000")
    monkeypatch.setenv("KEBAN__PLAYGROUND__ENABLED", "true")
    monkeypatch.setenv("KEBAN__SECURITY__DATA_KEYS", f'["k1:{KEY}"]')
    read = load('[feishu]\napp_id = "cli_1"\napp_secret = "of the file"\n[server]\nhost = "0.0.0.0"\nport = 1')
    assert (read.feishu.app_id, read.feishu.app_secret.get_secret_value()) == ("cli_1", SECRET)
    assert (read.server.host, read.server.port, read.playground.enabled) == ("0.0.0.0", 9000, True)  # noqa: S104
    assert config.keyring(read).open(config.keyring(read).seal("x", "y"), "y") == "x"
    assert SECRET not in repr(read) and SECRET not in str(read.model_dump())


WRONG = {
    '[server]\nprot = 1': "server.prot 没有这个设置",
    '[servr]\nport = 1': "servr 没有这个设置",
    f'[feishu]\napp_secrets = "{SECRET}"': "feishu.app_secrets 没有这个设置",
    'server = 3': "server 要写成一个小节",
    '[server]\nport = "eighty"': "server.port 要写成整数",
    "[server]\nport = []": "server.port 要写成整数",
    "[server]\nport = 80.5": "server.port 要写成整数",
    "[server]\nport = 70000": "server.port 太大了",
    "[review]\nworking_days = 0": "review.working_days 太小了",
    '[feishu]\ninline_cards = "perhaps"': "feishu.inline_cards 要写成 true 或 false",
    f'[feishu]\napp_secret = ["{SECRET}"]': "feishu.app_secret 要写成文字",
    f'[security]\ndata_keys = "{SECRET}"': "security.data_keys 要写成列表",
    '[entry]\nindustries = ["农业"]': "entry.industries 要写成一个小节",
    '[entry.industries]\n"农业" = "种植"': "entry.industries.农业 要写成列表",
    f'[database]\nurl = "postgres://keban:{SECRET}@host/keban"': "database.url 要以 sqlite:/// 或 postgresql+psycopg://",
    '[database]\nurl = "sqlite:///"': "database.url 要以",
    '[server]\nbase_url = "crm.example.com"': "server.base_url 要以 https:// 或 http:// 开头",
    '[work_calendar]\ndays_off = ["2026-13-01"]': "work_calendar 日期",
    '[work_calendar]\nhours = ["9-12"]': "work_calendar 工作时间",
    '[work_calendar]\nhours = ["13:00-12:00"]': "work_calendar 工作时间",
    "[work_calendar]\nhours = []": "work_calendar 工作时间是空的",
    '[work_calendar]\nzone = "Mars/Olympus"': "work_calendar 没有",
    '[work_calendar]\ndays_off = ["2026-12-25"]\ndays_on = ["2026-12-25"]': "work_calendar 2026-12-25",
    '[numbering]\ncustomer = "C{yeer}{seq}"': "numbering.customer 看不懂",
    '[numbering]\ncustomer = "C{seq"': "numbering.customer 看不懂",
    '[numbering]\ncustomer = "C{}"': "numbering.customer 看不懂",
    '[numbering]\ncustomer = "C{year}"': "numbering.customer 里面要有 {seq}",
    '[numbering]\ncustomer = "c{seq}"': "numbering.customer 里面要有 {seq}，字母要大写",
    f'[feishu]\napp_secret = "{SECRET}': "settings.toml 写法有误",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_one_sentence_with_its_path(text: str) -> None:
    with pytest.raises(Refused) as no:
        load(text)
    assert WRONG[text] in no.value.say and "\n" not in no.value.say
    assert SECRET not in no.value.say and "Input should" not in no.value.say


def test_several_wrong_settings_are_all_named() -> None:
    with pytest.raises(Refused) as no:
        load('[server]\nport = "x"\nprot = 1\n[database]\nurls = ""')
    assert all(path in no.value.say for path in ("server.port", "server.prot", "database.urls"))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("KEBAN__SERVER__PORT", "x", "server.port 要写成整数"),
        ("KEBAN__SERVER__PROT", "1", "server.prot 没有这个设置"),
        ("KEBAN__SERVR__PORT", "1", "KEBAN__SERVR__PORT 没有这个设置"),
        ("KEBAN__SECURITY__DATA_KEYS", SECRET, "security 的设置读不懂"),
        ("KEBAN__SECURITY", SECRET, "security 的设置读不懂"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named_as_well(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Refused) as no:
        load("")
    assert says in no.value.say and SECRET not in no.value.say


def test_a_file_that_is_no_utf8_is_a_sentence() -> None:
    Path("settings.toml").write_bytes("[server]\nhost = '主机'".encode("gbk"))
    with pytest.raises(Refused, match="写法有误"):
        config.load("settings.toml")


def test_on_sqlite_a_secret_is_made_once_beside_the_database_and_only_its_owner_reads_it() -> None:
    settings = load('[database]\nurl = "sqlite:///var/deep/keban.db"')
    secret = config.secret_key(settings)
    file = Path("var/deep/keban.key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.read_text() == secret and len(secret) > 40
    assert config.secret_key(settings) == secret
    assert config.keyring(settings).index("x", "y") == config.keyring(settings).index("x", "y")
    other = load('[database]\nurl = "sqlite:///other.db"')
    assert config.secret_key(other) != secret
    given = load(f'[security]\nsecret_key = "{SECRET}"\n[database]\nurl = "sqlite:///third.db"')
    assert config.secret_key(given) == SECRET and not Path("third.key").exists()


def test_on_postgresql_the_secret_has_to_be_given() -> None:
    url = '[database]\nurl = "postgresql+psycopg://localhost/keban"\n'
    with pytest.raises(Refused, match=r"security\.secret_key"):
        config.keyring(load(url))
    assert config.keyring(load(f'{url}[security]\nsecret_key = "{SECRET}"'))
    assert config.keyring(load(f'{url}[security]\ndata_keys = ["k1:{KEY}"]'))


@pytest.mark.parametrize("key", [SECRET, f"k1:{SECRET}", KEY])
def test_a_data_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(Refused, match=r"security\.data_keys") as no:
        config.keyring(load(f'[security]\ndata_keys = ["{key}"]'))
    assert key not in no.value.say


def test_the_heads_of_the_audit_stand_beside_the_database_where_nobody_says_otherwise() -> None:
    places = {
        "sqlite:///data/keban.db": "data/keban.audit-heads.jsonl",
        "postgresql+psycopg://keban@db/keban": "var/audit-heads.jsonl",
    }
    for url, heads in places.items():
        assert config.with_heads(Settings.model_validate({"database": {"url": url}})).audit.heads == heads
    named = Settings.model_validate({"audit": {"heads": "elsewhere.jsonl"}})
    assert config.with_heads(named) == named


def test_the_data_keys_may_stand_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "data.keys"
    file.write_text(f"k2:{'B' * 43}=\nk1:{'A' * 43}=\n")
    file.chmod(0o600)
    kept = Settings(security=Security(data_keys_file=str(file)))
    sealed = Keyring([f"k1:{'A' * 43}="]).seal("13912345678", "x")
    assert config.keyring(kept).open(sealed, "x") == "13912345678"
    both = Settings(security=Security(data_keys_file=str(file), data_keys=[SecretStr("k3:x")]))
    with pytest.raises(Refused, match="只写一个"):
        config.keyring(both)
    for broken, says in ((lambda: file.chmod(0o640), "chmod 600"), (lambda: file.write_text(""), "是空的")):
        file.chmod(0o600)
        broken()
        with pytest.raises(Refused, match=says) as no:
            config.keyring(kept)
        assert "AAAA" not in no.value.say
    file.unlink()
    with pytest.raises(Refused, match="读不了"):
        config.keyring(kept)
