"""Importing a bundle: all of it is checked and laid out before the rows change, in one commit."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from ...archive import ArchiveBroken, ArchiveRefused, unpack
from ...archive.entries import Budget, Entries
from ...builder.folders import code_root, seal
from ...builder.linking import relink
from ...files import Files
from ...models import Deployment
from ...state import Snapshot, StateCorrupt, StateDB
from ...state.snapshot import read
from .manifest import MANIFEST, ROWS, BundleRefused, Manifest, Needed

_MOST_ENTRIES = 10_000_000
_MANIFEST_LIMIT = 16 * 1024 * 1024
_TOP = {MANIFEST, ROWS, "sources", "logs", "builds"}


@dataclass(frozen=True, slots=True)
class Imported:
    """A bundle that was unpacked and checked; `folder` is gone when the import is over."""

    manifest: Manifest
    rows: Snapshot
    needed: Needed
    folder: Path


def replace_state(
    db: StateDB, files: Files, source: Path, *, before: Callable[[], None]
) -> Manifest:
    """Make the bundle `source` the state `db` with its `files`. Blocking.

    Nothing that is there is touched before everything is laid out beside it under names of its
    own; then one commit switches, and only then what no row needs any more is removed. `before`
    is called when nothing but the switch can go wrong any more, and may raise to stop.

    Raises BundleRefused, StateWriteFailed and OSError; then everything is as it was.
    """
    with _unpacked(source, files) as bundle:
        before()
        names = _lay_in(bundle, files)
        os.sync()  # the rows must not reach the disk before the files
        db.restore(_renamed(bundle.rows, names))
    _sweep(db, files)
    return bundle.manifest


def take_in(files: Files, source: Path) -> Snapshot:
    """The rows of the bundle `source`, whose files lie among `files` from now on. Blocking.

    Raises BundleRefused and OSError; then nothing was taken.
    """
    with _unpacked(source, files) as bundle:
        return _renamed(bundle.rows, _lay_in(bundle, files))


@contextmanager
def _unpacked(source: Path, files: Files) -> Iterator[Imported]:
    with files.stage() as stage:
        try:
            yield _check(source, stage)
        except BundleRefused as exc:
            raise BundleRefused(f"{source} cannot be imported: {exc}. Nothing was changed") from exc


def _check(source: Path, stage: Path) -> Imported:
    try:
        manifest = _peek(source)
        free = shutil.disk_usage(stage).free
        unpack(source, stage / "bundle", max_size=free, max_entries=_MOST_ENTRIES)
    except (ArchiveBroken, ArchiveRefused) as exc:
        raise BundleRefused(str(exc).rstrip(".")) from exc
    return _Check(stage / "bundle", manifest).run()


def _peek(source: Path) -> Manifest:
    """The manifest alone, so that a later format is told as such, whatever else it has."""
    budget = Budget(_MANIFEST_LIMIT, 3, lambda: None)
    content = io.BytesIO()
    try:
        with gzip.open(source, "rb") as stream:
            entries = Entries(io.BufferedReader(stream), budget)
            first = next(iter(entries), None)
            if first is None or first.name != MANIFEST:
                raise BundleRefused(f"it does not begin with {MANIFEST}, as all exports do")
            entries.copy(first, content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        raise ArchiveBroken(f"The archive is damaged or cut off: {exc}.") from exc
    return Manifest.parse(content.getvalue())


class _Check:
    """The check of one unpacked bundle."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder
        self._manifest = manifest

    def run(self) -> Imported:
        if unknown := sorted({path.name for path in self._folder.iterdir()} - _TOP):
            raise BundleRefused(f"it holds {unknown[0]!r}, which no export does")
        rows = self._rows()
        needed = Needed.by(rows)
        for path in needed.paths():
            self._require(path)
        return Imported(self._manifest, rows, needed, self._folder)

    def _rows(self) -> Snapshot:
        path = self._folder / ROWS
        if not path.is_file():
            raise BundleRefused(f"{ROWS} is missing in it")
        try:
            return read(path)[0]
        except StateCorrupt as exc:
            place = f"{ROWS}:{exc.line}:{exc.column}"
            raise BundleRefused(f"{place} in it: {exc.problem}") from exc

    def _require(self, path: PurePath) -> None:
        found, name = self._folder / path, path.as_posix()
        if not os.path.lexists(found):
            if name not in self._manifest.missing:
                raise BundleRefused(f"{name} is missing in it, and a row needs it")
        elif path.parts[0] == "builds":
            if not code_root(found).is_dir():
                raise BundleRefused(f"{name} in it is no build")
        elif found.is_symlink() or _digest(found) != path.name:
            raise BundleRefused(f"{name} in it has not the content that its name says")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lay_in(bundle: Imported, files: Files) -> dict[str, str]:
    """Move the files in; returns the new names of the builds by the old."""
    takers = {"sources": files.take_source, "logs": files.take_log}
    names = {}
    for path in bundle.needed.paths():
        found = bundle.folder / path
        if path.parts[0] in takers:
            if found.exists():
                takers[path.parts[0]](found, path.name)
        elif found.exists():
            seal(code_root(found))
            names[path.name] = files.take_build(found)
    for name in names.values():
        relink(files.build(name), names)
    return names


def _renamed(rows: Snapshot, builds: dict[str, str]) -> Snapshot:
    deployments = rows.tables.get(Deployment.table, {})
    renamed = {id: _with_builds(row, builds) for id, row in deployments.items()}
    return Snapshot({**rows.tables, Deployment.table: renamed} if deployments else rows.tables)


def _with_builds(row: Mapping[str, Any], builds: dict[str, str]) -> dict[str, Any]:
    named = {key: row.get(key, "") for key in ("build", "install")}
    return {**row, **{key: builds.get(name, name) for key, name in named.items()}}


def _sweep(db: StateDB, files: Files) -> None:
    needed = Needed.by(db.snapshot())
    files.sweep(sources=set(needed.sources), logs=set(needed.logs), builds=set(needed.builds))
