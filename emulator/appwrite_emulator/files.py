"""Bytes that do not fit in rows: archives, long logs and build folders."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .state import StateError

logger = logging.getLogger(__name__)

CODE_ROOT = Path("src") / "function"

_PART = ".part"
_FRESH = 60.0  # seconds after which the row that names a new file has been written
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_OURS = re.compile(r"state\.json.*|sources|logs|builds|homes|caches")


class Files:
    """Files beside the state, found by name. Names may come from a row, so they are checked.

    Nothing is deleted when its row is: `sweep` collects what no row names any more, so that a
    restored row finds its files again. All methods block; writers belong in a thread.
    """

    def __init__(self, folder: Path, builds: Path) -> None:
        self._folder = folder
        self._sources = folder / "sources"
        self._logs = folder / "logs"
        self._builds = builds
        self._arrival = threading.Lock()  # held while a source or log takes its name, or goes

    def start(self) -> None:
        """Make the folders, none of which git or another user's functions shall see into.

        Raises StateError, naming the folder, when one cannot be made.
        """
        try:
            self._make_folders()
        except OSError as exc:
            raise StateError.unusable(self._folder, exc) from exc

    def _make_folders(self) -> None:
        is_ours = not self._folder.exists() or all(map(_is_ours, self._folder.iterdir()))
        for folder in (self._sources, self._logs, self._builds):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in [self._folder] if is_ours else [self._sources, self._logs, self._builds]:
            _ignore(folder)
        for folder in (self._sources, self._logs):
            folder.chmod(0o700)  # no business of functions
        # Another user's functions reach their own build, whose name they know, and find no other.
        self._builds.chmod(0o711)

    @property
    def uploads(self) -> Path:
        """The folder where uploads arrive; what is left there is swept at the next start."""
        return self._sources

    def incoming(self, name: str) -> Path:
        """Where the bytes of an upload that is still arriving are kept."""
        return self._sources / (_checked(name) + _PART)

    def keep_source(self, part: Path, digest: str) -> str:
        """Keep a complete upload under its content hash; returns its name for `source`.

        The same content sent twice is one file.
        """
        with part.open("rb") as file:
            os.fsync(file.fileno())
        self._arrive(part, self._sources / _checked(digest))
        return digest

    def _arrive(self, part: Path, target: Path) -> None:
        with self._arrival:
            os.utime(part)
            os.replace(part, target)

    def source(self, name: str) -> Path:
        """The archive `name`; it may have been lost."""
        return self._sources / _checked(name)

    @contextmanager
    def stage(self) -> Iterator[Path]:
        """A folder to make something ready in; a sweep removes what a kill leaves of it."""
        folder = self._builds / (secrets.token_hex(16) + _PART)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            _remove(folder)

    def take_source(self, path: Path, digest: str) -> None:
        """Move an archive in under its content hash."""
        _move(path, self.source(digest))

    def take_log(self, path: Path, digest: str) -> None:
        """Move a long log in under its content hash."""
        _move(path, self.log(digest))

    def take_build(self, folder: Path) -> str:
        """Move a build in from a `stage`; returns its name, which no other build has."""
        name = secrets.token_hex(16)
        os.rename(folder, self.build(name))
        return name

    def write_log(self, text: str) -> str:
        """Keep a text that is too long for a row; returns its name for `read_log`."""
        return self.write_bytes(text.encode(errors="surrogatepass"))

    def write_bytes(self, data: bytes) -> str:
        """Keep bytes among the long logs; returns their name for `log`."""
        name = hashlib.sha256(data).hexdigest()
        part = self._logs / (secrets.token_hex(8) + _PART)
        part.write_bytes(data)
        self._arrive(part, self._logs / name)
        return name

    def log(self, name: str) -> Path:
        """The file of the long log `name`; it may have been lost."""
        return self._logs / _checked(name)

    def logs(self) -> set[str]:
        """The names of all long logs there are."""
        return {path.name for path in self._logs.iterdir() if path.name != ".gitignore"}

    def read_log(self, name: str) -> str:
        """The text kept as `name`, or a line saying that it is lost."""
        try:
            return self.log(name).read_bytes().decode(errors="surrogatepass")
        except FileNotFoundError:
            return f"[This text is lost: there is no file {name} among the logs.]\n"

    def name_of_build(self) -> str:
        """A name for `build` that no other has; its folder is yet to be made."""
        return secrets.token_hex(16)

    def new_build(self) -> str:
        """Make an empty build folder with its code root; returns its name for `build`."""
        name = self.name_of_build()
        (self.build(name) / CODE_ROOT).mkdir(parents=True)
        return name

    def build(self, name: str) -> Path:
        """The folder of the build `name`; it may have been lost."""
        return self._builds / _checked(name)

    def remove_builds(self, names: set[str]) -> None:
        """Remove builds that no row and no live snapshot names any more."""
        for folder in self._builds.iterdir():
            if folder.name in names:
                _remove(folder)

    def remove_contents(self, sources: set[str], logs: set[str]) -> None:
        """Remove archives and long logs that no row and no live snapshot names any more.

        One that came a moment ago, or came again, stays for the next sweep: the row that is to
        name it may not be written yet.
        """
        for path in (*map(self.source, sources), *map(self.log, logs)):
            with self._arrival:
                if path.exists() and time.time() - path.stat().st_mtime > _FRESH:
                    _remove(path)

    def sweep(self, *, sources: set[str], logs: set[str], builds: set[str]) -> int:
        """Remove every file and build not named; returns how many went.

        The names must cover rows, live snapshots, and whatever is in the making: a build under
        way, a log whose row is about to be written, an upload (its name, as given to `incoming`).
        """
        uploads = {name + _PART for name in sources}
        unnamed = [
            *_others(self._sources, sources | uploads),
            *_others(self._logs, logs),
            *_others(self._builds, builds),
        ]
        return sum(map(_remove, unnamed))


def is_name(name: str) -> bool:
    """Whether `name` can be that of a kept file; no other can reach the disk."""
    return _NAME.fullmatch(name) is not None


def _checked(name: str) -> str:
    if not is_name(name):
        raise ValueError(f"{name!r} is not the name of a kept file")
    return name


def _move(path: Path, target: Path) -> None:
    """Move a file, from another disk too; `target` is never seen half written."""
    try:
        os.replace(path, target)
    except OSError as exc:
        if exc.errno != errno.EXDEV:
            raise
        part = target.with_name(secrets.token_hex(8) + _PART)
        shutil.copyfile(path, part)
        os.replace(part, target)


def _is_ours(path: Path) -> bool:
    return path.name == ".gitignore" or _OURS.fullmatch(path.name) is not None


def _ignore(folder: Path) -> None:
    path = folder / ".gitignore"
    if not path.exists():
        path.write_text("*\n", encoding="utf-8")


def _others(folder: Path, kept: set[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name not in kept and path.name != ".gitignore":
            yield path


def _remove(path: Path) -> bool:
    try:
        if path.is_dir() and not path.is_symlink():
            _remove_tree(path)
        else:
            path.unlink()
    except OSError as exc:
        logger.warning("%s could not be removed: %s", path, exc, extra={"action": "files.sweep"})
        return False
    return True


def _remove_tree(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except PermissionError:  # finished builds are read-only, and only root does not mind
        _make_removable(folder)
        shutil.rmtree(folder)


def _make_removable(folder: Path) -> None:
    folder.chmod(0o700)
    for parent, names, _ in os.walk(folder):
        for name in names:
            if not os.path.islink(os.path.join(parent, name)):
                os.chmod(os.path.join(parent, name), 0o700)
