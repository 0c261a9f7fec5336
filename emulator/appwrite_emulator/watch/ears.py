"""Ears: being told by the kernel what happens in single folders, through watchdog's inotify."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from watchdog.utils import UnsupportedLibcError

if TYPE_CHECKING:
    from watchdog.observers.inotify_c import InotifyEvent, InotifyFD

_ATTRIBUTES, _CLOSED = 0x4, 0x8  # the words of inotify(7), IN_ATTRIB and so on
_MOVED_FROM, _MOVED_TO, _CREATED, _DELETED = 0x40, 0x80, 0x100, 0x200
_SELF = 0x400 | 0x800 | 0x2000  # deleted, moved, or its file system unmounted
_ONLY_FOLDERS, _NO_LINKS, _IS_FOLDER = 0x1000000, 0x2000000, 0x40000000
# Not asked for: opening and reading, which would keep us busy with ourselves, and writing, which
# is told when the file is closed and whole.
_WANTED = (
    _ATTRIBUTES | _CLOSED | _MOVED_FROM | _MOVED_TO | _CREATED | _DELETED | _SELF
    | _ONLY_FOLDERS | _NO_LINKS
)  # fmt: skip


class Sound(NamedTuple):
    """Something that happened in a folder."""

    folder: str
    name: str  # of what it happened to; empty for the folder itself
    is_folder: bool = False
    has_appeared: bool = False  # there was no such name, or it was something else
    is_new: bool = False  # it was created, so if it is a file somebody may be writing it
    is_lost: bool = False  # the folder is heard no more, or something was not heard


Hear = Callable[[Sound], None]
"""Called in a thread of its own."""


class Ears:
    """Listens in folders. All but `hear` happens in the thread that opened it.

    Raises OSError when the system allows no more (ENOSPC for folders, EMFILE for listeners), or
    has no inotify (ENOSYS).
    """

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._kernel: InotifyFD | None = None
        self._ears: dict[str, _Ear] = {}

    def add(self, folder: str) -> None:
        """Listen in a folder, given by its real path; does nothing when it is the same already.

        Raises OSError too when the folder is not there or not readable.
        """
        seen = os.stat(folder)
        place = (seen.st_dev, seen.st_ino)
        known = self._ears.get(folder)
        if known is not None and known.place == place:
            return
        self.remove(folder)
        ear = _Ear(folder, place, self._hear)
        ear.watch = self._open().add_callback(os.fsencode(folder), _WANTED, ear, id(ear))  # type: ignore[arg-type]  # NewTypes of int
        self._ears[folder] = ear
        if ear.watch == -1:  # how watchdog says this
            self.remove(folder)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)

    def remove(self, folder: str) -> None:
        """Listen there no more, if at all."""
        ear = self._ears.pop(folder, None)
        if ear is not None:
            self._open().remove_callbacks([(ear.watch, id(ear))])  # type: ignore[list-item]

    def close(self) -> None:
        """Listen nowhere."""
        if self._kernel is not None:
            self._kernel.stop()
            self._kernel.join()

    def _open(self) -> InotifyFD:
        if self._kernel is None:
            try:
                from watchdog.observers.inotify_c import InotifyFD
            except UnsupportedLibcError as exc:
                raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from exc
            self._kernel = InotifyFD()
            self._kernel.name = "watch ears"
            self._kernel.start()
        return self._kernel


@dataclass(slots=True, eq=False)
class _Ear:
    """One folder that is listened in; watchdog calls it in its thread."""

    folder: str
    place: tuple[int, int]  # device and inode
    hear: Hear
    watch: int = -1

    def on_event(self, event: InotifyEvent) -> None:
        mask = event.mask
        if mask & _SELF:
            self.hear(Sound(self.folder, ""))
        elif event.name:
            self.hear(
                Sound(
                    self.folder,
                    os.fsdecode(event.name),
                    is_folder=bool(mask & _IS_FOLDER),
                    has_appeared=bool(mask & (_CREATED | _MOVED_TO)),
                    is_new=bool(mask & _CREATED),
                )
            )

    def on_watch_deleted(self, wd: int) -> None:
        self.hear(Sound(self.folder, "", is_lost=True))

    def on_queue_overflow(self) -> None:
        self.hear(Sound(self.folder, "", is_lost=True))
