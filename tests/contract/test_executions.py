"""Executions: parameters, the order of checks, what a function sees and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .forms import form, multipart_type
from .gate import Gate
from .server import Json, Project, Server, names, serving

# Does what the path says, and tells what it was called with.
PYTHON = """
import os


def main(context):
    req, res = context.req, context.res
    context.log("logged", req.path)
    context.error("erred")
    if req.path == "/bytes":
        return res.binary(bytes([0, 10, 255]))
    if req.path == "/length":
        return res.text(str(list(req.body_binary)))
    if req.path == "/status":
        return res.text("as wished", int(req.query["code"]), {"X-Own": "1", "content-length": "9"})
    if req.path == "/headers":
        return res.json(dict(req.headers))
    return res.json(
        {"method": req.method, "path": req.path, "query": req.query_string, "body": req.body_text}
    )
"""
NODE = """
module.exports = async ({ req, res, log, error }) => {
  log(`logged ${req.path}`);
  error("erred");
  if (req.path === "/bytes") return res.binary(Buffer.from([0, 10, 255]));
  if (req.path === "/length") return res.text(JSON.stringify([...req.bodyBinary]));
  if (req.path === "/status")
    return res.text("as wished", Number(req.query.code), { "X-Own": "1", "content-length": "9" });
  if (req.path === "/headers") return res.json(req.headers);
  return res.json(
    { method: req.method, path: req.path, query: req.queryString, body: req.bodyText });
};
"""
HEADERS_TEXT = (
    'Invalid headers: Alphanumeric characters or hyphens only, cannot start with "x-appwrite", '
    "maximum 100 keys, and total size 16384."
)
MISSING = (404, "execution_not_found", "Execution with the requested ID could not be found.")
PATH = "/functions/f/executions"


@pytest.fixture(scope="module", params=["python", "node"])
def owner(request: pytest.FixtureRequest, server: Server) -> Project:
    """A project with a function of each language that does what the path says."""
    project = server.project()
    if request.param == "python":
        project.function(scopes=["users.read"])
        project.deploy("f", {"main.py": PYTHON})
    else:
        project.function(runtime="node-22", entrypoint="index.js", scopes=["users.read"])
        project.deploy("f", {"index.js": NODE})
    return project


@pytest.fixture
def own(project: Project) -> Project:
    """A project of this test with a Python function."""
    project.function()
    project.deploy("f", {"main.py": PYTHON})
    return project


def _headers(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["name"]: pair["value"] for pair in pairs}


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (
            {"body": 5},
            "Invalid `body` param: Value must be a valid string and no longer than 10485760 chars",
        ),
        ({"async": "maybe"}, "Invalid `async` param: Value must be a valid boolean"),
        (
            {"path": ""},
            "Invalid `path` param: Value must be a valid string and at least 1 chars and no longer "
            "than 2048 chars",
        ),
        (
            {"path": "/" * 2049},
            "Invalid `path` param: Value must be a valid string and at least 1 chars and no longer "
            "than 2048 chars",
        ),
        (
            {"method": "get"},
            "Invalid `method` param: Value must be one of (GET, POST, PUT, PATCH, DELETE, OPTIONS, "
            "HEAD)",
        ),
        ({"headers": "{"}, "Invalid `headers` param: Value must be a valid object."),
        ({"headers": [1]}, "Invalid `headers` param: Value must be a valid object."),
        ({"headers": {"a b": "c"}}, HEADERS_TEXT),
        ({"headers": {"": "c"}}, HEADERS_TEXT),
        ({"headers": {"-a": "c"}}, HEADERS_TEXT),
        ({"headers": {"x-appwrite-user-id": "c"}}, HEADERS_TEXT),
        ({"headers": {f"h{n}": "c" for n in range(101)}}, HEADERS_TEXT),
        ({"headers": {"h": "c" * 16383}}, HEADERS_TEXT),
    ],
)
def test_parameters_are_checked_first(project: Project, params: Json, text: str) -> None:
    error = project.post("/functions/nothing/executions", params).error
    assert error == (400, "general_argument_invalid", text)


def test_a_scheduled_execution_is_asynchronous_and_in_the_future(own: Project) -> None:
    sync = {"scheduledAt": "2030-01-01T10:00:00.000+00:00"}
    assert own.post(PATH, sync).error == (
        400,
        "general_bad_request",
        "Scheduled executions must run asynchronously. Set scheduledAt to a future date, or set "
        "async to true.",
    )
    for moment in ("2020-01-01T10:00:00.000+00:00", "2030-01-01T10:00:01.000+00:00", "soon"):
        assert own.post(PATH, {"async": True, "scheduledAt": moment}).error == (
            400,
            "general_bad_request",
            "Execution schedule must be a valid date, and at least 1 minute from now",
        )
    for moment in ("2930-01-01T10:00:00.000+00:00", "2930-01-01 10:00:00"):
        made = own.post(PATH, {"async": True, "scheduledAt": moment}).expect(202)
        assert (made["status"], made["trigger"]) == ("scheduled", "schedule")
        assert made["scheduledAt"] == "2930-01-01T10:00:00.000+00:00"
        assert own.delete(f"{PATH}/{made['$id']}").status == 204


def test_then_the_function_its_deployment_and_only_then_permission(project: Project) -> None:
    guest = project.guest
    not_deployed = (
        404,
        "deployment_not_found",
        "Deployment not found. Create a deployment before trying to execute a function",
    )
    assert guest.post(PATH, {}).error[1] == "function_not_found"
    project.function(execute=[])
    assert guest.post(PATH, {}).error == not_deployed
    project.deploy("f", {"main.py": PYTHON})
    assert guest.post(PATH, {}).error == (
        401,
        "user_unauthorized",
        "No permissions provided for action 'execute'",
    )
    project.put("/functions/f", {"name": "f", "execute": ["users", "team:t/o"]}).expect(200)
    assert guest.post(PATH, {}).error == (
        401,
        "user_unauthorized",
        'Missing "execute" permission for role "guests". Only "["any","guests"]" scopes are allowed'
        ' and "["users","team:t\\/o"]" was given.',
    )
    assert project.post(PATH, {}).status == 201
    for role in ("any", "guests"):
        project.put("/functions/f", {"name": "f", "execute": [role]}).expect(200)
        assert guest.post(PATH, {}).status == 201
    project.put("/functions/f", {"name": "f", "execute": ["any"], "enabled": False}).expect(200)
    assert guest.post(PATH, {}).error[1] == "function_not_found"
    assert project.post(PATH, {}).status == 201


@pytest.mark.parametrize("text", [True, 1, "true", "1"])
def test_async_is_a_loose_boolean(own: Project, text: Json) -> None:
    made = own.post(PATH, {"async": text}).expect(202)
    assert own.executed("f", made["$id"])["status"] == "completed"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_the_function_gets_method_path_and_body(owner: Project, method: str) -> None:
    made = owner.execute("f", method=method, path="/a/b?c=d&e=f", body="ä body")
    assert (made["requestMethod"], made["requestPath"]) == (method, "/a/b?c=d&e=f")
    assert made["status"] == "completed"
    seen = json.loads(made["responseBody"])
    assert seen == {"method": method, "path": "/a/b", "query": "c=d&e=f", "body": "ä body"}


def test_defaults_are_a_post_of_nothing_to_the_root(owner: Project) -> None:
    for params in ({}, {"body": None, "path": None, "method": None, "headers": None}):
        made = owner.execute("f", **params)
        seen = json.loads(made["responseBody"])
        assert seen == {"method": "POST", "path": "/", "query": "", "body": ""}
        assert made["trigger"] == "http"
        assert made["scheduledAt"] is None


def test_headers_come_as_object_or_as_json_text(owner: Project) -> None:
    for headers in ({"X-Own": "1"}, '{"X-Own": "1"}'):
        made = owner.execute("f", path="/headers", headers=headers)
        assert json.loads(made["responseBody"])["x-own"] == "1"


def test_the_function_sees_the_headers_of_the_platform(owner: Project) -> None:
    given = {"X-Appwrite-Trigger": "mine", "cookie": "a=b; c=d", "host": "example.org"}
    made = owner.execute("f", path="/headers", headers=given)
    seen = json.loads(made["responseBody"])
    expected = {
        "x-appwrite-trigger": "http",
        "x-appwrite-user-id": "",
        "x-appwrite-user-jwt": "",
        "x-appwrite-country-code": "",
        "x-appwrite-continent-code": "",
        "x-appwrite-continent-eu": "false",
        "x-appwrite-execution-id": made["$id"],
        "x-appwrite-client-ip": "127.0.0.1",
        "cookie": "a=b; c=d",
        "host": "example.org",
        "accept": "*/*",
    }
    assert {name: seen.get(name) for name in expected} == expected
    assert seen["x-appwrite-key"].startswith("ephemeral_")
    assert "x-appwrite-event" not in seen
    assert "x-appwrite-project" not in seen


def test_a_body_without_a_type_gets_the_one_of_forms(owner: Project) -> None:
    made = owner.execute("f", path="/headers", body="a")
    seen = json.loads(made["responseBody"])
    assert seen["content-type"] == "application/x-www-form-urlencoded"
    made = owner.execute("f", path="/headers", body="{}", headers={"content-type": "text/x"})
    assert json.loads(made["responseBody"])["content-type"] == "text/x"


def test_keys_of_functions_have_exactly_their_scopes(owner: Project) -> None:
    made = owner.execute("f", path="/headers")
    key = json.loads(made["responseBody"])["x-appwrite-key"]
    caller = owner.having(x_appwrite_key=key)
    status, type, message = caller.get("/functions").error
    assert (status, type) == (401, "general_unauthorized_scope")
    assert message.startswith(f"app.{owner.id}@service.")
    assert message.endswith('(role: applications) missing scopes (["functions.read"])')
    owner.put(
        "/functions/f", {**_kept(owner), "scopes": ["functions.read", "execution.read"]}
    ).expect(200)
    made = owner.execute("f", path="/headers")
    caller = owner.having(x_appwrite_key=json.loads(made["responseBody"])["x-appwrite-key"])
    assert caller.get("/functions").status == 200
    assert caller.get(PATH).status == 200
    assert caller.get(f"{PATH}/{made['$id']}").json["logs"] != ""
    assert caller.delete("/functions/f").error[1] == "general_unauthorized_scope"
    assert caller.having(x_appwrite_project="other").get("/functions").status == 401


def _kept(owner: Project) -> Json:
    function = owner.get("/functions/f").json
    return {"name": function["name"], "execute": function["execute"]}


def test_only_few_headers_are_kept(owner: Project) -> None:
    given = {"Content-Type": "text/x", "X-Own": "1", "Host": "example.org", "agent": "a"}
    made = owner.execute("f", path="/status?code=200", headers=given, body="a")
    kept = {
        "Content-Type": "text/x",
        "Host": "example.org",
        "agent": "a",
        "x-appwrite-client-ip": "127.0.0.1",
    }
    assert _headers(made["requestHeaders"]) == kept
    answered = _headers(made["responseHeaders"])
    assert answered["x-own"] == "1"
    assert answered["x-appwrite-execution-id"] == made["$id"]
    stored = owner.get(f"{PATH}/{made['$id']}").expect(200)
    assert _headers(stored["requestHeaders"]) == kept
    assert set(_headers(stored["responseHeaders"])) <= {"content-type", "content-length"}
    assert _headers(stored["responseHeaders"])["content-type"] == "text/plain; charset=utf-8"


def test_the_1_6_server_does_not_keep_the_address(server_16: Server) -> None:
    project = server_16.project()
    project.function()
    project.deploy("f", {"main.py": PYTHON})
    made = project.execute("f", path="/headers")
    assert made["requestHeaders"] == []
    assert json.loads(made["responseBody"])["x-appwrite-key"].startswith("dynamic_")


@pytest.mark.parametrize(
    ("code", "status"), [(200, "completed"), (404, "completed"), (499, "completed"),
                         (500, "failed"), (503, "failed")],
)  # fmt: skip
def test_a_status_from_500_on_is_a_failure(owner: Project, code: int, status: str) -> None:
    made = owner.execute("f", path=f"/status?code={code}")
    assert (made["responseStatusCode"], made["status"]) == (code, status)
    assert made["responseBody"] == "as wished"


def test_the_body_is_for_the_creator_only(owner: Project) -> None:
    made = owner.execute("f", path="/x")
    assert made["responseBody"]
    assert owner.get(f"{PATH}/{made['$id']}").expect(200)["responseBody"] == ""
    newest = owner.get(PATH, {"method": "orderDesc"}, {"method": "limit", "values": [1]}).json
    assert newest["executions"][0]["$id"] == made["$id"]
    assert newest["executions"][0]["responseBody"] == ""


def test_logs_are_for_keys_only(owner: Project) -> None:
    made = owner.execute("f", path="/x")
    assert (made["logs"], made["errors"]) == ("logged /x\n", "erred\n")
    stored = owner.get(f"{PATH}/{made['$id']}").expect(200)
    assert (stored["logs"], stored["errors"]) == ("logged /x\n", "erred\n")
    seen = owner.guest.execute("f", path="/x")
    assert (seen["logs"], seen["errors"]) == ("", "")
    assert seen["responseBody"]
    assert owner.get(f"{PATH}/{seen['$id']}").expect(200)["logs"] == "logged /x\n"


def test_nothing_is_logged_when_logging_is_off(own: Project) -> None:
    own.put("/functions/f", {"name": "f", "execute": ["any"], "logging": False}).expect(200)
    made = own.execute("f")
    assert (made["logs"], made["errors"], made["status"]) == ("", "", "completed")
    sent = own.post(PATH, {"async": True}).expect(202)
    ended = own.executed("f", sent["$id"])
    assert (ended["logs"], ended["errors"]) == ("", "")


def test_an_asynchronous_execution_ends_later(owner: Project) -> None:
    sent = owner.post(PATH, {"async": True, "path": "/headers"}).expect(202)
    assert (sent["status"], sent["responseBody"], sent["duration"]) == ("waiting", "", 0.0)
    ended = owner.executed("f", sent["$id"])
    assert (ended["status"], ended["responseStatusCode"]) == ("completed", 200)
    assert (ended["responseBody"], ended["logs"]) == ("", "logged /headers\n")
    assert ended["duration"] > 0


def test_an_execution_under_way_can_be_seen_but_not_deleted(own: Project, gate: Gate) -> None:
    own.deploy("f", {"main.py": gate.main})
    sent = own.post(PATH, {"async": True}).expect(202)
    with gate.reached():
        seen = own.get(f"{PATH}/{sent['$id']}").expect(200)
        assert seen["status"] == "processing"
        assert own.delete(f"{PATH}/{sent['$id']}").error == (
            400,
            "execution_in_progress",
            "Can't delete ongoing execution. Please wait for execution to finish before deleting "
            "it.",
        )
    assert own.executed("f", sent["$id"])["status"] == "completed"
    reply = own.delete(f"{PATH}/{sent['$id']}")
    assert (reply.status, reply.body) == (204, b"")
    assert own.get(f"{PATH}/{sent['$id']}").error == MISSING
    assert own.delete(f"{PATH}/{sent['$id']}").error == MISSING


@pytest.mark.parametrize("is_async", [True, False])
def test_a_function_can_be_deleted_while_it_runs(own: Project, gate: Gate, is_async: bool) -> None:
    own.deploy("f", {"main.py": gate.main})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(own.post, PATH, {"async": is_async})
        with gate.reached():
            own.delete("/functions/f").expect(204)
            own.function()
        assert running.result().status == (202 if is_async else 201)
    if is_async:
        services = own.server.emulator.services
        own.server.run(services.executions.finished, own.id, running.result().json["$id"])
    assert own.get(PATH).json == {"total": 0, "executions": []}
    own.deploy("f", {"main.py": PYTHON})
    assert own.execute("f")["status"] == "completed"


def test_a_newer_deployment_answers_while_the_older_finishes(own: Project, gate: Gate) -> None:
    own.deploy("f", {"main.py": gate.main})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(own.execute, "f")
        with gate.reached() as out:
            own.deploy("f", {"main.py": PYTHON})
            assert own.execute("f")["status"] == "completed"
            out.write("late")
        assert running.result()["responseBody"] == "late"


def test_pages_have_every_execution_once_in_whatever_order_they_end(
    own: Project, gate: Gate
) -> None:
    own.deploy("f", {"main.py": gate.main})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(own.execute, "f")
        with gate.reached():
            own.deploy("f", {"main.py": PYTHON})
            others = [own.execute("f")["$id"] for _ in range(3)]
        slow = running.result()["$id"]
    for direction in ("orderAsc", "orderDesc"):
        seen, queries = [], [{"method": direction}, {"method": "limit", "values": [1]}]
        page = own.get(PATH, *queries).json["executions"]
        while page:
            seen += names(page)
            after = {"method": "cursorAfter", "values": [page[0]["$id"]]}
            page = own.get(PATH, *queries, after).json["executions"]
        assert sorted(seen) == sorted([slow, *others])


def test_guests_may_create_and_nothing_else(own: Project) -> None:
    id = own.guest.execute("f")["$id"]
    assert own.guest.get(PATH).error[:2] == (401, "general_unauthorized_scope")
    assert own.guest.get(f"{PATH}/{id}").error[:2] == (401, "general_unauthorized_scope")
    assert own.guest.delete(f"{PATH}/{id}").error == MISSING
    assert own.get(f"{PATH}/{id}").status == 200


def test_executions_belong_to_their_function(own: Project) -> None:
    own.function("g")
    id = own.execute("f")["$id"]
    assert own.get(f"/functions/g/executions/{id}").error == MISSING
    assert own.delete(f"/functions/g/executions/{id}").error == MISSING
    assert own.get("/functions/g/executions").json["total"] == 0


def test_a_list_can_be_asked_for_its_head(own: Project) -> None:
    own.execute("f")
    reply = own.call("HEAD", PATH)
    assert (reply.status, reply.body) == (200, b"")
    assert reply.header("content-type") == "application/json; charset=UTF-8"


def test_executions_are_found_by_their_fields(own: Project) -> None:
    good = own.execute("f", path="/a", method="GET")["$id"]
    bad = own.execute("f", path="/status?code=500")["$id"]

    def found(method: str, attribute: str, *values: Json) -> list[str]:
        query = {"method": method, "attribute": attribute, "values": list(values)}
        return names(own.get(PATH, query).expect(200)["executions"])

    assert found("equal", "status", "failed") == [bad]
    assert found("equal", "responseStatusCode", 200) == [good]
    assert found("equal", "requestMethod", "GET") == [good]
    assert found("startsWith", "requestPath", "/status") == [bad]
    assert found("greaterThan", "duration", 0.0) == [good, bad]
    assert found("equal", "trigger", "http") == [good, bad]
    assert names(own.get(PATH, search=good).json["executions"]) == [good]


def test_bytes_arrive_intact_by_multipart_and_come_back_by_multipart(owner: Project) -> None:
    fields: dict[str, str | bytes] = {
        "body": bytes([0, 10, 255]), "path": "/length", "async": "false", "method": "PUT",
        "headers": '{"X-Own": "1"}',
    }  # fmt: skip
    headers = {"content-type": multipart_type()}
    made = owner.call("POST", PATH, body=form(fields), headers=headers).expect(201)
    assert json.loads(made["responseBody"]) == [0, 10, 255]
    assert made["requestMethod"] == "PUT"

    accept = {"accept": "multipart/form-data", "content-type": "application/json"}
    reply = owner.call("POST", PATH, {"path": "/bytes"}, headers=accept)
    assert reply.status == 201
    parts = dict(_parts(reply.header("content-type") or "", reply.body))
    assert parts["responseBody"] == bytes([0, 10, 255])
    assert parts["status"] == b"completed"
    assert parts["responseStatusCode"] == b"200"
    assert parts["scheduledAt"] == b""
    assert {"name": "x-appwrite-execution-id", "value": parts["$id"].decode()} in json.loads(
        parts["responseHeaders"]
    )


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    kind, _, boundary = content_type.partition("; boundary=")
    assert kind == "multipart/form-data"
    first, *parts, last = body.split(f"--{boundary}".encode())
    assert (first, last) == (b"", b"--\r\n")
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        yield head.decode().split('name="')[1].split('"')[0], content.removesuffix(b"\r\n")


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "application/json, multipart/*"])
def test_bytes_do_not_fit_into_json(owner: Project, accept: str) -> None:
    before = owner.get(PATH).json["total"]
    headers = {"accept": accept, "content-type": "application/json"}
    reply = owner.call("POST", PATH, {"path": "/bytes"}, headers=headers)
    assert reply.error == (
        400,
        "general_unknown",
        "Failed to parse response: Malformed UTF-8 characters, possibly incorrectly encoded",
    )
    assert owner.get(PATH).json["total"] == before + 1


def test_form_fields_are_texts(owner: Project) -> None:
    headers = {"content-type": multipart_type()}
    sent = owner.call("POST", PATH, body=form({"async": "1"}), headers=headers).expect(202)
    assert owner.executed("f", sent["$id"])["status"] == "completed"
    reply = owner.call("POST", PATH, body=form({"headers": "{"}), headers=headers)
    assert reply.error[2] == "Invalid `headers` param: Value must be a valid object."


def test_the_oldest_executions_make_room_for_new_ones() -> None:
    with serving(memory=True, keep_executions=20) as server:
        project = server.project()
        project.function()
        project.deploy("f", {"main.py": PYTHON})
        made = [project.execute("f")["$id"] for _ in range(25)]
        kept = names(project.get(PATH, {"method": "limit", "values": [99]}).json["executions"])
    assert len(kept) in (20, 21)
    assert kept == made[-len(kept) :]
