"""Every error type that the contract's pages name is raised by a call, or said to be nobody's."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from .cases import check, eras, send, table
from .gate import Gate
from .server import Json, Project, Server
from .ways import WAYS

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


@pytest.mark.parametrize("type", WAYS)
def test_a_course_of_things_raises_the_error(hasty: Server, gate: Gate, type: str) -> None:
    status, way = WAYS[type]
    assert way(hasty.project(), gate).error[:2] == (status, type)


ELSEWHERE = ("function_execute_permission_missing", "function_runtime_unsupported")
"""Types that a domain or another start raises: see `test_domains.py`, `test_restart.py`."""


def test_every_type_of_the_pages_is_in_one_place() -> None:
    named = {type for types in TABLE["pages"].values() for type in types.split()}
    raised = {row["type"] for row in TABLE["error"]} | set(WAYS) | set(ELSEWHERE)
    assert sorted([*raised, *TABLE["unraisable"]]) == sorted(named)
