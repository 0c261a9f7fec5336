"""Packing sources and build outputs, the same bytes for the same tree."""

from __future__ import annotations

import gzip
import os
import posixpath
import stat
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .refusals import leaves_root


def pack(folder: Path, target: Path, paths: Iterable[Path] | None = None) -> int:
    """Pack what is in `folder`, or of it the files `paths`, relative to it, as the `.tar.gz` file
    `target` and return its size in bytes.

    The same tree gives the same bytes: entries are sorted, without owners and times. Dotfiles,
    executable bits and links that stay inside are kept; links that lead outside, sockets, pipes
    and devices are left out. Blocking: call it in a thread.
    """
    with new_archive(target) as tar:
        chosen = _tree(folder) if paths is None else (folder / path for path in sorted(paths))
        for path in chosen:
            _add(tar, folder, path)
    return target.stat().st_size


@contextmanager
def new_archive(target: Path) -> Iterator[tarfile.TarFile]:
    """The `.tar.gz` file `target`, to be filled; it is removed when that fails."""
    try:
        with (
            target.open("wb") as raw,
            gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            yield tar
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _tree(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _tree(path)


def _add(tar: tarfile.TarFile, folder: Path, path: Path) -> None:
    status = path.lstat()
    info = tarfile.TarInfo(path.relative_to(folder).as_posix())
    if stat.S_ISDIR(status.st_mode):
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
    elif stat.S_ISLNK(status.st_mode):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(path), 0o777
        if _stays_inside(folder, path, info.linkname):
            tar.addfile(info)
    elif stat.S_ISREG(status.st_mode):
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            info.size = os.fstat(file.fileno()).st_size
            info.mode = 0o755 if status.st_mode & 0o111 else 0o644
            tar.addfile(info, file)


def _stays_inside(folder: Path, path: Path, target: str) -> bool:
    root = os.path.realpath(folder)
    resolved = os.path.realpath(path)
    place = posixpath.join(path.relative_to(folder).parent.as_posix(), target)
    is_relative = not target.startswith("/") and not leaves_root(place)
    return is_relative and (resolved == root or resolved.startswith(root + os.sep))
