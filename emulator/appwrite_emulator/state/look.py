"""Looking at a state file without opening it: nothing is changed, nothing is locked for long."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .disk import Paths
from .errors import StateError, StateLocked
from .load import load
from .lock import Owner, read_owner
from .tables import Tables


@dataclass(frozen=True, slots=True)
class Look:
    """What a start would find."""

    size: int  # bytes of the state file and its journals
    rows: int
    torn: int  # bytes at the end that were never acknowledged


def look(path: Path) -> Look | None:
    """Read the state file at `path` as a start would; None when there is none yet.

    Raises StateLocked when somebody has it open, StateCorrupt when it is damaged, and StateError
    when it cannot be read.
    """
    paths = Paths(path.resolve())
    try:
        if _is_locked(paths.lock):
            raise StateLocked(paths.state, str(read_owner(paths.lock)))
        sizes = list(map(_size, (paths.state, paths.folding, paths.journal)))
        if not any(sizes):
            return None
        tables = Tables()
        found = load(paths, tables)
    except OSError as exc:
        raise StateError.unusable(paths.state, exc) from exc
    rows = sum(map(len, tables.copy().values()))
    return Look(sum(sizes), rows, sum(len(content.torn) for content in found.torn))


def _is_locked(lock: Path) -> bool:
    with suppress(FileNotFoundError):
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def holder(path: Path) -> Owner:
    """Who has the state file at `path` open now; an empty `Owner` when nobody has."""
    lock = Paths(path).lock
    return read_owner(lock) if _is_locked(lock) else Owner()
