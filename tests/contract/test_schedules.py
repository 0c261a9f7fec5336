"""Functions that run by themselves, by a clock that the test moves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appwrite_emulator import ManualClock

from .gate import Gate
from .people import claims, new_user
from .server import Json, Project, Reply, Server, serving

START = datetime(2030, 1, 1, 9, 59, 30, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
TELL = """import json
def main(context):
    req = context.req
    context.log(json.dumps([req.method, req.path, req.body_text, dict(req.headers)]))
    return context.res.text("done")
"""
LIST = "/functions/f/executions"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def server(clock: ManualClock) -> Iterator[Server]:
    with serving(memory=True, clock=clock) as running:
        yield running


@pytest.fixture
def project(server: Server) -> Project:
    return ticking(server)


def ticking(server: Server) -> Project:
    """A project whose function runs by itself every five minutes: next in half a minute."""
    made = server.project()
    made.function(schedule="*/5 * * * *", execute=[])
    made.deploy("f", {"main.py": TELL})
    return made


def pass_time(server: Server, clock: ManualClock, step: timedelta) -> None:
    """Move the clock, and wait until what was due has ended."""
    server.run(clock.advance, step)
    server.run(server.emulator.services.ground.timers.run_due)
    server.run(server.emulator.control.settle)


def at(server: Server, clock: ManualClock, text: str) -> None:
    """Let it be that time of the first day."""
    hour, minute = map(int, text.split(":"))
    pass_time(server, clock, START.replace(hour=hour, minute=minute, second=0) - clock.now())


def runs(project: Project) -> list[str]:
    """When the function was called."""
    executions = project.get(LIST).expect(200)["executions"]
    return [execution["$createdAt"][11:16] for execution in executions]


def outlooks(project: Project) -> list[Json]:
    target = f"/_emulator/schedules?project={project.id}"
    listed = project.server.call("GET", target).expect(200)
    assert listed["total"] == len(listed["schedules"])
    return list(listed["schedules"])


def outlook(project: Project) -> Json:
    (only,) = outlooks(project)
    return only


def timers(server: Server) -> list[str]:
    """The keys of those that are set for schedules and scheduled executions."""
    keys = [timer.key for timer in server.emulator.services.ground.timers.all()]
    return [key for key in keys if key.startswith(("schedule:", "execution:"))]


def trigger(project: Project, params: Json) -> Reply:
    """Run a function of the project by hand."""
    body = json.dumps({"project": project.id} | params).encode()
    return project.server.call("POST", "/_emulator/trigger/schedule", {}, body)


def test_a_function_runs_at_its_minutes(
    server: Server, clock: ManualClock, project: Project
) -> None:
    pass_time(server, clock, 29 * SECOND)
    assert runs(project) == []
    pass_time(server, clock, SECOND)
    assert runs(project) == ["10:00"]
    pass_time(server, clock, 4 * MINUTE)
    assert runs(project) == ["10:00"]
    pass_time(server, clock, MINUTE)
    pass_time(server, clock, 5 * MINUTE)
    assert runs(project) == ["10:00", "10:05", "10:10"]


@pytest.mark.parametrize("era", ["1.9", "1.6"])
def test_what_a_schedule_calls_is_told_so_and_nothing_else(clock: ManualClock, era: str) -> None:
    with serving(memory=True, clock=clock, appwrite=era) as server:
        project = ticking(server)
        at(server, clock, "10:00")
        (execution,) = project.get(LIST).expect(200)["executions"]
    method, path, body, headers = json.loads(execution.pop("logs"))
    assert (method, path, body) == ("POST", "/", "")
    assert headers["x-appwrite-trigger"] == "schedule"
    for name in ("event", "user-id", "user-jwt", "country-code", "continent-code"):
        assert headers[f"x-appwrite-{name}"] == "", name
    assert headers["x-appwrite-execution-id"] == execution["$id"]
    assert headers["x-appwrite-key"]
    assert not {"content-type", "user-agent", "x-appwrite-client-ip"} & headers.keys()
    expected = {
        "trigger": "schedule",
        "status": "completed",
        "$permissions": [],
        "requestMethod": "POST",
        "requestPath": "/",
        "requestHeaders": [],
        "responseStatusCode": 200,
        "responseBody": "",
        "scheduledAt": None,
        "errors": "",
    }
    assert {key: execution[key] for key in expected} == expected
    assert execution["duration"] > 0


def test_it_runs_from_its_first_deployment_on_though_never_in_the_minute_that_has_begun(
    server: Server, clock: ManualClock
) -> None:
    project = server.project()
    project.function(schedule="* * * * *")
    assert outlook(project)["obstacle"] == "it has no active deployment"
    at(server, clock, "10:00")
    project.deploy("f", {"main.py": TELL})
    assert (outlook(project)["active"], outlook(project)["next"][11:16]) == (True, "10:01")
    pass_time(server, clock, 59 * SECOND)
    assert runs(project) == []
    pass_time(server, clock, SECOND)
    assert runs(project) == ["10:01"]


def test_a_deployment_that_is_not_activated_does_not_run_until_it_is(
    server: Server, clock: ManualClock
) -> None:
    project = server.project()
    project.function(schedule="* * * * *")
    id = project.deploy("f", {"main.py": TELL}, activate="false")["$id"]
    assert not outlook(project)["active"]
    project.patch("/functions/f/deployment", {"deploymentId": id}).expect(200)
    assert outlook(project)["active"]


def test_a_new_schedule_counts_at_once_and_none_ends_it(
    server: Server, clock: ManualClock, project: Project
) -> None:
    project.put("/functions/f", {"name": "f", "schedule": "2 * * * *"}).expect(200)
    at(server, clock, "10:00")
    at(server, clock, "10:02")
    assert runs(project) == ["10:02"]
    project.put("/functions/f", {"name": "f", "schedule": ""}).expect(200)
    assert outlooks(project) == []
    at(server, clock, "11:02")
    assert runs(project) == ["10:02"]


def test_an_update_in_the_minute_of_a_run_loses_it_not(
    server: Server, clock: ManualClock, project: Project
) -> None:
    async def move_and_update() -> None:
        clock.advance(30 * SECOND)  # due, but not looked at before the function changes
        functions = server.emulator.services.functions
        functions.note_variables(functions.get(project.id, "f"))

    server.run(move_and_update)
    pass_time(server, clock, SECOND)
    assert runs(project) == ["10:00"]


def test_a_disabled_function_runs_all_the_same(
    server: Server, clock: ManualClock, project: Project
) -> None:
    settings = {"name": "f", "schedule": "*/5 * * * *", "enabled": False}
    project.put("/functions/f", settings).expect(200)
    at(server, clock, "10:00")
    assert runs(project) == ["10:00"]


def test_without_its_deployment_it_goes_on_until_it_is_settled_anew(
    server: Server, clock: ManualClock, project: Project
) -> None:
    deployment = project.get("/functions/f/deployments").expect(200)["deployments"][0]["$id"]
    project.delete(f"/functions/f/deployments/{deployment}").expect(204)
    at(server, clock, "10:00")
    (failed,) = project.get(LIST).expect(200)["executions"]
    assert (failed["status"], failed["responseStatusCode"]) == ("failed", 0)
    assert failed["errors"].startswith("The execution could not be completed because a corr")
    assert (outlook(project)["active"], outlook(project)["next"][11:16]) == (True, "10:05")
    project.post("/functions/f/variables", {"variableId": "v", "key": "A", "value": "1"})
    assert outlook(project)["active"] is False
    at(server, clock, "10:05")
    assert runs(project) == ["10:00"]


@pytest.mark.parametrize("change", ["update", "create", "change", "delete", "build"])
def test_each_change_of_function_variable_or_build_settles_it_anew(
    project: Project, change: str
) -> None:
    path = "/functions/f/variables"
    project.post(path, {"variableId": "v", "key": "A", "value": "1"}).expect(201)
    deployment = project.get("/functions/f/deployments").expect(200)["deployments"][0]["$id"]
    project.delete(f"/functions/f/deployments/{deployment}").expect(204)
    assert outlook(project)["active"]
    match change:
        case "update":
            project.put("/functions/f", {"name": "g", "schedule": "*/5 * * * *"}).expect(200)
        case "create":
            project.post(path, {"variableId": "w", "key": "B", "value": "1"}).expect(201)
        case "change":
            project.put(f"{path}/v", {"key": "A", "value": "2"}).expect(200)
        case "delete":
            project.delete(f"{path}/v").expect(204)
        case "build":
            project.deploy("f", {"main.py": TELL}, activate="false")
    assert not outlook(project)["active"]


def test_a_deleted_function_runs_no_more(
    server: Server, clock: ManualClock, project: Project
) -> None:
    project.delete("/functions/f").expect(204)
    assert outlooks(project) == []
    assert timers(project.server) == []
    project.function(schedule="*/5 * * * *")  # another one of the same name
    at(server, clock, "10:00")
    assert runs(project) == []


def test_what_was_missed_is_not_made_up(
    server: Server, clock: ManualClock, project: Project
) -> None:
    at(server, clock, "11:02")
    assert runs(project) == []
    at(server, clock, "11:05")
    assert runs(project) == ["11:05"]


def test_a_run_may_be_a_minute_late(server: Server, clock: ManualClock, project: Project) -> None:
    pass_time(server, clock, 30 * SECOND + MINUTE)
    assert runs(project) == ["10:01"]
    pass_time(server, clock, 5 * MINUTE)
    pass_time(server, clock, 6 * MINUTE)
    assert runs(project) == ["10:01", "10:06"]


def test_a_minute_that_the_machine_is_busy_costs_no_run_and_longer_sleep_all_of_them(
    server: Server, clock: ManualClock, project: Project
) -> None:
    project.put("/functions/f", {"name": "f", "schedule": "* * * * *"}).expect(200)
    pass_time(server, clock, 30 * SECOND + MINUTE)
    assert runs(project) == ["10:01", "10:01"], "that of 10:00, and that of 10:01"
    pass_time(server, clock, 4 * MINUTE)
    assert len(runs(project)) == 2
    pass_time(server, clock, MINUTE)
    assert len(runs(project)) == 3


def test_runs_may_overlap(server: Server, clock: ManualClock, project: Project, gate: Gate) -> None:
    project.deploy("f", {"main.py": gate.main})
    server.run(clock.advance, 30 * SECOND)
    with gate.reached():
        project.deploy("f", {"main.py": TELL})
        server.run(clock.advance, 5 * MINUTE)
        server.run(server.emulator.services.ground.timers.run_due)
        second = project.get(LIST).expect(200)["executions"][1]
        assert project.executed("f", second["$id"])["status"] == "completed"
    server.run(server.emulator.control.settle)
    executions = project.get(LIST).expect(200)["executions"]
    assert [execution["status"] for execution in executions] == ["completed", "completed"]


def test_a_restore_brings_schedules_back_and_a_reset_ends_them(
    server: Server, clock: ManualClock, project: Project
) -> None:
    seed = server.run(server.emulator.control.snapshot)
    project.put("/functions/f", {"name": "f", "schedule": "1 * * * *"}).expect(200)
    other = server.project()
    other.function(schedule="1 * * * *")
    server.run(server.emulator.control.restore, seed.id)
    assert outlook(project)["schedule"] == "*/5 * * * *"
    assert outlooks(other) == []
    at(server, clock, "10:00")
    at(server, clock, "10:01")
    assert runs(project) == ["10:00"]
    server.run(server.emulator.control.reset, project.id)
    assert (outlooks(project), timers(server)) == ([], [])


def test_the_reset_of_a_project_leaves_the_schedules_of_others(
    server: Server, clock: ManualClock, project: Project
) -> None:
    other = server.project()
    server.run(server.emulator.control.reset, other.id)
    at(server, clock, "10:00")
    assert runs(project) == ["10:00"]


def test_schedules_are_there_after_a_restart(state: Path, clock: ManualClock) -> None:
    with serving(state=state, clock=clock) as server:
        project = server.project("kept")
        project.function(schedule="*/5 * * * *")
        project.deploy("f", {"main.py": TELL})
    clock.advance(HOUR)  # nothing runs while nothing runs
    with serving(state=state, clock=clock) as server:
        project = server.project("kept")
        assert outlook(project)["next"][11:16] == "11:00"
        assert runs(project) == []
        at(server, clock, "11:00")
        assert runs(project) == ["11:00"]


def test_the_list_tells_when_functions_run_and_did(
    server: Server, clock: ManualClock, project: Project
) -> None:
    project.function("idle", schedule="@daily", name="Idle")
    project.function("plain")
    first = {
        "project": project.id,
        "functionId": "f",
        "name": "f",
        "schedule": "*/5 * * * *",
        "active": True,
        "obstacle": None,
        "next": "2030-01-01T10:00:00.000+00:00",
        "previous": None,
    }
    second = {
        **first,
        "functionId": "idle",
        "name": "Idle",
        "schedule": "@daily",
        "active": False,
        "obstacle": "it has no active deployment",
        "next": None,
    }
    assert outlooks(project) == [first, second]
    at(server, clock, "10:00")
    assert outlooks(project)[0] == first | {
        "next": "2030-01-01T10:05:00.000+00:00",
        "previous": "2030-01-01T10:00:00.000+00:00",
    }


def test_a_run_by_hand_is_one_of_the_schedule(project: Project) -> None:
    accepted = trigger(project, {"function": "f"}).expect(202)
    assert (accepted["trigger"], accepted["status"]) == ("schedule", "waiting")
    project.server.run(project.server.emulator.control.settle)
    ended = project.get(f"{LIST}/{accepted['$id']}").expect(200)
    assert ended["status"] == "completed"
    assert '"x-appwrite-trigger": "schedule"' in ended["logs"]
    assert outlook(project)["next"][11:16] == "10:00"


def test_a_run_by_hand_can_be_waited_for(project: Project) -> None:
    ended = trigger(project, {"function": "f", "wait": 10}).expect(200)
    assert (ended["status"], ended["responseStatusCode"]) == ("completed", 200)
    assert '"x-appwrite-trigger": "schedule"' in ended["logs"]


def test_a_run_by_hand_that_does_not_end_is_named(project: Project, gate: Gate) -> None:
    project.deploy("f", {"main.py": gate.main})
    status, kind, text = trigger(project, {"function": "f", "wait": 0}).error
    assert (status, kind) == (408, "emulator_not_settled")
    assert "of function f in project" in text
    gate.let_pass()


@pytest.mark.parametrize(
    ("params", "type", "message"),
    [
        ({"function": "fish"}, "emulator_schedule_not_found", "There are: f, idle."),
        ({"function": "idel"}, "emulator_schedule_not_found", "Did you mean idle?"),
        (
            {"function": "idle"},
            "emulator_schedule_not_found",
            "has no schedule. Give it one, a cron",
        ),
        (
            {"function": "f", "project": "elsewhere"},
            "emulator_schedule_not_found",
            "There is no function 'f' in project 'elsewhere': it has none.",
        ),
        ({}, "general_argument_invalid", 'Param "function" is not optional.'),
        ({"function": ""}, "general_argument_invalid", "`function` param"),
        ({"function": ["f"]}, "general_argument_invalid", "`function` param"),
        ({"function": "f", "wait": -1}, "general_argument_invalid", "`wait` param"),
        ({"function": "f", "at": "now"}, "general_argument_invalid", 'Unknown param "at".'),
    ],
)
def test_what_cannot_be_run_by_hand_is_refused_with_a_way_out(
    project: Project, params: Json, type: str, message: str
) -> None:
    project.function("idle")
    status, kind, text = trigger(project, params).error
    assert kind == type
    assert status == (404 if kind.startswith("emulator") else 400)
    assert message in text


def test_the_clock_brings_each_run_in_its_order(project: Project, clock: ManualClock) -> None:
    journey = project.server.run(project.server.emulator.services.calendar.advance, HOUR)
    assert journey.acted["schedule"] == 12
    assert runs(project) == [f"10:{minute:02}" for minute in range(0, 60, 5)]
    project.server.run(project.server.emulator.services.calendar.set, START)
    at(project.server, clock, "10:00")
    assert len(runs(project)) == 13, "what the clock comes to again happens again"


def scheduled(project: Project, time: str, **params: Json) -> str:
    """Let the function be executed at a time of the first day; the execution's id."""
    body = {"async": True, "scheduledAt": f"2030-01-01T{time}:00.000+00:00", **params}
    made = project.post(LIST, body).expect(202)
    assert (made["status"], made["trigger"]) == ("scheduled", "schedule")
    return str(made["$id"])


@pytest.fixture
def calm(server: Server) -> Project:
    """A project whose function runs when it is called."""
    made = server.project()
    made.function()
    made.deploy("f", {"main.py": TELL})
    return made


def test_a_scheduled_execution_begins_at_its_moment_as_it_was_asked_for(
    server: Server, clock: ManualClock, calm: Project
) -> None:
    headers = {"x-own": "1", "content-type": "text/css"}
    asked: Json = {"method": "PUT", "path": "/a?b=c", "body": "text", "headers": headers}
    id = scheduled(calm, "10:02", **asked)
    at(server, clock, "10:01")
    pass_time(server, clock, 59 * SECOND)
    assert calm.get(f"{LIST}/{id}").expect(200)["status"] == "scheduled"
    pass_time(server, clock, SECOND)
    (ended,) = calm.get(LIST).expect(200)["executions"]
    assert (ended["$id"], ended["status"], ended["trigger"]) == (id, "completed", "schedule")
    assert ended["scheduledAt"] == "2030-01-01T10:02:00.000+00:00"
    method, path, body, seen = json.loads(ended["logs"])
    assert (method, path, body) == ("PUT", "/a", "text")
    assert (seen["x-own"], seen["content-type"]) == ("1", "text/css")
    assert (seen["x-appwrite-trigger"], seen["x-appwrite-event"]) == ("schedule", "")
    assert timers(server) == []


TOO_SOON = (
    400,
    "general_bad_request",
    "Execution schedule must be a valid date, and at least 1 minute from now",
)


@pytest.mark.parametrize("era", ["1.9", "1.6"])
def test_an_execution_is_scheduled_for_more_than_a_minute_from_now(
    clock: ManualClock, era: str
) -> None:
    body = {"async": True, "scheduledAt": "2030-01-01T10:02:00.000+00:00"}
    with serving(memory=True, clock=clock, appwrite=era) as server:
        calm = server.project()
        calm.function()
        calm.deploy("f", {"main.py": TELL})
        for format in ("1.4.0", "1.6.0", "1.8.0", "1.9.0"):
            for early in (0.001, 0.5, 1):
                server.run(clock.set, START.replace(hour=10, minute=1, second=0) - early * SECOND)
                made = calm.at(format).post(LIST, body).expect(202)
                assert (made["status"], made["trigger"]) == ("scheduled", "schedule")
                calm.delete(f"{LIST}/{made['$id']}").expect(204)
            for late in (0, 0.001, 0.999, 1, 59, 60, 120):
                server.run(clock.set, START.replace(hour=10, minute=1, second=0) + late * SECOND)
                assert calm.at(format).post(LIST, body).error == TOO_SOON, late
        assert timers(server) == []


def test_a_user_who_scheduled_is_known_to_the_function(
    server: Server, clock: ManualClock, calm: Project
) -> None:
    id = scheduled(new_user(calm, "ann"), "10:02")
    at(server, clock, "10:02")
    _, _, _, seen = json.loads(calm.get(f"{LIST}/{id}").expect(200)["logs"])
    assert seen["x-appwrite-user-id"] == "ann"
    known = claims(seen["x-appwrite-user-jwt"])
    assert (known["userId"], "sessionId" in known) == ("ann", False)


def test_a_scheduled_execution_that_was_deleted_never_begins(
    server: Server, clock: ManualClock, calm: Project
) -> None:
    id = scheduled(calm, "10:02")
    assert timers(server) == [f"execution:{calm.id}/{id}"]
    calm.delete(f"{LIST}/{id}").expect(204)
    assert timers(server) == []
    at(server, clock, "10:02")
    assert runs(calm) == []


def test_scheduled_executions_go_with_their_function(
    server: Server, clock: ManualClock, calm: Project
) -> None:
    scheduled(calm, "10:02")
    calm.delete("/functions/f").expect(204)
    assert timers(server) == []


def test_a_restore_brings_scheduled_executions_back(
    server: Server, clock: ManualClock, calm: Project
) -> None:
    first, second = scheduled(calm, "10:02"), scheduled(calm, "11:00")
    seed = server.run(server.emulator.control.snapshot)
    calm.delete(f"{LIST}/{second}").expect(204)
    at(server, clock, "10:05")
    server.run(server.emulator.control.restore, seed.id)
    pass_time(server, clock, SECOND)
    statuses = {id: calm.get(f"{LIST}/{id}").expect(200)["status"] for id in (first, second)}
    assert statuses == {first: "completed", second: "scheduled"}, "what is overdue runs at once"
    at(server, clock, "11:00")
    assert calm.get(f"{LIST}/{second}").expect(200)["status"] == "completed"


def test_scheduled_executions_outlive_a_restart_and_overdue_ones_run_at_once(
    state: Path, clock: ManualClock
) -> None:
    with serving(state=state, clock=clock) as server:
        project = server.project("kept")
        project.function()
        project.deploy("f", {"main.py": TELL})
        first, second = scheduled(project, "10:02"), scheduled(project, "11:00")
    clock.advance(30 * MINUTE)
    with serving(state=state, clock=clock) as server:
        project = server.project("kept")
        pass_time(server, clock, SECOND)
        statuses = {id: project.get(f"{LIST}/{id}").expect(200)["status"] for id in (first, second)}
        assert statuses == {first: "completed", second: "scheduled"}
        at(server, clock, "11:00")
        assert project.get(f"{LIST}/{second}").expect(200)["status"] == "completed"


def test_a_scheduled_execution_without_its_deployment_fails_and_says_so(
    server: Server, clock: ManualClock, calm: Project
) -> None:
    id = scheduled(calm, "10:02")
    deployment = calm.get("/functions/f").expect(200)["deploymentId"]
    calm.delete(f"/functions/f/deployments/{deployment}").expect(204)
    at(server, clock, "10:02")
    failed = calm.get(f"{LIST}/{id}").expect(200)
    assert failed["status"] == "failed"
    assert failed["errors"].startswith("The execution could not be completed because a corr")
