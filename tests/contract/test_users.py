"""Users as keys and developers manage them."""

from __future__ import annotations

import pytest

from appwrite_emulator.config import Key

from .people import PASSWORD, add_user, new_user
from .server import Json, Project, Reply, Server, names, serving
from .test_models import FORMATS, effective, fields_of

MISSING = (404, "user_not_found", "User with the requested ID could not be found.")
TARGET_TAKEN = (409, "user_target_already_exists", "A target with the same ID already exists.")


def _can_sign_in(project: Project, email: str, password: str) -> bool:
    body = {"email": email, "password": password}
    return project.guest.post("/account/sessions/email", body).status == 201


def test_a_user_may_be_anything_from_an_id_to_everything(either: Project) -> None:
    bare = either.post("/users", {"userId": "unique()"}).expect(201)
    assert len(bare["$id"]) == 20
    assert (bare["email"], bare["phone"], bare["name"], bare["targets"]) == ("", "", "", [])
    assert (bare["password"], bare["passwordUpdate"], bare["accessedAt"]) == (None, "", "")
    full = {"email": "Ann@Example.org", "phone": "+491701234567", "name": "Ann"}
    ann = either.post("/users", {"userId": "ann", "password": PASSWORD, **full}).expect(201)
    assert (ann["email"], ann["phone"], ann["name"]) == ("ann@example.org", full["phone"], "Ann")
    assert names(ann["targets"], "providerType") == ["email", "sms"]
    assert names(ann["targets"], "identifier") == ["ann@example.org", full["phone"]]
    assert ann["passwordUpdate"] == ann["registration"] == ann["$createdAt"]
    assert ann["hash"] == ann["hashOptions"]["type"] == "scrypt"
    assert PASSWORD not in ann["password"]
    assert either.get("/users/ann").expect(200) == ann


@pytest.mark.parametrize("format", FORMATS)
def test_users_and_what_is_theirs_have_the_fields_of_the_format(
    either: Project, format: str | None
) -> None:
    caller, wanted = either.at(format), effective(either, format)
    user = caller.post("/users", {"userId": "ann"}).expect(201)
    session = caller.post("/users/ann/sessions").expect(201)
    token = caller.post("/users/ann/tokens").expect(201)
    assert list(user) == fields_of("user", wanted)
    assert list(session) == fields_of("session", wanted)
    assert list(token) == fields_of("token", wanted)
    for path, key, model in (("", "users", "user"), ("/ann/sessions", "sessions", "session")):
        listed = caller.get(f"/users{path}").expect(200)
        assert list(listed) == ["total", key]
        assert list(listed[key][0]) == fields_of(f"{model}Item", wanted)
    optional = {"password", "impersonator", "impersonatorUserId"}
    for model in (user, session, token):
        nulls = {key for key, value in model.items() if value is None}
        assert {key for key in nulls if not key.startswith("emailI")} <= optional | {
            "emailCanonical"
        }


@pytest.mark.parametrize("same", ["userId", "email", "phone"])
def test_what_names_a_user_is_taken_once(either: Project, same: str) -> None:
    first = {"userId": "a", "email": "a@example.org", "phone": "+4912345678"}
    other = {"userId": "b", "email": "b@example.org", "phone": "+4912345679"}
    either.post("/users", first).expect(201)
    assert either.post("/users", {**other, same: first[same]}).error == (
        409,
        "user_already_exists",
        "A user with the same id, email, or phone already exists in this project.",
    )
    either.post("/users", other).expect(201)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("userId", "-", "Parameter must contain at most 36 chars. Valid chars are a-z, A-Z, 0-9, "
         "period, hyphen, and underscore. Can't start with a special char"),
        ("email", "a b@example.org", "Value must be a valid email address"),
        ("phone", "0123", "Phone number must start with a '+' can have a maximum of fifteen "
         "digits."),
        ("password", "1234567", "Password must be between 8 and 265 characters long, and should "
         "not be one of the commonly used password."),
    ],
)  # fmt: skip
def test_a_user_needs_sound_parameters(either: Project, name: str, value: str, text: str) -> None:
    error = either.post("/users", {"userId": "u", name: value}).error
    assert error == (400, "general_argument_invalid", f"Invalid `{name}` param: {text}")


def test_users_are_listed_by_what_they_are(either: Project) -> None:
    for id in ("a", "b", "c"):
        add_user(either, id, name=f"Name {id}{id}")
    either.put("/users/a/labels", {"labels": ["vip"]}).expect(200)
    either.patch("/users/b/status", {"status": False}).expect(200)
    either.patch("/users/c/verification", {"emailVerification": True}).expect(200)
    for query, found in (
        ({"method": "equal", "attribute": "email", "values": ["B@example.org"]}, ["b"]),
        ({"method": "equal", "attribute": "status", "values": [False]}, ["b"]),
        ({"method": "equal", "attribute": "emailVerification", "values": [True]}, ["c"]),
        ({"method": "contains", "attribute": "labels", "values": ["vip"]}, ["a"]),
        ({"method": "isNotNull", "attribute": "registration"}, ["a", "b", "c"]),
        ({"method": "isNotNull", "attribute": "email"}, ["a", "b", "c"]),
        ({"method": "isNotNull", "attribute": "phone"}, []),
        ({"method": "orderDesc", "attribute": "name"}, ["c", "b", "a"]),
        ({"method": "cursorAfter", "values": ["a"]}, ["b", "c"]),
    ):
        assert names(either.get("/users", query).expect(200)["users"]) == found, query
    assert names(either.get("/users", search="bb").expect(200)["users"]) == ["b"]
    assert either.get("/users", search="Name").expect(200)["total"] == 3
    limited = either.get("/users", {"method": "limit", "values": [1]}, total="false").expect(200)
    assert (limited["total"], names(limited["users"])) == (0, ["a"])
    unknown = either.get("/users", {"method": "equal", "attribute": "prefs", "values": [1]}).error
    assert unknown[2].endswith("Attribute not found in schema: prefs")


def test_each_setting_has_a_route(either: Project) -> None:
    add_user(either, "ann")
    for method, path, body, changed in (
        ("PUT", "labels", {"labels": ["b", "A1", "b"]}, {"labels": ["b", "A1"]}),
        ("PATCH", "status", {"status": "false"}, {"status": False}),
        ("PATCH", "verification", {"emailVerification": True}, {"emailVerification": True}),
        ("PATCH", "verification/phone", {"phoneVerification": True}, {"phoneVerification": True}),
        ("PATCH", "name", {"name": ""}, {"name": ""}),
        ("PATCH", "email", {"email": "N@example.org"}, {"email": "n@example.org",
                                                         "emailVerification": False}),
        ("PATCH", "phone", {"number": "+4912345678"}, {"phone": "+4912345678",
                                                        "phoneVerification": False}),
        ("PATCH", "email", {"email": ""}, {"email": "", "emailVerification": False}),
    ):  # fmt: skip
        reply = either.call(method, f"/users/ann/{path}", body).expect(200)
        assert {key: reply[key] for key in changed} == changed
        assert either.get("/users/ann").expect(200) == reply


def test_preferences_are_answered_alone(either: Project) -> None:
    add_user(either, "ann")
    assert either.get("/users/ann/prefs").expect(200) == {}
    assert either.patch("/users/ann/prefs", {"prefs": {"a": 1}}).expect(200) == {"a": 1}
    assert either.get("/users/ann/prefs").expect(200) == {"a": 1}
    assert either.get("/users/ann").expect(200)["prefs"] == {"a": 1}


def test_a_password_can_be_changed_and_removed(either: Project) -> None:
    add_user(either, "ann")
    before = either.get("/users/ann").expect(200)["password"]
    after = either.patch("/users/ann/password", {"password": "another one"}).expect(200)["password"]
    assert before != after
    assert not _can_sign_in(either, "ann@example.org", PASSWORD)
    assert _can_sign_in(either, "ann@example.org", "another one")
    either.patch("/users/ann/password", {"password": ""}).expect(200)
    assert not _can_sign_in(either, "ann@example.org", "another one")


def test_a_new_password_ends_the_sessions_since_1_9(either: Project) -> None:
    ann = new_user(either, "ann")
    either.patch("/users/ann/password", {"password": ""}).expect(200)
    assert ann.get("/account").status == 200
    either.patch("/users/ann/password", {"password": "another horse"}).expect(200)
    is_old = either.server.emulator.config.appwrite == "1.6"
    assert ann.get("/account").status == (200 if is_old else 401)


@pytest.mark.parametrize("own", [True, False])
def test_an_address_that_is_taken_cannot_be_set(either: Project, own: bool) -> None:
    add_user(either, "ann", phone="+4912345678")
    who = "ann" if own else add_user(either, "bob")["$id"]
    path = f"/users/{who}"
    assert either.patch(f"{path}/email", {"email": "Ann@example.org"}).error == TARGET_TAKEN
    assert either.patch(f"{path}/phone", {"number": "+4912345678"}).error == TARGET_TAKEN


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("labels", {}, 'Param "labels" is not optional.'),
        ("labels", {"labels": ["a-b"]},
         "Invalid `labels` param: Value must a valid array no longer than 1000 items and Value "
         "must be a valid string and at least 1 chars and no longer than 36 chars and only consist "
         "of '"
         + ", ".join("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") + "' chars"),
        ("status", {"status": "maybe"}, "Invalid `status` param: Value must be a valid boolean"),
        ("verification", {"emailVerification": "true"},
         "Invalid `emailVerification` param: Value must be a valid boolean"),
        ("tokens", {"length": 3},
         "Invalid `length` param: Value must be a valid range between 4 and 128"),
        ("tokens", {"expire": 59},
         "Invalid `expire` param: Value must be a valid range between 60 and 31,536,000"),
        ("jwts", {"duration": 3601},
         "Invalid `duration` param: Value must be a valid range between 0 and 3,600"),
    ],
)  # fmt: skip
def test_what_is_not_sound_is_refused(
    either: Project, path: str, body: dict[str, Json], message: str
) -> None:
    add_user(either, "ann")
    method = {"labels": "PUT", "tokens": "POST", "jwts": "POST"}.get(path, "PATCH")
    error = either.call(method, f"/users/ann/{path}", body).error
    assert error == (400, "general_argument_invalid", message)


def _each_route(project: Project, id: str) -> list[Reply]:
    bodies: list[tuple[str, str, Json]] = [
        ("GET", "", None), ("GET", "/prefs", None), ("PATCH", "/prefs", {"prefs": {}}),
        ("PUT", "/labels", {"labels": []}), ("PATCH", "/status", {"status": True}),
        ("PATCH", "/verification", {"emailVerification": True}),
        ("PATCH", "/verification/phone", {"phoneVerification": True}),
        ("PATCH", "/name", {"name": "N"}), ("PATCH", "/email", {"email": "n@example.org"}),
        ("PATCH", "/phone", {"number": "+4912345670"}),
        ("PATCH", "/password", {"password": PASSWORD}), ("GET", "/sessions", None),
        ("POST", "/sessions", None), ("POST", "/jwts", None), ("POST", "/tokens", None),
        ("DELETE", "/sessions/s", None), ("DELETE", "/sessions", None), ("DELETE", "", None),
    ]  # fmt: skip
    return [project.call(method, f"/users/{id}{path}", body) for method, path, body in bodies]


def test_nothing_works_on_a_user_who_is_not_there(either: Project) -> None:
    assert {reply.error for reply in _each_route(either, "nobody")} == {MISSING}


def test_users_are_for_keys_and_developers(either: Project) -> None:
    ann = new_user(either, "ann")
    for caller in (either.guest, ann):
        for reply in [*_each_route(caller, "ann"), caller.get("/users"), caller.post("/users", {})]:
            assert reply.error[:2] == (401, "general_unauthorized_scope")


def test_a_user_goes_with_all_that_is_his(either: Project) -> None:
    ann = new_user(either, "ann")
    token = either.post("/users/ann/tokens").expect(201)
    jwt = either.post("/users/ann/jwts").expect(201)["jwt"]
    reply = either.delete("/users/ann")
    assert (reply.status, reply.body) == (204, b"")
    assert ann.get("/account").error[1] == "general_unauthorized_scope"
    bearer = either.guest.having(x_appwrite_jwt=jwt)
    assert bearer.get("/account").error[1] == "general_unauthorized_scope"
    add_user(either, "ann")
    assert ann.get("/account").error[1] == "general_unauthorized_scope"
    redeemed = {"userId": "ann", "secret": token["secret"]}
    assert either.guest.post("/account/sessions/token", redeemed).error[1] == "user_invalid_token"
    assert either.get("/users/ann/sessions").expect(200) == {"total": 0, "sessions": []}


def test_a_scoped_key_may_read_or_write_users(strict: Server) -> None:
    home = strict.project("home")
    reader = home.having(x_appwrite_key="reader")
    assert reader.get("/users").error[2].endswith('missing scopes (["users.read"])')
    assert (
        reader.post("/users/ann/sessions")
        .error[2]
        .endswith('missing scopes (["users.write","sessions.write"])')
    )
    assert (
        reader.at("1.6.0")
        .post("/users/ann/sessions")
        .error[2]
        .endswith("missing scope (users.write)")
    )


@pytest.mark.parametrize(("era", "status"), [("1.6", 401), ("1.9", 404)])
def test_a_key_for_sessions_is_enough_since_1_9(era: str, status: int) -> None:
    keys = (Key("signer", ("sessions.write",), "home"),)
    with serving(memory=True, appwrite=era, strict=True, project="home", keys=keys) as server:
        signer = server.project("home").having(x_appwrite_key="signer")
        for method, path in (("POST", ""), ("DELETE", ""), ("DELETE", "/s")):
            assert signer.call(method, f"/users/nobody/sessions{path}", {}).status == status
