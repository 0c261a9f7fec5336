"""Who calls: where a session may stand, what wins over what, developers, what ends at once."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from appwrite_emulator.config import Key

from .echo import PYTHON
from .people import PASSWORD, add_user, by_token, cookies, developer, new_user, sign_in
from .server import Project, Server, serving

GUEST = (401, "general_unauthorized_scope", 'User (role: guests) missing scopes (["account"])')


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that tests may reset and restore."""
    with serving(memory=True) as running:
        yield running


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """A strict server with a key for everything, and one for users."""
    keys = (Key("full"), Key("people", ("users.read", "users.write")))
    with serving(memory=True, strict=True, project="home", keys=keys) as running:
        yield running


def _id(caller: Project) -> str:
    return str(caller.get("/account").expect(200)["$id"])


def _credential(caller: Project) -> str:
    return caller.headers["x-appwrite-session"]


def test_the_first_place_with_a_session_wins(project: Project) -> None:
    values = {id: _credential(new_user(project, id)) for id in ("a", "b", "c", "d")}
    name, junk = f"a_session_{project.id}", base64.b64encode(b'{"id":""}').decode()
    fallback = json.dumps({name: values["d"], "a_session_other": values["a"]})
    everything = project.guest.having(
        cookie=f"{name}_legacy={values['b']}; {name}={values['a']}",
        x_appwrite_session=values["c"],
        x_fallback_cookies=fallback,
    )
    assert _id(everything) == "a"
    assert _id(everything.having(cookie=f"{name}_legacy={values['b']}")) == "b"
    assert _id(everything.having(cookie=f"{name}={junk}; {name}_legacy={values['b']}")) == "c"
    assert _id(everything.having(cookie="")) == "c"
    assert _id(everything.having(cookie=None, x_appwrite_session="junk")) == "d"


@pytest.mark.parametrize(
    "value",
    ["", "{", "[]", '"x"', "é", "e30=", base64.b64encode(b'{"id":1,"secret":2}').decode(),
     base64.b64encode(b'{"id":"ann","secret":"guessed"}').decode(),
     base64.b64encode(b'{"id":"nobody","secret":"x"}').decode(), "[" * 5000],
)  # fmt: skip
def test_what_is_no_session_is_a_guests(project: Project, value: str) -> None:
    add_user(project, "ann")
    name = f"a_session_{project.id}"
    for headers in (
        {"cookie": f"{name}={value}"},
        {"x_appwrite_session": value},
        {"x_fallback_cookies": value},
        {"x_fallback_cookies": json.dumps({name: value})},
        {"x_fallback_cookies": json.dumps({name: 1})},
    ):
        assert project.guest.having(**headers).get("/account").error == GUEST


def test_a_whole_line_of_a_cookie_is_understood(project: Project) -> None:
    value = _credential(new_user(project, "ann"))
    line = f"a_session_{project.id}={value}; path=/; httponly"
    assert _id(project.guest.having(cookie=line)) == "ann"


def test_no_caller_is_taken_for_another(project: Project) -> None:
    ann, bob = new_user(project, "ann"), new_user(project, "bob")
    for _ in range(2):
        assert project.guest.get("/account").error == GUEST
        assert (_id(ann), _id(bob), _id(by_token(project, "bob"))) == ("ann", "bob", "bob")
        assert project.get("/users").status == 200
        assert ann.get("/users").status == 401


def test_a_key_and_a_session_exclude_each_other_in_1_6(project: Project) -> None:
    add_user(project, "ann")
    both = project.having(x_appwrite_session=_credential(sign_in(project, "ann")))
    status, type, message = both.at("1.6.0").get("/users").error
    assert (status, type) == (403, "user_key_and_session_set")
    assert message.startswith("API key and session used in the same request.")
    assert both.at("1.9.0").get("/users").status == 200
    ended = project.having(x_appwrite_session="e30=")
    assert ended.at("1.6.0").get("/users").status == 200


def test_a_token_and_a_session_exclude_each_other_in_1_9(project: Project) -> None:
    add_user(project, "ann")
    bob = by_token(project, "ann").having(x_appwrite_session=_credential(new_user(project, "bob")))
    status, type, message = bob.at("1.9.0").get("/account").error
    assert (status, type) == (403, "user_jwt_and_cookie_set")
    assert message.startswith("JWT and cookie used in the same request.")
    assert _id(bob.at("1.6.0")) == "ann"


def test_the_key_of_a_function_has_its_scopes_and_is_no_users_token(project: Project) -> None:
    project.function(scopes=["users.read"])
    project.deploy("f", {"main.py": PYTHON})
    headers = json.loads(project.execute("f", path="/headers")["responseBody"])
    function = project.having(x_appwrite_key=headers["x-appwrite-key"])
    assert function.get("/users").expect(200)["total"] == 0
    assert function.post("/users", {"userId": "u"}).error[1] == "general_unauthorized_scope"
    jwt = headers["x-appwrite-key"].partition("_")[2]
    assert project.guest.having(x_appwrite_jwt=jwt).get("/account").error == GUEST


def test_a_blocked_user_is_told_so(either: Project) -> None:
    ann = new_user(either, "ann")
    bearer = by_token(either, "ann")
    either.patch("/users/ann/status", {"status": False}).expect(200)
    old = (
        401,
        "user_blocked",
        "The current user has been blocked. You can unblock the user by making a request to the "
        "User API's \"Update User Status\" endpoint or in the Appwrite Console's Auth section.",
    )
    for caller in (ann, bearer):
        assert caller.at("1.6.0").get("/account").error == old
        assert caller.at("1.9.0").get("/account").error == (
            403,
            "user_blocked",
            "The current user has been blocked.",
        )
        assert caller.post("/functions/f/executions", {}).error[1] == "user_blocked"
        assert caller.get("/functions/runtimes").error[1] == "user_blocked"
        assert caller.get("/functions").error[1] == "general_unauthorized_scope"
    either.patch("/users/ann/status", {"status": True}).expect(200)
    assert _id(ann) == "ann"


def test_a_developer_does_everything_in_every_project(either: Project) -> None:
    dev = developer(either)
    add_user(either, "ann")
    assert dev.get("/users").expect(200)["total"] == 1
    dev.function()
    assert dev.get("/functions").expect(200)["total"] == 1
    other = dev.having(x_appwrite_project=either.server.project().id)
    assert other.get("/functions").expect(200)["total"] == 0
    by_query = dev.having(x_appwrite_mode=None).get("/functions", mode="admin")
    assert by_query.expect(200)["total"] == 1
    token = dev.post("/users/ann/tokens").expect(201)["secret"]
    assert token
    assert dev.get("/account").expect(200)["email"] == "dev@example.org"


def test_the_parameter_mode_wins_over_the_header(project: Project) -> None:
    dev = developer(project)
    assert dev.get("/functions", mode="default").error[1] == "general_unauthorized_scope"
    assert dev.get("/functions").status == 200


def test_admin_mode_needs_a_developer(either: Project) -> None:
    ann = new_user(either, "ann")
    for caller in (ann, either.guest):
        error = caller.having(x_appwrite_mode="admin").get("/functions").error
        assert error[1] == "general_unauthorized_scope"
        assert "(role: guests)" in error[2]
    dev = developer(either)
    assert dev.having(x_appwrite_mode=None).get("/functions").status == 401
    assert dev.having(x_appwrite_mode="default").get("/functions").status == 401


def test_a_token_of_a_namesake_makes_no_developer(either: Project) -> None:
    dev = developer(either)
    id = dev.get("/account").expect(200)["$id"]
    add_user(either, id)
    namesake = by_token(either, id)
    assert _id(namesake) == id
    admin = namesake.having(x_appwrite_mode="admin")
    assert admin.get("/users").error[1] == "user_jwt_invalid"
    jwt = dev.post("/account/jwts").expect(201)["jwt"]
    bearer = either.guest.having(x_appwrite_jwt=jwt, x_appwrite_mode="admin")
    assert bearer.get("/users").status == 200


def test_a_token_is_good_in_its_own_project_only(either: Project) -> None:
    other = either.server.project()
    add_user(either, "ann")
    add_user(other, "ann")
    without, bound = by_token(either, "ann"), new_user(either, "bob").post("/account/jwts")
    assert _id(without) == "ann"
    foreign = without.having(x_appwrite_project=other.id).get("/account").error
    assert foreign[1:] == (
        "user_jwt_invalid",
        "Failed to verify JWT. Invalid token: Signature failed",
    )
    add_user(other, "bob")
    bob = other.guest.having(x_appwrite_jwt=bound.expect(201)["jwt"])
    assert bob.get("/account").error[1] == GUEST[1]


def test_the_console_has_no_admin_mode_in_1_9(project: Project) -> None:
    console = developer(project).having(x_appwrite_project="console")
    assert console.at("1.9.0").get("/account").error == (
        400,
        "general_bad_request",
        "Admin mode is not allowed for console project",
    )
    assert console.having(x_appwrite_project=None).get("/account").status == 400
    assert console.at("1.6.0").get("/account").status == 200
    assert console.having(x_appwrite_mode=None).get("/account").status == 200


def test_anybody_may_be_a_developer_and_is_one_user(server: Server) -> None:
    console = server.project("console").guest
    first = console.post("/account/sessions/email", {"email": "Me@example.org", "password": "a"})
    assert list(cookies(first)) == ["a_session_console_legacy", "a_session_console"]
    bare = console.having(x_appwrite_project=None)
    again = bare.post("/account/sessions/email", {"email": "me@example.org", "password": "b"})
    assert first.expect(201)["userId"] == again.expect(201)["userId"]
    caller = console.having(cookie=f"a_session_console={cookies(again)['a_session_console']}")
    account = caller.get("/account").expect(200)
    assert account["email"] == "me@example.org"
    assert caller.get("/functions").error[1] == "general_unauthorized_scope"
    assert caller.post("/functions/f/executions", {}).error[1] == "general_access_forbidden"
    caller.delete("/account/sessions/current").expect(204)
    assert caller.get("/account").error == GUEST


def test_nobody_is_anonymous_in_the_console(server: Server) -> None:
    assert server.project("console").guest.post("/account/sessions/anonymous").error == (
        401,
        "user_anonymous_console_prohibited",
        "Anonymous users cannot be created for the console project.",
    )


def test_developers_of_a_strict_server_have_its_key(guarded: Server, strict: Server) -> None:
    console = guarded.project("console").guest
    for password in ("wrong", PASSWORD):
        wrong = {"email": "dev@example.org", "password": password}
        assert console.post("/account/sessions/email", wrong).error[1] == "user_invalid_credentials"
    made = {"userId": "dev", "email": "dev@example.org", "password": PASSWORD}
    assert console.post("/account", made).error == (
        400,
        "user_count_exceeded",
        "The current project has exceeded the maximum number of users. Please check your user "
        "limit in the Appwrite console.",
    )
    right = console.post(
        "/account/sessions/email", {"email": "dev@example.org", "password": "full"}
    )
    cookie = f"a_session_console={cookies(right)['a_session_console']}"
    dev = guarded.project("home").guest.having(cookie=cookie, x_appwrite_mode="admin")
    assert dev.get("/functions").status == 200
    of_one_project = {"email": "dev@example.org", "password": "full"}
    elsewhere = strict.project("console").guest.post("/account/sessions/email", of_one_project)
    assert elsewhere.error[1] == "user_invalid_credentials"


def test_a_key_for_users_makes_no_developers(guarded: Server) -> None:
    home, console = guarded.project("home"), guarded.project("console")
    assert home.having(x_appwrite_key="people").get("/users").status == 200
    assert console.having(x_appwrite_key="people").post("/users", {"userId": "x"}).error == (
        401,
        "user_unauthorized",
        "The current user is not authorized to perform the requested action.",
    )
    assert console.having(x_appwrite_key="full").get("/users").status == 200


def test_users_of_a_strict_server_need_no_key(strict: Server) -> None:
    home = strict.project("home").guest
    home.post("/account", {"userId": "u", "email": "u@e.org", "password": PASSWORD}).expect(201)
    nowhere = strict.project("nowhere").guest
    assert nowhere.post("/account", {}).error[1] == "project_not_found"


def test_a_reset_removes_the_users_of_a_project(own: Server) -> None:
    home, other = own.project(), own.project()
    ann, bob = new_user(home, "ann"), new_user(other, "bob")
    bearer = by_token(home, "ann")
    token = home.post("/users/ann/tokens").expect(201)["secret"]
    own.call("POST", "/_emulator/reset", {}, json.dumps({"project": home.id}).encode())
    assert ann.get("/account").error == bearer.get("/account").error == GUEST
    assert home.get("/users").expect(200)["total"] == 0
    assert _id(bob) == "bob"
    add_user(home, "ann")
    body = {"userId": "ann", "secret": token}
    assert home.guest.post("/account/sessions/token", body).error[1] == "user_invalid_token"


def test_a_restore_brings_sessions_back_and_takes_newer_ones(own: Server) -> None:
    home = own.project()
    ann = new_user(home, "ann")
    dev = developer(home)
    reply = own.call("POST", "/_emulator/snapshot").json
    ann.delete("/account/sessions").expect(204)
    later, bob = sign_in(home, "ann"), new_user(home, "bob")
    assert ann.get("/account").error == GUEST
    own.call("POST", "/_emulator/restore", {}, json.dumps({"snapshot": reply["snapshot"]}).encode())
    assert _id(ann) == "ann"
    assert later.get("/account").error == bob.get("/account").error == GUEST
    assert dev.get("/functions").status == 200
