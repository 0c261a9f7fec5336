"""How a target is run under its language's debugger."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..manifest import Debugger


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect:
    """How a target is run under its language's debugger.

    All targets of one `name` share one worker and one address for debuggers, and while they are
    inspected their code lies at one place, so that breakpoints outlive a new deployment.
    """

    name: str  # of the function, as `project/function`
    debugger: Debugger
    found: str  # what the debugger's `find` printed
    folder: Path  # the build folder while it is inspected


def lay(source: Path, folder: Path, linked: Sequence[str]) -> None:
    """Make `folder` the tree at `source`: its files as hard links, what `linked` names as a link.

    What was at `folder` is gone afterwards; everybody can read it. Blocking.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    _Layer(source.resolve(), folder, frozenset(linked)).lay(source.resolve(), folder)


@dataclass(frozen=True, slots=True)
class _Layer:
    source: Path
    target: Path
    linked: frozenset[str]

    def lay(self, here: Path, there: Path) -> None:
        with os.scandir(here) as entries:
            for entry in entries:
                self._lay(entry, there / entry.name)

    def _lay(self, entry: os.DirEntry[str], there: Path) -> None:
        here = Path(entry.path)
        if entry.is_symlink():
            there.symlink_to(self._end_of(here))
        elif entry.is_file():
            _copy(here, there)
        elif entry.is_dir() and entry.name in self.linked:
            there.symlink_to(here)
        elif entry.is_dir():
            there.mkdir()
            there.chmod(0o755)
            self.lay(here, there)

    def _end_of(self, link: Path) -> Path:
        """Where a link leads that was laid anew: within the tree it stays there."""
        end = link.resolve()
        if not end.is_relative_to(self.source):
            return end
        return self.target / end.relative_to(self.source)


def _copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without hard links
        shutil.copy2(source, target)
