"""The faults of `make mutants` still fit the program and its tests, and what is planted is taken out again."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import mutants
from mutants import Fault

ROOT = Path(__file__).parent.parent
FAULTS = mutants.faults()


@cache
def functions_of(file: str) -> set[str]:
    """The test functions of a file."""
    return {
        node.name
        for node in ast.parse((ROOT / file).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_fault_has_its_one_place_and_leaves_python_behind() -> None:
    places = {}
    for fault in FAULTS:
        right = (ROOT / fault.file).read_text()
        places[fault.name] = right.count(fault.old)
        ast.parse(right.replace(fault.old, fault.new))
    assert {name: times for name, times in places.items() if times != 1} == {}


def test_the_tests_named_for_the_faults_exist() -> None:
    named = sorted({test for fault in FAULTS for test in fault.tests})
    assert all(fault.tests for fault in FAULTS)
    assert [test for test in named if test.split("::")[1] not in functions_of(test.split("::")[0])] == []


def test_there_are_enough_faults_and_no_two_of_one_name() -> None:
    assert len(FAULTS) >= 25
    assert [name for name, times in Counter(fault.name for fault in FAULTS).items() if times > 1] == []


RIGHT = "def double(number):\n    return number * 2\n"
WITH_TEST = RIGHT + "\ndef test_doubling():\n    assert double(3) == 6\n\ndef test_nothing():\n    assert double\n"


def fault_of(new: str, test: str, old: str = "number * 2") -> Fault:
    return Fault("double", "test_double.py", old, new, (f"test_double.py::{test}",))


def test_only_a_failing_test_catches_a_fault_and_the_file_is_as_before(tmp_path: Path) -> None:
    file = tmp_path / "test_double.py"
    file.write_text(WITH_TEST)
    before = file.stat().st_mtime_ns
    assert mutants.survives(tmp_path, fault_of("number * 3", "test_doubling")) == ""
    assert "status 0" in mutants.survives(tmp_path, fault_of("number * 3", "test_nothing"))
    assert "status" in mutants.survives(tmp_path, fault_of("number *", "test_doubling")), "a file that cannot be read"
    assert "status" in mutants.survives(tmp_path, fault_of("number * 3", "test_that_is_gone"))
    assert "found 0 times" in mutants.survives(tmp_path, fault_of("x", "test_doubling", old="number * 4"))
    assert "found 3 times" in mutants.survives(tmp_path, fault_of("x", "test_doubling", old="double"))
    assert file.read_text() == WITH_TEST and file.stat().st_mtime_ns == before
