"""Which events a function may name among those it listens to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appwrite_emulator import events

from .event_table import DECLARED, FIRED, TREES, declared, is_subscribable, params_of


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
        "databases.*.tables.*.rows.*.upsert",
        "databases.*.collections.*.indexes.*.update",
        "databases.*.collections.*.attributes.*.update",
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


def _others(patterns: list[str]) -> list[str]:
    return [each for each in patterns if not each.startswith("functions.")]


def _not_valid(patterns: list[str]) -> set[str]:
    """The names with `*` alone that such events go out under and that no function may name."""
    found = {
        name
        for pattern in patterns
        for name in events.generate(pattern, dict.fromkeys(params_of(pattern), "*"))
    }
    return {name for name in found if not events.is_valid(name)}


@pytest.mark.parametrize("version", DECLARED)
def test_every_name_of_a_declared_event_may_be_listened_to(version: str) -> None:
    # The status of a membership goes out as one of its team too, which the vocabulary lacks.
    assert _not_valid(_others(DECLARED[version])) == {"teams.*.update.status"}


# What routes fire although no vocabulary has it; the shorter names of these are valid.
_UNDECLARED = {
    "users.*.sessions.*.update", "users.*.delete.mfa", "messages.*.delete",
    "teams.*.update.status",
    "users.*.challenges.*.create", "users.*.challenges.*",
    "users.*.identities.*.delete", "users.*.identities.*",
}  # fmt: skip
# In 1.9 also these services, of which functions hear nothing at all, and the logs of sites.
_UNHEARD = (
    "authMethod", "keys", "migrations", "mock-phones", "oauth2", "platforms", "presences",
    "projects", "protocols", "services", "templates", "tokens", "variables", "webhooks",
)  # fmt: skip


@pytest.mark.parametrize(
    ("version", "more"),
    [("1.6.2", set()), ("1.9.6", {"sites.*.logs.*.delete", "sites.*.logs.*"})],
)
def test_every_name_of_a_fired_event_may_be_listened_to_but_for_these(
    version: str, more: set[str]
) -> None:
    fired = [each for each in _others(FIRED[version]) if not each.startswith("project.")]
    found = _not_valid(fired)
    unheard = {name for name in found if name.split(".")[0] in _UNHEARD}
    assert found - unheard == _UNDECLARED | more
    assert unheard == {
        name
        for pattern in fired
        if pattern.split(".")[0] in _UNHEARD
        for name in events.generate(pattern, dict.fromkeys(params_of(pattern), "*"))
    }


@pytest.mark.parametrize("version", DECLARED)
def test_events_of_functions_are_known_so_that_they_can_be_refused_in_their_own_words(
    version: str,
) -> None:
    own = [each for each in DECLARED[version] if each.startswith("functions.")]
    assert _not_valid(own) == set()


@given(st.text(alphabet="users.*create0", max_size=30))
def test_any_text_is_judged_without_failing(pattern: str) -> None:
    if events.is_valid(pattern):
        assert pattern.startswith("users.")


_TREES = [pattern for tree in TREES.values() for pattern in declared(tree)]
_WORDS = sorted({part for each in _TREES for part in each.split(".") if part[0] != "["})
_odd = st.sampled_from(["*", "abc", "", "0", "create", "update", "upsert", "email", "x"])


@st.composite
def _patterns(draw: st.DrawFn) -> str:
    """A declared event with parts changed, left out and added; or words in any order."""
    parts = draw(
        st.sampled_from(_TREES).map(lambda pattern: pattern.split("."))
        | st.lists(st.sampled_from(_WORDS) | _odd, max_size=8)
    )
    parts = ["*" if part[:1] == "[" else part for part in parts]
    for _ in range(draw(st.integers(0, 2)) if parts else 0):
        parts[draw(st.integers(0, len(parts) - 1))] = draw(st.sampled_from(_WORDS) | _odd)
    end = draw(st.integers(0, len(parts)))
    more = draw(st.lists(st.sampled_from(_WORDS) | _odd, max_size=2))
    return ".".join(draw(st.sampled_from([parts, parts[:end], parts + more])))


@settings(max_examples=1000)
@given(_patterns())
def test_any_pattern_is_judged_by_the_rules_of_the_validator(pattern: str) -> None:
    assert events.is_valid(pattern) == (pattern != "" and is_subscribable(pattern))
