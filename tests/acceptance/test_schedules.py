"""Schedules as users meet them: at the start, by the commands, and by the real clock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from appwrite_emulator import Emulator

from .command import Running, lines_with, project, run, source, started
from .test_live_logs import deploy, lines_until, serving

CODE = """import os
def main(context):
    context.log("called by", context.req.headers["x-appwrite-trigger"])
    assert "BREAK" not in os.environ, "broken"
    return context.res.text("")
"""
TICK = """import time
def main(context):
    context.log(f"at {time.time() % 60:.3f}")
    return context.res.text("")
"""
NIGHTLY = {
    "$id": "nightly",
    "runtime": "python-3.12",
    "entrypoint": "main.py",
    "schedule": "0 3 * * *",
}


@pytest.fixture
def emulator(reachable: Path) -> Iterator[Running]:
    """An emulator with a function that runs every night and one that does not."""
    source(reachable, "nightly/main.py", CODE)
    source(reachable, "plain/main.py", CODE)
    plain = {**NIGHTLY, "$id": "plain", "schedule": ""}
    with started(str(project(reachable, NIGHTLY, plain)), "--memory") as running:
        yield running
        assert running.stop() == 0


def test_the_start_says_when_functions_run_by_themselves(emulator: Running) -> None:
    (nightly,) = lines_with(emulator.lines, "✓ nightly")
    (plain,) = lines_with(emulator.lines, "✓ plain")
    assert re.search(r"deployed in \d\.\d s, next run \d{4}-\d\d-\d\d 03:00 UTC$", nightly)
    assert plain.endswith(" s")


def test_schedules_are_listed_for_people_and_programs(emulator: Running) -> None:
    text = run("schedules", "--url", emulator.endpoint)
    assert re.fullmatch(r"nightly  0 3 \* \* \*  \d{4}-\d\d-\d\d 03:00 UTC\n", text.stdout)
    programs = run("schedules", "--json", "--project", "shop", "--url", emulator.endpoint)
    (only,) = json.loads(programs.stdout)["schedules"]
    assert (only["project"], only["functionId"], only["active"]) == ("shop", "nightly", True)
    nothing = run("schedules", "--project", "other", "--url", emulator.endpoint)
    assert (nothing.returncode, nothing.stdout) == (0, "No function has a schedule.\n")


def test_a_run_by_hand_is_told_and_its_failure_too(emulator: Running) -> None:
    where = ("--url", emulator.endpoint)
    begun = run("trigger", "schedule", "nightly", *where)
    assert re.fullmatch(r"nightly  execution [0-9a-f]{20}\n", begun.stdout)
    ended = run("trigger", "schedule", "nightly", "--wait", *where)
    assert re.fullmatch(r"✓ nightly  completed in \d+\.\d{3} s\n", ended.stdout)
    assert ", last 20" in run("schedules", *where).stdout
    variable = {"variableId": "v", "key": "BREAK", "value": "1"}
    emulator.call("/functions/nightly/variables", variable, project="shop")
    broken = run("trigger", "schedule", "nightly", "--wait", *where)
    assert broken.returncode == 1
    assert broken.stdout.startswith("✗ nightly  failed in ")
    assert "broken" in broken.stdout
    programs = json.loads(run("trigger", "schedule", "nightly", "--json", *where).stdout)
    assert (programs["functionId"], programs["trigger"]) == ("nightly", "schedule")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("nihgtly",), "There is no function 'nihgtly' in project 'shop'. Did you mean nightly?"),
        (("plain",), "Function 'plain' of project 'shop' has no schedule. Give it one,"),
        (("nightly", "--project", "no"), "There is no function 'nightly' in project 'no': it has"),
        ((" ",), "`function` param"),
    ],
)
def test_what_cannot_be_run_by_hand_says_why(
    emulator: Running, arguments: tuple[str, ...], text: str
) -> None:
    refused = run("trigger", "schedule", *arguments, "--url", emulator.endpoint)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("appwrite-emulator: ")
    assert text in refused.stderr


def test_without_an_emulator_the_commands_say_how_to_get_one(tmp_path: Path) -> None:
    for arguments in (("schedules",), ("trigger", "schedule", "f")):
        nobody = run(*arguments, "--url", "http://127.0.0.1:9")
        assert nobody.returncode == 2
        assert "Start one by appwrite-emulator start" in nobody.stderr


async def test_a_program_runs_a_schedule_now() -> None:
    async with serving() as (emulator, http):
        await deploy(emulator, http, "tick", TICK)
        trigger = emulator.services.schedules.trigger
        with pytest.raises(LookupError, match="'tick' of project 'demo' has no schedule"):
            trigger("tick")
        settings = {"name": "tick", "schedule": "0 3 * * *"}
        (await http.put("/v1/functions/tick", json=settings)).raise_for_status()
        execution = trigger("tick")
        await emulator.control.settle()
        path = f"/v1/functions/tick/executions/{execution.id}"
        assert (await http.get(path)).json()["status"] == "completed"


def test_a_program_with_an_emulator_in_a_thread_is_told_what_it_lacks() -> None:
    with Emulator(port=0) as emulator, pytest.raises(LookupError, match="There is no function"):
        emulator.trigger_schedule("f")


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_a_function_runs_within_a_second_of_its_minute_by_the_real_clock() -> None:
    async with serving() as (emulator, http):
        await deploy(emulator, http, "tick", TICK)
        settings = {"name": "tick", "schedule": "* * * * *"}
        (await http.put("/v1/functions/tick", json=settings)).raise_for_status()
        async with http.stream("GET", "/_emulator/logs?function=tick", timeout=80) as reply:
            said = await lines_until(reply, "at ", patience=75)
        await emulator.control.settle()
        listed = (await http.get("/v1/functions/tick/executions")).json()["executions"]
    assert float(said[-1].rpartition(" ")[2]) < 1
    assert [execution["status"] for execution in listed] == ["completed"]
    assert listed[0]["$createdAt"][17:19] == "00"
