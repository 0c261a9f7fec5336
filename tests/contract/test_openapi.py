"""What the emulator says of itself is what Appwrite says of itself, but for what is listed here."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from appwrite_emulator.http import api

from .server import Json, Server
from .target import yardstick

ERAS = ("1.6", "1.9")
SAID = ("minLength", "maxLength", "minimum", "maximum", "maxItems", "default")

DEPLOYMENT = "/functions/{functionId}/deployments/{deploymentId}"
EXECUTIONS = "/functions/{functionId}/executions"
DIFFERENCES = {
    # Both servers answer clients of both eras, so each has what the other one has.
    "1.6 + * /functions/{functionId}/deployments/[tvd][ecu]*": "the routes of 1.9 answer too",
    "1.6 + PATCH /functions/{functionId}/deployment": "the routes of 1.9 answer too",
    f"1.6 + PATCH {DEPLOYMENT}/status": "the routes of 1.9 answer too",
    f"1.6 + GET {DEPLOYMENT}/build/download": "the routes of 1.9 answer too",
    f"1.6 + GET {DEPLOYMENT}/download ?type": "downloads of 1.9 name what they want",
    "1.6 + * ?total": "lists of 1.9 may go without a count",
    "1.6 + GET /functions/{functionId}/variables ?queries": "variables of 1.9 can be queried",
    f"1.9 + GET {EXECUTIONS} ?search": "executions of 1.6 can be searched",
    "1.6 + POST /functions/{functionId}/variables :variableId": "variables of 1.9 have chosen ids",
    "1.6 + * :provider*s": "functions have the settings of both eras",
    "1.6 + * :*Specification": "functions have the settings of both eras",
    "1.6 + * :deploymentRetention": "functions have the settings of both eras",
    "1.9 + * :specification": "functions have the settings of both eras",
    "1.6 + * :runtime = *": "the runtimes of both eras can be named",
    "1.6 + * :scopes = *": "the scopes of both eras can be named",
    f"1.6 + POST {EXECUTIONS} :method = HEAD": "1.9 has it",
    # What holds when nothing is given.
    "* - * :*pecification default": "it depends on what the other two say; an update keeps it",
    f"* - POST {EXECUTIONS} :headers default": "none are none",
    "1.9 + PUT /functions/{functionId} :provider* default": "nobody sees the difference",
    "1.9 + POST /functions/{functionId}/variables :variableId default": "older clients send none",
    "1.9 ! POST /functions/{functionId}/variables :variableId required": "older clients send none",
    # A null counts as absent for all parameters, so those few need not say that they take it.
    "* ! PUT /functions/{functionId} :provider*": "null counts as absent",
    "1.9 ! POST /functions/{functionId}/deployments :*": "null counts as absent",
    f"* ! POST {EXECUTIONS} :scheduledAt": "null counts as absent",
    f"* POST {EXECUTIONS} :scheduledAt m*Length": "what is no date is refused whatever its length",
    f"* - POST {DEPLOYMENT}/builds/{{buildId}} /buildId default": "a place in a path is given",
    # The older name of a route goes on as what an SDK of 1.6 called it.
    f"1.9 ! PATCH {DEPLOYMENT}": "updateDeployment",
    f"1.9 ! PATCH {DEPLOYMENT}/build": "updateDeploymentBuild",
    f"1.9 ! POST {DEPLOYMENT}/build": "createBuild",
    f"1.9 ! GET {DEPLOYMENT}/build/download ?type default": "the path says what is wanted",
    # We say more than Appwrite.
    "* + GET /functions/templates ?*": "all there are",
    "* + GET /functions/templates/{templateId} /templateId m*Length": "none is longer",
    "* + * .type = *": "all there are",
    "1.6 + * .status = *": "1.9 lists the same ones",
    "1.6 + execution .trigger = *": "1.9 lists the same ones",
    "* ! execution .scheduledAt required": "it is always there, null or not",
}  # fmt: skip
"""Patterns of differences, each with the reason for it."""


@pytest.fixture(scope="module")
def found(server: Server) -> list[str]:
    """All differences in both eras."""
    return [f"{era} {each}" for era in ERAS for each in _differences(server, era)]


def _differences(server: Server, era: str) -> Iterator[str]:
    wanted = yardstick(era)
    models = wanted["components"]["schemas"]
    return differences(facts(wanted, models), facts(described(server, era), models))


def test_every_difference_has_a_reason(found: list[str]) -> None:
    assert [each for each in found if not _patterns(each)] == []


def test_every_reason_has_a_difference(found: list[str]) -> None:
    matched = {pattern for each in found for pattern in _patterns(each)}
    assert [pattern for pattern in DIFFERENCES if pattern not in matched] == []


def _patterns(difference: str) -> list[str]:
    return [pattern for pattern in DIFFERENCES if fnmatchcase(_subject(difference), pattern)]


def _subject(difference: str) -> str:
    return difference.partition(": ")[0]


def described(server: Server, era: str) -> Json:
    return server.call("GET", f"/_emulator/openapi.json?format={era}").expect(200)


def facts(document: Json, models: Container[str]) -> dict[str, object]:
    """Everything that is compared, by name: parts of a thing have a name that begins with its."""
    found: dict[str, object] = {}
    for path, methods in document["paths"].items():
        if path.startswith("/functions"):
            for method, operation in methods.items():
                found |= dict(_operation(f"{method.upper()} {path}", operation))
    for model, schema in document["components"]["schemas"].items():
        if model in models:
            found[model] = "a model"
            for key, value in schema["properties"].items():
                found |= dict(_value(f"{model} .{key}", value, key in schema.get("required", ())))
    return found


def _operation(name: str, operation: Json) -> Iterator[tuple[str, object]]:
    alias = operation.get("deprecated") or "Alias" in operation["operationId"]
    yield name, "an alias" if alias else operation["operationId"]
    for status, reply in operation["responses"].items():
        bodies = reply.get("content", {}).values()
        models = {body["schema"].get("$ref", "") for body in bodies}
        yield f"{name} -> {status}", "".join(models)
    for param in operation.get("parameters", ()):
        mark = {"path": "/", "query": "?"}[param["in"]]
        yield from _value(f"{name} {mark}{param['name']}", param["schema"], param["required"])
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"{name} body", kind
        for key, value in body["schema"]["properties"].items():
            required = key in body["schema"].get("required", ())
            yield from _value(f"{name} :{key}", value, required)


def _value(name: str, schema: Json, required: bool) -> Iterator[tuple[str, object]]:
    yield name, _type(schema)
    yield f"{name} required", required
    for key in SAID:
        if key in schema:
            yield f"{name} {key}", schema[key]
    for value in schema.get("enum", schema.get("items", {}).get("enum", ())):
        yield f"{name} = {value}", "a choice"


def _type(schema: Json) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    if "oneOf" in schema:
        return " or ".join(map(_type, schema["oneOf"]))
    of = f" of {_type(schema['items'])}" if "items" in schema else ""
    null = " or null" if schema.get("nullable") else ""
    return f"{schema['type']}{of}{null}"


def differences(theirs: Mapping[str, object], ours: Mapping[str, object]) -> Iterator[str]:
    """`-` what we lack, `+` what we have more, both without their parts, `!` what is otherwise."""
    for sign, some, others in (("-", theirs, ours), ("+", ours, theirs)):
        odd = [name for name in some if name not in others]
        for name in odd:
            if not any(name.startswith(f"{whole} ") for whole in odd):
                yield f"{sign} {name}"
    for name in theirs:
        if name in ours and theirs[name] != ours[name]:
            yield f"! {name}: {ours[name]}, not {theirs[name]}"


@pytest.mark.parametrize("era", ERAS)
def test_everything_the_api_takes_and_gives_is_described(server: Server, era: str) -> None:
    document = described(server, era)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert {} not in _schemas(operation), f"{method} {path} has a validator unknown here"
    for model, schema in document["components"]["schemas"].items():
        is_free = model in ("any", "preferences")
        assert schema["properties"] or is_free, f"{model} is not in the table of models"


def _schemas(operation: Json) -> Iterator[Json]:
    for param in operation.get("parameters", ()):
        yield param["schema"]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        yield from body["schema"]["properties"].values()


def test_every_route_is_described(server: Server) -> None:
    emulator = server.emulator
    routes = list(api.routes(emulator.services, Path()))
    public = [route for route in routes if route.path.startswith("/v1/")]
    assert [route for route in public if route.operation is None] == []
    paths = described(server, "1.9")["paths"]
    assert sum(map(len, paths.values())) == len(public)


def test_the_description_is_that_of_the_servers_own_era_unless_asked(
    server: Server, server_16: Server
) -> None:
    for running, version in ((server, "1.9.6"), (server_16, "1.6.2")):
        document = running.call("GET", "/_emulator/openapi.json").expect(200)
        assert document["openapi"] == "3.0.3"
        assert document["info"]["version"] == version
    refused = server.call("GET", "/_emulator/openapi.json?format=1.7").error
    assert refused[2] == "Invalid `format` param: Value must be one of (1.6, 1.9)"


def test_what_is_referred_to_is_there_and_names_are_used_once(server: Server) -> None:
    document = described(server, "1.9")
    text = json.dumps(document)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in document["components"]["schemas"]
    names = re.findall(r'"operationId": "(\w+)"', text)
    assert len(names) == len(set(names))


def test_who_may_call_is_described(server: Server) -> None:
    paths = described(server, "1.9")["paths"]
    create = paths["/functions"]["post"]
    assert create["x-scopes"] == ["functions.write"]
    assert {"Project": [], "Key": []} in create["security"]
