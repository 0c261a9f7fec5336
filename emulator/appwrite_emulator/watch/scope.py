"""Scopes: what somebody wants to be told of, and in which folders of the disk that shows."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..project_file import Skip

_MOST_LINKS = 40  # on one way, as the kernel has it


class Scope(NamedTuple):
    """What is watched under one key.

    `folders` with everything below them, but for folders whose names `skip` has (as Skip reads
    them) and those that never are source, such as `.git`. `files` one by one, whether they are
    there yet or not. Links are followed, and watched for leading elsewhere.
    """

    folders: tuple[Path, ...]
    files: tuple[Path, ...] = ()
    skip: frozenset[str] = frozenset()


class Places:
    """The folders in which changes of a scope show, found by a walk.

    Before a folder is listed it is handed to `listen`, so nothing appears in it unheard. It raises
    FileNotFoundError or NotADirectoryError when there is no such folder any more.
    """

    __slots__ = ("_listen", "_roots", "_skip", "folders", "names")

    def __init__(self, scope: Scope, listen: Callable[[str], None]) -> None:
        self.folders: set[str] = set()  # real paths; what happens in these counts
        self.names: dict[str, set[str]] = {}  # real paths; in these, only the names count
        self._listen = listen
        self._skip = Skip(scope.skip)
        for file in scope.files:
            self._trace(str(file.absolute()))
        roots = [self._trace(str(folder.absolute())) for folder in scope.folders]
        self._roots = {root for root in roots if root is not None}
        self._walk()

    @property
    def all(self) -> set[str]:
        return self.folders | self.names.keys()

    def has_name(self, folder: str, name: str) -> bool:
        """Whether a link, root or single file of the scope is called so there."""
        return name in self.names.get(folder, ())

    def passes(self, folder: str, name: str) -> bool:
        """Whether a folder of that name is none of the scope."""
        return folder not in self.folders or self._skip.passes(name, at_root=folder in self._roots)

    def _walk(self) -> None:
        ahead = sorted(self._roots)
        while ahead:
            folder = ahead.pop()
            if folder in self.folders or not os.path.isdir(folder):
                continue
            self.folders.add(folder)
            with suppress(FileNotFoundError, NotADirectoryError):  # the folder above tells
                self._listen(folder)
                ahead += self._below(folder)

    def _below(self, folder: str) -> list[str]:
        try:
            with os.scandir(folder) as items:
                inner = [(each.name, each.is_symlink()) for each in items if _may_be_folder(each)]
        except OSError:  # gone meanwhile, or told by `listen`
            return []
        found = []
        for name, is_link in inner:
            if self.passes(folder, name):
                continue
            path: str | None = os.path.join(folder, name)
            if is_link:
                path = self._trace(os.path.join(folder, name))
            if path is not None:
                found.append(path)
        return found

    def _trace(self, path: str) -> str | None:
        """Where a path really leads, None when nowhere; noted is what could change that."""
        while True:
            try:
                return self._follow(path)
            except FileNotFoundError:  # a folder on the way went while we were in it
                continue

    def _follow(self, path: str) -> str | None:
        here, links = "/", 0
        ahead = path.split("/")[::-1]
        while ahead:
            name = ahead.pop()
            if name in ("", ".", ".."):
                here = os.path.dirname(here) if name == ".." else here
                continue
            target = self._step(here, name, is_last=not ahead)
            if target is None or links > _MOST_LINKS:
                return None
            if target:
                links += 1
                here = "/" if target.startswith("/") else here
                ahead += target.split("/")[::-1]
            else:
                here = os.path.join(here, name)
        return here

    def _step(self, here: str, name: str, *, is_last: bool) -> str | None:
        """What the link `name` says, "" when it is none, None when it is not there."""
        target = _target(os.path.join(here, name))
        if not is_last and target == "":
            return target
        try:
            self._note(here, name)
        except NotADirectoryError:  # a file is in the way
            self._note(*os.path.split(here))
            if os.path.isdir(here):
                raise FileNotFoundError(here) from None
            return None
        return _target(os.path.join(here, name))  # it may have changed before we listened

    def _note(self, folder: str, name: str) -> None:
        self._listen(folder)
        self.names.setdefault(folder, set()).add(name)


def _may_be_folder(item: os.DirEntry[str]) -> bool:
    return item.is_symlink() or item.is_dir(follow_symlinks=False)


def _target(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError as exc:
        return "" if exc.errno == errno.EINVAL else None
