"""Services of Appwrite that are not emulated say so; unknown paths are not found."""

from __future__ import annotations

import pytest

from .server import Project, Server

SERVICES = [
    "databases", "tablesdb", "storage", "messaging", "sites", "graphql", "avatars", "tokens", "vcs",
    "migrations", "assistant", "presences", "webhooks", "platforms",
]  # fmt: skip
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_not_emulated_says_so(either: Project, service: str) -> None:
    path = f"/{service}/a/b"
    status, type, message = either.post(path, {}).error
    assert (status, type) == (501, "emulator_service_not_emulated")
    assert f"POST /v1{path}." in message
    assert f"'{service}'" in message
    assert "functions" in message


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/databases", "/storage/", "/locale/countries", "/graphql"])
def test_every_method_and_path_of_it_says_so(project: Project, method: str, path: str) -> None:
    assert project.call(method, path).error[:2] == (501, "emulator_service_not_emulated")


def test_what_there_is_of_a_service_is_named(project: Project) -> None:
    message = project.get("/health/db").error[2]
    assert "GET /v1/health/db" in message
    assert "GET /v1/health/version, GET /v1/health." in message
    assert "executions" not in message


@pytest.mark.parametrize(
    "path", ["/nothing", "/databasesx", "/functions/f/nothing", "/functions/f/usage/x", "/"]
)
def test_paths_of_no_service_are_not_found(either: Project, path: str) -> None:
    assert either.get(path).error == (
        404,
        "general_route_not_found",
        "The requested route was not found. Please refer to the API docs and try again."
        if either.server.emulator.config.appwrite == "1.6"
        else "Route not found. Please ensure the endpoint is configured correctly and that the API "
        "route is valid for this SDK version. Refer to the API docs for more details.",
    )


@pytest.mark.parametrize("target", ["/", "/v1", "/v2/databases", "/databases", "//v1/databases"])
def test_services_are_below_v1_only(server: Server, target: str) -> None:
    assert server.call("GET", target).error[:2] == (404, "general_route_not_found")


def test_who_calls_is_checked_first(server: Server, strict: Server) -> None:
    assert strict.project("nowhere").get("/databases").error[1] == "project_not_found"
    unknown = strict.project("home").having(x_appwrite_key="unknown")
    assert unknown.get("/databases").error[1] == "user_unauthorized"
    bare = server.project().having(x_appwrite_project=None)
    assert bare.get("/databases").error[1] == "project_id_missing"
    assert server.project().guest.get("/databases").error[0] == 501


def test_the_answer_does_not_depend_on_an_earlier_one(project: Project) -> None:
    first = project.get("/databases/a").error
    assert project.get("/databases/a").error == first
    assert project.get("/databases/b").error[2] == first[2].replace("/a.", "/b.")
