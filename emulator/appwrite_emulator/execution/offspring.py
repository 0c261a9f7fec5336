"""Offspring: the processes that user code has started and left running, as Linux tells them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress


def of(pid: int) -> frozenset[int]:
    """The processes that the launcher `pid` has started, and those that were left to its keeper.

    Empty where the system does not tell.
    """
    if not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        return frozenset()
    keeper = _parent(pid)
    return frozenset((*_children(pid), *_children(keeper))) - {pid}


def name(pid: int) -> str:
    """The command line of a process, or its name while it has none yet; empty when it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            known, _, rest = file.read().rpartition(b")")
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            line = file.read(200).replace(b"\0", b" ").strip()
    except OSError:
        return ""
    if rest.split()[0] in (b"Z", b"X"):
        return ""
    return (line or known.partition(b"(")[2]).decode("utf-8", "replace")


def _children(pid: int) -> Iterator[int]:
    """Those of all threads: each has its own."""
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                yield from map(int, file.read().split())


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0
