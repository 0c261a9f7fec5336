"""The people of a test have the roles that they were given."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.request import Request, urlopen

import pytest

from appwrite_emulator import Appwrite, Emulator, Key, isolated
from appwrite_emulator.client.api import Refused
from appwrite_emulator.client.isolation import Session
from appwrite_emulator.client.terms import Terms


def may_call(appwrite: Appwrite, user: str) -> bool:
    try:
        appwrite.functions["node"].call(user=user)
    except Refused as exc:
        return exc.type != "user_unauthorized"
    return True


@pytest.mark.parametrize(
    ("role", "person"),
    [
        ("label:vip", {"labels": ["vip"]}),
        ("team:staff", {"teams": ["staff"]}),
        ("team:staff", {"teams": {"staff": []}}),
        ("team:staff/owner", {"teams": {"staff": ["owner", "baker"]}}),
        ("users/verified", {"email": "ann@example.org", "verification": True}),
        ("users/verified", {"phone_verification": True}),
        ("user:ann", {}),
        ("user:ann/unverified", {}),
        ("users", {}),
    ],
)
def test_a_person_has_the_role(appwrite: Appwrite, role: str, person: dict[str, Any]) -> None:
    appwrite.functions["node"].update(execute=[role])

    appwrite.user("ann", **person)

    assert may_call(appwrite, "ann")
    assert may_call(appwrite, "bob") is (role == "users")


def test_other_labels_and_teams_take_the_place_of_the_old(appwrite: Appwrite) -> None:
    appwrite.user("ann", labels=["vip"], teams={"staff": ["owner"], "bakers": []})
    appwrite.functions["node"].update(execute=["label:vip", "team:staff/owner"])

    appwrite.user("ann", labels=[])
    assert may_call(appwrite, "ann")
    appwrite.user("ann", teams={"staff": ["baker"]})
    assert not may_call(appwrite, "ann")
    appwrite.user("ann", teams={"staff": ["baker", "owner"]})
    assert may_call(appwrite, "ann")
    appwrite.user("ann", teams=())
    assert not may_call(appwrite, "ann")
    appwrite.user("ann", name="Ann")  # nothing is said of labels
    appwrite.user("ann", labels=["vip"])
    appwrite.user("ann", name="Ann B.")
    assert may_call(appwrite, "ann")


def test_a_user_has_the_attributes_that_are_given(appwrite: Appwrite) -> None:
    user = appwrite.user(
        "ann", email="Ann@Example.org", name="Ann", phone="+12065550100", prefs={"dark": True},
        verification=True, password="correct horse",
    )  # fmt: skip

    assert (user.id, user.name, user.email) == ("ann", "Ann", "ann@example.org")
    assert (user.phone, user.prefs, user.email_verification) == (
        "+12065550100",
        {"dark": True},
        True,
    )
    assert user.password
    assert appwrite.user("ann", email="ann@example.org").email_verification
    assert not appwrite.user("ann", email="ann@example.com").email_verification
    assert appwrite.user("ann").created_at == user.created_at


def test_who_is_not_described_is_named_as_his_id(appwrite: Appwrite) -> None:
    assert appwrite.user("ann").name == "ann"


def test_a_blocked_user_is_refused(appwrite: Appwrite) -> None:
    appwrite.user("ann", status=False)

    with pytest.raises(Refused) as caught:
        appwrite.functions["node"].call(user="ann")
    assert caught.value.type == "user_blocked"


def test_no_function_hears_of_the_people_of_a_test(appwrite: Appwrite) -> None:
    appwrite.functions["node"].update(events=["users.*.create", "teams.*.create"])

    appwrite.user("ann", labels=["vip"], teams=["staff"])
    appwrite.settle()

    assert appwrite.executions() == []


def test_who_was_signed_out_is_signed_in_again(appwrite: Appwrite) -> None:
    appwrite.functions["node"].call(user="ann")
    appwrite._stage.api.ask("DELETE", "/users/ann/sessions")
    appwrite.functions["node"].call(user="ann")
    appwrite._stage.api.ask("DELETE", "/users/ann")

    assert appwrite.functions["node"].call(user="ann").user == "ann"


def test_one_session_serves_all_calls(appwrite: Appwrite) -> None:
    assert appwrite.session("ann") == appwrite.session("ann")
    assert appwrite.session("ann") != appwrite.session("bob")


@pytest.mark.parametrize("way", ["headers", "session", "jwt"])
def test_secrets_serve_programs_of_any_language(appwrite: Appwrite, way: str) -> None:
    project = {"x-appwrite-project": appwrite.project}
    headers = {
        "headers": lambda: appwrite.headers("ann"),
        "session": lambda: {**project, "x-appwrite-session": appwrite.session("ann")},
        "jwt": lambda: {**project, "x-appwrite-jwt": appwrite.jwt("ann", seconds=60)},
    }[way]()

    with urlopen(Request(f"{appwrite.endpoint}/account", headers=headers)) as reply:
        assert json.load(reply)["$id"] == "ann"


def test_headers_name_guests_and_servers(appwrite: Appwrite) -> None:
    assert appwrite.headers(guest=True) == {"x-appwrite-project": appwrite.project}
    assert appwrite.headers()["x-appwrite-key"] == appwrite.key


def test_an_address_that_somebody_else_has_is_refused(appwrite: Appwrite) -> None:
    appwrite.user("ann", email="ann@example.org")

    with pytest.raises(Refused) as caught:
        appwrite.user("bob", email="ann@example.org", labels=["vip"])
    assert caught.value.type == "user_target_already_exists"
    with pytest.raises(Refused, match="could not be found"):
        appwrite._stage.api.ask("GET", "/users/bob")


@pytest.mark.parametrize(
    ("wrong", "kind", "text"),
    [
        (
            {"labels": "vip"},
            TypeError,
            "labels is 'vip', it must be a list of texts, such as ['vip']",
        ),
        (
            {"labels": ["v i p"]},
            ValueError,
            "label is 'v i p', it must be 1 to 36 letters and digits",
        ),
        ({"labels": [3]}, TypeError, "label is 3, it must be a text"),
        ({"teams": "staff"}, TypeError, "teams is 'staff', it must be a list of texts"),
        ({"teams": {"staff": "owner"}}, TypeError, "teams['staff'] is 'owner'"),
        ({"teams": ["no/team"]}, ValueError, "team is 'no/team', it must be at most 36"),
        ({"teams": {"staff": ["a b"]}}, ValueError, "role is 'a b'"),
        ({"verified": True}, TypeError, "no attribute 'verified'. Did you mean verification"),
        ({"qqq": 43}, TypeError, "no attribute 'qqq'. There are name, email"),
        ({"email": "ann"}, ValueError, "email is 'ann', which is no address"),
        ({"verification": "yes"}, TypeError, "verification is 'yes', it must be true or false"),
        ({"prefs": [1]}, TypeError, "prefs is [1], it must be an object"),
        ({"prefs": {"a": {1}}}, TypeError, "not JSON serializable"),
        ({"prefs": {"a": float("nan")}}, ValueError, "not JSON compliant"),
    ],
)
def test_what_is_no_user_is_refused(
    appwrite: Appwrite, wrong: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=re.escape(text)):
        appwrite.user("ann", **wrong)


def test_an_empty_id_is_nobody_and_no_server(appwrite: Appwrite) -> None:
    with pytest.raises(ValueError, match="user is '', it must be"):
        appwrite.functions["node"].call(user="")


def test_an_emulator_that_takes_no_key_has_one_for_its_tests() -> None:
    with Emulator(port=0, strict=True) as emulator, isolated(emulator) as appwrite:
        code = 'def main(context):\n    return context.res.text("open")\n'
        (function,) = appwrite.deploy(files={"main.py": code}, id="one", runtime="python-3.12")

        assert function.call().text == "open"


def test_the_key_may_do_everything_though_those_declared_may_not() -> None:
    reader = Key("reader", ("functions.read",))
    with Emulator(port=0, keys=(reader,), strict=True) as emulator, isolated(emulator) as appwrite:
        assert appwrite.key != "reader"
        assert appwrite._stage.api.ask("GET", "/users")["total"] == 0


def test_the_key_of_all_tests_outlives_what_they_go_back_to() -> None:
    def seed(appwrite: Appwrite) -> None:
        appwrite.user("ann")

    def users(appwrite: Appwrite) -> int:
        total: int = appwrite._stage.api.ask("GET", "/users")["total"]
        return total

    with Emulator(port=0, keys=(Key("reader", ("users.read",)),), strict=True) as emulator:
        session, keys = Session(emulator), emulator.services.api_keys
        for _ in range(2):
            with session.test(Terms(seed=seed)) as appwrite:
                assert users(appwrite) == 1
                appwrite.user("bob")
                appwrite.reset()
                assert users(appwrite) == 1
        emulator.reset()
        with session.test(Terms(seed=seed)) as appwrite:
            assert users(appwrite) == 1
        assert len(emulator.in_loop(keys.of, emulator.project)) == 1
        session.close()
        assert emulator.in_loop(keys.of, emulator.project) == []


def test_a_declared_key_for_everything_is_the_key() -> None:
    keys = (Key("reader", ("functions.read",)), Key("admin"))
    with Emulator(port=0, keys=keys, strict=True) as emulator, isolated(emulator) as appwrite:
        assert appwrite.key == "admin"
