"""Repairing and emptying a state file that nobody uses; a kill in between does no harm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import snapshot
from .disk import Disk, Paths
from .errors import StateCorrupt, StateError
from .load import load
from .lock import Lock, Owner
from .salvage import Salvaged, salvage
from .snapshot import Snapshot
from .tables import Tables


class HeldState:
    """The files of a state that we have locked, but not opened."""

    def __init__(self, paths: Paths, disk: Disk) -> None:
        self._paths = paths
        self._disk = disk

    def damage(self) -> StateCorrupt | None:
        """What opening the state would be refused for."""
        try:
            load(self._paths, Tables())
        except StateCorrupt as exc:
            return exc
        return None

    def salvage(self) -> Salvaged:
        """All rows that can be read; changes no file."""
        return salvage(self._paths)

    def repair(self, salvaged: Salvaged) -> list[Path]:
        """Make `salvaged` the state; returns where the damaged files are kept now.

        Until the new state file is in place the old files stay. A journal that a kill leaves
        beside it holds nothing new, so another repair ends the work.
        """
        damage = self.damage()
        damaged = dict.fromkeys([damage.path] if damage else [])
        damaged |= dict.fromkeys(each.path for each in salvaged.dropped)
        kept = [self._keep(path) for path in damaged if path.exists()]
        self._disk.sync_folder(self._paths.state.parent)
        self._renew(salvaged.snapshot, salvaged.number)
        return kept

    def empty(self) -> None:
        """Make a state without rows, then remove the files of the old one."""
        self._renew(Snapshot({}), self.salvage().number)
        self._disk.remove(self._paths.backup)

    def _keep(self, path: Path) -> Path:
        target = Paths(path).aside("damaged")
        self._disk.copy(path, target)
        return target

    def _renew(self, rows: Snapshot, number: int) -> None:
        paths, disk = self._paths, self._disk
        snapshot.write(disk, paths.temporary, rows, number=number)
        disk.replace(paths.temporary, paths.state)
        disk.sync_folder(paths.state.parent)
        disk.remove(paths.folding)
        disk.remove(paths.journal)


@contextmanager
def hold(path: Path, name: str, *, disk: Disk | None = None) -> Iterator[HeldState]:
    """Lock the state file `path`, whatever is in it, as `name`. Raises StateLocked, StateError."""
    paths = Paths(path.resolve())
    lock = Lock(paths.state, paths.lock, Owner(name=name))
    try:
        lock.acquire()
    except OSError as exc:
        raise StateError.unusable(paths.state, exc) from exc
    try:
        yield HeldState(paths, disk or Disk())
    finally:
        lock.release()
