"""The real Python launcher, loading a function and ending with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog

from ..conformance.driver import CALL, LOADED, Driven, command, driven, loaded, request_header


@pytest.fixture
def launcher() -> Iterator[Driven]:
    with driven(command("python", sys.executable)) as launcher:
        yield launcher


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "src" / "function"
    root.mkdir(parents=True)
    return root


def test_the_process_is_the_functions_own_after_loading(launcher: Driven, root: Path) -> None:
    source = """
import os, sys, time
BEFORE = os.environ["GREETING"]
def main(context):
    return context.res.json([BEFORE, os.getcwd(), __name__, sys.path[0], time.tzname[0]])
"""
    (root / "main.py").write_text(source)
    launcher.load(root, "main.py", {"GREETING": "hello", "TZ": "XYZ-2"})
    src = str(root.parent)
    assert json.loads(launcher.call().body) == ["hello", src, "function.main", src, "XYZ"]


def make_wheel(folder: Path) -> Path:
    """A package that needs neither a registry nor a build tool."""
    wheel = folder / "installed_one-1.0-py3-none-any.whl"
    info = "installed_one-1.0.dist-info"
    files = {
        "installed_one.py": "NAME = 'one'",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: installed-one\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


def prepare_script() -> str:
    family = Catalog([assets("runtimes")]).family("python-3.11")
    assert family is not None
    return family.prepare.replace("{interpreter}", os.path.realpath(sys.executable))


def test_packages_installed_by_the_build_are_found(launcher: Driven, root: Path) -> None:
    script = f"{prepare_script()}\nruntime-env/bin/pip install -q --no-index {make_wheel(root)}"
    done = subprocess.run(
        ["sh", "-c", script], cwd=root, capture_output=True, text=True, timeout=15, check=False
    )
    assert done.returncode == 0, done.stderr
    source = """
import installed_one, os, sys
def main(context):
    path = os.environ["PATH"].split(":")[0]
    return context.res.json([installed_one.NAME, sys.prefix, path, sys.executable])
"""
    assert loaded(launcher, root, source, "main.py").kind == LOADED
    answer = launcher.call()
    venv = root / "runtime-env"
    python = str(venv / "bin" / "python")
    assert json.loads(answer.body) == ["one", str(venv), str(venv / "bin"), python]


@pytest.mark.parametrize(
    ("statement", "code"),
    [("sys.exit(3)", 3), ("exit(4)", 4), ("os._exit(5)", 5), ("os.abort()", -6)],
)
@pytest.mark.parametrize("define", ["def", "async def", "import asyncio\ndef"])
def test_leaving_the_process_kills_it(
    launcher: Driven, root: Path, define: str, statement: str, code: int
) -> None:
    source = f"import os, sys\n{define} main(context):\n    print('last words')\n    {statement}\n"
    loaded(launcher, root, source, "main.py")
    launcher.send(CALL, 1, request_header())
    assert launcher.exit_code() == code
    assert launcher.output() == "last words\n"
