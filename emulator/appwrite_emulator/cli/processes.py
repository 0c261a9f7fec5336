"""Processes of this machine that others started."""

from __future__ import annotations

import os
import select
import sys


def ends(pid: int, seconds: float) -> bool:
    """Whether the process is gone, or goes within so many seconds."""
    if sys.platform == "linux":
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            return bool(select.select([descriptor], [], [], seconds)[0])
        finally:
            os.close(descriptor)
    queue = select.kqueue()
    try:
        end = select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT)
        return bool(queue.control([end], 1, seconds))
    except ProcessLookupError:
        return True
    finally:
        queue.close()
