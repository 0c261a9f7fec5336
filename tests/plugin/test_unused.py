"""Whoever does not use the emulator does not pay for its plugin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .suites import Suite

OWN = "appwrite_emulator"
LOADED = """\
import json
import sys


def pytest_sessionfinish(session):
    with open("modules.json", "w") as file:
        json.dump(sorted(sys.modules), file)
"""
TEST = """\
import pytest


@pytest.mark.parametrize("number", [1, 2])
def test_passes(number):
    pass


@pytest.mark.xfail
def test_fails():
    assert 0


@pytest.mark.skip
def test_is_skipped():
    pass
"""


def modules(suite: Suite, *arguments: str) -> set[str]:
    """What is imported at the end of a session with no other plugin from outside."""
    ran = suite.run(*arguments, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    assert ran.code == 0, ran.output
    return set(json.loads((suite.folder / "modules.json").read_text()))


@pytest.mark.timeout(60)
def test_a_session_without_the_fixture_imports_the_plugin_and_nothing_else(reachable: Path) -> None:
    suite = Suite(reachable)
    suite.write("pytest.ini", "[pytest]\n")
    suite.write("conftest.py", LOADED)
    suite.write("test_plain.py", TEST)
    without = modules(suite)

    added = modules(suite, "-p", f"{OWN}.pytest_plugin") - without

    assert f"{OWN}.pytest_plugin.fixtures" in added
    assert {name for name in added if not name.startswith(f"{OWN}.pytest_plugin")} == {OWN}


MARKED = """\
import pytest

pytest.register_assert_rewrite("appwrite_emulator")
"""
PLAIN = """\
import appwrite_emulator.near


def test_loader():
    assert "assertion" not in type(appwrite_emulator.near.__spec__.loader).__module__


def test_other():
    assert "assertion" in type(__spec__.loader).__module__
"""


@pytest.mark.timeout(60)
def test_the_emulator_is_imported_as_it_was_compiled(reachable: Path) -> None:
    suite = Suite(reachable)
    suite.write("conftest.py", MARKED)  # as pytest does for what is installed
    suite.write("test_plain.py", PLAIN)

    ran = suite.run("-q")

    assert "2 passed" in ran.output, ran.output
