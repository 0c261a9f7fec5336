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

from .launcher_driver import (
    CALL,
    EXIT,
    LOAD_FAILED,
    LOADED,
    Driven,
    driven,
    loaded,
    request_header,
)

FIXTURES = assets("fixtures") / "functions" / "python"


@pytest.fixture
def launcher() -> Iterator[Driven]:
    with driven("python") as launcher:
        yield launcher


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "src" / "function"
    root.mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    ("files", "entrypoint", "message"),
    [
        ({}, "gone.py", "Failed to load entrypoint, file gone.py does not exist."),
        ({"src/x.py": ""}, "src", "Failed to load entrypoint, file src does not exist."),
        ({"m.py": "import nope"}, "m.py", "Module not found: nope"),
        ({"m.py": "import other", "other.py": ""}, "m.py", "Module not found: other"),
        ({"m.py": "import config"}, "m.py", "Module not found: config"),
        ({"m.py": "import context"}, "m.py", "Module not found: context"),
        ({"m.py": "import launcher"}, "m.py", "Module not found: launcher"),
        ({"m.py": "def f(:\n"}, "m.py", "Syntax error in {root}/m.py:1: invalid syntax"),
        ({"m.py": "import os\nos.nope"}, "m.py", "module 'os' has no attribute 'nope'"),
        ({"m.py": "x = 1"}, "m.py", "NO_MAIN"),
        ({"m.py": "main = 1"}, "m.py", "NO_MAIN"),
    ],
)
def test_a_module_that_cannot_be_loaded_says_why(
    launcher: Driven, root: Path, files: dict[str, str], entrypoint: str, message: str
) -> None:
    for name, source in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(source)
    signature = "Function signature invalid. Did you forget to export a 'main' function?"
    frame = launcher.load(root, entrypoint)
    assert frame.kind == LOAD_FAILED
    assert frame.header["message"] == message.format(root=root).replace("NO_MAIN", signature)


def test_a_file_without_main_is_refused(launcher: Driven) -> None:
    frame = launcher.load(FIXTURES, "no_export.py")
    assert frame.kind == LOAD_FAILED
    assert frame.header["message"].startswith("Function signature invalid.")


def test_an_exception_while_loading_brings_its_trace(launcher: Driven, root: Path) -> None:
    frame = loaded(launcher, root, "print('before')\nraise ValueError('bad')", "main.py")
    assert frame.kind == LOAD_FAILED
    file = root / "main.py"
    start = f'Failed to load module: Traceback (most recent call last):\n  File "{file}", line 2'
    assert frame.header["message"].startswith(start)
    assert launcher.output() == "before\n"


def test_modules_beside_the_entrypoint_are_imported_relatively(
    launcher: Driven, root: Path
) -> None:
    (root / "app").mkdir()
    (root / "app" / "server.py").write_text("NAME = __name__")
    source = "from .server import NAME\ndef main(context):\n    return context.res.text(NAME)\n"
    (root / "app" / "my-main.py").write_text(source)
    assert launcher.load(root, "app/my-main.py").kind == LOADED
    assert launcher.call().body == b"function.app.server"


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
    if "There is no pip" in done.stderr:
        pytest.skip(done.stderr)
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


def test_children_do_not_inherit_the_pipes(launcher: Driven, root: Path) -> None:
    source = """
import subprocess
def main(context):
    command = ["sh", "-c", "echo x 2> /dev/null >&4 || echo closed"]
    done = subprocess.run(command, stdout=subprocess.PIPE, close_fds=False)
    return context.res.binary(done.stdout)
"""
    assert loaded(launcher, root, source, "main.py").kind == LOADED
    assert launcher.call().body == b"closed\n"


@pytest.mark.parametrize("how", ["exit frame", "end of file"])
def test_the_launcher_ends_with_the_emulator(launcher: Driven, how: str) -> None:
    if how == "exit frame":
        launcher.send(EXIT, 0, {})
    else:
        launcher.hang_up()
    assert launcher.exit_code() == 0


def test_an_unknown_frame_is_ignored(launcher: Driven) -> None:
    launcher.send(99, 5, {"a": 1}, b"body")
    assert launcher.load(FIXTURES, "tests.py").kind == LOADED
    launcher.send(99, 5, {"a": 1}, b"body")
    assert launcher.call("statusResponse").status == 404
