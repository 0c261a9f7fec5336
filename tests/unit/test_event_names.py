"""Under which names an event goes out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator import events

from .event_table import DECLARED, FIRED, names, params_of

EXECUTION = "functions.[functionId].executions.[executionId].create"
MEMBERSHIP = "teams.[teamId].memberships.[membershipId].update.status"
DOCUMENT = "databases.[databaseId].collections.[collectionId].documents.[documentId].create"


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


def test_creations_of_functions_and_users_go_out_under_four_names() -> None:
    for kind, key in (("functions", "functionId"), ("users", "userId")):
        assert events.generate(f"{kind}.[{key}].create", {key: "X"}) == [
            f"{kind}.X.create", f"{kind}.*.create", f"{kind}.X", f"{kind}.*",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("project.labels.update", "labels"),  # as on a route of 1.9.6
        ("users.[userId].update", "[userId]"),
        ("teams.[teamId].memberships.[membershipId].create", "[teamId]"),
    ],
)
def test_the_first_placeholder_without_a_value_is_named(pattern: str, name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(name)} is missing from the params\.$"):
        events.generate(pattern, {"membershipId": "M"})


_PATTERNS = sorted(
    {each for patterns in (*DECLARED.values(), *FIRED.values()) for each in patterns}
    - {"project.labels.update", "project.smtp.update"}  # no placeholder where one must be
)
_ids = st.text("abYZ09_-", min_size=1, max_size=4).filter(lambda id: id[0] not in "_-")
_words = st.sampled_from(["users", "databases", "collections", "rows", "update", "status", "x"])


@st.composite
def _made_up(draw: st.DrawFn) -> str:
    """A pattern of any shape that the table knows."""
    levels, words = draw(st.integers(1, 3)), draw(st.lists(_words, max_size=2))
    pairs = [part for n in range(levels) for part in (draw(_words), f"[id{n}]")]
    return ".".join(pairs + words)


@pytest.mark.parametrize("pattern", _PATTERNS)
def test_every_event_of_appwrite_has_the_names_of_its_table(pattern: str) -> None:
    params = params_of(pattern)
    assert events.generate(pattern, params) == names(pattern, params)


@given(st.sampled_from(_PATTERNS) | _made_up(), st.data())
def test_any_pattern_has_the_names_of_the_table(pattern: str, data: st.DataObject) -> None:
    keys = data.draw(st.permutations([*params_of(pattern), "more"]))
    params = {key: data.draw(_ids) for key in keys}
    kept = dict(params)
    found = events.generate(pattern, params)
    assert found == names(pattern, params)
    assert (found, params) == (events.generate(pattern, params), kept)
    assert len(set(found)) == len(found)
    assert not set("[]") & set("".join(found))


@given(st.sampled_from(_PATTERNS))
def test_the_first_name_is_the_whole_pattern_with_ids(pattern: str) -> None:
    params = params_of(pattern)
    whole = pattern
    for key, value in params.items():
        whole = whole.replace(f"[{key}]", value)
    first = events.generate(pattern, params)[0]
    # What comes after an action of a resource at the top is not in the first name.
    is_plain = pattern.count("[") == 1 and pattern.count(".") > 2
    assert first == (".".join(whole.split(".")[:3]) if is_plain else whole)
