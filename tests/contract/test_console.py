"""What the console and the command line ask: projects, organizations, how the server is set up."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from appwrite_emulator.config import Key
from appwrite_emulator.models import Caller

from .people import add_user, developer, in_console, new_user
from .server import Json, Project, Server, names, serving

FORBIDDEN = (401, "general_access_forbidden")
NO_PROJECT = (404, "project_not_found")


@pytest.fixture(params=["1.9", "1.6"])
def console(request: pytest.FixtureRequest) -> Project:
    """A developer, at the server of each era."""
    name = "server" if request.param == "1.9" else "server_16"
    running: Server = request.getfixturevalue(name)
    return in_console(running, secrets.token_hex(8))


@pytest.fixture(scope="module")
def strict_console() -> Iterator[Server]:
    """A strict server whose key `full` may do everything everywhere."""
    keys = (Key("full"), Key("own", (), "declared"))
    with serving(memory=True, strict=True, project="home", keys=keys) as running:
        yield running


def _new_id() -> str:
    return f"p-{secrets.token_hex(8)}"


def _create(console: Project, **values: Json) -> Json:
    given = {"projectId": _new_id(), "name": "My project", "teamId": "personal", **values}
    return console.post("/projects", given).expect(201)


def test_a_developer_has_an_organization(console: Project) -> None:
    listed = console.get("/teams").expect(200)
    assert names(listed["teams"]) == ["personal"]
    assert listed["teams"][0]["name"] == "Personal projects"
    assert console.get("/teams/personal/memberships").expect(200)["total"] >= 1
    made = console.post("/teams", {"teamId": "unique()", "name": "Own"}).expect(201)
    assert made["total"] == 1


def test_a_developer_whom_a_key_made_has_it_too(server: Server) -> None:
    add_user(server.project("console"), "made-by-key")
    teams = in_console(server, "made-by-key").get("/teams").expect(200)["teams"]
    assert names(teams) == ["personal"]


def test_a_project_is_made_and_used(console: Project) -> None:
    made = _create(console, description="What it is", legalCity="Bonn")
    assert (made["name"], made["teamId"], made["region"]) == ("My project", "personal", "default")
    assert (made["description"], made["legalCity"], made["logo"]) == ("What it is", "Bonn", "")
    assert console.get(f"/projects/{made['$id']}").expect(200) == made
    admin = console.having(x_appwrite_project=made["$id"], x_appwrite_mode="admin")
    assert admin.get("/functions").expect(200)["total"] == 0
    assert admin.get("/project").expect(200) == made


def test_a_project_shows_its_settings_and_keys(console: Project) -> None:
    made = _create(console)
    path = f"/projects/{made['$id']}"
    key = console.at("1.8.0").post(f"{path}/keys", {"name": "n", "scopes": []}).expect(201)
    project = console.get(path).expect(200)
    assert project["keys"] == [key]
    for name in ("Account", "Teams", "Users", "Functions", "Sites", "Messaging"):
        assert project[f"serviceStatusFor{name}"] is True
    for name in ("JWT", "Phone", "Anonymous", "EmailPassword", "UsersAuthMagicURL"):
        assert project[f"auth{name}"] is True
    assert (project["authDuration"], project["authLimit"]) == (31536000, 0)
    assert (project["authSessionsLimit"], project["authMockNumbers"]) == (10, [])
    assert None not in project.values()


def test_any_project_is_there_unless_the_server_is_strict(console: Project) -> None:
    id = _new_id()
    project = console.get(f"/projects/{id}").expect(200)
    assert (project["$id"], project["name"], project["teamId"]) == (id, id, "personal")
    assert console.get("/projects/console").error[:2] == NO_PROJECT
    assert console.get("/projects/_").error[:2] == (400, "general_argument_invalid")


def test_a_project_gets_another_name(console: Project) -> None:
    made, implied = _create(console, logo="l")["$id"], _new_id()
    for id in (made, implied):
        named = console.patch(f"/projects/{id}", {"name": "New", "url": "u"}).expect(200)
        assert (named["name"], named["url"], named["logo"]) == ("New", "u", "")
        assert console.get(f"/projects/{id}").expect(200) == named
        own = {"method": "equal", "attribute": "$id", "values": [id]}
        assert console.get("/projects", own).expect(200)["projects"] == [named]
    assert console.patch("/projects/console", {"name": "n"}).error[:2] == NO_PROJECT


def test_projects_are_listed_by_organization_and_words(console: Project) -> None:
    team = console.post("/teams", {"teamId": "unique()", "name": "Own"}).expect(201)["$id"]
    first = _create(console, teamId=team, name="Lions")["$id"]
    second = _create(console, teamId=team, name="Bears")["$id"]
    own = {"method": "equal", "attribute": "teamId", "values": [team]}
    listed = console.get("/projects", own).expect(200)
    assert (listed["total"], names(listed["projects"])) == (2, [first, second])
    newest = {"method": "orderDesc", "values": ["$id"]}
    assert names(console.get("/projects", own, newest).json["projects"]) == [second, first]
    listed = console.get("/organization/projects", own, search="bears").expect(200)
    assert names(listed["projects"]) == [second]
    after = {"method": "cursorAfter", "values": [first]}
    assert names(console.get("/projects", own, after).json["projects"]) == [second]
    missing = {"method": "cursorAfter", "values": ["none"]}
    assert console.get("/projects", missing).error == (
        400, "general_cursor_not_found", "Project 'none' for the 'cursor' value not found."
    )  # fmt: skip


def test_projects_that_are_used_are_listed(console: Project) -> None:
    project = console.server.project()
    project.function()
    word = {"method": "equal", "attribute": "$id", "values": [project.id]}
    assert names(console.get("/projects", word).expect(200)["projects"]) == [project.id]
    word = {"method": "equal", "attribute": "$id", "values": ["demo"]}
    assert names(console.get("/projects", word).expect(200)["projects"]) == ["demo"]


def test_an_id_of_a_project_serves_once(console: Project) -> None:
    id = _create(console)["$id"]
    given = {"projectId": id, "name": "n", "teamId": "personal"}
    assert console.post("/projects", given).error[:2] == (409, "project_already_exists")
    given["projectId"] = "console"
    assert console.post("/projects", given).error == (
        400, "project_reserved_project", "'console' is a reserved project."
    )  # fmt: skip
    given["teamId"] = "none"
    assert console.post("/projects", given).error[:2] == (404, "team_not_found")
    given["projectId"] = "A_b"
    assert console.post("/projects", given).error[2] == (
        "Invalid `projectId` param: Project IDs must contain at most 36 chars. Valid chars are "
        "a-z, 0-9, and hyphen. Can't start with a special char."
    )


def test_variables_of_1_6(console: Project) -> None:
    assert console.at("1.6.0").get("/console/variables").expect(200) == {
        "_APP_DOMAIN_TARGET": "localhost",
        "_APP_STORAGE_LIMIT": 30_000_000,
        "_APP_FUNCTIONS_SIZE_LIMIT": 30_000_000,
        "_APP_USAGE_STATS": "enabled",
        "_APP_VCS_ENABLED": False,
        "_APP_DOMAIN_ENABLED": False,
        "_APP_ASSISTANT_ENABLED": False,
    }


def test_variables_of_1_9(console: Project) -> None:
    assert console.at("1.8.0").get("/console/variables").expect(200) == {
        "_APP_DOMAIN_TARGET_CNAME": "localhost",
        "_APP_DOMAIN_TARGET_A": "127.0.0.1",
        "_APP_COMPUTE_BUILD_TIMEOUT": 900,
        "_APP_DOMAIN_TARGET_AAAA": "::1",
        "_APP_DOMAIN_TARGET_CAA": '0 issue ""',
        "_APP_STORAGE_LIMIT": 30_000_000,
        "_APP_COMPUTE_SIZE_LIMIT": 30_000_000,
        "_APP_USAGE_STATS": "enabled",
        "_APP_VCS_ENABLED": False,
        "_APP_DOMAIN_ENABLED": True,
        "_APP_ASSISTANT_ENABLED": False,
        "_APP_DOMAIN_SITES": "sites.localhost",
        "_APP_DOMAIN_FUNCTIONS": "functions.localhost",
        "_APP_OPTIONS_FORCE_HTTPS": "disabled",
        "_APP_DOMAINS_NAMESERVERS": "",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/console/variables"),
        ("GET", "/projects"),
        ("POST", "/projects"),
        ("GET", "/projects/p"),
        ("PATCH", "/projects/p"),
        ("GET", "/organization/projects"),
        ("GET", "/organization/projects/p"),
    ],
)
def test_the_console_is_for_developers(either: Project, method: str, path: str) -> None:
    unscoped, console = (401, "general_unauthorized_scope"), either.server.project("console")
    admin = developer(either)
    for caller in (console.guest, either.guest, either):
        assert caller.call(method, path, {}).error[:2] == unscoped
    assert admin.call(method, path, {}).error[:2] == FORBIDDEN
    person = new_user(either, "ann").call(method, path, {})
    assert person.error[:2] == (FORBIDDEN if method == "GET" else unscoped)


def test_a_project_reads_itself(either: Project) -> None:
    assert either.get("/project").expect(200)["$id"] == either.id
    assert either.guest.get("/project").error[1] == "general_unauthorized_scope"


def test_a_strict_server_knows_the_projects_made_there(strict: Server) -> None:
    services, id = strict.emulator.services, _new_id()
    anybody = strict.project(id)
    assert anybody.get("/functions").error[:2] == NO_PROJECT
    strict.run(services.console.welcome, "somebody")
    maker = Caller(project="console", is_privileged=True)
    strict.run(services.console.create, maker, id, "personal", "Made", {})
    values = {"name": "n", "scopes": ("functions.read",)}
    key = strict.run(services.api_keys.create, id, "unique()", values)
    assert anybody.having(x_appwrite_key=key.secret).get("/functions").status == 200
    assert anybody.get("/functions").error[1] == "user_unauthorized"


def test_developers_of_a_strict_server_have_a_key_as_password(strict_console: Server) -> None:
    console = in_console(strict_console, password="full")
    assert names(console.get("/teams").expect(200)["teams"]) == ["personal"]
    listed = console.get("/projects").expect(200)["projects"]
    assert names(listed) == ["declared", "home"]
