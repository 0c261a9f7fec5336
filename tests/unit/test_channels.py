"""Channels: which ones an event has in each era, who may hear it, what a client listens to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.channels import ACTIONS, Audience, Telling, audience, of_listener, readers
from appwrite_emulator.errors import Era

MINE = {"$permissions": ['read("user:U")', 'update("user:V")', 'read("team:T/owner")']}
READERS = frozenset(["user:U", "team:T/owner"])
DOCUMENTS = "databases.D.collections.C.documents"
ROWS = "databases.D.tables.C.rows"

# (path, payload): (channels of 1.6, what 1.9 has more than those and actions, roles)
TABLE: dict[str, tuple[dict[str, Any], list[str], list[str], frozenset[str]]] = {
    "users.U.create": ({}, ["account", "account.U"], [], frozenset(["user:U"])),
    "users.U.update.prefs": ({}, ["account", "account.U"], [], frozenset(["user:U"])),
    "users.U.sessions.S.create": ({}, ["account", "account.U"], [], frozenset(["user:U"])),
    "teams.T.update.prefs": ({}, ["teams", "teams.T"], [], frozenset(["team:T"])),
    "teams.T.memberships.M.update.status": (
        {}, ["memberships", "memberships.M"], [], frozenset(["team:T"]),
    ),
    "functions.F.executions.E.create": (
        MINE, ["console", "projects.P", "executions", "executions.E", "functions.F"], [], READERS,
    ),
    "databases.D.collections.C.documents.X.upsert": (
        MINE, ["documents", DOCUMENTS, f"{DOCUMENTS}.X"], ["rows", ROWS, f"{ROWS}.X"], READERS,
    ),
    "databases.D.tables.C.rows.X.delete": (
        MINE, ["documents", DOCUMENTS, f"{DOCUMENTS}.X"], ["rows", ROWS, f"{ROWS}.X"], READERS,
    ),
    "buckets.B.files.X.update": (
        MINE, ["files", "buckets.B.files", "buckets.B.files.X"], [], READERS,
    ),
}  # fmt: skip


def heard(path: str, payload: dict[str, Any], era: Era) -> Audience:
    return audience(Telling("P", path.split("."), payload, "owners"), era)


@pytest.mark.parametrize("path", TABLE)
def test_an_event_has_the_channels_of_the_era(path: str) -> None:
    payload, old, more, roles = TABLE[path]
    assert heard(path, payload, "1.6") == Audience("P", tuple(old), roles)
    new = heard(path, payload, "1.9")
    plain = [channel for channel in new.channels if not channel.endswith(ACTIONS)]
    assert plain == (more + old if more else old)
    assert (new.project, new.roles) == ("P", roles)


@pytest.mark.parametrize(
    ("path", "channels"),
    [
        ("functions.F.executions.E.update",
         ["executions.update", "executions.E.update", "functions.F.update"]),
        ("users.U.update.email", ["account.update", "account.U.update"]),
        ("users.U.delete", ["account.delete", "account.U.delete"]),
        ("users.U.sessions.S.create", []),
        ("users.U.recovery.R.update", []),
        ("teams.T.update.prefs", ["teams.update", "teams.T.update"]),
        ("teams.T.memberships.M.update.status", ["memberships.update", "memberships.M.update"]),
        ("buckets.B.files.X.create",
         ["files.create", "buckets.B.files.create", "buckets.B.files.X.create"]),
    ],
)  # fmt: skip
def test_since_19_what_was_done_is_a_channel_of_its_own(path: str, channels: list[str]) -> None:
    names = heard(path, MINE, "1.9").channels
    assert [name for name in names if name.endswith(ACTIONS)] == channels


@pytest.mark.parametrize("era", ["1.6", "1.9"])
@pytest.mark.parametrize(
    "path",
    ["functions.F.deployments.D.create", "functions.F.deployments.D.update", "rules.R.create",
     "sites.S.deployments.D.update", "databases.D.collections.C.attributes.A.create",
     "databases.D.tables.C.columns.A.update", "databases.D.collections.C.indexes.I.delete"],
)  # fmt: skip
def test_developers_hear_in_the_console_what_is_theirs(path: str, era: Era) -> None:
    told = heard(path, {"$permissions": ['read("any")']}, era)
    assert told == Audience("console", ("console", "projects.P"), frozenset(["team:owners"]))


@pytest.mark.parametrize("era", ["1.6", "1.9"])
@pytest.mark.parametrize(
    "path",
    [
        "functions.F.create",
        "functions.F.update",
        "functions.F",
        "buckets.B.create",
        "variables.V",
        "databases.D.create",
        "databases.D.collections.C.create",
        "messages.M.create",
        "x",
    ],
)
def test_of_the_rest_nobody_hears(path: str, era: Era) -> None:
    assert heard(path, {"$permissions": ['read("any")']}, era) == Audience("P")


def test_what_nobody_may_read_has_no_channels() -> None:
    permissions: list[Any] = [[], None, [1, "x"], 'read("any")', ["read(any)"]]
    for payload in ({}, *({"$permissions": each} for each in permissions)):
        assert heard("functions.F.executions.E.create", payload, "1.9") == Audience("P")


def test_an_id_with_dots_is_still_one_id() -> None:
    told = audience(Telling("P", ["users", "ada.b", "create"], {}), "1.6")
    assert told == Audience("P", ("account", "account.ada.b"), frozenset(["user:ada.b"]))


PARTS = st.sampled_from(
    ["users", "teams", "memberships", "functions", "executions", "databases", "collections",
     "tables", "documents", "rows", "buckets", "files", "deployments", "rules", "sessions",
     "create", "update", "delete", "U", "any", "T.x", ""]
)  # fmt: skip
ROLES = st.sampled_from(["any", "guests", "users", "user:U", "user:V", "team:T", "team:T/owner"])


@given(st.lists(PARTS, min_size=1, max_size=8), st.lists(ROLES), st.sampled_from(["1.6", "1.9"]))
def test_nobody_hears_what_he_may_not_read(path: list[str], roles: list[str], era: Era) -> None:
    payload = {"$permissions": [f'read("{role}")' for role in roles]}
    told = audience(Telling("P", path, payload, "owners"), era)
    if told.project == "console":
        assert told.roles == {"team:owners"}
    elif path[0] in ("users", "teams"):
        assert told.roles <= {f"{path[0][:-1]}:{id}" for id in path[1:2]}
    else:
        assert told.roles <= set(roles)
    assert bool(told.channels) == bool(told.roles)


@given(st.lists(st.text() | st.integers() | st.none()))
def test_only_permissions_to_read_let_read(permissions: list[Any]) -> None:
    assert readers({"$permissions": permissions}) == []
    assert readers({"$permissions": [*permissions, 'read("any")', 'write("x")']}) == ["any"]


def test_the_account_that_is_heard_is_ones_own() -> None:
    wanted = ["files", "account", "account.V", "account.create", "account.V.create", "accounts.X"]
    assert of_listener(wanted, "U", "1.9") == [
        "files", "account", "account.U.create", "accounts.X", "account.U",
    ]  # fmt: skip
    assert of_listener(wanted, "U", "1.6") == ["files", "account", "accounts.X", "account.U"]
    assert of_listener(wanted, "", "1.9") == ["files", "account", "account.create", "accounts.X"]
    assert of_listener(["account.U", "account."], "U", "1.9") == []
    assert of_listener(["a", "a"], "", "1.6") == ["a"]


@given(st.lists(st.text()), st.sampled_from(["", "U"]), st.sampled_from(["1.6", "1.9"]))
def test_no_account_of_others_is_heard(wanted: list[str], user_id: str, era: Era) -> None:
    asked = [f"account.{each}" for each in wanted] + wanted + ["account"]
    mine = {"account", f"account.{user_id}"} if user_id else {"account"}
    mine |= {f"{'account.' + user_id if user_id else 'account'}.{action}" for action in ACTIONS}
    for channel in of_listener(asked, user_id, era):
        assert channel in mine or channel.partition(".")[0] != "account"
