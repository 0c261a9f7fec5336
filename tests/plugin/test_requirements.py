"""Tests that need a language are skipped where it is missing, or fail where it must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from .outcomes import outcomes, section
from .suites import Suite

pytestmark = pytest.mark.timeout(60)

TESTS = """\
import sys

import pytest


@pytest.mark.requires_runtime("python")
def test_here():
    pass


@pytest.mark.requires_runtime("python-3.9", "python")
def test_stood_in_for():
    pass


@pytest.mark.requires_runtime("swift")
def test_missing():
    pass


@pytest.mark.requires_runtime("swift-5.10")
def test_missing_too():
    pass


@pytest.mark.requires_runtime("python")
@pytest.mark.requires_runtime("kotlin")
def test_one_is_missing():
    pass


@pytest.mark.requires_runtime("pyton")
def test_misspelt():
    pass


@pytest.mark.requires_runtime
def test_no_name():
    pass


def test_no_emulator_was_started():
    assert not {"appwrite_emulator.emulator", "appwrite_emulator.cli"} & sys.modules.keys()
"""


@pytest.fixture
def suite(reachable: Path) -> Suite:
    suite = Suite(reachable)
    suite.write("test_it.py", TESTS)
    return suite


def test_what_is_missing_skips_with_its_reason(suite: Suite) -> None:
    ran = suite.run("-q", "-rA", "-p", "no:randomly")

    told = outcomes(ran)
    assert told == {
        "test_here": "PASSED",
        "test_stood_in_for": "PASSED",
        "test_misspelt": "ERROR",
        "test_no_name": "ERROR",
        "test_no_emulator_was_started": "PASSED",
    }
    assert "3 skipped" in ran.output
    assert ran.output.count("SKIPPED [1] test_it.py:") == 3
    assert "Runtime 'swift-5.10' has no launcher here" in ran.output
    assert "or add a folder with a runtime.toml by --runtimes DIR." in ran.output
    assert "no runtime 'pyton'. Did you mean python" in section(ran, "test_misspelt")
    assert "wants names of languages or runtimes" in section(ran, "test_no_name")


def test_what_must_be_there_fails_where_it_is_missing(suite: Suite) -> None:
    suite.write("pytest.ini", "[pytest]\nappwrite_required_runtimes = swift python\n")

    from_file = outcomes(suite.run("-q", "-rA"))
    from_line = outcomes(suite.run("-q", "-rA", "--appwrite-require-runtimes=kotlin,python"))

    assert (from_file["test_missing"], from_file["test_missing_too"]) == ("ERROR", "ERROR")
    assert "test_one_is_missing" not in from_file
    assert "test_missing" not in from_line
    assert from_line["test_one_is_missing"] == "ERROR"
