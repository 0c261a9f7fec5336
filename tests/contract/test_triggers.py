"""Events call functions: which ones, in which order, with what, and how deep."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import cast

import pytest

from appwrite_emulator.models import Execution, Function
from appwrite_emulator.services.events import Event, Happening
from appwrite_emulator.services.executions import Executions
from appwrite_emulator.services.runs import Cause, ExecutionRequest
from appwrite_emulator.services.triggers import Triggers

from .gate import Gate
from .server import Json, Project, Server, serving

TELLS = """
import json

def main(context):
    context.log(json.dumps([dict(context.req.headers), context.req.body_text]))
    return context.res.text(context.req.headers["x-appwrite-key"])
"""
CREATED = "users.[userId].create"


def listening(project: Project, id: str, *events: str, **settings: Json) -> None:
    """A function that tells what it is called with."""
    project.function(id, events=list(events), **settings)
    project.deploy(id, {"main.py": TELLS})


def happen(
    project: Project,
    pattern: str,
    payload: Json = None,
    *,
    user: str = "",
    depth: int = 0,
    **ids: str,
) -> Event | None:
    """Let something happen, and wait for all that comes of it."""
    happening = Happening(project.id, pattern, ids, user, depth)
    told = payload or {}
    event = project.server.run(
        project.server.emulator.services.ground.events.publish, happening, lambda: told
    )
    project.server.run(project.server.emulator.control.settle)
    return event  # type: ignore[no-any-return]


def runs(project: Project, function: str) -> list[Json]:
    """The executions of a function, the oldest first."""
    return list(project.get(f"/functions/{function}/executions").expect(200)["executions"])


def run(project: Project, function: str) -> Json:
    """The only execution of a function."""
    (found,) = runs(project, function)
    return found


def claims(key: str) -> Json:
    return json.loads(base64.urlsafe_b64decode(key.split(".")[1] + "=="))


@pytest.fixture
def restorable() -> Iterator[Server]:
    with serving(memory=True) as running:
        yield running


def test_a_function_learns_what_happened_who_did_it_and_to_what(either: Project) -> None:
    listening(either, "f", "users.*.create")
    payload = {"$id": "ü", "labels": [1, None, {"a": True}]}
    happen(either, CREATED, payload, user="bob", userId="ann")
    made = run(either, "f")
    headers, body = json.loads(made["logs"])
    version = "1.6.2" if either.server.emulator.config.appwrite == "1.6" else "1.9.6"
    assert json.loads(body) == payload
    assert {
        name: headers[name] for name in headers if name.startswith(("x-", "user", "content"))
    } == {
        "x-appwrite-trigger": "event",
        "x-appwrite-event": "users.ann.create",
        "x-appwrite-user-id": "bob",
        "x-appwrite-user-jwt": "",
        "x-appwrite-country-code": "",
        "x-appwrite-continent-code": "",
        "x-appwrite-continent-eu": "false",
        "x-appwrite-key": headers["x-appwrite-key"],
        "x-appwrite-execution-id": made["$id"],
        "user-agent": f"Appwrite/{version}",
        "content-type": "application/json",
        "content-length": str(len(body.encode())),
    }
    assert (made["trigger"], made["status"], made["requestMethod"]) == (
        "event",
        "completed",
        "POST",
    )
    assert (made["requestPath"], made["$permissions"]) == ("/", ['read("user:bob")'])


def test_an_event_that_nobody_caused_leaves_an_execution_for_keys_only(project: Project) -> None:
    listening(project, "f", "users.*")
    happen(project, CREATED, userId="ann")
    assert run(project, "f")["$permissions"] == []
    headers, body = json.loads(run(project, "f")["logs"])
    assert (headers["x-appwrite-user-id"], body) == ("", "{}")


@pytest.mark.parametrize(
    ("listens", "hears"),
    [
        ("users.ann", True),
        ("users.ann.update.email", True),
        ("users.*.update", True),
        ("users.*", True),
        ("users.bob", False),
        ("users.*.update.name", False),
        ("users.*.create", False),
        ("users.*.sessions.*", False),
        ("teams.*", False),
    ],
)
def test_names_are_compared_letter_by_letter(project: Project, listens: str, hears: bool) -> None:
    listening(project, "f", listens)
    happen(project, "users.[userId].update.email", userId="ann")
    assert bool(runs(project, "f")) is hears


def test_a_function_is_called_once_however_many_names_it_knows(project: Project) -> None:
    listening(project, "f", "users.*", "users.*.create", "users.ann.create", "users.*")
    happen(project, CREATED, userId="ann")
    assert run(project, "f")["status"] == "completed"


def test_functions_are_called_in_the_order_of_their_era(either: Project) -> None:
    for id, name in (("x", "b"), ("y", "C"), ("z", "a"), ("w", "b")):
        listening(either, id, "users.*", name=name)
    event = happen(either, CREATED, userId="ann")
    is_old = either.server.emulator.config.appwrite == "1.6"
    begun = either.server.emulator.services.triggers.begun_by(event)
    assert [each.function_id for each in begun] == (
        ["z", "x", "w", "y"] if is_old else ["x", "y", "z", "w"]
    )


def test_a_disabled_function_is_called(either: Project) -> None:
    listening(either, "f", "users.*", enabled=False)
    happen(either, CREATED, userId="ann")
    assert run(either, "f")["status"] == "completed"


def test_projects_do_not_hear_of_each_other(project: Project) -> None:
    other = project.server.project()
    listening(project, "f", "users.*")
    listening(other, "f", "users.*")
    happen(other, CREATED, userId="ann")
    assert (runs(project, "f"), len(runs(other, "f"))) == ([], 1)


def test_a_listener_without_deployment_keeps_no_other_from_hearing(project: Project) -> None:
    project.function("bare", events=["users.*"])
    listening(project, "f", "users.*")
    happen(project, CREATED, userId="ann")
    assert run(project, "f")["status"] == "completed"


def test_functions_hear_as_their_settings_say_now(project: Project) -> None:
    listening(project, "f", "users.*")
    listening(project, "gone", "users.*")
    project.delete("/functions/gone")
    happen(project, CREATED, userId="ann")
    assert len(runs(project, "f")) == 1
    project.put("/functions/f", {"name": "f", "events": ["teams.*"]}).expect(200)
    happen(project, CREATED, userId="ann")
    assert len(runs(project, "f")) == 1
    happen(project, "teams.[teamId].create", teamId="t")
    assert len(runs(project, "f")) == 2


def test_functions_hear_as_restored_settings_say(restorable: Server) -> None:
    project = restorable.project("p")
    listening(project, "f", "users.*")
    snapshot = restorable.call("POST", "/_emulator/snapshot").expect(201)["snapshot"]
    project.put("/functions/f", {"name": "f", "events": []}).expect(200)
    happen(project, CREATED, userId="ann")
    restorable.call("POST", f"/_emulator/restore?snapshot={snapshot}").expect(200)
    happen(project, CREATED, userId="ann")
    assert len(runs(project, "f")) == 1
    restorable.call("POST", "/_emulator/reset").expect(200)
    assert happen(project, CREATED, userId="ann") is None


def test_a_restore_ends_what_events_have_begun(restorable: Server, gate: Gate) -> None:
    project = restorable.project("p")
    project.function("f", events=["users.*"])
    project.deploy("f", {"main.py": gate.main})
    snapshot = restorable.call("POST", "/_emulator/snapshot").expect(201)["snapshot"]
    publish = restorable.emulator.services.ground.events.publish
    for id in ("ann", "bob"):
        restorable.run(publish, Happening("p", CREATED, {"userId": id}), dict)
    with gate.reached():
        restorable.call("POST", f"/_emulator/restore?snapshot={snapshot}").expect(200)
    assert runs(project, "f") == []
    restorable.run(publish, Happening("p", CREATED, {"userId": "cid"}), dict)
    gate.let_pass()
    restorable.call("POST", "/_emulator/settle").expect(200)
    assert run(project, "f")["status"] == "completed"


def test_a_change_that_was_undone_is_not_heeded(project: Project) -> None:
    listening(project, "f", "users.*")
    services = project.server.emulator.services
    state, triggers = services.ground.state, services.triggers

    def undo() -> list[bool]:
        function = services.functions.get(project.id, "f")
        wanted: list[bool] = []
        try:
            with state.transaction():
                services.functions.change(function, events=("teams.*",))
                wanted.append(triggers.wants(project.id, CREATED))
                raise ValueError
        except ValueError:
            wanted.append(triggers.wants(project.id, CREATED))
        return wanted

    assert project.server.run(undo) == [False, True]


def test_function_events_call_nobody(project: Project) -> None:
    listening(project, "f", "users.*")
    services = project.server.emulator.services

    def subscribe() -> Function:  # as no call of the API may
        function = services.functions.get(project.id, "f")
        return services.functions.change(function, events=("functions.*", "functions.*.create"))

    project.server.run(subscribe)
    assert not services.triggers.wants(project.id, "functions.[functionId].create")
    happen(project, "functions.[functionId].create", functionId="g")
    assert runs(project, "f") == []


class _Stubborn:
    """Executions that can begin for one function only."""

    def __init__(self, executions: Executions, function: str) -> None:
        self._executions = executions
        self._function = function

    def enqueue(self, function: Function, request: ExecutionRequest, cause: Cause) -> Execution:
        if function.id != self._function:
            raise OSError("the disk is full")
        return self._executions.enqueue(function, request, cause)


def test_who_fails_to_be_called_keeps_no_other_from_hearing(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    listening(project, "f", "users.*")
    listening(project, "g", "users.*")
    services = project.server.emulator.services
    stubborn = cast(Executions, _Stubborn(services.executions, "g"))
    triggers = Triggers(services.ground, services.functions, stubborn)
    event = Event(project.id, ("users.ann.create", "users.*"), {}, "", 0)
    project.server.run(triggers.hear, event)
    project.server.run(services.control.settle)
    assert [each.function_id for each in triggers.begun_by(event)] == ["g"]
    assert run(project, "g")["status"] == "completed"
    assert "users.ann.create did not call function f" in caplog.text


def test_the_key_of_a_called_function_says_how_many_events_led_to_it(project: Project) -> None:
    listening(project, "f", "users.*", scopes=["execution.write"])
    happen(project, CREATED, userId="ann", depth=2)
    headers, _ = json.loads(run(project, "f")["logs"])
    allowed = claims(headers["x-appwrite-key"])
    assert (allowed["scopes"], allowed["depth"]) == (["execution.write"], 3)
    ordinary = project.execute("f")["responseBody"]
    assert "depth" not in claims(ordinary)


@pytest.mark.parametrize("is_async", [False, True])
def test_what_such_a_function_calls_itself_is_as_deep(project: Project, is_async: bool) -> None:
    listening(project, "f", "users.*", scopes=["execution.write"])
    listening(project, "g")
    happen(project, CREATED, userId="ann")
    key = json.loads(run(project, "f")["logs"])[0]["x-appwrite-key"]
    by_function = project.having(x_appwrite_key=key)
    by_function.post("/functions/g/executions", {"async": is_async})
    project.server.run(project.server.emulator.control.settle)
    headers, _ = json.loads(run(project, "g")["logs"])
    assert claims(headers["x-appwrite-key"])["depth"] == 1


def test_an_event_that_too_many_led_to_calls_nobody_and_says_so(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    listening(project, "f", "users.*", logging=False)
    limit = project.server.emulator.config.event_depth
    event = happen(project, CREATED, user="bob", userId="ann", depth=limit)
    made = run(project, "f")
    assert project.server.emulator.services.triggers.begun_by(event)[0].id == made["$id"]
    assert (made["status"], made["trigger"], made["responseStatusCode"]) == ("failed", "event", 0)
    assert made["$permissions"] == ['read("user:bob")']
    assert made["errors"] == (
        "users.ann.create did not call this function: 8 events led to it, each caused by a "
        "function that the one before had called. If this is no loop, allow more by --event-depth "
        "(now 8)."
    )
    (record,) = [each for each in caplog.records if "event-depth" in each.getMessage()]
    assert (record.levelname, made["errors"] in record.getMessage()) == ("WARNING", True)


def test_the_last_event_before_that_calls_still(project: Project) -> None:
    listening(project, "f", "users.*")
    happen(project, CREATED, userId="ann", depth=project.server.emulator.config.event_depth - 1)
    assert run(project, "f")["status"] == "completed"


class _Depths:
    """A listener that keeps how many events led to each."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, int]] = []

    def wants(self, project: str, pattern: str) -> bool:
        return True

    def hear(self, event: Event) -> None:
        self.heard.append((event.project, event.names[0], event.depth))


def test_what_a_called_function_does_with_its_key_is_as_deep(project: Project) -> None:
    listening(project, "f", "users.ann.create", scopes=["users.write"])
    depths = _Depths()
    project.server.run(project.server.emulator.services.ground.events.add, depths)
    happen(project, CREATED, userId="ann", depth=4)
    key = json.loads(run(project, "f")["logs"])[0]["x-appwrite-key"]
    project.having(x_appwrite_key=key).post("/users", {"userId": "deep"}).expect(201)
    project.post("/users", {"userId": "flat"}).expect(201)
    heard = {(name, depth) for where, name, depth in depths.heard if where == project.id}
    assert {("users.deep.create", 5), ("users.flat.create", 0)} <= heard


def test_a_sign_up_calls_the_functions_that_listen(either: Project) -> None:
    listening(either, "f", "users.*.create")
    user = {"userId": "ann", "email": "ann@example.org", "password": "correct horse", "name": "Ann"}
    made = either.guest.post("/account", user).expect(201)
    either.server.run(either.server.emulator.control.settle)
    headers, body = json.loads(run(either, "f")["logs"])
    assert headers["x-appwrite-event"] == "users.ann.create"
    assert json.loads(body)["$id"] == made["$id"]
    assert (json.loads(body)["name"], json.loads(body)["email"]) == ("Ann", "ann@example.org")
