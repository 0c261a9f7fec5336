"""Runs that nobody waits for: what they are told, what answers them, their order, their end."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator

import pytest

from appwrite_emulator.models import Deployment, Execution
from appwrite_emulator.services.events import Event
from appwrite_emulator.services.runs import ExecutionRequest

from .behind import (
    EVENT,
    MOMENT,
    PATH,
    TELL,
    TICK,
    begin,
    enqueue,
    errands,
    heard,
    later,
    schedule,
    settle,
)
from .forms import form, multipart_type
from .gate import Gate
from .hearing import hearing
from .people import add_user, by_token, claims, developer, sign_in
from .server import Json, Project, Server, serving

NOT_DEPLOYED = (
    "The execution could not be completed because a corresponding deployment was not found. A "
    "function deployment needs to be created before it can be executed. Please create a deployment "
    "for your function and try again."
)
NOT_READY = (
    "The execution could not be completed because the build is not ready. Please wait for the "
    "build to complete and try again."
)
NOBODY = {
    "x-appwrite-user-id": "",
    "x-appwrite-user-jwt": "",
    "x-appwrite-country-code": "",
    "x-appwrite-continent-code": "",
    "x-appwrite-continent-eu": "false",
}


@pytest.fixture
def told(either: Project) -> Project:
    """A project of either era with a function that tells what it was called with."""
    either.function(execute=["any"])
    either.deploy("f", {"main.py": TELL})
    return either


def of_platform(call: Json) -> dict[str, str]:
    """The headers that the platform adds, but for the key, which is there."""
    found = {k: v for k, v in call["headers"].items() if k.startswith("x-appwrite-")}
    assert found.pop("x-appwrite-key").startswith(("ephemeral_", "dynamic_"))
    return found


def test_an_event_tells_what_happened_and_who_did_it(told: Project) -> None:
    headers = {"user-agent": "Appwrite/1", "content-type": "application/json", "host": "h"}
    id = enqueue(told, EVENT, body=b'{"a":1}', headers=headers)
    call = heard(told, id)
    assert (call["method"], call["path"], call["query"], call["size"]) == ("POST", "/", "", 7)
    assert of_platform(call) == NOBODY | {
        "x-appwrite-trigger": "event",
        "x-appwrite-event": "users.u.create",
        "x-appwrite-user-id": "ann",
        "x-appwrite-execution-id": id,
    }
    assert {name: call["headers"].get(name) for name in headers} == headers
    record = told.get(f"{PATH}/{id}").expect(200)
    assert (record["trigger"], record["scheduledAt"]) == ("event", None)
    assert record["$permissions"] == ['read("user:ann")']
    kept = {each["name"]: each["value"] for each in record["requestHeaders"]}
    assert kept == {"content-type": "application/json", "host": "h"}


def test_a_tick_of_a_schedule_brings_nothing_with_it(told: Project) -> None:
    id = enqueue(told, TICK)
    call = heard(told, id)
    assert (call["method"], call["path"], call["size"]) == ("POST", "/", 0)
    assert of_platform(call) == NOBODY | {
        "x-appwrite-trigger": "schedule",
        "x-appwrite-event": "",
        "x-appwrite-execution-id": id,
    }
    assert "content-type" not in call["headers"]
    assert "user-agent" not in call["headers"]
    record = told.get(f"{PATH}/{id}").expect(200)
    assert (record["trigger"], record["$permissions"]) == ("schedule", [])
    assert record["requestHeaders"] == []


def test_what_is_scheduled_gets_the_request_of_its_creator(told: Project) -> None:
    add_user(told, "ann")
    for caller in (sign_in(told, "ann"), by_token(told, "ann", sessionId="recent")):
        params = {"method": "PUT", "path": "/a?b=c", "body": "ä", "headers": {"X-Own": "1"}}
        id = schedule(caller, **params)
        assert told.get(f"{PATH}/{id}").json["status"] == "scheduled"
        begin(told, id)
        call = heard(told, id)
        assert (call["method"], call["path"], call["query"]) == ("PUT", "/a", "b=c")
        assert call["body"] == hashlib.sha256("ä".encode()).hexdigest()
        assert call["headers"]["x-own"] == "1"
        found = of_platform(call)
        assert list(claims(found.pop("x-appwrite-user-jwt"))) == ["userId", "epoch", "exp"]
        assert NOBODY.items() - found.items() == {
            ("x-appwrite-user-jwt", ""), ("x-appwrite-user-id", ""),
        }  # fmt: skip
        assert found["x-appwrite-user-id"] == "ann"
        assert found["x-appwrite-trigger"] == "schedule"
        assert found["x-appwrite-event"] == ""
        assert found["x-appwrite-client-ip"] == "127.0.0.1"
        record = told.get(f"{PATH}/{id}").expect(200)
        assert (record["trigger"], record["scheduledAt"]) == ("schedule", MOMENT)
        assert record["$permissions"] == ['read("user:ann")']


def test_what_is_scheduled_by_a_key_acts_for_nobody(told: Project) -> None:
    id = schedule(told)
    begin(told, id)
    found = of_platform(heard(told, id))
    assert (found["x-appwrite-user-id"], found["x-appwrite-user-jwt"]) == ("", "")


def test_an_asynchronous_call_has_an_empty_event(told: Project) -> None:
    found = of_platform(heard(told, later(told)))
    assert found["x-appwrite-trigger"] == "http"
    assert found["x-appwrite-event"] == ""
    assert found["x-appwrite-client-ip"] == "127.0.0.1"


def run_of(project: Project, kind: str) -> str:
    """A run of `f` that ends by itself: the id of its execution."""
    if kind == "sync":
        return str(project.execute("f")["$id"])
    if kind == "async":
        return later(project)
    if kind == "scheduled":
        id = schedule(project)
        begin(project, id)
        return id
    json_of_event = {"user-agent": "Appwrite/1", "content-type": "application/json"}
    is_event = kind == "event"
    return enqueue(
        project, EVENT if is_event else TICK, body=b"{}" * is_event,
        headers=json_of_event if is_event else {},
    )  # fmt: skip


KINDS = ("sync", "async", "scheduled", "event", "tick")


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_gets_the_headers_of_its_trigger_and_no_others(told: Project, kind: str) -> None:
    seen = heard(told, run_of(told, kind))["headers"]
    wanted = {"accept", "host", "x-appwrite-key", "x-appwrite-execution-id", *NOBODY}
    wanted |= {"x-appwrite-trigger"} | ({"x-appwrite-event"} if kind != "sync" else set())
    if kind in ("sync", "async", "scheduled"):
        wanted.add("x-appwrite-client-ip")
    if kind == "event":
        wanted |= {"user-agent", "content-type", "content-length"}
    if told.server.emulator.config.appwrite == "1.9":
        wanted.add("authorization")
    assert set(seen) == wanted
    assert seen["accept"] == "*/*"


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_server_of_1_9_keeps_the_address_of_who_asked(told: Project, kind: str) -> None:
    id = run_of(told, kind)
    told.executed("f", id)
    kept = told.get(f"{PATH}/{id}").expect(200)["requestHeaders"]
    if kind == "event":
        assert kept == [{"name": "content-type", "value": "application/json"}]
    elif kind == "tick" or told.server.emulator.config.appwrite == "1.6":
        assert kept == []
    else:
        assert kept == [{"name": "x-appwrite-client-ip", "value": "127.0.0.1"}]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_gets_a_key_of_its_era_for_as_long_as_it_may_take(told: Project, kind: str) -> None:
    told.put("/functions/f", {"name": "f", "scopes": ["users.read"], "timeout": 20}).expect(200)
    is_old = told.server.emulator.config.appwrite == "1.6"
    began = time.time()
    key = heard(told, run_of(told, kind))["headers"]["x-appwrite-key"]
    assert key.startswith("dynamic_" if is_old else "ephemeral_")
    said = claims(key)
    assert 0 <= said.pop("exp") - (began + (20 if is_old else 80)) + 1 < 15
    assert (said.pop("projectId"), said.pop("scopes")) == (told.id, ["users.read"])
    assert said.pop("functionId") == "f"  # no claim of Appwrite
    assert list(said) == ["epoch"]  # nor this


def test_the_token_of_a_later_run_counts_from_its_beginning(told: Project) -> None:
    add_user(told, "ann")
    ann = sign_in(told, "ann")
    is_old = told.server.emulator.config.appwrite == "1.6"
    for kind in ("async", "scheduled"):
        began = time.time()
        jwt = heard(told, run_of(ann, kind))["headers"]["x-appwrite-user-jwt"]
        assert 0 <= claims(jwt)["exp"] - (began + (15 if is_old else 75)) + 1 < 15, kind


def test_a_developer_gets_a_token_of_his_own_home(told: Project) -> None:
    dev = developer(told)
    id = schedule(dev)
    begin(told, id)
    call = heard(told, id)
    jwt = call["headers"]["x-appwrite-user-jwt"]
    console = told.server.project("console").guest.having(x_appwrite_jwt=jwt)
    assert console.get("/account").expect(200)["$id"] == call["headers"]["x-appwrite-user-id"]


@pytest.mark.parametrize("size", [0, 300, 16 * 1024, 16 * 1024 + 1, 1_000_000])
def test_bodies_arrive_byte_for_byte(told: Project, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(range(size % 256))
    fields: dict[str, str | bytes] = {"body": body, "async": "true"}
    headers = {"content-type": multipart_type()}
    sent = told.call("POST", PATH, body=form(fields), headers=headers).expect(202)
    call = heard(told, sent["$id"])
    assert (call["size"], call["body"]) == (size, hashlib.sha256(body).hexdigest())


def test_the_deployment_that_is_active_when_it_begins_answers(own: Project, gate: Gate) -> None:
    first = own.deploy("f", {"main.py": gate.main})["$id"]
    running = enqueue(own, EVENT)
    with gate.reached():
        waiting = enqueue(own, EVENT)
        assert own.get(f"{PATH}/{waiting}").json["deploymentId"] == first
        second = own.deploy("f", {"main.py": TELL})["$id"]
    assert heard(own, waiting)["path"] == "/"
    used = [own.get(f"{PATH}/{id}").json["deploymentId"] for id in (running, waiting)]
    assert used == [first, second]


def test_settings_of_the_moment_hold(own: Project, gate: Gate) -> None:
    own.deploy("f", {"main.py": gate.main})
    running = enqueue(own, EVENT)
    with gate.reached():
        waiting = enqueue(own, EVENT)
        own.deploy("f", {"main.py": "def main(c):\n    c.log('x')\n    return c.res.empty()\n"})
        own.put("/functions/f", {"name": "f", "enabled": False, "logging": False}).expect(200)
    assert own.executed("f", running)["logs"] == "at the gate\n"
    ended = own.executed("f", waiting)
    assert (ended["status"], ended["logs"]) == ("completed", ""), "disabled, it runs all the same"


class Ears:
    """A listener that keeps what it hears of the ends of executions."""

    def __init__(self, project: Project) -> None:
        self._project = project.id
        self.events: list[Event] = []
        project.server.run(project.server.emulator.services.ground.events.add, self)

    def wants(self, project: str, pattern: str) -> bool:
        wanted = "functions.[functionId].executions.[executionId].update"
        return (project, pattern) == (self._project, wanted)

    def hear(self, event: Event) -> None:
        self.events.append(event)


def _ids(events: list[Event]) -> list[str]:
    return [event.payload["$id"] for event in events]


def test_its_end_is_an_event(told: Project) -> None:
    ears = Ears(told)
    id = enqueue(told, EVENT._replace(depth=3))
    told.executed("f", id)
    (event,) = ears.events
    names = [f"functions.f.executions.{id}.update", "functions.*.executions.*.update"]
    assert list(event.names[:2]) == names
    assert (event.user_id, event.depth) == ("ann", 3)
    shown = told.get(f"{PATH}/{id}").expect(200)
    assert json.loads(json.dumps(event.payload)) == shown
    assert shown["logs"], "logs are part of it"


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_told_of_as_its_trigger_says(told: Project, kind: str) -> None:
    with hearing(told) as ear:
        id = run_of(told, kind)
        told.executed("f", id)
        story = [(each.event.names[0], each.event.payload["status"]) for each in ear.heard]
    execution = f"functions.f.executions.{id}"
    created = {"sync": "completed", "async": "waiting", "scheduled": "scheduled"}
    begun = [(f"{execution}.create", created[kind])] if kind in created else []
    ended = [(f"{execution}.update", "completed")] if kind != "sync" else []
    assert story == begun + ended


def test_a_run_is_told_of_in_the_servers_own_format(told: Project) -> None:
    for format in ("1.4.0", "1.6.0", "1.8.0", "1.9.0"):
        with hearing(told) as ear:
            id = run_of(told.at(format), "async")
            shown = told.executed("f", id)
            told.at(format).delete(f"{PATH}/{id}").expect(204)
            created, ended, deleted = (each.event.payload for each in ear.heard)
        assert list(created) == list(ended) == list(deleted) == list(shown), format
        assert json.loads(json.dumps(ended)) == json.loads(json.dumps(deleted)) == shown


def test_without_logging_its_event_has_no_logs(either: Project) -> None:
    either.function(logging=False)
    either.deploy("f", {"main.py": "def main(c):\n    c.log('x')\n    raise ValueError('y')\n"})
    for kind in ("async", "scheduled", "event", "tick"):
        ears = Ears(either)
        ended = either.executed("f", run_of(either, kind))
        (payload,) = (event.payload for event in ears.events)
        for told in (payload, ended):
            assert (told["status"], told["logs"], told["errors"]) == ("failed", "", "")


def test_a_disabled_function_is_there_for_keys_alone(told: Project) -> None:
    add_user(told, "ann")
    told.put("/functions/f", {"name": "f", "execute": ["any"], "enabled": False}).expect(200)
    later = {"async": True, "scheduledAt": MOMENT}
    for asked in ({}, {"async": True}, later):
        for caller in (told.guest, sign_in(told, "ann")):
            assert caller.post(PATH, asked).error[:2] == (404, "function_not_found")
        assert told.post(PATH, asked).status in (201, 202)
    settle(told.server)
    assert [each["status"] for each in told.get(PATH).expect(200)["executions"]] == [
        "completed", "completed", "scheduled",
    ]  # fmt: skip


def test_long_logs_are_part_of_its_event(own: Project) -> None:
    own.deploy("f", {"main.py": "def main(c):\n" + "    c.log('x' * 7000)\n" * 4
                                + "    return c.res.empty()\n"})  # fmt: skip
    ears = Ears(own)
    own.executed("f", later(own))
    assert len(ears.events[0].payload["logs"]) == 4 * 7001


def test_synchronous_runs_end_without_that_event(own: Project) -> None:
    ears = Ears(own)
    own.execute("f")
    assert ears.events == []


def _without_deployment(project: Project) -> None:
    id = project.at("1.9.0").get("/functions/f").json["deploymentId"]
    project.delete(f"/functions/f/deployments/{id}").expect(204)


@pytest.mark.parametrize("kind", ["async", "scheduled", "event", "cron"])
def test_without_a_deployment_it_fails(either: Project, gate: Gate, kind: str) -> None:
    either.function()
    either.deploy("f", {"main.py": gate.main})
    ears = Ears(either)
    enqueue(either, EVENT)
    with gate.reached():
        enqueue(either, EVENT)  # holds up the others until the gate opens
        if kind in ("event", "cron"):
            id = enqueue(either, EVENT if kind == "event" else TICK)
        else:
            id = schedule(either) if kind == "scheduled" else later(either)
            begin(either, id)
        _without_deployment(either)
    settle(either.server)
    ended = either.get(f"{PATH}/{id}").expect(200)
    assert (ended["status"], ended["responseStatusCode"]) == ("failed", 0)
    assert (ended["errors"], ended["logs"], ended["duration"]) == (NOT_DEPLOYED, "", 0)
    assert (id in _ids(ears.events)) == (kind in ("async", "scheduled"))
    assert either.get(PATH).json["total"] == 3, "the same record, no other"


def test_a_function_without_a_deployment_is_enqueued_and_fails(either: Project) -> None:
    either.function()
    id = enqueue(either, TICK)
    assert either.executed("f", id)["errors"] == NOT_DEPLOYED


def test_it_fails_when_its_build_is_not_ready(own: Project) -> None:
    services = own.server.emulator.services
    id = own.get("/functions/f").json["deploymentId"]
    table = services.ground.state.table("deployments")
    own.server.run(table.patch, f"{own.id}/{id}", {"status": "building"})
    ended = own.executed("f", enqueue(own, TICK))
    assert (ended["status"], ended["responseStatusCode"]) == ("failed", 0)
    assert ended["errors"] == NOT_READY


@pytest.mark.parametrize("table", ["functions", "deployments"])
def test_it_fails_when_its_runtime_is_there_no_more(own: Project, table: str) -> None:
    services = own.server.emulator.services
    function = own.get("/functions/f").json
    id = function["$id"] if table == "functions" else function["deploymentId"]
    rows = services.ground.state.table(table)
    own.server.run(rows.patch, f"{own.id}/{id}", {"runtime": "own-1"})
    ended = own.executed("f", enqueue(own, TICK))
    assert (ended["status"], ended["errors"]) == ("failed", 'Runtime "own-1" is not supported')


def test_of_a_deleted_function_nothing_runs(own: Project, gate: Gate) -> None:
    own.deploy("f", {"main.py": gate.main})
    enqueue(own, EVENT)
    with gate.reached():
        for _ in range(3):
            enqueue(own, EVENT)
        due = schedule(own)
        own.delete("/functions/f").expect(204)
        own.function()
        own.deploy("f", {"main.py": TELL})
    settle(own.server)
    begin(own, due)
    settle(own.server)
    assert own.get(PATH).json["total"] == 0
    assert errands(own) == 0


def test_nothing_is_kept_of_what_has_begun(own: Project, gate: Gate) -> None:
    own.deploy("f", {"main.py": gate.main})
    enqueue(own, EVENT)
    with gate.reached():
        assert errands(own) == 0
        waiting, scheduled = enqueue(own, EVENT), schedule(own)
        assert errands(own) == 2
        own.deploy("f", {"main.py": TELL})
    own.executed("f", waiting)
    assert errands(own) == 1
    own.delete(f"{PATH}/{scheduled}").expect(204)
    assert errands(own) == 0


def test_deleting_what_is_scheduled_cancels_it_until_it_begins(own: Project, gate: Gate) -> None:
    own.deploy("f", {"main.py": gate.main})
    enqueue(own, EVENT)
    with gate.reached():
        enqueue(own, EVENT)
        canceled, kept = schedule(own), schedule(own)
        for id in (canceled, kept, kept):
            begin(own, id)
        assert own.get(f"{PATH}/{canceled}").json["status"] == "scheduled", "due, not begun"
        own.delete(f"{PATH}/{canceled}").expect(204)
        own.deploy("f", {"main.py": TELL})
    assert heard(own, kept)["method"] == "POST"
    settle(own.server)
    assert own.get(f"{PATH}/{canceled}").status == 404
    assert own.get(PATH).json["total"] == 3


def test_only_what_is_scheduled_is_begun_and_only_once(own: Project) -> None:
    ended, scheduled = own.execute("f")["$id"], schedule(own)
    for id in (ended, scheduled, scheduled, "unknown"):
        begin(own, id)
    settle(own.server)
    begin(own, scheduled)
    settle(own.server)
    assert own.get(PATH).json["total"] == 2
    assert own.get(f"{PATH}/{scheduled}").json["logs"] == "logged /\n"


def test_schedules_hear_of_what_was_scheduled_and_of_what_is_no_more(own: Project) -> None:
    executions = own.server.emulator.services.executions
    said: list[tuple[str, str]] = []
    usual = executions.on_scheduled, executions.on_unscheduled
    executions.on_scheduled = lambda each: said.append(("on", each.id))
    executions.on_unscheduled = lambda each: said.append(("off", each.id))
    try:
        one, two = schedule(own), schedule(own)
        own.delete(f"{PATH}/{one}").expect(204)
        own.execute("f")
        later(own)
        settle(own.server)
        own.delete("/functions/f").expect(204)
    finally:
        executions.on_scheduled, executions.on_unscheduled = usual
    assert said == [("on", one), ("on", two), ("off", one), ("off", two)]


TIME = """
import time

def main(context):
    context.log(time.monotonic_ns())
    time.sleep(0.005)
    context.log(time.monotonic_ns())
    return context.res.empty()
"""


def _times(project: Project, ids: list[str]) -> list[int]:
    """The begin and the end of each of the executions, one after the other."""
    settle(project.server)
    return [
        int(line) for id in ids for line in project.get(f"{PATH}/{id}").json["logs"].splitlines()
    ]


def test_runs_by_events_follow_one_another(own: Project) -> None:
    own.deploy("f", {"main.py": TIME})
    times = _times(own, [enqueue(own, EVENT) for _ in range(20)])
    assert times == sorted(times)


def test_two_asynchronous_runs_are_inside_at_once(own: Project, gate: Gate) -> None:
    second = Gate(gate.path.with_name("second"))
    code = (
        "def main(context):\n"
        "    return context.res.text(open(context.req.headers['x-gate']).read())\n"
    )
    own.deploy("f", {"main.py": code})
    ids = [later(own, headers={"x-gate": str(each.path)}) for each in (gate, second)]
    with gate.reached(), second.reached():
        found = [own.get(f"{PATH}/{id}").json["status"] for id in ids]
    assert found == ["processing", "processing"]
    settle(own.server)


@pytest.fixture
def small() -> Iterator[Server]:
    """A server with two workers, one of which is for the background."""
    with serving(memory=True, workers=2) as running:
        yield running


def test_runs_of_all_kinds_begin_in_the_order_of_their_acceptance(small: Server) -> None:
    project = small.project()
    project.function()
    project.deploy("f", {"main.py": TIME})
    ids = []
    for _ in range(5):
        ids += [enqueue(project, EVENT), later(project), enqueue(project, TICK), schedule(project)]
        begin(project, ids[-1])
    times = _times(project, ids)
    assert len(times) == 40
    assert times == sorted(times)


def test_synchronous_calls_find_a_worker_however_many_wait(small: Server, gate: Gate) -> None:
    project = small.project()
    project.function()
    project.deploy("f", {"main.py": gate.main})
    project.function("g")
    project.deploy("g", {"main.py": TELL})
    ids = [later(project) for _ in range(3)]
    with gate.reached():
        assert project.execute("g")["status"] == "completed"
        found = [project.get(f"{PATH}/{id}").json["status"] for id in ids]
        project.deploy("f", {"main.py": TELL})
    assert found == ["processing", "waiting", "waiting"]
    assert [project.executed("f", id)["status"] for id in ids] == ["completed"] * 3


def test_functions_take_turns(small: Server, gate: Gate) -> None:
    project = small.project()
    for id in ("f", "g"):
        project.function(id)
        project.deploy(id, {"main.py": TELL})
    project.deploy("f", {"main.py": gate.main})
    flood = [later(project) for _ in range(30)]
    other = project.post("/functions/g/executions", {"async": True}).expect(202)["$id"]
    ears = Ears(project)
    with gate.reached():
        project.deploy("f", {"main.py": TELL})
    settle(small)
    ended = _ids(ears.events)
    assert ended[0] == flood[0]
    assert ended.index(other) <= 2
    assert [id for id in ended if id != other] == flood


def test_those_that_wait_take_no_room_from_those_that_ended(gate: Gate) -> None:
    with serving(memory=True, workers=2, keep_executions=5) as server:
        project = server.project()
        project.function()
        project.deploy("f", {"main.py": TELL})
        ended = [project.execute("f")["$id"] for _ in range(5)]
        scheduled = [schedule(project) for _ in range(5)]
        project.deploy("f", {"main.py": gate.main})
        later(project)
        with gate.reached():
            waiting = [later(project) for _ in range(5)]
            project.function("g")
            project.deploy("g", {"main.py": TELL})
            project.execute("g")
            there = {each["$id"] for each in _rows(project)}
            assert there >= {*ended[1:], *scheduled, *waiting}
            project.deploy("f", {"main.py": TELL})
        settle(server)
        there = {each["$id"] for each in _rows(project)}
        assert there == {*scheduled, *waiting[1:]}


def test_a_restore_drops_what_waits_for_its_turn(small: Server, gate: Gate) -> None:
    project = small.project()
    project.function()
    project.deploy("f", {"main.py": gate.main})
    snapshot = small.run(small.emulator.control.snapshot)
    later(project)
    with gate.reached():
        waiting = [later(project) for _ in range(5)]
        ended = small.run(small.emulator.control.restore, snapshot.id)
        assert [work.id for work in ended.works][1:] == waiting
    assert small.run(small.emulator.control.settle) == []
    assert project.get(PATH).json["total"] == 0
    project.deploy("f", {"main.py": TELL})
    assert heard(project, later(project))["path"] == "/"


def test_a_restore_fails_what_waited_then_and_keeps_what_was_scheduled(
    small: Server, gate: Gate
) -> None:
    project = small.project()
    project.function()
    project.deploy("f", {"main.py": TELL})
    scheduled = schedule(project, body="x" * 20_000)
    project.deploy("f", {"main.py": gate.main})
    later(project)
    with gate.reached():
        waiting = later(project)
        snapshot = small.run(small.emulator.control.snapshot)
        project.delete(f"{PATH}/{scheduled}").expect(204)
        small.run(small.emulator.control.restore, snapshot.id)
    assert small.run(small.emulator.control.settle) == []
    ended = project.get(f"{PATH}/{waiting}").expect(200)
    assert (ended["status"], ended["responseStatusCode"]) == ("failed", 500)
    assert "The state was restored" in ended["errors"]
    project.deploy("f", {"main.py": TELL})
    begin(project, scheduled)
    assert heard(project, scheduled)["size"] == 20_000
    assert errands(project) == 0


def test_a_reset_of_one_project_leaves_the_turns_of_others(small: Server, gate: Gate) -> None:
    kept, gone = small.project(), small.project()
    for project in (kept, gone):
        project.function()
        project.deploy("f", {"main.py": TELL})
    kept.deploy("f", {"main.py": gate.main})
    running = later(kept)
    with gate.reached():
        waiting, other = later(kept), later(gone)
        kept.deploy("f", {"main.py": TELL})
        ended = small.run(small.emulator.control.reset, gone.id)
        assert [work.id for work in ended.works] == [other]
    assert [kept.executed("f", id)["status"] for id in (running, waiting)] == ["completed"] * 2
    assert gone.get("/functions").json["total"] == 0
    assert errands(gone) == 0


def test_what_was_refused_is_kept_as_failed(own: Project) -> None:
    services = own.server.emulator.services

    def act() -> str:
        function = services.functions.get(own.id, "f")
        return services.executions.refuse(function, ExecutionRequest(), EVENT, "Too deep.").id

    ended = own.get(f"{PATH}/{own.server.run(act)}").expect(200)
    assert (ended["status"], ended["errors"], ended["trigger"]) == ("failed", "Too deep.", "event")
    assert ended["responseStatusCode"] == 0


def _rows(project: Project) -> list[Json]:
    listed = project.get(PATH, {"method": "limit", "values": [99]}).expect(200)
    return list(listed["executions"])


class _Speechless:
    """Words for nothing."""

    def execution(self, execution: Execution, texts: tuple[str, str]) -> Json:
        raise OSError("no words")

    def deployment(self, deployment: Deployment) -> Json:
        return {}


def test_a_run_whose_end_cannot_be_told_has_ended_as_it_did(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(memory=True) as server:
        project = server.project()
        project.function()
        project.deploy("f", {"main.py": TELL})
        server.emulator.services.ground.events.wording = _Speechless()
        with hearing(project), caplog.at_level(logging.ERROR):
            id = project.post("/functions/f/executions", {"async": True}).expect(202)["$id"]
            settle(server)
        assert project.get(f"/functions/f/executions/{id}").expect(200)["status"] == "completed"
        assert [each.getMessage() for each in caplog.records] == [
            f"execution {id} failed in the emulator"
        ]
