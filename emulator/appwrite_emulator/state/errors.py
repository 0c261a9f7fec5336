"""What can go wrong with the state, each error naming the file and the next step."""

from __future__ import annotations

from pathlib import Path


class StateError(Exception):
    """The state cannot be used."""


class StateLocked(StateError):
    """Another process has the state open."""

    def __init__(self, path: Path, owner: str) -> None:
        super().__init__(f"{path.name} is in use by {owner}; stop it or pass another state file")
        self.path = path


class StateCorrupt(StateError):
    """A file of the state is damaged; no file was changed. Line and column count from 1."""

    def __init__(self, path: Path, problem: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(
            f"{path}:{line}:{column}: {problem}. No file was changed. Mend the line, put back "
            "a good copy (the one before is in the .bak file), or move the state files away to "
            "start empty"
        )
        self.path = path
        self.line = line
        self.column = column


class StateWriteFailed(StateError):
    """A change could not be written; rows in memory and on disk are as before it."""

    def __init__(self, path: Path, reason: OSError | str) -> None:
        text = reason if isinstance(reason, str) else (reason.strerror or str(reason))
        super().__init__(
            f"{path} could not be written: {text}. The change was not made; make room or "
            "give access, then try again"
        )
        self.path = path


class EpochPassed(StateError):
    """Work begun before a restore tried to go on after it."""

    def __init__(self, epoch: int, current: int) -> None:
        super().__init__(
            f"This work began in epoch {epoch} of the state, which was restored since "
            f"(epoch {current}); its result is dropped"
        )
        self.epoch = epoch
        self.current = current
