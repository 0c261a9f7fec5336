"""Events that somebody makes up, over HTTP and from Python."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from appwrite_emulator import Emulator
from appwrite_emulator.config import Key
from appwrite_emulator.events import EventRefused
from appwrite_emulator.services.events import Event

from .gate import Gate
from .server import Json, Project, Reply, Server, serving

TELLS = """
def main(context):
    context.log(context.req.headers["x-appwrite-event"], context.req.headers["x-appwrite-user-id"])
    context.log(context.req.body_text)
    return context.res.empty()
"""
NAMES = ["users.ann.create", "users.*.create", "users.ann", "users.*"]


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server whose own project is `home`."""
    with serving(memory=True, project="home") as running:
        yield running


def fire(server: Server, **values: Json) -> Reply:
    return server.call("POST", "/_emulator/trigger/event", body=json.dumps(values).encode())


def listening(project: Project, id: str, *events: str, source: str = TELLS) -> None:
    project.function(id, events=list(events))
    project.deploy(id, {"main.py": source})


def run(project: Project, function: str) -> Json:
    """The only execution of a function."""
    (found,) = project.get(f"/functions/{function}/executions").expect(200)["executions"]
    return found


class Recorder:
    """A listener of everything."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    def wants(self, project: str, pattern: str) -> bool:
        return True

    def hear(self, event: Event) -> None:
        self.heard.append(event)


def test_the_reply_names_the_event_and_whom_it_called(project: Project) -> None:
    listening(project, "f", "users.*.create")
    listening(project, "g", "users.ann")
    told = fire(project.server, event="users.ann.create", project=project.id).expect(202)
    project.server.call("POST", "/_emulator/settle").expect(200)
    called = [{"$id": run(project, id)["$id"], "functionId": id} for id in ("f", "g")]
    assert told == {"event": "users.ann.create", "names": NAMES, "executions": called}


@pytest.mark.parametrize(
    ("name", "listens", "told"),
    [
        ("databases.main.collections.posts.documents.1.create", "databases.main.tables.posts", ""),
        ("databases.d.tables.t.rows.r.upsert", "databases.*.collections.*.documents.*.upsert", ""),
        ("buckets.b.files.f.create", "buckets.*.files.*.create", ""),
        ("users.u.update.email", "users.*.update.email", "users.u.update"),  # its first name
        ("messages.m.delete", "messages.*", ""),
    ],
)
def test_events_of_services_that_are_not_emulated_can_be_made_up(
    project: Project, name: str, listens: str, told: str
) -> None:
    listening(project, "f", listens)
    reply = fire(project.server, event=name, project=project.id, wait=10, payload={"$id": "1"})
    (execution,) = reply.expect(200)["executions"]
    assert execution["status"] == "completed"
    assert execution["logs"] == f'{told or name} \n{{"$id":"1"}}\n'


def test_who_waits_learns_how_it_ended(project: Project) -> None:
    listening(project, "f", "users.*")
    listening(project, "g", "users.*", source="def main(context):\n    raise ValueError('no')\n")
    told = fire(project.server, event="users.ann.create", project=project.id, user="bob", wait=10)
    good, bad = told.expect(200)["executions"]
    assert list(good) == [
        "$id", "functionId", "status", "responseStatusCode", "duration", "logs", "errors",
    ]  # fmt: skip
    assert (good["status"], good["responseStatusCode"]) == ("completed", 204)
    assert good["logs"] == "users.ann.create bob\n{}\n"
    assert (bad["functionId"], bad["status"], bad["responseStatusCode"]) == ("g", "failed", 500)
    assert "ValueError: no" in bad["errors"]


def test_who_waits_for_too_short_is_told_what_still_runs(project: Project, gate: Gate) -> None:
    listening(project, "f", "users.*", source=gate.main)
    error = fire(project.server, event="users.a.create", project=project.id, wait=0).error
    with gate.reached():
        pass
    project.server.call("POST", "/_emulator/settle").expect(200)
    assert error[:2] == (408, "emulator_not_settled")
    assert f"of function f in project {project.id}" in error[2]


def test_a_function_that_was_deleted_meanwhile_has_no_outcome(project: Project, gate: Gate) -> None:
    listening(project, "f", "users.*", source=gate.main)
    replies: list[Reply] = []

    def ask() -> None:
        replies.append(fire(project.server, event="users.a.create", project=project.id, wait=10))

    thread = threading.Thread(target=ask)
    thread.start()
    with gate.reached():
        project.delete("/functions/f")
    thread.join(10)
    assert replies[0].expect(200)["executions"] == []


def test_all_who_listen_hear_of_it(project: Project) -> None:
    recorder = Recorder()
    project.server.run(project.server.emulator.services.ground.events.add, recorder)
    told = fire(project.server, event="functions.f.executions.e.update", project=project.id,
                payload={"a": 1}, user="bob").expect(202)  # fmt: skip
    (event,) = [each for each in recorder.heard if each.project == project.id]
    assert (event.payload, event.user_id, event.depth) == ({"a": 1}, "bob", 0)
    assert (list(event.names), told["executions"]) == (told["names"], [])


def test_without_listeners_it_still_has_names(project: Project) -> None:
    told = fire(project.server, event="users.ann.create", project=project.id).expect(202)
    assert told == {"event": "users.ann.create", "names": NAMES, "executions": []}


def test_it_happens_in_the_emulators_project_unless_another_is_named(own: Server) -> None:
    home, other = own.project("home"), own.project("other")
    listening(home, "f", "users.*")
    listening(other, "g", "users.*")
    for values, called in (({}, "f"), ({"project": ""}, "f"), ({"project": "other"}, "g")):
        reply = fire(own, event="users.ann.create", wait=10, **values).expect(200)
        assert [each["functionId"] for each in reply["executions"]] == [called]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, 'Param "event" is not optional.'),
        ({"event": ""}, "Invalid `event` param: Value must be a valid string and at least 1 char"),
        ({"event": 5}, "Invalid `event` param: Value must be a valid string"),
        ({"event": "a." * 2000}, "Invalid `event` param: Value must be a valid string"),
        ({"event": "users.ann.creat"}, "'users' has no 'creat'. Did you mean create?"),
        ({"event": "users.*.create"}, "an event has an id in place of each *"),
        ({"event": NAMES[0], "payload": []}, "Invalid `payload` param: Value must be a JSON obje"),
        ({"event": NAMES[0], "payload": "{"}, "Invalid `payload` param: Value must be a JSON obje"),
        ({"event": NAMES[0], "payload": 5}, "Invalid `payload` param: Value must be a JSON object"),
        ({"event": NAMES[0], "user": "a b"}, "Invalid `user` param: UID must contain at most 36"),
        ({"event": NAMES[0], "user": 5}, "Invalid `user` param: UID must contain at most 36"),
        ({"event": NAMES[0], "project": "-"}, "Invalid `project` param: UID must contain at most"),
        (
            {"event": NAMES[0], "wait": -1},
            "Invalid `wait` param: Value must be a number of seconds",
        ),
        (
            {"event": NAMES[0], "wait": "soon"},
            "Invalid `wait` param: Value must be a number of sec",
        ),
        ({"event": NAMES[0], "depth": 9}, 'Unknown param "depth". It takes event, payload, user,'),
    ],
)
def test_what_cannot_be_told_is_refused(server: Server, values: Json, message: str) -> None:
    status, type, text = fire(server, **values).error
    assert (status, type) == (400, "general_argument_invalid")
    assert message in text


def test_payloads_may_be_given_as_text_and_in_the_url(project: Project) -> None:
    listening(project, "f", "users.*")
    target = f"/_emulator/trigger/event?event=users.a.create&project={project.id}&wait=10"
    reply = project.server.call("POST", f"{target}&payload=%7B%22a%22%3A1%7D").expect(200)
    assert reply["executions"][0]["logs"] == 'users.a.create \n{"a":1}\n'


def test_a_payload_may_be_large_but_not_larger_than_a_request(project: Project) -> None:
    size = "def main(context):\n    return context.res.text(str(len(context.req.body_binary)))\n"
    listening(project, "f", "users.*", source=size)
    payload = {"text": "x" * 11_000_000}
    reply = fire(
        project.server, event="users.a.create", project=project.id, payload=payload, wait=15
    )
    assert reply.expect(200)["executions"][0]["status"] == "completed"
    injection = project.server.emulator.services.injection
    with pytest.raises(
        EventRefused, match=r"The payload has 13,000,011 bytes as JSON, 12,582,912 are"
    ):
        project.server.run(injection.fire, "users.a.create", {"text": "x" * 13_000_000})


@pytest.mark.parametrize("project", ["console", "-", "ü", "p" * 40])
def test_there_are_no_events_where_no_functions_can_be(server: Server, project: str) -> None:
    with pytest.raises(Exception, match="project_not_found"):
        server.run(
            lambda: server.emulator.services.injection.fire("users.a.create", project=project)
        )


def test_a_strict_emulator_wants_a_full_key_and_a_project_it_knows() -> None:
    with serving(memory=True, strict=True, project="home", keys=(Key("full"),)) as strict:
        body = b'{"event": "users.a.create", "project": "home"}'
        assert strict.call("POST", "/_emulator/trigger/event", body=body).error[0] == 401
        headers = {"x-appwrite-key": "full"}
        strict.call("POST", "/_emulator/trigger/event", headers, body).expect(202)


def test_python_programs_make_events_up_too() -> None:
    with Emulator(port=0, memory=True) as emulator:
        fired = emulator.fire("users.ann.create", {"$id": "ann"}, user="bob")
        assert (fired.event, fired.project) == ("users.ann.create", emulator.project)
        assert (list(fired.names), fired.executions) == (NAMES, ())
        for payload, words in (
            ([1], "The payload must be a JSON object, and is list."),
            ({"a": object()}, "The payload cannot be written as JSON: "),
            ({"a": math.nan}, "The payload cannot be written as JSON: "),
            ({"a": datetime.now(UTC)}, "The payload cannot be written as JSON: "),
        ):
            with pytest.raises(ValueError, match=re.escape(words)):
                emulator.fire("users.ann.create", payload)  # type: ignore[arg-type]  # on purpose
        with pytest.raises(EventRefused, match="'a b' cannot be the id of a user"):
            emulator.fire("users.ann.create", user="a b")


def test_the_payload_is_what_json_makes_of_it() -> None:
    recorder, circle = Recorder(), dict[str, Json]()
    circle["self"] = circle
    with Emulator(port=0, memory=True) as emulator:
        emulator.services.ground.events.add(recorder)
        given: Json = {"list": [1], 2: "two", "half": "\ud800"}
        emulator.fire("users.ann.create", given)
        given["list"] = []
        with pytest.raises(EventRefused, match="The payload cannot be written as JSON"):
            emulator.fire("users.ann.create", circle)
    assert [each.payload for each in recorder.heard] == [
        {"list": [1], "2": "two", "half": "\ud800"}
    ]
