"""Examples with tests of their own, which pass as their READMEs run them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .command import EXAMPLES, environment, run


@pytest.mark.timeout(90)
def test_a_month_of_an_hourly_function_is_tested_in_seconds(reachable: Path) -> None:
    folder = _copied("time-travel", reachable)
    order = ("-p", "no:randomly")  # they share an emulator, and its time
    command = ("-m", "pytest", "-q", *order, "-p", "no:cacheprovider", "--rootdir", str(folder))
    done = run("exec", "--dir", str(folder), "--", sys.executable, *command, str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^2 passed in ", done.stdout, re.MULTILINE)


@pytest.mark.timeout(90)
def test_all_tests_of_the_bakery_pass(reachable: Path) -> None:
    folder = _copied("pytest-suite", reachable)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^23 passed in ", done.stdout, re.MULTILINE)


def test_a_suite_without_pytest_passes(reachable: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "unittest"],
        cwd=_copied("unittest-suite", reachable),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Ran 5 tests in ", done.stderr, re.MULTILINE)
    assert re.search(r"^OK$", done.stderr, re.MULTILINE)


def _copied(name: str, place: Path) -> Path:
    """A copy of the example as it is in the repository."""
    ignored = shutil.ignore_patterns(".appwrite-emulator", "__pycache__", ".pytest_cache")
    return shutil.copytree(EXAMPLES / name, place / name, ignore=ignored)
