"""Keeping the rows on the disk: commits into the journal, the journal into snapshots."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from typing import Literal

from . import snapshot
from .disk import Disk, Paths
from .errors import StateWriteFailed
from .journal import Journal, encode
from .load import load, set_aside
from .snapshot import Snapshot
from .tables import Operation, Tables

logger = logging.getLogger(__name__)

Durability = Literal["process", "disk"]

COMPACT_AT = 4 * 1024 * 1024  # bytes of journal
_SYNC_AFTER = 0.5  # seconds; with the time a sync takes a power cut costs at most about one
_IDLE_AFTER = 2.0  # seconds without a commit


class Persistence:
    """The files of one state. `guard` is held by whoever changes `tables` or appends."""

    def __init__(
        self,
        paths: Paths,
        tables: Tables,
        guard: threading.RLock,
        *,
        durability: Durability,
        compact_at: int,
        disk: Disk,
    ) -> None:
        self._paths = paths
        self._tables = tables
        self._guard = guard
        self._is_durable = durability == "disk"
        self._compact_at = compact_at
        self._disk = disk
        self._journal = Journal(disk, paths.journal)
        self._number = 0  # of the last commit
        self._stamp: snapshot.Stamp | None = None  # of the state file as we know it
        self._compacting = threading.Lock()
        self._is_compaction_due = False
        self._retry_above = 0  # bytes of journal, after a compaction that failed
        self._written = threading.Event()
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="state keeper", daemon=True)

    def start(self) -> None:
        """Load the rows, open the journal and begin to sync behind the commits."""
        loaded = load(self._paths, self._tables)
        self._number, self._stamp = loaded.number, loaded.stamp
        for content in loaded.torn:
            set_aside(self._disk, self._paths, content)
        self._disk.remove(self._paths.temporary)
        self._journal.open()
        self._keeper.start()

    def append(self, operations: Sequence[Operation]) -> None:
        """Make a commit survive `kill -9` (or a power cut, with durability "disk")."""
        line = encode(self._number + 1, operations)
        self._journal.append(line, durable=self._is_durable)
        self._number += 1
        if not self._written.is_set():  # to set it again would cost more than to ask
            self._written.set()

    def settle(self) -> None:
        """Compact in the background when it is time; only after a commit is in memory too.

        A snapshot taken between journal and memory would claim a commit that it lacks.
        """
        size = self._journal.size
        if size > max(self._limit(), self._retry_above) and not self._is_compaction_due:
            self._is_compaction_due = True
            threading.Thread(
                target=self._compact_or_warn, name="state compaction", daemon=True
            ).start()

    def close(self) -> None:
        """Fold the journal into the state file, which is then all there is to keep."""
        self._stopping.set()
        self._written.set()
        self._keeper.join()
        try:
            if self._journal.size or self._stamp is None or self._paths.folding.exists():
                self._compact_or_warn(is_last=True)
        finally:
            self._journal.close()

    def _limit(self) -> int:
        return max(self._compact_at, self._stamp[1] if self._stamp else 0)

    def _keep(self) -> None:
        is_idle_due = False
        while not self._stopping.is_set():
            if self._written.wait(_IDLE_AFTER if is_idle_due else None):
                self._stopping.wait(_SYNC_AFTER)
                self._written.clear()
                self._sync()
                is_idle_due = True
            else:
                is_idle_due = False
                if self._journal.size and self._limit() <= self._compact_at:
                    self._compact_or_warn()

    def _sync(self) -> None:
        try:
            with self._guard:
                descriptor = self._journal.duplicate()
            try:
                self._disk.sync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as exc:
            logger.warning("%s could not be synced: %s", self._paths.journal, exc)

    def _compact_or_warn(self, *, is_last: bool = False) -> None:
        with self._compacting:
            try:
                if is_last or not self._stopping.is_set():
                    self._compact(is_last=is_last)
                self._retry_above = 0
            except (OSError, StateWriteFailed) as exc:
                self._retry_above = self._journal.size + self._compact_at
                logger.warning(
                    "%s could not be renewed (%s); every change is still in its journal",
                    self._paths.state,
                    exc,
                    extra={"action": "state.compact"},
                )
            finally:
                self._is_compaction_due = False

    def _compact(self, *, is_last: bool) -> None:
        self._sync()
        with self._guard:
            if not self._paths.folding.exists() and not is_last:
                self._journal.rotate(self._paths.folding)
            taken, number = Snapshot(self._tables.copy()), self._number
        snapshot.write(self._disk, self._paths.temporary, taken, number=number)
        self._publish()
        self._disk.remove(self._paths.folding)
        if is_last:
            self._disk.remove(self._paths.journal)

    def _publish(self) -> None:
        """Put the new snapshot in the place of the old, which stays as the backup."""
        paths, disk = self._paths, self._disk
        found, written = snapshot.stamp_of(paths.state), snapshot.stamp_of(paths.temporary)
        if found is not None and found != self._stamp:
            self._set_edited_aside()
        elif found is not None:
            disk.remove(paths.backup)
            disk.copy(paths.state, paths.backup)
        disk.replace(paths.temporary, paths.state)
        self._stamp = written
        disk.sync_folder(paths.state.parent)

    def _set_edited_aside(self) -> None:
        target = self._paths.aside("edited")
        self._disk.copy(self._paths.state, target)
        logger.warning(
            "%s was edited while it was in use; the edited version is now %s",
            self._paths.state,
            target.name,
            extra={"action": "state.edited"},
        )
