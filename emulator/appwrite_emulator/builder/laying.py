"""Laying a generation: sources, outputs and dependencies into a new build folder."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from ..manifest import Family, Install
from ..trees import Tree
from . import anchoring, copying, folders, linking
from .copying import Check, TreeMoved
from .install_copy import InstallCopy
from .installs import Found, Place
from .record import ASIDE, Installed, Recipe, Record, Source


@dataclass(frozen=True, slots=True)
class Base:
    """The generation that another one goes on from."""

    folder: Path
    record: Record

    @classmethod
    def read(cls, folder: Path | None) -> Self | None:
        """That of a build folder; None when there is none, or a build that it links to is lost."""
        record = Record.read(folder) if folder else None
        if folder is None or record is None:
            return None
        base = cls(folder, record)
        is_whole = all(os.path.isdir(base.place(each).path) for each in record.installed)
        return base if is_whole else None

    def place(self, installed: Installed) -> Place:
        """Where a folder of dependencies really lies."""
        home = self.folder.parent / installed.home if installed.home else self.folder
        rule = Install(folders=(installed.path,), becomes=installed.path)
        return Place(rule, folders.code_root(home), installed.path)


class _Shared:
    """The sources of a base, for those that are still the same."""

    def __init__(self, base: Base) -> None:
        self._sources = base.record.sources
        self._code = str(folders.code_root(base.folder))
        self._aside = str(base.folder / ASIDE)

    def give(self, path: str, target: str, digest: str, *, program: bool) -> int | None:
        """Make `target` the base's file, if that is the same; its bytes, or None."""
        known = self._sources.get(path)
        if known is None or known.digest != digest or known.program is not program:
            return None
        try:
            linking.link_or_copy(f"{self._aside if known.aside else self._code}/{path}", target)
        except FileNotFoundError:  # it was lost, and is still in the developer's folder
            return None
        return known.size


class Laying:
    """The filling of one build folder from `tree`, with what `base` has already."""

    def __init__(self, tree: Tree, folder: Path, recipe: Recipe, base: Base | None) -> None:
        self.code = folders.make_code_root(folder)
        self.sources: dict[str, Source] = {}
        self._tree = tree
        self._folder = folder
        self._recipe = recipe
        self._base = base
        self._made = {str(self.code)}
        self._shared = _Shared(base) if base else None

    def lay_sources(self) -> None:
        """Lay what is executed; images of generation v4 do not copy dotfiles of the root."""
        is_old = self._recipe.era == "1.6"
        for path in self._tree.files:
            self._lay_source(path, aside=is_old and path.startswith("."))

    def lay_aside(self) -> None:
        """Lay the sources aside as they are, and copies that commands may change."""
        for path in self._tree.files:
            kept = self._lay_source(path, aside=True)
            copying.copy_file(kept, self._vacant(self.code, path), writable=True)

    def _lay_source(self, path: str, *, aside: bool) -> str:
        digest, program = self._tree.files[path], self._tree.modes[path]
        target = self._vacant(self._folder / ASIDE if aside else self.code, path)
        size = self._shared.give(path, target, digest, program=program) if self._shared else None
        if size is None:
            source = f"{self._tree.root}/{path}"
            size = copying.copy_source(source, target, digest, program=program)
        self.sources[path] = Source(digest, size, program, aside)
        return target

    def _vacant(self, root: Path, path: str) -> str:
        target = f"{root}/{path}"
        self._make_folders(os.path.dirname(target))
        return target

    def _make_folders(self, folder: str) -> None:
        if folder in self._made:
            return
        self._made.add(folder)
        if not os.path.isdir(folder):
            self._make_folders(os.path.dirname(folder))
            os.mkdir(folder)
            os.chmod(folder, 0o755)

    def lay_outputs(self, installed: Collection[str]) -> dict[str, int]:
        """Take over what commands have made, unless a source has its place now."""
        outputs: dict[str, int] = {}
        source_folders = anchoring.folders_of(self.sources)
        for path, size in self._base.record.outputs.items() if self._base else ():
            taken = {path, *anchoring.above(path)} & {*self.sources, *installed}
            if self._base and not taken and path not in source_folders:
                place = folders.code_root(self._base.folder) / path
                linking.link_or_copy(str(place), self._vacant(self.code, path))
                outputs[path] = size
        return outputs

    def link_installed(self) -> tuple[Installed, ...]:
        """Lay links to the dependencies of the base."""
        base = self._base
        if base is None:
            return ()
        homes = [
            each._replace(home=each.home or base.folder.name) for each in base.record.installed
        ]
        for each in homes:
            self._make_folders(os.path.dirname(f"{self.code}/{each.path}"))
            linking.link_installed(each, self._folder)
        return tuple(homes)

    def bring(self, found: Found, check: Check, *, writable: bool = False) -> tuple[Installed, ...]:
        """Copy what is installed in the developer's folder. Raises TreeMoved when it changes."""
        installed = tuple(
            InstallCopy(place, self.code, self.sources, writable=writable, check=check).run()
            for place in found.places
        )
        if not found.is_unchanged():
            raise TreeMoved(f"{found.names} changed while it was copied.")
        return installed

    def copy_installed(self, family: Family, check: Check) -> None:
        """Copy the dependencies of the base, for commands to work on."""
        rules = {rule.becomes: rule for rule in family.installs}
        for each in self._base.record.installed if self._base else ():
            assert self._base is not None, "its installs are being copied"
            place = self._base.place(each)
            rule = rules.get(os.path.basename(each.path), place.rule)
            self._make_folders(os.path.dirname(f"{self.code}/{each.path}"))
            InstallCopy(
                place._replace(rule=replace(rule, becomes=each.path)),
                self.code,
                self.sources,
                writable=True,
                check=check,
            ).run()
