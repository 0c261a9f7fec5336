"""Functions at their domains: everything goes to the function as it came, and back."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

import pytest

from appwrite_emulator import Emulator

from .forms import form, multipart_type, tar_gz
from .server import Json, Project, Server
from .site import PYTHON, Site, site, text_of


@pytest.fixture(scope="session", params=["python", "node"])
def open_site(request: pytest.FixtureRequest, server: Server) -> Site:
    """A function of each language at its domain, on Appwrite 1.9."""
    return site(server.project(), language=request.param)


@pytest.fixture(scope="session", params=["1.9", "1.6"])
def era_site(request: pytest.FixtureRequest) -> Site:
    """A function at its domain on the server of each era."""
    name = "server" if request.param == "1.9" else "server_16"
    running: Server = request.getfixturevalue(name)
    return site(running.project())


def _newest(project: Project) -> Json:
    """The last execution of the function."""
    query = {"method": "orderDesc"}
    return project.get("/functions/f/executions", query).json["executions"][0]


@pytest.mark.parametrize(
    "method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"]
)
def test_every_method_reaches_the_function(open_site: Site, method: str) -> None:
    assert open_site.told(method, "/")["method"] == method


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/v1/functions?a=1&a=2",
        "/_emulator/status",
        "/robots.txt",
        "/favicon.ico",
        "/a%20b/c%2Fd/%C3%A9",
        "/x?q=%26%3D+%20&empty=&project=other",
        "//a/../b/./c",
        "/" + "l" * 3000,
    ],
)
def test_path_and_query_arrive_as_they_were_sent(open_site: Site, target: str) -> None:
    told = open_site.told("GET", target)
    path, _, query = target.partition("?")
    if open_site.is_python:  # Appwrite's server for Python decodes what that for Node.js does not
        assert told["path"] == unquote(path)
    else:
        assert (told["path"], told["query"]) == (path, query)
    assert _newest(open_site.project)["requestPath"] == target


def test_the_function_knows_its_domain(open_site: Site) -> None:
    told = open_site.told("GET", "/x?y=1", x_forwarded_proto="https")
    assert told["host"] == open_site.domain
    assert told["port"] == 9080
    assert told["url"] == f"https://{open_site.domain}:9080/x?y=1"
    assert told["headers"]["host"] == f"{open_site.domain}:9080"


@pytest.mark.parametrize("body", [b"\x00\x14\xff", b'{"a": 1}', b"functionId=x&async=true", b""])
@pytest.mark.parametrize("type", ["application/json", "application/x-www-form-urlencoded", "a/b"])
def test_a_body_is_not_read_on_the_way(open_site: Site, body: bytes, type: str) -> None:
    reply = open_site.visit("POST", "/length", body, content_type=type)
    assert reply.body.replace(b" ", b"") == str(list(body)).replace(" ", "").encode()


def test_a_body_in_pieces_arrives_whole(open_site: Site) -> None:
    assert open_site.visit("POST", "/length", [b"a", b"", b"b"]).body.count(b",") == 1


def test_bytes_come_back_unharmed(open_site: Site) -> None:
    reply = open_site.visit("GET", "/bytes")
    assert reply.body == b"\x00\x0a\xff"
    assert reply.header("content-length") == "3"
    assert (reply.header("content-type") or "").startswith("text/plain")


def test_a_large_body_passes(open_site: Site) -> None:
    body = bytes(range(256)) * 4 * 1024 * 2
    told = open_site.visit("POST", "/length", body)
    assert bytes(json.loads(told.body)) == body


def test_a_body_over_the_limit_is_refused_with_a_page(era_site: Site) -> None:
    page = era_site.visit("POST", "/", b"x" * (12 * 1024 * 1024 + 1))
    assert page.status == 400
    assert "larger than 12582912 bytes" in text_of(page)


def test_headers_and_cookies_pass_and_those_of_appwrite_are_its_own(open_site: Site) -> None:
    headers = open_site.told(
        "GET",
        "/",
        cookie="a_session_console=abc; theme=dark",
        x_own="Grüße".encode().decode("latin-1"),
        x_appwrite_key="stolen",
        x_appwrite_trigger="schedule",
        x_appwrite_user_id="admin",
        x_appwrite_user_jwt="jwt",
        x_appwrite_execution_id="mine",
        x_appwrite_client_ip="8.8.8.8",
        x_appwrite_country_code="XX",
        x_appwrite_event="users.x.create",
        x_appwrite_project="other",
        authorization="Bearer x",
        accept="text/html",
    )["headers"]
    assert headers["cookie"] == "a_session_console=abc; theme=dark"
    own = headers["x-own"]  # Node.js tells the bytes of a header, Python the text
    assert (own if open_site.is_python else own.encode("latin-1").decode()) == "Grüße"
    assert headers["x-appwrite-key"].startswith("ephemeral_")
    assert headers["x-appwrite-trigger"] == "http"
    assert headers["x-appwrite-user-id"] == headers["x-appwrite-user-jwt"] == ""
    assert headers["x-appwrite-client-ip"] == "127.0.0.1"
    assert headers["x-appwrite-country-code"] == headers["x-appwrite-continent-code"] == ""
    assert headers["x-appwrite-continent-eu"] == "false"
    assert headers["x-appwrite-event"] == "users.x.create"
    assert headers["x-appwrite-project"] == "other"
    assert headers["authorization"] == "Bearer x"
    assert headers["accept"] == "text/html"
    assert headers["x-appwrite-execution-id"] == _newest(open_site.project)["$id"]


def test_without_an_event_header_there_is_none(open_site: Site) -> None:
    assert "x-appwrite-event" not in open_site.told("GET", "/")["headers"]


def test_the_key_is_the_functions(server: Server) -> None:
    here = site(server.project(), scopes=["users.read"])
    key = here.told("GET", "/")["headers"]["x-appwrite-key"]
    error = here.project.having(x_appwrite_key=key).get("/functions").error
    assert error[1] == "general_unauthorized_scope"


def test_repeated_cookies_come_back_as_the_era_has_them(era_site: Site) -> None:
    reply = era_site.visit("GET", "/cookies")
    cookies = [value for name, value in reply.headers if name == "set-cookie"]
    assert cookies == (["b=2; Path=/"] if era_site.is_16 else ["a=1; Path=/", "b=2; Path=/"])
    assert reply.status == 200


def test_an_answer_has_the_functions_headers_only(era_site: Site) -> None:
    reply = era_site.visit("GET", "/status?code=201")
    assert (reply.status, reply.body) == (201, b"mine")
    names = {name for name, _ in reply.headers}
    own = {"content-type", "content-length"}
    assert names == own if era_site.is_16 else own | {"x-appwrite-execution-id"}
    assert reply.header("content-type") == "text/css; charset=utf-8"


def test_the_execution_is_named_in_the_answer_since_1_9(era_site: Site) -> None:
    reply = era_site.visit("GET", "/")
    id = reply.header("x-appwrite-execution-id")
    assert id == (None if era_site.is_16 else _newest(era_site.project)["$id"])


@pytest.mark.parametrize("code", [200, 204, 301, 302, 400, 401, 404, 418, 500, 503, 599])
def test_a_status_comes_back_with_its_body(era_site: Site, code: int) -> None:
    reply = era_site.visit("GET", f"/status?code={code}")
    assert (reply.status, reply.body) == (code, b"" if code == 204 else b"mine")


@pytest.mark.parametrize("code", [600, 999, 101])
def test_a_status_that_http_cannot_carry_is_a_server_error(era_site: Site, code: int) -> None:
    reply = era_site.visit("GET", f"/status?code={code}")
    assert (reply.status, reply.body) == (500, b"")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (400, "An unexpected client error occured."),
        (401, "You must sign in to access this page."),
        (403, "You are not authorized to access this page."),
        (404, "The page you are looking for does not exist."),
        (418, "An unexpected client error occured."),
        (500, "An unexpected server error occured."),
        (501, "This page is not implemented yet."),
        (504, "The server did not respond in time."),
        (599, "An unexpected server error occured."),
    ],
)
def test_an_error_without_a_body_gets_a_page_since_1_9(
    era_site: Site, code: int, text: str
) -> None:
    reply = era_site.visit("GET", f"/empty?code={code}")
    assert reply.status == code
    assert reply.header("x-own") == "1"
    assert reply.header("set-cookie") == "c=3"
    if era_site.is_16:
        assert reply.body == b""
        assert (reply.header("content-type") or "").startswith("text/plain")
    else:
        assert reply.header("content-type") == "text/html"
        assert f"Error {code}" in text_of(reply)
        assert text in text_of(reply)
    assert reply.header("content-length") == str(len(reply.body))


def test_an_empty_body_that_is_no_error_stays_empty(era_site: Site) -> None:
    assert era_site.visit("GET", "/empty?code=200").body == b""


def test_a_function_that_throws_is_a_server_error(era_site: Site) -> None:
    reply = era_site.visit("GET", "/throw")
    assert reply.status == 500
    assert (b"An unexpected server error occured." in reply.body) is not era_site.is_16
    assert "broken" in _newest(era_site.project)["errors"]


def test_a_process_that_ends_is_a_server_error_without_a_page(era_site: Site) -> None:
    reply = era_site.visit("GET", "/exit")
    assert (reply.status, reply.body) == (500, b"")
    assert (reply.header("content-type") or "").startswith("text/plain")
    assert _newest(era_site.project)["status"] == "failed"


def test_a_function_over_its_own_timeout_is_a_server_error(server: Server) -> None:
    here = site(server.project(), timeout=1)
    reply = here.visit("GET", "/sleep")
    assert reply.status == 500
    assert "An unexpected server error occured." in text_of(reply)
    assert "Execution timed out." in _newest(here.project)["errors"]


def test_a_visitor_waits_no_longer_than_a_synchronous_execution(hasty: Server) -> None:
    here = site(hasty.project())
    began = time.monotonic()
    reply = here.visit("GET", "/sleep")
    assert time.monotonic() - began < 10
    assert reply.status == 408
    assert "Synchronous function execution timed out." in text_of(reply)
    row = _newest(here.project)
    assert (row["status"], row["responseStatusCode"]) == ("failed", 500)


def test_head_is_answered_without_a_body(open_site: Site) -> None:
    reply = open_site.visit("HEAD", "/status?code=200")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.header("content-length") == "4"
    assert _newest(open_site.project)["requestMethod"] == "HEAD"


def test_no_origin_is_foreign_and_no_cors_is_answered(open_site: Site) -> None:
    for origin in ("https://evil.example", "null", "http://localhost:3000"):
        reply = open_site.visit("OPTIONS", "/", origin=origin, sec_fetch_site="cross-site")
        assert reply.status == 200
        assert reply.header("access-control-allow-origin") is None


def test_the_execution_is_recorded(era_site: Site) -> None:
    era_site.visit("PATCH", "/a?b=1", b"body", content_type="text/x", agent="Z", cookie="c")
    row = _newest(era_site.project)
    active = era_site.project.at("1.9.0").get("/functions/f").json["deploymentId"]
    assert row["trigger"] == "http"
    assert row["$permissions"] == []
    assert (row["requestMethod"], row["requestPath"]) == ("PATCH", "/a?b=1")
    assert (row["status"], row["responseStatusCode"]) == ("completed", 200)
    assert row["responseBody"] == ""
    assert "visited" in row["logs"]
    stored = {each["name"]: each["value"] for each in row["requestHeaders"]}
    wanted = {
        "host": f"{era_site.domain}:9080",
        "content-type": "text/x",
        "content-length": "4",
        "agent": "Z",
    }
    assert stored == wanted if era_site.is_16 else wanted | {"x-appwrite-client-ip": "127.0.0.1"}
    if not era_site.is_16:
        assert row["deploymentId"] == active
    guest = era_site.project.guest.get("/functions/f/executions")
    assert guest.status == 401


def test_of_a_repeated_header_the_era_knows_the_last_or_all(era_site: Site) -> None:
    more = [("x-own", "1"), ("X-Own", "2"), ("cookie", "a=1")]
    host = {"host": era_site.domain}
    reply = era_site.project.server.call("GET", "/", host, more=more)
    headers = json.loads(reply.body)["headers"]
    assert headers["x-own"] == ("2" if era_site.is_16 else "1, 2")
    assert headers["cookie"] == "a=1"


def test_a_new_deployment_answers_at_the_same_domain(project: Project) -> None:
    here = site(project)
    project.deploy("f", {"main.py": "def main(context):\n    return context.res.text('two')\n"})
    assert here.visit("GET", "/").body == b"two"


def test_a_challenge_of_certificates_is_no_business_of_the_function(open_site: Site) -> None:
    reply = open_site.visit("GET", "/.well-known/acme-challenge/token")
    assert reply.status == 404
    assert "Error 404" in text_of(reply)
    assert open_site.told("GET", "/.well-known/other")["path"] == "/.well-known/other"


def test_a_domain_of_ones_own_answers_in_any_case_and_at_any_port(project: Project) -> None:
    site(project)
    given = {"domain": "Shop.Example.COM", "functionId": "f"}
    project.post("/proxy/rules/function", given).expect(201)
    for host in ("shop.example.com", "SHOP.example.com:443", "shop.example.com:9080"):
        assert project.server.call("GET", "/bytes", {"host": host}).body == b"\x00\x0a\xff"
    id = project.get("/proxy/rules", search="shop").json["rules"][0]["$id"]
    project.delete(f"/proxy/rules/{id}").expect(204)
    refused = project.server.call("GET", "/bytes", {"host": "shop.example.com"})
    assert refused.error[:2] == (401, "general_access_forbidden")


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_sends_visitors_away(either: Project, code: int) -> None:
    either.function()
    domain = f"old{code}.{either.id}.example"
    given = {
        "domain": domain,
        "url": "https://new.example/start?x=1",
        "statusCode": code,
        "resourceId": "f",
        "resourceType": "function",
    }
    either.post("/proxy/rules/redirect", given).expect(201)
    reply = either.server.call("POST", "/any?thing=1", {"host": domain})
    assert (reply.status, reply.body) == (code, b"")
    assert reply.header("location") == "https://new.example/start?x=1"
    assert reply.header("content-type") == "text/plain"


def test_a_domain_of_the_api_answers_as_the_api(project: Project) -> None:
    domain = f"api.{project.id}.example"
    there = project.having(host=domain)
    assert there.get("/functions").error[:2] == (401, "general_access_forbidden")
    rule = project.post("/proxy/rules/api", {"domain": domain}).expect(201)
    assert there.get("/functions").status == 200
    assert there.having(origin="https://evil.example").get("/functions").status == 403
    project.delete(f"/proxy/rules/{rule['$id']}").expect(204)
    assert there.get("/functions").error[:2] == (401, "general_access_forbidden")


def test_a_name_that_was_the_apis_can_become_a_functions(project: Project) -> None:
    site(project, language="node")
    name = f"{project.id}.localhost"
    assert project.having(host=name).get("/functions").status == 200
    given = {"domain": name, "functionId": "f"}
    project.post("/proxy/rules/function", given).expect(201)
    told = json.loads(project.having(host=name).get("/functions").body)
    assert told["path"] == "/v1/functions"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where an emulator listens whose function `f` is a website."""
    with Emulator(port=0, memory=True) as emulator:
        port = int(emulator.endpoint.rpartition(":")[2].partition("/")[0])
        made = {"functionId": "f", "name": "f", "runtime": "python-3.12",
                "entrypoint": "main.py", "execute": ["any"]}  # fmt: skip
        _call(port, "/v1/functions", json.dumps(made).encode(), "application/json")
        files = {"code": ("code.tar.gz", tar_gz({"main.py": PYTHON}))}
        body = form({"activate": "true"}, files)
        _call(port, "/v1/functions/f/deployments", body, multipart_type())
        emulator.settle()
        yield port


def _call(port: int, path: str, body: bytes, type: str) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"X-Appwrite-Project": "p", "X-Appwrite-Key": "k", "Content-Type": type}
    link.request("POST", path, body, headers)
    assert link.getresponse().status in (201, 202)
    link.close()


def _visit(
    port: int, method: str, target: str, *headers: tuple[str, str], pieces: Sequence[bytes] = ()
) -> tuple[http.client.HTTPResponse, bytes]:
    """One request over a socket; `pieces` of a body are sent as chunks."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in (("Host", f"f.functions.localhost:{port}"), *headers):
        link.putheader(name, value)
    if pieces:
        link.putheader("Transfer-Encoding", "chunked")
    link.endheaders(list(pieces) or None, encode_chunked=bool(pieces))
    reply = link.getresponse()
    body = reply.read()
    link.close()
    return reply, body


def test_a_website_behind_real_sockets(port: int) -> None:
    reply, body = _visit(port, "GET", "/cookies")
    assert (reply.status, body) == (200, b"")
    assert reply.headers.get_all("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert len(reply.headers["x-appwrite-execution-id"]) == 20
    assert reply.headers.get_all("content-length") == ["0"]
    reply, body = _visit(port, "POST", "/length", pieces=[b"\x00\xff", b"a"])
    assert body == b"[0, 255, 97]"
    reply, body = _visit(port, "PURGE", "/a%2Fb?x=%20", ("X-Own", "1"), ("x-own", "2"))
    told = json.loads(body)
    assert (told["method"], told["path"], told["headers"]["x-own"]) == ("PURGE", "/a/b", "1, 2")
    reply, body = _visit(port, "HEAD", "/status?code=200")
    assert (reply.headers["content-length"], body) == ("4", b"")
    reply, body = _visit(port, "GET", "/bytes", ("Origin", "https://evil.example"))
    assert body == b"\x00\x0a\xff"


@pytest.mark.parametrize("code", [204, 304, 404, 418, 451, 599, 700])
def test_every_status_goes_through_real_sockets(port: int, code: int) -> None:
    reply, body = _visit(port, "GET", f"/empty?code={code}")
    assert reply.status == (code if code < 600 else 500)
    assert (f"Error {code}".encode() in body) is (400 <= code < 600)
