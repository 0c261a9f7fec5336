"""Users and executions: who may run and read what, and what the function is told of its caller."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from .people import add_user, by_token, claims, developer, new_user, sign_in
from .server import Project, names

PATH = "/functions/f/executions"
TELL = """
import json

def main(context):
    told = {key[16:]: value for key, value in context.req.headers.items()
            if key.startswith("x-appwrite-user-")}
    context.log(json.dumps(told))
    return context.res.json(told)
"""


@pytest.fixture
def told(either: Project) -> Project:
    """A project of either era with a function that tells who called it, and a user `ann`."""
    either.function(execute=["any"])
    either.deploy("f", {"main.py": TELL})
    add_user(either, "ann")
    return either


def _now(caller: Project) -> tuple[dict[str, Any], list[str]]:
    """What a synchronous run is told, and its permissions."""
    made = caller.execute("f")
    return json.loads(made["responseBody"]), made["$permissions"]


def _later(project: Project, caller: Project) -> tuple[dict[str, Any], list[str]]:
    """As `_now`, for an asynchronous run."""
    sent = caller.post(PATH, {"async": True}).expect(202)
    ended = project.executed("f", sent["$id"])
    assert ended["$permissions"] == sent["$permissions"]
    return json.loads(ended["logs"]), sent["$permissions"]


def test_keys_and_guests_are_nobody(told: Project) -> None:
    for caller in (told, told.guest):
        nobody: tuple[dict[str, Any], list[str]] = ({"id": "", "jwt": ""}, [])
        assert _now(caller) == nobody
        assert _later(told, caller) == nobody


def test_a_session_is_passed_on(told: Project) -> None:
    ann = sign_in(told, "ann")
    session = ann.get("/account/sessions/current").expect(200)["$id"]
    lifetime = 15 if told.server.emulator.config.appwrite == "1.6" else 75
    for headers, permissions in (_now(ann), _later(told, ann)):
        assert headers["id"] == "ann"
        assert permissions == ['read("user:ann")']
        said = claims(headers["jwt"])
        assert (said["userId"], said["sessionId"]) == ("ann", session)
        assert 0 <= time.time() + lifetime - said["exp"] < 30
        bearer = told.guest.having(x_appwrite_jwt=headers["jwt"])
        assert bearer.get("/account").expect(200)["$id"] == "ann"


def test_a_token_is_passed_on_to_later_runs_only(told: Project) -> None:
    bearer = by_token(told, "ann", sessionId="recent")
    assert _now(bearer) == ({"id": "ann", "jwt": ""}, ['read("user:ann")'])
    headers, permissions = _later(told, bearer)
    assert (headers["id"], permissions) == ("ann", ['read("user:ann")'])
    assert list(claims(headers["jwt"])) == ["userId", "epoch", "exp"]
    again = told.guest.having(x_appwrite_jwt=headers["jwt"])
    assert again.get("/account").expect(200)["$id"] == "ann"


def test_a_developer_is_named_too(told: Project) -> None:
    dev = developer(told)
    id = dev.get("/account").expect(200)["$id"]
    headers, permissions = _now(dev)
    assert (headers["id"], permissions) == (id, [f'read("user:{id}")'])
    assert claims(headers["jwt"])["userId"] == id


def test_users_read_what_they_have_caused(told: Project) -> None:
    ann, bob = sign_in(told, "ann"), new_user(told, "bob")
    own = ann.execute("f")
    others = [caller.execute("f")["$id"] for caller in (told, told.guest, bob)]
    listed = ann.get(PATH).expect(200)
    assert (listed["total"], names(listed["executions"])) == (1, [own["$id"]])
    for seen in (own, listed["executions"][0], ann.get(f"{PATH}/{own['$id']}").expect(200)):
        assert (seen["logs"], seen["errors"]) == ("", "")
        assert seen["$permissions"] == ['read("user:ann")']
    for id in others:
        assert ann.get(f"{PATH}/{id}").error[:2] == (404, "execution_not_found")
        assert ann.delete(f"{PATH}/{id}").error[:2] == (404, "execution_not_found")
    assert names(by_token(told, "ann").get(PATH).expect(200)["executions"]) == [own["$id"]]
    assert told.get(PATH).expect(200)["total"] == 4
    assert ann.delete(f"{PATH}/{own['$id']}").status == 204


def test_a_user_lists_in_the_words_of_queries(told: Project) -> None:
    ann = sign_in(told, "ann")
    ids = [ann.execute("f")["$id"] for _ in range(3)]
    told.execute("f")
    newest = ann.get(PATH, {"method": "orderDesc"}, {"method": "limit", "values": [2]})
    assert newest.expect(200)["total"] == 3
    assert names(newest.json["executions"]) == ids[:0:-1]


ROLES = {
    "any": True, "users": True, "guests": False, "user:ann": True, "user:bob": False,
    "users/unverified": True, "users/verified": False, "user:ann/unverified": True,
    "user:ann/verified": False, "label:vip": True, "label:poor": False, "team:t": True,
    "team:t/player": True, "team:t/owner": False, "team:u": False, "member:{member}": True,
    "member:other": False,
}  # fmt: skip


def test_execute_names_roles_of_users(told: Project) -> None:
    told.post("/teams", {"teamId": "t", "name": "T"}).expect(201)
    told.put("/users/ann/labels", {"labels": ["vip"]}).expect(200)
    joined = told.post("/teams/t/memberships", {"userId": "ann", "roles": ["player"]}).expect(201)
    member = joined["$id"]
    own = (
        '["any","users","user:ann","user:ann\\/unverified","users\\/unverified","team:t",'
        f'"member:{member}","team:t\\/player","label:vip"]'
    )
    ann = sign_in(told, "ann")
    for form, may in ROLES.items():
        role = form.format(member=member)
        told.put("/functions/f", {"name": "f", "execute": [role]}).expect(200)
        reply = ann.post(PATH, {})
        if may:
            assert reply.status == 201, role
            continue
        given = json.dumps([role]).replace("/", "\\/")
        assert reply.error == (
            401,
            "user_unauthorized",
            'Missing "execute" permission for role "label:vip". Only '
            f'"{own}" scopes are allowed and "{given}" was given.',
        )


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_one_verified_address_is_enough(either: Project, kind: str) -> None:
    either.function(execute=["users/verified"])
    either.deploy("f", {"main.py": TELL})
    ann = new_user(either, "ann")
    assert ann.post(PATH, {}).error[1] == "user_unauthorized"
    path = "/users/ann/verification" + ("" if kind == "email" else "/phone")
    either.patch(path, {f"{kind}Verification": True}).expect(200)
    assert ann.post(PATH, {}).status == 201


def test_roles_end_at_once(either: Project) -> None:
    either.post("/teams", {"teamId": "t", "name": "T"}).expect(201)
    ann = new_user(either, "ann")
    joined = either.post("/teams/t/memberships", {"userId": "ann", "roles": ["player"]}).expect(201)
    either.function(execute=["team:t/player"])
    either.deploy("f", {"main.py": TELL})
    assert ann.post(PATH, {}).status == 201
    either.delete(f"/teams/t/memberships/{joined['$id']}").expect(204)
    assert ann.post(PATH, {}).error[1] == "user_unauthorized"


def test_a_developer_executes_what_nobody_may(either: Project) -> None:
    either.function(execute=[])
    either.deploy("f", {"main.py": TELL})
    dev = developer(either)
    assert dev.execute("f")["logs"] != ""
    assert new_user(either, "ann").post(PATH, {}).error[2] == (
        "No permissions provided for action 'execute'"
    )
