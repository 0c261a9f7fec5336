"""Rows from elsewhere, laid below the rows that are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...models import CONSOLE, Deployment, Errand, Function, Rule, Variable
from ...state import Snapshot

_OWNED = (Deployment.table, Rule.table, Variable.table)
_LEFT_OUT = ("settings", Errand.table)  # the state's own, and work that waits


def below(rows: Snapshot, other: Snapshot) -> Snapshot:
    """`rows` and, where they have none, those of `other`.

    A function of `rows` stays what it is, with its deployments, variables and domains; only its
    executions may come from `other`.
    """
    taken = set(rows.tables.get(Function.table, {}))
    tables = dict(rows.tables)
    for name, table in other.tables.items():
        if name not in _LEFT_OUT:
            added = {key: row for key, row in table.items() if not _is_of(taken, name, row)}
            tables[name] = {**added, **tables.get(name, {})}
    return Snapshot(tables)


def projects_in(rows: Snapshot) -> set[str]:
    """The ids of the projects that have rows, but for that of the developers."""
    found = {row.get("project", "") for table in rows.tables for row in rows.rows(table)}
    return found - {"", CONSOLE}


def _is_of(functions: set[str], table: str, row: Mapping[str, Any]) -> bool:
    """Whether the row belongs to one of `functions`."""
    owner = row.get("resourceId") or row.get("functionId")
    return table in _OWNED and f"{row.get('project')}/{owner}" in functions
