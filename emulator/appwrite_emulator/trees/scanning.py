"""Scanning: one look at a function's folder, which reads only what changed since the last."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Sequence

from ..project_file import Entry, Rules, Selection, Skip
from . import stamps
from .stamps import Stamp
from .tree import Seen, Tree, listing

_Ancestors = tuple[tuple[int, int], ...]  # device and inode of the folders above


def scan(
    entry: Entry,
    *,
    skip: Sequence[str] = (),
    markers: Sequence[str] = (),
    before: Tree | None = None,
) -> Tree:
    """The deployed files of the entry's folder now. Blocking: call it in a thread.

    `skip` names the folders of installed dependencies, as Skip reads them: they are left out
    whatever the rules for deployed files say. `markers` are files, relative to the folder and
    usually in such a folder, whose change means that something was installed: their time and size
    count in the fingerprint. `before` is an earlier tree of the same entry: what did not change
    since is not read again. What vanishes meanwhile is not there. Raises ProjectFileError for a
    pattern that is none, OSError, with the path, for what cannot be read, or when the folder is
    not there.
    """
    look = _Look(entry, Skip(skip), before.seen if before else None)
    look.folder("", look.selection.rules(), ())
    marked = {name: stamp for name in sorted(set(markers)) if (stamp := look.marker(name))}
    return Tree(
        root=entry.folder.absolute(),
        files=look.files,
        modes=look.modes,
        fingerprint=_fingerprint(look.files, look.modes, marked),
        outside=tuple(look.outside),
        seen=look.seen,
    )


class _Look:
    """One scan under way: what it found so far."""

    def __init__(self, entry: Entry, skip: Skip, before: Seen | None) -> None:
        self.selection = Selection(entry, before.selection if before else None)
        self.seen = Seen(self.selection, {}, {}, {})
        self.files: dict[str, str] = {}
        self.modes: dict[str, bool] = {}
        self.outside: list[str] = []
        self._began = time.time_ns()
        self._root = str(entry.folder.absolute())
        self._real_root = os.path.realpath(self._root)
        self._skip = skip
        self._before = before

    def folder(self, base: str, rules: tuple[Rules, ...], above: _Ancestors) -> None:
        """Take in the folder at `base`, which is "" or ends in a slash."""
        path = os.path.join(self._root, base).rstrip("/") or "/"
        # The stamp comes first: what changes after it makes the tree outdated.
        stamp = stamps.of(path)
        if base and (stamp is None or not stamp.is_folder):
            return
        try:
            with os.scandir(path) as found:
                items = sorted(found, key=lambda item: item.name)
        except (FileNotFoundError, NotADirectoryError):
            if not base:
                raise
            return
        assert stamp is not None, f"{path} was listed, so it was there"
        place = (stamp.device, stamp.number)
        if place in above:  # a link that leads back
            self.seen.stamps[path] = stamp
            return
        self._note(path, stamp, listing(items))
        if any(item.name == ".gitignore" for item in items):
            self._read(os.path.join(path, ".gitignore"))
            rules = self.selection.rules_in(base, rules)
        for item in items:
            self._item(base, item, rules, (*above, place))

    def marker(self, name: str) -> Stamp | None:
        path = os.path.join(self._root, name)
        self.seen.stamps[path] = stamp = stamps.of(path)
        return stamp

    def _item(
        self, base: str, item: os.DirEntry[str], rules: tuple[Rules, ...], above: _Ancestors
    ) -> None:
        is_link = item.is_symlink()
        is_folder = not is_link and item.is_dir(follow_symlinks=False)
        path = base + item.name
        if not self.selection.takes(path + "/" if is_folder else path, item.name, rules):
            return
        if is_link:
            self._link(path, item, rules, above)
        elif is_folder:
            self._folder(path, item, rules, above)
        elif item.is_file(follow_symlinks=False):
            self._file(path, item.path)

    def _link(
        self, path: str, item: os.DirEntry[str], rules: tuple[Rules, ...], above: _Ancestors
    ) -> None:
        stamp = stamps.of(item.path)
        before = len(self.files)
        if stamp is not None and stamp.is_folder:
            self._folder(path, item, rules, above)
        elif stamp is not None and stamp.is_file:
            self._file(path, item.path)
        else:  # to nothing yet, or to a device
            self.seen.stamps[item.path] = stamp
        real = os.path.realpath(item.path)
        is_inside = real == self._real_root or real.startswith(self._real_root + os.sep)
        if len(self.files) > before and not is_inside:
            self.outside.append(path)

    def _folder(
        self, path: str, item: os.DirEntry[str], rules: tuple[Rules, ...], above: _Ancestors
    ) -> None:
        if self._skip.passes(item.name, at_root="/" not in path):
            return
        if self.selection.is_install(item):
            self.marker(os.path.join(path, "pyvenv.cfg"))
            return
        self.folder(path + "/", rules, above)

    def _file(self, path: str, absolute: str) -> None:
        if digest := self._read(absolute):
            stamp = self.seen.stamps[absolute]
            self.files[path] = digest
            self.modes[path] = stamp is not None and stamp.is_executable

    def _read(self, path: str) -> str | None:
        """The digest of a file's content, which is read only when its stamp proves nothing."""
        if path in self.seen.digests:
            return self.seen.digests[path]
        if (digest := self._digest_before(path)) is None:
            found = stamps.read(path)
            if found is None:
                return None
            stamp, digest = found
            self._note(path, stamp, digest)
        self.seen.digests[path] = digest
        return digest

    def _digest_before(self, path: str) -> str | None:
        before = self._before
        if before is None or path in before.doubts or path not in before.digests:
            return None
        stamp = stamps.of(path)
        if stamp is None or before.stamps.get(path) != stamp:
            return None
        self.seen.stamps[path] = stamp
        return before.digests[path]

    def _note(self, path: str, stamp: Stamp, content: str) -> None:
        self.seen.stamps[path] = stamp
        if not stamp.proves(self._began):
            self.seen.doubts[path] = content


def _fingerprint(
    files: Mapping[str, str], modes: Mapping[str, bool], markers: Mapping[str, Stamp]
) -> str:
    lines = [f"{path}\0{files[path]}\0{modes[path]:d}" for path in sorted(files)]
    lines += [f"{name}\0{stamp.modified}\0{stamp.size}" for name, stamp in markers.items()]
    return hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest()
