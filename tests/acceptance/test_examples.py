"""Examples with tests of their own, which pass as their READMEs run them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .command import EXAMPLES, environment, run

_IGNORED = shutil.ignore_patterns(".appwrite-emulator", "__pycache__", ".pytest_cache")


@pytest.mark.timeout(90)
def test_a_month_of_an_hourly_function_is_tested_in_seconds(reachable: Path) -> None:
    folder = reachable / "time-travel"
    shutil.copytree(EXAMPLES / "time-travel", folder, ignore=_IGNORED)
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder))
    done = run("exec", "--dir", str(folder), "--", sys.executable, *command, str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^2 passed in ", done.stdout, re.MULTILINE)


def test_a_suite_without_pytest_passes(reachable: Path) -> None:
    folder = reachable / "unittest-suite"
    shutil.copytree(EXAMPLES / "unittest-suite", folder, ignore=_IGNORED)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "unittest"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Ran 5 tests in ", done.stderr, re.MULTILINE)
    assert re.search(r"^OK$", done.stderr, re.MULTILINE)
