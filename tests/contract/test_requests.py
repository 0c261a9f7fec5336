"""What HTTP itself can bring: hosts, origins, odd bodies, headers of every reply."""

from __future__ import annotations

import json

import pytest

from .forms import form, multipart_type
from .server import Json, Project, serving

VALID = {"functionId": "f", "name": "F", "runtime": "node-22"}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:9080", "localhost", "LOCALHOST:1", "[::1]:9080", "127.9.9.9", "f.localhost:80"],
)
def test_names_of_this_machine_are_served(project: Project, host: str) -> None:
    assert project.having(host=host).get("/functions").status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1:9080", "",
     "localhost@evil.example", "[::2]", "notlocalhost"],
)  # fmt: skip
def test_other_names_are_refused(project: Project, host: str) -> None:
    for method in ("GET", "OPTIONS"):
        reply = project.having(host=host).call(method, "/functions")
        assert reply.error[:2] == (401, "general_access_forbidden")
        assert reply.header("access-control-allow-origin") is None


@pytest.mark.parametrize(
    "origin",
    ["http://localhost", "http://localhost:3000", "https://app.localhost", "http://127.0.0.1:5173",
     "http://[::1]:80"],
)  # fmt: skip
def test_pages_of_this_machine_may_call(project: Project, origin: str) -> None:
    reply = project.having(origin=origin).get("/functions")
    assert reply.status == 200
    assert reply.header("access-control-allow-origin") == origin
    assert reply.header("access-control-allow-credentials") == "true"
    assert reply.header("access-control-expose-headers") == "X-Appwrite-Session, X-Fallback-Cookies"
    assert reply.header("vary") == "Origin"
    error = project.having(origin=origin).get("/functions/nothing")
    assert error.header("access-control-allow-origin") == origin


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://app.localhost"])
def test_a_preflight_allows_what_sdks_send(project: Project, origin: str) -> None:
    headers = {
        "origin": origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "x-appwrite-project,content-type",
    }
    reply = project.server.call("OPTIONS", "/v1/functions", headers)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("access-control-allow-origin") == origin
    assert reply.header("access-control-allow-methods") == "GET, POST, PUT, PATCH, DELETE"
    assert reply.header("access-control-max-age") == "86400"
    allowed = (reply.header("access-control-allow-headers") or "").lower().split(", ")
    for name in ("x-appwrite-project", "x-appwrite-key", "x-appwrite-jwt", "content-range",
                 "x-appwrite-id", "x-appwrite-response-format", "x-fallback-cookies", "range",
                 "x-sdk-name", "x-appwrite-dev-key", "content-type"):  # fmt: skip
        assert name in allowed


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("https://evil.example", "evil.example"),
        ("null", "null"),
        ("http://localhost.evil.example", "localhost.evil.example"),
        ("http://evil.example:9080", "evil.example"),
        ("file://", "file://"),
        ("chrome-extension://abc", "abc"),
        ("http://[", "http://["),
    ],
)
def test_pages_from_elsewhere_are_refused_key_or_not(
    project: Project, origin: str, name: str
) -> None:
    for caller in (project, project.guest):
        for method in ("GET", "POST", "OPTIONS", "DELETE"):
            reply = caller.having(origin=origin).call(method, "/functions", VALID)
            status, type, message = reply.error
            assert (status, type) == (403, "general_unknown_origin")
            assert f"Register your new client ({name}) as a new Web platform" in message
            assert reply.header("access-control-allow-origin") is None
    assert project.get("/functions").json["total"] == 0


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b""),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b'"text"'),
        ("application/json", b"null"),
        ("application/json", b"\xff\xfe"),
        ("application/json", b'{"functionId": "f", "name": "\\ud800", "runtime": "node-22"}'),
        ("application/json", b"[" * 100_000),
        ("application/json", b"1" * 10_000),
        ("", json.dumps(VALID).encode()),
        ("text/plain", json.dumps(VALID).encode()),
        ("nonsense", b"nonsense"),
    ],
)
def test_a_body_that_cannot_be_read_is_an_empty_one(
    project: Project, content_type: str, body: bytes
) -> None:
    headers = {"content-type": content_type}
    error = project.call("POST", "/functions", body=body, headers=headers).error
    assert error == (400, "general_argument_invalid", 'Param "functionId" is not optional.')


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/json;x"]
)
def test_json_is_known_by_its_type(project: Project, content_type: str) -> None:
    body = json.dumps({**VALID, "unknown": 1}).encode()
    headers = {"content-type": content_type}
    project.call("POST", "/functions", body=body, headers=headers).expect(201)


def test_forms_are_read_too(project: Project) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = b"functionId=f&name=A+B&runtime=node-22&execute[]=any&execute[1]=guests&timeout=20"
    made = project.call("POST", "/functions", body=body, headers=headers).expect(201)
    assert (made["name"], made["execute"], made["timeout"]) == ("A B", ["any", "guests"], 20)


def test_the_text_parts_of_multipart_forms_are_read_too(project: Project) -> None:
    headers = {"content-type": multipart_type()}
    body = form({"functionId": "f", "name": "A B", "runtime": "node-22", "timeout": "20"})
    made = project.call("POST", "/functions", body=body, headers=headers).expect(201)
    assert (made["name"], made["timeout"]) == ("A B", 20)
    body = form({"key": "K", "value": "v"})
    path = "/functions/f/variables"
    assert project.call("POST", path, body=body, headers=headers).expect(201)["key"] == "K"
    broken = form({"key": "L", "value": b"\xff"})
    error = project.call("POST", path, body=broken, headers=headers).error
    assert error[2].startswith("Invalid `value` param: ")


def test_a_body_in_pieces_is_one(project: Project) -> None:
    body = json.dumps(VALID).encode()
    headers = {"content-type": "application/json"}
    pieces = [body[:10], b"", body[10:]]
    assert project.call("POST", "/functions", body=pieces, headers=headers).status == 201


def test_parameters_are_read_where_they_belong(project: Project) -> None:
    error = project.call("POST", "/functions?functionId=f&name=F&runtime=node-22", {}).error
    assert error[2] == 'Param "functionId" is not optional.'
    project.post("/functions", VALID).expect(201)
    headers = {"content-type": "application/json"}
    reply = project.call("GET", "/functions?total=false", {"search": ""}, headers=headers)
    assert reply.expect(200)["total"] == 0


@pytest.mark.parametrize("content_type", ["", "application/json", "text/html"])
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_clients_may_send_bodies_and_types_with_any_method(
    project: Project, content_type: str, body: bytes
) -> None:
    project.post("/functions", VALID).expect(201)
    headers = {"content-type": content_type}
    for method, path, status in (
        ("GET", "/functions", 200),
        ("HEAD", "/functions", 200),
        ("DELETE", "/functions/f", 204),
    ):
        assert project.call(method, path, body=body, headers=headers).status == status


def test_a_huge_body_is_refused(project: Project) -> None:
    huge: Json = {**VALID, "commands": "c" * (13 * 1024 * 1024)}
    status, type, message = project.post("/functions", huge).error
    assert (status, type) == (400, "general_bad_request")
    assert "12582912" in message
    error = project.post("/functions", {**VALID, "commands": "c" * 8193}).error
    assert error[1] == "general_argument_invalid"
    assert project.post("/functions", VALID).status == 201


def test_every_reply_has_the_headers_of_appwrite(project: Project) -> None:
    made = project.post("/functions", VALID)
    replies = [made, project.get("/functions/x"), project.get("/x"), project.delete("/functions/f")]
    assert [reply.status for reply in replies] == [201, 404, 404, 204]
    for reply in replies:
        assert reply.header("server") == "Appwrite"
        assert reply.header("x-content-type-options") == "nosniff"
        assert float(reply.header("x-debug-speed") or "") >= 0
        assert reply.header("x-debug-fallback") == "false"
        assert reply.header("content-type")
        if reply.status != 204:
            assert reply.header("content-length") == str(len(reply.body))


def test_errors_are_json_that_must_not_be_cached(either: Project) -> None:
    reply = either.get("/functions/nothing")
    assert list(reply.json) == ["message", "code", "type", "version"]
    is_16 = either.server.emulator.config.appwrite == "1.6"
    assert reply.json["version"] == ("1.6.2" if is_16 else "1.9.6")
    assert reply.header("cache-control") == "no-cache, no-store, must-revalidate"
    assert reply.header("expires") == "0"
    assert reply.header("pragma") == "no-cache"


def test_an_empty_reply_is_not_called_json(project: Project) -> None:
    project.post("/functions", VALID).expect(201)
    reply = project.delete("/functions/f")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("content-type") == "text/plain; charset=UTF-8"
    assert reply.header("content-length") is None


@pytest.mark.parametrize("format", ["", "x", "1", "1.9", "99.0.0", "1.6.0-rc1", "1.6.x"])
def test_an_odd_format_is_no_reason_to_fail(project: Project, format: str) -> None:
    assert project.at(format).post("/functions", VALID).status == 201
    assert project.at(format).get("/functions/f").status == 200


def test_text_of_any_script_comes_back(project: Project) -> None:
    name = "Grüße 🚀 / \\ \" '"
    project.post("/functions", {**VALID, "name": name}).expect(201)
    reply = project.get("/functions/f")
    assert reply.json["name"] == name
    assert "🚀".encode() in reply.body


@pytest.mark.parametrize(
    "target",
    [
        "/v1/functions/%00",
        "/v1/functions/a%0Ab",
        "/v1/functions/a%2Fb",
        "/v1//functions",
        "/",
        "/v1",
        "/v2/functions",
        "/v1/functions/..",
    ],
)
def test_odd_paths_are_answered(project: Project, target: str) -> None:
    reply = project.server.call("GET", target, project.headers)
    assert reply.error[0] in (400, 404)


def test_a_server_can_be_told_further_hosts_and_origins() -> None:
    with serving(memory=True, hosts=("box",), origins=("https://my.app",)) as server:
        project = server.project().having(host="box:9080", origin="https://my.app")
        assert project.get("/functions").status == 200
        assert project.having(origin="http://my.app").get("/functions").status == 403
