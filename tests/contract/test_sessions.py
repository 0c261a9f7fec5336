"""Sessions: opened, carried by cookies and headers, listed, ended; tokens for elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from appwrite_emulator.clock import ManualClock

from .people import PASSWORD, add_user, by_token, claims, cookies, new_user, sign_in
from .server import Project, Reply, Server, names, serving

ANN = {"email": "ann@example.org", "password": PASSWORD}
SIGNED_OUT = (401, "general_unauthorized_scope")
NO_SESSION = (404, "user_session_not_found", "The current user session could not be found.")
BAD_TOKEN = (401, "user_invalid_token", "Invalid token passed in the request.")


@pytest.fixture(scope="module")
def timed() -> Iterator[tuple[Server, ManualClock]]:
    """A server whose time a test can move; nobody else's tests may care."""
    clock = ManualClock(datetime(2026, 1, 31, 9, 30, tzinfo=UTC))
    with serving(memory=True, clock=clock) as server:
        yield server, clock


def _login(project: Project, path: str = "/email") -> Reply:
    reply = project.guest.post(f"/account/sessions{path}", ANN)
    assert reply.status == 201
    return reply


def _with_cookie(project: Project, reply: Reply, suffix: str = "") -> Project:
    name = f"a_session_{project.id.lower()}{suffix}"
    return project.guest.having(cookie=f"theme=dark; {name}={cookies(reply)[name]}; x=y")


@pytest.mark.parametrize("path", ["/email", ""])
def test_signing_in_by_email_opens_a_session(either: Project, path: str) -> None:
    add_user(either, "ann")
    reply = either.guest.having(user_agent="Browser/1").post(
        f"/account/sessions{path}", {**ANN, "email": "ANN@example.org"}
    )
    session = reply.expect(201)
    assert (session["userId"], session["provider"]) == ("ann", "email")
    assert (session["providerUid"], session["factors"]) == ("ann@example.org", ["password"])
    assert (session["ip"], session["current"], session["secret"]) == ("127.0.0.1", True, "")
    assert (session["countryCode"], session["countryName"]) == ("--", "Unknown")
    assert session["mfaUpdatedAt"] == ""
    year = datetime.fromisoformat(session["expire"]) - datetime.fromisoformat(session["$createdAt"])
    assert year == timedelta(seconds=31536000)


def test_a_session_comes_in_two_cookies_and_a_header(server: Server) -> None:
    project = server.project("UpperCase")
    add_user(project, "ann")
    reply = _login(project)
    lines = [value for key, value in reply.headers if key == "set-cookie"]
    shape = (
        r"a_session_uppercase{}=[\w%]+; expires=\w{{3}}, \d\d \w{{3}} \d{{4}} [\d:]{{8}} GMT; {}"
    )
    assert re.fullmatch(shape.format("_legacy", "path=/; httponly"), lines[0])
    assert re.fullmatch(shape.format("", "path=/; httponly; samesite=None"), lines[1])
    found = cookies(reply)
    assert found["a_session_uppercase"] == found["a_session_uppercase_legacy"]
    value = unquote(found["a_session_uppercase"])
    assert json.loads(reply.header("x-fallback-cookies") or "") == {"a_session_uppercase": value}


def test_the_secret_is_shown_to_keys(either: Project) -> None:
    add_user(either, "ann")
    shown = either.post("/account/sessions/email", ANN).expect(201)["secret"]
    ann = either.guest.having(x_appwrite_session=shown)
    assert ann.get("/account").expect(200)["$id"] == "ann"
    assert names(ann.get("/account/sessions").expect(200)["sessions"], "secret") == [""]
    assert ann.get("/account/sessions/current").expect(200)["secret"] == ""
    [seen] = either.get("/users/ann/sessions").expect(200)["sessions"]
    assert re.fullmatch("[0-9a-f]{64}", seen["secret"])  # its hash, as Appwrite shows it


@pytest.mark.parametrize("suffix", ["", "_legacy"])
def test_a_cookie_signs_in(either: Project, suffix: str) -> None:
    add_user(either, "ann")
    ann = _with_cookie(either, _login(either), suffix)
    reply = ann.get("/account")
    assert reply.expect(200)["$id"] == "ann"
    assert reply.header("x-debug-fallback") == "false"


def test_who_has_no_cookies_sends_the_header_back(either: Project) -> None:
    add_user(either, "ann")
    ann = either.guest.having(x_fallback_cookies=_login(either).header("x-fallback-cookies"))
    reply = ann.get("/account")
    assert reply.expect(200)["$id"] == "ann"
    assert reply.header("x-debug-fallback") == "true"


@pytest.mark.parametrize(
    "change",
    [{"email": "nobody@example.org"}, {"password": "another one"}, {"password": PASSWORD + " "}],
)
def test_wrong_credentials_open_nothing(either: Project, change: dict[str, str]) -> None:
    add_user(either, "ann")
    reply = either.guest.post("/account/sessions/email", {**ANN, **change})
    assert reply.header("set-cookie") is None
    assert reply.error == (
        401,
        "user_invalid_credentials",
        "Invalid credentials. Please check the email and password.",
    )


def test_a_user_without_password_cannot_sign_in_by_one(either: Project) -> None:
    add_user(either, "ann", password=None)
    error = either.guest.post("/account/sessions/email", {**ANN, "password": " " * 8}).error
    assert error[1] == "user_invalid_credentials"


@pytest.mark.parametrize("password", ["short", "x" * 257])
def test_a_password_has_8_to_256_characters(either: Project, password: str) -> None:
    error = either.guest.post("/account/sessions/email", {**ANN, "password": password}).error
    assert error[2] == (
        "Invalid `password` param: Password must be between 8 and 256 characters long."
    )


def test_a_blocked_user_cannot_sign_in(either: Project) -> None:
    add_user(either, "ann")
    either.patch("/users/ann/status", {"status": False}).expect(200)
    error = either.guest.post("/account/sessions/email", ANN).error
    is_old = either.server.emulator.config.appwrite == "1.6"
    assert error[:2] == (401 if is_old else 403, "user_blocked")


def test_anybody_may_stay_anonymous(either: Project) -> None:
    reply = either.guest.post("/account/sessions/anonymous")
    session = reply.expect(201)
    assert (session["provider"], session["providerUid"]) == ("anonymous", "")
    assert session["factors"] == ["anonymous"]
    account = _with_cookie(either, reply).get("/account").expect(200)
    assert account["$id"] == session["userId"]
    assert (account["email"], account["name"], account["passwordUpdate"]) == ("", "", "")
    assert either.get("/users").expect(200)["total"] == 1


def test_a_token_opens_one_session(either: Project) -> None:
    add_user(either, "ann")
    token = either.post("/users/ann/tokens", {"length": 9}).expect(201)
    assert re.fullmatch("[0-9a-f]{9}", token["secret"])
    assert (token["userId"], token["phrase"]) == ("ann", "")
    body = {"userId": "ann", "secret": token["secret"]}
    assert either.guest.post("/account/sessions/token", {**body, "secret": "x"}).error == BAD_TOKEN
    assert either.guest.post("/account/sessions/token", {**body, "userId": "b"}).error == BAD_TOKEN
    reply = either.guest.post("/account/sessions/token", body)
    session = reply.expect(201)
    assert (session["provider"], session["factors"]) == ("token", ["token"])
    assert _with_cookie(either, reply).get("/account").expect(200)["$id"] == "ann"
    assert either.guest.post("/account/sessions/token", body).error == BAD_TOKEN


def test_a_token_has_six_digits_and_the_life_it_was_given(
    timed: tuple[Server, ManualClock],
) -> None:
    server, clock = timed
    project = server.project()
    add_user(project, "ann")
    default = project.post("/users/ann/tokens").expect(201)
    long = project.post("/users/ann/tokens", {"expire": 3600}).expect(201)
    assert len(default["secret"]) == 6
    for token, seconds in ((default, 900), (long, 3600)):
        life = datetime.fromisoformat(token["expire"]) - clock.now()
        assert life.total_seconds() == seconds
    server.run(clock.advance, timedelta(seconds=900))
    late = {"userId": "ann", "secret": default["secret"]}
    assert project.guest.post("/account/sessions/token", late).error == BAD_TOKEN
    in_time = {"userId": "ann", "secret": long["secret"]}
    assert project.guest.post("/account/sessions/token", in_time).status == 201


@pytest.mark.parametrize("path", ["/email", "", "/anonymous", "/token"])
def test_who_has_signed_in_cannot_do_it_again(either: Project, path: str) -> None:
    add_user(either, "ann")
    for caller in (sign_in(either, "ann"), by_token(either, "ann")):
        assert caller.post(f"/account/sessions{path}", {}).error == (
            401,
            "user_session_already_exists",
            "Creation of a session is prohibited when a session is active.",
        )


def test_sessions_are_listed_and_one_is_the_current(either: Project) -> None:
    ann = new_user(either, "ann")
    other = _with_cookie(either, _login(either))
    listed = ann.get("/account/sessions").expect(200)
    assert listed["total"] == 2
    assert names(listed["sessions"], "provider") == ["server", "email"]
    assert names(listed["sessions"], "current") == [True, False]
    assert names(other.get("/account/sessions").expect(200)["sessions"], "current") == [False, True]
    current = ann.get("/account/sessions/current").expect(200)
    assert current == listed["sessions"][0]
    assert (
        ann.get(f"/account/sessions/{listed['sessions'][1]['$id']}").expect(200)
        == (listed["sessions"][1])
    )


def test_a_session_of_somebody_else_is_not_found(either: Project) -> None:
    ann, bob = new_user(either, "ann"), new_user(either, "bob")
    theirs = bob.get("/account/sessions/current").expect(200)["$id"]
    for id in (theirs, "nothing"):
        assert ann.get(f"/account/sessions/{id}").error == NO_SESSION
        assert ann.delete(f"/account/sessions/{id}").error == NO_SESSION
        assert either.delete(f"/users/ann/sessions/{id}").error == NO_SESSION
    bob.get("/account").expect(200)


def test_signing_out_takes_the_cookies_back(either: Project) -> None:
    add_user(either, "ann")
    ann = _with_cookie(either, _login(either))
    reply = ann.delete("/account/sessions/current")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("content-type") == "text/plain; charset=UTF-8"
    name = f"a_session_{either.id}"
    assert cookies(reply) == {name: "", f"{name}_legacy": ""}
    assert all(
        "expires=Thu, 01 Jan 1970" in value for key, value in reply.headers if key == "set-cookie"
    )
    assert reply.header("x-fallback-cookies") == "[]"
    assert ann.get("/account").error[:2] == SIGNED_OUT


def test_ending_another_session_leaves_the_own(either: Project) -> None:
    ann = new_user(either, "ann")
    other = _with_cookie(either, _login(either))
    id = other.get("/account/sessions/current").expect(200)["$id"]
    reply = ann.delete(f"/account/sessions/{id}")
    assert (reply.status, cookies(reply), reply.header("x-fallback-cookies")) == (204, {}, None)
    assert other.get("/account").error[:2] == SIGNED_OUT
    ann.get("/account").expect(200)


def test_all_sessions_end_at_once(either: Project) -> None:
    ann = new_user(either, "ann")
    other, bob = _with_cookie(either, _login(either)), new_user(either, "bob")
    reply = ann.delete("/account/sessions")
    assert (reply.status, len(cookies(reply))) == (204, 2)
    for caller in (ann, other):
        assert caller.get("/account").error[:2] == SIGNED_OUT
    bob.get("/account").expect(200)


def test_keys_end_the_sessions_of_users(either: Project) -> None:
    ann = new_user(either, "ann")
    other = sign_in(either, "ann")
    id = ann.get("/account/sessions/current").expect(200)["$id"]
    either.delete(f"/users/ann/sessions/{id}").expect(204)
    assert ann.get("/account").error[:2] == SIGNED_OUT
    other.get("/account").expect(200)
    either.delete("/users/ann/sessions").expect(204)
    assert other.get("/account").error[:2] == SIGNED_OUT


def test_a_user_keeps_his_ten_newest_sessions(either: Project) -> None:
    ann = new_user(either, "ann")
    for _ in range(9):
        _login(either)
    assert ann.get("/account/sessions").expect(200)["total"] == 10
    newest = _with_cookie(either, _login(either))
    assert ann.get("/account").error[:2] == SIGNED_OUT
    assert newest.get("/account/sessions").expect(200)["total"] == 10


def test_a_session_ends_after_a_year(timed: tuple[Server, ManualClock]) -> None:
    server, clock = timed
    ann = new_user(server.project(), "ann")
    server.run(clock.advance, timedelta(days=365) - timedelta(seconds=1))
    ann.get("/account").expect(200)
    server.run(clock.advance, timedelta(seconds=1))
    assert ann.get("/account").error[:2] == SIGNED_OUT


def test_an_access_is_noted_once_a_day(timed: tuple[Server, ManualClock]) -> None:
    server, clock = timed
    ann = new_user(server.project(), "ann")
    first = ann.get("/account").expect(200)["accessedAt"]
    server.run(clock.advance, timedelta(hours=23))
    assert ann.get("/account").expect(200)["accessedAt"] == first
    server.run(clock.advance, timedelta(hours=1))
    assert ann.get("/account").expect(200)["accessedAt"] > first


@pytest.mark.parametrize("path", ["/account/jwts", "/account/jwt"])
def test_a_session_gives_a_token_that_lives_as_long_as_it_does(either: Project, path: str) -> None:
    ann = new_user(either, "ann")
    jwt = ann.post(path).expect(201)["jwt"]
    said = claims(jwt)
    assert list(said) == ["userId", "sessionId", "exp"]
    assert (said["userId"], said["sessionId"]) == (
        "ann",
        ann.get("/account/sessions/current").expect(200)["$id"],
    )
    bearer = either.guest.having(x_appwrite_jwt=jwt)
    assert bearer.get("/account").expect(200)["$id"] == "ann"
    assert names(bearer.get("/account/sessions").expect(200)["sessions"], "current") == [False]
    for refused in (bearer.post(path), bearer.get("/account/sessions/current")):
        assert refused.error == NO_SESSION
    ann.delete("/account/sessions/current").expect(204)
    assert bearer.get("/account").error[:2] == SIGNED_OUT


def test_a_token_of_a_session_has_an_end(timed: tuple[Server, ManualClock]) -> None:
    server, clock = timed
    project = server.project()
    ann = new_user(project, "ann")
    for params, seconds in (({}, 900), ({"duration": 3600}, 3600), ({"duration": 0}, 0)):
        jwt = ann.post("/account/jwts", params).expect(201)["jwt"]
        assert claims(jwt)["exp"] == clock.now().timestamp() + seconds
    late = project.guest.having(x_appwrite_jwt=jwt)
    assert late.get("/account").error == (
        401,
        "user_jwt_invalid",
        "Failed to verify JWT. Invalid token: Expired",
    )
    message = "Invalid `duration` param: Value must be a valid range between 0 and 3,600"
    assert ann.post("/account/jwts", {"duration": 3601}).error[2] == message


def test_a_key_gets_tokens_with_and_without_session(either: Project) -> None:
    add_user(either, "ann")
    assert (
        claims(by_token(either, "ann", sessionId="recent").headers["x-appwrite-jwt"])["sessionId"]
        == ""
    )  # there is none yet
    old, new = sign_in(either, "ann"), sign_in(either, "ann")
    ids = [each.get("/account/sessions/current").expect(200)["$id"] for each in (old, new)]
    for params, id in (
        ({}, ""), ({"sessionId": "recent"}, ids[1]), ({"sessionId": ids[0]}, ids[0]),
        ({"sessionId": "nothing"}, ""),
    ):  # fmt: skip
        bearer = by_token(either, "ann", **params)
        assert claims(bearer.headers["x-appwrite-jwt"])["sessionId"] == id
        bearer.get("/account").expect(200)
    free, bound = by_token(either, "ann"), by_token(either, "ann", sessionId=ids[0])
    either.delete("/users/ann/sessions").expect(204)
    free.get("/account").expect(200)
    assert bound.get("/account").error[:2] == SIGNED_OUT


def test_a_session_by_a_key_is_not_the_keys_own(either: Project) -> None:
    add_user(either, "ann")
    reply = either.post("/users/ann/sessions")
    session = reply.expect(201)
    assert (session["provider"], session["factors"]) == ("server", ["server"])
    assert (session["current"], cookies(reply)) == (False, {})
