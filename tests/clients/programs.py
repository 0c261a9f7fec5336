"""Programs that use an SDK, run beside its package and against an emulator."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from appwrite_emulator import Emulator

PROJECT = "clients"
SCRIPTS = Path(__file__).parent / "scripts"


def environment(emulator: Emulator) -> dict[str, str]:
    """The variables that tell a program where the emulator is."""
    return {
        **os.environ,
        "APPWRITE_ENDPOINT": emulator.endpoint,
        "APPWRITE_PROJECT_ID": PROJECT,
        "APPWRITE_API_KEY": emulator.key,
    }


def beside(modules: Path, folder: Path) -> Path:
    """The scripts, copied to where Node finds the packages: it looks from where they lie."""
    (folder / "node_modules").symlink_to(modules)
    return Path(shutil.copytree(SCRIPTS, folder / "scripts"))


def run(command: Sequence[str], emulator: Emulator) -> str:
    """What the script says."""
    done = subprocess.run(
        command,
        env=environment(emulator),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{command[1]} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def checks(said: str, sdk: str) -> int:
    """How many checks the script's last line tells of."""
    match = re.search(rf"^(\d+) checks passed with {re.escape(sdk)}\n\Z", said, re.MULTILINE)
    assert match, f"no summary in {said!r}"
    return int(match[1])
