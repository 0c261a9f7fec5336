"""Examples with tests of their own, which pass as their READMEs run them."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from .command import EXAMPLES, run


@pytest.mark.timeout(90)
def test_a_month_of_an_hourly_function_is_tested_in_seconds(reachable: Path) -> None:
    folder = reachable / "time-travel"
    ignored = shutil.ignore_patterns(".appwrite-emulator", "__pycache__", ".pytest_cache")
    shutil.copytree(EXAMPLES / "time-travel", folder, ignore=ignored)
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder))
    done = run("exec", "--dir", str(folder), "--", sys.executable, *command, str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^2 passed in ", done.stdout, re.MULTILINE)
