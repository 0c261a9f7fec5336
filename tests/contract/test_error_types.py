"""Every error type that the contract's pages name is raised by a call, or said to be nobody's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from .cases import check, eras, send, table
from .gate import Gate
from .server import Json, Project, Reply, Server

TABLE = table("errors")


class Case(NamedTuple):
    """One type in one era, and the call that raises it."""

    era: str
    row: Json

    @property
    def id(self) -> str:
        return f"{self.era} {self.row['type']}"


CASES = [Case(era, row) for row in TABLE["error"] for era in eras(row)]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_call_raises_the_error(callers: dict[str, list[Project]], case: Case) -> None:
    for caller in callers[case.era]:
        check(send(caller, case.row), case.row)


def _in_progress(project: Project, gate: Gate) -> Reply:
    project.function()
    project.deploy("f", {"main.py": gate.main})
    sent = project.post("/functions/f/executions", {"async": True}).expect(202)
    with gate.reached():
        return project.delete(f"/functions/f/executions/{sent['$id']}")


def _too_slow(project: Project, gate: Gate) -> Reply:
    project.function()
    project.deploy("f", {"main.py": gate.main})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(project.post, "/functions/f/executions", {})
        with gate.reached():
            return running.result()


def _team_twice(project: Project, gate: Gate) -> Reply:
    project.post("/teams", {"teamId": "t", "name": "T"}).expect(201)
    return project.post("/teams", {"teamId": "t", "name": "T"})


def _member_twice(project: Project, gate: Gate) -> Reply:
    _team_twice(project, gate)
    member = {"email": "a@example.com", "roles": []}
    project.post("/teams/t/memberships", member).expect(201)
    return project.post("/teams/t/memberships", member)


def _too_late(project: Project, gate: Gate) -> Reply:
    given = {"keyId": "k", "name": "K", "scopes": ["functions.read"], "expire": "2001-01-01"}
    key = project.post("/project/keys", given).expect(201)
    return project.having(x_appwrite_key=key["secret"]).get("/functions")


WAYS: dict[str, tuple[int, Callable[[Project, Gate], Reply]]] = {
    "execution_in_progress": (400, _in_progress),
    "function_synchronous_timeout": (408, _too_slow),
    "membership_already_confirmed": (409, _member_twice),
    "project_key_expired": (401, _too_late),
    "team_already_exists": (409, _team_twice),
}
"""How types are raised that need more than a call; all on a server that waits for nothing long."""


@pytest.mark.parametrize("type", WAYS)
def test_a_course_of_things_raises_the_error(hasty: Server, gate: Gate, type: str) -> None:
    status, way = WAYS[type]
    assert way(hasty.project(), gate).error[:2] == (status, type)


ELSEWHERE = ("function_runtime_unsupported",)
"""Types that need another start of the emulator: see `test_restart.py`."""


def test_every_type_of_the_pages_is_in_one_place() -> None:
    named = {type for types in TABLE["pages"].values() for type in types.split()}
    raised = {row["type"] for row in TABLE["error"]} | set(WAYS) | set(ELSEWHERE)
    of_areas = [type for types in TABLE["areas"].values() for type in types.split()]
    places = [*raised, *of_areas, *TABLE["unraisable"]]
    assert sorted(places) == sorted(named)
