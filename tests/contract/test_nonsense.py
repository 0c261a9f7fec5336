"""Whatever is sent, the answer is one of Appwrite's, never a failure of ours."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from .forms import form, multipart_type
from .server import Json, Project, Reply, Server

LEAVES: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 15, 2**63, -(2**63), 1e308, 1.5, float("inf"), "", " ", "a",
    "any", "unique()", "f", "node-22", "python-3.12", "users.*", "user:x/y", "*/5 * * * *",
    "2030-01-01T10:00:00.000+00:00", "9999-12-31", "\x00", "ä" * 40, "🚀", "\\", "a\r\nb: c",
    "x" * 9000, "../../etc", "{}", "[]", '{"method":"limit"}', "GET", "9" * 400, "0x10", "1e3",
)  # fmt: skip
BODIES = (
    ("POST", "/functions", "functionId name runtime execute events schedule timeout enabled "
     "logging entrypoint commands scopes installationId providerRepositoryId providerBranches "
     "specification buildSpecification deploymentRetention templateOwner"),
    ("PUT", "/functions/f", "name runtime execute events schedule timeout enabled entrypoint "
     "commands scopes specification runtimeSpecification providerPaths"),
    ("POST", "/functions/f/variables", "variableId key value secret"),
    ("PUT", "/functions/f/variables/v", "key value secret"),
    ("POST", "/functions/f/executions", "body async path method headers scheduledAt"),
    ("PATCH", "/functions/f/deployment", "deploymentId"),
    ("POST", "/functions/f/deployments/duplicate", "deploymentId buildId"),
    ("POST", "/functions/f/deployments/template", "repository owner rootDirectory type reference "
     "activate"),
    ("POST", "/functions/f/deployments", "activate entrypoint commands code"),
)  # fmt: skip
LISTS = ("/functions", "/functions/f/variables", "/functions/f/deployments",
         "/functions/f/executions")  # fmt: skip
METHODS = [
    "equal",
    "notEqual",
    "lessThan",
    "greaterThan",
    "between",
    "contains",
    "startsWith",
    "endsWith",
    "isNull",
    "isNotNull",
    "search",
    "and",
    "or",
    "orderAsc",
    "orderDesc",
    "orderRandom",
    "limit",
    "offset",
    "cursorAfter",
    "cursorBefore",
    "select",
    "notBetween",
    "containsAll",
    "exists",
    "nothing",
]
ATTRIBUTES = [
    "name",
    "enabled",
    "timeout",
    "$id",
    "$createdAt",
    "$sequence",
    "status",
    "size",
    "key",
    "secret",
    "zzz",
]
VALID: Json = {
    "functionId": "unique()", "name": "F", "runtime": "python-3.12", "variableId": "unique()",
    "key": "K", "value": "v", "deploymentId": "nothing", "activate": True, "repository": "r",
    "owner": "o", "rootDirectory": "d", "type": "tag", "reference": "1",
}  # fmt: skip

HEADERS = ("host", "content-type", "content-length", "cookie", "Accept", "x-forwarded-proto",
           "transfer-encoding", "authorization", "X-Appwrite-Key", "x-open-runtimes-secret",
           "x-open-runtimes-timeout", "x-open-runtimes-logging")  # fmt: skip


def _value(chance: random.Random, depth: int = 0) -> Json:
    kind = chance.random()
    if depth < 3 and kind < 0.2:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if depth < 3 and kind < 0.3:
        return {str(chance.choice(LEAVES))[:50]: _value(chance, depth + 1) for _ in range(2)}
    return chance.choice(LEAVES)


def _query(chance: random.Random, depth: int = 0) -> Json:
    method = chance.choice(METHODS)
    query: Json = {"method": method, "attribute": chance.choice(ATTRIBUTES)}
    if method in ("and", "or") and depth < 3:
        query["values"] = [_query(chance, depth + 1) for _ in range(chance.randrange(4))]
    else:
        query["values"] = [_value(chance, 2) for _ in range(chance.randrange(3))]
    if chance.random() < 0.2:
        query[chance.choice(("method", "attribute", "values"))] = _value(chance, 1)
    return query


@pytest.fixture(scope="module")
def project(server: Server) -> Iterator[Project]:
    """A project whose function has no deployment, so nothing runs."""
    made = server.project()
    made.function()
    yield made
    assert made.get("/functions").status == 200


def _is_answered(reply: Reply) -> bool:
    if reply.status >= 500:
        return False
    return reply.status < 400 or bool(reply.error)


@pytest.mark.parametrize("format", [None, "1.6.0", "1.4.0"])
@pytest.mark.parametrize(
    ("method", "path", "params"), BODIES, ids=[f"{row[0]} {row[1]}" for row in BODIES]
)
def test_no_parameter_breaks_a_call(
    project: Project, method: str, path: str, params: str, format: str | None
) -> None:
    chance = random.Random(f"{method} {path} {format}")
    caller = project.at(format)
    names = params.split()
    for _ in range(60):
        body = {name: VALID[name] for name in names if name in VALID}
        for name in chance.sample(names, chance.choice((1, 1, min(2, len(names))))):
            body[name] = _value(chance)
        if chance.random() < 0.2:
            texts: dict[str, str | bytes] = {name: str(value) for name, value in body.items()}
            headers = {"content-type": multipart_type()}
            reply = caller.call(method, path, body=form(texts), headers=headers)
        else:
            reply = caller.call(method, path, body)
        assert _is_answered(reply), body


ECHOES = {
    "python-3.12": "def main(c):\n    return c.res.text(c.req.path + c.req.query_string)\n",
    "node-22": "module.exports = ({ req, res }) => res.text(req.path + req.queryString)",
}


@pytest.mark.parametrize("runtime", ECHOES)
def test_no_parameter_breaks_an_execution(server: Server, runtime: str) -> None:
    chance = random.Random(runtime)
    project = server.project()
    entrypoint = "main.py" if runtime.startswith("python") else "main.js"
    project.function(runtime=runtime, entrypoint=entrypoint)
    project.deploy("f", {entrypoint: ECHOES[runtime]})
    paths = (
        "//",
        "/%",
        "/%ff?%zz=&&=",
        "?",
        "#",
        "http://x/y",
        "/a b",
        "/\x00",
        "/\r\n",
        "/🚀?ä=ü",
    )
    for turn in range(60):
        params = {
            "body": chance.choice(("", "a", "\x00", "🚀" * 50, "{")),
            "path": paths[turn % len(paths)],
            "method": chance.choice(("GET", "POST", "HEAD", "OPTIONS")),
            "headers": {chance.choice(HEADERS): _value(chance, 3), "x-own": "ä\r\nb: c\x00🚀"},
        }
        reply = project.post("/functions/f/executions", params)
        assert _is_answered(reply), params
        assert reply.status != 201 or reply.json["status"] == "completed", (params, reply.json)


@pytest.mark.parametrize("format", [None, "1.4.0"])
@pytest.mark.parametrize("path", LISTS)
def test_no_query_breaks_a_list(project: Project, path: str, format: str | None) -> None:
    chance = random.Random(f"{path} {format}")
    caller = project.at(format)
    for _ in range(150):
        queries = [_query(chance) for _ in range(chance.randrange(1, 3))]
        texts = [json.dumps(query) for query in queries]
        if chance.random() < 0.3:
            cut = chance.randrange(len(texts[0]))
            texts[0] = texts[0][:cut]
        if chance.random() < 0.2:
            texts[0] = f'{chance.choice(METHODS)}("{chance.choice(ATTRIBUTES)}", {texts[0]})'
        assert _is_answered(caller.get(path, *texts)), texts


@pytest.mark.parametrize("path", LISTS)
def test_no_query_string_breaks_a_list(project: Project, path: str) -> None:
    chance = random.Random(path)
    pieces = ["queries", "[", "]", "0", "=", "&", "search", "total", "project", "%", "%ff", "%00",
              "[]", "a", quote('{"method":"limit","values":[1]}'), "limit(1)", "+",
              "true"]  # fmt: skip
    for _ in range(150):
        query = "".join(chance.choice(pieces) for _ in range(chance.randrange(1, 9)))
        assert _is_answered(project.call("GET", f"{path}?{query}")), query


@pytest.mark.parametrize(
    "name",
    ["x-appwrite-project", "x-appwrite-key", "x-appwrite-jwt", "x-appwrite-response-format",
     "x-appwrite-id", "content-range", "content-type", "range", "accept", "origin", "host",
     "content-length", "x-sdk-language", "cookie", "x-fallback-cookies", "x-appwrite-mode"],
)  # fmt: skip
def test_no_header_breaks_a_call(project: Project, name: str) -> None:
    chance = random.Random(name)
    words = ["", "a", "bytes", " ", "0-1/2", "=", "-", "/", "1.6.0", "dynamic_", "ephemeral_", ".",
             "multipart/form-data", "; boundary=", "application/json", "\xff", '"', "[", "]", ":",
             "http://", "localhost", "9" * 30, "\t", ",", "*/*", "e30", "{}"]  # fmt: skip
    for _ in range(60):
        headers = {name: "".join(chance.choice(words) for _ in range(chance.randrange(6)))}
        for method, path in (("GET", "/functions"), ("POST", "/functions/f/deployments"),
                             ("POST", "/functions/f/executions")):  # fmt: skip
            reply = project.call(method, path, body=b"--a\r\n\r\n", headers=headers)
            assert _is_answered(reply), headers
