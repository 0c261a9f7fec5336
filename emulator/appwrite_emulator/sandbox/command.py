"""What is to be run, under which limits, and what every rung of confinement offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that one process tree may use. Sizes are bytes; None sets no limit."""

    memory: int | None = None  # of the whole tree, watched while the tree is at work
    processes: int | None = 128  # processes and threads of the whole tree, watched likewise
    file_size: int | None = 128 * 1024 * 1024  # of one file written
    open_files: int | None = 1024  # of one process
    data: int | None = None  # heap of one process: a back stop behind the watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to start with a clean environment."""

    argv: tuple[str, ...]  # the first one is an absolute path
    env: Mapping[str, str]  # all of it: nothing is inherited
    cwd: str
    home: str  # private folder, made when missing; TMPDIR lies in it
    limits: Limits = Limits()


class Sandbox(Protocol):
    """One rung of confinement. Methods may touch the disk and never change our own process."""

    @property
    def report(self) -> Report:
        """What this rung contains, and why no higher one was taken."""
        ...

    @property
    def owner(self) -> tuple[int, int] | None:
        """User and group id that functions run as, or None when they are ours."""
        ...

    def workspace(self, data: Path) -> Path:
        """The folder for builds, homes and caches: `data`, or one that `owner` can reach."""
        ...

    def lend(self, folder: Path, workspace: Path) -> Path:
        """`folder`, or its copy in `workspace` when `owner` cannot reach it."""
        ...

    def adopt(self, path: Path) -> None:
        """Give the tree at `path` to the user that functions run as; links are not followed."""
        ...

    def reclaim(self, path: Path) -> None:
        """Take the tree at `path` back, so that functions can read but no longer change it."""
        ...

    def confine(self, command: Command) -> Command:
        """`command` as it is to be executed; its home folder exists afterwards."""
        ...
