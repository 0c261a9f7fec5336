"""The runtime to choose for a language, when nobody says which."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .catalog import Catalog, Runtime, agrees
from .errors import Era
from .manifest import Family

_PATIENCE = 5  # seconds that an interpreter has to tell its version


class Likely(NamedTuple):
    """A runtime, and why it."""

    runtime: Runtime
    version: str  # of the interpreter here, "" when functions can run none
    is_here: bool  # whether that interpreter is the runtime's


def likely(catalog: Catalog, family: Family, era: Era) -> Likely | None:
    """The newest runtime of `era` that an interpreter of this machine is, else the newest.

    None when the family has no runtime in that era. Interpreters whose paths tell no version are
    asked for it, once. Blocking: tens of milliseconds then, else one or two.
    """
    served = [each for each in catalog.runtimes(era) if family.serves(each.id)]
    served = [each for each in served if each.key == family.key] or served
    if not served:
        return None
    served.sort(key=lambda each: _numbers(each.version), reverse=True)
    paths = filter(_is_reachable, catalog.interpreters(family, served))
    versions = [version for path in paths if (version := _version(path, family))]
    versions.sort(key=_numbers, reverse=True)
    for version in versions:
        for runtime in served:
            if agrees(version, runtime.version, family.version_parts):
                return Likely(runtime, version, True)
    return Likely(served[0], versions[0] if versions else "", False)


def _is_reachable(path: str) -> bool:
    """Whether functions can run it, which for root's emulator are another user's."""
    path = os.path.realpath(path)
    places = (path, *map(str, Path(path).parents))
    return os.geteuid() != 0 or all(os.stat(place).st_mode & 0o001 for place in places)


def _version(path: str, family: Family) -> str:
    """The version of an interpreter: as its path tells, else as it says; "" for none."""
    name, *folders = reversed(Path(os.path.realpath(path)).parts)
    found = re.search(r"\d+(\.\d+)*$", name)
    if found and found.group().count(".") + 1 >= family.version_parts:
        return found.group()
    for folder in folders:  # as version managers call them
        if found := re.fullmatch(r"v?(\d+\.\d+\.\d+)", folder):
            return found[1]
    command = tuple(text.replace("{interpreter}", path) for text in family.version_command)
    return _told_version(command, os.stat(path).st_mtime_ns)


@cache
def _told_version(command: tuple[str, ...], changed: int) -> str:
    """What the interpreter tells that was last `changed` then."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    found = re.search(r"\d+(\.\d+)*", done.stdout)
    return found.group() if found else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
