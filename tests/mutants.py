"""`make mutants`: plant one fault after the other in a copy of the program; the tests named for it have to fail."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".coverage*", "*.db*")
COPIES = 2
PATIENCE, PATIENCE_WITH_ALL = 90, 420  # seconds for the tests of one fault, and for all of them unchanged
FAILED = 1  # what pytest ends with when tests failed; 2 to 5 mean that none was run
HUNG = -1
#: what runs on both databases is run on SQLite.
PYTEST = ("-m", "pytest", "-q", "--tb=short", "-rf", "-p", "no:cacheprovider", "-k", "not postgresql")


@dataclass(frozen=True, slots=True)
class Fault:
    """One place of the program and what it becomes; every one of the tests has to fail then, or hang if it `hangs`."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    hangs: bool = False


def faults() -> list[Fault]:
    """The faults of `mutants.toml`, in order."""
    table = tomllib.loads((Path(__file__).parent / "mutants.toml").read_text())["fault"]
    return [Fault(**{**row, "tests": tuple(row["tests"])}) for row in table]


def run(tree: Path, tests: Sequence[str], patience: float) -> tuple[int, str]:
    """The status of pytest and what it printed; HUNG when it took longer than `patience`."""
    child = subprocess.Popen(  # noqa: S603 (what is run stands in this folder)
        [sys.executable, *PYTEST, *tests],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": "."},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(timeout=patience)
        return child.returncode, said
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        return HUNG, child.communicate()[0]


@contextmanager
def planted(tree: Path, fault: Fault) -> Iterator[None]:
    """The fault is in the tree meanwhile. Raises ValueError when its place is not found, or is found twice."""
    path = tree / fault.file
    right, times, compiled = path.read_text(), path.stat(), Path(cache_from_source(str(path)))
    if (found := right.count(fault.old)) != 1:
        raise ValueError(f"found {found} times in {fault.file}")
    path.write_text(right.replace(fault.old, fault.new))
    compiled.unlink(missing_ok=True)
    try:
        yield
    finally:
        path.write_text(right)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        compiled.unlink(missing_ok=True)


def survives(tree: Path, fault: Fault) -> str:
    """Why the fault is not caught, or nothing: every test that is named for it has to fail."""
    try:
        with planted(tree, fault):
            status, said = run(tree, fault.tests, PATIENCE)
    except ValueError as no:
        return str(no)
    if fault.hangs or status == HUNG:
        return "" if fault.hangs and status == HUNG else f"status {status}, took more than {PATIENCE} s"
    failed = {line.split()[1].split("[")[0] for line in said.splitlines() if line.startswith("FAILED ")}
    passed = [test for test in fault.tests if test not in failed]
    if status == FAILED and not passed:
        return ""
    return f"status {status}, not failed: {' '.join(passed)}"


def complaint(trees: Sequence[Path], tests: Sequence[str]) -> str:
    """What pytest says when a test does not pass without any fault, or nothing; the trees share the tests."""
    with ThreadPoolExecutor(len(trees)) as pool:
        parts = [tests[number :: len(trees)] for number in range(len(trees))]
        runs = pool.map(lambda tree, part: run(tree, part, PATIENCE_WITH_ALL) if part else (0, ""), trees, parts)
        return "".join(said for status, said in runs if status != 0)


def report(planned: Sequence[Fault], trees: Sequence[Path]) -> list[str]:
    """Plant them, as many at a time as there are trees; prints a line each and returns the names of the survivors."""
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def one(fault: Fault) -> tuple[Fault, str, float]:
        tree, began = free.get(), time.monotonic()
        try:
            return fault, survives(tree, fault), time.monotonic() - began
        finally:
            free.put(tree)

    survivors = []
    with ThreadPoolExecutor(len(trees)) as pool:
        for fault, why, seconds in pool.map(one, planned):
            caught = " ".join(test.split("::")[1] for test in fault.tests)
            print(f"{fault.name:<58} {seconds:5.1f} s  {f'SURVIVES  {why}' if why else caught}", flush=True)
            if why:
                survivors.append(fault.name)
    return survivors


def chosen(names: Sequence[str]) -> list[Fault]:
    """The faults whose names hold one of these words; all of them without words."""
    return [fault for fault in faults() if not names or any(name in fault.name for name in names)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only faults whose names hold one of these words")
    planned = chosen(parser.parse_args().names)
    if not planned:
        print("no fault has such a name")
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees = [Path(folder, str(number)) for number in range(COPIES)]
        for tree in trees:
            shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        tests = sorted({test for fault in planned for test in fault.tests})
        if said := complaint(trees, tests):
            print(said, "without any fault these tests have to pass", sep="\n")
            return 1
        print(f"{len(tests)} tests pass without a fault, {time.monotonic() - began:.0f} s", flush=True)
        survivors = report(planned, trees)
    print(f"{len(planned) - len(survivors)} of {len(planned)} faults caught, {time.monotonic() - began:.0f} s")
    if survivors:
        print("surviving: " + ", ".join(survivors))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
