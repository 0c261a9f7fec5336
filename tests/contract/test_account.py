"""One's own account: made by oneself, read, with preferences."""

from __future__ import annotations

import pytest

from .people import PASSWORD, add_user, by_token, new_user, sign_in
from .server import Json, Project
from .test_models import FORMATS, effective, fields_of

ANN = {"userId": "ann", "email": "Ann@Example.org", "password": PASSWORD, "name": "Ann"}
TAKEN = (
    409,
    "user_already_exists",
    "A user with the same id, email, or phone already exists in this project.",
)


def test_a_guest_makes_an_account_and_is_not_signed_in(either: Project) -> None:
    reply = either.guest.post("/account", ANN)
    account = reply.expect(201)
    assert reply.header("set-cookie") is None
    assert account["$id"] == "ann"
    assert account["email"] == "ann@example.org"
    assert account["name"] == "Ann"
    assert account["status"] is True
    assert account["emailVerification"] is account["phoneVerification"] is account["mfa"] is False
    assert (account["phone"], account["labels"], account["prefs"]) == ("", [], {})
    made = account["$createdAt"]
    assert account["registration"] == account["passwordUpdate"] == account["accessedAt"] == made
    [target] = account["targets"]
    assert list(target) == fields_of("target", "1.9.0")
    assert (target["providerType"], target["identifier"]) == ("email", "ann@example.org")
    assert sign_in(either, "ann").get("/account").expect(200) == account


@pytest.mark.parametrize("format", FORMATS)
def test_an_account_has_the_fields_of_the_format(either: Project, format: str | None) -> None:
    ann = new_user(either, "ann").at(format)
    wanted = effective(either, format)
    assert list(ann.get("/account").expect(200)) == fields_of("account", wanted)


def test_an_id_and_an_email_are_taken_once(either: Project) -> None:
    guest = either.guest
    guest.post("/account", ANN).expect(201)
    assert guest.post("/account", {**ANN, "email": "b@example.org"}).error == TAKEN
    assert guest.post("/account", {**ANN, "userId": "unique()"}).error == TAKEN
    assert guest.post("/account", {**ANN, "userId": "b", "email": "ANN@example.org"}).error == TAKEN
    other = guest.post("/account", {**ANN, "userId": "unique()", "email": "b@example.org"})
    assert len(other.expect(201)["$id"]) == 20


def test_each_project_has_users_of_its_own(either: Project) -> None:
    other = either.server.project()
    either.guest.post("/account", ANN).expect(201)
    other.guest.post("/account", ANN).expect(201)
    stranger = sign_in(either, "ann").having(x_appwrite_project=other.id)
    assert stranger.get("/account").error[1] == "general_unauthorized_scope"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"userId": None}, 'Param "userId" is not optional.'),
        ({"email": "ann"}, "Invalid `email` param: Value must be a valid email address"),
        ({"password": "short"}, "Invalid `password` param: Password must be between 8 and 265 "
         "characters long, and should not be one of the commonly used password."),
        ({"name": "n" * 129}, "Invalid `name` param: Value must be a valid string and at least 1 "
         "chars and no longer than 128 chars"),
    ],
)  # fmt: skip
def test_an_account_needs_sound_parameters(
    either: Project, changed: dict[str, Json], message: str
) -> None:
    error = either.guest.post("/account", {**ANN, **changed}).error
    assert error == (400, "general_argument_invalid", message)


def test_preferences_are_replaced_as_a_whole(either: Project) -> None:
    ann = new_user(either, "ann")
    assert ann.get("/account/prefs").expect(200) == {}
    changed = ann.patch("/account/prefs", {"prefs": {"theme": "dark", "a": [1, {"b": None}]}})
    assert changed.expect(200)["prefs"] == {"theme": "dark", "a": [1, {"b": None}]}
    assert ann.patch("/account/prefs", {"prefs": {"c": 1}}).expect(200)["prefs"] == {"c": 1}
    assert ann.get("/account/prefs").expect(200) == {"c": 1}
    assert ann.get("/account").expect(200)["prefs"] == {"c": 1}
    message = "Invalid `prefs` param: Value must be a valid object."
    assert ann.patch("/account/prefs", {"prefs": "x"}).error[2] == message


@pytest.mark.parametrize(
    ("prefs", "status"),
    [({"a": "x" * 65_527}, 200), ({"a": "x" * 65_528}, 400), ({"a": "/" * 32_764}, 400),
     ({"é" * 10_923: 1}, 400), (["a"], 400), ([], 200)],
)  # fmt: skip
def test_preferences_are_an_object_of_at_most_64_kb(
    either: Project, prefs: Json, status: int
) -> None:
    ann = new_user(either, "ann")
    either.post("/teams", {"teamId": "t", "name": "T"}).expect(201)
    body = {"prefs": prefs}
    assert ann.patch("/account/prefs", body).status == status
    assert either.patch("/users/ann/prefs", body).status == status
    assert either.put("/teams/t/prefs", body).status == status


def test_what_is_nested_too_deeply_is_not_kept(either: Project) -> None:
    ann = new_user(either, "ann")
    for depth, status in ((510, 200), (511, 400), (990, 400), (1100, 400)):
        body = b'{"prefs":{"a":' + b"[" * depth + b"]" * depth + b"}}"
        headers = {"content-type": "application/json"}
        assert ann.call("PATCH", "/account/prefs", body=body, headers=headers).status == status
        ann.get("/account").expect(200)
        either.get("/users").expect(200)


def test_a_name_can_be_changed(either: Project) -> None:
    ann = new_user(either, "ann")
    assert ann.patch("/account/name", {"name": "Anna"}).expect(200)["name"] == "Anna"
    assert either.get("/users/ann").expect(200)["name"] == "Anna"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/prefs"), ("PATCH", "/prefs"), ("PATCH", "/name"), ("GET", "/sessions"),
     ("GET", "/sessions/current"), ("DELETE", "/sessions"), ("DELETE", "/sessions/current"),
     ("POST", "/jwts"), ("POST", "/jwt")],
)  # fmt: skip
def test_an_account_is_for_users_only(either: Project, method: str, path: str) -> None:
    is_old = either.server.emulator.config.appwrite == "1.6"
    missing = "missing scope (account)" if is_old else 'missing scopes (["account"])'
    for caller, name in ((either.guest, "User (role: guests)"), (either, "(role: applications)")):
        status, type, message = caller.call(method, f"/account{path}", {}).error
        assert (status, type) == (401, "general_unauthorized_scope")
        assert message.endswith(f"{name} {missing}")


def test_a_scope_error_names_the_user(either: Project) -> None:
    ann = new_user(either, "ann").at("1.9.0")
    nameless = new_user(either, "x", email=None).at("1.6.0")
    assert ann.get("/users").error == (
        401,
        "general_unauthorized_scope",
        'ann@example.org (role: users) missing scopes (["users.read"])',
    )
    assert nameless.get("/functions/f/variables").error[2] == (
        "User (role: users) missing scope (functions.read)"
    )


def test_an_access_is_noted(either: Project) -> None:
    add_user(either, "ann")
    assert either.get("/users/ann").expect(200)["accessedAt"] == ""
    ann = by_token(either, "ann")
    first = ann.get("/account").expect(200)["accessedAt"]
    assert first
    assert ann.get("/account").expect(200)["accessedAt"] == first
