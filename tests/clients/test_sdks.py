"""Unmodified official SDKs do the whole way of a function against an emulator over TCP."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from appwrite_emulator import Emulator

from .environments import Environments, installed

SCRIPTS = Path(__file__).parent / "scripts"

# Fewer checks than these mean that steps of a script were left out.
PYTHON = {
    "7.1.0": 390, "13.6.1": 410, "17.0.0": 530, "22.0.0": 530, "24.4.0": 530, "27.0.0": 530,
}  # fmt: skip
WEB = {"16.1.0": 115, "27.0.0": 115}
NODE = {"14.2.0": 415, "20.3.0": 455, "25.2.0": 465, "27.1.0": 470}

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


@pytest.mark.parametrize("version", PYTHON)
def test_python_sdk_does_everything(
    emulator: Emulator, environments: Environments, archives: Path, version: str
) -> None:
    python = installed(lambda: environments.python("appwrite", version))
    command = [str(python), "-B", f"{SCRIPTS}/python/everything.py", str(archives)]
    assert _checks(_run(command, emulator), f"appwrite {version}") >= PYTHON[version]


@pytest.mark.parametrize("version", NODE)
def test_node_sdk_does_everything(
    emulator: Emulator, environments: Environments, archives: Path, tmp_path: Path, version: str
) -> None:
    modules = installed(lambda: environments.node("node-appwrite", version))
    script = _beside(modules, tmp_path) / "node" / "everything.mjs"
    said = _run(["node", str(script), str(archives)], emulator)
    assert _checks(said, f"node-appwrite {version}") >= NODE[version]


@pytest.mark.parametrize("version", WEB)
def test_people_call_functions_with_the_web_sdk(
    emulator: Emulator, environments: Environments, archives: Path, tmp_path: Path, version: str
) -> None:
    modules = installed(lambda: environments.node("appwrite", version))
    script = _beside(modules, tmp_path) / "web" / "everything.mjs"
    said = _run(["node", str(script), str(archives)], emulator)
    assert _checks(said, f"appwrite {version} for the web") >= WEB[version]


def _beside(modules: Path, folder: Path) -> Path:
    """The scripts, copied to where Node finds the packages: it looks from where they lie."""
    (folder / "node_modules").symlink_to(modules)
    return Path(shutil.copytree(SCRIPTS, folder / "scripts"))


def _run(command: Sequence[str], emulator: Emulator) -> str:
    """What the script says."""
    env = {
        **os.environ,
        "APPWRITE_ENDPOINT": emulator.endpoint,
        "APPWRITE_PROJECT_ID": "clients",
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
