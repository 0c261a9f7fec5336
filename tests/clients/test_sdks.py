"""Unmodified official SDKs do the whole way of a function against an emulator over TCP."""

from __future__ import annotations

from pathlib import Path

import pytest

from appwrite_emulator import Emulator

from .environments import Environments, installed
from .programs import SCRIPTS, beside, checks, run

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
    assert checks(run(command, emulator), f"appwrite {version}") >= PYTHON[version]


@pytest.mark.parametrize("version", NODE)
def test_node_sdk_does_everything(
    emulator: Emulator, environments: Environments, archives: Path, tmp_path: Path, version: str
) -> None:
    modules = installed(lambda: environments.node("node-appwrite", version))
    script = beside(modules, tmp_path) / "node" / "everything.mjs"
    said = run(["node", str(script), str(archives)], emulator)
    assert checks(said, f"node-appwrite {version}") >= NODE[version]


@pytest.mark.parametrize("version", WEB)
def test_people_call_functions_with_the_web_sdk(
    emulator: Emulator, environments: Environments, archives: Path, tmp_path: Path, version: str
) -> None:
    modules = installed(lambda: environments.node("appwrite", version))
    script = beside(modules, tmp_path) / "web" / "everything.mjs"
    said = run(["node", str(script), str(archives)], emulator)
    assert checks(said, f"appwrite {version} for the web") >= WEB[version]
