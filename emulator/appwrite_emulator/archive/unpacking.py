"""Unpacking an archive into a folder that it cannot leave."""

from __future__ import annotations

import errno
import gzip
import io
import os
import posixpath
import shutil
import stat
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

from .entries import Budget, Entries
from .refusals import ArchiveBroken, check_text, clean_name, leaves_root, refusal

_UNFIT_NAME = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)


def _never_cancelled() -> None:
    pass


def unpack(
    source: Path,
    into: Path,
    *,
    max_size: int,
    max_entries: int = 100_000,
    check: Callable[[], None] = _never_cancelled,
) -> int:
    """Unpack the `.tar.gz` file `source` into the empty or absent folder `into`.

    Returns the bytes unpacked. Files get mode 0644 or 0755, folders 0755; owners, times and
    special bits of the archive are dropped. `max_size` (bytes) bounds what the archive expands
    to, `max_entries` how many things it holds. `check` is called between pieces of work and may
    raise to stop. Blocking: call it in a thread.

    Raises ArchiveBroken, ArchiveRefused (both name entry and reason), FileExistsError when
    `into` holds anything, and whatever `check` raises; what was unpacked by then is removed.
    """
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise FileExistsError(f"{into} is not empty")
    if not source.stat().st_size:
        raise ArchiveBroken("The archive is empty: the file has no bytes.")
    budget = Budget(max_size, max_entries, check)
    try:
        with gzip.open(source, "rb") as stream:
            return _Unpacking(into, Entries(io.BufferedReader(stream), budget)).run()
    except BaseException as exc:
        _empty(into)
        if isinstance(exc, EOFError):
            raise ArchiveBroken("The archive is cut off: its gzip data has no end.") from exc
        if isinstance(exc, (gzip.BadGzipFile, zlib.error)):
            raise ArchiveBroken(f"The archive is not intact gzip data: {exc}.") from exc
        raise


def _empty(folder: Path) -> None:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)


class _Unpacking:
    """One run over one archive: the folder it fills and what lies there so far."""

    def __init__(self, root: Path, entries: Entries) -> None:
        self._root = root
        self._entries = entries
        self._folders = {""}
        self._links: list[str] = []

    def run(self) -> int:
        for info in self._entries:
            try:
                self._place(clean_name(info.name), info)
            except OSError as exc:
                if exc.errno in _UNFIT_NAME:
                    raise refusal(info.name, f"this system cannot store it: {exc}") from exc
                raise
        self._check_links()
        return self._entries.size

    def _place(self, name: str, info: tarfile.TarInfo) -> None:
        if info.isdir():
            self._make_folder(name, info.name)
        elif not name:
            raise refusal(info.name, "only a folder can be the root of the archive")
        elif info.isreg() and info.type != tarfile.GNUTYPE_SPARSE:
            self._write_file(name, info)
        elif info.issym():
            self._make_link(name, info)
        elif info.islnk():
            self._make_hard_link(name, info)
        else:
            raise refusal(info.name, f"it is {_kind(info)}")

    def _make_folder(self, name: str, shown: str) -> None:
        """Make the folder and those above it, going through no link."""
        if name in self._folders:
            return
        parent, _, _ = name.rpartition("/")
        self._make_folder(parent, shown)
        path = self._root / name
        try:
            path.mkdir()
            path.chmod(0o755)
        except FileExistsError:
            if not stat.S_ISDIR(path.lstat().st_mode):
                reason = f"an earlier entry made {name!r} something other than a folder"
                raise refusal(shown, reason) from None
        self._folders.add(name)

    def _vacate(self, name: str, shown: str) -> Path:
        """The path to create `name` at; an earlier entry of that name is replaced, as tar does."""
        self._make_folder(name.rpartition("/")[0], shown)
        path = self._root / name
        try:
            path.unlink()
        except FileNotFoundError:
            pass
        except OSError as exc:  # Linux says EISDIR, macOS EPERM
            if exc.errno in (errno.EISDIR, errno.EPERM):
                raise refusal(shown, "an earlier entry made it a folder") from exc
            raise
        return path

    def _write_file(self, name: str, info: tarfile.TarInfo) -> None:
        path = self._vacate(name, info.name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(path, flags, 0o600), "wb") as file:
            self._entries.copy(info, file)
            os.fchmod(file.fileno(), 0o755 if info.mode & 0o111 else 0o644)

    def _make_link(self, name: str, info: tarfile.TarInfo) -> None:
        target = info.linkname
        check_text(target, info.name)
        place = posixpath.join(posixpath.dirname(name), target)
        if target.startswith("/") or not target or leaves_root(place):
            raise refusal(info.name, f"it links outside of the archive, to {target!r}")
        self._vacate(name, info.name).symlink_to(target)
        self._links.append(name)

    def _make_hard_link(self, name: str, info: tarfile.TarInfo) -> None:
        target = clean_name(info.linkname)
        above = target.rpartition("/")[0]
        source = self._root / target
        is_ours = above in self._folders and os.path.lexists(source)
        if not is_ours or not stat.S_ISREG(source.lstat().st_mode):
            reason = f"its hard link names {info.linkname!r}, which is no file unpacked before it"
            raise refusal(info.name, reason)
        if target != name:
            os.link(source, self._vacate(name, info.name), follow_symlinks=False)

    def _check_links(self) -> None:
        """Refuse links that leave only by way of other links."""
        root = os.path.realpath(self._root)
        for name in self._links:
            resolved = os.path.realpath(self._root / name)
            if resolved != root and not resolved.startswith(root + os.sep):
                raise refusal(name, "it links outside of the archive, through other links")


def _kind(info: tarfile.TarInfo) -> str:
    if info.type == tarfile.GNUTYPE_SPARSE:
        return "a sparse file; pack the archive without --sparse"
    if info.isdev():
        return "a device or a pipe"
    return f"of the unknown type {info.type!r}"
