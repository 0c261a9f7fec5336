"""`appwrite-emulator clock`, run as users run it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from .command import PYTHON, Running, launched, project, run, source, started

pytestmark = pytest.mark.timeout(60)  # each command is a process of its own


@pytest.fixture
def emulator() -> Iterator[Running]:
    with started("--memory") as running:
        yield running


def clock(emulator: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("clock", *arguments, "--url", emulator.endpoint)


def said(emulator: Running, *arguments: str) -> str:
    done = clock(emulator, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_time_is_told_moved_held_and_let_go(emulator: Running) -> None:
    first, second = said(emulator, "show").splitlines()
    assert first.endswith("+00:00, the machine's time")
    assert re.fullmatch(r"  \S+\+00:00  maintenance", second)

    assert (
        said(emulator, "freeze", "2030-01-31T12:00Z")
        .splitlines()[0]
        .startswith("2030-01-31T12:00:00.000+00:00, ")
    )
    first, due, ended = said(emulator, "advance", "1d12h").splitlines()
    assert first == "2030-01-31T12:00:00.000+00:00 to 2030-02-02T00:00:00.000+00:00"
    assert (due, ended) == ("  due: maintenance 1", "  ended: maintenance 1")

    assert said(emulator, "set", "2000-01-01").splitlines() == [
        "2030-02-02T00:00:00.000+00:00 to 2000-01-01T00:00:00.000+00:00"
    ]
    shown = said(emulator, "show").splitlines()[0]
    assert re.search(r"\d+ days, \S+ behind the machine's time, standing still$", shown)

    said(emulator, "set", "now")
    assert "standing still" not in said(emulator, "resume")
    told = json.loads(said(emulator, "show", "--json"))
    moment = datetime.fromisoformat(told["now"])
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_what_programs_want_is_the_answer_itself(emulator: Running) -> None:
    journey = json.loads(said(emulator, "advance", "90m", "--json"))
    assert list(journey) == ["from", "to", "wakes", "timers", "leftOut", "works"]
    told = json.loads(said(emulator, "freeze", "--json"))
    assert told["frozen"] is True
    assert told["offset"] == pytest.approx(5400, abs=60)


def test_a_refusal_is_one_line(emulator: Running) -> None:
    done = clock(emulator, "set", "9001-01-01")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("appwrite-emulator: The clock goes from 1970-01-01T00:00:00.000")
    assert len(done.stderr.splitlines()) == 1


def test_where_it_is_may_be_said_before_and_after_what_to_do(emulator: Running) -> None:
    there = ("--url", emulator.endpoint)
    for arguments in (there, ("--json", *there), (*there, "show"), (*there, "freeze", "--json")):
        done = run("clock", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["frozen"] is True


def test_a_step_back_is_refused_as_one(emulator: Running) -> None:
    done = clock(emulator, "advance", "-1h")
    assert (done.returncode, done.stdout) == (2, "")
    assert "The clock advances forward only, not by -1h. `clock set` goes back." in done.stderr


def test_a_run_that_a_jump_leaves_out_is_told_as_left_out(tmp_path: Path) -> None:
    settings = {"runtime": "python-3.12", "entrypoint": "main.py", "schedule": "0 * * * *"}
    project(tmp_path, {"$id": "hourly", **settings})
    source(tmp_path, "hourly/main.py", PYTHON)
    with started(str(tmp_path), "--memory") as emulator:
        said(emulator, "freeze", "2030-01-31T12:30Z")
        lines = said(emulator, "set", "2030-01-31T18:30Z").splitlines()
        assert lines[1:] == ["  left out: schedule 1"]
        lines = said(emulator, "advance", "1h").splitlines()
        assert lines[1:] == ["  due: schedule 1", "  ended: execution 1"]


def test_a_stop_ends_an_advance_on_its_way(emulator: Running) -> None:
    base = emulator.endpoint.removesuffix("/v1")
    with launched("clock", "advance", "100000d", "--url", base) as advancing:
        while offset(base) < 86_400:
            pass  # it has not begun
        assert emulator.stop() == 0
        assert advancing.wait(30) == 2


def offset(base: str) -> float:
    """Seconds by which the clock is ahead of the machine's."""
    with urlopen(f"{base}/_emulator/clock") as reply:
        return float(json.load(reply)["offset"])
