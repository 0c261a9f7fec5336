"""`appwrite-emulator init`, run as users run it, and what it makes."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog
from appwrite_emulator.cli import main
from appwrite_emulator.likely import likely

from .command import COMMAND, NODE, PYTHON, environment, lines_with, run, source, started

CATALOG = Catalog([assets("runtimes")])
MADE = sorted(family.key for family in CATALOG.families)


def _in(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _ids(folder: Path) -> list[str]:
    content = json.loads((folder / "appwrite.config.json").read_text())
    return [row["$id"] for row in content["functions"]]


def _refusal(folder: Path, *arguments: str) -> str:
    before = sorted(folder.rglob("*"))
    done = CliRunner().invoke(main, ["init", *arguments, "--dir", str(folder)])
    assert (done.exit_code, done.stdout) == (2, ""), done.stderr
    assert sorted(folder.rglob("*")) == before
    return done.stderr.strip().removeprefix("appwrite-emulator: ")


def _tree(folder: Path) -> Mapping[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("language", MADE)
@pytest.mark.timeout(60)
def test_what_is_made_passes_its_own_test(reachable: Path, language: str) -> None:
    family = next(each for each in CATALOG.families if each.key == language)
    choice = likely(CATALOG, family, "1.9")
    if choice is None or not choice.version:
        wanted = os.environ.get("CONFORMANCE_FAMILIES", "").split(",")
        assert language not in wanted, f"{language} must not be missing here"
        pytest.skip(f"no {language} on this machine")
    made = _in(reachable, "init", "greet", "--language", language)
    assert made.returncode == 0, made.stderr
    (command,) = re.findall(r"Test it: +appwrite-emulator (.*)", made.stdout)
    tested = _in(reachable, *shlex.split(command))
    assert tested.returncode == 0, tested.stdout + tested.stderr
    path = next(path for path in (reachable / "functions/greet/src").iterdir())
    path.write_text(path.read_text().replace("Hello", "Goodbye"))
    assert _in(reachable, *shlex.split(command)).returncode == 1, "the test tests nothing"


@pytest.mark.timeout(60)
def test_the_readme_makes_a_function_and_tests_it(reachable: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```sh\n(appwrite-emulator init .*?)```", readme, re.DOTALL)
    for line in commands.splitlines():
        done = _in(reachable, *shlex.split(line)[1:])
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_lies_there_is_written_down_once(reachable: Path) -> None:
    reachable = reachable / "shop"
    source(reachable, "functions/hello/main.js", NODE)
    source(reachable, "functions/snake/main.py", PYTHON)
    done = _in(reachable, "init")
    assert done.returncode == 0, done.stderr
    assert "snake: functions/snake, main.py by python-3" in done.stdout
    assert _ids(reachable) == ["hello", "snake"]
    text = (reachable / "appwrite.config.json").read_text()
    assert text.startswith('{\n    "projectId": "shop",\n    "functions": [\n')
    assert "is there already: nothing was written" in _refusal(reachable)
    below = _in(reachable / "functions" / "hello", "init")
    assert (below.returncode, "is there already: nothing was written" in below.stderr) == (2, True)


def test_a_bare_folder_is_served_as_it_is_guessed(reachable: Path) -> None:
    folder = reachable / "shop_"  # a project's id ends with a letter or a digit
    source(folder, "functions/hello/main.mjs", NODE)
    source(folder, "functions/snake/main.py", PYTHON)
    with started(str(folder), "--memory") as emulator:
        answers = [
            emulator.execute(id, project="shop")["responseBody"] for id in ("hello", "snake")
        ]
        assert emulator.stop() == 0
    assert answers == ["none", "hello from Python"]
    (line,) = lines_with(emulator.lines, "hello: functions/hello, main.mjs by node-")
    assert "Node.js" in line
    assert not (folder / "appwrite.config.json").exists()


def test_a_new_function_joins_those_that_were_guessed(reachable: Path) -> None:
    source(reachable, "functions/hello/main.js", NODE)
    done = _in(reachable, "init", "second", "--runtime", "python-3.12")
    assert done.returncode == 0, done.stderr
    assert _ids(reachable) == ["hello", "second"]
    row = json.loads((reachable / "appwrite.config.json").read_text())["functions"][1]
    assert (row["runtime"], row["path"], row["entrypoint"]) == (
        "python-3.12", "functions/second", "src/main.py",
    )  # fmt: skip


def test_a_new_function_joins_the_project_file_above(reachable: Path) -> None:
    text = (
        '{\n  "projectId": "p", "projectName": "mine",\n  "functions": [],\n  "sites": [ 1,2 ]\n}'
    )
    (reachable / "appwrite.json").write_text(text)
    (reachable / "below").mkdir()
    done = _in(reachable / "below", "init", "greet", "--language", "Node.js")
    assert done.returncode == 0, done.stderr
    assert "Serve it:  cd .. && appwrite-emulator start" in done.stdout
    written = (reachable / "appwrite.json").read_text()
    assert written.startswith('{\n  "projectId": "p", "projectName": "mine",\n  "functions": [\n')
    assert written.endswith('\n  ],\n  "sites": [ 1,2 ]\n}')
    assert (reachable / "functions/greet/src/main.js").is_file()


def test_what_cannot_be_made_is_refused_and_nothing_is_left(reachable: Path) -> None:
    source(reachable, "functions/taken/notes.txt", "")
    expected = {
        ("greet", "--language", "nod"): "there is no template for the language 'nod'. Did you mean "
        "node?",
        ("greet", "--language", "cobol"): f"There are {', '.join(MADE)}",
        ("greet",): f"which language? Give --language {' or '.join(MADE)}",
        ("--language", "node"): "the function needs a name",
        ("greet", "--runtime", "node-222"): "there is no runtime 'node-222'. Did you mean node-22",
        ("greet", "--runtime", "swift-6.2"): "runtime 'swift-6.2' cannot run here",
        ("greet", "--runtime", "node-22", "--language", "python"): "node-22 is Node.js, not python",
        ("my greeting!", "--language", "node"): "'my greeting!' cannot be a function's id",
        ("taken", "--language", "node"): "functions/taken is there already: nothing was written",
        (): f"Make one by appwrite-emulator init NAME --language {' or '.join(MADE)}",
    }
    found = {arguments: _refusal(reachable, *arguments) for arguments in expected}
    assert {key: found[key] for key in expected if expected[key] not in found[key]} == {}
    assert found[("my greeting!", "--language", "node")].endswith("Take my-greeting")


def test_a_function_that_is_listed_is_not_made_again(reachable: Path) -> None:
    assert _in(reachable, "init", "greet", "--language", "node").returncode == 0
    shutil.rmtree(reachable / "functions" / "greet" / "test")
    before = _tree(reachable)
    assert "there is a function 'greet' in" in _refusal(reachable, "greet", "--language", "node")
    assert _tree(reachable) == before


def test_pytest_collects_nothing_of_what_is_made(reachable: Path) -> None:
    for name in ("greet", "part"):
        assert _in(reachable, "init", name, "--language", "python").returncode == 0
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(pytest_here, cwd=reachable, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout


def test_a_language_of_ones_own_brings_its_template(reachable: Path) -> None:
    source(reachable, "languages/shell/runtime.toml", _SHELL)
    source(reachable, "languages/shell/template/go.sh", "echo @function@ in @folder@\n")
    source(reachable, "languages/shell/template/__pycache__/go.pyc", "as installers leave them")
    (reachable / "appwrite-emulator.toml").write_text('runtimes = ["languages"]\n')
    done = _in(reachable, "init", "greet", "--runtime", "shell-1")
    assert done.returncode == 0, done.stderr
    assert (reachable / "functions/greet/go.sh").read_text() == "echo greet in functions/greet\n"
    assert os.listdir(reachable / "functions/greet") == ["go.sh"]
    assert "Test it:   appwrite-emulator exec -- sh functions/greet/go.sh" in done.stdout


_SHELL = """
name = "Shell"
runtimes = ["shell-1"]
command = ["{interpreter}"]
interpreters = ["sh"]
remedy = "None."
[template]
entrypoint = "go.sh"
test = "sh @folder@/go.sh"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="drives a terminal")
def test_at_a_terminal_it_asks(reachable: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "init"], cwd=reachable, env=environment(), stdin=theirs, stdout=theirs, text=True
    ) as process:
        os.close(theirs)
        os.write(ours, b"bad id!\nhi\npython\n")
        said = b""
        while b"Test it" not in said:
            said += os.read(ours, 65536)
        assert process.wait(20) == 0
    os.close(ours)
    assert b"'bad id!' cannot be a function's id" in said
    assert _ids(reachable) == ["hi"]


def test_help_is_quick_to_import_and_teaches() -> None:
    done = run("init", "--help")
    assert "appwrite-emulator init hello --language node" in done.stdout
