"""Runs a command to its end, and tells what is left of it: no descendant can hide.

Orphans become children of this process. `left: ` and the command lines of those that are still
there after a while go to standard output, as the last line.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 5.0  # seconds that the last descendant may take to end
LEFT = "left: "


def _reap_all(deadline: float) -> None:
    """Reap children until there are none, or until `deadline`."""
    while time.monotonic() < deadline:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            signal.sigtimedwait([signal.SIGCHLD], 0.05)


def _children() -> list[str]:
    """The command lines of what is still there."""
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip() for pid in pids]


def main(command: list[str]) -> int:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    code = subprocess.Popen(command, stdin=subprocess.DEVNULL).wait()
    _reap_all(time.monotonic() + _PATIENCE)
    sys.stdout.write(f"\n{LEFT}{json.dumps(_children())}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
