"""Variables that hold on one machine only, put into rows that are to go elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...models import Function, Variable, row_key, unique_id
from ...state import Snapshot

Local = Mapping[str, Mapping[str, str]]
"""Variables by the id of their function."""

_CHANGED = row_key("updated_at")


def with_local(rows: Snapshot, project: str, local: Local, *, now: str) -> Snapshot:
    """`rows` with the variables of `project`'s functions that `local` has, as stored ones.

    They are secret unless a stored one that is replaced was not. Functions that are not in the
    rows are passed over. `now` is the date of what changes.
    """
    functions = dict(rows.tables.get(Function.table, {}))
    variables = dict(rows.tables.get(Variable.table, {}))
    for id, values in local.items():
        if values and (function := functions.get(f"{project}/{id}")):
            functions[f"{project}/{id}"] = {**function, "live": False, _CHANGED: now}
            _put(variables, project, id, values, now)
    return Snapshot({**rows.tables, Function.table: functions, Variable.table: variables})


def _put(
    variables: dict[str, dict[str, Any]],
    project: str,
    function: str,
    values: Mapping[str, str],
    now: str,
) -> None:
    """Give the function these variables."""
    number = max((row.get("$sequence", 0) for row in variables.values()), default=0)
    known = {
        row["key"]: name
        for name, row in variables.items()
        if (row["project"], row["resourceId"]) == (project, function)
    }
    for key, value in values.items():
        if name := known.get(key):
            variables[name] = {**variables[name], "value": value, _CHANGED: now}
            continue
        number += 1
        new = Variable(
            id=unique_id(), project=project, created_at=now, updated_at=now, sequence=number,
            resource_id=function, key=key, value=value, secret=True,
        )  # fmt: skip
        variables[f"{project}/{new.id}"] = new.to_row()
