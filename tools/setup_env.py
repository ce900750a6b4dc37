"""Makes .venv and puts the pinned packages into it: `python3 tools/setup_env.py requirements.txt`."""

# Only what Python 3.6 can read, so that an old one is told in words; hence no `from __future__ import annotations`.
import hashlib
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)

TOO_OLD = """需要 Python 3.11 或更新，这里的 {python} 是 {version}。已装了新版的话，指明它：make run PYTHON=python3.12
Python 3.11 or newer is needed; {python} is {version}. If a newer one is installed, name it as above."""
NOT_WRITABLE = """读写不了 {path}（{why}）。请换到当前用户可写、有空间的目录再运行。
Cannot read or write {path} ({why}). Use a folder that you may write to and that has room."""
NO_PIP = """.venv 里装不上 pip：{why}
请先装 pip，例如 Debian、Ubuntu：apt install python3-pip；已有 pip 的话，请看网络。
Cannot put pip into .venv. Install pip first (Debian, Ubuntu: as above), or look at the network."""
NO_PACKAGES = """依赖没有装上：{why}
请看能不能上网、磁盘是否已满；网络慢可以设环境变量 PIP_INDEX_URL 为就近的镜像，再运行一次。
The packages were not installed. Look at the network and the disk; PIP_INDEX_URL may name a mirror."""


class Trouble(Exception):
    """What stopped the set-up, as sentences for the person at the shell."""


def check_version() -> None:
    """Raise Trouble where this Python is older than the program can run on."""
    if sys.version_info < OLDEST:
        raise Trouble(TOO_OLD.format(python=sys.executable, version=".".join(map(str, sys.version_info[:3]))))


def run(*command: object) -> str:
    """Run a command without a word; return "" where it succeeded, else the line that says best why it did not."""
    try:
        # S603: the commands stand in this file, nothing typed gets in.
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)  # noqa: S603
    except OSError as fault:
        return str(fault)
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
    return next((line for line in lines if line.startswith("ERROR:")), lines[-1])


def usable() -> bool:
    """Whether .venv has a Python that is new enough, and pip."""
    return not run(PYTHON, "-c", f"import sys, pip; sys.exit(sys.version_info < {OLDEST})")


def create() -> None:
    """Make .venv anew, with pip from ensurepip or, where a distribution leaves that out, through the outer pip."""
    venv.create(VENV, clear=True, symlinks=os.name != "nt")
    if run(PYTHON, "-m", "ensurepip"):
        place = sysconfig.get_path("purelib", "venv", {"base": str(VENV)})
        why = run(sys.executable, "-m", "pip", "install", "--quiet", "--target", place, "pip")
        if why:
            raise Trouble(NO_PIP.format(why=why))


def install(requirements: Path) -> None:
    """Install exactly what the file pins; Trouble where the network, the disk or a hash stands against it."""
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"]
    why = run(PYTHON, "-m", "pip", "install", *options, "-r", requirements)
    if why:
        raise Trouble(NO_PACKAGES.format(why=why))


def ensure(name: str) -> None:
    """Bring .venv up to the named requirements file; do nothing where it already is."""
    requirements = ROOT / name
    stamp = VENV / f"{name}.installed"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and PYTHON.exists():
        return
    print(f"正在准备 .venv（{name}），首次约需一两分钟……", file=sys.stderr, flush=True)
    if not usable():
        create()
    install(requirements)
    stamp.write_text(wanted)


def main() -> int:
    """Set up for the file named on the command line; 1 and a sentence where that cannot be done."""
    try:
        check_version()
        ensure(sys.argv[1])
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except OSError as fault:
        print(NOT_WRITABLE.format(path=fault.filename or VENV, why=fault.strerror), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
