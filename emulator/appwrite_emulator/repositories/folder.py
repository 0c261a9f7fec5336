"""A plain folder as a repository: it stands for every branch, commit and tag."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from .reading import Commit, Reference, check_size, unavailable


@dataclass(frozen=True, slots=True)
class Folder:
    """Files as they lie there now."""

    path: Path

    def commit(self, reference: Reference) -> Commit:
        return Commit()

    def add_to(self, archive: tarfile.TarFile, reference: Reference, root: str, limit: int) -> None:
        place = self.path / root
        if not place.is_dir():
            raise unavailable(f"there is no folder {root!r} in {self.path}.")
        if not place.resolve().is_relative_to(self.path.resolve()):
            raise unavailable(f"the folder {root!r} in {self.path} is a link that leads out of it.")
        try:
            for size in accumulate(_sizes(place)):  # it may be endless: a home, a disk
                check_size(size, limit)
            archive.add(place, ".", filter=_plain)
        except OSError as exc:
            raise unavailable(f"{exc.filename or place}: {exc.strerror or exc}.") from exc


def _sizes(folder: Path) -> Iterator[int]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield os.lstat(os.path.join(parent, name)).st_size


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """The entry without owner and time; nothing for what is no code."""
    is_code = entry.isfile() or entry.isdir() or entry.issym() or entry.islnk()
    if not is_code or entry.name.endswith("/.git"):
        return None
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o111 else 0o644
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry
