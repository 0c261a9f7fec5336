"""Runs a command, kills it on demand, and waits until nothing that it started is left.

Orphans of the command become children of this process, so no survivor can hide.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 5.0  # seconds that the last descendant may take to end


def reap_all(deadline: float) -> bool:
    """Reap children until there are none; whether that was so by `deadline`."""
    while time.monotonic() < deadline:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            signal.sigtimedwait([signal.SIGCHLD], 0.05)
    return False


def survivors() -> list[str]:
    """The command lines of what is still there."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in children]


def main(command: list[str]) -> int:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    sys.stdin.readline()
    process.kill()
    began = time.monotonic()
    if reap_all(began + _PATIENCE):
        sys.stdout.write(f"gone after {time.monotonic() - began:.3f} s\n")
        return 0
    sys.stdout.write(f"left: {survivors()}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
