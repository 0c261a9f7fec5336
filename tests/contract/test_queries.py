"""Queries over HTTP: the texts of refusals, filters, orders, pages and cursors."""

from __future__ import annotations

import pytest

from .server import Json, Project, Server, names

PREFIX = "Invalid `queries` param: "
BIG = "9,223,372,036,854,775,808"
CURSOR = (
    "Invalid query: Invalid cursor: UID must contain at most 36 chars. Valid chars are a-z, A-Z, "
    "0-9, and underscore. Can't start with a leading underscore"
)


def q(method: str, *values: Json, on: str | None = None) -> Json:
    """A query object."""
    query: Json = {"method": method, "values": list(values)}
    return query if on is None else {**query, "attribute": on}


@pytest.fixture(scope="module")
def shelf(server: Server) -> Project:
    """A project with four functions."""
    project = server.project()
    project.function("a", name="Apple", timeout=10, runtime="node-22")
    project.function("b", name="banana", timeout=30, schedule="0 0 * * *")
    project.function("c", name="Cherry", timeout=20, enabled=False, entrypoint="c/main.py")
    project.function("d", name="apricot", timeout=20)
    return project


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "Invalid query: Invalid query: Syntax error"),
        ("{", "Invalid query: Invalid query: Syntax error"),
        ('equal("name", ["a"])', "Invalid query: Invalid query: Syntax error"),
        ("1", "Invalid query: Invalid query. Must be an array, got integer"),
        ('"a"', "Invalid query: Invalid query. Must be an array, got string"),
        ("null", "Invalid query: Invalid query. Must be an array, got NULL"),
        ("true", "Invalid query: Invalid query. Must be an array, got boolean"),
        ("1.5", "Invalid query: Invalid query. Must be an array, got double"),
        (q("foo"), "Invalid query: Invalid query method: foo"),
        ({}, "Invalid query: Invalid query method: "),
        ({"method": 1}, "Invalid query: Invalid query method. Must be a string, got integer"),
        (
            {"method": "equal", "attribute": 1, "values": [1]},
            "Invalid query: Invalid query attribute. Must be a string, got integer",
        ),
        (
            {"method": "equal", "attribute": "name", "values": "a"},
            "Invalid query: Invalid query values. Must be an array, got string",
        ),
        (q("equal", "a", on="zzz"), "Invalid query: Attribute not found in schema: zzz"),
        (q("orderAsc", on="zzz"), "Invalid query: Attribute not found in schema: zzz"),
        (q("equal", "a", on="name.x"), "Invalid query: Cannot query nested attribute on: name"),
        (q("equal", on="name"), "Invalid query: Equal queries require at least one value."),
        (q("contains", on="name"), "Invalid query: Contains queries require at least one value."),
        (
            q("notEqual", "a", "b", on="name"),
            "Invalid query: NotEqual queries require exactly one value.",
        ),
        (
            q("lessThan", on="timeout"),
            "Invalid query: LessThan queries require exactly one value.",
        ),
        (
            q("between", 1, on="timeout"),
            "Invalid query: Between queries require exactly two values.",
        ),
        (
            q("equal", "true", on="enabled"),
            'Invalid query: Query value is invalid for attribute "enabled"',
        ),
        (
            q("equal", "15", on="timeout"),
            'Invalid query: Query value is invalid for attribute "timeout"',
        ),
        (
            q("greaterThan", "never", on="$createdAt"),
            'Invalid query: Query value is invalid for attribute "$createdAt"',
        ),
        (
            q("contains", 1, on="timeout"),
            'Invalid query: Cannot query contains on attribute "timeout" because it is not an '
            "array, string, or object.",
        ),
        (
            q("limit", 0),
            f"Invalid query: Invalid limit: Value must be a valid range between 1 and {BIG}",
        ),
        (q("limit"), "Invalid query: Invalid limit: Value must be a valid number"),
        (q("limit", "ten"), "Invalid query: Invalid limit: Value must be a valid number"),
        (q("offset", "ten"), "Invalid query: Invalid limit: Value must be a valid number"),
        (
            q("offset", -1),
            f"Invalid query: Invalid offset: Value must be a valid range between 0 and {BIG}",
        ),
        (q("cursorAfter", "_x"), CURSOR),
        (q("cursorBefore", 1), CURSOR),
        (q("or", q("equal", "a", on="name")),
         "Invalid query: Or queries require at least two queries"),
        (q("and", q("equal", "a", on="name")),
         "Invalid query: And queries require at least two queries"),
        (q("or", q("equal", "a", on="name"), q("limit", 1)),
         "Invalid query: Or queries can only contain filter queries"),
        (q("select", "name"), "Invalid query method: select"),
        (q("elemMatch", 1, on="name"),
         "Invalid query: elemMatch is not supported by the database"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_query_is_told(shelf: Project, query: Json, text: str) -> None:
    assert shelf.get("/functions", query).error == (400, "general_argument_invalid", PREFIX + text)


def test_queries_are_an_array(shelf: Project) -> None:
    reply = shelf.call("GET", "/functions?queries=x")
    assert reply.error == (400, "general_argument_invalid", f"{PREFIX}Queries must be an array")


def test_searching_needs_an_index(shelf: Project) -> None:
    assert shelf.get("/functions", q("search", "a", on="name")).error == (
        400,
        "general_query_invalid",
        'Searching by attribute "name" requires a fulltext index.',
    )


@pytest.mark.parametrize(
    ("queries", "found"),
    [
        ([q("equal", "apple", on="name")], "a"),
        ([q("equal", "APPLE", "Banana", on="name")], "ab"),
        ([q("notEqual", "apple", on="name")], "bcd"),
        ([q("lessThan", 20, on="timeout")], "a"),
        ([q("lessThanEqual", 20, on="timeout")], "acd"),
        ([q("greaterThan", 20, on="timeout")], "b"),
        ([q("greaterThanEqual", 20, on="timeout")], "bcd"),
        ([q("between", 10, 20, on="timeout")], "acd"),
        ([q("notBetween", 10, 20, on="timeout")], "b"),
        ([q("startsWith", "ap", on="name")], "ad"),
        ([q("notStartsWith", "ap", on="name")], "bc"),
        ([q("endsWith", "RY", on="name")], "c"),
        ([q("notEndsWith", "ry", on="name")], "abd"),
        ([q("contains", "an", "pp", on="name")], "ab"),
        ([q("notContains", "a", on="name")], "c"),
        ([q("equal", False, on="enabled")], "c"),
        ([q("equal", "", on="schedule")], "acd"),
        ([q("isNotNull", on="schedule")], "abcd"),
        ([q("isNull", on="schedule")], ""),
        ([q("equal", "node-22", on="runtime")], "a"),
        ([q("equal", "", on="deployment")], "abcd"),
        ([q("equal", "", on="deploymentId")], "abcd"),
        ([q("startsWith", "c/", on="entrypoint")], "c"),
        ([q("equal", "b", "d", on="$id")], "bd"),
        ([q("greaterThan", "2000-01-01", on="$createdAt")], "abcd"),
        ([q("lessThan", "2000-01-01T00:00:00.000Z", on="$updatedAt")], ""),
        ([q("equal", 20, on="timeout"), q("equal", True, on="enabled")], "d"),
        ([q("or", q("equal", 10, on="timeout"), q("equal", 30, on="timeout"))], "ab"),
        (
            [q("and", q("equal", 20, on="timeout"), q("or", q("equal", "c", on="$id"),
               q("equal", "a", on="$id")))],
            "c",
        ),
        ([q("orderDesc")], "dcba"),
        ([q("orderDesc", "$id")], "dcba"),
        ([q("orderDesc", on="")], "dcba"),
        ([q("orderAsc")], "abcd"),
        ([q("orderDesc", on="$sequence")], "dcba"),
        ([q("orderDesc", on="$internalId")], "dcba"),
        ([q("orderAsc", on="name")], "adbc"),
        ([q("orderDesc", on="timeout")], "bcda"),
        ([q("orderAsc", on="timeout"), q("orderDesc", on="name")], "acdb"),
        ([q("limit", 2)], "ab"),
        ([q("limit", 2), q("limit", 1)], "ab"),
        ([q("limit", 2), q("offset", 1)], "bc"),
        ([q("offset", 4)], ""),
        ([q("limit", 99999)], "abcd"),
        ([q("cursorAfter", "b")], "cd"),
        ([q("cursorAfter", "d")], ""),
        ([q("cursorBefore", "c")], "ab"),
        ([q("cursorBefore", "d"), q("limit", 2)], "bc"),
        ([q("cursorBefore", "a")], ""),
        ([q("cursorAfter", "a"), q("offset", 1)], "cd"),
        ([q("orderDesc"), q("cursorAfter", "c")], "ba"),
        ([q("orderAsc", on="name"), q("cursorAfter", "d")], "bc"),
        ([q("orderAsc", on="name"), q("cursorBefore", "c"), q("limit", 2)], "db"),
        ([q("orderDesc", on="timeout"), q("cursorAfter", "c")], "da"),
        ([q("equal", 20, on="timeout"), q("cursorAfter", "a")], "cd"),
    ],
)  # fmt: skip
def test_queries_choose_order_and_page(shelf: Project, queries: list[Json], found: str) -> None:
    listed = shelf.get("/functions", *queries).expect(200)
    assert "".join(names(listed["functions"])) == found


@pytest.mark.parametrize(
    ("queries", "total"),
    [
        ([q("limit", 1)], 4),
        ([q("offset", 3)], 4),
        ([q("cursorAfter", "c")], 4),
        ([q("equal", 20, on="timeout"), q("limit", 1)], 2),
        ([q("equal", 20, on="timeout"), q("cursorAfter", "c"), q("orderAsc", on="name")], 2),
    ],
)
def test_the_total_ignores_pages(shelf: Project, queries: list[Json], total: int) -> None:
    assert shelf.get("/functions", *queries).expect(200)["total"] == total


def test_random_order_has_all(shelf: Project) -> None:
    listed = shelf.get("/functions", q("orderRandom")).expect(200)
    assert sorted(names(listed["functions"])) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/functions", "Function"), ("/functions/a/deployments", "Deployment"),
     ("/functions/a/executions", "Execution"), ("/functions/a/variables", "Variable")],
)  # fmt: skip
def test_a_cursor_must_exist(shelf: Project, path: str, kind: str) -> None:
    assert shelf.get(path, q("cursorAfter", "nothing")).error == (
        400,
        "general_cursor_not_found",
        f"{kind} 'nothing' for the 'cursor' value not found.",
    )


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        (
            "deployments",
            "size sourceSize buildSize totalSize buildTime buildDuration buildId activate "
            "entrypoint commands status type $id $createdAt $updatedAt $sequence",
        ),
        (
            "executions",
            "trigger status responseStatusCode duration requestMethod requestPath deploymentId "
            "$id $createdAt $updatedAt",
        ),
        ("variables", "key resourceType resourceId secret $id $createdAt $updatedAt"),
    ],
)
def test_the_attributes_of_both_eras_are_known(shelf: Project, kind: str, attributes: str) -> None:
    for attribute in attributes.split():
        listed = shelf.get(f"/functions/a/{kind}", q("isNotNull", on=attribute)).expect(200)
        assert listed == {"total": 0, kind: []}
        shelf.get(f"/functions/a/{kind}", q("orderDesc", on=attribute)).expect(200)


def test_the_notation_before_1_5_is_read_for_its_clients(shelf: Project) -> None:
    old = shelf.at("1.4.0")
    for text, found in (
        ('equal("name", ["Banana"])', "b"),
        ("equal('timeout', [20])", "cd"),
        ('orderDesc("name")', "cbda"),
        ("limit(1)", "a"),
        ('cursorAfter("c")', "d"),
        ('equal("enabled", [false])', "c"),
    ):
        assert "".join(names(old.get("/functions", text).expect(200)["functions"])) == found
    assert old.get("/functions", 'equal("name" ').error[0] == 400


@pytest.mark.parametrize("form", ["queries[]", "queries[0]", "queries%5B%5D", "queries%5B0%5D"])
def test_queries_come_in_either_spelling(shelf: Project, form: str) -> None:
    text = "%7B%22method%22%3A%22limit%22%2C%22values%22%3A%5B1%5D%7D"
    reply = shelf.call("GET", f"/functions?{form}={text}")
    assert names(reply.expect(200)["functions"]) == ["a"]


def test_only_deployments_can_be_shown_in_part(shelf: Project) -> None:
    project = shelf.server.project()
    project.function()
    project.upload("f", b"x", headers={"content-range": "bytes 0-0/9"}).expect(202)
    listed = project.get("/functions/f/deployments", q("select", "status", "$id")).expect(200)
    item = listed["deployments"][0]
    assert {"$id", "status"} <= set(item)
    assert "sourceSize" not in item
    for kind in ("executions", "variables"):
        error = project.get(f"/functions/f/{kind}", q("select", "status")).error
        assert error[2] == f"{PREFIX}Invalid query method: select"
