"""The pytest fixture: what a session, each of its tests and the plugin itself cost."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.plugin import crowd
from tests.plugin.suites import Suite, environment

NOTHING, CALL, EVENT = "nothing", "one warm call", "one event"
KINDS = (NOTHING, CALL, EVENT)
SERIALLY, AT_ONCE = "serially", "-n 4"
MODES = {SERIALLY: ("-p", "no:xdist"), AT_ONCE: ("-n", "4")}
WITH, WITHOUT = "with the plugin", "without"

FIGURES = "figures.json"
WATCH = """\
import json
import os
import time

import pytest

TAKEN, OWN = {}, {}
MOMENTS = {}


def pytest_collection_finish(session):
    MOMENTS["collected"] = time.perf_counter()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    began = time.perf_counter()
    result = yield
    TAKEN[item.nodeid] = time.perf_counter() - began
    return result


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_pyfunc_call(pyfuncitem):
    began = time.perf_counter()
    MOMENTS.setdefault("first", began)
    result = yield
    OWN[pyfuncitem.nodeid] = time.perf_counter() - began
    return result


def pytest_unconfigure():
    if OWN:
        figures = {
            "ready": MOMENTS["first"] - MOMENTS["collected"],
            "added": {id: TAKEN[id] - own for id, own in OWN.items()},
        }
        with open(os.path.join(os.environ["SUITE"], "figures.json"), "w") as file:
            json.dump(figures, file)
"""
TESTS = """\
import pytest

ROUNDS = range({rounds})


@pytest.mark.parametrize("round", ROUNDS)
def test_nothing(appwrite, round):
    pass


@pytest.mark.parametrize("round", ROUNDS)
def test_call(appwrite, round):
    assert appwrite.functions["f0"].call("hello").text == "hello"


@pytest.mark.parametrize("round", ROUNDS)
def test_event(appwrite, round):
    (execution,) = appwrite.fire("buckets.photos.files.cat.create", {{"name": "cat.jpg"}})
    assert execution.status == "completed"


@pytest.mark.parametrize("round", ROUNDS)
def test_bare(round):
    pass
"""
IDLE = "def test_nothing():\n    pass\n"
IMPORT = """\
import time, pytest
began = time.perf_counter()
import appwrite_emulator.pytest_plugin
print(time.perf_counter() - began)
"""
_WARM_UP = 3  # tests of each kind: the first calls start processes


class Session(NamedTuple):
    """What sessions of tests took, in seconds."""

    ready: float  # from the end of the collection to the first test's own code
    added: dict[str, list[float]]  # to each test, by kind: all but its own code and pytest itself


class Crowd(NamedTuple):
    """How long the same tests take, and what was left of them."""

    seconds: float
    left: int  # processes, ports and files


class Cost(NamedTuple):
    """What the plugin costs a run of one test that does not use it, in seconds."""

    imported: float
    runs: dict[str, float]  # of CPU


def measure(functions: int, rounds: int, sessions: int) -> Session:
    """The best session over so many functions, and all of `rounds` tests of each kind in each."""
    with _suite() as suite:
        crowd.lay_functions(suite, functions, {"f0": ("buckets.*.files.*.create",)})
        suite.write("conftest.py", WATCH)
        suite.write("test_costs.py", TESTS.format(rounds=rounds + _WARM_UP))
        taken = [_session(suite, rounds) for _ in range(sessions)]
    ready = min(each.ready for each in taken)
    added = {kind: sorted(one for each in taken for one in each.added[kind]) for kind in KINDS}
    return Session(ready, added)


def _session(suite: Suite, rounds: int) -> Session:
    _passed(suite, "-q", "-p", "no:xdist")
    figures = json.loads((suite.place / FIGURES).read_text())
    added = {each: _of(each, figures["added"]) for each in ("nothing", "call", "event", "bare")}
    bare = added.pop("bare")[rounds // 2]
    kinds = zip(KINDS, added.values(), strict=True)
    return Session(figures["ready"], {kind: [one - bare for one in all] for kind, all in kinds})


def measure_crowd(functions: int, tests: int) -> dict[str, Crowd]:
    """The same many tests, one after the other and by four processes."""
    taken = {}
    for name, arguments in MODES.items():
        with _suite() as suite:
            crowd.lay(suite, functions, tests)
            began = time.perf_counter()
            left = _passed(suite, "-q", *arguments)
            taken[name] = Crowd(time.perf_counter() - began, left)
    return taken


def measure_cost(rounds: int) -> Cost:
    """The best of `rounds` runs with and without the plugin, in turns, and of imports."""
    runs = {WITH: ("-p", "appwrite_emulator.pytest_plugin"), WITHOUT: ()}
    best: dict[str, float] = {}
    imported = []
    with _suite() as suite:
        suite.write("test_idle.py", IDLE)
        for _ in range(rounds):
            for name, arguments in runs.items():
                seconds = _cpu([*_PYTEST, *arguments], suite.folder)
                best[name] = min(seconds, best.get(name, seconds))
            command = [sys.executable, "-c", IMPORT]
            imported.append(float(subprocess.check_output(command, env=environment())))
    return Cost(min(imported), best)


_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
_INI = "[pytest]\naddopts = -p no:asyncio -p no:randomly -p no:rerunfailures -p no:time_machine\n"
_NO_OTHERS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _of(kind: str, added: dict[str, float]) -> list[float]:
    """The figures of one kind of test, ascending, without its first."""
    return sorted([each for id, each in added.items() if f"::test_{kind}[" in id][_WARM_UP:])


def _passed(suite: Suite, *arguments: str) -> int:
    """Run it; how many things were left."""
    ran = suite.run(*arguments, timeout=900)
    if ran.code:
        raise SystemExit(f"pytest {' '.join(arguments)} failed:\n{ran.output[-2000:]}")
    return len(ran.processes) + len(ran.files) + len(ran.ports)


def _cpu(command: list[str], folder: Path) -> float:
    """Seconds of CPU that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = environment(**_NO_OTHERS)
    subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def _suite() -> Iterator[Suite]:
    with tempfile.TemporaryDirectory(prefix="appwrite-emulator-bench-") as folder:
        os.chmod(folder, 0o755)  # functions run as another user when this is root
        suite = Suite(Path(folder))
        suite.write("pytest.ini", _INI)
        yield suite
