"""What the documents say is true: commands, settings, shell lines, conversations, links, names."""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import Engine
from werkzeug.serving import make_server

import app
from bot import arguments, config, dingtalk, feishu, web
from bot.dingtalk.client import DingTalkClient
from bot.dispatch import Dispatcher
from bot.platform import Platform
from bot.routing import Command
from bot.sending import Sender
from conftest import ON_SQLITE, Company
from handlers import router
from makers import Make
from models import policy
from models.crm import people
from models.policy import Permission
from models.settings import Settings
from models.tables import Role
from models.tables.sealed import Keyring
from models.work import Works
from standins import dingtalk_seen
from standins.dingtalk_api import DingTalkApi
from standins.dingtalk_schema import BUTTON_TEMPLATE
from standins.feishu_api import FeishuApi
from world import Somebody

ROOT = Path(__file__).parent.parent
README, CONTRIBUTING, CHANGELOG = "README.md", "CONTRIBUTING.md", "CHANGELOG.md"
DOCUMENTS = (README, CONTRIBUTING, CHANGELOG, *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
PRODUCT = ("app.py", "bot", "cards", "handlers", "models", "scheduler")
#: accepted from the first day, read by nobody yet; what gets used leaves this list.
FOR_LATER = {"dingtalk.form_template"}
#: what a section is called where its keys are read.
CALLED = {
    **dict.fromkeys(("feishu", "dingtalk"), ("settings", "_settings", "given")),
    **dict.fromkeys(("entry", "complaint"), ("rules",)),
    "server": ("server",),
}
#: who has a permission, by who else of these does
WHO = {Role.LEGAL: "同事", Role.SERVICE_AGENT: "销售和客服", Role.SALES_REP: "销售", Role.SUPERVISOR: "主管"}
LINE = re.compile(r"^(?P<who>[^：/]+)：(?:(?P<says>/.*)|【(?P<presses>[^】]+)】(?P<form>.*)|(?P<title>.+))$")
LINK = re.compile(r"!?\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


@cache
def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


@cache
def code() -> str:
    """The program's own text, but for the settings' definition."""
    files = [ROOT / "app.py", *(path for part in PRODUCT[1:] for path in sorted((ROOT / part).rglob("*.py")))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != "settings.py")


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text(document), re.S | re.M)


def rows(document: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    table = re.search(rf"^#+ {heading}\n(?:(?!^#|^\|).*\n)*((?:\|.*\n)+)", text(document), re.M)
    assert table, f"no table under {heading!r} in {document}"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1].splitlines()[2:]]


def quoted(words: str) -> list[str]:
    return re.findall(r"`([^`]+)`", words)


# --- commands ---


def row_of(command: Command) -> list[str]:
    names = " ".join(f"`{name}`" for name in command.names[1:])
    return [f"`{command.usage}`", names, command.about.splitlines()[0], _who(command.may)]


def _who(may: Permission | None) -> str:
    having = (word for role, word in WHO.items() if may in policy.of_role(role, {}))
    return "所有人" if may is None else next(having, "管理员")


def test_the_table_of_commands_is_what_the_router_knows() -> None:
    said = rows(README, "能说什么")
    assert said == [row_of(command) for command in dict.fromkeys(router.commands.values())]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_command_that_a_document_names_exists(document: str) -> None:
    named = set(re.findall(r"(?<![\w/.*-])/[\u4e00-\u9fff]+", text(document))) - {"/星标"}  # the recipe's example
    assert named <= router.commands.keys()


def test_every_command_shows_an_example_in_its_help() -> None:
    without = [c.usage for c in dict.fromkeys(router.commands.values()) if f"例：{c.names[0]}" not in c.about]
    assert not without


@ON_SQLITE
def test_the_conversation_of_the_readme_really_takes_place(company: Company) -> None:
    """Each line is said, each button pressed as it was received, and each answer has the title that is written."""
    people = {"王敏": company.rep, "赵强": company.supervisor}
    (conversation,) = [block for block in blocks(README, "text") if "客伴：" in block]
    title = ""
    for number, line in enumerate(conversation.splitlines(), 1):
        found = LINE.match(line)
        assert found, line
        if found["title"]:
            assert (found["who"], title) == ("客伴", found["title"]), f"line {number}"
        else:
            company.keban.forward(seconds=4)
            title = _does(people[found["who"]], found)
            assert title not in ("没有完成", "没有这个命令", "没有找到", "出错了"), line
    assert number > 20, "a conversation of this length was promised"


def _does(person: Somebody, line: re.Match[str]) -> str:
    if line["says"]:
        return person.says(line["says"]).title
    answers = dict(pair.split(":", 1) for pair in line["form"].split())
    return person.presses(line["presses"], answers).title


# --- settings ---


def keys(model: BaseModel, under: str = "") -> Iterator[str]:
    """`section.key` of every setting."""
    for name, value in model:
        yield from keys(value, f"{name}.") if isinstance(value, BaseModel) else [f"{under}{name}"]


def test_the_example_holds_every_setting_at_its_default() -> None:
    assert config.load(str(ROOT / "config.example.toml")).model_dump() == Settings().model_dump()
    written: Mapping[str, Any] = tomllib.loads(text("config.example.toml"))
    assert {f"{section}.{key}" for section, each in written.items() for key in each} == set(keys(Settings()))


def test_every_setting_of_the_example_has_a_comment() -> None:
    lines = [line for line in text("config.example.toml").splitlines() if re.match(r"\w+ = ", line)]
    assert len(lines) == len([*keys(Settings())]) - 1  # entry.industries is a table
    assert not [line for line in lines if not re.search(r"[\[\]\w\"}]\s+# \S", line)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_settings_shown_in_a_document_are_accepted(document: str, tmp_path: Path) -> None:
    for block in blocks(document, "toml"):
        (tmp_path / "config.toml").write_text(block, encoding="utf-8")
        shown = config.load(str(tmp_path / "config.toml"))
        assert shown.model_dump(exclude_defaults=True), f"{document} shows nothing but defaults"


def is_read(key: str, program: str) -> bool:
    section, _, name = key.partition(".")
    alone = re.search(rf"\b(?:{'|'.join((section, *CALLED.get(section, ())))})\.{name}\b", program)
    return bool(alone or f"**settings.{section}.model_dump()" in program)


@pytest.mark.parametrize("key", [*keys(Settings())])
def test_a_setting_is_read_by_somebody_or_known_to_be_for_later(key: str) -> None:
    assert is_read(key, code()) is (key not in FOR_LATER)


def test_a_setting_that_nobody_reads_would_be_noticed() -> None:
    assert not is_read("review.colour", code())
    assert is_read("review.colour", "work.settings.review.colour")


# --- the shell ---


def subcommands(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    below = [each.choices for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not below:
        yield before.strip()
    for name, child in (below[0] if below else {}).items():
        yield from subcommands(child, f"{before} {name}")


def shell_lines(document: str) -> list[list[str]]:
    """The `python app.py …` lines of a document, as words after `app.py`."""
    lines = "\n".join(blocks(document, "sh")).splitlines()
    return [shlex.split(line, comments=True)[2:] for line in lines if "python app.py" in line]


def test_the_command_line_is_documented_whole_and_nothing_else() -> None:
    named = {word.removeprefix("python app.py ") for row in rows(README, "命令行") for word in quoted(row[0])}
    assert named == set(subcommands(arguments.parser(app.CALLS)))
    top = arguments.parser(app.CALLS).format_help()
    assert all(f"    {name.split()[0]} " in top for name in named)


def test_the_first_people_are_made_by_the_lines_of_the_readme(tmp_path: Path) -> None:
    people = [words for words in shell_lines(README) if words[0] in ("db", "department", "user")][:5]
    env = os.environ | {"KEBAN__DATABASE__URL": f"sqlite:///{tmp_path}/keban.db", "PYTHONPATH": str(ROOT)}
    # S603: the words stand in our own document. One process for all of them, because starting one is what takes time.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"import app; print([app.main(words) for words in {people}])"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    *printed, codes = done.stdout.splitlines()
    assert codes == "[0, 0, 0, 0, 0]", done.stdout + done.stderr
    says = "\n".join(printed)
    assert says.count("绑定码") == 2 and says.count("部门「销售一部」已保存") == 2


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_line_for_the_shell_is_understood(document: str) -> None:
    for words in shell_lines(document):
        assert callable(arguments.parser(app.CALLS).parse_args(words).call)
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.M))
    assert {name for name in re.findall(r"(?:`|^)make ([a-z-]+)", text(document), re.M)} <= targets


def test_contributing_names_every_target_of_the_makefile() -> None:
    shown = set(re.findall(r"^([a-z-]+):.*## ", text("Makefile"), re.M))
    assert {word.split()[1] for row in rows(CONTRIBUTING, "Setup") for word in quoted(row[0])} == shown


@contextlib.contextmanager
def served(platform: Platform, works: Works) -> Iterator[str]:
    """The program with this platform behind a port of its own; where that is."""
    platforms = {platform.name: platform}
    there = make_server("127.0.0.1", 0, web.create(platforms, Dispatcher(router, works, platforms), works))
    serving = threading.Thread(target=there.serve_forever)
    serving.start()
    try:
        yield f"127.0.0.1:{there.port}"
    finally:
        there.shutdown()
        serving.join()
        there.server_close()
    Sender(works, platform).drain()


def run_script(script: str) -> str:
    """What a script of a document prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(script, {})  # noqa: S102 (our own document)
    return printed.getvalue()


@ON_SQLITE
def test_the_trial_without_an_account_works_as_it_is_written(works: Works, make: Make) -> None:
    (written,), (script,) = blocks("docs/feishu.md", "toml"), blocks("docs/feishu.md", "python")
    given = tomllib.loads(written)["feishu"]
    user = next(words for words in shell_lines("docs/feishu.md") if words[:2] == ["user", "add"])
    account = make.user("王敏", "销售一部", "sales_rep")
    with FeishuApi(given["app_id"], given["app_secret"]) as api:
        platform = feishu.platform(Settings.model_validate({"feishu": given | {"api_base": api.base_url}}).feishu)
        assert platform
        with served(platform, works) as place:
            said = run_script(script.replace("127.0.0.1:8000", place).replace("ou_wangmin", account))
        assert said.startswith("200 ")
        assert [message.card["header"]["title"]["content"] for message in api.messages] == ["我会这些"]
    assert user[user.index("--feishu") + 1] in script and given["encrypt_key"] in script


@pytest.mark.parametrize("template", ["", BUTTON_TEMPLATE], ids=["words", "card"])
@ON_SQLITE
def test_the_trial_of_dingtalk_works_as_it_is_written_with_a_template_and_without(
    engine: Engine, template: str
) -> None:
    (written,), (script,) = blocks("docs/dingtalk.md", "toml"), blocks("docs/dingtalk.md", "python")
    given = tomllib.loads(written)["dingtalk"]
    line = next(words for words in shell_lines("docs/dingtalk.md") if words[:2] == ["user", "add"])
    said = arguments.parser(app.CALLS).parse_args(line)
    accounts = (("dingtalk", said.dingtalk),)
    hire = people.Hire(said.staff_no, said.name, said.department, tuple(said.role), said.mobile, accounts)
    works = Works(engine, app.now, Settings())  # the script signs with the time it really is
    works.perform(lambda work: people.add_user(work, hire))
    assert not template or f'card_template = "{template}"' in text("docs/dingtalk.md")
    with DingTalkApi(given["client_id"], given["client_secret"], given["robot_code"], anybody=True) as api:
        changed = given | {"api_base": api.base_url, "card_template": template}
        platform = dingtalk.platform(Settings.model_validate({"dingtalk": changed}).dingtalk, works)
        assert platform and isinstance(platform.client, DingTalkClient)
        platform.client.register("http://127.0.0.1:8000/dingtalk/cards")
        with served(platform, works) as place:
            printed = run_script(script.replace("127.0.0.1:8000", place))
        assert printed.startswith("200 ")
        if not template:  # it stands in the answer itself, which only the script has
            api.robot.answered(said.dingtalk, json.loads(printed[4:]))
        (message,) = api.conversation(said.dingtalk)
        assert "我会这些" in dingtalk_seen.texts(message) and bool(message.card) is bool(template)
        assert not api.problems


def test_the_recipe_for_the_derived_key_opens_what_it_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    script = blocks("docs/security.md", "python")[0]
    monkeypatch.setenv("KEBAN__SECURITY__SECRET_KEY", "some secret")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(script, {})  # noqa: S102 (our own document)
    sealed = Keyring.derived("some secret").seal("13912345678", "contacts.mobile")
    ring = Keyring([f"1:{'A' * 43}=", printed.getvalue().strip()])
    assert ring.open(sealed, "contacts.mobile") == "13912345678"
    assert Keyring.derived("some secret").index("5678", "x") in ring.lookup("ending", "5678", "x").values()


# --- names and links ---


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_link_leads_somewhere(document: str) -> None:
    for path, anchor in LINK.findall(text(document)):
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), f"{document} → {path}"
        if anchor:
            heads = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.M)
            assert anchor in [re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_file_that_a_document_names_exists(document: str) -> None:
    """Paths in backticks, and the tests that prove what is said."""
    for name in quoted(re.sub(r"^```.*?^```$", "", text(document), flags=re.S | re.M)):
        if re.fullmatch(r"test_\w+\.py", name):
            assert (ROOT / "tests" / name).exists(), f"{document} names {name}"
        elif re.fullmatch(
            r"(?:(?:bot|cards|handlers|models|scheduler|tests|tools|docs|migrations|\.ci)/[\w/.]*|app\.py)", name
        ):
            assert (ROOT / name).exists(), f"{document} names {name}"


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    assert re.search(r"^## Unreleased\n\n- \S", text(CHANGELOG), re.M)


def test_the_doors_of_each_platform_are_those_that_are_documented() -> None:
    named = {document: set(re.findall(r"(?<=域名)/\w+/\w+", text(document))) for document in DOCUMENTS}
    assert named["docs/feishu.md"] == set(feishu.PATHS) and named["docs/dingtalk.md"] == set(dingtalk.PATHS)
    assert named[README] == {*feishu.PATHS, *dingtalk.PATHS}
    handled = set(re.findall(r'"((?:im|card|contact)\.[\w.]+)"', (ROOT / "bot/feishu/events.py").read_text()))
    assert {name for row in rows("docs/feishu.md", "4. 填两个地址") for name in quoted(row[2])} == handled
    followed = {name for row in rows("docs/dingtalk.md", "4. 填三个地址") for name in quoted(row[2])}
    assert followed == set(dingtalk.events.CHANGES)


def test_what_a_guide_says_to_look_for_in_the_log_is_what_is_logged() -> None:
    """Our own words, and the platform's where they are part of what we know of it."""
    known = code() + (ROOT / "tests/standins/dingtalk_api.py").read_text()
    listed = [row[0] for row in rows("docs/dingtalk.md", "出了问题") if row[0].startswith("日志里")]
    words = [word for cell in listed for word in quoted(cell)]
    assert len(words) == 4 and not [word for word in words if word not in known and not word.startswith("invalidP")]
    assert all(word in code() for word in ("withholds what is said", "cards go out as messages for a while"))


def test_every_library_is_listed_with_its_reason_and_cost() -> None:
    wanted = re.findall(r"^([A-Za-z][\w-]*)", text("requirements.in"), re.M)
    table = rows("docs/architecture.md", "Dependencies")
    assert sorted(row[0] for row in table) == sorted(wanted)
    assert all(len(row) == 3 and all(row) for row in table)
    tools = re.findall(r"^([a-z][\w-]*)", text("requirements-dev.in"), re.M)
    assert not [tool for tool in tools if tool not in text("docs/architecture.md")]


def test_the_words_of_the_glossary_are_those_of_the_code() -> None:
    words = [word for row in rows("docs/glossary.md", "Words") for cell in row for word in quoted(cell)]
    assert len(words) > 40
    tree = ast.walk(ast.parse(code()))
    known = {part for node in tree for part in _identifiers(node)}
    assert not [word for word in words if word not in known]


def _identifiers(node: ast.AST) -> Iterator[str]:
    for name in ("id", "attr", "name", "arg"):
        if isinstance(word := getattr(node, name, None), str):
            yield word
            yield from word.split("_")
            yield from (word.removesuffix("s"), word.removesuffix("ies") + "y", word.lower())
