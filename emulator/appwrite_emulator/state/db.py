"""The state as its users see it: a TinyDB with transactions, snapshots and epochs."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Self

from tinydb import TinyDB

from . import snapshot
from .disk import Disk, Paths
from .errors import StateError
from .lock import Lock, Owner
from .persistence import COMPACT_AT, Durability, Persistence
from .snapshot import Snapshot
from .storage import StateStorage
from .table import StateTable
from .tables import Tables


class StateDB(TinyDB):
    """The rows of an emulator. Open one with `StateDB.open`.

    The file is a TinyDB file. A change that was made survives `kill -9`; a file that is damaged
    is refused and left as it is. All changes are made by one thread, without an `await` inside a
    transaction.
    """

    table_class = StateTable  # type: ignore[assignment]  # declared without its subclasses

    def __init__(self, storage: StateStorage, lock: Lock | None = None) -> None:
        super().__init__(storage=lambda: storage)
        self.epoch = 1
        self._state = storage
        self._lock = lock

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        durability: Durability = "process",
        address: str = "",
        name: str = "",
        compact_at: int = COMPACT_AT,
        disk: Disk | None = None,
    ) -> Self:
        """Open the state file at `path`, which need not exist; None keeps the rows in memory only.

        With durability "process" a change is with the kernel before the call returns, and on the
        disk at most about a second later; with "disk" it is on the disk. Others who open it are
        told our `address`, or `name` when we serve nothing. The journal is folded into the file
        when it has `compact_at` bytes (default 4 MiB), or as many as the file.

        Raises `StateLocked`, `StateCorrupt`, or `StateError` when the files cannot be read.
        """
        tables, guard = Tables(), threading.RLock()
        if path is None:
            return cls(StateStorage(tables, guard, None))
        disk, paths = disk or Disk(), Paths(path.resolve())
        persistence = Persistence(
            paths, tables, guard, durability=durability, compact_at=compact_at, disk=disk
        )
        lock = Lock(paths.state, paths.lock, Owner(address=address, name=name))
        _start(paths, lock, persistence)
        return cls(StateStorage(tables, guard, persistence), lock)

    def table(self, name: str, **options: Any) -> StateTable:
        """The table `name`, which exists in the file while it has rows."""
        if name in snapshot.RESERVED:
            raise ValueError(f"The table name {name!r} is taken by the state itself")
        table = super().table(name, **options)
        assert isinstance(table, StateTable), "table_class makes them"
        return table

    def transaction(self) -> AbstractContextManager[None]:
        """Make all changes inside the `with` one commit, undone when an exception leaves it.

        Spans tables and may be nested: an exception undoes what the `with` that it leaves did.
        """
        return self._state.transaction()

    def snapshot(self) -> Snapshot:
        """All rows as they are now; costs no copies of rows."""
        return Snapshot(self._state.view())

    def restore(self, snapshot: Snapshot) -> None:
        """Put back the rows of `snapshot` in one commit and begin a new epoch."""
        self._state.restore(snapshot.tables)
        self.epoch += 1

    def close(self) -> None:
        """Fold the journal into the state file and give the lock back."""
        with ExitStack() as stack:
            if self._lock is not None and self._opened:
                stack.callback(self._lock.release)
            super().close()


def _start(paths: Paths, lock: Lock, persistence: Persistence) -> None:
    try:
        paths.state.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        with ExitStack() as stack:
            stack.callback(lock.release)
            persistence.start()
            stack.pop_all()
    except OSError as exc:
        raise StateError.unusable(paths.state, exc) from exc
