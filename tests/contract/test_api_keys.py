"""API keys that are made through the API: what they may do, and until when."""

from __future__ import annotations

import pytest

from .people import developer, in_console
from .server import Json, Project, Server, names, serving

KEY = [
    "$id", "$createdAt", "$updatedAt", "name", "expire", "scopes", "secret", "accessedAt", "sdks",
]  # fmt: skip
UNAUTHORIZED = (
    401,
    "user_unauthorized",
    "The current user is not authorized to perform the requested action.",
)
NO_KEY = (404, "key_not_found", "Key with the requested ID could not be found.")
FUTURE = "2199-12-31T22:59:59.000+00:00"


def _key(project: Project, **values: Json) -> Json:
    given = {"keyId": "unique()", "name": "Key", "scopes": ["functions.read"], **values}
    return project.post("/project/keys", given).expect(201)


def _with(project: Project, key: Json) -> Project:
    return project.having(x_appwrite_key=key["secret"])


def test_a_key_is_made_and_read(either: Project) -> None:
    key = _key(either, keyId="k", expire="2199-12-31T23:59:59+01:00")
    assert list(key) == KEY
    assert (key["$id"], key["name"], key["scopes"]) == ("k", "Key", ["functions.read"])
    assert key["secret"].startswith("standard_")
    assert len(key["secret"]) == len("standard_") + 256
    assert (key["expire"], key["accessedAt"], key["sdks"]) == (FUTURE, "", [])
    assert either.get("/project/keys/k").expect(200) == key
    assert either.get("/project/keys").expect(200) == {"total": 1, "keys": [key]}


def test_a_key_is_held_to_its_scopes(either: Project) -> None:
    caller = _with(either, _key(either))
    assert caller.get("/functions").status == 200
    assert caller.get("/users").error[1] == "general_unauthorized_scope"
    assert caller.post("/functions", {}).error[1] == "general_unauthorized_scope"
    nothing = _with(either, _key(either, scopes=[]))
    assert nothing.get("/functions").error[1] == "general_unauthorized_scope"


def test_a_change_of_a_key_holds_at_once(either: Project) -> None:
    caller = _with(either, _key(either, keyId="k"))
    assert caller.get("/functions").status == 200
    changed = either.put("/project/keys/k", {"name": "New", "scopes": ["users.read"]}).expect(200)
    assert (changed["name"], changed["scopes"], changed["expire"]) == ("New", ["users.read"], "")
    assert caller.get("/functions").error[1] == "general_unauthorized_scope"
    assert caller.get("/users").status == 200


def test_a_deleted_key_is_refused(either: Project) -> None:
    caller = _with(either, _key(either, keyId="k"))
    assert caller.get("/functions").status == 200
    either.delete("/project/keys/k").expect(204)
    assert caller.get("/functions").error == UNAUTHORIZED
    assert either.delete("/project/keys/k").error == NO_KEY
    assert either.get("/project/keys/k").error == NO_KEY
    assert either.put("/project/keys/k", {"name": "n", "scopes": []}).error == NO_KEY


def test_an_expired_key_is_refused(either: Project) -> None:
    caller = _with(either, _key(either, keyId="k", expire="2001-01-01"))
    assert caller.get("/functions").error == (
        401,
        "project_key_expired",
        "The project key has expired. Please generate a new key using the Appwrite console.",
    )
    either.put("/project/keys/k", {"name": "n", "scopes": ["functions.read"]}).expect(200)
    assert caller.get("/functions").status == 200


def test_a_key_serves_its_own_project_only(either: Project) -> None:
    other = either.server.project()
    assert _with(other, _key(either)).get("/functions").error == UNAUTHORIZED
    assert other.get("/project/keys").expect(200)["total"] == 0


def test_an_id_serves_once(project: Project) -> None:
    _key(project, keyId="k")
    again = {"keyId": "k", "name": "n", "scopes": []}
    assert project.post("/project/keys", again).error[:2] == (409, "key_already_exists")


def test_what_a_key_may_be(project: Project) -> None:
    good = {"keyId": "k", "name": "n", "scopes": []}
    for name in good:
        body = {key: value for key, value in good.items() if key != name}
        assert project.post("/project/keys", body).error[2] == f'Param "{name}" is not optional.'
    bad = {"keyId": "_", "name": "", "scopes": ["nonsense"], "expire": "soon"}
    for name, value in bad.items():
        status, type, message = project.post("/project/keys", {**good, name: value}).error
        assert (status, type) == (400, "general_argument_invalid")
        assert message.startswith(f"Invalid `{name}` param: ")


def test_older_clients_leave_the_id_and_scopes_out(project: Project) -> None:
    for path in ("/project/keys", "/project/keys/standard"):
        key = project.at("1.8.0").post(path, {"name": "n"}).expect(201)
        assert (len(key["$id"]), key["scopes"]) == (20, [])


def test_keys_are_listed_all_or_by_queries(project: Project) -> None:
    for number in range(27):
        _key(project, keyId=f"k{number}", name=f"n{number % 2}")
    listed = project.get("/project/keys").expect(200)
    assert (listed["total"], len(listed["keys"])) == (27, 27)
    odd = {"method": "equal", "attribute": "name", "values": ["n1"]}
    most = {"method": "limit", "values": [2]}
    listed = project.get("/project/keys", odd, most).expect(200)
    assert (listed["total"], names(listed["keys"])) == (13, ["k1", "k3"])


def test_the_console_keeps_the_keys_of_projects(either: Project) -> None:
    console = in_console(either.server)
    path = f"/projects/{either.id}/keys"
    key = console.at("1.8.0").post(path, {"name": "n", "scopes": ["users.read"]}).expect(201)
    assert console.get(path).expect(200) == {"total": 1, "keys": [key]}
    assert either.get(path).expect(200) == {"total": 1, "keys": [key]}
    one = f"{path}/{key['$id']}"
    assert console.get(one).expect(200) == key
    console.put(one, {"name": "n", "scopes": ["functions.read"]}).expect(200)
    assert _with(either, key).get("/functions").status == 200
    console.delete(one).expect(204)
    assert console.get(one).error == NO_KEY
    other = either.server.project()
    assert other.get(path).error[:2] == (401, "general_access_forbidden")
    assert console.get("/projects/console/keys").error[:2] == (404, "project_not_found")


def test_keys_need_a_scope_for_keys(either: Project) -> None:
    reader = _with(either, _key(either, scopes=["keys.read"]))
    assert reader.get("/project/keys").status == 200
    assert reader.post("/project/keys", {}).error[1] == "general_unauthorized_scope"
    assert either.guest.get("/project/keys").error[1] == "general_unauthorized_scope"


@pytest.mark.parametrize(
    ("era", "format", "prefix"),
    [("1.6", "1.6.0", "dynamic_"), ("1.9", "1.6.0", "ephemeral_"), ("1.9", "1.8.0", "ephemeral_")],
)
def test_run_functions_gets_a_jwt(
    server: Server, server_16: Server, era: str, format: str, prefix: str
) -> None:
    project = (server if era == "1.9" else server_16).project()
    console = in_console(project.server).at(format)
    given = {"scopes": ["functions.read"], "duration": 3600}
    reply = console.post(f"/projects/{project.id}/jwts", given).expect(201)
    assert reply == {
        "scopes": ["functions.read"], "projectId": project.id, "jwt": reply["jwt"]
    }  # fmt: skip
    assert reply["jwt"].startswith(prefix)
    caller = project.having(x_appwrite_key=reply["jwt"])
    assert caller.get("/functions").status == 200
    assert caller.get("/users").error[1] == "general_unauthorized_scope"


def test_an_ephemeral_key_is_a_key_of_its_own(project: Project) -> None:
    admin = developer(project)
    for caller in (project, admin):
        given = {"scopes": ["functions.read"]}
        key = caller.post("/project/keys/ephemeral", given).expect(201)
        assert list(key) == KEY
        assert key["expire"] > key["$createdAt"]
        assert _with(project, key).get("/functions").status == 200
        assert _with(project, key).get("/users").error[1] == "general_unauthorized_scope"
    assert project.get("/project/keys").expect(200)["total"] == 0


@pytest.mark.parametrize(("format", "least"), [("1.9.5", 1), ("1.6.0", 0)])
def test_how_long_an_ephemeral_key_may_live(project: Project, format: str, least: int) -> None:
    caller = project.at(format)
    for duration in (least - 1, 3601):
        given = {"scopes": [], "duration": duration}
        assert caller.post("/project/keys/ephemeral", given).error[2] == (
            f"Invalid `duration` param: Value must be a valid range between {least:,} and 3,600"
        )
    assert caller.post("/project/keys/ephemeral", {}).error[2] == 'Param "scopes" is not optional.'
    given = {"scopes": [], "duration": least}
    assert caller.post("/project/keys/ephemeral", given).status == 201


def test_a_strict_server_knows_the_keys_made_there(strict: Server) -> None:
    full = strict.project("home").having(x_appwrite_key="full")
    key = _key(full)
    assert _with(full, key).get("/functions").status == 200
    assert _with(full, key).get("/users").error[1] == "general_unauthorized_scope"
    full.delete(f"/project/keys/{key['$id']}").expect(204)
    assert _with(full, key).get("/functions").error == UNAUTHORIZED


def test_a_restore_brings_keys_back_and_takes_them_away() -> None:
    with serving(memory=True) as server:
        project = server.project()
        old = _key(project, keyId="old")
        control = server.emulator.services.control
        before = control.snapshot()
        new = _key(project, keyId="new")
        project.delete("/project/keys/old").expect(204)
        assert _with(project, old).get("/functions").error == UNAUTHORIZED
        server.run(control.restore, before.id)
        assert _with(project, old).get("/users").error[1] == "general_unauthorized_scope"
        assert names(project.get("/project/keys").expect(200)["keys"]) == ["old"]
        assert _with(project, new).get("/project/keys").status == 200  # any key, as others
