"""Unmodified official SDKs do the whole way of a function against one emulator over TCP."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from appwrite_emulator import Emulator

from .archives import write_archives
from .environments import Environments, installed

SCRIPTS = Path(__file__).parent / "scripts"
FEWEST_CHECKS = 240  # fewer mean that steps of a script were left out

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    write_archives(folder)
    return folder


@pytest.mark.parametrize(
    ("version", "script"),
    [("7.1.0", "plain"), ("17.0.0", "typed"), ("24.4.0", "typed"), ("27.0.0", "typed")],
)
def test_python_sdk_does_everything(
    emulator: Emulator, environments: Environments, archives: Path, version: str, script: str
) -> None:
    python = installed(lambda: environments.python("appwrite", version))
    command = [str(python), "-B", f"{SCRIPTS}/python/{script}.py", str(archives)]
    said = _run(command, emulator, f"python-{version}")
    assert _checks(said, f"appwrite {version}") >= FEWEST_CHECKS


@pytest.mark.parametrize("version", ["14.2.0", "27.1.0"])
def test_node_sdk_does_everything(
    emulator: Emulator, environments: Environments, archives: Path, tmp_path: Path, version: str
) -> None:
    modules = installed(lambda: environments.node("node-appwrite", version))
    # Node looks for packages from where the script lies.
    (tmp_path / "node_modules").symlink_to(modules)
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    command = ["node", f"{tmp_path}/scripts/node/everything.mjs", str(archives)]
    said = _run(command, emulator, f"node-{version}")
    assert _checks(said, f"node-appwrite {version}") >= FEWEST_CHECKS


def _run(command: Sequence[str], emulator: Emulator, project: str) -> str:
    """What the script says, which runs in an empty project of its own."""
    env = {
        **os.environ,
        "APPWRITE_ENDPOINT": emulator.endpoint,
        "APPWRITE_PROJECT_ID": project,
        "APPWRITE_API_KEY": emulator.key,
    }
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        pytest.fail(f"{command[1]} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _checks(said: str, sdk: str) -> int:
    """How many checks the script's last line tells of."""
    match = re.search(rf"^(\d+) checks passed with {re.escape(sdk)}\n\Z", said, re.MULTILINE)
    assert match, f"no summary in {said!r}"
    return int(match[1])
