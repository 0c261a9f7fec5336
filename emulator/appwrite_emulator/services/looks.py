"""Looks: what a function's folder was seen to hold, and whether it still does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..trees import Tree

Stamp = tuple[int, int, int] | None  # of a file: when it was written, its size, which one it is


@dataclass(frozen=True, slots=True)
class Look:
    """A folder at one moment: its files, and the `.env` that is none of them."""

    folder: Path
    tree: Tree | None  # None: it could not be read
    environment: Stamp
    problem: str = ""  # why it could not be read

    def is_current(self) -> bool:
        """Whether the folder is still as it was seen. Blocking, but quick."""
        if self.environment != stamp(self.folder / ".env"):
            return False
        return self.tree is not None and self.tree.is_current()


def stamp(path: Path) -> Stamp:
    """What tells one content of the file from the next; None without a file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
