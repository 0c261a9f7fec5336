"""However a session ends, nothing is left: no process, no port, no folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from .outcomes import FUNCTIONS, outcomes, section
from .suites import ANNOUNCING, Suite

pytestmark = pytest.mark.timeout(90)

HANGS = """\
import os
import signal


def main(context):
    os.kill(int(context.req.body_text), signal.SIGINT)
    signal.pause()
"""
INTERRUPTED = """\
import os


def test_is_interrupted(appwrite):
    appwrite.functions["hangs"].call(str(os.getpid()))


def test_does_not_come(appwrite):
    pass
"""
SEVERAL = """\
import pytest

from appwrite_emulator import Emulator, isolated


@pytest.fixture(scope="session")
def second(announcing):
    with Emulator(port=0) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def fails(second):
    second.deploy("functions/greet")
    raise RuntimeError("no more")


def test_two_at_once(appwrite, second):
    assert appwrite.endpoint != second.endpoint
    with isolated(second, functions="functions/greet") as other:
        assert other.functions["greet"].call().json()["count"] == 1
        assert appwrite.functions["greet"].call().json()["count"] == 1
        assert [len(each.executions()) for each in (appwrite, other)] == [1, 1]
    assert len(appwrite.executions()) == 1
    with isolated(second) as other:
        assert dict(other.functions) == {}


def test_fixture_fails(appwrite, fails):
    pass


def test_the_third(appwrite):
    assert appwrite.functions["greet"].call().status == "completed"


def test_is_not_built(appwrite):
    appwrite.functions["unbuilt"].call()


def test_has_no_runtime(appwrite):
    appwrite.functions["unknown"].call()


def test_is_mended(appwrite):
    appwrite.deploy("functions/greet", id="unbuilt")
    assert appwrite.functions["unbuilt"].call().status == "completed"


def test_is_broken_again(appwrite):
    with pytest.raises(Exception, match="unbuilt.*was not deployed"):
        appwrite.functions["unbuilt"]


def test_there_is_none(appwrite):
    appwrite.functions["grete"]


def test_stops_it(appwrite, appwrite_server):
    appwrite_server.__exit__(None, None, None)
"""
PROJECT = """\
{"projectId": "shop", "functions": [
  {"$id": "greet", "name": "greet", "runtime": "python-3.12", "path": "functions/greet",
   "entrypoint": "main.py"},
  {"$id": "unbuilt", "name": "unbuilt", "runtime": "python-3.12", "path": "functions/boom",
   "entrypoint": "main.py", "commands": "echo no such part >&2; exit 3"},
  {"$id": "unknown", "name": "unknown", "runtime": "cobol-85", "path": "functions/boom",
   "entrypoint": "main.py"}
]}
"""


@pytest.fixture
def suite(reachable: Path) -> Suite:
    suite = Suite(reachable)
    suite.write("conftest.py", ANNOUNCING)
    return suite


def test_an_interrupt_while_a_function_runs_ends_all(suite: Suite) -> None:
    suite.write("appwrite-emulator.toml", 'sandbox = "off"\n')  # functions may send signals then
    suite.write("functions/hangs/main.py", HANGS)
    suite.write("test_it.py", INTERRUPTED)

    ran = suite.run("-q", "-rA")

    assert ran.code == pytest.ExitCode.INTERRUPTED, ran.output
    assert "KeyboardInterrupt" in ran.output
    assert (ran.processes, ran.ports, ran.files) == ([], [], [])


def test_what_cannot_be_had_fails_only_the_tests_that_use_it(suite: Suite) -> None:
    for name, text in FUNCTIONS.items():
        suite.write(name, text)
    suite.write("appwrite.config.json", PROJECT)
    suite.write("test_it.py", SEVERAL)

    ran = suite.run("-q", "-rA")

    assert outcomes(ran) == {
        "test_two_at_once": "PASSED",
        "test_fixture_fails": "ERROR",
        "test_the_third": "PASSED",
        "test_is_not_built": "FAILED",
        "test_has_no_runtime": "FAILED",
        "test_is_mended": "PASSED",
        "test_is_broken_again": "PASSED",
        "test_there_is_none": "FAILED",
        "test_stops_it": "FAILED",
    }, ran.output
    assert "Function 'unbuilt' was not deployed: " in section(ran, "test_is_not_built")
    assert "no such part" in section(ran, "test_is_not_built")
    assert "cobol-85" in section(ran, "test_has_no_runtime")
    assert "Did you mean greet?" in section(ran, "test_there_is_none")
    assert (ran.processes, ran.ports, ran.files) == ([], [], [])
