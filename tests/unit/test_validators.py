"""What parameters may be, and what is said about those that may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appwrite_emulator.http import credentials
from appwrite_emulator.http import validators as v
from appwrite_emulator.http.roles import Roles

NOW = datetime(2026, 1, 31, 9, 29, 30, tzinfo=UTC)
KEY = (
    "Parameter must contain at most 36 chars. Valid chars are a-z, A-Z, 0-9, period, hyphen, "
    "and underscore. Can't start with a special char"
)
HEADERS = (
    'Invalid headers: Alphanumeric characters or hyphens only, cannot start with "x-appwrite", '
    "maximum 100 keys, and total size 16384."
)
SCHEDULED = "Execution schedule must be a valid date, and at least 1 minute from now"


@pytest.mark.parametrize(
    ("validator", "value", "cleaned"),
    [
        (v.CustomId(), "unique()", "unique()"),
        (v.CustomId(), "a.B-1_" + "x" * 30, "a.B-1_" + "x" * 30),
        (v.Uid(), "a.b-c_d", "a.b-c_d"),
        (v.Text(2), "üü", "üü"),
        (v.Text(2, min=0), "", ""),
        (v.Raw(3), b"\x00\xff", b"\x00\xff"),
        (v.Raw(3), "", ""),
        (v.Boolean(), False, False),
        (v.Boolean(loose=True), "true", True),
        (v.Boolean(loose=True), "0", False),
        (v.Boolean(loose=True), 1, True),
        (v.Range(1, 900), "15", 15),
        (v.Range(1, 900), 900, 900),
        (v.WhiteList(("GET", "POST")), "POST", "POST"),
        (v.WhiteList(("ai", "auth"), loose=True), "AI", "ai"),
        (v.ArrayOf(v.Range(0, 9)), ["1", 2], (1, 2)),
        (v.ArrayOf(v.Text(1)), [], ()),
        (v.Nullable(v.Text(1)), None, None),
        (v.Nullable(v.Range(1, 2)), "2", 2),
        (v.Object(), [], {}),
        (v.Object(), {"a": 1}, {"a": 1}),
        (v.HeadersParam(), '{"a": "b"}', {"a": "b"}),
        (v.HeadersParam(), "", {}),
        (v.HeadersParam(), "[]", {}),
        (v.ExecutionHeaders(), {}, {}),
        (v.ExecutionHeaders(), {"X-Appwrite-A": "b"}, {"X-Appwrite-A": "b"}),
        (v.ExecutionHeaders(), {"a": 1, "b": True, "c": None}, {"a": "1", "b": "1", "c": ""}),
        (v.Cron(), "", ""),
        (v.Cron(), "*/5 * * * *", "*/5 * * * *"),
        (v.FunctionEvent(), "users.*.create", "users.*.create"),
        (v.Specification(("s-1", "s-2")), "s-2", "s-2"),
        (v.Queries(), ["a"], ("a",)),
        (v.scopes(), ["users.read", "execution.write"], ("users.read", "execution.write")),
        (credentials.EMAIL, "a@b.example", "a@b.example"),
        (credentials.EMAIL, "A.b_c+d'e/1@x1-y.b2.Example", "A.b_c+d'e/1@x1-y.b2.Example"),
        (credentials.PHONE, "+14155552671", "+14155552671"),
        (credentials.PASSWORD, "new\nline", "new\nline"),
        (v.LABEL, "vip", "vip"),
        (v.key(2), "a-", "a-"),
    ],
)
def test_what_may_be_is_cleaned(validator: v.Validator, value: Any, cleaned: Any) -> None:
    result = validator.clean(value)
    assert result == cleaned
    assert type(result) is type(cleaned)


@pytest.mark.parametrize(
    ("validator", "value", "text"),
    [
        (v.CustomId(), "_a", KEY),
        (v.CustomId(), "a" * 37, KEY),
        (v.CustomId(), "ä", KEY),
        (v.CustomId(), "a\n", KEY),
        (v.key(2), "abc", KEY.replace("36", "2")),
        (v.key(81), "a b", KEY.replace("36", "81")),
        (
            v.Text(2),
            "",
            "Value must be a valid string and at least 1 chars and no longer than 2 chars",
        ),
        (v.Text(2, min=0), "abc", "Value must be a valid string and no longer than 2 chars"),
        (
            v.Text(2),
            1,
            "Value must be a valid string and at least 1 chars and no longer than 2 chars",
        ),
        (v.Raw(2), b"abc", "Value must be a valid string and no longer than 2 chars"),
        (v.Boolean(), "true", "Value must be a valid boolean"),
        (v.Boolean(), 1, "Value must be a valid boolean"),
        (v.Boolean(loose=True), "yes", "Value must be a valid boolean"),
        (v.Range(1, 36500), 0, "Value must be a valid range between 1 and 36,500"),
        (v.Range(1, 9), 5.0, "Value must be a valid range between 1 and 9"),
        (v.Range(1, 9), "5.0", "Value must be a valid range between 1 and 9"),
        (v.Range(1, 9), True, "Value must be a valid range between 1 and 9"),
        (v.WhiteList(("a", "b")), "A", "Value must be one of (a, b)"),
        (v.WhiteList(("a", "b")), ["a"], "Value must be one of (a, b)"),
        (v.Nullable(v.Boolean()), 1, "Value must be a valid boolean or null"),
        (v.Object(), "x", "Value must be a valid object."),
        (v.HeadersParam(), "{", "Value must be a valid object."),
        (v.HeadersParam(), 1, "Value must be a valid object."),
        (v.ExecutionHeaders(), {"x-appwrite-a": "b"}, HEADERS),
        (v.ExecutionHeaders(), {"-a": "b"}, HEADERS),
        (v.ExecutionHeaders(), {"a-": "b"}, HEADERS),
        (v.ExecutionHeaders(), {"a_b": "b"}, HEADERS),
        (v.ExecutionHeaders(), {"": "b"}, HEADERS),
        (v.ExecutionHeaders(), {"a": []}, HEADERS),
        (v.ExecutionHeaders(), {"a": "b" * 16383}, HEADERS),
        (v.ExecutionHeaders(), {f"a{i}": "" for i in range(101)}, HEADERS),
        (v.Cron(), "* * * * * *", "String must be a valid cron expression"),
        (v.Cron(), "0 0 30 2 *", "String must be a valid cron expression"),
        (v.Cron(), 5, "String must be a valid cron expression"),
        (v.FunctionEvent(), "", "Event is not valid."),
        (v.FunctionEvent(), 1, "Event is not valid."),
        (
            v.ArrayOf(v.FunctionEvent()),
            ["users.*", "functions.*"],
            "Value must a valid array no longer than 100 items and "
            "Triggering a function on a function event is not allowed.",
        ),
        (
            v.ArrayOf(v.FunctionEvent()),
            "users.*",
            "Value must a valid array no longer than 100 items and Event is not valid.",
        ),
        (
            v.ArrayOf(v.Boolean(), max=1),
            [True, True],
            "Value must a valid array no longer than 1 items and Value must be a valid boolean",
        ),
        (v.Specification(("s-1", "s-2")), "", "Specification must be one of: s-1, s-2"),
        (v.Queries(), "limit(1)", "Queries must be an array"),
        (v.Queries(), {"a": "b"}, "Queries must be an array"),
        *(
            (credentials.EMAIL, value, "Value must be a valid email address")
            for value in (
                "a@b",
                "a b@c.de",
                "ü@c.de",
                "a@ü.de",
                "a\0@c.de",
                "a..b@c.de",
                ".a@c.de",
                "a.@c.de",
                "a@b@c.de",
                "a@c..de",
                "a@-c.de",
                "a@c-.de",
                "a@c.1",
                "a@c.de\n",
                "a" * 65 + "@c.de",
                f"a@{'c' * 64}.de",
                f"a@{'c.' * 126}de",
                "",
                "a@" + "a" * 100_000,
            )
        ),
        (
            credentials.PHONE,
            "14155552671",
            "Phone number must start with a '+' can have a maximum of fifteen digits.",
        ),
        (credentials.PASSWORD, "short", "Password must be between 8 and 256 characters long."),
        (credentials.PASSWORD, 12345678, "Password must be between 8 and 256 characters long."),
    ],
)
def test_what_may_not_be_is_refused_in_appwrites_words(
    validator: v.Validator, value: Any, text: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        validator.clean(value)
    assert str(caught.value) == text


def test_an_unknown_scope_is_refused_with_the_whole_list() -> None:
    with pytest.raises(ValueError, match=r"^Value must a valid array .*\(.*users\.read, .*\)$"):
        v.scopes().clean(["everything"])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T09:31:00.000+00:00", datetime(2026, 1, 31, 9, 31, tzinfo=UTC)),
        ("2026-01-31T09:31:00Z", datetime(2026, 1, 31, 9, 31, tzinfo=UTC)),
        ("2030-01-01 10:00:00", datetime(2030, 1, 1, 10, tzinfo=UTC)),
        ("2030-01-01T10:00:00+02:00", datetime(2030, 1, 1, 8, tzinfo=UTC)),
        ("Tue, 01 Jan 2030 10:00:00 +0000", datetime(2030, 1, 1, 10, tzinfo=UTC)),
        ("2030-01-01T10:00:00.000999Z", datetime(2030, 1, 1, 10, tzinfo=UTC)),
        ("9999-12-31T23:59", datetime(9999, 12, 31, 23, 59, tzinfo=UTC)),
    ],
)
def test_an_execution_can_be_scheduled_for_a_full_minute(text: str, moment: datetime) -> None:
    cleaned = v.ScheduledAt(NOW).clean(text)
    assert cleaned == moment
    assert cleaned.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        5,
        "2026-01-31T09:30:30Z",
        "2026-01-31T09:30:00Z",
        "2020-01-01T00:00:00Z",
        "2030-01-01T10:00:01Z",
        "2030-01-01T10:00:00.001Z",
        "20300101T100000",
        "10000-01-01T10:00:00Z",
        "9999-12-31T23:59:00-05:00",
    ],
)
def test_other_moments_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{SCHEDULED}$"):
        v.ScheduledAt(NOW).clean(value)


def test_a_moment_must_be_more_than_a_minute_away() -> None:
    minute = v.ScheduledAt(datetime(2026, 1, 31, 9, 30, tzinfo=UTC))
    assert minute.clean("2026-01-31T09:32:00Z")
    with pytest.raises(ValueError, match=f"^{SCHEDULED}$"):
        minute.clean("2026-01-31T09:31:00Z")


def test_roles_are_kept_as_given() -> None:
    roles = [
        "any",
        "any",
        "guests",
        "users/verified",
        "user:u1/unverified",
        "team:t1/owner",
        "member:m1",
        "label:vip",
    ]
    assert Roles().clean(roles) == tuple(roles)


ALLOWED = "Must be one of: any, guests, users, user, team, member, label."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("any", "Roles must be an array of strings."),
        ({"a": "any"}, "Roles must be an array of strings."),
        (["any"] * 101, "You can only provide up to 100 roles."),
        ([1], "Every role must be of type string."),
        (["*"], 'Wildcard role "*" has been replaced. Use "any" instead.'),
        (
            ["role:all"],
            'Roles using the "role:" prefix have been removed. '
            'Use "users", "guests", or "any" instead.',
        ),
        (["admin/"], f'Role "admin/" is not allowed. {ALLOWED}'),
        (["usersx:1"], f'Role "usersx" is not allowed. {ALLOWED}'),
        ([""], f'Role "" is not allowed. {ALLOWED}'),
        (["user"], 'Role "user" must have an ID value.'),
        (["label:"], 'Role "label" must have an ID value.'),
        (["any:a"], 'Role "any" can not have an ID value.'),
        (["user:_a"], f'Role "user" identifier value is invalid: {KEY}'),
        (["user:unique()"], f'Role "user" identifier value is invalid: {KEY}'),
        (
            ["label:a-b"],
            'Role "label" identifier value is invalid: Value must be a valid string between 1 '
            "and 36 chars containing only alphanumeric chars",
        ),
        (["guests/verified"], 'Role "guests" can not have a dimension value.'),
        (
            ["users/x"],
            'Role "users" dimension value is invalid. Must be one of: verified, unverified.',
        ),
        (
            ["team:t/a b"],
            f'Role "team" dimension value is invalid: {KEY.replace("36", "81")}',
        ),
        (["users/"], "Dimension must not be empty"),
        (["users/a/b"], "Only one dimension can be provided"),
    ],
)
def test_a_wrong_role_is_refused_in_appwrites_words(value: Any, text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        Roles().clean(value)
    assert str(caught.value) == text
