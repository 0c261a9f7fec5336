"""The check that every reply of this suite passes does refuse what is incomplete."""

from __future__ import annotations

import json

import pytest

from .complete import Asked, Completeness
from .server import Json, Project, Server

JSON = "application/json; charset=UTF-8"


@pytest.fixture(scope="module")
def checks(server: Server) -> Completeness:
    return Completeness(server.emulator)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "", b"{}"),
        (204, JSON, b""),
        (204, "text/plain", b"{}"),
        (404, JSON, b'{"message": "", "code": 404, "type": ""}'),
        (404, JSON, b'{"message": "", "code": 400, "type": "", "version": ""}'),
        (404, "text/plain", b"Not Found"),
        (201, JSON, b'{"total": 0, "functions": []}'),
        (200, JSON, b'{"total": 0}'),
        (200, JSON, b'{"total": null, "functions": []}'),
        (200, JSON, b'{"total": true, "functions": []}'),
        (200, JSON, b'{"total": 1, "functions": [{}]}'),
    ],
)
def test_an_incomplete_reply_is_refused(
    checks: Completeness, status: int, kind: str, body: bytes
) -> None:
    asked = Asked("GET", "/v1/functions", {})
    checks.check(asked, 200, JSON, b'{"total": 0, "functions": []}')
    with pytest.raises(AssertionError):
        checks.check(asked, status, kind, body)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("runtime", None),
        ("timeout", "15"),
        ("vars", None),
        ("vars", [{"$id": "v"}]),
        ("scopes", [1]),
        ("live", 1),
    ],
)
def test_a_wrong_field_is_refused(
    checks: Completeness, own: Project, key: str, value: Json
) -> None:
    asked = Asked("GET", "/v1/functions/f", {})
    function = own.get("/functions/f").expect(200)
    checks.check(asked, 200, JSON, json.dumps(function).encode())
    with pytest.raises(AssertionError):
        checks.check(asked, 200, JSON, json.dumps({**function, key: value}).encode())


def test_null_is_refused_but_for_fields_that_may_be_null(
    checks: Completeness, own: Project
) -> None:
    execution = own.execute("f")
    asked = Asked("POST", "/v1/functions/f/executions", {})
    assert execution["scheduledAt"] is None
    checks.check(asked, 201, JSON, json.dumps(execution).encode())
    for field in set(execution) - {"scheduledAt"}:
        with pytest.raises(AssertionError):
            checks.check(asked, 201, JSON, json.dumps({**execution, field: None}).encode())


def test_the_shape_is_that_of_the_wanted_format(checks: Completeness, own: Project) -> None:
    function = json.dumps(own.get("/functions/f").expect(200)).encode()
    asked = Asked("GET", "/v1/functions/f", {"x-appwrite-response-format": "1.6.0"})
    with pytest.raises(AssertionError, match="specification"):
        checks.check(asked, 200, JSON, function)
