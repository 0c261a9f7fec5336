"""Processes as the kernel tells of them: whose child one is, and when it is gone."""

from __future__ import annotations

import os
import select
from pathlib import Path


def parent_of(pid: int) -> int:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return int(text.rpartition(")")[2].split()[1])


def wait_gone(pid: int) -> None:
    """Return when `pid` has ended, signalled by the kernel; fails after ten seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], 10)[0], f"process {pid} goes on running"
    finally:
        os.close(descriptor)
