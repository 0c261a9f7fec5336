"""Passing folders: where an emulator keeps files while it runs, and what killed ones have left."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "appwrite-emulator-"
_LOCK = ".running"  # held while the folder is in use; the kernel lets go when its holder dies
_NEW = 60.0  # seconds in which a lock may be there that is not held yet


@contextmanager
def passing_folder() -> Iterator[Path]:
    """A folder for as long as the context lasts. At its end those go too whose holders were
    killed. Blocking."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        sweep(folder.parent, time.time())


def sweep(place: Path, now: float) -> None:
    """Remove the folders in `place` that we own and nobody uses any more. Blocking."""
    for lock in place.glob(f"{_PREFIX}*/{_LOCK}"):
        if _is_abandoned(lock, now):
            shutil.rmtree(lock.parent, ignore_errors=True)


def _is_abandoned(lock: Path, now: float) -> bool:
    with suppress(OSError):  # it is held, or gone meanwhile
        if lock.parent.lstat().st_uid != os.geteuid():
            return False
        held = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return now - os.fstat(held).st_mtime > _NEW
        finally:
            os.close(held)
    return False
