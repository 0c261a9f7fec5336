"""What the README shows of tests works as it is shown."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from appwrite_emulator import Emulator, isolated
from appwrite_emulator.cli import main
from appwrite_emulator.client.terms import Terms

from .command import environment
from .test_readme import README, block


@pytest.fixture
def hello(reachable: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the function that the README makes."""
    folder = reachable / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(main, shlex.split(block("sh", "emulator init hello"))[1:5])
    assert done.exit_code == 0, done.output
    return folder


def test_the_context_manager_deploys_and_prints_where_it_serves(hello: Path) -> None:
    (hello / "script.py").write_text(block("python", "print(emulator.endpoint"))

    done = _python("script.py", hello)

    assert re.match(r"http://127\.0\.0\.1:\d+/v1 demo local\n$", done.stdout), done.stderr


def test_an_isolated_emulator_answers_as_shown(hello: Path) -> None:
    (hello / "script.py").write_text(block("python", "isolated(emulator)"))

    done = _python("script.py", hello)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.timeout(60)
def test_the_tests_that_are_shown_pass(hello: Path) -> None:
    (hello / "tests").mkdir()
    for name, words in (("hello", "test_hello_greets"), ("marked", "seed=regulars")):
        (hello / "tests" / f"test_{name}.py").write_text(block("python", words))

    done = _python("-m pytest -q -p no:cacheprovider --rootdir . tests", hello)

    assert re.search(r"^2 passed in ", done.stdout, re.MULTILINE), done.stdout + done.stderr


def test_the_fixture_has_what_its_table_names() -> None:
    (table,) = re.findall(r"^\| `appwrite\.` .*\n\|.*\n((?:\|.*\n)+)", README, re.MULTILINE)
    named = [code for row in table.splitlines() for code in row.split("|")[1].split("`")[1::2]]
    with Emulator(port=0) as emulator, isolated(emulator) as appwrite:
        appwrite.deploy(files={"main.py": "def main(context): ..."}, id="hello")
        for code in named:
            path = re.match(r'(?:functions\["hello"\]\.)?[a-z_.]+', code)
            assert path, code
            eval(f"appwrite.{path[0]}", {"appwrite": appwrite})
    assert len(named) > 20


def test_every_keyword_of_the_marker_has_its_row() -> None:
    (table,) = re.findall(r"^\| Keyword \| \|\n\|.*\n((?:\|.*\n)+)", README, re.MULTILINE)
    keywords = re.findall(r"^\| `([a-z]+)=", table, re.MULTILINE)
    assert {*keywords, "name"} == {each.name for each in fields(Terms)}


def test_every_option_of_the_plugin_is_shown(tmp_path: Path) -> None:
    told = _python("-m pytest --help", tmp_path).stdout
    for prefix in ("--appwrite-", "appwrite_"):
        names = set(re.findall(rf"^  ({prefix}[a-z-_]+)", told, re.MULTILINE))
        assert names
        assert {name for name in names if f"`{name}" not in README} == set()


def _python(arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *shlex.split(arguments)]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
