"""The marker says how a test begins: on the test, its class or its module, the nearest first."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .outcomes import FUNCTIONS, outcomes, section
from .suites import Ran, Suite

pytestmark = pytest.mark.timeout(90)

CONFTEST = """\
import pytest


@pytest.fixture(scope="session", autouse=True)
def resident(appwrite_server):
    \"\"\"Somebody whom a fixture of the session has made.\"\"\"
    users = appwrite_server.services.users
    appwrite_server.in_loop(lambda: users.create("suite", "carl", {"name": "carl"}))


@pytest.fixture
def users(appwrite):
    rows = appwrite._stage.api.ask("GET", "/users")["users"]
    return sorted(row["$id"] for row in rows)
"""
TESTS = """\
from datetime import datetime

import pytest

SOWN = []


def sow(appwrite):
    SOWN.append("sow")
    appwrite.user("ann")
    appwrite.functions["greet"].call()


pytestmark = pytest.mark.appwrite(seed=sow, clock="2030-01-01T00:00Z", strict=False)


@pytest.mark.parametrize("number", range(3))
def test_seed_is_sown_once(appwrite, users, number):
    assert users == ["ann", "carl"]
    assert SOWN == ["sow"]
    assert len(appwrite.executions("greet")) == 1
    appwrite.user("bob")
    appwrite.clock.advance(days=1)


@pytest.mark.parametrize("number", range(2))
def test_clock_stands_at_its_moment(appwrite, number):
    assert appwrite.clock.now.isoformat() == "2030-01-01T00:00:00+00:00"
    appwrite.clock.advance(hours=5)


@pytest.mark.appwrite(clock=None, seed=None)
class TestNearer:
    def test_the_machines_clock(self, appwrite, users):
        assert users == ["carl"]
        assert abs((datetime.now().astimezone() - appwrite.clock.now).total_seconds()) < 5

    @pytest.mark.appwrite(clock="frozen")
    def test_now_but_frozen(self, appwrite):
        assert appwrite.clock.now == appwrite.clock.now
        assert abs((datetime.now().astimezone() - appwrite.clock.now).total_seconds()) < 5

    def test_what_the_module_says_stays(self, appwrite):
        appwrite.fire("users.ann.create")
        appwrite.functions["boom"].call()

    @pytest.mark.appwrite(strict=True)
    def test_nearest_says_otherwise(self, appwrite):
        appwrite.functions["boom"].call()
"""
NEARBY = """\
import pytest

pytestmark = pytest.mark.appwrite(functions="extra")


@pytest.mark.parametrize("number", range(2))
def test_more_functions(appwrite, number):
    assert appwrite.functions["extra"].call().text == "more"
    assert set(appwrite.functions) == {"greet", "boom", "extra"}


@pytest.mark.appwrite(functions=["extra", "functions/greet"])
def test_from_both_folders(appwrite):
    assert appwrite.functions["extra"].call().text == "more"


@pytest.mark.appwrite(fresh=True)
@pytest.mark.parametrize("number", range(2))
def test_fresh(appwrite, number):
    execution = appwrite.functions["greet"].call()
    assert execution.cold
    assert execution.json()["count"] == 1


def test_warm(appwrite):
    assert not appwrite.functions["greet"].call().cold


@pytest.mark.appwrite(functions=[], seed=lambda appwrite: appwrite.functions["boom"].call())
def test_seed_fails(appwrite):
    pass


def stops(appwrite):
    appwrite.functions["greet"].call()
    raise RuntimeError("no further")


@pytest.mark.appwrite(functions=[], seed=stops)
def test_seed_stops(appwrite):
    pass


@pytest.mark.appwrite(function="extra")
def test_unknown_keyword(appwrite):
    pass


@pytest.mark.appwrite("extra")
def test_no_keyword(appwrite):
    pass


@pytest.mark.appwrite(clock="tomorrow")
def test_wrong_value(appwrite):
    pass


@pytest.mark.appwrite(seed="nowhere.tar.gz")
def test_nothing_there(appwrite):
    pass
"""


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        suite = Suite(Path(folder))
        for name, text in FUNCTIONS.items():
            suite.write(name, text)
        suite.write("conftest.py", CONFTEST)
        suite.write("tests/test_it.py", TESTS)
        suite.write(
            "tests/near/extra/main.py", 'def main(context):\n    return context.res.text("more")\n'
        )
        suite.write("tests/near/test_nearby.py", NEARBY)
        yield suite.run("-q", "-rA", timeout=60)


def test_all_begin_as_their_markers_say(ran: Ran) -> None:
    failed = {name for name, outcome in outcomes(ran).items() if outcome != "PASSED"}

    assert failed == {
        "TestNearer::test_nearest_says_otherwise",
        "test_seed_fails",
        "test_seed_stops",
        "test_unknown_keyword",
        "test_no_keyword",
        "test_wrong_value",
        "test_nothing_there",
    }, ran.output


def test_a_function_may_fail_where_the_nearest_marker_does_not_say_otherwise(ran: Ran) -> None:
    assert outcomes(ran)["TestNearer::test_what_the_module_says_stays"] == "PASSED"
    assert outcomes(ran)["TestNearer::test_nearest_says_otherwise"] == "FAILED"


def test_a_seed_that_fails_tells_what_it_ran(ran: Ran) -> None:
    told = section(ran, "test_seed_fails")

    assert "boom threw ValueError: no way" in told
    assert "greet: http POST /" in section(ran, "test_seed_stops")


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("test_unknown_keyword", "there is no 'function'. Did you mean functions? There are "),
        ("test_no_keyword", "has 'extra' without a keyword. Write functions=, "),
        ("test_wrong_value", "clock is 'tomorrow', it must be a datetime, a text like"),
        ("test_nothing_there", "seed is 'nowhere.tar.gz', and there is no such path in "),
    ],
)
def test_a_wrong_marker_is_told_with_its_test_and_without_code(
    ran: Ran, test: str, words: str
) -> None:
    told = section(ran, test)

    assert f"{test}: @pytest.mark.appwrite" in told
    assert words in told
    assert ".py:" not in told.replace("test_nearby.py::", "")
