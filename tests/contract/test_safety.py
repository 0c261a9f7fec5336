"""Pages of browsers at the door: those of this machine get in, all others do not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from appwrite_emulator import Emulator

from .forms import form, multipart_type, tar_gz
from .server import Json, Project, Server, serving
from .site import site

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
VALID = {"functionId": "f", "name": "F", "runtime": "node-22"}
DENIAL: Mapping[str, Json] = {"websocket.http.response": {}}
SDK_HEADERS = (
    "content-type,x-appwrite-project,x-appwrite-response-format,x-fallback-cookies,"
    "x-sdk-language,x-sdk-name,x-sdk-platform,x-sdk-version"
)
# How browsers mark a request that a script, a form, a link or an image makes.
FETCH = {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "sec-fetch-site": "cross-site"}
FORM = {
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    "sec-fetch-site": "cross-site",
    "sec-fetch-user": "?1",
    "upgrade-insecure-requests": "1",
    "content-type": "application/x-www-form-urlencoded",
}
BEACON = {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty", "sec-fetch-site": "cross-site"}
REBOUND = {"host": "evil.example:9080", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
UNKNOWN, FORBIDDEN = (403, "general_unknown_origin"), (401, "general_access_forbidden")


@pytest.fixture(scope="module")
def live() -> Iterator[Emulator]:
    """An emulator behind real sockets."""
    with Emulator(port=0, memory=True) as emulator:
        yield emulator


def _port(emulator: Emulator) -> int:
    return int(emulator.endpoint.rpartition(":")[2].partition("/")[0])


def _functions(project: Project) -> int:
    total: int = project.get("/functions").expect(200)["total"]
    return total


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        pytest.param({"origin": "https://evil.example", **FETCH}, UNKNOWN, id="fetch"),
        pytest.param({"origin": "http://evil.example:9080", **FETCH}, UNKNOWN, id="same port"),
        pytest.param({"origin": "null", **FETCH}, UNKNOWN, id="sandboxed frame or file"),
        pytest.param({"origin": "https://evil.example", **FORM}, UNKNOWN, id="form"),
        pytest.param({"origin": "null", **FORM}, UNKNOWN, id="form in a sandboxed frame"),
        pytest.param({"origin": "https://evil.example", **BEACON}, UNKNOWN, id="beacon"),
        pytest.param({"origin": "http://localhost.evil.example", **FETCH}, UNKNOWN, id="prefix"),
        pytest.param({"origin": "http://evil-localhost", **FETCH}, UNKNOWN, id="suffix"),
        pytest.param({"origin": "http://127.0.0.1.nip.io", **FETCH}, UNKNOWN, id="address"),
        pytest.param({"origin": "http://a@localhost", **FETCH}, UNKNOWN, id="user"),
        pytest.param({"origin": "http://localhost/a", **FETCH}, UNKNOWN, id="path"),
        pytest.param({"origin": "file://", **FETCH}, UNKNOWN, id="file"),
        pytest.param({"origin": "http://localhost, null", **FETCH}, UNKNOWN, id="several"),
        pytest.param({"origin": "http://192.168.1.7", **FETCH}, UNKNOWN, id="local network"),
        pytest.param({"origin": "chrome-extension://abc", **FETCH}, UNKNOWN, id="extension"),
        pytest.param({"origin": "moz-extension://localhost", **FETCH}, UNKNOWN, id="its name"),
        pytest.param({"origin": "http://evil.example:9080", **REBOUND}, FORBIDDEN, id="rebinding"),
        pytest.param(REBOUND, FORBIDDEN, id="rebinding, read"),
        pytest.param({**REBOUND, "origin": "http://localhost:9080"}, FORBIDDEN, id="lie"),
    ],
)
def test_a_foreign_page_changes_and_reads_nothing(
    either: Project, headers: Mapping[str, str], refusal: tuple[int, str]
) -> None:
    """Neither with a key that it guessed nor with the cookies of its visitor."""
    form_body = b"functionId=f&name=F&runtime=node-22"
    for caller in (either, either.guest, either.having(cookie="a_session_console=x")):
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
            sent = {"user-agent": AGENT, "accept": "*/*", **headers}
            is_form = "content-type" in headers
            body = form_body if is_form else json.dumps(VALID).encode()
            sent.setdefault("content-type", "application/json")
            reply = caller.call(method, "/functions", body=body, headers=sent)
            assert reply.error[:2] == refusal
            assert not [name for name, _ in reply.headers if name.startswith("access-control-")]
    assert _functions(either) == 0


@pytest.mark.parametrize(
    "host",
    ["", "user@localhost", "evil.example@localhost", "localhost/evil.example", "localhost#evil",
     "localhost?", "localhost:80:90", "localhost:x", "localhost,evil.example", "localhost.",
     "evil.example .localhost", "evil.example\t.localhost", "[::1", "[localhost]", "[::1]evil",
     "::1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "localhost.evil.example",
     "127.0.0.1.nip.io", "x@f.functions.localhost", "f.functions.localhost/x",
     "a" * 250 + ".localhost"],
)  # fmt: skip
def test_a_name_that_only_looks_like_ours_is_foreign(either: Project, host: str) -> None:
    sent = {**either.headers, "host": host}
    assert either.server.call("GET", "/v1/functions", sent).error[:2] == FORBIDDEN
    start, _ = either.server.knock("/v1/realtime", {"host": host}, DENIAL)
    assert start["status"] == 401


@pytest.mark.parametrize("host", ["LOCALHOST:1", "a.b.localhost", "[::1]:80", "[::1]", "127.8.9.1"])
def test_names_of_this_machine_are_ours(either: Project, host: str) -> None:
    sent = {**either.headers, "host": host}
    assert either.server.call("GET", "/v1/functions", sent).status == 200


def test_a_foreign_form_cannot_upload(project: Project) -> None:
    project.function()
    headers = {"origin": "https://evil.example", **FORM, "content-type": multipart_type()}
    files = {"code": ("code.tar.gz", tar_gz({"main.py": "x"}))}
    body = form({"activate": "true"}, files)
    reply = project.call("POST", "/functions/f/deployments", body=body, headers=headers)
    assert reply.error[:2] == UNKNOWN
    assert project.get("/functions/f/deployments").json["total"] == 0


def test_a_foreign_page_does_not_reach_what_only_the_emulator_has(server: Server) -> None:
    for headers in ({"origin": "https://evil.example", **FETCH}, REBOUND):
        for method, path in (("POST", "reset"), ("GET", "status"), ("GET", "logs")):
            reply = server.call(method, f"/_emulator/{path}", headers, b"{}")
            assert reply.error[:2] in (UNKNOWN, FORBIDDEN)


def test_a_link_from_a_foreign_page_is_followed_as_a_guest(project: Project) -> None:
    """Browsers send no origin with links and images; the page cannot read what comes."""
    image = {**BEACON, "sec-fetch-dest": "image"}
    for headers in ({k: v for k, v in FORM.items() if k != "content-type"}, image):
        sent = {"user-agent": AGENT, "referer": "https://evil.example/", **headers}
        reply = project.server.call("GET", f"/v1/functions?project={project.id}", sent)
        assert reply.error[:2] == (401, "general_unauthorized_scope")
        assert reply.header("x-content-type-options") == "nosniff"
        assert reply.header("access-control-allow-origin") is None


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "http://localhost", "https://localhost:8443", "http://127.0.0.1:5173",
     "http://[::1]:4200", "https://shop.localhost", "http://f.functions.localhost:9080"],
)  # fmt: skip
def test_the_web_sdk_works_on_pages_of_this_machine(either: Project, origin: str) -> None:
    """A preflight, then the request with credentials."""
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": SDK_HEADERS,
        "user-agent": AGENT,
        **FETCH,
    }
    preflight = either.server.call("OPTIONS", "/v1/functions/f/executions", asked)
    assert (preflight.status, preflight.body) == (204, b"")
    allowed = (preflight.header("access-control-allow-headers") or "").lower().split(", ")
    assert set(SDK_HEADERS.split(",")) <= set(allowed)
    assert "POST" in (preflight.header("access-control-allow-methods") or "").split(", ")
    is_16 = either.server.emulator.config.appwrite == "1.6"
    assert preflight.header("access-control-max-age") == (None if is_16 else "86400")
    sent = {"origin": origin, "cookie": "theme=dark", "user-agent": AGENT, **FETCH}
    reply = either.call("POST", "/functions", VALID, headers=sent)
    assert reply.status == 201
    for answer in (preflight, reply):
        assert answer.header("access-control-allow-origin") == origin
        assert answer.header("access-control-allow-credentials") == "true"
        assert answer.header("vary") == "Origin"
    exposed = "X-Appwrite-Session, X-Fallback-Cookies"
    assert reply.header("access-control-expose-headers") == exposed


def test_a_preflight_without_an_origin_promises_nothing(project: Project) -> None:
    reply = project.call("OPTIONS", "/functions")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("access-control-allow-origin") is None


def test_configured_origins_work_with_credentials_and_only_they() -> None:
    origins = ("https://dev.example.com:3000", "http://10.0.0.7")
    with serving(memory=True, origins=origins) as server:
        project = server.project()
        for origin in origins:
            reply = project.having(origin=origin, cookie="a=1").get("/functions")
            assert reply.status == 200
            assert reply.header("access-control-allow-origin") == origin
            assert reply.header("access-control-allow-credentials") == "true"
        for origin in ("https://dev.example.com", "http://dev.example.com:3000",
                       "https://x.dev.example.com:3000", "http://10.0.0.7:80", "null"):  # fmt: skip
            assert project.having(origin=origin).get("/functions").error[:2] == UNKNOWN


@pytest.mark.parametrize(
    ("headers", "status", "type"),
    [
        ({"host": "f.functions.localhost", "origin": "https://evil.example"},
         501, "emulator_service_not_emulated"),
        ({"host": "127.0.0.1:9080", "origin": "https://evil.example"}, *UNKNOWN),
        ({"host": "127.0.0.1:9080", "origin": "null"}, *UNKNOWN),
        ({"host": "evil.example:9080", "origin": "http://evil.example:9080"}, *UNKNOWN),
        ({"host": "evil.example:9080"}, *FORBIDDEN),
    ],
)  # fmt: skip
def test_a_websocket_is_refused_before_it_is_one(
    either: Project, headers: Mapping[str, str], status: int, type: str
) -> None:
    target = "/v1/realtime?project=console"
    start, body = either.server.knock(target, headers, DENIAL)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", status)
    assert (b"content-type", b"application/json; charset=UTF-8") in start["headers"]
    error = json.loads(body["body"])
    assert list(error) == ["message", "code", "type", "version"]
    assert (error["code"], error["type"]) == (status, type)
    closed = {"type": "websocket.close", "code": 1008}
    assert either.server.knock(target, headers, {}) == [closed]


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", ""])
def test_a_websocket_of_a_page_of_this_machine_is_taken(either: Project, origin: str) -> None:
    with either.server.connect("/v1/realtime?project=console&channels[]=a", origin=origin) as it:
        assert it.next("connected")["channels"] == ["a"]


def test_a_websocket_elsewhere_has_no_route(either: Project) -> None:
    start, _ = either.server.knock("/v1/functions", {"host": "localhost"}, DENIAL)
    assert start["status"] == 404


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1", "https://evil.example", 403),
        ("evil.example", "http://evil.example", 403),
        ("any.functions.localhost", "http://localhost", 501),
    ],
)
def test_a_browser_sees_the_refusal_of_its_websocket(
    live: Emulator, host: str, origin: str, status: int
) -> None:
    port = _port(live)
    with socket.create_connection(("127.0.0.1", port)) as link:
        uri = f"ws://{host}:{port}/v1/realtime?project=p"
        with pytest.raises(InvalidStatus) as refused:
            connect(uri, sock=link, origin=Origin(origin))
    response = refused.value.response
    assert response.status_code == status
    assert json.loads(response.body or b"")["code"] == status


def test_a_websocket_that_is_refused_is_no_error_of_the_emulator(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Emulator(port=0, memory=True) as emulator:
        uri = f"ws://127.0.0.1:{_port(emulator)}/v1/realtime?project=p"
        with pytest.raises(InvalidStatus):
            connect(uri, origin=Origin("https://evil.example"))
    assert caplog.text == ""


def test_pages_and_scripts_of_a_functions_domain_are_no_matter_of_cors(server: Server) -> None:
    here = site(server.project())
    for headers in ({"origin": "https://evil.example", **FETCH}, {"origin": "null", **FORM}):
        reply = here.visit("POST", "/length", b"a", **{k.replace("-", "_"): v
                                                      for k, v in headers.items()})  # fmt: skip
        assert (reply.status, reply.body) == (200, b"[97]")
        assert reply.header("access-control-allow-origin") is None
