"""The README's calls by SDK and the scripts of the examples, as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from .environments import Environments, installed

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


def snippet(language: str, words: str, endpoint: str) -> str:
    """The README's block with these words, calling `endpoint`, an expression of its language."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", readme, re.DOTALL)
    (block,) = [text for text in blocks if words in text]
    assert '"http://127.0.0.1:9080/v1"' in block
    return str(block).replace('"http://127.0.0.1:9080/v1"', endpoint)


def on_quickstart(command: Sequence[str]) -> str:
    """What `command` prints, run by `appwrite-emulator exec` on the quickstart."""
    return on_example(ROOT / "examples" / "quickstart", command)


def on_example(folder: Path, command: Sequence[str]) -> str:
    """What `command` prints, run by `appwrite-emulator exec` on the project in `folder`."""
    emulator = [sys.executable, "-m", "appwrite_emulator", "exec"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "emulator")}
    done = subprocess.run(
        [*emulator, "--dir", str(folder), "--", *command],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_sdk_gets_a_postcard(environments: Environments, tmp_path: Path) -> None:
    python = installed(lambda: environments.python("appwrite", "27.0.0"))
    script = tmp_path / "call.py"
    code = snippet("python", "print(execution", '__import__("os").environ["APPWRITE_ENDPOINT"]')
    script.write_text(code, encoding="utf-8")

    assert "Dear Ada," in on_quickstart([str(python), str(script)])


def test_a_test_becomes_a_user(environments: Environments, tmp_path: Path) -> None:
    python = installed(lambda: environments.python("appwrite", "27.0.0"))
    script = tmp_path / "users.py"
    endpoint = '__import__("os").environ["APPWRITE_ENDPOINT"]'
    script.write_text(snippet("python", "create_session", endpoint), encoding="utf-8")

    assert float(on_quickstart([str(python), str(script)])) == 1


def test_the_node_sdk_gets_a_postcard(environments: Environments, tmp_path: Path) -> None:
    modules = installed(lambda: environments.node("node-appwrite", "27.1.0"))
    (tmp_path / "node_modules").symlink_to(modules)
    script = tmp_path / "call.mjs"
    code = snippet("js", "node-appwrite", "process.env.APPWRITE_ENDPOINT")
    script.write_text(code, encoding="utf-8")

    assert "Dear Ada," in on_quickstart(["node", str(script)])


def test_the_greeting_is_what_its_readme_shows(environments: Environments, tmp_path: Path) -> None:
    modules = installed(lambda: environments.node("node-appwrite", "27.1.0"))
    folder = tmp_path / "greeting"
    made = shutil.ignore_patterns("node_modules", ".appwrite-emulator")
    shutil.copytree(ROOT / "examples" / "greeting", folder, ignore=made)
    (folder / "node_modules").symlink_to(modules)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```\n(Hello.*?)```", readme, re.DOTALL)

    assert on_example(folder, ["node", str(folder / "visit.js")]) == shown
