"""What clients ask before anything else: version, health, ping, place."""

from __future__ import annotations

import pytest

from .server import Project, Server

NOT_FOUND = "project_not_found"


def _version(project: Project) -> str:
    return {"1.6": "1.6.2", "1.9": "1.9.6"}[project.server.emulator.config.appwrite]


@pytest.mark.parametrize("project_id", [None, "console", "somewhere"])
def test_everybody_is_told_the_version(either: Project, project_id: str | None) -> None:
    caller = either.guest.having(x_appwrite_project=project_id)
    assert caller.get("/health/version").expect(200) == {"version": _version(either)}
    assert either.get("/health/version").expect(200) == {"version": _version(either)}


def test_the_version_is_told_without_any_header(server: Server) -> None:
    reply = server.call("GET", "/v1/health/version")
    assert (reply.status, reply.json) == (200, {"version": "1.9.6"})


def test_the_version_does_not_follow_the_format(project: Project) -> None:
    assert project.at("1.6.0").get("/health/version").json == {"version": "1.9.6"}


def test_health_is_for_keys(either: Project) -> None:
    assert either.get("/health").expect(200) == {"name": "http", "status": "pass", "ping": 0}
    assert either.guest.get("/health").error[1] == "general_unauthorized_scope"


def test_ping_is_answered_in_plain_text(either: Project) -> None:
    for caller in (either, either.guest):
        reply = caller.get("/ping")
        assert (reply.status, reply.body) == (200, b"Pong!")
        assert reply.header("content-type") == "text/plain; charset=UTF-8"
    assert either.call("HEAD", "/ping").body == b""


def test_ping_needs_a_project(either: Project, strict: Server) -> None:
    assert either.guest.having(x_appwrite_project=None).get("/ping").error[:2] == (404, NOT_FOUND)
    assert either.guest.having(x_appwrite_project="console").get("/ping").error[1] == NOT_FOUND
    assert strict.project("nowhere").get("/ping").error[:2] == (404, NOT_FOUND)


def test_nobody_knows_where_a_caller_is(either: Project) -> None:
    assert list(either.guest.get("/locale").expect(200).items()) == [
        ("ip", "127.0.0.1"),
        ("countryCode", "--"),
        ("country", "Unknown"),
        ("continentCode", "--"),
        ("continent", "Unknown"),
        ("eu", False),
        ("currency", ""),
    ]


def test_a_place_is_told_without_a_project(either: Project) -> None:
    for project in (None, "console"):
        caller = either.guest.having(x_appwrite_project=project)
        assert caller.get("/locale").expect(200)["countryCode"] == "--"


def test_a_key_needs_the_scope_for_the_locale(strict: Server) -> None:
    reader = strict.project("home").having(x_appwrite_key="reader")
    assert reader.get("/locale").error[1] == "general_unauthorized_scope"


def test_versions_are_told_outside_the_api_too(either: Project) -> None:
    reply = either.server.call("GET", "/versions")
    assert (reply.status, reply.json) == (200, {"server": _version(either)})
