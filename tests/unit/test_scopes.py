"""Who may do what, by role and era."""

from __future__ import annotations

import pytest

from appwrite_emulator.errors import ApiError, Era
from appwrite_emulator.http import scopes
from appwrite_emulator.models import Caller

ERAS: tuple[Era, Era] = ("1.6", "1.9")
KEY = Caller(project="p", scopes=scopes.of_key(["sessions.write"]), is_privileged=True, name="app")


@pytest.mark.parametrize("era", ERAS)
def test_each_role_may_what_the_lesser_one_may(era: Era) -> None:
    assert scopes.of_guests(era) < scopes.of_users(era) < scopes.of_developers()
    assert {"sessions.write", "execution.write", "executions.write"} <= scopes.of_guests(era)
    assert {"account", "execution.read", "executions.read"} <= scopes.of_users(era)
    assert "account" not in scopes.of_guests(era)


def test_users_of_1_9_may_more() -> None:
    more = scopes.of_users("1.9") - scopes.of_users("1.6")
    assert more == {"rows.read", "rows.write", "presences.read", "presences.write", "rules.read"}


def test_no_key_has_what_people_only_have() -> None:
    assert not scopes.of_full_key() & {"account", "console", "home", "projects.read"}
    assert {"users.write", "functions.read", "health.read"} <= scopes.of_full_key()


@pytest.mark.parametrize(
    ("era", "wanted", "missing"),
    [
        ("1.6", ("functions.read",), "missing scope (functions.read)"),
        ("1.6", ("executions.read", "execution.read"), "missing scope (execution.read)"),
        ("1.9", ("functions.read",), 'missing scopes (["functions.read"])'),
        ("1.9", ("executions.read", "execution.read"),
         'missing scopes (["executions.read","execution.read"])'),
    ],
)  # fmt: skip
def test_a_refusal_names_who_and_what(era: Era, wanted: tuple[str, ...], missing: str) -> None:
    with pytest.raises(ApiError) as refused:
        scopes.require(Caller(project="p"), wanted, era)
    assert refused.value.type == "general_unauthorized_scope"
    assert refused.value.message == f"User (role: guests) {missing}"


def test_alternatives_are_for_keys() -> None:
    wanted = ("users.write", "sessions.write")
    scopes.require(KEY, wanted, "1.9")
    guest = Caller(project="p", scopes=scopes.of_guests("1.9"))
    with pytest.raises(ApiError) as refused:
        scopes.require(guest, wanted, "1.9")
    assert refused.value.type == "general_unauthorized_scope"


def test_who_is_blocked_is_told_after_what_is_missing() -> None:
    blocked = Caller(project="p", scopes=scopes.of_users("1.9"), user_id="u", is_blocked=True)
    for wanted, type in (((), "user_blocked"), (("account",), "user_blocked"),
                         (("users.read",), "general_unauthorized_scope")):  # fmt: skip
        with pytest.raises(ApiError) as refused:
            scopes.require(blocked, wanted, "1.9")
        assert refused.value.type == type
