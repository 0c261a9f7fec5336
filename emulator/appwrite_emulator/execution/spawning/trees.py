"""Trees of processes: who descends from whom, what they use, and how to end them."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from contextlib import suppress

LINUX = sys.platform == "linux"
NOBODY = 65534  # whom root lets user code run as
PAGE = resource.getpagesize()
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
_REAP_PATIENCE = 0.05  # seconds without an end, after which we look again whom to kill
_libc = ctypes.CDLL(None)


def prctl(option: int, value: int) -> None:
    if LINUX:
        _libc.prctl(option, value, 0, 0, 0)


def take_precedence() -> bool:
    """Run before all ordinary processes, which a crowd of runaways are; only root may."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (AttributeError, OSError):
        return False
    return True


def give_precedence_up() -> None:
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found.extend(map(int, file.read().split()))
    except OSError:
        pass  # it ended while we looked
    return found


def descendants(pid: int) -> list[int]:
    found = children(pid)
    for child in found:
        found.extend(children(child))  # the list grows while we walk it
    return found


def kill(pid: int) -> None:
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def kill_group(leader: int) -> None:
    """Kill the session's first process group at once: even a fork bomb cannot outrun that."""
    with suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def freeze(root: int) -> list[int]:
    """Stop all that descends from `root`; the stopped still count, so a bomb runs dry.

    Each is stopped before its children are looked for, so that one round finds nearly all.
    """
    stopped: dict[int, None] = {}
    while True:
        known = len(stopped)
        parents = [root]
        for parent in parents:  # the list grows while we walk it
            for pid in children(parent):
                if pid not in stopped:
                    stopped[pid] = None
                    with suppress(OSError):
                        os.kill(pid, signal.SIGSTOP)
                parents.append(pid)
        if len(stopped) == known:
            return list(stopped)


def sweep() -> None:
    """Kill and reap all that descends from this process, until nothing is left.

    Reaping comes without precedence: the kernel lets a reaper spin until the threads of the dead
    have left /proc, and they could never do so below one that goes before them.
    """
    while True:
        take_precedence()
        for pid in freeze(os.getpid()):
            kill(pid)
        give_precedence_up()
        if reap():
            return


def reap() -> bool:
    """Reap children while they end; whether none is left."""
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < _REAP_PATIENCE:
        try:
            if os.waitpid(-1, os.WNOHANG)[0]:
                idle_since = time.monotonic()
            else:
                time.sleep(0.001)
        except ChildProcessError:
            return True
    return False


def resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def proportional(pid: int) -> int:
    """Memory of a process with shared pages divided among those who share them."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return resident(pid)
    return 0


def tasks_of(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def tasks_of_user(uid: int) -> int:
    """Threads that `uid` has now, on which the kernel's own limit is counted."""
    total = 0
    for name in os.listdir("/proc") if LINUX else ():
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:
                    total += tasks_of(int(name))
            except OSError:
                pass
    return total
