"""Executions: parameters, the order of checks, what a function sees and what is kept of it."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator

import pytest

from appwrite_emulator.services.plans import Plan

from .echo import PYTHON
from .forms import form, multipart_type
from .server import Json, Project

HEADERS_TEXT = (
    'Invalid headers: Alphanumeric characters or hyphens only, cannot start with "x-appwrite", '
    "maximum 100 keys, and total size 16384."
)
PATH = "/functions/f/executions"


@pytest.mark.parametrize(
    "headers",
    [
        {"a b": "c"},
        {"": "c"},
        {"-a": "c"},
        {"x-appwrite-user-id": "c"},
        {f"h{n}": "c" for n in range(101)},
        {"h": "c" * 16383},
    ],
)
def test_headers_are_checked_before_the_function(either: Project, headers: Json) -> None:
    error = either.post("/functions/nothing/executions", {"headers": headers}).error
    assert error == (400, "general_argument_invalid", HEADERS_TEXT)


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
def test_the_function_gets_method_path_and_body(echo: Project, method: str) -> None:
    made = echo.execute("f", method=method, path="/a/b?c=d&e=f", body="ä body")
    assert (made["requestMethod"], made["requestPath"]) == (method, "/a/b?c=d&e=f")
    assert made["status"] == "completed"
    seen = json.loads(made["responseBody"])
    assert seen == {"method": method, "path": "/a/b", "query": "c=d&e=f", "body": "ä body"}


def test_defaults_are_a_post_of_nothing_to_the_root(echo: Project) -> None:
    for params in ({}, {"body": None, "path": None, "method": None, "headers": None}):
        made = echo.execute("f", **params)
        seen = json.loads(made["responseBody"])
        assert seen == {"method": "POST", "path": "/", "query": "", "body": ""}
        assert made["trigger"] == "http"
        assert made["scheduledAt"] is None


def test_headers_come_as_object_or_as_json_text(echo: Project) -> None:
    for headers in ({"X-Own": "1"}, '{"X-Own": "1"}'):
        made = echo.execute("f", path="/headers", headers=headers)
        assert json.loads(made["responseBody"])["x-own"] == "1"


def test_the_function_sees_the_headers_of_the_platform(echo: Project) -> None:
    given = {"X-Appwrite-Trigger": "mine", "cookie": "a=b; c=d", "host": "example.org"}
    made = echo.execute("f", path="/headers", headers=given)
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


def test_a_body_without_a_type_gets_the_one_of_forms(echo: Project) -> None:
    made = echo.execute("f", path="/headers", body="a")
    seen = json.loads(made["responseBody"])
    assert seen["content-type"] == "application/x-www-form-urlencoded"
    made = echo.execute("f", path="/headers", body="{}", headers={"content-type": "text/x"})
    assert json.loads(made["responseBody"])["content-type"] == "text/x"


def test_keys_of_functions_have_exactly_their_scopes(echo: Project) -> None:
    made = echo.execute("f", path="/headers")
    key = json.loads(made["responseBody"])["x-appwrite-key"]
    caller = echo.having(x_appwrite_key=key)
    status, type, message = caller.get("/functions").error
    assert (status, type) == (401, "general_unauthorized_scope")
    assert message.startswith(f"app.{echo.id}@service.")
    assert message.endswith('(role: applications) missing scopes (["functions.read"])')
    echo.put(
        "/functions/f", {**_kept(echo), "scopes": ["functions.read", "execution.read"]}
    ).expect(200)
    made = echo.execute("f", path="/headers")
    caller = echo.having(x_appwrite_key=json.loads(made["responseBody"])["x-appwrite-key"])
    assert caller.get("/functions").status == 200
    assert caller.get(PATH).status == 200
    assert caller.get(f"{PATH}/{made['$id']}").json["logs"] != ""
    assert caller.delete("/functions/f").error[1] == "general_unauthorized_scope"
    assert caller.having(x_appwrite_project="other").get("/functions").status == 401


def _kept(echo: Project) -> Json:
    function = echo.get("/functions/f").json
    return {"name": function["name"], "execute": function["execute"]}


def test_bytes_arrive_intact_by_multipart_and_come_back_by_multipart(echo: Project) -> None:
    fields: dict[str, str | bytes] = {
        "body": bytes([0, 10, 255]), "path": "/length", "async": "false", "method": "PUT",
        "headers": '{"X-Own": "1"}',
    }  # fmt: skip
    headers = {"content-type": multipart_type()}
    made = echo.call("POST", PATH, body=form(fields), headers=headers).expect(201)
    assert json.loads(made["responseBody"]) == [0, 10, 255]
    assert made["requestMethod"] == "PUT"

    accept = {"accept": "multipart/form-data", "content-type": "application/json"}
    reply = echo.call("POST", PATH, {"path": "/bytes"}, headers=accept)
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
    assert re.fullmatch("-{29}[0-9a-f]{13}", boundary)
    first, *parts, last = body.split(f"--{boundary}".encode())
    assert (first, last) == (b"", b"--\r\n")
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        is_list = content.startswith(b"[")
        assert (b"Content-Type: application/json" in head) is is_list
        yield head.decode().split('name="')[1].split('"')[0], content.removesuffix(b"\r\n")


@pytest.mark.parametrize(
    ("accept", "is_multipart"),
    [
        ("", False),
        ("*/*", False),
        ("text/html", False),
        ("application/json", False),
        ("application/json; q=0.1", False),
        ("application/*", False),
        ("multipart/form-data", True),
        ("multipart/form-data; boundary=x", True),
        ("multipart/*", True),
        ("text/html, multipart/*", True),
        ("application/json, multipart/form-data", False),
        ("multipart/form-data, application/json", True),
        ("application/json,multipart/form-data", False),
    ],
)
def test_the_first_type_that_is_accepted_is_the_reply_s(
    echo: Project, accept: str, is_multipart: bool
) -> None:
    headers = {"accept": accept, "content-type": "application/json"}
    reply = echo.call("POST", PATH, {}, headers=headers)
    kind = (reply.header("content-type") or "").partition(";")[0]
    wanted = "multipart/form-data" if is_multipart else "application/json"
    assert (reply.status, kind) == (201, wanted)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "application/json, multipart/*"])
def test_bytes_do_not_fit_into_json(echo: Project, accept: str) -> None:
    before = echo.get(PATH).json["total"]
    headers = {"accept": accept, "content-type": "application/json"}
    reply = echo.call("POST", PATH, {"path": "/bytes"}, headers=headers)
    assert reply.error == (
        400,
        "general_unknown",
        "Failed to parse response: Malformed UTF-8 characters, possibly incorrectly encoded",
    )
    assert echo.get(PATH).json["total"] == before + 1


def test_form_fields_are_texts(echo: Project) -> None:
    headers = {"content-type": multipart_type()}
    sent = echo.call("POST", PATH, body=form({"async": "1"}), headers=headers).expect(202)
    assert echo.executed("f", sent["$id"])["status"] == "completed"
    reply = echo.call("POST", PATH, body=form({"headers": "{"}), headers=headers)
    assert reply.error[2] == "Invalid `headers` param: Value must be a valid object."


def test_nothing_is_left_of_how_a_deleted_function_was_run(project: Project) -> None:
    project.function()
    project.deploy("f", {"main.py": PYTHON})
    project.execute("f")
    assert _plans(project) == 1

    assert project.delete("/functions/f").status == 204
    assert _plans(project) == 0


def _plans(project: Project) -> int:
    """How many plans of this project are in memory: a long-lived emulator must not collect them."""
    plans = (each for each in gc.get_objects() if isinstance(each, Plan))
    return sum(plan.function.project == project.id for plan in plans)
