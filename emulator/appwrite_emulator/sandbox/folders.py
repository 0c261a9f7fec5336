"""Folders that an unprivileged user can reach or own."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from .command import Command

Owner = tuple[int, int]
_SHARED = "appwrite-emulator-"  # and a digest
_SERVES = "serves"  # the link in a shared folder to the data it belongs to
_WRITERS = stat.S_IWGRP | stat.S_IWOTH


def is_reachable(path: Path, owner: Owner) -> bool:
    """Whether `owner` may pass through `path` and all folders above it, by their mode bits."""
    path = path.resolve()
    return all(_is_open(folder, owner) for folder in (path, *path.parents) if folder.exists())


def _is_open(folder: Path, owner: Owner) -> bool:
    status = folder.stat()
    if status.st_uid == owner[0]:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == owner[1]:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def shared_folder(data: Path) -> Path:
    """A folder of ours in the system's temporary directory, the same one for the same `data`.

    Those whose `data` is gone are removed. Raises PermissionError when somebody else made a folder
    of that name first.
    """
    place, data = Path(tempfile.gettempdir()), data.resolve()
    _remove_abandoned(place)
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    folder = place / f"{_SHARED}{digest}"
    folder.mkdir(mode=0o711, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else: remove it or set TMPDIR")
    folder.chmod(0o711)  # the umask may have taken bits away
    with suppress(FileExistsError):
        (folder / _SERVES).symlink_to(data)
    return folder


def _remove_abandoned(place: Path) -> None:
    for folder in place.glob(f"{_SHARED}*"):
        link = folder / _SERVES
        with suppress(OSError):  # none, or another user's
            if link.lstat().st_uid == os.geteuid() and not link.exists():
                shutil.rmtree(folder, ignore_errors=True)


def copy_of(folder: Path, workspace: Path) -> Path:
    """A fresh copy of `folder` in `workspace` that everybody can read."""
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    copy = workspace / "lent" / digest / folder.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    (workspace / "lent").chmod(0o711)
    copy.parent.chmod(0o755)  # packages can be imported from what can be listed alone
    publish(copy)
    return copy


def give(path: Path, owner: Owner) -> None:
    """Change the owner of `path` and all below it, following no link."""
    os.chown(path, *owner, follow_symlinks=False)
    if path.is_dir() and not path.is_symlink():
        for _, folders, files, here in os.fwalk(path):
            for name in (*folders, *files):
                os.chown(name, *owner, dir_fd=here, follow_symlinks=False)


def publish(path: Path) -> None:
    """Let everybody read what the owner of `path` and below can read, and nobody else write."""
    for _, folders, files, here in os.fwalk(path):
        for name in (".", *folders, *files):
            mode = os.stat(name, dir_fd=here, follow_symlinks=False).st_mode
            if not stat.S_ISLNK(mode):
                readable = mode & (stat.S_IRUSR | stat.S_IXUSR)
                wanted = mode & ~_WRITERS | readable >> 3 | readable >> 6
                os.chmod(name, stat.S_IMODE(wanted), dir_fd=here)


def with_home(command: Command, owner: Owner | None) -> Command:
    """`command` with HOME and TMPDIR in its private home, which is made when missing."""
    home = Path(command.home)
    temporary = home / "tmp"
    if not temporary.is_dir():
        temporary.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        if owner is not None:
            give(home, owner)
    env = {"HOME": str(home), "TMPDIR": str(temporary), **command.env}
    return replace(command, env=env)
