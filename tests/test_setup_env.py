"""A set-up or a start that cannot succeed: a sentence that says how to mend it, and no traceback."""

from __future__ import annotations

import ast
import os
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from bot.ports import PORTS_TO_TRY
from test_architecture import ROOT

SETUP = "tools/setup_env.py"
NAME = "requirements.txt"
#: nobody has made this package, and nobody listens where it is looked for.
NEEDS = f"keban-of-nobody==1.0 --hash=sha256:{'0' * 64}\n"
OFFLINE = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "no_proxy": "127.0.0.1"}
#: above those that the system hands out by itself.
PORTS = range(62_000, 62_000 + PORTS_TO_TRY)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder that holds what the set-up needs."""
    (tmp_path / "tools").mkdir()
    shutil.copy2(ROOT / SETUP, tmp_path / SETUP)
    (tmp_path / NAME).write_text(NEEDS)
    return tmp_path


def told(folder: Path, *words: object, **env: str) -> tuple[int, str]:
    """The exit code of a Python line and what it said; nobody's settings but those given, never a traceback."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEBAN", "PIP_"))}
    kept["PIP_CONFIG_FILE"] = os.devnull
    line = [sys.executable, *map(str, words)]
    done = subprocess.run(line, cwd=folder, env=kept | env, capture_output=True, text=True)  # noqa: S603
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


def test_an_old_python_is_told_which_one_is_needed(tree: Path) -> None:
    ast.parse((tree / SETUP).read_text(encoding="utf-8"), feature_version=(3, 6))
    pretend = f"import runpy, sys; sys.version_info = (3, 6, 9); runpy.run_path('{SETUP}', run_name='__main__')"
    code, said = told(tree, "-c", pretend, NAME)
    assert code == 1 and not (tree / ".venv").exists()
    assert f"需要 Python 3.11 或更新，这里的 {sys.executable} 是 3.6.9。" in said
    assert "指明它：make run PYTHON=python3.12" in said and "Python 3.11 or newer is needed" in said


def test_a_folder_that_cannot_be_written_is_named(tree: Path) -> None:
    (tree / ".venv").write_text("a file where the folder should be")
    code, said = told(tree, SETUP, NAME)
    assert code == 1
    assert f"读写不了 {tree / '.venv'}（Not a directory）。请换到当前用户可写、有空间的目录再运行。" in said
    assert "Use a folder that you may write to" in said


def test_a_missing_list_of_packages_is_named(tree: Path) -> None:
    (tree / NAME).unlink()
    code, said = told(tree, SETUP, NAME)
    assert code == 1 and f"读写不了 {tree / NAME}（No such file or directory）。请换到" in said


def test_a_python_without_any_pip_says_how_to_get_one(tree: Path) -> None:
    for module in ("ensurepip", "pip"):
        (tree / f"{module}.py").write_text("raise SystemExit('ERROR: this distribution left it out')")
    code, said = told(tree, SETUP, NAME, PYTHONPATH=str(tree))
    assert code == 1 and ".venv 里装不上 pip：ERROR: this distribution left it out\n" in said
    assert "请先装 pip，例如 Debian、Ubuntu：apt install python3-pip" in said and "Install pip first" in said


@pytest.mark.slow
def test_no_network_is_a_sentence_and_the_next_run_tries_again(tree: Path) -> None:
    for _ in range(2):
        code, said = told(tree, SETUP, NAME, **OFFLINE)
        assert code == 1 and not (tree / ".venv" / f"{NAME}.installed").exists()
        assert "正在准备 .venv" in said and "依赖没有装上：ERROR: " in said and "keban-of-nobody" in said
        assert "请看能不能上网、磁盘是否已满；网络慢可以设环境变量 PIP_INDEX_URL 为就近的镜像" in said
        assert "The packages were not installed." in said


def test_when_every_port_is_taken_the_start_says_where_to_name_another(tmp_path: Path) -> None:
    with ExitStack() as taken:
        for port in PORTS:
            with suppress(OSError):
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
        code, said = told(tmp_path, ROOT / "app.py", "run", KEBAN__SERVER__PORT=str(PORTS[0]))
    assert code == 2
    assert said == f"端口 {PORTS[0]} 到 {PORTS[-1]} 都被占用，请在 [server] port 换一个。\n"
    assert not (tmp_path / "var").exists()


def test_an_address_of_another_machine_is_said_to_be_one(tmp_path: Path) -> None:
    code, said = told(tmp_path, ROOT / "app.py", "run", KEBAN__SERVER__HOST="203.0.113.9")
    assert code == 2
    assert said.startswith("[server] 203.0.113.9:8000 用不了：")
    assert said.endswith("请写本机的地址，例如 127.0.0.1。\n")
