"""Stubs: declared answers over HTTP, in the place of what is not emulated."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from appwrite_emulator.client.stub import Stub
from appwrite_emulator.client.stubs import Stubs, StubsFailed
from appwrite_emulator.config import Key
from appwrite_emulator.services.stubs import Exactly, StubCall, StubRefused, StubReply

from .forms import form, multipart_type
from .gate import Gate
from .people import new_user
from .server import Project, Server, serving
from .stubbed import DOCUMENTS, ONE, as_function, stubs_of


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that tests may reset and restore."""
    with serving(memory=True) as running:
        yield running


def test_a_stub_answers_in_the_place_of_a_service(project: Project, stubs: Stubs) -> None:
    stub = stubs.get(ONE).json({"$id": "one", "title": "Hello"})
    reply = project.get(ONE)
    assert reply.expect(200) == {"$id": "one", "title": "Hello"}
    assert project.get(f"{DOCUMENTS}/two").status == 501
    (call,) = stub.calls
    assert (call.method, call.path, call.caller) == ("GET", f"/v1{ONE}", "server")
    assert (call.reply_status, call.project) == (200, project.id)
    assert call.moment.startswith("20")
    stub.assert_called(1, by="server")


def test_documents_have_all_that_sdks_demand(project: Project, stubs: Stubs) -> None:
    stubs.get(DOCUMENTS).documents([{"$id": "a", "title": "Hello"}, {"$permissions": ["x"]}], 7)
    listed = project.get(DOCUMENTS).expect(200)
    first, second = listed["documents"]
    created = first["$createdAt"]
    assert first == {
        "$id": "a",
        "$sequence": "1",
        "$collectionId": "posts",
        "$databaseId": "main",
        "$createdAt": created,
        "$updatedAt": created,
        "$permissions": [],
        "title": "Hello",
    }
    assert (listed["total"], second["$sequence"], second["$permissions"]) == (7, "2", ["x"])
    assert created.startswith("20")
    assert second["$id"]


@pytest.mark.parametrize(
    ("path", "database", "table"),
    [
        ("/tablesdb/main/tables/visits/rows", "main", "visits"),
        ("/v1/tablesdb/*/tables/visits/rows", "", "visits"),
        (re.compile(r"/tablesdb/[a-z]+/tables/\w+/rows"), "", ""),
        ("/tablesdb/**", "", ""),
    ],
)
def test_a_row_says_what_it_lies_in(
    project: Project, stubs: Stubs, path: str | re.Pattern[str], database: str, table: str
) -> None:
    stubs.post(path).row({"$id": "a", "$createdAt": "2031-01-01T00:00:00.000+00:00"})
    stubs.patch(path).row({"$id": "a"}).document({"$id": "b"}, status=202)
    made = project.post("/tablesdb/main/tables/visits/rows").expect(201)
    assert (made["$databaseId"], made["$tableId"]) == (database, table)
    assert made["$updatedAt"] == made["$createdAt"]
    assert project.patch("/tablesdb/main/tables/visits/rows").expect(200)["$id"] == "a"
    assert "$collectionId" in project.patch("/tablesdb/main/tables/visits/rows").expect(202)


def test_what_is_no_row_is_refused(stubs: Stubs) -> None:
    with pytest.raises(StubRefused, match=r"^'a' must be an object, such as \{'\$id': 'one'\}\.$"):
        stubs.get(DOCUMENTS).documents(["a"])  # type: ignore[list-item]  # as no checker lets it


@pytest.mark.parametrize(
    ("declare", "status", "kind", "body"),
    [
        (lambda stub: stub.json([1]), 200, "application/json; charset=UTF-8", b"[1]"),
        (lambda stub: stub.text("hi", 201), 201, "text/plain; charset=UTF-8", b"hi"),
        (lambda stub: stub.bytes(b"\xff"), 200, "application/octet-stream", b"\xff"),
        (lambda stub: stub.empty(), 204, "text/plain; charset=UTF-8", b""),
        (
            lambda stub: stub.listing("files", [{"$id": "a"}]),
            200,
            "application/json; charset=UTF-8",
            b'{"total":1,"files":[{"$id":"a"}]}',
        ),
        (
            lambda stub: stub.rows([], total=9),
            200,
            "application/json; charset=UTF-8",
            b'{"total":9,"rows":[]}',
        ),
    ],
)
def test_every_reply_says_its_type(
    project: Project,
    stubs: Stubs,
    declare: Callable[[Stub], Stub],
    status: int,
    kind: str,
    body: bytes,
) -> None:
    declare(stubs.get("/storage/**"))
    reply = project.get("/storage/files")
    assert (reply.status, reply.header("content-type"), reply.body) == (status, kind, body)
    head = project.call("HEAD", "/storage/files")
    assert (head.status, head.header("content-type"), head.body) == (status, kind, b"")


def test_headers_go_out_beside_those_of_every_reply(project: Project, stubs: Stubs) -> None:
    stubs.get("/avatars/**").bytes(b"GIF", headers={"Content-Type": "image/gif", "X-More": "1"})
    reply = project.having(origin="http://localhost:3000").get("/avatars/initials")
    assert (reply.header("content-type"), reply.header("x-more")) == ("image/gif", "1")
    assert reply.header("access-control-allow-origin") == "http://localhost:3000"
    assert reply.header("server") == "Appwrite"
    asked = project.having(origin="http://localhost:3000").call("OPTIONS", "/avatars/initials")
    assert (asked.status, asked.body) == (204, b"")


def test_an_error_is_appwrites_in_the_era_of_the_client(project: Project, stubs: Stubs) -> None:
    stubs.get(ONE).error("document_not_found").error("mine", "My own", 418).error(
        "user_blocked", status=403
    )
    assert project.get(ONE).error == (
        404,
        "document_not_found",
        "Document with the requested ID 'one' could not be found.",
    )
    assert project.get(ONE).error == (418, "mine", "My own")
    assert project.at("1.6.0").get(ONE).error[:2] == (403, "user_blocked")


def test_the_newest_stub_that_matches_answers(project: Project, stubs: Stubs) -> None:
    stubs.any("/databases/**").json("any")
    stubs.post(DOCUMENTS).json("post")
    stubs.post(DOCUMENTS, json={"data": {"title": "a"}}).json("a")
    assert project.post(DOCUMENTS, {"data": {"title": "a", "more": 1}}).json == "a"
    assert project.post(DOCUMENTS, {"data": {"title": "b"}}).json == "post"
    assert project.get(DOCUMENTS).json == "any"
    stubs.any("/databases/**").json("new")
    assert project.post(DOCUMENTS, {"data": {"title": "a"}}).json == "new"


def test_replies_are_given_in_turn_and_the_last_goes_on(project: Project, stubs: Stubs) -> None:
    stubs.get(ONE).json(1).json(2, 201).json(3)
    assert [project.get(ONE).json for _ in range(4)] == [1, 2, 3, 3]


def test_times_makes_a_stub_end_and_an_older_one_goes_on(project: Project, stubs: Stubs) -> None:
    stubs.get(ONE).json("old").times(2)
    stub = stubs.get(ONE).times(2).json("new")
    assert [project.get(ONE).json for _ in range(4)] == ["new", "new", "old", "old"]
    message = project.get(ONE).error[2]
    assert message.startswith(
        f"This emulator does not serve GET /v1{ONE}. 2 stubs are near: "
        f"GET /v1{ONE} has answered 2 times, as often as it may; "
        f"GET /v1{ONE} has answered 2 times, as often as it may. Declare a stub "
    )
    stub.assert_called(2)


def test_queries_match_however_they_are_numbered(project: Project, stubs: Stubs) -> None:
    limit = {"method": "limit", "values": [5]}
    stub = stubs.get(DOCUMENTS, query={"queries": [limit]}).documents([])
    text = '{"values":[5],"method":"limit"}'
    for name in ("queries[0]", "queries[]", "queries[7]"):
        assert project.get(DOCUMENTS, **{name: text}).status == 200
    assert project.get(DOCUMENTS, **{"queries[]": text.replace("5", "6")}).status == 501
    stub.assert_called(3, query={"queries": [limit]})


def test_a_form_matches_by_its_fields_and_the_names_of_its_files(
    project: Project, stubs: Stubs
) -> None:
    stub = stubs.post(
        "/storage/buckets/*/files",
        json=Exactly({"fileId": "unique()", "permissions": ["a", "b"], "file": "cat.jpg"}),
    ).json({"$id": "cat"}, 201)
    fields = {"fileId": "unique()", "permissions[]": "a", "permissions[1]": "b"}
    body = form(fields, {"file": ("cat.jpg", b"\xff\xd8")})
    reply = project.call(
        "POST",
        "/storage/buckets/photos/files",
        body=[body[:50], body[50:]],
        headers={"content-type": multipart_type()},
    )
    assert reply.expect(201) == {"$id": "cat"}
    assert b"\xff\xd8" in stub.calls[0].body
    posted = project.call(
        "POST",
        "/storage/buckets/photos/files",
        body=b"fileId=x&file=cat.jpg",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    hint = (
        "body.fileId: 'x' instead of 'unique()', body.permissions: nothing instead of ['a', 'b']."
    )
    assert f" {hint} Declare a stub " in posted.error[2]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[" * 100_000),
        ("multipart/form-data; boundary=x", b"--y"),
        ("text/plain", b"{}"),
        ("", b"\xff"),
    ],
)
def test_a_body_that_says_nothing_has_no_value(
    project: Project, stubs: Stubs, kind: str, body: bytes
) -> None:
    stub = stubs.post("/graphql").json({})
    headers = {"content-type": kind}
    assert project.call("POST", "/graphql", body=body, headers=headers).status == 200
    (call,) = stub.calls
    assert (call.json, call.body) == (None, body)
    stubs.post("/graphql", json={}).json({})
    stubs.post("/graphql", body=body).json("mine")
    assert project.call("POST", "/graphql", body=body, headers=headers).json == "mine"


def test_a_body_that_is_too_large_is_refused_as_everywhere(project: Project, stubs: Stubs) -> None:
    body = [b"x" * 6_300_000] * 2
    assert project.call("POST", "/graphql", body=body).status == 501
    assert stubs.unmatched[0].call.body == b""
    stub = stubs.post("/graphql").json({})
    status, type, message = project.call("POST", "/graphql", body=body).error
    assert (status, type) == (400, "general_bad_request")
    assert "larger than 12582912 bytes" in message
    stub.assert_not_called()


def test_a_stub_wins_over_what_is_emulated(project: Project, stubs: Stubs) -> None:
    project.post("/users", {"userId": "ann"}).expect(201)
    stubs.get("/users/ann").error("general_unknown", "Down", 500).times(1)
    stubs.post("/users", json={"userId": "bob"}).error("user_already_exists")
    assert project.get("/users/ann").error == (500, "general_unknown", "Down")
    assert project.get("/users/ann").expect(200)["$id"] == "ann"
    assert project.post("/users", {"userId": "bob"}).error[1] == "user_already_exists"
    assert project.post("/users", {"userId": "cy"}).expect(201)["$id"] == "cy"
    assert [call.path for call in stubs.calls] == ["/v1/users/ann", "/v1/users"]
    assert stubs.unmatched == []


def test_the_body_of_what_no_stub_takes_is_read_by_its_route(
    project: Project, stubs: Stubs
) -> None:
    caller = as_function(
        project,
        scopes=(
            "functions.write",
            "users.write",
            "functions.read",
        ),
    )
    never = stubs.post("/**", json={"never": 1}).json({})
    stubs.any("/functions/**", json={"never": 1}).json({})
    fields = {"activate": "true", "entrypoint": "main.py"}
    made = caller.post("/users", {"userId": "ann", "name": "Ann"}).expect(201)
    assert made["name"] == "Ann"
    code = "def main(c):\n    return c.res.text('second')\n"
    deployed = caller.deploy("f", {"main.py": code}, **fields)
    assert deployed["status"] == "ready"
    assert project.execute("f")["responseBody"] == "second"
    never.assert_not_called()


def test_routes_of_functions_are_stubbed_for_functions_only(project: Project, stubs: Stubs) -> None:
    caller = as_function(project)
    stub = stubs.any("/functions/**").error("build_not_ready")
    assert caller.post("/functions/f/executions", {}).error[1] == "build_not_ready"
    assert project.execute("f")["status"] == "completed"
    assert project.get("/functions").expect(200)["total"] == 1
    assert project.guest.post("/functions/f/executions", {}).expect(201)["status"] == "completed"
    stub.assert_called(1, by="function:f")


def test_who_calls_is_known(project: Project, stubs: Stubs) -> None:
    caller = as_function(project)
    ann = new_user(project, "ann")
    stub = stubs.get(ONE).json("anybody")
    callers = {"server": project, "guest": project.guest, "user ann": ann, "function f": caller}
    for name, each in callers.items():
        each.get(ONE).expect(200)
        assert stub.calls[-1].caller == name
    for by in ("server", "guest", "ann", "user:ann", "f", "function:f"):
        stub.assert_called(1, by=by)
        stubs.get(ONE, by=by).json(by)
    replies = [each.get(ONE).json for each in callers.values()]
    assert replies == ["server", "guest", "user:ann", "function:f"]


def test_the_execution_that_calls_is_known_where_there_is_but_one(
    project: Project, stubs: Stubs, gate: Gate
) -> None:
    stub = stubs.get(ONE).json({})
    caller = as_function(project)
    caller.get(ONE)  # none is under way
    project.deploy("f", {"main.py": gate.main})
    ids = []
    for _ in range(2):
        made = project.post("/functions/f/executions", {"async": True}).expect(202)
        ids.append(made["$id"])
        caller.get(ONE)
    seen = [call.execution for call in stub.calls]
    project.server.call("POST", f"/_emulator/reset?project={project.id}").expect(200)
    assert seen == ["", ids[0], ""]


def test_who_may_not_call_is_refused_before(own: Server) -> None:
    with serving(
        memory=True, strict=True, project="home", keys=(Key("full", (), "home"),)
    ) as strict:
        stubs = stubs_of(strict.project("home"))
        stub = stubs.get(ONE).json({})
        project = strict.project("home")
        assert project.having(x_appwrite_key="unknown").get(ONE).error[1] == "user_unauthorized"
        assert strict.project("nowhere").get(ONE).error[1] == "project_not_found"
        jwt = project.having(x_appwrite_key=None, x_appwrite_jwt="a.b.c")
        assert jwt.get(ONE).error[1] == "user_jwt_invalid"
        stub.assert_not_called()
        assert project.having(x_appwrite_key="full").get(ONE).json == {}


def test_scopes_are_not_checked(project: Project, stubs: Stubs) -> None:
    caller = as_function(project, scopes=("functions.read",))
    assert caller.get("/users").error[1] == "general_unauthorized_scope"
    stubs.get("/users").json({"total": 0, "users": []})
    assert caller.get("/users").status == 200


def test_projects_have_their_own_stubs(own: Server) -> None:
    one, two = own.project(), own.project()
    first, second = stubs_of(one), stubs_of(two)
    first.get(ONE).json("one")
    assert two.get(ONE).error[0] == 501
    second.get(ONE).json("two")
    assert (one.get(ONE).json, two.get(ONE).json) == ("one", "two")
    assert [call.reply_status for call in first.calls] == [200]
    assert (len(first.unmatched), len(second.unmatched)) == (0, 1)
    first.clear()
    assert one.get(ONE).error[0] == 501
    assert two.get(ONE).json == "two"


def test_code_may_answer(project: Project, stubs: Stubs) -> None:
    def greet(call: StubCall) -> Any:
        if call.path.endswith("two"):
            return StubReply.error("document_not_found")
        return {"title": f"{call.method} {call.query['q']}"}

    stub = stubs.get(f"{DOCUMENTS}/*").answer(greet)
    assert project.get(ONE, q="a").json == {"title": "GET a"}
    assert project.get(f"{DOCUMENTS}/two").error[1] == "document_not_found"
    assert [call.reply_status for call in stub.calls] == [200, 404]
    stubs.check()


def test_code_that_answers_may_call_the_emulator(project: Project, stubs: Stubs) -> None:
    project.post("/users", {"userId": "ann", "name": "Ann"}).expect(201)
    stubs.get(ONE).answer(lambda call: {"author": project.get("/users/ann").json["name"]})
    assert project.get(ONE).json == {"author": "Ann"}


def test_what_code_raises_is_told_to_both_sides(project: Project, stubs: Stubs) -> None:
    def check(call: StubCall) -> None:
        assert call.query == {"q": "b"}, "the query is another"

    stub = stubs.get(ONE).answer(check)
    status, type, message = project.get(ONE, q="a").error
    assert (status, type) == (500, "emulator_stub_failed")
    assert message == f"The answer of GET /v1{ONE} raised AssertionError: the query is another"
    ((call, error),) = stubs.raised
    assert (call.query, str(error)[:20]) == ({"q": "a"}, "the query is another")
    assert [each.reply_status for each in stub.calls] == [500]
    with pytest.raises(StubsFailed, match="by server raised AssertionError") as failed:
        stubs.check()
    assert failed.value.__cause__ is error
    stubs.clear()
    stubs.check()


def test_what_code_returns_must_be_a_reply(project: Project, stubs: Stubs) -> None:
    stubs.get(ONE).answer(lambda call: {1, 2})
    assert "raised StubRefused: The reply cannot be written as JSON" in project.get(ONE).error[2]


def test_a_delayed_reply_waits_and_others_go_on(project: Project, stubs: Stubs) -> None:
    slow = stubs.get(ONE).json("slow", delay=3600)
    stubs.get(f"{DOCUMENTS}/two").json("quick")
    with ThreadPoolExecutor() as pool:
        gone = pool.submit(project.server.leave, "GET", f"/v1{ONE}?project={project.id}")
        gone.result()  # whoever goes away is not waited for
        slow.assert_called(1, by="guest")
        assert project.get(f"{DOCUMENTS}/two").json == "quick"


def test_a_delay_is_real_time(project: Project, stubs: Stubs) -> None:
    stubs.get(ONE).json("late", delay=0.05)
    reply = project.get(ONE)
    assert reply.json == "late"
    assert float(reply.header("x-debug-speed") or 0) >= 0.05


def test_what_nothing_answers_is_kept_and_explains_itself(project: Project, stubs: Stubs) -> None:
    stubs.post(DOCUMENTS, json={"data": {"title": "b"}}, by="f").json({})
    stubs.get(DOCUMENTS).json({})
    stubs.get("/storage/buckets").json({})
    message = project.post(DOCUMENTS, {"data": {"title": "a"}}).error[2]
    assert message.startswith(
        f"This emulator does not serve POST /v1{DOCUMENTS}. 2 stubs are near: "
        f"POST /v1{DOCUMENTS} differs in by: server instead of f, body.data.title: 'a' instead of "
        f"'b'; GET /v1{DOCUMENTS} differs in the method: POST instead of GET. Declare a stub "
    )
    project.get("/databases/none/at/all", "q", x="1")
    first, second = stubs.unmatched
    assert str(first).splitlines() == [
        f"POST /v1{DOCUMENTS} met no stub.",
        "  called by: server",
        "  body: {'data': {'title': 'a'}}",
        f"  near: POST /v1{DOCUMENTS} differs in by: server instead of f, body.data.title: 'a' "
        "instead of 'b'",
        f"  near: GET /v1{DOCUMENTS} differs in the method: POST instead of GET",
    ]
    assert second.explain().splitlines()[1:] == [
        "  called by: server",
        "  query: {'queries': ['q'], 'x': '1'}",
        "  no stub is near it",
    ]
    with pytest.raises(StubsFailed, match="met no stub") as failed:
        stubs.check()
    assert str(failed.value).count("met no stub") == 2
    assert str(failed.value).count("Declare one: ") == 1
    assert f'Declare one: appwrite.stub.post("{DOCUMENTS}").json({{...}}).' in str(failed.value)


@pytest.mark.parametrize("path", ["/nothing", "/functions/f/nothing", "/locale/nothing"])
def test_whatever_route_there_is_not_is_kept(project: Project, stubs: Stubs, path: str) -> None:
    assert project.get(path).status in (404, 501)
    (unmatched,) = stubs.unmatched
    assert unmatched.call.path == f"/v1{path}"


def test_a_path_outside_the_api_is_none_of_it(project: Project, stubs: Stubs) -> None:
    project.server.call("GET", "/favicon.ico", project.headers)
    assert stubs.unmatched == []


def test_an_assertion_shows_the_calls_that_there_were(project: Project, stubs: Stubs) -> None:
    stub = stubs.post(DOCUMENTS).json({}, 201)
    with pytest.raises(AssertionError) as failed:
        stub.assert_called()
    assert str(failed.value).splitlines() == [
        f"Calls of POST /v1{DOCUMENTS}: 0, expected at least 1.",
        "  It has answered no call.",
    ]
    project.post(DOCUMENTS, {"data": {"title": "a"}})
    project.guest.post(f"{DOCUMENTS}?x=1", {"data": {}})
    project.get(DOCUMENTS)
    stub.assert_called()
    stub.assert_called(2, json={"data": dict})
    stub.assert_called(1, json={"data": {"title": "a"}}, by="server")
    stub.assert_not_called(by="ann")
    with pytest.raises(AssertionError) as failed:
        stub.assert_called(2, json={"data": {"title": "a"}})
    assert str(failed.value).splitlines() == [
        f"Calls of POST /v1{DOCUMENTS} with json={{'data': {{'title': 'a'}}}}: 1, expected 2.",
        f"  POST /v1{DOCUMENTS} by server: 201, body {{'data': {{'title': 'a'}}}}",
        f"  POST /v1{DOCUMENTS} by guest: 201, query {{'x': '1'}}, body {{'data': {{}}}}, "
        "differs in body.data.title: nothing instead of 'a'",
        f"  GET /v1{DOCUMENTS} met no stub.",
        "    called by: server",
        f"    near: POST /v1{DOCUMENTS} differs in the method: GET instead of POST",
    ]
    with pytest.raises(AssertionError, match="2, expected 0"):
        stub.assert_not_called()
    with pytest.raises(ValueError, match="by is 'usr:x'"):
        stub.assert_called(by="usr:x")


def test_a_restore_and_a_reset_remove_stubs_and_what_was_called(own: Server) -> None:
    one, two = own.project(), own.project()
    first, second = stubs_of(one), stubs_of(two)

    def declare() -> None:
        for project, stubs in ((one, first), (two, second)):
            stubs.get(ONE).json({})
            project.get(ONE).expect(200)
            project.get("/storage/buckets")

    def known() -> list[int]:
        return [len(each) for stubs in (first, second) for each in (stubs.calls, stubs.unmatched)]

    declare()
    own.call("POST", "/_emulator/reset", None, json.dumps({"project": one.id}).encode())
    assert known() == [0, 0, 1, 1]
    assert (one.get(ONE).status, two.get(ONE).status) == (501, 200)
    declare()
    snapshot = json.loads(own.call("POST", "/_emulator/snapshot").body)["snapshot"]
    body = json.dumps({"snapshot": snapshot}).encode()
    own.call("POST", "/_emulator/restore", None, body).expect(200)
    assert known() == [0, 0, 0, 0]
    assert own.emulator.services.stubs.is_used is False
    assert two.get(ONE).status == 501


def test_a_restore_ends_the_wait_for_a_reply(own: Server) -> None:
    project = own.project()
    reached = threading.Event()
    stubs_of(project).get(ONE).answer(lambda call: reached.set(), delay=3600)
    with ThreadPoolExecutor() as pool:
        late = pool.submit(project.get, ONE)
        assert reached.wait(15)
        stubs_of(own.project()).clear()  # those of others change nothing
        assert not late.done()
        own.call("POST", f"/_emulator/reset?project={project.id}").expect(200)
        assert late.result().error[:2] == (409, "emulator_restored")


def test_what_was_called_before_a_restore_is_told_to_nobody(own: Server) -> None:
    project = own.project()
    stubs = stubs_of(project)
    reached, go_on = threading.Event(), threading.Event()

    def wait(call: StubCall) -> None:
        reached.set()
        assert go_on.wait(15)

    stubs.get(ONE).answer(wait)
    with ThreadPoolExecutor() as pool:
        late = pool.submit(project.get, ONE)
        assert reached.wait(15)
        own.call("POST", "/_emulator/reset").expect(200)
        go_on.set()
        assert late.result().error[:2] == (409, "emulator_restored")
    assert (stubs.calls, stubs.unmatched, stubs.raised) == ([], [], [])


@pytest.mark.parametrize("error", [SystemExit(3), pytest.fail.Exception("wrong author")])
def test_what_ends_the_code_of_an_answer_fails_the_test(
    project: Project, stubs: Stubs, error: BaseException
) -> None:
    def end(call: StubCall) -> None:
        raise error

    stubs.get(ONE).answer(end)

    told = f"{type(error).__name__}: {error}"
    assert project.get(ONE).error == (
        500,
        "emulator_stub_failed",
        f"The answer of GET /v1{ONE} raised AnswerEnded: {told}",
    )
    with pytest.raises(StubsFailed, match=re.escape(told)):
        stubs.check()


def test_a_stub_without_a_reply_cannot_be_asserted(stubs: Stubs) -> None:
    stub = stubs.get(ONE)

    with pytest.raises(ValueError, match="has no reply yet"):
        stub.assert_not_called()


@pytest.mark.parametrize("times", [-1, "1", 2.0, True])
def test_calls_are_counted_by_whole_numbers(stubs: Stubs, times: Any) -> None:
    with pytest.raises(ValueError, match="must be a whole number from 0 on"):
        stubs.get(ONE).json({}).assert_called(times)


def test_what_no_call_has_is_named(stubs: Stubs) -> None:
    wrong: Any = {"jsn": 1}

    with pytest.raises(TypeError, match=r"cannot want 'jsn' of a call\. Did you mean json\?"):
        stubs.get(ONE, **wrong)
    with pytest.raises(TypeError, match="cannot want 'jsn'"):
        stubs.get(ONE).json({}).assert_called(**wrong)


def test_a_path_is_written_as_it_is_seen(stubs: Stubs) -> None:
    with pytest.raises(ValueError, match="is encoded: stubs see it as '/databases/a/b'"):
        stubs.get("/databases/a%2Fb")
