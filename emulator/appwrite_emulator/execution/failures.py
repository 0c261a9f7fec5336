"""What can keep a call from being answered."""

from __future__ import annotations


class SpawnFailed(Exception):
    """The command could not be started."""


class WorkerDied(Exception):
    """The worker ended; the message says how."""


class Unread(WorkerDied):
    """The worker ended before it had taken anything of the call: another one may run it."""


class LoadFailed(Exception):
    """User code could not be loaded; the message is the launcher's text, `stack` where it was."""

    def __init__(self, message: str, stack: str = "") -> None:
        super().__init__(message)
        self.stack = stack


class TimedOut(Exception):
    """A deadline has passed; the message says of what."""


Failure = SpawnFailed | WorkerDied | LoadFailed | TimedOut
