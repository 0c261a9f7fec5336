"""What the full name of an event says, and what is told about names that are none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator import events

from .event_table import DECLARED, FIRED, params_of


@pytest.mark.parametrize(
    ("name", "pattern", "params"),
    [
        ("users.ann.create", "users.[userId].create", {"userId": "ann"}),
        ("users.u.update.email", "users.[userId].update.email", {"userId": "u"}),
        (
            "databases.main.collections.posts.documents.1.create",
            "databases.[databaseId].collections.[collectionId].documents.[documentId].create",
            {"databaseId": "main", "collectionId": "posts", "documentId": "1"},
        ),
        (
            "tablesdb.main.tables.posts.rows.1.upsert",
            "tablesdb.[databaseId].tables.[tableId].rows.[rowId].upsert",
            {"databaseId": "main", "tableId": "posts", "rowId": "1"},
        ),
        (
            "buckets.b.files.f.create",
            "buckets.[bucketId].files.[fileId].create",
            {"bucketId": "b", "fileId": "f"},
        ),
        ("messages.m.create", "messages.[messageId].create", {"messageId": "m"}),
        (
            "users.u.recovery.t.create",
            "users.[userId].recovery.[tokenId].create",
            {"userId": "u", "tokenId": "t"},
        ),
        (
            "teams.t.memberships.m.update.status",
            "teams.[teamId].memberships.[membershipId].update.status",
            {"teamId": "t", "membershipId": "m"},
        ),
        ("messages.m.delete", "messages.[messageId].delete", {"messageId": "m"}),  # undeclared
        ("users.create.create", "users.[userId].create", {"userId": "create"}),
    ],
)
def test_a_name_says_its_pattern_and_its_ids(
    name: str, pattern: str, params: dict[str, str]
) -> None:
    assert events.read(name) == (pattern, params)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "An event has a name such as users.ann.create."),
        ("user.ann.create", "none begins with 'user'. Did you mean users? Events begin with bucke"),
        ("*.ann.create", "'*.ann.create': functions listen to patterns, an event has an id in pla"),
        ("users.*.create", "an event has an id in place of each *"),
        ("users", "an id follows 'users'"),
        ("users.ann", "it does not say what happened. 'users' has challenges.ID, create, delete"),
        ("users.ann.creat", "'users' has no 'creat'. Did you mean create? 'users' has"),
        ("users.ann.sessions", "an id follows 'sessions'"),
        ("users.ann.sessions.s", "what happened. 'sessions' has create, delete, update."),
        ("databases.d.documents.1.create", "'databases' has no 'documents'. 'databases' has coll"),
        (
            "databases.d.collections.c.documents.1.foo",
            "'documents' has no 'foo'. 'documents' has create, delete, update, upsert.",
        ),
        ("users.ann.update.mail", "'update' has no 'mail'. Did you mean email? 'update' has em"),
        ("users.ann.create.email", "nothing follows 'create'"),
        ("users.ann.update.email.now", "nothing follows 'email'"),
        ("users.ann.update.foo.now", "'update' has no 'foo'."),
        ("users..create", "a part of it is empty"),
        (".users.a.create", "a part of it is empty"),
        ("users.a.create.", "a part of it is empty"),
        ("users.ü.create", "'ü' cannot be an id, which has at most 255 letters, digits, _ and -"),
        ("users.a\n.create", r"'a\n' cannot be an id"),
        ("users.[userId].create", "'[userId]' cannot be an id"),
        ("users.-a.create", "'-a' cannot be an id"),
        (f"users.{'a' * 256}.create", f"'{'a' * 100}...' cannot be an id"),
        ("users.$id.$model", "'$id' cannot be an id"),
        ("users.a.$model", "'users' has no '$model'"),
        (f"{'a.' * 5000}b", "none begins with 'a'."),
    ],
)
def test_another_text_is_refused_with_what_is_wrong_where(name: str, words: str) -> None:
    with pytest.raises(events.EventRefused, match=re.escape(words)) as caught:
        events.read(name)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("name", [None, 5, b"users.a.create"])
def test_what_is_no_text_is_refused(name: str) -> None:
    with pytest.raises(events.EventRefused, match=r"^An event has a name"):
        events.read(name)


# Patterns whose own names do not say what they mean: a part of them is neither an action nor an
# attribute of a resource, so that Appwrite tells of something shorter.
_CROOKED = {
    "users.[userId].sessions.delete", "users.[userId].create.mfa.recovery-codes",
    "users.[userId].update.mfa.recovery-codes",
}  # fmt: skip
_KNOWN = {each.split(".")[0] for patterns in DECLARED.values() for each in patterns} | {"variables"}


@pytest.mark.parametrize("version", FIRED)
def test_what_appwrite_fires_for_its_functions_to_hear_can_be_read(version: str) -> None:
    for pattern in FIRED[version]:
        if pattern.split(".")[0] in _KNOWN and pattern not in _CROOKED:
            params = params_of(pattern)
            name = ".".join(params.get(part[1:-1], part) for part in pattern.split("."))
            assert events.read(name) == (pattern, params)


@given(st.sampled_from([each for patterns in DECLARED.values() for each in patterns]), st.data())
def test_a_declared_event_is_told_under_the_name_that_was_read(
    pattern: str, data: st.DataObject
) -> None:
    ids = st.text("abYZ09_-", min_size=1, max_size=4).filter(lambda id: id[0] not in "_-")
    parts = [data.draw(ids) if part[0] == "[" else part for part in pattern.split(".")]
    read = events.read(".".join(parts))
    assert list(read.params.values()) == parts[1::2][: len(read.params)]
    assert ".".join(parts) in events.generate(read.pattern, read.params)


@given(st.lists(st.sampled_from(["users", "update", "email", "*", "", "a", "ü"])).map(".".join))
def test_any_text_is_read_or_refused(name: str) -> None:
    try:
        read = events.read(name)
    except events.EventRefused:
        return
    assert name in events.generate(read.pattern, read.params)
