"""Who may do what: guests, keys of any kind, strict servers, projects."""

from __future__ import annotations

import pytest

from .people import new_user
from .server import Project, Server

UNAUTHORIZED = (
    401,
    "user_unauthorized",
    "The current user is not authorized to perform the requested action.",
)
NO_PROJECT = (
    401,
    "general_access_forbidden",
    "No Appwrite project was specified. Please specify your project ID when initializing your "
    "Appwrite SDK.",
)
UNKNOWN_PROJECT = (
    404,
    "project_not_found",
    "Project with the requested ID could not be found. Please check the value of the "
    "X-Appwrite-Project header to ensure the correct project ID is being used.",
)


def test_a_call_without_project_is_refused(server: Server) -> None:
    bare = server.project().having(x_appwrite_project=None)
    assert bare.get("/functions").error == (
        403,
        "project_id_missing",
        "When using project API key, make sure to pass x-appwrite-project header with your project "
        "ID.",
    )
    assert bare.at("1.6.0").get("/functions").error == UNAUTHORIZED
    assert bare.guest.get("/functions").error[1:] == (
        "general_unauthorized_scope",
        'User (role: guests) missing scopes (["functions.read"])',
    )
    assert bare.guest.post("/functions/f/executions", {}).error == NO_PROJECT


def test_the_console_is_no_project(server: Server) -> None:
    console = server.project("console")
    status, type, message = console.get("/functions").error
    assert (status, type) == (401, "general_access_forbidden")
    assert message.startswith("This endpoint is not available for the console project.")


@pytest.mark.parametrize("id", ["-x", "a b", "a/b", "p" * 37, "ä"])
def test_a_project_id_must_be_one(server: Server, id: str) -> None:
    assert server.project(id).get("/functions").error == UNKNOWN_PROJECT


def test_the_project_in_the_query_wins(either: Project) -> None:
    other = either.server.project()
    other.function()
    assert either.get("/functions", project=other.id).json["total"] == 1
    twice = either.call("GET", f"/functions?project={either.id}&project={other.id}")
    assert twice.json["total"] == 1
    user = new_user(other, "ann")
    assert user.having(x_appwrite_project=None).get("/account", project=other.id).status == 200


def test_the_query_of_a_write_names_no_project(either: Project) -> None:
    other = either.server.project()
    body = {"userId": "ann"}
    either.call("POST", f"/users?project={other.id}", body).expect(201)
    assert either.get("/users").expect(200)["total"] == 1


def test_a_key_needs_the_header_of_the_project_since_1_9(server: Server) -> None:
    project = server.project()
    bare = project.having(x_appwrite_project=None)
    assert bare.get("/functions", project=project.id).error[:2] == (403, "project_id_missing")
    assert bare.at("1.6.0").get("/functions", project=project.id).status == 200


@pytest.mark.parametrize("key", ["x", "standard_00ff", "any_thing"])
def test_any_key_is_accepted_when_none_is_declared(server: Server, key: str) -> None:
    assert server.project().having(x_appwrite_key=key).get("/functions").status == 200


@pytest.mark.parametrize("key", ["dynamic_x", "ephemeral_a.b.c", "dynamic_"])
def test_a_false_key_of_a_function_is_a_guests(server: Server, key: str) -> None:
    error = server.project().having(x_appwrite_key=key).get("/functions").error
    assert error[2] == 'User (role: guests) missing scopes (["functions.read"])'


@pytest.mark.parametrize(
    ("jwt", "reason"),
    [("x", "Incomplete segments"), ("a.b.c", "Missing header algo"),
     ("eyJhbGciOiJIUzI1NiJ9.e30.x", "Signature failed")],
)  # fmt: skip
def test_a_bad_jwt_is_refused(server: Server, jwt: str, reason: str) -> None:
    guest = server.project().guest.having(x_appwrite_jwt=jwt)
    assert guest.post("/functions/f/executions", {}).error == (
        401,
        "user_jwt_invalid",
        f"Failed to verify JWT. Invalid token: {reason}",
    )


def test_an_unknown_session_is_a_guests(server: Server) -> None:
    project = server.project()
    guest = project.guest.having(
        cookie=f"a_session_{project.id}=nonsense; path=/; httponly", x_appwrite_session="nonsense"
    )
    assert guest.get("/functions").error[1] == "general_unauthorized_scope"
    keyed = project.having(cookie="a_session_console=VALUE; path=/; httponly")
    assert keyed.get("/functions").status == 200


def test_declared_keys_are_held_to_their_scopes(strict: Server) -> None:
    home = strict.project("home")
    reader, runner = home.having(x_appwrite_key="reader"), home.having(x_appwrite_key="runner")
    full = home.having(x_appwrite_key="full")
    assert reader.get("/functions").status == 200
    status, type, message = reader.post("/functions", {}).error
    assert (status, type) == (401, "general_unauthorized_scope")
    assert message.startswith("app.home@service.")
    assert message.endswith('(role: applications) missing scopes (["functions.write"])')
    old = reader.at("1.6.0").post("/functions", {}).error[2]
    assert old.endswith("(role: applications) missing scope (functions.write)")
    assert runner.get("/functions").error[1] == "general_unauthorized_scope"
    for path in ("/functions/nothing/executions", "/functions/nothing/executions/e"):
        assert runner.get(path).error[1] == "function_not_found"
        assert reader.get(path).error[1] == "general_unauthorized_scope"
    assert runner.post("/functions/nothing/executions", {}).error[1] == "function_not_found"
    full.post("/functions", {"functionId": "f", "name": "F", "runtime": "node-22"}).expect(201)
    full.delete("/functions/f").expect(204)
    assert runner.get("/functions/runtimes").status == 200


@pytest.mark.parametrize("key", ["unknown", "standard_00ff"])
def test_a_strict_server_refuses_unknown_keys(strict: Server, key: str) -> None:
    assert strict.project("home").having(x_appwrite_key=key).get("/functions").error == UNAUTHORIZED


def test_a_strict_server_takes_a_key_of_an_unknown_kind_for_a_guests(strict: Server) -> None:
    caller = strict.project("home").having(x_appwrite_key="other_00ff")
    assert caller.get("/functions").error[1] == "general_unauthorized_scope"


def test_a_strict_server_knows_its_projects_only(strict: Server) -> None:
    assert strict.project("nowhere").having(x_appwrite_key="full").get("/functions").error == (
        UNKNOWN_PROJECT
    )
    assert strict.project("other").having(x_appwrite_key="elsewhere").get("/functions").status == (
        200
    )
    error = strict.project("home").having(x_appwrite_key="elsewhere").get("/functions").error
    assert error == UNAUTHORIZED


def test_the_console_mode_of_old_tools_is_harmless(server: Server) -> None:
    project = server.project().having(x_appwrite_mode="default", x_appwrite_locale="en-US")
    assert project.get("/functions").status == 200


def test_who_may_not_is_told_before_what_is_wrong(project: Project) -> None:
    broken = {"functionId": "!", "timeout": -1}
    assert project.guest.post("/functions", broken).error[0] == 401
    assert project.guest.get("/functions/!").error[0] == 401
    assert project.guest.get("/functions", "nonsense").error[0] == 401
