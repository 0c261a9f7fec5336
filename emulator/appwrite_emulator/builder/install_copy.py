"""Copying an install: quickly, and so that it works where it then lies."""

from __future__ import annotations

import os
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from . import anchoring, copying
from .copying import Check, TreeMoved
from .installs import Place
from .record import Installed

_NOT_COPIED = frozenset({".git", ".hg", ".svn"})  # of a package that is a link to its repository


class _Store(NamedTuple):
    """A package among those that a workspace keeps for all its members, as pnpm does."""

    folder: str  # the workspace's own install
    path: str  # of the package in it: .pnpm/left@1.0.0/node_modules/left
    name: str  # of such folders: node_modules

    @property
    def unit(self) -> str:
        """The folder where the package lies with links to all it needs."""
        return self.path.partition(f"/{self.name}/")[0]

    def at(self, path: str) -> _Store:
        return self._replace(path=path)


def _store(target: str, name: str) -> _Store | None:
    """The package that a link leads to, if it is one of a workspace."""
    above, _, path = target.partition(f"/{name}/")
    return _Store(f"{above}/{name}", path, name) if f"/{name}/" in path else None


class InstallCopy:
    """One copying of an install into the code root `code`.

    `sources` are the paths of the files that the copy has beside it. Links that stay in the
    install, or lead to one of the sources, stay links; others are replaced by what they lead to,
    but for programs of this machine, such as an interpreter.
    """

    def __init__(
        self,
        place: Place,
        code: Path,
        sources: Collection[str],
        *,
        writable: bool = False,
        check: Check = copying.never,
    ) -> None:
        self._rule = place.rule
        self._root = os.path.abspath(place.root)
        self._source = f"{self._root}/{place.name}"
        self._code = str(code)
        self._becomes = place.rule.becomes
        self._target = f"{code}/{self._becomes}"
        self._sources = sources
        self._writable = writable
        self._check = check
        self._size = 0
        self._anchors: list[str] = []

    def run(self) -> Installed:
        """Copy. Raises TreeMoved when the install changes meanwhile, and what `check` raises."""
        try:
            self._copy_folder("")
        except FileNotFoundError as exc:
            raise TreeMoved(f"{exc.filename} went away while it was copied.") from exc
        for marker in self._rule.markers:
            if os.path.exists(path := f"{self._target}/{marker}"):
                os.utime(path)  # for package managers, which compare it with the folders
        anchors = {path for path in self._rule.anchors if os.path.lexists(f"{self._target}/{path}")}
        return Installed(
            self._becomes, self._size, anchors=anchoring.outermost([*anchors, *self._anchors])
        )

    def _copy_folder(self, path: str) -> None:
        self._check()
        self._make_folder(path)
        with os.scandir(f"{self._source}/{path}") as items:
            for item in items:
                below = f"{path}/{item.name}" if path else item.name
                if not any(fnmatchcase(below, each) for each in self._rule.left_out):
                    self._copy(below, item)

    def _make_folder(self, path: str) -> None:
        os.makedirs(f"{self._target}/{path}")
        os.chmod(f"{self._target}/{path}", 0o755)

    def _copy(self, path: str, item: os.DirEntry[str]) -> None:
        if item.is_symlink():
            self._copy_link(path)
        elif item.is_dir(follow_symlinks=False):
            self._copy_folder(path)
        elif item.is_file(follow_symlinks=False):
            self._copy_file(item.path, path)

    def _copy_file(self, source: str, path: str) -> None:
        target = f"{self._target}/{path}"
        self._size += copying.copy_file(source, target, writable=self._writable).size
        if any(fnmatchcase(path, pattern) for pattern in self._rule.placed):
            self._place(path, Path(target))

    def _place(self, path: str, target: Path) -> None:
        """Let a text that names the folder where it lies name its new one."""
        content = target.read_bytes()
        moved = anchoring.moved(content, {self._source: self._target, self._root: self._code})
        if moved != content:
            anchoring.rewrite(target, moved)
            self._size += len(moved) - len(content)
        if anchoring.names_sources(moved, self._code, self._target):
            self._anchors.append(path)

    def _copy_link(self, path: str) -> None:
        link = f"{self._source}/{path}"
        target, text = anchoring.link_target(link), os.readlink(link)
        if anchoring.is_below(target, self._source):
            self._link(path, os.path.relpath(target, os.path.dirname(link)))
        elif anchoring.is_below(target, self._root) and self._has_source(target):
            self._link(path, os.path.relpath(target, os.path.dirname(link)))
            self._anchors.append(path)
        elif os.path.isdir(link) and (store := _store(target, os.path.basename(self._source))):
            self._link(path, os.path.relpath(f"{self._target}/{store.path}", self._parent(path)))
            self._copy_stored(store)
        elif os.path.isdir(link):
            self._copy_outside(link, path, ())
        elif os.path.isfile(link) and os.path.isabs(text) and os.access(link, os.X_OK):
            self._link(path, text)
        elif os.path.isfile(link):
            self._copy_file(link, path)

    def _parent(self, path: str) -> str:
        return os.path.dirname(f"{self._target}/{path}")

    def _link(self, path: str, text: str) -> None:
        os.symlink(text, f"{self._target}/{path}")

    def _has_source(self, target: str) -> bool:
        path = os.path.relpath(target, self._root)
        return any(each == path or each.startswith(f"{path}/") for each in self._sources)

    def _copy_stored(self, store: _Store) -> None:
        """Copy what a workspace keeps for its members, and what that needs, to the same place."""
        if os.path.lexists(f"{self._target}/{store.unit}"):
            return
        waiting = [store.unit]
        while waiting:
            path = waiting.pop()
            self._check()
            self._make_folder(path)
            with os.scandir(f"{store.folder}/{path}") as items:
                for item in items:
                    below = f"{path}/{item.name}"
                    if item.is_symlink():
                        self._link_stored(store, below)
                    elif item.is_dir():
                        waiting.append(below)
                    elif item.is_file():
                        self._copy_file(item.path, below)

    def _link_stored(self, store: _Store, path: str) -> None:
        link = f"{store.folder}/{path}"
        target = anchoring.link_target(link)
        if anchoring.is_below(target, store.folder):
            self._link(path, os.path.relpath(target, os.path.dirname(link)))
            if not anchoring.is_below(target, f"{store.folder}/{store.unit}"):
                self._copy_stored(store.at(os.path.relpath(target, store.folder)))
        elif os.path.isdir(link):
            self._copy_outside(link, path, ())
        elif os.path.isfile(link):
            self._copy_file(link, path)

    def _copy_outside(self, folder: str, path: str, above: tuple[str, ...]) -> None:
        """Copy a folder that lies elsewhere, with all that links in it lead to."""
        self._check()
        real = os.path.realpath(folder)
        if real in above:
            return
        self._make_folder(path)
        with os.scandir(folder) as items:
            for item in items:
                below = f"{path}/{item.name}"
                if item.is_dir() and item.name not in _NOT_COPIED:
                    self._copy_outside(item.path, below, (*above, real))
                elif item.is_file():
                    self._copy_file(item.path, below)
