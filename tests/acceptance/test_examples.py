"""Examples with tests of their own, which pass as their READMEs run them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .command import copied, environment, run


@pytest.mark.timeout(90)
def test_a_month_of_an_hourly_function_is_tested_in_seconds(reachable: Path) -> None:
    folder = copied("time-travel", reachable / "time-travel")
    order = ("-p", "no:randomly")  # they share an emulator, and its time
    command = ("-m", "pytest", "-q", *order, "-p", "no:cacheprovider", "--rootdir", str(folder))
    done = run("exec", "--dir", str(folder), "--", sys.executable, *command, str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^2 passed in ", done.stdout, re.MULTILINE)


@pytest.mark.timeout(90)
def test_all_tests_of_the_bakery_pass(reachable: Path) -> None:
    folder = copied("pytest-suite", reachable / "pytest-suite")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^23 passed in ", done.stdout, re.MULTILINE)


def test_a_suite_without_pytest_passes(reachable: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "unittest"],
        cwd=copied("unittest-suite", reachable / "unittest-suite"),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Ran 5 tests in ", done.stderr, re.MULTILINE)
    assert re.search(r"^OK$", done.stderr, re.MULTILINE)
