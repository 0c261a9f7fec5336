"""What builds and executions are told, computed from values alone."""

from __future__ import annotations

from typing import Any

import pytest

from appwrite_emulator.catalog import Runtime, Specification
from appwrite_emulator.errors import Era
from appwrite_emulator.execution import context
from appwrite_emulator.models import Deployment, Function, Trigger

_BORN: dict[str, Any] = {"project": "p", "created_at": "", "updated_at": ""}


def _subject(era: Era = "1.9") -> context.Subject:
    return context.Subject(
        Function(**_BORN, id="f", name="My function", runtime="node-22"),
        Deployment(**_BORN, id="d", entrypoint="src/main.js", type="cli", provider_branch="main"),
        Runtime("node-22", "node", "Node.js", "22", "", "", "", ()),
        Specification("s", 512, 0.5, True),
        "http://127.0.0.1:80/v1",
        era,
    )


def test_the_environment_tells_function_deployment_and_machine() -> None:
    env = context.environment(_subject(), {}, secret="s3")
    expected = {
        "APPWRITE_FUNCTION_API_ENDPOINT": "http://127.0.0.1:80/v1",
        "APPWRITE_FUNCTION_ID": "f",
        "APPWRITE_FUNCTION_NAME": "My function",
        "APPWRITE_FUNCTION_DEPLOYMENT": "d",
        "APPWRITE_FUNCTION_PROJECT_ID": "p",
        "APPWRITE_FUNCTION_RUNTIME_NAME": "Node.js",
        "APPWRITE_FUNCTION_RUNTIME_VERSION": "22",
        "APPWRITE_FUNCTION_CPUS": "0.5",
        "APPWRITE_FUNCTION_MEMORY": "512",
        "APPWRITE_VERSION": "1.9.6",
        "APPWRITE_REGION": "default",
        "APPWRITE_DEPLOYMENT_TYPE": "cli",
        "APPWRITE_VCS_REPOSITORY_BRANCH": "main",
        "APPWRITE_VCS_COMMIT_HASH": "",
        "OPEN_RUNTIMES_ENTRYPOINT": "src/main.js",
        "OPEN_RUNTIMES_SECRET": "s3",
    }
    assert {name: env.get(name) for name in expected} == expected
    assert "APPWRITE_FUNCTION_API_KEY" not in env


def test_the_platform_wins_over_variables_of_the_user() -> None:
    given = {"APPWRITE_FUNCTION_ID": "mine", "MINE": "1", "OPEN_RUNTIMES_ENV": "development"}
    env = context.environment(_subject("1.6"), given, secret="", build_key="key")
    assert (env["APPWRITE_FUNCTION_ID"], env["MINE"]) == ("f", "1")
    assert env["OPEN_RUNTIMES_ENV"] == "development"
    assert env["APPWRITE_FUNCTION_API_KEY"] == "key"
    assert env["APPWRITE_VERSION"] == "1.6.2"


def test_the_platform_wins_over_headers_of_the_caller() -> None:
    headers = context.request_headers(
        {"X-Appwrite-Key": "mine", "X-Own": "1"},
        context.Origin(Trigger.EVENT, user_id="u", event="users.*.create"),
        execution_id="e",
        key="k",
    )
    assert headers["x-appwrite-key"] == "k"
    assert headers["x-own"] == "1"
    assert headers["x-appwrite-trigger"] == "event"
    assert headers["x-appwrite-user-id"] == "u"
    assert headers["x-appwrite-event"] == "users.*.create"
    assert "x-appwrite-client-ip" not in headers


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"host": "a.b"}, ("http", "a.b", 80)),
        ({"host": "a.b:8080"}, ("http", "a.b", 8080)),
        ({"host": "a.b", "x-forwarded-proto": "https"}, ("https", "a.b", 443)),
        ({"host": "a.b:x"}, ("http", "a.b", 80)),
        ({}, ("http", "", 80)),
    ],
)
def test_the_address_is_read_from_the_headers(
    headers: dict[str, str], address: tuple[str, str, int]
) -> None:
    assert context.address(headers) == address


@pytest.mark.parametrize(
    ("path", "parts"),
    [("/a?b=c", ("/a", "b=c")), ("a", ("/a", "")), ("/a?b#c", ("/a", "b")), ("?x=1", ("/", "x=1")),
     ("/a?b?c", ("/a", "b?c"))],
)  # fmt: skip
def test_a_path_is_split_from_its_query(path: str, parts: tuple[str, str]) -> None:
    assert context.split_path(path) == parts


def test_headers_are_kept_in_their_own_spelling() -> None:
    given = [("Content-Type", "a"), ("X-Own", "b"), ("HOST", "c")]
    kept = context.stored_headers(given, context.STORED_REQUEST_HEADERS)
    assert kept == (("Content-Type", "a"), ("HOST", "c"))
