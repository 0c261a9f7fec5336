"""Control: what only an emulator can do. Wait for the end of all work, put the state back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio import to_thread

from .. import state
from ..execution.executor import Executor
from ..execution.remains import Remains
from ..models import Deployment, Execution, ExecutionStatus, Function, unique_id
from . import long_texts
from .builds import Builds
from .executions import Executions
from .ground import Ground
from .leftovers import Kept, Leftovers
from .retention import Removed, Retention
from .rules import Rules
from .under_way import Work, WorkKind

SETTLE_TIMEOUT = 30.0  # seconds

_PATIENCE = 10.0  # seconds that ended work gets to be gone; its writes are refused anyway
_RESTORED = "The state was restored to a moment at which this had not ended."


Recall = Callable[[], None]
"""Puts something back that is no row."""
Memory = Callable[[], Recall]
"""Remembers something that is no row."""


class SnapshotUnknown(LookupError):
    """There is no such snapshot; one lives until it is deleted or the emulator stops."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rows as they were at one moment, to be restored any number of times."""

    id: str
    taken_at: str
    rows: state.Snapshot = field(repr=False)
    others: tuple[Recall, ...] = field(default=(), repr=False)  # what beside rows there was

    def to_json(self) -> dict[str, str]:
        return {"snapshot": self.id, "takenAt": self.taken_at}


class Control:
    """Waits, snapshots, restores and resets. Call it in the emulator's own loop."""

    def __init__(
        self,
        ground: Ground,
        works: tuple[Builds, Executions],
        rules: Rules,
        executor: Executor,
        retention: Retention,
    ) -> None:
        self._ground = ground
        self._builds, self._executions = works
        self._rules = rules
        self._executor = executor
        self._retention = retention
        self._snapshots: dict[str, Snapshot] = {}
        self._first: tuple[Recall, ...] = ()  # how what is no row was at the start
        self._lock = anyio.Lock()
        self.pausing: Callable[[str], AbstractContextManager[None]] = lambda project: nullcontext()
        """Lets nothing of a project, or of any, run by itself inside the context."""
        self.kept_builds: Callable[[], set[str]] = set
        """Builds that are needed though no row names them."""
        self.refill: Callable[[str], Awaitable[None]] = _leave_empty
        """Brings back, after a reset of a project or of all, what comes from elsewhere."""
        self.memories: tuple[Memory, ...] = ()
        """Of those who know something beside the rows: remembers it, and how to put it back."""

    async def settle(self, limit: float = SETTLE_TIMEOUT) -> list[Work]:
        """Wait until no build, no execution and nothing else is pending; what was waited for.

        Executions that are scheduled for later are not waited for. Raises NotSettled, which names
        what is still pending after `limit` seconds.
        """
        return await self._ground.under_way.settled(limit)

    def snapshot(self, rows: state.Snapshot | None = None) -> Snapshot:
        """Remember all rows, or `rows` from elsewhere; costs no copies of rows.

        The files they name are kept meanwhile.
        """
        rows, others = rows or self._ground.state.snapshot(), self._remember()
        taken = Snapshot(unique_id(), self._ground.now(), rows, others)
        self._snapshots[taken.id] = taken
        return taken

    async def restore(self, id: str, *, fresh: bool = False) -> Leftovers:
        """Put back the rows of a snapshot; what was still there of what has happened since.

        What began before may write no more: a synchronous execution fails with ApiError
        emulator_restored, as does a call with a key that a function was given before. Workers
        that rest stay warm, without what their calls have left behind; with `fresh` they end.
        Raises SnapshotUnknown.
        """
        wanted = self._find(id)

        def put_back() -> None:
            self._ground.state.restore(wanted.rows)
            _recall(wanted.others)

        return await self._replace("", put_back, fresh=fresh)

    async def reset(self, project: str = "") -> Leftovers:
        """Remove all rows of all projects, or of one; what was still there of what has happened.

        Functions whose folders are followed come back at once, as at a start.
        """
        left = await self._replace(project, lambda: self._empty(project))
        await self.refill(project)
        return left

    def begin(self) -> None:
        """What is no row is now as it is to be after a reset of everything."""
        self._first = self._remember()

    def _remember(self) -> tuple[Recall, ...]:
        return tuple(memory() for memory in self.memories)

    def keeps(self, function: Function) -> bool:
        """Whether a live snapshot has the function as it is, so that a restore may bring it
        back."""
        key = f"{function.project}/{function.id}"
        tables = (each.rows.tables.get(Function.table, {}) for each in self._snapshots.values())
        return any(key in rows and Function.from_row(rows[key]) == function for rows in tables)

    def _kept_deployments(self) -> set[str]:
        tables = (each.rows.tables for each in self._snapshots.values())
        return {key for table in tables for key in table.get(Deployment.table, ())}

    async def maintain(self) -> Removed:
        """Remove what has outlived its retention, in all projects, with the files it had."""
        async with self._lock:
            before = self._ground.state.snapshot()
            removed = await self._retention.apply()
            if removed.deployments:
                await self.collect(_builds_of(before))
            await self._collect_contents(before)
        return removed

    async def forget(self, id: str) -> None:
        """Delete a snapshot, and the builds that only it named. Raises SnapshotUnknown."""
        snapshot = self._find(id)
        del self._snapshots[id]
        await self.collect(_builds_of(snapshot.rows))

    def snapshots(self) -> list[Snapshot]:
        """The snapshots that can be restored, the oldest first."""
        return list(self._snapshots.values())

    def _find(self, id: str) -> Snapshot:
        try:
            return self._snapshots[id]
        except KeyError:
            known = ", ".join(self._snapshots) or "none"
            raise SnapshotUnknown(
                f"There is no snapshot {id!r}. Snapshots live until they are deleted or the "
                f"emulator stops; there are: {known}."
            ) from None

    async def _replace(
        self, project: str, put_back: Callable[[], None], *, fresh: bool = False
    ) -> Leftovers:
        """Change rows under the feet of everything that runs in `project`, or anywhere."""
        async with self._lock:
            with self.pausing(project):
                ended = self._stop(project)
                await self._ended(ended, project)
                remains = await self._executor.tidy(_prefix(project), fresh=fresh)
                before = self._ground.state.snapshot()
                put_back()
                self._rules.on_change()
                late = self._stop(project)  # what began while the rest ended
                self._retire_gone(before)
                if not project:
                    self._executions.fail_unfinished(_RESTORED)
                    self._builds.recover(_RESTORED)
                await self._ended(late, project)
                await self.collect(_builds_of(before))
        return Leftovers(
            works=tuple(ended + late),
            scheduled=tuple(self._given_up(before)),
            kept=tuple(self._kept(before, each) for each in remains),
            late=self._ground.epochs.take_late(project),
        )

    def _given_up(self, before: state.Snapshot) -> Iterator[Work]:
        """The executions that were to come later, and are gone with their rows."""
        rows = before.tables.get(Execution.table, {})
        for key in rows.keys() - self._ground.state.table(Execution.table).ids():
            row = rows[key]
            if row["status"] == ExecutionStatus.SCHEDULED:
                yield Work(WorkKind.EXECUTION, row["project"], row["functionId"], row["$id"])

    def _kept(self, before: state.Snapshot, remains: Remains) -> Kept:
        """`remains` with the function whose deployment the worker had loaded, if that is known."""
        project, deployment, *_ = remains.key.split("/")
        key, table = f"{project}/{deployment}", self._ground.state.table(Deployment.table)
        row = before.tables.get(Deployment.table, {}).get(key) or table.row(key) or {}
        return Kept(project, row.get("resourceId", ""), remains)

    def _stop(self, project: str) -> list[Work]:
        """Nothing that is under way may write or call a function any more."""
        works = [
            work
            for work in self._ground.under_way.of(project)
            if work.kind is not WorkKind.MAINTENANCE  # it waits for us
        ]
        self._ground.epochs.end(project)
        self._executions.drop(project)
        self._builds.cancel_all(project)
        return works

    async def _ended(self, works: list[Work], project: str) -> None:
        with anyio.move_on_after(_PATIENCE):
            await self._executor.kill(_prefix(project))
            await self._ground.under_way.over(works)

    def _empty(self, project: str) -> None:
        """Remove the rows of `project`, or of all; what is the emulator's own has no project."""
        rows = self._ground.state.snapshot()
        if not project:
            kept = {name: _rows_of("", rows, name) for name in rows.tables}
            self._ground.state.restore(state.Snapshot(kept))
            _recall(self._first)
            return
        with self._ground.state.transaction():
            for name in rows.tables:
                self._ground.state.table(name).drop(*_rows_of(project, rows, name))

    def _retire_gone(self, before: state.Snapshot) -> None:
        """End the workers of deployments that are gone for good."""
        table = self._ground.state.table(Deployment.table)
        gone = {key for key in before.tables.get(Deployment.table, {}) if table.row(key) is None}
        for key in gone - (self._kept_deployments() if gone else set()):
            self._executor.retire(f"{key}/")

    async def collect(self, builds: set[str]) -> None:
        """Remove those of `builds` that no row and no live snapshot names, and nobody keeps."""
        garbage = builds - _builds_of(self._ground.state.snapshot())
        if garbage:
            garbage -= self.kept_builds()
            garbage.difference_update(*(_builds_of(each.rows) for each in self._snapshots.values()))
        if garbage:
            await to_thread.run_sync(self._ground.files.remove_builds, garbage)

    async def _collect_contents(self, before: state.Snapshot) -> None:
        """Remove the sources of `before`, and all long texts, that no row and no live snapshot
        names.

        A restore and a reset leave them to the next start.
        """
        files = self._ground.files
        texts = await to_thread.run_sync(files.logs)
        live = [self._ground.state.snapshot(), *(each.rows for each in self._snapshots.values())]
        sources = _sources_of(before).difference(*map(_sources_of, live))
        texts = texts.difference(*map(long_texts.names, live))
        if sources or texts:
            await to_thread.run_sync(files.remove_contents, sources, texts)


def _prefix(project: str) -> str:
    """How the keys of a project's workers begin, or of all."""
    return f"{project}/" if project else ""


def _recall(others: tuple[Recall, ...]) -> None:
    for put_back in others:
        put_back()


async def _leave_empty(project: str) -> None:
    pass


def _rows_of(project: str, rows: state.Snapshot, table: str) -> dict[str, Any]:
    found = rows.tables[table].items()
    return {key: row for key, row in found if row.get("project", "") == project}


def _builds_of(rows: state.Snapshot) -> set[str]:
    return {
        row[key]
        for row in rows.rows(Deployment.table)
        for key in ("build", "install")
        if row.get(key)
    }


def _sources_of(rows: state.Snapshot) -> set[str]:
    return {row["source"] for row in rows.rows(Deployment.table) if row.get("source")}
