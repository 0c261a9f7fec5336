"""Kept builds: the commands of equal functions run once, whoever needs what they make."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from .command import launched, project, run, source

MADE = {"$id": "made", "runtime": "node-22", "entrypoint": "main.js"}
ANSWER = "module.exports = ({ res }) => res.text(require('fs').readFileSync(__dirname + '/text'));"
CALL = """
import json, os, sys, urllib.request
request = urllib.request.Request(
    os.environ["APPWRITE_ENDPOINT"] + "/functions/" + sys.argv[1] + "/executions",
    data=b"{}",
    headers={
        "Content-Type": "application/json",
        "X-Appwrite-Project": os.environ["APPWRITE_PROJECT_ID"],
        "X-Appwrite-Key": os.environ["APPWRITE_API_KEY"],
    },
)
with urllib.request.urlopen(request) as response:
    execution = json.load(response)
print(execution["responseBody"] or execution["errors"])
"""


@pytest.fixture
def outside(reachable: Path) -> Path:
    """A folder beside everything in which commands leave traces."""
    folder = reachable / "outside"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def made(shop: Path, commands: str) -> Path:
    """A project whose function answers with what its commands have written."""
    source(shop, "made/main.js", ANSWER)
    return project(shop, {**MADE, "commands": commands})


def arguments(shop: Path, cache: Path, function: str = "made") -> list[str]:
    options = ["--dir", str(shop), "--build-cache", str(cache)]
    return ["exec", *options, "--", sys.executable, "-c", CALL, function]


def answer(shop: Path, cache: Path, function: str = "made") -> str:
    """What the function says in an emulator of its own."""
    result = run(*arguments(shop, cache, function))
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.strip()


def kept(cache: Path) -> list[Path]:
    return sorted((cache / "appwrite-builds").glob("*.build"))


def fifo(path: Path) -> Path:
    """One that commands can open too: both ends wait for each other."""
    os.mkfifo(path)
    path.chmod(0o666)
    return path


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_a_second_emulator_runs_no_commands_unless_what_is_kept_is_damaged(
    tmp_path: Path, outside: Path, cache: Path
) -> None:
    count = outside / "count"
    shop = made(tmp_path, f"echo built >> {count}; printf made > text")

    assert [answer(shop, cache), answer(shop, cache)] == ["made", "made"]
    assert lines(count) == 1

    (path,) = kept(cache)
    path.write_bytes(path.read_bytes().replace(b"made", b"evil"))
    result = run(*arguments(shop, cache))
    assert result.stdout == "made\n"
    assert "a kept build is built anew" in result.stderr
    assert (lines(count), kept(cache)) == (2, [path])

    source(shop, "made/other.js", "")
    assert answer(shop, cache) == "made"
    assert lines(count) == 3
    assert len(kept(cache)) == 2


def test_of_several_processes_at_once_one_builds(
    tmp_path: Path, outside: Path, cache: Path
) -> None:
    count, go = outside / "count", fifo(outside / "go")
    shop = made(tmp_path, f"echo built >> {count}; cat {go}; printf made > text")
    with ExitStack() as stack:
        processes = [stack.enter_context(launched(*arguments(shop, cache))) for _ in range(4)]
        go.write_text("")
        said = [process.communicate(timeout=18) for process in processes]
    assert said == [("made\n", "")] * 4
    assert lines(count) == 1
    assert len(kept(cache)) == 1
    assert not [*(cache / "appwrite-builds").glob("*.lock")]


def test_when_the_one_that_builds_is_killed_another_one_does(
    tmp_path: Path, outside: Path, cache: Path
) -> None:
    begun, go = fifo(outside / "begun"), fifo(outside / "go")
    commands = f"echo yes > {begun}; cat {go}; printf made > text"
    shop = made(tmp_path, commands)
    with ExitStack() as stack:
        first = stack.enter_context(launched(*arguments(shop, cache)))
        assert begun.read_text() == "yes\n"
        others = [stack.enter_context(launched(*arguments(shop, cache))) for _ in range(2)]
        first.send_signal(signal.SIGKILL)
        assert begun.read_text() == "yes\n"  # the next one has the right to build
        assert not kept(cache)
        go.write_text("")
        assert [each.communicate(timeout=18) for each in others] == [("made\n", "")] * 2
    assert len(kept(cache)) == 1


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("exec", "--dir", str(tmp_path), "--build-cache", str(tmp_path / "file"), "true")
    assert result.returncode == 2
    assert f"build_cache is '{tmp_path}/file', where builds cannot be kept" in result.stderr
    assert "Name a folder of yours, or leave the option out" in result.stderr


@pytest.mark.timeout(60)
def test_what_npm_installed_and_compiled_is_kept(
    tmp_path: Path, outside: Path, cache: Path
) -> None:
    count = outside / "count"
    npm = "npm install --offline --no-audit --no-fund --no-update-notifier"
    source(
        tmp_path,
        "app/package.json",
        '{"name": "app", "dependencies": {"left": "file:./packages/left"},'
        ' "scripts": {"build": "mkdir -p dist && cp src/main.ts dist/main.js"}}',
    )
    source(tmp_path, "app/packages/left/package.json", '{"name": "left", "version": "1.0.0"}')
    source(tmp_path, "app/packages/left/index.js", "module.exports = 'left 1';")
    code = "module.exports = ({ res }) => res.text(require('left') + ' from ' + __filename);"
    source(tmp_path, "app/src/main.ts", code)
    commands = f"echo built >> {count} && {npm} && npm run build"
    row = {"$id": "app", "runtime": "node-22", "entrypoint": "dist/main.js", "commands": commands}
    project(tmp_path, row)

    first, second = answer(tmp_path, cache, "app"), answer(tmp_path, cache, "app")
    assert first.startswith("left 1 from ")
    assert second.startswith("left 1 from ")
    assert first != second
    assert lines(count) == 1


@pytest.mark.timeout(60)
def test_an_environment_of_python_is_kept_and_works_where_it_lies(
    tmp_path: Path, outside: Path, cache: Path
) -> None:
    count = outside / "count"
    source(
        tmp_path,
        "app/packages/left/left.py",
        "import sys\nTEXT = 'left 1'\ndef tell(): print(sys.prefix)\n",
    )
    source(
        tmp_path,
        "app/packages/left/pyproject.toml",
        '[project]\nname = "left"\nversion = "1"\nscripts = { left = "left:tell" }\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    )
    source(tmp_path, "app/packages/left/backend.py", BACKEND)
    source(tmp_path, "app/requirements.txt", "./packages/left\n")
    code = (
        "import left, os, subprocess\ndef main(context):\n"
        "    tool = os.path.join(os.path.dirname(__file__), 'runtime-env/bin/left')\n"
        "    said = subprocess.run([tool], capture_output=True, text=True).stdout.strip()\n"
        "    own = os.path.join(os.path.dirname(__file__), 'runtime-env')\n"
        "    return context.res.text(f'{left.TEXT} {os.path.samefile(said, own)} {said}')\n"
    )
    source(tmp_path, "app/main.py", code)
    commands = f"echo built >> {count} && pip install --no-index -r requirements.txt"
    project(
        tmp_path,
        {"$id": "app", "runtime": "python-3.12", "entrypoint": "main.py", "commands": commands},
    )

    first, second = answer(tmp_path, cache, "app"), answer(tmp_path, cache, "app")
    assert first.startswith("left 1 True /")
    assert second.startswith("left 1 True /")
    assert first != second
    assert lines(count) == 1


BACKEND = """
import base64, hashlib, zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    files = {
        "left.py": open("left.py").read(),
        "left-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: left\\nVersion: 1\\n",
        "left-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nTag: py3-none-any\\n",
        "left-1.dist-info/entry_points.txt": "[console_scripts]\\nleft = left:tell\\n",
    }
    record = "".join(f"{name},,\\n" for name in files) + "left-1.dist-info/RECORD,,\\n"
    with zipfile.ZipFile(f"{directory}/left-1-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr("left-1.dist-info/RECORD", record)
    return "left-1-py3-none-any.whl"
"""
