"""Settings from TOML and the environment; what is wrong is one sentence with its path."""

from __future__ import annotations

import os
import secrets
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from models.calendar import Calendar
from models.errors import Refused
from models.settings import Security, Settings
from models.tables.sealed import Keyring

DEFAULT_FILE = "config.toml"
SENTENCES = {
    "extra_forbidden": "没有这个设置，请检查拼写",
    "missing": "缺少这个设置",
    "int_parsing": "要写成整数",
    "int_type": "要写成整数",
    "int_from_float": "要写成整数",
    "bool_parsing": "要写成 true 或 false",
    "bool_type": "要写成 true 或 false",
    "greater_than_equal": "太小了",
    "less_than_equal": "太大了",
    "string_type": "要写成文字，用引号括起来",
    "list_type": "要写成列表，用方括号括起来",
    "dict_type": "要写成一个小节",
    "model_type": "要写成一个小节",
}


def load(file: str | None = None) -> Settings:
    """Settings from `file`, else from KEBAN_CONFIG, else from ./config.toml if it is there; the environment wins.

    Raises Refused with a sentence that names the key and never repeats its value.
    """
    path = found(file)
    written = _toml(path) if path else {}
    _check_environment()
    try:
        settings = _Sources(**written)
        Calendar.from_words(**settings.work_calendar.model_dump())
    except ValidationError as no:
        raise Refused("设置有误：" + "；".join(_sentence(error) for error in no.errors())) from None
    except SettingsError as no:
        section = str(no).split('"')[1]
        raise Refused(f"环境变量里 {section} 的设置读不懂：小节和列表要写成 JSON。") from None
    except ValueError as no:
        raise Refused(f"设置有误：work_calendar {no}") from None
    return settings


def found(file: str | None = None) -> Path | None:
    """The file that `load` reads, there or not; None where none is named and none lies about."""
    named = file or os.environ.get("KEBAN_CONFIG")
    path = Path(named or DEFAULT_FILE)
    return path if named or path.exists() else None


def from_environment() -> list[str]:
    """The variables of the environment that are settings."""
    return [name for name in os.environ if name.upper().startswith("KEBAN__")]


def _check_environment() -> None:
    for name in from_environment():
        if name.split("__")[1].lower() not in Settings.model_fields:
            raise Refused(f"设置有误：环境变量 {name} 没有这个设置，请检查拼写")


class _Sources(Settings, BaseSettings):
    """The environment (KEBAN__FEISHU__APP_SECRET) before the file."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="KEBAN__", env_nested_delimiter="__", env_ignore_empty=False
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"没有找到配置文件 {path}，可以从 config.example.toml 复制一份。") from None
    except OSError as no:
        raise Refused(f"配置文件 {path} 读不了：{no.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as no:
        raise Refused(f"配置文件 {path} 写法有误：{no}") from None


def _sentence(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    said = error["ctx"]["error"] if error["type"] == "value_error" else error["msg"]
    return f"{place} {SENTENCES.get(error['type'], said)}"


def keyring(settings: Settings) -> Keyring:
    """The data keys; without any, they are derived from the secret key. Raises Refused."""
    keys = data_keys(settings.security)
    try:
        return Keyring(keys) if keys else Keyring.derived(secret_key(settings))
    except ValueError as no:
        raise Refused(str(no)) from None


def data_keys(security: Security) -> list[str]:
    """The keys from the settings or from their file, a line each. Raises Refused, also where others may read it."""
    if not security.data_keys_file:
        return [key.get_secret_value() for key in security.data_keys]
    if security.data_keys:
        raise Refused("security.data_keys 和 security.data_keys_file 只写一个。")
    file = Path(security.data_keys_file)
    try:
        if file.stat().st_mode & 0o077:
            raise Refused(f"密钥文件 {file} 别的用户也能读，请执行 chmod 600 {file}")
        lines = file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise Refused(f"密钥文件 {file} 读不了，请看路径和权限。") from None
    if not lines:
        raise Refused(f"密钥文件 {file} 是空的，一行写一个密钥。")
    return lines


def secret_key(settings: Settings) -> str:
    """`security.secret_key`; on SQLite one is made on the first start and kept beside the database.

    Raises Refused on PostgreSQL, where every process on every machine has to be given the same one.
    """
    if given := settings.security.secret_key.get_secret_value():
        return given
    if not settings.database.url.startswith("sqlite:///"):
        raise Refused("请设置 security.secret_key：一段足够长的随机文字，每台机器上都相同。")
    file = Path(settings.database.url.removeprefix("sqlite:///")).with_suffix(".key")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return file.read_text()


def with_heads(settings: Settings) -> Settings:
    """The settings with a file for the heads of the audit's chain, beside the database where none is named."""
    if settings.audit.heads:
        return settings
    database, file = settings.database.url, Path("var/audit-heads.jsonl")
    if database.startswith("sqlite:///"):
        file = Path(database.removeprefix("sqlite:///")).with_suffix(".audit-heads.jsonl")
    return settings.model_copy(update={"audit": settings.audit.model_copy(update={"heads": str(file)})})
