"""The control API of stubs: declared by tests in whatever language."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from appwrite_emulator.client.stubs import Stubs
from appwrite_emulator.config import Key

from .server import Json, Project, Reply, Server, serving
from .stubbed import DOCUMENTS


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server whose own project is nobody else's."""
    with serving(memory=True) as running:
        yield running


def control(
    server: Server, method: str, target: str = "", values: dict[str, Json] | None = None
) -> Reply:
    """One request for `/_emulator/stubs` and what follows it."""
    body = json.dumps(values).encode() if values else b""
    return server.call(method, f"/_emulator/stubs{target}", None, body)


def declare(project: Project, **values: Json) -> Json:
    """Declare a stub of the project."""
    return control(project.server, "POST", "", {"project": project.id, **values}).expect(201)


def test_stubs_are_declared_and_listed_over_http(project: Project, stubs: Stubs) -> None:
    declared = declare(
        project,
        method="post",
        path="/databases/*/collections/*/documents",
        query={"x": 1},
        json={"data": {"title": "a"}},
        headers={"x-trace": "1"},
        by="server",
        replies=[{"json": {"$id": "one"}, "status": 201}, {"error": "document_already_exists"}],
        times=3,
    )
    assert (declared["method"], declared["project"]) == ("POST", project.id)
    caller = project.having(x_trace="1")
    body = {"documentId": "one", "data": {"title": "a"}}
    assert caller.post(f"{DOCUMENTS}?x=1", body).expect(201) == {"$id": "one"}
    assert caller.post(f"{DOCUMENTS}?x=1", body).error[1] == "document_already_exists"
    assert caller.post(DOCUMENTS, body).status == 501
    told = control(project.server, "GET", f"?project={project.id}").expect(200)
    assert told["total"] == 1
    (stub,) = told["stubs"]
    assert {**stub, "calls": None} == {**declared, "calls": None}
    assert stub["calls"] == told["calls"]
    assert [call["status"] for call in stub["calls"]] == [201, 409]
    assert stub["calls"][0]["json"] == body
    assert "x-appwrite-key" not in stub["calls"][0]["headers"]
    (unmatched,) = told["unmatched"]
    assert unmatched["near"] == [
        "POST /v1/databases/*/collections/*/documents differs in query.x: nothing instead of '1'"
    ]
    assert control(project.server, "GET").json["total"] >= 1


def test_each_kind_of_reply_is_declared_over_http(project: Project, stubs: Stubs) -> None:
    kinds: list[Json] = [
        {"json": None},
        {"text": "hi", "headers": {"x-more": "1"}},
        {"base64": "/w==", "delay": 0},
        {"error": "mine", "message": "Mine", "status": 418},
        {"empty": True},
    ]
    declare(project, pattern="/storage/.*", replies=kinds)
    replies = [project.get("/storage/x") for _ in kinds]
    assert [reply.status for reply in replies] == [200, 200, 200, 418, 204]
    assert [reply.body for reply in replies[:3]] == [b"null", b"hi", b"\xff"]
    assert replies[1].header("x-more") == "1"
    assert replies[3].error == (418, "mine", "Mine")


def test_json_is_compared_exactly_when_it_is_said(project: Project, stubs: Stubs) -> None:
    replies = [{"json": 1}]
    declare(project, method="POST", path="/graphql", json={"a": 1}, exact=True, replies=replies)
    assert project.post("/graphql", {"a": 1}).status == 200
    assert project.post("/graphql", {"a": 1, "b": 2}).status == 501


def test_stubs_are_removed_over_http(project: Project, stubs: Stubs) -> None:
    for id in ("one", "two", "three"):
        declare(project, id=id, path=f"/databases/{id}", replies=[{"json": id}])
    assert project.get("/databases/one").json == "one"
    assert control(project.server, "DELETE", f"/one?project={project.id}").expect(200) == {
        "stub": "one"
    }
    assert project.get("/databases/one").status == 501
    assert len(stubs.calls) == 1
    status, type, message = control(project.server, "DELETE", f"/one?project={project.id}").error
    assert (status, type) == (404, "emulator_stub_not_found")
    assert f"There is no stub 'one' in project '{project.id}'." in message
    assert message.endswith("there are: two, three.")
    reply = control(project.server, "DELETE", f"?project={project.id}").expect(200)
    assert reply == {"project": project.id, "removed": 2}
    assert stubs.calls == []
    assert project.get("/databases/two").status == 501


def test_a_stub_of_no_project_is_of_the_emulators_own(own: Server) -> None:
    assert control(own, "DELETE").expect(200)["project"] is None
    declared = control(own, "POST", "", GOOD).expect(201)
    assert declared["project"] == own.emulator.project
    assert own.project(own.emulator.project).get("/a").json == 1
    control(own, "DELETE", f"/{declared['id']}").expect(200)


def test_a_stub_that_is_declared_again_goes_on_in_its_place(project: Project, stubs: Stubs) -> None:
    def again(id: str, *values: Json) -> None:
        replies = [{"json": value} for value in values]
        declare(project, id=id, path="/databases/main", replies=replies)

    again("old", "old")
    again("new", "first")
    assert project.get("/databases/main").json == "first"
    again("old", "older")
    again("new", "first", "second")
    assert project.get("/databases/main").json == "second"
    assert control(project.server, "DELETE", f"/new?project={project.id}").status == 200
    assert project.get("/databases/main").json == "older"


GOOD = {"path": "/a", "replies": [{"json": 1}]}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"path": None}, "Give either path, such as '/databases/*', or pattern."),
        ({"pattern": "/a"}, "Give either path"),
        ({"path": None, "pattern": "("}, "pattern '(' is no regular expression"),
        ({"path": None, "pattern": 5}, "pattern 5 is no regular expression"),
        ({"path": 5}, "The path 5 must be a text"),
        ({"method": "FETCH"}, "'FETCH' is none of the methods"),
        ({"query": "a"}, "query is 'a', and must be an object"),
        ({"headers": 5}, "headers is 5, and must be an object"),
        ({"body": 5}, "body is 5, and must be text"),
        ({"by": []}, "by is [], and must be"),
        ({"exact": "perhaps"}, "Invalid `exact` param"),
        ({"times": 0}, "times is 0, and must be a whole number from 1 on."),
        ({"times": "2"}, "times is '2'"),
        ({"id": "a b"}, "A stub cannot have the id 'a b'"),
        ({"project": "a b"}, "Invalid `project` param"),
        ({"replies": None}, "replies is None, and must be a list"),
        ({"replies": []}, "replies is [], and must be a list"),
        ({"replies": {"json": 1}}, "replies is {'json': 1}, and must be a list"),
        ({"replies": [5]}, "replies[0] is 5, and must be an object."),
        ({"replies": [{}]}, "replies[0] must have one of json, text, base64, error, empty"),
        ({"replies": [{"json": 1, "text": ""}]}, "and has 2."),
        ({"replies": [{"jsn": 1}]}, "replies[0] has no 'jsn'"),
        ({"replies": [{"jsn": 1}]}, "Did you mean json?"),
        ({"replies": [{"json": 1}, {"text": 5}]}, "A reply's text must be a str, and is 5."),
        ({"replies": [{"base64": "?"}]}, "replies[0].base64 is no text in base64"),
        ({"replies": [{"base64": 5}]}, "replies[0].base64 is no text in base64"),
        ({"replies": [{"json": 1, "message": ""}]}, "replies[0] has a message, which only"),
        ({"replies": [{"error": "x", "headers": {}}]}, "replies[0] is an error, whose headers"),
        ({"replies": [{"error": "x"}]}, "'x' is no error type that the emulator knows"),
        ({"replies": [{"error": ["x"]}]}, "An error's type ['x']"),
        ({"replies": [{"json": 1, "status": None}]}, "The status None must be"),
        ({"replies": [{"json": 1, "delay": "1"}]}, "The delay '1' must be seconds"),
        ({"replies": [{"json": 1, "headers": {"a": 1}}]}, "The header a cannot have the value 1."),
        ({"reply": {}}, 'Unknown param "reply". It takes path, pattern, method'),
    ],
)
def test_what_cannot_be_declared_is_refused_by_name(
    own: Server, changes: dict[str, Json], text: str
) -> None:
    values = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    status, type, message = control(own, "POST", "", values).error
    assert (status, type) == (400, "general_argument_invalid")
    assert text in message
    assert not own.emulator.services.stubs.all(own.emulator.project)


def test_a_strict_emulator_wants_a_full_key_for_stubs() -> None:
    with serving(memory=True, strict=True, keys=(Key("full"),)) as strict:
        assert control(strict, "GET").error[1] == "emulator_key_required"
        reply = strict.call("GET", "/_emulator/stubs", {"x-appwrite-key": "full"})
        assert reply.expect(200)["total"] == 0
