"""Teams and memberships: who makes them, who sees them, who changes them."""

from __future__ import annotations

import pytest

from .people import new_user
from .server import Json, Project, Reply, names

TEAM = ["$id", "$createdAt", "$updatedAt", "name", "total", "prefs"]
MEMBERSHIP_16 = [
    "$id", "$createdAt", "$updatedAt", "userId", "userName", "userEmail", "teamId", "teamName",
    "invited", "joined", "confirm", "mfa", "roles",
]  # fmt: skip
NO_TEAM = (404, "team_not_found", "Team with the requested ID could not be found.")
KEY_TEXT = (
    "Parameter must contain at most {} chars. Valid chars are a-z, A-Z, 0-9, period, hyphen, and "
    "underscore. Can't start with a special char"
)


def _team(project: Project, id: str = "t", **values: Json) -> Json:
    return project.post("/teams", {"teamId": id, "name": "Team", **values}).expect(201)


def _join(project: Project, team: str = "t", **values: Json) -> Reply:
    return project.post(f"/teams/{team}/memberships", {"roles": ["player"], **values})


def test_a_key_makes_an_empty_team(either: Project) -> None:
    team = _team(either, roles=["captain"])
    assert list(team) == TEAM
    assert (team["$id"], team["name"], team["total"], team["prefs"]) == ("t", "Team", 0, {})
    assert either.get("/teams/t").expect(200) == team
    assert either.get("/teams").expect(200) == {"total": 1, "teams": [team]}
    assert either.get("/teams/t/memberships").expect(200) == {"total": 0, "memberships": []}


def test_an_id_may_be_left_to_the_server_and_serves_once(either: Project) -> None:
    assert len(_team(either, "unique()")["$id"]) == 20
    _team(either)
    assert either.post("/teams", {"teamId": "t", "name": "Again"}).error == (
        409,
        "team_already_exists",
        "Team with requested ID already exists. Please choose a different ID and try again.",
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "n"}, 'Param "teamId" is not optional.'),
        ({"teamId": "t"}, 'Param "name" is not optional.'),
        ({"teamId": "_", "name": "n"}, f"Invalid `teamId` param: {KEY_TEXT.format(36)}"),
        (
            {"teamId": "t", "name": "n" * 129},
            "Invalid `name` param: Value must be a valid string and at least 1 chars and no longer "
            "than 128 chars",
        ),
        (
            {"teamId": "t", "name": "n", "roles": ["r" * 37]},
            "Invalid `roles` param: Value must a valid array no longer than 100 items and "
            + KEY_TEXT.format(36),
        ),
    ],
)
def test_what_a_team_may_be(either: Project, body: Json, message: str) -> None:
    assert either.post("/teams", body).error == (400, "general_argument_invalid", message)


def test_a_team_is_renamed_and_deleted(either: Project) -> None:
    _team(either)
    renamed = either.put("/teams/t", {"name": "Other"}).expect(200)
    assert renamed["name"] == "Other"
    assert either.get("/teams/t").expect(200) == renamed
    assert _join(either, email="a@example.com").status == 201
    reply = either.delete("/teams/t")
    assert (reply.status, reply.header("content-type")) == (204, "text/plain; charset=UTF-8")
    assert either.get("/teams/t").error == NO_TEAM
    _team(either)
    assert either.get("/teams/t/memberships").expect(200)["total"] == 0


def test_a_team_keeps_preferences(either: Project) -> None:
    _team(either)
    assert either.get("/teams/t/prefs").expect(200) == {}
    wanted = {"color": "blue", "deep": {"list": [1, None]}}
    assert either.put("/teams/t/prefs", {"prefs": wanted}).expect(200) == wanted
    assert either.get("/teams/t/prefs").expect(200) == wanted
    assert either.get("/teams/t").expect(200)["prefs"] == wanted
    assert either.put("/teams/t/prefs", {"prefs": 1}).error[2] == (
        "Invalid `prefs` param: Value must be a valid object."
    )


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/teams/none", None),
        ("PUT", "/teams/none", {"name": "n"}),
        ("DELETE", "/teams/none", {}),
        ("GET", "/teams/none/prefs", None),
        ("PUT", "/teams/none/prefs", {"prefs": {}}),
        ("GET", "/teams/none/memberships", None),
        ("POST", "/teams/none/memberships", {"userId": "u", "roles": []}),
        ("GET", "/teams/none/memberships/m", None),
        ("PATCH", "/teams/none/memberships/m", {"roles": []}),
    ],
)
def test_a_team_that_is_missing(either: Project, method: str, path: str, body: Json) -> None:
    assert either.call(method, path, body).error == NO_TEAM


def test_teams_of_other_projects_are_not_seen(project: Project) -> None:
    _team(project)
    other = project.server.project()
    assert other.get("/teams").expect(200)["total"] == 0
    assert other.get("/teams/t").error == NO_TEAM


def test_teams_are_found_by_queries_and_words(project: Project) -> None:
    for id, name in (("a", "Red lions"), ("b", "Blue bears"), ("c", "Red bears")):
        _team(project, id, name=name)
    _join(project, "b", email="x@example.com").expect(201)
    equal = {"method": "equal", "attribute": "total", "values": [1]}
    assert names(project.get("/teams", equal).expect(200)["teams"]) == ["b"]
    by_total = [
        {"method": "orderDesc", "attribute": "total", "values": []},
        {"method": "orderDesc", "attribute": "name", "values": []},
    ]
    assert names(project.get("/teams", *by_total).expect(200)["teams"]) == ["b", "a", "c"]
    assert names(project.get("/teams", search="bears").expect(200)["teams"]) == ["b", "c"]
    after = {"method": "cursorAfter", "values": ["a"]}
    assert names(project.get("/teams", after).expect(200)["teams"]) == ["b", "c"]
    missing = {"method": "cursorAfter", "values": ["none"]}
    assert project.get("/teams", missing).error == (
        400, "general_cursor_not_found", "Team 'none' for the 'cursor' value not found."
    )  # fmt: skip
    assert project.get("/teams", total="false").expect(200)["total"] == 0
    unknown = {"method": "equal", "attribute": "prefs", "values": ["x"]}
    assert project.get("/teams", unknown).error[2] == (
        "Invalid `queries` param: Invalid query: Attribute not found in schema: prefs"
    )


def test_a_key_adds_confirmed_members(either: Project) -> None:
    _team(either)
    made = _join(either, email="Ann@Example.com", name="Ann").expect(201)
    assert made["userEmail"] == "ann@example.com"
    assert (made["userName"], made["teamId"], made["teamName"]) == ("Ann", "t", "Team")
    assert (made["confirm"], made["mfa"], made["roles"]) == (True, False, ["player"])
    assert made["invited"] == made["joined"] == made["$createdAt"]
    path = f"/teams/t/memberships/{made['$id']}"
    assert either.get(path).expect(200) == made
    assert either.get("/teams/t/memberships").expect(200) == {"total": 1, "memberships": [made]}
    assert either.get("/teams/t").expect(200)["total"] == 1


def test_memberships_have_the_fields_of_each_format(project: Project) -> None:
    _team(project)
    path = f"/teams/t/memberships/{_join(project, phone='+491701234567').expect(201)['$id']}"

    def fields(format: str | None) -> list[str]:
        return list(project.at(format).get("/teams/t/memberships").json["memberships"][0])

    newest = [*MEMBERSHIP_16]
    newest.insert(newest.index("roles"), "userAccessedAt")
    assert fields("1.9.0") == newest
    newest.insert(newest.index("teamId"), "userPhone")
    assert fields(None) == fields("1.9.2") == newest
    assert fields("1.6.0") == fields("1.4.0") == MEMBERSHIP_16
    oldest = list(project.at("1.4.0").get(path).expect(200))
    assert oldest == [name for name in MEMBERSHIP_16 if name != "mfa"]
    listed = project.get("/teams/t/memberships").json["memberships"][0]
    assert (listed["userPhone"], listed["userName"]) == ("+491701234567", "")


def test_an_address_that_is_known_names_its_user(either: Project) -> None:
    _team(either)
    _team(either, "s")
    first = _join(either, email="a@example.com", phone="+491701234567", name="A").expect(201)
    for known in (
        {"email": "A@example.com"},
        {"phone": "+491701234567"},
        {"userId": first["userId"], "email": "a@example.com", "phone": "+491701234567"},
    ):
        second = _join(either, "s", **known).expect(201)
        assert second["userId"] == first["userId"]
        assert (second["userName"], second["userEmail"]) == ("A", "a@example.com")
        either.delete(f"/teams/s/memberships/{second['$id']}").expect(204)


def test_a_member_joins_once(either: Project) -> None:
    _team(either)
    member = _join(either, email="a@example.com").expect(201)
    for again in ({"email": "a@example.com"}, {"userId": member["userId"]}):
        assert _join(either, **again).error == (
            409, "membership_already_confirmed", "Membership is already confirmed."
        )  # fmt: skip


def test_an_invitation_must_name_one_user(either: Project) -> None:
    _team(either)
    known = _join(either, email="a@example.com").expect(201)["userId"]
    taken = (409, "user_already_exists")
    refused = [
        ({}, (400, "general_argument_invalid",
              "At least one of userId, email, or phone is required")),
        ({"userId": "none"}, (404, "user_not_found", "User with given userId doesn't exist.")),
        ({"userId": known, "email": "b@example.com"},
         (*taken, "Given userId and email doesn't match")),
        ({"userId": known, "phone": "+491701234567"},
         (*taken, "Given userId and phone doesn't match")),
        ({"email": "a@example.com", "phone": "+491701234567"},
         (*taken, "Given email and phone doesn't match")),
    ]  # fmt: skip
    for values, error in refused:
        assert _join(either, **values).error == error
    assert either.get("/teams/t").expect(200)["total"] == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"email": "nobody"}, "Invalid `email` param: Value must be a valid email address"),
        ({"roles": "owner"},
         "Invalid `roles` param: Value must a valid array no longer than 100 items and "
         + KEY_TEXT.format(81)),
        ({"roles": None}, 'Param "roles" is not optional.'),
        ({"phone": "123"},
         "Invalid `phone` param: Phone number must start with a '+' can have a maximum of fifteen "
         "digits."),
    ],
)  # fmt: skip
def test_what_an_invitation_may_be(project: Project, values: Json, message: str) -> None:
    _team(project)
    assert _join(project, **values).error == (400, "general_argument_invalid", message)


def test_roles_are_shorter_in_1_6(project: Project) -> None:
    _team(project)
    long: Json = {"email": "a@example.com", "roles": ["r" * 81]}
    old = project.at("1.6.0").post("/teams/t/memberships", long).error
    assert old[2].endswith(KEY_TEXT.format(36))
    made = _join(project, **long).expect(201)
    path = f"/teams/t/memberships/{made['$id']}"
    assert project.at("1.6.0").patch(path, {"roles": ["r" * 37]}).status == 400
    assert project.patch(path, {"roles": ["r" * 80]}).expect(200)["roles"] == ["r" * 80]


def test_the_roles_of_a_member_change(either: Project) -> None:
    _team(either)
    made = _join(either, email="a@example.com").expect(201)
    path = f"/teams/t/memberships/{made['$id']}"
    changed = either.patch(path, {"roles": ["owner", "coach"]}).expect(200)
    assert changed["roles"] == ["owner", "coach"]
    assert either.get(path).expect(200) == changed
    assert either.patch("/teams/t/memberships/none", {"roles": []}).error == (
        404, "membership_not_found", "Membership with the requested ID could not be found."
    )  # fmt: skip


def test_a_membership_is_deleted(either: Project) -> None:
    _team(either)
    _team(either, "s")
    made = _join(either, email="a@example.com").expect(201)
    assert either.delete(f"/teams/s/memberships/{made['$id']}").error == (
        404, "team_membership_mismatch", "The membership ID does not belong to the team ID."
    )  # fmt: skip
    either.delete(f"/teams/t/memberships/{made['$id']}").expect(204)
    assert either.get("/teams/t").expect(200)["total"] == 0
    assert either.delete(f"/teams/t/memberships/{made['$id']}").error == (
        404, "team_invite_not_found", "The requested team invitation could not be found."
    )  # fmt: skip


def test_memberships_are_found_by_queries_and_words(project: Project) -> None:
    _team(project)
    users = []
    for place, role in enumerate(("owner", "player", "player")):
        values: Json = {"email": f"u{place}@example.com", "roles": [role]}
        users.append(_join(project, **values).expect(201)["userId"])
    contains = {"method": "contains", "attribute": "roles", "values": ["player"]}
    found = project.get("/teams/t/memberships", contains).expect(200)
    assert (found["total"], names(found["memberships"], "userId")) == (2, users[1:])
    equal = {"method": "equal", "attribute": "userId", "values": users[:1]}
    found = project.get("/teams/t/memberships", equal).expect(200)
    assert names(found["memberships"], "userId") == users[:1]
    found = project.get("/teams/t/memberships", search=users[2]).expect(200)
    assert names(found["memberships"], "userId") == users[2:]


def test_guests_have_no_teams(either: Project) -> None:
    assert either.guest.get("/teams").error[:2] == (401, "general_unauthorized_scope")
    assert either.guest.post("/teams", {}).error[:2] == (401, "general_unauthorized_scope")


def test_a_user_owns_the_team_he_makes(either: Project) -> None:
    ann = new_user(either, "ann", name="Ann")
    made = ann.post("/teams", {"teamId": "t", "name": "Team", "roles": ["coach"]}).expect(201)
    assert list(made) == TEAM
    assert made["total"] == 1
    assert ann.get("/teams/t").expect(200) == made
    assert ann.get("/teams").expect(200) == {"total": 1, "teams": [made]}
    (membership,) = either.get("/teams/t/memberships").expect(200)["memberships"]
    assert (membership["userId"], membership["confirm"]) == ("ann", True)
    assert membership["roles"] == ["coach", "owner"]
    assert (membership["userName"], membership["userEmail"]) == ("Ann", "ann@example.org")
    assert ann.put("/teams/t", {"name": "Mine"}).expect(200)["name"] == "Mine"
    ann.delete("/teams/t").expect(204)


def test_an_owner_is_made_once(either: Project) -> None:
    ann = new_user(either, "ann")
    roles = ["owner", "coach"]
    ann.post("/teams", {"teamId": "t", "name": "Team", "roles": roles}).expect(201)
    (membership,) = ann.get("/teams/t/memberships").expect(200)["memberships"]
    assert membership["roles"] == roles


def test_strangers_see_no_team(either: Project) -> None:
    _team(either)
    member = _join(either, email="a@example.com").expect(201)
    ann = new_user(either, "ann")
    assert ann.get("/teams").expect(200) == {"total": 0, "teams": []}
    path = f"/teams/t/memberships/{member['$id']}"
    for reply in (
        ann.get("/teams/t"),
        ann.put("/teams/t", {"name": "n"}),
        ann.delete("/teams/t"),
        ann.get("/teams/t/memberships"),
        ann.get(path),
        ann.patch(path, {"roles": []}),
        ann.delete(path),
    ):
        assert reply.error == NO_TEAM


def test_members_see_what_owners_change(either: Project) -> None:
    _team(either)
    ann, bob = new_user(either, "ann", name="Ann"), new_user(either, "bob", name="Bob")
    owner = _join(either, userId="ann", roles=["owner"]).expect(201)
    player = _join(either, userId="bob").expect(201)
    assert owner["userName"] == "Ann"
    unauthorized = (401, "user_unauthorized")
    default = "The current user is not authorized to perform the requested action."
    assert bob.get("/teams").expect(200)["total"] == 1
    assert bob.put("/teams/t", {"name": "n"}).error == (*unauthorized, default)
    assert bob.put("/teams/t/prefs", {"prefs": {}}).error == (*unauthorized, default)
    assert bob.delete("/teams/t").error == (*unauthorized, default)
    assert bob.delete(f"/teams/t/memberships/{owner['$id']}").error == (*unauthorized, default)
    path = f"/teams/t/memberships/{player['$id']}"
    message = "User is not allowed to modify roles"
    assert bob.patch(path, {"roles": ["owner"]}).error == (*unauthorized, message)
    assert ann.patch(path, {"roles": ["owner"]}).expect(200)["roles"] == ["owner"]
    assert bob.put("/teams/t", {"name": "n"}).expect(200)["name"] == "n"


def test_members_leave(either: Project) -> None:
    _team(either)
    bob = new_user(either, "bob")
    player = _join(either, userId="bob").expect(201)
    bob.delete(f"/teams/t/memberships/{player['$id']}").expect(204)
    assert bob.get("/teams/t").error == NO_TEAM


def test_members_do_not_see_who_the_others_are(either: Project) -> None:
    _team(either)
    bob = new_user(either, "bob", name="Bob")
    made = _join(either, userId="bob").expect(201)
    (listed,) = bob.get("/teams/t/memberships").expect(200)["memberships"]
    assert listed == bob.get(f"/teams/t/memberships/{made['$id']}").expect(200)
    assert (listed["userName"], listed["userEmail"]) == ("", "")
    assert listed["userId"] == "bob"


def test_users_cannot_invite_without_a_mail_server(either: Project) -> None:
    ann = new_user(either, "ann")
    ann.post("/teams", {"teamId": "t", "name": "Team"}).expect(201)
    assert _join(ann, email="b@example.com").error == (
        400, "general_argument_invalid", "URL is required"
    )  # fmt: skip
    assert _join(ann, url="http://localhost").error[2] == (
        "At least one of userId, email, or phone is required"
    )
    status, type, message = _join(ann, email="b@example.com", url="http://localhost").error
    assert (status, type) == (503, "general_smtp_disabled")
    assert message.startswith("SMTP is disabled on your Appwrite instance.")


def test_roles_of_a_team_may_execute(project: Project) -> None:
    project.function(execute=["team:t/player"])
    project.deploy("f", {"main.py": "def main(context):\n    return context.res.empty()\n"})
    _team(project)
    bob = new_user(project, "bob")
    assert bob.post("/functions/f/executions", {}).error[1] == "user_unauthorized"
    member = _join(project, userId="bob").expect(201)
    assert bob.post("/functions/f/executions", {}).expect(201)["responseStatusCode"] == 204
    project.delete(f"/teams/t/memberships/{member['$id']}").expect(204)
    assert bob.post("/functions/f/executions", {}).error[1] == "user_unauthorized"


def test_memberships_go_with_their_user(either: Project) -> None:
    _team(either)
    new_user(either, "bob")
    _join(either, userId="bob").expect(201)
    either.delete("/users/bob").expect(204)
    assert either.get("/teams/t").expect(200)["total"] == 0
    assert either.get("/teams/t/memberships").expect(200)["total"] == 0
