"""Packed sources: unpacking archives that nobody vouches for, and packing build outputs."""

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_BLOCK = 512
_PIECE = 256 * 1024
_MAX_EXTENDED_HEADER = 1024 * 1024
_MAX_DEPTH = 200
_MAX_PADDING = 1024 * 1024
_EXTENDED = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_UNFIT_NAME = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)


class ArchiveBroken(Exception):
    """The archive is not a complete tar packed with gzip."""


class ArchiveRefused(Exception):
    """The archive is readable, but holds something that must not be unpacked."""


@dataclass(frozen=True, slots=True)
class _Budget:
    max_size: int
    max_entries: int
    check: Callable[[], None]


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
    unpacking = _Unpacking(into, _Budget(max_size, max_entries, check))
    try:
        with gzip.open(source, "rb") as stream:
            return unpacking.run(io.BufferedReader(stream))
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
    """One run over one archive: the folder it fills and what it has used up so far."""

    def __init__(self, root: Path, budget: _Budget) -> None:
        self._root = root
        self._budget = budget
        self._size = 0
        self._entries = 0
        self._folders = {""}
        self._links: list[str] = []

    def run(self, stream: IO[bytes]) -> int:
        for info in self._headers(stream):
            name = _clean_name(info.name)
            try:
                self._place(name, info, stream)
            except OSError as exc:
                if exc.errno in _UNFIT_NAME:
                    raise _refusal(info.name, f"this system cannot store it: {exc}") from exc
                raise
        _skip(stream, _MAX_PADDING)  # reading to the end makes gzip verify its checksum
        self._check_links()
        return self._size

    def _headers(self, stream: IO[bytes]) -> Iterator[tarfile.TarInfo]:
        """The entries, each with its long name applied; the reader consumes their content."""
        extended: dict[str, str] = {}
        while (block := _read_block(stream)) is not None:
            self._budget.check()
            info = _parse_header(block)
            self._count(info)
            if info.type in _EXTENDED:
                extended |= _parse_records(self._read_header_body(info, stream))
            elif info.type == tarfile.XGLTYPE:
                self._read_header_body(info, stream)
            elif info.type in _LONG_NAMES:
                key = "path" if info.type == tarfile.GNUTYPE_LONGNAME else "linkpath"
                text = self._read_header_body(info, stream).rstrip(b"\0")
                extended[key] = text.decode("utf-8", "surrogateescape")
            else:
                yield _apply(info, extended)
                extended = {}
        if extended:
            raise ArchiveBroken("The archive ends after the long name of an entry.")

    def _count(self, info: tarfile.TarInfo) -> None:
        self._entries += 1
        if self._entries > self._budget.max_entries:
            limit = self._budget.max_entries
            raise _refusal(info.name, f"the archive has more than {limit} entries")

    def _read_header_body(self, info: tarfile.TarInfo, stream: IO[bytes]) -> bytes:
        if not 0 <= info.size <= _MAX_EXTENDED_HEADER:
            raise _refusal(info.name, f"its extended header claims {info.size} bytes")
        target = io.BytesIO()
        self._copy(info, stream, target)
        self._size -= info.size
        return target.getvalue()

    def _copy(self, info: tarfile.TarInfo, stream: IO[bytes], target: IO[bytes]) -> None:
        if info.size < 0:
            raise ArchiveBroken(f"Entry {info.name!r} has the negative size {info.size}.")
        self._size += info.size
        if self._size > self._budget.max_size:
            limit = self._budget.max_size
            raise _refusal(info.name, f"the archive unpacks to more than {limit} bytes")
        remaining = info.size
        while remaining:
            self._budget.check()
            piece = stream.read(min(remaining, _PIECE))
            if not piece:
                raise ArchiveBroken(f"The archive is cut off in the middle of {info.name!r}.")
            target.write(piece)
            remaining -= len(piece)
        _skip(stream, -info.size % _BLOCK)

    def _place(self, name: str, info: tarfile.TarInfo, stream: IO[bytes]) -> None:
        if info.isdir():
            self._make_folder(name, info.name)
        elif not name:
            raise _refusal(info.name, "only a folder can be the root of the archive")
        elif info.isreg() and info.type != tarfile.GNUTYPE_SPARSE:
            self._write_file(name, info, stream)
        elif info.issym():
            self._make_link(name, info)
        elif info.islnk():
            self._make_hard_link(name, info)
        else:
            raise _refusal(info.name, f"it is {_kind(info)}")

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
                raise _refusal(shown, reason) from None
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
                raise _refusal(shown, "an earlier entry made it a folder") from exc
            raise
        return path

    def _write_file(self, name: str, info: tarfile.TarInfo, stream: IO[bytes]) -> None:
        path = self._vacate(name, info.name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(path, flags, 0o600), "wb") as file:
            self._copy(info, stream, file)
            os.fchmod(file.fileno(), 0o755 if info.mode & 0o111 else 0o644)

    def _make_link(self, name: str, info: tarfile.TarInfo) -> None:
        target = info.linkname
        _check_text(target, info.name)
        place = posixpath.join(posixpath.dirname(name), target)
        if target.startswith("/") or not target or _leaves_root(place):
            raise _refusal(info.name, f"it links outside of the archive, to {target!r}")
        self._vacate(name, info.name).symlink_to(target)
        self._links.append(name)

    def _make_hard_link(self, name: str, info: tarfile.TarInfo) -> None:
        target = _clean_name(info.linkname)
        above = target.rpartition("/")[0]
        source = self._root / target
        is_ours = above in self._folders and os.path.lexists(source)
        if not is_ours or not stat.S_ISREG(source.lstat().st_mode):
            reason = f"its hard link names {info.linkname!r}, which is no file unpacked before it"
            raise _refusal(info.name, reason)
        if target != name:
            os.link(source, self._vacate(name, info.name), follow_symlinks=False)

    def _check_links(self) -> None:
        """Refuse links that leave only by way of other links."""
        root = os.path.realpath(self._root)
        for name in self._links:
            resolved = os.path.realpath(self._root / name)
            if resolved != root and not resolved.startswith(root + os.sep):
                raise _refusal(name, "it links outside of the archive, through other links")


def _read_block(stream: IO[bytes]) -> bytes | None:
    block = stream.read(_BLOCK)
    if not block or not block.strip(b"\0"):
        return None
    if len(block) < _BLOCK:
        raise ArchiveBroken("The archive is cut off in the middle of a header.")
    return block


def _parse_header(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as exc:
        raise ArchiveBroken(f"The archive is not a tar, or damaged: {exc}.") from exc


def _parse_records(body: bytes) -> dict[str, str]:
    """The `path`, `linkpath` and `size` of a pax header, and marks of sparse files."""
    records = {}
    while body:
        length, _, _ = body.partition(b" ")
        if not (length.isdigit() and len(length) < 9 and 0 < int(length) <= len(body)):
            raise ArchiveBroken("The archive has a damaged pax header.")
        record, body = body[len(length) + 1 : int(length) - 1], body[int(length) :]
        key, _, value = record.decode("utf-8", "surrogateescape").partition("=")
        if key in ("path", "linkpath", "size") or key.startswith("GNU.sparse."):
            records[key] = value
    return records


def _apply(info: tarfile.TarInfo, extended: dict[str, str]) -> tarfile.TarInfo:
    info.name = extended.get("path", info.name)
    info.linkname = extended.get("linkpath", info.linkname)
    size = extended.get("size", "")
    if size:
        if not (size.isascii() and size.isdigit() and len(size) < 20):
            raise ArchiveBroken(f"Entry {info.name!r} has the size {size[:40]!r}.")
        info.size = int(size)
    if any(key.startswith("GNU.sparse.") for key in extended):
        info.type = tarfile.GNUTYPE_SPARSE
    return info


def _kind(info: tarfile.TarInfo) -> str:
    if info.type == tarfile.GNUTYPE_SPARSE:
        return "a sparse file; pack the archive without --sparse"
    if info.isdev():
        return "a device or a pipe"
    return f"of the unknown type {info.type!r}"


def _clean_name(name: str) -> str:
    """`name` below the root, without empty and `.` parts; refuses what points elsewhere."""
    _check_text(name, name)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/"):
        raise _refusal(name, "its path is absolute")
    if ".." in parts:
        raise _refusal(name, "its path has a '..'")
    if len(parts) > _MAX_DEPTH:
        raise _refusal(name, f"it lies more than {_MAX_DEPTH} folders deep")
    return "/".join(parts)


def _check_text(text: str, name: str) -> None:
    if "\0" in text:
        raise _refusal(name, "its name has a NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise _refusal(name, "its name is not UTF-8") from exc


def _leaves_root(place: str) -> bool:
    resolved = posixpath.normpath(place)
    return resolved == ".." or resolved.startswith("../")


def _refusal(name: str, reason: str) -> ArchiveRefused:
    shown = name if len(name) <= 200 else f"{name[:200]}..."
    return ArchiveRefused(f"Entry {shown!r} is refused: {reason}.")


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0 and (piece := stream.read(min(count, _PIECE))):
        count -= len(piece)


def pack(folder: Path, target: Path) -> int:
    """Pack what is in `folder` as the `.tar.gz` file `target` and return its size in bytes.

    The same tree gives the same bytes: entries are sorted, without owners and times. Dotfiles,
    executable bits and links that stay inside are kept; links that lead outside, sockets, pipes
    and devices are left out. Blocking: call it in a thread.
    """
    try:
        with (
            target.open("wb") as raw,
            gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for path in _tree(folder):
                _add(tar, folder, path)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target.stat().st_size


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
    is_relative = not target.startswith("/") and not _leaves_root(place)
    return is_relative and (resolved == root or resolved.startswith(root + os.sep))
