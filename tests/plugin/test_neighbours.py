"""The plugin beside those that people have: xdist, rerunfailures, randomly, asyncio and others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .outcomes import FUNCTIONS, outcomes
from .suites import ANNOUNCING, Suite

pytestmark = pytest.mark.timeout(120)

SPREAD = """\
import json
import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def told(appwrite_server, worker_id):
    ground = appwrite_server.services.ground
    values = [appwrite_server.endpoint, str(ground.files.uploads), os.getpid()]
    with open(f"worker-{worker_id}.json", "w") as file:
        json.dump(values, file)


@pytest.mark.parametrize("number", range(12))
def test_alone(appwrite, number):
    assert appwrite.executions() == []
    assert appwrite.functions["greet"].call(user="ann").json()["hello"] == "you"
    assert len(appwrite.executions("greet")) == 1
    if number == 5:
        appwrite.functions["greet"].call(at="2999-01-01T00:00Z")
"""
AGAIN = """\
import asyncio
import random
from datetime import UTC, datetime

import pytest
import time_machine

TRIES = []
FAILED = []


@pytest.mark.flaky(reruns=2)
def test_passes_in_the_end(appwrite):
    TRIES.append(appwrite.executions())
    appwrite.functions["greet"].call(user="ann")
    assert len(TRIES) == 3, "once more"
    assert TRIES == [[], [], []]


@pytest.mark.flaky(reruns=1)
def test_a_function_fails_once(appwrite):
    FAILED.append(len(FAILED))
    if len(FAILED) == 1:
        appwrite.fire("users.ann.create")
        appwrite.functions["boom"].call()


def test_the_random_sequence_is_the_tests_own(appwrite):
    random.seed(7)
    appwrite.functions["greet"].call(user="ann")
    assert random.random() == random.Random(7).random()


def test_in_another_year(appwrite):
    with time_machine.travel(datetime(2040, 5, 1, tzinfo=UTC), tick=False):
        assert appwrite.functions["greet"].call(user="ann").status == "completed"
        assert appwrite.functions["greet"].call(user="ann").status == "completed"
    ids = [each.id for each in appwrite.executions("greet")]
    assert len(set(ids)) == 2


def test_after_that_year(appwrite):
    assert appwrite.functions["greet"].call(user="ann").status == "completed"
    assert abs((datetime.now(UTC) - appwrite.clock.now).total_seconds()) < 5


@pytest.mark.asyncio
async def test_in_a_loop(appwrite):
    assert appwrite.functions["greet"].call(user="ann").status == "completed"


class TestOfNoPlugin:
    @pytest.mark.parametrize("number", [1, 2])
    async def test_in_a_loop(self, appwrite, number):
        call = appwrite.functions["greet"].call
        calls = [asyncio.to_thread(call, user="ann") for _ in range(number)]
        assert {each.status for each in await asyncio.gather(*calls)} == {"completed"}
"""


@pytest.fixture
def suite(reachable: Path) -> Suite:
    suite = Suite(reachable)
    for name, text in FUNCTIONS.items():
        suite.write(name, text)
    suite.write("pytest.ini", "[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return suite


def test_each_worker_has_an_emulator_of_its_own(suite: Suite) -> None:
    suite.write("conftest.py", ANNOUNCING)
    suite.write("test_it.py", SPREAD)

    ran = suite.run("-q", "-n", "2", "--appwrite-logs", timeout=100)

    assert "12 passed" in ran.output, ran.output
    told = [json.loads(path.read_text()) for path in suite.folder.glob("worker-*.json")]
    assert len(told) == 2
    assert all(len(set(values)) == 2 for values in zip(*told, strict=True))
    assert (ran.processes, ran.ports, ran.files) == ([], [], [])
    # what workers saw is told by the process that has the terminal
    _, _, left = ran.output.partition("appwrite: 1 test left something behind")
    assert "test_it.py::test_alone[5]: Execution " in left
    assert "of function greet was still to come" in left
    assert "test_it.py::test_alone[0]: appwrite executions" in ran.output


def test_tests_may_be_run_again_shuffled_in_other_times_and_in_loops(suite: Suite) -> None:
    suite.write("test_it.py", AGAIN)

    ran = suite.run("-q", "-rA", "-p", "randomly", "-p", "time_machine", timeout=100)

    assert "random" in ran.output, "pytest-randomly tells its seed"
    told = outcomes(ran)
    assert {name for name, outcome in told.items() if outcome == "FAILED"} == set(), ran.output
    assert "8 passed" in ran.output
    assert ran.code == 0
    assert "3 rerun" in ran.output
