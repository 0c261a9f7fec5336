"""The handle of tests gives clients of each version of the Python SDK that README names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .environments import Environments, installed
from .programs import SCRIPTS, checks
from .test_sdks import PYTHON

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]
_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("version", PYTHON)
def test_the_handle_signs_clients_in(environments: Environments, version: str) -> None:
    python = installed(lambda: environments.python("appwrite", version))
    (packages,) = python.parent.parent.glob("lib/python*/site-packages")
    # The emulator's interpreter, which finds the SDK too: their versions are the same.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT / "emulator"), str(packages)])}
    command = [sys.executable, "-B", f"{SCRIPTS}/handle.py", version]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert checks(done.stdout, f"appwrite {version}") == 11
