"""No confinement: user code runs as we do, for those who asked for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from . import folders
from .command import Command, Limits
from .report import Report

_UNLIMITED = Limits(processes=None, file_size=None, open_files=None)


@dataclass(frozen=True, slots=True)
class OffSandbox:
    """Every limit lifted; environment and home stay clean, and trees are still killed whole."""

    report: Report
    owner: tuple[int, int] | None = None

    def workspace(self, data: Path) -> Path:
        return data

    def lend(self, folder: Path, workspace: Path) -> Path:
        return folder

    def adopt(self, path: Path) -> None:
        """Nothing to do: functions run as we do."""

    def reclaim(self, path: Path) -> None:
        """Nothing to do: functions run as we do."""

    def confine(self, command: Command) -> Command:
        return replace(folders.with_home(command, None), limits=_UNLIMITED)
