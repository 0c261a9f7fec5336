"""Premises: a folder that user code may write to, brought back to what it held at one moment."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from time import monotonic
from typing import NamedTuple

_TICK = 0.02  # seconds within which two changes of a folder may have the same time
_Identity = tuple[int, int]


class Litter(NamedTuple):
    """What lay there that was not there before."""

    path: str  # from the root of the premises
    size: int  # bytes, of all that is in it


class Sweep(NamedTuple):
    """What came of putting a folder in order."""

    removed: list[Litter]
    broken: list[str]  # paths that are not as they were and cannot be put right


@dataclass(slots=True)
class _Folder:
    """One folder as it was."""

    path: str
    identity: _Identity
    files: dict[str, tuple[int, int]]  # by name, size and time; (0, 0) where nobody looks
    time: int  # of its last change that was seen
    seen: float  # when that was seen first
    listed: float  # when its names were last compared

    def is_untouched(self, status: os.stat_result) -> bool:
        """Whether nothing has come or gone since its names were compared."""
        return status.st_mtime_ns == self.time and self.listed - self.seen > _TICK

    def note_names(self, status: os.stat_result) -> None:
        """Its names are those that are known, now."""
        self.listed = monotonic()
        if status.st_mtime_ns != self.time:
            self.time, self.seen = status.st_mtime_ns, self.listed


@dataclass(slots=True)
class Premises:
    """A folder tree. `skipped` are patterns of names that are passed by; with `exact` the files
    that were there must not change, otherwise only come and go.

    What user code has put in the place of a folder is not followed.
    """

    root: str
    skipped: Collection[str] = ()
    exact: bool = True
    _folders: list[_Folder] = field(default_factory=list)

    @property
    def is_noted(self) -> bool:
        """Whether it is known what belongs here."""
        return bool(self._folders)

    def note(self) -> None:
        """What lies here now belongs here. Blocking; without the folder there is nothing."""
        self._folders = []
        if not os.path.isdir(self.root):
            return
        for path, names, _, here in os.fwalk(self.root):
            names[:] = [name for name in names if not self._is_skipped(name)]
            status, now = os.fstat(here), monotonic()
            files = {name: self._look(name, here) for name in os.listdir(here)}
            self._folders.append(
                _Folder(path, _identity(status), files, status.st_mtime_ns, now, now)
            )

    def is_tidy(self) -> bool:
        """Whether it is as it was, seen quickly."""
        return all(map(self._is_tidy, self._folders))

    def _is_tidy(self, folder: _Folder) -> bool:
        try:
            status = os.lstat(folder.path)
            is_same = _identity(status) == folder.identity and (
                folder.is_untouched(status) or folder.files.keys() == {*os.listdir(folder.path)}
            )
        except OSError:
            return False
        if not is_same:
            return False
        folder.note_names(status)
        return not self.exact or all(
            self._look(os.path.join(folder.path, name)) == before
            for name, before in folder.files.items()
        )

    def sweep(self) -> Sweep:
        """Remove what has come since. Blocking; quick where nothing has."""
        done = Sweep([], [])
        for folder in self._folders:
            try:
                here = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except OSError:
                done.broken.append(self._named(folder))
                continue
            try:
                self._put_right(folder, here, done)
            finally:
                os.close(here)
        return done

    def _put_right(self, folder: _Folder, here: int, done: Sweep) -> None:
        status = os.fstat(here)
        if _identity(status) != folder.identity:
            done.broken.append(self._named(folder))
            return
        if not folder.is_untouched(status):
            self._compare(folder, here, done)
            folder.note_names(os.fstat(here))
        if self.exact:
            self._compare_files(folder, here, done)

    def _compare(self, folder: _Folder, here: int, done: Sweep) -> None:
        names = set(os.listdir(here))
        for name in sorted(names - folder.files.keys()):
            self._remove(folder, name, here, done)
        if not self.exact:
            done.broken.extend(self._named(folder, name) for name in folder.files.keys() - names)

    def _compare_files(self, folder: _Folder, here: int, done: Sweep) -> None:
        for name, before in folder.files.items():
            if self._look(name, here) != before:
                done.broken.append(self._named(folder, name))

    def _remove(self, folder: _Folder, name: str, here: int, done: Sweep) -> None:
        path = self._named(folder, name)
        try:
            is_folder = stat.S_ISDIR(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode)
            done.removed.append(Litter(path, _size(name, here)))
            if is_folder:
                shutil.rmtree(name, dir_fd=here)
            else:
                os.unlink(name, dir_fd=here)
        except OSError:  # it is going by itself, or refuses to
            if name in os.listdir(here):
                done.broken.append(path)

    def _look(self, name: str, here: int | None = None) -> tuple[int, int]:
        """What shows that a file has changed."""
        if not self.exact:
            return 0, 0
        try:
            status = os.stat(name, dir_fd=here, follow_symlinks=False)
        except OSError:
            return -1, 0
        return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else (0, 0)

    def _is_skipped(self, name: str) -> bool:
        return any(fnmatchcase(name, each.lstrip("/")) for each in self.skipped)

    def _named(self, folder: _Folder, name: str = "") -> str:
        return os.path.relpath(os.path.join(folder.path, name), self.root)


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _size(name: str, here: int) -> int:
    """Bytes of a file, or of all files below a folder."""
    status = os.stat(name, dir_fd=here, follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode):
        return status.st_size
    return sum(
        os.stat(each, dir_fd=folder, follow_symlinks=False).st_size
        for _, _, files, folder in os.fwalk(name, dir_fd=here)
        for each in files
    )
