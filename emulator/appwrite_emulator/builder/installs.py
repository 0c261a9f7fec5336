"""The developer's own installs: found in the folder, judged, and copied into builds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from ..catalog import Launch
from ..manifest import Family, Install
from ..project_file import NEVER_SOURCE


class Place(NamedTuple):
    """A folder of installed dependencies: `name` in `root`, by `rule`."""

    rule: Install
    root: Path
    name: str

    @property
    def path(self) -> Path:
        return self.root / self.name


@dataclass(frozen=True, slots=True)
class Found:
    """What is installed in a function's folder.

    `is_current` says that it is not older than the files that tell what to install; `stamp`
    differs after every change of it.
    """

    root: Path
    places: tuple[Place, ...]
    is_current: bool
    stamp: str

    def is_unchanged(self) -> bool:
        """Whether nothing was installed since it was found."""
        return _stamp(self.places) == self.stamp

    @property
    def names(self) -> str:
        """The folders, for people: `node_modules`."""
        return " and ".join(place.name for place in self.places)


def left_out(family: Family, launch: Launch) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What of a function's folder is no source, and what to look at in there, for `trees.scan`.

    That is names of folders, and the markers in them, relative to the function's folder.
    """
    rules = _rules(family, launch)
    markers = (f"{name}/{path}" for rule in rules for name in rule.folders for path in rule.markers)
    return tuple(sorted(family.left_out)), tuple(markers)


def find(root: Path, family: Family, launch: Launch) -> Found | None:
    """What is installed in the function's folder `root` and fits the interpreter; None if nothing.

    Looks at a few stamps and reads nothing. Blocking.
    """
    rules = _rules(family, launch)
    places = tuple(place for rule in rules if (place := _place(root, rule)))
    if not places:
        return None
    newest = max((_changed_at(path) for path in dependency_paths(root, family)), default=0)
    is_current = all(max(_stamps(place).values(), default=-1) >= newest for place in places)
    return Found(root, places, is_current, _stamp(places))


def dependency_paths(root: Path, family: Family) -> Iterator[Path]:
    """The files at the root of a folder that say what to install."""
    for item in os.scandir(root):
        if any(fnmatchcase(item.name, pattern) for pattern in family.dependency_files):
            yield Path(item.path)


def _rules(family: Family, launch: Launch) -> tuple[Install, ...]:
    """The family's, filled in for the interpreter that runs the function."""
    version = ".".join(launch.version.split(".")[: family.version_parts])
    told = [_for_version(rule, version) for rule in family.installs]
    known = {*NEVER_SOURCE, *(rule.becomes for rule in told)}
    names = (name.removeprefix("/") for name in family.dependency_folders)
    return *told, *(Install(folders=(n,), becomes=n) for n in names if n not in known)


def _for_version(rule: Install, version: str) -> Install:
    def filled(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(text.replace("{found}", version) for text in texts)

    return replace(rule, markers=filled(rule.markers), requires=filled(rule.requires))


def _place(root: Path, rule: Install) -> Place | None:
    for name in rule.folders:
        path = root / name
        if path.is_dir() and all((path / needed).exists() for needed in rule.requires):
            return Place(rule, root, name)
    return None


def _stamp(places: Iterable[Place]) -> str:
    stamps = ((place.name, _stamps(place) or _changed_at(place.path)) for place in places)
    return json.dumps(list(stamps))


def _stamps(place: Place) -> dict[str, int]:
    stamps = {marker: _changed_at(place.path / marker) for marker in place.rule.markers}
    return {marker: at for marker, at in stamps.items() if at}


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
