"""Calls in the order of checks, and all that is answered to them, row by row."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from .cases import check, eras, send, table
from .server import Json, Project


class Case(NamedTuple):
    """One row in one era."""

    era: str
    row: Json

    @property
    def id(self) -> str:
        return f"{self.era} {self.row['id']}"


CASES = [Case(era, row) for row in table("calls")["call"] for era in eras(row)]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_call_is_answered_so(callers: dict[str, list[Project]], case: Case) -> None:
    for caller in callers[case.era]:
        check(send(caller, case.row), case.row)
