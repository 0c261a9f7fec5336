"""Where the emulator keeps the files of a state."""

from __future__ import annotations

from pathlib import Path

from ...config import SandboxMode
from ...files import Files
from ...sandbox import choose


def files_beside(state: Path, mode: SandboxMode) -> Files:
    """The files of the state file `state`, whose folder exists; missing folders are made.

    Builds lie where the user that functions run as can reach them, which may be elsewhere.
    Raises SandboxMissing, StateError. Blocking.
    """
    files = Files(state.parent, choose(mode).workspace(state.parent) / "builds")
    files.start()
    return files
