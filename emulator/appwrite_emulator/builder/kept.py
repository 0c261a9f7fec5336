"""Kept builds: one file each, from which a build is laid out again at another place."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import stat
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from . import anchoring, folders

_HEAD = struct.Struct(">8s32sQ")  # magic, SHA-256 of all that follows, bytes of the contents
_MAGIC = b"aw-build"


class Unkept(Exception):
    """A build cannot serve elsewhere; the text says why."""


class Damaged(Exception):
    """A kept build cannot be used."""


class _File(NamedTuple):
    path: str
    size: int
    program: bool
    modified: int  # nanoseconds, as byte code and package managers compare them
    placed: bool  # it names the code root


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How a build was made."""

    seconds: float
    logs: str
    size: int  # bytes of all files


@dataclass(frozen=True, slots=True)
class _Index:
    """What a kept build holds besides the contents of its files, which lie in this order."""

    code: str  # the code root that it was made in
    made: Made
    folders: list[str] = field(default_factory=list)  # those above others first
    links: list[tuple[str, str]] = field(default_factory=list)
    files: list[_File] = field(default_factory=list)


def write(code: Path, target: Path, made: Made, passing: Sequence[str]) -> None:
    """Write the sealed code root `code` as the new file `target`. Blocking.

    Raises Unkept for a build that leads out of its folder or names one of `passing`: what will be
    different the next time.
    """
    with open(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        file.seek(_HEAD.size)
        writing = _Writing(file, _Index(str(code), made), [*map(os.fsencode, passing)])
        writing.folder("")
        contents = file.tell() - _HEAD.size
        writing.put(json.dumps(asdict(writing.index)).encode())
        file.seek(0)
        file.write(_HEAD.pack(_MAGIC, writing.digest.digest(), contents))


class _Writing:
    """One code root on its way into a file."""

    def __init__(self, file: BinaryIO, index: _Index, passing: Sequence[bytes]) -> None:
        self.index = index
        self.digest = hashlib.sha256()
        self._file = file
        self._passing = passing

    def folder(self, path: str) -> None:
        for item in sorted(os.scandir(f"{self.index.code}/{path}"), key=lambda item: item.name):
            below = f"{path}/{item.name}" if path else item.name
            if item.is_symlink():
                self._link(below, item.path)
            elif item.is_dir():
                self.index.folders.append(below)
                self.folder(below)
            elif item.is_file():
                self._add(below, item.path)
            else:
                raise Unkept(f"{below} is neither a file nor a folder")

    def _link(self, path: str, link: str) -> None:
        text, target = os.readlink(link), anchoring.link_target(link)
        is_inside = anchoring.is_below(f"{target}/", self.index.code)
        if not is_inside and not (os.path.isabs(text) and os.path.exists(target)):
            raise Unkept(f"{path} leads to {target}")
        self.index.links.append((path, text))

    def _add(self, path: str, source: str) -> None:
        with open(source, "rb") as file:
            status = os.fstat(file.fileno())
            content = _mapped(file, status.st_size)
            for text in self._passing:
                if content.find(text) >= 0:
                    raise Unkept(f"{path} has {os.fsdecode(text)}, which is new in each build")
            is_placed = content.find(os.fsencode(self.index.code)) >= 0
            self.put(content)
        program = bool(status.st_mode & stat.S_IXUSR)
        self.index.files.append(_File(path, status.st_size, program, status.st_mtime_ns, is_placed))

    def put(self, content: bytes | mmap.mmap) -> None:
        self.digest.update(content)
        self._file.write(content)


class Kept:
    """A kept build that was found, whole."""

    def __init__(self, contents: memoryview, index: _Index) -> None:
        self.made = index.made
        self._contents = contents
        self._index = index

    @classmethod
    def read(cls, path: Path) -> Self:
        """The one in the file `path`, which may be removed meanwhile. Blocking.

        Raises FileNotFoundError, and Damaged when not every byte is as it was written.
        """
        try:
            with path.open("rb") as file:
                content = memoryview(_mapped(file, os.fstat(file.fileno()).st_size))
        except FileNotFoundError:
            raise
        except OSError as exc:  # such as a folder in its place, or a disk with bad blocks
            raise Damaged(f"{path} cannot be read: {exc}") from exc
        try:
            magic, digest, size = _HEAD.unpack_from(content)
            rest = content[_HEAD.size :]
            if magic != _MAGIC or hashlib.sha256(rest).digest() != digest:
                raise Damaged(f"{path} is damaged")
            return cls(rest[:size], _parsed(bytes(rest[size:])))
        except (struct.error, ValueError, TypeError, KeyError) as exc:
            raise Damaged(f"{path} cannot be read: {exc!r}") from exc

    def lay(self, code: Path) -> None:
        """Put the build in the place of the code root `code`, sealed. Blocking.

        Raises Damaged when something is gone that the build needs beside itself.
        """
        if len(os.fsencode(code)) != len(os.fsencode(self._index.code)):
            raise Damaged(f"it was built for a path that is as long as {self._index.code}")
        laid = code.with_name("kept")
        try:
            _Laying(laid, self._index, str(code)).run(self._contents)
            folders.remove(code)
            os.rename(laid, code)
        except BaseException:
            folders.remove(laid)
            raise


class _Laying:
    """One build on its way out of its file, into the folder `laid` that is to become `code`."""

    def __init__(self, laid: Path, index: _Index, code: str) -> None:
        self._laid = str(laid)
        self._index = index
        self._code = code

    def run(self, contents: memoryview) -> None:
        for path in ("", *self._index.folders):
            os.mkdir(f"{self._laid}/{path}")
            os.chmod(f"{self._laid}/{path}", 0o755)
        for path, text in self._index.links:
            text = text.replace(self._index.code, self._code)
            if os.path.isabs(text) and not (text.startswith(self._code) or os.path.exists(text)):
                raise Damaged(f"{text} is gone, where {path} leads to")
            os.symlink(text, f"{self._laid}/{path}")
        start = 0
        for file in self._index.files:
            self._file(file, contents[start : start + file.size])
            start += file.size

    def _file(self, file: _File, content: memoryview) -> None:
        if file.placed:
            before, after = os.fsencode(self._index.code), os.fsencode(self._code)
            content = memoryview(bytes(content).replace(before, after))
        mode = 0o555 if file.program else 0o444
        fd = os.open(f"{self._laid}/{file.path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            os.fchmod(fd, mode)  # the umask may have taken bits away
            while content:
                content = content[os.write(fd, content) :]
            os.utime(fd, ns=(file.modified, file.modified))
        finally:
            os.close(fd)


def _mapped(file: BinaryIO, size: int) -> bytes | mmap.mmap:
    return mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ) if size else b""


def _parsed(text: bytes) -> _Index:
    row = json.loads(text)
    return _Index(
        row["code"],
        Made(**row["made"]),
        row["folders"],
        [(path, text) for path, text in row["links"]],
        [_File(*values) for values in row["files"]],
    )
