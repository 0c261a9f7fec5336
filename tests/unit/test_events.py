"""Which events exist, and under which names one goes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator import events

EXECUTION = "functions.[functionId].executions.[executionId].create"
MEMBERSHIP = "teams.[teamId].memberships.[membershipId].update.status"
DOCUMENT = "databases.[databaseId].collections.[collectionId].documents.[documentId].create"


@pytest.mark.parametrize(
    "pattern",
    [
        "users.*",
        "users.abc",
        "users.*.create",
        "users.*.update.email",
        "users.*.sessions",
        "users.*.sessions.abc",
        "databases.*.collections.*.documents.abc",
        "users.*.sessions.*.create",
        "buckets.*.files.*.create",
        "databases.*.collections.*.documents.*.create",
        "databases.*.tables.*.rows.*.delete",
        "rules.*.create",
        "messages.*.create",
        "teams.*.memberships.*.update.status",
        "users.*.update.x.y",
        "functions.*",
        "databases.*.collections.*.documents.*.upsert",
    ],
)
def test_an_event_of_the_vocabulary_is_valid(pattern: str) -> None:
    assert events.is_valid(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "users",
        "unknown.*",
        "*.create",
        "users..create",
        "users.0.create",
        "users.*.unknown",
        "users.*.$resource",
        "users.*.delete.email",
        "users.*.sessions.*.unknown",
        "teams.*.memberships.*.update.unknown",
        "databases.*.collections.*.foo.*.create",
        "databases.*.collections.*.documents.*.unknown",
        "databases.*.collections.*.indexes.*.upsert",
        "databases.a.collections.b.documents.c.update.d",
    ],
)
def test_other_patterns_are_not_valid(pattern: str) -> None:
    assert not events.is_valid(pattern)


def test_an_execution_goes_out_under_ten_names() -> None:
    assert events.generate(EXECUTION, {"functionId": "F", "executionId": "E"}) == [
        "functions.F.executions.E.create",
        "functions.*.executions.*.create",
        "functions.F.executions.*.create",
        "functions.*.executions.E.create",
        "functions.F.executions.E",
        "functions.*.executions.*",
        "functions.F.executions.*",
        "functions.*.executions.E",
        "functions.F",
        "functions.*",
    ]


def test_the_attribute_of_a_plain_event_comes_after_its_action() -> None:
    assert events.generate("users.[userId].update.email", {"userId": "U"}) == [
        "users.U.update",
        "users.*.update",
        "users.U.update.email",
        "users.*.update.email",
        "users.U",
        "users.*",
    ]


def test_the_order_of_the_params_decides_the_order_of_wildcards() -> None:
    names = events.generate(MEMBERSHIP, {"membershipId": "M", "teamId": "T"})
    four = [
        "teams.T.memberships.M{}",
        "teams.*.memberships.*{}",
        "teams.*.memberships.M{}",
        "teams.T.memberships.*{}",
    ]
    expected = [name.format(end) for end in (".update.status", ".update", "") for name in four]
    teams = ["teams.T.update.status", "teams.*.update.status", "teams.T", "teams.*"]
    assert names == expected + teams


def test_names_of_a_database_event_are_followed_by_their_twins() -> None:
    ids = {"databaseId": "DB", "collectionId": "C", "documentId": "DOC"}
    names = events.generate(DOCUMENT, ids)
    old = [name for name in names if ".tables." not in name]
    assert old[:8] == [
        "databases.DB.collections.C.documents.DOC.create",
        "databases.*.collections.*.documents.*.create",
        "databases.DB.collections.*.documents.DOC.create",
        "databases.*.collections.*.documents.DOC.create",
        "databases.*.collections.C.documents.DOC.create",
        "databases.DB.collections.C.documents.*.create",
        "databases.*.collections.C.documents.*.create",
        "databases.DB.collections.*.documents.*.create",
    ]
    assert len(old) == 22
    assert names[:2] == [old[0], "databases.DB.tables.C.rows.DOC.create"]
    assert names[-2:] == ["databases.DB", "databases.*"]
    assert len(names) == 42


def test_an_event_without_an_action_has_the_names_of_its_resources() -> None:
    names = events.generate("teams.[t].memberships.[m]", {"t": "T", "m": "M"})
    assert names[:2] == ["teams.T.memberships.M", "teams.*.memberships.*"]
    assert sorted(names[2:]) == [
        "teams.*",
        "teams.*.memberships.M",
        "teams.T",
        "teams.T.memberships.*",
    ]


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^\[executionId\] is missing from the params\.$"):
        events.generate(EXECUTION, {"functionId": "F"})


@given(st.permutations(["functionId", "executionId"]), st.sampled_from(["create", "update"]))
def test_names_are_unique_specific_first_and_free_of_brackets(keys: list[str], action: str) -> None:
    ids = {"functionId": "F", "executionId": "E"}
    pattern = f"functions.[functionId].executions.[executionId].{action}"
    names = events.generate(pattern, {key: ids[key] for key in keys})
    assert names[0] == f"functions.F.executions.E.{action}"
    assert len(set(names)) == len(names)
    assert not set("[]") & set("".join(names))


@given(st.text(alphabet="users.*create0", max_size=30))
def test_any_text_is_judged_without_failing(pattern: str) -> None:
    if events.is_valid(pattern):
        assert pattern.startswith("users.")
