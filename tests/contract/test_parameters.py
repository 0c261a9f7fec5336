"""Every parameter at its limits and one beyond, and the words of the refusal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

import pytest

from .cases import eras, filled, send, table
from .server import Json, Project, Reply

TABLE = table("parameters")


class Case(NamedTuple):
    """One value of one parameter of one operation in one era."""

    era: str
    operation: str
    name: str
    value: Json
    text: str
    is_start: bool

    @property
    def id(self) -> str:
        return f"{self.era} {self.operation} {self.name} {str(self.value)[:40]!a}"


def _cases(kind: str) -> Iterator[Case]:
    for row in TABLE[kind]:
        for operations, name, *values in row["calls"]:
            for operation in operations.split():
                for value in values:
                    for era in eras(row):
                        text, is_start = row.get("text", ""), row.get("starts", False)
                        yield Case(era, operation, name, value, text, is_start)


REFUSED, TAKEN = list(_cases("refused")), list(_cases("taken"))


def _reply(caller: Project, case: Case) -> tuple[Reply, Json]:
    """What is answered to the value, and the value itself."""
    row = TABLE["operations"][case.operation]
    value = filled(case.value)
    if row["call"].startswith("GET "):
        return send(caller, {"call": f"{row['call']}?{case.name}={quote(value)}"}), value
    where = "form" if "form" in row else "body"
    return send(caller, row | {where: {**row[where], case.name: value}}), value


@pytest.mark.parametrize("case", REFUSED, ids=[case.id for case in REFUSED])
def test_a_parameter_refuses(callers: dict[str, list[Project]], case: Case) -> None:
    for caller in callers[case.era]:
        status, type, message = _reply(caller, case)[0].error
        assert (status, type) == (400, "general_argument_invalid")
        wanted = f"Invalid `{case.name}` param: {case.text}"
        assert message.startswith(wanted) if case.is_start else message == wanted


@pytest.mark.parametrize("case", TAKEN, ids=[case.id for case in TAKEN])
def test_a_parameter_takes(callers: dict[str, list[Project]], case: Case) -> None:
    for caller in callers[case.era]:
        reply, value = _reply(caller, case)
        assert 200 <= reply.status < 300, reply.body
        shown = reply.json.get(case.name, value)
        assert shown == value or case.name in UNSEEN


UNSEEN = ("variableId", "secret", "value", "activate", "total")
"""Parameters whose reply has another value under their name."""
