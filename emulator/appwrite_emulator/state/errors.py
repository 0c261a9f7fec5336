"""What can go wrong with the state, each error naming the file and the next step."""

from __future__ import annotations

import errno
import os
import shlex
from pathlib import Path

_REMEDIES = {
    errno.EACCES: "Give user {user} access to it, or keep the state elsewhere: --state FILE",
    errno.EPERM: "Give user {user} access to it, or keep the state elsewhere: --state FILE",
    errno.EROFS: "Keep the state elsewhere, --state FILE, or nowhere, --memory",
    errno.EISDIR: "Name a file in it, such as --state {path}/state.json",
    errno.ENOTDIR: "Move the file out of the way, or keep the state elsewhere: --state FILE",
    errno.EEXIST: "Move the file out of the way, or keep the state elsewhere: --state FILE",
    errno.ENOSPC: "Make room, or keep the state on another disk: --state FILE",
}
_ELSEWHERE = "Keep the state elsewhere, --state FILE, or nowhere, --memory"
_SUFFIXES = (".journal.1", ".journal")


class StateError(Exception):
    """The state cannot be used."""

    @classmethod
    def unusable(cls, path: Path, reason: OSError) -> StateError:
        """The state at `path` cannot be opened because of what the system said about a file."""
        where = str(reason.filename or path)
        remedy = _REMEDIES.get(reason.errno or 0, _ELSEWHERE)
        remedy = remedy.format(user=os.geteuid(), path=where)
        said = reason.strerror or str(reason)
        return cls(f"The state {path} cannot be opened: {where}: {said}. {remedy}")


class StateLocked(StateError):
    """Another process has the state open."""

    def __init__(self, path: Path, owner: str) -> None:
        super().__init__(f"{path.name} is in use by {owner}; stop it or pass another state file")
        self.path = path


class StateCorrupt(StateError):
    """A file of the state is damaged; no file was changed. Line and column count from 1."""

    def __init__(self, path: Path, problem: str, *, line: int = 1, column: int = 1) -> None:
        state = path
        for suffix in _SUFFIXES:
            state = state.with_name(state.name.removesuffix(suffix))
        super().__init__(
            f"{path}:{line}:{column}: {problem}. No file was changed. To keep all that can be "
            f"read: appwrite-emulator state repair --state {shlex.quote(str(state))}. Or put back "
            f"a good copy (the version before is {state.name}.bak), or mend the line"
        )
        self.problem = problem
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
