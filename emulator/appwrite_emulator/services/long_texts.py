"""Long texts: the files below logs/ that rows name."""

from __future__ import annotations

from ..models import Errand, Execution
from ..state import Snapshot

_NAMED_BY = (
    (Execution.table, "logsFile"),
    (Execution.table, "errorsFile"),
    (Errand.table, "bodyFile"),
)


def names(rows: Snapshot) -> set[str]:
    """Long logs of executions, and long bodies of those that are still to begin."""
    return {row[key] for table, key in _NAMED_BY for row in rows.rows(table) if row.get(key)}
