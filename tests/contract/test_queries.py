"""Queries over HTTP: the texts of refusals, filters, orders, pages and cursors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from .cases import ERAS, eras, table
from .echo import PYTHON
from .server import Json, Project, Server, names
from .world import PART

TABLE = table("queries")
PREFIX = "Invalid `queries` param: "


class Case(NamedTuple):
    """Query strings that one era answers in one way."""

    era: str
    queries: list[str]
    row: Json

    @property
    def id(self) -> str:
        return f"{self.era} {' '.join(self.queries)!a}"


def _cases(kind: str) -> Iterator[Case]:
    for row in TABLE[kind]:
        for queries in row["queries"]:
            for era in eras(row):
                yield Case(era, [queries] if isinstance(queries, str) else queries, row)


REFUSED, FOUND = list(_cases("refused")), list(_cases("found"))
LEGACY, LEGACY_REFUSED = list(_cases("legacy")), list(_cases("legacy_refused"))


def q(method: str, *values: Json, on: str | None = None) -> Json:
    """A query object."""
    query: Json = {"method": method, "values": list(values)}
    return query if on is None else {**query, "attribute": on}


def _furnish(server: Server) -> Project:
    """A project with four functions."""
    project = server.project()
    project.function("a", name="Apple", timeout=10, runtime="node-22")
    project.function("b", name="banana", timeout=30, schedule="0 0 * * *")
    project.function("c", name="Cherry", timeout=20, enabled=False, entrypoint="c/main.py",
                     commands="make")  # fmt: skip
    project.function("d", name="apricot", timeout=20)
    return project


@pytest.fixture(scope="module")
def shelves(server: Server, server_16: Server) -> dict[str, list[Project]]:
    """By era, callers of a project with the functions a, b, c and d, as `callers` has them."""
    new, old = _furnish(server), _furnish(server_16)
    return {"1.9": [new, old.at("1.9.5")], "1.6": [old, new.at("1.6.0")]}


@pytest.fixture
def shelf(shelves: dict[str, list[Project]]) -> Project:
    """One of them: the default server without a wish for a format."""
    return shelves["1.9"][0]


@pytest.mark.parametrize("case", REFUSED, ids=[case.id for case in REFUSED])
def test_what_is_wrong_with_a_query_is_told(shelves: dict[str, list[Project]], case: Case) -> None:
    for caller in shelves[case.era]:
        error = caller.get("/functions", *case.queries).error
        assert error == (400, "general_argument_invalid", PREFIX + case.row["text"])


@pytest.mark.parametrize("era", ERAS)
def test_only_1_6_counts_the_values_of_a_query(shelves: dict[str, list[Project]], era: str) -> None:
    for caller in shelves[era]:
        many = q("equal", *map(str, range(501)), on="name")
        if era == "1.9":
            assert caller.get("/functions", many).expect(200)["total"] == 0
        else:
            text = "Invalid query: Query on attribute has greater than 500 values: name"
            assert caller.get("/functions", many).error[2] == PREFIX + text
        most = q("equal", *map(str, range(500)), on="name")
        assert caller.get("/functions", most).status == 200


def test_queries_are_an_array(shelf: Project) -> None:
    reply = shelf.call("GET", "/functions?queries=x")
    assert reply.error == (400, "general_argument_invalid", f"{PREFIX}Queries must be an array")


@pytest.mark.parametrize("method", ["search", "notSearch"])
def test_searching_needs_an_index(shelf: Project, method: str) -> None:
    assert shelf.get("/functions", q(method, "a", on="name")).error == (
        400,
        "general_query_invalid",
        'Searching by attribute "name" requires a fulltext index.',
    )


@pytest.mark.parametrize("case", FOUND, ids=[case.id for case in FOUND])
def test_queries_choose_order_and_page(shelves: dict[str, list[Project]], case: Case) -> None:
    for caller in shelves[case.era]:
        listed = caller.get("/functions", *case.queries).expect(200)
        assert "".join(names(listed["functions"])) == case.row["ids"]


@pytest.mark.parametrize("case", LEGACY, ids=[case.id for case in LEGACY])
def test_the_notation_before_1_5_is_read_for_its_clients(
    shelves: dict[str, list[Project]], case: Case
) -> None:
    old = shelves[case.era][0].at("1.4.0")
    listed = old.get("/functions", *case.queries).expect(200)
    assert "".join(names(listed["functions"])) == case.row["ids"]


@pytest.mark.parametrize("case", LEGACY_REFUSED, ids=[case.id for case in LEGACY_REFUSED])
def test_slips_in_the_notation_before_1_5_are_told(
    shelves: dict[str, list[Project]], case: Case
) -> None:
    error = shelves[case.era][0].at("1.4.0").get("/functions", *case.queries).error
    assert error == (400, "general_query_invalid", case.row["message"])


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


@pytest.mark.parametrize("kind", ["functions", "deployments", "executions"])
def test_a_list_has_25_unless_more_are_wished(either: Project, kind: str) -> None:
    either.function()
    for number in range(26):
        if kind == "functions":
            either.function(f"f{number}")
        elif kind == "deployments":
            either.upload("f", b"x", headers=PART).expect(202)
        else:
            later = {"async": True, "scheduledAt": "2930-01-01 10:00:00"}
            _ready(either).post("/functions/ready/executions", later).expect(202)
    path = {"functions": "/functions", "deployments": "/functions/f/deployments",
            "executions": "/functions/ready/executions"}[kind]  # fmt: skip
    everything = either.get(path, q("limit", 100)).expect(200)
    listed = either.get(path).expect(200)
    assert listed["total"] == everything["total"] == len(everything[kind]) >= 26
    assert listed[kind] == everything[kind][:25]
    rest = either.get(path, q("limit", 100), q("offset", 25)).expect(200)
    assert listed[kind] + rest[kind] == everything[kind]


def _ready(project: Project) -> Project:
    """The project with a function `ready` that can be executed."""
    if project.get("/functions/ready").status == 404:
        project.function("ready")
        project.deploy("ready", {"main.py": PYTHON})
    return project


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
