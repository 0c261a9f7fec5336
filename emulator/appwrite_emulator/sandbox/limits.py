"""The lowest rung: limits, a private home, no new privileges, and another user when root."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from . import folders
from .command import Command
from .report import Report


@dataclass(frozen=True, slots=True)
class LimitsSandbox:
    """Resource limits and plain file permissions; works wherever processes can be started."""

    report: Report
    owner: tuple[int, int] | None = None

    def workspace(self, data: Path) -> Path:
        if self.owner is None or folders.is_reachable(data, self.owner):
            return data
        return folders.shared_folder(data)

    def lend(self, folder: Path, workspace: Path) -> Path:
        if self.owner is None or folders.is_reachable(folder, self.owner):
            return folder
        return folders.copy_of(folder, workspace)

    def adopt(self, path: Path) -> None:
        if self.owner is not None:
            folders.give(path, self.owner)

    def reclaim(self, path: Path) -> None:
        if self.owner is not None:
            folders.give(path, (os.geteuid(), os.getegid()))
            folders.publish(path)

    def confine(self, command: Command) -> Command:
        return folders.with_home(command, self.owner)
