"""Outputs: what commands have made of a code root, beside the sources that were laid into it."""

from __future__ import annotations

import filecmp
import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from ..manifest import Family, Install
from ..project_file import NEVER_SOURCE, Skip
from . import anchoring, folders
from .record import Installed, Record


@dataclass(slots=True)
class Outputs:
    """What lies in a code root beside the sources, and which sources are not as they were."""

    files: dict[str, int] = field(default_factory=dict)  # path: bytes
    installed: list[Installed] = field(default_factory=list)
    rewritten: list[str] = field(default_factory=list)


def look_through(folder: Path, record: Record, family: Family) -> Outputs:
    """What the commands made in the sealed build `folder` of the generation `record`. Blocking."""
    look = _Look(folder, record, family)
    look.folder("")
    return look.outputs


class _Look:
    """One look through a code root."""

    def __init__(self, folder: Path, record: Record, family: Family) -> None:
        self.outputs = Outputs()
        self._build = folder
        self._code = str(folders.code_root(folder))
        self._record = record
        self._family = family
        self._rules = {rule.becomes: rule for rule in family.installs}
        self._passing = Skip(family.dependency_folders)
        self._source_folders = anchoring.folders_of(record.sources)

    def folder(self, path: str) -> None:
        for item in sorted(os.scandir(f"{self._code}/{path}"), key=lambda item: item.name):
            below = f"{path}/{item.name}" if path else item.name
            if below in self._record.sources:
                self._source(below)
            elif item.is_dir(follow_symlinks=False):
                self._folder(below, item.name)
            elif below != folders.METADATA:
                self.outputs.files[below] = item.stat(follow_symlinks=False).st_size

    def _folder(self, path: str, name: str) -> None:
        if name in NEVER_SOURCE:
            return
        is_install = name in self._rules or self._passing.passes(name, at_root="/" not in path)
        if is_install and path not in self._source_folders:
            rule = self._rules.get(name) or Install(folders=(name,), becomes=path)
            self.outputs.installed.append(measured(Path(self._code), path, rule))
        else:
            self.folder(path)

    def _source(self, path: str) -> None:
        is_lock = "/" not in path and any(
            fnmatchcase(path, pattern) for pattern in self._family.dependency_files
        )
        kept = self._record.place_of(self._build, path)
        if not is_lock and not filecmp.cmp(kept, f"{self._code}/{path}"):
            self.outputs.rewritten.append(path)


def measured(code: Path, path: str, rule: Install) -> Installed:
    """The install that commands have made at `path` of a code root. Blocking."""
    install, size = f"{code}/{path}", 0
    anchors = {each for each in rule.anchors if os.path.lexists(f"{install}/{each}")}
    for parent, names, files in os.walk(install):
        for name in (*names, *files):
            item = f"{parent}/{name}"
            below = os.path.relpath(item, install) if parent != install else name
            if os.path.islink(item):
                if anchoring.leads_to_sources(item, str(code), install):
                    anchors.add(below)
            elif name in files:
                size += os.lstat(item).st_size
                if _names_sources(item, below, str(code), install, rule):
                    anchors.add(below)
    return Installed(path, size, anchors=anchoring.outermost(anchors))


def _names_sources(item: str, below: str, code: str, install: str, rule: Install) -> bool:
    if not any(fnmatchcase(below, pattern) for pattern in rule.placed):
        return False
    return anchoring.names_sources(Path(item).read_bytes(), code, install)
