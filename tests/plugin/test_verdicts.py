"""A function that fails unexpectedly fails its test: in the test's own phase, with its report."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .outcomes import FUNCTIONS, LATE, outcomes, section
from .suites import Ran, Suite

PROJECT = """\
{"projectId": "shop", "functions": [
  {"$id": "greet", "name": "greet", "runtime": "python-3.12", "path": "functions/greet",
   "entrypoint": "main.py"},
  {"$id": "boom", "name": "boom", "runtime": "python-3.12", "path": "functions/boom",
   "entrypoint": "main.py", "events": ["users.*.create"]}
]}
"""
TESTS = (
    LATE
    + """\


import asyncio
import unittest

import anyio
import pytest

from appwrite_emulator.client.judge import FunctionFailed


def test_ok(appwrite):
    assert appwrite.functions["greet"].call(json={"name": "Ann"}).json()["hello"] == "Ann"


def test_late(appwrite):
    late(appwrite)


def test_late_among_others(appwrite):
    appwrite.functions["greet"].call()
    late(appwrite)


def test_expects(appwrite):
    appwrite.functions["greet"].call()
    appwrite.expect_execution("greet", status_code=201)


def test_own_error_comes_first(appwrite):
    late(appwrite)
    assert 1 == 2, "my own"


def test_is_skipped(appwrite):
    late(appwrite)
    pytest.skip("changed my mind")


@pytest.mark.appwrite(strict=False)
def test_lenient(appwrite):
    late(appwrite)


@pytest.mark.xfail(raises=FunctionFailed, strict=True)
def test_expected_by_pytest(appwrite):
    late(appwrite)


@pytest.fixture
def broken(appwrite):
    appwrite.functions["greet"].call()
    raise RuntimeError("in a fixture")


def test_set_up(broken):
    pass


@pytest.mark.anyio
async def test_anyio(appwrite):
    await anyio.to_thread.run_sync(late, appwrite)


@pytest.mark.asyncio
async def test_asyncio(appwrite):
    late(appwrite)


async def test_of_no_plugin(appwrite, tmp_path):
    late(appwrite)
    await asyncio.sleep(0)
    assert tmp_path.is_dir()


async def test_of_no_plugin_own(appwrite):
    await asyncio.to_thread(appwrite.functions["greet"].call)
    raise KeyError("my own")


def test_misspelt(appwrite):
    appwrite.functions["gret"].call()


def test_undeployed(appwrite):
    appwrite.deploy(files={"main.py": ""}, id="built", commands="no-such-command")


def test_not_called(appwrite):
    appwrite.stub.get("/tablesdb").json({}).assert_called()


def test_nonsense_stub(appwrite):
    appwrite.stub.get("tablesdb").json({})


@pytest.mark.usefixtures("given")
class TestUnit(unittest.TestCase):
    @pytest.fixture
    def given(self, appwrite):
        self.appwrite = appwrite

    def test_unit(self):
        late(self.appwrite)

    def test_unit_own(self):
        late(self.appwrite)
        self.fail("my own")

    def test_unit_ok(self):
        assert self.appwrite.functions["greet"].call().status == "completed"
"""
)


REFUSED = ("test_misspelt", "test_undeployed", "test_not_called", "test_nonsense_stub")


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        suite = Suite(Path(folder))
        for name, text in FUNCTIONS.items():
            suite.write(name, text)
        suite.write("appwrite.config.json", PROJECT)
        suite.write(
            "conftest.py",
            "import pytest\nfixture = pytest.fixture\n@fixture\n"
            'def anyio_backend():\n    return "asyncio"\n',
        )
        suite.write("test_it.py", TESTS)
        yield suite.run("-q", "-rA", timeout=60)


pytestmark = pytest.mark.timeout(90)


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("test_ok", "PASSED"),
        ("test_late", "FAILED"),
        ("test_late_among_others", "FAILED"),
        ("test_expects", "FAILED"),
        ("test_own_error_comes_first", "FAILED"),
        ("test_lenient", "PASSED"),
        ("test_expected_by_pytest", "XFAIL"),
        ("test_set_up", "ERROR"),
        ("test_anyio", "FAILED"),
        ("test_asyncio", "FAILED"),
        ("test_of_no_plugin", "FAILED"),
        ("test_of_no_plugin_own", "FAILED"),
        *((name, "FAILED") for name in REFUSED),
        ("TestUnit::test_unit", "FAILED"),
        ("TestUnit::test_unit_own", "FAILED"),
        ("TestUnit::test_unit_ok", "PASSED"),
    ],
)
def test_each_way_of_writing_tests_is_judged(ran: Ran, test: str, outcome: str) -> None:
    assert outcomes(ran)[test] == outcome


def test_only_a_fixture_makes_an_error(ran: Ran) -> None:
    assert "14 failed, 3 passed, 1 skipped, 1 xfailed, 1 error" in ran.output


def test_a_verdict_shows_no_code_of_the_emulator(ran: Ran) -> None:
    assert "def check(" not in ran.output
    assert "judging.py" not in section(ran, "test_late")
    assert section(ran, "test_late").count("no way (functions/boom/main.py:3)") == 1


@pytest.mark.parametrize("test", REFUSED)
def test_what_is_refused_is_told_at_the_line_of_the_test(ran: Ran, test: str) -> None:
    told = section(ran, test)

    assert ">       appwrite." in told
    assert "    def " not in told.partition(">  ")[2]


@pytest.mark.parametrize(
    "test", ["test_own_error_comes_first", "test_unit_own", "test_of_no_plugin_own"]
)
def test_what_the_test_itself_says_is_told(ran: Ran, test: str) -> None:
    told = section(ran, test)
    assert "my own" in told
    assert "looping.py" not in told


def test_a_failed_set_up_tells_what_functions_did_too(ran: Ran) -> None:
    told = section(ran, "test_set_up")

    assert "in a fixture" in told
    assert "appwrite executions" in told
    assert "greet: http POST /" in told


def test_what_else_ran_is_told_beside_the_verdict(ran: Ran) -> None:
    told = section(ran, "test_late_among_others").partition("appwrite executions")[2]

    assert "greet: http POST /" in told
    assert told.count("boom threw ValueError: no way (functions/boom/main.py:3)\n") == 1
    assert "about to fail" not in told  # it is told above


def test_what_an_expectation_told_is_not_told_again(ran: Ran) -> None:
    told, executions, rest = section(ran, "test_expects").partition("appwrite executions")

    assert "No execution of greet with status_code 201" in told
    assert "greeting" in told
    assert not executions, rest


def test_nothing_is_said_of_tests_that_pass(ran: Ran) -> None:
    passes = ran.output.partition("= PASSES =")[2]

    assert "appwrite executions" not in passes
