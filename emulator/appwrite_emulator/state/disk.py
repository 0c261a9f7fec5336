"""The state's files: their names, and every change made to the file system in one small seam."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..clock import SystemClock


@dataclass(frozen=True, slots=True)
class Paths:
    """The names of the files that belong to one state file."""

    state: Path

    def beside(self, suffix: str) -> Path:
        return self.state.with_name(self.state.name + suffix)

    def aside(self, kind: str) -> Path:
        """A new name to set something aside under, such as `state.json.edited-<time>`."""
        return self.beside(f".{kind}-{SystemClock().now():%Y%m%d-%H%M%S-%f}")

    @property
    def journal(self) -> Path:
        return self.beside(".journal")

    @property
    def folding(self) -> Path:
        """The journal that is being folded into a new snapshot."""
        return self.beside(".journal.1")

    @property
    def temporary(self) -> Path:
        return self.beside(".tmp")

    @property
    def backup(self) -> Path:
        return self.beside(".bak")

    @property
    def lock(self) -> Path:
        return self.beside(".lock")


class Disk:
    """File operations as the state needs them. Each raises `OSError`; tests make them."""

    def open(self, path: Path, *, append: bool) -> int:
        mode = os.O_APPEND if append else os.O_TRUNC
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | mode, 0o600)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def write(self, descriptor: int, data: bytes) -> None:
        written = os.write(descriptor, data)
        while written < len(data):  # a nearly full disk takes a part before it refuses
            written += os.write(descriptor, data[written:])

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        """Return when the bytes are on the disk (not all systems have `fdatasync`)."""
        getattr(os, "fdatasync", os.fsync)(descriptor)

    def date(self, descriptor: int, seconds: int) -> None:
        """Set the time at which the file was changed, in seconds since 1970."""
        os.utime(descriptor, (seconds, seconds))

    def replace(self, source: Path, target: Path) -> None:
        os.replace(source, target)

    def copy(self, source: Path, target: Path) -> None:
        """Make `target` a second name of `source`, or a copy where there are no hard links."""
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:
            shutil.copy2(source, target)

    def remove(self, path: Path) -> None:
        """Remove a file; one that is not there is as good as removed."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)

    def sync_folder(self, folder: Path) -> None:
        """Make names that were created, replaced or removed in `folder` survive a power cut."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
