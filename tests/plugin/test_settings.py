"""Options of the command line and the ini file, and which of them wins."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from appwrite_emulator.pytest_plugin.project import options_for

from .outcomes import FUNCTIONS, LATE, outcomes, section
from .suites import Suite

pytestmark = pytest.mark.timeout(90)

TESTS = (
    LATE
    + """\


import pytest


def test_lenient(appwrite):
    appwrite.functions["boom"].call()


@pytest.mark.appwrite(strict=True)
def test_strict(appwrite):
    appwrite.functions["boom"].call()


def test_times_out(appwrite):
    assert appwrite._stage.timeout == 2.5


@pytest.mark.appwrite(timeout=7)
def test_has_its_own_time(appwrite):
    assert appwrite._stage.timeout == 7


def test_functions_of_the_directory(appwrite):
    assert set(appwrite.functions) == {"greet", "boom"}
    assert appwrite.functions["greet"].call().status_code == 200


def test_config(appwrite_config, appwrite):
    assert (appwrite_config.port, appwrite_config.memory, appwrite_config.watch) == (0, True, False)
    assert appwrite_config.state is None
    assert appwrite_config.project == appwrite.project == "kiosk"
    assert appwrite_config.function_timeout == 33
    assert ":9080" not in appwrite.endpoint
    assert appwrite_config.build_cache.parts[-3:] == (".pytest_cache", "d", "appwrite")
    assert appwrite_config.execution_retention == 0
"""
)
INI = """\
[pytest]
appwrite_directory = app
appwrite_timeout = 2.5
appwrite_strict = false
"""
TOML = 'port = 9080\nstate = "kept/state.json"\nproject = "kiosk"\nfunction_timeout = 33\n'


@pytest.fixture
def suite(reachable: Path) -> Suite:
    suite = Suite(reachable)
    for name, text in FUNCTIONS.items():
        suite.write(f"app/{name}", text)
    return suite


def test_the_ini_file_and_the_projects_own_options_count(suite: Suite) -> None:
    suite.write("pytest.ini", INI)
    suite.write("app/appwrite-emulator.toml", TOML)
    suite.write("test_it.py", TESTS)

    ran = suite.run("-q", "-rA", "--appwrite-logs")

    told = outcomes(ran)
    assert told.pop("test_strict") == "FAILED"
    assert set(told.values()) == {"PASSED"}, ran.output
    assert len(told) == 5
    assert "test_it.py::test_lenient: appwrite executions\n" in ran.output
    assert ran.output.index("about to fail") < ran.output.index("FAILURES")
    assert not (suite.folder / "app" / "kept").exists()


def test_a_cache_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    def refuses(name: str) -> Path:
        raise PermissionError(name)

    def build_cache(mkdir: Callable[[str], Path]) -> Path | None:
        cache = SimpleNamespace(mkdir=mkdir)
        config = SimpleNamespace(
            getini=lambda key: "", inipath=None, rootpath=tmp_path, cache=cache
        )
        return options_for(cast(pytest.Config, config)).build_cache

    foreign = Path("/")
    if os.geteuid() == 0:
        foreign = tmp_path / "foreign"
        foreign.mkdir()
        os.chown(foreign, 65534, 65534)

    own = tmp_path / "own"
    own.mkdir()
    assert build_cache(lambda name: own) == own
    assert build_cache(lambda name: foreign) is None
    assert build_cache(refuses) is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("appwrite_directory = ap", "appwrite_directory is 'ap', and "),
        ("appwrite_timeout = soon", "appwrite_timeout is 'soon', it must be a number of seconds"),
    ],
)
def test_a_wrong_ini_key_is_told_without_code(suite: Suite, line: str, words: str) -> None:
    suite.write("pytest.ini", f"[pytest]\n{line}\n")
    suite.write("test_it.py", "def test_it(appwrite):\n    pass\n")

    ran = suite.run("-q", "-rA")

    assert outcomes(ran) == {"test_it": "ERROR"}
    assert words in ran.output
    assert "options.py" not in ran.output


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("appwrite.config.json", '{"projectId": 3', "appwrite.config.json:1"),
        ("appwrite-emulator.toml", "prt = 1\n", "unknown option prt; there are host, port, "),
    ],
)
def test_what_is_wrong_with_the_project_is_told_without_code(
    suite: Suite, name: str, text: str, words: str
) -> None:
    suite.write(name, text)
    suite.write("test_it.py", "def test_it(appwrite):\n    pass\n")

    ran = suite.run("-q", "-rA")

    assert outcomes(ran) == {"test_it": "ERROR"}
    assert words in section(ran, "test_it")
    assert ".py:" not in section(ran, "test_it")


def test_fixtures_and_options_explain_themselves(suite: Suite) -> None:
    ran = suite.run("--help")
    assert "--appwrite-keep=[DIR]" in ran.output
    assert "appwrite_required_runtimes" in ran.output

    ran = suite.run("--fixtures", "-v")
    for words in (
        "def test_greets(appwrite):",
        "The emulator of all tests",
        "The options of the emulator that tests use.",
    ):
        assert words in ran.output
    assert "@pytest.mark.appwrite(functions=, " in suite.run("--markers").output


def test_warnings_of_the_emulator_are_told_where_pytest_does_not_capture_them(suite: Suite) -> None:
    suite.write(
        "test_it.py",
        "import logging\n\n\ndef test_it(appwrite):\n"
        '    logging.getLogger("appwrite_emulator.http").warning("look %s", "here")\n'
        "    assert 0\n",
    )

    captured = section(suite.run("-q"), "test_it")
    gathered = section(suite.run("-q", "-p", "no:logging"), "test_it")

    assert "appwrite server" not in captured
    assert captured.count("look here") == 1
    assert "WARNING  appwrite_emulator.http: look here" in gathered.partition("appwrite server")[2]


def test_builds_are_kept_only_where_the_folder_is_ones_own(suite: Suite) -> None:
    suite.write("test_it.py", "def test_it(appwrite):\n    pass\n")
    folder = suite.folder / ".pytest_cache" / "d" / "appwrite" / "appwrite-builds"
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    else:
        folder.parent.chmod(0)  # as that of another
    ran = suite.run()
    folder.parent.chmod(0o700)

    assert ran.code == 0, ran.output
