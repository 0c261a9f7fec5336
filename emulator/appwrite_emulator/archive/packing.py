"""Packing a build output, the same bytes for the same tree."""

from __future__ import annotations

import gzip
import os
import posixpath
import stat
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .refusals import leaves_root


def pack(folder: Path, target: Path, *, lent: Path | None = None) -> int:
    """Pack what is in `folder` as the `.tar.gz` file `target` and return its size in bytes.

    The same tree gives the same bytes: entries are sorted, without owners and times. Dotfiles,
    executable bits and links that stay inside are kept; links that lead outside, sockets, pipes
    and devices are left out. Only links into the folder `lent` are packed as what they lead to;
    paths below it must be those below `folder`. Blocking: call it in a thread.
    """
    with new_archive(target) as tar:
        for item in _tree(_Item("", folder, folder), lent):
            _add(tar, item)
    return target.stat().st_size


def pack_files(files: Mapping[str, Path], target: Path, *, root: Path | None = None) -> int:
    """Pack files under the names given as the `.tar.gz` file `target`; its size in bytes.

    As with `pack`, the same files give the same bytes, and links that lead out of `root`, by
    default the folder that a link is in, are left out. Blocking.
    """
    with new_archive(target) as tar:
        for name in sorted(files):
            _add(tar, _Item(name, files[name], root or files[name].parent))
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


class _Item(NamedTuple):
    """What is to be packed, under which name, and the folder that its links must stay in."""

    name: str
    path: Path
    root: Path


def _tree(folder: _Item, lent: Path | None) -> Iterator[_Item]:
    prefix = f"{folder.name}/" if folder.name else ""
    for path in sorted(folder.path.iterdir()):
        item = _Item(prefix + path.name, path, folder.root)
        if lent and lent != item.root and path.is_symlink():
            found = _target(path)
            item = _Item(item.name, found, lent) if found.is_relative_to(lent) else item
        yield item
        if item.path.is_dir() and not item.path.is_symlink():
            yield from _tree(item, lent)


def _target(link: Path) -> Path:
    """Where a link leads, without following others."""
    return Path(os.path.normpath(link.parent / os.readlink(link)))


def _add(tar: tarfile.TarFile, item: _Item) -> None:
    status = item.path.lstat()
    info = tarfile.TarInfo(item.name)
    if stat.S_ISDIR(status.st_mode):
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
    elif stat.S_ISLNK(status.st_mode):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(item.path), 0o777
        if _stays_inside(item.root, item.path, info.linkname):
            tar.addfile(info)
    elif stat.S_ISREG(status.st_mode):
        with open(os.open(item.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            info.size = os.fstat(file.fileno()).st_size
            info.mode = 0o755 if status.st_mode & 0o111 else 0o644
            tar.addfile(info, file)


def _stays_inside(folder: Path, path: Path, target: str) -> bool:
    root = os.path.realpath(folder)
    resolved = os.path.realpath(path)
    place = posixpath.join(path.relative_to(folder).parent.as_posix(), target)
    is_relative = not target.startswith("/") and not leaves_root(place)
    return is_relative and (resolved == root or resolved.startswith(root + os.sep))
