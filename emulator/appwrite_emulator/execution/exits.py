"""How a process tree ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass

_CAUSES = {
    "memory": "out of memory",
    "processes": "too many processes",
    "timeout": "timed out",
    "spawner": "the helper process ended",
    "keeper": "its keeper process ended",
}


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process tree ended; nothing of it is left."""

    code: int | None  # of the leading process, None when a signal ended it
    signal: int | None
    reason: str = ""  # a key of _CAUSES, "killed", or "" when it ended by itself
    detail: str = ""

    @property
    def text(self) -> str:
        """For people: `exited with code 3`, `killed by signal 11 (SIGSEGV)`, with the cause."""
        if self.code is not None and not self.is_ours:
            return f"exited with code {self.code}"
        cause = _CAUSES.get(self.reason, "")
        if self.signal is not None and not cause:
            return f"killed by signal {self.signal} ({_signal_name(self.signal)})"
        return f"killed: {cause}" + (f" ({self.detail})" if self.detail else "")

    @property
    def is_ours(self) -> bool:
        """Whether a limit or the emulator ended it rather than the program itself."""
        return bool(self.reason) and self.signal == signal.SIGKILL


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
